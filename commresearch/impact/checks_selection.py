"""Units that were chosen because they were worst, or best, return towards the others by themselves: how much of the effect is that?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from commresearch.errors import DesignError, EstimationError
from commresearch.impact.arrays import PanelArrays
from commresearch.impact.checks_records import amount
from commresearch.impact.jackknife import Point
from commresearch.impact.result import CheckResult, Note
from commresearch.terms import ChosenBy, Unit
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
        Mean of the treated less that of the untreated units, over the selection months.
    """

    between: float
    within: float
    reliability: float
    gap: float

    @property
    def implied(self) -> float:
        """Change of the difference between treated and untreated that return to the mean alone would bring, in the unit of the panel."""
        return -(1 - self.reliability) * self.gap


def check_regression_to_mean(
    point: Point, arrays: PanelArrays, chosen_by: ChosenBy, estimate: float, conf: tuple[float, float], *, relative: bool, unit: Unit
) -> CheckResult:
    """How much of the effect is return to the mean, by shrinkage; and the effect again without the months of selection.

    Parameters
    ----------
    point : Point
        The estimator, in the unit of the effect.
    estimate : float
        The effect, by this estimator.
    conf : (low, high)
        Interval of the effect; where it holds zero there is nothing that return to the mean would have to explain.
    relative : bool
        Whether the effect is in percent of the mean of the treated before.
    unit : Unit
        Of the effect.

    Returns
    -------
    CheckResult
        table: quantity, value. Judged where units were chosen for their standing, or nobody knows how: failed where the return that shrinkage implies is half
        of the effect or lies in its interval, or the effect is gone without the selection months; and, of units chosen as worst or best, where nothing is
        known of the time before these months. Not made where the record before the start is too short, or the mean of the treated over the selection
        months, of which the effect is a percentage, is zero.
    """
    shrinkage = _shrinkage(arrays)
    if shrinkage is None:
        return CheckResult(name="regression_to_mean", passed=None, table=pd.DataFrame(), note=Note(key="mean_short", values={"wanted": FEWEST}))
    implied = shrinkage.implied
    if relative:
        before = arrays.value[_selection(arrays) & arrays.observed & arrays.ever_treated[:, None]].mean()
        if not before > 0:
            return CheckResult(name="regression_to_mean", passed=None, table=pd.DataFrame(), note=Note(key="mean_zero", values={"months": SELECTION}))
        implied = 100 * implied / float(before)
    again = _without_selection(point, arrays)
    table = pd.DataFrame(
        [
            ("gap", shrinkage.gap), ("reliability", shrinkage.reliability), ("implied", implied), ("estimate", estimate), ("without_selection", again),
        ],
        columns=["quantity", "value"],
    )
    said = {name: amount(short(value, sign=True), unit) for name, value in (("implied", implied), ("estimate", estimate), ("again", again))}
    values: dict[str, object] = {**said, "months": SELECTION}
    if not (conf[0] > 0 or conf[1] < 0):
        return CheckResult(name="regression_to_mean", passed=None, table=table, note=Note(key="mean_nothing", values=values))
    same_way = implied * estimate > 0
    large = abs(implied) >= PART * abs(estimate) or conf[0] <= implied <= conf[1]
    vanished = bool(np.isfinite(again)) and (again * estimate <= 0 or abs(again) < PART * abs(estimate))
    if chosen_by in {ChosenBy.WORST, ChosenBy.BEST} and not np.isfinite(again):  # all that is known of before is what they were chosen by
        return CheckResult(name="regression_to_mean", passed=False, table=table, note=Note(key="mean_untold", values=values))
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
    gap = _gap(arrays)
    if not np.isfinite(gap):
        return None
    reliability = between / (between + noise) if between + noise > 0 else 1.0
    return Shrinkage(between=between, within=within, reliability=reliability, gap=gap)


def _gap(arrays: PanelArrays) -> float:
    """Mean of treated units less that of the untreated over the same months, those before the own start; where all are treated, of those treated later."""
    never = ~arrays.ever_treated
    gaps, sizes = [], []
    for g in arrays.cohorts:
        when = (arrays.periods < g) & (arrays.periods >= g - SELECTION)
        means = pd.DataFrame(arrays.value[:, when]).mean(axis=1).to_numpy()
        own, others = (means[side & np.isfinite(means)] for side in (arrays.first == g, never if never.any() else arrays.first > g))
        if len(own) and len(others):
            gaps.append(own.mean() - others.mean())
            sizes.append(len(own))
    return float(np.average(gaps, weights=sizes)) if gaps else np.nan


def _autocorrelation(residual: np.ndarray) -> float:
    """First-order autocorrelation within units, corrected for the means taken out; between 0 and 0.95, 0 where nothing varies."""
    t = residual.shape[1]
    total = float((residual**2).sum())
    if total == 0:  # nothing varies within units
        return 0.0
    found = float((residual[:, 1:] * residual[:, :-1]).sum()) / total
    return float(np.clip(found + (1 + 3 * max(found, 0.0)) / t, 0.0, 0.95))


def _variance_of_mean(n: int, rho: float) -> float:
    """Variance of the mean of n months with autocorrelation rho^lag, in units of the variance of one."""
    lags = np.arange(1, n)
    return float((1 + 2 * ((1 - lags / n) * rho**lags).sum()) / n)
