"""What stands beside a solution: necessity, robustness, chance, and where cases stand."""

import json
import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from commresearch.comparison import qca
from commresearch.comparison.set_membership import SetTable
from commresearch.errors import EstimationError
from commresearch.terms import Language
from commresearch.words.messages import render_error

NAMES = [f"site {i:02d}" for i in range(12)]
RAW = pd.DataFrame(
    {
        "case_id": NAMES, "staff": [9, 8, 7, 6, 6, 5, 4, 3, 2, 2, 1, 1], "meetings": [20, 3, 18, 16, 2, 14, 4, 15, 3, 1, 12, 2],
        "rooms": [1, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0], "turnout": [60, 35, 55, 52, 20, 44, 18, 30, 12, 10, 25, 8],
    }
)
ANCHORS = {"staff": (1.0, 4.5, 8.0), "meetings": (2.0, 8.0, 16.0), "turnout": (10.0, 33.0, 55.0)}
CONDITIONS = ["staff", "meetings", "rooms"]


@pytest.fixture(scope="module")
def sets():
    return RAW.assign(**{name: qca.calibrate(RAW[name], three) for name, three in ANCHORS.items()})


def solved(frame, solution="parsimonious", **options):
    return qca.minimise(qca.truth_table(frame, "turnout", CONDITIONS, **({"inclusion": 0.8} | options)), solution, 1)


def refused(call):
    with pytest.raises(EstimationError) as error:
        call()
    assert all("{" not in render_error(error.value, language) for language in Language)
    return [f.code for f in error.value.failures]


def test_necessity_refuses_cuts_and_depths_out_of_range(sets):
    assert refused(lambda: qca.necessity(sets, "turnout", CONDITIONS, cut=90, relevance=-1, depth=4)) == ["CR-Q02"] * 3


def test_necessity_by_hand():
    frame = pd.DataFrame({"A": [0.9, 0.6, 0.2], "B": [0.3, 0.7, 0.8], "Y": [0.8, 0.7, 0.1]})
    made = qca.necessity(frame, "Y", ["A", "B"], cut=0.5).set_index("term")
    assert made.loc["A", ["inclN", "RoN", "covN"]].tolist() == pytest.approx([1.5 / 1.6, 1.3 / 1.5, 1.5 / 1.7])
    assert made.loc["~B", "inclN"] == pytest.approx((0.7 + 0.3 + 0.1) / 1.6)
    negated = qca.necessity(frame, "Y", ["A", "B"], negate=True).set_index("term")
    assert negated.loc["~A", "inclN"] == pytest.approx((0.1 + 0.3 + 0.8) / 1.4)


def test_combinations_are_minimal_and_pass(sets):
    cut = 0.9
    made = qca.necessity(sets, "turnout", CONDITIONS, cut=cut)
    scores = made.set_index("term")["inclN"]
    singles = set(made.query("kind == 'single' and inclN >= @cut")["term"])
    for term in made.query("kind == 'or'")["term"]:
        assert scores[term] >= cut
        assert not set(term.split(" + ")) & singles
    for term in made.query("kind == 'and'")["term"]:
        assert set(term.split("*")) <= singles
    assert qca.necessity(sets, "turnout", CONDITIONS, cut=cut, depth=1)["kind"].unique().tolist() == ["single"]
    relevant = qca.necessity(sets, "turnout", CONDITIONS, cut=0.7, relevance=0.6, coverage=0.6).query("kind != 'single'")
    assert (relevant["RoN"] >= 0.6).all()
    assert (relevant["covN"] >= 0.6).all()
    assert len(relevant) < len(qca.necessity(sets, "turnout", CONDITIONS, cut=0.7).query("kind != 'single'"))


def test_too_many_combinations_are_refused(monkeypatch, sets):
    monkeypatch.setattr("commresearch.comparison.necessary_sets.MOST_COMBINATIONS", 2)
    assert refused(lambda: qca.necessity(sets, "turnout", CONDITIONS, cut=1.0)) == ["CR-Q17"]


def test_a_set_without_members_has_no_coverage():
    made = qca.necessity(pd.DataFrame({"A": [1, 1], "Y": [0, 1]}), "Y", ["A"]).set_index("term")
    assert math.isnan(made.loc["~A", "covN"])
    assert made.loc["A", "RoN"] == 0


