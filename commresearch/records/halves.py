"""Work on many things, half of it in a process beside this one."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from commresearch.records.processes import may_fork
from commresearch.records.standby import Standby

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_two(work: Callable[[Item], Result], items: Sequence[Item], *, is_long: bool = True) -> list[Result]:
    """`work` of every item, in order; every second one is done in another process where there is much to do and this one can be forked.

    What the other one makes has to be sent here, and what it raises is raised here.
    """
    if not is_long or not may_fork():
        return _done(work, items)
    with Standby(partial(_done, work, items[1::2])) as other:
        mine = _done(work, items[::2])
        results = [*mine, *(theirs := other.first())]
    results[::2], results[1::2] = mine, theirs
    return results


def _done(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    return [work(item) for item in items]
