"""The outcomes by hand: loops over rows, sets of minutes, sets of persons. Slow and obvious; shares no code with the package.

A row is a dict. Places are dicts (place, unit_id, valid_from, valid_to). Dates and times are those of the datetime module, local and without a zone; None is
unknown.
"""
# ruff: noqa: DTZ001

from collections import defaultdict
from datetime import datetime, timedelta

BANDS = {"youth": (14, 35), "under_35": (14, 34), "15_34": (15, 34), "18_35": (18, 35)}


def at_midnight(day):
    return datetime(day.year, day.month, day.day)


def month_of(when):
    return datetime(when.year, when.month, 1)


def months_between(first, last):
    """First days of the months from one to the other, both included."""
    months = []
    while first <= last:
        months.append(first)
        first = datetime(first.year + first.month // 12, first.month % 12 + 1, 1)
    return months


def next_month(month):
    return datetime(month.year + month.month // 12, month.month % 12 + 1, 1)


def is_valid(row, when):
    return (row["valid_from"] is None or row["valid_from"] <= when) and (row["valid_to"] is None or when < row["valid_to"])


def unit_at(places, place, when):
    """The unit that a place belonged to; None where it is not known."""
    for row in places:
        if row["place"] == place and place is not None and is_valid(row, when):
            return row["unit_id"]
    return None


# ---------------------------------------------------------------- complaints


def complaints(tickets, places, months, *, types=("complaint", "report"), topics=None, gap_days=7):
    """Cases, all contacts about them, and callers of collective cases by unit and month."""
    counted = [
        t for t in tickets
        if t["type"] in types and t["status"] not in ("withdrawn", "test") and not t["is_outside"] and (topics is None or t["topic"] in topics)
        and t["received_at"] >= months[0] - timedelta(days=gap_days)
    ]
    largest = defaultdict(lambda: 1)
    for t in counted:
        contact = t["ticket_id"], t["caller_key"]
        largest[contact] = max(largest[contact], 1 if t["callers"] is None else t["callers"])
    cells = defaultdict(lambda: {"cases": 0, "contacts": 0, "callers": 0})
    own_cell, counted_case = {}, {}
    for ticket, has_predecessor in with_predecessors(counted, gap_days):
        matter = (ticket["caller_key"], ticket["topic"], ticket["place"]) if ticket["caller_key"] is not None else ticket["row_id"]
        callers = largest[ticket["ticket_id"], ticket["caller_key"]]
        unit = unit_at(places, ticket["place"], ticket["received_at"])
        month = month_of(ticket["received_at"])
        is_here = unit is not None and month in months
        is_marked = marked(ticket)
        if not has_predecessor:  # a contact with the official mark opens no case: who follows it belongs to none
            own_cell[matter], counted_case[matter] = cells[unit, month] if is_here and not is_marked else None, 0
        if is_here:
            cells[unit, month]["contacts"] += 1
            cells[unit, month]["cases"] += not is_marked and not has_predecessor
        if own_cell[matter] is not None and callers > counted_case[matter]:
            own_cell[matter]["callers"] += callers - counted_case[matter]
            counted_case[matter] = callers
    return {key: cell for key, cell in cells.items() if cell["contacts"]}


def marked(ticket):
    """Whether the system marked a ticket as the repeat of another."""
    return bool(ticket["is_repeat"]) or ticket["repeat_of"] not in (None, ticket["ticket_id"])


def with_predecessors(tickets, gap_days):
    """Every ticket once, and whether the same caller came before with the same topic and place, not longer ago than the gap."""
    seen, last = set(), {}
    for ticket in sorted(tickets, key=lambda t: (t["received_at"], marked(t), t["row_id"])):
        if (ticket["ticket_id"], ticket["caller_key"]) in seen:
            continue
        seen.add((ticket["ticket_id"], ticket["caller_key"]))
        matter = (ticket["caller_key"], ticket["topic"], ticket["place"])
        before = last.get(matter) if ticket["caller_key"] is not None else None
        last[matter] = ticket["received_at"]
        yield ticket, before is not None and ticket["received_at"] - before <= timedelta(days=gap_days)


# ---------------------------------------------------------------- youth participation


def place_in_band(row, low, high):
    """in, out, or unclear, by what is known of the age on the day of the event."""
    youngest, oldest = row["age_low"], row["age_high"]
    if (youngest is not None and youngest > high) or (oldest is not None and oldest < low):
        return "out"
    if youngest is not None and oldest is not None and youngest >= low and oldest <= high:
        return "in"
    return "unclear"


def residence(row, places):
    """resident, visitor or unknown: where the home is a unit of the register, it decides; else what was written down."""
    home = unit_at(places, row["home"], row["event_at"])
    if home is not None:
        return "resident" if home == unit_at(places, row["place"], row["event_at"]) else "visitor"
    if row["is_resident"] is None:
        return "unknown"
    return "resident" if row["is_resident"] else "visitor"


def age_class(rows, low, high):
    """What is known of a person: in if ever in the band, else out if ever clearly outside, else unclear."""
    found = {place_in_band(row, low, high) for row in rows}
    return "in" if "in" in found else "out" if "out" in found else "unclear"


def residence_class(rows, places):
    found = {residence(row, places) for row in rows}
    return "resident" if "resident" in found else "visitor" if "visitor" in found else "unknown"


def participation(signins, places, first, last, *, bands=BANDS, history_months=12):
    """Every measure of one unit and one period (first day, day after the last) from the rows of sign-ins: unit -> measures."""
    by_unit = defaultdict(list)
    for row in signins:
        unit = unit_at(places, row["place"], row["event_at"])
        if unit is not None:
            by_unit[unit].append(row)
    found = {}
    for unit, rows in by_unit.items():
        in_period = [r for r in rows if first <= r["event_at"] < last]
        if in_period:
            found[unit] = _one_cell(rows, in_period, places, first, bands, history_months)
    return found


def _one_cell(rows, in_period, places, first, bands, history_months):
    persons, serving = defaultdict(list), defaultdict(list)
    for row in in_period:
        if row["person_key"] is not None and row["role"] in ("attends", "serves"):
            (persons if row["role"] == "attends" else serving)[row["person_key"]].append(row)
    low, high = bands["youth"]
    cell = {"n": 0, "visitors": 0, "residence_unknown": 0, "children": 0, "lower": 0, "upper": 0, "known": 0, "unclear": 0, "home_unknown": 0}
    cell |= {f"persons_{name}": 0 for name in bands if name != "youth"}
    times = {}
    for key, own in persons.items():
        age, home = age_class(own, low, high), residence_class(own, places)
        cell["n"] += age == "in" and home == "resident"
        cell["visitors"] += age == "in" and home == "visitor"
        cell["residence_unknown"] += age == "in" and home == "unknown"
        cell["children"] += age != "in" and any(r["age_high"] is not None and r["age_high"] < low for r in own)
        cell["upper"] += age in ("in", "unclear") and home in ("resident", "unknown")
        cell["known"] += home != "visitor"
        cell["unclear"] += home != "visitor" and age == "unclear"
        cell["home_unknown"] += home == "unknown"
        for name, band in bands.items():
            if name != "youth":
                cell[f"persons_{name}"] += home == "resident" and age_class(own, *band) == "in"
        if age == "in" and home == "resident":
            times[key] = len({(r["event_id"], r["event_at"].date()) for r in own if place_in_band(r, low, high) != "out"})
    cell["lower"] = cell["n"]
    cell["times"] = sum(times.values())
    cell["repeat"] = sum(t >= 2 for t in times.values())
    most_active = sorted(times.values(), reverse=True)[: -(-len(times) // 10)]
    cell["top_times"] = sum(most_active)
    cell["serving"] = sum(
        age_class(own, low, high) == "in" and residence_class(own, places) == "resident" for own in serving.values()
    )
    cell["all_times"] = len({(r["person_key"], r["event_id"], r["event_at"].date()) for own in persons.values() for r in own})
    cell["unnamed_times"] = sum(r["persons"] for r in in_period if r["role"] == "attends" and r["person_key"] is None)
    cell["upper"] += sum(
        r["role"] == "attends" and r["person_key"] is None and r["persons"] == 1 and place_in_band(r, low, high) != "out" for r in in_period
    )
    for tier in ("id", "phone", "name_birth"):
        cell[f"tier_{tier}"] = len(
            {(r["person_key"], r["event_id"], r["event_at"].date()) for own in persons.values() for r in own if r["person_tier"] == tier}
        )
    since = datetime(first.year - 1, first.month, 1) if history_months == 12 else None
    is_known = min(r["event_at"] for r in rows) < next_month(since)
    earlier = {r["person_key"] for r in rows if r["role"] == "attends" and since <= r["event_at"] < first}
    cell["new"] = sum(key not in earlier for key in times) if is_known else None
    return cell


# ---------------------------------------------------------------- space use


def minutes_of(start, end):
    """Every day from start to end with its minutes in between."""
    midnight = at_midnight(start)
    while midnight < end:
        first = max((start - midnight) // timedelta(minutes=1), 0)
        last = min((end - midnight) // timedelta(minutes=1), 1440)
        yield midnight.date(), set(range(first, last))
        midnight += timedelta(days=1)


def was_used(booking):
    """Whether somebody came: what was marked afterwards, else the head count; None where nothing tells."""
    if booking["is_cancelled"]:
        return False
    if booking["is_used"] is not None:
        return booking["is_used"]
    return None if booking["headcount"] is None else booking["headcount"] > 0


def open_minutes(open_hours, room, day):
    """Minutes of one day in which a room is open, with what is left of the evening before."""
    found = set()
    for row in open_hours:
        if row["room"] != room:
            continue
        for offset in (0, 1):
            opening_day = day - timedelta(days=offset)
            if opening_day.isoweekday() == row["weekday"] and is_valid(row, at_midnight(opening_day)):
                found |= set(range(row["open_minute"] - 1440 * offset, row["close_minute"] - 1440 * offset))
    return {minute for minute in found if 0 <= minute < 1440}


def minutes_by_room(bookings, counters):
    """Minutes used, perhaps used and booked of every room and day, and how many minutes were booked once too often."""
    used, possible, booked, twice = defaultdict(set), defaultdict(set), defaultdict(set), defaultdict(int)
    counted_days = {(c["room"], c["start_at"].date()) for c in counters}
    for row in bookings:
        if not row["is_cancelled"]:
            for day, minutes in minutes_of(row["start_at"], row["end_at"]):
                twice[row["room"], day] += len(minutes & booked[row["room"], day])
                booked[row["room"], day] |= minutes
                if was_used(row):
                    used[row["room"], day] |= minutes
                if was_used(row) or (was_used(row) is None and (row["room"], row["start_at"].date()) not in counted_days):
                    possible[row["room"], day] |= minutes
    for row in counters:
        if row["persons"] > 0:
            for day, minutes in minutes_of(row["start_at"], row["end_at"]):
                used[row["room"], day] |= minutes
                possible[row["room"], day] |= minutes
    return used, possible, booked, twice


def visits_by_day(bookings, counters):
    """The door counter's number where there is one that day, otherwise the head counts of bookings that were used."""
    visits = defaultdict(int)
    counted_days = {(c["room"], c["start_at"].date()) for c in counters}
    for row in bookings:
        if was_used(row) and row["headcount"] is not None and (row["room"], row["start_at"].date()) not in counted_days:
            visits[row["room"], row["start_at"].date()] += row["headcount"]
    for row in counters:
        visits[row["room"], row["start_at"].date()] += row["persons"]
    return visits


def space(bookings, counters, rooms, open_hours, places, month, *, baseline, window=(510, 1260)):
    """Minutes used, booked and open, and those that count, by unit in one month; rooms as (unit, class) in the two sets."""
    used, possible, booked, twice = minutes_by_room(bookings, counters)
    visits = visits_by_day(bookings, counters)
    cells = defaultdict(lambda: defaultdict(float))
    day = month.date()
    while day < next_month(month).date():
        for room in rooms:
            unit = unit_at(places, room["unit_id"], at_midnight(day))
            if is_valid(room, at_midnight(day)) and unit is not None:
                opened = open_minutes(open_hours, room["room"], day)
                _one_room_day(cells[unit], room, rooms, day, baseline, window, opened, used, possible, booked, twice, visits)
        day += timedelta(days=1)
    return {unit: dict(cell) for unit, cell in cells.items()}


def _one_room_day(cell, room, rooms, day, baseline, window, opened, used, possible, booked, twice, visits):
    name, kind, area = room["room"], room["room_class"], room["area_m2"]
    if kind in ("office", "corridor", "plant"):
        return
    reference = set(range(*window))
    in_use = used[name, day]
    if kind == "tenancy":
        cell["tenancy_used"] += len(in_use & reference)
        cell["tenancy_reference"] += len(reference)
        return
    is_fixed = any(r["room"] == name and is_valid(r, baseline) for r in rooms)
    for which in ("all", "fixed") if is_fixed else ("all",):
        cell[f"{which}_used"] += len(in_use & reference)
        cell[f"{which}_possible"] += len(possible[name, day] & reference)
        cell[f"{which}_reference"] += len(reference)
        cell[f"{which}_used_open"] += len(in_use & opened)
        cell[f"{which}_open"] += len(opened)
        cell[f"{which}_booked"] += len(booked[name, day] & reference)
        cell[f"{which}_outside"] += len(in_use - reference)
        cell[f"{which}_visits"] += visits[name, day]
        if area is not None:
            cell[f"{which}_area_used"] += area * len(in_use & reference)
            cell[f"{which}_area_possible"] += area * len(possible[name, day] & reference)
            cell[f"{which}_area_reference"] += area * len(reference)
            cell[f"{which}_visits_with_area"] += visits[name, day]
            cell[f"{which}_area_days"] += area
    cell["doubled"] += twice[name, day]


def area_in_use(rooms, places, month):
    """m2 in service and m2 registered on the last day of a month, by unit; offices, corridors and plant apart."""
    last = next_month(month) - timedelta(days=1)
    cells = defaultdict(lambda: [0.0, 0.0])
    for room in rooms:
        unit = unit_at(places, room["unit_id"], last)
        if unit is None or not is_valid(room, last) or room["area_m2"] is None or room["room_class"] in ("office", "corridor", "plant"):
            continue
        in_service = room["in_service_from"] is None or room["in_service_from"] <= last  # without a first day it was in service all along
        if in_service and (room["in_service_to"] is None or last < room["in_service_to"]):
            cells[unit][0] += room["area_m2"]
        cells[unit][1] += room["area_m2"]
    return dict(cells)
