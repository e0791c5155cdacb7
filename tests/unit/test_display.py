from pathlib import Path

import pytest

from commresearch.errors import ReportError
from commresearch.reporting import fonts
from commresearch.reporting.display import Figure, Prose, Table, bullets, callout, display_width, escape, heading
from commresearch.reporting.fonts import font_folder, require_glyphs
from commresearch.reporting.style import house_style
from commresearch.terms import Language
from commresearch.words import render_error

HERE = Path()


def test_text_from_data_cannot_become_markup():
    assert escape("@张三 #标签 a|b *c* _d_ <e> $f$ [g](h)\n~i~") == r"\@张三 \#标签 a\|b \*c\* \_d\_ \<e\> \$f\$ \[g\](h) \~i\~"


@pytest.mark.parametrize("text", ["- a", "+ a", "1. a", "12) a", "(1) a", "a) b", "iv. a", ": a", "::: {.x}", "---", "===", "-", "2024."], ids=range(13))
def test_text_from_data_begins_no_list_box_or_rule(text):
    assert "\\" in escape(text)
    assert escape(text).replace("\\", "") == text


@pytest.mark.parametrize("text", ["-1", "+0.3 (0.1, 0.5)", "1.5", "(1.2, 3.4)", "a.b", "3%", "2024年1月", "=5", "E3"], ids=range(9))
def test_numbers_and_words_stay_as_they_are(text):
    assert escape(text) == text


def test_chinese_counts_two_cells():
    assert display_width("ab") == 2
    assert display_width("中文，") == 6


def test_a_table_carries_caption_id_note_and_widths():
    table = Table(id="tbl-x", caption="标题*", header=("名称", "数"), rows=[["甲|乙", "1"], ["丙", "20"]], align="lr", note="注", style="panels", widths=(6, 4))
    lines = table.markdown(HERE).split("\n")
    assert lines[0] == "| 名称 | 数 |"
    assert lines[1] == "|:------|----:|"
    assert lines[2] == r"| 甲\|乙 | 1 |"
    assert r": 标题\* {#tbl-x .panels}" in lines
    assert "::: {.source-note}" in lines


def test_column_widths_follow_the_content():
    table = Table(id="tbl-x", caption="c", header=("a", "b"), rows=[["x" * 80, "y"]], align="ll")
    assert table.markdown(HERE).split("\n")[1] == "|:" + "-" * 34 + "|:" + "-" * 6 + "|"


def test_prose_items():
    assert heading("a # b", 2).text == r"## a \# b"
    assert bullets(["a", "b"]).text == "- a\n- b"
    assert callout("t", "b", "warning").text == "::: {.callout-warning}\n## t\n\nb\n:::"
    assert Prose(text="x").markdown(HERE) == "x"


def _figure(text):
    from matplotlib.figure import Figure as Drawing

    with house_style():
        drawing = Drawing(figsize=(2, 1))
        drawing.subplots().set_title(text)
    return Figure(id="fig-x", caption="图", alt='说“明"', drawing=drawing, note="注")


def test_a_figure_is_written_in_two_forms_with_its_alternative_text(tmp_path):
    text = _figure("社区 −3").markdown(tmp_path)
    assert text.startswith("![图](figs/fig-x.png){#fig-x fig-alt=\"说“明”\"}")
    assert sorted(p.name for p in (tmp_path / "figs").iterdir()) == ["fig-x.png", "fig-x.svg"]


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        _figure("社区").markdown(tmp_path / name)
    for kind in ("png", "svg"):
        assert (tmp_path / "a" / "figs" / f"fig-x.{kind}").read_bytes() == (tmp_path / "b" / "figs" / f"fig-x.{kind}").read_bytes()


def test_a_character_without_a_glyph_is_refused(tmp_path):
    with pytest.raises(ReportError) as caught:
        _figure("\U0001f600 社区 \ue000").markdown(tmp_path)
    assert "[CR-R06] Font Noto Sans SC has no glyph for: \ue000 \U0001f600" in render_error(caught.value, Language.EN)
    assert not (tmp_path / "figs").exists()
    require_glyphs("社区运营 2025年 −68% ≥ ·—“”")


def test_a_missing_font_package_is_named(monkeypatch):
    monkeypatch.setattr(fonts, "PACKAGE", "no_such_fonts")
    with pytest.raises(ReportError) as caught:
        font_folder()
    assert "[CR-R05] 找不到中文字体“Noto Sans SC”" in render_error(caught.value, Language.ZH)


def test_a_missing_font_file_is_named(monkeypatch):
    monkeypatch.setattr(fonts, "FILES", {"Noto Sans SC": "gone.otf"})
    with pytest.raises(ReportError, match="CR-R05"):
        font_folder()


def test_drawing_leaves_the_settings_of_others_alone():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with house_style():
        pass
    assert dict(mpl.rcParams) == before
