"""A second whole run knows without loading anything whether something changed."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from commresearch.cli import whole_runs
from commresearch.cli.options import How
from commresearch.cli.whole_runs import STAMP, forget_stamp, keep_stamp, standing_files
from commresearch.records import files_below
from commresearch.reporting.project import Project
from commresearch.terms import Format, Language

HOW = How(languages=[Language.ZH], formats=[Format.HTML], renderer="embedded", engine="in-process", workers=2, force=False)
FILES = ("data_raw/published/claims.csv", "data_raw/demo/a/case.toml", "notebooks/n.ipynb", "reports/clean/a/estimates.json", "reports/site/a/zh/a.zh.html")


@pytest.fixture
def place(tmp_path):
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf8")
    return Project(root=tmp_path, published=tmp_path / "data_raw" / "published", site=tmp_path / "reports" / "site")


def test_before_the_first_whole_run_and_during_one_nothing_is_known(place):
    assert standing_files(place, HOW) is None
    keep_stamp(place, HOW)
    assert standing_files(place, HOW) == 1
    forget_stamp(place)
    assert standing_files(place, HOW) is None
    (place.site / STAMP).write_text("{", encoding="utf8")
    assert standing_files(place, HOW) is None


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_changed_or_went_is_noticed(place, name):
    keep_stamp(place, HOW)
    file: Path = place.root / name
    text = file.read_text(encoding="utf8")
    file.write_text(f"{text}.", encoding="utf8")
    assert standing_files(place, HOW) is None
    keep_stamp(place, HOW)
    file.unlink()
    assert standing_files(place, HOW) is None


def test_a_file_that_was_touched_counts_only_where_content_is_not_read(place):
    keep_stamp(place, HOW)
    os.utime(place.root / FILES[1], (1, 1))
    assert standing_files(place, HOW) == 1
    os.utime(place.root / FILES[4], (1, 1))
    assert standing_files(place, HOW) is None


def test_other_choices_and_another_key_are_another_run(place, monkeypatch):
    keep_stamp(place, HOW)
    assert standing_files(place, replace(HOW, formats=[Format.PDF])) is None
    assert standing_files(place, replace(HOW, workers=1)) == 1
    monkeypatch.setenv("COMMRESEARCH_KEY", "0123456789abcdef" * 4)
    assert standing_files(place, HOW) is None


def test_runs_about_some_cases_are_known_as_long_as_nothing_changed(place):
    keep_stamp(place, HOW)
    keep_stamp(place, HOW, ["b", "a"])
    assert (standing_files(place, HOW), standing_files(place, HOW, ["a", "b"]), standing_files(place, HOW, ["a"])) == (1, 1, None)
    (place.root / FILES[4]).write_text("another page", encoding="utf8")
    keep_stamp(place, HOW, ["a"])
    assert (standing_files(place, HOW), standing_files(place, HOW, ["a", "b"]), standing_files(place, HOW, ["a"])) == (None, None, 1)


@pytest.mark.parametrize("left", ["{", "[]", "{}", '{"state": "old", "files": 1}'])
def test_a_stamp_that_cannot_be_read_counts_as_none(place, left):
    keep_stamp(place, HOW)
    (place.site / STAMP).write_text(left, encoding="utf8")
    assert standing_files(place, HOW) is None
    keep_stamp(place, HOW)
    assert standing_files(place, HOW) == 1


def test_folders_of_a_run_that_is_at_work_say_nothing_of_the_site(place):
    keep_stamp(place, HOW)
    work = place.site / "a" / ".zh.0a.work-1b" / ".render-x"
    work.mkdir(parents=True)
    (work / "body.md").write_text("half a page", encoding="utf8")
    assert standing_files(place, HOW) == 1


def test_nothing_is_noted_where_another_run_takes_a_file_away_meanwhile(place, monkeypatch):
    monkeypatch.setattr(whole_runs, "files_below", lambda folder: [*files_below(folder), folder / "gone.html"])
    keep_stamp(place, HOW)
    monkeypatch.undo()
    assert not (place.site / STAMP).exists()
    assert standing_files(place, HOW) is None
