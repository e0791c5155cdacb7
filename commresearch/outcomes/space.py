"""Space use: used room-hours over the room-hours of fixed reference hours, and area in service over area registered.

A room is used while somebody was there: a booking whose use was marked or whose head count is above zero, or a door counter above zero. Intervals that overlap
are united before they are clipped, and cut at midnight. The headline counts the rooms that were on the register at the baseline. Where too little is
known of what was used, or of which room it was, there is no headline: what is known and what may be stand as bounds.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd

from commresearch.cleaning.event_contracts import contract_of
from commresearch.errors import Failure, OutcomeError
from commresearch.outcomes.belongings import BEGINNING, OPEN_END, days_of, short_gaps
from commresearch.outcomes.context import Cells, Context
from commresearch.outcomes.engine import Engine, sql_text
from commresearch.outcomes.measures import Measure, in_order, long_measures, unplaced
from commresearch.outcomes.room_names import room_names
from commresearch.terms import DataKind, Unit

SPAN_COLUMNS = ("room", "weekday", "open_second", "close_second", "valid_from", "valid_to")
MINUTES_OF_DAY, WEEK = 1440, 7
KEY = ["unit_id", "month"]
TEXTS = frozenset({*KEY, "room_class", "is_fixed"})
SET_ASIDE = ("office", "corridor", "plant")
RULES = (
    "end_before_start", "outside_months", "room_not_registered", "room_name_ambiguous", "room_without_unit", "room_office", "room_corridor", "room_plant", "booking_cancelled",
    "booking_use_unknown", "booking_not_used", "counter_zero", "counted",
)
#: Percent. What is not known of hours, visits or rooms may be this much of them, as for ages of young people: beyond it the known part is no rate.
UNKNOWN_LIMIT = 20.0
_POINTS = Unit.PERCENTAGE_POINTS


def _of_set(which: str) -> tuple[Measure, ...]:
    """Measures of one set of rooms; its counts begin with fixed_ or all_."""
    ending = "" if which == "fixed" else "_all_rooms"
    return (
        Measure(name=f"use_of_reference_hours{ending}", numerator=f"{which}_used", denominator=f"{which}_reference", unit=_POINTS),
        Measure(name=f"use_of_open_hours{ending}", numerator=f"{which}_used_open", denominator=f"{which}_open", unit=_POINTS),
        Measure(name=f"rate_lower{ending}", numerator=f"{which}_lower", denominator=f"{which}_reference", unit=_POINTS),
        Measure(name=f"rate_upper{ending}", numerator=f"{which}_possible", denominator=f"{which}_reference", unit=_POINTS),
        Measure(name=f"booking_rate{ending}", numerator=f"{which}_booked", denominator=f"{which}_reference", unit=_POINTS),
        Measure(name=f"use_weighted_by_area{ending}", numerator=f"{which}_area_used", denominator=f"{which}_area_reference", unit=_POINTS),
        Measure(name=f"used_m2_hours{ending}", numerator=f"{which}_area_used", unit=Unit.M2_HOURS),
        Measure(name=f"used_hours{ending}", numerator=f"{which}_used", unit=Unit.HOURS),
        Measure(name=f"used_hours_outside_reference{ending}", numerator=f"{which}_outside", unit=Unit.HOURS),
        Measure(name=f"visits{ending}", numerator=f"{which}_visits", unit=Unit.PERSON_TIMES),
        Measure(name=f"visits_per_100_m2{ending}", numerator=f"{which}_visits_with_area", denominator=f"{which}_area", unit=Unit.PERSON_TIMES, per=100.0),
    )


MEASURES = (
    *_of_set("fixed"), *_of_set("all"),
    Measure(name="double_booked_hours", numerator="all_booked_twice", unit=Unit.HOURS),
    Measure(name="tenancy_use_of_reference_hours", numerator="tenancy_used", denominator="tenancy_reference", unit=_POINTS),
    Measure(name="rooms_without_area", numerator="all_without_area", denominator="all_room_days", unit=_POINTS),
    Measure(name="entries_without_room", numerator="astray", denominator="told", unit=_POINTS),
)
#: What stands beside each set and is too low where use is not known, and where rooms are not known.
OF_USE = ("used", "used_open", "outside", "area_used")
OF_ROOMS = (*OF_USE, "possible", "area_possible", "booked", "visits", "visits_with_area")


def open_spans(open_hours: pd.DataFrame) -> pd.DataFrame:
    """Opening hours as spans within one day that do not overlap.

    Parameters
    ----------
    open_hours : DataFrame
        room, weekday (1 Monday … 7), open_minute, close_minute (may exceed 1440: the rest lies on the day after), valid_from, valid_to.

    Returns
    -------
    DataFrame
        SPAN_COLUMNS: seconds of the day; dates as datetime64[us], an open end 9999-12-31.

    Raises
    ------
    OutcomeError
        A weekday is none, or hours end before they begin, begin after midnight or last longer than a day (CR-O64, one failure per row).
    """
    _check_hours(open_hours)
    hours = pd.DataFrame({"room": open_hours["room"].astype("str"), **{c: open_hours[c].astype("int64") for c in ("weekday", "open_minute", "close_minute")}})
    for name, default in (("valid_from", BEGINNING), ("valid_to", OPEN_END)):
        which, days = pd.factorize(open_hours[name], use_na_sentinel=False)  # a register of many rooms has few days
        hours[name] = pd.Series([_day(day, default) for day in days], dtype="object").take(which).to_numpy()
    entangled = hours["room"].isin(hours.loc[hours.duplicated(["room", "weekday"]) | (hours["close_minute"] > MINUTES_OF_DAY), "room"])
    alone = hours[~entangled & (hours["valid_from"] < hours["valid_to"])]
    spans = alone.assign(open_second=alone["open_minute"] * 60, close_second=alone["close_minute"] * 60)
    frame = pd.concat([spans[list(SPAN_COLUMNS)], pd.DataFrame(_disentangled(hours[entangled]), columns=list(SPAN_COLUMNS))], ignore_index=True)
    for name in ("valid_from", "valid_to"):
        frame[name] = pd.Series(np.array(frame[name], dtype="datetime64[us]"), index=frame.index)
    return frame.astype({"room": "str", "weekday": "int64", "open_second": "int64", "close_second": "int64"})


def _disentangled(hours: pd.DataFrame) -> list[tuple[object, ...]]:
    """Spans of rooms that have several on a weekday, or one that ends after midnight."""
    pieces: dict[tuple[str, int], list[tuple[int, int, date, date]]] = defaultdict(list)
    for room, weekday, opens, closes, since, until in hours.itertuples(index=False, name=None):
        pieces[str(room), int(weekday)].append((int(opens), min(int(closes), MINUTES_OF_DAY), since, until))
        if closes > MINUTES_OF_DAY:
            after = (_next_day(since), _next_day(until))
            pieces[str(room), int(weekday) % WEEK + 1].append((max(int(opens) - MINUTES_OF_DAY, 0), int(closes) - MINUTES_OF_DAY, *after))
    return [(room, weekday, *span) for (room, weekday), spans in pieces.items() for span in _united(spans)]


def _check_hours(open_hours: pd.DataFrame) -> None:
    opens, closes, weekday = (open_hours[c].astype("float64") for c in ("open_minute", "close_minute", "weekday"))
    wrong = ~weekday.isin(range(1, WEEK + 1)) | ~opens.between(0, MINUTES_OF_DAY, inclusive="left") | ~(closes - opens).between(1, MINUTES_OF_DAY)
    columns = ["room", "weekday", "open_minute", "close_minute"]
    found = [
        Failure(code="CR-O64", values={"room": room, "weekday": day, "opens": a, "closes": b})
        for room, day, a, b in open_hours.loc[wrong, columns].itertuples(index=False, name=None)
    ]
    if found:
        raise OutcomeError(*found)


def _united(spans: list[tuple[int, int, date, date]]) -> list[tuple[int, int, date, date]]:
    """Minutes that are said more than once stand once; between two changes of validity the hours are the same."""
    cuts = sorted({day for *_, since, until in spans for day in (since, until)})
    found = []
    for since, until in pairwise(cuts):
        reached = -1
        for opens, closes, start, end in sorted(spans):
            if start <= since < end and closes > max(opens, reached):
                found.append((max(opens, reached) * 60, closes * 60, since, until))
                reached = closes
    return found


def _day(value: object, default: date) -> date:
    return default if pd.isna(value) else pd.Timestamp(value).date()  # type: ignore[call-overload,arg-type]


def _next_day(day: date) -> date:
    return day if day == OPEN_END else date.fromordinal(day.toordinal() + 1)


def day_table(months: pd.DataFrame) -> pd.DataFrame:
    """Every day of the months: day, day_at, next_at, weekday (1 Monday … 7), month."""
    days = pd.date_range(months["month"].iloc[0], months["next_month"].iloc[-1], freq="D", inclusive="left", unit="us")
    return pd.DataFrame(
        {
            "day": days.date, "day_at": days, "next_at": days + pd.Timedelta(days=1), "weekday": days.day_of_week.to_numpy(dtype="int64") + 1,
            "month": days.to_period("M").to_timestamp().astype("datetime64[us]"),
        }
    )


def sum_space(
    engine: Engine, months: pd.DataFrame, *, window: tuple[int, int], baseline: date, unit_names: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Seconds used, booked, open and possible by unit, month, class of room and set.

    Parameters
    ----------
    engine : Engine
        With the tables `bookings`, `counters`, `rooms`, `open_hours` and `places`.
    months : DataFrame
        month and next_month of the panel.
    window : pair of int
        Reference hours of every day, in minutes since midnight; beyond 1440 they end on the day after.
    baseline : date
        Rooms that were on the register on this day are the fixed set.
    unit_names : mapping, optional
        Code of a unit → its name, which may stand before the name of a room.

    Returns
    -------
    DataFrame
        The columns of space_cells.sql and `reference`, the seconds of the reference hours; a row for every unit, month, class and set that had a room on the register.

    Raises
    ------
    OutcomeError
        The reference hours are no hours (CR-O62), opening hours cannot be (CR-O64).
    """
    opens, closes = window
    if not 0 < closes - opens <= MINUTES_OF_DAY:
        raise OutcomeError(Failure(code="CR-O62", values={"opens": opens, "closes": closes}))
    hours = {"opens": 60 * opens, "closes": 60 * min(closes, MINUTES_OF_DAY), "after_midnight": 60 * max(closes - MINUTES_OF_DAY, 0)}
    bounds = {"start": months["month"].iloc[0].to_pydatetime(), "until": months["next_month"].iloc[-1].to_pydatetime()}
    engine.table("days", day_table(months))
    engine.table("open_spans", open_spans(engine.query("SELECT * FROM open_hours").to_pandas()))
    engine.stage("space_rooms", sql_text("space_rooms", baseline=baseline))
    written = engine.query("SELECT room FROM bookings UNION SELECT room FROM counters").column("room").to_pylist()
    rooms = engine.query("SELECT room, name, site, unit_id, valid_from, valid_to FROM rooms").to_pandas()
    engine.table("room_names", room_names(sorted(text for text in written if text is not None), rooms, unit_names or {}))
    engine.view("space_entries", sql_text("space_entries"))
    buckets = engine.buckets_for(engine.count("bookings") + engine.count("counters"))
    parts = sql_text("space_parts", buckets=buckets, **bounds)
    if buckets == 1:  # what fits into memory need not be written between
        engine.view("space_parts", parts)
        engine.stage("space_room_days", sql_text("space_room_days", **hours))
    else:
        engine.stage("space_parts", parts, splits=buckets)
        engine.stage("space_room_days", sql_text("space_room_days", **hours), over="space_parts")
    engine.view("space_visits", sql_text("space_visits", **bounds))
    sums: pd.DataFrame = engine.query(sql_text("space_cells")).to_pandas()
    return sums.assign(reference=sums["room_days"] * 60 * (closes - opens))


