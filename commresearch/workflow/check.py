"""Checking a ledger and saying what it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from commresearch.cases import Published, load_published
from commresearch.cases.coverage import Coverage, check_coverage, read_sources
from commresearch.comparison.claim_parser import parse_claims
from commresearch.comparison.claim_parser_agreement import parser_agreement
from commresearch.terms import Family, Kind


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LedgerSummary:
    """What a sound ledger holds.

    claims : DataFrame
        Number of claims per case (rows) and topic (columns), repeats included.
    coverage : Coverage or None
        Held against the source documents, where these were given.
    parser : DataFrame or None
        Likewise: how far the parser of press texts agrees with the ledger, as `parser_agreement` gives it.
    """

    n_cases: int
    n_claims: int
    n_results: int
    n_not_claims: int
    claims: pd.DataFrame
    coverage: Coverage | None
    parser: pd.DataFrame | None


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
    texts = read_sources(Path(sources), published.sources) if sources else None
    return LedgerSummary(
        n_cases=len(published.cases), n_claims=len(claims), n_results=int((claims["kind"] == Kind.OUTCOME).sum()),
        n_not_claims=len(published.not_claims), claims=counts,
        coverage=None if texts is None else check_coverage(published, texts), parser=None if texts is None else _agreement(published, texts),
    )


def _agreement(published: Published, texts: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    read = pd.concat([parse_claims(list(lines), document=source) for source, lines in texts.items()], ignore_index=True)
    return parser_agreement(read, published.claims, published.not_claims)
