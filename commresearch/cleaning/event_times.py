"""When something was: moments, days, clock times and stretches of time in the words of registers (9:00-11:30, 09:00~次日01:00, 全天)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commresearch.cleaning.clock import read_clock
from commresearch.cleaning.dates import parse_dates
from commresearch.cleaning.event_cells import encoded, noted
from commresearch.cleaning.event_fields import plain_word, value_words
from commresearch.cleaning.event_record import Batch, Record
from commresearch.cleaning.event_rules import EventSettings
from commresearch.cleaning.parsed import PLAIN, Rule, half_width, strongest

DAY = 86_400  #: seconds
MICROSECONDS = 1_000_000
FULL_DAY, HALF_DAY, NEXT_DAY, SAME_HALF, FIRST_DAY = "full_day_hours", "half_day_hours", "next_day_hours", "same_half_of_day", "first_day"
_DAY_ENDS = r"\s*(?:[日号]|(?!\d))"  # behind 日 a clock time may follow at once: 3月8日9:00
_DATE = re.compile(rf"[12]\d{{3}}\s*[-/.年]\s*\d{{1,2}}\s*[-/.月]\s*\d{{1,2}}{_DAY_ENDS}|\d{{1,2}}\s*月\s*\d{{1,2}}{_DAY_ENDS}|[12]\d{{3}}[01]\d[0-3]\d(?=\s)")
_WEEKDAY = re.compile(r"^\s*[,(]?\s*(?:星期|周|礼拜)[一二三四五六日天]\s*\)?\s*")
_DAY_ONLY = re.compile(r"(?:(?:[12]\d{3}\s*[-/.年])?\s*\d{1,2}\s*[-/.月])?\s*\d{1,2}\s*[日号]?")
_BETWEEN = re.compile(r"\s*(?:-{1,2}|~{1,2}|[–—―]{1,2}|至|到)\s*")
_NEXT = re.compile(r"^(?:次日|第二天|翌日|隔日|隔天|转天)\s*")
_SAME = re.compile(r"^(?:当日|当天|同日)\s*")
_HALF = re.compile(r"^(上午|早上|早晨|清晨|凌晨|中午|下午|傍晚|晚上|夜里|夜间|晚)")
_HAS_CLOCK = re.compile(r"[:点时]|\d{8}\s*\d{4}")
_BESIDE = re.compile(r"[,;/]|和|及|与")
_APART = re.compile(r"\s*(?:[,;、/]|和|及|与)\s*|\s+|(?<=[\d点时分半])(?=下午|晚上)")
_HELD = re.compile(rf"{_BETWEEN.pattern}|(次日|第二天|翌日|隔日|隔天|转天|上午|早上|中午|下午|傍晚|晚上|晚)\s+|\s*([:点时])\s*")
_DOTTED = re.compile(r"(?<!\d)(\d{1,2})\.(\d{2})(?!\d)")


class Stretch(NamedTuple):
    """What one text says: a day ("" for none), seconds from its midnight to begin and end (None where it does not say), a rule."""

    day: str
    start: int | None
    end: int | None
    rule: str
    end_day: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Times:
    """A field that says when, row by row.

    day : datetime64[D], NaT where the cell names none
    start, end : seconds from the midnight of that day, NaN where the cell does not say; `end` may exceed a day
    unreadable : rows whose cell says something that was refused
    """

    day: NDArray[np.datetime64]
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    unreadable: NDArray[np.bool_]


def no_times(n: int) -> Times:
    """A field that is not there."""
    return Times(day=np.full(n, "NaT", "datetime64[D]"), start=np.full(n, np.nan), end=np.full(n, np.nan), unreadable=np.zeros(n, bool))


def read_times(batch: Batch, field: str, record: Record, settings: EventSettings) -> Times:
    """A field of moments, days, clock times or stretches of time."""
    if not batch.has(field):
        return no_times(batch.n)
    column = batch.text(field)
    if (fast := _iso_times(column)) is not None:
        return fast
    texts, codes = encoded(column)
    stretches = read_stretches(texts, settings, is_period=field == "period")
    noted(record, field, texts, ["" for _ in texts], [s.rule for s in stretches], codes)
    day, end_day, failed = _days(stretches, batch, codes, settings)
    start = np.array([np.nan if s.start is None else s.start for s in stretches])[codes]
    end = np.array([np.nan if s.end is None else s.end for s in stretches])[codes]
    later = ~np.isnat(end_day) & ~np.isnat(day)
    end[later] += (end_day[later] - day[later]).astype(np.int64) * DAY
    unreadable = np.array([s.rule.startswith("unreadable") for s in stretches], bool)[codes] | failed
    lost = _lost_zero(batch, field, texts, codes)
    day[lost] = np.datetime64("NaT")
    return Times(day=day, start=start, end=end, unreadable=unreadable | lost)


def _lost_zero(batch: Batch, field: str, texts: Sequence[str], codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Cells that a spreadsheet holds as the number 2025.1, which may have been October."""
    numbers = batch.number_cells.get(field)
    if numbers is None:
        return np.zeros(batch.n, bool)
    return np.array([re.fullmatch(r"[12]\d{3}\.1", text) is not None for text in texts], bool)[codes] & numbers


