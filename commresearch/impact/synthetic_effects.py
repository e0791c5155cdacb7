"""Effects against synthetic comparisons for many choices of treated units at once, over all starts; and the jackknife."""

import math
from dataclasses import dataclass

import numpy as np

from commresearch.impact.arrays import NEVER
from commresearch.impact.synthetic_fit import Fits, fit
from commresearch.impact.synthetic_panel import Starts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SyntheticEffects:
    """Of B choices of treated units.

    overall : float array (B,)
        Mean effect over treated cells.
    path : float array (B, E)
        Mean gap of treated units by periods since the start, less what the time weights make of it before.
    events : int64 array (E,)
        Those numbers of periods, ascending.
    miss_before, miss_after : float array (B,)
        Root of the mean squared gap before and after the start.
    fits : tuple of Fits
        By start.
    """

    overall: np.ndarray
    path: np.ndarray
    events: np.ndarray
    miss_before: np.ndarray
    miss_after: np.ndarray
    fits: tuple[Fits, ...]


def synthetic_effects(
    values: np.ndarray, periods: np.ndarray, first: np.ndarray, starts: Starts, *, compiled: bool, start: tuple[Fits, ...] | None = None
) -> SyntheticEffects:
    """Fit every start on the units that are never treated; average with the treated cells as weights.

    The effect of start c is fitted on its n_c units and the untreated; the whole is Σ_c n_c (T − T0_c) τ_c / Σ_c n_c (T − T0_c).

    Parameters
    ----------
    values : float array (n, T)
        No gaps.
    periods : int64 array (T,)
    first : int64 array (B, n)
        Start of each unit in each choice, `NEVER` for the pool.
    starts : Starts
        Starts that occur, with their settings.
    start : tuple of Fits, optional
        Weights to start from, by start.

    Returns
    -------
    SyntheticEffects
    """
    pool = first == NEVER
    events = np.unique(np.concatenate([periods - c for c in starts.cohorts]))
    count, width = first.shape[0], len(events)
    total, cells, before_cells = np.zeros(count), np.zeros(count), np.zeros(count)
    squares = np.zeros((2, count))
    path, weight, fits = np.zeros((count, width)), np.zeros((count, width)), []
    for k, (c, before) in enumerate(zip(starts.cohorts, starts.before, strict=True)):
        chosen = (first == c).astype(float)
        n = chosen.sum(axis=1)
        made = fit(values, int(before), chosen / n[:, None], pool, starts.settings[k], compiled=compiled, start=None if start is None else start[k])
        after = values.shape[1] - int(before)
        total += n * after * made.gaps[:, before:].mean(axis=1)
        cells += n * after
        before_cells += n * before
        squares += n * np.stack([(made.gaps[:, :before] ** 2).sum(axis=1), (made.gaps[:, before:] ** 2).sum(axis=1)])
        at = np.searchsorted(events, periods - c)
        path[:, at] += n[:, None] * made.gaps
        weight[:, at] += n[:, None]
        fits.append(made)
    return SyntheticEffects(
        overall=total / cells, path=path / weight, events=events, miss_before=np.sqrt(squares[0] / before_cells),
        miss_after=np.sqrt(squares[1] / cells), fits=tuple(fits),
    )


def placebo_start(actual: SyntheticEffects, starts: Starts, count: int) -> tuple[Fits, ...]:
    """Weights of the actual fit as a start for each of `count` placebos among the untreated units."""
    return tuple(
        Fits(units=np.repeat(f.units[:, starts.untreated], count, axis=0), times=np.repeat(f.times, count, axis=0), gaps=f.gaps) for f in actual.fits
    )


def jackknife_error(values: np.ndarray, cluster: np.ndarray, starts: Starts, actual: SyntheticEffects) -> float:
    """Standard error from leaving out one assignment at a time, weights of the others scaled up and not fitted anew.

    Returns
    -------
    float
        √((G−1)/G · Σ_g (τ₍g₎ − τ̄)²). NaN where a start has a single treated assignment, or one assignment carries all weight of a fit.
    """
    groups = int(cluster.max()) + 1
    keep = cluster[None, :] != np.arange(groups)[:, None]
    total, cells = np.zeros(groups), np.zeros(groups)
    for c, before, made in zip(starts.cohorts, starts.before, actual.fits, strict=True):
        contrast = values[:, before:].mean(axis=1) - values[:, :before] @ made.times[0]
        treated, weights = keep * (starts.first == c), keep * made.units[0]
        n, scale = treated.sum(axis=1), weights.sum(axis=1)
        if (n == 0).any() or not (scale > 0).all():
            return math.nan
        after = n * (values.shape[1] - before)
        total += after * (treated @ contrast / n - weights @ contrast / scale)
        cells += after
    left_out = total / cells
    return math.sqrt((groups - 1) / groups * float(((left_out - left_out.mean()) ** 2).sum()))
