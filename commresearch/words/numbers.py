"""Numbers and periods in words."""

import math
import re

from commresearch.terms import Language, UnitClass
from commresearch.words.catalogue import has, say

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
STRICTLY_MORE = frozenset({"超", "超过", "逾", "突破"})
WHOLE = 10  #: bounds above this are shown without decimals
NAMED_UNITS = frozenset({UnitClass.PERSON_TIMES, UnitClass.MONEY, UnitClass.AREA, UnitClass.LENGTH})


def number(value: float) -> str:
    """A plain number with thousands separators and no needless decimals: 12,000; 31.8; 0.32."""
    if not math.isfinite(value):
        return "—"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}".rstrip("0").rstrip(".")


def claim_value(value: float, qualifier: str, unit: str, unit_class: str, printed: str, language: Language, *, change: bool = False) -> str:
    """A published number as a reader sees it: as printed in Chinese, in plain words in English (a rise with its sign)."""
    if language is Language.ZH:
        return printed
    if unit_class == UnitClass.RANK and value == 1:
        return say("labels.rank_first", language)
    sign = "−" if value < 0 else "+" if change and value > 0 else ""
    amount = sign + number(abs(value)) + ("%" if unit == "%" else "")
    for word in reversed(qualifier.split("…") if qualifier else []):
        amount = say(f"labels.qualifier_{word}", language, amount=amount)
    return f"{amount}{_english_unit(unit, unit_class)}"


def claim_range(low: float, high: float, qualifier: str, unit: str = "") -> str:
    """What a qualifier allows: 3,500,000–3,599,999; > 93,000; 25%–35%; empty where the number is printed without one.

    Ends are shown as whole numbers where they are above ten: a bound of rounded wording carries no decimals.
    """
    if not qualifier:
        return ""
    mark = "%" if unit == "%" else ""
    if math.isnan(high) or math.isinf(high):
        return f"{'>' if qualifier in STRICTLY_MORE else '≥'} {number(low)}{mark}"
    return "–".join(number(float(round(end)) if end > WHOLE else end) + mark for end in (low, high))


def _english_unit(unit: str, unit_class: str) -> str:
    """Unit after a number: yuan, m², person-times; counted things carry none, their row names them."""
    if unit == "%":
        return ""  # stands within the qualifier: 30% or more
    key = f"labels.unit_{unit}" if has(f"labels.unit_{unit}") else f"labels.class_{unit_class}"
    named = key.startswith("labels.unit_") or unit_class in NAMED_UNITS
    return " " + say(key, Language.EN) if unit and named else ""


def period(start: str, end: str, words: str, words_en: str, language: Language) -> str:
    """A period of time: in the source's own words where it has them, else by its dates, else an empty string."""
    if words:
        return words if language is Language.ZH else words_en  # the source's own words claim no more than it says
    if start or end:
        dates = [_date(d, language) if d else "" for d in (start, end)]
        if dates[0] == dates[1] or not all(dates):
            only = dates[0] or dates[1]
            return only if start and end else say("labels.since" if start else "labels.until", language, date=only)
        return _span(start, end, dates, language)
    return ""


def _span(start: str, end: str, dates: list[str], language: Language) -> str:
    if start[:4] == end[:4] and start[5:] == "01" and end[5:] == "12":
        return _date(start[:4], language)
    return say("labels.span", language, start=dates[0], end=dates[1])


def _date(iso: str, language: Language) -> str:
    year, *rest = re.split("-", iso)
    if language is Language.EN:
        named = [MONTHS[int(part) - 1] if i == 0 else str(int(part)) for i, part in enumerate(rest)]
        return " ".join([*reversed(named), year])
    months = "".join(f"{int(part)}{mark}" for part, mark in zip(rest, "月日", strict=False))
    return f"{year}年{months}"
