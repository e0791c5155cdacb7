"""The commands check, panel, clean and export on a case with event logs, as a user meets them."""

import os
import shutil
import subprocess
import sys

import pytest

from commresearch.cleaning.event_table import read_event_table
from commresearch.records import held
from commresearch.simulate import LogDirt, LogSpec, RoomSpec, SigninSpec, TicketSpec, simulate_logs, write_case
from tests.conftest import small_project

pytestmark = pytest.mark.skipif(os.name == "nt", reason="paths are written as on Linux and macOS")
SPEC = LogSpec(
    communities=3, treated=1, grids=3, households=80, months=5, starts=(2,), boundary_changes=False, dirt=LogDirt.none(),
    tickets=TicketSpec(rate=30.0, new_channel=2, recoding=3), signins=SigninSpec(events=2, late_registers=1), rooms=RoomSpec(rooms=1),
)
REPORT = ("--language", "zh", "--language", "en", "--format", "html", "--renderer", "embedded")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = small_project(tmp_path_factory.mktemp("logs") / "project", ("kesheng",))
    write_case(simulate_logs(SPEC, rng=4), root / "data_raw" / "binhai")
    return root


@pytest.fixture(scope="module")
def cleaned(project):
    done = run(project, "clean", "binhai", *REPORT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(project, *arguments):
    command = [sys.executable, "-m", "commresearch.cli", *arguments]
    environment = {**os.environ, "COMMRESEARCH_KEY": "0123456789abcdef0123456789abcdef"}
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=400, check=False, env=environment)


def test_what_is_right_is_said_and_nothing_is_written(project):
    done = run(project, "check", "binhai", "--lang", "en")
    assert (done.returncode, done.stderr) == (0, "")
    assert "surveys read: 0, logs and registers: 12" in done.stdout
    assert "受理时间 → received at" in done.stdout
    assert "lineage.csv" in done.stdout, "a table with headers only is told"
    assert not (project / "reports" / "clean").exists()


def test_logs_become_panels_and_a_report_in_both_languages(project, cleaned):
    assert "tickets：读入" in cleaned
    assert "投诉率：" in cleaned
    assert (project / "reports" / "clean" / "binhai" / "_panels" / "complaint_rate" / "frame.parquet").is_file()
    for language in ("zh", "en"):
        page = (project / "reports" / "site" / "binhai_panels" / language / f"binhai_panels_simulated.{language}.html").read_text(encoding="utf8")
        assert "simulated" in page.lower() if language == "en" else "模拟数据" in page


def test_identifiers_of_the_logs_stay_where_they_were(project, cleaned):
    table = read_event_table(project / "reports" / "clean" / "binhai" / "_logs" / "signins")
    assert table.provenance["key"]
    texts = table.frame().select_dtypes(["object", "str"]).astype("str")
    assert not texts.apply(lambda column: column.str.fullmatch(r"1[3-9]\d{9}|\d{17}[\dXx]")).to_numpy().any()


def test_panels_alone_are_counted_again_only_where_something_changed(project, cleaned):
    table = project / "reports" / "clean" / "binhai" / "_panels" / "space_use" / "frame.parquet"
    before = table.stat().st_mtime_ns
    done = run(project, "panel", "binhai", "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert "Space use: 3 units, 5 months" in done.stdout
    assert table.stat().st_mtime_ns == before


def test_panels_are_exported(project, cleaned):
    done = run(project, "export", "binhai", "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert (project / "reports" / "export" / "binhai" / "binhai_youth_participation.sav").is_file()


def test_everything_wrong_is_said_at_once_in_both_languages(project, cleaned, tmp_path):
    case = project / "data_raw" / "broken"
    write_case(simulate_logs(SPEC, rng=4), case, case_id="broken")
    (case / "grids.csv").write_text("甲,乙\n1,2\n", encoding="utf8")
    (case / "rollout.csv").write_text("", encoding="utf8")
    for language, word in (("zh", "处理："), ("en", "What to do:")):
        done = run(project, "panel", "broken", "--lang", language)
        assert done.returncode == 2
        assert done.stderr.count(word) >= 2
        assert "grids.csv" in done.stderr
        assert "rollout.csv" in done.stderr
        assert "Traceback" not in done.stderr
    assert not (project / "reports" / "clean" / "broken").exists()


def test_a_case_that_another_run_works_on_is_left_alone(project, cleaned):
    with held(project / "reports" / "clean" / "binhai"):
        done = run(project, "panel", "binhai", "--lang", "en")
    assert done.returncode == 2
    assert "[CR-C06]" in done.stderr
    assert f"process {os.getpid()}" in done.stderr


def test_a_good_case_is_done_beside_faulty_ones_and_every_fault_is_told(project, cleaned):
    for name in ("first", "second"):
        case = project / "data_raw" / name
        write_case(simulate_logs(SPEC, rng=4), case, case_id=name)
        (case / "grids.csv").write_text("甲,乙\n1,2\n", encoding="utf8")
    panels = project / "reports" / "clean" / "binhai" / "_panels"
    shutil.rmtree(panels)
    done = run(project, "panel", "first", "binhai", "second", "ghost", "--lang", "en")
    assert done.returncode == 2
    assert (panels / "complaint_rate" / "frame.parquet").is_file()
    assert [name in done.stderr for name in ("Case first:", "Case second:", "Case ghost:")] == [True] * 3
    assert done.stderr.count("grids.csv") >= 2
    assert "Traceback" not in done.stderr


def test_a_case_without_logs_of_events_is_told_what_is_missing(project, tmp_path):
    case = project / "data_raw" / "bare"
    write_case(simulate_logs(SPEC, rng=4), case, case_id="bare")
    text = (case / "case.toml").read_text(encoding="utf8")
    (case / "case.toml").write_text(text[: text.index("[[data]]")] + text[text.index("[analysis]"):], encoding="utf8")
    done = run(project, "panel", "bare")
    assert done.returncode == 2
    assert "[CR-F14]" in done.stderr
