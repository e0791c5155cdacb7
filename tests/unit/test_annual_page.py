"""The annual report: what stops it; the outline; what is blank; points, comparisons and notes as they stand on the page."""

import json
import re
import shutil

import pandas as pd
import pytest

from commresearch.cases import load_case
from commresearch.errors import CaseError, CommResearchError, SchemaError
from commresearch.records.results_store import ResultsStore
from commresearch.reporting import annual_summary
from commresearch.reporting.annual_reports import annual_years, plan_annual_reports
from commresearch.reporting.annual_runs import distinct_runs
from commresearch.reporting.assemble import Look
from commresearch.terms import Language
from commresearch.words import render_error
from commresearch.workflow.kept_results import results_store
from tests.unit.annual_case import annual_case, items_of, page, tables_of, text_of, write_indicators

OUTLINE = ["基本情况", "评价工作开展情况", "综合评价情况及评价结论", "绩效评价指标分析", "主要经验及做法、存在的问题及原因分析", "有关建议", "其他需要说明的问题"]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    opened = page()
    items = items_of(opened)
    return items, text_of(items, tmp_path_factory.mktemp("annual"))


@pytest.fixture
def copied(tmp_path):
    return shutil.copytree(annual_case(), tmp_path / "project")


def plan(root, year=2024, languages=(Language.ZH,)):
    return plan_annual_reports(load_case(root / "data_raw" / "wanghai"), root / "reports" / "clean" / "wanghai", results_store(root), year, languages)


# what stops it


def test_a_case_that_was_not_estimated_is_told_with_the_command(copied):
    shutil.rmtree(copied / "reports" / "clean" / "wanghai" / "_estimates")
    with pytest.raises(CommResearchError, match="CR-A30") as error:
        plan(copied)
    assert "commresearch estimate wanghai" in render_error(error.value, "zh")


def test_a_year_without_a_month_is_told_with_those_that_are(copied):
    with pytest.raises(CaseError, match="CR-A31") as error:
        page(2026)
    assert "2023-01" in render_error(error.value, "en")
    assert "2025-02" in render_error(error.value, "en")


def test_faults_of_indicators_and_narratives_are_told_together(copied):
    folder = copied / "data_raw" / "wanghai"
    write_indicators(folder, ("产出", "数量", "场次", "场次", "100", "80", "", "", "90", "", "", ""))
    with pytest.raises(CommResearchError) as error:
        plan(copied, languages=tuple(Language))
    assert [f.code for f in error.value.failures] == ["CR-A20", "CR-A16"]
    write_indicators(folder)
    (folder / "narrative.en.md").write_text("# Problems\n\n{{estimate:space_use}}\n", encoding="utf8")
    with pytest.raises(CommResearchError) as error:
        plan(copied, languages=tuple(Language))
    assert [f.code for f in error.value.failures] == ["CR-B07"]


def test_a_heading_that_is_none_is_told(copied):
    (copied / "data_raw" / "wanghai" / "narrative.zh.md").write_text("# 成效\n\n很好\n", encoding="utf8")
    with pytest.raises(SchemaError, match="CR-B02"):
        page(root=copied)


# what is planned


def test_one_report_per_language_in_the_look_of_offices(copied):
    tasks = plan(copied, languages=tuple(Language))
    assert [task.stem for task in tasks] == ["wanghai_annual_2024_simulated.zh", "wanghai_annual_2024_simulated.en"]
    assert tasks[0].title == "【模拟数据】望海片区2024年度社区运营试点绩效评价报告"
    assert {task.look for task in tasks} == {Look.GOV}
    assert {"indicators.csv", "narrative.zh.md", "estimates.json"} <= {path.name for path in tasks[0].inputs}
    before = tasks[0].facts
    write_indicators(copied / "data_raw" / "wanghai", more=("better",))
    assert plan(copied)[0].facts != before


def test_another_run_makes_the_report_anew(copied):
    before = plan(copied)[0].facts
    kept = results_store(copied).runs("wanghai")[-1]
    ResultsStore(folder=copied / "reports" / "results").put("20260101-000000", kept.record, kept.estimates())
    assert plan(copied)[0].facts != before


def test_years_are_those_of_the_indicators(copied):
    folder = copied / "data_raw" / "wanghai"
    assert annual_years(load_case(folder)) == []
    text = (folder / "indicators.csv").read_text(encoding="utf-8-sig").splitlines()
    (folder / "indicators.csv").write_text("\n".join(f"{line},{'year' if i == 0 else 2024}" for i, line in enumerate(text)), encoding="utf8")
    assert annual_years(load_case(folder)) == [2024]
    (folder / "indicators.csv").unlink()
    assert annual_years(load_case(folder)) == []


def test_an_internal_edition_says_so_and_shows_persons_as_they_are(copied):
    folder = copied / "reports" / "clean" / "wanghai"
    (folder / "edition.json").write_text('{"threshold": 10, "rounding": 5, "edition": "internal", "language": "zh"}', encoding="utf8")
    task = plan(copied)[0]
    assert task.subject == "wanghai_annual_2024_internal"
    assert "内部" in task.title
    assert page(root=copied).release.edition == "internal"


# what it says


def test_the_outline_is_that_of_the_fiscal_rules(shown):
    assert re.findall(r"^# (.*)$", shown[1], flags=re.MULTILINE) == OUTLINE
    assert [name for name in ("决策", "过程", "产出", "效益") if f"\n## {name}\n" not in shown[1]] == []


