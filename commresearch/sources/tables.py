"""Tables that people keep beside the data: codebooks, corrections, decisions, margins."""

import io
from pathlib import Path

import numpy as np
import pandas as pd

from commresearch.errors import Failure, SourceError
from commresearch.sources.delimited import open_text
from commresearch.sources.received import FileKind, Received, receive
from commresearch.sources.sheet import Sheet, take_rows
from commresearch.sources.workbook import open_workbook

FIRST_ROW = 2  #: row that a spreadsheet shows for index 0


def read_table(path: Path | str, *, sheet: str | None = None) -> pd.DataFrame:
    """A table with its heads in the first row that holds anything, every cell text; blank rows and columns at its edges are left out.

    Parameters
    ----------
    path
        .xlsx, .xls or .csv.
    sheet
        Sheet of a workbook; the first visible one where none is named.

    Returns
    -------
    DataFrame
        Index + 2 is the row number that a spreadsheet shows where the heads stand in the first row.

    Raises
    ------
    SourceError
        The file cannot be read as .xlsx, .xls or .csv.
    """
    received = receive(Path(path))
    if received.kind is FileKind.SPSS:
        raise SourceError(Failure(code="CR-S27", values={"file": received.name, "got": received.kind.value, "platform": ".xlsx, .csv"}))
    table = open_text(received).sheet if received.kind is FileKind.TEXT else _sheet(received, sheet)
    rows = np.flatnonzero(table.filled.any(axis=1))
    if not len(rows):
        raise SourceError(Failure(code="CR-S17", values={"file": received.name}))
    heads = [column[int(rows[0])].as_py().strip() for column in table.columns]
    width = max(j for j, head in enumerate(heads, 1) if head) if any(heads) else 0
    cells = [take_rows(column, rows[1:]).to_pylist() for column in table.columns[:width]]
    return pd.DataFrame(list(zip(*cells, strict=True)), columns=heads[:width], index=rows[1:] - FIRST_ROW + 1, dtype="str")


def sheet_names(path: Path | str) -> list[str]:
    """Names of the sheets of a workbook; none for a file of another kind.

    Raises
    ------
    SourceError
        As `read_table`.
    """
    received = receive(Path(path))
    return [] if received.kind in {FileKind.TEXT, FileKind.SPSS} else _names(received)


def _names(received: Received) -> list[str]:
    from python_calamine import CalamineWorkbook

    open_workbook(received, None)  # refuses what is damaged or hostile before anything else looks into it
    return CalamineWorkbook.from_filelike(io.BytesIO(received.data)).sheet_names


def _sheet(received: Received, wanted: str | None) -> Sheet:
    """The wanted sheet, else the first: the others explain."""
    return open_workbook(received, wanted or _names(received)[0]).sheet
