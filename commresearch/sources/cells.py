"""Cells of a spreadsheet or a statistics file as text, with the type that each had."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commresearch.sources.raw_table import CellType
from commresearch.sources.sheet import text_array

#: from here on a number has sixteen digits and more; a spreadsheet keeps fifteen
LOST_FROM = 1e15

KINDS: Mapping[type, CellType] = {
    str: CellType.TEXT, float: CellType.NUMBER, int: CellType.NUMBER, bool: CellType.BOOLEAN, datetime: CellType.DATE,
    date: CellType.DATE, time: CellType.DATE, timedelta: CellType.DATE, type(None): CellType.EMPTY,
}


class _Numbers(dict[Any, int]):
    """Numbers the values that are looked up, in the order in which they come."""

    def __missing__(self, key: Any) -> int:
        number = self[key] = len(self)
        return number


def distinct_texts(cells: Iterable[Any], count: int, *, has_booleans: bool = False) -> tuple[NDArray[np.int32], list[str], list[int]]:
    """Cells as numbers of their values, the text of each value, and the `CellType` of each value.

    Cells of a survey repeat a few values, and looking at each of millions of cells once is what takes the time.

    Parameters
    ----------
    cells
        Values as the readers deliver them.
    count
        How many there are.
    has_booleans
        Whether there may be truth values; they are told from 0 and 1 at some cost.
    """
    seen = _Numbers()
    keys = ((type(cell), cell) for cell in cells) if has_booleans else cells
    numbers = np.fromiter(map(seen.__getitem__, keys), np.int32, count)
    values = [value for _, value in seen] if has_booleans else list(seen)
    texts = [value if value.__class__ is str else _text(value) for value in values]
    return numbers, texts, [KINDS[type(value)] if text else CellType.EMPTY for value, text in zip(values, texts, strict=True)]


def text_column(cells: Sequence[Any]) -> tuple[Any, NDArray[np.uint8]]:
    """One column without truth values as a text array, and the `CellType` of each cell."""
    numbers, texts, kinds = distinct_texts(cells, len(cells))
    return text_array(texts).take(pa.array(numbers)), np.array(kinds, np.uint8)[numbers]


def _text(value: object) -> str:
    """Dates and times as ISO 8601 writes them with a blank between, lengths of time as hours:minutes:seconds (hours may pass 24)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    return str(value)


def number_text(value: float) -> str:
    """One number as text: whole ones without a point, others with the fewest digits that give the same number back, NaN as nothing."""
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return repr(value)
    return str(int(value)) if abs(value) >= LOST_FROM or value == math.floor(value) else repr(value)
