"""Engines, stages that are whole or absent, and the SQL that both engines understand."""

import re
import signal
import subprocess
import sys
from datetime import date, datetime

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
import typer

from commresearch.cli.options import says_its_errors
from commresearch.errors import OutcomeError
from commresearch.outcomes import build_panel, open_engine, read_panel
from commresearch.outcomes.engine import literal, sql_text
from commresearch.records import WORK
from commresearch.terms import Language
from tests.conftest import ROOT
from tests.unit.outcome_worlds import coverage, many_tickets, many_units

SQL = sorted((ROOT / "commresearch" / "outcomes" / "sql").glob("*.sql"))
#: What one of the engines does not know, or reads differently, with a line in which it would be found.
FORBIDDEN = {
    r"\bQUALIFY\b": "QUALIFY x = 1", r"::": "a::INT", r"//": "a // b", r"\[|\]": "[1]", r"->": "x -> x", r"\bhash\s*\(": "hash(a)", r"\bASOF\b": "ASOF JOIN",
    r"\bgenerate_series\b|\brange\s*\(|\bsequence\s*\(": "range(3)", r"(?<![\w.])\d+\.\d+(?!\d*e)": "x / 3600.0", r"\"|`": '"Name"',
    r"\bpercentile(?!_cont\(\de-1\) WITHIN)|\bquantile|\bmedian\s*\(": "median(x)", r"\bILIKE\b|\bSIMILAR\b": "a ILIKE b", r"\bEXCLUDE\b|\bREPLACE\s*\(": "* EXCLUDE (a)",
    r"\bDISTINCT ON\b": "DISTINCT ON (a)", r"(?<!CAST\()date_trunc": "date_trunc('month', a)", r"\bGROUP BY ALL\b|\bORDER BY ALL\b": "GROUP BY ALL",
    r"\bFILTER\s*\(": "COUNT(*) FILTER (WHERE a)", r"\bdate_diff\b|\bdatediff\b|\btimestampdiff\b": "datediff(a, b)",
}
MONTHS = ("2024-01", "2025-12")
STAGES = ["complaint_places", "complaint_topics", "complaint_contacts", "complaint_cases", "complaint_cells"]


@pytest.mark.parametrize("file", SQL, ids=lambda f: f.name)
def test_the_sql_is_what_both_engines_understand(file):
    text = re.sub(r"--[^\n]*", "", file.read_text(encoding="utf8"))
    assert [rule for rule in FORBIDDEN if re.search(rule, text, flags=re.IGNORECASE)] == []
    assert ";" not in text
    for window in re.findall(r"(?:ROW_NUMBER|LAG|LEAD|RANK)\(.*?\)\s*OVER\s*\((.*?)\)", text, flags=re.DOTALL):
        assert "ORDER BY" in window, window


@pytest.mark.parametrize(("rule", "line"), FORBIDDEN.items(), ids=range(len(FORBIDDEN)))
def test_every_rule_of_the_sql_finds_its_fault(rule, line):
    assert re.search(rule, line, flags=re.IGNORECASE)


def test_literals_are_typed_and_texts_are_none():
    assert [literal(v) for v in (True, 7, 0.5, date(2024, 2, 29))] == ["TRUE", "7", "0.5e0", "DATE '2024-02-29'"]
    assert literal(datetime(2024, 2, 29, 1, 2, 3)) == "TIMESTAMP '2024-02-29 01:02:03.000000'"  # noqa: DTZ001 - local time without a zone
    assert literal(1e-7) == "1e-07"
    with pytest.raises(ValueError, match="no literal"):
        literal("'; DROP TABLE tickets")
    with pytest.raises(ValueError, match="asks for"):
        sql_text("complaints_cells")


def test_a_memory_that_is_no_size_is_refused():
    for memory in ("much", "20MB"):
        with pytest.raises(OutcomeError, match="CR-O02"):
            open_engine(memory=memory)


def test_a_folder_without_files_is_refused(tmp_path):
    with open_engine() as engine, pytest.raises(OutcomeError, match="CR-O01"):
        engine.table("tickets", tmp_path)


def test_whole_seconds_are_counted_and_rounded_down():
    with open_engine() as engine:
        table = engine.query("SELECT cr_seconds(TIMESTAMP '2024-01-01 00:00:00.9', TIMESTAMP '2024-01-01 00:01:01.1') AS n, cr_bucket('望海', 7) < 7 AS b")
    assert table.to_pylist() == [{"n": 60, "b": True}]


def test_results_are_written_whole_and_by_part(tmp_path):
    with open_engine() as engine:
        engine.table("given", pd.DataFrame({"a": [1, 2, 3], "b": ["x", "x", "y"]}))
        assert engine.count("given") == 3
        assert engine.columns("given") == ("a", "b")
        assert engine.write("SELECT * FROM given", tmp_path / "whole") == 3
        assert engine.write("SELECT * FROM given", tmp_path / "parts", partition_by=["b"]) == 3
    assert sorted(p.name for p in (tmp_path / "parts").iterdir()) == ["b=x", "b=y"]
    assert pq.read_table(tmp_path / "whole").num_rows == 3


