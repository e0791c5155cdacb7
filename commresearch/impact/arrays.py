"""A panel as arrays: units in rows, periods in columns, gaps as NaN."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from commresearch.errors import DesignError, Failure
from commresearch.outcomes import Panel
from commresearch.terms import Unit

#: Number of the first treated period of a unit that is never treated.
NEVER = np.iinfo(np.int64).max

#: With fewer treated or comparison assignments no standard error by assignment can be trusted.
FEW = 6

#: Units of outcomes that are counts of cases or persons, as such or per so many.
COUNTS = frozenset({Unit.PER_1000_HOUSEHOLDS, Unit.PER_10000_RESIDENTS, Unit.COUNT, Unit.PERSONS, Unit.PERSON_TIMES})

SHOWN = 10  #: units that a message names

#: Why months of a unit, or all of it, are not used; estimators add their own.
REASONS = ("partial_month", "blocked", "no_record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Months of one unit that no estimate uses; `whole` where it is all of them."""

    unit_id: str
    reason: str
    months: int
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelArrays:
    """N units × T periods.

    units : array of str (N,)
        In the order of the panel.
    periods : int64 array (T,)
        Ascending numbers of the periods that occur: months counted from year 0 (12 × year + month − 1), or the whole numbers of the panel.
    dated : bool
        Whether periods are months.
    value, numerator, denominator : float array (N, T)
        NaN where a month is not recorded or not used.
    first : int64 array (N,)
        Number of the first treated period; `NEVER` where there is none.
    cluster : int array (N,)
        Place of the unit's assignment in `assignments`: no inference goes below it.
    assignments : array of str (G,)
        What was chosen to be treated, or left out.
    community : int array (N,)
        Place of the unit's community, for units that lie within communities.
    weight : float array (N, T)
        One where the panel has none.
    covariates : dict of float array (N, T)
        By name.
    unit : Unit
        Unit of a difference of values.
    dropped : tuple of Dropped
        Months that are not used, by unit and reason.
    """

    units: np.ndarray
    periods: np.ndarray
    dated: bool
    value: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    first: np.ndarray
    cluster: np.ndarray
    assignments: np.ndarray
    community: np.ndarray
    weight: np.ndarray
    covariates: dict[str, np.ndarray] = field(default_factory=dict)
    unit: Unit
    dropped: tuple[Dropped, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """N, T."""
        return len(self.units), len(self.periods)

    @property
    def observed(self) -> np.ndarray:
        """Where a value is, (N, T)."""
        return np.asarray(~np.isnan(self.value))

    @property
    def treated(self) -> np.ndarray:
        """Where a unit is treated, (N, T)."""
        return np.asarray(self.periods[None, :] >= self.first[:, None])

    @property
    def ever_treated(self) -> np.ndarray:
        """Units treated within the periods of the panel, (N,)."""
        return np.asarray(self.first <= self.periods[-1])

    @property
    def cohorts(self) -> np.ndarray:
        """First treated periods that occur within the panel, ascending, (K,)."""
        return np.unique(self.first[self.ever_treated])

    def label(self, period: int) -> str:
        """A period as people write it: 2025-03, or its number."""
        return f"{period // 12:04d}-{period % 12 + 1:02d}" if self.dated else str(period)

    def take(self, rows: np.ndarray, dropped: tuple[Dropped, ...] = ()) -> "PanelArrays":
        """The same for some of the units (a mask or places), clusters and communities numbered anew."""
        kept, cluster = np.unique(self.cluster[rows], return_inverse=True)
        return PanelArrays(
            units=self.units[rows], periods=self.periods, dated=self.dated, value=self.value[rows], numerator=self.numerator[rows],
            denominator=self.denominator[rows], first=self.first[rows], cluster=cluster, assignments=self.assignments[kept],
            community=np.unique(self.community[rows], return_inverse=True)[1], weight=self.weight[rows],
            covariates={name: c[rows] for name, c in self.covariates.items()}, unit=self.unit, dropped=self.dropped + dropped,
        )

    def masked(self, keep: np.ndarray, first: np.ndarray | None = None) -> "PanelArrays":
        """The same with only some of the months (N, T), periods and units without any month left out, and other starts (N,)."""
        value = np.where(keep, self.value, np.nan)
        seen = ~np.isnan(value)
        columns = np.flatnonzero(seen.any(axis=0))
        at = slice(None), columns
        cut = replace(
            self, periods=self.periods[columns], value=value[at], numerator=np.where(keep, self.numerator, np.nan)[at], denominator=self.denominator[at],
            weight=self.weight[at], first=self.first if first is None else first, covariates={name: c[at] for name, c in self.covariates.items()},
        )
        return cut.take(np.flatnonzero(seen.any(axis=1)))


def arrays_of(panel: Panel) -> PanelArrays:
    """The months of a panel that an estimate may use.

    A month is used where its source was recording all of it; units whose record begins with the start (blocked) and units without any
    record are left out whole. Months whose follow-up is not finished stay: counts of receipt are complete.

    Returns
    -------
    PanelArrays
        N units that are left × T periods; what was left out stands in `dropped`.

    Raises
    ------
    DesignError
        A unit has two starts (CR-I01) or two assignments (CR-I02), no unit is left (CR-I03), values are infinite (CR-I71), starts are 0 where
        periods are numbers above it (CR-I72).
    """
    grid, frame = _grid(panel.frame)
    starts = period_numbers(frame["treated_from"].iloc[grid.first_row])[0]
    _require_sound(grid, frame, starts)
    _require_one(grid, frame["treated_from"], lambda unit: Failure(code="CR-I01", values={"unit": unit}))
    own = frame["assignment_id"].equals(frame["unit_id"])
    if not own:
        _require_one(grid, frame["assignment_id"], lambda unit: Failure(code="CR-I02", values={"unit": unit}))
    cluster, assignments = _numbered(frame["assignment_id"].iloc[grid.first_row], grid.units if own else None)
    used = ~(frame["partial_month"].to_numpy(dtype=bool) | frame["blocked"].to_numpy(dtype=bool))
    value = grid.spread(np.where(used, _floats(frame["value"]), np.nan))
    made = PanelArrays(
        units=grid.units, periods=grid.periods, dated=grid.dated, value=value,
        numerator=grid.spread(np.where(used, _floats(frame["numerator"]), np.nan)), denominator=grid.spread(_floats(frame["denominator"])),
        first=starts, cluster=cluster, assignments=assignments,
        community=np.arange(len(grid.units)) if frame["community_id"].equals(frame["unit_id"]) else pd.factorize(frame["community_id"].iloc[grid.first_row])[0],
        weight=grid.spread(_floats(frame["weight"]), 1.0) if "weight" in frame else np.ones_like(value),
        covariates={name: grid.spread(_floats(frame[name])) for name in panel.covariates}, unit=panel.unit,
    )
    kept = np.asarray(made.observed.any(axis=1))
    if not kept.any():
        raise DesignError(Failure(code="CR-I03", values={"units": len(grid.units)}))
    dropped = _dropped(frame, grid, kept)
    return made.take(kept, dropped) if dropped else made


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Grid:
    """Where the rows of a frame, ordered by unit, stand among units and periods; `columns` is None where every unit has every period in order."""

    units: np.ndarray
    periods: np.ndarray
    dated: bool
    first_row: np.ndarray
    rows: np.ndarray
    columns: np.ndarray | None

    def spread(self, column: np.ndarray, fill: float = np.nan) -> np.ndarray:
        """A column as (N, T)."""
        if self.columns is None:
            return column.reshape(len(self.units), len(self.periods))
        made = np.full((len(self.units), len(self.periods)), fill)
        made[self.rows, self.columns] = column
        return made


def _grid(frame: pd.DataFrame) -> tuple[_Grid, pd.DataFrame]:
    """The places of the rows, and the frame in the order that they are in."""
    begins = _changes(frame["unit_id"])
    if not frame["unit_id"].iloc[begins].is_unique:
        frame = frame.sort_values(["unit_id", "month"], ignore_index=True)
        begins = _changes(frame["unit_id"])
    units = frame["unit_id"].iloc[begins].to_numpy(dtype=object)
    n, months = len(units), frame["month"]
    t = len(frame) // n
    raw = months.to_numpy()
    if n * t == len(frame) and (begins == np.arange(n) * t).all() and (raw.reshape(n, t) == raw[:t]).all() and (raw[1:t] > raw[: t - 1]).all():
        periods, dated = period_numbers(months.iloc[:t])
        return _Grid(units=units, periods=periods, dated=dated, first_row=begins, rows=np.repeat(np.arange(n), t), columns=None), frame
    numbers, dated = period_numbers(months)
    periods, columns = np.unique(numbers, return_inverse=True)
    rows = np.repeat(np.arange(n), np.diff(np.append(begins, len(frame))))
    return _Grid(units=units, periods=periods, dated=dated, first_row=begins, rows=rows, columns=columns), frame


def _numbered(names: pd.Series, units: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """A number for each name in the order of names, and the names; `units` where every unit is its own and nothing needs to be looked up."""
    if units is not None and names.is_monotonic_increasing:
        return np.arange(len(units)), units
    numbers, found = pd.factorize(names, sort=True)
    return numbers, np.asarray(found, dtype=object)


def _changes(column: pd.Series) -> np.ndarray:
    """Rows whose value is not that of the row before, the first among them; missing equals missing."""
    array = column.array
    if not column.hasnans:
        return np.flatnonzero(np.append(True, np.asarray(array[1:] != array[:-1], dtype=bool)))
    apart = np.asarray(array[1:] != array[:-1], dtype=object) if array.dtype == object else (array[1:] != array[:-1])
    differs = pd.array(apart, dtype="boolean").to_numpy(dtype=bool, na_value=True)
    missing = column.isna().to_numpy()
    return np.flatnonzero(np.append(True, differs & ~(missing[1:] & missing[:-1])))


def period_numbers(periods: pd.Series) -> tuple[np.ndarray, bool]:
    """Periods as whole numbers, `NEVER` where missing; and whether they are months."""
    if periods.dtype.kind == "M":
        months = periods.to_numpy().astype("datetime64[M]")
        missing = np.isnat(months)
        return np.where(missing, NEVER, months.astype(np.int64) + 12 * 1970), True
    numbers = periods.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = np.isnan(numbers)
    return np.where(missing, NEVER, np.where(missing, 0, np.ceil(numbers)).astype(np.int64)), False


def _floats(column: pd.Series) -> np.ndarray:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _require_one(grid: _Grid, column: pd.Series, fault: Callable[[str], Failure]) -> None:
    """Refuse units for which something differs from month to month that belongs to the unit."""
    changes, first = _changes(column), np.zeros(len(column), dtype=bool)
    first[grid.first_row] = True
    within = changes[~first[changes]]
    if len(within):
        raise DesignError(*(fault(str(grid.units[i])) for i in np.unique(grid.rows[within])))


def _require_sound(grid: _Grid, frame: pd.DataFrame, starts: np.ndarray) -> None:
    """Refuse infinite numbers, and the zeros by which other programs say never."""
    rows = np.flatnonzero(np.isinf(_floats(frame["value"])) | np.isinf(_floats(frame["numerator"])) | np.isinf(_floats(frame["denominator"])))
    failures = [
        Failure(code="CR-I71", values={"unit": str(grid.units[grid.rows[i]]), "period": _shown(frame["month"].iloc[i])}) for i in rows[:SHOWN]
    ]
    if not grid.dated and (starts == 0).any() and grid.periods[0] > 0:
        units = [str(u) for u in grid.units[starts == 0]]
        failures.append(Failure(code="CR-I72", values={"n": len(units), "units": tuple(units[:SHOWN])}))
    if failures:
        raise DesignError(*failures)


def _shown(period: object) -> str:
    return f"{period:%Y-%m}" if isinstance(period, pd.Timestamp) else str(period)


def _dropped(frame: pd.DataFrame, grid: _Grid, kept: np.ndarray) -> tuple[Dropped, ...]:
    """What is left out, unit by unit: blocked before partial, whole units that have no record at all."""
    blocked, partial = (frame[name].to_numpy(dtype=bool) for name in ("blocked", "partial_month"))
    recorded = frame["value"].notna().to_numpy()
    counts = {"blocked": np.bincount(grid.rows[blocked], minlength=len(kept)), "partial_month": np.bincount(grid.rows[partial & ~blocked & recorded], minlength=len(kept))}
    made = [
        Dropped(unit_id=str(grid.units[i]), reason=reason, months=int(months[i]), whole=not kept[i])
        for reason, months in counts.items() for i in np.flatnonzero(months)
    ]
    named = {d.unit_id for d in made}
    silent = [str(u) for u in grid.units[~kept]]
    return tuple(made) + tuple(Dropped(unit_id=u, reason="no_record", months=0, whole=True) for u in silent if u not in named)
