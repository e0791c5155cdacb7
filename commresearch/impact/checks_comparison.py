"""Checks of a comparison by its own numbers: trends before the start, pretended starts, one assignment left out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from commresearch.errors import DesignError, EstimationError
from commresearch.impact.arrays import NEVER, PanelArrays
from commresearch.impact.checks_records import amount
from commresearch.impact.jackknife import Jackknife, Point, cluster_jackknife
from commresearch.impact.result import CheckResult, Note, t_quantile, two_sided_p
from commresearch.terms import Unit
from commresearch.words.precision import p_text, short

LEVEL = 0.05  #: below this p value a check fails
POWER = 0.80  #: with which a trend would be found
TREND_PERIODS = 4  #: recorded periods from which a trend can be told
ROUNDING = 1e-9  #: in units of the largest value: below it slopes differ by rounding alone
LEAD = 3  #: months before the start in which a pilot may already be felt
Told = Callable[[float], float]  #: from the scale of a point to the unit of the effect
MOST_CHANGE = 0.5  #: share of an effect that one assignment may carry


def check_pre_trends(arrays: PanelArrays, *, relative: bool) -> CheckResult:
    """Whether treated units were already moving away from the others before they started.

    One slope per unit over the periods before the start of a cohort, by least squares, treated against untreated, tested by assignment as
    Welch does; one degree of freedom however long the record is. Beside it the slope that the test would find with 80 % power.

    Parameters
    ----------
    relative : bool
        Slopes in percent of the unit's mean before the start (counts), else in the unit of the panel.

    Returns
    -------
    CheckResult
        table: slope (per period), std_error, p_value, detectable_slope, periods. Not made where nothing varies before the start, or everything
        in the same way.
    """
    if not _varies(arrays):
        return _not_made("pre_trends", "trend_flat", {})
    treated, others, periods = _slopes(arrays, relative=relative)
    n1, n0 = len(treated), len(others)
    if n1 < 1 or n0 < 2 or periods < TREND_PERIODS:
        return _not_made("pre_trends", "trend_short", {"wanted": TREND_PERIODS})
    slope = float(treated.mean() - others.mean())
    error, df = _welch(treated, others)
    rounding = ROUNDING * (100.0 if relative else float(np.nanmax(np.abs(arrays.value))))
    if error <= rounding and abs(slope) <= rounding:
        return _not_made("pre_trends", "trend_flat", {})
    p_value = two_sided_p(slope / error, df) if error > rounding else 0.0
    found = float((t_quantile(1 - LEVEL, df) + t_quantile(2 * POWER - 1, df)) * error)
    table = pd.DataFrame([{"slope": slope, "std_error": error, "p_value": p_value, "detectable_slope": found, "periods": periods}])
    passed = bool(p_value >= LEVEL)
    unit = Unit.PERCENT if relative else arrays.unit
    values = {"slope": amount(short(slope, sign=True), unit), "detectable": amount(short(found), unit), "p": p_text(p_value)}
    return CheckResult(name="pre_trends", passed=passed, table=table, note=Note(key="trend_passed" if passed else "trend_failed", values=values))


def check_placebo_dates(point: Point, arrays: PanelArrays, *, told: Told = float, unit: Unit | None = None) -> CheckResult:
    """Whether an effect shows at a start that was none: half-way through the record before it, without anything after it.

    Parameters
    ----------
    told, unit
        How the point is told, and in which unit; as it is, in that of the panel, where not given.

    Returns
    -------
    CheckResult
        table: estimate, p_value of the pretended start.
    """
    before = _before(arrays)
    shown = _Shown(told=told, unit=arrays.unit if unit is None else unit)
    return _tested("placebo_dates", point, before, _halfway(before), "placebo_date", {}, shown)


def check_anticipation(point: Point, arrays: PanelArrays, *, told: Told = float, unit: Unit | None = None) -> CheckResult:
    """Whether the last three months before the start already differ; the last period where periods are no months.

    Parameters
    ----------
    told, unit
        How the point is told, and in which unit; as it is, in that of the panel, where not given.

    Returns
    -------
    CheckResult
        table: estimate, p_value of these months against those before them.
    """
    before = _before(arrays)
    lead = LEAD if arrays.dated else 1
    span = {"zh": f"{lead}个月" if arrays.dated else "1期", "en": f"{lead} months" if arrays.dated else "period"}
    shown = _Shown(told=told, unit=arrays.unit if unit is None else unit)
    return _tested("anticipation", point, before, np.where(before.first == NEVER, NEVER, before.first - lead), "anticipation", {"span": span}, shown)


def check_leave_one_out(jackknife: Jackknife, labels: Sequence[str], conf: tuple[float, float], *, unit: Unit) -> CheckResult:
    """Whether the effect stands without each of the assignments.

    Parameters
    ----------
    jackknife : Jackknife
        Estimates without each assignment.
    labels : sequence of str
        Names of the assignments, in its order.
    conf : (low, high)
        Interval of the effect; where it holds zero there is nothing that one assignment could overturn.
    unit : Unit
        Of the estimates.

    Returns
    -------
    CheckResult
        table: assignment_id, estimate, change.
    """
    change = jackknife.without - jackknife.estimate
    table = pd.DataFrame({"assignment_id": labels, "treated": jackknife.treated, "estimate": jackknife.without, "change": change})
    worst = int(np.nanargmax(np.abs(change))) if not np.isnan(change).all() else 0
    values = {"unit": labels[worst]} | {
        name: amount(short(value, sign=True), unit) for name, value in (("estimate", float(jackknife.without[worst])), ("all", jackknife.estimate))
    }
    if not (conf[0] > 0 or conf[1] < 0):
        return CheckResult(name="leave_one_out", passed=None, table=table, note=Note(key="left_out_nothing", values=values))
    judged = np.isfinite(change) | (jackknife.treated.sum() > 1)  # a single pilot cannot be left out, which its design says already
    flipped = np.sign(jackknife.without) != np.sign(jackknife.estimate)
    large = np.abs(change) > MOST_CHANGE * abs(jackknife.estimate)
    passed = not bool(((flipped | large | np.isnan(change)) & judged).any())
    return CheckResult(name="leave_one_out", passed=passed, table=table, note=Note(key="left_out_passed" if passed else "left_out_failed", values=values))


def check_spill_over(point: Point, arrays: PanelArrays, near: Sequence[str], whole: Jackknife, *, told: Told = float, unit: Unit | None = None) -> CheckResult:
    """Whether units near a pilot changed with it: the effect again without them in the comparison.

    Parameters
    ----------
    near : sequence of str
        Untreated units that lie beside treated ones.
    told, unit
        How the point is told, and in which unit; as it is, in that of the panel, where not given.

    Returns
    -------
    CheckResult
        table: estimate with and without the neighbours; failed where the difference exceeds what leaving units out does by chance.
    """
    beside = np.isin(arrays.units.astype(str), [str(u) for u in near]) & ~arrays.ever_treated
    if not beside.any() or (~arrays.ever_treated & ~beside).sum() < 2:
        return _not_made("spill_over", "spill_unknown", {})
    try:
        away = cluster_jackknife(point, arrays.take(~beside))
        beside_only = cluster_jackknife(point, arrays.take(arrays.ever_treated | beside))
    except (DesignError, EstimationError):
        return _not_made("spill_over", "spill_unknown", {})
    table = pd.DataFrame(
        [("all", told(whole.estimate)), ("without_neighbours", told(away.estimate)), ("neighbours_only", told(beside_only.estimate))],
        columns=["comparison", "estimate"],
    )
    # the two comparisons share the treated units: only what differs between the untreated ones is by chance
    error = np.hypot(_side_error(away), _side_error(beside_only))
    p_value = two_sided_p((away.estimate - beside_only.estimate) / error, min(away.df, beside_only.df)) if error > 0 else np.nan
    passed = bool(p_value >= LEVEL) if np.isfinite(p_value) else None
    shown = _Shown(told=told, unit=arrays.unit if unit is None else unit)
    values = {"away": shown.text(away.estimate), "near": shown.text(beside_only.estimate), "n": int(beside.sum()), "p": p_text(p_value)}
    return CheckResult(name="spill_over", passed=passed, table=table, note=Note(key="spill_failed" if passed is False else "spill_passed", values=values))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """How a point is told, and in which unit."""

    told: Told
    unit: Unit

    def text(self, value: float) -> dict[str, str]:
        """The point with its sign and unit, in both languages."""
        return amount(short(self.told(value), sign=True), self.unit)


def _varies(arrays: PanelArrays) -> bool:
    """Whether any unit has two different values before the start; of untreated units before the last one."""
    before = (arrays.periods[None, :] < arrays.first[:, None]) & (arrays.periods < arrays.cohorts[-1])[None, :]
    value = np.where(before, arrays.value, np.nan)
    return bool((np.fmax.reduce(value, axis=1) > np.fmin.reduce(value, axis=1)).any())


def _side_error(jackknife: Jackknife) -> float:
    """Standard error that the untreated side alone adds."""
    without = jackknife.without[~jackknife.treated]
    n = len(without)
    return float(np.sqrt((n - 1) / n * np.square(without - without.mean()).sum())) if n > 1 and np.isfinite(without).all() else np.inf


def _slopes(arrays: PanelArrays, *, relative: bool) -> tuple[np.ndarray, np.ndarray, int]:
    """Slopes of treated assignments as differences from the others over the same periods, slopes of the others, fewest periods.

    Those of the others are centred, so that the two sides can be laid side by side although cohorts look at different periods.
    """
    never = ~arrays.ever_treated
    pieces, spread, shortest = [], [], len(arrays.periods)
    for g in arrays.cohorts:
        window = arrays.periods < g
        slopes = _slope(arrays.value[:, window], arrays.periods[window], relative=relative)
        own = _by_assignment(slopes, arrays, arrays.first == g)
        others = _by_assignment(slopes, arrays, never if never.sum() > 1 else arrays.first > g)
        if len(own) == 0 or len(others) == 0:
            continue
        pieces.append(own - others.mean())
        spread.append((others - others.mean(), len(own)))
        shortest = min(shortest, int(window.sum()))
    if not pieces:
        return np.array([]), np.array([]), 0
    largest = max(spread, key=lambda pair: pair[1])[0]
    return np.concatenate(pieces), largest, shortest


def _slope(value: np.ndarray, periods: np.ndarray, *, relative: bool) -> np.ndarray:
    """Least-squares slope of each row over its recorded periods; NaN where there are fewer than three."""
    seen = ~np.isnan(value)
    n = seen.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        time = np.where(seen, periods[None, :].astype(float), np.nan)
        mean = np.where(n > 0, np.nansum(value, axis=1) / n, np.nan)
        centred = time - (np.nansum(time, axis=1) / n)[:, None]
        slope = np.nansum(centred * (value - mean[:, None]), axis=1) / np.nansum(centred**2, axis=1)
        slope = 100 * slope / mean if relative else slope
    return np.where((n >= 3) & np.isfinite(slope), slope, np.nan)


def _by_assignment(slopes: np.ndarray, arrays: PanelArrays, rows: np.ndarray) -> np.ndarray:
    rows = rows & np.isfinite(slopes)
    if not rows.any():
        return np.array([])
    cluster = np.unique(arrays.cluster[rows], return_inverse=True)[1]
    return np.asarray(np.bincount(cluster, weights=slopes[rows]) / np.bincount(cluster))


def _welch(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Standard error of a difference of means and its degrees of freedom; a side with one member borrows the other's variance."""
    n1, n0 = len(a), len(b)
    v0 = b.var(ddof=1)
    if n1 == 1:
        return float(np.sqrt(v0 * (1 + 1 / n0))), float(n0 - 1)
    parts = np.array([a.var(ddof=1) / n1, v0 / n0])
    total = parts.sum()
    df = total**2 / (parts**2 / np.array([n1 - 1, n0 - 1])).sum() if total > 0 else n1 + n0 - 2
    return float(np.sqrt(total)), float(df)


