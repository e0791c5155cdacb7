"""Event logs: stretches of time and ages agree with obvious calculations, whatever is written."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from commresearch.cleaning.event_fields import vocabulary_of
from commresearch.cleaning.event_persons import band_ends
from commresearch.cleaning.event_rules import EventSettings
from commresearch.cleaning.event_times import read_stretches
from commresearch.cleaning.national_id import age_on
from commresearch.sources.event_headers import match_headers
from commresearch.terms import DataKind

MINUTES = st.integers(0, 24 * 60 - 1)
DAYS = st.dates(date(1930, 1, 1), date(2025, 12, 31))
SEPARATORS = ("-", "~", "—", "至", " - ", "～", "到", "－")


def clock(minute: int, *, colon: str) -> str:
    return f"{minute // 60}{colon}{minute % 60:02d}"


@settings(max_examples=200, deadline=None)
@given(MINUTES, MINUTES, st.sampled_from(SEPARATORS), st.sampled_from((":", "：")), st.booleans())
def test_two_clock_times_are_read_whatever_stands_between(first, last, between, colon, next_day):
    text = f"{clock(first, colon=colon)}{between}{'次日' if next_day else ''}{clock(last, colon=colon)}"
    (found,) = read_stretches([text], EventSettings())
    assert (found.start, found.end) == (first * 60, last * 60 + 86_400 * next_day)


def plain_age(birth: date, on: date) -> int:
    """Years of which every birthday has come, one by one; 29 February comes on 1 March in a common year."""
    age = 0
    while True:
        year = birth.year + age + 1
        try:
            birthday = birth.replace(year=year)
        except ValueError:
            birthday = date(year, 3, 1)
        if birthday > on:
            return age
        age += 1


@settings(max_examples=300, deadline=None)
@given(DAYS, st.integers(0, 40_000))
def test_ages_are_counted_birthday_by_birthday(birth, later):
    on = min(birth + timedelta(days=later), date(2049, 12, 31))
    found = age_on(pd.Series([pd.Timestamp(birth)]), pd.Series([pd.Timestamp(on)]))
    assert found.iloc[0] == plain_age(birth, on)


@given(st.integers(0, 99), st.integers(0, 99))
def test_bands_are_their_ends(low, high):
    assert band_ends(f"{low}-{high}岁", 120) == (low, high)
    assert band_ends(f"{low}岁以上", 120) == (low, 120)
    assert band_ends(f"{high}岁及以下", 120) == (0, high)


@given(st.text(max_size=20))
def test_what_is_no_age_is_no_band(text):
    low, high = band_ends(text, 120)
    assert np.isnan(low) == np.isnan(high)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=8), max_size=8, unique=True))
def test_headers_of_any_kind_are_matched_once_at_most(headers):
    fields = [m.field for m in match_headers(headers, vocabulary_of(DataKind.TICKETS)) if m.field]
    assert len(fields) == len(set(fields))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_times_of_any_text_are_read_or_refused(text):
    (found,) = read_stretches([text], EventSettings())
    assert found.start is None or 0 <= found.start <= 2 * 86_400
