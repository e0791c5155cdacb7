"""What must not change group-time effects and imputation, what they must equal, and how often their bands cover."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commresearch.impact.aggregation import GroupTimeCells, Window, aggregated
from commresearch.impact.arrays import arrays_of
from commresearch.impact.comparisons import comparisons
from commresearch.impact.group_time import group_time_effects
from commresearch.impact.group_time_cells import Options, cells_of
from commresearch.impact.group_time_paths import att_of_paths
from commresearch.impact.imputation import imputation
from commresearch.impact.imputation_pretrends import imputation_pre_trends
from commresearch.impact.influence import std_errors
from commresearch.impact.multiplier import simultaneous
from commresearch.outcomes import Panel

SAME = 1e-10  #: relative to effects of order one; the same numbers by another order of sums
KINDS = ("simple", "dynamic", "group", "calendar")
SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed, *, gaps=0.1, n=30):
    """30 units or more, 7 periods, three cohorts and units that are never treated; some months missing."""
    rng = np.random.default_rng(seed)
    t = 7
    frame = pd.DataFrame({"u": np.repeat([f"u{i:02}" for i in range(n)], t), "t": np.tile(np.arange(1, t + 1), n)})
    frame["g"] = np.repeat(rng.permutation(np.repeat([3, 4, 6, np.nan, np.nan], n // 5)), t)
    frame["w"] = np.repeat(rng.uniform(0.5, 2, n), t)
    frame["x"] = np.repeat(rng.normal(size=n), t)
    frame["y"] = rng.normal(size=n * t) + np.repeat(rng.normal(size=n), t) + 0.3 * frame["x"]
    frame.loc[rng.random(n * t) < gaps, "y"] = np.nan
    return frame


def panel_of(frame, **names):
    return Panel.from_frame(
        frame, community="u", period="t", value="y", treated_from="g", weight="w", covariates=("x",), outcome="made_up", unit="count", **names
    )


def numbers(panel, *, estimator="none", **options):
    """All effects and standard errors in one array."""
    covariates = () if estimator == "none" else ("x",)
    effects = group_time_effects(panel, estimator=estimator, covariates=covariates, **options)
    made = [effects.to_frame()[["estimate", "std_error"]].to_numpy().ravel()]
    for kind in KINDS:
        one = effects.aggregate(kind)
        made += [np.array([one.estimate, one.std_error])]
        made += [] if one.path is None else [one.path[["estimate", "std_error"]].to_numpy().ravel()]
    return np.concatenate(made)


def same(left, right):
    assert left == pytest.approx(right, rel=SAME, abs=SAME, nan_ok=True)


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS, control=st.sampled_from(["never", "not_yet"]), base=st.sampled_from(["varying", "universal"]), estimator=st.sampled_from(["none", "or"]))
def test_names_order_periods_and_level_do_not_matter_and_scale_carries_over(seed, control, base, estimator):
    frame, options = drawn(seed), {"control": control, "base": base, "estimator": estimator}
    ours = numbers(panel_of(frame), **options)
    rng = np.random.default_rng(seed)
    names = dict(zip(frame["u"].unique(), rng.permutation([f"v{i}" for i in range(30)]), strict=True))
    same(ours, numbers(panel_of(frame.assign(u=frame["u"].map(names)).sample(frac=1, random_state=seed % 1000)), **options))
    same(ours, numbers(panel_of(frame.assign(t=frame["t"] + 2000, g=frame["g"] + 2000)), **options))
    shift = rng.normal(size=8)
    same(ours, numbers(panel_of(frame.assign(y=frame["y"] + 5 + shift[frame["t"]] + frame["u"].str[1:].astype(int))), **options))
    same(-3 * ours[::2], numbers(panel_of(frame.assign(y=-3 * frame["y"])), **options)[::2])
    same(3 * ours[1::2], numbers(panel_of(frame.assign(y=-3 * frame["y"])), **options)[1::2])
    same(ours, numbers(panel_of(frame.assign(w=7 * frame["w"])), **options))


@settings(max_examples=3, deadline=None)
@given(seed=SEEDS, estimator=st.sampled_from(["none", "dr", "ipw"]))
def test_gaps_are_rows_that_are_not_there_and_clusters_of_one_are_no_clusters(seed, estimator):
    frame = drawn(seed, n=75)  # large enough that no covariate divides the sides by chance
    ours = numbers(panel_of(frame), estimator=estimator, control="not_yet" if estimator == "none" else "never")
    gone = frame.dropna(subset="y")
    same(ours, numbers(panel_of(gone), estimator=estimator, control="not_yet" if estimator == "none" else "never"))
    alone = frame.assign(c="c" + frame["u"])
    same(ours, numbers(panel_of(alone, cluster="c"), estimator=estimator, control="not_yet" if estimator == "none" else "never"))


@settings(max_examples=3, deadline=None)
@given(seed=SEEDS)
def test_twins_in_one_cluster_are_one_unit(seed):
    """Every unit twice, both in one cluster: the same effects and the same standard errors."""
    frame = drawn(seed)
    twice = pd.concat([frame.assign(c=frame["u"]), frame.assign(c=frame["u"], u="t" + frame["u"])])
    same(numbers(panel_of(frame)), numbers(panel_of(twice, cluster="c")))
    one, two = imputation(panel_of(drawn(seed, gaps=0))), imputation(panel_of(pd.concat([
        drawn(seed, gaps=0).assign(c=frame["u"]), drawn(seed, gaps=0).assign(c=frame["u"], u="t" + frame["u"])
    ]), cluster="c"))
    same(np.array([one.estimate, one.std_error]), np.array([two.estimate, two.std_error]))


@settings(max_examples=6, deadline=None)
@given(seed=SEEDS)
def test_one_cohort_and_two_periods_are_the_textbook_difference(seed):
    rng = np.random.default_rng(seed)
    y, treated = rng.normal(size=(20, 2)), np.arange(20) < 8
    frame = pd.DataFrame(
        {"u": np.repeat(np.arange(20), 2), "t": np.tile([1, 2], 20), "y": y.ravel(), "g": np.repeat(np.where(treated, 2.0, np.nan), 2), "w": 1.0, "x": 0.0}
    )
    change = y[:, 1] - y[:, 0]
    effect = change[treated].mean() - change[~treated].mean()
    error = np.sqrt(change[treated].var() / 8 + change[~treated].var() / 12)
    effects = group_time_effects(panel_of(frame))
    for kind in KINDS:
        one = effects.aggregate(kind)
        same(np.array([one.estimate, one.std_error]), np.array([effect, error]))
    one = imputation(panel_of(frame))
    same(np.array([one.estimate, one.std_error]), np.array([effect, error]))


@settings(max_examples=3, deadline=None)
@given(seed=SEEDS)
def test_imputation_is_not_moved_by_levels_names_and_missing_rows(seed):
    frame = drawn(seed, gaps=0.05)
    frame.loc[(frame["t"] == 1) | frame["g"].isna(), "y"] = frame["y"].fillna(0)
    ours = imputation(panel_of(frame))
    shift = np.random.default_rng(seed).normal(size=8)
    for other in (
        frame.assign(y=frame["y"] + shift[frame["t"]] + frame["u"].str[1:].astype(int)), frame.dropna(subset="y"), frame.assign(u="z" + frame["u"]),
        frame.assign(t=frame["t"] + 90, g=frame["g"] + 90), frame.assign(w=5 * frame["w"]),
    ):
        theirs = imputation(panel_of(other))
        same(ours.path[["estimate", "std_error"]].to_numpy(), theirs.path[["estimate", "std_error"]].to_numpy())
        same(np.array([ours.estimate, ours.std_error]), np.array([theirs.estimate, theirs.std_error]))


@settings(max_examples=8, deadline=None)
@given(
    seed=SEEDS, control=st.sampled_from(["never", "not_yet"]), kind=st.sampled_from(["simple", "dynamic"]), anticipation=st.integers(0, 2),
    gaps=st.sampled_from([0.0, 0.15]),
)
def test_effects_of_paths_are_those_of_a_refit(seed, control, kind, anticipation, gaps):
    frame = drawn(seed, gaps=gaps)
    rng = np.random.default_rng(seed)
    starts = frame.groupby("u")["g"].first()
    starts.iloc[:3] = [1, 8, 9]  # from the beginning, and after the end
    arrays = arrays_of(panel_of(frame.assign(g=frame["u"].map(starts))))
    orders = np.array([rng.permutation(30) for _ in range(3)])
    ours = att_of_paths(arrays, arrays.first[orders], kind=kind, control=control, anticipation=anticipation)
    for order, effect in zip(orders, ours, strict=True):
        moved = frame.assign(g=frame["u"].map(pd.Series(starts.to_numpy()[order], index=starts.index)))
        refit = group_time_effects(panel_of(moved), control=control, anticipation=anticipation).aggregate(kind).estimate
        assert effect == pytest.approx(refit, abs=SAME)


def test_simultaneous_bands_cover_about_as_often_as_they_say():
    """400 panels of 120 units without effect: the 95 % band of the event study holds zero everywhere.

    Tolerance: 3.5 standard deviations of the binomial law at 95 % (± 3.8 points), and two points below it for 20 units per cohort, whose
    standard errors come out a little too small (93.2 % of 1,000 panels).
    """
    rng, panels, n, t = np.random.default_rng(17), 400, 120, 6
    starts = np.repeat([3, 4, 5, np.nan, np.nan, np.nan], 20)
    frame = pd.DataFrame({"u": np.repeat(np.arange(n), t), "t": np.tile(np.arange(1, t + 1), n), "g": np.repeat(starts, t), "w": 1.0, "x": 0.0, "y": 0.0})
    arrays = arrays_of(panel_of(frame))
    options = Options(control="never", estimator="none", covariates=(), anticipation=0)
    wanted = comparisons(arrays.periods, arrays.cohorts, base="varying", anticipation=0)
    covered, pointwise = 0, 0
    for i in range(panels):
        drawn_now = replace(arrays, value=rng.normal(size=(n, t)).cumsum(axis=1))
        found = cells_of(drawn_now, wanted, np.ones(n), options)
        cells = GroupTimeCells(
            cohort=wanted.cohort, period=arrays.periods[wanted.column], estimate=found.estimate, blocks=found.blocks, first=arrays.first, weight=np.ones(n)
        )
        path = aggregated(cells, "dynamic", Window(), (1, t))
        critical = simultaneous(path.estimate, path.influence, arrays.cluster, draws=499, rng=np.random.default_rng(i))
        largest = np.abs(path.estimate / std_errors(path.influence, arrays.cluster)).max()
        covered += largest <= critical
        pointwise += largest <= 1.959964
    tolerance = 3.5 * np.sqrt(0.95 * 0.05 / panels)
    assert 0.95 - tolerance - 0.02 <= covered / panels <= 0.95 + tolerance
    assert pointwise / panels < 0.9  # one by one they do not hold at once


@pytest.mark.parametrize("empty", [1, 2, 4])
def test_a_period_without_any_record_is_a_period_that_is_not_there(empty):
    """Without the first period, without the base period of a cohort, without its first treated period."""
    frame = drawn(4, gaps=0.0).assign(g=lambda f: f["g"].replace({3: 5}))
    dark = frame.assign(y=frame["y"].where(frame["t"] != empty))
    gone = frame[frame["t"] != empty]
    for options in ({}, {"base": "universal", "control": "not_yet"}):
        same(numbers(panel_of(dark), **options), numbers(panel_of(gone), **options))
    ours, theirs = imputation(panel_of(dark)), imputation(panel_of(gone))
    same(ours.path[["estimate", "std_error"]].to_numpy(), theirs.path[["estimate", "std_error"]].to_numpy())
    arrays = arrays_of(panel_of(dark))
    refit = group_time_effects(panel_of(gone)).aggregate("dynamic").estimate
    assert att_of_paths(arrays, arrays.first[None], kind="dynamic")[0] == pytest.approx(refit, abs=SAME)
    kept, left = imputation_pre_trends(panel_of(dark), leads=1), imputation_pre_trends(panel_of(gone), leads=1)
    same(kept.table["statistic"].to_numpy(), left.table["statistic"].to_numpy())
