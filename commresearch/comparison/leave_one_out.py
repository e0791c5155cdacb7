"""The pooled effect without each case in turn, all of them solved at once."""

import math

import numpy as np
import pandas as pd
from scipy import special

from commresearch.comparison.effects_model import EffectsFit, fit_many
from commresearch.comparison.pooled_intervals import factors
from commresearch.impact.result import t_quantile
from commresearch.terms import Unit


def leave_one_out(fit: EffectsFit, case_ids: np.ndarray, interval: str, conf_level: float, unit: Unit) -> pd.DataFrame:
    """One row per case that is left out.

    Parameters
    ----------
    fit : EffectsFit
        Of K cases, without moderators.
    case_ids : array (K,)
    interval : str
        Of `pooled_intervals.INTERVALS`.
    conf_level : float
    unit : Unit

    Returns
    -------
    DataFrame
        left_out, the vocabulary of effects, df, tau2, i2 (percent), h2, q, q_p_value of the K − 1 others.
    """
    k = len(fit.effects)
    others: np.ndarray = ~np.eye(k, dtype=bool)
    effects = np.broadcast_to(fit.effects, (k, k))[others].reshape(k, k - 1)
    variances = np.broadcast_to(fit.variances, (k, k))[others].reshape(k, k - 1)
    found = fit_many(effects, variances, method=fit.method)
    df = k - 2
    rule_df = math.inf if interval == "wald" else float(df)
    error = np.sqrt(found.variance * factors(interval, found.factor))
    statistic = np.divide(found.estimate, error, out=np.full(k, np.nan), where=error > 0)
    half, tail = t_quantile(conf_level, rule_df) * error, -np.abs(statistic)
    common = fit.method == "common"
    typical = found.typical_variance
    i2 = 100 * np.maximum(0.0, found.q - df) / np.maximum(found.q, df) if common else 100 * found.tau2 / (found.tau2 + typical)
    return pd.DataFrame(
        {
            "left_out": case_ids, "estimate": found.estimate, "std_error": error, "statistic": statistic,
            "p_value": 2 * (special.ndtr(tail) if interval == "wald" else special.stdtr(df, tail)), "conf_low": found.estimate - half,
            "conf_high": found.estimate + half, "conf_level": conf_level, "unit": str(unit), "df": rule_df, "tau2": found.tau2,
            "i2": i2, "h2": found.q / df if common else found.tau2 / typical + 1, "q": found.q, "q_p_value": special.chdtrc(df, found.q),
        }
    )
