"""Dates and times as platforms, spreadsheets and people write them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.cleaning.clock import HOUR_24, LOCAL, read_clock, to_local
from commresearch.cleaning.han import HAN, han_digits, han_number
from commresearch.cleaning.parsed import PLAIN, Parsed, Rule, Rules, distinct, is_type, strongest, tidy
from commresearch.sources.raw_table import CellType

EARLIEST = pd.Timestamp("1900-01-01")
LAST_SERIAL = datetime(2100, 1, 1)  # noqa: DTZ001 - local wall time: the last day a serial number may mean where no latest day is given
PIVOT = 2049  #: last year of two-digit years where no latest day is given
LONGEST = 60

_CLOCK = {"": "", " [0-9]{1,2}:[0-9]{2}": " %H:%M", " [0-9]{1,2}:[0-9]{2}:[0-9]{2}": " %H:%M:%S", "T[0-9]{2}:[0-9]{2}:[0-9]{2}": "T%H:%M:%S"}
#: Forms read for a whole column at once: pattern, format, rule.
_COLUMN_FORMS = tuple(
    (f"[12][0-9]{{3}}{a}[0-9]{{1,2}}{b}[0-9]{{1,2}}{c}{clock}", f"%Y{a}%m{b}%d{c}{form}", rule)
    for a, b, c, rule in (("-", "-", "", PLAIN), ("/", "/", "", PLAIN), ("年", "月", "日", str(Rule.DATE_WORDS)))
    for clock, form in _CLOCK.items()
)
_STAMP = r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.0{1,6})?"
#: The usual stamps with an offset from UTC: pattern, what they lack to local time, rule; those of other zones are read one by one.
_STAMPS = (
    (rf"{_STAMP}\+08:00", timedelta(0), str(Rule.OFFSET_DROPPED)),
    (rf"{_STAMP}(?:Z|[-+]00:00)", LOCAL, str(Rule.OFFSET_CONVERTED)),
)
_CLOCKLESS = r"[^:]*"  #: a day alone, but for the day counts of spreadsheets
_LOCAL = len("2025-03-01T08:00:00")
_MONTH_NAMES = (
    "jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?", "aug(?:ust)?", "sept?(?:ember)?", "oct(?:ober)?", "nov(?:ember)?",
    "dec(?:ember)?",
)
_NAME = f"(?P<name>{'|'.join(_MONTH_NAMES)})"
_MONTHS = {name[:3]: i for i, name in enumerate(_MONTH_NAMES, start=1)}
_YEAR, _TWO, _REST = "[12][0-9]{3}", "[0-9]{1,2}", r"(?![0-9])(?P<rest>.*)"
_DAY_END = r"(?![0-9])(?(mark)|\s*[日号]?)(?P<rest>.*)"
_HAN_FIELD = re.compile(rf"[{HAN}]{{1,6}}(?=\s*[年月日号时点分秒])")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    default_year: int | None
    date1904: bool
    earliest: pd.Timestamp
    latest: pd.Timestamp | None
    day_first: bool | None


class _Day(NamedTuple):
    """A day as written, before anybody asked whether the calendar has it."""

    year: int
    month: int
    day: int
    rule: str
    rest: str = ""


def parse_dates(
    texts: pd.Series, *, types: NDArray[np.uint8] | None = None, default_year: int | None = None, date1904: bool = False,
    earliest: pd.Timestamp = EARLIEST, latest: pd.Timestamp | None = None, day_first: bool | None = None, is_utc: bool = False,
) -> Parsed:
    """Dates and times of a column (datetime64[us], local wall time), with the reason of every interpretation and refusal.

    Parameters
    ----------
    texts
        cells as text, "" where empty
    types
        `CellType` per cell; a cell that is a number has lost the last zero of 2025.10
    default_year
        the year of 3月1日; without it such a date is incomplete
    date1904
        whether the workbook counts days from 1904 (older files of Excel for Mac)
    earliest, latest
        first and last day that can be meant; `latest` also settles the century of two-digit years
    day_first
        whether 3/1/2025 is 3 January (True) or 1 March (False); undeclared, such a date is refused unless one part exceeds 12
    is_utc
        whether a time without an offset is UTC, as some platforms write it; a day without a time stays that day

    Returns
    -------
    Parsed

    Notes
    -----
    A month without a day is its first day (`month_only`). 24:00 is 0:00 of the next day. A time with another
    offset from UTC than that of Beijing is put into Beijing time, because respondents and staff share that clock. Five digits, with or without decimals, are a
    spreadsheet's count of days.
    """
    found, codes = distinct(texts)
    settings = _Settings(default_year=default_year, date1904=date1904, earliest=earliest, latest=latest, day_first=day_first)
    value, rule = np.full(len(found), np.datetime64("NaT"), dtype="datetime64[us]"), np.full(len(found), PLAIN, dtype=object)
    _read_column_forms(found, value, rule)
    left = np.isnat(value)
    for i, text in zip(np.flatnonzero(left), found[left].tolist(), strict=True):
        value[i], rule[i] = _read(text, settings)
    if is_utc:
        _put_into_local_time(found, value, rule)
    _refuse_other_centuries(value, rule, settings)
    lost_zero = np.asarray(found.str.fullmatch(_YEAR + r"\.1"), dtype=bool)[codes] & is_type(types, CellType.NUMBER, len(texts))
    value, rule = value[codes], rule[codes]
    value[lost_zero], rule[lost_zero] = np.datetime64("NaT"), str(Rule.UNREADABLE_INCOMPLETE_DATE)
    return Parsed(values=pd.Series(value, index=texts.index, name=texts.name), rule=rule)


def _read_column_forms(found: pd.Index, value: NDArray[np.datetime64], rule: Rules) -> None:
    """Read the usual forms all at once; what no calendar has is left for a reading of its own."""
    left = np.flatnonzero(found != "")
    stamps = tuple((pattern, "%Y-%m-%dT%H:%M:%S", reason) for pattern, _, reason in _STAMPS)
    lacking = {pattern: lack for pattern, lack, _ in _STAMPS}
    for pattern, form, reason in (*_COLUMN_FORMS, *stamps):
        if not len(left):
            return
        fits = np.asarray(found[left].str.fullmatch(pattern), dtype=bool)
        if fits.any():
            here = left[fits]
            texts = found[here].str.slice(stop=_LOCAL) if pattern in lacking else found[here]
            value[here] = pd.to_datetime(texts, format=form, errors="coerce").to_numpy().astype("datetime64[us]") + np.timedelta64(lacking.get(pattern, timedelta(0)))
            rule[here] = np.where(np.isnat(value[here]), PLAIN, reason)
            left = left[~fits]


def _put_into_local_time(found: pd.Index, value: NDArray[np.datetime64], rule: Rules) -> None:
    """Moments that say no offset, and are UTC."""
    is_day = np.asarray(found.str.fullmatch(_CLOCKLESS), dtype=bool) & (value == value.astype("datetime64[D]"))
    shifted = ~np.isnat(value) & ~is_day & ~np.isin(rule, (str(Rule.OFFSET_DROPPED), str(Rule.OFFSET_CONVERTED)))
    value[shifted] += np.timedelta64(LOCAL)
    rule[shifted] = str(Rule.UTC_CONVERTED)


def _refuse_other_centuries(value: NDArray[np.datetime64], rule: Rules, settings: _Settings) -> None:
    outside = value < settings.earliest.to_datetime64()
    if settings.latest is not None:
        outside |= value >= (settings.latest.normalize() + pd.Timedelta(days=1)).to_datetime64()
    value[outside], rule[outside] = np.datetime64("NaT"), str(Rule.UNREADABLE_OUT_OF_CENTURY)


def _read(text: str, settings: _Settings) -> tuple[datetime | None, str]:
    plain, rule = tidy(text)
    if not plain:
        return None, PLAIN
    if len(plain) > LONGEST:
        return None, str(Rule.UNREADABLE_TEXT)
    digits = _HAN_FIELD.sub(_field, plain.replace("元月", "1月"))
    if digits != plain:
        rule = strongest(rule, Rule.HAN_NUMERAL)
    for pattern, reader in _FORMS:
        if match := pattern.fullmatch(digits):
            day = reader(match, settings)
            return (None, day) if isinstance(day, str) else _moment(day, rule)
    return None, str(Rule.UNREADABLE_TEXT)


def _field(match: re.Match[str]) -> str:
    number = han_digits(match[0])
    if number is None:
        number = han_number(match[0])
    return match[0] if number is None else f"{number:02d}"


def _moment(day: _Day, rule: str) -> tuple[datetime | None, str]:
    """The day at its hour, or why there is none."""
    time, reason = read_clock(day.rest)
    if time is None:
        return None, reason
    try:
        moment = datetime(day.year, day.month, day.day) + time + (shift := to_local(day.rest))  # noqa: DTZ001 - local wall time
    except (ValueError, OverflowError):
        return None, str(Rule.UNREADABLE_IMPOSSIBLE_DATE)
    return moment, strongest(rule, day.rule, reason, Rule.HOUR_24 if time == HOUR_24 else PLAIN, Rule.OFFSET_CONVERTED if shift else PLAIN)


def _year_first(match: re.Match[str], settings: _Settings) -> _Day | str:
    year, mark = match["year"], match["mark"]
    if len(year) == 4:
        return _Day(int(year), int(match["month"]), int(match["day"]), _mark_rule(mark), match["rest"])
    year_may_stand_last = mark and len(match["day"]) == 2 and int(year) <= 31
    if year_may_stand_last and settings.day_first is not None:
        return _year_last(year, match["month"], match["day"], match["rest"], settings)
    if year_may_stand_last:
        return str(Rule.UNREADABLE_AMBIGUOUS_ORDER)
    return _Day(_full_year(year, settings), int(match["month"]), int(match["day"]), str(Rule.CENTURY_ASSUMED), match["rest"])


def _mark_rule(mark: str | None) -> str:
    return PLAIN if mark in {"-", "/"} else str(Rule.DATE_DOTS if mark == "." else Rule.DATE_WORDS)


def _year_last(first: str, second: str, year: str, rest: str, settings: _Settings) -> _Day | str:
    """3/1/2025: certain where one part exceeds 12 or both are equal, otherwise as declared."""
    one, two = int(first), int(second)
    day_first = one > 12 or (bool(settings.day_first) and two <= 12)
    if settings.day_first is None and one <= 12 and two <= 12 and one != two:
        return str(Rule.UNREADABLE_AMBIGUOUS_ORDER)
    month, day = (two, one) if day_first else (one, two)
    rule = str(Rule.DAY_FIRST if day_first else Rule.MONTH_FIRST)
    return _Day(_full_year(year, settings), month, day, rule if len(year) == 4 else str(Rule.CENTURY_ASSUMED), rest)


def _full_year(year: str, settings: _Settings) -> int:
    """A two-digit year in this century where that is not after the latest year, else in the last."""
    if len(year) == 4:
        return int(year)
    last = PIVOT if settings.latest is None else settings.latest.year
    return 2000 + int(year) if 2000 + int(year) <= last else 1900 + int(year)


def _month_only(match: re.Match[str], _: _Settings) -> _Day:
    return _Day(int(match["year"]), int(match["month"]), 1, str(Rule.MONTH_ONLY))


def _without_year(match: re.Match[str], settings: _Settings) -> _Day | str:
    if settings.default_year is None:
        return str(Rule.UNREADABLE_INCOMPLETE_DATE)
    month, day = match["month"], match["day"]
    if match["mark"]:
        found = _year_last(month, day, str(settings.default_year), match["rest"], settings)
        return found if isinstance(found, str) else found._replace(rule=str(Rule.YEAR_ASSUMED))
    return _Day(settings.default_year, int(month), int(day), str(Rule.YEAR_ASSUMED), match["rest"])


def _named_month(match: re.Match[str], settings: _Settings) -> _Day:
    month = _MONTHS[match["name"][:3].lower()]
    rule = Rule.MONTH_NAME if len(match["year"]) == 4 else Rule.CENTURY_ASSUMED
    return _Day(_full_year(match["year"], settings), month, int(match["day"]), str(rule), match["rest"])


def _compact(match: re.Match[str], _: _Settings) -> _Day:
    clock = match["clock"]
    rest = f" {clock[:2]}:{clock[2:4]}:{clock[4:6] or '00'}" if clock else match["rest"]
    return _Day(int(match["year"]), int(match["month"]), int(match["day"]), str(Rule.COMPACT), rest)


def _six_digits(match: re.Match[str], settings: _Settings) -> _Day | str:
    """202503 is a month, 250301 a day; 201112 may be both."""
    digits = match["digits"]
    is_month = digits[:2] in {"19", "20"} and 1 <= int(digits[4:]) <= 12
    is_day = 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:]) <= 31
    if is_month and is_day:
        return str(Rule.UNREADABLE_AMBIGUOUS_ORDER)
    if is_month:
        return _Day(int(digits[:4]), int(digits[4:]), 1, str(Rule.MONTH_ONLY))
    return _Day(_full_year(digits[:2], settings), int(digits[2:4]), int(digits[4:]), str(Rule.CENTURY_ASSUMED))


def _serial(match: re.Match[str], settings: _Settings) -> _Day | str:
    """A spreadsheet's count of days; its fraction is the time, kept to the second."""
    start = datetime(1904, 1, 1) if settings.date1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - local wall time
    moment = start + timedelta(days=int(match["days"]), seconds=round(float(match["fraction"] or 0) * 86_400))
    if settings.latest is None and moment >= LAST_SERIAL:
        return str(Rule.UNREADABLE_OUT_OF_CENTURY)
    return _Day(moment.year, moment.month, moment.day, str(Rule.EXCEL_SERIAL), f" {moment:%H:%M:%S}")


