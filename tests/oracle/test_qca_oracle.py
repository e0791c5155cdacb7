"""Qualitative comparative analysis against printed results of the R package QCA (3.25 and its published test snapshots), and against chance tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commresearch.comparison import qca
from commresearch.comparison.counterfactuals import assumed_rows
from commresearch.comparison.set_models import Rows, SolutionType, models_of

DATA = Path(__file__).parent / "data"
PRINTED_3 = 5.1e-4  #: figures printed with three decimals
PRINTED_8 = 5.1e-9  #: calibrated memberships printed with eight decimals
CONDITIONS = ["DEV", "URB", "LIT", "IND", "STB"]


@pytest.fixture(scope="module")
def crisp():
    return pd.read_csv(DATA / "lipset_crisp.csv").set_index("country")


@pytest.fixture(scope="module")
def fuzzy():
    return pd.read_csv(DATA / "lipset_fuzzy.csv").set_index("country")


def near(found, printed):
    return np.asarray(found, dtype=float) == pytest.approx(np.asarray(printed, dtype=float), abs=PRINTED_3)


CRISP = [
    ("conservative", False, "DEV*~URB*LIT*STB + DEV*LIT*IND*STB", [(0.500, 0.250), (0.750, 0.500)]),
    ("parsimonious", False, "DEV*STB", [(1.0, 1.0)]),
    ("intermediate", False, "DEV*LIT*STB", [(1.0, 1.0)]),
    ("conservative", True, "~DEV*~URB*~IND + DEV*LIT*IND*~STB", None),
    ("parsimonious", True, "~DEV + ~STB", [(0.800, 0.300), (0.700, 0.200)]),
]


@pytest.mark.parametrize(("solution", "negate", "formula", "terms"), CRISP)
def test_crisp_solutions(crisp, solution, negate, formula, terms):
    table = qca.truth_table(crisp, "SURV", CONDITIONS, inclusion=1, negate=negate)
    made = qca.minimise(table, solution, [1] * 5)
    assert made.models == (formula,)
    assert made.n_models == 1
    assert made.fit[["inclS", "PRI", "covS"]].to_numpy().tolist() == [[1, 1, 1]]
    if terms is not None:
        assert near(made.terms[["covS", "covU"]], terms)


FUZZY = [
    (0.8, "conservative", "DEV*URB*LIT*IND*STB + DEV*~URB*LIT*~IND*STB", (0.870, 0.843, 0.658), None),
    (0.8, "parsimonious", "DEV*~IND + URB*STB", (0.850, 0.819, 0.714), [(0.815, 0.721, 0.284, 0.194), (0.874, 0.845, 0.520, 0.430)]),
    (0.8, "intermediate", "DEV*URB*LIT*STB + DEV*LIT*~IND*STB", (0.866, 0.839, 0.660), None),
    (0.7, "conservative", "DEV*~URB*LIT*STB + DEV*LIT*IND*STB", (0.871, 0.851, 0.818), [(0.809, 0.761, 0.433, 0.196), (0.843, 0.821, 0.622, 0.385)]),
    (0.7, "parsimonious", "DEV*STB", (0.869, 0.848, 0.824), None),
    (0.7, "intermediate", "DEV*LIT*STB", (0.869, 0.848, 0.824), None),
]


@pytest.mark.parametrize(("cut", "solution", "formula", "fit", "terms"), FUZZY)
def test_fuzzy_solutions(fuzzy, cut, solution, formula, fit, terms):
    made = qca.minimise(qca.truth_table(fuzzy, "SURV", CONDITIONS, inclusion=cut), solution, dict.fromkeys(CONDITIONS, 1))
    assert made.models == (formula,)
    assert near(made.fit.loc[0, ["inclS", "PRI", "covS"]], fit)
    if terms is not None:
        assert near(made.terms[["inclS", "PRI", "covS", "covU"]], terms)


def test_only_one_counterfactual_of_the_fuzzy_data_is_easy(fuzzy):
    made = qca.minimise(qca.truth_table(fuzzy, "SURV", CONDITIONS, inclusion=0.8), "intermediate", 1)
    easy = made.counterfactuals.query("kind == 'easy'")
    assert easy["row"].tolist() == [30]
    assert easy["n_models"].tolist() == [1]
    assert (made.counterfactuals.query("kind == 'difficult'")["n_models"] == 0).all()


def test_assumptions_of_the_crisp_data(crisp):
    table = qca.truth_table(crisp, "SURV", CONDITIONS, inclusion=1)
    assert qca.minimise(table, "parsimonious").assumptions() == (18, 20, 26, 28, 30)
    assert qca.minimise(table).counterfactuals.empty


def test_rows_of_the_fuzzy_table(fuzzy):
    rows = qca.truth_table(fuzzy, "SURV", CONDITIONS, inclusion=0.8).to_frame().set_index("row")
    printed = {32: (0.904, 0.886), 22: (0.804, 0.719), 24: (0.709, 0.634), 6: (0.529, 0.228)}
    for row, values in printed.items():
        assert near(rows.loc[row, ["inclusion", "pri"]], values)
    assert rows.index.tolist() == [1, 2, 5, 6, 22, 23, 24, 31, 32]
    assert rows["out"].tolist() == ["0", "0", "0", "0", "1", "0", "0", "0", "1"]


def test_rows_and_cases_of_the_crisp_table(crisp):
    rows = qca.truth_table(crisp, "SURV", CONDITIONS, inclusion=1).to_frame()
    assert rows["n"].tolist() == [3, 2, 2, 1, 2, 1, 2, 1, 4]
    assert rows["cases"].tolist() == ["GR, PT, ES", "IT, RO", "HU, PL", "EE", "FI, IE", "AU", "FR, SE", "DE", "BE, CZ, NL, UK"]
    complete = qca.truth_table(crisp, "SURV", CONDITIONS, inclusion=1).to_frame(complete=True)
    assert (len(complete), (complete["out"] == "?").sum(), complete["n"].sum()) == (32, 23, 18)


def test_necessity_of_single_conditions(fuzzy):
    made = qca.necessity(fuzzy, "SURV", CONDITIONS).set_index("term")
    printed = {"DEV": (0.831, 0.811, 0.775), "LIT": (0.991, 0.509, 0.643), "STB": (0.920, 0.680, 0.707)}
    for term, values in printed.items():
        assert near(made.loc[term, ["inclN", "RoN", "covN"]], values)


def test_necessary_combinations_of_the_crisp_data(crisp):
    made = qca.necessity(crisp, "SURV", CONDITIONS, cut=1.0)
    passing = made[made["inclN"] == 1].set_index("term")
    printed = {
        "DEV": (0.800, 0.800), "LIT": (0.500, 0.615), "STB": (0.700, 0.727), "DEV*LIT": (0.800, 0.800), "DEV*STB": (1, 1), "LIT*STB": (0.900, 0.889),
        "DEV*LIT*STB": (1, 1), "~URB + IND": (0, 0.444),
    }
    assert passing.index.tolist() == list(printed)
    assert near(passing[["RoN", "covN"]], list(printed.values()))


def test_direct_calibration():
    printed = [
        0.00733746, 0.01934250, 0.05, 0.12314714, 0.27259829, 0.5, 0.72740171, 0.87685286, 0.95, 0.98065750, 0.99266254,
    ]
    assert qca.calibrate(np.arange(0, 101, 10), (20, 50, 80)) == pytest.approx(printed, abs=PRINTED_8)
    assert qca.calibrate(np.arange(100, -1, -10), (80, 50, 20)) == pytest.approx(printed, abs=PRINTED_8)


#: Twenty-two western democracies and women in parliament (Krook 2010): one line per case, from the printed table of the R package's data set d.represent.
REPRESENT = {
    3: ("CA US", 0), 4: ("NZ", 1), 9: ("IT", 0), 11: ("AU GB FR IE", 0), 12: ("DE", 1), 18: ("LU", 0), 21: ("FI", 1), 24: ("DK", 1), 25: ("CH PT GR", 0),
    26: ("AT", 1), 27: ("ES", 1), 28: ("NL BE", 1), 29: ("SE", 1), 32: ("NO IS", 1),
}
WOMEN = ["ES", "QU", "WS", "WM", "LP"]


@pytest.fixture(scope="module")
def represent():
    lines = [
        {"case_id": case, **dict(zip(WOMEN, map(int, f"{row - 1:05b}"), strict=True)), "WNP": outcome}
        for row, (cases, outcome) in REPRESENT.items() for case in cases.split()
    ]
    return pd.DataFrame(lines)


def test_two_tied_models(represent):
    table = qca.truth_table(represent, "WNP", WOMEN, inclusion=1)
    made = qca.minimise(table, "parsimonious")
    assert made.models == ("WS + ES*WM + QU*LP + ~ES*LP", "WS + ES*WM + QU*LP + WM*LP")
    assert made.implicants == ("WS", "~ES*LP", "ES*WM", "QU*LP", "WM*LP", "ES*~QU*~LP", "~QU*~WM*~LP")
    first, second = made.terms.query("model == 'M1'"), made.terms.query("model == 'M2'")
    assert near(first[["covS", "covU"]], [(0.455, 0.182), (0.545, 0.091), (0.545, 0.091), (0.182, 0.091)])
    assert near(second[["covS", "covU"]], [(0.455, 0.182), (0.545, 0.091), (0.545, 0.091), (0.636, 0.091)])
    assert first["essential"].tolist() == [True, True, True, False]
    assert made.assumptions(0) == (2, 5, 6, 7, 8, 10, 13, 14, 15, 16, 19, 20, 22, 23, 30, 31)
    assert made.assumptions(1) == (5, 6, 7, 8, 10, 13, 14, 15, 16, 19, 20, 22, 23, 30, 31)
    assert made.ambiguity.common_terms == ("WS", "ES*WM", "QU*LP")
    assert made.ambiguity.common_literals == ("WS", "ES", "WM", "QU", "LP")


def test_conservative_models_of_the_same_data(represent):
    made = qca.minimise(qca.truth_table(represent, "WNP", WOMEN, inclusion=1))
    assert made.models == ("~ES*~WS*WM*LP + ES*QU*~WS*WM + ES*QU*~WS*LP + ES*WS*~WM*~LP + ES*WS*WM*LP",)
    negated = qca.minimise(qca.truth_table(represent, "WNP", WOMEN, inclusion=1, negate=True))
    assert negated.models == ("~ES*~WS*WM*~LP + QU*~WS*~WM*~LP + ES*~QU*~WS*~WM*LP",)


def test_what_a_model_assumes_minimised_itself(represent):
    # Assumptions of the two tied models as positive rows: five conservative terms each.
    printed = (
        "~ES*WS + ~ES*~WM*LP + WS*~WM*LP + WS*WM*~LP + ES*~QU*~WS*WM", "~ES*WS + WS*~WM*LP + WS*WM*~LP + ~ES*QU*~WM*LP + ES*~QU*~WS*WM",
    )
    made = qca.minimise(qca.truth_table(represent, "WNP", WOMEN, inclusion=1), "parsimonious")
    for model, formula in enumerate(printed):
        positive = np.array(made.assumptions(model)) - 1
        found = models_of(Rows(k=5, positive=positive, forbidden=np.setdiff1d(np.arange(32), positive)), SolutionType.CONSERVATIVE)
        assert [" + ".join(found.terms[i].written(WOMEN) for i in cover) for cover in found.chosen] == [formula]


def test_frequency_cut(represent):
    rows = qca.truth_table(represent, "WNP", WOMEN, inclusion=1, frequency=2).to_frame()
    assert rows.loc[rows["out"] != "?", "row"].tolist() == [3, 11, 25, 28, 32]
    assert rows.loc[rows["out"] == "1", "row"].tolist() == [28, 32]


def test_necessary_alternatives_of_the_same_data(represent):
    made = qca.necessity(represent, "WNP", WOMEN, cut=0.9, coverage=0.65).query("kind == 'or'").set_index("term")
    assert made.index.tolist() == ["ES + LP", "WS + LP", "~WM + LP"]
    assert near(made[["inclN", "RoN", "covN"]], [(1, 0.636, 0.733), (0.909, 0.917, 0.909), (0.909, 0.583, 0.667)])


#: Ethnic protest (data set CVF): the codes of the printed table at a cut of 0.8.
PROTEST = ["DEMOC", "ETHFRACT", "GEOCON", "POLDIS", "NATPRIDE"]
PROTEST_ONE, PROTEST_ZERO = (31, 29, 27, 15, 30, 24, 32, 5, 16), (28, 8, 10, 6, 22, 20, 14, 2)


def test_four_tied_models():
    rows = Rows(k=5, positive=np.sort(np.array(PROTEST_ONE) - 1), forbidden=np.sort(np.array(PROTEST_ZERO) - 1))
    made = models_of(rows, SolutionType.PARSIMONIOUS)
    both = "~NATPRIDE + DEMOC*GEOCON*POLDIS + "
    assert [" + ".join(made.terms[i].written(PROTEST) for i in cover) for cover in made.chosen] == [
        both + "~DEMOC*ETHFRACT*POLDIS + DEMOC*ETHFRACT*GEOCON", both + "~DEMOC*ETHFRACT*POLDIS + DEMOC*ETHFRACT*~POLDIS",
        both + "DEMOC*ETHFRACT*GEOCON + ETHFRACT*GEOCON*POLDIS", both + "DEMOC*ETHFRACT*~POLDIS + ETHFRACT*GEOCON*POLDIS",
    ]
    assert [t.written(PROTEST) for t in made.terms] == [
        "~NATPRIDE", "~DEMOC*ETHFRACT*POLDIS", "DEMOC*ETHFRACT*GEOCON", "DEMOC*ETHFRACT*~POLDIS", "DEMOC*GEOCON*POLDIS", "ETHFRACT*GEOCON*POLDIS",
    ]
    assert made.count == 4
    assert made.complete


#: Job security (data set d.jobsecurity): codes of the printed table at a cut of 0.9; everything else observed counts as 0.
JOBS = ["S", "C", "L", "R", "P", "V"]
JOBS_ONE, JOBS_ZERO = (27, 37, 47, 48, 56, 64), (2, 5, 10, 20, 25, 33, 57)


def test_intermediate_models_from_two_parsimonious_ones():
    rows = Rows(k=6, positive=np.array(JOBS_ONE) - 1, forbidden=np.array(JOBS_ZERO) - 1)
    short = models_of(rows, SolutionType.PARSIMONIOUS)
    assert [" + ".join(short.terms[i].written(JOBS) for i in cover) for cover in short.chosen] == ["S*R + L*P", "S*R + P*~V"]
    made = models_of(rows, SolutionType.INTERMEDIATE, (1, 1, 1, 1, 1, 0))
    assert [" + ".join(made.terms[i].written(JOBS) for i in cover) for cover in made.chosen] == ["S*R*~V + S*C*R*P + S*L*R*P + C*L*P*~V"]
    assert made.origin == ["C1P1, C1P2"]
    assert sorted(r + 1 for r in made.easy) == [31, 39, 45, 53, 55, 59, 61, 63]
    used = assumed_rows([made.terms[i] for i in made.chosen[0]], rows.remainders)
    assert sorted(int(r) + 1 for r in used) == [31, 39, 45, 53, 55, 59, 61, 63]


#: Share of 400 random tables without a contradictory row, cases by conditions, printed with two decimals.
BY_CHANCE = {10: (0.06, 0.23, 0.55, 0.72, 0.83), 16: (0.0, 0.04, 0.17, 0.36, 0.61), 24: (0.0, 0.0, 0.01, 0.10, 0.33)}
REFERENCE_DRAWS, OWN_DRAWS = 400, 40_000
STANDARD_ERRORS = 3.3  #: one in a thousand for a cell, about one in seventy for the table


def test_chance_of_a_table_without_contradiction():
    made = qca.chance_by_size(list(BY_CHANCE), [3, 4, 5, 6, 7], draws=OWN_DRAWS, seed=1).set_index(["cases", "conditions"])
    for cases, shares in BY_CHANCE.items():
        for conditions, printed in zip((3, 4, 5, 6, 7), shares, strict=True):
            share = made.loc[(cases, conditions), "without_contradiction"]
            error = np.sqrt(share * (1 - share) * (1 / REFERENCE_DRAWS + 1 / OWN_DRAWS))
            assert abs(share - printed) <= STANDARD_ERRORS * error + 0.005, (cases, conditions)
