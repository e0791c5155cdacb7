"""Group-time effects: every cohort in every period against units that are not treated, and their aggregates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special

from commresearch.errors import DesignError, Failure
from commresearch.impact.aggregation import KINDS, Aggregate, GroupTimeCells, Window, aggregated
from commresearch.impact.arrays import FEW, Dropped, PanelArrays, arrays_of
from commresearch.impact.comparisons import comparisons, observed_periods, prepared, unit_weights
from commresearch.impact.fixed_effects import require_varied_values
from commresearch.impact.group_time_cells import Cells, Options, cells_of
from commresearch.impact.influence import std_errors
from commresearch.impact.multiplier import Multiplier, simultaneous
from commresearch.impact.option_checks import LEVELS, is_count, is_level, is_seed
from commresearch.impact.result import CONF_LEVEL, ImpactEstimate, Note, impact_estimate, t_quantile
from commresearch.outcomes import Panel
from commresearch.terms import Estimand, Inference, Method

CONTROLS = ("never", "not_yet")
ESTIMATORS = ("none", "dr", "or", "ipw")
BASES = ("varying", "universal")
LABELS = {"simple": "", "dynamic": "event_time", "group": "group", "calendar": "period"}
ESTIMANDS = {
    "simple": Estimand.ATT, "dynamic": Estimand.ATT_BY_EVENT_TIME, "group": Estimand.ATT_BY_GROUP, "calendar": Estimand.ATT_BY_PERIOD,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupTimeEffects:
    """Effects by cohort and period.

    panel : Panel
    arrays : PanelArrays
        The N units they were estimated on; what was left out stands in its `dropped`.
    cells : GroupTimeCells
        All K pairs of cohort and period that were wanted; the estimate is NaN where nothing can be compared.
    n_treated, n_control : int array (K,)
        Units of the cohort and of its controls that are observed in both periods of a cell.
    n_obs : int
        Months of units that are in some cell.
    omitted : DataFrame
        group, period, reason (`no_treated`, `no_control`): cells that nothing can be compared in.
    conf_level : float
    warnings : tuple of Note
    """

    panel: Panel
    arrays: PanelArrays
    cells: GroupTimeCells
    n_treated: np.ndarray
    n_control: np.ndarray
    n_obs: int
    omitted: pd.DataFrame
    conf_level: float
    warnings: tuple[Note, ...] = ()

    @property
    def influence(self) -> np.ndarray:
        """Influence of every unit on the rows of `to_frame`, (N, K); their covariance is IF'IF / N², summed by assignment first."""
        return self.cells.influence()[:, ~np.isnan(self.cells.estimate)]

    def to_frame(self) -> pd.DataFrame:
        """One row per cell that was estimated in the vocabulary of effects, with the number of units on either side.

        A reference period of a universal base has the estimate zero and no standard error.
        """
        there = ~np.isnan(self.cells.estimate)
        estimate, error = self.cells.estimate[there], _errors(self.influence, self.arrays.cluster)
        statistic = estimate / error
        half = t_quantile(self.conf_level) * error
        return pd.DataFrame(
            {
                "group": periods_as_known(self.arrays, self.cells.cohort[there]), "period": periods_as_known(self.arrays, self.cells.period[there]),
                "estimate": estimate, "std_error": error, "statistic": statistic, "p_value": 2 * special.ndtr(-np.abs(statistic)),
                "conf_low": estimate - half, "conf_high": estimate + half, "conf_level": self.conf_level, "unit": str(self.panel.unit),
                "n_treated": self.n_treated[there], "n_control": self.n_control[there],
            }
        )

    def aggregate(
        self, kind: str, *, draws: int = 0, seed: int | np.random.Generator = 0, bands: Multiplier | str = Multiplier.GAUSSIAN,
        balance_event: int | None = None, min_event: int | None = None, max_event: int | None = None,
    ) -> ImpactEstimate:
        """One effect over all cells, and by event time, cohort or period.

        Parameters
        ----------
        kind : "simple", "dynamic", "group" or "calendar"
            As in `aggregation.aggregated`. Event times are differences of the numbers of periods (months, years, waves).
        draws : int
            Of multipliers for simultaneous bands; 0 for none.
        seed : int or Generator
        bands : Multiplier
            Law of the multipliers.
        balance_event : int, optional
            Only cohorts that are seen this long after their start, for the dynamic path.
        min_event, max_event : int, optional
            Ends of the dynamic path; the overall number is the mean over event times from 0 on that are left.

        Returns
        -------
        ImpactEstimate
            `path` has event_time, group or period, estimate, std_error, conf_low, conf_high, band_low, band_high; None for "simple". Standard errors and
            intervals are analytic; bands are NaN without draws. `details` has critical_value and draws where bands were made.

        Raises
        ------
        DesignError
            An option has a value that is not known, or the window leaves no period from the start on (CR-I14).
        """
        found = self.aggregated(kind, balance_event=balance_event, min_event=min_event, max_event=max_event)
        if failures := _faults({"bands": (bands, tuple(Multiplier))}) + number_faults(self.conf_level, seed, draws=draws):
            raise DesignError(*failures)
        cluster = self.arrays.cluster
        details: dict[str, float] = {}
        if draws and kind != "simple":
            critical = simultaneous(
                found.estimate, found.influence, cluster, draws=draws, rng=np.random.default_rng(seed), conf_level=self.conf_level,
                multiplier=Multiplier(bands),
            )
            details = {"critical_value": critical, "draws": float(draws)}
        path = None if kind == "simple" else self._path(kind, found, details.get("critical_value", np.nan))
        return impact_estimate(
            self.panel, self.arrays, method=Method.GROUP_TIME, inference=Inference.ANALYTIC, estimand=ESTIMANDS[kind], estimate=found.overall,
            std_error=float(_errors(found.overall_influence[:, None], cluster)[0]), conf_level=self.conf_level, path=path, details=details,
            warnings=self.warnings, n_obs=self.n_obs,
        )

    def aggregated(
        self, kind: str, *, balance_event: int | None = None, min_event: int | None = None, max_event: int | None = None
    ) -> Aggregate:
        """The numbers behind `aggregate`, with influence functions: for covariances of a path.

        Raises
        ------
        DesignError
            As `aggregate`.
        """
        if failures := _faults({"kind": (kind, KINDS)}):
            raise DesignError(*failures)
        window = Window(balance_event=balance_event, min_event=min_event, max_event=max_event)
        ends = int(self.arrays.periods[0]), int(self.arrays.periods[-1])
        found = aggregated(self.cells, kind, window, ends)
        if np.isnan(found.overall):
            after = np.unique(self.cells.period - self.cells.cohort)
            got = {"zh": f"{min_event}、{max_event}、{balance_event}", "en": f"{min_event}, {max_event}, {balance_event}"}
            allowed = f"{max(int(after[0]), 0)}–{int(after[-1])}"
            raise DesignError(Failure(code="CR-I14", values={"option": "min_event, max_event, balance_event", "got": got, "allowed": allowed}))
        return found

    def _path(self, kind: str, found: Aggregate, critical: float) -> pd.DataFrame:
        """Effects with intervals one by one and bands for all at once."""
        error = _errors(found.influence, self.arrays.cluster)
        half, band = t_quantile(self.conf_level) * error, critical * error
        label = found.label if kind == "dynamic" else periods_as_known(self.arrays, found.label)
        return pd.DataFrame(
            {
                LABELS[kind]: label, "estimate": found.estimate, "std_error": error, "conf_low": found.estimate - half,
                "conf_high": found.estimate + half, "band_low": found.estimate - band, "band_high": found.estimate + band,
            }
        )


