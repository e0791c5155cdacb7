"""Degrees of freedom of a jackknife whose members enter unequally."""

import numpy as np
import pytest

from commresearch.impact.jackknife import degrees_of_freedom

EXACT = 1e-10  #: the same algebra by another route
DRAWS, CHANCE = 200_000, 0.02  #: three standard errors of a ratio of moments of so many draws


@pytest.mark.parametrize("n", [2, 6, 87])
def test_members_that_enter_alike_give_one_less_than_their_number(n):
    assert degrees_of_freedom(np.full(n, 3.7)) == pytest.approx(n - 1, rel=EXACT)


@pytest.mark.parametrize("shares", [(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), (1, 1, 1, 1, 1, 12), (0, 0, 3, 4, 5)], ids=["even steps", "one large", "some without any"])
def test_the_moments_of_the_variance_are_those_that_drawn_values_have(shares):
    weights = np.array(shares, dtype=float) / sum(shares)
    values = np.random.default_rng(3).normal(size=(DRAWS, len(weights)))
    without = ((values @ weights)[:, None] - weights * values) / (1 - weights)
    variances = np.square(without - without.mean(axis=1, keepdims=True)).sum(axis=1)
    found = degrees_of_freedom(weights)
    assert found == pytest.approx(2 * variances.mean() ** 2 / variances.var(), rel=CHANCE)
    assert found < len(weights) - 1


def test_neither_the_unit_of_the_shares_nor_their_order_counts():
    shares = np.array([4.0, 1.0, 7.0, 2.0, 2.0])
    assert degrees_of_freedom(1_000 * shares[::-1]) == pytest.approx(degrees_of_freedom(shares), rel=EXACT)


@pytest.mark.parametrize("shares", [(0.0, 0.0, 0.0), (5.0, 0.0, 0.0)], ids=["none brings anything", "one brings all"])
def test_where_shares_say_nothing_members_count_alike(shares):
    assert degrees_of_freedom(np.array(shares)) == pytest.approx(2, rel=EXACT)
