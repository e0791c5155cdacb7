"""Two-way regressions, their covariances, decomposition and bootstraps against R and Python packages (scripts/regression_*)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commresearch.impact.arrays import arrays_of
from commresearch.impact.bacon import bacon_decomposition
from commresearch.impact.cluster_robust import cluster_vcov
from commresearch.impact.fixed_effects import event_study_regression, treatment_fit, two_way_fixed_effects, usable
from commresearch.impact.wild_bootstrap import contrast_scores, wild, wild_cluster_bootstrap, wild_signs
from commresearch.outcomes import Panel

DATA = Path(__file__).parent / "data"
SAME = 1e-10  #: relative; both sides solve the same equations in floating point, nothing is iterated
DEMEANED = 1e-7  #: relative; the peer's demeaning stops at 1e-8
PRINTED_5 = 5e-6  #: published with five decimals
PRINTED_8 = 5e-9  #: published with eight decimals
PRINTED_MEANS = 0.011  #: four means printed with two decimals, their difference too
STATISTIC = 1e-8  #: relative; t statistics of a regression on 33 dummies
MC_ERRORS = 3  #: Monte-Carlo standard errors that two sets of draws may lie apart


@pytest.fixture(scope="module")
def frames():
    full = pd.read_csv(DATA / "regression_panel.csv")
    return {"full": full, "gaps": full[full["kept"] == 1]}


@pytest.fixture(scope="module")
def reference():
    return pd.read_csv(DATA / "regression_reference.csv", skipinitialspace=True).set_index(["case", "term", "quantity"])["value"].astype(float)


@pytest.fixture(scope="module")
def peers():
    return pd.read_csv(DATA / "regression_peers.csv").set_index(["case", "quantity"])["value"]


def panel_of(frame, value="y", **columns):
    return Panel.from_frame(frame, community="unit", period="month", value=value, treated_from="start", outcome="made up", unit="count", **columns)


CASES = {
    "two_way_balanced": ("full", {"cluster": "cluster"}),
    "two_way_gaps": ("gaps", {"cluster": "cluster"}),
    "two_way_weighted": ("gaps", {"cluster": "cluster", "weight": "w"}),
    "two_way_by_unit": ("full", {}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", ["cr2", "cr3"])
def test_two_way_regression_equals_the_one_with_all_dummies(case, kind, frames, reference):
    which, columns = CASES[case]
    made = two_way_fixed_effects(panel_of(frames[which], **columns), vcov=kind)
    assert made.estimate == pytest.approx(reference[case, "d", "estimate"], rel=SAME)
    assert made.std_error == pytest.approx(reference[case, "d", f"{kind}_se"], rel=SAME)
    if kind == "cr2":
        assert made.details["df"] == pytest.approx(reference[case, "d", "cr2_df"], rel=SAME)


@pytest.mark.parametrize("case", CASES)
def test_cr1_is_the_sandwich_of_all_dummies_but_for_the_nested_ones(case, frames, reference):
    """R counts the 24 − 1 effects of units among the parameters; fixest's factor, and ours, does not."""
    which, columns = CASES[case]
    made = two_way_fixed_effects(panel_of(frames[which], **columns))
    n, k = made.n_obs, 1 + 10
    assert made.std_error == pytest.approx(reference[case, "d", "hc1_se"] * np.sqrt((n - k - 23) / (n - k)), rel=SAME)


@pytest.mark.parametrize(("case", "ours"), [("balanced", "two_way_balanced"), ("gaps", "two_way_gaps"), ("weighted", "two_way_weighted"), ("by_unit", "two_way_by_unit")])
def test_cr1_p_value_and_interval_equal_those_of_pyfixest(case, ours, frames, peers):
    which, columns = CASES[ours]
    made = two_way_fixed_effects(panel_of(frames[which], **columns))
    for quantity, got in {"estimate": made.estimate, "cr1_se": made.std_error, "p_value": made.p_value, "low": made.conf_low, "high": made.conf_high}.items():
        assert got == pytest.approx(peers[case, quantity], rel=DEMEANED), quantity


