"""Sample size and detectable effect by closed form: surveys of clusters, panels with serial correlation."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from commresearch.errors import EstimationError, Failure
from commresearch.impact.fixed_effects import NOTHING
from commresearch.impact.result import t_quantile

POWER, ALPHA = 0.80, 0.05


def _require(**facts: tuple[float, bool, str]) -> None:
    """Refuse settings that cannot be, all together."""
    if wrong := {name: (got, allowed) for name, (got, right, allowed) in facts.items() if not right}:
        raise EstimationError(*(Failure(code="CR-I07", values={"name": n, "got": g, "allowed": a}) for n, (g, a) in wrong.items()))


def _multiplier(power: float, alpha: float, df: float) -> float:
    """Standard errors between zero and the effect that is found with this power: t of half alpha and t of the power."""
    return t_quantile(1 - alpha, df) + t_quantile(2 * power - 1, df)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveySize:
    """Persons to ask on either side to tell two shares, or two means, apart.

    persons, clusters : int
        Per side.
    design_effect : float
        1 + (persons per cluster − 1) × ICC.
    detectable : float
        The difference found with the power asked for, in the unit of `difference`.
    """

    persons: int
    clusters: int
    per_cluster: int
    design_effect: float
    detectable: float
    power: float
    alpha: float


def survey_sample_size(
    *, share: float, difference: float, per_cluster: int, icc: float, waves: int = 1, power: float = POWER, alpha: float = ALPHA
) -> SurveySize:
    """How many persons in how many communities tell a difference of two shares.

    Parameters
    ----------
    share : float
        Share without the pilot, 0-100.
    difference : float
        Difference to be found, percentage points.
    per_cluster : int
        Persons asked per community and wave.
    icc : float
        Share of the variance that lies between communities.
    waves : int
        1: one wave after the start; 2: change between two cross-sections of other persons, which doubles the variance within.

    Returns
    -------
    SurveySize
        Two-sided test; t with 2 × (clusters − 1) degrees of freedom, found by iteration.

    Raises
    ------
    EstimationError
        A setting cannot be (CR-I07), all together.
    """
    _require(
        share=(share, 0 < share < 100, "0–100"), difference=(difference, 0 < abs(difference) < 100 and 0 <= share + difference <= 100, "≠ 0"),
        per_cluster=(per_cluster, per_cluster >= 1, "≥ 1"), icc=(icc, 0 <= icc < 1, "0–1"), waves=(waves, waves in {1, 2}, "1, 2"),
        power=(power, 0.5 < power < 1, "0.5–1"), alpha=(alpha, 0 < alpha < 0.5, "0–0.5"),
    )
    p0, p1 = share / 100, (share + difference) / 100
    within = waves * (p0 * (1 - p0) + p1 * (1 - p1))  # of both sides, per person
    effect = 1 + (per_cluster - 1) * icc
    clusters = 2
    while _detectable(within, effect, clusters, per_cluster, power, alpha) > abs(difference) / 100:
        clusters += 1
    found = 100 * _detectable(within, effect, clusters, per_cluster, power, alpha)
    return SurveySize(
        persons=clusters * per_cluster, clusters=clusters, per_cluster=per_cluster, design_effect=effect, detectable=found, power=power, alpha=alpha
    )


def _detectable(within: float, effect: float, clusters: int, per_cluster: int, power: float, alpha: float) -> float:
    return _multiplier(power, alpha, 2 * (clusters - 1)) * math.sqrt(within * effect / (clusters * per_cluster))


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelVariance:
    """What a month of a unit varies by, units and months taken out.

    variance : float
        Of one unit-month, in the unit of the panel squared.
    autocorrelation : float
        Between neighbouring months; it falls geometrically with the distance.
    """

    variance: float
    autocorrelation: float


def panel_variance(value: np.ndarray) -> PanelVariance:
    """Variance and autocorrelation of units × months recorded before any start.

    The autocorrelation is the one whose expected value, after unit and month means are taken out, is what is seen: short records would
    make it look too small otherwise.

    Raises
    ------
    EstimationError
        Fewer than three units or four months are complete (CR-I08); nothing varies beside units and months (CR-I83).
    """
    full = value[~np.isnan(value).any(axis=1)]
    n, t = full.shape
    if n < 3 or t < 4:
        raise EstimationError(Failure(code="CR-I08", values={"units": n, "months": t}))
    residual = full - full.mean(axis=0) - full.mean(axis=1)[:, None] + full.mean()
    if np.abs(residual).max() <= NOTHING * np.abs(full).max():
        raise EstimationError(Failure(code="CR-I83", values={"clusters": n}))
    seen = float((residual[:, 1:] * residual[:, :-1]).sum() / (residual**2).sum())
    grid = np.linspace(-0.9, 0.98, 189)
    expected = np.array([_seen_autocorrelation(t, rho) for rho in grid])
    rho = float(grid[np.abs(expected - seen).argmin()])
    left = np.trace(_demeaned(t) @ _correlation(t, rho))
    return PanelVariance(variance=float((residual**2).sum() / ((n - 1) * left)), autocorrelation=rho)


def _correlation(t: int, rho: float) -> np.ndarray:
    return np.asarray(rho ** np.abs(np.subtract.outer(np.arange(t), np.arange(t)))) if rho else np.eye(t)


def _demeaned(t: int) -> np.ndarray:
    return np.eye(t) - 1 / t


def _seen_autocorrelation(t: int, rho: float) -> float:
    """Autocorrelation of residuals around unit means, of an AR(1) of t months."""
    m = _demeaned(t)
    covariance = m @ _correlation(t, rho) @ m
    return float(np.diagonal(covariance, 1).sum() / np.trace(covariance))


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelPower:
    """The effect that a comparison over months finds.

    std_error, detectable : float
        In the unit of the panel.
    """

    treated: int
    comparison: int
    before: int
    after: int
    std_error: float
    detectable: float
    power: float
    alpha: float


def panel_detectable(
    variance: PanelVariance, *, treated: int, comparison: int, before: int, after: int, power: float = POWER, alpha: float = ALPHA
) -> PanelPower:
    """The smallest effect that a difference-in-differences of these sizes finds.

    Var = σ² (1/n₁ + 1/n₀) · c′Rc, c: −1/before, …, +1/after, R: ρ^|lag|; the same as the formula of Burlig, Preonas and Woerman (2020, equation 2)
    with the serial correlation written out. t with n₁ + n₀ − 2 degrees of freedom.

    Returns
    -------
    PanelPower

    Raises
    ------
    EstimationError
        A setting cannot be (CR-I07), all together.
    """
    _require(
        treated=(treated, treated >= 1, "≥ 1"), comparison=(comparison, comparison >= 1, "≥ 1"), before=(before, before >= 1, "≥ 1"),
        after=(after, after >= 1, "≥ 1"), units=(treated + comparison, treated + comparison > 2, "> 2"),
        power=(power, 0.5 < power < 1, "0.5–1"), alpha=(alpha, 0 < alpha < 0.5, "0–0.5"),
        variance=(variance.variance, 0 < variance.variance < math.inf, "> 0"),
        autocorrelation=(variance.autocorrelation, abs(variance.autocorrelation) < 1, "−1 < … < 1"),
    )
    contrast = np.r_[np.full(before, -1 / before), np.full(after, 1 / after)]
    over_time = float(contrast @ _correlation(before + after, variance.autocorrelation) @ contrast)
    error = math.sqrt(variance.variance * (1 / treated + 1 / comparison) * over_time)
    return PanelPower(
        treated=treated, comparison=comparison, before=before, after=after, std_error=error,
        detectable=_multiplier(power, alpha, treated + comparison - 2) * error, power=power, alpha=alpha,
    )


def detectable_by_size(variance: PanelVariance, sizes: Mapping[str, tuple[int, int]], *, before: int, after: int) -> dict[str, PanelPower]:
    """`panel_detectable` for several numbers of treated and comparison units."""
    return {name: panel_detectable(variance, treated=a, comparison=b, before=before, after=after) for name, (a, b) in sizes.items()}
