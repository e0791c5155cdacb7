"""Units that were chosen because they were worst, or best, return towards the others by themselves: how much of the effect is that?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from commresearch.errors import DesignError, EstimationError
from commresearch.impact.arrays import PanelArrays
from commresearch.impact.jackknife import Point
from commresearch.impact.result import CheckResult, Note
from commresearch.terms import ChosenBy
from commresearch.words.precision import short

SELECTION = 6  #: months before the start on which a choice is thought to rest
JUDGED = frozenset({ChosenBy.WORST, ChosenBy.BEST, ChosenBy.UNKNOWN})  #: choices that may rest on the outcome itself
PART = 0.5  #: share of an effect that may be return to the mean
FEWEST = 6  #: units and recorded periods that variances are estimated from


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrinkage:
    """How far the selection months tell what a unit is for good.

    between, within : float
        Variance of units' lasting means, and of a month around them, in the unit of the panel squared.
    reliability : float
        Share of a difference of means over the selection months that lasts, between² … as between / (between + within × r), r: variance of
        a mean of so many serially correlated months in units of `within`.
    gap : float
        Mean of the treated less that of all units, over the selection months.
    """

    between: float
    within: float
    reliability: float
    gap: float

    @property
    def implied(self) -> float:
        """Change that return to the mean alone would bring, in the unit of the panel."""
        return -(1 - self.reliability) * self.gap


def check_regression_to_mean(
    point: Point, arrays: PanelArrays, chosen_by: ChosenBy, estimate: float, *, as_effect: Callable[[float, float], float]
) -> CheckResult:
    """How much of the effect is return to the mean, by shrinkage; and the effect again without the months of selection.

    Parameters
    ----------
    point : Point
        The estimator.
    estimate : float
        The effect.
    as_effect : callable
        (change, mean of the treated before) → the change in the unit of the effect.

    Returns
    -------
    CheckResult
        table: quantity, value. Judged where units were chosen for their standing, or nobody knows how.
    """
    shrinkage = _shrinkage(arrays)
    if shrinkage is None:
        return CheckResult(name="regression_to_mean", passed=None, table=pd.DataFrame(), note=Note(key="mean_short", values={"wanted": FEWEST}))
    before = np.nanmean(np.where(_selection(arrays), arrays.value, np.nan)[arrays.ever_treated])
    implied = as_effect(shrinkage.implied, float(before))
    again = _without_selection(point, arrays)
    table = pd.DataFrame(
        [
            ("gap", shrinkage.gap), ("reliability", shrinkage.reliability), ("implied", implied), ("estimate", estimate), ("without_selection", again),
        ],
        columns=["quantity", "value"],
    )
    values: dict[str, object] = {"implied": short(implied, sign=True), "estimate": short(estimate, sign=True), "again": short(again, sign=True), "months": SELECTION}
    same_way = implied * estimate > 0
    large = abs(implied) >= PART * abs(estimate)
    vanished = bool(np.isfinite(again)) and (again * estimate <= 0 or abs(again) < PART * abs(estimate))
    failed = (same_way and large) or vanished
    if chosen_by not in JUDGED:
        return CheckResult(name="regression_to_mean", passed=None if failed else True, table=table, note=Note(key="mean_told", values=values))
    return CheckResult(name="regression_to_mean", passed=not failed, table=table, note=Note(key="mean_failed" if failed else "mean_passed", values=values))


def _selection(arrays: PanelArrays) -> np.ndarray:
    """The selection months: the last before the own start; of untreated units those of the first cohort, (N, T)."""
    start = np.where(arrays.ever_treated, arrays.first, arrays.cohorts[0])
    return (arrays.periods[None, :] < start[:, None]) & (arrays.periods[None, :] >= (start - SELECTION)[:, None])


def _without_selection(point: Point, arrays: PanelArrays) -> float:
    """The effect without the selection months of treated units; NaN where nothing is left before them."""
    try:
        return point(arrays.masked(~(_selection(arrays) & arrays.ever_treated[:, None])))
    except (DesignError, EstimationError):
        return np.nan


def _shrinkage(arrays: PanelArrays) -> Shrinkage | None:
    """Variance components of the record before the first start, months taken out as everybody's; None where it is too short."""
    before = arrays.periods < arrays.cohorts[0]
    value = arrays.value[:, before]
    full = value[~np.isnan(value).any(axis=1)]
    n, t = full.shape
    if n < FEWEST or t < FEWEST:
        return None
    centred = full - full.mean(axis=0)
    means = centred.mean(axis=1)
    residual = centred - means[:, None]
    within = float((residual**2).sum() / ((n - 1) * (t - 1)))
    rho = _autocorrelation(residual)
    between = max(float(means.var(ddof=1)) - within * _variance_of_mean(t, rho), 0.0)
    noise = within * _variance_of_mean(min(SELECTION, t), rho)
    selected = np.where(_selection(arrays), arrays.value, np.nan)
    with np.errstate(invalid="ignore"):
        unit_means = np.nanmean(selected, axis=1)
    gap = float(np.nanmean(unit_means[arrays.ever_treated]) - np.nanmean(unit_means))
    reliability = between / (between + noise) if between + noise > 0 else 1.0
    return Shrinkage(between=between, within=within, reliability=reliability, gap=gap)


def _autocorrelation(residual: np.ndarray) -> float:
    """First-order autocorrelation within units, corrected for the means taken out; between 0 and 0.95."""
    t = residual.shape[1]
    found = float((residual[:, 1:] * residual[:, :-1]).sum() / (residual**2).sum())
    return float(np.clip(found + (1 + 3 * max(found, 0.0)) / t, 0.0, 0.95))


def _variance_of_mean(n: int, rho: float) -> float:
    """Variance of the mean of n months with autocorrelation rho^lag, in units of the variance of one."""
    lags = np.arange(1, n)
    return float((1 + 2 * ((1 - lags / n) * rho**lags).sum()) / n)
