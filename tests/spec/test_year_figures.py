"""The figures of a year, counted by hand: the same months of two years, a year that is not over, quarters, units that begin late, a change of recording."""

import numpy as np
import pandas as pd
import pytest

from commresearch.outcomes import OutcomeDefinition, Panel
from commresearch.outcomes.panel import BREAK_COLUMNS, PANEL_COLUMNS
from commresearch.terms import Outcome, Unit
from commresearch.workflow.year_figures import Why, breaks_between, months_of, year_figures

T = pd.Timestamp


def panel(cells, outcome=Outcome.COMPLAINT_RATE, unit=Unit.PER_1000_HOUSEHOLDS, breaks=(), companions=(), partial=()):
    """A panel from (unit, month, numerator, denominator); None: not recorded."""
    rows = []
    for name, month, above, below in cells:
        scale = 1_000 if unit is Unit.PER_1000_HOUSEHOLDS else 100
        known = above is not None
        rows.append({
            "unit_id": name, "unit_level": "community", "community_id": name, "month": T(month), "numerator": above if known else np.nan, "denominator": below,
            "value": scale * above / below if known else np.nan, "live": known, "live_share": float(known), "treated_from": pd.NaT, "assignment_id": name,
            "partial_month": (name, month) in partial, "provisional": False, "blocked": False,
        })
    frame = pd.DataFrame(rows, columns=list(PANEL_COLUMNS)).astype({"treated_from": "datetime64[us]"}).sort_values(["unit_id", "month"], ignore_index=True)
    beside = pd.DataFrame(companions, columns=["unit_id", "month", "measure", "numerator", "denominator", "value", "unit"])
    beside["month"] = pd.to_datetime(beside["month"])
    changed = pd.DataFrame(breaks, columns=list(BREAK_COLUMNS))
    return Panel(frame=frame, definition=OutcomeDefinition.of(outcome), unit=unit, breaks=changed.assign(on=pd.to_datetime(changed["on"])), companions=beside)


def months(first, last):
    return [f"{month:%Y-%m-%d}" for month in pd.date_range(first, last, freq="MS")]


def figures(made, outcome=Outcome.COMPLAINT_RATE, year=2025):
    return {figure.measure: figure for figure in year_figures(made, outcome, year)}


def whole(unit="101", a=10, b=12):
    """Two whole years of one unit with 1,000 households: `a` cases a month in 2024, `b` in 2025."""
    return [(unit, month, a if month < "2025" else b, 1000) for month in months("2024-01", "2025-12")]


# what is not compared


def test_a_year_without_a_record_has_no_figures():
    made = panel(whole())
    assert year_figures(made, Outcome.COMPLAINT_RATE, 2026) == []
    assert months_of(made, 2026) == ()


def test_without_a_record_of_the_year_before_nothing_is_compared():
    found = figures(panel([("101", month, 5, 1000) for month in months("2025-01", "2025-12")]))
    assert {name: figure.year_on_year.why for name, figure in found.items()} == {"cases": Why.NO_RECORD, "headline": Why.NO_RECORD}
    assert np.isnan(found["cases"].year_on_year.change)
    assert found["cases"].current.value == 60


def test_a_change_of_recording_is_not_compared_across_and_what_is_alike_stands_beside():
    """Recording changes in May 2025 for all: January to April are alike, later months are not."""
    made = panel(whole(), breaks=[("tickets", "*", "2025-05-01", "类别调整")])
    found = figures(made)["cases"]
    assert found.year_on_year.why is Why.BREAK
    assert (found.year_on_year.later.value, found.year_on_year.earlier.value) == (48, 40)
    assert [month.month for month in found.year_on_year.later.months] == [1, 2, 3, 4]
    assert found.current.value == 144
    # the fourth quarter against the third: both lie behind the change
    assert found.quarter_on_quarter.why is None


def test_a_quarter_across_a_change_of_recording_is_not_compared():
    made = panel(whole()[:18], breaks=[("tickets", "*", "2025-05-01", "类别调整")])  # to June 2025
    assert figures(made)["cases"].quarter_on_quarter.why is Why.BREAK


