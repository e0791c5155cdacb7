"""What a ledger must look like: cell by cell (pandera), then row by row and table by table."""

import math
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

import pandas as pd
import pandera.pandas as pa

from commresearch.cases.claim import Claim, claims_in
from commresearch.cases.numerals import PrintedNumber, read_number
from commresearch.cases.references import check_references
from commresearch.errors import Failure
from commresearch.terms import (
    Comparison,
    Family,
    Fit,
    Headline,
    Kind,
    Level,
    Mechanism,
    Mention,
    NotClaim,
    UnitClass,
)
from commresearch.words import entries

NUMBER = r"-?\d+(?:\.\d+)?"
COUNT = r"\d+"
DAY = r"\d{4}(?:-\d\d(?:-\d\d)?)?"
CASE_ID = r"[a-z]+"
CLAIM_IDS = r"[a-z]+-\d{3}(?: [a-z]+-\d{3})*"
TOLERANCE = 1e-9  #: printed numbers have few digits; only the rounding of binary fractions is forgiven


def _text(*, blank: bool = False, unique: bool = False) -> pa.Column:
    return _pattern(r".+", "rule_text", blank=blank, unique=unique)


def _pattern(pattern: str, rule: str, *, blank: bool = False, unique: bool = False) -> pa.Column:
    full = rf"(?:{pattern})?" if blank else pattern
    return pa.Column(str, pa.Check.str_matches(rf"(?s)^(?:{full})$", error=f"pattern:{rule}"), unique=unique)


def _one_of(vocabulary: type[StrEnum] | tuple[str, ...], *, blank: bool = False) -> pa.Column:
    allowed = [str(v) for v in vocabulary]
    return pa.Column(str, pa.Check.isin([*allowed, ""] if blank else allowed, error="allowed:" + ", ".join(allowed)))


def _number(*, blank: bool = True) -> pa.Column:
    return _pattern(NUMBER, "rule_number", blank=blank)


def _source(*, blank: bool = False) -> pa.Column:
    return _pattern(r"S\d", "rule_source", blank=blank)


def _line(*, blank: bool = False) -> pa.Column:
    return _pattern(COUNT, "rule_line", blank=blank)


YES_NO = ("yes", "no")

COLUMNS: Mapping[str, Mapping[str, pa.Column]] = {
    "sources": {
        "source_id": _pattern(r"S\d", "rule_source", unique=True), "file": _text(), "title": _text(), "publisher": _text(blank=True),
        "date": _pattern(DAY, "rule_date", blank=True), "date_sure": _one_of(YES_NO, blank=True), "note": _text(blank=True),
    },
    "cases": {
        "case_id": _pattern(CASE_ID, "rule_case_id", unique=True), "name_zh": _text(), "name_en": _text(), "level": _one_of(Level),
        "province": _text(), "city": _text(), "county": _text(blank=True), "start": _pattern(DAY, "rule_date", blank=True),
        "start_sure": _one_of(YES_NO, blank=True), "model": _text(), "model_en": _text(), "population": _number(),
        "households": _number(), "area_km2": _number(), "n_communities": _number(), "source_id": _source(), "note": _text(blank=True),
    },
    "mechanisms": {
        "case_id": _pattern(CASE_ID, "rule_case_id"), "mechanism": _one_of(Mechanism), "coder_a": _one_of(Mention),
        "coder_b": _one_of(Mention), "settled": _one_of(Mention), "coder_kind": _one_of(("machine_assisted", "person")),
        "source_id": _source(blank=True), "line": _line(blank=True), "reason_zh": _text(blank=True), "reason_en": _text(blank=True),
    },
    "claims": {
        "claim_id": _pattern(r"[a-z]+-\d{3}", "rule_claim_id", unique=True), "case_id": _pattern(CASE_ID, "rule_case_id"),
        "place": _text(blank=True), "place_en": _text(blank=True), "indicator_zh": _text(), "indicator_en": _text(),
        "family": _one_of(Family), "kind": _one_of(Kind), "value": _number(blank=False), "value_low": _number(blank=True),
        "value_high": _number(), "qualifier": _text(blank=True), "unit": _text(blank=True), "unit_class": _one_of(UnitClass),
        "comparison": _one_of(Comparison), "baseline": _number(), "denominator": _number(),
        "period_start": _pattern(DAY, "rule_date", blank=True), "period_end": _pattern(DAY, "rule_date", blank=True),
        "period_words": _text(blank=True), "cumulative": _one_of(YES_NO, blank=True), "printed": _text(), "source_id": _source(),
        "line": _line(), "section": _text(), "headline": _one_of(Headline, blank=True), "headline_fit": _one_of(Fit, blank=True),
        "repeat_of": _pattern(CLAIM_IDS, "rule_claim_id", blank=True), "conflicts_with": _pattern(CLAIM_IDS, "rule_claim_id", blank=True),
        "part_of": _pattern(CLAIM_IDS, "rule_claim_id", blank=True), "per": _pattern(CLAIM_IDS, "rule_claim_id", blank=True),
        "listed": _pattern(COUNT, "rule_count", blank=True), "text_en": _text(), "text_zh": _text(), "note": _text(blank=True),
    },
    "not_claims": {
        "source_id": _source(), "line": _line(), "printed": _text(), "count": _pattern(r"[1-9]\d*", "rule_count"),
        "reason": _one_of(NotClaim), "note": _text(blank=True),
    },
}
NUMERIC = {
    "cases": ("population", "households", "area_km2", "n_communities"),
    "claims": ("value", "value_low", "value_high", "baseline", "denominator", "listed", "line"),
    "mechanisms": ("line",),
    "not_claims": ("line", "count"),
}


