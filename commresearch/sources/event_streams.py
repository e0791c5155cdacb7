"""Large files of text or Parquet, piece by piece: memory stays that of a few pieces, whatever the size of the file.

Text is decoded strictly in blocks; a byte that is not in the encoding is named by its place in the file. While one piece is cleaned,
the next one is cut into columns and the one after that decoded: the codec and the cleaning hold the interpreter, cutting does not.
"""

import codecs
import csv
import io
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from commresearch.errors import Failure, SourceError
from commresearch.records import log_lines
from commresearch.sources.column_rules import may_be_scientific, written_out
from commresearch.sources.delimited import SAMPLE_BYTES, separator_of
from commresearch.sources.event_headers import (
    MAPPING_COLUMNS,
    HeaderMatch,
    Vocabulary,
    ambiguous_fields,
    header_words,
    match_headers,
    missing_fields,
)
from commresearch.sources.event_layout import SEARCHED_ROWS, find_registers
from commresearch.sources.event_parquet import column_text, file_hash, open_parquet
from commresearch.sources.event_problems import column_failures, no_table, title_failures
from commresearch.sources.event_titles import TitleLine, fields_of_title, title_labels, year_of_title
from commresearch.sources.headers import name_columns
from commresearch.sources.raw_table import RawPart
from commresearch.sources.row_rules import ANY_TOTAL
from commresearch.sources.sheet import Sheet, text_array

BLOCK_BYTES = 1 << 20  #: decoded at once
JUDGED_BYTES = 4 << 20  #: by which an encoding is told: a sign or two of GB18030 can be read as UTF-8
CUT_BYTES = 4 << 20  #: cut into columns at once; no row may be longer than two of them
PIECE_BYTES = 32 << 20  #: of UTF-8 that make a piece
PIECE_ROWS = 250_000  #: of a Parquet file
LONGEST_ROW = 64 << 20  #: bytes; a quotation mark that is never closed makes everything behind it one row
MOST_FAILURES = 30
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreamPart:
    """One piece of a large file: a text column per field, row numbers, log lines, rows set aside by rule, and the mapping."""

    part: RawPart
    columns: Mapping[str, Any]
    rows: NDArray[np.int64]
    logs: Sequence[pd.DataFrame]
    aside: Mapping[str, int]
    mapping: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Head:
    """The header of a text table: names and what they say, the row it stands in, separator, and what its title says of all rows."""

    matches: Sequence[HeaderMatch]
    row: int
    separator: str
    logs: Sequence[pd.DataFrame]
    given: Mapping[str, str] = field(default_factory=dict)
    told: Sequence[TitleLine] = ()
    year: int | None = None


def stream_csv(path: Path, vocabulary: Vocabulary, mapping: Mapping[str, str] | None) -> Iterator[StreamPart]:
    """A large text table, piece by piece.

    Raises
    ------
    SourceError
        As `read_register`; a byte that is not in the encoding (CR-S18, CR-S19), a NUL (CR-S20), rows of another width (CR-S23).
    """
    yield from _ahead(_parts(path, vocabulary, mapping))


def _ahead(made: Generator[Made, None, None]) -> Iterator[Made]:
    """What a generator makes, each in a thread while the one before it is used; what it raises is raised in its turn."""
    with closing(made), ThreadPoolExecutor(max_workers=1) as pool:
        upcoming = pool.submit(next, made, None)
        while (one := upcoming.result()) is not None:
            upcoming = pool.submit(next, made, None)
            yield one


def _parts(path: Path, vocabulary: Vocabulary, mapping: Mapping[str, str] | None) -> Generator[StreamPart, None, None]:
    """Every piece of the text cut into columns."""
    encoding = _encoding_of(path)
    with ThreadPoolExecutor(max_workers=1) as pool:
        hashing = pool.submit(file_hash, path)
        head: _Head | None = None
        next_row = 0
        for data in _ahead(_pieces(path, encoding)):
            if head is None:
                head = _read_head(path, data, vocabulary, mapping)
                next_row = head.row + 1
            skipped = head.row + 1 if next_row == head.row + 1 else 0
            table = _parsed(path, data, head, skipped, next_row)
            part = RawPart(
                path=path, sha256=hashing.result(), sheet="", n_rows=0, encoding=encoding.removesuffix("-sig"), given=head.given, year=head.year,
                fields={m.field: (m.header, m.negated) for m in head.matches if m.field},
            )
            yield _stream_part(part, head, table, next_row, head.logs if skipped else (), vocabulary)
            next_row += table.num_rows


