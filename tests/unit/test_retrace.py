"""One complaint rate counted again from the rows: by hand, and beside the panel."""

from datetime import date

import pandas as pd
import pytest

from commresearch.cleaning.event_table import event_table_of, write_event_table
from commresearch.outcomes import UnitRegister, build_panel
from commresearch.workflow.retrace import retrace_complaints
from commresearch.workflow.retraced import median_cell
from tests.unit.outcome_worlds import MERGER, coverage, roster, steady, tickets

T = pd.Timestamp
MONTHS = ("2024-03", "2024-06")
ROWS = (
    {"at": "2024-02-27", "caller_key": "k"}, {"at": "2024-03-02", "caller_key": "k"}, {"at": "2024-03-12", "caller_key": "k"}, {"at": "2024-03-19", "caller_key": "k"},
    {"at": "2024-03-05", "is_repeat": True}, {"at": "2024-03-06", "type": "help"}, {"at": "2024-03-07", "type": "praise"}, {"at": "2024-03-08", "status": "test"},
    {"at": "2024-03-09", "is_outside": True}, {"at": "2024-03-10", "ticket_id": "T10"}, {"at": "2024-03-11", "ticket_id": "T10"}, {"at": "2024-03-12", "place": "望海社区"},
    {"at": "2024-03-13", "place": "别处"},
)


def world(rows, folder=None, **definition):
    frame = tickets(*(dict(row) for row in rows))
    frame.insert(0, "row_id", [f"ab12cd34:台账:{i + 2}" for i in range(len(frame))])
    table = event_table_of("tickets", {name: frame[name] for name in frame})
    if folder is not None:
        table = write_event_table(table, folder / "tickets")
    register = UnitRegister.of(roster(), None, MERGER)
    panel = build_panel("complaint_rate", table, register, None, months=MONTHS, coverage=coverage(), extract_at=T("2025-01-01").to_pydatetime(), **definition)
    return table, register, panel


@pytest.mark.parametrize("in_folder", [False, True])
def test_each_row_stands_under_the_first_rule_that_sets_it_aside(in_folder, tmp_path):
    table, register, panel = world(ROWS, tmp_path if in_folder else None)
    found = retrace_complaints([table], register, panel, "101", T("2024-03-01"))
    rules = {int(r.rpartition(":")[2]) - 2: rule for r, rule in zip(found.rows["row_id"], found.rows["rule"], strict=True)}
    assert rules == {
        1: "repeat_within_days", 2: "counted", 3: "repeat_within_days", 4: "repeat_marked", 5: "type_help", 6: "type_praise", 7: "test", 8: "outside_area",
        9: "counted", 10: "same_ticket", 11: "counted",
    }
    follows = dict(zip(found.rows["row_id"], found.rows["follows"], strict=True))
    assert follows["ab12cd34:台账:3"] == "ab12cd34:台账:2"  # of February
    assert follows["ab12cd34:台账:5"] == "ab12cd34:台账:4"  # seven days to the minute
    assert (found.numerator, found.denominator, found.rate) == (3, 1000, 3.0)
    assert panel.frame.iloc[0]["numerator"] == 3


def test_topics_and_other_types_of_the_definition_are_followed():
    rows = ({"at": "2024-03-02"}, {"at": "2024-03-03", "topic": "停车"}, {"at": "2024-03-04", "type": "help"})
    table, register, panel = world(rows, types=("complaint", "help"), topics=("噪声",))
    found = retrace_complaints([table], register, panel, "101", T("2024-03-01"))
    assert list(found.rows["rule"]) == ["counted", "other_topic", "counted"]
    assert found.numerator == panel.frame.iloc[0]["numerator"]


@pytest.mark.parametrize("order", [1, -1], ids=["marked_last", "marked_first"])
def test_of_contacts_of_one_second_the_marked_one_follows(order):
    pair = ({"at": "2024-03-02", "caller_key": "k"}, {"at": "2024-03-02", "caller_key": "k", "is_repeat": True})
    table, register, panel = world(pair[::order])
    found = retrace_complaints([table], register, panel, "101", T("2024-03-01"))
    assert (found.numerator, panel.frame.iloc[0]["numerator"]) == (1, 1)
    assert sorted(found.rows["rule"]) == ["counted", "repeat_marked"]


