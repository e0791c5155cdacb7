"""Parts of a lesson as Markdown on paper: with answers for the teacher, with room to write for learners.

Questions, situations and model answers are Markdown of the lesson; options, explanations and rubrics are plain text and escaped here.
"""

from collections.abc import Sequence
from pathlib import Path

from commresearch.course.answers import unit_label
from commresearch.course.exercises import ChoiceTask, NumberTask, Task, letter
from commresearch.course.parts import Explore, Fill, Key, Sheet, Step
from commresearch.reporting.display import Table, callout, escape
from commresearch.terms import Language
from commresearch.words import number, say
from commresearch.words.precision import MINUS, fixed

MOST_DIGITS = 6  #: decimals of an answer that is shown
HERE = Path()  #: tables write nothing
BLANK = "＿" * 8
LINES = 4  #: to write a judgement on
LINE_TYPST = "#block(above: 1.9em, below: 0pt, line(length: 100%, stroke: 0.4pt + rule-colour))"
GAP_TYPST = "#v(0.9em)"  #: so that the next words do not stand on the last line
_RULE_WORD = 'w:val="single" w:sz="4" w:space="1" w:color="A6A6A6"/>'
LINE_WORD = (  # Word draws no line between paragraphs with the same borders unless it is asked for
    f'<w:p><w:pPr><w:pBdr><w:bottom {_RULE_WORD}<w:between {_RULE_WORD}</w:pBdr>'
    '<w:spacing w:before="0" w:after="0" w:line="440" w:lineRule="exact"/></w:pPr></w:p>'
)


def told(key: str, **values: object) -> str:
    """A text of the course as learners and teachers read it."""
    return say(f"course.{key}", Language.ZH, **values)


def answer_text(task: NumberTask) -> str:
    """The right answer with its unit, in as few digits as still pass for it."""
    return with_unit(task.answer, task.unit, task.tolerance)


def with_unit(value: float, unit: str, tolerance: float) -> str:
    """A number with its unit, in as few digits as keep within half the tolerance."""
    digits = next((n for n in range(MOST_DIGITS) if abs(round(value, n) - value) <= tolerance / 2), MOST_DIGITS)
    return f"{fixed(value, digits).replace(MINUS, '-')}{unit_label(unit)}"


def name_of(task: Task | Explore) -> str:
    """练习 6-1."""
    return told("exercise", id=task.id)


# ------------------------------------------------------------ teacher


def plan_table(steps: Sequence[Step]) -> str:
    """The plan of a lesson as a table with the minute at which each step begins."""
    starts = [sum(step.minutes for step in steps[:place]) for place in range(len(steps))]
    rows = [
        [f"{start}–{start + step.minutes}", step.name, step.teacher, step.learners, step.material] for start, step in zip(starts, steps, strict=True)
    ]
    header = [told(f"plan_{column}") for column in ("minutes", "step", "teacher", "learners", "material")]
    return Table(id="plan", caption=told("plan_caption"), header=header, rows=rows, align="lllll", widths=(9, 13, 32, 28, 18)).markdown(HERE)


def task_for_teacher(task: Task) -> str:
    """An exercise with its answer, the reason, and the mistakes behind wrong answers; a judgement with its rubric."""
    lines = [f"**{name_of(task)}** {task.question}"]
    if isinstance(task, NumberTask):
        named = "\n".join(f"- {told('wrong_answer', value=with_unit(w.value, task.unit, task.tolerance))}{escape(w.why)}" for w in task.wrong)
        body = f"{told('right_answer', answer=escape(answer_text(task)), tolerance=_tolerance(task))} {escape(task.why)}\n\n{named}"
    elif isinstance(task, ChoiceTask):
        lines.append("\n\n".join(f"{letter(place)}. {escape(option.text)}" for place, option in enumerate(task.options)))
        body = "\n".join(
            f"- **{letter(place)}** {told('option_right' if option.right else 'option_wrong')}{escape(option.why)}" for place, option in enumerate(task.options)
        )
    else:
        rubric = "\n".join(f"- {told('points', n=criterion.points)}{escape(criterion.text)}" for criterion in task.rubric)
        body = f"{told('rubric_lead', n=task.points)}\n\n{rubric}\n\n**{told('model')}** {task.model}"
    return "\n\n".join([*lines, callout(told("answer_of", id=task.id), body).text])


