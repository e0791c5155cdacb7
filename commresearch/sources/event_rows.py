"""One table of a register as received: its rows, its columns by their fields, and what was set aside."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commresearch.records import log_lines
from commresearch.sources.column_rules import column_faults, masked, written_out
from commresearch.sources.event_headers import SERIALS, HeaderMatch, Vocabulary, match_headers, plain_header
from commresearch.sources.event_layout import Register
from commresearch.sources.event_titles import Said, TitleFields, fields_of_title, names_day, year_of_title
from commresearch.sources.headers import name_columns
from commresearch.sources.layout import Layout
from commresearch.sources.raw_table import RawPart
from commresearch.sources.row_rules import NO_NUMBER, TOTAL, first_cells, rows_set_aside, total_candidates
from commresearch.sources.sheet import CellRange, Sheet, take_rows, text_array, text_lengths

DITTO = ("同上", "〃", "″", '"', "''", "“", "”", "同左上")
EXAMPLE = re.compile(r"(?:填写)?(?:示例|样例|范例)|例[:：)）]|[(（]例[)）]|example", re.IGNORECASE)
COUNT = re.compile(r"[共计约]*\d[\d,]*(?:\.\d+)?(?:人次|人|场次|场|次|件|条|户|个|名|份|小时|时|元|㎡|平方米|%|％)?")


class Line(NamedTuple):
    """One line of the log about a table."""

    rule: str
    variable: str
    old: str
    n: int = 1
    row_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableRows:
    """Rows of one table: text columns by header, `CellType` per cell (None for text files), row numbers, and what each header says.

    doubtful
        fields that no column gives and of which the title says several things
    """

    part: RawPart
    columns: Mapping[str, Any]
    types: NDArray[np.uint8] | None
    rows: NDArray[np.int64]
    matches: Sequence[HeaderMatch]
    logs: Sequence[pd.DataFrame]
    n_aside: int
    lost: tuple[str, ...]
    doubtful: Mapping[str, tuple[Said, ...]] = field(default_factory=dict)


def table_rows(
    sheet: Sheet, register: Register, vocabulary: Vocabulary, *, part: RawPart, mapping: Mapping[str, str] | None, kept_once: frozenset[str],
) -> TableRows:
    """The rows of a table that are entries.

    Rows that are none (totals, notes, the header again, an example) are set aside, each with a line in the log. A cell merged down
    several rows, or with a sign for "as above", holds the value of the cell that begins it.

    Parameters
    ----------
    part
        File and sheet that the table stands on.
    kept_once
        Fields whose merged cells are not filled down: a number of persons would be counted once per row.
    """
    layout = register.layout
    names, header_logs = name_columns(part.path.name, sheet, layout)
    matches = match_headers(names, vocabulary, mapping)
    title = _title(sheet, register, matches, vocabulary, part)
    aside = _rows_aside(sheet, layout, matches, vocabulary) | dict.fromkeys(register.repeats, "header_row")
    if title.dated:
        aside |= _unfilled_rows(sheet, layout, matches, aside)
    rows = layout.rows[~np.isin(layout.rows, list(aside))]
    columns = {name: take_rows(sheet.columns[j], rows) for name, j in zip(names, layout.table.columns, strict=True)}
    types = None if sheet.types is None else sheet.types[np.ix_(rows, layout.table.columns)]
    columns, types, fill_logs = _filled_down(sheet, layout, rows, columns, types, _fields(matches), part, kept_once)
    lost, lost_logs = _without_lost_digits(columns, types, matches)
    told = [Line("title_given", line.header, line.shown, len(rows), part.row_id(line.row + 1) if line.row >= 0 else "") for line in title.lines]
    logs = [_log(part, [*_aside_lines(sheet, layout, aside, part), *told, *fill_logs, *lost_logs]), *header_logs]
    fields = {m.field: (m.header, m.negated) for m in matches if m.field and m.header not in lost and m.field not in title.given}
    year = year_of_title((*register.titles, sheet.name, part.path.stem))
    known = replace(part, n_rows=len(rows), fields=fields, given=title.given, year=year)
    return TableRows(
        part=known, columns=columns, types=types, rows=rows, matches=matches, logs=logs, n_aside=len(aside), lost=lost, doubtful=title.doubtful,
    )


def _title(sheet: Sheet, register: Register, matches: Sequence[HeaderMatch], vocabulary: Vocabulary, part: RawPart) -> TitleFields:
    """What the title says of the fields that no column fills."""
    layout = register.layout
    own = {fields[0] for fields in vocabulary.titled} | set(vocabulary.dated)
    if not own:
        return TitleFields()
    columns = {m.field: sheet.columns[j] for m, j in zip(matches, layout.table.columns.tolist(), strict=True) if m.field}
    cells = {name: take_rows(column, layout.rows) for name, column in columns.items() if name in own}
    blank = {name for name, column in cells.items() if not pc.any(pc.not_equal(pc.utf8_trim_whitespace(column), "")).as_py()}
    dated = [cells[name] for name in vocabulary.dated if name in cells and name not in blank]
    is_day_open = not any(names_day(text) for column in dated for text in pc.unique(column).to_pylist())
    return fields_of_title(sheet, layout.titles, vocabulary, held=columns, blank=blank, file=part.path, is_day_open=is_day_open)


def _unfilled_rows(sheet: Sheet, layout: Layout, matches: Sequence[HeaderMatch], aside: Mapping[int, str]) -> dict[int, str]:
    """Rows of a form that nobody filled in: they have a number and nothing else, be it in a column that no field has (居民 | 李小红)."""
    columns = layout.table.columns.tolist()
    asked = [j for m, j in zip(matches, columns, strict=True) if m.field or plain_header(m.header) not in SERIALS]
    if not any(text.strip() for row in layout.table.header for text in sheet.texts(row, columns[:1])):
        asked = [j for j in asked if j != columns[0]]  # numbers often have no header
    is_filled = sheet.filled[np.ix_(layout.rows, asked)].any(axis=1)
    return {row: "unfilled_row" for row in layout.rows[~is_filled].tolist() if row not in aside}


def _fields(matches: Sequence[HeaderMatch]) -> dict[str, str]:
    return {match.header: match.field for match in matches if match.field}


def _rows_aside(sheet: Sheet, layout: Layout, matches: Sequence[HeaderMatch], vocabulary: Vocabulary) -> dict[int, str]:
    """Rows that are no entries; one that has what every entry must have is an entry, whatever else it says."""
    places = dict(zip((m.field for m in matches), layout.table.columns.tolist(), strict=True))
    key = next((field for field in vocabulary.key if field in places), "")
    aside = rows_set_aside(sheet, layout, {"key": places[key]} if key else {})
    if not len(layout.rows):
        return aside
    first = first_cells(sheet, layout)
    for row, column in zip(layout.rows[:3].tolist(), first[:3].tolist(), strict=True):
        if EXAMPLE.match(sheet.texts(row, [column])[0].strip()):
            aside.setdefault(row, "example_row")
    for row in layout.rows[total_candidates(sheet, layout.rows, first)].tolist():
        if row not in aside and _only_counts(sheet, layout, row):
            aside[row] = "total_row"
    return aside


def _only_counts(sheet: Sheet, layout: Layout, row: int) -> bool:
    """Whether a row names a total and holds nothing but counts beside it (1月小计, 67场), wherever these stand."""
    name, *others = ("".join(text.split()) for text in sheet.texts(row, layout.table.columns.tolist()) if text.strip())
    return bool(others) and TOTAL.fullmatch(name) is not None and all(text in NO_NUMBER or COUNT.fullmatch(text) for text in others)


def _filled_down(
    sheet: Sheet, layout: Layout, rows: NDArray[np.int64], columns: Mapping[str, Any], types: NDArray[np.uint8] | None,
    fields: Mapping[str, str], part: RawPart, kept_once: frozenset[str],
) -> tuple[dict[str, Any], NDArray[np.uint8] | None, list[Line]]:
    """Columns with merged cells and signs for "as above" filled from the cell that begins them."""
    filled: dict[str, Any] = dict(columns)
    logs: list[Line] = []
    place = {int(row): i for i, row in enumerate(rows)}
    tall: dict[int, list[CellRange]] = {}
    for area in sheet.merged:
        if area.bottom > area.top and area.top in place:
            tall.setdefault(area.left, []).append(area)
    for j, (name, column) in enumerate(columns.items()):
        left = int(layout.table.columns[j])
        sources: dict[int, int] = {}
        once = fields.get(name) in kept_once
        for area in tall.get(left, []):
            below = [place[r] for r in range(area.top + 1, area.bottom + 1) if r in place]
            logs.append(Line("merged_kept_once" if once else "merged_filled", name, area.a1, len(below), part.row_id(area.top + 1)))
            sources |= {} if once else dict.fromkeys(below, place[area.top])
        ditto = _ditto_rows(column)
        if ditto:
            logs.append(Line("ditto_filled", name, DITTO[0], len(ditto)))
        if sources or ditto:
            chosen = np.arange(len(column))
            for i in sorted({*sources, *ditto}):
                chosen[i] = chosen[sources[i]] if i in sources else chosen[i - 1]
            filled[name] = column.take(pa.array(chosen))
            if types is not None:
                types = types.copy()
                types[:, j] = types[chosen, j]
    return filled, types, logs


def _ditto_rows(column: Any) -> list[int]:
    found = pc.is_in(pc.utf8_trim_whitespace(column), value_set=text_array(DITTO))
    return [int(i) for i in np.flatnonzero(np.asarray(found)) if i > 0]


def _log(part: RawPart, lines: Sequence[Line]) -> pd.DataFrame:
    """Lines of the log; registers have thousands of merged cells, so that all are made at once."""
    rules, variables, olds, counts, row_ids = ([line[i] for line in lines] for i in range(5))
    return log_lines(
        step="read", rule=rules, file=part.path.name, sheet=part.sheet, row_id=row_ids, variable=variables, old=olds, count=np.array(counts, np.int64),
    )


def _without_lost_digits(
    columns: dict[str, Any], types: NDArray[np.uint8] | None, matches: Sequence[HeaderMatch],
) -> tuple[tuple[str, ...], list[Line]]:
    """Columns of numbers that had all lost digits before the file was written, to be left out, and a line about each.

    Single ones stay as they stand: whoever types the column knows whether it can do without them. Those in scientific notation that
    lost none are written out.
    """
    lost: list[str] = []
    logs: list[Line] = []
    for j, match in enumerate(matches):
        if match.field:
            column, whole = written_out(columns[match.header])
            columns[match.header] = column
            if len(whole):
                logs.append(Line("code_repaired", match.header, "", len(whole)))
            places, _ = column_faults(column, None if types is None else types[:, j])
            if len(places) and len(places) == (text_lengths(column) > 0).sum():
                logs.append(Line("lost_digits", match.header, masked(column[int(places[0])].as_py()), len(places)))
                lost.append(match.header)
    return tuple(lost), logs


def _aside_lines(sheet: Sheet, layout: Layout, aside: Mapping[int, str], part: RawPart) -> list[Line]:
    lines = []
    for row, rule in (dict.fromkeys(layout.titles, "title_row") | dict(sorted(aside.items()))).items():
        first = next((text for text in sheet.texts(row, layout.table.columns.tolist()) if text.strip()), "")
        said = masked(re.split("[:：]", first)[0]) if rule == "total_row" else ""  # titles and notes name who fills the register in
        lines.append(Line(rule, "", said, 1, part.row_id(row + 1)))
    if layout.n_blank:
        lines.append(Line("blank_row", "", "", layout.n_blank))
    return lines + [Line("other_table", "", area.a1) for area in layout.others]
