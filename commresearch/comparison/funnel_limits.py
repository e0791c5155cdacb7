"""Control limits of a funnel plot, as tables: what spread sampling error alone would give at each standard error, and with over-dispersion."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from commresearch.impact.result import t_quantile
from commresearch.terms import Unit

LEVELS = (0.95, 0.998)
WINSORISED = 0.10  #: share at either end whose z scores are drawn in before over-dispersion is estimated
KINDS = ("none", "multiplicative", "additive")
GRID = 41  #: standard errors at which limits are given


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispersion:
    """Spread beyond sampling error.

    phi : float
        Mean square of winsorised z scores; 1 where there is no more spread than sampling error gives. Multiplies variances, not below 1 in limits.
    tau2 : float
        Variance to be added to every v, from the same z scores, not below zero.
    """

    phi: float
    tau2: float


def dispersion(effects: np.ndarray, variances: np.ndarray, centre: float) -> Dispersion:
    """Over-dispersion around a target.

    Parameters
    ----------
    effects, variances : float array (K,)
    centre : float
        The target.

    Returns
    -------
    Dispersion

    Notes
    -----
    Spiegelhalter (2005): z = (y − centre) / s, values beyond the 10 % and 90 % quantiles set to these, phi = Σz² / K; additive:
    tau² = (K·phi − (K − 1)) / (Σw − Σw² / Σw), w = 1/v. Winsorising keeps the outliers that the funnel is to show from hiding themselves.
    """
    z = (effects - centre) / np.sqrt(variances)
    low, high = np.quantile(z, [WINSORISED, 1 - WINSORISED])
    phi = float(np.mean(np.clip(z, low, high) ** 2))
    w = 1 / variances
    k = len(effects)
    return Dispersion(phi=phi, tau2=max(0.0, float((k * phi - (k - 1)) / (w.sum() - (w**2).sum() / w.sum()))))


def limit_table(centre: float, variances: np.ndarray, found: Dispersion, unit: Unit) -> pd.DataFrame:
    """Lines of the funnel from zero to just beyond the largest standard error.

    Returns
    -------
    DataFrame
        over_dispersion (none, multiplicative, additive), level, std_error, limit_low, limit_high, unit.
    """
    errors = np.linspace(0.0, 1.05 * math.sqrt(float(variances.max())), GRID)
    tables = [
        pd.DataFrame(
            {
                "over_dispersion": kind, "level": level, "std_error": errors, "limit_low": centre - half, "limit_high": centre + half, "unit": str(unit),
            }
        )
        for kind in KINDS for level in LEVELS
        for half in [t_quantile(level) * _spread(errors**2, kind, found)]
    ]
    return pd.concat(tables, ignore_index=True)


def point_table(case_ids: np.ndarray, effects: np.ndarray, variances: np.ndarray, centre: float, found: Dispersion, unit: Unit) -> pd.DataFrame:
    """Cases in the funnel: case_id, estimate, std_error, unit, then for each kind of over-dispersion z and whether it lies outside 95 % and 99.8 %."""
    table = pd.DataFrame({"case_id": case_ids, "estimate": effects, "std_error": np.sqrt(variances), "unit": str(unit)})
    for kind in KINDS:
        z = (effects - centre) / _spread(variances, kind, found)
        table[f"z_{kind}"] = z
        for level in LEVELS:
            table[f"outside_{100 * level:g}_{kind}"] = np.abs(z) > t_quantile(level)
    return table


def _spread(variances: np.ndarray, kind: str, found: Dispersion) -> np.ndarray:
    """Standard deviation around the centre at given sampling variances."""
    if kind == "multiplicative":
        return np.sqrt(variances * max(found.phi, 1.0))
    return np.sqrt(variances + (found.tau2 if kind == "additive" else 0.0))
