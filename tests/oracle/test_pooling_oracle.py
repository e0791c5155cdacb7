"""Pooling: published and printed numbers of the BCG trials, and metafor 3.8-1 with its tolerances at 1e-14 (scripts/pooling_reference.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from commresearch.comparison.effects_model import fit_effects
from commresearch.comparison.meta_regression import coefficient_table, moderator_test, predicted_at
from commresearch.comparison.partial_pooling import blup_table
from commresearch.comparison.pooled_intervals import uncertainty
from commresearch.comparison.pooling import pool_effects
from commresearch.terms import Unit

DATA = Path(__file__).parent / "data"
SAME = 1e-8  #: relative; both sides solve smooth problems to 1e-14
NEAR_ZERO = 1e-12  #: absolute, beside it: a tau² of zero is zero on both sides, a p value of 1e-30 has no eight digits
KEYS = ["data", "quantity", "method", "test", "mods"]
ROWS = pd.read_csv(DATA / "pooling_reference.csv", keep_default_na=False, dtype={"value": float})
REFERENCE = {key: rows["value"].to_numpy() for key, rows in ROWS.groupby(KEYS, sort=False)}
OURS = {"EE": "common", "DL": "dl", "PM": "pm", "ML": "ml", "REML": "reml"}
INTERVAL = {"z": "wald", "knha": "knapp_hartung", "adhoc": "modified_knapp_hartung"}
SETS = {"bcg": 13, "bcg_10_12": 3, "bcg_1_4": 4, "bcg_9_13": 5, "md": 8, "md_1_5": 5}
REGRESSIONS = [(m, t, mods) for m in ("DL", "PM", "ML", "REML") for t in INTERVAL for mods in ("ablat", "ablat + year")]


def reference(data, quantity, method="", test="", mods=""):
    return REFERENCE[data, quantity, method, test, mods]


def close(found, wanted, *, rel=SAME):
    np.testing.assert_allclose(np.asarray(found, dtype=float), wanted, rtol=rel, atol=NEAR_ZERO)


@pytest.fixture(scope="module")
def trials():
    return pd.read_csv(DATA / "bcg.csv")


def frame_of(data, trials=None):
    yi, vi = reference(data, "yi"), reference(data, "vi")
    unit = "percentage_points" if data.startswith("md") else "log_points"
    frame = pd.DataFrame({"case_id": [f"c{i}" for i in range(len(yi))], "outcome": "tb", "definition": "as given", "unit": unit, "grade": "E3"})
    frame = frame.assign(estimate=yi, std_error=np.sqrt(vi))
    return frame if trials is None else frame.assign(ablat=trials["ablat"], year=trials["year"])


def test_the_effects_are_those_of_the_trials(trials):
    yi = np.log(trials["tpos"] / (trials["tpos"] + trials["tneg"])) - np.log(trials["cpos"] / (trials["cpos"] + trials["cneg"]))
    close(yi, reference("bcg", "yi"), rel=1e-13)
    assert yi.to_list()[:5] == pytest.approx([-0.8893113339202, -1.5853886572014, -1.3480731482997, -1.4415511900213, -0.2175473222113], abs=1e-12)


@pytest.mark.parametrize(
    ("method", "mean", "error", "tau2", "i2", "conf", "pred"),
    [
        ("dl", -0.7141172221, 0.1787420895, 0.3087602629, 92.1173, (-1.064445, -0.363789), (-1.858154, 0.429919)),
        ("reml", -0.71453234215814, 0.17978151610521, 0.31324325813648, 92.22138, (-1.06689763881, -0.36216704551), (-1.86669221790, 0.43762753359)),
        ("ml", -0.7111991392, 0.171896817, 0.280028171, 91.3783, (-1.048111, -0.374288), (-1.801716, 0.379317)),
        ("pm", -0.71496815349344, 0.18089219153762, 0.31806845220502, 92.3303, (-1.069510, -0.360426), (-1.875807, 0.445871)),
    ],
)
def test_printed_numbers_of_the_trials(method, mean, error, tau2, i2, conf, pred):
    """Printed by metafor, each to its digits; ML's tau² as metafor prints it by default, which is accurate to seven."""
    found = pool_effects(frame_of("bcg"), method=method, interval="wald")
    assert found.estimate == pytest.approx(mean, abs=2e-8 if method == "ml" else 1e-10)
    assert found.std_error == pytest.approx(error, abs=2e-8 if method == "ml" else 1e-10)
    assert found.tau2 == pytest.approx(tau2, abs=5e-8 if method == "ml" else 1e-10)
    assert found.i2 == pytest.approx(i2, abs=5e-5)
    assert (found.conf_low, found.conf_high) == pytest.approx(conf, abs=1e-9 if method == "reml" else 5e-7)
    assert (found.pred_low, found.pred_high) == pytest.approx(pred, abs=1e-9 if method == "reml" else 5e-7)


