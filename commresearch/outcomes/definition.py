"""What a rate is: its outcome and every choice that went into it, comparable and printed with each result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from commresearch.errors import Failure, OutcomeError
from commresearch.terms import Language, Outcome, Unit, UnitLevel
from commresearch.words import has, say

TICKET_TYPES = ("complaint", "report", "help", "inquiry", "suggestion", "praise", "other")
ROOM_CLASSES = ("activity", "office", "corridor", "plant", "tenancy")
DAY_MINUTES = 2_880


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One choice: its default, what it may be, and how a value of a file or of a call becomes it."""

    default: object
    read: Callable[[Any], object]
    allowed: str


def _one_of(*values: str) -> Callable[[Any], object]:
    def read(value: Any) -> object:
        if str(value) not in values:
            raise ValueError(value)
        return str(value)

    return read


def _several_of(*values: str) -> Callable[[Any], object]:
    """Words in the order of the vocabulary; without a vocabulary any words, sorted."""

    def read(value: Any) -> object:
        words = {value} if isinstance(value, str) else {str(v) for v in value}
        if values and (not words or words - set(values)):
            raise ValueError(value)
        return tuple(v for v in values if v in words) if values else tuple(sorted(words))

    return read


def _whole(low: int, high: int) -> Callable[[Any], object]:
    def read(value: Any) -> object:
        if isinstance(value, bool) or int(value) != value or not low <= value <= high:
            raise ValueError(value)
        return int(value)

    return read


def _day(word: str | None) -> Callable[[Any], object]:
    """A date, or a word that stands for none."""

    def read(value: Any) -> object:
        if value == word or value is None:
            return word
        if isinstance(value, datetime):
            return value.date()
        return value if isinstance(value, date) else date.fromisoformat(str(value))

    return read


def _choice(default: str, *others: str) -> Parameter:
    return Parameter(default=default, read=_one_of(default, *others), allowed=", ".join((default, *others)))


def _number(default: int, low: int, high: int) -> Parameter:
    return Parameter(default=default, read=_whole(low, high), allowed=f"{low}–{high}")


def _words(default: tuple[str, ...], *values: str) -> Parameter:
    return Parameter(default=default, read=_several_of(*values), allowed=", ".join(values) if values else "[…]")


