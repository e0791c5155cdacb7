"""What is estimated: the value for given weights, and the influence of each row on it (the linear part of a Taylor expansion)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from commresearch.survey.reading import CodeArray, FloatArray
from commresearch.survey.replicates import jackknife_variances
from commresearch.survey.sample import Sample
from commresearch.survey.variance import domain_variances, paired, weighted_counts

OFF_CENTRE = 1e-3  #: share of a sum of squares up to which the part of the mean can be taken off it


class Target(Protocol):
    """A quantity estimated in every domain of a sample."""

    def value(self, weights: FloatArray) -> FloatArray:
        """(D,) its estimate for these weights."""
        ...

    def influence(self, estimate: FloatArray) -> FloatArray:
        """(n,) how much the estimate moves per unit of weight of each row; anything outside the domains."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TotalTarget:
    """Σ w y."""

    sample: Sample
    values: FloatArray

    def value(self, weights: FloatArray) -> FloatArray:
        """(D,) weighted sums; NaN where nobody has a value."""
        return np.where(self.sample.n > 0, self.sample.sums(weights * self.values), np.nan)

    def influence(self, estimate: FloatArray) -> FloatArray:  # noqa: ARG002 - a total is linear already
        """(n,) the values themselves."""
        return self.values


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RatioTarget:
    """Σ w y / Σ w x; without `denominator` x is 1 and the ratio a mean."""

    sample: Sample
    numerator: FloatArray
    denominator: FloatArray | None = None

    def value(self, weights: FloatArray) -> FloatArray:
        """(D,) ratios of weighted sums; NaN where the denominator is zero."""
        below = self._below(weights)
        return np.asarray(np.divide(self.sample.sums(weights * self.numerator), below, out=np.full(len(below), np.nan), where=below != 0))

    def influence(self, estimate: FloatArray) -> FloatArray:
        """(n,) (y - ratio · x) / Σ w x."""
        spread, below = self.sample.spread(estimate), self._below(self.sample.design.weights)
        explained = spread if self.denominator is None else spread * self.denominator
        influence = self.numerator - explained
        influence /= self.sample.spread(np.where(below == 0, np.nan, below))
        return influence

    def _below(self, weights: FloatArray) -> FloatArray:
        if self.denominator is None and weights is self.sample.design.weights:  # replicates have weights of their own
            return self.sample.weight
        return self.sample.sums(weights if self.denominator is None else weights * self.denominator)


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
    for k, target in enumerate(targets):
        influence = target.influence(estimate[:, k])
        if not sample.complete:
            influence = np.where(sample.domain >= 0, influence, 0.0)
        z = sample.design.weights * influence
        simple[:, k] = simple_variance(sample, _centred_squares(sample, influence, z))
        if sample.settings.inference != "none" and sample.settings.method == "taylor":
            variance[:, k] = domain_variances(sample.design, z, sample.domain, sample.count)
    if sample.settings.inference != "none" and sample.settings.method == "jackknife":
        variance = jackknife_variances(sample.design, lambda weights: np.column_stack([t.value(weights) for t in targets]))
    nothing = np.isnan(estimate)
    return Estimates(estimate=estimate, variance=np.where(nothing, np.nan, variance), simple=np.where(nothing, np.nan, simple))


def estimate_shares(sample: Sample, codes: CodeArray, count: int) -> Estimates:
    """The share of each of `count` categories in every domain: what `estimate_targets` gives of their indicators.

    Where units have many rows, one pass adds up the weight of every category in every unit and domain, and the rest is done with these.
    """
    design, domains = sample.design, sample.count
    size = len(design.stages[-1].stratum) * domains
    if design.calibration is not None or sample.settings.method != "taylor" or size * count > len(codes):
        return estimate_targets(sample, [RatioTarget(sample=sample, numerator=(codes == k).astype(float)) for k in range(count)])
    rows = slice(None) if sample.complete else np.flatnonzero(sample.domain >= 0)
    cell = paired(design.stages[-1].unit, sample.domain, domains)[rows]
    sums = weighted_counts(cell * count + codes[rows], design.weights[rows], size * count).reshape(size, count)
    totals = sums.reshape(-1, domains, count).sum(axis=0)
    below = totals.sum(axis=1, keepdims=True)
    below[below == 0] = np.nan
    estimate = totals / below
    variance = np.where(np.isnan(estimate), np.nan, 0.0)
    if sample.settings.inference != "none":
        row = np.full(size, -1)  # of the cells that occur
        row[cell] = np.arange(len(codes))[rows]
        found = np.flatnonzero(row >= 0)
        z = (sums - np.tile(estimate, (size // domains, 1)) * sums.sum(axis=1, keepdims=True)) / np.tile(below, (size // domains, 1))
        stages = tuple(replace(stage, unit=stage.unit[row[found]]) for stage in design.stages)
        of_cells = replace(design, weights=sums[found].sum(axis=1), stages=stages)
        variance += np.column_stack([domain_variances(of_cells, column, found % domains, domains) for column in z[found].T])
    simple = np.column_stack([simple_variance(sample, column) for column in (estimate * (1 - estimate) / below).T])
    return Estimates(estimate=estimate, variance=variance, simple=simple)


def simple_variance(sample: Sample, squares: FloatArray) -> FloatArray:
    """(D,) variance of the same estimate in a simple random sample of as many rows, from Σ w (u - ū)² of its influence values u.

    With S² the weighted variance of the influence values (divisor n - 1), W the sum of weights: W² S² / n with replacement, times
    (W - n) / W without; NaN where W does not exceed n, as with weights scaled to the sample size.
    """
    n, total = sample.n, sample.weight
    with np.errstate(divide="ignore", invalid="ignore"):
        finite = np.where(total > n * (1 + 1e-9), (total - n) / total, np.nan) if sample.settings.deff == "wor" else 1.0
        return np.asarray(squares * total / (n - 1) * finite)


def _centred_squares(sample: Sample, influence: FloatArray, z: FloatArray) -> FloatArray:
    """(D,) Σ w (u - ū)² of influence values u, from these and z = w u."""
    with np.errstate(divide="ignore", invalid="ignore"):
        squares, mean = sample.sums_of_products(z, influence), sample.sums(z) / sample.weight
        of_mean = mean**2 * sample.weight
    if (of_mean > OFF_CENTRE * squares).any():  # as for totals: the difference would lose digits
        return sample.sums(sample.design.weights * (influence - sample.spread(mean)) ** 2)
    return squares - of_mean
