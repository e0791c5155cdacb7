"""The page of a lesson: prose as it is written, exercises that are checked as they are answered, pictures that can be changed; offline, in one file."""

import html
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from commresearch.course.answers import ALIKE, COUNT, MEASURES, known_units, unit_label, wanted_unit
from commresearch.course.exercises import MIXED_UP, ChoiceTask, JudgementTask, NumberTask, Outcome, Task, letter
from commresearch.course.lesson import Lesson, Version
from commresearch.course.paper import next_week, raised
from commresearch.course.parts import Explore, Head, Sheet
from commresearch.course.written import answer_text, name_of, quoted, raw, told, with_unit
from commresearch.reporting.display import escape


def template(name: str) -> Path:
    """A template file of the course."""
    return Path(str(files("commresearch.course") / "templates" / name))


def page_body(lesson: Lesson, stem: str) -> str:
    """The page as Markdown: prose goes through, what is interactive stands in it as HTML.

    Parameters
    ----------
    stem
        Name of the lesson's files; the workbook is linked by it.
    """
    parts = [_head(lesson.head), *(part for block in lesson.of(Version.PAGE) for part in _shown(block.shown, stem)), next_week(lesson.head)]
    script = "\n".join(template(name).read_text(encoding="utf8") for name in ("answers.js", "course.js"))
    data = f'<script type="application/json" id="course-data">{course_data(lesson)}</script>'
    return "\n\n".join([*parts, raw("html", f"{data}\n<script>\n{script}</script>")]) + "\n"


