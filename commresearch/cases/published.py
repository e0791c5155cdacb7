"""The published facts of the cases: five checked tables and nothing else."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from commresearch.cases.ledger_files import TABLES, read_texts
from commresearch.errors import CaseError, Failure, SchemaError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Published:
    """What the sources say of the cases; a figure here is a claim with a place in its document, never data.

    sources, cases, mechanisms, claims, not_claims : DataFrame
        One row per document, case, case × mechanism, published number, and number that is no claim. `value`,
        `value_low`, `value_high` are plain numbers in the row's unit (percent as printed, money in yuan); a missing
        `value_high` means that the wording sets no upper end.
    """

    sources: pd.DataFrame
    cases: pd.DataFrame
    mechanisms: pd.DataFrame
    claims: pd.DataFrame
    not_claims: pd.DataFrame

    def case(self, case_id: str) -> pd.Series:
        """One row of `cases`.

        Raises
        ------
        CaseError
            There is no such case; the message lists those there are.
        """
        known = self.cases["case_id"]
        if case_id not in set(known):
            raise CaseError(Failure(code="CR-C01", values={"case": case_id, "known": ", ".join(known)}))
        return self.cases.loc[known == case_id].iloc[0]

    def claims_of(self, case_id: str) -> pd.DataFrame:
        """A copy of the claims of one case, in the order of the text."""
        return self.claims[self.claims["case_id"] == case_id].copy()


def load_published(folder: str | Path = "data_raw/published") -> Published:
    """Read and check the five published tables.

    Parameters
    ----------
    folder : path
        Holds sources.csv, cases.csv, mechanisms.csv, claims.csv, not_claims.csv (UTF-8).

    Raises
    ------
    CaseError
        The folder or one of its files is missing.
    SchemaError
        Any cell breaks the contract: all failures of all files at once, with file, row and column.
    """
    from commresearch.cases.contract import check_ledger, typed  # with pandera, which takes long to load and serves ledgers only

    texts, unread = read_texts(Path(folder))
    if failures := [*unread, *check_ledger(texts)]:
        raise SchemaError(*failures)
    return Published(**{name: typed(name, texts[name]) for name in TABLES})
