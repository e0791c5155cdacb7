"""Panels of fictional pilots whose truth is known: for studies of bias, coverage and size, and for teaching what misleads."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from commresearch.errors import Failure, SchemaError

Kind = Literal["counts", "shares"]
#: What looks like an effect and is none, and two things that hide one.
Artefact = Literal["none", "late_record", "recoding", "new_channel", "regression_to_mean", "longer_hours", "programme", "spill_over"]
ARTEFACTS: tuple[str, ...] = ("none", "late_record", "recoding", "new_channel", "regression_to_mean", "longer_hours", "programme", "spill_over")
FIRST_YEAR = 2023  #: after the pandemic months
SELECTION_MONTHS = 6  #: before the start, on which units with the worst record are chosen
NEIGHBOUR_SHARE = 0.5  #: of an effect that the neighbours of a pilot feel


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelSpec:
    """A pilot as a panel.

    units, months, treated, starts
        treated units start in turn in these months (from 0)
    kind
        counts (cases per 1,000 households) or shares (0-100)
    level
        mean of a unit and month: cases per 1,000 households, or percent
    households
        mean of a unit; units differ by a factor of about four
    unit_sd, autocorrelation, shock_sd, season
        of the logarithm of the rate (counts) or the logit (shares): what differs for good, what differs from month to month, yearly wave
    effect
        counts: percent; shares: percentage points
    artefact
        what happens instead of, or beside, the effect; `strength` is how much of it
    """

    units: int = 40
    months: int = 36
    treated: int = 10
    starts: tuple[int, ...] = (18,)
    kind: Kind = "counts"
    level: float = 8.0
    households: float = 900.0
    unit_sd: float = 0.25
    autocorrelation: float = 0.5
    shock_sd: float = 0.1
    season: float = 0.15
    effect: float = 0.0
    artefact: Artefact = "none"
    strength: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedPanel:
    """A panel, its registers, and what is true of it.

    frame : DataFrame
        unit_id, month, numerator, denominator, live, treated_from, neighbour_of.
    rollout, programmes, breaks : DataFrame
        As the registers of a case have them: how units were chosen, what else happened, dated changes of recording.
    truth : float
        The mean effect on treated unit-months, in percent (of what would have been) or percentage points.
    """

    spec: PanelSpec
    frame: pd.DataFrame
    rollout: pd.DataFrame
    programmes: pd.DataFrame
    breaks: pd.DataFrame
    truth: float
    notes: tuple[str, ...] = field(default=())


def simulate_panel(spec: PanelSpec, *, rng: np.random.Generator) -> SimulatedPanel:
    """One panel of a fictional pilot.

    Returns
    -------
    SimulatedPanel
        units × months rows, ordered.

    Raises
    ------
    SchemaError
        Settings that cannot be (CR-M01), all together.
    """
    _check(spec)
    households = np.round(spec.households * np.exp(rng.uniform(-0.7, 0.7, spec.units)))
    base = _latent(spec, rng)
    first = _starts(spec, base, rng)
    treated = np.arange(spec.months)[None, :] >= first[:, None]
    without, with_effect = _means(spec, base, treated, first)
    seen = _as_recorded(spec, with_effect, treated)
    numerator, denominator = _drawn(spec, seen, households, rng)
    live = np.ones_like(treated)
    if spec.artefact == "late_record":  # the register begins with the pilot
        live = ~(np.isfinite(first)[:, None] & (np.arange(spec.months)[None, :] < first[:, None] - 1))
    truth = _truth(spec, without, with_effect, treated, households)
    return SimulatedPanel(
        spec=spec, frame=_frame(spec, numerator, denominator, live, first), rollout=_rollout(spec, first), programmes=_programmes(spec, first),
        breaks=_breaks(spec, first), truth=truth,
    )


def _check(spec: PanelSpec) -> None:
    allowed = [
        ("units", spec.units, spec.units >= 2, "≥ 2"), ("months", spec.months, spec.months >= 2, "≥ 2"),
        ("treated", spec.treated, 0 <= spec.treated <= spec.units, f"0 – {spec.units}"),
        ("starts", spec.starts, len(spec.starts) > 0 and all(0 < s < spec.months for s in spec.starts), f"1 – {spec.months - 1}"),
        ("kind", spec.kind, spec.kind in {"counts", "shares"}, "counts, shares"), ("level", spec.level, 0 < spec.level < 100, "0 – 100"),
        ("autocorrelation", spec.autocorrelation, -1 < spec.autocorrelation < 1, "−1 – 1"),
        ("artefact", spec.artefact, spec.artefact in ARTEFACTS, ", ".join(ARTEFACTS)),
    ]
    if wrong := [(name, got, range_) for name, got, right, range_ in allowed if not right]:
        raise SchemaError(*(Failure(code="CR-M01", values={"setting": name, "got": got, "allowed": range_}) for name, got, range_ in wrong))


def _latent(spec: PanelSpec, rng: np.random.Generator) -> np.ndarray:
    """Logarithm of the rate, or logit of the share, without a pilot: (units, months)."""
    shocks = np.empty((spec.units, spec.months))
    shocks[:, 0] = rng.normal(0, spec.shock_sd, spec.units)
    fresh = spec.shock_sd * np.sqrt(1 - spec.autocorrelation**2)
    for t in range(1, spec.months):
        shocks[:, t] = spec.autocorrelation * shocks[:, t - 1] + rng.normal(0, fresh, spec.units)
    wave = spec.season * np.sin(2 * np.pi * np.arange(spec.months) / 12)
    middle = np.log(spec.level) if spec.kind == "counts" else np.log(spec.level / (100 - spec.level))
    return np.asarray(middle + rng.normal(0, spec.unit_sd, spec.units)[:, None] + wave[None, :] + shocks)


def _starts(spec: PanelSpec, base: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """First treated month of each unit, infinite for those that never start: (units,)."""
    if spec.artefact == "regression_to_mean":  # the worst of the last months are taken
        month = min(spec.starts)
        order = np.argsort(-base[:, max(month - SELECTION_MONTHS, 0) : month].mean(axis=1))
    else:
        order = rng.permutation(spec.units)
    first = np.full(spec.units, np.inf)
    for i, unit in enumerate(order[: spec.treated]):
        first[unit] = spec.starts[i % len(spec.starts)]
    return first


def _means(spec: PanelSpec, base: np.ndarray, treated: np.ndarray, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Expected rate or share without and with the pilot, (units, months) each; neighbours of pilots share in it where it spills over."""
    dose = treated.astype(float)
    if spec.artefact == "spill_over":
        near = neighbours(spec, first)
        for unit, pilot in near.items():
            dose[unit] = NEIGHBOUR_SHARE * treated[pilot]
    if spec.kind == "counts":
        without = np.exp(base)
        return without, without * (1 + spec.effect / 100 * dose)
    without = 100 / (1 + np.exp(-base))
    return without, np.clip(without + spec.effect * dose, 0, 100)


