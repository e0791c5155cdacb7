"""What a simulated questionnaire asks, and the model its answers are drawn from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from commresearch.terms import Identifier, Role, VariableType


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a choice; `value` is its number as a platform counts options, from 1."""

    value: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A condition on an earlier answer; `operator` is "=" for one answer, "has" for one of several."""

    name: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.name} {self.operator} {self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """How the answers of a population arise.

    shares
        probability of each option; of a multiple choice the probability that each is ticked
    trait, loading
        latent trait behind the answer and its correlation with the latent answer (a threshold model)
    dont_know
        share that chooses the option for not knowing
    median, spread, step
        a number is lognormal with this median and this standard deviation of logarithms, rounded to steps
    answered
        share that writes something; the rest leaves the question blank
    """

    shares: tuple[float, ...] = ()
    trait: str = ""
    loading: float = 0.0
    dont_know: float = 0.0
    median: float = 1.0
    spread: float = 0.5
    step: float = 1.0
    answered: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One variable of a questionnaire: a question, or one row of a matrix question.

    `open` names the option with a fill-in text (one at most), `dont_know` the option that is no answer, `most` how many options are ranked.
    A `required` question cannot be left blank; every question that another one depends on is.
    """

    name: str
    type: VariableType
    zh: str
    en: str
    number: int = 0
    options: tuple[Option, ...] = ()
    open: tuple[str, ...] = ()
    dont_know: str = ""
    most: int = 0
    asked_if: tuple[Comparison, ...] = ()
    required: bool = False
    model: Model = Model()
    role: Role | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    matrix: str = ""
    matrix_zh: str = ""
    matrix_en: str = ""
    scale: str = ""
    key: int = 1
    identifier: Identifier | None = None
    quasi: bool = False

    @property
    def is_typed(self) -> bool:
        """Whether people type a number or a date."""
        return self.type in {VariableType.NUMBER, VariableType.DATE}

    @property
    def answer_options(self) -> tuple[Option, ...]:
        """Options that are answers."""
        return tuple(option for option in self.options if option.value != self.dont_know)

    def position(self, value: str) -> int:
        """Place of an option, from 0."""
        return [option.value for option in self.options].index(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    """Items in order, numbered as questions: the rows of a matrix share one number."""

    title: str
    items: tuple[Item, ...]

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __getitem__(self, name: str) -> Item:
        return next(item for item in self.items if item.name == name)

    @property
    def n_questions(self) -> int:
        """Number of numbered questions."""
        return max(item.number for item in self.items)

    def of_type(self, *types: VariableType) -> list[Item]:
        """Items of some types."""
        return [item for item in self.items if item.type in types]

    def scales(self) -> dict[str, list[Item]]:
        """Items of every scale."""
        groups: dict[str, list[Item]] = {}
        for item in self.items:
            if item.scale:
                groups.setdefault(item.scale, []).append(item)
        return groups


def number_questions(title: str, items: Sequence[Item]) -> Questionnaire:
    """A questionnaire from items: numbers them, and makes every question required that another one depends on."""
    needed = {condition.name for item in items for condition in item.asked_if}
    numbered: list[Item] = []
    for item in items:
        continues = bool(item.matrix) and bool(numbered) and numbered[-1].matrix == item.matrix
        number = (numbered[-1].number if numbered else 0) + (not continues)
        numbered.append(replace(item, number=number, required=item.required or item.name in needed))
    return Questionnaire(title=title, items=tuple(numbered))
