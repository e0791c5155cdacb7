"""A user's file of claims: read, held to the contract of the ledger, and brought to its columns; nothing is coerced."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from commresearch.comparison.claim_parser import BESIDE, CONFIRM
from commresearch.comparison.claim_parser_tokens import read_printed
from commresearch.comparison.claims_file_rules import check_rows
from commresearch.errors import Failure, SchemaError
from commresearch.sources.tables import FIRST_ROW, read_table, sheet_names
from commresearch.terms import Language
from commresearch.words import say

REQUIRED = ("claim_id", "case_id", "indicator_zh", "value", "unit", "unit_class")
FORMED = frozenset({"claim_id", "case_id", "indicator_zh", "value", "unit_class"})  #: required columns in which no cell may be blank; things may lack a unit
YES, ANSWERS = "yes", ("yes", "no", "")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClaimsFile:
    """Claims of one file in the columns of the ledger, and how many rows were left out: refused (confirm = no) and open (confirm blank)."""

    claims: pd.DataFrame
    n_refused: int
    n_open: int

    def left_out(self, language: Language | str) -> str:
        """A sentence on the rows that are no claims; blank where all are."""
        if not self.n_refused + self.n_open:
            return ""
        return say("claim_parser.left_out", Language(language), n_refused=self.n_refused, n_open=self.n_open, n=len(self.claims))


def read_claims_file(path: str | Path, *, sheet: str | None = None) -> pd.DataFrame:
    """The claims of a user's file, in the columns of claims.csv, as `audit_claims` takes them.

    Parameters
    ----------
    path : path
        .csv (UTF-8, GB18030), .xlsx or .xls; heads are the column codes of the ledger, in any order. Needed: claim_id, case_id,
        indicator_zh, value, unit, unit_class. A workbook of `write_candidates` may be given; of it the rows that a person confirmed are taken.
    sheet : str
        Sheet of a workbook; the first where none is named.

    Returns
    -------
    DataFrame
        One row per claim: all columns of the ledger; texts left out are blank and numbers missing, which both mean "not known".
        Bounds left out are those that the printed form allows, else the value itself.

    Raises
    ------
    SourceError
        The file cannot be read.
    SchemaError
        Columns are missing or unknown, there is no row, or any row breaks a rule: all faults at once, with file, sheet, row, column, what
        was found, what is allowed and what to do.

    See Also
    --------
    open_claims_file : the same with the numbers of rows that were left out.
    """
    return open_claims_file(path, sheet=sheet).claims


def open_claims_file(path: str | Path, *, sheet: str | None = None) -> ClaimsFile:
    """Claims and what was left out.

    Raises
    ------
    SourceError, SchemaError
        As `read_claims_file`.
    """
    from commresearch.cases.contract import COLUMNS, typed  # with pandera, which takes long to load

    path = Path(path)
    text = read_table(path, sheet=sheet)
    names = sheet_names(path)
    place = {"file": path.name, "sheet": (sheet or names[0]) if names else ""}
    if failures := list(_check_heads(text, place, list(COLUMNS["claims"]))):
        raise SchemaError(*failures)
    text = text.apply(lambda column: column.fillna("").str.strip())
    text.index = text.index + FIRST_ROW
    text = text[(text != "").any(axis=1)]
    kept, failures = _confirmed(text, place)
    n_refused, n_open = len(text) - len(kept), 0
    if CONFIRM in text:
        n_open = int((text[CONFIRM] == "").sum())
        n_refused -= n_open
    if kept.empty and not failures:
        raise SchemaError(_nothing_left(place, n_refused, n_open))
    whole = _whole(kept, list(COLUMNS["claims"]))
    if failures := [*failures, *check_rows(whole, place, formed=FORMED)]:
        raise SchemaError(*failures)
    return ClaimsFile(claims=typed("claims", _with_bounds(whole)), n_refused=n_refused, n_open=n_open)


def _check_heads(text: pd.DataFrame, place: Mapping[str, object], expected: list[str]) -> Iterator[Failure]:
    """Columns that are missing, unknown or there twice."""
    got = [str(c) for c in text.columns]
    for column in (c for c in REQUIRED if c not in got):
        yield Failure(code="CR-H06", values={**place, "column": column, "expected": ", ".join(REQUIRED)})
    known = [*expected, *BESIDE]
    for column in dict.fromkeys(c for c in got if c not in known):
        nearest = get_close_matches(column, known, 1)
        yield Failure(code="CR-H07", values={**place, "got": column, "nearest": nearest[0] if nearest else "", "allowed": ", ".join(known)})
    for column in dict.fromkeys(c for c in got if got.count(c) > 1 and c in known):
        yield Failure(code="CR-H08", values={**place, "got": column})


def _confirmed(text: pd.DataFrame, place: Mapping[str, object]) -> tuple[pd.DataFrame, list[Failure]]:
    """Rows that a person confirmed; all where the file has no such column."""
    if CONFIRM not in text:
        return text, []
    answers = text[CONFIRM].str.lower()
    failures = [
        Failure(code="CR-H09", values={**place, "row": row, "column": CONFIRM, "got": text[CONFIRM][row], "allowed": "yes, no"})
        for row in text.index[~answers.isin(ANSWERS)]
    ]
    return text[answers == YES], failures


def _nothing_left(place: Mapping[str, object], n_refused: int, n_open: int) -> Failure:
    if n_refused + n_open:
        return Failure(code="CR-H11", values={**place, "n_refused": n_refused, "n_open": n_open})
    return Failure(code="CR-H10", values=place)


def _whole(text: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """All columns of the ledger, as text; those that the file lacks are blank."""
    return text.reindex(columns=columns, fill_value="").astype(str)


def _with_bounds(text: pd.DataFrame) -> pd.DataFrame:
    """Bounds and qualifier that the file leaves out, as its printed form has them, else the value as both bounds.

    A blank upper end stays blank where the printed form sets none.
    """
    text = text.copy()
    for row, cells in text[(text["value_low"] == "") & (text["value_high"] == "")].to_dict("index").items():
        value, printed = float(cells["value"]), str(cells["printed"])
        read = read_printed(printed) if printed else None
        low, high = (value, value) if read is None else sorted((read.low, read.high) if value >= 0 else (-read.low, -read.high))
        text.loc[row, ["value_low", "value_high"]] = ["" if math.isinf(end) else f"{end:.12g}" for end in (low, high)]
        if read is not None and not cells["qualifier"]:
            text.loc[row, "qualifier"] = read.qualifier
    return text
