"""What is estimated: the value for given weights, and the influence of each row on it (the linear part of a Taylor expansion)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from commresearch.survey.cells import domain_sums
from commresearch.survey.reading import CodeArray, FloatArray, blocks
from commresearch.survey.replicates import jackknife_variances
from commresearch.survey.sample import Sample
from commresearch.survey.variance import BLOCK, domain_variances

#: numbers of some of the rows; anything outside the domains
OfRows: TypeAlias = Callable[[slice], FloatArray]
PAIR = 2  #: categories of which either tells of the other
OFF_CENTRE = 1e-3  #: share of a sum of squares up to which the part of the mean can be taken off it


class Target(Protocol):
    """A quantity estimated in every domain of a sample."""

    def value(self, weights: FloatArray) -> FloatArray:
        """(D,) its estimate for these weights."""
        ...

    def influence(self, estimate: FloatArray) -> tuple[OfRows, FloatArray]:
        """How much the estimate (D,) moves per unit of weight: a number for each row, over one (D,) for its domain."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TotalTarget:
    """Σ w y."""

    sample: Sample
    values: FloatArray

    def value(self, weights: FloatArray) -> FloatArray:
        """(D,) weighted sums; NaN where nobody has a value."""
        return np.where(self.sample.n > 0, self.sample.sums(weights, self.values), np.nan)

    def influence(self, estimate: FloatArray) -> tuple[OfRows, FloatArray]:  # noqa: ARG002 - a total is linear already
        """The values themselves."""
        return self.values.__getitem__, np.ones(self.sample.count)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RatioTarget:
    """Σ w y / Σ w x; without `denominator` x is 1 and the ratio a mean."""

    sample: Sample
    numerator: FloatArray
    denominator: FloatArray | None = None

    def value(self, weights: FloatArray) -> FloatArray:
        """(D,) ratios of weighted sums; NaN where the denominator is zero."""
        below = self._below(weights)
        return np.asarray(np.divide(self.sample.sums(weights, self.numerator), below, out=np.full(len(below), np.nan), where=below != 0))

    def influence(self, estimate: FloatArray) -> tuple[OfRows, FloatArray]:
        """(y - ratio · x) over Σ w x."""
        below = self._below(self.sample.design.weights)

        def residuals(rows: slice) -> FloatArray:
            spread = self.sample.spread(estimate, rows)
            return np.asarray(self.numerator[rows] - (spread if self.denominator is None else spread * self.denominator[rows]))

        return residuals, np.where(below == 0, np.nan, below)

    def _below(self, weights: FloatArray) -> FloatArray:
        if self.denominator is None and weights is self.sample.design.weights:  # replicates have weights of their own
            return self.sample.weight
        return self.sample.sums(weights, self.denominator)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimates:
    """Estimates, their variances, and the variances that simple random samples of the same size would have; each (D, K)."""

    estimate: FloatArray
    variance: FloatArray
    simple: FloatArray

    @property
    def std_error(self) -> FloatArray:
        """(D, K) standard errors."""
        return np.sqrt(self.variance)

    @property
    def deff(self) -> FloatArray:
        """(D, K) design effects; NaN where a simple random sample would have no variance either."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.simple > 0, self.variance / self.simple, np.nan)


def estimate_targets(sample: Sample, targets: Sequence[Target]) -> Estimates:
    """Every target in every domain."""
    estimate = np.column_stack([t.value(sample.design.weights) for t in targets])
    variance, simple = np.zeros(estimate.shape), np.zeros(estimate.shape)
    has_variance = sample.settings.inference != "none" and sample.settings.method == "taylor"
    width = max(1, BLOCK // len(sample.cells.domain))
    for start in range(0, len(targets), width):
        part = slice(start, start + width)
        z, squares = zip(*(_linearised(sample, *t.influence(e)) for t, e in zip(targets[part], estimate[:, part].T, strict=True)), strict=True)
        simple[:, part] = np.column_stack([simple_variance(sample, s) for s in squares])
        if has_variance:
            variance[:, part] = domain_variances(sample.design, sample.cells, np.column_stack(z), sample.count)
    if sample.settings.inference != "none" and sample.settings.method == "jackknife":
        variance = jackknife_variances(sample.design, lambda weights: np.column_stack([t.value(weights) for t in targets]))
    nothing = np.isnan(estimate)
    return Estimates(estimate=estimate, variance=np.where(nothing, np.nan, variance), simple=np.where(nothing, np.nan, simple))


def estimate_shares(sample: Sample, codes: CodeArray, count: int) -> Estimates:
    """The share of each of `count` categories in every domain: what `estimate_targets` gives of their indicators.

    Where units have many rows, one pass adds up the weight of every category in every cell, and the rest is done with these.
    """
    cells, size = sample.cells, sample.cells.size * count
    if cells.found is None or sample.settings.method != "taylor" or size > len(codes):
        if count == PAIR:
            return _with_rest(estimate_targets(sample, [RatioTarget(sample=sample, numerator=(codes == 1).astype(float))]))
        return estimate_targets(sample, [RatioTarget(sample=sample, numerator=(codes == k).astype(float)) for k in range(count)])
    sums = np.zeros(size)
    for rows in blocks(len(codes), size):
        answer = sample.pairs(rows) * count + codes[rows]
        sums += np.bincount(answer if sample.complete else np.maximum(answer, 0), sample.inside(sample.design.weights[rows], rows), size)
    above = sums.reshape(-1, count)
    totals = above.reshape(-1, sample.count, count).sum(axis=0)
    total = totals.sum(axis=1)
    total[total == 0] = np.nan
    share = totals / total[:, None]
    return _estimates_of_cells(sample, above, above.sum(axis=1), share, total, share * (1 - share) / total[:, None])


def _with_rest(second: Estimates) -> Estimates:
    """Of two categories, which are one when added up: what is found of the second holds for the first, less from more."""
    estimate = np.column_stack([1 - second.estimate, second.estimate])
    return Estimates(estimate=estimate, variance=np.repeat(second.variance, PAIR, axis=1), simple=np.repeat(second.simple, PAIR, axis=1))


def _estimates_of_cells(
    sample: Sample, above: FloatArray, below: FloatArray, ratio: FloatArray, total: FloatArray, squares: FloatArray
) -> Estimates:
    """Ratios (D, K) of sums by pair of unit and domain, `above` (U D, K) over `below` (U D,), with their variances.

    `total` (D,) is `below` by domain, NaN where nothing is; `squares` (D, K) is Σ w (u - ū)² of influence values u.
    """
    cells, variance = sample.cells, np.where(np.isnan(ratio), np.nan, 0.0)
    if sample.settings.inference != "none":
        z = (cells.select(above) - ratio[cells.domain] * cells.select(below)[:, None]) / total[cells.domain, None]
        variance += domain_variances(sample.design, cells, z, sample.count)
    simple = np.column_stack([simple_variance(sample, column) for column in squares.T])
    return Estimates(estimate=ratio, variance=variance, simple=simple)


def simple_variance(sample: Sample, squares: FloatArray) -> FloatArray:
    """(D,) variance of the same estimate in a simple random sample of as many rows, from Σ w (u - ū)² of its influence values u.

    With S² the weighted variance of the influence values (divisor n - 1), W the sum of weights: W² S² / n with replacement, times
    (W - n) / W without; NaN where W does not exceed n, as with weights scaled to the sample size.
    """
    n, total = sample.n, sample.weight
    with np.errstate(divide="ignore", invalid="ignore"):
        finite = np.where(total > n * (1 + 1e-9), (total - n) / total, np.nan) if sample.settings.deff == "wor" else 1.0
        return np.asarray(squares * total / (n - 1) * finite)


def _linearised(sample: Sample, values: OfRows, scale: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(C,) sums over cells of z = w u and (D,) Σ w (u - ū)², for influence values u = values / scale."""
    cells, weights = sample.cells, sample.design.weights
    totals, squares = np.zeros(cells.size), np.zeros(sample.count)
    for rows in blocks(len(weights), 0 if cells.found is None else cells.size):
        value = sample.inside(values(rows), rows)
        weighted = weights[rows] * value
        if cells.found is None:
            totals[rows] = weighted
        else:
            totals += np.bincount(sample.pairs(rows), weighted, cells.size)
        squares += domain_sums(sample.domain[rows], weighted, value, sample.count, complete=sample.complete)
    totals = cells.select(totals)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = domain_sums(cells.domain, totals, None, sample.count, complete=sample.complete) / sample.weight
        of_mean = mean**2 * sample.weight
    if (of_mean > OFF_CENTRE * squares).any():  # as for totals: the difference would lose digits
        squares, of_mean = _squares_about(sample, values, mean), np.zeros(sample.count)
    return totals / np.append(scale, np.nan)[cells.domain], (squares - of_mean) / scale**2


def _squares_about(sample: Sample, values: OfRows, mean: FloatArray) -> FloatArray:
    """(D,) Σ w (v - v̄)² of values from their mean in each domain."""
    squares = np.zeros(sample.count)
    for rows in blocks(len(sample.domain)):
        deviations = values(rows) - sample.spread(mean, rows)
        squares += domain_sums(sample.domain[rows], sample.design.weights[rows], deviations**2, sample.count, complete=sample.complete)
    return squares
