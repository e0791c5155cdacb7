"""Workbooks (.xlsx, .xls): the sheet that holds the survey, as text."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from commresearch.errors import Failure, SourceError
from commresearch.records import log_lines
from commresearch.sources.archive import check_archive, open_archive, scan_sheets
from commresearch.sources.cell_blocks import CellBlock, block_of, coded_cells, guarded, sheet_of
from commresearch.sources.compound_file import DamagedError, read_stream, read_streams, scan_workbook
from commresearch.sources.part_reader import PartReader
from commresearch.sources.platforms import known_headers
from commresearch.sources.received import FileKind, Received, damaged
from commresearch.sources.sheet import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, OpenedFile, OtherSheet, Sheet, SheetScan, column_letters

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

TOP_ROWS = 30  #: rows that show which sheet looks like a survey
CHILD_MARK = "_parent_index"  #: header of a sheet that holds the repeats of another one


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A sheet that may be the survey: as its parts that were read, else as the reader holds it."""

    blocks: list[CellBlock]
    whole: "CalamineSheet | None" = None

    @property
    def top(self) -> list[list[Any]]:
        """The first rows."""
        if self.whole is not None:
            return self.whole.to_python(nrows=TOP_ROWS) if self.whole.start is not None else []
        first = next((block for block in self.blocks if len(block.types)), None)
        return [] if first is None else list(map(list, zip(*(column.slice(0, TOP_ROWS).to_pylist() for column in first.columns), strict=True)))

    @property
    def size(self) -> int:
        """Number of cells."""
        return sum(block.types.size for block in self.blocks) if self.whole is None else self.whole.height * self.whole.width


def open_workbook(received: Received, wanted: str | None) -> OpenedFile:
    """The wanted sheet, or the visible one that looks most like a survey; every other sheet that holds cells is logged.

    Raises
    ------
    SourceError
        The workbook is damaged, locked or hostile, too large, holds no such sheet, no cells, or formulas that were never calculated.
    """
    scans, sheets = _opened(received, wanted)
    tops = {name: sheet.top for name, sheet in sheets.items()}
    name = _chosen(received.name, sheets, tops, wanted)
    scan = scans.get(name, SheetScan(has_booleans=True))
    if failure := _uncalculated(received.name, name, scan):
        raise SourceError(failure)
    logs = [
        log_lines(step="read", rule="child_sheet" if _is_child(top) else "other_sheet", file=received.name, sheet=other)
        for other, top in tops.items() if other != name and top
    ]
    others = {
        other: OtherSheet(top, partial(_sheet, received, other, sheets[other], scans.get(other, SheetScan(has_booleans=True))))
        for other, top in tops.items() if wanted is None and other != name and not _is_child(top)
    }
    return OpenedFile(sheet=_sheet(received, name, sheets[name], scan), log=tuple(logs), others=others)


def open_sheets(received: Received, wanted: str | None = None) -> list[Sheet]:
    """Every visible sheet that holds cells, in the order of the workbook, or the wanted one only.

    Raises
    ------
    SourceError
        As `open_workbook`; formulas that were never calculated on any of the sheets are reported together.
    """
    scans, loaded = _opened(received, wanted)
    if wanted is not None and wanted not in loaded:
        raise SourceError(Failure(code="CR-S16", values={"file": received.name, "got": wanted, "known": ", ".join(loaded)}))
    sheets = {name: found for name, found in loaded.items() if any(found.top) and wanted in {None, name}}
    if not sheets:
        raise SourceError(Failure(code="CR-S17", values={"file": received.name}))
    by_name = {name: scans.get(name, SheetScan(has_booleans=True)) for name in sheets}
    if failures := [failure for name, scan in by_name.items() if (failure := _uncalculated(received.name, name, scan))]:
        raise SourceError(*failures)
    return [_sheet(received, name, found, by_name[name]) for name, found in sheets.items()]


def _opened(received: Received, wanted: str | None) -> tuple[dict[str, SheetScan], dict[str, _Candidate]]:
    with PartReader(received) as parts:
        scans = _scan_archive(received, parts) if received.kind is FileKind.XLSX else _scan_compound(received)
        _check_extents(received.name, scans)
        return scans, _load(received, wanted, parts)


def _uncalculated(file: str, sheet: str, scan: SheetScan) -> Failure | None:
    if not scan.uncalculated:
        return None
    values = {"file": _place(file, sheet), "count": len(scan.uncalculated), "cells": ", ".join(scan.uncalculated[:5])}
    return Failure(code="CR-S15", values=values)


def _place(file: str, sheet: str) -> str:
    return Sheet(name=sheet, columns=[]).place(file)


def _scan_archive(received: Received, parts: PartReader) -> dict[str, SheetScan]:
    try:
        archive = open_archive(received.data)
        if failures := check_archive(received.name, received.data, archive):
            raise SourceError(*failures)
        return scan_sheets(received.data, archive, partial(parts.cutter, archive))
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


def _load(received: Received, wanted: str | None, parts: PartReader) -> dict[str, _Candidate]:
    """The sheets of cells that are shown, by name; a hidden one only where it is asked for."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    book = guarded(received.name, lambda: CalamineWorkbook.from_filelike(io.BytesIO(received.data)))
    names = [
        m.name for m in book.sheets_metadata
        if m.typ == SheetTypeEnum.WorkSheet and (m.visible == SheetVisibleEnum.Visible or m.name == wanted)
    ]
    sheets = {}
    for name in names:
        blocks = parts.blocks(name)
        sheets[name] = _Candidate(blocks, None if blocks else guarded(received.name, partial(book.get_sheet_by_name, name)))
    return sheets


def _chosen(file: str, sheets: dict[str, _Candidate], tops: dict[str, list[list[Any]]], wanted: str | None) -> str:
    if wanted is not None and wanted not in tops:
        raise SourceError(Failure(code="CR-S16", values={"file": file, "got": wanted, "known": ", ".join(tops)}))
    if wanted is not None:
        return wanted
    filled = [name for name, top in tops.items() if top and not _is_child(top)]
    if not filled:
        raise SourceError(Failure(code="CR-S17", values={"file": file}))

    def likeness(name: str) -> tuple[int, int]:
        return max(known_headers(map(str, row)) for row in tops[name]), sheets[name].size

    return max(filled, key=likeness)


def _is_child(top: Sequence[Sequence[Any]]) -> bool:
    return any(CHILD_MARK in row for row in top)


def _sheet(received: Received, name: str, found: _Candidate, scan: SheetScan) -> Sheet:
    if not any(found.top):
        raise SourceError(Failure(code="CR-S17", values={"file": _place(received.name, name)}))
    blocks = found.blocks
    if (whole := found.whole) is not None:
        blocks = [block_of(guarded(received.name, lambda: coded_cells(whole, scan.errors, has_booleans=scan.has_booleans, is_part=False)))]
    return sheet_of(name, blocks, scan.formulas)
