"""Cleaning every log and register of a case: all faults at once, all tables or none."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from commresearch.cases import Case
from commresearch.cases.case import DataFile, LogRules
from commresearch.cleaning.event_cleaning import clean_events
from commresearch.cleaning.event_rules import EventSettings
from commresearch.cleaning.event_table import EventTable, read_event_table
from commresearch.cleaning.leak_scan import require_no_leaks
from commresearch.cleaning.pseudonyms import key_fingerprint
from commresearch.errors import CommResearchError, Failure
from commresearch.records import canonical_json, package_hash, package_versions, replace_folder, sha256_of, work_folder, write_whole
from commresearch.terms import DataKind

#: no wave of a survey begins with an underscore
LOGS, ABOUT = "_logs", "case.json"
MANIFEST = "manifest.json"
SMALL_TABLES = ("log.parquet", "account.parquet", "findings.parquet")
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
    data: DataFile | None = None

    @property
    def extracted_on(self) -> date | None:
        """The day of extraction."""
        return None if self.data is None else self.data.extracted_on


def clean_logs(
    case: Case, out: Path, *, pseudonym_key: bytes | None = None, progress: Callable[[str, int, int], None] = lambda *_: None,
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

    Returns
    -------
    list of CleanedLog
        In the order of case.toml; none where it names no log. Tables that stand there already are used where files, rules, key and
        program are the same.

    Raises
    ------
    CommResearchError
        Everything that is wrong with any of the files, together; then nothing is written.
    """
    received = _received(case)
    if not received:
        return []
    names = _names(received)
    key = _key(case, received, pseudonym_key)
    if (out / LOGS / MANIFEST).is_file() and (out / LOGS / MANIFEST).read_text(encoding="utf8") == key:
        with suppress(CommResearchError):  # what is damaged is made anew
            return _standing(out, received, names, key)
    with work_folder(out) as work:
        failures: list[Failure] = []
        for done, (name, one) in enumerate(zip(names, received, strict=True)):
            progress(name, done, len(names))
            try:
                _clean_one(case, one, work / name, pseudonym_key)
            except CommResearchError as error:
                failures += [f for f in error.failures if f not in failures]
        if failures:
            raise CommResearchError(*failures)
        require_no_leaks([work / name / small for name in names for small in SMALL_TABLES], {})
        write_whole(work / ABOUT, canonical_json(_about(case)))
        write_whole(work / MANIFEST, key)
        replace_folder(work, out / LOGS)
    return _standing(out, received, names, key)


def _received(case: Case) -> list[_Received]:
    """Every log and register of a case; those that explain logs only where there are some."""
    listed = [_Received(kind=data.kind, files=data.files, data=data) for data in case.settings.data if data.kind != DataKind.SURVEY]
    if not listed:
        return []
    tables = {DataKind.ROSTER: case.settings.roster, DataKind.ROLLOUT: case.settings.rollout}
    listed += [_Received(kind=kind, files=(table.file,)) for kind, table in tables.items() if table is not None]
    kinds = {one.kind for one in listed}
    listed += [_Received(kind=kind, files=(file,)) for kind, file in STANDING.items() if kind not in kinds and _holds_rows(case.path(file))]
    return listed


def _holds_rows(path: Path) -> bool:
    """Whether a table has more than its headers: the scaffold leaves such files to be filled in."""
    return path.is_file() and sum(1 for line in path.read_bytes().splitlines() if line.strip(b" \t,\r\n\xef\xbb\xbf")) > 1


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
    files = {name: sha256_of(case.path(name)) for one in received for name in (*one.files, *((one.data.named_files) if one.data else ()))}
    settings = [{"kind": str(one.kind), "files": one.files, "data": one.data.model_dump(mode="json") if one.data else None} for one in received]
    fingerprint = "" if pseudonym_key is None else key_fingerprint(pseudonym_key)
    months = case.settings.analysis.months
    return canonical_json({"files": files, "settings": settings, "months": months, "about": _about(case), "key": fingerprint, "package": package_hash(), "versions": package_versions()})


def _clean_one(case: Case, one: _Received, folder: Path, pseudonym_key: bytes | None) -> None:
    data = one.data
    mapping = None if data is None or data.mapping is None else case.path(data.mapping) if isinstance(data.mapping, str) else data.mapping
    clean_events(
        [case.path(file) for file in one.files], one.kind, mapping=mapping, pseudonym_key=pseudonym_key, out=folder,
        rules=data.rules.stated if data is not None and isinstance(data.rules, LogRules) else None,
        settings=EventSettings(months=case.settings.analysis.months), sheet=None if data is None else data.sheet,
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