def world(folder, n=20_000):
    units, grids = many_units()
    log = many_tickets(folder / "log", n, parts=2)
    return {"tickets": log, "grids": grids}, units


def built(events, units, engine, **definition):
    return build_panel("complaint_rate", events, units, None, months=MONTHS, coverage=coverage(), engine=engine, **definition)


def same(a, b, *, tolerance=0.0):
    """Two panels cell by cell."""
    for name in ("frame", "account", "unplaced", "companions", "breaks"):
        pd.testing.assert_frame_equal(getattr(a, name), getattr(b, name), rtol=tolerance, atol=0, check_dtype=name != "breaks")
    assert a.definition == b.definition


def test_buckets_change_nothing(tmp_path, monkeypatch):
    events, units = world(tmp_path)
    with open_engine() as engine:
        whole = built(events, units, engine)
    seen = []
    with open_engine(progress=lambda stage, done, of: seen.append((stage, done, of))) as engine:
        monkeypatch.setattr(type(engine), "buckets_for", lambda self, rows, width=0: 5)
        cut = built(events, units, engine)
    same(whole, cut)
    assert ("complaint_cases", 5, 5) in seen
    assert len(whole.frame) == 60 * 24
    assert whole.frame["numerator"].sum() > 8_000


def test_rows_on_their_way_are_held_in_memory_where_no_later_run_finds_them(tmp_path):
    events, units = world(tmp_path)
    with open_engine(scratch=tmp_path / "scratch") as engine:
        on_disk = built(events, units, engine)
    with open_engine() as engine:
        in_memory = [built(events, units, engine, repeat_days=days) for days in (7, 3, 7)]
        written = {path.name.partition("-")[0] for path in engine.scratch.rglob("*") if path.is_dir()}
        left = engine.query("SELECT COUNT(*) AS n FROM duckdb_tables()").to_pylist()
    same(on_disk, in_memory[0])
    same(on_disk, in_memory[2])
    assert in_memory[1].frame["numerator"].sum() > on_disk.frame["numerator"].sum()
    assert not written & {"complaint_contacts", "complaint_cases"}
    assert left == [{"n": 0}]


def test_what_is_held_gives_way_to_what_is_written_and_back():
    text = "SELECT a, CAST(a % 2 AS BIGINT) AS bucket FROM given"
    with open_engine() as engine:
        engine.table("given", pd.DataFrame({"a": [1, 2, 3]}))
        for splits in (1, 2, 1, 2):
            engine.stage("made", text, splits=splits)
            engine.stage("more", "SELECT a + (SELECT n FROM one) AS b FROM made", over="made", beside={"one": "SELECT COUNT(*) AS n FROM made"})
            assert sorted(engine.query("SELECT b FROM more").column("b").to_pylist()) == ([4, 5, 6] if splits == 1 else [3, 3, 5])
        engine.release("more")
        assert engine.count("more") == 3


def test_nothing_is_held_after_a_stage_that_fails():
    with open_engine() as engine:
        engine.table("given", pd.DataFrame({"a": [1, 2, 3]}))
        with pytest.raises(duckdb.Error):
            engine.stage("more", "SELECT no_such_column FROM one", beside={"one": "SELECT COUNT(*) AS n FROM given"})
        assert engine.query("SELECT COUNT(*) AS n FROM duckdb_tables()").to_pylist() == [{"n": 0}]


def test_an_empty_log_gives_zeros_only_where_that_is_decided(tmp_path):
    units, grids = many_units()
    log = many_tickets(tmp_path / "log", 0)
    with open_engine() as engine:
        nothing_known = built({"tickets": log, "grids": grids}, units, engine)
    with open_engine() as engine:
        nothing_happened = built({"tickets": log, "grids": grids}, units, engine, months_without_rows="zero")
    assert nothing_known.frame["numerator"].isna().all()
    assert (nothing_happened.frame["numerator"] == 0).all()


def test_a_second_run_does_only_what_changed(tmp_path):
    events, units = world(tmp_path, 2_000)
    reused = {}
    for name, choices in {"first": {}, "again": {}, "other follow-up": {"follow_up_days": 60}, "other gap": {"repeat_days": 3}}.items():
        with open_engine(scratch=tmp_path / "scratch") as engine:
            built(events, units, engine, **choices)
            reused[name] = engine.staging.reused
    assert reused == {"first": [], "again": STAGES, "other follow-up": STAGES[:4], "other gap": STAGES[:2]}
    for file in sorted((tmp_path / "log").iterdir())[:1]:
        pq.write_table(pq.read_table(file).slice(1), file)
    with open_engine(scratch=tmp_path / "scratch") as engine:
        built(events, units, engine, repeat_days=3)
        assert engine.staging.reused == []
    assert len(list((tmp_path / "scratch").iterdir())) == len(STAGES)


def test_a_damaged_stage_is_made_again(tmp_path):
    events, units = world(tmp_path, 2_000)
    with open_engine(scratch=tmp_path / "scratch") as engine:
        first = built(events, units, engine)
    next((tmp_path / "scratch").glob("complaint_cells-*/part*.parquet")).unlink()
    with open_engine(scratch=tmp_path / "scratch") as engine:
        same(first, built(events, units, engine))
        assert engine.staging.reused == STAGES[:4]


