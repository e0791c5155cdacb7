"""The commands annual and diff as a user meets them."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.unit.annual_case import annual_case

pytestmark = pytest.mark.skipif(os.name == "nt", reason="paths are written as on Linux and macOS")
REPORT = ("--language", "zh", "--format", "html", "--renderer", "embedded")
RUNS = ("20250301-090000", "20250401-090000")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = shutil.copytree(annual_case(), tmp_path_factory.mktemp("annual") / "project")
    (root / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "annual_report.ipynb", root / "notebooks")
    return root


def run(project, *arguments):
    command = [sys.executable, "-m", "commresearch.cli", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=400, check=False, env={**os.environ})


def test_cases_and_years_that_cannot_be_reported_are_told_each_with_its_reason(project):
    shutil.copytree(project / "data_raw" / "wanghai", project / "data_raw" / "early")
    path = project / "data_raw" / "early" / "case.toml"
    path.write_text(path.read_text(encoding="utf8").replace('id = "wanghai"', 'id = "early"'), encoding="utf8")
    done = run(project, "annual", "--year", "2027", "wanghai", "early", "ghost", "--lang", "en")
    assert done.returncode == 2
    assert [said in done.stderr for said in ("[CR-A31]", "[CR-A30]", "commresearch estimate early", "Case ghost:", "2023-01")] == [True] * 5
    assert "Traceback" not in done.stderr
    assert not (project / "reports" / "site").exists()


def test_every_estimated_case_gets_its_report_in_the_look_of_offices(project):
    done = run(project, "annual", "--year", "2024", *REPORT)
    assert done.returncode == 0, done.stderr
    page = (project / "reports" / "site" / "wanghai_annual_2024" / "zh" / "wanghai_annual_2024_simulated.zh.html").read_text(encoding="utf8")
    for said in ("综合得分58分", "未报告", "待撰写", "口径变更", "按现口径追溯", "其他需要说明的问题"):
        assert said in page
    assert "<script>事项" not in page
    again = run(project, "annual", "--year", "2024", "wanghai", *REPORT)
    assert again.returncode == 0, again.stderr
    assert "沿用原文件" in again.stdout


def test_two_runs_are_compared_in_both_languages(project):
    zh, en = (run(project, "diff", *RUNS, "--lang", lang) for lang in ("zh", "en"))
    assert (zh.returncode, en.returncode) == (0, 0)
    assert "口径·按期办结的天数：30 → 15" in zh.stdout
    assert "days to close in time: 30 → 15" in en.stdout
    assert "coverage.csv" in zh.stdout
    wrong = run(project, "diff", RUNS[0], "2031", "--lang", "en")
    assert wrong.returncode == 2
    assert RUNS[1] in wrong.stderr
    assert run(project, "diff", *RUNS, "--case", "ghost").returncode == 2
