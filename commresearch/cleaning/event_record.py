"""A batch of received rows on their way to typed ones, and the record of what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commresearch.cleaning.event_rules import ACTIONS, REFUSE
from commresearch.cleaning.masking import mask_text
from commresearch.cleaning.parsed import PLAIN
from commresearch.errors import Failure
from commresearch.records import join_logs, log_lines
from commresearch.sources.column_rules import masked
from commresearch.sources.raw_table import RawPart

STEP = "events"
EXAMPLES = 5  #: rows that a message or finding names
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
    """

    columns: Mapping[str, Any]
    parts: Sequence[RawPart]
    owners: NDArray[np.int32]
    rows: NDArray[np.int64]
    number_cells: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    negated: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    names: Sequence[str] = ()

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
        """Lasting names of some rows, or of all."""
        at = np.arange(self.n) if positions is None else positions
        return [self.parts[o].row_id(r) for o, r in zip(self.owners[at].tolist(), self.rows[at].tolist(), strict=True)]

    def all_row_ids(self) -> Any:
        """Lasting names of all rows as one text column."""
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


@dataclass(slots=True, kw_only=True)
class Record:
    """What cleaning changed, refused and set aside, over all batches of a table.

    actions
        what was decided for each kind of fault
    flagged
        rows of the batch at hand that have a fault
    judged
        columns of codes that were found to hold none of persons
    pseudonyms
        telephone number → pseudonym, kept in memory while a table is cleaned
    """

    actions: Mapping[str, str]
    rows_read: int = 0
    rows_out: int = 0
    changes: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    faults: dict[tuple[str, str], _Fault] = field(default_factory=dict)
    findings: dict[tuple[str, str], _Fault] = field(default_factory=dict)
    aside: dict[str, int] = field(default_factory=dict)
    flagged: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    judged: set[str] = field(default_factory=set)
    pseudonyms: dict[str, str] = field(default_factory=dict, repr=False)
    logs: list[pd.DataFrame] = field(default_factory=list)

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
        return self.actions[rule]

    def fault_at(self, rule: str, column: str, places: Sequence[str]) -> str:
        """Note rows of a whole table that cannot be right together, by their places, and say what was decided."""
        if places:
            found = self.faults.setdefault((rule, column), _Fault())
            found.rows += len(places)
            found.examples += list(places)[: EXAMPLES - len(found.examples)]
        return self.actions[rule]

    def finding(self, rule: str, column: str, rows: int, examples: Sequence[str] = ()) -> None:
        """Note what stands out and is kept."""
        if rows:
            found = self.findings.setdefault((rule, column), _Fault())
            found.rows += rows
            found.examples += list(examples)[: EXAMPLES - len(found.examples)]

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
        """One failure for every kind of fault that was not decided otherwise, with its count and first examples."""
        failures = []
        for (rule, column), found in self.faults.items():
            if self.actions[rule] == REFUSE:
                values = {
                    "rule": rule, "column": column, "count": found.rows, "examples": "; ".join(found.examples), "allowed": ", ".join(ACTIONS[rule][1:]),
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
    return Failure(code="CR-E16", values=values)


def _shown(text: str, names: Sequence[str] = ()) -> str:
    """A cell as log and messages quote it: shortened, identifiers masked, names of the same rows among them."""
    if not text:
        return ""
    return masked(str(mask_text(pd.Series([text], dtype="str"), names)[0].iloc[0]))
