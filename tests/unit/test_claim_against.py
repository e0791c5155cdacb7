"""A claim against the data and an estimate: what cannot be compared and why; then the arithmetic of measuring again and of the estimate."""

import json
import math
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commresearch.cases.case_claims_file import ClaimMeasure
from commresearch.comparison import claim_against
from commresearch.comparison.claim_against import ClaimComparison, Known, claim_against_estimate, comparison_frame
from commresearch.comparison.claim_against_estimate import told_for
from commresearch.comparison.claim_against_measure import reproduces
from commresearch.comparison.claim_against_parts import ORDER, REMAINDER
from commresearch.comparison.claim_against_view import view_of
from commresearch.errors import DesignError, EstimationError
from commresearch.impact.estimate import estimate_impact
from commresearch.impact.result import t_quantile
from commresearch.outcomes import OutcomeDefinition
from commresearch.simulate.panels import PanelSpec, simulate_panel
from commresearch.terms import Language, Method, Unit
from commresearch.words import entries
from tests.unit.claim_against_worlds import month, over, panel_from, panel_of, stated

EXACT = 1e-12
#: How far chance of a hundredth of the counts moves logarithms and percent.
NEAR, NEAR_PERCENT = 0.02, 2.0
FEW_MONTHS = 18


@cache
def pilot(**changes):
    return simulate_panel(PanelSpec(units=24, treated=8, months=30, season=0.2, effect=-20, **changes), rng=np.random.default_rng(5))


@cache
def compared():
    return claim_against_estimate(over((6, 17), (18, 29), printed="下降30%"), panel_of(pilot()), Known(rollout=pilot().rollout))


def chosen(by, units, place):
    """A roll-out of the first units."""
    names = [f"U{i}" for i in range(units)]
    return pd.DataFrame({"unit_id": names, "start_month": [pd.Timestamp(f"{month(place)}-01")] * units, "chosen_by": by})


def uneven(counts):
    """The same with a little chance in it: without any, no estimator gives an interval."""
    return counts + np.random.default_rng(1).integers(-2, 3, counts.shape)


def keys(made):
    return [r.key for r in made.reasons]


def steady(counts=(10, 8), *, units=8, treated=3, start=12, months=24):
    """Counts that are the same in every month of a side: (before, after) in the units of the pilot, 10 in all others."""
    made = np.full((units, months), 10.0)
    made[:treated, :start], made[:treated, start:] = counts
    return panel_from(made, 1_000, start, treated=treated)


# what cannot be compared


def test_a_level_of_calibration_that_cannot_be_is_refused():
    with pytest.raises(EstimationError) as error:
        claim_against_estimate(stated(), steady(), conf_level=2.0)
    assert [f.code for f in error.value.failures] == ["CR-I77"]


def test_a_rollout_that_contradicts_the_panel_is_refused():
    rollout = pd.DataFrame({"unit_id": ["U0"], "start_month": ["2024-05-01"], "chosen_by": ["worst"]})
    with pytest.raises(DesignError) as error:
        claim_against_estimate(over((0, 11), (12, 23)), steady(), Known(rollout=rollout))
    assert [f.code for f in error.value.failures] == ["CR-I74"]


@pytest.mark.parametrize(
    ("claim", "panel", "expected"),
    [
        (over((0, 11), (12, 23), comparison="level"), steady(), ["not_a_change"]),
        (over((0, 11), (12, 23), unit_class="item"), steady(), ["unit"]),
        (over((0, 11), (12, 23), unit_class="percentage_points"), steady(), ["points_of_counts"]),
        (over((0, 11), (12, 20), comparison="year_on_year"), steady(), ["year_on_year"]),
        (over((0, 11), (12, 23), scope="U0 U99"), steady(), ["units_unknown"]),
        (over((0, 11), (12, 24)), steady(), ["months_outside"]),
        (over((0, 11), (12, 23), topics="噪声"), steady(), ["topics"]),
        (over((0, 11), (12, 23), outcome="youth_participation", measure="share"), steady(), ["outcome", "measure"]),
        (over((0, 11), (12, 23)), steady((0, 8)), ["nothing_counted"]),
        (over((0, 11), (12, 23), comparison="level", scope="U99", topics="噪声"), steady(), ["not_a_change", "topics", "units_unknown"]),
    ],
    ids=["level", "unit", "points", "year on year", "units", "months", "topics", "outcome", "nothing", "all at once"],
)
def test_what_keeps_a_claim_from_being_measured_is_told_all_at_once(claim, panel, expected):
    made = claim_against_estimate(claim, panel)
    assert keys(made) == expected
    assert (made.remeasured, made.estimated, made.comparable, made.parts) == (None, None, False, ())
    assert "不可比" in made.summary("zh")
    assert "Not comparable" in made.summary("en")


