"""Sections of the report on impact, one per outcome: why this comparison, both series, months since the start, checks and grade, other ways, what was left out."""

from typing import Any

import pandas as pd

from commresearch.records.effects import Effect
from commresearch.reporting import impact_figures
from commresearch.reporting.cells import DASH, capital, without_codes
from commresearch.reporting.display import Figure, Item, Table, bullets, callout, escape, heading
from commresearch.reporting.impact_page import ImpactPage
from commresearch.reporting.impact_tables import (
    DESIGN,
    OtherWay,
    Record,
    before_and_after,
    by_unit,
    check_lines,
    corners,
    effect_of,
    excludes_zero,
    left_out,
    other_ways,
    outside_zero,
    path_of,
    series_of,
    starts_of,
    wrapped,
)
from commresearch.reporting.panel_tables import rows_of
from commresearch.reporting.stamped_page import cut
from commresearch.words import has, number
from commresearch.words.precision import fixed

NAMED = 6  #: units that are named in a cell
LABEL = 24  #: cells of a line of a label beside a forest


def outcomes(page: ImpactPage) -> list[Item]:
    """The sections of all outcomes, in their order."""
    return [item for entry in page.outcomes for item in outcome(page, entry)]


def outcome(page: ImpactPage, entry: Record) -> list[Item]:
    """One outcome; of one without estimate why there is none."""
    name = capital(page.outcome(entry))
    if entry["estimate"] is None:
        return [heading(page.say("outcome_heading_refused", outcome=name)), page.prose(escape(page.refusal(entry)))]
    effect = page.effect_of(entry)
    title = page.say("outcome_heading", outcome=name, change=page.change(effect), level=page.level, interval=page.interval(effect), grade=entry["grading"]["grade"])
    return [
        heading(title), *caveats(page, entry), *amounts(page, entry), *comparison(page, entry), *series(page, entry), *study(page, entry),
        *checks(page, entry), *other_estimates(page, entry), *not_used(page, entry),
    ]


def _id(entry: Record, what: str) -> str:
    """Id of a table or figure of an outcome."""
    return f"{what}-{str(entry['outcome']).replace('_', '-')}"


def caveats(page: ImpactPage, entry: Record) -> list[Item]:
    """What a reader must know, first what weighs most."""
    found = [escape(page.both(note["text"])) for note in entry["estimate"]["warnings"]]
    if not found:
        return []
    return [callout(page.say("caveats_title", n=len(found)), bullets(found).text if len(found) > 1 else found[0], "warning")]


def amounts(page: ImpactPage, entry: Record) -> list[Item]:
    """The same change as a difference, and in cases, where the method gives them."""
    details = entry["estimate"]["details"]
    sentences = []
    if (additive := details.get("additive")) is not None:
        sentences.append(page.text("amount_additive", change=page.change(_plain_effect(additive, entry["unit"]))))
    if (cases := details.get("difference_per_month")) is not None:
        sentences.append(page.text("amount_cases", n=number(abs(round(cases, 1))), direction=page.say("fewer" if cases < 0 else "more")))
    return [page.prose(*sentences)] if sentences else []


def _plain_effect(value: float, unit: str) -> Effect:
    """A number with a unit and nothing else."""
    values: dict[str, object] = dict.fromkeys(("std_error", "statistic", "p_value", "conf_low", "conf_high", "conf_level"))
    return effect_of(values | {"estimate": value, "unit": unit})


# ---------------------------------------------------------------- why this comparison


def comparison(page: ImpactPage, entry: Record) -> list[Item]:
    """Why this comparison, how units were chosen, and when they started."""
    design = entry["estimate"]["design"]
    rows = [[page.month(pd.Timestamp(row["start"])), number(row["units"]), number(row["assignments"])] for row in design["cohorts"]]
    if design["control"] != "none":
        rows.append([page.say("cohort_never"), number(entry["estimate"]["n_units"] - sum(row["units"] for row in design["cohorts"])), number(design["n_comparison"])])
    return [
        heading(page.say("design_heading"), 2),
        page.prose(escape(capital(page.both(design["why"]))), page.say(f"chosen_{design['chosen_by']}"), page.text("design_periods", before=design["pre_periods"], after=design["post_periods"])),
        page.table(
            _id(entry, "cohorts"), page.say("cohorts_caption", outcome=page.outcome(entry)), page.header("cohorts_start", "cohorts_units", "cohorts_assignments"),
            rows, align="lrr", widths=(44, 24, 32), note=page.say("cohorts_note"),
        ),
    ]


# ---------------------------------------------------------------- series


