"""A pilot's own folder: its case.toml, checked as a whole before anything is computed."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, field_validator, model_validator

from commresearch.cases.outcome_settings import OutcomeSettings
from commresearch.errors import CaseError, Failure, SchemaError
from commresearch.terms import DataKind, Language, Level, Outcome, Platform, Sampling
from commresearch.words import entries

CASE_FILE = "case.toml"
CASE_ID = r"(?!comparison$)[a-z][a-z0-9_]*"  #: `comparison` names the report over all cases
MONTH = r"[0-9]{4}-(0[1-9]|1[0-2])"
WAVE = r"[A-Za-z0-9][A-Za-z0-9_\-]*"
CLOCK = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d|24:00")

NOT_BLANK = r"\S"

ONLY_SURVEYS = ("wave", "codebook", "decisions", "margins", "shortest_seconds")
ONLY_LOGS = ("mapping", "values", "year", "day_first", "hours", "extracted_on")

FILE, TABLE = "a_file", "a_table"  #: the two forms of a rule, in the place that a fault names
SinglePsu = Literal["raise", "certainty", "centre", "average"]  #: as the estimators of `survey` know them
StatedDesign = Literal["simple_random", "by_community"]

Text = Annotated[str, Field(min_length=1, pattern=NOT_BLANK)]
Clocks = Annotated[tuple[str, str], Field(strict=False)]


class _Part(BaseModel):
    """A table of case.toml: nothing unknown in it, nothing converted silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, regex_engine="python-re")


class CaseFacts(_Part):
    """[case]: which pilot this is, who answers for its data and until when they are kept."""

    id: Annotated[str, Field(pattern=rf"^{CASE_ID}$")]
    name_zh: Text
    name_en: Text
    level: Annotated[Level, Field(strict=False)]
    province: Text
    city: Text
    fictional: bool
    sources: tuple[str, ...] = Field(default=(), strict=False)
    ethics: str = ""
    controller: str = ""
    retention_until: date | None = None


class LogRules(_Part):
    """`rules` of a log or register: what becomes of rows that cannot be right, and of months without any row.

    Rows are refused where nothing is decided; a room without a class may be said to be an activity room. Where an end before the start is
    counted to the next day, a stretch too long for one night (`event_rules.LONGEST_NIGHT`) is decided by `long_overnight`. A month in which a live
    source has no row is missing; `zero` says that nothing happened in it.
    """

    end_before_start: Literal["refuse", "drop", "clear", "next_day"] = "refuse"
    overlapping_validity: Literal["refuse", "drop", "keep", "cut"] = "refuse"
    unknown_code: Literal["refuse", "drop", "clear"] = "refuse"
    impossible_age: Literal["refuse", "drop", "clear"] = "refuse"
    duplicate_id: Literal["refuse", "drop", "keep_first", "keep_last"] = "refuse"
    unreadable: Literal["refuse", "drop", "clear"] = "refuse"
    missing_value: Literal["refuse", "drop"] = "refuse"
    lost_digits: Literal["refuse", "drop"] = "refuse"
    blank_room_class: Literal["refuse", "activity", "drop"] = "refuse"
    long_overnight: Literal["refuse", "drop", "clear", "next_day"] = "refuse"
    months_without_rows: Literal["missing", "zero"] = "missing"

    @property
    def stated(self) -> Mapping[str, str]:
        """The decisions that the case writes down."""
        return self.model_dump(exclude_unset=True)


class NamedHours(_Part):
    """`hours` of a log: the clock times that 全天, 上午, 下午 and 晚上 stand for where a register gives no hours."""

    full_day: Clocks = ("08:30", "21:00")
    morning: Clocks = ("08:30", "12:00")
    afternoon: Clocks = ("13:30", "17:30")
    evening: Clocks = ("18:00", "21:00")

    @field_validator("*")
    @classmethod
    def _clock_times_in_order(cls, clocks: tuple[str, str]) -> tuple[str, str]:
        if not all(CLOCK.fullmatch(clock) for clock in clocks) or not clocks[0].zfill(5) < clocks[1].zfill(5):
            raise ValueError("rule_case_clocks")
        return clocks


