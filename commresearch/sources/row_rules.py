"""Rows below a header that are no answers: totals, units, notes, and the header again."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cache

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from commresearch.sources.layout import PROFILE_ROWS, Layout
from commresearch.sources.sheet import Sheet, take_rows

#: rules whose lines stand for one row each; with the rows of the frame they make up the rows that were read
ROW_RULES = ("total_row", "note_row", "header_row")
TOTALS = ("合计", "小计", "总计", "共计", "汇总", "平均值", "平均数", "平均分", "平均", "均值", "Subtotal", "Grand total", "Total", "Average", "Mean")
#: words that name a total or another summary only in a row without a key and with numbers alone beside them; an answer may hold them as well
SUMS = ("总人数", "总户数", "总数", "总和", "累计")
SUMMARIES = ("计", "人数", "户数", "百分比", "占比", "最大值", "最小值", "标准差", "中位数")
COUNTED = "(?:人次|人|户|名|份|条|件|次|个)?"
_BEHIND = r"[:：]?(?:[(（][^)）]*[)）])?"
#: a total may name its group before it and what it counts behind: 甲社区小计、合计人数、合计（人）
TOTAL = re.compile(rf"[^,.;!?，。；！？]{{0,12}}?(?:{'|'.join(TOTALS)})(?:人|户|份|件|次)?数?{_BEHIND}", re.IGNORECASE)
SUMMARY = re.compile(rf"(?:[^,.;!?，。；！？]{{0,12}}?(?:{'|'.join(SUMS)})|{'|'.join(SUMMARIES)}){_BEHIND}")
#: a total with its number in one cell: 合计12人
COUNT = re.compile(rf"(?:共计?|总计|合计|小计|总数)[:：]?\d[\d,]*{COUNTED}")
#: how many, as people answer it
HOW_MANY = re.compile(rf"(?:一共|总共|共)?(?:\d[\d,]*|[一二两三四五六七八九十]+)(?:口人?|{COUNTED})")
AMOUNT = re.compile(rf"\d[\d,]*(?:\.\d+)?(?:{COUNTED}|[%％])")


def _spaced(words: Iterable[str]) -> str:
    """Words as people stretch them over a cell: 合　计."""
    return "|".join(r"[\s\x{3000}]*".join(word) for word in words)


ANY_TOTAL = (
    rf"(?i)^[^,.;!?，。；！？]*(?:{_spaced(TOTALS)}|合$|小$|总$|平$)"
    rf"|^[^,.;!?，。；！？]*(?:{_spaced(SUMS)})[\s:：\d,]*{COUNTED}\s*(?:$|[(（])|^\s*(?:{_spaced(SUMMARIES)})\s*(?:$|[:：(（])"
)
NOTE = re.compile(
    r"(?:注|备注|说明|附注|资料来源|数据来源|来源|填表人|填表日期|制表人?|制表日期|审核人?|填报人?|填报单位|填报日期|负责人|经办人|联系人|联系电话|Notes?|Source)\s*\d*\s*[:：]"
    rf"|{COUNT.pattern}$|以下(?:空白|无正文)$",
    re.IGNORECASE,
)
_NUMBER = "[\\d一二三四五六七八九十]+"
#: the number of a printed page, alone or behind the title of the table: 第2页，共3页、满意度调查表（第2页）、- 2 -
PAGE = re.compile(
    rf"(?:[^,.;!?，。；！？]{{0,30}}(?:表|卷|册|单|台账|记录))?[(（]?(?:第{_NUMBER}页(?:[,，、/]?[(（]?共{_NUMBER}页[)）]?)?|共{_NUMBER}页[,，、/]?第{_NUMBER}页|Page\d+(?:of\d+)?)[)）]?"
    r"|[-—–－]\d+[-—–－]",
    re.IGNORECASE,
)
ANY_PAGE = r"页|(?i)page|^\s*[-—–－]"
UNIT = re.compile(
    r"[(（]?(?:单位[:：]?)?(?:人次|人|户|岁|次|个|件|条|份|%|％|‰|分|秒|分钟|小时|时|天|日|周|月|年|元|万元|千元|米|平方米|㎡|公里|亩|公斤|单位[:：]?|yuan|years?|persons?|minutes?|hours?)[)）]?",
    re.IGNORECASE,
)
NO_NUMBER = frozenset({"", "-", "--", "—", "——", "/", "\\"})
CANDIDATE_CELLS = 2


def rows_set_aside(sheet: Sheet, layout: Layout, columns: Mapping[str, int]) -> dict[int, str]:
    """Position → rule for the rows below the header that are no answers.

    `columns` gives the positions of the key and of the time of submission ("key", "submitted") where the table has them. A row
    that has them is an answer, whatever it says; without a key column a total has numbers only beside its name.
    """
    found = dict.fromkeys(layout.notes, "note_row")
    rows = layout.rows
    if not len(rows):
        return found
    first = first_cells(sheet, layout)
    header = sheet.texts(max(layout.table.header), layout.table.columns)
    says_how_many = cache(lambda column: _says_how_many(sheet, layout, column))  # thousands of rows may hold a count alone
    for row in rows[total_candidates(sheet, rows, first)].tolist():
        if _is_total(sheet, layout, row, columns, says_how_many):
            found[row] = "total_row"
    for row in _repeats(sheet, layout, header):
        found[row] = "header_row"
    for row in _pages(sheet, layout):
        found[row] = "note_row"
    if _is_unit_row(sheet, layout, int(rows[0]), columns):
        found[int(rows[0])] = "note_row"
    for row in rows[::-1].tolist():
        if row not in found and not _is_note(sheet, layout, row, columns, says_how_many):
            break
        found.setdefault(row, "note_row")
    return found


def first_cells(sheet: Sheet, layout: Layout) -> NDArray[np.int64]:
    """Column of the first filled cell of each row."""
    leading = layout.table.columns[0]
    if sheet.filled[layout.rows, leading].all():
        return np.full(len(layout.rows), leading)
    filled = sheet.filled[np.ix_(layout.rows, layout.table.columns)]
    return np.asarray(layout.table.columns[filled.argmax(axis=1)])


def total_candidates(sheet: Sheet, rows: NDArray[np.int64], first: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of the rows whose first cell may name a total."""
    found = []
    for j in np.unique(first):
        places = np.flatnonzero(first == j)
        matches = pc.match_substring_regex(take_rows(sheet.columns[j], rows[places]), ANY_TOTAL)
        found.append(places[np.asarray(matches)])
    return np.sort(np.concatenate(found))


