"""What labels say of satisfaction: five points by their words, whichever way round, and what cannot be read."""

from itertools import permutations

import pytest

from commresearch.cleaning.draft_values import numbered, ordered
from commresearch.cleaning.satisfaction_words import (
    FIVE,
    best_first,
    has_satisfied_middle,
    satisfaction_order,
    satisfaction_rank,
    unrated_for,
)
from commresearch.cleaning.variable import Variable
from commresearch.terms import MissingKind, VariableType

SCALES = (
    "很满意 满意 一般 不满意 很不满意", "非常满意 满意 一般 不满意 非常不满意", "非常满意 比较满意 一般 比较不满意 非常不满意", "很满意 比较满意 一般 不太满意 很不满意",
    "很满意 较满意 一般 不太满意 很不满意", "非常满意 较满意 一般 较不满意 非常不满意", "十分满意 满意 一般 不满意 十分不满意", "满意 比较满意 一般 不太满意 不满意",
    "非常满意 满意 基本满意 不满意 非常不满意", "满意 基本满意 一般 不太满意 不满意", "非常满意 满意 还可以 不满意 非常不满意", "非常满意 满意 中立 不满意 极不满意",
    "非常满意（5分） 满意（4分） 一般（3分） 不满意（2分） 非常不满意（1分）", "A.非常满意 B.满意 C.一般 D.不满意 E.非常不满意",
    "5分（非常满意） 4分（满意） 3分（一般） 2分（不满意） 1分（非常不满意）", "5非常满意 4满意 3一般 2不满意 1非常不满意", "（5）非常满意 （4）满意 （3）一般 （2）不满意 （1）非常不满意",
    "⑤非常满意 ④满意 ③一般 ②不满意 ①非常不满意", "非常满意（90-100分） 满意（80-89分） 一般（70-79分） 不满意（60-69分） 非常不满意（60分以下）",
    "非常满意 满意 比较满意 一般 不满意", "完全满意 基本满意 一般 不大满意 根本不满意",
)
ENGLISH = (
    "Very satisfied|Satisfied|Neither|Dissatisfied|Very dissatisfied", "Very satisfied|Rather satisfied|Neither|Rather dissatisfied|Very dissatisfied",
    "Very satisfied|Fairly satisfied|Neither satisfied nor dissatisfied|Not very satisfied|Not at all satisfied",
    "Extremely satisfied|Somewhat satisfied|Neutral|Somewhat dissatisfied|Extremely dissatisfied", "very  satisfied|satisfied|average|unsatisfied|very unsatisfied",
)


def item(labels, codes=FIVE, **more):
    return Variable(name="q", type=VariableType.SINGLE, source="1、对物业的评价", values=dict(zip(codes, labels, strict=True)), **more)


@pytest.mark.parametrize("labels", [*(s.split(" ") for s in SCALES), *(s.split("|") for s in ENGLISH)], ids="-".join)
def test_five_points_are_read_by_their_words_whichever_way_round(labels):
    assert best_first(item(labels)) is True
    assert best_first(item(labels[::-1])) is False
    assert unrated_for(item(labels)) == unrated_for(item(labels[::-1])) == ""
    backwards = dict(reversed(item(labels).values.items()))  # the codes count, not the order in which they are written
    assert best_first(Variable(name="q", type=VariableType.SINGLE, source="a", values=backwards)) is True


@pytest.mark.parametrize("labels", [s.split(" ") for s in SCALES if "比较满意 一般 不满意" not in s and s[0] not in "5⑤（"], ids="-".join)
def test_answers_of_a_draft_stand_from_best_to_worst_also_where_one_was_never_given(labels):
    for mixed in (labels[::-1], [labels[i] for i in (2, 0, 4, 1, 3)], labels[1:], labels[:2]):
        assert ordered(mixed) == [label for label in labels if label in mixed]
    assert ordered(["不清楚", *labels[::-1]]) == [*labels, "不清楚"]


