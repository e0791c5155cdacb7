import json
import math

import numpy as np
import pandas as pd
import pytest

from commresearch.comparison.pooling import pool_effects
from commresearch.comparison.pooling_policy import Stage
from commresearch.errors import EstimationError
from commresearch.terms import Language, Unit
from commresearch.words import render_error
from tests.unit.pooling_case import ESTIMATES, effects


def codes(frame, **options):
    with pytest.raises(EstimationError) as caught:
        pool_effects(frame, **options)
    for language in Language:
        assert "{" not in render_error(caught.value, language)
    return [(f.code, f.values.get("row"), f.values.get("column", f.values.get("name", f.values.get("option")))) for f in caught.value.failures]


# What is wrong with a table


def test_a_table_without_rows_or_columns():
    assert codes(effects().iloc[:0]) == [("CR-M10", None, None)]
    assert codes(effects().drop(columns=["unit", "definition"])) == [("CR-M11", None, "definition"), ("CR-M11", None, "unit")]
    assert codes(effects(), moderators=("ablat",)) == [("CR-M11", None, "ablat")]
    twice = pd.concat([effects(), effects()[["unit"]]], axis=1)
    assert codes(twice) == [("CR-M12", None, "unit")]


def test_every_fault_of_every_row_is_told_at_once():
    frame = effects().astype({"estimate": object, "std_error": object})
    frame.loc[0, "unit"] = ""
    frame.loc[1, "definition"] = None
    frame.loc[2, "unit"] = "pp"
    frame.loc[3, "grade"] = "E9"
    frame.loc[4, "estimate"] = "5.0"
    frame.loc[5, "estimate"] = np.nan
    frame.loc[6, "std_error"] = -0.9
    frame.loc[7, "std_error"] = 0.0
    frame.loc[8, "std_error"] = None
    frame.loc[9, "case_id"] = "city1"
    frame.loc[1, "definition"] = frame.loc[0, "definition"]
    frame.loc[0, "std_error"] = math.inf
    assert set(codes(frame)) == {
        ("CR-M13", 1, "unit"), ("CR-M14", 3, "unit"), ("CR-M14", 4, "grade"), ("CR-M15", 5, "estimate"), ("CR-M15", 6, "estimate"),
        ("CR-M16", 7, "std_error"), ("CR-M16", 8, "std_error"), ("CR-M15", 9, "std_error"), ("CR-M17", 10, None), ("CR-M15", 1, "std_error"),
    }


@pytest.mark.parametrize("column", ["case_id", "outcome", "definition", "unit", "grade"])
@pytest.mark.parametrize("blank", ["", "  ", None, math.nan])
def test_nothing_that_names_an_effect_may_be_blank(column, blank):
    frame = effects().astype({column: object})
    frame.loc[4, column] = blank
    assert codes(frame) == [("CR-M13", 5, column)]


def test_nothing_is_coerced():
    assert ("CR-M15", 1, "estimate") in codes(effects(estimate=[str(x) for x in ESTIMATES]))
    assert ("CR-M15", 1, "std_error") in codes(effects(std_error=True))
    assert ("CR-M15", 1, "old_town") in codes(effects(old_town="yes"), moderators=("old_town",))
    assert pool_effects(effects(estimate=pd.array(ESTIMATES, dtype="Float64"))).estimate == pool_effects(effects()).estimate


def test_a_case_counts_once():
    frame = effects()
    frame.loc[9, "case_id"] = "city3"
    assert codes(frame) == [("CR-M17", 10, None)]
    frame.loc[9, "grade"] = "E1"  # a published figure beside the estimate of the same case
    assert pool_effects(frame).k == 9
    frame.loc[9, ["grade", "definition"]] = ["E3", "another"]
    assert [r.key for r in pool_effects(frame).refusals] == ["refused_definitions"]


def test_moderators_that_cannot_be():
    assert codes(effects(), moderators=("std_error",)) == [("CR-M18", None, "std_error")]
    assert codes(effects(), moderators=("old_town", "old_town")) == [("CR-M18", None, "old_town")]
    assert codes(effects(old_town=1.0), moderators=("old_town",)) == [("CR-M19", None, None)]
    assert codes(effects(old_town=np.arange(10) * 3.0), moderators=("households", "old_town")) == [("CR-M19", None, None)]
    frame = effects()
    frame.loc[2, "households"] = math.nan
    assert codes(frame, moderators=("households",)) == [("CR-M15", 3, "households")]


def test_options_that_do_not_exist():
    wrong = {
        "method": "sj", "interval": "hksj", "prediction": "t", "conf_level": 95, "prior_scale": 0.0, "prior_mean_sd": -1.0, "seed": -1,
    }
    assert {found[2] for found in codes(effects(), **wrong)} == set(wrong)
    assert codes(effects(), prior_scale="wide") == [("CR-M20", None, "prior_scale")]
    with pytest.raises(EstimationError, match="CR-M20"):
        pool_effects(effects(), prior_scale=math.nan)


# What is sound but must not be pooled


