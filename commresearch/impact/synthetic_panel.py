"""A panel as synthetic comparisons need it: starts, untreated units, and what would be treated in a placebo."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np

from commresearch.errors import DesignError, EstimationError, Failure
from commresearch.impact.arrays import NEVER, PanelArrays
from commresearch.impact.synthetic_fit import Settings, noise_level, settings_of

LEAST_BEFORE = 2  #: periods before a start: one has no changes, so no noise level
LEAST_UNTREATED = 2
SHOWN_PERIODS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Starts:
    """What is treated when.

    first : int64 array (N,)
        First treated period; `NEVER` for the untreated, also where the start lies behind the panel.
    cohorts : int64 array (K,)
        Starts that occur, ascending.
    before : int array (K,)
        Periods before each.
    untreated : int array (N0,)
        Places of units that are never treated.
    settings : tuple of Settings (K)
        How weights are found, by start.
    """

    first: np.ndarray
    cohorts: np.ndarray
    before: np.ndarray
    untreated: np.ndarray
    settings: tuple[Settings, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placebos:
    """Starts given to untreated units.

    first : int64 array (B, N0)
        By untreated unit in the order of the panel; `NEVER` where it stays untreated.
    complete : bool
        Whether these are all there are.
    """

    first: np.ndarray
    complete: bool


def starts_of(arrays: PanelArrays, *, did: bool) -> Starts:
    """Starts, untreated units and settings, or why there is no comparison.

    Returns
    -------
    Starts

    Raises
    ------
    DesignError
        Units have periods without a value (CR-I40), none is treated (CR-I41), fewer than two are not (CR-I42), a start has fewer than two
        periods before it (CR-I43).
    EstimationError
        Values of the untreated units never change before a start (CR-I46).
    """
    failures = _gaps(arrays)
    first = np.where(arrays.ever_treated, arrays.first, NEVER)
    cohorts, untreated = arrays.cohorts, np.flatnonzero(first == NEVER)
    before = np.searchsorted(arrays.periods, cohorts)
    if not len(cohorts):
        failures.append(Failure(code="CR-I41", values={"units": len(first)}))
    if len(untreated) < LEAST_UNTREATED:
        failures.append(Failure(code="CR-I42", values={"untreated": len(untreated), "treated": len(first) - len(untreated)}))
    failures += [
        Failure(code="CR-I43", values={"start": arrays.label(int(c)), "before": int(n), "units": ", ".join(map(str, arrays.units[first == c]))})
        for c, n in zip(cohorts, before, strict=True) if n < LEAST_BEFORE
    ]
    if failures:
        raise DesignError(*failures)
    noises = [noise_level(arrays.value[untreated], int(n)) for n in before]
    still = [c for c, noise in zip(cohorts, noises, strict=True) if not noise > 0]
    if still:
        raise EstimationError(*(Failure(code="CR-I46", values={"start": arrays.label(int(c)), "untreated": len(untreated)}) for c in still))
    cells = [int((first == c).sum()) * (len(arrays.periods) - int(n)) for c, n in zip(cohorts, before, strict=True)]
    settings = tuple(settings_of(noise, n, did=did) for noise, n in zip(noises, cells, strict=True))
    return Starts(first=first, cohorts=cohorts, before=before, untreated=untreated, settings=settings)


def _gaps(arrays: PanelArrays) -> list[Failure]:
    """Units with periods that have no value."""
    missing = ~arrays.observed
    return [
        Failure(code="CR-I40", values={
            "unit": str(arrays.units[i]), "months": int(missing[i].sum()),
            "periods": ", ".join(arrays.label(int(p)) for p in arrays.periods[missing[i]][:SHOWN_PERIODS]),
        })
        for i in np.flatnonzero(missing.any(axis=1))
    ]


def chosen_placebos(
    arrays: PanelArrays, starts: Starts, given: Sequence[Sequence[object]] | np.ndarray | None, *, draws: int, seed: int
) -> Placebos:
    """Placebos that somebody states, or else by lot."""
    if given is not None:
        return given_placebos(arrays, starts, given)
    return placebos_of(arrays, starts, draws=draws, rng=np.random.default_rng(seed))


def placebos_of(arrays: PanelArrays, starts: Starts, *, draws: int, rng: np.random.Generator) -> Placebos:
    """Starts of the treated assignments given to untreated assignments: all ways where these are no more than `draws`, else so many by lot.

    A placebo assignment is one none of whose units is treated; it takes the earliest start of the assignment that it stands for.

    Returns
    -------
    Placebos

    Raises
    ------
    DesignError
        Untreated assignments are not more than treated ones (CR-I44).
    EstimationError
        draws is below one (CR-I49).
    """
    if draws < 1:
        raise EstimationError(Failure(code="CR-I49", values={"name": "draws", "allowed": "≥ 1", "got": draws}))
    cluster, given = arrays.cluster, _assigned_starts(arrays.cluster, starts.first)
    free = np.setdiff1d(cluster[starts.untreated], cluster[starts.first != NEVER])
    if len(free) <= len(given):
        raise DesignError(Failure(code="CR-I44", values={"untreated": len(free), "treated": len(given)}))
    sizes = np.unique(given, return_counts=True)[1].tolist()
    left = len(free) - np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(int)
    ways = math.prod(math.comb(int(n), size) for n, size in zip(left, sizes, strict=True))
    complete = ways <= draws
    if complete:
        chosen = np.array(list(_ways(tuple(range(len(free))), tuple(sizes))), dtype=np.int64).reshape(ways, -1)
    else:
        chosen = rng.permuted(np.tile(np.arange(len(free)), (draws, 1)), axis=1)[:, : len(given)]
    by_cluster = np.full((len(chosen), len(arrays.assignments)), NEVER)
    np.put_along_axis(by_cluster, free[chosen], given[None, :], axis=1)
    return Placebos(first=by_cluster[:, cluster[starts.untreated]], complete=complete)


def _assigned_starts(cluster: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Earliest start of every treated assignment, ascending."""
    treated = first != NEVER
    earliest = np.full(int(cluster.max()) + 1, NEVER)
    np.minimum.at(earliest, cluster[treated], first[treated])
    return np.sort(earliest[earliest != NEVER])


