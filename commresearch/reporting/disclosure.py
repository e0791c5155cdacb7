"""Small counts of persons: which cells are hidden, which others with them, and what somebody could still work out.

A table of counts is a `System`: unknown numbers that are not negative, cells that are sums of them, and equations that everybody knows. What is
published of a cell is an interval: a count as it is, a rounded one with what rounding may have moved, of a hidden cell that somebody is in it.
How far a hidden cell can be narrowed down from all others is then a linear programme with an exact answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeResult, linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

from commresearch.cases.case import Release
from commresearch.reporting.disclosure_rules import hides, is_small, narrowest, shown_interval

EXACT = 1e-7  #: numbers nearer to a whole one than this are that one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class System:
    """Cells as sums of unknown numbers.

    cells : sparse array, cells × unknowns
        What each cell is the sum of.
    equal, at_most : sparse arrays, equations × unknowns
        Forms that are zero, and forms that are not above zero, whatever is published.
    """

    cells: csr_array
    equal: csr_array
    at_most: csr_array

    @classmethod
    def of_sums(cls, n_cells: int, sums: Iterable[Sequence[int]]) -> "System":
        """Cells of a table of which some are sums of others.

        Parameters
        ----------
        n_cells : int
        sums : iterable of sequences
            Number of the total, then those of its parts.
        """
        rows = np.zeros((len(found := list(sums)), n_cells))
        for row, (total, *parts) in zip(rows, found, strict=True):
            row[total] = -1
            row[parts] = 1
        return cls(cells=csr_array(np.eye(n_cells)), equal=csr_array(rows), at_most=csr_array((0, n_cells)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """What is published of the cells of a system: the lowest and the highest that each can be (floats, one per cell), and which are hidden."""

    low: np.ndarray
    high: np.ndarray
    hidden: np.ndarray

    @classmethod
    def of(cls, counts: np.ndarray, hidden: np.ndarray, rules: Release) -> "Known":
        """What a reader knows where `counts` are published but for the hidden ones. In a hidden cell is at least one person: zeros are shown."""
        bounds = np.array([(1.0, np.inf) if hid else shown_interval(int(n), rules) for n, hid in zip(counts, hidden, strict=True)]).reshape(-1, 2)
        return cls(low=bounds[:, 0], high=bounds[:, 1], hidden=hidden)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far a hidden cell can be narrowed down, and which published cells do it (numbers of cells)."""

    cell: int
    low: float
    high: float
    by: tuple[int, ...]

    @property
    def width(self) -> float:
        """From the lowest to the highest whole number that the cell can be."""
        return self.high - self.low


def reaches(system: System, known: Known, enough: float = np.inf) -> list[Reach] | None:
    """The exact interval of every hidden cell, given all that is published.

    Parameters
    ----------
    system : System
    known : Known
    enough : float
        Cells that are seen to have at least this width, in tables that were met on the way, are left out.

    Returns
    -------
    list of Reach, or None
        In the order of the cells; None where nothing satisfies what is published: the cells do not add up as the system says.
    """
    hidden = np.flatnonzero(known.hidden)
    if not len(hidden):
        return []
    above = np.flatnonzero(np.isfinite(known.high))
    matrix = csr_array(vstack([system.at_most, -system.cells, system.cells[above]]))
    bound = np.concatenate([np.zeros(system.at_most.shape[0]), -known.low, known.high[above]])
    places = np.concatenate([np.full(system.at_most.shape[0], -1), np.arange(len(known.low)), above])
    any_table = _end(system, matrix, bound, np.zeros(matrix.shape[1]))
    if any_table.status:
        return None
    found = []
    seen = np.tile(system.cells @ any_table.x, (2, 1))  # the lowest and the highest that every cell was in any table
    for cell in hidden:
        ends: list[OptimizeResult] = []
        for sign in (-1, 1):
            if np.floor(seen[1, cell] + EXACT) - np.ceil(seen[0, cell] - EXACT) >= enough:
                break
            ends.insert(0, _end(system, matrix, bound, sign * system.cells[[cell]].toarray().ravel()))
            seen = _widened(seen, system, ends[0])
        if len(ends) < 2:
            continue
        low, high = (sign * float(end.fun) if end.status == 0 else sign * -np.inf for sign, end in zip((1, -1), ends, strict=True))
        binding = {int(p) for end in ends if end.status == 0 for p in places[np.abs(end.ineqlin.marginals) > EXACT] if p >= 0}
        found.append(Reach(cell=int(cell), low=float(np.ceil(low - EXACT)), high=float(np.floor(high + EXACT)), by=tuple(sorted(binding - {int(cell)}))))
    return found


