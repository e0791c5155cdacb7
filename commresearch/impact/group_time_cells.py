"""The numbers behind group-time effects: every difference with its influence function, on pairs of observed periods."""

from dataclasses import dataclass, replace

import numpy as np

from commresearch.errors import EstimationError, Failure
from commresearch.impact.aggregation import Block
from commresearch.impact.arrays import PanelArrays
from commresearch.impact.comparisons import Comparisons, not_yet_treated
from commresearch.impact.covariate_models import DependentError, Fitted, fitted
from commresearch.impact.propensity import SeparatedError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Effects of K cells of cohort and period.

    estimate : float array (K,)
        NaN where a side has no unit that is observed in both periods.
    blocks : tuple of Block
        Influence functions, cohort by cohort.
    n_treated, n_control : int array (K,)
        Units on either side.
    used : bool array (N, T)
        Months that are in some cell.
    """

    estimate: np.ndarray
    blocks: tuple[Block, ...]
    n_treated: np.ndarray
    n_control: np.ndarray
    used: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How cells are estimated; the options of `group_time_effects`."""

    control: str
    estimator: str
    covariates: tuple[str, ...]
    anticipation: int


def cells_of(arrays: PanelArrays, cells: Comparisons, weight: np.ndarray, options: Options) -> Cells:
    """All cells, cohort by cohort.

    Without covariates ATT(g, t) = mean of Y_t − Y_b over cohort g less the mean over its controls; with covariates as in `covariate_models.fitted`, with
    covariates of the base period. A unit is in a cell where it is observed in both periods (and has its covariates in the base period).

    Raises
    ------
    EstimationError
        Covariates are constant or follow from one another (CR-I16), or divide the sides (CR-I17); all cohorts are named at once.
    """
    k = len(cells.cohort)
    estimate, counts = np.full(k, np.nan), np.zeros((2, k), dtype=np.int64)
    used = np.zeros(arrays.shape, dtype=bool)
    whole = not options.covariates and bool(arrays.observed.all())
    blocks: list[Block] = []
    failures: list[Failure] = []
    for cohort in np.unique(cells.cohort):
        places = np.flatnonzero(cells.cohort == cohort)
        one = cells.take(places)
        rows, side, split = _sides(arrays, one, options)
        levels = arrays.value[rows]
        change = np.take(levels, one.column, axis=1) - np.take(levels, one.base, axis=1)
        try:
            if whole and side.all() and split < len(rows):
                seen = np.isin(np.arange(arrays.shape[1]), np.concatenate([one.column, one.base]))
                used[rows] |= seen
                counts[:, places] = [[split], [len(rows) - split]]
                estimate[places], influence = _plain(change, weight[rows], split, len(arrays.units))
            else:
                data = _data(arrays, one, options, _Sides(x=None, change=change, inside=side, split=split, rows=rows, weight=weight[rows]))
                counts[:, places] = data.inside[:split].sum(axis=0), data.inside[split:].sum(axis=0)
                estimate[places], influence = _of_cohort(arrays, one, options, data, used)
        except EstimationError as error:
            failures += error.failures
            continue
        blocks.append(Block(rows=rows, cells=places, values=influence))
    if failures:
        raise EstimationError(*failures)
    return Cells(estimate=estimate, blocks=tuple(blocks), n_treated=counts[0], n_control=counts[1], used=used)


def _sides(arrays: PanelArrays, cells: Comparisons, options: Options) -> tuple[np.ndarray, np.ndarray, int]:
    """Units of one cohort and then its controls, whether each is on its side in each cell (n, C), and how many are of the cohort."""
    mine = np.flatnonzero(arrays.first == cells.cohort[0])
    if options.control == "never":
        others = np.flatnonzero(arrays.first > arrays.periods[-1])
        return np.concatenate([mine, others]), np.ones((len(mine) + len(others), len(cells.cohort)), dtype=bool), len(mine)
    control = not_yet_treated(arrays.first, arrays.periods, cells, options.anticipation)
    others = np.flatnonzero(control.any(axis=1))
    return np.concatenate([mine, others]), np.concatenate([np.ones((len(mine), len(cells.cohort)), dtype=bool), control[others]]), len(mine)


def _plain(change: np.ndarray, weight: np.ndarray, split: int, total: int) -> tuple[np.ndarray, np.ndarray]:
    """Difference of weighted means and its influence where everybody is in every cell; the treated stand before `split`."""
    influence = np.empty_like(change)
    means = []
    for part, sign in ((slice(None, split), 1.0), (slice(split, None), -1.0)):
        w, d = weight[part], change[part]
        mean = w @ d / w.sum()
        np.subtract(d, mean, out=influence[part])
        influence[part] *= (sign * total / w.sum() * w)[:, None]
        means.append(mean)
    return means[0] - means[1], influence


