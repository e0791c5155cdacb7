"""Received columns that the codebook does not name: nothing is kept of them, and whoever passes the file on has to know which hold identifiers."""

from collections.abc import Sequence

import pandas as pd

from commresearch.cleaning.fit import Placement
from commresearch.cleaning.identifier_columns import judge_column, read_content
from commresearch.cleaning.privacy import FOUND_COLUMNS, are_pseudonyms, headers_over
from commresearch.records import log_lines
from commresearch.sources import RawTable

NOT_READ = "not_read"  #: what becomes of their identifiers
SAMPLE = 2_000  #: answers by which a column is judged


def unread_columns(raw: RawTable, placements: Sequence[Placement]) -> list[str]:
    """Columns of a file in which no variable stands."""
    used = {c for p in placements for c in (*p.columns, p.other)}
    return [c for c in raw.frame.columns if c not in used]


def log_of_unread(raw: RawTable, columns: Sequence[str]) -> pd.DataFrame:
    """A line per column."""
    return log_lines(
        step="codebook", rule="column_not_in_codebook", file=raw.path.name, sheet=raw.sheet, variable=list(columns), count=[_filled(raw, c) for c in columns],
    )


def unread_identifiers(raw: RawTable, columns: Sequence[str]) -> pd.DataFrame:
    """Those that hold identifiers by their header or content, in the columns of `Gate.found`."""
    headers, rows = headers_over(columns, raw.questions), []
    for column in columns:
        cells = raw.frame[column]
        cells = cells[cells != ""]
        content = read_content(cells.iloc[:: max(1, len(cells) // SAMPLE)])
        if (judged := judge_column(headers[column], content)) and not are_pseudonyms(content):
            rows.append((column, *judged, False, NOT_READ, len(cells)))
    return pd.DataFrame(rows, columns=list(FOUND_COLUMNS)).astype({"declared": bool, "n": "int64"})


def _filled(raw: RawTable, column: str) -> int:
    return int((raw.frame[column] != "").sum())
