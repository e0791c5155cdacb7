"""The two-way coefficient, and its t statistic, of permuted starts: sums of table entries, no refitting."""

from dataclasses import dataclass

import numpy as np

from commresearch.impact.arrays import PanelArrays
from commresearch.impact.assignment_paths import Paths
from commresearch.impact.cluster_robust import cluster_sums
from commresearch.impact.fixed_effects import COLLINEAR, TwoWayFit
from commresearch.impact.inversion import Interval, inverted


def two_way_paths(arrays: PanelArrays, fit: TwoWayFit, paths: Paths) -> tuple[np.ndarray, np.ndarray]:
    """Two-way coefficient of the outcome, and of the observed treatment in its place, for every permutation: (B,), (B,).

    Equal to refitting, with gaps and weights, too.
    """
    path, weight = _path(arrays, paths), fit.projection.weight
    outcome = _by_cohort(fit, fit.residual + fit.coefficient[0] * fit.left[0], path)
    treatment = _by_cohort(fit, fit.left[0], path)
    if fit.projection.equal:
        sizes = np.bincount(fit.cluster).astype(np.float64) * weight[0, 0]
        centred = path - path.mean(axis=1, keepdims=True)
        above = _sums(np.stack([outcome, treatment], axis=2), paths.code)
        below = _norm(_masses(sizes, paths), centred, sizes.sum())
        return above[:, 0] / below, above[:, 1] / below
    total = weight.sum(axis=1, keepdims=True)
    means = weight @ path.T / total
    # Of every unit and cohort: the path without the unit's mean, weighted, (N, C, T); its square.
    centred = (path[None] - means[:, :, None]) * weight[:, None, :]
    square = np.einsum("nct,ct->nc", centred, path)
    n, c, t = centred.shape
    by_period = cluster_sums(centred.reshape(n, -1), fit.cluster).reshape(-1, c, t)
    tables = np.concatenate([np.stack([outcome, treatment, cluster_sums(square, fit.cluster)], axis=2), by_period], axis=2)
    sums = _sums(tables, paths.code)
    below = sums[:, 2] - np.einsum("bt,bt->b", sums[:, 3:] @ fit.projection.time_inverse, sums[:, 3:])
    # With gaps a permuted treatment may have nothing left beside the effects.
    below = np.where(below > COLLINEAR * sums[:, 2], below, np.nan)
    return sums[:, 0] / below, sums[:, 1] / below


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Studentised:
    """t statistics of permutations for every effect.

    numerator : float array (B, 2)
        Coefficient without the effect: constant and slope in δ = estimate − effect.
    square : float array (B, 3)
        Squared standard error (without factor): powers 0, 1, 2 of δ.
    estimate, std_error : float
        Of the data, without factor.
    factor : float
        Of CR1.
    paths : Paths
    """

    numerator: np.ndarray
    square: np.ndarray
    estimate: float
    std_error: float
    factor: float
    paths: Paths

    @property
    def statistic(self) -> float:
        """T statistic of the data."""
        return float(self.estimate / self.std_error / np.sqrt(self.factor))

    @property
    def draws(self) -> np.ndarray:
        """T statistics of the permutations under no effect, (B,)."""
        d = self.estimate
        made: np.ndarray = (self.numerator @ np.array([1.0, d])) / np.sqrt(self.factor * (self.square @ np.array([1.0, d, d * d])))
        return made

    def interval(self, conf_level: float) -> Interval:
        """Effects that are not rejected."""
        scale = self.std_error
        same = np.all(self.paths.code == self.paths.observed, axis=1)
        (n0, n1), (q0, q1, q2) = (self.numerator[~same] * (1.0, scale)).T, (self.square[~same] * (1.0, scale, scale**2)).T
        c = np.stack([n0**2, 2 * n0 * n1, n1**2 - q0, -q1, -q2], axis=1)
        always = int(same.sum()) + (not self.paths.enumerated)
        found = inverted(
            c / np.abs(c).max(axis=1, keepdims=True), always=always, total=self.paths.total, conf_level=conf_level, scale=scale
        )
        return Interval(low=self.estimate - found.high, high=self.estimate - found.low, connected=found.connected)


