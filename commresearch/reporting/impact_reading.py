"""Sections of the report on impact that stand once: how grades come about, plan, how to read, definitions, references, numbers of figures, files."""

import math
from dataclasses import replace

import numpy as np

from commresearch.impact.grade import DESIGN_GRADES, grade_table
from commresearch.reporting.cells import DASH, capital
from commresearch.reporting.display import EXPLAINS, Item, Table, bullets, escape, heading
from commresearch.reporting.impact_page import ImpactPage
from commresearch.reporting.impact_tables import Record, lowered_by, path_of, series_of
from commresearch.reporting.panel_tables import rows_of
from commresearch.words import entries, has
from commresearch.words.precision import fixed
from commresearch.workflow.case_estimates import CONTENT, EFFECTS, ESTIMATES

STEP_COLUMNS = ("comparison", "randomised", "series")  #: kinds of design that failures lower by numbers of their own


# ---------------------------------------------------------------- grades


def grades(page: ImpactPage) -> list[Item]:
    """What each design allows at best, and by how much a failed check lowers it; outcomes beside what holds of them."""
    designs: dict[str, list[str]] = {}
    for entry in page.estimated:
        designs.setdefault(entry["grading"]["design"], []).append(capital(page.outcome(entry)))
    rows = [[capital(page.design(row)), grade.value, page.join(designs[row]) if row in designs else DASH] for row, grade in DESIGN_GRADES.items()]
    return [
        heading(page.say("grades_heading")), page.prose(page.say("grades_lead")),
        page.table(
            "designs", page.say("designs_caption"), page.header("designs_design", "designs_best", "grades_here"), rows, align="lll", widths=(50, 16, 34),
        ),
        _steps(page),
    ]


def _steps(page: ImpactPage) -> Table:
    names = {entry["outcome"]: capital(page.outcome(entry)) for entry in page.estimated}
    failed = lowered_by(page.estimated)
    rows = [
        [capital(page.check(str(row.check))), *(_step(getattr(row, kind)) for kind in STEP_COLUMNS), page.join(names[o] for o in failed.get(str(row.check), [])) or DASH]
        for row in rows_of(grade_table())
    ]
    return page.table(
        "steps", page.say("steps_caption"), page.header("col_check", *(f"steps_{kind}" for kind in STEP_COLUMNS), "steps_failed"), rows, align="lrrrl",
        widths=(28, 14, 19, 14, 25), note=page.say("steps_note"),
    )


def _step(steps: int) -> str:
    return f"−{steps}" if steps else "0"


# ---------------------------------------------------------------- plan


def plan(page: ImpactPage) -> list[Item]:
    """Whether a plan was locked before, and what was done otherwise."""
    locked = page.case["plan"]
    rows = [[capital(page.outcome(entry)), page.both(note)] for entry in page.outcomes for note in entry["deviations"]]
    if locked is None:
        return [heading(page.say("plan_heading_none")), page.prose(page.say("plan_none"))]
    items: list[Item] = [
        heading(page.say("plan_heading_deviations" if rows else "plan_heading", n=len(rows))), page.prose(page.text("plan_status", status=page.both(locked["status"]))),
    ]
    if rows:
        items.append(page.table("deviations", page.say("plan_caption"), page.header("col_outcome", "plan_deviation"), rows, align="ll", widths=(24, 76)))
    return items


# ---------------------------------------------------------------- how to read


def reading(page: ImpactPage) -> list[Item]:
    """What an interval is, what the kinds of inference do, and which words go with which grade."""
    inferences = list(dict.fromkeys(str(entry["estimate"]["inference"]) for entry in page.estimated))
    lines = [page.say(f"reading_{what}") for what in ("interval", "zero", "units", "assignments", *(["study"] if _has_study(page) else []))]
    lines += [page.say(f"reading_inference_{name}") for name in inferences if has(f"impact.reading_inference_{name}")]
    rows = [[grade, texts[page.language.value], texts[f"words_{page.language}"]] for grade, texts in entries("grades").items()]
    return [
        heading(page.say("reading_heading")), bullets(lines),
        replace(page.table("words", page.say("words_caption"), page.header("col_grade", "words_means", "words_allowed"), rows, align="lll", widths=(10, 50, 40)), evidence=EXPLAINS),
    ]


