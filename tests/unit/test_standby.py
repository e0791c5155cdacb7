import multiprocessing
import os
import signal
import time
from collections.abc import Generator
from functools import partial
from pathlib import Path

import pytest

from commresearch.errors import CaseError, Failure
from commresearch.records import Standby, can_fork, standby

forks = pytest.mark.skipif(not can_fork(), reason="no process can be forked here")


@pytest.fixture(params=["forked", "here"])
def place(request, monkeypatch):
    """With a process of its own, and where there can be none."""
    if request.param == "here":
        monkeypatch.setattr(standby, "can_fork", lambda: False)
    elif not can_fork():
        pytest.skip("no process can be forked here")
    return request.param


def _pids(n: int) -> Generator[int, None, None]:
    for _ in range(n):
        yield os.getpid()


def _fails_after(n: int) -> Generator[int, None, None]:
    yield from range(n)
    raise CaseError(Failure(code="CR-C01", values={"case": "x", "known": "y"}))


def _refuses() -> int:
    raise CaseError(Failure(code="CR-C01", values={"case": "x", "known": "y"}))


def _dies_after(n: int, parent: int) -> Generator[int, None, None]:
    for i in range(4):
        if i == n and os.getpid() != parent:
            os._exit(9)
        yield i


def _dies(parent: int) -> int:
    if os.getpid() != parent:
        os._exit(9)
    return parent


def test_first_and_work_come_from_one_process(place):
    with Standby(os.getpid) as ready:
        found = [ready.first(), *ready.run(_pids, 2), *ready.run(_pids, 1), ready.first()]
    assert len(set(found)) == 1
    assert (found[0] == os.getpid()) == (place == "here")
    assert multiprocessing.active_children() == []


def test_results_come_one_by_one_and_errors_where_they_are_asked_for(place):
    with Standby(_refuses) as ready:
        assert list(ready.run(_pids, 1)) != []  # the error of `first` is said where its result is wanted
        with pytest.raises(CaseError) as caught:
            ready.first()
        results = ready.run(_fails_after, 2)
        assert [next(results), next(results)] == [0, 1]
        with pytest.raises(CaseError):
            next(results)
    assert caught.value.failures[0].values == {"case": "x", "known": "y"}


@forks
def test_an_error_says_where_it_happened():
    with Standby(_refuses) as ready, pytest.raises(CaseError) as caught:
        ready.first()
    assert "in _refuses" in caught.value.__notes__[0]


@forks
def test_after_a_death_the_work_is_done_here():
    with Standby(os.getpid) as ready:
        os.kill(ready.first(), signal.SIGKILL)
        for process in multiprocessing.active_children():
            process.join()
        assert list(ready.run(_pids, 1)) == [os.getpid()]
    with Standby(partial(_dies, os.getpid())) as dead:
        assert dead.first() == os.getpid()


@forks
def test_a_death_over_its_work_ends_it_early():
    with Standby(os.getpid) as ready:
        assert list(ready.run(_dies_after, 2, os.getpid())) == [0, 1]
        assert list(ready.run(_dies_after, 2, os.getpid())) == [0, 1, 2, 3]


def _forks_and_waits(mark: Path) -> Generator[int, None, None]:
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
    child.start()
    try:
        yield child.pid or 0
        time.sleep(60)
    finally:
        child.kill()
        child.join()
        mark.write_text("stopped")


def _is_gone(pid: int) -> bool:
    """Whether a process ends within a few seconds; one that nobody waited for stays listed."""
    state = Path(f"/proc/{pid}/stat")
    for _ in range(300):
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.1)
    return False


@forks
@pytest.mark.parametrize("leave", [True, False], ids=["caller stops early", "interrupt"])
def test_nothing_is_left_running(leave, tmp_path):
    started = time.monotonic()

    def go() -> None:
        with Standby(os.getpid) as ready:
            results = ready.run(_forks_and_waits, tmp_path / "mark")
            pids.append(next(results))
            if leave:
                results.close()  # type: ignore[attr-defined]
            else:
                raise KeyboardInterrupt

    pids: list[int] = []
    if leave:
        go()
    else:
        with pytest.raises(KeyboardInterrupt):
            go()
    assert (tmp_path / "mark").read_text() == "stopped"
    assert _is_gone(pids[0])
    assert time.monotonic() - started < 50


@forks
def test_a_killed_process_is_noticed_though_its_worker_lives():
    with Standby(os.getpid) as ready:
        results = ready.run(_forks_and_waits, Path("unused"))
        worker = next(results)
        os.kill(ready.first(), signal.SIGKILL)
        assert list(results) == []
    assert _is_gone(worker)


@forks
def test_a_process_whose_answer_nobody_reads_ends_quietly(capfd):
    with Standby(os.getpid) as ready:
        (process,) = multiprocessing.active_children()
        assert ready._connection.poll(10)
        ready._connection.close()  # with the answer in it, which the other end is told of by an error of its own
        process.join(10)
        assert process.exitcode == 0
    assert capfd.readouterr().err == ""
