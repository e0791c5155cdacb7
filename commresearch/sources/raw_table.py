"""What a received file holds, as text, with nothing repaired."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
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

    @property
    def row_ids(self) -> pd.Index:
        """The lasting name of each row: first eight digits of the file's hash, sheet, row number."""
        prefix = f"{self.sha256[:8]}:{self.sheet}:"
        return pd.Index([f"{prefix}{row}" for row in self.frame.index], name="row_id")
