"""Before and after of the treated units alone: what changed over the same time, season set against season, and nothing more."""

from dataclasses import dataclass

import numpy as np

from commresearch.errors import DesignError, EstimationError, Failure
from commresearch.impact.arrays import COUNTS, Dropped, PanelArrays, arrays_of
from commresearch.impact.option_checks import require_options
from commresearch.impact.ratio_scale import in_unit
from commresearch.impact.result import CONF_LEVEL, ImpactEstimate, Note, impact_estimate
from commresearch.impact.series_models import fit_series
from commresearch.outcomes import Panel
from commresearch.terms import Estimand, Inference, Method, Unit

MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sides:
    """Months of N treated units that are compared.

    arrays : PanelArrays
    value, exposure : float array (N, T)
        Of the cells that are used; exposure 0 elsewhere. Counts and what they are in proportion to, or values with their weights.
    after : bool array (N, T)
        From the start on.
    season : int array (T,)
        Calendar month of a period; all 0 where months cannot be matched.
    matched : bool
        Whether only calendar months are used that the unit has before and after.
    counts : bool
        Whether the change is a ratio.
    """

    arrays: PanelArrays
    value: np.ndarray
    exposure: np.ndarray
    after: np.ndarray
    season: np.ndarray
    matched: bool
    counts: bool

    def sums(self, side: np.ndarray, of: np.ndarray) -> np.ndarray:
        """Sums by unit and season (N, S) over the cells of a side (N, T)."""
        made = np.zeros((len(of), int(self.season.max()) + 1))
        for s in np.unique(self.season):
            made[:, s] = np.where(side, of, 0.0)[:, self.season == s].sum(axis=1)
        return made

    def observed_expected(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """By unit: total after the start, what the months before foretell for the same exposures season by season, and exposure after the start."""
        used = self.exposure > 0
        after, before = used & self.after, used & ~self.after
        weighted = self.value if self.counts else self.value * self.exposure
        base, at_risk = self.sums(before, weighted), self.sums(before, self.exposure)
        rate = np.divide(base, at_risk, out=np.zeros_like(base), where=at_risk > 0)
        observed, exposure = (np.where(after, of, 0.0).sum(axis=1) for of in (weighted, self.exposure))
        return observed, (rate * self.sums(after, self.exposure)).sum(axis=1), exposure


def sides_of(arrays: PanelArrays) -> Sides:
    """The months before and after the start of treated units, of the calendar months that occur on both sides where there are any.

    Raises
    ------
    DesignError
        No treated unit has months on both sides (CR-I30).
    EstimationError
        Counts below zero (CR-I32), exposures of zero (CR-I33).
    """
    counts = arrays.unit in COUNTS
    counted = counts and not np.isnan(arrays.numerator).all()
    value = arrays.numerator if counted else arrays.value
    exposure = np.ones_like(value)
    if counted and not np.isnan(arrays.denominator).all():
        exposure = arrays.denominator
    elif not counts:
        exposure = arrays.weight
    _require_cells(arrays, value, exposure, counts=counts)
    used = ~np.isnan(value) & (exposure > 0)
    both = arrays.ever_treated & (used & arrays.treated).any(axis=1) & (used & ~arrays.treated).any(axis=1)
    if not both.any():
        raise DesignError(Failure(code="CR-I30", values={"units": len(arrays.units), "treated": int(arrays.ever_treated.sum())}))
    gone = tuple(
        Dropped(unit_id=str(arrays.units[i]), reason="one_side" if arrays.ever_treated[i] else "never_treated", months=int(used[i].sum()), whole=True)
        for i in np.flatnonzero(~both)
    )
    left = arrays.take(both, gone)
    used, after = used[both], left.treated
    season = left.periods % MONTHS if left.dated else np.zeros(len(left.periods), dtype=np.int64)
    matched = _matched(used, after, season) if left.dated else np.zeros(used.shape, dtype=bool)
    fits = bool(matched.any(axis=1).all())
    cells = matched if fits else used
    return Sides(
        arrays=left, value=np.where(cells, value[both], 0.0), exposure=np.where(cells, exposure[both], 0.0), after=after,
        season=season if fits else np.zeros_like(season), matched=fits, counts=counts,
    )


def before_after(panel: Panel, *, conf_level: float = CONF_LEVEL) -> ImpactEstimate:
    """Change of the treated units from before to after their starts; no effect, because nothing says what would have happened anyway.

    Every month after the start is set against the months before it of the same calendar month, so that seasons cancel; where some unit has no
    calendar month on both sides, all its months are compared and a warning says so. Counts are compared by their ratio, for the same exposures;
    other values by the difference of means. With several assignments the interval comes from how much the change differs between them; with one,
    from how much its months vary (Newey-West).

    Returns
    -------
    ImpactEstimate
        Percent for counts, else the unit of the panel. `details`: before and after (mean value, or count over exposure), months.

    Raises
    ------
    DesignError
        No treated unit has months on both sides (CR-I30).
    EstimationError
        Counts below zero (CR-I32), exposures of zero (CR-I33), nothing counted on one side (CR-I34), too few months for an interval (CR-I35).
    """
    require_options({}, conf_level)
    sides = sides_of(arrays_of(panel))
    arrays = sides.arrays
    observed, expected, exposure = sides.observed_expected()
    if sides.counts and (observed.sum() == 0 or expected.sum() == 0):
        before = sides.value[~sides.after].sum()
        values = {"units": ", ".join(map(str, arrays.units)), "before": int(before), "after": int(observed.sum())}
        raise EstimationError(Failure(code="CR-I34", values=values))
    g = len(arrays.assignments)
    if g > 1:
        change, error, df, how = *_between(sides, observed, expected, exposure), g - 1.0, Inference.CR1
    else:
        change, error, df, how = *_within(sides), Inference.HAC
    used, weight = sides.exposure > 0, exposure.sum()
    details = {"before": float(expected.sum() / weight), "after": float(observed.sum() / weight), "months": float(used.any(axis=0).sum()), "df": df}
    return impact_estimate(
        panel, arrays, method=Method.BEFORE_AFTER, inference=how, estimand=Estimand.CHANGE,
        **in_unit(change, error, df, conf_level, ratio=sides.counts), df=df, conf_level=conf_level, details=details, n_obs=int(used.sum()),
        unit=Unit.PERCENT if sides.counts else panel.unit, warnings=() if sides.matched else (Note(key="before_after_seasons"),),
    )


def _between(sides: Sides, observed: np.ndarray, expected: np.ndarray, exposure: np.ndarray) -> tuple[float, float]:
    """Change, or log ratio, and its error from the differences between assignments: a ratio of sums, linearised, with factor G/(G−1)."""
    cluster = sides.arrays.cluster
    o, e, w = (np.bincount(cluster, part) for part in (observed, expected, exposure))
    change = float(np.log(o.sum() / e.sum())) if sides.counts else float((o - e).sum() / w.sum())
    parts = o / o.sum() - e / e.sum() if sides.counts else (o - e - change * w) / w.sum()
    return change, float(np.sqrt(np.square(parts).sum() * len(o) / (len(o) - 1)))


def _within(sides: Sides) -> tuple[float, float, float]:
    """Change, or log ratio, of one series beside effects of the calendar months; its Newey-West error and degrees of freedom."""
    used = (sides.exposure > 0).any(axis=0)
    at_risk = sides.exposure.sum(axis=0)[used]
    # Units of one assignment begin together; where they do not, the first start divides the series.
    after = np.logical_and(sides.after, sides.exposure > 0).any(axis=0)[used].astype(np.float64)
    seasons = np.unique(sides.season[used], return_inverse=True)[1]
    x = np.column_stack([after, np.eye(int(seasons.max()) + 1)[seasons]])
    if len(x) <= x.shape[1]:
        raise EstimationError(Failure(code="CR-I35"))
    time = sides.arrays.periods[used]
    if sides.counts:
        fit = fit_series(x, sides.value.sum(axis=0)[used], time, family="quasipoisson", vcov="hac", exposure=at_risk)
    else:
        fit = fit_series(x, (sides.value * sides.exposure).sum(axis=0)[used] / at_risk, time, family="gaussian", vcov="hac")
    return float(fit.coefficient[0]), float(np.sqrt(fit.vcov[0, 0])), float(len(x) - x.shape[1])


def _matched(used: np.ndarray, after: np.ndarray, season: np.ndarray) -> np.ndarray:
    """Cells whose calendar month the unit has before and after its start, (N, T)."""
    kept = np.zeros_like(used)
    for s in np.unique(season):
        here = season == s
        both = np.logical_and(used, after)[:, here].any(axis=1) & np.logical_and(used, ~after)[:, here].any(axis=1)
        kept[:, here] = used[:, here] & both[:, None]
    return kept


def _require_cells(arrays: PanelArrays, value: np.ndarray, exposure: np.ndarray, *, counts: bool) -> None:
    """Refuse negative counts, and counts without anything they are in proportion to."""
    if not counts:
        return
    with np.errstate(invalid="ignore"):
        negative, bare = value < 0, ~np.isnan(value) & ~(exposure > 0)

    def values(i: np.intp, cells: np.ndarray, wrong: np.ndarray) -> dict[str, object]:
        t = int(np.argmax(wrong[i]))
        got = "—" if np.isnan(cells[i, t]) else f"{cells[i, t]:g}"
        return {"unit": str(arrays.units[i]), "period": arrays.label(int(arrays.periods[t])), "got": got, "months": int(wrong[i].sum())}

    failures = [Failure(code="CR-I32", values=values(i, value, negative)) for i in np.flatnonzero(negative.any(axis=1))]
    failures += [Failure(code="CR-I33", values=values(i, exposure, bare)) for i in np.flatnonzero(bare.any(axis=1))]
    if failures:
        raise EstimationError(*failures)