def _before(arrays: PanelArrays) -> PanelArrays:
    """What was recorded before the starts; of untreated units up to the last start."""
    last = arrays.cohorts[-1]
    return arrays.masked((arrays.periods[None, :] < arrays.first[:, None]) & (arrays.periods[None, :] < last), np.where(arrays.ever_treated, arrays.first, NEVER))


def _halfway(before: PanelArrays) -> np.ndarray:
    """A pretended start for every treated unit: after half of its recorded periods."""
    seen = before.observed
    wanted = seen.sum(axis=1) // 2
    place = (np.cumsum(seen, axis=1) > wanted[:, None]).argmax(axis=1)
    return np.where(before.first == NEVER, NEVER, before.periods[place])


def _tested(name: str, point: Point, before: PanelArrays, first: np.ndarray, key: str, values: dict[str, object], shown: _Shown) -> CheckResult:
    """The effect at pretended starts, tested by leaving assignments out."""
    try:
        found = cluster_jackknife(point, replace(before, first=first))
    except (DesignError, EstimationError):
        return _not_made(name, f"{key}_not_made", values)
    if not 0 < found.std_error < np.inf:
        return _not_made(name, f"{key}_not_made", values)
    p_value = two_sided_p(found.estimate / found.std_error, found.df)
    table = pd.DataFrame([{"estimate": shown.told(found.estimate), "p_value": p_value}])
    passed = bool(p_value >= LEVEL)
    said = values | {"estimate": shown.text(found.estimate), "p": p_text(p_value)}
    return CheckResult(name=name, passed=passed, table=table, note=Note(key=f"{key}_passed" if passed else f"{key}_failed", values=said))


def _not_made(name: str, key: str, values: dict[str, object]) -> CheckResult:
    return CheckResult(name=name, passed=None, table=pd.DataFrame(), note=Note(key=key, values=values))