def by_set(sums: pd.DataFrame, months: pd.DataFrame, classes: Collection[str] = ("activity",)) -> pd.DataFrame:
    """Sums by class and set of rooms as one row per unit and month.

    Parameters
    ----------
    sums : DataFrame
        What `sum_space` gave.
    months : DataFrame
        month and next_month of the panel.
    classes : collection of str
        Classes of rooms that count.

    Returns
    -------
    DataFrame
        unit_id, month, entries (bookings and counts of any room), counted (those that tell of use) and, for the rooms of the fixed set, for all and for tenancies (`fixed_`, `all_`, `tenancy_`):
        used, possible (what may have been used, too), reference, used_open, open, booked, outside, booked_twice (hours), area_used, area_possible,
        area_reference (m² hours), visits, visits_with_area, visits_untold (bookings without a head count), area (mean m² of the month), room_days,
        without_area (room-days).
    """
    sums = sums.astype({c: "float64" for c in sums.columns if c not in TEXTS})
    lengths = dict(zip(months["month"], (months["next_month"] - months["month"]).dt.days, strict=True))
    amounts = pd.DataFrame(
        {
            "used": sums["used"] / 3600, "possible": sums["possible"] / 3600, "reference": sums["reference"] / 3600, "used_open": sums["used_open"] / 3600, "open": sums["open_seconds"] / 3600,
            "booked": sums["booked"] / 3600, "outside": (sums["used_at_any_time"] - sums["used"]) / 3600, "booked_twice": sums["booked_twice"] / 3600,
            "area_used": sums["used_area"] / 3600, "area_possible": sums["possible_area"] / 3600,
            "area_reference": sums["area_days"] * sums["reference"] / sums["room_days"] / 3600, "visits": sums["visits"],
            "visits_with_area": sums["visits_with_area"], "visits_untold": sums["visits_untold"], "counted": sums["counted"],
            "area": sums["area_days"] / sums["month"].map(lengths).astype("float64"), "room_days": sums["room_days"],
            "without_area": sums["room_days_without_area"],
        }
    )
    counts = sums["room_class"].isin(list(classes))
    parts = {"all_": counts, "fixed_": counts & (sums["is_fixed"] == 1), "tenancy_": sums["room_class"] == "tenancy"}
    tables = [pd.concat([sums[KEY], amounts], axis=1)[rows].groupby(KEY).sum().add_prefix(prefix) for prefix, rows in parts.items()]
    tables.append(sums.assign(counted=sums["counted"].mask(sums["room_class"].isin(SET_ASIDE), 0.0)).groupby(KEY)[["entries", "counted"]].sum())
    return pd.concat(tables, axis=1).fillna(0.0).sort_index().reset_index()


