"""Tables of reference that recognisers read, and the words that say nothing."""

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from commresearch.cleaning.text_spans import plain_texts


@cache
def reference_rows(name: str) -> tuple[Mapping[str, str], ...]:
    """Rows of one table, `data/<name>.csv`, all cells text."""
    text = (files("commresearch.cleaning") / "data" / f"{name}.csv").read_text(encoding="utf8")
    return tuple(csv.DictReader(text.splitlines()))


def has_answer(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Whether each text says anything, and not only that there is nothing to say (blank, 无, 拒答, (跳过), 0, …)."""
    empty = _empty_words()
    return np.array([t.strip().lower() not in empty for t in plain_texts(texts)], dtype=bool)


@cache
def _empty_words() -> frozenset[str]:
    return frozenset(("", *(row["word"] for row in reference_rows("no_answer_words"))))