class _LogKeys(_Part):
    """How a log or register is read.

    mapping
        which field each of its headers is: a table of headers and fields, or a file of such tables
    values
        column → word → value: words of this place, before those that are known
    year
        the year of dates that name none
    day_first
        whether 3/1/2025 is 3 January
    hours
        what 全天, 上午, … stand for
    """

    sheet: str | None = None
    mapping: str | Mapping[str, str] | None = None
    values: Mapping[str, Mapping[str, str]] | None = None
    year: Annotated[int, Field(ge=1990, le=2100)] | None = None
    day_first: bool | None = None
    hours: NamedHours | None = None

    @field_validator("mapping", mode="before")
    @classmethod
    def _a_file_or_headers(cls, value: Any) -> Any:
        """A file name, or fields under headers that are not blank; a header without a field is one that is not read."""
        is_table = isinstance(value, Mapping) and all(header.strip() and isinstance(field, str) for header, field in value.items())
        if not is_table and not (isinstance(value, str) and value.strip()):
            raise ValueError("rule_case_mapping")
        return value

    @field_validator("values", mode="before")
    @classmethod
    def _values_of_words(cls, value: Any) -> Any:
        tables = value.values() if isinstance(value, Mapping) else [None]
        if not all(isinstance(t, Mapping) and all(word.strip() and isinstance(v, str) for word, v in t.items()) for t in tables):
            raise ValueError("rule_case_values")
        return value

    @property
    def stated_settings(self) -> Mapping[str, Any]:
        """What the case writes down of how cells are read, by the names of `EventSettings`."""
        hours = self.hours.model_dump(exclude_unset=True) if self.hours is not None else {}
        return {key: value for key in ("values", "year", "day_first") if (value := getattr(self, key)) is not None} | hours


class TableFile(_LogKeys):
    """[roster], [rollout]: a register of the case folder, and how it is read."""

    file: Text
    rules: LogRules | None = None

    @property
    def named_files(self) -> tuple[str, ...]:
        """Every file that must be in the case folder."""
        return (self.file, *([self.mapping] if isinstance(self.mapping, str) else []))


def _form_of_rules(value: object) -> str:
    return TABLE if isinstance(value, Mapping | LogRules) else FILE


class DataFile(_LogKeys):
    """[[data]]: received files of one kind.

    A survey also says how its sample came about and which codebook reads it; it may name logic rules, decisions about possible
    duplicates, population margins to weight to, and the shortest time (seconds) in which its questionnaire can be read. Of a
    probability sample `design` says how it was drawn where no variable of the codebook does (simple_random: from one list;
    by_community: in every community apart), and `single_psu` what to do with a stratum in which one unit was sampled.

    A log or register may say how it is read, what is done with which fault (`rules`), and the day on which the files were extracted.
    """

    kind: Annotated[DataKind, Field(strict=False)]
    files: Annotated[tuple[Text, ...], Field(min_length=1, strict=False)]
    platform: Annotated[Platform | None, Field(strict=False)] = None
    wave: Annotated[str, Field(pattern=rf"^{WAVE}$")] | None = None
    codebook: str | None = None
    sampling: Annotated[Sampling | None, Field(strict=False)] = None
    rules: Annotated[Annotated[Text, Tag(FILE)] | Annotated[LogRules, Tag(TABLE)], Discriminator(_form_of_rules)] | None = None
    extracted_on: date | None = None
    decisions: str | None = None
    margins: str | None = None
    shortest_seconds: Annotated[float, Field(gt=0)] | None = None
    design: StatedDesign | None = None
    single_psu: SinglePsu | None = None

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> "DataFile":
        is_survey = self.kind == DataKind.SURVEY
        rules = ["rule_case_sampling"] if is_survey and self.sampling is None else []
        rules += ["rule_case_no_sampling"] if not is_survey and self.sampling is not None else []
        rules += ["rule_case_design"] if self.sampling != Sampling.PROBABILITY and (self.design, self.single_psu) != (None, None) else []
        others, rule = (ONLY_LOGS, "rule_case_only_logs") if is_survey else (ONLY_SURVEYS, "rule_case_only_surveys")
        rules += [f"{key}:{rule}" for key in others if getattr(self, key) is not None]
        if self.rules is not None and isinstance(self.rules, str) != is_survey:
            rules.append(f"rules:rule_case_rules_{'file' if is_survey else 'table'}")
        if rules:
            raise ValueError(" ".join(rules))
        return self

    @property
    def named_files(self) -> tuple[str, ...]:
        """Every file that must be in the case folder."""
        beside = (self.codebook, self.mapping, self.rules, self.decisions, self.margins)
        return (*self.files, *(name for name in beside if isinstance(name, str) and name))


