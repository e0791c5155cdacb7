"""Counts and exposures of a panel as an effect on counts needs them: whole numbers, exposures above zero, months that have a comparison."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from commresearch.errors import DesignError, EstimationError, Failure
from commresearch.impact.arrays import Dropped, PanelArrays
from commresearch.impact.fixed_effects import two_way
from commresearch.impact.option_checks import require_options
from commresearch.impact.result import CONF_LEVEL
from commresearch.outcomes.frame_panel import ratio
from commresearch.terms import Unit

Exposure = Literal["denominator", "none"]
#: Units whose values are themselves counts, where a panel has no numerators.
COUNTED = frozenset({Unit.COUNT, Unit.PERSONS, Unit.PERSON_TIMES})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountCells:
    """N units × T periods that an effect on counts can use.

    arrays : PanelArrays
        The units that are left; what was left out stands in its `dropped`.
    counts, exposure : float array (N, T)
        0 in cells that are not used; exposures are 1 where the panel has no denominators or they are not asked for.
    treated : bool array (N, T)
        Cells that are used and treated.
    scale : float
        What a count over its exposure is multiplied by for the unit of the panel; 1 without exposures.
    uncompared : tuple of int
        Periods in which units were treated and none was not: their treated cells are not used.
    """

    arrays: PanelArrays
    counts: np.ndarray
    exposure: np.ndarray
    treated: np.ndarray
    scale: float
    uncompared: tuple[int, ...]

    @property
    def used(self) -> np.ndarray:
        """Cells that are used, (N, T)."""
        return self.exposure > 0

    @property
    def untreated_exposure(self) -> np.ndarray:
        """Exposure of the cells that are not treated, 0 elsewhere, (N, T)."""
        return np.where(self.treated, 0.0, self.exposure)

    @property
    def rate(self) -> np.ndarray:
        """Count over exposure in the unit of the panel; 0 in cells that are not used, (N, T)."""
        made: np.ndarray = self.scale * np.divide(self.counts, self.exposure, out=np.zeros_like(self.counts), where=self.used)
        return made


def count_cells(arrays: PanelArrays, exposure: Exposure = "denominator", *, keep_zero: bool = False) -> CountCells:
    """Counts, exposures and the cells that have a comparison.

    Counts are the numerators; the values, where the panel has no numerators and counts something. Left out, and listed: units without a month
    before their start (no_untreated_month), units whose counts are all zero (all_zero), which say nothing of a ratio, and treated cells of months
    in which everybody was treated. `keep_zero` keeps the units whose counts are all zero: differences need them, and ratios are the same.

    Returns
    -------
    CountCells
        Ready for a ratio.

    Raises
    ------
    DesignError
        No treated month is left (CR-I30), or none with a comparison (CR-I31).
    EstimationError
        Counts are missing, negative or not whole (CR-I32), exposures are zero or missing where something was counted (CR-I33), the counts of all
        treated units are zero before, or after, their starts (CR-I34), an option does not exist (CR-I38).
    """
    require_options({"exposure": (exposure, get_args(Exposure))}, CONF_LEVEL)
    counts, at_risk, scale = _checked(arrays, exposure)
    used = ~np.isnan(counts)
    counts, at_risk = np.where(used, counts, 0.0), np.where(used, at_risk, 0.0)
    compared = (used & ~arrays.treated).any(axis=1)
    zero = compared & (counts.sum(axis=1) == 0) & (not keep_zero)
    kept = compared & ~zero
    reasons = ((~compared, "no_untreated_month"), (zero, "all_zero"))
    dropped = tuple(
        Dropped(unit_id=str(arrays.units[i]), reason=reason, months=int(used[i].sum()), whole=True)
        for which, reason in reasons for i in np.flatnonzero(which)
    )
    left = arrays if kept.all() else arrays.take(kept, dropped)
    counts, at_risk, treated = counts[kept], at_risk[kept], left.treated & used[kept]
    if not treated.any():
        raise DesignError(Failure(code="CR-I30", values={"units": len(arrays.units), "treated": int(arrays.ever_treated.sum())}))
    alone = treated.any(axis=0) & ~((at_risk > 0) & ~treated).any(axis=0)
    out = treated & alone
    counts, at_risk, treated = np.where(out, 0.0, counts), np.where(out, 0.0, at_risk), treated & ~out
    if not treated.any():
        raise DesignError(Failure(code="CR-I31", values={"first": left.label(int(left.periods[alone][0])), "months": int(alone.sum())}))
    cells = CountCells(arrays=left, counts=counts, exposure=at_risk, treated=treated, scale=scale, uncompared=tuple(map(int, left.periods[alone])))
    _require_counts(cells)
    return cells


def two_way_means(value: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted least squares of unit and period effects.

    Parameters
    ----------
    value, weight : float array (N, T)
        Zero weight takes a cell out; every unit must have a cell.

    Returns
    -------
    unit, period : float array (N,), (T,)
        Only sums of the two are unique.
    """
    total = weight.sum(axis=1)
    mean = (weight * value).sum(axis=1) / total
    period = (weight * (value - mean[:, None])).sum(axis=0) @ two_way(weight).time_inverse
    return mean - weight @ period / total, period


