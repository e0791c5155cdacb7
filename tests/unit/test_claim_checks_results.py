"""How many people or cases a number can mean, what it may be compared with, what belongs together: C06, C07, C10, C11, C13, C14, C17, C23."""

import pytest

from tests.unit.claim_rows import NAN, change, claim, questions, verdicts


def residents(value=8000.0, high=None, number=9, **changes):
    return claim(number, value, high=high, **{"kind": "context", "unit_class": "person", "indicator_zh": "居民人数", "indicator_en": "Residents", **changes})


def reach(value, **changes):
    return claim(1, value, **{"kind": "reach", "unit_class": "person", **changes})


@pytest.mark.parametrize(
    ("value", "base", "expected"),
    [
        (6000.0, {"high": 8999.0}, ("一致", "6,000 ÷ 8,000 = 75% (Residents, S0:1)")),
        (7500.0, {}, ("待核实", "7,500 ÷ 8,000 = 94% (Residents, S0:1), nearly all or all")),
        (8200.0, {}, ("待核实", "8,200 ÷ 8,000 = 102% (Residents, S0:1), more than all")),
        (8200.0, {"high": 8999.0}, ("待核实", "8,200 ÷ 8,000 = 102% (Residents, S0:1), nearly all or all")),  # 8000余 may be more
    ],
)
def test_c06_reach_over_population(value, base, expected):
    assert verdicts("C06", reach(value), residents(**base))[0][1:] == expected


def test_c06_takes_the_largest_population_of_the_place_or_the_whole_case():
    found = verdicts("C06", reach(100.0, place="东区"), residents(), residents(9000.0, number=8), residents(50_000.0, number=7, place="西区"))
    assert found[0][2].startswith("100 ÷ 9,000 = 1%")
    assert verdicts("C06", reach(100.0), residents(case_id="b"), residents(0.0), residents(indicator_zh="楼栋长")) == []


def test_c06_asks_nothing_of_visits_inputs_and_other_units():
    households = residents(unit_class="household")
    assert verdicts("C06", reach(9000.0, unit_class="person_times"), reach(9000.0, kind="input"), reach(9000.0), households) == []
    assert verdicts("C06", reach(9000.0, unit_class="household"), residents(9000.0, unit_class="household", indicator_zh="户数"))[0][1] == "待核实"


def test_c06_a_share_of_nearly_all():
    share = {"unit_class": "percent", "comparison": "share", "counted": "household"}
    assert verdicts("C06", reach(95.0, **share))[0][1:] == ("待核实", "95%, nearly all")
    assert verdicts("C06", reach(90.0, **share)) == []
    assert verdicts("C06", reach(95.0, **{**share, "counted": ""})) == []


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        ({"unit_class": "person_times", "unit": "人次"}, "一致", "10 person-times: visits; the same person may count several times"),
        ({"unit_class": "person_times", "unit": "人次", "counted": "person"}, "待核实", "the words name persons, the unit is person-times"),
        ({"cumulative": "yes"}, "待核实", "10 is printed as persons, not said to be at one time"),
        ({"cumulative": ""}, "待核实", "10 is printed as persons, not said to be at one time"),
        ({"cumulative": "yes", "per": "a-002"}, "待核实", "10 is printed as persons and goes with “Courses” (7)"),
        ({"cumulative": "yes", "per": "a-003"}, "待核实", "10 is printed as persons, not said to be at one time"),
        ({"cumulative": "no"}, "一致", "persons or households at one time"),
        ({"cumulative": "yes", "unit_class": "household"}, "待核实", "10 is printed as households, not said to be at one time"),
    ],
)
def test_c07_persons_households_or_visits(changes, verdict, words):
    courses = claim(2, 7.0, unit_class="event", indicator_zh="课程", indicator_en="Courses")
    [(claim_id, got, detail)] = verdicts("C07", reach(10.0, **changes), courses, claim(3, 1.0, unit_class="event"))
    assert (claim_id, got) == ("a-001", verdict)
    assert words in detail


def test_c07_asks_nothing_of_places_work_and_what_could_be():
    others = reach(10.0, unit_class="place"), reach(10.0, kind="output", cumulative="yes"), reach(10.0, wording="capacity", cumulative="yes")
    assert [verdicts("C07", row) for row in others] == [[]] * 3


