"""One sheet of a received file as text, before anybody knows what its rows and columns are."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commresearch.errors import Failure, SourceError
from commresearch.sources.raw_table import CellType

MAX_COLUMNS = 2_000
MAX_ROWS = 2_000_000
MAX_CELLS = 100_000_000  #: of the rectangle that the outermost cells span; the reader takes 32 bytes for each
#: rows with at most this many cells are looked at again: cells of white space only are blank
SPARSE_CELLS = 3
#: 12  1,234.5  -3  50%  2025/3/1  2025-03-01 12:00:00
NUMBER_LIKE = re.compile(r"[-+]?[\d,]*\.?\d+%?|\d{4}[-/.年]\d{1,2}(?:[-/.月]\d{1,2}日?)?(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")


class CellRange(NamedTuple):
    """A rectangle of cells, positions from 0, last row and column included."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def a1(self) -> str:
        """The range as spreadsheets name it."""
        first, last = f"{column_letters(self.left)}{self.top + 1}", f"{column_letters(self.right)}{self.bottom + 1}"
        return first if first == last else f"{first}:{last}"


@dataclass(slots=True)
class SheetScan:
    """What is known of a sheet before its cells are read; filled while its records or its XML run past.

    rows, columns
        extent from the first row and column of the sheet
    errors
        text of error values by (row, column) position
    formulas
        number of formula cells by column position
    uncalculated
        names of formula cells without a stored value
    has_booleans
        whether truth values stand among the cells
    """

    rows: int = 0
    columns: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: dict[int, int] = field(default_factory=dict)
    uncalculated: list[str] = field(default_factory=list)
    has_booleans: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Sheet:
    """Cells of one sheet: one text array (in one piece or several) per column, all of one length, from the first row and column.

    `types` holds a `CellType` per cell, None where the file has text only; `formulas` counts formula cells per column position.
    """

    name: str
    columns: list[Any]
    types: NDArray[np.uint8] | None = None
    merged: tuple[CellRange, ...] = ()
    formulas: Mapping[int, int] = field(default_factory=dict)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.columns[0]) if self.columns else 0

    def place(self, file: str) -> str:
        """Name of the file, with the sheet where there are several."""
        return f"{file} › {self.name}" if self.name else file

    @cached_property
    def filled(self) -> NDArray[np.bool_]:
        """Which cells hold something other than white space (rows, columns); columns lie one behind the other, as they are filled and added up."""
        filled = np.array([text_lengths(c) > 0 for c in self.columns], bool).T if self.columns else np.zeros((0, 0), bool)
        counts = filled.sum(axis=1)
        sparse = np.flatnonzero((counts > 0) & (counts <= SPARSE_CELLS))
        for j, column in enumerate(self.columns):
            filled[sparse, j] = text_lengths(pc.utf8_trim_whitespace(take_rows(column, sparse))) > 0
        return filled

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Number of filled cells of each row."""
        return np.asarray(self.filled.sum(axis=1))

    def texts(self, row: int, columns: Iterable[int]) -> list[str]:
        """Texts of some cells of one row."""
        return [self.columns[j][row].as_py() for j in columns]

    def is_number(self, row: int, column: int) -> bool:
        """Whether a cell holds a number or a date, by its type or by its text."""
        if self.types is not None and self.types[row, column] in {CellType.NUMBER, CellType.DATE}:
            return True
        return NUMBER_LIKE.fullmatch(unicodedata.normalize("NFKC", self.columns[column][row].as_py()).strip()) is not None


class OtherSheet(NamedTuple):
    """A sheet that is not read: its first rows as the reader delivers them, and how to read it after all."""

    top: Sequence[Sequence[Any]]
    opened: Callable[[], Sheet]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenedFile:
    """The sheet that holds the survey, how its text was encoded, log lines about what stands beside it, and other sheets that nobody chose against, by name."""

    sheet: Sheet
    encoding: str = ""
    log: tuple[pd.DataFrame, ...] = ()
    others: Mapping[str, OtherSheet] = field(default_factory=dict)


def check_size(file: str, n_rows: int, n_columns: int) -> None:
    """Refuse a table that is larger than any survey.

    Raises
    ------
    SourceError
        It has more than `MAX_COLUMNS` columns or `MAX_ROWS` rows.
    """
    failures = []
    if n_columns > MAX_COLUMNS:
        failures.append(Failure(code="CR-S21", values={"file": file, "got": n_columns, "allowed": MAX_COLUMNS}))
    if n_rows > MAX_ROWS:
        failures.append(Failure(code="CR-S22", values={"file": file, "got": n_rows, "allowed": MAX_ROWS}))
    if failures:
        raise SourceError(*failures)


def column_letters(position: int) -> str:
    """Name of a spreadsheet column: A for 0, AA for 26."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_position(letters: str) -> int:
    """Position of a spreadsheet column: 0 for A, 26 for AA."""
    position = 0
    for letter in letters.upper():
        position = position * 26 + ord(letter) - ord("A") + 1
    return position - 1


def text_array(texts: Iterable[str]) -> Any:
    """Texts as one array."""
    return pa.array(texts, pa.large_string())


def take_rows(column: Any, rows: NDArray[np.int64]) -> Any:
    """Cells of some rows; nothing is copied where they follow one another."""
    if len(rows) and rows[-1] - rows[0] + 1 == len(rows):
        return column.slice(int(rows[0]), len(rows))
    return column.take(pa.array(rows))


def text_lengths(column: Any) -> NDArray[np.int64]:
    """Number of bytes of each cell."""
    return _joined([np.diff(_offsets(chunk)) for chunk in _chunks(column)], np.int64)


def first_bytes(column: Any) -> NDArray[np.uint8]:
    """The first byte of each cell's text in UTF-8, 0 where the cell is empty."""
    pieces = []
    for chunk in _chunks(column):
        offsets = _offsets(chunk)
        found = np.zeros(len(chunk), np.uint8)
        filled = np.diff(offsets) > 0
        if filled.any():
            found[filled] = np.frombuffer(chunk.buffers()[2], np.uint8)[offsets[:-1][filled]]
        pieces.append(found)
    return _joined(pieces, np.uint8)


def _chunks(column: Any) -> list[Any]:
    return column.chunks if isinstance(column, pa.ChunkedArray) else [column]


def _joined(pieces: list[NDArray[Any]], kind: type) -> NDArray[Any]:
    return pieces[0] if len(pieces) == 1 else np.concatenate([np.zeros(0, kind), *pieces])


def _offsets(chunk: Any) -> NDArray[np.int64]:
    if not len(chunk):
        return np.zeros(1, np.int64)
    return np.frombuffer(chunk.buffers()[1], np.int64)[chunk.offset : chunk.offset + len(chunk) + 1]
