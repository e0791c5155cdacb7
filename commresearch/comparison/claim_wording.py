"""Checks of what a number says by its words and what they leave open: C08, C09, C18, C19, C20, C21, C22."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from commresearch.cases.claim import BACKGROUND, FULL, NOT_DONE, Claim, Meaning, counts_work, is_series, missing_elements, stock_gap
from commresearch.comparison.finding import Finding, Gap, Words, spoken_period, worded
from commresearch.terms import Family, Kind, Language, UnitClass, Verdict
from commresearch.words import has, number, period

CHANGES_IN = frozenset({UnitClass.PERCENT, UnitClass.PERCENTAGE_POINTS})
RAMP_MONTHS = 24  #: a new room or service is still filling up for about two years
BELOW = frozenset({"近", "接近", "不足", "不到"})
ABOVE = frozenset({"余", "多", "来", "几", "超", "超过", "逾", "突破", "以上", "及以上", "不少于", "不低于", "至少"})
AROUND = frozenset({"约", "大约", "左右", "上下"})
SURFACE = re.compile("面积|规模|场地|空间|中心|用房|阵地")
WHOLE = frozenset({
    UnitClass.PERSON, UnitClass.PERSON_TIMES, UnitClass.HOUSEHOLD, UnitClass.ORGANISATION, UnitClass.PLACE, UnitClass.EVENT,
})
MEASURES = frozenset({UnitClass.AREA, UnitClass.LENGTH})


def missing_base(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C08: are base, period and denominator printed where the kind of claim needs them?"""
    for claim in claims:
        if not claim.needs_elements:
            continue
        if missing := missing_elements(claim):
            words = Words(tuple(_element(claim, m) for m in missing))
            gaps = tuple(_gap(claim, m) for m in missing)
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C08_missing", values={"missing": words}, gaps=gaps)
        else:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C08_complete")


def _element(claim: Claim, element: str) -> str | Mapping[Language, str]:
    """A missing element; of a period that has words but no date, with these words. A state has a date, not a period."""
    if element != "period":
        return f"checks.element_{element}"
    key = "element_date" if _is_state(claim) else "element_period"
    return worded(f"{key}_words", {"words": spoken_period(claim)}) if claim.period_words else f"checks.{key}"


def _is_state(claim: Claim) -> bool:
    """Whether a number is of a date: a share, or persons and households that are there at one time."""
    return claim.is_share or (claim.kind == Kind.REACH and claim.cumulative == "no" and claim.unit_class in {UnitClass.PERSON, UnitClass.HOUSEHOLD})


def _gap(claim: Claim, element: str) -> Gap:
    if element == "base":
        return Gap.BASE
    if element == "denominator":
        return denominator_gap(claim)
    if stock_gap(claim) == "open":
        return Gap.KIND
    return Gap.DATE if _is_state(claim) else Gap.SPAN


def denominator_gap(claim: Claim) -> Gap:
    """What is asked where a share lacks its denominator: of a survey, how many answered and how they were drawn."""
    return Gap.ANSWERS if claim.family == Family.SATISFACTION else Gap.DENOMINATOR


def percent_or_points(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C09: a change printed in % of something that is itself a share may mean percent or points; is there room for it below 100 %?"""
    for claim in claims:
        if claim.is_change and claim.unit_class in CHANGES_IN:
            yield _rate_change(claim)


def _rate_change(claim: Claim) -> Finding:
    values: dict[str, object] = {"value": number(abs(claim.value))}
    points = claim.unit_class == UnitClass.PERCENTAGE_POINTS
    if not points and "率" not in claim.indicator_zh:
        return Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C09_clear", values=values)
    if not math.isnan(claim.baseline):
        return _from_known_rate(claim, points=points)
    if points:
        return Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C09_points", values=values)
    if claim.value > 0:
        values |= {"relative": number(round(FULL / (1 + claim.value / FULL), 1)), "points": number(FULL - claim.value)}
        return Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C09_rise", values=values, gaps=(Gap.BASE,))
    return Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C09_fall", values=values, gaps=(Gap.BASE,))


def _from_known_rate(claim: Claim, *, points: bool) -> Finding:
    """A change of a rate that is printed for the time before: which readings leave the rate between 0 and 100 %?"""
    least = min(claim.change_bounds(), key=abs)  # what the printed digits allow at least
    (in_points, relative), mildest = ((claim.baseline + by, claim.baseline * (1 + by / FULL)) for by in (claim.value, least))
    can_points, can_relative = (0 <= after <= FULL for after in mildest)
    shown_after = number(round(in_points if points else relative, 1)).replace("-", "−")
    values: dict[str, object] = {"value": number(abs(claim.value)), "before": number(claim.baseline), "after": shown_after}
    if not (can_points if points else can_relative):
        return Finding(claim_id=claim.claim_id, verdict=Verdict.DISAGREES_WITHIN, text="C09_no_room", values=values)
    if points:
        return Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C09_room", values=values)
    values |= {"after_points": number(round(in_points, 1)).replace("-", "−")}
    if not can_points:
        return Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C09_relative", values=values)
    return Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C09_known", values=values)


def capacity(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C18: does a number tell what was done, or what could be done or is expected?"""
    for claim in claims:
        if claim.kind not in BACKGROUND and claim.meaning in NOT_DONE:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text=f"C18_{claim.meaning}")


