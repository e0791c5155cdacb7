"""Intervals where the trend after the start deviates from parallel by at most a multiple of the largest deviation before it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special

from commresearch.errors import EstimationError, Failure
from commresearch.impact.conditional_test import FIRST_STAGE, Moments, accepts

HALF_WIDTH = 20.0  #: of the grid, in standard errors of the target, beside what the largest change before allows
FINE_GRID = 1000  #: points of the grid that is made finer
WIDENINGS = 10  #: doublings of the grid before an end counts as infinite
FINER = 64  #: points of a finer grid within the last step, twice
NODES = 200  #: of Gauss-Legendre, for the first stage
FAR = 9.0  #: standard deviations beyond which a normal law has nothing
NO_SPREAD = 1e-6  #: of a comparison, in the largest standard error: the covariance says that it is known exactly
WITHOUT_SPREAD = {
    "zh": "它说试点后各期与最大偏离之间的差没有误差（这些系数完全相关），条件检验无法进行",
    "en": "it says that differences of the effects from the largest deviation have no error (those coefficients determine one another), and cannot be tested",
}
LEAST_SPREAD = 1e-12  #: relative standard deviation below which a variable counts as fixed by the other


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventStudy:
    """Coefficients in order of time, the reference period left out.

    estimates, vcov : float array (K + L,), (K + L, K + L)
    n_pre : int
        K.
    target : float array (L,)
        Weights of the periods after the start.
    """

    estimates: np.ndarray
    vcov: np.ndarray
    n_pre: int
    target: np.ndarray

    @property
    def on_target(self) -> np.ndarray:
        """Weights of all coefficients in the target, (K + L,)."""
        return np.concatenate([np.zeros(self.n_pre), self.target])


def relative_interval(study: EventStudy, bound: float, *, alpha: float, points: int | None) -> tuple[float, float]:
    """Hull of the θ that the conditional test accepts for some place and sign of the largest change before the start.

    Δ(M̄) = ∪ over s, ± of {δ: |δ_{t+1} − δ_t| ≤ M̄ m for t after, m = ±(δ_{s+1} − δ_s)}: for each part θ = target'τ is held against the
    inequalities by `accepts`; the union of what is accepted has the coverage asked for, since the true δ lies in one of the parts.

    Parameters
    ----------
    study : EventStudy
    bound : float
        M̄.
    alpha : float
    points : int, optional
        Of the grid, as the reference has it: θ̂ ± (20 standard errors + M̄ |target|'(1 … L) × largest estimated change before). Ends are the
        outermost accepted points. None: ends on ever finer grids.

    Returns
    -------
    low, high : float
        Infinite where nothing within the widest grid is rejected.

    Raises
    ------
    EstimationError
        The covariance leaves a moment of the test without variance (CR-I47).
    """
    tests = [_moments(study, change, bound, alpha) for change in _changes_before(study)]

    def accepted(theta: np.ndarray) -> np.ndarray:
        return np.asarray(np.any([accepts(m, theta, alpha=alpha, first_stage=c) for m, c in tests], axis=0))

    centre = float(study.on_target @ study.estimates)
    largest = float(np.abs(np.diff(np.append(study.estimates[: study.n_pre], 0.0))).max())
    reach = bound * largest * float(np.arange(1, len(study.target) + 1) @ np.abs(study.target))
    half = HALF_WIDTH * math.sqrt(float(study.on_target @ study.vcov @ study.on_target)) + reach
    for _ in range(WIDENINGS):
        theta = centre + np.linspace(-half, half, FINE_GRID if points is None else points)
        inside = accepted(theta)
        if not (inside[0] or inside[-1]):
            break
        half *= 2
    if not inside.any():  # a grid too coarse to meet the interval; the estimate itself is in it
        return _finer(accepted, theta, centre, -1), _finer(accepted, theta, centre, 1)
    first, last = theta[inside][0], theta[inside][-1]
    low = -math.inf if inside[0] else float(first) if points is not None else _finer(accepted, theta, first, -1)
    high = math.inf if inside[-1] else float(last) if points is not None else _finer(accepted, theta, last, 1)
    return low, high


def _finer(accepted: Callable[[np.ndarray], np.ndarray], theta: np.ndarray, end: float, side: int) -> float:
    """The end of what is accepted, between an accepted point and the next of the grid, to 1/4096 of a step."""
    step = float(theta[1] - theta[0])
    for _ in range(2):
        finer = end + side * np.linspace(0.0, step, FINER + 1)
        inside = accepted(finer)
        inside[0] = True
        end, step = float(finer[inside][-1]), step / FINER
    return float(end)


def _changes_before(study: EventStudy) -> list[np.ndarray]:
    """±(δ_{s+1} − δ_s) before the start as weights of the coefficients, the reference period being zero: 2K of them."""
    k, size = study.n_pre, len(study.estimates)
    differences = np.zeros((k, size))
    differences[np.arange(k), np.arange(k)] = -1
    differences[np.arange(k - 1), np.arange(1, k)] = 1
    return [sign * row for row in differences for sign in (1.0, -1.0)]


def _moments(study: EventStudy, change: np.ndarray, bound: float, alpha: float) -> tuple[Moments, float]:
    """Moments of the periods after the start: the vertices of the dual programme, which are few.

    The inequalities ±(D_t(β − τ)) − M̄ m'β ≤ 0 are freed of the τ that are not the target by weights λ ≥ 0 that sum to one in standard
    deviations. The vertices: λ⁺ − λ⁻ = ±D⁻ᵀ target, which bounds θ from below and above, and λ⁺ = λ⁻ on one t, which says that m is not negative.
    """
    after = len(study.target)
    steps = np.eye(after) - np.eye(after, k=-1)
    wide = np.hstack([np.zeros((after, study.n_pre)), steps])
    up, down = (_deviations(sign * wide - bound * change, study.vcov) for sign in (1.0, -1.0))
    weights = np.linalg.solve(steps.T, study.target)
    plus, minus = np.maximum(weights, 0.0), np.maximum(-weights, 0.0)
    norm = np.array([plus @ up + minus @ down, minus @ up + plus @ down])
    least_spread = NO_SPREAD * math.sqrt(float(np.diag(study.vcov).max()))
    own = math.sqrt(max(float(study.on_target @ study.vcov @ study.on_target), 0.0))
    if min(own, *norm) <= least_spread * float(np.abs(study.target).max()) or (bound > 0 and (up + down).min() <= least_spread * bound):
        raise EstimationError(Failure(code="CR-I47", values={"reason": WITHOUT_SPREAD}))
    total = bound * np.abs(weights).sum()
    rows = np.stack([study.on_target - total * change, -study.on_target - total * change]) / norm[:, None]
    slope = np.concatenate([np.array([1.0, -1.0]) / norm, np.zeros(after if bound > 0 else 0)])
    if bound > 0:
        rows = np.vstack([rows, -2 * bound * change / (up + down)[:, None]])
    moments = Moments(values=rows @ study.estimates, slope=slope, covariance=rows @ study.vcov @ rows.T)
    least = -1 / (2 * bound / (up + down).min()) if bound > 0 else -math.inf
    return moments, _two_variables(study, change, norm, total, least, alpha)


def _two_variables(study: EventStudy, change: np.ndarray, norm: np.ndarray, total: float, least: float, alpha: float) -> float:
    """Critical value of the first stage: the moments depend on x = target'ξ and m = change'ξ only, so it is an integral over m.

    P(max ≤ c) = ∫ over m ≥ c·least of φ(m) P(−c norm₂ − total·m ≤ x ≤ c norm₁ + total·m | m) dm.
    """
    var_x, var_m, both = (float(a @ study.vcov @ b) for a, b in ((study.on_target, study.on_target), (change, change), (study.on_target, change)))
    sd_m = math.sqrt(var_m)
    lean = both / var_m if var_m > 0 else 0.0
    sd_x = math.sqrt(max(var_x - lean * both, LEAST_SPREAD**2 * var_x))
    nodes, shares = _nodes()

    def missing(c: float) -> float:
        low = -FAR if math.isinf(least) or sd_m == 0 else max(c * least / sd_m, -FAR)
        z = low + (FAR - low) * (nodes + 1) / 2
        m = z * sd_m
        inside = special.ndtr((c * norm[0] + (total - lean) * m) / sd_x) - special.ndtr((-c * norm[1] - (total + lean) * m) / sd_x)
        density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        return float((FAR - low) / 2 * (shares * density * inside).sum()) - (1 - FIRST_STAGE * alpha)

    from scipy.optimize import brentq

    return float(brentq(missing, 0.0, FAR, xtol=1e-10))


@cache
def _nodes() -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.legendre.leggauss(NODES)


def _deviations(rows: np.ndarray, vcov: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", rows, vcov, rows), 0.0)))
