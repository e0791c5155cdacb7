"""What leaving out flagged sheets does to the main results: a section of the quality report."""

import math

import numpy as np

from commresearch.cleaning.effort import ANY_FLAG
from commresearch.reporting import quality_figures
from commresearch.reporting.cells import DASH
from commresearch.reporting.display import Figure, Item, Table, heading
from commresearch.reporting.quality_page import NEAR, QualityPage
from commresearch.reporting.quality_tables import Effect, largest_effect
from commresearch.words import number, say
from commresearch.words.precision import MINUS, signed

NAME = 22  #: cells of a question beside a drawing
SPARE_NAME = 14  #: cells of the first item of a scale there
SHORT = 30  #: cells of a question in a crowded table
TOP_TWO, SCORE, SCALE = "top_two", "score", "scale"


def sensitivity(page: QualityPage) -> list[Item]:
    """Main results with and without flagged sheets."""
    top = largest_effect(page.told_effects)
    if not page.effects:
        return [heading(page.say("effects_heading_none")), page.prose(page.without_results)]
    if page.hides_flags or not page.told_effects:
        return [heading(page.say("effects_heading_none")), page.prose(say("release.effects_hidden", page.language))]
    if not page.n_flagged:
        return [heading(page.say("effects_heading_unchanged")), page.prose(page.say("effects_unchanged"))]
    lost = sum(not math.isfinite(e.difference) for e in page.told_effects)
    problem = page.say("effects_problem", n=lost) if lost else ""
    if top is None:
        return [heading(page.say("effects_heading_none")), page.prose(problem)]
    named = {"measure": page.measure(top.variable, top.measure), "difference": page.difference(top)}
    lead = page.text("effects_lead", n=page.persons(_compared(page)[1]), relative=page.relative(top), beside=page.beside(top), reading=_reading(page), **named)
    notes = page.prose(_followed(page), _base(page), _weighting(page), problem)
    return [
        heading(page.say("effects_heading", beside=page.beside(top), **named)), page.prose(lead), *([notes] if notes.text else []), *_effect_figure(page), _effect_table(page),
    ]


def _followed(page: QualityPage) -> str:
    """How many results are not followed, and where they stand; nothing where all are."""
    rest = page.quality.noted("not_followed")
    return page.say("effects_followed", n=len(page.effects), rest=sum(rest.values())) if rest else ""


def _base(page: QualityPage) -> str:
    """Why fewer sheets are compared than were kept and flagged: some answer nothing that is estimated."""
    (used, excluded), kept = _compared(page), len(page.clean.frame)
    if used == kept:
        return ""
    numbers = {"kept": number(kept), "used": page.persons(used), "rest": page.persons(kept - used), "flagged": page.persons(page.n_flagged - excluded)}
    return page.say("effects_base", **numbers)


def _weighting(page: QualityPage) -> str:
    """Whether the weights were fitted anew without the flagged sheets."""
    if page.quality.weights.empty:
        return ""
    lines = page.quality.sensitivity
    fixed_for = list(dict.fromkeys(lines.loc[lines["weighting"] == "fitted", "without"]))
    names = [page.say("effects_any") if flag == ANY_FLAG else page.say(f"{flag}_name") for flag in fixed_for]
    return page.text("effects_fitted", list=page.join(names)) if names else page.say("effects_raked")


def _reading(page: QualityPage) -> str:
    relatives = [e.relative for e in page.told_effects if math.isfinite(e.relative)]
    if not relatives:
        return page.say("effects_no_interval")
    outside, near = (sum(r > limit for r in relatives) for limit in (1, NEAR))
    if outside or not near:
        return page.say("effects_outside", n=outside) if outside else page.say("effects_inside")
    return page.say("effects_near", n=near)


def _effect_table(page: QualityPage) -> Table:
    rows = [
        [
            page.measure(e.variable, e.measure, SHORT), page.estimate(e.estimate, e.low, e.high, e.unit),
            page.estimate(e.without, e.without_low, e.without_high, e.unit, page.digits(e)),
            signed(e.difference * e.scale, page.digits_of_difference(e)), page.times(e) if math.isfinite(e.relative) else DASH,
            page.say(f"{e.flag}_name") if e.flag else DASH, signed(e.flag_difference * e.scale, page.digits_of_difference(e)),
        ]
        for e in page.effects
    ]
    keys = ("all", "without", "difference", "times", "flag", "flag_difference")
    table = page.table(
        "effects", page.say("effects_caption"), page.header("col_result", *(f"effects_{k}" for k in keys)), rows, align="lrrrrlr",
        widths=(24, 17, 17, 9, 10, 14, 9), note=page.say("effects_note", interval=_interval(page, "effects_brackets")),
    )
    return page.of_persons(table, [[None, _behind(page, e), *[_moved(page, e, e.out)] * 3, *[_moved(page, e, e.flag_out)] * 2] for e in page.effects])


def _behind(page: QualityPage, effect: Effect) -> int | None:
    """Sheets behind a result; None where their number would give away how many are missing."""
    return None if page.answered_result(effect.variable, effect.measure, effect.fewest).behind is None else effect.fewest


def _moved(page: QualityPage, effect: Effect, out: int) -> int:
    """Sheets that a change tells of: those left out, and all behind the result where these are few."""
    return effect.fewest if page.hides_result(effect.fewest) else out


def _interval(page: QualityPage, key: str) -> str:
    """What brackets or lines are; nothing for a census."""
    return page.say(key, interval=page.interval) if page.interval else ""


def _effect_figure(page: QualityPage) -> list[Figure]:
    """How far results move beside their intervals; nothing where none has an interval."""
    told = [e for e in page.told_effects if math.isfinite(e.shift)]
    rated = {e.variable for e in told if e.measure == TOP_TWO}
    shown = [e for e in told if not (e.measure == SCORE and e.variable in rated)]
    if not shown:
        return []
    names = [page.measure(e.variable, e.measure, SPARE_NAME if e.measure == SCALE else NAME) for e in shown]
    parts = [page.say("effects_alt_item", measure=name, shift=_shift(page, e)) for name, e in zip(names, shown, strict=True)]
    n, left_out = _compared(page)
    return [page.figure(
        "effects", page.say("effects_figure_caption"), page.say("effects_alt", list=page.join(parts)),
        quality_figures.shifts([page.drawn(n) for n in names], np.array([e.shift for e in shown]), {"axis": page.say("effects_axis"), "inside": page.say("effects_band")}, page.stamp),
        page.say("effects_figure_note", interval=page.interval, n=page.persons(n), rest=page.persons(n - left_out)),
    )]


def _shift(page: QualityPage, effect: Effect) -> str:
    """How far a result moves, with its sign, in the digits of the table."""
    text = page.times(effect)
    return text if float(text) == 0 else f"{MINUS if effect.shift < 0 else '+'}{text}"


def _compared(page: QualityPage) -> tuple[int, int]:
    """Sheets that the results were computed from, and how many of them carry a flag; sheets without any answer take no part."""
    line = page.quality.sensitivity.loc[page.quality.sensitivity["without"] == ANY_FLAG].iloc[0]
    return int(line["n_rows"]) + int(line["n_excluded"]), int(line["n_excluded"])
