"""Workbooks in zip archives (.xlsx): looked through for what would harm, before anything is read from them.

The reader of cells unpacks without a limit and asks for memory by the outermost cell of a sheet; it delivers error values as
empty cells. All three are looked up here first.
"""

import html
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator

from commresearch.errors import Failure
from commresearch.sources.cell_places import DIMENSION, LOOSE, MAX_CELLS_OF_PARTS, Extent, pairs
from commresearch.sources.sheet import MAX_CELLS, SheetScan, column_letters, column_position
from commresearch.sources.sheet_parts import CUT_FROM_BYTES, SheetCutter

MAX_UNPACKED_BYTES = 2 << 30
MAX_RATIO = 200  #: unpacked to packed, for members from `RATIO_FROM_BYTES` on; sheets of survey answers reach 10-40
RATIO_FROM_BYTES = 50 << 20
MAX_MEMBERS = 5_000
BLOCK_BYTES, CHUNK_BYTES = 128 << 10, 1 << 20  #: packed bytes taken at a time, unpacked bytes given at a time
XML_HEAD_BYTES = 4_096  #: declarations stand before the first element
LONGEST_CELL_BYTES = 8 << 20
BESIDE_SHEETS = ("[content_types].xml", "_rels/.rels", "workbook.xml", "workbook.xml.rels", "styles.xml", "sharedstrings.xml")
_ROWS = re.compile(rb'r="[A-Za-z]{0,7}0*(\d{1,9})')
_LETTERS = re.compile(rb'r="([A-Za-z]{2,7})\d')
_LOOSE_CELL = re.compile(rb'<c(?=[ >/])(?![^>]* r=")')
_LOOSE_ROW = re.compile(rb'<row(?=[ >/])(?![^>]* r=")')
_REFERENCE = re.compile(rb'r="([A-Za-z]{1,3})(\d{1,7})')
_FORMULA_CELL = rb" *<f\b[^>]*(?:/>|>[^<]*</f *>) *"
_FORMULA = re.compile(rb"<c(?: ([^>]*))?>" + _FORMULA_CELL + rb"(<v>[^<]+<)?")
_ERROR = re.compile(rb'<c ([^>]*\bt="e"[^>]*)>(?:' + _FORMULA_CELL + rb")?<v>([^<]*)<")
_ROW_OR_CELL = re.compile(rb"<row(?=[ >/])([^>]*)>|<c(?=[ >/])([^>]*?)(?:/>|>.*?</c *>)", re.DOTALL)
_ROW_NUMBER = re.compile(rb' r="(\d{1,7})"')
_HAS_TEXT_RESULT = re.compile(rb'\bt="(?:str|e)"')
_WORKSHEET = re.compile(rb"<(\w+:)?worksheet\b")
_SPACED = re.compile(rb" *= *\"")
BLANKS = bytes.maketrans(b"\t\r\n'", b'   "')  #: XML may be broken into lines and quoted in several ways
_SHEET = re.compile(r"<(?:\w+:)?sheet\s[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")


def check_archive(file: str, data: bytes, archive: zipfile.ZipFile) -> list[Failure]:
    """Failures of the archive as its directory describes it: too large, too many members, declarations in the XML."""
    members = archive.infolist()
    failures = list(_declared_sizes(file, members))
    for member in filter(_is_read, members):
        head = _head(data, member).replace(b"\0", b"").upper()
        if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
            failures.append(Failure(code="CR-S10", values={"file": file, "member": member.filename}))
    return failures


def _declared_sizes(file: str, members: list[zipfile.ZipInfo]) -> Iterator[Failure]:
    total = sum(m.file_size for m in members)
    if total > MAX_UNPACKED_BYTES:
        yield Failure(code="CR-S08", values={"file": file, "got": total >> 20, "allowed": MAX_UNPACKED_BYTES >> 20})
    for member in members:
        if member.file_size > max(RATIO_FROM_BYTES, MAX_RATIO * member.compress_size):
            ratio = member.file_size // max(member.compress_size, 1)
            yield Failure(code="CR-S07", values={"file": file, "member": member.filename, "got": ratio, "size": member.file_size >> 20, "allowed": MAX_RATIO})
    if len(members) > MAX_MEMBERS:
        yield Failure(code="CR-S09", values={"file": file, "got": len(members), "allowed": MAX_MEMBERS})


def scan_sheets(data: bytes, archive: zipfile.ZipFile, cut: Callable[[str, str, SheetScan], SheetCutter]) -> dict[str, SheetScan]:
    """Every worksheet by its name in the workbook; all but pictures is unpacked once.

    Parameters
    ----------
    cut
        Gives the cutter for a large sheet, from its name, the name of its member and its findings so far.

    Raises
    ------
    zipfile.BadZipFile
        A member is damaged, or longer than the directory declares.
    """
    members = {m.filename.lower(): m for m in archive.infolist()}
    names, scans = _sheet_names(data, members), {}
    for name, member in members.items():
        if name in names or _WORKSHEET.search(_head(data, member)):
            sheet, scan = names.get(name, name), SheetScan()
            scans[sheet] = scan
            _scan(data, member, scan, cut(sheet, member.filename, scan) if member.file_size >= CUT_FROM_BYTES else None)
        elif _is_read(member):
            for _ in _unpacked(data, member):
                pass
    return scans


