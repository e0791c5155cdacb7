"""Columns that cannot be trusted as they stand: numbers that lost digits, cells that a spreadsheet would calculate."""

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commresearch.sources.raw_table import CellType
from commresearch.sources.sheet import first_bytes, take_rows, text_lengths

LONG_NUMBER_DIGITS = 16  #: a spreadsheet keeps fifteen
#: how a spreadsheet saves whole numbers of eleven digits and more where the column is narrow or plain, and a database without a plus
_LARGE = r"(?:1\d|[2-9]\d|\d{3})"
SCIENTIFIC = rf"^[-+]?\d(?:\.\d+)?[Ee]\+{_LARGE}$|^[-+]?\d\.\d+[Ee]{_LARGE}$"
#: the same of a number of any size: a code like 12E5 is saved as 1.20E+06
SCIENTIFIC_CODE = rf"^[-+]?\d(?:\.\d+)?[Ee]\+\d{{1,3}}$|{SCIENTIFIC}"
_NOTATION = re.compile(r"(\d)(?:\.(\d+))?[Ee]\+?(\d{1,3})")
SIGN_BEFORE_LETTER = r"^[-+][A-Za-z]"
SCIENTIFIC_BYTES = (5, 24)
EXACT_EXPONENT = 14  #: fifteen digits
SHOWN_DIGITS = 6
_DIGITS = re.compile(r"\d{7,}")


def column_faults(column: Any, types: NDArray[np.uint8] | None) -> tuple[NDArray[np.int64], int]:
    """Positions of numbers that lost digits, and the number of text cells that a spreadsheet would take for a formula.

    A number had more digits than the file kept where a number cell has sixteen and more, or a text reads 3.71002E+17 or 1.38123E+10.
    A formula begins with = or @, or with a sign before a letter.
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


def may_be_scientific(column: Any) -> bool:
    """Whether 3.7E+11 may stand somewhere in a column of one piece, told by the bytes of all its cells at once."""
    data = np.frombuffer(column.buffers()[2] or b"", np.uint8)
    return bool(((data | 0x20) == ord("e")).any())


def lost_keys(column: Any) -> NDArray[np.int64]:
    """Positions of texts in scientific notation of any size: no code or telephone number is written like that."""
    lengths = text_lengths(column)
    rows = np.flatnonzero((lengths >= SCIENTIFIC_BYTES[0]) & (lengths <= SCIENTIFIC_BYTES[1]))
    return rows[_matches(column, rows, SCIENTIFIC_CODE)]


def written_out(column: Any) -> tuple[Any, NDArray[np.int64]]:
    """A column with 1.3812345678E10 as 13812345678 wherever no digit is lost, and the positions of these cells."""
    rows = lost_keys(column)
    if not len(rows):
        return column, rows
    whole = [whole_number(text) for text in take_rows(column, rows).to_pylist()]
    found = np.array([text is not None for text in whole], bool)
    if not found.any():
        return column, rows[found]
    mask = np.zeros(len(column), bool)
    mask[rows[found]] = True
    digits = pa.array([text for text in whole if text is not None], pa.large_string())
    plain = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return pc.replace_with_mask(plain, pa.array(mask), digits), rows[found]


def whole_number(text: str) -> str | None:
    """The whole number that scientific notation says to the last digit; None where digits are lost, or it is none."""
    match = _NOTATION.fullmatch(text)
    if match is None or int(match[3]) > EXACT_EXPONENT:
        return None
    decimals, places = match[2] or "", int(match[3])
    return match[1] + decimals[:places] if len(decimals) >= places and not decimals[places:].strip("0") else None


def masked(text: str, length: int = 60) -> str:
    """A text for the log: shortened, and of numbers of seven digits and more the first six only."""
    return _DIGITS.sub(lambda m: m[0][:SHOWN_DIGITS] + "…", text)[:length]


def _matches(column: Any, rows: NDArray[np.int64], pattern: str) -> NDArray[np.bool_]:
    if not len(rows):
        return np.zeros(0, bool)
    return np.asarray(pc.match_substring_regex(take_rows(column, rows), pattern))
