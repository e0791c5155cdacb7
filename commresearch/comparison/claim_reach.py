"""Checks of how many people or cases a number can mean: C06, C07, C13, C14."""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from commresearch.cases.claim import FULL, NOT_DONE, Claim
from commresearch.comparison.claim_wording import denominator_gap
from commresearch.comparison.finding import Finding, Gap, shown
from commresearch.terms import Comparison, Kind, UnitClass, Verdict
from commresearch.words import number

RESIDENTS = {UnitClass.PERSON: re.compile("人口|居民|人数"), UnitClass.HOUSEHOLD: re.compile("户数|户|家庭")}
NEAR_ALL = 0.9  #: of all residents or households: reached by few works of any kind
RECRUITED = re.compile("招募|招聘|聘请|引进|吸纳|新增")
HEADS = frozenset({UnitClass.PERSON, UnitClass.PERSON_TIMES})
CASES = frozenset({UnitClass.EVENT, UnitClass.ITEM, UnitClass.PERSON, UnitClass.HOUSEHOLD, UnitClass.PLACE})
HAPPENINGS = frozenset({UnitClass.EVENT, UnitClass.ITEM})
ONE_SIDED = 0.05
HOUSEHOLD_VISITS = "户次"  #: of the class of person-times, as a number of occasions; never one of persons


