"""Small written claims in, verdicts out: every branch of every check."""

from dataclasses import replace

import pandas as pd
import pytest

from commresearch.cases.claim import FIELDS, Claim
from commresearch.comparison import audit_claims
from commresearch.comparison.claims_audit import CHECKS, evidence_grade
from commresearch.errors import SchemaError
from commresearch.terms import Check
from commresearch.words import render_error

NAN = float("nan")
PLAIN = Claim(
    claim_id="a-001", case_id="a", place="", place_en="", indicator_zh="项目", indicator_en="Projects", family="services", kind="output", value=10.0,
    value_low=10.0, value_high=10.0, qualifier="", unit="个", unit_class="item", comparison="level", baseline=NAN, denominator=NAN, period_start="",
    period_end="", period_words="", period_words_en="", cumulative="no", printed="10个", source_id="S0", line=1, headline="", headline_fit="", repeat_of="",
    conflicts_with="", part_of="", per="", listed=NAN, text_en="", text_zh="",
)


def claim(number, value=10.0, low=None, high=None, **changes):
    case = changes.pop("case_id", "a")
    ends = {"value_low": value if low is None else low, "value_high": value if high is None else high}
    return replace(PLAIN, claim_id=f"{case}-{number:03}", case_id=case, value=value, **{"printed": f"{value:g}个", **ends, **changes})


def frame(*claims):
    return pd.DataFrame([{f: getattr(c, f) for f in FIELDS} for c in claims])


def verdicts(check, *claims):
    audit = audit_claims(frame(*claims), language="en")
    return [tuple(row) for row in audit.loc[audit["check"] == check, ["claim_id", "verdict", "detail"]].to_numpy()]


def test_c01_parts_equal_to_the_total():
    found = verdicts("C01", claim(1, 221.0), claim(2, 78.0, part_of="a-001"), claim(3, 45.0, part_of="a-001"), claim(4, 98.0, part_of="a-001"))
    assert found == [("a-001", "一致", "78 + 45 + 98 = 221, equal to the printed total of 221")]


@pytest.mark.parametrize(
    ("total", "parts", "verdict", "words"),
    [
        ((2100.0, 2100.0, 2199.0), [(1900.0, 1900.0, 1999.0), (150.0, 150.0, 159.0)], "一致", "agree within"),
        ((100.0, 100.0, 100.0), [(40.0, 40.0, 40.0), (50.0, 50.0, 50.0)], "一致", "the remaining 10 is not itemised"),
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
    assert verdicts("C02", share(96.8, 7900.0, "96.8%"), claim(2, 7900.0, high=7999.0, qualifier="余")) == []


def rate(case, top, bottom=1.0, classes=("person_times", "event")):
    return [
        claim(1, bottom, case_id=case, unit_class=classes[1]),
        claim(2, top, case_id=case, unit_class=classes[0], per=f"{case}-001"),
    ]


def test_c05_ratios_beside_their_peers():
    peers = [c for case, top in zip("bcde", (90.0, 100.0, 110.0, 120.0), strict=True) for c in rate(case, top)]
    near, above, below = (verdicts("C05", *rate("a", top), *peers)[0] for top in (150.0, 500.0, 20.0))
    assert near[1:] == ("一致", "150 ÷ 1 = 150; the median of 5 cases is 110, within a factor of two")
    assert above[1:] == ("待核实", "500 ÷ 1 = 500, about 4.5 times the median of 5 cases (110); how was it counted?")
    assert below[1:] == ("待核实", "20 ÷ 1 = 20; the median of 5 cases (100) is about 5 times this; how was it counted?")


def test_c05_shows_but_does_not_compare_too_few_or_unlike_ratios():
    assert "fewer than five cases" in verdicts("C05", *rate("a", 500.0), *rate("b", 1.0))[0][2]
    unlike = [c for case in "abcdef" for c in rate(case, ord(case) ** 3.0, classes=("event", "item"))]
    assert {v for _, v, _ in verdicts("C05", *unlike)} == {"一致"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"kind": "outcome", "comparison": "year_on_year", "unit_class": "percent"}, "Not stated: the baseline, the period"),
        ({"kind": "outcome", "comparison": "before_after", "baseline": 5.0, "period_start": "2024"}, "All needed elements are stated"),
        ({"kind": "reach"}, "Not stated: the period"),
        ({"kind": "outcome", "comparison": "share", "unit_class": "percent", "period_end": "2025"}, "Not stated: the denominator"),
        ({"kind": "output", "comparison": "before_after", "period_start": "2024"}, "Not stated: the baseline"),
    ],
)
def test_c08_elements(changes, expected):
    assert verdicts("C08", claim(1, **changes))[0][2] == expected


