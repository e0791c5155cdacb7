"""Numbers as people type them: full width, 万, 汉字 numerals, units, percent signs, ranges and estimates."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.cases.numerals import SCALES
from commresearch.cleaning.han import HAN, han_number, han_span
from commresearch.cleaning.parsed import PLAIN, Parsed, Rule, Rules, distinct, is_type, strongest, tidy
from commresearch.cleaning.units import GENERIC, PERCENT, SHARE, TENTHS, DeclaredUnit, declared_unit, judge_unit, unit_name
from commresearch.sources.raw_table import CellType

MOST_DIGITS = 15  #: digits that a spreadsheet keeps
LONGEST = 60  #: characters that a number with its words may take
_PLAIN_NUMBER = rf"-?(?:0|[1-9][0-9]{{0,{MOST_DIGITS - 1}}})(?:\.[0-9]{{1,17}})?"
_SCALE = r"(?:万亿|[十百千]?[万亿]|十|百(?!分)|千(?![米克瓦])|[wWkK](?![A-Za-z]))"
_VALUES = {scale: Decimal(value) for scale, value in SCALES.items()} | {"w": Decimal(10_000), "k": Decimal(1_000)}
_DIGITS = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_TOKEN = re.compile(
    r"(?P<currency>¥?)\s*(?P<sign>[-+负]?)\s*"
    rf"(?:(?P<share>百分之)?(?:(?P<parts>(?:(?:{_DIGITS})\s*{_SCALE})+[0-9]*)|(?P<digits>{_DIGITS})(?P<exponent>[eE][-+]?[0-9]{{1,3}})?|(?P<han>[{HAN}]{{1,20}})))"
    r"\s*(?P<unit>m2|km2|[^0-9\s][^0-9]{0,15})?"
)
_PART = re.compile(rf"({_DIGITS})\s*({_SCALE})")
_RANGE = re.compile(r"(?P<low>.+?)\s*(?:-{1,2}|~{1,2}|[–—―]{1,2}|至|到)\s*(?P<high>.+)")
_ABOUT = "大约|大概|大致|差不多|将近|接近|约|近|[~≈]"
_ABOVE = "不少于|不低于|超过|超|大于|多于|高于|至少|最少|起码|突破|逾|≥|>=|>"
_BELOW = "不超过|不多于|不高于|不到|不足|少于|小于|低于|至多|最多|≤|<=|<"
_HAN_UNIT = re.compile(rf"(?P<han>[{HAN}]{{2,10}})(?P<unit>[^0-9]{{0,15}})")
_LONG = re.compile(rf"(?<![.0-9])[0-9]{{{MOST_DIGITS + 1},}}")
_STOP = re.compile(r"(?<=[0-9%人元岁次])[。.]$")
_IDEOGRAPHIC_POINT = re.compile(r"(?<=[0-9])。(?=[0-9])")
_WORDED = re.compile(
    rf"(?P<about>{_ABOUT})?\s*(?:(?P<above>{_ABOVE})|(?P<below>{_BELOW}))?\s*(?P<core>.+?)\s*"
    r"(?P<around>左右|上下)?(?:(?P<over>及?以上|\+)|(?P<under>及?以下|以内|之内))?"
)
_VAGUE = re.compile(rf"(?=.*[余多来几数上])[0-9.{HAN}余多来几数上好]+(?P<unit>[^0-9]{{0,4}}?)[余多]?")
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE_LIKE = re.compile(
    rf"[12][0-9]{{3}}[-/.年][0-9]{{1,2}}(?:[-/.月].*)?|[0-9]{{1,2}}月[0-9]{{1,2}}[日号]?|[0-9]{{1,2}}-(?:{_MONTHS})|(?:{_MONTHS})-[0-9]{{1,2}}",
    re.IGNORECASE,
)


class Quantity(NamedTuple):
    """One text, read: NaN and a refusal, or a value and the rule that gave it. `unit` is the name of the unit in the cell."""

    value: float
    low: float
    high: float
    rule: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Amount:
    """A number with what stands beside it; `scale` is its scale word, 1 where it has none or several."""

    value: Decimal
    rule: str
    scale: Decimal = Decimal(1)
    unit: str = ""
    many: bool = False


def parse_numbers(
    texts: pd.Series, *, unit: str = "", types: NDArray[np.uint8] | None = None, ranges: Literal["refuse", "midpoint"] = "refuse"
) -> Parsed:
    """Numbers of a column (Float64), with the reason of every interpretation and refusal.

    Parameters
    ----------
    texts
        cells as text, "" where empty
    unit
        the codebook's unit. A bare number is in this unit; a number with a unit or a scale of its own is converted where the two
        differ by a scale only (3.5万 in a column of 万元 is 3.5) and refused where they contradict. `percent` reads 50% as 50,
        `share` as 0.5.
    types
        `CellType` per cell; a date where a number belongs is an answer that a spreadsheet has changed, and is refused
    ranges
        what becomes of 3-5: by default no value; "midpoint" takes 4

    Returns
    -------
    Parsed
        with `low` and `high`: the ends of a range (3-5, 三四十), one end of a bound (50以上), the value itself otherwise

    Notes
    -----
    Three things depend on the column and not on the cell alone. Where some cells carry a percent sign, a bare number that the
    sign may have been lost from (not above 1 for percent, above 1 for a share) is refused, because a spreadsheet stores 50% as
    0.5. Where no unit is declared and the cells carry several, all of them are refused. Sixteen and more digits are refused:
    a spreadsheet keeps fifteen.
    """
    found, codes = distinct(texts)
    declared = declared_unit(unit)
    plain = np.asarray(found.str.fullmatch(_PLAIN_NUMBER), dtype=bool)
    ends = np.full((3, len(found)), np.nan)  # value, low, high
    ends[:, plain] = found[plain].to_numpy(dtype=object).astype(np.float64) + 0.0  # no negative zero
    rule, units = np.full(len(found), PLAIN, dtype=object), np.full(len(found), "", dtype=object)
    for i, text in zip(np.flatnonzero(~plain), found[~plain].tolist(), strict=True):
        *ends[:, i], rule[i], units[i] = read_quantity(text, declared)
    if ranges == "midpoint":
        _take_midpoints(ends, rule)
    _refuse_mixtures(ends, rule, units, declared)
    ends, rule = ends[:, codes], rule[codes]
    dates = is_type(types, CellType.DATE, len(texts)) & (found[codes] != "")
    ends[:, dates], rule[dates] = np.nan, str(Rule.UNREADABLE_DATE_CELL)
    return Parsed(values=float_series(ends[0], texts), rule=rule, low=ends[1], high=ends[2])


def float_series(values: NDArray[np.float64], texts: pd.Series) -> pd.Series:
    """Values as a Float64 column beside its texts, NA where NaN."""
    return pd.Series(pd.arrays.FloatingArray(values, np.isnan(values)), index=texts.index, name=texts.name)


def read_quantity(text: str, declared: DeclaredUnit) -> Quantity:
    """The number in one text; text without any is blank."""
    plain, rule = tidy(text)
    if not plain:
        return _refused(PLAIN)
    if _STOP.search(plain):
        plain, rule = _STOP.sub("", plain), strongest(rule, Rule.TRIMMED)
    if _IDEOGRAPHIC_POINT.search(plain):
        plain, rule = _IDEOGRAPHIC_POINT.sub(".", plain), strongest(rule, Rule.FULL_WIDTH)
    if len(plain) > LONGEST:
        return _refused(_reason(plain))
    quantity = _exact(plain, declared) or _worded(plain, declared) or _refused(_reason(plain))
    return quantity._replace(rule=strongest(rule, quantity.rule))


def _refused(rule: str) -> Quantity:
    return Quantity(np.nan, np.nan, np.nan, str(rule))


def _exact(text: str, declared: DeclaredUnit) -> Quantity | None:
    """One number or one range; None where the text is neither."""
    amount = _amount(text)
    quantity = None if amount is None else _quantity(amount, declared)
    if quantity is None or quantity.rule == Rule.UNREADABLE_TEXT:  # what follows the number is no unit: 三到五人
        return _range(text, declared)
    return quantity


def _amount(text: str) -> _Amount | None:
    match = _TOKEN.fullmatch(text)
    if match is None or (match["share"] and match["unit"]):
        return None
    unit = PERCENT if match["share"] else match["unit"] or ("元" if match["currency"] else "")
    if match["parts"]:
        amount = _scaled(match["parts"])
    elif match["han"]:
        amount = _spelled(match["han"])
    else:
        amount = _written(match["digits"], match["exponent"] or "")
    if amount is None:
        return None
    many = amount.many or _LONG.search(text.replace(",", "")) is not None
    negative = match["sign"] in {"-", "负"}
    rule = strongest(amount.rule, Rule.HAN_NUMERAL) if match["sign"] == "负" else amount.rule
    return replace(amount, value=-amount.value if negative else amount.value, rule=rule, unit=unit, many=many)


def _written(digits: str, exponent: str) -> _Amount:
    value = Decimal(digits.replace(",", "") + exponent)
    rules = [
        rule
        for rule, applies in (
            (Rule.TRIMMED, digits.endswith(".")),
            (Rule.LEADING_ZEROS, digits[0] == "0" and digits[1:2].isdigit()),
            (Rule.THOUSANDS, "," in digits),
            (Rule.SCIENTIFIC, exponent),
        )
        if applies
    ]
    return _Amount(value=value, rule=strongest(PLAIN, *rules), many=bool(exponent) and abs(value) >= Decimal(10) ** MOST_DIGITS)


def _scaled(text: str) -> _Amount | None:
    """3.5万, 3万5千, 1万2000; None where scales do not fall, or a digit's place is left out (3万5)."""
    parts = [(Decimal(digits.replace(",", "")), _scale(scale)) for digits, scale in _PART.findall(text)]
    rest = _PART.sub("", text)
    if rest:
        if len(rest) != parts[-1][1].adjusted():
            return None
        parts.append((Decimal(rest), Decimal(1)))
    for (number, scale), (later, smaller) in pairwise(parts):
        if later * smaller >= scale or number != number.to_integral_value():
            return None
    scale = parts[0][1] if len(parts) == 1 else Decimal(1)
    return _Amount(value=sum((n * s for n, s in parts), Decimal(0)), rule=str(Rule.SCALE_WORD), scale=scale)


