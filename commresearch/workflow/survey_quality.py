"""What a cleaned survey can say, and what its flags do to that: estimates, scales, weights, anonymity."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TypedDict

import numpy as np
import pandas as pd

from commresearch.cases.case import SinglePsu, StatedDesign
from commresearch.cleaning.anonymity import k_anonymity
from commresearch.cleaning.clean_table import CleanTable
from commresearch.cleaning.effort import flag_sensitivity
from commresearch.cleaning.variable import Variable
from commresearch.errors import EstimationError
from commresearch.survey import Weights, estimate_mean, estimate_share, reliability, satisfaction, score_scale
from commresearch.terms import Sampling, VariableType
from commresearch.words import entries
from commresearch.workflow.survey_design import MODEL_NOTES, WEIGHT, Note, SampleDesign, design_variables, rake_known, sample_design

MEASURES_SHOWN = 16  #: measures that the report follows through its flags; more would not be read
LEAST_SCALE_ITEMS = 2
FITTED = "fitted_weight_"  #: working column
FIVE = [str(i) for i in range(1, 6)]
BAND = 10  #: years of an age band in the count of K


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurveyQuality:
    """Results on one survey, as tables.

    estimates
        variable, measure (top_two, score, scale, mean), the columns of an estimate, `dont_know`: weighted share of 不清楚 among those
        asked; `weighting`: base (weights as given), raked, or fitted (raked with all rows, because these alone cannot be)
    sensitivity
        the same measures over all rows, without each flag, and without all flagged rows, each raked anew
    scales, items
        reliability per scale; item-rest correlation per item
    weights, margins
        what raking did: one row of summary, one row per category; empty where the case gives no margins
    anonymity
        K and shares of rows in small cells over the quasi-identifiers, numbers in bands of ten
    notes
        note, variable, n: what the estimates had to do without. margin_gap, weight_gap, place_gap: n rows lack a margin, a weight, a stratum
        or cluster; weight_unused: given, but nobody had a chance of selection; design_unstated; measures_cut: n measures too many
    """

    estimates: pd.DataFrame
    sensitivity: pd.DataFrame
    scales: pd.DataFrame
    items: pd.DataFrame
    weights: pd.DataFrame
    margins: pd.DataFrame
    anonymity: pd.DataFrame
    notes: pd.DataFrame = field(default_factory=lambda: _noted([]))

    @property
    def rests_on_model(self) -> bool:
        """Whether intervals of a probability sample are model-dependent, because its design is not known."""
        return not MODEL_NOTES.isdisjoint(self.notes["note"])

    def noted(self, note: str) -> dict[str, int]:
        """Variables of one kind of note, with their rows."""
        lines = self.notes[self.notes["note"] == note]
        return {str(v): int(n) for v, n in zip(lines["variable"], lines["n"], strict=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number that a survey is asked for: a column of the working frame and how it is estimated; `unclear`, that of 不清楚."""

    variable: str
    measure: str
    column: str
    unit: str
    unclear: str = ""


def assess_survey(
    clean: CleanTable, sampling: Sampling, *, margins: pd.DataFrame | None = None, conf_level: float = 0.95, design: StatedDesign | None = None,
    single_psu: SinglePsu | None = None,
) -> SurveyQuality:
    """Estimates of the main measures with the inference that the sampling allows, and their sensitivity to the flags.

    Parameters
    ----------
    clean, sampling
        The cleaned survey, and how its respondents came into it.
    margins : DataFrame, optional
        variable, category, target: known population counts to rake to; categories are codebook values.
    conf_level : float
        Level of the intervals.
    design : {"simple_random", "by_community"}, optional
        How a probability sample was drawn where no variable has the role stratum or cluster. Where nothing says so, or rows lack their
        stratum or cluster, intervals rest on a model.
    single_psu : str, optional
        As for the estimators: what to do with a stratum in which one unit was sampled.

    Raises
    ------
    EstimationError
        Margins or a design that cannot be used. Rows that lack a variable of the margins are no fault: they keep their share.
    """
    frame, measures, left_out = _working_frame(clean)
    variables = design_variables(clean.codebook, frame, sampling, design)
    frame = _respondents(frame, measures, [*variables.needed, *(margins.get("variable", []) if margins is not None else [])])
    sample = sample_design(frame, variables, sampling, single_psu)
    weights, gaps = rake_known(frame, margins) if margins is not None else (None, [])
    estimate = _Estimator(measures=measures, sample=sample, conf_level=conf_level, margins=margins)
    whole = estimate(frame, weights)
    scales, items = _scales(clean, frame)
    return SurveyQuality(
        estimates=whole, sensitivity=_sensitivity(clean, frame, estimate, whole, weights) if measures else pd.DataFrame(),
        scales=scales, items=items, weights=_weight_summary(weights), margins=weights.margins.astype({"category": "str"}) if weights is not None else pd.DataFrame(),
        anonymity=_anonymity(clean), notes=_noted([*sample.notes, *gaps, *([Note("measures_cut", n=left_out)] if left_out else [])]),
    )


