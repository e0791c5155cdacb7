"""How far effects differ beyond their sampling error: estimators of tau², solved to the last digits, and its Q-profile interval.

All functions take B problems at once: effects and sampling variances (B, K), a design (K, P) or (B, K, P) that begins with ones. Leave-one-out and
simulations are the same code as a single fit.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from commresearch.comparison.safe_newton import decreasing_root

METHODS = ("common", "dl", "pm", "ml", "reml")
POINTS = 24  #: of the grid on which the highest likelihood is looked for before it is solved
LEAST = 1e-4  #: first point of that grid above zero, as a share of the smallest sampling variance
SMALL = 1e-12  #: of the scale of tau²; what lies below is rounding of zero


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """What every estimator is made of, at given values of tau²; leading shapes are those of tau².

    weights : float array (..., K)
        w = 1 / (v + tau²).
    coefficients : float array (..., P)
        (X'WX)⁻¹ X'Wy.
    covariance : float array (..., P, P)
        (X'WX)⁻¹.
    q, q2, q3 : float array (...)
        y'Py, y'PPy and y'PPPy with P = W − WX(X'WX)⁻¹X'W.
    trace, trace2 : float array (...)
        tr P and tr PP.
    log_det : float array (...)
        log det(X'WX).
    """

    weights: np.ndarray
    coefficients: np.ndarray
    covariance: np.ndarray
    q: np.ndarray
    q2: np.ndarray
    q3: np.ndarray
    trace: np.ndarray
    trace2: np.ndarray
    log_det: np.ndarray


def moments(y: np.ndarray, v: np.ndarray, x: np.ndarray, tau2: np.ndarray) -> Moments:
    """All of them at `tau2` (..., B)."""
    if x.shape[-1] == 1:
        return _one_mean(y, v, tau2)
    w = 1 / (v + tau2[..., None])
    xw = x * w[..., None]
    across = np.swapaxes(xw, -1, -2)
    s1 = across @ x
    s2, s3 = across @ xw, across @ (xw * w[..., None])
    inverse = np.linalg.inv(s1)
    coefficients = (inverse @ (across @ y[..., None]))[..., 0]
    rest = y - (x @ coefficients[..., None])[..., 0]
    py = w * rest
    ppy = w * (py - (x @ (inverse @ (across @ py[..., None])))[..., 0])
    turned = inverse @ s2
    square = np.sum(w * w, axis=-1)
    return Moments(
        weights=w, coefficients=coefficients, covariance=inverse, q=np.sum(py * rest, axis=-1), q2=np.sum(py * py, axis=-1), q3=np.sum(py * ppy, axis=-1),
        trace=np.sum(w, axis=-1) - np.trace(turned, axis1=-2, axis2=-1),
        trace2=square - 2 * np.trace(inverse @ s3, axis1=-2, axis2=-1) + np.trace(turned @ turned, axis1=-2, axis2=-1),
        log_det=np.linalg.slogdet(s1)[1],
    )


def _one_mean(y: np.ndarray, v: np.ndarray, tau2: np.ndarray) -> Moments:
    """The same without moderators, by sums alone: a fit takes a third of the time."""
    w = 1 / (v + tau2[..., None])
    w2 = w * w
    ones = np.ones(y.shape[-1])
    s1, s2, s3 = np.vecdot(w, ones), np.vecdot(w, w), np.vecdot(w, w2)
    mean = np.vecdot(w, y) / s1
    rest = y - mean[..., None]
    py = w * rest
    # P(Py) = W(Py − its weighted mean).
    level = np.vecdot(w, py) / s1
    share = s2 / s1
    return Moments(
        weights=w, coefficients=mean[..., None], covariance=(1 / s1)[..., None, None], q=np.vecdot(py, rest), q2=np.vecdot(py, py),
        q3=np.vecdot(w * py, py - level[..., None]), trace=s1 - share, trace2=s2 - 2 * s3 / s1 + share * share, log_det=np.log(s1),
    )


def between_variance(y: np.ndarray, v: np.ndarray, x: np.ndarray, method: str) -> np.ndarray:
    """tau² of B problems.

    Parameters
    ----------
    y, v : float array (B, K)
        Effects and their sampling variances.
    x : float array (K, P) or (B, K, P)
        First column ones; full rank, K > P.
    method : "common", "dl", "pm", "ml" or "reml"

    Returns
    -------
    float array (B,)
        In squared units of y; zero for `common`.

    Notes
    -----
    DL: (Q − (K − P)) / tr P at tau² = 0, not below zero (DerSimonian & Laird 1986; the general form with moderators of Raudenbush 2009). PM: the root of
    y'Py = K − P (Paule & Mandel 1982). ML and REML maximise −½[Σ log(v + tau²) + y'Py] and the same less ½ log det(X'WX): the highest point of a grid
    from zero to a bound that no maximum exceeds, then the root of the derivative next to it.
    """
    if method == "common":
        return np.zeros(y.shape[0])
    if method == "dl":
        found = moments(y, v, x, np.zeros(y.shape[0]))
        return np.asarray(np.maximum(0.0, (found.q - (y.shape[-1] - x.shape[-1])) / found.trace))
    if method == "pm":
        return generalised_q_root(y, v, x, np.full(y.shape[0], float(y.shape[-1] - x.shape[-1])))
    return _highest(y, v, x, restricted=method == "reml")


def generalised_q_root(y: np.ndarray, v: np.ndarray, x: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Where y'Py, which falls with tau², meets a target (B,); zero where it lies below from the start."""
    ends = _bounds(y, v) / np.minimum(target, 1.0)
    grid = _grid(v, ends)
    above = moments(y, v, x, grid).q > target
    last = np.maximum(np.sum(above, axis=0) - 1, 0)
    columns = np.arange(y.shape[0])
    low, high = grid[last, columns], grid[np.minimum(last + 1, POINTS), columns]
    nothing = ~above[0]
    low, high = np.where(nothing, 0.0, low), np.where(nothing, 0.0, high)

    def values(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = moments(y, v, x, t)
        return np.where(nothing, 0.0, found.q - target), -found.q2

    return decreasing_root(values, low, high, low, scale=SMALL * v.min(axis=-1))


def q_targets(df: int, conf_level: float) -> tuple[float, float]:
    """Values of y'Py at the lower and the upper end of the Q-profile interval: quantiles of χ² with K − P degrees of freedom."""
    rest = (1 - conf_level) / 2
    return float(special.chdtri(df, rest)), float(special.chdtri(df, 1 - rest))


def q_profile(y: np.ndarray, v: np.ndarray, x: np.ndarray, conf_level: float) -> tuple[float, float]:
    """Interval of tau² of one problem (1, K) by test inversion (Viechtbauer 2007).

    Both ends are zero where the effects lie closer together than sampling error alone would have them.
    """
    targets = np.array(q_targets(y.shape[-1] - x.shape[-1], conf_level))
    low, high = generalised_q_root(np.repeat(y, 2, axis=0), np.repeat(v, 2, axis=0), x, targets)
    return float(low), float(high)


def _highest(y: np.ndarray, v: np.ndarray, x: np.ndarray, *, restricted: bool) -> np.ndarray:
    """tau² of the highest (restricted) likelihood."""
    grid = _grid(v, _bounds(y, v))
    found = moments(y, v, x, grid)
    log_likelihood = np.log(found.weights).sum(axis=-1) - found.q - (found.log_det if restricted else 0.0)
    best = np.argmax(log_likelihood, axis=0)
    columns = np.arange(y.shape[0])
    at = grid[best, columns]
    low, high = grid[np.maximum(best - 1, 0), columns], grid[np.minimum(best + 1, POINTS), columns]
    first = _score(Moments(**{name: getattr(found, name)[0] for name in Moments.__dataclass_fields__}), restricted=restricted)[0]
    nothing = (best == 0) & (first <= 0)
    low, high, at = (np.where(nothing, 0.0, end) for end in (low, high, at))

    def values(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, slope = _score(moments(y, v, x, t), restricted=restricted)
        return np.where(nothing, 0.0, value), slope

    return decreasing_root(values, low, high, at, scale=SMALL * v.min(axis=-1))


def _score(found: Moments, *, restricted: bool) -> tuple[np.ndarray, np.ndarray]:
    """Twice the derivative of the log-likelihood in tau², and the slope of that."""
    if restricted:
        return found.q2 - found.trace, found.trace2 - 2 * found.q3
    w = found.weights
    return found.q2 - w.sum(axis=-1), (w * w).sum(axis=-1) - 2 * found.q3


def _bounds(y: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A value that no estimate exceeds: y'Py ≤ Σ(y − ȳ)² / tau², so every root lies below the sum of squares."""
    about = y - y.mean(axis=-1, keepdims=True)
    return np.asarray((about * about).sum(axis=-1) + v.min(axis=-1))


def _grid(v: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Zero and points in geometric steps up to the ends, (POINTS + 1, B)."""
    start = LEAST * v.min(axis=-1)
    steps = np.linspace(0.0, 1.0, POINTS)[:, None]
    return np.concatenate([np.zeros((1, len(ends))), start * (ends / start) ** steps])