def reach_over_population(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C06: what part of the residents, or households, of the place would have been reached?"""
    cases = _by_case(claims)
    for claim in claims:
        if claim.kind != Kind.REACH:
            continue
        if claim.is_share and claim.unit_class == UnitClass.PERCENT and claim.counted in RESIDENTS:
            if claim.value > NEAR_ALL * FULL:
                yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C06_share", values={"share": number(claim.value)}, gaps=_without_denominator(claim))
        elif claim.unit_class in RESIDENTS and claim.comparison == Comparison.LEVEL and (population := _population(claim, cases[claim.case_id])) is not None:
            yield _part_of(claim, population)


def _without_denominator(claim: Claim) -> tuple[Gap, ...]:
    return (denominator_gap(claim),) if math.isnan(claim.denominator) else ()


def _by_case(claims: Sequence[Claim]) -> Mapping[str, Sequence[Claim]]:
    cases: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        cases[claim.case_id].append(claim)
    return cases


def _population(claim: Claim, of_case: Sequence[Claim]) -> Claim | None:
    """The largest number of residents (or households) that the same text gives for the place or for the whole case."""
    found = [
        c for c in of_case
        if c.kind == Kind.CONTEXT and c.unit_class == claim.unit_class and c.place in {"", claim.place}
        and c.comparison == Comparison.LEVEL and c.value > 0 and RESIDENTS[UnitClass(c.unit_class)].search(c.indicator_zh)
    ]
    return max(found, key=lambda c: c.value, default=None)


def _part_of(claim: Claim, population: Claim) -> Finding:
    part = claim.value / population.value
    values = {
        "value": number(claim.value), "base": number(population.value), "percent": f"{FULL * part:.0f}", "base_name": population.names,
        "base_line": population.source_line,
    }
    if claim.value_low > population.high:
        return Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C06_over", values=values)
    if part > NEAR_ALL:
        return Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C06_near", values=values)
    return Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C06_within", values=values)


def persons_or_times(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C07: persons or visits? Persons summed over events, or over time, are visits unless each was counted once."""
    by_id = {c.claim_id: c for c in claims}
    for claim in claims:
        if claim.kind != Kind.REACH or claim.comparison != Comparison.LEVEL or claim.meaning in NOT_DONE:
            continue
        if (found := _persons_or_times(claim, by_id.get(claim.per))) is not None:
            yield found


def _persons_or_times(claim: Claim, per: Claim | None) -> Finding | None:
    values: dict[str, object] = {"value": shown(claim)}
    verdict = Verdict.TO_VERIFY
    if claim.counted and {claim.counted, claim.unit_class} == HEADS:
        text = "C07_both"
    elif claim.unit_class == UnitClass.PERSON_TIMES:
        verdict, text = Verdict.CONSISTENT, "C07_visits" if claim.unit == HOUSEHOLD_VISITS else "C07_times"
    elif claim.unit_class not in RESIDENTS:
        return None
    elif claim.cumulative == "no":
        verdict, text = Verdict.CONSISTENT, "C07_state"
    elif claim.unit_class == UnitClass.HOUSEHOLD:
        text = "C07_households"
    elif per is not None and per.unit_class in HAPPENINGS and per.value > 1:
        text, values = "C07_over", values | {"over": shown(per), "over_name": per.names}
    else:
        text = "C07_total"
    return Finding(claim_id=claim.claim_id, verdict=verdict, text=text, values=values)


def recruits_as_growth(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C13: could people who were recruited make up a printed growth by themselves?"""
    cases = _by_case(claims)
    for claim in claims:
        grows = claim.is_change and claim.unit_class == UnitClass.PERCENT and claim.value > 0 and claim.counted == UnitClass.PERSON
        for recruits in (c for c in cases[claim.case_id] if grows and _recruits_for(claim, c)):
            values: dict[str, object] = {
                "value": number(claim.value), "recruits": shown(recruits), "name": recruits.names, "line": recruits.source_line,
                "least": number(recruits.value_low),
            }
            if math.isnan(claim.baseline):
                values |= {"base": number(round(recruits.value_low / claim.value * FULL, 1))}
                yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C13_open", values=values, gaps=(Gap.BASE,))
                continue
            growth = claim.baseline * claim.value / FULL
            values |= {"base": number(claim.baseline), "growth": number(round(growth))}
            verdict, text = (Verdict.TO_VERIFY, "C13_all") if recruits.value_low >= growth else (Verdict.CONSISTENT, "C13_part")
            yield Finding(claim_id=claim.claim_id, verdict=verdict, text=text, values=values)


def _recruits_for(growth: Claim, claim: Claim) -> bool:
    return (
        claim.family == growth.family and claim.unit_class == UnitClass.PERSON
        and claim.kind in {Kind.INPUT, Kind.OUTPUT} and claim.value > 0 and RECRUITED.search(claim.indicator_zh) is not None
    )


def zero_or_all(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C14: none, or all: what was seen is that nothing was seen; a bound for later cases holds only if these are alike."""
    by_id = {c.claim_id: c for c in claims}
    for claim in claims:
        if claim.kind != Kind.OUTCOME:
            continue
        if claim.value == 0 and claim.comparison == Comparison.LEVEL:
            yield _none_seen(claim, by_id)
        elif claim.value == FULL and claim.is_share and claim.unit_class == UnitClass.PERCENT:
            text, values = "C14_all", {}
            if not math.isnan(claim.denominator):
                text, values = "C14_all_of", {"n": number(claim.denominator), "bound": f"{FULL * most_unseen(claim.denominator):.1f}"}
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text=text, values=values, gaps=_without_denominator(claim))


def _none_seen(claim: Claim, by_id: Mapping[str, Claim]) -> Finding:
    cases = by_id.get(claim.per)
    if cases is None or cases.unit_class not in CASES or cases.value < 1:
        return Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C14_none", gaps=(Gap.RECORDING,))
    values = {"n": number(cases.value), "cases": cases.names, "bound": f"{FULL * most_unseen(cases.value):.1f}"}
    if claim.instrument:
        return Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C14_none_told", values=values | {"told": claim.instrument})
    return Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C14_none_of", values=values, gaps=(Gap.RECORDING,))


def most_unseen(cases: float) -> float:
    """Largest chance, 0-1, of an event that n like cases without one do not contradict: 1 − 0.05^(1/n), about 3/n for large n."""
    return 1.0 - math.exp(math.log(ONE_SIDED) / cases)
