"""Calibration, truth tables and solutions: wrong input, codes, rules, and what a result carries."""

import json
import math
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

from commresearch.comparison import qca
from commresearch.errors import CommResearchError, EstimationError, SchemaError
from commresearch.terms import Language
from commresearch.words.messages import render_error

#: Six fictional cases; with A and B both there, the outcome is there; with neither, it is not.
CASES = pd.DataFrame(
    {"case_id": list("uvwxyz"), "A": [1, 1, 1, 0, 0, 0], "B": [1, 1, 0, 1, 0, 0], "C": [1, 0, 1, 1, 0, 1], "Y": [1, 1, 0, 0, 0, 0]}
)
FUZZY = pd.DataFrame(
    {"A": [0.9, 0.8, 0.7, 0.2, 0.1, 0.4], "B": [0.8, 0.6, 0.3, 0.9, 0.2, 0.1], "Y": [0.9, 0.7, 0.4, 0.3, 0.2, 0.1]}, index=[f"case {i}" for i in range(1, 7)]
)


def refused(call, kind=CommResearchError):
    with pytest.raises(kind) as error:
        call()
    texts = [render_error(error.value, language) for language in Language]
    assert all("{" not in text for text in texts)
    return [f.code for f in error.value.failures], texts[1]


def table_of(frame=CASES, outcome="Y", conditions=("A", "B", "C"), **options):
    return qca.truth_table(frame, outcome, list(conditions), **({"inclusion": 1.0} | options))


@pytest.mark.parametrize(
    "anchors", [(50, 20, 80), (20, 20, 80), (20, 80, 50), (20, 50), (20, 50, math.nan), (20, 50, math.inf), ("a", "b", "c"), "123", None, (20, True, 80)]
)
def test_anchors_out_of_order_are_refused(anchors):
    codes, text = refused(lambda: qca.calibrate([1.0], anchors), EstimationError)
    assert codes == ["CR-Q01"]
    assert "exclusion" in text


def test_faults_of_a_calibration_are_told_together():
    codes, text = refused(lambda: qca.calibrate([1.0, "many"], (3, 2, 5), method="indirect", idm=0.4))
    assert codes == ["CR-Q01", "CR-Q02", "CR-Q02", "CR-Q03"]
    assert "indirect" in text
    assert "many" in text


def test_each_side_of_the_crossover_has_its_own_slope():
    made = qca.calibrate([0.0, 10.0, 20.0, 60.0, 100.0, math.nan], (0, 20, 100))
    assert made[[0, 2, 4]] == pytest.approx([0.05, 0.5, 0.95], abs=1e-15)
    assert made[2] == 0.5
    odds = np.log(made / (1 - made))
    assert odds[1] == pytest.approx(odds[0] / 2)
    assert odds[3] == pytest.approx(odds[4] / 2)
    assert math.isnan(made[5])
    falling = qca.calibrate([100.0, 60.0, 20.0, 0.0], (100, 20, 0))
    assert falling == pytest.approx([0.05, 1 / (1 + 19**0.5), 0.5, 0.95])


def test_far_values_do_not_overflow():
    assert qca.calibrate([-1e9, 1e9], (20, 50, 80)).tolist() == [0.0, 1.0]


def test_faults_of_columns_are_told_together():
    frame = pd.DataFrame({"A": [0, 1], "Y": [0, 1], "a*b": [0, 1], "n": [1, 0]})
    codes, text = refused(lambda: qca.truth_table(frame, "Y", ["A", "A", "lost", "a*b", "n"], inclusion=1), SchemaError)
    assert codes == ["CR-Q04", "CR-Q05", "CR-Q05", "CR-Q05"]
    assert all(word in text for word in ("lost", "A", "a*b", "“n”"))


@pytest.mark.parametrize(("conditions", "frame"), [([], CASES), (["A"], CASES.iloc[:0]), ([f"c{i}" for i in range(21)], pd.DataFrame({f"c{i}": [0, 1] for i in range(21)} | {"Y": [0, 1]}))])
def test_too_few_and_too_many_conditions(conditions, frame):
    assert refused(lambda: qca.truth_table(frame, "Y", conditions, inclusion=1))[0] == ["CR-Q06"]


def test_faults_of_cells_are_told_together_with_case_and_condition():
    frame = FUZZY.astype(object)
    frame.loc["case 1", "A"], frame.loc["case 2", "A"], frame.loc["case 3", "B"], frame.loc["case 4", "Y"], frame.loc["case 5", "B"] = 0.5, None, 1.2, "many", -0.1
    codes, text = refused(lambda: qca.truth_table(frame, "Y", ["A", "B"], inclusion=0.8), SchemaError)
    assert sorted(codes) == ["CR-Q03", "CR-Q03", "CR-Q03", "CR-Q08", "CR-Q10"]
    assert "Case “case 1” has exactly 0.5 of “A”" in text
    assert "Case “case 2” has no value of “A”" in text
    assert all(part in text for part in ("B / case 3", "1.2", "Y / case 4", "many", "B / case 5", "-0.1"))


