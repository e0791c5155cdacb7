"""First screen of the annual report, the project, and the course of the evaluation."""

import pandas as pd

from commresearch.cases.narrative_file import Section
from commresearch.cleaning.clean_table import ROWS_READ
from commresearch.reporting.annual_page import AnnualPage
from commresearch.reporting.cells import DASH, capital
from commresearch.reporting.display import Item, Prose, Table, bullets, callout, escape, heading
from commresearch.reporting.edition_marks import edition_line
from commresearch.reporting.panel_logs import ROWS_OUT
from commresearch.terms import Grade, Language, Outcome
from commresearch.words import number, say
from commresearch.words.effects import VERBS
from commresearch.workflow.year_figures import HEADLINE, Amount, YearFigure


def first_screen(page: AnnualPage) -> list[Item]:
    """What a reader with two minutes needs: the score, how the outcomes moved, what the pilot is estimated to have changed, how to read that."""
    items: list[Item] = [callout(page.say("simulated_title"), page.say("simulated_body"), "important")] if page.is_simulated else []
    return [*items, bullets([_score_line(page), *(_outcome_line(page, outcome) for outcome in page.panels)]), callout(page.say("read_title"), page.say("read_body"), "note"), _provenance(page)]


def _score_line(page: AnnualPage) -> str:
    if not page.indicators:
        return page.say("score_none", year=page.year)
    line = page.text("score_line", score=page.points(page.score), mark=page.mark)
    return line + (page.text("score_blank", blank=page.points(page.blank_points)) if page.blank_points else "")


def _outcome_line(page: AnnualPage, outcome: Outcome) -> str:
    """How an outcome moved against the year before, and what is estimated since the pilot began."""
    figure = next((one for one in page.figures.get(outcome, []) if one.measure == HEADLINE), None)
    moved = page.text("moved_none", outcome=capital(page.outcome(outcome)), year=page.year) if figure is None or figure.current is None else _moved(page, figure, figure.current)
    return moved + ("" if page.language is Language.ZH else " ") + _effect(page, outcome)


def _moved(page: AnnualPage, figure: YearFigure, current: Amount) -> str:
    """How an outcome moved against the same months of the year before."""
    level = page.say(f"level_{figure.outcome}", n=page.value(figure, current.value))
    told = {"outcome": capital(page.outcome(figure.outcome)), "period": page.span if current.months == page.months else page.panels_page.span(list(current.months)), "level": level}
    found = figure.year_on_year
    if not found.is_given:
        return page.text("moved_not_compared", **told, why=page.say(f"why_long_{found.why}"))
    if round(found.change, 1) == 0:
        return page.text("moved_flat", **told)
    amount = page.change(found).lstrip("+−")
    return page.text("moved_up" if found.change > 0 else "moved_down", **told, change=amount)


def _effect(page: AnnualPage, outcome: Outcome) -> str:
    """What is estimated of the pilot, with the words that the grade allows."""
    entry = next((one for one in page.impact.estimated if one["outcome"] == outcome), None)
    if entry is None:
        return page.say("effect_none")
    effect = page.impact.effect_of(entry)
    values = {"grade": entry["estimate"]["grade"] or DASH, "change": page.impact.change(effect), "interval": page.impact.interval(effect)}
    return page.text(f"effect_{_strength(entry['estimate']['grade'])}", **values, level=page.impact.level)


def _strength(grade: str | None) -> str:
    """Which sentence a grade allows: a change over the same time, something that goes with the pilot, an effect of it."""
    return "change" if grade is None else VERBS[Grade(grade)]


def _provenance(page: AnnualPage) -> Prose:
    run = "" if page.runs.empty else str(page.runs["run"].iloc[-1])
    return page.prose(
        page.text("provenance", period=page.span, logs=number(len(page.panels_page.logs))),
        page.text("provenance_run", run=run) if run else page.say("provenance_no_run"), page.say("provenance_automatic"), edition_line(page.release, page.language),
    )


