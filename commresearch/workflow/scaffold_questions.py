"""The questionnaire of a case: one file, from which every form of it is made."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from commresearch.cleaning.conditions import Comparison, Condition
from commresearch.terms import Language, MissingKind, Role

#: Reading speed and time to answer, in seconds: for an upper estimate of how long a questionnaire takes.
SIGNS_PER_SECOND = 5
SECONDS_TO_ANSWER = {"single": 3, "multiple": 6, "number": 6, "date": 8, "text": 12, "matrix": 0}
SECONDS_PER_ROW = 3


class QuestionType(StrEnum):
    """How a question is put."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    NUMBER = "number"
    DATE = "date"
    TEXT = "text"
    MATRIX = "matrix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A text in both languages."""

    zh: str
    en: str

    def __getitem__(self, language: Language) -> str:
        return self.zh if language is Language.ZH else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option; `value` is its place from 1, as platforms count options.

    `missing` is the kind of missing that the option means, `open` says that a text may be written beside it, `ends` that
    choosing it ends the questionnaire.
    """

    value: str
    wording: Wording
    missing: MissingKind | None = None
    open: bool = False
    ends: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a matrix question; `key` is -1 where agreement means less of what the scale measures."""

    name: str
    wording: Wording
    key: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One numbered question.

    `asked_if` is its own condition; `gates` are those of all earlier options that end the questionnaire. `shared` names the
    list that options were taken from. `unknown` is the number that stands for no answer, of the kind `unknown_kind`;
    `not_below` and `not_above` name an earlier question whose number bounds this one.
    """

    name: str
    type: QuestionType
    number: int
    wording: Wording
    hint: Wording | None = None
    options: tuple[Option, ...] = ()
    shared: str = ""
    rows: tuple[Row, ...] = ()
    optional: bool = False
    asked_if: Condition | None = None
    gates: tuple[Comparison, ...] = ()
    role: Role | None = None
    quasi: bool = False
    unit: Wording | None = None
    low: int | None = None
    high: int | None = None
    unknown: str = ""
    unknown_kind: MissingKind = MissingKind.DONT_KNOW
    not_below: str = ""
    not_above: str = ""
    pattern: str = ""
    scale: str = ""
    note: Wording | None = None

    @property
    def condition(self) -> Condition | None:
        """Who is asked in full: nobody who ended earlier, and whom the question's own condition lets through."""
        if self.asked_if is not None and self.asked_if.join == "or" and len(self.asked_if.parts) > 1:
            return self.asked_if  # it speaks of questions that nobody reaches who ended earlier
        parts = (*self.gates, *(self.asked_if.parts if self.asked_if else ()))
        return Condition(parts=parts, join="and") if parts else None

    @property
    def open_options(self) -> tuple[Option, ...]:
        """Options with a text beside them."""
        return tuple(o for o in self.options if o.open)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Questions under one title."""

    name: str
    title: Wording
    note: Wording | None
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    """A questionnaire in both languages; `{minutes}` in the introduction is already a number."""

    title: Wording
    intro: Wording
    interviewer: Wording
    stopped: Wording
    thanks: Wording
    sections: tuple[Section, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions, in order."""
        return tuple(q for section in self.sections for q in section.questions)

    def __getitem__(self, name: str) -> Question:
        return next(q for q in self.questions if q.name == name)

    @property
    def ending(self) -> tuple[Comparison, ...]:
        """Answers that end the questionnaire."""
        return tuple(Comparison(name=q.name, operator="=", value=o.value) for q in self.questions for o in q.options if o.ends)


def estimated_minutes(sections: tuple[Section, ...]) -> int:
    """Minutes that a person needs who is asked everything, rounded up: Chinese signs read at five a second, and time to answer."""
    questions = [q for section in sections for q in section.questions]
    signs = sum(len(s.note.zh) for s in sections if s.note)
    signs += sum(len(q.wording.zh) + (len(q.hint.zh) if q.hint else 0) + sum(len(r.wording.zh) for r in q.rows) for q in questions)
    signs += sum(len(o.wording.zh) for q in questions for o in q.options)
    answers = sum(SECONDS_TO_ANSWER[q.type] + SECONDS_PER_ROW * len(q.rows) for q in questions)
    return math.ceil((signs / SIGNS_PER_SECOND + answers) / 60)


def matching_options(questionnaire: Questionnaire, part: Comparison) -> tuple[Option, ...]:
    """Options of the earlier question that satisfy one comparison."""
    options = questionnaire[part.name].options
    return tuple(o for o in options if (o.value == part.value) != (part.operator == "!="))


def next_question(questionnaire: Questionnaire, question: Question, option: Option) -> Question | None:
    """The question that follows an answer to a single choice, other questions with open conditions counted in; None at the end."""
    if option.ends:
        return None
    skipped: set[str] = set()
    answered = {question.name: option.value}
    for later in questionnaire.questions[question.number:]:
        if later.asked_if is None or _may_be_asked(later.asked_if, answered, skipped):
            return later
        skipped.add(later.name)
    return None


def _may_be_asked(condition: Condition, answered: Mapping[str, str], skipped: set[str]) -> bool:
    holds = list(_certainties(condition, answered, skipped))
    return False not in holds if condition.join == "and" else holds != [False] * len(holds)


def _certainties(condition: Condition, answered: Mapping[str, str], skipped: set[str]) -> Iterator[bool | None]:
    for part in condition.parts:
        if part.name in skipped:
            yield False
        elif part.name in answered:
            yield (answered[part.name] == part.value) != (part.operator == "!=")
        else:
            yield None
