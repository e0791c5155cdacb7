"""Which months a claim's base and period are held against, and which changes of recording fall among them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from commresearch.comparison.claim_against_measure import FEWEST
from commresearch.comparison.claim_against_view import ClaimView
from commresearch.impact.checks_selection import JUDGED, SELECTION
from commresearch.outcomes.live import ALL_UNITS
from commresearch.terms import ChosenBy

SHORT = SELECTION  #: months below which a base or period may have been picked for what it shows
SIDE = 12  #: months at most on either side of a change of recording that tell its size
FEWEST_ASIDE = 3  #: months at least


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Windows:
    """Months beside those of the claim.

    reference : bool array (T,)
        Months before the start that tell what the units are for good: without those on which they were chosen, and without a base that may have been
        picked. None where the base needs no such thing, or fewer than six are left.
    outcome : bool array (T,)
        Months from the start on that the effect is estimated on: those of the claim; all, where they are so few that they may have been picked.
    picked_units, picked_base, picked_period : bool
        What may rest on the outcome itself.
    base_rank, period_rank : (int, int)
        Of how many windows as long, all of them before the start or all of them after it, how many lie as high (base) or as low (period), the claim's own among them.
    """

    reference: np.ndarray
    outcome: np.ndarray
    picked_units: bool
    picked_base: bool
    picked_period: bool
    base_rank: tuple[int, int]
    period_rank: tuple[int, int]

    @property
    def suspected(self) -> bool:
        """Whether the base may be out of the ordinary because somebody chose by it."""
        return self.picked_units or self.picked_base


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """A change of recording among the months of a claim, in some of its units.

    units : frozenset of str
    month : int
        The first month after it, as the periods of arrays are numbered.
    """

    units: frozenset[str]
    month: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingChanges:
    """Changes of recording that a claim meets.

    jumps : tuple of Jump
        In units of the claim, not in all alike, in order.
    shared : int
        Those that all units had alike: they are part of what everybody went through.
    how : str
        none, shared, jump, at_start (no month of the same kind on one side of it), few_months, others (all comparison units had it, the claim's did not).
    """

    jumps: tuple[Jump, ...]
    shared: int
    how: str


def windows_of(view: ClaimView, chosen_by: ChosenBy, issuer: str = "") -> Windows:
    """The months that the base, and the effect, are held against.

    Parameters
    ----------
    chosen_by : ChosenBy
        How the pilot's units were chosen, as the roll-out says.
    issuer : str
        How the claim's places were chosen, as its row says; blank: as the pilot's.
    """
    periods, complete = view.arrays.periods, view.complete
    before = view.before & complete
    chosen = ChosenBy(issuer) if issuer in set(ChosenBy) else chosen_by
    picked_units = chosen in JUDGED
    short_base, period = int(view.base.sum()) < SHORT, view.period & view.treated.any(axis=0)
    last_start = int(view.arrays.first[view.scope].max())
    after = complete & (periods >= last_start)
    others_after = int((after & ~view.period).sum())
    short_period = int(period.sum()) < SHORT <= others_after
    reference = before.copy() if picked_units or short_base else np.zeros_like(before)
    if picked_units:
        reference &= periods < view.first - SELECTION
    if short_base:
        reference &= ~view.base
    if int(reference.sum()) < FEWEST:
        reference = np.zeros_like(before)
    return Windows(
        reference=reference, outcome=after | period if short_period else period, picked_units=picked_units,
        picked_base=short_base and int((before & ~view.base).sum()) > 0, picked_period=short_period,
        base_rank=_rank(view, before, view.base), period_rank=_rank(view, after, view.period),
    )


def recording_changes(view: ClaimView, breaks: pd.DataFrame) -> tuple[ClaimView, RecordingChanges]:
    """The changes of recording on file that fall among the claim's months; and the view without what an earlier or other one makes useless.

    Other units with a change of their own among these months are left out, and so are the months before a change that lies before the base.

    Parameters
    ----------
    breaks : DataFrame
        source, unit_id (a unit, or * for all), on, note: as panels have them.
    """
    arrays = view.arrays
    first, last = int(arrays.periods[view.base].min()), int(arrays.periods[view.period].max())
    scope, others = (set(map(str, arrays.units[side])) for side in (view.scope, view.others))
    in_scope, in_others, shared = {}, set(), 0
    for month, named in _by_month(breaks).items():
        if month <= first and named & scope:
            view = replace(view, usable=view.usable & (arrays.periods >= month))
        if not first < month <= last:
            continue
        if ALL_UNITS in named or (scope | others) <= named:
            shared += 1
            continue
        if named & scope:
            in_scope[month] = frozenset(named & scope)
        in_others |= named & others
    if in_others and in_others < others:
        kept = ~np.isin(arrays.units, list(in_others))
        rows = np.flatnonzero(kept)
        view = replace(view, arrays=arrays.take(rows), above=view.above[kept], below=view.below[kept], scope=view.scope[kept], others=view.others[kept])
    jumps = tuple(Jump(units=units, month=month) for month, units in sorted(in_scope.items()))
    how = "others" if in_others and in_others == others else _how(view, jumps) if jumps else "shared" if shared else "none"
    return view, RecordingChanges(jumps=jumps, shared=shared, how=how)


def sides_of(view: ClaimView, jump: Jump, following: int) -> tuple[np.ndarray, np.ndarray]:
    """Months just before and just after a change of recording, either all before the start or all after it, (T,) each.

    Parameters
    ----------
    following : int
        Month of the next change of recording: what comes after it is not looked at.
    """
    periods, started = view.arrays.periods, int(view.arrays.first[view.scope].max())
    same = periods >= started if jump.month > started else periods < view.first
    same = same & view.complete
    early, late = same & (periods < jump.month) & (periods >= jump.month - SIDE), same & (periods >= jump.month) & (periods < min(jump.month + SIDE, following))
    return np.asarray(early), np.asarray(late)


def _by_month(breaks: pd.DataFrame) -> Mapping[int, set[str]]:
    """Units with a change of recording, by its month."""
    found: dict[int, set[str]] = {}
    for unit, on in breaks[["unit_id", "on"]].itertuples(index=False, name=None):
        day = pd.Timestamp(on)
        found.setdefault(12 * day.year + day.month - 1, set()).add(str(unit))
    return found


def _how(view: ClaimView, jumps: tuple[Jump, ...]) -> str:
    """Whether the size of every change of recording can be told from months on both sides of it."""
    for place, jump in enumerate(jumps):
        following = jumps[place + 1].month if place + 1 < len(jumps) else int(view.arrays.periods[-1]) + 1
        fewest = min(int(side.sum()) for side in sides_of(view, jump, following))
        if fewest < FEWEST_ASIDE:
            return "at_start" if fewest == 0 else "few_months"
    return "jump"


def _rank(view: ClaimView, among: np.ndarray, window: np.ndarray) -> tuple[int, int]:
    """How many of the windows as long as this one lie as far out on the side that makes the change larger, and how many there are."""
    length = int(window.sum())
    places = np.flatnonzero(among)
    runs = [run for run in (places[i : i + length] for i in range(len(places) - length + 1)) if len(run) == length and run[-1] - run[0] == length - 1]
    levels = []
    for run in runs:
        months = np.zeros_like(among)
        months[run] = True
        levels.append(view.level(view.scope, months))
    falls = view.level(view.scope, view.period) < view.level(view.scope, view.base)
    sign = 1.0 if falls == bool((window == view.base).all()) else -1.0
    own = sign * view.level(view.scope, window)
    return sum(sign * level >= own - 1e-12 for level in levels), len(levels)
