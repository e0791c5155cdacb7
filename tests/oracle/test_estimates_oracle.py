"""Estimates, intervals, tests and models against R's survey package (scripts/estimates_reference.R made the numbers)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commresearch.survey.association import rao_scott_test
from commresearch.survey.calibration import calibrate
from commresearch.survey.estimates import estimate_mean, estimate_ratio, estimate_share, estimate_total
from commresearch.survey.quantiles import estimate_quantile
from commresearch.survey.raking import post_stratify, rake
from commresearch.survey.regression import survey_regression

DATA = Path(__file__).parent / "data"
CLOSED = 1e-8  #: relative; formulas without iteration (R stops its logit and log-linear fits at about this)
ITERATIVE = 1e-6  #: relative; raked and bounded weights, where either side stops at a tolerance of its own
FIXED = 1e-10  #: absolute; standard errors that are zero but for rounding, beside shares of order one
STYPE, WIDE = {"E": 4421, "H": 755, "M": 1018}, {"No": 1072, "Yes": 5122}

STRAT, CLUS1, CLUS2, MADE = (
    pd.read_csv(DATA / name) for name in ("apistrat.csv", "apiclus1.csv", "apiclus2.csv", "clustered_sample.csv")
)
CLUS1, STRAT = (frame.assign(wide=frame["sch_wide"] == "Yes") for frame in (CLUS1, STRAT))
FEW = MADE[~((MADE["h"] == "west") & (MADE["c"] > 1))]
REFERENCE = pd.read_csv(DATA / "estimates_reference.csv", keep_default_na=False, dtype={"value": float})

CLUSTERS, DISTRICTS = {"weights": "w", "strata": "h", "clusters": "c"}, {"weights": "pw", "clusters": "dnum"}
TWO_STAGES = {"weights": "pw", "clusters": ("dnum", "snum")}
JACKKNIFE = {"method": "jackknife"}
PLAIN = {
    "strat": (STRAT, {"weights": "pw", "strata": "stype", "fpc": "fpc"}),
    "stratn": (STRAT, {"weights": "pw", "strata": "stype"}),
    "srs": (CLUS1, {"weights": "pw"}),
    "clus1": (CLUS1, DISTRICTS | {"fpc": "fpc"}),
    "clus1n": (CLUS1, DISTRICTS),
    "clus2": (CLUS2, TWO_STAGES | {"fpc": ("fpc1", "fpc2")}),
    "clus2n": (CLUS2, TWO_STAGES),
    "made": (MADE, CLUSTERS | {"fpc": "N"}),
    "maden": (MADE, CLUSTERS),
    "certainty": (FEW, CLUSTERS | {"single_psu": "certainty"}),
    "adjust": (FEW, CLUSTERS | {"single_psu": "centre"}),
    "average": (FEW, CLUSTERS | {"single_psu": "average"}),
    "jk1": (CLUS1, DISTRICTS | JACKKNIFE),
    "jk1fpc": (CLUS1, DISTRICTS | JACKKNIFE | {"fpc": "fpc"}),
    "jkn": (MADE, CLUSTERS | JACKKNIFE | {"fpc": "N"}),
}
CALIBRATED = ("post", "rake", "linear", "linearn", "logit", "jk1post", "jk1rake")


@pytest.fixture(scope="module")
def designs():
    """All designs; the calibrated weights are made here."""
    auxiliaries, totals = ["stype", "api99"], {"stype": STYPE, "api99": 3914069}
    post = {"weights": post_stratify(CLUS1, "stype", STYPE, base_weight="pw")}
    raked = {"weights": rake(CLUS1, {"stype": STYPE, "sch_wide": WIDE}, base_weight="pw", tolerance=1e-13)}
    linear = {"weights": calibrate(CLUS1, auxiliaries, totals, base_weight="pw")}
    bounded = calibrate(CLUS1, auxiliaries, totals, base_weight="pw", method="logit", bounds=(0.5, 1.6), tolerance=1e-13)
    return PLAIN | {
        "post": (CLUS1, DISTRICTS | {"fpc": "fpc"} | post),
        "rake": (CLUS1, DISTRICTS | raked),
        "linear": (CLUS1, DISTRICTS | {"fpc": "fpc"} | linear),
        "linearn": (CLUS1, DISTRICTS | linear),
        "logit": (CLUS1, DISTRICTS | {"weights": bounded}),
        "jk1post": (CLUS1, DISTRICTS | JACKKNIFE | post),
        "jk1rake": (CLUS1, DISTRICTS | JACKKNIFE | raked),
    }


def cells(result, labels, conf="conf"):
    """(group, measure) → value; rows are named by some of their columns, interval limits after the kind of interval."""
    names = result[labels].astype(str).agg(" ".join, axis=1) if labels else [""] * len(result)
    measures = {c: c.replace("conf_", f"{conf}_") for c in result.columns if c not in labels}
    return {(n, measures[c]): row[c] for n, (_, row) in zip(names, result.iterrows(), strict=True) for c in measures}


def shares(frame, variable, by, labels, design):
    found = {}
    for interval, name in (("logit", "logit"), ("beta", "beta"), ("wald", "mean")):
        found |= cells(estimate_share(frame, variable, by=by, interval=interval, **AS_SUBSET, **design), [*labels, "category"], name)
    return found


def numbers(estimator, frame, variable, by, labels, design):
    """The estimate; with the other degrees of freedom; with the other reference of the design effect."""
    found = cells(estimator(frame, variable, by=by, **AS_SUBSET, **design), labels)
    found |= cells(estimator(frame, variable, by=by, domain_df="design", **design)[[*labels, "conf_low", "conf_high"]], labels, "design_df")
    with_replacement = estimator(frame, variable, by=by, deff="wr", **AS_SUBSET, **design)
    return found | {(g, "deff_wr"): v for (g, m), v in cells(with_replacement, labels).items() if m == "deff"}


AS_SUBSET = {"domain_df": "domain"}  #: degrees of freedom as degf(subset(design)) counts them
ESTIMATORS = {"mean": estimate_mean, "total": estimate_total, "ratio": estimate_ratio}
MODELS = {
    "binomial": ("wide", ["ell", "meals"]),
    "poisson": ("enroll", ["ell", "stype"]),
    "gaussian": ("api00", ["api99", "stype"]),
}
VARIABLES = {"api00_api99": ("api00", "api99"), "api00_enroll": ("api00", "enroll"), "y_x": ("y", "x")}


def estimate(name, quantity, frame, design):
    """What the package says for one block of the reference."""
    kind, _, variable = quantity.partition("_")
    variable, _, by = variable.partition("_by_")
    by, labels = (by, [by]) if by else (None, [])
    made, calibrated = "y" in frame, name in CALIBRATED
    if kind == "df":
        return cells(estimate_mean(frame, "y" if made else "api00", by=by, **AS_SUBSET, **design), labels)
    if kind == "test":
        pair = ("k", "d") if made else ("stype", "comp_imp" if calibrated else "sch_wide")
        return cells(rao_scott_test(frame, *pair, statistic=variable, **design).to_frame(), [])
    if kind in MODELS:
        outcome, covariates = ("y", ["x", "k"]) if made else ("api00", ["ell", "meals"]) if calibrated else MODELS[kind]
        result = survey_regression(frame, outcome, covariates, family=kind, **design)
        result["term"] = result["term"].str.replace(r"[\[\]]", "", regex=True).replace("intercept", "(Intercept)")
        return cells(result, ["term"])
    if kind == "share":
        return shares(frame, variable, by, labels, design)
    if kind == "quantile":
        return cells(estimate_quantile(frame, variable, q=[0.1, 0.25, 0.5, 0.75, 0.9], by=by, **AS_SUBSET, **design), [*labels, "quantile"])
    return numbers(ESTIMATORS[kind], frame, VARIABLES.get(variable, variable), by, labels, design)


BLOCKS = [(str(d), str(q)) for d, q in REFERENCE[["design", "quantity"]].drop_duplicates().itertuples(index=False)]


@pytest.mark.parametrize(("name", "quantity"), BLOCKS)
def test_numbers_agree_with_r(designs, name, quantity):
    frame, design = designs[name]
    found = estimate(name, quantity, frame, design)
    block = REFERENCE[(REFERENCE["design"] == name) & (REFERENCE["quantity"] == quantity)]
    got = [float(found[cell]) for cell in zip(block["group"], block["measure"], strict=True)]
    tolerance = ITERATIVE if name in {"rake", "logit", "jk1rake"} else CLOSED
    np.testing.assert_allclose(got, block["value"], rtol=tolerance, atol=FIXED)


#: design, estimator, variable, column of the result, number as printed by R
PRINTED = [
    ("strat", estimate_mean, "api00", ("estimate", "std_error", "deff", "conf_low", "conf_high"),
     ("662.2873632", "9.408940803", "1.204457269", "643.7321883", "680.842538")),
    ("strat", estimate_total, "enroll", ("estimate", "std_error"), ("3687177.532", "114641.7161")),
    ("stratn", estimate_mean, "api00", ("std_error", "deff"), ("9.536132297", "1.237241445")),
    ("clus1", estimate_mean, "api00", ("estimate", "std_error", "deff", "conf_low", "conf_high", "df", "n"),
     ("644.1693989", "23.54224069", "9.345869451", "593.6763145", "694.6624834", "14", "183")),
    ("clus1", estimate_total, "enroll", ("estimate", "std_error"), ("3404940.135", "932235.027")),
    ("clus1n", estimate_mean, "api00", ("std_error",), ("23.77901072",)),
    ("clus1n", estimate_total, "enroll", ("std_error",), ("941610.7409",)),
    ("post", estimate_mean, "api00", ("estimate", "std_error"), ("642.3107882", "23.92048645")),
    ("post", estimate_total, "enroll", ("estimate", "std_error"), ("3680892.945", "406292.6363")),
    ("rake", estimate_mean, "api00", ("estimate", "std_error"), ("641.230321", "23.9420099")),
    ("rake", estimate_mean, "enroll", ("estimate", "std_error"), ("588.840838", "65.3264806")),
    ("rake", estimate_total, "enroll", ("estimate", "std_error"), ("3647280.15", "404632.221")),
    ("jk1", estimate_mean, "api00", ("std_error",), ("26.59416136",)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "estimator", "variable", "columns", "printed"), PRINTED)
def test_printed_numbers_hold_to_the_last_digit(designs, name, estimator, variable, columns, printed):
    frame, design = designs[name]
    row = estimator(frame, variable, **design).loc[0]
    for column, text in zip(columns, printed, strict=True):
        assert f"{row[column]:.{len(text.partition('.')[2])}f}" == text, column


def test_printed_shares_and_domains_hold(designs):
    frame, design = designs["clus1"]
    share = estimate_share(frame, "stype", **design).set_index("category")
    assert [f"{share.loc[k, 'estimate']:.{d}f}" for k, d in (("E", 7), ("H", 8))] == ["0.7868852", "0.07650273"]
    assert f"{share.loc['H', 'std_error']:.11f}" == "0.02681021905"
    frame, design = designs["strat"]
    domains = estimate_mean(frame, "api00", by="stype", **design)
    np.testing.assert_allclose(domains["estimate"], [674.43, 625.82, 636.6], rtol=CLOSED)
    assert [f"{s:.8f}" for s in domains["std_error"]] == ["12.38247979", "14.93712919", "16.21470731"]
    assert (estimate_share(frame, "stype", **design)["std_error"] < FIXED).all()


def test_calibrated_weights_given_as_numbers_have_other_standard_errors(designs):
    frame, design = designs["rake"]
    fixed = design | {"weights": design["weights"].values}
    found = [estimate_mean(frame, v, **fixed).loc[0, "std_error"] for v in ("api00", "enroll")]
    found.append(estimate_total(frame, "enroll", **fixed).loc[0, "std_error"])
    np.testing.assert_allclose(found, [24.0456309, 58.8455504, 1010387.02], rtol=ITERATIVE)
