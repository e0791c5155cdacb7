"""The SQL on DuckDB, inside this process and within a stated memory."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from commresearch.errors import Failure, OutcomeError
from commresearch.outcomes.engine import BUCKET, ROW_BYTES, Engine, Progress, Stage, rows_in

#: The process needs memory beside what DuckDB counts: Python and its libraries, buffers of Parquet files.
BESIDE = 450 * 10**6
MB = 10**6
ROW_GROUP = 122_880
PRELUDE = (
    "CREATE MACRO cr_seconds(a, b) AS date_sub('second', a, b)",
    "CREATE MACRO cr_bucket(t, n) AS CAST(hash(t) % n AS BIGINT)",
)
SCHEMA_ONLY = "schema.parquet"  #: a file without rows, so that a stage without rows has columns


class DuckDBEngine(Engine):
    """DuckDB with a bounded memory; what does not fit is spilled into the scratch folder."""

    name = "duckdb"

    def __init__(self, *, memory: int, threads: int | None, scratch: Path | None, progress: Progress | None) -> None:
        super().__init__(scratch=scratch, progress=progress)
        self._given, self._memory = memory, max(memory // 2, memory - BESIDE)
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": f"{self._memory // MB}MB", "threads": threads if threads is not None else os.cpu_count() or 1,
                "temp_directory": str(self.staging.spill), "preserve_insertion_order": "false",
                "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
            },
        )
        self._held: set[str] = set()
        self._places: dict[str, Path] = {}
        for text in PRELUDE:
            self._execute(text)

    @contextmanager
    def _told_of_memory(self) -> Iterator[None]:
        """Whatever is run, within what the database is allowed.

        Raises
        ------
        OutcomeError
            It needs more memory than it may use, and could not put the rest on disk (CR-O27).
        """
        try:
            yield
        except duckdb.OutOfMemoryException:
            values = {"memory": f"{self._given // MB}MB", "limit": f"{self._memory // MB}MB", "folder": str(self.scratch)}
            raise OutcomeError(Failure(code="CR-O27", values=values)) from None

    def _execute(self, sql: str) -> Any:
        with self._told_of_memory():
            return self._connection.execute(sql)

    def buckets_for(self, rows: int, *, width: int = ROW_BYTES) -> int:
        """As many that a bucket fits into memory; what is made of it besides may be spilled."""
        return max(1, -(-rows // int(self._memory / width)))

    def columns(self, name: str) -> tuple[str, ...]:
        """Names of the columns of a table."""
        return tuple(row[0] for row in self._execute(f"DESCRIBE {name}").fetchall())

    def query(self, sql: str) -> Any:
        """Result of a query as a `pyarrow.Table`."""
        with self._told_of_memory():
            return self._connection.sql(sql).to_arrow_table()

    def write(self, sql: str, out: Path, *, partition_by: Sequence[str] = ()) -> int:
        """Write the result of a query as Parquet files below a new folder, all or nothing; the number of rows."""
        work = self.staging.begin(f"write-{out.name}")
        self._copy(sql, work, codec="zstd", partition_by=partition_by)
        rows = rows_in(sorted(work.rglob("*.parquet")))
        out.parent.mkdir(parents=True, exist_ok=True)
        work.replace(out)
        return rows

    def _copy(self, sql: str, folder: Path, *, codec: str, partition_by: Sequence[str] = (), pattern: str = "part-{i}") -> None:
        options = f"FORMAT parquet, COMPRESSION {codec}, ROW_GROUP_SIZE {ROW_GROUP}, FILENAME_PATTERN '{pattern}', OVERWRITE_OR_IGNORE"
        if partition_by:
            options += f", PARTITION_BY ({', '.join(partition_by)})"
        else:
            options += ", PER_THREAD_OUTPUT"
        self._execute(f"COPY ({sql}) TO {_text(folder)} ({options})")

    def _register(self, name: str, table: Any) -> None:
        self.release(name)
        self._execute(f"DROP VIEW IF EXISTS {name}")
        self._connection.register(name, table)

    def _scan(self, name: str, paths: Sequence[Path]) -> None:
        listed = ", ".join(_text(p) for p in paths)
        self._view(name, f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false)")  # noqa: S608 - quoted by _text

    def _view(self, name: str, sql: str) -> None:
        self.release(name)
        self._execute(f"CREATE OR REPLACE TEMPORARY VIEW {name} AS {sql}")

    def _hold(self, name: str, sql: str, over: str | None, beside: Mapping[str, str]) -> bool:
        self.report(name, 0, 1)
        with self._made_beside(beside):
            self._fill(name, f"SELECT * EXCLUDE ({BUCKET}) FROM ({sql})")  # noqa: S608 - the project's own text
        if over:
            self.release(over)
        self.report(name, 1, 1)
        return True

    def _fill(self, name: str, sql: str) -> None:
        self.release(name)
        self._execute(f"DROP VIEW IF EXISTS {name}")
        self._execute(f"CREATE TEMPORARY TABLE {name} AS {sql}")
        self._held.add(name)

    def release(self, name: str) -> None:
        """Let go of a table that is held in memory; of others nothing is let go."""
        if name in self._held:
            self._execute(f"DROP TABLE {name}")
            self._held.remove(name)

    @contextmanager
    def _made_beside(self, beside: Mapping[str, str]) -> Iterator[None]:
        try:
            for name, text in beside.items():
                self._fill(name, text)
            yield
        finally:
            for name in beside:
                self.release(name)

    def _run_stage(self, stage: Stage, work: Path) -> None:
        over = stage.over if stage.over and stage.over not in self._held else ""
        buckets = self._buckets_of(over) if over else [[]]
        for done, files in enumerate(buckets):
            self.report(stage.name, done, len(buckets))
            if over:
                self._scan(over, files)
            with self._made_beside(stage.beside):
                if not done:
                    self._copy_schema(stage, work)
                self._copy(stage.sql, work, codec="lz4_raw", partition_by=[BUCKET] if stage.splits else (), pattern=f"part-{done:04d}-{{i}}")
        if over:
            self._scan(over, self._files_of(over))
        self.report(stage.name, len(buckets), len(buckets))

    def _copy_schema(self, stage: Stage, work: Path) -> None:
        keep = f"SELECT * EXCLUDE ({BUCKET})" if stage.splits else "SELECT *"
        self._execute(f"COPY ({keep} FROM ({stage.sql}) LIMIT 0) TO {_text(work / SCHEMA_ONLY)} (FORMAT parquet)")

    def _open_stage(self, name: str, folder: Path) -> None:
        self._places[name] = folder
        self._scan(name, self._files_of(name))

    def _files_of(self, name: str) -> list[Path]:
        return sorted(self._places[name].rglob("*.parquet"))

    def _buckets_of(self, name: str) -> list[list[Path]]:
        """Files of each bucket of a stage that was split, each with the one that has columns only."""
        folder = self._places[name]
        parts = sorted(p for p in folder.iterdir() if p.is_dir())
        return [[folder / SCHEMA_ONLY, *sorted(p.glob("*.parquet"))] for p in parts] or [[folder / SCHEMA_ONLY]]

    def close(self) -> None:
        """Close the connection, then let go of the scratch folder."""
        self._connection.close()
        super().close()


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