def cells(engine: Engine, context: Context) -> Cells:
    """Room-hours used and possible, and what stands beside them.

    Parameters
    ----------
    engine : Engine
        With the tables of the context.
    context : Context
        Rooms, with bookings or door counters or both; opening hours; months, places and the definition.

    Returns
    -------
    Cells
        `numerator` and `denominator` are hours (m² hours where the definition weighs by area) of the rooms and classes of the definition, one row for every
        unit and month that had such rooms; the numerator is missing where there is neither a booking nor a count. `withheld` marks months in which too
        little is known of use or of rooms: there rate_lower (what is known) and rate_upper (what may be) stand in its place. The account names bookings
        and counts together, by the rule that set them aside.

    Raises
    ------
    OutcomeError
        There are no rooms (CR-O10), the reference hours are no hours (CR-O62), a room is registered twice at one time (CR-O63), opening hours
        cannot be (CR-O64).
    """
    complete_tables(engine, context)
    definition = context.definition
    baseline = definition["baseline"] if definition["baseline"] is not None else context.start.date()
    window = (definition["open_minute"], definition["close_minute"])
    sums = sum_space(engine, context.months, window=window, baseline=baseline, unit_names=_unit_names(context))
    bounds = {"start": context.start, "until": context.end}
    wide = by_set(sums, context.months, definition["room_classes"])
    wide = wide.merge(engine.query(sql_text("space_astray", **bounds)).to_pandas(), on="month", how="left")
    wide = wide.assign(astray=wide["astray"].fillna(0.0).astype("float64"), told=wide["told"].fillna(0.0).astype("float64"))
    which = "fixed" if definition["rooms"] == "baseline" else "all"
    above, possible, below = (f"{which}_{name}" for name in _AMOUNTS[definition["weighting"]])
    happened = (wide["entries"] > 0) | (wide["all_used"] > 0)
    withheld = is_astray(wide) | _is_unknown(wide[possible] - wide[above], wide[possible])
    return Cells(
        cells=wide[KEY].assign(numerator=wide[above].where(happened & ~withheld), denominator=wide[below], withheld=withheld, events=wide["counted"]),
        companions=long_measures(_without_guesses(wide), MEASURES), account=in_order(engine.query(sql_text("space_account", **bounds)).to_pandas(), RULES),
        unplaced=unplaced(engine.query(sql_text("space_unplaced", **bounds)).to_pandas()), problems=room_doubts(engine, rooms_without_unit(engine, context)),
    )