def _incomplete(_: re.Match[str], __: _Settings) -> str:
    return str(Rule.UNREADABLE_INCOMPLETE_DATE)


def _year_after(match: re.Match[str], settings: _Settings) -> _Day | str:
    return _year_last(match["first"], match["second"], match["year"], match["rest"], settings)


_Reader = Callable[[re.Match[str], _Settings], _Day | str]
#: Forms of one text, in the order in which they are tried.
_FORMS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), reader)
    for pattern, reader in (
        (
            rf"(?P<year>{_YEAR}|[0-9]{{2}})\s*(?:(?P<mark>[-/.])|年)\s*(?P<month>{_TWO})\s*(?(mark)(?P=mark)|月)\s*(?P<day>{_TWO}){_DAY_END}",
            _year_first,
        ),
        (rf"(?P<first>{_TWO})(?P<mark>[-/.])(?P<second>{_TWO})(?P=mark)(?P<year>{_YEAR}|[0-9]{{2}}){_REST}", _year_after),
        (rf"(?P<year>{_YEAR})(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})(?P<clock>[0-9]{{4}}|[0-9]{{6}})?(?:\.0+)?{_REST}", _compact),
        (rf"(?P<year>{_YEAR})\s*(?:(?P<mark>[-/.])|年)\s*(?P<month>{_TWO})(?(mark)|\s*月份?)", _month_only),
        (rf"(?P<month>{_TWO})(?:(?P<mark>[-/])|\s*月\s*)(?P<day>{_TWO}){_DAY_END}", _without_year),
        (rf"(?P<day>{_TWO})(?:st|nd|rd|th)?[-\s/]*{_NAME}\.?[-\s,/]*(?P<year>{_YEAR}|[0-9]{{2}}){_REST}", _named_month),
        (rf"{_NAME}\.?\s*(?P<day>{_TWO})(?:st|nd|rd|th)?,?\s+(?P<year>{_YEAR}){_REST}", _named_month),
        (rf"{_YEAR}年?|{_TWO}-{_NAME}|{_NAME}-{_TWO}".replace(_NAME, f"(?:{'|'.join(_MONTH_NAMES)})"), _incomplete),
        (r"(?P<digits>[0-9]{6})(?:\.0+)?", _six_digits),
        (r"(?P<days>[0-9]{5})(?P<fraction>\.[0-9]{1,17})?", _serial),
    )
)
