"""The command line as a user meets it, wrong files first."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.conftest import ROOT, edit

pytestmark = pytest.mark.skipif(os.name == "nt", reason="shell scripts stand in for tools")
CLEAN = {k: v for k, v in os.environ.items() if k != "QUARTO_PATH"}


def run(*arguments, project, env=None, lang="en"):
    command = [sys.executable, "-m", "commresearch.cli", *arguments]
    if arguments and not arguments[0].startswith("-"):
        command += ["--lang", lang]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, env={**CLEAN, **(env or {})}, timeout=300, check=False)


def test_help_answers():
    result = run("--help", project=ROOT)
    assert result.returncode == 0
    for command in ("run", "check", "report", "compare", "audit", "doctor", "lab"):
        assert f"\n  {command} " in result.stdout


def test_a_damaged_ledger_stops_everything_with_one_message(project):
    edit(project / "data_raw" / "published", "claims.csv", 3, "kind", "result")
    result = run("run", project=project)
    assert result.returncode == 2
    assert result.stderr.startswith("[CR-L04] claims.csv, row 3, column kind: got “result”, allowed: context, design")
    assert "Traceback" not in result.stderr
    assert not (project / "reports").exists()


def test_an_unknown_case_a_wrong_folder_and_a_wrong_choice(project, tmp_path):
    result = run("report", "nowhere", "neither", project=project, lang="zh")
    assert result.returncode == 2
    assert "[CR-C01] 没有编号为“nowhere”的案例。可选：huancui, kesheng。" in result.stderr
    assert "“neither”" in result.stderr
    (tmp_path / "empty").mkdir()
    result = run("run", project=tmp_path / "empty")
    assert result.returncode == 2
    assert "notebooks, data_raw is missing" in result.stderr
    result = run("run", "--renderer", "latex", project=project)
    assert result.returncode == 2
    assert "[CR-R14] Option --renderer got “latex”, allowed: auto, quarto, embedded." in result.stderr


def test_check_says_what_the_ledger_holds(project):
    result = run("check", project=project)
    assert result.returncode == 0
    assert result.stdout.startswith("The ledger is sound: 2 cases,")
    assert result.stdout.strip().splitlines()[-1].endswith(str(Path("data_raw") / "published"))


def test_check_against_sources_names_what_is_not_covered(project, tmp_path):
    folder = tmp_path / "sources"
    folder.mkdir()
    sources = (project / "data_raw" / "published" / "sources.csv").read_text(encoding="utf8").splitlines()[1:]
    for line in sources:
        (folder / line.split(",")[1]).write_text("新增3处站点\n", encoding="utf8")
    result = run("check", "--sources", str(folder), project=project)
    assert result.returncode == 2
    assert "Rows of the ledger that do not stand on the line they name:" in result.stdout
    assert "S0:1 3处" in result.stdout.split("Rows of the ledger")[0]


def test_reports_are_made_kept_and_remade(ready_project):
    result = run("run", "--renderer", "embedded", project=ready_project)
    assert result.returncode == 0, result.stderr
    site = ready_project / "reports" / "site"
    assert result.stdout.strip().splitlines()[-1].endswith(str(site / "index.html"))
    for subject in ("huancui", "kesheng", "comparison", "pilots_simulated"):
        for language in ("zh", "en"):
            for kind in ("html", "docx", "pdf", "ipynb"):
                assert (site / subject / language / f"{subject}.{language}.{kind}").stat().st_size > 5_000
    record = json.loads((site / "huancui" / "zh" / "record.json").read_text(encoding="utf8"))
    assert record["settings"]["parameters"]["case"] == "huancui"
    assert set(record["inputs"]) == {"cases.csv", "claims.csv", "mechanisms.csv", "not_claims.csv", "sources.csv"}

    before = (site / "huancui" / "zh" / "huancui.zh.html").read_bytes()
    again = run("run", "--renderer", "embedded", project=ready_project)
    assert again.stdout.startswith("Nothing changed"), "told before anything is opened"
    (site / "run.json").unlink()
    again = run("run", "--renderer", "embedded", project=ready_project)
    assert "Reports made: 8 of 8; files: 24 (unchanged and kept: 8)." in again.stdout
    forced = run("report", "huancui", "--language", "zh", "--format", "html", "--renderer", "embedded", "--force", project=ready_project)
    assert forced.returncode == 0, forced.stderr
    assert (site / "huancui" / "zh" / "huancui.zh.html").read_bytes() == before


def test_a_failing_report_has_its_own_page_and_the_others_finish(ready_project):
    path = ready_project / "notebooks" / "comparison.ipynb"
    book = nbformat.read(path, as_version=4)
    book.cells[4].source = "raise RuntimeError('no such table')"
    nbformat.write(book, path)
    result = run("run", "--language", "en", "--format", "html", "--renderer", "embedded", project=ready_project)
    assert result.returncode == 1
    assert "Reports made: 3 of 4" in result.stdout
    expected = "[CR-R03] Report comparison.en: cell 5 (reported) of notebook comparison.ipynb failed: RuntimeError: no such table."
    assert expected in result.stderr
    site = ready_project / "reports" / "site"
    assert "RuntimeError: no such table" in (site / "comparison" / "en" / "comparison.en.html").read_text(encoding="utf8")
    assert (site / "kesheng" / "en" / "kesheng.en.html").is_file()
    assert [p for p in site.glob("*/.*") if p.name.startswith(".")] == []
    index = (site / "index.en.html").read_text(encoding="utf8")
    assert 'class="failed" href="comparison/en/comparison.en.html"' in index


def quarto(folder, script):
    folder.mkdir()
    path = folder / "quarto"
    path.write_text("#!/bin/sh\n" + script, encoding="utf8")
    path.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def test_a_quarto_that_fails_gives_one_clear_message_and_the_reports_are_made_without_it(project, tmp_path):
    env = quarto(tmp_path / "bin", 'case "$1" in --version) echo 1.9.9;; *) echo "ERROR: broken pipe" >&2; exit 1;; esac\n')
    result = run("report", "kesheng", "--language", "en", "--format", "html", project=project, env=env)
    assert result.returncode == 0
    assert result.stderr.count("[CR-R07] Quarto failed on probe (exit code 1): ERROR: broken pipe.") == 1
    assert result.stdout.splitlines()[0] == "Reports to make: 1; renderer: pandoc + typst"
    insisted = run("report", "kesheng", "--renderer", "quarto", project=project, env=env)
    assert insisted.returncode == 2
    assert insisted.stderr.count("[CR-R07]") == 1
    doctor = run("doctor", project=project, env=env)
    assert "1.9.9" in doctor.stdout


def test_a_quarto_that_works_is_used(project, tmp_path):
    env = quarto(tmp_path / "bin", 'case "$1" in --version) echo 1.9.9;; *) echo page > "${2%.qmd}.html";; esac\n')
    result = run("report", "kesheng", "--language", "en", "--format", "html", project=project, env=env)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[0] == "Reports to make: 1; renderer: Quarto 1.9.9"
    assert (project / "reports" / "site" / "kesheng" / "en" / "kesheng.en.html").read_text() == "page\n"


def test_another_format_leaves_the_first_in_place_and_pages_link_to_what_is_there(project):
    site = project / "reports" / "site" / "kesheng" / "en"
    options = ("--language", "en", "--renderer", "embedded")
    assert run("report", "kesheng", "--format", "html", *options, project=project).returncode == 0
    alone = (site / "kesheng.en.html").read_text(encoding="utf8")
    assert "kesheng.en.pdf" not in alone
    assert "kesheng.zh.html" not in alone
    assert run("report", "kesheng", "--format", "pdf", *options, project=project).returncode == 0
    assert (site / "kesheng.en.pdf").is_file()
    assert 'href="kesheng.en.pdf"' in (site / "kesheng.en.html").read_text(encoding="utf8")
    assert json.loads((site / "record.json").read_text(encoding="utf8"))["made_on"].count("-") == 2


def test_a_changed_claim_remakes_its_own_case_and_the_comparison_only(ready_project):
    options = ("run", "--language", "en", "--format", "html", "--renderer", "embedded")
    assert run(*options, project=ready_project).returncode == 0
    edit(ready_project / "data_raw" / "published", "claims.csv", 3, "text_en", "Huancui has 87 communities.")
    result = run(*options, project=ready_project)
    assert [line.rpartition(" ")[2] for line in result.stdout.splitlines() if line.startswith("unchanged")] == ["kesheng.en", "pilots_simulated.en"]
    assert "(unchanged and kept: 2)" in result.stdout


def test_a_damaged_record_and_a_blocked_folder(project):
    options = ("report", "kesheng", "--language", "en", "--format", "html", "--renderer", "embedded")
    assert run(*options, project=project).returncode == 0
    record = project / "reports" / "site" / "kesheng" / "en" / "record.json"
    record.write_text("{", encoding="utf8")
    assert run(*options, project=project).returncode == 0
    assert json.loads(record.read_text(encoding="utf8"))["key"]
    import shutil

    shutil.rmtree(project / "reports")
    (project / "reports").write_text("a file where a folder should be", encoding="utf8")
    result = run(*options, project=project)
    assert result.returncode == 2
    assert "[CR-C04]" in result.stderr
    assert "Traceback" not in result.stderr


def test_two_runs_at_once_do_not_disturb_each_other(ready_project):
    command = [sys.executable, "-m", "commresearch.cli", "run", "--renderer", "embedded", "--format", "html", "--language", "en"]
    runs = [subprocess.Popen(command, cwd=ready_project, env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=300) for process in runs]
    assert [process.returncode for process in runs] == [0, 0], said


def test_missing_sources_are_named(project, tmp_path):
    result = run("check", "--sources", str(tmp_path), project=project)
    assert result.returncode == 2
    assert result.stderr.count("[CR-C05]") == 5


def test_the_doctor_names_what_is_broken(project, tmp_path):
    env = quarto(tmp_path / "bin", "exit 5\n")
    edit(project / "data_raw" / "published", "claims.csv", 3, "kind", "result")
    result = run("doctor", project=project, env=env)
    assert result.returncode == 2
    assert "broken   Quarto" in result.stdout
    assert "[CR-L04] claims.csv, row 3" in result.stdout


def test_the_doctor_finds_everything_a_report_needs(project):
    result = run("doctor", project=project)
    assert result.returncode == 0, result.stdout
    assert "Noto Sans SC" in result.stdout
    assert "pandoc 3" in result.stdout


def test_lab_without_jupyterlab_says_what_to_install(project):
    import importlib.util

    if importlib.util.find_spec("jupyterlab"):
        pytest.skip("jupyterlab is installed: its absence cannot be tried")
    result = run("lab", project=project)
    assert result.returncode == 2
    assert "commresearch lab needs jupyterlab, which is not installed" in result.stderr
