"""Received rows in batches: a table that was read as a whole, or a large file of text or Parquet piece by piece."""

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from commresearch.cleaning.event_contracts import ColumnType, EventContract
from commresearch.cleaning.event_fields import vocabulary_of
from commresearch.cleaning.event_names import hidden_headers
from commresearch.cleaning.event_record import Batch
from commresearch.records import join_logs
from commresearch.sources.column_rules import column_faults, lost_keys, may_be_scientific
from commresearch.sources.event_files import as_mapping
from commresearch.sources.event_parquet import is_parquet
from commresearch.sources.event_streams import StreamPart, stream_csv, stream_parquet
from commresearch.sources.raw_table import CellType, RawTable
from commresearch.sources.row_rules import ROW_RULES

LARGE_BYTES = 32 << 20  #: files from here on are read piece by piece


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """A batch with what reading it left on record."""

    batch: Batch
    logs: list[pd.DataFrame] = field(default_factory=list)
    aside: Mapping[str, int] = field(default_factory=dict)
    mapping: pd.DataFrame | None = None

    @classmethod
    def of_table(cls, raw: RawTable, batch: Batch) -> "Piece":
        """A table that was read as a whole."""
        counted = raw.log[raw.log["rule"].isin([*ROW_RULES, "example_row", "unfilled_row"])].groupby("rule", sort=False)["count"].sum()
        return cls(batch=batch, logs=[raw.log], aside={str(rule): int(n) for rule, n in counted.items()}, mapping=raw.mapping)

    def without_names(self) -> "Piece":
        """The same, headers that name a person told by a token."""
        if self.mapping is None:
            return self
        mapping, log = hidden_headers(self.mapping, join_logs(self.logs))
        return replace(self, mapping=mapping, logs=[log])


def batch_of(raw: RawTable, contract: EventContract) -> Batch:
    """A raw table as fields, its parts one below the other.

    A table that was not read by `read_events` has no parts; its columns are taken as fields by their names.
    """
    names = vocabulary_of(contract.kind).names
    sizes = [part.n_rows for part in raw.parts]
    owners = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    texts = {name: pa.array(raw.frame[name].array, pa.large_string()) for name in raw.frame.columns}
    place = {name: j for j, name in enumerate(raw.frame.columns)}
    columns: dict[str, Any] = {}
    numbers: dict[str, Any] = {}
    negated: dict[str, Any] = {}
    for field_name in names:
        if not any(field_name in part.fields or field_name in part.given for part in raw.parts):
            continue
        pieces, number_pieces, negated_pieces = [], [], []
        start = 0
        for part in raw.parts:
            header, is_negated = part.fields.get(field_name, ("", False))
            rows = slice(start, start + part.n_rows)
            pieces.append(texts[header].slice(start, part.n_rows) if header else pa.repeat(pa.scalar(part.given.get(field_name, ""), pa.large_string()), part.n_rows))
            number_pieces.append(
                np.zeros(part.n_rows, bool) if raw.types is None or not header else np.asarray(raw.types[rows, place[header]] == CellType.NUMBER)
            )
            negated_pieces.append(np.full(part.n_rows, is_negated))
            start += part.n_rows
        columns[field_name] = pa.concat_arrays([chunk for piece in pieces for chunk in _chunks(piece)])
        numbers[field_name] = np.concatenate(number_pieces)
        if any(piece.any() for piece in negated_pieces):
            negated[field_name] = np.concatenate(negated_pieces)
    rows_shown = raw.frame.index.to_numpy(dtype=np.int64)
    cells = numbers if raw.types is not None else {}
    return Batch(columns=columns, parts=raw.parts, owners=owners, rows=rows_shown, number_cells=cells, negated=negated)


def without_lost_digits(batch: Batch, contract: EventContract) -> Batch:
    """A batch in which numbers that had lost digits are blank, and told by `lost`: two of them that look alike are not the same.

    Whatever is no count or measure is a code, a telephone number or a name, and never written in scientific notation.
    """
    columns, lost = dict(batch.columns), {}
    measures = {column.name for column in contract.columns if column.type in {ColumnType.NUMBER, ColumnType.COUNT}} | {"age"}
    for name, column in batch.columns.items():
        numbers = batch.number_cells.get(name)
        types = None if numbers is None else np.where(numbers, np.uint8(CellType.NUMBER), np.uint8(CellType.TEXT))
        is_suspect = may_be_scientific(column)
        places = column_faults(column, types)[0] if types is not None or is_suspect else np.zeros(0, np.int64)
        if is_suspect and name not in measures:
            places = np.union1d(places, lost_keys(column))
        if len(places):
            lost[name] = np.zeros(batch.n, bool)
            lost[name][places] = True
            columns[name] = pc.if_else(pa.array(lost[name]), pa.scalar("", pa.large_string()), column)
    return replace(batch, columns=columns, lost=lost) if lost else batch


def _chunks(column: Any) -> list[Any]:
    return list(column.chunks) if isinstance(column, pa.ChunkedArray) else [column]


def is_large(path: Path) -> bool:
    """Whether a file is read piece by piece: text or Parquet of some size."""
    if not path.is_file() or path.stat().st_size < LARGE_BYTES:
        return False
    if is_parquet(path):
        return True
    with path.open("rb") as file:
        head = file.read(8)
    return not head.startswith((b"PK", b"\xd0\xcf\x11\xe0", b"$FL", codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def pieces_of(path: Path, contract: EventContract, mapping: Mapping[str, str] | str | Path | None) -> Iterator[Piece]:
    """A large file batch by batch, with the mapping of its headers beside the first batch."""
    vocabulary = vocabulary_of(contract.kind)
    given = as_mapping(mapping, vocabulary)
    parts = stream_parquet(path, vocabulary, given) if is_parquet(path) else stream_csv(path, vocabulary, given)
    for number, part in enumerate(parts):
        yield _piece(part, is_first=number == 0)


def _piece(part: StreamPart, *, is_first: bool) -> Piece:
    n = len(part.rows)
    columns = dict(part.columns)
    columns |= {name: pa.repeat(pa.scalar(text, pa.large_string()), n) for name, text in part.part.given.items()}
    negated = {name: np.full(n, fill_value=True) for name, (_, is_negated) in part.part.fields.items() if is_negated}
    batch = Batch(columns=columns, parts=(part.part,), owners=np.zeros(n, np.int32), rows=part.rows, negated=negated)
    return Piece(batch=batch, logs=list(part.logs), aside=part.aside, mapping=part.mapping if is_first else None)