def test_a_change_before_the_earlier_year_or_on_its_first_day_touches_nothing():
    for day in ("2023-06-01", "2024-01-01"):
        made = panel(whole(), breaks=[("tickets", "*", day, "")])
        assert figures(made)["cases"].year_on_year.is_given, day
        assert breaks_between(made, 2025).empty


def test_units_whose_recording_changed_are_left_out_of_both_sides():
    cells = [*whole("101"), *whole("102"), *whole("103", 100, 300)]
    found = figures(panel(cells, breaks=[("tickets", "103", "2024-09-01", "小程序")]))["cases"].year_on_year
    assert (found.later.value, found.earlier.value, found.later.units, found.is_whole) == (288, 240, 2, False)
    assert found.change == pytest.approx(20.0)


def test_where_less_than_half_is_alike_nothing_is_compared():
    cells = [*whole("101"), *whole("102", 100, 300), *whole("103", 100, 300)]
    breaks = [("tickets", unit, "2024-09-01", "小程序") for unit in ("102", "103")]
    assert figures(panel(cells, breaks=breaks))["cases"].year_on_year.why is Why.BREAK


def test_zero_the_year_before_has_no_percentage():
    assert figures(panel(whole(a=0)))["cases"].year_on_year.why is Why.ZERO
    shares = panel(whole(a=0), Outcome.SPACE_USE, Unit.PERCENTAGE_POINTS)
    assert figures(shares, Outcome.SPACE_USE)["headline"].year_on_year.change == pytest.approx(1.2)


# by hand

#: name of the row, months of the unit, year → what follows from them
YEARS = {
    # 12 months of 12 against 12 of 10
    "whole year": ((2024, 2025, 12), {"now": 144, "before": 120, "change": 20.0, "quarters": {1: 36, 2: 36, 3: 36, 4: 36}, "quarter_change": 0.0, "months": 12}),
    # January to June only: 6 × 12 against the same 6 × 10, not against the whole year
    "half a year": ((2024, 2025, 6), {"now": 72, "before": 60, "change": 20.0, "quarters": {1: 36, 2: 36}, "quarter_change": 0.0, "months": 6}),
    # January to April: the second quarter is not whole; the first against the last of the year before: 36 against 30
    "four months": ((2024, 2025, 4), {"now": 48, "before": 40, "change": 20.0, "quarters": {1: 36}, "quarter_change": 20.0, "months": 4}),
}


@pytest.mark.parametrize(("span", "expected"), YEARS.values(), ids=YEARS)
def test_counts_of_a_year(span, expected):
    _, _, last = span
    made = panel([cell for cell in whole() if cell[1] <= f"2025-{last:02d}-01"])
    found = figures(made)["cases"]
    assert len(found.months) == expected["months"]
    assert found.current.value == expected["now"]
    assert found.year_on_year.earlier.value == expected["before"]
    assert found.year_on_year.change == pytest.approx(expected["change"])
    assert {quarter: amount.value for quarter, amount in found.quarters.items()} == expected["quarters"]
    assert found.quarter_on_quarter.change == pytest.approx(expected["quarter_change"])
    assert found.year_on_year.unit is Unit.PERCENT


def test_rates_are_sums_over_sums():
    """5 of 1,000 and 30 of 2,000 households a month: 35 of 3,000, not the mean of 5 and 15."""
    cells = [*[("101", m, 5, 1000) for m in months("2025-01", "2025-12")], *[("102", m, 30, 2000) for m in months("2025-01", "2025-12")]]
    assert figures(panel(cells))["headline"].current.value == pytest.approx(35 / 3)


def test_a_unit_that_begins_in_the_year_is_not_in_the_comparison():
    cells = [*whole("101"), *[("102", month, 50, 1000) for month in months("2025-07", "2025-12")]]
    found = figures(panel(cells))["cases"]
    assert found.current.value == 144 + 300
    assert (found.year_on_year.later.value, found.year_on_year.change, found.year_on_year.is_whole) == (144, pytest.approx(20.0), False)


def test_months_recorded_in_part_are_not_compared():
    found = figures(panel(whole(), partial={("101", "2024-03-01")}))["cases"]
    assert found.year_on_year.why is Why.TOO_FEW  # March cannot be compared, and so the year cannot
    assert found.year_on_year.later.value == 11 * 12