def test_kinds_of_cases():
    frame = pd.DataFrame(
        {"A": [0.6, 0.9, 0.8, 0.2, 0.1, 0.3], "B": [0.9, 0.8, 0.9, 0.1, 0.2, 0.3], "Y": [0.9, 0.7, 0.3, 0.8, 0.1, 0.2]}, index=list("tdcvis")
    )
    made = qca.minimise(qca.truth_table(frame, "Y", ["A", "B"], inclusion=0.7), "parsimonious")
    found = qca.xy_table(made)
    assert made.models == ("A", "B")
    assert found.frame.set_index("case_id")["kind"].to_dict() == {
        "t": "typical", "d": "deviant_degree", "c": "deviant_consistency", "v": "deviant_coverage", "i": "irrelevant", "s": "irrelevant",
    }
    assert [found.counts[kind] for kind in qca.CaseKind] == [1, 1, 1, 1, 2]
    assert found.frame["terms"].tolist() == ["A", "A", "A", "", "", ""]
    assert qca.xy_table(made, 1).expression == "B"
    assert qca.xy_table(made, 1).frame["x"].tolist() == frame["B"].tolist()
    assert "一致性偏离的案例1个（c）" in found.summary("zh")
    assert json.dumps(found.to_dict(), allow_nan=False)
    for model in (2, -1, "M1"):
        assert refused(lambda chosen=model: qca.xy_table(made, chosen)) == ["CR-Q02"]


def test_ranges_of_cuts_are_exact(sets):
    made = solved(sets)
    found = qca.robustness(made).ranges.set_index("choice")
    low, high = found.loc["inclusion", ["low", "high"]].astype(float)
    assert low < 0.8 <= high
    for cut, same in ((low + 1e-9, True), (high, True), (high + 1e-9, False), (low, False)):
        try:
            models = solved(sets, inclusion=float(cut)).models
        except EstimationError:
            models = ()
        assert (models == made.models) == same, cut


def test_range_of_the_frequency_cut(sets):
    made = solved(sets, frequency=1)
    low, high = qca.robustness(made).ranges.set_index("choice").loc["frequency", ["low", "high"]].astype(int)
    assert low == 1
    assert all(solved(sets, frequency=f).models == made.models for f in range(1, high + 1))
    try:
        assert solved(sets, frequency=high + 1).models != made.models
    except EstimationError as error:
        assert error.failures[0].code in {"CR-Q12", "CR-Q19"}  # noqa: PT017 - either outcome is a change


def test_models_without_each_case(sets):
    made = solved(sets)
    found = qca.robustness(made).cases.set_index("case_id")
    assert found.index.tolist() == NAMES
    for case in NAMES:
        try:
            models = solved(sets[sets["case_id"] != case]).models
        except EstimationError:
            models = ()
        assert tuple(found.loc[case, "models"]) == models
        assert found.loc[case, "same"] == (models == made.models)
        assert found.loc[case, "refused"] == (not models)


def test_anchors_can_be_moved_to_the_ends_of_their_ranges(sets):
    made = solved(sets)
    found = qca.robustness(made, RAW, ANCHORS).ranges.set_index("choice")
    assert len(found) == 2 + 3 * len(ANCHORS)
    for name, three in ANCHORS.items():
        for place, which in enumerate(("exclusion", "crossover", "inclusion")):
            line = found.loc[f"{name}: {which}"]
            assert line["low"] <= line["value"] == three[place] <= line["high"]
            for side, inward in (("low", 1), ("high", -1)):
                moved = list(three)
                moved[place] = line[side]
                assert solved(sets.assign(**{name: qca.calibrate(RAW[name], tuple(moved))})).models == made.models
                if not line[f"{side}_open"]:
                    moved[place] = line[side] - inward * 1e-4
                    try:
                        again = solved(sets.assign(**{name: qca.calibrate(RAW[name], tuple(moved))})).models
                    except EstimationError:
                        again = ()
                    assert again != made.models, (name, which, side)


def test_raw_values_that_do_not_belong_to_the_solution_are_refused(sets):
    made = solved(sets)
    assert refused(lambda: qca.robustness(made, RAW, {"staff": (1.0, 4.0, 8.0)})) == ["CR-Q18"]
    assert refused(lambda: qca.robustness(made, None, {"staff": ANCHORS["staff"]})) == ["CR-Q18"]
    assert refused(lambda: qca.robustness(made, RAW, {"weather": (1.0, 2.0, 3.0)})) == ["CR-Q18"]
    assert refused(lambda: qca.robustness(made, RAW, {"staff": (8.0, 9.0, 1.0)})) == ["CR-Q01"]


def test_the_robust_core_lies_within_every_variant(sets):
    found = qca.robustness(solved(sets))
    assert 0 <= found.overlap <= 1
    assert found.variants > len(NAMES) / 2
    assert set(found.core_terms) <= set(found.solution.models[0].split(" + "))
    assert json.dumps(found.to_dict(), allow_nan=False)
    assert all("{" not in found.summary(language) for language in Language)
    assert found.to_frame().equals(found.ranges)


def test_nothing_changes_where_every_case_is_doubled():
    frame = pd.DataFrame({"A": [1, 1, 0, 0] * 2, "B": [1, 0, 1, 0] * 2, "Y": [1, 1, 0, 0] * 2})
    found = qca.robustness(qca.minimise(qca.truth_table(frame, "Y", ["A", "B"], inclusion=1)))
    assert found.cases["same"].all()
    assert found.core_terms == ("A",)
    assert found.overlap == 1
    assert "changes nothing" in found.summary("en")
    assert found.ranges.set_index("choice").loc["frequency", ["low", "high"]].tolist() == [1, 2]


