"""Weights on the simplex by Frank-Wolfe steps on Gram matrices: many problems of one size at once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import numpy as np

#: Stands for the gradient of a place that may carry no weight; finite, so that zero times it is zero.
FORBIDDEN = 1e300
#: Least curvature along a step; below it the step leads nowhere, as x is the place already.
LEAST_BEND = 1e-300
#: So many problems are faster one after another than side by side (numpy).
FEW = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problems:
    """B problems: minimise x'Ax − 2q'x over x ≥ 0, Σx = 1, x zero where not allowed.

    gram : float array (1 or B, n, n)
        A, one for all problems or one each; positive definite (a ridge is in it).
    linear : float array (B, n)
        q.
    allowed : bool array (B, n)
        At least one place per problem.
    least_decrease : float array (B,)
        A problem is done when a step (not the first) lowers its function by no more than this.
    """

    gram: np.ndarray
    linear: np.ndarray
    allowed: np.ndarray
    least_decrease: np.ndarray


def simplex_weights(problems: Problems, start: np.ndarray, *, max_steps: int, compiled: bool) -> np.ndarray:
    """Weights after Frank-Wolfe steps with exact line search.

    A step goes from x towards the place with the smallest half gradient g = Ax − q (the first of equal ones), by s = −g'd / d'Ad held to
    [0, 1], d being the way there. g, x'Ax and q'x are carried along: O(n) a step.

    Parameters
    ----------
    problems : Problems
    start : float array (B, n)
        On the simplex, zero where not allowed.
    max_steps : int
    compiled : bool
        By the compiled loop (needs numba) or by numpy over all problems; same steps, same numbers but for rounding.

    Returns
    -------
    float array (B, n)
    """
    linear = np.where(problems.allowed, problems.linear, -FORBIDDEN)
    run = compiled_loop() if compiled else _batched if len(start) > FEW else _one_by_one
    return np.asarray(run(problems.gram, linear, problems.least_decrease, start, max_steps))


def can_compile() -> bool:
    """Whether the optional compiler is installed (extra `fast`)."""
    return find_spec("numba") is not None


@cache
def compiled_loop() -> Callable[..., np.ndarray]:
    """`_loop`, compiled once per process (and kept on disk by numba)."""
    made: Callable[..., np.ndarray] = import_module("numba").njit(cache=True)(_loop)
    return made


def _batched(gram: np.ndarray, linear: np.ndarray, least: np.ndarray, start: np.ndarray, max_steps: int) -> np.ndarray:
    """All problems side by side; one that is done is taken out."""
    n, shared, done = start.shape[1], len(gram) == 1, start.copy()
    place, q, x = np.arange(len(start)), linear, start.copy()
    lines = gram.reshape(-1, n)  # row i of problem b's matrix; of the one matrix where it is shared
    diagonal = np.ascontiguousarray(np.diagonal(gram, axis1=1, axis2=2)).ravel()
    ax = x @ gram[0] if shared else np.einsum("bij,bj->bi", gram, x)
    g = ax - q
    xax, qx = (ax * x).sum(axis=1), (np.where(x > 0, q, 0.0) * x).sum(axis=1)
    first = 0 if shared else n * place
    flat, towards = n * np.arange(len(x)), np.empty_like(x)
    for number in range(max_steps):
        best = g.argmin(axis=1)
        spot, line = flat + best, first + best
        at_g, at_q = g.ravel()[spot], q.ravel()[spot]
        slope, at_ax = at_g - xax + qx, at_g + at_q
        bend = np.maximum(diagonal[line] - 2 * at_ax + xax, LEAST_BEND)
        s = np.minimum(np.maximum(-slope / bend, 0.0), 1.0)
        stay, wide = (1 - s)[:, None], s[:, None]
        np.take(lines, line, axis=0, out=towards, mode="clip")
        towards -= q
        towards *= wide
        g *= stay
        g += towards
        x *= stay
        x.ravel()[spot] += s
        xax += s * (2 * (at_ax - xax) + s * bend)
        qx += s * (at_q - qx)
        more = -s * (2 * slope + s * bend) > least
        if number > 0 and not more.all():
            done[place[~more]] = x[~more]
            place, q, x, g, least, xax, qx = (part[more] for part in (place, q, x, g, least, xax, qx))
            if not len(place):
                return done
            first = 0 if shared else n * place
            flat, towards = n * np.arange(len(x)), np.empty_like(x)
    done[place] = x
    return done


def _one_by_one(gram: np.ndarray, linear: np.ndarray, least: np.ndarray, start: np.ndarray, max_steps: int) -> np.ndarray:
    """The same steps, problem after problem."""
    found = start.copy()
    for b, (x, q) in enumerate(zip(found, linear, strict=True)):
        big, stop = gram[b if len(gram) > 1 else 0], float(least[b])
        diagonal, linear_part = big.diagonal().tolist(), q.tolist()
        ax = big @ x
        g, xax, qx = ax - q, float(ax @ x), float(np.where(x > 0, q, 0.0) @ x)
        for number in range(max_steps):
            i = int(g.argmin())
            at_g, at_q = float(g[i]), linear_part[i]
            slope, at_ax = at_g - xax + qx, at_g + at_q
            bend = max(diagonal[i] - 2 * at_ax + xax, LEAST_BEND)
            s = min(1.0, max(0.0, -slope / bend))
            g *= 1 - s
            g += s * (big[i] - q)
            np.multiply(x, 1 - s, out=x)
            x[i] += s
            xax += s * (2 * (at_ax - xax) + s * bend)
            qx += s * (at_q - qx)
            if number > 0 and -s * (2 * slope + s * bend) <= stop:
                break
    return found


def _loop(gram: np.ndarray, linear: np.ndarray, least: np.ndarray, start: np.ndarray, max_steps: int) -> np.ndarray:
    """The same steps, problem after problem; written for the compiler."""
    count, n = start.shape
    found = start.copy()
    g = np.empty(n)
    for b in range(count):
        big, q, x = gram[b if len(gram) > 1 else 0], linear[b], found[b]
        xax, qx = 0.0, 0.0
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += big[j, k] * x[k]
            g[j] = total - q[j]
            xax += total * x[j]
            if x[j] > 0:
                qx += q[j] * x[j]
        for number in range(max_steps):
            i = 0
            for j in range(1, n):
                if g[j] < g[i]:
                    i = j
            slope, at_ax, at_q = g[i] - xax + qx, g[i] + q[i], q[i]
            bend = max(big[i, i] - 2 * at_ax + xax, LEAST_BEND)
            s = min(1.0, max(0.0, -slope / bend))
            stay = 1 - s
            for j in range(n):
                g[j] = stay * g[j] + s * (big[i, j] - q[j])
                x[j] *= stay
            x[i] += s
            xax += s * (2 * (at_ax - xax) + s * bend)
            qx += s * (at_q - qx)
            if number > 0 and -s * (2 * slope + s * bend) <= least[b]:
                break
    return found
