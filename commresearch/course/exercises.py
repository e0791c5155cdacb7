"""Exercises, and what is said of an answer to one of them.

Questions, explanations and rubrics are the words of the lesson and Chinese; what the checker adds of its own is said in either language.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from commresearch.course.answers import Answer, Unread, fits_unit, read_answer, unit_label
from commresearch.terms import Language
from commresearch.words import say

ROUNDING = 1e-9  #: what binary fractions may add to a difference that equals the tolerance
OUT_OF = 100  #: a share written as 0.12 where 12 % is asked for


class Outcome(StrEnum):
    """How an answer is judged; only the first is right."""

    RIGHT = "right"
    NAMED = "named"  # one of the wrong answers that the lesson explains
    WRONG = "wrong"
    OPPOSITE = "opposite"
    SHARE = "share"
    BLANK = "blank"
    NO_OPTION = "no_option"
    UNREADABLE = "unreadable"
    RANGE = "range"
    BOUND = "bound"
    DIRECTION = "direction"
    POINT = "point"
    NOT_POINTS = "not_points"
    NOT_PERCENT = "not_percent"
    NOT_PERSONS = "not_persons"
    NOT_PERSON_TIMES = "not_person_times"
    OTHER_UNIT = "other_unit"


#: Units that people mix up, given instead of the one asked for.
MIXED_UP = {
    ("百分点", "%"): Outcome.NOT_POINTS, ("%", "百分点"): Outcome.NOT_PERCENT, ("人", "人次"): Outcome.NOT_PERSONS, ("人次", "人"): Outcome.NOT_PERSON_TIMES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongAnswer:
    """A number that a common mistake leads to, and what the mistake is."""

    value: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberTask:
    """A question whose answer is a number; `tolerance` is in the unit of the answer and includes its ends."""

    id: str
    question: str
    answer: float
    tolerance: float
    unit: str
    wrong: tuple[WrongAnswer, ...]
    why: str

    def holds(self, value: float) -> bool:
        """Whether a value is the answer."""
        return near(value, self.answer, self.tolerance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a choice, and why it is right or wrong."""

    text: str
    why: str
    right: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceTask:
    """A question with options, exactly one of which is right; an answer is the letter, the number or the words of an option."""

    id: str
    question: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A line of a rubric: what an answer must have to earn the points."""

    points: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementTask:
    """A question that a teacher judges by a rubric; `model` is an answer that earns all points."""

    id: str
    question: str
    rubric: tuple[Criterion, ...]
    model: str

    @property
    def points(self) -> int:
        """All points that can be earned."""
        return sum(criterion.points for criterion in self.rubric)


Task = NumberTask | ChoiceTask | JudgementTask


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is said of an answer: how it is judged, and the lesson's own explanation where there is one (`why`)."""

    outcome: Outcome
    given: str = ""
    unit: str = ""
    why: str = ""

    @property
    def right(self) -> bool:
        """Whether the answer is right."""
        return self.outcome is Outcome.RIGHT

    def sentence(self, language: Language = Language.ZH) -> str:
        """The verdict in words; explanations of the lesson are Chinese in either language."""
        said = say(f"course.verdict_{self.outcome}", language, given=self.given, unit=self.unit)
        return f"{said}{'' if language is Language.ZH else ' '}{self.why}".strip()


def near(value: float, wanted: float, tolerance: float) -> bool:
    """Whether two numbers differ by no more than the tolerance."""
    return abs(value - wanted) <= tolerance + ROUNDING * max(1.0, abs(wanted))


def letter(place: int) -> str:
    """The letter before an option: A for the first."""
    return chr(ord("A") + place)


def check_answer(task: NumberTask | ChoiceTask, given: str) -> Verdict:
    """Judge an answer as a learner typed it.

    Parameters
    ----------
    task
        A number or a choice; judgements are a teacher's.
    given
        A number with or without its unit, as people write numbers; or the letter, number or words of an option.

    Returns
    -------
    Verdict
        Never an error: what cannot be read is told so.
    """
    return _check_choice(task, given) if isinstance(task, ChoiceTask) else _check_number(task, given)


def _check_choice(task: ChoiceTask, given: str) -> Verdict:
    text = given.strip()
    if not text:
        return Verdict(outcome=Outcome.BLANK)
    for place, option in enumerate(task.options):
        if text.strip("。.、").upper() in {letter(place), str(place + 1), option.text.upper()} or text == option.text:
            return Verdict(outcome=Outcome.RIGHT if option.right else Outcome.WRONG, given=text, why=option.why)
    return Verdict(outcome=Outcome.NO_OPTION, given=text)


def _check_number(task: NumberTask, given: str) -> Verdict:
    answer = read_answer(given)
    label = unit_label(task.unit)
    if isinstance(answer, Unread):
        return Verdict(outcome=Outcome(answer.value), given=given.strip(), unit=label)
    if not fits_unit(answer.unit, task.unit):
        return Verdict(outcome=_mixed_up(answer, task), given=given.strip(), unit=label)
    return _judged(task, answer, given.strip(), label)


def _mixed_up(answer: Answer, task: NumberTask) -> Outcome:
    return MIXED_UP.get((unit_label(task.unit).removeprefix("个"), answer.unit), Outcome.OTHER_UNIT)


def _judged(task: NumberTask, answer: Answer, given: str, label: str) -> Verdict:
    """The verdict on a number in the unit asked for.

    A bare number where % is asked for may be a share: it is read as one where a number of the lesson lies closer to it so. Near nought a
    tolerance covers both readings: -0.15 is the mistake of -15 % rather than the answer -0.14 %.
    """
    meant = _meant(task, answer.value)
    share = _meant(task, answer.value, OUT_OF) if label == "%" and not answer.unit else None
    if share is not None and (meant is None or (share.wrong is not meant.wrong and share.distance < meant.distance)):
        outcome, why = (Outcome.NAMED, share.wrong.why) if share.wrong else (Outcome.SHARE, "")
    elif meant is not None:
        outcome, why = (Outcome.NAMED, meant.wrong.why) if meant.wrong else (Outcome.RIGHT, task.why)
    else:
        outcome, why = Outcome.OPPOSITE if answer.value and task.holds(-answer.value) else Outcome.WRONG, ""
    return Verdict(outcome=outcome, given=given, unit=label, why=why)


class _Meant(NamedTuple):
    """What a number comes near: an explained mistake, or the answer (None); `distance` on the scale of the number as written."""

    wrong: WrongAnswer | None
    distance: float


def _meant(task: NumberTask, value: float, scale: int = 1) -> _Meant | None:
    """What a number times `scale` comes near, the answer first."""
    targets = ((None, task.answer), *((wrong, wrong.value) for wrong in task.wrong))
    return next((_Meant(wrong, abs(value - target / scale)) for wrong, target in targets if near(value * scale, target, task.tolerance)), None)