def group_time_effects(
    panel: Panel, *, control: str = "never", estimator: str = "none", covariates: Sequence[str] = (), base: str = "varying", anticipation: int = 0,
    conf_level: float = CONF_LEVEL,
) -> GroupTimeEffects:
    """Effects of every cohort in every period, by differences to units that are not treated.

    Parameters
    ----------
    panel : Panel
    control : "never" or "not_yet"
        Units that are never treated within the panel, or all that are not treated by the later of the two periods.
    estimator : "none", "dr", "or" or "ipw"
        Without covariates; with both regression and weights, with regression of the change, with weights by the chance of being treated.
    covariates : sequence of str
        Names among the covariates of the panel; their values in the base period count.
    base : "varying" or "universal"
        What periods before the start are compared with: the period before, or the last one before the start, which then stands there as zero.
    anticipation : int
        Periods before the start that treatment may already touch.
    conf_level : float

    Returns
    -------
    GroupTimeEffects
        Units are compared in pairs of periods in which both are observed; months that no pair uses are listed in `arrays.dropped`.

    Raises
    ------
    DesignError
        Nobody is treated (CR-I10), nobody is never treated (CR-I11), no treated unit has an untouched period (CR-I12), a cohort has nobody to be
        compared with (CR-I13), an option or covariate is not known (CR-I14, CR-I15), a weight is not above zero (CR-I18).
    EstimationError
        Covariates are constant or follow from one another (CR-I16), or divide treated from untreated units (CR-I17); nothing varies (CR-I83).
    """
    options = Options(control=control, estimator=estimator, covariates=tuple(covariates), anticipation=anticipation)
    _check(options, base, conf_level)
    made = effects_of_arrays(panel, arrays_of(panel), options, base=base, conf_level=conf_level)
    require_varied_values(made.arrays)
    return made


