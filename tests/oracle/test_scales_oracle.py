"""Reliability of two scales of the data set bfi against the R package psych (scripts/weights_reference.R)."""

from pathlib import Path

import pandas as pd
import pytest

from commresearch.survey.scales import reliability, score_scale

DATA = Path(__file__).parent / "data"
CLOSED_FORM = 1e-12  #: relative; the same covariances in another order of summation
ITERATED = 1e-6  #: relative; fa() stops its search for loadings at about six digits
PRINTED_8 = 5e-9  #: published with eight decimals: half a unit of the last

KEYS = {"A": (-1, 1, 1, 1, 1), "C": (1, 1, 1, -1, -1)}
ALPHA = {("A", "pairwise"): 0.70301845, ("C", "pairwise"): 0.72673497, ("A", "complete"): 0.70375589, ("C", "complete"): 0.72927720}
COMPLETE = {"A": 2709, "C": 2707}


@pytest.fixture(scope="module")
def answers():
    return pd.read_csv(DATA / "bfi_items.csv")


@pytest.fixture(scope="module")
def reference():
    table = pd.read_csv(DATA / "reliability_reference.csv", keep_default_na=False)
    return table.set_index(["scale", "use", "item", "statistic"])["value"].sort_index()


@pytest.mark.parametrize(("scale", "use"), ALPHA)
def test_alpha_interval_and_omega(scale, use, answers, reference):
    items = [f"{scale}{i}" for i in range(1, 6)]
    result = reliability(answers, items, keys=KEYS[scale], low=1, high=6, use=use)
    assert result.alpha == pytest.approx(ALPHA[scale, use], abs=PRINTED_8)
    assert result.n_complete == COMPLETE[scale]
    expected = reference.loc[scale, use, ""]
    assert result.n == expected["n"]
    for name in ("alpha", "standardised_alpha", "conf_low", "conf_high"):
        assert getattr(result, name) == pytest.approx(expected[name], rel=CLOSED_FORM), name
    assert result.omega == pytest.approx(expected["omega_minres"], rel=ITERATED)


@pytest.mark.parametrize(("scale", "use"), ALPHA)
def test_statistics_of_items(scale, use, answers, reference):
    items = [f"{scale}{i}" for i in range(1, 6)]
    table = reliability(answers, items, keys=KEYS[scale], use=use).items.set_index("item")
    for item, key in zip(items, KEYS[scale], strict=True):
        expected = reference.loc[scale, use, item]
        for name in ("item_rest", "alpha_if_dropped", "sd"):
            assert table.loc[item, name] == pytest.approx(expected[name], rel=CLOSED_FORM), (item, name)
        mean = table.loc[item, "mean"] if key > 0 else 7 - table.loc[item, "mean"]
        assert mean == pytest.approx(expected["mean"], rel=CLOSED_FORM)


def test_the_answer_scale_changes_no_correlation(answers):
    items = [f"C{i}" for i in range(1, 6)]
    with_ends, without = (reliability(answers, items, keys=KEYS["C"], **ends) for ends in ({"low": 1, "high": 6}, {}))
    assert with_ends.alpha == pytest.approx(without.alpha, rel=CLOSED_FORM)


def test_scores_are_keyed_means(answers):
    items = [f"A{i}" for i in range(1, 6)]
    scores = score_scale(answers, items, keys=KEYS["A"], low=1, high=6, min_answered=1)
    complete = answers[items].dropna()
    by_hand = (7 - complete["A1"] + complete[items[1:]].sum(axis=1)) / 5
    assert scores.notna().sum() == COMPLETE["A"]
    assert scores.dropna().astype(float).to_numpy() == pytest.approx(by_hand.to_numpy())