def _masked(change: np.ndarray, weight: np.ndarray, split: int, total: int) -> tuple[np.ndarray, np.ndarray]:
    """The same where units are in some cells only: weights (n, C), zero where a unit is not in a cell, its change zero there."""
    influence = np.empty_like(change)
    means = []
    for part, sign in ((slice(None, split), 1.0), (slice(split, None), -1.0)):
        w, d = weight[part], change[part]
        sums = w.sum(axis=0)
        safe = np.where(sums > 0, sums, 1.0)
        mean = np.einsum("ik,ik->k", w, d) / safe
        np.multiply(w, d - mean, out=influence[part])
        influence[part] *= sign * total / safe
        means.append(mean)
    return means[0] - means[1], influence


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sides:
    """Cohort and then controls of C cells: covariates (n, C, p), changes and membership (n, C), number of the treated, places and weights (n,)."""

    x: np.ndarray | None
    change: np.ndarray
    inside: np.ndarray
    split: int
    rows: np.ndarray
    weight: np.ndarray


def _data(arrays: PanelArrays, cells: Comparisons, options: Options, sides: _Sides) -> _Sides:
    """Covariates added; members are left that are observed in both periods and have their covariates, in cells where both sides have one."""
    inside = sides.inside & ~np.isnan(sides.change)
    x = None
    if options.covariates:
        x = np.stack([arrays.covariates[name][sides.rows][:, cells.base] for name in options.covariates], axis=2)
        inside &= ~np.isnan(x).any(axis=2)
    return replace(sides, x=x, inside=inside)


def _of_cohort(
    arrays: PanelArrays, cells: Comparisons, options: Options, data: _Sides, used: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Effects of the cells of one cohort and influence (n, C); the months that they use are marked."""
    both = data.inside[: data.split].any(axis=0) & data.inside[data.split :].any(axis=0)
    data = replace(data, inside=data.inside & both)
    for c, (column, base) in enumerate(zip(cells.column.tolist(), cells.base.tolist(), strict=True)):
        members = data.rows[data.inside[:, c]]
        used[members, column] = True
        used[members, base] = True
    if data.x is not None:
        estimate, influence = _modelled(data, data.x, options, arrays, cells)
    else:
        estimate, influence = _masked(np.where(data.inside, data.change, 0.0), data.inside * data.weight[:, None], data.split, len(arrays.units))
    return np.where(both, estimate, np.nan), influence


def _modelled(data: _Sides, x: np.ndarray, options: Options, arrays: PanelArrays, cells: Comparisons) -> tuple[np.ndarray, np.ndarray]:
    """Effects with covariates: cells with the same units and covariates share one model."""
    estimate, influence = np.full(len(cells.cohort), np.nan), np.zeros(data.change.shape)
    treated = np.arange(len(data.rows)) < data.split
    # Membership and covariates of a cell as bytes: equal bytes, equal model.
    keys = [data.inside[:, c].tobytes() + np.where(data.inside[:, [c]], x[:, c], 0.0).tobytes() for c in range(len(cells.cohort))]
    failures: dict[tuple[str, str], Failure] = {}
    for key in dict.fromkeys(keys):
        same = np.array([c for c, other in enumerate(keys) if other == key])
        rows = np.flatnonzero(data.inside[:, same[0]])
        if not len(rows):
            continue
        moves = cells.column[same] != cells.base[same]
        try:
            found = fitted(x[rows, same[0]], treated[rows], data.weight[rows], data.change[np.ix_(rows, same)], options.estimator)
        except (DependentError, SeparatedError) as error:
            failure = _failure(error, options, arrays.label(int(cells.cohort[0])), arrays.label(int(arrays.periods[cells.column[same[0]]])))
            failures.setdefault((failure.code, str(failure.values["covariates"])), failure)
            continue
        _spread(found, moves, rows, same, estimate, influence)
    if failures:
        raise EstimationError(*failures.values())
    return estimate, influence * len(arrays.units)


def _spread(found: Fitted, moves: np.ndarray, rows: np.ndarray, same: np.ndarray, estimate: np.ndarray, influence: np.ndarray) -> None:
    """Put what one model gave into its cells; reference cells are zero without rounding."""
    estimate[same] = np.where(moves, found.estimate, 0.0)
    influence[np.ix_(rows, same)] = np.where(moves, found.influence, 0.0) / len(rows)


def _failure(error: DependentError | SeparatedError, options: Options, cohort: str, period: str) -> Failure:
    if isinstance(error, SeparatedError):
        named = options.covariates[error.column - 1] if error.column > 0 else ", ".join(options.covariates)
        return Failure(code="CR-I17", values={"cohort": cohort, "period": period, "covariates": named})
    side = {"zh": "对照单元", "en": "its controls"} if error.controls else {"zh": "本批与对照单元", "en": "cohort and controls together"}
    named = ", ".join(options.covariates[c] for c in error.columns)
    return Failure(code="CR-I16", values={"cohort": cohort, "period": period, "covariates": named, "side": side})
