"""Appendix: one printed rate of space use and one of area in use, followed back to rooms, bookings and door counters."""

from typing import Any

import pandas as pd

from commresearch.reporting.cells import DASH
from commresearch.reporting.display import Item, Table
from commresearch.reporting.panel_page import PanelPage
from commresearch.reporting.panel_retrace_parts import LISTED, Told, day_in_words
from commresearch.reporting.panel_tables import rows_of
from commresearch.reporting.stamped_page import cut
from commresearch.terms import DataKind, Outcome, Unit
from commresearch.words import number
from commresearch.workflow.retrace_space import RateOfRooms, retrace_area, retrace_space

ORDER = (
    "end_before_start", "room_office", "room_corridor", "room_plant", "room_tenancy", "room_activity", "room_not_fixed", "booking_cancelled",
    "booking_use_unknown", "booking_not_used", "counter_zero", "outside_reference_hours",
)
DAYS = 60  #: days of rooms that are listed
KINDS = (DataKind.BOOKINGS, DataKind.COUNTERS, DataKind.ROOMS)


def rooms(page: PanelPage, unit: str, month: pd.Timestamp, row: "pd.Series[Any]") -> list[Item]:
    """A rate of space use: rooms and their reference hours, rows that tell of use, and when each room was used."""
    outcome = Outcome.SPACE_USE
    events = {kind: page.logs_of(kind) for kind in KINDS}
    found = retrace_space(events, page.registers[outcome], page.panels[outcome], unit, month)
    told = Told(
        page=page, outcome=outcome, found=found, row=row, shown=[*found.rows["row_id"], *found.rooms["row_id"]], amount_key="by_area" if found.by_area else outcome
    )
    reference = page.text("retrace_reference", den=told.amount(found.denominator))
    return [
        *told.beginning(), _rooms(told, found), told.steps(ORDER, "room", most=LISTED), _spans(told, found),
        page.prose(reference, page.say("retrace_weighted") if found.by_area else "", told.division(Unit.PERCENTAGE_POINTS)), told.ending(),
    ]


def _rooms(told: Told, found: RateOfRooms) -> Table:
    """The rooms of the unit, with their reference hours or why they do not count."""
    page, choices = told.page, told.page.panels[told.outcome].definition
    rows = [
        [_room(page, r.room, r.name), told.numbers([r.row_id]), number(r.area_m2), number(r.days), number(r.hours), page.rule(r.rule)] for r in rows_of(found.rooms)
    ]
    hours = {"opens": clock(60 * choices["open_minute"]), "closes": clock(60 * choices["close_minute"])}
    caption = page.say("retrace_rooms_caption", unit=page.unit(found.unit_id))
    header = page.header("retrace_room", "retrace_rows", "retrace_area_m2", "retrace_days", "retrace_hours", "retrace_counts")
    return page.table(
        f"{told.name}-rooms", caption, header, rows, align="llrrrl", widths=(24, 18, 10, 8, 12, 28), note=page.say("retrace_rooms_note", **hours),
    )


def _spans(told: Told, found: RateOfRooms) -> Table:
    """When each room was used on each day, and the rows that say so."""
    page = told.page
    rows = [
        [
            _room(page, s.room, ""), day_in_words(page, s.day), page.join(page.say("retrace_span", start=clock(a), end=clock(b)) for a, b in s.spans),
            number(s.hours), told.numbers(s.rows, len(s.rows)),
        ]
        for s in rows_of(found.spans.head(DAYS))
    ]
    if len(found.spans) > DAYS:
        rest = found.spans.iloc[DAYS:]
        rows.append([page.say("retrace_spans_more", n=number(len(rest))), DASH, DASH, number(rest["hours"].sum()), DASH])
    caption = page.say("retrace_spans_caption", amount=page.say("retrace_amount_space_use", n=number(found.spans["hours"].sum())))
    header = page.header("retrace_room", "retrace_day", "retrace_spans", "retrace_hours", "retrace_rows")
    return page.table(f"{told.name}-spans", caption, header, rows, align="lllrl", widths=(18, 20, 24, 10, 28), note=page.say("retrace_spans_note"))


def area(page: PanelPage, unit: str, month: pd.Timestamp, row: "pd.Series[Any]") -> list[Item]:
    """A share of area in use: the rooms of the last day of the month, and which of them were in service."""
    outcome = Outcome.AREA_IN_USE
    found = retrace_area(page.logs_of(DataKind.ROOMS), page.registers[outcome], page.panels[outcome], unit, month)
    told = Told(page=page, outcome=outcome, found=found, row=row, shown=list(found.rows["row_id"]), amount_key=outcome)
    rows = [[_room(page, r.room, r.name), told.numbers([r.row_id]), number(r.area_m2), page.rule(r.rule)] for r in rows_of(found.rows)]
    table = page.table(
        f"{told.name}-rooms", page.say("retrace_area_caption", day=day_in_words(page, found.day), unit=page.unit(found.unit_id)),
        page.header("retrace_room", "retrace_rows", "retrace_area_m2", "retrace_counts"), rows, align="llrl", widths=(34, 26, 14, 26),
    )
    registered = page.text("retrace_registered", den=told.amount(found.denominator))
    return [*told.beginning(), table, page.prose(registered, told.division(Unit.PERCENTAGE_POINTS)), told.ending()]


def clock(seconds: int) -> str:
    """A time of day; seconds only where there are some, and hours after midnight beyond 24."""
    shown = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    return f"{shown}:{seconds % 60:02d}" if seconds % 60 else shown


def _room(page: PanelPage, code: str, name: str) -> str:
    return cut(code if not name or name == code else f"{code} {page.own(name)}", 30)
