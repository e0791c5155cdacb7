"""Where the cells of a sheet say that they stand, and whether all of them lie within an extent: looked up in its XML before it is read."""

import re
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from commresearch.sources.sheet import MAX_CELLS, column_position

MAX_CELLS_OF_PARTS = 40_000_000  #: each of the few parts that are read at a time could span the whole extent
#: cells nearer than this are not looked at one by one: all of them together fit into memory
NEAR_ROWS, NEAR_COLUMNS = 99_999, 702
DIMENSION = re.compile(rb'<dimension ref="(?:[A-Z]{1,3}\d+:)?([A-Z]{1,2})(\d{1,7})"')
LOOSE = re.compile(rb'<(?:c|row)(?=[ >/])(?! r=")')  #: a cell or a row that may not say where it stands

Words = NDArray[np.uint64]  #: eight signs each, the first in the lowest byte
CELL, ROW, STATED = b"<c", b"<r", b"r="
CELL_HEAD, ROW_HEAD = (np.uint64(int.from_bytes(head, "little")) for head in (b'<c r="', b'<row r="'))
BYTE, HEAD_BYTES, LAST_OF_WORD = np.uint64(8), np.uint64(48), np.uint64(56)
ONES = np.uint64(0x0101010101010101)  #: a one in every byte
SIGN, SMALL, A_TO_Z = np.uint64(0xFF), np.uint64(0x20), np.uint64(26)
ZERO, NINE = np.uint64(ord("0")), np.uint64(ord("9"))

@dataclass(frozen=True, slots=True)
class Extent:
    """An extent with round ends: the last row is a digit followed by nines.

    rows, columns : int
        How many there are.
    lead, digits : int
        First digit of the last row's number, and how many it has.
    widest : int
        The largest letter that the name of a column of two may begin with.
    beyond : pattern
        Finds a cell or row outside.
    """

    rows: int
    columns: int
    lead: int
    digits: int
    widest: int
    beyond: re.Pattern[bytes]

    @classmethod
    def around(cls, stated: re.Match[bytes] | None) -> Self:
        """At least `NEAR_ROWS`; at least `NEAR_COLUMNS` where so many rows leave memory for them, or the sheet states one cell only."""
        number = max(NEAR_ROWS, int(stated[2]) if stated else 0)
        lead, digits = int(str(number)[0]), len(str(number))
        rows = (lead + 1) * 10 ** (digits - 1) - 1
        more = f"[{lead + 1}-9]\\d{{{digits - 1}}}|" if lead < 9 else ""
        letters = f"{stated[1].decode():A>2}" if stated else "ZZ"
        most = MAX_CELLS_OF_PARTS if stated and int(stated[2]) > 1 else MAX_CELLS
        is_tall = rows * NEAR_COLUMNS > most and letters[0] < "Z"
        widest = letters[0] if is_tall else "Z"
        columns = column_position(widest + "Z") + 1
        wider = f"[{chr(ord(widest) + 1)}-Z{chr(ord(widest) + 1).lower()}-z][A-Za-z]|" if is_tall else ""
        beyond = re.compile(f'r="(?:(?:{wider}[A-Za-z]{{3,7}})\\d|[A-Za-z]{{0,2}}+0*+(?:{more}\\d{{{digits + 1}}}))'.encode())
        return cls(rows, columns, lead, digits, ord(widest), beyond)

    def surely_holds(self, piece: bytes) -> bool:
        """Whether every cell and row of a piece says where it stands, and this lies within: told by arrays, in half the time of the patterns.

        Where it is not so, or is written in an unusual way, `beyond` and `LOOSE` decide.
        """
        padded = piece + b" " * 16
        signs = np.frombuffer(padded, np.uint8)
        cells, rows = _places(padded, CELL), _places(padded, ROW)
        cells = cells[_ends_a_name(signs[cells + 2])]
        rows = rows[(signs[rows + 2] == ord("o")) & (signs[rows + 3] == ord("w")) & _ends_a_name(signs[rows + 4])]
        if sum(map(np.count_nonzero, pairs(padded, STATED))) != len(cells) + len(rows):  # else every r=" is one of those that are looked at here
            return False
        windows = np.lib.stride_tricks.sliding_window_view(signs, 16)
        return self._holds_cells(*windows[cells].view("<u8").T) and self._holds_rows(*windows[rows].view("<u8").T)

    def _holds_cells(self, head: Words, more: Words) -> bool:
        """Whether cells lie within, of which the first sixteen signs are given: one or two letters and a number."""
        first, second = head >> HEAD_BYTES & SIGN, head >> LAST_OF_WORD
        has_two = _is_letter(second)
        numbers = np.where(has_two, more, second | more << BYTE)
        is_cell = (head << BYTE << BYTE == CELL_HEAD << BYTE << BYTE) & _is_letter(first)
        is_narrow = ~has_two | ((first & ~SMALL) <= self.widest)
        return bool((is_cell & is_narrow).all()) and self._holds(numbers)

    def _holds_rows(self, head: Words, numbers: Words) -> bool:
        return bool((head == ROW_HEAD).all()) and self._holds(numbers)

    def _holds(self, numbers: Words) -> bool:
        """Whether numbers end with a quote before they are larger than that of the last row."""
        lead = numbers & SIGN
        unlike = numbers ^ ONES * np.uint64(ord('"'))
        quotes = unlike - ONES & ~unlike & ONES << np.uint64(7)  # the lowest bit that is set stands for the first quote
        before = (np.uint64(1) << np.uint64(8 * self.digits)) - np.uint64(1)
        is_shorter = quotes & before != 0
        is_as_long = (quotes & (before << BYTE | SIGN) != 0) & (lead <= ZERO + np.uint64(self.lead))
        return bool(((lead > ZERO) & (lead <= NINE) & (is_shorter | is_as_long)).all())


def _places(text: bytes, pair: bytes) -> NDArray[np.intp]:
    """Where two signs stand side by side, in no order."""
    even, odd = (np.flatnonzero(found) for found in pairs(text, pair))
    return np.concatenate([2 * even, 2 * odd + 1])


def pairs(text: bytes, pair: bytes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether two signs stand at each even, and at each odd place of a text: seen in a quarter of the time that searching takes."""
    even, odd = np.frombuffer(text, "<u2", len(text) // 2), np.frombuffer(text, "<u2", max(0, len(text) - 1) // 2, min(1, len(text)))
    code = int.from_bytes(pair, "little")
    return even == code, odd == code


def _ends_a_name(signs: NDArray[np.uint8]) -> NDArray[np.bool_]:
    is_end: NDArray[np.bool_] = (signs == ord(" ")) | (signs == ord(">")) | (signs == ord("/"))
    return is_end


def _is_letter(signs: Words) -> NDArray[np.bool_]:
    is_letter: NDArray[np.bool_] = (signs | SMALL) - np.uint64(ord("a")) < A_TO_Z
    return is_letter
