"""National IDs against the examples of GB 11643-1999 and against what the check is built to catch.

All other numbers here are made up: their area codes belong to no place.
"""

import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning.national_id import WEIGHTS, check_character, derive_from_national_id, is_national_id, read_numbers

EXAMPLES = ("11010519491231002X", "440524188001010014")
#: four standard deviations of a share of 1/11 among 200,000 numbers
SHARE_TOLERANCE = 4 * (1 / 11 * 10 / 11 / 200_000) ** 0.5


def weighted_remainder(number):
    """The check as the standard words it: Σ aᵢ·Wᵢ ≡ 1 (mod 11), with X for 10 and Wᵢ = 2^(i−1) mod 11 counted from the right."""
    return sum((10 if c == "X" else int(c)) * pow(2, 17 - i, 11) for i, c in enumerate(number)) % 11


@pytest.mark.parametrize("number", EXAMPLES)
def test_the_examples_of_the_standard_are_valid(number):
    assert is_national_id(pd.Series([number])).all()
    assert weighted_remainder(number) == 1
    assert check_character(number[:17]) == number[17]


def test_the_weights_are_powers_of_two():
    assert WEIGHTS.tolist() == [pow(2, 17 - i, 11) for i in range(17)]


def test_every_wrong_digit_and_every_swap_of_neighbours_is_caught():
    number = EXAMPLES[0]
    wrong = [number[:i] + d + number[i + 1 :] for i in range(17) for d in "0123456789" if d != number[i]]
    swapped = [number[:i] + number[i + 1] + number[i] + number[i + 2 :] for i in range(16) if number[i] != number[i + 1]]
    assert (len(wrong), len(swapped)) == (153, 14)
    assert not is_national_id(pd.Series([*wrong, *swapped])).any()
    assert all(weighted_remainder(n) != 1 for n in (*wrong, *swapped))


def test_random_numbers_pass_the_check_in_one_of_eleven_and_the_whole_rule_hardly_ever():
    rng = np.random.default_rng(20250601)
    digits = rng.integers(0, 10, (200_000, 18))
    powers = np.array([pow(2, 17 - i, 11) for i in range(18)])
    assert np.mean(digits @ powers % 11 == 1) == pytest.approx(1 / 11, abs=SHARE_TOLERANCE)
    assert (
        is_national_id(pd.Series(["".join(row) for row in digits.astype(str)])).sum() <= 12
    )  # about six are expected: 1/11 × 38.5 % with a province × 0.08 % with a real date


def test_the_check_agrees_with_the_wording_of_the_standard():
    rng = np.random.default_rng(7)
    firsts = [
        f"379999{year}{month:02d}{day:02d}{serial:03d}"
        for year, month, day, serial in zip(
            rng.integers(1930, 2020, 500), rng.integers(1, 13, 500), rng.integers(1, 29, 500), rng.integers(0, 1000, 500), strict=True
        )
    ]
    for first in firsts:
        assert weighted_remainder(first + check_character(first)) == 1


def test_an_old_number_is_read_as_the_one_that_replaced_it():
    old = "379999500229123"
    assert not is_national_id(pd.Series([old])).any()  # 1950 had no 29 February
    old = "379999520229123"
    new = "37999919520229123" + check_character("37999919520229123")
    assert read_numbers([old]).number[0] == new
    facts = derive_from_national_id(pd.Series([old, new]), pd.Timestamp("2025-02-28").date())
    assert facts["birth"].tolist() == [pd.Timestamp("1952-02-29")] * 2
    assert facts["age"].tolist() == [72, 72]
