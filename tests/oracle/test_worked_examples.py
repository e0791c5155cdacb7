"""The claim checks on the sixteen cases against arithmetic done by hand on the sources."""

import pytest

from commresearch.comparison import audit_claims


@pytest.fixture(scope="module")
def audit(published):
    return audit_claims(published.claims, language="en").merge(published.claims[["claim_id", "case_id", "value"]], on="claim_id")


def found(audit, case, check, value):
    return audit[(audit["case_id"] == case) & (audit["check"] == check) & (audit["value"] == value)]


@pytest.mark.parametrize(
    ("case", "check", "value", "verdict", "words"),
    [
        ("xingsheng", "C01", 221, "一致", "78 + 45 + 98 = 221"),
        ("lean", "C01", 81, "一致", "= 81, equal to the printed total of 81"),
        ("huancui", "C05", 87, "一致", "87 ÷ 37 = 2.35"),
        ("huancui", "C05", 17, "一致", "17 ÷ 4 = 4.25"),
        ("huancui", "C09", 30, "待核实", "at most 76.9%; if in percentage points, at most 70%"),
        ("huancui", "C08", -68, "待核实", "the baseline, the period"),
        ("jizhou", "C16", 1000, "待核实", "1,000+ (S3:109); "),
        ("kesheng", "C16", 6, "文内口径不一", "which one holds?"),
    ],
)
def test_by_hand(audit, case, check, value, verdict, words):
    rows = found(audit, case, check, value)
    assert len(rows) == 1
    assert rows["verdict"].item() == verdict
    assert words in rows["detail"].item()


def test_no_published_number_is_graded_above_an_uncontrolled_before_after(audit):
    assert set(audit["grade"]) <= {"E0", "E1"}
    assert (audit.loc[audit["case_id"] == "huancui", "grade"] == "E0").all()
