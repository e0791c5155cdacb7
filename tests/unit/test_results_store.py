"""The results store: runs are whole or not there, never changed, found by name; writers that are killed leave nothing torn."""

import multiprocessing
import os
import random
import signal
import sys
import time
from datetime import datetime

import pandas as pd
import pytest

from commresearch.errors import CaseError, SourceError
from commresearch.records import RunRecord
from commresearch.records.results_store import COLUMNS, ResultsStore, run_id
from commresearch.terms import Language
from commresearch.words import render_error

ROUNDS, WRITERS = 6, 4
RECORD = RunRecord(key="k", made_on="2025-11-03T14:15:02", settings={"seed": 7}, inputs={"tickets.csv": "ab"}, outputs={}, versions={"pandas": "3"})


def rows(case="binhai", outcomes=("complaint_rate",), **changes):
    row = dict.fromkeys(COLUMNS) | {
        "case_id": case, "fictional": True, "definition": '{"outcome": "x"}', "estimate": -20.0, "conf_low": -30.0, "conf_high": -8.0, "conf_level": 0.95, "unit": "percent",
        "n_units": 9, "grade": "E3", "first_month": "2023-01", "last_month": "2025-02",
    }
    return pd.DataFrame([row | {"outcome": outcome} | changes for outcome in outcomes], columns=list(COLUMNS))


def test_names_of_runs_that_are_not_there_or_not_the_only_ones_are_told_with_those_that_are(tmp_path):
    store = ResultsStore(folder=tmp_path / "results")
    with pytest.raises(CaseError) as error:
        store.of_run("20251103")
    assert error.value.failures[0].code == "CR-A01"
    assert "—" in render_error(error.value, Language.ZH)
    for second in (1, 2):
        store.put(run_id(datetime(2025, 11, 3, 14, 15, second)), RECORD, rows())  # noqa: DTZ001
    with pytest.raises(CaseError) as error:
        store.of_run("20251104")
    assert "20251103-141501 (binhai); 20251103-141502 (binhai)" in render_error(error.value, Language.EN)
    for name in ("2025", "20251103-14150"):
        with pytest.raises(CaseError) as error:
            store.of_run(name)
        assert error.value.failures[0].code == "CR-A02"
    assert [kept.run for kept in store.of_run("20251103-141502")] == ["20251103-141502"]
    with pytest.raises(CaseError):
        store.of_run("")


def test_a_file_that_was_changed_after_it_was_kept_is_told(tmp_path):
    store = ResultsStore(folder=tmp_path)
    kept = store.put("20251103-141502", RECORD, rows())
    other = store.put("20251103-141503", RECORD, rows(estimate=-1.0))
    (kept.folder / "estimates.parquet").write_bytes((other.folder / "estimates.parquet").read_bytes())
    with pytest.raises(SourceError, match="CR-A03"):
        store.runs()[0].estimates()
    (kept.folder / "manifest.json").write_text("{", encoding="utf8")
    with pytest.raises(SourceError) as error:
        store.runs()
    assert "manifest.json" in render_error(error.value, Language.EN)


def test_other_columns_and_several_cases_are_refused(tmp_path):
    store = ResultsStore(folder=tmp_path / "results")
    for wrong in (rows().assign(name="张三"), rows().drop(columns="grade"), pd.concat([rows(), rows("dixu")])):
        with pytest.raises(ValueError, match="one case"):
            store.put("20251103-141502", RECORD, wrong)
    assert not (tmp_path / "results").exists()


def test_what_is_kept_is_read_as_it_was(tmp_path):
    store = ResultsStore(folder=tmp_path)
    given = rows(outcomes=("complaint_rate", "space_use"))
    kept = store.put("20251103-141502", RECORD, given)
    read = store.runs()[0]
    assert (read.run, read.case_id, read.fictional) == ("20251103-141502", "binhai", True)
    assert (read.record.settings, read.record.inputs, read.record.key) == ({"seed": 7}, {"tickets.csv": "ab"}, "k")
    assert kept.record == read.record
    frame = read.estimates()
    assert list(frame.columns) == list(COLUMNS)
    assert frame["estimate"].tolist() == [-20.0, -20.0]
    assert frame["refusal"].isna().all()
    assert {path.name for path in kept.folder.iterdir()} == {"estimates.parquet", "manifest.json"}


