"""Claims made from the raw numbers of simulated pilots whose truth is known: what is measured again is exact, and the parts recover what was planted."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commresearch.cases.case_claims_file import ClaimMeasure
from commresearch.comparison.claim_against import ClaimComparison, with_remainder
from commresearch.comparison.claim_against_estimate import estimation_panel, months_estimated
from commresearch.comparison.claim_against_measure import Remeasured, change_of, remeasure
from commresearch.comparison.claim_against_parts import Part, Sources, measured_parts, parts_of
from commresearch.comparison.claim_against_windows import recording_changes, windows_of
from commresearch.impact.arrays import arrays_of
from commresearch.impact.jackknife import cluster_jackknife
from commresearch.impact.poisson import log_ratio
from commresearch.impact.result import t_quantile
from commresearch.simulate.panels import PanelSpec, simulate_panel
from commresearch.terms import ChosenBy, Unit
from tests.unit.claim_against_worlds import arrays_of_pilot, month, over, panel_of, view_over, worst_and_best

DRAWS = 200
EFFECT = math.log(0.8)
#: Three standard errors of a mean over the draws (0.005 to 0.01 on the logarithm), and what serial correlation of 0.5 carries from chosen months into
#: their neighbours: a tenth of the return to the mean.
PLANTED = 0.03
COLUMNS = ("change", "estimate", "recording", "season", "common", "regression", "remainder")
SPEC = PanelSpec(units=24, treated=8, months=36, starts=(18,), effect=-20.0)


def estimated(sources):
    """The ratio that the estimate for the claim rests on, without the inference around it."""
    arrays = sources.clean.arrays
    return log_ratio(arrays.masked(np.broadcast_to(months_estimated(sources), arrays.shape)))


def one(sources):
    """Change, estimate, parts and remainder of one draw, on the scale on which they add up."""
    change, effect = change_of(sources.view), estimated(sources)
    parts = with_remainder(measured_parts(sources), change - effect)
    return [change, effect, *(p.value for p in parts)]


def sources_of(view, chosen_by=ChosenBy.VOLUNTEER, breaks=None, unaffected=None):
    view, changes = recording_changes(view, pd.DataFrame(columns=["unit_id", "on"]) if breaks is None else breaks)
    return Sources(view=view, windows=windows_of(view, chosen_by), changes=changes, unaffected=unaffected)


def means(draw, draws=DRAWS):
    made = np.array([draw(np.random.default_rng([41, k])) for k in range(draws)])
    return dict(zip(COLUMNS, made.mean(axis=0), strict=True)), made


@cache
def plain():
    """Whole years before and after, units that came by themselves, no season of its own."""
    return means(lambda rng: one(sources_of(view_over(arrays_of_pilot(simulate_panel(replace(SPEC, season=0.15), rng=rng)), (6, 17), (18, 29)))))


@cache
def picked():
    """The worst month before against the best month since, of units that came by themselves: a claim made from the raw numbers."""

    def draw(rng):
        arrays = arrays_of_pilot(simulate_panel(replace(SPEC, season=0.0), rng=rng))
        worst, best = worst_and_best(arrays, 18)
        return one(sources_of(view_over(arrays, (worst, worst), (best, best))))

    return means(draw)


@cache
def chosen():
    """Units chosen as the worst of the last half year, which is the base."""
    spec = replace(SPEC, season=0.0, shock_sd=0.3, artefact="regression_to_mean")
    return means(lambda rng: one(sources_of(view_over(arrays_of_pilot(simulate_panel(spec, rng=rng)), (12, 17), (18, 35)), ChosenBy.WORST)))


def test_without_an_artefact_the_parts_are_nothing():
    found, made = plain()
    assert np.abs(made[:, COLUMNS.index("season")]).max() == 0.0
    assert np.abs(made[:, COLUMNS.index("regression")]).max() == 0.0
    assert all(abs(found[name]) < PLANTED / 2 for name in ("recording", "season", "common", "regression", "remainder"))
    assert found["change"] == pytest.approx(EFFECT, abs=PLANTED)
    assert found["estimate"] == pytest.approx(EFFECT, abs=PLANTED)


def test_other_months_of_the_year_are_told_as_season():
    spec, base, period = replace(SPEC, season=0.3), (3, 8), (18, 23)
    found, _ = means(lambda rng: one(sources_of(view_over(arrays_of_pilot(simulate_panel(spec, rng=rng)), base, period))))
    wave = np.exp(spec.season * np.sin(2 * np.pi * np.arange(36) / 12))
    planted = math.log(wave[18:24].mean() / wave[3:9].mean())
    assert abs(planted) > 8 * PLANTED
    assert found["season"] == pytest.approx(planted, abs=PLANTED)
    assert found["common"] == pytest.approx(0.0, abs=PLANTED)
    assert found["estimate"] == pytest.approx(EFFECT, abs=PLANTED)


def test_months_picked_for_what_they_show_return():
    """Nothing but chance lies between the two months beside the effect: all of it is return to the mean."""
    found, _ = picked()
    planted = found["change"] - EFFECT
    assert planted < -8 * PLANTED
    assert found["regression"] + found["common"] == pytest.approx(planted, abs=PLANTED)
    assert found["regression"] == pytest.approx(planted, abs=2 * PLANTED)
    assert found["estimate"] == pytest.approx(EFFECT, abs=PLANTED)


def test_units_chosen_for_their_standing_return():
    found, _ = chosen()
    planted = found["change"] - EFFECT
    assert planted < -3 * PLANTED
    assert found["regression"] == pytest.approx(planted, abs=PLANTED)
    assert found["common"] == pytest.approx(0.0, abs=PLANTED)
    assert found["estimate"] == pytest.approx(EFFECT, abs=PLANTED)


def joined(rng, place, strength=0.5):
    """A pilot, and the same with a channel that joins in its units in a month: half as many counts again, and the change on file."""
    sim = simulate_panel(replace(SPEC, season=0.0), rng=rng)
    later = sim.frame["treated_from"].notna() & (sim.frame["month"] >= pd.Timestamp(f"{month(place)}-01"))
    more = np.where(later, rng.poisson(strength * sim.frame["numerator"].to_numpy()), 0)
    units = sim.frame.loc[later, "unit_id"].unique()
    breaks = pd.DataFrame({"source": "tickets:app", "unit_id": units, "on": pd.Timestamp(f"{month(place)}-01"), "note": ""})
    return sim, replace(sim, frame=sim.frame.assign(numerator=sim.frame["numerator"] + more), breaks=breaks)


@pytest.mark.parametrize(
    ("place", "planted"), [(24, math.log((6 + 12 * 1.5) / 18)), (12, math.log(1.5) - math.log((6 + 6 * 1.5) / 12))], ids=["in the period", "in the base"]
)
def test_a_channel_that_joins_among_the_months_is_told_as_recording(place, planted):
    def draw(rng):
        _, seen = joined(rng, place)
        return one(sources_of(view_over(arrays_of_pilot(seen), (6, 17), (18, 35)), breaks=seen.breaks))

    found, _ = means(draw)
    assert found["recording"] == pytest.approx(planted, abs=PLANTED)
    assert found["estimate"] == pytest.approx(EFFECT, abs=PLANTED)
    assert found["remainder"] == pytest.approx(0.0, abs=PLANTED)


def test_a_channel_that_joins_with_the_pilot_is_told_where_the_others_stand_alone():
    def draw(rng):
        alike, seen = joined(rng, 18)
        return one(sources_of(view_over(arrays_of_pilot(seen), (6, 17), (18, 29)), breaks=seen.breaks, unaffected=view_over(arrays_of_pilot(alike), (6, 17), (18, 29))))

    found, _ = means(draw)
    assert found["recording"] == pytest.approx(math.log(1.5), abs=PLANTED)
    assert found["estimate"] == pytest.approx(EFFECT, abs=PLANTED)


def test_without_anything_beside_it_the_estimate_of_a_channel_that_joins_with_the_pilot_carries_it():
    def draw(rng):
        _, seen = joined(rng, 18)
        return one(sources_of(view_over(arrays_of_pilot(seen), (6, 17), (18, 29)), breaks=seen.breaks))

    found, made = means(draw, draws=40)
    assert np.isnan(made[:, COLUMNS.index("recording")]).all()
    assert found["estimate"] == pytest.approx(EFFECT + math.log(1.5), abs=2 * PLANTED)


def test_the_interval_of_the_estimate_holds_the_truth_though_the_months_were_picked():
    """Of 60 draws at 0.95 fewer than 52 hold it once in a hundred (binomial), were the interval exact."""
    held = 0
    for k in range(60):
        arrays = arrays_of_pilot(simulate_panel(replace(SPEC, season=0.0), rng=np.random.default_rng([43, k])))
        worst, best = worst_and_best(arrays, 18)
        sources = sources_of(view_over(arrays, (worst, worst), (best, best)))
        kept = arrays.masked(np.broadcast_to(months_estimated(sources), arrays.shape))
        made = cluster_jackknife(log_ratio, kept)
        held += abs(made.estimate - EFFECT) <= t_quantile(0.95, made.df) * made.std_error
    assert held >= 52


def test_the_interval_of_the_change_holds_what_the_rates_say():
    """Without an effect, a season or a choice the change is nothing but chance."""
    held = 0
    for k in range(DRAWS):
        spec = replace(SPEC, season=0.0, effect=0.0)
        view = view_over(arrays_of_pilot(simulate_panel(spec, rng=np.random.default_rng([44, k]))), (6, 17), (18, 29))
        made = remeasure(view, 0.95)
        held += made.low <= 0 <= made.high
    assert held >= 0.91 * DRAWS


def test_the_errors_of_the_parts_are_how_far_they_vary():
    """Over 60 draws a standard deviation is known to about a tenth; the jackknife is somewhat too large for few assignments."""
    made = []
    for k in range(60):
        arrays = arrays_of_pilot(simulate_panel(replace(SPEC, season=0.0), rng=np.random.default_rng([45, k])))
        made.append([(p.value, p.std_error) for p in parts_of(sources_of(view_over(arrays, (9, 9), (25, 25))))])
    spread, errors = np.array(made)[:, 1:, 0].std(axis=0), np.array(made)[:, 1:, 1].mean(axis=0)
    assert errors == pytest.approx(spread, rel=0.35)


@pytest.mark.parametrize("window", [((6, 17), (18, 29)), ((9, 9), (30, 30)), ((3, 8), (20, 27))], ids=["years", "months", "half years"])
def test_the_way_of_the_simulations_is_that_of_panels(window):
    """The change is that of the raw counts, and the estimate is made on the very months of the simulations."""
    sim = simulate_panel(SPEC, rng=np.random.default_rng(7))
    arrays, panel = arrays_of_pilot(sim), panel_of(sim)
    view = view_over(arrays, *window)
    treated = arrays.ever_treated
    rate = [arrays.numerator[treated][:, a : b + 1].sum() / arrays.denominator[treated][:, a : b + 1].sum() for a, b in window]
    assert view.told(change_of(view)) == pytest.approx(100 * (rate[1] / rate[0] - 1), abs=1e-10)
    from_panel = log_ratio(arrays_of(estimation_panel(panel, sources_of(view), ClaimMeasure.RATE)))
    assert from_panel == pytest.approx(estimated(sources_of(view)), abs=1e-9)


CLAIM = over((0, 11), (12, 23))
NUMBERS = st.floats(-1.5, 1.5)


@settings(max_examples=200, deadline=None)
@given(change=NUMBERS, effect=NUMBERS, values=st.lists(st.one_of(NUMBERS, st.just(math.nan)), min_size=4, max_size=4), percent=st.booleans())
def test_parts_add_up_in_the_unit_of_the_claim_whatever_they_are(change, effect, values, percent):
    names = ("recording", "season", "common", "regression")
    parts = with_remainder([Part(name=n, value=v, alone=v, how="others") for n, v in zip(names, values, strict=True)], change - effect)
    told = [100 * math.expm1(x) if percent else x for x in (change, effect)]
    again = Remeasured(value=told[0], low=0, high=0, change=change, std_error=0, base=1, period=1, interval_by="months", n=1)
    made = ClaimComparison(
        stated=CLAIM, unit=Unit.PERCENT if percent else Unit.PERCENTAGE_POINTS, claimed=(0, 0, 0), remeasured=again, estimated=object(), parts=parts,
    )
    amounts = made.amounts()
    assert np.nansum([p.value for p in parts]) == pytest.approx(change - effect, abs=1e-12)
    assert np.nansum(list(amounts.values())) == pytest.approx(told[0] - told[1], abs=1e-9)
    for part in parts:
        assert math.isnan(amounts[part.name]) == math.isnan(part.value)
        assert math.isnan(part.value) or amounts[part.name] * part.value >= 0
