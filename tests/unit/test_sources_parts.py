"""A large sheet that is read in parts gives what it gives as a whole, and is read as a whole where parts could differ."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import xlsxwriter

from commresearch.errors import SourceError
from commresearch.records import can_fork
from commresearch.sources import archive, part_reader, sheet_parts
from commresearch.sources.received import receive
from commresearch.sources.sheet import OpenedFile
from commresearch.sources.workbook import open_workbook
from tests.unit.sources_files import change_member, write_xlsx

SHEET = "xl/worksheets/sheet1.xml"
SEEN = datetime.fromisoformat("2025-01-03 14:05")
ROWS = [["序号", "值", "时间", "备注"], *([i, f"第{i}项 < & ' \"", SEEN, ["", None, True, "=1/0|#DIV/0!", "=1+1|2", "\u3000x\n"][i % 6]] for i in range(1, 200))]


@pytest.fixture(params=["processes", "threads"])
def parts(monkeypatch, request) -> list[int]:
    """Parts of about forty rows; every part that was read adds its number of rows."""
    if request.param == "processes" and not can_fork():
        pytest.skip("no process can be forked here")
    monkeypatch.setattr(part_reader, "may_fork", lambda: request.param == "processes")  # a worker of the tests has threads of its own
    monkeypatch.setattr(archive, "CUT_FROM_BYTES", 0)
    monkeypatch.setattr(archive, "CHUNK_BYTES", 1_000)
    monkeypatch.setattr(sheet_parts, "PART_BYTES", 5_000)
    seen, made = [], part_reader.block_of

    def count(coded):
        seen.append(len(coded.numbers))
        return made(coded)

    monkeypatch.setattr(part_reader, "block_of", count)
    return seen


def whole(path: Path, sheet: str | None = None) -> OpenedFile:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive, "CUT_FROM_BYTES", 1 << 40)
        return open_workbook(receive(path), sheet)


def assert_same(path: Path, sheet: str | None = None) -> None:
    cut, expected = open_workbook(receive(path), sheet).sheet, whole(path, sheet).sheet
    assert [column.to_pylist() for column in cut.columns] == [column.to_pylist() for column in expected.columns]
    assert np.array_equal(cut.types, expected.types)
    assert (cut.name, set(cut.merged), cut.formulas) == (expected.name, set(expected.merged), expected.formulas)


def test_every_kind_of_cell_merged_ranges_and_formulas(tmp_path, parts):
    path = write_xlsx(tmp_path / "a.xlsx", ROWS, merge=["A3:A5", "B150:C151"])
    assert_same(path)
    assert len(parts) > 4
    assert sum(parts) == len(ROWS)


def test_dates_counted_from_1904_and_texts_shared_between_cells(tmp_path, parts):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path, {"date_1904": True, "constant_memory": False}) as book:
        page, day = book.add_worksheet("问卷"), book.add_format({"num_format": "yyyy-mm-dd"})
        for row in range(300):
            page.write(row, 0, f"选项{row % 3}")
            page.write_datetime(row, 1, SEEN, day)
    assert_same(path)
    assert len(parts) > 2


def test_rows_and_columns_that_stand_apart(tmp_path, parts):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("问卷")
        for row in range(400):
            page.write(4 + row + 700 * (row > 210), 2 + row // 100, f"第{row}行" * 5)
            page.write(4 + row + 700 * (row > 210), 4, row)
    assert_same(path)
    assert len(parts) > 4


def test_several_large_sheets_and_a_hidden_one(tmp_path, parts):
    path = write_xlsx(tmp_path / "a.xlsx", ROWS[:50], sheet="说明", others={"数据": ROWS, "停用": ROWS[:60]})
    change_member(path, "xl/workbook.xml", b'name="\xe5\x81\x9c\xe7\x94\xa8"', b'name="\xe5\x81\x9c\xe7\x94\xa8" state="hidden"')
    assert_same(path)
    assert_same(path, "停用")
    assert parts


@pytest.mark.parametrize(("old", "new"), [
    (b"</row><row", b"</row><!-- <row r=\"9\"></row> --><row"),  # a comment
    (b'<c r="A120"><v>119</v></c>', b'<c r="A120" t="inlineStr"><is><t><![CDATA[</row>]]></t></is></c>'),  # text that looks like the end of a row
    (b"<row r=", b"<row x="),  # rows that count from the one before
    (b"</row>", b"</row >"),  # no end of a row that would be recognised
    (b"<sheetData>", b"<sheetData x='1'>"),
])
def test_a_sheet_that_cannot_be_cut_safely_is_read_as_a_whole(tmp_path, parts, old, new):
    path = change_member(write_xlsx(tmp_path / "a.xlsx", ROWS), SHEET, old, new)
    if b"<row x=" in new:
        change_member(path, SHEET, b'<c r="A', b'<c x="A')
    assert_same(path)


def test_rows_out_of_order_are_read_as_the_reader_reads_them(tmp_path, parts):
    path = write_xlsx(tmp_path / "a.xlsx", ROWS)
    for old, new in ((b'r="20"', b'r="@"'), (b'r="150"', b'r="20"'), (b'r="@"', b'r="150"')):
        change_member(path, SHEET, old, new)
    for letter in (b"A", b"B", b"C", b"D"):
        for old, new in ((b"20", b"@"), (b"150", b"20"), (b"@", b"150")):
            try:
                change_member(path, SHEET, b'r="' + letter + old + b'"', b'r="' + letter + new + b'"')
            except AssertionError:
                continue  # an empty cell stands nowhere
    assert_same(path)


def test_a_cell_far_away_is_refused_before_its_part_is_read(tmp_path, parts):
    path = change_member(write_xlsx(tmp_path / "a.xlsx", ROWS), SHEET, b'<c r="B2"', b'<c r="XFD1048576"><v>1</v></c><c r="B2"')
    with pytest.raises(SourceError) as caught:
        open_workbook(receive(path), None)
    assert {failure.code for failure in caught.value.failures} == {"CR-S13", "CR-S14"}
    assert parts == []


def test_a_damaged_part_is_said_of_the_file(tmp_path, parts):
    path = change_member(write_xlsx(tmp_path / "a.xlsx", ROWS), SHEET, b'<c r="A120">', b'<c r="120">')
    with pytest.raises(SourceError) as cut:
        open_workbook(receive(path), None)
    with pytest.raises(SourceError) as expected:
        whole(path)
    assert cut.value.failures == expected.value.failures


@pytest.mark.parametrize("cell", [
    b'<x:c r="XFD900000"><v>1</v></x:c>', b'<c r="A2" r="XFD900000"><v>1</v></c>', b'<c r="A2" s="&gt;>" r="XFD900000"><v>1</v></c>', b'<c r="A2" r = "XFD900000"><v>1</v></c>',
    b'<:c r="XFD900000"><v>1</v></:c>', b"<c r='A2' r='XFD900000'><v>1</v></c>",
])
def test_a_cell_far_away_is_refused_however_it_says_where_it_stands(tmp_path, cell):
    path = change_member(write_xlsx(tmp_path / "a.xlsx", ROWS), SHEET, b'<c r="B2"', cell + b'<c r="B2"')
    with pytest.raises(SourceError) as caught:
        open_workbook(receive(path), None)
    assert {failure.code for failure in caught.value.failures} & {"CR-S13", "CR-S14"}
