"""One function per mechanical check; each yields findings for the claims it applies to.

All take claims without repeats and change none. Bounds are those that the qualifiers allow.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from commresearch.cases.claim import FULL, Claim, counts_work, missing_elements, stock_gap
from commresearch.comparison.finding import Finding, Words
from commresearch.terms import Language, UnitClass, Verdict
from commresearch.words import claim_value, number

PEER_RATIO = 2.0  #: a ratio this many times above or below the median over cases is worth a question
MIN_CASES = 5  #: fewer cases carry no median worth holding anything against
SLACK = 1e-9  #: binary fractions of printed decimals; nothing printed is that close to a whole number by chance


def parts_against_total(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C01: do printed parts sum to the printed total, exactly or within what the qualifiers allow?"""
    by_id = {c.claim_id: c for c in claims}
    groups: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.part_of in by_id:
            groups[claim.part_of].append(claim)
    for total_id, parts in groups.items():
        if len(parts) > 1:
            yield _sum_against(by_id[total_id], parts)


def _sum_against(total: Claim, parts: Sequence[Claim]) -> Finding:
    value, low, high = (math.fsum(ends) for ends in zip(*((p.value, p.value_low, p.high) for p in parts), strict=True))
    values = {
        "parts": " + ".join(number(p.value) for p in parts), "sum": number(value), "total": number(total.value),
        "rest": number(total.value - value),
    }
    if value == total.value:
        verdict, text = Verdict.CONSISTENT, "C01_equal"
    elif low <= total.high and high >= total.value_low:
        verdict, text = Verdict.CONSISTENT, "C01_within"
    elif low > total.high:
        verdict, text = Verdict.DISAGREES_WITHIN, "C01_above"
    else:
        verdict, text = Verdict.CONSISTENT, "C01_below"
    return Finding(claim_id=total.claim_id, verdict=verdict, text=text, values=values)