@pytest.mark.parametrize(
    ("chosen_by", "value", "verdict", "words"),
    [
        ("all", 30.0, "一致", "All are included"),
        ("random", 30.0, "一致", "drawn by lot"),
        ("volunteer", 30.0, "待核实", "volunteered"),
        ("worst", -68.0, "待核实", "−23% at a correlation of 0.5 between periods, −10% at 0.8"),
        ("worst", 30.0, "待核实", "+49% at a correlation of 0.5 between periods, +18% at 0.8"),
        ("best", 30.0, "待核实", "+31% at a correlation of 0.5 between periods, +11% at 0.8"),
        ("best", -68.0, "待核实", "−33% at a correlation of 0.5 between periods, −15% at 0.8"),
        ("unknown", -68.0, "待核实", "How the places were chosen is not said. Had they been the worst 20%"),
        ("", -68.0, "待核实", "How the places were chosen is not said. Had they been the worst 20%"),
    ],
)
def test_c10_what_choosing_alone_brings_about(chosen_by, value, verdict, words):
    [(_, got, detail)] = verdicts("C10", change(value, chosen_by=chosen_by))
    assert got == verdict
    assert words in detail


def test_c10_asks_of_levels_only_where_they_are_said_to_have_been_risen_to():
    level = {"kind": "outcome", "unit_class": "percent", "text_zh": "使用率升到90%。"}
    assert len(verdicts("C10", claim(1, 90.0, chosen_by="worst", **level))) == 1
    assert verdicts("C10", claim(1, 90.0, chosen_by="worst", **{**level, "text_zh": "使用率为90%。"})) == []
    assert verdicts("C10", claim(1, 90.0, chosen_by="worst", wording="capacity", **level)) == []
    assert verdicts("C10", claim(1, 90.0, **{**level, "text_zh": "使用率为90%。"}), change(30.0, kind="output")) == []


def test_c11_a_change_without_comparison_stays_uncontrolled():
    assert verdicts("C11", change(-68.0))[0][1] == "待核实"
    assert verdicts("C11", change(-68.0, comparator="同街道另外8个社区"))[0][1:] == (
        "一致", "Held against a named group (同街道另外8个社区); a printed number is still E1 at most, more takes the data"
    )
    assert verdicts("C11", claim(1, kind="outcome"), change(5.0, kind="context")) == []


def recruits(**changes):
    return claim(2, 200.0, high=299.0, **{"unit_class": "person", "kind": "input", "indicator_zh": "招募的青年规划师", "indicator_en": "Planners", **changes})


@pytest.mark.parametrize(
    ("baseline", "expected"),
    [
        (NAN, ("待核实", "A growth of 31.8%; Planners: 200 (S0:1). With no more than 200 ÷ 31.8% = 628.9 before, the recruits make up all of it")),
        (600.0, ("待核实", "600 × 31.8% = 191; Planners: 200 (S0:1), enough for all of it")),
        (6000.0, ("一致", "6,000 × 31.8% = 1,908, more than Planners: 200 (S0:1)")),
    ],
)
def test_c13_recruits_as_growth(baseline, expected):
    [(_, verdict, detail)] = verdicts("C13", change(31.8, counted="person", baseline=baseline), recruits())
    assert verdict == expected[0]
    assert detail.startswith(expected[1])


def test_c13_only_recruits_of_the_same_case_topic_and_kind():
    growth = change(31.8, counted="person")
    for other in (recruits(case_id="b"), recruits(family="finance"), recruits(kind="reach"), recruits(indicator_zh="党员"), recruits(unit_class="organisation")):
        assert verdicts("C13", growth, other) == []
    assert verdicts("C13", change(-31.8, counted="person"), recruits()) == []
    assert verdicts("C13", change(31.8, counted="event"), recruits()) == []


