"""Unit and period effects fitted on untreated months only, exactly, whatever months are missing."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg
from scipy.sparse import csgraph, csr_matrix

from commresearch.errors import DesignError, Failure
from commresearch.impact.arrays import PanelArrays


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UntreatedFit:
    """The normal equations of unit and period effects on some months, solved for period effects after unit effects are taken out.

    weight : float array (N, T)
        Zero in months that are not fitted.
    total : float array (N,)
        Sum of the weights of a unit.
    free : int array
        Periods with an effect: those with fitted months but the first of them, which is zero.
    factor : tuple
        Cholesky factor of their equations.
    """

    weight: np.ndarray
    total: np.ndarray
    free: np.ndarray
    factor: tuple[np.ndarray, bool]

    def solve(self, unit_side: np.ndarray, period_side: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Unit and period parts z with (X'WX) z = right-hand sides (N, E) and (T, E); zero in periods that are not free."""
        right = period_side - self.weight.T @ (unit_side / self.total[:, None])
        period = np.zeros_like(period_side)
        period[self.free] = linalg.cho_solve(self.factor, right[self.free])
        return (unit_side - self.weight @ period) / self.total[:, None], period

    def effects(self, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Unit effects (N,) and period effects (T,) of values (N, T); months that are not fitted are not looked at."""
        weighted = self.weight * np.where(self.weight > 0, value, 0.0)
        unit, period = self.solve(weighted.sum(axis=1, keepdims=True), weighted.sum(axis=0)[:, None])
        return unit[:, 0], period[:, 0]

    def residual(self, value: np.ndarray) -> np.ndarray:
        """What unit and period effects leave of values, (N, T): on fitted months the residual, on others the distance to what is predicted."""
        unit, period = self.effects(value)
        return np.asarray(value - unit[:, None] - period[None, :])


def untreated_fit(arrays: PanelArrays, mask: np.ndarray, weight: np.ndarray, needed: np.ndarray) -> UntreatedFit:
    """Set up the fit on the months of a mask.

    Parameters
    ----------
    arrays : PanelArrays
    mask : bool array (N, T)
        Observed and untreated.
    weight : float array (N,)
    needed : bool array (N, T)
        Treated months that are to be predicted; named in failures.

    Returns
    -------
    UntreatedFit
        Every unit has fitted months; periods that neither mask nor `needed` holds have no effect (zero).

    Raises
    ------
    DesignError
        A unit has no fitted month, a period that is needed has none, or units and periods fall into parts that no fitted month joins (CR-I19); all are
        named at once.
    """
    failures = [
        _failure("单元", "unit", str(arrays.units[i])) for i in np.flatnonzero(~mask.any(axis=1))
    ] + [_failure("时期", "period", arrays.label(int(arrays.periods[t]))) for t in np.flatnonzero(~mask.any(axis=0) & needed.any(axis=0))]
    if failures:
        raise DesignError(*failures)
    _require_one_part(arrays, mask)
    weighted = np.where(mask, weight[:, None], 0.0)
    total = weighted.sum(axis=1)
    normal = np.diag(weighted.sum(axis=0)) - weighted.T @ (weighted / total[:, None])
    free = np.flatnonzero(mask.any(axis=0))[1:]
    return UntreatedFit(weight=weighted, total=total, free=free, factor=linalg.cho_factor(normal[np.ix_(free, free)]))


def _require_one_part(arrays: PanelArrays, mask: np.ndarray) -> None:
    """Refuse units that share no period with the others, directly or through others: their effects cannot be told from those of the periods."""
    seen = mask[:, mask.any(axis=0)].astype(np.int8)
    n = len(seen)
    unit, period = np.nonzero(seen)
    graph = csr_matrix((np.ones(len(unit)), (unit, n + period)), shape=(n + seen.shape[1],) * 2)
    parts, label = csgraph.connected_components(graph, directed=False)
    if parts == 1:
        return
    largest = np.bincount(label[:n]).argmax()
    apart = np.flatnonzero(label[:n] != largest)
    raise DesignError(*(_failure("单元", "unit", str(arrays.units[i])) for i in apart))


def _failure(zh: str, en: str, name: str) -> Failure:
    return Failure(code="CR-I19", values={"what": {"zh": zh, "en": en}, "name": name})
