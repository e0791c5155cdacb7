"""Old Office containers (OLE2): which streams they hold, and what an .xls workbook says before its cells are read.

The reader of cells delivers error values as empty cells and asks for memory by the outermost cell, so both are looked up here first.
"""

import struct
from collections.abc import Iterator
from typing import Any

from commresearch.sources.sheet import SheetScan

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEADER_BYTES, ENTRY_BYTES, SMALL_BYTES = 512, 128, 64
COUNTS = (40, 44, 64, 72)  #: places in the header that count sectors
LAST_SECTOR = 0xFFFFFFFA  #: sector numbers above this are marks
STREAM = 2
BOUND_SHEET, FILE_PASS, FORMULA, BOOLEAN_OR_ERROR, TEXTS, DIMENSIONS, END = 0x85, 0x2F, 0x06, 0x205, 0xFC, 0x200, 0x0A
#: records that begin with the row and the column of a cell
CELL_RECORDS = frozenset({0x06, 0x7E, 0xBD, 0xBE, 0xD6, 0xFD, 0x201, 0x203, 0x204, 0x205, 0x27E})
ERROR_TEXTS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}


class DamagedError(Exception):
    """The container contradicts itself."""


def read_streams(data: bytes) -> dict[str, tuple[int, int]]:
    """Names of the streams with their first sector and length, once all that the container says of itself has been followed.

    Raises
    ------
    DamagedError
        A chain of sectors leaves the file or runs in a circle, or something is declared longer than the file.
    """
    try:
        size = _sector_bytes(data)
        if any(struct.unpack_from("<I", data, place)[0] * size > len(data) for place in COUNTS):
            raise DamagedError("more sectors than the file holds")
        table = _table(data)
        directory = _chain(data, table, struct.unpack_from("<I", data, 48)[0])
        _chain(data, table, struct.unpack_from("<I", data, 60)[0])
        entries = list(_entries(directory))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise DamagedError(str(error)) from error
    if len(directory) % ENTRY_BYTES or any(length > len(data) for _, _, _, length in entries):
        raise DamagedError("a stream longer than the file")
    streams = {name: (start, length) for name, kind, start, length in entries if kind == STREAM}
    if not streams:
        raise DamagedError("no streams")
    return streams


def read_stream(data: bytes, name: str) -> bytes:
    """Content of one stream.

    Raises
    ------
    DamagedError
        The stream is cut off or its sectors cannot be followed.
    """
    start, length = read_streams(data)[name]
    try:
        table = _table(data)
        root = _chain(data, table, struct.unpack_from("<I", data, 48)[0])[:ENTRY_BYTES]
        container = _chain(data, table, struct.unpack_from("<I", root, 116)[0])
        if length < struct.unpack_from("<I", data, 56)[0]:
            content = _small_stream(data, table, container, start)
        else:
            content = _chain(data, table, start)
    except (struct.error, IndexError) as error:
        raise DamagedError(str(error)) from error
    if len(content) < length:
        raise DamagedError(f"{len(content)} < {length}")
    return content[:length]


def scan_workbook(stream: bytes) -> tuple[bool, dict[str, SheetScan]]:
    """Whether a workbook stream is encrypted, and what its sheets hold, by name.

    Raises
    ------
    DamagedError
        It declares more texts than it has bytes, or a sheet that ends before it begins.
    """
    starts: dict[str, int] = {}
    for kind, record in _records(stream, 0):
        if kind == FILE_PASS:
            return True, {}
        if kind == TEXTS and struct.unpack_from("<I", record.ljust(8, b"\xff"), 4)[0] > len(stream):
            raise DamagedError("more texts than bytes")
        if kind == BOUND_SHEET and len(record) > 8:
            offset, name = _sheet_name(record)
            if offset >= len(stream):
                raise DamagedError("a sheet beyond the end")
            starts[name] = offset
    scans = {}
    for name, offset in starts.items():
        scan = scans[name] = SheetScan()
        for kind, record in _records(stream, offset):
            if kind == DIMENSIONS:
                _note_extent(scan, record)
            elif kind in CELL_RECORDS and len(record) >= 4:
                _note_cell(scan, kind, record)
    return False, scans


