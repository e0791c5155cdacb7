"""Text tables (.csv, .tsv, .txt): separator, rows and cells."""

import csv
import io
import statistics
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from commresearch.errors import Failure, SourceError
from commresearch.records import log_lines
from commresearch.sources.encoding import TextFile, find_encoding
from commresearch.sources.received import Received
from commresearch.sources.sheet import OpenedFile, Sheet, check_size, text_array

SEPARATORS = (",", "\t", ";")
SAMPLE_ROWS, SAMPLE_BYTES = 50, 1 << 20
WORKBOOK_SUFFIXES = {".xlsx", ".xls", ".xlsm", ".et"}
CODED, FIRST_CODED = "gb18030", 0x80  #: bytes from here on belong to characters of several
DIVIDER = b"\0"  #: no text that is read holds one
QUOTES_LOOKED_AT = 200_000  #: in a file with more, lines may break anywhere


def open_text(received: Received) -> OpenedFile:
    """A text table as one sheet without a name.

    Raises
    ------
    SourceError
        It cannot be decoded, a quotation mark is not closed, rows have too many or too few cells, or it is too large.
    """
    found = find_encoding(received.name, received.data)
    separator = separator_of(found.head(SAMPLE_BYTES))
    columns = _fast_columns(found, separator) or _careful_columns(found, separator)
    check_size(received.name, len(columns[0]), len(columns))
    log: tuple[pd.DataFrame, ...] = ()
    suffix = received.path.suffix.lower()
    if suffix in WORKBOOK_SUFFIXES:
        log = (log_lines(step="read", rule="other_kind", file=received.name, old=suffix, new=received.kind.value),)
    return OpenedFile(sheet=Sheet(name="", columns=columns), encoding=found.encoding, log=log)


def separator_of(text: str) -> str:
    """The separator that gives most rows one and the same number of cells, two at least."""

    def agreement(separator: str) -> tuple[bool, float, int]:
        widths = [len(row) for row in sample_rows(text, separator)]
        usual = usual_width(widths)
        return usual > 1, widths.count(usual) / len(widths), usual

    return max(SEPARATORS, key=agreement)


def usual_width(widths: Sequence[int]) -> int:
    """The width that most rows have; of several the first that is no single cell, as titles are."""
    widest = statistics.multimode(widths)
    return next((width for width in widest if width > 1), max(widest, default=0))


def sample_rows(text: str, separator: str) -> list[list[str]]:
    """The first rows that hold anything; one without cells where there is none."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            if row:
                rows.append(row)
            if len(rows) == SAMPLE_ROWS:
                break
    except csv.Error:
        pass
    return rows or [[]]


def _fast_columns(found: TextFile, separator: str) -> list[Any] | None:
    """Columns of a table whose rows all have one width; None where a row has not."""
    width = usual_width([len(row) for row in sample_rows(found.head(SAMPLE_BYTES), separator)])
    data = found.text.encode() if found.encoding.startswith("utf-16") else found.data
    kind = pa.large_binary() if found.encoding == CODED else pa.large_string()
    n_quotes = data.count(b'"')
    if width == 0 or n_quotes % 2:
        return None
    names = [str(j) for j in range(width)]
    breaks = n_quotes > 0 and (n_quotes > QUOTES_LOOKED_AT or _breaks_in_quotes(data))
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(column_names=names),
            parse_options=arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=breaks, ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, kind), strings_can_be_null=False),
        )
        if found.encoding != CODED:
            return list(table.columns)
        with ThreadPoolExecutor() as pool:
            return list(pool.map(_decoded, table.columns))
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None


def _decoded(column: Any) -> Any:
    """A column of bytes as text.

    No separator, quotation mark or line end is part of a character of GB18030, so that cells may be cut before they are decoded.
    """
    top, rest = (pa.chunked_array(chunks, column.type) for chunks in (column.chunks[:1], column.chunks[1:]))
    if all(np.frombuffer(chunk.buffers()[2] or b"", np.uint8).max(initial=0) < FIRST_CODED for chunk in rest.chunks):
        return pa.chunked_array([_decoded_cells(top), rest.combine_chunks().cast(pa.large_string())])  # numbers below a header
    return _decoded_cells(column)


def _decoded_cells(column: Any) -> Any:
    """Each distinct text is decoded once: cells of a survey repeat a few."""
    coded = column.combine_chunks().dictionary_encode()
    texts = DIVIDER.join(coded.dictionary.to_pylist()).decode(CODED).split(DIVIDER.decode())
    return text_array(texts).take(coded.indices)


def _breaks_in_quotes(data: bytes) -> bool:
    """Whether a line may end within quotation marks; where none does, blocks of lines are read side by side."""
    return any(b"\n" in quoted or b"\r" in quoted for quoted in data.split(b'"')[1::2])


def _careful_columns(found: TextFile, separator: str) -> list[Any]:
    """Columns of a table some of whose rows have another width.

    Short rows above the header are titles; empty cells beyond the last column are what spreadsheets leave at their edge.
    """
    rows = list(_rows(found, separator))
    width = usual_width([len(row) for row in rows[:SAMPLE_ROWS] if row])
    header = next((i for i, row in enumerate(rows) if len(row) == width), 0)
    failures = []
    for i, row in enumerate(rows):
        while len(row) > width and not row[-1].strip():
            row.pop()
        if not any(cell.strip() for cell in row) or (i < header and len(row) < width):
            row.extend([""] * (width - len(row)))
        if len(row) != width:
            failures.append(Failure(code="CR-S23", values={"file": found.file, "row": i + 1, "got": len(row), "expected": width}))
    if failures:
        raise SourceError(*failures)
    return [text_array(column) for column in zip(*rows, strict=True)] or [text_array([])]


def _rows(found: TextFile, separator: str) -> Iterator[list[str]]:
    n_read = 0
    try:
        for cells in csv.reader(io.StringIO(found.text, newline=""), delimiter=separator, strict=True):
            n_read += 1
            yield cells
    except csv.Error as error:
        raise SourceError(Failure(code="CR-S24", values={"file": found.file, "row": n_read + 1, "got": str(error)})) from error
