"""What a test of pre-trends can see, and what it lets pass (Roth 2022)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special

from commresearch.errors import EstimationError, Failure
from commresearch.impact.honest import event_study
from commresearch.impact.honest_relative import EventStudy
from commresearch.impact.honest_smoothness import require_regular

TARGET_POWERS = (0.5, 0.8)
LEVEL = 0.05  #: of the pre-test, by coefficient
POINTS = 2**14  #: of the lattice
SLOPE_ERROR = 1e-9  #: relative
DOUBLINGS = 60  #: of a slope until the power is reached


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PretrendPower:
    """A straight pre-trend that the pre-test finds with a stated power.

    power : float
        Share of samples in which some coefficient before the start is significant by itself.
    slope : float
        Of the trend by period, above zero, in units of the outcome.
    bias : float array (L,)
        Of the coefficients after the start, under this trend.
    bias_given_pass : float array (L,)
        The same among samples that pass the pre-test.
    """

    power: float
    slope: float
    bias: np.ndarray
    bias_given_pass: np.ndarray


def pretrend_power(
    vcov: Sequence[Sequence[float]] | np.ndarray, *, n_pre: int, n_post: int, powers: Sequence[float] = TARGET_POWERS, level: float = LEVEL,
) -> tuple[PretrendPower, ...]:
    """Slopes of straight pre-trends that the usual pre-test finds with stated power, and the bias that they bring.

    β̂ ~ N(slope · t, Σ), t = −K … −1 before the last period without treatment (the reference, t = 0), 1 … L after it. The pre-test fails where some
    |β̂_t| before exceeds z(1 − level/2) standard errors. Given that it passes, E β̂_after = δ_after + Σ_ab Σ_bb⁻¹ (E[β̂_before | pass] − δ_before).
    Probability and mean of the normal law in the box by sequential conditioning on a fixed lattice (Genz), error about 1e-5.

    Parameters
    ----------
    vcov : array (n_pre + n_post, n_pre + n_post)
        Of the coefficients in order of time, without the reference period.
    n_pre, n_post : int
        K, L.
    powers : sequence of float
        Above the size of the pre-test, below 1.
    level : float

    Returns
    -------
    tuple of PretrendPower

    Raises
    ------
    EstimationError
        The covariance does not fit (CR-I47, CR-I48), or is singular before the start (CR-I47); a power is not between the size of the pre-test and
        1, the level or a count out of range (CR-I49).
    """
    study = event_study(np.zeros(n_pre + n_post), vcov, n_pre=n_pre, n_post=n_post)
    if not 0 < level < 1:
        raise EstimationError(Failure(code="CR-I49", values={"name": "level", "allowed": "0 < … < 1", "got": level}))
    factor = _factor(study)
    critical = -float(special.ndtri(level / 2))
    size = 1 - _passing(study, factor, 0.0, critical)[0]
    wrong = [
        Failure(code="CR-I49", values={"name": "powers", "allowed": f"{size:.4f} < … < 1", "got": p}) for p in powers if not size < p < 1
    ]
    if wrong:
        raise EstimationError(*wrong)
    return tuple(_at_power(study, factor, float(p), critical) for p in powers)


def trend_power(study: EventStudy, slope: float, *, level: float = LEVEL) -> PretrendPower:
    """Power of the pre-test against one slope, and the bias under it.

    Returns
    -------
    PretrendPower

    Raises
    ------
    EstimationError
        The covariance before the start is singular (CR-I47).
    """
    critical = -float(special.ndtri(level / 2))
    passes, mean = _passing(study, _factor(study), slope, critical)
    before, k = slope * np.arange(-study.n_pre, 0.0), study.n_pre
    bias = slope * np.arange(1.0, len(study.target) + 1)
    moved = study.vcov[k:, :k] @ np.linalg.solve(study.vcov[:k, :k], mean - before)
    return PretrendPower(power=1 - passes, slope=slope, bias=bias, bias_given_pass=bias + moved)


def _at_power(study: EventStudy, factor: np.ndarray, power: float, critical: float) -> PretrendPower:
    """The slope with this power; power rises with the slope, as the box is convex and even."""
    from scipy.optimize import brentq

    def above(slope: float) -> float:
        return 1 - _passing(study, factor, slope, critical)[0] - power

    high = float(np.sqrt(np.diag(study.vcov)[: study.n_pre]).min()) / study.n_pre
    for _ in range(DOUBLINGS):
        if above(high) > 0:
            break
        high *= 2
    slope = float(brentq(above, 0.0, high, xtol=SLOPE_ERROR * high))
    return trend_power(study, slope, level=float(2 * special.ndtr(-critical)))


def _factor(study: EventStudy) -> np.ndarray:
    """Lower Cholesky factor of the covariance before the start."""
    require_regular(study)
    return np.linalg.cholesky(study.vcov[: study.n_pre, : study.n_pre])


def _passing(study: EventStudy, factor: np.ndarray, slope: float, critical: float) -> tuple[float, np.ndarray]:
    """Probability that all coefficients before the start are within ±critical standard errors, and their mean where they are.

    One coordinate after another is drawn from its normal law cut to what the box leaves given those before; the product of the probabilities
    is the weight of a point.
    """
    k = study.n_pre
    mean, half = slope * np.arange(-k, 0.0), critical * np.sqrt(np.diag(study.vcov)[:k])
    lattice = _lattice(k)
    z = np.zeros_like(lattice)
    log_weight = np.zeros(lattice.shape[1])
    for i in range(k):
        given = mean[i] + factor[i, :i] @ z[:i]
        low, high = (-half[i] - given) / factor[i, i], (half[i] - given) / factor[i, i]
        flip = low > 0
        low, high = np.where(flip, -high, low), np.where(flip, -low, high)
        at_low, at_high = special.log_ndtr(low), special.log_ndtr(high)
        with np.errstate(divide="ignore"):
            log_weight += at_high + np.log1p(-np.exp(at_low - at_high))
        drawn = special.ndtri_exp(np.logaddexp(np.log1p(-lattice[i]) + at_low, np.log(lattice[i]) + at_high))
        z[i] = np.where(flip, -drawn, drawn)
    top = float(log_weight.max())
    if math.isinf(top):  # nothing passes, to the last digit
        return 0.0, np.full(k, math.nan)
    weight = np.exp(log_weight - top)
    return float(np.exp(top) * weight.mean()), mean + factor @ (z @ weight / weight.sum())


@cache
def _lattice(dimensions: int) -> np.ndarray:
    """Points of a rank-one lattice by square roots of primes, folded (k, POINTS), within (0, 1)."""
    primes: list[int] = []
    candidate = 2
    while len(primes) < dimensions:
        if all(candidate % p for p in primes):
            primes.append(candidate)
        candidate += 1
    points = np.sqrt(np.array(primes, dtype=float))[:, None] * (np.arange(POINTS) + 0.5)
    return np.asarray(np.clip(np.abs(2 * (points % 1.0) - 1), 1e-15, 1 - 1e-15))