def _as_recorded(spec: PanelSpec, means: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """What the records show of it: another rule of recording, another channel, longer hours, another programme from the start on."""
    up = {"new_channel": 1 + spec.strength, "recoding": 1 - spec.strength, "programme": 1 - spec.strength, "longer_hours": 1 + spec.strength}
    if spec.artefact not in up:
        return means
    changed = np.where(treated, means * up[spec.artefact], means)
    return changed if spec.kind == "counts" else np.clip(changed, 0, 100)


def _drawn(spec: PanelSpec, means: np.ndarray, households: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    below = np.broadcast_to(households[:, None], means.shape)
    if spec.kind == "counts":
        return rng.poisson(means * below / 1_000).astype(float), below.astype(float)
    return rng.binomial(below.astype(int), means / 100).astype(float), below.astype(float)


def _truth(spec: PanelSpec, without: np.ndarray, with_effect: np.ndarray, treated: np.ndarray, households: np.ndarray) -> float:
    if not treated.any():
        return 0.0
    if spec.kind == "shares":
        return float((with_effect - without)[treated].mean())
    weight = np.broadcast_to(households[:, None], without.shape)[treated]
    return float(100 * ((with_effect[treated] * weight).sum() / (without[treated] * weight).sum() - 1))


def neighbours(spec: PanelSpec, first: Sequence[float] | np.ndarray) -> dict[int, int]:
    """Untreated unit → the pilot beside it: every other untreated unit has one."""
    pilots = [u for u in range(spec.units) if np.isfinite(first[u])]
    others = [u for u in range(spec.units) if not np.isfinite(first[u])]
    return {unit: pilots[i % len(pilots)] for i, unit in enumerate(others[::2])} if pilots else {}


def unit_name(unit: int) -> str:
    """Code of a fictional unit."""
    return f"U{unit + 1:03d}"


def _months(spec: PanelSpec) -> pd.DatetimeIndex:
    return pd.date_range(f"{FIRST_YEAR}-01-01", periods=spec.months, freq="MS").as_unit("us")


def _frame(spec: PanelSpec, numerator: np.ndarray, denominator: np.ndarray, live: np.ndarray, first: np.ndarray) -> pd.DataFrame:
    months = _months(spec)
    names = [unit_name(u) for u in range(spec.units)]
    starts = [months[int(f)] if np.isfinite(f) else pd.NaT for f in first]
    near = neighbours(spec, first) if spec.artefact == "spill_over" else {}
    return pd.DataFrame(
        {
            "unit_id": np.repeat(names, spec.months), "month": np.tile(months.to_numpy(), spec.units),
            "numerator": np.where(live, numerator, np.nan).ravel(), "denominator": denominator.ravel(), "live": live.ravel(),
            "treated_from": pd.Series(starts, dtype="datetime64[us]").repeat(spec.months).to_numpy(),
            "neighbour_of": np.repeat([unit_name(near[u]) if u in near else "" for u in range(spec.units)], spec.months),
        }
    )


def _rollout(spec: PanelSpec, first: np.ndarray) -> pd.DataFrame:
    chosen = "worst" if spec.artefact == "regression_to_mean" else "volunteer"
    months = _months(spec)
    rows = [(unit_name(u), months[int(f)], chosen, "community", unit_name(u)) for u, f in enumerate(first) if np.isfinite(f)]
    return pd.DataFrame(rows, columns=["unit_id", "start_month", "chosen_by", "assigned_level", "assignment_id"])


def _programmes(spec: PanelSpec, first: np.ndarray) -> pd.DataFrame:
    months = _months(spec)
    rows = [(unit_name(u), months[int(f)], pd.NaT, "renovation", "") for u, f in enumerate(first) if np.isfinite(f)] if spec.artefact == "programme" else []
    return pd.DataFrame(rows, columns=["unit_id", "starts_on", "ends_on", "kind", "note"])


def _breaks(spec: PanelSpec, first: np.ndarray) -> pd.DataFrame:
    months = _months(spec)
    said = {"recoding": "categories changed", "new_channel": "new channel", "longer_hours": "opening hours changed"}
    rows = [("tickets", unit_name(u), months[int(f)], said[spec.artefact]) for u, f in enumerate(first) if np.isfinite(f)] if spec.artefact in said else []
    return pd.DataFrame(rows, columns=["source", "unit_id", "on", "note"])
