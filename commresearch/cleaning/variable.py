"""One variable of a questionnaire, and the cells of a codebook that describe it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

import numpy as np

from commresearch.cleaning.conditions import Condition, ConditionError, read_condition
from commresearch.errors import Failure
from commresearch.terms import Identifier, MissingKind, Role, VariableType

#: Columns of a codebook, in the order in which they are written.
COLUMNS = (
    "name", "type", "role", "source", "source_code", "source_other", "question_zh", "question_en", "values", "labels_en", "open", "missing", "unit", "min", "max",
    "asked_if", "matrix", "scale", "key", "identifier", "quasi", "note",
)
NEEDED = ("name", "type", "source")
ABSENT = "-"  #: stands in `source` or `source_code` where that export does not carry the variable
NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]*|-[0-9]+")
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
CHOICES = frozenset({VariableType.SINGLE, VariableType.MULTIPLE, VariableType.RANKING})
ROLE_TYPES: Mapping[Role, frozenset[VariableType]] = {
    Role.STARTED: frozenset({VariableType.DATE}), Role.SUBMITTED: frozenset({VariableType.DATE}), Role.BIRTH: frozenset({VariableType.DATE}),
    Role.DURATION: frozenset({VariableType.DURATION}), Role.WEIGHT: frozenset({VariableType.NUMBER}),
}
SEVERAL = frozenset({Role.STRATUM, Role.CLUSTER, Role.PERSON})  #: roles that more than one variable may have

Vocabulary = TypeVar("Vocabulary", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable: where its answers stand in the received files, and how they are read.

    `values` maps each value to its Chinese label; `missing` maps a kind of missing to the values or cell texts that mean it;
    `source_code` names the columns of a code export (one per option for multiple choice and ranking); `source_other` the column
    that holds the free text beside an option, where it stands apart from the answer.
    """

    name: str
    type: VariableType
    source: str
    role: Role | None = None
    source_code: tuple[str, ...] = ()
    source_other: str = ""
    question_zh: str = ""
    question_en: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    labels_en: Mapping[str, str] = field(default_factory=dict)
    open: tuple[str, ...] = ()
    missing: Mapping[MissingKind, tuple[str, ...]] = field(default_factory=dict)
    unit: str = ""
    low: float | None = None
    high: float | None = None
    asked_if: Condition | None = None
    matrix: str = ""
    scale: str = ""
    key: int = 1
    identifier: Identifier | None = None
    quasi: bool = False
    note: str = ""

    @property
    def answers(self) -> dict[str, str]:
        """Values that are answers, with their labels: without those that mean a kind of missing."""
        absent = {m for markers in self.missing.values() for m in markers}
        return {value: label for value, label in self.values.items() if value not in absent}

    @property
    def markers(self) -> dict[str, MissingKind]:
        """Cell texts that mean a kind of missing: the markers themselves, and the label of a value that is one."""
        texts = {}
        for kind, markers in self.missing.items():
            for marker in markers:
                texts[marker] = kind
                if marker in self.values:
                    texts[self.values[marker]] = kind
        return texts

    @property
    def is_numeric(self) -> bool:
        """Whether its values are numbers: counts, durations, and choices whose answers are all coded as whole numbers."""
        if self.type is VariableType.SINGLE:
            return all(value.lstrip("-").isdigit() for value in self.answers)
        return self.type in {VariableType.NUMBER, VariableType.DURATION}

    @property
    def columns(self) -> list[str]:
        """Columns of the clean table that hold this variable, without free text beside an option."""
        if self.type is VariableType.MULTIPLE:
            return [f"{self.name}__{value}" for value in self.answers]
        if self.type is VariableType.RANKING:
            return [f"{self.name}__rank_{k}" for k in range(1, len(self.answers) + 1)]
        return [self.name]

    @property
    def other(self) -> str:
        """Column of the free text beside an option; empty where no option carries one."""
        return f"{self.name}_other" if self.open else ""

    def question(self, language: str) -> str:
        """The question in a language; in Chinese where there is no English wording, the name where there is none at all."""
        return (self.question_en if language == "en" else "") or self.question_zh or self.question_en or self.name

    def label(self, value: str, language: str) -> str:
        """The label of a value in a language, Chinese where there is no English one."""
        return (self.labels_en.get(value, "") if language == "en" else "") or self.values.get(value, value)

    def to_row(self) -> dict[str, str]:
        """The codebook's row."""
        kinds = [f"{kind}={marker}" for kind, markers in self.missing.items() for marker in markers]
        return {
            "name": self.name, "type": self.type.value, "role": str(self.role) if self.role else "", "source": self.source,
            "source_code": "\n".join(self.source_code), "source_other": self.source_other, "question_zh": self.question_zh, "question_en": self.question_en,
            "values": _lines(self.values), "labels_en": _lines(self.labels_en), "open": " ".join(self.open), "missing": "\n".join(kinds),
            "unit": self.unit, "min": _limit(self.low), "max": _limit(self.high), "asked_if": str(self.asked_if) if self.asked_if else "",
            "matrix": self.matrix, "scale": self.scale, "key": str(self.key) if self.scale else "",
            "identifier": str(self.identifier) if self.identifier else "", "quasi": "yes" if self.quasi else "", "note": self.note,
        }


