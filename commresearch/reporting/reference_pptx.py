"""The template of slides: pandoc's own, restyled; and what is done to slides that were made with it.

Slides name the fonts that a Chinese office has (微软雅黑); nothing is embedded. The page is 16:9; titles stand left and say the finding.
"""

import re
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path

from commresearch.errors import Failure, ReportError
from commresearch.records import run_process
from commresearch.reporting.reference_docx import EPOCH, TIMEOUT

HAN_FONT, LATIN_FONT = "微软雅黑", "Arial"
TITLE, BODY, SECOND, CELL = 2800, 2400, 2000, 1600  #: hundredths of a point, on a page ten inches wide
COVER, FOOT = 3400, 1200
#: Colours of the theme, as pages have them.
COLOURS = {"dk2": "1B1F24", "accent1": "0B5394", "accent2": "B8460E", "accent3": "00795C", "accent4": "0072B2", "accent5": "58606B", "accent6": "B9C3CF", "hlink": "0B5394"}
FILE_NAME = re.compile(r'(descr="[^"]*?)\s*figs/[^"\s]+"')  #: what pandoc puts behind the alternative text of a picture
SLIDE = re.compile(r"ppt/slides/slide\d+\.xml")
SHAPE_ID = re.compile(r'<p:cNvPr id="(\d+)"')
FOOTER = (
    '<p:sp><p:nvSpPr><p:cNvPr id="{id}" name="Footer Placeholder"/><p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr><p:nvPr><p:ph type="ftr" sz="quarter" idx="11"/></p:nvPr></p:nvSpPr>'
    '<p:spPr><a:xfrm><a:off x="457200" y="4885000"/><a:ext cx="8229600" cy="230000"/></a:xfrm></p:spPr><p:txBody><a:bodyPr lIns="0" tIns="0" bIns="0"/><a:lstStyle/>'
    '<a:p><a:pPr algn="l"/><a:r><a:rPr lang="zh-CN" sz="{size}"><a:solidFill><a:schemeClr val="accent5"/></a:solidFill></a:rPr><a:t>{words}</a:t></a:r></a:p></p:txBody></p:sp>'
)
MASTER, COVER_LAYOUT = "slideMasters/slideMaster1", "slideLayouts/slideLayout1"


def write_reference_pptx(folder: Path, pandoc: str) -> Path:
    """The template of slides, made in `folder` where it does not stand there yet.

    Raises
    ------
    ReportError
        pandoc cannot write its default template.
    """
    path = folder / "slides.pptx"
    if not path.is_file():
        with tempfile.TemporaryDirectory(dir=folder, prefix=".template-") as work:  # workers may want it at the same time
            made = Path(work) / path.name
            result = run_process([pandoc, "-o", made, "--print-default-data-file", "reference.pptx"], timeout=TIMEOUT)
            if not result.ok:
                raise ReportError(Failure(code="CR-R07", values={"tool": "pandoc", "report": path.name, "exit_code": result.exit_code, "stderr": result.stderr}))
            _rewrite(made, _restyled)
            made.replace(path)
    return path


def finish_pptx(path: Path) -> None:
    """Give finished slides one date, so that the same lesson gives the same file, and say in what language they are."""
    _rewrite(path, _finished)


def write_footers(path: Path, words: str) -> None:
    """Put the same words at the foot of every slide, below where pictures end."""
    _rewrite(path, partial(_footed, words=escape(words)))


def _rewrite(path: Path, change: Callable[[str, str], str]) -> None:
    """Write an archive again: texts as `change` gives them, one date on every entry."""
    with zipfile.ZipFile(path) as archive:
        entries = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            new = change(name, data.decode("utf8")).encode() if name.endswith((".xml", ".rels")) else data
            archive.writestr(zipfile.ZipInfo(name, EPOCH.timetuple()[:6]), new, zipfile.ZIP_DEFLATED)


def _finished(name: str, text: str) -> str:
    if name == "docProps/core.xml":
        return re.sub(r"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rf"\g<1>{EPOCH:%Y-%m-%dT%H:%M:%SZ}", text)
    if not name.startswith("ppt/slides/"):
        return text
    return FILE_NAME.sub(r'\1"', text).replace('lang="en-US"', 'lang="zh-CN"')


def _footed(name: str, text: str, words: str) -> str:
    if not SLIDE.fullmatch(name):
        return text
    shape = FOOTER.format(id=1 + max(map(int, SHAPE_ID.findall(text))), size=FOOT, words=words)
    return text.replace("</p:spTree>", f"{shape}</p:spTree>")


def _restyled(name: str, text: str) -> str:
    if name == "ppt/theme/theme1.xml":
        return _theme(text)
    if name == f"ppt/{MASTER}.xml":
        return _master(text)
    if name == f"ppt/{COVER_LAYOUT}.xml":
        return _cover(text)
    if name == "ppt/presentation.xml":
        return text.replace('sz="1350"', f'sz="{CELL}"')
    return text


def _theme(text: str) -> str:
    for colour, value in COLOURS.items():
        text = re.sub(rf"(<a:{colour}>)<a:srgbClr val=\"[0-9A-F]+\"/>", rf'\g<1><a:srgbClr val="{value}"/>', text)
    return re.sub(r'<a:latin typeface="Calibri"([^>]*)/><a:ea typeface=""/>', f'<a:latin typeface="{LATIN_FONT}"/><a:ea typeface="{HAN_FONT}"/>', text)


def _master(text: str) -> str:
    """Titles left and dark, a line under them; sizes that are read from the last row."""
    title, body = text.split("<p:bodyStyle>")
    body, other = body.split("<p:otherStyle>")
    head, styles = title.split("<p:titleStyle>")
    styles = styles.replace('algn="ctr"', 'algn="l"').replace('sz="3300"', f'sz="{TITLE}" b="1"').replace('schemeClr val="tx1"', 'schemeClr val="accent1"')
    for old, new in (("2400", BODY), ("2100", SECOND), ("1800", SECOND)):
        body = body.replace(f'sz="{old}"', f'sz="{new}"', 1)
    body = body.replace('<a:spcPct val="20000"/>', '<a:spcPct val="45000"/>')
    head = head.replace('<a:off x="457200" y="205979"/><a:ext cx="8229600" cy="857250"/>', '<a:off x="457200" y="150000"/><a:ext cx="8229600" cy="900000"/>')
    other = other.replace('sz="1350"', f'sz="{CELL}"')  # cells of tables
    head = head.replace('<a:off x="457200" y="1200151"/><a:ext cx="8229600" cy="3394472"/>', '<a:off x="457200" y="1080000"/><a:ext cx="8229600" cy="3800000"/>')
    return f"{head}<p:titleStyle>{styles}<p:bodyStyle>{body}<p:otherStyle>{other}"


def _cover(text: str) -> str:
    """The first slide: title and what can be done after the lesson, both left."""
    text = text.replace('<a:off x="1371600" y="2914650"/><a:ext cx="6400800" cy="1314450"/>', '<a:off x="685800" y="2800000"/><a:ext cx="7772400" cy="1700000"/>')
    return text.replace('algn="ctr"', 'algn="l"').replace("<a:lstStyle/>", f'<a:lstStyle><a:lvl1pPr algn="l"><a:defRPr sz="{COVER}" b="1"/></a:lvl1pPr></a:lstStyle>', 1)
