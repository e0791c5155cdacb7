"""Shortest fixed-length intervals where the slope of the deviation from parallel changes by at most M from period to period."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import linalg, special

from commresearch.errors import EstimationError, Failure
from commresearch.impact.honest_relative import EventStudy

HALVINGS = 60  #: of the bracket of a critical value
PER_PIECE = 64  #: points on every straight piece of the path
ZOOMS = 4  #: finer grids around the best point
SAME = 1e-12  #: relative; where two events on the path fall together
LEAST_EIGENVALUE = 1e-10  #: of the correlations before the start
SINGULAR = {
    "zh": "试点前各期系数的协方差矩阵是奇异的（集群数少于系数个数时会这样）",
    "en": "that of the coefficients before the start is singular (as with fewer clusters than coefficients)",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frontier:
    """Estimators with the least variance for their worst bias, as the corners of a path of straight pieces.

    weights : float array (P, K + L)
        Of all coefficients; those after the start are the target's.
    bias : float array (P,)
        Largest bias per unit of M.
    """

    weights: np.ndarray
    bias: np.ndarray


def smoothness_interval(study: EventStudy, frontier: Frontier, bound: float, *, alpha: float) -> tuple[float, float]:
    """The interval a'β̂ ± χ of least length among linear estimators a.

    Δ(M) = {δ: |(δ_{t+1} − δ_t) − (δ_t − δ_{t−1})| ≤ M}; with h² = a'Σa and worst bias b = M Σ|coefficients of second differences in a'δ|,
    χ = h · cv(b / h), where P(|N(x, 1)| ≤ cv(x)) = 1 − α (Rambachan & Roth 2023; Armstrong & Kolesár 2018).

    Returns
    -------
    low, high : float
    """
    share = np.linspace(0.0, 1.0, PER_PIECE)
    corners = np.arange(len(frontier.bias))
    places = (corners[:-1, None] + share).ravel() if len(corners) > 1 else corners.astype(float)
    for _ in range(ZOOMS + 1):
        weights, bias = (np.stack([np.interp(places, corners, c) for c in f.T], axis=1) for f in (frontier.weights, frontier.bias[:, None]))
        spread = np.sqrt(np.einsum("pi,ij,pj->p", weights, study.vcov, weights))
        half = spread * folded_critical(bound * bias[:, 0] / spread, alpha)
        best = int(half.argmin())
        found = float(weights[best] @ study.estimates), float(half[best])
        places = np.linspace(places[max(best - 1, 0)], places[min(best + 1, len(places) - 1)], PER_PIECE)
    return found[0] - found[1], found[0] + found[1]


def folded_critical(bias: np.ndarray, alpha: float) -> np.ndarray:
    """The x with P(|N(bias, 1)| ≤ x) = 1 − α: between bias + z(1 − α) and bias + z(1 − α/2), by halving."""
    low, high = bias + special.ndtri(1 - alpha), bias + special.ndtri(1 - alpha / 2)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        short = special.ndtr(middle - bias) - special.ndtr(-middle - bias) < 1 - alpha
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.asarray((low + high) / 2)


def frontier(study: EventStudy) -> Frontier:
    """All estimators that minimise ½ variance + κ · worst bias for some κ ≥ 0.

    With unbiasedness under straight lines the weights before the start are second differences of K − 1 free numbers c, the coefficients of the
    second differences before the start: ½ c'Qc + q'c + κ‖c‖₁, followed from c = 0 down to κ = 0 along its straight pieces.

    Returns
    -------
    Frontier

    Raises
    ------
    EstimationError
        The covariance of coefficients before the start is singular (CR-I47).
    """
    require_regular(study)
    before, after = study.n_pre, len(study.target)
    lead = float(np.arange(1, after + 1) @ study.target)
    # Weight t periods before the start: c_{t-1} − 2c_t + c_{t+1}, with c_0 = lead; columns in order of time.
    second = (np.eye(before, before + 2) - 2 * np.eye(before, before + 2, k=1) + np.eye(before, before + 2, k=2))[::-1]
    fixed = np.concatenate([lead * second[:, 0], study.target])
    free = np.vstack([second[:, 1:before], np.zeros((after, before - 1))])
    after_bias = sum(abs(float(np.arange(1, after - s + 1) @ study.target[s:])) for s in range(after))
    path = _lasso_path(free.T @ study.vcov @ free, free.T @ study.vcov @ fixed)
    return Frontier(weights=fixed + path @ free.T, bias=after_bias + np.abs(path).sum(axis=1))


def require_regular(study: EventStudy) -> None:
    """Refuse coefficients before the start that determine one another.

    Raises
    ------
    EstimationError
        Their covariance is singular (CR-I47).
    """
    sd = np.sqrt(np.diag(study.vcov)[: study.n_pre])
    if np.linalg.eigvalsh(study.vcov[: study.n_pre, : study.n_pre] / np.outer(sd, sd))[0] < LEAST_EIGENVALUE:
        raise EstimationError(Failure(code="CR-I47", values={"reason": SINGULAR}))


def _lasso_path(quadratic: np.ndarray, linear: np.ndarray) -> np.ndarray:
    """Corners (P, k) of the minimisers of ½ c'Qc + q'c + κ‖c‖₁ as κ falls from where c = 0 to nothing."""
    size = len(linear)
    corners = [np.zeros(size)]
    if size == 0:
        return np.array(corners)
    c, kappa = np.zeros(size), float(np.abs(linear).max())
    active = [int(np.abs(linear).argmax())]
    sign = -np.sign(linear)
    while kappa > 0 and active:
        rate = np.zeros(size)  # of c as κ falls
        rate[active] = linalg.solve(quadratic[np.ix_(active, active)], sign[active], assume_a="pos")
        gradient, change = quadratic @ c + linear, quadratic @ rate
        step, place, joins = _next_event(c, rate, gradient, change, kappa, active)
        c, kappa = c + step * rate, kappa - step
        if place is not None and joins:
            sign[place] = -np.sign(gradient[place] + step * change[place])
            active.append(place)
        elif place is not None:
            c[place] = 0.0
            active.remove(place)
        corners.append(c.copy())
        if place is None:
            break
    return np.array(corners)



def _next_event(
    c: np.ndarray, rate: np.ndarray, gradient: np.ndarray, change: np.ndarray, kappa: float, active: list[int]
) -> tuple[float, int | None, bool]:
    """How far κ falls until a number joins (its gradient reaches κ) or leaves (it reaches zero); all the way where nothing happens."""
    step, place, joins = kappa, None, False
    for j in range(len(c)):
        if j in active:
            at = -c[j] / rate[j] if c[j] * rate[j] < 0 else math.inf
            options = [(at, False)]
        else:
            options = [((kappa - side * gradient[j]) / (1 + side * change[j]), True) for side in (1.0, -1.0) if 1 + side * change[j] > 0]
        for at, joining in options:
            if SAME * kappa < at < step:
                step, place, joins = float(at), j, joining
    return step, place, joins
