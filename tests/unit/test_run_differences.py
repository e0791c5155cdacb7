"""Two hand-made runs side by side: what is unknown, what changed and by how much in its own unit, and what lay behind it."""

import json
import math

import pandas as pd
import pytest

from commresearch.errors import CaseError
from commresearch.records import RunRecord
from commresearch.records.results_store import COLUMNS, ResultsStore
from commresearch.terms import Language
from commresearch.words import render_error
from commresearch.workflow.run_difference_lines import difference_lines
from commresearch.workflow.run_differences import Changed, compare_runs

FIRST, SECOND = "20251103-141502", "20251201-090000"
DEFINITION = {"outcome": "youth_participation", "age_low": 14, "age_high": 35}
ROW = {
    "case_id": "binhai", "fictional": False, "outcome": "complaint_rate", "definition": json.dumps({"outcome": "complaint_rate", "repeat_days": 7}), "method": "poisson",
    "inference": "randomisation", "estimand": "att_percent", "estimate": -20.0, "std_error": 5.0, "conf_low": -30.0, "conf_high": -8.0, "conf_level": 0.95, "unit": "percent",
    "n_obs": 240, "n_units": 10, "n_clusters": 10, "n_treated": 3, "grade": "E3", "design": "comparison", "first_month": "2023-01", "last_month": "2024-12",
}


def record(inputs=None, versions=None, **settings):
    return RunRecord(
        key="k", made_on="", settings={"name": {"zh": "滨海"}, "seed": 7, "package": "aa", **settings}, inputs=inputs if inputs is not None else {"tickets.csv": "ab12cd34ef"}, outputs={},
        versions=versions if versions is not None else {"pandas": "3.1.0"},
    )


def put(store, run, *changes, made=None):
    frame = pd.DataFrame([dict.fromkeys(COLUMNS) | ROW | change for change in changes], columns=list(COLUMNS))
    store.put(run, record() if made is None else made, frame)


def lines(found, language="zh"):
    return "\n".join(difference_lines(found, Language(language)))


@pytest.fixture
def store(tmp_path):
    return ResultsStore(folder=tmp_path / "results")


def test_unknown_runs_are_told_together_with_those_that_are(store):
    put(store, FIRST, {})
    with pytest.raises(CaseError) as error:
        compare_runs(store, "2024", "2026")
    assert [f.code for f in error.value.failures] == ["CR-A01", "CR-A01"]
    assert f"{FIRST} (binhai)" in render_error(error.value, "en")


def test_a_case_that_neither_run_has_is_told(store):
    put(store, FIRST, {})
    put(store, SECOND, {})
    with pytest.raises(CaseError) as error:
        compare_runs(store, FIRST, SECOND, case="dixu")
    assert error.value.failures[0].code == "CR-A04"
    assert "binhai" in render_error(error.value, "zh")


def test_nothing_changed_is_said(store):
    for run in (FIRST, SECOND):
        put(store, run, {})
    found = compare_runs(store, FIRST, SECOND)[0]
    assert found.outcomes[0].is_same
    assert (found.inputs, found.versions, found.settings) == ((), (), ())
    assert "投诉率：没有变化，−20%（−30至−8%）" in lines(found)
    assert "Made from the same files and settings" in lines(found, "en")


def test_percent_and_points_move_by_percentage_points_and_rates_by_their_own_unit(store):
    others = [
        {"outcome": "youth_participation", "unit": "percentage_points", "estimate": 4.0, "conf_low": 1.0, "conf_high": 7.0},
        {"outcome": "own", "unit": "per_1000_households", "estimate": -2.0, "conf_low": -3.0, "conf_high": -1.0},
    ]
    put(store, FIRST, {}, *others)
    put(store, SECOND, {"estimate": -17.5}, {**others[0], "estimate": 5.5, "conf_high": 8.25}, {**others[1], "estimate": -1.75})
    found = compare_runs(store, FIRST, SECOND)[0]
    assert [one.moved for one in found.outcomes] == [{"estimate": 2.5}, {"estimate": 1.5, "conf_high": 1.25}, {"estimate": 0.25}]
    text = lines(found)
    assert "−20%（−30至−8%） → −18%（−30至−8%）；估计相差+2.50个百分点" in text
    assert "估计相差+1.50个百分点、区间上端相差+1.25个百分点" in text
    assert "每千户每月+0.250件" in text
    assert "moved by +2.50 percentage points" in lines(found, "en")