def test_tight_digits_of_the_trials():
    found = pool_effects(frame_of("bcg"), interval="knapp_hartung")
    assert found.tau2 == pytest.approx(0.31324325813648, abs=1e-13)
    assert (found.std_error, found.statistic, found.p_value) == pytest.approx((0.18079174409, -3.95223989, 0.00192001510), abs=5e-9)
    assert (found.conf_low, found.conf_high) == pytest.approx((-1.10844371369, -0.32062097063), abs=1e-10)
    assert (found.pred_low, found.pred_high) == pytest.approx((-1.99601683420, 0.56695214988), abs=1e-10)
    assert (found.tau2_low, found.tau2_high) == pytest.approx((0.119718361, 1.111479084), abs=1e-9)
    assert (found.i2_low, found.i2_high) == pytest.approx((81.92, 97.68), abs=0.005)
    assert found.q == pytest.approx(152.2330081, abs=5e-8)
    common = pool_effects(frame_of("bcg"), method="common", interval="wald")
    assert (common.estimate, common.std_error) == pytest.approx((-0.4302851637, 0.04049875171), abs=1e-10)
    assert pool_effects(frame_of("bcg"), method="dl").std_error == pytest.approx(0.1806966283, abs=1e-10)
    # PyMetaAnalysis 0.9.0 prints the convention of Higgins, Thompson and Spiegelhalter.
    third = found.prediction_intervals.set_index("convention").loc["t_k_minus_2"]
    assert (third["pred_low"], third["pred_high"]) == pytest.approx((-2.00838, 0.579311), abs=1e-5)


