"""Unit and time weights of synthetic comparisons, and the gaps that they leave, for many choices of treated units at once."""

from dataclasses import dataclass

import numpy as np

from commresearch.impact.frank_wolfe import Problems, simplex_weights

#: Of the reference: first steps, before weights up to a quarter of the largest are set to zero; then steps to the end.
FIRST_STEPS, LAST_STEPS, SPARSE_SHARE = 100, 10_000, 0.25
TINY_RIDGE = 1e-6  #: in noise levels: time weights, and unit weights of a synthetic control
LEAST_DECREASE = 1e-5  #: in noise levels; squared: what a step must bring


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How weights are found. `unit_ridge`, `time_ridge`, `decrease` are in units of the outcome (ζ of the paper)."""

    unit_ridge: float
    time_ridge: float
    decrease: float
    did: bool  #: with intercepts and time weights (synthetic difference-in-differences), or without (synthetic control)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fits:
    """Of B choices of treated units among n.

    units : float array (B, n)
        Weights of the pool.
    times : float array (B, T0)
        Weights of the periods before; zero for a synthetic control.
    gaps : float array (B, T)
        Treated mean minus synthetic mean by period, less what the time weights make of it before the start.
    """

    units: np.ndarray
    times: np.ndarray
    gaps: np.ndarray


def noise_level(values: np.ndarray, before: int) -> float:
    """Standard deviation of all changes from period to period of untreated units (n, T) before the start."""
    return float(np.diff(values[:, :before], axis=1).std(ddof=1))


def settings_of(noise: float, cells: int, *, did: bool) -> Settings:
    """Settings of the reference: ζ of units is (treated cells after)^¼ × noise, or 1e-6 × noise for a synthetic control."""
    return Settings(
        unit_ridge=(cells**0.25 if did else TINY_RIDGE) * noise, time_ridge=TINY_RIDGE * noise, decrease=LEAST_DECREASE * noise, did=did
    )


def fit(
    values: np.ndarray, before: int, treated: np.ndarray, pool: np.ndarray, settings: Settings, *, compiled: bool,
    start: Fits | None = None,
) -> Fits:
    """Weights and gaps for B choices of treated units.

    With X the pool before the start, ω minimises Σ_t (ω₀ + ω'X_t − x̄_t)² / T0 + ζ²‖ω‖², λ the same over units for the mean after the start
    (ω₀, λ₀ = 0 for a synthetic control, which has no λ); the effect is the mean gap after minus the λ-weighted gap before.

    Parameters
    ----------
    values : float array (n, T)
        No gaps.
    before : int
        Periods before the start, T0.
    treated : float array (B, n)
        Weights of the treated mean, summing to one.
    pool : bool array (B, n)
        Units that may carry weight.
    start : Fits, optional
        Weights to start from (units put to zero outside the pool and scaled); equal weights where not given.

    Returns
    -------
    Fits
    """
    # Both sides of a comparison have weights that sum to one: a path common to all units changes nothing, and without it sums keep more digits.
    ahead = values[:, :before] - values[:, :before].mean(axis=0)
    centred = ahead - ahead.mean(axis=1, keepdims=True) if settings.did else ahead
    gram = centred @ centred.T
    units = _solve(
        gram[None], treated @ gram, pool, (settings.unit_ridge, settings.decrease, np.full(len(pool), before)),
        _started(pool, None if start is None else start.units), compiled=compiled,
    )
    times = np.zeros((len(pool), before))
    if settings.did:
        moments = _time_moments(values, before, pool)
        everywhere = np.ones_like(times, dtype=bool)
        times = _solve(
            moments[:, :before, :before], moments[:, :before, before], everywhere, (settings.time_ridge, settings.decrease, pool.sum(axis=1)),
            _started(everywhere, None if start is None else start.times), compiled=compiled,
        )
    gaps = (treated - units) @ values
    return Fits(units=units, times=times, gaps=gaps - (gaps[:, :before] * times).sum(axis=1, keepdims=True))


def _started(allowed: np.ndarray, given: np.ndarray | None) -> np.ndarray:
    """Given weights where allowed, scaled to one; equal ones where nothing is left of them."""
    equal = np.asarray(allowed / allowed.sum(axis=1, keepdims=True))
    if given is None:
        return equal
    kept = np.where(allowed, given, 0.0)
    total = kept.sum(axis=1, keepdims=True)
    return np.asarray(np.where(total > 0, np.divide(kept, total, out=np.zeros_like(kept), where=total > 0), equal))


def _solve(
    gram: np.ndarray, linear: np.ndarray, allowed: np.ndarray, scale: tuple[float, float, np.ndarray], start: np.ndarray, *, compiled: bool
) -> np.ndarray:
    """Weights: some steps, small weights set to zero, then steps to the end. `scale`: ζ, least decrease, number of equations (B,)."""
    zeta, decrease, equations = scale
    ridge = np.unique(equations * zeta**2) if len(gram) == 1 else equations * zeta**2
    problems = Problems(
        gram=gram + ridge[:, None, None] * np.eye(gram.shape[1]), linear=linear, allowed=allowed, least_decrease=equations * decrease**2
    )
    rough = simplex_weights(problems, start, max_steps=FIRST_STEPS, compiled=compiled)
    sparse = np.where(rough > SPARSE_SHARE * rough.max(axis=1, keepdims=True), rough, 0.0)
    return simplex_weights(problems, sparse / sparse.sum(axis=1, keepdims=True), max_steps=LAST_STEPS, compiled=compiled)


def _time_moments(values: np.ndarray, before: int, pool: np.ndarray) -> np.ndarray:
    """Σ over the pool of products of periods before and the mean after, centred within the pool: (B, T0+1, T0+1).

    Values are centred over all units first, so that taking the outsiders away loses no digits.
    """
    columns = np.column_stack([values[:, :before], values[:, before:].mean(axis=1)])
    columns -= columns.mean(axis=0)
    width = before + 1
    products = (columns[:, :, None] * columns[:, None, :]).reshape(len(values), width * width)
    inside = pool.astype(float)
    sums = inside @ columns
    means = sums[:, None, :] / inside.sum(axis=1)[:, None, None]
    return np.asarray((inside @ products).reshape(-1, width, width) - sums[:, :, None] * means)
