"""One series read from a table, and the columns of its regression: level, trend, change at the start, seasons, Spring Festival."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from commresearch.errors import DesignError, EstimationError, Failure
from commresearch.impact.spring_festival import FIRST_YEAR, LAST_YEAR, festival_shares

#: Months before and after the start that terms of the season need, and that any series needs.
SEASONAL, PLAIN = (24, 12), (3, 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """Values of n months of one series, ascending, none twice.

    time : int array (n,)
        Months counted from year 0 (12 × year + month − 1), or the whole numbers of the table.
    value : float array (n,)
    exposure, festival : float array (n,), optional
    dated : bool
    start : int
        First month of the pilot.
    skipped : int
        Months without a value, which are not used.
    """

    time: np.ndarray
    value: np.ndarray
    exposure: np.ndarray | None
    festival: np.ndarray | None
    dated: bool
    start: int
    skipped: int

    @property
    def after(self) -> np.ndarray:
        """Months from the start on, (n,)."""
        return self.time >= self.start

    def label(self, time: int) -> str:
        """A month as people write it."""
        return f"{time // 12:04d}-{time % 12 + 1:02d}" if self.dated else str(time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the regression holds beside level, trend and the change of the level.

    slope : bool
        A change of the trend, too.
    harmonics, period : int
        Pairs of sine and cosine, and the length of the season in months.
    """

    slope: bool = False
    harmonics: int = 0
    period: int = 12


def numbers_of(times: pd.Series) -> tuple[np.ndarray, bool]:
    """Months counted from year 0, or whole numbers, as int64; and whether they are months.

    Raises
    ------
    EstimationError
        Cells are neither (CR-I38).
    """
    if pd.api.types.is_numeric_dtype(times.dtype):
        cells = times.to_numpy(dtype=np.float64, na_value=np.nan)
        if not (np.isfinite(cells) & (cells == np.floor(cells))).all():
            raise _wrong_time(times[~(np.isfinite(cells) & (cells == np.floor(cells)))])
        return cells.astype(np.int64), False
    months = times.dt.to_timestamp() if isinstance(times.dtype, pd.PeriodDtype) else pd.to_datetime(times, errors="coerce", format="mixed")
    if months.isna().any():
        raise _wrong_time(times[months.isna().to_numpy()])
    return months.to_numpy().astype("datetime64[M]").astype(np.int64) + 12 * 1970, True


def series_of(frame: pd.DataFrame, *, value: str, time: str, start: object, exposure: str | None, festival: str | bool) -> Series:
    """One series from the columns of a table.

    Raises
    ------
    EstimationError
        A column is missing or holds what is no number, a month is none or stands twice, the start is none (CR-I38), exposures (CR-I33), years
        beyond the calendar (CR-I38).
    """
    named = [c for c in (value, time, exposure, festival) if isinstance(c, str)]
    if missing := [c for c in named if c not in frame]:
        known = ", ".join(map(str, frame.columns))
        raise EstimationError(*(Failure(code="CR-I38", values={"option": "column", "got": c, "allowed": known}) for c in missing))
    numbers, dated = numbers_of(frame[time])
    begin, dated_start = numbers_of(pd.Series([start]))
    if dated != dated_start:
        raise EstimationError(Failure(code="CR-I38", values={"option": "start", "got": start, "allowed": f"{frame[time].iloc[0]} …"}))
    order = np.argsort(numbers, kind="stable")
    numbers = numbers[order]
    if (np.diff(numbers) == 0).any():
        twice = frame[time].iloc[order[1:][np.diff(numbers) == 0]]
        raise EstimationError(Failure(code="CR-I38", values={"option": time, "got": ", ".join(map(str, twice.unique()[:5])) + " ×2", "allowed": "×1"}))

    def column(name: str | None) -> np.ndarray | None:
        return None if name is None else _cells(frame, name)[order]

    values, exposures = np.asarray(column(value)), column(exposure)
    lunar = festival_column(numbers, dated=dated) if festival is True else column(festival) if isinstance(festival, str) else None
    used = ~np.isnan(values)
    at_risk = None if exposures is None else exposures[used]
    if at_risk is not None and not (at_risk > 0).all():
        t = int(np.argmin(at_risk > 0))
        label = Series(time=numbers, value=values, exposure=None, festival=None, dated=dated, start=0, skipped=0).label(int(numbers[used][t]))
        values_ = {"unit": exposure, "period": label, "got": f"{at_risk[t]:g}", "months": int((~(at_risk > 0)).sum())}
        raise EstimationError(Failure(code="CR-I33", values=values_))
    return Series(
        time=numbers[used], value=values[used], exposure=at_risk, festival=None if lunar is None else lunar[used], dated=dated, start=int(begin[0]),
        skipped=int((~used).sum()),
    )


