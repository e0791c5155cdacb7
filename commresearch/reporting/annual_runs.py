"""What earlier runs said: estimates over the runs of the results store, and definitions that changed between them."""

from typing import Any

import pandas as pd

from commresearch.records.effects import EFFECT_COLUMNS
from commresearch.reporting.annual_page import AnnualPage
from commresearch.reporting.cells import DASH, capital
from commresearch.reporting.display import Item, Table, heading
from commresearch.reporting.impact_tables import effect_of
from commresearch.reporting.panel_tables import rows_of
from commresearch.terms import Outcome
from commresearch.workflow.run_difference_lines import choice_text
from commresearch.workflow.run_differences import changed_choices

MOST_RUNS = 8  #: runs of an outcome that are listed, the last ones
TOLD = ("definition", "refusal", "grade", "last_month")


def trends(page: AnnualPage) -> list[Item]:
    """How the estimates went from run to run; runs that say the same as the one before are left out."""
    items: list[Item] = [heading(page.say("trends_heading"), 2)]
    tables = [table for outcome in page.panels if (table := _trend_table(page, outcome)) is not None]
    if not tables:
        told = {0: "trends_none", 1: "trends_one"}.get(page.runs["run"].nunique(), "trends_same")
        return [*items, page.prose(page.say(told))]
    return [*items, page.prose(page.say("trends_lead")), *tables]


def distinct_runs(runs: pd.DataFrame, outcome: Outcome | str) -> pd.DataFrame:
    """The runs of an outcome, each that says something else than the one before; a definition or a month more is something else, too."""
    own = runs[runs["outcome"] == str(outcome)].reset_index(drop=True)
    if own.empty:
        return own
    told = own[[*EFFECT_COLUMNS, *TOLD]].astype("object").where(own[[*EFFECT_COLUMNS, *TOLD]].notna(), None)
    same = (told == told.shift()) | (told.isna() & told.shift().isna())
    return own[~same.all(axis=1) | (own.index == 0)].reset_index(drop=True)


def _trend_table(page: AnnualPage, outcome: Outcome) -> Table | None:
    """One row per run; None where there are not two that differ."""
    found = distinct_runs(page.runs, outcome)
    if len(found) < 2:
        return None
    rows, before = [], ""
    for row in rows_of(found):
        changed = DASH if not before else page.say("changed_yes" if row.definition != before else "changed_no")
        rows.append([_run(page, row.run), _month(page, row.last_month), *_effect_cells(page, row), changed])
        before = row.definition
    return page.table(
        f"runs-{str(outcome).replace('_', '-')}", page.say("runs_caption", outcome=capital(page.outcome(outcome)), n=len(found)),
        page.header("col_run", "col_last_month", "col_effect", "col_unit", "col_grade", "col_changed"), rows[-MOST_RUNS:], align="llrlll", widths=(19, 17, 25, 16, 9, 14),
        note=page.say("runs_note", level=page.impact.level),
    )


def _effect_cells(page: AnnualPage, row: Any) -> list[str]:
    if pd.isna(row.estimate):
        return [page.say("no_estimate"), DASH, DASH]
    effect = effect_of({name: None if pd.isna(getattr(row, name)) else getattr(row, name) for name in EFFECT_COLUMNS})
    return [page.impact.effect(effect), page.impact.axis(str(effect.unit)), DASH if pd.isna(row.grade) else str(row.grade)]


def _run(page: AnnualPage, run: str) -> str:
    """When a run began, as people write it."""
    return page.say("run_time", year=run[:4], month=run[4:6], day=run[6:8], hour=run[9:11], minute=run[11:13])


def _month(page: AnnualPage, month: str) -> str:
    return page.panels_page.month(pd.Timestamp(f"{month}-01"))


def definition_notes(page: AnnualPage, outcome: Outcome) -> list[str]:
    """What the last change of an outcome's definition was, and that the earlier series is counted anew on the present one; nothing where it never changed."""
    found = distinct_runs(page.runs, outcome)
    changed = found[found["definition"] != found["definition"].shift()] if len(found) else found
    if len(changed) < 2:
        return []
    before, after = (str(changed["definition"].iloc[i]) for i in (-2, -1))
    last = found[found["run"] < changed["run"].iloc[-1]].iloc[-1]
    choices = page.join(choice_text(change, page.language) for change in changed_choices(before, after))
    told = {"run": _run(page, str(changed["run"].iloc[-1])), "choices": choices}
    return [page.text("restated_refused", **told) if pd.isna(last["estimate"]) else page.text("restated_line", **told, then=_told(page, last))]


def _told(page: AnnualPage, row: "pd.Series[Any]") -> str:
    """An effect of an earlier run with its interval."""
    effect = effect_of({name: None if pd.isna(row[name]) else row[name] for name in EFFECT_COLUMNS})
    return page.say("effect_told", change=page.impact.change(effect), interval=page.impact.interval(effect))
