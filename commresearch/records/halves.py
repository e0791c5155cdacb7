"""Work on many things, half of it in a process beside this one."""

from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import TypeVar

from commresearch.records.processes import may_fork
from commresearch.records.standby import Standby

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_two(work: Callable[[Item], Result], items: Sequence[Item], *, is_long: bool = True, weights: Sequence[float] = ()) -> list[Result]:
    """`work` of every item, in order; about half is done in another process where there is much to do and this one can be forked.

    Items are dealt out by `weights`, where these are given, so that both processes have about as much to do. What the other one makes has
    to be sent here, and what it raises is raised here.
    """
    if not is_long or not may_fork():
        return _done(work, items)
    mine, theirs = _dealt(weights or [1.0] * len(items))
    with Standby(partial(_done, work, [items[i] for i in theirs])) as other:
        made = [*_done(work, [items[i] for i in mine]), *other.first()]
    return [result for _, result in sorted(zip([*mine, *theirs], made, strict=True), key=itemgetter(0))]


def _dealt(weights: Sequence[float]) -> tuple[list[int], list[int]]:
    """Positions of items in two parts of about the same weight, the heaviest dealt first."""
    parts: tuple[list[int], list[int]] = ([], [])
    sums = [0.0, 0.0]
    for place in sorted(range(len(weights)), key=lambda i: -weights[i]):
        lighter = int(sums[1] < sums[0])
        parts[lighter].append(place)
        sums[lighter] += weights[place]
    return parts


def _done(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    return [work(item) for item in items]