def _scale(word: str) -> Decimal:
    scale = Decimal(1)
    for character in word.lower():
        scale *= _VALUES[character]
    return scale


def _spelled(han: str) -> _Amount | None:
    value = han_number(han)
    if value is None:
        return None
    scale = _VALUES[han[-1]] if han[-1] in "百千万亿" and len(han) > 1 else Decimal(1)
    return _Amount(value=Decimal(value), rule=str(Rule.HAN_NUMERAL), scale=scale)


def _quantity(amount: _Amount, declared: DeclaredUnit) -> Quantity:
    if amount.many:
        return _refused(Rule.UNREADABLE_TOO_MANY_DIGITS)
    refusal = judge_unit(amount.unit, declared)
    if refusal:
        return _refused(refusal)
    value, rule, name = amount.value, amount.rule, unit_name(amount.unit)
    if name == PERCENT:
        percent = value * 10 if amount.unit == TENTHS else value
        value, rule = percent / 100 if declared.name == SHARE else percent, strongest(rule, Rule.PERCENT_SIGN)
    elif amount.unit:
        rule = strongest(rule, Rule.UNIT_STRIPPED)
    if declared.scale != 1 and (amount.unit or amount.scale != 1):
        if not amount.unit and value < declared.scale:  # 三百 in a column of 万元
            return _refused(Rule.UNREADABLE_UNIT)
        value, rule = value / declared.scale, strongest(rule, Rule.UNIT_CONVERTED)
    number = float(value)
    return Quantity(number, number, number, rule, name)


