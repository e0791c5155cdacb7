"""What would happen in every community and month without the pilot and with it: seasons, lasting differences, months that resemble the last."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.simulate.log_places import NEVER, Places, month_at, starts_in_order
from commresearch.simulate.log_spec import OUTCOMES, LogSpec

Array = NDArray[Any]
#: First day of the Spring Festival, by year.
SPRING_FESTIVALS = (
    "2015-02-19", "2016-02-08", "2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10",
    "2025-01-29", "2026-02-17", "2027-02-06", "2028-01-26", "2029-02-13", "2030-02-03",
)
DAYS_BEFORE, DAYS_AFTER = 3, 8
SUMMER = (6, 7, 8)
#: How strongly differences between communities and months show in an outcome.
STRENGTH: Mapping[str, float] = {"complaint_rate": 1.0, "youth_participation": 0.8, "space_use": 0.5}
LEAST_SHARE, MOST_SHARE = 0.002, 0.9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rates:
    """Rates by community of the first day and month; column 0 is the month before the first.

    days, weights, months_of_days
        every day, how much happens on it, its month (0 is the month before the first)
    untreated, expected
        by outcome (n, months + 1): cases per household and month, shares of residents, shares of reference hours; without and with
        the pilot. A programme that begins with it is in both
    """

    days: Array
    weights: Array
    months_of_days: Array
    untreated: Mapping[str, Array]
    expected: Mapping[str, Array]

    def draw_days(self, months: Array, rng: np.random.Generator) -> Array:
        """A day of each given month (k,), by the weights of its days."""
        total = np.concatenate([[0.0], np.cumsum(self.weights)])
        first = np.searchsorted(self.months_of_days, months, side="left")
        last = np.searchsorted(self.months_of_days, months, side="right")
        wanted = total[first] + rng.random(len(months)) * (total[last] - total[first])
        return np.asarray(self.days[np.clip(np.searchsorted(total, wanted, side="right") - 1, first, last - 1)])


def draw_rates(spec: LogSpec, places: Places, rng: np.random.Generator) -> Rates:
    """Draw the differences between communities and months, and put season and effect on them."""
    days, months, weights = _days(spec)
    season = np.bincount(months, weights) / np.bincount(months)
    level = {
        "complaint_rate": spec.tickets.rate / 1000,
        "youth_participation": spec.signins.youth_rate / 100,
        "space_use": spec.rooms.use / 100,
    }
    untreated = {
        name: _within(name, level[name] * season[None, :] * np.exp(STRENGTH[name] * _noise(spec, places.n, rng))) for name in OUTCOMES
    }
    drawn = Rates(days=days, weights=weights, months_of_days=months, untreated=untreated, expected=untreated)
    return drawn if spec.selected_on else with_pilot(spec, places, drawn)


def with_pilot(spec: LogSpec, places: Places, rates: Rates) -> Rates:
    """The rates with what the pilot changes, and with the programme that begins with it where there is one."""
    started = (places.starts[:, None] != NEVER) & (np.arange(-1, spec.months)[None, :] >= places.starts[:, None])
    complaints = rates.untreated["complaint_rate"]
    untreated = {**rates.untreated, "complaint_rate": np.where(started, complaints * (1 + spec.concurrent / 100), complaints)}
    expected = {}
    for name in OUTCOMES:
        effect = spec.effects.get(name, 0.0) / 100
        treated = untreated[name] * (1 + effect) if name == "complaint_rate" else untreated[name] + effect
        expected[name] = np.where(started, _within(name, treated), untreated[name])
    return replace(rates, untreated=untreated, expected=expected)


def choose_by_record(spec: LogSpec, places: Places, rates: Rates) -> Places:
    """The same places, with those in the pilot that had the most complaints per household in the months before the first start."""
    first = min(spec.starts) + 1  # column 0 is the month before the first
    record = rates.untreated["complaint_rate"][:, first - spec.selected_on : first].mean(axis=1)
    streets = np.array([spec.names.streets.index(next(s for s in spec.names.streets if s[0] == c.street)) for c in places.communities])
    starts = starts_in_order(spec, np.argsort(-record, kind="stable"), streets)
    communities = tuple(replace(c, start=int(start)) for c, start in zip(places.communities, starts, strict=True))
    return replace(places, communities=communities)


def _within(name: str, rates: Array) -> Array:
    return rates if name == "complaint_rate" else np.clip(rates, LEAST_SHARE, MOST_SHARE)


def _noise(spec: LogSpec, n: int, rng: np.random.Generator) -> Array:
    """Lasting differences and autocorrelated months, with mean 0 (n, months + 1)."""
    lasting, shocks = rng.standard_normal(n), rng.standard_normal((n, spec.months + 1))
    rho, months = spec.autocorrelation, [shocks[:, 0]]
    for t in range(1, spec.months + 1):
        months.append(rho * months[-1] + np.sqrt(1 - rho**2) * shocks[:, t])
    return np.asarray(spec.unit_sd * lasting[:, None] + spec.shock_sd * np.array(months).T)


def _days(spec: LogSpec) -> tuple[Array, Array, Array]:
    """Days, their months, their weights."""
    days = pd.date_range(month_at(spec, -1), month_at(spec, spec.months) - pd.Timedelta(days=1), freq="D")
    months = (days.year - spec.first_month.year) * 12 + days.month - spec.first_month.month + 1
    festivals = np.array(SPRING_FESTIVALS, dtype="datetime64[D]")
    apart = (days.to_numpy().astype("datetime64[D]")[:, None] - festivals[None, :]).astype(np.int64)
    quiet = ((apart >= -DAYS_BEFORE) & (apart < DAYS_AFTER)).any(axis=1)
    weights = np.where(quiet, 1 - spec.spring_dip, 1.0) * np.where(np.isin(days.month, SUMMER), 1 + spec.summer_rise, 1.0)
    return days.to_numpy().astype("datetime64[D]"), np.asarray(months, dtype=np.int64), weights


def expected_frame(spec: LogSpec, places: Places, rates: Rates) -> pd.DataFrame:
    """Expected values on the boundaries of the first day: outcome, unit_id, month, untreated, expected.

    Complaints are cases per 1,000 households and month, the others percent. The tables hold more or fewer where a new channel
    opened, categories were recoded or a register was not yet kept; the record of breaks says so.
    """
    months = pd.date_range(month_at(spec, 0), periods=spec.months, freq="MS").as_unit("us")
    frames = []
    for name in OUTCOMES:
        scale = 1000 if name == "complaint_rate" else 100
        frames.append(
            pd.DataFrame(
                {
                    "outcome": name,
                    "unit_id": np.repeat(places.codes[: places.n], spec.months),
                    "month": np.tile(months.to_numpy(), places.n),
                    "untreated": scale * rates.untreated[name][:, 1:].ravel(),
                    "expected": scale * rates.expected[name][:, 1:].ravel(),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
