"""Tests and intervals of effects on counts for few assignments: the score bootstrap, and randomisation of the starts."""

from collections.abc import Callable, Mapping

import numpy as np

from commresearch.errors import EstimationError, Failure
from commresearch.impact.arrays import arrays_of
from commresearch.impact.assignment_paths import Paths, assignment_paths
from commresearch.impact.count_cells import CountCells, Exposure, additive_effect, count_cells
from commresearch.impact.fixed_effects import NOTHING, regression_notes, require_varied, single_side
from commresearch.impact.inversion import Interval, bisected
from commresearch.impact.option_checks import require_options
from commresearch.impact.poisson import compared, count_details, count_notes, poisson_effect
from commresearch.impact.poisson_paths import effects_by_fits, path_sums
from commresearch.impact.randomisation import RandomisationTest, randomisation_test
from commresearch.impact.result import CONF_LEVEL, ImpactEstimate, Note, impact_estimate
from commresearch.impact.two_way_poisson import two_way_poisson
from commresearch.impact.wild_bootstrap import Signs, Weights, contrast_scores, score_bootstrap, wild_signs
from commresearch.outcomes import Panel
from commresearch.terms import Estimand, Inference, Method, Unit

FARTHEST = 30.0  #: log ratio beyond which no effect is told apart
FITTED_PATHS = 199  #: re-assignments that p value and interval rest on where a panel has gaps and every effect is a fit of its own
FITTED_HALVINGS = 10  #: of the search for an end there: a thousandth of the spread of the re-assignments


def score_test(cells: CountCells, signs: Signs, null: float) -> float:
    """P value of an effect of `null` percent, by the score bootstrap of the Poisson regression with that effect imposed (Kline & Santos 2012).

    Raises
    ------
    EstimationError
        No maximum of the likelihood under it (CR-I35).
    """
    return score_bootstrap(contrast_scores(poisson_effect(cells, null=null).working(), np.ones(1)), signs).p_value


def poisson_wild_bootstrap(
    panel: Panel, *, null: float = 0.0, weights: Weights | None = None, draws: int = 9999, seed: int = 0, conf_level: float = CONF_LEVEL,
    exposure: Exposure = "denominator",
) -> ImpactEstimate:
    """The effect of `poisson_did` with one start, with p value and interval by the score bootstrap over assignments.

    Parameters
    ----------
    null : float
        Effect in percent that the p value tests.
    weights, draws, seed
        As for `wild_cluster_bootstrap`.

    Returns
    -------
    ImpactEstimate
        Percent; std_error is CR1 by the delta method, `details` and warnings also those of `poisson_did`; the interval holds all effects that are not rejected.

    Raises
    ------
    DesignError, EstimationError
        As `poisson_did`; several starts (CR-I38).
    """
    require_options({"weights": (weights, (None, "rademacher", "webb"))}, conf_level, draws=draws, seed=seed)
    arrays = arrays_of(panel)
    cells = count_cells(arrays, exposure)
    if len(cells.arrays.cohorts) > 1:
        raise EstimationError(Failure(code="CR-I38", values={"option": "starts", "got": len(cells.arrays.cohorts), "allowed": "1"}))
    effect = poisson_effect(cells)
    additive = additive_effect(arrays, exposure)
    b, error = effect.fit.coefficient, float(np.sqrt(effect.vcov("cr1").vcov[0, 0]))
    require_varied(cells.arrays, cells.counts - effect.fit.fitted, cells.counts)
    signs = wild_signs(len(effect.scores), weights=weights, draws=draws, rng=np.random.default_rng(seed))
    found = bisected(lambda x: score_test(cells, signs, _effect(x)), estimate=b, scale=error, conf_level=conf_level)
    told = np.nan if single_side(cells.arrays) is not None else error
    return impact_estimate(
        panel, cells.arrays, method=Method.POISSON, inference=Inference.WILD_BOOTSTRAP, estimand=Estimand.ATT_PERCENT,
        estimate=100 * float(np.expm1(b)), std_error=100 * float(np.exp(b)) * told, statistic=b / told, conf_level=conf_level, interval=_in_percent(found),
        p_value=score_test(cells, signs, null), unit=Unit.PERCENT, n_obs=effect.n_obs,
        details=count_details(cells, effect.expected, additive) | {
            "null": null, "draws": len(signs.values), "enumerated": float(signs.enumerated), "smallest_p": 1 / signs.total, "log_ratio": b,
        },
        warnings=_unbounded(found, conf_level) + count_notes(cells, b, additive) + regression_notes(cells.arrays),
    )