def stock_or_flow(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C19: is a count of things done a running total, a figure per period, or a state at a date?"""
    for claim in claims:
        if not counts_work(claim):
            continue
        gap = stock_gap(claim)
        if gap == "no_start" and claim.period_words:
            values = {"words": spoken_period(claim)}
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C19_no_date", values=values, gaps=(Gap.SPAN,))
        elif gap:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text=f"C19_{gap}", gaps=(Gap.KIND if gap == "open" else Gap.SPAN,))
        else:
            series = is_series(claim) and not claim.period_start
            text = ("C19_series" if series else "C19_total") if claim.cumulative == "yes" else "C19_period"
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text=text)


def avoided_cost(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C20: money not spent is a difference to what would have been spent, and rooms given free of rent have a price too."""
    for claim in claims:
        if Meaning.SAVED in claim.meanings and claim.unit_class in {UnitClass.MONEY, UnitClass.PERCENT}:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C20_saved")


def new_asset(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C21: use of a room or service that has just opened rises whatever is done; how long had it been open?"""
    for claim in claims:
        if not claim.in_use_since or claim.kind not in {Kind.OUTCOME, Kind.REACH}:
            continue
        since = {language: period(claim.in_use_since, "", "", "", language) for language in Language}
        values = {"since": since, "months": RAMP_MONTHS}
        end = claim.period_end or claim.period_start
        if end and _months(claim.in_use_since, end) >= RAMP_MONTHS:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C21_settled", values=values)
        else:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.TO_VERIFY, text="C21_new", values=values)


def _months(start: str, end: str) -> int:
    """Whole months between two dates; a date without its month counts from January at the start and to December at the end."""
    (year, month), (last_year, last_month) = _month_of(start, 1), _month_of(end, 12)
    return (last_year - year) * 12 + last_month - month


def _month_of(day: str, default: int) -> tuple[int, int]:
    parts = [int(part) for part in day.split("-")]
    return parts[0], parts[1] if len(parts) > 1 else default


def unit_sanity(claims: Sequence[Claim]) -> Iterator[Finding]:
    """C22: do the words around a number exclude each other, does its unit fit its thing, is it possible at all?"""
    for claim in claims:
        words = set(claim.qualifier.split("…"))
        values: dict[str, object] = {"printed": claim.printed, "unit": _unit(claim), "value": number(claim.value)}
        texts = [text for text, wrong in (
            ("C22_opposed", bool(words & BELOW and words & ABOVE)),
            ("C22_loose", bool(words & AROUND and words & (ABOVE | BELOW))),
            ("C22_length", claim.unit_class == UnitClass.LENGTH and (claim.family == Family.SPACE_USE or bool(SURFACE.search(claim.indicator_zh)))),
            ("C22_not_area", claim.unit_class not in {*MEASURES, UnitClass.PERCENT, UnitClass.PERCENTAGE_POINTS, UnitClass.MULTIPLE} and claim.indicator_zh.endswith("面积")),
            ("C22_share", claim.is_share and claim.unit_class == UnitClass.PERCENT and claim.value_low > FULL),
            ("C22_fall", claim.is_change and claim.unit_class == UnitClass.PERCENT and claim.value < -FULL),
            ("C22_fraction", claim.unit_class in WHOLE and not claim.is_change and "均" not in claim.indicator_zh and not float(claim.value).is_integer()),
        ) if wrong]
        for text in texts:
            verdict = Verdict.DISAGREES_WITHIN if text == "C22_opposed" else Verdict.TO_VERIFY
            yield Finding(claim_id=claim.claim_id, verdict=verdict, text=text, values=values)
        if not texts and claim.unit_class in MEASURES:
            yield Finding(claim_id=claim.claim_id, verdict=Verdict.CONSISTENT, text="C22_fits", values=values)


def _unit(claim: Claim) -> str | Words:
    key = f"labels.unit_{claim.unit}"
    return Words((key,)) if has(key) else claim.unit