def _is_read(member: zipfile.ZipInfo) -> bool:
    return not member.filename.lower().startswith("xl/media/")


def _head(data: bytes, member: zipfile.ZipInfo) -> bytes:
    return next(_unpacked(data, member), b"")[:XML_HEAD_BYTES]


def _unpacked(data: bytes, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Content of one member in chunks.

    Raises
    ------
    zipfile.BadZipFile
        The member is cut off, damaged, encrypted, packed in another way, or not as long as the directory declares.
    """
    start = member.header_offset + 30
    if len(data) < start or member.flag_bits & 1 or member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise zipfile.BadZipFile(member.filename)
    start += int.from_bytes(data[start - 4 : start - 2], "little") + int.from_bytes(data[start - 2 : start], "little")
    packed = memoryview(data)[start : start + member.compress_size]
    if len(packed) < member.compress_size:
        raise zipfile.BadZipFile(member.filename)
    if member.compress_type == zipfile.ZIP_STORED:
        yield from (bytes(packed[i : i + CHUNK_BYTES]) for i in range(0, len(packed), CHUNK_BYTES))
        return
    machine, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    try:
        for place in range(0, len(packed), BLOCK_BYTES):
            rest = bytes(packed[place : place + BLOCK_BYTES])
            while rest and not machine.eof and size <= member.file_size:
                chunk = machine.decompress(rest, CHUNK_BYTES)
                size, rest = size + len(chunk), machine.unconsumed_tail
                yield chunk
    except zlib.error as error:
        raise zipfile.BadZipFile(member.filename) from error
    if size != member.file_size:
        raise zipfile.BadZipFile(member.filename)


def beside_sheets(data: bytes, archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Content of what the reader of cells needs beside a worksheet, by name: the workbook, its formats and shared texts.

    Raises
    ------
    zipfile.BadZipFile
        As `scan_sheets`.
    """
    members = [m for m in archive.infolist() if m.filename.lower().endswith(BESIDE_SHEETS)]
    return {member.filename: b"".join(_unpacked(data, member)) for member in members}


def _scan(data: bytes, member: zipfile.ZipInfo, scan: SheetScan, cutter: SheetCutter | None) -> None:
    """Findings about one sheet, and its pieces to the cutter, each after it was looked through.

    The sheet's own statement of its extent is rounded up, and cells are searched for that lie beyond; only where there are
    some, or where it states too much, are all cells looked at.
    """
    is_far, is_loose, near = False, False, None
    for raw, piece in _pieces(data, member):
        if near is None:
            near = Extent.around(DIMENSION.search(piece))
        if not near.surely_holds(piece):
            is_far = is_far or near.beyond.search(piece) is not None
            is_loose = is_loose or LOOSE.search(piece) is not None
        _note_kinds(scan, piece)
        if cutter is not None and not is_far and not is_loose and near.rows * near.columns <= MAX_CELLS_OF_PARTS:
            cutter.add(raw)
        elif cutter is not None:
            cutter.give_up()
    if cutter is not None:
        cutter.close()
    if is_loose:
        _note_kinds_by_place(scan, _pieces(data, member))
    if near is not None and not is_far and not is_loose and near.rows * near.columns <= MAX_CELLS:
        scan.rows, scan.columns = near.rows, near.columns
        return
    _look_at_all(scan, _pieces(data, member))


def _look_at_all(scan: SheetScan, pieces: Iterator[tuple[bytes, bytes]]) -> None:
    """The extent by every cell and row; one that does not say where it stands follows the one before it."""
    rows, letters = set[bytes](), set[bytes]()
    loose_rows, in_row, most_in_row = 0, 0, 0
    for _, piece in pieces:
        rows.update(_ROWS.findall(piece))
        letters.update(_LETTERS.findall(piece))
        loose_rows += len(_LOOSE_ROW.findall(piece))
        for place, part in enumerate(piece.split(b"<row")):
            in_row = len(_LOOSE_CELL.findall(part)) + (in_row if place == 0 else 0)
            most_in_row = max(most_in_row, in_row)
    scan.rows = max(map(int, rows), default=0) + loose_rows
    scan.columns = max((column_position(text.decode()) + 1 for text in letters), default=26) + most_in_row


def _pieces(data: bytes, member: zipfile.ZipInfo) -> Iterator[tuple[bytes, bytes]]:
    """The XML in pieces that end with a cell or a row, so that no cell is cut: as it is, and without name-space prefixes, quoted in one way.

    Raises
    ------
    zipfile.BadZipFile
        As `_unpacked`; one tag is longer than any cell.
    """
    rest, prefix = b"", None
    for chunk in _unpacked(data, member):
        if prefix is None:
            found = _WORKSHEET.search(chunk)
            prefix = (found[1] if found else None) or b""
        whole = rest + chunk
        cut = max(whole.rfind(b"</" + prefix + b"c>"), whole.rfind(b"</" + prefix + b"row>"))
        if cut <= 0:
            cut = max(whole.rfind(b"/>"), 0)
        if cut == 0 and len(whole) > LONGEST_CELL_BYTES and (cut := whole.rfind(b"<")) <= 0:  # no tag is cut: it may say where a cell stands
            raise zipfile.BadZipFile(member.filename)
        piece, rest = whole[:cut], whole[cut:]
        yield piece, _in_one_way(piece, prefix)
    yield rest, _in_one_way(rest, prefix or b"")


def _in_one_way(piece: bytes, prefix: bytes) -> bytes:
    if any(sign in piece for sign in (b"'", b"\n", b"\r", b"\t")):
        piece = piece.translate(BLANKS)
    if prefix:
        piece = piece.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</")
    if _has_blank_at_equals(piece) and (b"r =" in piece or b"r= " in piece):  # texts of several signs take long to look for
        return _SPACED.sub(b'="', piece)
    return piece


def _has_blank_at_equals(piece: bytes) -> bool:
    """Whether a sign of equality has a blank before or behind it."""
    return any(found.any() for pair in (b" =", b"= ") for found in pairs(piece, pair))


def _note_kinds(scan: SheetScan, piece: bytes) -> None:
    """Formulas, truth values and error values of cells that say where they stand."""
    if b"f" in piece and b"<f" in piece:
        for match in _FORMULA.finditer(piece):
            if (found := _place_of(match[1])) is not None:
                _note_formula(scan, *found, match)
    scan.has_booleans |= b"b" in piece and b't="b"' in piece
    if b"e" in piece and b't="e"' in piece:
        for match in _ERROR.finditer(piece):
            if (found := _place_of(match[1])) is not None:
                scan.errors[found] = html.unescape(match[2].decode("utf8", "replace"))


def _note_kinds_by_place(scan: SheetScan, pieces: Iterator[tuple[bytes, bytes]]) -> None:
    """The same where cells or rows do not say where they stand: each follows the one before it."""
    scan.formulas.clear()
    scan.uncalculated.clear()
    scan.errors.clear()
    row, column = -1, -1
    for _, piece in pieces:
        for match in _ROW_OR_CELL.finditer(piece):
            if match[2] is None:
                number = _ROW_NUMBER.search(match[1])
                row, column = (int(number[1]) - 1 if number else row + 1), -1
                continue
            row, column = _place_of(match[2]) or (row, column + 1)
            if (formula := _FORMULA.match(match[0])) is not None:
                _note_formula(scan, row, column, formula)
            if (error := _ERROR.match(match[0])) is not None:
                scan.errors[row, column] = html.unescape(error[2].decode("utf8", "replace"))


def _place_of(attributes: bytes | None) -> tuple[int, int] | None:
    """Row and column that a cell states."""
    found = _REFERENCE.search(attributes or b"")
    return None if found is None else (int(found[2]) - 1, column_position(found[1].decode()))


def _note_formula(scan: SheetScan, row: int, column: int, match: re.Match[bytes]) -> None:
    scan.formulas[column] = scan.formulas.get(column, 0) + 1
    if match[2] is None and not _HAS_TEXT_RESULT.search(match[1] or b""):
        scan.uncalculated.append(f"{column_letters(column)}{row + 1}")


def _sheet_names(data: bytes, members: dict[str, zipfile.ZipInfo]) -> dict[str, str]:
    """Name in the workbook of each worksheet member."""
    texts = [_text(data, members.get(name)) for name in ("xl/_rels/workbook.xml.rels", "xl/workbook.xml")]
    targets = {}
    for tag in _RELATION.findall(texts[0]):
        if (key := _attribute(tag, "Id")) and (target := _attribute(tag, "Target")):
            targets[key] = (target.lstrip("/") if target.startswith("/") else f"xl/{target}").lower()
    found = {}
    for tag in _SHEET.findall(texts[1]):
        if (key := _attribute(tag, r"\w+:id")) and (name := _attribute(tag, "name")):
            found[targets.get(key, key)] = name
    return found


def _text(data: bytes, member: zipfile.ZipInfo | None) -> str:
    return "" if member is None else b"".join(_unpacked(data, member)).decode("utf8", "replace")


def _attribute(tag: str, name: str) -> str | None:
    match = re.search(rf"\s{name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", tag)
    return None if match is None else html.unescape(match[1] if match[1] is not None else match[2])


def open_archive(data: bytes) -> zipfile.ZipFile:
    """The archive's directory.

    Raises
    ------
    zipfile.BadZipFile
        There is none, or a name stands in it twice.
    """
    archive = zipfile.ZipFile(io.BytesIO(data))
    names = archive.namelist()
    if len(set(names)) < len(names):
        raise zipfile.BadZipFile("a name stands twice")
    return archive
