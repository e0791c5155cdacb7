"""Small panels of counts, shares and answers of fictional communities."""

import numpy as np
import pandas as pd

from commresearch.outcomes import Panel


def counts(starts, *, months=12, seed=1, effect=-0.3, gaps=0.0, exposure=False, first_month=None):
    """One row per unit and month; `starts` by unit, 0 where never."""
    rng = np.random.default_rng(seed)
    n = len(starts)
    unit, month = np.repeat(np.arange(n), months), np.tile(np.arange(1, months + 1), n)
    start = np.asarray(starts)[unit]
    treated = (start > 0) & (month >= start)
    households = np.round(rng.uniform(300, 3000, n)[unit] * np.maximum(0.2, 1 + rng.normal(0.003, 0.01, n)[unit] * month)) if exposure else np.full(n * months, 1000.0)
    mean = households / 1000 * np.exp(rng.normal(1.5, 0.5, n)[unit] + 0.2 * np.sin(month) + effect * treated)
    frame = pd.DataFrame({
        "unit": [f"u{i:02d}" for i in unit], "assignment": [f"a{i // 2:02d}" for i in unit], "month": month, "counts": rng.poisson(mean),
        "households": households, "start": np.where(start > 0, start, np.nan),
    })
    if first_month is not None:
        base = pd.Period(first_month, freq="M")
        frame["month"] = [(base + m - 1).to_timestamp() for m in frame["month"]]
        frame["start"] = [pd.NaT if np.isnan(s) else (base + int(s) - 1).to_timestamp() for s in frame["start"]]
    return frame[rng.random(len(frame)) >= gaps].reset_index(drop=True)


def panel(frame, *, unit="per_1000_households", denominator="households", cluster=None, value=None, numerator="counts"):
    return Panel.from_frame(
        frame, community="unit", period="month", value=value, numerator=numerator, denominator=denominator, treated_from="start", cluster=cluster,
        outcome="complaint_rate", unit=unit,
    )


def shares(starts, *, months=8, seed=2, effect=8.0):
    rng = np.random.default_rng(seed)
    n = len(starts)
    unit, month = np.repeat(np.arange(n), months), np.tile(np.arange(1, months + 1), n)
    start = np.asarray(starts)[unit]
    value = np.clip(20 + rng.normal(0, 6, n)[unit] + 0.8 * month + effect * ((start > 0) & (month >= start)) + rng.normal(0, 2, n * months), 0, 100)
    return pd.DataFrame({"unit": [f"u{i:02d}" for i in unit], "month": month, "value": value, "start": np.where(start > 0, start, np.nan)})


def share_panel(frame):
    return Panel.from_frame(
        frame, community="unit", period="month", value="value", treated_from="start", outcome="youth_participation", unit="percentage_points"
    )


def codes(error):
    """Codes of all failures of a caught error."""
    return [f.code for f in error.value.failures]
