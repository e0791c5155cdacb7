"""Received files: whether they are there, and what they are by their content, whatever their name says."""

import re
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Thread

from commresearch.errors import Failure, SourceError
from commresearch.records import sha256_of
from commresearch.sources.archive import open_archive
from commresearch.sources.compound_file import SIGNATURE, DamagedError, read_streams
from commresearch.words import entries

MAX_FILE_BYTES = 1 << 30
HEAD_BYTES = 2_048
BLANK_BYTES = b" \t\r\n\0"
BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class FileKind(StrEnum):
    """What a file is by its content."""

    XLSX = "xlsx"
    XLS = "xls"
    TEXT = "csv"
    SPSS = "sav"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Received:
    """A file as received, read once."""

    path: Path
    data: bytes
    kind: FileKind
    hashing: "Hashing"

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    @property
    def sha256(self) -> str:
        """SHA-256 of the content, in hexadecimal digits, as other programs print it."""
        return self.hashing.result()


class Hashing(Thread):
    """A hash that is made beside what is done with the content meanwhile."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data, self._hash = data, ""

    def run(self) -> None:
        """Make it."""
        with suppress(MemoryError):  # tried again where it is asked for
            self._hash = sha256_of(self._data)

    def result(self) -> str:
        """The hash; the thread is gone then."""
        self.join()
        return self._hash or sha256_of(self._data)


SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "kind_pdf"), (b"Rar!", "kind_archive"), (b"7z\xbc\xaf", "kind_archive"), (b"\x1f\x8b", "kind_archive"), (b"\x89PNG", "kind_image"),
    (b"\xff\xd8\xff", "kind_image"), (b"GIF8", "kind_image"), (b"{\\rtf", "kind_word"), (b"PAR1", "kind_unknown"), (b"SQLite", "kind_unknown"),
)
TEXT_KINDS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"<\?xml.*?<(?:\w+:)?workbook", re.DOTALL), "kind_xml_workbook"),
    (re.compile(rb"(?:<\?xml.*?)?<(?:!doctype html|html|head|meta|table|style|body)\b", re.DOTALL), "kind_html"),
    (re.compile(rb"mime-version:"), "kind_html"), (re.compile(rb"<\?xml"), "kind_unknown"), (re.compile(rb"(?:\[\s*)?\{\s*\""), "kind_json"),
)
#: parts that tell one zip archive from another, first match counts
ARCHIVE_PARTS: tuple[tuple[str, str], ...] = (
    ("xl/workbook.bin", "kind_binary_workbook"), ("word/document.xml", "kind_word"), ("ppt/presentation.xml", "kind_slides"),
    ("Index/Document.iwa", "kind_numbers"), ("Index.zip", "kind_numbers"), ("content.xml", "kind_opendocument"),
)
STREAM_KINDS = {"WordDocument": "kind_word", "PowerPoint Document": "kind_slides"}
SUFFIX_KINDS = {
    ".numbers": "kind_numbers", ".pdf": "kind_pdf", ".docx": "kind_word", ".doc": "kind_word", ".wps": "kind_word", ".ods": "kind_opendocument",
    ".xlsb": "kind_binary_workbook", ".pptx": "kind_slides", ".ppt": "kind_slides", ".zip": "kind_archive", ".json": "kind_json",
}


def receive(path: Path) -> Received:
    """Read a file and say what it is.

    Raises
    ------
    SourceError
        The file is missing, a folder, empty, too large, cannot be opened, locked with a password, damaged, or of a kind that
        no reader here reads.
    """
    data = _read(path)
    kind = _kind(path, data)
    hashing = Hashing(data)
    hashing.start()
    return Received(path=path, data=data, kind=kind, hashing=hashing)


def _read(path: Path) -> bytes:
    if not path.exists():
        raise SourceError(Failure(code="CR-S01", values={"file": str(path)}))
    if not path.is_file():
        raise SourceError(Failure(code="CR-S02", values={"file": str(path)}))
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MAX_FILE_BYTES else b""
    except OSError as error:
        raise SourceError(Failure(code="CR-S04", values={"file": str(path), "got": error.strerror or str(error)})) from error
    if size > MAX_FILE_BYTES:
        raise SourceError(Failure(code="CR-S11", values={"file": path.name, "got": size >> 20, "allowed": MAX_FILE_BYTES >> 20}))
    if not (data[:HEAD_BYTES].strip(BLANK_BYTES) or data.strip(BLANK_BYTES)) or data in BYTE_ORDER_MARKS:
        raise SourceError(Failure(code="CR-S03", values={"file": path.name}))
    return data


def _kind(path: Path, data: bytes) -> FileKind:
    for signature, label in SIGNATURES:
        if data.startswith(signature):
            raise refused(path, label)
    if data.startswith((b"$FL2", b"$FL3")):
        return FileKind.SPSS
    if data.startswith(b"ENCRYPTEDSAV"):
        raise SourceError(Failure(code="CR-S12", values={"file": path.name}))
    if data.startswith(SIGNATURE):
        return _compound_kind(path, data)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive_kind(path, data)
    return _text_kind(path, data)


def _compound_kind(path: Path, data: bytes) -> FileKind:
    try:
        streams = read_streams(data)
    except DamagedError as error:
        raise damaged(path.name, error) from error
    if "EncryptedPackage" in streams:
        raise SourceError(Failure(code="CR-S12", values={"file": path.name}))
    if {"Workbook", "Book"} & set(streams):
        return FileKind.XLS
    raise refused(path, next((label for name, label in STREAM_KINDS.items() if name in streams), "kind_unknown"))


def _archive_kind(path: Path, data: bytes) -> FileKind:
    try:
        names = set(open_archive(data).namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        if (label := SUFFIX_KINDS.get(path.suffix.lower())) is not None:
            raise refused(path, label) from error
        raise damaged(path.name, error) from error
    if "xl/workbook.xml" in names:
        return FileKind.XLSX
    label = next((label for part, label in ARCHIVE_PARTS if part in names), None)
    raise refused(path, label or SUFFIX_KINDS.get(path.suffix.lower(), "kind_archive"))


def _text_kind(path: Path, data: bytes) -> FileKind:
    suffix = path.suffix.lower()
    head = data[:HEAD_BYTES].lstrip(b"\xef\xbb\xbf\xff\xfe").replace(b"\0", b"").lstrip().lower()
    for pattern, label in TEXT_KINDS:
        if pattern.match(head):
            raise refused(path, label)
    if suffix in SUFFIX_KINDS:
        raise refused(path, SUFFIX_KINDS[suffix])
    if suffix in {".sav", ".zsav"}:
        raise damaged(path.name, "$FL2")
    return FileKind.TEXT


def refused(path: Path, label: str) -> SourceError:
    """The error for a file of a kind that no reader here reads; `label` names its wording."""
    return SourceError(Failure(code="CR-S05", values={"file": path.name, "got": wording(label)}))


def damaged(file: str, cause: object) -> SourceError:
    """The error for a file whose content contradicts itself."""
    return SourceError(Failure(code="CR-S06", values={"file": file, "got": str(cause)[:120]}))


def wording(label: str) -> Mapping[str, str]:
    """Both texts of a word that messages hold."""
    return entries("errors")[label]
