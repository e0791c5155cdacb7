"""Uncertainty by leaving out one assignment at a time, on either side of the comparison; for any estimator."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from commresearch.errors import DesignError, EstimationError
from commresearch.impact.arrays import COUNTS, PanelArrays

#: A point estimate from arrays; raises DesignError or EstimationError where there is none.
Point = Callable[[PanelArrays], float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Jackknife:
    """What becomes of an estimate without each of the assignments.

    estimate : float
        With all of them.
    without : float array (G,)
        Without each, in the order of `PanelArrays.assignments`; NaN where none can be made without it.
    treated : bool array (G,)
        Which of them are treated.
    std_error : float
        Root of the variances of the two sides; infinite where one side cannot be varied.
    df : float
        Degrees of freedom of its t, after Satterthwaite, from the variances of the two sides and from how unequally their members enter.
    """

    estimate: float
    without: np.ndarray
    treated: np.ndarray
    std_error: float
    df: float


def cluster_jackknife(point: Point, arrays: PanelArrays) -> Jackknife:
    """Leave out one assignment at a time.

    The variance is that of a jackknife stratified by treatment, Σ_s (G_s − 1)/G_s Σ_g (θ₍g₎ − θ̄_s)², s: treated, untreated. For a difference of
    two means of members that enter alike it is the variance of Welch's test, and df are those of Welch; where a few large members carry a
    side, its variance is known less well than their number says, and df are fewer.

    Returns
    -------
    Jackknife
        Where one side has a single member that can be left out, or none, all are one stratum; where the comparison stands on a single member
        the standard error is infinite.
    """
    whole = point(arrays)
    g = len(arrays.assignments)
    without = np.array([_without(point, arrays, c) for c in range(g)])
    treated = np.zeros(g, dtype=bool)
    treated[np.unique(arrays.cluster[arrays.ever_treated])] = True
    split = (treated.sum() > 1 and (~treated).sum() > 1) or np.isnan(without).any()
    sides = [treated, ~treated] if split and treated.any() and (~treated).any() else [np.ones(g, dtype=bool)]
    shares = _shares(arrays)
    parts = [_part(without[side], shares[side]) for side in sides]
    variance = sum(v for v, _ in parts)
    weights = sum(v * v / df for v, df in parts if df > 0 and v > 0)
    df = variance * variance / weights if 0 < variance < np.inf and weights > 0 else 1.0
    return Jackknife(estimate=whole, without=without, treated=treated, std_error=float(np.sqrt(variance)), df=float(df))


def _without(point: Point, arrays: PanelArrays, cluster: int) -> float:
    try:
        return point(arrays.take(arrays.cluster != cluster))
    except (DesignError, EstimationError):  # the comparison stands on this assignment alone
        return np.nan


def _part(without: np.ndarray, shares: np.ndarray) -> tuple[float, float]:
    """Variance that one side adds, and its degrees of freedom; infinite where the estimate stands or falls with one of its members."""
    n = len(without)
    if n < 2 or np.isnan(without).any():
        return np.inf, float(n - 1)
    return float((n - 1) / n * np.square(without - without.mean()).sum()), degrees_of_freedom(shares)


def degrees_of_freedom(shares: np.ndarray) -> float:
    """Degrees of freedom of the jackknife variance of a weighted mean of independent values of equal variance, by its first two moments.

    Without member g the mean moves by −w_g (y_g − ȳ) / (1 − w_g); the variance is a quadratic form y'By, df = (tr B)² / tr B². Equal shares give
    n − 1 (Satterthwaite 1946; Bell & McCaffrey 2002 for regressions).

    Parameters
    ----------
    shares : float array (n,)
        Not negative, in any unit; n of 2 or more.
    """
    n = len(shares)
    w = shares / shares.sum() if 0 < shares.max() < shares.sum() else np.full(n, 1 / n)  # one member alone: nothing to weigh
    pull = w / (1 - w)
    moves = np.diag(pull) - np.outer(pull, w)
    spread = moves - moves.mean(axis=0)
    square = spread @ spread.T
    return float(np.trace(square) ** 2 / np.square(square).sum())


def _shares(arrays: PanelArrays) -> np.ndarray:
    """What each assignment brings to an effect: cases or weights of its months, of treated units those from the start on."""
    used = arrays.observed & (arrays.treated | ~arrays.ever_treated[:, None])
    counted = arrays.unit in COUNTS and bool(np.isfinite(arrays.numerator[arrays.observed]).all())
    brought = arrays.weight * (np.nan_to_num(arrays.numerator) if counted else 1.0)
    return np.bincount(arrays.cluster, weights=np.where(used, brought, 0.0).sum(axis=1), minlength=len(arrays.assignments))
