"""Delete-one-cluster jackknife: the variance from estimates that each leave one primary unit out."""

from collections.abc import Callable, Iterator

import numpy as np

from commresearch.errors import EstimationError, Failure
from commresearch.survey.design import COMPLETE, Design, RepeatableCalibration
from commresearch.survey.reading import CodeArray, FloatArray

MAX_REPLICATES = 20_000  #: beyond this a replicate per primary unit takes minutes and linearisation says the same


def jackknife_variances(design: Design, value: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Jackknife variance of every entry of `value(weights)`.

    Notes
    -----
    JKn (JK1 without strata; Rust & Rao 1996): a replicate leaves out one of the n_h primary units of a stratum and multiplies the
    weights of the others in the stratum by n_h / (n_h - 1); the variance is Σ (1 - n_h / N_h) (n_h - 1) / n_h (θ_r - θ̄)², θ̄ the mean over
    the replicates. Calibrated weights are fitted anew in each replicate, from their base weights. Later stages count as part of the
    first.

    Raises
    ------
    EstimationError
        More primary units than replicates that are reasonable, or weights whose calibration cannot be done again.
    """
    stage = design.first
    left_out = np.flatnonzero((stage.rate < COMPLETE)[stage.stratum] & (stage.sampled > 1)[stage.stratum])
    if len(left_out) > MAX_REPLICATES:
        raise EstimationError(Failure(code="CR-W73", values={"replicates": len(left_out), "allowed": MAX_REPLICATES}))
    stratum = stage.stratum[left_out]
    scale = (1 - stage.rate[stratum]) * (stage.sampled[stratum] - 1) / stage.sampled[stratum]
    if not len(left_out):
        return np.zeros_like(value(design.weights))
    values = np.stack([value(weights) for weights in replicate_weights(design, left_out)])
    deviations = values - values.mean(axis=0)
    return np.asarray(np.tensordot(scale, deviations**2, axes=1))


def replicate_weights(design: Design, left_out: CodeArray) -> Iterator[FloatArray]:
    """Weights of the sample without one primary unit, for each of `left_out`.

    Raises
    ------
    EstimationError
        Weights whose calibration cannot be done again, or not without one of the units.
    """
    stage, calibration = design.first, design.calibration
    if calibration is not None and not isinstance(calibration, RepeatableCalibration):
        raise EstimationError(Failure(code="CR-W74"))
    base = design.weights if calibration is None else calibration.base
    of_row = stage.stratum[stage.unit]
    for unit in left_out:
        stratum = stage.stratum[unit]
        share = stage.sampled[stratum] / (stage.sampled[stratum] - 1)
        weights = np.where(of_row == stratum, base * share, base)
        weights[stage.unit == unit] = 0
        yield weights if calibration is None else calibration.reweight(weights)