def effects_of_arrays(panel: Panel, arrays: PanelArrays, options: Options, *, base: str = "varying", conf_level: float = CONF_LEVEL) -> GroupTimeEffects:
    """`group_time_effects` of arrays that are there already; the panel gives names and units of measure. Options are taken as checked.

    Raises
    ------
    DesignError, EstimationError
        As `group_time_effects`.
    """
    control, anticipation = options.control, options.anticipation
    _check_covariates(options, arrays)
    arrays = prepared(observed_periods(arrays), control=control, anticipation=anticipation)
    weight = unit_weights(arrays)
    wanted = comparisons(arrays.periods, arrays.cohorts, base=base, anticipation=anticipation)
    found = cells_of(arrays, wanted, weight, options)
    omitted = _omitted(arrays, wanted.cohort, arrays.periods[wanted.column], found)
    _require_effects(arrays, wanted.cohort, arrays.periods[wanted.column], found, control)
    cells = GroupTimeCells(
        cohort=wanted.cohort, period=arrays.periods[wanted.column], estimate=found.estimate, blocks=found.blocks, first=arrays.first, weight=weight,
    )
    return GroupTimeEffects(
        panel=panel, arrays=replace(arrays, dropped=arrays.dropped + _unused(arrays, found.used, options)), cells=cells,
        n_treated=found.n_treated, n_control=found.n_control, n_obs=int(found.used.sum()), omitted=omitted, conf_level=conf_level,
        warnings=_warnings(arrays, omitted),
    )


def periods_as_known(arrays: PanelArrays, numbers: np.ndarray) -> np.ndarray:
    """Periods as the panel has them: first days of months, or whole numbers."""
    if not arrays.dated:
        return numbers
    return np.asarray((numbers - 12 * 1970).astype("datetime64[M]").astype("datetime64[us]"))


def few_treated(arrays: PanelArrays) -> tuple[Note, ...]:
    """What a reader must know of standard errors from few treated assignments."""
    treated = np.unique(arrays.cluster[arrays.ever_treated])
    notes = [Note(key="group_time_few_treated", values={"n": len(treated)})] if len(treated) < FEW else []
    alone = [arrays.label(int(g)) for g in arrays.cohorts if len(np.unique(arrays.cluster[arrays.first == g])) == 1]
    if alone:
        notes.append(Note(key="group_time_single", values={"cohorts": alone}))
    return tuple(notes)


