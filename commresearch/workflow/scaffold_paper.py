"""The questionnaire on paper: Markdown to print, in either language."""

from collections.abc import Iterator

from commresearch.cleaning.conditions import Condition
from commresearch.terms import Language
from commresearch.workflow.scaffold_phrases import phrase
from commresearch.workflow.scaffold_questions import Option, Question, Questionnaire, QuestionType, next_question

BOX = "□"
HARD_BREAK = "\\\n"


def paper(questionnaire: Questionnaire, language: Language) -> str:
    """The questionnaire as a person with a pen reads it: boxes with the numbers for data entry, arrows where a jump is needed."""
    parts = [f"# {questionnaire.title[language]}", phrase("paper_head", language), *questionnaire.intro[language].splitlines()]
    parts.append(f"> {phrase('paper_how', language)}")
    for section in questionnaire.sections:
        parts.append(f"## {section.title[language]}")
        if section.note:
            parts.append(section.note[language])
        for question in section.questions:
            parts += _question(questionnaire, question, language)
    parts.append(questionnaire.thanks[language])
    return "\n\n".join(parts) + "\n"


def _question(questionnaire: Questionnaire, question: Question, language: Language) -> Iterator[str]:
    notes = [phrase("several", language)] if question.type is QuestionType.MULTIPLE else []
    if question.asked_if is not None:
        notes.append(phrase("only_if", language, condition=_condition(questionnaire, question.asked_if, language)))
    bracket = {Language.ZH: "（{}）", Language.EN: " ({})"}[language]
    stop = {Language.ZH: "；", Language.EN: "; "}[language]
    title = f"**{question.number}. {question.wording[language]}**" + (bracket.format(stop.join(notes)) if notes else "")
    yield title + (f"{HARD_BREAK}*{question.hint[language]}*" if question.hint else "")
    yield from _answer(questionnaire, question, language)


def _answer(questionnaire: Questionnaire, question: Question, language: Language) -> Iterator[str]:
    if question.type is QuestionType.MATRIX:
        yield _matrix(question, language)
    elif question.options:
        yield HARD_BREAK.join(_option(questionnaire, question, o, language) for o in question.options)
    elif question.type is QuestionType.NUMBER:
        yield phrase("write_number", language, unit=question.unit[language] if question.unit else "").strip()
    else:
        yield phrase("write_date" if question.type is QuestionType.DATE else "write_text", language)


def _option(questionnaire: Questionnaire, question: Question, option: Option, language: Language) -> str:
    text = f"{BOX} {option.value}　{option.wording[language]}"
    if option.open:
        text += f" {phrase('write_in', language)}"
    if question.type is QuestionType.SINGLE and (jump := _jump(questionnaire, question, option, language)):
        text += f"　{jump}"
    return text


def _jump(questionnaire: Questionnaire, question: Question, option: Option, language: Language) -> str:
    """Where to go on after an answer; empty where it is simply the next question."""
    following = next_question(questionnaire, question, option)
    if following is None:
        return phrase("ends", language)
    return "" if following.number == question.number + 1 else phrase("goes_to", language, number=following.number)


def _condition(questionnaire: Questionnaire, condition: Condition, language: Language) -> str:
    said = [
        phrase("not_chosen" if part.operator == "!=" else "chosen", language, number=questionnaire[part.name].number, value=part.value)
        for part in condition.parts
    ]
    return phrase("both" if condition.join == "and" else "either", language).join(said)


def _matrix(question: Question, language: Language) -> str:
    """One row per item; the number for data entry stands above its column."""
    heads = [f"{o.value} {o.wording[language]}" for o in question.options]
    rule = "|".join([":" + "-" * 18, *(":" + "-" * 7 + ":" for _ in heads)])
    rows = [f"| ({i}) {row.wording[language]} | {' | '.join([BOX] * len(heads))} |" for i, row in enumerate(question.rows, 1)]
    return "\n".join([f"| {phrase('statement', language)} | {' | '.join(heads)} |", f"|{rule}|", *rows])