def additive_effect(arrays: PanelArrays, exposure: Exposure = "denominator") -> float:
    """The same comparison in differences instead of ratios: mean rate of the treated cells less the rates that unit and period effects foretell.

    Effects are fitted to the rates of cells that are not treated, every cell weighing as much as its exposure.

    Returns
    -------
    float
        In the unit of the panel (a count where there are no exposures), per unit and month.

    Raises
    ------
    DesignError, EstimationError
        As `count_cells`.
    """
    cells = count_cells(arrays, exposure, keep_zero=True)
    unit, period = two_way_means(cells.rate, cells.untreated_exposure)
    weight = np.where(cells.treated, cells.exposure, 0.0)
    return float((weight * (cells.rate - unit[:, None] - period)).sum() / weight.sum())


def _checked(arrays: PanelArrays, exposure: Exposure) -> tuple[np.ndarray, np.ndarray, float]:
    """Counts with NaN where not recorded, exposures, scale of a rate."""
    valued = np.isnan(arrays.numerator).all() and arrays.unit in COUNTED
    counts = arrays.value if valued else arrays.numerator
    if np.isnan(counts).all():
        first = {"unit": str(arrays.units[0]), "period": arrays.label(int(arrays.periods[0])), "got": "—", "months": len(arrays.periods)}
        raise EstimationError(Failure(code="CR-I32", values=first))
    with np.errstate(invalid="ignore"):
        wrong = (counts < 0) | (counts != np.floor(counts)) & ~np.isnan(counts) | np.isinf(counts)
    failures = _by_unit(arrays, wrong, counts, "CR-I32")
    if exposure == "none" or np.isnan(arrays.denominator).all():
        at_risk, scale = np.ones_like(counts), 1.0
    else:
        at_risk, scale = arrays.denominator, float(ratio(np.ones(1), np.ones(1), arrays.unit)[0])
        with np.errstate(invalid="ignore"):
            failures += _by_unit(arrays, ~np.isnan(counts) & ~((at_risk > 0) & np.isfinite(at_risk)), at_risk, "CR-I33")
    if failures:
        raise EstimationError(*failures)
    return counts, at_risk, scale


def _by_unit(arrays: PanelArrays, wrong: np.ndarray, cells: np.ndarray, code: str) -> list[Failure]:
    """One failure for each unit with wrong cells: the first of them, and how many."""
    failures = []
    for i in np.flatnonzero(wrong.any(axis=1)):
        t = int(np.argmax(wrong[i]))
        got = "—" if np.isnan(cells[i, t]) else f"{cells[i, t]:g}"
        values = {"unit": str(arrays.units[i]), "period": arrays.label(int(arrays.periods[t])), "got": got, "months": int(wrong[i].sum())}
        failures.append(Failure(code="CR-I32", values=values) if code == "CR-I32" else Failure(code="CR-I33", values=values))
    return failures


def _require_counts(cells: CountCells) -> None:
    """A ratio needs counts on both sides of the start.

    Raises
    ------
    EstimationError
        There are none on one side (CR-I34).
    """
    ever = cells.treated.any(axis=1)
    after = cells.counts[cells.treated].sum()
    before = np.where(cells.treated, 0.0, cells.counts)[ever].sum()
    if after == 0 or before == 0:
        raise EstimationError(
            Failure(code="CR-I34", values={"units": ", ".join(map(str, cells.arrays.units[ever])), "before": int(before), "after": int(after)})
        )
