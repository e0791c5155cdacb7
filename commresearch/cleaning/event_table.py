"""A cleaned event log or register: typed rows in memory or in a folder of Parquet files, and the record of what became of every row."""

import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from commresearch.cleaning.event_contracts import ColumnType, EventContract, contract_of
from commresearch.errors import CaseError, Failure
from commresearch.records import canonical_json, join_logs, replace_folder, sha256_of, write_whole
from commresearch.terms import DataKind

MANIFEST, LOG, ACCOUNT, FINDINGS = "manifest.json", "log.parquet", "account.parquet", "findings.parquet"
ROWS_PER_GROUP = 1_000_000  #: rows of a row group at most; larger ones cost readers memory
ROWS_PER_PART = 10_000_000
FINDING_COLUMNS = ("rule", "rows", "variable", "examples")
COMPRESSION = "zstd"
_UNFINISHED = ".unfinished-"
_PANDAS_TYPES: Mapping[Any, Any] = {
    pa.string(): pd.StringDtype(na_value=float("nan")), pa.int64(): pd.Int64Dtype(), pa.float64(): pd.Float64Dtype(), pa.bool_(): pd.BooleanDtype(),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventTable:
    """A cleaned event log or register.

    folder
        where the typed Parquet files stand; None where the rows are held in memory
    log
        step, rule, file, sheet, row_id, variable, old, new, count: one line per row set aside and per kind of change; no identifiers
    account
        step, rule, rows: rows read, set aside by each rule, and left; `rows_read` is the sum of the others
    findings
        rule, rows, variable, examples: what stands out in the rows that were kept, months without any row among it
    provenance
        hashes of the files, mapping of their headers, settings, fingerprint of the key; JSON-safe
    table
        the rows (`pyarrow.Table`) where they are held in memory
    known
        names of persons as they came in, for the search of what is written; never written themselves, so that a table that is read
        from its folder has none
    """

    kind: DataKind
    contract: EventContract
    log: pd.DataFrame
    account: pd.DataFrame
    findings: pd.DataFrame
    provenance: Mapping[str, Any]
    folder: Path | None = None
    table: Any = None
    known: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def parquet_files(self) -> tuple[Path, ...]:
        """The typed Parquet files in order; none where the rows are held in memory."""
        return () if self.folder is None else tuple(sorted(self.folder.glob("part-*.parquet")))

    def rows(self, rule: str) -> int:
        """Rows of one line of the account; 0 where there is no such line."""
        return int(self.account.loc[self.account["rule"] == rule, "rows"].sum())

    def arrow(self) -> Any:
        """All rows as one `pyarrow.Table`."""
        if self.table is not None:
            return self.table
        return pa.concat_tables([parquet.read_table(path, schema=self.contract.arrow_schema) for path in self.parquet_files])

    def frame(self) -> pd.DataFrame:
        """All rows as a DataFrame: text as str, counts Int64, truth values boolean, times and days datetime64[us]; NA where missing."""
        table = self.arrow()
        frame: pd.DataFrame = table.to_pandas(types_mapper=_PANDAS_TYPES.get)
        dates = [column.name for column in self.contract.columns if column.type is ColumnType.DATE]
        return frame.assign(**{name: table.column(name).cast(pa.timestamp("us")).to_pandas() for name in dates})


class EventWriter:
    """Typed rows on their way to a folder: a new folder beside the wanted one, put in its place when everything is there.

    A crash leaves the old folder as it was; what it left unfinished is swept away by the next run.
    """

    def __init__(self, folder: Path, contract: EventContract) -> None:
        self.folder, self.contract = folder, contract
        folder.parent.mkdir(parents=True, exist_ok=True)
        for left in folder.parent.glob(f"{_UNFINISHED}{folder.name}-*"):
            shutil.rmtree(left)
        self._made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{_UNFINISHED}{folder.name}-"))
        self._writer: Any = None
        self._parts, self._rows_in_part, self.rows = 0, 0, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.discard()

    def discard(self) -> None:
        """Throw away what was written, unless it was put in place."""
        self._close_part()
        shutil.rmtree(self._made, ignore_errors=True)

    @property
    def written(self) -> list[Path]:
        """The Parquet files written so far, closed."""
        self._close_part()
        return sorted(self._made.glob("part-*.parquet"))

    @property
    def scratch(self) -> Path:
        """A place for what is spilt while the table is made; gone with it."""
        return self._made / "scratch"

    def rewrite(self, keep: Callable[[Any], Any]) -> None:
        """Write every part again with what `keep` leaves of each of its row groups."""
        self.rows = 0
        for path in self.written:
            source, thinner = parquet.ParquetFile(path), path.with_suffix(".thinner")
            with self._open(thinner) as writer:
                for group in range(source.num_row_groups):
                    table = keep(source.read_row_group(group))
                    writer.write_table(table, row_group_size=ROWS_PER_GROUP)
                    self.rows += table.num_rows
            source.close()
            thinner.replace(path)

    def write(self, table: Any) -> None:
        """Append rows that have the schema of the contract."""
        if self._writer is None:
            self._parts += 1
            path = self._made / f"part-{self._parts:05d}.parquet"
            self._writer = self._open(path)
        self._writer.write_table(table, row_group_size=ROWS_PER_GROUP)
        self.rows += table.num_rows
        self._rows_in_part += table.num_rows
        if self._rows_in_part >= ROWS_PER_PART:
            self._close_part()

    def _open(self, path: Path) -> Any:
        """A file for typed rows; names that differ from row to row are not looked up in a dictionary first."""
        repeated = [column.name for column in self.contract.columns if column.type is not ColumnType.CODE or column.name != self.contract.id]
        schema = self.contract.arrow_schema
        return parquet.ParquetWriter(path, schema, compression=COMPRESSION, use_dictionary=[n for n in repeated if not _is_time(schema.field(n).type)])

    def _close_part(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer, self._rows_in_part = None, 0

    def finish(self, made: EventTable) -> EventTable:
        """Put the folder in place, with log, account, findings and manifest beside the rows."""
        if not self._parts:
            self.write(self.contract.arrow_schema.empty_table())
        self._close_part()
        for name, frame in ((LOG, made.log), (ACCOUNT, made.account), (FINDINGS, made.findings)):
            write_whole(self._made / name, _parquet(frame))
        parts = self.written
        manifest = {"kind": str(made.kind), "rows": self.rows, "parts": [p.name for p in parts], "provenance": dict(made.provenance)}
        write_whole(self._made / MANIFEST, canonical_json(manifest))
        shutil.rmtree(self.scratch, ignore_errors=True)
        self._made.chmod(0o755)
        replace_folder(self._made, self.folder)
        return replace(made, folder=self.folder, table=None)


def _is_time(kind: Any) -> bool:
    return bool(pa.types.is_timestamp(kind))


def write_event_table(table: EventTable, folder: str | Path) -> EventTable:
    """The same table in a folder, whole or not at all; an older one there is replaced.

    Returns
    -------
    EventTable
        With `folder`; its rows are read from there.
    """
    with EventWriter(Path(folder), table.contract) as writer:
        writer.write(table.arrow())
        return writer.finish(table)


def read_event_table(folder: str | Path) -> EventTable:
    """The cleaned table that stands in a folder.

    Raises
    ------
    CaseError
        A file of it is missing (CR-E02): it has not been cleaned, or not wholly copied.
    """
    folder = Path(folder)
    needed = [MANIFEST, LOG, ACCOUNT, FINDINGS]
    if not (folder / MANIFEST).is_file():
        raise CaseError(Failure(code="CR-E02", values={"folder": str(folder), "missing": MANIFEST}))
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf8"))
    if missing := [name for name in [*needed, *manifest["parts"]] if not (folder / name).is_file()]:
        raise CaseError(Failure(code="CR-E02", values={"folder": str(folder), "missing": ", ".join(missing)}))
    contract = contract_of(manifest["kind"])
    log, account, findings = (pd.read_parquet(folder / name) for name in (LOG, ACCOUNT, FINDINGS))
    return EventTable(
        kind=contract.kind, contract=contract, log=log, account=account, findings=findings, provenance=manifest["provenance"], folder=folder,
    )


def event_table_of(kind: DataKind | str, columns: Mapping[str, Iterable[object]]) -> EventTable:
    """A table in memory from columns that are typed already; columns left out are missing, `row_id` is numbered.

    Raises
    ------
    CaseError
        There is no such kind.
    """
    contract = contract_of(kind)
    frame = pd.DataFrame({name: list(values) for name, values in columns.items()})
    if "row_id" not in frame:
        frame.insert(0, "row_id", [f"{sha256_of(str(kind))[:8]}::{i}" for i in range(1, len(frame) + 1)])
    schema = contract.arrow_schema
    arrays = [pa.array(frame[f.name], f.type, from_pandas=True) if f.name in frame else pa.nulls(len(frame), f.type) for f in schema]
    account = pd.DataFrame({"step": ["read", "clean"], "rule": ["rows_read", "rows_out"], "rows": [len(frame)] * 2})
    return EventTable(
        kind=contract.kind, contract=contract, log=join_logs([]), account=account, findings=pd.DataFrame(columns=list(FINDING_COLUMNS)),
        provenance={}, table=pa.table(arrays, schema=schema),
    )


def _parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    return buffer.getvalue()
