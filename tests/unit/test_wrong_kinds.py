"""What the functions of the comparison are given that is no table, list, number or result: a named error, never a Python one."""

import numpy as np
import pandas as pd
import pytest

from commresearch.comparison import pool_effects, qca
from commresearch.errors import EstimationError, SchemaError
from commresearch.terms import Language
from commresearch.words import render_error

SETS = pd.DataFrame({"A": [0.9, 0.8, 0.2, 0.1, 0.7, 0.3], "B": [0.1, 0.9, 0.8, 0.2, 0.6, 0.1], "Y": [0.8, 0.9, 0.3, 0.2, 0.7, 0.1]}, index=list("abcdef"))
EFFECTS = pd.DataFrame({
    "case_id": list("abcd"), "outcome": "o", "definition": "d", "unit": "percent", "grade": "E3", "estimate": [-10.0, -12.0, -20.0, -5.0], "std_error": [2.0, 3.0, 2.5, 4.0],
})


@pytest.fixture(scope="module")
def table():
    return qca.truth_table(SETS, "Y", ["A", "B"], inclusion=0.8)


@pytest.fixture(scope="module")
def solution(table):
    return qca.minimise(table)


def codes(caught):
    for language in Language:
        assert "{" not in render_error(caught.value, language)
    return [f.code for f in caught.value.failures]


@pytest.mark.parametrize("frame", [[1, 2], None, SETS.to_dict(), "sets.csv", SETS["A"]])
def test_sets_that_are_no_table(frame):
    for run in (lambda: qca.truth_table(frame, "Y", ["A"], inclusion=0.8), lambda: qca.necessity(frame, "Y", ["A"])):
        with pytest.raises(SchemaError) as caught:
            run()
        assert codes(caught) == ["CR-Q22"]


@pytest.mark.parametrize(("outcome", "conditions"), [(1, ["A"]), ("Y", None), ("Y", [1, 2]), ("Y", 3)])
def test_names_that_are_none(outcome, conditions):
    with pytest.raises(SchemaError) as caught:
        qca.truth_table(SETS, outcome, conditions, inclusion=0.8)
    assert codes(caught) == ["CR-Q22"]


def test_an_empty_table_and_numbers_written_as_text():
    with pytest.raises(SchemaError) as caught:
        qca.truth_table(SETS.iloc[:0], "Y", ["A"], inclusion=0.8)
    assert codes(caught) == ["CR-Q06"]
    with pytest.raises(SchemaError) as caught:
        qca.truth_table(SETS.astype({"A": "str"}), "Y", ["A", "B"], inclusion=0.8)
    assert codes(caught) == ["CR-Q03"] * 6
    with pytest.raises(SchemaError) as caught:
        qca.truth_table(SETS.assign(A=[object()] * 6), "Y", ["A"], inclusion=0.8)
    assert codes(caught) == ["CR-Q03"] * 6


def test_memberships_may_be_yes_and_no():
    crisp = (SETS > 0.5).astype(object)
    assert qca.truth_table(crisp, "Y", ["A", "B"], inclusion=0.8).sets.crisp


@pytest.mark.parametrize(("x", "code"), [(None, "CR-Q22"), (SETS, "CR-Q22"), ([[1.0, 2.0], [3.0, 4.0]], "CR-Q22"), ("12", "CR-Q22"), (["1", "2"], "CR-Q03"), ([1 + 2j], "CR-Q03")])
def test_raw_values_that_are_no_row_of_numbers(x, code):
    with pytest.raises(EstimationError) as caught:
        qca.calibrate(x, (1, 2, 3))
    assert codes(caught) == [code]


def test_a_column_of_missing_values_stays_missing():
    assert np.isnan(qca.calibrate(pd.Series([None, np.nan, pd.NA], dtype=object), (1, 2, 3))).all()
    assert qca.calibrate([], (1, 2, 3)).tolist() == []


