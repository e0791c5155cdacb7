"""What is wrong with a lesson as it was written: found when its notebook runs, all at once, before anything is made of it."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations as pairs

from commresearch.course.answers import is_unit
from commresearch.course.exercises import ChoiceTask, JudgementTask, NumberTask, near
from commresearch.course.parts import Control, Fill, Head, Key, Sheet, Step, amount_of, combinations
from commresearch.errors import Failure, ReportError
from commresearch.words import entries

MINUTES = 90  #: of one lesson
MOST_STATES = 24  #: combinations of choices that one page holds
FEWEST_OPTIONS = 2
LESSONS = 8
SIGNS = ("<=", "<", ">=", ">", "=", "<>")
MARKED = re.compile(r"\*\*|`")
ID = re.compile(r"[1-9]-(?:[1-9][0-9]?|x[0-9]?)")


def require(failures: Iterable[Failure]) -> None:
    """Refuse a part of a lesson that has faults.

    Raises
    ------
    ReportError
        All of them.
    """
    if found := list(failures):
        raise ReportError(*found)


def _rule(what: str, item: str, **values: object) -> Failure:
    """A rule of lessons that is broken: the rule stands in the catalogue of errors, once per language."""
    sentences = {language: text.format(**values) for language, text in entries("errors")[f"rule_course_{what}"].items()}
    return Failure(code="CR-J01", values={"item": item, "rule": sentences})


def head_faults(head: Head) -> Iterator[Failure]:
    """A number outside the course, and words that are lacking."""
    if not 1 <= head.number <= LESSONS:
        yield _rule("number", str(head.number), most=LESSONS)
    for name in ("title", "claim", "next_week", "situation"):
        if not getattr(head, name).strip():
            yield _rule("words", name)


def plan_faults(steps: Sequence[Step]) -> Iterator[Failure]:
    """Minutes that are none, or do not add up to one lesson."""
    for step in steps:
        if step.minutes <= 0:
            yield _rule("minutes", step.name, got=step.minutes)
    if (total := sum(step.minutes for step in steps)) != MINUTES:
        yield Failure(code="CR-J02", values={"got": total, "wanted": MINUTES})


def number_faults(task: NumberTask) -> Iterator[Failure]:
    """An answer, a tolerance or a unit that cannot be; wrong answers that would pass, or hide one another."""
    yield from _id_faults(task.id)
    yield from value_faults(task)


def value_faults(task: NumberTask) -> Iterator[Failure]:
    """The same without the name of the exercise, for cells of a workbook, which have none."""
    if not math.isfinite(task.answer) or not math.isfinite(task.tolerance) or task.tolerance < 0:
        yield _rule("finite", task.id, answer=task.answer, tolerance=task.tolerance)
        return
    if not is_unit(task.unit):
        yield _rule("unit", task.id, got=task.unit)
    if not task.why.strip() or not all(wrong.why.strip() for wrong in task.wrong):
        yield _rule("why", task.id)
    yield from _plain_faults(task.id, task.why, *(wrong.why for wrong in task.wrong))
    for wrong in task.wrong:
        if not math.isfinite(wrong.value) or task.holds(wrong.value):
            yield Failure(code="CR-J03", values={"item": task.id, "got": f"{wrong.value:g}", "answer": f"{task.answer:g}", "tolerance": f"{task.tolerance:g}"})
    for one, other in pairs(task.wrong, 2):
        if near(one.value, other.value, task.tolerance):
            values = {"item": task.id, "got": f"{one.value:g}", "other": f"{other.value:g}", "tolerance": f"{task.tolerance:g}"}
            yield Failure(code="CR-J04", values=values)


def choice_faults(task: ChoiceTask) -> Iterator[Failure]:
    """Too few options, not exactly one that is right, options alike, or without a reason."""
    yield from _id_faults(task.id)
    rights = sum(option.right for option in task.options)
    if len(task.options) < FEWEST_OPTIONS or rights != 1:
        yield _rule("one_right", task.id, n=len(task.options), rights=rights)
    if len({option.text.strip() for option in task.options}) < len(task.options):
        yield _rule("alike", task.id)
    yield from _plain_faults(task.id, *(text for option in task.options for text in (option.text, option.why)))
    if not all(option.why.strip() and option.text.strip() for option in task.options):
        yield _rule("why", task.id)


def judgement_faults(task: JudgementTask) -> Iterator[Failure]:
    """A rubric without lines, points that are none, no model answer."""
    yield from _id_faults(task.id)
    if not task.rubric or any(criterion.points <= 0 or not criterion.text.strip() for criterion in task.rubric):
        yield _rule("rubric", task.id)
    yield from _plain_faults(task.id, *(criterion.text for criterion in task.rubric))
    if not task.model.strip():
        yield _rule("model", task.id)


def explore_faults(
    name: str, controls: Sequence[Control], states: Mapping[tuple[str, ...], object], default: tuple[str, ...]
) -> Iterator[Failure]:
    """Combinations without a picture, pictures without a combination, too many of them, a default that is none."""
    yield from _id_faults(name)
    if not controls or any(len(control.options) < FEWEST_OPTIONS for control in controls):
        yield _rule("controls", name)
        return
    wanted, given = combinations(controls), list(states)
    if len(wanted) > MOST_STATES:
        yield _rule("states", name, n=len(wanted), most=MOST_STATES)
    for lacking in [state for state in wanted if state not in given]:
        yield _rule("lacking", name, state=", ".join(lacking))
    for unknown in [state for state in given if state not in wanted]:
        yield _rule("no_such", name, state=", ".join(map(str, unknown)))
    if default not in wanted:
        yield _rule("no_such", name, state=", ".join(map(str, default)))


def sheet_faults(sheet: Sheet) -> Iterator[Failure]:
    """Columns, keys, examples and rules of a workbook that do not fit each other."""
    names = [column.name for column in sheet.columns]
    if not sheet.rows or not sheet.filled or len(set(names)) < len(names):
        yield _rule("columns", sheet.title)
        return
    given = {column.name for column in sheet.columns if column.fill is Fill.GIVEN}
    keyed = {column.name for column in sheet.columns if column.fill in {Fill.PICK, Fill.AMOUNT}}
    for place, row in enumerate(sheet.rows, 1):
        if set(row.given) != given or not set(row.keys) <= keyed:
            yield _rule("row", sheet.title, row=place)
            continue
        for name, key in row.keys.items():
            yield from _key_faults(sheet, place, name, key)
    if set(sheet.example) != set(names) or not sheet.example_why.strip():
        yield _rule("example", sheet.title)
    amounts = {column.name for column in sheet.columns if column.fill is Fill.AMOUNT} | given
    for rule in sheet.rules:
        sides = {rule.left} | ({rule.right} if isinstance(rule.right, str) else set())
        if rule.sign not in SIGNS or not sides <= amounts or not rule.why.strip():
            yield _rule("sheet_rule", sheet.title, got=f"{rule.left} {rule.sign} {rule.right}")


def _key_faults(sheet: Sheet, place: int, name: str, key: Key) -> Iterator[Failure]:
    """Faults of the key of one cell, told with its place."""
    column = sheet.column(name)
    where = f"{sheet.title} · {place} · {name}"
    if column.fill is Fill.PICK:
        unknown = [str(value) for value in (key.answer, *(value for value, _ in key.wrong)) if value not in column.options]
        if unknown or key.answer in dict(key.wrong):
            yield _rule("option", where, got=", ".join(unknown) or str(key.answer))
    elif any(isinstance(value, str) for value in (key.answer, *(value for value, _ in key.wrong))):
        yield _rule("amount", where)
    else:
        yield from value_faults(amount_of(column, key, where))


def _plain_faults(name: str, *texts: str) -> Iterator[Failure]:
    """Markdown in what is shown as it is."""
    if marked := [text for text in texts if MARKED.search(text)]:
        yield _rule("plain", name, got=marked[0])


def _id_faults(name: str) -> Iterator[Failure]:
    if not ID.fullmatch(name):
        yield _rule("id", name)
