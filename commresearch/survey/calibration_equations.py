"""Solving for the factors g that make weighted totals equal known ones.

Of all weights w = d g that meet the totals X'w = T, calibration takes those closest to the base weights d. The distance decides the
form of g (Deville and Särndal 1992): with u = X b, the factor is 1 + u (linear), exp(u) (raking), or an S-shaped curve between two
bounds (logit). Linear and raking factors may be cut off at bounds, which again gives the closest weights within them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from commresearch.errors import EstimationError, Failure
from commresearch.survey.auxiliaries import Auxiliaries, sums_by
from commresearch.survey.calibration_faults import collinear_totals, unsolved, vanishing
from commresearch.survey.frame_columns import Floats

METHODS = ("linear", "raking", "logit")
UNBOUNDED = (-np.inf, np.inf)
LARGEST_EXPONENT = 200.0  #: keeps exp() finite while a step is still too long
DAMPING = 1e-3  #: share of the error that is added to the curvature: directions in which every factor is at a bound stay solvable
OVERSHOOT = -0.5  #: a step is halved while it ends on a slope this steep on the other side
HALVINGS = 60
FITTING_ROUNDS = 200  #: margins that depend strongly on each other converge slowly; then Newton's method takes over
VANISHING = 1e-6  #: raking factors, beside their average, that only stand for weights of zero
CONSISTENT = 1e-7  #: relative difference of collinear totals that counts as rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How factors are found.

    method : "linear", "raking" or "logit"
    bounds : (lower, upper), on the factor; None for none
    tolerance : largest error of a total, relative to the total
    max_iterations : rounds before giving up
    """

    method: str
    bounds: tuple[float, float] | None
    tolerance: float
    max_iterations: int

    @property
    def limits(self) -> tuple[float, float]:
        """The bounds, infinite where there are none."""
        return UNBOUNDED if self.bounds is None else self.bounds

    def failures(self) -> list[Failure]:
        """What is wrong with the rule itself."""
        if self.method not in METHODS:
            return [Failure(code="CR-W20", values={"got": self.method, "allowed": ", ".join(METHODS)})]
        low, high = self.limits
        least = 0.0 if self.method == "raking" and self.bounds is not None else -np.inf
        is_finite = bool(np.isfinite(self.limits).all())
        if not least <= low < 1 < high or (self.method == "logit" and not is_finite):
            return [Failure(code="CR-W21", values={"got": str(self.bounds), "method": self.method})]
        return []


def calibration_factors(auxiliaries: Auxiliaries, base: Floats, totals: Floats, rule: Rule) -> tuple[Floats, int]:
    """Factors per cell (m,) with X' (base · g) = totals, and how many rounds they took.

    Raises
    ------
    EstimationError
        The totals of collinear auxiliaries contradict each other; no weights within the bounds meet the totals; the rounds
        are used up.
    """
    # With groups and without bounds, multiplying all base weights by one number changes nothing; starting from the right sum is safer.
    scale = totals[: auxiliaries.sizes[0]].sum() / base.sum() if auxiliaries.groups and rule.bounds is None else 1.0
    factors, rounds, reached = _solve(auxiliaries, base * scale, totals, rule)
    if (errors := _errors(auxiliaries, base * scale, totals, reached)).max() > rule.tolerance:
        fault = unsolved(
            auxiliaries, base * scale, totals, errors, method=rule.method, bounds=rule.limits, max_iterations=rule.max_iterations
        )
        raise EstimationError(fault)
    if rule.method == "raking" and rule.bounds is None and factors[base > 0].min() < VANISHING:
        raise EstimationError(vanishing(auxiliaries, np.where(base > 0, factors, 1), VANISHING))
    return factors * scale, rounds


def _solve(auxiliaries: Auxiliaries, base: Floats, totals: Floats, rule: Rule) -> tuple[Floats, int, Floats]:
    """Factors, rounds and the totals reached: by proportional fitting where it applies and is quick, else by Newton's method."""
    rounds = 0
    if rule.method == "raking" and rule.bounds is None and not auxiliaries.numeric.shape[1]:
        factors, rounds, reached = _proportional_fitting(auxiliaries, base, totals, rule)
        if _errors(auxiliaries, base, totals, reached).max() <= rule.tolerance:
            return factors, rounds, reached
    factors, more, reached = _newton(auxiliaries, base, totals, rule)
    return factors, rounds + more, reached


def _errors(auxiliaries: Auxiliaries, base: Floats, totals: Floats, reached: Floats) -> Floats:
    """Error of each total, relative to the total; for a number, whose total may be about zero, to the sum of absolute values."""
    size = np.maximum(np.abs(totals), auxiliaries.magnitudes(base))
    n_categories = sum(auxiliaries.sizes)
    size[:n_categories] = totals[:n_categories]
    errors: Floats = np.abs(totals - reached) / np.where(size > 0, size, 1)
    return errors