def test_months_that_were_not_recorded_are_named():
    panel = steady()
    dark = (panel.frame["unit_id"] == "U1") & (panel.frame["month"] == pd.Timestamp("2023-03-01"))
    frame = panel.frame.assign(live=~dark, numerator=panel.frame["numerator"].mask(dark), value=panel.frame["value"].mask(dark))
    made = claim_against_estimate(over((0, 11), (12, 23)), replace(panel, frame=frame))
    assert keys(made) == ["not_recorded"]
    assert made.reasons[0].values == {"units": ("U1",), "months": ("2023-03",), "n": 1, "all": 72}
    kept = claim_against_estimate(over((6, 11), (12, 23)), replace(panel, frame=frame))
    assert kept.remeasured is not None, "months outside the claim do not matter"


def test_units_whose_record_begins_with_the_pilot_are_told_not_passed_over():
    panel = steady()
    frame = panel.frame.assign(blocked=panel.frame["unit_id"] == "U1")
    made = claim_against_estimate(over((0, 11), (12, 23)), replace(panel, frame=frame))
    assert (keys(made), made.reasons[0].values["units"]) == (["not_used"], ("U1",))


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (over((0, 11), (12, 23), scope="all"), ["units_untreated"]), (over((0, 12), (13, 23)), ["base_treated"]), (over((0, 4), (5, 11)), ["period_untreated"]),
        (over((0, 4), (5, 11), scope="U0 U5"), ["units_untreated", "period_untreated"]),
    ],
    ids=["units without a start", "start within the base", "no start yet", "both"],
)
def test_what_cannot_be_estimated_is_still_measured(claim, expected):
    made = claim_against_estimate(claim, steady())
    assert keys(made) == expected
    assert {r.stage for r in made.reasons} == {"estimate"}
    assert made.remeasured is not None
    assert made.estimated is None
    assert "不可比" in made.summary()


def test_a_pilot_that_ended_within_the_period_is_told():
    rollout = chosen("volunteer", 3, 12).assign(end_month=["2024-09", None, None])
    made = claim_against_estimate(over((0, 11), (12, 23)), steady(), Known(rollout=rollout))
    assert (keys(made), made.reasons[0].values["units"]) == (["pilot_ended"], ("U0",))
    assert claim_against_estimate(over((0, 11), (12, 19)), steady(), Known(rollout=rollout)).comparable


def test_an_effect_that_no_estimator_gives_is_told_with_its_reason():
    made = claim_against_estimate(over((0, 11), (12, 23)), steady((10, 10)))
    assert (keys(made), made.reasons[0].stage) == (["no_estimate"], "estimate")
    assert "CR-I83" in made.reasons[0].text("zh")
    assert made.remeasured is not None


# measuring again


@pytest.mark.parametrize(("value", "expected"), [(-20, True), (-20.5, False), (-19.5, False), (-30, False), (20, False)])
def test_the_data_reproduce_a_claim_within_its_rounding(value, expected):
    made = claim_against_estimate(over((0, 11), (12, 23), value=value), steady())
    assert made.remeasured.value == pytest.approx(-20.0, abs=EXACT)
    assert made.reproduced is expected
    assert ("可由数据复算" in made.summary("zh")) is expected
    assert ("不能由数据复算" in made.summary("zh")) is not expected


def test_the_ends_of_the_wording_belong_to_it():
    claim = stated(value=-30, printed="下降30%").claim
    assert [reproduces(claim, x) for x in (-30.5, -29.5, -30.51, -29.49)] == [True, True, False, False]
    assert reproduces(stated(value=30, printed="提升超30%").claim, 80.0)


def test_the_rate_is_that_of_sums_and_the_count_that_of_counts():
    counts = np.array([[10.0] * 12 + [9.0] * 12, [40.0] * 12 + [20.0] * 12] + [[10.0] * 24] * 6)
    households = np.array([[1_000.0] * 12 + [2_000.0] * 12] + [[1_000.0] * 24] * 7)
    panel = panel_from(counts, households, 12, treated=2)
    rate, count = (claim_against_estimate(over((0, 11), (12, 23), measure=m), panel).remeasured for m in ("rate", "count"))
    assert rate.value == pytest.approx(100 * ((29 / 3_000) / (50 / 2_000) - 1), abs=EXACT)
    assert count.value == pytest.approx(100 * (29 / 50 - 1), abs=EXACT)
    assert (rate.base, rate.period) == pytest.approx((0.025, 29 / 3_000))
    one = claim_against_estimate(over((0, 11), (12, 23), measure="rate", scope="U0"), panel).remeasured
    assert one.value == pytest.approx(100 * (9 / 20 - 1), abs=EXACT)


