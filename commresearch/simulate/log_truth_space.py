"""What is true of simulated rooms: hours of use counted room by room and day by day from the clean tables."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from commresearch.simulate.log_places import Places, month_at
from commresearch.simulate.log_rooms import REFERENCE, Rooms
from commresearch.simulate.log_spec import LogSpec
from commresearch.simulate.log_tables import rows_of
from commresearch.simulate.log_truth import Counts, filled

MINUTES_OF_DAY = 1440
REFERENCE_HOURS = (REFERENCE[1] - REFERENCE[0]) / 60
SPACE_COUNTS = (
    "used_hours", "reference_hours", "used_hours_fixed", "reference_hours_fixed", "open_hours", "used_open_hours", "area_in_service", "area_registered",
)
EPOCH, THURSDAY = pd.Timestamp(1970, 1, 1), 4  #: weekday of the first day of 1970
NEVER_COMES = 10**9
Spans = list[tuple[int, int]]
Opening = list[tuple[int, int, int, int]]


def count_space(spec: LogSpec, places: Places, rooms: Rooms) -> pd.DataFrame:
    """Use of rooms for activities, by unit and month.

    Returns
    -------
    DataFrame
        unit_id, month, share_valid; used_hours, reference_hours: within 08:30-21:00, all rooms; the same of the rooms that were on
        the register on the first day (`_fixed`); open_hours, used_open_hours: within opening hours; area_in_service, area_registered: m² of
        these rooms on the last day of the month.
    """
    counts: Counts = defaultdict(lambda: defaultdict(float))
    used, opening = _used(rooms), _opening(rooms)
    first, after = day_number(month_at(spec, 0)), day_number(month_at(spec, spec.months))
    months = {day_number(day): pd.Timestamp(day.year, day.month, 1) for day in pd.date_range(month_at(spec, 0), month_at(spec, spec.months))}
    register = [row for row in rows_of(rooms.rooms) if row.room_class == "activity"]
    fixed = {row.room for row in register if day_number(row.valid_from) <= first < day_number(row.valid_to)}
    for row in register:
        for day in range(max(day_number(row.valid_from), first), min(day_number(row.valid_to), after)):
            cell = counts[row.unit_id, months[day]]
            spans = united(used.get((row.room, day), []))
            hours = _hours(spans, [REFERENCE])
            cell["used_hours"] += hours
            cell["reference_hours"] += REFERENCE_HOURS
            if row.room in fixed:
                cell["used_hours_fixed"] += hours
                cell["reference_hours_fixed"] += REFERENCE_HOURS
            is_open = united(_open_on(opening, row.room, day))
            cell["open_hours"] += sum(b - a for a, b in is_open) / 60
            cell["used_open_hours"] += _hours(spans, is_open)
    _count_area(spec, register, counts)
    return filled(spec, places, counts, SPACE_COUNTS)


def day_number(day: pd.Timestamp) -> int:
    """Days since 1970; a day that is missing is one that never comes."""
    return NEVER_COMES if pd.isna(day) else (day - EPOCH).days


def united(spans: Iterable[tuple[int, int]]) -> Spans:
    """Spans that overlap or meet, as one."""
    found: Spans = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _hours(spans: Spans, within: Spans) -> float:
    return sum(max(min(b, d) - max(a, c), 0) for a, b in spans for c, d in within) / 60


def _used(rooms: Rooms) -> dict[tuple[str, int], Spans]:
    """Minutes in which somebody was there, by room and day: attended bookings and door counts, cut at midnight."""
    found: dict[tuple[str, int], Spans] = defaultdict(list)
    there = [not row.is_cancelled and _is_used(row) for row in rows_of(rooms.bookings[["is_cancelled", "is_used", "headcount"]])]
    counted = [persons > 0 for persons in rooms.counters["persons"].tolist()]
    for table, rows in ((rooms.bookings, there), (rooms.counters, counted)):
        starts, ends = (table[name].to_numpy().astype("datetime64[m]").astype("int64").tolist() for name in ("start_at", "end_at"))
        for room, start, end, is_used in zip(table["room"].tolist(), starts, ends, rows, strict=True):
            if is_used:
                for day, span in _by_day(start, end):
                    found[room, day].append(span)
    return found


def _is_used(row: Any) -> bool:
    ticked = not pd.isna(row.is_used) and bool(row.is_used)
    return ticked or (not pd.isna(row.headcount) and row.headcount > 0)


def _by_day(start: int, end: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """Minutes since 1970 as days and minutes of them."""
    for day in range(start // MINUTES_OF_DAY, (end - 1) // MINUTES_OF_DAY + 1):
        midnight = day * MINUTES_OF_DAY
        yield day, (max(start - midnight, 0), min(end - midnight, MINUTES_OF_DAY))


def _opening(rooms: Rooms) -> dict[tuple[str, int], Opening]:
    """Opening hours by room and weekday: from, to, minutes."""
    found: dict[tuple[str, int], Opening] = defaultdict(list)
    for row in rows_of(rooms.open_hours):
        period = (day_number(row.valid_from), day_number(row.valid_to), int(row.open_minute), int(row.close_minute))
        found[row.room, int(row.weekday)].append(period)
    return found


def _open_on(opening: dict[tuple[str, int], Opening], room: str, day: int) -> Iterator[tuple[int, int]]:
    """Minutes of a day in which a room is open; what goes beyond midnight belongs to the next day."""
    for since, until, opens, closes in opening.get((room, _weekday(day)), []):
        if since <= day < until:
            yield opens, min(closes, MINUTES_OF_DAY)
    for since, until, opens, closes in opening.get((room, _weekday(day - 1)), []):
        if since <= day - 1 < until and closes > MINUTES_OF_DAY:
            yield max(opens - MINUTES_OF_DAY, 0), closes - MINUTES_OF_DAY


def _weekday(day: int) -> int:
    return (day + THURSDAY - 1) % 7 + 1


def _count_area(spec: LogSpec, register: list[Any], counts: Counts) -> None:
    """Square metres registered and in service on the last day of every month."""
    for number in range(spec.months):
        last = day_number(month_at(spec, number + 1)) - 1
        for row in register:
            if day_number(row.valid_from) <= last < day_number(row.valid_to):
                cell = counts[row.unit_id, month_at(spec, number)]
                cell["area_registered"] += row.area_m2
                if day_number(row.in_service_from) <= last < day_number(row.in_service_to):
                    cell["area_in_service"] += row.area_m2
