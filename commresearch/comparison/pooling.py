"""Pooling of effects over cases: what may be pooled, how, and how much it says."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import TypeVar

import numpy as np
import pandas as pd

from commresearch.comparison.effects_model import EffectsFit, fit_effects, i2_of
from commresearch.comparison.heterogeneity import METHODS
from commresearch.comparison.meta_regression import moderator_test
from commresearch.comparison.partial_pooling import default_prior
from commresearch.comparison.pooled_intervals import CONVENTIONS, INTERVALS, effect_of, own_convention, predict, uncertainty
from commresearch.comparison.pooled_result import Comparison
from commresearch.comparison.pooling_input import Effects, read_effects
from commresearch.comparison.pooling_policy import LEAST_TO_PREDICT, Refusal, refusals_of, stage_of, warnings_of
from commresearch.comparison.set_membership import is_names
from commresearch.errors import EstimationError, Failure
from commresearch.impact.option_checks import LEVELS, is_count, is_level
from commresearch.impact.result import CONF_LEVEL

__all__ = ["Comparison", "pool_effects"]

ABOVE_ZERO = "> 0"
Member = TypeVar("Member")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    method: str
    interval: str
    conf_level: float
    prediction: str
    seed: int


def pool_effects(
    frame: pd.DataFrame, *, method: str = "reml", interval: str = "modified_knapp_hartung", moderators: Sequence[str] = (), conf_level: float = CONF_LEVEL,
    prediction: str | None = None, prior_scale: float | None = None, prior_mean_sd: float | None = None, seed: int = 0,
) -> Comparison:
    """Pool the effects of several cases, or say why they are not pooled.

    Parameters
    ----------
    frame : DataFrame
        One row per case: case_id, outcome, definition, unit, grade, estimate, std_error, and the moderators. Effects are pooled as they are given,
        never transformed.
    method : "reml", "dl", "pm", "ml" or "common"
        Estimator of tau², the variance of true effects between cases; "common" supposes that there is none.
    interval : "modified_knapp_hartung", "knapp_hartung" or "wald"
        Which of the three is `conf_low` and `conf_high`; all stand in `intervals`.
    moderators : sequence of str
        Numeric columns by which effects are explained; ten cases are needed for each.
    conf_level : float
    prediction : "z", "t_k_minus_1" or "t_k_minus_2", optional
        Convention of `pred_low` and `pred_high`; where not given, z with Wald intervals and t_k_minus_1 with the others. All stand in
        `prediction_intervals`.
    prior_scale, prior_mean_sd : float, optional
        Bayes: scale of the half-normal prior of tau and standard deviation of the normal prior of the mean around zero, in the unit of the effects.
        Where not given, the larger of twice the median standard error and the spread of the estimates, and a hundred times the larger of median
        standard error and largest effect: no opinion on the mean, in whatever unit (`partial_pooling.default_prior`). `prior_sensitivity` shows a quarter to four times the scale.
    seed : int
        Of the draws behind rank intervals; nothing else is drawn.

    Returns
    -------
    Comparison
        Without an estimate, and with `refusals`, where the rows are sound but must not be pooled: several outcomes, definitions, units or grades, fewer
        than three cases, too few for the moderators. Effects under E3, published figures among them, are shown and never enter.

    Raises
    ------
    EstimationError
        All faults of the table together (CR-M10 to CR-M19, CR-M21 to CR-M23, see `read_effects`); an option that is not known (CR-M20).

    Notes
    -----
    Formulas and conventions: `heterogeneity`, `pooled_intervals`, `meta_regression`, `partial_pooling`, and METHODS.md.
    """
    _require_options(method, interval, prediction, conf_level, seed, moderators, {"prior_scale": prior_scale, "prior_mean_sd": prior_mean_sd})
    names = (moderators,) if isinstance(moderators, str) else tuple(moderators)
    convention = own_convention(interval) if prediction is None else prediction
    options = _Options(method=method, interval=interval, conf_level=float(conf_level), prediction=convention, seed=int(seed))
    effects = read_effects(frame, names)
    refusals = refusals_of(effects)
    shown = _shown(effects, refusals, options)
    if any(refusal.all_effects for refusal in refusals):
        return shown
    inside = effects.eligible
    variances = effects.std_error[inside] ** 2
    design = np.column_stack([np.ones(len(variances)), effects.moderators[inside]]) if names else None
    fit = fit_effects(effects.estimate[inside], variances, design, method=method)
    return _pooled(replace(shown, prior=default_prior(effects.estimate[inside], variances, prior_scale, prior_mean_sd)), fit, options)


def _shown(effects: Effects, refusals: tuple[Refusal, ...], options: _Options) -> Comparison:
    """The effects side by side."""
    k = int(effects.eligible.sum())
    return Comparison(
        effects=effects, outcome=_only(effects.outcome, effects) or "", definition=_only(effects.definition, effects) or "",
        unit=_only(effects.unit, effects), grade=_only(effects.grade, effects), k=k, stage=stage_of(k), method=options.method, interval=options.interval,
        moderators=effects.names, refusals=refusals, warnings=(), conf_level=options.conf_level, prediction=options.prediction, seed=options.seed,
    )


def _pooled(shown: Comparison, fit: EffectsFit, options: _Options) -> Comparison:
    """The same with all numbers of a fitted model; one pooled effect only without moderators."""
    rule = uncertainty(options.interval, factor=fit.factor, df=fit.df)
    low, high = fit.tau2_interval(options.conf_level)
    typical = fit.typical_variance
    made = replace(
        shown, fit=fit, warnings=warnings_of(fit, options.interval, shown.moderators, shown.unit), df=rule.df, tau2=fit.tau2, tau2_low=low, tau2_high=high, i2=fit.i2,
        i2_low=i2_of(low, typical), i2_high=i2_of(high, typical), h2=fit.h2, h2_low=low / typical + 1, h2_high=high / typical + 1, q=fit.q, q_df=fit.df,
        q_p_value=fit.q_p_value,
    )
    if shown.moderators:
        return replace(made, moderator_test=moderator_test(fit, rule))
    if shown.k >= LEAST_TO_PREDICT and options.method != "common":
        predicted = predict(fit, options.interval, options.prediction, options.conf_level)
        made = replace(made, pred_low=predicted.low, pred_high=predicted.high)
    mean = effect_of(float(fit.coefficients[0]), rule.std_error(float(fit.covariance[0, 0])), rule.df, options.conf_level)
    return replace(
        made, estimate=mean.estimate, std_error=mean.std_error, statistic=mean.statistic, p_value=mean.p_value, conf_low=mean.conf_low,
        conf_high=mean.conf_high,
    )


def _only(values: Sequence[Member], effects: Effects) -> Member | None:
    """What all effects that may enter have in common; None where they differ. Where none may enter, all are asked."""
    asked = effects.eligible if effects.eligible.any() else np.ones(len(values), dtype=bool)
    kinds = {value for value, inside in zip(values, asked, strict=True) if inside}
    return next(iter(kinds)) if len(kinds) == 1 else None


def _require_options(
    method: object, interval: object, prediction: object, conf_level: object, seed: object, moderators: object, scales: dict[str, object]
) -> None:
    """Refuse options that do not exist.

    Raises
    ------
    EstimationError
        CR-M20, one per option.
    """
    wrong: dict[str, tuple[object, str]] = {}
    for name, got, allowed in (("method", method, METHODS), ("interval", interval, INTERVALS), ("prediction", prediction, (None, *CONVENTIONS))):
        if not isinstance(got, str | None) or got not in allowed:
            wrong[name] = got, ", ".join(word for word in allowed if word is not None)
    if not is_level(conf_level):
        wrong["conf_level"] = conf_level, LEVELS
    if not is_count(seed, 0):
        wrong["seed"] = seed, "0, 1, 2, …"
    if not is_names(moderators):
        wrong["moderators"] = moderators, "list[str]"
    for name, scale in scales.items():
        if scale is not None and not (isinstance(scale, Real) and 0 < float(scale) < math.inf):
            wrong[name] = scale, ABOVE_ZERO
    if wrong:
        raise EstimationError(
            *(Failure(code="CR-M20", values={"option": name, "got": str(got), "allowed": allowed}) for name, (got, allowed) in wrong.items())
        )