# ---------------------------------------------------------------- the project


def project(page: AnnualPage) -> list[Item]:
    """What the pilot is, where and since when; the background and the aims are people's to write."""
    facts = page.case.settings.case
    place = page.say("place", province=facts.province, city=facts.city)
    rows = [
        [page.say("fact_name"), page.case.name(page.language)], [page.say("fact_level"), say(f"labels.level_{facts.level}", page.language)],
        [page.say("fact_place"), page.panels_page.own(place)], [page.say("fact_starts"), _starts(page)], [page.say("fact_units"), _units(page)],
        [page.say("fact_year"), page.say("fact_year_whole" if page.is_whole_year else "fact_year_part", year=page.year, months=page.months_within(page.months))],
        [page.say("fact_outcomes"), page.join(page.outcome(outcome) for outcome in page.panels)],
    ]
    return [
        heading(page.say("project_heading")), page.table("project", page.say("project_caption"), page.header("col_item", "col_content"), rows, align="ll", widths=(24, 76)),
        heading(page.say("background_heading"), 2), *page.prose_of(Section.BACKGROUND),
    ]


def _starts(page: AnnualPage) -> str:
    """Months in which units start, with their number; units of the panel that has most of them."""
    frame = max((panel.frame for panel in page.panels.values()), key=lambda frame: frame["unit_id"].nunique())
    starts = frame.drop_duplicates("unit_id")["treated_from"].dropna().value_counts().sort_index()
    if starts.empty:
        return page.say("starts_none")
    return page.join(page.say("starts_item", month=page.panels_page.month(pd.Timestamp(str(month))), n=number(int(n))) for month, n in starts.items())


def _units(page: AnnualPage) -> str:
    frame = max((panel.frame for panel in page.panels.values()), key=lambda frame: frame["unit_id"].nunique())
    units = frame.drop_duplicates("unit_id")
    return page.say("units", n=number(len(units)), treated=number(int(units["treated_from"].notna().sum())))


# ---------------------------------------------------------------- the course of the evaluation


def course(page: AnnualPage) -> list[Item]:
    """What was looked at, from which files, by which comparisons."""
    return [
        heading(page.say("course_heading")), heading(page.say("purpose_heading"), 2), page.prose(page.text("purpose", year=page.year, period=page.span)),
        heading(page.say("sources_heading"), 2), _received(page), heading(page.say("methods_heading"), 2), bullets(_methods(page)),
        heading(page.say("process_heading"), 2), *page.prose_of(Section.ACTIONS),
    ]


def _received(page: AnnualPage) -> Table:
    rows = []
    for name, log in page.panels_page.logs.items():
        read, left = log.rows(ROWS_READ), log.rows(ROWS_OUT)
        rows.append([page.panels_page.log_name(name), number(len(log.provenance.get("files", {}))), number(read), number(read - left), number(left)])
    return page.table(
        "received", page.say("received_caption"), page.header("col_log", "col_files", "col_read", "col_aside", "col_left"), rows, align="lrrrr",
        widths=(32, 14, 18, 18, 18), note=page.say("received_note"),
    )


def _methods(page: AnnualPage) -> list[str]:
    """How indicators are scored, how the year is compared, and how each outcome is estimated; outcomes that are estimated alike together."""
    alike: dict[tuple[str, str], list[str]] = {}
    for entry in page.impact.estimated:
        how = page.impact.method(entry["estimate"]), page.impact.both(entry["estimate"]["design"]["why"])
        alike.setdefault(how, []).append(page.outcome(entry["outcome"]))
    joiner = "" if page.language is Language.ZH else " "
    told = [page.text("method_effect", outcome=page.join(names), method=method) + joiner + escape(capital(why)) for (method, why), names in alike.items()]
    return [page.say("method_score"), page.say("method_year"), *told]
