"""Confidence intervals from an estimate, its standard error and degrees of freedom."""

from typing import Literal

import numpy as np
from scipy.special import betaincinv, expit, logit, stdtr, stdtrit

from commresearch.survey.reading import FloatArray

ShareInterval = Literal["logit", "beta", "wald"]
FIXED = 1e-15  #: a variance this small beside p (1 - p) is rounding: the design or the known totals fix the share


def t_quantile(df: FloatArray, probability: float) -> FloatArray:
    """Quantile of Student's t; NaN without a degree of freedom."""
    df = np.asarray(df, dtype=float)
    return np.asarray(np.where(df > 0, stdtrit(np.where(df > 0, df, 1), probability), np.nan))


def t_p_value(statistic: FloatArray, df: FloatArray) -> FloatArray:
    """Two-sided p-value of Student's t; NaN without a degree of freedom."""
    df = np.asarray(df, dtype=float)
    return np.asarray(np.where(df > 0, 2 * stdtr(np.where(df > 0, df, 1), -np.abs(statistic)), np.nan))


def wald_interval(estimate: FloatArray, std_error: FloatArray, df: FloatArray, conf_level: float) -> tuple[FloatArray, FloatArray]:
    """The estimate ± t(df) · std_error; the estimate itself where nothing is uncertain."""
    margin = np.where(std_error == 0, 0, t_quantile(df, (1 + conf_level) / 2) * std_error)
    return estimate - margin, estimate + margin


def share_interval(
    kind: ShareInterval, share: FloatArray, std_error: FloatArray, df: FloatArray, conf_level: float, *, n: FloatArray, n_kish: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Interval of shares between 0 and 1.

    Parameters
    ----------
    n, n_kish : array
        Observations, and the number of equally weighted observations they are worth, (Σw)² / Σw².

    Notes
    -----
    logit: Student's t on the scale log(p / (1 - p)), turned back. beta: the exact binomial (Clopper-Pearson) interval with
    the number of observations that would give the same variance, p (1 - p) / v, times (t_{n-1} / t_df)², because v is itself estimated
    (Korn & Graubard 1998). A share of exactly 0 or 1 has no variance to go by: every kind then gives the exact binomial interval with
    `n_kish` times the same ratio of t. An answer that nobody gave says nothing about how alike the members of a cluster are.
    """
    t = t_quantile(df, (1 + conf_level) / 2)
    shrink = (t_quantile(n - 1, (1 + conf_level) / 2) / t) ** 2
    spread = share * (1 - share)
    extreme = spread == 0
    fixed = ~extreme & (std_error**2 <= spread * FIXED)
    usual = ~extreme & ~fixed
    margin = np.where(usual, t * std_error, 0)
    effective = np.where(extreme, n_kish, spread / np.where(usual, std_error, 1) ** 2) * shrink
    exact = _clopper_pearson(share, effective, conf_level)
    if kind == "beta":
        low, high = exact
    elif kind == "logit":
        centre, step = logit(np.where(usual, share, 0.5)), margin / np.where(usual, spread, 1)
        low, high = expit(centre - step), expit(centre + step)
    else:
        low, high = share - margin, share + margin
    low, high = np.where(fixed, share, low), np.where(fixed, share, high)
    return np.where(extreme, exact[0], low), np.where(extreme, exact[1], high)


def _clopper_pearson(share: FloatArray, n: FloatArray, conf_level: float) -> tuple[FloatArray, FloatArray]:
    """Exact binomial interval for a number of trials that need not be whole; 0 and 1 are ends of their own."""
    yes, no, tail = share * n, (1 - share) * n, (1 - conf_level) / 2
    valid = np.isfinite(yes) & (n > 0)
    yes, no = np.where(valid, yes, 1.0), np.where(valid, no, 1.0)
    low = np.where(yes > 0, betaincinv(np.where(yes > 0, yes, 1), no + 1, tail), 0.0)
    high = np.where(no > 0, betaincinv(yes + 1, np.where(no > 0, no, 1), 1 - tail), 1.0)
    return np.where(valid, low, np.nan), np.where(valid, high, np.nan)
