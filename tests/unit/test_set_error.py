"""What becomes of a solution when estimated outcomes are drawn within their standard errors."""

import numpy as np
import pandas as pd
import pytest

from commresearch.comparison import qca
from commresearch.errors import EstimationError
from commresearch.words import render_error

ANCHORS = (-5.0, -15.0, -25.0)
RAW = pd.DataFrame({
    "case_id": list("abcdefgh"), "A": [0.9, 0.8, 0.9, 0.2, 0.1, 0.3, 0.8, 0.2], "B": [0.2, 0.9, 0.8, 0.7, 0.1, 0.8, 0.1, 0.2],
    "LARGE": [-24.0, -22.0, -27.0, -9.0, -4.0, -17.5, -21.0, -6.0],
})
NONE = dict.fromkeys(RAW["case_id"], 0.0)


def solved(large):
    sets = RAW.assign(LARGE=qca.calibrate(large, ANCHORS))
    return qca.minimise(qca.truth_table(sets, "LARGE", ["A", "B"], inclusion=0.8), "parsimonious")


@pytest.fixture(scope="module")
def solution():
    return solved(RAW["LARGE"])


def stability(solution, errors, **options):
    return qca.error_stability(solution, RAW, errors, ANCHORS, **options)


def test_without_error_nothing_changes(solution):
    found = stability(solution, NONE, draws=5)
    assert (found.same, found.kept, found.without_solution, found.std_error) == (1.0, 1.0, 0.0, 0.0)
    assert set(found.terms["term"]) == {term for model in solution.models for term in model.split(" + ")}
    assert (found.terms["share"] == 1).all()


def test_shares_are_those_of_solving_every_draw_anew(solution):
    """The same draws, one by one through the public functions."""
    errors, draws = {case: 1.5 + 0.5 * i for i, case in enumerate(RAW["case_id"])}, 60
    found = stability(solution, errors, draws=draws, seed=4)
    drawn = RAW["LARGE"].to_numpy() + np.array(list(errors.values())) * np.random.default_rng(4).standard_normal((draws, len(RAW)))
    same = kept = lost = 0
    for values in drawn:
        try:
            models = solved(values).models
        except EstimationError:
            lost += 1
            continue
        same += set(models) == set(solution.models)
        kept += bool(set(models) & set(solution.models))
    assert 0 < same < draws
    assert (found.same, found.kept, found.without_solution) == (same / draws, kept / draws, lost / draws)
    assert found.std_error == pytest.approx((found.same * (1 - found.same) / draws) ** 0.5)


def test_larger_errors_keep_less(solution):
    shares = [stability(solution, dict.fromkeys(NONE, size), draws=300, seed=1).same for size in (0.5, 3.0, 30.0)]
    assert shares[0] > shares[1] > shares[2]


def test_it_is_told_in_both_languages_and_as_json(solution):
    found = stability(solution, dict.fromkeys(NONE, 3.0), draws=50, seed=2)
    assert f"{100 * found.same:.0f}%" in found.text("zh")
    assert "within their standard errors" in found.text("en")
    assert found.to_dict()["terms"][0]["term"] == found.terms["term"][0]


def test_errors_that_are_missing_or_below_zero_are_named_together(solution):
    with pytest.raises(EstimationError) as caught:
        stability(solution, NONE | {"a": -1.0, "c": float("nan"), "d": True}, draws=0)
    assert [f.code for f in caught.value.failures] == ["CR-Q02", "CR-Q21", "CR-Q21", "CR-Q21"]
    assert "case “c” is nan" in render_error(caught.value, "en")
    with pytest.raises(EstimationError) as caught:
        stability(solution, dict.fromkeys("abcd", 1.0))
    assert [f.values["case"] for f in caught.value.failures] == list("efgh")


def test_other_anchors_than_those_of_the_solution_are_refused(solution):
    with pytest.raises(EstimationError, match="CR-Q18"):
        qca.error_stability(solution, RAW, NONE, (-5.0, -10.0, -25.0))