def _proportional_fitting(auxiliaries: Auxiliaries, base: Floats, totals: Floats, rule: Rule) -> tuple[Floats, int, Floats]:
    """Iterative proportional fitting on cells (Deming and Stephan 1940): one group after the other is made to fit."""
    weights = base.copy()
    ends = np.cumsum((0, *auxiliaries.sizes))
    targets = [totals[start:end] for start, end in pairwise(ends)]
    rounds = 0
    reached = auxiliaries.totals(weights)
    while rounds < min(rule.max_iterations, FITTING_ROUNDS):
        rounds += 1
        for codes, target in zip(auxiliaries.groups, targets, strict=True):
            current = sums_by(codes, weights, len(target))
            weights *= (target / np.where(current > 0, current, 1))[codes]
        reached = auxiliaries.totals(weights)
        if np.max(np.abs(reached / totals - 1)) <= rule.tolerance:
            break
    return np.divide(weights, base, out=np.ones_like(base), where=base > 0), rounds, reached


def _newton(auxiliaries: Auxiliaries, base: Floats, totals: Floats, rule: Rule) -> tuple[Floats, int, Floats]:
    """Newton's method on the calibration equations, in coordinates in which the first step needs no matrix inversion."""
    factor, slope_of = _distance(rule)
    basis = auxiliaries.basis(base)
    _check_collinear(auxiliaries, base, totals, basis)
    b = np.zeros(basis.shape[1])
    u = np.zeros(auxiliaries.n_cells)
    reached = auxiliaries.totals(base)
    rounds = 0
    while (error := _errors(auxiliaries, base, totals, reached).max()) > rule.tolerance and rounds < rule.max_iterations:
        rounds += 1
        curvature = basis.T @ auxiliaries.cross(base * slope_of(u)) @ basis
        misfit = basis.T @ (totals - reached)
        step = np.linalg.solve(curvature + DAMPING * error * np.eye(len(b)) * (rounds > 1), misfit)
        for _ in range(HALVINGS):
            u = auxiliaries.predict(basis @ (b + step))
            reached = auxiliaries.totals(base * factor(u))
            if (basis.T @ (totals - reached)) @ step >= OVERSHOOT * abs(misfit @ step):
                break
            step = step / 2
        b = b + step
        if _proves_impossible(base, u, float(totals @ (basis @ b)), rule.limits):
            break
    return factor(u), rounds, reached


def _proves_impossible(base: Floats, u: Floats, aimed: float, limits: tuple[float, float]) -> bool:
    """Whether a weighted sum of the totals is larger than any factors within the limits can make it: then nothing will meet them."""
    if not np.isfinite(limits).all():
        return False
    most = base @ (limits[1] * np.maximum(u, 0) + limits[0] * np.minimum(u, 0))
    return bool(aimed > most + CONSISTENT * (base @ np.abs(u)))


def _check_collinear(auxiliaries: Auxiliaries, base: Floats, totals: Floats, basis: Floats) -> None:
    """Totals of collinear auxiliaries must agree: the part that no weights can reach has to be nothing."""
    difference = totals - auxiliaries.totals(base)
    remainder = difference - auxiliaries.cross(base) @ (basis @ (basis.T @ difference))
    errors = _errors(auxiliaries, base, totals, totals - remainder)
    if errors.max() > CONSISTENT:
        raise EstimationError(collinear_totals(auxiliaries, errors, CONSISTENT))


def _distance(rule: Rule) -> tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]:
    """The factor g(u) of a method, and its derivative; g(0) = 1 and g'(0) = 1."""
    low, high = rule.limits
    if rule.method == "logit":
        return _logit(low, high)
    if rule.method == "linear":
        return lambda u: np.clip(1 + u, low, high), lambda u: ((1 + u > low) & (1 + u < high)).astype(np.float64)

    def exponential(u: Floats) -> Floats:
        return np.exp(np.minimum(u, LARGEST_EXPONENT))

    return (
        lambda u: np.clip(exponential(u), low, high),
        lambda u: np.where((exponential(u) > low) & (exponential(u) < high), exponential(u), 0.0),
    )


def _logit(low: float, high: float) -> tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]:
    """The factor low + (high - low) p with p the logistic curve that makes g(0) = g'(0) = 1."""
    steepness = (high - low) / ((high - 1) * (1 - low))
    start = np.log((1 - low) / (high - 1))

    def share(u: Floats) -> Floats:
        return np.asarray(0.5 * (1 + np.tanh((start + steepness * u) / 2)), dtype=np.float64)

    return (
        lambda u: low + (high - low) * share(u),
        lambda u: (high - low) * steepness * share(u) * (1 - share(u)),
    )
