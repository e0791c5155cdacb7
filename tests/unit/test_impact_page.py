"""The report on the impact of a case: its numbers are those of the file, its words those of the grade, and it works where much is missing."""

import json
import math
import re
import string
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest

from commresearch.errors import CaseError
from commresearch.impact.grade import STEPS
from commresearch.records.effects import Effect
from commresearch.reporting import impact_figures, impact_outcomes, impact_reading, impact_summary
from commresearch.reporting.display import Figure, Table
from commresearch.reporting.impact_page import ImpactPage, open_page
from commresearch.reporting.impact_tables import (
    before_and_after,
    by_unit,
    check_lines,
    effect_of,
    left_out,
    limits_of,
    outside_zero,
    path_of,
    wrapped,
)
from commresearch.simulate.panels import PanelSpec
from commresearch.terms import ChosenBy, Inference, Language, Method, Unit
from commresearch.words import entries
from tests.conftest import ROOT
from tests.unit.impact_case import ABOUT, body_of, both, case, entry_of, figure, items_of, opened, panel_of, table, write_case

#: verbs that no grade below E4 allows; of the pilot, so that “return to the mean may bring …” is not meant
CAUSAL = {
    Language.ZH: re.compile(r"使[^用得]{0,14}(减少|增加|下降|提高|提升|上升)|导致|带来了|得益于|归功于|促进了|见效|成效"),
    Language.EN: re.compile(r"\b(caus\w+|led to|leads to|resulted in|thanks to|because of the pilot|reduced|raised|improved)\b", re.IGNORECASE),
}
GRADE_ROW = re.compile(r"\| E[0-5] \|.*")  #: of the table that quotes what each grade allows


@pytest.fixture(scope="module")
def bodies():
    return {language: body_of(opened(language)) for language in Language}


def entry(name):
    return next(e for e in case()["outcomes"] if e["outcome"] == name)


def page_with(*entries_, language="zh", **about):
    return ImpactPage(case={**deepcopy(ABOUT), "plan": None, "outcomes": list(entries_), **about}, language=Language(language))


# ---------------------------------------------------------------- both languages


def test_both_languages_show_the_same_tables_and_figures_in_the_same_order(bodies):
    chinese, english = (re.findall(r"\{#((?:tbl|fig)-[\w-]+)", bodies[language]) for language in Language)
    assert chinese == english
    assert len(set(chinese)) == len(chinese) >= 25


def test_nothing_unfilled_reaches_a_page(bodies):
    for body in bodies.values():
        assert not re.search(r"(?<![A-Za-z])(nan|None|NaT|inf|NA)(?![A-Za-z])|<object|\{\w+\}|CR-[A-Z]\d\d", body.replace("{#", ""))


def test_chinese_prose_has_full_width_punctuation(bodies):
    written = re.sub(r"\{#[^}]*\}|\|[-:|]+\||\S+\.(csv|parquet|json|toml)", " ", bodies[Language.ZH])
    assert re.findall(r"[\u4e00-\u9fff][,;:?()!]|[,;:?()!][\u4e00-\u9fff]", re.sub(r"“[^”]*”", "", written)) == []


def test_no_chinese_leaks_into_english(bodies):
    assert re.findall(r"[\u4e00-\u9fff]+", re.sub(r"\([^()]*(\([^()]*\)[^()]*)*\)", "", bodies[Language.EN])) == []


def test_minus_signs_are_true_and_no_p_value_is_zero(bodies):
    for body in bodies.values():
        prose = re.sub(r"\{#[^}]*\}|\|[-:|]+\|", " ", body)
        assert re.findall(r"(?<![\w.-])-\d", prose) == []
        assert not re.search(r"p = 0\.00(?!\d)", prose)


#: keys that are put together from a vocabulary
BUILT = re.compile(r"(axis|short|inference|chosen|left|ref|reading|reading_inference|steps|panels|study)_\w+")


def test_every_text_is_used_and_stands_in_both_languages_with_the_same_values():
    source = "\n".join(p.read_text(encoding="utf8") for p in (ROOT / "commresearch" / "reporting").glob("impact_*.py"))
    for key, pair in entries("impact").items():
        assert re.search(rf'"(impact\.)?{re.escape(key)}"', source) or BUILT.fullmatch(key), key
        fields = [sorted({name for _, name, _, _ in string.Formatter().parse(pair[language]) if name}) for language in ("zh", "en")]
        assert fields[0] == fields[1], key
        assert not re.search(r"[\u4e00-\u9fff][,;?()]|[,;?()][\u4e00-\u9fff]", pair["zh"]), key