def _cells(frame: pd.DataFrame, name: str) -> np.ndarray:
    """The numbers of a column, NaN where there is none; text and infinite numbers are refused (CR-I38)."""
    numbers = pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = frame[name].notna().to_numpy() & ~np.isfinite(numbers)
    if wrong.any():
        shown = ", ".join(str(v) for v in frame[name][wrong].unique()[:5])
        raise EstimationError(Failure(code="CR-I38", values={"option": name, "got": shown, "allowed": "12, 3.5 …"}))
    return numbers


def design_of(series: Series, terms: Terms) -> tuple[np.ndarray, list[str]]:
    """Columns of the regression (n, k) and their names: intercept, trend, level (from the start on), slope, harmonics, festival.

    The trend counts months from the start, so that `level` is the change in the first month of the pilot; `slope` is the change of the trend per
    month after it. A harmonic that is 0 throughout (the sine of half a period) is left out.

    Raises
    ------
    DesignError
        Too few months before or after the start; for seasons at least 24 and 12 (CR-I37).
    """
    after = series.after.astype(np.float64)
    require_months(series, terms)
    since = (series.time - series.start).astype(np.float64)
    columns = {"intercept": np.ones_like(since), "trend": since, "level": after}
    if terms.slope:
        columns["slope"] = since * after
    for h in range(1, terms.harmonics + 1):
        angle = 2 * np.pi * h * (series.time % terms.period) / terms.period
        columns[f"cos{h}"] = np.cos(angle)
        if 2 * h != terms.period:
            columns[f"sin{h}"] = np.sin(angle)
    if series.festival is not None:
        columns["festival"] = series.festival
    return np.column_stack(list(columns.values())), list(columns)


def require_months(series: Series, terms: Terms) -> None:
    """Refuse a series that is too short for its terms.

    Raises
    ------
    DesignError
        It is (CR-I37).
    """
    seasonal = terms.harmonics > 0 or series.festival is not None
    before, after = int((~series.after).sum()), int(series.after.sum())
    need = SEASONAL if seasonal else (PLAIN[0], PLAIN[1] + terms.slope)
    free = before + after - (4 + terms.slope + 2 * terms.harmonics)
    if before < need[0] or after < need[1] or free < 1:
        values = {
            "start": series.label(series.start), "before": before, "after": after, "need_before": max(need[0], need[0] + 1 - free), "need_after": need[1]
        }
        raise DesignError(Failure(code="CR-I37", values=values))


def festival_column(numbers: np.ndarray, *, dated: bool) -> np.ndarray:
    """Share of the Spring Festival in each month.

    Raises
    ------
    EstimationError
        Periods are no months, or lie outside the calendar (CR-I38).
    """
    years = numbers // 12
    if not dated or years.min() < FIRST_YEAR or years.max() > LAST_YEAR:
        got = f"{years.min()}-{years.max()}" if dated else f"{numbers[0]} …"
        raise EstimationError(Failure(code="CR-I38", values={"option": "spring_festival", "got": got, "allowed": f"{FIRST_YEAR}-{LAST_YEAR}"}))
    return festival_shares(numbers)


def _wrong_time(cells: pd.Series) -> EstimationError:
    shown = ", ".join(str(v) for v in cells.unique()[:5])
    return EstimationError(Failure(code="CR-I38", values={"option": str(cells.name), "got": shown, "allowed": "2025-03, 2025-04 … / 1, 2, 3 …"}))
