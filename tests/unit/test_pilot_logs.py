"""Percent effects pooled as logarithms beside the percentages: where the logarithms come from, and what they give."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from commresearch.comparison import pool_effects
from commresearch.reporting import pilots_pooling
from commresearch.reporting.display import Table
from commresearch.reporting.pilots_page import PilotsPage, cell
from commresearch.terms import Language
from commresearch.workflow.pilot_comparison import compare_pilots
from commresearch.workflow.pilot_logs import LOG_COLUMNS, logs_of, pool_logs
from tests.unit.test_pilot_comparison import effects

LOG, ERROR = math.log(0.8), 0.06
TOLD = {"unit": "percent", "estimate": -20.0, "std_error": 100 * 0.8 * ERROR}


def with_logs(given, error=0.05):
    """Effects as a ratio method makes them: the error is that of the logarithm, told by the delta method."""
    logs = np.log1p(given.effects["estimate"] / 100)
    return replace(given, effects=given.effects.assign(log_ratio=logs, log_std_error=error, std_error=100 * np.exp(logs) * error))


@pytest.mark.parametrize("details", [{"log_ratio": LOG, "log_std_error": ERROR}, {"log_ratio": LOG, "df": 9.0}])
def test_the_logarithm_is_that_of_the_details_and_its_error_is_found_again(details):
    assert logs_of(TOLD | {"details": details}) == pytest.approx({"log_ratio": LOG, "log_std_error": ERROR})


@pytest.mark.parametrize("effect", [
    TOLD, TOLD | {"details": {}}, TOLD | {"details": {"log_ratio": None}}, TOLD | {"unit": "percentage_points", "details": {"log_ratio": LOG}},
    TOLD | {"estimate": -35.0, "details": {"log_ratio": LOG, "log_std_error": ERROR}},  # the logarithm is of another effect: the level at the start
])
def test_effects_that_are_no_ratio_have_none(effect):
    assert all(math.isnan(x) for x in logs_of(effect).values())


def test_an_error_that_is_not_there_is_not_made_up():
    found = logs_of(TOLD | {"std_error": None, "details": {"log_ratio": LOG}})
    assert found["log_ratio"] == LOG
    assert math.isnan(found["log_std_error"])


def test_logs_are_pooled_by_the_public_function_and_told_in_percent():
    frame = with_logs(effects()).effects
    found = pool_logs(frame, pool_effects(frame, seed=1), seed=1)
    logs = pool_effects(frame.assign(estimate=frame["log_ratio"], std_error=frame["log_std_error"], unit="log_points"), seed=1)
    for name in ("estimate", "conf_low", "conf_high", "pred_low", "pred_high"):
        assert getattr(found, name) == pytest.approx(100 * math.expm1(getattr(logs, name)))
    assert found.logs.i2 == logs.i2


def test_with_equal_errors_of_logs_the_percentages_lean_towards_the_fall():
    """No true difference between cases: logarithms weigh all alike, percentages weigh those that fell more."""
    logs = np.array([-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3])
    frame = pd.DataFrame({
        "case_id": list("abcdefg"), "outcome": "o", "definition": "d", "unit": "percent", "grade": "E3", "estimate": 100 * np.expm1(logs), "std_error": 100 * np.exp(logs) * 0.5,
        "log_ratio": logs, "log_std_error": 0.5,
    })
    percent = pool_effects(frame)
    assert pool_logs(frame, percent, seed=0).estimate == pytest.approx(0.0, abs=1e-9)
    assert percent.estimate < -3


@pytest.mark.parametrize("spoil", [
    lambda f: f.assign(log_ratio=f["log_ratio"].where(f.index > 0)), lambda f: f.assign(log_std_error=0.0), lambda f: f.drop(columns=list(LOG_COLUMNS)), lambda f: f.assign(unit="percentage_points"),
])
def test_one_effect_without_its_logarithm_leaves_percentages_alone(spoil):
    frame = spoil(with_logs(effects()).effects)
    assert pool_logs(frame, pool_effects(frame), seed=0) is None


def test_an_effect_that_does_not_enter_needs_none():
    frame = with_logs(effects()).effects
    frame = frame.assign(grade=["E1", *frame["grade"][1:]], log_ratio=frame["log_ratio"].where(frame.index > 0))
    assert pool_logs(frame, pool_effects(frame), seed=0).logs.k == len(frame) - 1


@pytest.fixture(scope="module")
def compared():
    return compare_pilots(with_logs(effects()))


@pytest.mark.parametrize(("language", "name"), [("zh", "比值的对数，换回百分比"), ("en", "logarithms of ratios, told in percent")])
def test_both_scales_stand_beside_one_another(compared, language, name):
    items = pilots_pooling.pooling(PilotsPage(found=compared, language=Language(language)))
    [scales] = [item for item in items if isinstance(item, Table) and item.id == "tbl-pilots-scales-complaint-rate"]
    assert [row[0] for row in scales.rows][1] == name
    logged = compared.logged["complaint_rate"]
    assert scales.rows[1][1] == cell(logged.estimate, logged.conf_low, logged.conf_high)


def test_without_logarithms_there_is_one_scale(compared):
    assert set(compared.logged) == {"complaint_rate"}
    page = PilotsPage(found=replace(compared, logged={}), language=Language.EN)
    assert not any("scales" in item.id for item in pilots_pooling.pooling(page) if isinstance(item, Table))


def test_a_ranking_is_said_to_be_worth_what_simulation_gives(compared):
    table = compared.ranking["complaint_rate"]
    assert len(table) == 16
    assert 0 < table["share_right"].iloc[0] < 1
