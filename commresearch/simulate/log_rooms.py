"""Rooms of a fictional pilot, when they are open, who books them, and who is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.simulate.log_places import NEVER, Places, month_at
from commresearch.simulate.log_rates import Rates
from commresearch.simulate.log_registers import FOUNDED
from commresearch.simulate.log_spec import LogSpec
from commresearch.simulate.log_tables import frame_of_rows, only, rows_of, typed_frame
from commresearch.simulate.log_tickets import mobile_numbers
from commresearch.simulate.wording import fictional_identifiers
from commresearch.terms import Identifier

Array = NDArray[Any]
REFERENCE = (8 * 60 + 30, 21 * 60)  #: minutes of the day between which use is looked at
REFERENCE_MINUTES = REFERENCE[1] - REFERENCE[0]
DAY_HOURS, LONG_HOURS, LATE_HOURS = (8 * 60, 18 * 60), (8 * 60, 22 * 60), (8 * 60, 25 * 60)
WHOLE_DAY, MORNING, AFTERNOON = (510, 1260), (510, 720), (810, 1050)
#: Sessions that a slot of the day may hold, in minutes since midnight; 25 o'clock is one o'clock of the next day.
SLOTS = (
    (MORNING, (480, 660), (540, 690), (570, 690)),
    (AFTERNOON, (810, 930), (840, 990)),
    ((1110, 1230), (1140, 1320), (1140, 1500), (1080, 1260)),
)
EVENING = 2
BIN = 30  #: minutes of a door counter's interval; sessions begin and end on its edges
CLASSES = ("office", "corridor", "plant", "tenancy")
NAMES = ("多功能厅", "阅览室", "排练厅", "议事厅", "亲子室", "书画室")
CLASS_NAMES = {"office": "办公室", "corridor": "连廊", "plant": "设备间", "tenancy": "便民小店"}
LATE_ROOM_SHARE = 0.3  #: communities in which a further room comes on the register during the months
IDLE_ROOM, CLOSED_ON, DISTANT = "旧活动室", pd.Timestamp(2019, 1, 1), pd.Timestamp(2200, 1, 1)
FITTED_OUT_WITHIN = 4  #: months after a start in which a closed room is open again
IN_SERVICE_AFTER = pd.Timedelta(days=45)  #: such a room is fitted out first
BOOKERS = 40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rooms:
    """Rooms and what was recorded of their use.

    rooms, open_hours, bookings, counters
        the typed tables
    sessions
        room (position), day, start and end in minutes of the day: every use that took place, once
    facts
        one row per room (position): room, name, site, grid, origin, room_class, area_m2, has_counter, since and service (days from
        which it is on the register, and in service), closed (day from which it is not), service_without (service without the pilot)
    bookers
        booker_key, name, phone
    """

    rooms: pd.DataFrame
    open_hours: pd.DataFrame
    bookings: pd.DataFrame
    counters: pd.DataFrame
    sessions: pd.DataFrame
    facts: pd.DataFrame
    bookers: pd.DataFrame


class _Sessions(NamedTuple):
    """Uses of rooms, or only bookings: room, day, start and end in minutes of the day."""

    room: Array
    day: Array
    start: Array
    end: Array

    def take(self, rows: Array) -> "_Sessions":
        return _Sessions(*(part[rows] for part in self))


def clipped(session: tuple[int, int]) -> int:
    """Minutes of a session that lie within the reference hours."""
    return max(min(session[1], REFERENCE[1]) - max(session[0], REFERENCE[0]), 0)


def draw_rooms(spec: LogSpec, places: Places, rates: Rates, rng: np.random.Generator) -> Rooms:
    """Draw the rooms, the sessions in them at the rates, and what bookings and door counters say of those."""
    facts = _facts(spec, places, rng)
    used, free = _sessions(spec, facts, rates, rng)
    bookers = pd.DataFrame(
        {
            "booker_key": [f"booker{i:05d}" for i in range(BOOKERS * places.n)],
            "name": fictional_identifiers(Identifier.NAME, BOOKERS * places.n, np.zeros(BOOKERS * places.n), rng),
            "phone": mobile_numbers(BOOKERS * places.n, rng),
        }
    ).astype("str")
    return Rooms(
        rooms=_register(places, facts, spec, rng), open_hours=_open_hours(spec, places, facts),
        bookings=_bookings(spec, facts, used, free, rng), counters=_counters(facts, used, rng), sessions=pd.DataFrame(used._asdict()), facts=facts,
        bookers=bookers,
    )


def _facts(spec: LogSpec, places: Places, rng: np.random.Generator) -> pd.DataFrame:
    origin = places.grids["origin"].to_numpy()
    rows = []
    for place in range(places.n):
        grids = np.flatnonzero(origin == place)
        ends = [grids[places.second[grids] == new][0] for new in np.unique(places.second[grids])]  # a site in every part that will be apart
        late = rng.random() < LATE_ROOM_SHARE
        classes = ["activity"] * (spec.rooms.rooms + late) + list(CLASSES)
        for k, room_class in enumerate(classes):
            grid = ends[k % len(ends)]
            name = NAMES[k % len(NAMES)] + (f"{k // len(NAMES) + 1}" if k >= len(NAMES) else "") if room_class == "activity" else CLASS_NAMES[room_class]
            since = month_at(spec, spec.months // 3) if late and k == spec.rooms.rooms else FOUNDED
            service = since + IN_SERVICE_AFTER if since > FOUNDED else since
            area = float(rng.integers(30, 150)) if room_class == "activity" else float(rng.integers(10, 60))
            counter = bool(rng.random() < spec.rooms.counters) and room_class == "activity"
            rows.append((f"ZD{grid + 1:03d}-{k + 101}", name, f"ZD{grid + 1:03d}", grid, place, room_class, area, counter, since, service))
    facts = pd.DataFrame(rows, columns=["room", "name", "site", "grid", "origin", "room_class", "area_m2", "has_counter", "since", "service"])
    facts = facts.assign(closed=pd.Series(pd.NaT, index=facts.index, dtype="datetime64[us]"), service_without=facts["service"])
    return _with_idle_rooms(spec, places, facts, rng) if spec.rooms.idle else facts


def _with_idle_rooms(spec: LogSpec, places: Places, facts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A further room in every community that is closed until somebody opens it: in some month whatever happens, or when the pilot starts."""
    n, never = places.n, np.iinfo(np.int64).max
    first = facts.drop_duplicates("origin").set_index("origin")
    sites: list[str] = [str(site) for site in first["site"]]
    anyway = np.where(rng.random(n) < spec.rooms.revived_anyway, rng.integers(1, spec.months, n), never)
    opened_after = rng.integers(0, FITTED_OUT_WITHIN, n)
    by_pilot = np.where((rng.random(n) < spec.rooms.revived) & (places.starts != NEVER), places.starts + opened_after, never)
    areas = rng.integers(20, 60, n)
    rows = []
    for place in range(n):
        opened, without = (None if month == never else month_at(spec, int(month)) for month in (min(anyway[place], by_pilot[place]), anyway[place]))
        rows.append({
            "room": f"{sites[place]}-199", "name": IDLE_ROOM, "site": sites[place], "grid": first.loc[place, "grid"], "origin": place,
            "room_class": "activity", "area_m2": float(areas[place]), "has_counter": False, "since": FOUNDED, "service": FOUNDED if opened is None else opened,
            "closed": CLOSED_ON if opened is None else pd.NaT, "service_without": DISTANT if without is None else without,
        })
    return pd.concat([facts, pd.DataFrame(rows)], ignore_index=True).astype({"closed": "datetime64[us]", "service_without": "datetime64[us]"})


