"""Variance of weighted totals of influence values over the stages of a design (Taylor linearisation).

With z the weighted influence values summed to units, a stratum h of n_h sampled units (of N_h) adds
f (1 - n_h / N_h) n_h / (n_h - 1) Σ (z_hi - z̄_h)², f the sampling rates of the stages before (Cochran 1977, chapters 5 and 11; Särndal,
Swensson & Wretman 1992, chapter 4). Units without a row of the domain count as zeros: a domain is never a smaller sample.
"""

import numpy as np

from commresearch.survey.cells import Cells, paired
from commresearch.survey.design import COMPLETE, Design, Stage
from commresearch.survey.reading import BoolArray, CodeArray, FloatArray
from commresearch.survey.settings import SinglePsu

DENSE = 1_000_000  #: cells up to which sums per (unit, domain) stand in a full table
BLOCK = 8_000_000  #: numbers held at once when calibration spreads a domain over all rows


def domain_variances(design: Design, cells: Cells, z: FloatArray, count: int) -> FloatArray:
    """Variance (count, k) of the totals of the columns of `z` in each of `count` domains that share no row.

    Parameters
    ----------
    z : array (C, k)
        Weighted influence values on k estimates of their own domain, added up within each cell.
    """
    domain, result = cells.domain, np.empty((count, z.shape[1]))
    if design.calibration is None:
        inside = None if (domain >= 0).all() else domain >= 0
        used, domain = (z, domain) if inside is None else (z[inside], domain[inside])
        for k, column in enumerate(used.T):
            result[:, k] = _sum_stages(design, cells.stages, column, domain, inside, count)
        return result
    everywhere, pairs = np.zeros(len(z), dtype=np.int64), [(d, k) for k in range(z.shape[1]) for d in range(count)]
    width = max(1, BLOCK // len(z))
    for start in range(0, len(pairs), width):
        block = pairs[start : start + width]
        spread = np.column_stack([np.where(domain == d, z[:, k], 0.0) for d, k in block])
        for pair, column in zip(block, design.calibration.residuals(spread).T, strict=True):
            result[pair] = _sum_stages(design, cells.stages, column, everywhere, None, 1)[0]
    return result


def variance_matrix(design: Design, z: FloatArray) -> FloatArray:
    """Covariance matrix (k, k) of the totals of the columns of `z` (n, k), weighted influence values on k estimates."""
    if design.calibration is not None:
        z = design.calibration.residuals(z)
    total = np.zeros((z.shape[1], z.shape[1]))
    for stage in design.stages:
        weight = _stratum_weights(stage, design.single_psu)
        if design.single_psu == "average":
            weight *= _inflation(stage, np.arange(len(weight)), 1)
        units = np.column_stack([np.bincount(stage.unit, column, len(stage.stratum)) for column in z.T])
        means = np.column_stack([np.bincount(stage.stratum, column) for column in units.T]) / stage.sampled[:, None]
        means[_uncentred(stage, design.single_psu)] = 0
        deviations = units - means[stage.stratum]
        total += (deviations.T * weight[stage.stratum]) @ deviations
    return total


def _sum_stages(
    design: Design, stages: tuple[Stage, ...], z: FloatArray, domain: CodeArray, inside: BoolArray | None, count: int
) -> FloatArray:
    total = np.zeros(count)
    for stage in stages:
        unit = stage.unit if inside is None else stage.unit[inside]
        total += _stage_variances(stage, design.single_psu, unit, z, domain, count)
    return total


def _stage_variances(stage: Stage, single_psu: SinglePsu, unit: CodeArray, z: FloatArray, domain: CodeArray, count: int) -> FloatArray:
    """(count,) what one stage adds; absent (unit, domain) pairs enter as zeros without being formed."""
    weight, inflation = _stratum_weights(stage, single_psu), np.ones(count)
    if single_psu == "average" and stage.lonely.any():
        inflation = _inflation(stage, np.unique(stage.stratum[unit] * count + domain), count)
    pairs, code = _cells(paired(unit, domain, count), len(stage.stratum) * count)
    totals = weighted_counts(code, z, len(pairs))
    unit, domain = np.divmod(pairs, count)
    groups, code = _cells(stage.stratum[unit] * count + domain, len(stage.sampled) * count)
    stratum, of = np.divmod(groups, count)
    means = weighted_counts(code, totals, len(groups)) / stage.sampled[stratum]
    means[_uncentred(stage, single_psu)[stratum]] = 0
    squares = weighted_counts(code, (totals - means[code]) ** 2, len(groups))
    absent = stage.sampled[stratum] - np.bincount(code, minlength=len(groups))
    return inflation * weighted_counts(of, weight[stratum] * (squares + absent * means**2), count)


def _cells(key: CodeArray, size: int) -> tuple[CodeArray, CodeArray]:
    """The keys and each entry's place among them: all keys up to `size` where that is no burden, else those that occur."""
    if size <= max(DENSE, len(key)):
        return np.arange(size), key
    keys, code = np.unique(key, return_inverse=True)
    return keys, code


def _stratum_weights(stage: Stage, single_psu: SinglePsu) -> FloatArray:
    """(H,) factor of the sum of squares of each stratum.

    A stratum with one sampled unit of several: left out (certainty), taken about zero (centre), or replaced by the mean of the other
    strata (average: left out here, made up for by `_inflation`).
    """
    several = stage.sampled > 1
    small_sample = np.divide(stage.sampled, stage.sampled - 1, out=np.ones(len(several)), where=several)
    weight = stage.factor * np.where(stage.rate < COMPLETE, 1 - stage.rate, 0) * small_sample
    if single_psu != "centre":
        weight[stage.lonely] = 0
    return np.asarray(weight)


def _inflation(stage: Stage, present: CodeArray, count: int) -> FloatArray:
    """(count,) strata over strata with several units, among the (stratum, domain) pairs that occur; NaN where none has several."""
    stratum, domain = np.divmod(present, count)
    strata = np.bincount(domain, minlength=count)
    known = np.bincount(domain[~stage.lonely[stratum]], minlength=count)
    return np.asarray(np.divide(strata, known, out=np.full(count, np.nan), where=known > 0))


def _uncentred(stage: Stage, single_psu: SinglePsu) -> BoolArray:
    return np.asarray(stage.lonely & (single_psu == "centre"))


def domain_sizes(cells: Cells, count: int) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Per domain: the rows used, primary units less strata they occur in, and whether any stratum was sampled rather than taken completely."""
    first, used, n = cells.stages[0], cells.used, cells.n.astype(float)
    if count == 1 and used.sum() == cells.size:  # then every unit and stratum occurs
        degrees, sampled = np.array([len(first.stratum) - len(first.sampled)]), np.array([(first.rate < COMPLETE).any()])
        return n, degrees.astype(float), sampled
    key = paired(first.unit, cells.domain, count)
    unit, of = np.divmod(_occurring(key if used.all() else key[used], len(first.stratum) * count), count)
    groups = _occurring(first.stratum[unit] * count + of, len(first.sampled) * count)
    stratum, in_domain = np.divmod(groups, count)
    degrees = np.bincount(of, minlength=count) - np.bincount(in_domain, minlength=count)
    sampled = np.bincount(in_domain[first.rate[stratum] < COMPLETE], minlength=count) > 0
    return n, degrees.astype(float), sampled


def weighted_counts(codes: CodeArray, values: FloatArray | CodeArray, count: int) -> FloatArray:
    """(count,) sums of `values` by code; floats also where there is nothing to add."""
    return np.bincount(codes, values, count).astype(float, copy=False)


def _occurring(key: CodeArray, size: int) -> CodeArray:
    """The keys that occur, in order."""
    return np.unique(key) if size > max(DENSE, len(key)) else np.flatnonzero(np.bincount(key, minlength=size))