def test_shares_change_in_points_or_in_percent_as_the_claim_says():
    persons = np.array([[100.0] * 12 + [150.0] * 12] * 4 + [[100.0] * 24] * 6)
    panel = panel_from(persons, 1_000, 12, treated=4, unit="percentage_points", outcome="youth_participation")
    terms = {"outcome": "youth_participation", "value": 5}
    points = claim_against_estimate(over((0, 11), (12, 23), measure="share", unit_class="percentage_points", **terms), panel)
    percent = claim_against_estimate(over((0, 11), (12, 23), measure="share", **terms | {"value": 50}), panel)
    assert (points.remeasured.value, points.unit, points.reproduced) == (pytest.approx(5.0), Unit.PERCENTAGE_POINTS, True)
    assert (percent.remeasured.value, percent.unit, percent.reproduced) == (pytest.approx(50.0), Unit.PERCENT, True)
    assert claim_against_estimate(over((0, 11), (12, 23), measure="persons", **terms), panel).remeasured.value == pytest.approx(50.0)


def test_the_interval_is_that_of_a_linearised_ratio_over_assignments():
    sim = pilot()
    made = claim_against_estimate(over((6, 17), (18, 29)), panel_of(sim)).remeasured
    frame = sim.frame[sim.frame["treated_from"].notna()].assign(place=lambda f: (f["month"].dt.year - 2023) * 12 + f["month"].dt.month - 1)
    sums = {side: frame[frame["place"].between(*ends)].groupby("unit_id")[["numerator", "denominator"]].sum() for side, ends in (("b", (6, 17)), ("p", (18, 29)))}
    b, p = sums["b"], sums["p"]
    parts = p["numerator"] / p["numerator"].sum() - p["denominator"] / p["denominator"].sum() - b["numerator"] / b["numerator"].sum()
    parts += b["denominator"] / b["denominator"].sum()
    error = math.sqrt((parts**2).sum() * 8 / 7)
    log = math.log(p["numerator"].sum() / p["denominator"].sum()) - math.log(b["numerator"].sum() / b["denominator"].sum())
    half = t_quantile(0.95, 7) * error
    assert (made.interval_by, made.n) == ("assignments", 8)
    assert (made.value, made.low, made.high) == pytest.approx(tuple(100 * np.expm1([log, log - half, log + half])), rel=1e-10)


def test_few_units_take_their_interval_from_the_months_and_never_below_counting():
    made = claim_against_estimate(over((0, 11), (12, 23)), steady()).remeasured
    assert (made.interval_by, made.n) == ("months", 12)
    assert made.std_error == pytest.approx(math.sqrt(1 / 360 + 1 / 288)), "months that are all alike leave the chance of counting"
    noisy = np.full((8, 24), 10.0)
    noisy[:3, :12] += np.tile([8.0, -8.0], 6)
    wide = claim_against_estimate(over((0, 11), (12, 23)), panel_from(noisy, 1_000, 12, treated=3)).remeasured
    series = np.log(noisy[:3, :12].mean(axis=0))
    assert wide.std_error >= math.sqrt(series.var(ddof=1) * 0.9 / 12)
    short = claim_against_estimate(over((0, 3), (4, 9)), steady(start=4, months=10)).remeasured
    assert (short.interval_by, short.std_error) == ("counts", pytest.approx(math.sqrt(1 / 120 + 1 / 144)))
    share = steady(start=4, months=10)
    share = panel_from(share.frame["numerator"].to_numpy().reshape(8, 10), 1_000, 4, treated=3, unit="percentage_points", outcome="youth_participation")
    points = claim_against_estimate(over((0, 3), (4, 9), outcome="youth_participation", measure="share", unit_class="percentage_points"), share).remeasured
    assert points.interval_by == "none"
    assert math.isnan(points.low)


def test_units_that_were_decided_on_together_are_one_assignment():
    sim = pilot()
    rollout = sim.rollout.assign(assigned_level="district", assignment_id="one")
    made = claim_against_estimate(over((6, 17), (18, 29)), panel_of(sim), Known(rollout=rollout))
    assert made.remeasured.interval_by == "months"
    assert math.isnan(made.parts[1].std_error)


# the estimate


