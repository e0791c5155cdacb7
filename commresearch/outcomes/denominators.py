"""Households, residents and area by unit and month, from readings with dates: interpolated, or fixed at a baseline; never a step."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from math import isnan
from operator import itemgetter
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from commresearch.outcomes.belongings import BEGINNING, OPEN_END, days_of
from commresearch.outcomes.lineage import Spell
from commresearch.outcomes.units import UnitRegister

HOW = ("observed", "interpolated", "carried")
EPOCH = date(1970, 1, 1).toordinal()
STRETCH = 2 * OPEN_END.toordinal()  #: more days than lie between any two dates


def denominators(
    register: UnitRegister, months: pd.DataFrame, column: str, *, how: Literal["interpolated", "baseline"], baseline: date | None = None
) -> pd.DataFrame:
    """A number of the roster for every unit and month.

    Parameters
    ----------
    register : UnitRegister
        Units and the roster with its dates of reading (as_of).
    months : DataFrame
        month and next_month.
    column : str
        households, population, youth_population or area_m2.
    how : "interpolated" or "baseline"
        Linear between two readings, on the first day of each month, and the nearest reading outside them, never across a change of boundaries
        (lineage, gaps of validity); or for all months the number of the baseline day, so found.
    baseline : date, optional
        Else the first day of the first month.

    Returns
    -------
    DataFrame
        unit_id, month, value (NaN where there is no reading), reading ("observed", "interpolated" between two readings, "carried" from the nearest one).

    Notes
    -----
    On the boundaries of a day a unit has readings where all of its parts have one on the same day: their sum, parts of a split or transfer
    weighted by the shares of the lineage. Parts that are read on different days would make a step of their own. So is a unit taken that was not
    read since its boundaries changed.
    """
    firsts = months["month"].to_numpy().astype("datetime64[D]").astype(np.int64)
    wanted = firsts if how == "interpolated" else np.full(len(firsts), _number(baseline) if baseline else firsts[0])
    ids = register.units["unit_id"].to_numpy()
    values, reading = np.full((len(ids), len(wanted)), np.nan), np.full((len(ids), len(wanted)), "carried", dtype=object)
    series, rows = _series(register, column), {unit: row for row, unit in enumerate(ids.tolist())}
    if series:
        found = _read(list(series.values()), wanted)
        values[[rows[unit] for unit in series]], reading[[rows[unit] for unit in series]] = found
    return pd.DataFrame(
        {"unit_id": np.repeat(ids, len(wanted)), "month": np.tile(months["month"].to_numpy(), len(ids)), "value": values.ravel(), "reading": reading.ravel()}
    )


def _read(of_units: "list[list[_Series]]", wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values of units (rows) on days (columns), and how they were read."""
    series, nearest = [one for of_unit in of_units for one in of_unit], _nearest(of_units, wanted)
    low, high = np.array([(one.days[0], one.days[-1]) for one in series])[nearest].transpose(2, 0, 1)
    # every series stands on a stretch of days of its own, so that one call reads all of them
    days = np.array([number * STRETCH + day for number, one in enumerate(series) for day in one.days])
    asked = nearest * STRETCH + np.clip(wanted, low, high)
    values = np.interp(asked, days, np.array([value for one in series for value in one.values]))
    reading = np.where((low < wanted) & (wanted < high), "interpolated", "carried").astype(object)
    reading[(low <= wanted) & (wanted <= high) & np.isin(asked, days) & ~np.isnan(values)] = "observed"
    return values, reading


