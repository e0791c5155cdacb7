"""Small written claims in, verdicts out: every branch of every check."""

from dataclasses import replace

import pandas as pd
import pytest

from commresearch.cases.claim import OPTIONAL
from commresearch.comparison import audit_claims
from commresearch.comparison.claims_audit import CHECKS, evidence_grade
from commresearch.errors import SchemaError
from commresearch.terms import Check, Verdict
from commresearch.words import entries, render_error
from tests.unit.claim_rows import NAN, PLAIN, claim, frame, questions, verdicts


def test_c01_parts_equal_to_the_total():
    found = verdicts("C01", claim(1, 221.0), claim(2, 78.0, part_of="a-001"), claim(3, 45.0, part_of="a-001"), claim(4, 98.0, part_of="a-001"))
    assert found == [("a-001", "一致", "78 + 45 + 98 = 221, equal to the printed total of 221")]


@pytest.mark.parametrize(
    ("total", "parts", "verdict", "words"),
    [
        ((2100.0, 2100.0, 2199.0), [(1900.0, 1900.0, 1999.0), (150.0, 150.0, 159.0)], "一致", "agree within"),
        ((100.0, 100.0, 100.0), [(40.0, 40.0, 40.0), (50.0, 50.0, 50.0)], "待核实", "10 less than the printed total of 100; the text does not say"),
        ((100.0, 100.0, 100.0), [(70.0, 70.0, 70.0), (50.0, 50.0, 50.0)], "文内口径不一", "more than the printed total"),
        ((100.0, 100.0, 100.0), [(60.0, 60.0, NAN), (30.0, 30.0, 30.0)], "一致", "agree within"),
    ],
)
def test_c01_bounds(total, parts, verdict, words):
    rows = [claim(1, *total), *(claim(i, *p, part_of="a-001") for i, p in enumerate(parts, 2))]
    [(_, got, detail)] = verdicts("C01", *rows)
    assert got == verdict
    assert words in detail


def test_c01_asks_nothing_of_a_single_part():
    assert verdicts("C01", claim(1, 100.0), claim(2, 40.0, part_of="a-001")) == []


def share(value, base, printed, **changes):
    return claim(1, value, unit_class="percent", comparison="share", denominator=base, printed=printed, **changes)


def test_c02_share_of_a_base():
    assert verdicts("C02", share(96.8, 7900.0, "96.8%"))[0][1:] == ("一致", "96.8% of 7,900: whole numbers from 7,644 to 7,651 give this share")
    assert verdicts("C02", share(31.8, 10.0, "31.8%"))[0][1] == "待核实"
    assert verdicts("C02", share(33.3, 3.0, "33.3%"))[0][1] == "一致"
    assert verdicts("C02", share(40.0, 600.0, "近40%", low=36.0, high=40.0, qualifier="近"))[0][2].endswith("from 216 to 240 give this share")
    assert verdicts("C02", share(40.0, NAN, "40%")) == []
    assert verdicts("C02", share(66.6, 3.0, "66.6%"))[0][1:] == ("一致", "66.6% of 3: 2 gives this share when decimals are cut off, not rounded")
    vague = claim(2, 7900.0, high=7999.0, qualifier="余")
    assert verdicts("C02", share(96.8, 7900.0, "96.8%"), vague)[0][1:] == (
        "一致", "96.8% of 7,900+: the denominator has a qualifier; the numerator lies between 7,644 and 7,747"
    )
    assert verdicts("C02", share(96.8, 7900.0, "96.8%"), replace(vague, value_high=NAN, qualifier="超")) == []


def rate(case, top, bottom=1.0, classes=("person_times", "event")):
    return [
        claim(1, bottom, case_id=case, unit_class=classes[1]),
        claim(2, top, case_id=case, unit_class=classes[0], per=f"{case}-001"),
    ]


