"""`commresearch course score FILE` as a teacher meets it: wrong files first, then a course of twenty-four persons on one page."""

import os
import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from pypdf import PdfReader

from commresearch.course.forms import answers_xlsx, write_forms
from commresearch.course.items import Form, items
from commresearch.course.score_page import write_score
from commresearch.course.scoring import score_course
from commresearch.records.effects import EFFECT_COLUMNS
from commresearch.reporting.rendering import EmbeddedRenderer
from commresearch.terms import Format, Language
from tests.unit.course_answers import made_sheet, rows_of, write_csv


def run(*arguments, project, lang="zh"):
    command = [sys.executable, "-m", "commresearch.cli", "course", "score", *arguments, "--lang", lang]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, env=dict(os.environ), timeout=300, check=False)


def plain(text):
    return re.sub(r"\s", "", text)


@pytest.fixture
def place(tmp_path):
    for name in ("data_raw", "notebooks"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_wrong_files_are_named_with_all_their_faults_and_nothing_is_written(place):
    result = run("answers.csv", project=place)
    assert result.returncode == 2
    assert "找不到文件 answers.csv" in result.stderr
    rows = rows_of(made_sheet(6))
    faults = {1: {"before_2": "e"}, 2: {"code": "k1000"}, 3: {"form_after": rows[3]["form_before"]}}
    write_csv(place / "answers.csv", [row | {"姓名": "某某"} | faults.get(i, {}) for i, row in enumerate(rows)])
    result = run("answers.csv", project=place)
    assert result.returncode == 2
    for said in ("“姓名”像是姓名", "第3行，列前2：得到“e”，只允许：a、b、c、d", "第4行，列编号：编号“k1000”在第2行已经有了", "第5行：课前、课后都填了"):
        assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert not (place / "reports").exists()
    write_csv(place / "answers.csv", rows[:2])
    few = run("answers.csv", project=place, lang="en")
    assert few.returncode == 2
    assert "[CR-J63] Only 2 persons have both tests" in few.stderr


def test_a_course_on_one_page_in_the_language_asked_for(place):
    rows = rows_of(made_sheet(24, seed=4))
    write_csv(place / "班级一.csv", [*rows, rows[0] | {"code": "z9999"} | {f"after_{i}": "" for i in range(1, 11)}])
    result = run("班级一.csv", project=place)
    assert result.returncode == 0, result.stderr
    assert "前后两次都做的24人" in result.stdout
    folder = place / "reports" / "site" / "班级一_course"
    assert sorted(path.name for path in folder.iterdir()) == ["effects.csv", "zh"]
    effects = pd.read_csv(folder / "effects.csv")
    assert set(EFFECT_COLUMNS) <= set(effects.columns)
    assert len(effects) == 22
    pdf = PdfReader(folder / "zh" / "班级一_course.zh.pdf")
    assert len(pdf.pages) == 1
    page = plain(pdf.pages[0].extract_text())
    html = plain((folder / "zh" / "班级一_course.zh.html").read_text(encoding="utf8"))
    for said in ("证据等级E1", "不能写成这门课的效果", "只做了课前的1人", "先补这几处"):
        assert said in page
        assert said in html
    assert (folder / "zh" / "班级一_course.zh.docx").stat().st_size > 5_000
    written = "".join(path.read_text(encoding="utf8") for path in (folder / "effects.csv", folder / "zh" / "班级一_course.zh.html"))
    assert not any(row["code"] in written for row in rows)
    again = run("班级一.csv", "--language", "en", "--format", "html", project=place)
    assert again.returncode == 0, again.stderr
    assert "Course test" in (folder / "en" / "班级一_course.en.html").read_text(encoding="utf8")


@pytest.fixture(scope="module")
def renderer(tmp_path_factory):
    return EmbeddedRenderer(references=tmp_path_factory.mktemp("references"))


@pytest.mark.parametrize(
    ("n", "options"), [(3, {}), (8, {"share_a_first": 1.0}), (40, {"shift_b": 0.5}), (40, {"share_a_first": 1.0, "gain": 4.0, "blank": 120})], ids=["three", "small", "forms", "all notes"],
)
def test_every_group_fits_one_page_in_both_languages(tmp_path, renderer, n, options):
    sheet = made_sheet(n, **options)
    made = write_score(
        score_course(sheet), tmp_path, stem="a_course", file="一个名字比较长的答题记录表_二〇二五年秋季.xlsx", languages=list(Language), formats=[Format.PDF], renderer=renderer,
    )
    assert [len(PdfReader(path).pages) for path in made] == [1, 1]


def test_forms_key_and_answer_sheet(tmp_path, renderer):
    made = write_forms(tmp_path / "forms", renderer)
    assert [path.name for path in made] == ["form_a.docx", "form_a.pdf", "form_b.docx", "form_b.pdf", "key.docx", "key.pdf", "answers.xlsx"]
    assert made[-1].read_bytes() == answers_xlsx()
    pages = {form: plain("".join(page.extract_text() for page in PdfReader(tmp_path / "forms" / f"form_{form.lower()}.pdf").pages)) for form in Form}
    key = plain("".join(page.extract_text() for page in PdfReader(tmp_path / "forms" / "key.pdf").pages))
    for item in items():
        for form, question in item.questions.items():
            assert plain(question.text)[:12] in pages[form]
            assert all(plain(option)[:12] in pages[form] for option in question.options)
            assert f"{form}卷选{question.key}" in key
    assert "不是实测" in key
    assert not any("卷选" in page for page in pages.values())


@pytest.mark.needs("calc")
def test_the_answer_sheet_survives_another_spreadsheet(tmp_path):
    """Opened and saved by LibreOffice it is still refused for having nobody in it, and for nothing else."""
    from commresearch.course.score_file import read_answer_sheet
    from commresearch.errors import SchemaError

    (tmp_path / "answers.xlsx").write_bytes(answers_xlsx())
    out = tmp_path / "saved"
    command = [shutil.which("soffice"), "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "xlsx", "--outdir", out, tmp_path / "answers.xlsx"]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    with pytest.raises(SchemaError) as caught:
        read_answer_sheet(out / "answers.xlsx")
    assert [f.code for f in caught.value.failures] == ["CR-J53"]
