"""The audit beside a reading of the same claims by somebody who had not seen the program, arithmetic shown (independent_reading.csv).

`reading` is that verdict, `settled` what the audit says after both were compared line by line in the sources; blank where the audit has nothing to say.
Where they differ, `why` tells the reason. Nothing is changed here to fit the program: a difference is settled in a rule, in the ledger, or in words.
"""

from pathlib import Path

import pandas as pd
import pytest

from commresearch.cases import load_published
from commresearch.comparison import audit_claims
from commresearch.terms import Check, Verdict
from tests.conftest import ROOT

LEAST_CLAIMS = 60
LEAST_AGREEMENT = 0.9  #: of pairs on which both have a verdict
GRAVITY = {Verdict.CONSISTENT.value: 0, Verdict.TO_VERIFY.value: 1, Verdict.DISAGREES_WITHIN.value: 2}


@pytest.fixture(scope="module")
def reading():
    return pd.read_csv(Path(__file__).with_name("independent_reading.csv"), dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def audited():
    """The gravest verdict of each claim and check."""
    found = audit_claims(load_published(ROOT / "data_raw" / "published").claims)
    return found.assign(gravity=found["verdict"].map(GRAVITY)).sort_values("gravity").groupby(["claim_id", "check"])["verdict"].last().to_dict()


def test_the_reading_is_wide_and_shows_its_arithmetic(reading):
    assert reading["claim_id"].nunique() >= LEAST_CLAIMS
    assert set(reading["check"]) == {c.value for c in Check}
    assert reading["claim_id"].str.rpartition("-")[0].nunique() == len(load_published(ROOT / "data_raw" / "published").cases)
    assert not reading.duplicated(["claim_id", "check"]).any()
    for column in ("arithmetic", "reason_zh", "reason_en"):
        assert (reading[column].str.strip() != "").all(), column


def test_what_is_not_consistent_cannot_be_rebutted_from_the_text(reading):
    asked = reading[reading["settled"].isin([Verdict.TO_VERIFY, Verdict.DISAGREES_WITHIN]) & (reading["reading"] != Verdict.CONSISTENT)]
    assert len(asked) >= LEAST_CLAIMS
    assert asked["rebuttal"].str.startswith("No").all()


def test_the_audit_says_what_was_settled(reading, audited):
    said = [audited.get((claim, check), "") for claim, check in reading[["claim_id", "check"]].itertuples(index=False, name=None)]
    differing = reading[reading["settled"] != pd.Series(said, index=reading.index)]
    assert differing[["claim_id", "check", "settled"]].to_dict("records") == []


def test_both_agree_but_for_reasons_that_are_written_down(reading):
    both = reading[reading["settled"] != ""]
    assert (both["reading"] == both["settled"]).mean() >= LEAST_AGREEMENT
    unlike = reading[(reading["settled"] != reading["reading"]) & ~((reading["settled"] == "") & (reading["reading"] == Verdict.CONSISTENT))]
    assert (unlike["why"].str.len() > 0).all()
    assert (reading.loc[reading["settled"] == reading["reading"], "why"] == "").all()