def series(page: ImpactPage, entry: Record) -> list[Item]:
    """Treated and comparison units by month, with starts and changes of recording."""
    table = series_of(entry)
    if table[["treated", "comparison"]].isna().all(axis=None):
        return []
    starts, months = starts_of(entry), set(table["month"])
    breaks = [row for row in entry["breaks"] if pd.Timestamp(row["month"]) in months]
    marks = [(pd.Timestamp(row["month"]), "break", page.say("mark_break", n=i)) for i, row in enumerate(breaks, start=1)]
    marks += [(month, "start", page.say("mark_start", n=n)) for month, n in starts if month in months]
    axis = page.level_axis(entry)
    words = {"axis": axis} | {key: page.say(f"series_{key}") for key in ("treated", "comparison")}
    first, last = table["month"].min(), table["month"].max()
    finding = course_of(page, entry, table)
    name, span = capital(page.outcome(entry)), page.span(first, last)
    note = page.prose(page.say("series_note", axis=capital(axis), period=span), page.say("series_means"), *_marks_told(page, breaks, marks)).text
    return [page.figure(
        _id(entry, "series"), page.say("series_caption", outcome=name, axis=axis, finding=finding),
        page.say("series_alt", outcome=name, axis=axis, period=span, finding=finding), impact_figures.series(table, entry["outcome"], marks, words, page.stamp), note,
    )]


def course_of(page: ImpactPage, entry: Record, table: pd.DataFrame) -> str:
    """Means before the first start and from the last start on, in words; `table` as `series_of` gives it."""
    starts = [month for month, _ in starts_of(entry)]
    ends = {f"{name}_{when}": page.plain(value) for name, pair in before_and_after(table, starts).items() for when, value in zip(("before", "after"), pair, strict=True)}
    return page.say("series_finding_alone" if table["comparison"].isna().all() else "series_finding", **ends)


def _marks_told(page: ImpactPage, breaks: list[Record], marks: list[tuple[pd.Timestamp, str, str]]) -> list[str]:
    listed = [
        page.say("note_break_all" if row["units"] is None else "note_break_units", n=i, month=page.month(pd.Timestamp(row["month"])), note=page.own(row["note"]), units=row["units"])
        for i, row in enumerate(breaks, start=1)
    ]
    told = [page.say("note_breaks", list=page.say("semicolon").join(listed))] if listed else []
    return [*told, page.say("note_starts")] if any(kind == "start" for _, kind, _ in marks) else told


# ---------------------------------------------------------------- months since the start


def study(page: ImpactPage, entry: Record) -> list[Item]:
    """Effects by months since the start, or why there are none; months before it are a check."""
    study = entry["event_study"]
    if study is None:
        refusal = entry["event_study_refusal"]
        return [] if refusal is None else [page.prose(page.text("study_refused", refusal=without_codes(page.both(refusal))))]
    path = path_of(study)
    out, unit = outside_zero(path), page.axis(study["unit"])
    words = {key: page.say(f"study_{key}") for key in ("months", "before", "after", "interval", "band", "base", "start")} | {"axis": unit}
    finding = page.say("study_finding", before=out.before, all_before=out.all_before, after=out.after, all_after=out.all_after)
    name = capital(page.outcome(entry))
    listed = page.join(page.say("study_alt_item", month=fixed(row.event_time, 0), effect=page.effect(_point(row, study))) for row in rows_of(corners(path)))
    return [page.figure(
        _id(entry, "study"), page.say("study_caption", outcome=name, finding=finding), page.say("study_alt", outcome=name, unit=unit, finding=finding, list=listed),
        impact_figures.event_study(path, entry["outcome"], words, page.stamp),
        page.say("study_note", unit=capital(unit), level=page.level, counted=page.counted(study)),
    )]


def _point(row: Any, study: Record) -> Effect:
    """One month of a path as an effect."""
    values = {name: getattr(row, name) for name in ("estimate", "std_error", "conf_low", "conf_high")}
    return effect_of({**study, "statistic": None, "p_value": None, **values})


# ---------------------------------------------------------------- checks and grade