def test_c14_none_and_all():
    none = claim(1, 0.0, kind="outcome", unit_class="event", per="a-002", printed="零上访")
    disputes = claim(2, 43.0, unit_class="event", indicator_zh="纠纷", indicator_en="Disputes")
    found = verdicts("C14", none, disputes)
    assert found == [
        ("a-001", "待核实", "No case was seen in 43 (Disputes); if later ones are alike, the one-sided 95% bound of its chance is 1 − 0.05^(1/43) = 6.7%")
    ]
    assert verdicts("C14", none)[0][2].startswith("No case was seen; how cases are recorded")
    everything = {"kind": "outcome", "unit_class": "percent", "comparison": "share"}
    assert "No exception was seen in 60; if later ones are alike" in verdicts("C14", claim(1, 100.0, denominator=60.0, **everything))[0][2]
    assert verdicts("C14", claim(1, 100.0, **everything))[0][2].startswith("No exception was seen; of how many")
    told = {"per": "a-002", "instrument": "网格员每日双巡"}
    assert verdicts("C14", claim(1, 0.0, kind="outcome", unit_class="person", **told), claim(2, 45.0, unit_class="place"))[0][1] == "一致"
    assert verdicts("C14", claim(1, 0.0, kind="context"), claim(2, 99.0, **everything), claim(3, 100.0, kind="outcome")) == []


def test_c17_totals_and_ratios_of_one_period():
    dated, worded = {"period_start": "2025"}, {"period_words": "今年以来", "period_words_en": "this year"}
    total, part, other = claim(1, 30.0, **dated), claim(2, 10.0, part_of="a-001", **dated), claim(3, 20.0, part_of="a-001", **worded)
    assert verdicts("C17", total, part, other) == [
        ("a-001", "待核实", "Total and parts are of different periods: 30 (since 2025), 10 (since 2025), 20 (this year)")
    ]
    assert verdicts("C17", total, part, claim(3, 20.0, part_of="a-001")) == [("a-001", "一致", "All of one period")]
    assert verdicts("C17", total, claim(2, 60.0, per="a-001", **worded))[0][1] == "待核实"
    assert verdicts("C17", claim(1, 30.0), claim(2, 60.0, per="a-001", **worded)) == []


def test_c17_what_a_reader_must_not_add_up():
    one = reach(5311.0, unit_class="person_times", unit="人次", period_words="累计", period_words_en="running total")
    two = claim(2, 4522.0, kind="reach", unit_class="person_times", unit="人次", period_start="2025")
    assert verdicts("C17", two, one) == [
        ("a-001", "一致", "Different periods, not to be added up by a reader: 5,311 person-times (running total), 4,522 person-times (since 2025)")
    ]
    assert verdicts("C17", one, claim(2, 4522.0, kind="reach", unit_class="person_times")) == []


def test_c23_equal_numbers_of_different_things():
    rows = claim(1, 62.0, unit_class="place"), claim(2, 62.0, unit_class="organisation", indicator_zh="单位", indicator_en="Units", line=30)
    assert verdicts("C23", *rows) == [("a-001", "一致", "“Projects” and “Units” (S0:30) are all 62; they are named differently and not linked")]
    linked = claim(2, 62.0, indicator_zh="单位", conflicts_with="a-001"), claim(3, 62.0, indicator_zh="楼", part_of="a-001"), claim(4, 62.0)
    assert [verdicts("C23", rows[0], other) for other in linked] == [[]] * 3
    assert verdicts("C23", claim(1, 5.0), claim(2, 5.0, indicator_zh="单位")) == []
    assert verdicts("C23", claim(1, 62.0), claim(2, 62.0, indicator_zh="单位", case_id="b")) == []


def test_questions_of_these_checks_are_full_sentences_in_chinese():
    assert questions("C13", change(31.8, counted="person"), recruits(), language="zh") == [
        "关于“投诉量”（原文“31.8%”）：请问增长的人数是否含“招募的青年规划师”？"
    ]


def test_visits_to_households_are_neither_households_nor_visits_of_persons():
    visits = reach(300.0, unit="户次", unit_class="person_times", printed="300户次", period_start="2024")
    others = claim(2, 500.0, kind="reach", unit="人次", unit_class="person_times", printed="500人次", period_start="2025")
    assert verdicts("C07", visits)[0][2].startswith("300 household visits: visits to households")
    assert verdicts("C17", visits, others) == []
    assert len(verdicts("C17", visits, claim(2, 400.0, kind="reach", unit="户次", unit_class="person_times", printed="400户次", period_start="2025"))) == 1
