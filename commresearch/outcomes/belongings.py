"""Rosters, grids and names: which unit a code, a grid or a name belonged to, from one day to another."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TypeAlias

import pandas as pd

from commresearch.errors import Failure, OutcomeError
from commresearch.outcomes.lineage import Lineage, Spell
from commresearch.terms import UnitLevel

BEGINNING, OPEN_END = date(1900, 1, 1), date(9999, 12, 31)
#: Days. One is what an end leaves that was meant as the last day (until 30 June, from 1 July); two what such an author leaves who forgets a day.
SHORT_GAP = 2
SHORT_GAP_PROBLEM = "short_gap"
Problem = tuple[object, ...]
GridRow: TypeAlias = tuple[str, str, date, date]  #: grid, unit, first day, day after the last


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """A place, by a code, a grid or a name, belongs to a unit from one day to the day before another."""

    place: str
    unit: str
    start: date
    end: date
    by: str  # code, grid, name, carried (named after its unit had become another)


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRow:
    """One row of the roster."""

    unit: str
    level: str
    community: str | None
    name: str | None
    cluster: str | None
    start: date
    end: date
    as_of: date


def with_columns(frame: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """The frame with columns that it lacks, all missing."""
    return frame.assign(**{name: None for name in names if name not in frame})


def day_of(value: object, default: date) -> date:
    """A date from a cell, or the default where it is missing."""
    return default if pd.isna(value) else pd.Timestamp(value).date()  # type: ignore[call-overload,arg-type]


def days_of(column: pd.Series, default: date) -> list[date]:
    """The dates of a column as `day_of` reads them; thousands of rows have few different ones, and each of these is read once."""
    numbers, cells = pd.factorize(column)  # −1 where a cell is missing: the last of the list
    known = [*(day_of(cell, default) for cell in cells.tolist()), default]
    return [known[number] for number in numbers.tolist()]


def _text(value: object) -> str | None:
    return None if pd.isna(value) or str(value) == "" else str(value)  # type: ignore[call-overload]


def spell_rows(roster: pd.DataFrame) -> list[RosterRow]:
    """One row per unit and spell, by its newest reading. Two rows of one reading may not overlap.

    Raises
    ------
    OutcomeError
        A unit has two rows that were valid at once, of one date of reading (CR-O04).
    """
    texts = (roster[name].tolist() for name in ("unit_id", "unit_level", "community_id", "name", "cluster_id"))
    days = (days_of(roster[name], default) for name, default in (("valid_from", BEGINNING), ("valid_to", OPEN_END), ("as_of", BEGINNING)))
    rows = [
        RosterRow(unit=str(u), level=str(level), community=_text(c), name=_text(n), cluster=_text(k), start=a, end=b, as_of=d)
        for u, level, c, n, k, a, b, d in zip(*texts, *days, strict=True)
    ]
    kept: dict[str, list[RosterRow]] = defaultdict(list)
    failures = []
    for row in sorted(rows, key=lambda r: (r.as_of, r.start), reverse=True):
        clash = next((k for k in kept[row.unit] if row.start < k.end and k.start < row.end), None)
        if clash is None:
            kept[row.unit].append(row)
        elif clash.as_of == row.as_of:
            failures.append(_overlap(row.unit, row.start, row.end, clash.start, clash.end, row.unit, row.unit))
    if failures:
        raise OutcomeError(*failures)
    return [row for unit in kept.values() for row in reversed(unit)]


def _overlap(place: str, start: date, end: date, other_start: date, other_end: date, unit: str, other: str) -> Failure:
    both = (max(start, other_start), min(end, other_end))
    return Failure(code="CR-O04", values={"place": place, "got": f"{both[0]} – {both[1]}", "units": ", ".join(sorted({unit, other}))})


def _within(place: str, by: str, target: str, start: date, end: date, spells: Mapping[str, list[Spell]]) -> list[Belonging]:
    """A place as part of a unit, on the days on which the unit existed."""
    cut = [(max(start, s.start), min(end, s.end)) for s in spells.get(target, ())]
    return [Belonging(place=place, unit=target, start=a, end=b, by=by) for a, b in cut if a < b]


def target_of(row: RosterRow, level: UnitLevel) -> str | None:
    """The unit of a level for which a unit counts."""
    if row.level == level:
        return row.unit
    return row.community if level == UnitLevel.COMMUNITY else None


def by_codes(rows: list[RosterRow], level: UnitLevel, spells: Mapping[str, list[Spell]]) -> list[Belonging]:
    """Codes of units as places."""
    return [b for r in rows if (target := target_of(r, level)) for b in _within(r.unit, "code", target, r.start, r.end, spells)]


def by_grids(grids: list[GridRow], rows: list[RosterRow], level: UnitLevel, spells: Mapping[str, list[Spell]]) -> list[Belonging]:
    """Grids as places, on the days on which their unit existed."""
    of_unit: dict[str, list[RosterRow]] = defaultdict(list)
    for row in rows:
        of_unit[row.unit].append(row)
    found = []
    for grid, unit, start, end in grids:
        for row in of_unit.get(unit, ()):
            if target := target_of(row, level):
                found += _within(grid, "grid", target, max(start, row.start), min(end, row.end), spells)
    return found


def grid_rows(grids: pd.DataFrame | None) -> list[GridRow]:
    """The register of grids row by row; none where there is no register."""
    if grids is None:
        return []
    filled = with_columns(grids, ("valid_from", "valid_to"))
    ids = (map(str, filled[name].tolist()) for name in ("grid_id", "unit_id"))
    return list(zip(*ids, days_of(filled["valid_from"], BEGINNING), days_of(filled["valid_to"], OPEN_END), strict=True))


def grid_holes(grids: list[GridRow], found: list[Belonging]) -> list[Problem]:
    """Grids of units that are not in the roster, or had ended."""
    covered: dict[str, int] = defaultdict(int)
    for b in found:
        if b.by in {"grid", "carried"}:
            covered[b.place] += (b.end - b.start).days
    wanted: dict[str, int] = defaultdict(int)
    last = {}
    for grid, unit, start, end in grids:
        wanted[grid] += (end - start).days
        last[grid] = (unit, start, end)
    return [
        ("grid_outside_unit", grid, *last[grid]) for grid, days in wanted.items()
        if covered[grid] == 0 or (covered[grid] < days and last[grid][1] > BEGINNING)  # a grid without a first day began with its unit
    ]


def short_gaps(periods: Iterable[GridRow]) -> list[Problem]:
    """Places whose next validity begins a day or two after the one before had ended: nobody ceases to exist for so long.

    Parameters
    ----------
    periods : iterable of GridRow
        Place, unit, first day and day after the last, in any order.
    """
    by_place: dict[str, list[tuple[date, date, str]]] = defaultdict(list)
    for place, unit, start, end in periods:
        by_place[place].append((start, end, unit))
    found: list[Problem] = []
    for place, spells in by_place.items():
        reached = min(start for start, *_ in spells)
        for start, end, unit in sorted(spells):
            if 0 < (start - reached).days <= SHORT_GAP:
                found.append((SHORT_GAP_PROBLEM, place, unit, reached, start))
            reached = max(reached, end)
    return found


def gaps_of_units(rows: list[RosterRow], grids: list[GridRow], history: Lineage) -> list[Problem]:
    """Short gaps of units, of grids, and between a unit and what it became."""
    own = short_gaps([*((row.unit, row.unit, row.start, row.end) for row in rows), *grids])
    began = {unit: min(s.start for s in spells) for unit, spells in history.spells.items() if spells}
    ended = {unit: max(s.end for s in spells) for unit, spells in history.spells.items() if spells}
    steps = sorted({(c.old, c.new) for changes in history.changes.values() for c in changes if c.old in ended and c.new in began})
    return [*own, *((SHORT_GAP_PROBLEM, a, b, ended[a], began[b]) for a, b in steps if 0 < (began[b] - ended[a]).days <= SHORT_GAP)]


def by_names(
    rows: list[RosterRow], level: UnitLevel, spells: Mapping[str, list[Spell]], codes: set[str]
) -> tuple[list[Belonging], list[Problem]]:
    """Names as places where only one unit had them at a time; the others are problems."""
    by_name: dict[str, list[Belonging]] = defaultdict(list)
    for row in rows:
        if row.name and row.name not in codes and (target := target_of(row, level)):
            by_name[row.name] += _within(row.name, "name", target, row.start, row.end, spells)
    kept: list[Belonging] = []
    unclear: list[Problem] = []
    for name, found in by_name.items():
        ordered = sorted(found, key=lambda b: b.start)
        if any(a.unit != b.unit and b.start < a.end for a, b in pairwise(ordered)):
            unclear += [("name_of_several_units", name, b.unit, b.start, b.end) for b in ordered]
        else:
            kept += found
    return kept, unclear


def carried_on(rows: list[RosterRow], grids: list[GridRow], known: list[Belonging], history: Lineage) -> list[Belonging]:
    """Codes, names and grids of units that were merged or renamed as places of what these became, because events go on naming the old ones.

    Parameters
    ----------
    rows : list of RosterRow
        The roster.
    grids : list of GridRow
        The register of grids.
    known : list of Belonging
        Places without overlaps; where a place was given to another unit, that holds.
    history : Lineage
        Says what a unit became.
    """
    by_place: dict[str, list[Belonging]] = defaultdict(list)
    for b in known:
        by_place[b.place].append(b)
    sources = {(grid, unit): end for grid, unit, _, end in grids}
    sources |= {(place, row.unit): row.end for row in rows for place in (row.name, row.unit) if place}
    found: list[Belonging] = []
    for place, unit in sorted(sources, key=lambda source: (sources[source], source)):
        taken = by_place.get(place, [])  # a name of several units has none, and is not carried on
        for heir, since in history.heirs(unit) if taken else ():
            for b in list(by_place.get(heir, ())):
                free = _without(max(b.start, since), b.end, taken)
                carried = [Belonging(place=place, unit=b.unit, start=start, end=end, by="carried") for start, end in free]
                taken += carried
                found += carried
    return found


def _without(start: date, end: date, taken: Iterable[Belonging]) -> list[tuple[date, date]]:
    """What is left of [start, end) beside the days that are taken."""
    left = [(start, end)] if start < end else []
    for b in taken:
        cut = [((a, min(z, b.start)), (max(a, b.end), z)) for a, z in left]
        left = [(a, z) for both in cut for a, z in both if a < z]
    return left


def joined_up(found: list[Belonging]) -> list[Belonging]:
    """Belongings without overlaps: what is said twice stands once.

    Raises
    ------
    OutcomeError
        A place belongs to two units at once (CR-O04): every event there would be counted twice.
    """
    by_place: dict[str, list[Belonging]] = defaultdict(list)
    for b in found:
        by_place[b.place].append(b)
    whole, failures = [], []
    for place, all_of in by_place.items():
        kept: list[Belonging] = []
        for b in sorted(all_of, key=lambda b: (b.start, b.end)):
            last = kept[-1] if kept else None
            if last is None or b.start > last.end or (b.start == last.end and b.unit != last.unit):
                kept.append(b)
            elif b.unit == last.unit:
                kept[-1] = Belonging(place=place, unit=b.unit, start=last.start, end=max(last.end, b.end), by=last.by)
            else:
                failures.append(_overlap(place, b.start, b.end, last.start, last.end, b.unit, last.unit))
        whole += kept
    if failures:
        raise OutcomeError(*failures)
    return whole
