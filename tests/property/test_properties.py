import math
import random
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from commresearch.cases.numerals import AFTER, BEFORE, SCALES, read_number, scan_numbers
from commresearch.comparison.agreement import gwet_ac1
from commresearch.comparison.claim_checks import two_values
from commresearch.reporting.display import SPECIAL, escape
from commresearch.words import number
from tests.unit.test_claim_checks import claim

DIGITS = "零一二三四五六七八九"


def spell(n: int) -> str:
    """汉字 numeral of 1 … 99 999 999, as a Chinese text writes it."""
    if n >= 10_000:
        rest = n % 10_000
        return spell(n // 10_000) + "万" + (("零" if rest < 1_000 else "") + spell(rest) if rest else "")
    text, pending = "", False
    for scale, mark in ((1_000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = n // scale % 10
        if digit:
            text += ("零" if pending and text else "") + DIGITS[digit] + mark
        pending = digit == 0
    return text


@given(st.integers(1, 99_999_999))
def test_a_spelled_number_reads_back(n):
    assert read_number(spell(n) + "个").value == n


@given(st.integers(1, 9_999_999), st.sampled_from(["", *SCALES]), st.sampled_from(["", "余", "多"]))
def test_digits_with_a_scale_read_back_and_lie_within_their_bounds(n, scale, more):
    read = read_number(f"{n}{more}{scale}件")
    assert read.value == n * SCALES.get(scale, 1)
    assert read.low <= read.value <= read.high
    assert (read.high > read.value) == bool(more) or read.value == read.high == n


@given(st.sampled_from(["", *BEFORE]), st.integers(1, 10**6), st.sampled_from(["", *AFTER]))
def test_bounds_always_hold_the_value(before, n, after):
    read = read_number(f"{before}{n}户{after}")
    assert read is not None
    assert read.low <= read.value <= read.high


@given(st.text("社区0123456789.,万余约近个人次%()一二三十", max_size=40))
def test_every_digit_of_a_line_belongs_to_exactly_one_number(line):
    found = scan_numbers(line)
    for earlier, later in pairwise(found):
        assert earlier.end <= later.start
    covered = {i for n in found for i in range(n.start, n.end)}
    assert all(i in covered for i, c in enumerate(line) if c in "0123456789")
    assert all(line[n.start : n.end] == n.printed for n in found)


@given(st.lists(st.integers(0, 40), min_size=16, max_size=16), st.permutations(range(4)))
def test_agreement_is_symmetric_bounded_and_blind_to_the_order_of_codes(counts, order):
    table = np.array(counts, dtype=float).reshape(4, 4)
    assume(table.sum() > 0)
    value = gwet_ac1(table)
    assert value <= 1 + 1e-12
    assert math.isclose(value, gwet_ac1(table.T), abs_tol=1e-12)
    assert math.isclose(value, gwet_ac1(table[np.ix_(order, order)]), abs_tol=1e-12)
    assert math.isclose(gwet_ac1(np.diag(np.diag(table) + 1)), 1.0)


@given(st.text(max_size=60))
def test_escaped_text_is_one_line_with_every_special_character_guarded(text):
    escaped = escape(text)
    assert "\n" not in escaped
    assert SPECIAL.sub("", escaped.replace("\\\\", "")) .count("|") == 0
    assert SPECIAL.sub(r"\1", escaped) is not None


@given(st.floats(-1e9, 1e9).map(lambda x: round(x, 2)))
def test_a_shown_number_reads_back(x):
    assert math.isclose(float(number(x).replace(",", "")), x, abs_tol=1e-9)


@given(st.floats(1, 1e6), st.floats(1, 1e6))
def test_two_values_have_one_verdict_whichever_stands_first(a, b):
    pair = [claim(1, a, conflicts_with="a-002"), claim(2, b, conflicts_with="a-001")]
    swapped = [replace(pair[0], value=b, value_low=b, value_high=b), replace(pair[1], value=a, value_low=a, value_high=a)]
    assert [f.verdict for f in two_values(pair)] == [f.verdict for f in two_values(swapped)]


def test_rows_of_parts_may_stand_in_any_order():
    from commresearch.comparison.claim_checks import parts_against_total

    rows = [claim(1, 60.0), *(claim(i, float(i) * 10, part_of="a-001") for i in (1 + 0, 2, 3) if i != 1), claim(4, 10.0, part_of="a-001")]
    shuffled = rows[:]
    random.Random(3).shuffle(shuffled)
    assert {f.verdict for f in parts_against_total(rows)} == {f.verdict for f in parts_against_total(shuffled)} == {"一致"}
