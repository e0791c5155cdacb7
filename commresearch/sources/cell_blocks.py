"""Cells as the reader of workbooks delivers them, a block of rows at a time, and the sheet that blocks make together."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commresearch.errors import Failure, SourceError
from commresearch.sources.cells import distinct_texts
from commresearch.sources.raw_table import CellType
from commresearch.sources.received import damaged
from commresearch.sources.sheet import CellRange, Sheet, text_array

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

T = TypeVar("T")


def guarded(file: str, read: Callable[[], T]) -> T:
    """Run the reader; what it raises on a damaged file, a panic of its native code included, becomes one error.

    Raises
    ------
    SourceError
        The file is damaged, or locked with a password.
    """
    from python_calamine import CalamineError, PasswordError

    try:
        return read()
    except PasswordError as error:
        raise SourceError(Failure(code="CR-S12", values={"file": file})) from error
    except (CalamineError, ValueError, OSError, OverflowError) as error:
        raise damaged(file, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise damaged(file, error) from error


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellBlock:
    """Rows of a sheet that follow one another: one text array per column from `left` on, and a `CellType` per cell."""

    top: int
    left: int
    columns: list[Any]
    types: NDArray[np.uint8]
    merged: tuple[CellRange, ...] = ()

    @property
    def bottom(self) -> int:
        """Position of the row behind the last one."""
        return self.top + len(self.types)

    @property
    def right(self) -> int:
        """Position of the column behind the last one."""
        return self.left + len(self.columns)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CodedCells:
    """The same cells as numbers (rows, columns) of their values: what one process can send to another in little."""

    top: int
    left: int
    numbers: NDArray[np.int32]
    texts: list[str]
    kinds: list[int]
    merged: tuple[CellRange, ...]


def coded_cells(found: "CalamineSheet", errors: Mapping[tuple[int, int], str], *, has_booleans: bool, is_part: bool) -> CodedCells:
    """Every cell of a sheet from its first row on, or of a part of a sheet from the part's first row on.

    Parameters
    ----------
    errors
        Texts of error values by position in the sheet; the reader delivers them as empty cells.
    has_booleans
        Whether there may be truth values.
    """
    merged = tuple(CellRange(*first, *last) for first, last in found.merged_cell_ranges or [])
    if found.start is None or found.end is None:
        return CodedCells(top=0, left=0, numbers=np.zeros((0, 0), np.int32), texts=[], kinds=[], merged=merged)
    top, left = found.start[0] if is_part else 0, found.start[1]
    shape = found.end[0] + 1 - top, found.width
    # those of a whole sheet come one by one, so that no two copies of a large sheet are held
    rows: Iterable[Iterable[Any]] = found.to_python(skip_empty_area=True) if is_part else found.iter_rows()
    numbers, texts, kinds = distinct_texts(chain.from_iterable(rows), shape[0] * shape[1], has_booleans=has_booleans)
    table = numbers.reshape(shape)
    for (row, column), error in errors.items():
        if 0 <= row - top < shape[0] and 0 <= column - left < shape[1]:
            table[row - top, column - left] = len(texts)
            texts.append(error)
            kinds.append(CellType.ERROR)
    return CodedCells(top=top, left=left, numbers=table, texts=texts, kinds=kinds, merged=merged)


def block_of(coded: CodedCells) -> CellBlock:
    """Cells as a block."""
    distinct = text_array(coded.texts)
    columns = [distinct.take(pa.array(column)) for column in coded.numbers.T]
    types = np.array(coded.kinds, np.uint8)[coded.numbers]
    return CellBlock(top=coded.top, left=coded.left, columns=columns, types=types, merged=coded.merged)


def sheet_of(name: str, blocks: Sequence[CellBlock], formulas: Mapping[int, int]) -> Sheet:
    """The sheet from its first row and column on; between blocks and beside them it is empty."""
    n_rows, n_columns = (max(ends) for ends in zip(*((block.bottom, block.right) for block in blocks), strict=True))
    types = np.zeros((n_rows, n_columns), np.uint8)
    pieces: list[list[Any]] = [[] for _ in range(n_columns)]
    reached = 0
    for block in filter(lambda b: len(b.types), blocks):
        types[block.top : block.bottom, block.left : block.right] = block.types
        for j, column in enumerate(pieces):
            if block.top > reached:
                column.append(_blank(block.top - reached))
            is_beside = not block.left <= j < block.right
            column.append(_blank(len(block.types)) if is_beside else block.columns[j - block.left])
        reached = block.bottom
    columns = [column[0] if len(column) == 1 else pa.chunked_array(column, pa.large_string()) for column in pieces]
    return Sheet(name=name, columns=columns, types=types, merged=tuple(chain.from_iterable(b.merged for b in blocks)), formulas=formulas)


def _blank(count: int) -> Any:
    return pa.repeat(pa.scalar("", pa.large_string()), count)