def _widened(seen: np.ndarray, system: System, end: OptimizeResult) -> np.ndarray:
    """The lowest and highest of every cell with one table more."""
    if end.status:
        return seen
    values = system.cells @ end.x
    return np.vstack([np.minimum(seen[0], values), np.maximum(seen[1], values)])


def _end(system: System, matrix: csr_array, bound: np.ndarray, objective: np.ndarray) -> OptimizeResult:
    """The least value of a form over everything that is possible."""
    equal = (system.equal, np.zeros(system.equal.shape[0])) if system.equal.shape[0] else (None, None)
    return linprog(objective, A_ub=matrix, b_ub=bound, A_eq=equal[0], b_eq=equal[1], bounds=(0, None), method="highs")


def too_narrow(system: System, known: Known, rules: Release) -> list[Reach] | None:
    """Hidden cells of which too much can be worked out; None where the cells do not add up."""
    found = reaches(system, known, narrowest(rules))
    return None if found is None else [reach for reach in found if reach.width < narrowest(rules)]


def hidden_cells(system: System, counts: np.ndarray, rules: Release) -> np.ndarray:
    """Which cells are hidden: the small ones, and as few others as it takes that none of them can be worked out.

    Parameters
    ----------
    system : System
    counts : array of int, one per cell
        Persons in each cell.
    rules : Release
        Threshold, rounding and edition.

    Returns
    -------
    array of bool
        One per cell; all False in the internal edition.

    Notes
    -----
    For every hidden cell that can be narrowed down, the worst first, the nearest other table is looked for in which that cell lies far enough away (a
    linear programme: moved cells cost one each, large ones a little more, in proportion to the move), and the cells that differ there are hidden, too;
    where there is none for any, the smallest of the published cells that narrow one down. This goes on until no interval is too narrow; then cells that
    turn out not to be needed are shown again, the largest first. Each state is judged by the exact intervals, so that the result is safe; that it hides
    the fewest cells possible is not claimed.
    """
    primary = np.array([hides(rules) and is_small(int(n), rules) for n in counts], dtype=bool)
    hidden = primary.copy()
    while narrow := too_narrow(system, Known.of(counts, hidden, rules), rules):
        before = hidden.sum()
        for reach in sorted(narrow, key=lambda r: (r.width, r.cell)):
            hidden[_moved(system, counts, hidden, reach, rules)] = True
        if hidden.sum() == before:
            more = _nearest(counts, hidden, narrow[0])
            if not more:
                return hidden
            hidden[more] = True
    added = sorted(np.flatnonzero(hidden & ~primary), key=lambda c: -counts[c])
    for cell in added if len(added) > 1 else []:
        without = hidden.copy()
        without[cell] = False
        if not too_narrow(system, Known.of(counts, without, rules), rules):
            hidden = without
    return hidden


def _moved(system: System, counts: np.ndarray, hidden: np.ndarray, worst: Reach, rules: Release) -> list[int]:
    """Published cells that differ in the nearest table in which a hidden cell is as far from its lowest value as it has to be; none where there is no such table."""
    shown = np.flatnonzero(~hidden)
    n, width = len(shown), system.cells.shape[1]
    price = (1 + counts[shown] / max(int(counts.max()), 1)) / narrowest(rules)
    moves = hstack([system.cells[shown], -eye_array(n), eye_array(n)])
    equal = vstack([moves, hstack([system.equal, csr_array((system.equal.shape[0], 2 * n))])])
    # Hidden cells and those that may be hidden hold somebody; the target lies at the far end. Cells of nobody stay as they are.
    least = np.where(counts > 0, 1.0, 0.0)
    least[worst.cell] = worst.low + narrowest(rules)
    beside = csr_array((system.at_most.shape[0] + len(counts), 2 * n))
    at_most = hstack([vstack([system.at_most, -system.cells]), beside])
    bounds = [(0, None)] * width + [(0, None if counts[c] > 0 else 0) for c in shown] * 2
    found = linprog(
        np.concatenate([np.zeros(width), price, price]), A_ub=csr_array(at_most), b_ub=np.concatenate([np.zeros(system.at_most.shape[0]), -least]), A_eq=csr_array(equal),
        b_eq=np.concatenate([counts[shown].astype(float), np.zeros(system.equal.shape[0])]), bounds=bounds, method="highs",
    )
    if found.status:
        return []
    moved = found.x[width : width + n] + found.x[width + n :]
    return [int(c) for c in shown[moved > EXACT]]


def _nearest(counts: np.ndarray, hidden: np.ndarray, worst: Reach) -> list[int]:
    """The smallest published cell with anybody in it, of those that narrow a hidden one down; of all where none of them is left."""
    people = [c for c in worst.by if not hidden[c] and counts[c] > 0] or [int(c) for c in np.flatnonzero(~hidden & (counts > 0))]
    return [min(people, key=lambda c: (counts[c], c))] if people else []
