"""The items of a scale as numbers that all point the same way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.errors import Failure
from commresearch.survey.frame_columns import Floats, check_columns, listed, numeric_values, rows_where

Keys = Mapping[str, int] | Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScaleItems:
    """Answers (n, k) to the items of a scale: as answered, and keyed, with the items of key -1 turned round."""

    names: tuple[str, ...]
    keys: tuple[int, ...]
    answered: Floats
    keyed: Floats

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Who answered every item (n,)."""
        return np.asarray(~np.isnan(self.answered).any(axis=1))

    def of(self, rows: NDArray[np.bool_]) -> "ScaleItems":
        """The same items for some of the persons."""
        return replace(self, answered=self.answered[rows], keyed=self.keyed[rows])

    def covariance(self) -> Floats:
        """Covariances (k, k) of the keyed items, each over everybody who answered both."""
        if len(self.keyed) <= 1:
            return np.full((len(self.names), len(self.names)), np.nan)
        return np.asarray(pd.DataFrame(self.keyed).cov().to_numpy(), dtype=np.float64)

    def scores(self, min_answered: float) -> Floats:
        """Mean of the keyed items (n,), NaN for those who answered less than this share of them."""
        is_answer = ~np.isnan(self.keyed)
        count = is_answer.sum(axis=1)
        means = np.where(is_answer, self.keyed, 0).sum(axis=1) / np.maximum(count, 1)
        return np.where((count > 0) & (count >= min_answered * len(self.names)), means, np.nan)


def read_items(
    frame: pd.DataFrame, items: Sequence[str], keys: Keys, low: float | None, high: float | None
) -> tuple[ScaleItems, list[Failure]]:
    """Items of a scale and everything that is wrong with them.

    An item with key -1 becomes low + high - answer; where the ends are not known only its sign changes, which is enough for
    correlations.
    """
    named = _keys_in_order(items, keys)
    failures = check_columns(frame, items) + _wrong_keys(items, keys, named)
    if (low is None) != (high is None) or (low is not None and high is not None and not low < high):
        failures.append(Failure(code="CR-W34", values={"argument": "low, high", "got": f"{low}, {high}", "allowed": "low < high"}))
    answered = np.full((len(frame), len(items)), np.nan)
    shift = 0.0
    if not failures:
        for j, item in enumerate(items):
            answered[:, j], found = numeric_values(frame, item)
            failures += found or _outside(frame, item, answered[:, j], low, high)
        shift = 0.0 if low is None or high is None else low + high
    keyed = answered if failures else np.where(np.array(named) > 0, answered, shift - answered)
    return ScaleItems(names=tuple(items), keys=tuple(named), answered=answered, keyed=keyed), failures


def _keys_in_order(items: Sequence[str], keys: Keys) -> list[int]:
    """One key per item, 0 where there is none."""
    if isinstance(keys, Mapping):
        return [keys.get(item, 0) for item in items]
    return [*keys, *[0] * len(items)][: len(items)]


def _wrong_keys(items: Sequence[str], keys: Keys, named: Sequence[int]) -> list[Failure]:
    """Keys other than 1 and -1, keys too many, and items named twice."""
    wrong = [item for item, key in zip(items, named, strict=True) if key not in {1, -1}]
    too_many = not isinstance(keys, Mapping) and len(keys) > len(items)
    twice = [item for item in dict.fromkeys(items) if list(items).count(item) > 1]
    if not (wrong or too_many or twice):
        return []
    return [Failure(code="CR-W32", values={"items": listed(wrong or twice or items), "n_items": len(items), "n_keys": len(keys)})]


def _outside(frame: pd.DataFrame, item: str, answers: Floats, low: float | None, high: float | None) -> list[Failure]:
    """Answers outside the scale: a code for a missing answer that was left in, or another scale."""
    if low is None or high is None or not (outside := (answers < low) | (answers > high)).any():
        return []
    values = {"item": item, "got": listed(np.unique(answers[outside]).tolist()), "low": f"{low:g}", "high": f"{high:g}"}
    return [Failure(code="CR-W33", values=values | rows_where(frame, outside))]
