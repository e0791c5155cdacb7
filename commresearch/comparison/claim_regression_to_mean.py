"""Regression to the mean: what choosing the places that stand out most does to their next value, without any work done.

Places differ lastingly and vary from one period to the next. Whoever begins where complaints are most, or use is least, picks places
in a bad period along with places of lasting trouble; in the next period the luck is drawn anew. The model: values of two periods are
log-normal, with the same mean and coefficient of variation in both and one correlation between their logarithms. The change of the
chosen then has a closed form; for few places, or small counts, it is simulated.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import ndtr, ndtri

from commresearch.errors import EstimationError, Failure

PERCENT = 100.0
BLOCK = 2_000_000  #: values drawn at a time: 16 MB an array


class End(StrEnum):
    """Which end of the values the places were taken from."""

    HIGHEST = "highest"
    LOWEST = "lowest"


class Period(StrEnum):
    """Whether places were chosen by their value before (where to begin) or after (whom to report on)."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How places were chosen from all that could have been.

    share : float
        Chosen part of all places, above 0 and below 1.
    autocorrelation : float
        Correlation of the logarithms of a place's values in two periods, 0 to 1. 1: nothing but lasting differences, no regression.
    variation : float
        Standard deviation over mean of the places' values in one period, above 0.
    end, by
        The end they were taken from, and the period whose values decided.

    Raises
    ------
    EstimationError
        A number outside its range: all of them together.
    """

    share: float
    autocorrelation: float
    variation: float
    end: End = End.HIGHEST
    by: Period = Period.BEFORE

    def __post_init__(self) -> None:
        """Refuse numbers outside their ranges."""
        allowed = {
            "share": (self.share, 0 < self.share < 1, "0 < share < 1"),
            "autocorrelation": (self.autocorrelation, 0 <= self.autocorrelation <= 1, "0 <= autocorrelation <= 1"),
            "variation": (self.variation, 0 < self.variation < math.inf, "variation > 0"),
        }
        _refuse(allowed)

    @property
    def log_sd(self) -> float:
        """Standard deviation of the logarithms."""
        return math.sqrt(math.log1p(self.variation**2))


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedChange:
    """Percent change of the chosen from the first to the second period, over the draws in which it exists.

    mean, low, high : float
        Mean and the 2.5th and 97.5th percentile of the draws, in percent; NaN where it exists in none.
    undefined : float
        Share of draws, 0-1, in which the chosen had nothing before, so that no percentage exists.
    """

    mean: float
    low: float
    high: float
    undefined: float


def expected_change(choice: Choice) -> float:
    """Percent change of the mean of the chosen that their choice alone brings about, for many places.

    Notes
    -----
    With s the standard deviation of the logarithms, r their correlation, p the share chosen and z the standard normal quantile of
    1 − p, the chosen have Φ(s − z) / p times the overall mean in the period that decided, and Φ(r s − z) / p in the other (the mean of
    a log-normal variable above a threshold of its normal companion). At the lower end the same with z the quantile of p and the
    arguments z − s and z − r s.
    """
    sign = 1.0 if choice.end == End.HIGHEST else -1.0
    threshold = float(ndtri(1 - choice.share if choice.end == End.HIGHEST else choice.share))
    deciding, other = (
        float(ndtr(sign * (weight * choice.log_sd - threshold))) for weight in (1.0, choice.autocorrelation)
    )
    ratio = other / deciding if choice.by == Period.BEFORE else deciding / other
    return PERCENT * (ratio - 1)


def simulate_change(
    choice: Choice, *, units: int, seed: int | np.random.Generator, mean_count: float | None = None, draws: int = 2_000
) -> SimulatedChange:
    """The same for a stated number of places, and for counts, by drawing whole sets of places.

    Parameters
    ----------
    units : int
        Places to choose from, at least two; round(share · units) of them, at least one and not all, are chosen.
    seed : int or Generator
    mean_count : float, optional
        Mean count per place and period; counts are then Poisson around the log-normal values, which adds chance of their own. Without
        it the values themselves are compared.
    draws : int

    Raises
    ------
    EstimationError
        A number outside its range: all of them together.
    """
    _refuse({
        "units": (units, units >= 2, "units >= 2"), "draws": (draws, draws >= 1, "draws >= 1"),
        "mean_count": (mean_count, mean_count is None or 0 < mean_count < math.inf, "mean_count > 0"),
    })
    random = np.random.default_rng(seed)
    chosen = min(max(round(choice.share * units), 1), units - 1)
    block = max(BLOCK // units, 1)
    sizes = [min(block, draws - start) for start in range(0, draws, block)]
    changes = np.concatenate([_draw(choice, units, chosen, size, mean_count, random) for size in sizes])
    known = changes[np.isfinite(changes)]
    undefined = 1 - len(known) / draws
    if not len(known):
        return SimulatedChange(mean=math.nan, low=math.nan, high=math.nan, undefined=undefined)
    low, high = np.percentile(known, (2.5, 97.5))
    return SimulatedChange(mean=float(known.mean()), low=float(low), high=float(high), undefined=undefined)


def _draw(choice: Choice, units: int, chosen: int, draws: int, mean_count: float | None, random: np.random.Generator) -> np.ndarray:
    """Percent change of the chosen in each draw (draws,); infinite or NaN where they had nothing before."""
    first = random.standard_normal((draws, units))
    second = choice.autocorrelation * first + math.sqrt(1 - choice.autocorrelation**2) * random.standard_normal((draws, units))
    values = np.exp(choice.log_sd * np.stack([first, second]) - choice.log_sd**2 / 2)
    if mean_count is not None:
        values = random.poisson(mean_count * values).astype(float)
    before, after = values
    deciding = before if choice.by == Period.BEFORE else after
    order = -deciding if choice.end == End.HIGHEST else deciding
    picked = np.argpartition(order, chosen - 1, axis=1)[:, :chosen]
    sums = [np.take_along_axis(side, picked, axis=1).sum(axis=1) for side in (before, after)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(PERCENT * (sums[1] / sums[0] - 1))


def _refuse(allowed: Mapping[str, tuple[object, bool, str]]) -> None:
    """Numbers outside their ranges, all together."""
    faults = [Failure(code="CR-I38", values={"option": name, "got": str(got), "allowed": rule}) for name, (got, sound, rule) in allowed.items() if not sound]
    if faults:
        raise EstimationError(*faults)
