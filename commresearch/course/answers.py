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
STRICT = frozenset({"人", "人次"})  #: units for which 个 does not stand
MEASURES = frozenset({"%", "百分点", "‰", "倍"})  #: units that count nothing
#: Words that tell a direction; they are no sign, because 下降12% may be meant as 12 and as −12.
DIRECTION = re.compile("下降|上升|减少|增加|降低|提高|提升|增长|回落|少了|多了|降了|涨了|升了")
PER = re.compile(r"/[^0-9]+$")  #: 件/千户: what an amount is relative to goes with the question
NOUGHT = "百分之零〇点"  #: all that a nought may be written with
DECIMAL = re.compile(rf"(-|负)?((?:百分之)?[{HAN}]+点[{HAN}]+?)(个?百分点|[^0-9{HAN}点][^0-9]*)?")


class Unread(StrEnum):
    """Why an answer is no number."""

    BLANK = "blank"
    UNREADABLE = "unreadable"
    RANGE = "range"
    BOUND = "bound"
    DIRECTION = "direction"


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
        One number with or without a unit: 12.5%, １２, 三成, 负三, 1.2万人次, 十二点五个百分点, 约30.
    """
    plain = tidy(text)[0].removesuffix("。").rstrip()
    if not plain:
        return Unread.BLANK
    if DIRECTION.search(plain):
        return Unread.DIRECTION
    plain = PER.sub("", plain) or plain
    if (spelled := DECIMAL.fullmatch(plain)) is not None:
        return _decimal(*spelled.groups(default=""))
    quantity = read_quantity(plain, ANY)
    if math.isfinite(quantity.value):
        return Answer(value=quantity.value, unit=quantity.unit)
    return {Rule.UNREADABLE_RANGE: Unread.RANGE, Rule.UNREADABLE_BOUND: Unread.BOUND}.get(Rule(quantity.rule), Unread.UNREADABLE)


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
    if given in {"", wanted}:
        return True
    return wanted == declared_unit(COUNT).name and given not in MEASURES


def wanted_unit(unit: str) -> str:
    """The name of the unit asked for, as `read_answer` names units; 件 for 件/千户."""
    return unit_name(PER.sub("", half_width(unit_label(unit)))) or unit


def known_units() -> dict[str, str]:
    """Every spelling of a unit, with its name, for the script of the page."""
    return dict(unit_names())
