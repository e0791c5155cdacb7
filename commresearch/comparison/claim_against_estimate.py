"""The effect, estimated on a claim's own units, months and measure, and told in its unit."""

from dataclasses import replace

import numpy as np
import pandas as pd

from commresearch.cases.case_claims_file import ClaimMeasure
from commresearch.comparison.claim_against_parts import Sources
from commresearch.comparison.claim_against_view import OVER, ClaimView
from commresearch.errors import EstimationError, Failure
from commresearch.impact.arrays import COUNTS, period_numbers
from commresearch.impact.design import Design, detect_design
from commresearch.impact.estimate import estimate_impact
from commresearch.impact.result import ImpactEstimate
from commresearch.outcomes import Panel
from commresearch.terms import Method, Unit


def estimation_panel(panel: Panel, sources: Sources, measure: ClaimMeasure) -> Panel:
    """The panel that an effect for a claim is estimated on.

    Units of the claim and those that it is held against. Months before the start: all, or those that tell what the units are for good where the base may
    have been picked. Months from the start on: those of the claim; all where they may have been picked; of those, months recorded in the same way as the
    base where recording changed. Months are left out for everybody, so that no side has a shorter record than the other.

    Parameters
    ----------
    panel : Panel
        With what was recorded alike, where there is such a panel.
    """
    view = sources.clean
    kept = view.arrays.periods[months_estimated(sources)]
    frame = panel.frame
    rows = frame["unit_id"].astype("str").isin(set(view.arrays.units)).to_numpy() & np.isin(period_numbers(frame["month"])[0], kept)
    frame = frame[rows].reset_index(drop=True)
    unit, ratio = panel.unit, view.ratio
    if measure not in OVER:
        unit = {ClaimMeasure.COUNT: Unit.COUNT, ClaimMeasure.PERSONS: Unit.PERSONS, ClaimMeasure.HOURS: Unit.HOURS}.get(measure, Unit.COUNT)
        frame = frame.assign(value=frame["numerator"], denominator=np.nan)
    elif measure is ClaimMeasure.SHARE and ratio and _whole(frame["numerator"]):
        unit = Unit.PERSONS  # counted persons over residents: a ratio of rates, whatever the share is
        frame = frame.assign(value=frame["numerator"] / frame["denominator"])
    gone = sources.changes.how == "jump" or (sources.unaffected is not None and sources.changes.how != "shared")
    breaks = panel.breaks.iloc[:0] if gone else panel.breaks
    return replace(panel, frame=frame, unit=unit, breaks=breaks)


def estimate_on_claim(
    panel: Panel, sources: Sources, measure: ClaimMeasure, *, seed: int, conf_level: float, rollout: pd.DataFrame | None, programmes: pd.DataFrame | None
) -> ImpactEstimate:
    """The design-based estimate on the claim's panel, in percent or points of the claim's months.

    Parameters
    ----------
    panel : Panel
        From `estimation_panel`.

    Raises
    ------
    DesignError, EstimationError
        As `estimate_impact`; a fall that is larger than what there was (CR-Y20).
    """
    design = detect_design(panel, rollout)
    method = _method(panel, design, measure, cut=not months_estimated(sources).all())
    found = estimate_impact(panel, design, method=method, seed=seed, conf_level=conf_level, rollout=rollout, programmes=programmes)
    return told_for(found, panel, sources.clean)


def told_for(found: ImpactEstimate, panel: Panel, view: ClaimView) -> ImpactEstimate:
    """An effect on treated months as the claim's months show it: in the claim's unit, and thinner where some of them lie before the start.

    A ratio θ becomes observed / (treated / θ + untreated) over the claim's months; a difference its share of the denominators. An effect in the unit of
    the panel becomes θ = mean / (mean − effect) of the treated months where the claim is in percent.

    Raises
    ------
    EstimationError
        A fall that is larger than what there was (CR-Y20).
    """
    ends = (found.estimate, found.conf_low, found.conf_high)
    in_percent = found.unit is Unit.PERCENT
    if view.ratio and not in_percent:
        mean = _mean_of_treated(panel)
        if not min(mean, mean - found.estimate) > 0:
            raise EstimationError(Failure(code="CR-Y20", values={"mean": f"{mean:.3g}", "estimate": f"{found.estimate:.3g}"}))
        estimate, low, high = (_diluted(view, _relative(mean, end)) for end in ends)
    elif view.ratio:
        estimate, low, high = (_diluted(view, 1 + end / 100) for end in ends)
    else:
        share = _share(view)
        estimate, low, high = (share * end for end in ends)
    if np.allclose((estimate, low, high), ends, equal_nan=True) and found.unit is view.unit:
        return found
    scale = (high - low) / (ends[2] - ends[1]) if np.isfinite(high - low) and ends[2] > ends[1] else np.nan
    return replace(found, estimate=estimate, conf_low=low, conf_high=high, std_error=found.std_error * scale, unit=view.unit)


def on_scale(found: ImpactEstimate, view: ClaimView) -> float:
    """An effect in the claim's unit on the scale on which parts add up."""
    return float(np.log1p(found.estimate / 100)) if view.ratio else found.estimate


def months_estimated(sources: Sources) -> np.ndarray:
    """Months that the effect is estimated on, (T,)."""
    view, windows, periods = sources.clean, sources.windows, sources.clean.arrays.periods
    before = windows.reference if windows.reference.any() else view.before
    outcome = windows.outcome
    if sources.unaffected is None and sources.changes.how == "jump":
        before_start = [j.month for j in sources.changes.jumps if j.month <= view.first]
        after_start = [j.month for j in sources.changes.jumps if j.month > view.first]
        same = periods < min(after_start) if after_start else np.ones_like(before)
        outcome = outcome & same if (outcome & same).any() else (periods >= view.first) & same
        before = before & (periods >= max(before_start)) if before_start else before
    return np.asarray((before | outcome) & view.usable)


def _method(panel: Panel, design: Design, measure: ClaimMeasure, *, cut: bool) -> Method | None:
    """Another method than the design's: areas are no counts; and where months are left out, none that leans on the last one before the start alone."""
    if measure is ClaimMeasure.AREA or (cut and design.method is Method.GROUP_TIME and panel.unit not in COUNTS):
        return Method.IMPUTATION
    return None


def _whole(column: pd.Series) -> bool:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    values = values[np.isfinite(values)]
    return bool((values == np.floor(values)).all())


def _mean_of_treated(panel: Panel) -> float:
    """Mean of the values of treated unit-months."""
    frame = panel.frame
    treated = frame["treated_from"].notna() & (frame["month"] >= frame["treated_from"]) & frame["value"].notna()
    return float(frame.loc[treated, "value"].astype("float64").mean())


def _relative(mean: float, effect: float) -> float:
    """Ratio to what would have been; infinite where nothing would have been left."""
    return mean / (mean - effect) if mean - effect > 0 else np.inf


def _diluted(view: ClaimView, ratio: float) -> float:
    """A ratio of treated months as the whole period of the claim shows it, in percent."""
    cells = view.scope[:, None] & view.period
    treated = float(view.above[cells & view.treated].sum())
    untreated = float(view.above[cells & ~view.treated].sum())
    if untreated == 0:
        return 100 * (ratio - 1)
    without = untreated + (treated / ratio if ratio > 0 else np.inf)
    return 100 * ((treated + untreated) / without - 1)


def _share(view: ClaimView) -> float:
    """Share of the denominators of the claim's period that lies in treated months."""
    cells = view.scope[:, None] & view.period
    return float(view.below[cells & view.treated].sum() / view.below[cells].sum())
