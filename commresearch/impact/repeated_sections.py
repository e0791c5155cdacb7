"""Surveys of new people in every wave: difference-in-differences of weighted means, and whether the people changed."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from commresearch.errors import DesignError, EstimationError, Failure
from commresearch.impact.arrays import arrays_of
from commresearch.impact.cluster_robust import KINDS, ClusterVcov, Kind, cluster_sums, cr1, inverse, small_sample_factor
from commresearch.impact.fixed_effects import TwoWayFit, named_clusters, regression_notes, treatment_fit, usable
from commresearch.impact.option_checks import option_faults
from commresearch.impact.result import CONF_LEVEL, CheckResult, ImpactEstimate, Note, impact_estimate
from commresearch.outcomes import Panel
from commresearch.terms import Estimand, Inference, Method, Unit

ARMS = ("treated", "untreated")


def repeated_sections(  # noqa: PLR0913 - columns of a table
    frame: pd.DataFrame, *, value: str, community: str, wave: str, treated_from: str, weight: str | None = None, cluster: str | None = None,
    share: bool = True, unit: Unit | str | None = None, vcov: Kind = "cr1", composition: Sequence[str] = (), outcome: str | None = None,
    conf_level: float = CONF_LEVEL,
) -> ImpactEstimate:
    """Effect on a share or a score from a table of answers, one row per person and wave.

    The weighted regression of the answers on the treatment with effects of communities and waves. Its regressors are constant within community and
    wave, so that it is computed from the weighted means by community and wave, each weighing as much as its people.

    Parameters
    ----------
    frame : DataFrame
        One row per person.
    value : str
        0 or 1 (`share`: told in percentage points), or a score.
    community, wave, treated_from : str
        Columns; `treated_from` is the first wave with the pilot, missing where there is none, and of the type of `wave` (months or whole numbers).
    weight, cluster : str, optional
        Survey weights, and what was chosen to be treated (else the community).
    share : bool
        Whether the value is 0 or 1.
    unit : Unit, optional
        Of a score; needed where `share` is False.
    vcov : {"cr1", "cr2", "cr3"}
        By assignment. The factor of CR1 counts people as observations and the treatment and the waves as parameters.
    composition : sequence of str
        Columns that tell who answered: age, sex, tenure.

    Returns
    -------
    ImpactEstimate
        `checks` holds the table of who answered, before and after, by arm; n_obs counts people.

    Raises
    ------
    DesignError
        A wave has no answers in an arm (CR-I39), no comparison (CR-I25, CR-I26, CR-I27).
    EstimationError
        Options or columns (CR-I38), weights (CR-I24, CR-I38), what `two_way_fixed_effects` refuses.
    """
    used, unit = _answers(frame, (value, community, wave, treated_from, weight, cluster), composition, share, unit, vcov, conf_level)
    _require_waves(used)
    arrays_panel = _panel(used, unit, outcome or value)
    arrays = usable(arrays_of(arrays_panel))
    people = int(used["community"].isin(arrays.units).sum())
    fit = treatment_fit(arrays)
    cov = named_clusters(arrays, lambda: _vcov(fit, vcov, people))
    table = composition_table(used, composition)
    lost = len(frame) - len(used)
    notes = (Note(key="sections_missing", values={"n": lost}),) if lost else ()
    made = impact_estimate(
        arrays_panel, arrays, method=Method.REPEATED_SECTIONS, inference=Inference(vcov),
        estimand=Estimand.ATT if len(arrays.cohorts) == 1 else Estimand.COEFFICIENT, estimate=float(fit.coefficient[0]),
        std_error=float(np.sqrt(cov.vcov[0, 0])), df=float(cov.df[0]), conf_level=conf_level, n_obs=people,
        details={"df": float(cov.df[0]), "cells": float(fit.n_obs)}, warnings=regression_notes(arrays, vcov) + notes,
    )
    found = CheckResult(name="composition", passed=None, table=table, note=Note(key="sections_composition", values={"n": len(composition)}))
    return replace(made, checks=(found,)) if composition else made


def composition_table(used: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Weighted means of numbers, and shares of categories in percent, before and after the start, by arm.

    Parameters
    ----------
    used : DataFrame
        arm, after (bool), weight, and the columns.

    Returns
    -------
    DataFrame
        variable, category ("" for a number), arm, before, after, change: after less before. Missing answers are left out of their variable.
    """
    rows = []
    for name in columns:
        column = used[name]
        numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
        categories = [""] if numeric else sorted(map(str, column.dropna().unique()))
        for category in categories:
            told = column.astype("float64") if numeric else (column.astype("str") == category).where(column.notna()).astype("float64") * 100
            for arm in ARMS:
                means = [_mean(told, used["weight"], (used["arm"] == arm) & (used["after"] == after)) for after in (False, True)]
                rows.append((name, category, arm, *means, means[1] - means[0]))
    return pd.DataFrame(rows, columns=["variable", "category", "arm", "before", "after", "change"])


