"""Appendix: one printed number of each outcome, chosen by a fixed rule, followed back to the rows of the received files, as a clerk would."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from commresearch.reporting.display import Item, bullets
from commresearch.reporting.panel_page import PanelPage
from commresearch.reporting.panel_retrace_parts import LISTED, Told, of_roster
from commresearch.reporting.panel_retrace_persons import persons
from commresearch.reporting.panel_retrace_space import area, rooms
from commresearch.terms import DataKind, Outcome, Unit
from commresearch.workflow.retrace import retrace_complaints
from commresearch.workflow.retraced import median_cell

ORDER = ("other_topic", "withdrawn", "test", "outside_area", "same_ticket", "repeat_marked", "repeat_within_days")


def retrace(page: PanelPage) -> list[Item]:
    """How one number of each outcome follows from the received files; nothing of outcomes without a panel, or without a month that can be followed."""
    return [item for outcome in page.panels for item in retrace_outcome(page, outcome)]


def retrace_outcome(page: PanelPage, outcome: Outcome) -> list[Item]:
    """The same for one outcome."""
    panel = page.panels.get(outcome)
    cell = None if panel is None or not page.logs_of(NEEDED[outcome]) else median_cell(panel)
    if panel is None or cell is None:
        return []
    unit, month = cell
    row = panel.frame[(panel.frame["unit_id"] == unit) & (panel.frame["month"] == month)].iloc[0]
    return SECTIONS[outcome](page, unit, month, row)


def complaints(page: PanelPage, unit: str, month: pd.Timestamp, row: "pd.Series[Any]") -> list[Item]:
    """A complaint rate: from the rows of the place and month to the cases, and over households."""
    outcome = Outcome.COMPLAINT_RATE
    found = retrace_complaints(page.logs_of(DataKind.TICKETS), page.registers[outcome], page.panels[outcome], unit, month)
    told = Told(page=page, outcome=outcome, found=found, row=row, shown=[*found.rows["row_id"], *found.rows["follows"].dropna()], amount_key=outcome)
    return [
        *told.beginning(), told.steps(ORDER, "place"), *_repeats(told), of_roster(told, found, "households", Unit.PER_1000_HOUSEHOLDS), told.ending(),
    ]


def _repeats(told: Told) -> list[Item]:
    """Which contact each unmarked repeat comes after: the clerk compares caller, topic and place of the two rows."""
    rows = told.found.rows
    pairs = rows.loc[rows["follows"].notna(), ["row_id", "follows"]].head(LISTED)
    if pairs.empty:
        return []
    page = told.page
    lines = [
        page.text("retrace_pair", row=told.numbers([row]), before=told.numbers([before])) for row, before in pairs.itertuples(index=False, name=None)
    ]
    return [page.prose(page.say("retrace_pairs")), bullets(lines)]


NEEDED: Mapping[Outcome, DataKind] = {
    Outcome.COMPLAINT_RATE: DataKind.TICKETS, Outcome.YOUTH_PARTICIPATION: DataKind.SIGNINS, Outcome.SPACE_USE: DataKind.ROOMS,
    Outcome.AREA_IN_USE: DataKind.ROOMS,
}
SECTIONS: Mapping[Outcome, Callable[[PanelPage, str, pd.Timestamp, "pd.Series[Any]"], list[Item]]] = {
    Outcome.COMPLAINT_RATE: complaints, Outcome.YOUTH_PARTICIPATION: persons, Outcome.SPACE_USE: rooms, Outcome.AREA_IN_USE: area,
}
