"""A sheet of cells, written as XLSX, XLS or CSV."""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from commresearch.errors import CaseError, Failure, SchemaError
from commresearch.terms import Export

WORKBOOKS = (".xlsx", ".xls")
SUFFIXES = (*WORKBOOKS, ".csv")
MADE = datetime(2020, 1, 1)  # noqa: DTZ001  # fixed, so that the same survey gives the same bytes
XLS_ROWS, XLS_COLUMNS = 65_536, 256
STREAMED_CELLS = 1_000_000  #: a larger workbook is written row by row, its texts inside the cells instead of in one shared list
STAMP, DAY = "yyyy/m/d h:mm:ss", "yyyy/m/d"
Cell = str | int | float | datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table as it stands on a sheet: rows above the header, columns with a header each, rows below."""

    sheet: str
    headers: Sequence[str]
    columns: Sequence[Sequence[Cell]]
    title: Sequence[str] = ()
    totals: Sequence[Sequence[Cell]] = ()

    def rows(self) -> Iterable[Sequence[Cell]]:
        """All rows from the title to the totals."""
        blank = [""] * (len(self.headers) - 1)
        yield from ([text, *blank] for text in self.title)
        yield list(self.headers)
        yield from zip(*self.columns, strict=True)
        yield from self.totals

    @property
    def first_row(self) -> int:
        """Number that a spreadsheet shows beside the first answer sheet."""
        return len(self.title) + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """A file that was written; answer sheet i (from 1) stands in spreadsheet row `first_row + i - 1`."""

    path: Path
    export: Export
    sheet: str
    first_row: int


def write_grid(grid: Grid, path: Path, *, export: Export = Export.UNKNOWN, encoding: str = "utf-8-sig") -> WrittenFile:
    """Write a grid; the suffix of the path says how.

    Parameters
    ----------
    encoding
        Of a CSV file.

    Raises
    ------
    SchemaError
        A suffix other than .xlsx, .xls, .csv; more rows or columns than an XLS sheet has.
    CaseError
        An XLS file is wanted and xlwt is not installed.
    """
    if path.suffix not in _WRITERS:
        raise SchemaError(Failure(code="CR-M01", values={"setting": "suffix", "got": path.suffix, "allowed": ", ".join(SUFFIXES)}))
    path.parent.mkdir(parents=True, exist_ok=True)
    _WRITERS[path.suffix](grid, path, encoding)
    return WrittenFile(path=path, export=export, sheet=grid.sheet if path.suffix in WORKBOOKS else "", first_row=grid.first_row)


def write_workbook(grids: Sequence[Grid], path: Path) -> None:
    """Write several sheets as one XLSX file."""
    import xlsxwriter

    path.parent.mkdir(parents=True, exist_ok=True)
    n_cells = sum(len(grid.headers) * len(grid.columns[0]) for grid in grids)
    with xlsxwriter.Workbook(
        path, {"constant_memory": n_cells > STREAMED_CELLS, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        book.set_properties({"created": MADE})
        stamp, day, middle = (book.add_format(f) for f in ({"num_format": STAMP}, {"num_format": DAY}, {"align": "center"}))
        for grid in grids:
            _fill_sheet(book.add_worksheet(grid.sheet), grid, stamp, day, middle)


def _fill_sheet(sheet: Any, grid: Grid, stamp: Any, day: Any, middle: Any) -> None:
    def write_time(i: int, j: int, cell: datetime) -> None:
        sheet.write_datetime(i, j, cell, stamp if cell.time() != MADE.time() else day)

    write = {str: sheet.write_string, int: sheet.write_number, float: sheet.write_number, datetime: write_time}
    for i, row in enumerate(grid.rows()):
        if i < len(grid.title):
            sheet.merge_range(i, 0, i, len(grid.headers) - 1, row[0], middle)
            continue
        for j, cell in enumerate(row):
            if cell != "":
                write[cell.__class__](i, j, cell)


def _write_xlsx(grid: Grid, path: Path, _encoding: str) -> None:
    write_workbook([grid], path)


def _write_xls(grid: Grid, path: Path, _encoding: str) -> None:
    try:
        import xlwt
    except ImportError:
        raise CaseError(Failure(code="CR-M02", values={"file": path.name})) from None
    n_rows, n_columns = len(grid.title) + 1 + len(grid.columns[0]) + len(grid.totals), len(grid.headers)
    if n_rows > XLS_ROWS or n_columns > XLS_COLUMNS:
        values = {"file": path.name, "rows": n_rows, "columns": n_columns, "most_rows": XLS_ROWS, "most_columns": XLS_COLUMNS}
        raise SchemaError(Failure(code="CR-M03", values=values))
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet(grid.sheet)
    stamp, day = xlwt.easyxf(num_format_str=STAMP), xlwt.easyxf(num_format_str=DAY)
    for i, row in enumerate(grid.rows()):
        if i < len(grid.title):
            sheet.write_merge(i, i, 0, n_columns - 1, row[0])
            continue
        for j, cell in enumerate(row):
            if isinstance(cell, datetime):
                sheet.write(i, j, cell, stamp if cell.time() != MADE.time() else day)
            elif cell != "":
                sheet.write(i, j, cell)
    book.save(str(path))


def _write_csv(grid: Grid, path: Path, encoding: str) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(grid.rows())


_WRITERS: dict[str, Callable[[Grid, Path, str], None]] = {".xlsx": _write_xlsx, ".xls": _write_xls, ".csv": _write_csv}
