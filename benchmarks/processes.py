"""A command run as a process of its own: its wall clock, its processor time and the largest memory of it and its children (Linux)."""

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread

PROC = Path("/proc")
EVERY_SECONDS = 0.05
GIGABYTE = 10**9


def run_watched(command: Sequence[str]) -> tuple[float, float, float]:
    """Seconds of wall clock, seconds of processor time (user and system, all threads, children that were waited for), memory in 10^9 bytes.

    Raises
    ------
    RuntimeError
        The command failed.

    Notes
    -----
    Memory is what is resident of the process and all below it, shared pages counted for each, looked at every 50 ms; of a process alone no peak is missed,
    as the kernel keeps it.
    """
    started = time.perf_counter()
    process = subprocess.Popen(command)  # noqa: S603 - a command of the benchmarks themselves
    peaks, ended = [0], Event()
    watcher = Thread(target=_watch, args=(process.pid, peaks, ended))
    watcher.start()
    try:
        _, status, used = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        raise
    finally:
        wall = time.perf_counter() - started
        ended.set()
        watcher.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: ended with {process.returncode}")
    return wall, used.ru_utime + used.ru_stime, max(peaks) / GIGABYTE


def _watch(pid: int, peaks: list[int], ended: Event) -> None:
    while not ended.wait(EVERY_SECONDS):
        peaks[0] = max(peaks[0], tree_memory(pid))


def tree_memory(pid: int) -> int:
    """Bytes that a process and all below it hold now, or the peak of one of them where that is more; 0 when it is gone."""
    held = [_memory(member) for member in _tree(pid)]
    return max([sum(now for now, _ in held), *(peak for _, peak in held)], default=0)


def _tree(pid: int) -> list[int]:
    found = [pid]
    for member in found:  # grows while it is walked through
        for children in PROC.glob(f"{member}/task/*/children"):
            found += [int(child) for child in _text(children).split()]
    return found


def _memory(pid: int) -> tuple[int, int]:
    """Resident bytes of one process, now and at their peak."""
    lines = dict(line.split(":", 1) for line in _text(PROC / str(pid) / "status").splitlines())
    now, peak = (int(lines.get(name, "0 kB").split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return now, peak


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf8")
    except OSError:  # it ended meanwhile
        return ""
