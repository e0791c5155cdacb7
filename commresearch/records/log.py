"""The cleaning log: one line for every value or row that was changed, coded apart, or dropped."""

from collections.abc import Iterable, Sized

import pandas as pd

#: `row_id` is blank for a line about a whole column; `count` says how many cells a line stands for (1 but for whole columns).
LOG_COLUMNS = ("step", "rule", "file", "sheet", "row_id", "variable", "old", "new", "count")


def log_lines(
    *, step: str, rule: str, file: str = "", sheet: str = "", row_id: object = "", variable: object = "", old: object = "",
    new: object = "", count: object = 1,
) -> pd.DataFrame:
    """Log lines from scalars and equally long sequences; scalars are repeated, everything but `count` is text."""
    values = {
        "step": step, "rule": rule, "file": file, "sheet": sheet, "row_id": row_id, "variable": variable, "old": old, "new": new, "count": count,
    }
    lengths = {len(v) for v in values.values() if isinstance(v, Sized) and not isinstance(v, str)}
    if len(lengths) > 1:
        raise ValueError(f"log lines of unequal length: {sorted(lengths)}")
    frame = pd.DataFrame(values, index=range(next(iter(lengths), 1)), columns=list(LOG_COLUMNS))
    texts = [c for c in LOG_COLUMNS if c != "count"]
    return frame.astype(dict.fromkeys(texts, "str") | {"count": "int64"})


def join_logs(logs: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Several logs as one, in order; an empty log where there is none."""
    filled = [log for log in logs if len(log)]
    return pd.concat(filled, ignore_index=True) if filled else log_lines(step="", rule="").iloc[:0]

