"""Persons of event logs: keyed pseudonyms with the way in which a person is known, and ages on the day of the event.

Age is in completed years and rises on the birthday; who was born on 29 February rises on 1 March in a common year, so that 14
years are complete on that day. The 36th birthday of such a person falls in a leap year (but for those born in 1864 and 2064).
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commresearch.cleaning.dates import parse_dates
from commresearch.cleaning.event_cells import PLAIN_MOBILE, encoded
from commresearch.cleaning.event_contracts import AGE_SOURCES, PERSON_TIERS
from commresearch.cleaning.event_fields import plain_word, value_words
from commresearch.cleaning.event_record import Batch, Record
from commresearch.cleaning.event_rules import EventSettings
from commresearch.cleaning.national_id import age_on, read_numbers, valid_numbers
from commresearch.cleaning.numbers import parse_numbers
from commresearch.cleaning.parsed import Rule
from commresearch.cleaning.pseudonyms import is_pseudonym, keyed_pseudonyms, pseudonymise
from commresearch.terms import Identifier

NAME_BIRTH = "name_birth"  #: purpose of the pseudonyms of name and birth year
OWN_NUMBER = "own_number"  #: purpose of the pseudonyms of numbers that a register gives to persons
_HIDDEN = re.compile(r"[*＊xX●]{2,}|[*＊●]")  #: 138****0001 tells nobody from another
MOST_REMEMBERED = 2_000_000  #: telephone numbers
_BAND = re.compile(r"(\d{1,3})(?:周?岁)?[-~–—至到](\d{1,3})(?:周?岁)?(?:\(?含\)?)?")
_FROM = re.compile(r"(\d{1,3})(?:周?岁)?(?:及?以上|\+)")
_UNDER = re.compile(r"(\d{1,3})(?:周?岁)?(?:及?以下|以内|之内)")
_BELOW = re.compile(r"(?:不满|未满|小于|<)(\d{1,3})(?:周?岁)?")
_YEAR = re.compile(r"(1[89]\d{2}|20\d{2})年?(?:\.0)?")


def pseudonyms_of(column: Any, key: bytes, purpose: str, record: Record) -> tuple[Any, NDArray[np.bool_]]:
    """Pseudonyms of a column of identifiers (missing where a cell is none), and where there is one."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    found = whole.dictionary_encode()
    distinct = found.dictionary
    is_plain = np.zeros(len(distinct), bool)
    if purpose == Identifier.MOBILE:
        is_plain = np.asarray(pc.match_substring_regex(distinct, PLAIN_MOBILE))
    made = np.full(len(distinct), None, object)
    made[is_plain] = _remembered(distinct.filter(pa.array(is_plain)).to_pylist(), key, purpose, record)
    made[~is_plain] = _pseudonyms(distinct.filter(pa.array(~is_plain)).to_pylist(), key, purpose)
    array = pa.array(made, pa.string()).take(found.indices)
    return array, np.asarray(array.is_valid())


def _remembered(texts: list[str], key: bytes, purpose: str, record: Record) -> list[str]:
    """Pseudonyms of telephone numbers that need no tidying; callers come again from batch to batch."""
    known = record.pseudonyms
    if len(known) > MOST_REMEMBERED:
        known.clear()
    new = [text for text in texts if text not in known]
    known.update(zip(new, keyed_pseudonyms(new, key, purpose=purpose), strict=True))
    return [known[text] for text in texts]


def _pseudonyms(texts: Sequence[str], key: bytes, purpose: str) -> list[str | None]:
    """Pseudonyms of cells that may say anything; None for one that hides digits, says nothing or is no such identifier."""
    shown = pd.Series([text if is_pseudonym(text) or not _HIDDEN.search(text[:-1]) else "" for text in texts], dtype="str")
    made = pseudonymise(shown, key, purpose=purpose).to_list()
    valid = valid_numbers(list(texts)) if purpose == Identifier.NATIONAL_ID else np.ones(len(made), bool)
    return [
        text if is_pseudonym(text) and (ok or is_pseudonym(raw)) else None for text, ok, raw in zip(made, valid, texts, strict=True)
    ]


