"""The analysis of the tests before and after: refusals first, then worked examples, forms, small groups, and the page."""

import dataclasses
import math
import re

import numpy as np
import pytest

from commresearch.cases.case import Release
from commresearch.course.items import ITEMS
from commresearch.course.score_file import AnswerSheet
from commresearch.course.score_page import ScorePage, score_items
from commresearch.course.scoring import FEWEST, SMALL, form_groups, holm, mcnemar_mid_p, paired_change, paired_share_interval, score_course
from commresearch.errors import EstimationError
from commresearch.records.effects import EFFECT_COLUMNS
from commresearch.terms import Language, Unit
from commresearch.words import entries
from commresearch.words.messages import render_error
from tests.unit.course_answers import made_sheet


def sheet_of(before, after, *, a_first=None):
    """A sheet in which person i has the first `before[i]` and `after[i]` items right."""
    before, after = np.asarray(before), np.asarray(after)
    a_first = np.arange(len(before)) % 2 == 0 if a_first is None else np.asarray(a_first)
    right = [np.arange(ITEMS) < scores[:, None] for scores in (before, after)]
    return AnswerSheet(
        form_before=np.where(a_first, "A", "B"), form_after=np.where(a_first, "B", "A"), right_before=right[0], right_after=right[1], n_blank=0, n_only_before=0,
        n_only_after=0,
    )


@pytest.mark.parametrize("n", [1, 2])
def test_fewer_than_three_persons_are_refused_in_both_languages(n):
    with pytest.raises(EstimationError) as caught:
        score_course(made_sheet(n))
    assert [f.code for f in caught.value.failures] == ["CR-J63"]
    for language in Language:
        assert str(n) in render_error(caught.value, language)


def test_the_smallest_group_is_that_of_the_release_rules():
    assert Release().threshold == SMALL


def test_a_worked_example():
    """Changes 2, 3, 1, 2, 4, 0: mean 2, variance 2, standard error √(2/6); t₀.₉₇₅ on five degrees of freedom is 2.570582."""
    score = score_course(sheet_of([5, 4, 6, 5, 3, 7], [7, 7, 7, 7, 7, 7]))
    assert (score.n, score.before, score.after) == (6, 5.0, 7.0)
    change = score.change
    assert change.estimate == pytest.approx(2.0)
    assert change.std_error == pytest.approx(math.sqrt(2 / 6))
    assert change.df == 5
    assert (change.conf_low, change.conf_high) == pytest.approx((2 - 2.570582 * math.sqrt(1 / 3), 2 + 2.570582 * math.sqrt(1 / 3)), abs=1e-6)
    assert (change.unit, change.conf_level) == (Unit.COUNT, 0.95)
    points = score.change_points
    assert points.unit is Unit.PERCENTAGE_POINTS
    assert (points.estimate, points.std_error) == pytest.approx((10 * change.estimate, 10 * change.std_error))


def test_where_all_change_alike_there_is_no_interval():
    score = score_course(sheet_of([4] * 5, [6] * 5))
    assert score.change.estimate == 2
    assert all(math.isnan(v) for v in (score.change.conf_low, score.change.conf_high, score.change.p_value))
    assert "人人一样" in text_of(score)


def test_the_order_of_persons_changes_nothing():
    sheet = made_sheet(15, seed=8)
    order = np.random.default_rng(2).permutation(15)
    parts = {name: getattr(sheet, name)[order] for name in ("form_before", "form_after", "right_before", "right_after")}
    a, b = score_course(sheet), score_course(dataclasses.replace(sheet, **parts))
    np.testing.assert_allclose(a.to_frame().select_dtypes("number"), b.to_frame().select_dtypes("number"), rtol=1e-12)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_items_add_up_to_the_score(seed):
    score = score_course(made_sheet(12, seed=seed))
    assert sum(one.before for one in score.items) / 100 == pytest.approx(score.before)
    assert sum(one.estimate for one in score.items) / 100 == pytest.approx(score.change.estimate)
    weights = [sum(item.lesson == lesson.lesson for item in score.items) for lesson in score.lessons]
    assert sum(w * lesson.estimate for w, lesson in zip(weights, score.lessons, strict=True)) / 100 == pytest.approx(score.change.estimate)


@pytest.mark.parametrize(("gained", "lost", "expected"), [(0, 0, 1.0), (5, 0, 2 * 0.5**5 - 0.5**5), (1, 1, 1.0), (6, 1, 2 * 8 / 128 - 7 / 128), (1, 6, 2 * 8 / 128 - 7 / 128)])
def test_mid_p_by_hand(gained, lost, expected):
    assert mcnemar_mid_p(gained, lost) == pytest.approx(expected, abs=1e-15)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_share_intervals_have_a_width_where_nobody_changed_and_turn_round_with_the_sides():
    low, high = paired_share_interval(0, 0, 10)
    assert low < 0 < high
    assert paired_share_interval(7, 2, 20) == pytest.approx(tuple(-x for x in reversed(paired_share_interval(2, 7, 20))))
    assert all(-1 <= end <= 1 for end in paired_share_interval(10, 0, 10))


# ---------------------------------------------------------------- the two forms


def test_the_difficulty_of_the_forms_cancels_in_groups_of_any_size():
    """Everybody gains two items, and one item more is right on form B: those with A first gain three, those with B first one."""
    a_first = np.array([True] * 9 + [False] * 3)
    noise = np.array([-1, 0, 1] * 4)
    groups = form_groups(np.where(a_first, 3, 1) + noise, a_first)
    assert groups.adjusted.estimate == pytest.approx(2.0)
    assert groups.b_easier.estimate == pytest.approx(1.0)
    assert np.mean(np.where(a_first, 3, 1) + noise) == pytest.approx(2.5)  # the plain mean is led astray by the larger group


