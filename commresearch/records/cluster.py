"""Tasks spread over the workers of a Dask cluster (extra `dask`), by the same contract as over processes of this machine.

The cluster only says where a task is done: every task has a process of its own there, too, so that none meets what another left behind, and a late one
can be stopped. That process ends with its worker. The machines share the files that tasks work on.
"""

import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from commresearch.errors import Failure, ReportError
from commresearch.records.files import write_whole
from commresearch.records.run_record import package_hash

PATIENCE = 5  #: seconds in which a scheduler has to answer
RETRIES = 2  #: of a task whose process died; one whose worker is lost is done again without being counted
LOOK = 0.5  #: seconds between looks whether a task is still wanted
SHOWN = 5  #: workers that a message names
CHILD = "import sys; from commresearch.records.cluster import do_one; do_one(sys.argv[1])"
TASK, ANSWER = "task", "answer"
Task = TypeVar("Task")
Result = TypeVar("Result")


class _Late(Exception):  # noqa: N818 - not an error of this program: an answer
    """The task ran out of time: it is not tried again."""


class _Died(Exception):  # noqa: N818
    """The process of the task ended without an answer."""


def fan_out_on(
    address: str, work: Callable[[Task], Result], tasks: Sequence[Task], *, timeout: float, lost: Callable[[Task, str], Result], shared: Path
) -> Generator[tuple[Task, Result], None, None]:
    """Do `work` on every task on a Dask cluster and yield pairs as they are done.

    Parameters
    ----------
    address
        Of the scheduler, such as `tcp://host:8786`.
    work
        A function of a module, or a partial of one; doing a task twice must do no harm, as a task whose worker is lost is done again by another.
    tasks
        Whatever can be pickled.
    timeout
        Seconds that one task may take.
    lost
        `lost(task, how)` stands in the place of a task that failed; `how` is "died" (three times) or "timed_out".
    shared
        Folder that all workers have to see under the same path; made where it is missing.

    Raises
    ------
    ReportError
        `distributed` is not installed (CR-R11); no scheduler answers (CR-Z01); it has no worker (CR-Z02); workers have another program (CR-Z03) or do
        not see the folder (CR-Z04): all of these together.
    """
    try:
        import distributed
    except ImportError:
        values = {"package": "distributed", "command": f"--cluster {address}", "install": 'pip install -e ".[dask]"'}
        raise ReportError(Failure(code="CR-R11", values=values)) from None
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False, name="commresearch")
    except (OSError, ValueError) as problem:
        said = str(problem).split("\n")[0] or type(problem).__name__
        raise ReportError(Failure(code="CR-Z01", values={"address": address, "error": said, "seconds": PATIENCE})) from None
    with client:
        _require_ready(client, address, shared)
        unwanted = distributed.Event(f"unwanted-{uuid4().hex}", client=client)
        here = partial(_in_own_process, work=work, timeout=timeout, unwanted=unwanted)
        futures = {client.submit(here, task, pure=False, retries=RETRIES): task for task in tasks}
        try:
            for future in distributed.as_completed(list(futures), loop=client.loop):
                task = futures.pop(future)
                yield task, _collect(future, task, lost)
        finally:
            if futures:  # the caller stopped early: nothing is left running behind it
                unwanted.set()
                client.cancel(list(futures))


def _collect(future: Any, task: Task, lost: Callable[[Task, str], Result]) -> Result:
    """The answer to a task, or what stands for it."""
    if future.status == "finished":
        late, answer = future.result()
        if not late:
            result: Result = answer
            return result
        return lost(task, "timed_out")
    return lost(task, "died")


def _require_ready(client: Any, address: str, shared: Path) -> None:
    """Refuse workers that would give other results, or write them where nobody looks."""
    mark = f"{uuid4().hex}.mark"
    write_whole(shared / mark, "")
    try:
        found: dict[str, Any] = client.run(_standing, str(shared / mark), on_error="return")
    finally:
        (shared / mark).unlink(missing_ok=True)
    if not found:
        raise ReportError(Failure(code="CR-Z02", values={"address": address}))
    answers = {worker: answer if isinstance(answer, tuple) else ("", False) for worker, answer in found.items()}
    ours = package_hash()
    other = [worker for worker, (program, _) in answers.items() if program != ours]
    blind = [worker for worker, (program, sees) in answers.items() if program and not sees]
    failures = [Failure(code="CR-Z03", values={"workers": _named(other), "n": len(other), "total": len(answers)})] if other else []
    if blind:
        failures.append(Failure(code="CR-Z04", values={"workers": _named(blind), "n": len(blind), "total": len(answers), "folder": str(shared)}))
    if failures:
        raise ReportError(*failures)


def _named(workers: Sequence[str]) -> str:
    return ", ".join([*workers[:SHOWN], *(["…"] if len(workers) > SHOWN else [])])


def _standing(mark: str) -> tuple[str, bool]:
    """Of a worker: the hash of its program, and whether it sees a file."""
    return package_hash(), Path(mark).is_file()


def _in_own_process(task: Task, *, work: Callable[[Task], Result], timeout: float, unwanted: Any) -> tuple[bool, Result | None]:
    """On a worker: do a task in a new process; whether it was too late, and the answer.

    Raises
    ------
    _Died
        The process ended without an answer; the cluster tries again.
    """
    with tempfile.TemporaryDirectory(prefix="commresearch-") as name:
        folder = Path(name)
        (folder / TASK).write_bytes(pickle.dumps((work, task)))
        process = subprocess.Popen([sys.executable, "-c", CHILD, name], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - this package itself
        try:
            _wait(process, time.monotonic() + timeout, unwanted)
        except _Late:
            return True, None
        finally:
            _stop(process)
        if process.returncode or not (folder / ANSWER).is_file():
            raise _Died(process.returncode)
        answer: Result = pickle.loads((folder / ANSWER).read_bytes())  # noqa: S301 - written by our own child
        return False, answer


def _wait(process: subprocess.Popen[bytes], deadline: float, unwanted: Any) -> None:
    while True:
        try:
            process.wait(LOOK)
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline or unwanted.is_set():
                raise _Late from None
        else:
            return


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and, where the system has process groups, everything it started."""
    if process.poll() is None:
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    if process.stdin is not None:
        process.stdin.close()
    process.wait()


def do_one(folder: str) -> None:
    """The life of the process of one task: it reads the task from a folder, and leaves the answer there."""
    threading.Thread(target=_end_with_worker, args=(folder,), daemon=True).start()
    work, task = pickle.loads((Path(folder) / TASK).read_bytes())  # noqa: S301 - written by our own worker
    write_whole(Path(folder) / ANSWER, pickle.dumps(work(task)))


def _end_with_worker(folder: str) -> None:
    """Wait until the other end of standard input is closed, which a worker does by ending, however it ends."""
    os.read(sys.stdin.fileno(), 1)
    shutil.rmtree(folder, ignore_errors=True)  # the worker cannot any more
    os._exit(1)