def _range(text: str, declared: DeclaredUnit) -> Quantity | None:
    ends = _ends(text)
    if ends is None:
        return None
    low, high = ends
    if not low.unit and high.unit:
        low = replace(low, unit=high.unit)
    if low.scale == 1 != high.scale and low.value < high.value / high.scale:  # 5-10万
        low = replace(low, value=low.value * high.scale, scale=high.scale)
    first, last = _quantity(low, declared), _quantity(high, declared)
    refusals = [q.rule for q in (first, last) if np.isnan(q.value)]
    if refusals:
        return None if Rule.UNREADABLE_TEXT in refusals else _refused(refusals[0])
    if first.value > last.value:
        return None
    return Quantity(np.nan, first.value, last.value, str(Rule.UNREADABLE_RANGE), last.unit)


def _ends(text: str) -> tuple[_Amount, _Amount] | None:
    spelled = _HAN_UNIT.fullmatch(text)
    if spelled and (span := han_span(spelled["han"])):
        first, last = (_Amount(value=Decimal(n), rule=str(Rule.HAN_NUMERAL), unit=spelled["unit"]) for n in span)
        return first, last
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    low, high = _amount(match["low"]), _amount(match["high"])
    return None if low is None or high is None else (low, high)


def _worded(text: str, declared: DeclaredUnit) -> Quantity | None:
    """A number with words around it: an estimate keeps its value, a bound has none."""
    match = _WORDED.fullmatch(text)
    if match is None or match["core"] == text:
        return None
    quantity = _exact(match["core"], declared)
    if quantity is None or np.isnan(quantity.value):
        return quantity
    above, below = match["above"] or match["over"], match["below"] or match["under"]
    if above and below:
        return None
    if above:
        return quantity._replace(value=np.nan, high=np.inf, rule=str(Rule.UNREADABLE_BOUND))
    if below:
        return quantity._replace(value=np.nan, low=-np.inf, rule=str(Rule.UNREADABLE_BOUND))
    return quantity._replace(rule=strongest(quantity.rule, Rule.APPROXIMATE))


