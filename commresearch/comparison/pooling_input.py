"""Effects to be pooled, as a table gives them: every fault of every row, or arrays."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from commresearch.errors import EstimationError, Failure
from commresearch.outcomes import OutcomeDefinition
from commresearch.terms import Grade, Inference, Unit

TEXTS = ("case_id", "outcome", "definition", "unit", "grade")
COLUMNS = (*TEXTS, "estimate", "std_error")
LEAST_GRADE = Grade.E3  #: of an effect that may be pooled: a comparison group, with the checks of its design passed
SHOWN = 30  #: column names that a message lists
SMALLEST, LARGEST = 1e-50, 1e50  #: sizes whose squares, and quotients of squares, are still numbers
MOST_UNLIKE = 1e6  #: largest standard error over the smallest: from there on one effect is all that counts, to the last digit
SINGULAR = 1e-9  #: smallest singular value of standardised moderators, over the largest, that counts as independent


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effects:
    """Checked effects, one entry per row of the table.

    case_id, outcome, definition : tuple of str
        Definitions that are objects or JSON stand as JSON with sorted keys, so that equal ones are equal.
    unit, grade : tuple
    estimate, std_error : float array (N,)
        std_error is NaN where an effect under E3 has none, or one whose interval does not come from one.
    eligible : bool array (N,)
        Grade E3 or higher, with a standard error.
    moderators : float array (N, M)
        NaN allowed where not eligible.
    names : tuple of str
        Of the moderators.
    """

    case_id: tuple[str, ...]
    outcome: tuple[str, ...]
    definition: tuple[str, ...]
    unit: tuple[Unit, ...]
    grade: tuple[Grade, ...]
    estimate: np.ndarray
    std_error: np.ndarray
    eligible: np.ndarray
    moderators: np.ndarray
    names: tuple[str, ...]


def read_effects(frame: pd.DataFrame, moderators: Sequence[str]) -> Effects:
    """A table of effects, checked.

    Parameters
    ----------
    frame : DataFrame
        case_id, outcome, definition, unit, grade, estimate, std_error, and the moderators. Where a column `inference` says where an interval comes from,
        the standard error may be blank: permutations have none.
    moderators : sequence of str
        Names of numeric columns.

    Returns
    -------
    Effects
        Nothing is converted, filled in or left out.

    Raises
    ------
    EstimationError
        All that is wrong: no rows (CR-M10), columns that are missing or there twice (CR-M11, CR-M12), blank cells (CR-M13), words that are none of the
        vocabulary (CR-M14), numbers that are none (CR-M15), standard errors that are not above zero (CR-M16), a case twice (CR-M17), moderators that
        are named twice, are a column with another meaning (CR-M18), do not vary or follow from one another (CR-M19); something else than a table (CR-M21),
        numbers beyond what can be squared (CR-M22), standard errors a million times each other (CR-M23).
    """
    reader = _Reader(frame)
    reader.require(moderators)
    texts = {name: reader.texts(name) for name in TEXTS}
    unit = reader.members("unit", texts["unit"], Unit)
    grade = reader.members("grade", texts["grade"], Grade)
    eligible = np.array([g is None or g >= LEAST_GRADE for g in grade]) & ~reader.without_error()
    estimate = reader.numbers("estimate", np.ones(len(frame), dtype=bool))
    std_error = reader.numbers("std_error", eligible)
    reader.above_zero("std_error", std_error)
    reader.within_reach({"estimate": estimate, "std_error": std_error}, eligible)
    reader.once(texts, eligible)
    values = [reader.numbers(name, eligible) for name in moderators]
    reader.varied(moderators, values, eligible)
    reader.check()
    return Effects(
        case_id=tuple(texts["case_id"]), outcome=tuple(texts["outcome"]), definition=tuple(texts["definition"]), unit=tuple(u for u in unit if u is not None),
        grade=tuple(g for g in grade if g is not None), estimate=estimate, std_error=std_error, eligible=eligible,
        moderators=np.column_stack(values) if values else np.empty((len(frame), 0)), names=tuple(moderators),
    )


class _Reader:
    """Reads one table; what is wrong stands in `failures`. Rows are counted from 1, the header is none."""

    def __init__(self, frame: object) -> None:
        if not isinstance(frame, pd.DataFrame):
            raise EstimationError(Failure(code="CR-M21", values={"got": type(frame).__name__}))
        self.frame = frame
        self.failures: list[Failure] = []

    def check(self) -> None:
        if self.failures:
            raise EstimationError(*self.failures)

    def require(self, moderators: Sequence[str]) -> None:
        """Nothing can be said of cells before there are rows and columns."""
        if not len(self.frame):
            self.failures.append(Failure(code="CR-M10", values={}))
        names = list(self.frame.columns)
        known = ", ".join(map(str, names[:SHOWN]))
        for name in (*COLUMNS, *dict.fromkeys(moderators)):
            if name not in names:
                self.failures.append(Failure(code="CR-M11", values={"name": name, "known": known, "needed": ", ".join(COLUMNS)}))
            elif names.count(name) > 1:
                self.failures.append(Failure(code="CR-M12", values={"name": name, "count": names.count(name)}))
        for name in dict.fromkeys(m for m in moderators if m in COLUMNS or list(moderators).count(m) > 1):
            self.failures.append(Failure(code="CR-M18", values={"name": name, "reserved": ", ".join(COLUMNS)}))
        self.check()

    def without_error(self) -> np.ndarray:
        """Effects that have no standard error and say what their interval comes from instead."""
        if "inference" not in self.frame:
            return np.zeros(len(self.frame), dtype=bool)
        told = self.frame["inference"].isin([str(kind) for kind in Inference])
        return (told & self.frame["std_error"].isna()).to_numpy(dtype=bool)

    def texts(self, column: str) -> list[str]:
        """Cells of a column that names something; a number is a name, too."""
        found = []
        for row, cell in enumerate(self.frame[column].tolist(), start=1):
            text = _text(cell)
            if not text:
                self.failures.append(Failure(code="CR-M13", values={"row": row, "column": column}))
            found.append(text)
        return found

    def members(self, column: str, texts: Sequence[str], vocabulary: type[Unit] | type[Grade]) -> list[Any]:
        """Words as members of a vocabulary; None for what is none."""
        known = {str(member.value): member for member in vocabulary}
        for row, text in enumerate(texts, start=1):
            if text and text not in known:
                self.failures.append(Failure(code="CR-M14", values={"row": row, "column": column, "got": text, "allowed": ", ".join(known)}))
        return [known.get(text) for text in texts]

    def numbers(self, column: str, needed: np.ndarray) -> np.ndarray:
        """Cells as floats; a fault where one is no finite number, unless it is blank and not needed."""
        cells = self.frame[column]
        if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_complex_dtype(cells) and not (column in COLUMNS and pd.api.types.is_bool_dtype(cells)):
            values = cells.to_numpy(dtype=float, na_value=np.nan)
        else:
            values = np.array([_number(cell) for cell in cells.tolist()])
        if np.isfinite(values).all():
            return values
        for i in np.flatnonzero(~np.isfinite(values)):
            cell = cells.iloc[i]
            if needed[i] or not _blank(cell):
                self.failures.append(Failure(code="CR-M15", values={"row": int(i) + 1, "column": column, "got": "" if _blank(cell) else str(cell)}))
        return values

    def above_zero(self, column: str, values: np.ndarray) -> None:
        """Standard errors are; also those of effects that will not be pooled."""
        for i in np.flatnonzero(np.isfinite(values) & (values <= 0)):
            self.failures.append(Failure(code="CR-M16", values={"row": int(i) + 1, "column": column, "got": f"{values[i]:g}"}))

    def within_reach(self, values: Mapping[str, np.ndarray], eligible: np.ndarray) -> None:
        """Sizes that can be squared and divided by: what lies outside is a slip of units, or no number at all."""
        for name, column in values.items():
            sizes = np.abs(column)
            for i in np.flatnonzero(eligible & np.isfinite(sizes) & ((sizes > LARGEST) | ((sizes < SMALLEST) & (sizes > 0)))):
                self.failures.append(Failure(code="CR-M22", values={"row": int(i) + 1, "column": name, "got": f"{column[i]:g}", "low": f"{SMALLEST:g}", "high": f"{LARGEST:g}"}))
        errors = values["std_error"][eligible & (values["std_error"] >= SMALLEST) & (values["std_error"] <= LARGEST)]
        if len(errors) and errors.max() > MOST_UNLIKE * errors.min():
            self.failures.append(Failure(code="CR-M23", values={"low": f"{errors.min():g}", "high": f"{errors.max():g}", "most": f"{MOST_UNLIKE:,.0f}"}))

    def once(self, texts: Mapping[str, Sequence[str]], eligible: np.ndarray) -> None:
        """A case has one effect per outcome and definition; a published figure may stand beside the estimate."""
        first: dict[tuple[object, ...], int] = {}
        for row, key in enumerate(zip(texts["case_id"], texts["outcome"], texts["definition"], eligible.tolist(), strict=True), start=1):
            if all(key[:3]) and first.setdefault(key, row) != row:
                self.failures.append(Failure(code="CR-M17", values={"row": row, "got": key[0], "first": first[key]}))

    def varied(self, names: Sequence[str], values: Sequence[np.ndarray], eligible: np.ndarray) -> None:
        """Moderators vary among the effects that may be pooled, and none follows from the others."""
        used = [v[eligible] for v in values]
        if not used or not eligible.any() or not all(np.isfinite(v).all() for v in used):
            return
        constant = [name for name, v in zip(names, used, strict=True) if np.ptp(v) <= SINGULAR * np.abs(v).max(initial=0.0)]
        if constant:
            self.failures.append(Failure(code="CR-M19", values={"names": ", ".join(constant), "count": int(eligible.sum())}))
            return
        standard = np.column_stack([(v - v.mean()) / v.std() for v in used])
        sizes = np.linalg.svd(standard, compute_uv=False)
        if len(sizes) < len(names) or sizes[-1] <= SINGULAR * sizes[0]:
            self.failures.append(Failure(code="CR-M19", values={"names": ", ".join(names), "count": int(eligible.sum())}))


def _blank(cell: object) -> bool:
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell)) or (isinstance(cell, str) and not cell.strip())


def _number(cell: object) -> float:
    """A number as a float; NaN for what is none, yes and no among it."""
    return math.nan if isinstance(cell, bool) or not isinstance(cell, Real) else float(cell)


def _text(cell: object) -> str:
    """A name as text; empty where there is none."""
    if isinstance(cell, OutcomeDefinition):
        cell = cell.to_dict()
    if isinstance(cell, Mapping):
        return json.dumps(cell, ensure_ascii=False, sort_keys=True)
    if _blank(cell):
        return ""
    text = str(cell).strip()
    if text.startswith("{"):
        try:
            return json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True)
        except json.JSONDecodeError:
            return text
    return text
