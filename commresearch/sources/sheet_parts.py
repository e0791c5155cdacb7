"""A large worksheet cut between rows into workbooks of their own, so that the reader of cells takes several at a time.

The reader goes through a sheet twice, the second time for its merged ranges; in the parts these stand first, so that it finds
them at once.
"""

import io
import re
import zipfile
from collections.abc import Callable, Mapping

PART_BYTES = 64 << 20  #: of XML, about a million cells
CUT_FROM_BYTES = 2 * PART_BYTES
_CELLS = re.compile(rb"<sheetData\s*>")
_NUMBERED_ROW = re.compile(rb"\s*<row\s(?:[^>]*\s)?r\s*=")
_MERGED = re.compile(rb"<mergeCells\b.*</mergeCells\s*>", re.DOTALL)
_ROW_END, _CELLS_END = b"</row>", b"</sheetData"
_NOT_PLAIN = b"<!"  #: comments and CDATA may hold what looks like a row


class SheetCutter:
    """Takes the XML of one sheet piece by piece and gives on sheets that hold some of its rows.

    A sheet whose rows cannot be told apart safely is not cut: `is_cut` is False from then on, and what was given on is void.
    """

    def __init__(self, give: Callable[[bytes], None]) -> None:
        self.is_cut = True
        self._give = give
        self._head: bytes | None = None
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> None:
        """The next piece, which was found harmless."""
        if not self.is_cut:
            return
        self.is_cut = b"!" not in piece or _NOT_PLAIN not in piece  # one sign is looked for in a fraction of the time of two
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size >= PART_BYTES:
            self._cut(_ROW_END)

    def close(self) -> None:
        """No piece follows."""
        self._cut(_CELLS_END)

    def give_up(self) -> None:
        """The sheet has to be read as a whole."""
        self.is_cut = False
        self._pieces.clear()

    def _cut(self, mark: bytes) -> None:
        text = b"".join(self._pieces)
        first = _CELLS.search(text) if self._head is None else None
        start, end = first.end() if first else 0, text.rfind(mark)
        if not self.is_cut or end < start or (self._head is None and first is None):
            self.give_up()
            return
        if first is not None:
            self._head = text[: first.start()]
        is_last = mark == _CELLS_END
        end += 0 if is_last else len(mark)
        rest = text[end:]
        if first is None and end > start and not _NUMBERED_ROW.match(text, start, end):  # it would count from the top of its part
            self.give_up()
            return
        self._pieces, self._size = [rest], len(rest)
        merged = _MERGED.search(rest) if is_last else None
        before = (self._head or b"", merged[0] if merged else b"<mergeCells></mergeCells>", b"<sheetData>")
        self._give(b"".join((*before, memoryview(text)[start:end], b"</sheetData></worksheet>")))  # the rows are copied once


def workbook_of(sheet: bytes, member: str, others: Mapping[str, bytes]) -> io.BytesIO:
    """A workbook, not packed, that holds one worksheet and the members beside it (names, formats, shared texts)."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as book:
        for name, content in others.items():
            book.writestr(name, content)
        book.writestr(member, sheet)
    stream.seek(0)
    return stream
