"""What a cleaned survey can say, and what its flags do to that: estimates, scales, weights, anonymity."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TypedDict

import numpy as np
import pandas as pd

from commresearch.cleaning.anonymity import k_anonymity
from commresearch.cleaning.clean_table import CleanTable
from commresearch.cleaning.effort import flag_sensitivity
from commresearch.cleaning.variable import Variable
from commresearch.survey import Weights, estimate_mean, estimate_share, rake, reliability, satisfaction, score_scale
from commresearch.terms import Role, Sampling, VariableType
from commresearch.words import entries

MEASURES_SHOWN = 16  #: measures that the report follows through its flags; more would not be read
LEAST_SCALE_ITEMS = 2
WEIGHT, CLUSTER = "weight_", "cluster_"  #: working columns
FIVE = [str(i) for i in range(1, 6)]
BAND = 10  #: years of an age band in the count of K


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurveyQuality:
    """Results on one survey, as tables.

    estimates
        variable, measure (top_two, score, scale, mean), the columns of an estimate, `dont_know`: share of 不清楚 among those asked
    sensitivity
        the same measures over all rows, without each flag, and without all flagged rows
    scales, items
        reliability per scale; item-rest correlation per item
    weights, margins
        what raking did: one row of summary, one row per category; empty where the case gives no margins
    anonymity
        K and shares of rows in small cells over the quasi-identifiers, numbers in bands of ten
    """

    estimates: pd.DataFrame
    sensitivity: pd.DataFrame
    scales: pd.DataFrame
    items: pd.DataFrame
    weights: pd.DataFrame
    margins: pd.DataFrame
    anonymity: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number that a survey is asked for: a column of the working frame and how it is estimated."""

    variable: str
    measure: str
    column: str
    unit: str
    dont_know: float = float("nan")


def assess_survey(
    clean: CleanTable, sampling: Sampling, *, margins: pd.DataFrame | None = None, conf_level: float = 0.95
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

    Raises
    ------
    EstimationError
        Margins or a design that cannot be used.
    """
    frame, measures = _working_frame(clean)
    frame[WEIGHT] = _base_weights(clean)
    design = _design(clean, frame, sampling)
    frame = _respondents(frame, measures, [WEIGHT, *design.values(), *(margins.get("variable", []) if margins is not None else [])])
    weights = rake(frame, _typed_margins(margins), base_weight=WEIGHT) if margins is not None else None
    estimate = partial(estimate_measures, measures=measures, sampling=sampling, conf_level=conf_level, design=design)
    kept = frame.assign(**{WEIGHT: weights.values}) if weights is not None else frame
    scales, items = _scales(clean, frame)
    return SurveyQuality(
        estimates=estimate(frame, weights=weights if weights is not None else WEIGHT),
        sensitivity=flag_sensitivity(kept, clean.flags.loc[frame.index], partial(estimate, weights=WEIGHT), by=["variable", "measure"]) if measures else pd.DataFrame(),
        scales=scales, items=items, weights=_weight_summary(weights), margins=weights.margins.astype({"category": "str"}) if weights is not None else pd.DataFrame(),
        anonymity=_anonymity(clean),
    )


def estimate_measures(
    frame: pd.DataFrame, *, measures: Sequence[Measure], weights: Weights | str, sampling: Sampling, conf_level: float,
    design: Mapping[str, object],
) -> pd.DataFrame:
    """One row per measure, in the columns of an estimate."""
    rows = []
    for measure in measures:
        options = {"weights": weights, "sampling": sampling, "conf_level": conf_level, **design}
        if measure.measure == "top_two":
            shares = estimate_share(frame, measure.column, **options)  # type: ignore[arg-type]
            row = shares[shares["category"].astype("float64") == 1].drop(columns="category")
        else:
            row = estimate_mean(frame, measure.column, unit=measure.unit, **options)  # type: ignore[arg-type]
        rows.append(row.assign(variable=measure.variable, measure=measure.measure, dont_know=measure.dont_know))
    if not rows:
        return pd.DataFrame({"variable": [], "measure": [], "estimate": []})
    table = pd.concat(rows, ignore_index=True)
    return table[["variable", "measure", *(c for c in table.columns if c not in {"variable", "measure"})]]


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


def _working_frame(clean: CleanTable) -> tuple[pd.DataFrame, list[Measure]]:
    """Columns that can be estimated: satisfaction as two measures, scale scores, plain numbers; at most `MEASURES_SHOWN`."""
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
    return frame, [m for m in measures if frame[m.column].notna().any()][:MEASURES_SHOWN]


def _satisfaction(clean: CleanTable, frame: pd.DataFrame, variable: Variable, *, best: int) -> list[Measure]:
    """满意率 (top two of five) and mean score of one item; 不清楚 stands apart."""
    found = satisfaction(frame, variable.name, best=best, missing_kinds=clean.missing_kinds[variable.name])
    for part in ("top_two", "score"):
        frame[f"{variable.name}:{part}"] = found[part]
    share = float(found["dont_know"].astype("float64").mean())
    return [
        Measure(variable=variable.name, measure=part, column=f"{variable.name}:{part}", unit="score", dont_know=share) for part in ("top_two", "score")
    ]


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
    return pd.DataFrame({v.name: pd.to_numeric(frame[v.name].astype("str"), errors="coerce") for v in variables}, index=frame.index)


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


def _base_weights(clean: CleanTable) -> np.ndarray:
    given = clean.codebook.role(Role.WEIGHT)
    if given is None or given.name not in clean.frame:
        return np.ones(len(clean.frame))
    return clean.frame[given.name].to_numpy(dtype=float, na_value=np.nan)


def _design(clean: CleanTable, frame: pd.DataFrame, sampling: Sampling) -> dict[str, object]:
    """Strata and clusters of a probability sample; for quota and opt-in samples the communities, whose people are alike."""
    if sampling is Sampling.CENSUS:
        return {}
    if sampling is Sampling.PROBABILITY:
        found = {name: clean.codebook.role(role) for name, role in (("strata", Role.STRATUM), ("clusters", Role.CLUSTER))}
        return {name: variable.name for name, variable in found.items() if variable and variable.name in frame}
    community = clean.codebook.role(Role.COMMUNITY)
    if community is None or community.name not in frame:
        return {}
    named = frame[community.name].astype("object")
    frame[CLUSTER] = named.where(named.notna(), pd.Series(frame.index, index=frame.index))  # who names none stands alone
    return {"clusters": CLUSTER} if len(named.dropna().unique()) > 1 else {}


def _respondents(frame: pd.DataFrame, measures: Sequence[Measure], needed: Sequence[object]) -> pd.DataFrame:
    """The rows without those that answered nothing that is measured and have no place in the design: people who declined to take part."""
    answered = frame[[m.column for m in measures]].notna().any(axis=1)
    placed = frame[[c for c in dict.fromkeys(map(str, needed)) if c in frame]].notna().all(axis=1)
    return frame[answered | placed]


def _typed_margins(margins: pd.DataFrame) -> pd.DataFrame:
    return margins.assign(target=pd.to_numeric(margins["target"], errors="coerce")) if "target" in margins else margins


def _weight_summary(weights: Weights | None) -> pd.DataFrame:
    if weights is None:
        return pd.DataFrame()
    low, high = weights.g_range
    return pd.DataFrame([{"kish_deff": weights.kish_deff, "effective_n": weights.effective_n, "g_low": low, "g_high": high, "n": len(weights.values)}])


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
