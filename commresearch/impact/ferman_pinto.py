"""Few treated and many controls, of which small ones vary more (Ferman & Pinto 2019, Review of Economics and Statistics 101(3)).

W_j is the mean after the start less the mean before it of the errors of assignment j, so that (their equation 4, N_1 treated, N_0 controls)

    estimate − effect = (1/N_1) Σ_treated W_j − (1/N_0) Σ_controls W_j

With few treated the first mean has no normal law, and where communities differ in size M_j the residuals of controls do not tell directly how a
treated one varies. Individuals with errors of their own and errors shared by the assignment give var(W_j | M_j) = A + B / M_j, A, B ≥ 0. For a
null value r:

    1. residuals of the null   w_j = W_j(Y − r d) − mean over all assignments
    2. variance function       least squares of w_j² on 1 and 1/M_j with A, B ≥ 0; v_j its value
    3. equal variance          n_j = w_j / √v_j
    4. draws                   i_1 … i_N with replacement, W*_j = n_{i_j} √v_j, e* = mean treated W* − mean controls W*
    5. p value                 share of draws with |e*| ≥ |estimate − r|

and the interval holds the null values that are not rejected. With several starts W_j is taken for every start, with one variance function each;
one draw i_j serves all starts, so that the comparison of every treated assignment with the controls keeps its own months. Means are over the
months that a unit has, so gaps need not be filled. Where all M_j are equal this is a permutation-like bootstrap without rescaling.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from commresearch.errors import DesignError, EstimationError, Failure
from commresearch.impact.arrays import NEVER, Dropped, PanelArrays, arrays_of
from commresearch.impact.assignment_paths import assignment_starts
from commresearch.impact.fixed_effects import cell_weights, require_varied, usable
from commresearch.impact.inversion import TIE, Interval, bisected
from commresearch.impact.option_checks import require_options
from commresearch.impact.result import CONF_LEVEL, ImpactEstimate, Note, impact_estimate
from commresearch.outcomes import Panel
from commresearch.terms import Estimand, Inference, Method

FEWEST_CONTROLS = 3  #: a variance function of two numbers needs some residuals
FEW_CONTROLS = 20  #: below these the variance function is rough and the test rejects too often


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Changes:
    """Means after less means before every start, by assignment.

    outcome, treatment : float array (G, C)
        Of the outcome and of the treatment itself, for each of C starts.
    start : int array (G,)
        Place of the assignment's own start; −1 for controls.
    size : float array (G,)
        M_j.
    """

    outcome: np.ndarray
    treatment: np.ndarray
    start: np.ndarray
    size: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """What each change counts in the estimate, (G, C): 1/N_1 its own start, −1/N_0 × share of the start for controls."""
        control = self.start < 0
        treated = int((~control).sum())
        own = (self.start[:, None] == np.arange(self.outcome.shape[1])) / treated
        made: np.ndarray = np.where(control[:, None], -own.sum(axis=0) / control.sum(), own)
        return made

    @property
    def estimate(self) -> float:
        """Mean over treated assignments of their change less that of the controls over the same months."""
        return float((self.weights * self.outcome).sum())


def changes(arrays: PanelArrays, size: np.ndarray) -> Changes:
    """Changes by assignment of arrays whose units all have months on both sides of every start: means over its units, by their mean weight."""
    of_assignment = assignment_starts(arrays)
    starts = np.unique(of_assignment[of_assignment != NEVER])
    weight = cell_weights(arrays)
    of_unit = weight.sum(axis=1) / (weight > 0).sum(axis=1)
    made = []
    for x in (np.where(weight > 0, arrays.value, 0.0), arrays.treated.astype(np.float64)):
        change = np.stack([_side(x, weight, arrays.periods >= s) - _side(x, weight, arrays.periods < s) for s in starts], axis=1)
        sums = [np.bincount(arrays.cluster, weights=of_unit * column) for column in change.T]
        made.append(np.stack(sums, axis=1) / np.bincount(arrays.cluster, weights=of_unit)[:, None])
    place = np.where(of_assignment == NEVER, -1, np.searchsorted(starts, of_assignment))
    return Changes(outcome=made[0], treatment=made[1], start=place, size=size)


def _side(x: np.ndarray, weight: np.ndarray, months: np.ndarray) -> np.ndarray:
    made: np.ndarray = (x * weight)[:, months].sum(axis=1) / weight[:, months].sum(axis=1)
    return made


def null_draws(made: Changes, null: float, places: np.ndarray) -> np.ndarray:
    """Errors e* of the estimate under a null value, (B,), for drawn places of residuals (B, G)."""
    residual = made.outcome - null * made.treatment
    residual = residual - residual.mean(axis=0)
    weights, drawn = made.weights, np.zeros(len(places))
    for c in range(residual.shape[1]):
        spread = np.sqrt(variance_function(residual[:, c] ** 2, made.size))
        drawn += (residual[:, c] / spread)[places] @ (spread * weights[:, c])
    return drawn


def variance_function(square: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Values of A + B / size with A, B ≥ 0, by least squares of squared residuals (G,).

    Raises
    ------
    EstimationError
        All residuals are zero (CR-I83).
    """
    if not square.any():
        raise EstimationError(Failure(code="CR-I83", values={"clusters": len(square)}))
    x = np.stack([np.ones(len(size)), size.min() / size])
    if (size == size[0]).all():
        return np.full(len(size), square.mean())
    both = np.linalg.lstsq(x.T, square, rcond=None)[0]
    if (both >= 0).all():
        fitted: np.ndarray = both @ x
        return fitted
    # On the border one of the two is zero: the better of both fits.
    alone = [(row @ square) / (row @ row) * row for row in x]
    return min(alone, key=lambda fit: float(((square - fit) ** 2).sum()))


