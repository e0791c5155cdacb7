"""All units treated, no comparison: one interrupted series for every assignment around its own start, and their mean."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from commresearch.errors import DesignError, EstimationError, Failure
from commresearch.impact.arrays import Dropped, PanelArrays, arrays_of
from commresearch.impact.interrupted_series import INFERENCE, SeriesEffect, SeriesOptions, is_exact, is_still, series_effect
from commresearch.impact.ratio_scale import in_unit
from commresearch.impact.result import CONF_LEVEL, ImpactEstimate, Note, impact_estimate
from commresearch.impact.series_design import Series, Terms, festival_column, require_months
from commresearch.impact.series_models import Family, Vcov
from commresearch.outcomes import Panel
from commresearch.records.effects import PATH_COLUMNS
from commresearch.terms import Estimand, Method, Unit

ROUNDS = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pooled:
    """A mean of effects that differ.

    estimate, std_error, df : float
        Knapp and Hartung's error, not below that of known variances; t with k − 1 degrees of freedom.
    tau : float
        Standard deviation of the true effects between series (Paule and Mandel 1982).
    q : float
        Cochran's Q.
    """

    estimate: float
    std_error: float
    df: float
    tau: float
    q: float


def pooled(effects: np.ndarray, errors: np.ndarray, single_df: float = np.inf) -> Pooled:
    """Random-effects mean of independent effects (k,) with standard errors (k,).

    Weights 1/(s² + τ²) with τ² such that Σ w (x − x̄)² = k − 1, or 0 where it is smaller at τ² = 0. The variance is max(1, Q_τ/(k−1)) / Σ w.

    Parameters
    ----------
    single_df : float
        Degrees of freedom of the effect where it is the only one.

    Returns
    -------
    Pooled
        The effect itself, with its own degrees of freedom, where there is only one.
    """
    k, variance = len(effects), errors**2

    def spread(tau2: float) -> tuple[float, float, float]:
        w = 1 / (variance + tau2)
        mean = float(w @ effects / w.sum())
        return mean, float(w @ np.square(effects - mean)), float(w.sum())

    mean, q, total = spread(0.0)
    if k == 1:
        return Pooled(estimate=mean, std_error=float(errors[0]), df=single_df, tau=0.0, q=0.0)
    low, high = 0.0, float(np.square(effects - effects.mean()).sum() + variance.max())
    if q > k - 1:
        for _ in range(ROUNDS):
            middle = (low + high) / 2
            low, high = (middle, high) if spread(middle)[1] > k - 1 else (low, middle)
    tau2 = high if q > k - 1 else 0.0
    mean, left, total = spread(tau2)
    return Pooled(estimate=mean, std_error=float(np.sqrt(max(1.0, left / (k - 1)) / total)), df=k - 1.0, tau=float(np.sqrt(tau2)), q=q)


def staggered_series(
    panel: Panel, *, family: Family = "gaussian", vcov: Vcov = "hac", harmonics: int = 0, period: int = 12, slope: bool = False,
    conf_level: float = CONF_LEVEL, spring_festival: bool = False, lag: int | None = None,
) -> ImpactEstimate:
    """Change at the start where every assignment is treated, each at its own time.

    Every assignment is one series: counts and exposures of its units added up, or their values averaged, over the months in which all of its units
    have a record. Each gets the regression of `interrupted_time_series` around its own start; the changes are averaged with weights that count
    both their errors and the differences between assignments. Series that share a month share what happened in it, which the average takes for
    independent: starts spread over several months make that harmless, one common start does not, and a warning says so. Assignments with too few
    months, or whose values never vary, are left out and named; so are months of a unit in which another one of its assignment has no record.

    Parameters
    ----------
    family, vcov, harmonics, period, slope, spring_festival, lag
        As for `interrupted_time_series`.

    Returns
    -------
    ImpactEstimate
        Percent for counts, else the unit of the panel; the path holds one row per assignment (`group`). `details`: between (standard deviation of the
        true changes, on the scale of the link), q, series.

    Raises
    ------
    DesignError
        No assignment has a series that is long enough (CR-I37).
    EstimationError
        Options (CR-I38), counts (CR-I32), exposures (CR-I33), no solution (CR-I35), no assignment whose values vary (CR-I68).
    """
    options = SeriesOptions(family=family, vcov=vcov, terms=Terms(slope=slope, harmonics=harmonics, period=period), lag=lag)
    if failures := options.faults(conf_level):
        raise EstimationError(*failures)
    arrays = arrays_of(panel)
    found, dropped = _effects(arrays, options, spring_festival)
    left = arrays.take(np.isin(arrays.cluster, list(found)), dropped)
    changes = np.array([effect.of("level") for _, effect in found.values()])
    mean = pooled(changes[:, 0], changes[:, 1], next(iter(found.values()))[1].df)
    rows = [in_unit(*effect.of("level"), effect.df, conf_level, ratio=options.counts) for _, effect in found.values()]
    path = pd.DataFrame(
        [(str(arrays.assignments[c]), r["estimate"], r["std_error"], *r["interval"], np.nan, np.nan) for c, r in zip(found, rows, strict=True)],
        columns=["group", *PATH_COLUMNS],
    )
    return impact_estimate(
        panel, left, method=Method.INTERRUPTED_SERIES, inference=INFERENCE[vcov], estimand=Estimand.LEVEL_CHANGE,
        **in_unit(mean.estimate, mean.std_error, mean.df, conf_level, ratio=options.counts), df=mean.df, conf_level=conf_level,
        unit=Unit.PERCENT if options.counts else panel.unit, path=path, warnings=_notes(left, found, dropped, options), n_obs=sum(len(s.value) for s, _ in found.values()),
        details={"between": mean.tau, "q": mean.q, "series": len(found), "df": mean.df},
    )


def _effects(arrays: PanelArrays, options: SeriesOptions, festival: bool) -> tuple[dict[int, tuple[Series, SeriesEffect]], tuple[Dropped, ...]]:
    """Fits by assignment, and the units of assignments that have none."""
    found: dict[int, tuple[Series, SeriesEffect]] = {}
    short: list[Failure] = []
    still: list[Failure] = []
    dropped: list[Dropped] = []
    for c in range(len(arrays.assignments)):
        rows = arrays.cluster == c
        reason = "never_treated"
        if arrays.ever_treated[rows].any():
            reason = "short_series"
            series = _series(arrays, rows, counts=options.counts, festival=festival)
            try:
                require_months(series, options.terms)
            except DesignError as error:
                short += error.failures
            else:
                if not is_still(series, options) and not is_exact(series, effect := series_effect(series, options), options):
                    found[c] = series, effect
                    dropped += _apart(arrays, rows, series)
                    continue
                reason = "constant_series"
                still.append(Failure(code="CR-I68", values={"unit": str(arrays.assignments[c]), "months": len(series.value)}))
        dropped += [
            Dropped(unit_id=str(u), reason=reason, months=int(n), whole=True)
            for u, n in zip(arrays.units[rows], arrays.observed[rows].sum(axis=1), strict=True)
        ]
    if not found and still:
        raise EstimationError(*short, *still)
    if not found:
        raise DesignError(*(short if short else [Failure(code="CR-I30", values={"units": len(arrays.units), "treated": 0})]))
    return found, tuple(dropped)


def _apart(arrays: PanelArrays, rows: np.ndarray, series: Series) -> list[Dropped]:
    """Recorded months of units that the series of their assignment does not use."""
    lost = (arrays.observed[rows] & ~np.isin(arrays.periods, series.time)).sum(axis=1)
    return [
        Dropped(unit_id=str(u), reason="months_apart", months=int(n)) for u, n in zip(arrays.units[rows], lost, strict=True) if n
    ]


def _notes(
    left: PanelArrays, found: dict[int, tuple[Series, SeriesEffect]], dropped: tuple[Dropped, ...], options: SeriesOptions
) -> tuple[Note, ...]:
    """One common start; assignments and months that are left out; weights that are not used."""
    notes = []
    if len({series.start for series, _ in found.values()}) == 1 and len(found) > 1:
        notes.append(Note(key="series_one_start", values={"n": len(found)}))
    for reason, key in (("short_series", "series_short"), ("constant_series", "series_constant")):
        if units := [d.unit_id for d in dropped if d.reason == reason]:
            notes.append(Note(key=key, values={"n": len(units), "units": units}))
    if months := sum(d.months for d in dropped if d.reason == "months_apart"):
        notes.append(Note(key="series_months_apart", values={"months": months}))
    if options.counts and (left.weight[left.observed] != 1).any():
        notes.append(Note(key="weights_unused"))
    return tuple(notes)


def _series(arrays: PanelArrays, rows: np.ndarray, *, counts: bool, festival: bool) -> Series:
    """The units of one assignment as one series, from the first start among them."""
    value = arrays.numerator if counts and not np.isnan(arrays.numerator).all() else arrays.value
    cells, at_risk = value[rows], arrays.denominator[rows]
    weight = arrays.weight[rows]
    used = ~np.isnan(cells).any(axis=0) & (counts | (weight.sum(axis=0) > 0))
    with_exposure = counts and not np.isnan(arrays.denominator).all()
    if with_exposure and not (at_risk[:, used] > 0).all():
        i, t = np.argwhere(~(at_risk > 0) & used)[0]
        got = "—" if np.isnan(at_risk[i, t]) else f"{at_risk[i, t]:g}"
        wrong = int((~(at_risk > 0) & used).sum())
        values = {"unit": str(arrays.units[rows][i]), "period": arrays.label(int(arrays.periods[t])), "got": got, "months": wrong}
        raise EstimationError(Failure(code="CR-I33", values=values))
    together = cells[:, used].sum(axis=0) if counts else np.average(cells[:, used], axis=0, weights=weight[:, used])
    made = Series(
        time=arrays.periods[used], value=together, exposure=at_risk[:, used].sum(axis=0) if with_exposure else None, festival=None, dated=arrays.dated,
        start=int(arrays.first[rows].min()), skipped=int((~used).sum()),
    )
    return replace(made, festival=festival_column(made.time, dated=made.dated)) if festival else made