COMMON: Mapping[str, Parameter] = {
    "unit_level": _choice(*UnitLevel),
    "boundaries": Parameter(default="as_was", read=_day("as_was"), allowed="as_was, 2025-01-01"),
}
DATED: Mapping[str, Parameter] = {
    "denominator": _choice("interpolated", "baseline"),
    "baseline": Parameter(default=None, read=_day(None), allowed="2025-01-01"),
}
PARAMETERS: Mapping[Outcome, Mapping[str, Parameter]] = {
    Outcome.COMPLAINT_RATE: {
        **COMMON, **DATED, "types": _words(("complaint", "report"), *TICKET_TYPES), "topics": _words(()), "repeat_days": _number(7, 0, 366),
        "follow_up_days": _number(30, 1, 366),
    },
    Outcome.YOUTH_PARTICIPATION: {
        **COMMON, **DATED, "age_low": _number(14, 0, 120), "age_high": _number(35, 0, 120), "unknown_limit": _number(20, 0, 100),
    },
    Outcome.SPACE_USE: {
        **COMMON, "open_minute": _number(510, 0, 1_440), "close_minute": _number(1_260, 0, DAY_MINUTES), "rooms": _choice("baseline", "all"),
        "baseline": DATED["baseline"], "room_classes": _words(("activity",), *ROOM_CLASSES), "weighting": _choice("equal", "area"),
    },
    Outcome.AREA_IN_USE: {**COMMON, "room_classes": _words(("activity",), *ROOM_CLASSES)},
}
UNITS: Mapping[Outcome, Unit] = {
    Outcome.COMPLAINT_RATE: Unit.PER_1000_HOUSEHOLDS, Outcome.YOUTH_PARTICIPATION: Unit.PERCENTAGE_POINTS, Outcome.SPACE_USE: Unit.PERCENTAGE_POINTS,
    Outcome.AREA_IN_USE: Unit.PERCENTAGE_POINTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeDefinition:
    """An outcome and its choices. Equal definitions are equal objects; rates with different ones are not compared.

    outcome : str
        A member of Outcome, or the label of a panel that was not made from events.
    parameters : tuple of (name, value)
        Every choice, defaults included, in the order in which they are printed; empty for a label.
    """

    outcome: str
    parameters: tuple[tuple[str, object], ...] = ()

    @classmethod
    def of(cls, outcome: Outcome | str, **choices: object) -> "OutcomeDefinition":
        """The definition of an outcome with its defaults, and choices that differ.

        Raises
        ------
        OutcomeError
            The outcome is not known (CR-O06), a choice has no such name (CR-O07) or no such value (CR-O08); all together.
        """
        if outcome not in set(Outcome):
            raise OutcomeError(Failure(code="CR-O06", values={"got": outcome, "allowed": ", ".join(Outcome)}))
        outcome = Outcome(outcome)
        known = PARAMETERS[outcome]
        failures = [
            Failure(code="CR-O07", values={"name": n, "outcome": str(outcome), "allowed": ", ".join(known)}) for n in choices if n not in known
        ]
        values: dict[str, object] = {}
        for name, parameter in known.items():
            try:
                values[name] = parameter.read(choices[name]) if name in choices else parameter.default
            except (ValueError, TypeError):
                failures.append(Failure(code="CR-O08", values={"name": name, "got": choices[name], "allowed": parameter.allowed}))
        if failures:
            raise OutcomeError(*failures)
        return cls(outcome=str(outcome), parameters=tuple(values.items()))

    def __getitem__(self, name: str) -> Any:
        """One choice."""
        return dict(self.parameters)[name]

    def to_dict(self) -> dict[str, object]:
        """Outcome and choices, JSON-safe."""
        return {"outcome": self.outcome} | {n: v.isoformat() if isinstance(v, date) else list(v) if isinstance(v, tuple) else v for n, v in self.parameters}

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> "OutcomeDefinition":
        """What `to_dict` gave."""
        choices = {n: v for n, v in values.items() if n != "outcome"}
        outcome = str(values["outcome"])
        return cls.of(outcome, **choices) if outcome in set(Outcome) else cls(outcome=outcome)

    def sentence(self, language: Language | str) -> str:
        """The definition in words, every choice among them."""
        language = Language(language)
        key = f"outcomes.definition_{self.outcome}"
        if not has(key):
            return self.outcome
        return say(key, language, **{name: _in_words(name, value, language) for name, value in self.parameters})


def _in_words(name: str, value: object, language: Language) -> str:
    """A value as the sentence says it."""
    if isinstance(value, tuple):
        words = [say(f"outcomes.value_{v}", language) if has(f"outcomes.value_{v}") else str(v) for v in value]
        return say("outcomes.comma", language).join(words) if words else say(f"outcomes.no_{name}", language)
    if name in {"open_minute", "close_minute"}:
        return f"{int(str(value)) // 60:02d}:{int(str(value)) % 60:02d}"
    if value is None:
        return say(f"outcomes.no_{name}", language)
    key = f"outcomes.value_{value}"
    return say(key, language) if isinstance(value, str) and has(key) else str(value)


def require_equal(*definitions: OutcomeDefinition) -> None:
    """Refuse to lay rates with different definitions side by side.

    Raises
    ------
    OutcomeError
        One choice or more differ (CR-O09, one failure per choice).
    """
    tables = [d.to_dict() for d in definitions]
    names = list(dict.fromkeys(name for table in tables for name in table))
    differ = {n: [str(t.get(n, "—")) for t in tables] for n in names if len({repr(t.get(n)) for t in tables}) > 1}
    if differ:
        raise OutcomeError(*(Failure(code="CR-O09", values={"name": n, "got": " / ".join(dict.fromkeys(v))}) for n, v in differ.items()))
