"""Lessons 7 and 8: the numbers that they tell against closed forms, and what they say against what is true."""

from functools import cache
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest

from commresearch import randomisation_inference
from commresearch.course import lesson_7, lesson_8, lesson_8_figures
from commresearch.impact.grade import STEPS
from commresearch.terms import Grade, Language
from commresearch.words.effects import VERBS

LOW_COST, SOME = 4, 10  #: simulated pilots, where one law is far from another and where it is not


@cache
def comparisons():
    return lesson_7.compare_all()


@cache
def drawings():
    return lesson_8.all_drawings()


def small_frame(values):
    """Two pilots and two others over four months, from two on with the pilot; shares in percent of 100 persons."""
    months = pd.date_range("2023-01-01", periods=values.shape[1], freq="MS")
    starts = [months[2], months[2], pd.NaT, pd.NaT]
    return pd.DataFrame({
        "unit_id": np.repeat(list("abcd"), len(months)), "month": np.tile(months, 4), "numerator": values.ravel().astype(float), "denominator": 100.0,
        "treated_from": np.repeat(pd.Series(starts), len(months)).to_numpy(),
    })


# ---------------------------------------------------------------- lesson 7: four numbers


def test_the_four_numbers_are_plain_means_and_their_difference_is_a_subtraction():
    values = np.array([[10, 12, 20, 22], [14, 16, 24, 26], [8, 10, 10, 12], [4, 6, 6, 8]])
    panel = lesson_7.panel_of(small_frame(values))
    n = lesson_7.four_numbers(panel)
    assert (n.treated_before, n.treated_after, n.comparison_before, n.comparison_after) == pytest.approx((13, 23, 7, 9))
    assert (n.treated_change, n.comparison_change, n.difference) == pytest.approx((10, 2, 8))
    early = lesson_7.halves_before(panel)
    assert (early.treated_before, early.treated_after, early.comparison_before, early.comparison_after) == pytest.approx((12, 14, 6, 8))
    assert early.difference == pytest.approx(0)


def test_the_package_gives_the_difference_that_a_reader_computes():
    for one in comparisons().values():
        assert one.estimate.estimate == pytest.approx(lesson_7.four_numbers(one.panel).difference, abs=1e-9)


def test_printed_numbers_have_one_decimal_and_lead_to_the_answer():
    n = lesson_7.four_numbers(comparisons()["waiting", "alike"].panel)
    printed = n.printed()
    assert all(getattr(printed, name) == round(getattr(n, name), 1) for name in n.__slots__)
    assert printed.difference == pytest.approx(n.difference, abs=0.2)
    table = lesson_7.years_table(n)
    assert table.iloc[:, 1:].to_numpy().tolist() == [
        [f"{printed.treated_before:.1f}", f"{printed.treated_after:.1f}"], [f"{printed.comparison_before:.1f}", f"{printed.comparison_after:.1f}"],
    ]


@pytest.mark.parametrize(("value", "wrong"), [(1.24, {-1.2: "why"}), (-0.3, {0.3: "why"}), (0.04, {}), (0.0, {})])
def test_subtracting_the_wrong_way_round_is_named_where_it_differs(value, wrong):
    assert lesson_7.turned_round(value, "why") == wrong


# ---------------------------------------------------------------- lesson 7: what is true


def test_pilots_are_the_same_in_every_comparison():
    frames = [one.panel.frame[one.panel.frame["treated_from"].notna()].reset_index(drop=True) for one in comparisons().values()]
    for frame in frames[1:]:
        pd.testing.assert_frame_equal(frame, frames[0])
    assert {one.truth for one in comparisons().values()} == {comparisons()["waiting", "alike"].truth}


