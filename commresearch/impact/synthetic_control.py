"""Synthetic control on outcomes alone, with placebos in space."""

from collections.abc import Sequence

import numpy as np

from commresearch.impact.arrays import arrays_of
from commresearch.impact.frank_wolfe import can_compile
from commresearch.impact.placebo_inference import check_level, judge, path_table, placebo_notes, weight_numbers
from commresearch.impact.result import CONF_LEVEL, ImpactEstimate, impact_estimate
from commresearch.impact.synthetic_effects import synthetic_effects
from commresearch.impact.synthetic_panel import chosen_placebos, starts_of
from commresearch.outcomes import Panel
from commresearch.terms import ChosenBy, Estimand, Inference, Method

DRAWS = 200  #: placebos where there are more ways than this


def synthetic_control(
    panel: Panel, *, placebo_assignments: Sequence[Sequence[object]] | np.ndarray | None = None, draws: int = DRAWS, seed: int = 0,
    conf_level: float = CONF_LEVEL, chosen_by: ChosenBy | None = None,
) -> ImpactEstimate:
    """Mean effect on the treated against weights of untreated units that follow the treated mean before the start.

    ω on the simplex minimises Σ_{t before} (x̄_t − Σ_j ω_j X_jt)² / T0 + ζ²‖ω‖², ζ = 1e-6 × noise level: no intercept, no covariates (the SC
    of Arkhangelsky et al. 2021). The effect is the mean gap after the start. Several treated units: their mean, by start; starts are averaged
    with the treated cells as weights.

    Placebos: the same for untreated assignments as if treated, the treated ones left out. The p value is the rank of the mean gap after the
    start, the interval holds the constant effects that this rank does not reject, the standard error is the spread of placebo effects. The rank of
    the root mean squared gap after over before (Abadie, Diamond & Hainmueller 2010) is in the details; it cannot be inverted as simply.

    Parameters
    ----------
    panel : Panel
        Every unit with a value in every period. Weights and covariates of the panel are not used.
    placebo_assignments : sequence of sequences of unit ids, or int array (B, N0), optional
        As for `synthetic_did`. By lot where not given (all ways where these are no more than `draws`).
    draws, seed : int
        Placebos by lot.
    conf_level : float
    chosen_by : ChosenBy, optional
        How the treated units were chosen; placebo ranks mislead where it was by the level of the outcome, and the result says so.

    Returns
    -------
    ImpactEstimate
        With a path by periods since the start. Details: weights above zero, miss before and after, their ratio and p by its rank, `poor_fit` (1
        where the miss before is above twice the median placebo's), the smallest p that could occur, placebos. Unbounded where they are too few.

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
    starts = starts_of(arrays, did=False)
    lots = chosen_placebos(arrays, starts, placebo_assignments, draws=draws, seed=seed)
    compiled, count = can_compile(), len(lots.first)
    actual = synthetic_effects(arrays.value, arrays.periods, starts.first[None], starts, compiled=compiled)
    # From equal weights, as the actual fit: a rank compares like with like.
    placebos = synthetic_effects(arrays.value[starts.untreated], arrays.periods, lots.first, starts, compiled=compiled)
    result = judge(actual, placebos, starts, conf_level)
    before, after = float(actual.miss_before[0]), float(actual.miss_after[0])
    details = {
        "miss_before": before, "miss_after": after, "miss_ratio": after / before if before > 0 else np.inf, "placebos": float(count),
        "placebos_complete": float(lots.complete), "ratio_p_value": result.ratio_p, "smallest_placebo_p_value": result.smallest_p, "poor_fit": float(result.poor_fit),
    }
    return impact_estimate(
        panel, arrays, method=Method.SYNTHETIC_CONTROL, inference=Inference.PLACEBO, estimand=Estimand.ATT, estimate=float(actual.overall[0]),
        std_error=result.std_error, conf_level=conf_level, interval=(result.low, result.high), p_value=result.rank_p,
        path=path_table(actual, placebos, conf_level), details=details | weight_numbers(arrays, starts, actual),
        warnings=placebo_notes(result, actual, arrays, count=count, chosen_by=chosen_by, did=False),
    )
