"""The Word templates: pandoc's own reference document, restyled; and what is done to a document that was made with one.

Word names the fonts that a Chinese office has (宋体, 黑体, 仿宋, 楷体, 小标宋); nothing is embedded. Two looks: a research report, and a paper as
offices set theirs (GB/T 9704: 22 lines of 28 characters, 仿宋 of size 3). Both have three-line tables, captions above tables and below figures, and
the page number at the foot.
"""

import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Mm, Pt, RGBColor

from commresearch.errors import Failure, ReportError
from commresearch.records import run_process
from commresearch.reporting.assemble import Document as Report
from commresearch.reporting.assemble import Look
from commresearch.terms import Language
from commresearch.words import say

BODY, HEAD, LATIN, LATIN_HEAD = "宋体", "黑体", "Times New Roman", "Arial"
INK, MUTED, ACCENT = RGBColor(0x1B, 0x1F, 0x24), RGBColor(0x58, 0x60, 0x6B), RGBColor(0xB8, 0x46, 0x0E)
#: Properties of paragraphs in the order of the format, from borders on.
ORDER = (
    "w:pBdr", "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:kinsoku", "w:wordWrap", "w:overflowPunct", "w:topLinePunct", "w:autoSpaceDE", "w:autoSpaceDN",
    "w:bidi", "w:adjustRightInd", "w:snapToGrid", "w:spacing", "w:ind", "w:contextualSpacing", "w:mirrorIndents", "w:suppressOverlap", "w:jc",
    "w:textDirection", "w:textAlignment", "w:textboxTightWrap", "w:outlineLvl", "w:divId", "w:cnfStyle", "w:rPr", "w:sectPr", "w:pPrChange",
)
CELL = "Table Text"
FANG_SONG, KAI, TITLE = "仿宋_GB2312", "楷体_GB2312", "方正小标宋简体"
LINE = 28.95  #: points from line to line: 22 lines in 225 mm
#: Style → font, points in Chinese (二号, 四号, 五号, 小五) and in English.
GOV_STYLES = {
    "Title": (TITLE, 22, 18), "Subtitle": (KAI, 14, 11), "Table Caption": (HEAD, 10.5, 10), "Image Caption": (HEAD, 10.5, 10), "Source Note": (BODY, 9, 9),
    "Footnote Text": (BODY, 9, 9),
    CELL: (BODY, 10.5, 9.5), "Callout": (FANG_SONG, 14, 11.5), "Callout Title": (HEAD, 14, 11.5),
}
GOV_HEADINGS = {"Heading 1": HEAD, "Heading 2": KAI, "Heading 3": FANG_SONG, "Heading 4": FANG_SONG}
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  #: the same report gives the same file; its date stands in its record
SHORT = 10  #: rows up to which a table stays on one page
TIMEOUT = 60  #: seconds for pandoc to write its default template
SIZES = {"Title": 20, "Subtitle": 10.5, "Heading 1": 15, "Heading 2": 12.5, "Heading 3": 11.5}
SMALL = {"Table Caption": 10, "Image Caption": 10, "Source Note": 9, CELL: 9.5}


def reference_for(report: Report, folder: Path, pandoc: str) -> Path:
    """The template for a report, made in `folder` where it does not stand there yet.

    Raises
    ------
    ReportError
        pandoc cannot write its default template.
    """
    path = folder / f"{report.look}_{report.language}.docx"
    if not path.is_file():
        with tempfile.TemporaryDirectory(dir=folder, prefix=".template-") as work:  # workers may want it at the same time
            made = Path(work) / path.name
            write_reference(made, pandoc, report.look, Language(report.language))
            made.replace(path)
    return path


