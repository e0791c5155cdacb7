"""Working through all pilots of a project: what fails stops no other, what did not change is not done again."""

import os

import pytest

from commresearch.cli.options import How
from commresearch.cli.pilot_runs import pilot_folders, run_pilots
from commresearch.reporting.build import Project
from commresearch.terms import Format, Language
from tests.conftest import edit, small_project
from tests.unit.effect_case import write_case

pytestmark = pytest.mark.skipif(os.name == "nt", reason="workers are forked")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = small_project(tmp_path_factory.mktemp("runs") / "project", ("kesheng",))
    write_case(root / "data_raw" / "demo" / "wanghai", units=7, treated=2, months=14, start=8)
    write_case(root / "data_raw" / "early", units=7, treated=2, months=14, start=None)
    write_case(root / "data_raw" / "demo" / "early", units=7)
    damaged = write_case(root / "data_raw" / "damaged", months=3)
    (damaged / "rollout.csv").unlink()
    return Project(root=root, published=root / "data_raw" / "published", site=root / "reports" / "site")


def settings(**other):
    return How(languages=list(Language), formats=[Format.HTML], renderer="embedded", engine="in-process", workers=2, force=False, **other)


def test_own_pilots_come_first_and_a_fictional_one_of_the_same_name_is_left_aside(place):
    assert [str(folder.relative_to(place.root / "data_raw")) for folder in pilot_folders(place.root)] == ["damaged", "early", "demo/wanghai"]


def test_each_pilot_is_worked_through_for_itself(place, capsys):
    damaged, early, wanghai = run_pilots(Language.EN, place, settings())
    told = capsys.readouterr()
    assert [failure.code for failure in damaged.failures] == ["CR-F07"]
    assert damaged.tasks == ()
    assert "rollout.csv" in told.err
    assert {failure.code for failure in early.failures} == {"CR-I55"}
    assert {task.subject for task in early.tasks} == {"early_report"}, "a report says why nothing can be estimated"
    assert wanghai.failures == ()
    assert {task.subject for task in wanghai.tasks} == {"wanghai_report"}
    assert all(task.is_simulated for task in wanghai.tasks)
    assert "wanghai: cleaned, counted, estimated" in told.out

    file = place.root / "reports" / "clean" / "wanghai" / "_estimates" / "estimates.json"
    before = file.stat().st_mtime_ns
    edit(place.published, "claims.csv", 3, "text_en", "Another wording.")  # of another case
    again = {run.name: run for run in run_pilots(Language.EN, place, settings())}
    assert (again["wanghai"].reused, again["early"].reused) == (True, False)
    assert file.stat().st_mtime_ns == before
    assert [task.facts for task in again["wanghai"].tasks] == [task.facts for task in wanghai.tasks]

    for column, new in (("case_id", "wanghai"), ("headline", "complaints")):
        edit(place.published, "claims.csv", 3, column, new)
    assert not {run.name: run for run in run_pilots(Language.EN, place, settings())}["wanghai"].reused

    toml = place.root / "data_raw" / "demo" / "wanghai" / "case.toml"
    toml.write_text(toml.read_text(encoding="utf8").replace("seed = 7", "seed = 8"), encoding="utf8")
    changed = {run.name: run for run in run_pilots(Language.EN, place, settings())}
    assert not changed["wanghai"].reused
    assert file.stat().st_mtime_ns > before
