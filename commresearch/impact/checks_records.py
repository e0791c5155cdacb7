"""Checks of what was recorded: changes of recording and of opening hours, other programmes, who and what is missing, months of the pandemic."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from commresearch.impact.arrays import NEVER, Dropped, PanelArrays, period_numbers
from commresearch.impact.result import CheckResult, Note
from commresearch.outcomes import Panel
from commresearch.outcomes.live import ALL_UNITS
from commresearch.terms import Language, Unit
from commresearch.words.precision import short

NEAR = 3  #: months around a start within which a change of recording cannot be told from an effect
PANDEMIC = (2020 * 12, 2023 * 12)  #: 2020-01 to 2023-01, as months counted from year 0
ATTRITION = 0.10  #: difference of the shares of months missing between the arms that is serious
SEEN = 0.5  #: share of the months of the others that treated units must have before the start
MORE_HOURS = 10.0  #: percent by which opening hours may change more on one side than on the other
HOURS = ("use_of_open_hours", "use_of_reference_hours")  #: companions of the use of space whose denominators are the hours open and the reference hours


def check_recording_breaks(arrays: PanelArrays, breaks: pd.DataFrame, *, compared: bool) -> CheckResult:
    """Whether recording changed close to a start on one side of the comparison only.

    Parameters
    ----------
    breaks : DataFrame
        source, unit_id (a unit, or * for all), on, note.
    compared : bool
        Whether the estimate uses a comparison.

    Returns
    -------
    CheckResult
        table: the breaks, whom they concern (all, treated, comparison), the start (own, or the nearest one) and the months between. Failed where
        one within three months of a start concerns treated units and not all others, or others alone. One of all units, written as * or unit by
        unit, is in the comparison too: it is told, and fails only where there is no comparison.
    """
    rows = _dated(arrays, breaks, compared=compared)
    if rows.empty:
        return CheckResult(name="recording_breaks", passed=True, table=rows, note=Note(key="breaks_none"))
    near = rows[rows["months_from_start"].abs() <= NEAR]
    one_sided = near[near["concerns"] != "all"] if compared else near
    told = near if one_sided.empty else one_sided
    values: dict[str, object] = {"units": _few(told["unit_id"]), "notes": _few(told["note"]), "months": NEAR}
    if near.empty:
        return CheckResult(name="recording_breaks", passed=True, table=rows, note=Note(key="breaks_far", values=values))
    if one_sided.empty:
        return CheckResult(name="recording_breaks", passed=None, table=rows, note=Note(key="breaks_shared", values=values))
    everybody = set(told["unit_id"]) == {ALL_UNITS}
    return CheckResult(name="recording_breaks", passed=False, table=rows, note=Note(key="breaks_near_all" if everybody else "breaks_near", values=values))


def check_late_record(dropped: Sequence[Dropped], treated: int) -> CheckResult:
    """Whether treated units were left out because their record begins with the start.

    Parameters
    ----------
    treated : int
        Treated units that are left.

    Returns
    -------
    CheckResult
        table: unit_id. Failed where half of the treated units or more are gone: those that are left are not the pilot.
    """
    late = sorted({d.unit_id for d in dropped if d.whole and d.reason in {"blocked", "late_record"}})
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
    key = f"programmes_{'even' if passed else 'uneven'}{'' if (~treated).any() else '_alone'}"
    return CheckResult(name="concurrent_programmes", passed=passed, table=table, note=Note(key=key, values=values))


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


def check_attrition(arrays: PanelArrays, ended: Mapping[str, int]) -> CheckResult:
    """Whether more months are missing on one side than on the other, from the start on and before it.

    Parameters
    ----------
    ended : mapping
        Unit → number of the period in which its pilot ended: what comes after is not used, and not missing.

    Returns
    -------
    CheckResult
        table: arm, missing_before, missing_after, in percent of unit-months. Failed where the shares from the start on differ by more than ten
        points, or treated units have less than half of the months before the start that the others have; a smaller difference before is told.
    """
    treated = arrays.ever_treated
    if treated.all():
        return CheckResult(name="attrition", passed=None, table=pd.DataFrame(), note=Note(key="attrition_unknown"))
    over = np.array([ended.get(str(u), NEVER) for u in arrays.units])
    looked_at = arrays.periods[None, :] < over[:, None]
    before = np.broadcast_to(arrays.periods < arrays.cohorts[0], arrays.shape)
    rows = [
        (arm, *(_missing(arrays.observed, looked_at & when & side[:, None]) for when in (before, ~before)))
        for arm, side in (("treated", treated), ("comparison", ~treated))
    ]
    table = pd.DataFrame(rows, columns=["arm", "missing_before", "missing_after"])
    early, late = ((float(table[c][0]), float(table[c][1])) for c in ("missing_before", "missing_after"))
    key, passed, shown = "attrition_even", True, late
    if abs(late[0] - late[1]) > 100 * ATTRITION:
        key, passed = "attrition_uneven", False
    elif 100 - early[0] < SEEN * (100 - early[1]):
        key, passed, shown = "attrition_short", False, early
    elif abs(early[0] - early[1]) > 100 * ATTRITION:
        return CheckResult(name="attrition", passed=None, table=table, note=Note(key="attrition_before", values=_arms(early)))
    return CheckResult(name="attrition", passed=passed, table=table, note=Note(key=key, values=_arms(shown)))


def check_opening_hours(panel: Panel, arrays: PanelArrays, *, compared: bool) -> CheckResult | None:
    """Whether rooms of treated units are open longer, or shorter, since the start, and those of the others are not.

    Hours open per reference hour, so that months and rooms do not matter; means of the months from the start on against those before it, by unit.

    Parameters
    ----------
    panel : Panel
        Its companions tell the hours open.
    compared : bool
        Whether the estimate uses a comparison; without one the change of the treated alone is judged.

    Returns
    -------
    CheckResult or None
        table: arm, change in percent. Failed where the changes differ by more than ten percent. None where the outcome knows no opening hours.
    """
    hours = _open_share(panel, arrays)
    if hours is None:
        return None
    own, others = _changes_of_hours(hours, arrays, compared=compared)
    if not np.isfinite(own) or (compared and not np.isfinite(others)):
        return CheckResult(name="opening_hours", passed=None, table=pd.DataFrame(), note=Note(key="hours_unknown"))
    table = pd.DataFrame([("treated", own), ("comparison", others)], columns=["arm", "change"])
    values = {"treated": amount(short(own, sign=True), Unit.PERCENT), "comparison": amount(short(others, sign=True), Unit.PERCENT)}
    passed = bool(abs(own - (others if compared else 0.0)) <= MORE_HOURS)
    key = f"hours_{'even' if passed else 'changed'}{'' if compared else '_alone'}"
    return CheckResult(name="opening_hours", passed=passed, table=table, note=Note(key=key, values=values))


def check_synthetic_fit(details: Mapping[str, float]) -> CheckResult:
    """Whether a synthetic comparison follows the treated units before the start about as well as those of other units do theirs.

    Parameters
    ----------
    details : mapping
        Of the estimate: poor_fit (0 or 1), miss_before.

    Returns
    -------
    CheckResult
        table: miss_before, in the unit of the panel.
    """
    passed = details["poor_fit"] == 0
    table = pd.DataFrame([{"miss_before": details["miss_before"]}])
    return CheckResult(name="synthetic_fit", passed=passed, table=table, note=Note(key="fit_good" if passed else "fit_poor"))


def check_sign_conflict(estimate: float, additive: float, conf: tuple[float, float], *, unit: Unit) -> CheckResult:
    """Whether the change in percent and the change by differences point the same way.

    Parameters
    ----------
    conf : (low, high)
        Interval of the change in percent; where it holds zero a difference in sign is chance and tells nothing.
    unit : Unit
        Of the change by differences: that of the panel.

    Returns
    -------
    CheckResult
        table: percent, additive.
    """
    table = pd.DataFrame([{"percent": estimate, "additive": additive}])
    apart = estimate * additive < 0
    passed = None if apart and not (conf[0] > 0 or conf[1] < 0) else not apart
    values: dict[str, object] = {"percent": amount(short(estimate, sign=True), Unit.PERCENT), "additive": amount(short(additive, sign=True), unit)}
    return CheckResult(name="sign_conflict", passed=passed, table=table, note=Note(key="sign_apart" if apart else "sign_agrees", values=values))


def amount(text: str, unit: Unit) -> dict[str, str]:
    """A number of a finding with its unit, in both languages."""
    return {language.value: Note(key=f"unit_{unit}", values={"n": text}).text(language) for language in Language}


def _dated(arrays: PanelArrays, breaks: pd.DataFrame, *, compared: bool) -> pd.DataFrame:
    """The breaks of units that are used, with the months since the start (before it: negative): the own one, or the nearest of all."""
    columns = ["source", "unit_id", "concerns", "on", "note", "start", "months_from_start"]
    starts = {str(u): int(f) for u, f in zip(arrays.units, arrays.first, strict=True)}
    cohorts = [int(g) for g in arrays.cohorts]
    months = [12 * pd.Timestamp(on).year + pd.Timestamp(on).month - 1 for on in breaks["on"]]
    rows = []
    for _, part in breaks.assign(month=months).groupby(["source", "month"], sort=False, dropna=False):
        source, month = part["source"].iloc[0], int(part["month"].iloc[0])
        named = set(part["unit_id"].astype("str"))
        if ALL_UNITS in named or starts.keys() <= named:
            note, on = "、".join(_few(part["note"].dropna())), part["on"].iloc[0]
            rows += [(source, ALL_UNITS, "all", on, note, arrays.label(g), month - g) for g in cohorts]
            continue
        for unit, on, note in part[["unit_id", "on", "note"]].itertuples(index=False, name=None):
            treated = starts.get(str(unit), NEVER) <= arrays.periods[-1]
            if str(unit) in starts and (treated or compared):
                start = starts[str(unit)] if treated else min(cohorts, key=lambda g: abs(month - g))
                rows.append((source, str(unit), "treated" if treated else "comparison", on, note, arrays.label(start), month - start))
    return pd.DataFrame(rows, columns=columns)


def _missing(observed: np.ndarray, where: np.ndarray) -> float:
    """Share of these months that is missing, in percent."""
    return float(100 * (~observed)[where].mean()) if where.any() else 0.0


def _arms(shares: tuple[float, float]) -> dict[str, object]:
    return {"treated": f"{shares[0]:.0f}", "comparison": f"{shares[1]:.0f}"}


def _open_share(panel: Panel, arrays: PanelArrays) -> np.ndarray | None:
    """Hours open per reference hour where a month is used, (N, T); None where the outcome knows none, NaN where none are on file."""
    ending = "_all_rooms" if dict(panel.definition.parameters).get("rooms") == "all" else ""
    opened, reference = (panel.companion(name + ending)[["unit_id", "month", "denominator"]] for name in HOURS)
    both = opened.merge(reference, on=["unit_id", "month"], suffixes=("", "_reference"))
    both = both[both["unit_id"].isin(set(arrays.units))]
    if both.empty:
        return None
    numbers = period_numbers(both["month"])[0]
    inside = np.isin(numbers, arrays.periods)
    opened_for, wanted = (both[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("denominator", "denominator_reference"))
    share = opened_for / np.where(wanted > 0, wanted, np.nan)
    place = pd.Index(arrays.units).get_indexer(both["unit_id"])
    made = np.full(arrays.shape, np.nan)
    made[place[inside], np.searchsorted(arrays.periods, numbers[inside])] = share[inside]
    return np.where(arrays.observed & (made > 0), made, np.nan)


def _changes_of_hours(hours: np.ndarray, arrays: PanelArrays, *, compared: bool) -> tuple[float, float]:
    """Mean change of treated units, and of the others over the same months, in percent; NaN where nothing is known."""
    never = ~arrays.ever_treated
    found = []
    for g in arrays.cohorts:
        others = never if never.any() else arrays.first > g
        untreated = np.where(arrays.treated, np.nan, hours)
        own, beside = _changes(hours[arrays.first == g], arrays.periods < g), _changes(untreated[others], arrays.periods < g)
        if len(own) and (len(beside) or not compared):
            found.append((len(own), own.mean(), beside.mean() if compared else np.nan))
    if not found:
        return np.nan, np.nan
    sizes, owns, besides = np.array(found).T
    return float(np.average(owns, weights=sizes)), float(np.average(besides, weights=sizes))


def _changes(hours: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Change of each row from the mean of the months before to that of the others, in percent; rows without one of them left out."""
    early, late = (pd.DataFrame(hours[:, when]).mean(axis=1).to_numpy() for when in (before, ~before))
    change = 100 * (late / early - 1)
    return np.asarray(change[np.isfinite(change)])


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