def write_reference(path: Path, pandoc: str, look: Look = Look.RESEARCH, language: Language = Language.ZH) -> None:
    """Write the template of a look to `path`.

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
    if look is Look.GOV:
        _as_offices_do(document, language)
    else:
        _number_pages(document.sections[0].footer.paragraphs[0], WD_ALIGN_PARAGRAPH.CENTER)
    document.save(str(path))


def finish_docx(path: Path, report: Report) -> None:
    """Keep rows of a finished document whole, repeat table heads, keep short tables on one page; say on every page what its header has to say."""
    document = Document(str(path))
    for table in document.tables:
        for index, row in enumerate(table.rows):
            properties = row._tr.get_or_add_trPr()
            properties.append(OxmlElement("w:cantSplit"))
            if len(table.rows) <= SHORT and index < len(table.rows) - 1:
                for cell in row.cells:
                    for paragraph in cell.paragraphs:
                        paragraph.paragraph_format.keep_with_next = True
        _set_cells(table)
    _header(document, report)
    document.core_properties.created = document.core_properties.modified = EPOCH
    document.save(str(path))
    fix_dates(path)


def _set_cells(table) -> None:  # type: ignore[no-untyped-def]
    """Cells in the style of tables: pandoc sets them as it sets the items of a list, which are as large as the text."""
    for style in table._tbl.iter(qn("w:pStyle")):
        if style.get(qn("w:val")) == "Compact":
            style.set(qn("w:val"), CELL.replace(" ", ""))


def _header(document, report: Report) -> None:  # type: ignore[no-untyped-def]
    """Simulated data and the state of the review, at the head of every page."""
    mark = say("reports.simulated_stamp", Language(report.language)) if report.is_simulated else ""
    parts = [(text, colour) for text, colour in ((mark, ACCENT), ("" if report.review is None else report.review.line, MUTED)) if text]
    if not parts:
        return
    section = document.sections[0]
    headers = [section.header, *([section.even_page_header] if document.settings.odd_and_even_pages_header_footer else [])]
    for header in headers:
        header.is_linked_to_previous = False
        paragraph = header.paragraphs[0]
        paragraph.style = document.styles["Normal"]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paragraph.paragraph_format.line_spacing = 1.0
        paragraph.paragraph_format.first_line_indent = Pt(0)
        for index, (text, colour) in enumerate(parts):
            run = paragraph.add_run(("　" if index else "") + text)
            run.font.size, run.font.color.rgb = Pt(9), colour
            run.font.name = LATIN_HEAD
            run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), HEAD)


def fix_dates(path: Path) -> None:
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
    for name, base in (("Callout", "Body Text"), ("Callout Title", "Body Text"), ("Source Note", "Body Text"), (CELL, "Compact")):
        style = styles.add_style(name, 1)
        style.base_style = styles[base]
    for style in styles:
        if style.type == 1:
            heading = style.name.startswith(("Heading", "Title", "Subtitle")) or style.name in {"Callout Title", "Table Caption", "Image Caption", "TOC Heading"}
            _fonts(style, HEAD if heading else BODY, LATIN_HEAD if heading else LATIN)
            style.font.color.rgb = INK
            style.font.italic = False
    for name, size in (SIZES | SMALL).items():
        styles[name].font.size = Pt(size)
        styles[name].font.bold = False
    _set_close(styles["Title"], styles["Subtitle"])
    for name in ("Normal", "Body Text", "First Paragraph"):
        styles[name].font.size = Pt(11)
        _spacing(styles[name], before=4, after=6, line=1.45)
        _no_space_beside_digits(styles[name])
    for name, before in (("Heading 1", 20), ("Heading 2", 12)):
        _spacing(styles[name], before=before, after=6, line=1.2)
    styles["Title"].paragraph_format.alignment = styles["Subtitle"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.LEFT
    styles["Subtitle"].font.color.rgb = styles["Source Note"].font.color.rgb = MUTED
    styles["Compact"].font.size = Pt(11)
    _spacing(styles["Compact"], before=2, after=2, line=1.35)
    _spacing(styles[CELL], before=2, after=2, line=1.1)
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
        _insert(styles[name].element.get_or_add_pPr(), OxmlElement("w:contextualSpacing"))  # lines of one box stand together
    _three_lines(styles["Table"])


def _set_close(*styles) -> None:  # type: ignore[no-untyped-def]
    """Without the spread letters that pandoc's template has."""
    for style in styles:
        for spread in style.element.rPr.findall(qn("w:spacing")):
            style.element.rPr.remove(spread)


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
        _insert(style.element.get_or_add_pPr(), element)


def _insert(properties, element) -> None:  # type: ignore[no-untyped-def]
    """A property of paragraphs at its place: the format has an order."""
    place = ORDER.index(f"w:{element.tag.rpartition('}')[2]}")
    properties.insert_element_before(element, *ORDER[place + 1 :])


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
    _insert(properties, borders)
    _insert(properties, shade)


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


