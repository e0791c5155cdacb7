"""Imputation: what is fitted, what is refused, and the test of earlier paths."""

import numpy as np
import pandas as pd
import pytest

from commresearch.errors import DesignError, EstimationError
from commresearch.impact.arrays import arrays_of
from commresearch.impact.group_time import group_time_effects
from commresearch.impact.imputation import imputation, imputed_effects
from commresearch.impact.imputation_pretrends import imputation_pre_trends, lead_test
from commresearch.terms import Estimand, Method
from commresearch.words import render_error
from tests.unit.test_impact_group_time import STARTS, frame_of, panel_of

EXACT = 1e-12  #: the same numbers by another order of sums


def test_exact_effects_are_found_whatever_is_missing():
    """Unit and period effects without noise: every treated month gives its effect back."""
    rng = np.random.default_rng(1)
    frame = frame_of(STARTS)
    starts = frame["g"].astype(float).to_numpy()
    effect = np.where(frame["t"] >= starts, 1.0 + frame["t"] - starts, 0.0)
    frame["y"] = np.repeat(rng.normal(size=9), 6) + np.tile(rng.normal(size=6), 9) + effect
    frame.loc[rng.random(len(frame)) < 0.15, "y"] = np.nan
    found = imputation(panel_of(frame), draws=50)
    assert found.path["estimate"].to_numpy() == pytest.approx([1, 2, 3, 4], abs=EXACT)
    assert (found.method, found.estimand) == (Method.IMPUTATION, Estimand.ATT)
    assert found.path["std_error"].max() < EXACT


def test_numbers_that_no_option_takes_and_outcomes_that_do_not_vary_are_refused():
    panel = panel_of(frame_of(STARTS))
    for options in ({"conf_level": "0.95"}, {"conf_level": 1.5}, {"seed": -1}, {"draws": -1}, {"anticipation": -1}):
        with pytest.raises(DesignError, match="CR-I14"):
            imputation(panel, **options)
    for level in ("0.95", 0.0):
        with pytest.raises(DesignError, match="CR-I14"):
            imputation_pre_trends(panel, conf_level=level)
        with pytest.raises(DesignError, match="CR-I14"):
            group_time_effects(panel, conf_level=level)
    with pytest.raises(DesignError, match="CR-I14"):
        group_time_effects(panel, control="not_yet").aggregate("dynamic", draws=9, seed=-1)
    flat = panel_of(frame_of(STARTS).assign(y=0.1))
    for call in (imputation, lambda p: group_time_effects(p, control="not_yet")):
        with pytest.raises(EstimationError, match="CR-I83"):
            call(flat)


def test_bands_and_options():
    panel = panel_of(frame_of([*[3] * 6, *[5] * 6, *[np.nan] * 6]))
    one = imputation(panel, draws=99, seed=4)
    assert (one.path["band_high"] > one.path["conf_high"]).all()
    assert imputation(panel).path["band_high"].isna().all()
    assert one.warnings == ()
    with pytest.raises(DesignError) as error:
        imputation(panel, bands="webb")
    assert "rademacher" in render_error(error.value, "en")


def test_anticipated_periods_are_not_fitted_and_have_effects_of_their_own():
    panel = panel_of(frame_of(STARTS))
    found = imputation(panel, anticipation=1)
    assert found.path["event_time"].tolist() == [-1, 0, 1, 2, 3]
    arrays = arrays_of(panel)
    late = imputed_effects(arrays, anticipation=1)
    assert late.overall == pytest.approx(np.nanmean(np.where(arrays.treated, late.effect, np.nan)), abs=EXACT)


def test_leaving_out_gives_more_variance_and_is_refused_where_a_cohort_has_one():
    panel = panel_of(frame_of(STARTS))
    assert imputation(panel, leave_out=True).std_error > imputation(panel).std_error
    with pytest.raises(DesignError) as error:
        imputation(panel_of(frame_of([3, 5, 5, np.nan, np.nan])), leave_out=True)
    assert "cohort 3 has a single assignment" in render_error(error.value, "en")
    assert "3 开始的一批" in render_error(error.value, "zh")


