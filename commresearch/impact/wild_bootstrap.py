"""Wild cluster bootstrap: signs drawn by assignment, residuals of the null (Cameron, Gelbach & Miller 2008; Roodman et al. 2019).

For a contrast c'b with null value r let δ = estimate − r. With everything that is not nested in clusters in the design X (scores X_g'e_g),
M = (X'X)⁺ and z = X M c / c'Mc, the residuals of the null are e + δ z and the scores of the null E_g = X_g'e_g + δ R_g, R_g = X_g'z_g. A draw v
of one sign per cluster has, without refitting anything,

    t*(v) = Σ_g v_g a_g / √( f Σ_g (v_g a_g − R_g M Σ_h v_h E_h)² ),    a_g = E_g'w,  w = M c / c'Mc

and v = 1 gives the t statistic of the data. Scores are affine in δ, so that one set of products serves all null values: a draw is at least as
far out as the data where a quartic in δ is not negative (inversion.py). With scores and information of another likelihood, evaluated with the
null imposed, the same is the score bootstrap of Kline & Santos (2012).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from commresearch.errors import DesignError, Failure
from commresearch.impact.arrays import FEW, PanelArrays, arrays_of
from commresearch.impact.cluster_robust import cluster_sums
from commresearch.impact.fixed_effects import (
    TwoWayFit,
    event_study_regression,
    regression_notes,
    require_varied,
    single_side,
    treatment_fit,
    usable,
)
from commresearch.impact.inversion import TIE, Interval, inverted, needed
from commresearch.impact.option_checks import require_options
from commresearch.impact.result import CONF_LEVEL, ImpactEstimate, Note, impact_estimate
from commresearch.outcomes import Panel
from commresearch.terms import Estimand, Inference, Method

Weights = Literal["rademacher", "webb"]
FEW_CLUSTERS = 12  #: below so many clusters there are too few combinations of two signs
ENUMERATED = 13  #: up to so many clusters all combinations of two signs are used
WEBB = np.sqrt([0.5, 1.0, 1.5])  #: sizes of Webb's six points
BLOCK = 100_000  #: numbers worked on at once: as many as a processor's cache holds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signs:
    """Draws of one number per cluster.

    values : float array (B, G)
    enumerated : bool
        All combinations of two signs, each once; v and −v are as far out, so that half of them stand here.
    """

    values: np.ndarray
    enumerated: bool

    @property
    def total(self) -> int:
        """Draws that a p value is a share of: the data are one more, unless all combinations (they are one of them) are there."""
        return len(self.values) + (not self.enumerated)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClusterScores:
    """Scores of a contrast by cluster.

    score : float array (G, K)
        At the estimate without the null (or, of `score_bootstrap`, with it).
    slope : float array (G, K)
        R_g: information of each cluster times w; change of its score with δ.
    bread : float array (K, K)
        Inverse of the whole information.
    direction : float array (K,)
        w = M c / c'Mc.
    """

    score: np.ndarray
    slope: np.ndarray
    bread: np.ndarray
    direction: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WildTest:
    """A bootstrap test of one null value: statistic of the data, of the draws (B,), and the share at least as far out."""

    statistic: float
    draws: np.ndarray
    p_value: float


def wild_signs(clusters: int, *, weights: Weights | None, draws: int, rng: np.random.Generator) -> Signs:
    """Draws for so many clusters.

    Parameters
    ----------
    weights : {"rademacher", "webb"}, optional
        Two signs, or Webb's six points ±√½, ±1, ±√1½; by default Webb's below 12 clusters. Two signs are enumerated for 13 clusters or fewer.
    """
    if weights is None:
        weights = "webb" if clusters < FEW_CLUSTERS else "rademacher"
    if weights == "webb":
        values = rng.choice(np.concatenate([-WEBB, WEBB]), size=(draws, clusters))
        return Signs(values=values, enumerated=False)
    if clusters <= ENUMERATED:
        combinations = np.arange(2 ** (clusters - 1))[:, None] >> np.arange(clusters)[None, :] & 1
        return Signs(values=1.0 - 2.0 * combinations, enumerated=True)
    bits = np.unpackbits(np.frombuffer(rng.bytes(-(-draws * clusters // 8)), dtype=np.uint8), count=draws * clusters)
    values = bits.reshape(draws, clusters).astype(np.float64)
    values *= -2.0
    values += 1.0
    return Signs(values=values, enumerated=False)


def score_bootstrap(scores: ClusterScores, signs: Signs, *, factor: float = 1.0) -> WildTest:
    """Test of the null at which `scores.score` was evaluated, for any likelihood with scores and information by cluster.

    Parameters
    ----------
    factor : float
        Small-sample factor of the variance, the same for data and draws.
    """
    ones = np.ones((1, len(scores.score)))
    statistic = float(_statistics(scores, ones, factor)[0])
    draws = _statistics(scores, signs.values, factor)
    return WildTest(statistic=statistic, draws=draws, p_value=share(draws, statistic, signs))


def share(draws: np.ndarray, statistic: float, signs: Signs) -> float:
    """Share of draws at least as far out as the data, the data included."""
    out = int((np.abs(draws) >= abs(statistic) * (1 - TIE)).sum())
    return (out + (not signs.enumerated)) / signs.total


def _statistics(scores: ClusterScores, values: np.ndarray, factor: float) -> np.ndarray:
    own, refit = scores.score @ scores.direction, _refit(scores, scores.score)
    return np.concatenate([block @ own / np.sqrt(factor * (refit(block) ** 2).sum(axis=1)) for block in _blocks(values)])


def _blocks(values: np.ndarray) -> list[np.ndarray]:
    return np.array_split(values, max(1, values.size // BLOCK))


def _refit(scores: ClusterScores, score: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Scores (B, G) of the contrast by cluster after refitting to draws (B, G) of the signs of `score`."""
    own, left = score @ scores.direction, scores.bread @ scores.slope.T
    if len(score) <= 2 * score.shape[1]:
        whole = np.diag(own) - score @ left
        return lambda values: values @ whole
    return lambda values: values * own - (values @ score) @ left


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wild:
    """Draws of a linear regression for every null value.

    numerator : float array (B, 2)
        Of t*, constant and slope in δ.
    square : float array (B, 3)
        Sum of squares in its denominator: powers 0, 1, 2 of δ.
    constant : bool array (B,)
        Draws with the same number for all clusters: as far out as the data for every null.
    spread, size : float
        Σ (a_g at the estimate)² and z'z of the data: t = δ z'z / √(f · spread).
    signs : Signs
    """

    numerator: np.ndarray
    square: np.ndarray
    constant: np.ndarray
    spread: float
    size: float
    signs: Signs

    def p_value(self, delta: float, *, restricted: bool = True) -> float:
        """P value of the null at a distance from the estimate."""
        at = delta if restricted else 0.0
        draws = (self.numerator[:, 0] + at * self.numerator[:, 1]) ** 2 * self.spread
        data = (delta * self.size) ** 2 * (self.square @ np.array([1.0, at, at * at]))
        out = draws >= data * (1 - TIE)
        if restricted:
            out |= self.constant
        return float((int(out.sum()) + (not self.signs.enumerated)) / self.signs.total)

    def interval(self, conf_level: float, *, restricted: bool = True) -> Interval:
        """Distances from the estimate that are not rejected."""
        scale = float(np.sqrt(self.spread)) / self.size
        more = int(not self.signs.enumerated)
        if not restricted:
            t = np.sort(np.abs(self.numerator[:, 0]) / np.sqrt(self.square[:, 0]))[::-1]
            least = needed(self.signs.total, conf_level) - more
            half = float("inf") if least <= 0 else scale * float(t[least - 1])
            return Interval(low=-half, high=half)
        kept = ~self.constant
        (n0, n1), (q0, q1, q2) = (self.numerator[kept] * (1.0, scale)).T, (self.square[kept] * (1.0, scale, scale**2)).T
        c = np.stack([n0**2, 2 * n0 * n1, n1**2 - q0, -q1, -q2], axis=1)
        always = int(self.constant.sum()) + more
        return inverted(c / np.abs(c).max(axis=1, keepdims=True), always=always, total=self.signs.total, conf_level=conf_level, scale=scale)


