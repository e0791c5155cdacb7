import json
import math

import numpy as np
import pandas as pd
import pytest

from commresearch.comparison.effects_model import fit_effects
from commresearch.comparison.pooled_result import Comparison, Table
from commresearch.comparison.pooling import pool_effects
from commresearch.terms import Grade, Language, Unit
from tests.unit.pooling_case import ERRORS, ESTIMATES, effects


def test_the_conventions_of_prediction():
    wald, knapp = pool_effects(effects(), interval="wald"), pool_effects(effects(), interval="knapp_hartung")
    assert (wald.prediction, knapp.prediction) == ("z", "t_k_minus_1")
    for found in (wald, knapp):
        table = found.prediction_intervals.set_index("convention")
        assert (found.pred_low, found.pred_high) == tuple(table.loc[found.prediction, ["pred_low", "pred_high"]])
        assert not table["equals_confidence_interval"].any()
        for convention in ("z", "t_k_minus_1", "t_k_minus_2"):
            assert pool_effects(effects(), interval=found.interval, prediction=convention).pred_low == table.loc[convention, "pred_low"]
    half = 1.959963984540054 * math.sqrt(wald.std_error**2 + wald.tau2)
    assert wald.pred_high == pytest.approx(wald.estimate + half, rel=1e-12)


def test_without_differences_the_prediction_interval_says_that_it_is_no_more():
    frame = effects(6, estimate=[2.0, 2.1, 1.9, 2.0, 2.2, 1.8])
    for interval in ("wald", "knapp_hartung", "modified_knapp_hartung"):
        found = pool_effects(frame, interval=interval)
        assert found.tau2 == 0
        assert (found.pred_low, found.pred_high) == pytest.approx((found.conf_low, found.conf_high), rel=1e-12)
        table = found.prediction_intervals.set_index("convention")
        assert table["equals_confidence_interval"].to_list() == [True, True, True, False]
        assert table.loc["bayes", "pred_high"] > table.loc["z", "pred_high"]
        assert "note_no_variance" in {w.key for w in found.warnings}
        assert "等于" in found.summary("zh")
        assert "equals the confidence interval" in found.summary("en")
    below = pool_effects(frame, interval="knapp_hartung")
    wald = below.intervals.set_index("interval")["std_error"]
    assert wald["knapp_hartung"] < wald["wald"] == wald["modified_knapp_hartung"]
    assert "note_below_wald" in {w.key for w in below.warnings}


def test_effects_that_are_all_the_same():
    found = pool_effects(effects(estimate=2.0), interval="knapp_hartung")
    assert (found.estimate, found.q, found.std_error) == pytest.approx((2.0, 0.0, 0.0), abs=1e-12)
    assert (found.tau2, found.tau2_low, found.tau2_high) == (0.0, 0.0, 0.0)
    assert "note_below_wald" in {w.key for w in found.warnings}
    modified = pool_effects(effects(estimate=2.0))
    assert modified.std_error > 0
    assert pool_effects(effects(estimate=2.0), method="common").i2 == 0
    assert pool_effects(effects(estimate=2.0), method="common").leave_one_out["i2"].to_list() == [0.0] * 10
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_common_effect_predicts_nothing():
    found = pool_effects(effects(), method="common")
    w = 1 / np.array(ERRORS) ** 2
    assert found.estimate == pytest.approx((w @ ESTIMATES) / w.sum(), rel=1e-13)
    assert found.tau2 == 0
    assert math.isnan(found.pred_low)
    assert found.prediction_intervals.empty
    assert found.warnings[0].key == "note_common"
    assert found.weights.sum() == pytest.approx(100)


def test_percent_changes_lean_towards_falls():
    """Equal logarithms either way, .5 with an error of .1, are −39 and +65 percent; their common mean is −27 percent, not zero."""
    logs = np.array([-0.5, 0.5] * 3)
    percent = effects(6, unit="percent", estimate=100 * np.expm1(logs), std_error=100 * np.exp(logs) * 0.1)
    found = pool_effects(percent, method="common")
    assert found.estimate == pytest.approx(-26.9, abs=0.05)
    assert "note_percent" in {w.key for w in found.warnings}
    as_logs = pool_effects(effects(6, unit="log_points", estimate=logs, std_error=0.1), method="common")
    assert as_logs.estimate == pytest.approx(0, abs=1e-12)
    assert "note_percent" not in {w.key for w in as_logs.warnings}


