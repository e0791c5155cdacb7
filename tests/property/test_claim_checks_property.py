"""What holds for checks of claims whatever the numbers: true figures are never doubted, and no table makes a check fail."""

import math
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from commresearch.cases.claim import Meaning
from commresearch.comparison import audit_claims
from commresearch.comparison.claim_checks import share_of_base
from commresearch.comparison.claim_numbers import attainable_share, ratio_interval, share_interval, whole_pairs
from commresearch.comparison.claim_reach import most_unseen, recruits_as_growth
from commresearch.comparison.claim_regression_to_mean import Choice, End, Period, expected_change
from commresearch.terms import ChosenBy, Comparison, Family, Kind, UnitClass, Verdict
from tests.unit.claim_rows import change, claim, frame

COUNTS = st.integers(1, 5_000)
DECIMALS = st.integers(0, 2)


def printed(value: Decimal, decimals: int, rounding: str) -> tuple[float, str]:
    """A percentage as it would be printed."""
    cut = value.quantize(Decimal(1).scaleb(-decimals), rounding=rounding)
    return float(cut), f"{abs(cut)}%"


@given(COUNTS, st.integers(0, 5_000), DECIMALS)
def test_a_true_change_of_counts_is_never_doubted(before, after, decimals):
    value, token = printed(Decimal(100 * (after - before)) / before, decimals, ROUND_HALF_UP)
    assume(value != 0)
    [found] = whole_pairs([change(value, token, baseline=float(before))])
    assert found.verdict == Verdict.CONSISTENT
    [open_] = whole_pairs([change(value, token)])
    if open_.text == "C03_pairs":
        assert str(before) != open_.values["last"].replace(",", "")


@given(COUNTS, st.data(), DECIMALS, st.sampled_from([ROUND_HALF_UP, ROUND_DOWN]))
def test_a_true_share_is_never_doubted_rounded_or_cut(base, data, decimals, rounding):
    part = data.draw(st.integers(0, base))
    value, token = printed(Decimal(100 * part) / base, decimals, rounding)
    row = claim(1, value, unit_class="percent", comparison="share", denominator=float(base), printed=token, counted="person")
    assert {f.verdict for f in (*share_of_base([row]), *attainable_share([row]))} == {Verdict.CONSISTENT}


@given(st.integers(2, 60), st.data())
def test_a_share_that_no_count_gives_is_found(base, data):
    """Every share of a base is at least 100 / base apart from the next: the middle between two is none, however it was rounded."""
    part = data.draw(st.integers(0, base - 1))
    value, token = printed(Decimal(100) * (Decimal(part) + Decimal("0.5")) / base, 2, ROUND_HALF_UP)
    row = claim(1, value, unit_class="percent", comparison="share", denominator=float(base), printed=token, counted="person")
    assert {f.verdict for f in (*share_of_base([row]), *attainable_share([row]))} == {Verdict.TO_VERIFY}


@given(COUNTS, st.integers(0, 5_000))
def test_intervals_hold_what_was_seen(before, after):
    low, high = ratio_interval(before, after)
    assert low <= 100 * (after / before - 1) <= high
    base = max(before, after)
    low, high = share_interval(after, base)
    assert 0 <= low <= 100 * after / base <= high <= 100


@given(st.integers(1, 100_000))
def test_the_bound_of_what_was_not_seen_is_what_a_twentieth_would_miss(cases):
    assert (1 - most_unseen(cases)) ** cases == pytest.approx(0.05, rel=1e-6)  # a power of up to 100,000 multiplies the last digits
    assert most_unseen(cases) < 3 / cases + 1e-12  # the rule of three is a little above


