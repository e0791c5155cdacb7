"""CSV for people: texts that a spreadsheet would compute stand behind an apostrophe, which cleaning takes away again."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

BEGINS = r"'*[=+\-@\t\r＝＋－＠]"  #: what a spreadsheet takes for a formula, and the same behind apostrophes
NUMBER = re.compile(r"'*[+-][0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?%?")
MARK = "\ufeff"


def computes(text: str) -> bool:
    """Whether a text would be taken for a formula, apostrophes before it left aside; a number with a sign is none."""
    return re.match(BEGINS, text) is not None and NUMBER.fullmatch(text) is None


def guarded(text: str) -> str:
    """A text that no spreadsheet computes; numbers with a sign stay as they are."""
    return f"'{text}" if computes(text) else text


def unguarded(text: str) -> str:
    """A text as it was before an apostrophe kept spreadsheets from computing it."""
    return text[1:] if text.startswith("'") and computes(text) else text


def guarded_column(texts: "pd.Series") -> "pd.Series":
    """The same for a column of texts, of which hardly any begin so."""
    suspects = _beginning(texts, BEGINS)
    if not suspects.any():
        return texts
    changed = texts.copy()
    changed[suspects] = [guarded(str(text)) for text in texts[suspects]]
    return changed


def guards_of(texts: "pd.Series") -> "NDArray[np.bool_]":
    """Which texts stand behind an apostrophe that keeps spreadsheets from computing them."""
    suspects = _beginning(texts, "'" + BEGINS)
    if suspects.any():
        suspects[suspects] = [computes(str(text)) for text in texts[suspects]]
    return suspects


def csv_bytes(table: "pd.DataFrame") -> bytes:
    """CSV that spreadsheets open with its Chinese intact."""
    text: str = table.to_csv(index=False)
    return (MARK + text).encode()


def guarded_csv(table: "pd.DataFrame") -> bytes:
    """CSV that spreadsheets open with its Chinese intact and nothing computed."""
    texts = {name: guarded_column(column) for name, column in table.items() if _holds_texts(column)}
    return csv_bytes(table.assign(**texts) if texts else table)  # type: ignore[arg-type]


def _holds_texts(column: "pd.Series") -> bool:
    import pandas as pd

    return isinstance(column.dtype, pd.StringDtype) or (column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) in {"string", "mixed", "empty"})


def _beginning(texts: "pd.Series", pattern: str) -> "NDArray[np.bool_]":
    import numpy as np

    return np.array(texts.astype("str").str.match(pattern).fillna(value=False), dtype=bool)
