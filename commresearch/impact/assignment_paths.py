"""All ways, or many drawn ones, in which the same starts could have fallen on other assignments."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from commresearch.errors import DesignError, Failure
from commresearch.impact.arrays import NEVER, PanelArrays


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Paths:
    """Starts of assignments, permuted whole: who starts when changes, how many start when does not.

    starts : int64 array (C,)
        Starts that occur, ascending, `NEVER` last.
    observed : int array (G,)
        Place of each assignment's start in `starts`.
    code : int8 or int16 array (B, G)
        The same of every permutation; with the observed one among them where `enumerated`.
    cluster : int array (N,)
        Assignment of every unit.
    distinct : int
        Different permutations that there are.
    enumerated : bool
        Whether `code` holds each of them once.
    """

    starts: np.ndarray
    observed: np.ndarray
    code: np.ndarray
    cluster: np.ndarray
    distinct: int
    enumerated: bool

    @property
    def total(self) -> int:
        """What a p value is a share of: the observed assignment is one more, unless it is among the permutations."""
        return len(self.code) + (not self.enumerated)

    def first(self, rows: slice) -> np.ndarray:
        """First treated periods of the units in some permutations, (B, N)."""
        made: np.ndarray = self.starts[self.code[rows]][:, self.cluster]
        return made


def assignment_paths(
    arrays: PanelArrays, *, draws: int, rng: np.random.Generator, strata: Mapping[str, object] | None = None
) -> Paths:
    """Permutations of the starts among assignments, within strata where these are given.

    Parameters
    ----------
    draws : int
        All permutations are made where there are no more than these, else so many are drawn.
    strata : mapping of assignment to stratum, optional
        Within which starts were given out.

    Raises
    ------
    DesignError
        Units of one assignment start at different times (CR-I84); an assignment has no stratum (CR-I85).
    """
    starts, code = np.unique(assignment_starts(arrays), return_inverse=True)
    code = code.astype(np.int8 if len(starts) < 128 else np.int16)
    groups = _strata(arrays, strata)
    distinct = math.prod(_permutations(code[places]) for places in groups)
    if distinct <= draws:
        made = _all(code, groups, distinct)
    else:
        made = np.empty((draws, len(code)), dtype=code.dtype)
        for places in groups:
            made[:, places] = _drawn(code[places], draws, rng)
    return Paths(starts=starts, observed=code, code=made, cluster=arrays.cluster, distinct=distinct, enumerated=distinct <= draws)


def assignment_starts(arrays: PanelArrays) -> np.ndarray:
    """First treated period of every assignment, `NEVER` where that is not within the panel, (G,).

    Raises
    ------
    DesignError
        Units of one assignment start at different times (CR-I84).
    """
    start = np.where(arrays.ever_treated, arrays.first, NEVER)
    made = np.full(len(arrays.assignments), NEVER)
    made[arrays.cluster] = start
    mixed = np.unique(arrays.cluster[made[arrays.cluster] != start])
    if len(mixed):
        raise DesignError(*(Failure(code="CR-I84", values={"assignment": str(arrays.assignments[g])}) for g in mixed))
    return made


def _strata(arrays: PanelArrays, strata: Mapping[str, object] | None) -> list[np.ndarray]:
    if strata is None:
        return [np.arange(len(arrays.assignments))]
    missing = [str(a) for a in arrays.assignments if a not in strata]
    if missing:
        raise DesignError(*(Failure(code="CR-I85", values={"assignment": a}) for a in missing))
    labels = np.array([str(strata[a]) for a in arrays.assignments])
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def _permutations(code: np.ndarray) -> int:
    """How many different orders a list with repeats has."""
    left, made = len(code), 1
    for n in np.unique(code, return_counts=True)[1].tolist():
        made *= math.comb(left, n)
        left -= n
    return made


def _drawn(code: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Random orders of a list with repeats, one per row: all but the most frequent value get places in turn (Fisher & Yates)."""
    n = len(code)
    values, counts = np.unique(code, return_counts=True)
    common = values[counts.argmax()]
    made = np.full(draws * n, common)
    # One row behind the other in one flat array of small numbers: three times as fast as two indices.
    place, row = np.tile(np.arange(n, dtype=np.int16 if n < 2**15 else np.int32), draws), np.arange(draws) * n
    for k, value in enumerate(code[code != common]):
        other = row + rng.integers(k, n, size=draws)
        taken = place[other]
        place[other] = place[row + k]
        made[row + taken] = value
    return made.reshape(draws, n)


def _all(code: np.ndarray, groups: list[np.ndarray], distinct: int) -> np.ndarray:
    made = np.empty((distinct, len(code)), dtype=code.dtype)
    repeat = distinct
    for places in groups:
        orders = _orders(code[places])
        repeat //= len(orders)
        made[:, places] = np.tile(np.repeat(orders, repeat, axis=0), (distinct // (repeat * len(orders)), 1))
    return made


def _orders(code: np.ndarray) -> np.ndarray:
    """All different orders of a list with repeats, one per row."""
    values, counts = np.unique(code, return_counts=True)
    made = np.full((1, len(code)), -1, dtype=code.dtype)
    for value, n in zip(values, counts.tolist(), strict=True):
        free = np.argsort(made != -1, axis=1, kind="stable")[:, : int((made[0] == -1).sum())]
        chosen = np.array(list(combinations(range(free.shape[1]), n)), dtype=np.int64).reshape(-1, n)
        columns = free[:, chosen]
        made = np.repeat(made[:, None], len(chosen), axis=1)
        np.put_along_axis(made, columns, value, axis=2)
        made = made.reshape(-1, len(code))
    return made
