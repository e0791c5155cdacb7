"""What one check found about one claim, and the words that checks share."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from commresearch.cases.claim import Claim
from commresearch.terms import Language, Verdict
from commresearch.words import claim_value, has, period, say


class Gap(StrEnum):
    """What a text leaves open about a number, whichever check meets it; `gap_<value>` is the question, `gap_<value>_each` that for several numbers."""

    KIND = "kind"  #: running total, figure of a period or state, and then its dates
    BASE = "base"  #: the numbers before and after
    SPAN = "span"  #: from when to when
    DATE = "date"
    DENOMINATOR = "denominator"
    ANSWERS = "answers"  #: how many were asked in a survey, how they were drawn, how many answered
    RECORDING = "recording"  #: by whom and how a case would become known
    OTHERS = "others"  #: the same number where the work was not done


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A verdict and the facts of its sentence.

    `text` names the sentence in the `checks` catalogue. Every verdict but 一致 has something to ask: `gaps`, which claims of one passage
    may share and several checks may meet, `<text>_ask`, which is about this number alone, or both. A value that is a `Words`, or a pair
    of texts by language, is put into the report's language.
    """

    claim_id: str
    verdict: Verdict
    text: str
    values: Mapping[str, object] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()

    def detail(self, language: Language) -> str:
        """The sentence with its arithmetic."""
        return say(f"checks.{self.text}", language, **self._values_in(language))

    @property
    def asks_alone(self) -> bool:
        """Whether there is a question about this number alone."""
        return self.verdict != Verdict.CONSISTENT and has(f"checks.{self.text}_ask")

    def own_question(self, language: Language) -> str:
        """The question about this number alone, without its name; empty where there is none."""
        return say(f"checks.{self.text}_ask", language, **self._values_in(language)) if self.asks_alone else ""

    def _values_in(self, language: Language) -> dict[str, object]:
        return {k: _in_language(v, language) for k, v in self.values.items()}


def _in_language(value: object, language: Language) -> object:
    if isinstance(value, Mapping):
        return value[language]
    return value.put(language) if isinstance(value, Words) else value


@dataclass(frozen=True, slots=True)
class Words:
    """A list of texts, by key or by language, joined as the language joins."""

    parts: tuple[str | Mapping[Language, str], ...]

    def put(self, language: Language) -> str:
        """The texts in one language."""
        return say("checks.joiner", language).join(say(part, language) if isinstance(part, str) else part[language] for part in self.parts)


def shown(claim: Claim) -> dict[Language, str]:
    """A claim's number as a reader sees it, in both languages."""
    return {language: claim_value(claim.value, claim.qualifier, claim.unit, claim.unit_class, claim.printed, language) for language in Language}


def spoken_period(claim: Claim) -> dict[Language, str]:
    """The period of a claim in the source's words, or by its dates; empty where it has none."""
    parts = (claim.period_start, claim.period_end, claim.period_words, claim.spoken_period[Language.EN])
    return {language: period(*parts, language).replace("“", "‘").replace("”", "’") for language in Language}  # it stands within quotes


def worded(key: str, values: Mapping[str, object]) -> dict[Language, str]:
    """A part of a sentence in both languages, to stand as a value of another."""
    return {language: say(f"checks.{key}", language, **{k: _in_language(v, language) for k, v in values.items()}) for language in Language}


def significant(x: float, digits: int) -> float:
    """Rounded to significant digits: a ratio of rounded numbers carries few."""
    return float(f"{x:.{digits}g}")


def signed_percent(percent: float) -> str:
    """A change with its sign in whole percent, as sizes and intervals that rest on assumptions are told: −23%."""
    if math.isinf(percent):
        return "∞"
    whole = round(percent)
    return f"{'−' if whole < 0 else '+' if whole > 0 else ''}{abs(whole):,}%"