def _note_extent(scan: SheetScan, record: bytes) -> None:
    """The extent that a sheet states; the reader asks for memory by it."""
    first_row, last_row, first_column, last_column = struct.unpack_from("<IIHH" if len(record) == 14 else "<HHHH", record.ljust(14, b"\0"))
    if last_row and last_column:
        if first_row >= last_row or first_column >= last_column:
            raise DamagedError("a sheet that ends before it begins")
        scan.rows, scan.columns = max(scan.rows, last_row), max(scan.columns, last_column)


def _note_cell(scan: SheetScan, kind: int, record: bytes) -> None:
    row, column = struct.unpack_from("<HH", record)
    scan.rows, scan.columns = max(scan.rows, row + 1), max(scan.columns, column + 1)
    code = None
    if kind == FORMULA and len(record) >= 14:
        scan.formulas[column] = scan.formulas.get(column, 0) + 1
        code = record[8] if record[12:14] == b"\xff\xff" and record[6] == 2 else None
        scan.has_booleans |= record[12:14] == b"\xff\xff" and record[6] == 1
    elif kind == BOOLEAN_OR_ERROR and len(record) >= 8:
        code = record[6] if record[7] else None
        scan.has_booleans |= not record[7]
    if code is not None:
        scan.errors[row, column] = ERROR_TEXTS.get(code, "#N/A")


def _records(stream: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each record up to the end of a part."""
    while position + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, position)
        if kind == END:
            return
        yield kind, stream[position + 4 : position + 4 + length]
        position += 4 + length


def _sheet_name(record: bytes) -> tuple[int, str]:
    offset, count, wide = struct.unpack_from("<I", record)[0], record[6], record[7] & 1
    return offset, record[8 : 8 + count * 2].decode("utf-16-le") if wide else record[8 : 8 + count].decode("latin-1")


def _sector_bytes(data: bytes) -> int:
    return 1 << min(int(struct.unpack_from("<H", data, 30)[0]), 16)


def _sector(data: bytes, number: int) -> bytes:
    size = _sector_bytes(data)
    start = max(size, HEADER_BYTES) + number * size
    if start >= len(data):
        raise IndexError(f"sector {number} is not there")
    return data[start : start + size]


def _table(data: bytes) -> tuple[int, ...]:
    """The sector allocation table."""
    numbers: list[int] = [n for n in struct.unpack_from("<109I", data, 76) if n < LAST_SECTOR]
    further, seen = struct.unpack_from("<I", data, 68)[0], set[int]()
    while further < LAST_SECTOR:
        if further in seen:
            raise IndexError("sectors in a circle")
        seen.add(further)
        listed = _integers(_sector(data, further))
        numbers += [n for n in listed[:-1] if n < LAST_SECTOR]
        further = listed[-1]
    return _integers(b"".join(_sector(data, n) for n in numbers))


def _integers(data: bytes) -> tuple[Any, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def _chain(data: bytes, table: tuple[int, ...], start: int) -> bytes:
    """Sectors that follow one another, joined."""
    return b"".join(_sector(data, number) for number in _numbers(table, start))


def _small_stream(data: bytes, table: tuple[int, ...], container: bytes, start: int) -> bytes:
    small_table = _integers(_chain(data, table, struct.unpack_from("<I", data, 60)[0]))
    return b"".join(container[number * SMALL_BYTES : (number + 1) * SMALL_BYTES] for number in _numbers(small_table, start))


def _numbers(table: tuple[int, ...], number: int) -> Iterator[int]:
    """Numbers of the sectors of one chain."""
    for _ in range(len(table) + 1):
        if number >= LAST_SECTOR:
            return
        yield number
        number = table[number]
    raise IndexError("sectors in a circle")


def _entries(directory: bytes) -> Iterator[tuple[str, int, int, int]]:
    """Name, kind, first sector and length of the entries that are in use."""
    for place in range(0, len(directory) - ENTRY_BYTES + 1, ENTRY_BYTES):
        entry = directory[place : place + ENTRY_BYTES]
        used = struct.unpack_from("<H", entry, 64)[0]
        if 2 < used <= 64:
            start, length = struct.unpack_from("<II", entry, 116)
            yield entry[: used - 2].decode("utf-16-le"), entry[66], start, length