def test_the_estimate_is_that_of_the_claims_own_units_and_months():
    sim, panel = pilot(), panel_of(pilot())
    whole = estimate_impact(panel, rollout=sim.rollout)
    made = compared()
    assert (made.estimated.estimate, made.estimated.conf_low, made.estimated.grade) == (whole.estimate, whole.conf_low, whole.grade)
    late = claim_against_estimate(over((6, 17), (24, 29)), panel, Known(rollout=sim.rollout))
    places = (panel.frame["month"].dt.year - 2023) * 12 + panel.frame["month"].dt.month - 1
    cut = replace(panel, frame=panel.frame[(places < 18) | (places >= 24)].reset_index(drop=True))
    assert late.estimated.estimate == estimate_impact(cut, rollout=sim.rollout).estimate
    two = list(panel.frame.loc[panel.frame["treated_from"].notna(), "unit_id"].unique()[:2])
    few = claim_against_estimate(over((6, 17), (18, 29), scope=" ".join(two)), panel, Known(rollout=sim.rollout))
    kept = panel.frame["unit_id"].isin(two) | panel.frame["treated_from"].isna()
    assert few.estimated.estimate == estimate_impact(replace(panel, frame=panel.frame[kept].reset_index(drop=True)), rollout=sim.rollout).estimate


def test_the_estimate_of_the_case_is_used_where_the_claim_asks_for_nothing_else():
    sim, panel = pilot(), panel_of(pilot())
    own = replace(estimate_impact(panel, rollout=sim.rollout), estimate=-12.5)
    used = claim_against_estimate(over((6, 17), (18, 29)), panel, Known(rollout=sim.rollout, estimate=own))
    assert used.estimated is own
    other = claim_against_estimate(over((6, 17), (18, 29), measure="count"), panel, Known(rollout=sim.rollout, estimate=own))
    assert other.estimated.estimate != own.estimate


def test_a_period_that_begins_before_the_pilot_thins_the_effect():
    """Three quarters of the period treated, the same number in each month: observed / (treated / ratio + untreated)."""
    panel = steady()
    view, _ = view_of(panel, over((0, 7), (8, 23)))
    found = replace(compared().estimated, estimate=-20.0, conf_low=-50.0, conf_high=math.inf, unit=Unit.PERCENT)
    told = told_for(found, panel, view)
    treated, untreated = 8 * 12 * 3, 10 * 4 * 3
    want = [100 * ((treated + untreated) / (untreated + treated / r) - 1) for r in (0.8, 0.5)] + [100 * ((treated + untreated) / untreated - 1)]
    assert (told.estimate, told.conf_low, told.conf_high) == pytest.approx(tuple(want))


def test_hours_are_estimated_as_differences_and_told_in_percent():
    rng = np.random.default_rng(2)
    hours = rng.normal(100, 3, (20, 30))
    hours[:7, 18:] += 25
    panel = panel_from(hours, 400, 18, treated=7, unit="percentage_points", outcome="space_use")
    made = claim_against_estimate(over((6, 17), (18, 29), outcome="space_use", measure="hours", value=25), panel)
    assert made.unit is Unit.PERCENT
    assert made.estimated.unit is Unit.PERCENT
    assert made.estimated.estimate == pytest.approx(25, abs=2.5)
    assert made.estimated.conf_low < 25 < made.estimated.conf_high
    points = claim_against_estimate(over((6, 17), (18, 29), outcome="space_use", measure="share", unit_class="percentage_points", value=6), panel)
    assert points.estimated.unit is Unit.PERCENTAGE_POINTS
    assert points.estimated.estimate == pytest.approx(6.25, abs=0.6)


def test_shares_of_counted_persons_are_estimated_as_ratios_where_the_claim_is_in_percent():
    persons = uneven(np.full((14, 30), 200.0))
    persons[:6, 18:] += 100
    terms = {"outcome": "youth_participation", "value": 50}
    panel = panel_from(persons, 2_000, 18, treated=6, unit="percentage_points", outcome="youth_participation")
    for measure in ("share", "persons"):
        made = claim_against_estimate(over((6, 17), (18, 29), measure=measure, **terms), panel, Known(rollout=chosen("volunteer", 6, 18)))
        assert (made.estimated.method, made.estimated.unit) == (Method.POISSON, Unit.PERCENT)
        assert made.estimated.estimate == pytest.approx(50.0, abs=NEAR_PERCENT)
    points = claim_against_estimate(
        over((6, 17), (18, 29), measure="share", unit_class="percentage_points", **terms | {"value": 5}), panel, Known(rollout=chosen("volunteer", 6, 18))
    )
    assert points.estimated.estimate == pytest.approx(5.0, abs=0.2)
    assert sum(points.amounts().values()) == pytest.approx(points.remeasured.value - points.estimated.estimate, abs=EXACT)


