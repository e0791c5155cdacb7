"""Logistic regression by exact maximum likelihood, for weights by the chance of being treated."""

from dataclasses import dataclass

import numpy as np

STEP = 1e-12  #: largest step, in standard deviations of a covariate, at which Newton's method stops
ROUNDING = 1e-8  #: a step below this that does not get smaller is rounding
ROUNDS = 60
SUSPECT = 12.0  #: a linear predictor beyond this may be on its way to infinity


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Logit:
    """Fitted probabilities and what their influence needs.

    probability : float array (n,)
    odds : float array (n,)
        Probability over its complement, without the loss of digits near one.
    bread : float array (p, p)
        Inverse of the mean information, of the columns as they were given.
    """

    probability: np.ndarray
    odds: np.ndarray
    bread: np.ndarray


class SeparatedError(Exception):
    """The covariates divide treated from untreated units; `column` is the one that does most of it."""

    def __init__(self, column: int) -> None:
        super().__init__(column)
        self.column = column


def logit(x: np.ndarray, treated: np.ndarray, weight: np.ndarray) -> Logit:
    """Maximise Σ w (d x'b − log(1 + exp x'b)) by Newton's method with halved steps.

    Parameters
    ----------
    x : float array (n, p)
        First column ones; columns independent of one another, best with mean 0 and variance 1.
    treated : bool array (n,)
    weight : float array (n,)
        Above zero.

    Raises
    ------
    SeparatedError
        No maximum exists: some combination of the covariates is on one side for all treated and on the other for all untreated units.
    """
    target = treated.astype(float)
    beta = np.zeros(x.shape[1])
    value, last = _likelihood(x, target, weight, beta), np.inf
    for _ in range(ROUNDS):
        p = _probability(x @ beta)
        step = np.linalg.lstsq((x * (weight * p * (1 - p))[:, None]).T @ x, x.T @ (weight * (target - p)), rcond=None)[0]
        size = float(np.abs(step).max())
        beta, value = _moved(x, target, weight, beta, step, value)
        if size <= STEP or (size <= ROUNDING and size >= last):
            break
        last = size
    else:
        raise SeparatedError(_separating(x, treated))
    eta = x @ beta
    if np.abs(eta).max() > SUSPECT and (column := _separating(x, treated)) >= 0:
        raise SeparatedError(column)
    p = _probability(eta)
    return Logit(probability=p, odds=np.exp(eta), bread=np.linalg.inv((x * (weight * p * (1 - p))[:, None]).T @ x / len(x)))


def _probability(eta: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * eta)))


def _likelihood(x: np.ndarray, target: np.ndarray, weight: np.ndarray, beta: np.ndarray) -> float:
    eta = x @ beta
    return float(weight @ (target * eta - np.logaddexp(0, eta)))


def _moved(x: np.ndarray, target: np.ndarray, weight: np.ndarray, beta: np.ndarray, step: np.ndarray, value: float) -> tuple[np.ndarray, float]:
    """The next coefficients and their likelihood: the whole step, or a half, a quarter … where it would lose."""
    slack = 1e-12 * abs(value)
    for halving in range(40):
        moved = beta + step / 2**halving
        reached = _likelihood(x, target, weight, moved)
        if reached >= value - slack:
            return moved, reached
    return beta, value


def _separating(x: np.ndarray, treated: np.ndarray) -> int:
    """The covariate with the largest part in a direction that divides the sides, −1 where none does.

    Some b with s x'b ≥ 0 for all units and > 0 for one (s = 1 treated, −1 untreated) exists exactly where no maximum does.
    """
    from scipy.optimize import linprog

    signed = x * np.where(treated, 1.0, -1.0)[:, None]
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(x)), bounds=[(-1.0, 1.0)] * x.shape[1], method="highs")
    if found.status != 0 or -found.fun <= 1e-7:
        return -1
    return 1 + int(np.abs(found.x[1:]).argmax())