def _noted(notes: Sequence[Note]) -> pd.DataFrame:
    return pd.DataFrame(notes, columns=list(Note._fields)).astype({"note": "str", "variable": "str", "n": "int64"})


def _sensitivity(clean: CleanTable, frame: pd.DataFrame, estimate: "_Estimator", whole: pd.DataFrame, weights: Weights | None) -> pd.DataFrame:
    """The estimates without flagged rows; those of all rows are the ones already made."""
    rows = frame if weights is None else frame.assign(**{FITTED: weights.values})
    return flag_sensitivity(rows, clean.flags.loc[frame.index], lambda part: whole if part is rows else estimate.anew(part), by=["variable", "measure"])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Estimator:
    """Estimates of the measures over rows of one sample."""

    measures: Sequence[Measure]
    sample: SampleDesign
    conf_level: float
    margins: pd.DataFrame | None

    def anew(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Estimates over some of the rows, raked by themselves; where that is impossible, with the weights they have among all."""
        if self.margins is None:
            return self(rows, None)
        try:
            weights, _ = rake_known(rows, self.margins)
        except EstimationError:
            return self(rows, FITTED)
        return self(rows, weights)

    def __call__(self, rows: pd.DataFrame, weights: Weights | str | None) -> pd.DataFrame:
        """Estimates with calibrated weights, those of a column, or (None) the base weights."""
        kind = "raked" if isinstance(weights, Weights) else "base" if weights is None else "fitted"
        return self._measured(rows, WEIGHT if weights is None else weights).assign(weighting=kind)

    def _measured(self, rows: pd.DataFrame, weights: Weights | str) -> pd.DataFrame:
        """One row per measure, in the columns of an estimate."""
        options = {"weights": weights, "sampling": self.sample.sampling, "conf_level": self.conf_level, **self.sample.options}
        found: list[pd.DataFrame] = []
        names: list[dict[str, object]] = []
        for measure in self.measures:
            if measure.measure == "top_two":
                shares = estimate_share(rows, measure.column, **options)  # type: ignore[arg-type]
                row = shares[shares["category"].astype("float64") == 1].drop(columns="category")
            else:
                row = estimate_mean(rows, measure.column, unit=measure.unit, **options)  # type: ignore[arg-type]
            found.append(row)
            names += [{"variable": measure.variable, "measure": measure.measure, "dont_know": _weighted_mean(rows, measure.unclear, weights)}] * len(row)
        if not found:
            return pd.DataFrame({"variable": [], "measure": [], "estimate": []})
        named = pd.DataFrame(names, columns=["variable", "measure", "dont_know"])
        return pd.concat([named[["variable", "measure"]], pd.concat(found, ignore_index=True), named[["dont_know"]]], axis=1)


def _weighted_mean(rows: pd.DataFrame, column: str, weights: Weights | str) -> float:
    """Weighted mean of a column that is missing where it does not apply; NaN without one."""
    if not column:
        return float("nan")
    weight = weights.values if isinstance(weights, Weights) else rows[weights].to_numpy(dtype=float)
    values = rows[column].to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(values)
    return float(values[known] @ weight[known] / weight[known].sum()) if known.any() else float("nan")


def best_first(variable: Variable) -> bool | None:
    """Whether a five-point satisfaction item has its best answer first; None where it is no such item."""
    labels = list(variable.answers.values())
    if list(variable.answers) != FIVE:
        return None
    for name, scale in entries("answer_scales").items():
        if name.startswith("satisfaction"):
            known = scale["zh"].split(" ")
            if labels in (known, known[::-1]):
                return labels == known
    return None


def _working_frame(clean: CleanTable) -> tuple[pd.DataFrame, list[Measure], int]:
    """Columns that can be estimated: satisfaction as two measures, scale scores, plain numbers; at most `MEASURES_SHOWN`, and how many more."""
    frame = clean.frame.copy()
    measures: list[Measure] = []
    for name, variables in _numeric_scales(clean).items():
        frame[f"{name}:scale"] = score_scale(_numbers(frame, variables), [v.name for v in variables], **_keyed(variables))
        measures.append(Measure(variable=name, measure="scale", column=f"{name}:scale", unit="score"))
    overall = sorted(clean.codebook, key=lambda v: bool(v.matrix or v.scale))  # a question of its own says more than one row of a matrix
    for variable in overall:
        if variable.type is VariableType.SINGLE and variable.name in frame and (is_best_first := best_first(variable)) is not None:
            measures += _satisfaction(clean, frame, variable, best=1 if is_best_first else 5)
        elif variable.type is VariableType.NUMBER and variable.role is None and not variable.quasi and variable.name in frame:
            measures.append(Measure(variable=variable.name, measure="mean", column=variable.name, unit=variable.unit or "value"))
    found = [m for m in measures if frame[m.column].notna().any()]
    return frame, found[:MEASURES_SHOWN], max(0, len(found) - MEASURES_SHOWN)


def _satisfaction(clean: CleanTable, frame: pd.DataFrame, variable: Variable, *, best: int) -> list[Measure]:
    """满意率 (top two of five) and mean score of one item; 不清楚 stands apart."""
    found = satisfaction(frame, variable.name, best=best, missing_kinds=clean.missing_kinds[variable.name])
    for part in ("top_two", "score", "dont_know"):
        frame[f"{variable.name}:{part}"] = found[part]
    unclear = f"{variable.name}:dont_know"
    return [Measure(variable=variable.name, measure=part, column=f"{variable.name}:{part}", unit="score", unclear=unclear) for part in ("top_two", "score")]


def _numeric_scales(clean: CleanTable) -> dict[str, list[Variable]]:
    scales = clean.codebook.scales()
    return {n: items for n, items in scales.items() if len(items) >= LEAST_SCALE_ITEMS and all(_is_numeric(v) and v.name in clean.frame for v in items)}


def _is_numeric(variable: Variable) -> bool:
    return variable.type is VariableType.SINGLE and variable.is_numeric


class _Keyed(TypedDict):
    keys: list[int]
    low: float
    high: float


def _keyed(variables: Sequence[Variable]) -> _Keyed:
    values = [int(v) for variable in variables for v in variable.answers]
    return {"keys": [v.key for v in variables], "low": min(values), "high": max(values)}


def _numbers(frame: pd.DataFrame, variables: Sequence[Variable]) -> pd.DataFrame:
    return pd.DataFrame({v.name: _codes(frame[v.name]) for v in variables}, index=frame.index)


def _codes(answers: pd.Series) -> pd.Series:
    """The numbers that answers stand for, each read once; NaN for what is no number."""
    known = answers.astype("category")
    numbers = pd.to_numeric(known.cat.categories.astype("str").to_series(), errors="coerce").to_numpy(dtype=float)
    return pd.Series(np.append(numbers, np.nan)[known.cat.codes], index=answers.index)


def _scales(clean: CleanTable, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, items = [], []
    for name, variables in _numeric_scales(clean).items():
        found = reliability(_numbers(frame, variables), [v.name for v in variables], **_keyed(variables))
        rows.append({
            "scale": name, "alpha": found.alpha, "conf_low": found.conf_low, "conf_high": found.conf_high, "conf_level": found.conf_level,
            "omega": found.omega, "n": found.n, "n_items": len(variables),
        })
        items += [{"scale": name, **row} for row in found.items.to_dict("records")]
    return pd.DataFrame(rows), pd.DataFrame(items)


def _respondents(frame: pd.DataFrame, measures: Sequence[Measure], needed: Sequence[object]) -> pd.DataFrame:
    """The rows without those that answered nothing that is measured and have no place in the design: people who declined to take part."""
    answered = frame[[m.column for m in measures]].notna().any(axis=1)
    placed = frame[[c for c in dict.fromkeys(map(str, needed)) if c in frame]].notna().all(axis=1)
    return frame[answered | placed].copy()


def _weight_summary(weights: Weights | None) -> pd.DataFrame:
    if weights is None:
        return pd.DataFrame()
    low, high = weights.g_range
    return pd.DataFrame([{"kish_deff": weights.deff, "effective_n": weights.effective_n, "g_low": low, "g_high": high, "n": len(weights.values)}])


def _anonymity(clean: CleanTable) -> pd.DataFrame:
    quasi = [v for v in clean.codebook if v.quasi and v.name in clean.frame]
    if not quasi:
        return pd.DataFrame()
    cells = {v.name: (clean.frame[v.name] // BAND) * BAND if v.type is VariableType.NUMBER else clean.frame[v.name].astype("str") for v in quasi}
    found = k_anonymity(pd.DataFrame(cells, index=clean.frame.index), list(cells))
    return pd.DataFrame([{
        "quasi": " ".join(found.quasi), "k": found.k, "n_rows": found.n_rows, "n_cells": found.n_cells, "share_below_5": found.share_below_5,
        "share_below_20": found.share_below_20,
    }])


def quality_files(quality: SurveyQuality) -> dict[str, bytes]:
    """The tables as files."""
    files = {}
    for table in fields(SurveyQuality):
        buffer = io.BytesIO()
        getattr(quality, table.name).to_parquet(buffer)
        files[f"quality_{table.name}.parquet"] = buffer.getvalue()
    return files


def read_quality(folder: str | Path) -> SurveyQuality:
    """The results that stand beside a cleaned survey."""
    return SurveyQuality(**{table.name: pd.read_parquet(Path(folder) / f"quality_{table.name}.parquet") for table in fields(SurveyQuality)})
