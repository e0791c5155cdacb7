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
        ("jizhou", "C02", 96.8, "一致", "between 7,644 and 7,747"),
        ("huancui", "C03", 31.8, "一致", "22 → 29, 44 → 58, 66 → 87"),
        ("huancui", "C03", -68, "一致", "19 → 6, 22 → 7, 25 → 8"),
        ("yanchuan", "C04", 95, "一致", "18/19, 19/20, 20/21"),
        ("huancui", "C05", 87, "一致", "87 ÷ 37 = 2.35"),
        ("huancui", "C05", 17, "一致", "17 ÷ 4 = 4.25"),
        ("huancui", "C05", 17, "一致", "the rest 70 ÷ 33 = 2.12"),
        ("laiyang", "C05", 60000, "待核实", "60,000 ÷ 142 = 423, about 3.7 times the median of 5 cases (115)"),
        ("dahaiyang", "C06", 2500, "待核实", "2,500 ÷ 2,528 = 99%"),
        ("yuyuan", "C06", 6000, "一致", "6,000 ÷ 8,000 = 75%"),
        ("lean", "C07", 5600, "待核实", "the words name persons, the unit is person-times"),
        ("huancui", "C08", 30, "待核实", "the baseline"),
        ("huancui", "C08", -68, "待核实", "the baseline, start and end (the text says"),
        ("huancui", "C09", 30, "待核实", "at most 76.9%; if in percentage points, at most 70%"),
        ("huancui", "C10", 30, "待核实", "+49% at a correlation of 0.5 between periods, +18% at 0.8"),
        ("huancui", "C11", -68, "待核实", "E1 at most"),
        ("huancui", "C12", -68, "一致", "−90% to −18% for 19 → 6"),
        ("huancui", "C12", 31.8, "待核实", "−27% to +141% for 22 → 29"),
        ("huancui", "C13", 31.8, "待核实", "200 ÷ 31.8% = 628.9"),
        ("jizhou", "C14", 0, "待核实", "1 − 0.05^(1/43) = 6.7%"),
        ("shunchang", "C14", 100, "待核实", "No exception was seen"),
        ("kesheng", "C15", 7, "待核实", "7 announced, 4 listed"),
        ("jizhou", "C16", 1000, "待核实", "1,000+ (S3:109); "),
        ("jizhou", "C16", 1000, "待核实", "a factor of 3.98"),
        ("kesheng", "C16", 6, "文内口径不一", "6 (S4:142) and 4 (S4:142)"),
        ("jinfeng", "C17", 5311, "一致", "5,311 person-times (running total), 4,522 person-times (since 2025)"),
        ("wenshang", "C18", 200, "待核实", "a capacity"),
        ("zibo", "C20", 200000, "待核实", "the rent of the rooms given"),
        ("wenshang", "C21", 90, "待核实", "In use since 2024"),
        ("lean", "C23", 62, "一致", "“Units based in the area” (S4:301)"),
    ],
)
def test_by_hand(audit, case, check, value, verdict, words):
    rows = found(audit, case, check, value)
    said = rows[rows["detail"].str.contains(words, regex=False)]
    assert len(said) == 1, rows["detail"].tolist()
    assert said["verdict"].item() == verdict


def test_a_former_size_in_metres_with_two_qualifiers(audit):
    """近千余米: nearly, and more than, a thousand metres of an activity centre."""
    rows = found(audit, "shunchang", "C22", 1000)
    assert sorted(rows["verdict"]) == ["待核实", "文内口径不一"]


def test_no_published_number_is_graded_above_an_uncontrolled_before_after(audit):
    assert set(audit["grade"]) <= {"E0", "E1"}
    assert (audit.loc[audit["case_id"] == "huancui", "grade"] == "E0").all()
