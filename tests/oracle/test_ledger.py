"""The ledger against its sources: nothing left out, and the headline figures as anyone can read them there."""

import pytest

from commresearch.cases.coverage import check_coverage, read_sources
from tests.conftest import ROOT

SOURCES = ROOT.parent / "shared" / "seeds"


@pytest.mark.skipif(not SOURCES.is_dir(), reason="the source texts are not on this machine: completeness of the ledger is not checked here")
def test_every_number_printed_in_the_sources_is_covered(published):
    coverage = check_coverage(published, read_sources(SOURCES, published.sources))
    assert coverage.n_numbers > 900
    assert coverage.uncovered == ()
    assert coverage.unplaced == ()


def test_a_missing_row_and_a_row_that_stands_nowhere_are_found(published):
    texts = {"S9": ["社区有3个站点,办活动20场。", ""]}
    coverage = check_coverage(published, texts)
    assert coverage.n_numbers == 2
    assert coverage.uncovered == ("S9:1 3个", "S9:1 20场")
    assert len(coverage.unplaced) == len(published.claims) + published.not_claims["count"].sum()


def test_a_row_covers_one_place_and_cuts_no_number(published):
    from dataclasses import replace

    row = published.claims.iloc[[0]].assign(source_id="S9", line=1, printed="5个")
    ledger = replace(published, claims=row, not_claims=published.not_claims.iloc[:0])
    assert check_coverage(ledger, {"S9": ["15个"]}).unplaced == ("S9:1 5个",)
    assert check_coverage(ledger, {"S9": ["5个和5个"]}).uncovered == ("S9:1 5个",)


@pytest.mark.parametrize(
    ("claim_value", "case", "headline", "comparison"),
    [(31.8, "huancui", "youth", "before_after"), (-68.0, "huancui", "complaints", "year_on_year"), (30.0, "huancui", "space", "before_after")],
)
def test_the_three_known_headline_claims(published, claim_value, case, headline, comparison):
    rows = published.claims_of(case)
    rows = rows[(rows["value"] == claim_value) & (rows["headline"] == headline)]
    assert rows["comparison"].tolist() == [comparison]
    assert rows["baseline"].isna().all()
