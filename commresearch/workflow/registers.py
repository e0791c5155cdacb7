"""What the registers of a new case are: sheets, columns, lists and their explanations, as `templates/registers.toml` has them."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from commresearch.cleaning.event_fields import vocabulary_of
from commresearch.terms import DataKind, Language
from commresearch.workflow.scaffold_phrases import template

SOURCE = "registers.toml"


class Format(StrEnum):
    """What a column asks for; it decides the number format and what a cell accepts."""

    TEXT = "text"
    DATE = "date"
    MONTH = "month"
    MOMENT = "moment"
    CLOCK = "clock"
    BIRTH = "birth"
    MOBILE = "mobile"
    WHOLE = "whole"
    NUMBER = "number"
    SHARE = "share"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Part):
    """A text in both languages."""

    zh: str
    en: str

    def __getitem__(self, language: Language) -> str:
        return self.zh if language is Language.ZH else self.en


class RegisterColumn(_Part):
    """One column: the received field that it feeds, its Chinese header, what its cells accept.

    `listed` names the list to choose from; other values are refused unless `suggest` is set. `example` stands in the example row.
    """

    field: str
    zh: str
    aside: str = ""
    format: Format
    listed: Annotated[str, Field(alias="list")] = ""
    suggest: bool = False
    must: bool = False
    width: int
    example: Words | str | int | float | None = None
    how: Words

    def __getitem__(self, language: Language) -> str:
        """The header; the English one is the field in words, with an aside in brackets that the reader leaves out."""
        words = self.field.replace("_", " ").capitalize() + (f" ({self.aside})" if self.aside else "")
        return self.zh if language is Language.ZH else words

    def example_in(self, language: Language) -> str | int | float | None:
        """What the example row holds: an option by its label, other texts in the language."""
        if isinstance(self.example, Words):
            return self.example[language]
        if self.listed and self.example is not None:
            return label_of(self.listed, str(self.example), language)
        return self.example


class RegisterSheet(_Part):
    """One sheet, which is read as one kind of data."""

    kind: DataKind
    name: Words
    columns: tuple[RegisterColumn, ...]


class Register(_Part):
    """One workbook of a new case; `name` is the stem of its file."""

    name: str
    title: Words
    about: Words
    sheets: tuple[RegisterSheet, ...]


class Guide(_Part):
    """Texts that all registers share: the sheet that explains, the mark of the example row, what a refused cell is told."""

    sheet: Words
    mark: Words
    example: Words
    yes: Words
    mark_how: Words
    heads: tuple[Words, ...]
    rules: tuple[Words, ...]
    title: Words
    comma: Words
    may_differ: Words
    page: Words
    error_title: Words
    errors: Mapping[str, Words]


class Registers(_Part):
    """Everything in registers.toml."""

    guide: Guide
    lists: Mapping[str, Mapping[str, str]]
    registers: tuple[Register, ...]


@cache
def registers() -> Registers:
    """The registers that a new case gets."""
    return Registers.model_validate(tomllib.loads(template(SOURCE)))


def label_of(listed: str, value: str, language: Language) -> str:
    """An option as the list shows it: its Chinese label, or the value itself."""
    return registers().lists[listed][value] if language is Language.ZH else value


def labels_of(listed: str, language: Language) -> tuple[str, ...]:
    """All options of a list, in the order of the file."""
    return tuple(label_of(listed, value, language) for value in registers().lists[listed])


def sheet_names(language: Language) -> dict[DataKind, str]:
    """The sheet of a register that is read as each kind of data."""
    return {sheet.kind: sheet.name[language] for register in registers().registers for sheet in register.sheets}


def field_name(kind: DataKind, field: str, language: Language) -> str:
    """What a field is called: as in the registers of a new case, else its first known header; in English its name in words."""
    if language is Language.EN:
        return field.replace("_", " ")
    sheets = (sheet for register in registers().registers for sheet in register.sheets if sheet.kind is kind)
    if own := next((column[language] for sheet in sheets for column in sheet.columns if column.field == field), ""):
        return own
    words = next((f for f in vocabulary_of(kind).fields if f.name == field), None)
    first = next((word for rank in words.ranks for word in rank), field) if words else field
    return first.removeprefix("!")
