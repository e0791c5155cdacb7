"""The Word template: pandoc's own reference document, restyled for Chinese research reports.

Word names the fonts that a Chinese office has (宋体, 黑体); nothing is embedded. The look is that of a research report:
12 pt body, three-line tables, captions above tables and below figures, page number at the foot.
"""

import zipfile
from datetime import UTC, datetime
from pathlib import Path

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from commresearch.errors import Failure, ReportError
from commresearch.records import run_process

BODY, HEAD, LATIN, LATIN_HEAD = "宋体", "黑体", "Times New Roman", "Arial"
INK, MUTED = RGBColor(0x1B, 0x1F, 0x24), RGBColor(0x58, 0x60, 0x6B)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  #: the same report gives the same file; its date stands in its record
SHORT = 10  #: rows up to which a table stays on one page
TIMEOUT = 60  #: seconds for pandoc to write its default template
SIZES = {"Title": 20, "Subtitle": 10.5, "Heading 1": 15, "Heading 2": 12.5, "Heading 3": 11.5}
SMALL = {"Table Caption": 10, "Image Caption": 10, "Source Note": 9, "Compact": 9.5}


def write_reference(path: Path, pandoc: str) -> None:
    """Write the template to `path`.

    Raises
    ------
    ReportError
        pandoc cannot write its default template.
    """
    result = run_process([pandoc, "-o", path, "--print-default-data-file", "reference.docx"], timeout=TIMEOUT)
    if not result.ok:
        raise ReportError(Failure(code="CR-R07", values={"tool": "pandoc", "report": path.name, "exit_code": result.exit_code, "stderr": result.stderr}))
    document = Document(str(path))
    _page(document)
    _styles(document)
    _footer(document)
    document.save(str(path))


def finish_tables(path: Path) -> None:
    """Keep rows of a finished document whole, repeat table heads, and keep short tables on one page."""
    document = Document(str(path))
    for table in document.tables:
        for index, row in enumerate(table.rows):
            properties = row._tr.get_or_add_trPr()
            properties.append(OxmlElement("w:cantSplit"))
            if len(table.rows) <= SHORT and index < len(table.rows) - 1:
                for cell in row.cells:
                    for paragraph in cell.paragraphs:
                        paragraph.paragraph_format.keep_with_next = True
    document.core_properties.created = document.core_properties.modified = EPOCH
    document.save(str(path))
    _fix_dates(path)


def _fix_dates(path: Path) -> None:
    """Write the archive again with one date on every entry."""
    with zipfile.ZipFile(path) as archive:
        entries = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name, EPOCH.timetuple()[:6]), data, zipfile.ZIP_DEFLATED)


def _page(document) -> None:  # type: ignore[no-untyped-def]
    for section in document.sections:
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.5)
        section.top_margin, section.bottom_margin = Cm(2.5), Cm(2.4)


