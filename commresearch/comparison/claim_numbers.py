"""Checks of what whole numbers can stand behind a percentage, and how sure these are: C03, C04, C12."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
from scipy.special import betaincinv

from commresearch.cases.claim import FULL, Claim
from commresearch.comparison.claim_checks import SLACK, whole_numbers
from commresearch.comparison.finding import Finding, Gap, Words, signed_percent, worded
from commresearch.terms import Family, Kind, Language, UnitClass, Verdict
from commresearch.words import number

COUNTED = frozenset({
    UnitClass.PERSON, UnitClass.PERSON_TIMES, UnitClass.HOUSEHOLD, UnitClass.ORGANISATION, UnitClass.PLACE, UnitClass.ITEM, UnitClass.EVENT,
})
BY_CHANCE = frozenset({UnitClass.PERSON, UnitClass.HOUSEHOLD, UnitClass.EVENT})  #: counts that vary from one period to the next
COUNT_WORDS = re.compile("[人户件次项起宗个家场]数|人次|数量|投诉量|工单量|诉求量|种类")  #: told from the name where `counted` is blank
CHANCE_WORDS = re.compile("[人户件起宗]数|投诉量|工单量|诉求量")
SHOWN_PAIRS = 3
PLAUSIBLE = (100, 1000)  #: earlier counts shown beside the smallest
SURVEYED = (30, 100, 400)  #: numbers of answers shown where that of a survey is not printed
MOST_BASES = 200_000  #: a change with more decimals than this allows is no count's
TAIL = 0.025


def whole_pairs(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C03: which whole numbers before and after give a printed change, and up to which earlier number some do not?"""
    for claim in claims:
        if not _counted_change(claim):
            continue
        able = _able_bases(claim)
        if able is None:
            continue
        if not math.isnan(claim.baseline):
            yield _against_baseline(claim)
            continue
        smallest = list(islice(change_pairs(claim), SHOWN_PAIRS))
        values = {
            "value": _signed(claim), "pairs": Words(tuple(worded("pair", {"before": number(b), "after": number(a)}) for b, a in smallest)),
        }
        unable = np.flatnonzero(~able)
        text = "C03_pairs" if len(unable) else "C03_any"
        values |= {"last": number(float(unable[-1] + 1)) if len(unable) else ""}
        yield Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text=text, values=values)


def _counted_change(claim: Claim) -> bool:
    if not claim.is_change or claim.unit_class != UnitClass.PERCENT:
        return False
    return claim.counted in COUNTED if claim.counted else bool(COUNT_WORDS.search(claim.indicator_zh)) and "率" not in claim.indicator_zh


def _signed(claim: Claim) -> str:
    return f"{'−' if claim.value < 0 else '+'}{number(abs(claim.value))}%"


def _able_bases(claim: Claim) -> np.ndarray | None:
    """Whether each earlier number 1, 2, … can give the change (n,); from its end on all can. None where nothing bounds the change."""
    low, high = claim.change_bounds()
    if not math.isfinite(high) or high <= low or FULL / (high - low) > MOST_BASES or high < -FULL:  # nothing falls by more than all of it
        return None
    bases = np.arange(1, math.ceil(FULL / (high - low)) + 1)
    first = np.ceil(np.maximum(bases * (1 + low / FULL), 0) - SLACK)
    return np.asarray(first <= np.floor(bases * (1 + high / FULL) + SLACK))


def _next_able(able: np.ndarray, base: int) -> int:
    """The first earlier number from `base` on that can give the change: one that cannot has no interval to speak of."""
    there = np.flatnonzero(able[base - 1 :])
    return base + int(there[0]) if len(there) else max(base, len(able) + 1)


def change_pairs(claim: Claim) -> Iterator[tuple[int, int]]:
    """Earlier and later whole number that give a printed change, smallest first; the later one nearest to it.

    There are none where nothing bounds the change. From the last one that is given on every earlier number has a later one.
    """
    able = _able_bases(claim)
    for base in () if able is None else np.flatnonzero(able) + 1:
        yield int(base), _after(claim, int(base))


def _after(claim: Claim, base: int) -> int:
    low, high = claim.change_bounds()
    first, last = whole_numbers(FULL + low, FULL + high, base)
    return max(min(max(round(base * (1 + claim.value / FULL)), first), last), 0)


def _against_baseline(claim: Claim) -> Finding:
    low, high = claim.change_bounds()
    first, last = whole_numbers(FULL + low, FULL + high, claim.baseline)
    values = {"value": _signed(claim), "base": number(claim.baseline), "first": number(first), "last": number(last)}
    verdict, text = (Verdict.CONSISTENT, "C03_base") if first <= last else (Verdict.TO_VERIFY, "C03_base_none")
    return Finding(claim_id=claim.claim_id, verdict=verdict, text=text, values=values)


