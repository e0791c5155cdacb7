"""From a Chinese press text to candidate rows of a claims ledger, one per number, for a person to confirm.

The parser reads; it does not judge. Whatever it prints has its line and its place on the line, its bounds follow the rules of the
ledger (`cases.numerals`), and a cell that the wording does not decide stays blank. No candidate is a claim before a person says so.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from commresearch.cases.case import CASE_ID
from commresearch.comparison.claim_parser_confidence import confidence_of
from commresearch.comparison.claim_parser_meaning import change_of, family_of, headline_of, is_baseline, kind_of
from commresearch.comparison.claim_parser_names import quotes_around, without_names
from commresearch.comparison.claim_parser_nouns import indicator_of, unit_class_of
from commresearch.comparison.claim_parser_periods import period_of
from commresearch.comparison.claim_parser_reasons import is_rank, reason_of, stretch_of
from commresearch.comparison.claim_parser_tokens import Token, tokens_of
from commresearch.errors import Failure, SchemaError
from commresearch.terms import Comparison, NotClaim, UnitClass

CONFIRM = "confirm"
BESIDE = ("confidence", "position", "quote", CONFIRM)  #: what a candidate has beside the columns of the ledger
NOT_CLAIMS = ("source_id", "line", "printed", "count", "reason", "note")
SOURCE_ID = re.compile(r"S[0-9]+")
AROUND = 12  #: signs of the line on either side of a number that are quoted
LONGEST_HEADING = 40
IDS_PER_BLOCK = 1000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParsedText:
    """`candidates`: one row per number that may be a claim; `not_claims`: the others with the reason, as in not_claims.csv."""

    candidates: pd.DataFrame
    not_claims: pd.DataFrame


def parse_claims(text: str | Sequence[str], *, document: str = "S0", case_id: str = "case") -> pd.DataFrame:
    """Candidate rows of a claims ledger from one press text.

    Parameters
    ----------
    text : str or sequence of str
        The text, or its lines (`read_press_text`); lines end at line feeds only and are counted from 1.
    document : str
        Its source id in the ledger (S0, S1, …).
    case_id : str
        The case that the numbers are of; claim ids begin with it.

    Returns
    -------
    DataFrame
        One row per number, in the order of the text: the columns of claims.csv, then `confidence` (0 to 1: how many of such numbers
        were claims where it was measured), `position` (sign on the line, from 1), `quote` (the number with at most 12 signs on either side,
        names of persons masked) and `confirm` (blank; a person writes yes or no). `value`, `value_low`, `value_high` in the printed unit (percent as printed, money in yuan),
        a missing `value_high` where the wording sets no upper end. What the wording leaves open is blank.

    Raises
    ------
    SchemaError
        `document` or `case_id` has not the form that the ledger asks for.

    Notes
    -----
    Bounds follow the qualifiers: 约 x is x ± the larger of 5 % and half a unit of the last digit, 近 x is 0.9 x to x, x余 reaches up to
    the next unit of the last digit, 超 and 以上 are open above. A range has its ends as bounds and its middle as value.
    """
    return parse_numbers(text, document=document, case_id=case_id).candidates


def parse_numbers(text: str | Sequence[str], *, document: str = "S0", case_id: str = "case") -> ParsedText:
    """Candidates as `parse_claims` gives them, and beside them every other number with the reason why it is no claim.

    Raises
    ------
    SchemaError
        As `parse_claims`.
    """
    _check_names(document, case_id)
    lines = text.split("\n") if isinstance(text, str) else list(text)
    rows: list[dict[str, object]] = []
    others: dict[tuple[int, int, str, NotClaim], None] = {}
    pieces: list[tuple[str, str, str]] = []
    clauses: list[str] = []
    section, baseline = "", math.nan
    for number, line in enumerate(lines, 1):
        section = line.strip() if _is_heading(line) else section
        for token in tokens_of(line):
            if (reason := reason_of(token)) is not None:
                others[_key(number, token, reason)] = None
                continue
            row = _row(token, case_id=case_id, index=len(rows) + 1)
            clauses.append(token.left + token.right)
            pieces.append((line[: token.start], token.printed, line[token.end :]))
            rows.append(row | {"source_id": document, "line": number, "section": section, "baseline": baseline})
            baseline = token.value if is_baseline(token) else math.nan
    candidates = _frame(_without_persons(rows, clauses, quotes_around(pieces, AROUND)))
    counted = Counter((line, printed, reason) for line, _, printed, reason in others)
    found = [(document, line, printed, count, reason.value, "") for (line, printed, reason), count in counted.items()]
    return ParsedText(candidates=candidates, not_claims=pd.DataFrame(found, columns=list(NOT_CLAIMS)))


def _without_persons(rows: Sequence[dict[str, object]], clauses: Sequence[str], quotes: Sequence[str]) -> list[dict[str, object]]:
    """Rows with their quotes; names in headings are masked, an indicator that holds one is blank."""
    sections = sorted({str(row["section"]) for row in rows})
    masked = without_names([*clauses, *sections])
    headed = dict(zip(sections, masked[len(clauses) :], strict=True))
    return [
        row | {"quote": quote, "section": headed[str(row["section"])], "indicator_zh": row["indicator_zh"] if after == before or str(row["indicator_zh"]) in after else ""}
        for row, before, after, quote in zip(rows, clauses, masked[: len(clauses)], quotes, strict=True)
    ]


def _key(line: int, token: Token, reason: NotClaim) -> tuple[int, int, str, NotClaim]:
    """Place and printed form of what is no claim: a whole date or title once, however many numbers it holds."""
    stretch = stretch_of(token)
    if stretch is None:
        return line, token.start, token.printed, reason
    start, end, _ = stretch
    return line, start, token.text[start:end].strip(), reason


def _check_names(document: str, case_id: str) -> None:
    failures = []
    if not SOURCE_ID.fullmatch(document):
        failures.append(Failure(code="CR-H01", values={"got": document}))
    if not re.fullmatch(CASE_ID, case_id):
        failures.append(Failure(code="CR-H02", values={"got": case_id}))
    if failures:
        raise SchemaError(*failures)


def _frame(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Numbers as numbers, all other cells as text; blank or missing where nothing is known."""
    from commresearch.cases.contract import COLUMNS, NUMERIC  # with pandera, which takes long to load

    numbers = {*NUMERIC["claims"], "confidence", "position"}
    columns = {name: [row.get(name, math.nan if name in numbers else "") for row in rows] for name in (*COLUMNS["claims"], *BESIDE)}
    return pd.DataFrame({name: pd.Series(cells, dtype=None if name in numbers and cells else "float64" if name in numbers else "str") for name, cells in columns.items()})


