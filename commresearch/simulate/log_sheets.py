"""Sheets as clerks keep them: a title over the table, merged cells, subtotals between the rows, several tables on a sheet, a note below."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from commresearch.simulate.grid import DAY, MADE, STAMP, Cell

NOTE = "注：本表为模拟数据，地名和人名均属虚构"
ROW_COLUMNS = ("sheet", "row", "row_id", "copy")
HEADER_ROWS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of a table; `row_id` is blank for a subtotal, `copy` says why the same row stands there again."""

    cells: Sequence[Cell]
    row_id: str = ""
    copy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetTable:
    """A table on a sheet: its title, its headers, its rows, and runs of rows (first, last, column; from 0) that share a merged cell."""

    title: str
    headers: Sequence[str]
    lines: Sequence[Line]
    merged: Sequence[tuple[int, int, int]] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WrittenLog:
    """A file of a log.

    rows
        sheet ("" in a CSV), row (as a spreadsheet numbers them, from 1), row_id (of the typed table), copy ("" or the kind of dirt that
        wrote the row again)
    structure
        how often what stands there: title, header, subtotal, note, merged (runs of cells)
    """

    path: Path
    rows: pd.DataFrame
    structure: Mapping[str, int] = field(default_factory=dict)


def write_sheets(sheets: Mapping[str, Sequence[SheetTable]], path: Path) -> WrittenLog:
    """Write tables as a workbook, those of a sheet below one another with a blank row between."""
    import xlsxwriter

    path.parent.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[str, int, str, str]] = []
    structure = {"title": 0, "header": 0, "subtotal": 0, "note": 0, "merged": 0}
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": MADE})
        formats = _Formats(*(book.add_format(f) for f in ({"num_format": STAMP}, {"num_format": DAY}, {"align": "center", "bold": True})))
        for name, tables in sheets.items():
            sheet, top = book.add_worksheet(name), 0
            for table in tables:
                sheet.merge_range(top, 0, top, len(table.headers) - 1, table.title, formats.middle)
                for j, header in enumerate(table.headers):
                    sheet.write_string(top + 1, j, header)
                first = top + 1 + HEADER_ROWS
                rows += _write_lines(sheet, name, table, first, formats)
                top = first + len(table.lines) + 1
                structure["title"] += 1
                structure["header"] += HEADER_ROWS
                structure["subtotal"] += sum(not line.row_id for line in table.lines)
                structure["merged"] += len(table.merged)
            sheet.write_string(top, 0, NOTE)
            structure["note"] += 1
    return WrittenLog(path=path, rows=_frame(rows), structure=structure)


@dataclass(frozen=True, slots=True)
class _Formats:
    stamp: Any
    day: Any
    middle: Any


def _write_lines(sheet: Any, name: str, table: SheetTable, first: int, formats: _Formats) -> Iterator[tuple[str, int, str, str]]:
    inside = set()
    for begin, end, column in table.merged:
        sheet.merge_range(first + begin, column, first + end, column, "")
        inside |= {(i, column) for i in range(begin + 1, end + 1)}
    for i, line in enumerate(table.lines):
        for j, cell in enumerate(line.cells):
            if cell != "" and (i, j) not in inside:
                _write_cell(sheet, first + i, j, cell, formats)
        if line.row_id:
            yield name, first + i + 1, line.row_id, line.copy


def _write_cell(sheet: Any, i: int, j: int, cell: Cell, formats: _Formats) -> None:
    if isinstance(cell, datetime):
        sheet.write_datetime(i, j, cell, formats.stamp if cell.time() != MADE.time() else formats.day)
    elif isinstance(cell, str):
        sheet.write_string(i, j, cell)
    else:
        sheet.write_number(i, j, cell)


def write_lines_csv(headers: Sequence[str], lines: Sequence[Line], path: Path, *, encoding: str) -> WrittenLog:
    """Write rows as a CSV file without anything around them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headers)
        writer.writerows(line.cells for line in lines)
    rows = [("", i, line.row_id, line.copy) for i, line in enumerate(lines, 2)]
    return WrittenLog(path=path, rows=_frame(rows), structure={"header": HEADER_ROWS})


def _frame(rows: Sequence[tuple[str, int, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(ROW_COLUMNS)).astype({"sheet": "str", "row": "int64", "row_id": "str", "copy": "str"})


def runs(values: Sequence[object]) -> Iterator[tuple[int, int]]:
    """First and last place of every run of two or more equal values that are not blank."""
    start = 0
    for i in range(1, len(values) + 1):
        if i == len(values) or values[i] != values[start]:
            if i - start > 1 and values[start] != "":
                yield start, i - 1
            start = i