def wild(scores: ClusterScores, signs: Signs) -> Wild:
    """All products of the draws with the scores of a linear regression."""
    own, slope = scores.score @ scores.direction, scores.slope @ scores.direction
    refit, refit_slope = _refit(scores, scores.score), _refit(scores, scores.slope)
    square = []
    for block in _blocks(signs.values):
        at, more = refit(block), refit_slope(block)
        square.append(np.stack([np.einsum("bg,bg->b", at, at), 2 * np.einsum("bg,bg->b", at, more), np.einsum("bg,bg->b", more, more)], axis=1))
    return Wild(
        numerator=signs.values @ np.stack([own, slope], axis=1), square=np.concatenate(square), spread=float(own @ own), size=float(slope.sum()),
        constant=(signs.values == signs.values[:, :1]).all(axis=1), signs=signs,
    )


def contrast_scores(fit: TwoWayFit, contrast: np.ndarray) -> ClusterScores:
    """Scores by assignment of a contrast (k,) of the coefficients of a two-way regression; columns are its regressors, then the periods."""
    k, t = len(fit.left), fit.residual.shape[1]
    own = fit.bread @ contrast / (contrast @ fit.bread @ contrast)
    bread = np.zeros((k + t, k + t))
    bread[:k, :k], bread[k:, k:] = fit.bread, fit.projection.time_inverse
    z = np.tensordot(own, fit.left, axes=1)
    made = [cluster_sums(fit.projection.products(x, fit.left), fit.cluster) for x in (fit.residual, z)]
    return ClusterScores(score=made[0], slope=made[1], bread=bread, direction=np.concatenate([own, np.zeros(t)]))


