"""The same SQL on Apache Spark, where the events do not fit on one machine. Nothing but SQL and Parquet files is used of it."""

import shutil
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from commresearch.errors import Failure, OutcomeError
from commresearch.outcomes.engine import BUCKET, ROW_BYTES, Engine, Progress, Stage, rows_in

#: Times are local and without a zone; a session zone without summer time changes none of them on the way.
SETTINGS: Mapping[str, str] = {
    "spark.sql.session.timeZone": "UTC", "spark.sql.timestampType": "TIMESTAMP_NTZ", "spark.sql.ansi.enabled": "true", "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false", "spark.sql.parquet.compression.codec": "zstd", "spark.sql.files.ignoreCorruptFiles": "false",
}
LOCAL: Mapping[str, str] = {"spark.sql.shuffle.partitions": "4", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
PRELUDE = (
    "CREATE TEMPORARY FUNCTION cr_seconds(a TIMESTAMP_NTZ, b TIMESTAMP_NTZ) RETURNS BIGINT RETURN timestampdiff(SECOND, a, b)",
    "CREATE TEMPORARY FUNCTION cr_bucket(t STRING, n BIGINT) RETURNS BIGINT RETURN pmod(xxhash64(t), n)",
)


class SparkEngine(Engine):
    """A Spark session of its own. Tables in memory reach it as small Parquet files in the scratch folder, which all its machines must see."""

    name = "spark"

    def __init__(
        self, master: str, *, memory: int, scratch: Path | None, progress: Progress | None, settings: Mapping[str, str] | None
    ) -> None:
        super().__init__(scratch=scratch, progress=progress)
        self._tables = 0
        try:
            self._session = _session(master, memory, self.staging.spill, settings or {})
        except Exception as error:
            super().close()
            shown = str(error).strip().splitlines()
            raise OutcomeError(Failure(code="CR-O03", values={"master": master, "error": shown[0] if shown else type(error).__name__})) from error
        for text in PRELUDE:
            self._session.sql(text)

    def buckets_for(self, rows: int, *, width: int = ROW_BYTES) -> int:  # noqa: ARG002 - Spark cuts its work itself
        """One: Spark cuts its work itself."""
        return 1

    def columns(self, name: str) -> tuple[str, ...]:
        """Names of the columns of a table."""
        return tuple(self._session.table(name).columns)

    def query(self, sql: str) -> Any:
        """Result of a query as a `pyarrow.Table`."""
        folder = self.staging.begin("query")
        shutil.rmtree(folder)
        self._session.sql(sql).coalesce(1).write.parquet(folder.as_uri())
        table = pq.read_table(folder)
        shutil.rmtree(folder)
        return table

    def write(self, sql: str, out: Path, *, partition_by: Sequence[str] = ()) -> int:
        """Write the result of a query as Parquet files below a new folder, all or nothing; the number of rows."""
        work = self.staging.begin(f"write-{out.name}")
        self._save(self._session.sql(sql), work, partition_by)
        rows = rows_in(sorted(work.rglob("*.parquet")))
        out.parent.mkdir(parents=True, exist_ok=True)
        work.replace(out)
        return rows

    def _save(self, frame: Any, folder: Path, partition_by: Sequence[str] = ()) -> None:
        writer = frame.write.mode("overwrite")
        (writer.partitionBy(*partition_by) if partition_by else writer).parquet(folder.as_uri())
        for file in [*folder.rglob("_*"), *folder.rglob(".*.crc")]:  # marks of Spark's own that a reader of Parquet does not need
            file.unlink()

    def _register(self, name: str, table: Any) -> None:
        self._tables += 1
        folder = self.staging.folder / f"{self.staging.spill.name}-table-{self._tables}"
        folder.mkdir()
        pq.write_table(table, folder / "part.parquet")
        self._scan(name, [folder / "part.parquet"])

    def _scan(self, name: str, paths: Sequence[Path]) -> None:
        self._session.read.parquet(*[p.resolve().as_uri() for p in paths]).createOrReplaceTempView(name)

    def _view(self, name: str, sql: str) -> None:
        self._session.sql(sql).createOrReplaceTempView(name)

    def _run_stage(self, stage: Stage, work: Path) -> None:
        self.report(stage.name, 0, 1)
        small = {name: self._session.sql(text).cache() for name, text in stage.beside.items()}
        try:
            for name, frame in small.items():
                frame.createOrReplaceTempView(name)
            made = self._session.sql(stage.sql)
            self._save(made.drop(BUCKET) if stage.splits else made, work)
        finally:
            for name, frame in small.items():
                frame.unpersist()
                self._session.catalog.dropTempView(name)
        self.report(stage.name, 1, 1)

    def _open_stage(self, name: str, folder: Path) -> None:
        self._scan(name, sorted(folder.glob("*.parquet")))

    def close(self) -> None:
        """Stop the session, then let go of the scratch folder."""
        self._session.stop()
        for left in self.staging.folder.glob(f"{self.staging.spill.name}*"):
            shutil.rmtree(left, ignore_errors=True)
        super().close()


def _session(master: str, memory: int, spill: Path, settings: Mapping[str, str]) -> Any:
    """A new session; Spark's warning about pandas does not concern SQL and Parquet files."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master(master).appName("commresearch")
        local = {**LOCAL, "spark.local.dir": str(spill)} if master.startswith("local") else {}
        for key, value in {**SETTINGS, **local, "spark.driver.memory": f"{memory // 10**6}m", **settings}.items():
            builder = builder.config(key, value)
        return builder.getOrCreate()