def _tolerance(task: NumberTask) -> str:
    return told("tolerance", value=number(task.tolerance)) if task.tolerance else ""


def explore_for_teacher(explore: Explore) -> str:
    """The picture that is shown first, and what every other choice shows in words."""
    header = [*(control.label for control in explore.controls), told("explore_seen")]
    rows = [[*explore.labels(state), state.text] for state in explore.states]
    note = told("simulated_note", note="").strip() if explore.simulated else ""
    table = Table(id=f"all-{explore.id}", caption=told("explore_all"), header=header, rows=rows, align="l" * len(header), note=note)
    return "\n\n".join([still_picture(explore), table.markdown(HERE)])


def still_picture(explore: Explore) -> str:
    """What can be changed on the page, as it stands on paper: the question, the first picture, and under which choices it was drawn."""
    first = explore.shown_first
    chosen = told("joiner").join(f"{control.label}{label}" for control, label in zip(explore.controls, explore.labels(first), strict=True))
    picture = f'![{escape(first.text)}](figs/{first.picture}.png){{#first-{explore.id} fig-alt="{quoted(first.alt)}"}}'
    return f"**{name_of(explore)}** {explore.question}\n\n{picture}\n\n::: {{.source-note}}\n{escape(chosen)}\n:::"


def sheet_for_teacher(sheet: Sheet) -> str:
    """The workbook with its key: one line per row."""
    lines = [f"**{told('sheet_head')}：{escape(sheet.title)}** {sheet.task}"]
    rows = []
    for place, row in enumerate(sheet.rows, 1):
        keyed = [(sheet.column(name), key) for name, key in row.keys.items()]
        stands = told("joiner").join(_plain(value) for value in row.given.values())
        answers = told("joiner").join(f"{column.name}：{_keyed(column.fill, key)}" for column, key in keyed)
        rows.append([str(place), stands, answers or "—", " ".join(key.why for _, key in keyed) or "—"])
    header = [told(f"sheet_{column}") for column in ("row", "stands", "answer", "why")]
    table = Table(id="sheet-key", caption=told("sheet_key"), header=header, rows=rows, align="llll", widths=(6, 34, 24, 36))
    return "\n\n".join([*lines, table.markdown(HERE)])


def _keyed(fill: Fill, key: Key) -> str:
    return number(float(key.answer)) if fill is Fill.AMOUNT else str(key.answer)


def _plain(value: str | float) -> str:
    return value if isinstance(value, str) else number(value)


# ------------------------------------------------------------ worksheet


def task_for_learners(task: Task) -> str:
    """An exercise with room to write."""
    head = f"**{name_of(task)}** {task.question}"
    if isinstance(task, NumberTask):
        return f"{head}\n\n{told('room_number', blank=BLANK, unit=escape(unit_label(task.unit)))}"
    if isinstance(task, ChoiceTask):
        return "\\\n".join([head, *(f"□ {letter(place)}. {escape(option.text)}" for place, option in enumerate(task.options))])
    return "\n\n".join([f"{head}{told('points_all', n=task.points)}", room(LINES)])


def room(lines: int) -> str:
    """Lines to write on."""
    return "\n\n".join([raw("typst", LINE_TYPST * lines + GAP_TYPST), raw("openxml", LINE_WORD * lines)])


def raw(target: str, text: str) -> str:
    """A block that only one kind of file takes, as it is."""
    fence = "`" * 12
    return f"{fence}{{={target}}}\n{text}\n{fence}"


def quoted(text: str) -> str:
    """A text inside the quotation marks of an attribute."""
    return text.replace('"', "”")
