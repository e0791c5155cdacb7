"""The change that a claim states, computed again from the counts: the same units, months, measure; and how much of it chance alone moves."""

import math
import re
from dataclasses import dataclass

import numpy as np

from commresearch.cases.claim import Claim
from commresearch.comparison.claim_against_view import ClaimView
from commresearch.impact.arrays import FEW
from commresearch.impact.result import t_quantile

FEWEST = 6  #: months that the variation of months is told from
ROUNDING = 1e-9  #: of binary fractions, forgiven at the ends of the bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Remeasured:
    """A change from base to period, in the unit of the claim.

    value, low, high : float
        The change, exactly; and its interval, NaN where there is none.
    change, std_error : float
        The same on the scale on which parts add up: logarithm of a ratio, or points.
    base, period : float
        Counted per unit and month, or over its denominator.
    interval_by : str
        assignments, months, counts or none: where the interval comes from, a key `interval_…` of the words.
    n : int
        Of assignments or months that it rests on.
    """

    value: float
    low: float
    high: float
    change: float
    std_error: float
    base: float
    period: float
    interval_by: str
    n: int


def claimed_bounds(claim: Claim) -> tuple[float, float]:
    """What the wording of a claim allows: its qualifier's bounds, else half a unit of its last printed digit on either side.

    An end that the wording leaves open is infinite.
    """
    if claim.qualifier:
        open_ends = [end if not math.isnan(end) else sign * math.inf for end, sign in ((claim.value_low, -1), (claim.value_high, 1))]
        return open_ends[0], open_ends[1]
    decimals = re.search(r"\.([0-9]+)", claim.printed if claim.printed else f"{claim.value:g}")
    half = 0.5 * 10.0 ** -(len(decimals[1]) if decimals else 0)
    return claim.value - half, claim.value + half


def reproduces(claim: Claim, value: float) -> bool:
    """Whether a change lies within what the wording of the claim allows."""
    low, high = claimed_bounds(claim)
    return low - ROUNDING <= value <= high + ROUNDING


def change_of(view: ClaimView) -> float:
    """The change of the claim's units from base to period, on the scale on which parts add up."""
    return view.level(view.scope, view.period) - view.level(view.scope, view.base)


def remeasure(view: ClaimView, conf_level: float) -> Remeasured:
    """The raw change and its interval.

    The change itself is exact. The interval says how far the change of sums would move by chance: with six assignments or more from the differences
    between them (a ratio of sums, linearised, G / (G − 1), t with G − 1 degrees of freedom); with fewer from how much the months of these units before
    the pilot vary around their mean, serial correlation allowed for and never less than the Poisson variance of the counts; with fewer than six such
    months from the Poisson variance alone; of shares then none.
    """
    change = change_of(view)
    error, df, how, n = _error(view)
    half = t_quantile(conf_level, df) * error
    return Remeasured(
        value=view.told(change), low=view.told(change - half), high=view.told(change + half), change=change, std_error=error,
        base=view.ratio_of(view.scope, view.base), period=view.ratio_of(view.scope, view.period), interval_by=how, n=n,
    )


def _error(view: ClaimView) -> tuple[float, float, str, int]:
    """Standard error, degrees of freedom, where they come from, of how many."""
    clusters = np.unique(view.arrays.cluster[view.scope])
    if len(clusters) >= FEW:
        parts = _influence(view, view.period) - _influence(view, view.base)
        g = len(clusters)
        return math.sqrt(float(np.square(parts).sum()) * g / (g - 1)), g - 1.0, "assignments", g
    poisson = _poisson_variance(view)
    series = np.where(view.before, view.series(view.scope), np.nan)
    series = series[np.isfinite(series)]
    if len(series) < FEWEST:
        return (math.sqrt(poisson), math.inf, "counts", 0) if poisson > 0 else (math.nan, math.inf, "none", 0)
    residual = (series - series.mean())[None]
    rho = autocorrelation(residual)
    of_means = sum(variance_of_mean(int(months.sum()), rho) for months in (view.base, view.period))
    return math.sqrt(max(float(series.var(ddof=1)) * of_means, poisson)), len(series) - 1.0, "months", len(series)


def _influence(view: ClaimView, months: np.ndarray) -> np.ndarray:
    """What each assignment adds to the level of these months, linearised; sums to zero, (G,)."""
    cells = np.ix_(view.scope, months)
    cluster = np.unique(view.arrays.cluster[view.scope], return_inverse=True)[1]
    above, below = (np.bincount(cluster, part[cells].sum(axis=1)) for part in (view.above, view.below))
    if view.ratio:
        return np.asarray(above / above.sum() - below / below.sum())
    return np.asarray(100.0 * (above - below * above.sum() / below.sum()) / below.sum())


def _poisson_variance(view: ClaimView) -> float:
    """Variance of the change of a ratio of counts from the counts alone; zero for shares and for what is no whole number."""
    cells = view.above[np.ix_(view.scope, view.base | view.period)]
    if not view.ratio or (cells != np.floor(cells)).any():
        return 0.0
    return sum(1.0 / float(view.above[np.ix_(view.scope, months)].sum()) for months in (view.base, view.period))


def autocorrelation(residual: np.ndarray) -> float:
    """First-order autocorrelation within rows, corrected for the means taken out; between 0 and 0.95, 0 where nothing varies.

    Parameters
    ----------
    residual : float array (N, T)
        Deviations from the means of the rows.
    """
    total = float((residual**2).sum())
    if total == 0:  # nothing varies
        return 0.0
    found = float((residual[:, 1:] * residual[:, :-1]).sum()) / total
    return float(np.clip(found + (1 + 3 * max(found, 0.0)) / residual.shape[1], 0.0, 0.95))


def variance_of_mean(n: int, rho: float) -> float:
    """Variance of the mean of n months with autocorrelation rho^lag, in units of the variance of one."""
    lags = np.arange(1, n)
    return float((1 + 2 * ((1 - lags / n) * rho**lags).sum()) / n)
