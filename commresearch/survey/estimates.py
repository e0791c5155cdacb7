"""Means, totals, shares and ratios of a survey, with the uncertainty that its design allows to state.

Quota and opt-in samples have no fpc and no deff. The variance is that of a model in which the mean of y is linear in the variables that
the weights were calibrated to (where they were not: a common mean, or one per stratum), with errors independent between clusters, or
between rows without clusters (Royall & Cumberland 1978). It covers chance given that model, never the bias of who answered.
A census has a std_error of 0: what is uncertain because some did not answer is not in it.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Unpack

import numpy as np
import pandas as pd

from commresearch.errors import EstimationError, Failure
from commresearch.survey.design import DesignColumns
from commresearch.survey.intervals import ShareInterval, share_interval, wald_interval
from commresearch.survey.reading import BoolArray, FloatArray, name_of, shorten
from commresearch.survey.sample import Sample, SampleReader, result_frame
from commresearch.survey.settings import EstimateOptions, Missing, check_choice
from commresearch.survey.targets import RatioTarget, TotalTarget, estimate_shares, estimate_targets

ROUNDING = 1e-12  #: a sum this small beside its parts is zero
MAX_CATEGORIES = 200  #: a variable with more values is a number, not a set of answers


def estimate_mean(
    frame: pd.DataFrame, variable: object, *, weights: object, strata: object = None, clusters: object = None, fpc: object = None,
    by: object = None, missing: Missing = "domain", **options: Unpack[EstimateOptions],
) -> pd.DataFrame:
    """Weighted mean of a numeric variable, overall or by domain.

    Parameters
    ----------
    frame : DataFrame
        One row per respondent; all rows of the sample, also those outside a domain.
    variable : str or list of str
        Numeric or boolean column; several: a row of the result for each, which begins with `variable`. Rows without a value in one count in the others.
    weights : str, array (n,) or Weights
        Sampling weights. Weights made by `rake` or `calibrate` carry their calibration, which the standard errors take into account.
    strata, clusters : str or tuple of str, optional
        Stratum, and sampled unit, of each row; one column per stage of sampling. Cluster ids are numbered within strata. Without
        clusters the rows themselves were sampled.
    fpc : str, number or tuple, optional
        Per stage, the units that the stratum has in the population (the units of that stage, not persons), or the share of them that was
        sampled. Without it units count as drawn with replacement, and stages after the first do not add to the variance.
    by : str or list of str, optional
        Domains: one row of the result for each combination that occurs.
    missing : {"domain", "raise"}
        Rows without a value stay in the design and leave the domain (`na.rm` of R's survey package), or are refused.
    **options
        See `EstimateOptions`: conf_level, sampling, single_psu, deff, domain_df, nest, method, unit.

    Returns
    -------
    DataFrame
        The columns of `by`, then estimate, std_error, statistic, p_value (NaN: nothing is tested), conf_low, conf_high, conf_level, unit,
        deff, df, n (respondents with a value), inference: "design" for a probability sample; "model" for a quota or opt-in sample;
        "none" for a census, whose std_error is 0. A domain where nobody has a value has n = 0 and no estimate.

    Raises
    ------
    EstimationError
        Unknown columns, values that cannot be used, gaps in the design, sizes of the population below those of the sample, strata with one
        unit, no usable row: all at once.

    Notes
    -----
    Variance by linearisation over the stages of the design (see `commresearch.survey.variance`); interval with Student's t on primary
    units less strata of the whole design. `domain_df="domain"` counts only units and strata in which a domain occurs, as R's
    `degf(subset(design, ...))`. A domain within a single unit has no standard error.
    deff compares with a simple random sample of n from a population of Σw (`deff="wor"`).
    Samples not drawn at random: see the head of this module.

    References
    ----------
    Särndal, Swensson & Wretman (1992), Model Assisted Survey Sampling; Lumley (2010), Complex Surveys; Deville & Särndal (1992), JASA 87;
    Royall & Cumberland (1978), JASA 73.
    """
    reader = SampleReader(frame, DesignColumns(weights=weights, strata=strata, clusters=clusters, fpc=fpc), missing, options)
    return _of_numbers(reader, variable, by, lambda sample, values: _means(sample, RatioTarget(sample=sample, numerator=values)))


def estimate_total(
    frame: pd.DataFrame, variable: object, *, weights: object, strata: object = None, clusters: object = None, fpc: object = None,
    by: object = None, missing: Missing = "domain", **options: Unpack[EstimateOptions],
) -> pd.DataFrame:
    """Weighted total of a numeric variable, overall or by domain.

    Parameters
    ----------
    frame, variable, weights, strata, clusters, fpc, by, missing, **options
        As for `estimate_mean`. Weights must add up to the population.

    Returns
    -------
    DataFrame
        As for `estimate_mean`. A domain within a single unit has a standard error, but no degrees of freedom for an interval.

    Raises
    ------
    EstimationError
        As for `estimate_mean`.

    Notes
    -----
    Rows without a value add nothing: the total is that of those who answered.
    """
    reader = SampleReader(frame, DesignColumns(weights=weights, strata=strata, clusters=clusters, fpc=fpc), missing, options)
    return _of_numbers(reader, variable, by, lambda sample, values: _totals(sample, TotalTarget(sample=sample, values=values)))


def estimate_ratio(
    frame: pd.DataFrame, variables: tuple[object, object], *, weights: object, strata: object = None, clusters: object = None,
    fpc: object = None, by: object = None, missing: Missing = "domain", **options: Unpack[EstimateOptions],
) -> pd.DataFrame:
    """Ratio of two weighted totals, overall or by domain.

    Parameters
    ----------
    variables : tuple of two str
        Numerator and denominator.
    frame, weights, strata, clusters, fpc, by, missing, **options
        As for `estimate_mean`; a row counts where both have a value.

    Returns
    -------
    DataFrame
        As for `estimate_mean`.

    Raises
    ------
    EstimationError
        As for `estimate_mean`; a denominator that adds up to zero.
    """
    reader = SampleReader(frame, DesignColumns(weights=weights, strata=strata, clusters=clusters, fpc=fpc), missing, options)
    reader.split(by)
    if not isinstance(variables, tuple | list) or len(variables) != 2:
        raise TypeError("a ratio takes a pair of columns: (numerator, denominator)")
    above, below = (reader.variable(v, argument) for v, argument in zip(variables, ("numerator", "denominator"), strict=True))
    observed = None if above is None or below is None else ~np.isnan(above + below)
    sample = reader.finish(observed, " / ".join(str(name_of(v, "variables")) for v in variables))
    numerator, denominator = _filled(above, observed), _filled(below, observed)
    _check_denominator(sample, denominator, variables[1])
    return _Columns.of(None).results([sample], [_means(sample, RatioTarget(sample=sample, numerator=numerator, denominator=denominator))])


def estimate_share(
    frame: pd.DataFrame, variable: object, *, weights: object, strata: object = None, clusters: object = None, fpc: object = None,
    by: object = None, missing: Missing = "domain", interval: ShareInterval = "logit", **options: Unpack[EstimateOptions],
) -> pd.DataFrame:
    """Weighted share (0 to 1) of every category of a variable, overall or by domain.

    Parameters
    ----------
    variable : str or list of str
        Categorical, text, boolean or 0/1 column; several as for `estimate_mean`. A categorical has a row for each of its categories, also for one that
        nobody chose.
    interval : {"logit", "beta", "wald"}
        Kind of interval: see Notes.
    frame, weights, strata, clusters, fpc, by, missing, **options
        As for `estimate_mean`.

    Returns
    -------
    DataFrame
        As for `estimate_mean`, one row per domain and category (column `category`); unit "share".

    Raises
    ------
    EstimationError
        As for `estimate_mean`; a variable with more than 200 values.

    Notes
    -----
    logit and beta intervals stay within 0 and 1. Shares of exactly 0 or 1 have the exact binomial interval of as many independent answers
    as the weights leave (Kish), widened for the degrees of freedom; `commresearch.survey.intervals` has the formulas.

    References
    ----------
    Korn & Graubard (1998), Survey Methodology 24.
    """
    options.setdefault("unit", "share")
    reader = SampleReader(frame, DesignColumns(weights=weights, strata=strata, clusters=clusters, fpc=fpc), missing, options)
    check_choice(reader, "interval", interval, ("logit", "beta", "wald"))
    columns = _Columns.of(variable)
    reader.split(by, more=columns.own)
    answers = [reader.classes(c) for c in columns.given]
    for groups in answers:
        if groups is not None and groups.count > MAX_CATEGORIES:
            reader.fail(code="CR-W76", column=groups.labels.columns[0], count=groups.count, allowed=MAX_CATEGORIES)
    samples = reader.finish_each([None if groups is None else groups.codes >= 0 for groups in answers], columns.names)
    read = [groups for groups in answers if groups is not None]  # all: finishing raises what was not read
    return columns.results(samples, [_shares(s, g.codes, pd.Index(g.labels.iloc[:, 0]), interval) for s, g in zip(samples, read, strict=True)])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """Part of a result: what its rows are about, and their numbers."""

    labels: Mapping[Hashable, pd.Series | pd.Index]
    numbers: Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Columns:
    """The variables of a result: one, or several that are told apart in it."""

    given: Sequence[object]
    names: Sequence[str]
    are_several: bool

    @classmethod
    def of(cls, variable: object) -> "_Columns":
        """One column, or a list of them.

        Raises
        ------
        TypeError
            An empty list.
        """
        if not isinstance(variable, list):
            return cls(given=(variable,), names=(str(name_of(variable, "variable")),), are_several=False)
        if not variable:
            raise TypeError("a list of variables needs at least one")
        return cls(given=variable, names=[str(name_of(v, "variable")) for v in variable], are_several=True)

    @property
    def own(self) -> tuple[str, ...]:
        """The columns by which several variables are told apart in a result; none where there is one."""
        return ("variable",) if self.are_several else ()

    def results(self, samples: Sequence[Sample], found: Sequence[_Found]) -> pd.DataFrame:
        """What was found for each variable, one below the other."""
        if not self.are_several:
            return result_frame(found[0].labels, samples[0].settings, **found[0].numbers)
        lengths = [len(one.numbers["estimate"]) for one in found]
        labels = {name: pd.concat([pd.Series(one.labels[name]) for one in found], ignore_index=True) for name in found[0].labels}
        numbers = {name: np.concatenate([one.numbers[name] for one in found]) for name in found[0].numbers}
        return result_frame({"variable": pd.Index(self.names).repeat(lengths), **labels}, samples[0].settings, **numbers)


def _of_numbers(reader: SampleReader, variable: object, by: object, found: Callable[[Sample, FloatArray], _Found]) -> pd.DataFrame:
    """What is found of one numeric variable, or of each of several."""
    columns = _Columns.of(variable)
    reader.split(by, more=columns.own)
    values = [reader.variable(c) for c in columns.given]
    observed = [None if v is None else ~np.isnan(v) for v in values]
    samples = reader.finish_each(observed, columns.names)
    return columns.results(samples, [found(s, _filled(v, o)) for s, v, o in zip(samples, values, observed, strict=True)])


def _shares(sample: Sample, codes: np.ndarray, categories: pd.Index, interval: ShareInterval) -> _Found:
    found = estimate_shares(sample, codes, len(categories))
    shape = found.estimate.shape
    estimate = found.estimate.ravel()
    df, n, kish = (np.repeat(per_domain, shape[1]) for per_domain in (sample.df, sample.n, sample.kish))
    std_error = np.where(sample.known[:, None], found.std_error, np.nan).ravel()
    low, high = share_interval(interval, estimate, std_error, df, sample.settings.conf_level, n=n, n_kish=kish)
    domain, category = np.divmod(np.arange(estimate.size), shape[1])
    labels: dict[Hashable, pd.Series | pd.Index] = {name: sample.labels[name].take(domain) for name in sample.labels.columns}
    labels["category"] = categories.take(category)
    return _Found(labels=labels, numbers={
        "estimate": estimate, "std_error": std_error, "conf_low": low, "conf_high": high, "deff": found.deff.ravel(), "df": df, "n": n,
    })


def _means(sample: Sample, target: RatioTarget) -> _Found:
    found = estimate_targets(sample, [target])
    return _with_wald(sample, found.estimate[:, 0], *(np.where(sample.known, per_domain[:, 0], np.nan) for per_domain in (found.std_error, found.deff)))


def _totals(sample: Sample, target: TotalTarget) -> _Found:
    found = estimate_targets(sample, [target])
    return _with_wald(sample, found.estimate[:, 0], found.std_error[:, 0], found.deff[:, 0])


def _with_wald(sample: Sample, estimate: FloatArray, std_error: FloatArray, deff: FloatArray) -> _Found:
    low, high = wald_interval(estimate, std_error, sample.df, sample.settings.conf_level)
    return _Found(labels=dict(sample.labels.items()), numbers={
        "estimate": estimate, "std_error": std_error, "conf_low": low, "conf_high": high, "deff": deff, "df": sample.df, "n": sample.n,
    })


def _filled(values: FloatArray | None, observed: BoolArray | None) -> FloatArray:
    """Values with zeros for gaps, which no domain holds."""
    if values is None or observed is None:
        return np.zeros(0)
    return values if observed.all() else np.where(observed, values, 0.0)


def _check_denominator(sample: Sample, values: FloatArray, name: object) -> None:
    weighted = sample.design.weights * values
    zero = (np.abs(sample.sums(weighted)) <= ROUNDING * sample.sums(np.abs(weighted))) & (sample.n > 0)
    if zero.any() and not len(sample.labels.columns):
        raise EstimationError(Failure(code="CR-W83", values={"column": name}))
    if zero.any():
        domains = [" / ".join(map(str, row)) for row in sample.labels[zero].itertuples(index=False, name=None)]
        raise EstimationError(Failure(code="CR-W75", values={"column": name, "domains": shorten(domains)}))
