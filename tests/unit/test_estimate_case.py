"""Estimating a case: what stops it, what is refused of one outcome only, what is written, what is used again."""

import json
import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
import pytest

from commresearch.cases import load_case
from commresearch.errors import CaseError, CommResearchError
from commresearch.impact.design import detect_design
from commresearch.impact.plan_file import Plan, lock_plan, plan_text
from commresearch.outcomes import read_panel
from commresearch.records.effects import EFFECT_COLUMNS
from commresearch.terms import Inference, Language, Method, Outcome, Unit
from commresearch.words import render_error
from commresearch.workflow import build_case_panels, clean_logs, estimate_case, lock_case_plan
from commresearch.workflow.case_estimates import OUTCOMES_SEEN, published_claims, read_estimates
from commresearch.workflow.effect_variants import OTHER_DEFINITIONS, measure_name, panel_by_measure, units_touched, variants_of
from commresearch.workflow.outcome_estimates import KnownOfCase, outcome_record
from tests.unit.effect_case import name_plan, write_case

TODAY = pd.Timestamp("2026-03-02").date()
PLANNED = Plan(
    outcome="complaint_rate", estimand="att_percent", method="poisson", inference="randomisation", first_month="2023-01", last_month="2025-02",
    units=tuple(f"{101 + i}" for i in range(9)),
)


def codes(error):
    return [f.code for f in error.value.failures]


@cache
def estimated():
    root = Path(mkdtemp(prefix="effects-"))
    case = load_case(write_case(root / "wanghai"))
    return estimate_case(case, root / "out"), root


def record():
    return estimated()[0].outcomes[0]


def panel():
    return read_panel(estimated()[1] / "out" / "_panels" / "complaint_rate")


# what stops a case


def test_an_unknown_word_for_how_units_were_chosen_stops_the_case_and_is_named(tmp_path):
    case = load_case(write_case(tmp_path / "wanghai", chosen_by="lottery"))
    with pytest.raises(CommResearchError) as error:
        estimate_case(case, tmp_path / "out")
    for language in Language:
        assert "lottery" in render_error(error.value, language)
        assert "rollout.csv" in render_error(error.value, language)
    assert not (tmp_path / "out").exists()


def test_a_plan_that_was_changed_by_hand_is_told_before_anything_is_counted(tmp_path):
    folder = write_case(tmp_path / "wanghai")
    text = plan_text(lock_plan(PLANNED, today=TODAY, fingerprint="0" * 64))
    (folder / "plan.toml").write_text(text.replace('"poisson"', '"imputation"'), encoding="utf8")
    name_plan(folder)
    with pytest.raises(CaseError) as error:
        estimate_case(load_case(folder), tmp_path / "out")
    assert codes(error) == ["CR-I51"]
    assert "2026-03-02" in render_error(error.value, "zh")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"[plan]\noutcome = 1\n", "[plan]\n结果 = \"投诉\"\n".encode("gb18030")], ids=["keys are missing", "not UTF-8"])
def test_a_plan_that_cannot_be_read_is_told(tmp_path, content):
    folder = write_case(tmp_path / "wanghai")
    (folder / "plan.toml").write_bytes(content)
    name_plan(folder)
    with pytest.raises(CaseError) as error:
        estimate_case(load_case(folder), tmp_path / "out")
    assert codes(error) == ["CR-I50"]


def test_a_case_without_a_log_of_events_is_told_so(tmp_path):
    folder = write_case(tmp_path / "wanghai")
    text = (folder / "case.toml").read_text(encoding="utf8")
    (folder / "case.toml").write_text(text[: text.index("[[data]]")] + text[text.index("[analysis]"):], encoding="utf8")
    with pytest.raises(CaseError) as error:
        estimate_case(load_case(folder), tmp_path / "out")
    assert codes(error) == ["CR-F14"]


# what is refused of one outcome


