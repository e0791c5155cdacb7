"""What a ledger must look like: cell by cell (pandera), then row by row and table by table."""

import math
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from enum import StrEnum

import pandas as pd

from commresearch.cases.case import CASE_ID
from commresearch.cases.claim import Claim, Meaning, claims_in
from commresearch.cases.numerals import PrintedNumber, read_number
from commresearch.cases.references import check_links, check_references
from commresearch.errors import Failure
from commresearch.terms import (
    ChosenBy,
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


@contextmanager
def _without_warnings_of_spark() -> Iterator[None]:
    """Pandera loads PySpark where that is installed, and PySpark warns of every newer pandas, which nobody here hands to it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
        yield


with _without_warnings_of_spark():
    import pandera.pandas as pa

NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
POSITIVE = r"(?!0+(?:\.0+)?$)[0-9]+(?:\.[0-9]+)?"
COUNT = r"[0-9]+"
CLAIM_ID = r"[a-z][a-z0-9_]*-[0-9]{3}"
SOURCE_ID = r"S[0-9]+"
FALL, RISE = re.compile("下降|减少|降低|缩短"), re.compile("增长|提升|上升|增加|提高")
TOLERANCE = 1e-9  #: printed numbers have few digits; only the rounding of binary fractions is forgiven


def _text(*, blank: bool = False, unique: bool = False) -> pa.Column:
    return _pattern(r".*\S.*", "rule_text", blank=blank, unique=unique)


def _pattern(pattern: str, rule: str, *, blank: bool = False, unique: bool = False) -> pa.Column:
    full = rf"(?:{pattern})?" if blank else pattern
    return pa.Column(str, pa.Check.str_matches(rf"(?s)^(?:{full})\Z", error=f"pattern:{rule}"), unique=unique)


def _one_of(vocabulary: type[StrEnum] | tuple[str, ...], *, blank: bool = False) -> pa.Column:
    allowed = [str(v) for v in vocabulary]
    return pa.Column(str, pa.Check.isin([*allowed, ""] if blank else allowed, error="allowed:" + ", ".join(allowed)))


def _number(*, blank: bool = True) -> pa.Column:
    return _pattern(NUMBER, "rule_number", blank=blank)


def _source(*, blank: bool = False) -> pa.Column:
    return _pattern(SOURCE_ID, "rule_source", blank=blank)


def _day() -> pa.Column:
    return pa.Column(str, pa.Check(is_date, element_wise=True, error="pattern:rule_date"))


def _link() -> pa.Column:
    return _pattern(CLAIM_ID, "rule_claim_id", blank=True)


def _links() -> pa.Column:
    return _pattern(rf"{CLAIM_ID}(?: {CLAIM_ID})*", "rule_claim_ids", blank=True)


def is_date(text: str) -> bool:
    """Whether a cell is blank or a date of the calendar: 2025, 2025-08 or 2025-08-31."""
    if text == "":
        return True
    if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", text):
        return False
    try:
        date.fromisoformat(text + "-01" * (2 - text.count("-")))
    except ValueError:
        return False
    return True


def _line(*, blank: bool = False) -> pa.Column:
    return _pattern(COUNT, "rule_line", blank=blank)


YES_NO = ("yes", "no")

COLUMNS: Mapping[str, Mapping[str, pa.Column]] = {
    "sources": {
        "source_id": _pattern(SOURCE_ID, "rule_source", unique=True), "file": _text(), "title": _text(), "publisher": _text(blank=True),
        "date": _day(), "date_sure": _one_of(YES_NO, blank=True), "note": _text(blank=True),
    },
    "cases": {
        "case_id": _pattern(CASE_ID, "rule_case_id", unique=True), "name_zh": _text(), "name_en": _text(), "level": _one_of(Level),
        "province": _text(),
        "province_en": _text(), "city": _text(), "county": _text(blank=True), "start": _day(),
        "start_sure": _one_of(YES_NO, blank=True), "model": _text(), "model_en": _text(), "population": _number(),
        "households": _number(), "area_km2": _number(), "n_communities": _number(), "source_id": _source(), "comparison_group": _one_of(YES_NO), "sample_size": _one_of(YES_NO), "interval": _one_of(YES_NO),
        "note": _text(blank=True),
    },
    "mechanisms": {
        "case_id": _pattern(CASE_ID, "rule_case_id"), "mechanism": _one_of(Mechanism), "coder_a": _one_of(Mention),
        "coder_b": _one_of(Mention), "settled": _one_of(Mention), "coder_kind": _one_of(("machine_assisted", "person")),
        "source_id": _source(blank=True), "line": _line(blank=True), "reason_zh": _text(blank=True), "reason_en": _text(blank=True),
    },
    "claims": {
        "claim_id": _pattern(CLAIM_ID, "rule_claim_id", unique=True), "case_id": _pattern(CASE_ID, "rule_case_id"),
        "place": _text(blank=True), "place_en": _text(blank=True), "indicator_zh": _text(), "indicator_en": _text(),
        "family": _one_of(Family), "kind": _one_of(Kind), "value": _number(blank=False), "value_low": _number(blank=True),
        "value_high": _number(), "qualifier": _text(blank=True), "unit": _text(blank=True), "unit_class": _one_of(UnitClass),
        "comparison": _one_of(Comparison), "baseline": _number(), "denominator": _pattern(POSITIVE, "rule_positive", blank=True),
        "period_start": _day(), "period_end": _day(),
        "period_words": _text(blank=True),
        "period_words_en": _text(blank=True), "cumulative": _one_of(YES_NO, blank=True), "printed": _text(), "source_id": _source(),
        "line": _line(), "section": _text(), "headline": _one_of(Headline, blank=True), "headline_fit": _one_of(Fit, blank=True),
        "repeat_of": _link(), "conflicts_with": _links(),
        "part_of": _link(), "per": _link(),
        "listed": _pattern(COUNT, "rule_count", blank=True), "counted": _one_of(UnitClass, blank=True),
        "chosen_by": _one_of(ChosenBy, blank=True), "comparator": _text(blank=True), "wording": _one_of(Meaning, blank=True),
        "in_use_since": _day(), "instrument": _text(blank=True), "text_en": _text(), "text_zh": _text(), "note": _text(blank=True),
    },
    "not_claims": {
        "source_id": _source(), "line": _line(), "printed": _text(), "count": _pattern(r"[1-9][0-9]*", "rule_count"),
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
    """Every failure of the five tables at once.

    Rules between cells, rows and tables are applied to the rows whose own cells are sound, and to the tables whose header is.
    """
    headed = {name: text for name, text in texts.items() if list(text.columns) == list(COLUMNS[name])}
    failures = [_header_failure(name, text) for name, text in texts.items() if name not in headed]
    unsound: dict[str, set[int]] = {name: set() for name in COLUMNS}
    for name, text in headed.items():
        for failure in _check_cells(name, text):
            failures.append(failure)
            unsound[name].add(int(str(failure.values["row"])))
    sound = {name: text[~text.index.isin(unsound[name])] for name, text in headed.items()}
    if "claims" in sound:
        rows = list(zip(sound["claims"].index, claims_in(typed("claims", sound["claims"]), repeats=True), strict=True))
        failures += [*_check_claims(rows), *check_links(rows, known=headed["claims"])]
    if "cases" in headed and headed["cases"].empty:
        failures.append(Failure(code="CR-L15", values={"file": "cases.csv"}))
    return [*failures, *check_references(headed, sound)]


def typed(name: str, text: pd.DataFrame) -> pd.DataFrame:
    """The table with numbers as numbers (blank: missing) and a plain index; all other cells stay text."""
    frame = text.copy()
    for column in NUMERIC.get(name, ()):
        frame[column] = pd.to_numeric(frame[column], errors="raise")
    return frame.reset_index(drop=True)


def _check_cells(name: str, text: pd.DataFrame) -> Iterator[Failure]:
    try:
        with _without_warnings_of_spark():
            pa.DataFrameSchema(dict(COLUMNS[name])).validate(text, lazy=True)
    except pa.errors.SchemaErrors as errors:
        for case in errors.failure_cases.sort_values(["index", "column"]).to_dict("records"):
            yield _cell_failure(f"{name}.csv", case)


def _header_failure(name: str, text: pd.DataFrame) -> Failure:
    """What is wrong with a header: columns missing, unknown, twice, or out of order."""
    got, expected = [str(c) for c in text.columns], list(COLUMNS[name])
    missing = [c for c in expected if c not in got]
    unknown = [c for c in got if c not in expected] + sorted({c for c in got if got.count(c) > 1})
    moved = [] if missing or unknown else [g for g, e in zip(got, expected, strict=True) if g != e][:1]
    values = {"missing": ", ".join(missing) or "—", "unknown": ", ".join(unknown) or "—", "moved": ", ".join(moved) or "—"}
    return Failure(code="CR-L03", values={"file": f"{name}.csv", "expected": ", ".join(expected), **values})


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
        if bool(claim.period_words) != bool(claim.period_words_en):
            yield Failure(code="CR-L16", values=place)
        if claim.value < 0 and not claim.is_change:
            yield Failure(code="CR-L10", values={**place, "got": claim.value})
        if claim.headline_fit == Fit.DIRECT and claim.kind not in {Kind.OUTCOME, Kind.REACH}:
            yield Failure(code="CR-L17", values={**place, "got": claim.kind})
        if _runs_backwards(claim.period_start, claim.period_end):
            yield Failure(code="CR-L18", values={**place, "got": f"{claim.period_start} > {claim.period_end}"})


def _runs_backwards(start: str, end: str) -> bool:
    """Whether a period ends before it starts, as far as both dates go ("2025-03" to "2025" does not)."""
    shared = min(len(start), len(end))
    return start[:shared] > end[:shared]


def _against_printed(place: Mapping[str, object], claim: Claim, read: PrintedNumber) -> Iterator[Failure]:
    """What the printed token says must be what the cells say; a fall keeps its minus sign."""
    sign = -1 if claim.value < 0 else 1
    if (sign < 0 and RISE.search(claim.printed)) or (sign > 0 and claim.is_change and FALL.search(claim.printed)):
        yield Failure(code="CR-L20", values={**place, "got": claim.value, "printed": claim.printed})
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
