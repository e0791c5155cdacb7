"""A GB18030 file of 200,000 × 60 cells to a raw table, beside polars reading it as texts."""

import polars as pl

from benchmarks.measuring import heading, in_turn, no_slower, say, table
from benchmarks.survey_files import ENCODING, SurveyFiles, asked_files, unequal_cells
from commresearch.sources import read_survey


def main() -> None:
    """Show that both read the same cells, then time them."""
    heading("GB18030 file", ["polars"])
    say(f"polars uses {pl.thread_pool_size()} threads, pyarrow as many as there are cores")
    with asked_files() as files:
        raw = read_survey(files.csv)
        say(f"encoding found: {raw.encoding}; cells read: {raw.frame.size:,}; different from polars: {len(unequal_cells(raw.frame, _peer(files).to_pandas())):,}")
        ours, peer = in_turn(lambda: read_survey(files.csv), lambda: _peer(files))
    table([no_slower("file to raw table", "polars.read_csv(encoding='gb18030', infer_schema=False)", ours, peer, at_most=1.3)])


def _peer(files: SurveyFiles) -> pl.DataFrame:
    return pl.read_csv(files.csv, encoding=ENCODING, infer_schema=False)


if __name__ == "__main__":
    main()