def test_c08_asks_nothing_of_plans_and_circumstances():
    assert verdicts("C08", claim(1, kind="design"), claim(2, kind="context")) == []


def test_c09_percent_of_a_rate():
    change = {"comparison": "before_after", "unit_class": "percent"}
    [(_, verdict, detail)] = verdicts("C09", claim(1, 30.0, indicator_zh="平均使用率", **change))
    assert verdict == "待核实"
    assert detail.startswith("Taken as 30%: if relative, the earlier rate was at most 76.9%; if in percentage points, at most 70%.")
    assert verdicts("C09", claim(1, -68.0, indicator_zh="投诉量", **change))[0][1] == "一致"
    assert verdicts("C09", claim(1, -100.0, indicator_zh="投诉量", **change))[0][1] == "一致"
    assert verdicts("C09", claim(1, -100.0, indicator_zh="空置率", **change))[0][2].startswith("A fall of 100%")
    assert verdicts("C09", claim(1, -5.0, indicator_zh="空置率", **change))[0][2].startswith("A fall of 5%")
    assert verdicts("C09", claim(1, 5.0, indicator_zh="使用率", comparison="before_after", unit_class="percentage_points"))[0][1] == "一致"
    assert verdicts("C09", claim(1, 90.0, indicator_zh="使用率", unit_class="percent")) == []


@pytest.mark.parametrize(("listed", "verdict"), [(10.0, "一致"), (8.0, "待核实"), (12.0, "文内口径不一")])
def test_c15_lists(listed, verdict):
    assert verdicts("C15", claim(1, listed=listed))[0][1] == verdict


def test_c15_a_qualified_count_allows_more():
    assert verdicts("C15", claim(1, 10.0, high=19.0, listed=12.0))[0][1] == "一致"


def test_c16_each_pair_once_and_compatible_where_bounds_meet():
    pair = [claim(1, 6.0, conflicts_with="a-002", line=3), claim(2, 4.0, conflicts_with="a-001", line=9)]
    assert verdicts("C16", *pair) == [("a-001", "文内口径不一", "Projects: 6 (S0:3) and 4 (S0:9); which one holds?")]
    unlike = [pair[0], replace(pair[1], indicator_zh="活动", indicator_en="Events")]
    assert verdicts("C16", *unlike)[0][1:] == ("待核实", "Projects: 6 (S0:3); Events: 4 (S0:9). They may not mean the same; how is each defined?")
    pair = [claim(1, 350.0, high=359.0, conflicts_with="a-002"), claim(2, 352.0, conflicts_with="a-001")]
    assert verdicts("C16", *pair)[0][1] == "一致"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"cumulative": ""}, "Not stated: running total, figure for a period or figure at a date"),
        ({"cumulative": "yes"}, "A running total; its starting date is not stated"),
        ({"cumulative": "yes", "period_start": "2025-01"}, "A running total with its starting date"),
        ({"cumulative": "no"}, "A figure for a period or at a date"),
    ],
)
def test_c19_stock_or_flow(changes, expected):
    assert verdicts("C19", claim(1, **changes))[0][2] == expected


def test_c19_asks_nothing_of_results_and_durations():
    assert verdicts("C19", claim(1, kind="outcome"), claim(2, unit_class="duration"), claim(3, comparison="share")) == []


def test_repeats_are_audited_once():
    assert len(audit_claims(frame(claim(1, kind="reach"), claim(2, kind="reach", repeat_of="a-001")))["claim_id"].unique()) == 1


def test_a_link_to_a_repeat_leads_to_its_first_place():
    rows = [claim(1, 40.0, unit_class="event"), claim(2, 40.0, unit_class="event", repeat_of="a-001"), claim(3, 80.0, unit_class="person", per="a-002")]
    assert "80 ÷ 40 = 2" in verdicts("C05", *rows)[0][2]


def test_grades():
    assert evidence_grade(claim(1)) == "E0"
    assert evidence_grade(claim(1, comparison="before_after")) == "E0"
    assert evidence_grade(claim(1, comparison="before_after", baseline=4.0, period_end="2025")) == "E1"


def test_every_check_has_a_function_and_a_missing_column_is_named():
    assert list(CHECKS) == list(Check)
    with pytest.raises(SchemaError) as caught:
        audit_claims(frame(PLAIN).drop(columns="printed"))
    assert "[CR-L03] claims: wrong header. Missing: printed;" in render_error(caught.value, "en")


def test_the_order_of_rows_changes_no_verdict(published):
    one = audit_claims(published.claims)
    other = audit_claims(published.claims.sample(frac=1, random_state=1))
    key = ["check", "claim_id"]
    one, other = (a.drop(columns="detail").sort_values(key).reset_index(drop=True) for a in (one, other))
    pd.testing.assert_frame_equal(one, other)
