"""The teacher's version and the worksheet of a lesson, as Markdown."""

import re

from commresearch.course.exercises import ChoiceTask, JudgementTask, NumberTask
from commresearch.course.lesson import Lesson, Version
from commresearch.course.parts import Explore, Head, Sheet, Step
from commresearch.course.written import (
    explore_for_teacher,
    plan_table,
    sheet_for_teacher,
    still_picture,
    task_for_learners,
    task_for_teacher,
    told,
)
from commresearch.reporting.display import escape

HEADING, BOX = re.compile(r"##+ "), re.compile(r"::: \{\.callout-")
FIGURE = re.compile(r'\(figs/.+?\.png\)\{#\S+ fig-alt="[^"]*"(?=\})')
PICTURE = "62%"  #: width of a picture on a sheet to write on


def raised(markdown: str) -> str:
    """Prose whose sections become those of the document: notebooks begin them one level below their title. Titles of boxes stay."""
    lines, before = [], ""
    for line in markdown.split("\n"):
        lines.append(line[1:] if HEADING.match(line) and not BOX.match(before) else line)
        before = line
    return "\n".join(lines)


def teacher_body(lesson: Lesson) -> str:
    """Everything learners see, with the plan before it and answers, mistakes and rubrics beside it."""
    parts = [_head(lesson.head), f"# {told('plan')}\n\n{plan_table(lesson.plan)}", f"# {told('situation')}\n\n{lesson.head.situation}"]
    parts += [_for_teacher(block.shown) for block in lesson.of(Version.TEACHER) if not isinstance(block.shown, Step)]
    return "\n\n".join([*parts, next_week(lesson.head)]) + "\n"


def _head(head: Head) -> str:
    return f"**{told('after')}**{escape(head.claim)}"


def _for_teacher(part: object) -> str:
    if isinstance(part, NumberTask | ChoiceTask | JudgementTask):
        return task_for_teacher(part)
    if isinstance(part, Explore):
        return explore_for_teacher(part)
    return sheet_for_teacher(part) if isinstance(part, Sheet) else raised(str(part))


def next_week(head: Head) -> str:
    """What to do in the week after the lesson, in a box."""
    return f"# {told('next_week')}\n\n::: {{.callout-important}}\n## {told('next_week_box')}\n\n{head.next_week}\n:::"


def worksheet_body(lesson: Lesson) -> str:
    """Exercises with room to write, what belongs to them, and what to do next week."""
    parts = [told("worksheet_name"), *(_for_learners(block.shown) for block in lesson.of(Version.WORKSHEET)), f"**{told('next_week')}** {lesson.head.next_week}"]
    return "\n\n".join(parts) + "\n"


def _for_learners(part: object) -> str:
    if isinstance(part, NumberTask | ChoiceTask | JudgementTask):
        return task_for_learners(part)
    return FIGURE.sub(rf'\g<0> width="{PICTURE}"', still_picture(part) if isinstance(part, Explore) else raised(str(part)))
