"""Ids that come twice in a table too large to be held: found by the database, looked at row by row."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from commresearch.cleaning.event_checks import check_table
from commresearch.cleaning.event_contracts import ROW_ID, EventContract
from commresearch.cleaning.event_record import Record
from commresearch.cleaning.event_table import EventWriter

MEMORY = "1GB"


def drop_repeats(writer: EventWriter, contract: EventContract, record: Record, files: Mapping[str, str]) -> None:
    """Take rows that say the same again out of what was written; ids with different contents are noted in the record."""
    repeated = _repeated_ids(writer, contract.id)
    if not len(repeated):
        return
    among = pa.concat_tables([_rows_of(path, contract.id, repeated) for path in writer.written])
    left = check_table(among, contract, record=record, files=files, per_person=False)
    gone = among.column(ROW_ID).combine_chunks()
    gone = gone.filter(pc.invert(pc.is_in(gone, value_set=left.column(ROW_ID).combine_chunks())))
    if len(gone):
        writer.rewrite(lambda table: table.filter(pc.invert(pc.is_in(table.column(ROW_ID), value_set=gone))))


def _rows_of(path: Any, name: str, values: Any) -> Any:
    """Rows of a file whose id is one of some, a row group at a time."""
    source = parquet.ParquetFile(path)
    groups = (source.read_row_group(group) for group in range(source.num_row_groups))
    return pa.concat_tables([table.filter(pc.is_in(table.column(name), value_set=values)) for table in groups])


def _repeated_ids(writer: EventWriter, name: str) -> Any:
    """Ids that stand in more than one row."""
    import duckdb

    files = [str(path) for path in writer.written]
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(writer.scratch), "threads": 2}) as base:
        found: Any = base.sql(
            f'SELECT "{name}" AS id FROM read_parquet(?) WHERE "{name}" IS NOT NULL GROUP BY 1 HAVING count(*) > 1 ORDER BY 1',  # noqa: S608 - a name of ours
            params=[files],
        ).to_arrow_table()
    return found.column("id").combine_chunks().cast(pa.string())
