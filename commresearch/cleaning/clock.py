"""The time of day beside a date."""

import re
from datetime import timedelta

from commresearch.cleaning.parsed import PLAIN, Rule, strongest

HOUR_24 = timedelta(days=1)
LOCAL = timedelta(hours=8)  #: Beijing time is ahead of UTC by these, all year round
FARTHEST = timedelta(hours=14)  #: no clock is farther from UTC
_MORNING = {"上午", "早上", "早晨", "清晨", "凌晨", "am"}
_AFTERNOON = {"下午", "傍晚", "pm"}
_NOON, _EVENING = {"中午"}, {"晚上", "夜里", "夜间"}
_HALF = "|".join(sorted(_MORNING | _AFTERNOON | _NOON | _EVENING, key=len, reverse=True))
_CLOCK = re.compile(
    r"(?:[\s,]*\(?(?:星期|周|礼拜)[一二三四五六日天]\)?)?"
    rf"(?:[\s,T]*(?P<before>{_HALF})?\s*(?P<hour>[0-9]{{1,2}})"
    r"(?:\s*:\s*(?P<minute>[0-9]{2})(?:\s*:\s*(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"|\s*(?P<words>[点时])\s*(?:(?P<half>半)|整|(?P<minutes>[0-9]{1,2})\s*分?\s*(?:(?P<seconds>[0-9]{1,2})\s*秒?)?)?钟?)"
    r"\s*(?P<after>am|pm|a\.m\.|p\.m\.)?\s*(?P<offset>Z|(?:UTC|GMT)?[-+][0-9]{2}:?[0-9]{2})?)?\s*",
    re.IGNORECASE,
)


def read_clock(text: str) -> tuple[timedelta | None, str]:
    """Time since midnight and the rule that gave it; None and the refusal where there is none. No time at all is midnight.

    24:00 is a whole day. 12 o'clock is noon after 中午 and 下午, midnight after 上午 and 凌晨 (as spreadsheets write it); 晚上12点
    may be the start or the end of a day and is refused.
    """
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None, str(Rule.UNREADABLE_TEXT)
    if match["hour"] is None:
        return timedelta(0), str(Rule.DATE_WORDS if text.strip() else PLAIN)
    part = (match["before"] or match["after"] or "").lower().replace(".", "")
    hour = _hour(int(match["hour"]), part)
    if isinstance(hour, str):
        return None, hour
    minute = int(match["minute"] or match["minutes"] or (30 if match["half"] else 0))
    second = int(match["second"] or match["seconds"] or 0)
    micro = int((match["fraction"] or "").ljust(6, "0")[:6])
    time = timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micro)
    if minute > 59 or second > 59 or time > HOUR_24:
        return None, str(Rule.UNREADABLE_IMPOSSIBLE_DATE)
    return time, strongest(
        Rule.DATE_WORDS if match["words"] else PLAIN, Rule.TWELVE_HOURS if part else PLAIN, Rule.OFFSET_DROPPED if match["offset"] else PLAIN
    )


def to_local(text: str) -> timedelta:
    """What a clock time that ends with an offset from UTC lacks to Beijing time; without an offset it lacks nothing.

    14:00-16:00 is a stretch of a day, not a place sixteen hours west of UTC: an offset after a minus stands beside seconds.
    """
    match = _CLOCK.fullmatch(text)
    offset = (match["offset"] or "") if match else ""
    digits = re.sub(r"[^-+0-9]", "", offset)
    if not match or not offset or (offset.startswith("-") and match["second"] is None):
        return timedelta(0)
    hours, minutes = (int(digits[1:3]), int(digits[3:])) if digits else (0, 0)
    ahead = timedelta(hours=hours, minutes=minutes) * (-1 if digits.startswith("-") else 1)
    return LOCAL - ahead if abs(ahead) <= FARTHEST else timedelta(0)


def _hour(hour: int, part: str) -> int | str:
    """Hour of 24, or the refusal."""
    if not part or (part in _AFTERNOON | _EVENING and 12 < hour <= 24):
        return hour
    if hour > 12 or (part in _NOON and 3 < hour < 10):
        return str(Rule.UNREADABLE_IMPOSSIBLE_DATE)
    if part in _EVENING and hour in {0, 12}:
        return str(Rule.UNREADABLE_AMBIGUOUS_HOUR)
    if part in _MORNING:
        return hour % 12
    if part in _NOON:
        return hour if hour >= 10 else hour + 12
    return hour % 12 + 12