@pytest.mark.parametrize(("case", "which"), [("event_study_balanced", "full"), ("event_study_gaps", "gaps")])
def test_event_study_equals_the_one_with_all_dummies(case, which, frames, reference):
    made = event_study_regression(arrays_of(panel_of(frames[which], cluster="cluster")))
    covariance = made.fit.vcov("cr2")
    for i, time in enumerate(made.event_time):
        term = f"em{-time}" if time < 0 else f"e{time}"
        assert made.fit.coefficient[i] == pytest.approx(reference[case, term, "estimate"], rel=SAME)
        assert np.sqrt(covariance.vcov[i, i]) == pytest.approx(reference[case, term, "cr2_se"], rel=SAME)
        assert covariance.df[i] == pytest.approx(reference[case, term, "cr2_df"], rel=1e-9)
    assert len(made.event_time) == 12


@pytest.mark.parametrize(("case", "weighted"), [("plain", False), ("plain_weighted", True)])
@pytest.mark.parametrize("kind", ["cr1", "cr2", "cr3"])
def test_covariances_of_a_linear_model_in_clusters_of_unequal_size(case, weighted, kind, frames, reference):
    frame = frames["gaps"]
    x = np.column_stack([np.ones(len(frame)), frame["d"], frame["x"]])
    weight = frame["w"].to_numpy() if weighted else np.ones(len(frame))
    y = frame["y"].to_numpy()
    b = np.linalg.solve((x.T * weight) @ x, (x.T * weight) @ y)
    made = cluster_vcov(x, y - x @ b, pd.factorize(frame["cluster"])[0], kind=kind, absorbed=0, weight=weight if weighted else None)
    for i, term in enumerate(["(Intercept)", "d", "x"]):
        assert np.sqrt(made.vcov[i, i]) == pytest.approx(reference[case, term, {"cr1": "hc1_se"}.get(kind, f"{kind}_se")], rel=SAME)
        if kind == "cr2":
            assert made.df[i] == pytest.approx(reference[case, term, "cr2_df"], rel=SAME)


def test_absorbed_periods_given_as_a_basis_give_the_covariances_of_the_dummies(frames, reference):
    frame = frames["gaps"]
    cluster = pd.factorize(frame["cluster"], sort=True)[0]
    months = pd.get_dummies(frame["month"]).astype(float)
    within = (months - months.groupby(frame["unit"]).transform("mean")).to_numpy()
    d, y = ((frame[c] - frame.groupby("unit")[c].transform("mean")).to_numpy() for c in ("d", "y"))
    d, y = (v - within @ np.linalg.lstsq(within, v, rcond=None)[0] for v in (d, y))
    residual = y - d * (d @ y) / (d @ d)
    for kind in ("cr2", "cr3"):
        made = cluster_vcov(d[:, None], residual, cluster, kind=kind, absorbed=10, basis=within)
        assert np.sqrt(made.vcov[0, 0]) == pytest.approx(reference["two_way_gaps", "d", f"{kind}_se"], rel=SAME)
    assert cluster_vcov(d[:, None], residual, cluster, kind="cr1", absorbed=10).df[0] == 10


def test_decomposition_of_the_mathematics_reforms():
    frame = pd.read_csv(DATA / "math_reform.csv")
    panel = Panel.from_frame(
        frame, community="state", period="class", value="incearn_ln", treated_from="reformyr_math", outcome="earnings", unit="log_points"
    )
    table = bacon_decomposition(panel)
    parts = {kind: (part["weight"].sum(), np.average(part["estimate"], weights=part["weight"])) for kind, part in table.groupby("type")}
    published = {
        "earlier_vs_later": (0.06353, 0.02868), "later_vs_earlier": (0.05265, 0.03375), "treated_vs_untreated": (0.88382, -0.00129),
    }
    assert parts == {kind: pytest.approx(numbers, abs=PRINTED_5) for kind, numbers in published.items()}
    assert (table["estimate"] * table["weight"]).sum() == pytest.approx(0.00245997, abs=PRINTED_8)
    assert two_way_fixed_effects(panel).estimate == pytest.approx(0.00245997, abs=PRINTED_8)


WILD = {
    "wild_by_unit": ("full", {}, {"weights": "rademacher"}),
    "wild_by_unit_webb": ("full", {}, {"weights": "webb"}),
    "wild_by_unit_free": ("full", {}, {"weights": "rademacher", "restricted": False}),
    "wild_gaps": ("gaps", {"cluster": "cluster"}, {"weights": "rademacher"}),
    "wild_gaps_webb": ("gaps", {"cluster": "cluster"}, {"weights": "webb"}),
}