def _encoding_of(path: Path) -> str:
    """UTF-8 where the first block with characters beyond ASCII can be read as that, else GB18030."""
    with path.open("rb") as file:
        if file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:
            return "utf-8-sig"
        file.seek(0)
        while block := file.read(JUDGED_BYTES):
            if not block.isascii():
                try:
                    codecs.getincrementaldecoder("utf-8")().decode(block)
                except UnicodeDecodeError:
                    return "gb18030"
                return "utf-8"
    return "utf-8"


def _pieces(path: Path, encoding: str) -> Generator[bytes, None, None]:
    """The text in UTF-8, cut behind a row."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done, size = 0, 0
    waiting: list[bytes] = []
    is_utf8 = encoding == "utf-8"
    with path.open("rb") as file:
        while True:
            block = file.read(BLOCK_BYTES)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                raise _undecodable(path, done - pending + error.start, encoding) from error
            if (place := block.find(b"\0")) >= 0:
                raise SourceError(Failure(code="CR-S20", values={"file": path.name, "row": _row_at(path, done + place), "place": done + place + 1}))
            data = block if is_utf8 and not pending and not decoder.getstate()[0] else text.encode()
            done += len(block)
            waiting.append(data)
            size += len(data)
            if size >= PIECE_BYTES or not block:
                piece, rest = _cut_behind_row(path, waiting) if block else (b"".join(waiting), b"")
                waiting, size = [rest], 0
                if piece:
                    yield piece
            if not block:
                return


def _cut_behind_row(path: Path, blocks: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Blocks as one text up to the last line end outside quotation marks (nothing where there is none), and what follows it.

    The end is looked for block by block from the last one, so that the text of a piece is put together once.
    """
    quotes = sum(block.count(b'"') for block in blocks)
    for number in reversed(range(len(blocks))):
        block, end = blocks[number], len(blocks[number])
        while (place := block.rfind(b"\n", 0, end)) >= 0:
            quotes -= block.count(b'"', place, end)
            if quotes % 2 == 0:
                return b"".join([*blocks[:number], block[: place + 1]]), b"".join([block[place + 1 :], *blocks[number + 1 :]])
            end = place
        quotes -= block.count(b'"', 0, end)
    if sum(map(len, blocks)) > LONGEST_ROW:
        raise SourceError(Failure(code="CR-S24", values={"file": path.name, "row": 1, "got": "unexpected end of data"}))
    return b"", b"".join(blocks)


def _row_at(path: Path, place: int) -> int:
    """Row of a byte, counted by line ends before it."""
    with path.open("rb") as file:
        return file.read(place).count(b"\n") + 1


def _undecodable(path: Path, place: int, encoding: str) -> SourceError:
    """A byte that is not in the encoding: the one a mark promised, or neither of the two that files come in."""
    values: dict[str, object] = {"file": path.name, "byte": place + 1, "row": _row_at(path, place)}
    if encoding == "utf-8-sig":
        return SourceError(Failure(code="CR-S18", values=values | {"encoding": "UTF-8"}))
    if encoding == "gb18030":
        return SourceError(Failure(code="CR-S19", values=values | {"first": _first_wrong_byte(path, "utf-8") + 1}))
    other = _first_wrong_byte(path, "gb18030")
    return SourceError(Failure(code="CR-S19", values=values | {"first": place + 1, "byte": other + 1, "row": _row_at(path, other)}))


def _first_wrong_byte(path: Path, encoding: str) -> int:
    """Place of the first byte that is not in an encoding, or of the end."""
    decoder, done = codecs.getincrementaldecoder(encoding)(), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                return done - pending + error.start
            done += len(block)
    return done