def _iso_times(column: Any) -> Times | None:
    """Moments that all read 2025-03-01 09:05:00, blanks between them; None where one does not."""
    whole = pc.if_else(pc.equal(column, ""), None, column)
    sample = whole.drop_null().slice(0, 1).to_pylist()
    if sample and not re.match(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}", sample[0]):
        return None
    if pc.any(pc.not_equal(pc.utf8_length(whole), 19)).as_py():
        return None
    try:
        moments = whole.cast(pa.timestamp("s"))
    except pa.ArrowInvalid:
        return None
    seconds = moments.cast(pa.int64())
    missing = np.asarray(seconds.is_null())
    values = np.asarray(seconds.fill_null(0)).astype(np.int64)
    days = (values // DAY).astype("datetime64[D]")
    days[missing] = np.datetime64("NaT")
    start = (values % DAY).astype(np.float64)
    start[missing] = np.nan
    return Times(day=days, start=start, end=np.full(len(values), np.nan), unreadable=np.zeros(len(values), bool))


def _days(
    stretches: Sequence[Stretch], batch: Batch, codes: NDArray[np.int64], settings: EventSettings,
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64], NDArray[np.bool_]]:
    """Days of the cells and days on which stretches end; and cells whose day no calendar has or whose year nobody says."""
    day, end_day = np.full((2, batch.n), "NaT", "datetime64[D]")
    failed = np.zeros(batch.n, bool)
    years = np.array([settings.year if settings.year is not None else part.year or 0 for part in batch.parts])
    for year in np.unique(years[batch.owners]) if batch.n else []:
        rows = years[batch.owners] == year
        for target, names in ((day, [s.day for s in stretches]), (end_day, [s.end_day for s in stretches])):
            parsed = parse_dates(pd.Series(names, dtype="str"), day_first=settings.day_first, default_year=int(year) or None)
            found = parsed.values.to_numpy().astype("datetime64[D]")
            target[rows] = found[codes[rows]]
            failed[rows] |= parsed.unreadable[codes[rows]]
    return day, end_day, failed


def read_stretches(texts: Sequence[str], settings: EventSettings, *, is_period: bool = False) -> list[Stretch]:
    """Distinct texts as stretches of time; in a column of those (`is_period`) 9-11 are hours and no day."""
    hours, blank = settings.hours(), value_words("blank")
    plain = ["" if plain_word(text) in blank else half_width(text).strip() for text in texts]
    parsed = parse_dates(pd.Series(plain, dtype="str"), day_first=settings.day_first, default_year=2000)
    rows = zip(plain, parsed.values, parsed.rule, strict=True)
    return [_stretch(text, moment, str(rule), hours, is_period=is_period) for text, moment, rule in rows]


def several_stretches(texts: Sequence[str], settings: EventSettings) -> list[list[str]]:
    """For each text the stretches of time that it names one after the other (8:30-12:00，13:30-17:30), each with the day of the first; none where it is one, or unclear.

    1:30 behind 8:30-12:00 may be meant for the afternoon; such a text is left as it is, and refused by those who read it.
    """
    whole = read_stretches(texts, settings, is_period=True)
    return [_apart(text, settings) if stretch.rule.startswith("unreadable") else [] for text, stretch in zip(texts, whole, strict=True)]


def _apart(text: str, settings: EventSettings) -> list[str]:
    plain = half_width(text).strip()
    match = _DATE.match(plain)
    day = match[0] if match else ""
    rest = _WEEKDAY.sub("", plain[match.end() :] if match else plain).lstrip(" T,")
    closed = _HELD.sub(lambda m: m[1] or m[2] or "-", rest)
    pieces = [f"{day} {piece}".strip() for piece in _APART.split(closed) if piece]
    found = read_stretches(pieces, settings, is_period=True)
    if len(pieces) < 2 or any(s.start is None or s.end is None or s.rule.startswith("unreadable") or s.end <= s.start for s in found):
        return []
    return pieces if all(a.end <= b.start for a, b in pairwise(found) if a.end is not None and b.start is not None) else []


