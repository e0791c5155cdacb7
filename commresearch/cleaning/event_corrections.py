"""Corrections of single cells of logs and registers, from the same list as those of surveys: the expected old value must be found."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import ascii_uppercase

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from commresearch.cleaning.corrections import KIND, LASTING, LIST_NAME, REQUIRED, SHOWN_NAMES, expected, tidied
from commresearch.cleaning.event_names import PERSON_NAMES
from commresearch.cleaning.event_record import Batch, Record
from commresearch.cleaning.masking import mask_text
from commresearch.errors import Failure
from commresearch.records import log_lines, sha256_of, unguarded
from commresearch.terms import DataKind

STEP = "corrections"
#: fields of persons; the log does not say what was corrected in them
OF_PERSONS = (*PERSON_NAMES, "name", "national_id", "phone", "person_id", "birth_date", "caller_id", "caller_phone", "booker_id", "booker_phone")


def lines_for(
    corrections: pd.DataFrame, entries: Sequence[tuple[DataKind, Sequence[Path]]], *, has_surveys: bool = True
) -> tuple[list[pd.DataFrame], list[Failure]]:
    """The corrections that concern each log or register of a case, and those that concern none or perhaps several.

    Parameters
    ----------
    corrections
        As `load_corrections` gives it.
    entries
        Kind and files of each log or register.
    has_surveys
        Whether the case has surveys, for which lines of theirs are left; otherwise they concern nothing.

    Returns
    -------
    (list of DataFrame, list of Failure)
        One frame per entry; a failure (CR-D31, CR-D45) for every line of a kind of log that leads to none of its files, or to several.
    """
    of_logs = corrections[~corrections["kind"].isin([DataKind.SURVEY, ""])] if has_surveys else corrections
    hashes = [{path.name: sha256_of(path)[:8] for path in paths if path.is_file() and len(of_logs)} for _, paths in entries]
    taken: list[list[object]] = [[] for _ in entries]
    failures = []
    for row, line in of_logs.iterrows():
        lasting = pd.Series([line["row_id"]]).str.extract(LASTING)["hash"].iloc[0]
        files = [(i, name) for i, found in enumerate(hashes) if entries[i][0] == line["kind"] for name in found]
        meant = [(i, name) for i, name in files if line["file"] in {name.strip(), ""} and (pd.isna(lasting) or hashes[i][name] == lasting)]
        if len(meant) == 1:
            taken[meant[0][0]].append(row)
            continue
        place = {"file": LIST_NAME, "row": row, "variable": line["variable"], "row_id": line["row_id"]}
        if meant:
            failures.append(Failure(code="CR-D31", values={**place, "missing": "file"}))
        else:
            allowed = ", ".join(dict.fromkeys(name for _, name in files)) or "–"
            facts = {"kind": line["kind"] or KIND, "got": line["file"] or line["row_id"], "allowed": allowed}
            failures.append(Failure(code="CR-D45", values={**place, **facts}))
    return [corrections.loc[rows] for rows in taken], failures


@dataclass(slots=True, kw_only=True)
class EventCorrections:
    """The corrections of one log or register, as its rows come by, batch after batch.

    A line names its row by the `row_id` of the log, or by the number that a spreadsheet shows with file and sheet where there are
    several; its column by the header of the file or the name of the field.
    """

    lines: pd.DataFrame
    failures: list[Failure] = field(default_factory=list)
    seen: set[object] = field(default_factory=set)
    done: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.lines = tidied(self.lines)
        for row, line in self.lines.iterrows():
            if blank := [column for column in REQUIRED if not line[column]]:
                self.failures.append(Failure(code="CR-D31", values={**_place(row, line), "missing": ", ".join(blank)}))
                self.seen.add(row)

    def applied(self, batch: Batch, record: Record) -> Batch:
        """The batch with the corrections of its rows; what is wrong with one is kept for the end."""
        columns, cells = dict(batch.columns), {name: numbers.copy() for name, numbers in batch.number_cells.items()}
        for row, line in self.lines.iterrows():
            if row in self.seen or (position := self._position(row, line, batch)) is None:
                continue
            self.seen.add(row)
            name = self._field(row, line, batch)
            row_id = batch.row_ids(np.array([position]))[0]
            if name is None or not self._is_expected(row, line, batch, name, position, row_id):
                continue
            chosen = np.zeros(batch.n, bool)
            chosen[position] = True
            columns[name] = pc.if_else(pa.array(chosen), pa.scalar(unguarded(line["new"]), pa.large_string()), columns[name])
            if name in cells:
                cells[name][position] = False
            record.logs.append(_log_line(batch, position, row_id, name, line))
        return replace(batch, columns=columns, number_cells=cells) if self.done else batch

    def unmet(self) -> list[Failure]:
        """Everything that is wrong with a line, rows that are not there among it."""
        missing = [
            Failure(code="CR-D32", values=_place(row, line)) for row, line in self.lines.iterrows() if row not in self.seen
        ]
        return [*self.failures, *missing]

    def _position(self, row: object, line: pd.Series, batch: Batch) -> int | None:
        """The row of a batch that a line speaks of; a number that stands on several sheets is a fault."""
        lasting = ":" in line["row_id"]
        wanted = line["row_id"].rpartition(":")[2]
        number = wanted.rstrip(ascii_uppercase)
        if not number.isdecimal():
            return None
        rows = np.flatnonzero(batch.rows == int(number))
        parts = [batch.parts[owner] for owner in batch.owners[rows].tolist()]
        places = [
            place for place, part, row_id in zip(rows.tolist(), parts, batch.row_ids(rows), strict=True)
            if (row_id == line["row_id"] if lasting else f"{number}{part.mark}" == wanted)
            and line["file"] in {part.path.name.strip(), ""} and line["sheet"] in {part.sheet.strip(), ""}
        ]
        if len(places) > 1:
            self.seen.add(row)
            self.failures.append(Failure(code="CR-D31", values={**_place(row, line), "missing": "sheet"}))
            return None
        return places[0] if places else None

    def _field(self, row: object, line: pd.Series, batch: Batch) -> str | None:
        """The field that a line names by itself or by its header."""
        named = {name: name for name in batch.columns}
        named |= {header: name for part in batch.parts for name, (header, _) in part.fields.items()}
        if line["variable"] not in named:
            near = difflib.get_close_matches(line["variable"], named, n=SHOWN_NAMES, cutoff=0.3) or list(named)[:SHOWN_NAMES]
            self.failures.append(Failure(code="CR-D33", values={**_place(row, line), "allowed": ", ".join(near)}))
            return None
        return named[line["variable"]]

    def _is_expected(self, row: object, line: pd.Series, batch: Batch, name: str, position: int, row_id: str) -> bool:
        """Whether the cell still holds what the line expects, and was not corrected before."""
        got = batch.text(name)[position].as_py()
        if (row_id, name) in self.done:
            self.failures.append(Failure(code="CR-D35", values=_place(row, line)))
            return False
        self.done.add((row_id, name))
        if got not in expected(line):
            self.failures.append(Failure(code="CR-D34", values={**_place(row, line), "expect": line["expect"], "got": got}))
            return False
        return True


def _place(row: object, line: Mapping[str, object] | pd.Series) -> dict[str, object]:
    return {"file": LIST_NAME, "row": row, "row_id": line["row_id"], "variable": line["variable"]}


def _log_line(batch: Batch, position: int, row_id: str, name: str, line: pd.Series) -> pd.DataFrame:
    """A line of the log; identifiers in what was corrected are masked, those of persons' fields are not said at all."""
    part = batch.parts[int(batch.owners[position])]
    told = ["", ""] if name in OF_PERSONS else mask_text(pd.Series([unguarded(line["expect"]), unguarded(line["new"])], dtype="str"))[0].tolist()
    return log_lines(
        step=STEP, rule="correction", file=part.path.name, sheet=part.sheet, row_id=row_id, variable=name, old=told[0], new=told[1],
    )
