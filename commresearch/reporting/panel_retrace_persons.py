"""Appendix: one printed participation rate, followed back to the sign-ins of every person; no page says who anybody is.

The public edition leaves it out: it lists persons one by one.
"""

from typing import Any

import pandas as pd

from commresearch.reporting.cells import DASH
from commresearch.reporting.disclosure_rules import hides
from commresearch.reporting.display import Item, Table, heading
from commresearch.reporting.panel_page import PanelPage
from commresearch.reporting.panel_retrace_parts import Told, of_roster
from commresearch.reporting.panel_tables import rows_of
from commresearch.terms import DataKind, Outcome, Unit
from commresearch.words import number, say
from commresearch.workflow.retrace_persons import IN_BAND, OUTSIDE, RESIDENT, VISITOR, RateOfPersons, retrace_participation
from commresearch.workflow.retraced import COUNTED

ORDER = ("role_staff", "role_operator", "role_enrolled", "role_serves", "head_count", "outside_band", "age_unclear", "visitor", "residence_unknown")
PERSONS = 60  #: persons that are listed; the rows of all who count stand among the steps
ANSWERS = {IN_BAND: "yes", OUTSIDE: "no", RESIDENT: "yes", VISITOR: "no"}


def persons(page: PanelPage, unit: str, month: pd.Timestamp, row: "pd.Series[Any]") -> list[Item]:
    """A participation rate: from the sign-ins of the unit and month to the persons, and over the residents of the band."""
    outcome = Outcome.YOUTH_PARTICIPATION
    if hides(page.release):
        return [heading(say("release.retrace_heading", page.language)), page.prose(say("release.retrace_hidden", page.language))]
    found = retrace_participation(page.logs_of(DataKind.SIGNINS), page.registers[outcome], page.panels[outcome], unit, month)
    told = Told(page=page, outcome=outcome, found=found, row=row, shown=list(found.rows["row_id"]), amount_key=outcome)
    last = [page.say("retrace_persons"), number(found.numerator), DASH]
    return [
        *told.beginning(), told.steps(ORDER, "place", last=[last]), _persons(told, found), of_roster(told, found, "youth_population", Unit.PERCENTAGE_POINTS),
        told.ending(),
    ]


def _persons(told: Told, found: RateOfPersons) -> Table:
    """Everybody who attended, by number, with what is known and why he or she counts or not."""
    page, choices = told.page, told.page.panels[told.outcome].definition
    rows = [
        [
            number(p.person), told.numbers(p.rows), *(page.say(f"retrace_{ANSWERS.get(answer, 'unclear')}") for answer in (p.age, p.residence)),
            page.say("retrace_yes") if p.rule == COUNTED else page.rule(p.rule),
        ]
        for p in rows_of(found.persons.head(PERSONS))
    ]
    if len(found.persons) > PERSONS:
        rows.append([page.say("retrace_persons_more", n=number(len(found.persons) - PERSONS)), *[DASH] * 4])
    header = [*page.header("retrace_person", "retrace_rows"), page.say("retrace_age", low=choices["age_low"], high=choices["age_high"])]
    return page.table(
        f"{told.name}-list", page.say("retrace_persons_caption", n=number(len(found.persons))), [*header, *page.header("retrace_home", "retrace_counts")], rows,
        align="lllll", widths=(8, 36, 14, 16, 26), note=page.say("retrace_persons_note"),
    )
