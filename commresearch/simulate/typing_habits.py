"""How people type numbers and dates into a free field, and how they leave an answer out."""

from collections.abc import Callable, Mapping
from datetime import date

from commresearch.simulate.questionnaire import Item

FULL_WIDTH = {i: i + 0xFEE0 for i in range(0x21, 0x7F)}
DIGITS = "零一二三四五六七八九"
DATE_DIGITS = "〇一二三四五六七八九"
REFUSALS = ("不愿透露", "拒答", "保密")
UNREADABLE_NUMBERS = ("看情况", "不一定", "？？", "说不准")
UNREADABLE_DATES = ("去年吧", "好几年前", "？？", "刚搬来")
RANGE_SIGNS = ("-", "~", "至", "—", "～")
EXCEL_EPOCH = date(1899, 12, 30)
RANGE_STEP = ((20_000, 10_000), (20, 5), (0, 1))  #: a range reaches this far to both sides from this value on
MOST_SPELLED = 10**8


def plain_number(value: float) -> str:
    """A number as a platform shows it: no exponent, no useless decimals."""
    return str(int(value)) if value == int(value) else repr(round(value, 6))


def spelled(number: int) -> str:
    """A whole number below 10⁸ in Chinese numerals."""
    if number >= 10_000:
        high, low = divmod(number, 10_000)
        return spelled(high) + "万" + (("零" if low < 1000 else "") + _below_10000(low) if low else "")
    text = _below_10000(number) if number else DIGITS[0]
    return text.removeprefix("一") if 10 <= number < 20 else text


def _below_10000(number: int) -> str:
    text, gap = "", False
    for unit, size in (("千", 1000), ("百", 100), ("十", 10), ("", 1)):
        digit, number = divmod(number, size)
        if digit:
            text += ("零" if gap and text else "") + DIGITS[digit] + unit
        gap = not digit
    return text


def _range(value: float, item: Item, variant: int) -> str | None:
    step = next(step for least, step in RANGE_STEP if value >= least)
    low, high = value - step, value + step
    if item.low is None or low < item.low:
        return None
    return plain_number(low) + RANGE_SIGNS[variant % len(RANGE_SIGNS)] + plain_number(high)


NumberForm = Callable[[float, Item, int], str | None]
#: Ways to type a number; None where a way does not fit the number.
NUMBER_FORMS: Mapping[str, NumberForm] = {
    "full_width": lambda value, _item, _variant: plain_number(value).translate(FULL_WIDTH),
    "wan": lambda value, _item, _variant: plain_number(value / 10_000) + "万" if value >= 10_000 and value % 100 == 0 else None,
    "chinese_numeral": lambda value, _item, _variant: spelled(int(value)) if value == int(value) and value < MOST_SPELLED else None,
    "unit": lambda value, item, _variant: plain_number(value) + item.unit if item.unit else None,
    "thousands": lambda value, _item, _variant: f"{value:,.0f}" if value >= 1000 and value == int(value) else None,
    "about": lambda value, _item, variant: ("约", "大约")[variant % 2] + plain_number(value),
    "number_range": _range,
    "refused": lambda _value, _item, variant: REFUSALS[variant % len(REFUSALS)],
    "unreadable": lambda _value, _item, variant: UNREADABLE_NUMBERS[variant % len(UNREADABLE_NUMBERS)],
}

FULL_DATES: tuple[Callable[[date], str], ...] = (
    lambda day: f"{day.year}年{day.month}月{day.day}日",
    lambda day: f"{day.year}/{day.month}/{day.day}",
    lambda day: f"{day.year}.{day.month}.{day.day}",
    lambda day: f"{day:%Y%m%d}",
    lambda day: f"{day:%Y年%m月%d日}".translate(FULL_WIDTH),
    lambda day: str((day - EXCEL_EPOCH).days),
    lambda day: f"{''.join(DATE_DIGITS[int(d)] for d in str(day.year))}年{spelled(day.month)}月{spelled(day.day)}日",
)
DateForm = Callable[[date, int], str]
#: Ways to type a date.
DATE_FORMS: Mapping[str, DateForm] = {
    "date_form": lambda day, variant: FULL_DATES[variant % len(FULL_DATES)](day),
    "month_only": lambda day, _variant: f"{day.year}年{day.month}月",
    "no_year": lambda day, _variant: f"{day.month}月{day.day}日",
    "refused": lambda _day, variant: REFUSALS[variant % len(REFUSALS)],
    "unreadable": lambda _day, variant: UNREADABLE_DATES[variant % len(UNREADABLE_DATES)],
}
