"""The command demo as a user meets it."""

import os
import subprocess
import sys

import pytest

from tests.conftest import small_project
from tests.unit.test_demo import hash_of

pytestmark = pytest.mark.skipif(os.name == "nt", reason="paths are written as on Linux and macOS")
TWO = ("liaolan", "lingyu")


def run(project, *arguments):
    command = [sys.executable, "-m", "commresearch.cli", "demo", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=400, check=False, env={**os.environ})


@pytest.fixture
def project(tmp_path):
    return small_project(tmp_path / "project", ("kesheng",))


def test_wrong_names_and_foreign_folders_are_refused_in_both_languages(project):
    done = run(project, "liaolan", "nobody", "--lang", "en")
    assert done.returncode == 2
    assert "[CR-N08]" in done.stderr
    assert "lanxiu, dixu, liaolan" in done.stderr
    folder = project / "data_raw" / "demo" / "lingyu"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine", encoding="utf8")
    done = run(project, *TWO)
    assert done.returncode == 2
    assert "[CR-N09]" in done.stderr
    assert "notes.txt" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in (project / "data_raw" / "demo").iterdir()] == ["lingyu"]


def test_the_same_bytes_are_written_twice_and_the_cases_are_sound(project):
    first = run(project, *TWO, "--lang", "en")
    assert first.returncode == 0, first.stderr
    assert "Fictional pilots written: 2" in first.stdout
    assert "liaolan (one treated district)" in first.stdout
    folder = project / "data_raw" / "demo"
    before = {name: hash_of(folder / name) for name in (*TWO, "truth")}
    again = run(project, *TWO)
    assert again.returncode == 0, again.stderr
    assert "已写入2个虚构试点" in again.stdout
    assert {name: hash_of(folder / name) for name in before} == before
    checked = subprocess.run(
        [sys.executable, "-m", "commresearch.cli", "check", "liaolan", "--lang", "en"], cwd=project, capture_output=True, text=True, timeout=400, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert "liaolan is sound" in checked.stdout
