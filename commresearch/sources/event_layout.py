"""Where the tables of a register stand on a sheet: wherever a row holds headers that are known.

A survey is one table whose header nobody knows beforehand; a register has known headers and often stands there several times: a
table per month below one another, two halves of a list side by side.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commresearch.sources.event_headers import plain_header
from commresearch.sources.event_titles import is_title_row
from commresearch.sources.layout import Layout, Table, header_depth, runs
from commresearch.sources.sheet import CellRange, Sheet, column_letters, text_lengths

LEAST_KNOWN = 2  #: known headers that make a row a header
KNOWN_SHARE = 0.4  #: of the filled cells of a header that are known ones
LONGEST_HEADER = 120  #: bytes
SEARCHED_ROWS = 50  #: of a long text table; a header further down is a row like any other
MOST_TITLE_ROWS = 4
_NUMBERED = re.compile(r" \(\d+\)$")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Register:
    """One table of a register.

    titles, repeats
        texts that stand above it, and positions of rows that hold its header again, as printed pages do
    mark
        letters of its first column where another table stands before it in the same rows
    """

    layout: Layout
    titles: tuple[str, ...]
    mark: str = ""
    repeats: tuple[int, ...] = ()


def find_registers(
    sheet: Sheet, words: Mapping[str, str], *, searched: int | None = None, labels: Mapping[str, object] | None = None,
) -> list[Register]:
    """Tables of a sheet whose header holds known words, from top to bottom and from left to right.

    Parameters
    ----------
    words
        Known headers as `plain_header` has them, with their fields.
    searched
        Number of rows in which headers are looked for; all where it is None.
    labels
        Labels by which titles say something of all rows of a table, as keys.
    """
    labels = labels or {}
    headers, repeats = _without_repeats(sheet, _without_titles(sheet, _header_rows(sheet, words, searched), labels, words), labels, words)
    found: list[Register] = []
    previous = 0
    for place, (first, depth) in enumerate(headers):
        stop = headers[place + 1][0] if place + 1 < len(headers) else sheet.n_rows
        above = _titles(sheet, first, previous)
        last = _last_row(sheet, (first, depth), stop, labels, words) if place + 1 < len(headers) else stop
        blocks, beside = _blocks(sheet, first, depth, last, words)
        for number, columns in enumerate(blocks):
            mark = column_letters(int(columns[0])) if number else ""
            layout = _layout(sheet, (first, depth, last), columns, above, beside)
            found.append(Register(layout=layout, titles=tuple(_said(sheet, above)), mark=mark, repeats=repeats.get(first, ())))
        previous = last
    return found


def _header_rows(sheet: Sheet, words: Mapping[str, str], searched: int | None) -> list[tuple[int, int]]:
    """First row and depth of every header."""
    n = sheet.n_rows if searched is None else min(searched, sheet.n_rows)
    known = np.zeros((n, len(sheet.columns)), bool)
    for j, column in enumerate(sheet.columns):
        top = column.slice(0, n)
        short = np.flatnonzero((text_lengths(top) > 0) & (text_lengths(top) <= LONGEST_HEADER))
        if not len(short):
            continue
        cells = top.take(short)
        distinct = pc.unique(cells).to_pylist()
        if telling := [text for text in distinct if plain_header(text) in words]:
            known[short, j] = np.asarray(pc.is_in(cells, value_set=pa.array(telling, cells.type)))
    counts, filled = known.sum(axis=1), sheet.filled[:n].sum(axis=1)
    found: list[tuple[int, int]] = []
    for row in np.flatnonzero((counts >= LEAST_KNOWN) & (counts >= KNOWN_SHARE * filled)).tolist():
        if (found and row < sum(found[-1])) or len(_fields(sheet, row, words)) < LEAST_KNOWN:
            continue
        found.append((row, header_depth(sheet, row, np.flatnonzero(sheet.filled[row]))))
    return found


def _fields(sheet: Sheet, row: int, words: Mapping[str, str]) -> set[str]:
    """Fields that a row names: a guide that explains one of them names it twice."""
    texts = sheet.texts(row, np.flatnonzero(sheet.filled[row]).tolist())
    return {words[plain] for plain in map(plain_header, texts) if plain in words}


def _without_titles(
    sheet: Sheet, headers: Sequence[tuple[int, int]], labels: Mapping[str, object], words: Mapping[str, str],
) -> list[tuple[int, int]]:
    """Headers without the titles of the one below them that hold labels and texts in turn (活动名称 | 健康讲座 | 日期 | 3月8日)."""
    columns = range(len(sheet.columns))
    titles = {
        row for (row, _), (below, _) in pairwise(headers)
        if below - row <= MOST_TITLE_ROWS and is_title_row(sheet, row, labels, words) and sheet.texts(row, columns) != sheet.texts(below, columns)
    }
    return [header for header in headers if header[0] not in titles]


def _without_repeats(
    sheet: Sheet, headers: Sequence[tuple[int, int]], labels: Mapping[str, object], words: Mapping[str, str],
) -> tuple[list[tuple[int, int]], dict[int, tuple[int, ...]]]:
    """Headers without those that only say again what the table they stand in is headed by; and the rows of these by their table."""
    kept: list[tuple[int, int]] = []
    repeats: dict[int, tuple[int, ...]] = {}
    columns = range(len(sheet.columns))
    for row, depth in headers:
        is_next_page = kept and sheet.filled[row - 1].sum() > 1 and not is_title_row(sheet, row - 1, labels, words, kept[-1][0])
        if is_next_page and sheet.texts(row, columns) == sheet.texts(kept[-1][0], columns):
            first, levels = kept[-1]
            again = [row, *(row + i for i in range(1, levels) if sheet.texts(row + i, columns) == sheet.texts(first + i, columns))]
            repeats[first] = (*repeats.get(first, ()), *again)
        else:
            kept.append((row, depth))
    return kept, repeats


def _titles(sheet: Sheet, header: int, previous: int) -> list[int]:
    """Rows above a header that only name it: all of them above the first table, those next to it above another."""
    if previous == 0:
        return [row for row in range(header) if sheet.filled[row].any()]
    rows: list[int] = []
    for row in range(header - 1, max(previous, header - MOST_TITLE_ROWS) - 1, -1):
        if not sheet.filled[row].any():
            break
        rows.insert(0, row)
    return rows


def _last_row(sheet: Sheet, header: tuple[int, int], stop: int, labels: Mapping[str, object], words: Mapping[str, str]) -> int:
    """The row behind the last one of a table that another one follows: rows of one cell or of labels next to that one's header are its titles."""
    row, first = stop, sum(header)
    while row > first and row > stop - MOST_TITLE_ROWS and (
        sheet.filled[row - 1].sum() == 1 or is_title_row(sheet, row - 1, labels, words, header[0])
    ):
        row -= 1
    is_apart = row > first and not sheet.filled[row - 1].any()
    return row if is_apart or row == stop or sheet.filled[row - 1].sum() > 1 else stop


