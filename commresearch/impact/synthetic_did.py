"""Synthetic difference-in-differences (Arkhangelsky et al. 2021) with placebo standard errors."""

import math
from collections.abc import Sequence

import numpy as np

from commresearch.impact.arrays import arrays_of
from commresearch.impact.frank_wolfe import can_compile
from commresearch.impact.placebo_inference import check_level, judge, path_table, placebo_notes, weight_numbers
from commresearch.impact.result import CONF_LEVEL, ImpactEstimate, impact_estimate, two_sided_p
from commresearch.impact.synthetic_effects import jackknife_error, placebo_start, synthetic_effects
from commresearch.impact.synthetic_panel import chosen_placebos, starts_of
from commresearch.outcomes import Panel
from commresearch.terms import ChosenBy, Estimand, Inference, Method

DRAWS = 200  #: placebos, as the reference


def synthetic_did(
    panel: Panel, *, placebo_assignments: Sequence[Sequence[object]] | np.ndarray | None = None, draws: int = DRAWS, seed: int = 0,
    conf_level: float = CONF_LEVEL, chosen_by: ChosenBy | None = None,
) -> ImpactEstimate:
    """Mean effect on the treated against a weighted mean of untreated units, over weighted periods before.

    τ = Σ_i (n⁻¹ 1{treated i} − ω_i) (mean of Y_i after − Σ_t λ_t Y_it), with weights of units ω and of periods λ that make the synthetic path
    run parallel to the treated one before the start. Several starts: each against the units that are never treated, averaged with the
    treated cells as weights. Placebos: the same estimate on untreated assignments as if treated. Their spread is the standard error; p is the rank
    of the size of the effect among theirs, the interval holds the constant effects that this rank does not reject.

    Parameters
    ----------
    panel : Panel
        Every unit with a value in every period. Weights and covariates of the panel are not used.
    placebo_assignments : sequence of sequences of unit ids, or int array (B, N0), optional
        Untreated units that stand for the treated in each placebo, in the order of these; or permutations of the numbers of untreated
        units, the last of which stand for the treated. By lot where not given (all ways where these are no more than `draws`).
    draws, seed : int
        Placebos by lot.
    conf_level : float
    chosen_by : ChosenBy, optional
        How the treated units were chosen; placebo errors mislead where it was by the level of the outcome, and the result says so.

    Returns
    -------
    ImpactEstimate
        With a path by periods since the start. Details: weights above zero, the miss before the start, the smallest p that could occur, p by the
        normal law, placebos, the jackknife error (NaN where a start has one treated assignment). Unbounded where placebos are too few for the level.

    Raises
    ------
    DesignError
        Units have gaps (CR-I40), none is treated (CR-I41), fewer than two are not (CR-I42), fewer than two periods before a start (CR-I43), not
        more untreated than treated assignments (CR-I44), placebo assignments that do not fit (CR-I45).
    EstimationError
        Values of the untreated never change before a start (CR-I46); draws or conf_level out of range (CR-I49).
    """
    check_level(conf_level)
    arrays = arrays_of(panel)
    starts = starts_of(arrays, did=True)
    lots = chosen_placebos(arrays, starts, placebo_assignments, draws=draws, seed=seed)
    compiled, count = can_compile(), len(lots.first)
    actual = synthetic_effects(arrays.value, arrays.periods, starts.first[None], starts, compiled=compiled)
    placebos = synthetic_effects(
        arrays.value[starts.untreated], arrays.periods, lots.first, starts, compiled=compiled, start=placebo_start(actual, starts, count)
    )
    result = judge(actual, placebos, starts, conf_level)
    estimate, error = float(actual.overall[0]), result.std_error
    details = {
        "miss_before": float(actual.miss_before[0]), "placebos": float(count), "placebos_complete": float(lots.complete),
        "smallest_placebo_p_value": result.smallest_p, "normal_p_value": two_sided_p(estimate / error) if error > 0 else math.nan,
        "jackknife_std_error": jackknife_error(arrays.value, arrays.cluster, starts, actual),
    }
    return impact_estimate(
        panel, arrays, method=Method.SYNTHETIC_DID, inference=Inference.PLACEBO, estimand=Estimand.ATT, estimate=estimate,
        std_error=error, conf_level=conf_level, interval=(result.low, result.high), p_value=result.rank_p, path=path_table(actual, placebos, conf_level),
        details=details | weight_numbers(arrays, starts, actual),
        warnings=placebo_notes(result, actual, arrays, count=count, chosen_by=chosen_by, did=True),
    )
