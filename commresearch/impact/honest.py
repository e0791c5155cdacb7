"""How far the trend may deviate from parallel before an effect is gone (Rambachan & Roth 2023)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from commresearch.errors import EstimationError, Failure
from commresearch.impact.honest_relative import EventStudy, relative_interval
from commresearch.impact.honest_smoothness import frontier, smoothness_interval
from commresearch.impact.result import CONF_LEVEL

KINDS = ("smoothness", "relative_magnitudes")
POINTS = 1000  #: of the grid of relative magnitudes, as the reference
LEAST_POINTS = 10
SYMMETRIC = 1e-8  #: relative to the largest entry
NEGATIVE = 1e-10  #: relative to the largest eigenvalue
NOT_SYMMETRIC = {"zh": "不对称", "en": "it is not symmetric"}
NOT_SEMIDEFINITE = {"zh": "不是半正定的（有负的特征值）", "en": "it is not positive semidefinite (it has a negative eigenvalue)"}
NO_VARIANCE = {"zh": "有的系数方差不大于零或不是有限数", "en": "a variance is not above zero, or not finite"}


def honest_did(
    estimates: Sequence[float] | np.ndarray, vcov: Sequence[Sequence[float]] | np.ndarray, *, n_pre: int, n_post: int,
    target: Sequence[float] | np.ndarray | None = None, kind: str = "smoothness", bounds: Sequence[float], conf_level: float = CONF_LEVEL,
    grid: int | None = POINTS,
) -> pd.DataFrame:
    """Intervals for an effect of an event study that hold under stated deviations δ from parallel trends.

    smoothness: the slope of δ changes by at most M (the bound) between neighbouring periods; optimal fixed-length interval. relative_magnitudes: the
    change of δ from period to period after the start is at most M̄ (the bound) times the largest change before it; the conditional test with
    least-favourable first stage, over every place and sign of that largest change, and the hull of what is accepted.

    Parameters
    ----------
    estimates : array (n_pre + n_post,)
        Coefficients in order of time, without the reference period, which is the last before the start.
    vcov : array (n_pre + n_post, n_pre + n_post)
    n_pre, n_post : int
    target : array (n_post,), optional
        Weights of the effects after the start. The first of them where not given: not their mean.
    kind : {"smoothness", "relative_magnitudes"}
    bounds : sequence of float
        M in units of the outcome, or M̄; not negative.
    conf_level : float
    grid : int or None
        Points of the grid (relative magnitudes). The ends are the outermost accepted points, as in the reference, so that the interval may be
        up to one step (about 0.04 standard errors) short at either end; None follows the ends on finer grids to a thousandth of that.

    Returns
    -------
    DataFrame
        bound, conf_low, conf_high.

    Raises
    ------
    EstimationError
        The covariance is not symmetric, not positive semidefinite, without variance, or singular where it may not be (CR-I47); sizes do not fit
        (CR-I48); a bound is negative, the kind, the level or a count out of range (CR-I49).
    """
    study = event_study(estimates, vcov, n_pre=n_pre, n_post=n_post, target=target)
    _check_options(kind, bounds, conf_level, grid)
    alpha = 1 - conf_level
    if kind == "smoothness":
        path = frontier(study)
        rows = [smoothness_interval(study, path, float(b), alpha=alpha) for b in bounds]
    else:
        rows = [relative_interval(study, float(b), alpha=alpha, points=grid) for b in bounds]
    return pd.DataFrame({"bound": [float(b) for b in bounds], "conf_low": [r[0] for r in rows], "conf_high": [r[1] for r in rows]})


def event_study(
    estimates: Sequence[float] | np.ndarray, vcov: Sequence[Sequence[float]] | np.ndarray, *, n_pre: int, n_post: int,
    target: Sequence[float] | np.ndarray | None = None,
) -> EventStudy:
    """Coefficients, covariance and target, held against one another.

    Returns
    -------
    EventStudy

    Raises
    ------
    EstimationError
        As `honest_did` (CR-I47, CR-I48, CR-I49).
    """
    beta, sigma = np.asarray(estimates, dtype=float), np.asarray(vcov, dtype=float)
    counts = [Failure(code="CR-I49", values={"name": n, "allowed": "≥ 1", "got": v}) for n, v in (("n_pre", n_pre), ("n_post", n_post)) if v < 1]
    if counts:
        raise EstimationError(*counts)
    size = n_pre + n_post
    weights = np.eye(n_post)[0] if target is None else np.asarray(target, dtype=float)
    sizes = (("estimates", beta.shape, (size,)), ("vcov", sigma.shape, (size, size)), ("target", weights.shape, (n_post,)))
    wrong = [
        Failure(code="CR-I48", values={"name": name, "got": "×".join(map(str, got)), "wanted": "×".join(map(str, wanted))})
        for name, got, wanted in sizes if got != wanted
    ]
    if wrong:
        raise EstimationError(*wrong)
    wrong = [
        Failure(code="CR-I49", values={"name": name, "allowed": allowed, "got": str(array.tolist())})
        for name, array, allowed, fits in (
            ("estimates", beta, "−∞ < … < ∞", np.isfinite(beta).all()), ("target", weights, "≠ 0", np.isfinite(weights).all() and weights.any()),
        ) if not fits
    ]
    wrong += [Failure(code="CR-I47", values={"reason": reason}) for reason in _covariance_faults(sigma)]
    if wrong:
        raise EstimationError(*wrong)
    return EventStudy(estimates=beta, vcov=(sigma + sigma.T) / 2, n_pre=n_pre, target=weights)


def _covariance_faults(sigma: np.ndarray) -> list[dict[str, str]]:
    """What is wrong with a covariance matrix, in both languages."""
    if not np.isfinite(sigma).all() or not (np.diag(sigma) > 0).all():
        return [NO_VARIANCE]
    if np.abs(sigma - sigma.T).max() > SYMMETRIC * np.abs(sigma).max():
        return [NOT_SYMMETRIC]
    values = np.linalg.eigvalsh((sigma + sigma.T) / 2)
    return [NOT_SEMIDEFINITE] if values[0] < -NEGATIVE * values[-1] else []


def _check_options(kind: str, bounds: Sequence[float], conf_level: float, grid: int | None) -> None:
    """Refuse what is out of range, all at once."""
    checks = [
        ("kind", kind, " / ".join(KINDS), kind in KINDS), ("conf_level", conf_level, "0 < … < 1", 0 < conf_level < 1),
        ("grid", grid, f"≥ {LEAST_POINTS}", grid is None or grid >= LEAST_POINTS), ("bounds", len(bounds), "≥ 1", len(bounds) > 0),
        *(("bounds", b, "0 ≤ … < ∞", 0 <= b < np.inf) for b in bounds),
    ]
    wrong = [Failure(code="CR-I49", values={"name": n, "allowed": allowed, "got": got}) for n, got, allowed, fits in checks if not fits]
    if wrong:
        raise EstimationError(*wrong)
