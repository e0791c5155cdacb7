"""Intervals of a pooled effect: Wald, Hartung-Knapp and its modified form; prediction intervals under three conventions, each by its name."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from commresearch.comparison.effects_model import EffectsFit
from commresearch.impact.result import t_quantile, two_sided_p
from commresearch.terms import Unit

INTERVALS = ("wald", "knapp_hartung", "modified_knapp_hartung")
CONVENTIONS = ("z", "t_k_minus_1", "t_k_minus_2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertainty:
    """How a coefficient's uncertainty is counted: its squared Wald error times `factor`, quantiles of t with `df` (infinite: normal law)."""

    factor: float
    df: float

    def std_error(self, variance: float) -> float:
        """Standard error from the Wald variance."""
        return math.sqrt(variance * self.factor)


def uncertainty(interval: str, *, factor: float, df: int) -> Uncertainty:
    """The rule of an interval.

    Parameters
    ----------
    interval : "wald", "knapp_hartung" or "modified_knapp_hartung"
    factor : float
        y'Py / (K − P) at the estimate of tau².
    df : int
        K − P.

    Returns
    -------
    Uncertainty
        Wald: 1 and the normal law. Knapp-Hartung (Hartung & Knapp 2001; Sidik & Jonkman 2002): `factor` and t(K − P). Modified: the same with a factor
        never below 1, so that the standard error is never below Wald's (Röver, Knapp & Friede 2015).
    """
    if interval == "wald":
        return Uncertainty(factor=1.0, df=math.inf)
    return Uncertainty(factor=factor if interval == "knapp_hartung" else max(1.0, factor), df=df)


def factors(interval: str, factor: np.ndarray) -> np.ndarray:
    """The factors that `uncertainty` takes, of many fits at once."""
    if interval == "wald":
        return np.ones_like(factor)
    return factor if interval == "knapp_hartung" else np.maximum(1.0, factor)


class PooledEffect(NamedTuple):
    """Estimate, error, test and interval."""

    estimate: float
    std_error: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float


def effect_of(estimate: float, std_error: float, df: float, conf_level: float) -> PooledEffect:
    """Test against zero and interval by t with `df` degrees of freedom, infinite for the normal law; no test where there is no error."""
    statistic = estimate / std_error if std_error > 0 else math.nan
    half = t_quantile(conf_level, df) * std_error
    return PooledEffect(estimate, std_error, statistic, two_sided_p(statistic, df), estimate - half, estimate + half)


def effect_row(estimate: float, std_error: float, df: float, conf_level: float, unit: Unit) -> dict[str, object]:
    """The same under the names that all effects share."""
    return effect_of(estimate, std_error, df, conf_level)._asdict() | {"conf_level": conf_level, "unit": str(unit)}


def interval_table(fit: EffectsFit, conf_level: float, unit: Unit) -> pd.DataFrame:
    """The pooled effect with each of the three intervals, one row each: interval, the vocabulary of effects, df."""
    rows = []
    for name in INTERVALS:
        rule = uncertainty(name, factor=fit.factor, df=fit.df)
        error = rule.std_error(float(fit.covariance[0, 0]))
        rows.append({"interval": name} | effect_row(float(fit.coefficients[0]), error, rule.df, conf_level, unit) | {"df": rule.df})
    return pd.DataFrame(rows)


def own_convention(interval: str) -> str:
    """The prediction interval that is built like an interval: the normal law for Wald's, t(K − 1) for the others."""
    return "z" if interval == "wald" else "t_k_minus_1"


class Predicted(NamedTuple):
    """A prediction interval, and the error and degrees of freedom of its convention."""

    low: float
    high: float
    std_error: float
    df: float


def predict(fit: EffectsFit, interval: str, convention: str, conf_level: float) -> Predicted:
    """Where the true effect of one further case of the same kind may lie, by one convention.

    Notes
    -----
    estimate ± quantile × √(std_error² + tau²). z: normal law and Wald's error. t_k_minus_1: t(K − 1) and the error of the chosen interval (what
    metafor gives under Knapp-Hartung; Wald's error where Wald was chosen). t_k_minus_2: t(K − 2) and Wald's error (Higgins, Thompson & Spiegelhalter
    2009).
    """
    df = {"z": math.inf, "t_k_minus_1": float(fit.df), "t_k_minus_2": float(fit.df - 1)}[convention]
    factor = uncertainty(interval, factor=fit.factor, df=fit.df).factor if convention == "t_k_minus_1" else 1.0
    variance, estimate = float(fit.covariance[0, 0]) * factor, float(fit.coefficients[0])
    half = t_quantile(conf_level, df) * math.sqrt(variance + fit.tau2)
    return Predicted(estimate - half, estimate + half, math.sqrt(variance), df)


def prediction_table(fit: EffectsFit, interval: str, conf_level: float, unit: Unit) -> pd.DataFrame:
    """Prediction intervals under all three conventions.

    Parameters
    ----------
    fit : EffectsFit
        Without moderators, not "common".
    interval : str
        Whose standard error t_k_minus_1 uses.
    conf_level : float
    unit : Unit

    Returns
    -------
    DataFrame
        convention, estimate, pred_low, pred_high, conf_level, unit, std_error and df of the convention, equals_confidence_interval: True where tau² is
        estimated as zero, so that the interval says no more than that of the mean (Wald's for z, the chosen one for t_k_minus_1, Wald's with t(K − 2)
        for t_k_minus_2).
    """
    rows = []
    for convention in CONVENTIONS:
        found = predict(fit, interval, convention, conf_level)
        rows.append(
            {
                "convention": convention, "estimate": float(fit.coefficients[0]), "pred_low": found.low, "pred_high": found.high, "conf_level": conf_level,
                "unit": str(unit), "std_error": found.std_error, "df": found.df, "equals_confidence_interval": fit.tau2 == 0,
            }
        )
    return pd.DataFrame(rows)
