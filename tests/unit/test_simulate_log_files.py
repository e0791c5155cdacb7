"""Files of simulated logs: they open, and what is on record as dirt is what stands in them."""

import csv
import re
import tomllib
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from python_calamine import CalamineWorkbook

from commresearch.cases import load_case
from commresearch.errors import SchemaError
from commresearch.simulate import (
    LogDirt,
    LogSpec,
    RoomSpec,
    SigninSpec,
    TicketSpec,
    simulate_logs,
    simulate_pilot,
    write_case,
    write_counters,
    write_hotline,
    write_register,
    write_room_book,
    write_signin_books,
    write_ticket_ledger,
)
from commresearch.simulate.log_sheets import Line, SheetTable, runs, write_sheets
from commresearch.simulate.log_tickets import GRID, HOTLINE, NEW_CHANNEL, PROPERTY
from commresearch.simulate.room_files import HEADERS as ROOM_HEADERS
from commresearch.simulate.signin_files import HEADERS as SIGNIN_HEADERS
from commresearch.simulate.signin_files import OF_THE_EVENT
from commresearch.simulate.ticket_files import HOTLINE_HEADERS, LEDGER_HEADERS

#: what is rare is made frequent enough to meet in a few hundred rows
DIRT = replace(LogDirt(), closed_before=0.02, duplicate_row=0.02, duplicate_conflict=0.02, age_impossible=0.05, id_as_number=0.05, hours_reversed=0.01, place_unknown=0.02)
TINY = LogSpec(
    communities=8, treated=3, grids=3, households=120, months=8, starts=(3, 4), first_month=date(2023, 6, 1),
    tickets=TicketSpec(rate=25.0, new_channel=3, recoding=5), signins=SigninSpec(events=2, head_counts=0.1, youth_rate=12.0),
    rooms=RoomSpec(rooms=1), dirt=DIRT,
)


@pytest.fixture(scope="module")
def logs():
    return simulate_logs(TINY, rng=21)