def _nearest(of_units: "list[list[_Series]]", wanted: np.ndarray) -> np.ndarray:
    """For units (rows) and days (columns) the series of the unit that is nearest, by its number among all of them; of two the earlier one."""
    sizes = np.array([len(of_unit) for of_unit in of_units], dtype=np.int64)
    first = np.cumsum(sizes) - sizes
    starts, ends = np.array([(one.start, one.end) for of_unit in of_units for one in of_unit]).T[:, :, None]
    away = np.maximum(np.maximum(starts - wanted, wanted - ends + 1), 0)
    least = np.repeat(np.minimum.reduceat(away, first), sizes, axis=0)
    return np.minimum.reduceat(np.where(away == least, np.arange(len(away))[:, None], len(away)), first)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A unit between two changes of its boundaries, and how much of it counts."""

    piece: Spell
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """Readings of one unit on unchanged boundaries: days since 1970 (ordered) and values, for the days from start to end."""

    start: int
    end: int
    days: list[int]
    values: list[float]


#: Piece → day of reading → value.
_Readings: TypeAlias = Mapping[Spell, Mapping[date, float]]


def _series(register: UnitRegister, column: str) -> dict[str, list[_Series]]:
    """Readings of each unit, one series for every stretch of time in which its boundaries stayed the same."""
    if column not in register.roster:
        return {}
    pieces = {unit: _pieces(register, unit) for unit in register.history.spells}
    readings = _readings(register.roster, column, pieces)
    boundaries = register.boundaries
    if isinstance(boundaries, date):
        parts = _parts(register, pieces, boundaries)
        return {unit: [_drawn(BEGINNING, OPEN_END, sums)] for unit in register.units["unit_id"] if (sums := _sums(parts.get(unit, []), readings))}
    found: dict[str, list[_Series]] = {}
    on_day = cache(lambda day: _parts(register, pieces, day))
    for unit in register.units["unit_id"]:
        for piece in pieces.get(unit, []):
            own = readings.get(piece)
            if not own and register.history.changes.get(unit):  # not read since: what it was made up of tells, or nobody knows
                own = _sums(on_day(piece.start).get(unit, []), readings) or {piece.start: np.nan}
            if own:
                found.setdefault(unit, []).append(_drawn(piece.start, piece.end, own))
    return found


def _pieces(register: UnitRegister, unit: str) -> list[Spell]:
    """A unit cut where its boundaries changed: spells that meet without a change are one, so that a register renewed every January makes no step."""
    whole: list[Spell] = []
    for spell in sorted(register.history.spells[unit], key=lambda s: s.start):
        last = whole[-1] if whole else None
        if last is not None and spell.start <= last.end:
            whole[-1] = Spell(unit=unit, start=last.start, end=max(last.end, spell.end))
        else:
            whole.append(spell)
    return [piece for spell in whole for piece in register.history.pieces(spell)]


def _readings(roster: pd.DataFrame, column: str, pieces: Mapping[str, list[Spell]]) -> _Readings:
    """Every reading with the piece that it is of: that of its row's validity, nearest to its day; one from outside is of the nearest day of it."""
    numbers = pd.to_numeric(roster[column]).to_numpy(dtype=np.float64, na_value=np.nan)
    found: dict[Spell, dict[date, float]] = {}
    days = (days_of(roster[name], default) for name, default in (("as_of", BEGINNING), ("valid_from", BEGINNING), ("valid_to", OPEN_END)))
    rows = zip(roster["unit_id"].astype(str).tolist(), *days, numbers.tolist(), strict=True)
    for unit, day, start, end, value in sorted(rows, key=itemgetter(1)):
        within = [p for p in pieces.get(unit, ()) if p.start < end and start < p.end]
        if within and not isnan(value):
            piece = within[0] if len(within) == 1 else min(within, key=lambda p: abs((_clamped(day, p) - day).days))
            found.setdefault(piece, {})[_clamped(day, piece)] = value
    return found


def _clamped(day: date, piece: Spell) -> date:
    return min(max(day, piece.start), piece.end - timedelta(days=1))


def _parts(register: UnitRegister, pieces: Mapping[str, list[Spell]], day: date) -> dict[str, list[_Part]]:
    """What each unit of a day is made up of, at any time."""
    found: dict[str, list[_Part]] = {}
    for piece in (p for of_unit in pieces.values() for p in of_unit):
        for unit, weight in register.history.shares(piece, day).items():
            found.setdefault(unit, []).append(_Part(piece=piece, weight=weight))
    return found


def _sums(parts: list[_Part], readings: _Readings) -> dict[date, float]:
    """Day of reading → number of the whole, where all parts of that day were read on it."""
    sums = {}
    for day in sorted({d for part in parts for d in readings.get(part.piece, ())}):
        there = [part for part in parts if part.piece.start <= day < part.piece.end]
        if all(day in readings.get(part.piece, ()) for part in there):
            sums[day] = sum(part.weight * readings[part.piece][day] for part in there)
    return sums


def _drawn(start: date, end: date, readings: Mapping[date, float]) -> _Series:
    days = sorted(readings)
    return _Series(start=_number(start), end=_number(end), days=[_number(day) for day in days], values=[readings[day] for day in days])


def _number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - EPOCH