def test_every_inference_way_of_choosing_and_reason_of_leaving_out_has_words():
    texts = set(entries("impact"))
    assert {f"inference_{i}" for i in Inference} | {f"chosen_{c}" for c in ChosenBy} <= texts
    assert {f"axis_{u}" for u in Unit if u is not Unit.LOG_POINTS} <= texts
    assert {f"ref_{m}" for m in Method} - texts == {"ref_before_after", "ref_repeated_sections"}  # nothing to cite; surveys have a report of their own
    source = "\n".join(p.read_text(encoding="utf8") for p in (ROOT / "commresearch" / "impact").glob("*.py"))
    written = set(re.findall(r'reason="(\w+)"', source)) | set(re.findall(r'\(~?\w+, "(\w+)"\)', source)) | {"blocked", "partial_month", "late_record", "unpaired"}
    assert {f"left_{reason}" for reason in written if reason not in STEPS or reason == "late_record"} <= texts


# ---------------------------------------------------------------- words by grade


def test_no_causal_verb_below_the_grade_that_allows_it(bodies):
    for language, body in bodies.items():
        assert CAUSAL[language].findall(GRADE_ROW.sub("", body)) == [], language
    assert "不能归因于试点" in bodies[Language.ZH]
    assert "associated with the pilot" in bodies[Language.EN]


def test_a_drawn_pilot_is_said_as_an_effect():
    panel, made = panel_of(PanelSpec(units=16, treated=7, effect=-40.0), "complaint_rate", "per_1000_households")
    made.rollout["chosen_by"] = "random"
    found = entry_of(panel, made, both("件数。", "Cases."))
    assert found["grading"]["grade"] == "E5"
    text = body_of(page_with(found))
    assert "试点使投诉率减少" in text
    assert "可以这样说：“使……减少（增加）”" in text
    assert "试点单元由抽签决定" in text


@pytest.mark.parametrize(("language", "stamp"), [("zh", "模拟数据"), ("en", "Simulated data")])
def test_simulated_data_are_stamped_everywhere_and_others_nowhere(language, stamp):
    for item in items_of(opened(language)):
        if isinstance(item, Table | Figure):
            assert item.note.startswith(stamp), item.id
        if isinstance(item, Figure):
            assert any(t.get_text() == stamp for t in item.drawing.findobj(lambda a: hasattr(a, "get_text"))), item.id
    assert stamp not in body_of(page_with(entry("space_use"), language=language, fictional=False))


# ---------------------------------------------------------------- numbers


def test_tables_fit_a_page():
    for language in Language:
        for item in items_of(opened(language)):
            if isinstance(item, Table):
                assert len(item.header) <= 7, item.id
                assert sum(item.widths) == 100, item.id
                assert {len(item.header)} == {len(row) for row in item.rows} | {len(item.align)} | {len(item.widths)}, item.id
                assert item.rows, item.id


def test_the_table_of_effects_holds_the_numbers_of_the_file():
    shown = {row[0]: row for row in table(opened("en"), "effects").rows}
    assert len(shown) == 3
    for name, label in (("complaint_rate", "Complaint rate"), ("youth_participation", "Youth participation"), ("space_use", "Space use")):
        estimate, row = entry(name)["estimate"], shown[label]
        numbers = [float(n.replace("−", "-")) for n in re.findall(r"[−+]?[\d.]+", row[1])]
        digits = len(row[1].split()[0].partition(".")[2])
        assert numbers == [round(estimate[k], digits) for k in ("estimate", "conf_low", "conf_high")]
        assert row[5] == f"{estimate['n_units']} / {estimate['n_clusters']} / {estimate['n_treated']}"
        assert row[6] == estimate["grade"] == entry(name)["grading"]["grade"]
    assert shown["Complaint rate"][2] == "relative change, %"
    assert shown["Space use"][2] == "percentage points"


def test_the_first_screen_says_the_sentences_of_the_file_and_what_was_not_estimated():
    page = opened()
    said = next(i.text for i in impact_summary.first_screen(page) if getattr(i, "text", "").startswith("- "))
    lines = said.split("\n")
    assert len(lines) == 4
    assert "投诉率下降" in lines[0]  # in the order of outcomes, not of the file
    assert lines[0][2:].replace("\\", "") == page.both(entry("complaint_rate")["estimate"]["summary"])
    assert lines[3] == "- 在用面积占比：没有估计，原因见下文。"
    cells = table(page, "summary")
    assert cells.header[1:] == ["投诉率", "青年参与率", "空间使用率", "在用面积占比"]
    assert cells.rows[0][4] == "没有估计"
    assert cells.rows[3][1] == "6个试点，12个对照"
    text = body_of(page)
    assert "没有一个单元开始试点" in text
    assert "材料称投诉下降四成" in text


