"""Weights, and the calibration that made them, which later decides their standard errors."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from commresearch.errors import EstimationError, Failure
from commresearch.survey.auxiliaries import Auxiliaries
from commresearch.survey.calibration_equations import Rule, calibration_factors
from commresearch.survey.frame_columns import Floats, rows_where
from commresearch.terms import Language
from commresearch.words import number, say

TOUCHING = 1e-9  #: distance from a bound that counts as lying on it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """What weights were calibrated to, kept so that variances and replicates can take it into account.

    auxiliaries : Auxiliaries
        The groups and numbers, per cell.
    base : array (n,)
        Base weights.
    factors : array (m,)
        Calibrated over base weight, per cell.
    totals : array (p,)
        Known totals, per column of the auxiliaries (numbers in the centred form in which they are solved).
    rule : Rule
        Method, bounds and tolerance.
    """

    auxiliaries: Auxiliaries
    base: Floats
    factors: Floats
    totals: Floats
    rule: Rule

    def residuals(self, z: Floats) -> Floats:
        """Weighted influence values without the part that the calibration explains.

        Parameters
        ----------
        z : array (n,) or (n, k)
            Weighted linearised values w_i u_i, with w the calibrated weights: w_i for a total of y times y_i, for a mean
            w_i (y_i - mean) / Σw, and 0 for persons outside a domain.

        Returns
        -------
        array of the same shape
            w_i e_i, with e the residuals of the regression of u on the auxiliaries, weighted with the base weights. The
            design's variance of their total is the variance of the calibrated estimate.

        Notes
        -----
        A calibrated estimate has the variance of the regression estimate with the same auxiliaries, whatever the distance
        (Deville and Särndal 1992, result 5). The projection is exact; nothing is iterated. Persons whose factor is zero
        carry no weight and take no part.
        """
        values = np.asarray(z, dtype=np.float64)
        columns = values.reshape(len(values), -1)
        counted = self.factors != 0
        inverse = np.divide(1.0, self.factors, out=np.zeros_like(self.factors), where=counted)
        basis = self.auxiliaries.basis(np.where(counted, self.auxiliaries.collapse(self.base), 0.0))
        explained = self.auxiliaries.totals(self.auxiliaries.collapse(columns) * inverse[:, None])
        fitted = self.auxiliaries.predict(basis @ (basis.T @ explained)) * self.factors[:, None]
        residual: Floats = (columns - self.base[:, None] * self.auxiliaries.expand(fitted)).reshape(values.shape)
        return residual

    def reweight(self, base: Floats) -> Floats:
        """Calibrated weights (n,) for other base weights, zero where a person is left out: one replicate of a jackknife.

        Raises
        ------
        EstimationError
            A category has no base weight left, or the totals cannot be met.
        """
        base_of_cells = self.auxiliaries.collapse(np.asarray(base, dtype=np.float64))
        n_categories = sum(self.auxiliaries.sizes)
        if (empty := np.flatnonzero(self.auxiliaries.totals(base_of_cells)[:n_categories] <= 0)).size:
            pairs = [self.auxiliaries.labels[i] for i in empty]
            raise EstimationError(*(Failure(code="CR-W25", values={"variable": v, "category": c}) for v, c in pairs))
        factors, _ = calibration_factors(self.auxiliaries, base_of_cells, self.totals, self.rule)
        weights: Floats = base * self.auxiliaries.expand(factors)
        return weights


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """Calibrated weights of the rows of a table, in their order.

    values, base : array (n,)
        Calibrated and base weights; read-only.
    index : Index
        Index of the table, so that weights are never laid beside other rows.
    totals, before, after : array (p,)
        Per margin and category or number: the target, the sum of the base weights and that of the weights.
    method : str
        "raking", "post_stratification", "linear" or "logit".
    shares : bool
        Whether the targets were shares, so that the sum of the base weights was kept.
    iterations : int
        Rounds until every total was met.
    trimmed : int
        Rows whose factor lies at one of the bounds.
    calibration : Calibration
        For variances.
    """

    values: Floats
    base: Floats
    index: pd.Index
    totals: Floats
    before: Floats
    after: Floats
    method: str
    shares: bool
    iterations: int
    trimmed: int
    calibration: Calibration

    @property
    def g(self) -> Floats:
        """Calibrated over base weight, (n,)."""
        return self.values / self.base

    @property
    def g_range(self) -> tuple[float, float]:
        """Smallest and largest g."""
        return float(self.g.min()), float(self.g.max())

    @property
    def deff(self) -> float:
        """Design effect of unequal weights, n Σw² / (Σw)² = 1 + cv² (Kish 1965): what they cost if unrelated to the answers."""
        return float(len(self.values) * (self.values @ self.values) / self.values.sum() ** 2)

    @property
    def effective_n(self) -> float:
        """Number of equally weighted answers that would say as much: n / Kish's design effect."""
        return len(self.values) / self.deff

    @property
    def margins(self) -> pd.DataFrame:
        """Target, sum of base weights and sum of weights per category, as totals and shares; category is missing for a number."""
        auxiliaries = self.calibration.auxiliaries
        variables, categories = zip(*auxiliaries.labels, strict=True)
        columns = {"target": self.totals, "before": self.before, "after": self.after}
        shares = {f"{name}_share": _shares(auxiliaries, values) for name, values in columns.items()}
        return pd.DataFrame({"variable": variables, "category": pd.Series(categories, dtype="object")} | columns | shares)

    def to_frame(self) -> pd.DataFrame:
        """Columns base_weight, g, weight; the index is that of the table."""
        return pd.DataFrame({"base_weight": self.base, "g": self.g, "weight": self.values}, index=self.index)

    def summary(self, language: Language | str) -> str:
        """Method, sum, g, design effect and effective number in one paragraph."""
        language = Language(language)
        low, high = self.g_range
        text = say(
            "survey_weights.summary", language, method=say(f"survey_weights.method_{self.method}", language), n=number(len(self.values)),
            total=number(float(self.values.sum())), low=f"{low:.3g}", high=f"{high:.3g}", deff=f"{self.deff:.2f}",
            effective=number(float(round(self.effective_n))), kept=say(f"survey_weights.{'kept' if self.shares else 'counts'}", language),
        )
        return text + (say("survey_weights.trimmed", language, trimmed=number(self.trimmed)) if self.trimmed else "")


