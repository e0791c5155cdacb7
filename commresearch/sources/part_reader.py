"""Parts of large sheets, read while what follows them is still searched."""

import zipfile
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from threading import Semaphore
from typing import Self

from commresearch.errors import SourceError
from commresearch.sources.archive import beside_sheets
from commresearch.sources.cell_blocks import CellBlock, guarded, read_block
from commresearch.sources.received import Received
from commresearch.sources.sheet import SheetScan
from commresearch.sources.sheet_parts import PART_BYTES, SheetCutter, workbook_of

PARTS_AT_A_TIME = 2  #: the reader lets go of the interpreter's lock; what stands beside it in Python keeps about one core busy


class PartReader:
    """Parts of large sheets, read beside the search of what follows them."""

    def __init__(self, received: Received) -> None:
        self._received = received
        self._others: dict[str, bytes] = {}
        self._pool = ThreadPoolExecutor(PARTS_AT_A_TIME)
        self._free = Semaphore(PARTS_AT_A_TIME + 1)  # one waits; more would only fill the memory
        self._cut: dict[str, tuple[SheetCutter, list[Future[CellBlock]]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def cutter(self, archive: zipfile.ZipFile, sheet: str, member: str, scan: SheetScan) -> SheetCutter:
        """What takes the XML of a large sheet."""
        self._others = self._others or beside_sheets(self._received.data, archive)
        is_heavy = sum(map(len, self._others.values())) > PART_BYTES  # it would be read again with every part
        blocks: list[Future[CellBlock]] = []

        def give(xml: bytes) -> None:
            self._free.acquire()
            blocks.append(self._pool.submit(self._read, sheet, member, xml, dict(scan.errors), scan.has_booleans))
            blocks[-1].add_done_callback(lambda _: self._free.release())

        cutter = SheetCutter(give)
        if is_heavy:
            cutter.give_up()
        self._cut[sheet] = cutter, blocks
        return cutter

    def _read(self, sheet: str, member: str, xml: bytes, errors: dict[tuple[int, int], str], has_booleans: bool) -> CellBlock:
        from python_calamine import CalamineWorkbook

        stream = workbook_of(xml, member, self._others)
        found = guarded(self._received.name, lambda: CalamineWorkbook.from_filelike(stream).get_sheet_by_name(sheet))
        return guarded(self._received.name, lambda: read_block(found, errors, has_booleans=has_booleans, is_part=True))

    def blocks(self, sheet: str) -> list[CellBlock]:
        """The parts of a sheet in their order; none where it was not cut, or where they do not fit together."""
        cutter, pending = self._cut.pop(sheet, (None, []))
        if cutter is None or not cutter.is_cut:
            return []
        try:
            blocks = [block.result() for block in pending]
        except SourceError:
            return []  # what is wrong with the sheet is said of the whole
        filled = [block for block in blocks if len(block.types)]
        return blocks if all(one.bottom <= other.top for one, other in pairwise(filled)) else []
