"""Which differences group-time effects are made of: cohort, period, base period, and the units on either side."""

from dataclasses import dataclass, replace

import numpy as np

from commresearch.errors import DesignError, Failure
from commresearch.impact.arrays import NEVER, Dropped, PanelArrays


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparisons:
    """K differences, ordered by cohort and period.

    cohort : int64 array (K,)
        First treated period of the treated units.
    column, base : int array (K,)
        Columns of the period and of the period it is compared with; equal in the reference cells of a universal base.
    """

    cohort: np.ndarray
    column: np.ndarray
    base: np.ndarray

    def take(self, cells: np.ndarray) -> "Comparisons":
        """Some of them."""
        return Comparisons(cohort=self.cohort[cells], column=self.column[cells], base=self.base[cells])


def long_base(periods: np.ndarray, cohort: int, anticipation: int) -> int:
    """Column of the last period that neither treatment nor its anticipation touches; −1 where there is none."""
    return int(np.searchsorted(periods, cohort - anticipation)) - 1


def comparisons(periods: np.ndarray, cohorts: np.ndarray, *, base: str, anticipation: int) -> Comparisons:
    """All differences of some cohorts, each of which has a base period.

    Varying: periods from the start on against the last untouched one, earlier periods against the one before. Universal: all against the last
    untouched one, which itself stands there as zero.
    """
    size = len(periods)
    rows = []
    for cohort in cohorts.tolist():
        last = long_base(periods, cohort, anticipation)
        if base == "universal":
            rows += [(cohort, t, last) for t in range(size)]
        else:
            rows += [(cohort, t, last if periods[t] >= cohort else t - 1) for t in range(1, size)]
    made = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return Comparisons(cohort=made[:, 0], column=made[:, 1], base=made[:, 2])


def observed_periods(arrays: PanelArrays) -> PanelArrays:
    """The same without periods in which nobody was observed: no base period and no effect can lie there."""
    there = arrays.observed.any(axis=0)
    if there.all():
        return arrays
    return replace(
        arrays, periods=arrays.periods[there], value=arrays.value[:, there], numerator=arrays.numerator[:, there],
        denominator=arrays.denominator[:, there], weight=arrays.weight[:, there], covariates={name: c[:, there] for name, c in arrays.covariates.items()},
    )


def prepared(arrays: PanelArrays, *, control: str, anticipation: int) -> PanelArrays:
    """The units that group-time effects can be made of.

    Units without any period before treatment are left out and listed (`treated_from_the_beginning`). Units treated only after the last period count as
    never treated; those whose anticipation reaches into the panel are left out where never-treated units are the controls (`anticipating`).

    Raises
    ------
    DesignError
        No unit is treated (CR-I10); every treated unit lacks an untouched period (CR-I12); no unit is never treated and nothing else was asked for
        (CR-I11).
    """
    first, last = arrays.first, int(arrays.periods[-1])
    treated = first <= last
    if not treated.any():
        raise DesignError(Failure(code="CR-I10", values={"units": len(first), "last": arrays.label(last)}))
    too_early = treated & (first - anticipation <= arrays.periods[0])
    touched = (first > last) & (first != NEVER) & (first - anticipation <= last)
    never = (first > last) & ~touched
    failures = []
    if not (treated & ~too_early).any():
        starts = ", ".join(arrays.label(int(g)) for g in np.unique(first[treated]))
        values = {"cohorts": starts, "begin": arrays.label(int(arrays.periods[0])), "anticipation": anticipation}
        failures.append(Failure(code="CR-I12", values=values))
    if control == "never" and not never.any():
        failures.append(Failure(code="CR-I11", values={"units": int(treated.sum())}))
    if failures:
        raise DesignError(*failures)
    out = {"treated_from_the_beginning": too_early} | ({"anticipating": touched} if control == "never" else {})
    months = arrays.observed.sum(axis=1)
    dropped = tuple(
        Dropped(unit_id=str(arrays.units[i]), reason=reason, months=int(months[i]), whole=True) for reason, rows in out.items() for i in np.flatnonzero(rows)
    )
    left = ~np.logical_or.reduce(list(out.values()))
    return arrays.take(left, dropped) if dropped else arrays


def not_yet_treated(first: np.ndarray, periods: np.ndarray, cells: Comparisons, anticipation: int) -> np.ndarray:
    """Controls of a cell where those not treated yet serve, (N, K): neither treatment nor anticipation touches them by the later of the two periods."""
    later = periods[np.maximum(cells.column, cells.base)] + anticipation
    return np.asarray((first[:, None] > later[None, :]) & (first[:, None] != cells.cohort[None, :]))


def unit_weights(arrays: PanelArrays) -> np.ndarray:
    """One weight per unit with mean 1: its mean over the periods in which it was observed, (N,).

    Raises
    ------
    DesignError
        A unit has a weight that is missing, zero, negative or infinite where it was observed (CR-I18).
    """
    if (arrays.weight == 1).all():
        return np.ones(len(arrays.units))
    observed = arrays.observed
    used = np.where(observed, arrays.weight, 1.0)
    bad = np.flatnonzero(~(np.isfinite(used) & (used > 0)).all(axis=1))
    if len(bad):
        raise DesignError(*(Failure(code="CR-I18", values={"unit": str(arrays.units[i])}) for i in bad))
    mean = np.where(observed, used, 0).sum(axis=1) / observed.sum(axis=1)
    return np.asarray(mean / mean.mean())
