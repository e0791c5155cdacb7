"""What is given to a panel and cannot be right is refused in words of its own; months without rows follow the rule that was stated."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning.event_table import event_table_of
from commresearch.errors import OutcomeError
from commresearch.outcomes import build_panel, read_panel
from commresearch.words import render_error
from tests.unit.outcome_worlds import MERGER, T, cell, coverage, roster, steady, tickets

YEAR = ("2024-01", "2024-12")


def log():
    return tickets({"at": "2024-03-02"}, {"at": "2024-05-03"})


def counted(events=None, units=None, rollout=None, *, months=YEAR, live=None, **choices):
    return build_panel(
        "complaint_rate", log() if events is None else events, steady("101") if units is None else units, rollout, months=months,
        coverage=coverage() if live is None else live, **choices,
    )


def faults(**given):
    with pytest.raises(OutcomeError) as caught:
        counted(**given)
    for language in ("zh", "en"):
        assert "{" not in render_error(caught.value, language)
    return [(f.code, f.values.get("column") or f.values.get("got") or f.values.get("file")) for f in caught.value.failures]


@pytest.mark.parametrize("months", [
    ("2024-12", "2024-01"), ("2024-01", "2024-03", "2024-02"), ("first", "last"), ("2024", "2025"), ("2024-13", "2025-01"), (), "2024-01", (202401, 202412),
    ("2024-01", None), (pd.NaT, pd.NaT),
])
def test_months_that_are_none_or_in_reverse_are_refused(months):
    assert [code for code, _ in faults(months=months)] == ["CR-O20"]


@pytest.mark.parametrize("months", [("2024-01", "2024-03"), ("2024/1", "2024-03-31"), (date(2024, 1, 9), T("2024-03-01")), (np.datetime64("2024-01"), pd.Period("2024-03"))])
def test_months_may_be_written_in_several_ways(months):
    assert counted(months=months).frame["month"].tolist() == [T("2024-01-01"), T("2024-02-01"), T("2024-03-01")]


@pytest.mark.parametrize(("given", "wanted"), [
    ({"events": log().drop(columns=["received_at", "type"])}, [("CR-O21", "received_at"), ("CR-O21", "type")]),
    ({"events": pd.DataFrame()}, [("CR-O21", "ticket_id"), ("CR-O21", "received_at"), ("CR-O21", "type")]),
    ({"units": steady("101").drop(columns="unit_level")}, [("CR-O21", "unit_level")]),
    ({"live": coverage().drop(columns=["live_from"])}, [("CR-O21", "live_from")]),
    ({"rollout": pd.DataFrame({"unit_id": ["101"]})}, [("CR-O21", "start_month")]),
    ({"events": {"tickets": log(), "lineage": MERGER.drop(columns="new_id")}, "units": roster()}, [("CR-O21", "new_id")]),
    ({"events": {"tickets": log(), "grids": pd.DataFrame({"grid_id": ["1"]})}}, [("CR-O21", "unit_id")]),
    ({"events": {"complaints": log()}}, [("CR-O24", "complaints")]),
])
def test_columns_that_a_table_lacks_are_named(given, wanted):
    assert faults(**given) == wanted


@pytest.mark.parametrize(("given", "column"), [
    ({"events": log().assign(received_at=["2024-03-02", "yesterday"])}, "received_at"), ({"events": log().assign(callers=["two", "3"])}, "callers"),
    ({"events": log().assign(received_at=[1, 2])}, "received_at"), ({"events": log().assign(topic=["a", 1])}, "topic"),
    ({"units": steady("101").assign(as_of="2024年")}, "as_of"), ({"live": coverage(("tickets", "*", "soon", None))}, "live_from"),
    ({"rollout": pd.DataFrame({"unit_id": ["101"], "start_month": ["June"]})}, "start_month"),
])
def test_cells_that_are_not_what_a_column_holds_are_named(given, column):
    assert faults(**given) == [("CR-O23", column)]


def test_texts_that_can_be_read_are_read():
    panel = counted(log().assign(received_at=["2024-03-02", "2024-05-03 08:30"], callers=["2", None]))
    assert panel.frame["numerator"].sum() == 2


def test_files_that_are_not_there_or_are_no_parquet_are_named(tmp_path):
    (tmp_path / "log.csv").write_text("ticket_id\n1\n", encoding="utf8")
    paths = [tmp_path / "log.csv", tmp_path / "gone.parquet"]
    assert faults(events=paths) == [("CR-O22", str(path)) for path in paths]
    assert faults(events=tmp_path / "gone") == [("CR-O22", str(tmp_path / "gone"))]


def test_several_tables_of_one_kind_are_one():
    tables = [event_table_of("tickets", {c: part[c] for c in part}) for part in (log().iloc[:1], log().iloc[1:])]
    assert counted(tables).frame["numerator"].sum() == 2


@pytest.mark.parametrize(("name", "content"), [("panel.json", "{"), ("panel.json", "{}"), ("frame.parquet", "x"), ("account.parquet", None)])
def test_a_damaged_panel_is_told(tmp_path, name, content):
    counted().write(tmp_path / "panel")
    (tmp_path / "panel" / name).unlink()
    if content is not None:
        (tmp_path / "panel" / name).write_text(content, encoding="utf8")
    with pytest.raises(OutcomeError, match="CR-O25"):
        read_panel(tmp_path / "panel")


# --- months without rows


@pytest.mark.parametrize(("rule", "numerators"), [
    (None, [0, 1, 0, 1, 0]), ("zero", [0, 1, 0, 1, 0]), ("missing", [None, 1, None, 1, None]), ({"tickets": "missing"}, [None, 1, None, 1, None]),
    ({"signins": "missing"}, [0, 1, 0, 1, 0]),
])
def test_a_month_without_any_row_is_what_the_rule_says(rule, numerators):
    panel = counted(units=steady("101", "102"), months=("2024-02", "2024-06"), months_without_rows=rule)
    found = panel.frame[panel.frame["unit_id"] == "101"]["numerator"]
    assert [None if np.isnan(n) else n for n in found] == numerators
    assert cell(panel, "102", "2024-03-01")["numerator"] == 0  # the log has rows, only none of this unit
    silent = panel.problems[panel.problems["problem"] == "month_without_rows"]
    wanted = [("tickets", date(2024, m, 1), date(2024, m + 1, 1)) for m in (2, 4, 6)] if None in numerators else []
    assert list(silent[["place", "valid_from", "valid_to"]].itertuples(index=False, name=None)) == wanted


@pytest.mark.parametrize(("rule", "is_live"), [(None, False), ("missing", False), ("zero", True)])
def test_a_log_without_any_row_says_nothing_unless_it_is_said_to_be_zero(rule, is_live):
    panel = counted(event_table_of("tickets", {}), months_without_rows=rule)
    assert set(panel.frame["live"]) == {is_live}
    assert panel.frame["value"].notna().all() == is_live
    assert len(panel.problems) == (not is_live)  # one run of twelve months


def test_months_that_no_source_is_said_to_have_recorded_are_no_problem():
    panel = counted(live=coverage(("tickets", "*", "2024-04-01", None)), months_without_rows="missing")
    assert panel.problems[["valid_from", "valid_to"]].to_numpy().tolist() == [[date(2024, 4, 1), date(2024, 5, 1)], [date(2024, 6, 1), date(2025, 1, 1)]]


def test_another_word_for_months_without_rows_is_refused():
    assert faults(months_without_rows="nothing") == [("CR-O26", "nothing")]
