"""Workbooks (.xlsx, .xls): the sheet that holds the survey, as text."""

import io
import zipfile
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from commresearch.errors import Failure, SourceError
from commresearch.records import log_lines
from commresearch.sources.archive import check_archive, open_archive, scan_sheets
from commresearch.sources.cells import distinct_texts
from commresearch.sources.compound_file import DamagedError, read_stream, read_streams, scan_workbook
from commresearch.sources.platforms import known_headers
from commresearch.sources.raw_table import CellType
from commresearch.sources.received import FileKind, Received, damaged
from commresearch.sources.sheet import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, CellRange, OpenedFile, Sheet, SheetScan, column_letters, text_array

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

TOP_ROWS = 30  #: rows that show which sheet looks like a survey
CHILD_MARK = "_parent_index"  #: header of a sheet that holds the repeats of another one


def open_workbook(received: Received, wanted: str | None) -> OpenedFile:
    """The wanted sheet, or the visible one that looks most like a survey; every other sheet that holds cells is logged.

    Raises
    ------
    SourceError
        The workbook is damaged, locked or hostile, too large, holds no such sheet, no cells, or formulas that were never calculated.
    """
    scans = _scan_archive(received) if received.kind is FileKind.XLSX else _scan_compound(received)
    _check_extents(received.name, scans)
    sheets = _load(received, wanted)
    tops = {name: sheet.to_python(nrows=TOP_ROWS) if sheet.start is not None else [] for name, sheet in sheets.items()}
    name = _chosen(received.name, sheets, tops, wanted)
    scan = scans.get(name, SheetScan(has_booleans=True))
    if scan.uncalculated:
        values = {"file": _place(received.name, name), "count": len(scan.uncalculated), "cells": ", ".join(scan.uncalculated[:5])}
        raise SourceError(Failure(code="CR-S15", values=values))
    logs = [
        log_lines(step="read", rule="child_sheet" if _is_child(top) else "other_sheet", file=received.name, sheet=other)
        for other, top in tops.items() if other != name and top
    ]
    return OpenedFile(sheet=_sheet(received, sheets[name], scan), log=tuple(logs))


def _place(file: str, sheet: str) -> str:
    return Sheet(name=sheet, columns=[]).place(file)


def _scan_archive(received: Received) -> dict[str, SheetScan]:
    try:
        archive = open_archive(received.data)
        if failures := check_archive(received.name, received.data, archive):
            raise SourceError(*failures)
        return scan_sheets(received.data, archive)
    except (zipfile.BadZipFile, ValueError) as error:
        raise damaged(received.name, error) from error


def _scan_compound(received: Received) -> dict[str, SheetScan]:
    try:
        streams = read_streams(received.data)
        is_encrypted, scans = scan_workbook(read_stream(received.data, "Workbook" if "Workbook" in streams else "Book"))
    except (DamagedError, ValueError, IndexError) as error:
        raise damaged(received.name, error) from error
    if is_encrypted:
        raise SourceError(Failure(code="CR-S12", values={"file": received.name}))
    return scans


def _check_extents(file: str, scans: dict[str, SheetScan]) -> None:
    """Refuse sheets that reach too far before memory is asked for them."""
    failures = []
    for sheet, scan in scans.items():
        if scan.columns > MAX_COLUMNS:
            values: dict[str, object] = {"file": _place(file, sheet), "got": scan.columns, "last": column_letters(scan.columns - 1), "allowed": MAX_COLUMNS}
            failures.append(Failure(code="CR-S13", values=values))
        if scan.rows > MAX_ROWS or scan.rows * min(scan.columns, MAX_COLUMNS) > MAX_CELLS:
            values = {"file": _place(file, sheet), "got": scan.rows, "columns": scan.columns, "allowed": MAX_ROWS, "cells": MAX_CELLS}
            failures.append(Failure(code="CR-S14", values=values))
    if failures:
        raise SourceError(*failures)


def _load(received: Received, wanted: str | None) -> "dict[str, CalamineSheet]":
    """The sheets of cells that are shown, by name; a hidden one only where it is asked for."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    book = _guarded(received, lambda: CalamineWorkbook.from_filelike(io.BytesIO(received.data)))
    names = [
        m.name for m in book.sheets_metadata
        if m.typ == SheetTypeEnum.WorkSheet and (m.visible == SheetVisibleEnum.Visible or m.name == wanted)
    ]
    return {name: _guarded(received, lambda name=name: book.get_sheet_by_name(name)) for name in names}


def _guarded(received: Received, read: Any) -> Any:
    """Run the reader; what it raises on a damaged file, a panic of its native code included, becomes one error."""
    from python_calamine import CalamineError, PasswordError

    try:
        return read()
    except PasswordError as error:
        raise SourceError(Failure(code="CR-S12", values={"file": received.name})) from error
    except (CalamineError, ValueError, OSError, OverflowError) as error:
        raise damaged(received.name, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise damaged(received.name, error) from error


def _chosen(file: str, sheets: "dict[str, CalamineSheet]", tops: dict[str, list[list[Any]]], wanted: str | None) -> str:
    if wanted is not None and wanted not in tops:
        raise SourceError(Failure(code="CR-S16", values={"file": file, "got": wanted, "known": ", ".join(tops)}))
    if wanted is not None:
        return wanted
    filled = [name for name, top in tops.items() if top and not _is_child(top)]
    if not filled:
        raise SourceError(Failure(code="CR-S17", values={"file": file}))

    def likeness(name: str) -> tuple[int, int]:
        return max(known_headers(map(str, row)) for row in tops[name]), sheets[name].height * sheets[name].width

    return max(filled, key=likeness)


def _is_child(top: Sequence[Sequence[Any]]) -> bool:
    return any(CHILD_MARK in row for row in top)


def _sheet(received: Received, found: "CalamineSheet", scan: SheetScan) -> Sheet:
    """All cells from the first row and column of the sheet on, row by row, so that no two copies of a large sheet are held."""
    if found.start is None or found.end is None:
        raise SourceError(Failure(code="CR-S17", values={"file": _place(received.name, found.name)}))
    left, shape = found.start[1], (found.end[0] + 1, found.width)  # rows above the first cell are delivered, columns before it are not
    cells = chain.from_iterable(found.iter_rows())
    numbers, texts, kinds = _guarded(received, lambda: distinct_texts(cells, shape[0] * shape[1], has_booleans=scan.has_booleans))
    table = numbers.reshape(shape)
    for (row, column), error in scan.errors.items():
        if row < shape[0] and 0 <= column - left < shape[1]:
            table[row, column - left] = len(texts)
            texts.append(error)
            kinds.append(CellType.ERROR)
    distinct = text_array(texts)
    columns = [text_array([""] * shape[0])] * left + [distinct.take(pa.array(table[:, j])) for j in range(shape[1])]
    types = np.hstack([np.zeros((shape[0], left), np.uint8), np.array(kinds, np.uint8)[table]])
    merged = tuple(CellRange(*first, *last) for first, last in found.merged_cell_ranges or [])
    return Sheet(name=found.name, columns=columns, types=types, merged=merged, formulas=scan.formulas)
