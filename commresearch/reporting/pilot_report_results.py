"""Sections of the report on a pilot on its results: the outcomes over time, design, effects, months since the start, checks, grades, claims."""

from collections.abc import Callable
from dataclasses import replace

from commresearch.impact.grade import DESIGN_GRADES
from commresearch.records import canonical_json
from commresearch.reporting import impact_claims, impact_outcomes, impact_reading, impact_summary, panel_outcomes
from commresearch.reporting.cells import DASH, capital
from commresearch.reporting.display import EXPLAINS, Figure, Item, Table, escape, heading
from commresearch.reporting.impact_page import ImpactPage
from commresearch.reporting.impact_tables import Record, check_lines, outside_zero, path_of
from commresearch.reporting.pilot_report_page import PilotReport, lowered, without_headings
from commresearch.words import entries, number

SAME_DESIGN = ("why", "chosen_by", "cohorts", "pre_periods", "post_periods", "n_comparison", "control")  #: what the section on a design says

Part = Callable[[ImpactPage, Record], list[Item]]  #: a part of the section on one outcome


def _by_outcome(page: PilotReport, records: list[Record], *parts: Part) -> list[Item]:
    """Parts of the sections on outcomes, each outcome under a heading of its own; an outcome of which they have nothing is left out."""
    items: list[Item] = []
    for entry in records:
        found = [item for part in parts for item in without_headings(part(page.impact, entry))]
        items += [heading(capital(page.impact.outcome(entry)), 2), *found] if found else []
    return items


# ---------------------------------------------------------------- over time


def trends(page: PilotReport) -> list[Item]:
    """Treated against comparison units by month; of outcomes without an estimate the rate of all units."""
    if page.panels is None:
        return []
    n, compared = len(page.panels.panels), len(_compared(page))
    title = "trends_heading_none" if not compared else "trends_heading" if compared == n else "trends_heading_some"
    items: list[Item] = [heading(page.say(title, n=n, compared=compared)), page.prose(page.say("trends_lead"), _usable(page))]
    for outcome in page.panels.panels:
        entry = page.entries.get(outcome)
        drawn = [] if entry is None else impact_outcomes.series(page.impact, entry)
        drawn = drawn or [item for item in panel_outcomes.outcome(page.panels, outcome) if isinstance(item, Figure)]
        items += [heading(capital(page.panels.outcome(outcome)), 2), *(drawn or [page.prose(page.say("trends_nothing"))])]
    return items


def _compared(page: PilotReport) -> list[Record]:
    """Estimated outcomes with a comparison."""
    return [entry for entry in page.impact.estimated if entry["estimate"]["design"]["control"] != "none"]


def _usable(page: PilotReport) -> str:
    """How much of the panels is recorded."""
    covers = [] if page.panels is None else list(page.panels.covers.values())
    usable, existed = sum(c.usable for c in covers), sum(c.existed for c in covers)
    return page.say("trends_usable", usable=number(usable), existed=number(existed))


# ---------------------------------------------------------------- design and effects


def designs(page: PilotReport) -> list[Item]:
    """Why each outcome is compared as it is, how units were chosen, and what is not in the estimate; then the plan."""
    if not page.entries:
        return []
    compared = len(_compared(page))
    counts = {"compared": compared, "alone": len(page.impact.estimated) - compared, "refused": len(page.impact.refused)}
    title = page.say("designs_heading", list=page.join(page.say(f"designs_{what}", n=n) for what, n in counts.items() if n))
    items: list[Item] = [heading(title)]
    for alike in _alike(page):
        names = page.join(page.impact.outcome(entry) for entry in alike)
        caption = page.impact.say("cohorts_caption", outcome=names)
        shown = [replace(item, caption=caption) if isinstance(item, Table) else item for item in impact_outcomes.comparison(page.impact, alike[0])]
        items += [heading(capital(names), 2), *without_headings(shown), *(item for entry in alike for item in _not_used(page, entry, alone=len(alike) == 1))]
    return [*items, *lowered(impact_reading.plan(page.impact))]