def test_nothing_is_left_of_a_folder_that_was_not_lent(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with open_engine() as engine:
        engine.table("given", pd.DataFrame({"a": [1]}))
        engine.stage("made", "SELECT a, CAST(0 AS BIGINT) AS bucket FROM given", splits=2)
        assert list(tmp_path.iterdir()) == [engine.scratch]
    assert list(tmp_path.iterdir()) == []


RUN = """
import sys
from pathlib import Path
from commresearch.outcomes import build_panel, open_engine
from tests.unit.outcome_worlds import coverage, many_units
folder = Path(sys.argv[1])
units, grids = many_units()
with open_engine(scratch=folder / "scratch", progress=lambda *at: print(*at, flush=True)) as engine:
    panel = build_panel("complaint_rate", {"tickets": folder / "log", "grids": grids}, units, None, months=("2024-01", "2025-12"), coverage=coverage(),
                        engine=engine)
panel.write(folder / "panel")
print("done", flush=True)
"""


def test_after_five_kills_a_second_run_gives_the_same_panel(tmp_path):
    events, units = world(tmp_path, 300_000)
    for line in range(1, 6):  # each run finds the stages that the one before has finished, and dies in a later one
        with subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            for _ in range(min(line, 2)):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
    subprocess.run([sys.executable, "-c", RUN, str(tmp_path)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    with open_engine() as engine:
        same(built(events, units, engine), read_panel(tmp_path / "panel"))
    scratch = [p.name for p in (tmp_path / "scratch").iterdir()]
    assert len(scratch) == len(STAGES)
    assert not [name for name in scratch if name.startswith(WORK)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["log", "panel", "scratch"]


@pytest.mark.needs("spark")
def test_spark_gives_the_panel_of_duckdb(tmp_path):
    events, units = world(tmp_path, 1_000_000)
    with open_engine() as engine:
        ours = built(events, units, engine)
    with open_engine("local[2]", memory="1GB", scratch=tmp_path / "scratch", settings={"spark.sql.shuffle.partitions": "2"}) as engine:
        same(ours, built(events, units, engine), tolerance=1e-9)
        seconds = "SELECT cr_seconds(TIMESTAMP '2024-01-01 00:00:00.9', TIMESTAMP '2024-01-01 00:01:01.1') AS n"
        assert engine.query(seconds).to_pylist() == [{"n": 60}]
        assert engine.write("SELECT place, unit_id FROM places", tmp_path / "out", partition_by=["unit_id"]) == engine.count("places")
        built(events, units, engine)
        assert engine.staging.reused == STAGES
    assert sorted(p.name.partition("-")[0] for p in (tmp_path / "scratch").iterdir()) == sorted(STAGES)


def test_spark_that_does_not_start_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(OutcomeError, match="CR-O03"):
        open_engine("local[2]")


#: A list cannot be put on disk: 600 MB that have to be in memory.
GREEDY = "SELECT list(repeat('x', 1000) || i) AS a, 0 AS bucket FROM (SELECT UNNEST(RANGE(600000)) AS i)"


@pytest.mark.parametrize("run", [
    lambda engine, out: engine.query(GREEDY), lambda engine, out: engine.write(GREEDY, out), lambda engine, _: engine.stage("s", GREEDY),
    lambda engine, _: engine.stage("s", GREEDY, splits=2),
], ids=["query", "write", "stage", "split"])
def test_too_little_memory_is_told_and_leaves_nothing_half_done(run, tmp_path):
    scratch, out = tmp_path / "scratch", tmp_path / "out"
    with pytest.raises(OutcomeError) as error, open_engine(memory="300MB", threads=1, scratch=scratch) as engine:
        run(engine, out)
    (failure,) = error.value.failures
    assert (failure.code, failure.values) == ("CR-O27", {"memory": "300MB", "limit": "150MB", "folder": str(scratch)})
    assert not list(scratch.iterdir())
    assert not out.exists()


def test_an_engine_can_go_on_after_it_had_too_little_memory():
    with open_engine(memory="300MB", threads=1) as engine:
        for run in (lambda: engine.query(GREEDY), lambda: engine.stage("s", GREEDY, splits=1)):  # the latter would be held in memory
            with pytest.raises(OutcomeError, match="CR-O27"):
                run()
        assert engine.query("SELECT 1 AS a").to_pylist() == [{"a": 1}]


@pytest.mark.parametrize(("lang", "parts"), [(Language.ZH, ("内存不够", "命令行的上限是 2GB")), (Language.EN, ("Out of memory", "the command line uses 2GB"))])
def test_the_command_line_tells_of_memory_with_exit_code_two(lang, parts, capsys):
    @says_its_errors
    def command(*, lang):
        with open_engine(memory="300MB", threads=1) as engine:
            engine.query(GREEDY)

    with pytest.raises(typer.Exit) as leaving:
        command(lang=lang)
    said = capsys.readouterr().err
    assert leaving.value.exit_code == 2
    assert all(part in said for part in ("[CR-O27]", "300MB", "150MB", *parts))
