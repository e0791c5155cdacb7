"""What the notebooks of lessons call: each function shows one part of a lesson and refuses what is wrong with it.

Every function emits Markdown, which a notebook shows, and beside it the part itself, which the versions of the lesson are made of. Words are Chinese
and the lesson's own; numbers among them are computed in the notebook. What is simulated is marked here, so that no lesson can forget it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from commresearch.course import faults, parts
from commresearch.course.content import PART, Part, to_content
from commresearch.course.exercises import ChoiceTask, Criterion, JudgementTask, NumberTask, Option, WrongAnswer, letter
from commresearch.course.parts import Column, Control, Explore, Fill, Head, Key, Row, Rule, Sheet, Shown, Step
from commresearch.records import write_whole
from commresearch.reporting.display import Figure, Prose, Table, escape, show
from commresearch.reporting.marks import marked_png, marked_svg
from commresearch.reporting.style import house_style, stamp_drawing
from commresearch.terms import Language
from commresearch.words import number as in_words
from commresearch.words import say

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

FIGURES = "figs"
WIDE_COLUMN, MEDIUM_COLUMN, NARROW_COLUMN = 36.0, 16.0, 12.0  #: half-width characters


# ------------------------------------------------------------ lesson and plan


def lesson(*, number: int, title: str, claim: str, next_week: str, situation: str) -> None:
    """Show the head of a lesson; it stands in the first cell that shows anything.

    Parameters
    ----------
    number
        1 to 8.
    title, claim, situation
        The title; what a worker can say or do afterwards; what happens on the day the lesson begins with (Markdown).
    next_week
        One thing to do next week, by whom and on which form. It is shown at the end of every version, not here.

    Raises
    ------
    ReportError
        CR-J01.
    """
    head = Head(number=number, title=title, claim=claim, next_week=next_week, situation=situation)
    faults.require(faults.head_faults(head))
    _emit(f"# {escape(title)}\n\n{situation}", head)


def plan(steps: Sequence[tuple[int, str, str, str, str]]) -> None:
    """Show the teacher's plan: minutes, step, what the teacher does, what learners do, material; teacher's version only.

    Raises
    ------
    ReportError
        Minutes that are none (CR-J01), or do not add up to 90 (CR-J02).
    """
    made = [Step(minutes=minutes, name=name, teacher=teacher, learners=learners, material=material) for minutes, name, teacher, learners, material in steps]
    faults.require(faults.plan_faults(made))
    _emit("\n".join(f"- {step.minutes}: {escape(step.name)}" for step in made), *made)


def text(markdown: str) -> None:
    """Show prose that holds computed numbers, as Markdown; text from data is escaped by whoever puts it in."""
    show(Prose(text=markdown))


# ------------------------------------------------------------ exercises


def number(*, id: str, question: str, answer: float, tolerance: float, unit: str, wrong: Sequence[WrongAnswer], why: str) -> None:  # noqa: A002
    """Show an exercise whose answer is a number.

    Parameters
    ----------
    id
        `<lesson>-<n>`.
    answer, tolerance
        In the unit; the ends of the tolerance are right, too.
    unit
        percent, percentage_points, persons, person_times, count, households, hours, months, yuan, per_1000_households, m2_hours, or a Chinese unit
        (件, 次, 场). Learners may write the unit or leave it out.
    wrong
        Named wrong answers, as `wrong` makes them; each computed as a worker who makes the mistake would.
    why
        How the right answer comes about.

    Raises
    ------
    ReportError
        CR-J01; a wrong answer that would pass for right (CR-J03), or that stands in the way of another (CR-J04).
    """
    task = NumberTask(id=id, question=question, answer=float(answer), tolerance=float(tolerance), unit=unit, wrong=tuple(wrong), why=why)
    faults.require(faults.number_faults(task))
    _emit(_named(id, question), task)


def wrong(value: float, why: str) -> WrongAnswer:
    """A number that a common mistake leads to, and what the mistake is."""
    return WrongAnswer(value=float(value), why=why)


def choice(*, id: str, question: str, options: Sequence[Option]) -> None:  # noqa: A002
    """Show an exercise with options, exactly one of which is right; every option says why.

    Raises
    ------
    ReportError
        CR-J01.
    """
    task = ChoiceTask(id=id, question=question, options=tuple(options))
    faults.require(faults.choice_faults(task))
    lines = [f"{letter(place)}. {option.text}" for place, option in enumerate(options)]
    _emit("\n\n".join([_named(id, question), *lines]), task)


def option(text: str, *, why: str, right: bool = False) -> Option:
    """An option, and why it is right or wrong."""
    return Option(text=text, why=why, right=right)


def judgement(*, id: str, question: str, rubric: Sequence[Criterion], model: str) -> None:  # noqa: A002
    """Show an exercise that the teacher judges by a rubric; `model` is an answer that earns all points.

    Raises
    ------
    ReportError
        CR-J01.
    """
    task = JudgementTask(id=id, question=question, rubric=tuple(rubric), model=model)
    faults.require(faults.judgement_faults(task))
    _emit(_named(id, question), task)


def criterion(points: int, text: str) -> Criterion:
    """A line of a rubric: the points, and what an answer must have to earn them."""
    return Criterion(points=points, text=text)


# ------------------------------------------------------------ figures and tables


def figure(fig: "Drawing", *, id: str, caption: str, alt: str, note: str = "", simulated: bool = True, folder: str | Path = ".") -> None:  # noqa: A002
    """Show a drawing (made inside `reporting.style.house_style`); of simulated data it is stamped, and its note says so.

    Parameters
    ----------
    id
        Begins with `fig-`.
    caption
        What is seen, in one line.
    alt
        What the drawing shows, for those who cannot see it.
    note
        Source, definition, number of cases.
    simulated
        False only for published claims, whose source the note names.

    Raises
    ------
    ReportError
        A label holds a character that the font does not have (CR-R06).
    """
    if simulated:
        _stamp(fig)
    show(Figure(id=id, caption=caption, alt=alt, drawing=fig, note=_noted(note, simulated=simulated)), folder)
    if simulated:
        _mark(id, Path(folder))


def table(frame: "pd.DataFrame", *, id: str, caption: str, note: str = "", simulated: bool = True, align: str = "") -> None:  # noqa: A002
    """Show a table; columns as they are named, the index left out, numbers as words write them.

    Parameters
    ----------
    id
        Begins with `tbl-`.
    note
        Source and terms; of simulated data it says so.
    align
        One letter per column, l or r; without it columns of numbers stand right.
    """
    numeric = [kind.kind in "iuf" for kind in frame.dtypes]
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    lined = align or "".join("r" if is_number else "l" for is_number in numeric)
    show(Table(id=id, caption=caption, header=[str(name) for name in frame.columns], rows=rows, align=lined, note=_noted(note, simulated=simulated)))


def explore(
    *, id: str, question: str, controls: Sequence[Control], states: Mapping[tuple[str, ...], tuple["Drawing", str, str]], default: tuple[str, ...],  # noqa: A002
    simulated: bool = True, folder: str | Path = ".",
) -> None:
    """Show what a reader can change: a picture and a sentence for every combination of choices, drawn beforehand.

    Parameters
    ----------
    id
        `<lesson>-x`, `<lesson>-x2`, ….
    controls
        As `control` makes them.
    states
        For every combination (values in the order of the controls; at most 24) what `state` makes.
    default
        The combination that is shown first, and on paper.

    Raises
    ------
    ReportError
        CR-J01: combinations without a state, states without a combination, too many of them.
    """
    faults.require(faults.explore_faults(id, controls, states, default))
    shown = []
    for place, values in enumerate(parts.combinations(controls)):
        drawing, said, alt = states[values]
        if simulated:
            _stamp(drawing)
        name = f"explore-{id}-{place}"
        _draw(drawing, name, Path(folder), is_printed=values == default)
        if simulated:
            _mark(name, Path(folder))
        shown.append(Shown(values=values, picture=name, alt=alt, text=said))
    made = Explore(id=id, question=question, controls=tuple(controls), states=tuple(shown), default=default, simulated=simulated)
    first = made.shown_first
    _emit(f"{_named(id, question)}\n\n![{escape(first.text)}]({FIGURES}/{first.picture}.png)", made)


def control(name: str, label: str, options: Mapping[str, str]) -> Control:
    """Something to choose: its name in the program, the question that a reader sees, its values with their labels."""
    return Control(name=name, label=label, options=dict(options))


def state(fig: "Drawing", text: str, *, alt: str) -> tuple["Drawing", str, str]:
    """What one combination of choices shows: a drawing, one sentence on what is seen, an alternative text."""
    return fig, text, alt


# ------------------------------------------------------------ workbook


def sheet(
    *, title: str, task: str, columns: Sequence[Column], rows: Sequence[Row], example: Mapping[str, str | float], example_why: str, rules: Sequence[Rule] = (),
    simulated: bool = True,
) -> None:
    """Show the workbook of a lesson, one per lesson: rows to fill in, each checked beside it by a formula that turns from red to green and says why.

    Parameters
    ----------
    title, task
        Of the exercise, and what is to be done, in two or three sentences.
    columns
        As `given`, `pick`, `amount` and `free` make them, in the order of the workbook.
    rows
        As `row` makes them: what stands there, and the keys of the cells to fill in. A column without a key in a row is checked by the rules only.
    example, example_why
        One filled row (a value for every column), and why it is filled so; it is shown in grey and not checked.
    rules
        As `rule` makes them; they hold of every filled row.
    simulated
        Then the workbook says so on top.

    Raises
    ------
    ReportError
        CR-J01, CR-J03, CR-J04.

    Examples
    --------
    ::

        cells.sheet(
            title="是人还是人次", task="……", columns=[cells.given("台账里的一行"), cells.pick("数的是什么", ["人", "人次"]), cells.amount("多少", unit="count")],
            rows=[cells.row({"台账里的一行": line}, {"数的是什么": cells.key("人次", "……", {"人": "……"}), "多少": cells.key(n, "……", {m: "……"})})],
            example={"台账里的一行": "……", "数的是什么": "人", "多少": 3}, example_why="……",
        )
    """
    made = Sheet(
        title=title, task=task, columns=tuple(columns), rows=tuple(rows), example=dict(example), example_why=example_why, rules=tuple(rules), simulated=simulated,
    )
    faults.require(faults.sheet_faults(made))
    _emit(f"**{escape(title)}**\n\n{task}", made)


def given(name: str, *, width: float = WIDE_COLUMN) -> Column:
    """A column that stands there already."""
    return Column(name=name, fill=Fill.GIVEN, width=width)


def pick(name: str, options: Sequence[str], *, width: float = MEDIUM_COLUMN) -> Column:
    """A column that is filled from a drop-down list."""
    return Column(name=name, fill=Fill.PICK, width=width, options=tuple(options))


def amount(name: str, *, unit: str, tolerance: float = 0.0, width: float = NARROW_COLUMN) -> Column:
    """A column that is filled with numbers, in a unit as for `number`."""
    return Column(name=name, fill=Fill.AMOUNT, width=width, unit=unit, tolerance=float(tolerance))


def free(name: str, *, width: float = WIDE_COLUMN) -> Column:
    """A column for words, which nothing checks."""
    return Column(name=name, fill=Fill.FREE, width=width)


def key(answer: str | float, why: str, wrong: Mapping[str | float, str] | None = None) -> Key:
    """The answer to one cell, why it is right, and wrong answers with what is wrong in them."""
    return Key(answer=_plain(answer), why=why, wrong=tuple((_plain(value), told) for value, told in (wrong or {}).items()))


def row(stands: Mapping[str, str | float], keys: Mapping[str, Key]) -> Row:
    """A row to fill in: what stands in it, by column, and the keys of the cells that have one answer."""
    return Row(given={name: _plain(value) for name, value in stands.items()}, keys=dict(keys))


def rule(left: str, sign: Literal["<=", "<", ">=", ">", "=", "<>"], right: str | float, *, why: str) -> Rule:
    """What holds of every filled row: two columns of numbers, or one and a number, and what is wrong where it does not."""
    return Rule(left=left, sign=sign, right=_plain(right), why=why)


# ------------------------------------------------------------ emitting


def _emit(markdown: str, *made: Part) -> None:
    """Show parts of a lesson in the running notebook."""
    from IPython.display import display

    data = {"text/markdown": markdown, "text/plain": markdown, PART: [to_content(part) for part in made]}
    display(data, raw=True)


def _named(name: str, question: str) -> str:
    return f"**{say('course.exercise', Language.ZH, id=name)}** {question}"


def _noted(note: str, *, simulated: bool) -> str:
    return say("course.simulated_note", Language.ZH, note=note).strip() if simulated else note


def _stamp(drawing: "Drawing") -> None:
    with house_style():
        stamp_drawing(drawing, say("reports.simulated_stamp", Language.ZH))


def _mark(name: str, folder: Path) -> None:
    """Write the mark of simulated data into the files of a drawing, which travel with a copy."""
    mark = say("reports.simulated_banner", Language.ZH)
    svg, png = (folder / FIGURES / f"{name}.{kind}" for kind in ("svg", "png"))
    write_whole(svg, marked_svg(svg.read_text(encoding="utf8"), mark))
    if png.is_file():
        write_whole(png, marked_png(png.read_bytes(), mark))


def _draw(drawing: "Drawing", name: str, folder: Path, *, is_printed: bool) -> None:
    """Write a drawing below `folder`: as SVG for the page, and as PNG where it stands on paper."""
    if is_printed:
        Figure(id=name, caption="", alt="", drawing=drawing).markdown(folder)
        return
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    from commresearch.reporting.fonts import require_glyphs

    for label in drawing.findobj(lambda artist: hasattr(artist, "get_text")):
        require_glyphs(label.get_text())  # type: ignore[attr-defined]
    (folder / FIGURES).mkdir(parents=True, exist_ok=True)
    with house_style():
        FigureCanvasSVG(drawing).print_svg(folder / FIGURES / f"{name}.svg", metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]


def _cell(value: object) -> str:
    """A cell in words: numbers with separators and without needless decimals, a dash for what is missing."""
    if isinstance(value, str):
        return value
    if value is None or value != value:  # NaN and NA are unequal to themselves
        return "—"
    return in_words(float(value)) if hasattr(value, "__float__") else str(value)


def _plain(value: str | float) -> str | float:
    """A value as JSON holds it; numbers of arrays are none to it."""
    return value if isinstance(value, str) else float(value)
