"""The kinds of missing, kept apart from each other and from answers."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.records import log_lines
from commresearch.terms import MissingKind

KINDS = tuple(MissingKind)
CODE: Mapping[MissingKind, int] = {kind: i for i, kind in enumerate(KINDS)}
NONE = -1  #: code of a value that is there
BRACKETS = str.maketrans("（）－", "()-")
#: Labels of options that are no answers. Only the whole label counts, or what follows it after a sign: 不知道有活动 is an answer.
NO_ANSWERS: Mapping[MissingKind, tuple[str, ...]] = {
    MissingKind.DONT_KNOW: ("不清楚", "不知道", "说不清", "说不清楚", "不了解", "不确定", "记不清", "记不清了", "don't know", "do not know", "not sure"),
    MissingKind.REFUSED: ("拒答", "拒绝回答", "不愿回答", "不想回答", "不便回答", "不方便回答", "prefer not to say", "refused"),
    MissingKind.NOT_APPLICABLE: ("不适用", "没有这种情况", "not applicable"),
}
SIGNS = "/、或,，(（ "

KindCodes = NDArray[np.int8]


def split_missing(texts: pd.Series, markers: Mapping[str, MissingKind]) -> tuple[pd.Series, KindCodes]:
    """Answers without the cells that mean a kind of missing, and the kind of each cell (`NONE` for an answer).

    A cell that is empty or holds spaces only is blank. Markers are compared without spaces around them and with brackets of
    either width.
    """
    known = {_plain(text): CODE[kind] for text, kind in markers.items()} | {"": CODE[MissingKind.BLANK]}
    position, found = pd.factorize(texts, use_na_sentinel=False)
    cells = [str(cell) for cell in found.tolist()]
    longest = max(map(len, known))
    bare = [cell.strip() for cell in cells]  # keys and times are all different and longer than any marker
    kinds = np.array([known.get(_plain(cell), NONE) if len(cell) <= longest else NONE for cell in bare], dtype=np.int8)
    answers = ["" if kind != NONE else cell for cell, kind in zip(cells, kinds.tolist(), strict=True)]
    if answers == found.tolist() and texts.dtype == "str":  # nothing to blank: a survey has columns by the dozen without a marker
        return texts, kinds[position]
    return pd.Series(pd.array(answers, dtype="str").take(position), index=texts.index, name=texts.name), kinds[position]


def kinds_of(codes: KindCodes, index: pd.Index) -> pd.Series:
    """Codes as the column of `missing_kinds`: a category per kind, NA where there is a value."""
    return pd.Series(pd.Categorical.from_codes(codes.astype(np.int64), categories=pd.Index([str(k) for k in KINDS])), index=index)


def marker_log(texts: pd.Series, kinds: KindCodes, variable: str, file: str, sheet: str) -> pd.DataFrame:
    """One line per text that was taken for a kind of missing, with the number of cells; empty cells are not changed and not logged."""
    missing = np.flatnonzero(kinds != NONE)
    position, found = pd.factorize(texts.iloc[missing])
    counts = np.bincount(position, minlength=len(found))
    first = np.empty(len(found), dtype=np.int64)
    first[position[::-1]] = missing[::-1]
    taken = sorted((str(cell), KINDS[kind], int(count)) for cell, kind, count in zip(found.tolist(), kinds[first], counts, strict=True) if cell != "")
    return log_lines(
        step="missing", rule="missing_marker", file=file, sheet=sheet, variable=variable, old=[cell for cell, _, _ in taken],
        new=[f"<{kind}>" for _, kind, _ in taken], count=[count for _, _, count in taken],
    )


def no_answer(label: str) -> MissingKind | None:
    """The kind of missing that an option's label means; None for an answer."""
    text = label.strip().lower()
    for kind, words in NO_ANSWERS.items():
        if any(text == word or (text.startswith(word) and text[len(word)] in SIGNS) for word in words):
            return kind
    return None


def _plain(text: str) -> str:
    return text.strip().translate(BRACKETS)
