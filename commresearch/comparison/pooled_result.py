"""`Comparison`: effects of several cases side by side and, where that is allowed, what they say together."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import pandas as pd

from commresearch.comparison.effect_direction import case_table, harvest_table
from commresearch.comparison.effects_model import EffectsFit
from commresearch.comparison.funnel_limits import dispersion, limit_table, point_table
from commresearch.comparison.leave_one_out import leave_one_out
from commresearch.comparison.meta_regression import ModeratorTest, coefficient_table, predicted_at
from commresearch.comparison.partial_pooling import Posterior, Prior, blup_table, posterior, sensitivity_table
from commresearch.comparison.pooled_intervals import Uncertainty, interval_table, prediction_table, uncertainty
from commresearch.comparison.pooling_input import Effects
from commresearch.comparison.pooling_policy import LEAST_TO_PREDICT, Reason, Refusal, Stage
from commresearch.comparison.pooling_summary import PooledFacts, comparison_summary
from commresearch.comparison.rank_intervals import rank_table
from commresearch.terms import Grade, Language, Unit

#: One row of `to_frame`, in this order.
NUMBERS = (
    "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "conf_level", "unit", "df", "tau2", "tau", "tau2_low", "tau2_high", "i2",
    "i2_low", "i2_high", "h2", "h2_low", "h2_high", "q", "q_df", "q_p_value", "prediction", "pred_low", "pred_high",
)
WORDS = ("outcome", "definition", "grade", "method", "interval", "k", "stage", "pooled")


class Table:
    """A table of a result: made when it is first asked for, kept, and copied on the way out."""

    def __init__(self, make: Callable[[Any], pd.DataFrame]) -> None:
        self.make = make
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> "Table": ...
    @overload
    def __get__(self, owner: object, kind: type) -> pd.DataFrame: ...
    def __get__(self, owner: object, kind: type) -> "Table | pd.DataFrame":
        """The owner's copy; the table itself where there is no owner."""
        if owner is None:
            return self
        made = vars(owner).setdefault("_made", {})
        if self not in made:
            made[self] = self.make(owner)
        return pd.DataFrame(made[self].copy())


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Effects of several cases.

    Numbers are NaN and tables are empty where nothing was pooled (`refusals` says why), where cases are too few (`stage`), or, with moderators, where no
    single effect exists.

    effects : Effects
        The rows as given.
    outcome, definition, unit, grade
        Of the effects that may enter (from grade E3 on); empty or None where they have several.
    k : int
        How many these are.
    stage : Stage
        What this number of cases can bear.
    method : str
        common, dl, pm, ml, reml.
    interval : str
        Kind of conf_low and conf_high.
    moderators : tuple of str
    refusals : tuple of Refusal
        Why nothing, or not every effect, was pooled.
    warnings : tuple of Reason
        What a reader must know.
    fit : EffectsFit, optional
        None where nothing was pooled.
    estimate, std_error, statistic, p_value, conf_low, conf_high : float
        The mean of true effects (under "common" the one true effect), in `unit`.
    conf_level : float
        Of every interval here but those of ranks and of the funnel.
    df : float
        Of the interval; infinite: the normal law.
    tau2, tau2_low, tau2_high : float
        Variance of true effects between cases (of what moderators leave), in squared units, with its Q-profile interval.
    i2, h2, and their _low and _high : float
        I² in percent, and H², with the ends that belong to those of tau².
    q, q_df, q_p_value : float
        Cochran's Q (with moderators QE).
    prediction : str
        Convention of pred_low and pred_high: z, t_k_minus_1, t_k_minus_2.
    pred_low, pred_high : float
        Where the true effect of a further case may lie; NaN under five cases and under "common".
    moderator_test : ModeratorTest, optional
        QM and R².
    prior : Prior, optional
        Of the Bayesian tables.
    seed : int
        Of the draws behind rank intervals.
    """

    effects: Effects
    outcome: str
    definition: str
    unit: Unit | None
    grade: Grade | None
    k: int
    stage: Stage
    method: str
    interval: str
    moderators: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    warnings: tuple[Reason, ...]
    conf_level: float
    prediction: str
    seed: int
    fit: EffectsFit | None = None
    estimate: float = math.nan
    std_error: float = math.nan
    statistic: float = math.nan
    p_value: float = math.nan
    conf_low: float = math.nan
    conf_high: float = math.nan
    df: float = math.nan
    tau2: float = math.nan
    tau2_low: float = math.nan
    tau2_high: float = math.nan
    i2: float = math.nan
    i2_low: float = math.nan
    i2_high: float = math.nan
    h2: float = math.nan
    h2_low: float = math.nan
    h2_high: float = math.nan
    q: float = math.nan
    q_df: float = math.nan
    q_p_value: float = math.nan
    pred_low: float = math.nan
    pred_high: float = math.nan
    moderator_test: ModeratorTest | None = None
    prior: Prior | None = None

    @property
    def pooled(self) -> bool:
        """Whether effects were pooled, or explained by moderators."""
        return self.fit is not None

    @property
    def tau(self) -> float:
        """Standard deviation of true effects between cases, in `unit`."""
        return math.sqrt(self.tau2)

    @property
    def weights(self) -> pd.Series:
        """Shares of the cases in the pooled effect, in percent, by case."""
        if self.fit is None:
            return pd.Series([], dtype=float, name="weight")
        share = 100 * self.fit.weights / self.fit.weights.sum()
        return pd.Series(share, index=pd.Index(self._cases, name="case_id"), name="weight")

    @Table
    def estimates(self) -> pd.DataFrame:
        """Every row that was given: the effect with its Wald interval, direction, pooled, reason where outside, moderators, weight in percent."""
        why = {case: refusal.key for refusal in reversed(self.refusals) if refusal.all_effects for case in refusal.cases}
        inside = self.effects.eligible & self.pooled
        reasons = ["" if i else why.get(c, "") if e else "refused_grade" for i, c, e in zip(inside, self.effects.case_id, self.effects.eligible, strict=True)]
        table = case_table(self.effects, inside, reasons, self.conf_level)
        weight = np.full(len(table), np.nan)
        weight[inside] = self.weights.to_numpy()
        return table.assign(weight=weight)

    @Table
    def directions(self) -> pd.DataFrame:
        """Cases by direction of their effect, within outcome, definition, unit and grade; for what is not pooled."""
        return harvest_table(self.estimates)

    @Table
    def intervals(self) -> pd.DataFrame:
        """Wald, Knapp-Hartung and modified Knapp-Hartung, whichever was chosen."""
        return self._of_mean(lambda fit, unit: interval_table(fit, self.conf_level, unit))

    @Table
    def prediction_intervals(self) -> pd.DataFrame:
        """Three conventions and the Bayesian predictive (convention "bayes"), which never stand alone; from five cases on, not under "common"."""
        if self.k < LEAST_TO_PREDICT or self.method == "common":
            return pd.DataFrame()

        def made(fit: EffectsFit, unit: Unit) -> pd.DataFrame:
            last = self.bayes.iloc[-1]
            table = prediction_table(fit, self.interval, self.conf_level, unit)
            row = {
                "convention": "bayes", "estimate": last["estimate"], "pred_low": last["conf_low"], "pred_high": last["conf_high"],
                "conf_level": self.conf_level, "unit": str(unit), "std_error": last["std_error"], "df": math.nan, "equals_confidence_interval": False,
            }
            return pd.DataFrame([*table.to_dict("records"), row])

        return self._of_mean(made)

    @Table
    def leave_one_out(self) -> pd.DataFrame:
        """The pooled effect without each case; from five cases on."""
        if self.k < LEAST_TO_PREDICT:
            return pd.DataFrame()
        return self._of_mean(lambda fit, unit: leave_one_out(fit, self._cases, self.interval, self.conf_level, unit))

    @Table
    def blups(self) -> pd.DataFrame:
        """Best linear predictions of the cases' true effects."""
        return self._of_fit(lambda fit, unit: blup_table(fit, self._rule(fit), self._cases, self.conf_level, unit))

    @Table
    def bayes(self) -> pd.DataFrame:
        """Posterior of mean, tau and the effect of a further case."""
        return self._of_posterior(lambda found, unit: found.summary(self.conf_level, unit))

    @Table
    def bayes_cases(self) -> pd.DataFrame:
        """Posterior of every case's true effect."""
        return self._of_posterior(lambda found, unit: found.cases(self._cases, self.conf_level, unit))

    @Table
    def prior_sensitivity(self) -> pd.DataFrame:
        """`bayes` under narrower and wider priors of tau."""
        return self._of_posterior(lambda found, unit: sensitivity_table(found.effects, found.variances, found.prior, self.conf_level, unit))

    @Table
    def rank_intervals(self) -> pd.DataFrame:
        """Where each case may stand among the others, at 90 %; in the order given."""
        return self._of_posterior(lambda found, _: rank_table(found, self._cases, seed=self.seed))

    @Table
    def funnel_points(self) -> pd.DataFrame:
        """Cases against the limits; from five cases on."""
        if self.k < LEAST_TO_PREDICT:
            return pd.DataFrame()

        def made(fit: EffectsFit, unit: Unit) -> pd.DataFrame:
            found = dispersion(fit.effects, fit.variances, self.estimate)
            return point_table(self._cases, fit.effects, fit.variances, self.estimate, found, unit)

        return self._of_mean(made)

    @Table
    def funnel_limits(self) -> pd.DataFrame:
        """Control limits by standard error at 95 and 99.8 %, without over-dispersion and with it; from five cases on."""
        if self.k < LEAST_TO_PREDICT:
            return pd.DataFrame()
        return self._of_mean(
            lambda fit, unit: limit_table(self.estimate, fit.variances, dispersion(fit.effects, fit.variances, self.estimate), unit)
        )

    @Table
    def coefficients(self) -> pd.DataFrame:
        """Intercept and slopes, with moderators."""
        if not self.moderators:
            return pd.DataFrame()
        return self._of_fit(lambda fit, unit: coefficient_table(fit, self._rule(fit), self.moderators, self.conf_level, unit))

    @Table
    def predictions(self) -> pd.DataFrame:
        """The effect at each case's moderators, in the place of one overall effect."""
        if not self.moderators:
            return pd.DataFrame()
        return self._of_fit(lambda fit, unit: predicted_at(fit, self._rule(fit), self._cases, self.moderators, self.conf_level, unit))

    def to_frame(self) -> pd.DataFrame:
        """One row: what was pooled and how, the effect, its heterogeneity, the prediction interval, the refusals by key."""
        row: dict[str, object] = {name: getattr(self, name) for name in (*WORDS, *NUMBERS)}
        row |= {name: "" if row[name] is None else str(row[name]) for name in ("unit", "grade", "stage")}
        row |= {"moderators": ", ".join(self.moderators), "refusals": ", ".join(r.key for r in self.refusals)}
        return pd.DataFrame([row])

    def to_dict(self) -> dict[str, object]:
        """Everything, JSON-safe: None for a number that is not there, tables as lists of rows."""
        made = _records(self.to_frame())[0]
        test = self.moderator_test
        tables = {name: _records(getattr(self, name)) for name, kind in vars(Comparison).items() if isinstance(kind, Table)}
        return made | {name: made[name] or None for name in ("unit", "grade")} | tables | {
            "moderators": list(self.moderators),
            "moderator_test": None if test is None else _records(pd.DataFrame([{name: getattr(test, name) for name in ModeratorTest.__dataclass_fields__}]))[0],
            "prior": None if self.prior is None else {"scale": self.prior.scale, "mean_sd": self.prior.mean_sd},
            "refusals": [{"key": r.key, "cases": list(r.cases), "all_effects": r.all_effects, "text": _both(r)} for r in self.refusals],
            "warnings": [{"key": w.key, "text": _both(w)} for w in self.warnings],
            "summary": {language.value: self.summary(language) for language in Language},
        }

    def summary(self, language: Language | str = Language.ZH) -> str:
        """What the cases say together, how sure and how uniform it is; or why they are not pooled. Verbs follow the grade."""
        bayes = self.bayes
        facts = PooledFacts(
            outcome=self.outcome, unit=self.unit, grade=self.grade, k=self.k, method=self.method, interval_kind=self.interval, estimate=self.estimate,
            conf_low=self.conf_low, conf_high=self.conf_high, conf_level=self.conf_level, tau=self.tau, tau_high=math.sqrt(self.tau2_high), i2=self.i2,
            prediction=self.prediction, pred=(self.pred_low, self.pred_high),
            bayes=(math.nan, math.nan) if bayes.empty else (float(bayes["conf_low"].iloc[-1]), float(bayes["conf_high"].iloc[-1])),
            slopes=self.coefficients.iloc[1:], refusals=self.refusals, warnings=self.warnings,
        )
        return comparison_summary(facts, Language(language))

    @property
    def _cases(self) -> np.ndarray:
        inside: np.ndarray = np.asarray(self.effects.case_id, dtype=object)[self.effects.eligible]
        return inside

    def _rule(self, fit: EffectsFit) -> Uncertainty:
        return uncertainty(self.interval, factor=fit.factor, df=fit.df)

    def _of_fit(self, make: Callable[[EffectsFit, Unit], pd.DataFrame]) -> pd.DataFrame:
        """A table of a fitted model; empty where there is none."""
        return pd.DataFrame() if self.fit is None or self.unit is None else make(self.fit, self.unit)

    def _of_mean(self, make: Callable[[EffectsFit, Unit], pd.DataFrame]) -> pd.DataFrame:
        """A table about one pooled effect; empty with moderators."""
        return pd.DataFrame() if self.moderators else self._of_fit(make)

    def _of_posterior(self, make: Callable[[Posterior, Unit], pd.DataFrame]) -> pd.DataFrame:
        """A table of the Bayesian model, which has no moderators."""

        def made(fit: EffectsFit, unit: Unit) -> pd.DataFrame:
            return pd.DataFrame() if self.prior is None else make(posterior(fit.effects, fit.variances, self.prior), unit)

        return self._of_mean(made)


def _records(table: pd.DataFrame) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(table.to_json(orient="records", force_ascii=False, double_precision=15)) if len(table) else []
    return rows


def _both(reason: Reason) -> Mapping[str, str]:
    return {language.value: reason.text(language) for language in Language}