def _cells(sheet: Sheet, layout: Layout, row: int) -> dict[int, str]:
    """Filled cells of a row, by column."""
    columns = [int(j) for j in layout.table.columns if sheet.filled[row, j]]
    return {j: re.sub(r"\s", "", text) for j, text in zip(columns, sheet.texts(row, columns), strict=True)}


def _has_own(cells: Mapping[int, str], columns: Mapping[str, int], but: tuple[int, ...] = ()) -> bool:
    """Whether a row has a key or a time of submission, as every answer has where there are such columns."""
    return any(j in cells and j not in but for j in columns.values())


def _is_total(sheet: Sheet, layout: Layout, row: int, columns: Mapping[str, int], says_how_many: Callable[[int], bool]) -> bool:
    cells = _cells(sheet, layout, row)
    places = list(cells)
    if TOTAL.fullmatch(cells[places[0]]):
        name: tuple[int, ...] = (places[0],)
    elif len(places) > 1 and cells[places[0]] + cells[places[1]] in TOTALS:
        name = (places[0], places[1])
    elif columns and (SUMMARY.fullmatch(cells[places[0]]) or COUNT.fullmatch(cells[places[0]])):
        return _only_amounts(sheet, row, cells, columns)
    else:
        least = 1 if cells[places[0]].startswith(TOTALS) else CANDIDATE_CELLS
        return not columns and not cells[places[0]].startswith("共") and len(layout.table.columns) > least and _counts_alone(cells, says_how_many)
    if columns:
        return not _has_own(cells, columns, name)
    return all(text in NO_NUMBER or sheet.is_number(row, j) for j, text in cells.items() if j not in name)