@given(st.floats(0.01, 0.99), st.floats(0, 1), st.floats(0, 1), st.floats(0.05, 2), st.sampled_from(End), st.sampled_from(Period))
def test_regression_shrinks_with_stability_and_has_one_direction(share, one, two, variation, end, by):
    assume(abs(one - two) > 1e-3)
    loose, close = (expected_change(Choice(share=share, autocorrelation=r, variation=variation, end=end, by=by)) for r in sorted((one, two)))
    assert abs(close) <= abs(loose) + 1e-9
    falls = (end == End.HIGHEST) == (by == Period.BEFORE)
    assert (loose <= 1e-9) if falls else (loose >= -1e-9)
    assert expected_change(Choice(share=share, autocorrelation=1, variation=variation, end=end, by=by)) == pytest.approx(0, abs=1e-9)


@given(st.floats(0.1, 500), st.integers(1, 10_000), st.integers(1, 10_000))
def test_recruits_are_asked_about_where_they_could_be_all_of_it(growth, base, recruited):
    row = change(growth, counted="person", baseline=float(base), family="services")
    recruits = claim(2, float(recruited), unit_class="person", kind="input", indicator_zh="招募的志愿者")
    [found] = recruits_as_growth([row, recruits])
    assert (found.verdict == Verdict.TO_VERIFY) == (recruited >= base * growth / 100)


def blank_or(*values):
    return st.sampled_from(["", *(str(v) for vocabulary in values for v in vocabulary)])


DATES = st.sampled_from(["", "2024", "2024-03", "2025-12"])
LINKS = st.sampled_from(["", "a-001", "a-002", "a-003", "z-009"])
NUMBERS = st.one_of(st.sampled_from([0.0, 1.0, 100.0, 43.0, -100.0, 120.5]), st.floats(-1e6, 1e9, allow_nan=False, width=32))
ROWS = st.fixed_dictionaries({
    "value": NUMBERS, "baseline": st.one_of(st.just(math.nan), NUMBERS), "denominator": st.one_of(st.just(math.nan), st.floats(0.5, 1e6)),
    "listed": st.sampled_from([math.nan, 0.0, 3.0]), "kind": st.sampled_from([str(k) for k in Kind]), "family": st.sampled_from([str(f) for f in Family]),
    "unit_class": st.sampled_from([str(u) for u in UnitClass]), "comparison": st.sampled_from([str(c) for c in Comparison]),
    "qualifier": st.sampled_from(["", "余", "约", "近…余", "超"]), "cumulative": st.sampled_from(["", "yes", "no"]),
    "indicator_zh": st.sampled_from(["投诉量", "使用率", "居民人数", "招募人数", "节省的费用", "活动中心面积", "可接待人数"]),
    "printed": st.sampled_from(["10个", "31.8%", "0.05%", "零上访"]), "unit": st.sampled_from(["", "%", "人次", "平方米", "怪单位"]),
    "period_start": DATES, "period_end": DATES, "in_use_since": DATES, "part_of": LINKS, "per": LINKS, "conflicts_with": LINKS,
    "counted": blank_or(UnitClass), "chosen_by": blank_or(ChosenBy), "wording": blank_or(Meaning), "comparator": st.sampled_from(["", "邻区"]),
    "section": st.sampled_from(["", "一", "二"]), "instrument": st.sampled_from(["", "入户登记"]), "headline": st.sampled_from(["", "space"]), "place": st.sampled_from(["", "东区"]), "place_en": st.sampled_from(["", "East"]),
})


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=6))
def test_no_table_of_claims_makes_a_check_fail(rows):
    claims = [claim(i, row.pop("value"), high=row.pop("high", None), **row) for i, row in enumerate(rows, 1)]
    for language in ("zh", "en"):
        audit = audit_claims(frame(*claims), language=language)
        assert set(audit["claim_id"]) <= {c.claim_id for c in claims}
        assert set(audit["verdict"]) <= set(Verdict)
        assert ((audit["question"] + audit["asked_at"] == "") == (audit["verdict"] == Verdict.CONSISTENT)).all()
        assert not audit["detail"].str.contains("[{}]", regex=True).any()