def _errors(influence: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Standard errors; NaN where nothing varies but for rounding."""
    error = std_errors(influence, cluster)
    return np.where(error > 1e-12 * np.max(np.abs(influence), axis=0, initial=0.0), error, np.nan)


def _faults(options: dict[str, tuple[object, tuple[str, ...]]]) -> list[Failure]:
    return [
        Failure(code="CR-I14", values={"option": name, "got": str(got), "allowed": ", ".join(allowed)})
        for name, (got, allowed) in options.items() if got not in allowed
    ]


def _below(name: str, got: object) -> list[Failure]:
    """A count that is no whole number from 0 on."""
    return [] if is_count(got, 0) else [Failure(code="CR-I14", values={"option": name, "got": str(got), "allowed": "0, 1, 2, …"})]


def number_faults(conf_level: object, seed: object, **counts: object) -> list[Failure]:
    """A level that is not within 0 and 1, a seed that is none, counts that are no whole numbers from 0 on."""
    failures = [fault for name, got in counts.items() for fault in _below(name, got)]
    if not is_level(conf_level):
        failures.append(Failure(code="CR-I14", values={"option": "conf_level", "got": str(conf_level), "allowed": LEVELS}))
    if not is_seed(seed):
        failures.append(Failure(code="CR-I14", values={"option": "seed", "got": str(seed), "allowed": "0, 1, 2, …"}))
    return failures


def _check(options: Options, base: str, conf_level: float) -> None:
    failures = _faults(
        {"control": (options.control, CONTROLS), "estimator": (options.estimator, ESTIMATORS), "base": (base, BASES)}
    ) + number_faults(conf_level, 0, anticipation=options.anticipation)
    if options.covariates and options.estimator == "none":
        failures.append(Failure(code="CR-I14", values={"option": "estimator", "got": "none", "allowed": "dr, or, ipw"}))
    if failures:
        raise DesignError(*failures)


def _check_covariates(options: Options, arrays: PanelArrays) -> None:
    known = ", ".join(arrays.covariates)
    missing = [Failure(code="CR-I15", values={"name": c, "known": known}) for c in options.covariates if c not in arrays.covariates]
    if missing:
        raise DesignError(*missing)


def _omitted(arrays: PanelArrays, cohort: np.ndarray, period: np.ndarray, found: Cells) -> pd.DataFrame:
    """Cells that were not estimated, and which side is empty."""
    out = np.flatnonzero(np.isnan(found.estimate))
    reason = np.where(found.n_control[out] == 0, "no_control", "no_treated")
    return pd.DataFrame({"group": periods_as_known(arrays, cohort[out]), "period": periods_as_known(arrays, period[out]), "reason": reason})


def _require_effects(arrays: PanelArrays, cohort: np.ndarray, period: np.ndarray, found: Cells, control: str) -> None:
    """Refuse cohorts without any effect from their start on.

    Among units that are all treated in the end, the last cohorts serve as controls only: this is no fault as long as others have effects.
    """
    after = period >= cohort
    without = [g for g in np.unique(cohort).tolist() if np.isnan(found.estimate[after & (cohort == g)]).all()]
    by_design = control == "not_yet" and len(without) < len(np.unique(cohort))
    failures = []
    for g in without:
        here = after & (cohort == g)
        if by_design and not found.n_control[here].any() and found.n_treated[here].any():
            continue
        counts = {"treated": int(found.n_treated[here].max()), "control": int(found.n_control[here].max())}
        failures.append(Failure(code="CR-I13", values={"cohort": arrays.label(g), **counts}))
    if failures:
        raise DesignError(*failures)


def _unused(arrays: PanelArrays, used: np.ndarray, options: Options) -> tuple[Dropped, ...]:
    """Observed months that no cell uses, by unit."""
    idle = arrays.observed & ~used
    gaps: list[np.ndarray] = [np.isnan(arrays.covariates[name]).any(axis=1) for name in options.covariates]
    lacking = np.logical_or.reduce([np.zeros(len(idle), dtype=bool), *gaps])
    whole: np.ndarray = ~np.logical_or.reduce(used, axis=1)
    return tuple(
        Dropped(
            unit_id=str(arrays.units[i]), reason="covariate_missing" if lacking[i] else "unpaired", months=int(idle[i].sum()), whole=bool(whole[i])
        )
        for i in np.flatnonzero(idle.any(axis=1))
    )


def _warnings(arrays: PanelArrays, omitted: pd.DataFrame) -> tuple[Note, ...]:
    notes = few_treated(arrays)
    early = [d.unit_id for d in arrays.dropped if d.reason == "treated_from_the_beginning"]
    if early:
        notes += (Note(key="group_time_early", values={"n": len(early), "units": early[:5]}),)
    if len(omitted):
        notes += (Note(key="group_time_omitted", values={"n": len(omitted)}),)
    return notes