def course_data(lesson: Lesson) -> str:
    """What the script checks answers with, as JSON that no markup can end."""
    tasks = {task.id: _task_data(task) for task in lesson.tasks if not isinstance(task, JudgementTask)}
    data = {"tasks": tasks, "scrolls": told("figure_scrolls"), **reading_data()}
    return json.dumps(data, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")


def reading_data() -> dict[str, Any]:
    """Units and verdicts, which the script shares with the checker of the package."""
    return {
        "units": known_units(), "measures": sorted(MEASURES), "count": wanted_unit(COUNT), "alike": {unit: sorted(others) for unit, others in ALIKE.items()},
        "mixed_up": {",".join(units): outcome.value for units, outcome in MIXED_UP.items()},
        "verdicts": {outcome.value: told(f"verdict_{outcome}", given="{given}", unit="{unit}") for outcome in Outcome},
    }


def _task_data(task: NumberTask | ChoiceTask) -> dict[str, Any]:
    if isinstance(task, ChoiceTask):
        return {"kind": "choice", "options": [{"right": option.right, "why": option.why} for option in task.options]}
    return {"kind": "number", **number_data(task)}


def number_data(task: NumberTask) -> dict[str, Any]:
    """A number exercise as the script knows it."""
    return {
        "answer": task.answer, "tolerance": task.tolerance, "label": unit_label(task.unit), "wanted": wanted_unit(task.unit), "why": task.why,
        "wrong": [{"value": wrong.value, "why": wrong.why} for wrong in task.wrong],
    }


def _head(head: Head) -> str:
    return "\n\n".join([raw("html", f'<p class="claim"><strong>{told("after")}</strong>{html.escape(head.claim)}</p>'), f"# {told('situation')}", head.situation])


def _shown(part: object, stem: str) -> Iterator[str]:
    """One block of the page."""
    if isinstance(part, str):
        yield raised(part)
    elif isinstance(part, NumberTask | ChoiceTask | JudgementTask):
        yield from _task(part)
    elif isinstance(part, Explore):
        yield from _explore(part)
    elif isinstance(part, Sheet):
        yield from _sheet(part, stem)


# ------------------------------------------------------------ exercises


def _task(task: Task) -> Iterator[str]:
    """An exercise: the question, where to answer it, and behind a fold the answer, for those without a script, too."""
    name = html.escape(task.id)
    yield raw("html", f'<section class="task" id="task-{name}" aria-labelledby="name-{name}"><p class="task-name" id="name-{name}">{html.escape(name_of(task))}</p><div id="question-{name}">')
    yield task.question
    yield raw("html", "</div>" + _form(task) + f'<details class="answer"><summary>{told("reveal_model" if isinstance(task, JudgementTask) else "reveal")}</summary>')
    yield _revealed(task)
    yield raw("html", "</details></section>")


def _form(task: Task) -> str:
    name = html.escape(task.id)
    status = '<p class="verdict" role="status"></p>'
    check = f'<button type="submit">{told("check")}</button>'
    if isinstance(task, JudgementTask):
        return f'<label class="words" for="answer-{name}">{told("own_words")}</label><textarea id="answer-{name}" rows="5" aria-describedby="question-{name}"></textarea>'
    if isinstance(task, NumberTask):
        unit = html.escape(unit_label(task.unit))
        field = f'<input id="answer-{name}" type="text" autocomplete="off" aria-describedby="question-{name} unit-{name}">'
        return (
            f'<form data-task="{name}" novalidate><label for="answer-{name}">{told("your_answer")}</label> <span class="field">{field} '
            f'<span id="unit-{name}">{unit}</span></span> {check}{status}</form>'
        )
    options = "".join(
        f'<label class="option"><input type="radio" name="answer-{name}" value="{place}"><span>{letter(place)}. {html.escape(option.text)}</span></label>'
        for place, option in enumerate(task.options)
    )
    return f'<form data-task="{name}" novalidate><div role="radiogroup" aria-labelledby="name-{name} question-{name}">{options}</div>{check}{status}</form>'


def _revealed(task: Task) -> str:
    """What the fold holds, as Markdown."""
    if isinstance(task, NumberTask):
        named = "\n".join(f"- {told('wrong_answer', value=escape(with_unit(w.value, task.unit, task.tolerance)))}{escape(w.why)}" for w in task.wrong)
        return f"{told('right_answer', answer=escape(answer_text(task)), tolerance='')} {escape(task.why)}\n\n{named}"
    if isinstance(task, ChoiceTask):
        said = [(letter(place), "option_right" if option.right else "option_wrong", option.why) for place, option in enumerate(task.options)]
        return "\n".join(f"- **{mark}** {told(verdict)}{escape(why)}" for mark, verdict, why in said)
    rubric = "\n".join(f"- {told('points', n=criterion.points)}{escape(criterion.text)}" for criterion in task.rubric)
    return f"{task.model}\n\n{told('rubric_self', n=task.points)}\n\n{rubric}"


# ------------------------------------------------------------ what can be changed, and the workbook


def _explore(explore: Explore) -> Iterator[str]:
    """Native choices, the picture that belongs to them, and what is seen in it, read out when it changes; a table of all for those without a script."""
    name = html.escape(explore.id)
    yield raw("html", f'<section class="explore" aria-labelledby="name-{name}"><p class="task-name" id="name-{name}">{html.escape(name_of(explore))}</p><div>')
    yield explore.question
    controls = "".join(_control(explore, place) for place in range(len(explore.controls)))
    pictures = "".join(_picture(explore, place) for place in range(len(explore.states)))
    mark = f'<p class="source-note">{told("simulated_note", note="").strip()}</p>' if explore.simulated else ""
    yield raw("html", f'</div><div class="controls">{controls}</div><p class="seen" role="status">{html.escape(explore.shown_first.text)}</p>{pictures}{mark}')
    yield raw("html", f'<details class="answer"><summary>{told("explore_all")}</summary>{_all_states(explore)}</details></section>')


def _control(explore: Explore, place: int) -> str:
    control, chosen = explore.controls[place], explore.default[place]
    group = f"{html.escape(explore.id)}-{place}"
    radios = "".join(
        f'<label class="option"><input type="radio" name="{group}" value="{html.escape(value)}"{" checked" if value == chosen else ""}>'
        f"<span>{html.escape(label)}</span></label>"
        for value, label in control.options.items()
    )
    return f"<fieldset><legend>{html.escape(control.label)}</legend>{radios}</fieldset>"


def _picture(explore: Explore, place: int) -> str:
    state = explore.states[place]
    hidden = "" if state.values == explore.default else " hidden"
    return (
        f'<div class="state" data-state="{html.escape("|".join(state.values))}" data-text="{html.escape(state.text)}"{hidden}>'
        f'<figure><img src="figs/{state.picture}.svg" alt="{html.escape(quoted(state.alt))}"></figure></div>'
    )


def _all_states(explore: Explore) -> str:
    heads = "".join(f'<th scope="col">{html.escape(head)}</th>' for head in (*(control.label for control in explore.controls), told("explore_seen")))
    rows = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in (*explore.labels(state), state.text))}</tr>" for state in explore.states)
    region = html.escape(told("explore_all"))
    return f'<div class="table-scroll" tabindex="0" role="region" aria-label="{region}"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'


def _sheet(sheet: Sheet, stem: str) -> Iterator[str]:
    yield f"::: {{.callout-note}}\n## {told('sheet_head')}：{escape(sheet.title)}\n\n{sheet.task}\n\n[{told('sheet_open')}]({stem}_exercise.xlsx)\n:::"

