"""Reports through the whole of building: what may not leave is not written, and texts of people stay texts in every format."""

import json
import re
import subprocess
import zipfile

import nbformat
import pytest

from commresearch.errors import CleaningError
from commresearch.reporting.build import Project, ReportTask, Settings, build_reports
from commresearch.reporting.disclosure_release import RELEASE
from commresearch.reporting.rendering import choose_renderer
from commresearch.terms import Format, Language
from commresearch.workflow import require_clean_reports
from tests.conftest import find_tool

HEAD = "from commresearch.reporting.display import *\nfrom commresearch.reporting.display import Table, show, paragraph, escape\n"
GATE = "from commresearch.cases.case import Release\nfrom commresearch.reporting.disclosure_groups import Group\nfrom commresearch.reporting.disclosure_tables import protected\nrules = Release(rounding=1)\n"
#: What people write into a survey that could be taken for markup, a formula, a mention, a reference or mathematics.
ANSWERS = [
    "<script>alert(1)</script>", '=cmd|"/c calc"!A1', "@name 请来", "甲 | 乙", "# 不是标题", "花了 $5 和 $6", "**不粗**", "[点我](http://example.com)", "![](x.png)", "{#tbl-x}", "`code`", "<b>粗</b>", "#let x = 1", "\\textbf{a}",
    "+86", "-1+1", "::: {.callout-note}", "https://example.com",
    "- 没有", "1. 停车", "(1) 停车", "a) 停车", ": 停车", "---", "+ 一条", "2024.", "=1+1",
]


def notebook(project, name, code):
    parameters = nbformat.v4.new_code_cell('language: str = "zh"  # language', metadata={"tags": ["parameters"]})
    book = nbformat.v4.new_notebook(cells=[parameters, nbformat.v4.new_code_cell(HEAD + code)])
    book.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
    nbformat.write(book, project.root / "notebooks" / f"{name}.ipynb")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("gate")
    (root / "notebooks").mkdir()
    return Project(root=root, published=root / "published", site=root / "site")


@pytest.fixture(scope="module")
def renderer(tmp_path_factory):
    return choose_renderer("embedded", tmp_path_factory.mktemp("reference"), {})[0]


def made(project, renderer, subject, code, *, formats=(Format.HTML,), facts="facts"):
    """One report in Chinese; its result and its folder."""
    notebook(project, subject, code)
    task = ReportTask(
        subject=subject, title="标题", subtitle="", language=Language.ZH, notebook=f"{subject}.ipynb", parameters={"language": "zh"}, facts=facts,
    )
    (result,) = build_reports(project, [task], Settings(renderer=renderer, formats=formats, workers=1))
    return result, project.site / subject / "zh"


def people(*rows, population="survey"):
    """Code of a table of (units, count, shown?) rows of one population."""
    cells = [[units, str(count) if shown else "·"] for units, count, shown in rows]
    persons = [[None, count] for _, count, _ in rows]
    groups = ", ".join(f"[None, Group(population={population!r}, units=frozenset({list(units)!r}))]" for units, _, _ in rows)
    return (
        f"{GATE}show(Table(id='tbl-p', caption='各社区答卷', header=('社区', '份'), align='lr', rules=rules, rows={cells!r}, persons={persons!r}, "
        f"groups=[{groups}]))"
    )


def text_of(path):
    if path.suffix == ".docx":
        with zipfile.ZipFile(path) as parts:
            return re.sub(r"<[^>]+>", "", re.sub(r"</w:p>", "\n", parts.read("word/document.xml").decode()))
    if path.suffix == ".pdf":
        return subprocess.run([find_tool("pdftotext"), str(path), "-"], capture_output=True, text=True, check=True, timeout=60).stdout
    return path.read_text(encoding="utf8")


# ---------------------------------------------------------------- what is stopped


def test_a_planted_small_cell_is_stopped(project, renderer):
    result, folder = made(project, renderer, "small", people(("甲", 60, True), ("乙", 7, True)))
    assert not result.ok
    assert "CR-U02" in result.failures[0].values["error"]
    page = (folder / "small.zh.html").read_text(encoding="utf8")
    assert "各社区答卷 · 乙 · 份" in page
    assert not (folder / "small.zh.docx").exists()
    assert not (folder / "record.json").exists()
    for file in folder.rglob("*"):
        if file.is_file() and file.suffix == ".ipynb":
            shown = [o for c in json.loads(file.read_text(encoding="utf8"))["cells"] for o in c.get("outputs", []) if o["output_type"] == "display_data"]
            assert shown == []


