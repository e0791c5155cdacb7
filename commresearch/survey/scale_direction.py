"""Items, and whole groups, whose answers run against their scale."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.errors import EstimationError
from commresearch.survey.frame_columns import Floats, check_columns, numeric_values
from commresearch.survey.scale_items import Keys, ScaleItems, read_items
from commresearch.survey.scales import item_statistics, wrong_settings

MIN_ANSWERED = 0.5  #: share of the items that a score is made from
STANDARD_ERRORS = 3.0  #: what counts as clear, not chance
FEWEST = 3  #: Fisher's z has no error for so few
COLUMNS = ("group", "item", "key", "n", "mean", "item_rest", "anchor_r", "flag")


def check_keys(
    frame: pd.DataFrame,
    items: Sequence[str],
    *,
    keys: Keys,
    low: float,
    high: float,
    by: str | None = None,
    anchor: str | None = None,
) -> pd.DataFrame:
    """Items and groups whose answers run against the scale: a forgotten reversal, or a city that asked 5 to 1 instead of 1 to 5.

    Parameters
    ----------
    frame : DataFrame
        One row per person.
    items, keys, low, high
        As in `score_scale`.
    by : str, optional
        Column of groups, such as city or wave, that are looked at one by one.
    anchor : str, optional
        A numeric column that was asked in the same way everywhere and rises with the scale, such as an overall rating.

    Returns
    -------
    DataFrame
        One row per group and item: group, item, key, n, mean (as answered), item_rest, anchor_r (of the scale's score) and flag,
        words from: against_scale (negative correlation with the other items), against_anchor (the score falls clearly as the anchor
        rises), other_side (the mean score lies clearly on the other side of the middle of the scale than in the other groups).
        A flag asks somebody to look at the questionnaire; nothing is changed.

    Raises
    ------
    EstimationError
        As in `score_scale`.

    Notes
    -----
    A scale that is turned round as a whole keeps all correlations within it: only an anchor, or other groups, can show it. Then
    two groups flag each other, and the questionnaires decide which was turned.
    """
    scale, failures = read_items(frame, items, keys, low, high)
    failures += check_columns(frame, [c for c in (by, anchor) if c is not None]) + wrong_settings(items)
    rising = np.full(len(frame), np.nan)
    if anchor is not None and not failures:
        rising, found = numeric_values(frame, anchor)
        failures += found
    if failures:
        raise EstimationError(*failures)
    codes, groups = (np.zeros(len(frame), dtype=np.intp), [""]) if by is None else pd.factorize(frame[by], sort=True)
    tables = [_group_table(scale, rising, codes == i, (low + high) / 2).assign(group=group) for i, group in enumerate(groups)]
    return pd.concat(tables, ignore_index=True)[list(COLUMNS)]


def _group_table(scale: ScaleItems, anchor: Floats, inside: NDArray[np.bool_], middle: float) -> pd.DataFrame:
    """The items of one group with their flags."""
    scores = scale.scores(MIN_ANSWERED)
    table = item_statistics(scale.of(inside))
    correlation, falls = _with_anchor(scores[inside], anchor[inside])
    whole = [("against_anchor", falls), ("other_side", _side(scores[inside], middle) * _side(scores[~inside], middle) < 0)]
    flags = [" ".join(w for w, is_flagged in (("against_scale", rest < 0), *whole) if is_flagged) for rest in table["item_rest"]]
    return table.assign(anchor_r=correlation, flag=flags)


def _with_anchor(scores: Floats, anchor: Floats) -> tuple[float, bool]:
    """Correlation of score and anchor, and whether it is clearly negative (Fisher's z)."""
    both = np.isfinite(scores) & np.isfinite(anchor)
    n = int(both.sum())
    if n <= FEWEST or np.ptp(scores[both]) == 0 or np.ptp(anchor[both]) == 0:
        return float("nan"), False
    r = float(np.corrcoef(scores[both], anchor[both])[0, 1])
    return r, r < -np.tanh(STANDARD_ERRORS / np.sqrt(n - FEWEST))


def _side(scores: Floats, middle: float) -> int:
    """1 or -1 where the mean lies clearly above or below the middle, else 0."""
    known = scores[np.isfinite(scores)]
    if len(known) <= 1:
        return 0
    distance = known.mean() - middle
    return int(np.sign(distance)) if abs(distance) > STANDARD_ERRORS * known.std(ddof=1) / np.sqrt(len(known)) else 0