def _said(sheet: Sheet, rows: Sequence[int]) -> Iterator[str]:
    for row in rows:
        for text in sheet.texts(row, np.flatnonzero(sheet.filled[row]).tolist()):
            yield text.strip()


def _blocks(sheet: Sheet, first: int, depth: int, last: int, words: Mapping[str, str]) -> tuple[list[NDArray[np.int64]], tuple[CellRange, ...]]:
    """Columns of each table that begins in one row, and what stands beside them without a known header.

    The header again beside itself is another table; columns behind a blank one belong to the table where they have a known header.
    """
    filled = np.asarray(sheet.filled[first:last].any(axis=0))
    texts = {j: plain_header(text) for j, text in enumerate(sheet.texts(first, range(len(sheet.columns))))}
    segments = [np.arange(a, b) for a, b in runs(filled)]
    own = [s for s in segments if any(texts[int(j)] in words for j in s)]
    beside = tuple(CellRange(first, int(s[0]), last - 1, int(s[-1])) for s in segments if not any(s is o for o in own))
    blocks = [block for s in own for block in (_repeated(s, texts) if depth == 1 else [s])]
    sets = [{texts[int(j)] for j in block} & set(words) for block in blocks]
    if len(blocks) > 1 and all(len(s) >= LEAST_KNOWN for s in sets) and any(a & b for i, a in enumerate(sets) for b in sets[:i]):
        return blocks, beside
    return [np.sort(np.concatenate(own))], beside


def _repeated(segment: NDArray[np.int64], texts: dict[int, str]) -> list[NDArray[np.int64]]:
    """The parts of a header that says the same several times, else the whole."""
    header = [_NUMBERED.sub("", texts[int(j)]) for j in segment]
    for parts in range(len(header) // LEAST_KNOWN, 1, -1):
        width, rest = divmod(len(header), parts)
        if not rest and all(header[i] == header[i % width] for i in range(len(header))) and len({*header}) == width:
            return list(segment.reshape(parts, width))
    return [segment]


def _layout(sheet: Sheet, place: tuple[int, int, int], columns: NDArray[np.int64], above: Sequence[int], beside: tuple[CellRange, ...]) -> Layout:
    first, depth, last = place
    start = first + depth
    rows = np.arange(start, last)
    rows = rows[sheet.filled[start:last][:, columns].any(axis=1)]
    table = Table(header=tuple(range(first, start)), columns=columns, rows=[(first, last)])
    n_blank = int((~sheet.filled[start : int(rows[-1]) + 1].any(axis=1)).sum()) if len(rows) else 0
    return Layout(table=table, rows=rows, titles=tuple(above), notes=(), others=beside, n_blank=n_blank)