def ferman_pinto(
    panel: Panel, *, size: Mapping[str, float] | None = None, draws: int = 9999, seed: int = 0, conf_level: float = CONF_LEVEL
) -> ImpactEstimate:
    """Difference of differences with inference for few treated assignments and many controls of unequal size.

    Parameters
    ----------
    size : mapping of assignment_id to number, optional
        M_j: households, respondents, …. Else the mean over months of the denominators of its units; where the panel has none, their number.
    draws : int

    Returns
    -------
    ImpactEstimate
        The effect is the mean over treated assignments, each compared with the assignments that never start. std_error is the standard deviation of
        the draws at the estimate. details: draws, treated_sd and control_sd (of W at the estimate, by the variance function; means).

    Raises
    ------
    DesignError
        As two_way_fixed_effects; starts that differ within an assignment (CR-I84), fewer than three assignments that never start (CR-I88), sizes that
        are missing or not above zero (CR-I89).
    EstimationError
        All changes are the same (CR-I83), draws, a seed or a level that are none (CR-I38).
    """
    require_options({}, conf_level, draws=draws, seed=seed)
    arrays = _both_sides(usable(arrays_of(panel)))
    made = changes(arrays, _sizes(arrays, size))
    controls = int((made.start < 0).sum())
    if controls < FEWEST_CONTROLS:
        raise DesignError(Failure(code="CR-I88", values={"controls": controls, "needed": FEWEST_CONTROLS}))
    estimate, groups = made.estimate, len(made.size)
    at = made.outcome - estimate * made.treatment
    require_varied(arrays, at - at.mean(axis=0))
    places = np.random.default_rng(seed).integers(groups, size=(draws, groups))
    at_estimate = float(null_draws(made, estimate, places).std())

    def p_value(null: float) -> float:
        out = np.abs(null_draws(made, null, places)) >= abs(estimate - null) * (1 - TIE)
        return float((out.sum() + 1) / (draws + 1))

    interval = bisected(p_value, estimate=estimate, scale=at_estimate, conf_level=conf_level)
    return impact_estimate(
        panel, arrays, method=Method.TWO_WAY_FIXED_EFFECTS, inference=Inference.FERMAN_PINTO, estimand=Estimand.ATT, estimate=estimate,
        std_error=at_estimate, conf_level=conf_level, interval=(interval.low, interval.high), p_value=p_value(0.0),
        warnings=_notes(controls, interval, conf_level), n_obs=int((cell_weights(arrays) > 0).sum()), details={"draws": draws} | _spreads(made),
    )


def _both_sides(arrays: PanelArrays) -> PanelArrays:
    """Units with months before and after every start; the others are listed as dropped."""
    used = cell_weights(arrays) > 0
    starts = arrays.cohorts[arrays.cohorts > arrays.periods[0]]
    whole = (arrays.first > arrays.periods[0]) & np.all(
        [used[:, arrays.periods >= s].any(axis=1) & used[:, arrays.periods < s].any(axis=1) for s in starts], axis=0
    )
    if whole.all():
        return arrays
    gone = tuple(
        Dropped(unit_id=str(arrays.units[i]), reason="one_side_only", months=int(used[i].sum()), whole=True) for i in np.flatnonzero(~whole)
    )
    return usable(arrays.take(whole, gone))


def _sizes(arrays: PanelArrays, size: Mapping[str, float] | None) -> np.ndarray:
    if size is not None:
        made = np.array([float(size.get(str(a), np.nan)) for a in arrays.assignments])
        wrong = ~(np.isfinite(made) & (made > 0))
        if wrong.any():
            raise DesignError(*(Failure(code="CR-I89", values={"assignment": str(a)}) for a in arrays.assignments[wrong]))
        return made
    used = cell_weights(arrays) > 0
    known = used & (arrays.denominator > 0)
    if not known.any(axis=1).all():
        return np.bincount(arrays.cluster).astype(np.float64)
    mean = np.where(known, arrays.denominator, 0.0).sum(axis=1) / known.sum(axis=1)
    return np.bincount(arrays.cluster, weights=mean)


def _spreads(made: Changes) -> dict[str, float]:
    """Standard deviations of the changes at the estimate by the variance function, means over treated and over controls."""
    residual = made.outcome - made.estimate * made.treatment
    residual = residual - residual.mean(axis=0)
    fitted = np.stack([variance_function(column**2, made.size) for column in residual.T], axis=1)
    treated = made.start >= 0
    own = fitted[treated, made.start[treated]]
    return {"treated_sd": float(np.sqrt(own).mean()), "control_sd": float(np.sqrt(fitted[~treated]).mean())}


def _notes(controls: int, interval: Interval, conf_level: float) -> tuple[Note, ...]:
    notes = [Note(key="few_controls", values={"controls": controls})] if controls < FEW_CONTROLS else []
    if not interval.bounded:
        notes.append(Note(key="interval_unbounded", values={"level": f"{100 * conf_level:g}%"}))
    return tuple(notes)