def test_an_outcome_of_exactly_one_half_is_refused():
    assert refused(lambda: qca.truth_table(FUZZY.assign(Y=[0.5, 0.7, 0.4, 0.3, 0.2, 0.1]), "Y", ["A", "B"], inclusion=0.8))[0] == ["CR-Q10"]


def test_multi_value_sets_are_refused_as_such():
    codes, text = refused(lambda: table_of(CASES.assign(A=[2, 1, 1, 0, 0, 0])))
    assert codes == ["CR-Q09"]
    assert "0, 1, 2" in text


def test_a_case_that_stands_twice_is_refused():
    codes, text = refused(lambda: table_of(CASES.assign(case_id=list("uuwxyz"))))
    assert codes == ["CR-Q07"]
    assert "“u” occurs 2 times" in text


@pytest.mark.parametrize(("outcome", "negate", "code"), [([1] * 6, False, "CR-Q11"), ([0] * 6, False, "CR-Q20"), ([1] * 6, True, "CR-Q20"), ([0] * 6, True, "CR-Q11")])
def test_outcomes_that_do_not_vary_are_refused(outcome, negate, code):
    assert refused(lambda: table_of(CASES.assign(Y=outcome), negate=negate), EstimationError)[0] == [code]


@pytest.mark.parametrize("options", [
    {"inclusion": 80}, {"inclusion": 0}, {"inclusion": (0.7, 0.8)}, {"inclusion": (0.9, 0.8, 0.7)}, {"inclusion": "0.8"}, {"inclusion": math.nan}, {"inclusion": True},
    {"frequency": 0}, {"frequency": 1.5}, {"frequency": True},
])
def test_cuts_out_of_range_are_refused(options):
    assert refused(lambda: table_of(**options))[0] == ["CR-Q02"]


def test_no_row_to_explain_and_no_row_to_keep_out():
    assert refused(lambda: qca.minimise(qca.truth_table(FUZZY.assign(Y=[0.7, 0.55, 0.3, 0.3, 0.2, 0.1]), "Y", ["A", "B"], inclusion=1.0)))[0] == ["CR-Q12"]
    codes, text = refused(lambda: qca.minimise(qca.truth_table(FUZZY, "Y", ["A", "B"], inclusion=0.1), "parsimonious"))
    assert codes == ["CR-Q19"]
    assert "lowest consistency" in text
    with pytest.raises(EstimationError, match="CR-Q19"):
        qca.chance_benchmark(qca.truth_table(FUZZY, "Y", ["A", "B"], inclusion=0.1))


@pytest.mark.parametrize(("expectations", "named"), [(None, "—"), ({"D": 1}, "D"), ({"A": 2}, "A"), ([1, 1], "1, 1"), ("up", "up"), ({"A": "yes"}, "yes"), ([1, 1, [1]], "C")])
def test_expectations_that_do_not_fit_are_refused(expectations, named):
    codes, text = refused(lambda: qca.minimise(table_of(), "intermediate", expectations))
    assert codes == ["CR-Q13"]
    assert named in text


@pytest.mark.parametrize("options", [
    {"solution": "complex"}, {"most_models": 0}, {"draws": 0}, {"seed": -1}, {"steps": 0},
])
def test_options_that_are_not_known_are_refused(options):
    assert refused(lambda: qca.minimise(table_of(), **options))[0] == ["CR-Q02"]


def test_rows_that_cannot_be_excluded():
    codes, text = refused(lambda: qca.minimise(table_of(), "parsimonious", exclude=[8, 99, "A*D", "A*~A", "A"]))
    assert codes == ["CR-Q14"]
    assert "8, 99, A*D, A*~A." in text


def test_codes_of_rows_between_two_cuts_and_below_the_frequency():
    frame = pd.DataFrame({"A": [1] * 4 + [0] * 3 + [0], "B": [1] * 4 + [1] * 3 + [0], "Y": [1, 1, 1, 0, 0, 0, 1, 0]})
    rows = qca.truth_table(frame, "Y", ["A", "B"], inclusion=(0.7, 0.3)).to_frame()
    assert rows[["row", "out", "n"]].to_numpy().tolist() == [[1, "0", 1], [2, "C", 3], [4, "1", 4]]
    assert rows["inclusion"].tolist() == pytest.approx([0, 1 / 3, 3 / 4])
    assert rows["contradictory"].tolist() == [False, True, True]
    few = qca.truth_table(frame, "Y", ["A", "B"], inclusion=0.7, frequency=2).to_frame()
    assert few["out"].tolist() == ["?", "0", "1"]
    # A row between the cuts is kept out like one below them.
    assert qca.minimise(qca.truth_table(frame, "Y", ["A", "B"], inclusion=(0.7, 0.3)), "parsimonious").models == ("A",)