def _is_heading(line: str) -> bool:
    text = line.strip()
    return 0 < len(text) <= LONGEST_HEADING and not re.search(r"[。！？；，,;]$|[。；]|通讯员|记者|摄影|来源|联系人", text)


def _row(token: Token, *, case_id: str, index: int) -> dict[str, object]:
    """The cells of one candidate; those left out are blank."""
    unit_class = unit_class_of(token, is_rank=is_rank(token))
    change = change_of(token, unit_class)
    indicator = indicator_of(token)
    kind = kind_of(token, unit_class, change, indicator)
    period = period_of(token)
    headline = headline_of(token, change)
    sign = -1 if change.is_fall else 1
    low, high = sorted((sign * token.low, sign * token.high))
    return {
        "claim_id": _claim_id(case_id, index), "case_id": case_id, "indicator_zh": indicator,
        "family": family_of(token, unit_class, indicator, kind).value, "kind": kind.value, "value": sign * token.value, "value_low": _finite(low), "value_high": _finite(high),
        "qualifier": token.qualifier, "unit": token.unit, "unit_class": unit_class.value, "comparison": change.comparison.value,
        "period_start": period.start, "period_end": period.end, "period_words": period.words,
        "cumulative": "no" if unit_class in _WITHOUT_TOTAL or change.comparison is not Comparison.LEVEL else period.cumulative,
        "printed": change.verb + token.printed, "headline": headline.value if headline else "", "confidence": confidence_of(token, change.comparison), "position": token.start + 1,
    }


_WITHOUT_TOTAL = frozenset({UnitClass.PERCENT, UnitClass.PERCENTAGE_POINTS, UnitClass.DURATION, UnitClass.RANK})


def _claim_id(case_id: str, index: int) -> str:
    block, rest = divmod(index, IDS_PER_BLOCK)
    return f"{case_id}_{block}-{rest:03d}" if block else f"{case_id}-{rest:03d}"


def _finite(number: float) -> float:
    """Ledgers leave an end blank that the wording leaves open."""
    return math.nan if math.isinf(number) else number