def read_variable(cells: Mapping[str, str], place: Mapping[str, object], failures: list[Failure]) -> Variable | None:
    """A variable from a codebook's row; None, and all that is wrong among `failures`, where the row cannot be used."""
    before = len(failures)
    reader = _RowReader(cells, place, failures)
    variable_type = reader.term("type", VariableType)
    role, identifier = reader.term("role", Role), reader.term("identifier", Identifier)
    values, labels_en = reader.pairs("values"), reader.pairs("labels_en")
    missing = reader.kinds()
    low, high = reader.number("min"), reader.number("max")
    asked_if = reader.condition()
    reader.require(NAME.fullmatch(cells["name"]), "name", "rule_variable_name")
    reader.require(cells["source"].strip() or cells["source_code"].strip(), "source", "rule_text")
    reader.require(cells["key"] in {"", "1", "-1"}, "key", "rule_key")
    reader.require(cells["quasi"] in {"", "yes"}, "quasi", "rule_yes")
    reader.require(not variable_type or (variable_type in CHOICES) == bool(values), "values", "rule_values_for_choices")
    for value in values:
        reader.require(VALUE.fullmatch(value), "values", "rule_value", got=value)
    for value in cells["open"].split():
        reader.require(value in values, "open", "rule_known_value", got=value)
    for value in labels_en:
        reader.require(value in values, "labels_en", "rule_known_value", got=value)
    reader.require(low is None or high is None or low <= high, "min", "rule_min_max", got=f"{cells['min']} > {cells['max']}")
    reader.require(values or not cells["source_other"], "source_other", "rule_other_of_choice")
    reader.require(not role or not variable_type or variable_type in ROLE_TYPES.get(role, frozenset(VariableType)), "role", "rule_role_type")
    if len(failures) > before or variable_type is None:
        return None
    return Variable(
        name=cells["name"], type=variable_type, role=role, source=cells["source"], source_code=tuple(_split(cells["source_code"])), source_other=cells["source_other"],
        question_zh=cells["question_zh"], question_en=cells["question_en"], values=values, labels_en=labels_en,
        open=tuple(cells["open"].split()), missing=missing, unit=cells["unit"], low=low, high=high, asked_if=asked_if,
        matrix=cells["matrix"], scale=cells["scale"], key=int(cells["key"]) if cells["key"] else 1,
        identifier=identifier, quasi=cells["quasi"] == "yes", note=cells["note"],
    )


@dataclass(frozen=True, slots=True)
class _RowReader:
    """Reads the cells of one row and notes what is wrong with each."""

    cells: Mapping[str, str]
    place: Mapping[str, object]
    failures: list[Failure]

    def require(self, sound: object, column: str, rule: str, got: str | None = None) -> None:
        if not sound:
            from commresearch.words import entries

            shown = self.cells[column] if got is None else got
            self.failures.append(Failure(code="CR-K03", values={**self.place, "column": column, "got": shown, "rule": entries("errors")[rule]}))

    def term(self, column: str, vocabulary: type[Vocabulary]) -> Vocabulary | None:
        text = self.cells[column].strip()
        if not text and column not in NEEDED:
            return None
        try:
            return vocabulary(text)
        except ValueError:
            allowed = ", ".join(vocabulary)
            self.failures.append(Failure(code="CR-K02", values={**self.place, "column": column, "got": text, "allowed": allowed}))
            return None

    def pairs(self, column: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in _split(self.cells[column]):
            value, mark, label = _parted(line)
            value, label = value.strip(), label.strip()
            self.require(mark and value and label and value not in found, column, "rule_pair", got=line)
            self.require(label not in found.values(), column, "rule_label_once", got=line)
            found[value] = label
        return found

    def kinds(self) -> dict[MissingKind, tuple[str, ...]]:
        found: dict[MissingKind, tuple[str, ...]] = {}
        for line in _split(self.cells["missing"]):
            kind, _, marker = _parted(line)
            if kind.strip() not in set(MissingKind):
                allowed = ", ".join(MissingKind)
                self.failures.append(Failure(code="CR-K02", values={**self.place, "column": "missing", "got": line, "allowed": allowed}))
                continue
            self.require(marker.strip() and not any(marker.strip() in known for known in found.values()), "missing", "rule_kind_pair", got=line)
            found[MissingKind(kind.strip())] = (*found.get(MissingKind(kind.strip()), ()), marker.strip())
        return found

    def number(self, column: str) -> float | None:
        text = self.cells[column].strip()
        self.require(not text or NUMBER.fullmatch(text), column, "rule_number")
        return float(text) if NUMBER.fullmatch(text) else None

    def condition(self) -> Condition | None:
        text = self.cells["asked_if"].strip()
        if not text:
            return None
        try:
            return read_condition(text)
        except ConditionError as error:
            self.failures.append(Failure(code="CR-K04", values={**self.place, "got": text, "part": error.part}))
            return None


def _split(cell: str) -> Iterator[str]:
    return (line.strip() for line in cell.splitlines() if line.strip())


def _parted(line: str) -> tuple[str, str, str]:
    """What stands before and behind the first equals sign, which may be written in full width."""
    return (line[: match.start()], match[0], line[match.end() :]) if (match := re.search("[=＝]", line)) else (line, "", "")


def _lines(pairs: Mapping[str, str]) -> str:
    return "\n".join(f"{value}={label}" for value, label in pairs.items())


def _limit(number: float | None) -> str:
    return "" if number is None else plain_number(number)


def plain_number(number: float) -> str:
    """A number with all its digits and without an exponent, a whole one without a point."""
    return np.format_float_positional(number, trim="-")
