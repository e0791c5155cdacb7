"""Durations as platforms, spreadsheets and people write them, in seconds."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from commresearch.cleaning.han import HAN, han_number
from commresearch.cleaning.numbers import float_series
from commresearch.cleaning.parsed import PLAIN, Parsed, Rule, distinct, strongest, tidy

SECONDS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
LONGEST = 40
_PLAIN_SECONDS = r"(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,17})?秒?"
_AMOUNT = rf"[0-9]{{1,12}}(?:\.[0-9]{{1,17}})?|半|[{HAN}]{{1,12}}"
_WORDS = re.compile(
    rf"(?:(?P<day>{_AMOUNT})\s*(?:天|日|d|days?)\s*)?"
    rf"(?:(?P<hour>{_AMOUNT})\s*个?(?P<half_hour>半)?(?:小时|钟头|时|h|hrs?|hours?)\s*(?P<and_half>半)?\s*)?"
    rf"(?:(?P<minute>{_AMOUNT})\s*(?:分钟?|mins?|m|minutes?|′|')\s*(?P<and_half_minute>半)?钟?\s*)?"
    rf"(?:(?P<second>{_AMOUNT})\s*(?:秒钟?|secs?|s|seconds?|″|\"|''))?",
    re.IGNORECASE,
)
_COLONS = re.compile(r"(?:(?P<hour>[0-9]{1,4}):(?=[0-9]{1,2}:))?(?P<minute>[0-9]{1,4}):(?P<second>[0-9]{2}(?:\.[0-9]{1,9})?)")
_EXCEL_TIME = re.compile(r"(?:1899-12-3[01]|1900-01-0[01]|1904-01-01)[ T](?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)")
_ABOUT = re.compile(r"(?P<before>大约|大概|差不多|约)?\s*(?P<core>.+?)\s*(?P<after>左右|上下)?")
_RANGE = re.compile(rf"(?:{_AMOUNT})\s*[^0-9]{{0,3}}\s*(?:[-~–—]|至|到)\s*(?:{_AMOUNT})\s*[^0-9]{{1,3}}")


def parse_durations(texts: pd.Series) -> Parsed:
    """Seconds of a column of durations (Float64), with the reason of every interpretation and refusal.

    Parameters
    ----------
    texts
        cells as text, "" where empty: 135, 135秒, 2分15秒, 1小时2分, 2.5分钟, 半小时, 00:02:15, 2:15

    Returns
    -------
    Parsed

    Notes
    -----
    A bare number is seconds, as platforms write it. Two parts with a colon are minutes and seconds, three are hours, minutes and
    seconds. Below a larger part, minutes and seconds stay under 60: 1小时75分 is refused.
    """
    found, codes = distinct(texts)
    plain = np.asarray(found.str.fullmatch(_PLAIN_SECONDS), dtype=bool)
    value, rule = np.full(len(found), np.nan), np.full(len(found), PLAIN, dtype=object)
    value[plain] = found[plain].str.rstrip("秒").to_numpy(dtype=object).astype(np.float64)
    for i, text in zip(np.flatnonzero(~plain), found[~plain].tolist(), strict=True):
        value[i], rule[i] = _read(text)
    return Parsed(values=float_series(value[codes], texts), rule=rule[codes])


def _read(text: str) -> tuple[float, str]:
    plain, rule = tidy(text)
    if not plain:
        return np.nan, PLAIN
    if len(plain) > LONGEST:
        return np.nan, str(Rule.UNREADABLE_TEXT)
    if re.fullmatch(_PLAIN_SECONDS, plain):
        return float(plain.rstrip("秒")), rule
    match = _ABOUT.fullmatch(plain)
    core = match["core"] if match else plain
    seconds, reason = _exact(core)
    if seconds is None:
        return np.nan, str(Rule.UNREADABLE_RANGE if _RANGE.fullmatch(core) else Rule.UNREADABLE_TEXT)
    return seconds, strongest(rule, reason, PLAIN if core == plain else Rule.APPROXIMATE)


def _exact(text: str) -> tuple[float | None, str]:
    if re.fullmatch(_PLAIN_SECONDS, text):
        return float(text.rstrip("秒")), PLAIN
    excel = _EXCEL_TIME.fullmatch(text)
    if clock := _COLONS.fullmatch(excel["clock"] if excel else text):
        return _total(clock.groupdict()), str(Rule.EXCEL_TIME if excel else Rule.COLON_FORM)
    match = _WORDS.fullmatch(text)
    return (_worded(match) if match else None), str(Rule.TIME_WORDS)


def _worded(match: re.Match[str]) -> float | None:
    total = _total({part: match[part] for part in SECONDS})
    if total is None:
        return None
    halves = [("half_hour", "hour", 1_800), ("and_half", "hour", 1_800), ("and_half_minute", "minute", 30)]
    present = [(part, extra) for group, part, extra in halves if match[group]]
    smaller = {"hour": ("minute", "second"), "minute": ("second",)}
    if len(present) > 1 or any(match[later] or match[part] == "半" for part, _ in present for later in smaller[part]):
        return None  # 1小时半20分
    return total + sum(extra for _, extra in present)


def _total(parts: Mapping[str, str | None]) -> float | None:
    """Seconds of the parts that are there; None where there is none, one is no number, or one exceeds what its larger neighbour holds."""
    total, larger = 0.0, None
    for part, text in parts.items():
        if text is None:
            continue
        number = _number(text)
        most = {"hour": 24, "minute": 60, "second": 60}.get(part, np.inf)
        if number is None or (larger is not None and (number >= most or larger != int(larger))):
            return None
        total, larger = total + number * SECONDS[part], number
    return None if larger is None else total


def _number(text: str) -> float | None:
    if text == "半":
        return 0.5
    number = han_number(text) if text[0] in HAN else float(text)
    return None if number is None else float(number)
