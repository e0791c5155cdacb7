"""All covers of the positive rows by the fewest terms: exact, by depth-first search."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from commresearch.errors import EstimationError, Failure

MOST_MODELS = 10_000  #: listed; how many there are is said in any case
MOST_STEPS = 1_000_000  #: of the search, before it gives up


@dataclass(frozen=True, slots=True, kw_only=True)
class Covers:
    """Covers with the fewest terms.

    chosen : list of tuple of int
        Places of the terms, ascending, in each cover; covers in ascending order.
    count : int
        How many covers there are; at least so many where not `complete`.
    complete : bool
        Whether the search came to its end. Where it did and `count` is above len(chosen), only the listing was cut.
    """

    chosen: list[tuple[int, ...]]
    count: int
    complete: bool


@dataclass(slots=True, kw_only=True)
class _Search:
    """Patterns of covered rows as bit masks, how often each is tried, and the covers found."""

    patterns: list[int]
    steps_left: int
    most: int
    found: list[tuple[int, ...]] = field(default_factory=list)

    def run(self, uncovered: int, barred: frozenset[int], left: int, taken: tuple[int, ...]) -> None:
        """All ways to cover what is left with `left` patterns. A row's patterns are tried in turn, and those tried are barred from then on: once each."""
        self.steps_left -= 1
        if self.steps_left < 0 or len(self.found) >= self.most:
            return
        usable = [(i, p & uncovered) for i, p in enumerate(self.patterns) if p & uncovered and i not in barred]
        if left == 1:
            self.found += [tuple(sorted((*taken, i))) for i, p in usable if p == uncovered]
            return
        widest = max((p.bit_count() for _, p in usable), default=0)
        if widest * left < uncovered.bit_count():
            return
        counts = _rows_counted(usable, uncovered)
        if (fewest := min(counts.values())) == 0:
            return
        row = next(r for r, n in counts.items() if n == fewest)
        for i, p in usable:
            if p & row:
                self.run(uncovered & ~self.patterns[i], barred, left - 1, (*taken, i))
                barred |= {i}


def _rows_counted(usable: Sequence[tuple[int, int]], uncovered: int) -> dict[int, int]:
    """How many patterns cover each row that is not covered yet, by the bit of the row."""
    counts = dict.fromkeys(_bits(uncovered), 0)
    for bit in counts:
        counts[bit] = sum(1 for _, p in usable if p & bit)
    return counts


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest
        mask ^= lowest


def fewest_terms(chart: NDArray[np.bool_], *, most: int = MOST_MODELS, steps: int = MOST_STEPS) -> Covers:
    """All covers with as few terms as possible.

    Parameters
    ----------
    chart : array of bool (terms, rows)
        Which term covers which positive row; every row is covered by one at least.
    most : int
        Covers that are listed.
    steps : int
        Of the search.

    Returns
    -------
    Covers

    Raises
    ------
    EstimationError
        The search ended before it found a single cover (CR-Q15).

    Notes
    -----
    Terms that cover the same rows are interchangeable: the search goes over different patterns, and covers are counted by multiplying. The smallest size
    is found with patterns that lie within no other, which cannot be worse; then all patterns are searched at that size.
    """
    alike: dict[int, list[int]] = defaultdict(list)
    for place, row in enumerate(chart):
        alike[int.from_bytes(np.packbits(row, bitorder="little").tobytes(), "little")].append(place)
    patterns = sorted(alike, key=lambda p: -p.bit_count())
    target = (1 << chart.shape[1]) - 1
    size = _smallest(patterns, target, steps)
    search = _Search(patterns=patterns, steps_left=steps, most=most)
    search.run(target, frozenset(), size, ())
    groups = [[alike[patterns[i]] for i in cover] for cover in search.found]
    count = sum(math.prod(len(g) for g in cover) for cover in groups)
    listed = itertools.islice((tuple(sorted(places)) for cover in groups for places in itertools.product(*cover)), most)
    return Covers(chosen=sorted(listed), count=count, complete=search.steps_left >= 0 and len(search.found) < most)


def _smallest(patterns: Sequence[int], target: int, steps: int) -> int:
    """The fewest patterns that cover everything."""
    widest: list[int] = []
    for p in patterns:  # the widest come first
        if not any(p & q == p for q in widest):
            widest.append(p)
    search = _Search(patterns=widest, steps_left=steps, most=1)
    for size in range(1, len(widest) + 1):
        search.run(target, frozenset(), size, ())
        if search.found:
            return size
        if search.steps_left < 0:
            break
    raise EstimationError(Failure(code="CR-Q15", values={"rows": target.bit_count(), "patterns": len(patterns), "steps": steps}))
