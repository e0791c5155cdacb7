"""What must not change, or must change in a known way, whatever the panel."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from commresearch.impact.arrays import arrays_of
from commresearch.impact.assignment_paths import assignment_paths
from commresearch.impact.bacon import bacon_decomposition
from commresearch.impact.cluster_robust import cluster_vcov
from commresearch.impact.ferman_pinto import ferman_pinto, variance_function
from commresearch.impact.fixed_effects import event_study_regression, treatment_fit, two_way, two_way_fixed_effects, usable
from commresearch.impact.inversion import hull, polynomial_sets
from commresearch.impact.randomisation import randomisation_inference
from commresearch.impact.wild_bootstrap import contrast_scores, wild, wild_cluster_bootstrap, wild_signs
from commresearch.outcomes import Panel

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=15, deadline=None, derandomize=True)
SAME = {"rel": 1e-9, "abs": 1e-9}


def frame_of(seed, *, gaps=0.0):
    """8-14 units in 6-9 months, two or three starts, at least three units that never start; clusters of one or two units."""
    rng = np.random.default_rng(seed)
    units, periods = int(rng.integers(8, 15)), int(rng.integers(6, 10))
    # Pairs of units are assigned together.
    pair = np.arange(units) // 2
    starts = rng.choice([2, 3, 4, np.nan], size=pair.max() + 1)
    starts[:3] = [2, 4, 4]
    starts[-1] = np.nan
    frame = pd.DataFrame({"unit": np.repeat(np.arange(units), periods), "month": np.tile(np.arange(periods), units)})
    frame["district"], frame["start"] = pair[frame["unit"]], starts[pair[frame["unit"]]]
    frame["y"] = rng.normal(size=units)[frame["unit"]] + rng.normal(size=len(frame)) + (frame["month"] >= frame["start"])
    frame["w"] = np.repeat(rng.uniform(0.5, 2, units), periods)
    return frame[(rng.random(len(frame)) >= gaps) | (frame["month"] < 2) | (frame["month"] > 4)]


def panel_of(frame, **columns):
    columns = {"cluster": "district"} | columns
    return Panel.from_frame(frame, community="unit", period="month", value="y", treated_from="start", outcome="made up", unit="count", **columns)


ESTIMATORS = {
    "cr1": two_way_fixed_effects,
    "cr2": lambda p: two_way_fixed_effects(p, vcov="cr2"),
    "cr3": lambda p: two_way_fixed_effects(p, vcov="cr3"),
    "wild": lambda p: wild_cluster_bootstrap(p, weights="rademacher", draws=199),
    "randomisation": lambda p: randomisation_inference(p, draws=10_000),
}


def numbers(made):
    return np.array([made.estimate, made.std_error, made.p_value, made.conf_low, made.conf_high])


@FEW
@given(SEEDS)
def test_weights_sum_to_one_and_comparisons_to_the_coefficient(seed):
    frame = frame_of(seed)
    for columns in ({}, {"weight": "w"}):
        panel = panel_of(frame, **columns)
        table = bacon_decomposition(panel)
        assert table["weight"].sum() == pytest.approx(1, abs=1e-12)
        assert (table["weight"] > 0).all()
        assert (table["weight"] * table["estimate"]).sum() == pytest.approx(two_way_fixed_effects(panel).estimate, abs=1e-10)


@pytest.mark.parametrize("name", ESTIMATORS)
@FEW
@given(seed=SEEDS, gaps=st.sampled_from([0.0, 0.2]))
def test_names_shifts_and_scales_do_not_matter(name, seed, gaps):
    frame, estimate = frame_of(seed, gaps=gaps), ESTIMATORS[name]
    rng = np.random.default_rng(seed)
    made = numbers(estimate(panel_of(frame)))
    shifted = frame.assign(month=frame["month"] + 100, start=frame["start"] + 100, y=frame["y"] + 7 + rng.normal(size=99)[frame["unit"]])
    shifted["y"] += rng.normal(size=99)[frame["month"]]
    assert numbers(estimate(panel_of(shifted.sample(frac=1, random_state=seed)))) == pytest.approx(made, **SAME)
    scaled = numbers(estimate(panel_of(frame.assign(y=-3 * frame["y"]))))
    assert scaled[[0, 1, 2]] == pytest.approx(made[[0, 1, 2]] * [-3, 3, 1], **SAME)
    assert scaled[[4, 3]] == pytest.approx(made[[3, 4]] * -3, **SAME)


@FEW
@given(SEEDS)
def test_an_effect_that_is_added_moves_estimate_and_interval_by_itself(seed):
    frame = frame_of(seed)
    more = frame.assign(y=frame["y"] + 5 * (frame["month"] >= frame["start"]))
    for name, estimate in ESTIMATORS.items():
        before, after = (numbers(estimate(panel_of(f))) for f in (frame, more))
        assert after[[0, 3, 4]] == pytest.approx(before[[0, 3, 4]] + 5, rel=1e-7, abs=1e-7), name


@FEW
@given(seed=SEEDS, gaps=st.sampled_from([0.0, 0.2]), weighted=st.booleans())
def test_projection_leaves_nothing_of_effects_and_projects_once(seed, gaps, weighted):
    arrays = usable(arrays_of(panel_of(frame_of(seed, gaps=gaps), **({"weight": "w"} if weighted else {}))))
    weight = np.where(arrays.observed, arrays.weight, 0)
    rng, left = np.random.default_rng(seed), two_way(weight).left
    n, t = arrays.shape
    x = rng.normal(size=(2, n, t))
    made = left(x)
    effects = np.where(weight > 0, rng.normal(size=(n, 1)) + rng.normal(size=t), 0)
    assert np.abs(left(effects)).max() < 1e-12
    assert left(made) == pytest.approx(made, abs=1e-12)
    assert np.abs((made * weight).sum(axis=-1)).max() < 1e-11
    assert np.abs((made * weight).sum(axis=-2)).max() < 1e-11


@FEW
@given(SEEDS)
def test_influence_gives_cr1_without_its_factor(seed):
    study = event_study_regression(arrays_of(panel_of(frame_of(seed), cluster=None)))
    influence = study.fit.influence()
    assert influence.T @ influence / len(influence) ** 2 * study.fit.factor == pytest.approx(study.fit.vcov("cr1").vcov, **SAME)


@FEW
@given(SEEDS)
def test_clusters_of_one_row_give_heteroskedasticity_robust_errors(seed):
    rng = np.random.default_rng(seed)
    x, y = np.column_stack([np.ones(20), rng.normal(size=20)]), rng.normal(size=20)
    inverse = np.linalg.inv(x.T @ x)
    e = y - x @ inverse @ x.T @ y
    leverage = np.einsum("ij,jk,ik->i", x, inverse, x)
    for kind, scale in (("cr1", np.full(20, 20 / 19 * 19 / 18)), ("cr2", 1 / (1 - leverage)), ("cr3", 1 / (1 - leverage) ** 2)):
        expected = inverse @ (x.T * (e**2 * scale)) @ x @ inverse
        assert cluster_vcov(x, e, np.arange(20), kind=kind, absorbed=0).vcov == pytest.approx(expected, **SAME), kind


@FEW
@given(SEEDS)
def test_bootstrap_interval_is_all_that_is_not_rejected(seed):
    arrays = usable(arrays_of(panel_of(frame_of(seed), cluster=None)))
    fit = treatment_fit(arrays)
    made = wild(contrast_scores(fit, np.ones(1)), wild_signs(len(arrays.units), weights="rademacher", draws=499, rng=np.random.default_rng(seed)))
    interval = made.interval(0.9)
    grid = np.linspace(-30, 30, 1201) * np.sqrt(made.spread) / made.size
    kept = grid[[made.p_value(d) > 0.1 for d in grid]]
    assert (kept >= interval.low - 1e-9).all()
    assert (kept <= interval.high + 1e-9).all()
    for end in (interval.low, interval.high):
        assert not np.isfinite(end) or (made.p_value(end * (1 - 1e-9)) > 0.1 >= made.p_value(end * (1 + 1e-9)))


@FEW
@given(SEEDS)
def test_every_drawn_path_has_the_starts_that_there_are(seed):
    arrays = usable(arrays_of(panel_of(frame_of(seed))))
    for draws in (50, 100_000):
        paths = assignment_paths(arrays, draws=draws, rng=np.random.default_rng(seed))
        assert (np.sort(paths.code, axis=1) == np.sort(paths.observed)).all()
        if paths.enumerated:
            assert len(np.unique(paths.code, axis=0)) == paths.distinct == len(paths.code)


@FEW
@given(SEEDS)
def test_polynomial_sets_hold_where_the_polynomial_is_not_negative(seed):
    c = np.random.default_rng(seed).normal(size=(6, 5))
    c[:, 0] = np.abs(c[:, 0])
    c[0, 4] = c[1, 3] = c[1, 4] = 0
    grid = np.linspace(-50, 50, 4001)
    for row in c:
        low, high = polynomial_sets(row[None])
        inside = ((grid[:, None] >= low) & (grid[:, None] <= high)).any(axis=1)
        assert (inside == (np.polyval(row[::-1], grid) >= 0)).mean() > 0.999
        assert (np.sort(low) == low).all()


@FEW
@given(SEEDS)
def test_hull_is_the_smallest_interval_of_enough_draws(seed):
    rng = np.random.default_rng(seed)
    low = rng.normal(size=30)
    high = low + rng.exponential(size=30)
    made = hull(low, high, always=1, total=31, conf_level=0.8)
    points = np.sort(np.concatenate([low, high]))
    enough = points[[1 + ((low <= x) & (x <= high)).sum() > 0.2 * 31 for x in points]]
    assert (made.low, made.high) == ((enough[0], enough[-1]) if len(enough) else (pytest.approx(np.nan, nan_ok=True),) * 2)


@FEW
@given(SEEDS)
def test_variance_function_is_the_best_that_is_not_negative(seed):
    rng = np.random.default_rng(seed)
    size, square = np.exp(rng.normal(size=15)), rng.chisquare(1, size=15)
    x = np.column_stack([np.ones(15), 1 / size])
    assert variance_function(square, size) == pytest.approx(x @ nnls(x, square)[0], **SAME)


@FEW
@given(SEEDS)
def test_ferman_pinto_moves_with_an_added_effect_and_with_the_unit(seed):
    frame = frame_of(seed)
    frame["start"] = frame["start"].where(frame["unit"] < 4)
    made, more, scaled = (
        numbers(ferman_pinto(panel_of(f, cluster=None), draws=199))
        for f in (frame, frame.assign(y=frame["y"] + 5 * (frame["month"] >= frame["start"])), frame.assign(y=100 * frame["y"]))
    )
    assert more[[0, 1, 3, 4]] == pytest.approx(made[[0, 1, 3, 4]] + [5, 0, 5, 5], rel=1e-4, abs=1e-4)
    assert scaled[[0, 1, 3, 4]] == pytest.approx(100 * made[[0, 1, 3, 4]], rel=1e-4, abs=1e-2)
