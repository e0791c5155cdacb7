"""Cohen's kappa and Gwet's AC1 against published figures and a closed form."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commresearch.comparison.agreement import CODES, _kappa, gwet_ac1, reading_agreement

DATA = Path(__file__).parent / "data"
PRINTED_7 = 5e-8  #: the R package irrCAC prints seven decimals: half a unit of the last
CLOSED_FORM = 1e-12  #: the same formula in exact fractions; only floating-point rounding is left

#: irrCAC, table cont3x3abstractors (two abstractors, 100 pregnancies; Gwet 2014): kappa2.table and gwet.ac1.table
KAPPA_IRRCAC, AC1_IRRCAC = 0.7964094, 0.8493305


@pytest.fixture
def abstractors():
    frame = pd.read_csv(DATA / "abstractors.csv")
    order = ["ectopic", "aiu", "niu"]
    return frame.pivot_table(index="first", columns="second", values="count").loc[order, order].to_numpy(dtype=float)


def test_published_table(abstractors):
    assert _kappa(abstractors) == pytest.approx(KAPPA_IRRCAC, abs=PRINTED_7)
    assert gwet_ac1(abstractors) == pytest.approx(AC1_IRRCAC, abs=PRINTED_7)


def test_closed_form_in_fractions():
    counts = [[7, 1, 0, 2], [0, 3, 1, 0], [2, 0, 5, 1], [0, 1, 0, 9]]
    n = sum(map(sum, counts))
    agree = Fraction(sum(counts[i][i] for i in range(4)), n)
    rows = [Fraction(sum(r), n) for r in counts]
    columns = [Fraction(sum(r[j] for r in counts), n) for j in range(4)]
    expected = sum(a * b for a, b in zip(rows, columns, strict=True))
    means = [(a + b) / 2 for a, b in zip(rows, columns, strict=True)]
    chance = sum(m * (1 - m) for m in means) / 3
    table = np.array(counts, dtype=float)
    assert _kappa(table) == pytest.approx(float((agree - expected) / (1 - expected)), abs=CLOSED_FORM)
    assert gwet_ac1(table) == pytest.approx(float((agree - chance) / (1 - chance)), abs=CLOSED_FORM)


def test_a_rare_code_hurts_kappa_and_not_ac1():
    """The prevalence paradox (Feinstein & Cicchetti 1990): 118 + 0 of 125 agree, kappa is below zero, AC1 is not."""
    table = np.array([[118.0, 5.0], [2.0, 0.0]])
    p_o, p_e = 118 / 125, (123 * 120 + 2 * 5) / 125**2
    assert _kappa(table) == pytest.approx((p_o - p_e) / (1 - p_e), abs=CLOSED_FORM)
    assert _kappa(table) < 0 < 0.9 < gwet_ac1(table)


def test_a_single_code_throughout_leaves_kappa_undefined():
    table = np.zeros((4, 4))
    table[0, 0] = 5
    assert np.isnan(_kappa(table))
    assert gwet_ac1(table) == 1.0


def test_the_table_keeps_all_four_codes(published):
    frame = published.mechanisms.head(3)
    result = reading_agreement(frame)
    assert list(result.table.index) == list(result.table.columns) == list(CODES)
    assert result.n == 3
    whole = reading_agreement(published.mechanisms)
    counted = (published.mechanisms["coder_a"] == published.mechanisms["coder_b"]).mean()
    assert whole.observed == pytest.approx(counted, abs=CLOSED_FORM)
    assert whole.n == 16 * 20
