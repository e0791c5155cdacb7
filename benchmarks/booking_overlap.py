"""A million bookings in 6,000 rooms to the use of space by unit and month: overlaps united, clipped to reference and opening hours."""

import argparse
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.event_files import BOOKINGS, booking_files
from benchmarks.measuring import beside, heading, in_turn, say, table, within
from commresearch.outcomes import Panel, build_panel
from commresearch.outcomes.engine import open_engine

MEMORY = "2GB"
ROOMS, UNITS = 6_000, 1_500
OPENS, CLOSES = 510, 1_260  #: reference hours, minutes of the day
HALF_HOURS_OF_DAY, HALF_HOUR = 48, 30
MONTHS = ("2023-01", "2025-12")


def main() -> None:
    """Show that the used hours are those of half-hours marked one by one, then time both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=BOOKINGS)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    heading("Overlaps of bookings", ["duckdb"])
    with tempfile.TemporaryDirectory() as made:
        rows = min(asked.rows, BOOKINGS)
        bookings = booking_files(asked.folder or Path(made), rows)
        rooms, hours, roster = registers()
        panel = use_of_space(bookings, rooms, hours, roster)
        marked = marked_half_hours(bookings, rooms)
        found = panel.frame.set_index(["unit_id", "month"])["numerator"]
        apart = (found - marked.reindex(found.index, fill_value=0.0)).abs().max()
        say(f"used hours: {found.sum():,.1f}, by half-hours marked one by one {marked.sum():,.1f}; largest difference of a unit and month {apart:g}; "
            f"months withheld because the use of too many hours is unknown: {int(found.isna().sum())}")
        ours, peer = in_turn(lambda: use_of_space(bookings, rooms, hours, roster), lambda: marked_half_hours(bookings, rooms))
    goal = f"{rows:,} bookings to the panel with its companions"
    table([within(goal, ours, seconds=5), beside(goal, "half-hours marked by numpy, used hours only", ours, peer)])


def registers() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Rooms, their opening hours (08:30 to 17:30, on two evenings to 21:30, closed on Sundays) and the units that they belong to."""
    room = [f"R{number:05d}" for number in range(ROOMS)]
    unit = [f"3799{number:08d}" for number in range(UNITS)]
    since = date(2015, 1, 1)
    rooms = pd.DataFrame(
        {
            "room": room, "unit_id": [unit[number % UNITS] for number in range(ROOMS)], "area_m2": 40.0 + np.arange(ROOMS) % 60, "room_class": "activity",
            "valid_from": since, "in_service_from": since,
        }
    )
    days = pd.DataFrame({"weekday": range(1, 7), "open_minute": 510, "close_minute": [1_050, 1_290, 1_050, 1_050, 1_290, 1_050]})
    hours = rooms[["room", "valid_from"]].merge(days, how="cross")
    roster = pd.DataFrame({"unit_id": unit, "unit_level": "community", "community_id": unit, "households": 1_000, "valid_from": since, "as_of": since})
    return rooms, hours, roster


def use_of_space(bookings: Path, rooms: pd.DataFrame, hours: pd.DataFrame, roster: pd.DataFrame) -> Panel:
    """The panel by the package, a new engine each time."""
    with open_engine("duckdb", memory=MEMORY) as engine:
        tables = {"bookings": bookings, "rooms": rooms, "open_hours": hours}
        return build_panel("space_use", tables, roster, None, months=MONTHS, coverage=_coverage(), engine=engine)


def _coverage() -> pd.DataFrame:
    return pd.DataFrame({"source": ["bookings"], "unit_id": ["*"], "live_from": [date(2022, 12, 1)], "live_to": [None], "note": [""]})


def marked_half_hours(bookings: Path, rooms: pd.DataFrame) -> "pd.Series[float]":
    """Hours used within the reference hours by unit_id and month: every half-hour of every used booking, each once (bookings begin and end at half-hours)."""
    booked = pd.read_parquet(bookings, columns=["room", "start_at", "end_at", "headcount", "is_cancelled"])
    booked = booked[~booked["is_cancelled"].astype(bool) & (booked["headcount"].fillna(0) > 0)]
    first, last = pd.Period(MONTHS[0], "M").start_time, pd.Period(MONTHS[1], "M").end_time
    number = pd.Categorical(booked["room"], categories=rooms["room"]).codes.astype(np.int64)
    begins, ends = (((booked[name] - first) // pd.Timedelta(minutes=HALF_HOUR)).to_numpy(dtype=np.int64) for name in ("start_at", "end_at"))
    lengths = ends - begins
    within_booking = np.arange(lengths.sum()) - np.repeat(lengths.cumsum() - lengths, lengths)
    half_hours = np.repeat(begins, lengths) + within_booking
    total = ((last - first) // pd.Timedelta(minutes=HALF_HOUR)) + 1
    counted = (half_hours >= 0) & (half_hours < total)
    counted &= (half_hours % HALF_HOURS_OF_DAY >= OPENS // HALF_HOUR) & (half_hours % HALF_HOURS_OF_DAY < CLOSES // HALF_HOUR)
    once = np.unique(np.repeat(number, lengths)[counted] * total + half_hours[counted])
    month = (np.datetime64(first, "m") + (once % total) * HALF_HOUR).astype("datetime64[M]").astype("datetime64[us]")
    used = pd.DataFrame({"unit_id": rooms["unit_id"].to_numpy()[once // total], "month": month})
    return used.groupby(["unit_id", "month"]).size() / 2


if __name__ == "__main__":
    main()