_AMOUNTS = {"equal": ("used", "possible", "reference"), "area": ("area_used", "area_possible", "area_reference")}


def _unit_names(context: Context) -> dict[str, str]:
    """Code of each unit of the roster → its name."""
    named = context.register.roster.dropna(subset="name")
    return dict(zip(named["unit_id"].astype(str), named["name"].astype(str), strict=True))


def is_astray(wide: pd.DataFrame) -> "pd.Series[bool]":
    """Where entries of a month that name no room of the register may be the unit's: too many of all, or some and none of its own."""
    return (100 * wide["astray"] > UNKNOWN_LIMIT * wide["told"]) | ((wide["astray"] > 0) & (wide["entries"] == 0))


def _is_unknown(unknown: "pd.Series[float]", whole: "pd.Series[float]") -> "pd.Series[bool]":
    return 100 * unknown > UNKNOWN_LIMIT * whole


def _without_guesses(wide: pd.DataFrame) -> pd.DataFrame:
    """Sums that are too low because use, visits or rooms are not known are missing; `_lower` keeps what is known of use."""
    found, astray = wide.copy(), is_astray(wide)
    for which in ("fixed", "all", "tenancy"):
        found[f"{which}_lower"] = wide[f"{which}_used"]
        unknown = _is_unknown(wide[f"{which}_possible"] - wide[f"{which}_used"], wide[f"{which}_possible"])
        silent = _is_unknown(wide[f"{which}_visits_untold"], wide[f"{which}_counted"])
        found.loc[unknown, [f"{which}_{name}" for name in OF_USE]] = np.nan
        found.loc[silent, [f"{which}_visits", f"{which}_visits_with_area"]] = np.nan
        found.loc[astray, [f"{which}_{name}" for name in OF_ROOMS]] = np.nan
    found.loc[astray, "all_booked_twice"] = np.nan
    return found