def test_a_planted_difference_of_two_reports_is_stopped(project, renderer):
    first, folder = made(project, renderer, "communities", people(("甲", 60, True), ("乙", 33, True), ("丙", 7, False)))
    assert first.ok
    assert (folder / RELEASE).is_file()
    second, folder = made(project, renderer, "district", people(("甲乙丙", 100, True)))
    assert [f.code for f in second.failures] == ["CR-U06"]
    left = sorted(path.name for path in folder.rglob("*"))
    assert left == ["district.zh.html"], "only the page that says why"
    page = (folder / "district.zh.html").read_text(encoding="utf8")
    assert "丙" in page
    assert "处理：" in page
    harmless, _ = made(project, renderer, "others", people(("甲乙", 93, True)))
    assert harmless.ok


def test_a_planted_difference_within_one_report_is_stopped(project, renderer):
    parts = (("甲", 60, True), ("乙", 7, False)), (("甲乙", 67, True),)
    code = "\n".join(people(*rows, population="another") for rows in parts)
    result, folder = made(project, renderer, "two_tables", code)
    assert [f.code for f in result.failures] == ["CR-U06"]
    assert not (folder / RELEASE).exists()


def test_a_planted_causal_sentence_is_stopped(project, renderer):
    result, folder = made(project, renderer, "words", "show(paragraph('试点使投诉减少了两成。'))")
    assert [f.code for f in result.failures] == ["CR-U08"]
    assert "试点使投诉减少了两成" in (folder / "words.zh.html").read_text(encoding="utf8"), "the page of the failure quotes it"
    assert not (folder / "record.json").exists()


def test_a_planted_identifier_is_found_in_every_file_of_a_report(project, renderer):
    formats = (Format.HTML, Format.DOCX, Format.PDF)
    result, folder = made(project, renderer, "identifier", "show(paragraph('联系人电话 13912345678。'))", formats=formats)
    assert result.ok
    with pytest.raises(CleaningError) as error:
        require_clean_reports(sorted(folder.glob("identifier.zh.*")), {})
    found = {failure.values["path"].suffix for failure in error.value.failures}
    assert {".html", ".docx", ".ipynb"} <= found
    assert not folder.exists() or not list(folder.glob("*.html")), "and what was written is taken away"


# ---------------------------------------------------------------- texts stay texts


@pytest.fixture(scope="module")
def answers(project, renderer):
    rows = [[str(i), text] for i, text in enumerate(ANSWERS)]
    code = (
        f"answers = {ANSWERS!r}\nrows = {rows!r}\n"
        "show([Table(id='tbl-a', caption='意见：<script>', header=('序号', '<b>意见</b>'), align='ll', rows=rows, note='注 $x$ #y @z'), *(paragraph(escape(a)) for a in answers)])"
    )
    formats = (Format.HTML, Format.DOCX, *([Format.PDF] if find_tool("pdftoppm") else []))
    result, folder = made(project, renderer, "answers", code, formats=formats)
    assert result.ok, result.failures
    return folder


def plain(text):
    return "".join(text.split())


@pytest.mark.parametrize("suffix", ["html", "docx"])
def test_answers_stand_as_text(answers, suffix):
    import html

    whole = text_of(answers / f"answers.zh.{suffix}")
    body = html.unescape(re.sub(r"<(style|script)\b.*?</\1>", "", whole, flags=re.DOTALL)) if suffix == "docx" else whole
    shown = plain(html.unescape(re.sub(r"<[^>]+>", "", body)) if suffix == "html" else body)
    for answer in ANSWERS:
        assert shown.count(plain(answer)) >= 2, answer  # in the table and as a paragraph
    assert suffix == "docx" or "<script>alert" not in whole


@pytest.mark.needs("pdftoppm")
def test_answers_stand_as_text_in_the_pdf(answers):
    if find_tool("pdftoppm") is None:
        pytest.skip("poppler is not installed")
    shown = plain(subprocess.run(["pdftotext", "-layout", str(answers / "answers.zh.pdf"), "-"], capture_output=True, text=True, check=True, timeout=60).stdout)
    for answer in ANSWERS:
        assert plain(answer) in shown, answer


def test_no_answer_is_a_formula_in_the_files_of_tables(answers):
    csv = (answers / "tables" / "tbl-a.csv").read_text(encoding="utf-8-sig")
    for line in csv.splitlines()[1:]:
        cell = line.partition(",")[2].strip('"')
        assert not cell.startswith(("=", "@")), line
    with zipfile.ZipFile(answers / "answers.zh.xlsx" if (answers / "answers.zh.xlsx").exists() else answers / "tables" / "answers.zh.xlsx") as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/")]
    assert not any("<f>" in sheet for sheet in sheets)
    assert not any("hyperlink" in sheet for sheet in sheets)


def test_an_answer_opens_nothing_and_leads_nowhere(answers):
    page = (answers / "answers.zh.html").read_text(encoding="utf8")
    main = page[page.index("<main") :]
    assert not re.search(r'href="http', main)
    assert not re.search(r"<img(?![^>]*data:)", main)
    assert "<math" not in main
    assert main.count("<h1") + main.count("<h2") <= 1