def test_an_outcome_without_a_start_has_a_refusal_in_both_languages_and_stops_nothing(tmp_path):
    made = estimate_case(load_case(write_case(tmp_path / "wanghai", start=None, months=6)), tmp_path / "out")
    one = made.outcomes[0]
    assert made.estimated == []
    assert (one["estimate"], one["grading"], one["event_study"]) == (None, None, None)
    assert "CR-I04" in one["refusal"]["zh"]
    assert "No unit of the panel" in one["refusal"]["en"]
    table = pd.read_csv(made.folder / "effects.csv")
    assert len(table) == 1
    assert "CR-I04" in table.loc[0, "refusal"]
    assert math.isnan(table.loc[0, "estimate"])


# what is written


def test_everything_that_a_report_needs_is_written(tmp_path):
    made, root = estimated()
    content = json.loads((root / "out" / "_estimates" / "estimates.json").read_text(encoding="utf8"), parse_constant=pytest.fail)
    assert content == read_estimates(root / "out") == made.content
    assert (content["case"], content["seed"], content["conf_level"], content["fictional"], content["plan"]) == ("wanghai", 7, 0.95, True, None)
    one = content["outcomes"][0]
    effect = one["estimate"]
    assert effect["conf_low"] < -40 < effect["conf_high"] < 0
    assert (effect["case_id"], effect["unit"], effect["method"], effect["n_treated"]) == ("wanghai", "percent", "poisson", 3)
    assert one["grading"]["grade"] == effect["grade"] == one["grading"]["table"][-1]["grade"]
    assert set(one["grading"]["text"]) == {"zh", "en"} == set(one["definition"])
    assert one["event_study"]["path"][0]["event_time"] == -14
    assert one["starts"] == [{"month": "2024-03", "units": 3}]


def test_series_are_the_means_of_either_side():
    frame = panel().frame
    month = frame["month"] == pd.Timestamp("2024-05-01")
    sides = frame[month].groupby(frame["treated_from"].notna())["value"].mean()
    told = next(row for row in record()["series"] if row["month"] == "2024-05")
    assert told["treated"] == pytest.approx(sides[True])
    assert told["comparison"] == pytest.approx(sides[False])
    assert len(record()["series"]) == 26


def test_the_table_of_effects_has_one_row_per_outcome_in_the_vocabulary_and_marks_simulated_data():
    table = pd.read_csv(estimated()[0].folder / "effects.csv")
    assert list(table["outcome"]) == ["complaint_rate"]
    assert set(EFFECT_COLUMNS) <= set(table)
    assert table["fictional"].tolist() == [True]
    assert table.loc[0, "estimate"] == pytest.approx(record()["estimate"]["estimate"])


def test_a_second_run_uses_what_stands_and_a_changed_seed_makes_it_anew(tmp_path):
    case = load_case(write_case(tmp_path / "wanghai", units=6, months=16))
    told = []
    first = estimate_case(case, tmp_path / "out", progress=lambda *what: told.append(what))
    assert (first.reused, told) == ((), [("complaint_rate", 0, 1)])
    again = estimate_case(case, tmp_path / "out")
    assert again.reused == ("complaint_rate",)
    assert again.content == first.content
    (again.folder / "estimates.json").write_text("{", encoding="utf8")
    assert estimate_case(case, tmp_path / "out").reused == ()
    analysis = case.settings.analysis.model_copy(update={"seed": 8})
    other = replace(case, settings=case.settings.model_copy(update={"analysis": analysis}))
    assert estimate_case(other, tmp_path / "out").reused == ()


def test_claims_of_the_ledger_on_the_same_case_stand_beside_the_outcome(tmp_path):
    case = load_case(write_case(tmp_path / "wanghai", units=2, months=3))
    assert published_claims(case, tmp_path / "nowhere") == {}
    columns = ["claim_id", "case_id", "source_id", "headline", "text_zh", "text_en"]
    rows = [("w-1", "wanghai", "S1", "complaints", "投诉下降", "fell"), ("w-2", "wanghai", "S1", "", "其他", "other"), ("h-1", "huancui", "S2", "complaints", "甲", "a")]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "claims.csv", index=False)
    assert published_claims(case, tmp_path) == {"complaint_rate": [{"claim_id": "w-1", "text": {"zh": "投诉下降", "en": "fell"}}]}


