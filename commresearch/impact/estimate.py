"""An effect from a panel: the design that it carries, the method that fits, the checks, the grade."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from commresearch.errors import DesignError, EstimationError, Failure
from commresearch.impact.arrays import Dropped, PanelArrays, arrays_of
from commresearch.impact.checks_comparison import (
    LEVEL,
    check_anticipation,
    check_leave_one_out,
    check_placebo_dates,
    check_pre_trends,
    check_spill_over,
)
from commresearch.impact.checks_honest import check_honest_bounds
from commresearch.impact.checks_records import (
    check_attrition,
    check_concurrent_programmes,
    check_late_record,
    check_opening_hours,
    check_pandemic_months,
    check_recording_breaks,
    check_sign_conflict,
    check_synthetic_fit,
)
from commresearch.impact.checks_selection import check_regression_to_mean
from commresearch.impact.design import Design, design_panel, detect_design
from commresearch.impact.grade import STEPS, grade_evidence
from commresearch.impact.group_time import group_time_effects
from commresearch.impact.jackknife import Jackknife, Point, cluster_jackknife
from commresearch.impact.result import CONF_LEVEL, CheckResult, ImpactEstimate, Note
from commresearch.impact.routes import BAND_DRAWS, RECIPES, Recipe, RunSettings, estimate_by
from commresearch.outcomes import Panel
from commresearch.terms import Inference, Method, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is known of a pilot beside its panel.

    programmes : DataFrame, optional
        unit_id, starts_on, ends_on, kind, note: what else happened; None where nobody kept a list.
    neighbours : tuple of str
        Untreated units that lie beside treated ones.
    placebo_panels : tuple of Panel
        Outcomes of the same units that the pilot should not touch.
    seed : int
        Of everything random in their estimates.
    """

    programmes: pd.DataFrame | None = None
    neighbours: tuple[str, ...] = ()
    placebo_panels: tuple[Panel, ...] = ()
    seed: int = 0


def estimate_impact(  # noqa: PLR0913 - what is known of a pilot
    panel: Panel, design: Design | None = None, *, method: Method | str | None = None, inference: Inference | str | None = None, seed: int = 0,
    conf_level: float = CONF_LEVEL, rollout: pd.DataFrame | None = None, programmes: pd.DataFrame | None = None, neighbours: Sequence[str] = (),
    placebo_panels: Sequence[Panel] = (),
) -> ImpactEstimate:
    """What changed with the pilot, by how much, how sure, and how good the evidence is.

    Parameters
    ----------
    panel : Panel
    design : Design, optional
        From `detect_design` on this panel, with its roll-out; found from the panel and `rollout` where not given.
    method, inference : optional
        Instead of those of the design.
    seed : int
        Of everything random.
    conf_level : float
    rollout : DataFrame, optional
        unit_id, start_month, chosen_by, assigned_level, assignment_id: how units were chosen, together with whom. Not looked at beside a design.
    programmes : DataFrame, optional
        unit_id, starts_on, ends_on, kind: what else happened.
    neighbours : sequence of str
        Untreated units that lie beside treated ones.
    placebo_panels : sequence of Panel
        Outcomes of the same units that the pilot should not touch.

    Returns
    -------
    ImpactEstimate
        With design, checks and grade; what it does not use stands in `dropped`.

    Raises
    ------
    DesignError
        No comparison can be made of this panel; what is missing is named.
    EstimationError
        Numbers fail, or method and inference do not go together (CR-I52), or are not known (CR-I53).
    """
    design = detect_design(panel, rollout) if design is None else design
    design = _chosen(design, method, inference)
    used = design_panel(panel, design)
    settings = RunSettings(seed=seed, conf_level=conf_level)
    settings.require()
    estimate, jackknife = estimate_by(used, design, design.method, design.inference, settings)
    beside = Beside(programmes=programmes, neighbours=tuple(neighbours), placebo_panels=tuple(placebo_panels), seed=seed)
    checks = run_checks(used, design, estimate, jackknife, beside)
    grading = grade_evidence(design, checks)
    return replace(estimate.with_judgement(design=design, checks=checks, grade=grading.grade, warnings=_caveats(design, checks)), dropped=_all_dropped(design, estimate))


def estimate_event_study(
    panel: Panel, design: Design | None = None, *, seed: int = 0, conf_level: float = CONF_LEVEL, rollout: pd.DataFrame | None = None
) -> ImpactEstimate:
    """Effects by period before and after the start, as differences in the unit of the panel.

    Group-time effects with the last period before the start as base, averaged by periods since the start; simultaneous bands by multiplier bootstrap.

    Returns
    -------
    ImpactEstimate
        With `path` (event_time, estimate, std_error, conf_low, conf_high, band_low, band_high); the estimate is the mean over periods from the start on.

    Raises
    ------
    DesignError
        As `estimate_impact`; no unit is, or was still, untreated (CR-I54).
    """
    design = detect_design(panel, rollout) if design is None else design
    if design.control == "none":
        raise DesignError(Failure(code="CR-I54", values={"n": design.n_treated}))
    effects = group_time_effects(design_panel(panel, design), control=design.control, base="universal", conf_level=conf_level)
    found = effects.aggregate("dynamic", draws=BAND_DRAWS, seed=seed)
    return replace(found, design=design, dropped=_all_dropped(design, found))


