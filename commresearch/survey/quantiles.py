"""Quantiles of a survey variable with Woodruff's interval."""

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd

from commresearch.survey.design import DesignColumns
from commresearch.survey.intervals import t_quantile, wald_interval
from commresearch.survey.reading import CodeArray, FloatArray, name_of
from commresearch.survey.sample import Sample, SampleReader, result_frame
from commresearch.survey.settings import EstimateOptions, Missing, check_choice, check_share
from commresearch.survey.targets import RatioTarget, estimate_targets

ROUNDING = 1e-12  #: cumulative weight this close below a share counts as reaching it


def estimate_quantile(
    frame: pd.DataFrame, variable: object, *, weights: object, strata: object = None, clusters: object = None, fpc: object = None,
    by: object = None, missing: Missing = "domain", q: float | Sequence[float] = 0.5, **options: Unpack[EstimateOptions],
) -> pd.DataFrame:
    """Weighted quantiles of a numeric variable, overall or by domain.

    Parameters
    ----------
    q : float or sequence of float
        Which quantiles, between 0 and 1.
    frame, variable, weights, strata, clusters, fpc, by, missing, **options
        As for `estimate_mean`; method "jackknife" is refused, because it is not consistent for quantiles.

    Returns
    -------
    DataFrame
        As for `estimate_mean`, one row per domain and quantile (column `quantile`); deff is NaN. conf_low or conf_high, and
        std_error, are NaN where the interval would need values beyond the smallest or largest of the sample.

    Raises
    ------
    EstimationError
        As for `estimate_mean`.

    Notes
    -----
    The estimate is the smallest value at or below which at least the share q of the weights lies. Its interval: the Wald interval of the
    share of values up to the estimate, turned into values in the same way (Woodruff 1952); std_error is its length over 2 t. This is what
    R's svyquantile does with interval.type "mean" and qrule "math", but for q below the first weight, where that takes the second value.

    References
    ----------
    Woodruff (1952), JASA 47; Francisco & Fuller (1991), Annals of Statistics 19.
    """
    reader = SampleReader(frame, DesignColumns(weights=weights, strata=strata, clusters=clusters, fpc=fpc), missing, options)
    check_choice(reader, "method", reader.settings.method, ("taylor",))
    shares = np.atleast_1d(np.asarray(q, dtype=float)).tolist()
    for share in shares:
        check_share(reader, "q", share)
    reader.split(by)
    values = reader.variable(variable)
    sample = reader.finish(None if values is None else ~np.isnan(values), name_of(variable, "variable"))
    values = np.zeros(0) if values is None else values
    ranked = [_ranked(sample, values, rows) for rows in _rows_of_domains(sample)]
    results = pd.concat([_quantile(sample, values, ranked, share) for share in shares], ignore_index=True)
    order = np.arange(len(results)).reshape(len(shares), -1).T.ravel()
    return results.iloc[order].reset_index(drop=True)


def _quantile(sample: Sample, values: FloatArray, ranked: Sequence[tuple[FloatArray, FloatArray]], share: float) -> pd.DataFrame:
    estimate = _lookup(ranked, np.full(sample.count, share))
    level, df = sample.settings.conf_level, sample.df
    if sample.settings.inference == "none":
        low, high, std_error = estimate, estimate, np.where(np.isnan(estimate), np.nan, 0.0)
    else:
        below = np.nan_to_num(values) <= sample.spread(estimate)
        found = estimate_targets(sample, [RatioTarget(sample=sample, numerator=below.astype(float))])
        spread = np.where(sample.known, found.std_error[:, 0], np.nan)
        low, high = (_lookup(ranked, p) for p in wald_interval(found.estimate[:, 0], spread, df, level))
        std_error = (high - low) / (2 * t_quantile(df, (1 + level) / 2))
    return result_frame(
        sample.labels.assign(quantile=share), sample.settings, estimate=estimate, std_error=std_error, conf_low=low, conf_high=high, df=df,
        n=sample.n,
    )


def _rows_of_domains(sample: Sample) -> list[CodeArray]:
    """Rows with weight, per domain."""
    rows = np.flatnonzero((sample.domain >= 0) & (sample.design.weights > 0))
    rows = rows[np.argsort(sample.domain[rows], kind="stable")]
    return np.split(rows, np.searchsorted(sample.domain[rows], np.arange(1, sample.count)))


def _ranked(sample: Sample, values: FloatArray, rows: CodeArray) -> tuple[FloatArray, FloatArray]:
    """Values in order and the share of the weights up to each."""
    rows = rows[np.argsort(values[rows], kind="stable")]
    cumulative = np.cumsum(sample.design.weights[rows])
    return values[rows], cumulative / cumulative[-1] if len(rows) else cumulative


def _lookup(ranked: Sequence[tuple[FloatArray, FloatArray]], shares: FloatArray) -> FloatArray:
    """Per domain the smallest value up to which the given share of the weights lies; NaN for a share outside 0 to 1."""
    result = np.full(len(shares), np.nan)
    for d, ((values, cumulative), share) in enumerate(zip(ranked, shares, strict=True)):
        if len(values) and 0 <= share <= 1:
            result[d] = values[min(int(np.searchsorted(cumulative, share - ROUNDING)), len(values) - 1)]
    return result
