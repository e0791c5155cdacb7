"""National IDs: check digit, birth date, area; age, sex and area of their holders. Birth dates that stand by themselves.

A number is read after full-width digits are made half-width and spaces and dashes are dropped. IDs of 15 digits (issued until
1999) are read as the 18 digits that replaced them. Numbers that begin with 81, 82 or 83 are residence permits of Hong Kong,
Macao and Taiwan residents; those that begin with 9 are permanent residence cards of foreigners (9, province, nationality).

References
----------
GB 11643-1999, 公民身份号码; the check character is ISO 7064 MOD 11-2.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.cleaning.dates import parse_dates
from commresearch.cleaning.parsed import Parsed, Rule
from commresearch.cleaning.places import province_codes
from commresearch.cleaning.text_spans import plain_text

WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CHECK_CHARACTERS = "10X98765432"  #: by the weighted sum modulo 11
FIRST_YEAR, LAST_YEAR = 1880, 2099  #: years of birth that a number may hold; 1880 is that of the oldest example in the standard
#: the codes of old numbers leave the century out; holders born before 1920 would be older than anybody alive
FIRST_YEAR_OF_OLD_NUMBERS = 1920
MALE, FEMALE = "1", "2"  #: codes of GB/T 2261.1
#: why a text is no national ID, in the order in which it is looked at
REASONS = ("", "blank", "length", "characters", "province", "birth_date", "check_digit", "born_later")
_VALID, _BLANK, _LENGTH, _CHARACTERS, _PROVINCE, _BIRTH, _CHECK, _LATER = range(len(REASONS))
_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_TIDY = str.maketrans(
    {chr(c): chr(c - 0xFEE0) for c in (*range(0xFF10, 0xFF1A), 0xFF38, 0xFF58)}
    | {"x": "X", "ｘ": "X"} | dict.fromkeys(" \t\r\n\u3000\u00a0\u200b\u202a\u202c\ufeff-－–—'’`", "")
)
_D = "[0-9〇零一二三四五六七八九十廿卅]"
#: a day in a cell that is no date as a whole (农历1980年5月17日, 3/1/1980, 5月17)
_DAY = re.compile(
    rf"(?:{_D}{{2,4}} ?年 ?)?{_D}{{1,3}} ?月 ?初?{_D}{{1,3}} ?[日号]?|[0-9]{{1,4}}(?P<mark> ?[-./] ?)[0-9]{{1,2}}(?P=mark)[0-9]{{1,4}}"
    r"|(?<![0-9])[0-9]{1,2}[-/][0-9]{1,2}(?![0-9])|[0-9]{6,}"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Numbers:
    """What equally many texts hold: `number` in 18 characters ("" where unreadable), `birth` days (NaT), `reason` positions in REASONS."""

    number: NDArray[np.object_]
    birth: NDArray[np.datetime64]
    reason: NDArray[np.int8]


def check_character(first: str) -> str:
    """The 18th character that belongs to 17 digits."""
    return CHECK_CHARACTERS[int(np.frombuffer(first.encode("ascii"), dtype=np.uint8).astype(int) @ WEIGHTS - 48 * WEIGHTS.sum()) % 11]


def is_national_id(texts: pd.Series) -> NDArray[np.bool_]:
    """Whether each whole text is a national ID, old ID or permit with a province, a real birth date and the right check character."""
    codes, numbers = _read(texts)
    return np.asarray(numbers.reason[codes] == _VALID)


def normal_national_id(texts: pd.Series) -> pd.Series:
    """Each national ID as 18 characters (an old one as its successor), so that one person has one number; other texts tidied only."""
    codes, numbers = _read(texts)
    return pd.Series(numbers.number[codes], index=texts.index, name=texts.name, dtype="str")


def derive_from_national_id(texts: pd.Series, on: pd.Series | date | None = None) -> pd.DataFrame:
    """Age, sex and area that national IDs hold.

    Parameters
    ----------
    texts : Series of str
        One number per row, as received; blanks allowed.
    on : Series of datetime64 (same index), date or None
        Day on which the age is taken, per row or for all. Without it `age` is missing.

    Returns
    -------
    DataFrame (index of `texts`)
        age (Int64, completed years), sex ("1" male, "2" female or missing), area6 (six digits, blank for permits that begin
        with 9), birth (datetime64), valid (bool), reason (one of `REASONS`, blank where valid). Nothing is derived from a
        number that is not valid.

    Notes
    -----
    Sex is the parity of the 17th digit: odd is male. A number whose holder would be born after `on` is not valid.
    """
    codes, numbers = _read(texts)
    reason, birth = numbers.reason[codes], pd.Series(numbers.birth[codes], index=texts.index)
    if on is not None:
        days = _days(on, texts.index)
        reason = np.where((reason == _VALID) & (birth > days).to_numpy(), _LATER, reason)
    valid = reason == _VALID
    birth = birth.where(valid)
    number = pd.Series(np.where(valid, numbers.number[codes], ""), index=texts.index, dtype="str")
    is_odd = number.str.slice(16, 17).isin(list("13579"))
    sex = pd.Series(np.where(is_odd, MALE, FEMALE), index=texts.index, dtype="str").where(valid)
    age = pd.Series(pd.NA, index=texts.index, dtype="Int64") if on is None else age_on(birth, on)
    area = number.str.slice(0, 6).where(~number.str.startswith("9"), "")
    reasons = np.array(REASONS, dtype=object)[reason]
    facts = pd.DataFrame({"age": age, "sex": sex, "area6": area, "birth": birth, "valid": valid}, index=texts.index)
    return facts.assign(reason=pd.Series(reasons, index=texts.index, dtype="str"))


def age_on(birth: pd.Series, on: pd.Series | date) -> pd.Series:
    """Age in completed years on a day.

    Parameters
    ----------
    birth : Series of datetime64
        Birth dates; NaT where unknown.
    on : Series of datetime64 (same index) or date
        Day on which the age is taken.

    Returns
    -------
    Series of Int64
        Missing where a date is missing or the day lies before birth.

    Notes
    -----
    The age rises on the birthday; who was born on 29 February rises on 1 March in a common year.
    """
    days = _days(on, birth.index)
    is_before_birthday = (days.dt.month * 100 + days.dt.day) < (birth.dt.month * 100 + birth.dt.day)
    years = (days.dt.year - birth.dt.year - is_before_birthday).astype("Float64")
    known = birth.notna() & days.notna() & (days.dt.normalize() >= birth)
    ages: pd.Series = years.where(known).astype("Int64")
    return ages


def _days(on: pd.Series | date, index: pd.Index) -> pd.Series:
    if isinstance(on, pd.Series):
        if not on.index.equals(index):
            raise ValueError("the days must have the index of the texts")
        return pd.to_datetime(on)
    return pd.Series(pd.Timestamp(on), index=index)


def exact_birth_dates(texts: pd.Series, on: pd.Series | None = None) -> pd.Series:
    """Birth dates (datetime64) of cells that hold one to the day; nobody was born after the last of the days `on`."""
    parsed = _parsed(texts, on)
    return parsed.values.where(parsed.rule != str(Rule.MONTH_ONLY))


def without_birth_days(texts: pd.Series, token: str, on: pd.Series | None = None) -> pd.Series:
    """Birth dates without their day: year and month where the cell is a date, a token for every day inside another text.

    Years, months and what is no date stay as they are, so that doing it again changes nothing.
    """
    parsed = _parsed(texts, on)
    is_date, is_month = parsed.values.notna().to_numpy(), parsed.rule == str(Rule.MONTH_ONLY)
    cut = texts.where(~is_date | is_month, parsed.values.dt.strftime("%Y-%m"))
    unread = ~is_date & (texts != "").to_numpy()
    cut[unread] = [_DAY.sub(token, plain) if _DAY.search(plain := plain_text(text)) else text for text in texts[unread]]
    return cut


def _parsed(texts: pd.Series, on: pd.Series | None) -> Parsed:
    latest = on.max() if on is not None and on.notna().any() else None
    return parse_dates(texts, latest=latest)


def _read(texts: pd.Series) -> tuple[NDArray[np.intp], _Numbers]:
    codes, uniques = pd.factorize(texts.fillna(""))
    return codes, read_numbers([str(u) for u in uniques.tolist()])


def valid_numbers(texts: Sequence[str]) -> NDArray[np.bool_]:
    """`is_national_id` for a sequence without repetitions."""
    return np.asarray(read_numbers(texts).reason == _VALID)


def have_form(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Whether texts without repetition are 18 digits with a province and a real date, their check character right or wrong."""
    numbers = read_numbers(texts)
    is_long = np.array([len(n) == 18 for n in numbers.number], dtype=bool)
    return is_long & np.isin(numbers.reason, (_VALID, _CHECK))


