"""Checks of what was recorded: changes of recording, other programmes, who and what is missing, months of the pandemic."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from commresearch.impact.arrays import NEVER, Dropped, PanelArrays
from commresearch.impact.result import CheckResult, Note
from commresearch.words.precision import short

NEAR = 3  #: months around a start within which a change of recording cannot be told from an effect
PANDEMIC = (2020 * 12, 2023 * 12)  #: 2020-01 to 2023-01, as months counted from year 0
ATTRITION = 0.10  #: difference of the shares of months missing between the arms that is serious
HOURS = "hours"  #: what stands in the note of a break that is a change of opening hours


def check_recording_breaks(arrays: PanelArrays, breaks: pd.DataFrame) -> CheckResult:
    """Whether recording changed close to the start of treated units, when it did not change for the others at that time.

    Parameters
    ----------
    breaks : DataFrame
        source, unit_id (a unit, or * for all), on, note.

    Returns
    -------
    CheckResult
        table: the breaks with the start of their unit and the months between. A break of all units at once is in the comparison too:
        it is told and does not fail, unless all cohorts start within three months of it.
    """
    rows = _dated(arrays, breaks)
    if rows.empty:
        return CheckResult(name="recording_breaks", passed=True, table=rows, note=Note(key="breaks_none"))
    near = rows[rows["months_from_start"].abs() <= NEAR]
    values: dict[str, object] = {"n": len(near), "units": _few(near["unit_id"]), "notes": _few(near["note"]), "months": NEAR}
    passed = near.empty
    return CheckResult(name="recording_breaks", passed=passed, table=rows, note=Note(key="breaks_far" if passed else "breaks_near", values=values))


def check_late_record(dropped: Sequence[Dropped], treated: int) -> CheckResult:
    """Whether treated units were left out because their record begins with the start.

    Returns
    -------
    CheckResult
        table: unit_id. Failed where half of the treated units or more are gone: those that are left are not the pilot.
    """
    late = sorted({d.unit_id for d in dropped if d.reason in {"blocked", "late_record"}})
    table = pd.DataFrame({"unit_id": late})
    if not late:
        return CheckResult(name="late_record", passed=True, table=table, note=Note(key="late_none"))
    values: dict[str, object] = {"n": len(late), "units": _few(late), "left": treated}
    return CheckResult(name="late_record", passed=len(late) < treated, table=table, note=Note(key="late_some", values=values))


def check_concurrent_programmes(arrays: PanelArrays, programmes: pd.DataFrame | None) -> CheckResult:
    """Whether something else happened to treated units after their start, and not in the same measure to the others.

    Parameters
    ----------
    programmes : DataFrame, optional
        unit_id (or *), starts_on, ends_on, kind, note.

    Returns
    -------
    CheckResult
        table: kind, treated and untreated units with it in months after the (first) start, in percent of them. Not made without a list of programmes.
    """
    if programmes is None:
        return CheckResult(name="concurrent_programmes", passed=None, table=pd.DataFrame(), note=Note(key="programmes_unknown"))
    treated = arrays.ever_treated
    rows = []
    for kind, part in programmes.groupby("kind", sort=True):
        with_it = np.array([_meets(part, str(u), int(first if first != NEVER else arrays.cohorts[0]), int(arrays.periods[-1])) for u, first in zip(arrays.units, arrays.first, strict=True)])
        rows.append((str(kind), 100 * with_it[treated].mean(), 100 * with_it[~treated].mean() if (~treated).any() else 0.0))
    table = pd.DataFrame(rows, columns=["kind", "treated_share", "comparison_share"])
    uneven = table[(table["treated_share"] - table["comparison_share"]).abs() > 100 * ATTRITION]
    values: dict[str, object] = {"kinds": _few(uneven["kind"])}
    passed = uneven.empty
    return CheckResult(name="concurrent_programmes", passed=passed, table=table, note=Note(key="programmes_even" if passed else "programmes_uneven", values=values))


def check_pandemic_months(arrays: PanelArrays) -> CheckResult:
    """How many of the months before the start fall into the pandemic; told, not judged.

    Returns
    -------
    CheckResult
        table: months before the first start, of these in the pandemic.
    """
    before = arrays.periods[arrays.periods < arrays.cohorts[0]]
    during = int(((before >= PANDEMIC[0]) & (before <= PANDEMIC[1])).sum()) if arrays.dated else 0
    table = pd.DataFrame([{"months_before": len(before), "pandemic_months": during}])
    values: dict[str, object] = {"n": during, "all": len(before)}
    return CheckResult(name="pandemic_months", passed=None if during else True, table=table, note=Note(key="pandemic_some" if during else "pandemic_none", values=values))


def check_attrition(arrays: PanelArrays) -> CheckResult:
    """Whether more months are missing on one side, after the start, than on the other.

    Returns
    -------
    CheckResult
        table: arm, missing_before, missing_after, in percent of unit-months.
    """
    treated = arrays.ever_treated
    if treated.all():
        return CheckResult(name="attrition", passed=None, table=pd.DataFrame(), note=Note(key="attrition_unknown"))
    after = arrays.periods >= arrays.cohorts[0]
    missing = ~arrays.observed
    rows = [(arm, *(100 * missing[rows][:, when].mean() if when.any() else 0.0 for when in (~after, after))) for arm, rows in (("treated", treated), ("comparison", ~treated))]
    table = pd.DataFrame(rows, columns=["arm", "missing_before", "missing_after"])
    gap = abs(table["missing_after"][0] - table["missing_after"][1])
    values: dict[str, object] = {"treated": f"{table['missing_after'][0]:.0f}", "comparison": f"{table['missing_after'][1]:.0f}"}
    passed = bool(gap <= 100 * ATTRITION)
    return CheckResult(name="attrition", passed=passed, table=table, note=Note(key="attrition_even" if passed else "attrition_uneven", values=values))


def check_sign_conflict(estimate: float, additive: float, conf: tuple[float, float]) -> CheckResult:
    """Whether the change in percent and the change by differences point the same way.

    Parameters
    ----------
    conf : (low, high)
        Interval of the change in percent; where it holds zero a difference in sign is chance and tells nothing.

    Returns
    -------
    CheckResult
        table: percent, additive.
    """
    table = pd.DataFrame([{"percent": estimate, "additive": additive}])
    apart = estimate * additive < 0
    passed = None if apart and conf[0] <= 0 <= conf[1] else not apart
    values: dict[str, object] = {"percent": short(estimate, sign=True), "additive": short(additive, sign=True)}
    return CheckResult(name="sign_conflict", passed=passed, table=table, note=Note(key="sign_apart" if apart else "sign_agrees", values=values))


def _dated(arrays: PanelArrays, breaks: pd.DataFrame) -> pd.DataFrame:
    """The breaks of treated units with the months since their start (before it: negative)."""
    columns = ["source", "unit_id", "on", "note", "start", "months_from_start"]
    starts = {str(u): int(f) for u, f in zip(arrays.units, arrays.first, strict=True) if f <= arrays.periods[-1]}
    rows = []
    for source, unit, on, note in breaks[["source", "unit_id", "on", "note"]].itertuples(index=False, name=None):
        month = pd.Timestamp(on).year * 12 + pd.Timestamp(on).month - 1
        own = sorted(set(starts.values())) if str(unit) == "*" else [starts[str(unit)]] if str(unit) in starts else []
        shared = str(unit) == "*" and len(own) > 1
        rows += [] if shared else [(source, str(unit), on, note, arrays.label(start), month - start) for start in own]
    return pd.DataFrame(rows, columns=columns)


def _meets(part: pd.DataFrame, unit: str, first: int, last: int) -> bool:
    """Whether a programme of this unit, or of all, runs in the months from `first` to `last`."""
    own = part[part["unit_id"].astype("str").isin([unit, "*"])]
    starts, ends = pd.to_datetime(own["starts_on"]), pd.to_datetime(own["ends_on"])
    begin = starts.dt.year * 12 + starts.dt.month - 1
    end = (ends.dt.year * 12 + ends.dt.month - 1).fillna(last)
    return bool(((begin <= last) & (end >= first)).any())


def _few(values: Sequence[object] | pd.Series) -> list[str]:
    """The first five different ones."""
    return list(dict.fromkeys(str(v) for v in values))[:5]
