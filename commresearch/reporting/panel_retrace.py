"""Appendix: one printed rate, chosen by a fixed rule, followed back to the rows of the received files, as a clerk would."""

from collections.abc import Iterable

import pandas as pd

from commresearch.outcomes.belongings import BEGINNING
from commresearch.reporting.cells import DASH
from commresearch.reporting.display import Item, Prose, Table, bullets, heading
from commresearch.reporting.panel_page import PanelPage
from commresearch.reporting.panel_tables import rows_of
from commresearch.reporting.stamped_page import cut
from commresearch.terms import DataKind, Outcome
from commresearch.words import number, period
from commresearch.workflow.retrace import COUNTED, RetracedRate, median_cell, retrace_complaints

OUTCOME = Outcome.COMPLAINT_RATE
ORDER = ("other_topic", "withdrawn", "test", "outside_area", "same_ticket", "repeat_marked", "repeat_within_days", COUNTED)
LISTED = 24  #: rows of a step that are listed; all of those that were counted are
PLACES = 12
FILES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def retrace(page: PanelPage) -> list[Item]:
    """How one rate follows from the received files; nothing where there is no panel of complaints."""
    panel = page.panels.get(OUTCOME)
    tickets = page.logs_of(DataKind.TICKETS)
    cell = None if panel is None or not tickets else median_cell(panel)
    if panel is None or cell is None:
        return []
    unit, month = cell
    found = retrace_complaints(tickets, page.registers[OUTCOME], panel, unit, month)
    row = panel.frame[(panel.frame["unit_id"] == unit) & (panel.frame["month"] == month)].iloc[0]
    values = {"unit": page.short_unit(unit), "month": page.month(month), "rate": page.digits(float(row["value"])), "num": number(float(row["numerator"]))}
    agrees = found.numerator == row["numerator"] and abs(found.rate - row["value"]) < 1e-6
    letters = _letters(page, found)
    return [
        heading(page.say("retrace_heading", **values)), page.prose(page.text("retrace_lead", **values)), _files(page, letters),
        _steps(page, found, letters), *_repeats(page, found, letters), _denominator(page, found),
        page.prose(page.text("retrace_agrees" if agrees else "retrace_differs", again=page.digits(found.rate), **values)),
    ]


def _letters(page: PanelPage, found: RetracedRate) -> dict[str, tuple[str, str]]:
    """Beginning of a hash → letter and name, of the files that hold rows of the place and month, or that a repeat comes after."""
    hashes = {digest[:8]: name for log in page.logs_of(DataKind.TICKETS) for name, digest in log.provenance.get("files", {}).items()}
    rows = [*found.rows["row_id"], *found.rows["follows"].dropna()]
    wanted = sorted({str(row).partition(":")[0] for row in rows}, key=lambda h: hashes.get(h, h))
    return {h: (FILES[i % len(FILES)], hashes.get(h, h)) for i, h in enumerate(wanted)}


def _files(page: PanelPage, letters: dict[str, tuple[str, str]]) -> Table:
    rows = [[letter, page.own(name), digest] for digest, (letter, name) in letters.items()]
    return page.table(
        "retrace-files", page.say("retrace_files_caption"), page.header("retrace_letter", "files_file", "hashes_hash"), rows or [[DASH] * 3], align="lll",
        widths=(10, 68, 22),
    )


def _steps(page: PanelPage, found: RetracedRate, letters: dict[str, tuple[str, str]]) -> Table:
    """All rows of the place and month, less those of each rule: the numerator."""
    rules = found.rows["rule"].value_counts()
    order = [*sorted(r for r in rules.index if str(r).startswith("type_")), *(r for r in ORDER if r in rules.index and r != COUNTED)]
    rows = [[page.say("retrace_begin", unit=page.unit(found.unit_id), month=page.month(found.month)), number(len(found.rows)), DASH]]
    for rule in order:
        ids = found.rows.loc[found.rows["rule"] == rule, "row_id"]
        rows.append([page.say("retrace_less", rule=page.rule(str(rule))), f"−{number(len(ids))}", _numbers(page, ids, letters, LISTED)])
    ids = found.rows.loc[found.rows["rule"] == COUNTED, "row_id"]
    rows.append([page.say("retrace_numerator"), number(found.numerator), _numbers(page, ids, letters, len(ids)) or DASH])
    written = found.rows["place"].value_counts()
    places = page.join(page.own(cut(str(p), 30)) for p in written.index[:PLACES])
    return page.table(
        "retrace-steps", page.say("retrace_steps_caption", n=number(found.numerator)), page.header("retrace_step", "col_rows", "retrace_rows"), rows,
        align="lrl", widths=(42, 10, 48), note=page.say("retrace_steps_note", places=places or DASH),
    )


def _numbers(page: PanelPage, ids: Iterable[str], letters: dict[str, tuple[str, str]], most: int) -> str:
    """Row numbers by file and sheet, as a spreadsheet shows them."""
    rows = list(ids)
    grouped: dict[tuple[str, str], list[str]] = {}
    for row_id in rows[:most]:
        digest, _, rest = str(row_id).partition(":")
        sheet, _, row = rest.rpartition(":")
        grouped.setdefault((letters[digest][0], sheet), []).append(row)
    parts = [
        page.say("rows_of_sheet" if sheet else "rows_of_file", file=letter, sheet=page.own(sheet), rows=page.join(sorted(numbers, key=lambda n: (len(n), n))))
        for (letter, sheet), numbers in sorted(grouped.items())
    ]
    shown = page.say("semicolon").join(parts)
    return page.say("rows_and_more", list=shown, n=number(len(rows) - most)) if len(rows) > most else shown


def _repeats(page: PanelPage, found: RetracedRate, letters: dict[str, tuple[str, str]]) -> list[Item]:
    """Which contact each unmarked repeat comes after: the clerk compares caller, topic and place of the two rows."""
    pairs = found.rows.loc[found.rows["follows"].notna(), ["row_id", "follows"]].head(LISTED)
    if pairs.empty:
        return []
    lines = [
        page.text("retrace_pair", row=_numbers(page, [row], letters, 1), before=_numbers(page, [before], letters, 1))
        for row, before in pairs.itertuples(index=False, name=None)
    ]
    return [page.prose(page.say("retrace_pairs")), bullets(lines)]


def _denominator(page: PanelPage, found: RetracedRate) -> Prose:
    """Where the denominator comes from, and the division."""
    readings = [
        page.say(
            "retrace_reading", day=page.say("no_date") if row.as_of == BEGINNING else _day(page, row.as_of.isoformat()), n=number(row.value),
            source=page.own(str(row.source)) if pd.notna(row.source) and row.source else page.say("no_source"),
        )
        for row in rows_of(found.readings)
    ]
    how = page.text("retrace_between" if len(readings) > 1 else "retrace_only", day=_day(page, found.day.isoformat()), n=f"{found.denominator:,.2f}")
    division = page.text("retrace_division", num=number(found.numerator), den=f"{found.denominator:,.2f}", rate=page.digits(found.rate))
    return page.prose(page.text("retrace_readings", list=page.join(readings)), how, division)


def _day(page: PanelPage, iso: str) -> str:
    return period(iso, iso, "", "", page.language)