def read_numbers(texts: Sequence[str]) -> _Numbers:
    """Numbers, birth dates and reasons of texts that do not repeat."""
    tidy = _tidied(texts)
    lengths = np.fromiter(map(len, tidy), dtype=np.int64, count=len(tidy))
    number = np.array(tidy, dtype=object)
    reason = np.where(lengths == 0, _BLANK, _LENGTH).astype(np.int8)
    birth = np.full(len(tidy), np.datetime64("NaT"), dtype="datetime64[D]")
    for length in (15, 18):
        rows = np.flatnonzero(lengths == length)
        digits, readable = _digits([tidy[i] for i in rows], length)
        reason[rows[~readable]] = _CHARACTERS
        rows, digits = rows[readable], digits[readable]
        if length == 15:
            digits = _lengthened(digits)
            number[rows] = _joined(digits)
        reason[rows], birth[rows] = _judged(digits, is_old=length == 15)
    return _Numbers(number=number, birth=birth, reason=reason)


def _tidied(texts: Sequence[str]) -> list[str]:
    """One translation over all texts is several times as fast as one per text; NUL, which divides them, is no part of a number."""
    if not texts:
        return []
    tidy = "\0".join(texts).translate(_TIDY).split("\0")
    return tidy if len(tidy) == len(texts) else [t.replace("\0", "").translate(_TIDY) for t in texts]