def _register(places: Places, facts: pd.DataFrame, spec: LogSpec, rng: np.random.Generator) -> pd.DataFrame:
    """Rooms with the community that they belong to, one row per period; tenancies stand empty until somebody moves in."""
    rows = []
    for fact in rows_of(facts):
        moved_in = month_at(spec, int(rng.integers(0, spec.months)), int(rng.integers(1, 28)))
        service = moved_in if fact.room_class == "tenancy" else fact.service
        change = places.changed_on[fact.grid]
        day = None if np.isnat(change) else pd.Timestamp(change)
        units = [(places.first[fact.grid], fact.since, day)] + ([] if day is None else [(places.second[fact.grid], day, None)])
        rows += [
            (fact.room, fact.site, places.communities[u].code, fact.name, fact.area_m2, fact.room_class, begin, end, service, fact.closed)
            for u, begin, end in units
        ]
    return frame_of_rows("rooms", rows, "room site unit_id name area_m2 room_class valid_from valid_to in_service_from in_service_to")


def _open_hours(spec: LogSpec, places: Places, facts: pd.DataFrame) -> pd.DataFrame:
    """By day before the pilot; in the evening too, and on Fridays and Saturdays beyond midnight, once it starts."""
    rows = []
    for room, origin in facts.loc[facts["room_class"] == "activity", ["room", "origin"]].itertuples(index=False):
        start = int(places.starts[origin])
        longer = month_at(spec, start) if spec.rooms.longer_hours and start != NEVER else None
        for weekday in range(1, 8):
            rows.append((room, weekday, *DAY_HOURS, FOUNDED, longer))
            if longer is not None:
                rows.append((room, weekday, *(LATE_HOURS if weekday in (5, 6) else LONG_HOURS), longer, None))
    return frame_of_rows("open_hours", rows, "room weekday open_minute close_minute valid_from valid_to")