@pytest.mark.parametrize("form", ["{}.{}", "{}、{}", "（{}）{}", "{}{}", "{}分（{}）", "{}: {}"])
def test_numbers_printed_in_labels_are_their_order_and_their_codes(form):
    printed = {str(n): form.format(n, label) for n, label in enumerate(["非常不满意", "不满意", "一般", "满意", "非常满意"], 1)}
    mixed = [printed[n] for n in "35124"]
    assert numbered(ordered(mixed)) == printed
    assert numbered(ordered([*mixed[:2], "不清楚"])) == {"3": printed["3"], "5": printed["5"], "1": "不清楚"}
    assert numbered(ordered(["①差", "③好", "②一般"])) == {"1": "①差", "2": "②一般", "3": "③好"}


@pytest.mark.parametrize("points", ["2 4 6 8 10", "1 3 5 7 9", "1 3 6 8 10"])
@pytest.mark.parametrize("form", ["{}分 {}", "{}分（{}）"])
def test_points_printed_in_grades_are_their_order_and_no_codes(points, form):
    printed = [form.format(n, label) for n, label in zip(points.split(" "), ["非常不满意", "不满意", "一般", "满意", "非常满意"], strict=True)]
    values = numbered(ordered([*printed[::-1], "不清楚"]))
    assert values == dict(zip([*FIVE, "6"], [*printed, "不清楚"], strict=True))
    variable = Variable(name="q", type=VariableType.SINGLE, source="q", values={v: label for v, label in values.items() if v in FIVE})
    assert best_first(variable) is False
    assert [*numbered(ordered(["10分 很好", "6分 一般", "2分 差"]))] == ["2", "6", "10"]


@pytest.mark.parametrize("labels", [["5-10年", "1-4年", "10年以上"], ["5万以上", "1000元以下"], ["2.5元", "1.5元"], ["18岁以下", "18岁以上"], ["2楼", "养老"], ["30年", "20年"]])
def test_numbers_that_are_answers_are_no_codes(labels):
    assert [*numbered(ordered(labels))] == [str(n) for n in range(1, len(labels) + 1)]


@pytest.mark.parametrize("labels", ["非常满意 满意 比较满意 一般 不满意", "很满意 非常满意 满意 不满意 很不满意", "很好 较好 一般 较差 很差", "满意 挺满意 不满意"])
def test_answers_whose_order_can_be_read_either_way_stay_as_they_appear(labels):
    for mixed in permutations(labels.split(" "), len(labels.split(" "))):
        assert satisfaction_order(mixed) is None
        assert ordered(mixed) == [*mixed]


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ("满意 很满意 一般 不满意 很不满意", "order"), ("很满意 比较满意 满意 不满意 很不满意", "order"), ("很满意 非常满意 满意 不满意 很不满意", "order"),
        ("满意 一般 不太满意 不满意 很不满意", "order"), ("非常满意 比较满意 满意 基本满意 一般", "order"), ("非常满意 满意 说得过去 不满意 非常不满意", "order"),
        ("很满意 满意 不满意 很不满意 说不清", "points"), ("很满意 满意 不满意 很不满意", "points"), ("满意 一般 不满意", "points"), ("挺满意 还行 不满意", "points"),
        ("非常满意 满意 一般 不满意 非常不满意 不清楚", "points"), ("满意 不满意", ""), ("环境 停车 物业 噪音 安全", ""), ("是 否", ""),
        ("非常同意 同意 一般 不同意 非常不同意", ""), ("很好 较好 一般 较差 很差", ""),
    ],
)
def test_items_that_are_no_five_points_say_why(labels, why):
    codes = [str(i) for i in range(1, 1 + len(labels.split(" ")))]
    assert best_first(item(labels.split(" "), codes)) is None
    assert unrated_for(item(labels.split(" "), codes)) == why