def _has_study(page: ImpactPage) -> bool:
    return any(entry["event_study"] for entry in page.estimated)


def definitions(page: ImpactPage) -> list[Item]:
    """Exactly what was counted, outcome by outcome."""
    if not page.outcomes:
        return []
    lines = [page.text("definition", outcome=capital(page.outcome(entry)), text=page.both(entry["definition"])) for entry in page.outcomes]
    return [heading(page.say("definitions_heading")), bullets(lines)]


def references(page: ImpactPage) -> list[Item]:
    """Papers of the methods that were used."""
    used = [estimate for entry in page.estimated for estimate in (entry["estimate"], entry["event_study"], *(s["estimate"] for s in entry["sensitivities"])) if estimate]
    names = [*(f"ref_{e['method']}" for e in used), *(f"ref_{e['inference']}" for e in used), "ref_pre_trends"]
    found = sorted({page.say(name) for name in names if has(f"impact.{name}")})
    return [heading(page.say("references_heading")), bullets(escape(text) for text in found)] if used else []


# ---------------------------------------------------------------- numbers of figures


def figure_numbers(page: ImpactPage) -> list[Item]:
    """The numbers that figures are drawn from."""
    tables = [table for entry in page.outcomes for table in (*_path_table(page, entry), *_series_table(page, entry))]
    return [heading(page.say("numbers_heading")), *tables] if tables else []


def _path_table(page: ImpactPage, entry: Record) -> list[Table]:
    study = entry["event_study"]
    if study is None:
        return []
    path = path_of(study)
    digits = _digits(path["estimate"].abs().max())
    rows = [
        [
            fixed(row.event_time, 0), fixed(row.estimate, digits), _range(page, row.conf_low, row.conf_high, digits),
            _range(page, row.band_low, row.band_high, digits),
        ]
        for row in rows_of(path)
    ]
    return [page.table(
        f"path-{entry['outcome'].replace('_', '-')}", page.say("path_caption", outcome=capital(page.outcome(entry)), unit=page.axis(study["unit"])),
        page.header("path_month", "path_estimate", "path_interval", "path_band"), rows, align="rrrr", widths=(22, 20, 29, 29), note=page.say("path_note", level=page.level),
    )]


def _series_table(page: ImpactPage, entry: Record) -> list[Table]:
    table = series_of(entry)
    if table[["treated", "comparison"]].isna().all(axis=None):
        return []
    digits = _digits(float(np.nanmax(table[["treated", "comparison"]].to_numpy())))
    rows = [[f"{row.month:%Y-%m}", *(fixed(value, digits) for value in (row.treated, row.comparison, row.treated - row.comparison))] for row in rows_of(table)]
    return [page.table(
        f"months-{entry['outcome'].replace('_', '-')}", page.say("months_caption", outcome=page.outcome(entry), unit=page.level_axis(entry)),
        page.header("col_month", "series_treated", "series_comparison", "months_difference"), rows, align="lrrr", widths=(28, 24, 24, 24),
    )]


def _digits(largest: float) -> int:
    """Decimals of a column, by its largest value."""
    return 2 if largest < 20 else 1 if largest < 1_000 else 0


def _range(page: ImpactPage, low: float, high: float, digits: int) -> str:
    return DASH if math.isnan(low) or math.isnan(high) else page.say("from_to", low=fixed(low, digits), high=fixed(high, digits))


def files(page: ImpactPage, version: str) -> list[Item]:
    """Where the estimates stand."""
    rows = [[page.say("file_estimates"), f"{ESTIMATES}/{CONTENT}"], [page.say("file_effects"), f"{ESTIMATES}/{EFFECTS}"]]
    return [
        heading(page.say("files_heading")),
        page.table("files", page.say("files_caption"), page.header("files_what", "files_file"), rows, align="ll", widths=(60, 40), note=page.say("files_note", version=version, seed=page.case["seed"])),
    ]