def wild_cluster_bootstrap(
    panel: Panel, *, contrast: Mapping[int, float] | None = None, null: float = 0.0, weights: Weights | None = None, draws: int = 9999, seed: int = 0,
    conf_level: float = CONF_LEVEL, restricted: bool = True, reference: int | tuple[int, ...] = -1,
) -> ImpactEstimate:
    """A two-way regression with p value and interval by the wild bootstrap over assignments.

    Parameters
    ----------
    contrast : mapping of event time to weight, optional
        Of the coefficients of the event study ({0: 0.5, 1: 0.5}: mean of the first two months); else the one coefficient of the treatment.
    null : float
        Effect that the p value tests.
    weights : {"rademacher", "webb"}, optional
        Default: Webb's below 12 assignments, else two signs. Two signs are enumerated for 13 assignments or fewer.
    draws : int
        Where they are not enumerated.
    restricted : bool
        Residuals of the null (the better test); else those of the estimate.
    reference : int or tuple of int
        Of the event study.

    Returns
    -------
    ImpactEstimate
        std_error is CR1, NaN with a single assignment on one side; the interval is all effects that are not rejected, infinite where that has no end. details: null, draws, enumerated,
        smallest_p (that could occur).

    Raises
    ------
    DesignError, EstimationError
        As two_way_fixed_effects and event_study_regression; an event time that does not occur (CR-I82); nothing varies (CR-I83); an option
        that does not exist (CR-I38).
    """
    require_options({"weights": (weights, (None, "rademacher", "webb"))}, conf_level, draws=draws, seed=seed)
    arrays, fit, row = _regression(arrays_of(panel), contrast, reference)
    require_varied(arrays, fit.residual)
    scores = contrast_scores(fit, row)
    factor = fit.factor
    made = wild(scores, wild_signs(len(scores.score), weights=weights, draws=draws, rng=np.random.default_rng(seed)))
    estimate = float(row @ fit.coefficient)
    distances = made.interval(conf_level, restricted=restricted)
    # The null lies at estimate − δ: the largest distance is the lower end.
    interval = (estimate - distances.high, estimate - distances.low)
    signs = made.signs
    return impact_estimate(
        panel, arrays, method=Method.TWO_WAY_FIXED_EFFECTS, inference=Inference.WILD_BOOTSTRAP,
        estimand=Estimand.COEFFICIENT if contrast is None else Estimand.ATT_BY_EVENT_TIME, estimate=estimate,
        std_error=np.nan if single_side(arrays) is not None else float(np.sqrt(factor * made.spread)) / made.size, conf_level=conf_level, interval=interval,
        p_value=made.p_value(estimate - null, restricted=restricted), n_obs=fit.n_obs,
        warnings=_notes(arrays, distances, conf_level) + regression_notes(arrays),
        details={"null": null, "draws": len(signs.values), "enumerated": float(signs.enumerated), "smallest_p": 1 / signs.total},
    )


def _regression(
    arrays: PanelArrays, contrast: Mapping[int, float] | None, reference: int | tuple[int, ...]
) -> tuple[PanelArrays, TwoWayFit, np.ndarray]:
    if contrast is None:
        arrays = usable(arrays)
        return arrays, treatment_fit(arrays), np.ones(1)
    study = event_study_regression(arrays, reference)
    unknown = sorted(set(contrast) - set(study.event_time.tolist()))
    if unknown or not any(contrast.values()):
        known = ", ".join(map(str, study.event_time))
        raise DesignError(Failure(code="CR-I82", values={"times": ", ".join(map(str, unknown)), "known": known}))
    return study.arrays, study.fit, np.array([contrast.get(int(e), 0.0) for e in study.event_time])


def _notes(arrays: PanelArrays, distances: Interval, conf_level: float) -> tuple[Note, ...]:
    notes = []
    treated = len(np.unique(arrays.cluster[arrays.ever_treated]))
    if treated < FEW:
        notes.append(Note(key="few_treated_wild", values={"treated": treated}))
    if not distances.bounded:
        notes.append(Note(key="interval_unbounded", values={"level": f"{100 * conf_level:g}%"}))
    if not distances.connected:
        notes.append(Note(key="interval_with_gaps", values={"level": f"{100 * conf_level:g}%"}))
    return tuple(notes)