def test_codes_other_than_one_to_five_are_no_five_points():
    labels = SCALES[0].split(" ")
    for codes in ("01234", "23456", "abcde"):
        assert best_first(item(labels, codes)) is None
        assert unrated_for(item(labels, codes)) == "order"
    assert unrated_for(item(["1", "2", "3", "4", "5"])) == ""


@pytest.mark.parametrize(
    ("question", "labels", "why"),
    [
        ("您对物业的满意度", "很好 较好 一般 较差 很差", "order"), ("您对物业是否满意", "5 4 3 2 1", "order"), ("How satisfied are you?", "1 2 3 4 5", "order"),
        ("您对物业的满意度", "好 中 差", "points"), ("您对物业的满意度", "1 2 3 4 5 6 7 8 9 10", "points"), ("您最不满意的是", "环境 停车 物业 噪音 安全", ""),
        ("您不满意过几次", "1 2 3 4 5", ""), ("您对物业的看法", "很好 较好 一般 较差 很差", ""),
    ],
)
def test_grades_in_other_words_ask_for_satisfaction_where_the_question_does(question, labels, why):
    codes = [str(i) for i in range(1, 1 + len(labels.split(" ")))]
    assert unrated_for(item(labels.split(" "), codes, question_zh=question)) == why


def test_not_knowing_is_apart_where_it_is_declared():
    labels = [*SCALES[1].split(" "), "不清楚"]
    declared = item(labels, [*FIVE, "9"], missing={MissingKind.DONT_KNOW: ("9",)})
    assert best_first(declared) is True
    assert unrated_for(declared) == ""
    four = item(["很满意", "满意", "不满意", "很不满意", "说不清"], missing={MissingKind.DONT_KNOW: ("5",)})
    assert best_first(four) is None
    assert unrated_for(four) == "points"


def test_english_labels_declare_what_chinese_ones_do_not_say():
    english = dict(zip(FIVE, ENGLISH[0].split("|"), strict=True))
    assert best_first(item(["很好", "较好", "一般", "较差", "很差"], labels_en=english)) is True
    assert best_first(item(["1", "2", "3", "4", "5"], labels_en=dict(zip(FIVE, reversed(english.values()), strict=True)))) is False
    assert best_first(item(["很好", "较好", "一般", "较差", "很差"], labels_en={"1": "Very satisfied"})) is None


def test_a_third_answer_that_says_satisfied_is_known():
    assert has_satisfied_middle(item(SCALES[8].split(" ")))
    assert has_satisfied_middle(item(SCALES[8].split(" ")[::-1]))
    assert not has_satisfied_middle(item(SCALES[0].split(" ")))


@pytest.mark.parametrize("label", ["A 非常满意", "a.非常满意", "E-非常满意", "1非常满意", "1、 非常满意", "(1)非常满意", "5分：非常满意", "（非常满意）", "非常满意（90-100分）", "5 very satisfied"])
def test_letters_numbers_and_points_beside_a_label_say_nothing(label):
    assert satisfaction_rank(label) == satisfaction_rank("非常满意")


def test_labels_in_a_form_that_is_not_read_are_named():
    assert unrated_for(item(["非常满意/乐意", "满意/乐意", "一般", "不满意/不乐意", "非常不满意/不乐意"])) == "order"
    assert unrated_for(item(["满意的地方", "不满意的地方", "甲", "乙", "丙"])) == ""
    assert [satisfaction_rank(text) for text in ("5分", "10", "dissatisfied", "extremely dissatisfied", "average")] == [None, None, -3, -4, 0]


def test_words_that_only_look_like_degrees_say_nothing():
    assert [satisfaction_rank(text) for text in ("满意的地方", "对物业满意", "不清楚", "说不清", "5", "", "satisfaction", "一般 ")] == [None] * 7 + [0]


def test_only_single_choices_are_items():
    many = Variable(name="q", type=VariableType.MULTIPLE, source="a", values=dict(zip(FIVE, SCALES[0].split(" "), strict=True)))
    assert best_first(many) is None
    assert unrated_for(many) == ""
