"""Who is asked a question: conditions such as `q1 = 2 and q3 has 4`, written by people, evaluated on a clean table.

A condition is one part, or parts joined by `and`, or parts joined by `or`; the two are not mixed, so that nobody has to know
which binds closer. A part is a name, one of = != < <= > >= has `has not`, and a value; a number may also be held against
another variable (`tenure_years <= age`), a date against a day (`moved_in < 2020-01-01`) or another date.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

PART = re.compile(r"\s*(?P<name>[a-z][a-z0-9_]*)\s*(?P<operator>!=|<=|>=|=|<|>|has\s+not(?=\s)|has(?=\s))\s*(?P<value>[A-Za-z0-9._\-]+)\s*")
FULL_WIDTH = str.maketrans("＝＜＞！　", "=<>! ")
JOINS = re.compile(r"\s+(and|or)\s+")


class ConditionError(ValueError):
    """A condition that cannot be read; `part` is the piece at fault."""

    def __init__(self, part: str) -> None:
        self.part = part
        super().__init__(part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One comparison of a variable with a value."""

    name: str
    operator: str
    value: str

    @property
    def column(self) -> str:
        """Column of the clean table that it looks at."""
        return f"{self.name}__{self.value}" if self.operator.startswith("has") else self.name

    def __str__(self) -> str:
        return f"{self.name} {self.operator} {self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Comparisons that must all hold (`join` = "and") or of which one must (`join` = "or")."""

    parts: tuple[Comparison, ...]
    join: str

    def __str__(self) -> str:
        return f" {self.join} ".join(str(part) for part in self.parts)

    def holds(self, frame: pd.DataFrame, not_asked: Mapping[str, NDArray[np.bool_]] | None = None) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Where the condition is known to hold, and where it is known to fail; neither where an answer it needs is missing.

        `not_asked` marks, per column, rows in which a question was not put at all: what rests on its answer fails there.
        """
        results = [_compare(part, frame, not_asked or {}) for part in self.parts]
        yes, no = np.array([r[0] for r in results]), np.array([r[1] for r in results])
        every, some = np.logical_and.reduce, np.logical_or.reduce
        return (every(yes), some(no)) if self.join == "and" else (some(yes), every(no))


def read_condition(text: str) -> Condition:
    """Read a condition.

    Raises
    ------
    ConditionError
        A part is not `name operator value`, or `and` and `or` are mixed.
    """
    pieces = JOINS.split(text.translate(FULL_WIDTH).strip())
    joins = set(pieces[1::2])
    if len(joins) > 1:
        raise ConditionError(text)
    return Condition(parts=tuple(_read_part(piece) for piece in pieces[::2]), join=joins.pop() if joins else "and")


def _read_part(piece: str) -> Comparison:
    match = PART.fullmatch(piece)
    if match is None:
        raise ConditionError(piece)
    return Comparison(name=match["name"], operator=re.sub(r"\s+", " ", match["operator"]), value=match["value"])


def _compare(
    part: Comparison, frame: pd.DataFrame, not_asked: Mapping[str, NDArray[np.bool_]]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    if part.column not in frame.columns:  # an identifier that did not pass the privacy gate
        return np.zeros(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    column = frame[part.column]
    yes, no = _compare_answers(part, column, frame)
    return yes, no | (not_asked[part.column] & column.isna().to_numpy()) if part.column in not_asked else no


def _compare_answers(part: Comparison, column: pd.Series, frame: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    known = column.notna().to_numpy()
    if part.operator in {"has", "has not"}:
        chosen = column.fillna(0).to_numpy() == 1
        yes = chosen if part.operator == "has" else ~chosen
        return known & yes, known & ~yes
    is_scale = pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_dtype(column)
    if part.operator in {"=", "!="} and not is_scale:
        equal = _equal_to(column, part.value)
        yes = equal if part.operator == "=" else ~equal
        return known & yes, known & ~yes
    numbers, against = _sides(part, column, frame)
    known = known & ~np.isnan(numbers) & ~np.isnan(against)
    yes = _ORDERED[part.operator](numbers, against)
    return known & yes, known & ~yes


def _equal_to(column: pd.Series, value: str) -> NDArray[np.bool_]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        same = np.append(np.asarray(column.cat.categories.astype("str") == value, dtype=bool), False)
        return same[column.cat.codes.to_numpy()]  # code -1 is NA and the last entry
    return (column.astype("str") == value).to_numpy(dtype=bool, na_value=False)


def _sides(part: Comparison, column: pd.Series, frame: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What is compared, as numbers; with a day that is written out days are compared, whatever the hour."""
    if part.value in frame.columns:
        return _numbers(column), _numbers(frame[part.value])
    if pd.api.types.is_datetime64_dtype(column):
        day = pd.to_datetime(pd.Series([part.value]), format="%Y-%m-%d", errors="coerce")
        return _numbers(column.dt.normalize()), np.full(len(frame), _numbers(day)[0])
    return _numbers(column), np.full(len(frame), pd.to_numeric(part.value, errors="coerce"))


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    if pd.api.types.is_datetime64_dtype(column):
        return np.asarray((column - pd.Timestamp(0)).dt.total_seconds(), dtype=float)
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    return pd.to_numeric(column.astype("str"), errors="coerce").to_numpy(dtype=float, na_value=np.nan)


_ORDERED = {"=": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
