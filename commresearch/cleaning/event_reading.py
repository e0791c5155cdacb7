"""Event logs and registers as received: from files to one table of text with the mapping of its headers."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from commresearch.cleaning.event_contracts import contract_of
from commresearch.cleaning.event_fields import vocabulary_of
from commresearch.cleaning.event_names import without_names
from commresearch.errors import Failure, SourceError
from commresearch.sources.event_files import as_mapping, read_register
from commresearch.sources.event_headers import MAPPING_COLUMNS
from commresearch.sources.event_problems import unknown_headers
from commresearch.sources.raw_table import RawTable
from commresearch.terms import DataKind

#: numbers of persons: a merged cell over several rows says them once, not once per row
KEPT_ONCE = frozenset({"persons", "headcount", "callers"})


def read_events(
    paths: str | Path | Iterable[str | Path], kind: DataKind | str, *, mapping: Mapping[str, str] | str | Path | None = None, sheet: str | None = None,
) -> RawTable:
    """An event log or register as text, cell by cell, with what each of its headers was taken for.

    Nothing is repaired but what the form of a register leaves out: a cell merged down several rows, or with 同上, holds the value of
    the cell that begins it. What the title of a sign-in sheet says of all its rows (day, place, activity) fills the columns that it
    lacks. Titles, subtotals, notes, repeated headers and example rows are set aside, each with a line in `log`.

    Parameters
    ----------
    paths
        One file or several: .xlsx, .xls (all visible sheets, all tables on them), .csv (UTF-8 or GB18030), .parquet.
    kind
        Kind of log or register (`terms.DataKind`).
    mapping
        Header → field ("" for a column that is none), or a file with the columns header and field. It goes before the guesses;
        `RawTable.mapping` shows what was found and can be kept as such a file.
    sheet
        The only sheet to read; all visible ones where none is named.

    Returns
    -------
    RawTable
        `frame` has the received headers, those of all files together; `mapping` has file, sheet, header, field, how; `parts` the
        tables that the rows come from; `n_rows_read` = rows + rows set aside. A sheet or header that names a person is told by a
        token wherever it is not a column of `frame`.

    Raises
    ------
    CaseError
        There is no such kind (CR-E01).
    SourceError
        Files that cannot be read; no table of the kind (CR-E05), a field that must be there is missing (CR-E04) or claimed by
        several headers (CR-E03), or lost all its digits (CR-E20), or is said twice by the title (CR-E24); a mapping that names an unknown field (CR-E06) or a header that
        no file has (CR-E21): all together.
    """
    raw = read_tables(listed(paths), contract_of(kind).kind, mapping=mapping, sheet=sheet)
    require_mapped([raw.mapping], mapping, contract_of(kind).kind)
    return without_names(raw, kind)


def read_tables(files: Sequence[Path], kind: DataKind, *, mapping: Mapping[str, str] | str | Path | None, sheet: str | None) -> RawTable:
    """As `read_events`, for files that a mapping need not fit alone."""
    if not files:
        raise SourceError(Failure(code="CR-E07", values={"kind": str(kind)}))
    vocabulary = vocabulary_of(kind)
    return read_register(files, vocabulary, mapping=as_mapping(mapping, vocabulary), kept_once=KEPT_ONCE, sheet=sheet)


def require_mapped(found: Sequence[pd.DataFrame | None], mapping: Mapping[str, str] | str | Path | None, kind: DataKind) -> None:
    """Refuse a mapping that names headers which none of the files has (CR-E21): a misspelt one would be guessed, or not be read at all."""
    tables = [table for table in found if table is not None]
    if mapping is not None and tables:
        seen = pd.concat(tables, ignore_index=True)
        files = ", ".join(dict.fromkeys(seen["file"]))
        if failures := unknown_headers(files, seen["header"].tolist(), as_mapping(mapping, vocabulary_of(kind))):
            raise SourceError(*failures)


def recognised_columns(
    paths: str | Path | Iterable[str | Path], kind: DataKind | str, *, mapping: Mapping[str, str] | str | Path | None = None, sheet: str | None = None,
) -> pd.DataFrame:
    """What each header of a log or register is taken for; of a large file only the first piece is read.

    Parameters
    ----------
    paths, kind, mapping, sheet
        As in `read_events`.

    Returns
    -------
    DataFrame
        file, sheet, header, field ("" for a header that is ignored), how (`sources.event_headers.HeaderMatch`); one row per header.

    Raises
    ------
    CaseError, SourceError
        As `read_events`.
    """
    from commresearch.cleaning.event_batches import is_large, pieces_of

    found = []
    for path in listed(paths):
        if is_large(path):
            found.append(next(pieces_of(path, contract_of(kind), mapping)).mapping)
        else:
            found.append(read_events(path, kind, mapping=mapping, sheet=sheet).mapping)
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(MAPPING_COLUMNS))


def listed(paths: str | Path | Iterable[str | Path]) -> list[Path]:
    """Paths as a list, whether one or several were given."""
    return [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
