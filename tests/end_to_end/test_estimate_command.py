"""The commands estimate, plan and export on a case with a known effect, as a user meets them."""

import json
import os
import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from tests.conftest import find_tool, small_project
from tests.unit.effect_case import name_plan, write_case

pytestmark = pytest.mark.skipif(os.name == "nt", reason="paths are written as on Linux and macOS")
REPORT = ("--language", "zh", "--format", "html", "--renderer", "embedded")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = small_project(tmp_path_factory.mktemp("effects") / "project", ("kesheng",))
    write_case(root / "data_raw" / "wanghai")
    return root


@pytest.fixture(scope="module")
def estimated(project):
    done = run(project, "estimate", "wanghai", *REPORT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(project, *arguments):
    command = [sys.executable, "-m", "commresearch.cli", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=400, check=False, env={**os.environ})


def test_wrong_files_are_told_and_nothing_is_estimated(project):
    write_case(project / "data_raw" / "lots", chosen_by="lottery", months=4)
    changed = write_case(project / "data_raw" / "changed", months=4)
    (changed / "plan.toml").write_text("[plan]\n", encoding="utf8")
    name_plan(changed)
    done = run(project, "estimate", "lots", "changed", "ghost", "--lang", "en")
    assert done.returncode == 2
    assert [said in done.stderr for said in ("lottery", "[CR-I50]", "Case lots:", "Case changed:", "Case ghost:")] == [True] * 5
    assert "Traceback" not in done.stderr
    assert "[CR-I50]" in run(project, "check", "changed").stderr
    for name in ("lots", "changed"):
        assert not (project / "reports" / "clean" / name / "_estimates").exists()


def test_a_case_of_which_nothing_can_be_estimated_ends_with_two_and_the_reason_stands_in_its_file(project):
    write_case(project / "data_raw" / "waiting", start=None, months=5)
    done = run(project, "estimate", "waiting", "--lang", "en")
    assert done.returncode == 2
    assert "[CR-I55]" in done.stderr
    assert "[CR-I04]" in done.stderr
    content = json.loads((project / "reports" / "clean" / "waiting" / "_estimates" / "estimates.json").read_text(encoding="utf8"))
    assert "CR-I04" in content["outcomes"][0]["refusal"]["en"]


def test_an_effect_is_said_with_its_comparison_and_grade_and_reported(project, estimated):
    assert "模拟数据" in estimated
    assert "估计与试点有关的变化为：投诉率下降" in estimated
    assert "为什么这样比较：3个试点" in estimated
    assert "证据等级" in estimated
    folder = project / "reports" / "clean" / "wanghai" / "_estimates"
    assert len(pd.read_csv(folder / "effects.csv")) == 1
    page = (project / "reports" / "site" / "wanghai_impact" / "zh" / "wanghai_impact_simulated.zh.html").read_text(encoding="utf8")
    effect = json.loads((folder / "estimates.json").read_text(encoding="utf8"))["outcomes"][0]["estimate"]
    assert effect["summary"]["zh"][:20] in page
    assert "模拟数据" in page


def test_what_stands_is_used_again(project, estimated):
    path = project / "reports" / "clean" / "wanghai" / "_estimates" / "estimates.json"
    before = path.read_text(encoding="utf8")
    done = run(project, "estimate", "wanghai", "--lang", "en", *REPORT)
    assert done.returncode == 0, done.stderr
    assert "estimating" not in done.stdout
    assert "The estimated change associated with" in done.stdout or "associated with" in done.stdout
    assert path.read_text(encoding="utf8") == before


def test_the_report_of_a_pilot_is_made_by_its_name_with_the_text_of_people(project, estimated):
    source = project / "data_raw" / "wanghai"
    written = "# 问题\n投诉率{{estimate:complaint_rate}}，等级{{grade:complaint_rate}}；有人说少了88%。<script>x</script> #标签\n"
    (source / "narrative.zh.md").write_text(written, encoding="utf8")
    done = run(project, "report", "wanghai", *REPORT)
    assert done.returncode == 0, done.stderr
    assert "narrative.zh.md第2行" in done.stdout
    assert "88%" in done.stdout
    page = (project / "reports" / "site" / "wanghai_report" / "zh" / "wanghai_report_simulated.zh.html").read_text(encoding="utf8")
    effect = json.loads((project / "reports" / "clean" / "wanghai" / "_estimates" / "estimates.json").read_text(encoding="utf8"))["outcomes"][0]
    assert effect["estimate"]["summary"]["zh"].partition("做法")[0] in page
    assert f"等级{effect['grading']['grade']}；有人说" in page
    assert "&lt;script&gt;x&lt;/script&gt; #标签" in page
    assert "待撰写" in page
    assert (source / "narrative.zh.md").read_text(encoding="utf8") == written
    (source / "narrative.zh.md").unlink()


def test_reports_of_pilots_that_are_unknown_or_not_ready_are_refused(project, estimated):
    done = run(project, "report", "nowhere", "wanghai", "--lang", "en", *REPORT)
    assert done.returncode == 2
    assert "[CR-C01] There is no case “nowhere”. Known: kesheng, " in done.stderr
    write_case(project / "data_raw" / "raw", months=4)
    done = run(project, "report", "raw", "--lang", "en", *REPORT)
    assert done.returncode == 2
    assert "[CR-B08]" in done.stderr
    assert "commresearch clean raw" in done.stderr


@pytest.mark.needs("Rscript")
def test_r_gives_the_exported_estimates_again(project, estimated):
    assert run(project, "export", "wanghai", "--lang", "en").returncode == 0
    folder = project / "reports" / "export" / "wanghai"
    script = [find_tool("Rscript"), "wanghai_complaint_rate_estimate.R"]
    told = subprocess.run(script, cwd=folder, capture_output=True, text=True, timeout=120, check=True).stdout
    wanted = json.loads((project / "reports" / "clean" / "wanghai" / "_estimates" / "estimates.json").read_text(encoding="utf8"))
    assert float(re.search(r"^estimate (\S+)", told).group(1)) == pytest.approx(wanted["outcomes"][0]["estimate"]["estimate"], rel=1e-6)


def test_estimates_are_exported_with_a_table(project, estimated):
    done = run(project, "export", "wanghai", "--lang", "en")
    assert done.returncode == 0, done.stderr
    folder = project / "reports" / "export" / "wanghai"
    names = {path.name for path in folder.iterdir()}
    assert {"wanghai_complaint_rate_estimate.R", "wanghai_complaint_rate_estimate.do", "wanghai_effects.en.docx", "wanghai_effects.en.tex"} <= names


def test_a_pilot_is_planned_drawn_and_locked_once(project):
    shutil.copytree(project / "data_raw" / "wanghai", project / "data_raw" / "ahead")
    path = project / "data_raw" / "ahead" / "case.toml"
    path.write_text(path.read_text(encoding="utf8").replace('id = "wanghai"', 'id = "ahead"'), encoding="utf8")
    asked = ("--draw", "2", "--first", "2026-03", "--lock", "--draws", "50", "--difference", "8")
    done = run(project, "plan", "ahead", "--lang", "en", *asked)
    assert done.returncode == 0, done.stderr
    for said in ("a difference of 8 points", "smallest change found", "from 2026-06", "Drawn with seed 7", "plan locked on this computer"):
        assert said in done.stdout
    assert (project / "reports" / "plan" / "ahead" / "plan_report.csv").is_file()
    again = run(project, "plan", "ahead", "--draws", "50", "--lock")
    assert again.returncode == 2
    assert "[CR-I56]" in again.stderr


def test_a_case_without_logs_can_be_planned_and_drawn(project):
    folder = write_case(project / "data_raw" / "early", start=None, months=2)
    text = (folder / "case.toml").read_text(encoding="utf8")
    (folder / "case.toml").write_text(text[: text.index("[[data]]")] + text[text.index("[analysis]"):], encoding="utf8")
    done = run(project, "plan", "early", "--draw", "3", "--lang", "zh")
    assert done.returncode == 0, done.stderr
    assert "两边各问" in done.stdout
    assert "一直作对照" in done.stdout
    assert not (project / "reports" / "clean" / "early").exists()