def _mean(values: pd.Series, weight: pd.Series, rows: pd.Series) -> float:
    told = rows & values.notna()
    total = float(weight[told].sum())
    return float((values[told] * weight[told]).sum() / total) if total > 0 else np.nan


def _answers(
    frame: pd.DataFrame, names: tuple[str | None, ...], composition: Sequence[str], share: bool, unit: Unit | str | None, vcov: Kind,
    conf_level: float,
) -> tuple[pd.DataFrame, Unit]:
    """The rows that count, by one set of names: value, community, wave, treated_from, weight, cluster, arm, after."""
    value, community, wave, treated_from, weight, cluster = names
    known = ", ".join(map(str, frame.columns))
    failures = option_faults({"vcov": (vcov, KINDS)}, conf_level)
    wanted = [c for c in (*names, *composition) if c is not None]
    failures += [Failure(code="CR-I38", values={"option": "column", "got": c, "allowed": known}) for c in wanted if c not in frame]
    if not share and unit is None:
        failures.append(Failure(code="CR-I38", values={"option": "unit", "got": "—", "allowed": ", ".join(Unit)}))
    if failures:
        raise EstimationError(*failures)
    made = pd.DataFrame({
        "value": frame[value].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan), "community": frame[community].astype("str").to_numpy(),
        "wave": frame[wave].to_numpy(), "treated_from": frame[treated_from].to_numpy(),
        "weight": 1.0 if weight is None else frame[weight].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan),
        "cluster": frame[community if cluster is None else cluster].astype("str").to_numpy(),
    }).assign(**{name: frame[name].to_numpy() for name in composition})
    told = made["value"].dropna()
    other = told[~told.isin([0.0, 1.0])]
    if share and len(other):
        raise EstimationError(Failure(code="CR-I38", values={"option": str(value), "got": f"{other.iloc[0]:g}", "allowed": "0, 1"}))
    broken = ~(made["weight"] >= 0) & made["value"].notna()
    if broken.any():
        got = f"{made['weight'][broken].iloc[0]:g} ×{int(broken.sum())}"
        raise EstimationError(Failure(code="CR-I38", values={"option": str(weight), "got": got, "allowed": ">= 0"}))
    used = made[made["value"].notna() & (made["weight"] > 0) & pd.notna(made["wave"])].reset_index(drop=True)
    ever = used["treated_from"].notna()
    starts = used.loc[ever, "treated_from"]
    # Communities without the pilot have no start of their own: the first one divides their waves.
    begin = used["treated_from"].where(ever, starts.min()) if len(starts) else used["treated_from"]
    used["arm"] = np.where(ever, *ARMS)
    used["after"] = (used["wave"] >= begin).to_numpy(dtype=bool) if len(starts) else False
    if share:
        used["value"] *= 100
    return used, Unit.PERCENTAGE_POINTS if share or unit is None else Unit(unit)


def _require_waves(used: pd.DataFrame) -> None:
    """Every wave needs answers in both arms.

    Raises
    ------
    DesignError
        It has none (CR-I39).
    """
    waves = sorted(used["wave"].unique())
    present = set(zip(used["arm"], used["wave"], strict=True))
    words = {ARMS[0]: {"zh": "试点社区", "en": "communities with the pilot"}, ARMS[1]: {"zh": "非试点社区", "en": "communities without the pilot"}}
    missing = [Failure(code="CR-I39", values={"arm": words[a], "wave": _shown(w)}) for w in waves for a in ARMS if (a, w) not in present]
    if missing:
        raise DesignError(*missing)


def _panel(used: pd.DataFrame, unit: Unit, outcome: str) -> Panel:
    """Weighted means by community and wave, weighing as much as their people."""
    grouped = used.assign(total=used["value"] * used["weight"]).groupby(["community", "wave"], sort=True, observed=True)
    cells = grouped.agg(
        total=("total", "sum"), weight=("weight", "sum"), treated_from=("treated_from", "first"), cluster=("cluster", "first")
    ).reset_index()
    cells["value"] = cells["total"] / cells["weight"]
    return Panel.from_frame(
        cells, community="community", period="wave", value="value", treated_from="treated_from", cluster="cluster", weight="weight",
        outcome=outcome, unit=unit,
    )


def _vcov(fit: TwoWayFit, kind: Kind, people: int) -> ClusterVcov:
    """As of the regression of people: the scores are the same, CR1 counts people."""
    if kind != "cr1":
        return fit.vcov(kind)
    factor = small_sample_factor(int(fit.cluster.max()) + 1, people, fit.parameters)
    return cr1(cluster_sums(fit.unit_scores, fit.cluster), inverse(fit.bread), factor=factor)


def _shown(wave: object) -> str:
    return f"{wave:%Y-%m}" if isinstance(wave, pd.Timestamp) else str(wave)
