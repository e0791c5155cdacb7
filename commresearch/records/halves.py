"""Work on many things, half of it in a process beside this one."""

import multiprocessing
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from commresearch.records.processes import can_fork
from commresearch.records.standby import Standby

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_two(work: Callable[[Item], Result], items: Sequence[Item], *, is_long: bool = True) -> list[Result]:
    """`work` of every item, in order; every second one is done in another process where there is much to do and this one can be forked.

    What the other one makes has to be sent here, and what it raises is raised here.
    """
    if not is_long or not can_fork() or not _is_alone():
        return _done(work, items)
    with Standby(partial(_done, work, items[1::2])) as other:
        mine = _done(work, items[::2])
        results = [*mine, *(theirs := other.first())]
    results[::2], results[1::2] = mine, theirs
    return results


def _is_alone() -> bool:
    """Whether no other thread works in this process, which a fork would stop half-way, and processes may be started from it."""
    return threading.active_count() == 1 and not multiprocessing.current_process().daemon


def _done(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    return [work(item) for item in items]