def _read_head(path: Path, data: bytes, vocabulary: Vocabulary, mapping: Mapping[str, str] | None) -> _Head:
    """The header among the first rows, and what stands above it."""
    text = data[:SAMPLE_BYTES].decode(errors="ignore")
    separator = separator_of(text)
    rows = []
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
        rows.append(row)
        if len(rows) == SEARCHED_ROWS:
            break
    width = max(map(len, rows))
    sheet = Sheet(name="", columns=[text_array(row[j] if j < len(row) else "" for row in rows) for j in range(width)])
    found = find_registers(sheet, header_words(vocabulary, mapping), labels=title_labels(vocabulary))
    if not found:
        raise SourceError(*no_table(path, [sheet], vocabulary, mapping))
    register = found[0]
    names, logs = name_columns(path.name, sheet, register.layout)
    matches = match_headers(names, vocabulary, mapping)
    fields = {match.field for match in matches if match.field}
    title = fields_of_title(
        sheet, register.layout.titles, vocabulary, held=fields, blank=(), file=path, is_day_open=not fields & set(vocabulary.dated),
    )
    given = {*title.given, *title.doubtful}
    if title.doubtful or ambiguous_fields(matches, vocabulary) or missing_fields(matches, vocabulary, given):
        raise SourceError(
            *title_failures(path, sheet, title.doubtful, vocabulary), *column_failures(path, sheet, matches, vocabulary, mapping=mapping, given=given),
        )
    by_place = dict(zip(register.layout.table.columns.tolist(), matches, strict=True))
    whole = [by_place.get(j, HeaderMatch("", "", "unknown")) for j in range(width)]
    return _Head(
        matches=whole, row=max(register.layout.table.header), separator=separator, logs=logs, given=title.given, told=title.lines,
        year=year_of_title((*register.titles, path.stem)),
    )


def _parsed(path: Path, data: bytes, head: _Head, skipped: int, first_row: int) -> Any:
    """Columns with a field, and the first one, of the rows of a piece."""
    names = [str(j) for j in range(len(head.matches))]
    wanted = [str(j) for j, match in enumerate(head.matches) if match.field or j == 0]
    is_quoted = b'"' in data
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(column_names=names, skip_rows=skipped, block_size=CUT_BYTES),
            parse_options=arrow_csv.ParseOptions(delimiter=head.separator, newlines_in_values=is_quoted and _breaks(data)),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), include_columns=wanted, strings_can_be_null=False, check_utf8=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise SourceError(*_uneven_rows(path, data, head, first_row, str(error))) from error


def _breaks(data: bytes) -> bool:
    """Whether a line may end within quotation marks; few do, and blocks of lines are then read one after the other."""
    return any(b"\n" in quoted for quoted in data.split(b'"')[1::2])


def _uneven_rows(path: Path, data: bytes, head: _Head, first_row: int, said: str) -> list[Failure]:
    expected = len(head.matches)
    failures: list[Failure] = []
    for number, row in enumerate(csv.reader(io.StringIO(data.decode(), newline=""), delimiter=head.separator)):
        place = number + 1 if first_row == head.row + 1 else first_row + number + 1
        if row and len(row) != expected and place > head.row + 1 and len(failures) < MOST_FAILURES:
            failures.append(Failure(code="CR-S23", values={"file": path.name, "row": place, "got": len(row), "expected": expected}))
    return failures or [Failure(code="CR-S24", values={"file": path.name, "row": first_row + 1, "got": said[:120]})]


