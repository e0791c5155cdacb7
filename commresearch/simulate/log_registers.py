"""Registers of a fictional pilot: roster with denominators, grids, roll-out, coverage, programmes."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.simulate.log_places import NEVER, ROSTER_SOURCE, Places, month_at, street_code
from commresearch.simulate.log_spec import LogSpec
from commresearch.simulate.log_tables import frame_of_rows, rows_of

Array = NDArray[Any]
ROSTER_COLUMNS = "unit_id unit_level community_id name cluster_id households population youth_population area_m2 valid_from valid_to source as_of"
FOUNDED = pd.Timestamp("2015-01-01")
DAYS_OF_A_YEAR = 365.25
AREA_PER_HOUSEHOLD = 110.0
ONE_DAY = pd.Timedelta(days=1)
RECODING_NOTE = "投诉类别口径调整后部分投诉改记为求助"
NEW_CHANNEL_NAME = "小程序"
CHANNEL_NOTE = "新增小程序渠道"
LATE_NOTE = "签到登记随试点开始"
CONCURRENT = "物业服务提升行动"


def growth_factor(spec: LogSpec, day: pd.Timestamp) -> float:
    """How much larger everything is on a day than on the first one; growth is a straight line."""
    return 1 + spec.growth * (day - pd.Timestamp(spec.first_month)).days / DAYS_OF_A_YEAR


def roster(spec: LogSpec, places: Places) -> pd.DataFrame:
    """Communities and estates, one row per unit and date of count: every 31 December, and both sides of a change of boundaries."""
    return frame_of_rows("roster", [*_community_rows(spec, places), *_estate_rows(spec, places)], ROSTER_COLUMNS)


def roster_of_communities(spec: LogSpec, places: Places) -> pd.DataFrame:
    """The rows of the roster that are communities."""
    return frame_of_rows("roster", list(_community_rows(spec, places)), ROSTER_COLUMNS)


def _dates(spec: LogSpec, changes: Iterable[Any]) -> list[pd.Timestamp]:
    """Dates of count: the last day of every year from the one before the tickets begin, and the days around a change."""
    years = range(month_at(spec, -1).year - 1, month_at(spec, spec.months).year)
    dates = {pd.Timestamp(year, 12, 31) for year in years if pd.Timestamp(year, 12, 31) < month_at(spec, spec.months)}
    for change in changes:
        dates |= {pd.Timestamp(change), pd.Timestamp(change) - ONE_DAY}
    return sorted(dates)


def _sizes(spec: LogSpec, places: Places, grids: Array, day: pd.Timestamp) -> list[object]:
    factor = growth_factor(spec, day)
    counts = [round(float(places.grids[name].to_numpy()[grids].sum()) * factor) for name in ("households", "population", "youth")]
    return [*counts, round(counts[0] * AREA_PER_HOUSEHOLD, 1)]


def _community_rows(spec: LogSpec, places: Places) -> Iterator[tuple[object, ...]]:
    for place, unit in enumerate(places.communities):
        touched = np.flatnonzero((places.first == place) | (places.second == place))
        changes = places.changed_on[touched]
        begin, end = unit.valid_from or FOUNDED, unit.valid_to or pd.Timestamp.max
        for day in _dates(spec, changes[~np.isnat(changes)]):
            if begin <= day < end:
                grids = touched[places.community_at(touched, np.full(len(touched), np.datetime64(day, "us"))) == place]
                sizes = _sizes(spec, places, grids, day)
                yield (unit.code, "community", unit.code, f"{unit.name}社区", unit.street, *sizes, begin, unit.valid_to, ROSTER_SOURCE, day)


def _estate_rows(spec: LogSpec, places: Places) -> Iterator[tuple[object, ...]]:
    """Estates stay whole; when their community changes, a row with the new one begins."""
    for estate, grids in places.grids.groupby("estate", sort=True).indices.items():
        change = places.changed_on[grids[0]]
        changes = [] if np.isnat(change) else [change]
        for day in _dates(spec, changes):
            after = bool(changes) and day >= pd.Timestamp(change)
            unit = places.communities[(places.second if after else places.first)[grids[0]]]
            begin = pd.Timestamp(change) if after else FOUNDED
            end = pd.Timestamp(change) if changes and not after else None
            sizes = _sizes(spec, places, np.asarray(grids), day)
            yield (estate, "estate", unit.code, places.grids["estate_name"].iloc[grids[0]], unit.street, *sizes, begin, end, ROSTER_SOURCE, day)


def grid_register(places: Places) -> pd.DataFrame:
    """Grids with the community that they belong to, one row per period."""
    rows = []
    for i, grid in enumerate(rows_of(places.grids)):
        change = places.changed_on[i]
        day = None if np.isnat(change) else pd.Timestamp(change)
        rows.append((grid.grid_id, places.communities[places.first[i]].code, FOUNDED, day, grid.households, grid.staff))
        if day is not None:
            rows.append((grid.grid_id, places.communities[places.second[i]].code, day, None, grid.households, grid.staff))
    return frame_of_rows("grids", rows, "grid_id unit_id valid_from valid_to households staff")


def rollout(spec: LogSpec, places: Places) -> pd.DataFrame:
    """Start of the pilot by community, those that came from a change of boundaries included."""
    apart = spec.assigned_level == "community"
    rows = [
        (
            unit.code, None if unit.start == NEVER else month_at(spec, unit.start), spec.chosen_by, spec.assigned_level,
            places.communities[unit.origin].code if apart else street_code(unit),
        )
        for unit in places.communities
    ]
    return frame_of_rows("rollout", rows, "unit_id start_month chosen_by assigned_level assignment_id")


def late_registers(spec: LogSpec, places: Places) -> tuple[int, ...]:
    """Communities in the pilot whose register of sign-ins begins with it: the first ones whose boundaries do not change."""
    changed = set(places.first[~np.isnat(places.changed_on)].tolist()) | set(places.second[~np.isnat(places.changed_on)].tolist())
    able = [i for i in range(places.n) if places.communities[i].start != NEVER and i not in changed]
    return tuple(able[: spec.signins.late_registers])


def coverage(spec: LogSpec, places: Places) -> pd.DataFrame:
    """Since when each source was recording; two periods that meet are a change in what is written down."""
    begin, recoding, channel = month_at(spec, -1), spec.tickets.recoding, spec.tickets.new_channel
    rows: list[tuple[object, ...]] = []
    if recoding is None:
        rows.append(("tickets", "*", begin, None, None))
    else:
        day = month_at(spec, recoding)
        rows += [("tickets", "*", begin, day, None), ("tickets", "*", day, None, RECODING_NOTE)]
    if channel is not None:
        rows.append((f"tickets:{NEW_CHANNEL_NAME}", "*", month_at(spec, channel), None, CHANNEL_NOTE))
    late = late_registers(spec, places)
    for place, unit in enumerate(places.communities):
        starts_late = place in late
        live = month_at(spec, unit.start) if starts_late else unit.valid_from or begin
        rows.append(("signins", unit.code, live, unit.valid_to, LATE_NOTE if starts_late else None))
    rows += [(source, "*", begin, None, None) for source in ("bookings", "counters")]
    return frame_of_rows("coverage", rows, "source unit_id live_from live_to note")


def programmes(spec: LogSpec, places: Places, rng: np.random.Generator) -> pd.DataFrame:
    """What else happened: renewal of old estates in some communities, a campaign in all of them; and what began with the pilot."""
    rows: list[tuple[object, ...]] = []
    if spec.concurrent:
        rows += [(c.code, month_at(spec, c.start), None, CONCURRENT, "与试点同时开始（虚构）") for c in places.communities if c.start != NEVER]
    for place in sorted(rng.choice(places.n, size=max(1, places.n // 6), replace=False).tolist()) if spec.other_programmes else ():
        begin = int(rng.integers(0, spec.months))
        rows.append((places.communities[place].code, month_at(spec, begin), month_at(spec, begin + 6), "老旧小区改造", "虚构"))
    begin = spec.months // 3
    rows += [(c.code, month_at(spec, begin), month_at(spec, begin + 2), "创城", "虚构") for c in places.communities[: places.n]]
    return frame_of_rows("programmes", rows, "unit_id starts_on ends_on kind note")
