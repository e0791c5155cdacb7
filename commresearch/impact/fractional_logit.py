"""Effects on shares by a fractional logit with cohort and period effects, told as an average difference in percentage points."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import linalg, special

from commresearch.errors import DesignError, EstimationError, Failure
from commresearch.impact.arrays import Dropped, PanelArrays, arrays_of
from commresearch.impact.cluster_robust import small_sample_factor
from commresearch.impact.group_time import few_treated
from commresearch.impact.influence import cluster_sums
from commresearch.impact.multiplier import simultaneous
from commresearch.impact.option_checks import require_options
from commresearch.impact.poisson import DRAWS
from commresearch.impact.result import CONF_LEVEL, ImpactEstimate, Note, impact_estimate, t_quantile
from commresearch.outcomes import Panel
from commresearch.terms import Estimand, Inference, Method, Unit

ROUNDS = 60  #: of Newton's method
SETTLED = 1e-11  #: largest step of a parameter of the last round
LARGEST = 30.0  #: a linear index beyond it is a share of zero or one to rounding: the maximum lies at infinity


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShareCells:
    """Shares of N units × T periods, within 0 and 1.

    arrays : PanelArrays
        Units that are left.
    share, weight : float array (N, T)
        0 in cells that are not used.
    treated : bool array (N, T)
        Cells that are used and treated.
    cohort : int array (N,)
        Place of the unit's start among the starts; the last one is never.
    uncompared : tuple of int
        Periods without an untreated unit, whose treated cells are not used.
    """

    arrays: PanelArrays
    share: np.ndarray
    weight: np.ndarray
    treated: np.ndarray
    cohort: np.ndarray
    uncompared: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShareEffects:
    """Average effects on K sets of treated cells.

    labels : int64 array (K,)
        Months since the start; 0 for the one set of all.
    effect : float array (K,)
        Mean observed less mean foretold share, within −1 and 1.
    influence : float array (N, K)
        N times what unit i adds to the error.
    """

    labels: np.ndarray
    effect: np.ndarray
    influence: np.ndarray


def share_cells(arrays: PanelArrays) -> ShareCells:
    """Shares that have a comparison: units with an untreated month, months with an untreated unit.

    Raises
    ------
    DesignError
        No treated month is left (CR-I30), or none with a comparison (CR-I31).
    EstimationError
        Shares outside 0 to 100 (CR-I36).
    """
    with np.errstate(invalid="ignore"):
        wrong = (arrays.value < 0) | (arrays.value > 100)
    if wrong.any():
        raise EstimationError(*(_outside(arrays, i, wrong[i]) for i in np.flatnonzero(wrong.any(axis=1))))
    compared = (arrays.observed & ~arrays.treated).any(axis=1)
    dropped = tuple(
        Dropped(unit_id=str(arrays.units[i]), reason="no_untreated_month", months=int(arrays.observed[i].sum()), whole=True)
        for i in np.flatnonzero(~compared)
    )
    left = arrays.take(compared, dropped)
    used = left.observed & (left.weight > 0)
    treated = used & left.treated
    if not treated.any():
        raise DesignError(Failure(code="CR-I30", values={"units": len(arrays.units), "treated": int(arrays.ever_treated.sum())}))
    alone = treated.any(axis=0) & ~(used & ~treated).any(axis=0)
    used, treated = used & ~(treated & alone), treated & ~alone
    if not treated.any():
        raise DesignError(Failure(code="CR-I31", values={"first": left.label(int(left.periods[alone][0])), "months": int(alone.sum())}))
    # Starts behind the last period are no cohort of their own: such units are not treated here.
    cohort = np.unique(np.where(left.ever_treated, left.first, np.iinfo(np.int64).max), return_inverse=True)[1]
    return ShareCells(
        arrays=left, share=np.where(used, left.value / 100, 0.0), weight=np.where(used, left.weight, 0.0), treated=treated, cohort=cohort,
        uncompared=tuple(map(int, left.periods[alone])),
    )


def share_effects(cells: ShareCells, *, by_event_time: bool = False) -> ShareEffects:
    """Observed shares of treated cells less those that cohort and period effects of the others foretell.

    E[y_it] = Λ(α_c + γ_t) for cells not treated, c the cohort of unit i, fitted by the Bernoulli quasi-likelihood. One coefficient for every treated
    cohort and period would fit their mean exactly, so that this is the average marginal effect of the saturated regression on all cells
    (Wooldridge 2023), and the influence is that of its delta method: Σ w (y − its mean over cohort and period) of the treated cells over
    their weight, less J H⁻¹ s_i of the others.

    Raises
    ------
    EstimationError
        The maximum of the likelihood does not exist (CR-I35).
    """
    n, t = cells.share.shape
    open_weight = np.where(cells.treated, 0.0, cells.weight)
    size = int(cells.cohort.max()) + 1
    table = _by_cohort(open_weight, cells.cohort, size)
    design = _Dummies(weight=table, mean=_by_cohort(open_weight * cells.share, cells.cohort, size))
    foretold, inverse = design.fit()
    p = foretold[cells.cohort]
    since = np.where(cells.treated, cells.arrays.periods[None, :] - np.where(cells.treated.any(axis=1), cells.arrays.first, 0)[:, None], 0)
    labels, sets = np.unique(since[cells.treated] if by_event_time else np.zeros(int(cells.treated.sum()), dtype=np.int64), return_inverse=True)
    rows, columns = np.nonzero(cells.treated)
    k, w = len(labels), cells.weight[cells.treated]
    total = np.bincount(sets, w, k)
    effect = np.bincount(sets, w * (cells.share - p)[cells.treated], k) / total
    held = _by_cohort(np.where(cells.treated, cells.weight * cells.share, 0.0), cells.cohort, size)
    mean = np.divide(held, _by_cohort(np.where(cells.treated, cells.weight, 0.0), cells.cohort, size), out=np.zeros_like(held), where=held > 0)
    own = np.bincount(rows * k + sets, w * (cells.share - mean[cells.cohort])[cells.treated], n * k).reshape(n, k) / total
    slope = w * (p * (1 - p))[cells.treated]
    gradient = np.bincount((sets * size + cells.cohort[rows]) * t + columns, slope, k * size * t).reshape(k, size, t) / total[:, None, None]
    moved = design.parameters(gradient) @ inverse
    residual = open_weight * (cells.share - p)
    score = np.zeros((n, moved.shape[1]))
    score[:, : size] = np.eye(size)[cells.cohort] * residual.sum(axis=1, keepdims=True)
    score[:, size:] = residual[:, design.free]
    return ShareEffects(labels=labels, effect=effect, influence=n * (own - score @ moved.T))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Dummies:
    """Logit of a table of cohorts × periods: one parameter per cohort and per period with data but the first.

    weight, mean : float array (C, T)
        Sums of weights, and of weights times shares.
    """

    weight: np.ndarray
    mean: np.ndarray

    @property
    def free(self) -> np.ndarray:
        """Periods whose effect is a parameter."""
        return np.flatnonzero(self.weight.sum(axis=0) > 0)[1:]

    def parameters(self, cells: np.ndarray) -> np.ndarray:
        """Sums of cells (…, C, T) by parameter, (…, P)."""
        made: np.ndarray = np.concatenate([cells.sum(axis=-1), cells.sum(axis=-2)[..., self.free]], axis=-1)
        return made

    def fit(self) -> tuple[np.ndarray, np.ndarray]:
        """Fitted shares (C, T), also where there are no data, and the inverse of the information (P, P)."""
        c, free = len(self.weight), self.free
        if not (self.weight.sum(axis=1) > 0).all():
            raise EstimationError(Failure(code="CR-I35"))
        theta = np.zeros(c + len(free))
        for _ in range(ROUNDS):
            index = self._index(theta)
            p = special.expit(index)
            information = self._information(self.weight * p * (1 - p))
            try:
                factor = linalg.cho_factor(information, lower=True)
            except linalg.LinAlgError:
                raise EstimationError(Failure(code="CR-I35")) from None
            step = linalg.cho_solve(factor, self.parameters(self.mean - self.weight * p))
            theta = theta + step * min(1.0, 4.0 / max(np.abs(step).max(), 1e-300))
            if np.abs(theta).max() > LARGEST:
                break
            if np.abs(step).max() < SETTLED:
                return special.expit(self._index(theta)), np.linalg.inv(information)
        raise EstimationError(Failure(code="CR-I35"))

    def _index(self, theta: np.ndarray) -> np.ndarray:
        period = np.zeros(self.weight.shape[1])
        period[self.free] = theta[len(self.weight) :]
        made: np.ndarray = theta[: len(self.weight), None] + period
        return made

    def _information(self, v: np.ndarray) -> np.ndarray:
        inner = v[:, self.free]
        return np.block([[np.diag(v.sum(axis=1)), inner], [inner.T, np.diag(inner.sum(axis=0))]])


def fractional_logit_did(
    panel: Panel, *, conf_level: float = CONF_LEVEL, draws: int = DRAWS, seed: int = 0
) -> ImpactEstimate:
    """Effect on shares of 0 to 100 in percentage points, with effects of cohorts and months on the logit.

    Exact 0 and 100 count like every other share. Where shares lie near 0 or 100 parallel movement on the logit keeps what is foretold between the
    two, which differences do not.

    Parameters
    ----------
    conf_level : float
    draws, seed : int
        Draws of the simultaneous band of the path by months since the start.

    Returns
    -------
    ImpactEstimate
        Percentage points with CR1 by assignment, factor G/(G−1), t with G−1 degrees of freedom; the path by months since the start. `details`:
        foretold (mean share of the treated months without the effect) and percent (the effect beside it).

    Raises
    ------
    DesignError
        No treated month is left (CR-I30), or none with a comparison (CR-I31).
    EstimationError
        Shares outside 0 to 100 (CR-I36), no maximum of the likelihood (CR-I35), options, values in another unit than percentage points (CR-I38), one
        assignment only (CR-I20).
    """
    require_options({}, conf_level)
    _require_shares(panel.unit)
    cells = share_cells(arrays_of(panel))
    arrays = cells.arrays
    df = float(arrays.cluster.max())
    factor = small_sample_factor(int(df) + 1, int((cells.weight > 0).sum()), 1)
    overall, by_event = share_effects(cells), share_effects(cells, by_event_time=True)
    errors = [
        100 * np.sqrt(factor * np.square(cluster_sums(e.influence, arrays.cluster)).sum(axis=0)) / len(arrays.units) for e in (overall, by_event)
    ]
    wide = simultaneous(by_event.effect, by_event.influence, arrays.cluster, draws=draws, rng=np.random.default_rng(seed), conf_level=conf_level)
    half = t_quantile(conf_level, df)
    points, error = 100 * by_event.effect, errors[1]
    path = pd.DataFrame({
        "event_time": by_event.labels, "estimate": points, "std_error": error, "conf_low": points - half * error, "conf_high": points + half * error,
        "band_low": points - max(half, wide) * error, "band_high": points + max(half, wide) * error,
    })
    estimate = 100 * float(overall.effect[0])
    w = np.where(cells.treated, cells.weight, 0.0)
    foretold = 100 * float((w * cells.share).sum() / w.sum()) - estimate
    return impact_estimate(
        panel, arrays, method=Method.FRACTIONAL_LOGIT, inference=Inference.CR1, estimand=Estimand.ATT, estimate=estimate,
        std_error=float(errors[0][0]), df=df, conf_level=conf_level, unit=Unit.PERCENTAGE_POINTS, path=path, n_obs=int((cells.weight > 0).sum()),
        details={"foretold": foretold, "percent": 100 * estimate / foretold, "df": df}, warnings=_notes(cells) + few_treated(arrays),
    )


def _require_shares(unit: Unit) -> None:
    """Refuse values in another unit than percentage points: a rate or a score below 100 would pass for a share (CR-I38)."""
    if unit is not Unit.PERCENTAGE_POINTS:
        raise EstimationError(Failure(code="CR-I38", values={"option": "unit", "got": unit, "allowed": Unit.PERCENTAGE_POINTS}))


def _notes(cells: ShareCells) -> tuple[Note, ...]:
    if not cells.uncompared:
        return ()
    return (Note(key="counts_uncompared", values={"months": len(cells.uncompared), "first": cells.arrays.label(cells.uncompared[0])}),)


def _by_cohort(cells: np.ndarray, cohort: np.ndarray, size: int) -> np.ndarray:
    """Sums over the units of a cohort, (C, T)."""
    made = np.zeros((size, cells.shape[1]))
    np.add.at(made, cohort, cells)
    return made


def _outside(arrays: PanelArrays, unit: np.intp, wrong: np.ndarray) -> Failure:
    t = int(np.argmax(wrong))
    got, period = f"{arrays.value[unit, t]:g}", arrays.label(int(arrays.periods[t]))
    values = {"unit": str(arrays.units[unit]), "period": period, "got": got, "months": int(wrong.sum())}
    return Failure(code="CR-I36", values=values)


def att_of_paths(arrays: PanelArrays, first: np.ndarray) -> np.ndarray:
    """The overall effect had the units started as each row of `first` (int64, (B, N)) says, path by path.

    Returns
    -------
    float array (B,)
        In percentage points; NaN where a path has no comparison or no maximum of the likelihood.

    Raises
    ------
    EstimationError
        Values are no shares (CR-I38).
    """
    _require_shares(arrays.unit)
    return np.array([_of_path(replace(arrays, first=path)) for path in first])


def _of_path(arrays: PanelArrays) -> float:
    try:
        return 100 * float(share_effects(share_cells(arrays)).effect[0])
    except (DesignError, EstimationError):  # a path on which nothing can be compared
        return np.nan