def test_points_are_those_of_the_file_and_blank_is_not_reported(shown):
    scores = tables_of(shown[0])["tbl-annual-scores"].rows
    assert scores[-1] == ["合计", "3", "100", "58", "30"]  # 0.9 of 20, 0.8 of 50, nothing of 30
    assert scores[1] == ["过程", "0", "—", "未报告", "—"]
    assert "综合得分58分，等级为“差”" in shown[1]
    assert tables_of(shown[0])["tbl-annual-indicators-benefit"].rows[0][3:] == ["未报告", "30", "未报告"]


def test_prose_of_people_is_shown_as_text_with_its_numbers_and_the_rest_is_to_be_written(shown):
    assert "待撰写" in shown[1]
    assert "\\<script\\>事项\\|" in shown[1]
    assert "人手不足 \\<b\\>\\|\\@x" in shown[1]
    assert re.search(r"投诉集中在[−+]\d+%以外的", shown[1])
    assert "- 第一\n- 第二" in shown[1]


def test_a_change_of_recording_is_told_drawn_and_not_compared_across(shown):
    year = tables_of(shown[0])["tbl-annual-year-complaint-rate"]
    assert [row[3] for row in year.rows] == ["口径变更", "口径变更"]
    assert [row[2] for row in year.rows] == ["—", "—"]
    assert "2024年7月起记录口径变更：类别调整" in shown[1]
    assert "仍可比的部分：“投诉、举报，件”，1月至6月本期" in shown[1]
    assert "虚线处记录口径变更" in shown[1]


def test_a_changed_definition_is_told_and_the_series_is_restated(shown):
    assert "自2025-04-01 09:00的运行起改用现口径（按期办结的天数：30 → 15）" in shown[1]
    assert "已按现口径追溯" in shown[1]
    runs = tables_of(shown[0])["tbl-annual-runs-complaint-rate"].rows
    assert [row[-1] for row in runs] == ["—", "有变更"]


def test_quarters_add_up_to_the_year(shown):
    rows = tables_of(shown[0])["tbl-annual-quarters-complaint-rate"].rows
    assert sum(int(cell) for cell in rows[0][1:5]) == int(rows[0][5])


@pytest.mark.parametrize(
    ("grade", "said"), [("E1", "同期变化为"), ("E3", "估计与试点有关的变化为"), ("E4", "试点带来的变化估计为")], ids=["change over the same period", "associated", "caused"]
)
def test_words_follow_the_grade(copied, grade, said):
    path = copied / "reports" / "clean" / "wanghai" / "_estimates" / "estimates.json"
    content = json.loads(path.read_text(encoding="utf8"))
    content["outcomes"][0]["estimate"]["grade"] = grade
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf8")
    text = "".join(item.text for item in annual_summary.first_screen(page(root=copied)))
    others = {"同期变化为", "估计与试点有关的变化为", "试点带来的变化估计为"} - {said}
    assert said in text
    assert not [other for other in others if other in text]


def test_simulated_data_are_marked_everywhere(shown):
    assert all(item.note.startswith("模拟数据。") for item in tables_of(shown[0]).values())
    assert "本报告的数据由程序生成" in shown[1]


def test_a_part_of_a_year_is_said_to_be_one(tmp_path):
    items = items_of(page(2025))
    text = text_of(items, tmp_path)
    assert "2025年，只有1月至2月的数据" in text
    assert "没有一个季度的三个月都有记录" in text
    year = tables_of(items)["tbl-annual-year-complaint-rate"]
    assert "上年取相同的月份" in year.note


def test_without_indicators_the_score_is_not_reported(copied, tmp_path):
    (copied / "data_raw" / "wanghai" / "indicators.csv").unlink()
    text = text_of(items_of(page(root=copied)), tmp_path)
    assert "绩效自评得分：**未报告**" in text
    assert text.count("这一部分的指标：**未报告**") == 4


def test_the_english_report_says_the_same(shown, tmp_path):
    items = items_of(page(language="en"))
    text = text_of(items, tmp_path)
    assert len(re.findall(r"^# ", text, flags=re.MULTILINE)) == len(OUTLINE)
    assert set(tables_of(items)) == set(tables_of(shown[0]))
    own = re.sub(r"\([^()]*[\u4e00-\u9fff][^()]*\)+|“[^”]*”", "", text)
    assert re.findall(r"[\u4e00-\u9fff]+", own.replace("类别调整", "")) == []


def test_numbers_that_people_typed_and_the_results_do_not_hold_are_named(copied, tmp_path):
    (copied / "data_raw" / "wanghai" / "narrative.zh.md").write_text("# 问题\n\n投诉率下降了88%。\n", encoding="utf8")
    text = text_of(items_of(page(root=copied)), tmp_path)
    assert "手写的数，请核对（1处）" in text
    assert "没有“88%”这个数" in text


def test_runs_that_say_the_same_are_told_once():
    runs = results_store(annual_case()).estimates("wanghai")
    twice = pd.concat([runs, runs.tail(1).assign(run="20260101-000000")], ignore_index=True)
    assert distinct_runs(twice, "complaint_rate")["run"].tolist() == ["20250301-090000", "20250401-090000"]
    assert distinct_runs(runs, "space_use").empty
