"""One run at a time in a folder: who is told of whom, and what is left of runs that died."""

import os
import subprocess
import sys
import threading

import pytest

from commresearch.errors import CaseError
from commresearch.records import held
from commresearch.records.lock import LOCK

HOLD = "import sys; from pathlib import Path; from commresearch.records import held\nwith held(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()"


@pytest.fixture
def holder(tmp_path):
    """A process that holds the folder until it is told to let go, or killed."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "case")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def refusal(folder):
    with pytest.raises(CaseError) as error, held(folder):
        pass
    (failure,) = error.value.failures
    return failure


def test_a_second_run_is_told_who_is_there_and_since_when(tmp_path, holder):
    failure = refusal(tmp_path / "case")
    assert (failure.code, failure.values["process"]) == ("CR-C06", str(holder.pid))
    assert (tmp_path / "case" / LOCK).read_text().split("\n")[1] == failure.values["since"] != ""


def test_a_run_that_ended_leaves_nothing(tmp_path, holder):
    holder.communicate("")
    assert not (tmp_path / "case").exists()
    with held(tmp_path / "case"):
        (tmp_path / "case" / "file").touch()
    assert [path.name for path in (tmp_path / "case").iterdir()] == ["file"]


def test_a_run_that_was_killed_holds_nothing_and_what_it_left_half_done_goes(tmp_path, holder):
    case = tmp_path / "case"
    for left in (case / ".work-1", case / "_panels" / ".work-2", case / "_stages" / "space_use" / ".work-spill"):
        left.mkdir(parents=True)
        (left / "part.parquet").touch()
    assert refusal(case).code == "CR-C06"
    assert (case / ".work-1").is_dir(), "what a living run works at stays"
    holder.kill()
    holder.wait()
    assert (case / LOCK).is_file()
    with held(case):
        assert not list(case.rglob(".work-*"))
    assert not (case / LOCK).exists()


def test_a_lock_of_a_process_that_is_no_more_is_taken_over(tmp_path):
    (tmp_path / LOCK).write_text("1\n2020-01-01 00:00:00\n")  # that another process has the number now says nothing
    with held(tmp_path):
        assert (tmp_path / LOCK).read_text().startswith(f"{os.getpid()}\n")


def test_the_thread_that_holds_it_may_ask_again_and_another_one_may_not(tmp_path):
    codes = []
    with held(tmp_path):
        with held(tmp_path):
            pass
        assert (tmp_path / LOCK).is_file()
        other = threading.Thread(target=lambda: codes.append(refusal(tmp_path).code))
        other.start()
        other.join()
    assert codes == ["CR-C06"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    failure = refusal(tmp_path / "file" / "case")
    assert (failure.code, failure.values["path"]) == ("CR-C04", str(tmp_path / "file" / "case"))
