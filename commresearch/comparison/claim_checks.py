"""Checks that hold printed numbers of one document against each other: C01, C02, C05, C15, C16.

One function per check, here and in the other modules of checks: each takes claims without repeats, changes none, and yields findings
for the claims it applies to. Bounds are those that the qualifiers allow.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from commresearch.cases.claim import FULL, Claim
from commresearch.comparison.claim_reach import HOUSEHOLD_VISITS
from commresearch.comparison.finding import Finding, Words, shown, significant, worded
from commresearch.terms import UnitClass, Verdict
from commresearch.words import number

PEER_RATIO = 2.0  #: a ratio this many times above the median over cases is worth a question
MIN_CASES = 5  #: fewer cases carry no median worth holding anything against
#: Words that make a list one of examples; 等级, 平等 and 等候 are none.
EXAMPLES = re.compile(
    r"(?<![平同相初中高何对不优均])等(?![级待候于同次第距])|其中|包括|包含|例如|比如|譬如|主要有|之一|(?<!不)含|\b(?:including|such as|for example|among (?:them|these))\b",
)
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
    elif any(EXAMPLES.search(text) for claim in (total, *parts) for text in (claim.printed, claim.text_zh, claim.text_en)):
        verdict, text = Verdict.CONSISTENT, "C01_examples"
    else:
        verdict, text = Verdict.TO_VERIFY, "C01_below"
    return Finding(claim_id=total.claim_id, verdict=verdict, text=text, values=values)


def share_of_base(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C02: is there a whole number of things that gives the printed share of the printed base, by rounding or by cutting off?

    A base that is itself printed with a qualifier ("7900余") fits almost any share, so nothing is asked of it; what it leaves open is shown.
    """
    vague = {(c.case_id, c.value): c for c in claims if c.qualifier}
    for claim in claims:
        if math.isnan(claim.denominator) or not claim.is_share or claim.unit_class != UnitClass.PERCENT:
            continue
        low, high = claim.share_bounds()
        if (base := vague.get((claim.case_id, claim.denominator))) is not None:
            yield from _share_of_vague_base(claim, base)
            continue
        first, last = whole_numbers(low, high, claim.denominator)
        values = {"share": number(claim.value), "base": number(claim.denominator), "first": number(first), "last": number(last)}
        verdict, text = Verdict.CONSISTENT, "C02_found"
        if first > last:
            cut, most = whole_numbers(claim.value, claim.value + 2 * claim.half_unit, claim.denominator)
            if claim.qualifier or cut > most:
                verdict, text = Verdict.TO_VERIFY, "C02_none"
            else:
                text, values = "C02_cut", values | {"first": number(cut)}
        yield Finding(claim_id=claim.claim_id, verdict=verdict, text=text, values=values)


def _share_of_vague_base(claim: Claim, base: Claim) -> Iterator[Finding]:
    if not math.isfinite(base.high):
        return
    low, high = claim.share_bounds()
    first, last = math.ceil(low / FULL * base.value_low - SLACK), math.floor(high / FULL * base.high + SLACK)
    values = {"share": number(claim.value), "base": shown(base), "first": number(first), "last": number(last)}
    yield Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C02_vague", values=values)


def whole_numbers(low: float, high: float, base: float) -> tuple[int, int]:
    """First and last whole number between two percentages of a base; the first is above the last where there is none."""
    return math.ceil(low / FULL * base - SLACK), math.floor(high / FULL * base + SLACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ratio:
    top: Claim
    bottom: Claim

    @property
    def value(self) -> float:
        return self.top.value / self.bottom.value

    @property
    def kind(self) -> tuple[str, ...]:
        # Visits to households are of the class of person-times and yet no like of them.
        visits = [side.unit for side in (self.top, self.bottom) if side.unit == HOUSEHOLD_VISITS]
        return self.top.kind, self.top.unit_class, self.bottom.unit_class, *visits

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
    medians = {kind: [median(values) for values in cases.values()] for kind, cases in alike.items()}
    for ratio in ratios:
        yield _ratio_finding(ratio, medians.get(ratio.kind, []), _rest(ratio, by_id))


def _rest(ratio: _Ratio, by_id: Mapping[str, Claim]) -> object:
    """Where both numbers are parts of totals: the same ratio over what is left of the totals; else nothing."""
    wholes = [by_id.get(part.part_of) for part in (ratio.top, ratio.bottom)]
    if wholes[0] is None or wholes[1] is None:
        return ""
    top, bottom = wholes[0].value - ratio.top.value, wholes[1].value - ratio.bottom.value
    if min(top, bottom) <= 0:
        return ""
    return worded("C05_rest", {"top": number(top), "bottom": number(bottom), "ratio": number(significant(top / bottom, 3))})


def _ratio_finding(ratio: _Ratio, cases: Sequence[float], rest: object) -> Finding:
    """`cases` holds one ratio per case that has this kind of ratio, its own among them.

    Only much more than elsewhere asks for a word: gatherings differ in size, and a small number claims little.
    """
    values: dict[str, object] = {
        "top": number(ratio.top.value), "bottom": number(ratio.bottom.value), "ratio": number(significant(ratio.value, 3)), "n": len(cases),
        "rest": rest,
        "unit": Words((f"labels.class_{ratio.top.unit_class}",)), "per": Words((f"labels.class_{ratio.bottom.unit_class}",)),
    }
    if len(cases) < MIN_CASES:
        return Finding(claim_id=ratio.top.claim_id, verdict=Verdict.CONSISTENT, text="C05_alone", values=values)
    middle = median(cases)
    times = max(ratio.value / middle, middle / ratio.value)
    values |= {"median": number(significant(middle, 3)), "times": number(significant(times, 2))}
    if times <= PEER_RATIO:
        return Finding(claim_id=ratio.top.claim_id, verdict=Verdict.CONSISTENT, text="C05_near", values=values)
    if ratio.value < middle:
        return Finding(claim_id=ratio.top.claim_id, verdict=Verdict.CONSISTENT, text="C05_below", values=values)
    return Finding(claim_id=ratio.top.claim_id, verdict=Verdict.TO_VERIFY, text="C05_above", values=values)


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
                "name": claim.names, "value": shown(claim), "line": claim.source_line, "other_name": other.names, "other": shown(other),
                "other_line": other.source_line, "times": number(significant(_times(claim.value, other.value), 3)),
            }
            if meet:
                verdict, text = Verdict.CONSISTENT, "C16_meet"
            elif claim.indicator_zh == other.indicator_zh:
                verdict, text = Verdict.DISAGREES_WITHIN, "C16_differ"
            else:
                verdict, text = Verdict.TO_VERIFY, "C16_unlike"  # named differently: they may not mean the same
            yield Finding(claim_id=claim.claim_id, verdict=verdict, text=text, values=values)


def _times(a: float, b: float) -> float:
    """The larger of two numbers over the smaller; NaN where that is zero."""
    return max(a, b) / min(a, b) if min(a, b) > 0 else math.nan