def test_contradictory_rows_are_named_with_their_cases():
    table = table_of(CASES.assign(Y=[1, 1, 0, 1, 0, 0]), conditions=["C"])
    assert table.contradictions.to_dict("records") == [
        {"row": 1, "cases_with": "v", "cases_without": "y", "out": "0"}, {"row": 2, "cases_with": "u, x", "cases_without": "w, z", "out": "0"},
    ]
    assert [n.key for n in table.notes] == ["contradictory_rows"]
    assert "1, 2" in table.summary("en")
    assert "第1、2行" in table.summary("zh")


def test_a_condition_that_does_not_vary_is_noted():
    table = table_of(CASES.assign(C=1))
    assert [n.key for n in table.notes] == ["constant_conditions"]
    assert "same side of C" in table.summary("en")


def test_a_consistency_at_the_printed_cut_passes_it():
    # 0.1 + 0.2 + … misses 0.8 by the last bit.
    frame = pd.DataFrame({"A": [1.0, 1.0, 1.0, 1.0, 0.0], "Y": [0.7, 0.8, 0.9, 0.8, 0.0]})
    assert qca.truth_table(frame, "Y", ["A"], inclusion=0.8).to_frame()["out"].tolist() == ["0", "1"]


def test_cases_are_named_by_the_index_where_there_is_no_column():
    assert qca.truth_table(FUZZY, "Y", ["A", "B"], inclusion=0.8).to_frame().set_index("row").loc[4, "cases"] == "case 1, case 2"


def test_chinese_names():
    frame = CASES.rename(columns={"A": "议事会", "B": "专职人员", "Y": "投诉下降"})
    made = qca.minimise(qca.truth_table(frame, "投诉下降", ["议事会", "专职人员"], inclusion=1))
    assert made.models == ("议事会*专职人员",)
    assert "投诉下降" in made.summary("zh")


@pytest.mark.parametrize(("n", "most"), [(1, 1), (4, 2), (8, 3), (10, 4), (16, 4), (17, 5), (24, 5), (33, 6)])
def test_too_many_conditions_are_noted(n, most):
    rng = np.random.default_rng(n)
    for k in (most, most + 1):
        frame = pd.DataFrame(rng.integers(0, 2, (max(n, 2), k)), columns=[f"c{j}" for j in range(k)]).assign(Y=[0, 1] + [0] * (max(n, 2) - 2))
        if n == 1:
            continue
        keys = [note.key for note in qca.truth_table(frame, "Y", frame.columns[:-1], inclusion=1).notes]
        assert ("too_many_conditions" in keys) == (k > most)


def test_the_three_solutions_differ_in_what_they_assume():
    table = table_of()
    found = {kind: qca.minimise(table, kind, {"A": 1, "B": 1, "C": None}) for kind in qca.SolutionType}
    assert found["conservative"].models == ("A*B",)
    assert found["parsimonious"].models == ("A*B",)
    assert found["intermediate"].models == ("A*B",)
    narrow = table_of(CASES.iloc[[0, 3, 4, 5]])
    assert qca.minimise(narrow).models == ("A*B*C",)
    assert qca.minimise(narrow, "parsimonious").models == ("A",)
    assert qca.minimise(narrow, "intermediate", {"A": 1, "B": 1}).models == ("A*B*C",)
    assert qca.minimise(narrow, "intermediate", {"A": 1, "B": 0}).models == ("A*C",)
    assert qca.minimise(narrow, "intermediate", [1, 0, "-"]).models == ("A*C",)
    assert qca.minimise(narrow, "intermediate", 0).models == ("A",)


def test_excluded_rows_are_not_assumed():
    narrow = table_of(CASES.iloc[[0, 3, 4, 5]])
    made = qca.minimise(narrow, "parsimonious")
    assert made.models == ("A",)
    assert made.assumptions() == (5, 6, 7)
    kept = qca.minimise(narrow, "parsimonious", exclude=[5, 6])
    assert kept.models == ("A*B",)
    assert kept.assumptions() == (7,)
    assert kept.excluded == (5, 6)
    assert 5 not in kept.counterfactuals["row"].tolist()
    assert qca.minimise(narrow, "parsimonious", exclude=["A*~B"]).models == kept.models
    assert qca.minimise(narrow, "parsimonious", exclude=["~B", 6]).excluded == (5, 6)


