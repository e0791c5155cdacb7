"""What is made of a lesson: which cells stand in which version, and the files themselves, from a tiny lesson."""

import json
import re
import zipfile
from dataclasses import replace

import nbformat
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from commresearch.course.lesson import Version, read_lesson
from commresearch.course.page import course_data, page_body
from commresearch.course.paper import teacher_body, worksheet_body
from commresearch.course.slides import shows_simulated, slides_body
from commresearch.course.versions import FILES, make_versions
from commresearch.errors import ReportError
from commresearch.reporting.notebooks import execute_notebook
from commresearch.reporting.reference_pptx import SLIDE
from commresearch.reporting.rendering import EmbeddedRenderer
from commresearch.reporting.style import ACCENT
from commresearch.terms import Language
from commresearch.words import render_error, say
from tests.course_case import TINY, tiny_notebook  # noqa: F401 - a fixture


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tiny_notebook):  # noqa: F811
    make_versions(tiny_notebook, EmbeddedRenderer(references=tmp_path_factory.mktemp("references")))
    return tiny_notebook.parent


@pytest.fixture(scope="module")
def lesson(folder):
    return read_lesson(folder / "lesson.ipynb")


def changed(folder, tmp_path, change):
    """The executed notebook with something else in it."""
    book = nbformat.read(folder / "lesson.ipynb", as_version=4)
    change(book)
    nbformat.write(book, tmp_path / "lesson.ipynb")
    with pytest.raises(ReportError) as caught:
        read_lesson(tmp_path / "lesson.ipynb")
    return render_error(caught.value, Language.EN)


def cell(book, name):
    return next(c for c in book.cells if c.id == name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda b: cell(b, "prose").metadata.update(tags=["slides"]), "cell prose: the tag “slides” is not known"),
        (lambda b: cell(b, "head").update(outputs=[]), "exactly one cells.lesson; got 0"), (lambda b: cell(b, "plan").update(outputs=[]), "exactly one cells.plan"),
        (lambda b: cell(b, "sheet").update(outputs=[]), "exactly one cells.sheet; got 0"),
        (lambda b: cell(b, "prose").update(cell_type="code", outputs=cell(b, "choice").outputs), "cell choice: the id “6-3” is used more than once"),
    ],
    ids=["tag", "head", "plan", "sheet", "twice"],
)
def test_a_notebook_that_is_no_lesson_is_refused(folder, tmp_path, change, said):
    assert said in changed(folder, tmp_path, change)


def test_an_id_of_another_lesson_is_refused(folder, tmp_path):
    text = (folder / "lesson.ipynb").read_text(encoding="utf8").replace('"id": "6-3"', '"id": "5-3"')
    (tmp_path / "lesson.ipynb").write_text(text, encoding="utf8")
    with pytest.raises(ReportError, match="CR-J05") as caught:
        read_lesson(tmp_path / "lesson.ipynb")
    assert "the id “5-3” is not of lesson 6" in render_error(caught.value, Language.EN)


#: Words of a cell, and the versions that they stand in: page, teacher, worksheet, slides.
PLACES = {
    "正文一句。": "pt", "只给教师看的一句。": "t", "要点一句": "s", "只在作业纸上的一句。": "w", "fig-rise": "pts", "tbl-counted": "ptws", "升了多少个百分点？": "ptws", "来过多少人？": "ptw",
    "哪个对？": "ptw", "写一句话。": "ptw", "换一换年数。": "pt", "两年看不出。": "pt", "十年看得出。": "pt", "开场": "t", "逐行填。": "pt", "由书记在《分母表》上填一行。": "ptws",
    "书记问：**升了多少**？": "pt", "A tiny lesson": "", "这是百分比。": "pt", "2025年比2024年高12个百分点。": "pt", "写明单位": "pt", "次数是人次。": "t",
}


@pytest.mark.parametrize("words", PLACES, ids=[f"words-{i}" for i in range(len(PLACES))])
def test_tags_say_where_a_cell_goes(lesson, words):
    bodies = {"p": page_body(lesson, "lesson_06"), "t": teacher_body(lesson), "w": worksheet_body(lesson), "s": slides_body(lesson)}
    slides = {"fig-rise": "figs/fig-rise.png", "tbl-counted": "两个社区的件数"}  # slides have no ids
    assert "".join(k for k, body in bodies.items() if (slides.get(words, words) if k == "s" else words) in body) == PLACES[words]


def test_the_order_of_choices_is_the_notebooks(lesson):
    assert list(lesson.explores[0].controls[0].options) == ["2", "10"]
    assert [state.values for state in lesson.explores[0].states] == [("2",), ("10",)]


def test_every_file_of_a_lesson_stands_there(folder):
    assert {path.name for path in folder.glob("lesson_06*")} == {f"lesson_06{end}" for end in FILES}
    for path in folder.glob("lesson_06*"):
        assert path.stat().st_size > 4000, path


