"""Checks of an effect, each by itself: what fails, what is told, what is not made, and numbers with their unit."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from commresearch import Panel, detect_design, estimate_impact
from commresearch.impact.arrays import Dropped, PanelArrays, arrays_of
from commresearch.impact.checks_comparison import check_leave_one_out, check_placebo_dates, check_pre_trends
from commresearch.impact.checks_records import (
    check_attrition,
    check_late_record,
    check_opening_hours,
    check_recording_breaks,
    check_sign_conflict,
)
from commresearch.impact.checks_selection import _gap, check_regression_to_mean
from commresearch.impact.design import design_panel
from commresearch.impact.estimate import Beside, run_checks
from commresearch.impact.jackknife import cluster_jackknife
from commresearch.impact.result import CheckResult, ImpactEstimate
from commresearch.impact.routes import RECIPES
from commresearch.outcomes.definition import OutcomeDefinition
from commresearch.simulate.panels import PanelSpec
from commresearch.terms import ChosenBy, Method, Unit
from tests.unit.test_impact_design import panel_of

COMPARISONS = {"pre_trends", "placebo_dates", "anticipation", "leave_one_out", "regression_to_mean", "spill_over", "honest_bounds", "attrition"}
SHARES = PanelSpec(units=12, treated=4, months=24, starts=(12,), kind="shares", level=30.0)


def grid(value: np.ndarray, first: list[int | None]) -> Panel:
    """Units × months from 2022-01 on; start of each unit by number of its month."""
    months = pd.date_range("2022-01-01", periods=value.shape[1], freq="MS")
    rows = [
        (f"U{i:02d}", month, value[i, t], pd.NaT if start is None else months[start]) for i, start in enumerate(first) for t, month in enumerate(months)
    ]
    frame = pd.DataFrame(rows, columns=["unit", "month", "value", "start"])
    return Panel.from_frame(
        frame, community="unit", period="month", value="value", treated_from="start", outcome="space_use", unit="percentage_points"
    )


def named(found: ImpactEstimate | tuple[CheckResult, ...], name: str) -> CheckResult:
    checks = found.checks if isinstance(found, ImpactEstimate) else found
    return next(c for c in checks if c.name == name)


def breaks_of(rows: list[tuple[str, str]]) -> pd.DataFrame:
    return pd.DataFrame([("tickets", unit, on, "new rules") for unit, on in rows], columns=["source", "unit_id", "on", "note"])


def noise(n: int = 12, t: int = 24, *, start: int = 12, treated: int = 4) -> PanelArrays:
    value = 30 + np.random.default_rng(5).normal(size=(n, t))
    return arrays_of(grid(value, [start if i < treated else None for i in range(n)]))


# ---------------------------------------------------------------- which checks are made


@pytest.mark.parametrize("method", [Method.BEFORE_AFTER, Method.INTERRUPTED_SERIES])
def test_an_estimate_that_uses_no_comparison_has_no_checks_of_one(method):
    panel, rollout = panel_of(PanelSpec(units=20, treated=8, months=48, starts=(30,), effect=-30.0))
    design = replace(detect_design(panel, rollout), method=method)
    found = estimate_impact(panel, rollout=rollout)
    checks = run_checks(design_panel(panel, design), design, found, None, Beside())
    assert {c.name for c in checks} & COMPARISONS == set()
    assert {c.name for c in found.checks} >= COMPARISONS


def test_return_to_the_mean_is_laid_beside_the_estimate_of_the_same_method():
    panel, rollout = panel_of(replace(SHARES, units=20, treated=1, effect=4.0))
    found = estimate_impact(panel, rollout=rollout)
    assert found.method is Method.SYNTHETIC_DID
    shown = named(found, "regression_to_mean").table.set_index("quantity")["value"]["estimate"]
    plain = RECIPES[Method.IMPUTATION].point_for("never")
    assert shown == pytest.approx(plain(arrays_of(panel)), abs=1e-12)
    assert shown != pytest.approx(found.estimate, abs=1e-6)


# ---------------------------------------------------------------- return to the mean


def test_nothing_is_to_be_explained_where_the_interval_holds_zero():
    arrays = noise()
    point = RECIPES[Method.TWO_WAY_FIXED_EFFECTS].point_for("never")
    results = [
        check_regression_to_mean(point, arrays, ChosenBy.UNKNOWN, 0.001, conf, relative=False, unit=Unit.PERCENTAGE_POINTS)
        for conf in ((-0.5, 0.5), (0.0005, 0.002))
    ]
    assert [r.passed for r in results] == [None, False]
    assert list(results[0].table["quantity"]) == ["gap", "reliability", "implied", "estimate", "without_selection"]
    assert "区间包含零" in results[0].text("zh")
    assert "+0.001 percentage points" in results[1].text("en")


def test_units_chosen_as_worst_with_nothing_known_of_before_fail():
    """Six months before the start are all there is, and all that the choice was made by."""
    rng = np.random.default_rng(2)
    value = rng.normal(10, 1, (24, 18))
    value[:8, :6] += 4
    value[:8, 6:] -= 6
    arrays = arrays_of(grid(value, [6] * 8 + [None] * 16))

    def point(arrays):
        return float("nan")  # without the selection months there is nothing to compare with

    found = check_regression_to_mean(point, arrays, ChosenBy.WORST, -9.0, (-11.0, -7.0), relative=False, unit=Unit.PERCENTAGE_POINTS)
    assert found.passed is False
    assert found.note.key == "mean_untold"
    unknown = check_regression_to_mean(point, arrays, ChosenBy.UNKNOWN, -9.0, (-11.0, -7.0), relative=False, unit=Unit.PERCENTAGE_POINTS)
    assert unknown.note.key != "mean_untold"


def test_a_return_that_lies_in_the_interval_of_the_effect_fails():
    rng = np.random.default_rng(3)
    value = rng.normal(10, 2, (24, 30))
    value[:8, 12:18] += 3
    arrays = arrays_of(grid(value, [18] * 8 + [None] * 16))
    implied = check_regression_to_mean(lambda a: -4.0, arrays, ChosenBy.WORST, -50.0, (-51.0, -49.0), relative=False, unit=Unit.PERCENTAGE_POINTS)
    implied = implied.table.set_index("quantity")["value"]["implied"]
    estimate = 2.4 * implied  # more than twice the return, with an interval that holds it
    found = check_regression_to_mean(lambda a: estimate, arrays, ChosenBy.WORST, estimate, (4 * implied, 0.5 * implied), relative=False, unit=Unit.PERCENTAGE_POINTS)
    assert found.passed is False
    apart = check_regression_to_mean(lambda a: estimate, arrays, ChosenBy.WORST, estimate, (3 * implied, 1.5 * implied), relative=False, unit=Unit.PERCENTAGE_POINTS)
    assert apart.passed is True


def test_the_gap_is_that_of_treated_and_untreated_over_the_same_months():
    value = np.full((6, 20), 10.0) + np.arange(20)  # a rise of everybody must not look like a gap
    value[:2] += 3.0
    assert _gap(arrays_of(grid(value, [8, 14, None, None, None, None]))) == pytest.approx(3.0)
    assert _gap(arrays_of(grid(value, [8, 8, 14, 14, 14, 14]))) == pytest.approx(3.0)


def test_a_mean_of_zero_before_the_start_is_told_and_no_fault():
    value = np.random.default_rng(1).poisson(0.5, (12, 20)).astype(float)
    value[:3, :12] = 0.0
    arrays = arrays_of(grid(value, [12 if i < 3 else None for i in range(12)]))
    found = check_regression_to_mean(lambda a: 1.0, arrays, ChosenBy.WORST, 5.0, (1.0, 9.0), relative=True, unit=Unit.PERCENT)
    assert found.passed is None
    assert found.table.empty
    assert "平均值为零" in found.text("zh")
    assert "is zero" in found.text("en")


def test_an_outcome_that_never_changes_is_told_and_no_fault():
    levels = np.linspace(10.1, 33.3, 12)[:, None]
    months = np.sin(np.arange(24.0))[None, :]
    for value in (np.broadcast_to(levels, (12, 24)), levels + months, np.zeros((12, 24))):
        arrays = arrays_of(grid(value.copy(), [12 if i < 6 else None for i in range(12)]))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            trend = [check_pre_trends(arrays, relative=relative) for relative in (False, True)]
            check_regression_to_mean(lambda a: 1.0, arrays, ChosenBy.WORST, 5.0, (1.0, 9.0), relative=False, unit=Unit.PERCENT)
        assert trend[0].passed is None
        assert "没有变动" in trend[0].text("zh")
        if value.std(axis=1).max() < 1e-9:  # in percent of unequal levels the same change is not the same
            assert (trend[1].passed, trend[1].note.key) == (None, "trend_flat")


def test_a_trend_without_any_noise_is_found():
    value = np.full((12, 24), 30.0)
    value[:6] += np.arange(24.0)
    found = check_pre_trends(arrays_of(grid(value, [12 if i < 6 else None for i in range(12)])), relative=False)
    assert found.passed is False
    assert found.table["p_value"][0] == 0.0
    assert "+1 percentage points from one period to the next" in found.text("en").replace("+1.00", "+1")


# ---------------------------------------------------------------- records


def test_units_are_compared_with_units():
    late = [Dropped(unit_id=f"U{i}", reason="late_record", months=0, whole=True) for i in range(6)]
    some = [Dropped(unit_id=f"V{i}", reason="blocked", months=2, whole=False) for i in range(20)]
    assert [check_late_record([*late, *some], n).passed for n in (24, 7, 6)] == [True, True, False]
    assert check_late_record(some, 3).note.key == "late_none"
    frame, rollout = panel_of(PanelSpec(units=40, treated=20))
    cluster = frame.frame["unit_id"].str[-1]  # several units were decided on together
    begun = frame.frame["treated_from"] - pd.DateOffset(months=1)
    gone = frame.frame["unit_id"].isin(sorted(set(rollout["unit_id"]))[:8]) & (frame.frame["month"] < begun)
    table = frame.frame.assign(numerator=frame.frame["numerator"].mask(gone), value=frame.frame["value"].mask(gone), live=frame.frame["live"] & ~gone)
    table["assignment_id"] = np.where(table["treated_from"].notna(), "T" + (cluster.astype(int) % 3).astype(str), table["unit_id"])
    found = named(estimate_impact(replace(frame, frame=table), rollout=rollout[["unit_id", "start_month", "chosen_by"]]), "late_record")
    assert len(found.table) == 8
    assert found.passed is True
    assert "12 remain" in found.text("en")


def test_months_after_a_pilot_ended_are_not_missing():
    panel, rollout = panel_of(PanelSpec(units=20, treated=8, months=36, starts=(18,)))
    ended = detect_design(panel, rollout.assign(end_month=pd.Timestamp("2024-10-01")))
    arrays = arrays_of(design_panel(panel, ended))
    assert check_attrition(arrays, {}).passed is False
    found = check_attrition(arrays, ended.ended)
    assert found.passed is True
    assert list(found.table["missing_after"]) == [0.0, 0.0]


@pytest.mark.parametrize(("gone", "passed", "key"), [(0, True, "attrition_even"), (3, None, "attrition_before"), (7, False, "attrition_short")])
def test_months_missing_before_the_start_are_looked_at_too(gone, passed, key):
    value = 30 + np.random.default_rng(2).normal(size=(10, 24))
    value[:4, 1 : 1 + gone] = np.nan
    found = check_attrition(arrays_of(grid(value, [12 if i < 4 else None for i in range(10)])), {})
    assert (found.passed, found.note.key) == (passed, key)
    assert found.table["missing_before"][0] == pytest.approx(100 * gone / 12)
    assert "{" not in found.text("zh") + found.text("en")


def test_months_missing_after_the_start_on_one_side_fail():
    value = 30 + np.random.default_rng(2).normal(size=(10, 24))
    value[:4, 20:] = np.nan
    assert check_attrition(arrays_of(grid(value, [12 if i < 4 else None for i in range(10)])), {}).note.key == "attrition_uneven"


EVERYBODY = [f"U{i:02d}" for i in range(12)]
NEAR, FAR = "2023-02-15", "2023-09-01"  #: the start is 2023-01


@pytest.mark.parametrize(
    ("rows", "compared", "passed", "key"),
    [
        ([], True, True, "breaks_none"),
        ([("*", NEAR)], True, None, "breaks_shared"),
        ([("*", NEAR)], False, False, "breaks_near_all"),
        ([("*", FAR)], False, True, "breaks_far"),
        ([(u, NEAR) for u in EVERYBODY], True, None, "breaks_shared"),
        ([(u, NEAR) for u in EVERYBODY], False, False, "breaks_near_all"),
        ([("U00", NEAR)], True, False, "breaks_near"),
        ([(u, NEAR) for u in EVERYBODY[:8]], True, False, "breaks_near"),
        ([(u, NEAR) for u in EVERYBODY[4:]], True, False, "breaks_near"),
        ([(u, NEAR) for u in EVERYBODY[4:]], False, True, "breaks_none"),
        ([("U09", FAR), ("*", NEAR)], True, None, "breaks_shared"),
        ([("elsewhere", NEAR)], True, True, "breaks_none"),
    ],
)
def test_a_change_of_recording_fails_where_it_is_on_one_side_only(rows, compared, passed, key):
    found = check_recording_breaks(noise(), breaks_of(rows), compared=compared)
    assert (found.passed, found.note.key) == (passed, key)
    assert "{" not in found.text("zh") + found.text("en")


def test_a_change_of_recording_in_all_units_is_held_against_every_start():
    value = 30 + np.random.default_rng(5).normal(size=(8, 24))
    arrays = arrays_of(grid(value, [6, 6, 12, 12, None, None, None, None]))
    table = check_recording_breaks(arrays, breaks_of([("*", NEAR), ("U04", "2022-09-01")]), compared=True).table
    assert list(table["months_from_start"]) == [7, 1, 2]
    assert list(table["concerns"]) == ["all", "all", "comparison"]


# ---------------------------------------------------------------- opening hours


def with_hours(panel: Panel, hours: np.ndarray, *, rooms: str = "baseline", ending: str = "") -> Panel:
    """Hours open of every unit and month beside the outcome, of 300 reference hours."""
    frame = panel.frame
    parts = [
        pd.DataFrame(
            {
                "unit_id": frame["unit_id"], "month": frame["month"], "measure": name + ending, "numerator": np.nan, "denominator": below, "value": np.nan,
                "unit": "percentage_points",
            }
        )
        for name, below in (("use_of_open_hours", hours.ravel()), ("use_of_reference_hours", np.full(hours.size, 300.0)))
    ]
    return replace(panel, companions=pd.concat(parts, ignore_index=True), definition=OutcomeDefinition(outcome="space_use", parameters=(("rooms", rooms),)))


@pytest.mark.parametrize(
    ("own", "others", "compared", "passed"),
    [(1.0, 1.0, True, True), (1.3, 1.0, True, False), (1.3, 1.3, True, True), (0.8, 1.0, True, False), (1.05, 1.0, True, True), (1.3, 1.3, False, False)],
)
def test_longer_hours_of_treated_units_alone_fail(own, others, compared, passed):
    hours = np.full((12, 24), 200.0)
    hours[:4, 12:] *= own
    hours[4:, 12:] *= others
    value = 30 + np.random.default_rng(5).normal(size=(12, 24))
    plain = grid(value, [12 if i < 4 else None for i in range(12)])
    for panel in (with_hours(plain, hours), with_hours(plain, hours, rooms="all", ending="_all_rooms")):
        found = check_opening_hours(panel, arrays_of(panel), compared=compared)
        assert found.passed is passed
        assert found.table["change"][0] == pytest.approx(100 * (own - 1))
    if not passed:
        assert f"{100 * (own - 1):+.1f}%".replace("-", "−") in found.text("zh")


def test_opening_hours_that_are_not_on_file_are_told():
    value = 30 + np.random.default_rng(5).normal(size=(12, 24))
    plain = grid(value, [12 if i < 4 else None for i in range(12)])
    assert check_opening_hours(plain, arrays_of(plain), compared=True) is None
    none = with_hours(plain, np.zeros((12, 24)))
    late = np.full((12, 24), 200.0)
    late[:4, :12] = 0.0
    for panel in (none, with_hours(plain, late)):
        found = check_opening_hours(panel, arrays_of(panel), compared=True)
        assert found.passed is None
        assert "没有登记开放时间" in found.text("zh")


def test_opening_hours_are_part_of_an_estimate():
    hours = np.full((12, 24), 200.0)
    hours[:4, 12:] = 260.0
    panel = with_hours(grid(30 + np.random.default_rng(5).normal(size=(12, 24)), [12 if i < 4 else None for i in range(12)]), hours)
    assert named(estimate_impact(panel), "opening_hours").passed is False


# ---------------------------------------------------------------- numbers carry their unit


def test_numbers_of_findings_carry_their_unit():
    arrays = noise()
    point = RECIPES[Method.TWO_WAY_FIXED_EFFECTS].point_for("never")
    whole = cluster_jackknife(point, arrays)
    labels = [str(a) for a in arrays.assignments]
    for conf in ((-1.0, 1.0), (0.1, 0.2)):
        left = check_leave_one_out(whole, labels, conf, unit=Unit.PERCENTAGE_POINTS)
        assert "percentage points" in left.text("en")
        assert "个百分点" in left.text("zh")
    assert "%" in check_placebo_dates(point, arrays, told=lambda v: 2 * v, unit=Unit.PERCENT).text("en")
    assert "percentage points" in check_placebo_dates(point, arrays).text("en")
    apart = check_sign_conflict(-3.0, 2.0, (-4.0, -2.0), unit=Unit.PER_1000_HOUSEHOLDS)
    assert apart.passed is False
    assert "−3.00%" in apart.text("en")
    assert "+2.00 per 1,000 households and month" in apart.text("en")


@pytest.mark.parametrize(("spec", "unit"), [(PanelSpec(units=24, treated=8, effect=-30.0), "%"), (replace(SHARES, units=24, treated=8, effect=4.0), "个百分点")])
def test_findings_of_an_estimate_carry_its_unit(spec, unit):
    panel, rollout = panel_of(spec)
    found = estimate_impact(panel, rollout=rollout)
    for name in ("pre_trends", "placebo_dates", "anticipation", "leave_one_out", "regression_to_mean"):
        assert unit in named(found, name).text("zh"), name
