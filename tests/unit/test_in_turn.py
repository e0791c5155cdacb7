"""Processes of one run that do something one after the other."""

import subprocess
import sys
import time

import pytest

from commresearch.errors import CaseError
from commresearch.records import in_turn
from commresearch.records.lock import LOCK

HOLD = "import sys, time; from pathlib import Path; from commresearch.records import in_turn\nwith in_turn(Path(sys.argv[1])):\n    print('mine', flush=True); time.sleep(float(sys.argv[2]))"


@pytest.fixture
def holder():
    """Starts a process that has the turn in a folder for some seconds."""
    started = []

    def start(folder, seconds):
        process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder), str(seconds)], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "mine\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_whoever_comes_later_waits(tmp_path, holder):
    process = holder(tmp_path, 0.5)
    with in_turn(tmp_path):
        assert process.wait(timeout=60) == 0
    assert not (tmp_path / LOCK).exists()


def test_a_turn_that_does_not_come_is_told(tmp_path, holder):
    process = holder(tmp_path, 60)
    started = time.monotonic()
    with pytest.raises(CaseError) as error, in_turn(tmp_path, seconds=0.2):
        pass
    assert [f.code for f in error.value.failures] == ["CR-C06"]
    assert error.value.failures[0].values["process"] == str(process.pid)
    assert time.monotonic() - started < 50


def test_a_process_that_died_leaves_the_turn_to_the_next(tmp_path, holder):
    process = holder(tmp_path, 60)
    process.kill()
    process.wait()
    with in_turn(tmp_path, seconds=60):
        pass


def test_other_work_in_the_folder_is_left_alone(tmp_path):
    (tmp_path / ".work-x").mkdir()
    with in_turn(tmp_path):
        pass
    assert (tmp_path / ".work-x").is_dir()


REPLACE = """
import sys
from pathlib import Path
from commresearch.reporting.made_report import swap
for turn in range(100):
    made = Path(sys.argv[1]).with_name(f".{sys.argv[2]}-{turn}")
    made.mkdir()
    (made / "page.html").write_text(sys.argv[2])
    swap(made, Path(sys.argv[1]))
"""


def test_runs_that_make_the_same_report_replace_it_one_after_the_other(tmp_path):
    runs = [subprocess.Popen([sys.executable, "-c", REPLACE, str(tmp_path / "zh"), name], stderr=subprocess.PIPE, text=True) for name in "ab"]
    said = [process.communicate(timeout=60)[1] for process in runs]
    assert [process.returncode for process in runs] == [0, 0], said
    assert [path.name for path in tmp_path.iterdir()] == ["zh"]
    assert (tmp_path / "zh" / "page.html").read_text(encoding="utf8") in {"a", "b"}
