"""claims.csv of a pilot's folder: numbers that were published about it, each with the terms on which it can be measured again."""

import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

import pandas as pd

from commresearch.cases.claim import FIELDS, Claim
from commresearch.cases.numerals import read_number
from commresearch.errors import CaseError, Failure, SchemaError
from commresearch.terms import Comparison, Outcome, UnitClass

CLAIMS_FILE = "claims.csv"
FIRST_ROW = 2  #: row of the first record as a spreadsheet shows it
TREATED, ALL = "treated", "all"  #: words that stand for the units of a scope
MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
SEVERAL = re.compile(r"[、，,;；\s]+")
NUMBERS = ("value", "value_low", "value_high", "baseline", "denominator", "listed")
LEDGER = ("claim_id", "value", "unit_class", "comparison")  #: columns of the ledger that a claim cannot be compared without
BOUNDS = ("value_low", "value_high")


class ClaimMeasure(StrEnum):
    """What a published number counts, so that it can be counted again."""

    COUNT = "count"
    RATE = "rate"
    PERSONS = "persons"
    SHARE = "share"
    HOURS = "hours"
    AREA = "area"


#: Measures that an outcome has.
MEASURES: Mapping[Outcome, tuple[ClaimMeasure, ...]] = {
    Outcome.COMPLAINT_RATE: (ClaimMeasure.COUNT, ClaimMeasure.RATE), Outcome.YOUTH_PARTICIPATION: (ClaimMeasure.PERSONS, ClaimMeasure.SHARE),
    Outcome.SPACE_USE: (ClaimMeasure.HOURS, ClaimMeasure.SHARE), Outcome.AREA_IN_USE: (ClaimMeasure.AREA, ClaimMeasure.SHARE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTerms:
    """What a claim is to be measured by.

    outcome : str
        A member of Outcome; a panel that was not counted from logs has a label of its own.
    measure : ClaimMeasure
        Counts, persons, hours and areas are those of a month; a rate or a share is over households, residents, hours on offer or area.
    scope : tuple of str
        Units; or "treated" (those in which the pilot started), or "all".
    base_start, base_end, period_start, period_end : str
        First and last months (2024-01) of the earlier and the later time.
    topics : tuple of str
        Of complaints; none: all.
    """

    outcome: str
    measure: ClaimMeasure
    scope: tuple[str, ...]
    base_start: str
    base_end: str
    period_start: str
    period_end: str
    topics: tuple[str, ...] = ()


TERMS = tuple(f.name for f in fields(ClaimTerms))
REQUIRED = tuple(name for name in TERMS if name != "topics")
#: Columns of the file that stand in the terms; `period_start` and `period_end` are the ledger's own.
MONTHS = ("base_start", "base_end", "period_start", "period_end")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClaim:
    """A claim on a case and the terms on which it can be measured again."""

    claim: Claim
    terms: ClaimTerms


def read_case_claims(path: Path) -> tuple[CaseClaim, ...]:
    """Read the claims on a pilot.

    Parameters
    ----------
    path : Path
        CSV in UTF-8: claim_id, value, unit_class, comparison and other columns of the ledger (`Claim`), all of which may be absent but these four;
        and outcome, measure, scope, base_start, base_end, period_start, period_end, and topics where a claim is about some topics only.

    Returns
    -------
    tuple of CaseClaim
        In the order of the file. Bounds that are blank are those of the printed number, where that is given.

    Raises
    ------
    CaseError
        There is no such file (CR-Y01).
    SchemaError
        It is no UTF-8 or no CSV (CR-Y02), and whatever `claims_with_terms` refuses.
    """
    if not path.is_file():
        raise CaseError(Failure(code="CR-Y01", values={"file": str(path)}))
    try:
        text = pd.read_csv(io.StringIO(path.read_bytes().decode("utf-8-sig")), dtype=str, keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise SchemaError(Failure(code="CR-Y02", values={"file": path.name, "error": str(error)})) from None
    text.index = pd.RangeIndex(FIRST_ROW, FIRST_ROW + len(text))
    return claims_with_terms(text[(text != "").any(axis=1)], path.name)


def claims_with_terms(text: pd.DataFrame, file: str = CLAIMS_FILE) -> tuple[CaseClaim, ...]:
    """The claims of a table of text, every fault of it at once.

    Parameters
    ----------
    text : DataFrame
        All cells text, blank or missing where nothing stands; indexed by the rows that a spreadsheet shows.

    Raises
    ------
    SchemaError
        Columns are missing (CR-Y03), cells that are needed are blank (CR-Y04), words are not of their vocabulary (CR-Y05), months (CR-Y06) or numbers
        (CR-Y07) are none, times are out of order (CR-Y08), an id stands twice (CR-Y09), topics are named of an outcome that has none (CR-Y10), bounds
        do not hold the value (CR-Y11).
    """
    wanted = (*LEDGER, *REQUIRED)
    if missing := [name for name in wanted if name not in text.columns]:
        raise SchemaError(Failure(code="CR-Y03", values={"file": file, "missing": ", ".join(missing), "expected": ", ".join(wanted)}))
    full = text.assign(**{name: "" for name in (*FIELDS, *TERMS) if name not in text.columns})
    rows = {int(row): {name: "" if pd.isna(cell) else str(cell).strip() for name, cell in zip(full.columns, cells, strict=True)} for row, *cells in full.itertuples(name=None)}
    failures = [failure for row, cells in rows.items() for failure in _faults(file, row, cells)]
    failures += [Failure(code="CR-Y09", values=_at(file, row, "claim_id", got)) for row, got in _again({row: cells["claim_id"] for row, cells in rows.items()})]
    if failures:
        raise SchemaError(*failures)
    return tuple(CaseClaim(claim=_claim(row), terms=_terms(row)) for row in rows.values())


def _again(ids: Mapping[int, str]) -> list[tuple[int, str]]:
    """Rows whose id stands in an earlier one."""
    told = list(ids.values())
    return [(row, name) for place, (row, name) in enumerate(ids.items()) if name and name in told[:place]]


def _at(file: str, row: int, column: str, got: object) -> dict[str, object]:
    return {"file": file, "row": row, "column": column, "got": got}


def _faults(file: str, row: int, cells: Mapping[str, str]) -> Iterator[Failure]:
    """What is wrong with one row; blank cells that may be blank are no fault."""
    for column in (*LEDGER, *REQUIRED):
        if cells[column] == "":
            yield Failure(code="CR-Y04", values=_at(file, row, column, ""))
    words: dict[str, Sequence[str]] = {
        "outcome": list(Outcome), "unit_class": list(UnitClass), "comparison": list(Comparison), "measure": _measures(cells["outcome"]),
    }
    for column, allowed in words.items():
        if cells[column] and cells[column] not in allowed:
            yield Failure(code="CR-Y05", values=_at(file, row, column, cells[column]) | {"allowed": ", ".join(allowed)})
    for column in MONTHS:
        if cells[column] and not MONTH.fullmatch(cells[column]):
            yield Failure(code="CR-Y06", values=_at(file, row, column, cells[column]))
    for column in (*NUMBERS, "line"):
        if cells[column] and not _is_number(cells[column]):
            yield Failure(code="CR-Y07", values=_at(file, row, column, cells[column]))
    yield from _row_faults(file, row, cells)


def _row_faults(file: str, row: int, cells: Mapping[str, str]) -> Iterator[Failure]:
    """Rules between the cells of a row, of those cells that are sound."""
    months = [cells[name] for name in MONTHS]
    if all(MONTH.fullmatch(m) for m in months):
        base_start, base_end, start, end = months
        if base_start > base_end or start > end or base_end >= start:
            yield Failure(code="CR-Y08", values=_at(file, row, "base_start", f"{base_start} – {base_end}, {start} – {end}"))
    if cells["topics"] and cells["outcome"] in set(Outcome) - {Outcome.COMPLAINT_RATE}:
        yield Failure(code="CR-Y10", values=_at(file, row, "topics", cells["topics"]) | {"outcome": cells["outcome"]})
    numbers = [cells["value_low"] or "-inf", cells["value"], cells["value_high"] or "inf"]
    if cells["value"] and all(_is_number(n) or n.endswith("inf") for n in numbers):
        low, value, high = map(float, numbers)
        if not low <= value <= high:
            yield Failure(code="CR-Y11", values=_at(file, row, "value", cells["value"]) | {"low": cells["value_low"], "high": cells["value_high"]})


def _measures(outcome: str) -> list[str]:
    return [str(m) for m in (MEASURES[Outcome(outcome)] if outcome in set(Outcome) else ClaimMeasure)]


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _claim(cells: Mapping[str, str]) -> Claim:
    """The row as the ledger has it: blank numbers NaN, blank bounds those of the printed number."""
    values: dict[str, object] = {name: cells[name] for name in FIELDS}
    values |= {name: float(cells[name]) if cells[name] else math.nan for name in NUMBERS}
    values["line"] = int(float(cells["line"])) if cells["line"] else 0
    read = read_number(cells["printed"]) if cells["printed"] and not (cells["value_low"] or cells["value_high"]) else None
    if read is not None and math.isclose(read.value, abs(float(cells["value"]))):
        sign = -1.0 if float(cells["value"]) < 0 else 1.0
        low, high = sorted((sign * float(read.low), sign * float(read.high)))
        values |= {"value_low": low if math.isfinite(low) else math.nan, "value_high": high if math.isfinite(high) else math.nan}
        values["qualifier"] = cells["qualifier"] if cells["qualifier"] else read.qualifier
    return Claim(**values)  # type: ignore[arg-type]


def _terms(cells: Mapping[str, str]) -> ClaimTerms:
    """The terms of a row whose cells are sound."""
    scope, topics = (tuple(dict.fromkeys(filter(None, SEVERAL.split(cells[name])))) for name in ("scope", "topics"))
    months = {name: cells[name] for name in MONTHS}
    return ClaimTerms(outcome=cells["outcome"], measure=ClaimMeasure(cells["measure"]), scope=scope, topics=tuple(sorted(topics)), **months)
