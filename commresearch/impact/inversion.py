"""Intervals by inversion of a test: all values of the effect that are not rejected.

A p value that is a share of draws is a step function of the value tested: draw b counts where its statistic, under that value, is at least as
far out as the observed one. For statistics that are ratios of linear and (roots of) quadratic functions of the value this is a polynomial
inequality, so the steps are roots of polynomials and no grid is needed.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

TIE = 1e-10  #: relative; statistics that agree as far as this are equal
HALVINGS = 90  #: of a bracket; below the spacing of floating-point numbers
HALVINGS_BY_CALL = 30  #: where every value is a call; ends are then known to a billionth of the scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The smallest interval that holds all values that are not rejected.

    low, high : float
        Infinite where values of any size are not rejected.
    connected : bool
        False where values within it are rejected.
    """

    low: float
    high: float
    connected: bool = True

    @property
    def bounded(self) -> bool:
        """Whether both ends are finite."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def needed(total: int, conf_level: float) -> int:
    """The least number of draws at least as far out, of `total` with the observed one, for which a value is not rejected."""
    return math.floor((1 - conf_level) * total + 1e-9) + 1


def hull(low: np.ndarray, high: np.ndarray, *, always: int, total: int, conf_level: float) -> Interval:
    """The interval for draws that count within closed intervals [low, high], and `always` draws that count everywhere."""
    least = needed(total, conf_level) - always
    if least <= 0:
        return Interval(low=-math.inf, high=math.inf)
    low, high = np.sort(low), np.sort(high)
    at_low = np.arange(1, len(low) + 1) - np.searchsorted(high, low, side="left")
    at_high = np.searchsorted(low, high, side="right") - np.arange(len(high))
    starts, ends = low[at_low >= least], high[at_high >= least]
    if not len(starts):
        return Interval(low=math.nan, high=math.nan)
    first, last = float(starts[0]), float(ends[-1])
    inside = (high >= first) & (high < last)
    # Just behind an end, one draw less counts; a start at the same place has been counted by then.
    behind = np.searchsorted(low, high[inside], side="right") - np.searchsorted(high, high[inside], side="right")
    return Interval(low=first, high=last, connected=bool((behind >= least).all()))


def polynomial_sets(c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Closed intervals in which polynomials of degree four, coefficients (B, 5) from the constant up, are not negative."""
    if not len(c):
        return np.empty(0), np.empty(0)
    roots = np.sort(_real_roots(c), axis=1)
    edges = np.hstack([np.full((len(c), 1), -np.inf), roots, np.full((len(c), 1), np.inf)])
    left, right = edges[:, :-1], edges[:, 1:]
    step = np.maximum(1.0, np.abs(np.where(np.isfinite(roots), roots, 0.0)).max(axis=1))[:, None]
    middle = np.where(np.isinf(left), np.where(np.isinf(right), 0.0, right - step), np.where(np.isinf(right), left + step, 0.5 * (_finite(left) + _finite(right))))
    counts = (_value(c, middle) >= 0) & (right > left)
    blank = np.zeros((len(c), 1), dtype=bool)
    # Neighbouring pieces that both count are one interval; pieces of no length are passed over.
    opened, closed = np.zeros_like(counts), np.zeros_like(counts)
    before = blank[:, 0].copy()
    for i in range(counts.shape[1]):
        real = right[:, i] > left[:, i]
        opened[:, i] = counts[:, i] & ~before
        before = np.where(real, counts[:, i], before)
    after = blank[:, 0].copy()
    for i in range(counts.shape[1] - 1, -1, -1):
        real = right[:, i] > left[:, i]
        closed[:, i] = counts[:, i] & ~after
        after = np.where(real, counts[:, i], after)
    return left[opened], right[closed]


def inverted(c: np.ndarray, *, always: int, total: int, conf_level: float, scale: float) -> Interval:
    """The interval of distances from the estimate for draws that count where a quartic is not negative.

    Parameters
    ----------
    c : float array (B, 5)
        Coefficients in (distance / scale), from the constant up; not negative at zero, where every draw counts.
    always, total : int
        Draws beside them that count everywhere; all draws.
    scale : float
        A typical distance: the standard error.
    """
    least = needed(total, conf_level) - always
    if least <= 0:
        return Interval(low=-math.inf, high=math.inf)
    if len(c) and _one_piece(c).all():
        return Interval(low=-scale * _end(c, -1.0, least), high=scale * _end(c, 1.0, least))
    low, high = polynomial_sets(c)
    found = hull(low, high, always=always, total=total, conf_level=conf_level)
    return Interval(low=scale * found.low, high=scale * found.high, connected=found.connected)


