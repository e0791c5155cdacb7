"""Answers as the texts of cells, in the way the Chinese platforms write them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from commresearch.simulate.answers import GIVEN, Answers
from commresearch.simulate.questionnaire import Item
from commresearch.simulate.typing_habits import plain_number
from commresearch.terms import VariableType

Array = NDArray[Any]
OPTION_SIGN, RANK_SIGN = "┋", "→"
FILL_IN = "{label}〖{text}〗"


def option_texts(item: Item, answers: Answers, *, separator: str = OPTION_SIGN) -> Array:
    """The chosen option, the ticked options joined, or the ranked ones in order (n,); "" where there is no answer.

    The text of an open option stands behind its label in 〖〗.
    """
    labels = np.array([option.zh for option in item.options], dtype=object)
    values, given = answers.values[item.name], answers.kinds[item.name] == GIVEN
    fill_ins = answers.fill_ins.get(item.name)
    place = item.position(item.open[0]) if item.open else -1
    if item.type is VariableType.SINGLE:
        texts = labels[values]
        if fill_ins is not None:
            rows = given & (values == place)
            texts[rows] = [FILL_IN.format(label=labels[place], text=text) for text in fill_ins[rows]]
    elif item.type is VariableType.MULTIPLE:
        texts = _joined(values, labels, place, fill_ins, separator)
    else:
        texts = _ranked(values, labels)
    return np.where(given, texts, "")


def _joined(ticked: Array, labels: Array, place: int, fill_ins: Array | None, separator: str) -> Array:
    """Combinations of options are few: each is joined once; a fill-in is put behind the last option of its row."""
    numbers = ticked @ (1 << np.arange(ticked.shape[1]))
    combinations, at = np.unique(numbers, return_inverse=True)
    joined = [separator.join(label for j, label in enumerate(labels) if number >> j & 1) for number in combinations.tolist()]
    texts = np.array(joined, dtype=object)[at]
    if fill_ins is not None:
        rows = np.flatnonzero(ticked[:, place])
        plain = labels.tolist()
        for i in rows:
            parts = [FILL_IN.format(label=plain[j], text=fill_ins[i]) if j == place else plain[j] for j in np.flatnonzero(ticked[i])]
            texts[i] = separator.join(parts)
    return texts


def _ranked(ranks: Array, labels: Array) -> Array:
    patterns, at = np.unique(ranks, axis=0, return_inverse=True)
    orders = patterns.argsort(axis=1, kind="stable")
    joined = [RANK_SIGN.join(labels[order[(row == 0).sum() :]]) for row, order in zip(patterns, orders, strict=True)]
    return np.array(joined, dtype=object)[at.ravel()]


def typed_texts(item: Item, values: Array) -> Array:
    """Numbers and dates as a platform shows what was typed plainly (n,)."""
    plain, at = np.unique(values, return_inverse=True)
    if item.type is VariableType.DATE:
        return np.array([str(day) for day in plain], dtype=object)[at]
    return np.array([plain_number(float(number)) for number in plain], dtype=object)[at]