def checks(page: ImpactPage, entry: Record) -> list[Item]:
    """Every check with what it found, and the grade after each."""
    lines = check_lines(entry)
    rows = []
    for line in lines:
        if line.name == DESIGN:
            rows.append([page.say("checks_design"), page.design(entry["grading"]["design"]), DASH, DASH, page.say("grade_at_best", grade=line.grade)])
            continue
        verdict = page.say({True: "passed", False: "failed", None: "not_judged"}[line.passed])
        rows.append([page.check(line.name), page.both(line.finding) if line.finding else DASH, verdict, f"−{line.steps}" if line.steps else "0", line.grade])
    failed = sum(line.passed is False for line in lines)
    judged = sum(line.passed is not None for line in lines) - 1
    return [
        heading(page.say("checks_heading_failed" if failed else "checks_heading", failed=failed, judged=judged), 2), page.prose(escape(page.both(entry["grading"]["text"]))),
        page.table(
            _id(entry, "checks"), page.say("checks_caption", outcome=page.outcome(entry)), page.header("col_check", "checks_finding", "checks_verdict", "checks_steps", "col_grade"),
            rows, align="lllrr", widths=(18, 50, 12, 9, 11), note=page.say("checks_note"),
        ),
    ]


# ---------------------------------------------------------------- other ways of estimating


def other_estimates(page: ImpactPage, entry: Record) -> list[Item]:
    """The same outcome in other ways: a table with all, a figure with those that have an interval."""
    ways = other_ways(entry, page.language.value)
    if not ways:
        return []
    main = page.effect_of(entry)
    found = [way.effect for way in ways if way.effect is not None]
    same = sum(effect.estimate * main.estimate > 0 for effect in found)
    refused = len(ways) - len(found)
    lead = page.prose(
        page.say("others_lead", n=len(found), same=same, clear=sum(excludes_zero(e) for e in found)), page.say("others_refused", n=refused) if refused else "",
    )
    return [heading(page.say("others_heading", n=len(ways), same=same), 2), lead, *([_forest(page, entry, ways)] if found else []), _others_table(page, entry, ways)]


def _others_table(page: ImpactPage, entry: Record, ways: list[OtherWay]) -> Table:
    rows = [_way(page, page.say("others_main"), page.effect_of(entry), entry["estimate"])]
    for way in ways:
        if way.effect is None or way.estimate is None:
            rows.append([way.label, page.say("refused"), DASH, without_codes(way.refusal), DASH])
        else:
            rows.append(_way(page, way.label, way.effect, way.estimate))
    return page.table(
        _id(entry, "others"), page.say("others_caption", outcome=page.outcome(entry)), page.header("others_way", "col_effect", "col_unit", "col_method", "col_counted"), rows,
        align="lrlll", widths=(25, 21, 14, 25, 15), note=page.say("others_note", level=page.level),
    )


def _way(page: ImpactPage, label: str, effect: Effect, estimate: Record) -> list[str]:
    return [label, page.effect(effect), page.axis(str(effect.unit)), page.method(estimate), page.counted(estimate)]


def _forest(page: ImpactPage, entry: Record, ways: list[OtherWay]) -> Figure:
    main = page.say("others_main")
    shown = [(main, page.effect_of(entry)), *((cut(way.label, 2 * LABEL), way.effect) for way in ways if way.effect is not None)]
    panels = [(page.axis(str(unit)), [(wrapped(label, LABEL), e) for label, e in mine]) for unit, mine in by_unit(shown)]
    name = capital(page.outcome(entry))
    parts = page.join(page.say("others_alt_item", label=label, effect=page.effect(e), unit=page.axis(str(e.unit))) for label, e in shown)
    return page.figure(
        _id(entry, "forest"), page.say("forest_caption", outcome=name, n=len(shown) - 1), page.say("forest_alt", outcome=name, list=parts),
        impact_figures.forest(panels, main, entry["outcome"], page.stamp), page.say("forest_note", level=page.level),
    )


# ---------------------------------------------------------------- what was left out


def not_used(page: ImpactPage, entry: Record) -> list[Item]:
    """Units and months that are not in the estimate, by reason."""
    groups = left_out(entry["estimate"]["dropped"])
    if not groups:
        return [page.prose(page.say("left_none"))]
    rows = []
    for group in groups:
        named = page.join(group.units[:NAMED])
        units = page.say("left_more", list=named, n=len(group.units)) if len(group.units) > NAMED else named
        reason = page.say(f"left_{group.reason}") if has(f"impact.left_{group.reason}") else group.reason
        rows.append([reason, number(group.whole), number(group.part), number(group.months), page.own(units)])
    return [page.table(
        _id(entry, "left"), page.say("left_caption", outcome=page.outcome(entry), units=sum(g.whole for g in groups), months=number(sum(g.months for g in groups))),
        page.header("left_reason", "left_whole", "left_part", "left_months", "left_units"), rows, align="lrrrl", widths=(38, 11, 11, 10, 30), note=page.say("left_note"),
    )]