@pytest.mark.parametrize("exclude", ["A*~B", 3, [1.5], [True]])
def test_rows_to_exclude_that_are_none(table, exclude):
    with pytest.raises(EstimationError) as caught:
        qca.minimise(table, exclude=exclude)
    assert codes(caught) == ["CR-Q22"]


@pytest.mark.parametrize("options", [{"cut": "0.9"}, {"relevance": None}, {"depth": "2"}, {"depth": 1.5}])
def test_cuts_that_are_no_numbers(options):
    with pytest.raises(EstimationError) as caught:
        qca.necessity(SETS, "Y", ["A", "B"], **options)
    assert codes(caught) == ["CR-Q02"]


def test_results_that_are_of_another_kind(table, solution):
    runs = (
        lambda: qca.minimise(SETS), lambda: qca.chance_benchmark(solution), lambda: qca.xy_table(table), lambda: qca.robustness(table), lambda: qca.robustness(solution, [1, 2]),
        lambda: qca.robustness(solution, SETS, [1]), lambda: qca.contradictory_assumptions(table, solution), lambda: qca.chance_by_size(16, [4]),
        lambda: qca.chance_by_size(["16"], [4]), lambda: qca.error_stability(table, SETS, {}, (0, 1, 2)), lambda: qca.error_stability(solution, SETS, [1], (0, 1, 2)),
    )
    for run in runs:
        with pytest.raises(EstimationError) as caught:
            run()
        assert codes(caught)[0] == "CR-Q22"
    with pytest.raises(EstimationError) as caught:
        qca.chance_by_size([16], [4], share_with_outcome="half")
    assert codes(caught) == ["CR-Q02"]


@pytest.mark.parametrize("frame", [[], None, EFFECTS.to_dict(), "effects.csv"])
def test_effects_that_are_no_table(frame):
    with pytest.raises(EstimationError) as caught:
        pool_effects(frame)
    assert codes(caught) == ["CR-M21"]


def test_an_empty_table_of_effects_and_numbers_written_as_text():
    with pytest.raises(EstimationError) as caught:
        pool_effects(EFFECTS.iloc[:0])
    assert codes(caught) == ["CR-M10"]
    with pytest.raises(EstimationError) as caught:
        pool_effects(EFFECTS.astype({"std_error": "str"}))
    assert codes(caught) == ["CR-M15"] * 4


@pytest.mark.parametrize(("name", "option"), [("moderators", 3), ("moderators", [1]), ("method", ["reml"]), ("prediction", np.array([1, 2])), ("conf_level", "95%"), ("seed", 1.5)])
def test_options_of_another_kind(name, option):
    with pytest.raises(EstimationError) as caught:
        pool_effects(EFFECTS, **{name: option})
    assert codes(caught) == ["CR-M20"]


@pytest.mark.parametrize("size", [1e-200, 1e-160, 1e200])
def test_sizes_that_cannot_be_squared_are_named(size):
    for column in ("std_error", "estimate"):
        with pytest.raises(EstimationError) as caught:
            pool_effects(EFFECTS.assign(**{column: [2.0, 3.0, 2.5, size]}))
        assert [f.values["row"] for f in caught.value.failures] == [4]
        assert codes(caught) == ["CR-M22"]
        with pytest.raises(EstimationError) as caught:
            pool_effects(EFFECTS.assign(**{column: size}))
        assert codes(caught) == ["CR-M22"] * 4


def test_standard_errors_a_million_times_each_other_are_refused_and_less_is_computed():
    with pytest.raises(EstimationError) as caught:
        pool_effects(EFFECTS.assign(std_error=[2.0, 3.0, 2.5, 1e-9]))
    assert codes(caught) == ["CR-M23"]
    found = pool_effects(EFFECTS.assign(std_error=[2.0, 3.0, 2.5, 1e-5]), method="common")
    assert found.estimate == pytest.approx(-5.0, abs=1e-6)
    assert np.isfinite([found.std_error, found.i2, found.q]).all()


def test_an_effect_of_zero_is_an_effect():
    assert pool_effects(EFFECTS.assign(estimate=0.0)).estimate == pytest.approx(0.0)
