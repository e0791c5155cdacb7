"""Weights that make a sample fit known totals: sizes of groups and sums of numbers (regression weights, bounded weights)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from commresearch.errors import EstimationError, Failure
from commresearch.survey.auxiliaries import Auxiliaries, Cells, build_auxiliaries
from commresearch.survey.calibration_equations import Rule
from commresearch.survey.frame_columns import Floats, base_weights, check_columns, equal_weights, number_in, numeric_values, rows_where
from commresearch.survey.known_margins import Margin, StatedMargin, agreed_totals, match_margins, variables_of
from commresearch.survey.weights import Weights, calibrated_weights

Totals = Mapping[str | tuple[str, ...], object]
POPULATION = "population"


def calibrate(
    frame: pd.DataFrame,
    auxiliaries: Sequence[str | tuple[str, ...]],
    totals: Totals,
    *,
    base_weight: str | Sequence[float] | Floats | pd.Series | None = None,
    population: float | None = None,
    method: str = "linear",
    bounds: tuple[float, float] | None = None,
    tolerance: float = 1e-10,
    max_iterations: int = 100,
) -> Weights:
    """Weights whose sums equal known totals of groups and of numbers.

    Parameters
    ----------
    frame : DataFrame
        One row per person.
    auxiliaries : sequence of str or tuple
        The variables to calibrate to; a tuple stands for the cross of several.
    totals : mapping
        For each auxiliary either a number, the total of a numeric variable, or category → count for a group. Counts only, no shares.
    base_weight : str, array or Series, optional
        Column or values of the weights before; the same for everybody if left out.
    population : float, optional
        Number of persons, known where no group states it. With numbers alone and no population the sum of weights is left free.
    method : "linear", "raking" or "logit"
        Distance between weights and base weights: chi-squared (generalised regression, GREG), entropy, or logistic within bounds.
    bounds : (lower, upper), optional
        Limits for g, the weight over the base weight; "logit" needs both. Without them negative weights are refused; (-inf, inf) lets
        them be.
    tolerance, max_iterations : float, int
        Largest error of a total, relative to it; rounds before giving up.

    Raises
    ------
    EstimationError
        Whatever `rake` refuses; auxiliaries without total and totals without auxiliary; a number that is missing or not finite;
        collinear auxiliaries whose totals contradict each other; negative weights; an unknown method.

    Notes
    -----
    Deville and Särndal (1992). Newton's method on the calibration equations. Linear weights without bounds are those of the
    generalised regression estimator.
    """
    rule = Rule(method=method, bounds=bounds, tolerance=tolerance, max_iterations=max_iterations)
    faults = [*rule.failures(), *_unpaired(auxiliaries, totals), *check_columns(frame, [])]
    if not len(frame):
        raise EstimationError(*faults)
    base, wrong_weights = base_weights(frame, base_weight)
    margins, numbers, cells, found = _auxiliary_columns(frame, [a for a in auxiliaries if a in totals], totals)
    sizes, disagreement = _sizes(margins, len(frame), population)
    if faults := [*faults, *wrong_weights, *found, *disagreement]:
        raise EstimationError(*faults)
    if population is not None and not margins:
        margins = [Margin(name=POPULATION, categories=("",), codes=np.zeros(1, dtype=np.int64), targets=sizes)]
    if base_weight is None and margins:
        base = equal_weights(len(frame), margins[0].targets)
    known = np.append(sizes, [number_in(totals[name]) for name in numbers])
    return calibrated_weights(frame, _built(margins, numbers, cells), base, known, rule, method=method, shares=False)


def _built(margins: Sequence[Margin], numbers: Mapping[str, Floats], cells: Cells) -> Auxiliaries:
    labels = [*(label for m in margins for label in m.labels), *((name, None) for name in numbers)]
    columns = np.column_stack([*numbers.values()]) if numbers else np.zeros((len(cells.of), 0))
    return build_auxiliaries(labels, [m.codes for m in margins], [len(m.categories) for m in margins], cells, columns)


def _sizes(margins: Sequence[Margin], n: int, population: float | None) -> tuple[Floats, list[Failure]]:
    """Counts of all groups, which must agree with the population; the population itself where there are no groups."""
    if population is not None and not (np.isfinite(population) and population > 0):
        return np.zeros(0), [Failure(code="CR-W10", values={"variable": POPULATION, "category": "—", "got": population})]
    sizes, _, disagreement = agreed_totals(margins, n, base_total=None, population=population)
    return (sizes if margins or population is None else np.array([population])), disagreement


def _unpaired(auxiliaries: Sequence[str | tuple[str, ...]], totals: Totals) -> list[Failure]:
    """Auxiliaries without total, and totals that belong to no auxiliary."""
    named, known = [a for a in auxiliaries if a not in totals], [t for t in totals if t not in auxiliaries]
    if not (named or known or not auxiliaries):
        return []
    facts = {"without_total": ", ".join(map(str, named)) or "—", "without_auxiliary": ", ".join(map(str, known)) or "—"}
    return [Failure(code="CR-W23", values=facts)]


def _auxiliary_columns(
    frame: pd.DataFrame, auxiliaries: Sequence[str | tuple[str, ...]], totals: Totals
) -> tuple[list[Margin], dict[str, Floats], Cells, list[Failure]]:
    """Groups matched to their counts, numbers by name, the cells of the groups, and every fault of either."""
    stated = {
        auxiliary: StatedMargin(variables=variables_of(auxiliary), targets=tuple(total.items()))
        for auxiliary in auxiliaries
        if isinstance(total := totals[auxiliary], Mapping | pd.Series)
    }
    matched, cells = match_margins(frame, [*stated.values()])
    groups = dict(zip(stated, matched, strict=True))
    margins, numbers, failures = [], {}, []
    for auxiliary in auxiliaries:
        if auxiliary in groups:
            margin, found = groups[auxiliary]
            if margin is not None:
                margins.append(margin)
        else:
            name = str(auxiliary)
            numbers[name], found = _number(frame, name, totals[auxiliary])
        failures += found
    return margins, numbers, cells, failures


def _number(frame: pd.DataFrame, name: str, total: object) -> tuple[Floats, list[Failure]]:
    """A numeric auxiliary without gaps, whose total is a finite number."""
    if absent := check_columns(frame, [name]):
        return np.zeros(len(frame)), absent
    values, failures = numeric_values(frame, name)
    unusable = ~np.isfinite(values)
    if not failures and unusable.any():
        failures = [Failure(code="CR-W07", values={"variable": name} | rows_where(frame, unusable))]
    if not np.isfinite(number_in(total)):
        failures = [*failures, Failure(code="CR-W24", values={"variable": name, "got": total})]
    return values, failures