def bisected(p_value: Callable[[float], float], *, estimate: float, scale: float, conf_level: float, halvings: int = HALVINGS_BY_CALL) -> Interval:
    """The interval around the estimate for a p value that falls with the distance from it; one call for each value tested.

    Ends are found to 2^−halvings of `scale` (at least); infinite where a distance of a million `scale` is not rejected.
    """

    def reaches(step: float) -> float:
        return _last(lambda x: p_value(estimate + step * x) > 1 - conf_level + TIE, halvings=halvings, doublings=20)

    return Interval(low=estimate - scale * reaches(-scale), high=estimate + scale * reaches(scale))


def _end(c: np.ndarray, side: float, least: int) -> float:
    """The last distance on one side at which so many of the draws count, each of which stops counting once."""
    inside, outside = 0.0, 1.0
    while int((_value(c, np.array(side * outside)) >= 0).sum()) >= least:
        inside, outside = outside, 2 * outside
    for _ in range(HALVINGS):
        middle = 0.5 * (inside + outside)
        if middle in {inside, outside}:
            break
        counts = _value(c, np.array(side * middle)) >= 0
        n = int(counts.sum())
        # Draws whose end is known to lie beyond the bracket, or before it, are not looked at again.
        if n >= least:
            inside, c = middle, c[counts]
        else:
            outside, c, least = middle, c[~counts], least - n
    return inside


def _last(counts: Callable[[float], bool], *, halvings: int, doublings: int) -> float:
    """The last x ≥ 0 for which something holds that holds at 0 and stops once; infinite where it does not stop."""
    inside, outside = 0.0, 1.0
    for _ in range(doublings):
        if not counts(outside):
            break
        inside, outside = outside, 2 * outside
    else:
        return math.inf
    for _ in range(halvings):
        middle = 0.5 * (inside + outside)
        if middle in {inside, outside}:
            break
        if counts(middle):
            inside = middle
        else:
            outside = middle
    return inside


def _one_piece(c: np.ndarray) -> np.ndarray:
    """Whether a quartic that is not negative at zero and negative far out has two real roots only: the sign of its discriminant."""
    e, d, cc, b, a = c.T
    i = 12 * a * e - 3 * b * d + cc**2
    j = 72 * a * cc * e + 9 * b * cc * d - 27 * a * d**2 - 27 * e * b**2 - 2 * cc**3
    size = 4 * np.abs(i) ** 3 + j**2
    made: np.ndarray = (a < -1e-12 * np.abs(c).max(axis=1)) & (e > 0) & (4 * i**3 - j**2 < -1e-9 * size)
    return made


def _value(c: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Polynomials (B, 5) at x: one number, or (B, m)."""
    columns = c.T if x.ndim == 0 else c.T[:, :, None]
    made: np.ndarray = columns[4]
    for column in columns[3::-1]:
        made = made * x + column
    return made


def _finite(x: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(x), x, 0.0)


def _real_roots(c: np.ndarray) -> np.ndarray:
    """Real roots (B, 4), infinite where there are fewer."""
    made = np.full((len(c), 4), np.inf)
    whole = np.abs(c[:, 4]) > 1e-13 * np.abs(c).max(axis=1)
    companion = np.zeros((int(whole.sum()), 4, 4))
    companion[:, 1:, :-1] = np.eye(3)
    companion[:, :, 3] = -c[whole, :4] / c[whole, 4:]
    made[whole] = _reals(np.linalg.eigvals(companion))
    for row in np.flatnonzero(~whole):
        kept = np.where(np.abs(c[row]) > 1e-13 * np.abs(c[row]).max(), c[row], 0.0)
        roots = np.roots(kept[::-1])
        made[row, : len(roots)] = _reals(roots)
    return made


def _reals(roots: np.ndarray) -> np.ndarray:
    made: np.ndarray = np.where(np.abs(roots.imag) <= 1e-9 * np.maximum(1.0, np.abs(roots)), roots.real, np.inf)
    return made
