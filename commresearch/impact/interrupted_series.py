"""Interrupted time series: what changed at the start beside level, trend and season of the series itself."""

from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd

from commresearch.errors import EstimationError, Failure
from commresearch.impact.arrays import arrays_of
from commresearch.impact.option_checks import option_faults
from commresearch.impact.ratio_scale import in_unit
from commresearch.impact.result import CONF_LEVEL, ImpactEstimate, Note, impact_estimate
from commresearch.impact.series_design import Series, Terms, design_of, require_months, series_of
from commresearch.impact.series_models import Family, SeriesFit, Vcov, fit_series
from commresearch.outcomes import Panel
from commresearch.terms import Estimand, Inference, Method, Unit

Counted = Literal["poisson", "quasipoisson", "negative_binomial"]
#: Families of whole numbers; quasipoisson takes any number of zero or more.
WHOLE = frozenset({"poisson", "negative_binomial"})
INFERENCE = {"hac": Inference.HAC, "model": Inference.MODEL, "prais_winsten": Inference.MODEL}
STILL = 1e-9  #: relative; values that differ by less differ by rounding
OVERDISPERSED = 1.5  #: a Poisson law with more Pearson dispersion states its errors too small


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesOptions:
    """How a series is fitted; see `interrupted_time_series`."""

    family: Family = "gaussian"
    vcov: Vcov = "hac"
    terms: Terms = field(default_factory=Terms)
    lag: int | None = None

    @property
    def counts(self) -> bool:
        """Whether effects are ratios."""
        return self.family != "gaussian"

    def faults(self, conf_level: object) -> list[Failure]:
        """Options that do not exist or do not go together."""
        allowed = get_args(Vcov)[:2] if self.family in get_args(Counted) else get_args(Vcov)
        most = self.terms.period // 2 if isinstance(self.terms.period, int) else 0
        options: dict[str, tuple[object, tuple[object, ...] | range]] = {
            "family": (self.family, get_args(Family)), "vcov": (self.vcov, allowed), "period": (self.terms.period, range(2, 1_000)),
            "harmonics": (self.terms.harmonics, range(most + 1)), "lag": (0 if self.lag is None else self.lag, range(1_000)),
        }
        shown = {name: (got, _short(among)) for name, (got, among) in options.items() if got not in among}
        level = conf_level if isinstance(conf_level, int | float) else np.nan
        wrong = [Failure(code="CR-I38", values={"option": n, "got": g, "allowed": a}) for n, (g, a) in shown.items()]
        return wrong + [replace(f, values={**f.values, "got": conf_level}) for f in option_faults({}, level)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesEffect:
    """The fit of one series.

    names : list of str
        Of the coefficients: intercept, trend, level, slope, …
    fit : SeriesFit
    without : float array (n,)
        Fitted values had nothing changed at the start.
    df : float
        Degrees of freedom of t: n − k for least squares and Newey-West; infinite for the law of counts itself.
    """

    names: list[str]
    fit: SeriesFit
    without: np.ndarray
    df: float

    def of(self, name: str) -> tuple[float, float]:
        """Coefficient and standard error of one term, on the scale of the link."""
        i = self.names.index(name)
        return float(self.fit.coefficient[i]), float(np.sqrt(max(self.fit.vcov[i, i], 0.0)))


def is_still(series: Series, options: SeriesOptions) -> bool:
    """Whether values, or rates, are the same in every month, so that what is left over has no spread to take an error from.

    Poisson counts above zero with the errors of their law are an exception: the law states the spread.
    """
    level = series.value if series.exposure is None else series.value / series.exposure
    same = bool(np.ptp(level) <= STILL * np.abs(level).max())
    return same and not (options.family == "poisson" and options.vcov == "model" and level.max() > 0)


def is_exact(series: Series, effect: SeriesEffect, options: SeriesOptions) -> bool:
    """Whether the error of the change is nothing but rounding: the regression meets every month."""
    scale = 1.0 if options.counts else float(np.abs(series.value).max())
    return not effect.of("level")[1] > STILL * scale


def series_effect(series: Series, options: SeriesOptions) -> SeriesEffect:
    """The segmented regression of one series.

    y_t, or log E[y_t] less the logarithm of the exposure, = a + b s + c 1(s ≥ 0) [+ d s 1(s ≥ 0)] [+ harmonics] [+ festival], s months from the start.

    Raises
    ------
    DesignError
        Too few months (CR-I37).
    EstimationError
        Counts that are none (CR-I32), no solution (CR-I35).
    """
    x, names = design_of(series, options.terms)
    if options.counts:
        _require_counts(series, options.family)
    fit = fit_series(x, series.value, series.time, family=options.family, vcov=options.vcov, exposure=series.exposure, lag=options.lag)
    changed = np.isin(names, ["level", "slope"])
    change = x[:, changed] @ fit.coefficient[changed]
    without = fit.fitted * np.exp(-change) if options.counts else fit.fitted - change
    normal = options.counts and options.vcov == "model"
    return SeriesEffect(names=names, fit=fit, without=without, df=np.inf if normal else float(x.shape[0] - x.shape[1]))


def interrupted_time_series(  # noqa: PLR0913 - choices of one regression
    frame: pd.DataFrame, *, value: str, time: str, start: object, exposure: str | None = None, family: Family = "gaussian", vcov: Vcov = "hac",
    harmonics: int = 0, period: int = 12, slope: bool = False, conf_level: float = CONF_LEVEL, spring_festival: bool | str = False,
    lag: int | None = None, outcome: str | None = None, unit: Unit | str = Unit.COUNT,
) -> ImpactEstimate:
    """Change of a single series at the start.

    Parameters
    ----------
    frame : DataFrame
        One row per month.
    value, time, exposure : str
        Columns: the value or count, the month (dates, or months as text; or whole numbers), what counts are in proportion to.
    start : date, str or int
        First month of the pilot, as in `time`.
    family : {"gaussian", "poisson", "quasipoisson", "negative_binomial"}
        Identity link, or log link for counts.
    vcov : {"hac", "model", "prais_winsten"}
        Newey-West times n/(n−k) with t of n−k degrees of freedom; that of the law (times the dispersion for quasipoisson), for counts with the
        normal law; first-order autocorrelation taken out (gaussian only).
    harmonics, period : int
        Pairs of sine and cosine of a season of `period` months.
    slope : bool
        A change of the trend, too; the estimate stays the change of the level in the first month.
    spring_festival : bool or str
        True: a column of the share of the 22 days around the lunar new year that lies in a month (2015 to 2035); or a column of one's own.
    lag : int, optional
        Of Newey-West; ⌊4 (n/100)^(2/9)⌋ where not given.
    outcome, unit : optional
        Name and unit of the value; counts are told in percent whatever the unit.

    Returns
    -------
    ImpactEstimate
        Counts: percent, the interval transformed. `details`: slope_change with slope_low, slope_high, slope_p_value; difference_per_month (fitted
        less foretold, mean of the months after the start), additive (the same), average_percent of counts, dispersion, autocorrelation, lag, theta.

    Raises
    ------
    DesignError
        Too few months before or after; terms of the season need 24 and 12 (CR-I37).
    EstimationError
        Options, columns, cells that are no numbers or months (CR-I38), counts (CR-I32), exposures (CR-I33), no solution (CR-I35), values that never
        vary or follow the line exactly (CR-I68).
    """
    options = SeriesOptions(family=family, vcov=vcov, terms=Terms(slope=slope, harmonics=harmonics, period=period), lag=lag)
    if failures := options.faults(conf_level) + _column_faults(options, exposure, unit):
        raise EstimationError(*failures)
    series = series_of(frame, value=value, time=time, start=start, exposure=exposure, festival=spring_festival)
    require_months(series, options.terms)
    if is_still(series, options) or is_exact(series, effect := series_effect(series, options), options):
        raise EstimationError(Failure(code="CR-I68", values={"unit": value, "months": len(series.value)}))
    panel = _panel(frame, value, time, start, outcome or value, Unit(unit))
    level, error = effect.of("level")
    told = in_unit(level, error, effect.df, conf_level, ratio=options.counts)
    return impact_estimate(
        panel, arrays_of(panel), method=Method.INTERRUPTED_SERIES, inference=INFERENCE[vcov], estimand=Estimand.LEVEL_CHANGE, **told, df=effect.df,
        conf_level=conf_level, unit=Unit.PERCENT if options.counts else Unit(unit), details=_details(series, effect, options, conf_level),
        warnings=_notes(series, effect, options), n_obs=len(series.value),
    )


def _column_faults(options: SeriesOptions, exposure: str | None, unit: str) -> list[Failure]:
    """An exposure of values that are no counts, a unit that does not exist."""
    wrong = []
    if exposure is not None and not options.counts:
        wrong.append(Failure(code="CR-I38", values={"option": "exposure", "got": exposure, "allowed": ", ".join(get_args(Counted))}))
    if unit not in tuple(Unit):
        wrong.append(Failure(code="CR-I38", values={"option": "unit", "got": unit, "allowed": ", ".join(Unit)}))
    return wrong


def _details(series: Series, effect: SeriesEffect, options: SeriesOptions, conf_level: float) -> dict[str, float]:
    fit, after = effect.fit, series.after
    difference = float((fit.fitted - effect.without)[after].mean())
    made = {"difference_per_month": difference, "additive": difference, "dispersion": fit.dispersion, "autocorrelation": fit.rho, "df": effect.df}
    if options.counts:
        level, error = effect.of("level")
        made |= {"log_ratio": level, "log_std_error": error, "average_percent": 100 * float(fit.fitted[after].sum() / effect.without[after].sum() - 1)}
    if options.vcov == "hac":
        made["lag"] = fit.lag
    if np.isfinite(fit.theta):
        made["theta"] = fit.theta
    if options.terms.slope:
        slope = in_unit(*effect.of("slope"), effect.df, conf_level, ratio=options.counts)
        made |= {"slope_change": slope["estimate"], "slope_std_error": slope["std_error"], "slope_p_value": slope["p_value"]}
        made |= dict(zip(("slope_low", "slope_high"), slope["interval"], strict=True))
    return made


def _notes(series: Series, effect: SeriesEffect, options: SeriesOptions) -> tuple[Note, ...]:
    notes, fit = [], effect.fit
    if options.family == "poisson" and options.vcov == "model" and fit.dispersion > OVERDISPERSED:
        notes.append(Note(key="series_overdispersed", values={"times": f"{fit.dispersion:.1f}"}))
    if options.vcov == "model" and abs(fit.rho) > 2 / np.sqrt(len(series.value)):
        notes.append(Note(key="series_autocorrelated", values={"rho": f"{fit.rho:.2f}".replace("-", "−")}))
    if (fit.fitted - effect.without)[series.after].sum() * effect.of("level")[0] < 0:
        notes.append(Note(key="series_turns"))
    if series.skipped:
        notes.append(Note(key="series_skipped", values={"months": series.skipped}))
    return tuple(notes)


def _require_counts(series: Series, family: Family) -> None:
    """Counts are zero or more, and whole where the law is one of whole numbers.

    Raises
    ------
    EstimationError
        They are not (CR-I32).
    """
    y = series.value
    wrong = (y < 0) | ~np.isfinite(y) | ((y != np.floor(y)) if family in WHOLE else False)
    if wrong.any():
        t = int(np.argmax(wrong))
        values = {"unit": family, "period": series.label(int(series.time[t])), "got": f"{y[t]:g}", "months": int(wrong.sum())}
        raise EstimationError(Failure(code="CR-I32", values=values))


def _panel(frame: pd.DataFrame, value: str, time: str, start: object, outcome: str, unit: Unit) -> Panel:
    """The series as a panel of one unit."""
    rows = pd.DataFrame({"unit": "series", "time": frame[time].to_numpy(), "value": frame[value].to_numpy(), "start": start})
    return Panel.from_frame(rows, community="unit", period="time", value="value", treated_from="start", outcome=outcome, unit=unit)


def _short(among: tuple[object, ...] | range) -> str:
    return f"{among.start}-{among.stop - 1}" if isinstance(among, range) else ", ".join(map(str, among))
