"""What is true of simulated logs: the outcomes counted row by row from the clean tables, unit by unit and month by month.

It follows the definitions of the outcomes and nothing else: slow and plain, so that it can be read.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.simulate.log_people import OLDEST, YOUNGEST
from commresearch.simulate.log_places import Places, month_at
from commresearch.simulate.log_registers import FOUNDED
from commresearch.simulate.log_signins import Signins
from commresearch.simulate.log_spec import LogSpec
from commresearch.simulate.log_tables import rows_of
from commresearch.simulate.log_tickets import COMPLAINTS, Tickets

Array = NDArray[Any]
REPEAT_DAYS, FOLLOW_UP_DAYS = timedelta(days=7), timedelta(days=30)
DISREGARDED = ("withdrawn", "test")
COMPLAINT_COUNTS = (
    "contacts", "cases", "callers", "cases_with_help", "cases_without_labels", "closed_in_30_days", "reached", "resolved", "satisfied",
)
YOUTH_COUNTS = ("persons", "persons_known", "persons_possible", "person_times_known", "visitors", "serving")
Counts = dict[tuple[str, pd.Timestamp], dict[str, float]]


def month_of(moment: pd.Timestamp) -> pd.Timestamp:
    """First day of the month of a moment."""
    return pd.Timestamp(moment.year, moment.month, 1)


def cells(spec: LogSpec, places: Places) -> Iterator[tuple[str, pd.Timestamp, float]]:
    """Every unit and month in which the unit existed, and the share of the days of the month on which it did."""
    for unit in places.communities:
        for number in range(spec.months):
            month, after = month_at(spec, number), month_at(spec, number + 1)
            begin, end = max(month, unit.valid_from or FOUNDED), min(after, unit.valid_to or after)
            if begin < end:
                yield unit.code, month, (end - begin) / (after - month)


def filled(spec: LogSpec, places: Places, counts: Mapping[tuple[str, pd.Timestamp], Mapping[str, float]], names: tuple[str, ...]) -> pd.DataFrame:
    """Counts as a frame with a row for every unit and month: unit_id, month, share_valid, counts (zero where nothing was counted)."""
    rows = [(unit, month, share, *(counts.get((unit, month), {}).get(name, 0) for name in names)) for unit, month, share in cells(spec, places)]
    frame = pd.DataFrame(rows, columns=["unit_id", "month", "share_valid", *names])
    return frame.astype({"unit_id": "str", "month": "datetime64[us]"})


def count_complaints(spec: LogSpec, places: Places, tickets: Tickets) -> pd.DataFrame:
    """Complaints and reports by unit and month of receipt.

    Returns
    -------
    DataFrame
        unit_id, month, share_valid, contacts (before repeats are folded), cases (the numerator), callers, cases_with_help,
        cases_without_labels, closed_in_30_days, reached, resolved, satisfied (of the cases).
    """
    counts: Counts = defaultdict(lambda: defaultdict(float))
    last: dict[tuple[object, ...], pd.Timestamp] = {}
    for ticket, community in zip(rows_of(tickets.table), tickets.origins["community"], strict=True):
        if ticket.status in DISREGARDED or ticket.is_outside or pd.isna(ticket.place):
            continue
        is_case = _is_case(ticket, last)
        if ticket.type not in (*COMPLAINTS, "help"):
            continue
        cell = counts[community, month_of(ticket.received_at)]
        cell["cases_with_help"] += is_case
        if ticket.type == "help":
            continue
        cell["contacts"] += 1
        if not is_case:
            continue
        cell["cases"] += 1
        cell["callers"] += ticket.callers
        cell["cases_without_labels"] += pd.isna(ticket.handling)
        cell["closed_in_30_days"] += not pd.isna(ticket.closed_at) and ticket.closed_at - ticket.received_at <= FOLLOW_UP_DAYS
        for name in ("reached", "resolved", "satisfied"):
            answer = getattr(ticket, f"is_{name}")
            cell[name] += bool(answer) if not pd.isna(answer) else 0
    return filled(spec, places, counts, COMPLAINT_COUNTS)


def _is_case(ticket: Any, last: dict[tuple[object, ...], pd.Timestamp]) -> bool:
    """Whether no earlier contact makes this one a repeat; remembers it as the last contact of its caller."""
    follows = False
    if not pd.isna(ticket.caller_key):
        key = (ticket.caller_key, ticket.topic, ticket.place)
        follows = key in last and ticket.received_at - last[key] <= REPEAT_DAYS
        last[key] = ticket.received_at
    return not follows and pd.isna(ticket.is_repeat)


def count_youth(spec: LogSpec, places: Places, signins: Signins) -> pd.DataFrame:
    """Residents of 14 to 35 who took part, by unit of the event and month.

    Returns
    -------
    DataFrame
        unit_id, month, share_valid; persons: by their true age and home; persons_known: whose age and home are written down;
        persons_possible: all that could be; person_times_known; visitors: known not to be residents; serving: resident volunteers;
        happened: persons, whether or not a register was kept.
    """
    kinds = signins.people.frame["kind"].to_numpy()
    seen: dict[str, set[tuple[str, pd.Timestamp, str]]] = {name: set() for name in YOUTH_COUNTS}
    counts: Counts = defaultdict(lambda: defaultdict(float))
    origins = signins.origins
    for row, person, age, unit in zip(rows_of(signins.table), origins["person"], origins["age"], origins["community"], strict=True):
        if person < 0:
            continue
        here = (unit, month_of(row.event_at), row.person_key)
        for name in _counted_as(row, kinds[person] == "resident", YOUNGEST <= age <= OLDEST):
            if name == "person_times_known":
                counts[here[:2]][name] += 1
            else:
                seen[name].add(here)
    for name, persons in seen.items():
        for unit, month, _ in persons:
            counts[unit, month][name] += 1
    frame = filled(spec, places, counts, YOUTH_COUNTS)
    happened = {(u, m): n for u, m, n in rows_of(signins.happened)}
    return frame.assign(happened=[happened.get(key, 0) for key in zip(frame["unit_id"], frame["month"], strict=True)])


def _counted_as(row: Any, lives_here: bool, is_young: bool) -> Iterator[str]:
    unknown_age = pd.isna(row.age_low)
    known = not unknown_age and row.age_low >= YOUNGEST and row.age_high <= OLDEST
    possible = unknown_age or (row.age_low <= OLDEST and row.age_high >= YOUNGEST)
    resident, unclear = not pd.isna(row.is_resident) and bool(row.is_resident), pd.isna(row.is_resident)
    if row.role == "serves" and known and resident:
        yield "serving"
    if row.role != "attends":
        return
    if lives_here and is_young:
        yield "persons"
    if known and resident:
        yield from ("persons_known", "person_times_known")
    if possible and (resident or unclear):
        yield "persons_possible"
    if known and not resident and not unclear:
        yield "visitors"


def denominators(spec: LogSpec, cells_of: pd.DataFrame, roster: pd.DataFrame, column: str) -> pd.DataFrame:
    """A number of the roster beside every unit and month: interpolated to the first day of the month, and fixed at the first month.

    Parameters
    ----------
    cells_of
        unit_id, month.

    Returns
    -------
    DataFrame
        `<column>_interpolated` and `<column>_fixed`; outside the dates of count the nearest one holds.
    """
    first = month_at(spec, 0).timestamp()
    points = {unit: (rows["as_of"], rows[column]) for unit, rows in roster[roster["unit_level"] == "community"].groupby("unit_id")}
    moving, fixed = [], []
    for unit, month in zip(cells_of["unit_id"], cells_of["month"], strict=True):
        days, values = ([float(x.timestamp()) for x in points[unit][0]], points[unit][1].astype("float64").tolist())
        moving.append(float(np.interp(month.timestamp(), days, values)))
        fixed.append(float(np.interp(first, days, values)))
    return pd.DataFrame({f"{column}_interpolated": moving, f"{column}_fixed": fixed}, index=cells_of.index)


def live_share(cells_of: pd.DataFrame, coverage: pd.DataFrame, source: str, places: Places) -> Array:
    """Share of the days of each month on which the unit existed and the source was recording there (n,)."""
    rows = list(rows_of(coverage[coverage["source"] == source]))
    units = {unit.code: unit for unit in places.communities}
    shares = []
    for code, month in zip(cells_of["unit_id"].tolist(), cells_of["month"].tolist(), strict=True):
        after, unit = month + pd.DateOffset(months=1), units[code]
        begin, end = max(month, unit.valid_from or FOUNDED), min(after, unit.valid_to or after)
        days: set[int] = set()
        for row in rows:
            if row.unit_id in (code, "*"):
                until = end if pd.isna(row.live_to) else min(end, row.live_to)
                days |= set(range((max(begin, row.live_from) - month).days, (until - month).days))
        shares.append(len(days) / (after - month).days)
    return np.array(shares)