def _number_pages(paragraph, side: WD_ALIGN_PARAGRAPH, size: float | None = None) -> None:  # type: ignore[no-untyped-def]
    """— page number — at one side of the foot."""
    paragraph.alignment = side
    first, field, last = paragraph.add_run("— "), paragraph.add_run(), paragraph.add_run(" —")
    for kind, text in (("begin", ""), (None, "PAGE"), ("end", "")):
        element = OxmlElement("w:instrText" if kind is None else "w:fldChar")
        if kind is None:
            element.text = text
        else:
            element.set(qn("w:fldCharType"), kind)
        field._r.append(element)
    for run in (first, field, last):
        if size is not None:
            run.font.size, run.font.name = Pt(size), BODY
            run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), BODY)


def _as_offices_do(document, language: Language) -> None:  # type: ignore[no-untyped-def]
    """GB/T 9704: page, grid of lines and characters, fonts and sizes, page number at the outer side; no red head, which is for issued papers."""
    is_chinese = language is Language.ZH
    section, styles = document.sections[0], document.styles
    section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = Mm(37), Mm(35), Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(20), Mm(25)
    body = 16 if is_chinese else 12
    styles["Compact"].base_style = styles["Normal"]  # items of a list have no first line to indent
    for name in ("Normal", "Body Text", "First Paragraph", "Compact", "Block Text"):
        _fonts(styles[name], FANG_SONG, LATIN)
        styles[name].font.size = Pt(body)
        _spacing(styles[name], before=0, after=0, line=1.0)
        _lines(styles[name], LINE if is_chinese else 20)
    if is_chinese:
        for name in ("Body Text", "First Paragraph"):
            _indent(styles[name], 2)
            _narrow(styles[name])
    for name, (font, *sizes) in GOV_STYLES.items():
        _fonts(styles[name], font, LATIN)
        styles[name].font.size = Pt(sizes[0 if is_chinese else 1])
        _indent(styles[name], 0)
    for name, font in GOV_HEADINGS.items():
        _fonts(styles[name], font, LATIN)
        styles[name].font.size = Pt(body)
        styles[name].font.bold = not is_chinese
        _spacing(styles[name], before=0 if is_chinese else 8, after=0 if is_chinese else 4, line=1.0)
        _lines(styles[name], LINE if is_chinese else 20)
        if is_chinese:
            _indent(styles[name], 2)
    for name in ("Title", "Subtitle"):
        styles[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _spacing(styles["Title"], before=0, after=8, line=1.2)
    _spacing(styles["Subtitle"], before=0, after=20, line=1.2)
    for name in (CELL, "Source Note", "Footnote Text"):
        styles[name].paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    _spacing(styles[CELL], before=2, after=2, line=1.1)
    document.settings.odd_and_even_pages_header_footer = True
    for footer, side in ((section.footer, WD_ALIGN_PARAGRAPH.RIGHT), (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT)):
        footer.is_linked_to_previous = False
        _number_pages(footer.paragraphs[0], side, 14)


def _lines(style, points: float) -> None:  # type: ignore[no-untyped-def]
    """Lines of a fixed height."""
    style.paragraph_format.line_spacing = Pt(points)
    style.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY


def _indent(style, characters: int) -> None:  # type: ignore[no-untyped-def]
    """First lines indented by whole characters, whatever their size."""
    style.paragraph_format.first_line_indent = Pt(16 * characters)  # for programs that know no characters
    style.element.pPr.find(qn("w:ind")).set(qn("w:firstLineChars"), str(100 * characters))


def _narrow(style) -> None:  # type: ignore[no-untyped-def]
    """28 characters of 16 points on 156 mm: a quarter point less each.

    A grid of characters would do the same in Word, and set every table and note on it in other programs.
    """
    spacing = OxmlElement("w:spacing")
    spacing.set(qn("w:val"), "-5")
    style.element.get_or_add_rPr().insert_element_before(spacing, "w:w", "w:kern", "w:position", "w:sz", "w:szCs", "w:highlight", "w:u", "w:effect", "w:lang")
