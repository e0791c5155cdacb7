"""Which option of a question a text means, and how a cell with several options comes apart."""

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from commresearch.cleaning.parsed import PLAIN, Rule, half_width, strongest
from commresearch.terms import Export

OPENS, CLOSES = "〖", "〗"
SEPARATOR, ARROW = "┋", "→"
MOST_PIECES = 50  #: a cell that comes into more pieces is no list of options

_PUNCTUATION = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "【": "[", "】": "]", "、": ",", "—": "-", "–": "-", "·": "."})
_ENDS = "。.;,:"
_PREFIX = re.compile(r"\(?(?P<mark>[A-Za-z]|[0-9]{1,3})(?:\)|[.、:,]\)?)\s*(?![0-9])(?P<rest>.+)", re.DOTALL)
_NUMERIC = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_WHOLE = re.compile(r"(-?[0-9]+)\.0+")
_PAIR = re.compile(r"([0-9]{1,4})\s*[-/月]\s*([0-9]{1,4})日?")
_DAY = re.compile(r"(?P<year>[0-9]{4})[-/.年](?P<month>[0-9]{1,2})[-/.月](?P<day>[0-9]{1,2})日?(?:[ T]0{1,2}:00(?::00)?(?:\.0+)?)?")
_MONTH_DAY = re.compile(r"(?P<month>[0-9]{1,2})月(?P<day>[0-9]{1,2})[日号]")
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = re.compile(rf"(?:(?P<first>[0-9]{{1,2}})-)?(?P<name>{'|'.join(_NAMES)})(?:-(?P<last>[0-9]{{2}}))?", re.IGNORECASE)


class Part(NamedTuple):
    """One option of a cell as written, with the free text that stands in brackets beside it."""

    label: str
    fill: str | None = None