# other ways


def test_other_definitions_and_methods_stand_beside_the_headline_each_in_its_unit():
    ways = {one["name"]: one for one in record()["sensitivities"]}
    assert {"cases_per_10000_residents", "cases", "additive", "two_way", "ferman_pinto"} <= set(ways)
    assert ways["cases"]["label"] == {"zh": "件数（折叠后）", "en": "cases (folded)"}
    assert [ways[n]["estimate"]["unit"] for n in ("cases", "additive", "two_way")] == ["percent", "per_1000_households", "per_1000_households"]
    assert ways["two_way"]["estimate"]["inference"] == "cr2"
    # households do not change: the count and the rate say the same
    assert ways["cases"]["estimate"]["estimate"] == pytest.approx(record()["estimate"]["estimate"])


def test_a_measure_that_says_the_same_or_nothing_is_no_other_way():
    made = panel()
    assert panel_by_measure(made, "no_such_measure") is None
    same = made.frame[["unit_id", "month", "numerator", "denominator", "value"]].assign(measure="same", unit=str(made.unit))
    assert panel_by_measure(replace(made, companions=same), "same") is None
    assert panel_by_measure(replace(made, companions=same.assign(value=np.nan)), "same") is None


def test_months_without_record_stay_missing_in_another_definition():
    made = panel()
    rows = made.frame[["unit_id", "month", "numerator", "denominator", "value"]].assign(measure="twice", unit="count", value=lambda f: 2 * f["value"])
    frame = made.frame.copy()
    frame.loc[:3, "live"] = False
    frame.loc[:3, ["value", "numerator"]] = np.nan
    other = panel_by_measure(replace(made, frame=frame, companions=rows), "twice")
    assert other.unit is Unit.COUNT
    assert other.frame.loc[:3, "value"].isna().all()
    assert other.frame.loc[4:, "value"].to_numpy() == pytest.approx(2 * made.frame.loc[4:, "value"].to_numpy())


def test_units_with_other_programmes_in_the_months_of_the_panel_are_left_out_once():
    made = panel()
    rows = [("104", "2023-05-01", None), ("105", "2019-01-01", "2020-01-01"), ("*", "2023-01-01", None), ("999", "2023-01-01", None), ("106", "2025-03-01", None)]
    programmes = pd.DataFrame(rows, columns=["unit_id", "starts_on", "ends_on"]).assign(kind="创城")
    assert units_touched(made, programmes) == {"104"}
    assert units_touched(made, programmes.iloc[:0]) == set()
    found = outcome_record(Outcome.COMPLAINT_RATE, made, KnownOfCase(case_id="x", seed=0, conf_level=0.95, programmes=programmes))
    way = next(one for one in found["sensitivities"] if one["name"] == "without_programmes")
    assert way["label"]["zh"] == "去掉同期有其他项目的单元"
    assert (way["estimate"]["n_units"], found["estimate"]["n_units"]) == (8, 9)


def test_every_other_definition_has_a_name_in_both_languages():
    for measures in OTHER_DEFINITIONS.values():
        for measure in measures:
            assert all(measure_name(measure, language) != measure for language in Language), measure


def test_a_way_that_cannot_be_gone_has_a_refusal_of_its_own():
    made = panel()
    halves = made.frame[["unit_id", "month"]].assign(measure="cases", numerator=0.5, denominator=np.nan, value=0.5, unit="count")
    known = KnownOfCase(case_id="x", seed=0, conf_level=0.9)
    found = outcome_record(Outcome.COMPLAINT_RATE, replace(made, companions=halves), known)
    way = next(one for one in found["sensitivities"] if one["name"] == "cases")
    assert found["estimate"]["conf_level"] == 0.9
    assert way["estimate"] is None
    assert way["refusal"]["en"].startswith("[CR-I")


