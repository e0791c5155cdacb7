"""Columns that cannot be trusted as they stand: numbers that lost digits, cells that a spreadsheet would calculate."""

import re
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from commresearch.sources.raw_table import CellType
from commresearch.sources.sheet import first_bytes, take_rows, text_lengths

LONG_NUMBER_DIGITS = 16  #: a spreadsheet keeps fifteen
#: how a spreadsheet shows and saves whole numbers of twelve digits and more where the column is narrow or plain
SCIENTIFIC = r"^[-+]?\d(?:\.\d+)?[Ee]\+(?:1[1-9]|[2-9]\d|\d{3})$"
SCIENTIFIC_BYTES = (5, 24)
SHOWN_DIGITS = 6
_DIGITS = re.compile(r"\d{7,}")


def lost_digits(column: Any, types: NDArray[np.uint8] | None) -> NDArray[np.int64]:
    """Positions of numbers that had more digits than the file kept: 16 and more in a number cell, 3.71002E+17 as text."""
    lengths = text_lengths(column)
    lost = np.zeros(len(column), bool)
    if types is not None:
        long_numbers = np.flatnonzero((types == CellType.NUMBER) & (lengths >= LONG_NUMBER_DIGITS))
        lost[long_numbers] = _matches(column, long_numbers, rf"^-?\d{{{LONG_NUMBER_DIGITS},}}$")
    starts, seconds = first_bytes(column), first_bytes(column, 1)
    written = np.flatnonzero((lengths >= SCIENTIFIC_BYTES[0]) & (lengths <= SCIENTIFIC_BYTES[1]) & (starts < ord(":")) & ((seconds < ord(":")) | (seconds | 0x20 == ord("e"))))
    lost[written] |= _matches(column, written, SCIENTIFIC)
    return np.flatnonzero(lost)


def formula_texts(column: Any, types: NDArray[np.uint8] | None) -> int:
    """Number of text cells that a spreadsheet would take for a formula: = or @ first, or a sign before a letter."""
    starts, seconds = first_bytes(column), first_bytes(column, 1) | 0x20
    signed = ((starts == ord("+")) | (starts == ord("-"))) & (seconds >= ord("a")) & (seconds <= ord("z"))
    found = (starts == ord("=")) | (starts == ord("@")) | signed
    if types is not None:
        found &= types == CellType.TEXT
    return int(found.sum())


def masked(text: str, length: int = 60) -> str:
    """A text for the log: shortened, and of numbers of seven digits and more the first six only."""
    return _DIGITS.sub(lambda m: m[0][:SHOWN_DIGITS] + "…", text)[:length]


def _matches(column: Any, rows: NDArray[np.int64], pattern: str) -> NDArray[np.bool_]:
    if not len(rows):
        return np.zeros(0, bool)
    return np.asarray(pc.match_substring_regex(take_rows(column, rows), pattern))