def test_checks_stand_with_the_path_of_the_grade():
    for name in ("complaint_rate", "youth_participation", "space_use"):
        found = entry(name)
        rows = table(opened(), f"checks-{name.replace('_', '-')}").rows
        assert [row[4] for row in rows[1:]] == [line["grade"] for line in found["grading"]["table"][1:]]
        assert rows[0][4] == "最高E3"
        assert rows[-1][4] == found["estimate"]["grade"]
        verdicts = {True: "通过", False: "未通过", None: "未判定"}
        assert [row[2] for row in rows[1:]] == [verdicts[check["passed"]] for check in found["estimate"]["checks"]]
        assert all(len(row[1]) > 5 for row in rows[1:])
    failed = {line.name for line in check_lines(entry("youth_participation")) if line.passed is False}
    assert "pre_trends" in failed
    steps = {row[0]: row for row in table(opened(), "steps").rows}
    assert len(steps) == len(STEPS)
    assert steps["试点前的走势"][1:] == ["−1", "−1", "0", "青年参与率"]
    assert {row[0] for row in steps.values() if "青年参与率" in row[4]} == {entries("effects")[f"check_{name}"]["zh"] for name in failed}
    assert next(row for row in table(opened(), "designs").rows if row[1] == "E3")[2] == "投诉率、青年参与率、空间使用率"


def test_the_caveats_are_the_warnings_of_the_file():
    body = body_of(opened("en"))
    warnings = entry("youth_participation")["estimate"]["warnings"]
    assert f"To know before reading this number ({len(warnings)})" in body
    for warning in warnings:
        assert opened("en").both(warning["text"]) in body.replace("\\", "")


def test_outcomes_of_which_the_same_holds_are_graded_in_one_line():
    box = impact_summary.first_screen(opened())[3].text
    assert re.findall(r"\*\*(.*?)\*\*", box) == ["投诉率、空间使用率。", "青年参与率。"]
    assert box.count("可以这样说：“估计与试点有关的变化为……”") == 1


def test_other_ways_stand_beside_the_main_result_and_units_never_share_an_axis():
    rows = table(opened("en"), "others-complaint-rate").rows
    assert [row[0] for row in rows] == ["Main result", "Two-way fixed effects (differences)", "Imputation (differences)", "Randomisation inference", "An inference that does not fit"]
    assert rows[4][1] == "no estimate"
    assert "has no inference" in rows[4][3]
    drawing = figure(opened("en"), "forest-complaint-rate").drawing
    assert [axes.get_xlabel() for axes in drawing.axes] == ["relative change, %", "per 1,000 households and month"]
    points = [float(line.get_xdata()[0]) for axes in drawing.axes for line in axes.get_lines() if line.get_marker() in {"o", "s"}]
    ways = entry("complaint_rate")["sensitivities"]
    assert points == pytest.approx([entry("complaint_rate")["estimate"]["estimate"], ways[2]["estimate"]["estimate"], *(w["estimate"]["estimate"] for w in ways[:2])])
    assert "另有1种没有得出估计" in body_of(opened())


def test_the_figure_of_months_since_the_start_is_drawn_from_the_path():
    study = entry("complaint_rate")["event_study"]
    path = path_of(study)
    drawing = figure(opened(), "study-complaint-rate").drawing.axes[0]
    drawn = {int(x): float(y) for line in drawing.get_lines() if line.get_marker() in {"o", "D"} for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)}
    assert drawn == pytest.approx({int(row["event_time"]): row["estimate"] for row in study["path"]})
    hollow = next(line for line in drawing.get_lines() if line.get_marker() == "o" and line.get_markerfacecolor() == "white")
    assert max(hollow.get_xdata()) < -1
    rows = table(opened(), "path-complaint-rate").rows
    assert [row[0].replace("−", "-") for row in rows] == [str(t) for t in path["event_time"]]
    assert [float(row[1].replace("−", "-")) for row in rows] == pytest.approx([round(v, 2) for v in path["estimate"]])
    base = next(row for row in rows if row[0] == "−1")
    assert base[1:] == ["0.00", "—", "—"]
    out = outside_zero(path)
    assert out.all_before + out.all_after == len(path) - 1
    assert f"开始以前{out.all_before}个月中{out.before}个" in figure(opened(), "study-complaint-rate").caption


