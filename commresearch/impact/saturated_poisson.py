"""Effects on counts with several starts: what was counted in treated months over what Poisson unit and period effects of the others foretell."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from commresearch.impact.count_cells import CountCells
from commresearch.impact.two_way_poisson import TwoWayPoisson, two_way_poisson

By = Literal["overall", "event_time", "group", "period"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SaturatedEffects:
    """Ratios of K sets of treated cells.

    labels : int64 array (K,)
        Months since the start, number of the cohort or of the period; 0 for the one set of all treated cells.
    observed, expected : float array (K,)
        Counts in the treated cells, and the counts foretold without treatment.
    log_ratio : float array (K,)
        log(observed / expected): −inf where nothing was observed, NaN where nothing is expected.
    influence : float array (N, K)
        N times unit i's contribution to the error of log_ratio: influence' influence / N² is its covariance, sums by cluster taken first where units
        were assigned together. NaN where log_ratio is not finite.
    """

    labels: np.ndarray
    observed: np.ndarray
    expected: np.ndarray
    log_ratio: np.ndarray
    influence: np.ndarray

    def covariance(self, cluster: np.ndarray) -> np.ndarray:
        """Clustered covariance (K, K) of log_ratio, with the factor G/(G − 1) of G clusters."""
        sums = np.zeros((int(cluster.max()) + 1, len(self.labels)))
        np.add.at(sums, cluster, self.influence / len(self.influence))
        g = len(sums)
        covariance: np.ndarray = sums.T @ sums * g / (g - 1) if g > 1 else np.full((sums.shape[1],) * 2, np.nan)
        return covariance


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counterfactual:
    """What the treated cells would have counted.

    fit : TwoWayPoisson
        Of the cells that are not treated.
    expected : float array (N, T)
        e_it exp(a_i + g_t) of the treated cells, 0 elsewhere.
    """

    fit: TwoWayPoisson
    expected: np.ndarray


def counterfactual(cells: CountCells) -> Counterfactual:
    """Unit and period effects of the cells not treated, carried over to those that are.

    E[y_it] = e_it exp(a_i + g_t) for cells of units never, or not yet, treated. Where exposures do not change over time and no cell is missing, this
    is the Poisson regression with effects of cohorts and periods and one coefficient for every treated cohort and period (Wooldridge 2023).

    Raises
    ------
    EstimationError
        The maximum of the likelihood does not exist or is not unique (CR-I35).
    """
    fit = two_way_poisson(np.where(cells.treated, 0.0, cells.counts), cells.untreated_exposure)
    return Counterfactual(fit=fit, expected=np.where(cells.treated, cells.exposure * fit.unit_factor[:, None] * fit.period_factor, 0.0))


def saturated_effects(cells: CountCells, known: Counterfactual, by: By = "overall") -> SaturatedEffects:
    """Ratios of observed to expected counts, overall or by event time, cohort or period, with the influence of every unit.

    log O_k − log C_k with O_k = Σ y_it and C_k = Σ e_it exp(a_i + g_t) over the cells of set k. With a_i at its maximum C_k depends on unit i's own
    counts and on g, whose error is H⁻¹ Σ s_i (H, s_i: information and scores, unit effects solved for). Unit i contributes
    O_ik / O_k − C_ik / C_k − s_i' H⁻¹ (∂C_k/∂g) / C_k.

    Returns
    -------
    SaturatedEffects
        K sets in ascending order.
    """
    labels, member = _sets(cells, by)
    n, t, k = *cells.counts.shape, len(labels)
    rows, columns = np.nonzero(cells.treated)
    sets = member[rows, columns]
    y, foretold = cells.counts[rows, columns], known.expected[rows, columns]
    observed_of = np.bincount(rows * k + sets, y, n * k).reshape(n, k)
    expected_of = np.bincount(rows * k + sets, foretold, n * k).reshape(n, k)
    observed, expected = observed_of.sum(axis=0), expected_of.sum(axis=0)
    fit = known.fit
    sums = fit.fitted.sum(axis=1, keepdims=True)
    shares = np.divide(fit.fitted, sums, out=np.zeros_like(fit.fitted), where=sums > 0)
    gradient = (np.bincount(sets * t + columns, foretold, k * t).reshape(k, t) - expected_of.T @ shares)[:, fit.free]
    through_periods = fit.period_score @ np.linalg.solve(fit.information, gradient.T) if len(fit.free) else np.zeros((n, k))
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.where(expected > 0, np.log(observed) - np.log(expected), np.nan)
        influence = n * (observed_of / observed - (expected_of + through_periods) / expected)
    influence[:, ~np.isfinite(log_ratio)] = np.nan
    return SaturatedEffects(labels=labels, observed=observed, expected=expected, log_ratio=log_ratio, influence=influence)


def _sets(cells: CountCells, by: By) -> tuple[np.ndarray, np.ndarray]:
    """Labels of the sets that treated cells fall into, and the place of the label of every cell."""
    first, periods = cells.arrays.first, cells.arrays.periods
    shape = cells.counts.shape
    rows, columns = np.nonzero(cells.treated)
    of_cell = {
        "overall": np.zeros(len(rows), dtype=np.int64), "event_time": periods[columns] - first[rows], "group": first[rows], "period": periods[columns]
    }
    labels, member = np.unique(of_cell[by], return_inverse=True)
    places = np.full(shape, -1)
    places[cells.treated] = member
    return labels, places
