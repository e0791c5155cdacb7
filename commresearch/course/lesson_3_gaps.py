"""Lesson 3: a register that begins with the pilot, and a week of bookings of one room.

Before the start of the pilot people came as they did afterwards, but nobody wrote it down: the simulation knows them, the register does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from commresearch.cleaning import clean_events
from commresearch.cleaning.event_rules import EventSettings
from commresearch.cleaning.event_table import event_table_of
from commresearch.course.lesson_3 import PLACE, UNIT, roster
from commresearch.course.lesson_3_columns import WIDTH
from commresearch.outcomes import build_panel
from commresearch.reporting.impact_figures import colour_of
from commresearch.reporting.style import MUTED, RULE, house_style, mark_date, month_axis
from commresearch.simulate.log_sheets import Line, write_lines_csv
from commresearch.terms import DataKind, Language, Outcome
from commresearch.workflow.registers import registers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED = 3
MONTHS = pd.period_range("2024-03", "2025-02", freq="M")
START = 6  #: place of the month in which pilot and register begin
COMING = 14.0  #: young residents who come in a month on average, before the pilot and after
OUTCOME = Outcome.YOUTH_PARTICIPATION.value


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beginning:
    """A year of participation in percent, month by month.

    truth
        what was so
    zeros
        with months before the register taken for zero
    recorded
        as the kit counts it with the coverage of the register: missing before
    """

    months: list[pd.Timestamp]
    truth: list[float]
    zeros: list[float]
    recorded: list[float]

    def before_and_after(self, name: str) -> tuple[float, float]:
        """Means of the months before and from the start; NaN where nothing is recorded."""
        values = pd.Series(getattr(self, name))
        return float(values.iloc[:START].mean()), float(values.iloc[START:].mean())


@cache
def beginning(seed: int = SEED) -> Beginning:
    """A year in which the register begins with the pilot, and what can be read from it."""
    rng = np.random.default_rng(seed)
    months = [p.to_timestamp() for p in MONTHS]
    came = [(month, person) for month in months for person in rng.choice(60, size=int(rng.poisson(COMING)), replace=False).tolist()]
    truth = _monthly(came)
    recorded = _monthly([(month, person) for month, person in came if month >= months[START]], live_from=months[START])
    return Beginning(months=months, truth=truth, zeros=[0.0 if np.isnan(v) else v for v in recorded], recorded=recorded)


def _monthly(came: Sequence[tuple[pd.Timestamp, int]], live_from: pd.Timestamp | None = None) -> list[float]:
    """Participation of every month as the kit counts it, with the day on which the register began."""
    n = len(came)
    table = event_table_of(DataKind.SIGNINS, {
        "event_id": [f"{month:%Y%m}" for month, _ in came], "event_at": [month + pd.Timedelta(days=9, hours=19) for month, _ in came], "place": [PLACE] * n,
        "home": [PLACE] * n, "person_key": [f"P{person}" for _, person in came], "person_tier": ["phone"] * n, "role": ["attends"] * n, "persons": [1] * n,
        "age_low": [25] * n, "age_high": [25] * n, "age_known_by": ["stated"] * n,
    })
    coverage = pd.DataFrame({"source": ["signins"], "unit_id": [UNIT], "live_from": [live_from or MONTHS[0].to_timestamp()], "live_to": [pd.NaT]})
    panel = build_panel(Outcome.YOUTH_PARTICIPATION, table, roster(), None, months=(str(MONTHS[0]), str(MONTHS[-1])), coverage=coverage)
    return [float(v) for v in panel.frame.sort_values("month")["value"].astype("float64")]


def two_readings(year: Beginning, words: Mapping[str, str]) -> "Figure":
    """Two panels: months without a register as zero, and as gaps with the truth behind them in hollow dots.

    Parameters
    ----------
    words : mapping
        zeros, gaps: titles of the panels; axis, start, truth, recorded.
    """
    from matplotlib.figure import Figure

    colour, places = colour_of(OUTCOME), range(len(year.months))
    with house_style():
        figure = Figure(figsize=(WIDTH, 4.2))
        upper, lower = figure.subplots(2, 1, sharex=True)
        upper.plot(places, year.zeros, color=colour, marker="o", markersize=5)
        upper.set_title(words["zeros"])
        lower.plot(places, year.recorded, color=colour, marker="o", markersize=5, label=words["recorded"])
        lower.plot(places[:START], year.truth[:START], linestyle="none", marker="o", markersize=5, markerfacecolor="white", color=MUTED, label=words["truth"])
        lower.axvspan(-0.5, START - 0.5, facecolor="none", edgecolor=RULE, hatch="///", linewidth=0)
        lower.set_title(words["gaps"])
        top = 1.35 * max(year.truth)
        for axes in (upper, lower):
            axes.set_ylim(-0.03 * top, top)
            axes.set_xlim(-0.5, len(year.months) - 0.5)
            axes.set_ylabel(words["axis"])
            axes.grid(axis="y", color=RULE, linewidth=0.5)
            axes.tick_params(length=0)
            mark_date(axes, START - 0.5, "start", words["start"])
        month_axis(lower, year.months)
        lower.tick_params(axis="x", labelsize=8)
        figure.legend(*lower.get_legend_handles_labels(), ncols=2, loc="outside lower center", frameon=False, fontsize=8.5)
    return figure


# ---------------------------------------------------------------- a week of one room

ROOM = "WH-301"
REFERENCE = (8.5, 21.0)  #: hours of the day that count, the same every day
OPEN_DAYS, OPEN_HOURS = 5, 9.0  #: days of the week on which the room is open, and how long
FULL_DAY = ("09:00", "17:00")  #: what 全天 means in this centre
DAYS = 7
#: Monday to Saturday: date, as written, cancelled, used, persons
BOOKINGS = (
    ("2025-03-03", "9:00-11:30", "否", "是", 12), ("2025-03-03", "10:30-12:00", "否", "是", 6), ("2025-03-04", "14:00-17:00", "是", "", ""),
    ("2025-03-05", "全天", "否", "是", 20), ("2025-03-06", "19:00-21:00", "否", "否", 0), ("2025-03-07", "19:00-21:00", "否", "是", 15),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Hours of one room in one week, by what is taken for use."""

    used: float
    overlapping_twice: float
    with_unused: float
    booked: float
    reference: float
    open: float