def _sessions(spec: LogSpec, facts: pd.DataFrame, rates: Rates, rng: np.random.Generator) -> tuple[_Sessions, _Sessions]:
    """Sessions in rooms for activities: those that took place, and slots that stayed free."""
    rooms = np.flatnonzero(facts["room_class"] == "activity")
    days = rates.days[rates.months_of_days > 0]
    room, day = (grid.ravel() for grid in np.meshgrid(rooms, days, indexing="ij"))
    closed = facts["closed"].fillna(DISTANT).to_numpy().astype("datetime64[D]")
    there = (day >= facts["service"].to_numpy().astype("datetime64[D]")[room]) & (day < closed[room])
    room, day = room[there], day[there]
    month, origin = rates.months_of_days[np.searchsorted(rates.days, day)], facts["origin"].to_numpy()[room]
    share = (rates.expected["space_use"][origin, month] - spec.rooms.whole_days) / (1 - spec.rooms.whole_days)
    base = (rates.untreated["space_use"][origin, month] - spec.rooms.whole_days) / (1 - spec.rooms.whole_days)
    by_day = np.minimum(share, base) if spec.rooms.longer_hours else share
    whole = rng.random(len(room)) < spec.rooms.whole_days
    blocks = [_Sessions(room[whole], day[whole], *(np.full(int(whole.sum()), minute) for minute in WHOLE_DAY))]
    spare = []
    means = [float(np.mean([clipped(s) for s in slot])) for slot in SLOTS]
    for k, slot in enumerate(SLOTS):
        minutes = (share - by_day) / means[k] if k == EVENING else by_day / sum(means[:EVENING])
        taken = rng.random(len(room)) < np.clip(minutes * REFERENCE_MINUTES, 0, 1)
        form = np.array(slot)[rng.integers(0, len(slot), len(room))]
        sessions = _Sessions(room, day, form[:, 0], form[:, 1])
        blocks.append(sessions.take(taken & ~whole))
        spare.append(sessions.take(~taken & ~whole))
    return _joined(blocks), _joined(spare)