def studentised_paths(arrays: PanelArrays, fit: TwoWayFit, paths: Paths) -> Studentised:
    """T statistics of the two-way coefficient for a panel without gaps and weights.

    What is left of a permuted path is p_c − m̄ (unit means taken out), m̄ = Σ_c m_c p_c / N with m_c the units that get it, so that scores by
    assignment are entries of M_gc less their mean over cohorts, weighted by m_c.
    """
    path = _path(arrays, paths)
    centred = path - path.mean(axis=1, keepdims=True)
    sizes = np.bincount(fit.cluster).astype(np.float64) * fit.projection.weight[0, 0]
    n = sizes.sum()
    masses = _masses(sizes, paths)
    gram = centred @ centred.T
    below = _norm(masses, centred, n)
    mean_square = np.einsum("bc,bc->b", masses @ gram, masses) / n**2
    rows = np.arange(len(sizes))
    # ‖what is left of the path‖² of every assignment, (B, G).
    own = (np.diag(gram)[None, :] - 2 * masses @ gram / n + mean_square[:, None])
    size = sizes[None, :] * np.take_along_axis(own, paths.code.astype(np.int64), axis=1)
    parts, above = [], []
    for left in (fit.residual, fit.left[0]):
        table = _by_cohort(fit, left, path)
        score = table[rows, paths.code] - masses @ table.T / n
        coefficient = score.sum(axis=1) / below
        above.append(coefficient)
        parts.append(score - coefficient[:, None] * size)
    at, more = parts
    square = np.stack([(at**2).sum(axis=1), 2 * (at * more).sum(axis=1), (more**2).sum(axis=1)], axis=1) / below[:, None] ** 2
    own_scores = cluster_sums(fit.unit_scores, fit.cluster)[:, 0]
    return Studentised(
        numerator=np.stack(above, axis=1), square=square, estimate=float(fit.coefficient[0]),
        std_error=float(np.sqrt((own_scores**2).sum()) * fit.bread[0, 0]), factor=fit.factor, paths=paths,
    )


def _path(arrays: PanelArrays, paths: Paths) -> np.ndarray:
    """Treatment of every cohort over the periods, (C, T)."""
    return (arrays.periods[None, :] >= paths.starts[:, None]).astype(np.float64)


def _by_cohort(fit: TwoWayFit, left: np.ndarray, path: np.ndarray) -> np.ndarray:
    """M (G, C): products of what the effects leave of a variable with the paths, by assignment."""
    return cluster_sums((left * fit.projection.weight) @ path.T, fit.cluster)


def _sums(tables: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Σ_g tables[g, code_g] for every row of codes: (G, C, q), (B, G) → (B, q)."""
    made = np.broadcast_to(tables[:, 0].sum(axis=0), (len(code), tables.shape[2])).copy()
    for c in range(1, tables.shape[1]):
        made += (code == c).astype(np.float64) @ (tables[:, c] - tables[:, 0])
    return made


def _masses(sizes: np.ndarray, paths: Paths) -> np.ndarray:
    """Weight of the units that get each cohort's start, (B, C), or (1, C) where assignments are of one size."""
    cohorts = len(paths.starts)
    if (sizes == sizes[0]).all():
        return np.bincount(paths.observed, weights=sizes, minlength=cohorts)[None]
    return np.stack([(paths.code == c).astype(np.float64) @ sizes for c in range(cohorts)], axis=1)


def _norm(masses: np.ndarray, centred: np.ndarray, total: float) -> np.ndarray:
    """‖what the effects leave of the treatment‖², from units per cohort: Σ m_c ‖p_c‖² − ‖Σ m_c p_c‖² / N."""
    made: np.ndarray = masses @ (centred**2).sum(axis=1) - ((masses @ centred) ** 2).sum(axis=1) / total
    return made
