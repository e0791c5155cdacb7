"""The questionnaire as an electronic form: an XLSForm workbook for ODK and Kobo."""

import io
from collections.abc import Iterator, Mapping, Sequence

from commresearch.cleaning.codebook_file import MADE
from commresearch.cleaning.conditions import Comparison, Condition
from commresearch.terms import Language
from commresearch.workflow.scaffold_phrases import phrase
from commresearch.workflow.scaffold_questions import Option, Question, Questionnaire, QuestionType, Section, Wording

NAMES: Mapping[Language, str] = {Language.ZH: "中文 (zh)", Language.EN: "English (en)"}
TRANSLATED = ("label", "hint", "constraint_message")
SURVEY = ("type", "name", *(f"{c}::{n}" for c in TRANSLATED for n in NAMES.values()), "required", "relevant", "constraint", "appearance")
CHOICES = ("list_name", "name", *(f"label::{n}" for n in NAMES.values()))
SETTINGS = ("form_title", "form_id", "version", "default_language")
STARTED = "start"  #: what Kobo calls the time at which the form was opened
TYPES = {QuestionType.NUMBER: "integer", QuestionType.DATE: "date", QuestionType.TEXT: "text"}
WIDTHS = {"type": 26, "name": 24, "label": 44, "hint": 34, "constraint_message": 28, "relevant": 40, "constraint": 40}

Cells = dict[str, str]


def xlsform(questionnaire: Questionnaire, form_id: str) -> bytes:
    """The workbook: sheets survey, choices and settings; the same questionnaire gives the same bytes."""
    title = questionnaire.title[Language.ZH]
    settings = dict(zip(SETTINGS, (title, form_id, "1", NAMES[Language.ZH]), strict=True))
    return _workbook({
        "survey": (SURVEY, list(_survey(questionnaire))), "choices": (CHOICES, list(_choices(questionnaire))), "settings": (SETTINGS, [settings]),
    })


def relevant(condition: Condition | None) -> str:
    """A condition in the language of XForms; an unanswered question satisfies no comparison with an option."""
    return f" {condition.join} ".join(_comparison(part) for part in condition.parts) if condition else ""


def _comparison(part: Comparison) -> str:
    if part.operator == "has":
        return f"selected(${{{part.name}}}, '{part.value}')"
    return f"${{{part.name}}} {part.operator} '{part.value}'"


def _survey(questionnaire: Questionnaire) -> Iterator[Cells]:
    yield {"type": "start", "name": STARTED}
    yield _note("interviewer", questionnaire.interviewer)
    yield _note("intro", questionnaire.intro)
    for section in questionnaire.sections:
        yield _section_note(section)
        for question in section.questions:
            yield from _question_rows(questionnaire, question)
    yield _note("stopped", questionnaire.stopped, Condition(parts=questionnaire.ending, join="or"))
    yield _note("thanks", questionnaire.thanks, Condition(parts=tuple(_opposite(p) for p in questionnaire.ending), join="and"))


def _opposite(part: Comparison) -> Comparison:
    return Comparison(name=part.name, operator="!=", value=part.value)


def _note(name: str, text: Wording, condition: Condition | None = None) -> Cells:
    return {"type": "note", "name": f"note_{name}", **_translated("label", text), "relevant": relevant(condition)}


def _section_note(section: Section) -> Cells:
    texts = {x: f"**{section.title[x]}**" + (f"\n\n{section.note[x]}" if section.note else "") for x in Language}
    gates = section.questions[0].gates
    condition = Condition(parts=gates, join="and") if gates else None
    return _note(section.name, Wording(zh=texts[Language.ZH], en=texts[Language.EN]), condition)


def _translated(column: str, text: Wording) -> Cells:
    return {f"{column}::{name}": text[language] for language, name in NAMES.items()}


