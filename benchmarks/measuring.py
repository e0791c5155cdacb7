"""Two calls or processes timed in turn, and the table that is printed of them."""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

from benchmarks.processes import run_watched

ROUNDS = 3  #: of each call, where a round is not long
LONG_SECONDS = 20.0  #: a call that takes longer is run once
LONG_PROCESS_SECONDS = 100.0  #: the same of a process: one run of each is no measure where the machine has other work meanwhile
THREADS = "OPENBLAS_NUM_THREADS"
Call = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds of wall clock and of processor time (all threads), one entry per round; of processes the largest memory, too (10^9 bytes)."""

    wall: Sequence[float]
    processor: Sequence[float]
    memory: Sequence[float] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line of the table: medians of both sides, the ratio that the goal speaks of, and the ratio of their processor times."""

    goal: str
    peer: str
    ours: float
    theirs: float | None
    unit: str
    ratio: float
    processor_ratio: float
    needed: str
    met: bool | None
    rounds: int


def in_turn(*calls: Call) -> list[Times]:
    """Every call once per round, A B A B …, so that a machine that slows down slows both."""
    taken: list[list[tuple[float, float]]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for place, call in enumerate(calls):
            wall, processor = time.perf_counter(), _processor()
            call()
            taken[place].append((time.perf_counter() - wall, _processor() - processor))
        if any(rounds[-1][0] > LONG_SECONDS for rounds in taken):
            break
    return [Times(wall=[w for w, _ in rounds], processor=[p for _, p in rounds]) for rounds in taken]


def _processor() -> float:
    """Seconds of the processor that this process has taken, and those that it started and that have ended."""
    children = os.times()
    return time.process_time() + children.children_user + children.children_system


def processes_in_turn(*commands: Sequence[str]) -> list[Times]:
    """As `in_turn`, every run of a command being a new process: its start counts, and its memory is measured."""
    taken: list[list[tuple[float, float, float]]] = [[] for _ in commands]
    for _ in range(ROUNDS):
        for place, command in enumerate(commands):
            taken[place].append(run_watched(command))
        if any(rounds[-1][0] > LONG_PROCESS_SECONDS for rounds in taken):
            break
    return [Times(wall=[r[0] for r in rounds], processor=[r[1] for r in rounds], memory=[r[2] for r in rounds]) for rounds in taken]


def together(*parts: Times) -> Times:
    """Calls that follow one another, as one."""
    return Times(
        wall=[sum(seconds) for seconds in zip(*(p.wall for p in parts), strict=True)],
        processor=[sum(seconds) for seconds in zip(*(p.processor for p in parts), strict=True)],
    )


def faster(goal: str, peer: str, ours: Times, theirs: Times, *, at_least: float) -> Result:
    """Line of a goal of the form: the peer takes `at_least` times as long."""
    return _compared(goal, peer, (ours, theirs), "wall", ratio=_ratio(theirs.wall, ours.wall), at_least=at_least)


def no_slower(goal: str, peer: str, ours: Times, theirs: Times, *, at_most: float) -> Result:
    """Line of a goal of the form: we take `at_most` times as long as the peer."""
    return _compared(goal, peer, (ours, theirs), "wall", ratio=_ratio(ours.wall, theirs.wall), at_most=at_most)


def less_processor(goal: str, peer: str, ours: Times, theirs: Times, *, at_most: float) -> Result:
    """Line of a goal of the form: we take `at_most` times the processor time of the peer."""
    return _compared(goal, peer, (ours, theirs), "processor", ratio=_ratio(ours.processor, theirs.processor), at_most=at_most)


def smaller(goal: str, peer: str, ours: Times, theirs: Times, *, at_most: float) -> Result:
    """Line of a goal of the form: we take `at_most` times the memory of the peer."""
    return _compared(goal, peer, (ours, theirs), "memory", ratio=_ratio(ours.memory, theirs.memory), at_most=at_most)


def beside(goal: str, peer: str, ours: Times, theirs: Times) -> Result:
    """Line that no goal is about."""
    return replace(faster(goal, peer, ours, theirs, at_least=0), needed="", met=None)


def within(goal: str, ours: Times, *, seconds: float) -> Result:
    """Line of a goal of the form: we take less than so many seconds."""
    return _alone(goal, ours.wall, "s", less_than=seconds)


def fits(goal: str, ours: Times, *, gigabytes: float) -> Result:
    """Line of a goal of the form: we take less than so much memory in every round."""
    return _alone(goal, [max(ours.memory)] * len(ours.memory), "GB", less_than=gigabytes)


def _compared(
    goal: str, peer: str, sides: tuple[Times, Times], of: str, *, ratio: float, at_least: float | None = None, at_most: float | None = None,
) -> Result:
    ours, theirs = sides
    divided, met = ("peer / ours >=", ratio >= at_least) if at_least is not None else ("ours / peer <=", at_most is not None and ratio <= at_most)
    above, below = (theirs, ours) if at_least is not None else (ours, theirs)
    medians = [statistics.median(getattr(side, of)) for side in sides]
    return Result(
        goal=goal, peer=peer, ours=medians[0], theirs=medians[1], unit="GB" if of == "memory" else "s", ratio=ratio,
        processor_ratio=_ratio(above.processor, below.processor), needed=f"{divided} {at_least if at_least is not None else at_most:g}", met=met,
        rounds=len(ours.wall),
    )


def _alone(goal: str, rounds: Sequence[float], unit: str, *, less_than: float) -> Result:
    taken, none = statistics.median(rounds), float("nan")
    return Result(
        goal=goal, peer="", ours=taken, theirs=None, unit=unit, ratio=none, processor_ratio=none, needed=f"ours < {less_than:g} {unit}",
        met=taken < less_than, rounds=len(rounds),
    )


def _ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Median over the rounds of the ratio within a round."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def say(text: str) -> None:
    """A line on standard output, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def heading(title: str, packages: Sequence[str]) -> None:
    """What is measured, and with what."""
    named = ", ".join(f"{name} {version(name)}" for name in ("commresearch", "numpy", "pandas", "pyarrow", *packages))
    say(f"\n## {title}\n")
    say(f"Python {platform.python_version()}, {named}; {os.cpu_count()} cores, BLAS threads of both sides: {os.environ[THREADS]}")


def table(results: Sequence[Result]) -> None:
    """All lines as a Markdown table."""
    say("\n| goal | peer | ours | peer takes | ratio | needed | met | rounds | ratio in processor time |")
    say("|---|---|---|---|---|---|---|---|---|")
    for r in results:
        peer_takes = "" if r.theirs is None else f"{r.theirs:.3g} {r.unit}"
        ratios = ["" if r.theirs is None else f"{x:.3g}" for x in (r.ratio, r.processor_ratio)]
        met = {True: "yes", False: "NO", None: ""}[r.met]
        cells = [r.goal, r.peer, f"{r.ours:.3g} {r.unit}", peer_takes, ratios[0], r.needed, met, str(r.rounds), ratios[1]]
        say(f"| {' | '.join(cells)} |")