@pytest.mark.parametrize(("points", "level"), [(0.15, 12.0), (-0.15, 12.0), (0.0, 12.0)])
def test_a_group_moves_by_what_is_said(points, level):
    months, units, persons = 24, 4, 1_000_000
    came = np.full(units * months, level / 100 * persons)
    frame = pd.DataFrame({"unit_id": np.repeat(list("abcd"), months), "numerator": came, "denominator": float(persons)})
    moved = lesson_7.moved(frame, points, level, np.random.default_rng(1))
    share = 100 * (moved["numerator"] / persons).to_numpy().reshape(units, months)
    assert share.mean(axis=0) == pytest.approx(level + points * np.arange(months), abs=0.1)


def test_the_truth_is_what_is_left_where_everybody_moves():
    came = lesson_7.DISTRICT.effect
    months = np.arange(lesson_7.START, lesson_7.MONTHS)
    joining = lesson_7.COMMON * months / (100 - lesson_7.DISTRICT.level)
    without, with_pilot = 12.0, 12.0 + came
    moved = [(p + (100 - p) * joining).mean() for p in (with_pilot, without)]
    assert lesson_7.true_effect(came) == pytest.approx(moved[0] - moved[1])


def test_a_comparison_tells_the_truth_where_it_moves_alike_and_has_no_part_in_the_pilot():
    found = comparisons()
    assert {key for key, one in found.items() if one.verdict == "holds"} == {(group, "alike") for group in ("waiting", "not_enrolled", "elsewhere")}
    assert found["not_enrolled", "apart"].verdict == "high"  # it falls on its own
    assert {found[group, "apart"].verdict for group in ("waiting", "beside", "elsewhere")} == {"low"}


def test_neighbours_pass_the_look_back_and_halve_the_effect():
    one = comparisons()["beside", "alike"]
    assert not one.earlier_months_differ
    assert one.verdict == "low"
    assert one.use == "beside"
    assert one.estimate.estimate == pytest.approx(one.truth / 2, abs=2 * one.estimate.std_error)


def test_what_a_reader_sees_of_earlier_months_agrees_with_the_check():
    for (group, course), one in comparisons().items():
        assert one.earlier_months_differ is (course == "apart")
        if group != "beside":
            assert one.use == ("apart" if course == "apart" else "usable")


def test_only_lots_reach_the_highest_grade():
    found = comparisons()
    assert found["waiting", "alike"].estimate.grade is Grade.E5
    assert {one.estimate.grade for key, one in found.items() if key[1] == "alike" and key[0] != "waiting"} == {Grade.E3}
    assert all(one.estimate.grade < Grade.E3 for key, one in found.items() if key[1] == "apart")


def test_what_is_said_of_a_comparison_holds_its_numbers():
    one = comparisons()["elsewhere", "apart"]
    said = lesson_7.told(one)
    for number in (one.estimate.estimate, one.estimate.conf_low, one.estimate.conf_high, one.truth):
        assert lesson_7.signed(number, 1) in said
    assert lesson_7.label("verdict_low") in said
    assert lesson_7.label("earlier_differ") in said
    assert "−" in lesson_7.trend_text(one)


def test_who_set_the_order_is_said_of_those_who_wait():
    found = comparisons()
    by_lot, from_above = (lesson_7.told(found["waiting", course]) for course in lesson_7.COURSES)
    assert "抽签" in by_lot
    assert "抽签" not in from_above
    assert "领导定" in from_above


def test_the_draw_gives_every_community_one_place_and_starts_as_many_as_asked():
    table = lesson_7.order_table(12, ["2026-03", "2026-09"], [4, 4])
    name, order, start = table.columns
    assert table[name].nunique() == 12
    assert table[order].tolist() == list(range(1, 13))
    assert table[start].tolist() == ["2026-03"] * 4 + ["2026-09"] * 4 + [lesson_7.label("draw_waits")] * 4
    assert lesson_7.order_table(12, ["2026-03"], [4], seed=1)[name].tolist() != table[name].tolist()


# ---------------------------------------------------------------- lesson 8: chance


