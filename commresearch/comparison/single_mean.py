"""tau² of one set of effects without moderators, as `heterogeneity` has it, by inner products of vectors.

A handful of effects costs the many-problems code nothing but the overhead of its array calls; this is five times as fast, and a test holds the two
together.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from commresearch.comparison.heterogeneity import LEAST, POINTS, SMALL
from commresearch.comparison.safe_newton import NOISE, ROUNDS, TOLERANCE

#: Exponents of the grid; the first point stands for zero.
STEPS = np.concatenate([[0.0], np.linspace(0.0, 1.0, POINTS)])


class Sums(NamedTuple):
    """Moments of one problem at one tau²; names as in `heterogeneity.Moments`, s1, s2, s3 the sums of w, w² and w³."""

    weights: np.ndarray
    mean: float
    s1: float
    s2: float
    s3: float
    q: float
    q2: float
    q3: float


def sums(y: np.ndarray, v: np.ndarray, tau2: float) -> Sums:
    """All of them."""
    w = 1 / (v + tau2)
    w2 = w * w
    s1 = float(np.add.reduce(w))
    mean = float(w.dot(y)) / s1
    rest = y - mean
    py = w * rest
    wpy = w * py
    level = float(w.dot(py)) / s1
    return Sums(w, mean, s1, float(w.dot(w)), float(w.dot(w2)), float(py.dot(rest)), float(py.dot(py)), float(wpy.dot(py) - level * np.add.reduce(wpy)))


def tau2_of_one(y: np.ndarray, v: np.ndarray, method: str) -> float:
    """tau² of one problem (K,); methods and rules of `heterogeneity.between_variance`."""
    df = len(y) - 1
    if method == "common":
        return 0.0
    if method == "dl":
        at = sums(y, v, 0.0)
        return max(0.0, (at.q - df) / (at.s1 - at.s2 / at.s1))
    if method == "pm":
        return q_root_of_one(y, v, df)
    grid, w, s1, q = _on_grid(y, v, 1.0)
    height = np.log(w).sum(axis=1) - q - (np.log(s1) if method == "reml" else 0.0)
    best = int(height.argmax())
    score = _restricted if method == "reml" else _full
    if best == 0 and score(sums(y, v, 0.0))[0] <= 0:
        return 0.0
    return _root(
        lambda t: score(sums(y, v, t)), float(grid[max(best - 1, 0)]), float(grid[min(best + 1, POINTS)]), float(grid[best]), SMALL * float(v.min())
    )


def q_root_of_one(y: np.ndarray, v: np.ndarray, target: float) -> float:
    """`heterogeneity.generalised_q_root` of one problem (K,)."""
    grid, _, _, q = _on_grid(y, v, min(target, 1.0))
    if q[0] <= target:
        return 0.0
    last = int((q > target).sum()) - 1

    def values(t: float) -> tuple[float, float]:
        at = sums(y, v, t)
        return at.q - target, -at.q2

    return _root(values, float(grid[last]), float(grid[min(last + 1, POINTS)]), float(grid[last]), SMALL * float(v.min()))


def _on_grid(y: np.ndarray, v: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Points from zero to beyond every root, with their weights, sums of weights and y'Py."""
    about = y - y.mean()
    end, start = float(about.dot(about) + v.min()) / least, LEAST * float(v.min())
    grid = start * (end / start) ** STEPS
    grid[0] = 0.0
    w = 1 / (v + grid[:, None])
    s1 = np.add.reduce(w, axis=1)
    rest = y - (w.dot(y) / s1)[:, None]
    return grid, w, s1, np.vecdot(w * rest, rest)


def _restricted(s: Sums) -> tuple[float, float]:
    share = s.s2 / s.s1
    return s.q2 - s.s1 + share, s.s2 - 2 * s.s3 / s.s1 + share * share - 2 * s.q3


def _full(s: Sums) -> tuple[float, float]:
    return s.q2 - s.s1, s.s2 - 2 * s.q3


def _root(values: Callable[[float], tuple[float, float]], low: float, high: float, at: float, scale: float) -> float:
    """`safe_newton.decreasing_root` of one function."""
    last = math.inf
    for _ in range(ROUNDS):
        value, slope = values(at)
        if value == 0:
            return at
        low, high = (at, high) if value > 0 else (low, at)
        moved = at - value / slope if slope < 0 else math.inf
        if not low <= moved <= high:
            moved = (low + high) / 2
        size, measure = abs(moved - at), abs(moved) + scale
        if size <= TOLERANCE * measure or last <= size <= NOISE * measure:
            return moved
        at, last = moved, size
    return at
