"""The cleaning log: one line for every value or row that was changed, coded apart, or dropped."""

from collections.abc import Iterable, Mapping, Sized
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loaded where logs are written: a command that finds nothing to do has no need of it
    import numpy as np
    import pandas as pd

#: `row_id` is blank for a line about a whole column; `count` says how many cells a line stands for (1 but for whole columns). Marks of missing have
#: one line per text, which holds for every cell of the column with that text: with one per cell a large survey's log would be seven times as long.
LOG_COLUMNS = ("step", "rule", "file", "sheet", "row_id", "variable", "old", "new", "count")


def log_lines(
    *, step: str, rule: object, file: object = "", sheet: object = "", row_id: object = "", variable: object = "", old: object = "",
    new: object = "", count: object = 1,
) -> "pd.DataFrame":
    """Log lines from scalars and equally long sequences; scalars are repeated, everything but `count` is text."""
    values = {
        "step": step, "rule": rule, "file": file, "sheet": sheet, "row_id": row_id, "variable": variable, "old": old, "new": new, "count": count,
    }
    lengths = {len(v) for v in values.values() if isinstance(v, Sized) and not isinstance(v, str)}
    if len(lengths) > 1:
        raise ValueError(f"log lines of unequal length: {sorted(lengths)}")
    n = next(iter(lengths), 1)
    return _built(values, n) if n else _no_lines().copy(deep=False)  # most columns have nothing to tell


@cache
def _no_lines() -> "pd.DataFrame":
    return _built({name: [] for name in LOG_COLUMNS}, 0)


def _built(values: Mapping[str, object], n: int) -> "pd.DataFrame":
    """A log of n lines.

    It is made of finished arrays: a survey makes hundreds of small logs, and inference on each column would cost more than the cleaning.
    """
    import pandas as pd

    columns = {name: _column(value, n, "int64" if name == "count" else "str") for name, value in values.items()}
    return pd.DataFrame(columns, index=pd.RangeIndex(n), copy=False)


def _column(value: object, n: int, dtype: str) -> "pd.api.extensions.ExtensionArray | np.ndarray":
    import numpy as np
    import pandas as pd

    if isinstance(value, pd.Index | pd.Series):
        value = value.array
    if isinstance(value, pd.arrays.ArrowStringArray) and dtype == "str":
        return value
    if isinstance(value, Sized) and not isinstance(value, str):
        cells = np.asarray(value)
        if dtype == "str" and cells.dtype != object:
            cells = cells.astype("str").astype(object)
        return cells.astype("int64") if dtype == "int64" else pd.array(cells, dtype="str")
    return np.full(n, value, dtype="int64") if dtype == "int64" else pd.array(np.full(n, str(value), dtype=object), dtype="str")


def join_logs(logs: "Iterable[pd.DataFrame]") -> "pd.DataFrame":
    """Several logs as one, in order; an empty log where there is none."""
    import pandas as pd

    filled = [log for log in logs if len(log)]
    return pd.concat(filled, ignore_index=True) if filled else log_lines(step="", rule="", row_id=[])
