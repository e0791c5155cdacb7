"""What a lesson holds beside prose, tables and exercises: its head, its plan, what a reader can change, and its workbook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from commresearch.course.exercises import ChoiceTask, NumberTask, Option, WrongAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Number and title of a lesson, what can be said or done after it, what to do in the week that follows, and the situation it opens with."""

    number: int
    title: str
    claim: str
    next_week: str
    situation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the plan of a lesson; `minutes` is how long it takes."""

    minutes: int
    name: str
    teacher: str
    learners: str
    material: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What a reader chooses; `options` are the values of the choice with their labels, in the order shown."""

    name: str
    label: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What stands there for one combination of choices: a picture (its file without extension), its alternative text, one sentence."""

    values: tuple[str, ...]
    picture: str
    alt: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explore:
    """Choices of a reader with everything that they can lead to, drawn beforehand."""

    id: str
    question: str
    controls: tuple[Control, ...]
    states: tuple[Shown, ...]
    default: tuple[str, ...]
    simulated: bool

    @property
    def shown_first(self) -> Shown:
        """What stands there before anything was chosen, and on paper."""
        return next(state for state in self.states if state.values == self.default)

    def labels(self, state: Shown) -> list[str]:
        """The choices of a state as a reader sees them."""
        return [control.options[value] for control, value in zip(self.controls, state.values, strict=True)]


def combinations(controls: Sequence[Control]) -> list[tuple[str, ...]]:
    """Every combination of choices, the last control changing fastest."""
    return list(product(*(control.options for control in controls)))


class Fill(StrEnum):
    """How a column of the workbook is filled: it stands there, from a list, with a number, with free words."""

    GIVEN = "given"
    PICK = "pick"
    AMOUNT = "amount"
    FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the workbook; `width` in half-width characters, `tolerance` in the unit of the column."""

    name: str
    fill: Fill
    width: float
    options: tuple[str, ...] = ()
    unit: str = ""
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The answer to one cell, why it is right, and wrong answers with what is wrong in them."""

    answer: str | float
    why: str
    wrong: tuple[tuple[str | float, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row to be filled in: what stands there already, by column, and the key of every column that has one answer."""

    given: Mapping[str, str | float]
    keys: Mapping[str, Key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What holds of every filled row: left side, sign (<=, <, >=, >, = or <>), right side, and what is wrong where it does not.

    Sides are names of columns or numbers; a number may be given as such only on the right.
    """

    left: str
    sign: str
    right: str | float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The workbook of a lesson."""

    title: str
    task: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    example: Mapping[str, str | float]
    example_why: str
    rules: tuple[Rule, ...]
    simulated: bool

    @property
    def filled(self) -> list[Column]:
        """Columns that the learner fills in."""
        return [column for column in self.columns if column.fill is not Fill.GIVEN]

    def column(self, name: str) -> Column:
        """A column by its name."""
        return next(column for column in self.columns if column.name == name)


def task_of(column: Column, key: Key) -> NumberTask | ChoiceTask:
    """One cell of the workbook as the exercise that it is."""
    if column.fill is Fill.AMOUNT:
        return amount_of(column, key, column.name)
    told = dict(key.wrong) | {key.answer: key.why}
    options = tuple(Option(text=text, why=told.get(text, ""), right=text == key.answer) for text in column.options)
    return ChoiceTask(id=column.name, question=column.name, options=options)


def amount_of(column: Column, key: Key, name: str) -> NumberTask:
    """A cell of a column of numbers as an exercise."""
    wrong = tuple(WrongAnswer(value=float(value), why=why) for value, why in key.wrong)
    return NumberTask(id=name, question=column.name, answer=float(key.answer), tolerance=column.tolerance, unit=column.unit, wrong=wrong, why=key.why)