def test_c05_ratios_beside_their_peers():
    peers = [c for case, top in zip("bcde", (90.0, 100.0, 110.0, 120.0), strict=True) for c in rate(case, top)]
    near, above, below = (verdicts("C05", *rate("a", top), *peers)[0] for top in (150.0, 500.0, 20.0))
    assert near[1:] == ("一致", "150 ÷ 1 = 150; the median of 5 cases is 110, within a factor of two")
    assert above[1:] == ("待核实", "500 ÷ 1 = 500, about 4.5 times the median of 5 cases (110)")
    assert below[1:] == ("一致", "20 ÷ 1 = 20; the median of 5 cases (100) is about 5 times this; a small size asks for no explanation")
    assert questions("C05", *rate("a", 500.0), *peers)[0] == (
        "On “Projects” (500 person-times): That is 500 (person-times ÷ events); how was it counted (sign-in, head count, estimate)?"
    )


def test_c05_shows_but_does_not_compare_too_few_or_unlike_ratios():
    assert "fewer than five cases" in verdicts("C05", *rate("a", 500.0), *rate("b", 1.0))[0][2]
    unlike = [c for case in "abcdef" for c in rate(case, ord(case) ** 3.0, classes=("event", "item"))]
    assert {v for _, v, _ in verdicts("C05", *unlike)} == {"一致"}


def test_c05_shows_what_is_left_of_two_totals():
    wholes = [claim(1, 87.0, unit_class="place"), claim(2, 37.0, unit_class="place")]
    parts = [claim(3, 17.0, unit_class="place", part_of="a-001", per="a-004"), claim(4, 4.0, unit_class="place", part_of="a-002")]
    assert verdicts("C05", *wholes, *parts)[0][2].endswith("; the rest 70 ÷ 33 = 2.12")
    assert "rest" not in verdicts("C05", *wholes, replace(parts[0], value=87.0), parts[1])[0][2]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"kind": "outcome", "comparison": "year_on_year", "unit_class": "percent"}, "Not stated: the baseline, the period"),
        ({"kind": "outcome", "comparison": "before_after", "baseline": 5.0, "period_start": "2024"}, "All needed elements are stated"),
        ({"kind": "reach", "unit_class": "person"}, "Not stated: the date"),
        ({"kind": "reach", "unit_class": "person", "cumulative": "yes"}, "Not stated: the period"),
        ({"kind": "reach", "unit_class": "person_times", "period_words": "日均", "period_words_en": "a day"}, "Not stated: start and end (the text says “a day”)"),
        ({"kind": "outcome", "comparison": "share", "unit_class": "percent", "period_end": "2025"}, "Not stated: the denominator"),
        ({"kind": "output", "comparison": "before_after", "period_start": "2024"}, "Not stated: the baseline"),
        ({"kind": "reach", "period_words": "今年以来", "period_words_en": "this year"}, "Not stated: start and end (the text says “this year”)"),
        ({"kind": "reach", "period_words": "每年", "period_words_en": "each year"}, "All needed elements are stated"),
        ({"kind": "output", "headline": "space", "cumulative": "yes"}, "Not stated: the period"),
    ],
)
def test_c08_elements(changes, expected):
    assert verdicts("C08", claim(1, **changes))[0][2] == expected


def test_c08_asks_nothing_of_plans_and_circumstances():
    asked = [claim(1, kind="design"), claim(2, kind="context", headline="space"), claim(3, kind="context", comparison="before_after")]
    assert verdicts("C08", *asked, claim(4, kind="reach", wording="capacity"), claim(5, kind="output", headline="space", cumulative="no")) == []


def test_c09_percent_of_a_rate():
    change = {"comparison": "before_after", "unit_class": "percent"}
    [(_, verdict, detail)] = verdicts("C09", claim(1, 30.0, indicator_zh="平均使用率", **change))
    assert verdict == "待核实"
    assert detail.startswith("Taken as 30%: if relative, the earlier rate was at most 76.9%; if in percentage points, at most 70%")
    assert verdicts("C09", claim(1, -68.0, indicator_zh="投诉量", **change))[0][1] == "一致"
    assert verdicts("C09", claim(1, -100.0, indicator_zh="投诉量", **change))[0][1] == "一致"
    assert verdicts("C09", claim(1, -100.0, indicator_zh="空置率", **change))[0][2].startswith("A fall of 100%")
    assert verdicts("C09", claim(1, -5.0, indicator_zh="空置率", **change))[0][2].startswith("A fall of 5%")
    assert verdicts("C09", claim(1, 5.0, indicator_zh="使用率", comparison="before_after", unit_class="percentage_points"))[0][1] == "一致"
    assert verdicts("C09", claim(1, 90.0, indicator_zh="使用率", unit_class="percent")) == []