@pytest.mark.parametrize("data", SETS)
@pytest.mark.parametrize("method", OURS)
def test_pooled_effects_are_those_of_metafor(data, method):
    for test, interval in INTERVAL.items():
        if method == "EE" and test != "z":
            continue
        found = pool_effects(frame_of(data), method=OURS[method], interval=interval)
        assert found.k == SETS[data]
        wanted = reference(data, "effect", method, test)
        close([found.estimate, found.std_error, found.statistic, found.p_value, found.conf_low, found.conf_high], wanted)
        in_table = found.intervals.set_index("interval").loc[interval]
        close(in_table[["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]], wanted)
        if test == "z":
            close([found.tau2, found.i2, found.h2, found.q, found.q_p_value], reference(data, "heterogeneity", method, test))
            close(found.weights, reference(data, "weights", method, test))
        if method == "EE":
            continue
        close(found.blups["estimate"], reference(data, "blup", method, test))
        close(found.blups["std_error"], reference(data, "blup_se", method, test))
        close(found.blups["conf_low"], reference(data, "blup_low", method, test))
        if found.k >= 5:
            close([found.pred_low, found.pred_high], reference(data, "prediction", method, test))


@pytest.mark.parametrize("data", SETS)
def test_q_profile_intervals_are_those_of_metafor(data):
    found = pool_effects(frame_of(data))
    close([found.tau2_low, found.tau2_high, found.i2_low, found.i2_high, found.h2_low, found.h2_high], reference(data, "q_profile", "REML", "z"))


@pytest.mark.parametrize("data", [name for name, k in SETS.items() if k >= 5])
@pytest.mark.parametrize("method", ["DL", "REML"])
@pytest.mark.parametrize("test", INTERVAL)
def test_leave_one_out_is_metafor_fitted_without_each(data, method, test):
    table = pool_effects(frame_of(data), method=OURS[method], interval=INTERVAL[test]).leave_one_out
    names = {
        "b": "estimate", "se": "std_error", "low": "conf_low", "high": "conf_high", "tau2": "tau2", "I2": "i2", "H2": "h2", "Q": "q", "Qp": "q_p_value",
    }
    for theirs, ours in names.items():
        close(table[ours], reference(data, f"without_{theirs}", method, test))


@pytest.mark.parametrize(("method", "test", "mods"), REGRESSIONS)
def test_meta_regression_is_that_of_metafor(trials, method, test, mods):
    frame, names = frame_of("bcg", trials), tuple(mods.split(" + "))
    design = np.column_stack([np.ones(len(frame)), frame[list(names)].to_numpy(dtype=float)])
    fit = fit_effects(frame["estimate"].to_numpy(), frame["std_error"].to_numpy() ** 2, design, method=OURS[method])
    rule = uncertainty(INTERVAL[test], factor=fit.factor, df=fit.df)
    table = coefficient_table(fit, rule, names, 0.95, Unit.LOG_POINTS)
    of = {"b": "estimate", "se": "std_error", "p": "p_value", "low": "conf_low", "high": "conf_high"}
    for theirs, ours in of.items():
        close(table[ours], reference("bcg", theirs, method, test, mods))
    tested = moderator_test(fit, rule)
    close([tested.qm, tested.p_value], reference("bcg", "qm", method, test, mods))
    close([tested.r2], reference("bcg", "r2", method, test, mods))
    close([fit.tau2, fit.i2, fit.h2, fit.q, fit.q_p_value], reference("bcg", "heterogeneity", method, test, mods))
    predicted = predicted_at(fit, rule, frame["case_id"].to_numpy(), names, 0.95, Unit.LOG_POINTS)
    for theirs, ours in {"pred": "estimate", "pred_se": "std_error", "pi_low": "pred_low", "pi_high": "pred_high"}.items():
        close(predicted[ours], reference("bcg", theirs, method, test, mods))
    shrunken = blup_table(fit, rule, frame["case_id"].to_numpy(), 0.95, Unit.LOG_POINTS)
    close(shrunken["estimate"], reference("bcg", "blup", method, test, mods))
    close(shrunken["std_error"], reference("bcg", "blup_se", method, test, mods))
    if mods == "ablat":  # thirteen cases bear one moderator, so the public call gives the same
        found = pool_effects(frame, method=OURS[method], interval=INTERVAL[test], moderators=names)
        pd.testing.assert_frame_equal(found.coefficients, table)
        pd.testing.assert_frame_equal(found.predictions, predicted)
        assert (found.moderator_test.qm, found.moderator_test.p_value, found.moderator_test.r2) == (tested.qm, tested.p_value, tested.r2)


@pytest.mark.parametrize("mods", ["ablat", "ablat + year"])
def test_regression_without_tau_is_that_of_metafor(trials, mods):
    frame = frame_of("bcg", trials)
    design = np.column_stack([np.ones(len(frame)), frame[mods.split(" + ")].to_numpy(dtype=float)])
    fit = fit_effects(frame["estimate"].to_numpy(), frame["std_error"].to_numpy() ** 2, design, method="common")
    close(fit.coefficients, reference("bcg", "b", "EE", "z", mods))
    close(np.sqrt(np.diag(fit.covariance)), reference("bcg", "se", "EE", "z", mods))
    close([fit.tau2, fit.i2, fit.h2, fit.q, fit.q_p_value], reference("bcg", "heterogeneity", "EE", "z", mods))


@pytest.mark.parametrize(("ours", "theirs"), [("dl", "dl"), ("pm", "pm")])
def test_statsmodels_gives_the_same(ours, theirs):
    frame = frame_of("bcg")
    found = pool_effects(frame, method=ours, interval="wald")
    second = combine_effects(frame["estimate"].to_numpy(), frame["std_error"].to_numpy() ** 2, method_re=theirs, atol=1e-10)  # tighter, it may not converge and gives zero
    close([found.estimate, found.tau2], [second.mean_effect_re, second.tau2], rel=1e-9)
    close([found.q, found.std_error], [second.q, second.sd_eff_w_re], rel=1e-9)
