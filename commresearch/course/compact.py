"""A Word file that is written on: narrow margins and close lines, so that a worksheet fits on the two sides of one sheet."""

from pathlib import Path

from docx import Document
from docx.shared import Cm, Pt

from commresearch.reporting.reference_docx import fix_dates

BODY = ("Normal", "Body Text", "First Paragraph", "Compact")
SIZE, TITLE = 10, 15  #: points


def make_compact(path: Path) -> None:
    """Set a finished Word file close."""
    document = Document(str(path))
    for section in document.sections:
        section.top_margin = section.bottom_margin = Cm(1.5)
        section.left_margin = section.right_margin = Cm(1.8)
        section.footer_distance = Cm(0.7)
    for name in BODY:
        style = document.styles[name]
        style.font.size = Pt(SIZE)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(1), Pt(2)
        style.paragraph_format.line_spacing = 1.15
    for name, size in (("Title", TITLE), ("Subtitle", SIZE)):
        style = document.styles[name]
        style.font.size = Pt(size)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(0), Pt(2)
    for name in ("Source Note", "Image Caption", "Table Caption", "Captioned Figure"):
        document.styles[name].paragraph_format.space_before, document.styles[name].paragraph_format.space_after = Pt(1), Pt(3)
    document.save(str(path))
    fix_dates(path)
