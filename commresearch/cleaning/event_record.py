"""A batch of received rows on their way to typed ones, and the record of what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commresearch.cleaning.event_rules import ACTIONS, CLEAR, LONGEST_NIGHT, REFUSE
from commresearch.cleaning.masking import SeenTexts, mask_text
from commresearch.cleaning.parsed import PLAIN
from commresearch.errors import Failure
from commresearch.records import join_logs, log_lines
from commresearch.sources.column_rules import masked
from commresearch.sources.raw_table import RawPart

STEP = "events"
EXAMPLES = 5  #: rows that a message or finding names
#: kind of fault → rule of the log for cells that were cleared by decision
CLEARED = {"unknown_code": "unknown_code_cleared", "unreadable": "unreadable_cleared", "impossible_age": "impossible_age_cleared"}
NOTHING = pa.scalar("", pa.large_string())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Rows of one or several tables, column by column.

    columns
        field → text per row (`pyarrow` large_string, one piece), "" where the cell is empty
    number_cells
        field → where the file has a number, for cells that a spreadsheet has shortened; empty for text files
    negated
        fields whose header asks the contrary, per row
    parts, owners
        the tables, and for each row the position of its own
    rows
        row number that a spreadsheet shows
    names
        names of persons that stand in its columns of names, to be masked in its texts
    lost
        field → rows whose number had lost digits before the file was written; these cells are blank
    marks
        what stands behind the ids of rows that one received row was made into (a `pyarrow` column); None where there are none
    """

    columns: Mapping[str, Any]
    parts: Sequence[RawPart]
    owners: NDArray[np.int32]
    rows: NDArray[np.int64]
    number_cells: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    negated: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    names: Sequence[str] = ()
    lost: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    marks: Any = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def has(self, *fields: str) -> bool:
        """Whether any of the fields is there."""
        return any(name in self.columns for name in fields)

    def text(self, name: str) -> Any:
        """A field, blank where it is not there."""
        return self.columns[name] if name in self.columns else pa.repeat(NOTHING, self.n)

    def row_ids(self, positions: NDArray[np.int64] | None = None) -> list[str]:
        """Lasting names of some rows as received, or of all."""
        at = np.arange(self.n) if positions is None else positions
        return [self.parts[o].row_id(r) for o, r in zip(self.owners[at].tolist(), self.rows[at].tolist(), strict=True)]

    def all_row_ids(self) -> Any:
        """Lasting names of all rows as one text column."""
        ids = self._received_ids()
        return ids if self.marks is None else pc.binary_join_element_wise(ids, self.marks, "")

    def _received_ids(self) -> Any:
        if len(self.parts) == 1 and not self.parts[0].mark:
            numbers = pa.array(self.rows).cast(pa.string())
            return pc.binary_join_element_wise(pa.scalar(self.parts[0].row_id("")), numbers, "")
        return pa.array(self.row_ids(), pa.string())

    def places(self, positions: NDArray[np.int64]) -> list[str]:
        """File, sheet and row of some rows, for messages."""
        found = []
        for o, row in zip(self.owners[positions].tolist(), self.rows[positions].tolist(), strict=True):
            part = self.parts[o]
            found.append(f"{part.path.name}{f' › {part.sheet}' if part.sheet else ''} [{row}{part.mark}]")
        return found