def contact_key(batch: Batch, name: str, key: bytes | None, record: Record, column: str) -> Any:
    """Pseudonym of who called or booked, by ID number, else telephone; missing for the nameless. A name alone tells nobody apart."""
    found = pa.nulls(batch.n, pa.string())
    fields: list[tuple[str, str]] = [(column, OWN_NUMBER), (f"{name}_id", Identifier.NATIONAL_ID), (f"{name}_phone", Identifier.MOBILE)]
    for field, purpose in fields:
        if batch.has(field):
            _log_identifier(batch, field, key, record, column)
            _tell_wrong_ids(batch, field, purpose, record, column)
            if key is not None:
                found = pc.coalesce(found, pseudonyms_of(batch.text(field), key, purpose, record)[0])
    if batch.has(f"{name}_name"):
        record.changed(f"{name}_name", "dropped_identifier", _filled(batch, f"{name}_name"))
    return found


def _filled(batch: Batch, field: str) -> int:
    return int(pc.sum(pc.not_equal(batch.text(field), "")).as_py() or 0)


def _log_identifier(batch: Batch, field: str, key: bytes | None, record: Record, column: str) -> None:
    rule = "dropped_identifier" if key is None else "pseudonymised"
    record.changed(field if key is None else column, rule, _filled(batch, field))


def _tell_wrong_ids(batch: Batch, field: str, purpose: str, record: Record, column: str) -> None:
    """Numbers in a column of ID numbers whose length or check character is wrong: no key and no age is taken from them."""
    if purpose == Identifier.NATIONAL_ID:
        texts, codes = encoded(batch.text(field))
        wrong = _says_something(texts) & ~valid_numbers(texts) & ~np.array([is_pseudonym(text) for text in texts], bool)
        record.told_of("id_check_failed", column, batch, wrong[codes])


def person_columns(batch: Batch, key: bytes | None, record: Record, birth_year: NDArray[np.float64]) -> dict[str, Any]:
    """Key of each person and the way in which the person is known: ID number, telephone, name and birth year, or not at all."""
    found, tier = pa.nulls(batch.n, pa.string()), np.full(batch.n, PERSON_TIERS.index("none"))
    ways: list[tuple[str, str, str]] = [("person_id", OWN_NUMBER, "id"), ("national_id", Identifier.NATIONAL_ID, "id"), ("phone", Identifier.MOBILE, "phone")]
    for field, purpose, name in ways:
        if not batch.has(field):
            continue
        _log_identifier(batch, field, key, record, "person_key")
        _tell_wrong_ids(batch, field, purpose, record, "person_key")
        if key is not None:
            keys, known = pseudonyms_of(batch.text(field), key, purpose, record)
            tier[known & np.asarray(found.is_null())] = PERSON_TIERS.index(name)
            found = pc.coalesce(found, keys)
    if batch.has("name"):
        _log_identifier(batch, "name", key, record, "person_key")
        if key is not None:
            keys, known = pseudonyms_of(_with_year(batch.text("name"), birth_year), key, NAME_BIRTH, record)
            tier[known & np.asarray(found.is_null())] = PERSON_TIERS.index(NAME_BIRTH)
            found = pc.coalesce(found, keys)
    if key is None and batch.has("person_id", "national_id", "phone", "name"):
        record.finding("persons_without_key", "person_key", batch.n)
    return {"person_key": found, "person_tier": pa.array(PERSON_TIERS, pa.string()).take(pa.array(tier))}


def _with_year(names: Any, birth_year: NDArray[np.float64]) -> Any:
    """Name and birth year as one text; blank where either is not known."""
    plain = pc.replace_substring_regex(names, r"[\s\x{3000}·]", "")
    blank = pa.array([word for word in value_words("blank") if word], pa.large_string())
    known = pc.and_(pc.greater(pc.utf8_length(plain), 1), pc.invert(pc.is_in(plain, value_set=blank)))
    years = pa.array(np.where(np.isnan(birth_year), 0, birth_year).astype(np.int64)).cast(pa.large_string())
    joined = pc.binary_join_element_wise(plain, years, pa.scalar("|", pa.large_string()))
    return pc.if_else(pc.and_(known, pa.array(~np.isnan(birth_year))), joined, "")


