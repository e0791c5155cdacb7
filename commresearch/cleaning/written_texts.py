r"""What written files say, as pieces of text with their places, for the search for leaks.

Read are text files of any encoding met here, workbooks, Word documents and other zipped files, Parquet, SPSS and Stata files.
Escapes (`\u738b`, `&#29579;`, `%E7%8E%8B`, base64 data in a page) are undone first. Pictures hold no text that could be read.
Of a PDF the titles, links and texts in simple fonts are read; pages set by typst draw numbered glyphs, so the Markdown that they
are made from has to be searched instead: `is_searchable` says which files these are.
"""

import base64
import html
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pandas as pd

from commresearch.sources.spss import ENCODINGS, read_apart

if TYPE_CHECKING:
    import pyarrow as pa

_MARKUP = frozenset({".html", ".htm", ".svg", ".xml", ".xhtml"})
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".bmp", ".tif", ".tiff", ".woff", ".woff2", ".ttf", ".otf"})
_NOT_SEARCHABLE = _PICTURES | {".pdf"}

_ESCAPED = re.compile(r"\\u[0-9a-fA-F]{4}(?:\\u[0-9a-fA-F]{4})*")
_LINE_ESCAPE = re.compile(r"\\[ntr]")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})+")
_EMBEDDED = re.compile(r"data:(?:text|application)/[\w.+-]+(?:;charset=[\w-]+)?;base64,([A-Za-z0-9+/=]{8,})")
_DRAWN = re.compile(r"\s(?:d|points|transform|viewBox)=(?:\"[^\"]*\"|'[^']*')")
_INLINE_TAG = re.compile(r"</?(?:a|abbr|b|big|code|em|font|i|mark|small|span|strong|sub|sup|tt|u)(?:\s[^<>]*)?>")
_TAG = re.compile(r"<[^<>]+>")
_XML_END = re.compile(r"</(?:w:p|a:p|si|text:p|text:h|comment|dc:\w+|cp:\w+|vt:\w+|definedName)>|<w:tab/>|<w:br/>")
_SHARED = re.compile(r"<si>(.*?)</si>", re.DOTALL)
_CELL = re.compile(r"<c r=\"([A-Z]+[0-9]+)\"[^>]*>")
_SHARED_CELL = re.compile(r"<c r=\"([A-Z]+[0-9]+)\"[^>]*\st=\"s\"[^>]*><v>([0-9]+)</v>")
_PDF_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_PDF_PICTURE = re.compile(rb"/Subtype\s*/Image\b")
_PDF_TEXT = re.compile(rb"\[((?:[^\]\\]|\\.)*)\]\s*TJ|\(((?:[^()\\]|\\.)*)\)", re.DOTALL)
_PDF_LITERAL = re.compile(rb"\(((?:[^()\\]|\\.)*)\)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A text and where it stands: `part` names the member or column; `cell_of` gives the cell of a line (from 0), if lines are cells."""

    text: str
    part: str = ""
    cell_of: Callable[[int], str] | None = None


def is_searchable(path: Path) -> bool:
    """Whether everything that a reader of the file sees is searched."""
    return path.suffix.lower() not in _NOT_SEARCHABLE


def read_pieces(path: Path) -> Iterator[Piece]:
    """Every text in a file; nothing for a picture.

    Raises
    ------
    OSError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error
        The file is not there, damaged, or not what its ending says.
    """
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _parquet(path)
    if suffix in {".sav", ".zsav", ".dta"}:
        return _labelled(path)
    return _pieces(path.name, path.read_bytes())


def _pieces(name: str, data: bytes, part: str = "") -> Iterator[Piece]:
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in _PICTURES:
        return
    if data[:4] == b"PK\x03\x04":
        yield from _zipped(data, part)
    elif data[:5] == b"%PDF-":
        yield Piece(text=_pdf(data), part=part)
    else:
        text = _decoded(data)
        yield from _text(text, part, is_markup=suffix in _MARKUP)
        for match in _EMBEDDED.finditer(text) if ";base64," in text else ():
            yield from _pieces("", base64.b64decode(match[1] + "=" * (-len(match[1]) % 4)), part or "data:")


def _decoded(data: bytes) -> str:
    """UTF-16 by its mark, else strict UTF-8, else GB18030; what is neither is searched as far as it can be read."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", errors="replace")


def _text(text: str, part: str, *, is_markup: bool) -> Iterator[Piece]:
    """A text without its escapes; markup twice, as written and without the tags that may divide a number."""
    if "\\" in text:
        text = _LINE_ESCAPE.sub("  ", _ESCAPED.sub(_unescaped, text))
    if "%" in text:
        text = _PERCENT.sub(lambda m: unquote(m[0], errors="replace"), text)
    if not is_markup:
        yield Piece(text=text, part=part)
        return
    text = html.unescape(_DRAWN.sub(" ", text))
    yield Piece(text=text, part=part)
    yield Piece(text=_TAG.sub(_blank_tag, _INLINE_TAG.sub("", text)), part=part)


def _unescaped(match: re.Match[str]) -> str:
    units = bytes.fromhex(match[0].replace("\\u", ""))
    return units.decode("utf-16-be", errors="replace")


def _blank_tag(match: re.Match[str]) -> str:
    return "|" + "\n" * match[0].count("\n")


# ── zipped files ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _zipped(data: bytes, part: str) -> Iterator[Piece]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        if "xl/workbook.xml" in names:
            yield from _workbook(archive)
        for name in names:
            where = f"{part}{name}"
            if name.startswith(("xl/worksheets/sheet", "xl/sharedStrings")):
                continue
            content = archive.read(name)
            if name.lower().endswith((".xml", ".rels")):
                yield Piece(text=_without_tags(_decoded(content)), part=where)
            else:
                yield from _pieces(name, content, where)


def _without_tags(xml: str) -> str:
    """Texts of an XML member, one paragraph a line; runs of one paragraph joined, attributes lost but for links."""
    links = "\n".join(re.findall(r"\s(?:Target|descr|title|name)=\"([^\"]*)\"", xml))
    return html.unescape(_TAG.sub("", _XML_END.sub("\n", xml)) + "\n" + links)


def _workbook(archive: zipfile.ZipFile) -> Iterator[Piece]:
    """Cells of a workbook: texts that cells share once, under the first cell that holds them; numbers and inline texts by sheet."""
    sheets = {member: (title, _decoded(archive.read(member))) for member, title in _sheets(archive).items()}
    if "xl/sharedStrings.xml" in archive.namelist():
        shared = [_cell_text(m[1]) for m in _SHARED.finditer(_decoded(archive.read("xl/sharedStrings.xml")))]
        yield Piece(text="\n".join(shared), cell_of=lambda line: _first_cell(sheets, line))
    for title, xml in sheets.values():
        _, *pairs = _CELL.split(_SHARED_CELL.sub("", xml))
        texts = [_cell_text(body) for body in pairs[1::2]]
        cells = [f"{title}!{cell}" for cell in pairs[::2]]
        yield Piece(text="\n".join(texts), cell_of=cells.__getitem__)


def _cell_text(xml: str) -> str:
    return html.unescape(_TAG.sub("", xml)).replace("\n", " ")


def _sheets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Member → title of every worksheet."""
    listed = _both_orders(_read(archive, "xl/_rels/workbook.xml.rels"))
    relations = dict(re.findall(r"Id=\"([^\"]+)\"[^>]*?Target=\"/?(?:xl/)?([^\"]+)\"", listed))
    titled = re.findall(r"<sheet [^>]*?name=\"([^\"]+)\"[^>]*?r:id=\"([^\"]+)\"", _read(archive, "xl/workbook.xml"))
    titles = {f"xl/{relations[key]}": html.unescape(title) for title, key in titled if key in relations}
    members = [n for n in archive.namelist() if n.startswith("xl/worksheets/sheet")]
    return {member: titles.get(member, member) for member in members}


def _both_orders(xml: str) -> str:
    """Relations with Id before Target, whichever way they were written."""
    return re.sub(r"(Target=\"[^\"]+\")([^>]*?)(Id=\"[^\"]+\")", r"\3\2\1", xml)


def _read(archive: zipfile.ZipFile, name: str) -> str:
    return _decoded(archive.read(name)) if name in archive.namelist() else ""


def _first_cell(sheets: Mapping[str, tuple[str, str]], index: int) -> str:
    for title, xml in sheets.values():
        for match in _SHARED_CELL.finditer(xml):
            if int(match[2]) == index:
                return f"{title}!{match[1]}"
    return ""


# ── other formats ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pdf(data: bytes) -> str:
    """Literal texts of a PDF: titles and links of its open part, of its descriptions, and of pages in simple fonts."""
    lines = []
    for part in (_PDF_STREAM.sub(b"", data), *_pdf_pages(data)):
        for match in _PDF_TEXT.finditer(part):
            raw = b"".join(_PDF_LITERAL.findall(match[1])) if match[1] is not None else match[2]
            raw = re.sub(rb"\\([()\\])", rb"\1", raw)
            lines.append(raw.decode("utf-16" if raw[:2] == b"\xfe\xff" else "latin-1", errors="replace"))
    return "\n".join(line.replace("\n", " ") for line in lines)


def _pdf_pages(data: bytes) -> Iterator[bytes]:
    """Unpacked streams that draw text or describe the document; fonts and pictures hold none."""
    for match in _PDF_STREAM.finditer(data):
        described = data[data.rfind(b"obj", 0, match.start()) : match.start()]
        if _PDF_PICTURE.search(described):  # unpacked it has millions of bytes, among which signs of text stand by chance
            continue
        try:
            stream = zlib.decompressobj().decompress(match[1])
        except zlib.error:
            stream = match[1]
        if b"<x:xmpmeta" in stream:
            yield b"".join(b"(%s)\n" % text for text in re.findall(rb">([^<>()]+)<", stream))
        elif b"/Title" in stream or b"/URI" in stream:
            yield stream
        else:
            yield from re.findall(rb"\bBT\b(.*?)\bET\b", stream, flags=re.DOTALL) if b"Tf" in stream else ()


def _parquet(path: Path) -> Iterator[Piece]:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    table = parquet.read_table(path)
    yield Piece(text="\n".join(table.column_names))
    for name, column in zip(table.column_names, table.columns, strict=True):
        if not (pa.types.is_temporal(column.type) or pa.types.is_boolean(column.type)):
            yield _stored_column(name, column)
    for key, value in (table.schema.metadata or {}).items():
        if key not in {b"pandas", b"ARROW:schema"}:
            yield from _text(_decoded(value), _decoded(key), is_markup=False)


def _labelled(path: Path) -> Iterator[Piece]:
    """Texts of an SPSS or Stata file, read apart: a damaged one may kill its reader."""
    refused, reading = read_apart(path.read_bytes(), "dta" if path.suffix.lower() == ".dta" else "sav", ENCODINGS)
    if reading is None:
        raise ValueError(refused[0])
    columns, meta = reading
    notes = [*meta["column_names"], *(t or "" for t in meta["column_labels"]), meta["file_label"] or "", *(str(n) for n in meta["notes"])]
    labels = [str(label) for labels in meta["value_labels"].values() for label in labels.values()]
    yield Piece(text="\n".join([*notes, *labels]))
    for name, values in columns.items():
        yield _column(name, pd.Series(values))


def _stored_column(name: str, column: "pa.ChunkedArray") -> Piece:
    """The same as `_column`; rows are looked up only where something is found, which takes most of the time."""
    distinct = [v for v in column.unify_dictionaries().unique().to_pylist() if not pd.isna(v)]
    return Piece(
        text="\n".join(_as_text(v).replace("\n", " ") for v in distinct), part=name,
        cell_of=lambda line: str(column.to_pandas().drop_duplicates().dropna().index[line]),
    )


def _column(name: str, values: pd.Series) -> Piece:
    """Different values of a column, one a line, under the number of the first row that holds each."""
    distinct = values.drop_duplicates().dropna()
    rows = distinct.index.to_list()
    texts = [_as_text(v).replace("\n", " ") for v in distinct.to_list()]
    return Piece(text="\n".join(texts), part=name, cell_of=lambda line: str(rows[line]))


def _as_text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
