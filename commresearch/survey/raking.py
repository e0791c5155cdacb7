"""Weights that make a sample fit known sizes of groups: one margin after the other, or cell by cell."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from commresearch.errors import EstimationError, Failure
from commresearch.survey.auxiliaries import build_auxiliaries
from commresearch.survey.calibration_equations import Rule
from commresearch.survey.frame_columns import Floats, base_weights, check_columns, equal_weights
from commresearch.survey.known_margins import StatedMargin, agreed_totals, match_margins, stated_cells, stated_margins
from commresearch.survey.weights import Weights, calibrated_weights

Targets = Mapping[object, object] | pd.Series


def rake(
    frame: pd.DataFrame,
    margins: Mapping[str | tuple[str, ...], Targets] | pd.DataFrame,
    *,
    base_weight: str | Sequence[float] | Floats | pd.Series | None = None,
    bounds: tuple[float, float] | None = None,
    tolerance: float = 1e-10,
    max_iterations: int = 1000,
) -> Weights:
    """Weights whose sums equal known sizes of the categories of several variables.

    Parameters
    ----------
    frame : DataFrame
        One row per person.
    margins : mapping or DataFrame
        Variable → category → target; a tuple of variables stands for their cross, with tuples as categories. Or a table with the
        columns variable, category, target. Targets are counts with one common total, or shares: where every margin sums to 1, the
        sum of the base weights is kept. A category is matched as it is: 1 and "1" differ.
    base_weight : str, array or Series, optional
        Column or values of the weights before; the same for everybody if left out, with the sum of the targets (of shares: n).
    bounds : (lower, upper), optional
        Limits for g, the weight over the base weight; kept while the margins are fitted, so that both hold.
    tolerance : float
        Largest error of a margin, relative to its target.
    max_iterations : int
        Rounds before giving up.

    Returns
    -------
    Weights
        In the order of the rows, with margins before and after, and the calibration that variances need.

    Raises
    ------
    EstimationError
        All at once: an empty table; unknown columns; missing values in a margin; a category of the sample without target and a
        target without sample; targets that are not positive, stated twice, or differ in total; unusable base weights or bounds.
        Afterwards: bounds that no weights keep, margins that no weights meet.

    Notes
    -----
    Iterative proportional fitting (Deming and Stephan 1940) on the cells of all margins; with bounds, the raking distance cut off
    at the bounds (Deville and Särndal 1992), solved by Newton's method.
    """
    stated, failures = stated_margins(margins)
    return _fitted(
        frame, stated, failures, base_weight=base_weight, method="raking",
        rule=Rule(method="raking", bounds=bounds, tolerance=tolerance, max_iterations=max_iterations),
    )


def post_stratify(
    frame: pd.DataFrame,
    by: str | Sequence[str],
    targets: Targets | pd.DataFrame,
    *,
    base_weight: str | Sequence[float] | Floats | pd.Series | None = None,
) -> Weights:
    """Weights whose sums equal known sizes of the categories of one variable, or of the cells of several.

    Parameters
    ----------
    frame : DataFrame
        One row per person.
    by : str or sequence of str
        The variable, or the variables whose cells are known.
    targets : mapping, Series or DataFrame
        Category (a tuple for several variables) → count or share; or a table with the columns of `by` and target.
    base_weight : str, array or Series, optional
        Column or values of the weights before; the same for everybody if left out.

    Raises
    ------
    EstimationError
        As in `rake`.

    Notes
    -----
    Holt and Smith (1979): w = d · target / Σd within each cell.
    """
    stated, failures = stated_cells(by, targets)
    return _fitted(
        frame, stated, failures, base_weight=base_weight, method="post_stratification",
        rule=Rule(method="raking", bounds=None, tolerance=1e-10, max_iterations=2),
    )


def _fitted(
    frame: pd.DataFrame, stated: Sequence[StatedMargin], failures: Sequence[Failure], *,
    base_weight: str | Sequence[float] | Floats | pd.Series | None, method: str, rule: Rule,
) -> Weights:
    """Weights that fit stated margins, after everything was checked."""
    faults = [*failures, *rule.failures(), *check_columns(frame, [])]
    if not len(frame):
        raise EstimationError(*faults)
    base, wrong_weights = base_weights(frame, base_weight)
    matched, cells = match_margins(frame, stated)
    margins = [margin for margin, _ in matched if margin is not None]
    totals, shares, disagreement = agreed_totals(margins, len(frame), base_total=float(base.sum()))
    faults += [*(fault for _, found in matched for fault in found), *disagreement, *wrong_weights]
    if faults:
        raise EstimationError(*faults)
    if base_weight is None:
        base = equal_weights(len(frame), totals[: len(margins[0].categories)])
    auxiliaries = build_auxiliaries(
        [label for m in margins for label in m.labels], [m.codes for m in margins], [len(m.categories) for m in margins],
        cells, np.zeros((len(frame), 0)),
    )
    return calibrated_weights(frame, auxiliaries, base, totals, rule, method=method, shares=shares)