@cache
def cleaned_week() -> pd.DataFrame:
    """The bookings as the kit types them: start_at, end_at, is_cancelled, is_used, headcount."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"模拟数据_{PLACE}_场地使用.csv"
        headers = (header("room_code"), header("date"), "使用时段", header("is_cancelled"), header("is_used"), header("headcount"))
        write_lines_csv(headers, [Line(cells=[ROOM, *row]) for row in BOOKINGS], path, encoding="utf-8-sig")
        return clean_events(path, DataKind.BOOKINGS, settings=EventSettings(full_day=FULL_DAY)).frame()


def header(field: str) -> str:
    """What the kit's template for the use of rooms calls a column."""
    columns = (c for r in registers().registers for s in r.sheets if s.kind is DataKind.BOOKINGS for c in s.columns)
    return next(column[Language.ZH] for column in columns if column.field == field)


def week() -> Week:
    """Hours of the week."""
    rows = cleaned_week()
    used = rows[_is_used(rows)]
    return Week(
        used=united_hours(used), overlapping_twice=_hours(used), with_unused=united_hours(rows[~rows["is_cancelled"].astype(bool)]), booked=united_hours(rows),
        reference=DAYS * (REFERENCE[1] - REFERENCE[0]), open=OPEN_DAYS * OPEN_HOURS,
    )


def used_by_day() -> list[tuple[date, float]]:
    """Days on which the room was used, with the hours."""
    rows = cleaned_week()
    used = rows[_is_used(rows)]
    return [(day, united_hours(of_day)) for day, of_day in used.groupby(used["start_at"].dt.date)]


def _is_used(rows: pd.DataFrame) -> pd.Series:
    """Bookings to which somebody came."""
    return rows["is_used"].fillna(value=False).astype(bool) & ~rows["is_cancelled"].astype(bool)


def united_hours(rows: pd.DataFrame) -> float:
    """Hours in which the room was taken by at least one of some bookings."""
    total, until = pd.Timedelta(0), pd.Timestamp.min
    for start, end in sorted(zip(rows["start_at"], rows["end_at"], strict=True)):
        if end > until:
            total += end - max(start, until)
            until = end
    return float(total / pd.Timedelta(hours=1))


def _hours(rows: pd.DataFrame) -> float:
    return float((rows["end_at"] - rows["start_at"]).dt.total_seconds().sum()) / 3600


def week_table() -> pd.DataFrame:
    """The bookings as they were written."""
    names = (header("date"), "使用时段", header("is_cancelled"), header("is_used"), header("headcount"))
    return pd.DataFrame([[str(cell) for cell in row] for row in BOOKINGS], columns=list(names))
