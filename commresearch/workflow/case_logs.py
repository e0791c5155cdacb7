"""Cleaning every log and register of a case: all faults at once, all tables or none."""

import errno
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow.compute as pc

from commresearch.cases import Case
from commresearch.cases.case import DataFile, LogRules, TableFile
from commresearch.cleaning.corrections import LIST_NAME, load_corrections
from commresearch.cleaning.event_cleaning import clean_events
from commresearch.cleaning.event_corrections import lines_for
from commresearch.cleaning.event_reading import recognised_columns
from commresearch.cleaning.event_rules import EventSettings
from commresearch.cleaning.event_table import EventTable, read_event_table
from commresearch.cleaning.leak_scan import require_no_leaks
from commresearch.cleaning.pseudonyms import key_fingerprint
from commresearch.errors import CommResearchError, Failure, SourceError
from commresearch.records import canonical_json, held, package_hash, package_versions, replace_folder, sha256_of, work_folder, write_whole
from commresearch.terms import DataKind
from commresearch.workflow.clean_reports import LOGS, NAMES, doors_in

ABOUT = "case.json"
MANIFEST = "manifest.json"
SMALL_TABLES = ("log.parquet", "account.parquet", "findings.parquet", MANIFEST)
FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: registers that are read where they stand in the folder of a case, named in case.toml or not
STANDING: Mapping[DataKind, str] = {DataKind.COVERAGE: "coverage.csv", DataKind.PROGRAMMES: "programmes.csv"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CleanedLog:
    """One log or register of a case, cleaned: the name of its folder, the hash of what it was made from, the day on which it was extracted."""

    name: str
    table: EventTable
    made_from: str
    extracted_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Received:
    """A log or register as case.toml names it."""

    kind: DataKind
    files: tuple[str, ...]
    data: DataFile | TableFile | None = None

    @property
    def extracted_on(self) -> date | None:
        """The day of extraction."""
        return self.data.extracted_on if isinstance(self.data, DataFile) else None


def clean_logs(
    case: Case, out: Path, *, pseudonym_key: bytes | None = None, progress: Callable[[str, int, int], None] = lambda *_: None,
    done: Callable[[str, EventTable], None] = lambda *_: None,
) -> list[CleanedLog]:
    """Clean every log and register of a case, the roster and the roll-out among them.

    Parameters
    ----------
    case
        A checked case folder.
    out
        Folder of the case's results; the tables stand in its folder `_logs`, which is replaced as a whole.
    pseudonym_key
        Key of the pseudonyms; without it persons cannot be told apart.
    progress
        Told the name of a table, how many are done, and how many there are.
    done
        Given the name of each table and the table, one that stands there already among them; before others are found faulty.

    Returns
    -------
    list of CleanedLog
        In the order of case.toml; none where it names no log. Tables that stand there already are used where files, rules, key and
        program are the same.

    Raises
    ------
    CommResearchError
        Everything that is wrong with any of the files, together; then nothing is written. Another run works on the case (CR-C06).
    """
    with held(out):
        return _cleaned(case, out, pseudonym_key, progress, done)


def _cleaned(
    case: Case, out: Path, pseudonym_key: bytes | None, progress: Callable[[str, int, int], None], done: Callable[[str, EventTable], None],
) -> list[CleanedLog]:
    received = _received(case)
    if not received:
        if failures := _corrections(case, received)[1]:
            raise CommResearchError(*failures)
        shutil.rmtree(out / LOGS, ignore_errors=True)  # of logs that case.toml does not name any more
        return []
    names = _names(received)
    key = _key(case, received, pseudonym_key)
    if (out / LOGS / MANIFEST).is_file() and (out / LOGS / MANIFEST).read_text(encoding="utf8") == key:
        with suppress(CommResearchError):  # what is damaged is made anew
            standing = _standing(out, received, names, key)
            for log in standing:
                done(log.name, log.table)
            return standing
    corrections, failures = _corrections(case, received)
    known: dict[str, str] = {}
    rooms: set[str] = set()
    with work_folder(out) as work:
        for place, (name, one) in enumerate(zip(names, received, strict=True)):
            progress(name, place, len(names))
            try:
                with _naming_input([case.path(file) for file in one.files], out):
                    table = _clean_one(case, one, work / name, pseudonym_key, corrections[place])
                known |= table.known
                rooms |= _rooms_like_doors(table)
                done(name, table)
            except CommResearchError as error:
                failures += [f for f in error.failures if f not in failures]
        if failures:
            raise CommResearchError(*failures)
        require_no_leaks([work / name / small for name in names for small in SMALL_TABLES], known, allowed=rooms)
        write_whole(work / ABOUT, canonical_json(_about(case)))
        write_whole(work / MANIFEST, key)
        replace_folder(work, out / LOGS)
    return _standing(out, received, names, key)


def _rooms_like_doors(table: EventTable) -> set[str]:
    """What would be taken for doors in the names of rooms: a building with a number (2号楼301) is nobody's home there."""
    if table.kind not in {DataKind.ROOMS, DataKind.BOOKINGS, DataKind.COUNTERS}:
        return set()
    rows = table.arrow()
    return doors_in(name for column in set(NAMES) & set(table.contract.names) for name in pc.unique(rows.column(column)).drop_null().to_pylist())


@contextmanager
def _naming_input(files: Sequence[Path], out: Path | None = None) -> Iterator[None]:
    """A file of the case that cannot be read is said to be so: whatever the system refuses that is not about what is written to `out`."""
    try:
        yield
    except OSError as problem:
        named = problem.filename if isinstance(problem.filename, str) else ""
        if out is not None and (problem.errno in FULL_DISK or (named and Path(named).is_relative_to(out))):
            raise
        file = named or ", ".join(str(path) for path in files)
        raise SourceError(Failure(code="CR-S04", values={"file": file, "got": problem.strerror or str(problem)})) from None


def log_columns(case: Case) -> Iterator[tuple[str, DataKind, pd.DataFrame]]:
    """What the headers of every log and register of a case are taken for.

    Yields
    ------
    tuple
        Name of the log, its kind, and what `recognised_columns` says of its headers; nothing of a log that cannot be read, for which
        `clean_logs` tells why.
    """
    received = _received(case)
    for name, one in zip(_names(received), received, strict=True):
        with suppress(CommResearchError, OSError):
            paths = [case.path(file) for file in one.files]
            yield name, one.kind, recognised_columns(paths, one.kind, mapping=_mapping(case, one), sheet=None if one.data is None else one.data.sheet)


def clean_register(case: Case, kind: DataKind, register: TableFile) -> pd.DataFrame:
    """One register of a case, cleaned as `clean_logs` would, and nothing kept; for a case that has no logs yet.

    Raises
    ------
    CommResearchError
        Everything that is wrong with it.
    """
    one = _Received(kind=kind, files=(register.file,), data=register)
    with TemporaryDirectory() as folder, _naming_input([case.path(register.file)], Path(folder)):
        return _clean_one(case, one, Path(folder) / str(kind), None, None).frame()


def _mapping(case: Case, one: _Received) -> Mapping[str, str] | Path | None:
    """Fields under headers as the case states them, or the file that does."""
    stated = None if one.data is None else one.data.mapping
    return case.path(stated) if isinstance(stated, str) else stated


def _received(case: Case) -> list[_Received]:
    """Every log and register of a case; those that explain logs only where there are some."""
    listed = [_Received(kind=data.kind, files=data.files, data=data) for data in case.settings.data if data.kind != DataKind.SURVEY]
    if not listed:
        return []
    tables = {DataKind.ROSTER: case.settings.roster, DataKind.ROLLOUT: case.settings.rollout}
    listed += [_Received(kind=kind, files=(table.file,), data=table) for kind, table in tables.items() if table is not None]
    kinds = {one.kind for one in listed}
    listed += [_Received(kind=kind, files=(file,)) for kind, file in STANDING.items() if kind not in kinds and _holds_rows(case.path(file))]
    return listed


def _holds_rows(path: Path) -> bool:
    """Whether a table has more than its headers: the scaffold leaves such files to be filled in."""
    if not path.is_file():
        return False
    with _naming_input([path]):
        return sum(1 for line in path.read_bytes().splitlines() if line.strip(b" \t,\r\n\xef\xbb\xbf")) > 1


def _names(received: Sequence[_Received]) -> list[str]:
    """Names of folders: the kind, numbered where a case has several files of it that were extracted apart."""
    seen: dict[DataKind, int] = {}
    names = []
    for one in received:
        seen[one.kind] = seen.get(one.kind, 0) + 1
        names.append(str(one.kind) if seen[one.kind] == 1 else f"{one.kind}_{seen[one.kind]}")
    return names


def _key(case: Case, received: Sequence[_Received], pseudonym_key: bytes | None) -> str:
    """What the tables are made from and with."""
    lists = [LIST_NAME] if case.path(LIST_NAME).is_file() else []
    files = _hashes(case, [*lists, *(name for one in received for name in (*one.files, *((one.data.named_files) if one.data else ())))])
    settings = [{"kind": str(one.kind), "files": one.files, "data": one.data.model_dump(mode="json") if one.data else None} for one in received]
    fingerprint = "" if pseudonym_key is None else key_fingerprint(pseudonym_key)
    months = case.settings.analysis.months
    return canonical_json({"files": files, "settings": settings, "months": months, "about": _about(case), "key": fingerprint, "package": package_hash(), "versions": package_versions()})


def _hashes(case: Case, names: Sequence[str]) -> dict[str, str]:
    """Hashes of files of the case; all that cannot be read are said together."""
    hashes: dict[str, str] = {}
    failures: list[Failure] = []
    for name in dict.fromkeys(names):
        try:
            with _naming_input([case.path(name)]):
                hashes[name] = sha256_of(case.path(name))
        except SourceError as error:
            failures += error.failures
    if failures:
        raise SourceError(*failures)
    return hashes


def _corrections(case: Case, received: Sequence[_Received]) -> tuple[list[pd.DataFrame | None], list[Failure]]:
    """The corrections that concern each log, and what is wrong with the list."""
    none: list[pd.DataFrame | None] = [None] * len(received)
    path = case.path(LIST_NAME)
    if not path.is_file():
        return none, []
    try:
        entries = [(one.kind, [case.path(file) for file in one.files]) for one in received]
        lines, failures = lines_for(load_corrections(path), entries, has_surveys=bool(case.surveys))
    except CommResearchError as error:
        return none, list(error.failures)
    return [frame if len(frame) else None for frame in lines], failures


def _clean_one(case: Case, one: _Received, folder: Path, pseudonym_key: bytes | None, corrections: pd.DataFrame | None) -> EventTable:
    data = one.data
    return clean_events(
        [case.path(file) for file in one.files], one.kind, mapping=_mapping(case, one), pseudonym_key=pseudonym_key, out=folder,
        rules=data.rules.stated if data is not None and isinstance(data.rules, LogRules) else None,
        settings=EventSettings.stated(data, case.settings.analysis.months), sheet=None if data is None else data.sheet,
        corrections=corrections,
    )


def _about(case: Case) -> dict[str, object]:
    """What a report says of the case."""
    facts = case.settings.case
    return {"case": case.id, "name_zh": facts.name_zh, "name_en": facts.name_en, "fictional": facts.fictional, "months": case.settings.analysis.months}


def _standing(out: Path, received: Sequence[_Received], names: Sequence[str], key: str) -> list[CleanedLog]:
    tables = (read_event_table(out / LOGS / name) for name in names)
    return [
        CleanedLog(name=name, table=table, made_from=sha256_of(key), extracted_on=one.extracted_on)
        for name, one, table in zip(names, received, tables, strict=True)
    ]