def share_of_base(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C02: is there a whole number of things that gives the printed share of the printed base?

    A base that is itself printed with a qualifier ("7900余") fits almost any share, so nothing is asked of it.
    """
    vague = {(c.case_id, c.value) for c in claims if c.qualifier}
    for claim in claims:
        exact = not math.isnan(claim.denominator) and (claim.case_id, claim.denominator) not in vague
        if not exact or not claim.is_share or claim.unit_class != UnitClass.PERCENT:
            continue
        low, high = claim.share_bounds()
        first = math.ceil(low / FULL * claim.denominator - SLACK)
        last = math.floor(high / FULL * claim.denominator + SLACK)
        values = {"share": number(claim.value), "base": number(claim.denominator), "first": number(first), "last": number(last)}
        verdict, text = (Verdict.CONSISTENT, "C02_found") if first <= last else (Verdict.TO_VERIFY, "C02_none")
        yield Finding(claim_id=claim.claim_id, verdict=verdict, text=text, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ratio:
    top: Claim
    bottom: Claim

    @property
    def value(self) -> float:
        return self.top.value / self.bottom.value

    @property
    def kind(self) -> tuple[str, str, str]:
        return self.top.kind, self.top.unit_class, self.bottom.unit_class

    @property
    def comparable(self) -> bool:
        # Items are as unlike as a wish and a function: ratios over them, or of a class to itself, are shown, not compared.
        return self.bottom.unit_class not in {UnitClass.ITEM, self.top.unit_class}


def per_unit_against_peers(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C05: a ratio of two numbers of one statement, beside the median of the same kind of ratio over the cases."""
    by_id = {c.claim_id: c for c in claims}
    ratios = [_Ratio(top=c, bottom=by_id[c.per]) for c in claims if c.per in by_id and c.value > 0 and by_id[c.per].value > 0]
    alike: dict[tuple[str, ...], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for ratio in ratios:
        if ratio.comparable:
            alike[ratio.kind][ratio.top.case_id].append(ratio.value)
    for ratio in ratios:
        yield _ratio_finding(ratio, [median(values) for values in alike.get(ratio.kind, {}).values()])


def _ratio_finding(ratio: _Ratio, cases: Sequence[float]) -> Finding:
    """`cases` holds one ratio per case that has this kind of ratio, its own among them."""
    values: dict[str, object] = {
        "top": number(ratio.top.value), "bottom": number(ratio.bottom.value), "ratio": number(_round(ratio.value, 3)), "n": len(cases),
        "unit": Words((f"labels.class_{ratio.top.unit_class}",)), "per": Words((f"labels.class_{ratio.bottom.unit_class}",)),
    }
    if len(cases) < MIN_CASES:
        return Finding(claim_id=ratio.top.claim_id, verdict=Verdict.CONSISTENT, text="C05_alone", values=values)
    middle = median(cases)
    times = max(ratio.value / middle, middle / ratio.value)
    values |= {"median": number(_round(middle, 2)), "times": number(_round(times, 2))}
    if times <= PEER_RATIO:
        return Finding(claim_id=ratio.top.claim_id, verdict=Verdict.CONSISTENT, text="C05_near", values=values)
    text = "C05_above" if ratio.value > middle else "C05_below"
    return Finding(claim_id=ratio.top.claim_id, verdict=Verdict.TO_VERIFY, text=text, values=values)


def missing_base(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C08: are base, period and denominator printed where the kind of claim needs them?"""
    for claim in claims:
        if not claim.needs_elements:
            continue
        if missing := missing_elements(claim):
            words = Words(tuple(f"checks.element_{m}" for m in missing))
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C08_missing", values={"missing": words})
        else:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C08_complete")


def percent_or_points(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C09: a change printed in % of something that is itself a share may mean percent or percentage points."""
    for claim in claims:
        if not claim.is_change or claim.unit_class not in {UnitClass.PERCENT, UnitClass.PERCENTAGE_POINTS}:
            continue
        values = {"value": number(abs(claim.value))}
        if claim.unit_class == UnitClass.PERCENTAGE_POINTS or "率" not in claim.indicator_zh:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C09_clear", values=values)
        elif claim.value > 0:
            values |= {"relative": number(round(FULL / (1 + claim.value / FULL), 1)), "points": number(FULL - claim.value)}
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C09_rise", values=values)
        else:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C09_fall", values=values)


def enumeration(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C15: does a printed count equal the number of things listed after it?"""
    for claim in claims:
        if math.isnan(claim.listed):
            continue
        if claim.listed > claim.high:
            verdict, text = Verdict.DISAGREES_WITHIN, "C15_more"
        elif claim.listed < claim.value_low:
            verdict, text = Verdict.TO_VERIFY, "C15_fewer"
        else:
            verdict, text = Verdict.CONSISTENT, "C15_equal"
        yield Finding(claim_id=claim.claim_id, verdict=verdict, text=text, values={"value": number(claim.value), "listed": number(claim.listed)})


def two_values(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C16: the same quantity printed with two values; compatible where the qualifiers' bounds meet. Each pair once."""
    by_id = {c.claim_id: c for c in claims}
    for claim in claims:
        for other in (by_id[i] for i in claim.conflicts_with.split() if i in by_id and i > claim.claim_id):
            meet = claim.value_low <= other.high and other.value_low <= claim.high
            values = {
                "name": _name(claim), "value": _shown(claim), "line": claim.source_line, "other_name": _name(other), "other": _shown(other),
                "other_line": other.source_line,
            }
            if meet:
                verdict, text = Verdict.CONSISTENT, "C16_meet"
            elif claim.indicator_zh == other.indicator_zh:
                verdict, text = Verdict.DISAGREES_WITHIN, "C16_differ"
            else:
                verdict, text = Verdict.TO_VERIFY, "C16_unlike"  # named differently: they may not mean the same
            yield Finding(claim_id=claim.claim_id, verdict=verdict, text=text, values=values)


def _name(claim: Claim) -> dict[Language, str]:
    return {Language.ZH: claim.indicator_zh, Language.EN: claim.indicator_en}


def _shown(claim: Claim) -> dict[Language, str]:
    return {language: claim_value(claim.value, claim.qualifier, claim.unit, claim.unit_class, claim.printed, language) for language in Language}


def stock_or_flow(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C19: is a count of things done a running total, a figure per period, or a state at a date?"""
    for claim in claims:
        if not counts_work(claim):
            continue
        if gap := stock_gap(claim):
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text=f"C19_{gap}")
        else:
            text = "C19_total" if claim.cumulative == "yes" else "C19_period"
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text=text)


def _round(x: float, digits: int) -> float:
    """Significant digits: a ratio of rounded numbers carries few."""
    return float(f"{x:.{digits}g}")
