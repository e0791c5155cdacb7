"""The lines of a press text: plain text in the encodings that the house reads, or paragraphs of a .docx."""

import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from pathlib import Path

from commresearch.errors import Failure, SourceError
from commresearch.sources.archive import check_archive, open_archive
from commresearch.sources.compound_file import SIGNATURE
from commresearch.sources.encoding import find_encoding

MAX_TEXT_BYTES = 64 << 20  #: a press text has kilobytes
ARCHIVE, DOCUMENT = b"PK\x03\x04", "word/document.xml"
DECLARED = {b"<!DOCTYPE", b"<!ENTITY"}
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TWICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  #: older form of what stands before it
#: what a file is by its first bytes, and the word for it
REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "PDF"), (SIGNATURE, ".doc, .wps, .xls"), (b"{\\rtf", "RTF"), (b"\x89PNG", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF"), (b"<!DOCTYPE", "HTML"), (b"<html", "HTML"),
)


def read_press_text(path: str | Path) -> list[str]:
    """The lines of a press text, as `parse_claims` takes them; line 1 is the first.

    Parameters
    ----------
    path : path
        .txt or .md (UTF-8, GB18030, UTF-16 with its mark) with lines as they are, or .docx with one line per paragraph; of a .docx text boxes and
        cells of tables are read in their place, deleted text is not.

    Raises
    ------
    SourceError
        The file is missing, a folder, empty, too large, damaged, or of a kind that holds no text to be read (.pdf, .doc, pictures); its bytes
        fit no encoding.
    """
    path = Path(path)
    data = _bytes_of(path)
    if data.startswith(ARCHIVE):
        return _paragraphs(path, data)
    if path.suffix.lower() == ".docx":
        raise SourceError(Failure(code="CR-S06", values={"file": path.name, "got": "no archive"}))
    if (kind := next((kind for mark, kind in REFUSED if data.lstrip().startswith(mark)), None)) is not None:
        raise SourceError(Failure(code="CR-H03", values={"file": path.name, "got": kind}))
    return find_encoding(path.name, data).text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _bytes_of(path: Path) -> bytes:
    if not path.exists():
        raise SourceError(Failure(code="CR-S01", values={"file": str(path)}))
    if not path.is_file():
        raise SourceError(Failure(code="CR-S02", values={"file": str(path)}))
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        raise SourceError(Failure(code="CR-H04", values={"file": path.name, "got": size >> 20, "allowed": MAX_TEXT_BYTES >> 20}))
    data = path.read_bytes()
    if not data.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        raise SourceError(Failure(code="CR-H05", values={"file": path.name}))
    return data


def _paragraphs(path: Path, data: bytes) -> list[str]:
    """Paragraphs of the document, after the archive was looked through for what would harm."""
    try:
        archive = open_archive(data)
        if failures := check_archive(path.name, data, archive):
            raise SourceError(*failures)
        if DOCUMENT not in archive.namelist():
            raise SourceError(Failure(code="CR-H03", values={"file": path.name, "got": path.suffix or "ZIP"}))
        if (size := archive.getinfo(DOCUMENT).file_size) > MAX_TEXT_BYTES:
            raise SourceError(Failure(code="CR-H04", values={"file": path.name, "got": size >> 20, "allowed": MAX_TEXT_BYTES >> 20}))
        document = archive.read(DOCUMENT)
        if DECLARED & set(re.findall(rb"<!(?:DOCTYPE|ENTITY)", document.replace(b"\0", b"").upper())):
            raise SourceError(Failure(code="CR-S10", values={"file": path.name, "member": DOCUMENT}))
        root = ET.fromstring(document)  # noqa: S314 - without declarations there are no entities to expand
    except (zipfile.BadZipFile, ET.ParseError, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
        raise SourceError(Failure(code="CR-S06", values={"file": path.name, "got": str(error)[:120]})) from error
    lines = [line for paragraph in _all_paragraphs(root) for line in "".join(_text(paragraph)).split("\n")]
    if not any(line.strip() for line in lines):
        raise SourceError(Failure(code="CR-H05", values={"file": path.name}))
    return lines


def _all_paragraphs(element: ET.Element) -> Iterator[ET.Element]:
    """Paragraphs in the order of the text; one within another (a text box) follows it."""
    for child in element:
        if child.tag == _TWICE:
            continue
        if child.tag == f"{_WORD}p":
            yield child
        yield from _all_paragraphs(child)


def _text(element: ET.Element) -> Iterator[str]:
    """Text of one paragraph without that of paragraphs within it."""
    for child in element:
        if child.tag in {f"{_WORD}p", _TWICE}:
            continue
        if child.tag == f"{_WORD}t":
            yield child.text or ""
        elif child.tag in {f"{_WORD}br", f"{_WORD}cr"}:
            yield "\n"
        elif child.tag == f"{_WORD}tab":
            yield " "
        else:
            yield from _text(child)
