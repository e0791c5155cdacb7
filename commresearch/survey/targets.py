"""What is estimated: the value for given weights, and the influence of each row on it (the linear part of a Taylor expansion)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from commresearch.survey.reading import FloatArray
from commresearch.survey.replicates import jackknife_variances
from commresearch.survey.sample import Sample
from commresearch.survey.variance import domain_variances


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
        return np.asarray((self.numerator - explained) / self.sample.spread(np.where(below == 0, np.nan, below)))

    def _below(self, weights: FloatArray) -> FloatArray:
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
        influence = np.where(sample.domain >= 0, target.influence(estimate[:, k]), 0.0)
        simple[:, k] = simple_variance(sample, influence)
        if sample.settings.inference != "none" and sample.settings.method == "taylor":
            variance[:, k] = domain_variances(sample.design, sample.design.weights * influence, sample.domain, sample.count)
    if sample.settings.inference != "none" and sample.settings.method == "jackknife":
        variance = jackknife_variances(sample.design, lambda weights: np.column_stack([t.value(weights) for t in targets]))
    nothing = np.isnan(estimate)
    return Estimates(estimate=estimate, variance=np.where(nothing, np.nan, variance), simple=np.where(nothing, np.nan, simple))


def simple_variance(sample: Sample, influence: FloatArray) -> FloatArray:
    """(D,) variance of the same estimate in a simple random sample of as many rows.

    With S² the weighted variance of the influence values (divisor n - 1), W the sum of weights: W² S² / n with replacement, times
    (W - n) / W without; NaN where W does not exceed n, as with weights scaled to the sample size.
    """
    weights, n, total = sample.design.weights, sample.n, sample.weight
    with np.errstate(divide="ignore", invalid="ignore"):
        centred = influence - sample.spread(sample.sums(weights * influence) / total)
        square = sample.sums(weights * np.where(sample.domain >= 0, centred, 0) ** 2) / total * n / (n - 1)
        finite = np.where(total > n * (1 + 1e-9), (total - n) / total, np.nan) if sample.settings.deff == "wor" else 1.0
        return np.asarray(square * total**2 / n * finite)
