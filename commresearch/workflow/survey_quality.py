"""What a cleaned survey can say, and what its flags do to that: estimates, scales, weights, anonymity."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from commresearch.cases.case import SinglePsu, StatedDesign
from commresearch.cleaning.anonymity import k_anonymity
from commresearch.cleaning.clean_table import CleanTable
from commresearch.cleaning.effort import flag_sensitivity
from commresearch.cleaning.variable import Variable
from commresearch.errors import CaseError, EstimationError, Failure
from commresearch.records import guarded_csv
from commresearch.survey import Weights, estimate_mean, estimate_share, reliability
from commresearch.terms import Sampling, VariableType
from commresearch.workflow.survey_design import MODEL_NOTES, WEIGHT, Note, SampleDesign, design_variables, rake_known, sample_design
from commresearch.workflow.survey_measures import (
    SHARES,
    TWO,
    Measure,
    followed,
    keyed,
    numbers,
    numeric_scales,
    plain_choices,
    unrated,
    working_frame,
)

FITTED = "fitted_weight_"  #: working column
FOR_PEOPLE = ("estimates", "shares")  #: tables that are also written as CSV
BAND = 10  #: years of an age band in the count of K

CHOSEN = "chosen"  #: category of the sheets that a share counts
UNMEASURABLE = "CR-W35"  #: a scale with too few answers, or with an item that all answer alike


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurveyQuality:
    """Results on one survey, as tables.

    estimates
        variable, measure (top_two, score, scale, mean, or share of the first of two answers), the columns of an estimate, `dont_know`: weighted
        share of 不清楚 among those asked; `n_chosen`: of a share, the sheets it counts; `weighting`: base (weights as given), raked, or fitted
        (raked with all rows, because these alone cannot be)
    sensitivity
        the measures that are followed, over all rows, without each flag, and without all flagged rows, each raked anew
    shares
        variable, category, the columns of an estimate, `n_chosen` (sheets): answers to single and multiple choice that nothing else is made of, and what rankings
        put first
    scales, items
        reliability per scale; item-rest correlation per item
    weights, margins
        what raking did: one row of summary, one row per category; empty where the case gives no margins
    anonymity
        K and shares of rows in small cells over the quasi-identifiers, numbers in bands of ten; of the rows (`n_rows`) that tell any of them
    notes
        note, variable, n: what the estimates had to do without. margin_gap, weight_gap, place_gap: n rows lack a margin, a weight, a stratum
        or cluster; weight_unused: given, but nobody had a chance of selection; design_unstated; by_stratum, by_cluster: what a known design was drawn by; alike: intervals of a model rest on n groups of one variable, and alike_unnamed: on n rows without it, each by itself; silent: n rows answer no question among the results; not_followed: n results that stand in estimates only; scale_unmeasured: a scale without reliability;
        single_sheet: one sheet alone has answers, so that nothing is estimated; satisfaction_points, satisfaction_order,
        satisfaction_number: an item of satisfaction without 满意率, because it has n answers instead of five, five that cannot be put in order, or
        numbers from 1 to 5
    """

    estimates: pd.DataFrame
    sensitivity: pd.DataFrame
    scales: pd.DataFrame
    items: pd.DataFrame
    weights: pd.DataFrame
    margins: pd.DataFrame
    anonymity: pd.DataFrame
    notes: pd.DataFrame = field(default_factory=lambda: _noted([]))
    shares: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"variable": [], "category": []}, dtype="str"))

    @property
    def rests_on_model(self) -> bool:
        """Whether intervals of a probability sample are model-dependent, because its design is not known."""
        return not MODEL_NOTES.isdisjoint(self.notes["note"])

    def noted(self, note: str) -> dict[str, int]:
        """Variables of one kind of note, with their rows."""
        lines = self.notes[self.notes["note"] == note]
        return {str(v): int(n) for v, n in zip(lines["variable"], lines["n"], strict=True)}


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
    frame, measures = working_frame(clean)
    variables = design_variables(clean.codebook, frame, sampling, design)
    given = set(margins["variable"].astype("str")) if margins is not None and "variable" in margins else set()  # their shares are those of the population
    everyone, answers, choices = frame, _answered(frame, measures), [v for v in plain_choices(clean) if v.name not in given]
    silent = _silent(everyone, answers, choices)
    frame = _respondents(frame, answers, silent, [*variables.needed, *given])
    sample = sample_design(frame, variables, sampling, single_psu)
    weights, gaps = rake_known(frame, margins) if margins is not None else (None, [])
    measures = [m for m in measures if m.measure != "share" or (m.variable not in given and frame[m.column].min() < frame[m.column].max())]
    chosen = [v for v in choices if not _is_consent(v, everyone, frame)]
    alone = [Note("single_sheet", n=1)] if measures and len(frame) == 1 and sampling is not Sampling.CENSUS else []
    measures = [] if alone else measures  # nothing is known of how persons differ
    told = followed(measures)
    estimate = _Estimator(measures=measures, sample=sample, conf_level=conf_level, margins=margins)
    whole = estimate(frame, weights)
    left_out = len(measures) - len(told)
    scales, items, unmeasured = _scales(clean, frame)
    return SurveyQuality(
        estimates=whole, sensitivity=_sensitivity(clean, frame, replace(estimate, measures=told), whole, weights) if measures else pd.DataFrame(),
        scales=scales, items=items, weights=_weight_summary(weights), margins=weights.margins.astype({"category": "str"}) if weights is not None else pd.DataFrame(),
        anonymity=_anonymity(clean), notes=_noted([*sample.notes, *gaps, *unmeasured, *alone, *unrated(clean), *_counted(not_followed=left_out, silent=int(silent.sum()))]),
        shares=estimate.shares(frame, chosen, WEIGHT if weights is None else weights),
    )


def _counted(**counts: int) -> list[Note]:
    """Notes of what there is any of."""
    return [Note(note, n=n) for note, n in counts.items() if n]


def _noted(notes: Sequence[Note]) -> pd.DataFrame:
    return pd.DataFrame(notes, columns=list(Note._fields)).astype({"note": "str", "variable": "str", "n": "int64"})


def _sensitivity(clean: CleanTable, frame: pd.DataFrame, estimate: "_Estimator", whole: pd.DataFrame, weights: Weights | None) -> pd.DataFrame:
    """The estimates without flagged rows; those of all rows are the ones already made."""
    told = {(m.variable, m.measure) for m in estimate.measures}
    whole = whole[[pair in told for pair in zip(whole["variable"], whole["measure"], strict=True)]].reset_index(drop=True)
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
        if not self.measures:
            return pd.DataFrame({"variable": [], "measure": [], "estimate": []})
        options = self._options(weights)
        shares, means = ([m for m in self.measures if (m.measure in SHARES) == are_shares] for are_shares in (True, False))
        parts = []
        if shares:  # a share has its row also where nobody chose it
            found = estimate_share(rows, [_is_chosen(rows[m.column]) for m in shares], **options)  # type: ignore[arg-type]
            parts.append(found[found["category"] == CHOSEN].drop(columns="category"))
        if means:
            parts.append(estimate_mean(rows, [m.column for m in means], **options).assign(unit=[m.unit for m in means]))  # type: ignore[arg-type]
        found = pd.concat(parts, ignore_index=True).set_index("variable").loc[[m.column for m in self.measures]].reset_index(drop=True)
        told = {
            "variable": [m.variable for m in self.measures], "measure": [m.measure for m in self.measures],
            "dont_know": [_weighted_mean(rows, m.unclear, weights) for m in self.measures], "n_chosen": [_chosen(rows, m) for m in self.measures],
        }
        named = pd.DataFrame(told)
        return pd.concat([named[["variable", "measure"]], found, named[["dont_know", "n_chosen"]]], axis=1)

    def _options(self, weights: Weights | str) -> dict[str, object]:
        return {"weights": weights, "sampling": self.sample.sampling, "conf_level": self.conf_level, **self.sample.options}

    def shares(self, rows: pd.DataFrame, questions: Sequence[Variable], weights: Weights | str) -> pd.DataFrame:
        """Shares of the answers that somebody chose, among those who answered the question; none of a single sheet."""
        answers = [answer for v in questions for answer in _answers(rows, v)]
        if len(rows) < TWO or not answers:
            return pd.DataFrame({"variable": [], "category": []}, dtype="str")
        columns = {a.column: _is_chosen(rows[a.column]) if a.is_option else rows[a.column] for a in answers}
        found = estimate_share(rows, list(columns.values()), **self._options(weights))  # type: ignore[arg-type]
        found = found.assign(category=found["category"].astype("str")).set_index(["variable", "category"]).loc[[(a.column, a.value) for a in answers]]
        told = pd.DataFrame({"variable": [a.variable for a in answers], "category": [a.category for a in answers]}, dtype="str")
        return pd.concat([told, found.reset_index(drop=True)], axis=1).assign(n_chosen=[a.n_chosen for a in answers])


class _Answer(NamedTuple):
    """An answer that somebody chose: what it is of, the value of a column by which it is known, and how many sheets have it.

    `is_option`: its column says of every sheet whether it was chosen; a code of another question may be called as that is.
    """

    variable: str
    category: str
    column: str
    value: str
    n_chosen: int
    is_option: bool


def _answers(rows: pd.DataFrame, variable: Variable) -> list[_Answer]:
    """Answers to a question of single or multiple choice, or what a ranking puts first, in the order of the codebook."""
    if variable.type is not VariableType.MULTIPLE:
        column = variable.columns[0]
        counts = rows[column].astype("str").value_counts()
        return [_Answer(variable.name, value, column, value, int(counts[value]), is_option=False) for value in variable.answers if counts.get(value)]
    chosen = {column: int((rows[column] == 1).sum()) for column in variable.columns}
    return [_Answer(variable.name, c.removeprefix(f"{variable.name}__"), c, CHOSEN, n, is_option=True) for c, n in chosen.items() if n]


def _is_chosen(answers: pd.Series) -> pd.Series:
    """Whether a share counts a sheet, missing where it has no answer."""
    codes = np.where(answers.isna(), -1, (answers == 1).to_numpy(dtype=bool, na_value=False))
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(["rest", CHOSEN])), index=answers.index, name=answers.name)


def _chosen(rows: pd.DataFrame, measure: Measure) -> float:
    """Sheets that a share counts; NaN of another measure."""
    return float((rows[measure.column] == 1).sum()) if measure.measure in SHARES else float("nan")


def _weighted_mean(rows: pd.DataFrame, column: str, weights: Weights | str) -> float:
    """Weighted mean of a column that is missing where it does not apply; NaN without one."""
    if not column:
        return float("nan")
    weight = weights.values if isinstance(weights, Weights) else rows[weights].to_numpy(dtype=float)
    values = rows[column].to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(values)
    return float(values[known] @ weight[known] / weight[known].sum()) if known.any() else float("nan")


def _scales(clean: CleanTable, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, list[Note]]:
    """Reliability and items of the scales, and which of them have too few answers, or an item that all answer alike."""
    rows, items, unmeasured = [], [], []
    for name, variables in numeric_scales(clean).items():
        try:
            found = reliability(numbers(frame, variables), [v.name for v in variables], **keyed(variables))
        except EstimationError as error:
            if {failure.code for failure in error.failures} != {UNMEASURABLE}:
                raise
            unmeasured.append(Note("scale_unmeasured", variable=name, n=len(frame)))
            continue
        rows.append({
            "scale": name, "alpha": found.alpha, "conf_low": found.conf_low, "conf_high": found.conf_high, "conf_level": found.conf_level,
            "omega": found.omega, "n": found.n, "n_items": len(variables),
        })
        items += [{"scale": name, **row} for row in found.items.to_dict("records")]
    return pd.DataFrame(rows), pd.DataFrame(items), unmeasured


def _answered(frame: pd.DataFrame, measures: Sequence[Measure]) -> "pd.Series[bool]":
    """Rows that answered something that is measured; whoever declines to take part has answered whether to."""
    asked = [m for m in measures if m.measure != "share"] or measures
    return frame[[m.column for m in asked]].notna().any(axis=1)


def _respondents(frame: pd.DataFrame, answered: "pd.Series[bool]", silent: "pd.Series[bool]", needed: Sequence[str]) -> pd.DataFrame:
    """The rows without people who declined to take part.

    Where a person needs a place in the design, these have none and answered nothing that is measured; elsewhere they answer no question
    among the results. If there is nobody else, they are all that can be told of.
    """
    columns = [c for c in dict.fromkeys(needed) if c in frame]
    if columns:
        return frame[answered | frame[columns].notna().all(axis=1)].copy()
    return (frame if silent.all() else frame[~silent]).copy()


def _is_consent(question: Variable, everyone: pd.DataFrame, rows: pd.DataFrame) -> bool:
    """Whether a question has one answer among the respondents alone, because whoever gave another answers nothing else: it asks whether to take part."""
    return question.name in everyone and _differ(everyone[question.name]) and not _differ(rows[question.name])


def _differ(column: pd.Series) -> bool:
    answers = column.dropna()
    return len(answers) > 1 and bool((answers != answers.iloc[0]).any())


def _silent(everyone: pd.DataFrame, answered: "pd.Series[bool]", choices: Sequence[Variable]) -> "pd.Series[bool]":
    """Which rows answer no question among the results; one that they alone answer otherwise asks whether to take part."""
    others = everyone[answered]
    told = [c for v in choices if others.empty or not _is_consent(v, everyone, others) for c in v.columns if c in everyone]
    return everyone[told].isna().all(axis=1) & ~answered


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
    table = pd.DataFrame(cells, index=clean.frame.index)
    told = clean.frame[list(cells)].notna().any(axis=1)  # whoever tells none of them cannot be singled out, and would be a large cell
    if not told.any():
        return pd.DataFrame()
    found = k_anonymity(table[told], list(cells))
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
    return files | {f"quality_{name}.csv": guarded_csv(getattr(quality, name)) for name in FOR_PEOPLE}


def read_quality(folder: str | Path) -> SurveyQuality:
    """The results that stand beside a cleaned survey.

    Raises
    ------
    CaseError
        A file of them is missing: the survey was cleaned by an earlier version, or not wholly copied.
    """
    files = {table.name: Path(folder) / f"quality_{table.name}.parquet" for table in fields(SurveyQuality)}
    if missing := [path.name for path in files.values() if not path.is_file()]:
        raise CaseError(Failure(code="CR-F09", values={"folder": str(folder), "missing": ", ".join(missing)}))
    return SurveyQuality(**{name: pd.read_parquet(path) for name, path in files.items()})
