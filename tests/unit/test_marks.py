"""The mark of simulated data inside the files of figures, and colours that everybody can read."""

import re

import pytest
from matplotlib.figure import Figure as Drawing
from PIL import Image

from commresearch.reporting import reference_docx, style
from commresearch.reporting.display import Figure
from commresearch.reporting.marks import mark_figures
from commresearch.reporting.rendering import template
from commresearch.terms import Language

LEAST = 4.5  #: contrast of text


def test_png_and_svg_carry_the_mark_and_stay_what_they_show(tmp_path):
    drawing = Drawing()
    drawing.subplots().plot([1, 2])
    Figure(id="fig-x", caption="c", alt="a", drawing=drawing).markdown(tmp_path)
    before = Image.open(tmp_path / "figs" / "fig-x.png").convert("RGB").tobytes()
    mark_figures(tmp_path / "figs", Language.ZH)
    picture = Image.open(tmp_path / "figs" / "fig-x.png")
    picture.load()
    assert picture.text["Description"].startswith("模拟数据：")
    assert picture.convert("RGB").tobytes() == before
    svg = (tmp_path / "figs" / "fig-x.svg").read_text(encoding="utf8")
    assert re.search(r"<svg [^>]*>\s*<desc>模拟数据：", svg)
    mark_figures(tmp_path / "none", Language.ZH)


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def palettes():
    """Colours of the page by scheme: light, dark, print."""
    blocks = re.findall(r":root \{([^}]*)\}", template("page.css").read_text(encoding="utf8"))
    return [{k: v if len(v) == 7 else "#" + "".join(c * 2 for c in v[1:]) for k, v in re.findall(r"--(\w+): (#\w+)", block)} for block in blocks]


def test_the_measure_of_contrast_is_the_usual_one():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_text_on_pages_has_enough_contrast():
    assert len(palettes()) == 3
    for palette in palettes():
        for text in ("ink", "muted", "accent", "link"):
            for ground in ("paper", "soft"):
                assert contrast(palette[text], palette[ground]) >= LEAST, (text, ground, palette)


def test_text_in_figures_pdf_and_word_has_enough_contrast():
    colours = [style.INK, style.MUTED, style.ACCENT, *style.OUTCOME_COLOUR.values(), *(f"#{c}" for c in (reference_docx.INK, reference_docx.MUTED, reference_docx.ACCENT))]
    typst = template("page.typ").read_text(encoding="utf8")
    colours += [re.search(rf'#let {name} = rgb\("(#\w+)"\)', typst)[1] for name in ("ink", "muted", "accent")]
    assert {c: round(contrast(c, "#ffffff"), 2) for c in colours if contrast(c, "#ffffff") < LEAST} == {}


def test_the_keyboard_is_seen_and_print_is_black_on_white():
    css = template("page.css").read_text(encoding="utf8")
    assert re.search(r"a:focus-visible[^{]*\[tabindex\]:focus-visible \{ outline: 2px solid", css)
    assert re.search(r"@media print \{ :root \{ --ink: #000;", css)
