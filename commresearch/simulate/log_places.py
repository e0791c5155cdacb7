"""Communities of a fictional pilot: grids and estates, who starts when, what merges, splits, is renamed or handed over."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.simulate.log_spec import LogSpec
from commresearch.simulate.log_tables import frame_of_rows

Array = NDArray[Any]
COUNTY = "379901"  #: a code that was never given out
NEVER = -1
SUCCESSOR_NUMBERS = 101
MERGED_ON, HANDED_OVER_ON = 16, 11  #: days in the middle of a month
ROSTER_SOURCE = "虚构统计台账"


@dataclass(frozen=True, slots=True, kw_only=True)
class Community:
    """A community of the register, with its validity.

    start
        month (from 0) in which the pilot starts there, -1 for never
    origin
        community of the first day that it comes from
    """

    code: str
    name: str
    street: str
    start: int
    origin: int
    valid_from: pd.Timestamp | None = None
    valid_to: pd.Timestamp | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """Grids, the smallest places, and the communities that they belong to.

    communities
        every community that ever was; the first `n` are those of the first day
    grids
        grid_id, origin (community of the first day), estate, estate_name, households, population, youth, staff; one row per grid
    first, second
        community of each grid before and from `changed_on` on (n_grids,); NaT where nothing changes
    lineage
        the typed table
    """

    n: int
    communities: tuple[Community, ...]
    grids: pd.DataFrame
    first: Array
    second: Array
    changed_on: Array
    lineage: pd.DataFrame

    def community_at(self, grids: Array, moments: Array) -> Array:
        """Community (as a position) of grids at moments, both (k,)."""
        after = moments.astype("datetime64[us]") >= self.changed_on[grids]
        return np.where(after, self.second[grids], self.first[grids])

    @property
    def codes(self) -> Array:
        """Codes of the communities."""
        return np.array([c.code for c in self.communities], dtype=object)

    @property
    def names(self) -> Array:
        """Names of the communities as they are written down: 云栖社区."""
        return np.array([f"{c.name}社区" for c in self.communities], dtype=object)

    @property
    def starts(self) -> Array:
        """Month in which the pilot starts, per community of the first day (n,)."""
        return np.array([c.start for c in self.communities[: self.n]])


def month_at(spec: LogSpec, month: int, day: int = 1) -> pd.Timestamp:
    """A day of a month, counted from 0."""
    return pd.Timestamp(spec.first_month) + pd.DateOffset(months=month, days=day - 1)


def draw_places(spec: LogSpec, rng: np.random.Generator) -> Places:
    """Draw the communities, their sizes and their part in the pilot, then let boundaries change."""
    n = spec.communities
    names = spec.names
    streets = np.arange(n) * len(names.streets) // n
    starts = starts_in_order(spec, rng.permutation(n), streets)
    communities = [
        Community(code=f"{COUNTY}{street + 1:03d}{i + 1:03d}", name=names.communities[i], street=names.streets[street][0], start=int(starts[i]), origin=i)
        for i, street in enumerate(streets)
    ]
    grids = _draw_grids(spec, communities, rng)
    first = grids["origin"].to_numpy().copy()
    changes = _Changes(spec=spec, communities=communities, grids=grids, second=first.copy())
    if spec.boundary_changes:
        changes.make()
    return Places(
        n=n, communities=tuple(changes.communities), grids=grids, first=first, second=changes.second, changed_on=changes.changed_on,
        lineage=frame_of_rows("lineage", changes.lineage, "old_id new_id changed_on kind share"),
    )


def starts_in_order(spec: LogSpec, order: Array, streets: Array) -> Array:
    """Month in which the pilot starts, -1 for never, per community (n,): the first ones of an order are in it, or the parts that they lie in."""
    together = order if spec.assigned_level == "community" else np.array(list(dict.fromkeys(streets[order].tolist())))
    chosen = {int(who): spec.starts[i % len(spec.starts)] for i, who in enumerate(together[: spec.treated])}
    decided = np.arange(len(order)) if spec.assigned_level == "community" else streets
    return np.array([chosen.get(int(who), NEVER) for who in decided])


def street_code(community: Community) -> str:
    """Code of the street or district that a community lies in."""
    return community.code[:9]


def _draw_grids(spec: LogSpec, communities: list[Community], rng: np.random.Generator) -> pd.DataFrame:
    """Grids of unequal size; two grids make an estate, the last one of an odd number is an estate of its own."""
    k, n = spec.grids, spec.communities
    shares = rng.dirichlet(np.full(k, 12.0), n)
    sizes = spec.households * np.exp(0.25 * rng.standard_normal(n) - 0.03)
    households = np.maximum(np.round(sizes[:, None] * shares), 5).astype(np.int64)
    population = np.round(households * spec.persons_per_household).astype(np.int64)
    estates = [c.origin * k + j // 2 * 2 + 1 for c in communities for j in range(k)]
    return pd.DataFrame(
        {
            "grid_id": [f"{c.code}{j + 1:03d}" for c in communities for j in range(k)],
            "origin": np.repeat(np.arange(n), k),
            "estate": [f"XQ{number:04d}" for number in estates],
            "estate_name": [estate_name(number) for number in estates],
            "households": households.ravel(),
            "population": population.ravel(),
            "youth": np.round(population * spec.youth_share).astype(np.int64).ravel(),
            "staff": rng.integers(1, 4, n * k),
        }
    )


def estate_name(number: int) -> str:
    """Name of an estate; the numbers keep the names apart."""
    return f"{'澜汐屿栀'[number % 4]}{'苑庭湾里'[number // 4 % 4]}{number}号小区"


class _Changes:
    """A merger in the middle of a month, a grid handed over, a split and a renaming, among communities that start together."""

    def __init__(self, *, spec: LogSpec, communities: list[Community], grids: pd.DataFrame, second: Array) -> None:
        self.spec, self.communities, self.grids, self.second = spec, communities, grids, second
        self.changed_on = np.full(len(grids), np.datetime64("NaT", "us"), dtype="datetime64[us]")
        self.lineage: list[tuple[object, ...]] = []
        self.free = list(range(spec.communities))

    def make(self) -> None:
        """All four kinds, where communities for them are there."""
        month = self.spec.months // 2 + 1
        merging, handing = self._pair(treated=True), self._pair(treated=False)
        self._merge(merging, month_at(self.spec, month, MERGED_ON))
        self._hand_over(handing, month_at(self.spec, min(month + 1, self.spec.months - 1), HANDED_OVER_ON))
        self._split(self._one(treated=False), month_at(self.spec, min(month + 2, self.spec.months - 1)))
        self._rename(self._one(treated=True), month_at(self.spec, min(month + 3, self.spec.months - 1)))

    def _one(self, *, treated: bool) -> int:
        wanted = [i for i in self.free if (self.communities[i].start != NEVER) == treated] or self.free
        self.free.remove(wanted[0])
        return wanted[0]

    def _pair(self, *, treated: bool) -> tuple[int, int]:
        starts = [c.start for c in self.communities]
        pairs = [(i, j) for i in self.free for j in self.free if i < j and starts[i] == starts[j]]
        i, j = next((pair for pair in pairs if (starts[pair[0]] != NEVER) == treated), pairs[0])
        self.free = [k for k in self.free if k not in (i, j)]
        return i, j

    def _successor(self, origin: int, day: pd.Timestamp) -> int:
        """A new community with a new code and name, from a day on."""
        old = self.communities[origin]
        made = len(self.communities) - self.spec.communities
        self.communities.append(
            Community(
                code=f"{old.code[:9]}{SUCCESSOR_NUMBERS + made:03d}", name=self.spec.names.communities[len(self.communities)], street=old.street,
                start=old.start, origin=origin, valid_from=day,
            )
        )
        return len(self.communities) - 1

    def _end(self, place: int, day: pd.Timestamp) -> None:
        old = self.communities[place]
        self.communities[place] = Community(
            code=old.code, name=old.name, street=old.street, start=old.start, origin=old.origin, valid_from=old.valid_from, valid_to=day
        )

    def _move(self, grids: Array, new: int, day: pd.Timestamp) -> None:
        self.second[grids], self.changed_on[grids] = new, np.datetime64(day, "us")

    def _of(self, place: int) -> Array:
        return np.flatnonzero(self.grids["origin"].to_numpy() == place)

    def _note(self, old: int, new: int, day: pd.Timestamp, kind: str, share: float) -> None:
        self.lineage.append((self.communities[old].code, self.communities[new].code, day, kind, share))

    def _merge(self, pair: tuple[int, int], day: pd.Timestamp) -> None:
        new = self._successor(pair[0], day)
        for place in pair:
            self._move(self._of(place), new, day)
            self._end(place, day)
            self._note(place, new, day, "merge", 1.0)

    def _split(self, place: int, day: pd.Timestamp) -> None:
        grids, size = self._of(place), self.grids["households"].to_numpy()
        half = max(2, len(grids) // 4 * 2)  # whole estates
        self._end(place, day)
        for part in (grids[:half], grids[half:]):
            new = self._successor(place, day)
            self._move(part, new, day)
            self._note(place, new, day, "split", round(float(size[part].sum() / size[grids].sum()), 6))

    def _rename(self, place: int, day: pd.Timestamp) -> None:
        new = self._successor(place, day)
        self._move(self._of(place), new, day)
        self._end(place, day)
        self._note(place, new, day, "rename", 1.0)

    def _hand_over(self, pair: tuple[int, int], day: pd.Timestamp) -> None:
        giver, taker = pair
        grids, size = self._of(giver), self.grids["households"].to_numpy()
        estates = self.grids["estate"].to_numpy()
        moved = grids[estates[grids] == estates[grids[-1]]]  # a whole estate
        self._move(moved, taker, day)
        self._note(giver, taker, day, "transfer", round(float(size[moved].sum() / size[grids].sum()), 6))