def calibrated_weights(
    frame: pd.DataFrame, auxiliaries: Auxiliaries, base: Floats, totals: Floats, rule: Rule, *, method: str, shares: bool
) -> Weights:
    """Weights of a table from its auxiliaries and the totals (p,) they must meet.

    Raises
    ------
    EstimationError
        The totals cannot be met, or linear factors without bounds came out negative.
    """
    base_of_cells = auxiliaries.collapse(base)
    aims = auxiliaries.centred(totals)
    factors, iterations = calibration_factors(auxiliaries, base_of_cells, aims, rule)
    if rule.bounds is None and (smallest := factors.min()) < 0:
        raise EstimationError(Failure(code="CR-W22", values={"smallest": f"{smallest:.3f}"} | rows_where(frame, auxiliaries.expand(factors) < 0)))
    values = _multiplied(auxiliaries, factors, base)
    for array in (values, base, totals):
        array.flags.writeable = False
    return Weights(
        values=values, base=base, index=frame.index, method=method, shares=shares, iterations=iterations,
        totals=totals, before=auxiliaries.stated(auxiliaries.totals(base_of_cells)),
        after=auxiliaries.stated(auxiliaries.totals(base_of_cells * factors)),
        trimmed=_at_bounds(auxiliaries, factors, rule),
        calibration=Calibration(auxiliaries=auxiliaries, base=base, factors=factors, totals=aims, rule=rule),
    )


def _multiplied(auxiliaries: Auxiliaries, factors: Floats, base: Floats) -> Floats:
    """Weights of persons, base · g; of one base weight for all, as `equal_weights` gives it, they are those of the cells."""
    if base.strides == (0,) and len(base):
        return auxiliaries.expand(factors * base[0])
    return auxiliaries.expand(factors) * base  # in this order numpy multiplies in place


def _at_bounds(auxiliaries: Auxiliaries, factors: Floats, rule: Rule) -> int:
    """Rows whose factor is one of the bounds; a logit factor only comes near them."""
    if rule.method == "logit" or rule.bounds is None:
        return 0
    low, high = rule.bounds
    touches = (factors <= low + TOUCHING) | (factors >= high - TOUCHING)
    return int(auxiliaries.expand(touches.astype(np.float64)).sum())


def _shares(auxiliaries: Auxiliaries, values: Floats) -> Floats:
    """Values as shares of their variable; NaN for numbers."""
    shares = np.full(len(values), np.nan)
    if auxiliaries.groups:
        split, starts = sum(auxiliaries.sizes), np.cumsum((0, *auxiliaries.sizes[:-1]))
        shares[:split] = values[:split] / np.repeat(np.add.reduceat(values[:split], starts), auxiliaries.sizes)
    return shares