@pytest.mark.parametrize(
    ("value", "before", "unit_class", "expected"),
    [
        (30.0, 60.0, "percentage_points", ("一致", "60%, a change of 30 percentage points: 90% after")),
        (30.0, 80.0, "percentage_points", ("文内口径不一", "80% before and a change of 30 would make 110% after, outside 0 to 100%")),
        (30.0, 90.0, "percent", ("文内口径不一", "90% before and a change of 30 would make 117% after, outside 0 to 100%")),
        (-30.0, 20.0, "percentage_points", ("文内口径不一", "20% before and a change of 30 would make −10% after, outside 0 to 100%")),
        (30.0, 50.0, "percent", ("待核实", "50% before and a change of 30%: 65% after if relative, 80% if in percentage points")),
        (-30.0, 20.0, "percent", ("一致", "20% before and a change of 30%: in percentage points it would be −10% after, outside 0 to 100%, so that it is relative: 14% after")),
    ],
)
def test_c09_room_below_the_ceiling(value, before, unit_class, expected):
    row = claim(1, value, indicator_zh="使用率", comparison="before_after", unit_class=unit_class, baseline=before, printed=f"{abs(value):g}%")
    assert verdicts("C09", row)[0][1:] == expected


@pytest.mark.parametrize(("listed", "verdict"), [(10.0, "一致"), (8.0, "待核实"), (12.0, "文内口径不一")])
def test_c15_lists(listed, verdict):
    assert verdicts("C15", claim(1, listed=listed))[0][1] == verdict


def test_c15_a_qualified_count_allows_more():
    assert verdicts("C15", claim(1, 10.0, high=19.0, listed=12.0))[0][1] == "一致"


def test_c16_each_pair_once_and_compatible_where_bounds_meet():
    pair = [claim(1, 6.0, conflicts_with="a-002", line=3), claim(2, 4.0, conflicts_with="a-001", line=9)]
    assert verdicts("C16", *pair) == [("a-001", "文内口径不一", "Projects: 6 (S0:3) and 4 (S0:9), a factor of 1.5")]
    assert questions("C16", *pair) == ["On “Projects” (6): The text also says 4 (S0:9); which one holds?"]
    unlike = [pair[0], replace(pair[1], indicator_zh="活动", indicator_en="Events")]
    assert verdicts("C16", *unlike)[0][1:] == ("待核实", "Projects: 6 (S0:3); Events: 4 (S0:9), a factor of 1.5. They may not mean the same")
    assert "a factor of —" in verdicts("C16", pair[0], replace(pair[1], value=0.0, value_low=0.0, value_high=0.0))[0][2]
    pair = [claim(1, 350.0, high=359.0, conflicts_with="a-002"), claim(2, 352.0, conflicts_with="a-001")]
    assert verdicts("C16", *pair)[0][1] == "一致"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"cumulative": ""}, "Not stated: running total, figure for a period or figure at a date"),
        ({"cumulative": "yes"}, "A running total; its starting date is not stated"),
        (
            {"cumulative": "yes", "period_words": "截至目前", "period_words_en": "to date"},
            "A running total; the text says “to date”, the starting date is not stated",
        ),
        ({"cumulative": "yes", "period_start": "2025-01"}, "A running total with its starting date"),
        ({"cumulative": "no"}, "A figure for a period or at a date"),
    ],
)
def test_c19_stock_or_flow(changes, expected):
    assert verdicts("C19", claim(1, **changes))[0][2] == expected


