"""The slides of a lesson, as Markdown: a heading of the second level begins each."""

import re

from commresearch.course.exercises import ChoiceTask, JudgementTask, NumberTask, Task, letter
from commresearch.course.lesson import Lesson, Version
from commresearch.course.parts import Explore
from commresearch.course.written import name_of, quoted, told
from commresearch.reporting.display import escape

FIGURE = re.compile(r'!\[(?P<caption>.*)\]\((?P<file>figs/.+?\.png)\)\{#\S+ fig-alt="(?P<alt>[^"]*)"\}')
TABLE = re.compile(r"(?P<rows>(?:^\|.*\n)+)\n: (?P<caption>.*) \{#tbl-\S+.*\}", re.MULTILINE)
NOTE = re.compile(r"::: \{\.source-note\}\n(?P<note>.*?)\n:::", re.DOTALL)


def slides_body(lesson: Lesson) -> str:
    """All slides. A picture or a table has one of its own, so that it can be read from the last row; its caption is the title.

    The last slide says what to do next week, where the lesson has none that does.
    """
    slides = [slide for block in lesson.of(Version.SLIDES) for slide in _slides(block.shown)]
    if not any(told("next_week")[:2] in slide.partition("\n")[0] for slide in slides):
        slides.append(f"## {told('next_week')}\n\n{lesson.head.next_week}")
    return "\n\n".join(slides) + "\n"


def shows_simulated(lesson: Lesson) -> bool:
    """Whether a picture or table among the slides is of simulated data; what slides say in words is of the same data then."""
    shown = [block.shown for block in lesson.of(Version.SLIDES)]
    return any(part.simulated if isinstance(part, Explore) else isinstance(part, str) and _is_marked(part) for part in shown)


def _slides(part: object) -> list[str]:
    if isinstance(part, NumberTask | ChoiceTask | JudgementTask):
        return [f"## {name_of(part)}\n\n{_task(part)}"]
    if isinstance(part, Explore):
        return [_picture(part.shown_first.text, f"figs/{part.shown_first.picture}.png", part.shown_first.alt)]
    markdown = str(part)
    if (figure := FIGURE.search(markdown)) is not None:
        return [_picture(figure["caption"], figure["file"], figure["alt"])]
    if (table := TABLE.search(markdown)) is not None:
        return [f"## {_with_mark(table['caption'], markdown)}\n\n{table['rows']}"]
    return [markdown.strip()]


def _picture(caption: str, file: str, alt: str) -> str:
    """A slide with a picture, which carries its own mark of simulated data."""
    return f'## {caption}\n\n![]({file} "{quoted(alt)}")'


def _with_mark(caption: str, markdown: str) -> str:
    """A caption that says of simulated data that they are, as the note of the table does."""
    return told("title_simulated", title=caption) if _is_marked(markdown) else caption


def _is_marked(markdown: str) -> bool:
    """Whether the note of a picture or table says that its data are simulated."""
    note = NOTE.search(markdown)
    return note is not None and told("simulated_note", note="").strip()[:4] in note["note"]


def _task(task: Task) -> str:
    """A question alone."""
    if isinstance(task, ChoiceTask):
        return "\n\n".join([task.question, *(f"{letter(place)}. {escape(option.text)}" for place, option in enumerate(task.options))])
    return task.question
