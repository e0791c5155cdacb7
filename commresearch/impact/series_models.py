"""Regressions of one series: least squares, Prais-Winsten, Poisson and negative binomial, with Newey-West covariances."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import linalg, special

from commresearch.errors import EstimationError, Failure

Family = Literal["gaussian", "poisson", "quasipoisson", "negative_binomial"]
Vcov = Literal["hac", "model", "prais_winsten"]
ROUNDS = 200
SETTLED = 1e-12  #: largest step of a coefficient, in units of one over the largest entry of its column
LARGEST_THETA = 1e7  #: from here on a negative binomial law cannot be told from a Poisson law


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesFit:
    """Coefficients of one series of n months.

    coefficient : float array (k,)
        On the scale of the link: the value itself, or its logarithm.
    vcov : float array (k, k)
    fitted : float array (n,)
    dispersion : float
        Residual variance (gaussian), Pearson's χ² over n − k (counts).
    theta : float
        Of the negative binomial law, variance μ + μ²/θ; infinite for the others.
    rho : float
        Correlation of one month's residual with the next; of Prais-Winsten the one that was taken out.
    lag : int
        Of Newey-West; 0 where it is not used.
    """

    coefficient: np.ndarray
    vcov: np.ndarray
    fitted: np.ndarray
    dispersion: float
    theta: float
    rho: float
    lag: int


def newey_west_lag(n: int) -> int:
    """⌊4 (n/100)^(2/9)⌋ (Newey and West 1994)."""
    return int(4 * (n / 100) ** (2 / 9))


def fit_series(
    x: np.ndarray, y: np.ndarray, time: np.ndarray, *, family: Family, vcov: Vcov, exposure: np.ndarray | None = None, lag: int | None = None
) -> SeriesFit:
    """A regression of one series.

    Parameters
    ----------
    x, y : float array (n, k), (n,)
    time : int array (n,)
        Ascending; months that are missing between two count in lags and in Prais-Winsten.
    family : {"gaussian", "poisson", "quasipoisson", "negative_binomial"}
        Identity or log link.
    vcov : {"hac", "model", "prais_winsten"}
        Newey-West with Bartlett weights, not prewhitened, times n/(n−k); that of the law, times the dispersion for quasipoisson; that of least
        squares on the transformed series (gaussian only).
    exposure : float array (n,), optional
    lag : int, optional
        Of Newey-West; `newey_west_lag` where not given.

    Returns
    -------
    SeriesFit

    Raises
    ------
    EstimationError
        Columns that depend on each other, no maximum of the likelihood, no over-dispersion for the negative binomial law (CR-I35).
    """
    n, k = x.shape
    if vcov == "prais_winsten":
        return _prais_winsten(x, y, time)
    if family == "gaussian":
        beta = _inverse(x.T @ x) @ (x.T @ y)
        theta, fitted, weight = np.inf, x @ beta, np.ones(n)
        residual = y - fitted
        dispersion = float(residual @ residual / (n - k))
    else:
        offset = np.zeros(n) if exposure is None else np.log(exposure)
        beta, theta = _negative_binomial(x, y, offset) if family == "negative_binomial" else (_log_link(x, y, offset, np.inf), np.inf)
        fitted = np.exp(x @ beta + offset)
        weight, residual = fitted / (1 + fitted / theta), (y - fitted) / (1 + fitted / theta)
        dispersion = float(((y - fitted) ** 2 / (fitted + fitted**2 / theta)).sum() / (n - k))
    bread = _inverse(x.T @ (x * weight[:, None]))
    lags = 0 if vcov == "model" else newey_west_lag(n) if lag is None else lag
    scale = dispersion if family in ("gaussian", "quasipoisson") else 1.0
    covariance = bread * scale if vcov == "model" else bread @ _long_run(x * residual[:, None], time, lags) @ bread * n / (n - k)
    return SeriesFit(
        coefficient=beta, vcov=covariance, fitted=fitted, dispersion=dispersion, theta=float(theta), rho=_next(residual / np.sqrt(weight), time), lag=lags
    )


def _long_run(score: np.ndarray, time: np.ndarray, lag: int) -> np.ndarray:
    """Σ_l (1 − l/(L+1)) (Γ_l + Γ_l'), Γ_l = Σ_t s_t s_t−l', missing months counting as no score (Parzen 1963)."""
    whole = np.zeros((int(time[-1] - time[0]) + 1, score.shape[1]))
    whole[time - time[0]] = score
    total = whole.T @ whole
    for step in range(1, min(lag, len(whole) - 1) + 1):
        product = whole[step:].T @ whole[:-step]
        total += (1 - step / (lag + 1)) * (product + product.T)
    made: np.ndarray = total
    return made


def _next(residual: np.ndarray, time: np.ndarray) -> float:
    """Σ e_t e_t−1 / Σ e_t−1² over pairs of months that follow one another."""
    pairs = np.diff(time) == 1
    before = residual[:-1][pairs]
    return float(residual[1:][pairs] @ before / (before @ before)) if before.any() else np.nan


def _prais_winsten(x: np.ndarray, y: np.ndarray, time: np.ndarray) -> SeriesFit:
    """Least squares on the series with first-order autocorrelation taken out, both iterated to the end.

    Rows are y_t − ρ^g y_t−g over √((1−ρ^2g)/(1−ρ²)), g months apart; the first is √(1−ρ²) y_1.
    """
    (n, k), rho = x.shape, 0.0
    apart = np.diff(time)
    for _ in range(ROUNDS):
        power = rho**apart
        scale = np.sqrt((1 - rho**2) / (1 - power**2)) if rho else np.ones(n - 1)
        left, right = (
            np.concatenate([np.sqrt(1 - rho**2) * v[:1], (v[1:] - (power * v[:-1].T).T) * (scale if v.ndim == 1 else scale[:, None])]) for v in (x, y)
        )
        bread = _inverse(left.T @ left)
        beta = bread @ (left.T @ right)
        new = _next(y - x @ beta, time)
        if not abs(new) < 1:
            break
        if abs(new - rho) < SETTLED:
            dispersion = float(np.square(right - left @ beta).sum() / (n - k))
            return SeriesFit(coefficient=beta, vcov=bread * dispersion, fitted=x @ beta, dispersion=dispersion, theta=np.inf, rho=new, lag=0)
        rho = new
    raise EstimationError(Failure(code="CR-I35"))


def _log_link(x: np.ndarray, y: np.ndarray, offset: np.ndarray, theta: float, start: np.ndarray | None = None) -> np.ndarray:
    """Fisher scoring of a Poisson (θ infinite) or negative binomial law with known θ."""
    size = np.abs(x).max(axis=0)
    beta = _inverse(x.T @ x) @ (x.T @ (np.log(y + 0.5) - offset)) if start is None else start
    for _ in range(ROUNDS):
        mu = np.exp(np.clip(x @ beta + offset, -700, 700))
        over = 1 + mu / theta
        step = _inverse(x.T @ (x * (mu / over)[:, None])) @ (x.T @ ((y - mu) / over))
        step = step * min(1.0, 5.0 / max(float(np.abs(x @ step).max()), 1e-300))
        beta = beta + step
        if (np.abs(step) * size).max() < SETTLED:
            return np.asarray(beta)
        # Rounding of large counts keeps steps from falling further.
        if (np.abs(step) * size).max() < 1e-9 and np.abs(x.T @ ((y - mu) / over)).max() < 1e-9 * float((size * y.sum()).max()):
            return np.asarray(beta)
    raise EstimationError(Failure(code="CR-I35"))


def _negative_binomial(x: np.ndarray, y: np.ndarray, offset: np.ndarray) -> tuple[np.ndarray, float]:
    """Coefficients and θ in turn until both rest: the joint maximum of the likelihood."""
    beta = _log_link(x, y, offset, np.inf)
    mu = np.exp(x @ beta + offset)
    over = float(np.square(y - mu).sum() - mu.sum())
    if over <= 0:
        raise EstimationError(Failure(code="CR-I35"))
    log_theta = np.log(np.square(mu).sum() / over)
    for _ in range(ROUNDS):
        new = _best_theta(y, mu, log_theta)
        beta_new = _log_link(x, y, offset, np.exp(new), beta)
        moved = max(abs(new - log_theta), float(np.abs(x @ (beta_new - beta)).max()))
        beta, log_theta, mu = beta_new, new, np.exp(x @ beta_new + offset)
        if moved < 1e-11:
            return beta, float(np.exp(log_theta))
    raise EstimationError(Failure(code="CR-I35"))


def _best_theta(y: np.ndarray, mu: np.ndarray, log_theta: float) -> float:
    """Log θ where the likelihood has its maximum for given means, by Newton's method on log θ."""
    for _ in range(ROUNDS):
        theta = np.exp(log_theta)
        score = float((special.digamma(y + theta) - special.digamma(theta) + np.log(theta / (theta + mu)) + 1 - (y + theta) / (mu + theta)).sum())
        bend = special.polygamma(1, y + theta) - special.polygamma(1, theta) + 1 / theta
        curve = float((bend - 2 / (mu + theta) + (y + theta) / (mu + theta) ** 2).sum())
        second = theta * score + theta**2 * curve
        step = -theta * score / second if second < 0 else np.sign(score)
        log_theta = log_theta + float(np.clip(step, -2, 2))
        if log_theta > np.log(LARGEST_THETA):
            break
        if abs(step) < 1e-12 or abs(score * theta) < 1e-11 * len(y):
            return float(log_theta)
    raise EstimationError(Failure(code="CR-I35"))


def _inverse(cross: np.ndarray) -> np.ndarray:
    """Inverse of a positive definite cross-product.

    Raises
    ------
    EstimationError
        Columns depend on each other, or the numbers ran away (CR-I35).
    """
    scale = np.sqrt(np.diag(cross))
    if not (np.isfinite(scale).all() and (scale > 0).all()):
        raise EstimationError(Failure(code="CR-I35"))
    scaled = cross / np.outer(scale, scale)
    values = linalg.eigvalsh(scaled)
    if values[0] < 1e-12 * values[-1]:
        raise EstimationError(Failure(code="CR-I35"))
    made: np.ndarray = linalg.inv(scaled) / np.outer(scale, scale)
    return made