def test_easy_and_difficult_assumptions_of_a_parsimonious_solution():
    made = qca.minimise(table_of(CASES.iloc[[0, 3, 4, 5]]), "parsimonious", {"A": 1, "B": 0})
    assert dict(zip(made.counterfactuals["row"], made.counterfactuals["kind"], strict=True)) == {5: "difficult", 6: "easy", 7: "difficult"}
    plain = qca.minimise(table_of(CASES.iloc[[0, 3, 4, 5]]), "parsimonious")
    assert set(plain.counterfactuals["kind"]) == {""}


def test_assumptions_that_contradict_those_of_the_negation():
    narrow = CASES.iloc[[0, 3, 4, 5]].assign(Y=[1, 0, 0, 0])
    yes = qca.minimise(table_of(narrow), "parsimonious")
    no = qca.minimise(table_of(narrow, negate=True), "parsimonious")
    assert yes.models == ("A",)
    assert no.models == ("~A",)
    assert qca.contradictory_assumptions(yes, no) == ()
    spare = CASES.iloc[[0, 4]]
    yes, no = qca.minimise(table_of(spare), "parsimonious"), qca.minimise(table_of(spare, negate=True), "parsimonious")
    assert yes.models == ("A", "B", "C")
    assert qca.contradictory_assumptions(yes, no) == (2, 3, 4, 5, 6, 7)
    assert refused(lambda: qca.contradictory_assumptions(yes, yes))[0] == ["CR-Q16"]


def test_all_tied_models_are_counted_and_the_listing_is_cut_by_name():
    spare = table_of(CASES.iloc[[0, 4]])
    made = qca.minimise(spare, "parsimonious", most_models=2)
    assert (made.n_models, made.models) == (3, ("A", "B"))
    assert "listing_cut" in [n.key for n in made.notes] or "search_cut" in [n.key for n in made.notes]
    full = qca.minimise(spare, "parsimonious")
    assert full.ambiguity.n_models == 3
    assert full.ambiguity.common_terms == full.ambiguity.common_literals == ()
    assert "no condition occurs in all" in full.summary("en")


def test_a_search_that_is_cut_says_so():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.integers(0, 2, (16, 8)), columns=[f"c{j}" for j in range(8)]).assign(Y=rng.integers(0, 2, 16))
    table = qca.truth_table(frame, "Y", frame.columns[:-1], inclusion=1)
    whole = qca.minimise(table, "parsimonious")
    cut = qca.minimise(table, "parsimonious", most_models=3)
    assert whole.n_models > 3
    assert set(cut.models) < set(whole.models)
    assert len(cut.models) == 3
    assert [n.key for n in cut.notes if n.key.endswith("_cut")]
    assert f"Another {whole.n_models - 5} are not written out" in whole.summary("en")
    assert refused(lambda: qca.minimise(table, "parsimonious", steps=1))[0] == ["CR-Q15"]


def test_every_possible_configuration_observed():
    frame = pd.DataFrame({"A": [0, 0, 1, 1], "B": [0, 1, 0, 1], "Y": [0, 1, 1, 1]})
    made = qca.minimise(qca.truth_table(frame, "Y", ["A", "B"], inclusion=1), "parsimonious")
    assert made.models == ("A + B",)
    assert "no_remainders" in [n.key for n in made.notes]


def test_unique_coverage_of_a_single_term_is_its_coverage_and_of_a_double_one_nothing():
    made = qca.minimise(table_of(), "conservative")
    assert made.terms[["covS", "covU"]].to_numpy().tolist() == [[1.0, 1.0]]
    frame = pd.DataFrame({"A": [1, 1, 0, 0], "B": [1, 0, 1, 0], "Y": [1, 1, 1, 0]})
    both = qca.minimise(qca.truth_table(frame, "Y", ["A", "B"], inclusion=1))
    assert both.terms["covU"].tolist() == pytest.approx([1 / 3, 1 / 3])


def test_a_solution_is_frozen_and_json_safe_in_both_languages():
    made = qca.minimise(table_of(), "intermediate", 1, draws=20)
    with pytest.raises(FrozenInstanceError):
        made.models = ()
    told = json.loads(json.dumps(made.to_dict(), allow_nan=False))
    assert told["models"] == ["A*B"]
    assert told["chance"]["draws"] == 20
    assert told["fit"][0]["inclS"] == 1
    assert set(told["summary"]) == {"zh", "en"}
    assert all("{" not in text for text in told["summary"].values())
    assert made.to_frame().loc[0, ["solution", "expression", "n_models"]].tolist() == ["intermediate", "A*B", 1]
    json.dumps(table_of().to_dict(), allow_nan=False)
