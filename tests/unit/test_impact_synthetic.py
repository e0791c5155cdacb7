"""Synthetic control and synthetic difference-in-differences: weights, placebos, refusals, notes."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from commresearch.errors import DesignError, EstimationError
from commresearch.impact.arrays import NEVER, arrays_of
from commresearch.impact.frank_wolfe import Problems, can_compile, simplex_weights
from commresearch.impact.placebo_inference import judge, rank_p_value
from commresearch.impact.result import two_sided_p
from commresearch.impact.synthetic_control import synthetic_control
from commresearch.impact.synthetic_did import synthetic_did
from commresearch.impact.synthetic_effects import SyntheticEffects
from commresearch.impact.synthetic_fit import TINY_RIDGE, Settings
from commresearch.impact.synthetic_panel import Starts, placebos_of, starts_of
from commresearch.outcomes import Panel
from commresearch.terms import ChosenBy, Inference, Language, Method
from commresearch.words.messages import render_error

SAME = 1e-9
needs_numba = pytest.mark.needs("numba")


def panel(starts, units=12, periods=10, seed=3, effect=0.0, cluster=None, drop=()):
    """Units u00, u01, … of two factors; the first ones start at `starts`."""
    rng = np.random.default_rng(seed)
    value = 20 + rng.normal(size=(units, 2)) @ rng.normal(size=(2, periods)).cumsum(axis=1) + 0.3 * rng.normal(size=(units, periods))
    first = np.array([*starts, *[np.nan] * (units - len(starts))], dtype=float)
    value += effect * (np.arange(periods) >= first[:, None])
    frame = pd.DataFrame({
        "unit": np.repeat([f"u{i:02d}" for i in range(units)], periods), "t": np.tile(np.arange(periods), units), "y": value.ravel(),
        "start": np.repeat(first, periods), "group": np.repeat(cluster if cluster is not None else [f"g{i:02d}" for i in range(units)], periods),
    })
    for unit, t in drop:
        frame.loc[(frame["unit"] == unit) & (frame["t"] == t), "y"] = np.nan
    return Panel.from_frame(frame, community="unit", period="t", value="y", treated_from="start", cluster="group", outcome="y", unit="count")


def codes(error):
    return [f.code for f in error.value.failures]


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=needs_numba)])
def test_weights_are_those_of_a_quadratic_programme(compiled):
    from scipy.optimize import minimize

    rng = np.random.default_rng(1)
    a = rng.normal(size=(30, 6))
    gram, target = a.T @ a + 0.5 * np.eye(6), rng.normal(size=(4, 6))
    allowed = np.ones((4, 6), dtype=bool)
    allowed[1:, 2] = False
    start = allowed / allowed.sum(axis=1, keepdims=True)
    problems = Problems(gram=gram[None], linear=target, allowed=allowed, least_decrease=np.full(4, 1e-14))
    made = simplex_weights(problems, start, max_steps=200_000, compiled=compiled)
    assert np.all(made[1:, 2] == 0)
    for x, q, may in zip(made, target, allowed, strict=True):
        best = minimize(
            lambda w, q=q: w @ gram @ w - 2 * q @ w, may / may.sum(), jac=lambda w, q=q: 2 * (gram @ w - q), method="SLSQP", tol=1e-14,
            bounds=[(0, 1 if m else 0) for m in may], constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        )
        assert x @ gram @ x - 2 * q @ x == pytest.approx(best.fun, abs=1e-6)


@pytest.mark.parametrize("count", [1, 9])
@pytest.mark.parametrize("shared", [True, False])
def test_every_loop_takes_the_same_steps(count, shared):
    rng = np.random.default_rng(count)
    a = rng.normal(size=(1 if shared else count, 20, 7))
    gram = a.transpose(0, 2, 1) @ a + 0.01 * np.eye(7)
    allowed = rng.random((count, 7)) > 0.2
    allowed[:, 0] = True
    problems = Problems(gram=gram, linear=rng.normal(size=(count, 7)), allowed=allowed, least_decrease=np.full(count, 1e-9))
    start = allowed / allowed.sum(axis=1, keepdims=True)
    from commresearch.impact.frank_wolfe import FORBIDDEN, _batched, _loop, _one_by_one

    linear = np.where(allowed, problems.linear, -FORBIDDEN)
    made = [f(gram, linear, problems.least_decrease, start, 300) for f in (_batched, _one_by_one, _loop)]
    if can_compile():
        made.append(simplex_weights(problems, start, max_steps=300, compiled=True))
    for other in made[1:]:
        assert other == pytest.approx(made[0], abs=SAME)
    assert made[0].sum(axis=1) == pytest.approx(1)


def test_a_start_at_a_corner_that_is_best_stays_there():
    problems = Problems(gram=np.eye(3)[None], linear=np.array([[5.0, 0, 0]]), allowed=np.ones((1, 3), bool), least_decrease=np.array([1e-12]))
    assert simplex_weights(problems, np.array([[1.0, 0, 0]]), max_steps=50, compiled=False).tolist() == [[1, 0, 0]]


def test_one_treated_unit_has_every_other_as_placebo():
    made = synthetic_did(panel([7], effect=5.0))
    assert (made.method, made.inference, made.n_treated, made.n_units) == (Method.SYNTHETIC_DID, Inference.PLACEBO, 1, 12)
    assert made.details["placebos"] == 11
    assert made.details["placebos_complete"] == 1
    assert made.details["smallest_placebo_p_value"] == pytest.approx(1 / 12)
    assert made.p_value == pytest.approx(1 / 12)  # the largest of twelve
    assert made.details["normal_p_value"] < made.p_value
    assert (made.conf_low, made.conf_high) == (-math.inf, math.inf)
    assert made.path["event_time"].tolist() == list(range(-7, 3))
    assert [n.key for n in made.warnings] == ["synthetic_few_placebos"]
    assert "11" in made.warnings[0].text("zh")
    assert "11" in made.warnings[0].text("en")


def test_an_interval_of_too_few_placebos_is_unbounded():
    made = synthetic_control(panel([7], effect=5.0))
    assert (made.conf_low, made.conf_high) == (-math.inf, math.inf)
    assert "没有上限" in made.summary("zh") or "无上限" in made.summary("zh")
    bounded = synthetic_control(panel([7], effect=5.0), conf_level=0.9)
    assert bounded.conf_low < bounded.estimate < bounded.conf_high < math.inf
    made.to_dict()


def test_units_of_one_assignment_stay_together():
    groups = ["a", "a", "b", "b", "c", "c", "d", "d", "e", "e", "f", "f"]
    arrays = arrays_of(panel([6, 6], cluster=groups))
    starts = starts_of(arrays, did=True)
    placebos = placebos_of(arrays, starts, draws=50, rng=np.random.default_rng(0))
    assert placebos.complete
    assert placebos.first.shape == (5, 10)
    treated = placebos.first == 6
    assert (treated[:, ::2] == treated[:, 1::2]).all()
    assert (treated.sum(axis=1) == 2).all()
    with pytest.raises(DesignError) as error:
        synthetic_did(panel([6, 6], cluster=groups), placebo_assignments=[["u02", "u04"]])
    assert codes(error) == ["CR-I45"]


def test_all_ways_over_several_starts_are_listed_once():
    arrays = arrays_of(panel([5, 7, 7], units=8))
    starts = starts_of(arrays, did=True)
    placebos = placebos_of(arrays, starts, draws=1000, rng=np.random.default_rng(0))
    expected = {(a, *sorted(rest)) for a in range(5) for rest in itertools.combinations([i for i in range(5) if i != a], 2)}
    found = {(int(np.flatnonzero(row == 5)[0]), *np.flatnonzero(row == 7).tolist()) for row in placebos.first}
    assert found == expected
    assert len(placebos.first) == len(expected) == 30
    drawn = placebos_of(arrays, starts, draws=20, rng=np.random.default_rng(0))
    assert not drawn.complete
    assert ((drawn.first == 5).sum(axis=1) == 1).all()
    assert ((drawn.first == 7).sum(axis=1) == 2).all()


def test_several_starts_are_averaged_by_treated_cells():
    both, one, two = (synthetic_did(panel(s, effect=4.0), draws=1).estimate for s in ([5, 7, 7], [5, np.nan, np.nan], [7, 7]))
    untouched = panel([5, 7, 7], effect=4.0)
    frame = untouched.frame
    alone = []
    for start in (5, 7):
        kept = frame[(frame["treated_from"] == start) | frame["treated_from"].isna()]
        alone.append(synthetic_did(Panel(frame=kept.reset_index(drop=True), definition=untouched.definition, unit=untouched.unit), draws=1).estimate)
    assert both == pytest.approx((5 * alone[0] + 6 * alone[1]) / 11, abs=SAME)
    assert (one, two) != (both, both)


@pytest.mark.parametrize(("make", "wanted"), [
    (lambda: panel([7], drop=[("u03", 2), ("u05", 1), ("u05", 4)]), ["CR-I40", "CR-I40"]),
    (lambda: panel([]), ["CR-I41"]),
    (lambda: panel([20]), ["CR-I41"]),
    (lambda: panel([7, 7, 7], units=4), ["CR-I42"]),
    (lambda: panel([1, 7]), ["CR-I43"]),
    (lambda: panel([7] * 6), ["CR-I44"]),
])
@pytest.mark.parametrize("method", [synthetic_control, synthetic_did])
def test_no_comparison_is_refused_in_words(make, wanted, method):
    with pytest.raises(DesignError) as error:
        method(make())
    assert codes(error) == wanted
    assert all("{" not in render_error(error.value, language) for language in Language)


def test_gaps_are_named():
    with pytest.raises(DesignError) as error:
        synthetic_did(panel([7], drop=[("u05", 1), ("u05", 4)]))
    text = render_error(error.value, "zh")
    assert "u05" in text
    assert "2 期" in text


def test_an_outcome_that_never_changes_is_refused():
    frame = panel([7]).frame.assign(value=3.0)
    flat = panel([7])
    with pytest.raises(EstimationError) as error:
        synthetic_did(Panel(frame=frame, definition=flat.definition, unit=flat.unit))
    assert codes(error) == ["CR-I46"]


@pytest.mark.parametrize("given", [
    [["u02", "u03"], ["u02"]], [["u02", "u02"]], [["u00", "u03"]], [["nobody", "u03"]], np.array([[0, 1, 2]]), np.array([[0] * 10]),
])
def test_placebo_assignments_that_do_not_fit(given):
    with pytest.raises(DesignError) as error:
        synthetic_did(panel([7, 7]), placebo_assignments=given)
    assert set(codes(error)) == {"CR-I45"}


def test_options_out_of_range():
    for options in ({"draws": 0}, {"conf_level": 1.0}, {"conf_level": 95}, {"conf_level": "0.95"}):
        with pytest.raises(EstimationError) as error:
            synthetic_did(panel([7]), **options)
        assert codes(error) == ["CR-I49"]
    with pytest.raises(DesignError) as error:
        synthetic_control(panel([7]), placebo_assignments=[])
    assert codes(error) == ["CR-I49"]


def test_notes_on_units_chosen_by_level_and_on_bad_fit():
    worst = synthetic_did(panel([7, 7], units=14, periods=9), chosen_by=ChosenBy.WORST, draws=20)
    assert [n.key for n in worst.warnings] == ["synthetic_chosen_by_level"]
    assert "回归均值" in worst.warnings[0].text("zh")
    assert synthetic_did(panel([7, 7], units=14, periods=9), chosen_by=ChosenBy.RANDOM, draws=20).warnings == ()
    far = panel([7], units=14)
    high = far.frame.assign(value=np.where(far.frame["unit_id"] == "u00", far.frame["value"] + 50, far.frame["value"]))
    badly = synthetic_control(Panel(frame=high, definition=far.definition, unit=far.unit))
    assert {"synthetic_bad_fit", "synthetic_poor_fit"} <= {n.key for n in badly.warnings}
    assert badly.details["poor_fit"] == 1
    assert synthetic_control(panel([7], units=14, seed=4)).details["poor_fit"] == 0


def test_fits_below_the_noise_are_not_poor():
    """Two periods before the start and many units: everybody is met all but exactly, and the size of the rest says nothing."""
    made = synthetic_control(panel([2], units=30, periods=5))
    assert made.details["poor_fit"] == 0


@pytest.mark.parametrize("method", [synthetic_control, synthetic_did])
def test_the_interval_and_p_come_from_one_rank(method):
    """A constant effect lies inside exactly where its own p is above one minus the level."""
    world = panel([7], units=7, effect=2.0)
    made = method(world, conf_level=0.8)
    assert math.isfinite(made.conf_low)
    treated = world.frame["month"] >= world.frame["treated_from"]
    for end, outward in ((made.conf_low, -1), (made.conf_high, 1)):
        for by, inside in ((-1e-6, True), (1e-6, False)):
            moved = world.frame.assign(value=world.frame["value"] - (end + outward * by) * treated)
            p = method(Panel(frame=moved, definition=world.definition, unit=world.unit)).p_value
            assert (p > 0.2 + SAME) == inside


def test_a_level_that_placebos_cannot_reach_is_said():
    made = synthetic_did(panel([7], units=26), conf_level=0.99)
    assert math.isinf(made.conf_high)
    assert [n.key for n in made.warnings] == ["synthetic_few_placebos"]
    assert synthetic_did(panel([7], units=26), conf_level=0.9).warnings == ()


def test_a_single_treated_unit_is_not_rejected_too_often():
    """Twenty effects of units that differ in how much they vary, the first one the treated: the normal law holds it against their common spread."""
    rng, worlds, units = np.random.default_rng(5), 2000, 20
    scale = Settings(unit_ridge=1.0, time_ridge=TINY_RIDGE, decrease=1e-5, did=True)
    starts = Starts(first=np.array([NEVER]), cohorts=np.array([6]), before=np.array([6]), untreated=np.array([0]), settings=(scale,))

    def effects(overall):
        ones = np.ones(len(overall))
        return SyntheticEffects(overall=overall, path=overall[:, None], events=np.array([0]), miss_before=ones, miss_after=ones, fits=())

    rank, outside, normal = np.zeros(worlds), np.zeros(worlds), np.zeros(worlds)
    for k, made in enumerate(np.exp(rng.normal(0, 1.0, (worlds, units))) * rng.normal(size=(worlds, units))):
        found = judge(effects(made[:1]), effects(made[1:]), starts, 0.95)
        rank[k], outside[k] = found.rank_p <= 0.05 + SAME, not found.low <= 0 <= found.high
        normal[k] = two_sided_p(made[0] / found.std_error) <= 0.05
    error = 3 * math.sqrt(0.05 * 0.95 / worlds)
    assert abs(rank.mean() - 0.05) <= error
    assert (rank == outside).all()
    assert normal.mean() > 0.05 + error


@pytest.mark.parametrize("method", [synthetic_control, synthetic_did])
def test_weights_that_are_not_used_are_said(method):
    world = panel([7], units=8)
    plain, weighted = (
        method(Panel(frame=world.frame.assign(weight=w), definition=world.definition, unit=world.unit)) for w in (1.0, np.arange(len(world.frame)) % 3 + 1.0)
    )
    assert plain.estimate == weighted.estimate
    assert "weights_unused" not in [n.key for n in plain.warnings]
    assert weighted.warnings[-1].key == "weights_unused"
    assert "权重" in weighted.warnings[-1].text("zh")


def test_ranks_count_the_unit_itself_and_ties():
    assert rank_p_value(3.0, np.array([1.0, 3.0, 2.0])) == 0.5
    assert rank_p_value(9.0, np.array([1.0, 3.0, 2.0])) == 0.25


def test_the_same_seed_gives_the_same_lots():
    made = [synthetic_did(panel([7, 7, 7], periods=9), seed=seed, draws=4).std_error for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]


def test_a_single_placebo_has_no_spread():
    made = synthetic_did(panel([7]), placebo_assignments=[["u03"]])
    assert math.isnan(made.std_error)
    assert (made.conf_low, made.conf_high) == (-math.inf, math.inf)
    assert made.p_value in (0.5, 1.0)
    assert math.isnan(made.details["normal_p_value"])
    assert math.isfinite(made.estimate)
    assert made.path["std_error"].isna().all()
    assert "没有上限" in made.summary("zh") or "无上限" in made.summary("zh")
