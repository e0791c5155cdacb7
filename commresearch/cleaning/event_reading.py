"""Event logs and registers as received: from files to one table of text with the mapping of its headers."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from commresearch.cleaning.event_contracts import contract_of
from commresearch.cleaning.event_fields import vocabulary_of
from commresearch.errors import Failure, SourceError
from commresearch.sources.event_files import as_mapping, read_register
from commresearch.sources.raw_table import RawTable
from commresearch.terms import DataKind

#: numbers of persons: a merged cell over several rows says them once, not once per row
KEPT_ONCE = frozenset({"persons", "headcount", "callers"})


def read_events(
    paths: str | Path | Iterable[str | Path], kind: DataKind | str, *, mapping: Mapping[str, str] | str | Path | None = None, sheet: str | None = None,
) -> RawTable:
    """An event log or register as text, cell by cell, with what each of its headers was taken for.

    Nothing is repaired but what the form of a register leaves out: a cell merged down several rows, or with 同上, holds the value of
    the cell that begins it. Titles, subtotals, notes, repeated headers and example rows are set aside, each with a line in `log`.

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
        tables that the rows come from; `n_rows_read` = rows + rows set aside.

    Raises
    ------
    CaseError
        There is no such kind (CR-E01).
    SourceError
        Files that cannot be read; no table of the kind (CR-E05), a field that must be there is missing (CR-E04) or claimed by
        several headers (CR-E03); a mapping that names an unknown field (CR-E06): all together.
    """
    contract = contract_of(kind)
    vocabulary = vocabulary_of(contract.kind)
    files = listed(paths)
    if not files:
        raise SourceError(Failure(code="CR-E07", values={"kind": str(contract.kind)}))
    return read_register(files, vocabulary, mapping=as_mapping(mapping, vocabulary), kept_once=KEPT_ONCE, sheet=sheet)


def listed(paths: str | Path | Iterable[str | Path]) -> list[Path]:
    """Paths as a list, whether one or several were given."""
    return [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