def rooms_without_unit(engine: Engine, context: Context) -> pd.DataFrame:
    """Rooms of the register whose unit is not in the roster: problem, place (the room), unit_id, valid_from, valid_to."""
    found: pd.DataFrame = engine.query(sql_text("space_unhoused", start=context.start, until=context.end)).to_pandas()
    return found.rename(columns={"room": "place"}).assign(problem="room_without_unit")[["problem", "place", "unit_id", "valid_from", "valid_to"]]


def room_doubts(engine: Engine, unhoused: pd.DataFrame) -> pd.DataFrame:
    """Rooms without a unit, and those that were off the register for a day or two."""
    rooms = engine.query("SELECT room, unit_id, valid_from, valid_to FROM rooms").to_pandas()
    texts = (rooms[name].astype(str).tolist() for name in ("room", "unit_id"))
    spells = zip(*texts, days_of(rooms["valid_from"], BEGINNING), days_of(rooms["valid_to"], OPEN_END), strict=True)
    gaps = pd.DataFrame(short_gaps(spells), columns=list(unhoused.columns))
    return pd.concat([unhoused.astype("object"), gaps.astype("object")], ignore_index=True) if len(gaps) else unhoused


def complete_tables(engine: Engine, context: Context) -> None:
    """Tables that were not given are empty; rooms are needed, and each of them once at a time.

    Raises
    ------
    OutcomeError
        There are no rooms (CR-O10), or a room has two rows that are valid at once (CR-O63).
    """
    if DataKind.ROOMS not in context.tables:
        raise OutcomeError(Failure(code="CR-O10", values={"kind": str(DataKind.ROOMS), "known": ", ".join(map(str, context.tables))}))
    for kind in (DataKind.BOOKINGS, DataKind.COUNTERS, DataKind.OPEN_HOURS):
        if kind not in context.tables:
            engine.table(f"{kind}_given", contract_of(kind).arrow_schema.empty_table())
            engine.view(str(kind), f"SELECT * FROM {kind}_given")  # noqa: S608 - names of kinds
    rows = engine.query("SELECT room, valid_from, valid_to FROM rooms").to_pandas()
    spells = sorted((str(room), _day(start, BEGINNING), _day(end, OPEN_END)) for room, start, end in rows.itertuples(index=False, name=None))
    failures = []
    for (room, _, ended), (other, begun, until) in pairwise(spells):
        if room == other and begun < ended:
            failures.append(Failure(code="CR-O63", values={"room": room, "got": f"{begun} – {min(ended, until)}"}))
    if failures:
        raise OutcomeError(*failures)
