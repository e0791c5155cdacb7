"""One SQL text on two engines: DuckDB inside this process, or Apache Spark where a master is named.

The texts stand in `outcomes/sql`, in the SQL that both engines understand alike. What differs hides behind two functions, `cr_seconds(a, b)`
(whole seconds from a to b) and `cr_bucket(text, n)` (a number below n). A large job is cut into stages; a stage writes its rows into buckets, the next
one reads bucket after bucket, so that memory stays bounded. A stage whose text and inputs did not change is not done again.
"""

import re
import shutil
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Protocol, Self, TypeAlias, runtime_checkable

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from commresearch.errors import Failure, OutcomeError
from commresearch.outcomes.staging import Staging

GIB = 2**30
SIZES = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
LEAST_MEMORY = 300 * 10**6  #: below this DuckDB cannot sort a bucket
CLOSING_ATTEMPTS = 20
BUCKET = "bucket"  #: column by which a stage says where its rows go
ROW_BYTES = 250  #: memory for a row of a bucket, which is sorted several times over

Progress: TypeAlias = Callable[[str, int, int], None]


@runtime_checkable
class ParquetTable(Protocol):
    """A table that is kept as Parquet files, or in memory where it has none (`EventTable`)."""

    @property
    def parquet_files(self) -> Sequence[Path]:
        """Its files, none where it is held in memory."""

    def frame(self) -> pd.DataFrame:
        """The table as a frame."""


Source: TypeAlias = "Path | Sequence[Path] | pd.DataFrame | pa.Table | ParquetTable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A text to be run, as `Engine.stage` takes it; `splits` says whether it has a column `bucket`."""

    name: str
    sql: str
    over: str | None
    beside: Mapping[str, str]
    splits: bool


def sql_text(name: str, constants: Mapping[str, int] = MappingProxyType({}), /, **values: object) -> str:
    """A text of `outcomes/sql` with its parameters filled in as typed literals.

    Parameters
    ----------
    name : str
        File name without .sql.
    constants : mapping
        Numbers with names, of which a text asks for those it needs.
    **values : int, float, bool, date, datetime
        One for every {{name}} of the text. Texts are no parameters: lists of words stand in tables.

    Raises
    ------
    ValueError
        A parameter is missing, not asked for, or of another type (a mistake in the code).
    """
    text = (files("commresearch.outcomes") / "sql" / f"{name}.sql").read_text(encoding="utf8")
    text = re.sub(r"--[^\n]*", "", text)
    asked = set(re.findall(r"\{\{(\w+)\}\}", text))
    values |= {constant: number for constant, number in constants.items() if constant in asked}
    if asked != set(values):
        raise ValueError(f"{name}.sql asks for {sorted(asked)} and is given {sorted(values)}")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: literal(values[match.group(1)]), text).strip()


