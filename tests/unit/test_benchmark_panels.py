"""The sides of the benchmarks of event logs agree on small files, and what is measured of a process is what it took."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from benchmarks import booking_overlap, hotline_csv, processes, tickets_to_panel
from benchmarks.event_files import booking_files, event_files
from benchmarks.event_files import hotline_csv as hotline_file
from benchmarks.measuring import Times, fits, less_processor, processes_in_turn, smaller, table
from benchmarks.panel_files import COUNTS, HOURS, prepare

ROWS = 20_000
#: 200 MB that are touched, and some work.
GREEDY = "held = bytearray(200_000_000); n = sum(range(3_000_000))"


@pytest.fixture(scope="module")
def panels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("panels")
    files = prepare(event_files(folder, ROWS), folder / "beside")
    written = {}

    def panel(name):
        if name not in written:
            written[name] = folder / f"{name}.parquet"
            tickets_to_panel.run(name, files, written[name])
        return written[name]

    return panel


@pytest.mark.parametrize("peer", [tickets_to_panel.PANDAS, tickets_to_panel.POLARS, tickets_to_panel.BARE])
def test_peers_give_our_panel(panels, peer):
    if peer == tickets_to_panel.POLARS:
        pytest.importorskip("polars")
    ours = pq.read_table(panels(tickets_to_panel.OURS)).to_pandas()
    assert len(ours) == 1500 * 36
    assert ours["cases"].sum() > ROWS / 10
    assert (ours["cases"] <= ours["contacts"]).all()
    assert ours.loc[ours["timed"] == 0, list(HOURS)].isna().all(axis=None)
    assert ours.loc[ours["timed"] > 0, "median_hours"].notna().any()
    unequal, apart = tickets_to_panel.differences(panels(tickets_to_panel.OURS), panels(peer))
    assert unequal == 0
    assert apart <= 1e-9


def test_differences_are_seen(panels, tmp_path):
    first = panels(tickets_to_panel.OURS)
    frame = pd.read_parquet(first)
    row = frame["median_hours"].first_valid_index()
    changed = {"count": ("cases", 1.0), "hours": ("median_hours", 1e-6), "missing": ("p90_hours", np.nan)}
    for name, (column, added) in changed.items():
        frame.assign(**{column: frame[column].where(frame.index != row, frame[column] + added)}).to_parquet(tmp_path / name)
    frame.iloc[1:].to_parquet(tmp_path / "fewer")
    assert tickets_to_panel.differences(first, tmp_path / "count") == (1, 0.0)
    unequal, apart = tickets_to_panel.differences(first, tmp_path / "hours")
    assert unequal == 0
    assert apart == pytest.approx(1e-6 / frame.at[row, "median_hours"], rel=1e-6)
    assert tickets_to_panel.differences(first, tmp_path / "missing") == (0, float("inf"))
    assert tickets_to_panel.differences(first, tmp_path / "fewer") == (len(frame) * len(COUNTS), float("inf"))


def test_used_hours_are_the_half_hours_that_are_marked(tmp_path):
    bookings = booking_files(tmp_path, ROWS)
    rooms, hours, roster = booking_overlap.registers()
    panel = booking_overlap.use_of_space(bookings, rooms, hours, roster).frame.set_index(["unit_id", "month"])["numerator"]
    marked = booking_overlap.marked_half_hours(bookings, rooms)
    assert marked.sum() > ROWS / 2
    known = panel.dropna()  # with so few bookings some months know the use of less than four fifths of their hours
    assert len(known) > 0.9 * len(panel)
    assert (known - marked.reindex(known.index, fill_value=0.0)).abs().max() == 0
    assert known.sum() > 0.9 * marked.sum()


def test_typed_rows_hold_the_texts_of_the_file(tmp_path):
    path = hotline_file(tmp_path, 3000)
    events = hotline_csv.cleaned(path, tmp_path / "typed")
    hotline_csv.transcoded(path, tmp_path / "texts")
    assert [p.name for p in (tmp_path / "texts").iterdir()] == ["all.parquet"]
    assert hotline_csv.unequal_values(events, tmp_path / "texts") == (3000, 0)
    texts = tmp_path / "texts" / "all.parquet"
    frame = pd.read_parquet(texts)
    frame.loc[[0, 1], ["事项分类", "受理时间"]] = [["另一事项", frame.at[0, "受理时间"]], [frame.at[1, "事项分类"], "2023-01-01 00:00:01"]]
    frame.to_parquet(texts)
    assert hotline_csv.unequal_values(events, tmp_path / "texts") == (3000, 2)
    frame.iloc[1:].to_parquet(texts)
    assert hotline_csv.unequal_values(events, tmp_path / "texts")[1] > 2999


def test_a_process_is_measured_with_its_children():
    alone = [sys.executable, "-c", GREEDY]
    wall, processor, memory = processes.run_watched(alone)
    assert 0 < processor <= wall * 64
    assert 0.2 < memory < 0.3
    both = "import subprocess, sys, time\nheld = bytearray(200_000_000)\nsubprocess.run([sys.executable, '-c', sys.argv[1] + '; import time; time.sleep(0.4)'])"
    assert 0.4 < processes.run_watched([sys.executable, "-c", both, GREEDY])[2] < 0.6


def test_a_process_that_fails_is_no_measurement():
    with pytest.raises(RuntimeError, match="ended with 3"):
        processes.run_watched([sys.executable, "-c", "raise SystemExit(3)"])


def test_memory_of_a_process_that_has_ended_is_nothing():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert processes.tree_memory(process.pid) == 0


def test_processes_alternate(tmp_path, monkeypatch):
    order = []
    monkeypatch.setattr("benchmarks.measuring.run_watched", lambda command: order.append(command[0]) or (len(order), 2.0 * len(order), 0.5))
    first, _ = processes_in_turn(["a"], ["b"])
    assert order == ["a", "b"] * 3
    assert first == Times(wall=[1, 3, 5], processor=[2.0, 6.0, 10.0], memory=[0.5, 0.5, 0.5])
    monkeypatch.setattr("benchmarks.measuring.run_watched", lambda command: (101.0, 1.0, 1.0))
    assert processes_in_turn(["a"], ["b"])[1].wall == [101.0]


def test_lines_of_processor_time_and_memory(capsys):
    ours, theirs = Times(wall=[2.0], processor=[6.0], memory=[1.5]), Times(wall=[1.0], processor=[4.0], memory=[8.0])
    lines = [less_processor("sums", "bare", ours, theirs, at_most=1.2), smaller("sums", "big", ours, theirs, at_most=0.25), fits("sums", ours, gigabytes=2)]
    table(lines)
    printed = capsys.readouterr().out.splitlines()[3:]
    assert printed == [
        "| sums | bare | 6 s | 4 s | 1.5 | ours / peer <= 1.2 | NO | 1 | 1.5 |",
        "| sums | big | 1.5 GB | 8 GB | 0.188 | ours / peer <= 0.25 | yes | 1 | 1.5 |",
        "| sums |  | 1.5 GB |  |  | ours < 2 GB | yes | 1 |  |",
    ]