def _stretch(text: str, moment: Any, rule: str, hours: Mapping[str, tuple[int, int]], *, is_period: bool) -> Stretch:
    if not text:
        return Stretch("", None, None, PLAIN)
    match = _DATE.match(text)
    day = match[0] if match else ""
    rest = _WEEKDAY.sub("", text[match.end() :] if match else text).lstrip(" T,")
    if not rest:
        return Stretch(day, None, None, PLAIN if re.match(r"[12]\d{3}", day) else str(Rule.YEAR_ASSUMED))
    if (named := _named_hours(rest, hours)) is not None:
        return Stretch(day, *named)
    if not day and not pd.isna(moment) and not (is_period and rule == Rule.YEAR_ASSUMED):
        # a form of its own: 20250301 0900, 3/1/2025 9:00, a spreadsheet's count of days
        has_clock = bool(_HAS_CLOCK.search(text)) or (rule == Rule.EXCEL_SERIAL and "." in text)
        return Stretch(text, moment.hour * 3600 + moment.minute * 60 + moment.second if has_clock else None, None, rule)
    found = _between(day, rest, hours, is_period=is_period)
    return found._replace(rule=str(Rule.YEAR_ASSUMED)) if found.rule == PLAIN and day and not re.match(r"[12]\d{3}", day) else found


def _named_hours(text: str, hours: Mapping[str, tuple[int, int]]) -> tuple[int, int, str] | None:
    plain = _BESIDE.sub("、", re.sub(r"[\s()]", "", text))
    if plain not in hours:
        return None
    start, end = hours[plain]
    return start, end, FULL_DAY if "天" in plain or plain == "全日" else HALF_DAY


def _between(day: str, rest: str, hours: Mapping[str, tuple[int, int]], *, is_period: bool) -> Stretch:
    """Clock times behind a day: one, or two with a sign between."""
    left, *right = _BETWEEN.split(rest, maxsplit=1)
    if day and right and not left and _DAY_ONLY.fullmatch(right[0]):
        return Stretch(day, None, None, FIRST_DAY)
    if not right:
        seconds, rule = _clock(left)
        shift = DAY if _NEXT.match(left) else 0
        return Stretch(day, None, None, rule) if seconds is None else Stretch(day, seconds + shift, None, rule)
    until = _SAME.sub("", right[0])
    shift = DAY if _NEXT.match(until) else 0
    until = _NEXT.sub("", until)
    end_match = _DATE.match(until)
    end_day = end_match[0] if end_match else ""
    until = _WEEKDAY.sub("", until[end_match.end() :] if end_match else until).lstrip(" T,")
    if left in hours and until in hours:
        return Stretch(day, hours[left][0], hours[until][1] + shift, HALF_DAY, end_day)
    is_bare = re.fullmatch(r"\d{1,2}", left.strip()) is not None
    if is_bare and is_period and re.fullmatch(r"\d{1,2}", until.strip()):
        until = f"{until.strip()}点"
    if is_bare and re.search(r"[点时]", until):
        left = f"{left.strip()}点"
    start, rule = _clock(left)
    if start is None:
        return Stretch(day, None, None, rule)
    end, end_rule = _end_clock(left, until, start)
    if end is None:
        return Stretch(day, None, None, end_rule)
    return Stretch(day, start, end + shift, NEXT_DAY if shift else strongest_of(rule, end_rule), end_day)


def strongest_of(first: str, second: str) -> str:
    """The rule that says most; a rule of this module before those of clock times."""
    if SAME_HALF in {first, second}:
        return SAME_HALF
    return strongest(first, second)


def _end_clock(left: str, until: str, start: int) -> tuple[int | None, str]:
    """The clock time at which a stretch ends: in the same half of the day as its beginning where only that one is named."""
    half = _HALF.match(left.strip())
    if half and not _HALF.match(until):
        end, _ = _clock(half[1] + until)
        if end is not None and end > start:
            return end, SAME_HALF
    return _clock(until)


def _clock(text: str) -> tuple[int | None, str]:
    """Seconds since midnight of 9:00, 9.00, 0900, 9点半, 下午2点; None and the refusal where it is none."""
    plain = _DOTTED.sub(r"\1:\2", _NEXT.sub("", _SAME.sub("", text.strip())))
    plain = re.sub(r"^晚(?=\d)", "晚上", plain)
    if re.fullmatch(r"\d{3,4}", plain):
        plain = f"{plain[:-2]}:{plain[-2:]}"
    if not plain or not re.search(r"\d", plain):
        return None, str(Rule.UNREADABLE_TEXT)
    time, rule = read_clock(plain)
    if time is None:
        return None, rule
    return int(time.total_seconds()), PLAIN if rule == str(Rule.DATE_WORDS) else rule


def moments(day: NDArray[np.datetime64], seconds: NDArray[np.float64]) -> Any:
    """Days and seconds as one column of moments (timestamp[us]); missing where either is."""
    known = ~np.isnat(day) & ~np.isnan(seconds)
    values = np.zeros(len(day), np.int64)
    values[known] = day[known].astype(np.int64) * DAY * MICROSECONDS + np.round(seconds[known] * MICROSECONDS).astype(np.int64)
    return pa.array(values.astype("datetime64[us]"), pa.timestamp("us"), mask=~known)
