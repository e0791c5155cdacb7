"""How well a set of cases fits into another: consistency and coverage, of one set or of many at once."""

from dataclasses import dataclass

import numpy as np

from commresearch.comparison.set_membership import Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sufficiency:
    """Fit of sets as sufficient for an outcome, one entry per set; NaN where a sum that is divided by is zero.

    inclusion : array
        Σ min(x, y) / Σ x: consistency.
    pri : array
        Proportional reduction in inconsistency: what is left when membership in both the outcome and its negation does not count.
    coverage : array
        Σ min(x, y) / Σ y.
    """

    inclusion: Floats
    pri: Floats
    coverage: Floats


def ratio(above: Floats, below: Floats) -> Floats:
    """Quotients, NaN where nothing is divided by."""
    above, below = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    blank = np.full(np.broadcast_shapes(above.shape, below.shape), np.nan)
    return np.asarray(np.divide(above, below, out=blank, where=below > 0))


def sufficiency(x: Floats, y: Floats) -> Sufficiency:
    """Fit of sets x (…, n) for the outcome y (n,).

    PRI is (Σ min(x, y) − Σ min(x, y, 1 − y)) / (Σ x − Σ min(x, y, 1 − y)).
    """
    both, neither = np.minimum(x, y), np.minimum(x, np.minimum(y, 1 - y)).sum(axis=-1)
    shared, size = both.sum(axis=-1), x.sum(axis=-1)
    # In exact arithmetic nothing is negative here; sums in binary may leave a trace.
    pri = ratio(np.maximum(shared - neither, 0.0), np.maximum(size - neither, 0.0))
    return Sufficiency(inclusion=ratio(shared, size), pri=pri, coverage=ratio(shared, np.full_like(size, y.sum())))


def necessity_fit(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """Fit of sets x (…, n) as necessary for y (n,): inclusion Σ min(x, y) / Σ y, relevance Σ (1 − x) / Σ (1 − min(x, y)), coverage Σ min(x, y) / Σ x.

    Relevance of necessity is that of Schneider & Wagemann (2012): near zero for what nearly every case has.
    """
    both = np.minimum(x, y)
    shared, size = both.sum(axis=-1), x.sum(axis=-1)
    return ratio(shared, np.full_like(size, y.sum())), ratio((1 - x).sum(axis=-1), (1 - both).sum(axis=-1)), ratio(shared, size)
