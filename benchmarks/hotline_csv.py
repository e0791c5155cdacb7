"""A hotline's CSV of 500,000 tickets in GB18030 to typed Parquet, beside a bare transcode and DuckDB's COPY of all columns as texts."""

import argparse
import shutil
import tempfile
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks import event_files
from benchmarks.event_files import BLOCK, CSV_HEADERS, CSV_ROWS, ENCODING
from benchmarks.measuring import heading, in_turn, no_slower, say, table
from commresearch.cleaning import EventTable, clean_events

#: Columns that the typed table keeps as they were written; keys, words and times it does not.
PLAIN = ("ticket_id", "topic", "channel", "place")
TIMES = ("received_at", "closed_at")
KEY = b"a key that is used for measuring"


def main() -> None:
    """Show that both hold the same values where values stay as they are, then time both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=CSV_ROWS)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    heading("Hotline CSV to typed Parquet", ["duckdb"])
    with tempfile.TemporaryDirectory() as made:
        path = event_files.hotline_csv(asked.folder or Path(made), min(asked.rows, CSV_ROWS))
        typed, texts = Path(made) / "typed", Path(made) / "texts"
        events = cleaned(path, typed)
        transcoded(path, texts)
        rows, unequal = unequal_values(events, texts)
        say(f"{path.stat().st_size / 10**6:,.0f} MB; rows of the peer {rows:,}, ours {len(events.frame()):,}; values that differ in {', '.join((*PLAIN, *TIMES))}: {unequal:,}")
        ours, peer = in_turn(lambda: cleaned(path, typed), lambda: transcoded(path, texts))
    goal = f"{rows:,} rows, typed, keyed and checked"
    table([no_slower(goal, "codec in blocks of 4 MB, DuckDB COPY of all columns as texts", ours, peer, at_most=1.3)])


def cleaned(path: Path, out: Path) -> EventTable:
    """The package, from the file to typed Parquet."""
    return clean_events(path, "tickets", pseudonym_key=KEY, out=out)


def transcoded(path: Path, out: Path) -> None:
    """Blocks through the codec of Python into a file in UTF-8, and that through DuckDB into Parquet, with nothing decided about any value."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    plain = out / "plain.csv"
    with path.open(encoding=ENCODING, newline="") as source, plain.open("w", encoding="utf-8", newline="") as written:
        while block := source.read(BLOCK):
            written.write(block)
    with duckdb.connect() as connection:
        connection.read_csv(str(plain), header=True, all_varchar=True).write_parquet(str(out / "all.parquet"), compression="zstd")
    plain.unlink()


def unequal_values(events: EventTable, texts: Path) -> tuple[int, int]:
    """Rows of the peer, and values that differ."""
    theirs = pd.read_parquet(texts / "all.parquet").rename(columns={header: name for name, header in CSV_HEADERS.items()}).sort_values("ticket_id", ignore_index=True)
    ours = events.frame().sort_values("ticket_id", ignore_index=True)
    if len(ours) != len(theirs):
        return len(theirs), len(theirs) * (len(PLAIN) + len(TIMES))
    unequal = sum(int((ours[name].fillna("").astype("str") != theirs[name].fillna("").astype("str")).sum()) for name in PLAIN)
    for name in TIMES:
        read = pd.to_datetime(theirs[name], format="%Y-%m-%d %H:%M:%S")
        unequal += int(((ours[name] != read) & (ours[name].notna() | read.notna())).sum())
    return len(theirs), unequal


if __name__ == "__main__":
    main()
