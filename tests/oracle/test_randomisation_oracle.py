"""Randomisation and Ferman-Pinto inference against plain loops that refit every permutation, and against known sampling laws."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from commresearch.impact.arrays import arrays_of
from commresearch.impact.assignment_paths import assignment_paths
from commresearch.impact.ferman_pinto import Changes, changes, ferman_pinto, null_draws
from commresearch.impact.fixed_effects import treatment_fit, two_way_fixed_effects, usable
from commresearch.impact.path_tables import studentised_paths, two_way_paths
from commresearch.impact.randomisation import randomisation_inference
from commresearch.outcomes import Panel

REFIT = 1e-12  #: both sides are one regression, solved in two ways
LEVEL = 0.05


def made_up(units, periods, starts, *, seed, gaps=0.0):
    """A panel of units that start in the given periods (NaN: never), with an effect of 0.7."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"unit": np.repeat(np.arange(units), periods), "month": np.tile(np.arange(periods), units)})
    frame["start"] = np.asarray(starts, dtype=float)[frame["unit"]]
    frame["d"] = (frame["month"] >= frame["start"]).astype(float)
    frame["y"] = rng.normal(size=units)[frame["unit"]] + rng.normal(size=periods)[frame["month"]] + 0.7 * frame["d"] + rng.normal(size=len(frame))
    frame["w"] = rng.uniform(0.5, 2, len(frame))
    return frame[rng.random(len(frame)) >= gaps]


def panel_of(frame, **columns):
    return Panel.from_frame(frame, community="unit", period="month", value="y", treated_from="start", outcome="made up", unit="count", **columns)


def coefficient(frame, d, y, root):
    """The two-way coefficient by least squares on all dummies, its t statistic by unit without factor."""
    dummies = np.column_stack([pd.get_dummies(frame["unit"]).to_numpy(float), pd.get_dummies(frame["month"]).to_numpy(float)[:, 1:]])
    x = np.column_stack([d, dummies]) * root[:, None]
    b = np.linalg.lstsq(x, y * root, rcond=None)[0]
    w = dummies * root[:, None]
    z = d * root - w @ np.linalg.lstsq(w, d * root, rcond=None)[0]
    scores = pd.Series(z * (y * root - x @ b)).groupby(frame["unit"].to_numpy()).sum()
    return b[0], b[0] / np.sqrt((scores**2).sum()) * (z @ z)


def all_paths(frame, starts) -> Iterator[np.ndarray]:
    """The treatment of the rows under every different order of the starts."""
    for order in sorted(set(permutations([-1 if np.isnan(s) else s for s in starts]))):
        start = np.array([np.inf if s < 0 else s for s in order])
        yield (frame["month"].to_numpy() >= start[frame["unit"].to_numpy()]).astype(float)


CASES = {"balanced": (0.0, False), "gaps": (0.15, False), "gaps_and_weights": (0.15, True)}
STARTS = (3, 5, 5, np.nan, np.nan, np.nan)


@pytest.fixture(scope="module", params=CASES)
def refitted(request):
    """A panel, the sixty refitted coefficients of its outcome and of its treatment, and t statistics."""
    gaps, weighted = CASES[request.param]
    frame = made_up(6, 8, STARTS, seed=11, gaps=gaps)
    root = np.sqrt(frame["w"].to_numpy()) if weighted else np.ones(len(frame))
    y, d = frame["y"].to_numpy(), frame["d"].to_numpy()
    fits = [(*coefficient(frame, path, y, root), coefficient(frame, path, d, root)[0]) for path in all_paths(frame, STARTS)]
    return panel_of(frame, **({"weight": "w"} if weighted else {})), np.array(fits)


