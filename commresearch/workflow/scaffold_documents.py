"""Documents of a new case: filled templates, as Markdown and as Word files to complete and sign."""

import io
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from commresearch.errors import CaseError, Failure
from commresearch.records import run_process
from commresearch.workflow.scaffold_phrases import template

#: Documents that people fill in or carry along; each stands in both languages.
FORMS = ("consent", "consent_guardian", "processing_agreement", "impact_assessment", "retention")
TIMEOUT = 60  #: seconds for one conversion
MADE = datetime(2020, 1, 1, tzinfo=UTC)  #: fixed, so that the same text gives the same bytes
BODY, HEAD, LATIN = "宋体", "黑体", "Times New Roman"
SIZE = 10.5  #: points; 五号
SIDES = ("top", "left", "bottom", "right", "insideH", "insideV")


def filled(name: str, values: Mapping[str, object]) -> str:
    """A template with its values; every name in it must be among them."""
    return Template(template(name)).substitute(values)


def word_files(texts: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """A Word file beside every Markdown text, named alike.

    Raises
    ------
    CaseError
        pandoc cannot convert a text.
    """
    import pypandoc

    pandoc = str(pypandoc.get_pandoc_path())
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            source, target = Path(folder, "text.md"), Path(folder, "text.docx")
            source.write_text(text, encoding="utf8")
            result = run_process([pandoc, source, "--from=markdown-tex_math_dollars-smart", "--to=docx", f"--output={target}"], timeout=TIMEOUT)
            if not result.ok:
                raise CaseError(Failure(code="CR-N06", values={"file": name, "exit_code": result.exit_code, "stderr": result.stderr}))
            yield name.removesuffix(".md") + ".docx", _styled(target.read_bytes())


def _styled(data: bytes) -> bytes:
    """The document with Chinese fonts, ruled tables on an A4 page, and fixed dates."""
    from docx import Document
    from docx.shared import Cm

    document = Document(io.BytesIO(data))
    for section in document.sections:
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.2)
        section.top_margin = section.bottom_margin = Cm(2)
    _style(document)
    heading = False
    for paragraph in document.paragraphs:
        paragraph.paragraph_format.keep_together = True
        if heading or re.match(r"[0-9]+\. ", paragraph.text):  # a lead stays with what it leads to, a question with its options
            paragraph.paragraph_format.keep_with_next = True
        heading = paragraph.style.name.startswith("Heading")
    for table in document.tables:
        _rule(table)
    document.core_properties.created = document.core_properties.modified = MADE
    buffer = io.BytesIO()
    document.save(buffer)
    return _with_one_date(buffer.getvalue())


def _style(document) -> None:  # type: ignore[no-untyped-def]
    """Fonts that a Chinese office has, in the size of its forms; theme fonts would win over them, so their attributes go."""
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    for style in document.styles:
        if style.type == 1:
            heading = style.name.startswith(("Heading", "Title"))
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
                fonts.attrib.pop(qn(f"w:{theme}"), None)
            for slot, font in (("ascii", LATIN), ("hAnsi", LATIN), ("eastAsia", HEAD if heading else BODY)):
                fonts.set(qn(f"w:{slot}"), font)
            style.font.color.rgb = RGBColor(0, 0, 0)
    for name in ("Normal", "Body Text", "First Paragraph", "Compact", "Block Text"):
        style = document.styles[name]
        style.font.size = Pt(SIZE)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(2), Pt(4)


def _rule(table) -> None:  # type: ignore[no-untyped-def]
    """Lines around every cell: the tables of a form are written into. Rows are not split between pages."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = OxmlElement("w:tblBorders")
    for side in SIDES:
        line = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", "7F7F7F")):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)
    table._tbl.tblPr.append(borders)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _with_one_date(data: bytes) -> bytes:
    """The archive written again with one date on every entry."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(zipfile.ZipInfo(entry.filename, MADE.timetuple()[:6]), old.read(entry), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
