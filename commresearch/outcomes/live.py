"""When a source was recording: what tells a zero from nothing known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import pandas as pd

from commresearch.outcomes.belongings import OPEN_END, day_of, days_of, with_columns
from commresearch.outcomes.units import Calendar, UnitRegister
from commresearch.terms import DataKind

ALL_UNITS = "*"
WARM_UP_MONTHS = 3  #: a source that goes live so shortly before the start, or later, has no "before"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Period:
    source: str
    unit: str
    start: date
    end: date


#: Kind → source (a kind, or kind:channel) → unit → its periods.
_Sources: TypeAlias = Mapping[str, Mapping[str, Mapping[str, list[_Period]]]]


def live_shares(register: UnitRegister, months: pd.DataFrame, coverage: pd.DataFrame, kinds: Iterable[DataKind]) -> pd.DataFrame:
    """Share of the days of each month on which a unit existed and every source that the outcome needs was recording.

    Parameters
    ----------
    register : UnitRegister
        Units; one that is made up of several was covered when all of them that existed were.
    months : DataFrame
        month and next_month.
    coverage : DataFrame
        source (a kind, or kind:channel), unit_id (a unit, its community, or * for all), live_from, live_to. Of each source the
        most exact rows count: those of the unit, else of its community, else of all. Of several channels one is enough.
    kinds : iterable of DataKind
        Sources that are needed.

    Returns
    -------
    DataFrame
        unit_id, month, live_share.
    """
    periods, calendar, community = _by_kind(coverage), Calendar.of(months), _communities(register)
    recorded = np.zeros((len(register.units), calendar.count), dtype=bool)
    for row, unit in enumerate(register.units["unit_id"].tolist()):
        dark = np.zeros(calendar.count, dtype=bool)
        for spell in register.presence[unit]:
            days = calendar.days(spell.start, spell.end)
            recorded[row, days] = True
            for kind in kinds:
                live = np.zeros(calendar.count, dtype=bool)
                for period in _of(periods, kind, (spell.unit, str(community.get(spell.unit)), ALL_UNITS)):
                    live[calendar.days(period.start, period.end)] = True
                dark[days] |= ~live[days]
        recorded[row] &= ~dark
    ids = register.units["unit_id"].to_numpy()
    shares = calendar.shares(recorded).ravel()
    return pd.DataFrame({"unit_id": np.repeat(ids, len(months)), "month": np.tile(months["month"].to_numpy(), len(ids)), "live_share": shares})


def first_live(register: UnitRegister, coverage: pd.DataFrame, kinds: Iterable[DataKind]) -> dict[str, date]:
    """The first day on which every source was recording in a unit; units without one are left out."""
    periods, community = _by_kind(coverage), _communities(register)
    found = {}
    for unit in register.units["unit_id"].tolist():
        begins = []
        for kind in kinds:
            of_kind = [p for part in {s.unit for s in register.presence[unit]} for p in _of(periods, kind, (part, str(community.get(part)), ALL_UNITS))]
            begins.append(min((p.start for p in of_kind), default=OPEN_END))
        if begins and max(begins) < OPEN_END:
            found[unit] = max(begins)
    return found


def late_registration(first: dict[str, date], treated_from: pd.Series) -> pd.Series:
    """Whether the record of a unit begins within three months of its start, or later.

    Parameters
    ----------
    first : dict
        First day of the record of each unit.
    treated_from : Series
        Start month by unit_id (index); missing where a unit is never treated.
    """
    begun = pd.Series({unit: pd.Timestamp(day) for unit, day in first.items()}, dtype="datetime64[us]").reindex(treated_from.index)
    limit = pd.to_datetime(treated_from) - pd.DateOffset(months=WARM_UP_MONTHS)
    return (begun >= limit) & begun.notna() & treated_from.notna()


def recording_breaks(coverage: pd.DataFrame) -> pd.DataFrame:
    """Breaks (source, unit_id, on, note): days on which one row of a source ends and the next begins, or a channel joins later than the first one.

    A row for all units (*) concerns every unit that the source has no rows of its own for.
    """
    rows = sorted(_periods(coverage), key=lambda p: (p.source, p.unit, p.start))
    notes = {(str(r.source), str(r.unit_id), day_of(r.live_from, OPEN_END)): r.note for r in _noted(coverage).itertuples(index=False)}
    own = [after for before, after in pairwise(rows) if (before.source, before.unit) == (after.source, after.unit) and before.end == after.start]
    found = {(row.source, row.unit, row.start): notes[row.source, row.unit, row.start] for row in own}
    joined = _joined_later(rows, ALL_UNITS)
    found |= {(row.source, ALL_UNITS, row.start): notes[row.source, row.unit, row.start] for row in joined}
    for unit in sorted({row.unit for row in rows} - {ALL_UNITS}):
        new = [row for row in _joined_later(rows, unit) if row not in joined]
        found |= {(row.source, unit, row.start): notes[row.source, row.unit, row.start] for row in new}
    frame = pd.DataFrame([(*key, note) for key, note in found.items()], columns=["source", "unit_id", "on", "note"])
    return frame.assign(on=pd.to_datetime(frame["on"]).astype("datetime64[us]")).sort_values(["on", "source", "unit_id"], ignore_index=True)


def _joined_later(rows: Iterable[_Period], unit: str) -> list[_Period]:
    """First rows of the channels that a unit got after another channel of the kind was live; `rows` in order of time within a source."""
    exact = {row.source for row in rows if row.unit == unit}
    first: dict[str, _Period] = {}
    for row in rows:
        if row.unit == unit or (row.unit == ALL_UNITS and row.source not in exact):
            first.setdefault(row.source, row)
    begun: dict[str, date] = {}
    for row in first.values():
        kind = row.source.partition(":")[0]
        begun[kind] = min(row.start, begun.get(kind, row.start))
    return [row for row in first.values() if row.start > begun[row.source.partition(":")[0]]]


def _noted(coverage: pd.DataFrame) -> pd.DataFrame:
    return coverage if "note" in coverage else coverage.assign(note=None)


def _communities(register: UnitRegister) -> dict[str, object]:
    """The community of each unit by the last of its rows."""
    return dict(zip(register.roster["unit_id"].astype(str).tolist(), register.roster["community_id"].tolist(), strict=True))


def _by_kind(coverage: pd.DataFrame) -> _Sources:
    found: dict[str, dict[str, dict[str, list[_Period]]]] = {}
    for period in _periods(coverage):
        found.setdefault(period.source.partition(":")[0], {}).setdefault(period.source, {}).setdefault(period.unit, []).append(period)
    return found


def _periods(coverage: pd.DataFrame) -> list[_Period]:
    filled = with_columns(coverage, ("live_to",))
    days = (days_of(filled[name], OPEN_END) for name in ("live_from", "live_to"))
    return [
        _Period(source=str(s), unit=str(u), start=start, end=end)
        for s, u, start, end in zip(filled["source"].tolist(), filled["unit_id"].tolist(), *days, strict=True)
    ]


def _of(sources: _Sources, kind: DataKind, units: tuple[str, ...]) -> list[_Period]:
    """Of every source of a kind the rows for the first of the units that has any."""
    return [p for by_unit in sources.get(str(kind), {}).values() for p in next((by_unit[u] for u in units if u in by_unit), [])]
