"""What every effect says of itself, by the same names everywhere."""

import math
from dataclasses import dataclass

import pandas as pd

from commresearch.terms import Unit

#: Columns that every table of effects has, in this order.
EFFECT_COLUMNS = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "conf_level", "unit")
#: Columns of every path of effects, behind the one that says when or of whom.
PATH_COLUMNS = ("estimate", "std_error", "conf_low", "conf_high", "band_low", "band_high")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effect:
    """An effect with its uncertainty and its unit.

    estimate, std_error, statistic, p_value : float
        In `unit`; NaN where there is none (no test: no p value).
    conf_low, conf_high : float
        Interval at `conf_level`, in `unit`; need not lie evenly around the estimate.
    conf_level : float
        Between 0 and 1; stays with the interval, no display relabels it.
    unit : Unit
        Shares in percentage points, ratios minus one in percent (12.3, not 0.123).
    """

    estimate: float
    std_error: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float
    conf_level: float
    unit: Unit

    def to_dict(self) -> dict[str, object]:
        """The vocabulary of effects, JSON-safe: None for a number that is not there."""
        return {name: _safe(getattr(self, name)) for name in EFFECT_COLUMNS}

    def to_frame(self) -> pd.DataFrame:
        """One row in the vocabulary of effects."""
        return pd.DataFrame([{name: getattr(self, name) for name in EFFECT_COLUMNS} | {"unit": str(self.unit)}])


def _safe(value: object) -> object:
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return str(value) if isinstance(value, Unit) else value