def _styles(document) -> None:  # type: ignore[no-untyped-def]
    styles = document.styles
    for name in ("Callout", "Callout Title", "Source Note"):
        style = styles.add_style(name, 1)
        style.base_style = styles["Body Text"]
    for style in styles:
        if style.type == 1:
            heading = style.name.startswith(("Heading", "Title", "Subtitle")) or style.name in {"Callout Title", "Table Caption", "Image Caption", "TOC Heading"}
            _fonts(style, HEAD if heading else BODY, LATIN_HEAD if heading else LATIN)
            style.font.color.rgb = INK
            style.font.italic = False
    for name, size in (SIZES | SMALL).items():
        styles[name].font.size = Pt(size)
        styles[name].font.bold = False
    for name in ("Normal", "Body Text", "First Paragraph"):
        styles[name].font.size = Pt(11)
        _spacing(styles[name], before=4, after=6, line=1.45)
        _no_space_beside_digits(styles[name])
    for name, before in (("Heading 1", 20), ("Heading 2", 12)):
        _spacing(styles[name], before=before, after=6, line=1.2)
    styles["Title"].paragraph_format.alignment = styles["Subtitle"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.LEFT
    styles["Subtitle"].font.color.rgb = styles["Source Note"].font.color.rgb = MUTED
    _spacing(styles["Compact"], before=2, after=2, line=1.1)
    _spacing(styles["Source Note"], before=3, after=12, line=1.15)
    # A picture in a line of fixed height would be cut to one line: figures keep single spacing.
    for name in ("Captioned Figure", "Figure"):
        _spacing(styles[name], before=8, after=2, line=1.0)
        styles[name].paragraph_format.keep_with_next = True
    for name in ("Table Caption", "Image Caption"):
        _spacing(styles[name], before=8, after=4, line=1.15)
    styles["Table Caption"].paragraph_format.keep_with_next = True
    for name, before, after in (("Callout Title", 12, 0), ("Callout", 0, 12)):
        _spacing(styles[name], before=before, after=after, line=1.4)
        _shade(styles[name])
    _three_lines(styles["Table"])


def _fonts(style, east_asian: str, latin: str) -> None:  # type: ignore[no-untyped-def]
    """Name both fonts; theme fonts would win over them, so their attributes go."""
    style.font.name = latin
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for attribute in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{attribute}"), None)
    fonts.set(qn("w:eastAsia"), east_asian)


def _no_space_beside_digits(style) -> None:  # type: ignore[no-untyped-def]
    """Word would put a quarter space between digits and 汉字."""
    for name in ("w:autoSpaceDE", "w:autoSpaceDN"):
        element = OxmlElement(name)
        element.set(qn("w:val"), "0")
        style.element.get_or_add_pPr().append(element)


def _spacing(style, *, before: float, after: float, line: float) -> None:  # type: ignore[no-untyped-def]
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    style.paragraph_format.line_spacing = line


def _shade(style) -> None:  # type: ignore[no-untyped-def]
    """A grey box with a coloured bar at its left."""
    properties = style.element.get_or_add_pPr()
    borders, left = OxmlElement("w:pBdr"), OxmlElement("w:left")
    for key, value in (("val", "single"), ("sz", "24"), ("space", "8"), ("color", "B8460E")):
        left.set(qn(f"w:{key}"), value)
    borders.append(left)
    shade = OxmlElement("w:shd")
    for key, value in (("val", "clear"), ("color", "auto"), ("fill", "F5F6F8")):
        shade.set(qn(f"w:{key}"), value)
    properties.append(borders)
    properties.append(shade)


def _three_lines(style) -> None:  # type: ignore[no-untyped-def]
    """Rules above, below and under the header; none between columns."""
    for old in style.element.findall(qn("w:tblStylePr")):
        style.element.remove(old)
    properties = style.element.find(qn("w:tblPr"))
    properties.append(_borders("w:tblBorders", {"top": 12, "bottom": 12}))
    header = OxmlElement("w:tblStylePr")
    header.set(qn("w:type"), "firstRow")
    cell = OxmlElement("w:tcPr")
    cell.append(_borders("w:tcBorders", {"bottom": 6}))
    header.append(cell)
    style.element.append(header)


def _borders(tag: str, sides: dict[str, int]):  # type: ignore[no-untyped-def]
    borders = OxmlElement(tag)
    for side, size in sides.items():
        line = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", str(size)), ("space", "0"), ("color", "1B1F24")):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)
    return borders


def _footer(document) -> None:  # type: ignore[no-untyped-def]
    """— page number — in the middle of the foot."""
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.add_run("— ")
    field = paragraph.add_run()
    for kind, text in (("begin", ""), (None, "PAGE"), ("end", "")):
        element = OxmlElement("w:instrText" if kind is None else "w:fldChar")
        if kind is None:
            element.text = text
        else:
            element.set(qn("w:fldCharType"), kind)
        field._r.append(element)
    paragraph.add_run(" —")
