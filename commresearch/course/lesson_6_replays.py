"""Lesson 6: the district many times over, so that one sees what each cause does by itself and how far chance goes; no centre does anything in any of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.course.lesson_6 import AFTER, BEFORE, CHOSEN, JUDGED, MOVED, OPENS, UNITS, WORLD
from commresearch.simulate.panels import simulate_panel

Choice = Literal["worst", "lot"]
Setting = tuple[Choice, int, bool, bool]  #: how communities are chosen, months before, a yearly wave or none, complaints told elsewhere or none

REPLAYS = 100
SEED = 6_000
BEFORE_MONTHS = (6, 12)
RANGE = (5.0, 95.0)  #: percent of the replays, between which nine tenths lie
#: Settings in which one cause is left, or none.
ALONE: Mapping[str, Setting] = {
    "season": ("lot", 6, True, False), "regression": ("worst", 6, False, False), "recording": ("lot", 6, False, True), "none": ("lot", 6, False, False),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Apparent:
    """What the months before and after seem to say where nothing happened.

    months : DatetimeIndex (T,)
    path : array (T,)
        Complaints of the hotline in the chosen communities together, mean over the replays.
    before, after : float
        Means a month of the months compared, over the replays.
    low, high : float
        Between which nine tenths of the replays lie, in percent.
    n_before : int
    """

    months: pd.DatetimeIndex
    path: NDArray[np.float64]
    before: float
    after: float
    low: float
    high: float
    n_before: int

    @property
    def percent(self) -> float:
        """Change of the means, where the truth is zero."""
        return 100 * (self.after / self.before - 1)


def settings() -> Iterator[Setting]:
    """Every setting, in the order of the controls."""
    yield from product(("worst", "lot"), BEFORE_MONTHS, (True, False), (True, False))


@cache
def apparent(setting: Setting, *, replays: int = REPLAYS) -> Apparent:
    """The change of some communities from the months before to the half year after a centre that does nothing.

    Parameters
    ----------
    setting : Setting
    replays : int
        Districts drawn.
    """
    choice, n_before, season, moved = setting
    counts, chosen = _replayed(season=season, replays=replays)
    own = np.take_along_axis(counts, chosen[choice][:, :, None], axis=1).astype(np.int64)
    months = _months()
    if moved:
        after = months >= OPENS
        own[:, :, after] = np.random.default_rng(SEED).binomial(own[:, :, after], 1 - MOVED / 100)
    opens = int(np.argmax(months >= OPENS))
    together = own.sum(axis=1)
    before, late = together[:, opens - n_before : opens].mean(axis=1), together[:, opens:].mean(axis=1)
    low, high = np.percentile(100 * (late / before - 1), RANGE)
    return Apparent(
        months=months, path=together.mean(axis=0), before=float(before.mean()), after=float(late.mean()), low=float(low), high=float(high), n_before=n_before,
    )


@cache
def left_over(*, replays: int = REPLAYS) -> tuple[float, float]:
    """Between which percentages nine tenths of the replays lie in the last of the comparisons, where the centre does nothing: what chance leaves."""
    counts, chosen = _replayed(season=True, replays=replays)
    own = np.take_along_axis(counts, chosen["worst"][:, :, None], axis=1).sum(axis=1)
    sides = [own[:, [i for i, month in enumerate(_months()) if first <= f"{month:%Y-%m}" <= last]].sum(axis=1) for first, last in (BEFORE["earlier_year"], AFTER)]
    low, high = np.percentile(100 * (sides[1] / sides[0] - 1), RANGE)
    return float(low), float(high)


def _months() -> pd.DatetimeIndex:
    return pd.date_range("2023-01-01", periods=WORLD.months, freq="MS")


@cache
def _replayed(*, season: bool, replays: int) -> tuple[NDArray[np.int64], dict[str, NDArray[np.int64]]]:
    """Counts of every replay (R, U, T), and the places of the communities chosen by rank and by lot (R, k each)."""
    spec = WORLD if season else replace(WORLD, season=0.0)
    drawn = [simulate_panel(spec, rng=np.random.default_rng((SEED, i))).frame for i in range(replays)]
    shape = (replays, UNITS, spec.months)
    counts = np.concatenate([frame["numerator"].to_numpy() for frame in drawn]).reshape(shape).astype(np.int64)
    households = np.concatenate([frame["denominator"].to_numpy() for frame in drawn]).reshape(shape)[:, :, 0]
    months = _months()
    judged = (months >= pd.Timestamp(JUDGED[0])) & (months <= pd.Timestamp(JUDGED[1]))
    rates = counts[:, :, judged].sum(axis=2) / households
    lots = np.random.default_rng(SEED + 1).permuted(np.tile(np.arange(UNITS), (replays, 1)), axis=1)
    return counts, {"worst": np.argsort(-rates, axis=1, kind="stable")[:, :CHOSEN], "lot": lots[:, :CHOSEN]}
