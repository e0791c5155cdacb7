"""The figures of a year from a panel: the year itself, against the same months of the year before, its quarters, the last of them against the one before.

Numerators and denominators are added up over units and months; distinct persons never are over time: those of a quarter and of a year are counted anew
in the panel. What is compared is alike: the same units in the same months, each recorded completely on both sides, with no dated change of recording
between the two.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from commresearch.outcomes import Panel
from commresearch.outcomes.frame_panel import ratio
from commresearch.terms import Outcome, Unit

HEADLINE, CASES = "headline", "cases"
QUARTER, YEAR = 3, 12
ALL_UNITS = "*"
LEAST_ALIKE = 50.0  #: percent of what was recorded that must be comparable; of less a comparison is not given


class How(StrEnum):
    """How the cells of a measure become one figure."""

    TOTAL = "total"
    RATIO = "ratio"
    STOCK = "stock"
    PERSONS = "persons"
    PERSON_RATE = "person_rate"


class Why(StrEnum):
    """Why a comparison is not given."""

    BREAK = "break"
    NO_RECORD = "no_record"
    TOO_FEW = "too_few"
    ZERO = "zero"
    PART_OF_YEAR = "part_of_year"


#: Measures that a yearly report tells of an outcome, and how they are put together.
MEASURES: Mapping[Outcome, Mapping[str, How]] = {
    Outcome.COMPLAINT_RATE: {CASES: How.TOTAL, HEADLINE: How.RATIO},
    Outcome.YOUTH_PARTICIPATION: {"persons": How.PERSONS, "person_times_in_band": How.TOTAL, "rate": How.PERSON_RATE, HEADLINE: How.RATIO},
    Outcome.SPACE_USE: {HEADLINE: How.RATIO, "used_hours": How.TOTAL},
    Outcome.AREA_IN_USE: {HEADLINE: How.STOCK},
}
OF_PERSONS = frozenset({How.PERSONS, How.PERSON_RATE})
RATES = frozenset({How.RATIO, How.STOCK, How.PERSON_RATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A figure of some months: its value, what it is made of, how many units are in it, and which months."""

    value: float
    numerator: float
    denominator: float
    units: int
    months: tuple[pd.Timestamp, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A later figure against an earlier one, both of the units and months that are alike.

    change : float
        Percent of the earlier one; of shares percentage points. NaN where it is not given.
    unit : Unit
        Percent or percentage points.
    later, earlier : Amount, optional
        What was compared; also where the comparison is not given, as far as any of it is alike.
    why : Why, optional
        Why it is not given.
    is_whole : bool
        Whether everything that was recorded of the later months is in it.
    """

    change: float
    unit: Unit
    later: Amount | None
    earlier: Amount | None
    why: Why | None = None
    is_whole: bool = True

    @property
    def is_given(self) -> bool:
        """Whether there is something to compare."""
        return self.why is None


@dataclass(frozen=True, slots=True, kw_only=True)
class YearFigure:
    """One measure in a year.

    months : tuple of Timestamp
        Months of the year with a record.
    current : Amount, optional
        The months of the year together; of persons the whole year alone, None for a part of one.
    year_on_year : Comparison
        Against the same months of the year before.
    quarters : mapping
        1 to 4 → the quarter; only those that were recorded in all three months.
    quarter_on_quarter : Comparison
        The last of them against the quarter before it.
    """

    outcome: Outcome
    measure: str
    unit: Unit
    how: How
    year: int
    months: tuple[pd.Timestamp, ...]
    current: Amount | None
    year_on_year: Comparison
    quarters: Mapping[int, Amount]
    quarter_on_quarter: Comparison

    @property
    def is_whole_year(self) -> bool:
        """Whether every month of the year has a record."""
        return len(self.months) == YEAR


def year_figures(panel: Panel, outcome: Outcome, year: int) -> list[YearFigure]:
    """The measures of an outcome in a year.

    Parameters
    ----------
    panel : Panel
        With months as dates.
    outcome : Outcome
        What it is a panel of.
    year : int
        A year of which it has months.

    Returns
    -------
    list of YearFigure
        In the order of `MEASURES`; a measure that the panel does not have, or that has no value in the year, is left out.
    """
    found = (_figure(panel, outcome, measure, how, year) for measure, how in MEASURES[outcome].items())
    return [figure for figure in found if figure is not None]


def months_of(panel: Panel, year: int) -> tuple[pd.Timestamp, ...]:
    """Months of a year in which anything was recorded."""
    frame = panel.frame
    known = frame.loc[frame["value"].notna() & (frame["month"].dt.year == year), "month"]
    return tuple(pd.Timestamp(month) for month in sorted(known.unique()))


def breaks_between(panel: Panel, year: int) -> pd.DataFrame:
    """Dated changes of recording that stand between a year and the one before: month, note, units (None for all), in order.

    Those after the first day of the earlier year and before the end of the year.
    """
    breaks = panel.breaks.assign(on=pd.to_datetime(panel.breaks["on"]), note=panel.breaks["note"].astype("object").fillna("").astype("str"))
    breaks = breaks[(breaks["on"] > pd.Timestamp(year - 1, 1, 1)) & (breaks["on"] < pd.Timestamp(year + 1, 1, 1))]
    months = breaks.assign(month=breaks["on"].dt.to_period("M").dt.to_timestamp())
    rows = [
        (month, note, None if (part["unit_id"] == ALL_UNITS).any() else int(part["unit_id"].nunique()))
        for (month, note), part in months.groupby(["month", "note"], sort=True)
    ]
    units = pd.Series([units for *_, units in rows], dtype="object")  # a frame of rows would make None beside numbers NaN
    return pd.DataFrame({"month": [month for month, *_ in rows], "note": [note for _, note, _ in rows], "units": units})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cells:
    """Cells of a measure: unit_id, community_id, month (first of the period), numerator, denominator, partial; and how long their periods are."""

    frame: pd.DataFrame
    unit: Unit
    how: How
    length: int = 1

    def amount(self, rows: pd.DataFrame) -> Amount:
        """One figure from some of the cells."""
        above, below = float(rows["numerator"].sum()), float(rows["denominator"].sum())
        value = float(ratio(np.array([above]), np.array([below]), self.unit)[0]) if self.how in RATES else above
        months = tuple(pd.Timestamp(month) for month in sorted(rows["month"].unique()))
        return Amount(value=value, numerator=above, denominator=below if self.how in RATES else math.nan, units=int(rows["unit_id"].nunique()), months=months)

    def of(self, months: Sequence[pd.Timestamp]) -> pd.DataFrame:
        """The cells of some months; of a stock those of the last of them."""
        wanted = [max(months)] if self.how is How.STOCK and len(months) else list(months)
        return self.frame[self.frame["month"].isin(wanted)]


def _cells(panel: Panel, measure: str, how: How, length: int = 1) -> _Cells | None:
    """The cells of a measure in which it is known; None where there are none."""
    frame = panel.frame
    if measure in {HEADLINE, CASES}:
        rows = frame[["unit_id", "month", "numerator", "denominator", "value"]]
        unit = panel.unit if measure == HEADLINE else Unit.COUNT
        rows = rows[rows["numerator"].notna() if measure == CASES else rows["value"].notna()]
    else:
        ending = {1: "", QUARTER: "_quarter", YEAR: "_year"}[length]
        companion = panel.companion(measure + ending)
        if companion.empty:
            return None
        unit, rows = Unit(companion["unit"].iloc[0]), companion.loc[companion["value"].notna(), ["unit_id", "month", "numerator", "denominator"]]
    if rows.empty:
        return None
    communities = frame.drop_duplicates("unit_id").set_index("unit_id")["community_id"].astype("str")
    in_part = set(frame.loc[frame["partial_month"].astype(bool), ["unit_id", "month"]].itertuples(index=False, name=None))
    partial = [any((unit_id, month + pd.DateOffset(months=k)) in in_part for k in range(length)) for unit_id, month in rows[["unit_id", "month"]].itertuples(index=False, name=None)]
    return _Cells(frame=rows.assign(community_id=rows["unit_id"].map(communities), partial=partial).reset_index(drop=True), unit=unit, how=how, length=length)


def _figure(panel: Panel, outcome: Outcome, measure: str, how: How, year: int) -> YearFigure | None:
    months = months_of(panel, year)
    yearly = _cells(panel, measure, how, YEAR if how in OF_PERSONS else 1)
    quarterly = _cells(panel, measure, how, QUARTER) if how in OF_PERSONS else yearly
    starts = [month for month in months if how not in OF_PERSONS or (month.month == 1 and len(months) == YEAR)]
    current = None if yearly is None else yearly.of(starts)
    quarters = {} if quarterly is None else {q: found for q in range(1, 5) if (found := _quarter(quarterly, year, q, months)) is not None}
    if (current is None or current.empty) and not quarters:
        return None
    unit = next(cells.unit for cells in (yearly, quarterly) if cells is not None)
    part = how in OF_PERSONS and len(months) < YEAR
    last = max(quarters, default=None)
    return YearFigure(
        outcome=outcome, measure=measure, unit=unit, how=how, year=year, months=months, quarters=quarters,
        current=None if yearly is None or current is None or current.empty else yearly.amount(current),
        year_on_year=_not_given(unit, Why.PART_OF_YEAR if part else Why.NO_RECORD) if yearly is None or not starts else _compared(panel, yearly, starts, YEAR),
        quarter_on_quarter=_not_given(unit, Why.NO_RECORD) if quarterly is None or last is None else _compared(panel, quarterly, _months_of_quarter(quarterly, year, last), QUARTER),
    )


def _months_of_quarter(cells: _Cells, year: int, quarter: int) -> list[pd.Timestamp]:
    """First days of the cells of a quarter: its months, or the quarter itself."""
    first = QUARTER * (quarter - 1) + 1
    return [pd.Timestamp(year, first + k, 1) for k in range(1 if cells.length == QUARTER else QUARTER)]


def _quarter(cells: _Cells, year: int, quarter: int, months: Sequence[pd.Timestamp]) -> Amount | None:
    """A quarter that was recorded in all three months."""
    first = QUARTER * (quarter - 1) + 1
    if not {pd.Timestamp(year, first + k, 1) for k in range(QUARTER)} <= set(months):
        return None
    rows = cells.of(_months_of_quarter(cells, year, quarter))
    return None if rows.empty else cells.amount(rows)


def _not_given(unit: Unit, why: Why, later: Amount | None = None, earlier: Amount | None = None) -> Comparison:
    return Comparison(change=math.nan, unit=_unit_of_change(unit), later=later, earlier=earlier, why=why, is_whole=False)


def _unit_of_change(unit: Unit) -> Unit:
    return Unit.PERCENTAGE_POINTS if unit is Unit.PERCENTAGE_POINTS else Unit.PERCENT


def _compared(panel: Panel, cells: _Cells, months: Sequence[pd.Timestamp], back: int) -> Comparison:
    """Some months against those so many months earlier, unit by unit and month by month."""
    later = cells.of(months)
    moved = cells.frame.assign(month=cells.frame["month"] + pd.DateOffset(months=back))
    pairs = later.merge(moved, on=["unit_id", "community_id", "month"], suffixes=("", "_earlier"))
    if pairs.empty:
        return _not_given(cells.unit, Why.NO_RECORD)
    whole = ~(pairs["partial"] | pairs["partial_earlier"])
    broken = _broken(panel.breaks, pairs, back, cells.length)
    kept = pairs[whole & ~pairs["unit_id"].isin(pairs.loc[broken, "unit_id"])]  # a unit is in it for all of its months or for none
    if kept["month"].nunique() < later["month"].nunique() or 100 * len(kept) < LEAST_ALIKE * len(later):
        alike = pairs[whole & ~broken]
        sides = (None, None) if alike.empty else (cells.amount(alike), _earlier(cells, alike, back))
        return _not_given(cells.unit, Why.BREAK if broken.any() else Why.TOO_FEW, *sides)
    new, old = cells.amount(kept), _earlier(cells, kept, back)
    if not math.isfinite(old.value) or (old.value == 0 and cells.unit is not Unit.PERCENTAGE_POINTS):
        return _not_given(cells.unit, Why.ZERO, new, old)
    is_share = cells.unit is Unit.PERCENTAGE_POINTS
    change = new.value - old.value if is_share else 100 * (new.value / old.value - 1)
    return Comparison(change=change, unit=_unit_of_change(cells.unit), later=new, earlier=old, is_whole=len(kept) == len(later))


def _earlier(cells: _Cells, pairs: pd.DataFrame, back: int) -> Amount:
    """The earlier side of pairs."""
    rows = pairs[["unit_id"]].assign(month=pairs["month"] - pd.DateOffset(months=back), numerator=pairs["numerator_earlier"], denominator=pairs["denominator_earlier"])
    return cells.amount(rows)


def _broken(breaks: pd.DataFrame, pairs: pd.DataFrame, back: int, length: int) -> "pd.Series[bool]":
    """Whether the recording of a unit changed after the first day of the earlier period and before the end of the later one."""
    begin, end = pairs["month"] - pd.DateOffset(months=back), pairs["month"] + pd.DateOffset(months=length)
    found = pd.Series(data=False, index=pairs.index)
    for unit, day in zip(breaks["unit_id"].astype("str"), pd.to_datetime(breaks["on"]), strict=True):
        here = (pairs["unit_id"].astype("str") == unit) | (pairs["community_id"].astype("str") == unit) | (unit == ALL_UNITS)
        found |= here & (begin < day) & (day < end)
    return found
