"""Coefficients as they are told: as they are, or in percent where they are logarithms of ratios."""

from typing import TypedDict

import numpy as np

from commresearch.impact.result import t_quantile, two_sided_p


class Told(TypedDict):
    """Parts of an effect, by the names that `impact_estimate` takes."""

    estimate: float
    std_error: float
    statistic: float
    p_value: float
    interval: tuple[float, float]


def in_unit(b: float, error: float, df: float, conf_level: float, *, ratio: bool) -> Told:
    """A coefficient with its standard error, t interval and test.

    Parameters
    ----------
    b, error : float
        On the scale of the link.
    df : float
        Of t; infinite for the normal law.
    ratio : bool
        Whether b is the logarithm of a ratio: told as 100 (exp(b) − 1) percent, the ends of the interval transformed, the error by the delta
        method, statistic and test those of the logarithm.
    """
    half = t_quantile(conf_level, df) * error
    statistic = b / error if error > 0 else np.nan
    p_value = two_sided_p(statistic, df)
    if not ratio:
        return {"estimate": b, "std_error": error, "interval": (b - half, b + half), "statistic": statistic, "p_value": p_value}
    ends = (100 * float(np.expm1(b - half)), 100 * float(np.expm1(b + half)))
    return {"estimate": 100 * float(np.expm1(b)), "std_error": 100 * float(np.exp(b)) * error, "interval": ends, "statistic": statistic, "p_value": p_value}
