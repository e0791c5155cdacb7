"""Cells and small tables that several reports share: one claim, one mechanism, one document in words."""

import pandas as pd

from commresearch.comparison.claim_checks import missing_elements
from commresearch.reporting.display import Table
from commresearch.terms import CHANGES, Fit, Grade, Headline, Kind, Language
from commresearch.words import claim_value, entries, period, say

DASH = "—"


def indicator(claim: object, language: Language) -> str:
    """What a claim counts, with the part of the case it is about."""
    name, place = getattr(claim, f"indicator_{language}"), claim.place if language is Language.ZH else claim.place_en  # type: ignore[attr-defined]
    return say("reports.place_suffix", language, indicator=name, place=place) if place else str(name)


def value(claim: object, language: Language) -> str:
    """The number as a reader sees it."""
    c = claim
    return claim_value(c.value, c.qualifier, c.unit, c.unit_class, c.printed, language)  # type: ignore[attr-defined]


def missing(claim: object, language: Language) -> str:
    """Elements the claim's kind needs and the text does not state; a dash where none is needed."""
    needs = claim.kind in {Kind.OUTCOME, Kind.REACH} or claim.comparison in CHANGES  # type: ignore[attr-defined]
    keys = missing_elements(claim) if needs else []
    return say("reports.joiner", language).join(say(f"checks.element_{k}", language) for k in keys) or DASH


def when(claim: object, language: Language) -> str:
    """Period of a claim, a dash where none is printed."""
    return period(claim.period_start, claim.period_end, claim.period_words, language) or DASH  # type: ignore[attr-defined]


def line_of(claim: object, language: Language) -> str:
    """Place in the document."""
    return say("reports.short_line", language, source=claim.source_id, line=claim.line)  # type: ignore[attr-defined]


def headline_claims(claims: pd.DataFrame, outcome: Headline) -> pd.DataFrame:
    """Claims on one headline outcome: direct before near, results before the rest, then as in the text."""
    chosen = claims[claims["headline"] == outcome]
    rank = (chosen["headline_fit"] != Fit.DIRECT) * 2 + (chosen["kind"] != Kind.OUTCOME)
    return chosen.assign(_rank=rank).sort_values("_rank", kind="stable").drop(columns="_rank")


def document_date(source: pd.Series, language: Language) -> str:
    """Date of a document, marked where it was inferred."""
    date = period(source["date"], source["date"], "", language)
    return date if source["date_sure"] == "yes" else say("reports.date_unsure", language, date=date)


def mechanism_name(mechanism: str, language: Language) -> str:
    """Name of a mechanism."""
    return entries("mechanisms")[mechanism][language.value]


def highest_grade(audit: pd.DataFrame) -> str:
    """The best grade any claim of the audit can reach."""
    return max(audit["grade"], default=Grade.E0.value)


def grades_table(language: Language) -> Table:
    """Grades of evidence and the words each allows."""
    rows = [[g, texts[language.value], texts[f"words_{language}"]] for g, texts in entries("grades").items()]
    header = [say(f"reports.grades_{k}", language) for k in ("col", "means", "words")]
    return Table(id="tbl-grades", caption=say("reports.grades_caption", language), header=header, rows=rows, align="lll", widths=(10, 50, 40))
