"""A workbook of 200,000 × 60 cells to a typed table with a log, beside pandas reading it with calamine and nothing more."""

import pandas as pd

from benchmarks.measuring import heading, in_turn, no_slower, say, table, together
from benchmarks.survey_files import SurveyFiles, asked_files, unequal_cells
from commresearch.cleaning import clean_survey
from commresearch.sources import read_survey

PEER = "pandas.read_excel(engine='calamine', dtype=str)"
MIDNIGHT = " 00:00:00"


def main() -> None:
    """Show that both read the same cells, then time reading and cleaning beside the peer's reading."""
    heading("Workbook to clean table", ["python-calamine"])
    with asked_files() as files:
        raw = read_survey(files.workbook)
        unequal = unequal_cells(raw.frame, _peer(files))
        days = unequal["theirs"] == unequal["ours"] + MIDNIGHT
        taken_for_missing = (unequal["theirs"] == "") & (unequal["ours"] == "N/A")
        say(
            f"{raw.frame.size:,} cells read; pandas adds midnight to {days.sum():,} days and takes {taken_for_missing.sum():,} texts N/A for missing; "
            f"other cells that differ: {(~days & ~taken_for_missing).sum():,}"
        )
        clean = clean_survey(raw, files.codebook)
        say(f"clean table: {len(clean.frame):,} rows, {clean.frame.shape[1]} typed columns, {len(clean.log):,} lines of log")
        del clean
        reading, cleaning, peer = in_turn(lambda: read_survey(files.workbook), lambda: clean_survey(raw, files.codebook), lambda: _peer(files))
    table([
        no_slower("workbook to clean table with log", PEER, together(reading, cleaning), peer, at_most=1.0),
        no_slower("  of this: read_survey alone", PEER, reading, peer, at_most=1.0),
        no_slower("  of this: clean_survey alone", PEER, cleaning, peer, at_most=1.0),
    ])


def _peer(files: SurveyFiles) -> pd.DataFrame:
    return pd.read_excel(files.workbook, engine="calamine", dtype=str)


if __name__ == "__main__":
    main()