class Answer(NamedTuple):
    """The value of an option ("" where the text is refused), why, and the free text beside it ("" for none)."""

    value: str
    rule: str
    fill: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of one question, ready to be looked up in."""

    labels: Mapping[str, str]
    open_values: frozenset[str]
    export: Export
    by_label: Mapping[str, str]
    by_key: Mapping[str, str]
    by_bare_key: Mapping[str, str]
    marks: Mapping[str, str]
    pairs: Mapping[tuple[int, int], frozenset[str]]
    crossed: bool
    seen: dict[str, Answer] = field(default_factory=dict)  #: parts without free text repeat in every cell; each is looked up once

    @classmethod
    def of(cls, labels: Mapping[str, str], *, open_values: Iterable[str] = (), export: Export = Export.UNKNOWN) -> "Options":
        """Options from value → label; `export` settles whether a number is the label or the value of an option."""
        prefixed = {value: _PREFIX.fullmatch(half_width(label).strip()) for value, label in labels.items()}
        numbered = bool(labels) and all(prefixed.values())
        marks = {value: match["mark"].casefold() for value, match in prefixed.items() if match} if numbered else {}
        bare = {value: match["rest"] for value, match in prefixed.items() if match} if numbered else labels
        by_label = {label: value for value, label in labels.items()}
        pairs: dict[tuple[int, int], frozenset[str]] = {}
        for value, label in labels.items():
            if match := _PAIR.fullmatch(half_width(label).strip()):
                pair = int(match[1]), int(match[2])
                pairs[pair] = pairs.get(pair, frozenset()) | {value}
        return cls(
            labels=labels, open_values=frozenset(open_values), export=export, by_label=by_label, by_key=_unique_keys(labels),
            by_bare_key=_unique_keys(bare), marks=marks, pairs=pairs,
            crossed=any(label in labels and value != label for label, value in by_label.items()),
        )

    def read(self, text: str, *, is_date: bool = False) -> Answer:
        """The option that a whole text means: by label, value, label with free text, or a date that a spreadsheet made of it."""
        if not half_width(text).strip():
            return Answer("", PLAIN)
        answer = self._match(text)
        if answer.value:
            return answer
        parts = split_fill(text)
        if parts and (filled := self._with_fill(*parts)).value:
            return filled
        head, mark, fill = text.replace("：", ":").partition(":")
        if mark and (found := self._match(head)).value in self.open_values and fill.strip():
            return Answer(found.value, strongest(found.rule, Rule.LABEL_NORMALISED), fill.strip())
        if value := self._from_date(text):
            return Answer(value, str(Rule.DATE_WAS_OPTION))
        return Answer("", str(Rule.UNREADABLE_DATE_CELL)) if is_date else answer

    def knows(self, label: str) -> bool:
        """Whether a text without brackets names an option."""
        return bool(self._match(label).value)

    def read_part(self, part: Part) -> Answer:
        """The option of one part of a cell."""
        if part.fill is not None:
            return self._with_fill(part.label, part.fill, PLAIN)
        if part.label not in self.seen:
            self.seen[part.label] = self.read(part.label)
        return self.seen[part.label]

    def _with_fill(self, label: str, fill: str, rule: str) -> Answer:
        answer = self._match(label)
        if not answer.value:
            return answer
        unexpected = fill.strip() and answer.value not in self.open_values
        return Answer(answer.value, strongest(rule, answer.rule, Rule.UNEXPECTED_FILL if unexpected else PLAIN), fill.strip())

    def _match(self, text: str) -> Answer:
        if answer := self._look_up(text, PLAIN):
            return answer
        plain = half_width(text).strip()
        whole = _WHOLE.fullmatch(plain)
        if (whole or plain != text) and (answer := self._look_up(whole[1] if whole else plain, str(Rule.LABEL_NORMALISED))):
            return answer
        if self.export is Export.CODE and _NUMERIC.fullmatch(plain):
            return Answer("", str(Rule.UNREADABLE_LABEL))
        if value := self.by_key.get(label_key(text)):
            return Answer(value, str(Rule.LABEL_NORMALISED))
        return self._prefixed(plain)

    def _look_up(self, text: str, rule: str) -> Answer | None:
        """By label or value, whichever the kind of export means; a number that may be either is refused."""
        label, value = self.by_label.get(text, ""), text if text in self.labels else ""
        is_number = _NUMERIC.fullmatch(text) is not None
        if self.export is Export.TEXT:
            value = ""
        elif self.export is Export.CODE:
            label = "" if value or is_number else label
        elif label != value and ((label and value) or (self.crossed and is_number and (label or value))):
            return Answer("", str(Rule.UNREADABLE_AMBIGUOUS_LABEL))
        return Answer(label or value, rule) if label or value else None

    def _prefixed(self, plain: str) -> Answer:
        """By label without the number or letter that stands before it; that mark must not name another option."""
        refused = Answer("", str(Rule.UNREADABLE_LABEL))
        match = _PREFIX.fullmatch(plain)
        value = self.by_bare_key.get(label_key(match["rest"] if match else plain))
        if not value:
            return refused
        places = {str(list(self.labels).index(value) + 1)}
        places |= {chr(ord("a") + int(place) - 1) for place in places if int(place) <= 26} | {value.casefold()}
        expected = {self.marks[value]} if self.marks else places
        if match and match["mark"].casefold() not in expected:
            return refused
        return Answer(value, str(Rule.OPTION_PREFIX))

    def _from_date(self, text: str) -> str:
        found = {value for pair in _date_pairs(half_width(text).strip()) for value in self.pairs.get(pair, ())}
        return found.pop() if len(found) == 1 else ""


def label_key(text: str) -> str:
    """A label without what typing varies: width, spaces, case, kinds of quotes and brackets, a full stop at the end."""
    return "".join(half_width(text).split()).translate(_PUNCTUATION).casefold().rstrip(_ENDS)


def _unique_keys(labels: Mapping[str, str]) -> dict[str, str]:
    """Value by key; a key that several labels share is left out."""
    keys = {value: label_key(label) for value, label in labels.items()}
    times = Counter(keys.values())
    return {key: value for value, key in keys.items() if key and times[key] == 1}


def _date_pairs(text: str) -> set[tuple[int, int]]:
    """The pairs of numbers that a spreadsheet may have made this date of: 2025-01-03 of 1-3, 1950-01-01 of 1-50."""
    if match := _DAY.fullmatch(text):
        year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
        if day != 1 or not 1 <= month <= 12:
            return {(month, day)}
        is_day = 1 <= year % 100 <= monthrange(2001, month)[1]  # 1-2 is always a day, 1-50 and 2-30 are months of a year
        return {(month, day), (month, year), (year, month)} | (set() if is_day else {(month, year % 100)})
    if match := _MONTH_DAY.fullmatch(text):
        return {(int(match["month"]), int(match["day"]))}
    if (match := _NAMED.fullmatch(text)) and (match["first"] is None) != (match["last"] is None):
        return {(_NAMES.index(match["name"].lower()) + 1, int(match["first"] or match["last"]))}
    return set()


def split_fill(text: str) -> tuple[str, str, str] | None:
    """Label, free text and rule of one option with brackets, whose last one may be lost; None where there are none, or text follows."""
    label, opened, rest = text.strip().partition(OPENS)
    if rest.endswith(CLOSES):
        return label, rest.removesuffix(CLOSES), PLAIN if _is_balanced(text) else str(Rule.UNBALANCED_BRACKETS)
    return (label, rest, str(Rule.UNBALANCED_BRACKETS)) if opened and CLOSES not in rest else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Splitter:
    """How the cells of one question come apart: at `mark`, into texts that `knows` accepts."""

    mark: re.Pattern[str]
    knows: Callable[[str], bool]
    labels_hold_mark: bool

    @classmethod
    def of(cls, separators: Iterable[str], labels: Collection[str], knows: Callable[[str], bool]) -> "Splitter":
        """A splitter at any of the separators; `labels` say whether one of them may stand inside a label."""
        mark = re.compile("|".join(map(re.escape, sorted(separators, key=len, reverse=True))))
        return cls(mark=mark, knows=knows, labels_hold_mark=any(mark.search(label) for label in labels))

    def split(self, text: str) -> tuple[tuple[Part, ...], str]:
        """The options of a cell and the rule of the splitting; no options and a refusal where there is more than one way."""
        balanced = _is_balanced(text)
        if balanced and not self.labels_hold_mark:
            return tuple(_part(piece) for piece in _split_outside(text, self.mark) if piece.strip()), PLAIN
        ways, pieces = _readings(text, self.mark, self.knows)
        if ways == 1:
            return tuple(_part(piece) for piece in pieces), PLAIN if balanced else str(Rule.UNBALANCED_BRACKETS)
        if not balanced:
            return (), str(Rule.UNREADABLE_UNBALANCED_BRACKETS)
        return (), str(Rule.UNREADABLE_AMBIGUOUS_LABEL if ways else Rule.UNREADABLE_LABEL)


def split_multiple(text: str, *, separators: Sequence[str] = (SEPARATOR,), labels: Collection[str] = ()) -> tuple[tuple[Part, ...], str]:
    """The options of a cell that holds several, and the rule that the splitting took.

    Separators inside 〖〗 belong to the free text. Where brackets do not pair, or a label itself holds a separator, the cell is
    split only if exactly one way leaves nothing but known labels (any text where `labels` is empty); otherwise the parts are empty
    and the rule is a refusal.
    """
    knows = labels.__contains__ if labels else lambda label: bool(label.strip())
    return Splitter.of(separators, labels, knows).split(text)


def _is_balanced(text: str) -> bool:
    if OPENS not in text and CLOSES not in text:
        return True
    depth = 0
    for character in text:
        depth += (character == OPENS) - (character == CLOSES)
        if depth < 0:
            return False
    return depth == 0


def _split_outside(text: str, mark: re.Pattern[str]) -> list[str]:
    """Pieces between separators that stand outside brackets."""
    if OPENS not in text:
        return mark.split(text)
    pieces, start = [], 0
    for match in mark.finditer(text):
        if text.count(OPENS, 0, match.start()) == text.count(CLOSES, 0, match.start()):
            pieces.append(text[start : match.start()])
            start = match.end()
    return [*pieces, text[start:]]


def _part(piece: str) -> Part:
    parts = split_fill(piece)
    return Part(piece.strip()) if parts is None else Part(parts[0], parts[1])


def _readings(text: str, mark: re.Pattern[str], known: Callable[[str], bool]) -> tuple[int, list[str]]:
    """How many ways there are to split a text into options, and the pieces of one of them."""
    spans = [(0, 0), *(match.span() for match in mark.finditer(text)), (len(text), len(text))]
    if len(spans) > MOST_PIECES:
        return 0, []
    ways, before = [1] + [0] * (len(spans) - 1), [0] * len(spans)
    for last in range(1, len(spans)):
        for first in range(last):
            alone_at_end = last == len(spans) - 1 and first == last - 1
            if ways[first] and _is_option(text[spans[first][1] : spans[last][0]], known, may_lack_end=alone_at_end):
                ways[last], before[last] = ways[last] + ways[first], first
    pieces, last = [], len(spans) - 1
    while ways[-1] and last:
        pieces.append(text[spans[before[last]][1] : spans[last][0]])
        last = before[last]
    return ways[-1], pieces[::-1]


def _is_option(piece: str, known: Callable[[str], bool], *, may_lack_end: bool) -> bool:
    label, opened, fill = piece.strip().partition(OPENS)
    if not opened:
        return CLOSES not in label and known(label)
    return known(label) and (fill.endswith(CLOSES) or (may_lack_end and CLOSES not in fill))
