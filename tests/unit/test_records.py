import hashlib
import json
import os
import sys
import time
from pathlib import Path

import pytest

from commresearch.records import RunRecord, fan_out, run_process, sha256_of, write_whole

PYTHON = sys.executable


def test_a_hash_tells_its_parts_apart(tmp_path):
    (tmp_path / "a").write_text("x")
    assert sha256_of("ab", "c") != sha256_of("a", "bc")
    assert sha256_of(tmp_path / "a") == sha256_of("x") == sha256_of(b"x") == sha256_of([tmp_path / "a"]) == hashlib.sha256(b"x").hexdigest()


def test_a_failed_write_leaves_nothing(tmp_path):
    write_whole(tmp_path / "sub" / "a.txt", "中文")
    assert (tmp_path / "sub" / "a.txt").read_text(encoding="utf8") == "中文"
    with pytest.raises(TypeError):
        write_whole(tmp_path / "b.txt", 3)  # type: ignore[arg-type]
    assert [p.name for p in tmp_path.iterdir()] == ["sub"]


def test_a_run_record_is_readable(tmp_path):
    RunRecord(key="k", made_on="2026-01-01", settings={"case": "甲"}, inputs={}, outputs={}, versions={}).write(tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf8"))["settings"] == {"case": "甲"}


def test_a_command_says_how_it_ended():
    good = run_process([PYTHON, "-c", "print('中')"], timeout=30)
    assert (good.ok, good.stdout.strip()) == (True, "中")
    bad = run_process([PYTHON, "-c", "import sys; sys.exit('no')"], timeout=30)
    assert (bad.ok, bad.exit_code, bad.stderr.strip()) == (False, 1, "no")
    assert run_process(["/no/such/program"], timeout=30).exit_code == 127
    assert run_process([PYTHON, "-c", "print(input())"], timeout=30).exit_code == 1  # there is no input


def test_a_hanging_command_is_stopped_with_its_children(tmp_path):
    mark = tmp_path / "child"
    child = f"import time; time.sleep(6); open({str(mark)!r}, 'w')"
    parent = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
    started = time.monotonic()
    assert run_process([PYTHON, "-c", parent], timeout=1).exit_code is None
    assert time.monotonic() - started < 50
    time.sleep(7)
    assert not mark.exists()


def _work(task: int) -> int:
    if task == 3:
        os._exit(9)
    if task == 4:
        time.sleep(60)
    return task * 10


def test_a_dead_or_late_worker_costs_its_own_task_only():
    lost: list[tuple[int, str]] = []

    def stand_in(task: int, how: str) -> int:
        lost.append((task, how))
        return -1

    found = dict(fan_out(_work, [1, 2, 3, 4, 5], workers=2, timeout=8, lost=stand_in))
    assert found == {1: 10, 2: 20, 3: -1, 4: -1, 5: 50}
    assert sorted(lost) == [(3, "died"), (4, "timed_out")]


def test_stopping_early_leaves_no_worker_behind():
    import multiprocessing

    results = fan_out(_work, [1, 4, 4], workers=3, timeout=60, lost=lambda *_: -1)
    assert next(results) == (1, 10)
    results.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


def test_each_task_has_a_fresh_process():
    pids = [pid for _, pid in fan_out(_pid, range(4), workers=2, timeout=30, lost=lambda *_: 0)]
    assert len(set(pids)) == 4
    assert os.getpid() not in pids


def _pid(_: int) -> int:
    return os.getpid()


def test_paths_may_be_given_as_paths(tmp_path):
    assert run_process([Path(PYTHON), "-c", "import os; print(os.getcwd())"], timeout=30, cwd=tmp_path).stdout.strip() == str(tmp_path.resolve())


def test_what_only_sets_reports_is_in_the_one_hash_and_everything_else_in_the_other():
    from commresearch.records import run_record

    package = Path(run_record.__file__).parent.parent
    rendering = {p.relative_to(package).as_posix() for p in run_record._files_of(run_record.RENDERING)}
    assert {"reporting/templates/page.css", "reporting/templates/page.typ", "reporting/rendering.py", "words/review.toml"} <= rendering
    assert all((package / name).exists() or "*" in name for name in run_record.RENDERING)
    course = {p.relative_to(package).as_posix() for p in run_record._files_of(run_record.COURSE)}
    assert {"course/lesson_6.py", "course/templates/course.js", "course/data/items.toml", "words/course.toml", "words/course_lesson_6.toml", "cli/course.py"} <= course
    assert not rendering & course
    assert not {"reporting/display.py", "reporting/marks.py", "words/reports.toml", "impact/estimate.py"} & rendering
    assert len({run_record.package_hash(), run_record.rendering_hash(), run_record.course_hash()}) == 3
