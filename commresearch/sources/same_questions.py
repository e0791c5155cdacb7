"""Answers to one questionnaire that stand in several tables: under titles of their own on a sheet, or on several sheets."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commresearch.errors import Failure, SourceError
from commresearch.sources.headers import name_columns
from commresearch.sources.layout import Layout, find_table
from commresearch.sources.platforms import ask_the_same, meta_columns, plain_header
from commresearch.sources.row_rules import NOTE, rows_set_aside
from commresearch.sources.sheet import CellRange, Sheet, take_rows
from commresearch.terms import Platform

PAGE = re.compile(r"第?\s*\d+\s*页|Page\s*\d+", re.IGNORECASE)
NO_ANSWERS = frozenset({"CR-S17", "CR-S25", "CR-S26"})  #: what is said of a sheet without a header or without a row below it
BETWEEN = "\x1f"  #: cells of a row that are compared at once


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """The answers of one sheet: names of columns, those that describe the answer sheet by their meaning, cells by name."""

    sheet: Sheet
    names: Sequence[str]
    meta: Mapping[str, str]
    cells: Mapping[str, Any]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.cells[self.names[0]])


def titles_between(file: str, sheet: Sheet, layout: Layout, aside: Mapping[int, str], key: int | None) -> dict[int, str]:
    """Position → rule for titles among the answers: above a repeated header, as on every printed page, or in the column of the key.

    Raises
    ------
    SourceError
        A title above a repeated header says something else than those above the first one (CR-S43): the rows below it are of
        another group or another time, which no column tells.
    """
    top = max(layout.table.header)
    known = {_said(sheet, row) for row in range(top)}
    found: dict[int, str] = {}
    for repeated in sorted(row for row, rule in aside.items() if rule == "header_row"):
        for row in range(repeated - 1, top, -1):
            if _repeats_upper(sheet, layout, row):
                found[row] = "header_row"
            elif sheet.filled[row].any():
                if aside.get(row, "note_row") != "note_row" or not _is_title(sheet, layout, row):
                    break
                said = _said(sheet, row)
                if said not in known and not NOTE.match(said[0]) and not PAGE.search(said[0]):
                    raise SourceError(Failure(code="CR-S43", values={"file": sheet.place(file), **_parts(layout, row)}))
                found[row] = "note_row"
    return found | {row: "note_row" for row in _labels(sheet, layout, key) if row not in aside}


def _repeats_upper(sheet: Sheet, layout: Layout, row: int) -> bool:
    """Whether a row is one of the upper rows of the header once more."""
    columns = layout.table.columns
    return any(sheet.texts(row, columns) == sheet.texts(upper, columns) for upper in layout.table.header[:-1])


def _said(sheet: Sheet, row: int) -> tuple[str, ...]:
    return tuple("".join(text.split()) for text in sheet.texts(row, np.flatnonzero(sheet.filled[row])))


def _is_title(sheet: Sheet, layout: Layout, row: int) -> bool:
    """Whether a row has one text, or few for the width of the table, and no number."""
    cells = np.flatnonzero(sheet.filled[row]).tolist()
    return (len(cells) == 1 or 2 * len(cells) < len(layout.table.columns)) and not any(sheet.is_number(row, j) for j in cells)


def _parts(layout: Layout, row: int) -> dict[str, str]:
    """The ranges above a title and from it on."""
    whole = layout.table.extent
    return {"first": CellRange(whole.top, whole.left, row - 1, whole.right).a1, "second": CellRange(row, whole.left, whole.bottom, whole.right).a1}


def _labels(sheet: Sheet, layout: Layout, key: int | None) -> list[int]:
    """Rows that have a word in a column of numbers that are keys, and nothing else: the name of the group below."""
    if key is None or key not in layout.table.numbers:
        return []
    rows = layout.rows[sheet.filled[layout.rows, key] & (sheet.filled[layout.rows].sum(axis=1) == 1)]
    has_digit = np.asarray(pc.match_substring_regex(take_rows(sheet.columns[key], rows), r"\d"), bool)
    return [int(row) for row in rows[~has_digit]]


def check_sheets(file: str, chosen: Answers, alike: Mapping[str, Callable[[], Sheet]]) -> None:
    """Refuse a workbook in which another sheet holds further answers to the same questionnaire.

    A sheet whose rows all stand on the chosen one, such as a copy or a selection, loses nothing and is only told in the log.

    Raises
    ------
    SourceError
        Every other sheet with answers that would be lost (CR-S44), or where one of them has tables that cannot be told apart.
    """
    failures = []
    for name, opened in alike.items():
        other = _answers(file, opened())
        if other is None or not ask_the_same(chosen.names, other.names) or _holds(chosen, other):
            continue
        values = {"file": file, "sheet": chosen.sheet.name, "other": name, "count": len(chosen), "further": len(other)}
        failures.append(Failure(code="CR-S44", values=values))
    if failures:
        raise SourceError(*failures)


def _answers(file: str, sheet: Sheet) -> Answers | None:
    """The answers of a sheet, None where it has none."""
    try:
        layout = find_table(file, sheet)
    except SourceError as error:
        if {failure.code for failure in error.failures} <= NO_ANSWERS:
            return None
        raise
    names, _ = name_columns(file, sheet, layout)
    meta = meta_columns(names, Platform.PLAIN)
    places = dict(zip(names, layout.table.columns.tolist(), strict=True))
    aside = rows_set_aside(sheet, layout, {meaning: places[meta[meaning]] for meaning in ("key", "submitted") if meaning in meta})
    rows = layout.rows[~np.isin(layout.rows, list(aside))]
    cells = {name: take_rows(sheet.columns[j], rows) for name, j in places.items()}
    return Answers(sheet=sheet, names=names, meta=meta, cells=cells) if len(rows) else None


def _holds(chosen: Answers, other: Answers) -> bool:
    """Whether all rows of a sheet stand on the chosen one as well; without a key, rows may be equal by chance, so that all must be."""
    by_plain = {plain_header(name): name for name in other.names}
    shared = [(name, by_plain[plain]) for name in chosen.names if (plain := plain_header(name)) in by_plain]
    first, second = _joined(chosen, [a for a, _ in shared]), _joined(other, [b for _, b in shared])
    if chosen.meta.get("key") in {name for name, _ in shared}:
        return bool(pc.all(pc.is_in(second, value_set=first)).as_py())
    return bool(first.sort().equals(second.sort()))


def _joined(answers: Answers, names: Sequence[str]) -> Any:
    columns = [column.combine_chunks() if isinstance(column := answers.cells[name], pa.ChunkedArray) else column for name in names]
    return pc.binary_join_element_wise(*columns, pa.scalar(BETWEEN, pa.large_string()))
