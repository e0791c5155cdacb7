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
SPLIT, TRANSFER = "split", "transfer"
ROUNDED = 0.01  #: shares of a split are written by hand: 0.33 three times is all of it
REASONS = ("split_without_grid", "no_successor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the lineage: on this day `old` (or a part of it) became `new` (or a part of it).

    share
        part of `old` that went to `new`, 0-1; None where it is not written
    """

    old: str
    new: str
    on: date
    kind: str
    share: float | None = None


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

    def shares(self, piece: Spell, day: date) -> dict[str, float]:
        """How the people of a piece are spread over the units of `day`, by the shares of splits and transfers; nothing where these are not written.

        Parameters
        ----------
        piece : Spell
            As `pieces` cuts them.
        day : date
            The day whose boundaries are wanted.

        Returns
        -------
        dict
            Unit of `day` → share of the piece, adding up to 1.
        """
        if piece.end <= day:
            return self._spread(piece.unit, piece.end, day)
        unit, _ = self.at(piece, day)
        return {} if unit is None else {unit: 1.0}

    def heirs(self, unit: str) -> list[tuple[str, date]]:
        """What a unit became by mergers and changes of name, one after the other, with the day on which the one before had ended.

        Nothing follows a split or a transfer: what it left does not say where a place went.
        """
        found: list[tuple[str, date]] = []
        seen = {unit}
        while (end := max((s.end for s in self.spells.get(unit, ())), default=date.max)) < date.max:
            steps = [c for c in self.changes.get(unit, ()) if c.old == unit]
            last = [c for c in steps if c.on == max(step.on for step in steps)]
            if not last or any(c.kind not in WHOLE for c in last) or len({c.new for c in last}) > 1 or last[0].new in seen:
                break
            unit = last[0].new
            seen.add(unit)
            found.append((unit, end))
        return found

    def _spread(self, unit: str, after: date, day: date) -> dict[str, float]:
        steps = sorted((c for c in self.changes.get(unit, ()) if c.old == unit and after <= c.on <= day), key=lambda c: c.on)
        if not steps:
            return {unit: 1.0} if self._valid(unit, day)[0] else {}
        found: dict[str, float] = defaultdict(float)
        for part, share in _parts(unit, [c for c in steps if c.on == steps[0].on]).items():
            rest = self._spread(part, _next_day(steps[0].on), day)
            if not rest and share:
                return {}
            for target, weight in rest.items():
                found[target] += share * weight
        return dict(found)

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


def _parts(unit: str, changes: Sequence[Change]) -> dict[str, float]:
    """Shares of what a unit became on one day; nothing where they are not written, or do not add up."""
    kinds, shares = {c.kind for c in changes}, {c.new: c.share for c in changes}
    if kinds <= WHOLE and len(shares) == 1:
        return {changes[0].new: 1.0}
    stated = {new: share for new, share in shares.items() if share is not None}
    whole = sum(stated.values())
    if len(stated) < len(shares) or not stated:
        return {}
    if kinds == {SPLIT} and abs(whole - 1) <= ROUNDED:
        return {new: share / whole for new, share in stated.items()}
    return {**stated, unit: 1 - whole} if kinds == {TRANSFER} and whole <= 1 and unit not in stated else {}


def lineage_of(frame: pd.DataFrame | None, spells: Mapping[str, Sequence[Spell]]) -> Lineage:
    """The lineage of a table with old_id, new_id, changed_on, kind and, where it is known, share."""
    changes: dict[str, list[Change]] = defaultdict(list)
    for row in [] if frame is None else frame.to_dict("records"):
        share = row.get("share")
        change = Change(
            old=str(row["old_id"]), new=str(row["new_id"]), on=pd.Timestamp(row["changed_on"]).date(), kind=str(row["kind"]),
            share=None if pd.isna(share) else float(share),
        )
        for unit in {change.old, change.new}:
            changes[unit].append(change)
    return Lineage(changes=dict(changes), spells=spells)


def _next_day(day: date) -> date:
    return (pd.Timestamp(day) + pd.Timedelta(days=1)).date()


def _day_before(day: date) -> date:
    return (pd.Timestamp(day) - pd.Timedelta(days=1)).date()
