"""Effort indices against R: `scripts/effort_reference.R` simulates the answers and computes every index row by row."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning import effort_indices as indices

DATA = Path(__file__).parent / "data"
ROUNDING = 1e-10  #: both sides compute in doubles from the same whole numbers; only the order of additions differs
REVERSED = ("q03", "q14")
SCALES = [range(start, start + 5) for start in range(0, 30, 5)]


@pytest.fixture(scope="module")
def answers():
    return pd.read_csv(DATA / "effort_items.csv", dtype=float)


@pytest.fixture(scope="module")
def reference():
    return pd.read_csv(DATA / "effort_reference.csv", dtype=float)


def check(got, expected):
    np.testing.assert_allclose(np.asarray(got, dtype=float), expected.to_numpy(), rtol=ROUNDING, atol=ROUNDING, equal_nan=True)


def test_the_simulated_answers_hold_what_the_indices_must_cope_with(answers, reference):
    assert answers.shape == (160, 30)
    assert answers.isna().all(axis=1).sum() == 1
    assert 0.02 < answers.isna().to_numpy().mean() < 0.06
    assert reference["even_odd"].isna().sum() >= 3
    assert reference["mahalanobis_complete"].notna().sum() > 60
    assert reference["synonym_pairs"].max() > 40
    assert reference["antonym_pairs"].max() >= 3


def test_longstring(answers, reference):
    check(indices.longstring(answers.to_numpy()), reference["longstring"])
    check(indices.average_longstring(answers.to_numpy()), reference["average_longstring"])


def test_intra_individual_variability(answers, reference):
    check(indices.intra_individual_variability(answers.to_numpy()), reference["irv"])


def test_even_odd(answers, reference):
    keyed = answers.copy()
    keyed[list(REVERSED)] = 6 - keyed[list(REVERSED)]
    result = indices.even_odd(keyed.to_numpy(), SCALES)
    check(result.scores, reference["even_odd"])
    check(result.pairs, reference["even_odd_pairs"])


def test_mahalanobis_with_missing_answers_is_that_of_psych(answers, reference):
    check(indices.mahalanobis_squared(answers.to_numpy()), reference["mahalanobis"])


def test_mahalanobis_of_complete_answers_is_that_of_stats(answers, reference):
    complete = answers.notna().all(axis=1)
    check(indices.mahalanobis_squared(answers[complete].to_numpy()), reference.loc[complete, "mahalanobis_complete"])


@pytest.mark.parametrize(("antonyms", "score", "pairs"), [(False, "synonyms", "synonym_pairs"), (True, "antonyms", "antonym_pairs")])
def test_psychometric_synonyms_and_antonyms(answers, reference, antonyms, score, pairs):
    result = indices.psychometric_synonyms(answers.to_numpy(), antonyms=antonyms)
    check(result.scores, reference[score])
    check(result.pairs, reference[pairs])


def test_share_missing(answers, reference):
    check(indices.share_missing(answers.isna().to_numpy()), reference["share_missing"])
