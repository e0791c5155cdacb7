"""Units with validity: which unit a place belonged to on a day, and which units there were in a month."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from commresearch.errors import Failure, OutcomeError
from commresearch.outcomes.belongings import (
    Belonging,
    Problem,
    RosterRow,
    by_codes,
    by_grids,
    by_names,
    carried_on,
    gaps_of_units,
    grid_holes,
    grid_rows,
    joined_up,
    spell_rows,
    with_columns,
)
from commresearch.outcomes.lineage import Lineage, Spell, lineage_of
from commresearch.terms import UnitLevel

PLACE_COLUMNS = ("place", "unit_id", "valid_from", "valid_to")
PROBLEM_COLUMNS = ("problem", "place", "unit_id", "valid_from", "valid_to")
AS_WAS: Literal["as_was"] = "as_was"
Boundaries: TypeAlias = Literal["as_was"] | date


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitRegister:
    """The units of one level on stated boundaries.

    level : UnitLevel
        What the units are.
    boundaries : "as_was" or date
        Units as they were on the day of an event, or those of one day.
    units : DataFrame
        unit_id, unit_level, community_id, name, cluster_id: one row per unit, as it was last, in the order of their ids.
    components : mapping
        Unit → the spells of units that make it up: its own, and on the boundaries of a day those of the units that became it.
    presence : mapping
        The same, and the spells of units that grids of the unit belonged to: on the boundaries of a day it is there on these days, too.
    belongings : tuple of Belonging
        Every place, without overlaps.
    problems : DataFrame
        problem, place, unit_id, valid_from, valid_to: names of several units, grids of unknown or ended units, changes that do not say where a place
        went, places of units that were merged or renamed and count for what these became.
    history : Lineage
        Changes of units, and when each unit was valid.
    roster : DataFrame
        As given.
    """

    level: UnitLevel
    boundaries: Boundaries
    units: pd.DataFrame
    components: Mapping[str, tuple[Spell, ...]]
    presence: Mapping[str, tuple[Spell, ...]]
    belongings: tuple[Belonging, ...]
    problems: pd.DataFrame
    history: Lineage
    roster: pd.DataFrame

    @classmethod
    def of(
        cls, roster: pd.DataFrame, grids: pd.DataFrame | None = None, lineage: pd.DataFrame | None = None, *,
        level: UnitLevel | str = UnitLevel.COMMUNITY, boundaries: Boundaries | str = AS_WAS,
    ) -> "UnitRegister":
        """The register that tables of units, grids and changes make.

        Parameters
        ----------
        roster, grids, lineage : DataFrame
            With the columns of their contracts; columns that are not required may be absent.
        level : UnitLevel
            Level of the units of the panel. A place of a finer level counts for its community.
        boundaries : "as_was" or date
            "as_was": an event counts for the unit of its day. A date: for the unit of that date, where the changes say which it is.

        Raises
        ------
        OutcomeError
            A unit or a place belongs to two units at once (CR-O04), no unit has the level (CR-O05).
        """
        roster = with_columns(roster, ("unit_id", "unit_level", "community_id", "name", "cluster_id", "valid_from", "valid_to", "as_of"))
        rows, placed = spell_rows(roster), grid_rows(grids)
        level, boundaries = UnitLevel(level), _boundaries(boundaries)
        spells: dict[str, list[Spell]] = defaultdict(list)
        for row in rows:
            spells[row.unit].append(Spell(unit=row.unit, start=row.start, end=row.end))
        if all(row.level != level for row in rows):
            raise OutcomeError(Failure(code="CR-O05", values={"level": str(level), "known": ", ".join(sorted({r.level for r in rows})) or "—"}))
        found = [*by_codes(rows, level, spells), *by_grids(placed, rows, level, spells)]
        codes = {b.place for b in found}
        named, unclear = by_names(rows, level, spells, codes)
        history = lineage_of(lineage, spells)
        as_was = joined_up([*found, *named])
        carried = carried_on(rows, placed, as_was, history)
        as_was = joined_up([*as_was, *carried])
        kept, lost = _on_boundaries(as_was, history, boundaries)
        components = _components(rows, level, history, boundaries)
        return cls(
            level=level, boundaries=boundaries, units=_units(rows, set(components)), components=components,
            presence=_presence(components, as_was, boundaries), belongings=tuple(kept),
            problems=pd.DataFrame([*unclear, *grid_holes(placed, [*found, *carried]), *lost, *_carried(carried, kept), *gaps_of_units(rows, placed, history)], columns=list(PROBLEM_COLUMNS)),
            history=history, roster=roster,
        )

    def places(self) -> pd.DataFrame:
        """place, unit_id, valid_from, valid_to (datetime64[us], open ends 9999-12-31): no place twice at one time."""
        texts = {"place": [b.place for b in self.belongings], "unit_id": [b.unit for b in self.belongings]}
        days = {"valid_from": [b.start for b in self.belongings], "valid_to": [b.end for b in self.belongings]}
        columns = {name: pd.Series(column, dtype="str") for name, column in texts.items()}
        return pd.DataFrame(columns | {name: np.array(column, dtype="datetime64[us]") for name, column in days.items()})

    def unit_months(self, months: pd.DataFrame) -> pd.DataFrame:
        """unit_id, month, valid_share: for every unit and month in which it existed at all, the share of days.

        Parameters
        ----------
        months : DataFrame
            month and next_month.
        """
        shares = self.valid_shares(months)
        unit, month = np.nonzero(shares)
        ids = self.units["unit_id"].to_numpy()
        return pd.DataFrame({"unit_id": ids[unit], "month": months["month"].to_numpy()[month], "valid_share": shares[unit, month]})

    def valid_shares(self, months: pd.DataFrame) -> np.ndarray:
        """Share of the days of each month (columns) on which each unit (rows, as in `units`) existed."""
        calendar = Calendar.of(months)
        there = np.zeros((len(self.units), calendar.count), dtype=bool)
        for row, unit in enumerate(self.units["unit_id"].tolist()):
            for spell in self.presence[unit]:
                there[row, calendar.days(spell.start, spell.end)] = True
        return calendar.shares(there)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calendar:
    """The days of the months of a panel, one after the other.

    first
        the first day
    count
        how many there are
    starts
        for each month the number of its first day, from 0
    """

    first: date
    count: int
    starts: np.ndarray

    @classmethod
    def of(cls, months: pd.DataFrame) -> "Calendar":
        """The days of months that follow each other (month, next_month)."""
        edges = np.append(months["month"].to_numpy(), months["next_month"].to_numpy()[-1:]).astype("datetime64[D]")
        numbers = (edges - edges[0]).astype(np.int64)
        return cls(first=edges[0].item(), count=int(numbers[-1]), starts=numbers[:-1])

    def days(self, start: date, end: date) -> slice:
        """Those of [start, end)."""
        low, high = ((day - self.first).days for day in (start, end))
        return slice(min(max(low, 0), self.count), min(max(high, 0), self.count))

    def shares(self, marked: np.ndarray) -> np.ndarray:
        """Share of the days of each month that are marked in each row."""
        return np.add.reduceat(marked, self.starts, axis=1, dtype=np.int64) / np.diff(self.starts, append=self.count)


def _boundaries(given: Boundaries | str) -> Boundaries:
    """A day without a time, or the word for the boundaries of every day."""
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    return AS_WAS if given == AS_WAS else date.fromisoformat(given)


def _on_boundaries(found: list[Belonging], history: Lineage, boundaries: Boundaries) -> tuple[list[Belonging], list[Problem]]:
    """Every belonging with its unit on the boundaries of a day: by its grid where the grid is known on that day, else by the changes of its unit."""
    if not isinstance(boundaries, date):
        return found, []
    day, of_grid = boundaries, _units_of_grids(found, boundaries)
    kept: list[Belonging] = []
    lost: list[Problem] = []
    for b in found:
        if b.by == "grid" and b.place in of_grid:
            kept.append(Belonging(place=b.place, unit=of_grid[b.place], start=b.start, end=b.end, by=b.by))
            continue
        for piece in history.pieces(Spell(unit=b.unit, start=b.start, end=b.end)):
            unit, reason = history.at(piece, day)
            if unit is None:
                lost.append((reason, b.place, b.unit, piece.start, piece.end))
            else:
                kept.append(Belonging(place=b.place, unit=unit, start=piece.start, end=piece.end, by=b.by))
    return joined_up(kept), lost


def _carried(carried: list[Belonging], kept: list[Belonging]) -> list[Problem]:
    """Places that count for what their unit became, as far as the boundaries say for which unit that is."""
    at: dict[str, list[Belonging]] = defaultdict(list)
    for b in kept:
        at[b.place].append(b)
    return [("carried_on", b.place, k.unit, b.start, b.end) for b in carried for k in at[b.place] if k.start <= b.start < k.end]


def _units_of_grids(found: list[Belonging], day: date) -> dict[str, str]:
    return {b.place: b.unit for b in found if b.by == "grid" and b.start <= day < b.end}


def _presence(components: Mapping[str, tuple[Spell, ...]], as_was: list[Belonging], boundaries: Boundaries) -> dict[str, tuple[Spell, ...]]:
    """The components, with the spells of units that grids of each unit belonged to before or after."""
    if not isinstance(boundaries, date):
        return dict(components)
    of_grid = _units_of_grids(as_was, boundaries)
    through_grids: dict[str, set[tuple[str, date, date]]] = defaultdict(set)
    for b in as_was:
        if b.by == "grid" and b.place in of_grid:
            through_grids[of_grid[b.place]].add((b.unit, b.start, b.end))
    return {
        unit: (*spells, *(Spell(unit=u, start=a, end=b) for u, a, b in sorted(through_grids[unit]))) for unit, spells in components.items()
    }


def _components(rows: list[RosterRow], level: UnitLevel, history: Lineage, boundaries: Boundaries) -> dict[str, tuple[Spell, ...]]:
    """The spells that make up each unit, on the boundaries wanted."""
    own = [Belonging(place=r.unit, unit=r.unit, start=r.start, end=r.end, by="code") for r in rows if r.level == level]
    kept, _ = _on_boundaries(own, history, boundaries)
    made_of: dict[str, list[Spell]] = defaultdict(list)
    for b in kept:
        made_of[b.unit].append(Spell(unit=b.place, start=b.start, end=b.end))
    return {unit: tuple(spells) for unit, spells in made_of.items()}


def _units(rows: list[RosterRow], wanted: set[str]) -> pd.DataFrame:
    """What is known of each unit, by its last row."""
    last = {row.unit: row for row in sorted(rows, key=lambda r: r.start) if row.unit in wanted}
    columns = ["unit_id", "unit_level", "community_id", "name", "cluster_id"]
    found = [(r.unit, r.level, r.community if r.community is not None else r.unit, r.name, r.cluster) for _, r in sorted(last.items())]
    return pd.DataFrame(found, columns=columns)
