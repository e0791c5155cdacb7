"""Other ways to the same effect: another definition of the outcome, another method, another inference."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from commresearch.impact.arrays import FEW
from commresearch.impact.design import Design
from commresearch.impact.plan_file import LockedPlan
from commresearch.impact.routes import RECIPES
from commresearch.outcomes import OutcomeDefinition, Panel
from commresearch.outcomes.context import COMPANION_COLUMNS
from commresearch.terms import Inference, Language, Method, Outcome, Unit
from commresearch.words import has, say

ALL_ROOMS = "_all_rooms"
#: Measures beside an outcome that are the outcome by another definition; which of them there are depends on the case.
OTHER_DEFINITIONS: Mapping[Outcome, tuple[str, ...]] = {
    Outcome.COMPLAINT_RATE: (
        "contacts_per_1000_households", "cases_with_help_per_1000_households", "cases_without_labelled_per_1000_households", "cases_per_10000_residents", "cases",
    ),
    Outcome.YOUTH_PARTICIPATION: ("rate_lower", "rate_upper", "persons", "persons_under_35", "persons_15_34", "persons_18_35"),
    Outcome.SPACE_USE: (
        "use_of_reference_hours", f"use_of_reference_hours{ALL_ROOMS}", "use_weighted_by_area", "use_of_open_hours", "booking_rate", "rate_lower", "rate_upper",
    ),
    Outcome.AREA_IN_USE: ("area_in_use_with_tenancies",),
}
SHARES = frozenset({Unit.PERCENTAGE_POINTS})
RATIOS = frozenset({Method.POISSON, Method.SATURATED_POISSON})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Variant:
    """One other way.

    name : str
        A measure of the panel, or a key `sensitivity_<name>` of the catalogue `effects`.
    panel : Panel
    method, inference : optional
        Those of the panel's own design where not given.
    """

    name: str
    panel: Panel
    method: Method | None = None
    inference: Inference | None = None

    def label(self, language: Language) -> str:
        """What is done otherwise."""
        key = f"effects.sensitivity_{self.name}"
        return say(key, language) if has(key) else measure_name(self.name, language)


def measure_name(measure: str, language: Language) -> str:
    """The name of a measure that stands beside an outcome."""
    stem = measure.removesuffix(ALL_ROOMS)
    name = say(f"panel.measure_{stem}", language) if has(f"panel.measure_{stem}") else stem
    return name if stem == measure else say("panel.measure_all_rooms", language, name=name)


def variants_of(
    outcome: Outcome, panel: Panel, design: Design, plan: LockedPlan | None, programmes: pd.DataFrame | None = None
) -> Iterator[Variant]:
    """Every other way that a panel carries.

    Parameters
    ----------
    panel : Panel
        With its companions.
    design : Design
        Of the headline.
    plan : LockedPlan, optional
        Of this outcome; a method or inference that it names and the design does not have is a way, too.
    programmes : DataFrame, optional
        unit_id, starts_on, ends_on: what else happened; without the units in which it did is a way, too.

    Yields
    ------
    Variant
        Definitions first, then units, then methods.
    """
    for measure in OTHER_DEFINITIONS[outcome]:
        other = panel_by_measure(panel, measure)
        if other is not None:
            yield Variant(name=measure, panel=other)
    touched = set() if programmes is None else units_touched(panel, programmes)
    if touched:
        left = panel.frame[~panel.frame["unit_id"].astype("str").isin(touched)].reset_index(drop=True)
        if len(left):
            yield Variant(name="without_programmes", panel=replace(panel, frame=left))
    for name, method, inference in _other_methods(panel, design):
        yield Variant(name=name, panel=panel, method=method, inference=inference)
    if plan is not None and _can_be_asked_for(plan) and (plan.plan.method, plan.plan.inference) != (str(design.method), str(design.inference)):
        yield Variant(name="as_planned", panel=panel, method=Method(plan.plan.method), inference=Inference(plan.plan.inference))


def _can_be_asked_for(plan: LockedPlan) -> bool:
    return plan.plan.method in set(RECIPES) and plan.plan.inference in set(Inference)


def panel_by_measure(panel: Panel, measure: str) -> Panel | None:
    """The panel with a measure that stands beside it in the place of its values; None where there is none, or it says the same.

    Months in which the source was not recording stay missing.
    """
    rows = panel.companion(measure)
    if rows.empty:
        return None
    at = pd.MultiIndex.from_frame(panel.frame[["unit_id", "month"]])
    found = rows.set_index(["unit_id", "month"])[["numerator", "denominator", "value"]].astype("float64").reindex(at).reset_index(drop=True)
    live = panel.frame["live"].astype(bool).reset_index(drop=True)
    found[["numerator", "value"]] = found[["numerator", "value"]].where(live, axis=0)
    unit = Unit(rows["unit"].iloc[0])
    value = panel.frame["value"].to_numpy(dtype=np.float64, na_value=np.nan)
    if found["value"].isna().all() or (unit is panel.unit and np.allclose(found["value"].to_numpy(), value, equal_nan=True)):
        return None
    frame = panel.frame.reset_index(drop=True).assign(numerator=found["numerator"], denominator=found["denominator"], value=found["value"])
    none = pd.DataFrame(columns=list(COMPANION_COLUMNS))
    return replace(panel, frame=frame, unit=unit, definition=OutcomeDefinition(outcome=measure), companions=none)


def units_touched(panel: Panel, programmes: pd.DataFrame) -> set[str]:
    """Units of a panel with a programme of their own (not one of all) that ran in its months."""
    if programmes.empty or panel.frame["month"].dtype.kind != "M":
        return set()
    begins, ends = pd.to_datetime(programmes["starts_on"]), pd.to_datetime(programmes["ends_on"])
    first, last = panel.frame["month"].min(), panel.frame["month"].max() + pd.offsets.MonthBegin(1)
    within = (begins < last) & (ends.isna() | (ends > first))
    return set(programmes.loc[within, "unit_id"].astype("str")) & set(panel.frame["unit_id"].astype("str"))


def _other_methods(panel: Panel, design: Design) -> Iterator[tuple[str, Method, Inference]]:
    """Methods beside the headline's: those that need a comparison only where there is one."""
    if design.control == "none":
        if design.method is not Method.BEFORE_AFTER:
            yield "before_after", Method.BEFORE_AFTER, Inference.MODEL
        return
    if design.method in RATIOS:
        yield "additive", Method.IMPUTATION, _inference_of(design, Method.IMPUTATION)
    if panel.unit in SHARES:
        yield "fractional_logit", Method.FRACTIONAL_LOGIT, Inference.CR1
    if design.method is not Method.TWO_WAY_FIXED_EFFECTS:
        yield "two_way", Method.TWO_WAY_FIXED_EFFECTS, Inference.CR2
    if design.n_treated < FEW:
        yield "ferman_pinto", Method.TWO_WAY_FIXED_EFFECTS, Inference.FERMAN_PINTO


def _inference_of(design: Design, method: Method) -> Inference:
    """The inference of the design where a method has it, else the method's own."""
    recipe = RECIPES[method]
    has_it = design.inference in recipe.more or (design.inference is Inference.CR3 and recipe.point is not None)
    return design.inference if has_it else recipe.inference