def test_several_logs_are_one():
    table, register, panel = world(ROWS)
    halves = [event_table_of("tickets", {c: part[c] for c in part}) for part in (table.frame().iloc[:4], table.frame().iloc[4:])]
    assert retrace_complaints(halves, register, panel, "101", T("2024-03-01")).numerator == 3
    assert retrace_complaints([], register, panel, "101", T("2024-03-01")).numerator == 0


@pytest.mark.parametrize(("choices", "day", "value"), [
    ({}, date(2024, 5, 1), 1000 + 100 * 121 / 366), ({"denominator": "baseline"}, date(2024, 3, 1), 1000 + 100 * 60 / 366),
    ({"denominator": "baseline", "baseline": date(2024, 1, 1)}, date(2024, 1, 1), 1000), ({"denominator": "baseline", "baseline": date(2020, 1, 1)}, date(2020, 1, 1), 1000),
    ({"denominator": "baseline", "baseline": date(2025, 6, 1)}, date(2025, 6, 1), 1100),
])
def test_the_denominator_follows_from_the_readings(choices, day, value):
    readings = pd.concat([steady("101").assign(as_of="2024-01-01", source="甲"), steady("101", households=1100).assign(as_of="2025-01-01", source="乙")])
    register = UnitRegister.of(readings)
    frame = tickets({"at": "2024-05-02"})
    table = event_table_of("tickets", {name: frame[name] for name in frame})
    panel = build_panel("complaint_rate", table, register, None, months=MONTHS, coverage=coverage(), **choices)
    found = retrace_complaints([table], register, panel, "101", T("2024-05-01"))
    assert (found.day, found.denominator) == (day, pytest.approx(value))
    assert found.denominator == pytest.approx(panel.frame["denominator"].iloc[2])


def test_units_on_the_boundaries_of_a_day_have_the_readings_of_their_parts():
    frame = tickets({"at": "2024-03-02"}, {"at": "2024-03-03", "place": "102"})
    table = event_table_of("tickets", {name: frame[name] for name in frame})
    register = UnitRegister.of(roster(), None, MERGER, boundaries=date(2024, 6, 1))
    panel = build_panel("complaint_rate", table, register, None, months=MONTHS, coverage=coverage(), boundaries=date(2024, 6, 1))
    found = retrace_complaints([table], register, panel, "103", T("2024-03-01"))
    assert found.numerator == 2
    assert found.denominator == pytest.approx(panel.frame.set_index(["unit_id", "month"])["denominator"][("103", T("2024-03-01"))])


def test_the_cell_is_that_with_the_median_numerator_among_complete_ones():
    _, _, panel = world(({"at": "2024-03-02"}, {"at": "2024-04-02"}, {"at": "2024-04-03"}, {"at": "2024-04-03", "place": "102"}))
    frame = panel.frame.set_index(["unit_id", "month"])
    assert frame.loc[("103", T("2024-05-01")), "partial_month"]
    assert median_cell(panel) == ("102", T("2024-04-01"))  # of 1 1 2 the second, in April after March; what nothing was counted in cannot be retraced
    none = build_panel("complaint_rate", event_table_of("tickets", {}), roster(), None, months=MONTHS)
    assert median_cell(none) is None


def test_a_unit_without_a_reading_has_no_rate():
    register = UnitRegister.of(steady("101").assign(households=None))
    frame = tickets({"at": "2024-05-02"})
    table = event_table_of("tickets", {name: frame[name] for name in frame})
    panel = build_panel("complaint_rate", table, register, None, months=MONTHS, coverage=coverage())
    found = retrace_complaints([table], register, panel, "101", T("2024-05-01"))
    assert found.numerator == 1
    assert pd.isna(found.rate)
