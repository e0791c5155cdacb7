"""The questionnaire for 问卷星: text for its import, and the settings that the text cannot carry."""

from collections.abc import Iterator

from commresearch.cleaning.conditions import Condition
from commresearch.terms import Language
from commresearch.workflow.scaffold_questions import Option, Question, Questionnaire, QuestionType, matching_options

ZH = Language.ZH
TAGS = {
    QuestionType.SINGLE: "单选题", QuestionType.MULTIPLE: "多选题", QuestionType.NUMBER: "填空题", QuestionType.DATE: "填空题", QuestionType.TEXT: "填空题",
}
FILL_IN = "________"  #: after an option: a text may be written there


def import_text(questionnaire: Questionnaire) -> str:
    """Text for the import: title, introduction, and per question its number, wording, type and options, one per line.

    Notes
    -----
    The import takes every line below a question for an option, splits options at spaces, and ends the introduction at the
    first line with a number or a type in brackets. Hints, conditions and limits would become options: they stand in
    `settings_table`. The columns of a matrix stand on one line.
    """
    blocks = [f"{questionnaire.title[ZH]}\n{questionnaire.intro[ZH]}"]
    for section in questionnaire.sections:
        blocks.append(f"{section.title[ZH]}[段落说明]" + (f"\n{section.note[ZH]}" if section.note else ""))
        blocks += [_question(question) for question in section.questions]
    return "\n\n".join(blocks) + "\n"


def header(question: Question) -> str:
    """The header of a question's column in the export."""
    return f"{question.number}、{question.wording[ZH]}"


def part_header(question: Question, label: str) -> str:
    """The header of a column for one row of a matrix, or for one option of a multiple choice in the code export."""
    return f"第{question.number}题({label})"


def _question(question: Question) -> str:
    title = f"{question.number}. {question.wording[ZH]}[{_tag(question)}]"
    if question.type is QuestionType.MATRIX:
        return "\n".join([title, " ".join(o.wording[ZH] for o in question.options), *(r.wording[ZH] for r in question.rows)])
    return "\n".join([title, *(o.wording[ZH] + (FILL_IN if o.open else "") for o in question.options)])


def _tag(question: Question) -> str:
    """A matrix with an option that is no point of the scale must not be scored as one."""
    if question.type is QuestionType.MATRIX:
        return "矩阵单选题" if any(o.missing for o in question.options) else "矩阵量表题"
    return TAGS[question.type]


def settings_table(questionnaire: Questionnaire) -> str:
    """What to set by hand after the import, as a Markdown table: one row per question that needs something."""
    rows = []
    for question in questionnaire.questions:
        settings = list(_settings(questionnaire, question))
        if settings:
            rows.append(f"| {question.number} | {question.wording[ZH]} | {'；'.join(settings)} | □ |")
    return "\n".join(["| 题号 | 题目 | 要设置的 | 已设 |", "|:-:|:------|:------------------|:-:|", *rows])


def _settings(questionnaire: Questionnaire, question: Question) -> Iterator[str]:
    if question.optional:
        yield "取消“必答”"
    if question.asked_if is not None:
        yield dependency(questionnaire, question.asked_if)
    for option in question.options:
        if option.ends:
            yield f"选第{option.value}个选项，跳到问卷末尾结束作答"
        if option.open:
            yield f"第{option.value}个选项后允许填空"
        if option.missing and question.type is QuestionType.MULTIPLE:
            yield f"第{option.value}个选项与其他选项互斥"
    if question.type is QuestionType.NUMBER:
        yield f"只许填整数，{question.low}到{question.high}" + (f"，另许填{question.unknown}" if question.unknown else "")
    if question.hint is not None:
        yield f"填写提示：{question.hint[ZH].rstrip('。')}"


def dependency(questionnaire: Questionnaire, condition: Condition) -> str:
    """A condition in the words of the platform's editor: 依赖第8题第1个选项."""
    joiner = "，并且" if condition.join == "and" else "，或者"
    return joiner.join(f"依赖第{questionnaire[p.name].number}题{_options(matching_options(questionnaire, p))}" for p in condition.parts)


def _options(options: tuple[Option, ...]) -> str:
    values = "、".join(o.value for o in options)
    return f"第{values}个选项" + ("中的任一个" if len(options) > 1 else "")
