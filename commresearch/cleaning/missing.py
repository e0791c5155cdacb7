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
    position, cells = pd.factorize(texts, use_na_sentinel=False)
    plain = [_plain(str(cell)) for cell in cells]
    kinds = np.array([known.get(text, NONE) for text in plain], dtype=np.int8)
    answers = np.array(["" if kind != NONE else str(cell) for cell, kind in zip(cells, kinds, strict=True)], dtype=object)
    return pd.Series(answers[position], index=texts.index, dtype="str", name=texts.name), kinds[position]


def kinds_of(codes: KindCodes, index: pd.Index) -> pd.Series:
    """Codes as the column of `missing_kinds`: a category per kind, NA where there is a value."""
    return pd.Series(pd.Categorical.from_codes(codes.astype(np.int64), categories=pd.Index([str(k) for k in KINDS])), index=index)


def marker_log(texts: pd.Series, kinds: KindCodes, variable: str, file: str, sheet: str) -> pd.DataFrame:
    """One line per text that was taken for a kind of missing, with the number of cells; empty cells are not changed and not logged."""
    taken = (kinds != NONE) & (texts != "").to_numpy()
    pairs = pd.DataFrame({"old": texts[taken].astype("str").to_numpy(), "kind": kinds[taken]})
    counted = pairs.groupby(["old", "kind"], sort=True).size().reset_index(name="count")
    return log_lines(
        step="missing", rule="missing_marker", file=file, sheet=sheet, variable=variable, old=counted["old"],
        new=[f"<{KINDS[k]}>" for k in counted["kind"]], count=counted["count"],
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
