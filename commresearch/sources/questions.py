"""Questions of a questionnaire and the columns that their answers stand in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow.compute as pc

from commresearch.sources.platforms import FILLED_IN, SKIPPED_TEXT
from commresearch.sources.raw_table import Question
from commresearch.terms import Export, Platform, VariableType

#: 12、 12. １２： 第12题 Q12. — a point or colon before a digit belongs to a decimal or a time
NUMBER = re.compile(r"\s*(?:第\s*(?P<a>\d+)\s*题|[Qq]?(?P<b>\d+)\s*(?:、|[.．:：](?!\d)|[)）]|(?=[(（])))\s*[、.．:：]?\s*(?P<rest>.*)", re.DOTALL)
NAMED = re.compile(r"\s*[Qq](?P<b>\d+)(?P<rest>(?:[_.\-].*)?)", re.DOTALL)  #: q7 q7_1, as statistics files name them
OPTION_NAME = re.compile(r"(?P<question>\w+?)__\w+")  #: topics__1, as statistics files name options
UNNUMBERED = re.compile(r"(?P<stem>[^—\-:：]+)(?:—+|-|[:：])[^—\-:：]+", re.DOTALL)  #: 满意度—环境 beside 满意度—物业
BLANK_FIELD = re.compile(r"[(（].*(?:[:：]\s*|(?:请补充|请注明|请填写|请说明).*)[)）]", re.DOTALL)
OPENING, CLOSING = "(（[【", {"(": ")", "（": "）", "[": "]", "【": "】"}
SEPARATORS = "—–-－:：_/" + OPENING
PART_MARKS = " :：-—－–_、."
JOINED, RANKED = "┋", "→"
CHOSEN = frozenset({"0", "1", "-2", "-3", ""})  #: cells of one option of a multiple choice, skipped and blank among them
KOBO_CHOSEN = frozenset({"0", "1", "", "TRUE", "FALSE", "True", "False"})
NO_RANK = frozenset({"", "-3", "-2", "-1", "0"})
MAX_RANKED_ITEMS = 50
RANKED_ROWS = 5_000  #: rows that are looked through for places given twice


@dataclass(frozen=True, slots=True)
class _Header:
    """A column, the number and the wording of its question; columns of one `group` that follow one another are one question."""

    name: str
    number: int | None
    rest: str
    group: object


def group_questions(
    columns: Mapping[str, Any], distinct: Mapping[str, Any], platform: Platform, export: Export, texts: Mapping[str, str] | None = None,
) -> tuple[Question, ...]:
    """Questions in file order.

    Columns that follow one another under one question number, or one wording before a dash, are one question: rows of a matrix,
    options of a multiple choice in a code export, places of a ranking. A blank that belongs to an option
    (`25、(其他(请补充):)`) is a question of text with the same number.

    Parameters
    ----------
    columns, distinct
        Header → cells, and the different ones among the first of them; answer columns only.
    platform, export
        Where the file comes from. Kobo's option columns are found by `question/option`; the joined column beside them says the
        same and belongs to no question.
    texts
        Header → wording, where the file has both.
    """
    if platform is Platform.KOBO:
        return tuple(_kobo_questions(distinct))
    questions: list[Question] = []
    for group in _groups([_parsed(name, (texts or {}).get(name) or name) for name in columns]):
        questions += _split(group, columns, distinct, export)
    return tuple(questions)


def _parsed(name: str, text: str) -> _Header:
    for pattern, words in ((NUMBER, text), (NUMBER, name), (NAMED, name)):
        if match := pattern.fullmatch(words):
            number = int(next(v for k, v in match.groupdict().items() if k != "rest" and v is not None))
            return _Header(name, number, match["rest"].strip() if words == text else text.strip(), number)
    if match := OPTION_NAME.fullmatch(name):
        return _Header(name, None, text.strip(), match["question"])
    match = UNNUMBERED.fullmatch(text)
    return _Header(name, None, text.strip(), match["stem"].strip() if match else (name,))


def _groups(headers: Sequence[_Header]) -> Iterator[list[_Header]]:
    group: list[_Header] = []
    for header in headers:
        if group and header.group != group[-1].group:
            yield group
            group = []
        group.append(header)
    if group:
        yield group


def _split(group: list[_Header], columns: Mapping[str, Any], distinct: Mapping[str, Any], export: Export) -> Iterator[Question]:
    """One question of one number, and the blanks that belong to its options."""
    blanks = [h for h in group if _is_blank_field(h, group)]
    rest = [h for h in group if h not in blanks]
    if rest:
        yield _question(rest, columns, distinct, export)
    for header in blanks:
        yield Question(number=header.number, text=_unbracketed(header.rest).strip(PART_MARKS), columns=(header.name,), type=VariableType.TEXT)


def _is_blank_field(header: _Header, group: list[_Header]) -> bool:
    """A bracket that asks to write something, or stands alone where another column of the same number has wording before it."""
    return header.rest[:1] in CLOSING and (BLANK_FIELD.fullmatch(header.rest) is not None or any(h.rest[:1] not in CLOSING for h in group))


def _question(group: list[_Header], columns: Mapping[str, Any], distinct: Mapping[str, Any], export: Export) -> Question:
    names = tuple(h.name for h in group)
    if len(group) == 1:
        rest = group[0].rest
        is_part = rest[:1] in CLOSING and _unbracketed(rest) != rest
        question = Question(number=group[0].number, text=rest if not is_part else "", columns=names, parts=(_unbracketed(rest),) if is_part else ())
        return replace(question, type=_type_of_one(columns[names[0]], distinct[names[0]], export))
    stem, parts = _stem_and_parts([h.rest for h in group])
    return Question(number=group[0].number, text=stem, columns=names, parts=parts, type=_type_of_several([columns[n] for n in names], [distinct[n] for n in names], export))


def _stem_and_parts(texts: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """What several headers share up to a separator, and what each adds: `题干—甲`, `题干—乙` → 题干, (甲, 乙)."""
    least, most = min(texts), max(texts)
    shared = least[: next((i for i, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), len(least))]
    is_wording = all(text == shared or text[len(shared)] in SEPARATORS + PART_MARKS for text in texts)  # of one of the columns
    if not is_wording:
        shared = shared[: max(shared.rfind(mark) for mark in SEPARATORS) + 1]
    stem = shared.rstrip(SEPARATORS + PART_MARKS)
    opened = shared.rstrip(PART_MARKS)[-1:]
    parts = []
    for text in texts:
        part = text[len(shared) :].strip(PART_MARKS)
        if opened in CLOSING and part.endswith(CLOSING[opened]):
            part = part[:-1]
        parts.append(_unbracketed(part))
    return stem, tuple(parts)


def _unbracketed(text: str) -> str:
    """Text without a pair of brackets around the whole of it."""
    closing = CLOSING.get(text[:1])
    return text[1:-1].strip() if closing and text.endswith(closing) else text


def _type_of_one(column: Any, distinct: Any, export: Export) -> VariableType | None:
    """Multiple choice by ┋ between options, ranking by → between items that recur; None where the cells do not show it.

    A code export has a column per option, so that these signs can only stand in what somebody wrote.
    """
    if export is Export.CODE:
        return None
    joined = distinct.filter(pc.match_substring(distinct, JOINED)).to_pylist()
    if any(JOINED in FILLED_IN.sub("", cell) for cell in joined):
        return VariableType.MULTIPLE
    return VariableType.RANKING if pc.any(pc.match_substring(distinct, RANKED)).as_py() and _lists_items(column) else None


def _lists_items(column: Any) -> bool:
    """Whether most answers list some of a few items; an arrow in a free answer proves nothing."""
    counted = ((str(one["values"]), int(one["counts"])) for one in pc.value_counts(column).to_pylist())
    answers = {cell: count for cell, count in counted if cell and not SKIPPED_TEXT.fullmatch(cell)}
    ranked = {cell: FILLED_IN.sub("", cell).split(RANKED) for cell in answers if RANKED in cell}
    items = {item.strip() for cell in ranked.values() for item in cell}
    are_most = 2 * sum(answers[cell] for cell in ranked) >= sum(answers.values())
    return are_most and len(items) <= min(MAX_RANKED_ITEMS, 2 * max(map(len, ranked.values())))


def _type_of_several(columns: Sequence[Any], distinct: Sequence[Any], export: Export) -> VariableType | None:
    """Options of a multiple choice by 0 and 1, places of a ranking by numbers that differ within each row, in a code export."""
    if export is not Export.CODE:
        return None
    values = [set(cells.to_pylist()) for cells in distinct]
    if all(found <= CHOSEN for found in values) and any("1" in found for found in values):
        return VariableType.MULTIPLE
    places = {str(k) for k in range(1, len(columns) + 1)} | NO_RANK
    if len(columns) > 2 and all(found <= places for found in values) and _is_ranking(columns):
        return VariableType.RANKING
    return None


def _is_ranking(columns: Sequence[Any]) -> bool:
    """Whether no answered row gives a place twice; few rows prove nothing."""
    rows = zip(*(column.slice(0, RANKED_ROWS).to_pylist() for column in columns), strict=True)
    answered = [[v for v in row if v not in NO_RANK] for row in rows]
    several = [row for row in answered if len(row) > 1]
    return len(several) >= len(columns) and all(len(set(row)) == len(row) for row in several)


def _kobo_questions(distinct: Mapping[str, Any]) -> Iterator[Question]:
    """`q` with `q/a`, `q/b` beside it is a multiple choice; `group/q` without a column `group` is a question of its own."""
    options: dict[str, list[str]] = {}
    for name in distinct:
        parent = name.rpartition("/")[0]
        if parent in distinct and set(distinct[name].to_pylist()) <= KOBO_CHOSEN:
            options.setdefault(parent, []).append(name)
    taken = {name for names in options.values() for name in names}
    for name in distinct:
        if name in options:
            parts = tuple(option.rpartition("/")[2] for option in options[name])
            yield Question(number=None, text=name, columns=tuple(options[name]), parts=parts, type=VariableType.MULTIPLE)
        elif name not in taken:
            yield Question(number=None, text=name, columns=(name,))