def test_there_are_as_many_drawings_as_ways_to_choose():
    made = drawings()
    assert made.number == comb(lesson_8.UNITS, lesson_8.TREATED)
    assert sorted({tuple(np.flatnonzero(made.chosen(i))) for i in range(made.number)}) == sorted(combinations(range(lesson_8.UNITS), lesson_8.TREATED))


def test_every_difference_is_that_of_the_drawn_and_the_others():
    made = drawings()
    for drawing in (0, 17, made.number - 1):
        drawn, others = lesson_8.changes(made, drawing)
        assert made.differences[drawing] == pytest.approx(drawn - others, abs=1e-9)


def test_the_share_as_far_out_is_the_p_value_of_the_package():
    made, found = drawings(), lesson_8.estimate()
    assert made.as_far / made.number == pytest.approx(found.p_value)
    assert made.observed == pytest.approx(found.estimate)
    again = randomisation_inference(made.panel)
    assert (again.p_value, again.conf_low, again.conf_high) == pytest.approx((found.p_value, found.conf_low, found.conf_high))
    assert 0 < made.as_far_above < made.as_far


def test_one_in_twenty_drawings_lies_beyond():
    made = drawings()
    assert (np.abs(made.differences) >= made.beyond(0.05)).mean() == pytest.approx(0.05, abs=1e-3)
    assert made.beyond(0.0) == np.abs(made.differences).max()


def test_without_a_pilot_the_same_units_and_months_are_drawn():
    idle = lesson_8.all_drawings(lesson_8.NOTHING_DONE)
    a, b = (one.panel.frame for one in (idle, drawings()))
    untouched = (b["treated_from"].isna() | (b["month"] < b["treated_from"])).to_numpy()
    assert (a["denominator"] == b["denominator"]).all()
    assert np.corrcoef(a["value"][untouched], b["value"][untouched])[0, 1] > 0.9


def test_some_drawings_are_different_ones():
    some = lesson_8.some_drawings(drawings(), 6)
    assert len(set(some)) == 6
    assert all(0 <= place < drawings().number for place in some)


# ---------------------------------------------------------------- lesson 8: width


def test_more_pilots_and_more_months_give_narrower_intervals():
    few, many = lesson_8.precision(1, 12, LOW_COST), lesson_8.precision(12, 12, LOW_COST)
    short, long = lesson_8.precision(6, 6, SOME), lesson_8.precision(6, 24, SOME)
    assert few.width > 2 * many.width
    assert short.width > long.width
    for made in (few, many, short, long):
        assert np.abs([made.low, made.high]).max() < lesson_8_figures.REACH
        assert (made.low <= made.estimate).all()
        assert (made.estimate <= made.high).all()


def test_counts_of_intervals_and_what_is_said_of_them():
    made = lesson_8.Precision(
        pilots=3, before=12, estimate=np.array([2.0, 5.0, -1.0]), low=np.array([-1.0, 4.0, -3.0]), high=np.array([5.0, 6.0, 1.0]), truth=3.0
    )
    assert (made.width, made.hold_truth, made.leave_out_zero) == (4.0, 1, 1)
    said = lesson_8.precision_told(made)
    assert all(text in said for text in ("3个试点", "12个月", "宽4.0个", "3次里", "真值的有1次", "没有变化的有1次"))
    assert "2.0" in lesson_8_figures.intervals_alt(made)
    assert "6.0" in lesson_8_figures.intervals_alt(made)


# ---------------------------------------------------------------- lesson 8: words


def test_a_grade_has_its_verb_and_no_other():
    found = lesson_8.estimate()
    verbs = {"change": "同期", "associated": "与试点有关", "caused": "试点使"}
    for grade in Grade:
        said = lesson_8.sentence(found, grade)
        assert [name for name, verb in verbs.items() if verb in said] == [VERBS[grade]]
    assert lesson_8.sentence(found) == lesson_8.sentence(found, found.grade)


