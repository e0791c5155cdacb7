"""What is known of one outcome after estimating it: effect, grade, path, other ways to it, deviations from the plan; JSON-safe."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from commresearch.errors import CommResearchError, DesignError, EstimationError
from commresearch.impact.arrays import PanelArrays, arrays_of
from commresearch.impact.design import Design, design_panel, detect_design
from commresearch.impact.estimate import estimate_event_study, estimate_impact
from commresearch.impact.grade import grade_evidence
from commresearch.impact.plan_file import LockedPlan, deviations
from commresearch.impact.result import ImpactEstimate, Note
from commresearch.impact.routes import RunSettings, estimate_by
from commresearch.outcomes import Panel
from commresearch.terms import Language, Outcome
from commresearch.words import render_error
from commresearch.workflow.effect_variants import Variant, variants_of

Record = dict[str, Any]
REFUSALS = (DesignError, EstimationError)  #: what is said of one outcome and does not stop the others


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownOfCase:
    """What the estimates of a case have in common.

    rollout, programmes : DataFrame, optional
        As the registers have them.
    claims : mapping
        Outcome → published claims on it, as records.
    """

    case_id: str
    seed: int
    conf_level: float
    rollout: pd.DataFrame | None = None
    programmes: pd.DataFrame | None = None
    plan: LockedPlan | None = None
    claims: Mapping[str, Sequence[Record]] | None = None

    @property
    def settings(self) -> RunSettings:
        """Seed and level as methods take them."""
        return RunSettings(seed=self.seed, conf_level=self.conf_level)


def outcome_record(outcome: Outcome, panel: Panel, known: KnownOfCase) -> Record:
    """Everything about the effect on one outcome.

    Returns
    -------
    dict
        outcome, definition, unit, refusal, estimate, grading, event_study, event_study_refusal, sensitivities, deviations, series, starts,
        breaks, claims. Where no effect can be estimated, `refusal` says why in both languages and estimate, grading and event_study are None.
    """
    claims = [] if known.claims is None else list(known.claims.get(outcome, []))
    record: Record = {
        "outcome": str(outcome), "definition": {x.value: panel.definition.sentence(x) for x in Language}, "unit": str(panel.unit), "refusal": None,
        "estimate": None, "grading": None, "event_study": None, "event_study_refusal": None, "sensitivities": [], "deviations": [], "series": [], "starts": [], "breaks": [],
        "claims": claims,
    }
    try:
        design = detect_design(panel, known.rollout)
        estimate = estimate_impact(
            panel, design, seed=known.seed, conf_level=known.conf_level, rollout=known.rollout, programmes=known.programmes
        )
    except REFUSALS as error:
        return record | {"refusal": in_both(error)}
    estimate = replace(estimate, case_id=known.case_id)
    grading = grade_evidence(design, estimate.checks)
    arrays = arrays_of(design_panel(panel, design))
    return record | {
        "estimate": estimate.to_dict(),
        "grading": {
            "grade": str(grading.grade), "design": grading.design, "text": {x.value: grading.text(x) for x in Language},
            "table": [{"check": c, "passed": None if p is None else bool(p), "steps": int(s), "grade": g} for c, p, s, g in grading.table.itertuples(index=False, name=None)],
        },
        **_event_study(panel, design, known), "sensitivities": _sensitivities(outcome, panel, design, known),
        "deviations": _deviations(outcome, estimate, arrays, known.plan), "series": _series(arrays),
        "starts": [{"month": str(s), "units": int(n)} for s, n in design.cohorts[["start", "units"]].itertuples(index=False, name=None)],
        "breaks": _breaks(panel, arrays),
    }


def in_both(error: CommResearchError) -> dict[str, str]:
    """What is wrong, in both languages."""
    return {language.value: render_error(error, language) for language in Language}


def _event_study(panel: Panel, design: Design, known: KnownOfCase) -> Record:
    """The path by months since the start, or why there is none; nothing to be said where there is no comparison."""
    made: Record = {"event_study": None, "event_study_refusal": None}
    if design.control == "none":
        return made
    try:
        return made | {"event_study": estimate_event_study(panel, design, seed=known.seed, conf_level=known.conf_level).to_dict()}
    except REFUSALS as error:
        return made | {"event_study_refusal": in_both(error)}


def _sensitivities(outcome: Outcome, panel: Panel, design: Design, known: KnownOfCase) -> list[Record]:
    plan = known.plan if known.plan is not None and known.plan.plan.outcome == outcome else None
    return [_sensitivity(variant, design, known) for variant in variants_of(outcome, panel, design, plan, known.programmes)]


def _sensitivity(variant: Variant, design: Design, known: KnownOfCase) -> Record:
    """One other way, by the design that its own panel carries where it has other values."""
    made: Record = {"name": variant.name, "label": {x.value: variant.label(x) for x in Language}, "estimate": None, "refusal": None}
    try:
        own = design if variant.method is not None else detect_design(variant.panel, known.rollout)
        method = own.method if variant.method is None else variant.method
        inference = own.inference if variant.inference is None else variant.inference
        found, _ = estimate_by(design_panel(variant.panel, own), own, method, inference, known.settings)
    except REFUSALS as error:
        return made | {"refusal": in_both(error)}
    return made | {"estimate": replace(found, case_id=known.case_id, path=None).to_dict()}


def _deviations(outcome: Outcome, estimate: ImpactEstimate, arrays: PanelArrays, plan: LockedPlan | None) -> list[dict[str, str]]:
    """What was done otherwise than planned; of an outcome that the plan does not name, that it does not."""
    if plan is None:
        return []
    if plan.plan.outcome != outcome:
        notes: tuple[Note, ...] = (Note(key="plan_other_outcome", values={"day": plan.locked_on.isoformat()}),)
    else:
        months = arrays.label(int(arrays.periods[0])), arrays.label(int(arrays.periods[-1]))
        notes = deviations(plan, estimate, months=months, units=[str(u) for u in arrays.units])
    return [{x.value: note.text(x) for x in Language} for note in notes]


def _series(arrays: PanelArrays) -> list[Record]:
    """Mean of the values of either side by month, units counting alike; None where nothing was recorded."""
    first, last = int(arrays.periods[0]), int(arrays.periods[-1])
    sides = {"treated": _means(arrays.value[arrays.ever_treated]), "comparison": _means(arrays.value[~arrays.ever_treated])}
    at = {int(p): t for t, p in enumerate(arrays.periods)}
    return [
        {"month": arrays.label(p), **{side: _number(mean[at[p]]) if p in at else None for side, mean in sides.items()}} for p in range(first, last + 1)
    ]


def _means(value: np.ndarray) -> np.ndarray:
    """Mean of each column over what is recorded, NaN where nothing is."""
    seen = ~np.isnan(value)
    mean: np.ndarray = np.divide(np.nansum(value, axis=0), seen.sum(axis=0), out=np.full(value.shape[1], np.nan), where=seen.any(axis=0))
    return mean


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _breaks(panel: Panel, arrays: PanelArrays) -> list[Record]:
    """Dated changes of recording within the months of the panel; `units` None where all are concerned."""
    if panel.breaks.empty or not arrays.dated:
        return []
    first, last = arrays.label(int(arrays.periods[0])), arrays.label(int(arrays.periods[-1]))
    rows = panel.breaks.assign(month=pd.to_datetime(panel.breaks["on"]).dt.strftime("%Y-%m"), note=panel.breaks["note"].astype("object").fillna(""))
    rows = rows[rows["month"].between(first, last)]
    return [
        {"month": month, "source": str(part["source"].iloc[0]), "note": str(note), "units": None if (part["unit_id"] == "*").any() else int(part["unit_id"].nunique())}
        for (month, note), part in rows.groupby(["month", "note"], sort=True)
    ]
