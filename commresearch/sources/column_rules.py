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
SIGN_BEFORE_LETTER = r"^[-+][A-Za-z]"
SCIENTIFIC_BYTES = (5, 24)
SHOWN_DIGITS = 6
_DIGITS = re.compile(r"\d{7,}")


def column_faults(column: Any, types: NDArray[np.uint8] | None) -> tuple[NDArray[np.int64], int]:
    """Positions of numbers that lost digits, and the number of text cells that a spreadsheet would take for a formula.

    A number had more digits than the file kept where a number cell has sixteen and more, or a text reads 3.71002E+17. A formula
    begins with = or @, or with a sign before a letter.
    """
    lengths, starts = text_lengths(column), first_bytes(column)
    signed = (starts == ord("+")) | (starts == ord("-"))
    is_number_like = signed | ((starts >= ord("0")) & (starts <= ord("9")))
    lost = np.zeros(len(column), bool)
    if types is not None:
        long_numbers = np.flatnonzero((types == CellType.NUMBER) & (lengths >= LONG_NUMBER_DIGITS))
        lost[long_numbers] = _matches(column, long_numbers, rf"^-?\d{{{LONG_NUMBER_DIGITS},}}$")
    written = np.flatnonzero(is_number_like & (lengths >= SCIENTIFIC_BYTES[0]) & (lengths <= SCIENTIFIC_BYTES[1]))
    lost[written] |= _matches(column, written, SCIENTIFIC)
    formulas = (starts == ord("=")) | (starts == ord("@"))
    signed_rows = np.flatnonzero(signed)
    formulas[signed_rows] = _matches(column, signed_rows, SIGN_BEFORE_LETTER)
    if types is not None:
        formulas &= types == CellType.TEXT
    return np.flatnonzero(lost), int(formulas.sum())


def masked(text: str, length: int = 60) -> str:
    """A text for the log: shortened, and of numbers of seven digits and more the first six only."""
    return _DIGITS.sub(lambda m: m[0][:SHOWN_DIGITS] + "…", text)[:length]


def _matches(column: Any, rows: NDArray[np.int64], pattern: str) -> NDArray[np.bool_]:
    if not len(rows):
        return np.zeros(0, bool)
    return np.asarray(pc.match_substring_regex(take_rows(column, rows), pattern))
