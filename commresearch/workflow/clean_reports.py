"""Finished reports are searched for identifiers before anybody sees them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow.compute as pc
from pyarrow import parquet

from commresearch.cleaning.doors import find_certain_doors
from commresearch.cleaning.leak_scan import require_no_leaks
from commresearch.cleaning.text_spans import plain_text
from commresearch.errors import CommResearchError
from commresearch.terms import DataKind

LOGS = "_logs"  #: no wave of a survey begins with an underscore
UNREADABLE = "CR-P09"
NAMES = ("room", "name", "site")  #: columns of a register of rooms


def require_clean_reports(paths: Sequence[Path], known: Mapping[str, str], *, clean: Path | None = None) -> None:
    """Search finished reports for identifiers; where one is found, none of them stays.

    Parameters
    ----------
    paths
        Files of the reports; those that are not there are passed over.
    known
        Identifiers that were met in received files, with their classes.
    clean
        Folder of the clean tables: rooms that its registers name by building and number (2号楼301) are nobody's home.

    Raises
    ------
    CleaningError
        Every identifier found, with file and place.
    """
    rooms = set() if clean is None else numbered_rooms(clean)
    try:
        _require_no_leaks(paths, known, rooms)
    except CommResearchError:
        for path in paths:
            path.unlink(missing_ok=True)
        raise


def numbered_rooms(clean: Path) -> set[str]:
    """What would be taken for doors in the names of public rooms."""
    found: set[str] = set()
    for part in clean.glob(f"*/{LOGS}/{DataKind.ROOMS}*/part-*.parquet"):
        table = parquet.read_table(part, columns=[name for name in NAMES if name in parquet.read_schema(part).names])
        found |= doors_in(name for column in table.columns for name in pc.unique(column).drop_null().to_pylist())
    return found


def doors_in(names: Iterable[str]) -> set[str]:
    """What would be taken for doors in some names."""
    plain = map(plain_text, names)
    return {name[start:end] for name in plain for start, end in find_certain_doors(name)}


def _require_no_leaks(paths: Sequence[Path], known: Mapping[str, str], allowed: set[str]) -> None:
    """Search files; once more where all that is wrong is a file that cannot be read: another run may have been moving it to its place."""
    try:
        require_no_leaks([p for p in paths if p.is_file()], known, allowed=allowed)
    except CommResearchError as problem:
        if any(failure.code != UNREADABLE for failure in problem.failures):
            raise
        require_no_leaks([p for p in paths if p.is_file()], known, allowed=allowed)
