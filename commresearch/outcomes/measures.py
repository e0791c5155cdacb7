"""Measures that stand beside a headline outcome, from one wide table of counts to the long form of `Cells.companions`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from commresearch.outcomes.context import COMPANION_COLUMNS, UNPLACED_COLUMNS
from commresearch.terms import Unit

SCALES = {Unit.PERCENTAGE_POINTS: 100.0}  #: shares are stored as 0-100


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measure by the columns that it is made of.

    numerator, denominator
        columns of counts; without a denominator the value is the count itself
    per
        what stands below is divided by this first, 100 for a value per 100 of it
    """

    name: str
    numerator: str
    unit: Unit
    denominator: str = ""
    per: float = 1.0


def long_measures(counts: pd.DataFrame, measures: Iterable[Measure], *, suffix: str = "") -> pd.DataFrame:
    """The measures of every unit and month.

    Parameters
    ----------
    counts : DataFrame
        unit_id, month and the columns that the measures name.
    suffix : str
        Put behind the name of each measure.

    Returns
    -------
    DataFrame
        unit_id, month, measure, numerator, denominator (NaN where there is none), value (NaN where the denominator is zero), unit.
    """
    listed = list(measures)
    if not listed:
        return pd.DataFrame(columns=list(COMPANION_COLUMNS))
    above, below, values = [], [], []
    for measure in listed:
        over = counts[measure.numerator].to_numpy(dtype=np.float64, na_value=np.nan)
        under = counts[measure.denominator].to_numpy(dtype=np.float64, na_value=np.nan) / measure.per if measure.denominator else np.full(len(counts), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = SCALES.get(measure.unit, 1.0) * over / np.where(under == 0, np.nan, under)
        above.append(over)
        below.append(under)
        values.append(share if measure.denominator else over)
    rows = [len(counts)] * len(listed)
    return pd.DataFrame(
        {
            "unit_id": pd.concat([counts["unit_id"].astype("str")] * len(listed), ignore_index=True), "month": np.tile(counts["month"].to_numpy(), len(listed)),
            "measure": repeated([m.name + suffix for m in listed], rows), "numerator": np.concatenate(above), "denominator": np.concatenate(below),
            "value": np.concatenate(values), "unit": repeated([str(m.unit) for m in listed], rows),
        },
        copy=False,
    )


def repeated(texts: Sequence[str], times: Sequence[int]) -> Any:
    """Each text so often, one after the other, as an array of pandas; pieces of one text each are made far faster than rows are picked."""
    pieces = [pa.repeat(pa.scalar(text, pa.large_string()), n) for text, n in zip(texts, times, strict=True)]
    return pd.array(pa.chunked_array(pieces, pa.large_string()), dtype="str")


def in_order(account: pd.DataFrame, rules: Iterable[str]) -> pd.DataFrame:
    """Lines of an account in a stated order, lines of zero left out."""
    found = dict(zip(account["rule"], account["events"], strict=True))
    return pd.DataFrame([(rule, int(found[rule])) for rule in rules if found.get(rule)], columns=["rule", "events"])


def unplaced(found: pd.DataFrame) -> pd.DataFrame:
    """place, events, first, last: what belongs to no unit on its day, the most frequent first."""
    named = found.rename(columns={"first_at": "first", "last_at": "last"})[list(UNPLACED_COLUMNS)]
    return named.sort_values(["events", "place"], ascending=[False, True], ignore_index=True)
