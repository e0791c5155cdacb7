"""Satisfaction on a scale of five: 满意率 (the two best answers, 不清楚 apart) and mean score, ready to be estimated."""

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.errors import EstimationError, Failure
from commresearch.survey.frame_columns import Floats, check_columns, listed, numeric_values, rows_where
from commresearch.terms import MissingKind

POINTS = 5
TOP_TWO = 4  #: the two best answers have at least this score
ASKED = frozenset({MissingKind.BLANK, MissingKind.REFUSED, MissingKind.UNREADABLE})  #: missing, but asked and not 不清楚


def satisfaction(
    frame: pd.DataFrame,
    variable: str,
    *,
    best: int,
    missing_kinds: pd.DataFrame | pd.Series | None = None,
    dont_know: Collection[object] = (),
) -> pd.DataFrame:
    """A five-point answer as the columns that 满意率 and the mean score are estimated from.

    Parameters
    ----------
    frame : DataFrame
        One row per person.
    variable : str
        Column with the codes 1 to 5, as numbers or text.
    best : 5 or 1
        Which end is best; it has no default, because questionnaires differ.
    missing_kinds : DataFrame or Series, optional
        Why answers are missing (`terms.MissingKind`), in the rows of the frame; `dont_know` is 不清楚.
    dont_know : collection
        Codes that stand in the column itself for 不清楚, such as 9.

    Returns
    -------
    DataFrame
        Index of the frame. top_two (Int8): 1 for the two best answers, 0 for the others; score (Float64): 1 to 5, 5 always best;
        both missing without an answer. dont_know (Int8): 1 for 不清楚, 0 for everybody else who was asked, missing for those who
        were not asked or whose missing answer has no known reason; its mean is the share of 不清楚 among all asked.

    Raises
    ------
    EstimationError
        An unknown column, `best` other than 1 and 5, codes other than 1 to 5, kinds of missing for other rows.

    Notes
    -----
    满意率 = Σ w top_two / Σ w over those who gave one of the five answers. 不清楚 counts neither for nor against and is reported
    beside it.
    """
    if failures := [*check_columns(frame, [variable]), *_wrong_settings(frame, variable, best, missing_kinds)]:
        raise EstimationError(*failures)
    answers, unclear, failures = _answers(frame, variable, dont_know)
    if failures:
        raise EstimationError(*failures)
    kinds = _kinds(frame, variable, missing_kinds)
    unclear = unclear | (kinds == MissingKind.DONT_KNOW)
    scores = answers if best == POINTS else POINTS + 1 - answers
    is_missing = np.isnan(answers)
    was_asked = ~is_missing | unclear | np.isin(kinds, [*ASKED])
    return pd.DataFrame(
        {
            "top_two": pd.arrays.IntegerArray((scores >= TOP_TWO).astype(np.int8), is_missing),
            "score": pd.arrays.FloatingArray(np.where(is_missing, 0.0, scores), is_missing),
            "dont_know": pd.arrays.IntegerArray(unclear.astype(np.int8), ~was_asked),
        },
        index=frame.index,
    )


def _wrong_settings(frame: pd.DataFrame, variable: str, best: int, missing_kinds: pd.DataFrame | pd.Series | None) -> list[Failure]:
    failures = []
    if best not in {1, POINTS}:
        failures.append(Failure(code="CR-W36", values={"variable": variable, "got": best}))
    if missing_kinds is not None and not missing_kinds.index.equals(frame.index):
        failures.append(Failure(code="CR-W37", values={"variable": variable, "got": len(missing_kinds), "expected": len(frame)}))
    return failures


def _answers(
    frame: pd.DataFrame, variable: str, dont_know: Collection[object]
) -> tuple[Floats, NDArray[np.bool_], list[Failure]]:
    """Codes 1 to 5 (n,), NaN where there is none; who answered 不清楚 (n,); and codes that are neither."""
    column = frame[variable]
    unclear = column.isin([*dont_know]).to_numpy(dtype=bool, na_value=False)
    answers, failures = numeric_values(frame.assign(**{variable: column.where(~unclear)}), variable)
    strange = np.isfinite(answers) & ~np.isin(answers, np.arange(1, POINTS + 1))
    if strange.any():
        values = {"item": variable, "got": listed(np.unique(answers[strange]).tolist()), "low": "1", "high": str(POINTS)}
        failures = [*failures, Failure(code="CR-W33", values=values | rows_where(frame, strange))]
    return answers, unclear, failures


def _kinds(frame: pd.DataFrame, variable: str, missing_kinds: pd.DataFrame | pd.Series | None) -> NDArray[np.object_]:
    """Why each answer is missing (n,), "" where it is not or no reason is known."""
    if missing_kinds is None:
        return np.full(len(frame), "", dtype=object)
    kinds = missing_kinds[variable] if isinstance(missing_kinds, pd.DataFrame) else missing_kinds
    return kinds.astype("object").where(kinds.notna(), "").to_numpy(dtype=object)