def test_volunteers_with_a_comparison_are_e3_and_the_interval_holds_truth_and_zero():
    found = lesson_8.estimate()
    assert found.grade is Grade.E3
    assert found.conf_low < 0 < lesson_8.PILOT.effect < found.conf_high
    table = lesson_8.said_by_grade(found)
    assert table.iloc[:, 0].tolist() == [grade.value for grade in lesson_8.TOLD_GRADES]
    assert table.iloc[:, 2].nunique() == len(lesson_8.TOLD_GRADES)
    assert lesson_8.grade_table().iloc[:, 0].tolist() == [grade.value for grade in Grade]


def test_the_first_page_says_what_the_estimate_says():
    found = lesson_8.estimate()
    page = dict(lesson_8.first_page(found).itertuples(index=False, name=None))
    text = " ".join(page.values())
    assert "3个试点，27个对照" in text
    assert found.grade.value in page.values()
    assert found.design is not None
    assert "与试点有关" in text
    assert "*" not in text
    assert lesson_8.points(found.conf_low) in text


def test_the_years_compared_are_those_of_the_data():
    years = sorted(set(drawings().panel.frame["month"].dt.year))
    assert lesson_8.years() == f"{years[1]}年同{years[0]}年比"


def test_steps_are_those_of_the_grading():
    assert {name: lesson_8.steps(name) for name in ("late_record", "pre_trends")} == {name: STEPS[name][0] for name in ("late_record", "pre_trends")}


def test_results_to_check_are_in_order_and_some_hold_zero():
    found = lesson_8.results_to_check()
    assert [(line.grade) for line in found] == [grade.value for grade, _ in lesson_8.CHECKED]
    assert all(line.low <= line.estimate <= line.high for line in found)
    assert {line.inside for line in found} == {lesson_8.label("inside_yes"), lesson_8.label("inside_no")}
    assert {line.says for line in found} == {lesson_8.label(f"says_{grade}") for grade in ("E1", "E3", "E5")}


def test_the_sizes_that_prose_names_are_those_of_the_data():
    assert (lesson_7.DISTRICT.units, lesson_7.SIZE, lesson_7.DISTRICT.treated) == (50, 10, 10)
    assert (lesson_7.MONTHS, lesson_7.START, lesson_7.FIRST_YEAR) == (24, 12, 2023)
    assert (lesson_8.UNITS, lesson_8.TREATED, lesson_8.MONTHS, lesson_8.START) == (30, 3, 24, 12)


# ---------------------------------------------------------------- drawings


def test_drawings_show_what_they_are_given():
    one = comparisons()["waiting", "alike"]
    both = lesson_7.courses(one.panel).axes[0].get_lines()
    alone = lesson_7.courses(one.panel, alone=True).axes[0].get_lines()
    assert len(both) == len(alone) + 1
    four = lesson_7.four_points(lesson_7.four_numbers(one.panel))
    assert any(f"{lesson_7.four_numbers(one.panel).printed().difference:.1f}" in text.get_text() for text in four.axes[0].texts)
    six = lesson_8_figures.small_drawings(drawings(), [0, 1, 2, 3])
    assert [axes.get_title(loc="left") for axes in six.axes if axes.get_visible()] == [
        lesson_8.label("difference", points=lesson_8.points(drawings().differences[i])) for i in range(4)
    ]
    bars = lesson_8_figures.strip(drawings(), marked=True).axes[0].patches
    assert sum(bar.get_height() for bar in bars) == pytest.approx(drawings().number)
    rows = lesson_8_figures.intervals(lesson_8.precision(1, 12, LOW_COST)).axes[0]
    assert sum(len(line.get_segments()) for line in rows.collections) == LOW_COST


def test_labels_exist_in_both_languages():
    from commresearch.words import entries

    mine = {key: text for key, text in entries("course").items() if key.startswith(("lesson_7_", "lesson_8_"))}
    assert mine
    assert all(text[language.value].strip() for text in mine.values() for language in Language)
