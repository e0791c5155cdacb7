"""What a comparison says, in a few sentences; verbs by grade as for single effects."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from commresearch.comparison.pooling_policy import Reason, Refusal
from commresearch.terms import Grade, Language, Unit
from commresearch.words import say
from commresearch.words.effects import VERBS, outcome_name
from commresearch.words.precision import MINUS, decimals_of, fixed, signed

LARGEST_LOG = 700.0  #: beyond this an exponential is no double any more


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledFacts:
    """What the sentences are made of; names as in `Comparison`, `pred` and `bayes` are intervals, `slopes` rows of coefficients."""

    outcome: str
    unit: Unit | None
    grade: Grade | None
    k: int
    method: str
    interval_kind: str
    estimate: float
    conf_low: float
    conf_high: float
    conf_level: float
    tau: float
    tau_high: float
    i2: float
    prediction: str
    pred: tuple[float, float]
    bayes: tuple[float, float]
    slopes: pd.DataFrame
    refusals: Sequence[Refusal]
    warnings: Sequence[Reason]


def comparison_summary(facts: PooledFacts, language: Language) -> str:
    """The pooled effect with its interval, how far true effects differ, where a further case may lie, and what to beware of; or why there is none."""
    if any(refusal.all_effects for refusal in facts.refusals) or facts.unit is None:
        parts = [say("pooling.summary_refused", language), *(refusal.text(language) for refusal in facts.refusals), say("pooling.summary_apart", language)]
    else:
        parts = _slopes(facts, facts.unit, language) if len(facts.slopes) else _pooled(facts, facts.unit, language)
        parts += [reason.text(language) for reason in (*facts.warnings[:1], *facts.refusals)]
    return " ".join(parts) if language is Language.EN else "".join(parts)


def _pooled(facts: PooledFacts, unit: Unit, language: Language) -> list[str]:
    change, interval, direction = _change(facts, unit, language)
    verb = VERBS[Grade.E3 if facts.grade is None else facts.grade]
    parts = [
        say(f"pooling.{verb}_{direction}", language, k=facts.k, outcome=outcome_name(facts.outcome, language), change=change, interval=interval),
        say(
            "pooling.summary_how", language, method=say(f"pooling.method_{facts.method}", language),
            interval=say(f"pooling.interval_{facts.interval_kind}", language), grade="" if facts.grade is None else facts.grade.value,
        ),
    ]
    if facts.method != "common":
        digits = max(decimals_of(facts.tau), 0)
        tau = {"tau": _in_unit(fixed(facts.tau, digits), unit, language), "tau_high": _in_unit(fixed(facts.tau_high, digits), unit, language)}
        parts.append(say("pooling.summary_tau", language, i2=f"{facts.i2:.0f}", level=_level(facts), **tau))
    return parts + _predictions(facts, unit, language)


def _predictions(facts: PooledFacts, unit: Unit, language: Language) -> list[str]:
    """A prediction interval never stands alone: it is too narrow where tau is small by chance."""
    bayes = _interval(*facts.bayes, unit, language)
    if math.isnan(facts.bayes[0]):
        return []
    if math.isnan(facts.pred[0]):
        return [say("pooling.summary_bayes", language, level=_level(facts), bayes=bayes)]
    convention = say(f"pooling.prediction_{facts.prediction}", language)
    key = "summary_no_more" if facts.tau == 0 else "summary_prediction"
    return [say(f"pooling.{key}", language, level=_level(facts), pred=_interval(*facts.pred, unit, language), convention=convention, bayes=bayes)]


def _slopes(facts: PooledFacts, unit: Unit, language: Language) -> list[str]:
    outcome = outcome_name(facts.outcome, language)
    parts = [say("pooling.summary_slopes", language, k=facts.k, outcome=outcome, level=_level(facts))]
    for row in facts.slopes.to_dict("records"):
        digits = max(decimals_of(row["estimate"], row["conf_low"], row["conf_high"]), 0)
        ends = say("effects.ends", language, low=signed(row["conf_low"], digits), high=signed(row["conf_high"], digits))
        slope = _in_unit(signed(row["estimate"], digits), unit, language)
        parts.append(say("pooling.summary_slope", language, term=row["term"], slope=slope, interval=_in_unit(ends, unit, language)))
    return parts


def _change(facts: PooledFacts, unit: Unit, language: Language) -> tuple[str, str, str]:
    """Size without sign, interval, and direction as it is left after rounding."""
    (estimate, low, high), told = _as_read((facts.estimate, facts.conf_low, facts.conf_high), unit)
    digits = max(decimals_of(estimate, low, high), 0)
    size = fixed(abs(estimate), digits)
    direction = "none" if float(size.replace(",", "")) == 0 else "up" if estimate > 0 else "down"
    ends = say("effects.ends", language, low=signed(low, digits), high=signed(high, digits))
    key = "effects.interval_zero" if low <= 0 <= high else "effects.interval"
    return _in_unit(size, told, language), say(key, language, level=_level(facts), interval=_in_unit(ends, told, language)), direction


def _interval(low: float, high: float, unit: Unit, language: Language) -> str:
    ends, told = _as_read((low, high), unit)
    digits = max(decimals_of(sum(ends) / 2, *ends), 0)
    return _in_unit(say("effects.ends", language, low=signed(ends[0], digits), high=signed(ends[1], digits)), told, language)


def _as_read(values: Sequence[float], unit: Unit) -> tuple[list[float], Unit]:
    """Values and unit as they are told: a logarithm means nothing to a reader, a percentage does."""
    if unit is not Unit.LOG_POINTS:
        return list(values), unit
    return [100 * math.expm1(min(x, LARGEST_LOG)) for x in values], Unit.PERCENT


def _level(facts: PooledFacts) -> str:
    return f"{100 * facts.conf_level:g}%"


def _in_unit(amount: str, unit: Unit, language: Language) -> str:
    return say(f"effects.unit_{unit}", language, n=amount).replace("-", MINUS)