def _joined(blocks: Sequence[_Sessions]) -> _Sessions:
    return _Sessions(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


def _bookings(spec: LogSpec, facts: pd.DataFrame, used: _Sessions, free: _Sessions, rng: np.random.Generator) -> pd.DataFrame:
    """Bookings of sessions that took place (some of them twice), of slots to which nobody came, that were cancelled, of which nothing is known."""
    r, n = spec.rooms, len(used.room)
    walk_in = facts["has_counter"].to_numpy()[used.room] & (rng.random(n) < r.walk_ins)
    double = ~walk_in & (rng.random(n) < r.double) & (used.end - used.start >= 2 * BIN + BIN)
    inner = _Sessions(used.room, used.day, used.start + BIN, used.end - BIN).take(double)
    picks = rng.permutation(len(free.room))
    sizes = [min(round(rate * n), len(free.room) // 4) for rate in (r.no_shows, r.cancelled, r.unknown)]
    no_show, cancelled, unknown = (free.take(np.sort(picks[end - size : end])) for size, end in zip(sizes, np.cumsum(sizes), strict=True))
    blocks = [used.take(~walk_in), inner, _office_meetings(spec, facts, rng), no_show, cancelled, unknown]
    kind = np.repeat(np.arange(len(blocks)), [len(b.room) for b in blocks])
    all_of_them = _joined(blocks)
    order = np.lexsort((kind, all_of_them.room, all_of_them.start, all_of_them.day))
    sessions, kind = all_of_them.take(order), kind[order]
    came, k = kind < 3, len(order)
    heads = np.where(came, rng.integers(3, 40, k), np.where(kind == 3, 0, np.nan))
    no_number = (kind < 2) & (rng.random(k) < 0.1)  # somebody ticked that it took place, and counted nobody
    columns = {
        "booking_id": [f"YY{i:07d}" for i in range(1, k + 1)],
        "room": facts["room"].to_numpy()[sessions.room],
        "start_at": _moments(sessions.day, sessions.start),
        "end_at": _moments(sessions.day, sessions.end),
        "headcount": np.where(no_number, np.nan, heads),
        "is_cancelled": kind == 4,
        "is_used": only(came | (kind == 3), came),
        "booker_key": [f"booker{o * BOOKERS + i:05d}" for o, i in zip(facts["origin"].to_numpy()[sessions.room], rng.integers(0, BOOKERS, k), strict=True)],
    }
    return typed_frame("bookings", columns)


def _office_meetings(spec: LogSpec, facts: pd.DataFrame, rng: np.random.Generator) -> _Sessions:
    offices = np.flatnonzero(facts["room_class"] == "office")
    days = pd.date_range(month_at(spec, 0), month_at(spec, spec.months), inclusive="left").to_numpy().astype("datetime64[D]")
    room, day = (grid.ravel() for grid in np.meshgrid(offices, days, indexing="ij"))
    meets = rng.random(len(room)) < spec.rooms.office_meetings
    size = int(meets.sum())
    return _Sessions(room[meets], day[meets], np.full(size, MORNING[0]), np.full(size, MORNING[1]))


def _counters(facts: pd.DataFrame, used: _Sessions, rng: np.random.Generator) -> pd.DataFrame:
    """Half-hours with people at the doors that have a counter, and a half-hour with nobody after each session."""
    counted = used.take(facts["has_counter"].to_numpy()[used.room])
    bins = (counted.end - counted.start) // BIN + 1
    session = np.repeat(np.arange(len(bins)), bins)
    place = np.arange(len(session)) - np.repeat(np.cumsum(bins) - bins, bins)
    start = counted.start[session] + place * BIN
    persons = np.where(place == bins[session] - 1, 0, rng.integers(1, 12, len(session)))
    room, day = counted.room[session], counted.day[session]
    frame = pd.DataFrame({"room": facts["room"].to_numpy()[room], "start_at": _moments(day, start), "end_at": _moments(day, start + BIN), "persons": persons})
    frame = frame.groupby(["start_at", "end_at", "room"], sort=True)["persons"].sum().reset_index()  # one interval, one count
    return typed_frame("counters", {name: frame[name] for name in ("room", "start_at", "end_at", "persons")})


def _moments(days: Array, minutes: Array) -> Array:
    return np.asarray((days.astype("datetime64[m]") + minutes.astype("timedelta64[m]")).astype("datetime64[us]"))