def _stream_part(
    part: RawPart, head: _Head, table: Any, first_row: int, logs: Sequence[pd.DataFrame], vocabulary: Vocabulary,
) -> StreamPart:
    """Fields of a piece, without the rows that are no entries."""
    matches = head.matches
    columns = {match.field: _one(table.column(str(j))) for j, match in enumerate(matches) if match.field}
    rows = np.arange(first_row + 1, first_row + 1 + table.num_rows)
    first = _one(table.column(0))
    aside = _rows_aside(columns, first, part, rows, vocabulary)
    lines = list(logs)
    if aside:
        keep = ~np.isin(rows, list(aside))
        columns = {name: column.filter(pa.array(keep)) for name, column in columns.items()}
        for row, rule in aside.items():
            lines.append(log_lines(step="read", rule=rule, file=part.path.name, row_id=part.row_id(row)))
        rows = rows[keep]
    columns, digit_lines = _with_digits(columns, part)
    lines += digit_lines
    for line in head.told:
        row_id = part.row_id(line.row + 1) if line.row >= 0 else ""
        lines.append(log_lines(step="read", rule="title_given", file=part.path.name, row_id=row_id, variable=line.header, old=line.shown, count=len(rows)))
    mapping = pd.DataFrame([(part.path.name, "", m.header, m.field, m.how) for m in matches if m.header], columns=list(MAPPING_COLUMNS))
    counted = {rule: list(aside.values()).count(rule) for rule in ("total_row", "header_row") if rule in aside.values()}
    return StreamPart(part=replace(part, n_rows=len(rows)), columns=columns, rows=rows, logs=lines, aside=counted, mapping=mapping)


def _with_digits(columns: Mapping[str, Any], part: RawPart) -> tuple[dict[str, Any], list[pd.DataFrame]]:
    """Columns with numbers in scientific notation written out where no digit is lost, and a line about every column that has some."""
    found, lines = dict(columns), []
    for name, column in columns.items():
        if not may_be_scientific(column):
            continue
        found[name], whole = written_out(column)
        if len(whole):
            lines.append(log_lines(step="read", rule="code_repaired", file=part.path.name, variable=part.fields[name][0], count=len(whole)))
    return found, lines


def _one(column: Any) -> Any:
    """A column in one piece; nothing is copied where it is one already."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks) if column.num_chunks else text_array([])


def _rows_aside(columns: Mapping[str, Any], first: Any, part: RawPart, rows: NDArray[np.int64], vocabulary: Vocabulary) -> dict[int, str]:
    """Row number → rule, for rows that lack what every entry has: totals, blank rows; and for the header again."""
    name = next(field for field in (*vocabulary.key, *columns) if field in columns)
    key = columns[name]
    found: dict[int, str] = {}
    is_header = np.asarray(pc.equal(key, part.fields[name][0]))
    found |= dict.fromkeys(rows[is_header].tolist(), "header_row")
    for place in np.flatnonzero(np.asarray(pc.equal(key, ""))).tolist():
        if pc.match_substring_regex(text_array([first[place].as_py()]), ANY_TOTAL)[0].as_py():
            found[int(rows[place])] = "total_row"
        elif all(column[place].as_py() == "" for column in columns.values()):
            found[int(rows[place])] = "blank_row"
    return found


def stream_parquet(path: Path, vocabulary: Vocabulary, mapping: Mapping[str, str] | None) -> Iterator[StreamPart]:
    """A large Parquet file, piece by piece; its columns as text.

    Raises
    ------
    SourceError
        It is damaged, or lacks a field that must be there.
    """
    file = open_parquet(path)
    names = list(file.schema_arrow.names)
    matches = match_headers(names, vocabulary, mapping)
    sheet = Sheet(name="", columns=[text_array([name]) for name in names])
    if ambiguous_fields(matches, vocabulary) or missing_fields(matches, vocabulary):
        raise SourceError(*column_failures(path, sheet, matches, vocabulary, mapping=mapping))
    fields = {m.field: (m.header, m.negated) for m in matches if m.field}
    part = RawPart(path=path, sha256=file_hash(path), sheet="", n_rows=0, fields=fields)
    wanted = [match.header for match in matches if match.field]
    mapping_table = pd.DataFrame([(path.name, "", m.header, m.field, m.how) for m in matches], columns=list(MAPPING_COLUMNS))
    done = 0
    for batch in file.iter_batches(batch_size=PIECE_ROWS, columns=wanted):
        table = pa.Table.from_batches([batch])
        columns = {field: _one(column_text(table.column(header))) for field, (header, _) in fields.items()}
        rows = np.arange(done + 2, done + 2 + batch.num_rows)
        done += batch.num_rows
        yield StreamPart(part=replace(part, n_rows=len(rows)), columns=columns, rows=rows, logs=(), aside={}, mapping=mapping_table)
