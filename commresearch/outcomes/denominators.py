"""Households, residents and area by unit and month, from readings with dates: interpolated, or fixed at a baseline; never a step."""

from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from commresearch.outcomes.belongings import BEGINNING, day_of
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
        Linear between two readings, on the first day of each month, and the nearest reading outside them; or for all months the number of the
        baseline day, so found.
    baseline : date, optional
        Else the first day of the first month.

    Returns
    -------
    DataFrame
        unit_id, month, value (NaN where there is no reading), reading ("observed", "interpolated" between two readings, "carried" from the nearest one).

    Notes
    -----
    On the boundaries of a day a unit has readings where all of its parts have one on the same day: their sum. Parts that are read on
    different days would make a step of their own.
    """
    points = _points(register, column)
    firsts = months["month"].to_numpy().astype("datetime64[D]").astype(np.int64)
    wanted = firsts if how == "interpolated" else np.full(len(firsts), np.datetime64(baseline, "D").astype(np.int64) if baseline else firsts[0])
    ids = register.units["unit_id"].to_numpy()
    values, reading = np.full((len(ids), len(wanted)), np.nan), np.full((len(ids), len(wanted)), "carried", dtype=object)
    for row, unit in enumerate(ids):
        if unit in points:
            days, numbers = points[unit]
            values[row] = np.interp(wanted, days, numbers)
            reading[row, (wanted > days[0]) & (wanted < days[-1])] = "interpolated"
            reading[row, np.isin(wanted, days)] = "observed"
    return pd.DataFrame(
        {"unit_id": np.repeat(ids, len(wanted)), "month": np.tile(months["month"].to_numpy(), len(ids)), "value": values.ravel(), "reading": reading.ravel()}
    )


def _points(register: UnitRegister, column: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Days of reading (ordered, days since 1970) and values of each unit."""
    roster = register.roster
    if column not in roster:
        return {}
    numbers = pd.to_numeric(roster[column]).to_numpy(dtype=np.float64, na_value=np.nan)
    readings: dict[str, dict[date, float]] = {}
    for unit, as_of, value in zip(roster["unit_id"].astype(str), roster["as_of"], numbers, strict=True):
        if not np.isnan(value):
            readings.setdefault(unit, {})[day_of(as_of, BEGINNING)] = float(value)
    points = {}
    for unit, spells in register.components.items():
        sums: dict[date, float] = {}
        for day in sorted({d for s in spells for d in readings.get(s.unit, {})}):
            # A reading is of the spell that holds its day; one from before the unit began, or after it ended, is its nearest.
            there = {s.unit for s in spells if s.start <= day < s.end} or {s.unit for s in spells if day in readings.get(s.unit, {})}
            if all(day in readings.get(u, {}) for u in there):
                sums[day] = sum(readings[u][day] for u in there)
        if sums:
            points[unit] = (np.array(list(sums), dtype="datetime64[D]").astype(np.int64), np.array(list(sums.values())))
    return points