@pytest.mark.parametrize(
    ("starts", "code", "words"),
    [
        ([np.nan] * 3, "CR-I10", "None of the 3"),
        ([1, 3, 3, np.nan], "CR-I19", "unit “u00”"),
        ([3, 3, 4], "CR-I19", "period “4”"),
    ],
)
def test_what_is_not_identified_is_named(starts, code, words):
    with pytest.raises(DesignError) as error:
        imputation(panel_of(frame_of(starts)))
    assert {f.code for f in error.value.failures} == {code}
    assert words in render_error(error.value, "en")
    assert render_error(error.value, "zh")


def test_units_that_share_no_period_with_the_others_are_named():
    frame = frame_of([5, 5, np.nan, np.nan])
    frame.loc[frame["u"].isin(["u00"]) & (frame["t"] != 2) & (frame["t"] < 5), "y"] = np.nan
    frame.loc[~frame["u"].isin(["u00"]) & (frame["t"] == 2), "y"] = np.nan
    with pytest.raises(DesignError) as error:
        imputation(panel_of(frame))
    assert [f.values["name"] for f in error.value.failures] == ["u00"]


def test_a_cohort_without_treated_records_is_named():
    frame = frame_of(STARTS)
    frame.loc[(frame["g"] == 5) & (frame["t"] >= 5), "y"] = np.nan
    with pytest.raises(DesignError) as error:
        imputation(panel_of(frame))
    assert [(f.code, f.values["cohort"]) for f in error.value.failures] == [("CR-I13", "5")]


def test_earlier_paths_are_tested_before_the_start_only():
    rng = np.random.default_rng(5)
    frame = frame_of([*[7] * 12, *[9] * 12, *[np.nan] * 12], periods=range(1, 13))
    level = imputation_pre_trends(panel_of(frame))
    assert (level.name, level.passed) == ("imputation_pre_trends", True)
    assert level.table["event_time"].tolist() == [-3, -2, -1]
    assert set(level.table["df_2"]) == {35}
    assert "p = " in level.text("zh")
    starts = frame["g"].astype(float)
    frame["y"] += np.where(frame["t"] >= starts, 100 * rng.normal(size=len(frame)), 0)  # whatever happens after the start
    assert imputation_pre_trends(panel_of(frame)).table.equals(level.table)
    frame["y"] += np.where((frame["t"] < starts) & (frame["t"] >= starts - 2), 3.0, 0)
    bent = imputation_pre_trends(panel_of(frame))
    assert bent.passed is False
    assert "leave the path" in bent.text("en")


def test_leads_that_cannot_be_estimated_are_refused():
    panel = panel_of(frame_of([4, 4, 4, np.nan, np.nan]))
    assert imputation_pre_trends(panel).table["event_time"].tolist() == [-2, -1]
    for leads in (0, 3, 9):
        with pytest.raises(DesignError) as error:
            lead_test(arrays_of(panel), leads=leads)
        assert "1–2" in render_error(error.value, "en")


def test_without_treated_units_or_with_a_single_period_there_is_nothing_to_test():
    with pytest.raises(DesignError, match="CR-I10"):
        imputation_pre_trends(panel_of(frame_of([np.nan] * 3)))
    with pytest.raises(DesignError) as error:
        imputation_pre_trends(panel_of(frame_of([2, 2, 2])))
    assert [(f.code, f.values["allowed"]) for f in error.value.failures] == [("CR-I14", "—")]


def test_months_and_anticipation_in_the_lead_test():
    frame = frame_of([pd.Timestamp("2025-05-01")] * 3 + [pd.NaT] * 3, periods=pd.date_range("2025-01-01", periods=6, freq="MS"))
    found = lead_test(arrays_of(panel_of(frame)), leads=2, anticipation=1)
    assert found.event.tolist() == [-3, -2]
