"""One printed rate of space use, or of area in use, taken apart again, room by room and day by day: a way of its own, beside the one that counted it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

import pandas as pd
import pyarrow.compute as pc

from commresearch.cleaning.event_table import EventTable
from commresearch.outcomes import OutcomeDefinition, Panel, UnitRegister
from commresearch.terms import DataKind
from commresearch.workflow.retrace_rooms import Room, named_rooms
from commresearch.workflow.retraced import COUNTED, RetracedRate, month_after, read_rows

BOOKING_COLUMNS = ("row_id", "room", "start_at", "end_at", "is_cancelled", "is_used", "headcount")
COUNTER_COLUMNS = ("row_id", "room", "start_at", "end_at", "persons")
ROW_COLUMNS = ("row_id", "kind", "room", "rule")
ROOM_COLUMNS = ("room", "row_id", "name", "area_m2", "days", "hours", "rule")
SPAN_COLUMNS = ("room", "day", "spans", "hours", "rows")
DAY_MINUTES, HOUR = 1440, 3600
_Span: TypeAlias = tuple[int, int]  #: seconds since midnight
_Part: TypeAlias = tuple[int, int, str]  #: a span, and the row that it comes from


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateOfRooms(RetracedRate):
    """How space use follows from rooms, bookings and door counters; its `rows` are row_id, kind, room (as written) and rule.

    rooms : DataFrame
        room, row_id, name, area_m2, days (of the month on the register of the unit), hours (of reference hours on these days), rule (`counted`, else why
        not): one line per row of the register.
    spans : DataFrame
        room, day, spans (seconds since midnight, united and within the reference hours), hours, rows (ids of the rows that they come from).
    by_area : bool
        Whether hours are weighted by square metres.
    """

    rooms: pd.DataFrame
    spans: pd.DataFrame
    by_area: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A booking or an interval of a door counter; `used` is None where nothing tells."""

    row_id: str
    kind: DataKind
    written: str
    start: datetime
    end: datetime
    is_cancelled: bool
    used: bool | None

    def days(self) -> list[date]:
        """The days that it touches; that of its start where it takes no time."""
        last = max((self.end - timedelta(microseconds=1)).date(), self.start.date())
        return [self.start.date() + timedelta(days=n) for n in range((last - self.start.date()).days + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stay:
    """A room on the register of the unit, from a day of the month to another, and why it does not count."""

    room: Room
    start: date
    end: date
    rule: str

    @property
    def days(self) -> int:
        """How many days these are."""
        return (self.end - self.start).days


@dataclass(frozen=True, slots=True, kw_only=True)
class _RoomDay:
    """What was used of a room on a day: time that several rows tell of is told once."""

    room: Room
    day: date
    spans: list[_Span]
    rows: list[str]

    @classmethod
    def of(cls, room: Room, day: date, parts: list[_Part]) -> "_RoomDay":
        """The parts united."""
        united: list[_Span] = []
        for start, end, _ in sorted(parts):
            if united and start <= united[-1][1]:
                united[-1] = (united[-1][0], max(united[-1][1], end))
            else:
                united.append((start, end))
        return cls(room=room, day=day, spans=united, rows=list(dict.fromkeys(row for *_, row in sorted(parts))))

    @property
    def hours(self) -> float:
        """Hours of the spans."""
        return sum(end - start for start, end in self.spans) / HOUR


def retrace_space(
    events: Mapping[DataKind, Sequence[EventTable]], register: UnitRegister, panel: Panel, unit: str, month: pd.Timestamp
) -> RateOfRooms:
    """Count one cell of a panel of space use again.

    Parameters
    ----------
    events : mapping
        Bookings, counters and rooms: the cleaned tables that the panel was made from; kinds that there are none of may be left out.
    register : UnitRegister
        Units and places, on the boundaries of the panel.
    panel : Panel
        Its definition says which rooms and hours count.
    unit, month
        The cell.

    Returns
    -------
    RateOfRooms
        `numerator` and `denominator` in hours (m² hours where the definition weighs by area) agree with the panel where both are right and the month is
        not withheld. Bookings that name no room of the register are nobody's, and stand in no cell.
    """
    choices = panel.definition
    rooms = rooms_of(events.get(DataKind.ROOMS, ()))
    baseline = choices["baseline"] if choices["baseline"] is not None else panel.frame["month"].min().date()
    stays = _stays(rooms, register, unit, month, _fixed(rooms, choices, baseline), choices["room_classes"])
    rows, used = _judged(_entries(events, month), stays, named_rooms(rooms, register), choices)
    by_area = choices["weighting"] == "area"
    weight = {room: (room.area or 0.0) if by_area else 1.0 for room in rooms}
    days = [_RoomDay.of(room, day, parts) for (room, day), parts in sorted(used.items(), key=lambda item: (item[0][0].code, item[0][1]))]
    numerator = sum(weight[d.room] * d.hours for d in days)
    window = (choices["close_minute"] - choices["open_minute"]) / 60
    denominator = sum(weight[stay.room] * stay.days * window for stay in stays if stay.rule == COUNTED)
    return RateOfRooms(
        unit_id=unit, month=month, rows=pd.DataFrame(rows, columns=list(ROW_COLUMNS)), rooms=_room_table(stays, window),
        spans=pd.DataFrame([(d.room.code, d.day, d.spans, d.hours, d.rows) for d in days], columns=list(SPAN_COLUMNS)), by_area=by_area,
        numerator=numerator, denominator=denominator, rate=100 * numerator / denominator if denominator else float("nan"),
    )


def _judged(
    entries: list[_Entry], stays: list[_Stay], meant: Callable[[str, datetime], str | None], choices: OutcomeDefinition
) -> tuple[list[tuple[str, str, str, str]], dict[tuple[Room, date], list[_Part]]]:
    """The entries of the rooms of the unit with the rule that sets each aside, and what the others leave of every room and day."""
    rows: list[tuple[str, str, str, str]] = []
    used: dict[tuple[Room, date], list[_Part]] = defaultdict(list)
    for entry in entries:
        code = meant(entry.written, entry.start)
        touched = {day: stay for day in entry.days() for stay in stays if stay.room.code == code and stay.start <= day < stay.end}
        if not touched:
            continue
        pieces = _pieces(entry, touched, choices)
        rule = _rule(entry, list(touched.values()), pieces)
        rows.append((entry.row_id, str(entry.kind), entry.written, rule))
        for day, spans in pieces.items() if rule == COUNTED else ():
            used[touched[day].room, day] += [(*span, entry.row_id) for span in spans]
    return rows, {key: parts for key, parts in used.items() if parts}


def rooms_of(tables: Sequence[EventTable]) -> list[Room]:
    """The rows of the registers of rooms."""
    return [Room.of(row) for table in tables for row in table.arrow().to_pylist()]


def _fixed(rooms: list[Room], choices: OutcomeDefinition, baseline: date) -> set[str]:
    """Rooms that count whatever their class: those that were on the register at the baseline, or all."""
    return {room.code for room in rooms if choices["rooms"] == "all" or room.start <= baseline < room.end}


def _stays(rooms: list[Room], register: UnitRegister, unit: str, month: pd.Timestamp, fixed: set[str], classes: Sequence[str]) -> list[_Stay]:
    """The rooms of a unit on days of a month."""
    first, last = month.date(), month_after(month).date()
    own = [b for b in register.belongings if b.unit == unit]
    found = []
    for room in rooms:
        for b in own:
            start, end = max(room.start, b.start, first), min(room.end, b.end, last)
            if b.place == room.unit and start < end:
                rule = f"room_{room.room_class}" if room.room_class not in classes else COUNTED if room.code in fixed else "room_not_fixed"
                found.append(_Stay(room=room, start=start, end=end, rule=rule))
    return sorted(found, key=lambda s: (s.room.code, s.start))


def _entries(events: Mapping[DataKind, Sequence[EventTable]], month: pd.Timestamp) -> list[_Entry]:
    """Bookings and counts that touch a month, in order."""
    begin, end = month.to_pydatetime(), month_after(month).to_pydatetime()
    touches = (pc.field("start_at") < end) & ((pc.field("end_at") >= begin) | (pc.field("start_at") >= begin))
    found = [
        *_records(events, DataKind.BOOKINGS, BOOKING_COLUMNS, touches), *_records(events, DataKind.COUNTERS, COUNTER_COLUMNS, touches),
    ]
    return sorted(found, key=lambda e: (e.start, e.end, e.row_id))


def _records(events: Mapping[DataKind, Sequence[EventTable]], kind: DataKind, columns: Sequence[str], touches: "pc.Expression") -> list[_Entry]:
    rows = read_rows(events.get(kind, ()), kind, columns, touches).to_dict("records")
    return [
        _Entry(
            row_id=str(row["row_id"]), kind=kind, written="" if pd.isna(row["room"]) else str(row["room"]), start=row["start_at"].to_pydatetime(),
            end=row["end_at"].to_pydatetime(), is_cancelled=row.get("is_cancelled") is True, used=_used(row),
        )
        for row in rows if not pd.isna(row["start_at"]) and not pd.isna(row["end_at"])
    ]


def _used(row: dict[Any, Any]) -> bool | None:
    """Whether somebody was there: as marked afterwards, else by the head count."""
    heads = row.get("persons", row.get("headcount"))
    marked = row.get("is_used")
    if marked is not None and not pd.isna(marked):
        return bool(marked)
    return None if heads is None or pd.isna(heads) else bool(heads > 0)


def _rule(entry: _Entry, stays: list[_Stay], pieces: dict[date, list[_Span]]) -> str:
    """The first rule that sets a booking or a count aside."""
    if entry.end < entry.start:
        return "end_before_start"
    if all(stay.rule != COUNTED for stay in stays):
        return stays[0].rule
    if entry.is_cancelled:
        return "booking_cancelled"
    if entry.used is None:
        return "booking_use_unknown"
    if not entry.used:
        return "booking_not_used" if entry.kind is DataKind.BOOKINGS else "counter_zero"
    return COUNTED if any(pieces.values()) else "outside_reference_hours"


def _pieces(entry: _Entry, touched: dict[date, _Stay], choices: OutcomeDefinition) -> dict[date, list[_Span]]:
    """What lies within the reference hours, cut at midnight; hours after midnight belong to the day on which they are."""
    opens, closes = 60 * choices["open_minute"], 60 * choices["close_minute"]
    windows = [(opens, min(closes, 60 * DAY_MINUTES)), (0, closes - 60 * DAY_MINUTES)]
    found: dict[date, list[_Span]] = {}
    for day, stay in touched.items():
        midnight = datetime.combine(day, datetime.min.time())
        start, end = (int((at - midnight).total_seconds()) for at in (entry.start, entry.end))
        if stay.rule == COUNTED:
            found[day] = [(max(start, a), min(end, b)) for a, b in windows if max(start, a) < min(end, b)]
    return found


def _room_table(stays: list[_Stay], window: float) -> pd.DataFrame:
    lines = [(s.room.code, s.room.row_id, s.room.name, s.room.area, s.days, s.days * window, s.rule) for s in stays]
    return pd.DataFrame(lines, columns=list(ROOM_COLUMNS)).astype({"area_m2": "float64"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateOfArea(RetracedRate):
    """How area in use follows from the register of rooms; its `rows` are row_id, room, name, area_m2 and rule.

    A rule is `counted` (in service), `not_in_service` (in the denominator only), `no_area`, or the class that is not counted.
    """

    day: date


def retrace_area(rooms: Sequence[EventTable], register: UnitRegister, panel: Panel, unit: str, month: pd.Timestamp) -> RateOfArea:
    """Count one cell of a panel of area in use again: rooms on the register on the last day of the month.

    Parameters
    ----------
    rooms : sequence of EventTable
        The registers that the panel was made from.
    register, panel, unit, month
        As for `retrace_space`.

    Returns
    -------
    RateOfArea
        `numerator` and `denominator` in m².
    """
    classes, day = panel.definition["room_classes"], month_after(month).date() - timedelta(days=1)
    places = {b.place for b in register.belongings if b.unit == unit and b.start <= day < b.end}
    there = [room for room in rooms_of(rooms) if room.start <= day < room.end and room.unit in places]
    rows = [(r.row_id, r.code, r.name, r.area, _area_rule(r, classes, day)) for r in sorted(there, key=lambda r: r.code)]
    table = pd.DataFrame(rows, columns=["row_id", "room", "name", "area_m2", "rule"]).astype({"area_m2": "float64"})
    numerator = float(table.loc[table["rule"] == COUNTED, "area_m2"].sum())
    denominator = float(table.loc[table["rule"].isin([COUNTED, "not_in_service"]), "area_m2"].sum())
    return RateOfArea(
        unit_id=unit, month=month, day=day, rows=table, numerator=numerator, denominator=denominator,
        rate=100 * numerator / denominator if denominator else float("nan"),
    )


def _area_rule(room: Room, classes: Sequence[str], day: date) -> str:
    if room.room_class not in classes:
        return f"room_{room.room_class}"
    if room.area is None:
        return "no_area"
    return COUNTED if room.in_service_from <= day < room.in_service_to else "not_in_service"
