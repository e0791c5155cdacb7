"""The commands init, clean and export as a user meets them: a case from its folder to its reports, and wrong files of every kind."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest
from typer.testing import CliRunner

from commresearch.cleaning.clean_files import read_clean
from commresearch.cli import app
from tests.conftest import small_project
from tests.spec.conftest import write_csv, write_xlsx
from tests.unit.survey_cases import CORRECTION_COLUMNS, correction, data_part, write_case
from tests.unit.test_case_surveys import HEADER, rows, write_book
from tests.unit.test_sources_refusals import compound_file

pytestmark = pytest.mark.skipif(os.name == "nt", reason="paths are written as on Linux and macOS")
REPORT = ("--language", "zh", "--format", "html", "--renderer", "embedded")


@pytest.fixture
def project(tmp_path):
    """A project with one case of the ledger."""
    return small_project(tmp_path / "project", ("kesheng",))


@pytest.fixture
def case(project):
    """The folder of a case with one survey."""
    folder = write_case(project / "data_raw" / "binhai", data_part("2026a", ["a.csv"], codebook="book.csv"))
    write_csv(folder / "a.csv", HEADER, rows(1))
    write_book(folder / "book.csv")
    return folder


def run(*arguments, project, **options):
    """A command in a process of its own."""
    command = [sys.executable, "-m", "commresearch.cli", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=300, check=False, **options)


def said(project, command="clean", cases=("binhai",), more=()):
    """What a command that fails says in Chinese and in English; it ends with 2 and leaves nothing below reports/."""
    texts = []
    for language in ("zh", "en"):
        result = CliRunner(env={"COMMRESEARCH_KEY": ""}).invoke(app, [command, *cases, "--project", str(project), "--lang", language, *more])
        assert result.exit_code == 2, (result.output, result.exception)
        assert not (project / "reports").exists()
        texts.append(result.stderr)
    assert "处理：" in texts[0]
    assert "What to do:" in texts[1]
    return texts


def test_a_new_case_from_its_scaffold_to_exported_data(project):
    made = run("init", "binhai", "--lang", "en", "--name-zh", "滨海示范区", "--name-en", "Binhai", "--level", "district", project=project)
    assert made.returncode == 0, made.stderr
    folder = project / "data_raw" / "binhai"
    assert made.stdout.startswith("The case folder is ready; files written: ")
    assert made.stdout.strip().endswith(str(folder))
    with (folder / "case.toml").open("a", encoding="utf8") as file:
        file.write(data_part("2026a", ["a.csv"], codebook="book.csv"))
    write_csv(folder / "a.csv", HEADER, rows(1))
    write_book(folder / "book.csv")
    done = run("clean", "binhai", "--lang", "en", *REPORT, project=project, env={**os.environ, "COMMRESEARCH_KEY": "a5" * 8 + "0123456789abcdef" * 2})
    assert done.returncode == 0, done.stderr
    assert "cleaning 1/1 · binhai · 2026a" in done.stdout
    assert "2026a: answer sheets read 12, kept 12;" in done.stdout
    assert "Reports made: 1 of 1" in done.stdout
    page = project / "reports" / "site" / "binhai_2026a_quality" / "zh" / "binhai_2026a_quality.zh.html"
    assert page.stat().st_size > 5_000
    clean = read_clean(project / "reports" / "clean" / "binhai" / "2026a")
    assert clean.frame["phone"].str.fullmatch("[a-z]{20}").all()
    assert json.loads((project / "reports" / "clean" / "binhai" / "2026a" / "manifest.json").read_text(encoding="utf8"))["settings"]["fictional"] is False
    told = run("export", "binhai", "--lang", "zh", project=project)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("导出5个文件。")
    assert len(list((project / "reports" / "export" / "binhai").iterdir())) == 5
    assert not any("1380000" in p.read_text(encoding="utf8", errors="ignore") for p in (project / "reports").rglob("*") if p.is_file())


def test_init_never_overwrites(project, case):
    for language, text in (("zh", "[CR-N01]"), ("en", "[CR-N01]")):
        result = CliRunner().invoke(app, ["init", "binhai", "--project", str(project), "--lang", language])
        assert result.exit_code == 2
        assert text in result.stderr
    assert {p.name for p in case.iterdir()} == {"case.toml", "a.csv", "book.csv"}
    said(project, "init", cases=("Bin hai",))


def test_a_case_that_is_not_there_and_one_without_surveys(project):
    zh, en = said(project, cases=("nowhere", "neither"))
    assert zh.count("[CR-F01]") == en.count("[CR-F01]") == 2
    write_case(project / "data_raw" / "binhai")
    zh, en = said(project)
    assert "[CR-F10]" in zh
    assert "[[data]]" in en


def test_a_case_toml_with_unknown_keys(project, case):
    text = (case / "case.toml").read_text(encoding="utf8").replace("codebook", "codeboook") + "[analysis]\nsed = 3\n"
    (case / "case.toml").write_text(text, encoding="utf8")
    zh, en = said(project)
    assert "[CR-F03] case.toml：不认识的键 data.1.codeboook" in zh
    assert "[CR-F03] case.toml: unknown key analysis.sed." in en


def test_a_codebook_that_is_not_there(project, case):
    (case / "book.csv").unlink()
    zh, en = said(project)
    assert f"[CR-F07] case.toml 提到的文件“book.csv”不在 {case} 中" in zh
    assert "names “book.csv”" in en


def test_a_locked_workbook(project, case):
    (case / "a.xlsx").write_bytes(compound_file("EncryptionInfo", "EncryptedPackage"))
    (case / "case.toml").write_text((case / "case.toml").read_text(encoding="utf8").replace("a.csv", "a.xlsx"), encoding="utf8")
    zh, en = said(project)
    assert "[CR-S12] a.xlsx" in zh
    assert "[CR-S12] a.xlsx is locked with a password." in en


def test_corrections_whose_old_value_is_gone_say_file_row_value_and_what_to_do(project, case):
    lines = [correction(3, "age", "99", "29", file="a.csv"), correction(4, "nobody", "1", "2", file="a.csv"), correction(2, "age", "21", "22", file="b.csv")]
    pd.DataFrame(lines, columns=list(CORRECTION_COLUMNS)).to_csv(case / "corrections.csv", index=False)
    zh, en = said(project)
    assert "[CR-D34] corrections.csv 第2行（3，age）：原值应为“99”，实为“22”" in zh
    assert "[CR-D34] corrections.csv, row 2 (3, age): the old value should be “99” and is “22”" in en
    assert "[CR-D33] corrections.csv, row 3: “nobody”" in en
    assert "[CR-D41] corrections.csv, row 4, column file: there is no “b.csv”. The surveys of the case have: a.csv." in en


def test_a_codebook_and_answers_that_do_not_fit_say_sheet_row_column_and_what_is_allowed(project, case):
    write_xlsx(case / "a.xlsx", [*HEADER, "备注"], [[*row, ""] for row in [*rows(1)[:3], [9, "2026-09-02", "男性", 30, "还行", "13800009999"]]])
    text = (case / "case.toml").read_text(encoding="utf8").replace("a.csv", "a.xlsx")
    (case / "case.toml").write_text(text, encoding="utf8")
    zh, en = said(project)
    assert "[CR-K11] a.xlsx（工作表 Sheet1），变量 sex（列“性别”）：第5行有编码簿没有的答案“男性”（共1处）；编码簿有：1=男; 2=女。处理：" in zh
    assert "[CR-K11] a.xlsx (sheet Sheet1), variable overall (column “总体满意度”): answer “还行” in row 5 (1 in all) is not in the codebook, which has: 1=非常满意;" in en
    write_book(case / "book.csv", ("age", {"unit": "岁"}))
    broken = (case / "book.csv").read_text(encoding="utf8").replace("single", "choice", 1)
    (case / "book.csv").write_text(broken, encoding="utf8")
    zh, en = said(project)
    assert "[CR-K02] book.csv 第4行，列 type：得到“choice”，只允许：single, multiple" in zh
    assert "[CR-K02] book.csv, row 4, column type: got “choice”, allowed: single, multiple" in en


def test_a_key_that_lies_among_the_data_or_is_too_short(project, case, tmp_path):
    inside, short = project / "key.txt", tmp_path / "short.txt"
    inside.write_text("0123456789abcdef" * 4, encoding="utf8")
    short.write_text("abc", encoding="utf8")
    for path, code in ((inside, "CR-P03"), (short, "CR-P01"), (tmp_path / "none.txt", "CR-P10"), (tmp_path, "CR-P11")):
        zh, en = said(project, more=("--key-file", str(path)))
        assert f"[{code}]" in zh
        assert f"[{code}]" in en


def test_options_are_looked_at_before_anything_is_written(project, case):
    zh, en = said(project, more=("--renderer", "latex"))
    assert "[CR-R14]" in zh
    assert "Option --renderer got “latex”, allowed: auto, quarto, embedded." in en


def test_an_identifier_that_would_be_written_stops_the_command(project, case):
    write_book(case / "book.csv", ("age", {"note": "有问题请打13912345678"}))
    zh, en = said(project)
    assert "[CR-P08]" in zh
    assert f"{project / 'reports' / 'clean' / 'binhai' / '2026a' / 'codebook.csv'}" in en
    assert "13912345678" not in zh + en


def test_export_before_cleaning(project, case):
    zh, en = said(project, "export")
    assert "[CR-F09]" in zh
    assert "frame.parquet is missing. What to do: run commresearch clean first" in en


def test_every_fault_of_every_survey_is_in_one_message(project, case):
    (case / "b.csv").write_bytes(b"")
    with (case / "case.toml").open("a", encoding="utf8") as file:
        file.write(data_part("2025a", ["b.csv"], codebook="book.csv"))
    write_csv(case / "a.csv", HEADER, [[*rows(1)[0][:2], "男性", *rows(1)[0][3:]]])
    zh, en = said(project)
    for text in (zh, en):
        assert text.count("[CR-") == 2
        assert "[CR-S03] b.csv" in text
        assert "[CR-K11] a.csv" in text
