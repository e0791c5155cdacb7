"""The ten items: every number is what its values give, both forms ask for the same thing in other words, and the printed forms say what they should."""

import re
from collections import Counter

import pytest

from commresearch.course.items import ITEMS, LETTERS, RULES, Difficulty, Form, items, keys
from commresearch.words import entries

NUMERAL = re.compile(r"\d+(?:\.\d+)?")

#: Right answers worked out by hand from the figures in the questions: item, form → numbers of the right option, in its order.
BY_HAND = {
    (1, "A"): [6, 15, 9, 60], (1, "B"): [35, 20, 15, 75], (2, "A"): [28], (2, "B"): [23], (3, "A"): [30], (3, "B"): [35], (4, "A"): [3, 6, 40, 10, 1, 2],
    (4, "B"): [5, 12, 96, 12, 1, 4], (5, "A"): [75, 160, 120, 40], (5, "B"): [70, 180, 126, 20], (6, "A"): [69], (6, "B"): [68], (7, "A"): [6, 7, 4, 5, 50, 50],
    (7, "B"): [10, 11, 7, 8, 40, 40], (8, "A"): [], (8, "B"): [], (9, "A"): [4], (9, "B"): [10], (10, "A"): [4, 11, 3], (10, "B"): [3, 2, 8],
}
#: Each wrong option by the mistake that leads to it, worked out by hand: item, form → the one number of every wrong option.
MISTAKES = {
    (2, "A"): [12 + 10 + 15 + 8, 45 - 11 - 3, 45 - 11 * 2 - 3 * 3], (2, "B"): [18 + 16 + 14, 48 - 9 - 8, 48 - 9 * 2 - 8 * 3],
    (3, "A"): [144 / 360 * 100, 108 / 144 * 100, (360 - 108) / 360 * 100], (3, "B"): [130 / 260 * 100, 91 / 130 * 100, (260 - 91) / 260 * 100],
    (6, "A"): [0.6 * 90 + 0.4 * 60, (90 + 60) / 2, 0.7 * 90 + 0.3 * 60], (6, "B"): [0.1 * 50 + 0.9 * 80, (50 + 80) / 2, 0.6 * 50 + 0.4 * 80],
    (9, "A"): [20 - 12, 17 - 12, 8 + 4], (9, "B"): [48 - 30, 48 - 36, 18 + 8],
}


def questions():
    return [pytest.param(item, form, id=f"{item.id}{form}") for item in items() for form in Form]


def numerals(text):
    return [float(found) for found in NUMERAL.findall(text)]


def test_ten_items_cover_all_lessons_and_every_rule_is_used():
    assert [item.id for item in items()] == list(range(1, ITEMS + 1))
    assert {item.lesson for item in items()} == set(range(1, 9))
    assert {item.rule for item in items()} == set(RULES)
    assert {item.difficulty for item in items()} == set(Difficulty)
    assert all(item.because and item.idea for item in items())


@pytest.mark.parametrize("form", list(Form))
def test_keys_are_spread_over_the_letters(form):
    assert set(Counter(keys(form)).values()) <= {2, 3}
    assert set(keys(form)) == set(LETTERS)


def test_no_item_has_the_same_letter_in_both_forms():
    assert all(a != b for a, b in zip(keys(Form.A), keys(Form.B), strict=True))


@pytest.mark.parametrize(("item", "form"), questions())
def test_the_right_option_holds_the_numbers_worked_out_by_hand(item, form):
    assert numerals(item.questions[form].right) == pytest.approx(BY_HAND[item.id, form], abs=0)


@pytest.mark.parametrize(("item", "form"), [p for p in questions() if (p.values[0].id, str(p.values[1])) in MISTAKES])
def test_wrong_numbers_are_those_of_the_common_mistakes(item, form):
    question = item.questions[form]
    wrong = [numerals(option) for option in question.options if option != question.right]
    assert sorted(n for found in wrong for n in found) == pytest.approx(sorted(MISTAKES[item.id, form]))
    assert all(len(found) == 1 for found in wrong)


@pytest.mark.parametrize(("item", "form"), questions())
def test_options_differ_and_no_place_for_a_number_is_left_open(item, form):
    question = item.questions[form]
    assert len(question.options) == len(LETTERS) == len(set(question.options))
    assert question.key in LETTERS
    for text in (question.text, question.why, *question.options):
        assert text
        assert not re.search(r"[{}]", text)
    assert question.why


@pytest.mark.parametrize(("item", "form"), questions())
def test_what_a_question_gives_stands_in_it(item, form):
    """Each value that the arithmetic starts from can be read in the question, so that a person can do it too."""
    question = item.questions[form]
    told = {k: v for k, v in {**question.given, **question.made}.items() if k != "half"} if item.rule == "interval" else question.given  # an interval is told by its ends
    numbers = [number for value in told.values() for number in (value if isinstance(value, list) else [value])]
    assert Counter(map(float, numbers)) <= Counter(numerals(question.text))


@pytest.mark.parametrize("item", items(), ids=lambda item: str(item.id))
def test_the_forms_are_parallel_and_not_the_same(item):
    a, b = (item.questions[form] for form in Form)
    assert set(a.given) == set(b.given)
    assert a.given != b.given
    assert a.text != b.text
    assert not set(a.options) & set(b.options) or all(len(option) < 8 for option in set(a.options) & set(b.options))
    assert 0.5 < len(a.text) / len(b.text) < 2


def test_the_right_option_is_not_told_by_its_length():
    """Where options are sentences the right one is neither mostly the longest nor never."""
    sentences = [item.questions[form] for item in items() for form in Form if item.id not in {2, 3, 6, 9}]
    longest = [question.right == max(question.options, key=len) for question in sentences]
    assert 0.25 <= sum(longest) / len(longest) <= 0.5


def test_the_item_on_intervals_states_the_grade_that_forbids_the_verb():
    for form in Form:
        question = items()[9].questions[form]
        assert "证据E3" in question.text
        assert "E4、E5" in question.why


def test_people_and_visits_are_never_mixed():
    """人次 is what sign-ins add up to, 人 what persons are; the right answer to item 2 is in persons."""
    for form in Form:
        right = items()[1].questions[form].right
        assert right.endswith("人")
    assert all("人次" not in item.idea or item.id == 2 for item in items())


@pytest.mark.parametrize("key", [f"topic_{i}" for i in range(1, 11)] + [f"course_lesson_{i}" for i in range(1, 9)])
def test_the_page_has_a_name_for_every_item_and_lesson(key):
    assert all(entries("course_score")[key][language] for language in ("zh", "en"))