@dataclass(slots=True, kw_only=True)
class _Fault:
    rows: int = 0
    examples: list[str] = field(default_factory=list)
    unfit: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Record:
    """What cleaning changed, refused and set aside, over all batches of a table.

    actions
        what was decided for each kind of fault
    flagged
        rows of the batch at hand that have a fault
    judged
        columns of codes, each with its files, that were found to hold none of persons
    withheld
        columns of the batch at hand that were found to hold identifiers in place of codes, and were left out
    pseudonyms
        telephone number → pseudonym, kept in memory while a table is cleaned
    seen
        texts that were searched for identifiers, kept in memory likewise
    headers, required
        column → header that it was read from, for messages; columns without which a row goes
    known
        identifier → class, as they came in, for the search of what is written; never written themselves
    identified
        file and column of codes → identifier that it holds
    """

    actions: Mapping[str, str]
    rows_read: int = 0
    rows_out: int = 0
    changes: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    faults: dict[tuple[str, str], _Fault] = field(default_factory=dict)
    findings: dict[tuple[str, str], _Fault] = field(default_factory=dict)
    aside: dict[str, int] = field(default_factory=dict)
    flagged: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    judged: set[tuple[str, ...]] = field(default_factory=set)
    withheld: set[str] = field(default_factory=set)
    pseudonyms: dict[str, str] = field(default_factory=dict, repr=False)
    seen: SeenTexts = field(default_factory=SeenTexts, repr=False)
    headers: dict[str, str] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    known: dict[str, str] = field(default_factory=dict, repr=False)
    logs: list[pd.DataFrame] = field(default_factory=list)
    identified: dict[tuple[str, str], str] = field(default_factory=dict)

    def changed(self, column: str, rule: str, count: int, old: str = "", new: str = "") -> None:
        """Count cells of a column that were interpreted by a rule; the first of them is shown."""
        if count and rule != PLAIN:
            self.changes.setdefault((column, rule), [0, _shown(old), _shown(new)])[0] += count

    def fault(self, rule: str, column: str, batch: Batch, rows: NDArray[np.bool_], shown: Sequence[str] | None = None) -> str:
        """Note rows that cannot be right, and say what was decided for them.

        Parameters
        ----------
        shown
            For each of the rows what its cell says; examples show it.
        """
        positions = np.flatnonzero(rows)
        if len(positions):
            examples = self._examples(batch, positions, shown)
            found = self.faults.setdefault((rule, column), _Fault())
            found.rows += len(positions)
            found.examples += examples[: EXAMPLES - len(found.examples)]
            self.flagged = self.flagged | rows if len(self.flagged) == batch.n else rows.copy()
            if self.actions[rule] == CLEAR and rule in CLEARED and column not in self.required:
                self._log_rows(CLEARED[rule], column, batch, positions)
        return self.actions[rule]

    def _log_rows(self, rule: str, column: str, batch: Batch, positions: NDArray[np.int64]) -> None:
        """A line for each of some cells; what stood in them is not quoted."""
        parts = [batch.parts[o] for o in batch.owners[positions].tolist()]
        self.logs.append(log_lines(
            step=STEP, rule=rule, file=[p.path.name for p in parts], sheet=[p.sheet for p in parts], row_id=batch.row_ids(positions), variable=column,
        ))

    def holds_identifiers(self, column: str, field: str, each: Mapping[int, str], batch: Batch) -> None:
        """Note a column of codes that holds identifiers in some parts (`each`, by their number): it is left out, and refused with all other faults."""
        self.withheld.add(column)
        for owner, identifier in each.items():
            part = batch.parts[owner]
            if identifier and field in part.fields:
                self.identified[part.path.name, f"{part.fields[field][0]} ({column})"] = identifier

    def told_of(self, rule: str, column: str, batch: Batch, rows: NDArray[np.bool_]) -> None:
        """Cells that say nothing that can be used: a finding with the first places, and a line in the log for each."""
        if rows.any():
            positions = np.flatnonzero(rows)
            self.finding(rule, column, len(positions), self._examples(batch, positions, None))
            self._log_rows(rule, column, batch, positions)

    def shown_column(self, column: str) -> str:
        """A column for messages: the header of the file first, then its name."""
        header = self.headers.get(column, "")
        return f"{header} ({column})" if header and header != column else column

    def fault_at(self, rule: str, column: str, places: Sequence[str], *, unfit: tuple[str, ...] = ()) -> str:
        """Note rows of a whole table that cannot be right together, by their places, and say what was decided; `unfit` actions lead nowhere and are refused."""
        if places:
            found = self.faults.setdefault((rule, column), _Fault())
            found.rows += len(places)
            found.examples += list(places)[: EXAMPLES - len(found.examples)]
            found.unfit = unfit
        return REFUSE if self.actions[rule] in unfit else self.actions[rule]

    def finding(self, rule: str, column: str, rows: int, examples: Sequence[str] = ()) -> None:
        """Note what stands out and is kept."""
        if rows:
            found = self.findings.setdefault((rule, column), _Fault())
            found.rows += rows
            found.examples += list(examples)[: EXAMPLES - len(found.examples)]

    def empty_table(self, part: RawPart) -> None:
        """Note a table that has headers and no row: a form that nobody filled in, or a file that was sent by mistake."""
        self.finding("table_without_rows", "", 1, [f"{part.path.name}{f' › {part.sheet}' if part.sheet else ''}"])
        self.logs.append(log_lines(step=STEP, rule="table_without_rows", file=part.path.name, sheet=part.sheet))

    @staticmethod
    def _examples(batch: Batch, positions: NDArray[np.int64], shown: Sequence[str] | None) -> list[str]:
        first = positions[:EXAMPLES]
        texts = list(shown[:EXAMPLES]) if shown is not None else [""] * len(first)
        return [f"{place} {_shown(text, batch.names)}".strip() for place, text in zip(batch.places(first), texts, strict=True)]

    def drop(self, rule: str, row_ids: Sequence[str], files: Mapping[str, str], old: Sequence[str] | str = "") -> None:
        """Log rows that are set aside, one line each; `files` gives the name of a file by the first part of a row id."""
        if len(row_ids):
            self.aside[rule] = self.aside.get(rule, 0) + len(row_ids)
            places = [row_id.split(":", 1) for row_id in row_ids]
            names, sheets = [files.get(first, "") for first, _ in places], [rest.rpartition(":")[0] for _, rest in places]
            self.logs.append(log_lines(step=STEP, rule=rule, file=names, sheet=sheets, row_id=list(row_ids), old=old))

    def refusals(self) -> list[Failure]:
        """One failure for every column of identifiers, and every kind of fault that was not decided otherwise, with its count and first examples."""
        failures = [
            Failure(code="CR-E09", values={"file": file, "column": column, "identifier": identifier}) for (file, column), identifier in self.identified.items()
        ]
        for (rule, column), found in self.faults.items():
            if self.actions[rule] in (REFUSE, *found.unfit):
                allowed = ", ".join(action for action in ACTIONS[rule][1:] if action not in found.unfit)
                values = {
                    "rule": rule, "column": self.shown_column(column), "count": found.rows, "examples": "; ".join(found.examples), "allowed": allowed,
                    "unfit": ", ".join(found.unfit),
                }
                failures.append(_failure(rule, values))
        return failures

    def log(self, file: str) -> pd.DataFrame:
        """The log: interpretations by column and rule, then rows set aside."""
        lines = [
            log_lines(step=STEP, rule=rule, file=file, variable=column, old=old, new=new, count=count)
            for (column, rule), (count, old, new) in self.changes.items()
        ]
        return join_logs([*lines, *self.logs])


def _failure(rule: str, values: Mapping[str, object]) -> Failure:
    if rule == "end_before_start":
        return Failure(code="CR-E10", values=values)
    if rule == "long_overnight":
        return Failure(code="CR-E23", values={**values, "hours": LONGEST_NIGHT})
    if rule == "overlapping_validity":
        return Failure(code="CR-E11", values=values)
    if rule == "unknown_code":
        return Failure(code="CR-E12", values=values)
    if rule == "impossible_age":
        return Failure(code="CR-E13", values=values)
    if rule == "duplicate_id":
        return Failure(code="CR-E14", values=values)
    if rule == "unreadable":
        return Failure(code="CR-E15", values=values)
    if rule == "lost_digits":
        return Failure(code="CR-E18", values=values)
    if rule == "blank_room_class":
        return Failure(code="CR-E19", values=values)
    return Failure(code="CR-E16", values=values)


def _shown(text: str, names: Sequence[str] = ()) -> str:
    """A cell as log and messages quote it: shortened, identifiers masked, names of the same rows among them."""
    if not text:
        return ""
    return masked(str(mask_text(pd.Series([text], dtype="str"), names)[0].iloc[0]))