def test_where_all_begin_at_once_there_is_no_path_and_before_and_after_is_the_other_way():
    made = panel()
    months = pd.date_range("2021-01-01", periods=40, freq="MS")
    rng = np.random.default_rng(1)
    frame = pd.concat([
        made.frame.iloc[:1].loc[lambda f: f.index.repeat(40)].assign(
            unit_id=unit, community_id=unit, assignment_id=unit, month=months, treated_from=months[26], value=rng.poisson(20, 40) + 0.0, denominator=1000.0,
        ) for unit in ("a", "b", "c")
    ], ignore_index=True)
    frame["numerator"] = frame["value"]
    record = outcome_record(Outcome.COMPLAINT_RATE, replace(made, frame=frame, companions=made.companions.iloc[:0]), KnownOfCase(case_id="x", seed=0, conf_level=0.95))
    assert record["estimate"]["method"] == "interrupted_series"
    assert (record["event_study"], record["event_study_refusal"]) == (None, None)
    assert [one["name"] for one in record["sensitivities"]] == ["before_after"]
    assert all(row["comparison"] is None for row in record["series"])


# the plan


def test_what_is_done_otherwise_than_planned_is_listed_and_the_planned_way_is_gone_too(tmp_path):
    made = panel()
    plan = lock_plan(replace(PLANNED, method="two_way_fixed_effects", inference="wild_bootstrap"), today=TODAY, fingerprint="0" * 64)
    found = outcome_record(Outcome.COMPLAINT_RATE, made, KnownOfCase(case_id="x", seed=0, conf_level=0.95, plan=plan))
    assert len(found["deviations"]) == 2
    assert "双向固定效应" in found["deviations"][0]["zh"]
    way = found["sensitivities"][-1]
    assert (way["name"], way["estimate"]["method"], way["estimate"]["inference"]) == ("as_planned", "two_way_fixed_effects", "wild_bootstrap")
    same = lock_plan(PLANNED, today=TODAY, fingerprint="0" * 64)
    assert outcome_record(Outcome.COMPLAINT_RATE, made, KnownOfCase(case_id="x", seed=0, conf_level=0.95, plan=same))["deviations"] == []
    other = lock_plan(replace(PLANNED, outcome="space_use"), today=TODAY, fingerprint="0" * 64)
    told = outcome_record(Outcome.COMPLAINT_RATE, made, KnownOfCase(case_id="x", seed=0, conf_level=0.95, plan=other))
    assert "exploratory" in told["deviations"][0]["en"]
    assert all(one["name"] != "as_planned" for one in told["sensitivities"])


def test_a_method_that_no_program_knows_is_only_told():
    made = panel()
    design = detect_design(made)
    plan = lock_plan(replace(PLANNED, method="by_hand"), today=TODAY, fingerprint="0" * 64)
    assert all(variant.name != "as_planned" for variant in variants_of(Outcome.COMPLAINT_RATE, made, design, plan))
    assert (design.method, design.inference) == (Method.POISSON, Inference.RANDOMISATION)


def test_a_plan_of_an_outcome_without_a_panel_is_said_and_one_that_came_late(tmp_path):
    folder = write_case(tmp_path / "wanghai", units=6, months=16)
    plan = lock_plan(replace(PLANNED, outcome="space_use", notes=OUTCOMES_SEEN), today=TODAY, fingerprint="0" * 64)
    (folder / "plan.toml").write_text(plan_text(plan), encoding="utf8")
    name_plan(folder)
    told = estimate_case(load_case(folder), tmp_path / "out").content["plan"]
    assert (told["key"], told["locked_on"], told["outcome"]) == (plan.key, "2026-03-02", "space_use")
    assert "空间使用率" in told["status"]["zh"]
    assert "beforehand" in told["status"]["en"]


def test_a_plan_locked_on_the_same_design_has_no_deviations(tmp_path):
    folder = write_case(tmp_path / "wanghai", units=6, months=16)
    case = load_case(folder)
    logs = clean_logs(case, tmp_path / "out")
    lock_case_plan(case, build_case_panels(case, logs, tmp_path / "out"), logs, today=TODAY)
    name_plan(folder)
    made = estimate_case(load_case(folder), tmp_path / "out")
    assert made.outcomes[0]["deviations"] == []
    assert "beforehand" in made.content["plan"]["status"]["en"]
