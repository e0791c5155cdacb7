"""Answers to one questionnaire that stand on several pages of a sheet, or on several sheets."""

from collections.abc import Mapping, Sequence
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
from commresearch.sources.sheet import OtherSheet, Sheet, take_rows
from commresearch.terms import Platform

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


def titles_between(sheet: Sheet, layout: Layout, aside: Mapping[int, str], key: int | None) -> dict[int, str]:
    """Position → rule for what stands among the answers as on every printed page: titles above a repeated header, names of groups, upper rows of the header.

    A title is told from an answer by the key, or because it stands above the first header as well: else every row counts as an answer.
    """
    top = max(layout.table.header)
    known = {_said(sheet, row) for row in range(top)} - {""}
    found: dict[int, str] = {}
    for repeated in sorted(row for row, rule in aside.items() if rule == "header_row"):
        for row in range(repeated - 1, top, -1):
            if _repeats_upper(sheet, layout, row):
                found[row] = "header_row"
            elif row not in aside and sheet.filled[row].sum() == 1 and (_said(sheet, row) in known or (key is not None and not _has_key(sheet, layout, row, key))):
                found[row] = "note_row"
            elif sheet.filled[row].any() and row not in aside:
                break
    return found | {row: "note_row" for row in _labels(sheet, layout, key) if row not in aside}


def _repeats_upper(sheet: Sheet, layout: Layout, row: int) -> bool:
    """Whether a row is one of the upper rows of the header once more."""
    columns = layout.table.columns
    return any(sheet.texts(row, columns) == sheet.texts(upper, columns) for upper in layout.table.header[:-1])


def _said(sheet: Sheet, row: int) -> str:
    return "".join("".join(sheet.texts(row, np.flatnonzero(sheet.filled[row]))).split())


def _has_key(sheet: Sheet, layout: Layout, row: int, key: int) -> bool:
    """Whether a row has a key: a number where the others are, and no note."""
    if not sheet.filled[row, key] or NOTE.match(_said(sheet, row)):
        return False
    return key not in layout.table.numbers or sheet.is_number(row, key)


def _labels(sheet: Sheet, layout: Layout, key: int | None) -> list[int]:
    """Rows that have a word in a column of numbers that are keys, and nothing else: the name of the group below."""
    if key is None or key not in layout.table.numbers:
        return []
    rows = layout.rows[sheet.filled[layout.rows, key] & (sheet.counts[layout.rows] == 1)]
    has_digit = np.asarray(pc.match_substring_regex(take_rows(sheet.columns[key], rows), r"\d"), bool)
    return [int(row) for row in rows[~has_digit]]


def check_sheets(file: str, chosen: Answers, others: Mapping[str, OtherSheet]) -> None:
    """Refuse a workbook in which another sheet holds further answers to the same questionnaire.

    A sheet whose rows all stand on the chosen one, such as a copy or a selection, loses nothing and is only told in the log.

    Raises
    ------
    SourceError
        Every other sheet with answers that would be lost (CR-S44), or where one of them has tables that cannot be told apart.
    """
    failures = []
    for name, other in others.items():
        if not any(ask_the_same(chosen.names, [cell for cell in row if isinstance(cell, str)]) for row in other.top):
            continue
        found = _answers(file, other.opened())
        if found is None or not ask_the_same(chosen.names, found.names) or _holds(chosen, found):
            continue
        values = {"file": file, "sheet": chosen.sheet.name, "other": name, "count": len(chosen), "further": len(found)}
        failures.append(Failure(code="CR-S44", values=values))
    if failures:
        raise SourceError(*failures)


def _answers(file: str, sheet: Sheet) -> Answers | None:
    """The answers of a sheet, None where it has none; a form that nobody filled in has numbers of sheets at most."""
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
    rows = layout.rows[~np.isin(layout.rows, list(aside)) & (sheet.filled[np.ix_(layout.rows, layout.table.columns)].sum(axis=1) > 1)]
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
    return pc.binary_join_element_wise(*map(pc.utf8_trim_whitespace, columns), pa.scalar(BETWEEN, pa.large_string()))