def poisson_randomisation(
    panel: Panel, *, draws: int = 9999, seed: int = 0, conf_level: float = CONF_LEVEL, strata: Mapping[str, object] | None = None,
    exposure: Exposure = "denominator",
) -> ImpactEstimate:
    """The effect of `poisson_did` with p value and interval by permutation of starts among assignments.

    The statistic is the logarithm of the ratio by `poisson_paths.att_of_paths`. An effect is not rejected where the p value of the counts without it
    (those of treated cells over one plus the effect) exceeds the level.

    Parameters
    ----------
    draws, seed, strata
        As for `randomisation_inference`. With gaps every re-assignment is a fit of its own, and 199 are drawn at most; a warning says how many.

    Returns
    -------
    ImpactEstimate
        Percent; std_error NaN. `details` as `randomisation_inference`, log_ratio, and those of `poisson_did`.

    Raises
    ------
    DesignError, EstimationError
        As `poisson_did`; starts that differ within an assignment (CR-I84), no stratum (CR-I85), no statistic (CR-I86).
    """
    require_options({}, conf_level, draws=draws, seed=seed)
    whole = arrays_of(panel)
    cells = count_cells(whole, exposure, keep_zero=True)
    arrays, gaps, rng = cells.arrays, not cells.used.all(), np.random.default_rng(seed)
    paths = assignment_paths(arrays, draws=min(draws, FITTED_PATHS) if gaps else draws, rng=rng, strata=strata)
    shown, b, expected = compared(whole, exposure)
    if abs(b) < NOTHING:
        require_varied(arrays, cells.counts - two_way_poisson(cells.counts, cells.exposure).fitted, cells.counts)
    additive = additive_effect(whole, exposure)
    test = _by_fits(cells, paths, b, conf_level) if gaps else _by_sums(cells, paths, b, conf_level, rng)
    interval = Interval(low=np.nan, high=np.nan) if test.interval is None else test.interval
    return impact_estimate(
        panel, arrays, method=Method.POISSON if len(arrays.cohorts) == 1 else Method.SATURATED_POISSON, inference=Inference.RANDOMISATION,
        estimand=Estimand.ATT_PERCENT, estimate=100 * float(np.expm1(b)), std_error=np.nan, conf_level=conf_level, interval=_in_percent(interval),
        p_value=test.p_value, unit=Unit.PERCENT, n_obs=int(cells.used.sum()),
        details=count_details(shown, expected, additive) | {
            "draws": len(paths.code), "enumerated": float(paths.enumerated), "distinct": float(paths.distinct), "smallest_p": test.smallest_p,
            "attainable_level": test.level, "log_ratio": b,
        },
        warnings=_few(test, paths, conf_level) + _unbounded(interval, conf_level) + count_notes(shown, b, additive) + _fitted(paths, gaps=gaps),
    )


def _by_sums(cells: CountCells, paths: Paths, b: float, conf_level: float, rng: np.random.Generator) -> RandomisationTest:
    """The test without gaps, its statistics kept for every effect that the interval asks for."""
    first = cells.arrays.first
    own, others = (path_sums(cells, rows, seed=rng) for rows in (first[None], paths.first(slice(None))))

    def under_null(effect: float) -> Callable[[np.ndarray], np.ndarray]:
        return lambda rows: _log((own if len(rows) == 1 and np.array_equal(rows[0], first) else others).effects(_effect(effect)))

    return randomisation_test(under_null(0.0), paths, first, conf_level=conf_level, under_null=under_null, estimate=b)


def _by_fits(cells: CountCells, paths: Paths, b: float, conf_level: float) -> RandomisationTest:
    """The same with gaps: every statistic is a fit."""
    first = cells.arrays.first

    def under_null(effect: float) -> Callable[[np.ndarray], np.ndarray]:
        return lambda rows: _log(effects_by_fits(cells, rows, _effect(effect)))

    return randomisation_test(under_null(0.0), paths, first, conf_level=conf_level, under_null=under_null, estimate=b, halvings=FITTED_HALVINGS)


def _effect(log: float) -> float:
    """Percent of a log ratio under test; beyond e^±30 effects are as good as −100 % and without limit, and counts would overflow."""
    return 100 * float(np.expm1(np.clip(log, -FARTHEST, FARTHEST)))


def _log(percent: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        made: np.ndarray = np.log1p(percent / 100)
    return made


def _in_percent(interval: Interval) -> tuple[float, float]:
    with np.errstate(over="ignore"):
        return 100 * float(np.expm1(interval.low)), 100 * float(np.expm1(interval.high))


def _few(test: RandomisationTest, paths: Paths, conf_level: float) -> tuple[Note, ...]:
    if test.level > 0:
        return ()
    values = {"n": paths.distinct, "smallest": f"{test.smallest_p:.3g}", "level": f"{100 * conf_level:g}%"}
    return (Note(key="too_few_assignments", values=values),)


def _fitted(paths: Paths, *, gaps: bool) -> tuple[Note, ...]:
    return (Note(key="counts_fitted_paths", values={"n": len(paths.code)}),) if gaps else ()


def _unbounded(interval: Interval, conf_level: float) -> tuple[Note, ...]:
    return () if interval.bounded else (Note(key="interval_unbounded", values={"level": f"{100 * conf_level:g}%"}),)
