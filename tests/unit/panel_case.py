"""A small fictional case with cleaned logs and panels, made by hand: something of everything that the report on panels shows."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pandas as pd

from commresearch.cases.case import Release
from commresearch.cleaning.event_table import event_table_of, write_event_table
from commresearch.outcomes import build_panel
from commresearch.records import join_logs, log_lines
from commresearch.reporting import panel_checks, panel_logs, panel_outcomes, panel_retrace, panel_summary
from commresearch.reporting.display import Figure, Table
from commresearch.reporting.panel_page import open_page
from commresearch.terms import Outcome

T = pd.Timestamp
MONTHS = ("2024-01", "2024-12")
FILE, DIGEST = "热线工单.csv", "ab12cd34" + "0" * 56
ABOUT = {"case": "binhai", "name_zh": "滨海示范区", "name_en": "Binhai demonstration area", "fictional": True, "months": list(MONTHS)}


def day(month, of_month=1, hour=9):
    return T(2024, month, of_month, hour)


def units():
    """101 and 102 all the year; 102 becomes 103 in June."""
    columns = {
        "unit_id": ["101", "102", "103"] * 2, "unit_level": ["community"] * 6, "name": ["望海社区", "听涛社区", "海棠社区"] * 2, "households": [1000, 500, 500, 1100, 500, 520],
        "population": [2500, 1200, 1200, 2600, 1200, 1210], "youth_population": [400, 90, 300, 410, 90, 310],
        "valid_from": [T("2015-01-01"), T("2015-01-01"), T("2024-06-11")] * 2, "valid_to": [None, T("2024-06-11"), None] * 2,
        "source": ["虚构台账"] * 6, "as_of": [T("2023-12-31")] * 3 + [T("2024-12-31")] * 3,
    }
    return event_table_of("roster", columns)


def hotline():
    """Complaints of every month and unit; in March in 101 a repeat by mark, one within days, one after more; others that do not count."""
    rows = []

    def add(at, place, **changes):
        base = {"type": "complaint", "topic": "噪声", "status": "closed", "caller_key": None, "is_repeat": None, "handling": None, "is_reached": True,
                "is_resolved": True, "is_satisfied": True, "callers": 1}
        rows.append({"ticket_id": f"T{len(rows)}", "received_at": at, "closed_at": at + pd.Timedelta(days=2), "place": place} | base | changes)

    for month in range(1, 13):
        for k in range(6):
            add(day(month, 2 + 4 * k), "101")
        for k in range(3):
            add(day(month, 12 + 5 * k), "望海社区" if k == 2 else "102" if month < 6 else "103")
        add(day(month, 20), "101", type="help")
    add(day(3, 4), "101", caller_key="kmnp")
    add(day(3, 8), "101", caller_key="kmnp")  # within seven days
    add(day(3, 19), "101", caller_key="kmnp", handling="unreasonable")
    add(day(3, 21), "101", is_repeat=True)
    add(day(3, 22), "101", status="withdrawn")
    add(day(3, 23), "101", type="inquiry")
    add(day(3, 24), "101", is_outside=True)
    add(day(5, 5), "无名小区")
    add(day(5, 6), None)
    columns = {name: [row.get(name) for row in rows] for name in {n for row in rows for n in row}}
    columns["row_id"] = [f"{DIGEST[:8]}::{i + 2}" for i in range(len(rows))]
    return event_table_of("tickets", columns)


def sign_ins():
    rows = []
    for month in range(1, 13):
        for place, n in (("101", 12), ("102" if month < 6 else "103", 8)):
            if place == "101" and month < 5:
                continue
            for k in range(n):
                tier = ("id", "phone", "name_birth")[k % 3]
                rows.append({
                    "event_id": f"E{month}", "event_at": day(month, 15), "place": place, "home": place, "is_resident": True, "person_key": f"p{place}{k}", "person_tier": tier,
                    "age_low": 20 + k, "age_high": 20 + k, "age_known_by": "id", "role": "attends", "persons": 1,
                })
        rows.append({"event_id": f"E{month}", "event_at": day(month, 15), "place": "103", "role": "staff", "person_key": "s1", "person_tier": "phone", "persons": 1})
    unknown = {"event_id": "X", "event_at": day(11, 3), "place": "103", "home": "103", "is_resident": True, "person_tier": "none", "persons": 1, "role": "attends"}
    rows += [unknown | {"person_key": f"u{k}"} for k in range(6)]  # ages unknown: no headline in November
    return event_table_of("signins", {name: [row.get(name) for row in rows] for name in rows[0]})


def rooms():
    return event_table_of("rooms", {
        "room": ["R1", "R2", "R3"], "unit_id": ["101", "103", "101"], "name": ["多功能厅", "书屋", "办公室"], "area_m2": [120.0, 60.0, 20.0],
        "room_class": ["activity", "activity", "office"], "valid_from": [T("2020-01-01")] * 3, "in_service_from": [T("2020-01-01")] * 3,
    })


def bookings():
    days = list(pd.date_range("2024-01-03", "2024-12-28", freq="3D"))
    n = len(days)
    return event_table_of("bookings", {
        "booking_id": [f"B{i}" for i in range(n)], "room": ["R1" if i % 2 else "R2" for i in range(n)], "start_at": [d + pd.Timedelta(hours=9) for d in days],
        "end_at": [d + pd.Timedelta(hours=12) for d in days], "is_cancelled": [i % 9 == 0 for i in range(n)], "is_used": [i % 5 != 0 for i in range(n)],
    })


def record():
    """Tickets are recoded in September; sign-ins of 101 begin in May, two months before its start; bookings of 103 stop in October."""
    rows = [
        ("tickets", "*", "2023-12-01", "2024-09-01", None), ("tickets", "*", "2024-09-01", None, "类别口径调整"), ("signins", "101", "2024-05-01", None, None),
        ("signins", "102", "2023-12-01", None, None), ("signins", "103", "2023-12-01", None, None), ("bookings", "*", "2023-12-01", None, None),
        ("bookings", "103", "2023-12-01", "2024-10-16", None),
    ]
    columns = ["source", "unit_id", "live_from", "live_to", "note"]
    table = pd.DataFrame(rows, columns=columns).assign(live_from=lambda t: pd.to_datetime(t["live_from"]), live_to=lambda t: pd.to_datetime(t["live_to"]))
    return event_table_of("coverage", {name: table[name] for name in columns})


def starts():
    return event_table_of("rollout", {"unit_id": ["101", "102", "103"], "start_month": [T("2024-07-01"), None, None], "chosen_by": ["volunteer"] * 3})


def logs():
    """The cleaned tables; that of tickets with a file, rows set aside, cells read otherwise, and a month without rows."""
    lines = join_logs([
        log_lines(step="events", rule="full_width", file=FILE, variable="place", old="１０１", new="101", count=7),
        log_lines(step="events", rule="pseudonymised", file=FILE, variable="caller_key", old="13800000000", new="kmnp", count=3),
        log_lines(step="read", rule="total_row", file=FILE, row_id=f"{DIGEST[:8]}::400", old="合计"),
    ])
    tickets = hotline()
    n = len(tickets.frame())
    mapping = [
        {"file": FILE, "sheet": "", "header": "受理时间", "field": "received_at", "how": "header"}, {"file": FILE, "sheet": "", "header": "事发地点", "field": "place", "how": "header"},
        {"file": FILE, "sheet": "", "header": "诉求内容", "field": "", "how": "unknown"},
    ]
    account = pd.DataFrame([("read", "rows_read", n + 1), ("read", "total_row", 1), ("events", "rows_out", n)], columns=["step", "rule", "rows"])
    findings = pd.DataFrame([("month_without_rows", 2, "received_at", "2023-10; 2023-11")], columns=["rule", "rows", "variable", "examples"])
    tickets = replace(tickets, log=lines, account=account, findings=findings, provenance={"files": {FILE: DIGEST}, "mapping": mapping})
    return {
        "tickets": tickets, "signins": sign_ins(), "bookings": bookings(), "rooms": rooms(), "roster": units(), "coverage": record(), "rollout": starts(),
    }


EVENTS = {
    Outcome.COMPLAINT_RATE: ("tickets",), Outcome.YOUTH_PARTICIPATION: ("signins",), Outcome.SPACE_USE: ("bookings", "rooms"), Outcome.AREA_IN_USE: ("rooms",),
}


def write_case(folder, tables=None, outcomes=tuple(Outcome), **about):
    """The case as it stands in a folder after cleaning and counting."""
    tables = logs() if tables is None else tables
    for name, table in tables.items():
        write_event_table(table, folder / "_logs" / name)
    (folder / "_logs" / "case.json").write_text(json.dumps(ABOUT | about), encoding="utf8")
    for outcome in outcomes:
        events = {kind: tables[kind] for kind in EVENTS[outcome]}
        panel = build_panel(
            outcome, events, tables["roster"], tables["rollout"], months=MONTHS, coverage=tables["coverage"], extract_at=T("2025-01-01").to_pydatetime()
        )
        panel.write(folder / "_panels" / outcome)
    return folder


@cache
def case_folder():
    return write_case(Path(mkdtemp(prefix="panels-")))


@cache
def opened(language="zh", edition="internal"):
    """A page on the case; the internal edition, because the case is small and numbers are what tests look at."""
    return replace(open_page(case_folder(), language), release=Release(edition=edition))


def items_of(page):
    found = [*panel_summary.first_screen(page), *panel_logs.received(page)]
    found += [item for outcome in Outcome for item in panel_outcomes.outcome(page, outcome)]
    return [
        *found, *panel_checks.coverage(page), *panel_checks.irregularities(page), *panel_retrace.retrace(page), *panel_logs.readings(page),
        *panel_summary.files(page, "0.1.0"),
    ]


def words_of(item):
    return f"{item.caption} {{#{item.id}}} {item.alt}\n{item.note}" if isinstance(item, Figure) else item.markdown(Path())


def body_of(page):
    """All that a page says; figures by their words, without being written to files."""
    return "\n\n".join(words_of(item) for item in items_of(page))


def table(page, name):
    return next(i for i in items_of(page) if isinstance(i, Table) and i.id == f"tbl-panel-{name}")


def figure(page, name):
    return next(i for i in items_of(page) if isinstance(i, Figure) and i.id == f"fig-panel-{name}")