class Analysis(_Part):
    """[analysis]: the months looked at, the seed of everything random, the confidence level, the locked plan."""

    months: Annotated[tuple[str, str], Field(strict=False)] | None = None
    seed: int = 0
    conf_level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    plan: str | None = None

    @field_validator("months")
    @classmethod
    def _months_in_order(cls, months: tuple[str, str] | None) -> tuple[str, str] | None:
        if months is not None and (not all(re.fullmatch(MONTH, m) for m in months) or months[0] > months[1]):
            raise ValueError("rule_case_months")
        return months


class Release(_Part):
    """[release]: how small cells are hidden, for whom, in which language."""

    threshold: Annotated[int, Field(ge=1)] = 10
    rounding: Annotated[int, Field(ge=1)] = 5
    edition: Literal["public", "internal"] = "public"
    language: Annotated[Language, Field(strict=False)] = Language.ZH


class CaseToml(_Part):
    """The whole of case.toml."""

    case: CaseFacts
    roster: TableFile | None = None
    rollout: TableFile | None = None
    data: Annotated[tuple[DataFile, ...], Field(strict=False)] = ()
    outcomes: OutcomeSettings = OutcomeSettings()
    analysis: Analysis = Analysis()
    release: Release = Release()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A checked case folder."""

    folder: Path
    settings: CaseToml

    @property
    def id(self) -> str:
        """Case id."""
        return self.settings.case.id

    @property
    def surveys(self) -> tuple[DataFile, ...]:
        """The surveys of the case, in the order of the file."""
        return tuple(d for d in self.settings.data if d.kind == DataKind.SURVEY)

    def path(self, name: str) -> Path:
        """A file of the case folder."""
        return self.folder / name

    def name(self, language: Language) -> str:
        """The pilot's name in a language."""
        return self.settings.case.name_zh if language is Language.ZH else self.settings.case.name_en


def load_case(folder: str | Path) -> Case:
    """Read and check the folder of a pilot.

    Parameters
    ----------
    folder : str or Path
        A folder with a case.toml, in the form that `commresearch init` writes.

    Raises
    ------
    CaseError
        The folder, its case.toml, or files named there are missing: all missing ones together.
    SchemaError
        Unknown keys, wrong types, values outside their vocabulary, months out of order: all together.
    """
    folder = Path(folder)
    path = folder / CASE_FILE
    if not path.is_file():
        raise CaseError(Failure(code="CR-F01", values={"file": str(path)}))
    try:
        text = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SchemaError(Failure(code="CR-F02", values={"file": CASE_FILE, "error": str(error)})) from None
    try:
        settings = CaseToml.model_validate(text)
    except ValidationError as error:
        raise SchemaError(*_failures(error)) from None
    if failures := [*_missing_files(folder, settings), *_same_wave_twice(settings)]:
        raise CaseError(*failures)
    return Case(folder=folder, settings=settings)


def _failures(error: ValidationError) -> Iterator[Failure]:
    """One failure per fault, named by its place in the file; entries of a list are counted from one."""
    for fault in error.errors(include_url=False):
        place = [p for p in fault["loc"] if p not in {FILE, TABLE}]
        where = ".".join(f"{p + 1}" if isinstance(p, int) else str(p) for p in place) or CASE_FILE
        if place[:2] == ["analysis", "months"]:  # whichever of the two is wrong, the pair is asked for
            yield _broken_rule("analysis.months", fault["input"], "rule_case_months")
        elif fault["type"] == "value_error":
            yield from _named_rules(where, fault["input"], str(fault["ctx"]["error"]))
        elif fault["type"] == "extra_forbidden" and (allowed := _members(place[:-1])):
            yield Failure(code="CR-F06", values={"file": CASE_FILE, "key": where, "got": place[-1], "allowed": ", ".join(allowed)})
        else:
            yield _failure(where, str(fault["type"]), fault["input"], fault)