def random_crisp(seed, n=8, k=3):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.integers(0, 2, (n, k)), columns=[f"c{j}" for j in range(k)])
    return frame.assign(Y=rng.permutation([1] * 3 + [0] * (n - 3)))


def test_share_without_contradiction_is_that_of_all_ways_to_deal_out_the_outcome():
    for seed in range(5):
        frame = random_crisp(seed)
        table = qca.truth_table(frame, "Y", list(frame.columns[:-1]), inclusion=0.3)
        fine = 0
        ways = list(combinations(range(8), 3))
        for chosen in ways:
            dealt = frame.assign(Y=np.isin(np.arange(8), chosen).astype(int))
            fine += dealt.groupby(list(frame.columns[:-1]))["Y"].nunique().eq(1).all()
        assert qca.chance_benchmark(table, draws=1).without_contradiction == pytest.approx(fine / len(ways), abs=1e-12)


def test_a_perfect_solution_is_as_rare_as_tables_without_contradiction():
    frame = pd.DataFrame({"A": [1, 1, 1, 0, 0, 0, 0, 0], "B": [1, 0, 1, 0, 1, 0, 1, 0], "Y": [1, 1, 1, 0, 0, 0, 0, 0]})
    made = qca.chance_benchmark(qca.truth_table(frame, "Y", ["A", "B"], inclusion=1), "parsimonious", draws=4000, seed=2)
    assert made.inclusion == made.coverage == 1
    assert made.as_good == pytest.approx(made.without_contradiction, abs=4 * made.std_error + 1 / 4001)


def test_chance_of_fuzzy_solutions_follows_from_permuting_the_outcome(sets):
    table = qca.truth_table(sets, "turnout", CONDITIONS, inclusion=0.8)
    made = qca.minimise(table, "parsimonious", draws=60, seed=5)
    rng = np.random.default_rng(5)
    best = made.fit.sort_values(["inclS", "covS"]).iloc[-1]
    good = none = 0
    for _ in range(60):
        dealt = sets.assign(turnout=rng.permutation(sets["turnout"].to_numpy()))
        try:
            fit = solved(dealt).fit
        except EstimationError:
            none += 1
            continue
        good += bool(((fit["inclS"] >= best["inclS"] - 1e-12) & (fit["covS"] >= best["covS"] - 1e-12)).any())
    assert made.chance.as_good == pytest.approx((1 + good) / 61)
    assert made.chance.without_solution == pytest.approx(none / 60)
    assert made.chance.seed == 5
    again = qca.chance_benchmark(table, "parsimonious", draws=60, seed=5)
    assert again == made.chance


def test_chance_refuses_what_it_cannot_draw(sets):
    table = qca.truth_table(sets, "turnout", CONDITIONS, inclusion=0.8)
    assert refused(lambda: qca.chance_benchmark(table, "best", draws=0, seed=-1)) == ["CR-Q02"] * 3
    assert refused(lambda: qca.chance_by_size([0], [3], share_with_outcome=1.0, draws=0, seed=-1)) == ["CR-Q02"] * 4


def test_a_perfect_table_that_chance_gives_often_is_noted():
    frame = pd.DataFrame({"A": [1, 1, 0, 0], "B": [1, 0, 1, 0], "Y": [1, 0, 0, 1]})
    made = qca.minimise(qca.truth_table(frame, "Y", ["A", "B"], inclusion=1))
    assert made.chance.without_contradiction == 1
    assert "perfect_by_chance" in [n.key for n in made.notes]
    assert "100%" in made.summary("en")


def test_chance_by_size_agrees_with_counting():
    # Two cases, one condition: they contradict each other where they are alike in it (1/2) and differ in the outcome (1/2).
    made = qca.chance_by_size([2], [1], draws=40_000, seed=0)
    assert made.loc[0, "without_contradiction"] == pytest.approx(0.75, abs=4 * made.loc[0, "std_error"])
    # With shares p and q: alike p² + (1 − p)², different outcomes 2 q (1 − q).
    made = qca.chance_by_size([2], [1], share_with_condition=0.8, share_with_outcome=0.3, draws=40_000, seed=0)
    assert made.loc[0, "without_contradiction"] == pytest.approx(1 - 0.68 * 0.42, abs=4 * made.loc[0, "std_error"])


def test_membership_in_a_term_is_the_least_of_its_literals():
    table = SetTable(
        cases=("a", "b"), outcome_name="Y", conditions=("A", "B"), outcome=np.array([0.2, 0.9]), membership=np.array([[0.3, 0.6], [0.9, 0.8]]),
    )
    assert table.of_term(0b11, 0b10).tolist() == pytest.approx([0.3, 0.2])
    assert table.of_term(0, 0).tolist() == [1, 1]
    assert table.of_rows([2])[0].tolist() == pytest.approx([0.3, 0.2])
    assert not table.crisp
