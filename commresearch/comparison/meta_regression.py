"""Pooling with moderators: how effects go with what cases are like. There is no single pooled effect then, only one per row of moderators."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from commresearch.comparison.effects_model import EffectsFit, fit_effects
from commresearch.comparison.pooled_intervals import Uncertainty, effect_row
from commresearch.impact.result import t_quantile
from commresearch.terms import Unit

INTERCEPT = "intercept"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModeratorTest:
    """The joint test that no moderator matters.

    qm : float
        χ² with `df` degrees of freedom under Wald (df2 infinite), else F with `df` and `df2`.
    df, df2 : float
    p_value : float
    r2 : float
        Share of tau² without moderators that they explain, in percent, not below zero; NaN where there is none to explain.
    """

    qm: float
    df: int
    df2: float
    p_value: float
    r2: float


def coefficient_table(fit: EffectsFit, rule: Uncertainty, names: tuple[str, ...], conf_level: float, unit: Unit) -> pd.DataFrame:
    """Intercept and slopes: term, the vocabulary of effects, df. A slope is per one unit of its moderator."""
    rows = [
        {"term": name} | effect_row(float(fit.coefficients[j]), rule.std_error(float(fit.covariance[j, j])), rule.df, conf_level, unit) | {"df": rule.df}
        for j, name in enumerate((INTERCEPT, *names))
    ]
    return pd.DataFrame(rows)


def moderator_test(fit: EffectsFit, rule: Uncertainty) -> ModeratorTest:
    """Test of all slopes together, and what share of the heterogeneity they explain.

    Notes
    -----
    b'V⁻¹b of the slopes with V = factor × Wald covariance: χ²(m) under Wald, divided by m an F(m, K − P) under Knapp-Hartung (Knapp & Hartung 2003).
    R² = (tau² without − tau² with moderators) / tau² without, the same estimator (Raudenbush 2009).
    """
    slopes, covariance = fit.coefficients[1:], fit.covariance[1:, 1:] * rule.factor
    m = len(slopes)
    square = float(slopes @ np.linalg.solve(covariance, slopes))
    alone = fit_effects(fit.effects, fit.variances, method=fit.method).tau2
    r2 = max(0.0, 100 * (alone - fit.tau2) / alone) if alone > 0 else float("nan")
    if np.isinf(rule.df):
        return ModeratorTest(qm=square, df=m, df2=rule.df, p_value=float(special.chdtrc(m, square)), r2=r2)
    return ModeratorTest(qm=square / m, df=m, df2=rule.df, p_value=float(special.fdtrc(m, rule.df, square / m)), r2=r2)


def predicted_at(fit: EffectsFit, rule: Uncertainty, case_ids: np.ndarray, names: tuple[str, ...], conf_level: float, unit: Unit) -> pd.DataFrame:
    """The effect that the model gives at the moderators of each case; this stands where a reader looks for one overall effect.

    Returns
    -------
    DataFrame
        case_id, the moderators, the vocabulary of effects, pred_low, pred_high (a further case with these moderators: √(std_error² + tau²), the same
        quantile as the interval).
    """
    quantile = t_quantile(conf_level, rule.df)
    rows = []
    for i, at in enumerate(fit.design):
        estimate, variance = float(at @ fit.coefficients), float(at @ fit.covariance @ at) * rule.factor
        half = quantile * float(np.sqrt(variance + fit.tau2))
        rows.append(
            {"case_id": case_ids[i]} | dict(zip(names, at[1:].tolist(), strict=True))
            | effect_row(estimate, float(np.sqrt(variance)), rule.df, conf_level, unit) | {"pred_low": estimate - half, "pred_high": estimate + half}
        )
    return pd.DataFrame(rows)
