"""Renderers: the embedded one for real, Quarto by a stand-in that records what it was asked; marks and looks in what they make."""

import os
import re
import stat
import time
import zipfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from commresearch.errors import ReportError
from commresearch.records import ProcessResult
from commresearch.reporting.assemble import Document, Look, ReviewState, number_headings
from commresearch.reporting.rendering import EmbeddedRenderer, QuartoRenderer, choose_renderer, find_quarto
from commresearch.terms import Format, Language
from commresearch.words import render_error

BODY = "# 一\n\n见 @tbl-x。\n\n| a |\n|:---|\n| b |\n\n: 表 {#tbl-x}\n\n::: {.callout-important}\n## 框\n\n文字\n:::\n\n::: {.source-note}\n注\n:::\n"


def document(folder: Path, body: str = BODY, language: str = "zh") -> Document:
    return Document(stem="a.zh", folder=folder, title='标题 "A" & <B>', subtitle="副题", language=language, body=body)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    renderer, problem = choose_renderer("embedded", tmp_path_factory.mktemp("reference"), {})
    assert problem is None
    assert isinstance(renderer, EmbeddedRenderer)
    return renderer


def test_all_formats_are_made_and_nothing_else_is_left(tmp_path, embedded):
    paths = embedded.render(document(tmp_path), list(Format))
    assert [p.name for p in paths] == ["a.zh.html", "a.zh.docx", "a.zh.pdf"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zh.docx", "a.zh.html", "a.zh.pdf"]
    html = paths[0].read_text(encoding="utf8")
    assert '<a href="#tbl-x">表1</a>' in html
    assert '<th style="text-align: left;" scope="col">' in html or 'scope="col"' in html
    assert "标题 &quot;A&quot; &amp; &lt;B&gt;" in html or '标题 "A" &amp; &lt;B&gt;' in html
    assert 'role="note"' in html
    assert paths[2].read_bytes().startswith(b"%PDF-1.7")


def test_rendering_again_gives_the_same_files(tmp_path, embedded):
    once = [p.read_bytes() for p in embedded.render(document(tmp_path), list(Format))]
    time.sleep(2.1)  # dates in archives count in steps of two seconds
    again = [p.read_bytes() for p in embedded.render(document(tmp_path), list(Format))]
    assert once == again


def test_a_reference_that_leads_nowhere_is_a_fault(tmp_path, embedded):
    with pytest.raises(ReportError) as caught:
        embedded.render(document(tmp_path, "见 @fig-none。\n"), [Format.HTML])
    assert "[CR-R10] a.zh has references that lead nowhere: fig-none." in render_error(caught.value, Language.EN)
    assert list(tmp_path.iterdir()) == []


def test_a_hanging_or_failing_renderer_is_named(tmp_path):
    def hanging(*_, **__):
        return ProcessResult(exit_code=None, stdout="", stderr="")

    def failing(*_, **__):
        return ProcessResult(exit_code=3, stdout="", stderr="line one\nline two")

    with pytest.raises(ReportError) as caught:
        EmbeddedRenderer(references=tmp_path, run=hanging, timeout=5).render(document(tmp_path), [Format.HTML])
    assert "[CR-R08] pandoc had not finished a.zh after 5 seconds and was stopped." in render_error(caught.value, Language.EN)
    with pytest.raises(ReportError) as caught:
        EmbeddedRenderer(references=tmp_path, run=failing).render(document(tmp_path), [Format.HTML])
    assert "[CR-R07] pandoc failed on a.zh (exit code 3): line one line two." in render_error(caught.value, Language.EN)


SIMULATED = {"is_simulated": True, "review": ReviewState(kind="draft", line="草稿·未经审核", more="上次另有一版 <1>")}


@pytest.fixture(scope="module")
def marked(tmp_path_factory, embedded):
    """A report on simulated data in both looks: its files by look and format."""
    found = {}
    for look in Look:
        folder = tmp_path_factory.mktemp(look)
        made = embedded.render(replace(document(folder, TEXT), look=look, **SIMULATED), list(Format))
        found |= {(look, path.suffix[1:]): path for path in made}
    return found


TEXT = "# 甲\n\n" + "汉" * 1600 + "\n\n## 乙\n\n字。\n\n" + BODY.replace("# 一", "# 丙")


@pytest.mark.parametrize("look", Look, ids=str)
def test_a_page_on_simulated_data_says_so_and_how_far_it_was_reviewed(marked, look):
    html = marked[look, "html"].read_text(encoding="utf8")
    assert re.search(rf'<body class="look-{look} simulated" data-simulated="true">', html)
    assert '<p class="simulated-banner" role="note">模拟数据：' in html
    assert '<p class="review review-draft">草稿·未经审核<span class="review-more">上次另有一版 &lt;1&gt;</span></p>' in html
    assert '<div class="table-scroll" tabindex="0" role="region" aria-label="表1表格，可左右滚动">' in html


@pytest.mark.parametrize("look", Look, ids=str)
def test_every_page_of_word_and_pdf_says_so_too(marked, look):
    from pypdf import PdfReader

    with zipfile.ZipFile(marked[look, "docx"]) as archive:
        headers = [archive.read(n).decode("utf8") for n in archive.namelist() if re.fullmatch(r"word/header\d+\.xml", n)]
        body = archive.read("word/document.xml").decode("utf8")
    said = [re.sub(r"<[^>]+>", "", header).strip() for header in headers]
    assert said
    assert set(said) == {"模拟数据　草稿·未经审核"}
    assert body.count("<w:headerReference ") == (2 if look is Look.GOV else 1)
    reader = PdfReader(marked[look, "pdf"])
    assert len(reader.pages) > 1
    for page in reader.pages:
        text = page.extract_text()
        assert text.count("模拟数据") == 2, "in the header and behind the text"
        assert "草稿·未经审核" in text
    xmp = marked[look, "pdf"].read_bytes()
    assert b"<pdfuaid:part>1</pdfuaid:part>" in xmp


def test_a_report_without_marks_has_none(tmp_path, embedded):
    html, docx, _ = embedded.render(document(tmp_path), list(Format))
    text = html.read_text(encoding="utf8")
    assert '<body class="look-research">' in text
    assert "simulated-banner\"" not in text
    assert 'class="review' not in text
    with zipfile.ZipFile(docx) as archive:
        assert not any("header" in name for name in archive.namelist())


def test_the_office_look_has_its_page_its_fonts_and_its_numbers(marked):
    with zipfile.ZipFile(marked[Look.GOV, "docx"]) as archive:
        body, styles = (archive.read(f"word/{n}.xml").decode("utf8") for n in ("document", "styles"))
        footers = [re.sub(r"<[^>]+>", "", archive.read(n).decode("utf8")).strip() for n in archive.namelist() if re.fullmatch(r"word/footer\d+\.xml", n)]
    margins = re.search(r"<w:pgMar [^>]*>", body)[0]
    assert {k: round(int(v) / 56.693) for k, v in re.findall(r'w:(top|bottom|left|right)="(\d+)"', margins)} == {"top": 37, "bottom": 35, "left": 28, "right": 26}
    for style, font in (("BodyText", "仿宋_GB2312"), ("Heading1", "黑体"), ("Heading2", "楷体_GB2312"), ("Title", "方正小标宋简体")):
        found = re.search(rf'<w:style [^>]*w:styleId="{style}".*?</w:style>', styles, flags=re.DOTALL)[0]
        assert f'w:eastAsia="{font}"' in found, style
    text = re.search(r'<w:style [^>]*w:styleId="BodyText".*?</w:style>', styles, flags=re.DOTALL)[0]
    assert 'w:line="579"' in text
    assert 'w:lineRule="exact"' in text
    assert 'w:firstLineChars="200"' in text
    assert '<w:spacing w:val="-5"/>' in text, "28 characters of 16 points make 156 mm"
    assert "linesAndChars" not in body
    figure = re.search(r'<w:style [^>]*w:styleId="CaptionedFigure".*?</w:style>', styles, flags=re.DOTALL)[0]
    assert 'w:lineRule="exact"' not in figure
    assert footers == ["— PAGE —", "— PAGE —"]
    assert [t for t in ("一、甲", "（一）乙", "二、丙") if t not in re.sub(r"<[^>]+>", "", body)] == []
    assert 'w:val="TableText"' in body


def test_the_office_look_sets_22_lines_of_28_characters(marked):
    from pypdf import PdfReader

    lines = {}

    def visit(operator, operands, matrix, _):
        if operator in {b"Tj", b"TJ"}:
            shown = operands[0] if operator == b"TJ" else operands[:1]
            glyphs = sum(len(part.original_bytes) // 2 for part in shown if not isinstance(part, int | float))
            lines[round(matrix[5], 1)] = lines.get(round(matrix[5], 1), 0) + glyphs

    page = PdfReader(marked[Look.GOV, "pdf"]).pages[0]
    page.extract_text(visitor_operand_before=visit)
    heights = [height for height, glyphs in sorted(lines.items(), reverse=True) if glyphs == 28]
    assert len(heights) >= 15, lines
    steps = {round(a - b, 1) for a, b in pairwise(heights)}
    assert all(abs(step - 225 / 25.4 * 72 / 22) < 0.1 for step in steps), steps


@pytest.mark.parametrize(
    ("language", "wanted"),
    [(Language.ZH, ["# 一、甲", "## （一）乙", "### 1.丙", "#### （1）丁", "## （二）戊", "# 二、己", "# 附录：庚"]), (Language.EN, ["# 1. 甲", "## 1.1 乙", "### 1.1.1 丙", "#### 1.1.1.1 丁", "## 1.2 戊", "# 2. 己", "# 附录：庚"])],
    ids=str,
)
def test_headings_are_numbered_but_for_boxes_code_and_annexes(language, wanted):
    body = "# 甲\n\n## 乙\n\n### 丙\n\n#### 丁\n\n::: {.callout-note}\n## 框\n\n字\n:::\n\n## 戊\n\n```\n# code\n```\n\n# 己\n\n# 附录：庚\n"
    found = [line for line in number_headings(body, language).split("\n") if line.startswith("#")]
    assert found == [*wanted[:4], "## 框", wanted[4], "# code", *wanted[5:]]


def test_the_tenth_and_the_eleventh_heading_have_their_numbers():
    numbered = number_headings("# x\n" * 21, Language.ZH).split("\n")
    assert [numbered[i] for i in (8, 9, 10, 19, 20)] == ["# 九、x", "# 十、x", "# 十一、x", "# 二十、x", "# 二十一、x"]


def fake_quarto(folder: Path, script: str) -> Path:
    path = folder / "quarto"
    path.write_text("#!/bin/sh\n" + script, encoding="utf8")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return path


WORKING = 'echo "$@" > "$HERE/argv"; cp report.qmd "$HERE/seen.qmd"; touch report.html report.docx report.pdf\n'


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for Quarto")
class TestQuarto:
    def test_it_is_called_once_for_all_formats_with_the_assembled_document(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HERE", str(tmp_path))
        report = tmp_path / "report"
        report.mkdir()
        quarto = QuartoRenderer(command=str(fake_quarto(tmp_path, WORKING)), references=tmp_path)
        paths = quarto.render(document(report), list(Format))
        assert [p.name for p in paths] == ["a.zh.html", "a.zh.docx", "a.zh.pdf"]
        assert (tmp_path / "argv").read_text().strip() == "render report.qmd"
        source = (tmp_path / "seen.qmd").read_text(encoding="utf8")
        assert 'title: "标题 \\"A\\" & <B>"' in source
        assert "  enabled: false" in source
        assert "lang: zh" in source
        assert "> **框**\n> \n> 文字" in source
        assert "callout" not in source
        assert ": 表 {#tbl-x}" in source
        assert "模拟数据" not in source
        assert sorted(p.name for p in report.iterdir()) == ["a.zh.docx", "a.zh.html", "a.zh.pdf"]

    def test_it_is_told_of_the_look_and_of_the_marks(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HERE", str(tmp_path))
        report = tmp_path / "report"
        report.mkdir()
        quarto = QuartoRenderer(command=str(fake_quarto(tmp_path, WORKING)), references=tmp_path)
        quarto.render(replace(document(report), look=Look.GOV, **SIMULATED), list(Format))
        source = (tmp_path / "seen.qmd").read_text(encoding="utf8")
        assert 'body-classes: "look-gov simulated"' in source
        assert f'reference-doc: "{tmp_path / "gov_zh.docx"}"' in source
        assert (tmp_path / "gov_zh.docx").is_file()
        assert "margin: {top: 37mm, bottom: 35mm, left: 28mm, right: 26mm}" in source
        assert "#set page(background: rotate(-35deg" in source
        assert "> **模拟数据：" in source
        assert "> **草稿·未经审核**" in source
        assert "# 一、一\n" in source

    def test_its_failure_is_shown(self, tmp_path):
        quarto = QuartoRenderer(command=str(fake_quarto(tmp_path, "echo 'ERROR: no format' >&2; exit 4\n")), references=tmp_path)
        with pytest.raises(ReportError) as caught:
            quarto.render(document(tmp_path), [Format.HTML])
        assert "[CR-R07] Quarto 生成 a.zh 时失败（退出码 4）：ERROR: no format。" in render_error(caught.value, Language.ZH)

    def test_its_hanging_ends_at_the_limit(self, tmp_path):
        quarto = QuartoRenderer(command=str(fake_quarto(tmp_path, "sleep 60\n")), references=tmp_path, timeout=0.5)
        with pytest.raises(ReportError, match="CR-R08"):
            quarto.render(document(tmp_path), [Format.HTML])

    def test_a_format_left_out_is_named(self, tmp_path):
        quarto = QuartoRenderer(command=str(fake_quarto(tmp_path, "touch report.html\n")), references=tmp_path)
        with pytest.raises(ReportError) as caught:
            quarto.render(document(tmp_path), [Format.HTML, Format.PDF])
        assert "[CR-R13] Quarto (a.zh) did not produce pdf." in render_error(caught.value, Language.EN)

    def test_it_is_looked_for_by_name_then_on_the_path(self, tmp_path):
        found = fake_quarto(tmp_path, "exit 0\n")
        assert find_quarto({"QUARTO_PATH": "/opt/q", "PATH": str(tmp_path)}) == "/opt/q"
        assert find_quarto({"PATH": str(tmp_path)}) == str(found)
        assert find_quarto({"PATH": ""}) is None

    def test_auto_takes_it_where_it_is_found(self, tmp_path):
        found = fake_quarto(tmp_path, 'test "$1" = render || echo 1.8.2\n')
        assert choose_renderer("auto", tmp_path, {"PATH": str(tmp_path)})[0].name == "Quarto 1.8.2"
        assert choose_renderer("embedded", tmp_path, {"QUARTO_PATH": str(found)})[0].name == "pandoc + typst"
        assert choose_renderer("auto", tmp_path, {"PATH": ""})[0].name == "pandoc + typst"

    @pytest.mark.parametrize("script", ["exit 3\n", 'test "$1" = --version && echo 1.8 || exit 3\n'])
    def test_one_that_does_not_work_is_left_aside_with_the_reason(self, tmp_path, script):
        env = {"QUARTO_PATH": str(fake_quarto(tmp_path, script))}
        renderer, problem = choose_renderer("auto", tmp_path, env)
        assert renderer.name == "pandoc + typst"
        assert problem is not None
        assert "[CR-R07] Quarto failed on probe (exit code 3)" in render_error(problem, Language.EN)
        with pytest.raises(ReportError, match="CR-R07"):
            choose_renderer("quarto", tmp_path, env)

    def test_one_that_hangs_is_left_aside_too(self, tmp_path, monkeypatch):
        monkeypatch.setattr("commresearch.reporting.rendering.PROBE_TIMEOUT", 0.5)
        renderer, problem = choose_renderer("auto", tmp_path, {"QUARTO_PATH": str(fake_quarto(tmp_path, "sleep 60\n"))})
        assert renderer.name == "pandoc + typst"
        assert problem is not None
        assert problem.failures[0].code == "CR-R08"

    def test_asking_for_it_in_vain_is_an_error(self, tmp_path):
        with pytest.raises(ReportError) as caught:
            choose_renderer("quarto", tmp_path, {"PATH": ""})
        assert "[CR-R09] 指定用 Quarto 渲染，但没有找到它" in render_error(caught.value, Language.ZH)
