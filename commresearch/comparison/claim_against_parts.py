"""What a raw change is made of beside the effect: change of recording, season, return to the mean, what everybody went through."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from commresearch.comparison.claim_against_measure import FEWEST, autocorrelation, change_of, variance_of_mean
from commresearch.comparison.claim_against_view import MONTHS, ClaimView
from commresearch.comparison.claim_against_windows import RecordingChanges, Windows, sides_of

RECORDING, SEASON, COMMON, REGRESSION, REMAINDER = "recording", "season", "common", "regression", "remainder"
ORDER = (RECORDING, SEASON, COMMON, REGRESSION)  #: in which they are taken out; what is left is the effect and the remainder
TWO_YEARS = 24  #: months from which seasons can be told from a trend


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a change, on the scale on which they add up.

    value, std_error : float
        NaN where it cannot be measured, or nothing tells how sure it is.
    alone : float
        What it would be if it were taken out first, and nothing else.
    how : str
        How it was obtained, or why it was not: a key `<name>_<how>` of the words.
    """

    name: str
    value: float
    alone: float
    how: str
    std_error: float = np.nan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sources:
    """What the parts are computed from.

    view : ClaimView
        As recorded.
    windows : Windows
    changes : RecordingChanges
    unaffected : ClaimView, optional
        The same claim on what was recorded alike throughout: without the channels or topics that changed.
    """

    view: ClaimView
    windows: Windows
    changes: RecordingChanges
    unaffected: ClaimView | None = None

    @property
    def clean(self) -> ClaimView:
        """The claim as it would have been recorded without the changes of recording, as far as these can be measured."""
        if self.unaffected is not None:
            return self.unaffected
        return without_jumps(self.view, self.changes) if self.changes.how == "jump" else self.view

    def without(self, assignment: str) -> "Sources | None":
        """The same without one assignment; None where nothing of the claim is left."""
        cut = [_cut(view, assignment) for view in (self.view, self.unaffected) if view is not None]
        if any(not view.scope.any() for view in cut):
            return None
        return replace(self, view=cut[0], unaffected=cut[1] if len(cut) > 1 else None)


def parts_of(sources: Sources) -> tuple[Part, ...]:
    """The parts in their order, with jackknife errors over assignments.

    Returns
    -------
    tuple of Part
        recording, season, common, regression.
    """
    found = measured_parts(sources)
    errors = _errors(sources, found)
    return tuple(replace(part, std_error=errors[part.name]) for part in found)


def without_jumps(view: ClaimView, changes: RecordingChanges) -> ClaimView:
    """The view with what was counted after each change of recording brought back to the old way of recording.

    The size of a change is the difference between the months on both sides of it, all before the start or all after it, less that of the other units
    over the same months.
    """
    periods = view.arrays.periods
    for place, jump in enumerate(changes.jumps):
        following = changes.jumps[place + 1].month if place + 1 < len(changes.jumps) else int(periods[-1]) + 1
        early, late = sides_of(view, jump, following)
        touched = np.isin(view.arrays.units, list(jump.units)) & view.scope
        if not touched.any():
            continue
        size = view.level(touched, late) - view.level(touched, early)
        if view.others.any():
            size -= view.level(view.others, late) - view.level(view.others, early)
        cells = touched[:, None] & (periods >= jump.month)
        brought = view.above / np.exp(size) if view.ratio else view.above - view.below * size / 100.0
        view = replace(view, above=np.where(cells, brought, view.above))
    return view


def _cut(view: ClaimView, assignment: str) -> ClaimView:
    named = np.flatnonzero(view.arrays.assignments == assignment)
    return view.without(int(named[0])) if len(named) else view


def measured_parts(sources: Sources) -> tuple[Part, ...]:
    """The parts without errors: recording, season, common, regression."""
    clean = sources.clean
    change = change_of(clean)
    recording = change_of(sources.view) - change
    measured = sources.unaffected is not None or sources.changes.how in {"none", "shared", "jump"}
    how = "unaffected" if sources.unaffected is not None else sources.changes.how
    season, calendar, of_months = _season(clean)
    regression, beside, by = _regression(clean, sources.windows, of_months)
    whole = clean.level(clean.others, clean.period) - clean.level(clean.others, clean.base) if clean.others.any() else np.nan
    common = whole + beside - (season if np.isfinite(season) else 0.0)
    return (
        Part(name=RECORDING, value=recording if measured else np.nan, alone=recording if measured else np.nan, how=how),
        Part(name=SEASON, value=season, alone=season, how=calendar),
        Part(name=COMMON, value=common, alone=whole, how="others" if clean.others.any() else "nobody"),
        Part(name=REGRESSION, value=regression, alone=_regression_alone(clean, sources.windows), how=by),
    )


def _errors(sources: Sources, found: tuple[Part, ...]) -> Mapping[str, float]:
    """Jackknife errors: every assignment left out once; NaN where a part is not measured or only one assignment has the pilot."""
    names = np.unique(sources.view.arrays.assignments.astype(str))
    several = len(np.unique(sources.view.arrays.cluster[sources.view.scope])) > 1
    left = [cut for name in names if several and (cut := sources.without(str(name))) is not None]
    if len(left) < FEWEST:
        return dict.fromkeys((part.name for part in found), np.nan)
    values = np.array([[part.value for part in measured_parts(cut)] for cut in left])
    g = len(left)
    spread = np.sqrt((g - 1) / g * np.square(values - values.mean(axis=0)).sum(axis=0))
    return {part.name: float(error) for part, error in zip(found, spread, strict=True)}


