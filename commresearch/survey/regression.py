"""Regression with sampling weights and the sandwich covariance of the design."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Unpack

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from commresearch.errors import EstimationError, Failure
from commresearch.survey.association import refuse_census
from commresearch.survey.design import DesignColumns
from commresearch.survey.intervals import t_p_value, wald_interval
from commresearch.survey.reading import BoolArray, FloatArray, is_numeric, name_of, shorten
from commresearch.survey.sample import Sample, SampleReader, result_frame
from commresearch.survey.settings import EstimateOptions, Missing, check_choice
from commresearch.survey.variance import variance_matrix

Family = Literal["gaussian", "binomial", "poisson"]
UNITS = {"gaussian": "value", "binomial": "log_odds", "poisson": "log_points"}
ALLOWED = {"binomial": (0.0, 1.0), "poisson": (0.0, np.inf)}
ROUNDS = 50
TOLERANCE = 1e-12  #: relative change of the linear predictor at which the fit has settled
DEPENDENT = 1e-9  #: what is left of a column of length one, after those before it, for it to count as their combination
SETTLED = 25.0  #: a linear predictor beyond this on the log or logit scale means that a coefficient runs to infinity


def survey_regression(
    frame: pd.DataFrame, outcome: object, covariates: Sequence[object], *, weights: object, strata: object = None, clusters: object = None,
    fpc: object = None, missing: Missing = "domain", family: Family = "gaussian", **options: Unpack[EstimateOptions],
) -> pd.DataFrame:
    """Generalised linear model of an outcome on covariates, for the population the sample stands for.

    Parameters
    ----------
    outcome : str
        Numeric or boolean; within 0 to 1 for binomial, not negative for poisson.
    covariates : sequence of str
        Numeric columns enter as they are; categorical, text and boolean columns as one indicator per category but the first.
    family : {"gaussian", "binomial", "poisson"}
        Identity, logit and log link. Variances come from the design, so that over-dispersion needs no other family.
    frame, weights, strata, clusters, fpc, missing, **options
        As for `estimate_mean`; a row counts where every variable has a value. A census and the jackknife are refused.

    Returns
    -------
    DataFrame
        One row per coefficient: term ("intercept", the column, or "column[category]"), then the columns of `estimate_mean`, with the
        statistic and p_value of the test against zero; unit "value", "log_odds" or "log_points"; deff is NaN; df is that of the design
        plus one less the number of coefficients.

    Raises
    ------
    EstimationError
        As for `estimate_mean`; covariates that determine each other, an outcome the family does not allow, a fit that does not settle.

    Notes
    -----
    The coefficients solve Σ w x (y - μ) = 0; their covariance is that of the total of w x (y - μ), by the design, between two inverses of
    Σ w μ' x x' (Binder 1983). The numbers are those of R's svyglm with the quasi families.

    References
    ----------
    Binder (1983), International Statistical Review 51.
    """
    options.setdefault("unit", UNITS.get(family, "value"))
    reader = SampleReader(frame, DesignColumns(weights=weights, strata=strata, clusters=clusters, fpc=fpc), missing, options)
    check_choice(reader, "family", family, tuple(UNITS))
    refuse_census(reader)
    y = reader.variable(outcome, "outcome")
    blocks = [block for c in covariates if (block := _read_covariate(reader, c)) is not None]
    observed = np.ones(len(frame), dtype=bool) if y is None else ~np.isnan(y)
    for block in blocks:
        observed &= block.observed
    if y is not None:
        _check_outcome(reader, outcome, family, np.where(observed, y, 0.5))
    sample = reader.finish(observed, name_of(outcome, "outcome"))
    if y is None:
        raise AssertionError("finish raises what was not read")
    used = (sample.domain >= 0) & (sample.design.weights > 0)
    names, x = _model_matrix(blocks, used)
    coefficients, bread = _fit(y[used], x, sample.design.weights[used], family)
    covariance = _sandwich(sample, used, x * (y[used] - _mean(family, x @ coefficients))[:, None], bread)
    return _coefficient_frame(sample, names, coefficients, np.sqrt(np.diag(covariance)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """The columns of one covariate: itself, or an indicator per category."""

    names: tuple[str, ...]
    columns: FloatArray
    observed: BoolArray
    categorical: bool


def _read_covariate(reader: SampleReader, covariate: object) -> Block | None:
    series = reader.column(covariate, "covariates")
    if series is None:
        return None
    if is_numeric(series) and not pd.api.types.is_bool_dtype(series.dtype):
        values = reader.variable(covariate, "covariates")
        if values is None:
            return None
        return Block(names=(str(series.name),), columns=values[:, None], observed=~np.isnan(values), categorical=False)
    groups = reader.classes(covariate, "covariates")
    if groups is None:
        return None
    names = tuple(f"{series.name}[{label}]" for label in groups.labels.iloc[:, 0])
    columns = (groups.codes[:, None] == np.arange(groups.count)).astype(float)
    return Block(names=names, columns=columns, observed=groups.codes >= 0, categorical=True)


def _check_outcome(reader: SampleReader, outcome: object, family: Family, y: FloatArray) -> None:
    low, high = ALLOWED.get(family, (-np.inf, np.inf))
    if (wrong := (y < low) | (y > high)).any():
        allowed = {"low": f"{low:g}", "high": f"{high:g}".replace("inf", "∞")}
        reader.fail(code="CR-W80", column=outcome, family=family, **allowed, **reader.rows(wrong))


def _model_matrix(blocks: Sequence[Block], used: BoolArray) -> tuple[list[str], FloatArray]:
    """Intercept and covariates of the rows used; of the categories that occur the first is what the others are compared with.

    Raises
    ------
    EstimationError
        Columns that follow from those before them.
    """
    names, columns = ["intercept"], [np.ones(int(used.sum()))]
    for block in blocks:
        part = block.columns[used]
        occurring = np.flatnonzero(part.any(axis=0)) if block.categorical else np.arange(part.shape[1])
        for k in occurring[1:] if len(occurring) > 1 else occurring:
            names.append(block.names[k])
            columns.append(part[:, k])
    x = np.column_stack(columns)
    norms = np.sqrt((x**2).sum(axis=0))
    left = np.zeros(x.shape[1])
    triangle = np.linalg.qr(x / np.where(norms > 0, norms, 1), mode="r")
    left[: len(triangle)] = np.abs(np.diag(triangle))
    if (dependent := left < DEPENDENT).any():
        terms = shorten([name for name, given in zip(names, dependent, strict=True) if given])
        raise EstimationError(Failure(code="CR-W78", values={"terms": terms, "rows": len(x)}))
    return names, x


def _fit(y: FloatArray, x: FloatArray, weights: FloatArray, family: Family) -> tuple[FloatArray, FloatArray]:
    """Coefficients by iterated weighted least squares, and the inverse of the weighted information.

    Raises
    ------
    EstimationError
        The fit does not settle, as when a covariate separates the outcomes.
    """
    start = {"binomial": (y + 0.5) / 2, "poisson": y + 0.1}.get(family, y)
    eta = _link(family, start)
    for _ in range(ROUNDS):
        mean, slope = _mean(family, eta), _slope(family, eta)
        root = np.sqrt(weights * slope)
        q, r = np.linalg.qr(x * root[:, None])
        coefficients = np.linalg.solve(r, q.T @ (root * (eta + (y - mean) / slope)))
        before, eta = eta, x @ coefficients
        if family != "gaussian" and np.abs(eta).max() > SETTLED + np.abs(_link(family, start)).max():
            break
        if np.abs(eta - before).max() <= TOLERANCE * (1 + np.abs(eta).max()):
            inverse = np.linalg.inv(r)
            return coefficients, inverse @ inverse.T
    raise EstimationError(Failure(code="CR-W79", values={"family": family, "rounds": ROUNDS}))


def _link(family: Family, mean: FloatArray) -> FloatArray:
    return np.asarray({"binomial": logit, "poisson": np.log}.get(family, np.asarray)(mean))


def _mean(family: Family, eta: FloatArray) -> FloatArray:
    return np.asarray({"binomial": expit, "poisson": np.exp}.get(family, np.asarray)(eta))


def _slope(family: Family, eta: FloatArray) -> FloatArray:
    """Derivative of the mean, which for these links is the variance function too."""
    if family == "binomial":
        return np.asarray(expit(eta) * expit(-eta))
    return np.exp(eta) if family == "poisson" else np.ones(len(eta))


def _sandwich(sample: Sample, used: BoolArray, score: FloatArray, bread: FloatArray) -> FloatArray:
    influence = np.zeros((len(used), score.shape[1]))
    influence[used] = sample.design.weights[used, None] * score @ bread
    return variance_matrix(sample.design, influence)


def _coefficient_frame(sample: Sample, names: list[str], estimate: FloatArray, std_error: FloatArray) -> pd.DataFrame:
    df = np.full(len(names), sample.df[0] + 1 - len(names))
    low, high = wald_interval(estimate, std_error, df, sample.settings.conf_level)
    statistic = np.divide(estimate, std_error, out=np.full(len(names), np.nan), where=std_error > 0)
    return result_frame(
        pd.DataFrame({"term": names}), sample.settings, estimate=estimate, std_error=std_error, statistic=statistic,
        p_value=t_p_value(statistic, df), conf_low=low, conf_high=high, df=df, n=np.full(len(names), sample.n[0]),
    )