def has_person(batch: Batch) -> NDArray[np.bool_]:
    """Rows that stand for one person, because they name one in whatever way."""
    found = np.zeros(batch.n, bool)
    for field in ("person_id", "national_id", "phone", "name"):
        if batch.has(field):
            found |= np.asarray(pc.not_equal(pc.utf8_trim_whitespace(batch.text(field)), ""))
    return found


# ── ages ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Ages:
    """Ages of the rows of a batch as they become known: the surest source first, later ones only where nothing is known yet."""

    def __init__(self, n: int) -> None:
        self.low, self.high, self.birth_year = np.full((3, n), np.nan)
        self.by = np.full(n, len(AGE_SOURCES))
        self.impossible = np.zeros(n, bool)

    def add(self, source: str, low: NDArray[Any], high: NDArray[Any], oldest: int) -> None:
        """Ages by one source, NaN where it says nothing; one below 0 or above `oldest` is impossible and not taken."""
        said = ~np.isnan(low) & (self.by == len(AGE_SOURCES))
        wrong = said & ((high < 0) | (low > oldest) | (high < low))
        taken = said & ~wrong
        self.impossible |= wrong
        self.low[taken], self.high[taken] = np.maximum(low[taken], 0), np.minimum(high[taken], oldest)
        self.by[taken] = AGE_SOURCES.index(source)

    def columns(self) -> dict[str, Any]:
        """The three typed columns."""
        unknown = self.by == len(AGE_SOURCES)
        counts = {
            name: pa.array(np.where(np.isnan(v), 0, v).astype(np.int64), mask=np.isnan(v)) for name, v in (("age_low", self.low), ("age_high", self.high))
        }
        by = pa.array(AGE_SOURCES, pa.string()).take(pa.array(np.where(unknown, 0, self.by), mask=unknown))
        return counts | {"age_known_by": by}


def read_ages(batch: Batch, days: NDArray[np.datetime64], settings: EventSettings) -> tuple[Ages, NDArray[np.bool_]]:
    """Ages on the days of the events, and cells about age that cannot be read."""
    ages, unread = Ages(batch.n), np.zeros(batch.n, bool)
    if batch.has("national_id"):
        texts, codes = encoded(batch.text("national_id"))
        numbers = read_numbers(texts)
        valid = valid_numbers(texts)
        _add_births(ages, "id", np.where(valid, numbers.birth, np.datetime64("NaT"))[codes], days, settings)
    if batch.has("birth_date"):
        unread |= _add_birth_cells(ages, batch, days, settings)
    if batch.has("birth_year"):
        texts, codes = encoded(batch.text("birth_year"))
        years = np.array([float(m[1]) if (m := _YEAR.fullmatch(plain_word(text))) else np.nan for text in texts])[codes]
        ages.birth_year = np.where(np.isnan(ages.birth_year), years, ages.birth_year)
        of_event = days.astype("datetime64[Y]").astype(np.float64) + 1970
        of_event[np.isnat(days)] = np.nan
        ages.add("birth_year", of_event - years - 1, of_event - years, settings.oldest)
        unread |= np.isnan(years) & _says_something(texts)[codes]
    for field, source in (("age", "stated"), ("age_band", "band")):
        if batch.has(field):
            texts, codes = encoded(batch.text(field))
            ends = np.array([_stated(text) if source == "stated" else band_ends(text, settings.oldest) for text in texts]).reshape(-1, 2)
            low, high = ends[codes, 0], ends[codes, 1]
            ages.add(source, low, high, settings.oldest)
            unread |= np.isnan(low) & _says_something(texts)[codes]
    return ages, unread


def _says_something(texts: list[str]) -> NDArray[np.bool_]:
    blank = value_words("blank")
    return np.array([bool(plain := plain_word(text)) and plain not in blank for text in texts], bool)