def test_extremes_are_solved():
    for factor in (1e-6, 1e6):
        found = fit_effects(np.array(ESTIMATES) * factor, (np.array(ERRORS) * factor) ** 2)
        assert found.tau2 / factor**2 == pytest.approx(fit_effects(np.array(ESTIMATES), np.array(ERRORS) ** 2).tau2, rel=1e-11)
    apart = fit_effects(np.array([0.0, 1e6, -1e6, 2e6]), np.full(4, 1e-4))
    assert apart.tau2 == pytest.approx(np.var([0.0, 1e6, -1e6, 2e6], ddof=1) - 1e-4, rel=1e-12)
    one_precise = fit_effects(np.array([0.0, 1.0, 2.0]), np.array([1e-12, 1.0, 1.0]))
    assert np.isfinite(one_precise.tau2)


def test_moderators_leave_no_single_effect():
    found = pool_effects(effects(), moderators=("households",))
    assert math.isnan(found.estimate)
    assert found.coefficients["term"].to_list() == ["intercept", "households"]
    assert found.predictions["case_id"].to_list() == [f"city{i}" for i in range(10)]
    assert found.predictions["households"].to_list() == effects()["households"].to_list()
    assert 0 <= found.moderator_test.r2 <= 100
    assert (found.moderator_test.df, found.moderator_test.df2) == (1, 8)
    assert found.warnings[0].key == "note_moderators"
    for name in ("intervals", "prediction_intervals", "leave_one_out", "bayes", "rank_intervals", "funnel_points"):
        assert getattr(found, name).empty, name
    assert len(found.blups) == 10
    assert "households" in found.summary("en")
    json.dumps(found.to_dict(), allow_nan=False)
    wald = pool_effects(effects(), moderators=("households",), interval="wald").moderator_test
    assert math.isinf(wald.df2)


