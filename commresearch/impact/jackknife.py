"""Uncertainty by leaving out one assignment at a time, on either side of the comparison; for any estimator."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from commresearch.errors import DesignError, EstimationError
from commresearch.impact.arrays import PanelArrays

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
        Degrees of freedom of its t, after Satterthwaite, from the variances of the two sides.
    """

    estimate: float
    without: np.ndarray
    treated: np.ndarray
    std_error: float
    df: float


def cluster_jackknife(point: Point, arrays: PanelArrays) -> Jackknife:
    """Leave out one assignment at a time.

    The variance is that of a jackknife stratified by treatment, Σ_s (G_s − 1)/G_s Σ_g (θ₍g₎ − θ̄_s)², s: treated, untreated. For a difference of
    two means it is the variance of Welch's test, and df are those of Welch.

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
    parts = [_part(without[side]) for side in sides]
    variance = sum(v for v, _ in parts)
    weights = sum(v * v / (n - 1) for v, n in parts if n > 1 and v > 0)
    df = variance * variance / weights if 0 < variance < np.inf and weights > 0 else 1.0
    return Jackknife(estimate=whole, without=without, treated=treated, std_error=float(np.sqrt(variance)), df=float(df))


def _without(point: Point, arrays: PanelArrays, cluster: int) -> float:
    try:
        return point(arrays.take(arrays.cluster != cluster))
    except (DesignError, EstimationError):  # the comparison stands on this assignment alone
        return np.nan


def _part(without: np.ndarray) -> tuple[float, int]:
    """Variance that one side adds, and its size; infinite where the estimate stands or falls with one of its members."""
    n = len(without)
    if n < 2 or np.isnan(without).any():
        return np.inf, n
    return float((n - 1) / n * np.square(without - without.mean()).sum()), n
