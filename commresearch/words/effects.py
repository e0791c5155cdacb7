"""An effect in one or two sentences: how much, how sure, by which comparison, how good the evidence; verbs by grade."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from commresearch.terms import Estimand, Grade, Inference, Language, Method, Unit
from commresearch.words.catalogue import has, say
from commresearch.words.precision import MINUS, decimals_of, fixed, signed

#: What a grade allows to be said: a change over the same time, an association, an effect.
VERBS = {Grade.E0: "change", Grade.E1: "change", Grade.E2: "change", Grade.E3: "associated", Grade.E4: "caused", Grade.E5: "caused"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the sentence about an effect is made of."""

    outcome: str
    estimate: float
    conf_low: float
    conf_high: float
    conf_level: float
    unit: Unit
    method: Method
    estimand: Estimand
    inference: Inference
    n_units: int
    n_clusters: int
    n_treated: int
    grade: Grade | None
    caveat: tuple[str, Mapping[str, object]] | None


def effect_summary(facts: Facts, language: Language) -> str:
    """The effect in its unit with its interval and the verb that its grade allows; then design, units, grade and main caveat.

    Log points are told as percent: a logarithm means nothing to a reader.
    """
    said = effect_sentence(facts, language)
    design = say(
        "effects.design", language, method=say(f"effects.method_{facts.method}", language), units=facts.n_units, clusters=facts.n_clusters,
        treated=facts.n_treated, grade=say("effects.grade_none", language) if facts.grade is None else say("effects.grade", language, grade=facts.grade.value),
    )
    caveat = "" if facts.caveat is None else say("effects.caveat", language, caveat=note_text(facts.caveat[0], language, facts.caveat[1]))
    return " ".join(filter(None, (said, design, caveat))) if language is Language.EN else said + design + caveat


def effect_sentence(facts: Facts, language: Language) -> str:
    """The effect in its unit with its interval and the verb that its grade allows, and nothing else."""
    grade = Grade.E1 if facts.grade is None else facts.grade
    verb = VERBS[grade] if facts.estimand is not Estimand.CHANGE else "change"
    change, interval = effect_texts(facts, language)
    return say(f"effects.{verb}_{_direction(facts)}", language, outcome=outcome_name(facts.outcome, language), change=change, interval=interval)


def effect_texts(facts: Facts, language: Language) -> tuple[str, str]:
    """The size of the change without its sign, in its unit; and its interval with signs, with its level."""
    estimate, low, high, unit = _as_read(facts)
    digits = max(decimals_of(estimate, low, high), 0)
    change = _in_unit(fixed(abs(estimate), digits), unit, language)
    level = f"{100 * facts.conf_level:g}%"
    if math.isnan(low) or math.isnan(high):
        return change, say("effects.interval_none", language)
    ends = {"low": _end(low, digits, language), "high": _end(high, digits, language)}
    crosses = "effects.interval_zero" if low <= 0 <= high else "effects.interval"
    if math.isfinite(low) and math.isfinite(high):
        return change, say(crosses, language, level=level, interval=_in_unit(say("effects.ends", language, **ends), unit, language))
    apart = {name: text if math.isinf(end) else _in_unit(text, unit, language) for (name, text), end in zip(ends.items(), (low, high), strict=True)}
    return change, say(crosses, language, level=level, interval=say("effects.ends", language, **apart))


def note_text(key: str, language: Language, values: Mapping[str, object]) -> str:
    """A sentence about an effect; values that are pairs of texts are put in the language, lists are joined."""
    filled = {
        name: v[language.value] if isinstance(v, Mapping) else say("effects.comma", language).join(map(str, v)) if isinstance(v, list | tuple) else v
        for name, v in values.items()
    }
    return say(f"effects.{key}", language, **filled)


def outcome_name(outcome: str, language: Language) -> str:
    """The name of an outcome; a label of somebody's own as it is."""
    return say(f"panel.outcome_{outcome}", language) if has(f"panel.outcome_{outcome}") else outcome


def _as_read(facts: Facts) -> tuple[float, float, float, Unit]:
    """Estimate, interval and unit as they are told."""
    if facts.unit is not Unit.LOG_POINTS:
        return facts.estimate, facts.conf_low, facts.conf_high, facts.unit
    estimate, low, high = (100 * math.expm1(x) for x in (facts.estimate, facts.conf_low, facts.conf_high))
    return estimate, low, high, Unit.PERCENT


def _direction(facts: Facts) -> str:
    estimate, low, high, _ = _as_read(facts)
    if float(fixed(abs(estimate), max(decimals_of(estimate, low, high), 0)).replace(",", "")) == 0:
        return "none"
    return "up" if estimate > 0 else "down"


def _end(value: float, digits: int, language: Language) -> str:
    if math.isinf(value):
        return say("effects.no_upper" if value > 0 else "effects.no_lower", language)
    return signed(value, digits)


def _in_unit(amount: str, unit: Unit, language: Language) -> str:
    return say(f"effects.unit_{unit}", language, n=amount).replace("-", MINUS)
