"""Published counts of groups of persons, and what they say together: a district and its communities, two waves, a table and its margins.

A group is a set of persons of one population: those of some units, in some period, with some attributes. Groups overlap, and so do their counts: where
one group is another less a third, its count is their difference. All groups of a population are put into one `System`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from commresearch.cases.case import Release
from commresearch.reporting.disclosure import Known, Reach, System, too_narrow
from commresearch.reporting.disclosure_rules import shown_interval

OTHERS = "*"  #: units, months or answers that no group names one by one

Parts = tuple[frozenset[str], frozenset[str]]  #: units and months


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Persons that a published count is about.

    population : str
        Whose counts can be compared: the sheets of a survey, the people of a sign-in register. Counts of different populations say nothing of each other.
    units, period : frozenset of str
        Communities, and months or waves; empty for all there are, which may be more than any group names. A whole that consists of its named parts
        names them all.
    attributes : mapping
        Question or attribute → the answers of the group; a mapping without an attribute leaves it open, as with units.
    adds_up : bool
        Whether everybody is counted in one unit and month only. Somebody who came to two places, or in two months, counts once in the whole: such
        counts bound each other and do not add up. The same for all groups of a population.
    """

    population: str
    units: frozenset[str] = frozenset()
    period: frozenset[str] = frozenset()
    attributes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    adds_up: bool = True

    @property
    def key(self) -> str:
        """The same for groups of the same persons."""
        listed = [sorted(self.units), sorted(self.period), *([name, *sorted(values)] for name, values in sorted(self.attributes.items()))]
        return "|".join([self.population, *("/".join(part) for part in listed)])

    def to_dict(self) -> dict[str, Any]:
        """As it stands in a file."""
        attributes = {name: sorted(values) for name, values in sorted(self.attributes.items())}
        return {"population": self.population, "units": sorted(self.units), "period": sorted(self.period), "attributes": attributes, "adds_up": self.adds_up}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Group":
        """From what stands in a file."""
        return cls(
            population=given["population"], units=frozenset(given["units"]), period=frozenset(given["period"]),
            attributes={name: frozenset(values) for name, values in given["attributes"].items()}, adds_up=given["adds_up"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a report says of a group: from how many to how many persons (both the same where nothing is rounded), or that they are hidden.

    `place` is where it stands: table, row and column.
    """

    group: Group
    low: float
    high: float
    hidden: bool = False
    place: str = ""

    @classmethod
    def of(cls, group: Group, count: int, rules: Release, *, hidden: bool, place: str = "") -> "Published":
        """What a reader knows of a count; of a hidden one only that somebody is in the group."""
        low, high = (1.0, np.inf) if hidden else shown_interval(count, rules)
        return cls(group=group, low=low, high=high, hidden=hidden, place=place)

    def to_dict(self) -> dict[str, Any]:
        """As it stands in a file: a hidden count without any number."""
        bounds = {"hidden": True} if self.hidden else {"low": self.low, "high": self.high}
        return {"group": self.group.to_dict(), "place": self.place} | bounds

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Published":
        """From what stands in a file."""
        hidden = bool(given.get("hidden", False))
        low, high = (1.0, np.inf) if hidden else (float(given["low"]), float(given["high"]))
        return cls(group=Group.from_dict(given["group"]), low=low, high=high, hidden=hidden, place=given["place"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """A hidden count of which too much can be worked out, from the published counts in `by`."""

    cell: Published
    low: float
    high: float
    by: tuple[Published, ...]


def exposed(cells: Sequence[Published], rules: Release) -> tuple[list[Exposed], list[str]]:
    """Hidden counts that somebody could work out from all that is published, and populations whose counts do not fit together.

    Parameters
    ----------
    cells : sequence of Published
        All counts of all reports. A group that is hidden in one place and shown in another is exposed by the other.
    rules : Release
    """
    found: list[Exposed] = []
    broken = []
    for population in dict.fromkeys(cell.group.population for cell in cells):
        mine = _once([cell for cell in cells if cell.group.population == population])
        if not any(cell.hidden for cell in mine):
            continue
        narrow = _narrow(mine, rules)
        if narrow is None:
            broken.append(population)
            continue
        found += [Exposed(cell=mine[r.cell], low=r.low, high=r.high, by=tuple(mine[c] for c in r.by)) for r in narrow]
    return found, broken


def _once(cells: Iterable[Published]) -> list[Published]:
    """Every statement once, wherever it is made again."""
    return list({(cell.group.key, cell.low, cell.high, cell.hidden): cell for cell in reversed(list(cells))}.values())[::-1]


def _narrow(cells: Sequence[Published], rules: Release) -> list[Reach] | None:
    known = Known(low=np.array([c.low for c in cells]), high=np.array([c.high for c in cells]), hidden=np.array([c.hidden for c in cells]))
    return too_narrow(_Layers(groups=[cell.group for cell in cells]).system(), known, rules)


# ---------------------------------------------------------------- from groups to a system


@dataclass(frozen=True, kw_only=True, eq=False)
class _Layers:
    """The unknown numbers behind groups of one population.

    A layer is a part of units and months that no group divides, or, where counts do not add up over them, the units and months of a group as they are.
    In each layer stand the number of all persons and, for every set of attributes that are crossed somewhere, the numbers of their combinations, which
    add up to it. Attributes that are crossed nowhere need no common combinations: any two of their tables with the same total fit together.
    """

    groups: Sequence[Group]

    @cached_property
    def adds_up(self) -> bool:
        return all(group.adds_up for group in self.groups)

    @cached_property
    def parts(self) -> list[Parts]:
        """Units and months of every group, with all of them where it names none."""
        units, months = _everything(g.units for g in self.groups), _everything(g.period for g in self.groups)
        return [(g.units if g.units else units, g.period if g.period else months) for g in self.groups]

    @cached_property
    def layers(self) -> list[Parts]:
        if not self.adds_up:
            return list(dict.fromkeys(self.parts))
        return list(product(_classes([units for units, _ in self.parts]), _classes([months for _, months in self.parts])))

    @cached_property
    def crossed(self) -> list[tuple[str, ...]]:
        """Sets of attributes that some groups cross, directly or by a chain."""
        sets: list[set[str]] = []
        for names in (set(g.attributes) for g in self.groups if g.attributes):
            joined = names.union(*(s for s in sets if s & names))
            sets = [s for s in sets if not s & names] + [joined]
        return [tuple(sorted(s)) for s in sets]

    @cached_property
    def combinations(self) -> list[list[tuple[frozenset[str], ...]]]:
        """Of every such set the combinations of answers that no group divides."""
        found = []
        for names in self.crossed:
            named = [[g.attributes[name] for g in self.groups if name in g.attributes] for name in names]
            found.append(list(product(*(_classes([*values, _everything(values)]) for values in named))))
        return found

    @cached_property
    def offsets(self) -> list[int]:
        """Where the combinations of each set stand in a layer; the number of all persons stands first. The last is the size of a layer."""
        return [1, *(1 + int(n) for n in np.cumsum([len(c) for c in self.combinations]))]

    def slots(self, group: Group) -> list[int]:
        """Which numbers of a layer make up a group."""
        if not group.attributes:
            return [0]
        chosen = next(i for i, names in enumerate(self.crossed) if set(group.attributes) <= set(names))
        names, start = self.crossed[chosen], self.offsets[chosen]
        return [
            start + i for i, combination in enumerate(self.combinations[chosen])
            if all(part <= group.attributes[name] for name, part in zip(names, combination, strict=True) if name in group.attributes)
        ]

    def system(self) -> System:
        """Cells in the order of the groups."""
        size = self.offsets[-1]
        place = {layer: i for i, layer in enumerate(self.layers)}
        cells = []
        for group, (units, months) in zip(self.groups, self.parts, strict=True):
            mine = [i for (u, m), i in place.items() if u <= units and m <= months] if self.adds_up else [place[units, months]]
            cells.append({layer * size + slot: 1.0 for layer in mine for slot in self.slots(group)})
        whole = [
            {layer * size: -1.0} | {layer * size + slot: 1.0 for slot in range(self.offsets[i], self.offsets[i + 1])}
            for layer in range(len(self.layers)) for i in range(len(self.crossed))
        ]
        width = size * len(self.layers)
        return System(cells=_matrix(cells, width), equal=_matrix(whole, width), at_most=_matrix([] if self.adds_up else list(self._bounds(size)), width))

    def _bounds(self, size: int) -> Iterator[dict[int, float]]:
        """Who is in a part is in the whole, and who is in the whole is in one of the parts that cover it."""
        for whole, (units, months) in enumerate(self.layers):
            inside = [i for i, (u, m) in enumerate(self.layers) if i != whole and u <= units and m <= months]
            covered = {pair for i in inside for pair in product(*self.layers[i])} >= set(product(units, months))
            for slot in range(size):
                yield from ({part * size + slot: 1.0, whole * size + slot: -1.0} for part in inside)
                if covered:
                    yield {whole * size + slot: 1.0} | {part * size + slot: -1.0 for part in self._largest(inside)}

    def _largest(self, inside: Sequence[int]) -> list[int]:
        """Parts that lie in no other part."""
        return [i for i in inside if not any(j != i and self._within(i, j) for j in inside)]

    def _within(self, part: int, whole: int) -> bool:
        (units, months), (all_units, all_months) = self.layers[part], self.layers[whole]
        return units <= all_units and months <= all_months


def _everything(named: Iterable[frozenset[str]]) -> frozenset[str]:
    """What is named, and others."""
    return frozenset().union(*named) | {OTHERS}


def _classes(sets: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """The parts that no set divides."""
    by_signature: dict[tuple[int, ...], list[str]] = {}
    distinct = list(dict.fromkeys(sets))
    for element in sorted(frozenset().union(*distinct)):
        by_signature.setdefault(tuple(i for i, s in enumerate(distinct) if element in s), []).append(element)
    return [frozenset(part) for part in by_signature.values()]


def _matrix(rows: Sequence[Mapping[int, float]], width: int) -> csr_array:
    places = [(i, column, value) for i, row in enumerate(rows) for column, value in row.items()]
    line, column, value = zip(*places, strict=True) if places else ((), (), ())
    return csr_array((np.array(value, dtype=float), (np.array(line, dtype=int), np.array(column, dtype=int))), shape=(len(rows), width))
