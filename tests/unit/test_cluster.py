"""Tasks on a Dask cluster: the contract of tasks in processes, and what a lost worker does to it."""

import asyncio
import os
import queue
import socket
import threading
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

import pytest

from commresearch.errors import ReportError
from commresearch.records import cluster, fan_out_on
from commresearch.terms import Language
from commresearch.words import render_error

needs_dask = pytest.mark.needs("distributed")
pytestmark = pytest.mark.filterwarnings("default")  # of the libraries that a cluster brings
DIES, LATE = 3, 4
T = TypeVar("T")


def _work(task: int, *, folder: Path) -> tuple[int, int]:
    """Leave a mark per attempt; one task ends its process, one takes too long."""
    (folder / f"{task}.{os.getpid()}").write_text("")
    if task == DIES:
        os._exit(9)
    if task == LATE:
        time.sleep(60)
    return task, os.getpid()


def _lost(task: int, how: str) -> tuple[int, str]:
    return task, how


def cluster_of(n_workers: int):
    """A cluster of so many workers in processes of their own, on the loopback.

    Its event loop is started here: the one that `LocalCluster` makes for itself is given up after ten seconds, which a machine that was paused loses at once.
    """
    from distributed import LocalCluster

    return LocalCluster(
        loop=running_loop(), n_workers=n_workers, threads_per_worker=1, processes=True, dashboard_address=":0", host="127.0.0.1", silence_logs="CRITICAL"
    )


@cache
def running_loop():
    """An event loop in a thread that ends with the process."""
    from tornado.ioloop import IOLoop

    found = queue.SimpleQueue()

    async def run_on():
        found.put(IOLoop.current())
        await asyncio.Event().wait()

    threading.Thread(target=asyncio.run, args=(run_on(),), daemon=True).start()
    return found.get()


@pytest.fixture(scope="module")
def workers():
    with cluster_of(2) as found:
        yield found


def test_without_the_extra_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ReportError) as error:
        next(fan_out_on("tcp://host:1", _work, [1], timeout=1, lost=_lost, shared=tmp_path))
    assert error.value.failures[0].code == "CR-R11"
    assert 'pip install -e ".[dask]"' in render_error(error.value, Language.EN)


@needs_dask
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:{free}", "not an address"], ids=["nobody", "nonsense"])
def test_a_scheduler_that_does_not_answer_is_named(address, monkeypatch, tmp_path):
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        address = address.format(free=taken.getsockname()[1])
        with pytest.raises(ReportError) as error:
            next(fan_out_on(address, _work, [1], timeout=1, lost=_lost, shared=tmp_path))
    assert error.value.failures[0].code == "CR-Z01"
    for language, advice in ((Language.ZH, "去掉 --cluster"), (Language.EN, "leave out --cluster")):
        told = render_error(error.value, language)
        assert address in told
        assert advice in told


@needs_dask
def test_a_dead_or_late_task_costs_itself_only(workers, tmp_path):
    work = partial(_work, folder=tmp_path)
    found = dict(fan_out_on(workers.scheduler_address, work, [1, 2, DIES, LATE, 5], timeout=10, lost=_lost, shared=tmp_path))
    assert found[DIES] == (DIES, "died")
    assert found[LATE] == (LATE, "timed_out")
    assert [found[task][0] for task in (1, 2, 5)] == [1, 2, 5]
    assert len({found[task][1] for task in (1, 2, 5)}) == 3, "each in a process of its own"
    attempts = [path.name.split(".")[0] for path in tmp_path.iterdir()]
    assert attempts.count(str(DIES)) == 1 + cluster.RETRIES
    assert attempts.count(str(LATE)) == 1


@needs_dask
def test_stopping_early_leaves_no_task_behind(workers, tmp_path):
    results = fan_out_on(workers.scheduler_address, partial(_work, folder=tmp_path), [LATE, 1], timeout=60, lost=_lost, shared=tmp_path)
    assert next(results)[0] == 1
    (begun,) = until(lambda: list(tmp_path.glob(f"{LATE}.*")))
    results.close()
    until(lambda: not is_alive(int(begun.name.split(".")[1])))


def until(look: Callable[[], T], seconds: float = 30) -> T:
    """What a look finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return found


def is_alive(process: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@needs_dask
def test_workers_with_another_program_or_other_folders_are_refused(workers, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "package_hash", lambda: "another")
    with pytest.raises(ReportError) as error:
        next(fan_out_on(workers.scheduler_address, _work, [1], timeout=1, lost=_lost, shared=tmp_path))
    (failure,) = error.value.failures
    assert (failure.code, failure.values["n"], failure.values["total"]) == ("CR-Z03", 2, 2)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    monkeypatch.setattr(cluster, "write_whole", lambda *_: None)  # the folder that workers see is another one
    with pytest.raises(ReportError) as error:
        next(fan_out_on(workers.scheduler_address, _work, [1], timeout=1, lost=_lost, shared=tmp_path))
    assert [failure.code for failure in error.value.failures] == ["CR-Z04"]
    assert str(tmp_path) in render_error(error.value, Language.ZH)


@needs_dask
def test_the_cluster_may_have_no_worker_yet(tmp_path):
    with cluster_of(0) as empty, pytest.raises(ReportError) as error:
        next(fan_out_on(empty.scheduler_address, _work, [1], timeout=1, lost=_lost, shared=tmp_path))
    assert error.value.failures[0].code == "CR-Z02"
