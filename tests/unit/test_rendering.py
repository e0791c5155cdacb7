"""Renderers: the embedded one for real, Quarto by a stand-in that records what it was asked."""

import os
import stat
import time
from pathlib import Path

import pytest

from commresearch.errors import ReportError
from commresearch.records import ProcessResult
from commresearch.reporting.assemble import Document
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
        EmbeddedRenderer(reference=tmp_path, run=hanging, timeout=5).render(document(tmp_path), [Format.HTML])
    assert "[CR-R08] pandoc had not finished a.zh after 5 seconds and was stopped." in render_error(caught.value, Language.EN)
    with pytest.raises(ReportError) as caught:
        EmbeddedRenderer(reference=tmp_path, run=failing).render(document(tmp_path), [Format.HTML])
    assert "[CR-R07] pandoc failed on a.zh (exit code 3): line one line two." in render_error(caught.value, Language.EN)


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
        quarto = QuartoRenderer(command=str(fake_quarto(tmp_path, WORKING)), reference=tmp_path / "reference.docx")
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
        assert sorted(p.name for p in report.iterdir()) == ["a.zh.docx", "a.zh.html", "a.zh.pdf"]

    def test_its_failure_is_shown(self, tmp_path):
        quarto = QuartoRenderer(command=str(fake_quarto(tmp_path, "echo 'ERROR: no format' >&2; exit 4\n")), reference=tmp_path)
        with pytest.raises(ReportError) as caught:
            quarto.render(document(tmp_path), [Format.HTML])
        assert "[CR-R07] Quarto 生成 a.zh 时失败（退出码 4）：ERROR: no format。" in render_error(caught.value, Language.ZH)

    def test_its_hanging_ends_at_the_limit(self, tmp_path):
        quarto = QuartoRenderer(command=str(fake_quarto(tmp_path, "sleep 60\n")), reference=tmp_path, timeout=0.5)
        with pytest.raises(ReportError, match="CR-R08"):
            quarto.render(document(tmp_path), [Format.HTML])

    def test_a_format_left_out_is_named(self, tmp_path):
        quarto = QuartoRenderer(command=str(fake_quarto(tmp_path, "touch report.html\n")), reference=tmp_path)
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
