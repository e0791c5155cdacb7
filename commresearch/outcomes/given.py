"""Tables as they were given to a panel, looked at before anything is counted: columns, types, files, cells; every fault at once."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from commresearch.cleaning.event_contracts import ColumnType, contract_of
from commresearch.errors import Failure, OutcomeError
from commresearch.outcomes.engine import Engine, ParquetTable, Source
from commresearch.terms import DataKind

SQL_TYPES = {
    ColumnType.CODE: "STRING", ColumnType.TEXT: "STRING", ColumnType.CATEGORY: "STRING", ColumnType.TIMESTAMP: "TIMESTAMP", ColumnType.DATE: "DATE",
    ColumnType.NUMBER: "DOUBLE", ColumnType.COUNT: "BIGINT", ColumnType.BOOLEAN: "BOOLEAN",
}
TEXTS = frozenset({ColumnType.CODE, ColumnType.TEXT, ColumnType.CATEGORY})
TIMES = frozenset({ColumnType.TIMESTAMP, ColumnType.DATE})
#: columns of a register that a panel cannot do without, where they are others than those of the contract
NEEDED: Mapping[DataKind, tuple[str, ...]] = {DataKind.ROLLOUT: ("unit_id", "start_month")}
SHOWN = 5  #: cells that a message shows


def event_tables(events: Any, main: DataKind) -> dict[DataKind, list[Any]]:
    """Tables by kind, from whatever way they were given in.

    Raises
    ------
    OutcomeError
        A kind is none (CR-O24).
    """
    if isinstance(events, Mapping):
        named = [(kind, table) for kind, given in events.items() for table in (given if _are_tables(given) and given else [given])]
    elif _are_tables(events):
        named = [(e.kind, e) for e in events]
    else:
        named = [(getattr(events, "kind", main), events)]
    if failures := [Failure(code="CR-O24", values={"got": str(kind), "known": ", ".join(DataKind)}) for kind, _ in named if str(kind) not in set(DataKind)]:
        raise OutcomeError(*failures)
    parts: dict[DataKind, list[Any]] = {}
    for kind, table in named:
        parts.setdefault(DataKind(str(kind)), []).append(table)
    return parts


def _are_tables(given: Any) -> bool:
    return isinstance(given, list | tuple) and all(hasattr(e, "kind") for e in given)


def joined_tables(parts: Mapping[DataKind, Sequence[Any]]) -> dict[DataKind, Any]:
    """Several tables of one kind as one."""
    return {kind: tables[0] if len(tables) == 1 else _joined(tables) for kind, tables in parts.items()}


def _joined(tables: Sequence[ParquetTable]) -> Any:
    if all(table.parquet_files for table in tables):
        return [path for table in tables for path in table.parquet_files]
    return pd.concat([table.frame() for table in tables], ignore_index=True)


def require_tables(tables: Mapping[DataKind, Source]) -> None:
    """Hold tables of events to what can be told before an engine reads them.

    Raises
    ------
    OutcomeError
        A column is missing (CR-O21), a file is not there or is no Parquet (CR-O22), a column holds something else than it should (CR-O23).
    """
    failures = []
    for kind, source in tables.items():
        failures += _faults(kind, source)
    if failures:
        raise OutcomeError(*failures)


def require_cells(engine: Engine, tables: Mapping[DataKind, Source]) -> None:
    """Refuse texts that are no times, numbers or truth values where a column should hold these; tables stand as `<kind>_given`.

    Raises
    ------
    OutcomeError
        Some are not (CR-O23, one failure per column).
    """
    failures = []
    for kind, source in tables.items():
        types = {name: type_ for name, type_ in _types(source).items() if pa.types.is_string(type_) or pa.types.is_large_string(type_)}
        for column in contract_of(kind).columns:
            if column.name in types and column.type not in TEXTS:
                where = f"{column.name} IS NOT NULL AND TRY_CAST({column.name} AS {SQL_TYPES[column.type]}) IS NULL"
                found = engine.query(f"SELECT {column.name} AS cell FROM {kind}_given WHERE {where}").to_pandas()["cell"]  # noqa: S608 - names of contracts
                failures += [_unreadable(kind, column.name, column.type, found)] if len(found) else []
    if failures:
        raise OutcomeError(*failures)


def require_register(kind: DataKind, frame: pd.DataFrame | None) -> None:
    """Hold a register (roster, roll-out, coverage, grids, lineage) to its columns and dates.

    Raises
    ------
    OutcomeError
        A column is missing (CR-O21), cells are no dates (CR-O23).
    """
    if frame is None:
        return
    contract = contract_of(kind)
    failures = _missing(kind, NEEDED.get(kind, contract.required), map(str, frame.columns))
    for column in contract.columns:
        if column.type in TIMES and column.name in frame:
            cells = frame[column.name].dropna()
            cells = cells[cells.astype(str) != ""] if kind is DataKind.ROLLOUT else cells  # never treated
            numbers, different = pd.factorize(cells)  # thousands of rows have few different days
            broken = cells[~np.array([_is_day(cell) for cell in different.tolist()], dtype=bool)[numbers]]
            failures += [_unreadable(kind, column.name, column.type, broken)] if len(broken) else []
    if failures:
        raise OutcomeError(*failures)


def _is_day(cell: Any) -> bool:
    """Whether a cell is a day; what does not begin with its year could be read in several ways."""
    if isinstance(cell, int | float) or (isinstance(cell, str) and not cell.strip()[:4].isdigit()):
        return False
    try:
        return not pd.isna(pd.Timestamp(cell))
    except (ValueError, TypeError):
        return False


def _faults(kind: DataKind, source: Source) -> list[Failure]:
    absent = [Failure(code="CR-O22", values={"kind": str(kind), "file": str(path)}) for path in _paths(source) if not _is_parquet(path)]
    if absent:
        return absent
    types = _types(source)
    if not types and not isinstance(source, pd.DataFrame):
        return []  # a folder without a file, of which the engine speaks
    contract = contract_of(kind)
    failures = _missing(kind, contract.required, types)
    for column in contract.columns:
        if column.name in types and not _fits(types[column.name], column.type):
            failures.append(_unreadable(kind, column.name, column.type, pd.Series([str(types[column.name])])))
    return failures


def _missing(kind: DataKind, needed: Iterable[str], there: Iterable[str]) -> list[Failure]:
    known = list(there)
    return [Failure(code="CR-O21", values={"kind": str(kind), "column": c, "known": ", ".join(known) or "—"}) for c in needed if c not in known]


def _unreadable(kind: DataKind, column: str, type_: ColumnType, cells: "pd.Series[Any]") -> Failure:
    shown = ", ".join(str(cell) for cell in cells.drop_duplicates()[:SHOWN])
    return Failure(code="CR-O23", values={"kind": str(kind), "column": column, "type": str(type_), "count": len(cells), "got": shown})


def _paths(source: Source) -> list[Path]:
    """Files of a table that is kept as such; of a folder those in it, or itself where it is not there."""
    if isinstance(source, Path):
        return sorted(source.glob("*.parquet")) if source.is_dir() else [source]
    if isinstance(source, pd.DataFrame | pa.Table):
        return []
    listed = source.parquet_files if isinstance(source, ParquetTable) else source
    return [Path(str(path)) for path in listed]


def _is_parquet(path: Path) -> bool:
    try:
        pq.read_schema(path)
    except (OSError, pa.ArrowException):
        return False
    return True


def _types(source: Source) -> dict[str, Any]:
    """Column → type, of every file the same; a column of several types in one is none (`pyarrow.null` stands for a column of missing cells)."""
    if paths := _paths(source):
        return {field.name: field.type for field in pq.read_schema(paths[0])}
    if isinstance(source, pa.Table):
        return {field.name: field.type for field in source.schema}
    frame = source.frame() if isinstance(source, ParquetTable) else source
    return {str(name): _type_of(frame[name]) for name in frame.columns} if isinstance(frame, pd.DataFrame) else {}


def _type_of(column: "pd.Series[Any]") -> Any:
    try:
        found = pa.Array.from_pandas(column).type
    except pa.ArrowException:
        return pa.binary()  # cells of several types: nothing that a table can hold
    return found.value_type if pa.types.is_dictionary(found) else found


def _fits(found: Any, wanted: ColumnType) -> bool:
    """Whether a column can be read as what it should hold; texts are looked at cell by cell."""
    is_text = pa.types.is_string(found) or pa.types.is_large_string(found)
    is_number = pa.types.is_integer(found) or pa.types.is_floating(found) or pa.types.is_decimal(found)
    if pa.types.is_null(found) or is_text:
        return True
    if pa.types.is_binary(found) or pa.types.is_nested(found):
        return False
    if wanted in TIMES:
        return bool(pa.types.is_timestamp(found) or pa.types.is_date(found))
    return wanted in TEXTS or is_number or bool(pa.types.is_boolean(found))
