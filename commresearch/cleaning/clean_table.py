"""What cleaning a survey gives: typed answers, kinds of missing, flags, and the record of every change."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from commresearch.cleaning.codebook import Codebook
from commresearch.terms import Language
from commresearch.words import has, say

#: Rows of the account that count rows going in; all others count rows that were set aside.
ROWS_READ, ROWS_OUT = "rows_read", "rows_out"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CleanTable:
    """A cleaned survey.

    frame
        typed answers, index `row_id`; NA where a value is missing
    missing_kinds
        same shape: the kind of missing of every NA, NA where there is a value
    log
        step, rule, file, sheet, row_id, variable, old, new, count, reason: one line per change; identifiers masked
    flags
        same index: effort indices, contradictions, duplicates; flags never remove a row
    account
        step, rule, rows: rows read, set aside by each rule, and left; `rows_read` is the sum of the others
    duplicates
        groups of rows that may be the same answer sheet, for the decision sheet
    identifiers
        columns in which direct identifiers were found, and what became of them; never an identifier itself
    provenance
        hashes and settings that the table was made from
    known
        identifiers met on the way in, for the scan of what is written; kept in memory only
    given
        the codebook as it was given, which can be used again; `codebook` has the derived variables and lacks the dropped ones
    """

    frame: pd.DataFrame
    codebook: Codebook
    missing_kinds: pd.DataFrame
    log: pd.DataFrame
    flags: pd.DataFrame
    account: pd.DataFrame
    duplicates: pd.DataFrame
    identifiers: pd.DataFrame
    provenance: Mapping[str, str]
    known: Mapping[str, str] = field(default_factory=dict, repr=False)
    given: Codebook | None = None

    def rows(self, rule: str) -> int:
        """Rows of one line of the account; 0 where there is no such line."""
        return int(self.account.loc[self.account["rule"] == rule, "rows"].sum())

    def log_in(self, language: Language) -> pd.DataFrame:
        """The log with every reason in words."""
        log = self.log.copy()
        blank = log["reason"] == ""
        log.loc[blank, "reason"] = [reason(rule, language) for rule in log.loc[blank, "rule"]]
        return log


def reason(rule: str, language: Language) -> str:
    """Why a rule changes or drops a value, in words."""
    return say(f"log.{rule}", language) if has(f"log.{rule}") else rule