def _members(place: Sequence[object]) -> Sequence[str]:
    """What may stand in a table whose members are few and fixed."""
    tables: Mapping[object, Sequence[str]] = {"outcomes": [*Outcome], "rules": [*LogRules.model_fields], "hours": [*NamedHours.model_fields]}
    return tables.get(place[-1], ()) if place else ()


def _named_rules(where: str, got: Any, rules: str) -> Iterator[Failure]:
    """The rules of this project that a part breaks, each with the key that breaks it before a colon, or without one."""
    for text in rules.split():
        key, _, rule = text.rpartition(":")
        yield _broken_rule(f"{where}.{key}", got[key], rule) if key else _broken_rule(where, got, rule)


def _failure(where: str, kind: str, got: object, fault: Any) -> Failure:
    values = {"file": CASE_FILE, "key": where}
    if kind == "extra_forbidden":
        return Failure(code="CR-F03", values=values)
    if kind == "missing":
        return Failure(code="CR-F04", values=values)
    context = fault.get("ctx", {})
    if "expected" in context:
        return Failure(code="CR-F06", values={**values, "got": got, "allowed": str(context["expected"]).replace("'", "").replace(" or ", ", ")})
    is_blank = context.get("pattern") == NOT_BLANK
    rule = f"rule_case_{'text' if is_blank else _rule_of(kind)}"
    limit = next((context[name] for name in ("gt", "lt", "ge", "le") if name in context), None)
    return _broken_rule(where, got, "rule_case_quoted" if kind == "string_type" and isinstance(got, int | float | date) else rule, limit)


def _broken_rule(where: str, got: object, rule: str, limit: object = None) -> Failure:
    facts = {"name": where.rpartition(".")[2], "got": _shown(got), "limit": limit}
    told = {language: text.format(**facts) for language, text in entries("errors")[rule].items()}
    return Failure(code="CR-F05", values={"file": CASE_FILE, "key": where, "got": _shown(got), "rule": told})


def _rule_of(kind: str) -> str:
    """The rule that a fault of the schema breaks, in this project's words."""
    known = {"string_type": "text", "string_pattern_mismatch": "form", "string_too_short": "text", "bool_type": "boolean", "int_type": "whole"}
    known |= {"date_type": "date", "tuple_type": "list", "too_short": "list", "model_type": "table", "model_attributes_type": "table"}
    known |= {"greater_than": "above", "less_than": "below", "greater_than_equal": "at_least", "less_than_equal": "at_most"}
    return known.get(kind, "form")


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _missing_files(folder: Path, settings: CaseToml) -> Iterator[Failure]:
    tables = [name for t in (settings.roster, settings.rollout) if t is not None for name in t.named_files]
    plan = [settings.analysis.plan] if settings.analysis.plan else []
    named = [*tables, *plan, *(name for data in settings.data for name in data.named_files)]
    for name in dict.fromkeys(named):
        if not (folder / name).is_file():
            yield Failure(code="CR-F07", values={"file": CASE_FILE, "got": name, "folder": str(folder)})


def _same_wave_twice(settings: CaseToml) -> Iterator[Failure]:
    surveys = [d for d in settings.data if d.kind == DataKind.SURVEY]
    waves = [d.wave or "" for d in surveys]
    taken = [d.wave or f"survey{i}" for i, d in enumerate(surveys, 1)]  # the names of their folders
    for wave in sorted({w for w, name in zip(waves, taken, strict=True) if waves.count(w) > 1 or (w and taken.count(name) > 1)}):
        yield Failure(code="CR-F08", values={"file": CASE_FILE, "got": wave or "—"})