def _chosen(design: Design, method: Method | str | None, inference: Inference | str | None) -> Design:
    """The design with another method or inference."""
    wrong = [(n, got, kinds) for n, got, kinds in (("method", method, list(RECIPES)), ("inference", inference, list(Inference))) if got is not None and got not in kinds]
    if wrong:
        raise DesignError(*(Failure(code="CR-I53", values={"name": n, "got": str(g), "allowed": ", ".join(a)}) for n, g, a in wrong))
    if method is None and inference is None:
        return design
    chosen = design.method if method is None else Method(method)
    default = design.inference if method is None else _default_inference(design, RECIPES[chosen])
    return replace(design, method=chosen, inference=default if inference is None else Inference(inference))


def _default_inference(design: Design, recipe: Recipe) -> Inference:
    """The inference of the design where the method can have it, else the method's own."""
    if design.inference in recipe.more or (design.inference is Inference.CR3 and recipe.point is not None):
        return design.inference
    return recipe.inference


def run_checks(used: Panel, design: Design, estimate: ImpactEstimate, jackknife: Jackknife | None, beside: Beside) -> tuple[CheckResult, ...]:
    """Every check that the design can have.

    Parameters
    ----------
    used : Panel
        As the design uses it.
    jackknife : Jackknife, optional
        Where the inference made one already.
    """
    arrays = arrays_of(used)
    compared = design.control != "none" and design.method not in {Method.BEFORE_AFTER, Method.INTERRUPTED_SERIES}
    recipe = RECIPES[design.method]
    if compared and recipe.point is None:  # a synthetic comparison is checked by the plain one
        recipe = RECIPES[Method.IMPUTATION]
    point = recipe.point_for(design.control) if compared else None
    hours = check_opening_hours(used, arrays, compared=compared)
    checks = [
        check_late_record(design.dropped, len(design.treated_units)), check_recording_breaks(arrays, used.breaks, compared=compared),
        *([hours] if hours is not None else []), check_concurrent_programmes(arrays, beside.programmes), check_pandemic_months(arrays),
    ]
    if point is not None:
        checks += _of_comparison(arrays, design, estimate, recipe, point, jackknife, beside)
    if beside.placebo_panels:
        checks.append(_placebo_outcomes(beside.placebo_panels, design, estimate.conf_level, beside.seed))
    if "poor_fit" in estimate.details:
        checks.append(check_synthetic_fit(estimate.details))
    if "additive" in estimate.details:
        checks.append(check_sign_conflict(estimate.estimate, estimate.details["additive"], (estimate.conf_low, estimate.conf_high), unit=arrays.unit))
    return tuple(checks)


def _placebo_outcomes(panels: Sequence[Panel], design: Design, conf_level: float, seed: int) -> CheckResult:
    """Effects, by the same design, on outcomes that should have none; failed where one of them, p times their number, is below one twentieth.

    An outcome that cannot be estimated by this design is told and counts for nothing.
    """
    rows, settings = [], RunSettings(conf_level=conf_level, seed=seed)
    for panel in panels:
        try:
            chosen = replace(design, method=detect_design(panel).method)
            found, _ = estimate_by(design_panel(panel, chosen), chosen, chosen.method, _default_inference(chosen, RECIPES[chosen.method]), settings)
            rows.append((panel.definition.outcome, found.estimate, found.p_value))
        except (DesignError, EstimationError):
            rows.append((panel.definition.outcome, np.nan, np.nan))
    table = pd.DataFrame(rows, columns=["outcome", "estimate", "p_value"])
    made = table.dropna()
    moved = made[made["p_value"] * max(len(made), 1) < LEVEL]
    passed = None if made.empty else moved.empty
    values: dict[str, object] = {"n": len(made), "outcomes": list(moved["outcome"])}
    key = "placebo_outcomes_not_made" if passed is None else "placebo_outcomes_passed" if passed else "placebo_outcomes_failed"
    return CheckResult(name="placebo_outcomes", passed=passed, table=table, note=Note(key=key, values=values))


def _of_comparison(
    arrays: PanelArrays, design: Design, estimate: ImpactEstimate, recipe: Recipe, point: Point, jackknife: Jackknife | None, beside: Beside
) -> list[CheckResult]:
    whole = cluster_jackknife(point, arrays) if jackknife is None else jackknife

    conf, unit = (estimate.conf_low, estimate.conf_high), Unit.PERCENT if recipe.ratio else arrays.unit

    def told(a: PanelArrays) -> float:
        return recipe.told(point(a))

    shown = replace(whole, estimate=recipe.told(whole.estimate), without=np.array([recipe.told(v) for v in whole.without]))
    return [
        check_attrition(arrays, design.ended),
        check_pre_trends(arrays, relative=recipe.ratio),
        check_placebo_dates(point, arrays, told=recipe.told, unit=unit),
        check_anticipation(point, arrays, told=recipe.told, unit=unit),
        check_leave_one_out(shown, [str(a) for a in arrays.assignments], conf, unit=unit),
        check_regression_to_mean(told, arrays, design.chosen_by, shown.estimate, conf, relative=recipe.ratio, unit=unit),
        check_spill_over(point, arrays, beside.neighbours, whole, told=recipe.told, unit=unit),
        check_honest_bounds(arrays, estimate.conf_level),
    ]


def _caveats(design: Design, checks: Sequence[CheckResult]) -> tuple[Note, ...]:
    """The findings that failed, first those that weigh most; then what nobody knows."""
    failed = [c.note for c in sorted(checks, key=lambda c: -max(STEPS.get(c.name, (0,)))) if c.passed is False]
    if failed:
        return tuple(failed)
    return (Note(key="no_comparison"),) if design.control == "none" else ()


def _all_dropped(design: Design, estimate: ImpactEstimate) -> tuple[Dropped, ...]:
    known = {(d.unit_id, d.reason) for d in design.dropped}
    return design.dropped + tuple(d for d in estimate.dropped if (d.unit_id, d.reason) not in known)
