"""Parts of large sheets, read while what follows them is still searched."""

import zipfile
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cached_property, partial
from itertools import pairwise
from typing import Self

from commresearch.errors import SourceError
from commresearch.records import Standby, may_fork
from commresearch.sources.archive import beside_sheets
from commresearch.sources.cell_blocks import CellBlock, CodedCells, block_of, coded_cells, guarded
from commresearch.sources.received import Received
from commresearch.sources.sheet import SheetScan
from commresearch.sources.sheet_parts import PART_BYTES, SheetCutter, workbook_of

PARTS_AT_A_TIME = 2  #: the search beside them waits for the first of them before a third begins


class PartReader:
    """Parts of large sheets, read beside the search of what follows them: each by a process, or where none can be forked by a thread."""

    def __init__(self, received: Received) -> None:
        self._received = received
        self._others: dict[str, bytes] = {}
        self._under_way: deque[_Part] = deque()
        self._cut: dict[str, tuple[SheetCutter, list[_Part]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for part in self._under_way:
            part.close()
        if "_threads" in self.__dict__ and self._threads is not None:
            self._threads.shutdown(cancel_futures=True)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor | None:
        """Threads to read with; None where processes can be forked, which the thread that makes the hash of the file has to be gone for."""
        return None if self._received.sha256 and may_fork() else ThreadPoolExecutor(PARTS_AT_A_TIME)

    def cutter(self, archive: zipfile.ZipFile, sheet: str, member: str, scan: SheetScan) -> SheetCutter:
        """What takes the XML of a large sheet."""
        self._others = self._others or beside_sheets(self._received.data, archive)
        is_heavy = sum(map(len, self._others.values())) > PART_BYTES  # it would be read again with every part
        parts: list[_Part] = []

        def give(xml: bytes) -> None:
            if len(self._under_way) == PARTS_AT_A_TIME:
                self._under_way.popleft().settle()
            parts.append(_Part(partial(self._read, sheet, member, xml, dict(scan.errors), scan.has_booleans), self._threads))
            self._under_way.append(parts[-1])

        cutter = SheetCutter(give)
        if is_heavy:
            cutter.give_up()
        self._cut[sheet] = cutter, parts
        return cutter

    def _read(self, sheet: str, member: str, xml: bytes, errors: dict[tuple[int, int], str], has_booleans: bool) -> CodedCells:
        from python_calamine import CalamineWorkbook

        stream = workbook_of(xml, member, self._others)
        found = guarded(self._received.name, lambda: CalamineWorkbook.from_filelike(stream).get_sheet_by_name(sheet))
        return guarded(self._received.name, lambda: coded_cells(found, errors, has_booleans=has_booleans, is_part=True))

    def blocks(self, sheet: str) -> list[CellBlock]:
        """The parts of a sheet in their order; none where it was not cut, or where they do not fit together."""
        cutter, parts = self._cut.pop(sheet, (None, []))
        if cutter is None or not cutter.is_cut:
            return []
        blocks = [block for part in parts if (block := part.settle()) is not None]
        if len(blocks) < len(parts):
            return []  # what is wrong with the sheet is said of the whole
        filled = [block for block in blocks if len(block.types)]
        return blocks if all(one.bottom <= other.top for one, other in pairwise(filled)) else []


class _Part:
    """A part that is being read."""

    def __init__(self, read: Callable[[], CodedCells], threads: Executor | None) -> None:
        self._beside: Standby[CodedCells] | None = None
        self._cells: Callable[[], CodedCells] | None
        self._block: CellBlock | None = None
        if threads is None:
            self._beside = Standby(read)
            self._cells = self._beside.first
        else:
            self._cells = threads.submit(read).result

    def settle(self) -> CellBlock | None:
        """The block, waited for once; None where it cannot be read. Nothing of the XML is held behind it."""
        if self._cells is not None:
            try:
                self._block = block_of(self._cells())
            except SourceError:
                self._block = None
            finally:
                self.close()
        return self._block

    def close(self) -> None:
        """Stop reading."""
        self._cells = None
        if self._beside is not None:
            self._beside.close()
            self._beside = None