def refused(found, *keys):
    assert [r.key for r in found.refusals] == list(keys)
    assert not found.pooled
    for name in ("estimate", "std_error", "conf_low", "tau2", "i2", "q", "pred_low"):
        assert math.isnan(getattr(found, name)), name
    for name in ("intervals", "prediction_intervals", "leave_one_out", "blups", "bayes", "rank_intervals", "funnel_points", "coefficients"):
        assert getattr(found, name).empty, name
    assert len(found.weights) == 0
    assert len(found.estimates) > 0
    assert not found.estimates["pooled"].any()
    for language in Language:
        assert "{" not in found.summary(language)
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("column", "value", "key"),
    [
        ("outcome", "youth_participation", "refused_outcomes"), ("definition", "used hours over fixed hours", "refused_definitions"),
        ("unit", "percent", "refused_units"), ("grade", "E4", "refused_grades"),
    ],
)
def test_unlike_effects_are_not_pooled(column, value, key):
    frame = effects()
    frame.loc[5:, column] = value
    found = pool_effects(frame)
    refused(found, key)
    assert found.refusals[0].cases == tuple(frame["case_id"])
    assert "(5)" in found.refusals[0].text("en")
    shared = {"outcome": found.outcome, "definition": found.definition, "unit": found.unit, "grade": found.grade}
    assert not shared.pop(column)
    assert all(shared.values())


def test_all_reasons_are_told():
    frame = effects(4)
    frame.loc[0, "unit"] = "percent"
    frame.loc[1, "outcome"] = "area_in_use"
    frame.loc[2, "grade"] = "E5"
    frame.loc[3, "grade"] = "E2"
    refused(pool_effects(frame), "refused_grade", "refused_outcomes", "refused_units", "refused_grades")


def test_published_figures_never_enter():
    frame = effects()
    frame.loc[:2, "grade"] = ["E0", "E1", "E2"]
    frame.loc[:2, "std_error"] = [math.nan, math.nan, 1.0]
    frame.loc[:2, "estimate"] = 1e6
    frame.loc[0, "unit"] = "percent"
    found, without = pool_effects(frame), pool_effects(effects().iloc[3:])
    assert found.estimate == without.estimate
    assert (found.k, found.unit, found.stage) == (7, Unit.PERCENTAGE_POINTS, Stage.PREDICTIVE)
    assert [r.key for r in found.refusals] == ["refused_grade"]
    assert found.refusals[0].cases == ("city0", "city1", "city2")
    assert not found.refusals[0].all_effects
    assert "city1 (E1)" in found.summary("zh")
    table = found.estimates
    assert table["pooled"].to_list() == [False] * 3 + [True] * 7
    assert table["reason"].to_list() == ["refused_grade"] * 3 + [""] * 7
    assert table["weight"].isna().to_list() == [True] * 3 + [False] * 7
    refused(pool_effects(effects(grade="E1", std_error=math.nan)), "refused_grade")
    assert codes(effects(grade="E1", std_error=-1.0))[0] == ("CR-M16", 1, "std_error")
    assert codes(effects(grade="E1", estimate=math.nan))[0] == ("CR-M15", 1, "estimate")


@pytest.mark.parametrize(("k", "stage"), [(1, Stage.SHOW), (2, Stage.SIDE_BY_SIDE)])
def test_one_or_two_cases_are_shown(k, stage):
    found = pool_effects(effects(k))
    refused(found, "refused_few")
    assert found.stage is stage
    assert found.estimates["estimate"].to_list() == ESTIMATES[:k]
    assert found.estimates["conf_low"].iloc[0] == pytest.approx(4.2 - 1.959964 * 1.1, abs=1e-6)


def test_moderators_need_ten_cases_each():
    refused(pool_effects(effects(9), moderators=("households",)), "refused_moderators")
    refused(pool_effects(effects(10), moderators=("households", "old_town")), "refused_moderators")
    assert pool_effects(effects(10), moderators="households").pooled


# What few cases bear


@pytest.mark.parametrize("k", [3, 4])
def test_three_or_four_cases_are_exploratory(k):
    found = pool_effects(effects(k))
    assert found.stage is Stage.EXPLORATORY
    assert found.warnings[0].key == "note_exploratory"
    assert math.isnan(found.pred_low)
    assert found.prediction_intervals.empty
    assert found.leave_one_out.empty
    assert found.funnel_points.empty
    assert found.bayes["quantity"].to_list() == ["mean", "tau", "predictive"]
    assert found.std_error >= found.intervals.set_index("interval").loc["wald", "std_error"]
    assert found.df == k - 1
    for said in (found.summary("zh"), found.summary("en")):
        assert str(k) in said
    assert "贝叶斯" in found.summary("zh")


def test_five_cases_have_prediction_and_leave_one_out():
    found = pool_effects(effects(5))
    assert found.stage is Stage.PREDICTIVE
    assert found.prediction_intervals["convention"].to_list() == ["z", "t_k_minus_1", "t_k_minus_2", "bayes"]
    assert found.leave_one_out["left_out"].to_list() == [f"city{i}" for i in range(5)]
    assert pool_effects(effects(10)).stage is Stage.FULL


def test_an_effect_without_a_standard_error_stays_outside_where_its_interval_comes_from_elsewhere():
    frame = effects(inference="cr3")
    frame.loc[1, ["std_error", "inference"]] = [math.nan, "randomisation"]
    found = pool_effects(frame)
    assert [(r.key, r.cases, r.all_effects) for r in found.refusals] == [("refused_error", (frame["case_id"][1],), False)]
    assert found.pooled
    assert found.k == len(frame) - 1
    assert codes(frame.drop(columns="inference")) == [("CR-M15", 2, "std_error")]
    alone = pool_effects(frame.iloc[[1]])
    assert [r.key for r in alone.refusals if r.all_effects] == ["refused_error"]
    assert not alone.pooled