def _reason(text: str) -> str:
    """Why a text is no number."""
    if _LONG.fullmatch(text):
        return str(Rule.UNREADABLE_TOO_MANY_DIGITS)
    if _DATE_LIKE.fullmatch(text):
        return str(Rule.UNREADABLE_DATE_CELL)
    return str(Rule.UNREADABLE_BOUND if len(text) <= LONGEST and _VAGUE.fullmatch(text) else Rule.UNREADABLE_TEXT)


def _take_midpoints(ends: NDArray[np.float64], rule: Rules) -> None:
    closed = (rule == Rule.UNREADABLE_RANGE) & np.isfinite(ends[1:]).all(axis=0)
    ends[0, closed] = ends[1:, closed].mean(axis=0)
    rule[closed] = str(Rule.RANGE_MIDPOINT)


def _refuse_mixtures(ends: NDArray[np.float64], rule: Rules, units: NDArray[np.object_], declared: DeclaredUnit) -> None:
    """Refuse numbers that only the rest of the column makes doubtful: a percent sign lost, units of several kinds."""
    if declared.takes_percent and (units == PERCENT).any():
        size = np.abs(ends[0])
        lost = (units == "") & ((size > 1) if declared.name == SHARE else (size > 0) & (size <= 1))
        ends[:, lost], rule[lost] = np.nan, str(Rule.UNREADABLE_AMBIGUOUS_PERCENT)
    named = (units != "") & (units != GENERIC)
    if not declared.name and len(set(units[named])) > 1:
        ends[:, named], rule[named] = np.nan, str(Rule.UNREADABLE_UNIT)
