"""What no effect on counts, shares or series may depend on, in seeded worlds."""

from dataclasses import replace

import numpy as np
import pytest

from commresearch.impact.arrays import arrays_of
from commresearch.impact.before_after import before_after
from commresearch.impact.count_cells import count_cells
from commresearch.impact.fractional_logit import fractional_logit_did
from commresearch.impact.interrupted_series import interrupted_time_series
from commresearch.impact.poisson import poisson_did
from commresearch.impact.saturated_poisson import counterfactual, saturated_effects
from tests.unit.count_worlds import counts, panel, share_panel, shares

SAME = 1e-9
WORLDS = [([7] * 7 + [0] * 9, seed) for seed in (1, 2, 3)] + [([4] * 5 + [8] * 6 + [0] * 7, seed) for seed in (4, 5, 6)]


@pytest.fixture(params=WORLDS, ids=lambda w: f"{len(set(w[0])) - 1} starts, seed {w[1]}")
def frame(request):
    starts, seed = request.param
    return counts(starts, seed=seed, exposure=True, gaps=0.05)


def _numbers(found):
    return np.array([found.estimate, found.std_error, found.conf_low, found.conf_high])


def test_units_and_months_have_no_names(frame):
    plain = _numbers(poisson_did(panel(frame)))
    renamed = frame.assign(unit=frame["unit"].map(lambda u: f"社区{97 - int(u[1:])}")).sample(frac=1, random_state=1)
    shifted = frame.assign(month=frame["month"] + 40, start=frame["start"] + 40)
    assert _numbers(poisson_did(panel(renamed))) == pytest.approx(plain, rel=SAME)
    assert _numbers(poisson_did(panel(shifted))) == pytest.approx(plain, rel=SAME)


def test_exposures_have_no_unit(frame):
    """Neither the unit of households nor the size that a community is said to have moves a ratio, as long as it has it all the time."""
    plain = _numbers(poisson_did(panel(frame)))
    size = np.random.default_rng(1).uniform(0.5, 3, 40)[frame["unit"].str[1:].astype(int)]
    assert _numbers(poisson_did(panel(frame.assign(households=frame["households"] * size)))) == pytest.approx(plain, rel=1e-7)


def test_counts_added_up_over_units_of_one_start_and_exposure_are_one_unit():
    """The ratio of a panel without gaps is that of its cohorts' sums."""
    frame = counts([4] * 5 + [8] * 6 + [0] * 7, seed=9)
    sums = frame.assign(unit=frame["start"].fillna(0).map(lambda s: f"g{s}")).groupby(["unit", "month"], as_index=False, dropna=False).agg(
        counts=("counts", "sum"), households=("households", "sum"), start=("start", "first"), assignment=("unit", "first")
    )
    assert poisson_did(panel(sums)).estimate == pytest.approx(poisson_did(panel(frame)).estimate, rel=SAME)


def test_clusters_of_one_unit_are_units(frame):
    alone = poisson_did(panel(frame.assign(own=frame["unit"]), cluster="own"))
    assert _numbers(alone) == pytest.approx(_numbers(poisson_did(panel(frame))), rel=SAME)


def test_influence_adds_up_to_nothing_and_sets_to_the_whole(frame):
    cells = count_cells(arrays_of(panel(frame)))
    known = counterfactual(cells)
    whole = saturated_effects(cells, known)
    assert np.abs(whole.influence.sum(axis=0)).max() < 1e-8 * np.abs(whole.influence).max() * len(whole.influence)
    for by in ("event_time", "group", "period"):
        parts = saturated_effects(cells, known, by)
        assert parts.observed.sum() == pytest.approx(whole.observed[0])
        assert parts.expected.sum() == pytest.approx(whole.expected[0])
        good = np.isfinite(parts.log_ratio)
        # log of the whole ratio: its derivative by a part is observed share (less expected share) of the part.
        if good.all():
            weight = np.stack([parts.observed / whole.observed[0], parts.expected / whole.expected[0]])
            assert weight.sum(axis=1) == pytest.approx([1, 1])


def test_the_influence_is_the_derivative_by_the_weight_of_a_unit(frame):
    """One unit counted 1 + h times (its counts and exposures) moves the logarithm by h / N times its influence."""
    cells = count_cells(arrays_of(panel(frame)))
    effects = saturated_effects(cells, counterfactual(cells))
    n, h = len(cells.arrays.units), 1e-5

    def ratio(unit, step):
        scale = np.ones((n, 1))
        scale[unit] += step
        more = replace(cells, counts=cells.counts * scale, exposure=cells.exposure * scale)
        return saturated_effects(more, counterfactual(more)).log_ratio[0]

    for unit in (0, n // 2, n - 1):
        slope = (ratio(unit, h) - ratio(unit, -h)) / (2 * h)
        assert slope == pytest.approx(effects.influence[unit, 0] / n, rel=1e-4, abs=1e-8)


def test_shares_turned_round_turn_the_effect_round():
    frame = shares([4] * 6 + [6] * 5 + [0] * 8)
    plain, turned = fractional_logit_did(share_panel(frame)), fractional_logit_did(share_panel(frame.assign(value=100 - frame["value"])))
    assert turned.estimate == pytest.approx(-plain.estimate, rel=SAME)
    assert turned.std_error == pytest.approx(plain.std_error, rel=SAME)


@pytest.mark.parametrize("family", ["gaussian", "poisson", "quasipoisson"])
def test_series_may_begin_at_any_number(family):
    frame = counts([30], months=60, seed=3, exposure=True)
    options = {"value": "counts", "time": "month", "family": family, "harmonics": 1, "slope": True}
    plain = interrupted_time_series(frame, start=30, **options)
    shifted = interrupted_time_series(frame.assign(month=frame["month"] + 24), start=54, **options)
    assert _numbers(shifted) == pytest.approx(_numbers(plain), rel=1e-7)


def test_before_and_after_is_told_in_the_unit_of_the_values():
    frame = shares([5] * 6)
    plain, scaled = before_after(share_panel(frame)), before_after(share_panel(frame.assign(value=frame["value"] * 0.5 + 10)))
    assert _numbers(scaled) == pytest.approx(0.5 * _numbers(plain), rel=SAME)


def test_intervals_of_the_saturated_effect_cover_what_they_claim():
    """150 worlds of counts: 95 % intervals hold the truth in 95 ± 5.3 % of them (three standard errors)."""
    held = 0
    for seed in range(150):
        found = poisson_did(panel(counts([5] * 14 + [8] * 13 + [0] * 20, seed=seed, effect=-0.25)), draws=1)
        held += found.conf_low <= 100 * np.expm1(-0.25) <= found.conf_high
    assert held >= 150 * 0.897