def test_every_permutation_equals_its_refit(refitted):
    panel, fits = refitted
    arrays = usable(arrays_of(panel))
    paths = assignment_paths(arrays, draws=1000, rng=np.random.default_rng(0))
    assert (paths.distinct, paths.enumerated, len(paths.code), paths.total) == (60, True, 60, 60)
    outcome, treatment = two_way_paths(arrays, treatment_fit(arrays), paths)
    assert np.sort(outcome) == pytest.approx(np.sort(fits[:, 0]), abs=REFIT)
    assert np.sort(treatment) == pytest.approx(np.sort(fits[:, 2]), abs=REFIT)


def test_p_value_and_interval_are_those_of_the_refits(refitted):
    panel, fits = refitted
    made = randomisation_inference(panel, conf_level=1 - 2 * LEVEL)
    observed = two_way_fixed_effects(panel).estimate

    def p_value(effect):
        return (np.abs(fits[:, 0] - effect * fits[:, 2]) >= abs(observed - effect) - REFIT).mean()

    assert made.estimate == pytest.approx(observed, abs=REFIT)
    assert made.p_value == p_value(0.0)
    for end, out in ((made.conf_low, -1e-9), (made.conf_high, 1e-9)):
        assert p_value(end - out) > 2 * LEVEL >= p_value(end + out)
    assert made.details["attainable_level"] == 6 / 60
    assert made.details["smallest_p"] == (np.abs(fits[:, 0]) >= np.abs(fits[:, 0]).max() - REFIT).mean()


def test_permuted_t_statistics_equal_those_of_the_refits():
    frame = made_up(6, 8, STARTS, seed=11)
    arrays = usable(arrays_of(panel_of(frame)))
    fit = treatment_fit(arrays)
    paths = assignment_paths(arrays, draws=1000, rng=np.random.default_rng(0))
    made = studentised_paths(arrays, fit, paths)
    y, root = frame["y"].to_numpy(), np.ones(len(frame))
    refits = np.array([coefficient(frame, path, y, root)[1] for path in all_paths(frame, STARTS)]) / np.sqrt(fit.factor)
    assert np.sort(made.draws) == pytest.approx(np.sort(refits), abs=1e-10)
    low, high = (made.interval(0.9).low, made.interval(0.9).high)

    def p_value(effect):
        less = y - effect * frame["d"].to_numpy()
        t = np.array([coefficient(frame, path, less, root)[1] for path in all_paths(frame, STARTS)])
        return (np.abs(t) >= abs(coefficient(frame, frame["d"].to_numpy(), less, root)[1]) - 1e-9).mean()

    assert p_value(low + 1e-6) > 0.1 >= p_value(low - 1e-6)
    assert p_value(high - 1e-6) > 0.1 >= p_value(high + 1e-6)


def plain_ferman_pinto(y, starts, size, null, places):
    """The five steps of the paper with loops: cohorts one by one, two-parameter variance function by non-negative least squares."""
    groups, periods = y.shape
    treated = [j for j in range(groups) if np.isfinite(starts[j])]
    control = [j for j in range(groups) if j not in treated]
    d = np.array([[float(t >= starts[j]) for t in range(periods)] for j in range(groups)])
    estimate, normal, spread = 0.0, {}, {}
    for s in sorted({starts[j] for j in treated}):
        after = np.arange(periods) >= s
        change = y[:, after].mean(axis=1) - y[:, ~after].mean(axis=1)
        of_null = y - null * d
        w = of_null[:, after].mean(axis=1) - of_null[:, ~after].mean(axis=1)
        w = w - w.mean()
        (a, b), _ = optimize.nnls(np.column_stack([np.ones(groups), 1 / size]), w**2)
        spread[s] = np.sqrt(a + b / size)
        normal[s] = w / spread[s]
        estimate += sum(change[j] - change[control].mean() for j in treated if starts[j] == s) / len(treated)
    errors = []
    for drawn in places:
        error = 0.0
        for j in treated:
            s = starts[j]
            error += normal[s][drawn[j]] * spread[s][j] / len(treated)
            error -= np.mean([normal[s][drawn[i]] * spread[s][i] for i in control]) / len(treated)
        errors.append(error)
    return estimate, np.array(errors)


