"""Files of an event log or register as one table of text: several files, all their sheets, several tables on a sheet."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from commresearch.errors import Failure, SourceError
from commresearch.records import join_logs, log_lines
from commresearch.sources.delimited import open_text
from commresearch.sources.event_headers import (
    MAPPING_COLUMNS,
    Vocabulary,
    ambiguous_fields,
    header_words,
    missing_fields,
    plain_header,
)
from commresearch.sources.event_layout import SEARCHED_ROWS, find_registers
from commresearch.sources.event_parquet import is_parquet, parquet_sheet
from commresearch.sources.event_problems import column_failures, no_table, title_failures
from commresearch.sources.event_rows import TableRows, table_rows
from commresearch.sources.event_titles import title_labels
from commresearch.sources.raw_table import CellType, RawPart, RawTable
from commresearch.sources.received import FileKind, receive
from commresearch.sources.sheet import Sheet
from commresearch.sources.tables import read_table
from commresearch.sources.workbook import open_sheets
from commresearch.terms import Platform

GivenMapping = Mapping[str, str] | str | Path | None
LEAST_FIELDS = 3  #: a table with that many fields that lacks one is a register with a hole; one with fewer is something else


def read_register(paths: Sequence[Path], vocabulary: Vocabulary, *, mapping: Mapping[str, str] | None, kept_once: frozenset[str], sheet: str | None) -> RawTable:
    """All tables of a kind in some files, as text, one below the other.

    Raises
    ------
    SourceError
        Files that cannot be read, hold no such table, or lack a field that must be there: all together.
    """
    failures: list[Failure] = []
    tables: list[TableRows] = []
    logs: list[pd.DataFrame] = []
    for path in paths:
        try:
            found, file_logs = _tables_of(path, vocabulary, mapping, kept_once, sheet)
        except SourceError as error:
            failures += error.failures
            continue
        tables += found
        logs += file_logs
    if failures:
        raise SourceError(*failures)
    return _joined(tables, logs)


def as_mapping(mapping: GivenMapping, vocabulary: Vocabulary) -> dict[str, str] | None:
    """A mapping of headers as it is given: header → field, or a table with columns header and field, or two columns in this order.

    Raises
    ------
    SourceError
        It names fields that the kind does not have, or two headers of one field.
    """
    if mapping is None:
        return None
    pairs = list(mapping.items()) if isinstance(mapping, Mapping) else _mapping_file(Path(mapping))
    words = vocabulary.words()
    failures, found = [], {}
    for header, field in pairs:
        name = field.strip()
        if name and name not in vocabulary.names and plain_header(name) in words:
            name = words[plain_header(name)][0][0]
        if name and name not in vocabulary.names:
            values = {"header": header, "got": field, "kind": vocabulary.kind, "known": ", ".join(vocabulary.names)}
            failures.append(Failure(code="CR-E06", values=values))
        found[header] = name
    if failures:
        raise SourceError(*failures)
    return found


def _mapping_file(path: Path) -> list[tuple[str, str]]:
    table = read_table(path)
    header = "header" if "header" in table else str(table.columns[0])
    field = "field" if "field" in table else str(table.columns[min(1, len(table.columns) - 1)])
    return list(zip(table[header], table[field], strict=True))


def _sheets(path: Path, wanted: str | None) -> tuple[list[Sheet], str, str, tuple[pd.DataFrame, ...], int | None]:
    """Sheets of a file, its hash, its encoding, log lines, and in how many rows headers are looked for."""
    if is_parquet(path):
        sheet, sha256 = parquet_sheet(path)
        return [sheet], sha256, "", (), 1
    received = receive(path)
    if received.kind is FileKind.SPSS:
        raise SourceError(Failure(code="CR-S27", values={"file": received.name, "got": received.kind.value, "platform": ".xlsx, .xls, .csv, .parquet"}))
    if received.kind is FileKind.TEXT:
        opened = open_text(received)
        return [opened.sheet], received.sha256, opened.encoding, opened.log, SEARCHED_ROWS if opened.sheet.n_rows > SEARCHED_ROWS ** 2 else None
    return open_sheets(received, wanted), received.sha256, "", (), None


def _tables_of(
    path: Path, vocabulary: Vocabulary, mapping: Mapping[str, str] | None, kept_once: frozenset[str], wanted: str | None,
) -> tuple[list[TableRows], list[pd.DataFrame]]:
    """The tables of one file that are of the kind."""
    sheets, sha256, encoding, file_log, searched = _sheets(path, wanted)
    words, labels = header_words(vocabulary, mapping), title_labels(vocabulary)
    found: list[TableRows] = []
    faulty: list[tuple[Sheet, TableRows]] = []
    logs = list(file_log)
    for sheet in sheets:
        registers = find_registers(sheet, words, searched=searched, labels=labels)
        good = 0
        for register in registers:
            part = RawPart(path=path, sha256=sha256, sheet=sheet.name, n_rows=0, encoding=encoding, mark=register.mark)
            rows = table_rows(sheet, register, vocabulary, part=part, mapping=mapping, kept_once=kept_once)
            if _is_whole(rows, vocabulary):
                good += 1
                found.append(rows)
            elif _is_faulty(rows, vocabulary):
                faulty.append((sheet, rows))
            else:
                area = register.layout.table.extent.a1 if len(register.layout.rows) else ""
                logs.append(log_lines(step="read", rule="other_table", file=path.name, sheet=sheet.name, old=area))
        if not registers:
            logs.append(log_lines(step="read", rule="other_sheet", file=path.name, sheet=sheet.name))
    failures = [
        failure for sheet, rows in faulty for failure in _faults(path, sheet, rows, vocabulary, mapping)
    ]
    if not found and not failures:
        failures = no_table(path, sheets, vocabulary, mapping)
    if failures:
        raise SourceError(*failures)
    return _one_year(found), logs


def _one_year(tables: Sequence[TableRows]) -> list[TableRows]:
    """Tables that name no year have that of the others of their file, where these agree."""
    years = {table.part.year for table in tables} - {None}
    year = years.pop() if len(years) == 1 else None
    return [replace(t, part=replace(t.part, year=t.part.year if t.part.year is not None else year)) for t in tables]


def _is_whole(rows: TableRows, vocabulary: Vocabulary) -> bool:
    """Whether every field that must be there is there, once."""
    if ambiguous_fields(rows.matches, vocabulary):
        return False
    kept = [match for match in rows.matches if match.header not in rows.lost]
    return not rows.doubtful and not missing_fields(kept, vocabulary, rows.part.given) and sum(bool(m.field) for m in kept) > 1


def _is_faulty(rows: TableRows, vocabulary: Vocabulary) -> bool:
    """Whether a table that is not whole is a register with a hole, and nothing else: what its title says counts as what its columns do."""
    told = {name for name in (*rows.part.given, *rows.doubtful) if name != vocabulary.context}
    return sum(bool(m.field) for m in rows.matches) + len(told) >= LEAST_FIELDS or bool(ambiguous_fields(rows.matches, vocabulary))


def _faults(path: Path, sheet: Sheet, rows: TableRows, vocabulary: Vocabulary, mapping: Mapping[str, str] | None) -> list[Failure]:
    """What is wrong with the title and the columns of a table."""
    return [
        *title_failures(path, sheet, rows.doubtful, vocabulary),
        *column_failures(
            path, sheet, rows.matches, vocabulary, mapping=mapping, lost=_needed(rows, vocabulary), given={*rows.part.given, *rows.doubtful},
        ),
    ]


def _needed(rows: TableRows, vocabulary: Vocabulary) -> list[str]:
    """Headers of columns that lost all their digits and without which the table is of no use."""
    needed = {field for fields in missing_fields([m for m in rows.matches if m.header not in rows.lost], vocabulary, rows.part.given) for field in fields}
    return [match.header for match in rows.matches if match.header in rows.lost and match.field in needed]


def _joined(tables: Sequence[TableRows], logs: Sequence[pd.DataFrame]) -> RawTable:
    """Tables below one another: columns by header, "" where a table lacks one."""
    headers = list(dict.fromkeys(name for table in tables for name in table.columns if name not in table.lost))
    lost = tuple(dict.fromkeys(name for table in tables for name in table.lost))
    columns: dict[str, Any] = {}
    for name in headers:
        pieces: list[Any] = []
        for table in tables:
            whole = table.columns.get(name) if name not in table.lost else None
            chunk = pa.repeat(pa.scalar("", pa.large_string()), len(table.rows)) if whole is None else whole
            pieces += chunk.chunks if isinstance(chunk, pa.ChunkedArray) else [chunk]
        columns[name] = pa.chunked_array(pieces, pa.large_string())
    index = pd.Index(np.concatenate([table.rows + 1 for table in tables]), name="row")
    frame = pd.DataFrame({name: pd.array(column, dtype="str") for name, column in columns.items()}, index=index, copy=False)
    lines = [
        (table.part.path.name, table.part.sheet, match.header, match.field, match.how) for table in tables for match in table.matches
    ]
    first = tables[0].part
    return RawTable(
        frame=frame, path=first.path, sha256=first.sha256, sheet=first.sheet, platform=Platform.PLAIN, encoding=first.encoding,
        types=_types(tables, headers), log=join_logs([*logs, *(log for table in tables for log in table.logs)]),
        n_rows_read=len(frame) + sum(table.n_aside for table in tables), lost_digits=lost,
        parts=tuple(replace(table.part) for table in tables), mapping=pd.DataFrame(lines, columns=list(MAPPING_COLUMNS)).drop_duplicates(ignore_index=True),
    )


def _types(tables: Sequence[TableRows], headers: Sequence[str]) -> Any:
    if all(table.types is None for table in tables):
        return None
    blocks = []
    for table in tables:
        block = np.full((len(table.rows), len(headers)), CellType.TEXT, np.uint8)
        if table.types is not None:
            names = list(table.columns)
            for j, name in enumerate(headers):
                if name in names:
                    block[:, j] = table.types[:, names.index(name)]
        blocks.append(block)
    return np.concatenate(blocks)
