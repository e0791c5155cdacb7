"""Group-time differences with covariates: outcome regression, weighting, and both together, with their influence functions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from commresearch.impact.propensity import logit

DEPENDENT = 1e-9  #: share of a standardised column that the columns before it leave


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """Effects of C differences on the same n units.

    estimate : float array (C,)
    influence : float array (n, C)
        Mean zero; the variance of an estimate is that of the mean of its column.
    """

    estimate: np.ndarray
    influence: np.ndarray


class DependentError(Exception):
    """Covariates that are constant or follow from one another among some units."""

    def __init__(self, columns: Sequence[int], controls: bool) -> None:
        super().__init__(columns, controls)
        self.columns, self.controls = columns, controls


def fitted(x: np.ndarray, treated: np.ndarray, weight: np.ndarray, change: np.ndarray, estimator: str) -> Fitted:
    """ATT of several changes with covariates.

    With d = 1 for the treated, w the weights, π the fitted chance of being treated, m = x'b the regression of the change on the covariates among
    controls, E the mean over the n units:

        regression ("or")   E[w d (Δ − m)] / E[w d]
        weighting ("ipw")   E[w d Δ] / E[w d] − E[h Δ] / E[h],              h = w (1 − d) π / (1 − π)
        both ("dr")         E[w d (Δ − m)] / E[w d] − E[h (Δ − m)] / E[h]

    Parameters
    ----------
    x : float array (n, p)
        Covariates, without a column of ones.
    treated : bool array (n,)
    weight : float array (n,)
    change : float array (n, C)
        No gaps.
    estimator : "dr", "or" or "ipw"

    Raises
    ------
    DependentError
        Covariates are constant or follow from one another.
    SeparatedError
        They divide treated from untreated units.
    """
    weight = weight / weight.mean()
    design = _standardised(x, weight)
    if missing := _dependent(design):
        raise DependentError(missing, controls=False)
    regression = None if estimator == "ipw" else _regressed(design, treated, weight, change)
    residual = change if regression is None else regression.residual
    side = weight * treated
    share = side.mean()
    mean = side @ residual / len(side) / share
    made = side[:, None] * (residual - mean)
    if regression is not None:
        made -= regression.influence(side)
    if estimator == "or":
        return Fitted(estimate=mean, influence=made / share)
    other = _weighted(design, treated, weight, residual, regression)
    return Fitted(estimate=mean - other.estimate, influence=made / share - other.influence)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Regression:
    """The regression of C changes on covariates among controls.

    residual : float array (n, C)
        Of all units.
    pull : float array (n, C)
        w (1 − d) × residual.
    basis : float array (n, p)
        The covariates, combined so that the mean of w (1 − d) x x' is one.
    """

    residual: np.ndarray
    pull: np.ndarray
    basis: np.ndarray

    def influence(self, side: np.ndarray) -> np.ndarray:
        """Influence of the coefficients on the mean of side × x'b, (n, C)."""
        return np.asarray(self.pull * (self.basis @ (self.basis.T @ side / len(side)))[:, None])


def _regressed(design: np.ndarray, treated: np.ndarray, weight: np.ndarray, change: np.ndarray) -> _Regression:
    """All changes at once: they share the covariates.

    Raises
    ------
    DependentError
        Among the controls, covariates are constant or follow from one another.
    """
    side = np.where(treated, 0.0, weight)
    among = design * np.sqrt(side / len(side))[:, None]
    if missing := _dependent(among[~treated]):
        raise DependentError(missing, controls=True)
    basis = linalg.solve_triangular(linalg.qr(among, mode="r")[0][: design.shape[1]], design.T, trans="T").T
    residual = change - basis @ (basis.T @ (side[:, None] * change) / len(side))
    return _Regression(residual=residual, pull=side[:, None] * residual, basis=basis)


def _weighted(design: np.ndarray, treated: np.ndarray, weight: np.ndarray, residual: np.ndarray, regression: _Regression | None) -> Fitted:
    """Mean of the controls weighted to look like the treated, and its influence, with what estimating the weights and the regression adds."""
    size = len(design)
    chance = logit(design, treated, weight)
    side = np.where(treated, 0.0, weight * chance.odds)
    share = side.mean()
    mean = side @ residual / size / share
    centred = side[:, None] * (residual - mean)
    scores = (weight * (treated - chance.probability))[:, None] * design @ chance.bread
    made = centred + scores @ (design.T @ centred / size)
    if regression is not None:
        made -= regression.influence(side)
    return Fitted(estimate=mean, influence=made / share)


def _standardised(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """A column of ones and the covariates with mean 0 and variance 1; constant ones become 0."""
    centred = x - weight @ x / weight.sum()
    scale = np.sqrt(weight @ centred**2 / weight.sum())
    constant = scale <= DEPENDENT * np.abs(x).max(axis=0, initial=0.0)
    return np.column_stack([np.ones(len(x)), np.where(constant, 0.0, centred / np.where(constant, 1.0, scale))])


def _dependent(design: np.ndarray) -> list[int]:
    """Places of covariates (from 0) that are constant, or follow from others; more of them than units: those that are too many."""
    ones, rest = design[:, :1], design[:, 1:]
    triangle, order = linalg.qr(rest - ones * (ones.T @ rest) / (ones.T @ ones), mode="r", pivoting=True)
    left = np.abs(np.diag(triangle))
    rank = int((left > DEPENDENT * np.linalg.norm(design, axis=0).max()).sum())
    return sorted(int(c) for c in order[rank:])
