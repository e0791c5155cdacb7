"""How a text file is encoded: byte order mark, then strict UTF-8, then strict GB18030; a guess is never taken."""

import codecs
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from commresearch.errors import Failure, SourceError

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
NOT_ASCII = re.compile(r"[^\x00-\x7f]")
HEAD_BYTES = 1 << 16
LATIN_END = 0x0250
MOST_ACCIDENTAL = 5  #: one Chinese character in five has bytes that are UTF-8 too, so six together are no accident
THREE_BYTES_FROM = 0x0800  #: characters from here on take three bytes of UTF-8, as Chinese ones do
#: a text of this many Chinese characters is no accident of bytes
ENOUGH_CHARACTERS = 3
#: encodings that texts are read in wrongly, with the one they are written in
MISREADINGS = (("gb18030", "utf-8"), ("latin-1", "utf-8"), ("cp1252", "utf-8"), ("latin-1", "gb18030"))
EVEN_LATIN = re.compile(r"(?:[\x00-\x7f]|[\xa1-\xff]{2})*")  #: as Chinese characters look in Latin-1; accents stand alone
LAST_OF_TWO = "\uffff"  #: rare ideographs and emoji beyond may be newer than the table of characters at hand
WIDE_SPACE = "\ue5e5"  #: how some programs pad a header
SYMBOLS = ("\uf000", "\uf0ff")  #: ticks and boxes of symbol fonts
TRADITIONAL = ("編號", "滿意", "意見", "職業", "電話", "服務")  #: words without a character for private use when read as GB18030
REPLACED = "�"
REPLACED_TWICE = "锟斤拷"  #: two replacement characters, read as GB18030


@dataclass(frozen=True, kw_only=True, eq=False)
class TextFile:
    """A text file and the encoding that its bytes allow."""

    file: str
    data: bytes
    encoding: str

    @cached_property
    def text(self) -> str:
        """The whole text.

        Raises
        ------
        SourceError
            Bytes do not fit the encoding: the byte where it gave up.
        """
        mark = next((mark for mark, encoding in MARKS if encoding == self.encoding and self.data.startswith(mark)), b"")
        try:
            return self.data[len(mark) :].decode(self.encoding)
        except UnicodeDecodeError as error:
            raise self._refusal(error.start + len(mark), bool(mark)) from error

    def head(self, size: int) -> str:
        """The text of the first bytes, without a character that is cut."""
        if self.encoding.startswith("utf-16") or len(self.data) <= size:
            return self.text[:size]
        try:
            return codecs.getincrementaldecoder(self.encoding)().decode(self.data[:size].removeprefix(codecs.BOM_UTF8))
        except UnicodeDecodeError:
            return self.text[:size]

    def _refusal(self, place: int, is_marked: bool) -> SourceError:
        values = {"file": self.file, "byte": place + 1, "row": self.data.count(b"\n", 0, place) + 1}
        if is_marked:
            return SourceError(Failure(code="CR-S18", values=values | {"encoding": self.encoding.upper()}))
        try:
            self.data.decode("utf-8")
        except UnicodeDecodeError as error:
            values["first"] = error.start + 1
        return SourceError(Failure(code="CR-S19", values=values))


def find_encoding(file: str, data: bytes) -> TextFile:
    """How a text is encoded; GB18030 where it cannot be UTF-8, which only reading it all confirms.

    Raises
    ------
    SourceError
        The text holds NUL characters.
    """
    encoding = next((encoding for mark, encoding in MARKS if data.startswith(mark)), "") or _without_mark(data)
    found = TextFile(file=file, data=data, encoding=encoding)
    text = found.text if encoding.startswith("utf-16") else ""
    place = text.find("\0") if text else data.find(b"\0")
    if place >= 0:
        row = (text.count("\n", 0, place) if text else data.count(b"\n", 0, place)) + 1
        raise SourceError(Failure(code="CR-S20", values={"file": file, "row": row, "place": place + 1}))
    return found


def _without_mark(data: bytes) -> str:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data[:HEAD_BYTES])  # most files of another encoding end here
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "gb18030" if _is_short_chinese(text, data) else "utf-8"


def _is_short_chinese(text: str, data: bytes) -> bool:
    """Whether a text is GB18030 whose bytes happen to be UTF-8 of a script that no survey here is written in.

    Two bytes of GB18030 can form one two-byte character of UTF-8 (Cyrillic, Arabic, Syriac, …). Where a text has a few
    characters of that length only, not all of them Latin, and reads as Chinese otherwise, it is Chinese.
    """
    strange: set[str] = set()
    for match in NOT_ASCII.finditer(text):
        strange.add(match[0])
        if len(strange) > MOST_ACCIDENTAL:
            return False
    if not strange or not LATIN_END <= max(map(ord, strange)) < THREE_BYTES_FROM:
        return False
    try:
        other = data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return all(_is_chinese(c) for c in other if ord(c) > 0x7F)


def _is_chinese(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff" or unicodedata.east_asian_width(character) in "FW"


def misread(texts: Iterable[str], known: frozenset[str]) -> tuple[str, str] | None:
    """The first of some headers that was read in a wrong encoding, and what it should be; None where all are sound.

    A UTF-8 header read as GB18030 gives its own bytes back when it is encoded again (序号 ↔ 搴忓彿), as does one read as
    Latin text; one that lost bytes on the way is recognised by the mark left behind.
    """
    for text in texts:
        if REPLACED in text or REPLACED_TWICE in text:
            return text, "?"
        for wrong, right in MISREADINGS:
            if (wrong, right) == ("latin-1", "gb18030") and not EVEN_LATIN.fullmatch(text):
                continue
            meant = _read_again(text, wrong, right)
            if meant is not None and (meant.strip() in known or sum(map(_is_chinese, meant)) >= ENOUGH_CHARACTERS):
                return text, meant
    return None


def read_as_simplified(texts: Iterable[str]) -> tuple[str, str] | None:
    """The first of some headers in Big5 that was read as GB18030, and what it says in Big5; None where all are sound.

    Nearly every word of traditional Chinese then has a character that GB18030 leaves to private use, as no header has.
    """
    for text in texts:
        if text.isascii():
            continue
        meant = text.encode("gb18030").decode("big5", "replace")
        if any(map(_is_no_text, text)) or any(word in meant for word in TRADITIONAL):
            return text, meant
    return None


def _is_no_text(character: str) -> bool:
    is_picture = character in WIDE_SPACE or SYMBOLS[0] <= character <= SYMBOLS[1]
    return character <= LAST_OF_TWO and not is_picture and unicodedata.category(character) in {"Co", "Cn"}


def _read_again(text: str, wrong: str, right: str) -> str | None:
    """Text read in one encoding, as it reads in another; its last character may have lost bytes to the cell beside it."""
    if text.isascii():
        return None
    try:
        data = text.encode(wrong)
    except UnicodeEncodeError:
        return None
    try:
        meant = data.decode(right)
    except UnicodeDecodeError as error:
        if error.start < len(data) - 3 or error.reason != "unexpected end of data":
            return None
        meant = data[: error.start].decode(right)
    return None if meant == text or meant.isascii() else meant
