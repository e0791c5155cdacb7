"""Numbers that people typed into a narrative, held against the results: a number beside an outcome that the results on it do not hold is told.

It is a warning and no fault: the number may come from elsewhere. Numbers by reference are not looked at, they cannot disagree.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from commresearch.cases.narrative_file import REFERENCE, Block, Narrative
from commresearch.records.effects import Effect
from commresearch.reporting.display import Item, bullets, callout, escape
from commresearch.reporting.impact_page import ImpactPage
from commresearch.reporting.impact_tables import Record, effect_of, series_of
from commresearch.reporting.narrative_items import means_of
from commresearch.reporting.stamped_page import cut
from commresearch.terms import Language, Unit
from commresearch.words import has, say
from commresearch.words.effects import outcome_name

NUMBER = r"(?<![\d.,])(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*(?P<scale>[万亿])?\s*"
UNITS: Mapping[str, str] = {
    "points": r"个?百分点|percentage points?\b|points?\b", "percent": r"%|percent\b|per cent\b", "times": r"人次|person-times?\b|visits?\b",
    "persons": r"人|名|persons?\b|people\b|residents?\b", "count": r"件|宗|单(?!元|位)|cases?\b|complaints?\b|tickets?\b",
}
TYPED = re.compile(NUMBER + "(?:" + "|".join(f"(?P<{name}>{form})" for name, form in UNITS.items()) + ")", re.IGNORECASE)
SENTENCE = re.compile(r"[^。！？!?]+?(?:[。！？!?]|(?<=[a-z)%])\.(?=\s|$)|$)")
HALF_WIDTH = str.maketrans("０１２３４５６７８９％．", "0123456789%.")
SCALES = {None: 1.0, "万": 1e4, "亿": 1e8}
EXCERPT = 36  #: half-width cells of a sentence in a message
#: Units of effects and levels → the kind of unit that people write behind them; other units are not looked at.
KINDS: Mapping[Unit, str] = {
    Unit.PERCENT: "percent", Unit.PERCENTAGE_POINTS: "points", Unit.PERSONS: "persons", Unit.PERSON_TIMES: "times", Unit.COUNT: "count",
    Unit.PER_1000_HOUSEHOLDS: "count", Unit.PER_10000_RESIDENTS: "count",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedNumber:
    """A number that no result on the outcomes of its sentence holds.

    number : str
        As typed, with its unit.
    outcomes : tuple of str
        Outcomes that the sentence speaks of.
    line : int
        Of the file, where the paragraph begins.
    """

    number: str
    outcomes: tuple[str, ...]
    sentence: str
    line: int


def typed_numbers(page: ImpactPage, narrative: Narrative) -> list[TypedNumber]:
    """Numbers with a unit, typed in a sentence that names an outcome, which are none of the results on it.

    Parameters
    ----------
    page : ImpactPage
        The results: effects and intervals in every way they were estimated, means by month, before and after, and published claims.
    narrative : Narrative
        What people wrote. A number agrees where a result rounded to as many decimals is the same, signs aside.
    """
    known = {str(entry["outcome"]): _numbers(page, entry) for entry in page.outcomes}
    found = (typed for blocks in narrative.sections.values() for block in blocks for typed in _of_block(page, block, known))
    return sorted(found, key=lambda typed: typed.line)


def told(page: ImpactPage, narrative: Narrative, typed: TypedNumber) -> str:
    """The warning in words."""
    names = say("errors.comma", page.language).join(outcome_name(outcome, page.language) for outcome in typed.outcomes)
    values = {"file": narrative.file, "line": typed.line, "excerpt": cut(typed.sentence, EXCERPT), "outcome": names, "number": typed.number, "key": typed.outcomes[0]}
    return say("narrative.typed_line", page.language, **values)


def doubts(page: ImpactPage, narrative: Narrative) -> list[Item]:
    """The warnings in a box, for those who write to check; nothing where there is none."""
    found = [escape(told(page, narrative, typed)) for typed in typed_numbers(page, narrative)]
    return [callout(say("narrative.typed_title", page.language, n=len(found)), bullets(found).text, "warning")] if found else []


def _of_block(page: ImpactPage, block: Block, known: Mapping[str, Mapping[str, list[float]]]) -> Iterator[TypedNumber]:
    plain = REFERENCE.sub(" ", block.text).translate(HALF_WIDTH)
    for sentence in (found[0].strip() for found in SENTENCE.finditer(plain)):
        outcomes = tuple(outcome for outcome in known if _names(outcome, page.language).search(sentence))
        for typed in TYPED.finditer(sentence) if outcomes else ():
            kind = str(typed.lastgroup)
            kinds = (kind, f"{kind} by month") if "." in typed["number"] else (kind,)
            results = [value for outcome in outcomes for name in kinds for value in known[outcome].get(name, [])]
            if not _agrees(typed["number"], SCALES[typed["scale"]], results):
                yield TypedNumber(number=typed[0].strip(), outcomes=outcomes, sentence=sentence, line=block.line)


def _names(outcome: str, language: Language) -> re.Pattern[str]:
    """What an outcome is called in a sentence: its own name, and what people say for it."""
    more = [say(f"narrative.names_{outcome}", language)] if has(f"narrative.names_{outcome}") else []
    return re.compile("|".join([re.escape(outcome_name(outcome, language)), *more]), re.IGNORECASE)


def _agrees(number: str, scale: float, results: Iterable[float]) -> bool:
    """Whether any result, rounded as the number is, is the same."""
    value, decimals = float(number.replace(",", "")), len(number.partition(".")[2])
    half = 0.5 * 10.0**-decimals * scale
    return any(abs(abs(result) - value * scale) <= half * (1 + 1e-9) for result in results)


# ---------------------------------------------------------------- what the results hold


def _numbers(page: ImpactPage, entry: Record) -> dict[str, list[float]]:
    """Kind of unit → every number that the results on an outcome hold; those of single months apart, of which some fit any whole number."""
    level = "percent" if entry["unit"] == Unit.PERCENTAGE_POINTS else KINDS.get(Unit(entry["unit"]), "")
    found: dict[str, list[float]] = {"percent": [100 * page.case["conf_level"]]}
    months = series_of(entry)[["treated", "comparison"]].to_numpy().ravel().tolist()
    for kind, values in [*_of_effects(entry), (level, list(means_of(entry).values())), (f"{level} by month", months), *_of_claims(page)]:
        found.setdefault(kind, []).extend(value for value in values if math.isfinite(value))
    return found


def _of_effects(entry: Record) -> Iterator[tuple[str, list[float]]]:
    """Effects and ends of intervals, of the main result and of the other ways to it; the same in cases and as differences."""
    ways = [entry["estimate"], *(way["estimate"] for way in entry["sensitivities"])]
    for effect in (effect_of(estimate) for estimate in ways if estimate is not None):
        yield KINDS.get(effect.unit, ""), _parts(effect)
    details = {} if entry["estimate"] is None else entry["estimate"]["details"]
    if (cases := details.get("difference_per_month")) is not None:
        yield "count", [cases]
    if (additive := details.get("additive")) is not None:
        yield KINDS.get(Unit(entry["unit"]), ""), [additive]


def _parts(effect: Effect) -> list[float]:
    return [effect.estimate, effect.conf_low, effect.conf_high]


def _of_claims(page: ImpactPage) -> Iterator[tuple[str, list[float]]]:
    """What was published, measured again and estimated."""
    for claim in page.claims.to_dict("records"):
        yield KINDS.get(Unit(str(claim["unit"])), ""), [float(claim[name]) for name in ("claimed", "remeasured", "estimated")]
