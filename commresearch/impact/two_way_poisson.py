"""Poisson likelihood with unit and period effects, by Newton's method on what is left once the unit effects are solved for."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from commresearch.errors import EstimationError, Failure

ROUNDS = 60  #: of Newton's method; five or six are usual
SETTLED = 1e-10  #: largest step of a parameter of the last round; the step after it would be of the order of its square
HALVINGS = 20  #: of a step that lowers the likelihood
SMALLEST_PIVOT = 1e-10  #: of the information, relative to its diagonal: below it parameters cannot be told apart


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoWayPoisson:
    """A fit of E[y_it] = e_it exp(a_i + g_t + b d_it), N units × T periods.

    coefficient : float
        b; 0 where the fit has no treatment.
    period_factor : float array (T,)
        exp(g_t), one in the period of reference, 0 in periods without any count.
    unit_factor : float array (N,)
        exp(a_i), 0 for units without any count.
    fitted : float array (N, T)
        0 where e_it is 0.
    free : int array (P,)
        Periods whose effect is a parameter: those with counts, without the period of reference.
    information : float array (P, P)
        Of the free period effects, unit effects solved for.
    period_score : float array (N, P)
        y_it − fitted of the free periods: unit i's part of their score.
    slope : float array (P,)
        Coefficients of the regression of d on the free periods, weighted by `fitted`, unit effects solved for.
    score : float array (N,)
        Unit i's part of the score of b, the period effects solved for too; sums to 0.
    precision : float
        Information on b, all effects solved for; the variance that the Poisson law implies is its inverse.
    """

    coefficient: float
    period_factor: np.ndarray
    unit_factor: np.ndarray
    fitted: np.ndarray
    free: np.ndarray
    information: np.ndarray
    period_score: np.ndarray
    slope: np.ndarray
    score: np.ndarray
    precision: float


def two_way_poisson(counts: np.ndarray, exposure: np.ndarray, treated: np.ndarray | None = None, *, null: float = 0.0) -> TwoWayPoisson:
    """Maximum likelihood of unit effects, period effects and one effect of treatment.

    With the unit effects at their maximum, fitted_it = y_i. W_it / W_i. with W_it = e_it exp(g_t + b d_it): the likelihood of multinomial
    counts given their sums. T parameters are left, and its information is one product of a T × N with an N × T matrix.

    Parameters
    ----------
    counts, exposure : float array (N, T)
        Zero exposure takes a cell out; its count must be 0.
    treated : float array (N, T), optional
        d_it, 0 or 1; no effect of treatment is fitted where it is not given.
    null : float
        With `treated`: b is held here and not fitted; `score` and `precision` are those at this value. NaN: b is fitted.

    Returns
    -------
    TwoWayPoisson
        The maximum.

    Raises
    ------
    EstimationError
        The maximum does not exist, is not unique or was not found (CR-I35).
    """
    totals, sums = counts.sum(axis=0), counts.sum(axis=1)
    used = np.flatnonzero(totals > 0)
    if not len(used):
        raise _not_found()
    free = used[1:]
    fitting = treated is not None and np.isnan(null)
    start = np.log(totals[used] / np.maximum(exposure[:, used].sum(axis=0), np.finfo(float).tiny))
    theta = np.append(start[1:] - start[0], 0.0 if np.isnan(null) else null)
    affected = 0.0 if treated is None else float(np.einsum("nt,nt->", counts, treated))
    model = _Model(counts=counts, exposure=exposure, treated=treated, totals=totals, sums=sums, affected=affected, used=used)
    state = model.at(theta)
    for _ in range(ROUNDS):
        gradient, information = model.derivatives(state)
        size = len(theta) if fitting else len(free)
        step = np.zeros_like(theta)
        step[:size] = _solved(information[:size, :size], gradient[:size])
        theta, state = model.towards(theta, step, state)
        if np.abs(step).max(initial=0.0) < SETTLED:
            return model.result(theta, state, free)
    raise _not_found()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _State:
    """The likelihood at one value of the parameters.

    shares : float array (N, T)
        W_it / W_i.
    of_treated : float array (N, T), optional
        The same of the treated cells, 0 elsewhere.
    total : float array (N,)
        W_i.
    likelihood : float
    """

    shares: np.ndarray
    of_treated: np.ndarray | None
    total: np.ndarray
    likelihood: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Model:
    """Data, and the likelihood as a function of (free period effects, b)."""

    counts: np.ndarray
    exposure: np.ndarray
    treated: np.ndarray | None
    totals: np.ndarray
    sums: np.ndarray
    affected: float
    used: np.ndarray

    def factors(self, theta: np.ndarray) -> np.ndarray:
        """exp(g_t), 0 where nothing was counted."""
        made = np.zeros(self.counts.shape[1])
        made[self.used] = np.exp(np.append(0.0, theta[:-1]))
        return made

    def at(self, theta: np.ndarray) -> _State:
        """Shares and likelihood; no exponential is taken cell by cell, d being 0 or 1."""
        with np.errstate(over="ignore", invalid="ignore"):
            weights, of_treated = self.exposure * self.factors(theta), None
            if self.treated is not None:
                of_treated = weights * self.treated
                weights += np.expm1(theta[-1]) * of_treated
            total = weights.sum(axis=1)
            share_of = 1 / np.where(total > 0, total, 1.0)[:, None]
            weights *= share_of
            if of_treated is not None:
                of_treated *= np.exp(theta[-1]) * share_of
            # What depends on the parameters: Σ y g + b Σ y d − Σ y_i. log W_i.
            logs = np.log(np.where((total > 0) & (self.sums > 0), total, 1.0))
            likelihood = self.totals[self.used[1:]] @ theta[:-1] + theta[-1] * self.affected - self.sums @ logs
        return _State(shares=weights, of_treated=of_treated, total=total, likelihood=float(likelihood))

    def derivatives(self, state: _State) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and information of (free period effects, b)."""
        free = self.used[1:]
        fitted = self.sums @ state.shares
        whole = -(state.shares * self.sums[:, None]).T @ state.shares
        information = np.zeros((len(free) + 1, len(free) + 1))
        information[:-1, :-1] = whole[np.ix_(free, free)]
        information[np.arange(len(free)), np.arange(len(free))] += fitted[free]
        gradient = np.append((self.totals - fitted)[free], 0.0)
        if state.of_treated is not None:
            share, by_period = state.of_treated.sum(axis=1), self.sums @ state.of_treated
            gradient[-1] = self.affected - by_period.sum()
            information[-1, :-1] = information[:-1, -1] = (by_period - (self.sums * share) @ state.shares)[free]
            information[-1, -1] = by_period.sum() - self.sums @ share**2
        return gradient, information

    def towards(self, theta: np.ndarray, step: np.ndarray, state: _State) -> tuple[np.ndarray, _State]:
        """A step, halved until the likelihood does not fall by more than rounding."""
        slack = 1e-12 * (1.0 + abs(state.likelihood))
        for _ in range(HALVINGS):
            tried = self.at(theta + step)
            if tried.likelihood >= state.likelihood - slack:
                return theta + step, tried
            step = step / 2
        raise _not_found()

    def result(self, theta: np.ndarray, state: _State, free: np.ndarray) -> TwoWayPoisson:
        """The fit with what its variances are made of."""
        _, information = self.derivatives(state)
        fitted = state.shares * self.sums[:, None]
        residual = self.counts - fitted
        slope, score, period_score = np.zeros(len(free)), np.zeros(len(fitted)), residual[:, free]
        if self.treated is not None:
            slope = _solved(information[:-1, :-1], information[:-1, -1])
            score = np.einsum("nt,nt->n", residual, self.treated) - period_score @ slope
        known = state.total > 0
        return TwoWayPoisson(
            coefficient=float(theta[-1]), period_factor=self.factors(theta),
            unit_factor=np.where(known, self.sums, 0.0) / np.where(known, state.total, 1.0), fitted=fitted, free=free,
            information=information[:-1, :-1], period_score=period_score, slope=slope, score=score,
            precision=float(information[-1, -1] - information[-1, :-1] @ slope),
        )


def _solved(information: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solution of a positive definite system.

    Raises
    ------
    EstimationError
        It is not positive definite (CR-I35).
    """
    if not len(right):
        return np.zeros(0)
    scale = np.sqrt(np.diag(information))
    if not (np.isfinite(scale).all() and (scale > 0).all()):
        raise _not_found()
    try:
        factor = linalg.cholesky(information / np.outer(scale, scale), lower=True)
    except linalg.LinAlgError:
        raise _not_found() from None
    if np.diag(factor).min() ** 2 < SMALLEST_PIVOT:
        raise _not_found()
    solved: np.ndarray = linalg.cho_solve((factor, True), right / scale) / scale
    return solved


def _not_found() -> EstimationError:
    return EstimationError(Failure(code="CR-I35"))
