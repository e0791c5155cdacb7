"""Weights and calibration-aware standard errors against the R package survey (scripts/weights_reference.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commresearch.survey.calibration import calibrate
from commresearch.survey.raking import post_stratify, rake

DATA = Path(__file__).parent / "data"
SAME_WEIGHT = 1e-10  #: relative; both sides solve the same equations to 1e-12 or better
SAME_ERROR = 1e-9  #: relative; sums of a few hundred products, and R's raking projects by repeated sweeps
PRINTED_10 = 1e-9  #: relative; published with ten significant digits

STYPE = {"E": 4421, "H": 755, "M": 1018}
SCH_WIDE = {"Yes": 5122, "No": 1072}
COMP_IMP = {"Yes": 4600, "No": 1594}
API99 = 3914069
FPC = 1 - 15 / 757  #: 15 of 757 districts; variances shrink by this share

CLUS1 = {"stype": STYPE, "api99": API99}
STRAT = {"sch_wide": SCH_WIDE, "comp_imp": COMP_IMP, "api99": API99}


def _calibrated(frame, totals, **options):
    return calibrate(frame, list(totals), totals, base_weight="pw", **options)


METHODS = {
    "clus1_post_stratified": lambda f: post_stratify(f, "stype", STYPE, base_weight="pw"),
    "clus1_raked": lambda f: rake(f, {"stype": STYPE, "sch_wide": SCH_WIDE}, base_weight="pw", tolerance=1e-13),
    "clus1_linear": lambda f: _calibrated(f, CLUS1),
    "clus1_linear_bounded": lambda f: _calibrated(f, CLUS1, bounds=(0.6, 1.6), tolerance=1e-12),
    "clus1_raking": lambda f: _calibrated(f, CLUS1, method="raking", tolerance=1e-12),
    "clus1_raking_bounded": lambda f: _calibrated(f, CLUS1, method="raking", bounds=(0.6, 1.6), tolerance=1e-12),
    "clus1_logit": lambda f: _calibrated(f, CLUS1, method="logit", bounds=(0.6, 1.6), tolerance=1e-12),
    "strat_post_stratified": lambda f: post_stratify(f, ["sch_wide"], SCH_WIDE, base_weight="pw"),
    "strat_linear": lambda f: _calibrated(f, STRAT),
    "strat_linear_bounded": lambda f: _calibrated(f, STRAT, bounds=(0.6, 1.8), tolerance=1e-12),
    "strat_raking": lambda f: _calibrated(f, STRAT, method="raking", tolerance=1e-12),
    "strat_raking_bounded": lambda f: _calibrated(f, STRAT, method="raking", bounds=(0.3, 1.6), tolerance=1e-12),
    "strat_logit": lambda f: _calibrated(f, STRAT, method="logit", bounds=(0.5, 2), tolerance=1e-12),
    "strat_margins_raking": lambda f: rake(f, {"sch_wide": SCH_WIDE, "comp_imp": COMP_IMP}, base_weight="pw", tolerance=1e-13),
}


@pytest.fixture(scope="module")
def samples():
    return {"clus1": pd.read_csv(DATA / "apiclus1.csv"), "strat": pd.read_csv(DATA / "apistrat.csv")}


@pytest.fixture(scope="module")
def weighted(samples):
    return {name: make(samples[name.split("_")[0]]) for name, make in METHODS.items()}


@pytest.fixture(scope="module")
def reference():
    return pd.read_csv(DATA / "weights_reference.csv").groupby("method")["weight"].apply(np.array)


def standard_error(frame, z, name):
    """Of the total of z: between clusters (clus1), or within strata (strat), with replacement."""
    if name.startswith("clus1"):
        return _between(pd.Series(z).groupby(frame["dnum"]).sum()) ** 0.5
    return sum(_between(part) for _, part in pd.Series(z).groupby(frame["stype"])) ** 0.5


def _between(sums):
    return len(sums) / (len(sums) - 1) * ((sums - sums.mean()) ** 2).sum()


def linearised(w, y, quantity):
    known = ~np.isnan(y)
    values = np.where(known, y, 0)
    if quantity.startswith("total"):
        return w @ values, w * values
    mean = (w @ values) / w[known].sum()
    return mean, np.where(known, w * (values - mean), 0) / w[known].sum()


@pytest.mark.parametrize("name", METHODS)
def test_weights_are_those_of_r(name, weighted, reference):
    np.testing.assert_allclose(weighted[name].values, reference[name], rtol=SAME_WEIGHT)


@pytest.mark.parametrize("name", METHODS)
def test_standard_errors_take_the_calibration_into_account(name, weighted, samples):
    frame = samples[name.split("_")[0]]
    expected = pd.read_csv(DATA / "calibration_errors.csv").set_index(["method", "quantity"]).loc[name]
    for quantity, (estimate, std_error) in expected.iterrows():
        y = frame[quantity.split("_")[1]].to_numpy(dtype=float)
        value, z = linearised(weighted[name].values, y, quantity)
        assert value == pytest.approx(estimate, rel=SAME_ERROR)
        assert standard_error(frame, weighted[name].calibration.residuals(z), name) == pytest.approx(std_error, rel=SAME_ERROR), quantity


def test_published_numbers_of_post_stratification(weighted, samples):
    weights, frame = weighted["clus1_post_stratified"], samples["clus1"]
    published = (("api00", "mean", 642.3107882, 23.92048645), ("enroll", "total", 3680892.945, 406292.6363))
    for column, quantity, estimate, std_error in published:
        value, z = linearised(weights.values, frame[column].to_numpy(dtype=float), quantity)
        assert value == pytest.approx(estimate, rel=PRINTED_10)
        assert standard_error(frame, weights.calibration.residuals(z), "clus1") * FPC**0.5 == pytest.approx(std_error, rel=PRINTED_10)


PUBLISHED_RAKED = (
    ("api00", "mean", 641.230321, 23.9420099, 24.0456309), ("enroll", "mean", 588.840838, 65.3264806, 58.8455504),
    ("enroll", "total", 3647280.15, 404632.221, 1010387.02),
)
PRINTED_9 = 1e-8  #: relative; published with nine significant digits


@pytest.mark.parametrize(("column", "quantity", "estimate", "std_error", "naive"), PUBLISHED_RAKED)
def test_published_numbers_of_raking_and_what_fixed_weights_would_give(column, quantity, estimate, std_error, naive, weighted, samples):
    weights, frame = weighted["clus1_raked"], samples["clus1"]
    value, z = linearised(weights.values, frame[column].to_numpy(dtype=float), quantity)
    assert value == pytest.approx(estimate, rel=PRINTED_9)
    assert standard_error(frame, weights.calibration.residuals(z), "clus1") == pytest.approx(std_error, rel=PRINTED_9)
    assert standard_error(frame, z, "clus1") == pytest.approx(naive, rel=PRINTED_9)


@pytest.mark.parametrize("bounds", [(0.5, 1.6), (0.6, 1.8)])
def test_bounds_that_make_r_give_up_are_met(bounds, samples):
    """calibrate() of R stops with "Calibration failed" on both; linear weights within these bounds exist, so raking ones do."""
    weights = _calibrated(samples["strat"], STRAT, method="raking", bounds=bounds)
    assert weights.g.min() >= bounds[0] * (1 - 1e-12)
    assert weights.g.max() <= bounds[1] * (1 + 1e-12)
    np.testing.assert_allclose(weights.margins["after"], weights.margins["target"], rtol=1e-10)
