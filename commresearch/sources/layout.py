"""Where on a sheet the survey stands: its header, its rows, and the other tables, titles and notes around it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commresearch.errors import Failure, SourceError
from commresearch.sources.platforms import ask_the_same, known_headers, plain_header
from commresearch.sources.sheet import CellRange, Sheet

HEADER_SEARCH_ROWS = 15  #: a header stands among the first rows of its table
HEADER_SHARE = 0.8  #: of the columns of a table that its header names
HEADER_DEPTH = 3
PROFILE_ROWS = 50  #: rows that show what the columns of a table hold
NUMBER_SHARE = 0.8
OTHER_LENGTH = 0.5  #: a table beside another one is another table if it is shorter than this share of it
COUNTED = 10  #: rows whose numbers from 1 on are a key, not answers that happen to count
NUMBERED = re.compile(r"\s*(?:第\s*|[Qq])?(?P<number>\d+)\s*(?:题|[、.．(（])")  #: 1、 Q1. 第1题, headers of questions


@dataclass(slots=True, kw_only=True)
class Table:
    """One table found on a sheet: positions of its header rows, its rows below, its columns.

    `above` are rows of the table's own block that stand over its header.
    """

    header: tuple[int, ...]
    columns: NDArray[np.int64]
    rows: list[tuple[int, int]]
    above: tuple[int, ...] = ()
    known: int = 0
    numbers: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def extent(self) -> CellRange:
        """The rectangle from header to last row."""
        return CellRange(min(self.header), int(self.columns[0]), max(self.rows[-1][1] - 1, *self.header), int(self.columns[-1]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """The table that is the survey, and what else stands on its sheet.

    rows
        positions of the rows below the header that hold anything
    titles, notes
        rows above the header, and rows of one or two cells outside the table
    n_blank
        number of blank rows between the header and the last row
    joined
        columns of the table that blank ones set apart
    """

    table: Table
    rows: NDArray[np.int64]
    titles: tuple[int, ...]
    notes: tuple[int, ...]
    others: tuple[CellRange, ...]
    n_blank: int
    joined: tuple[CellRange, ...] = ()


def find_table(file: str, sheet: Sheet) -> Layout:
    """The table with the headers of a survey platform, or else the one with most cells.

    Blank rows separate tables that stand below one another where the row after them is a header, blank columns those that
    stand side by side where their lengths differ or each surely has a key of its own. A table under the same header in the same
    columns goes on with the rows of the one above.

    Raises
    ------
    SourceError
        There is no table with a header and a row below it (CR-S25, CR-S26, CR-S17); the table goes on beside itself under the same
        header (CR-S41), or another one as long has a key of its own (CR-S42); another one below asks the same questions (CR-S43).
    """
    counts = sheet.counts
    tables: list[Table] = []
    others: list[CellRange] = []
    loose: list[int] = []
    least = min(2, int(counts.max(initial=0)))
    for start, stop in runs(counts > 0):
        if counts[start:stop].max() < least:
            loose += range(start, stop)
        elif tables and not _starts_table(sheet, tables[-1], start, stop):
            tables[-1].rows.append((start, stop))
        else:
            table, beside = _new_table(file, sheet, start, stop)
            others += beside
            if (begun := next((t for t in tables if _goes_on(sheet, t, table)), None)) is not None:
                begun.rows.append((start, stop))
                tables.remove(begun)
            tables.append(begun or table)  # rows that follow belong to the last one
    if not tables:
        raise SourceError(Failure(code="CR-S17", values={"file": sheet.place(file)}))
    main = max(tables, key=lambda t: (t.known, sum(int(counts[a:b].sum()) for a, b in t.rows)))
    _check_header(file, sheet, main)
    _check_below(file, sheet, main, tables)
    taken = {j for area in others for j in range(area.left, area.right + 1)}
    further = {j for a, b in main.rows[1:] for j in np.flatnonzero(sheet.filled[a:b].any(axis=0)).tolist()} - taken
    main.columns = np.array(sorted({*main.columns.tolist(), *further}), np.int64)
    others += [t.extent for t in tables if t is not main]
    return _layout(sheet, main, loose, others, counts)


def _layout(sheet: Sheet, main: Table, loose: list[int], others: list[CellRange], counts: NDArray[np.int64]) -> Layout:
    first, last = max(main.header) + 1, main.rows[-1][1]
    inside = np.concatenate([np.arange(max(a, first), b) for a, b in main.rows])
    if others or len(main.columns) < len(sheet.columns):
        inside = inside[sheet.filled[np.ix_(inside, main.columns)].any(axis=1)]
    data, notes = [], []
    for row in loose:
        if row < first or not _is_sparse_answer(sheet, main, row):
            notes.append(row)
        else:
            data.append(row)
    rows = np.sort(np.concatenate([inside, np.array(data, np.int64)])) if data else inside
    return Layout(
        table=main, rows=rows, titles=tuple(sorted({*main.above, *(r for r in notes if r < first)})), notes=tuple(r for r in notes if r >= first),
        others=tuple(others), n_blank=int((counts[first:last] == 0).sum()), joined=_set_apart(main),
    )


def _set_apart(table: Table) -> tuple[CellRange, ...]:
    """Several columns each that stand behind a blank one and are read as the same table, because nothing shows them to be another."""
    first, *behind = np.split(table.columns, np.flatnonzero(np.diff(table.columns) > 1) + 1)
    top, bottom = table.extent.top, table.extent.bottom
    return tuple(CellRange(top, int(side[0]), bottom, int(side[-1])) for side in behind if min(len(side), len(first)) > 1)


def runs(filled: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and last-plus-one positions of stretches that are filled."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], filled.astype(np.int8), [0]])))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _new_table(file: str, sheet: Sheet, start: int, stop: int) -> tuple[Table, list[CellRange]]:
    """The table in some rows without a blank one between them, and tables that stand beside it."""
    filled = sheet.filled[start:stop]
    segments = [np.arange(a, b) for a, b in runs(np.asarray(filled.any(axis=0)))]
    sizes = filled.sum(axis=0)
    main = max(segments, key=lambda s: (max(known_headers(sheet.texts(r, s)) for r in _top(start, stop)), int(sizes[s].sum())))
    own, beside = [main], []
    for segment in segments:
        if segment is main:
            continue
        extent = _extent(filled, segment)
        at_left = segments[0] is main or segments[0] is segment
        if at_left and min(len(main), len(segment)) > 1 and _has_own_key(sheet, start, stop, segment, main):
            _check_parts(file, sheet, start, stop, segment, main)
            beside.append(CellRange(start + extent[0], int(segment[0]), start + extent[1], int(segment[-1])))
        elif _is_other(extent, _extent(filled, main), filled, segment):
            beside.append(CellRange(start + extent[0], int(segment[0]), start + extent[1], int(segment[-1])))
        else:
            own.append(segment)
    columns = np.sort(np.concatenate(own))
    last = start + _extent(filled, columns)[1]
    header = _header_rows(sheet, start, last + 1, columns)
    table = Table(header=header, columns=columns, rows=[(start, last + 1)], above=tuple(range(start, header[0])),
                  known=known_headers(t for r in header for t in sheet.texts(r, columns)))
    table.numbers = _number_columns(sheet, table, last + 1)
    return table, beside


def _top(start: int, stop: int) -> range:
    return range(start, min(stop, start + HEADER_SEARCH_ROWS))


def _extent(filled: NDArray[np.bool_], columns: NDArray[np.int64]) -> tuple[int, int]:
    rows = np.flatnonzero(filled[:, columns].any(axis=1))
    return int(rows[0]), int(rows[-1])


def _is_other(extent: tuple[int, int], main: tuple[int, int], filled: NDArray[np.bool_], columns: NDArray[np.int64]) -> bool:
    """Whether columns beside a table are another table: without a gap of their own, and much shorter; a remark alone is one."""
    length = extent[1] - extent[0] + 1
    if len(columns) == 1 and length > 1:
        return False
    without_gap = int(filled[:, columns].any(axis=1).sum()) == length
    return without_gap and length < OTHER_LENGTH * (main[1] - main[0] + 1)


def _has_own_key(sheet: Sheet, start: int, stop: int, columns: NDArray[np.int64], main: NDArray[np.int64]) -> bool:
    """Whether columns beside a table surely have a key of their own: under the same header, or counting all their rows as well.

    A questionnaire whose columns were blanked goes on behind them, whatever its first answers happen to be.
    """
    left, right = sorted((columns, main), key=lambda s: int(s[0]))
    tops = [_header_rows(sheet, start, stop, side) for side in (left, right)]
    first, second = (_header_texts(sheet, top, side[:1])[0] for top, side in zip(tops, (left, right), strict=True))
    if first and first == second:
        return True
    ends = [start + _extent(sheet.filled[start:stop], side)[1] + 1 for side in (left, right)]
    if not all(_counts_rows(sheet, max(top) + 1, end, int(side[0])) for top, end, side in zip(tops, ends, (left, right), strict=True)):
        return False
    asked, further = ({n["number"] for t in sheet.texts(max(top), side) if (n := NUMBERED.match(t))} for top, side in zip(tops, (left, right), strict=True))
    return ends[0] != ends[1] or not further or bool(asked & further)


def _header_texts(sheet: Sheet, rows: tuple[int, ...], columns: NDArray[np.int64]) -> list[str]:
    """Plain headers of some columns, those of rows above one another joined."""
    return ["".join(map(plain_header, texts)) for texts in zip(*(sheet.texts(row, columns) for row in rows), strict=True)]


def _counts_rows(sheet: Sheet, first: int, stop: int, column: int) -> bool:
    """Whether a column numbers the rows of its table from 1 to the last one, and these are too many for answers that happen to."""
    n = stop - first
    if n < COUNTED or sheet.texts(first, [column])[0].strip() != "1":
        return False
    cells = pc.utf8_trim_whitespace(sheet.columns[column].slice(first, n))
    return bool(pc.all(pc.equal(cells, pc.cast(pa.array(np.arange(1, n + 1)), pa.large_string()))).as_py())


def _check_parts(file: str, sheet: Sheet, start: int, stop: int, columns: NDArray[np.int64], main: NDArray[np.int64]) -> None:
    """Refuse a table whose rows go on beside it under the same header, and one beside it that is as long: half of the answers would be lost."""
    areas, headers = [], []
    for side in (columns, main):
        top = _header_rows(sheet, start, stop, side)
        headers.append(_header_texts(sheet, top, side))
        areas.append(CellRange(min(top), int(side[0]), start + _extent(sheet.filled[start:stop], side)[1], int(side[-1])))
    first, second = (area.a1 for area in sorted(areas, key=lambda area: area.left))
    values = {"file": sheet.place(file), "first": first, "second": second}
    if headers[0] == headers[1]:
        raise SourceError(Failure(code="CR-S41", values=values))
    if areas[0].bottom >= areas[1].bottom:
        raise SourceError(Failure(code="CR-S42", values=values))


def _goes_on(sheet: Sheet, above: Table, below: Table) -> bool:
    """Whether a table repeats the header of one above it cell by cell, so that its rows are further rows of that one."""
    if len(above.header) > 1 or len(below.header) > 1:
        return False
    tops = [np.flatnonzero(sheet.filled[t.header[0]]).tolist() for t in (above, below)]
    return tops[0] == tops[1] and sheet.texts(above.header[0], tops[0]) == sheet.texts(below.header[0], tops[0])


def _check_below(file: str, sheet: Sheet, main: Table, tables: list[Table]) -> None:
    """Refuse a table with answers of its own that asks the same as the survey in another order or in other columns."""
    asked = _header_texts(sheet, main.header, main.columns)
    for table in tables:
        if table is main or not _has_answers(sheet, table) or not ask_the_same(asked, _header_texts(sheet, table.header, table.columns)):
            continue
        first, second = sorted((main.extent, table.extent))
        raise SourceError(Failure(code="CR-S43", values={"file": sheet.place(file), "first": first.a1, "second": second.a1}))


def _has_answers(sheet: Sheet, table: Table) -> bool:
    """Whether a row of a table holds more than one thing: a form that nobody filled in has numbers at most."""
    rows = np.concatenate([np.arange(max(start, max(table.header) + 1), stop) for start, stop in table.rows])
    return bool((sheet.filled[np.ix_(rows, table.columns)].sum(axis=1) > 1).any())


def _header_rows(sheet: Sheet, start: int, stop: int, columns: NDArray[np.int64]) -> tuple[int, ...]:
    """The row with the headers of a platform, else the first one that names most columns, with the rows merged into it."""
    top = _top(start, stop)
    known = [known_headers(sheet.texts(row, columns)) for row in top]
    if max(known):
        header = top[int(np.argmax(known))]
    else:
        needed = min(2, len(columns))
        named = [len(_named(sheet, row, columns)) if sheet.filled[row, columns].sum() >= needed else 0 for row in top]
        enough = [row for row, n in zip(top, named, strict=True) if n >= HEADER_SHARE * len(columns)]
        worded = [row for row, n in zip(top, named, strict=True) if 2 * n >= len(columns) and _is_wording(sheet, row, columns)]
        if worded and not (enough and _is_wording(sheet, enough[0], columns)):
            header = worded[0]
        else:
            header = enough[0] if enough else top[int(np.argmax(named))]
    return tuple(range(header, min(header + header_depth(sheet, header, columns), stop)))


def _named(sheet: Sheet, row: int, columns: NDArray[np.int64]) -> set[int]:
    """Columns that have a text in a row, those of merged cells among them."""
    named = {int(j) for j in columns if sheet.filled[row, j]}
    for area in sheet.merged:
        if area.top <= row <= area.bottom and sheet.filled[area.top, area.left]:
            named |= set(range(area.left, area.right + 1)) & set(columns.tolist())
    return named


def _is_wording(sheet: Sheet, row: int, columns: NDArray[np.int64]) -> bool:
    return not any(sheet.is_number(row, int(j)) for j in columns if sheet.filled[row, j])


def header_depth(sheet: Sheet, header: int, columns: NDArray[np.int64]) -> int:
    """Number of header rows: as many as are merged downwards, two where only the columns of merged cells go on below."""
    areas = [a for a in sheet.merged if a.top == header and columns[0] <= a.left <= columns[-1]]
    depth = max((a.bottom - a.top + 1 for a in areas), default=1)
    wide = {j for a in areas if a.right > a.left for j in range(a.left, a.right + 1)}
    if depth == 1 and wide and header + 1 < sheet.n_rows:
        below = {int(j) for j in columns if sheet.filled[header + 1, j]}
        depth = 2 if below and below <= wide else 1
    return min(depth, HEADER_DEPTH)


def _number_columns(sheet: Sheet, table: Table, stop: int) -> NDArray[np.int64]:
    """Columns of a table that hold numbers and dates in most of its first rows."""
    first = max(table.header) + 1
    rows = range(first, min(stop, first + PROFILE_ROWS))
    found = []
    for j in table.columns:
        cells = [sheet.is_number(row, int(j)) for row in rows if sheet.filled[row, j]]
        if cells and sum(cells) >= NUMBER_SHARE * len(cells):
            found.append(int(j))
    return np.array(found, np.int64)


def _starts_table(sheet: Sheet, table: Table, start: int, stop: int) -> bool:
    """Whether the row after a blank one is the header of another table, not the next row of the one above.

    A header differs from the rows above it: it reaches beyond their columns, or has words where they have numbers; without
    numbers to go by, it covers less than half of their columns.
    """
    cells = [int(j) for j in np.flatnonzero(sheet.filled[start])]
    own = set(table.columns.tolist())
    if sheet.texts(start, cells) == sheet.texts(max(table.header), cells):
        return False
    if stop - start < 2 or any(sheet.is_number(start, j) for j in cells if j in own):
        return False
    if not set(cells) <= own:
        return True
    if len(table.numbers):
        return any(sheet.filled[start, j] for j in table.numbers)
    used = sheet.filled[start:stop].any(axis=0)
    return int(used.sum()) < OTHER_LENGTH * len(own)


def _is_sparse_answer(sheet: Sheet, table: Table, row: int) -> bool:
    """Whether a row of one cell is an answer: a number in a column of the table that holds numbers."""
    cells = np.flatnonzero(sheet.filled[row])
    return all(int(j) in table.numbers and sheet.is_number(row, int(j)) for j in cells)


def _check_header(file: str, sheet: Sheet, table: Table) -> None:
    """Refuse a table without a header, whose first answers would be taken for one, and a header without rows."""
    row = max(table.header)
    cells = [int(j) for j in table.columns if sheet.filled[row, j]]
    numbers = [sheet.is_number(row, j) for j in cells]
    texts = sheet.texts(row, cells)
    is_counted = all(t.isdecimal() for t in texts) and np.all(np.diff([int(t) for t in texts]) > 0)
    if 2 * sum(numbers) > len(numbers) and not is_counted:
        values = {"file": sheet.place(file), "row": row + 1, "got": sum(numbers), "cells": len(numbers)}
        raise SourceError(Failure(code="CR-S25", values=values))
    if table.rows[-1][1] <= row + 1:
        raise SourceError(Failure(code="CR-S26", values={"file": sheet.place(file)}))
