"""Units that merge, split, change names or hand over a part: the unit of a chosen date that a place belonged to.

Nothing is guessed. Where the change alone does not say which unit it was (a split going forward, a merger going back, a part handed over),
there is no unit, and the reason is given.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import pandas as pd

#: Changes after which all of the old unit lies in the new one.
WHOLE = frozenset({"merge", "rename"})
REASONS = ("split_without_grid", "no_successor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the lineage: on this day `old` (or a part of it) became `new` (or a part of it)."""

    old: str
    new: str
    on: date
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A unit from one day to the day before another."""

    unit: str
    start: date
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """The changes that each unit takes part in, and when it was valid."""

    changes: Mapping[str, Sequence[Change]]
    spells: Mapping[str, Sequence[Spell]]

    def pieces(self, spell: Spell) -> list[Spell]:
        """A spell cut at every change of its unit, so that a piece lies wholly before or after each of them."""
        cuts = {c.on for c in self.changes.get(spell.unit, ()) if spell.start < c.on < spell.end}
        edges = [spell.start, *sorted(cuts), spell.end]
        return [Spell(unit=spell.unit, start=a, end=b) for a, b in pairwise(edges)]

    def at(self, piece: Spell, day: date) -> tuple[str | None, str]:
        """The unit of `day` in which all of the piece lies; None with the reason where that is not known.

        Parameters
        ----------
        piece : Spell
            As `pieces` cuts them.
        day : date
            The day whose boundaries are wanted.
        """
        if piece.start <= day < piece.end:
            return piece.unit, ""
        return self._forward(piece.unit, piece.end, day) if piece.end <= day else self._back(piece.unit, piece.start, day)

    def _forward(self, unit: str, after: date, day: date) -> tuple[str | None, str]:
        steps = sorted((c for c in self.changes.get(unit, ()) if c.old == unit and after <= c.on <= day), key=lambda c: c.on)
        if not steps:
            return self._valid(unit, day)
        first = [c for c in steps if c.on == steps[0].on]
        if any(c.kind not in WHOLE for c in first) or len({c.new for c in first}) > 1:
            return None, REASONS[0]
        return self._forward(first[0].new, _next_day(first[0].on), day)

    def _back(self, unit: str, before: date, day: date) -> tuple[str | None, str]:
        steps = sorted((c for c in self.changes.get(unit, ()) if c.new == unit and day < c.on <= before), key=lambda c: c.on, reverse=True)
        if not steps:
            return self._valid(unit, day)
        last = [c for c in steps if c.on == steps[0].on]
        existed = any(s.start < last[0].on for s in self.spells.get(unit, ())) and any(c.old != unit for c in last)
        if existed or any(c.kind == "transfer" for c in last) or len({c.old for c in last}) > 1:
            return None, REASONS[0]
        return self._back(last[0].old, _day_before(last[0].on), day)

    def _valid(self, unit: str, day: date) -> tuple[str | None, str]:
        known = any(s.start <= day < s.end for s in self.spells.get(unit, ()))
        return (unit, "") if known else (None, REASONS[1])


def lineage_of(frame: pd.DataFrame | None, spells: Mapping[str, Sequence[Spell]]) -> Lineage:
    """The lineage of a table with old_id, new_id, changed_on and kind."""
    changes: dict[str, list[Change]] = defaultdict(list)
    for row in [] if frame is None else frame.to_dict("records"):
        change = Change(old=str(row["old_id"]), new=str(row["new_id"]), on=pd.Timestamp(row["changed_on"]).date(), kind=str(row["kind"]))
        for unit in {change.old, change.new}:
            changes[unit].append(change)
    return Lineage(changes=dict(changes), spells=spells)


def _next_day(day: date) -> date:
    return (pd.Timestamp(day) + pd.Timedelta(days=1)).date()


def _day_before(day: date) -> date:
    return (pd.Timestamp(day) - pd.Timedelta(days=1)).date()
