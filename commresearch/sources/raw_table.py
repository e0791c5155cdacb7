"""What a received file holds, as text, with nothing repaired."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.records import join_logs
from commresearch.terms import Export, Platform, VariableType


class CellType(IntEnum):
    """What a cell is in the file, before it became text."""

    EMPTY = 0
    TEXT = 1
    NUMBER = 2
    DATE = 3
    BOOLEAN = 4
    ERROR = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of a questionnaire and the columns its answers stand in.

    `parts` names what each column is for: a row of a matrix, an option of a multiple choice in a code export, a place of a
    ranking; it is empty for a question with one column.
    """

    number: int | None
    text: str
    columns: tuple[str, ...]
    parts: tuple[str, ...] = ()
    type: VariableType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPart:
    """One table of a register that is kept in several: its rows follow those of the part before it.

    fields
        field → (header, whether it asks the contrary), as the mapping has it
    given
        field → what the title of the table or the name of its sheet says, where no column does
    year
        the year that title, sheet or file name, for dates without one; None where they name none or several
    mark
        letters of its first column where another table stands before it in the same rows; else ""
    """

    path: Path
    sha256: str
    sheet: str
    n_rows: int
    encoding: str = ""
    fields: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    year: int | None = None
    mark: str = ""

    def row_id(self, row: object) -> str:
        """The lasting name of a row of this table, by the number that a spreadsheet shows."""
        return f"{self.sha256[:8]}:{self.sheet}:{row}{self.mark}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawTable:
    """One table of a received file.

    frame
        every cell as text ("" where the file has none); the index `row` is the row number a spreadsheet shows, the columns
        are the headers, made unique
    types
        `CellType` per cell, same shape; None where the file has text only
    meta, questions
        columns that describe the answer sheet itself, by their meaning in the platform ("submitted", "duration", "ip", …),
        and the questions in file order
    labels, missing
        value → label and user-missing values per column, where the file itself declares them (.sav)
    log
        rows and columns that were set aside on reading, in the columns of the cleaning log
    lost_digits
        headers of columns whose numbers had lost digits before the file was written; they are not in `frame`
    letters
        surveys on sheets: the letters of each header's column
    parts
        event logs and registers: the tables that the rows come from, in order; path, sha256 and sheet are those of the first
    mapping
        event logs and registers: file, sheet, header, field, how: what each header was taken for
    """

    frame: pd.DataFrame
    path: Path
    sha256: str
    sheet: str
    platform: Platform
    export: Export = Export.UNKNOWN
    encoding: str = ""
    types: NDArray[np.uint8] | None = None
    meta: Mapping[str, str] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    log: pd.DataFrame = field(default_factory=lambda: join_logs([]))
    n_rows_read: int = 0
    lost_digits: tuple[str, ...] = ()
    letters: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[RawPart, ...] = ()
    mapping: pd.DataFrame | None = None

    @property
    def row_ids(self) -> pd.Index:
        """The lasting name of each row: first eight digits of the file's hash, sheet, row number."""
        parts = self.parts or (RawPart(path=self.path, sha256=self.sha256, sheet=self.sheet, n_rows=len(self.frame)),)
        rows = iter(self.frame.index.tolist())
        forms = [(part.row_id("\0").split("\0"), part.n_rows) for part in parts]  # what stands before and behind the number is the same in all rows
        ids = [f"{before}{row}{behind}" for (before, behind), n in forms for row in islice(rows, n)]
        if len(ids) != len(self.frame):
            raise ValueError(f"{len(self.frame)} rows, but parts of {len(ids)}")
        return pd.Index(ids, name="row_id")