def _ways(free: tuple[int, ...], sizes: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """All ways to take groups of these sizes out of `free`, one after another."""
    if not sizes:
        yield ()
        return
    for taken in combinations(free, sizes[0]):
        rest = tuple(i for i in free if i not in taken)
        for others in _ways(rest, sizes[1:]):
            yield taken + others


def given_placebos(arrays: PanelArrays, starts: Starts, assignments: Sequence[Sequence[object]] | np.ndarray) -> Placebos:
    """Placebos that somebody states.

    Parameters
    ----------
    assignments : sequence of sequences of unit ids, or int array (B, N0)
        The untreated units that stand for the treated ones, in the order of these in the panel; or permutations of the numbers 0 … N0 − 1 of
        untreated units in that order, the last ones of which stand for the treated.

    Returns
    -------
    Placebos

    Raises
    ------
    DesignError
        One does not name so many different untreated units as are treated, or parts an assignment (CR-I45); there is none (CR-I49).
    """
    treated = starts.first[starts.first != NEVER]
    rows = list(assignments)
    if not rows:
        raise DesignError(Failure(code="CR-I49", values={"name": "placebo_assignments", "allowed": "≥ 1", "got": 0}))
    place = {unit: i for i, unit in enumerate(arrays.units[starts.untreated])}
    by_number = isinstance(assignments, np.ndarray) and assignments.dtype.kind in "iu"
    made = np.full((len(rows), len(place)), NEVER)
    failures = []
    for number, row in enumerate(rows):
        named = list(row)
        if by_number:
            places = [int(i) for i in named[-len(treated):]] if sorted(named) == list(range(len(place))) else []
        else:
            places = [place[unit] for unit in named if unit in place]
        whole = len(places) == len(set(places)) == len(treated) and (by_number or len(named) == len(places))
        if not whole or _parts(arrays.cluster[starts.untreated], places):
            got = ", ".join(str(unit) for unit in islice(named, SHOWN_PERIODS))
            failures.append(Failure(code="CR-I45", values={"row": number + 1, "wanted": len(treated), "got": got}))
        else:
            made[number, places] = treated
    if failures:
        raise DesignError(*failures)
    return Placebos(first=made, complete=False)


def _parts(cluster: np.ndarray, places: list[int]) -> bool:
    """Whether some units of an assignment are among the places and some are not."""
    inside = np.zeros(len(cluster), dtype=bool)
    inside[places] = True
    return bool(np.intersect1d(cluster[inside], cluster[~inside]).size)
