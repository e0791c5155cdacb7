"""Regression to the mean: closed form, simulation, and what is refused."""

import math
from itertools import product

import numpy as np
import pytest
from scipy import integrate, stats

from commresearch.comparison.claim_regression_to_mean import Choice, End, Period, expected_change, simulate_change
from commresearch.errors import EstimationError
from commresearch.words import render_error

QUADRATURE = 1e-8  #: two-dimensional mass integrated numerically; its own tolerance is 1e-10
MONTE_CARLO = 0.35  #: percentage points: 400 draws of 4,000 places leave a standard error of about 0.07, the finite number a bias below 0.1
CASES = list(product(End, Period, (0.0, 0.5, 0.8)))


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"share": 0.0}, ["share", "“0.0”"]), ({"share": 1.0}, ["share"]), ({"autocorrelation": 1.1}, ["autocorrelation"]),
        ({"variation": 0.0}, ["variation"]), ({"share": math.nan, "variation": math.nan}, ["share", "variation", "“nan”"]),
    ],
)
def test_numbers_outside_their_range_are_refused_together(numbers, words):
    with pytest.raises(EstimationError) as caught:
        Choice(**{"share": 0.2, "autocorrelation": 0.5, "variation": 0.5, **numbers})
    message = render_error(caught.value, "en")
    assert all(word in message for word in words)


def test_a_simulation_needs_places_draws_and_counts():
    with pytest.raises(EstimationError) as caught:
        simulate_change(Choice(share=0.2, autocorrelation=0.5, variation=0.5), units=1, draws=0, mean_count=0.0, seed=1)
    assert [f.values["option"] for f in caught.value.failures] == ["units", "draws", "mean_count"]


def _by_quadrature(choice):
    """Mean of the chosen in both periods, by integrating over the standard normal logarithm of the period that decides."""
    s, r = choice.log_sd, choice.autocorrelation
    cut = stats.norm.ppf(1 - choice.share if choice.end == End.HIGHEST else choice.share)
    ends = (cut, 12) if choice.end == End.HIGHEST else (-12, cut)
    deciding = integrate.quad(lambda x: np.exp(s * x - s**2 / 2) * stats.norm.pdf(x), *ends, epsabs=1e-12)[0]
    other = integrate.quad(lambda x: np.exp(s * r * x - (s * r) ** 2 / 2) * stats.norm.pdf(x), *ends, epsabs=1e-12)[0]
    before, after = (deciding, other) if choice.by == Period.BEFORE else (other, deciding)
    return 100 * (after / before - 1)


@pytest.mark.parametrize(("end", "by", "r"), CASES)
def test_the_closed_form_is_that_of_quadrature(end, by, r):
    choice = Choice(share=0.15, autocorrelation=r, variation=0.7, end=end, by=by)
    assert expected_change(choice) == pytest.approx(_by_quadrature(choice), rel=QUADRATURE)


@pytest.mark.parametrize(("end", "by", "r"), CASES)
def test_the_simulation_of_many_places_is_the_closed_form(end, by, r):
    choice = Choice(share=0.2, autocorrelation=r, variation=0.5, end=end, by=by)
    found = simulate_change(choice, units=4_000, draws=400, seed=7)
    assert found.mean == pytest.approx(expected_change(choice), abs=MONTE_CARLO)
    assert found.low < found.mean < found.high
    assert found.undefined == 0


def test_counts_regress_more_than_the_values_behind_them():
    choice = Choice(share=0.1, autocorrelation=0.9, variation=0.5)
    counts = simulate_change(choice, units=200, mean_count=5, draws=500, seed=3)
    values = simulate_change(choice, units=200, draws=500, seed=3)
    assert counts.mean < values.mean - 5


def test_counts_of_like_places_regress_as_counts_alone_do():
    """With places that hardly differ, the chosen fall back to the mean: their first count is the mean of the top tenth of a Poisson."""
    found = simulate_change(Choice(share=0.1, autocorrelation=1.0, variation=1e-6), units=1_000, mean_count=20, draws=400, seed=5)
    top = np.sort(np.random.default_rng(9).poisson(20, (400, 1_000)), axis=1)[:, -100:].mean()
    assert found.mean == pytest.approx(100 * (20 / top - 1), abs=MONTE_CARLO)


def test_the_same_seed_gives_the_same_numbers_and_blocks_do_not_matter(monkeypatch):
    choice = Choice(share=0.2, autocorrelation=0.5, variation=0.5)
    one, two = (simulate_change(choice, units=50, draws=100, seed=11) for _ in range(2))
    assert one == two
    monkeypatch.setattr("commresearch.comparison.claim_regression_to_mean.BLOCK", 50 * 7)
    assert simulate_change(choice, units=50, draws=100, seed=11).mean == pytest.approx(one.mean, abs=5)


def test_places_with_nothing_before_have_no_percentage():
    found = simulate_change(Choice(share=0.2, autocorrelation=0.5, variation=0.5, end=End.LOWEST), units=10, mean_count=0.1, draws=200, seed=2)
    assert found.undefined > 0.9
    never = simulate_change(Choice(share=0.2, autocorrelation=0.5, variation=0.5, end=End.LOWEST), units=10, mean_count=1e-9, draws=5, seed=2)
    assert math.isnan(never.mean)
    assert never.undefined == 1
