"""Parquet files as text: what a typed column holds, in the form in which people write it."""

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from commresearch.errors import Failure, SourceError
from commresearch.sources.sheet import Sheet, text_array

MAGIC = b"PAR1"
LOCAL_ZONE = "Asia/Shanghai"  #: in which moments with a zone are put; those without one are local already
HASHED_AT_ONCE = 1 << 22  #: bytes


def is_parquet(path: Path) -> bool:
    """Whether a file begins as Parquet files do."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def open_parquet(path: Path) -> Any:
    """A Parquet file (`pyarrow.parquet.ParquetFile`).

    Raises
    ------
    SourceError
        It is damaged.
    """
    try:
        return parquet.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(Failure(code="CR-S06", values={"file": path.name, "got": str(error)[:120]})) from error


def file_hash(path: Path) -> str:
    """SHA-256 of a file, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(HASHED_AT_ONCE):
            digest.update(piece)
    return digest.hexdigest()


def parquet_sheet(path: Path) -> tuple[Sheet, str]:
    """A Parquet file as one sheet with the names of its columns in the first row, and its hash."""
    table = open_parquet(path).read()
    columns = [pa.chunked_array([text_array([name]), *column_text(table.column(name)).chunks], pa.large_string()) for name in table.column_names]
    return Sheet(name="", columns=columns), file_hash(path)


def column_text(column: Any) -> Any:
    """A column as text, "" where a value is missing: times as ISO 8601 with a blank, whole numbers without a point."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_timestamp(kind):
        column = column if kind.tz is None else pc.local_timestamp(column.cast(pa.timestamp(kind.unit, LOCAL_ZONE)))
        column = pc.strftime(column.cast(pa.timestamp("s"), safe=False), "%Y-%m-%d %H:%M:%S")
    elif pa.types.is_floating(kind) and _are_whole(column):
        column = column.cast(pa.int64())
    text = pc.fill_null(column.cast(pa.large_string()), "")
    return text if isinstance(text, pa.ChunkedArray) else pa.chunked_array([text])


def _are_whole(column: Any) -> bool:
    """Whether every number is whole and small enough to be exact, as counts with blanks beside them are."""
    size = pc.max(pc.abs(pc.drop_null(column))).as_py()
    return bool(size is not None and size < 2.0**53 and pc.all(pc.equal(column, pc.floor(column))).as_py())