@pytest.fixture(scope="module")
def folder(logs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated") / "haitang"
    write_case(logs, folder, seed=21)
    return folder


def sheet_rows(path):
    """(sheet, row number) → cells, by the reader of spreadsheets that merges nothing and repairs nothing."""
    book = CalamineWorkbook.from_path(path)
    return {
        (name, i): cells
        for name in book.sheet_names
        for i, cells in enumerate(book.get_sheet_by_name(name).to_python(skip_empty_area=False), 1)
    }


def filled_down(written, cells, width):
    """Cells of the rows of a log in order; a blank cell in a merged run has the value above it."""
    found = []
    above = None
    for sheet, number, row_id, copy in written.rows.itertuples(index=False):
        row = list(cells[sheet, number])
        if above is not None and number == above[0] + 1:
            row[1 : 1 + width] = [b if a == "" else a for a, b in zip(row[1 : 1 + width], above[1][1 : 1 + width], strict=True)]
        above = (number, row)
        found.append((row_id, copy, row))
    return found


def months_in(written):
    return 7 if "2023" in written.path.name else 1


def dirty_texts(logs, table, scope="all"):
    dirt = logs.truth.dirt
    rows = dirt[(dirt["table"] == table) & (dirt["scope"] == scope) & (dirt["column"] != "")]
    return {(r.row_id, r.column): r for r in rows.itertuples()}


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-8"])
def test_the_hotline_exports_in_both_encodings(logs, tmp_path, encoding):
    written = write_hotline(logs, tmp_path, encoding=encoding)
    data = written.path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")
    with written.path.open(encoding=encoding, newline="") as file:
        header, *rows = csv.reader(file)
    assert header == list(HOTLINE_HEADERS.values())
    table = logs.tables["tickets"].set_index("row_id")
    own = table.index[table["channel"].isin([HOTLINE, NEW_CHANNEL])]
    assert written.rows.loc[written.rows["copy"] == "", "row_id"].tolist() == own.tolist()
    dirty = dirty_texts(logs, "tickets")
    for (row_id, copy), row in zip(written.rows[["row_id", "copy"]].itertuples(index=False), rows, strict=True):
        cells = dict(zip(HOTLINE_HEADERS, row, strict=True))
        assert cells["ticket_id"] == table.at[row_id, "ticket_id"]
        if not copy:
            for name in HOTLINE_HEADERS:
                if (row_id, name) in dirty:
                    assert cells[name] == dirty[row_id, name].dirty
        if (row_id, "received_at") not in dirty:
            assert cells["received_at"] == f"{table.at[row_id, 'received_at']:%Y-%m-%d %H:%M}"


def test_rows_that_stand_twice_are_on_record(logs, folder):
    for write, channels in ((write_hotline, [HOTLINE, NEW_CHANNEL]), (write_ticket_ledger, [PROPERTY, GRID])):
        written = write(logs, folder)
        dirt = logs.truth.dirt
        own = set(logs.tables["tickets"].loc[logs.tables["tickets"]["channel"].isin(channels), "row_id"])
        planned = Counter((r.row_id, r.kind) for r in dirt[dirt["kind"].str.startswith("duplicate")].itertuples() if r.row_id in own)
        again = written.rows[written.rows["copy"] != ""]
        assert Counter(again[["row_id", "copy"]].itertuples(index=False, name=None)) == planned
        assert {kind for _, kind in planned} == {"duplicate_row", "duplicate_conflict"}


def test_the_ledger_has_titles_subtotals_merged_cells_and_two_tables_on_a_sheet(logs, folder):
    written = write_ticket_ledger(logs, folder)
    cells = sheet_rows(written.path)
    book = CalamineWorkbook.from_path(written.path)
    assert book.sheet_names == ["2023年", "2024年"]
    header = ["序号", *LEDGER_HEADERS.values()]
    assert sum(row == header for row in cells.values()) == written.structure["header"] == written.structure["title"] == 3
    subtotals = [row for row in cells.values() if re.fullmatch(r"\d+月小计", str(row[0]))]
    assert len(subtotals) == written.structure["subtotal"] == 9  # the month before the first one, too
    assert sum(int(row[1].removesuffix("件")) for row in subtotals) == len(written.rows)
    assert sum(len(book.get_sheet_by_name(name).merged_cell_ranges) for name in book.sheet_names) == written.structure["merged"] + written.structure["title"]
    assert written.structure["merged"] > 10
    dirty, typed = dirty_texts(logs, "tickets"), dirty_texts(logs, "tickets", "workbook")
    table = logs.tables["tickets"].set_index("row_id")
    seen = Counter()
    for row_id, copy, row in filled_down(written, cells, 1):
        found = dict(zip(LEDGER_HEADERS, row[1:], strict=True))
        assert found["ticket_id"] == table.at[row_id, "ticket_id"]
        assert found["topic"] == ("其他问题" if copy == "duplicate_conflict" else table.at[row_id, "topic"])
        for name in () if copy else LEDGER_HEADERS:
            if (row_id, name) in typed:
                kind = typed[row_id, name].kind
                seen[kind] += 1
                assert isinstance(found[name], float if kind == "place_number" else date), (row_id, name)
            elif (row_id, name) in dirty:
                seen[dirty[row_id, name].kind] += 1
                assert found[name] == dirty[row_id, name].dirty
                assert found[name] != dirty[row_id, name].clean
    own = set(written.rows["row_id"])
    recorded = Counter(r.kind for r in logs.truth.dirt.itertuples() if r.table == "tickets" and r.column and r.row_id in own)
    assert seen == recorded
    assert {"stamp_form", "stamp_cell", "place_number", "place_unknown", "label_spacing", "closed_before", "phone_form"} <= set(seen)


@pytest.mark.parametrize("by", ["month", "activity"])
def test_the_books_of_sign_ins_hold_every_person_once(logs, tmp_path, by):
    books = write_signin_books(logs, tmp_path, by=by)
    assert [book.path.name[-10:-6] for book in books] == ["2023", "2024"]
    dirty, typed = dirty_texts(logs, "signins"), dirty_texts(logs, "signins", "workbook")
    table = logs.tables["signins"].set_index("row_id")
    people = logs.signins.people.frame
    person = dict(zip(table.index, logs.signins.origins["person"], strict=True))
    seen, everybody = Counter(), []
    for written in books:
        cells = sheet_rows(written.path)
        assert len(CalamineWorkbook.from_path(written.path).sheet_names) == (months_in(written) if by == "month" else len({s for s, _ in cells}))
        totals = [row for row in cells.values() if row[0] == "合计"]
        assert len(totals) == written.structure["subtotal"]
        assert sum(row[-1] for row in totals) == table.loc[written.rows["row_id"], "persons"].sum()
        first_of = set()
        for row_id, _, row in filled_down(written, cells, len(OF_THE_EVENT)):
            found = dict(zip(SIGNIN_HEADERS, row[1:], strict=True))
            everybody.append(row_id)
            assert found["event_code"] == table.at[row_id, "event_id"]
            who = person[row_id]
            if who >= 0 and (row_id, "name") not in dirty:
                assert found["name"] == people.at[who, "name"]
            new = found["event_code"] not in first_of
            first_of.add(found["event_code"])
            for name in SIGNIN_HEADERS:
                mark = typed.get((row_id, name)) or dirty.get((row_id, name))
                if mark is None or (name in OF_THE_EVENT and not new):
                    continue
                seen[mark.kind] += 1
                assert isinstance(found[name], float | date) if mark.scope == "workbook" else found[name] == mark.dirty
    assert sorted(everybody) == sorted(table.index)
    assert seen == Counter(logs.truth.dirt.loc[logs.truth.dirt["table"] == "signins", "kind"])
    assert {"age_impossible", "id_as_number", "name_spacing", "stamp_cell"} <= set(seen)


def test_the_book_of_room_use_writes_hours_as_people_do(logs, folder):
    written = write_room_book(logs, folder)
    cells = sheet_rows(written.path)
    dirty, typed = dirty_texts(logs, "bookings"), dirty_texts(logs, "bookings", "workbook")
    table = logs.tables["bookings"].set_index("row_id")
    seen, forms, rows = Counter(), Counter(), []
    for row_id, _, row in filled_down(written, cells, 1):
        found = dict(zip(ROOM_HEADERS, row[1:], strict=True))
        rows.append(row_id)
        assert found["booking_id"] == table.at[row_id, "booking_id"]
        forms["next_day"] += "次日" in found["period"]
        forms["cancelled"] += found["status"].strip("　 \u00a0") == "已取消"
        for name in ROOM_HEADERS:
            mark = typed.get((row_id, name)) or dirty.get((row_id, name))
            if mark is not None:
                seen[mark.kind] += 1
                assert isinstance(found[name], date) if mark.scope == "workbook" else found[name] == mark.dirty
    assert sorted(rows) == sorted(table.index)
    assert seen == Counter(logs.truth.dirt.loc[logs.truth.dirt["table"] == "bookings", "kind"])
    texts = {r.dirty for r in dirty.values() if r.column == "period"}
    assert {"全天", "上午", "下午"} <= texts
    assert any(re.fullmatch(r"\d{1,2}:\d\d-\d{1,2}:\d\d", text) for text in texts)
    assert any("点" in text for text in texts)
    assert any("至" in text for text in texts)
    assert forms["next_day"] == (table["end_at"].dt.normalize() > table["start_at"].dt.normalize()).sum() > 0
    assert forms["cancelled"] == table["is_cancelled"].sum() > 0


def test_registers_and_counters_hold_every_row(logs, tmp_path):
    for kind in ("roster", "rollout", "coverage", "programmes", "grids", "lineage", "rooms", "open_hours"):
        written = write_register(logs, kind, tmp_path)
        with written.path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = csv.reader(file)
        assert len(rows) == len(logs.tables[kind])
        assert all(len(row) == len(header) for row in rows)
    text = (tmp_path / "开放时间.csv").read_text(encoding="utf-8-sig")
    assert "次日01:00" in text
    assert "周一,08:00,18:00,2015-01-01" in text
    counters = write_counters(logs, tmp_path)
    assert counters.path.read_text(encoding="utf-8-sig").count("\n") == len(logs.tables["counters"]) + 1


def test_codes_stay_text_and_months_are_days_in_the_registers(logs, tmp_path):
    text = write_register(logs, "rollout", tmp_path).path.read_text(encoding="utf-8-sig")
    header, first, *_ = text.splitlines()
    assert header == "unit_id,start_month,chosen_by,assigned_level,assignment_id"
    assert re.match(r"379901001001,(2023-09-01|2023-10-01)?,volunteer,community,379901001001", first)


def test_the_case_names_its_files_and_is_read(logs, folder):
    case = load_case(folder)
    assert case.id == "haitang"
    assert case.settings.case.fictional
    settings = tomllib.loads((folder / "case.toml").read_text(encoding="utf8"))
    assert {entry["kind"] for entry in settings["data"]} == {
        "tickets", "signins", "bookings", "counters", "coverage", "programmes", "grids", "lineage", "rooms", "open_hours",
    }
    named = {name for entry in settings["data"] for name in entry["files"]} | {settings["roster"]["file"], settings["rollout"]["file"], "case.toml"}
    assert named == {path.name for path in folder.iterdir()}
    by_kind = {entry["kind"]: entry for entry in settings["data"]}
    assert by_kind["tickets"]["extracted_on"] == logs.extract_at.date()
    assert by_kind["tickets"]["rules"] == {"end_before_start": "clear", "duplicate_id": "keep_first"}
    assert settings["analysis"]["months"] == ["2023-06", "2024-01"]


def test_decisions_are_left_to_a_person_where_that_is_wanted(logs, tmp_path):
    write_case(logs, tmp_path / "pilot", decided=False, by="activity", encoding="utf-8")
    assert "rules" not in (tmp_path / "pilot" / "case.toml").read_text(encoding="utf8")


def test_identifiers_that_were_planted_stand_in_the_contents(logs):
    contents = logs.written["tickets"]["content"].set_axis(logs.tables["tickets"]["row_id"])
    assert len(logs.truth.planted) > 5
    for row in logs.truth.planted.itertuples():
        assert row.value in contents[row.row_id]


def test_a_pilot_is_written_the_same_again(tmp_path):
    spec = replace(TINY, months=5, tickets=replace(TINY.tickets, recoding=4), dirt=LogDirt())
    truth = simulate_pilot(spec, tmp_path / "one", seed=5)
    simulate_pilot(spec, tmp_path / "two", seed=5)
    assert len(truth.effects) == 3
    for path in (tmp_path / "one").iterdir():
        other = (tmp_path / "two" / path.name).read_bytes()
        assert (path.read_bytes() == other) == (path.name != "case.toml"), path.name  # the id of the case is the name of the folder


def test_other_encodings_and_divisions_are_refused(logs, tmp_path):
    with pytest.raises(SchemaError):
        write_hotline(logs, tmp_path, encoding="big5")
    with pytest.raises(SchemaError):
        write_signin_books(logs, tmp_path, by="year")
    assert list(tmp_path.iterdir()) == []


def test_a_sheet_by_hand(tmp_path):
    lines = [Line(cells=["甲", 1], row_id="t:1"), Line(cells=["甲", 2.5], row_id="t:2"), Line(cells=["小计", 3.5])]
    table = SheetTable(title="表", headers=["名", "数"], lines=lines, merged=[(0, 1, 0)])
    written = write_sheets({"一": [table, table]}, tmp_path / "a.xlsx")
    rows = CalamineWorkbook.from_path(written.path).get_sheet_by_name("一").to_python()
    one = [["表", ""], ["名", "数"], ["甲", 1.0], ["", 2.5], ["小计", 3.5], ["", ""]]
    assert rows == [*one, *one, ["注：本表为模拟数据，地名和人名均属虚构", ""]]
    assert written.rows["row"].tolist() == [3, 4, 9, 10]
    assert dict(written.structure) == {"title": 2, "header": 2, "subtotal": 2, "note": 1, "merged": 2}


@pytest.mark.parametrize(("values", "found"), [
    ([], []), (["a"], []), (["a", "a"], [(0, 1)]), (["a", "a", "b", "c", "c", "c"], [(0, 1), (3, 5)]), (["", "", "a"], []),
])
def test_runs(values, found):
    assert list(runs(values)) == found
