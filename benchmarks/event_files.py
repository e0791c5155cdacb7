"""Simulated event logs for measuring: tickets and bookings in typed Parquet, a hotline's CSV in GB18030, the registers that place them.

Every value is a hash of the number of its row, so that any part can be made alone, in bounded memory, and again; the SQL stands in the file
of the same name. Tickets come in order of the day on which their case was first brought forward: 30 of 100 are repeats within seven days, 3
of 100 stay open; 5 of 1,000 rows are the ticket before them once more, 2 of 100 contacts speak for several callers. Of 4,000 grids 15 of
100 change their community in the middle of a month, and 3 of 100 belong to none for five days.
"""

import argparse
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import say

ROWS, CSV_ROWS, BOOKINGS = 20_000_000, 500_000, 1_000_000
PART_ROWS, GROUPS_PER_PART = 1_000_000, 8
BLOCK = 1 << 22  #: characters
ENCODING = "gb18030"
REGISTERS = ("roster", "grids", "coverage", "rollout")
CSV_HEADERS = {
    "ticket_id": "工单编号", "received_at": "受理时间", "channel": "诉求来源", "type": "诉求类型", "topic": "事项分类", "caller_phone": "来电号码", "place": "事发地",
    "content": "诉求内容", "status": "工单状态", "closed_at": "办结时间", "is_repeat": "是否重复件", "repeat_of": "关联工单号", "is_local": "是否属地",
    "callers": "诉求人数", "is_reached": "是否接通", "is_resolved": "是否解决", "is_satisfied": "是否满意",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFiles:
    """Folders of typed Parquet (`part-*.parquet`) and the registers, one Parquet file each; `months` is the first and the last."""

    tickets: Path
    roster: Path
    grids: Path
    coverage: Path
    rollout: Path
    months: tuple[str, str] = ("2023-01", "2025-12")


def event_files(folder: Path, rows: int = ROWS, *, memory: str = "1GB", threads: int = 2) -> EventFiles:
    """Tickets and their registers; made where the folder does not have them (20,000,000 rows take about a minute).

    Parameters
    ----------
    memory
        What DuckDB may use.
    """
    place = folder / f"{rows}_tickets"

    def write(target: Path) -> None:
        with _connected(memory, threads) as connection:
            _parts(connection, "tickets", rows, target / "tickets")
            for name in REGISTERS:
                connection.sql(f"FROM {name}()").write_parquet(str(target / f"{name}.parquet"), compression="zstd")

    _made_once(place, f"Writing {rows:,} tickets", write)
    return EventFiles(tickets=place / "tickets", **{name: place / f"{name}.parquet" for name in REGISTERS})


def booking_files(folder: Path, rows: int = BOOKINGS, *, memory: str = "1GB", threads: int = 2) -> Path:
    """A folder of bookings in 6,000 rooms, many of them overlapping, some beyond midnight."""
    place = folder / f"{rows}_bookings"

    def write(target: Path) -> None:
        with _connected(memory, threads) as connection:
            _parts(connection, "bookings", rows, target)

    _made_once(place, f"Writing {rows:,} bookings", write)
    return place


def hotline_csv(folder: Path, rows: int = CSV_ROWS, *, encoding: str = ENCODING, memory: str = "1GB") -> Path:
    """The export of a hotline with texts of some forty characters, in GB18030 or another encoding."""
    place = folder / f"{rows}_hotline_{encoding}"

    def write(target: Path) -> None:
        target.mkdir(parents=True)
        plain = target / "plain.csv"
        names = ", ".join(f'{name} AS "{header}"' for name, header in CSV_HEADERS.items())
        with _connected(memory, 1) as connection:
            connection.sql(f"FROM hotline(0, {rows}, {rows})").project(names).write_csv(str(plain))
        with plain.open(encoding="utf-8", newline="") as source, (target / "hotline.csv").open("w", encoding=encoding, newline="") as written:
            while block := source.read(BLOCK):
                written.write(block)
        plain.unlink()

    _made_once(place, f"Writing a CSV of {rows:,} tickets in {encoding}", write)
    return place / "hotline.csv"


@contextmanager
def _connected(memory: str, threads: int) -> Iterator[Any]:
    import duckdb

    with duckdb.connect(config={"memory_limit": memory, "threads": threads}) as connection:
        connection.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
        yield connection


def _parts(connection: Any, name: str, rows: int, target: Path) -> None:
    target.mkdir(parents=True)
    for part, begin in enumerate(range(0, rows, PART_ROWS)):
        relation = connection.sql(f"FROM {name}({begin}, {min(begin + PART_ROWS, rows)}, {rows})")
        relation.write_parquet(f"{target}/part-{part:05d}.parquet", compression="zstd", row_group_size=PART_ROWS // GROUPS_PER_PART)


def _made_once(place: Path, doing: str, write: Callable[[Path], None]) -> None:
    """Write into a folder beside the wanted one and move it there when all of it is done."""
    if place.exists():
        return
    say(f"{doing} into {place.name} …")
    started, unfinished = time.perf_counter(), place.with_name(f"{place.name}.tmp")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    write(unfinished)
    unfinished.rename(place)
    say(f"… {time.perf_counter() - started:.0f} s")


def main() -> None:
    """Write the files of the asked size into the asked folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--folder", type=Path, default=Path("build/benchmarks"))
    asked = parser.parse_args()
    event_files(asked.folder, asked.rows)
    booking_files(asked.folder, min(asked.rows, BOOKINGS))
    hotline_csv(asked.folder, min(asked.rows, CSV_ROWS))


if __name__ == "__main__":
    main()