@pytest.mark.parametrize("case", WILD)
def test_wild_bootstrap_agrees_with_wildboottest(case, frames, peers):
    which, columns, options = WILD[case]
    panel = panel_of(frames[which], value="x", **columns)
    draws = 20_000
    made = wild_cluster_bootstrap(panel, draws=draws, **options)
    factor = treatment_fit(usable(arrays_of(panel))).factor
    assert made.estimate / made.std_error * np.sqrt(factor) == pytest.approx(peers[case, "t"], rel=STATISTIC)
    p = peers[case, "p_value"]
    if made.details["enumerated"]:
        # Theirs leaves out the two combinations that are the data.
        assert made.p_value == p + 2 / peers[case, "draws"]
    else:
        assert made.p_value == pytest.approx(p, abs=MC_ERRORS * np.sqrt(p * (1 - p) * (1 / draws + 1 / peers[case, "draws"])))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("null", [0.0, 0.6])
def test_enumerated_bootstrap_equals_refitting_every_draw(weighted, null, frames):
    frame = frames["gaps"]
    panel = panel_of(frame, cluster="cluster", **({"weight": "w"} if weighted else {}))
    arrays = usable(arrays_of(panel))
    fit = treatment_fit(arrays)
    made = wild(contrast_scores(fit, np.ones(1)), wild_signs(11, weights="rademacher", draws=0, rng=np.random.default_rng(0)))
    place = {str(a): g for g, a in enumerate(arrays.assignments)}
    cluster = frame["cluster"].astype(str).map(place).to_numpy()
    data, draws = refitted(frame, cluster, made.signs.values, null, np.sqrt(frame["w"].to_numpy()) if weighted else np.ones(len(frame)))
    delta = fit.coefficient[0] - null
    ours = (made.numerator @ [1, delta]) / np.sqrt(made.square @ [1, delta, delta**2])
    assert ours == pytest.approx(draws, rel=STATISTIC, abs=STATISTIC)
    assert made.p_value(delta) == (np.abs(draws) >= abs(data) - 1e-9).mean()


def refitted(frame, cluster, signs, null, root):
    """t statistics (without factor) of the data and of every draw, by regressions on all dummies."""
    dummies = np.column_stack([pd.get_dummies(frame["unit"]).to_numpy(float), pd.get_dummies(frame["month"]).to_numpy(float)[:, 1:]])
    w, d, y = dummies * root[:, None], frame["d"].to_numpy() * root, frame["y"].to_numpy() * root
    x = np.column_stack([d, w])
    z = d - w @ np.linalg.lstsq(w, d, rcond=None)[0]
    inverse = np.linalg.pinv(x)

    def t(outcomes):
        b = inverse @ outcomes
        scores = np.stack([z @ ((outcomes - x @ b) * (cluster == g)[:, None]) for g in range(11)])
        return (b[0] - null) / np.sqrt((scores**2).sum(axis=0)) * (z @ z)

    of_null = null * d + w @ (np.linalg.pinv(w) @ (y - null * d))
    return t(y[:, None])[0], t(of_null[:, None] + (y - of_null)[:, None] * signs[:, cluster].T)


def test_two_groups_and_two_periods_as_card_and_krueger_printed():
    """Table 3 of 1994: changes of 0.59 (standard error 0.54) and −2.16 (1.25) make 2.76 (1.36). Any stores with these means and errors will do."""
    rows = []
    for state, stores, before, after, error in (("NJ", 300, 20.44, 21.03, 0.54), ("PA", 80, 23.33, 21.17, 1.25)):
        spread = error * np.sqrt(stores - 1)  # stores above and below alike: their mean is the printed one, the error of the mean the printed one
        for i in range(stores):
            change = after - before + spread * (1 if i % 2 else -1)
            rows += [(f"{state}{i}", 1, before, state), (f"{state}{i}", 2, before + change, state)]
    frame = pd.DataFrame(rows, columns=["store", "wave", "jobs", "state"])
    frame["start"] = np.where(frame["state"] == "NJ", 2.0, np.nan)
    panel = Panel.from_frame(frame, community="store", period="wave", value="jobs", treated_from="start", outcome="jobs", unit="count")
    found = two_way_fixed_effects(panel, vcov="cr2")
    assert found.estimate == pytest.approx(2.76, abs=PRINTED_MEANS)
    assert found.std_error == pytest.approx(1.36, abs=PRINTED_MEANS / 2)