def _season(view: ClaimView) -> tuple[float, str, np.ndarray | None]:
    """What the calendar alone does between base and period; how; and the effects of the calendar months (12,), where they were estimated.

    Months of the year and a straight line, least squares, on the other units' series; on that of the claim's units before the start where there are none.
    """
    calendar = view.arrays.periods % MONTHS
    shares = [np.bincount(calendar[months], minlength=MONTHS) / months.sum() for months in (view.base, view.period)]
    series = view.series(view.others) if view.others.any() else np.where(view.before, view.series(view.scope), np.nan)
    seen = np.isfinite(series) & view.usable
    needed = np.flatnonzero(shares[0] + shares[1])
    often = np.bincount(calendar[seen], minlength=MONTHS)
    effects = _calendar_effects(series[seen], view.arrays.periods[seen]) if seen.sum() >= TWO_YEARS and (often[needed] > 1).all() else None
    if np.allclose(shares[0], shares[1]):
        return 0.0, "same_months", effects
    if effects is None:
        return np.nan, "short", None
    return _of_calendar(view, effects, shares[1]) - _of_calendar(view, effects, shares[0]), "others" if view.others.any() else "own_record", effects


def _calendar_effects(series: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """Effects of the twelve calendar months beside a straight line; 0 for one that does not occur, (12,)."""
    dummies = np.eye(MONTHS)[periods % MONTHS]
    line = (periods - periods.mean()) / MONTHS
    found = np.linalg.lstsq(np.column_stack([dummies, line]), series, rcond=None)[0][:MONTHS]
    return np.asarray(found - found.mean())


def _of_calendar(view: ClaimView, effects: np.ndarray, shares: np.ndarray) -> float:
    """Level of a window with these shares of the calendar months, were there nothing but the calendar."""
    return float(np.log((shares * np.exp(effects)).sum()) if view.ratio else (shares * effects).sum())


def _gap(view: ClaimView, months: np.ndarray, effects: np.ndarray | None) -> float:
    """Level of the claim's units less that of the others over the same months; less what the calendar does, where there are no others."""
    own = view.level(view.scope, months)
    if view.others.any():
        return own - view.level(view.others, months)
    if effects is None:
        return own
    return own - _of_calendar(view, effects, np.bincount(view.arrays.periods[months] % MONTHS, minlength=MONTHS) / months.sum())


def _regression(view: ClaimView, windows: Windows, effects: np.ndarray | None) -> tuple[float, float, str]:
    """What base and period of the claim's units return by themselves; how far the others lay out in the base for the same reason; how it was obtained.

    Units that were chosen among all for their standing leave the others with the opposite deviation: both are held against everybody. A base or period that
    was picked for what these units showed in it says nothing of the others: it is held against them.
    """
    late = _gap(view, view.period, effects) - _gap(view, windows.outcome, effects) if windows.picked_period else 0.0
    if not windows.suspected:
        return late, 0.0, "period" if windows.picked_period else "not_picked"
    if not windows.reference.any():
        return np.nan, 0.0, "carried"
    if windows.picked_units and view.others.any():
        own, beside, everybody = (_moved(view, units, windows) for units in (view.scope, view.others, view.scope | view.others))
        return late - (own - everybody), beside - everybody, "among_all"
    return late - (_gap(view, view.base, effects) - _gap(view, windows.reference, effects)), 0.0, "earlier"


def _moved(view: ClaimView, units: np.ndarray, windows: Windows) -> float:
    """Change from the months that tell what units are for good to the base."""
    return view.level(units, view.base) - view.level(units, windows.reference)


def _regression_alone(view: ClaimView, windows: Windows) -> float:
    """The same from the claim's units alone, without the others and the calendar; by shrinkage where no months tell what they are for good."""
    late = view.level(view.scope, view.period) - view.level(view.scope, windows.outcome) if windows.picked_period else 0.0
    if not windows.suspected:
        return late
    if windows.reference.any():
        return late - _moved(view, view.scope, windows)
    shrunk = _shrunk(view) if windows.picked_units and view.others.any() else None
    return np.nan if shrunk is None else late + shrunk


def _shrunk(view: ClaimView) -> float | None:
    """Return of the base by shrinkage: −(1 − reliability) × gap to all units; None where the record before the start is too short.

    Variance of units' lasting means and of months around them by the method of moments, months taken out as everybody's, serial correlation allowed for.
    """
    cells = view.scaled(np.divide(view.above, view.below, out=np.full(view.above.shape, np.nan), where=view.below > 0))[:, view.before & view.usable]
    full = np.isfinite(cells).all(axis=1)
    centred = cells[full] - cells[full].mean(axis=0)
    n, t = centred.shape
    if n < FEWEST or t < FEWEST:
        return None
    means = centred.mean(axis=1)
    residual = centred - means[:, None]
    within, rho = float((residual**2).sum() / ((n - 1) * (t - 1))), autocorrelation(residual)
    between = max(float(means.var(ddof=1)) - within * variance_of_mean(t, rho), 0.0)
    noise = within * variance_of_mean(int(view.base.sum()), rho)
    if between + noise == 0:
        return 0.0
    everybody = view.scope | view.others
    return -noise / (between + noise) * (view.level(view.scope, view.base) - view.level(everybody, view.base))
