"""A comparison of claim, measurement and estimate in sentences."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from commresearch.cases.case_claims_file import ALL, TREATED, ClaimTerms
from commresearch.comparison.claim_against_measure import Remeasured
from commresearch.comparison.claim_against_parts import Part
from commresearch.terms import Language, Unit
from commresearch.words import say
from commresearch.words.precision import MINUS, decimals_of, fixed, signed

if TYPE_CHECKING:
    from commresearch.comparison.claim_against import ClaimComparison

NOTHING = frozenset({"none", "not_picked"})  #: ways in which a part comes to nothing, so that there is nothing to tell
SHOWN_UNITS = 5  #: of a scope that a sentence names


def summary_of(made: "ClaimComparison", language: Language) -> str:
    """What the source says; what counting again gives, and whether the data reproduce it; what was estimated; what lies between the two."""
    claim = made.stated.claim
    text = {Language.ZH: claim.text_zh, Language.EN: claim.text_en}[language]
    parts = [say("claim_against.claimed", language, text=text or _claimed(made, language))]
    if made.remeasured is None:
        parts.append(say("claim_against.not_comparable", language, reasons=_reasons(made, language)))
        return _joined(parts, language)
    parts.append(_remeasured(made, made.remeasured, language))
    if made.estimated is None:
        parts.append(say("claim_against.no_estimate", language, reasons=_reasons(made, language)))
        return _joined(parts, language)
    parts += [made.estimated.summary(language), *_difference(made, language), *picked(made, language)]
    return _joined(parts, language)


def part_name(name: str, language: Language) -> str:
    """The name of a part."""
    return say(f"claim_against.part_{name}", language)


def part_how(part: Part, language: Language) -> str:
    """How a part was obtained, or why it was not."""
    return say(f"claim_against.{part.name}_{part.how}", language)


def scope_text(terms: ClaimTerms, language: Language) -> str:
    """The units of a claim, as its file names them."""
    if terms.scope in {(TREATED,), (ALL,)}:
        return say(f"claim_against.scope_{terms.scope[0]}", language)
    shown = say("claim_against.comma", language).join(terms.scope[:SHOWN_UNITS])
    return say("claim_against.scope_units", language, units=shown + ("…" if len(terms.scope) > SHOWN_UNITS else ""))


def picked(made: "ClaimComparison", language: Language) -> list[str]:
    """What stands out of a base or a period that is so short that it may have been picked."""
    windows, again = made.windows, made.remeasured
    if windows is None or again is None:
        return []
    falls, told = again.change < 0, []
    terms = made.stated.terms
    for name, is_picked, rank, ends in (
        ("base", windows.picked_base, windows.base_rank, (terms.base_start, terms.base_end)),
        ("period", windows.picked_period, windows.period_rank, (terms.period_start, terms.period_end)),
    ):
        if is_picked and rank[1] > 1:
            end = "high" if falls == (name == "base") else "low"
            told.append(say(f"claim_against.picked_{name}_{end}", language, n=_length(*ends), all=rank[1], place=rank[0]))
    return told


def _remeasured(made: "ClaimComparison", again: Remeasured, language: Language) -> str:
    """The sentence about what was counted again."""
    terms = made.stated.terms
    digits = max(decimals_of(again.value, again.low, again.high), 0)
    unit = made.unit or Unit.PERCENT
    ends = say("claim_against.to", language, low=signed(again.low, digits), high=signed(again.high, digits))
    interval = say(f"claim_against.interval_{again.interval_by}", language, level=f"{100 * made.conf_level:g}%", interval=_in(ends, unit, language), n=again.n)
    topics = say("claim_against.comma", language).join(terms.topics)
    return say(
        "claim_against.remeasured", language, scope=scope_text(terms, language), base=_months(terms.base_start, terms.base_end, language),
        period=_months(terms.period_start, terms.period_end, language), measure=say(f"claim_against.measure_{terms.measure}", language),
        topics=say("claim_against.topics", language, topics=topics) if topics else say("claim_against.all_topics", language),
        change=_in(signed(again.value, digits), unit, language), interval=interval,
        reproduced=say(f"claim_against.reproduced_{'yes' if made.reproduced else 'no'}", language, claimed=_claimed(made, language)),
    )


def _difference(made: "ClaimComparison", language: Language) -> list[str]:
    """The sentences about what lies between measurement and estimate: parts in points of the claim's unit; and what could not be measured."""
    amounts = made.amounts()
    known = [part for part in made.parts if amounts[part.name] == amounts[part.name]]
    whole = sum(amounts[part.name] for part in known)
    errors = made.errors()
    told = [_part(p.name, amounts[p.name], errors[p.name], language) for p in known if p.how not in NOTHING]
    sentences = [say("claim_against.difference", language, difference=_points(whole, language), parts=say("claim_against.comma", language).join(told))]
    if unknown := [part for part in made.parts if part not in known]:
        why = [say("claim_against.because", language, name=part_name(p.name, language), how=part_how(p, language)) for p in unknown]
        sentences.append(say("claim_against.not_measured", language, parts=say("claim_against.joiner", language).join(why)))
    return sentences


def _part(name: str, amount: float, error: float, language: Language) -> str:
    """A part with its amount, and its standard error where there is one above zero."""
    facts = {"name": part_name(name, language), "amount": _points(amount, language)}
    return say("claim_against.part_with_error", language, **facts, error=fixed(error, 1)) if error > 0 else say("claim_against.part", language, **facts)


def _reasons(made: "ClaimComparison", language: Language) -> str:
    return say("claim_against.joiner", language).join(reason.text(language) for reason in made.reasons)


def _claimed(made: "ClaimComparison", language: Language) -> str:
    """The number of the claim as a number: with its sign and unit."""
    claim = made.stated.claim
    value = f"{claim.value:+g}".replace("-", MINUS)
    return _in(value, made.unit, language) if made.unit is not None else f"{value} {claim.unit}".strip()


def _points(amount: float, language: Language) -> str:
    """A difference of two changes: percentage points, whether they are in percent or in points."""
    return _in(signed(amount, 1), Unit.PERCENTAGE_POINTS, language)


def _in(amount: str, unit: Unit, language: Language) -> str:
    return say(f"effects.unit_{unit}", language, n=amount)


def _months(first: str, last: str, language: Language) -> str:
    return first if first == last else say("claim_against.months", language, first=first, last=last)


def _length(first: str, last: str) -> int:
    return 12 * (int(last[:4]) - int(first[:4])) + int(last[5:]) - int(first[5:]) + 1


def _joined(sentences: Sequence[str], language: Language) -> str:
    """Sentences one after the other; each ends with its own mark."""
    ended = [s if s.endswith(("。", ".", "！", "!")) else s + ("。" if language is Language.ZH else ".") for s in sentences if s]
    return ("" if language is Language.ZH else " ").join(ended)