@pytest.mark.parametrize("n_b", [0, 1, 2])
def test_without_two_groups_change_and_form_are_not_told_apart(n_b):
    score = score_course(made_sheet(14, share_a_first=(14 - n_b) / 14))
    assert score.forms.n_b_first == n_b
    assert score.forms.adjusted is None
    assert score.forms.b_easier is None
    assert "分不开" in text_of(score)
    assert "cannot be told apart" in text_of(score, Language.EN)


def test_with_two_groups_the_page_gives_the_change_without_the_forms():
    assert "差别已经抵消" in text_of(score_course(made_sheet(FEWEST * 2)))


@pytest.mark.parametrize(("n", "shown"), [(18, False), (20, True)])
def test_groups_of_their_own_are_shown_from_the_threshold_on(n, shown):
    assert ("先A后B的一组" in text_of(score_course(made_sheet(n)))) is shown


# ---------------------------------------------------------------- small groups, and what the page says


def text_of(score, language=Language.ZH):
    """What the page says, without drawing it."""
    page = ScorePage(score=score, file="answers.xlsx", language=language)
    shown = [page.title, page.subtitle]
    for item in score_items(page):
        shown += [item.text] if hasattr(item, "text") else [item.caption, getattr(item, "alt", ""), item.note, *(" ".join(row) for row in getattr(item, "rows", ()))]
    return "\n".join(shown)


@pytest.mark.parametrize("n", [3, 5, 9])
def test_a_small_group_has_no_numbers_of_items_and_lessons(n):
    score = score_course(made_sheet(n, seed=3))
    assert all(math.isnan(one.conf_low) and math.isnan(one.conf_high) for one in (*score.items, *score.lessons))
    assert not set(score.to_frame()["what"]) & {"item", "lesson"}
    for language in Language:
        page = ScorePage(score=score, file="f", language=language)
        assert not [item for item in score_items(page) if hasattr(item, "caption")]
        assert str(SMALL) in text_of(score, language)
    weak = next(item.text for item in score_items(ScorePage(score=score, file="f", language=Language.ZH)) if item.text.startswith("- 第"))
    assert "%" not in weak


def test_a_larger_group_has_every_item_and_lesson():
    score = score_course(made_sheet(SMALL, seed=3))
    frame = score.to_frame()
    assert frame["what"].value_counts().to_dict() == {"item": 10, "lesson": 8, "score": 1, "score_share": 1, "adjusted": 1, "b_easier": 1}
    assert set(EFFECT_COLUMNS) <= set(frame.columns)
    assert frame.loc[frame["what"] == "item", ["conf_low", "conf_high"]].notna().all(axis=None)


def test_the_weakest_items_come_first_and_are_at_most_three():
    score = score_course(sheet_of([0] * 12, [2, 3, 4] * 4))
    assert [one.item for one in score.weak] == [5, 6, 7]
    assert "先补这几处" in text_of(score)
    assert not score_course(sheet_of([5] * 12, [10, 10, 10, 9] * 3)).weak


@pytest.mark.parametrize(("n_full", "said"), [(0, False), (1, False), (2, True)])
def test_a_test_that_was_too_easy_is_told(n_full, said):
    score = score_course(sheet_of([4, 5] * 6, [10] * n_full + [7] * (12 - n_full)))
    assert score.has_ceiling is said
    assert ("题对他们偏容易" in text_of(score)) is said
    assert "全对的人课前占" not in text_of(score)  # so few are not counted out
    assert ("课后占" in text_of(score_course(sheet_of([4, 5] * 12, [10] * 12 + [7] * 12))))


def test_what_was_left_out_is_told():
    sheet = dataclasses.replace(made_sheet(12), n_blank=4, n_only_before=2, n_only_after=1)
    said = text_of(score_course(sheet))
    assert "没有作答的4处" in said
    assert "只做了课前的2人、只做了课后的1人" in said


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("gain", [-2.0, 0.0, 3.0])
def test_no_page_says_that_the_course_brought_it_about(language, gain):
    said = text_of(score_course(made_sheet(30, gain=gain)), language)
    pattern = entries("causal_words")["cause"][language.value]
    assert not re.search(pattern if language is Language.ZH else rf"\b(?:{pattern})\b", said, re.IGNORECASE)
    assert "E1" in said


@pytest.mark.parametrize(("before", "after", "said"), [([5, 6, 4, 5], [3, 3, 3, 2], "同期减少"), ([5, 6, 4, 5], [7, 9, 7, 8], "同期增加"), ([5, 6, 4, 5], [6, 5, 5, 4], "没有变")])
def test_the_direction_is_that_of_the_change(before, after, said):
    assert said in text_of(score_course(sheet_of(before, after)))


def test_an_interval_that_nearly_touches_zero_shows_its_side():
    page = ScorePage(score=score_course(made_sheet(12)), file="f", language=Language.EN)
    change = dataclasses.replace(paired_change(np.array([1, 2, 3]), unit=Unit.COUNT), conf_low=0.03, conf_high=1.2)
    assert page.interval(change) == "+0.03 to +1.20"


def test_the_change_told_first_is_the_one_without_the_forms():
    """Unequal groups: the plain mean and the mean of the two groups differ, and the page leads with the second."""
    score = score_course(made_sheet(20, share_a_first=0.8, shift_b=2.5, seed=6))
    assert score.main is score.forms.adjusted
    assert abs(score.main.estimate - score.change.estimate) > 0.3
    assert f"同期增加{score.main.estimate:.1f}题" in text_of(score)
    alone = score_course(made_sheet(20, share_a_first=1.0))
    assert alone.main is alone.change
