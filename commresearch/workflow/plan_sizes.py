"""How large a pilot must be: persons to ask in a survey, and the effect that the months of its panels would show."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import pandas as pd

from commresearch.errors import CommResearchError
from commresearch.impact.arrays import COUNTS, NEVER, PanelArrays, arrays_of
from commresearch.impact.power import CountLaw, PilotLayout, simulate_power
from commresearch.impact.sample_size import PanelVariance, panel_detectable, panel_variance, survey_sample_size
from commresearch.terms import Unit
from commresearch.workflow.case_panels import CasePanel
from commresearch.workflow.outcome_estimates import REFUSALS, in_both

COLUMNS = (
    "part", "outcome", "unit", "share", "difference", "per_community", "icc", "design_effect", "persons_per_side", "communities_per_side", "treated",
    "comparison", "months_before", "months_after", "variance", "autocorrelation", "detectable", "detectable_simulated", "detectable_percent", "power",
    "alpha", "refusal_zh", "refusal_en",
)
GRID = (0.5, 0.7, 0.85, 1.0, 1.15, 1.3, 1.6, 2.0)  #: effects that are simulated, as multiples of the one by closed form
DIFFERENCES = (5.0, 10.0, 15.0)  #: percentage points that a survey is to find, where nothing else is asked
PERCENT = (5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 65.0, 80.0)  #: falls of counts that are simulated


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSettings:
    """What is asked of a plan.

    share, differences
        survey: share (0-100) without the pilot, differences to be found in percentage points
    per_community, icc, waves
        survey: persons asked in a community and wave, share of the variance that lies between communities, 1 or 2 waves
    treated, comparison
        panels: units that start and that do not, where the roll-out does not say; half of the units each where nothing does
    after
        panels: months after the (last) start
    power, alpha
        wanted of both
    draws, seed
        of the simulated pilots
    """

    share: float = 50.0
    differences: tuple[float, ...] = DIFFERENCES
    per_community: int = 30
    icc: float = 0.05
    waves: int = 1
    treated: int | None = None
    comparison: int | None = None
    after: int = 12
    power: float = 0.80
    alpha: float = 0.05
    draws: int = 1_000
    seed: int = 0


def survey_rows(settings: PlanSettings) -> list[dict[str, object]]:
    """Persons and communities per side for each difference.

    Raises
    ------
    EstimationError
        A setting cannot be (CR-I07).
    """
    rows = []
    for difference in settings.differences:
        size = survey_sample_size(
            share=settings.share, difference=difference, per_cluster=settings.per_community, icc=settings.icc, waves=settings.waves,
            power=settings.power, alpha=settings.alpha,
        )
        rows.append({
            "part": "survey", "unit": str(Unit.PERCENTAGE_POINTS), "share": settings.share, "difference": difference, "icc": settings.icc,
            "per_community": size.per_cluster, "design_effect": size.design_effect, "persons_per_side": size.persons,
            "communities_per_side": size.clusters, "detectable": size.detectable, "power": size.power, "alpha": size.alpha,
        })
    return rows


def panel_rows(panels: Sequence[CasePanel], settings: PlanSettings) -> list[dict[str, object]]:
    """The effect that each panel would show, from its months before any start; why it cannot be told, where it cannot."""
    rows = []
    for one in panels:
        row: dict[str, object] = {"part": "panel", "outcome": str(one.outcome), "unit": str(one.panel.unit), "power": settings.power, "alpha": settings.alpha}
        try:
            row |= _detectable(arrays_of(one.panel), settings)
        except REFUSALS as error:
            row |= _refused(error)
        rows.append(row)
    return rows


def plan_table(panels: Sequence[CasePanel], settings: PlanSettings) -> pd.DataFrame:
    """Survey and panels in one table; what a part does not have is empty."""
    return pd.DataFrame([*survey_rows(settings), *panel_rows(panels, settings)]).reindex(columns=list(COLUMNS))


def _refused(error: CommResearchError) -> dict[str, str]:
    return {f"refusal_{language}": text for language, text in in_both(error).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """Who starts, as months after the first start, and who does not."""

    starts: Mapping[int, int] = field(default_factory=dict)
    comparison: int = 0

    @property
    def treated(self) -> int:
        return sum(self.starts.values())


def _detectable(arrays: PanelArrays, settings: PlanSettings) -> dict[str, object]:
    """Closed form and simulation for one panel."""
    sides = _sides(arrays, settings)
    begun = arrays.periods >= arrays.first.min()
    value = arrays.value[:, ~begun]
    law = panel_variance(value)
    before = value.shape[1]
    closed = panel_detectable(
        law, treated=sides.treated, comparison=sides.comparison, before=before, after=settings.after, power=settings.power, alpha=settings.alpha
    )
    layout = PilotLayout(
        starts=tuple(before + s for s in sides.starts), sizes=tuple(sides.starts.values()), comparison=sides.comparison,
        months=before + max(sides.starts) + settings.after,
    )
    shown = asdict(law) | {
        "treated": sides.treated, "comparison": sides.comparison, "months_before": before, "months_after": settings.after, "detectable": closed.detectable,
        "detectable_simulated": _simulated(layout, law, [k * closed.detectable for k in GRID], settings),
    }
    if arrays.unit in COUNTS:
        shown["detectable_percent"] = _simulated(layout, count_law(arrays.numerator[:, ~begun], law.autocorrelation), [-p for p in PERCENT], settings)
    return shown


def _simulated(layout: PilotLayout, law: PanelVariance | CountLaw, effects: Sequence[float], settings: PlanSettings) -> float:
    curve = simulate_power(layout, law, effects=effects, draws=settings.draws, seed=settings.seed, alpha=settings.alpha, power=settings.power)
    return abs(curve.detectable)


def _sides(arrays: PanelArrays, settings: PlanSettings) -> _Sides:
    """From the roll-out where it names starts, else as asked for, else half of the units each."""
    known = arrays.first != NEVER
    if known.any():
        months, units = np.unique(arrays.first[known], return_counts=True)
        starts = {int(m - months[0]): int(n) for m, n in zip(months, units, strict=True)}
        return _Sides(starts=starts, comparison=int((~known).sum()) if settings.comparison is None else settings.comparison)
    n = len(arrays.units)
    treated = n // 2 if settings.treated is None else settings.treated
    return _Sides(starts={0: treated}, comparison=n - treated if settings.comparison is None else settings.comparison)


def count_law(counts: np.ndarray, autocorrelation: float) -> CountLaw:
    """How counts of units × months vary beyond chance: between units for good, and from month to month.

    With means m_i of units and month factors f_t, the variance of y / (m f) that a Poisson law of mean m f does not explain is that of the shocks;
    the variance of m_i over its square that chance does not explain, that of the units.
    """
    full = counts[~np.isnan(counts).any(axis=1)]
    rate = float(full.mean())
    unit = full.mean(axis=1, keepdims=True)
    expected = unit * full.mean(axis=0, keepdims=True) / rate if rate > 0 else full
    expected = np.where(expected > 0, expected, np.nan)
    between = unit.var(ddof=1) / rate**2 - 1 / (rate * full.shape[1]) if rate > 0 else 0.0
    shocks = np.nanmean(((full - expected) ** 2 - expected) / expected**2) if rate > 0 else 0.0
    return CountLaw(
        rate=rate, unit_sd=math.sqrt(math.log1p(max(float(between), 0.0))), shock_sd=math.sqrt(math.log1p(max(float(shocks), 0.0))),
        autocorrelation=min(max(autocorrelation, 0.0), 0.95),
    )