def _alike(page: PilotReport) -> list[list[Record]]:
    """Estimated outcomes that are compared in the same way, together."""
    groups: dict[str, list[Record]] = {}
    for entry in page.impact.estimated:
        groups.setdefault(canonical_json({key: value for key, value in entry["estimate"]["design"].items() if key in SAME_DESIGN}), []).append(entry)
    return list(groups.values())


def _not_used(page: PilotReport, entry: Record, *, alone: bool) -> list[Item]:
    """What is not in an estimate; of several outcomes only those that lack something."""
    return impact_outcomes.not_used(page.impact, entry) if alone or entry["estimate"]["dropped"] else []


def effects(page: PilotReport) -> list[Item]:
    """All effects in their natural units, what must be known before reading them, and the same effects in other ways."""
    if not page.entries:
        return []
    parts = _by_outcome(page, page.impact.estimated, impact_outcomes.caveats, impact_outcomes.amounts, impact_outcomes.other_estimates)
    return [*impact_summary.effects(page.impact), *parts]


def studies(page: PilotReport) -> list[Item]:
    """Effects by months since the start; those before it are a check."""
    if not page.entries:
        return []
    drawn = [outside_zero(path_of(entry["event_study"])) for entry in page.impact.estimated if entry["event_study"] is not None]
    parts = _by_outcome(page, page.impact.estimated, impact_outcomes.study)
    if not drawn:
        return [heading(page.say("studies_heading_none")), page.prose(page.say("studies_none")), *parts]
    out, months = sum(found.before for found in drawn), sum(found.all_before for found in drawn)
    title = page.say("studies_heading_out" if out else "studies_heading", out=out, months=months)
    return [heading(title), page.prose(page.say("studies_lead")), *parts]


# ---------------------------------------------------------------- checks and grades


def checks(page: PilotReport) -> list[Item]:
    """Every check with what it found; in the heading how many failed."""
    if not page.impact.estimated:
        return []
    lines = [line for entry in page.impact.estimated for line in check_lines(entry)[1:]]
    failed, judged = sum(line.passed is False for line in lines), sum(line.passed is not None for line in lines)
    left = page.say("checks_open", n=len(lines) - judged) if len(lines) > judged else ""
    title = page.say("checks_heading_failed" if failed else "checks_heading", judged=judged, failed=failed, open=left)
    return [heading(title), *_by_outcome(page, page.impact.estimated, impact_outcomes.checks)]


def grades(page: PilotReport) -> list[Item]:
    """What each grade began with, what lowered it, and what may be said; all steps stand in the appendix."""
    if not page.impact.estimated:
        return []
    listed = page.join(page.say("grades_item", outcome=page.impact.outcome(entry), grade=entry["grading"]["grade"]) for entry in page.impact.estimated)
    return [heading(page.say("grades_heading", list=listed)), page.prose(page.say("grades_lead")), _grade_table(page)]


def _grade_table(page: PilotReport) -> Table:
    words = entries("grades")
    rows = []
    for entry in page.impact.estimated:
        grading = entry["grading"]
        lowered_by = [page.say("grades_lowered", check=page.impact.check(line.name), steps=line.steps) for line in check_lines(entry) if line.steps]
        rows.append([
            capital(page.impact.outcome(entry)), page.impact.design(grading["design"]), DESIGN_GRADES[grading["design"]].value, page.join(lowered_by) or DASH,
            grading["grade"], words[grading["grade"]][f"words_{page.language}"],
        ])
    header = page.header(*(f"grades_{column}" for column in ("outcome", "design", "best", "lowered_by", "grade", "words")))
    table = page.table("grades", page.say("grades_caption"), header, rows, align="llllll", widths=(15, 20, 8, 24, 8, 25), note=page.say("grades_note"))
    return replace(table, evidence=EXPLAINS)


# ---------------------------------------------------------------- claims


def claims(page: PilotReport) -> list[Item]:
    """What was published of the case beside data and estimates; that nothing was listed, where nothing was."""
    found = impact_claims.claims(page.impact)
    return found or [heading(page.say("claims_heading_none")), page.prose(escape(page.say("claims_none")))]
