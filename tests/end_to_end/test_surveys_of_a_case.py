"""From a new case folder to clean data, a quality report and exported files, as a user goes; wrong files first."""

import json
import os

import pytest

from commresearch.simulate import SurveySpec, codebook_of, simulate_survey, write_wenjuanxing
from tests.end_to_end.test_command_line import run
from tests.unit.case_facts import case_facts

pytestmark = pytest.mark.skipif(os.name == "nt", reason="shell scripts stand in for tools")
CASE = case_facts(zh="滨海示范区（模拟）", en="Binhai (simulated)") + """[[data]]
kind = "survey"
wave = "w1"
files = ["{file}"]
codebook = "codebook.csv"
sampling = "opt_in"
"""


@pytest.fixture
def case(project):
    """A case with one simulated survey."""
    folder = project / "data_raw" / "binhai"
    simulated = simulate_survey(SurveySpec(respondents=80, population=4_000), rng=11)
    file = write_wenjuanxing(simulated, folder, kind="text")[0]
    codebook_of(simulated).to_csv(folder / "codebook.csv", index=False)
    (folder / "case.toml").write_text(CASE.format(file=file.path.name), encoding="utf8")
    return project, folder, file.path, simulated


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_wrong_is_said_at_once_and_nothing_is_written(case, lang):
    project, folder, file, _ = case
    codebook = (folder / "codebook.csv").read_text(encoding="utf8")
    (folder / "codebook.csv").write_text(codebook.replace("5、您的性别", "5、您的姓別"), encoding="utf8")
    (folder / "corrections.csv").write_text(
        f"kind,file,sheet,row_id,variable,expect,new,reason,reported_by,date\nsurvey,{file.name},,5,age,999,35,电话核实,小组,2026-10-01\n", encoding="utf8"
    )
    result = run("clean", "binhai", project=project, lang=lang)
    assert result.returncode == 2
    assert "[CR-K08]" in result.stderr
    assert "5、您的性别" in result.stderr
    (folder / "codebook.csv").write_text(codebook, encoding="utf8")
    result = run("clean", "binhai", project=project, lang=lang)
    assert result.returncode == 2
    assert "[CR-D34]" in result.stderr
    assert "999" in result.stderr
    (folder / "case.toml").write_text(CASE.format(file=file.name) + "colour = 1\n", encoding="utf8")
    result = run("check", "binhai", project=project, lang=lang)
    assert result.returncode == 2
    assert "[CR-F03]" in result.stderr
    assert "colour" in result.stderr
    file.write_bytes(file.read_bytes()[:2000])
    (folder / "case.toml").write_text(CASE.format(file=file.name), encoding="utf8")
    result = run("clean", "binhai", project=project, lang=lang)
    assert result.returncode == 2
    assert "[CR-S06]" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (project / "reports" / "clean").exists()


def test_a_survey_goes_from_its_files_to_a_report_and_to_other_programs(case):
    project, _, _, simulated = case
    assert run("check", "binhai", project=project).returncode == 0
    result = run("clean", "binhai", "--language", "zh", "--format", "html", project=project)
    assert result.returncode == 0, result.stderr
    page = project / "reports" / "site" / "binhai_w1_quality" / "zh" / "binhai_w1_quality_simulated.zh.html"
    assert result.stdout.strip().endswith(str(page))
    folder = project / "reports" / "clean" / "binhai" / "w1"
    assert json.loads((folder / "manifest.json").read_text(encoding="utf8"))["settings"]["sampling"] == "opt_in"
    assert "非概率样本" in page.read_text(encoding="utf8")
    assert "模拟数据" in page.read_text(encoding="utf8")
    written = "".join(p.read_text(encoding="utf-8-sig") for p in [page, *folder.glob("*.csv"), *folder.glob("*.json"), *folder.glob("*.md")])
    assert [value for value in simulated.planted["value"] if len(value) > 5 and value in written] == []
    result = run("export", "binhai", project=project)
    assert result.returncode == 0, result.stderr
    assert {p.suffix for p in (project / "reports" / "export" / "binhai").iterdir()} == {".sav", ".dta", ".csv", ".xlsx"}


def test_a_new_case_is_a_folder_that_can_be_checked(project):
    result = run("init", "yunqi", project=project)
    assert result.returncode == 0, result.stderr
    assert run("check", "yunqi", project=project).returncode == 0
    again = run("init", "yunqi", project=project, lang="zh")
    assert again.returncode == 2
    assert "已有内容" in again.stderr
    empty = run("clean", "yunqi", project=project)
    assert empty.returncode == 2
    assert "[CR-F10]" in empty.stderr