def _add_births(ages: Ages, source: str, births: NDArray[np.datetime64], days: NDArray[np.datetime64], settings: EventSettings) -> None:
    """Ages of exact birth dates; one after the event is an age below 0."""
    birth, on = pd.Series(births.astype("datetime64[us]")), pd.Series(days.astype("datetime64[us]"))
    age = age_on(birth, on).astype("float64").to_numpy(na_value=np.nan)
    age = np.where((birth > on).to_numpy(), -1.0, age)
    ages.birth_year = np.where(np.isnan(ages.birth_year), birth.dt.year.to_numpy(dtype=np.float64, na_value=np.nan), ages.birth_year)
    ages.add(source, age, age, settings.oldest)


def _add_birth_cells(ages: Ages, batch: Batch, days: NDArray[np.datetime64], settings: EventSettings) -> NDArray[np.bool_]:
    """Ages of birth dates to the day, to the month (between that of the last and of the first day), or to the year."""
    texts, codes = encoded(batch.text("birth_date"))
    parsed = parse_dates(pd.Series([re.sub(r"\.0$", "", text) for text in texts], dtype="str"), day_first=settings.day_first)
    births = parsed.values.to_numpy().astype("datetime64[D]")
    is_month = parsed.rule == str(Rule.MONTH_ONLY)
    years = np.array([float(m[1]) if (m := _YEAR.fullmatch(plain_word(text))) else np.nan for text in texts])
    exact = np.where(is_month, np.datetime64("NaT"), births)
    _add_births(ages, "birth_date", exact[codes], days, settings)
    month = np.where(is_month, births, np.datetime64("NaT"))[codes]
    if is_month.any():
        first, on = pd.Series(month.astype("datetime64[us]")), pd.Series(days.astype("datetime64[us]"))
        high = age_on(first, on).astype("float64").to_numpy(na_value=np.nan)
        low = age_on(first + pd.offsets.MonthEnd(1), on).astype("float64").to_numpy(na_value=np.nan)
        ages.birth_year = np.where(np.isnan(ages.birth_year), first.dt.year.to_numpy(dtype=np.float64, na_value=np.nan), ages.birth_year)
        ages.add("birth_date", np.where(np.isnan(low) & ~np.isnan(high), high, low), high, settings.oldest)
    of_event = days.astype("datetime64[Y]").astype(np.float64) + 1970
    of_event[np.isnat(days)] = np.nan
    ages.birth_year = np.where(np.isnan(ages.birth_year), years[codes], ages.birth_year)
    ages.add("birth_year", of_event - years[codes] - 1, of_event - years[codes], settings.oldest)
    return np.asarray((np.isnat(births) & np.isnan(years) & _says_something(texts))[codes])


def _stated(text: str) -> tuple[float, float]:
    """An age in words of a form: 35, 35岁, 三十五岁; a range of ages is a band and taken as one."""
    plain = plain_word(text).removeprefix("约")
    parsed = parse_numbers(pd.Series([re.sub(r"周?岁$", "", plain)], dtype="str"))
    value = parsed.values.astype("float64").fillna(np.nan).iloc[0]
    if np.isnan(value):
        return band_ends(text, 10**6)
    return float(np.floor(value)), float(np.floor(value))


def band_ends(text: str, oldest: int) -> tuple[float, float]:
    """First and last age of a band: 18-35岁, 60岁以上 (to the oldest), 35岁以下 (35 among them), 不满14岁 (to 13); NaN where it is none."""
    plain = plain_word(text).replace("～", "~")
    named = value_words("age_band").get(plain)
    if match := _BAND.fullmatch(named or plain):
        return float(match[1]), float(match[2])
    if match := _FROM.fullmatch(plain):
        return float(match[1]), float(oldest)
    if match := _UNDER.fullmatch(plain):
        return 0.0, float(match[1])
    if match := _BELOW.fullmatch(plain):
        return 0.0, float(match[1]) - 1
    return np.nan, np.nan
