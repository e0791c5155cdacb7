import math

import pytest

from commresearch.words.precision import decimals_of, decimals_of_difference, fixed, half_interval, percent_of, signed, with_interval

NONE = math.nan


@pytest.mark.parametrize(
    ("estimate", "low", "high", "significant", "digits"),
    [
        (62.13, 58.4, 65.8, 2, 0),
        (5.3, 3.9, 7.1, 2, 1),
        (62.13, 61.76, 62.5, 2, 1),  # a narrow interval calls for the digit in which it differs from the estimate
        (22.0, 8.1, 34.2, 2, 0),
        (3.536, 3.432, 3.641, 3, 2),
        (93_512.0, 89_500.0, 97_500.0, 3, -2),
        (0.0, 0.0, 3.1, 2, 1),
        (62.13, NONE, NONE, 2, 0),
        (512.0, NONE, NONE, 2, 0),
        (62.0, 62.0, 62.0, 2, 0),
    ],
)
def test_an_estimate_has_no_more_digits_than_its_interval_allows(estimate, low, high, significant, digits):
    assert decimals_of(estimate, low, high, significant=significant) == digits


@pytest.mark.parametrize(("low", "high", "digits", "wanted"), [(58, 66, 0, 1), (3.43, 3.64, 2, 2), (8, 34, 0, 0), (NONE, NONE, 0, 1), (89_500, 97_500, -2, -2)])
def test_a_difference_has_one_decimal_where_the_interval_has_it(low, high, digits, wanted):
    assert decimals_of_difference(low, high, digits) == wanted


def test_estimates_stand_with_their_intervals():
    assert with_interval(62.13, 58.4, 65.8) == "62 (58, 66)"
    assert with_interval(3.536, 3.432, 3.641, significant=3) == "3.54 (3.43, 3.64)"
    assert with_interval(93_512, 89_500, 97_500, significant=3) == "93,500 (89,500, 97,500)"
    assert with_interval(-0.42, -1.3, 0.4) == "−0.42 (−1.30, 0.40)"
    assert with_interval(62.13) == "62"
    assert with_interval(62.0, 62.0, 62.0) == "62"
    assert with_interval(NONE, 1, 2) == "—"


def test_what_all_answer_alike_has_no_interval_of_rounding_noise():
    low, high = 3.299999999999997, 3.3000000000000003
    assert math.isnan(half_interval(low, high))
    assert math.isnan(half_interval(3.3, 3.3))
    assert math.isnan(half_interval(-math.inf, math.inf))
    assert half_interval(3.3, 3.3002) == pytest.approx(1e-4)
    assert half_interval(-1e-12, 1e-12) == 1e-12  # beside nothing it is no noise
    assert with_interval(3.299999999999999, low, high, significant=3) == "3.30"
    assert decimals_of(3.299999999999999, low, high, significant=3) == 2
    assert decimals_of_difference(low, high, 2) == 2


def test_signs():
    assert [signed(v, 1) for v in (1.94, -0.42, 0.04, -0.04, 0.0, NONE)] == ["+1.9", "−0.4", "0.0", "0.0", "0.0", "—"]
    assert fixed(-12_345.6, 0) == "−12,346"
    assert fixed(-49.0, -2) == "0"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(66, 606, "10.9"), (3, 40, "8"), (0, 606, "0"), (606, 606, "100"), (1, 40_000, "< 0.1"), (39_999, 40_000, "> 99.9"), (0, 0, "—"), (1, 60, "2")],
)
def test_shares_of_counts(part, whole, text):
    assert percent_of(part, whole) == text