def test_the_series_are_drawn_as_they_stand_with_starts_and_changes_of_recording():
    found, drawn = entry("complaint_rate"), figure(opened(), "series-complaint-rate")
    axes = drawn.drawing.axes[0]
    lines = {line.get_label(): line for line in axes.get_lines() if len(line.get_xdata()) > 2}
    for label, side in (("试点单元", "treated"), ("对照单元", "comparison")):
        assert list(lines[label].get_ydata()) == pytest.approx([row[side] for row in found["series"]])
    assert {t.get_text() for t in axes.texts} == {"口径变化1", "口径变化2", "开始3个"}
    assert "1＝2023年6月，类别口径调整（全部单元）" in drawn.note
    assert "2＝2025年4月，热线归并（3个单元）" in drawn.note
    frame = pd.DataFrame(found["series"]).assign(month=lambda t: pd.to_datetime(t["month"]))
    before = frame.loc[frame["month"] < "2024-03", "treated"].mean()
    after = frame.loc[frame["month"] >= "2024-09", "treated"].mean()
    assert f"试点由{before:.2f}到{after:.2f}" in drawn.caption
    assert figure(opened(), "series-youth-participation").drawing.axes[0].get_ylabel() == "%"  # a level is no difference


def test_gaps_of_a_series_stay_gaps():
    found = deepcopy(entry("space_use"))
    found["series"][3] |= {"treated": None, "comparison": None}
    drawn = next(i for i in impact_outcomes.outcome(page_with(found), found) if isinstance(i, Figure)).drawing.axes[0]
    line = next(x for x in drawn.get_lines() if x.get_label() == "试点单元")
    assert np.isnan(np.asarray(line.get_ydata(), dtype=float)[3])
    gap = pd.DataFrame({"month": pd.to_datetime(["2024-01", "2024-02", "2024-03"]), "treated": [1.0, np.nan, 3.0], "comparison": [2.0, 2.0, 2.0]})
    assert before_and_after(gap, [pd.Timestamp("2024-03")])["treated"] == (1.0, 3.0)


def test_every_figure_has_an_alternative_text_with_its_numbers():
    for language in Language:
        for item in items_of(opened(language)):
            if isinstance(item, Figure):
                assert len(item.alt) > 60, item.id
                assert len(re.findall(r"\d", item.alt)) > 8, item.id


# ---------------------------------------------------------------- what was left out, plan


def test_what_was_left_out_is_told_by_reason():
    rows = table(opened(), "left-youth-participation").rows
    assert rows == [["只记录了一部分的月份", "0", "2", "2", "U001、U002"]]
    assert "没有去掉单元" in body_of(opened())
    many = [{"unit_id": f"u{i}", "reason": "late_record", "months": 0, "whole": True} for i in range(9)] + [{"unit_id": "x", "reason": "partial_month", "months": 4, "whole": False}]
    assert [(g.reason, g.whole, g.part, g.months, len(g.units)) for g in left_out(many)] == [("late_record", 9, 0, 0, 9), ("partial_month", 0, 1, 4, 1)]
    found = deepcopy(entry("space_use"))
    found["estimate"]["dropped"] = many
    assert table(page_with(found, language="en"), "left-space-use").rows[0][4] == "u0, u1, u2, u3, u4, u5 and others (9 in all)"


def test_the_plan_and_its_deviations_are_told():
    with_plan, without = body_of(opened()), body_of(page_with(entry("space_use")))
    assert "2024-01-05本地锁定" in with_plan
    assert table(opened(), "deviations").rows == [["投诉率", "与计划不同：方法计划为imputation，实际为saturated_poisson"]]
    assert "不能排除做法是看了数再选的" in without
    followed = page_with(entry("space_use"), plan=case()["plan"])
    assert next(i.text for i in impact_reading.plan(followed)) == "# 分析照事先锁定的计划进行"


# ---------------------------------------------------------------- where much is missing