def test_c19_asks_nothing_of_results_and_durations():
    others = claim(1, kind="outcome"), claim(2, unit_class="duration"), claim(3, comparison="share"), claim(4, wording="expected", cumulative="yes")
    assert verdicts("C19", *others) == []


def test_repeats_are_audited_once():
    assert len(audit_claims(frame(claim(1, kind="reach"), claim(2, kind="reach", repeat_of="a-001")))["claim_id"].unique()) == 1


def test_a_link_to_a_repeat_leads_to_its_first_place():
    rows = [claim(1, 40.0, unit_class="event"), claim(2, 40.0, unit_class="event", repeat_of="a-001"), claim(3, 80.0, unit_class="person", per="a-002")]
    assert "80 ÷ 40 = 2" in verdicts("C05", *rows)[0][2]


def test_grades():
    assert evidence_grade(claim(1)) == "E0"
    assert evidence_grade(claim(1, comparison="before_after")) == "E0"
    before_after = claim(1, comparison="before_after", baseline=4.0, period_end="2025")
    assert evidence_grade(before_after) == "E1"
    assert evidence_grade(replace(before_after, comparator="邻近社区")) == "E1"  # a printed number goes no higher
    assert evidence_grade(claim(1, comparator="邻近社区", period_end="2025")) == "E1"
    assert evidence_grade(claim(1, comparator="邻近社区")) == "E0"


def test_every_check_has_a_function_and_a_missing_column_is_named():
    assert list(CHECKS) == list(Check)
    with pytest.raises(SchemaError) as caught:
        audit_claims(frame(PLAIN).drop(columns="printed"))
    assert "[CR-L03] claims: wrong header. Missing: printed;" in render_error(caught.value, "en")


def test_columns_that_a_table_of_ones_own_may_lack_are_blank(published):
    lacking = published.claims.drop(columns=list(OPTIONAL))
    blank = published.claims.assign(**dict.fromkeys(OPTIONAL, ""))
    pd.testing.assert_frame_equal(audit_claims(lacking), audit_claims(blank))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_question_goes_with_every_verdict_but_one(published, language):
    audit = audit_claims(published.claims, language=language)
    assert list(audit.columns) == ["claim_id", "check", "verdict", "detail", "grade", "question", "asked_at", "source_line"]
    assert ((audit["question"] + audit["asked_at"] == "") == (audit["verdict"] == Verdict.CONSISTENT)).all()
    asked = audit.loc[audit["question"] != "", "question"]
    assert asked.str.contains("请" if language == "zh" else "[?]", regex=True).all()
    assert not audit[["detail", "question"]].apply(lambda c: c.str.contains(r"[{}]|\bnan\b|\binf\b", regex=True)).any(axis=None)


def test_questions_name_the_place_and_the_number():
    row = claim(1, kind="reach", place="东门社区", place_en="Dongmen", printed="10个")
    assert questions("C08", row) == ["On “Projects”, Dongmen (10): From which month and year to which does it count?"]
    assert questions("C08", row, language="zh") == ["关于东门社区“项目”（原文“10个”）：请问从哪年哪月起，到哪年哪月止？"]


def test_texts_with_a_question_are_those_that_are_no_agreement():
    """Questions about one number alone go with a sentence of their name."""
    texts = {k for k in entries("checks") if k[:1] == "C" and not k.endswith(("_name", "_about", "_ask"))}
    asked = {k.removesuffix("_ask") for k in entries("checks") if k[:1] == "C" and k.endswith("_ask")}
    assert asked <= texts
    assert len(asked) > len(Check)  # most checks have more than one thing to ask


def test_the_order_of_rows_changes_no_verdict(published):
    one = audit_claims(published.claims)
    other = audit_claims(published.claims.sample(frac=1, random_state=1))
    key = ["check", "claim_id"]
    one, other = (a.drop(columns="detail").sort_values(key).reset_index(drop=True) for a in (one, other))
    pd.testing.assert_frame_equal(one, other)
