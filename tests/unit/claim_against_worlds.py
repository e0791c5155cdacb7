"""Claims, panels and views of fictional pilots for the tests of claims against estimates."""

from dataclasses import replace

import numpy as np
import pandas as pd

from commresearch.cases.case_claims_file import claims_with_terms
from commresearch.comparison.claim_against_view import ClaimView
from commresearch.impact.arrays import NEVER, PanelArrays
from commresearch.outcomes import Panel
from commresearch.terms import Unit

ROW = {
    "claim_id": "demo-001", "case_id": "demo", "value": "-30", "unit": "%", "unit_class": "percent", "comparison": "before_after",
    "outcome": "complaint_rate", "measure": "rate", "scope": "treated", "base_start": "2023-07", "base_end": "2024-06", "period_start": "2024-07",
    "period_end": "2025-06", "text_zh": "试点社区投诉下降30%", "text_en": "Complaints in the pilot fell by 30%.",
}
FIRST_YEAR = 2023


def rows(*changes):
    """A claims file as text, one row for each set of changes."""
    frame = pd.DataFrame([ROW | change for change in changes])
    frame.index = pd.RangeIndex(2, 2 + len(frame))
    return frame


def stated(**changes):
    """One claim with its terms."""
    return claims_with_terms(rows({k: str(v) for k, v in changes.items()}))[0]


def month(place):
    """The month of a place from 0, as a claim writes it."""
    return f"{FIRST_YEAR + place // 12:04d}-{place % 12 + 1:02d}"


def over(base, period, **changes):
    """A claim over months by their places: (first, last) each."""
    ends = {"base_start": base[0], "base_end": base[1], "period_start": period[0], "period_end": period[1]}
    return stated(**{name: month(place) for name, place in ends.items()}, **changes)


def panel_of(sim, **changes):
    """The panel of a simulated pilot."""
    named = {"numerator": "numerator", "denominator": "denominator", "outcome": "complaint_rate", "unit": "per_1000_households"} | changes
    made = Panel.from_frame(sim.frame, community="unit_id", period="month", treated_from="treated_from", **named)
    return replace(made, breaks=sim.breaks)


def panel_from(counts, households, start, *, treated, unit="per_1000_households", outcome="complaint_rate", **changes):
    """A panel from arrays (units, months); the first `treated` units start at the place `start`."""
    counts = np.asarray(counts, dtype=float)
    n, t = counts.shape
    months = pd.date_range(f"{FIRST_YEAR}-01-01", periods=t, freq="MS")
    frame = pd.DataFrame({
        "unit_id": np.repeat([f"U{i}" for i in range(n)], t), "month": np.tile(months, n), "numerator": counts.ravel(),
        "denominator": np.broadcast_to(np.asarray(households, dtype=float), (n, t)).ravel(),
        "treated_from": np.repeat([months[start] if i < treated else pd.NaT for i in range(n)], t),
    })
    return Panel.from_frame(
        frame, community="unit_id", period="month", numerator="numerator", denominator="denominator", treated_from="treated_from", outcome=outcome, unit=unit, **changes
    )


def arrays_of_pilot(sim):
    """The same as arrays, without the way through a panel: what simulations over many draws need."""
    shape = sim.spec.units, sim.spec.months
    counts, households = (sim.frame[name].to_numpy(dtype=float).reshape(shape) for name in ("numerator", "denominator"))
    starts = sim.frame["treated_from"].to_numpy().reshape(shape)[:, 0]
    units = sim.frame["unit_id"].to_numpy(dtype=object).reshape(shape)[:, 0]
    return PanelArrays(
        units=units, periods=np.arange(shape[1]) + 12 * FIRST_YEAR, dated=True, value=1_000 * counts / households, numerator=counts, denominator=households,
        first=np.where(np.isnat(starts), NEVER, starts.astype("datetime64[M]").astype(np.int64) + 12 * 1970), cluster=np.arange(shape[0]), assignments=units,
        community=np.arange(shape[0]), weight=np.ones(shape), unit=Unit.PER_1000_HOUSEHOLDS,
    )


def view_over(arrays, base, period):
    """The view of a claim on the rate of all treated units, over months by their places."""
    places = np.arange(len(arrays.periods))
    treated = arrays.ever_treated
    return ClaimView(
        arrays=arrays, above=arrays.numerator, below=arrays.denominator, ratio=True, scope=treated, others=~treated,
        base=(places >= base[0]) & (places <= base[1]), period=(places >= period[0]) & (places <= period[1]), usable=np.ones(len(places), dtype=bool),
    )


def worst_and_best(arrays, start):
    """Places of the month before the start with the highest, and the month since with the lowest rate of the treated units together."""
    treated = arrays.ever_treated
    rate = arrays.numerator[treated].sum(axis=0) / arrays.denominator[treated].sum(axis=0)
    return int(rate[:start].argmax()), start + int(rate[start:].argmin())
