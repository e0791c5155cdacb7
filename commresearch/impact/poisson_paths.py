"""The effect on counts had the starts fallen on other units, for many re-assignments at once."""

from dataclasses import dataclass

import numpy as np

from commresearch.errors import EstimationError
from commresearch.impact.arrays import PanelArrays
from commresearch.impact.count_cells import CountCells, Exposure, count_cells
from commresearch.impact.two_way_poisson import two_way_poisson

BLOCK = 4_000_000  #: numbers of one array that are held at once


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PathSums:
    """Running sums of counts by cohort of B re-assignments; everything that their effects need.

    starts : int array (K,)
        Places of the starts among the T periods, ascending; T where never.
    size : int array (K, B)
        Units in each cohort.
    plain, affected : float array (K, T + 1, B)
        Counts before each period, of cells that were not treated in fact, and of those that were.
    noise : float array (K, B)
        Standard normal numbers, the same for every effect that is tried.
    """

    starts: np.ndarray
    size: np.ndarray
    plain: np.ndarray
    affected: np.ndarray
    noise: np.ndarray

    def effects(self, null: float = 0.0) -> np.ndarray:
        """Percent effects (B,), with `null` percent taken out of the cells that were treated in fact; NaN where there is nothing to compare.

        With R_kt the counts of cohort k before t and f_t = Σ R_k,t+1 / Σ R_kt over the cohorts that start after t, a cohort that starts at s expects
        R_ks (f_s f_s+1 … − 1) until the last start: the maximum of the Poisson likelihood of the cells not treated, in closed form.

        Counts that a pilot has reduced vary more, for their size, than those of the others. Where `null` is below zero the counts of units that only
        a re-assignment treats are therefore thinned, as the pilot would have: binomial with p = 1 + null, divided by p, by the normal law. Without
        this a single treated unit would be compared with steadier ones, and its interval too short.
        """
        share = min(1 + null / 100, 1.0)
        total = self.affected / (1 + null / 100)
        total += self.plain
        (_, t, b), present = total.shape, self.size > 0
        last = np.where(present, self.starts[:, None], 0).max(axis=0)
        observed, expected, growth = np.zeros(b), np.zeros(b), np.ones(b)
        ends, plain_ends = total[:, last, np.arange(b)], self.plain[:, last, np.arange(b)]
        with np.errstate(divide="ignore", invalid="ignore"):
            for period in range(t - 2, 0, -1):
                later = np.flatnonzero(self.starts > period)
                open_units = present[later].any(axis=0)
                known = total[later, period].sum(axis=0)
                growth = np.where(open_units, total[later, period + 1].sum(axis=0) / known * growth, growth)
                for c in np.flatnonzero(self.starts == period):
                    valid = present[c] & (period < last)
                    before = total[c, period]
                    expected += np.where(valid, before * (growth - 1), 0.0)
                    others = np.maximum(plain_ends[c] - self.plain[c, period], 0.0)
                    thinned = self.noise[c] * np.sqrt(others * (1 - share) / share)
                    observed += np.where(valid, np.maximum(ends[c] - before + thinned, 0.0), 0.0)
            percent: np.ndarray = np.where(expected > 0, 100 * (observed / expected - 1), np.nan)
        return percent


def path_sums(cells: CountCells, first: np.ndarray, *, seed: int | np.random.Generator = 0) -> PathSums:
    """Running sums for starts `first` (B, N) of the units of `cells`, which must have no gaps; `seed` is that of the noise.

    Counts are scaled to the mean exposure of their unit.
    """
    scaled = cells.counts * cells.exposure.mean(axis=1, keepdims=True) / cells.exposure
    both = [np.where(cells.treated == side, scaled, 0.0).cumsum(axis=1) for side in (False, True)]
    n, t = scaled.shape
    running = np.concatenate([np.zeros((n, 1)), both[0], np.zeros((n, 1)), both[1], np.ones((n, 1))], axis=1).T
    places = np.searchsorted(cells.arrays.periods, first)
    starts = np.unique(places)
    made = np.empty((len(starts), len(running), len(first)))
    step = max(1, BLOCK // n)
    for begin in range(0, len(first), step):
        block = places[begin : begin + step].T
        for k, start in enumerate(starts):
            made[k, :, begin : begin + step] = running @ (block == start).astype(np.float64)
    return PathSums(
        starts=starts, size=np.rint(made[:, -1]).astype(np.int64), plain=made[:, : t + 1].copy(), affected=made[:, t + 1 : 2 * t + 2].copy(),
        noise=np.random.default_rng(seed).standard_normal((len(starts), len(first))),
    )


def att_of_paths(arrays: PanelArrays, first: np.ndarray, *, null: float = 0.0, exposure: Exposure = "denominator", seed: int = 0) -> np.ndarray:
    """The overall effect had the units started as each row of `first` says.

    Without gaps all re-assignments are done at once: counts are scaled to the mean exposure of their unit, and the Poisson likelihood of the cells not
    treated has its maximum in closed form. Where exposures do not change over time that is the estimate of `poisson_did`; where they do it is
    near it, and as good a statistic for a test. With gaps the effects are fitted one by one.

    Parameters
    ----------
    arrays : PanelArrays
        With the starts that were; units whose counts are all zero may stay.
    first : int64 array (B, N)
        Starts of the units of `arrays` in B re-assignments.
    null : float
        Effect in percent that is taken out of the cells that were treated, for tests of an effect other than none.
    seed : int
        Of the noise that an effect below zero asks for (`PathSums.effects`).

    Returns
    -------
    float array (B,)
        In percent; NaN where a re-assignment has no treated cells with a comparison.

    Raises
    ------
    DesignError, EstimationError
        As `count_cells`, for the starts that were.
    """
    cells = count_cells(arrays, exposure, keep_zero=True)
    place = {unit: i for i, unit in enumerate(arrays.units)}
    mine = first[:, [place[unit] for unit in cells.arrays.units]]
    if cells.used.all():
        return path_sums(cells, mine, seed=seed).effects(null)
    return effects_by_fits(cells, mine, null)


def effects_by_fits(cells: CountCells, first: np.ndarray, null: float = 0.0) -> np.ndarray:
    """The same for panels with gaps, one fit for each re-assignment of the units of `cells`."""
    counts = np.where(cells.treated, cells.counts / (1 + null / 100), cells.counts)
    return np.array([_by_fit(counts, cells.exposure, cells.arrays.periods >= path[:, None]) for path in first])


def _by_fit(counts: np.ndarray, exposure: np.ndarray, started: np.ndarray) -> float:
    """Percent effect of one re-assignment; NaN where there is none."""
    known = np.logical_and(exposure > 0, ~started)
    treated = started & (exposure > 0) & known.any(axis=1, keepdims=True) & known.any(axis=0)
    if not treated.any():
        return np.nan
    try:
        fit = two_way_poisson(np.where(known, counts, 0.0), np.where(known, exposure, 0.0))
    except EstimationError:  # a re-assignment whose untreated cells hang together too loosely
        return np.nan
    expected = (exposure * fit.unit_factor[:, None] * fit.period_factor)[treated].sum()
    return float(100 * (counts[treated].sum() / expected - 1)) if expected > 0 else np.nan
