"""Test of linear moment inequalities by their largest one, conditional on which it is (Andrews, Roth & Pakes 2023), with a least-favourable first stage."""

from dataclasses import dataclass

import numpy as np
from scipy import special

#: Share of the level that the first stage takes.
FIRST_STAGE = 0.1
#: Directions nearer than this count as parallel.
PARALLEL = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """J linear functions of the coefficients that are at most zero in expectation where the hypothesis holds, at its least favourable point.

    values : float array (J,)
        At θ = 0.
    slope : float array (J,)
        What θ takes from each: moment j at θ is values_j − slope_j θ.
    covariance : float array (J, J)
        Diagonal above zero.
    """

    values: np.ndarray
    slope: np.ndarray
    covariance: np.ndarray


def accepts(moments: Moments, theta: np.ndarray, *, alpha: float, first_stage: float) -> np.ndarray:
    """Whether each θ is compatible with the moments.

    With η = max_j m_j(θ), attained at j: rejected where η > `first_stage` (a critical value of level κ = α/10); else η / σ_j is held against the
    1 − (α − κ)/(1 − κ) quantile, at least 0, of a standard normal law cut to [lo, up], the values that leave j the largest given the
    rest: m_k − (σ_jk/σ_j²) m_j = z_k is independent of m_j, so lo = max z_k / (1 − σ_jk/σ_j²) where that is positive, up the least where negative.

    Parameters
    ----------
    moments : Moments
    theta : float array (G,)
    alpha : float
    first_stage : float
        Critical value that η exceeds with probability κ where all moments are zero in expectation.

    Returns
    -------
    bool array (G,)
    """
    at = moments.values[:, None] - moments.slope[:, None] * theta
    eta = at.max(axis=0)
    made = eta <= 0  # the critical value is never below zero
    open_ = np.flatnonzero((eta > 0) & (eta <= first_stage))
    if not len(open_):
        return np.asarray(made)
    at, eta = at[:, open_], eta[open_]
    largest = at.argmax(axis=0)
    variance = moments.covariance[largest, largest]
    rho = (moments.covariance[largest] / variance[:, None]).T
    gap = 1 - rho
    rest = at - rho * eta
    bound = np.divide(rest, gap, out=np.zeros_like(rest), where=np.abs(gap) > PARALLEL)
    low = np.where(gap > PARALLEL, bound, -np.inf).max(axis=0)
    high = np.minimum(np.where(gap < -PARALLEL, bound, np.inf).min(axis=0), first_stage)
    sigma = np.sqrt(variance)
    kappa = FIRST_STAGE * alpha
    cut = cut_normal_quantile(1 - (alpha - kappa) / (1 - kappa), low / sigma, np.maximum(high, low) / sigma)
    made[open_] = eta / sigma <= np.maximum(cut, 0.0)
    return np.asarray(made)


def cut_normal_quantile(p: float, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Quantile of a standard normal law cut to [low, high], in logarithms, so that far tails keep their digits.

    Returns
    -------
    float array
        Within [low, high].
    """
    flip = low > 0
    left, right, q = np.where(flip, -high, low), np.where(flip, -low, high), np.where(flip, 1 - p, p)
    log_p = np.logaddexp(np.log1p(-q) + special.log_ndtr(left), np.log(q) + special.log_ndtr(right))
    made = special.ndtri_exp(log_p)
    return np.asarray(np.clip(np.where(flip, -made, made), low, high))