def test_a_case_without_comparison_has_its_section_and_says_so():
    panel, made = panel_of(PanelSpec(units=5, treated=5, effect=-20.0), "complaint_rate", "per_1000_households")
    found = entry_of(panel, made, both("件数。", "Cases."))
    assert found["event_study"] is None
    page = page_with(found)
    assert table(page, "summary").rows[3][1] == "5个试点，没有对照"
    assert [i.id for i in items_of(page) if isinstance(i, Figure)] == ["fig-impact-series-complaint-rate"]
    assert "没有对照" in figure(page, "series-complaint-rate").caption
    assert CAUSAL[Language.ZH].findall(GRADE_ROW.sub("", body_of(page))) == []
    assert not re.search(r"(?<![A-Za-z])(nan|None|NaT|inf)(?![A-Za-z])", body_of(page))
    assert [row[2] for row in table(page, "months-complaint-rate").rows] == ["—"] * 36


def test_a_path_that_could_not_be_estimated_says_why():
    found = deepcopy(entry("space_use")) | {"event_study": None, "event_study_refusal": both("[CR-I13] 没有可比的单元。", "[CR-I13] No unit to compare with.")}
    assert "不能按月分开估计：没有可比的单元。" in body_of(page_with(found))


def test_a_case_of_which_nothing_can_be_estimated_still_has_a_page():
    page = page_with(entry("area_in_use"), language="en")
    body = body_of(page)
    assert "Outcomes with an estimate: 0; without: 1" in body
    assert "No outcome could be estimated" in body
    assert "There is no outcome to estimate." in body_of(page_with(language="en"))


@pytest.mark.parametrize(
    ("low", "high", "cell", "ends"),
    [
        (None, 2.0, "−4.0（无下限，+2.0）", "无下限至+2.0%"), (-9.0, None, "−4.0（−9.0，无上限）", "−9.0%至无上限"),
        (None, None, "−4.0（没有可用的区间）", "没有可用的区间"), (-9.0, 2.0, "−4.0 (−9.0, +2.0)", "−9.0至+2.0%"),
    ],
)
def test_ends_without_limit_are_said_and_drawn(low, high, cell, ends):
    estimate = entry("complaint_rate")["estimate"] | {"estimate": -4.0, "conf_low": low, "conf_high": high}
    effect = effect_of(estimate)
    assert opened().effect(effect) == cell
    assert opened().interval(effect) == ends
    drawing = impact_figures.forest([("%", [("主要结果", effect), ("别的", effect)])], "主要结果", "complaint_rate", "")
    arrows = [line.get_marker() for line in drawing.axes[0].get_lines() if line.get_marker() in {"<", ">"}]
    assert arrows == (["<"] * 2 if low is None and high is not None else [">"] * 2 if high is None and low is not None else [])


def test_logarithms_are_told_as_percent_and_units_are_kept_apart():
    estimate = entry("complaint_rate")["estimate"] | {"estimate": math.log(0.8), "conf_low": math.log(0.7), "conf_high": math.log(0.9), "unit": "log_points"}
    told = effect_of(estimate)
    assert (told.estimate, told.conf_low, told.conf_high, told.unit) == (pytest.approx(-20), pytest.approx(-30), pytest.approx(-10), Unit.PERCENT)
    other = Effect(estimate=1.0, std_error=1.0, statistic=1.0, p_value=0.3, conf_low=-1.0, conf_high=3.0, conf_level=0.95, unit=Unit.PERCENTAGE_POINTS)
    assert [(unit, len(mine)) for unit, mine in by_unit([("a", told), ("b", other), ("c", told)])] == [(Unit.PERCENT, 2), (Unit.PERCENTAGE_POINTS, 1)]
    low, high = limits_of([told])
    assert low < -30
    assert high > 0


def test_long_labels_are_broken_once():
    assert wrapped("双向固定效应", 24) == "双向固定效应"
    assert wrapped("two-way fixed effects (differences)", 24) == "two-way fixed effects\n(differences)"
    assert wrapped("按全部房间、含求助、不折叠重复件", 24) == "按全部房间、含求助、不折\n叠重复件"


def test_a_folder_without_whole_estimates_is_refused(tmp_path):
    with pytest.raises(CaseError, match="CR-I60"):
        open_page(tmp_path, "zh")
    folder = write_case(tmp_path / "a", {"case": "binhai", "outcomes": []})
    with pytest.raises(CaseError, match="CR-I62") as caught:
        open_page(folder, "zh")
    assert caught.value.failures[0].values["missing"] == "name, seed, conf_level, fictional, plan"
    (folder / "_estimates" / "estimates.json").write_text('{"case": ', encoding="utf8")
    with pytest.raises(CaseError, match="CR-I61"):
        open_page(folder, "zh")
    assert json.loads(json.dumps(case())) == case()  # what the file holds is what the page reads
