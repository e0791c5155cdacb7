"""First screen and appendix of the report on a pilot: what changed, how sure that is, where everything stands."""

from dataclasses import replace

import pandas as pd

from commresearch.records import sha256_of
from commresearch.reporting import impact_reading, panel_logs
from commresearch.reporting.cells import DASH, capital
from commresearch.reporting.display import EXPLAINS, Item, Prose, Table, bullets, callout, heading
from commresearch.reporting.edition_marks import edition_line
from commresearch.reporting.impact_figures import small_series
from commresearch.reporting.impact_outcomes import course_of
from commresearch.reporting.impact_tables import sentence_of, series_of, starts_of
from commresearch.reporting.pilot_report_next import recommendations
from commresearch.reporting.pilot_report_page import PilotReport, lowered
from commresearch.reporting.quality_page import HASH
from commresearch.reporting.quality_tables import received_files
from commresearch.terms import Outcome
from commresearch.words import entries, number
from commresearch.words.effects import outcome_name
from commresearch.workflow.case_estimates import CONTENT, ESTIMATES

NOTHING = pd.DataFrame({"month": [], "treated": [], "comparison": []})  #: months of an outcome that no month is known of
COLUMN = 28  #: share of the page for the column of an outcome


# ---------------------------------------------------------------- first screen


def first_screen(page: PilotReport) -> list[Item]:
    """One sentence of result, the headline outcomes side by side, how far to trust this, what it was made from."""
    items: list[Item] = [callout(page.impact.say("simulated_title"), page.impact.say("simulated_body"), "important")] if page.is_simulated else []
    return [*items, _lead(page), *_drawn(page), *_panels(page), _trust(page), _provenance(page)]


def _lead(page: PilotReport) -> Prose:
    if page.main is None:
        return page.prose(page.say("lead_none"))
    return page.prose(page.text("lead", sentence=sentence_of(page.main, page.language), grade=page.main["grading"]["grade"]))


def _drawn(page: PilotReport) -> list[Item]:
    """The course of every headline outcome that has one, small and side by side."""
    tables = {outcome: series_of(page.entries[outcome]) for outcome in page.headlines if outcome in page.entries}
    drawn = {outcome: table for outcome, table in tables.items() if not table[["treated", "comparison"]].isna().all(axis=None)}
    if not drawn:
        return []
    impact, panels, told = page.impact, [], []
    for outcome in page.headlines:
        name, table = capital(outcome_name(outcome, page.language)), drawn.get(outcome, NOTHING)
        starts = [] if table.empty else [month for month, _ in starts_of(page.entries[outcome])]
        panels.append((outcome.value, name, table, starts))
        if not table.empty:
            entry = page.entries[outcome]
            told.append(page.say("drawn_one", outcome=name, axis=impact.level_axis(entry), finding=course_of(impact, entry, table)))
    words = {name: impact.say(f"series_{name}") for name in ("treated", "comparison")} | {"nothing": page.say("drawn_nothing")}
    return [impact.figure(
        "course", page.say("drawn_caption"), page.say("drawn_alt", what=" ".join(told)), small_series(panels, words, impact.stamp), page.prose(page.say("drawn_note"), *told).text,
    )]


def _panels(page: PilotReport) -> list[Table]:
    """One column per headline outcome, also of one that nothing is known of; nothing where the case has no logs."""
    if not page.entries:
        return []
    rows = [[page.say(f"panels_{row}"), *(_panel(page, outcome, row) for outcome in page.headlines)] for row in ("change", "interval", "grade", "compared")]
    names = [capital(outcome_name(outcome, page.language)) for outcome in page.headlines]
    table = page.table(
        "summary", page.say("panels_caption"), [page.say("panels_item"), *names], rows, align="l" * (1 + len(names)),
        widths=(100 - COLUMN * len(names), *[COLUMN] * len(names)), style="panels", note=page.say("panels_note", level=page.impact.level),
    )
    return [replace(table, muted=page.say("panels_unknown"))]


def _panel(page: PilotReport, outcome: Outcome, row: str) -> str:
    entry = page.entries.get(outcome)
    if entry is None or entry["estimate"] is None:
        return page.say("panels_unknown" if entry is None else "panels_refused") if row == "change" else DASH
    effect, estimate = page.impact.effect_of(entry), entry["estimate"]
    if row == "compared":
        design = estimate["design"]
        return page.say("compared_none" if design["control"] == "none" else "compared_what", treated=design["n_treated"], comparison=design["n_comparison"])
    return {"change": page.impact.short_change(effect), "interval": page.impact.interval(effect), "grade": str(estimate["grade"] or DASH)}[row]


