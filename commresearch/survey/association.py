"""Tests of association between two categorical variables that respect the design."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Unpack

import numpy as np
import pandas as pd
from scipy.special import chdtrc, fdtrc

from commresearch.survey.design import DesignColumns
from commresearch.survey.reading import CodeArray, FloatArray, Groups, name_of
from commresearch.survey.sample import Sample, SampleReader
from commresearch.survey.settings import EstimateOptions, Missing, check_choice
from commresearch.survey.variance import variance_matrix

Statistic = Literal["F", "Chisq", "Wald", "adjWald"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AssociationTest:
    """Result of a test that two variables are independent.

    statistic_name : {"F", "Chisq", "Wald", "adjWald"}
    statistic : float
        F, or Pearson's X² of the weighted table scaled to `n` observations (Chisq; the p-value divides it by `mean_deff`).
    df_numerator, df_denominator : float
        Degrees of freedom; `df_denominator` is NaN for Chisq.
    p_value : float
    mean_deff : float
        Mean of the generalised design effects of the contrasts tested (1 = as a simple random sample).
    table : DataFrame
        Weighted shares of the cells, 0 to 1.
    n : int
        Respondents with both values.
    inference : str
        "design" or "model", as for `estimate_mean`.
    """

    statistic_name: Statistic
    statistic: float
    df_numerator: float
    df_denominator: float
    p_value: float
    mean_deff: float
    table: pd.DataFrame
    n: int
    inference: str

    def to_dict(self) -> dict[str, object]:
        """Numbers only, for JSON; NaN as None."""
        names = ("statistic", "df_numerator", "df_denominator", "p_value", "mean_deff")
        numbers: dict[str, object] = {k: None if np.isnan(v := float(getattr(self, k))) else v for k in names}
        return {"statistic_name": self.statistic_name, **numbers, "n": self.n, "inference": self.inference}

    def to_frame(self) -> pd.DataFrame:
        """One row, columns as `to_dict`."""
        return pd.DataFrame([self.to_dict()])


def rao_scott_test(
    frame: pd.DataFrame, row: object, column: object, *, weights: object, strata: object = None, clusters: object = None,
    fpc: object = None, missing: Missing = "domain", statistic: Statistic = "F", **options: Unpack[EstimateOptions],
) -> AssociationTest:
    """Test whether two categorical variables are independent in the population.

    Parameters
    ----------
    row, column : str
        Categorical variables; categories nobody chose take no part.
    statistic : {"F", "Chisq", "Wald", "adjWald"}
        Rao-Scott second-order correction with an F distribution (default), first-order correction with chi-squared, or a Wald test of the
        departures from independence, plain or adjusted for few primary units.
    frame, weights, strata, clusters, fpc, missing, **options
        As for `estimate_mean`; a census and the jackknife are refused.

    Returns
    -------
    AssociationTest

    Raises
    ------
    EstimationError
        As for `estimate_mean`; a table with fewer than two rows or columns.

    Notes
    -----
    With p the cell shares, V their design covariance, C contrasts that span the interaction and D = diag(p), the generalised design effects
    are the eigenvalues δ of (C'D⁻¹C / n)⁻¹ C'D⁻¹VD⁻¹C. F is X² / Σδ on d = (Σδ)² / Σδ² and d · df degrees of freedom.

    References
    ----------
    Rao & Scott (1984), Annals of Statistics 12; Thomas & Rao (1987), JASA 82.
    """
    reader = SampleReader(frame, DesignColumns(weights=weights, strata=strata, clusters=clusters, fpc=fpc), missing, options)
    check_choice(reader, "statistic", statistic, ("F", "Chisq", "Wald", "adjWald"))
    refuse_census(reader)
    rows, columns = reader.classes(row, "row"), reader.classes(column, "column")
    used = np.zeros(len(frame), dtype=bool)
    if rows is not None and columns is not None and reader.design is not None:
        used = (rows.codes >= 0) & (columns.codes >= 0) & (reader.design.weights > 0)
        rows, columns = _chosen(rows, used), _chosen(columns, used)
        if used.any() and min(rows.count, columns.count) < 2:
            reader.fail(code="CR-W77", row=rows.labels.columns[0], rows=rows.count, column=columns.labels.columns[0], columns=columns.count)
    sample = reader.finish(None if rows is None or columns is None else used, f"{name_of(row, 'row')} × {name_of(column, 'column')}")
    if rows is None or columns is None:
        raise AssertionError("finish raises what was not read")
    return _test(sample, rows, columns, statistic)


def refuse_census(reader: SampleReader) -> None:
    """Keep failures for what tests and models cannot use: a census, replicates."""
    check_choice(reader, "method", reader.settings.method, ("taylor",))
    check_choice(reader, "sampling", reader.settings.sampling.value, ("probability", "quota", "opt_in"))


def _chosen(groups: Groups, used: np.ndarray) -> Groups:
    """The categories that occur in the rows used."""
    found, codes = np.unique(groups.codes[used], return_inverse=True)
    new = np.full(len(used), -1, dtype=np.int64)
    new[used] = codes
    return Groups(codes=new, labels=groups.labels.iloc[found].reset_index(drop=True))


def _test(sample: Sample, rows: Groups, columns: Groups, statistic: Statistic) -> AssociationTest:
    shape = (rows.count, columns.count)
    cell = np.where(sample.domain >= 0, rows.codes * shape[1] + columns.codes, -1)
    inside = cell >= 0
    share = np.bincount(cell[inside], sample.design.weights[inside], shape[0] * shape[1]) / sample.weight[0]
    row_share, column_share = share.reshape(shape).sum(axis=1), share.reshape(shape).sum(axis=0)
    expected = np.outer(row_share, column_share).ravel()
    n, df = int(sample.n[0]), float(sample.df[0])
    effects = _generalised_effects(share, _cell_covariance(sample, cell, share), shape, n)
    pearson = float(n * ((share - expected) ** 2 / expected).sum())
    k = float((shape[0] - 1) * (shape[1] - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        result = _result(statistic, pearson, effects, (k, df), lambda: _wald(sample, cell, share, shape))
    table = pd.DataFrame(share.reshape(shape), index=pd.Index(rows.labels.iloc[:, 0]), columns=pd.Index(columns.labels.iloc[:, 0]))
    value, above, below, p_value = map(float, result)
    return AssociationTest(
        statistic_name=statistic, statistic=value, df_numerator=above, df_denominator=below, p_value=p_value,
        mean_deff=float(effects.trace() / k), table=table, n=n, inference=sample.settings.inference,
    )


def _result(
    statistic: Statistic, pearson: float, effects: FloatArray, size: tuple[float, float], wald: Callable[[], float]
) -> tuple[float, float, float, float]:
    """Statistic, its degrees of freedom and p-value; NaN where the design leaves fewer degrees of freedom than there are contrasts."""
    (k, df), total = size, effects.trace()
    if statistic == "F":
        d = total**2 / (effects @ effects).trace()
        return pearson / total, d, d * df, float(fdtrc(d, d * df, pearson / total))
    if statistic == "Chisq":
        return pearson, k, np.nan, float(chdtrc(k, pearson / (total / k)))
    below = df if statistic == "Wald" else df - k + 1
    if df < k:
        return np.nan, k, below, np.nan
    value = wald() / k * (1 if statistic == "Wald" else below / df)
    return value, k, below, float(fdtrc(k, below, value))


def _cell_covariance(sample: Sample, cell: CodeArray, share: FloatArray) -> FloatArray:
    indicator = (cell[:, None] == np.arange(len(share))) - share
    return variance_matrix(sample.design, np.where(cell[:, None] >= 0, indicator, 0) * (sample.design.weights / sample.weight[0])[:, None])


def _generalised_effects(share: FloatArray, covariance: FloatArray, shape: tuple[int, int], n: int) -> FloatArray:
    """Matrix (k, k) whose eigenvalues are the generalised design effects; empty cells carry no information."""
    rows, columns = (np.eye(size)[:, 1:] for size in shape)
    ones = [np.ones((size, 1)) for size in shape]
    main = np.hstack([np.kron(ones[0], ones[1]), np.kron(rows, ones[1]), np.kron(ones[0], columns)])
    interaction = np.kron(rows, columns)
    contrast = interaction - main @ np.linalg.lstsq(main, interaction, rcond=None)[0]
    inverse = np.divide(1, share, out=np.zeros(len(share)), where=share > 0)
    scaled = contrast * inverse[:, None]
    return np.linalg.solve(contrast.T @ scaled / n, scaled.T @ covariance @ scaled)


def _wald(sample: Sample, cell: CodeArray, share: FloatArray, shape: tuple[int, int]) -> float:
    """Quadratic form of the departures N_ij - N_i N_j / N, first row and column left out, in the inverse of their covariance."""
    row_share, column_share = share.reshape(shape).sum(axis=1), share.reshape(shape).sum(axis=0)
    i, j = (a.ravel() for a in np.meshgrid(np.arange(1, shape[0]), np.arange(1, shape[1]), indexing="ij"))
    in_row, in_column = (cell[:, None] // shape[1] == i).astype(float), (cell[:, None] % shape[1] == j).astype(float)
    departure = share.reshape(shape)[i, j] - row_share[i] * column_share[j]
    influence = in_row * in_column - in_row * column_share[j] - in_column * row_share[i] + row_share[i] * column_share[j]
    influence[cell < 0] = 0
    covariance = variance_matrix(sample.design, influence * (sample.design.weights / sample.weight[0])[:, None])
    return float(departure @ np.linalg.solve(covariance, departure))
