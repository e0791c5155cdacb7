"""Roots of many decreasing functions at once: Newton's steps, and halves of the bracket wherever a step would leave it."""

from collections.abc import Callable

import numpy as np

ROUNDS = 200  #: far more than halving alone takes from any bracket of doubles to the last digit
TOLERANCE = 1e-15  #: a step below this share of the root is rounding
NOISE = 1e-11  #: steps below this share shrink from one round to the next, or are rounding of the function

#: Value and slope of every function at its own argument; arrays of one shape.
Values = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def decreasing_root(values: Values, low: np.ndarray, high: np.ndarray, start: np.ndarray, *, scale: np.ndarray) -> np.ndarray:
    """Where each function passes from above zero to below it.

    Parameters
    ----------
    values : callable
        Arguments (...) → values and slopes (...).
    low, high, start : float array (...)
        Brackets: not below zero at `low`, not above it at `high`; where both are one number, that is the root.
    scale : float array (...)
        Sizes that steps are small against where the root itself is near zero.

    Returns
    -------
    float array (...)
        Solved until a step is below 1e-15 of the root (or of the scale), or as far as the rounding of the function lets it; no loose default is left
        to the caller.
    """
    low, high, at = np.array(low, dtype=float), np.array(high, dtype=float), np.array(start, dtype=float)
    last = np.full(at.shape, np.inf)
    for _ in range(ROUNDS):
        value, slope = values(at)
        low = np.where(value > 0, at, low)
        high = np.where(value < 0, at, high)
        step = np.divide(value, -slope, out=np.full_like(value, np.inf), where=slope < 0)
        wanted = at + step
        inside = (wanted >= low) & (wanted <= high)
        moved = np.where(inside, wanted, (low + high) / 2)
        moved = np.where(value == 0, at, moved)
        size, measure = np.abs(moved - at), np.abs(moved) + scale
        still = (size <= TOLERANCE * measure) | ((size <= NOISE * measure) & (size >= last))
        at, last = moved, size
        if still.all():
            break
    return at
