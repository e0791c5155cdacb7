"""What is left of an effect where trends need not be parallel: intervals after Rambachan and Roth (2023)."""

from dataclasses import replace

import numpy as np
import pandas as pd

from commresearch.errors import DesignError, EstimationError
from commresearch.impact.arrays import FEW, NEVER, PanelArrays
from commresearch.impact.fixed_effects import event_study_regression
from commresearch.impact.honest import honest_did
from commresearch.impact.result import CheckResult, Note
from commresearch.terms import Language
from commresearch.words.precision import short

BLOCK = 3  #: months that are averaged, so that a single month does not decide what a deviation is
BOUNDS = (0.5, 1.0, 2.0)  #: deviations after the start, in units of the largest between neighbouring blocks before it
FEWEST_BEFORE = 3  #: blocks before the start


def check_honest_bounds(arrays: PanelArrays, conf_level: float) -> CheckResult:
    """The interval of the mean effect where the trend may bend after the start as much as before it, half as much, twice as much.

    Event study by blocks of three months around one start, covariance CR1 by assignment, relative magnitudes by the conditional test. In the unit of the panel.

    Returns
    -------
    CheckResult
        table: bound, conf_low, conf_high. Told and not judged; not made with several starts, fewer than six assignments on a side, or fewer than
        nine months before the start.
    """
    blocks = _blocks(arrays)
    if blocks is None:
        return CheckResult(name="honest_bounds", passed=None, table=pd.DataFrame(), note=Note(key="honest_not_made"))
    try:
        study = event_study_regression(blocks)
        after = study.event_time >= 0
        vcov = study.fit.vcov("cr1").vcov
        n_post = int(after.sum())
        table = honest_did(
            study.fit.coefficient, vcov, n_pre=int((~after).sum()), n_post=n_post, target=np.full(n_post, 1 / n_post), kind="relative_magnitudes", bounds=BOUNDS,
            conf_level=conf_level,
        )
    except (DesignError, EstimationError):
        return CheckResult(name="honest_bounds", passed=None, table=pd.DataFrame(), note=Note(key="honest_not_made"))
    excluded = table[(table["conf_low"] > 0) | (table["conf_high"] < 0)]
    row = table.iloc[1]
    ends = {"low": short(row["conf_low"], sign=True), "high": short(row["conf_high"], sign=True)}
    interval = {
        language.value: Note(key=f"unit_{arrays.unit}", values={"n": Note(key="ends", values=ends).text(language)}).text(language) for language in Language
    }
    values: dict[str, object] = {"interval": interval}
    if excluded.empty:
        return CheckResult(name="honest_bounds", passed=None, table=table, note=Note(key="honest_open", values=values))
    values["bound"] = f"{excluded['bound'].max():g}"
    return CheckResult(name="honest_bounds", passed=None, table=table, note=Note(key="honest_holds", values=values))


def _blocks(arrays: PanelArrays) -> PanelArrays | None:
    """The panel by blocks of three periods counted from the start; None where it cannot carry an event study of blocks."""
    treated = arrays.ever_treated
    sides = [len(np.unique(arrays.cluster[side])) for side in (treated, ~treated)]
    if len(arrays.cohorts) != 1 or min(sides) < FEW:
        return None
    number = np.floor_divide(arrays.periods - arrays.cohorts[0], BLOCK)
    labels, count = np.unique(number, return_counts=True)
    labels = labels[count == BLOCK]
    if (labels < 0).sum() < FEWEST_BEFORE or (labels >= 0).sum() < 1:
        return None
    means = []
    for label in labels:
        block = arrays.value[:, number == label]
        seen = (~np.isnan(block)).sum(axis=1)
        means.append(np.where(seen > 0, np.nansum(block, axis=1) / np.maximum(seen, 1), np.nan))
    value = np.stack(means, axis=1)
    made = replace(
        arrays, periods=labels, dated=False, value=value, numerator=np.full_like(value, np.nan), denominator=np.full_like(value, np.nan),
        weight=np.ones_like(value), covariates={}, first=np.where(treated, 0, NEVER),
    )
    return made.take(np.flatnonzero(made.observed.any(axis=1)))