def _question_rows(questionnaire: Questionnaire, question: Question) -> Iterator[Cells]:
    """The rows of one question: itself, a text for options with a blank; a matrix is a group on one screen."""
    asked = {"relevant": relevant(question.condition)}
    required = {"required": "" if question.optional else "yes"}
    if question.type is QuestionType.MATRIX:
        yield {"type": "begin_group", "name": question.name, **_translated("label", question.wording), **asked, "appearance": "field-list"}
        for row in question.rows:
            yield {"type": f"select_one {_list_name(question)}", "name": row.name, **_translated("label", row.wording), **required}
        yield {"type": "end_group", "name": question.name}
        return
    hint = _translated("hint", question.hint) if question.hint else {}
    appearance = {"appearance": "month-year"} if question.type is QuestionType.DATE else {}
    yield {
        "type": _type(question), "name": question.name, **_translated("label", question.wording), **hint, **required, **asked, **appearance,
        **_constraint(questionnaire, question),
    }
    if question.open_options:
        chosen = " or ".join(f"selected(${{{question.name}}}, '{o.value}')" for o in question.open_options)
        text = {x: phrase("other_of", x, question=question.wording[x]) for x in Language}
        label = Wording(zh=text[Language.ZH], en=text[Language.EN])
        yield {"type": "text", "name": f"{question.name}_other", **_translated("label", label), "relevant": chosen}


def _type(question: Question) -> str:
    if question.type in TYPES:
        return TYPES[question.type]
    return f"{'select_one' if question.type is QuestionType.SINGLE else 'select_multiple'} {_list_name(question)}"


def _list_name(question: Question) -> str:
    return question.shared or question.name


def _constraint(questionnaire: Questionnaire, question: Question) -> Cells:
    """What an answer must satisfy, and what is said where it does not."""
    if question.type is QuestionType.NUMBER:
        return _number_constraint(questionnaire, question)
    if question.type is QuestionType.MULTIPLE and (alone := [o for o in question.options if o.missing]):
        rules = [f"(not(selected(., '{o.value}')) or count-selected(.) = 1)" for o in alone]
        return {"constraint": " and ".join(rules), **_message(*(("alone", {"label": o.wording}) for o in alone))}
    if question.type is QuestionType.DATE:
        return {"constraint": ". >= date('1900-01-01') and . <= today()", **_message(("date_range", {}))}
    if question.pattern:
        return {"constraint": f"regex(., '^({question.pattern})$')", **_message(("pattern", {}))}
    return {}


def _number_constraint(questionnaire: Questionnaire, question: Question) -> Cells:
    rules = [f". >= {question.low}", f". <= {question.high}"]
    limits = {"low": question.low, "high": question.high, "unknown": question.unknown}
    said: list[tuple[str, Mapping[str, object]]] = [("number_unknown" if question.unknown else "number_range", limits)]
    for key, name, operator in (("not_below", question.not_below, ">="), ("not_above", question.not_above, "<=")):
        if name:
            other = questionnaire[name]
            exempt = f" or ${{{name}}} = {other.unknown}" if other.unknown else ""
            rules.append(f"(. {operator} ${{{name}}}{exempt})")
            said.append((key, {"number": other.number}))
    rule = " and ".join(rules)
    return {"constraint": f"({rule}) or . = {question.unknown}" if question.unknown else rule, **_message(*said)}


def _message(*said: tuple[str, Mapping[str, object]]) -> Cells:
    joined = {}
    for language in Language:
        parts = [phrase(key, language, **{k: v[language] if isinstance(v, Wording) else v for k, v in values.items()}) for key, values in said]
        joined[language] = ("；" if language is Language.ZH else "; ").join(parts)
    return _translated("constraint_message", Wording(zh=joined[Language.ZH], en=joined[Language.EN]))


def _choices(questionnaire: Questionnaire) -> Iterator[Cells]:
    written: dict[str, tuple[Option, ...]] = {}
    for question in questionnaire.questions:
        name = _list_name(question)
        if question.options and name not in written:
            written[name] = question.options
            for option in question.options:
                yield {"list_name": name, "name": option.value, **_translated("label", option.wording)}


def _workbook(sheets: Mapping[str, tuple[Sequence[str], Sequence[Cells]]]) -> bytes:
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": MADE})
        head = book.add_format({"bold": True, "bottom": 2})
        text = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        for name, (columns, rows) in sheets.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 2)
            for j, column in enumerate(columns):
                sheet.set_column(j, j, WIDTHS.get(column.split("::")[0], 14), text)
                sheet.write_string(0, j, column, head)
                for i, row in enumerate(rows, 1):
                    if row.get(column):
                        sheet.write_string(i, j, row[column], text)
    return buffer.getvalue()