def _trust(page: PilotReport) -> Prose:
    """What each grade rests on and allows to be said, outcomes of which the same holds together; and what would help most."""
    words, alike = entries("grades"), dict[tuple[str, str], list[str]]()
    for entry in page.impact.estimated:
        grading = page.impact.both(entry["grading"]["text"]), words[entry["grading"]["grade"]][f"words_{page.language}"]
        alike.setdefault(grading, []).append(page.impact.outcome(entry))
    lines = [page.text("trust_line", outcome=capital(page.join(names)), grading=text, words=allowed) for (text, allowed), names in alike.items()]
    unknown = [entry for entry in page.impact.refused if entry["outcome"] in page.headlines]
    lines += [page.text("trust_refused", outcome=capital(page.impact.outcome(entry)), refusal=page.impact.refusal(entry)) for entry in unknown]
    lines += [] if lines else [page.say("trust_none")]
    first = recommendations(page)
    lines += [page.text("trust_next", what=first[0].text)] if first else []
    return replace(callout(page.say("trust_title"), bullets(lines).text, "important"), evidence=EXPLAINS)


def _provenance(page: PilotReport) -> Prose:
    sources = page.say("provenance_months" if page.months else "provenance_files", n=number(_files(page)), months=page.months)
    return page.prose(
        page.text("provenance", sources=sources, run=run_hash(page), seed=page.impact.case["seed"]),
        page.say("provenance_no_plan") if page.impact.case["plan"] is None else page.text("provenance_plan", status=page.impact.both(page.impact.case["plan"]["status"])),
        edition_line(page.release, page.language),
    )


def _files(page: PilotReport) -> int:
    """Received files: of logs and of surveys."""
    logs = sum(len(log.provenance.get("files", {})) for log in page.panels.logs.values()) if page.panels is not None else 0
    return logs + sum(len(received_files(survey.clean.provenance)) for survey in page.surveys.values())


def run_hash(page: PilotReport) -> str:
    """What tells one state of the results from another: of estimates, panels and clean surveys."""
    parts = [page.folder / ESTIMATES / CONTENT, *(page.folder / wave / "frame.parquet" for wave in page.surveys)]
    return sha256_of(*(path for path in parts if path.is_file()))[:HASH]


# ---------------------------------------------------------------- appendix


def appendix(page: PilotReport, version: str) -> list[Item]:
    """How cells were read, what was counted, how to read numbers and grades, papers, numbers of figures, versions and hashes."""
    items: list[Item] = [heading(page.say("appendix_heading"))]
    found = [] if page.panels is None else panel_logs.readings(page.panels)
    if page.entries:
        sections = (impact_reading.definitions, impact_reading.reading, impact_reading.grades, impact_reading.references, impact_reading.figure_numbers)
        found += [item for section in sections for item in section(page.impact)]
    items += lowered(_in_appendix(page, item) for item in found)
    return [*items, heading(page.say("hashes_heading"), 2), _hashes(page, version)]


def _in_appendix(page: PilotReport, item: Item) -> Item:
    """An item without the word that says that it stands in an appendix: all of these do."""
    before = f"# {page.say('appendix_before')}"
    if not isinstance(item, Prose) or not item.text.startswith(before):
        return item
    return replace(item, text=f"# {capital(item.text.removeprefix(before))}")


def _hashes(page: PilotReport, version: str) -> Table:
    case = page.case.path("case.toml")
    rows = [[page.say("hash_case"), "case.toml", sha256_of(case)[:HASH]]]
    if page.entries:
        rows.append([page.say("hash_estimates"), f"{ESTIMATES}/{CONTENT}", sha256_of(page.folder / ESTIMATES / CONTENT)[:HASH]])
    rows += [[page.say("hash_survey", wave=wave), f"{wave}/frame.parquet", sha256_of(page.folder / wave / "frame.parquet")[:HASH]] for wave in page.surveys]
    narrative = page.case.path(page.narrative.file)
    rows.append([page.say("hash_narrative"), page.narrative.file, sha256_of(narrative)[:HASH] if narrative.is_file() else page.say("hash_absent")])
    return page.table(
        "hashes", page.say("hashes_caption"), page.header("hashes_what", "hashes_file", "hashes_hash"), rows, align="lll", widths=(40, 40, 20),
        note=page.say("hashes_note", version=version, run=run_hash(page)),
    )