def test_the_page_is_one_file_and_its_data_cannot_end_its_script(folder, lesson):
    page = (folder / "lesson_06.html").read_text(encoding="utf8")
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)
    assert set(re.findall(r'<a href="(?!#)([^"]+)"', page)) == {"../index.html", "lesson_06_worksheet.pdf", "lesson_06_worksheet.docx", "lesson_06_exercise.xlsx"}
    images = re.findall(r"<img[^>]*>", page)
    assert len(images) == 3
    assert all('src="data:image/svg+xml' in image and re.search(r'alt="[^"]{8,}"', image) for image in images)
    assert "<" not in course_data(lesson)
    shown = re.search(r'<script type="application/json" id="course-data">(.*?)</script>', page, re.DOTALL)
    assert json.loads(shown[1])["tasks"]["6-1"]["answer"] == 12


def test_simulated_data_say_so_in_every_version(folder, lesson):
    assert page_body(lesson, "lesson_06").count("模拟数据，地点虚构。") == 3
    assert teacher_body(lesson).count("模拟数据，地点虚构。") >= 3
    assert "## 两个社区的件数（模拟数据）" in slides_body(lesson)
    assert "模拟数据" in (folder / "figs" / "explore-6-x-1.svg").read_text(encoding="utf8")


def test_a_picture_of_simulated_data_says_so_in_its_corner_and_to_programs(folder):
    with Image.open(folder / "figs" / "fig-rise.png") as picture:
        assert say("reports.simulated_banner", Language.ZH) in picture.info.values()
        pixels = np.asarray(picture.convert("RGB")) / 255
    in_colour = np.isclose(pixels, to_rgb(ACCENT), atol=0.02).all(axis=2)
    height, width = in_colour.shape
    assert in_colour[: height // 8, 3 * width // 4 :].sum() > 500  # frame and words of the stamp
    assert in_colour[height // 8 :].sum() == 0  # the drawing itself has other colours


def test_the_foot_of_every_slide_says_that_data_are_simulated(folder, lesson):
    with zipfile.ZipFile(folder / "lesson_06_slides.pptx") as archive:
        slides = [archive.read(name).decode("utf8") for name in archive.namelist() if SLIDE.fullmatch(name)]
    assert [slide.count("<a:t>模拟数据，地点虚构</a:t>") for slide in slides] == [1] * len(slides)
    for slide in slides:
        ids = re.findall(r'<p:cNvPr id="(\d+)"', slide)
        assert len(set(ids)) == len(ids)
    assert shows_simulated(lesson)
    blocks = tuple(replace(b, shown=b.shown.replace("模拟数据", "")) if isinstance(b.shown, str) else b for b in lesson.blocks)
    assert not shows_simulated(replace(lesson, blocks=blocks))  # the picture that can be changed is simulated, but stands on no slide
    shown = tuple(replace(b, versions=frozenset(Version)) if b.shown in lesson.explores else b for b in blocks)
    assert shows_simulated(replace(lesson, blocks=shown))


def test_paper_has_room_to_write_and_names_its_pictures(folder):
    from pypdf import PdfReader

    pdf = PdfReader(folder / "lesson_06_worksheet.pdf")
    assert len(pdf.pages) == 1
    text = "".join(page.extract_text() for page in pdf.pages)
    for words in ("姓名", "算式", "□ A. 两个百分比相减", "下周做一件事", "3分"):
        assert re.sub(r"\s", "", words) in re.sub(r"\s", "", text), words
    with zipfile.ZipFile(folder / "lesson_06_worksheet.docx") as archive:
        body = archive.read("word/document.xml").decode("utf8")
    assert body.count("<w:between ") == 4
    with zipfile.ZipFile(folder / "lesson_06_teacher.docx") as archive:
        body = archive.read("word/document.xml").decode("utf8")
    assert all(re.search(r'descr="[^"]{8,}"', drawing) for drawing in re.findall(r"<wp:docPr [^>]*>", body))


def test_slides_are_wide_in_chinese_fonts_and_name_their_pictures(folder):
    with zipfile.ZipFile(folder / "lesson_06_slides.pptx") as archive:
        parts = {name: archive.read(name).decode("utf8") for name in archive.namelist() if name.endswith(".xml")}
    slides = [text for name, text in sorted(parts.items()) if re.fullmatch(r"ppt/slides/slide\d+\.xml", name)]
    assert len(slides) == 6
    assert 'cx="9144000" cy="5143500"' in parts["ppt/presentation.xml"]
    assert parts["ppt/theme/theme1.xml"].count('<a:ea typeface="微软雅黑"/>') == 2
    assert 'lang="en-US"' not in "".join(slides)
    pictures = [slide for slide in slides if "<p:pic>" in slide]
    assert len(pictures) == 1
    assert 'descr="折线从四十升到五十二' in pictures[0]
    assert "只给教师" not in "".join(slides)


def test_making_a_lesson_again_gives_the_same_bytes(folder, tmp_path):
    execute_notebook(TINY, tmp_path / "lesson.ipynb", {})
    (tmp_path / "references").mkdir()
    make_versions(tmp_path / "lesson.ipynb", EmbeddedRenderer(references=tmp_path / "references"))
    for end in FILES:
        assert (tmp_path / f"lesson_06{end}").read_bytes() == (folder / f"lesson_06{end}").read_bytes(), end


def test_every_block_has_a_version(lesson):
    assert all(block.versions <= set(Version) and block.versions for block in lesson.blocks)
