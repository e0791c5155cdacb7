"""Results of this room: an effect with everything needed to judge it, and what a check found."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from commresearch.impact.arrays import Dropped, PanelArrays
from commresearch.outcomes import OutcomeDefinition, Panel
from commresearch.records.effects import Effect
from commresearch.terms import Estimand, Grade, Inference, Language, Method, Unit
from commresearch.words.effects import Facts, effect_summary, note_text

if TYPE_CHECKING:
    from commresearch.impact.design import Design

CONF_LEVEL = 0.95  #: of intervals, where nothing else is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something a reader of an effect must know: a key of `words/effects.toml` and the facts its sentence needs."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: Language | str) -> str:
        """The sentence in one language."""
        return note_text(self.key, Language(language), self.values)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CheckResult:
    """What a check found. It is no effect and has no interval of one.

    name : str
        The check, by its function: pre_trends, leave_one_out, …
    passed : bool or None
        None where it could not be made, or judges nothing.
    table : DataFrame
        What it found, one row per thing looked at.
    note : Note
        The finding in words.
    """

    name: str
    passed: bool | None
    table: pd.DataFrame
    note: Note

    def text(self, language: Language | str) -> str:
        """The finding in one language."""
        return self.note.text(language)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImpactEstimate(Effect):
    """An effect of a pilot: how large, how sure, how it was obtained, and how good the evidence is.

    case_id : str
        The case; empty for a panel that belongs to none.
    outcome, definition
        What was measured.
    method, inference, estimand
        How, with what uncertainty, the effect of what.
    n_obs, n_units, n_clusters, n_treated : int
        Months of units used, units, assignments, and treated assignments among these.
    design : Design, optional
        The design it was chosen by; None where an estimator was called directly.
    checks : tuple of CheckResult
    grade : Grade, optional
        None where no design was judged.
    warnings : tuple of Note
        What a reader must know.
    path : DataFrame, optional
        event_time, group or period, then estimate, std_error, conf_low, conf_high, band_low, band_high.
    dropped : tuple of Dropped
        Months and units that are not in it.
    details : dict
        Numbers by name that belong to the method: a second effect, a dispersion, the smallest p value that could occur.
    """

    case_id: str = ""
    outcome: str
    definition: OutcomeDefinition
    method: Method
    inference: Inference
    estimand: Estimand
    n_obs: int
    n_units: int
    n_clusters: int
    n_treated: int
    design: "Design | None" = None
    checks: tuple[CheckResult, ...] = ()
    grade: Grade | None = None
    warnings: tuple[Note, ...] = ()
    path: pd.DataFrame | None = None
    dropped: tuple[Dropped, ...] = ()
    details: Mapping[str, float] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """One row: the case, what was measured and how, the effect, the counts, the grade."""
        head = {"case_id": self.case_id, "outcome": self.outcome, "definition": json.dumps(self.definition.to_dict(), ensure_ascii=False)}
        how = {name: str(getattr(self, name)) for name in ("method", "inference", "estimand")}
        tail = {name: getattr(self, name) for name in ("n_obs", "n_units", "n_clusters", "n_treated")} | {"grade": str(self.grade) if self.grade else ""}
        return pd.concat([pd.DataFrame([head | how]), Effect.to_frame(self), pd.DataFrame([tail])], axis=1)

    def to_dict(self) -> dict[str, object]:
        """Everything, JSON-safe: None for a number that is not there, tables as lists of rows."""
        made: dict[str, object] = json.loads(self.to_frame().to_json(orient="records", force_ascii=False, double_precision=15))[0]
        rest: dict[str, object] = {
            "definition": self.definition.to_dict(), "grade": made["grade"] or None, "design": None if self.design is None else self.design.to_dict(),
            "summary": {language.value: self.summary(language) for language in Language},
            "checks": [{"name": c.name, "passed": c.passed, "table": _records(c.table), "text": _both(c.note)} for c in self.checks],
            "warnings": [{"key": n.key, "text": _both(n)} for n in self.warnings],
            "path": None if self.path is None else _records(self.path),
            "dropped": [{"unit_id": d.unit_id, "reason": d.reason, "months": d.months, "whole": d.whole} for d in self.dropped],
            "details": {k: float(v) if math.isfinite(v) else None for k, v in self.details.items()},
        }
        return made | Effect.to_dict(self) | rest

    def summary(self, language: Language | str = Language.ZH) -> str:
        """Effect, unit, interval, design, number of units, grade and main caveat, with the verbs that the grade allows."""
        facts = Facts(
            outcome=self.outcome, estimate=self.estimate, conf_low=self.conf_low, conf_high=self.conf_high, conf_level=self.conf_level, unit=self.unit,
            method=self.method, estimand=self.estimand, inference=self.inference, n_units=self.n_units, n_clusters=self.n_clusters,
            n_treated=self.n_treated, grade=self.grade, caveat=(self.warnings[0].key, self.warnings[0].values) if self.warnings else None,
        )
        return effect_summary(facts, Language(language))

    def with_judgement(
        self, *, design: "Design | None" = None, checks: tuple[CheckResult, ...] = (), grade: Grade | None = None, warnings: tuple[Note, ...] = ()
    ) -> "ImpactEstimate":
        """The same effect with its design, checks and grade; warnings stand before those it has."""
        return replace(self, design=design, checks=checks, grade=grade, warnings=warnings + self.warnings)


def _records(table: pd.DataFrame) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(table.to_json(orient="records", date_format="iso", force_ascii=False, double_precision=15))
    return rows


def _both(note: Note) -> dict[str, str]:
    return {language.value: note.text(language) for language in Language}


def t_quantile(conf_level: float, df: float = math.inf) -> float:
    """Half width of a two-sided interval in standard errors: of t with `df` degrees of freedom, of the normal law where df is infinite."""
    p = 0.5 + conf_level / 2
    return float(special.ndtri(p) if math.isinf(df) else special.stdtrit(df, p))


def two_sided_p(statistic: float, df: float = math.inf) -> float:
    """P value of a statistic: of t with `df` degrees of freedom, of the normal law where df is infinite."""
    size = -abs(statistic)
    return float(2 * (special.ndtr(size) if math.isinf(df) else special.stdtr(df, size)))


def impact_estimate(  # noqa: PLR0913 - the fields of a result
    panel: Panel, arrays: PanelArrays, *, method: Method, inference: Inference, estimand: Estimand, estimate: float, std_error: float,
    df: float = math.inf, conf_level: float = CONF_LEVEL, unit: Unit | None = None, interval: tuple[float, float] | None = None,
    statistic: float | None = None, p_value: float | None = None, path: pd.DataFrame | None = None, details: Mapping[str, float] | None = None,
    warnings: tuple[Note, ...] = (), n_obs: int | None = None,
) -> ImpactEstimate:
    """A result with its counts.

    Parameters
    ----------
    panel, arrays : Panel, PanelArrays
        What was estimated on: the arrays hold the units and months that were used.
    estimate, std_error : float
        In `unit`; std_error NaN where the inference has none.
    df : float
        Degrees of freedom of t; infinite for the normal law.
    unit : Unit, optional
        That of the panel where not given.
    interval, statistic, p_value : optional
        From a bootstrap, a randomisation, a transformation (the statistic that of the logarithm, say); else estimate ± t × std_error and the t test.
    n_obs : int, optional
        All observed months of the arrays where not given.

    Returns
    -------
    ImpactEstimate
        Without design, checks and grade.
    """
    if statistic is None:
        statistic = estimate / std_error if std_error > 0 else math.nan
    half = t_quantile(conf_level, df) * std_error
    low, high = interval if interval is not None else (estimate - half, estimate + half)
    clusters = len(np.unique(arrays.cluster))
    return ImpactEstimate(
        estimate=float(estimate), std_error=float(std_error), statistic=float(statistic),
        p_value=float(two_sided_p(statistic, df) if p_value is None else p_value), conf_low=float(low), conf_high=float(high),
        conf_level=conf_level, unit=panel.unit if unit is None else unit, outcome=panel.definition.outcome, definition=panel.definition,
        method=method, inference=inference, estimand=estimand, n_obs=int(arrays.observed.sum()) if n_obs is None else n_obs,
        n_units=len(arrays.units), n_clusters=clusters, n_treated=len(np.unique(arrays.cluster[arrays.ever_treated])),
        warnings=warnings, path=path, dropped=arrays.dropped, details=dict(details) if details else {},
    )
