"""Single choice, multiple choice and rankings, from option texts and from option numbers."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.cleaning.option_labels import ARROW, SEPARATOR, Answer, Options, Part, Splitter, label_key, split_fill, split_multiple
from commresearch.cleaning.parsed import (
    PLAIN,
    Parsed,
    ParsedColumns,
    Rule,
    Rules,
    distinct,
    half_width,
    is_type,
    strongest,
    text_array,
    tidy,
)
from commresearch.sources.raw_table import CellType
from commresearch.terms import Export

__all__ = ["Part", "code_multiple", "code_ranking", "code_single", "combine_multiple", "combine_ranking", "split_multiple"]

NO, YES, NOTHING = 0, 1, -1  #: what a cell says of its option; NOTHING where it is missing or unreadable
_MARKS = {"0": NO, "1": YES, "0.0": NO, "1.0": YES}
_PLACE = re.compile(r"[0-9]{1,3}(?:\.0+)?")
_MARK_WORDS = dict.fromkeys(("是", "true", "yes", "y", "t", "√", "✓", "✔", "☑", "选中", "已选", "checked", "selected"), YES) | dict.fromkeys(
    ("否", "false", "no", "n", "f", "未选中", "未选", "unchecked", "not selected"), NO
)

Read_co = TypeVar("Read_co", covariant=True)


def code_single(
    texts: pd.Series, labels: Mapping[str, str], *, open_values: Iterable[str] = (), export: Export = Export.UNKNOWN,
    types: NDArray[np.uint8] | None = None,
) -> Parsed:
    """Values of a single choice, as a category of the codebook's values.

    Parameters
    ----------
    texts
        cells as text, "" where empty or a marker of missing stood
    labels
        value → label, in the order of the options
    open_values
        values whose option carries a free text
    export
        whether cells hold option texts or option numbers. Where this is unknown and numbers are both labels and values of other
        options, they are refused.
    types
        `CellType` per cell: an option like 1-3 that a spreadsheet has made a date of is taken back if exactly one label fits

    Returns
    -------
    Parsed
        `other` holds the free texts; it is None where no option carries one and none was found
    """
    options = Options.of(labels, open_values=open_values, export=export)
    answers, codes = _read_cells(texts, types, options.read)
    place = {value: i for i, value in enumerate(labels)} | {"": NOTHING}
    values = pd.Categorical.from_codes(np.array([place[a.value] for a in answers])[codes], categories=_categories(labels))
    other = None
    if options.open_values or any(a.fill for a in answers):
        other = _text_series([a.fill for a in answers], codes, texts)
    rule = text_array([a.rule for a in answers])[codes]
    return Parsed(values=pd.Series(values, index=texts.index, name=texts.name), rule=rule, other=other)


def code_multiple(
    texts: pd.Series, labels: Mapping[str, str], *, separators: Sequence[str] = (SEPARATOR,), open_values: Iterable[str] = (),
    export: Export = Export.UNKNOWN, types: NDArray[np.uint8] | None = None,
) -> ParsedColumns:
    """Options of a multiple choice whose answers stand in one cell, as one 0/1 column per value.

    Parameters
    ----------
    texts, labels, open_values, export, types
        as for `code_single`
    separators
        what stands between options: ┋ in 问卷星, a space in Kobo, a comma or 、 elsewhere

    Returns
    -------
    ParsedColumns

    Notes
    -----
    A blank cell is missing in every column, never 0. One unknown option makes the whole cell unreadable: what else was chosen is
    then not known.
    """
    options = Options.of(labels, open_values=open_values, export=export)
    read, codes = _read_cells(texts, types, partial(_read_several, options=options, splitter=_splitter(options, separators)))
    chosen = np.full((len(read), len(labels)), NOTHING, dtype=np.int8)
    place = {value: i for i, value in enumerate(labels)}
    for row, (answers, _) in enumerate(read):
        if answers:
            chosen[row] = NO
            chosen[row, [place[a.value] for a in answers]] = YES
    other = _text_series([_join_fills(answers, place) for answers, _ in read], codes, texts)
    rule = text_array([rule for _, rule in read])[codes]
    return ParsedColumns(frame=_int_frame(chosen[codes], labels, texts.index), rule=_same_in_row(rule, len(labels)), other=other)


def combine_multiple(
    columns: pd.DataFrame, labels: Mapping[str, str], *, open_values: Iterable[str] = (), missing: NDArray[np.bool_] | None = None
) -> ParsedColumns:
    """Options of a multiple choice that stand in one column each, as one 0/1 column per value.

    Parameters
    ----------
    columns
        cells as text: 0 and 1, or what a platform writes for them (是, √, TRUE, the option's label); in the column of an open
        option, any other text is the free text and means 1
    labels
        value → label, in the order of `columns`
    open_values
        values whose option carries a free text
    missing
        where a cell holds a marker of missing (-3, -2, (跳过)), in the shape of `columns`; such a cell's text is not read

    Returns
    -------
    ParsedColumns

    Raises
    ------
    ValueError
        where there are not as many columns as options

    Notes
    -----
    A row that is blank throughout stays missing. A blank beside answers means "not chosen" only where the columns hold no 0 at
    all (an export of ones and blanks); otherwise it is missing (`partly_blank`). A marker of missing beside answers is missing
    with the rule `inconsistent_skip`.
    """
    marker = _marker_cells(columns, labels, missing)
    opened = frozenset(open_values)
    chosen, rule = np.full(columns.shape, NOTHING, dtype=np.int8), np.full(columns.shape, PLAIN, dtype=object)
    blank = np.zeros(columns.shape, dtype=bool)
    fills: list[NDArray[np.object_]] = []
    for j, (value, label) in enumerate(labels.items()):
        found, codes = distinct(columns.iloc[:, j])
        read = [_read_mark(text, value, label, is_open=value in opened) for text in found.tolist()]
        chosen[:, j] = np.array([mark for mark, _, _ in read], dtype=np.int8)[codes]
        rule[:, j] = text_array([reason for _, reason, _ in read])[codes]
        blank[:, j] = np.array([not half_width(text).strip() for text in found.tolist()], dtype=bool)[codes]
        fills.append(text_array([fill for _, _, fill in read])[codes])
    chosen[marker], rule[marker], blank = NOTHING, PLAIN, blank & ~marker
    answered = (~marker & ~blank).any(axis=1, keepdims=True)
    rule[marker & answered] = str(Rule.INCONSISTENT_SKIP)
    beside = blank & answered
    if (chosen == NO).any():
        rule[beside] = str(Rule.PARTLY_BLANK)
    else:
        chosen[beside], rule[beside] = NO, str(Rule.BLANK_NOT_SELECTED)
    return ParsedColumns(frame=_int_frame(chosen, labels, columns.index), rule=rule, other=_join_columns(fills, marker, columns.index))


def code_ranking(
    texts: pd.Series, labels: Mapping[str, str], *, separators: Sequence[str] = (ARROW,), open_values: Iterable[str] = (),
    export: Export = Export.UNKNOWN,
) -> ParsedColumns:
    """Places of a ranking whose options stand in one cell in their order (A→B→C), as columns `rank_1`, `rank_2`, ….

    Parameters
    ----------
    texts, labels, open_values, export
        as for `code_single`
    separators
        what stands between options

    Returns
    -------
    ParsedColumns
        one column per option; places that were not given are NA. An option in two places makes the cell unreadable.
    """
    options = Options.of(labels, open_values=open_values, export=export)
    found, codes = distinct(texts)
    place = {value: i for i, value in enumerate(labels)}
    splitter = _splitter(options, separators)
    order, rules, fills = np.full((len(found), len(labels)), NOTHING, dtype=np.int64), [], []
    for row, text in enumerate(found.tolist()):
        answers, rule = _read_several(text, options=options, splitter=splitter, repeats=Rule.UNREADABLE_REPEATED_RANK)
        order[row, : len(answers)] = [place[a.value] for a in answers]
        rules.append(rule)
        fills.append(_join_fills(answers, place))
    frame = _rank_frame(order[codes], labels, texts.index)
    return ParsedColumns(frame=frame, rule=_same_in_row(text_array(rules)[codes], len(labels)), other=_text_series(fills, codes, texts))


def combine_ranking(
    columns: pd.DataFrame, labels: Mapping[str, str], *, missing: NDArray[np.bool_] | None = None
) -> ParsedColumns:
    """Places of a ranking whose options stand in one column each with the number of their place, as columns `rank_1`, `rank_2`, ….

    Parameters
    ----------
    columns
        cells as text: 1, 2, …; "" or 0 for an option that was not ranked; free text in brackets beside the number
    labels
        value → label, in the order of `columns`
    missing
        where a cell holds a marker of missing, in the shape of `columns`

    Returns
    -------
    ParsedColumns
        a row with one place given twice, or with a gap between places, is unreadable

    Raises
    ------
    ValueError
        where there are not as many columns as options
    """
    marker = _marker_cells(columns, labels, missing)
    n, k = columns.shape
    ranks, fills = np.zeros((n, k), dtype=np.int64), []
    for j in range(k):
        found, codes = distinct(columns.iloc[:, j])
        read = [_read_rank(text) for text in found.tolist()]
        ranks[:, j] = np.array([rank for rank, _ in read], dtype=np.int64)[codes]
        fills.append(text_array([fill for _, fill in read])[codes])
    ranks[marker] = 0
    rows, options = np.nonzero((ranks > 0) & (ranks <= k))
    places = ranks[rows, options] - 1
    holders = np.bincount(rows * k + places, minlength=n * k).reshape(n, k)
    order = np.full((n, k), NOTHING, dtype=np.int64)
    order[rows, places] = options
    rule = np.full(n, PLAIN, dtype=object)
    rule[ranks.max(axis=1, initial=0) > (ranks > 0).sum(axis=1)] = str(Rule.UNREADABLE_RANK_GAP)
    rule[(holders > 1).any(axis=1)] = str(Rule.UNREADABLE_REPEATED_RANK)
    rule[(ranks < 0).any(axis=1)] = str(Rule.UNREADABLE_TEXT)
    order[rule != PLAIN] = NOTHING
    frame = _rank_frame(order, labels, columns.index)
    return ParsedColumns(frame=frame, rule=_same_in_row(rule, k), other=_join_columns(fills, marker, columns.index))


class _Reader(Protocol[Read_co]):
    """Reads one text, which may stand in a date cell."""

    def __call__(self, text: str, *, is_date: bool = False) -> Read_co: ...


def _read_cells(texts: pd.Series, types: NDArray[np.uint8] | None, read: _Reader[Read_co]) -> tuple[list[Read_co], NDArray[np.intp]]:
    """Each distinct text read once, once more as a date where it stands in date cells, and for each cell the place of its reading."""
    found, codes = distinct(texts)
    dates = is_type(types, CellType.DATE, len(texts))
    distinct_texts = found.tolist()
    results = [read(text) for text in distinct_texts]
    if dates.any():
        results += [read(text, is_date=True) for text in distinct_texts]
        codes = np.where(codes < 0, len(found) - 1, codes) + len(found) * dates
    return results, codes


def _read_several(
    text: str, *, options: Options, splitter: Splitter, is_date: bool = False, repeats: Rule = Rule.REPEATED_OPTION
) -> tuple[list[Answer], str]:
    """The options of one cell, each once, in the order written; none with the refusal where one of them is not known."""
    if is_date:
        answer = options.read(text, is_date=True)
        return [answer] if answer.value else [], answer.rule
    if not half_width(text).strip():
        return [], PLAIN
    parts, rule = splitter.split(text)
    answers = [options.read_part(part) for part in parts]
    refusals = [a.rule for a in answers if not a.value]
    if refusals or not answers:
        return [], strongest(rule if rule else Rule.UNREADABLE_LABEL, *refusals)
    once = {a.value: a for a in reversed(answers)}
    rule = strongest(rule, *(a.rule for a in answers), repeats if len(once) < len(answers) else PLAIN)
    if rule == Rule.UNREADABLE_REPEATED_RANK:
        return [], rule
    return [a for a in answers if once[a.value] is a], rule


def _splitter(options: Options, separators: Sequence[str]) -> Splitter:
    return Splitter.of(separators, options.labels.values(), options.knows)


def _read_mark(text: str, value: str, label: str, *, is_open: bool) -> tuple[int, str, str]:
    """What a cell says of its option, the rule, and the free text."""
    plain, rule = tidy(text)
    if not plain or plain in _MARKS:
        return _MARKS.get(plain, NOTHING), rule if plain else PLAIN, ""
    filled = split_fill(plain)
    if filled and (filled[0] == "1" or label_key(filled[0]) == label_key(label)):
        return YES, filled[2] if is_open or not filled[1] else str(Rule.UNEXPECTED_FILL), filled[1].strip()
    if plain.casefold() in _MARK_WORDS:
        return _MARK_WORDS[plain.casefold()], str(Rule.MARK_WORD), ""
    if label_key(plain) == label_key(label) or (plain == value and not is_open):
        return YES, str(Rule.MARK_WORD), ""
    return (YES, PLAIN, text.strip()) if is_open else (NOTHING, str(Rule.UNREADABLE_LABEL), "")


def _read_rank(text: str) -> tuple[int, str]:
    """The place in a cell: 0 where the option was not ranked, NOTHING where the text is no place; and the free text."""
    plain, _ = tidy(text)
    number, fill, _ = split_fill(plain) or (plain, "", PLAIN)
    if not number:
        return 0, fill
    return (int(number.partition(".")[0]), fill) if _PLACE.fullmatch(number) else (NOTHING, "")


def _marker_cells(columns: pd.DataFrame, labels: Mapping[str, str], missing: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    if columns.shape[1] != len(labels):
        raise ValueError(f"{columns.shape[1]} columns for {len(labels)} options")
    return np.zeros(columns.shape, dtype=bool) if missing is None else np.asarray(missing, dtype=bool)


def _join_fills(answers: Iterable[Answer], place: Mapping[str, int]) -> str:
    return SEPARATOR.join(a.fill for a in sorted(answers, key=lambda a: place[a.value]) if a.fill)


def _join_columns(fills: Sequence[NDArray[np.object_]], marker: NDArray[np.bool_], index: pd.Index) -> pd.Series:
    """Free texts of several columns, joined in the order of the options."""
    joined = np.full(len(index), "", dtype=object)
    for j, column in enumerate(fills):
        here = (column != "") & ~marker[:, j]
        joined[here] = np.where(joined[here] == "", column[here], joined[here] + SEPARATOR + column[here])
    return _with_missing(joined, index)


def _text_series(texts: Sequence[str], codes: NDArray[np.intp], cells: pd.Series) -> pd.Series:
    return _with_missing(text_array(texts)[codes], cells.index)


def _with_missing(texts: NDArray[np.object_], index: pd.Index) -> pd.Series:
    texts[texts == ""] = None
    return pd.Series(texts, index=index, dtype="str")


def _same_in_row(rule: Rules, width: int) -> Rules:
    return np.broadcast_to(rule[:, None], (len(rule), width))


def _int_frame(chosen: NDArray[np.int8], labels: Collection[str], index: pd.Index) -> pd.DataFrame:
    absent = chosen == NOTHING
    return pd.DataFrame({value: pd.arrays.IntegerArray(chosen[:, j].copy(), absent[:, j].copy()) for j, value in enumerate(labels)}, index=index)


def _categories(labels: Collection[str]) -> "pd.Index[str]":
    return pd.Index(list(labels), dtype="str")


def _rank_frame(order: NDArray[np.int64], labels: Collection[str], index: pd.Index) -> pd.DataFrame:
    return pd.DataFrame(
        {f"rank_{j + 1}": pd.Categorical.from_codes(order[:, j], categories=_categories(labels)) for j in range(order.shape[1])}, index=index
    )
