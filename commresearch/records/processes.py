"""Work outside this process: commands with a time limit, and tasks spread over fresh worker processes."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, TypeVar

STDERR_TAIL = 2_000
Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessResult:
    """How a command ended: its exit code (None when it was stopped at its time limit) and what it said."""

    exit_code: int | None
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        """Whether the command ended by itself with exit code 0."""
        return self.exit_code == 0


def run_process(command: Sequence[str | Path], *, timeout: float, cwd: Path | None = None) -> ProcessResult:
    """Run a command without input; it is killed, with its children, after `timeout` seconds.

    A command that cannot be started gives exit code 127 and the system's reason.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - commands are built by this package, never by a shell
            [str(c) for c in command], cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf8", errors="replace", start_new_session=True,
        )
    except OSError as error:
        return ProcessResult(exit_code=127, stdout="", stderr=str(error))
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _kill_group(process)
        return ProcessResult(exit_code=None, stdout="", stderr="")
    return ProcessResult(exit_code=process.returncode, stdout=stdout, stderr=stderr[-STDERR_TAIL:])


def ask_process(command: Sequence[str | Path], given: bytes, *, timeout: float) -> tuple[int | None, bytes, str]:
    """Give a command its input and get its exit code (None when it was stopped at its time limit), its output and what it complained of.

    Input and output pass through pipes: what is private lies on no disk, not even for a moment. It may be called from any
    process and beside any thread, because nothing is forked.
    """
    try:
        done = subprocess.run([str(c) for c in command], input=given, capture_output=True, timeout=timeout, check=False)  # noqa: S603 - as above
    except subprocess.TimeoutExpired:
        return None, b"", ""
    return done.returncode, done.stdout, done.stderr.decode("utf8", errors="replace")[-STDERR_TAIL:]


def _kill_group(process: subprocess.Popen[str]) -> None:
    """End the process and, where the system has process groups, everything it started."""
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def can_fork() -> bool:
    """Whether a worker can safely inherit the modules that this process has already loaded."""
    return sys.platform not in {"win32", "darwin"}


def may_fork() -> bool:
    """Whether this process can be forked now: no other thread works in it, which would be stopped half-way, and it may start processes."""
    return can_fork() and threading.active_count() == 1 and not multiprocessing.current_process().daemon


@dataclass(slots=True)
class _Running:
    process: multiprocessing.process.BaseProcess
    deadline: float
    task: Any


def fan_out(
    work: Callable[[Task], Result], tasks: Sequence[Task], *, workers: int, timeout: float, lost: Callable[[Task, str], Result]
) -> Iterator[tuple[Task, Result]]:
    """Do `work` on every task, each in a process of its own, and yield pairs as they are done.

    Where processes can be forked, a worker starts with everything this process has imported. A worker that dies, or
    outlives `timeout` seconds, costs its own task only: `lost(task, how)` stands in its place, `how` being "died" or "timed_out".
    """
    context: Any = multiprocessing.get_context("fork" if can_fork() else "spawn")
    waiting = list(reversed(tasks))
    running: dict[Connection, _Running] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                task = waiting.pop()
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_send_result, args=(work, task, theirs), daemon=False)
                process.start()
                theirs.close()
                running[ours] = _Running(process, time.monotonic() + timeout, task)
            patience = max(0.0, min(r.deadline for r in running.values()) - time.monotonic())
            ready = wait(list(running), timeout=patience)
            late = [c for c, r in running.items() if c not in ready and r.deadline <= time.monotonic()]
            for connection in [c for c in running if c in ready or c in late]:
                job = running.pop(connection)
                yield job.task, _collect(connection, job, late=connection in late, lost=lost)
    finally:
        for job in running.values():  # the caller stopped early: nothing is left running behind it
            job.process.kill()
            job.process.join()


def _send_result(work: Callable[[Any], Any], task: object, connection: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's to handle; it ends its workers
    connection.send(work(task))
    connection.close()


def _collect(connection: Connection, job: _Running, *, late: bool, lost: Callable[[Any, str], Result]) -> Result:
    """The worker's answer, or what stands for it."""
    try:
        if late:
            job.process.kill()
            return lost(job.task, "timed_out")
        try:
            result: Result = connection.recv()
        except EOFError:
            return lost(job.task, "died")
        return result
    finally:
        job.process.join()
        connection.close()