def _only_amounts(sheet: Sheet, row: int, cells: Mapping[int, str], columns: Mapping[str, int]) -> bool:
    """Whether a row that begins with the name of a summary is none of the answers, which have a key, and holds nothing but numbers beside it."""
    name, *others = cells
    return not _has_own(cells, columns, (name,)) and all(cells[j] in NO_NUMBER or sheet.is_number(row, j) or AMOUNT.fullmatch(cells[j]) for j in others)


def _counts_alone(cells: Mapping[int, str], says_how_many: Callable[[int], bool]) -> bool:
    """Whether a count stands alone in a row of a table without a key, and nobody answers in its column how many there are."""
    column, *further = cells
    return not further and bool(COUNT.fullmatch(cells[column])) and not says_how_many(column)


def _says_how_many(sheet: Sheet, layout: Layout, column: int) -> bool:
    """Whether the first answers say in a column how many there are; a count alone in its row is no answer."""
    for row in layout.rows[:PROFILE_ROWS].tolist():
        text = re.sub(r"\s", "", sheet.texts(row, [column])[0])
        if HOW_MANY.fullmatch(text) and (sheet.filled[row, layout.table.columns].sum() > 1 or not COUNT.fullmatch(text)):
            return True
    return False


def _repeats(sheet: Sheet, layout: Layout, header: list[str]) -> list[int]:
    """Rows that hold the header once more, as printed pages do."""
    named = [(j, text) for j, text in zip(layout.table.columns, header, strict=True) if text.strip()]
    if len(named) < CANDIDATE_CELLS:
        return []
    rows = layout.rows
    for j, text in named:
        equal = np.asarray(pc.equal(take_rows(sheet.columns[j], rows), text))
        rows = rows[equal]
        if not len(rows):
            return []
    return [int(row) for row in rows]


def _pages(sheet: Sheet, layout: Layout) -> list[int]:
    """Rows that hold nothing but the number of a page, in a column in which nobody answers with one."""
    if len(layout.table.columns) <= CANDIDATE_CELLS:
        return []
    rows = layout.rows[sheet.counts[layout.rows] == 1]
    places = sheet.filled[rows].argmax(axis=1)
    found = []
    for j in np.unique(places).tolist():
        alone = rows[places == j]
        may_be = alone[np.asarray(pc.match_substring_regex(take_rows(sheet.columns[j], alone), ANY_PAGE), bool)]
        is_page = [PAGE.fullmatch("".join(text.split())) is not None for text in take_rows(sheet.columns[j], may_be).to_pylist()]
        others = (_cells(sheet, layout, row) for row in layout.rows[:PROFILE_ROWS].tolist()) if any(is_page) else ()
        if not any(len(said) > 1 and PAGE.fullmatch(said.get(j, "")) for said in others):
            found += may_be[is_page].tolist()
    return found


def _is_unit_row(sheet: Sheet, layout: Layout, row: int, columns: Mapping[str, int]) -> bool:
    cells = _cells(sheet, layout, row)
    enough = len(cells) >= (1 if columns else CANDIDATE_CELLS)
    return enough and all(UNIT.fullmatch(unicodedata.normalize("NFKC", text)) for text in cells.values())


def _is_note(sheet: Sheet, layout: Layout, row: int, columns: Mapping[str, int], says_how_many: Callable[[int], bool]) -> bool:
    cells = _cells(sheet, layout, row)
    if not cells or not NOTE.match(next(iter(cells.values()))):
        return False
    names = tuple(j for j, text in cells.items() if NOTE.match(text))  # a note may stand in the column of the key
    if not columns and all(COUNT.fullmatch(cells[j]) for j in names):
        return len(layout.table.columns) > CANDIDATE_CELLS and _counts_alone(cells, says_how_many)
    return not _has_own(cells, columns, names) and (len(cells) <= CANDIDATE_CELLS or len(names) > 1)