def _digits(texts: list[str], length: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Digits of texts of one length (rows, length), X as 10, and which rows consist of digits (and a last X, in 18 characters)."""
    plain = [t if t.isascii() else "?" * length for t in texts]
    digits = np.frombuffer("".join(plain).encode("ascii"), dtype=np.uint8).reshape(-1, length).astype(np.int64) - 48
    if length == 18:
        digits[:, 17] = np.where(digits[:, 17] == ord("X") - 48, 10, digits[:, 17])
    is_digit = (digits >= 0) & (digits <= 9)
    is_digit[:, -1] |= (digits[:, -1] == 10) & (length == 18)
    return digits, np.asarray(is_digit.all(axis=1))


def _lengthened(old: NDArray[np.int64]) -> NDArray[np.int64]:
    """Fifteen digits as the eighteen that replaced them: century 19 and a check character."""
    century = np.broadcast_to(np.array([1, 9]), (len(old), 2))
    first = np.concatenate([old[:, :6], century, old[:, 6:]], axis=1)
    return np.concatenate([first, _check_digits(first)[:, None]], axis=1)


def _check_digits(first: NDArray[np.int64]) -> NDArray[np.int64]:
    values = np.array([10 if c == "X" else int(c) for c in CHECK_CHARACTERS])
    return np.asarray(values[(first @ WEIGHTS) % 11])


def _joined(digits: NDArray[np.int64]) -> list[str]:
    characters = np.array(list("0123456789X"))[digits]
    return ["".join(row) for row in characters]


def _judged(digits: NDArray[np.int64], *, is_old: bool) -> tuple[NDArray[np.int8], NDArray[np.datetime64]]:
    """Reason (`_VALID` where there is none) and birth date of numbers of 18 digits."""
    leading = np.where(digits[:, 0] == 9, digits[:, 1] * 10 + digits[:, 2], digits[:, 0] * 10 + digits[:, 1])
    is_place = np.isin(leading, [int(c) for c in province_codes()])
    year = digits[:, 6:10] @ np.array([1000, 100, 10, 1])
    month, day = digits[:, 10] * 10 + digits[:, 11], digits[:, 12] * 10 + digits[:, 13]
    first_year = FIRST_YEAR_OF_OLD_NUMBERS if is_old else FIRST_YEAR
    is_date = (year >= first_year) & (year <= LAST_YEAR) & (month >= 1) & (month <= 12)
    is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last = _DAYS[np.clip(month, 1, 12) - 1] + (is_leap & (month == 2))
    is_date &= (day >= 1) & (day <= last)
    months = (np.where(is_date, year, 1970) - 1970) * 12 + np.where(is_date, month, 1) - 1
    birth = months.astype("datetime64[M]").astype("datetime64[D]") + np.where(is_date, day - 1, 0)
    reason = np.select(
        [~is_place, ~is_date, digits[:, 17] != _check_digits(digits[:, :17])], [_PROVINCE, _BIRTH, _CHECK], _VALID
    )
    return reason.astype(np.int8), np.where(is_date, birth, np.datetime64("NaT"))
