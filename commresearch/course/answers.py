"""Answers as learners type them: full width, 汉字, 万, percent signs, points, persons and visits, each with the unit that was written.

The reading is that of cleaned columns (`cleaning.numbers`), which refuses what could be read in two ways; 汉字 with a decimal point are read as
published texts are. The script of the page reads in the same way.
"""

import math
import re
from dataclasses import dataclass
from enum import StrEnum

from commresearch.cases.numerals import read_number
from commresearch.cleaning.han import HAN
from commresearch.cleaning.numbers import read_quantity
from commresearch.cleaning.parsed import Rule, half_width, tidy
from commresearch.cleaning.units import declared_unit, unit_name, unit_names
from commresearch.terms import Language
from commresearch.words import has, say

ANY = declared_unit("")
COUNT = "count"
#: Other words for a unit: for cases, and for hours of a room.
ALIKE = {"件": frozenset({"起", "宗", "单", "条"}), "小时": frozenset({"室时"})}
MEASURES = frozenset({"%", "百分点", "‰", "倍"})  #: units that count nothing
#: Words that tell a direction; they are no sign, because 下降12% may be meant as 12 and as −12.
#: A bare 降 or 多 tells one before a number only, and not in 至少, 最多 and 差不多.
DIRECTION = re.compile(
    "下降|上升|减少|增加|降低|提高|提升|增长|回落|少了|多了|降了|涨了|升了"
    rf"|(?:^|[^至最不0-9{HAN}])[降升减增少多涨跌]\s*约?\s*[-+]?[.0-9{HAN}]"
)
MINUS = re.compile(rf"^[-‐‑‒–—―]{{1,2}}\s*(?=[.0-9{HAN}])")  #: what keyboards of phones offer for a minus sign
_EACH = r"每\s*(?:10+|10?,000|[一1]?[十百千万])\s*(?:[户人名位](?:居民|人口)?|个?居民|个?家庭|常住人口)"
#: 件/千户, 每千户12件, 12件每千户: what an amount is relative to goes with the question.
PER = re.compile(rf"/[^0-9]+$|^{_EACH}\s*,?\s*[有是]?\s*(?=[-+约.0-9{HAN}])|\s*,?\s*{_EACH}$")
POINT = re.compile(rf"[0-9{HAN}]\s*个点$")
_NO_THING = f"[次每比率点倍半多余几不未以至到少减增升降时天日月周{HAN}]"  #: tells another measure (人时, 人的次数) or changes the number
_THING = rf"(?:(?!{_NO_THING})[\u4e00-\u9fff]){{0,8}}"
#: An amount with a unit that columns of data do not have, or with a word for what is counted: 6单, 86个室时, 4名青年.
COUNTED = re.compile(rf"(.*[0-9{HAN}])\s*(?:个?(室时|人次)|(人次|[名位个户件起宗单条份场次项张间处例人]){_THING})")
NOUGHT = "百分之零〇点"  #: all that a nought may be written with
DECIMAL = re.compile(rf"(-|负)?((?:百分之)?[{HAN}]+点[{HAN}]+?)(个?百分点|[^0-9{HAN}点][^0-9]*)?")


class Unread(StrEnum):
    """Why an answer is no number."""

    BLANK = "blank"
    UNREADABLE = "unreadable"
    RANGE = "range"
    BOUND = "bound"
    DIRECTION = "direction"
    POINT = "point"  # 18个点


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A number, and the name of the unit beside it ("" for a bare number)."""

    value: float
    unit: str


def read_answer(text: str) -> Answer | Unread:
    """The number in an answer, or why there is none.

    Parameters
    ----------
    text
        One number with or without a unit: 12.5%, １２, 三成, 负三, 1.2万人次, 十二点五个百分点, 约30, 6件投诉, 每千户12件.
    """
    plain = tidy(text)[0].removesuffix("。").rstrip()
    if not plain:
        return Unread.BLANK
    if DIRECTION.search(plain):
        return Unread.DIRECTION
    plain = MINUS.sub("-", plain)
    plain = PER.sub("", plain) or plain
    if POINT.search(plain):
        return Unread.POINT
    answer = _amount(plain)
    return _counted(plain) if answer is Unread.UNREADABLE else answer


def _amount(plain: str) -> Answer | Unread:
    """A number with or without a unit that is known to columns of data."""
    if (spelled := DECIMAL.fullmatch(plain)) is not None:
        return _decimal(*spelled.groups(default=""))
    quantity = read_quantity(plain, ANY)
    if math.isfinite(quantity.value):
        return Answer(value=quantity.value, unit=quantity.unit)
    return {Rule.UNREADABLE_RANGE: Unread.RANGE, Rule.UNREADABLE_BOUND: Unread.BOUND}.get(Rule(quantity.rule), Unread.UNREADABLE)


def _counted(plain: str) -> Answer | Unread:
    """A number with what was counted after its unit, or with a unit of the course's own."""
    parts = COUNTED.fullmatch(plain)
    answer = _amount(parts[1]) if parts else Unread.UNREADABLE
    if parts is None or isinstance(answer, Unread):
        return answer
    if answer.unit:
        return Unread.UNREADABLE
    unit = parts[2] or parts[3]
    return Answer(value=answer.value, unit=unit_name(unit) or unit)


def _decimal(sign: str, numeral: str, unit: str) -> Answer | Unread:
    """A numeral with a decimal point in 汉字 (三十五点七), which cells of tables do not have."""
    number = read_number(numeral)
    name = unit_name(unit)
    if number is None or (number.start, number.end) != (0, len(numeral)) or number.qualifier or (unit and not name):
        return Unread.UNREADABLE
    if (number.unit and unit) or (not number.value and numeral.strip(NOUGHT)):  # a numeral that begins with 零 and goes wrong is read as nought
        return Unread.UNREADABLE
    return Answer(value=-number.value if sign else number.value, unit=number.unit or name)


def unit_label(unit: str) -> str:
    """A unit as a learner reads it: %, 个百分点, 人次; a unit that is written in Chinese is its own label."""
    return say(f"course.unit_{unit}", Language.ZH) if has(f"course.unit_{unit}") else unit


def is_unit(unit: str) -> bool:
    """Whether a question may ask for this unit: one with a label, or a Chinese unit of measure or of things counted."""
    return has(f"course.unit_{unit}") or bool(unit_name(PER.sub("", unit)))


def fits_unit(given: str, unit: str) -> bool:
    """Whether the unit that stood beside an answer ("" for none) agrees with the one asked for."""
    wanted = wanted_unit(unit)
    if given in {"", wanted} | ALIKE.get(wanted, frozenset()):
        return True
    return wanted == declared_unit(COUNT).name and given not in MEASURES


def wanted_unit(unit: str) -> str:
    """The name of the unit asked for, as `read_answer` names units; 件 for 件/千户."""
    return unit_name(PER.sub("", half_width(unit_label(unit)))) or unit


def known_units() -> dict[str, str]:
    """Every spelling of a unit, with its name, for the script of the page."""
    return dict(unit_names())