def check_ledger(texts: Mapping[str, pd.DataFrame]) -> list[Failure]:
    """Every failure of the five tables, cells first; rows are compared with each other only where cells are sound."""
    failures = [f for name in COLUMNS for f in _check_cells(name, texts[name])]
    if failures:
        return failures
    claims = list(zip(texts["claims"].index, claims_in(typed("claims", texts["claims"]), repeats=True), strict=True))
    return [*_check_claims(claims), *check_references(texts, claims)]


def typed(name: str, text: pd.DataFrame) -> pd.DataFrame:
    """The table with numbers as numbers (blank: missing) and a plain index; all other cells stay text."""
    frame = text.copy()
    for column in NUMERIC.get(name, ()):
        frame[column] = pd.to_numeric(frame[column], errors="raise")
    return frame.reset_index(drop=True)


def _check_cells(name: str, text: pd.DataFrame) -> Iterator[Failure]:
    file = f"{name}.csv"
    expected = list(COLUMNS[name])
    if list(text.columns) != expected:
        yield Failure(code="CR-L03", values={"file": file, **_header_difference(list(text.columns), expected)})
        return
    try:
        pa.DataFrameSchema(dict(COLUMNS[name])).validate(text, lazy=True)
    except pa.errors.SchemaErrors as errors:
        for case in errors.failure_cases.sort_values(["index", "column"]).to_dict("records"):
            yield _cell_failure(file, case)


def _header_difference(got: list[str], expected: list[str]) -> dict[str, str]:
    missing = ", ".join(c for c in expected if c not in got) or "—"
    unknown = ", ".join(c for c in got if c not in expected) or "—"
    return {"missing": missing, "unknown": unknown, "expected": ", ".join(expected)}


def _cell_failure(file: str, case: Mapping[str, object]) -> Failure:
    place = {"file": file, "row": case["index"], "column": case["column"], "got": case["failure_case"]}
    kind, _, detail = str(case["check"]).partition(":")
    if kind == "allowed":
        return Failure(code="CR-L04", values={**place, "allowed": detail})
    if kind == "pattern":
        return Failure(code="CR-L05", values={**place, "rule": entries("errors")[detail]})
    return Failure(code="CR-L06", values=place)


def _check_claims(claims: Iterable[tuple[int, Claim]]) -> Iterator[Failure]:
    """Rules that tie the cells of one claim together."""
    for row, claim in claims:
        place = {"file": "claims.csv", "row": row, "claim": claim.claim_id}
        read = read_number(claim.printed)
        if read is None:
            yield Failure(code="CR-L07", values={**place, "got": claim.printed})
        else:
            yield from _against_printed(place, claim, read)
        if bool(claim.headline) != bool(claim.headline_fit):
            yield Failure(code="CR-L09", values=place)
        if claim.value < 0 and not claim.is_change:
            yield Failure(code="CR-L10", values={**place, "got": claim.value})


def _against_printed(place: Mapping[str, object], claim: Claim, read: PrintedNumber) -> Iterator[Failure]:
    """What the printed token says must be what the cells say; a fall keeps its minus sign."""
    sign = -1 if claim.value < 0 else 1
    low, high = sorted((sign * read.low, sign * read.high))
    wanted = {"value": sign * read.value, "value_low": low, "value_high": high}
    differing = {column: want for column, want in wanted.items() if not _same(getattr(claim, column), want)}
    words = {column: getattr(read, column) for column in ("qualifier", "unit") if getattr(claim, column) != getattr(read, column)}
    for column, want in {**differing, **words}.items():
        yield Failure(code="CR-L08", values={**place, "column": column, "got": getattr(claim, column), "printed": claim.printed, "expected": want})


def _same(got: float, want: float) -> bool:
    """Equal numbers; a blank cell stands for an end that the wording leaves open."""
    if math.isnan(got):
        return math.isinf(want)
    return abs(got - want) <= TOLERANCE
