"""From event logs and registers as received to typed, pseudonymous rows, every change and every row set aside on record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from commresearch.cleaning.event_batches import Piece, batch_of, is_large, pieces_of
from commresearch.cleaning.event_checks import check_table, months_of, note_empty_months
from commresearch.cleaning.event_contracts import EventContract, contract_of
from commresearch.cleaning.event_corrections import EventCorrections
from commresearch.cleaning.event_names import without_names
from commresearch.cleaning.event_reading import listed, read_tables, require_mapped
from commresearch.cleaning.event_record import EXAMPLES, Record
from commresearch.cleaning.event_repeats import drop_repeats
from commresearch.cleaning.event_rules import EventSettings, decided, known_values_only
from commresearch.cleaning.event_table import FINDING_COLUMNS, EventTable, EventWriter, write_event_table
from commresearch.cleaning.event_typing import typed_rows
from commresearch.cleaning.masking import mask_log
from commresearch.cleaning.pseudonyms import key_fingerprint
from commresearch.errors import CleaningError, Failure, SourceError
from commresearch.records import join_logs
from commresearch.sources.event_headers import MAPPING_COLUMNS
from commresearch.sources.raw_table import RawTable
from commresearch.terms import DataKind

HELD_ROWS = 2_000_000  #: rows held in memory at most where a folder is there to take them
READ = "read"


def clean_events(
    raw_or_paths: RawTable | str | Path | Iterable[str | Path], kind: DataKind | str, *, mapping: Mapping[str, str] | str | Path | None = None,
    pseudonym_key: bytes | None = None, out: str | Path | None = None, rules: Mapping[str, str] | None = None, settings: EventSettings | None = None,
    sheet: str | None = None, corrections: pd.DataFrame | None = None,
) -> EventTable:
    """Typed rows of an event log or register.

    Parameters
    ----------
    raw_or_paths
        What `read_events` gives, or files as it takes them. Large .csv and .parquet files are read batch by batch.
    kind
        Kind of log or register; its columns are those of `event_contracts.contract_of(kind)`.
    mapping, sheet
        As in `read_events`; not with a table that is read already.
    pseudonym_key
        Key of the pseudonyms (16 bytes at least). Without it persons cannot be told apart: their keys are missing.
    out
        Folder for the typed Parquet files; it is replaced as a whole, or not at all. Rows are held in memory without it.
    rules
        Kind of fault → what becomes of its rows (`event_rules.ACTIONS`); everything is refused unless decided.
    settings
        Hours of 全天, 上午, …, local spellings, years (`EventSettings`).
    corrections
        Lines of corrections.csv for these files (`event_corrections.lines_for`).

    Returns
    -------
    EventTable
        `account`: rows_read = rows_out + rows set aside by each rule, a row that names several weekdays or stretches of time counting once for each; `log`:
        a line for each of these rows, one per column and kind of interpretation; `findings`: what stands out, tables and months without rows among it.

    Raises
    ------
    CaseError, SourceError
        As `read_events`; a text that is not in its encoding (CR-S18, CR-S19). The faults of the rows that could be read stand behind.
    CleaningError
        Rules or values that there are not (CR-E08, CR-E22); rows that cannot be right and were not decided, one failure per kind and
        column with count and first examples (CR-E10 … CR-E19), and corrections that find nothing to correct (CR-D31 … CR-D35), all
        together; a column of codes that holds identifiers (CR-E09); a key too short.

    Notes
    -----
    Identifiers never leave: ID numbers, telephones and names become keyed pseudonyms (in this order), ages on the day of the event
    are derived, free text is not taken over, identifiers inside other texts are masked: all before anything is written.
    """
    contract = contract_of(kind)
    if isinstance(raw_or_paths, RawTable) and (mapping is not None or sheet is not None):
        raise SourceError(Failure(code="CR-E17", values={"kind": str(contract.kind)}))
    fingerprint = "" if pseudonym_key is None else key_fingerprint(pseudonym_key)
    job = _Job(
        contract=contract, key=pseudonym_key, record=Record(actions=decided(rules)), settings=known_values_only(settings or EventSettings(), contract),
        folder=None if out is None else Path(out), corrections=None if corrections is None else EventCorrections(lines=corrections),
    )
    if isinstance(raw_or_paths, RawTable):
        job.take(Piece.of_table(raw_or_paths, batch_of(raw_or_paths, contract)))
    else:
        _read_files(job, listed(raw_or_paths), mapping, sheet)
    return job.finish(fingerprint, rules or {})


@dataclass(slots=True, kw_only=True)
class _Job:
    """One table being cleaned, piece by piece."""

    contract: EventContract
    key: bytes | None
    settings: EventSettings
    record: Record
    folder: Path | None
    files: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    aside: dict[str, int] = field(default_factory=dict)
    read_logs: list[pd.DataFrame] = field(default_factory=list)
    mappings: list[pd.DataFrame] = field(default_factory=list)
    held: list[Any] = field(default_factory=list)
    months: set[str] = field(default_factory=set)
    writer: EventWriter | None = None
    per_person: bool = False
    corrections: EventCorrections | None = None

    def take(self, piece: Piece) -> None:
        """Type the rows of one piece and hold or write them."""
        for part in piece.batch.parts:
            self.files[part.sha256[:8]] = part.path.name
            self.hashes[part.path.name] = part.sha256
            if not part.n_rows:
                self.record.empty_table(part)
        self.read_logs += piece.logs
        for rule, rows in piece.aside.items():
            self.aside[rule] = self.aside.get(rule, 0) + rows
        if piece.mapping is not None:
            self.mappings.append(piece.mapping)
        self.per_person |= piece.batch.has("person_name") and not piece.batch.has("headcount")
        batch = piece.batch if self.corrections is None else self.corrections.applied(piece.batch, self.record)
        table = typed_rows(batch, self.contract, key=self.key, settings=self.settings, record=self.record, files=self.files)
        self.months |= months_of(table, self.contract)
        self.held.append(table)
        is_whole_needed = self.per_person or bool(self.contract.validity)  # rows are looked at together
        if self.folder is not None and not is_whole_needed and sum(t.num_rows for t in self.held) > HELD_ROWS:
            self._write_held()

    def _write_held(self) -> None:
        if self.folder is not None:
            self.writer = self.writer or EventWriter(self.folder, self.contract)
            for table in self.held:
                self.writer.write(table)
            self.held = []

    def finish(self, fingerprint: str, rules: Mapping[str, str]) -> EventTable:
        """Check the table as a whole, refuse it or hand it out."""
        try:
            return self._finished(fingerprint, rules)
        finally:
            self.discard()

    def discard(self) -> None:
        """Throw away what was written and not put in place."""
        if self.writer is not None:
            self.writer.discard()

    def unread(self, failures: Sequence[Failure]) -> SourceError:
        """What cannot be read, and the faults of the rows that could be: all of it can be put right at once.

        Corrections of rows that are not there are left out, as they may be meant for a file that was not read.
        """
        try:
            self._checked()
        finally:
            self.discard()
        return SourceError(*failures, *(self.corrections.failures if self.corrections is not None else ()), *self.record.refusals())

    def _checked(self) -> Any:
        """The table after a look at all rows together; None where they were written."""
        if self.writer is None:
            table = pa.concat_tables(self.held) if self.held else self.contract.arrow_schema.empty_table()
            return check_table(table, self.contract, record=self.record, files=self.files, per_person=self.per_person)
        self._write_held()
        if self.contract.id:
            drop_repeats(self.writer, self.contract, self.record, self.files)
        return None

    def _finished(self, fingerprint: str, rules: Mapping[str, str]) -> EventTable:
        table = self._checked()
        note_empty_months(self.months, self.settings.months, self.contract, self.record)
        if failures := [*(self.corrections.unmet() if self.corrections is not None else ()), *self.record.refusals()]:
            raise CleaningError(*failures)
        self.record.rows_out = table.num_rows if table is not None else self.writer.rows if self.writer is not None else 0
        made = EventTable(
            kind=self.contract.kind, contract=self.contract, log=self._log(), account=self._account(), findings=self._findings(),
            provenance=self._provenance(fingerprint, rules), table=table, known=self.record.known,
        )
        if self.writer is not None:
            return self.writer.finish(made)
        return made if self.folder is None else write_event_table(made, self.folder)

    def _log(self) -> pd.DataFrame:
        log = join_logs([*self.read_logs, self.record.log(", ".join(dict.fromkeys(self.files.values())))])
        return mask_log(log.assign(reason=""), self.record.known).drop(columns="reason") if self.record.known else log

    def _account(self) -> pd.DataFrame:
        set_aside = sum(self.aside.values())
        lines = [(READ, "rows_read", self.record.rows_read + set_aside), *((READ, rule, n) for rule, n in self.aside.items())]
        lines += [("events", rule, n) for rule, n in self.record.aside.items()]
        return pd.DataFrame([*lines, ("events", "rows_out", self.record.rows_out)], columns=["step", "rule", "rows"])

    def _findings(self) -> pd.DataFrame:
        kept = dict(self.record.findings)
        kept |= {key: fault for key, fault in self.record.faults.items() if key not in kept}
        lines = [(rule, found.rows, column, "; ".join(found.examples[:EXAMPLES])) for (rule, column), found in kept.items()]
        return pd.DataFrame(lines, columns=list(FINDING_COLUMNS))

    def _provenance(self, fingerprint: str, rules: Mapping[str, str]) -> dict[str, Any]:
        empty = pd.DataFrame(columns=list(MAPPING_COLUMNS))
        mapping = pd.concat(self.mappings, ignore_index=True).drop_duplicates() if self.mappings else empty
        words = {name: str(getattr(self.settings, name)) for name in ("full_day", "morning", "afternoon", "evening", "day_first", "year", "oldest", "months")}
        return {
            "kind": str(self.contract.kind), "files": dict(self.hashes), "mapping": mapping.to_dict("records"), "rules": dict(rules), "settings": words,
            "values": {column: dict(found) for column, found in self.settings.values.items()}, "key": fingerprint,
        }


def _read_files(job: _Job, files: Sequence[Path], mapping: Mapping[str, str] | str | Path | None, sheet: str | None) -> None:
    """Every file in turn; what cannot be read is reported together, with the faults of what can."""
    failures: list[Failure] = []
    seen: list[pd.DataFrame | None] = []
    if not files:
        read_tables(files, job.contract.kind, mapping=None, sheet=None)
    for path in files:
        try:
            if is_large(path):
                for piece in pieces_of(path, job.contract, mapping):
                    seen.append(piece.mapping)
                    job.take(piece.without_names())
            else:
                raw = read_tables([path], job.contract.kind, mapping=mapping, sheet=sheet)
                seen.append(raw.mapping)
                raw = without_names(raw, job.contract.kind)
                job.take(Piece.of_table(raw, batch_of(raw, job.contract)))
        except SourceError as error:
            failures += error.failures
        except BaseException:
            job.discard()
            raise
    try:
        require_mapped(seen, mapping, job.contract.kind)
    except SourceError as error:
        failures += [failure for failure in error.failures if not failures]
    if failures:
        raise job.unread(failures)
