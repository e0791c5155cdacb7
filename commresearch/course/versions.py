"""All files of a lesson, from one executed notebook."""

from dataclasses import replace
from pathlib import Path

from commresearch.course.compact import make_compact
from commresearch.course.lesson import Lesson, read_lesson
from commresearch.course.page import page_body, template
from commresearch.course.paper import teacher_body, worksheet_body
from commresearch.course.slides import shows_simulated, slides_body
from commresearch.course.workbook import exercise_xlsx
from commresearch.course.written import told
from commresearch.records import write_whole
from commresearch.reporting import rendering
from commresearch.reporting.assemble import Document
from commresearch.reporting.reference_pptx import write_footers
from commresearch.reporting.rendering import EmbeddedRenderer
from commresearch.terms import Format, Language

HOME = "course/index.html"  #: from the folder that holds the course
ON_PAPER = (Format.DOCX, Format.PDF)
#: What is made of a lesson: end of the name after its stem, and the key of its name in words.
FILES = {
    ".html": "file_page", "_worksheet.pdf": "file_worksheet_pdf", "_worksheet.docx": "file_worksheet_docx", "_exercise.xlsx": "file_exercise",
    "_slides.pptx": "file_slides", "_teacher.html": "file_teacher_html", "_teacher.docx": "file_teacher_docx", "_teacher.pdf": "file_teacher_pdf",
}
FOR_LEARNERS = ("_worksheet.pdf", "_worksheet.docx", "_exercise.xlsx")  #: what the page of a lesson links to


def stem_of(number: int) -> str:
    """How the names of a lesson's files begin."""
    return f"lesson_{number:02d}"


def make_versions(notebook: Path, renderer: EmbeddedRenderer) -> Lesson:
    """Make every version of a lesson beside its executed notebook.

    Parameters
    ----------
    notebook
        Executed; the folder that holds it holds its figures.
    renderer
        pandoc and typst; slides are made by it, too.

    Returns
    -------
    Lesson
        What the notebook holds.

    Raises
    ------
    ReportError
        The lesson has faults (CR-J05), or a version cannot be rendered.
    """
    lesson = read_lesson(notebook)
    head = lesson.head
    stem = stem_of(head.number)
    title = told("lesson_title", number=head.number, title=head.title)
    plain = Document(
        stem=stem, folder=notebook.parent, title=title, subtitle=told("subtitle"), language=Language.ZH.value, body=page_body(lesson, stem), formats=(Format.HTML,),
        beside={told(FILES[end]): f"{stem}{end}" for end in FOR_LEARNERS}, page=template("page.html"), variables=_page_variables(),
    )
    teacher = replace(
        plain, stem=f"{stem}_teacher", subtitle=told("subtitle_teacher"), body=teacher_body(lesson), formats=(Format.HTML, *ON_PAPER), beside={}, page=None,
        variables={"home": HOME, "home_label": told("index_title")},
    )
    worksheet = replace(teacher, stem=f"{stem}_worksheet", subtitle=told("subtitle_worksheet"), body=worksheet_body(lesson), formats=ON_PAPER, variables={"compact": "yes"})
    for document in (plain, teacher, worksheet):
        renderer.render(document, document.formats)
    make_compact(notebook.parent / f"{worksheet.stem}.docx")
    slides = renderer.slides(replace(teacher, stem=f"{stem}_slides", subtitle=head.claim, body=slides_body(lesson)))
    if shows_simulated(lesson):
        write_footers(slides, told("simulated_footer"))
    write_whole(notebook.parent / f"{stem}_exercise.xlsx", exercise_xlsx(lesson.sheet, head))
    return lesson


def _page_variables() -> dict[str, str]:
    """Style and labels of the page, which stands on that of reports."""
    style = rendering.template("page.css").read_text(encoding="utf8") + template("course.css").read_text(encoding="utf8")
    return {"style": style, "course_label": told("index_title")}