def test_a_year_against_the_year_before_may_say_year_on_year():
    assert claim_against_estimate(over((0, 11), (12, 23), comparison="year_on_year"), steady()).comparable


def test_units_that_start_later_are_compared_with_only_before_they_do():
    counts = np.full((9, 36), 20.0)
    panel = panel_from(counts, 1_000, 12, treated=9)
    late = panel.frame["unit_id"].isin([f"U{i}" for i in range(4, 9)])
    panel = replace(panel, frame=panel.frame.assign(treated_from=panel.frame["treated_from"].mask(late, pd.Timestamp("2025-01-01"))))
    view, reasons = view_of(panel, over((0, 11), (12, 23), scope="U0 U1 U2 U3"))
    assert reasons == ()
    assert (view.others.sum(), view.usable.sum()) == (5, 24)
    later, _ = view_of(panel, over((0, 11), (12, 24), scope="U0 U1 U2 U3"))
    assert not later.others.any()


# how it is handed on


def test_everything_is_json_safe_and_in_both_languages():
    for made in (compared(), claim_against_estimate(over((0, 11), (12, 23), comparison="level"), steady())):
        told = json.loads(json.dumps(made.to_dict(), allow_nan=False))
        assert set(told["summary"]) == {x.value for x in Language}
        assert all(r["text"]["zh"] != r["text"]["en"] for r in told["reasons"])
    open_ended = claim_against_estimate(over((6, 17), (18, 29), value=30, printed="提升超30%"), panel_of(pilot()))
    assert open_ended.claimed == (30.0, 30.0, math.inf)
    assert json.loads(json.dumps(open_ended.to_dict(), allow_nan=False))["claimed_high"] is None


def test_the_table_holds_every_claim_in_one_unit_per_row():
    table = comparison_frame([compared(), claim_against_estimate(over((0, 11), (12, 23), comparison="level", indicator_zh="纠纷"), steady())])
    assert list(table["comparable"]) == [True, False]
    assert list(table["label_zh"]) == ["demo-001", "纠纷"]
    parts = table.loc[0, ["recording", "season", "common", "regression", "remainder"]].astype(float)
    assert parts.sum() == pytest.approx(table.loc[0, "remeasured"] - table.loc[0, "estimated"])
    assert table.loc[1, ["remeasured", "estimated", "season"]].isna().all()
    assert comparison_frame([]).empty
    assert isinstance(compared(), ClaimComparison)


def test_every_key_that_the_code_builds_has_words_and_every_word_is_said():
    folder = Path(claim_against.__file__).parent
    source = "\n".join(p.read_text(encoding="utf8") for room in (folder, folder.parent / "workflow") for p in room.glob("*claim*.py"))
    written, how = set(entries("claim_against")), set(re.findall(r'"([a-z_]+)"', source))
    reasons = {f"reason_{key}" for key in re.findall(r'Reason\(key="([a-z_]+)"', source)} | {"reason_not_used", "reason_units_unknown"}
    assert reasons == {key for key in written if key.startswith("reason_")}
    assert {f"measure_{m}" for m in ClaimMeasure} == {key for key in written if key.startswith("measure_")}
    for name in (*ORDER, REMAINDER):
        assert f"part_{name}" in written
        said = {key.removeprefix(f"{name}_") for key in written if key.startswith(f"{name}_")}
        assert said
        assert said <= how, name
    for rest in written - reasons:
        assert rest.split("_")[0] in {"part", "recording", "season", "common", "regression", "remainder", "measure", "interval", "picked", "scope", "reproduced"} or f"claim_against.{rest}" in source


def test_every_way_and_reason_has_words_in_both_languages():
    made = compared()
    assert list(made.parts_frame().columns) == ["part", "value", "std_error", "amount", "amount_error", "alone", "how"]
    for language in Language:
        text = made.summary(language)
        assert "{" not in text
        assert "同期普遍变化" in text or "change that all went through" in text


def test_a_panel_counted_on_other_topics_is_not_the_claims():
    panel = replace(steady(), definition=OutcomeDefinition.of("complaint_rate", topics=("噪声", "停车")))
    assert keys(claim_against_estimate(over((0, 11), (12, 23)), panel)) == ["topics"]
    assert keys(claim_against_estimate(over((0, 11), (12, 23), topics="停车、噪声"), panel)) == []


def test_a_base_that_may_have_been_picked_is_left_out_of_the_estimate_for_everybody():
    made = claim_against_estimate(over((17, 17), (18, 29)), panel_of(pilot()), Known(rollout=pilot().rollout))
    assert made.windows.reference.sum() == 17
    assert made.estimated.n_obs == 24 * 29
