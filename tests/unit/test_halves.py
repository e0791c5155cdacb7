"""Half of the work in another process: the same results in the same order, the same errors."""

import multiprocessing
import os
import threading

import pytest

from commresearch.cleaning import Codebook, clean, clean_survey, privacy
from commresearch.records import can_fork, halves, in_two
from commresearch.simulate import SurveySpec, codebook_of, simulate_survey, write_wenjuanxing
from commresearch.sources import read_survey


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """As in a command; a worker of the tests has threads of its own."""
    monkeypatch.setattr(halves, "may_fork", can_fork)


needs_fork = pytest.mark.skipif(not can_fork(), reason="no process can be forked here")


@pytest.mark.parametrize("n", [0, 1, 2, 7, 8])
@pytest.mark.parametrize("is_long", [False, True])
def test_results_come_in_the_order_of_the_items(n, is_long):
    assert in_two(lambda item: item * 10, list(range(n)), is_long=is_long) == [item * 10 for item in range(n)]


@needs_fork
def test_every_second_item_is_done_elsewhere():
    processes = in_two(lambda _: os.getpid(), list(range(6)))
    assert set(processes[::2]) == {os.getpid()}
    assert os.getpid() not in processes[1::2]
    assert set(in_two(lambda _: os.getpid(), list(range(6)), is_long=False)) == {os.getpid()}


@needs_fork
def test_items_are_dealt_out_by_their_weights():
    processes = in_two(lambda _: os.getpid(), list(range(5)), weights=[1, 1, 9, 4, 4])
    assert [p == os.getpid() for p in processes] == [False, True, True, False, False]  # 9 + 1 and 4 + 4 + 1
    assert in_two(lambda item: item * 10, list(range(5)), weights=[1, 1, 9, 4, 4]) == [0, 10, 20, 30, 40]


@pytest.mark.parametrize("wrong", [0, 1, 4, 5])
def test_what_is_raised_in_either_half_is_raised_here(wrong):
    def work(item):
        if item == wrong:
            raise ValueError(f"item {item}")
        return item

    with pytest.raises(ValueError, match=f"item {wrong}"):
        in_two(work, list(range(6)))


@needs_fork
@pytest.mark.parametrize("key", [None, b"k" * 32])
def test_a_survey_is_cleaned_alike_by_one_process_and_by_two(key, tmp_path, monkeypatch):
    survey = simulate_survey(SurveySpec(respondents=150, population=4000, communities=4), rng=5)
    raw = read_survey(write_wenjuanxing(survey, tmp_path, suffix=".xlsx")[0].path)
    codebook = Codebook.from_frame(codebook_of(survey))
    alone = clean_survey(raw, codebook, pseudonym_key=key)
    for module in (clean, privacy):
        monkeypatch.setattr(module, "MANY_ROWS", 1)
    shared = clean_survey(raw, codebook, pseudonym_key=key)
    for table in ("frame", "missing_kinds", "flags", "log", "account", "duplicates", "identifiers"):
        assert getattr(shared, table).equals(getattr(alone, table)), table
        assert (getattr(shared, table).dtypes == getattr(alone, table).dtypes).all(), table
    assert shared.known == alone.known
    assert len(alone.log) > 100


def test_beside_other_threads_everything_is_done_here(monkeypatch):
    monkeypatch.undo()
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert set(in_two(lambda _: os.getpid(), list(range(4)))) == {os.getpid()}
    finally:
        done.set()
        thread.join()


@needs_fork
def test_a_process_that_may_start_none_does_everything_itself(monkeypatch):
    monkeypatch.undo()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(_processes) == 1


def _processes():
    return len({*in_two(lambda _: os.getpid(), list(range(4)))})
