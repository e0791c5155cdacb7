"""Answers to one questionnaire that stand on several pages of a sheet, or on several sheets."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commresearch.errors import Failure, SourceError
from commresearch.sources.headers import name_columns
from commresearch.sources.layout import NUMBER_SHARE, PROFILE_ROWS, Layout, find_table
from commresearch.sources.platforms import ask_the_same, meta_columns, plain_header
from commresearch.sources.row_rules import NOTE, PAGE, rows_set_aside
from commresearch.sources.sheet import NUMBER_LIKE, OtherSheet, Sheet, take_rows
from commresearch.terms import Platform

NO_ANSWERS = frozenset({"CR-S17", "CR-S25", "CR-S26"})  #: what is said of a sheet without a header or without a row below it
KEY_LIKE = re.compile(r"\D{0,3}\d+\D{0,3}")  #: A7, 补7号: what may be typed for a number
DATE = re.compile(r"\d{4}年\d{1,2}月(?:\d{1,2}日)?|\d{1,2}月\d{1,2}日")
YEAR = r"^\s*(?:19|20)\d\d|月"
#: a cell of a title: who asked, of what unit, when, which page
TITLED = re.compile(
    r"(?:(?:调查|访问|访谈|录入|督导|审核|复核|填表|填报|制表|统计|报送|联系|负责|经办)(?:员|人|者|日期|时间|地点|单位|机构)|访员|督导|日期|单位|页码|组别|批次|date|interviewer|unit|page)[:：].*"
    rf"|{DATE.pattern}|{PAGE.pattern}",
    re.IGNORECASE,
)
NAMED_TABLE = re.compile(r"[^,.;!?，。；！？:：]{0,30}(?:调查|登记|统计|汇总|一览|明细)表(?:[(（].*[)）])?")
LABELLED = re.compile(r"[^\d,.;!?，。；！？:：]{1,8}[:：]")  #: 楼栋：3号楼; somebody may begin an answer like this, but hardly every cell
BETWEEN = "\x1f"  #: cells of a row that are compared at once


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """The answers of one sheet: where they stand, names of columns, those that describe the answer sheet by their meaning, cells by name."""

    sheet: Sheet
    layout: Layout
    names: Sequence[str]
    meta: Mapping[str, str]
    cells: Mapping[str, Any]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.cells[self.names[0]])

    @property
    def headers(self) -> list[frozenset[str]]:
        """What the rows of the header say, before blank and repeated cells get names."""
        return [_words(self.sheet.texts(row, self.layout.table.columns)) for row in self.layout.table.header]


def titles_between(sheet: Sheet, layout: Layout, aside: Mapping[int, str], key: int | None) -> dict[int, str]:
    """Position → rule for what stands among the answers as on every printed page: titles above a repeated header, names of groups, upper rows of the header.

    A title is told from an answer by the key, or because it stands above the first header as well, be it with another date, number
    or name: else every row counts as an answer.
    """
    found: dict[int, str] = {}
    headers = sorted(row for row, rule in aside.items() if rule == "header_row")
    between = _Between(sheet, layout, key, aside) if headers else None
    for repeated in headers:
        above: list[int] = []
        for row in range(repeated - 1, max(layout.table.header), -1):
            if _repeats_upper(sheet, layout, row):
                found[row] = "header_row"
            elif row not in aside and sheet.filled[row].any():
                if not between or not (between.is_title(row) or between.names_group(row, above)):
                    break
                found[row] = "note_row"
                above.append(row)
    return found | {row: "note_row" for row in _labels(sheet, layout, key) if row not in aside}


class _Between:
    """What tells a title above a repeated header from an answer: the titles above the first header, the key, and what sure answers say in each column."""

    def __init__(self, sheet: Sheet, layout: Layout, key: int | None, aside: Mapping[int, str]) -> None:
        self.sheet, self.layout, self.key = sheet, layout, key
        above, rows = range(max(layout.table.header)), layout.rows
        self.told = frozenset(_said(sheet, row) for row in above) - {""}
        self.patterns = frozenset(pattern for row in above if any(map(str.isalpha, pattern := self._pattern(row))))
        is_sure = 2 * sheet.counts[rows] > len(layout.table.columns)
        if key is not None:
            is_sure |= np.asarray(pc.match_substring_regex(take_rows(sheet.columns[key], rows), r"^\s*\d+\s*$"), bool)
        self.sure = rows[is_sure & ~np.isin(rows, list(aside))]
        first = self.sure[:PROFILE_ROWS].tolist()
        self.is_numbered = key is not None and bool(first) and sum(sheet.is_number(row, key) for row in first) >= NUMBER_SHARE * len(first)
        self.answered: dict[int, frozenset[str]] = {}
        self.titles = sorted(layout.titles, reverse=True)
        self.wide = {(area.top, area.left) for area in sheet.merged if area.right > area.left}
        headers = [row for row, rule in aside.items() if rule == "header_row"]
        self.has_names = len(headers) > 1 and bool((sheet.counts[np.array(headers) - 1] == 1).all())

    def is_title(self, row: int) -> bool:
        """Whether a row directly above a repeated header is a title."""
        said, n = _said(self.sheet, row), int(self.sheet.counts[row])
        if said in self.told:
            return True
        if self._is_answer(row):
            return False
        if self._pattern(row) in self.patterns or (n == 1 and PAGE.fullmatch(said)):
            return True
        if self.key is None or n == 1:
            return self.key is not None and not self._has_key(row, self.key)
        return self.is_numbered and self._lacks_number(row, self.key, n) and self._reads_as_title(row, n)

    def names_group(self, row: int, above: Sequence[int]) -> bool:
        """Whether a row stands above a repeated header, and above the titles found there, as a title stands above the first one, and is surely another.

        Somebody who answered one question only could stand there as well. A title follows a blank row or another title, is written over merged
        cells, ends as the first one does (望海社区、青滩社区), or stands above each of several headers.
        """
        k = len(above)
        if k >= len(self.titles) or (k and above[-1] - row != self.titles[k - 1] - self.titles[k]):
            return False
        sheet, title = self.sheet, self.titles[k]
        place = int(sheet.filled[row].argmax())
        if sheet.counts[row] != 1 or sheet.counts[title] != 1 or not sheet.filled[title, place] or sheet.is_number(row, place) or self._is_answer(row):
            return False
        return sheet.counts[row - 1] == 0 or _said(sheet, row - 1) in self.told or (row, place) in self.wide or _said(sheet, row)[-1] == _said(sheet, title)[-1] or self.has_names

    def _has_key(self, row: int, key: int) -> bool:
        """Whether a row has a key: a number where the others are, and no note."""
        if not self.sheet.filled[row, key] or NOTE.match(_said(self.sheet, row)):
            return False
        return not self.is_numbered or self.sheet.is_number(row, key)

    def _lacks_number(self, row: int, key: int, n: int) -> bool:
        """Whether a row of few cells has no number where the keys are numbers; A7 among them may be one."""
        if self.sheet.is_number(row, key):
            return False
        if not self.sheet.filled[row, key]:
            return 2 * n < len(self.layout.table.columns)
        return 2 * n <= len(self.layout.table.columns) and not KEY_LIKE.fullmatch(self.sheet.texts(row, [key])[0].strip())

    def _reads_as_title(self, row: int, n: int) -> bool:
        """Whether a row of several cells is more than a row without a number: its words are those of a title, or it stands in the places of one.

        Open answers repeat nothing that others say, and answer sheets without a number are added at the end of a page.
        """
        if any(np.array_equal(self.sheet.filled[row], self.sheet.filled[title]) for title in self.titles):
            return True
        cells = {j: "".join(self.sheet.texts(row, [j])[0].split()) for j in np.flatnonzero(self.sheet.filled[row]).tolist()}
        leading = int(self.layout.table.columns[0])
        titled = [j for j, text in cells.items() if TITLED.fullmatch(text) or (j == leading and NAMED_TABLE.fullmatch(text))]
        if 2 * len(titled) >= n and not any(DATE.fullmatch(cells[j]) and self._answers_with_years(j) for j in titled):
            return True
        return leading in cells and all(map(LABELLED.match, cells.values()))

    def _answers_with_years(self, column: int) -> bool:
        """Whether people answer with a year or a date, be it written in another way."""
        return bool(pc.any(pc.match_substring_regex(take_rows(self.sheet.columns[column], self.sure[:PROFILE_ROWS]), YEAR)).as_py())

    def _pattern(self, row: int) -> str:
        return "".join(map(_pattern, self.sheet.texts(row, np.flatnonzero(self.sheet.filled[row]))))

    def _is_answer(self, row: int) -> bool:
        """Whether a cell says what answers say in its column, whatever numbers they have; keys that are numbers are looked at by themselves."""
        numbers = self.layout.table.numbers
        for j in self.layout.table.columns[self.sheet.filled[row, self.layout.table.columns]].tolist():
            if j == self.key and self.is_numbered:
                continue
            if (j in numbers and self.sheet.is_number(row, j)) or _pattern(self.sheet.texts(row, [j])[0]) in self._answers(j):
                return True
        return False

    def _answers(self, column: int) -> frozenset[str]:
        if column not in self.answered:
            self.answered[column] = frozenset(map(_pattern, pc.unique(take_rows(self.sheet.columns[column], self.sure)).to_pylist())) - {""}
        return self.answered[column]


def _pattern(text: str) -> str:
    """What a cell says but for its numbers and for what stands behind a colon."""
    return re.sub(r"(?<=[:：]).*", "", re.sub(r"\d+", "0", "".join(text.split())))


def _repeats_upper(sheet: Sheet, layout: Layout, row: int) -> bool:
    """Whether a row is one of the upper rows of the header once more."""
    columns = layout.table.columns
    return any(sheet.texts(row, columns) == sheet.texts(upper, columns) for upper in layout.table.header[:-1])


def _said(sheet: Sheet, row: int) -> str:
    return "".join("".join(sheet.texts(row, np.flatnonzero(sheet.filled[row]))).split())


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
    headers = set(chosen.headers) - {frozenset()}
    for name, other in others.items():
        has_names = any(ask_the_same(chosen.names, [cell for cell in row if isinstance(cell, str)]) for row in other.top)
        has_headers = len(frozenset().union(*headers)) > 1 and headers <= set(map(_words, other.top))
        if not has_names and not has_headers:
            continue
        found = _answers(file, other.opened())
        if found is None or not (ask_the_same(chosen.names, found.names) or (has_headers and _same_header(chosen, found))) or _holds(chosen, found):
            continue
        values = {"file": file, "sheet": chosen.sheet.name, "other": name, "count": len(chosen), "further": len(found)}
        failures.append(Failure(code="CR-S44", values=values))
    if failures:
        raise SourceError(*failures)


def _same_header(chosen: Answers, other: Answers) -> bool:
    """Whether two headers share a row and are as wide: a sheet that lacks the questions without a header, such as one of visits, is another form.

    Cells may be merged on one of the two, and a column of remarks may stand behind the header of one.
    """
    if set(chosen.headers).isdisjoint({*other.headers} - {frozenset()}):
        return False
    one, further = (np.flatnonzero(a.sheet.filled[np.ix_(np.array(a.layout.table.header), a.layout.table.columns)].any(axis=0)) for a in (chosen, other))
    return bool(len(chosen.names) == len(other.names) or np.ptp(one) == np.ptp(further))


def _words(cells: Sequence[Any]) -> frozenset[str]:
    """Cells of a row that are no numbers, which readers of workbooks write in more than one way."""
    return frozenset(plain_header(cell) for cell in cells if isinstance(cell, str) and not NUMBER_LIKE.fullmatch(cell.strip())) - {""}


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
    return Answers(sheet=sheet, layout=layout, names=names, meta=meta, cells=cells) if len(rows) else None


def _holds(chosen: Answers, other: Answers) -> bool:
    """Whether all rows of a sheet stand on the chosen one as well; without a key, rows may be equal by chance, so that all must be."""
    by_plain = {plain_header(name): name for name in other.names}
    shared = [(name, by_plain[plain]) for name in chosen.names if (plain := plain_header(name)) in by_plain]
    if len(shared) < len(chosen.names) == len(other.names):
        shared = list(zip(chosen.names, other.names, strict=True))  # cells of one header are merged, those of the other are not
    if not shared:
        return False
    first, second = _joined(chosen, [a for a, _ in shared]), _joined(other, [b for _, b in shared])
    if chosen.meta.get("key") in {name for name, _ in shared}:
        return bool(pc.all(pc.is_in(second, value_set=first)).as_py())
    return bool(first.sort().equals(second.sort()))


def _joined(answers: Answers, names: Sequence[str]) -> Any:
    columns = [column.combine_chunks() if isinstance(column := answers.cells[name], pa.ChunkedArray) else column for name in names]
    return pc.binary_join_element_wise(*map(pc.utf8_trim_whitespace, columns), pa.scalar(BETWEEN, pa.large_string()))