def attainable_share(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C04: can a share with its printed decimals be a share of whole things, and of how many at least?

    Nothing is asked of shares with a qualifier, nor of a base so large that every printed share can be had (100 · 10^d for d decimals).
    """
    vague = {(c.case_id, c.value) for c in claims if c.qualifier}
    for claim in claims:
        if not claim.is_share or claim.unit_class != UnitClass.PERCENT or claim.qualifier or not 0 < claim.value < FULL:
            continue
        if math.isnan(claim.denominator):
            if claim.counted in COUNTED:
                yield _smallest_bases(claim)
        elif claim.denominator < _all_had(claim) and claim.denominator.is_integer() and (claim.case_id, claim.denominator) not in vague:
            yield _of_small_base(claim)


def _all_had(claim: Claim) -> float:
    """The base from which on every share with the printed decimals can be had."""
    return FULL / (2 * claim.half_unit)


def _smallest_bases(claim: Claim) -> Finding:
    bases = np.arange(1, round(_all_had(claim)) + 1)
    low, high = claim.share_bounds()
    able = np.ceil(low / FULL * bases - SLACK) <= np.floor(high / FULL * bases + SLACK)
    found = [(round(claim.value / FULL * b), int(b)) for b in bases[able][:SHOWN_PAIRS]]
    values = {
        "share": number(claim.value), "least": number(found[0][1]),
        "pairs": Words(tuple(worded("part", {"part": number(part), "base": number(base)}) for part, base in found)),
    }
    return Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C04_least", values=values)


def _of_small_base(claim: Claim) -> Finding:
    low, high = claim.value - claim.half_unit, claim.value + 2 * claim.half_unit  # rounded, or cut off
    first, last = whole_numbers(low, high, claim.denominator)
    below = math.floor(claim.value / FULL * claim.denominator)
    near = Words(tuple(
        worded("attained", {"part": number(part), "base": number(claim.denominator), "share": f"{FULL * part / claim.denominator:.2f}"})
        for part in (below, below + 1)
    ))
    values = {"share": number(claim.value), "base": number(claim.denominator), "part": number(first), "near": near}
    verdict, text = (Verdict.CONSISTENT, "C04_had") if first <= last else (Verdict.TO_VERIFY, "C04_not_had")
    return Finding(claim_id=claim.claim_id, verdict=verdict, text=text, values=values)


def sampling_interval(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C12: how far could chance alone move a printed change or share, for the counts that are printed or the smallest that fit?"""
    for claim in claims:
        if _counted_change(claim) and _by_chance(claim):
            yield from _interval_of_change(claim)
        elif claim.is_share and claim.unit_class == UnitClass.PERCENT and claim.kind in {Kind.OUTCOME, Kind.REACH}:
            yield from _interval_of_share(claim)


def _by_chance(claim: Claim) -> bool:
    return claim.counted in BY_CHANCE if claim.counted else bool(CHANCE_WORDS.search(claim.indicator_zh))


def _interval_of_change(claim: Claim) -> Iterator[Finding]:
    able = _able_bases(claim)
    if able is None:
        return
    if math.isnan(claim.baseline):
        least = _next_able(able, 1)
        bases = sorted({least, *(_next_able(able, b) for b in PLAUSIBLE if b > least)})
    else:
        bases = [max(round(claim.baseline), 1)]
    found = [(base, _after(claim, base), *ratio_interval(base, _after(claim, base))) for base in bases]
    _, _, low, high = found[0]
    values = {"ladder": Words(tuple(_rung(*rung) for rung in found))}
    printed = "known" if not math.isnan(claim.baseline) else "least"
    if low <= 0 <= high:
        gaps = (Gap.BASE,) if printed == "least" else ()
        yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text=f"C12_{printed}_open", values=values, gaps=gaps)
    else:
        yield Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text=f"C12_{printed}", values=values)


def _rung(before: float, after: float, low: float, high: float) -> Mapping[Language, str]:
    return worded("change_between", {"before": number(before), "after": number(after), "low": signed_percent(low), "high": signed_percent(high)})


def _interval_of_share(claim: Claim) -> Iterator[Finding]:
    if not math.isnan(claim.denominator):
        first, last = whole_numbers(*claim.share_bounds(), claim.denominator)
        if first > last:  # no count gives the share, which C02 asks about
            return
        part = min(max(round(claim.value / FULL * claim.denominator), first), last)
        low, high = share_interval(part, claim.denominator)
        values = {"part": number(part), "base": number(claim.denominator), "low": f"{low:.1f}", "high": f"{high:.1f}"}
        yield Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C12_share", values=values)
    elif claim.family == Family.SATISFACTION:
        ladder = []
        for answers in SURVEYED:
            low, high = share_interval(round(claim.value / FULL * answers), answers)
            ladder.append(worded("share_between", {"n": number(answers), "low": f"{low:.1f}", "high": f"{high:.1f}"}))
        yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C12_survey", values={"ladder": Words(tuple(ladder))}, gaps=(Gap.ANSWERS,))


def ratio_interval(before: float, after: float, tail: float = TAIL) -> tuple[float, float]:
    """Exact 95 % interval of the percent change between two Poisson counts, before > 0.

    Given their sum, the later count is binomial with chance p = ratio / (1 + ratio); the Clopper-Pearson ends of p give those of the
    ratio (Przyborowski and Wilenski 1940).
    """
    low, high = (end / (1 - end) if end < 1 else math.inf for end in _binomial(after, before + after, tail))
    return FULL * (low - 1), FULL * (high - 1)


def share_interval(part: float, base: float, tail: float = TAIL) -> tuple[float, float]:
    """Clopper-Pearson 95 % interval of a share, in percent."""
    low, high = _binomial(part, base, tail)
    return FULL * low, FULL * high


def _binomial(part: float, base: float, tail: float) -> tuple[float, float]:
    low = float(betaincinv(part, base - part + 1, tail)) if part > 0 else 0.0
    high = float(betaincinv(part + 1, base - part, 1 - tail)) if part < base else 1.0
    return low, high
