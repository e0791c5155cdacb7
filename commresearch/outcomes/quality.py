"""What a panel can bear: coverage, sudden breaks, outliers, small denominators, what was left out, how persons were told apart."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from commresearch.outcomes.context import TOLD_BESIDE
from commresearch.outcomes.panel import Panel
from commresearch.terms import Outcome

SMALL_DENOMINATOR = 100  #: below this one event more or less moves a rate by more than most effects
OUTLIER_DISTANCE = 5.0  #: in scaled median absolute deviations from the median of the unit
BREAK_DISTANCE = 4.0  #: in standard errors of the difference of two means
BREAK_MONTHS = 3  #: months on either side that a break is looked for in
MAD_SCALE = 1.4826  #: makes the median absolute deviation of a normal distribution its standard deviation
#: Rules of an account by which events are set aside before anybody asks for their place, and those that say that none was found.
BEFORE_PLACING = frozenset({"outside_period", "other_topic", "withdrawn", "test", "outside_area", "same_ticket", "outside_months", "end_before_start"})
UNPLACED_RULES = frozenset({"unplaced", "room_not_registered", "room_name_ambiguous", "room_without_unit"})
TIERS = ("tier_", "_share")  #: how companions are named that say how persons were told apart: tier_id_share, tier_phone_share, …


MEASURED = frozenset({Outcome.SPACE_USE, Outcome.AREA_IN_USE})  #: hours and square metres are no counts: their values are looked at


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelQuality:
    """Tables on the quality of a panel; empty where there is nothing to say.

    coverage : DataFrame
        unit_id, months, live_months, partial_months, provisional_months, missing_share (0-100), first_live, last_live, blocked.
    breaks : DataFrame
        unit_id, month, before, after, distance, dated: months in which the level of a unit jumps; `dated` says whether coverage names a change of
        recording in that month.
    outliers : DataFrame
        unit_id, month, value, median, distance.
    small_denominators : DataFrame
        unit_id, months, smallest: units with denominators below 100.
    exclusions : DataFrame
        rule, events, share (0-100, of all events).
    unplaced : DataFrame
        place, events, share (0-100, of the events that were to be placed).
    to_place
        How many events were to be placed in units and rooms.
    nowhere
        How many of them could not be.
    tiers : DataFrame
        month, tier, person_times, share (0-100): how persons were told apart.
    """

    coverage: pd.DataFrame
    breaks: pd.DataFrame
    outliers: pd.DataFrame
    small_denominators: pd.DataFrame
    exclusions: pd.DataFrame
    unplaced: pd.DataFrame
    to_place: int
    nowhere: int
    tiers: pd.DataFrame


def panel_quality(panel: Panel) -> PanelQuality:
    """The tables on the quality of a panel.

    Parameters
    ----------
    panel : Panel
        As `build_panel` makes it, or from a frame.

    Returns
    -------
    PanelQuality
        Nothing is removed or corrected by it.

    Notes
    -----
    A break is a month from which the mean of three months differs from the mean of the three before by more than four standard errors of a
    difference of Poisson means (of numerators that are counts; else by the spread of the values), and by more than in the months beside it. An
    outlier lies more than five scaled median absolute deviations from the median of its unit; counts are compared as square roots, so that large
    units do not stand out by chance.
    """
    is_measured = panel.definition.outcome in MEASURED
    frame = panel.frame.assign(numerator=np.nan) if is_measured else panel.frame
    small = _small(frame)
    to_place, nowhere = _placing(panel.account)
    return PanelQuality(
        coverage=_coverage(frame), breaks=_breaks(frame, panel.breaks), outliers=_outliers(frame), small_denominators=small.iloc[:0] if is_measured else small,
        exclusions=_exclusions(panel.account), unplaced=_unplaced(panel, to_place), to_place=to_place, nowhere=nowhere,
        tiers=_tiers(panel.companions),
    )


def _coverage(frame: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for unit, part in frame.groupby("unit_id", sort=True):
        live = part["live"].astype(bool)
        months = part.loc[live, "month"]
        rows.append(
            {
                "unit_id": unit, "months": len(part), "live_months": int(live.sum()), "partial_months": int(part["partial_month"].sum()),
                "provisional_months": int(part["provisional"].sum()), "missing_share": 100.0 * float((~live).mean()),
                "first_live": months.min() if live.any() else None, "last_live": months.max() if live.any() else None,
                "blocked": bool(part["blocked"].any()),
            }
        )
    return pd.DataFrame(rows)


def _breaks(frame: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    dated = set(pd.to_datetime(changes["on"]).dt.to_period("M").dt.to_timestamp()) if len(changes) else set()
    rows = []
    for unit, part in frame[~frame["partial_month"].astype(bool)].sort_values("month").groupby("unit_id", sort=True):
        counts = bool(part["numerator"].notna().any())
        numbers = part["numerator" if counts else "value"].to_numpy(dtype=np.float64, na_value=np.nan)
        for at, before, after, distance in _jumps(numbers, poisson=counts):
            month = part["month"].iloc[at]
            rows.append({"unit_id": unit, "month": month, "before": before, "after": after, "distance": distance, "dated": month in dated})
    return pd.DataFrame(rows, columns=["unit_id", "month", "before", "after", "distance", "dated"])


def _jumps(numbers: np.ndarray, *, poisson: bool) -> list[tuple[int, float, float, float]]:
    """Places at which a series jumps, with the means on both sides: the largest of those that touch."""
    n, k = len(numbers), BREAK_MONTHS
    if n < 2 * k:
        return []
    windows = np.lib.stride_tricks.sliding_window_view(numbers, k)
    before, after = windows[: n - 2 * k + 1].mean(axis=1), windows[k:].mean(axis=1)
    if poisson:
        error = np.sqrt((before + after + 1.0 / k) / k)
    else:
        error = np.full(len(before), np.nanstd(np.diff(numbers)) / np.sqrt(k) if np.isfinite(numbers).sum() > 2 else np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.nan_to_num(np.abs(after - before) / error)
    found: list[tuple[int, float, float, float]] = []
    for i in np.argsort(-distance, kind="stable"):
        if distance[i] <= BREAK_DISTANCE:
            break
        if all(abs(i + k - at) >= k for at, *_ in found):
            found.append((int(i) + k, float(before[i]), float(after[i]), float(distance[i])))
    return sorted(found)


def _outliers(frame: pd.DataFrame) -> pd.DataFrame:
    counted = frame["numerator"].notna().any()
    numbers = frame["numerator" if counted else "value"].to_numpy(dtype=np.float64, na_value=np.nan)
    scaled = pd.Series(np.sqrt(np.abs(numbers)) * np.sign(numbers) if counted else numbers, index=frame.index)
    by_unit = scaled.groupby(frame["unit_id"])
    middle = by_unit.transform("median")
    spread = MAD_SCALE * (scaled - middle).abs().groupby(frame["unit_id"]).transform("median")
    least = 0.5 if counted else 0.0  # the standard deviation of the square root of a Poisson count
    limit = spread.clip(lower=least)
    distance = (scaled - middle).abs() / limit.where(limit > 0)
    far = distance > OUTLIER_DISTANCE
    values = frame["value"].groupby(frame["unit_id"]).transform("median")
    return frame.loc[far, ["unit_id", "month", "value"]].assign(median=values[far], distance=distance[far]).reset_index(drop=True)


def _small(frame: pd.DataFrame) -> pd.DataFrame:
    small = frame[frame["denominator"] < SMALL_DENOMINATOR]
    found = small.groupby("unit_id", as_index=False).agg(months=("month", "size"), smallest=("denominator", "min"))
    return found[["unit_id", "months", "smallest"]]


def _exclusions(account: pd.DataFrame) -> pd.DataFrame:
    own = account[~account["rule"].isin(TOLD_BESIDE)]
    total = float(own["events"].sum()) if len(own) else 0.0
    share = 100.0 * own["events"].astype("float64") / (total if total else np.nan)
    return pd.DataFrame({"rule": own["rule"], "events": own["events"], "share": share}).reset_index(drop=True)


def _placing(account: pd.DataFrame) -> tuple[int, int]:
    """How many events were to be placed, and how many of them could not be."""
    rules = account["rule"].astype("str")
    asked = ~rules.isin(BEFORE_PLACING | TOLD_BESIDE) & ~rules.str.startswith("type_")
    return int(account.loc[asked, "events"].sum()), int(account.loc[rules.isin(UNPLACED_RULES), "events"].sum())


def _unplaced(panel: Panel, to_place: int) -> pd.DataFrame:
    share = 100.0 * panel.unplaced["events"].astype("float64") / (to_place if to_place else np.nan)
    found = pd.DataFrame({"place": panel.unplaced["place"], "events": panel.unplaced["events"], "share": share})
    return found.sort_values("events", ascending=False, kind="stable", ignore_index=True)


def _tiers(companions: pd.DataFrame) -> pd.DataFrame:
    names = companions["measure"].astype("str")
    rows = companions[names.str.startswith(TIERS[0]) & names.str.endswith(TIERS[1])]
    added = rows.groupby(["month", "measure"], as_index=False)[["numerator", "denominator"]].sum()
    tier = added["measure"].str.removeprefix(TIERS[0]).str.removesuffix(TIERS[1])
    share = 100.0 * added["numerator"] / added["denominator"].where(added["denominator"] > 0)
    return pd.DataFrame({"month": added["month"], "tier": tier, "person_times": added["numerator"], "share": share})
