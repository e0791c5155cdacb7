"""Small random worlds of events for the outcomes: rows as dicts, and the same rows as typed tables."""

from datetime import datetime, timedelta

import pandas as pd
import pyarrow as pa

from commresearch.cleaning.event_contracts import contract_of

YES, NO = True, False
FOREVER = (datetime(1900, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001 - local civil time


def day(year, month=1, of_month=1):
    return datetime(year, month, of_month)  # noqa: DTZ001


def places():
    """Units A, B and C; place P1 moves from A to B in the middle of a month, P3 begins late, A is in B from 2025 on."""
    rows = [
        ("P1", "A", FOREVER[0], day(2024, 5, 11)), ("P1", "B", day(2024, 5, 11), FOREVER[1]), ("P2", "B", *FOREVER), ("P3", "C", day(2023, 6), FOREVER[1]),
        ("A", "A", FOREVER[0], day(2025)), ("A", "B", day(2025), FOREVER[1]), ("B", "B", *FOREVER), ("C", "C", *FOREVER),
    ]
    return [dict(zip(("place", "unit_id", "valid_from", "valid_to"), row, strict=True)) for row in rows]


def place_table():
    return pd.DataFrame(places()).astype({"valid_from": "datetime64[us]", "valid_to": "datetime64[us]"})


def typed(kind, rows):
    """Rows as a table of the contract of their kind; midnights are dates where the contract says so."""
    schema = contract_of(kind).arrow_schema
    is_date = {f.name for f in schema if pa.types.is_date(f.type)}
    cells = [{k: (v.date() if k in is_date and v is not None else v) for k, v in row.items()} for row in rows]
    return pa.Table.from_pylist(cells, schema=schema)


class Chance:
    """Draws with plain Python values."""

    def __init__(self, generator):
        self.generator = generator

    def of(self, *values):
        return values[int(self.generator.integers(len(values)))]

    def below(self, n):
        return int(self.generator.integers(n))

    def happens(self, share):
        return bool(self.generator.random() < share)

    def time(self, start, days, step=1):
        return start + timedelta(days=self.below(days), minutes=self.below(1440 // step) * step)


def sign_ins(generator, n):
    """Sign-ins of few and many, with gaps in ages and homes, head counts without persons and rows that do not count."""
    chance = Chance(generator)
    rows = []
    for i in range(n):
        key = f"k{int(generator.exponential(n / 40))}" if chance.happens(0.9) else None
        low = 10 + chance.below(32) if chance.happens(0.9) else None
        high = None if low is None or chance.happens(0.05) else low + chance.of(0, 0, 0, 1, 5)
        rows.append({
            "row_id": str(i), "event_id": f"e{chance.below(n // 5 + 1)}", "event_at": chance.time(day(2022, 11), 800),
            "place": chance.of("P1", "P2", "P3", "A", "B", "nowhere", None), "home": chance.of("A", "B", "C", "away", None),
            "is_resident": chance.of(YES, NO, None), "person_key": key, "person_tier": chance.of("id", "phone", "name_birth", None) if key else None,
            "age_low": low, "age_high": high, "age_known_by": None, "role": chance.of("attends", "attends", "attends", None, "serves", "staff", "enrolled"),
            "persons": 1 if key else chance.of(None, 1, 5, 20),
        })
    return rows


def tickets(generator, n):
    """Tickets with chains of repeats, marks of the hotline, doubled numbers and rows that do not count."""
    chance = Chance(generator)
    rows = []
    for i in range(n):
        rows.append({
            "row_id": f"{i:06d}", "ticket_id": f"t{i:06d}", "received_at": chance.time(day(2023, 12, 20), 400), "closed_at": None,
            "type": chance.of("complaint", "complaint", "report", "help", "inquiry", "praise"), "topic": chance.of("noise", "parking", None), "channel": None,
            "place": chance.of("P1", "P2", "P3", "A", "nowhere", None), "status": chance.of("open", "closed", None, "withdrawn" if chance.happens(0.3) else "closed", "closed"),
            "is_outside": chance.of(None, NO, chance.happens(0.2)), "repeat_of": f"t{chance.below(n):06d}" if chance.happens(0.03) else None,
            "is_repeat": chance.of(None, NO, chance.happens(0.1)), "callers": chance.of(None, 1, 1, 30 if chance.happens(0.1) else 1),
            "caller_key": f"c{chance.below(n // 60 + 1)}" if chance.happens(0.8) else None,
            "handling": None, "is_reached": None, "is_resolved": None, "is_satisfied": None,
        })
        if chance.happens(0.02) and i:
            rows[-1] = rows[-1] | {"ticket_id": rows[-2]["ticket_id"], "caller_key": rows[-2]["caller_key"], "type": rows[-2]["type"], "repeat_of": None}
    return rows


def room_register(generator):
    """Eight rooms, one of them with a second spell of another size, and opening hours that overlap, change, and pass midnight."""
    chance = Chance(generator)
    rooms, hours = [], []
    for i in range(8):
        start, end = chance.of((None, None), (day(2023), None), (day(2024, 2, 14), None), (None, day(2024, 3, 20)))
        rooms.append({
            "row_id": str(i), "room": f"r{i}", "site": None, "unit_id": chance.of("P1", "P2", "A", "B", "C", "lost"), "name": None,
            "area_m2": chance.of(None, 30.0, 55.5, 80.25), "room_class": chance.of("activity", "activity", "activity", None, "office", "tenancy"),
            "valid_from": start, "valid_to": end, "in_service_from": chance.of(None, day(2024, 1, 5), day(2024, 2, 29)),
            "in_service_to": chance.of(None, day(2024, 3, 31)),
        })
    if rooms[3]["valid_to"] is not None:
        rooms.append(rooms[3] | {"row_id": "8", "valid_from": rooms[3]["valid_to"], "valid_to": None, "area_m2": 99.0, "room_class": "activity"})
    for i in range(9):
        for weekday in range(1, 8):
            for _ in range(chance.below(3)):
                opens = chance.below(30) * 30
                start, end = chance.of((None, None), (day(2024, 2, 10), None), (None, day(2024, 2, 10)), (day(2024, 1, 20), day(2024, 3, 3)))
                hours.append({
                    "row_id": "", "room": f"r{i}", "weekday": weekday, "open_minute": opens, "close_minute": opens + 30 + chance.below(39) * 30,
                    "valid_from": start, "valid_to": end,
                })
    return rooms, hours


def room_use(generator, n):
    """Bookings and door counts that overlap, pass midnight and last for days, some of rooms that nobody registered."""
    chance = Chance(generator)
    bookings, counters = [], []
    for i in range(n):
        start = chance.time(day(2023, 12, 28), 100, step=5)
        span = {"row_id": str(i), "room": f"r{chance.below(11)}", "start_at": start, "end_at": start + timedelta(minutes=chance.of(30, 60, 90, 120, 300, 600, 1440))}
        if chance.happens(0.8):
            bookings.append(span | {
                "booking_id": str(i), "headcount": chance.of(None, 0, 3, 12), "is_cancelled": chance.of(None, NO, NO, YES),
                "is_used": chance.of(None, None, YES, NO), "booker_key": None,
            })
        else:
            counters.append(span | {"persons": chance.of(0, 1, 7)})
    return bookings, counters