def literal(value: object) -> str:
    """A value as both engines write it.

    Raises
    ------
    ValueError
        The value is no number, truth value, date or time.
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value!r}e0" if "e" not in repr(value) else repr(value)  # a bare 0.5 is a DECIMAL in Spark
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S.%f}'"
    if isinstance(value, date):
        return f"DATE '{value:%Y-%m-%d}'"
    raise ValueError(f"no literal for {value!r}")


def as_arrow(source: "pd.DataFrame | pa.Table") -> Any:
    """A frame as an Arrow table: times in microseconds without a zone, texts as plain strings, all-missing columns as texts."""
    table = source if isinstance(source, pa.Table) else pa.Table.from_pandas(source, preserve_index=False)
    fields = [pa.field(f.name, _plain_type(f.type)) for f in table.schema]
    return table.cast(pa.schema(fields)).replace_schema_metadata(None)


def _plain_type(found: Any) -> Any:
    if pa.types.is_timestamp(found):
        return pa.timestamp("us")
    if pa.types.is_large_string(found) or pa.types.is_string_view(found) or pa.types.is_null(found) or pa.types.is_dictionary(found):
        return pa.string()
    return found


class Engine(ABC):
    """What runs the SQL. Tables have names; small results come back as Arrow tables, large ones are written as Parquet.

    name : str
        "duckdb" or "spark".
    staging : Staging
        The folder of stages, with what they were made from.
    """

    name: str

    def __init__(self, *, scratch: Path | None, progress: Progress | None) -> None:
        self._lent = scratch is not None  # what lies in a folder of the user's may be used by the next run
        self.scratch = scratch if scratch is not None else Path(tempfile.mkdtemp(prefix="commresearch-"))
        self.staging = Staging(self.scratch, keep=self._lent)
        self._progress = progress

    def table(self, name: str, source: Source) -> None:
        """Give a table a name: Parquet files, an EventTable, or a frame that fits into memory."""
        if isinstance(source, ParquetTable) and not isinstance(source, Path):
            parts = [Path(p) for p in source.parquet_files]
            source = parts or source.frame()
        if isinstance(source, Path):
            source = [source] if source.is_file() else sorted(source.glob("*.parquet"))
        if isinstance(source, pd.DataFrame | pa.Table):
            arrow = as_arrow(source)
            self.staging.know(name, table=arrow)
            self._register(name, arrow)
        else:
            paths = [Path(str(p)) for p in source]
            if not paths:
                raise OutcomeError(Failure(code="CR-O01", values={"name": name}))
            self.staging.know(name, paths=paths)
            self._scan(name, paths)

    def view(self, name: str, sql: str) -> None:
        """Give a query a name."""
        self.staging.know(name, sql=sql)
        self._view(name, sql)

    def count(self, name: str) -> int:
        """Number of rows of a table."""
        return int(self.query(f"SELECT COUNT(*) AS n FROM {name}").column("n")[0].as_py())  # noqa: S608 - names are the project's own

    @abstractmethod
    def columns(self, name: str) -> tuple[str, ...]:
        """Names of the columns of a table."""

    @abstractmethod
    def query(self, sql: str) -> Any:
        """Result of a query as a `pyarrow.Table`; for small results."""

    @abstractmethod
    def write(self, sql: str, out: Path, *, partition_by: Sequence[str] = ()) -> int:
        """Write the result of a query as Parquet files below a new folder, all or nothing; the number of rows."""

    @abstractmethod
    def buckets_for(self, rows: int, *, width: int = ROW_BYTES) -> int:
        """Number of buckets into which a table of that many rows, of `width` bytes each when it is worked on, is to be cut."""

    def stage(self, name: str, sql: str, *, over: str | None = None, beside: Mapping[str, str] = MappingProxyType({}), splits: int | None = None) -> None:
        """Write the result of a query into the scratch folder and give it a name; reuse it where nothing changed.

        Parameters
        ----------
        name : str
            Name of the new table.
        sql : str
            Its text. The tables it reads are found by their names.
        over : str, optional
            A stage that was split: DuckDB runs the text once for each of its buckets, Spark once over all.
        beside : mapping of str to str, optional
            Names and texts of smaller tables that the text reads, made anew from each bucket of `over`, and gone afterwards.
        splits : int, optional
            The rows are on their way to another stage, in so many buckets: the text has a whole-number column `bucket` that says where a row goes; it
            is no column of the table. In one bucket they may be held in memory where no later run could find them on disk; what is then
            split `over` them takes their place, so that only one stage can be.
        """
        for small, text in beside.items():
            self.staging.know(small, sql=text)
        if splits == 1 and not self._lent and self._hold(name, sql, over, beside):
            return
        if (done := self.staging.find(name, sql, self.name)) is None:
            work = self.staging.begin(name)
            self._run_stage(Stage(name=name, sql=sql, over=over, beside=beside, splits=splits is not None), work)
            done = self.staging.finish(name, work, sql, self.name)
        self.staging.know(name, sql=sql)
        self._open_stage(name, done)

    def _hold(self, name: str, sql: str, over: str | None, beside: Mapping[str, str]) -> bool:  # noqa: ARG002 - of engines that can
        """Hold the result of a query in memory instead; whether that was done."""
        return False

    def release(self, name: str) -> None:  # noqa: B027 - of engines that hold any
        """Let go of a table that is held in memory; of others nothing is let go."""

    def report(self, stage: str, done: int, of: int) -> None:
        """Say how far a stage is."""
        if self._progress is not None:
            self._progress(stage, done, of)

    @abstractmethod
    def _register(self, name: str, table: Any) -> None: ...

    @abstractmethod
    def _scan(self, name: str, paths: Sequence[Path]) -> None: ...

    @abstractmethod
    def _view(self, name: str, sql: str) -> None: ...

    @abstractmethod
    def _run_stage(self, stage: Stage, work: Path) -> None: ...

    @abstractmethod
    def _open_stage(self, name: str, folder: Path) -> None: ...

    def close(self) -> None:
        """Let go of everything; whole stages outlive the engine, and only in a scratch folder that was lent to it."""
        self.staging.sweep()
        for _ in range(0 if self._lent else CLOSING_ATTEMPTS):
            shutil.rmtree(self.scratch, ignore_errors=True)
            if not self.scratch.exists():
                break
            time.sleep(0.2)  # Java removes files of its own there at the same time

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def open_engine(
    spec: str = "duckdb", *, memory: str = "2GB", threads: int | None = None, scratch: Path | None = None, progress: Progress | None = None,
    settings: Mapping[str, str] | None = None,
) -> Engine:
    """An engine, to be closed after use (or used in a `with` statement).

    Parameters
    ----------
    spec : str
        "duckdb", or a Spark master: "local[2]", "spark://host:7077", "yarn".
    memory : str
        What the process may use ("1500MB", "2GB"); with Spark the memory of its driver.
    threads : int, optional
        Threads of DuckDB; all processors unless given.
    scratch : Path, optional
        Folder for stages and spilled rows; kept, so that the next run reuses what did not change, and used by one run at a time. With a cluster a
        folder that all its machines see. Without it a temporary folder, removed at the end. It holds rows about persons: keep it where raw data may lie.
    progress : callable, optional
        Called with stage, parts done and parts in all.
    settings : mapping, optional
        Further settings of Spark.

    Raises
    ------
    OutcomeError
        The memory is no size (CR-O02); Spark or Java is not installed (CR-O03). What DuckDB runs needs more than its memory and disk (CR-O27).
    """
    size = _bytes(memory)
    if spec == "duckdb":
        from commresearch.outcomes.duck import DuckDBEngine

        return DuckDBEngine(memory=size, threads=threads, scratch=scratch, progress=progress)
    from commresearch.outcomes.spark import SparkEngine

    return SparkEngine(spec, memory=size, scratch=scratch, progress=progress, settings=settings)


def _bytes(memory: str) -> int:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]i?B)\s*", memory, flags=re.IGNORECASE)
    size = int(float(match.group(1)) * SIZES[match.group(2).upper()]) if match else 0
    if size < LEAST_MEMORY:
        raise OutcomeError(Failure(code="CR-O02", values={"got": memory, "least": f"{LEAST_MEMORY // 10**6}MB"}))
    return size


def rows_in(paths: Sequence[Path]) -> int:
    """Rows of Parquet files, by their footers."""
    return sum(pq.read_metadata(p).num_rows for p in paths)
