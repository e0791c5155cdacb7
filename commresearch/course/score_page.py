"""One page for the organiser of a course: what changed between the two tests, how sure that is, and which lessons to repeat."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from commresearch.course.scoring import FEWEST, PER_ITEM, WEAK, CourseScore, ItemChange, ScoreChange
from commresearch.records import write_whole
from commresearch.reporting.assemble import Document
from commresearch.reporting.disclosure_rules import is_small
from commresearch.reporting.display import Item, bullets, callout, heading
from commresearch.reporting.rendering import Renderer
from commresearch.reporting.stamped_page import StampedPage
from commresearch.reporting.style import INK, MUTED, RULE, WIDTH, house_style
from commresearch.terms import Format, Grade, Language
from commresearch.words import entries
from commresearch.words.precision import fixed, p_text, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

GRADE = Grade.E1  #: before and after of one group and nothing else
ROW = 0.19  #: inches per lesson of the drawing
RIGHT_OF_SCALE = 104  #: where the changes are written, on a scale of percent
EFFECTS = "effects.csv"


@dataclass(frozen=True, kw_only=True, eq=False)
class ScorePage(StampedPage):
    """The result of a course being reported; `file` is the name of the sheet of answers."""

    catalogue = "course_score"
    score: CourseScore
    file: str
    language: Language
    prefix: str = "score"

    @property
    def is_simulated(self) -> bool:
        """Answers are those of persons."""
        return False

    @property
    def level(self) -> str:
        """Level of the intervals in percent."""
        return fixed(100 * self.score.change.conf_level, 0)

    @property
    def title(self) -> str:
        """The finding."""
        return self.say("score_title", before=fixed(self.score.before, 1), after=fixed(self.score.after, 1))

    @property
    def subtitle(self) -> str:
        """Persons and file."""
        return self.say("score_subtitle", n=self.score.n, file=self.file)

    def interval(self, change: ScoreChange) -> str:
        """The ends of an interval with their signs; with a second decimal where the first would hide on which side of zero an end lies."""
        ends = (change.conf_low, change.conf_high)
        digits = 2 if any(end and round(end, 1) == 0 for end in ends) else 1
        return self.say("score_to", low=signed(ends[0], digits), high=signed(ends[1], digits))

    def lesson(self, lesson: int) -> str:
        """Name of a lesson."""
        return self.say(f"course_lesson_{lesson}")

    def topic(self, item: int | None) -> str:
        """What an item asks for, in a few words."""
        return self.say(f"topic_{item}")


def write_score(
    score: CourseScore, folder: Path, *, stem: str, file: str, languages: Sequence[Language], formats: Sequence[Format], renderer: Renderer
) -> list[Path]:
    """Write the page of an analysis in each language and format, and the numbers on it as a table.

    Parameters
    ----------
    score : CourseScore
    folder : Path
        Gets one folder per language, and effects.csv in the vocabulary of effects.
    stem : str
        Name of the page's files before the language.
    file : str
        Name of the sheet of answers, for the subtitle.
    languages, formats, renderer
        What is made, and by what.

    Returns
    -------
    list of Path
        The pages, language by language.

    Raises
    ------
    ReportError
        The page cannot be rendered.
    """
    made: list[Path] = []
    for language in languages:
        page = ScorePage(score=score, file=file, language=language)
        place = folder / language
        place.mkdir(parents=True, exist_ok=True)
        document = Document(
            stem=f"{stem}.{language}", folder=place, title=page.title, subtitle=page.subtitle, language=language,
            body="\n\n".join(item.markdown(place) for item in score_items(page)) + "\n", formats=tuple(formats), languages=tuple(languages),
        )
        made += renderer.render(document, formats)
    write_whole(folder / EFFECTS, score.to_frame().to_csv(index=False))
    return made


def score_items(page: ScorePage) -> list[Item]:
    """Everything on the page, the result first."""
    return [*_result(page), *_weak(page), *(_too_few(page) if page.score.is_small else [*_lessons(page), *_single_items(page)]), *_notes(page)]


def _result(page: ScorePage) -> list[Item]:
    """How much changed, how sure, what the forms have to do with it, and how far it goes."""
    change = page.score.main
    values = {"n": page.score.n, "level": page.level, "interval": page.interval(change), "change": fixed(abs(change.estimate), 1)}
    values["points"] = fixed(abs(PER_ITEM * change.estimate), 0)
    if math.isnan(change.conf_low):
        sentences = [page.say("score_lead_alike", **(values | {"change": signed(change.estimate, 1)}))]
    else:
        lead = "same" if change.estimate == 0 else "up" if change.estimate > 0 else "down"
        sentences = [page.say(f"score_lead_{lead}", **values), page.say("score_unsure" if change.conf_low <= 0 <= change.conf_high else "score_sure")]
    meaning = entries("grades")[GRADE.value][page.language.value]
    return [
        page.prose(*sentences),
        page.prose(*_form_sentences(page)),
        callout(page.say("grade_title", grade=GRADE.value, meaning=meaning), page.say("grade_body"), "important"),
    ]


def _form_sentences(page: ScorePage) -> list[str]:
    """The change without what is due to the forms, or that the two cannot be told apart; groups of their own only where nobody can be recognised."""
    forms = page.score.forms
    sizes = {"a": forms.n_a_first, "b": forms.n_b_first}
    if forms.adjusted is None or forms.b_easier is None or forms.a_first is None or forms.b_first is None:
        return [page.say("forms_one_way", **sizes, least=FEWEST)]
    said = [page.say("forms_balanced", **sizes, plain=signed(page.score.change.estimate, 1))]
    if min(forms.n_a_first, forms.n_b_first) >= page.release.threshold:
        changes = {"a_change": signed(forms.a_first.estimate, 1), "b_change": signed(forms.b_first.estimate, 1)}
        easier = page.say("forms_easier" if forms.b_easier.estimate >= 0 else "forms_harder")
        gap = fixed(abs(forms.b_easier.estimate), 1)
        said.append(page.say("forms_groups", **changes, easier=easier, gap=gap, interval=page.interval(forms.b_easier)))
    return said


def _weak(page: ScorePage) -> list[Item]:
    """The items to be repeated; of a small group only their names."""
    limit = fixed(WEAK, 0)
    if not page.score.weak:
        return [page.prose(page.say("weak_none", limit=limit))]
    key = "weak_line_small" if page.score.is_small else "weak_line"
    lines = [
        page.say(key, lesson=one.lesson, item=one.item, idea=page.topic(one.item), **({} if page.score.is_small else {"after": fixed(one.after, 0)}))
        for one in page.score.weak
    ]
    return [heading(page.say("weak_heading", limit=limit)), bullets(lines)]


def _too_few(page: ScorePage) -> list[Item]:
    return [heading(page.say("small_heading", least=page.release.threshold)), page.prose(page.say("small_text"))]


def _lessons(page: ScorePage) -> list[Item]:
    """Percent right by lesson as a drawing, with the changes beside it."""
    lessons = page.score.lessons
    told = [page.say("lessons_alt_row", lesson=one.lesson, before=fixed(one.before, 0), after=fixed(one.after, 0)) for one in lessons]
    alt = page.say("lessons_alt", rows=page.join(told))
    return [page.figure("lessons", page.say("lessons_caption"), alt, draw_lessons(page), "")]


def draw_lessons(page: ScorePage) -> "Drawing":
    """One row per lesson: hollow before, filled after, the change with its interval at the right."""
    from matplotlib.figure import Figure

    lessons = page.score.lessons
    with house_style():
        drawing = Figure(figsize=(WIDTH, 0.55 + ROW * len(lessons)))
        axes = drawing.subplots()
        for row, one in enumerate(lessons):
            axes.plot([one.before, one.after], [row, row], color=MUTED, linewidth=1.2, zorder=1)
            axes.scatter([one.before], [row], s=30, facecolors="white", edgecolors=INK, linewidths=1.1, zorder=2)
            axes.scatter([one.after], [row], s=30, color=INK, zorder=3)
            axes.text(RIGHT_OF_SCALE, row, _with_interval(one), va="center", fontsize=8, color=INK)
        _lesson_axes(axes, page)
    return drawing


def _lesson_axes(axes: "Axes", page: ScorePage) -> None:
    lessons = page.score.lessons
    axes.set_xlim(-2, 102)
    axes.set_ylim(len(lessons) - 0.5, -1.2)
    axes.set_yticks(range(len(lessons)), [page.say("lessons_row", lesson=one.lesson, name=page.lesson(one.lesson)) for one in lessons])
    axes.set_xticks(range(0, 101, 25), [f"{x}%" for x in range(0, 101, 25)])
    axes.tick_params(length=0, labelsize=8)
    axes.grid(axis="x", color=RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    first = lessons[0]
    is_rising = first.after >= first.before
    for x, key, side_ in ((first.before, "lessons_before", not is_rising), (first.after, "lessons_after", is_rising)):
        axes.text(x, -0.75, page.say(key), ha="left" if side_ else "right", va="center", fontsize=7.5, color=MUTED)
    axes.text(RIGHT_OF_SCALE, -0.75, page.say("lessons_change", level=page.level), va="center", fontsize=7.5, color=MUTED)


def _with_interval(change: ItemChange) -> str:
    """A change in whole percentage points with its interval behind it."""
    return f"{signed(change.estimate, 0)} ({signed(change.conf_low, 0)}, {signed(change.conf_high, 0)})"


def _single_items(page: ScorePage) -> list[Item]:
    """Every item: right before, right after, change, p value."""
    rows = [
        [
            f"{one.item} ({one.lesson})", page.topic(one.item), fixed(one.before, 0), fixed(one.after, 0), _with_interval(one), p_text(one.p_holm).removeprefix("= "),
        ]
        for one in page.score.items
    ]
    forms = page.say("items_note_forms") if page.score.forms.adjusted is None else ""
    head = [
        page.say("items_number"), page.say("items_idea"), f"{page.say('lessons_before')} %", f"{page.say('lessons_after')} %", page.say("items_change"), page.say("items_p"),
    ]
    note = page.say("items_note", n=page.score.n, level=page.level, forms=forms).strip()
    return [page.table("items", page.say("items_caption"), head, rows, align="llrrrr", widths=(13, 35, 10, 10, 23, 9), note=note)]


def _notes(page: ScorePage) -> list[Item]:
    """What was left out or counted as not right, and whether the test was too easy."""
    sheet, score = page.score.sheet, page.score
    said = []
    if sheet.n_blank:
        said.append(page.say("note_blank", n=sheet.n_blank))
    if sheet.n_only_before + sheet.n_only_after:
        said.append(page.say("note_left_out", before=sheet.n_only_before, after=sheet.n_only_after))
    if score.has_ceiling:
        few = any(is_small(round(share * score.n), page.release) for share in (score.full_before, score.full_after))
        said.append(page.say("note_ceiling_small") if few else page.say("note_ceiling", before=fixed(100 * score.full_before, 0), after=fixed(100 * score.full_after, 0)))
    return [page.prose(*said)] if said else []
