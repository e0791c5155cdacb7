"""What the numbers that are followed back to the received files share on the page: files by letters, row numbers, steps, denominators, agreement."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pandas as pd

from commresearch.outcomes.belongings import BEGINNING
from commresearch.reporting.cells import DASH
from commresearch.reporting.display import Item, Prose, Table, heading
from commresearch.reporting.panel_page import PanelPage
from commresearch.reporting.panel_tables import rows_of
from commresearch.reporting.stamped_page import cut
from commresearch.terms import Outcome, Unit
from commresearch.words import number, period
from commresearch.workflow.retraced import COUNTED, RateOfPeople, RetracedRate

LISTED = 24  #: rows of a step that are listed
PLACES = 12
FILES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NAMES = {Outcome.COMPLAINT_RATE: "retrace", Outcome.YOUTH_PARTICIPATION: "retrace-persons", Outcome.SPACE_USE: "retrace-space", Outcome.AREA_IN_USE: "retrace-area"}
PER = {Unit.PER_1000_HOUSEHOLDS: 1_000, Unit.PERCENTAGE_POINTS: 100}


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """A number of a panel that was counted again, on its way to the page.

    row : Series
        The unit and month in the panel.
    shown : sequence of str
        Ids of all rows that may be named.
    amount_key : str
        Ending of the text that gives the numerator its unit.
    """

    page: PanelPage
    outcome: Outcome
    found: RetracedRate
    row: "pd.Series[Any]"
    shown: Sequence[str]
    amount_key: str

    @property
    def name(self) -> str:
        """Beginning of the ids of its tables."""
        return NAMES[self.outcome]

    def amount(self, value: float) -> str:
        """A numerator or denominator with its unit."""
        return self.page.say(f"retrace_amount_{self.amount_key}", n=number(value))

    @cached_property
    def values(self) -> dict[str, str]:
        """What headings and sentences are filled with."""
        page, rate = self.page, float(self.row["value"])
        return {
            "unit": page.short_unit(self.found.unit_id), "month": page.month(self.found.month), "outcome": page.outcome(self.outcome),
            "rate": page.rate(rate, self.outcome), "what": page.say(f"retrace_what_{self.outcome}"), "amount": self.amount(float(self.row["numerator"])),
        }

    @cached_property
    def letters(self) -> dict[str, tuple[str, str]]:
        """Beginning of a hash → letter and name, of the files that hold the rows."""
        hashes = {digest[:8]: name for log in self.page.logs.values() for name, digest in log.provenance.get("files", {}).items()}
        wanted = sorted({str(row).partition(":")[0] for row in self.shown}, key=lambda h: hashes.get(h, h))
        return {h: (FILES[i % len(FILES)], hashes.get(h, h)) for i, h in enumerate(wanted)}

    def beginning(self) -> list[Item]:
        """Heading, how the unit and month were chosen, and the files."""
        page = self.page
        rows = [[letter, page.own(name), digest] for digest, (letter, name) in self.letters.items()]
        files = page.table(
            f"{self.name}-files", page.say("retrace_files_caption"), page.header("retrace_letter", "files_file", "hashes_hash"), rows or [[DASH] * 3],
            align="lll", widths=(10, 68, 22),
        )
        return [heading(page.say("retrace_heading", **self.values)), page.prose(page.text("retrace_lead", **self.values)), files]

    def numbers(self, ids: Iterable[str], most: int = LISTED) -> str:
        """Row numbers by file and sheet, as a spreadsheet shows them."""
        page, rows = self.page, list(ids)
        grouped: dict[tuple[str, str], list[str]] = {}
        for row_id in rows[:most]:
            digest, _, rest = str(row_id).partition(":")
            sheet, _, row = rest.rpartition(":")
            grouped.setdefault((self.letters[digest][0], sheet), []).append(row)
        parts = [
            page.say("rows_of_sheet" if sheet else "rows_of_file", file=letter, sheet=page.own(sheet), rows=page.join(sorted(found, key=lambda n: (len(n), n))))
            for (letter, sheet), found in sorted(grouped.items())
        ]
        shown = page.say("semicolon").join(parts)
        return page.say("rows_and_more", list=shown, n=number(len(rows) - most)) if len(rows) > most else shown

    def steps(self, order: Sequence[str], column: str, *, last: Sequence[Sequence[str]] = (), most: int | None = None) -> Table:
        """All rows of the unit and month, less those of each rule: what is left.

        Parameters
        ----------
        order : sequence of str
            Rules in the order in which they are applied; others stand before them.
        column : str
            Column of the rows that says where something happened.
        last : sequence of rows
            What follows from those that are left.
        most : int, optional
            How many of those that are left are listed, where another table lists them; else all.
        """
        page, rules = self.page, self.found.rows["rule"]
        there = [*sorted(set(rules) - {*order, COUNTED}), *(rule for rule in order if rule in set(rules))]
        rows = [[page.say(f"retrace_begin_{self.outcome}", unit=page.unit(self.found.unit_id), month=self.values["month"]), number(len(rules)), DASH]]
        for rule in there:
            ids = self.found.rows.loc[rules == rule, "row_id"]
            rows.append([page.say("retrace_less", rule=page.rule(rule)), f"−{number(len(ids))}", self.numbers(ids)])
        ids = self.found.rows.loc[rules == COUNTED, "row_id"]
        rows.append([page.say(f"retrace_left_{self.outcome}"), number(len(ids)), self.numbers(ids, len(ids) if most is None else most) or DASH])
        written = self.found.rows[column].value_counts()
        places = page.join(page.own(cut(str(p), 30)) for p in written.index[:PLACES])
        return page.table(
            f"{self.name}-steps", page.say("retrace_steps_caption", amount=self.amount(self.found.numerator)), page.header("retrace_step", "col_rows", "retrace_rows"),
            [*rows, *last], align="lrl", widths=(42, 10, 48), note=page.say("retrace_steps_note", places=places or DASH),
        )

    def division(self, unit: Unit) -> str:
        """The division, written out."""
        found = self.found
        return self.page.text("retrace_division", num=number(found.numerator), den=f"{found.denominator:,.2f}", per=number(PER[unit]), rate=self.page.digits(found.rate))

    def ending(self) -> Prose:
        """Whether the panel says the same."""
        found, page = self.found, self.page
        agrees = abs(found.numerator - self.row["numerator"]) < 1e-6 and abs(found.rate - self.row["value"]) < 1e-6
        again = page.say("semicolon").join([self.amount(found.numerator), page.rate(found.rate, self.outcome)])
        return page.prose(page.text("retrace_agrees" if agrees else "retrace_differs", again=again, **self.values))


def of_roster(told: Told, found: RateOfPeople, column: str, unit: Unit) -> Prose:
    """Where a denominator of the roster comes from, and the division."""
    page = told.page
    readings = [
        page.say(
            f"retrace_reading_{column}", day=page.say("no_date") if row.as_of == BEGINNING else day_in_words(page, row.as_of), n=number(row.value),
            source=page.own(str(row.source)) if row.source else page.say("no_source"),
        )
        for row in rows_of(found.readings)
    ]
    how = page.text("retrace_between" if len(readings) > 1 else "retrace_only", day=day_in_words(page, found.day), n=f"{found.denominator:,.2f}")
    people = page.say(f"retrace_people_{column}")
    return page.prose(page.text("retrace_readings", people=people, list=page.join(readings)), how, told.division(unit))


def day_in_words(page: PanelPage, day: date) -> str:
    """A day as the language says it."""
    return period(day.isoformat(), day.isoformat(), "", "", page.language)