def test_a_month_without_a_record_leaves_its_quarter_out():
    cells = [(u, m, None if m == "2025-08-01" else n, h) for u, m, n, h in whole()]
    found = figures(panel(cells))["cases"]
    assert set(found.quarters) == {1, 2, 4}
    assert found.current.value == 11 * 12
    assert found.year_on_year.earlier.value == 11 * 10
    assert found.quarter_on_quarter.why is Why.TOO_FEW  # the third quarter has two months only


def test_shares_change_by_points():
    made = panel([("101", m, 20 if m < "2025" else 26, 100) for m in months("2024-01", "2025-12")], Outcome.SPACE_USE, Unit.PERCENTAGE_POINTS)
    found = figures(made, Outcome.SPACE_USE)["headline"]
    assert (found.year_on_year.change, found.year_on_year.unit) == (pytest.approx(6.0), Unit.PERCENTAGE_POINTS)


def test_area_in_use_is_that_of_the_last_month():
    cells = [("101", m, 10 + i, 100) for i, m in enumerate(months("2024-01", "2025-06"))]
    found = figures(panel(cells, Outcome.AREA_IN_USE, Unit.PERCENTAGE_POINTS), Outcome.AREA_IN_USE)["headline"]
    assert (found.current.value, found.year_on_year.change, found.year_on_year.earlier.value) == (27, pytest.approx(12.0), 15)
    assert {quarter: amount.value for quarter, amount in found.quarters.items()} == {1: 24, 2: 27}
    assert found.quarter_on_quarter.change == pytest.approx(3.0)


def youth(last="2025-12"):
    """Ten persons a month, the same ten: ten in a quarter, too, and ten in a year; each comes twice."""
    span = months("2024-01", last)
    companions = [("101", m, "person_times_in_band", 20, np.nan, 20, "person_times") for m in span]
    for m in span:
        start = T(m)
        if start.month % 3 == 1 and f"{start + pd.DateOffset(months=2):%Y-%m-%d}" <= f"{last}-01":
            companions += [("101", m, "persons_quarter", 10, np.nan, 10, "persons"), ("101", m, "rate_quarter", 10, 200, 5, "percentage_points")]
        if start.month == 1 and f"{start.year}-12" <= last:
            companions += [("101", m, "persons_year", 10, np.nan, 10, "persons"), ("101", m, "rate_year", 10, 200, 5, "percentage_points")]
    return panel([("101", m, 10, 200) for m in span], Outcome.YOUTH_PARTICIPATION, Unit.PERCENTAGE_POINTS, companions=companions)


def test_persons_of_a_year_are_those_counted_anew_and_never_a_sum():
    found = figures(youth(), Outcome.YOUTH_PARTICIPATION)
    assert found["persons"].current.value == 10
    assert found["person_times_in_band"].current.value == 240
    assert {quarter: amount.value for quarter, amount in found["persons"].quarters.items()} == {1: 10, 2: 10, 3: 10, 4: 10}
    assert found["persons"].year_on_year.change == 0
    assert found["rate"].current.value == 5


def test_persons_of_a_part_of_a_year_are_not_told_but_by_quarter():
    found = figures(youth("2025-06"), Outcome.YOUTH_PARTICIPATION)
    assert found["persons"].current is None
    assert found["persons"].year_on_year.why is Why.PART_OF_YEAR
    assert {quarter: amount.value for quarter, amount in found["persons"].quarters.items()} == {1: 10, 2: 10}
    assert found["person_times_in_band"].current.value == 120


def test_changes_are_listed_once_with_their_units():
    breaks = [("tickets", "101", "2025-05-01", "小程序"), ("tickets:app", "102", "2025-05-20", "小程序"), ("tickets", "*", "2024-08-01", "类别"), ("tickets", "*", "2022-08-01", "旧")]
    rows = breaks_between(panel(whole(), breaks=breaks), 2025)
    assert list(rows.itertuples(index=False, name=None)) == [(T("2024-08-01"), "类别", None), (T("2025-05-01"), "小程序", 2)]
