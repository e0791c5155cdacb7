"""Percent effects pooled as logarithms of ratios, beside the percentages themselves: where every estimate was made as such a logarithm."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from commresearch.comparison.pooled_result import Comparison
from commresearch.comparison.pooling import pool_effects
from commresearch.terms import Unit

LOG_COLUMNS = ("log_ratio", "log_std_error")
PERCENT = 100.0
SAME = 1e-6  #: between an effect in percent and the logarithm it was made from; a method may carry the logarithm of something else


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogPooling:
    """A mean of logarithms of ratios, told in percent: 100 (exp(x) − 1) of the mean and of every end.

    logs : Comparison
        On the scale of the logarithm.
    estimate, conf_low, conf_high, pred_low, pred_high : float
        Percent change of the geometric mean of ratios; NaN where `logs` has none.
    """

    logs: Comparison
    estimate: float
    conf_low: float
    conf_high: float
    pred_low: float
    pred_high: float


def logs_of(effect: Mapping[str, object]) -> dict[str, float]:
    """The logarithm behind an effect in percent and its standard error, as its details have them; NaN where the effect is not that logarithm told.

    Where another inference took the place of the method's own, the error of the logarithm is that of the percentage divided by the ratio: percentages were told
    by the delta method, which this undoes.
    """
    details = effect.get("details")
    log = details.get(LOG_COLUMNS[0]) if isinstance(details, Mapping) and effect.get("unit") == Unit.PERCENT else None
    told = effect.get("std_error")
    if not isinstance(details, Mapping) or not isinstance(log, int | float) or not math.isclose(_percent(log), float(str(effect["estimate"])), rel_tol=SAME, abs_tol=SAME):
        return dict.fromkeys(LOG_COLUMNS, math.nan)
    own = details.get(LOG_COLUMNS[1])
    if own is None and isinstance(told, int | float):
        own = float(told) / (PERCENT * math.exp(float(log)))
    return {LOG_COLUMNS[0]: float(log), LOG_COLUMNS[1]: math.nan if own is None else float(own)}


def pool_logs(effects: pd.DataFrame, pooled: Comparison, *, seed: int) -> LogPooling | None:
    """Pool the logarithms of effects that were pooled in percent; None unless every one of them has its own.

    Parameters
    ----------
    effects : DataFrame
        Rows of one outcome with log_ratio and log_std_error.
    pooled : Comparison
        The same effects in percent.
    seed : int

    Returns
    -------
    LogPooling, optional
    """
    if not pooled.pooled or pooled.unit is not Unit.PERCENT or not set(LOG_COLUMNS) <= set(effects.columns):
        return None
    entering = set(pooled.estimates.loc[pooled.estimates["pooled"], "case_id"])
    inside = effects[effects["case_id"].isin(entering)]
    if inside[list(LOG_COLUMNS)].isna().any(axis=None) or not (inside[LOG_COLUMNS[1]] > 0).all():
        return None
    logs = pool_effects(inside.assign(estimate=inside[LOG_COLUMNS[0]], std_error=inside[LOG_COLUMNS[1]], unit=Unit.LOG_POINTS.value), seed=seed)
    ends = {name: _percent(getattr(logs, name)) for name in ("estimate", "conf_low", "conf_high", "pred_low", "pred_high")}
    return LogPooling(logs=logs, **ends)


def _percent(log: float) -> float:
    return PERCENT * math.expm1(log)