def test_nothing_is_written_over(tmp_path):
    store = ResultsStore(folder=tmp_path)
    names = [store.put("20251103-141502", RECORD, rows(estimate=float(i))).run for i in range(11)]
    assert names[:3] == ["20251103-141502", "20251103-141502-2", "20251103-141502-3"]
    assert [kept.run for kept in store.runs()] == names
    assert store.estimates()["estimate"].tolist() == [float(i) for i in range(11)]


def test_runs_are_found_by_case_and_outcome(tmp_path):
    store = ResultsStore(folder=tmp_path)
    assert store.estimates().empty
    store.put("20251103-141502", RECORD, rows(outcomes=("complaint_rate", "space_use")))
    store.put("20251103-141502", RECORD, rows("dixu"))
    store.put("20251104-080000", RECORD, rows())
    assert [(kept.run, kept.case_id) for kept in store.runs()] == [("20251103-141502", "binhai"), ("20251103-141502", "dixu"), ("20251104-080000", "binhai")]
    assert len(store.runs("dixu")) == 1
    assert store.estimates("binhai", "complaint_rate")["run"].tolist() == ["20251103-141502", "20251104-080000"]
    assert [kept.case_id for kept in store.of_run("20251103")] == ["binhai", "dixu"]


def test_what_a_dead_run_left_is_taken_away_with_the_next_one_of_its_case(tmp_path):
    store = ResultsStore(folder=tmp_path)
    for case in ("binhai", "dixu"):
        (tmp_path / f".work-{case}-abc").mkdir()
        (tmp_path / f".work-{case}-abc" / "manifest.json").write_text("{", encoding="utf8")
    (tmp_path / "20251101-000000").mkdir()
    assert store.runs() == []
    store.put("20251103-141502", RECORD, rows())
    assert sorted(path.name for path in tmp_path.iterdir()) == [".work-dixu-abc", "20251101-000000", "20251103-141502"]


def test_a_process_that_dies_between_writing_and_renaming_leaves_no_run(tmp_path, monkeypatch):
    store = ResultsStore(folder=tmp_path)
    store.put("20251103-141502", RECORD, rows())

    def killed(self, work, run, case):
        assert (work / "manifest.json").is_file()
        raise KeyboardInterrupt

    monkeypatch.setattr(ResultsStore, "_moved", killed)
    with pytest.raises(KeyboardInterrupt):
        store.put("20251103-141503", RECORD, rows())
    monkeypatch.undo()
    assert [kept.run for kept in store.runs()] == ["20251103-141502"]
    assert not list(tmp_path.glob(".work-*"))


def _write_for_ever(folder, case, told):
    """Keep one run after the other and tell of each that is done."""
    store = ResultsStore(folder=folder)
    for n in range(10_000):
        told.send((case, store.put(run_id(datetime(2025, 1, 1, 0, 0, 0)), RECORD, rows(case, estimate=float(n))).run, n))  # noqa: DTZ001


@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed by signal")
def test_writers_that_are_killed_leave_no_torn_run_and_lose_none_that_they_told_of(tmp_path):
    """Several writers at once, killed at times that a seed decides; run after run, in one store."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.unit.test_results_store"])
    random_times = random.Random(4)
    acknowledged = []
    for _ in range(ROUNDS):
        writers = []
        for case in (f"case_{i}" for i in range(WRITERS)):
            here, there = context.Pipe(duplex=False)
            process = context.Process(target=_write_for_ever, args=(tmp_path, case, there))
            process.start()
            there.close()
            writers.append((process, here))
        for process, here in writers:
            assert here.poll(30), "a writer did not begin"
            time.sleep(random_times.uniform(0, 0.06))
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            while here.poll():
                try:
                    acknowledged.append(here.recv())
                except EOFError:
                    break
    store = ResultsStore(folder=tmp_path)
    there = {(kept.case_id, kept.run): kept.estimates()["estimate"].iloc[0] for kept in store.runs()}
    assert len(acknowledged) >= ROUNDS * WRITERS
    assert {(case, run): float(n) for case, run, n in acknowledged}.items() <= there.items()
