"""Imputation: what treated months would have been, from unit and period effects of untreated months."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from commresearch.errors import DesignError, Failure
from commresearch.impact.arrays import NEVER, PanelArrays, arrays_of
from commresearch.impact.comparisons import unit_weights
from commresearch.impact.fixed_effects import require_varied_values
from commresearch.impact.group_time import few_treated, number_faults
from commresearch.impact.influence import cluster_sums, std_errors
from commresearch.impact.multiplier import Multiplier, simultaneous
from commresearch.impact.result import CONF_LEVEL, ImpactEstimate, impact_estimate, t_quantile
from commresearch.impact.untreated_fit import UntreatedFit, untreated_fit
from commresearch.outcomes import Panel
from commresearch.terms import Estimand, Inference, Method


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImputedEffects:
    """Effects of treated months, and the sums that inference needs.

    effect : float array (N, T)
        Y − unit effect − period effect in treated observed months; NaN elsewhere.
    event : int64 array (E,)
        Event times that occur.
    estimate : float array (E,)
        Mean effect by event time, by weight.
    influence : float array (N, E)
        N × Σ_t v_it ε_it: weights of months in the estimate times residuals; covariance as in `influence.covariance`.
    overall : float
        Mean effect over all treated months, by weight.
    overall_influence : float array (N,)
    """

    effect: np.ndarray
    event: np.ndarray
    estimate: np.ndarray
    influence: np.ndarray
    overall: float
    overall_influence: np.ndarray


def imputed_effects(arrays: PanelArrays, *, anticipation: int = 0, leave_out: bool = False) -> ImputedEffects:
    """Effects by imputation.

    On untreated months Y_it = α_i + λ_t + ε_it is fitted by least squares with unit weights; τ_it = Y_it − α_i − λ_t in treated months; an estimate is
    Σ w_it τ_it. As a linear function of all Y it is Σ v_it Y_it with v = w on treated months and v = −W X (X'WX)⁻¹ X₁'w on untreated ones. Its variance is
    Σ_c (Σ_{it in c} v_it ε_it)², where on treated months ε_it = τ_it − τ̄_gt, τ̄_gt = Σ_c a_c b_c / Σ_c a_c² over the clusters of cohort g in period t, a_c
    the sum of v in the cluster and b_c that of v τ. Effects that differ within a cohort and period count as noise: the variance is not too small. With
    `leave_out` a cluster's own months are left out of its τ̄, which takes away what a small cohort adds to its own mean.

    Parameters
    ----------
    arrays : PanelArrays
    anticipation : int
        Periods before the start that count as treated for the fit (and have effects of their own).
    leave_out : bool

    Raises
    ------
    DesignError
        No unit is treated (CR-I10), a cohort is not observed from its start on (CR-I13), `leave_out` is asked for with a cohort of one cluster (CR-I14), a
        weight is not above zero (CR-I18), a unit or period effect is not identified (CR-I19).
    """
    if not arrays.ever_treated.any():
        raise DesignError(Failure(code="CR-I10", values={"units": len(arrays.units), "last": arrays.label(int(arrays.periods[-1]))}))
    if without := [g for g in arrays.cohorts.tolist() if not (arrays.treated & arrays.observed)[arrays.first == g].any()]:
        raise DesignError(*(Failure(code="CR-I13", values={"cohort": arrays.label(g), "treated": 0, "control": 0}) for g in without))
    weight = unit_weights(arrays)
    touched = arrays.periods[None, :] >= (arrays.first - anticipation)[:, None]
    treated = touched & arrays.observed
    fit = untreated_fit(arrays, arrays.observed & ~touched, weight, treated)
    effect = np.where(treated, fit.residual(arrays.value), np.nan)
    event = np.where(treated, arrays.periods[None, :] - np.where(arrays.first == NEVER, 0, arrays.first)[:, None], np.iinfo(np.int64).min)
    events = np.unique(event[treated])
    after = events >= 0
    # Weights of treated months: one column per event time, then the overall mean over months from the start on.
    each = [np.where(event == e, weight[:, None], 0.0) for e in events.tolist()]
    each.append(np.sum([w for w, late in zip(each, after, strict=True) if late], axis=0))
    each = [w / w.sum() for w in each]
    estimate = np.array([np.nansum(w * effect) for w in each])
    influence = _influence(arrays, fit, effect, each, leave_out=leave_out)
    return ImputedEffects(
        effect=effect, event=events, estimate=estimate[:-1], influence=influence[:, :-1], overall=float(estimate[-1]), overall_influence=influence[:, -1]
    )


def _influence(arrays: PanelArrays, fit: UntreatedFit, effect: np.ndarray, each: list[np.ndarray], *, leave_out: bool) -> np.ndarray:
    """N × Σ_t v_it ε_it, (N, E)."""
    residual = np.where(fit.weight > 0, fit.residual(arrays.value), 0.0)
    _, period = fit.solve(np.stack([w.sum(axis=1) for w in each], axis=1), np.stack([w.sum(axis=0) for w in each], axis=1))
    # Untreated months: v = −w (unit part + period part); the unit part meets residuals of a unit that add up to zero.
    made = -(fit.weight * residual) @ period
    for e, w in enumerate(each):
        made[:, e] += (w * _around_cohort(arrays, effect, w, leave_out=leave_out)).sum(axis=1)
    return np.asarray(made * len(arrays.units))


def _around_cohort(arrays: PanelArrays, effect: np.ndarray, w: np.ndarray, *, leave_out: bool) -> np.ndarray:
    """τ − τ̄ of cohort and period, (N, T); zero where the weight is."""
    made = np.zeros_like(effect)
    known = np.where(w > 0, effect, 0.0)
    failures = []
    for g in np.unique(arrays.first[(w > 0).any(axis=1)]).tolist():
        rows = np.flatnonzero(arrays.first == g)
        cluster = np.unique(arrays.cluster[rows], return_inverse=True)[1]
        a, b = cluster_sums(w[rows], cluster), cluster_sums(w[rows] * known[rows], cluster)
        above, below = a * b, a * a
        if leave_out:
            alone = (below.sum(axis=0) > 0) & ((below > 0).sum(axis=0) == 1)
            if alone.any():
                got = {"zh": f"True（{arrays.label(g)} 开始的一批只有一个试点单位）", "en": f"True (cohort {arrays.label(g)} has a single assignment)"}
                failures.append(Failure(code="CR-I14", values={"option": "leave_out", "got": got, "allowed": "False"}))
                continue
            others_above, others_below = above.sum(axis=0) - above, below.sum(axis=0) - below
        else:
            others_above, others_below = (np.broadcast_to(part.sum(axis=0), part.shape) for part in (above, below))
        mean = others_above / np.where(others_below > 0, others_below, 1.0)
        made[rows] = np.where(w[rows] > 0, known[rows] - mean[cluster], 0.0)
    if failures:
        raise DesignError(*failures)
    return made


def imputation(
    panel: Panel, *, anticipation: int = 0, leave_out: bool = False, draws: int = 0, seed: int | np.random.Generator = 0,
    bands: Multiplier | str = Multiplier.GAUSSIAN, conf_level: float = CONF_LEVEL,
) -> ImpactEstimate:
    """Mean effect on treated months by imputation, and by event time.

    Parameters
    ----------
    panel : Panel
    anticipation, leave_out
        As in `imputed_effects`.
    draws, seed, bands
        Simultaneous bands of the path, as in `GroupTimeEffects.aggregate`.
    conf_level : float

    Returns
    -------
    ImpactEstimate
        The overall number weighs treated months alike (by weight), from the start on; `path` has event_time.

    Raises
    ------
    DesignError
        As `imputed_effects`; an option cannot be (CR-I14).
    EstimationError
        Nothing varies (CR-I83).
    """
    failures = number_faults(conf_level, seed, anticipation=anticipation, draws=draws)
    if bands not in tuple(Multiplier):
        failures.append(Failure(code="CR-I14", values={"option": "bands", "got": str(bands), "allowed": ", ".join(Multiplier)}))
    if failures:
        raise DesignError(*failures)
    arrays = arrays_of(panel)
    found = imputed_effects(arrays, anticipation=anticipation, leave_out=leave_out)
    require_varied_values(arrays)
    error = std_errors(found.influence, arrays.cluster)
    details: dict[str, float] = {}
    if draws:
        critical = simultaneous(
            found.estimate, found.influence, arrays.cluster, draws=draws, rng=np.random.default_rng(seed), conf_level=conf_level,
            multiplier=Multiplier(bands),
        )
        details = {"critical_value": critical, "draws": float(draws)}
    half, band = t_quantile(conf_level) * error, details.get("critical_value", np.nan) * error
    path = pd.DataFrame(
        {
            "event_time": found.event, "estimate": found.estimate, "std_error": error, "conf_low": found.estimate - half,
            "conf_high": found.estimate + half, "band_low": found.estimate - band, "band_high": found.estimate + band,
        }
    )
    return impact_estimate(
        panel, arrays, method=Method.IMPUTATION, inference=Inference.ANALYTIC, estimand=Estimand.ATT, estimate=found.overall,
        std_error=float(std_errors(found.overall_influence[:, None], arrays.cluster)[0]), conf_level=conf_level, path=path, details=details,
        warnings=few_treated(arrays),
    )
