"""A whole annual report on a fictional pilot, from its files to the last line: every number of the year against its panels."""

import re
from datetime import datetime

import pandas as pd
import pytest

from commresearch.cases import load_case
from commresearch.cases.indicators_file import read_indicators, total_score
from commresearch.outcomes import read_panel
from commresearch.reporting.assemble import assemble
from commresearch.reporting.notebooks import execute_notebook
from commresearch.workflow import build_case_panels, clean_logs, estimate_case
from commresearch.workflow.kept_results import keep_estimates, results_store
from tests.conftest import ROOT

PILOT = ROOT / "data_raw" / "demo" / "zhiting"
YEAR = 2025


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("annual")
    case, out = load_case(PILOT), root / "reports" / "clean" / "zhiting"
    logs = clean_logs(case, out, pseudonym_key=b"0123456789abcdef" * 4)
    panels = build_case_panels(case, logs, out)
    keep_estimates(case, estimate_case(case, out, counted=(logs, panels)), (logs, panels), results_store(root), at=datetime(2026, 4, 20, 10, 0))  # noqa: DTZ001
    executed = root / "report.ipynb"
    parameters = {"folder": str(out), "source": str(PILOT), "store": str(results_store(root).folder), "year": YEAR, "language": "zh"}
    execute_notebook(ROOT / "notebooks" / "annual_report.ipynb", executed, parameters)
    return out, assemble(executed)


def row(text, label):
    """Cells of the first line of a table that begins so."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {label}"))
    return [cell.strip() for cell in line.strip("| ").split("|")]


def test_the_report_runs_to_its_end_with_every_figure(made):
    folder, text = made
    assert re.findall(r"^# (.*)$", text, flags=re.MULTILINE)[-1] == "其他需要说明的问题"
    drawn = re.findall(r"\]\((figs/[\w-]+\.png)\)", text)
    assert len(drawn) == len(list((folder / "_panels").iterdir())) == 4


def test_cases_persons_and_person_times_are_those_of_the_panels(made):
    folder, text = made
    frame = read_panel(folder / "_panels" / "complaint_rate").frame
    cases = int(frame.loc[frame["month"].dt.year == YEAR, "numerator"].sum())
    assert row(text, "投诉、举报，件")[1] == f"{cases:,}"
    youth = read_panel(folder / "_panels" / "youth_participation")
    persons = youth.companion("persons_year")
    persons = int(persons.loc[persons["month"] == pd.Timestamp(YEAR, 1, 1), "numerator"].sum())
    monthly = youth.frame.loc[youth.frame["month"].dt.year == YEAR, "numerator"].sum()
    shown = int(row(text, "参加活动的青年，人（去重）")[1].replace(",", ""))
    assert abs(shown - persons) <= 2, "rounded to five"
    assert shown < monthly, "never a sum over months"
    times = youth.companion("person_times_in_band")
    assert row(text, "青年参加活动，人次")[1] == f"{int(times.loc[times['month'].dt.year == YEAR, 'numerator'].sum()):,}"


def test_complaints_are_not_compared_across_the_change_of_recording_that_was_planted(made):
    assert "2025年5月起记录口径变更" in made[1]
    assert row(made[1], "投诉、举报，件")[-1] == "口径变更"
    assert "1月至4月本期" in made[1]
    assert row(made[1], "空间使用率，%")[-1].endswith("个百分点")


def test_the_score_is_that_of_the_file_and_blank_indicators_are_not_reported(made):
    indicators = read_indicators(PILOT / "indicators.csv", YEAR)
    assert f"综合得分{round(float(total_score(indicators)), 2):g}分" in made[1]
    assert row(made[1], "满意度·居民满意率")[3] == "未报告"
