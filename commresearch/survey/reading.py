"""Columns of a frame as an estimator needs them; every fault is kept, so that all are reported at once."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.errors import EstimationError, Failure

FloatArray: TypeAlias = NDArray[np.float64]
CodeArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]

SHOWN_ROWS = 5
DENSE = 4  #: whole numbers are looked up in a table as long as it has at most so many entries per row
BLOCK = 2**15  #: rows worked on at once
LARGEST = 2**63 - 1
NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "boolean", "decimal", "empty"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Rows in groups: a code per row (-1 = in none) and what the codes stand for, one row of `labels` per group.

    `occurring`: every group is known to have a row.
    """

    codes: CodeArray
    labels: pd.DataFrame
    occurring: bool = False

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(self.labels)


class ColumnReader:
    """Reads columns of one frame; what is wrong with them stands in `failures` until `check` raises it."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.failures: list[Failure] = []
        if frame.empty:
            self.fail(code="CR-W50")

    def fail(self, *, code: str, **values: object) -> None:
        """Keep one fault."""
        self.failures.append(Failure(code=code, values=values))

    def check(self) -> None:
        """Raise everything found so far.

        Raises
        ------
        EstimationError
            Anything was found.
        """
        if self.failures:
            raise EstimationError(*self.failures)

    def column(self, column: object, argument: str) -> pd.Series | None:
        """A column by its name, or values given in its place; None (and a failure) where there is no such column."""
        if isinstance(column, pd.Series):
            return self._given(column, argument)
        if isinstance(column, np.ndarray):
            return self._given(pd.Series(column, index=self.frame.index if len(column) == len(self.frame) else None), argument)
        if not isinstance(column, Hashable) or column not in self.frame.columns:
            known = ", ".join(map(str, self.frame.columns[:20])) + (" …" if len(self.frame.columns) > 20 else "")
            self.fail(code="CR-W51", argument=argument, column=column, known=known)
            return None
        if not self.frame.columns.is_unique and (count := int((self.frame.columns == column).sum())) > 1:
            self.fail(code="CR-W52", argument=argument, column=column, count=count)
            return None
        return self.frame[column]

    def _given(self, values: pd.Series, argument: str) -> pd.Series | None:
        if len(values) != len(self.frame):
            self.fail(code="CR-W53", argument=argument, got=len(values), expected=len(self.frame))
            return None
        if not values.index.equals(self.frame.index):
            self.fail(code="CR-W54", argument=argument)
            return None
        return values if values.name is not None else values.rename(argument)

    def numbers(self, column: object, argument: str) -> FloatArray | None:
        """A numeric column as floats, NaN where missing; a failure where it holds anything but finite numbers."""
        series = self.column(column, argument)
        if series is None:
            return None
        if not is_numeric(series):
            wrong = series.notna().to_numpy() & np.array([not isinstance(value, Real) for value in series])
            self.fail(code="CR-W55", argument=argument, column=series.name, got=series[wrong].iloc[0], **self.rows(wrong))
            return None
        values = series.to_numpy(dtype=float, na_value=np.nan)
        if np.isinf(values).any():
            self.fail(code="CR-W56", argument=argument, column=series.name, **self.rows(np.isinf(values)))
            return None
        return values

    def complete(self, column: object, argument: str) -> pd.Series | None:
        """A column without gaps: strata, clusters and the like decide where a row stands in the design."""
        series = self.column(column, argument)
        if series is not None and not cannot_miss(series) and (missing := series.isna().to_numpy()).any():
            self.fail(code="CR-W57", argument=argument, column=series.name, **self.rows(missing))
            return None
        return series

    def categories(self, column: object, argument: str) -> Groups | None:
        """Rows by the category of one column: all categories of a categorical or boolean, else those that occur, in order."""
        series = self.column(column, argument)
        if series is None:
            return None
        name = series.name
        if isinstance(series.dtype, pd.CategoricalDtype):
            return Groups(codes=np.asarray(series.cat.codes, dtype=np.int64), labels=pd.DataFrame({name: series.cat.categories}))
        if pd.api.types.is_bool_dtype(series.dtype):
            flags = series.astype("Int8").to_numpy(dtype=np.int64, na_value=-1)
            return Groups(codes=np.asarray(flags, dtype=np.int64), labels=pd.DataFrame({name: [False, True]}))
        codes, values = _factorize(series)
        return Groups(codes=codes, labels=pd.DataFrame({name: _plain(values)}), occurring=True)

    def rows(self, wrong: BoolArray) -> dict[str, object]:
        """What a message says of wrong rows: how many there are and the first of them, by the index of the frame."""
        return {"count": int(wrong.sum()), "rows": shorten(self.frame.index[wrong])}


def name_of(column: object, argument: str) -> object:
    """What a column is called that may be given by its values: then by their name, or else by the argument."""
    if isinstance(column, pd.Series):
        return argument if column.name is None else column.name
    return argument if not isinstance(column, Hashable) else column


def stage_columns(columns: object) -> tuple[object, ...]:
    """One column per stage, from a single column, several, or none."""
    if columns is None:
        return ()
    return tuple(columns) if isinstance(columns, list | tuple) else (columns,)


def is_numeric(series: pd.Series) -> bool:
    """Whether a column holds numbers (or nothing at all); text that looks like numbers does not count."""
    if series.dtype == np.float64:  # nearly always: the checks below take longer than the sums of a small sample
        return True
    if pd.api.types.is_object_dtype(series.dtype) or isinstance(series.dtype, pd.CategoricalDtype):
        return pd.api.types.infer_dtype(series, skipna=True) in NUMBERS
    numeric = pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_complex_dtype(series.dtype)
    return numeric or not series.notna().any()


def shorten(labels: Sequence[object] | pd.Index | NDArray[Any]) -> str:
    """The first few of many labels."""
    return ", ".join(str(label) for label in labels[:SHOWN_ROWS]) + (" …" if len(labels) > SHOWN_ROWS else "")


def combine(groups: Sequence[Groups]) -> Groups:
    """The combinations of several groupings that occur, in order; a row that is in none of one is in none of all."""
    if len(groups) == 1 and groups[0].occurring:
        return groups[0]
    code = np.zeros(len(groups[0].codes), dtype=np.int64)
    inside = np.ones(len(code), dtype=bool)
    for group in groups:
        code = code * group.count + group.codes
        inside &= group.codes >= 0
    found, inverse = np.unique(code[inside], return_inverse=True)
    code[inside], code[~inside] = inverse, -1
    labels = []
    for group in reversed(groups):
        found, remainder = np.divmod(found, group.count)
        labels.append(group.labels.iloc[remainder].reset_index(drop=True))
    return Groups(codes=code, labels=pd.concat(labels[::-1], axis=1))


def keys_of(series: pd.Series) -> tuple[CodeArray, pd.Index]:
    """A key 0, 1, … per row, -1 where missing, and the values that keys stand for: those that occur, or a whole range of numbers.

    The keys may be the column itself and are only to be read.
    """
    if cannot_miss(series) and len(series):
        numbers = series.to_numpy()
        low, high = int(numbers.min()), int(numbers.max())
        low = 0 if low >= 0 and high < DENSE * len(numbers) else low  # then the numbers are keys as they stand
        if high - low < DENSE * len(numbers) and high <= LARGEST:
            keys = numbers.astype(np.int64, copy=False)
            return keys - low if low else keys, pd.RangeIndex(low, high + 1)
    codes, values = pd.factorize(series)
    return codes.astype(np.int64, copy=False), pd.Index(values)


def present_codes(keys: CodeArray, size: int) -> tuple[CodeArray, CodeArray]:
    """Codes 0, 1, … of the keys that occur of `size` possible ones, and these keys; looked up in a table unless it would be mostly empty."""
    if size > DENSE * len(keys):
        codes, found = pd.factorize(keys)
        return codes.astype(np.int64, copy=False), found
    times = np.zeros(size, dtype=np.int64)
    for rows in blocks(len(keys), size):  # numpy counts in a copy of what may not be written to, as columns of a frame
        times += np.bincount(keys[rows], minlength=size)
    found = np.flatnonzero(times)
    return (keys if len(found) == size else places(found, size)[keys]), found


def places(found: CodeArray, size: int) -> CodeArray:
    """(size,) where each key stands in `found`; anything for one that does not."""
    place = np.empty(size, dtype=np.int64)
    place[found] = np.arange(len(found))
    return place


def blocks(rows: int, size: int = 0) -> Iterator[slice]:
    """The rows in parts, none so small that adding up tables of `size` entries would cost more than the rows.

    Intermediate results of a part never ask the system for memory anew, which would cost more than the arithmetic.
    """
    step = max(BLOCK, 4 * size)
    return (slice(start, start + step) for start in range(0, rows, step))


def cannot_miss(series: pd.Series) -> bool:
    """Whether a column holds whole numbers of a kind that has no mark for a missing one."""
    return isinstance(series.dtype, np.dtype) and series.dtype.kind in "iu"


def _factorize(series: pd.Series) -> tuple[CodeArray, pd.Index]:
    """Codes in the order of the values; values that have no common order stand in the order of their texts."""
    codes, index = keys_of(series)
    if isinstance(index, pd.RangeIndex):
        codes, found = present_codes(codes, len(index))
        return codes, index[found].astype(series.dtype)
    try:
        order = np.argsort(index.to_numpy(), kind="stable")
    except TypeError:
        order = np.argsort(index.astype(str).to_numpy(dtype=object), kind="stable")
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(len(order)), -1
    return rank[codes], index[order]


def _plain(values: pd.Index) -> pd.Index:
    """Whole numbers that are stored as floats (because of gaps), as whole numbers."""
    if pd.api.types.is_float_dtype(values.dtype):
        floats = values.to_numpy(dtype=float)
        if (floats == np.floor(floats)).all() and (np.abs(floats) < 2**53).all():
            return pd.Index(floats.astype(np.int64))
    return values