@pytest.mark.parametrize("starts", [(4, *[np.nan] * 11), (4, 6, 6, *[np.nan] * 9)])
@pytest.mark.parametrize("null", [0.0, 0.9])
def test_ferman_pinto_equals_the_steps_of_the_paper(starts, null):
    frame = made_up(12, 9, starts, seed=3)
    y = frame.pivot_table(index="unit", columns="month", values="y").to_numpy()
    size = np.exp(np.random.default_rng(4).normal(5, 1, 12))
    places = np.random.default_rng(5).integers(12, size=(200, 12))
    estimate, errors = plain_ferman_pinto(y, np.array(starts, dtype=float), size, null, places)
    arrays = usable(arrays_of(panel_of(frame)))
    # Assignments are in the order of their names as texts.
    order = np.array([int(a) for a in arrays.assignments])
    made = changes(arrays, size[order])
    back = np.argsort(order)
    assert made.estimate == pytest.approx(estimate, abs=REFIT)
    assert null_draws(made, null, back[places[:, order]]) == pytest.approx(errors, abs=1e-10)


def test_ferman_pinto_of_one_start_estimates_the_two_way_coefficient():
    panel = panel_of(made_up(25, 9, (4, 4, *[np.nan] * 23), seed=6))
    made = ferman_pinto(panel, draws=199)
    assert made.estimate == pytest.approx(two_way_fixed_effects(panel).estimate, abs=REFIT)


def rejections(treated_size, *, equal, trials=700, controls=60):
    """Share of trials without effect that a test at 5 % rejects, for W with variance 0.2 + 0.8 / size; `equal`: sizes are not told."""
    rng = np.random.default_rng(17)
    start = np.r_[0, np.full(controls, -1)]
    out = 0
    for _ in range(trials):
        size = np.r_[treated_size, np.exp(rng.normal(0, 0.8, controls))]
        w = rng.normal(size=controls + 1) * np.sqrt(0.2 + 0.8 / size)
        made = Changes(outcome=w[:, None], treatment=(start == 0).astype(float)[:, None], start=start, size=np.ones_like(size) if equal else size)
        draws = null_draws(made, 0.0, rng.integers(controls + 1, size=(199, controls + 1)))
        out += (np.abs(draws) >= abs(made.estimate)).sum() + 1 <= LEVEL * 200
    return out / trials


@pytest.mark.parametrize(("treated_size", "equal_low", "equal_high"), [(0.4, 0.09, 1.0), (5.0, 0.0, 0.01)])
def test_size_is_about_nominal_where_plain_resampling_is_off(treated_size, equal_low, equal_high):
    """One treated, 60 controls: a small treated community is rejected too often and a large one never, unless sizes are told."""
    told, not_told = (rejections(treated_size, equal=equal) for equal in (False, True))
    assert 0.025 <= told <= 0.08
    assert equal_low <= not_told <= equal_high


def test_level_of_randomisation_inference_is_what_it_says():
    """Starts drawn by lot, outcomes of any kind: the share of p values ≤ level is the attainable level, not more."""
    frame = made_up(7, 6, (3, 3, *[np.nan] * 5), seed=8)
    arrays = usable(arrays_of(panel_of(frame.assign(y=frame["y"] ** 3))))
    paths = assignment_paths(arrays, draws=100, rng=np.random.default_rng(0))
    values = []
    for first in paths.first(slice(None)):
        again = replace(arrays, first=first)
        every = assignment_paths(again, draws=100, rng=np.random.default_rng(0))
        draws, _ = two_way_paths(again, treatment_fit(again), every)
        values.append((np.abs(draws) >= abs(treatment_fit(again).coefficient[0]) - REFIT).mean())
    assert len(values) == 21
    for level in (0.05, 0.1, 0.2, 0.5):
        assert (np.array(values) <= level + 1e-9).mean() <= level + 1e-9
