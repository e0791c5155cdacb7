"""Columns of a clean table as the arrays that weights and scales are computed from; what is wrong with them becomes a fault."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.errors import Failure

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

SHOWN = 5  #: values or rows named in a message before it only says how many there are


def listed(values: Iterable[object]) -> str:
    """Values as a message shows them: text within quotation marks, so that “1” and 1 are told apart; at most five."""
    shown = [f"“{v}”" if isinstance(v, str) else f"{v:g}" if isinstance(v, float) else str(v) for v in values]
    return ", ".join(shown[:SHOWN]) + (f" … ({len(shown)})" if len(shown) > SHOWN else "")


def rows_where(frame: pd.DataFrame, mask: NDArray[np.bool_]) -> dict[str, object]:
    """How many rows a fault concerns, and the first of them by their name in the index."""
    return {"count": int(mask.sum()), "rows": listed(frame.index[mask].tolist())}


def check_columns(frame: pd.DataFrame, columns: Iterable[str]) -> list[Failure]:
    """An empty table, columns that are not there, and columns that are there twice."""
    if not len(frame):
        return [Failure(code="CR-W01")]
    failures, known = [], frame.columns.tolist()
    for column in dict.fromkeys(columns):
        count = known.count(column)
        if not count:
            failures.append(Failure(code="CR-W02", values={"column": column, "known": listed(known)}))
        elif count > 1:
            failures.append(Failure(code="CR-W27", values={"column": column, "count": count}))
    return failures


def coded(column: pd.Series) -> tuple[NDArray[np.signedinteger], list[object]]:
    """Codes (n,) into the list of different values; -1 where the value is missing."""
    if isinstance(column.array, pd.Categorical):
        return column.array.codes, column.array.categories.tolist()
    found, values = pd.factorize(column)
    return found.astype(np.intp, copy=False), values.tolist()


def number_in(value: object) -> float:
    """A stated number as a float, NaN where it is none."""
    try:
        return float(value)  # type: ignore[arg-type]  # whatever cannot be a number is what the handler is for
    except (TypeError, ValueError):
        return float("nan")


def numeric_values(frame: pd.DataFrame, name: str) -> tuple[Floats, list[Failure]]:
    """A column as numbers (n,), NaN where missing; codes kept as text or categories ("4") are read as the numbers they are."""
    column = frame[name]
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan, copy=True), []
    codes, values = coded(column)
    numbers = pd.to_numeric(pd.Series([str(v) for v in values], dtype="str"), errors="coerce").to_numpy(dtype=np.float64)
    used = np.bincount(codes[codes >= 0], minlength=len(values)) > 0
    strange = [value for value, number, in_use in zip(values, numbers, used, strict=True) if in_use and not np.isfinite(number)]
    failures = [Failure(code="CR-W03", values={"column": name, "got": listed(strange)})] if strange else []
    return np.append(numbers, np.nan)[codes], failures


def base_weights(frame: pd.DataFrame, given: str | Sequence[float] | Floats | pd.Series | None) -> tuple[Floats, list[Failure]]:
    """Base weights (n,) of the rows of a table: a column, an array, or 1 for everybody."""
    if given is None:
        return equal_weights(len(frame), np.array([len(frame)])), []
    if isinstance(given, str):
        if failures := check_columns(frame, [given]):
            return np.ones(len(frame)), failures
        weights, failures = numeric_values(frame, given)
    else:
        weights, failures = _given_weights(frame, given)
    unusable = ~(np.isfinite(weights) & (weights > 0))
    if not failures and unusable.any():
        failures = [Failure(code="CR-W05", values=rows_where(frame, unusable))]
    return weights, failures


def equal_weights(n: int, sizes: Floats) -> Floats:
    """Base weights of a sample without any: everybody stands for as many as everybody else, so that factors lie about 1.

    One number stands in memory, however many see it.
    """
    return np.broadcast_to(np.asarray(sizes.sum() / n, dtype=np.float64), n)


def _given_weights(frame: pd.DataFrame, given: Sequence[float] | Floats | pd.Series) -> tuple[Floats, list[Failure]]:
    weights = np.ones(len(frame))
    if isinstance(given, pd.Series) and not given.index.equals(frame.index):
        return weights, [Failure(code="CR-W06", values={"got": len(given), "expected": len(frame)})]
    try:
        weights = pd.Series(given).to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    except (TypeError, ValueError):
        return weights, [Failure(code="CR-W03", values={"column": "base_weight", "got": listed(list(given))})]
    if len(weights) != len(frame):
        return np.ones(len(frame)), [Failure(code="CR-W06", values={"got": len(weights), "expected": len(frame)})]
    return weights, []
