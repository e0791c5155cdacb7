"""The codebook of the questionnaire: what each of its variables is, and under which header it comes back."""

from collections.abc import Iterator

from commresearch.cleaning.codebook import Codebook
from commresearch.cleaning.variable import Variable
from commresearch.terms import Identifier, Language, MissingKind, Platform, Role, VariableType
from commresearch.workflow.scaffold_phrases import phrase
from commresearch.workflow.scaffold_questions import Question, Questionnaire, QuestionType, Row
from commresearch.workflow.scaffold_wenjuanxing import header, part_header
from commresearch.workflow.scaffold_xlsform import STARTED

TYPES = {
    QuestionType.SINGLE: VariableType.SINGLE, QuestionType.MATRIX: VariableType.SINGLE, QuestionType.MULTIPLE: VariableType.MULTIPLE,
    QuestionType.NUMBER: VariableType.NUMBER, QuestionType.DATE: VariableType.DATE, QuestionType.TEXT: VariableType.TEXT,
}
#: What the platforms write themselves: name, header, type, role.
SUPPLIED: dict[Platform, tuple[tuple[str, str, VariableType, Role | None], ...]] = {
    Platform.WENJUANXING: (
        ("answer_id", "序号", VariableType.TEXT, Role.KEY), ("submitted", "提交答卷时间", VariableType.DATE, Role.SUBMITTED),
        ("duration", "所用时间", VariableType.DURATION, Role.DURATION), ("source", "来源", VariableType.TEXT, Role.SOURCE),
        ("source_detail", "来源详情", VariableType.TEXT, None), ("ip", "来自IP", VariableType.TEXT, Role.IP),
    ),
    Platform.KOBO: (
        ("answer_id", "_uuid", VariableType.TEXT, Role.KEY), ("submitted", "_submission_time", VariableType.DATE, Role.SUBMITTED),
        ("started", STARTED, VariableType.DATE, Role.STARTED),
    ),
}
#: How 问卷星 marks what was not answered, in the text and in the code export.
MARKERS: dict[MissingKind, tuple[str, ...]] = {MissingKind.SKIPPED: ("(跳过)", "-3"), MissingKind.BLANK: ("(空)", "-2")}


def codebook(questionnaire: Questionnaire, platform: Platform, language: Language = Language.ZH) -> Codebook:
    """The codebook for the exports of one platform; `language` is that of the notes."""
    supplied = [
        Variable(name=name, type=kind, role=role, source=source, question_zh=source, identifier=Identifier.IP if role is Role.IP else None)
        for name, source, kind, role in SUPPLIED[platform]
    ]
    asked = [v for q in questionnaire.questions for v in _variables(q, platform, language)]
    return Codebook(variables=(*supplied, *asked), name="codebook.xlsx")


def _variables(question: Question, platform: Platform, language: Language) -> Iterator[Variable]:
    """The variables of one question: one, one per row of a matrix; where the platform gives a fill-in a column, one for it."""
    if question.type is QuestionType.MATRIX:
        yield from (_variable(question, platform, language, row) for row in question.rows)
        return
    yield _variable(question, platform, language)
    if question.open_options and platform is Platform.KOBO:
        text = {x: phrase("other_of", x, question=question.wording[x]) for x in Language}
        yield Variable(
            name=f"{question.name}_other", type=VariableType.TEXT, source=f"{question.name}_other", question_zh=text[Language.ZH], question_en=text[Language.EN]
        )


def _variable(question: Question, platform: Platform, language: Language, row: Row | None = None) -> Variable:
    name = row.name if row else question.name
    wording = {x: f"{question.wording[x]} — {row.wording[x]}" if row else question.wording[x] for x in Language}
    source, source_code = _headers(question, platform, row)
    return Variable(
        name=name, type=TYPES[question.type], role=question.role, source=source, source_code=source_code,
        question_zh=wording[Language.ZH], question_en=wording[Language.EN],
        values={o.value: o.wording[Language.ZH] for o in question.options}, labels_en={o.value: o.wording[Language.EN] for o in question.options},
        open=tuple(o.value for o in question.open_options) if platform is Platform.WENJUANXING else (), missing=_missing(question, platform),
        unit=question.unit[language] if question.unit else "", low=question.low, high=question.high, asked_if=question.condition,
        matrix=question.name if row else "", scale=question.scale, key=row.key if row else 1, quasi=question.quasi,
        note=question.note[language] if question.note else "",
    )


def _headers(question: Question, platform: Platform, row: Row | None) -> tuple[str, tuple[str, ...]]:
    """Header in the text export, and headers in the code export where they differ."""
    if platform is Platform.KOBO:
        return (row.name if row else question.name), ()
    if row:
        return part_header(question, row.wording[Language.ZH]), ()
    if question.type is QuestionType.MULTIPLE:
        return header(question), tuple(part_header(question, o.wording[Language.ZH]) for o in question.options)
    return header(question), ()


def _missing(question: Question, platform: Platform) -> dict[MissingKind, tuple[str, ...]]:
    """Options and numbers that are no answers, and the platform's own marks."""
    found = dict(MARKERS) if platform is Platform.WENJUANXING else {}
    markers = [(o.missing, o.value) for o in question.options if o.missing]
    if question.unknown:
        markers.append((question.unknown_kind, question.unknown))
    for kind, marker in markers:
        found[kind] = (*found.get(kind, ()), marker)
    return found
