"""Cells and small tables that several reports share: one claim, one mechanism, one document in words."""

import re
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import pandas as pd

from commresearch.cases.claim import Claim, missing_elements, stock_gap
from commresearch.reporting.display import EXPLAINS, Table
from commresearch.terms import Fit, Grade, Headline, Kind, Language
from commresearch.words import claim_value, entries, number, period, say

DASH = "—"
CODE = re.compile(r"\[CR-[A-Z]\d\d\] *")  #: before the sentence of a refusal
INFERENCE = ("comparison_group", "sample_size", "interval")  #: what a judgement of effects needs beyond a number


def capital(text: str) -> str:
    """The text with a capital first letter (no change to Chinese)."""
    return text[:1].upper() + text[1:]


def without_codes(text: str) -> str:
    """A refusal as a reader of a report needs it: without the codes of its sentences."""
    return CODE.sub("", text)


def indicator(claim: Claim, language: Language) -> str:
    """What a claim counts, with the part of the case it is about."""
    name, place = claim.names[language], claim.places[language]
    return say("reports.place_suffix", language, indicator=name, place=place) if place else name


def says(claim: Claim, language: Language) -> str:
    """What the source says, in the project's own words."""
    return claim.text_zh if language is Language.ZH else claim.text_en


def value(claim: Claim, language: Language) -> str:
    """The number as a reader sees it."""
    c = claim
    return claim_value(c.value, c.qualifier, c.unit, c.unit_class, c.printed, language, change=c.is_change)


def missing(claim: Claim, language: Language) -> str:
    """What a reader needs and the text does not state, as checks C08 and C19 ask; a dash where nothing is missing."""
    keys = missing_elements(claim)
    if gap := stock_gap(claim):
        keys = [k for k in keys if k != "period" or gap != "no_start"] + [gap]  # a start would state the period, too
    return say("reports.joiner", language).join(say(f"checks.element_{k}", language) for k in keys) or DASH


def when(claim: Claim, language: Language) -> str:
    """Period of a claim, a dash where none is printed."""
    return period(claim.period_start, claim.period_end, claim.period_words, claim.period_words_en, language) or DASH


def headline_claims(claims: Iterable[Claim], outcome: Headline) -> list[Claim]:
    """Claims on one headline outcome: direct before near, results before the rest, then as in the text."""
    return sorted((c for c in claims if c.headline == outcome), key=lambda c: (c.headline_fit != Fit.DIRECT, c.kind != Kind.OUTCOME))


def document_date(source: "pd.Series[str]", language: Language) -> str:
    """Date of a document, marked where it was inferred."""
    date = period(source["date"], source["date"], "", "", language)
    return date if source["date_sure"] == "yes" else say("reports.date_unsure", language, date=date)


def profile_value(case: "Mapping[Hashable, Any] | pd.Series", field: str, language: Language) -> str:
    """A basic fact of a case as stated: a number, or its start (marked where inferred), else 未报告."""
    blank = say("labels.not_reported", language)
    if field != "start":
        return number(case[field]) if pd.notna(case[field]) else blank
    start = period(case["start"], case["start"], "", "", language)
    if start and case["start_sure"] == "no":
        return say("reports.date_unsure", language, date=start)
    return start or blank


def mechanism_name(mechanism: str, language: Language) -> str:
    """Name of a mechanism."""
    return entries("mechanisms")[mechanism][language.value]


def reading(mechanisms: pd.DataFrame, language: Language) -> str:
    """Who made the two readings of these rows: machines assisted, persons, or both."""
    kinds = set(mechanisms["coder_kind"])
    return say(f"reports.reading_{kinds.pop() if len(kinds) == 1 else 'mixed'}", language)


def highest_grade(audit: pd.DataFrame) -> str:
    """The best grade any claim of the audit can reach."""
    return max(audit["grade"], default=Grade.E0.value)


def grades_table(language: Language) -> Table:
    """Grades of evidence and the words each allows."""
    rows = [[g, texts[language.value], texts[f"words_{language}"]] for g, texts in entries("grades").items()]
    header = [say(f"reports.grades_{k}", language) for k in ("col", "means", "words")]
    return Table(id="tbl-grades", caption=say("reports.grades_caption", language), header=header, rows=rows, align="lll", widths=(10, 50, 40), evidence=EXPLAINS)
