"""Reading the file of a questionnaire, which people edit by hand: all that is wrong with it, at once."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from commresearch.cleaning.conditions import Comparison, Condition, ConditionError, read_condition
from commresearch.cleaning.variable import NAME
from commresearch.errors import Failure, SchemaError
from commresearch.terms import MissingKind, Role
from commresearch.words import entries
from commresearch.workflow.scaffold_questions import Option, Question, Questionnaire, QuestionType, Row, Section, Wording, estimated_minutes

SHOWN = 60  #: signs of a faulty value that an error shows
CHOICES = frozenset({QuestionType.SINGLE, QuestionType.MULTIPLE, QuestionType.MATRIX})
#: What the import of 问卷星 would take for several options, for the next question, or change: spaces, an enumeration, full-width signs.
UNSAFE_LABEL = re.compile(r"\s|^[0-9]|^第?[0-9]|[0-9][.、]|\([0-9]\)|[\uff01-\uff5e]|[□○①-⑳_\[\]{}]")
UNSAFE_TITLE = re.compile(r"\s|^[0-9]|[_\[\]{}]|[A-Z]|可多选|选[0-9]项")

STAND_IN = {"zh": "题", "en": "Question"}
NAMELESS = "*"  #: stands for a question whose name cannot be read: any name may be meant

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Wording(_Part):
    zh: Text
    en: Text


class _Option(_Wording):
    missing: Annotated[MissingKind | None, Field(strict=False)] = None
    open: bool = False
    ends: bool = False


class _Row(_Wording):
    name: Text
    key: Literal[1, -1] = 1


class _Question(_Wording):
    name: Text
    type: Annotated[QuestionType, Field(strict=False)]
    hint: _Wording | None = None
    options: Annotated[tuple[_Option, ...], Field(strict=False)] = ()
    list: str = ""
    rows: Annotated[tuple[_Row, ...], Field(strict=False)] = ()
    optional: bool = False
    asked_if: str = ""
    role: Annotated[Role | None, Field(strict=False)] = None
    quasi: bool = False
    unit: _Wording | None = None
    min: int | None = None
    max: int | None = None
    unknown: int | None = None
    unknown_kind: Annotated[MissingKind, Field(strict=False)] = MissingKind.DONT_KNOW
    not_below: str = ""
    not_above: str = ""
    pattern: str = ""
    scale: str = ""
    note: _Wording | None = None


class _Section(_Part):
    name: Text
    title: _Wording
    note: _Wording | None = None
    questions: Annotated[tuple[_Question, ...], Field(min_length=1, strict=False)]


class _Form(_Part):
    title: _Wording
    intro: _Wording
    interviewer: _Wording
    stopped: _Wording
    thanks: _Wording


class _File(_Part):
    form: _Form
    lists: Mapping[str, Annotated[tuple[_Option, ...], Field(min_length=2, strict=False)]] = Field(default_factory=dict)
    sections: Annotated[tuple[_Section, ...], Field(min_length=1, strict=False)]


def read_questionnaire(text: str, file: str) -> Questionnaire:
    """The questionnaire that a file holds.

    Raises
    ------
    SchemaError
        No TOML, unknown and missing keys, and questions that contradict themselves or each other: all together.
    """
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(Failure(code="CR-F02", values={"file": file, "error": str(error)})) from None
    failures: list[Failure] = []
    content, unsure = _content(written, file, failures)
    sections = _sections(content, file, failures) if content is not None else ()
    failures += _between_questions([q for s in sections for q in s.questions], file, unsure)
    if failures or content is None:
        raise SchemaError(*failures)
    minutes = str(estimated_minutes(sections))
    intro = {language: getattr(content.form.intro, language).strip().replace("{minutes}", minutes) for language in ("zh", "en")}
    form = {key: _wording(getattr(content.form, key)) for key in ("title", "interviewer", "stopped", "thanks")}
    return Questionnaire(**form, intro=Wording(**intro), sections=sections)


def _content(written: Mapping[str, Any], file: str, failures: list[Failure]) -> tuple[_File | None, frozenset[str]]:
    """The content of a file; where its form is wrong what can still be checked of it, and the questions of which nothing can be said."""
    try:
        return _File.model_validate(written), frozenset()
    except ValidationError as error:
        faults = error.errors(include_url=False)
    failures += [_fault(file, fault) for fault in faults]
    lists, sections, unsure = _stand_ins(written, [tuple(fault["loc"]) for fault in faults])
    form = dict.fromkeys(_Form.model_fields, STAND_IN)
    try:
        return _File.model_validate({"form": form, "lists": lists, "sections": sections}), unsure
    except ValidationError:
        return None, unsure


def _stand_ins(written: Mapping[str, Any], places: Sequence[tuple[Any, ...]]) -> tuple[dict[str, Any], list[dict[str, Any]], frozenset[str]]:
    """Lists and sections with a plain part in the place of each that is at fault, and the names of questions that are unsure by that."""
    lists = dict(written["lists"]) if isinstance(written.get("lists"), dict) else {}
    lists |= {place[1]: [STAND_IN, {"zh": "另", "en": "Other"}] for place in places if place[0] == "lists" and len(place) > 1}
    wrong_lists = {place[1] for place in places if place[0] == "lists" and len(place) > 1}
    wrong = {(place[1], place[3]) for place in places if place[0] == "sections" and len(place) > 3 and place[2] == "questions"}
    sections, unsure = [], set()
    for i, section in enumerate(_listed(written.get("sections"))):
        questions = []
        for j, question in enumerate(_listed(section.get("questions") if isinstance(section, dict) else None)):
            if (i, j) not in wrong:
                questions.append(question)
                unsure |= {question["name"]} if question.get("list") in wrong_lists else set()
            else:
                questions.append(_stand_in(question, f"question_{i + 1}_{j + 1}"))
                unsure.add(questions[-1]["name"] if isinstance(question, dict) and questions[-1]["name"] == question.get("name") else NAMELESS)
        sections.append({"name": "—", "title": STAND_IN, "questions": questions})
    return lists, sections, frozenset(unsure)


def _listed(part: object) -> list[Any]:
    return part if isinstance(part, list) else []


def _stand_in(question: object, name: str) -> dict[str, Any]:
    """A question for text in the place of one that is at fault, with its name and condition where these can be read."""
    said = {k: v for k, v in question.items() if isinstance(v, str) and v.strip()} if isinstance(question, dict) else {}
    return {"name": said.get("name", name), "type": "text", **STAND_IN, "asked_if": said.get("asked_if", "")}


def _fault(file: str, fault: Any) -> Failure:
    """A fault of the file's form, named by its place; entries of a list are counted from one."""
    key = ".".join(f"{part + 1}" if isinstance(part, int) else str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return Failure(code="CR-F03", values={"file": file, "key": key})
    if fault["type"] == "missing":
        return Failure(code="CR-F04", values={"file": file, "key": key})
    got = str(fault["input"])[:SHOWN]
    if "expected" in fault.get("ctx", {}):
        allowed = str(fault["ctx"]["expected"]).replace("'", "").replace(" or ", ", ")
        return Failure(code="CR-F06", values={"file": file, "key": key, "got": got, "allowed": allowed})
    return Failure(code="CR-F05", values={"file": file, "key": key, "got": got, "rule": entries("errors")["rule_questionnaire_form"]})


def _wording(pair: _Wording) -> Wording:
    return Wording(zh=pair.zh.strip(), en=pair.en.strip())


def _maybe(pair: _Wording | None) -> Wording | None:
    return _wording(pair) if pair is not None else None


def _sections(content: _File, file: str, failures: list[Failure]) -> tuple[Section, ...]:
    """Sections with their questions numbered through, conditions read, and the ways out of earlier questions noted."""
    sections: list[Section] = []
    gates: list[Comparison] = []
    number = 0
    for part in content.sections:
        questions: list[Question] = []
        for source in part.questions:
            number += 1
            question = replace(_question(source, content, number, file, failures), gates=tuple(gates))
            questions.append(question)
            gates += [Comparison(name=question.name, operator="!=", value=o.value) for o in question.options if o.ends]
        sections.append(Section(name=part.name, title=_wording(part.title), note=_maybe(part.note), questions=tuple(questions)))
    return tuple(sections)


def _question(source: _Question, content: _File, number: int, file: str, failures: list[Failure]) -> Question:
    def require(sound: object, key: str, got: object, rule: str) -> None:
        if not sound:
            failures.append(_question_failure(file, source.name, key, got, rule))

    options = source.options or content.lists.get(source.list, ())
    require(not source.list or source.list in content.lists, "list", source.list, "rule_list_known")
    require((source.type in CHOICES) == bool(options) and not (source.options and source.list), "options", source.list, "rule_options_needed")
    require((source.type is QuestionType.MATRIX) == bool(source.rows), "rows", len(source.rows), "rule_rows_needed")
    numbers = source.type is QuestionType.NUMBER
    require(numbers == (source.min is not None and source.max is not None), "min", source.min, "rule_limits_needed")
    require(not UNSAFE_TITLE.search(source.zh.replace("〔", "").replace("〕", "")), "zh", source.zh, "rule_title_form")
    for label in (*(o.zh for o in options), *(r.zh.replace("，", "") for r in source.rows)):
        require(not UNSAFE_LABEL.search(label), "zh", label, "rule_label_form")
    for language in ("zh", "en"):
        labels = [getattr(o, language) for o in options]
        require(len(set(labels)) == len(labels), language, ", ".join(labels), "rule_options_differ")
    return Question(
        name=source.name, type=source.type, number=number, wording=_wording(source), hint=_maybe(source.hint), shared=source.list,
        options=tuple(_option(o, i) for i, o in enumerate(options, 1)), rows=tuple(Row(name=r.name, wording=_wording(r), key=r.key) for r in source.rows),
        optional=source.optional, asked_if=_condition(source, file, failures), role=source.role, quasi=source.quasi, unit=_maybe(source.unit),
        low=source.min, high=source.max, unknown="" if source.unknown is None else str(source.unknown), unknown_kind=source.unknown_kind,
        not_below=source.not_below, not_above=source.not_above, pattern=source.pattern, scale=source.scale, note=_maybe(source.note),
    )


def _option(source: _Option, place: int) -> Option:
    return Option(value=str(place), wording=_wording(source), missing=source.missing, open=source.open, ends=source.ends)


def _condition(source: _Question, file: str, failures: list[Failure]) -> Condition | None:
    if not source.asked_if:
        return None
    try:
        return read_condition(source.asked_if)
    except ConditionError as error:
        failures.append(_question_failure(file, source.name, "asked_if", error.part, "rule_condition"))
        return None


def _between_questions(questions: list[Question], file: str, unsure: frozenset[str]) -> Iterator[Failure]:
    """Names once and well formed; conditions and bounds that speak of earlier questions and of answers these have.

    What speaks of a question that is unsure is let be.
    """
    earlier: dict[str, Question] = {}
    taken: set[str] = set()
    for question in questions:
        for name in (question.name, *(r.name for r in question.rows), *(f"{question.name}_other" for _ in question.open_options[:1])):
            if not NAME.fullmatch(name):
                yield _question_failure(file, question.name, "name", name, "rule_variable_name")
            if name in taken:
                yield _question_failure(file, question.name, "name", name, "rule_question_once")
            taken.add(name)
        for part in question.asked_if.parts if question.asked_if else ():
            if unsure.isdisjoint({part.name, NAMELESS}) and not _fits(part, earlier.get(part.name)):
                yield _question_failure(file, question.name, "asked_if", str(part), "rule_condition_known")
        for key, name in (("not_below", question.not_below), ("not_above", question.not_above)):
            if name and unsure.isdisjoint({name, NAMELESS}) and (name not in earlier or earlier[name].type is not QuestionType.NUMBER):
                yield _question_failure(file, question.name, key, name, "rule_earlier_number")
        earlier[question.name] = question


def _fits(part: Comparison, asked: Question | None) -> bool:
    """Whether a comparison speaks of an answer that the earlier question has, with the operator that suits its type."""
    if asked is None or asked.type not in {QuestionType.SINGLE, QuestionType.MULTIPLE}:
        return False
    operators = {"has"} if asked.type is QuestionType.MULTIPLE else {"=", "!="}
    return part.operator in operators and any(o.value == part.value and o.missing is None for o in asked.options)


def _question_failure(file: str, question: str, key: str, got: object, rule: str) -> Failure:
    values = {"file": file, "question": question, "key": key, "got": got, "rule": entries("errors")[rule]}
    return Failure(code="CR-N07", values=values)
