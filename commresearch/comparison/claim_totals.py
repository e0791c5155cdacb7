"""Checks of which numbers belong together: C17, C23."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from commresearch.cases.claim import Claim
from commresearch.comparison.claim_reach import HOUSEHOLD_VISITS
from commresearch.comparison.finding import Finding, Words, shown, spoken_period, worded
from commresearch.terms import Comparison, Kind, UnitClass, Verdict
from commresearch.words import number

ADDED_BY_READERS = (UnitClass.PERSON_TIMES, UnitClass.PERSON)  #: numbers of one case that a reader is tempted to add up
SHOWN = 4
LEAST_SHARED = 10  #: below this, equal numbers are the rule
NO_ENTITY = frozenset({UnitClass.RANK, UnitClass.PERCENT, UnitClass.DURATION, UnitClass.MULTIPLE})


def mixed_periods(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C17: numbers of different periods are neither added nor divided; and which of one case must not be added by a reader."""
    yield from _mixed_totals(claims)
    yield from _mixed_ratios(claims)
    yield from _apart(claims)


def _span(claim: Claim) -> tuple[str, ...]:
    """What is known of a period: its dates, else its words; empty where nothing is."""
    if claim.has_period:
        return claim.period_start, claim.period_end
    return (claim.period_words,) if claim.period_words else ()


def _listed(claims: Sequence[Claim]) -> Words:
    return Words(tuple(worded("number_in_period", {"value": shown(c), "period": spoken_period(c)}) for c in claims))


def _mixed_totals(claims: Sequence[Claim]) -> Iterator[Finding]:
    by_id = {c.claim_id: c for c in claims}
    groups: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.part_of in by_id:
            groups[claim.part_of].append(claim)
    for total_id, parts in groups.items():
        members = [c for c in (by_id[total_id], *parts) if _span(c)]
        if len(parts) > 1 and members:
            mixed = len({_span(c) for c in members}) > 1
            verdict, text = (Verdict.TO_VERIFY, "C17_sum") if mixed else (Verdict.CONSISTENT, "C17_same")
            yield Finding(claim_id=total_id, verdict=verdict, text=text, values={"numbers": _listed(members[:SHOWN])} if mixed else {})


def _mixed_ratios(claims: Sequence[Claim]) -> Iterator[Finding]:
    by_id = {c.claim_id: c for c in claims}
    for claim in claims:
        per = by_id.get(claim.per)
        if per is not None and _span(claim) and _span(per):
            mixed = _span(claim) != _span(per)
            verdict, text = (Verdict.TO_VERIFY, "C17_ratio") if mixed else (Verdict.CONSISTENT, "C17_same")
            yield Finding(claim_id=claim.claim_id, verdict=verdict, text=text, values={"numbers": _listed((claim, per))} if mixed else {})


def _apart(claims: Sequence[Claim]) -> Iterator[Finding]:
    """Reach of one case, one unit, several periods: a note to the reader, at the first of them; the text adds nothing up."""
    groups: dict[tuple[str, str, bool], list[Claim]] = defaultdict(list)
    for claim in sorted(claims, key=lambda c: c.claim_id):
        if claim.kind == Kind.REACH and claim.comparison == Comparison.LEVEL and claim.unit_class in ADDED_BY_READERS and _span(claim):
            groups[claim.case_id, claim.unit_class, claim.unit == HOUSEHOLD_VISITS].append(claim)
    for members in groups.values():
        differing = list({_span(c): c for c in reversed(members)}.values())[::-1]
        if len(differing) > 1:
            values = {"numbers": _listed(differing[:SHOWN])}
            yield Finding(claim_id=differing[0].claim_id, verdict=Verdict.CONSISTENT, text="C17_apart", values=values)


def same_number(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C23: equal numbers of one case that count different things; a note that they are not linked."""
    groups: dict[tuple[str, float, str], list[Claim]] = defaultdict(list)
    for claim in sorted(claims, key=lambda c: c.claim_id):
        if claim.value >= LEAST_SHARED and claim.unit_class not in NO_ENTITY and not claim.is_change:
            groups[claim.case_id, claim.value, claim.qualifier].append(claim)
    for (_, value, _), members in groups.items():
        others = [c for c in members[1:] if c.indicator_zh != members[0].indicator_zh and not _linked(members[0], c)]
        if others:
            places = Words(tuple(worded("name_in_line", {"name": c.names, "line": c.source_line}) for c in others[:SHOWN]))
            values = {"value": number(value), "name": members[0].names, "others": places}
            yield Finding(claim_id=members[0].claim_id, verdict=Verdict.CONSISTENT, text="C23_apart", values=values)


def _linked(claim: Claim, other: Claim) -> bool:
    links = {*claim.conflicts_with.split(), claim.part_of, claim.per}
    return other.claim_id in links or claim.claim_id in {*other.conflicts_with.split(), other.part_of, other.per}
