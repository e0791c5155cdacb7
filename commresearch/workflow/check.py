"""Checking a ledger and saying what it holds."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from commresearch.cases import load_published
from commresearch.cases.coverage import Coverage, check_coverage, read_sources
from commresearch.terms import Family, Kind


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LedgerSummary:
    """What a sound ledger holds.

    claims : DataFrame
        Number of claims per case (rows) and topic (columns), repeats included.
    coverage : Coverage or None
        Held against the source documents, where these were given.
    """

    n_cases: int
    n_claims: int
    n_results: int
    n_not_claims: int
    claims: pd.DataFrame
    coverage: Coverage | None


def check_published(folder: str | Path, sources: str | Path | None = None) -> LedgerSummary:
    """Load and check a ledger; with `sources`, also ask whether every number printed there is covered.

    Raises
    ------
    CaseError, SchemaError
        As `load_published`.
    """
    published = load_published(folder)
    claims = published.claims
    counts = pd.crosstab(claims["case_id"], claims["family"])
    counts = counts.reindex(index=list(published.cases["case_id"]), columns=[f.value for f in Family], fill_value=0)
    coverage = check_coverage(published, read_sources(Path(sources), published.sources)) if sources else None
    return LedgerSummary(
        n_cases=len(published.cases), n_claims=len(claims), n_results=int((claims["kind"] == Kind.OUTCOME).sum()),
        n_not_claims=len(published.not_claims), claims=counts, coverage=coverage,
    )
