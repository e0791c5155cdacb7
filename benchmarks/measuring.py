"""Two calls timed in turn, and the table that is printed of them."""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

ROUNDS = 3  #: of each call, where a round is not long
LONG_SECONDS = 20.0  #: a call that takes longer is run once
THREADS = "OPENBLAS_NUM_THREADS"
Call = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds of wall clock and of processor time (all threads), one entry per round."""

    wall: Sequence[float]
    processor: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line of the table: medians of both sides, the ratio that the goal speaks of, and the same ratio in processor time."""

    goal: str
    peer: str
    ours: Times
    theirs: Times | None
    ratio: float
    processor_ratio: float
    needed: str
    met: bool | None


def in_turn(*calls: Call) -> list[Times]:
    """Every call once per round, A B A B …, so that a machine that slows down slows both."""
    taken: list[list[tuple[float, float]]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for place, call in enumerate(calls):
            wall, processor = time.perf_counter(), time.process_time()
            call()
            taken[place].append((time.perf_counter() - wall, time.process_time() - processor))
        if any(rounds[-1][0] > LONG_SECONDS for rounds in taken):
            break
    return [Times(wall=[w for w, _ in rounds], processor=[p for _, p in rounds]) for rounds in taken]


def together(*parts: Times) -> Times:
    """Calls that follow one another, as one."""
    return Times(
        wall=[sum(seconds) for seconds in zip(*(p.wall for p in parts), strict=True)],
        processor=[sum(seconds) for seconds in zip(*(p.processor for p in parts), strict=True)],
    )


def faster(goal: str, peer: str, ours: Times, theirs: Times, *, at_least: float) -> Result:
    """Line of a goal of the form: the peer takes `at_least` times as long."""
    ratio, processor = _ratio(theirs.wall, ours.wall), _ratio(theirs.processor, ours.processor)
    needed = f"peer / ours >= {at_least:g}"
    return Result(goal=goal, peer=peer, ours=ours, theirs=theirs, ratio=ratio, processor_ratio=processor, needed=needed, met=ratio >= at_least)


def no_slower(goal: str, peer: str, ours: Times, theirs: Times, *, at_most: float) -> Result:
    """Line of a goal of the form: we take `at_most` times as long as the peer."""
    ratio, processor = _ratio(ours.wall, theirs.wall), _ratio(ours.processor, theirs.processor)
    needed = f"ours / peer <= {at_most:g}"
    return Result(goal=goal, peer=peer, ours=ours, theirs=theirs, ratio=ratio, processor_ratio=processor, needed=needed, met=ratio <= at_most)


def beside(goal: str, peer: str, ours: Times, theirs: Times) -> Result:
    """Line that no goal is about."""
    return replace(faster(goal, peer, ours, theirs, at_least=0), needed="", met=None)


def within(goal: str, ours: Times, *, seconds: float) -> Result:
    """Line of a goal of the form: we take less than so many seconds."""
    taken = statistics.median(ours.wall)
    return Result(goal=goal, peer="", ours=ours, theirs=None, ratio=float("nan"), processor_ratio=float("nan"), needed=f"ours < {seconds:g} s", met=taken < seconds)


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
    say("\n| goal | peer | ours s | peer s | ratio | needed | met | rounds | ratio in processor time |")
    say("|---|---|---|---|---|---|---|---|---|")
    for r in results:
        peer_seconds = "" if r.theirs is None else f"{statistics.median(r.theirs.wall):.3g}"
        ratios = ["" if r.theirs is None else f"{x:.3g}" for x in (r.ratio, r.processor_ratio)]
        met = {True: "yes", False: "NO", None: ""}[r.met]
        cells = [r.goal, r.peer, f"{statistics.median(r.ours.wall):.3g}", peer_seconds, ratios[0], r.needed, met, str(len(r.ours.wall)), ratios[1]]
        say(f"| {' | '.join(cells)} |")
