"""Provinces by the first digits of a national ID, and the place a platform writes behind an IP address."""

import re
from collections.abc import Iterable
from functools import cache

import pandas as pd

from commresearch.cleaning.reference_tables import reference_rows
from commresearch.terms import Language

_BEHIND = re.compile(r"[(（]([^()（）]*)[)）]\s*$")


@cache
def province_codes() -> frozenset[str]:
    """Two-digit codes that a national ID or a residence permit of Hong Kong, Macao or Taiwan residents may begin with."""
    return frozenset(row["code"] for row in reference_rows("provinces"))


def province_names(codes: Iterable[str], language: Language) -> list[str]:
    """Province of each area code, by its first two digits; blank where the code is blank or of no province."""
    names = {row["code"]: row[f"name_{language.value}"] for row in reference_rows("provinces")}
    return [names.get(code[:2], "") for code in codes]


def ip_place(texts: pd.Series) -> pd.Series:
    """Place that stands in brackets behind an IP address ("a.b.c.d(山东-威海)" → "山东-威海"); blank where there is none."""
    places = [match[1].strip() if (match := _BEHIND.search(text)) else "" for text in texts.fillna("").tolist()]
    return pd.Series(places, index=texts.index, name=texts.name, dtype="str")