def test_bayes_draws_towards_the_mean_and_shows_its_prior():
    found = pool_effects(effects())
    assert found.prior.scale == pytest.approx(max(2 * np.median(ERRORS), np.std(ESTIMATES, ddof=1)))
    assert found.prior.mean_sd == pytest.approx(100 * max(np.median(ERRORS), np.abs(ESTIMATES).max()))
    mean = found.bayes.loc[0, "estimate"]
    for table in (found.bayes_cases, found.blups):
        between = (table["estimate"] - mean) * (np.array(ESTIMATES) - table["estimate"])
        assert (between > -1e-3).all(), "every case lies between its own estimate and the mean"
    table = found.prior_sensitivity
    assert table["prior_factor"].unique().tolist() == [0.25, 0.5, 1.0, 2.0, 4.0]
    tau = table[table["quantity"] == "tau"]["estimate"]
    assert tau.is_monotonic_increasing
    same = table[table["prior_factor"] == 1.0].drop(columns=["prior_factor", "prior_scale"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(same, found.bayes)
    own = pool_effects(effects(), prior_scale=0.1, prior_mean_sd=3.0)
    assert (own.prior.scale, own.prior.mean_sd) == (0.1, 3.0)
    assert own.bayes.loc[1, "estimate"] < found.bayes.loc[1, "estimate"]


def test_a_narrow_prior_of_tau_does_not_cut_off_the_data():
    """Effects that lie thousands of prior scales apart: the density peaks far beyond the scale."""
    found = pool_effects(effects(estimate=[1000.0 * x for x in ESTIMATES]), prior_scale=0.5)
    narrow = found.bayes.set_index("quantity")
    assert narrow.loc["tau", "estimate"] > 10 * 0.5
    assert narrow.loc["tau", "conf_high"] - narrow.loc["tau", "conf_low"] > 0.5


def test_ranks_are_intervals_in_the_order_given():
    found = pool_effects(effects(), seed=4)
    table = found.rank_intervals
    assert table.columns.to_list() == ["case_id", "rank_low", "rank_high", "level", "cases"]
    assert table["case_id"].to_list() == [f"city{i}" for i in range(10)]
    assert ((table["rank_low"] >= 1) & (table["rank_low"] <= table["rank_high"]) & (table["rank_high"] <= 10)).all()
    pd.testing.assert_frame_equal(table, pool_effects(effects(), seed=4).rank_intervals)
    far = pool_effects(effects(estimate=[1000.0 * x for x in ESTIMATES]), prior_scale=5000.0).rank_intervals
    assert far["rank_low"].to_list() == far["rank_high"].to_list() == pd.Series(ESTIMATES).rank(ascending=False).astype(int).to_list()


def test_funnel_limits_with_over_dispersion():
    found = pool_effects(effects())
    z = (np.array(ESTIMATES) - found.estimate) / np.array(ERRORS)
    points, limits = found.funnel_points, found.funnel_limits
    assert points["z_none"].to_list() == pytest.approx(z.tolist())
    phi = np.mean(np.clip(z, *np.quantile(z, [0.1, 0.9])) ** 2)
    assert phi > 1
    assert points["z_multiplicative"].to_list() == pytest.approx((z / math.sqrt(phi)).tolist())
    w = 1 / np.array(ERRORS) ** 2
    tau2 = (10 * phi - 9) / (w.sum() - (w**2).sum() / w.sum())
    assert points["z_additive"].to_list() == pytest.approx(((np.array(ESTIMATES) - found.estimate) / np.sqrt(1 / w + tau2)).tolist())
    assert points["outside_95_none"].to_list() == (np.abs(z) > 1.959964).tolist()
    assert limits["level"].unique().tolist() == [0.95, 0.998]
    plain = limits[(limits["over_dispersion"] == "none") & (limits["level"] == 0.998)]
    assert ((plain["limit_high"] - found.estimate) / plain["std_error"]).iloc[1:].to_list() == pytest.approx([3.090232306] * 40)
    assert plain["limit_low"].iloc[0] == plain["limit_high"].iloc[0] == found.estimate
    calm = pool_effects(effects(6, estimate=[2.0, 2.1, 1.9, 2.0, 2.2, 1.8])).funnel_points
    assert calm["z_none"].to_list() == calm["z_multiplicative"].to_list() == calm["z_additive"].to_list()


def test_directions_count_signs_and_nothing_else():
    frame = effects()
    frame.loc[0, "estimate"] = 0.0
    frame.loc[8:, "grade"] = "E1"
    table = pool_effects(frame).directions
    assert table[["grade", "cases", "up", "down", "none"]].to_numpy().tolist() == [["E3", 8, 6, 1, 1], ["E1", 2, 2, 0, 0]]
    assert table["cases_down"].to_list() == ["city4", ""]


# The result itself


def test_definitions_are_compared_by_what_they_say():
    frame = effects()
    frame["definition"] = ['{"a": 1, "b": 2}', '{"b": 2, "a": 1}'] * 5
    assert pool_effects(frame).pooled
    frame["definition"] = pd.Series([{"a": 1, "b": 2}, {"b": 2, "a": 1}] * 5)
    assert pool_effects(frame).pooled
    frame["definition"] = ["{not json", "{not json"] * 5
    assert pool_effects(frame).pooled


def test_members_and_numbers_may_name_things():
    frame = effects(unit=Unit.PERCENTAGE_POINTS, grade=Grade.E4, case_id=range(10))
    found = pool_effects(frame)
    assert found.unit is Unit.PERCENTAGE_POINTS
    assert found.grade is Grade.E4
    assert "试点使" in found.summary("zh")
    assert "raised" in found.summary("en")
    assert "associated" in pool_effects(effects()).summary("en")
    assert "reduced" not in pool_effects(effects(estimate=[-x for x in ESTIMATES])).summary("en")


def test_the_frame_given_is_left_alone_and_tables_are_copies():
    frame = effects()
    before = frame.copy()
    found = pool_effects(frame, moderators=("households",))
    pd.testing.assert_frame_equal(frame, before)
    table = found.estimates
    table.loc[0, "estimate"] = 99.0
    assert found.estimates.loc[0, "estimate"] == 4.2
    assert isinstance(Comparison.estimates, Table)
    assert Comparison.estimates.__doc__


def test_one_row_and_everything():
    found = pool_effects(effects())
    row = found.to_frame()
    assert len(row) == 1
    for name in ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "conf_level", "tau2", "tau2_low", "tau2_high", "i2", "h2", "q", "df"):
        assert row.loc[0, name] == getattr(found, name), name
    assert row.loc[0, "unit"] == "percentage_points"
    made = found.to_dict()
    json.dumps(made, allow_nan=False)
    assert made["leave_one_out"][0]["left_out"] == "city0"
    assert made["estimate"] == pytest.approx(found.estimate, rel=1e-14)
    assert set(made["summary"]) == {"zh", "en"}
    assert made["prior"]["scale"] == found.prior.scale
    wald = pool_effects(effects(), interval="wald").to_dict()
    assert wald["df"] is None  # the normal law


def test_logarithms_are_told_as_percent():
    frame = effects(unit="log_points", estimate=[-0.5, -0.4, -0.6, -0.5, -0.45, -0.55, -0.5, -0.52, -0.48, -0.5], std_error=0.05)
    found = pool_effects(frame)
    assert f"{100 * -math.expm1(found.estimate):.0f}%" in found.summary("en")
    assert "fall" in found.summary("en")
    wide = pool_effects(frame.iloc[:3].assign(std_error=300.0))
    assert "{" not in wide.summary("en")


def test_no_word_is_missing():
    for method in ("common", "dl", "pm", "ml", "reml"):
        for interval, convention in (("wald", "z"), ("knapp_hartung", "t_k_minus_1"), ("modified_knapp_hartung", "t_k_minus_2")):
            found = pool_effects(effects(), method=method, interval=interval, prediction=convention)
            assert all("{" not in found.summary(language) for language in Language)
    flat = pool_effects(effects(estimate=[0.001, -0.001] * 5)).summary("zh")
    assert "没有可见" in flat