def test_logarithms_are_told_in_percent(store):
    put(store, FIRST, {"unit": "log_points", "estimate": math.log(0.8), "conf_low": math.log(0.7), "conf_high": math.log(0.9)})
    put(store, SECOND, {"unit": "log_points", "estimate": math.log(0.75), "conf_low": math.log(0.7), "conf_high": math.log(0.9)})
    one = compare_runs(store, FIRST, SECOND)[0].outcomes[0]
    assert one.moved == {"estimate": pytest.approx(-5.0)}
    assert one.after["unit"] == "percent"


def test_effects_in_different_units_are_not_subtracted(store):
    put(store, FIRST, {})
    put(store, SECOND, {"unit": "per_1000_households", "method": "group_time"})
    found = compare_runs(store, FIRST, SECOND)[0]
    assert found.outcomes[0].units == ("percent", "per_1000_households")
    assert found.outcomes[0].moved == {}
    assert "单位不同，不相减" in lines(found)
    assert "方法：泊松双重差分 → 分批双重差分（按批次和月份）" in lines(found)


def test_counts_grades_months_and_definitions_that_changed_are_named(store):
    put(store, FIRST, {"outcome": "youth_participation", "definition": json.dumps(DEFINITION)})
    put(store, SECOND, {"outcome": "youth_participation", "definition": json.dumps(DEFINITION | {"age_high": 30}), "n_units": 9, "grade": "E1", "last_month": "2025-06"})
    found = compare_runs(store, FIRST, SECOND)[0]
    one = found.outcomes[0]
    assert one.counts == (Changed(what="n_units", before=10, after=9),)
    assert one.definition == (Changed(what="age_high", before=35, after=30),)
    text = lines(found)
    for said in ("单元数：10 → 9", "证据等级：E3 → E1", "口径·年龄上限：35 → 30", "数据月份：2023-01 – 2024-12 → 2023-01 – 2025-06"):
        assert said in text
    assert "highest age: 35 → 30" in lines(found, "en")


def test_an_estimate_that_came_or_went_is_told_with_the_code(store):
    nothing = dict.fromkeys(("estimate", "std_error", "conf_low", "conf_high", "n_obs", "n_units", "n_clusters", "n_treated", "grade", "unit", "method")) | {"refusal": "CR-I04"}
    put(store, FIRST, nothing)
    put(store, SECOND, {}, {"outcome": "space_use"})
    found = compare_runs(store, FIRST, SECOND)[0]
    assert [one.is_same for one in found.outcomes] == [False, False]
    assert "不能估计（CR-I04） → −20%（−30至−8%）" in lines(found)
    assert "空间使用率：前一次没有这项结果" in lines(found)
    assert "space use: not in the second run" in lines(compare_runs(store, SECOND, FIRST)[0], "en")


def test_files_versions_settings_and_the_program_are_named(store):
    put(store, FIRST, {}, made=record({"tickets.csv": "ab12cd34ef", "old.csv": "1"}))
    put(store, SECOND, {}, made=record({"tickets.csv": "0012cd34ef", "new.csv": "2"}, {"pandas": "3.2.0"}, package="bb", seed=8))
    found = compare_runs(store, FIRST, SECOND)[0]
    text = lines(found)
    for said in ("内容变了的文件1个：tickets.csv（ab12cd34 → 0012cd34）", "新增的文件1个：new.csv", "去掉的文件1个：old.csv", "pandas 的版本：3.1.0 → 3.2.0", "种子：7 → 8", "本程序有改动"):
        assert said in text
    assert "滨海" not in text


def test_cases_of_one_run_only_are_said_to_be_so(store):
    put(store, FIRST, {})
    put(store, SECOND, {"case_id": "dixu", "fictional": True})
    put(store, SECOND, {})
    found = compare_runs(store, FIRST, SECOND)
    assert [one.case_id for one in found] == ["binhai", "dixu"]
    assert f"dixu：只在 {SECOND} 里有" in lines(found[1])
    assert [one.case_id for one in compare_runs(store, FIRST, SECOND, case="binhai")] == ["binhai"]


def test_simulated_data_are_said_to_be_so(store):
    for run in (FIRST, SECOND):
        put(store, run, {"fictional": True})
    assert "模拟数据" in lines(compare_runs(store, FIRST, SECOND)[0])


def test_a_difference_that_rounding_would_hide_is_said_to_be_small(store):
    put(store, FIRST, {})
    put(store, SECOND, {"estimate": -20.0001})
    assert "估计相差不到0.001个百分点" in lines(compare_runs(store, FIRST, SECOND)[0])
