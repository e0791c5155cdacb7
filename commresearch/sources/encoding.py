"""How a text file is encoded: byte order mark, then strict UTF-8, then strict GB18030; a guess is never taken."""

import codecs
import re
import unicodedata
from collections.abc import Iterable

from commresearch.errors import Failure, SourceError

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
NOT_ASCII = re.compile(r"[^\x00-\x7f]")
LATIN_END = 0x0250
MOST_ACCIDENTAL = 5  #: one Chinese character in five has bytes that are UTF-8 too, so six together are no accident
THREE_BYTES_FROM = 0x0800  #: characters from here on take three bytes of UTF-8, as Chinese ones do
#: a text of this many Chinese characters is no accident of bytes
ENOUGH_CHARACTERS = 3
#: encodings that texts are read in wrongly, with the one they are written in
MISREADINGS = (("gb18030", "utf-8"), ("latin-1", "utf-8"), ("cp1252", "utf-8"), ("latin-1", "gb18030"))
EVEN_LATIN = re.compile(r"(?:[\x00-\x7f]|[\xa1-\xff]{2})*")  #: as Chinese characters look in Latin-1; accents stand alone
REPLACED = "�"
REPLACED_TWICE = "锟斤拷"  #: two replacement characters, read as GB18030


def decode(file: str, data: bytes) -> tuple[str, str]:
    """Text and the name of its encoding.

    Raises
    ------
    SourceError
        No encoding fits (with the byte where each gave up), or the text holds NUL characters.
    """
    text, encoding = _decoded(file, data)
    if (place := text.find("\0")) >= 0:
        values = {"file": file, "row": text.count("\n", 0, place) + 1, "place": place + 1}
        raise SourceError(Failure(code="CR-S20", values=values))
    return text, encoding


def _decoded(file: str, data: bytes) -> tuple[str, str]:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding), encoding
            except UnicodeDecodeError as error:
                place = error.start + len(mark)
                values = {"file": file, "encoding": encoding.upper(), "byte": place + 1, "row": data.count(b"\n", 0, place) + 1}
                raise SourceError(Failure(code="CR-S18", values=values)) from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as first:
        try:
            return data.decode("gb18030"), "gb18030"
        except UnicodeDecodeError as second:
            row = data.count(b"\n", 0, second.start) + 1
            values = {"file": file, "byte": second.start + 1, "row": row, "first": first.start + 1}
            raise SourceError(Failure(code="CR-S19", values=values)) from second
    other = _short_chinese(text, data)
    return (text, "utf-8") if other is None else (other, "gb18030")


def _short_chinese(text: str, data: bytes) -> str | None:
    """The GB18030 reading of a short text whose bytes happen to be UTF-8 of a script that no survey here is written in.

    Two bytes of GB18030 can form one two-byte character of UTF-8 (Cyrillic, Arabic, Syriac, …). Where a text has a few
    characters of that length only, not all of them Latin, and reads as Chinese otherwise, it is Chinese.
    """
    strange: set[str] = set()
    for match in NOT_ASCII.finditer(text):
        strange.add(match[0])
        if len(strange) > MOST_ACCIDENTAL:
            return None
    if not strange or not LATIN_END <= max(map(ord, strange)) < THREE_BYTES_FROM:
        return None
    try:
        other = data.decode("gb18030")
    except UnicodeDecodeError:
        return None
    return other if all(_is_chinese(c) for c in other if ord(c) > 0x7F) else None


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
