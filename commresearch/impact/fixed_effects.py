"""Regressions with effects of units and periods: one coefficient of the treatment, or one for each event time.

    y_it = a_i + c_t + b d_it + e_it                          two-way fixed effects
    y_it = a_i + c_t + Σ_k b_k 1[t − first_i = k] + e_it      event study, k ≠ reference

Both are least squares on what is left of y and the regressors after both effects are projected out. With N × T cells of equal weight that is
x_it − x_i. − x_.t + x_..; with gaps or weights w the effects of units are taken out as weighted means and those of the T periods solve

    (diag Σ_i w_it − W' diag(1/w_i.) W) c = Σ_i w_it (x_it − x_i.)

exactly. One coefficient of starts at several times compares late starters with early ones that are treated already: see bacon.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from commresearch.errors import DesignError, EstimationError, Failure
from commresearch.impact.arrays import FEW, NEVER, Dropped, PanelArrays, arrays_of
from commresearch.impact.cluster_robust import KINDS, ClusterVcov, Kind, adjusted, cluster_sums, cr1, inverse, small_sample_factor
from commresearch.impact.option_checks import require_options
from commresearch.impact.result import CONF_LEVEL, ImpactEstimate, Note, impact_estimate
from commresearch.outcomes import Panel
from commresearch.terms import Estimand, Inference, Method

NOTHING = 1e-10  #: of the largest value; what is smaller is rounding
COLLINEAR = 1e-9  #: share of a regressor that is left by the effects, below which nothing is


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoWay:
    """Projection on what effects of units and of periods leave.

    weight : float array (N, T)
        Zero where a month is not used.
    equal : bool
        All cells used, with one weight.
    time_inverse : float array (T, T)
        Pseudo-inverse of the equations of the periods above.
    """

    weight: np.ndarray
    equal: bool
    time_inverse: np.ndarray

    def left(self, x: np.ndarray) -> np.ndarray:
        """What is left of x (…, N, T); zero where a month is not used. Values there must be finite."""
        if self.equal:
            centred = x - x.mean(axis=-1, keepdims=True)
            balanced: np.ndarray = centred - centred.mean(axis=-2, keepdims=True)
            return balanced
        total = self.weight.sum(axis=1, keepdims=True)
        centred = x - (x * self.weight).sum(axis=-1, keepdims=True) / total
        effect = (centred * self.weight).sum(axis=-2) @ self.time_inverse
        of_units = (effect @ self.weight.T)[..., None] / total
        return np.where(self.weight > 0, centred - effect[..., None, :] + of_units, 0.0)

    def products(self, x: np.ndarray, left: np.ndarray) -> np.ndarray:
        """Products by unit of x (N, T) with the regressors `left` (k, N, T) and the T periods: (N, k + T)."""
        weighted = x * self.weight
        return np.concatenate([np.einsum("nt,knt->nk", weighted, left), weighted], axis=1)


def two_way(weight: np.ndarray) -> TwoWay:
    """The projection for weights (N, T) that are zero where a month is not used; every unit must have a positive one."""
    n, t = weight.shape
    if (weight == weight[0, 0]).all():
        return TwoWay(weight=weight, equal=True, time_inverse=(np.eye(t) - 1 / t) / (n * weight[0, 0]))
    total = weight.sum(axis=1)
    equations = np.diag(weight.sum(axis=0)) - weight.T @ (weight / total[:, None])
    return TwoWay(weight=weight, equal=False, time_inverse=np.linalg.pinv(equations, rcond=1e-12, hermitian=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoWayFit:
    """A regression with effects of units and periods.

    coefficient : float array (k,)
        In the unit of the values.
    left : float array (k, N, T)
        Regressors without the effects; zero where a month is not used.
    residual : float array (N, T)
        Zero where a month is not used.
    projection : TwoWay
    cluster : int array (N,)
    bread : float array (k, k)
        Inverse of the weighted cross-product of `left`.
    n_obs, parameters : int
        Months used; parameters that count in the factor of CR1: k and the periods, effects of units being nested in clusters.
    """

    coefficient: np.ndarray
    left: np.ndarray
    residual: np.ndarray
    projection: TwoWay
    cluster: np.ndarray
    bread: np.ndarray
    n_obs: int
    parameters: int

    @property
    def factor(self) -> float:
        """Small-sample factor of CR1."""
        return small_sample_factor(int(self.cluster.max()) + 1, self.n_obs, self.parameters)

    @property
    def unit_scores(self) -> np.ndarray:
        """Σ_t w x e of every unit, (N, k)."""
        made: np.ndarray = np.einsum("nt,knt->nk", self.residual * self.projection.weight, self.left)
        return made

    def influence(self) -> np.ndarray:
        """Influence of every unit on the coefficients, (N, k): their covariance is its cross-product by cluster, over N²."""
        made: np.ndarray = len(self.residual) * self.unit_scores @ self.bread
        return made

    def vcov(self, kind: Kind) -> ClusterVcov:
        """Covariance of the coefficients, equal to that of the regression with all effects as dummies."""
        if kind == "cr1":
            return cr1(cluster_sums(self.unit_scores, self.cluster), inverse(self.bread), factor=self.factor)
        score = cluster_sums(self.projection.products(self.residual, self.left), self.cluster)
        return adjusted(score, self._cross(), k=len(self.left), kind=kind)

    def _cross(self) -> np.ndarray:
        """Cross-products by cluster of the regressors and of the periods without effects of units, (G, k + T, k + T)."""
        (n, t), k, weight = self.residual.shape, len(self.left), self.projection.weight
        weighted = self.left * weight
        cross = np.empty((n, k + t, k + t))
        cross[:, :k, :k] = np.einsum("ant,bnt->nab", weighted, self.left)
        cross[:, :k, k:] = weighted.transpose(1, 0, 2)
        cross[:, k:, :k] = weighted.transpose(1, 2, 0)
        cross[:, k:, k:] = -weight[:, :, None] * (weight / weight.sum(axis=1, keepdims=True))[:, None, :]
        cross[:, np.arange(k, k + t), np.arange(k, k + t)] += weight
        return cluster_sums(cross.reshape(n, -1), self.cluster).reshape(-1, k + t, k + t)


def usable(arrays: PanelArrays) -> PanelArrays:
    """Units with two months or more of positive weight: one month alone tells nothing beside the unit's own effect.

    Raises
    ------
    EstimationError
        A weight is missing, negative or infinite (CR-I24).
    DesignError
        No unit begins within the panel with months before and after (CR-I25, CR-I26), or all begin at once (CR-I27).
    """
    wrong = (arrays.observed & ~(np.isfinite(arrays.weight) & (arrays.weight >= 0))).any(axis=1)
    if wrong.any():
        raise EstimationError(Failure(code="CR-I24", values={"units": ", ".join(map(str, arrays.units[wrong]))}))
    months = (arrays.observed & (arrays.weight > 0)).sum(axis=1)
    if (months < 2).any():
        gone = tuple(
            Dropped(unit_id=str(arrays.units[i]), reason="single_month", months=int(months[i]), whole=True) for i in np.flatnonzero(months < 2)
        )
        arrays = arrays.take(months >= 2, gone)
    if not len(arrays.units) or not arrays.ever_treated.any():
        raise DesignError(Failure(code="CR-I25", values={"units": len(arrays.units)}))
    if arrays.cohorts[-1] <= arrays.periods[0]:
        raise DesignError(Failure(code="CR-I26", values={"first": arrays.label(int(arrays.periods[0]))}))
    if len(np.unique(arrays.first)) == 1:
        raise DesignError(Failure(code="CR-I27", values={"start": arrays.label(int(arrays.first[0]))}))
    return arrays


def cell_weights(arrays: PanelArrays) -> np.ndarray:
    """Weights of the months, zero where a month is not used, (N, T)."""
    return np.where(arrays.observed, arrays.weight, 0.0)


def two_way_fit(arrays: PanelArrays, regressors: np.ndarray, names: Sequence[object] = ()) -> TwoWayFit:
    """Least squares of the value on regressors (k, N, T) with effects of units and periods.

    Parameters
    ----------
    names : sequence
        Of the regressors, for the message.

    Raises
    ------
    EstimationError
        Regressors that the effects, or the others, leave nothing of (CR-I28).
    """
    weight = cell_weights(arrays)
    projection = two_way(weight)
    left = projection.left(regressors)
    weighted = left if projection.equal and weight[0, 0] == 1 else left * weight
    k, cells = len(left), weight > 0
    value = arrays.value if cells.all() else np.where(cells, arrays.value, 0.0)
    cross = weighted.reshape(k, -1) @ left.reshape(k, -1).T
    _require_variation(cross, regressors, weight, names)
    bread = inverse(cross)
    coefficient = bread @ (weighted.reshape(k, -1) @ value.ravel())
    residual = projection.left(value) - np.tensordot(coefficient, left, axes=1)
    return TwoWayFit(
        coefficient=coefficient, left=left, residual=residual, projection=projection, cluster=arrays.cluster, bread=bread,
        n_obs=int(cells.sum()), parameters=k + int(cells.any(axis=0).sum()),
    )


def _require_variation(cross: np.ndarray, regressors: np.ndarray, weight: np.ndarray, names: Sequence[object]) -> None:
    """Refuse regressors of which the effects and the regressors before leave nothing."""
    whole = np.einsum("knt,nt->k", regressors**2, weight)
    lost = np.diag(cross) <= COLLINEAR * whole
    if not lost.any():
        scale = np.sqrt(np.diag(cross))
        q = np.linalg.qr(cross / np.outer(scale, scale), mode="r")
        lost = np.abs(np.diag(q)) <= COLLINEAR
    if lost.any():
        places = np.flatnonzero(lost).tolist()
        listed = [names[i] for i in places] if names else places
        raise EstimationError(Failure(code="CR-I28", values={"names": ", ".join(map(str, listed))}))


def require_varied(arrays: PanelArrays, left: np.ndarray, value: np.ndarray | None = None) -> None:
    """Refuse what is left of the values (of the arrays where not given) where that is rounding only: p values would be those of rounding.

    Raises
    ------
    EstimationError
        Nothing varies (CR-I83).
    """
    if np.abs(left).max() <= NOTHING * np.nanmax(np.abs(arrays.value if value is None else value)):
        raise EstimationError(Failure(code="CR-I83", values={"clusters": len(arrays.assignments)}))


def require_varied_values(arrays: PanelArrays) -> None:
    """Refuse values that differ by unit and by month only: there is no effect, and nothing to judge it by.

    Raises
    ------
    EstimationError
        Nothing varies (CR-I83).
    """
    seen = arrays.observed
    require_varied(arrays, two_way(seen.astype(np.float64)).left(np.where(seen, arrays.value, 0.0)))


def treatment_fit(arrays: PanelArrays) -> TwoWayFit:
    """The regression on the treatment, for arrays that are `usable`."""
    return two_way_fit(arrays, arrays.treated[None].astype(np.float64), ("d",))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventStudy:
    """Coefficients by months since the start.

    event_time : int64 array (K,)
        Without the reference.
    fit : TwoWayFit
        Coefficients in this order, with influence and covariances.
    arrays : PanelArrays
        Units that are in it.
    reference : tuple of int
    """

    event_time: np.ndarray
    fit: TwoWayFit
    arrays: PanelArrays
    reference: tuple[int, ...]


def event_study_regression(arrays: PanelArrays, reference: int | tuple[int, ...] = -1) -> EventStudy:
    """Coefficients of all event times that occur but the reference.

    Units treated from their first used month on have no reference and are left out (listed in `arrays.dropped`). Where no unit is never
    treated, a second reference must be given: effects of units, of periods and of event times depend on each other.

    Raises
    ------
    DesignError, EstimationError
        As `usable`; no unit has a month of the reference (CR-I29); event times that depend on the rest (CR-I28).
    """
    arrays = usable(arrays)
    references = (reference,) if isinstance(reference, int) else tuple(reference)
    cells = cell_weights(arrays) > 0
    always = ~(cells & ~arrays.treated).any(axis=1)
    if always.any():
        gone = tuple(
            Dropped(unit_id=str(arrays.units[i]), reason="no_month_before", months=int(cells[i].sum()), whole=True) for i in np.flatnonzero(always)
        )
        arrays = usable(arrays.take(~always, gone))
        cells = cell_weights(arrays) > 0
    since = np.where(arrays.ever_treated[:, None], arrays.periods[None, :] - np.where(arrays.ever_treated, arrays.first, 0)[:, None], NEVER)
    times = np.unique(since[cells & arrays.ever_treated[:, None]])
    if not np.isin(references, times).all():
        raise DesignError(Failure(code="CR-I29", values={"reference": ", ".join(map(str, references))}))
    times = times[~np.isin(times, references)]
    fit = two_way_fit(arrays, (since[None] == times[:, None, None]).astype(np.float64), times.tolist())
    return EventStudy(event_time=times, fit=fit, arrays=arrays, reference=references)


def two_way_fixed_effects(panel: Panel, *, vcov: Kind = "cr1", conf_level: float = CONF_LEVEL) -> ImpactEstimate:
    """The coefficient of the treatment in a regression with effects of units and months.

    Parameters
    ----------
    vcov : {"cr1", "cr2", "cr3"}
        Covariance by assignment. CR1 has the factor G/(G−1) · (n−1)/(n−k) and t with G−1 degrees of freedom, k counting the treatment and the
        months (effects of units are nested in assignments); CR2 has Satterthwaite's degrees of freedom; CR3 is the jackknife.
    conf_level : float

    Returns
    -------
    ImpactEstimate
        With warnings where few assignments are treated (CR1, CR3: fewer than six), where starts differ, where units are treated throughout. CR1 and
        CR2 with a single assignment on one side have no standard error, interval and p value: NaN, and a warning.

    Raises
    ------
    DesignError
        Nobody is treated within the panel (CR-I25), all from before its first month (CR-I26), all at once (CR-I27).
    EstimationError
        Weights (CR-I24), fewer than three assignments (CR-I20), too few months (CR-I21), no variation left of the treatment (CR-I28) or of the outcome
        (CR-I83), CR3 with one treated assignment (CR-I23), an option that does not exist (CR-I38).
    """
    require_options({"vcov": (vcov, KINDS)}, conf_level)
    arrays = usable(arrays_of(panel))
    fit = treatment_fit(arrays)
    cov = named_clusters(arrays, lambda: fit.vcov(vcov))
    require_varied(arrays, fit.residual)
    return impact_estimate(
        panel, arrays, method=Method.TWO_WAY_FIXED_EFFECTS, inference=Inference(vcov), estimand=Estimand.COEFFICIENT,
        estimate=float(fit.coefficient[0]), std_error=float(np.sqrt(cov.vcov[0, 0])), df=float(cov.df[0]), conf_level=conf_level,
        warnings=regression_notes(arrays, vcov), n_obs=fit.n_obs, details={"df": float(cov.df[0])},
    )


def named_clusters(arrays: PanelArrays, make: Callable[[], ClusterVcov]) -> ClusterVcov:
    """The covariance of the coefficient of the treatment; where it needs single clusters, the failure names their assignments.

    NaN where a single assignment is treated, or is not: its residuals have to balance, so that its score is zero whatever its errors are.
    """
    try:
        made = make()
    except EstimationError as error:
        raise EstimationError(*(_named(arrays, f) for f in error.failures)) from error
    return replace(made, vcov=np.full_like(made.vcov, np.nan)) if single_side(arrays) is not None else made


def single_side(arrays: PanelArrays) -> int | None:
    """Place of the one assignment that is treated, or is not, where there is one start; None where there are more on either side."""
    if len(arrays.cohorts[arrays.cohorts > arrays.periods[0]]) > 1:
        return None
    treated = arrays.ever_treated & (arrays.first > arrays.periods[0])
    sides = [np.unique(arrays.cluster[side]) for side in (treated, ~treated)]
    return next((int(side[0]) for side in sides if len(side) == 1), None)


def _named(arrays: PanelArrays, failure: Failure) -> Failure:
    places = failure.values.get("places")
    if not isinstance(places, list):
        return failure
    return replace(failure, values={"places": ", ".join(str(arrays.assignments[i]) for i in places)})


def regression_notes(arrays: PanelArrays, vcov: Kind | None = None) -> tuple[Note, ...]:
    """What a reader of one coefficient must know: few treated, starts at several times, units treated throughout."""
    notes = []
    treated = len(np.unique(arrays.cluster[arrays.ever_treated]))
    alone = None if vcov is None else single_side(arrays)
    if alone is not None:
        notes.append(Note(key="single_assignment", values={"assignment": str(arrays.assignments[alone])}))
    elif vcov in {"cr1", "cr3"} and treated < FEW:  # CR2 with its degrees of freedom holds from two on (METHODS.md)
        notes.append(Note(key=f"few_treated_{vcov}", values={"treated": treated}))
    if len(arrays.cohorts) > 1:
        notes.append(Note(key="forbidden_comparisons", values={"cohorts": len(arrays.cohorts)}))
    always = arrays.first <= arrays.periods[0]
    if always.any():
        notes.append(Note(key="always_treated", values={"units": [str(u) for u in arrays.units[always]]}))
    return tuple(notes)
