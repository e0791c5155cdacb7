"""A claim against the data and an estimate: what lies between them, part by part."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from commresearch.comparison.claim_against import Known, claim_against_estimate
from commresearch.comparison.claim_against_parts import REMAINDER
from commresearch.comparison.claim_against_view import view_of
from commresearch.simulate.panels import PanelSpec, simulate_panel
from tests.unit.claim_against_worlds import month, over, panel_from, panel_of
from tests.unit.test_claim_against import EXACT, FEW_MONTHS, NEAR, NEAR_PERCENT, chosen, compared, uneven


def test_the_parts_add_up_on_their_scale_and_in_the_unit_of_the_claim():
    made = compared()
    difference = made.remeasured.change - math.log1p(made.estimated.estimate / 100)
    assert sum(p.value for p in made.parts) == pytest.approx(difference, abs=EXACT)
    assert sum(made.amounts().values()) == pytest.approx(made.remeasured.value - made.estimated.estimate, abs=1e-9)
    assert [p.name for p in made.parts] == ["recording", "season", "common", "regression", REMAINDER]
    assert all(math.isfinite(p.std_error) for p in made.parts[:4])
    assert made.errors()["common"] / made.amounts()["common"] == pytest.approx(made.parts[2].std_error / made.parts[2].value)
    assert "标准误" in made.summary("zh")
    assert "standard error" in made.summary("en")


def test_the_same_months_of_the_year_have_no_season_and_no_change_on_file_is_none():
    made = compared()
    named = {p.name: p for p in made.parts}
    assert (named["season"].value, named["season"].how) == (0.0, "same_months")
    assert (named["recording"].value, named["recording"].how, named["regression"].how) == (0.0, "none", "not_picked")


def test_too_short_a_record_tells_no_seasons_and_says_so():
    made = claim_against_estimate(over((3, 8), (9, 17)), panel_from(np.full((10, FEW_MONTHS), 30.0) + np.eye(10, FEW_MONTHS), 1_000, 9, treated=3))
    season = made.parts[1]
    assert (season.how, math.isnan(season.value)) == ("short", True)
    assert "季节（记录不足两年" in made.summary("zh")
    total = made.remeasured.change - math.log1p(made.estimated.estimate / 100)
    assert np.nansum([p.value for p in made.parts]) == pytest.approx(total, abs=EXACT)


def with_breaks(panel, place, units):
    rows = [("tickets", unit, pd.Timestamp(f"{month(place)}-01"), "并入12345") for unit in units]
    return replace(panel, breaks=pd.DataFrame(rows, columns=["source", "unit_id", "on", "note"]))


def recording(panel, **changes):
    view, _ = view_of(panel, over((0, 11), (12, 35)))
    made = claim_against_estimate(over((0, 11), (12, 35)), panel, Known(rollout=chosen("volunteer", 3, 12), **changes))
    return made.changes.how, made.parts[0].value, view, made


def doubled(place):
    """Twice as many counts from a month on in the three units of the pilot; an effect of a half from month 12."""
    counts = uneven(np.full((9, 36), 200.0))
    counts[:3, 12:] = np.floor(counts[:3, 12:] / 2)
    counts[:3, place:] *= 2
    return panel_from(counts, 1_000, 12, treated=3)


def test_a_change_of_recording_within_the_period_is_measured_on_its_two_sides():
    panel = doubled(24)
    how, value, _, made = recording(with_breaks(panel, 24, ["U0", "U1", "U2"]))
    assert how == "jump"
    assert value == pytest.approx(math.log((12 * 20 + 12 * 40) / (24 * 20)), abs=NEAR)
    assert made.remeasured.value == pytest.approx(-25.0, abs=NEAR_PERCENT)
    assert made.estimated.estimate == pytest.approx(-50.0, abs=NEAR_PERCENT)
    assert made.parts[-1].value == pytest.approx(0.0, abs=NEAR)


def test_a_change_of_recording_with_the_start_cannot_be_told_from_the_effect():
    panel = doubled(12)
    how, value, _, made = recording(with_breaks(panel, 12, ["U0", "U1", "U2"]))
    assert (how, math.isnan(value)) == ("at_start", True)
    assert made.estimated.estimate == pytest.approx(0.0, abs=NEAR_PERCENT)
    assert "与试点同时开始" in made.summary("zh")
    near = doubled(13)
    assert recording(with_breaks(near, 13, ["U0", "U1", "U2"]))[0] == "few_months"


def test_what_was_recorded_alike_takes_its_place_where_there_is_such_a_panel():
    panel = doubled(12)
    alike = doubled(36)
    how, value, _, made = recording(with_breaks(panel, 12, ["U0", "U1", "U2"]), unaffected=alike)
    assert how == "at_start"
    assert (value, made.parts[0].how) == (pytest.approx(math.log(2), abs=NEAR), "unaffected")
    assert made.estimated.estimate == pytest.approx(-50.0, abs=NEAR_PERCENT)
    assert not [c for c in made.estimated.checks if c.name == "recording_breaks" and c.passed is False]


def test_changes_of_all_units_or_of_others_are_told_apart():
    panel = doubled(36)
    assert recording(with_breaks(panel, 24, ["*"]))[:2] == ("shared", 0.0)
    assert recording(with_breaks(panel, 24, [f"U{i}" for i in range(9)]))[0] == "shared"
    how, _, _, made = recording(with_breaks(panel, 24, ["U5"]))
    assert (how, made.estimated.n_units) == ("none", 8)
    how, value, _, _ = recording(with_breaks(panel, 24, [f"U{i}" for i in range(3, 9)]))
    assert (how, math.isnan(value)) == ("others", True)
    assert recording(with_breaks(panel, 2, ["U5"]))[3].estimated.n_units == 8
    assert recording(with_breaks(panel, 0, ["U0", "U1", "U2"]))[:2] == ("none", 0.0)


def test_a_base_that_was_picked_returns_and_is_ranked():
    counts = uneven(np.full((10, 36), 200.0))
    counts[:4, 9] *= 2
    panel = panel_from(counts, 1_000, 12, treated=4)
    made = claim_against_estimate(over((9, 9), (12, 35)), panel, Known(rollout=chosen("random", 4, 12)))
    named = {p.name: p for p in made.parts}
    assert made.remeasured.value == pytest.approx(-50.0, abs=NEAR_PERCENT)
    assert made.estimated.estimate == pytest.approx(0.0, abs=NEAR_PERCENT)
    assert (named["regression"].value, named["regression"].how) == (pytest.approx(-math.log(2), abs=NEAR), "earlier")
    assert made.windows.base_rank == (1, 12)
    assert "第1高" in made.summary("zh")


def test_a_period_that_was_picked_is_held_against_all_months_since_the_start():
    counts = uneven(np.full((10, 36), 200.0))
    counts[:4, 20] = 100.0
    made = claim_against_estimate(over((0, 11), (20, 20)), panel_from(counts, 1_000, 12, treated=4), Known(rollout=chosen("random", 4, 12)))
    regression = made.parts[3]
    mean = (23 * 200 + 100) / 24
    assert (regression.value, regression.how) == (pytest.approx(math.log(100 / mean), abs=NEAR), "period")
    assert made.estimated.estimate == pytest.approx(100 * (mean / 200 - 1), abs=NEAR_PERCENT)
    assert made.windows.period_rank == (1, 24)


def test_units_that_were_chosen_as_worst_are_held_against_months_before_the_choice():
    counts = uneven(np.full((10, 36), 200.0))
    counts[:4, 12:18] = 320.0
    panel = panel_from(counts, 1_000, 18, treated=4)
    rollout = chosen("worst", 4, 18)
    made = claim_against_estimate(over((12, 17), (18, 35)), panel, Known(rollout=rollout))
    assert made.parts[3].how == "among_all"
    assert made.estimated.estimate == pytest.approx(0.0, abs=NEAR_PERCENT)
    assert made.parts[2].value + made.parts[3].value == pytest.approx(-math.log(1.6), abs=NEAR)
    by_issuer = claim_against_estimate(over((12, 17), (18, 35), chosen_by="worst"), panel, Known(rollout=rollout.assign(chosen_by="volunteer")))
    assert by_issuer.parts[3].value == made.parts[3].value
    volunteers = claim_against_estimate(over((12, 17), (18, 35)), panel, Known(rollout=rollout.assign(chosen_by="volunteer")))
    assert (volunteers.parts[3].how, volunteers.parts[3].value) == ("not_picked", 0.0)


def test_where_no_months_lie_before_the_choice_the_estimate_carries_it_and_shrinkage_tells_its_size():
    sim = simulate_panel(PanelSpec(months=30, starts=(10,), shock_sd=0.3, season=0.0, artefact="regression_to_mean"), rng=np.random.default_rng(2))
    made = claim_against_estimate(over((4, 9), (10, 29)), panel_of(sim), Known(rollout=sim.rollout))
    regression = made.parts[3]
    assert (regression.how, math.isnan(regression.value)) == ("carried", True)
    assert regression.alone < -0.05
    assert "估计里也含着它" in made.summary("zh")
