"""Aggregates of group-time effects: one number, and paths by event time, group or period."""

from dataclasses import dataclass

import numpy as np

KINDS = ("simple", "dynamic", "group", "calendar")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """Influence of some units on some cells; that of all other units on these cells is zero.

    rows, cells : int array (n,), (C,)
        Places of the units and of the cells.
    values : float array (n, C)
    """

    rows: np.ndarray
    cells: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupTimeCells:
    """What aggregates are made of: K cells, N units.

    cohort, period : int64 array (K,)
        Numbers of periods.
    estimate : float array (K,)
        NaN where nothing can be compared.
    blocks : tuple of Block
        Influence functions; every cell is in at most one block.
    first : int64 array (N,)
        First treated period of the units.
    weight : float array (N,)
        With mean 1.
    """

    cohort: np.ndarray
    period: np.ndarray
    estimate: np.ndarray
    blocks: tuple[Block, ...]
    first: np.ndarray
    weight: np.ndarray

    def influence(self) -> np.ndarray:
        """Influence of every unit on every cell, (N, K)."""
        made = np.zeros((len(self.first), len(self.estimate)))
        for block in self.blocks:
            made[np.ix_(block.rows, block.cells)] = block.values
        return made

    def combined(self, weights: np.ndarray) -> np.ndarray:
        """Influence of every unit on sums of cells (K, E), (N, E): that of the cells times the weights, block by block."""
        made = np.zeros((len(self.first), weights.shape[1]))
        for block in self.blocks:
            made[block.rows] += block.values @ weights[block.cells]
        return made


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aggregate:
    """A path of E effects and the number over it.

    label : int64 array (E,)
        Event time, group or period; for the simple aggregate 0.
    estimate : float array (E,)
    influence : float array (N, E)
    overall : float
    overall_influence : float array (N,)
    """

    label: np.ndarray
    estimate: np.ndarray
    influence: np.ndarray
    overall: float
    overall_influence: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Event times of the dynamic aggregate; with `balance_event`, only cohorts seen that long, and event times that all of them have."""

    balance_event: int | None = None
    min_event: int | None = None
    max_event: int | None = None


def aggregated(cells: GroupTimeCells, kind: str, window: Window, ends: tuple[int, int]) -> Aggregate:
    """Weigh cells by the shares of their cohorts.

    With p_g the share of cohort g among all units (by weight), θ = Σ w_k ATT_k:

        simple    all cells from the start on, w ∝ p_g
        dynamic   event time e = t − g: w ∝ p_g over cohorts; overall the mean over e ≥ 0
        group     cohort g: the mean over its periods from the start on; overall w ∝ p_g over cohorts
        calendar  period t: w ∝ p_g over cohorts treated by then; overall the mean over periods

    The influence of θ is Σ w_k ψ_k, and for shares that are estimated also w_i Σ_k (ATT_k − θ) 1{G_i = g_k} / Σ p.

    Parameters
    ----------
    cells : GroupTimeCells
    kind : "simple", "dynamic", "group" or "calendar"
    window : Window
        Read by "dynamic" only.
    ends : tuple of int
        First and last period of the panel.

    Returns
    -------
    Aggregate
        No effect (E = 0) where no cell is left; the overall number NaN where no cell from the start on is left.
    """
    there = ~np.isnan(cells.estimate)
    after = there & (cells.period >= cells.cohort)
    if kind == "dynamic":
        event = cells.period - cells.cohort
        keep = there & _in_window(cells, event, window, ends)
        path = _by_label(cells, event, keep, shares=True)
        return _with_mean(path, path.label >= 0)
    if kind == "group":
        path = _by_label(cells, cells.cohort, after, shares=False)
        return _over_groups(cells, path)
    path = _by_label(cells, cells.period if kind == "calendar" else np.zeros_like(cells.period), after, shares=True)
    return _with_mean(path, np.ones(len(path.label), dtype=bool))


def share_of(cells: GroupTimeCells, cohorts: np.ndarray) -> np.ndarray:
    """Shares of cohorts among the units, by weight."""
    return np.asarray(np.array([cells.weight[cells.first == g].sum() for g in cohorts.tolist()]) / cells.weight.sum())


def _in_window(cells: GroupTimeCells, event: np.ndarray, window: Window, ends: tuple[int, int]) -> np.ndarray:
    keep = np.ones(len(event), dtype=bool)
    if window.balance_event is not None:
        keep &= (ends[1] - cells.cohort >= window.balance_event) & (event <= window.balance_event)
        keep &= event >= window.balance_event - (ends[1] - ends[0])
    if window.min_event is not None:
        keep &= event >= window.min_event
    if window.max_event is not None:
        keep &= event <= window.max_event
    return keep


def _by_label(cells: GroupTimeCells, label: np.ndarray, keep: np.ndarray, *, shares: bool) -> Aggregate:
    """One effect per label that occurs among the cells that are kept; cells of a label count by the share of their cohort, or alike."""
    names, place = np.unique(label[keep], return_inverse=True)
    kept = np.flatnonzero(keep)
    cohorts, of = np.unique(cells.cohort, return_inverse=True)
    share = share_of(cells, cohorts)[of][kept] if shares else np.ones(len(kept))
    total = np.bincount(place, weights=share, minlength=len(names))
    weights = np.zeros((len(cells.cohort), len(names)))
    weights[kept, place] = share / total[place]
    estimate = np.bincount(place, weights=weights[kept, place] * cells.estimate[kept], minlength=len(names))
    influence = cells.combined(weights)
    if shares:
        moved = np.zeros((len(cohorts), len(names)))
        np.add.at(moved, (of[kept], place), (cells.estimate[kept] - estimate[place]) / total[place])
        _add_shares(cells, cohorts, moved, influence)
    return Aggregate(label=names, estimate=estimate, influence=influence, overall=np.nan, overall_influence=np.zeros(len(cells.first)))


def _add_shares(cells: GroupTimeCells, cohorts: np.ndarray, moved: np.ndarray, influence: np.ndarray) -> None:
    """Add the influence of estimated shares to (N, E): what a unit more of a cohort would move, (C, E)."""
    for g, row in zip(cohorts.tolist(), moved, strict=True):
        mine = np.flatnonzero(cells.first == g)
        influence[mine] += cells.weight[mine, None] * row


def _with_mean(path: Aggregate, over: np.ndarray) -> Aggregate:
    """The mean over some effects of the path as its overall number."""
    if not over.any():
        return path
    return Aggregate(
        label=path.label, estimate=path.estimate, influence=path.influence, overall=float(path.estimate[over].mean()),
        overall_influence=path.influence @ (over / over.sum()),
    )


def _over_groups(cells: GroupTimeCells, path: Aggregate) -> Aggregate:
    """The mean over cohorts by their shares."""
    if not len(path.label):
        return path
    share = share_of(cells, path.label)
    overall = float(share @ path.estimate / share.sum())
    moved = ((path.estimate - overall) / share.sum())[:, None]
    influence = path.influence @ (share / share.sum())[:, None]
    _add_shares(cells, path.label, moved, influence)
    return Aggregate(label=path.label, estimate=path.estimate, influence=path.influence, overall=overall, overall_influence=influence[:, 0])
