"""Households, residents and area by unit and month, from readings with dates: interpolated, or fixed at a baseline; never a step."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from commresearch.outcomes.belongings import BEGINNING, OPEN_END, day_of
from commresearch.outcomes.lineage import Spell
from commresearch.outcomes.units import UnitRegister

HOW = ("observed", "interpolated", "carried")


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
    series = _series(register, column)
    firsts = months["month"].to_numpy().astype("datetime64[D]").astype(np.int64)
    wanted = firsts if how == "interpolated" else np.full(len(firsts), np.datetime64(baseline, "D").astype(np.int64) if baseline else firsts[0])
    ids = register.units["unit_id"].to_numpy()
    values, reading = np.full((len(ids), len(wanted)), np.nan), np.full((len(ids), len(wanted)), "carried", dtype=object)
    for row, unit in enumerate(ids):
        if unit in series:
            nearest = np.argmin([[one.away(int(day)) for day in wanted] for one in series[unit]], axis=0)
            for number, one in enumerate(series[unit]):
                here, days = nearest == number, one.days
                values[row, here] = np.interp(wanted[here], days, one.values)
                reading[row, here & (wanted > days[0]) & (wanted < days[-1])] = "interpolated"
                reading[row, here & np.isin(wanted, days) & ~np.isnan(values[row])] = "observed"
    return pd.DataFrame(
        {"unit_id": np.repeat(ids, len(wanted)), "month": np.tile(months["month"].to_numpy(), len(ids)), "value": values.ravel(), "reading": reading.ravel()}
    )


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
    days: np.ndarray
    values: np.ndarray

    def away(self, day: int) -> int:
        """Days from the stretch to a day, 0 within it."""
        return max(self.start - day, day - self.end + 1, 0)


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
    rows = zip(roster["unit_id"].astype(str), roster["as_of"], roster["valid_from"], roster["valid_to"], numbers, strict=True)
    for unit, as_of, since, until, value in sorted(rows, key=lambda row: day_of(row[1], BEGINNING)):
        day, start, end = day_of(as_of, BEGINNING), day_of(since, BEGINNING), day_of(until, OPEN_END)
        within = [p for p in pieces.get(unit, ()) if p.start < end and start < p.end]
        if within and not np.isnan(value):
            piece = min(within, key=lambda p: abs((_clamped(day, p) - day).days))
            found.setdefault(piece, {})[_clamped(day, piece)] = float(value)
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
    low, high = (int(np.datetime64(day, "D").astype(np.int64)) for day in (start, end))
    days = sorted(readings)
    return _Series(start=low, end=high, days=np.array(days, dtype="datetime64[D]").astype(np.int64), values=np.array([readings[d] for d in days]))
