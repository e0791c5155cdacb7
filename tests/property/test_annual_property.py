"""What holds of every indicator and every year, whatever the numbers."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from commresearch.cases.indicators_file import Better, share_reached
from commresearch.terms import Outcome
from commresearch.workflow.year_figures import year_figures
from tests.spec.test_year_figures import months, panel

NUMBERS = st.decimals(min_value=-1000, max_value=1000, places=2)


@given(actual=NUMBERS, target=NUMBERS, better=st.sampled_from(Better))
def test_a_share_lies_between_nothing_and_all_and_is_all_where_the_target_is_met(actual, target, better):
    share = share_reached(actual, target, better)
    assert 0 <= share <= 1
    is_met = actual >= target if better is Better.HIGHER else actual <= target
    assert (share == 1) == is_met


@given(target=NUMBERS, better=st.sampled_from(Better), values=st.lists(NUMBERS, min_size=2, max_size=2))
def test_nearer_the_target_never_scores_less(target, better, values):
    worse, closer = sorted(values, reverse=better is Better.LOWER)
    assert share_reached(worse, target, better) <= share_reached(closer, target, better) + Decimal("1e-20")


@settings(max_examples=15, deadline=None)
@given(counts=st.lists(st.integers(min_value=1, max_value=50), min_size=24, max_size=24))
def test_quarters_add_up_and_the_year_on_year_change_is_that_of_the_sums(counts):
    made = panel([("101", month, n, 1000) for month, n in zip(months("2024-01", "2025-12"), counts, strict=True)])
    cases = year_figures(made, Outcome.COMPLAINT_RATE, 2025)[0]
    assert sum(amount.value for amount in cases.quarters.values()) == cases.current.value == sum(counts[12:])
    change = 100 * (sum(counts[12:]) / sum(counts[:12]) - 1)
    assert abs(cases.year_on_year.change - change) < 1e-9
