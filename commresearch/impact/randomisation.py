"""Randomisation inference: the statistic beside what it would be had the same starts fallen on other assignments (Fisher).

Whole paths are permuted: an assignment gets the start of another one. The p value is the share of permutations, the observed one included,
whose statistic is at least as far from zero; it is exact where starts were drawn by lot, whatever the outcomes are like.

An effect τ is not rejected where the p value of the outcomes without it, Y − τ D, exceeds the level. For a statistic that is linear in the
outcome, T_π(Y − τ D) = A_π − τ B_π with A, B the statistic of Y and of D under permutation π, so the interval follows from the roots of
|A_π − τ B_π| = |T − τ| and there is no grid.

The two-way coefficient needs no refitting. With Ÿ what unit and period effects leave of Y, p_c the path of cohort c, and M_gc = Σ_i∈g Ÿ_i'p_c,

    b_π = Σ_g M_g,π(g) / S_π,    S_π = Σ_i ‖p_π(i) less unit means‖² − the share of the periods

where every sum over assignments is a sum of entries of a table (assignment × cohort), with gaps and weights, too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from commresearch.errors import EstimationError, Failure
from commresearch.impact.arrays import PanelArrays, arrays_of
from commresearch.impact.assignment_paths import Paths, assignment_paths
from commresearch.impact.fixed_effects import TwoWayFit, regression_notes, require_varied_values, treatment_fit, usable
from commresearch.impact.inversion import HALVINGS_BY_CALL, TIE, Interval, bisected, hull, needed
from commresearch.impact.option_checks import require_options
from commresearch.impact.path_tables import studentised_paths, two_way_paths
from commresearch.impact.result import CONF_LEVEL, ImpactEstimate, Note, impact_estimate
from commresearch.outcomes import Panel
from commresearch.terms import Estimand, Inference, Method

BLOCK = 20_000_000  #: starts of units held at once
Statistic = Callable[[np.ndarray], np.ndarray]
PanelStatistic = Callable[[PanelArrays, np.ndarray], np.ndarray]
Adjust = Callable[[PanelArrays, float], PanelArrays]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RandomisationTest:
    """A randomisation test.

    statistic : float
        Of the data.
    draws : float array (B,)
        Of the permutations; NaN where it could not be computed, which counts as far out.
    p_value : float
    interval : Interval, optional
        Effects that are not rejected; None where the statistic gives no way to find them.
    smallest_p : float
        That could occur: of the permutation farthest out.
    level : float
        The largest p value not above 1 − conf_level that could occur: what "5 %" really is; 0 where none could.
    """

    statistic: float
    draws: np.ndarray
    p_value: float
    interval: Interval | None
    smallest_p: float
    level: float


def randomisation_test(
    statistic: Statistic, paths: Paths, first: np.ndarray, *, conf_level: float = CONF_LEVEL, response: Statistic | None = None,
    under_null: Callable[[float], Statistic] | None = None, estimate: float | None = None, halvings: int = HALVINGS_BY_CALL,
) -> RandomisationTest:
    """Test and interval for any statistic of re-assigned starts.

    Parameters
    ----------
    statistic : callable
        Starts of units (B, N) → statistic (B,); zero is no effect.
    paths : Paths
    first : int64 array (N,)
        Observed starts.
    response : callable, optional
        The same of the treatment itself in the place of the outcome, for statistics linear in the outcome: exact interval of an additive effect.
    under_null : callable, optional
        Effect → the statistic of outcomes without it, for others (a multiplicative effect on counts): interval by bisection around `estimate`.

    Raises
    ------
    EstimationError
        The statistic of the data cannot be computed (CR-I86).
    """
    observed, draws = float(statistic(first[None])[0]), _over(statistic, paths)
    if not np.isfinite(observed):
        raise EstimationError(Failure(code="CR-I86", values={"assignments": len(paths.observed)}))
    interval = None
    if response is not None:
        slope = float(response(first[None])[0])
        interval = linear_interval(observed / slope, draws / slope, _over(response, paths) / slope, paths, conf_level)
    elif under_null is not None:
        interval = _searched(under_null, paths, first, observed if estimate is None else estimate, draws, conf_level, halvings)
    return _test(observed, draws, interval, paths, conf_level)


def linear_interval(estimate: float, draws: np.ndarray, response: np.ndarray, paths: Paths, conf_level: float) -> Interval:
    """Effects τ with |A_π − τ B_π| ≥ |estimate − τ| for enough permutations; A `draws`, B `response`, which is one for the data."""
    bad = ~np.isfinite(draws) | ~np.isfinite(response)
    n0, b = np.where(bad, 0.0, draws - estimate * response), np.where(bad, 1.0, response)
    same = (np.abs(n0) <= TIE * np.maximum(np.abs(draws), abs(estimate))) & (np.abs(np.abs(b) - 1) <= TIE) | bad
    n0, b = n0[~same], b[~same]
    # With δ = estimate − τ: |n0 + δ b| ≥ |δ|, an interval around zero for |b| ≤ 1, all but an interval elsewhere for |b| > 1.
    with np.errstate(divide="ignore"):
        ends = np.sort(np.stack([n0 / (1 - b), -n0 / (1 + b)]), axis=0)
    between = np.abs(b) <= 1
    far = ~between
    low = np.concatenate([ends[0, between], np.full(int(far.sum()), -np.inf), ends[1, far]])
    high = np.concatenate([ends[1, between], ends[0, far], np.full(int(far.sum()), np.inf)])
    found = hull(low, high, always=int(same.sum()) + (not paths.enumerated), total=paths.total, conf_level=conf_level)
    return Interval(low=estimate - found.high, high=estimate - found.low, connected=found.connected)


def _over(statistic: Statistic, paths: Paths) -> np.ndarray:
    step = max(1, BLOCK // len(paths.cluster))
    return np.concatenate([statistic(paths.first(slice(b, b + step))) for b in range(0, len(paths.code), step)])


def _share(draws: np.ndarray, statistic: float, paths: Paths) -> float:
    out = int((~(np.abs(draws) < abs(statistic) * (1 - TIE))).sum())
    return (out + (not paths.enumerated)) / paths.total


def _searched(
    under_null: Callable[[float], Statistic], paths: Paths, first: np.ndarray, estimate: float, draws: np.ndarray, conf_level: float, halvings: int
) -> Interval:
    def p_value(effect: float) -> float:
        statistic = under_null(effect)
        return _share(_over(statistic, paths), float(statistic(first[None])[0]), paths)

    if needed(paths.total, conf_level) <= 1:
        return Interval(low=-np.inf, high=np.inf)
    return bisected(p_value, estimate=estimate, scale=float(np.std(draws[np.isfinite(draws)])), conf_level=conf_level, halvings=halvings)


def _test(observed: float, draws: np.ndarray, interval: Interval | None, paths: Paths, conf_level: float) -> RandomisationTest:
    farthest = float(np.nanmax(np.abs(draws))) if paths.enumerated else np.inf
    return RandomisationTest(
        statistic=observed, draws=draws, p_value=_share(draws, observed, paths), interval=interval,
        smallest_p=_share(draws, farthest, paths), level=(needed(paths.total, conf_level) - 1) / paths.total,
    )


def two_way_test(arrays: PanelArrays, fit: TwoWayFit, paths: Paths, *, studentise: bool, conf_level: float) -> RandomisationTest:
    """The test of the two-way coefficient, or of its t statistic, without refitting.

    Raises
    ------
    EstimationError
        The t statistic is asked for a panel with gaps or weights (CR-I87).
    """
    estimate = float(fit.coefficient[0])
    if not studentise:
        draws, response = two_way_paths(arrays, fit, paths)
        return _test(estimate, draws, linear_interval(estimate, draws, response, paths, conf_level), paths, conf_level)
    if not fit.projection.equal:
        raise EstimationError(Failure(code="CR-I87", values={"units": len(arrays.units)}))
    made = studentised_paths(arrays, fit, paths)
    return _test(made.statistic, made.draws, made.interval(conf_level), paths, conf_level)


def randomisation_inference(
    panel: Panel, *, statistic: PanelStatistic | None = None, draws: int = 9999, seed: int = 0, conf_level: float = CONF_LEVEL,
    strata: Mapping[str, object] | None = None, studentise: bool = False, adjust: Adjust | None = None, method: Method = Method.GROUP_TIME,
) -> ImpactEstimate:
    """An effect with p value and interval by permutation of starts among assignments.

    Parameters
    ----------
    statistic : callable, optional
        (arrays, starts (B, N)) → (B,), such as `group_time_paths.att_of_paths`; else the two-way coefficient.
    draws : int
        All permutations are used where there are no more than these.
    strata : mapping of assignment_id to stratum, optional
        Within which starts were drawn.
    studentise : bool
        Permute the t statistic (CR1) of the two-way coefficient: guards against unequal variances, too. For panels without gaps and weights.
    adjust : callable, optional
        (arrays, effect) → arrays without the effect, for statistics that are not linear in the outcome. Without it such a statistic gets no interval.
    method : Method
        What `statistic` estimates by.

    Returns
    -------
    ImpactEstimate
        std_error is the standard deviation over permutations, NaN of the t statistic. details: draws, enumerated, distinct, smallest_p,
        attainable_level.

    Raises
    ------
    DesignError, EstimationError
        As two_way_fixed_effects; starts that differ within an assignment (CR-I84), no stratum (CR-I85), no statistic (CR-I86), gaps where the t
        statistic is asked for (CR-I87), nothing varies (CR-I83), draws, a seed or a level that are none (CR-I38).
    """
    require_options({}, conf_level, draws=draws, seed=seed)
    arrays = usable(arrays_of(panel))
    require_varied_values(arrays)
    paths = assignment_paths(arrays, draws=draws, rng=np.random.default_rng(seed), strata=strata)
    if statistic is None:
        fit = treatment_fit(arrays)
        test = two_way_test(arrays, fit, paths, studentise=studentise, conf_level=conf_level)
        estimate, notes = float(fit.coefficient[0]), regression_notes(arrays)
    else:
        test = _other(statistic, arrays, paths, conf_level, adjust)
        estimate, notes = test.statistic, ()
    interval = Interval(low=np.nan, high=np.nan) if test.interval is None else test.interval
    return impact_estimate(
        panel, arrays, method=Method.TWO_WAY_FIXED_EFFECTS if statistic is None else method, inference=Inference.RANDOMISATION,
        estimand=Estimand.COEFFICIENT if statistic is None else Estimand.ATT, estimate=estimate,
        std_error=np.nan if studentise else float(np.nanstd(test.draws)), conf_level=conf_level, interval=(interval.low, interval.high),
        p_value=test.p_value, warnings=_notes(test, interval, paths, conf_level) + notes,
        details={
            "draws": len(paths.code), "enumerated": float(paths.enumerated), "distinct": float(paths.distinct), "smallest_p": test.smallest_p,
            "attainable_level": test.level,
        },
    )


def _other(
    statistic: PanelStatistic, arrays: PanelArrays, paths: Paths, conf_level: float, adjust: Adjust | None
) -> RandomisationTest:
    """The test of somebody else's statistic: linear in the outcome where that can be seen, else adjusted for every effect."""
    first = arrays.first
    if adjust is not None:
        return randomisation_test(
            lambda b: statistic(arrays, b), paths, first, conf_level=conf_level, under_null=lambda effect: lambda b: statistic(adjust(arrays, effect), b)
        )
    treated = replace(arrays, value=np.where(arrays.observed, arrays.treated, np.nan))
    both = replace(arrays, value=arrays.value + treated.value)
    parts = [float(statistic(a, first[None])[0]) for a in (arrays, treated, both)]
    linear = bool(np.isclose(parts[0] + parts[1], parts[2], rtol=1e-8, atol=1e-10 * np.nanmax(np.abs(arrays.value))))
    return randomisation_test(
        lambda b: statistic(arrays, b), paths, first, conf_level=conf_level, response=(lambda b: statistic(treated, b)) if linear else None
    )


def _notes(test: RandomisationTest, interval: Interval, paths: Paths, conf_level: float) -> tuple[Note, ...]:
    level = f"{100 * conf_level:g}%"
    if test.level == 0:
        return (Note(key="too_few_assignments", values={"n": paths.distinct, "smallest": f"{test.smallest_p:.3g}", "level": level}),)
    if test.interval is None:
        return (Note(key="interval_not_found"),)
    notes = []
    if not interval.bounded:
        notes.append(Note(key="interval_unbounded", values={"level": level}))
    if not interval.connected:
        notes.append(Note(key="interval_with_gaps", values={"level": level}))
    return tuple(notes)
