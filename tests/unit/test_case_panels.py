"""Logs of a case to clean tables and panels: all faults at once, all or nothing, again only what changed."""

import errno
import shutil
import threading
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from commresearch.cases import load_case
from commresearch.errors import CommResearchError
from commresearch.records import held
from commresearch.simulate import LogDirt, LogSpec, RoomSpec, SigninSpec, TicketSpec, simulate_logs, write_case
from commresearch.terms import DataKind, Language, Outcome
from commresearch.workflow import build_case_panels, check_logs, clean_logs, export_case
from commresearch.workflow import case_logs as module
from commresearch.workflow.case_surveys import waves_in

KEY = b"k" * 32
SPEC = LogSpec(
    communities=3, treated=1, grids=3, households=60, months=4, starts=(2,), boundary_changes=False, dirt=LogDirt.none(),
    tickets=TicketSpec(rate=30.0, new_channel=2, recoding=3), signins=SigninSpec(events=2, late_registers=1), rooms=RoomSpec(rooms=1),
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs") / "binhai"
    write_case(simulate_logs(SPEC, rng=2), folder)
    return folder


@pytest.fixture
def folder(written, tmp_path):
    return shutil.copytree(written, tmp_path / "binhai")


@pytest.fixture(scope="module")
def done(written, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "binhai"
    case = load_case(written)
    logs = clean_logs(case, out, pseudonym_key=KEY)
    return out, logs, build_case_panels(case, logs, out)


def codes(error):
    return [failure.code for failure in error.value.failures]


def change(folder, old, new):
    path = folder / "case.toml"
    text = path.read_text(encoding="utf8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf8")


def test_every_log_is_cleaned_and_every_outcome_counted(done):
    out, logs, panels = done
    assert {log.table.kind for log in logs} == set(DataKind) - {DataKind.SURVEY}
    assert [panel.outcome for panel in panels] == list(Outcome)
    for panel in panels:
        assert panel.panel.frame["live"].any()
        assert panel.panel.frame.loc[panel.panel.frame["live"], "value"].notna().any()
    assert not [path for path in out.rglob("*") if path.name.startswith(".work")]


def test_a_second_run_uses_what_did_not_change(done, written, monkeypatch):
    out, _, panels = done
    monkeypatch.setattr(module, "clean_events", None)
    monkeypatch.setattr("commresearch.workflow.case_panels.build_panel", None)
    case = load_case(written)
    again = build_case_panels(case, clean_logs(case, out, pseudonym_key=KEY), out)
    for one, other in zip(panels, again, strict=True):
        pd.testing.assert_frame_equal(one.panel.frame, other.panel.frame)


def test_another_key_of_the_pseudonyms_makes_everything_anew(done, written, monkeypatch, tmp_path):
    out = shutil.copytree(done[0], tmp_path / "out")
    calls = []
    monkeypatch.setattr(module, "clean_events", lambda *arguments, **_: calls.append(arguments[1]) or (_ for _ in ()).throw(CommResearchError()))
    with pytest.raises(CommResearchError):
        clean_logs(load_case(written), out, pseudonym_key=b"j" * 32)
    assert len(calls) == len(done[1])


def test_faults_of_all_files_are_said_together_and_nothing_is_written(folder, tmp_path):
    broken = [folder / "grids.csv", folder / "lineage.csv"]
    for path in broken:
        path.write_text("甲,乙\n1,2\n", encoding="utf8")
    case, out = load_case(folder), tmp_path / "reports" / "binhai"
    with pytest.raises(CommResearchError) as error:
        clean_logs(case, out)
    assert {path.name for path in broken} <= {str(failure.values.get("file")) for failure in error.value.failures}
    assert not (tmp_path / "reports").exists()


def test_the_clean_tables_that_stand_survive_a_run_that_fails(folder, done, tmp_path):
    out = shutil.copytree(done[0], tmp_path / "out")
    (folder / "grids.csv").write_text("甲,乙\n1,2\n", encoding="utf8")
    with pytest.raises(CommResearchError):
        clean_logs(load_case(folder), out, pseudonym_key=KEY)
    assert sorted(p.relative_to(out) for p in out.rglob("*")) == sorted(p.relative_to(done[0]) for p in done[0].rglob("*"))


def test_logs_without_a_roster_are_refused(folder, tmp_path):
    change(folder, '[roster]\nfile = "communities.csv"\n', "")
    case = load_case(folder)
    with pytest.raises(CommResearchError) as error:
        build_case_panels(case, clean_logs(case, tmp_path / "out"), tmp_path / "out")
    assert codes(error) == ["CR-F12"]


def test_months_are_those_of_the_events_where_none_are_named(folder, tmp_path):
    change(folder, 'months = ["2023-01", "2023-04"]\n', "")
    case = load_case(folder)
    panels = build_case_panels(case, clean_logs(case, tmp_path / "out", pseudonym_key=KEY), tmp_path / "out")
    months = panels[2].panel.frame["month"]
    assert (months.min(), months.max()) == (pd.Timestamp("2023-01-01"), pd.Timestamp("2023-04-01"))


def test_a_case_without_logs_has_no_panels(folder, tmp_path):
    text = (folder / "case.toml").read_text(encoding="utf8")
    (folder / "case.toml").write_text(text[: text.index("[[data]]")], encoding="utf8")
    assert clean_logs(load_case(folder), tmp_path / "out") == []
    assert build_case_panels(load_case(folder), [], tmp_path / "out") == []
    assert not (tmp_path / "out").exists()


def test_registers_that_only_have_headers_are_not_read(folder, tmp_path):
    change(folder, '[[data]]\nkind = "coverage"\nfiles = ["coverage.csv"]\n', "")
    (folder / "coverage.csv").write_text("\ufeffsource,unit_id,live_from,live_to,note\n,,,,\n", encoding="utf8")
    assert "coverage" not in {log.name for log in clean_logs(load_case(folder), tmp_path / "out", pseudonym_key=KEY)}


def test_checking_keeps_nothing(folder):
    before = sorted(folder.parent.rglob("*"))
    assert check_logs([load_case(folder)]) == {"binhai": len(DataKind) - 1}
    assert sorted(folder.parent.rglob("*")) == before


def test_panels_in_the_files_of_other_programs(done, tmp_path):
    out, _, panels = done
    files = {path.name for path in export_case(out, tmp_path, "binhai", Language.ZH)}
    for made in panels:
        stem, frame = f"binhai_{made.outcome}", made.panel.frame
        assert {f"{stem}{end}" for end in (".sav", ".dta", ".csv", "_companions.csv", "_account.csv", "_unplaced.csv")} <= files
        for read, end in ((pyreadstat.read_sav, "sav"), (pyreadstat.read_dta, "dta")):
            table, meta = read(tmp_path / f"{stem}.{end}")
            assert table["value"].tolist() == pytest.approx(frame["value"].astype("float64").tolist(), nan_ok=True)
            assert table["unit_id"].tolist() == frame["unit_id"].tolist()
            assert table["live"].tolist() == frame["live"].astype("float64").tolist()
            assert meta.column_names_to_labels["numerator"] == "分子"
            assert meta.variable_value_labels["live"] == {0.0: "否", 1.0: "是"}
        table = pd.read_csv(tmp_path / f"{stem}.csv", dtype={"unit_id": "str"})
        assert table["numerator"].tolist() == pytest.approx(frame["numerator"].astype("float64").tolist(), nan_ok=True)
        assert table["month"].tolist() == frame["month"].dt.strftime("%Y-%m-%d").tolist()


def test_panels_that_the_logs_do_not_tell_any_more_are_taken_away(folder, done, tmp_path):
    out = shutil.copytree(done[0], tmp_path / "out")
    text = (folder / "case.toml").read_text(encoding="utf8")
    parts = text.split("[[data]]")
    kept = [part for part in parts if 'kind = "signins"' not in part]
    assert len(kept) == len(parts) - 1
    (folder / "case.toml").write_text("[[data]]".join(kept), encoding="utf8")
    case = load_case(folder)
    made = build_case_panels(case, clean_logs(case, out, pseudonym_key=KEY), out)
    assert Outcome.YOUTH_PARTICIPATION not in {one.outcome for one in made}
    assert not (out / "_panels" / Outcome.YOUTH_PARTICIPATION).exists()


def test_what_is_damaged_is_made_anew(written, done, tmp_path):
    out = shutil.copytree(done[0], tmp_path / "out")
    (out / "_panels" / "space_use" / "frame.parquet").unlink()
    next((out / "_logs" / "tickets").glob("part-*.parquet")).unlink()
    case = load_case(written)
    made = build_case_panels(case, clean_logs(case, out, pseudonym_key=KEY), out)
    for one, other in zip(made, done[2], strict=True):
        pd.testing.assert_frame_equal(one.panel.frame, other.panel.frame)


def test_cleaning_surveys_leaves_logs_and_panels(done, tmp_path):
    out = shutil.copytree(done[0], tmp_path / "out")
    (out / "2026a").mkdir()
    (out / "2026a" / "manifest.json").write_text("{}", encoding="utf8")
    assert waves_in(out) == ["2026a"]


def test_another_run_on_the_case_is_waited_for(folder, tmp_path):
    case, out, found = load_case(folder), tmp_path / "out", []

    def run(work):
        with pytest.raises(CommResearchError) as error:
            work()
        found.append(codes(error))

    with held(out):
        for work in (lambda: clean_logs(case, out), lambda: build_case_panels(case, [], out)):
            thread = threading.Thread(target=run, args=(work,))
            thread.start()
            thread.join()
    assert found == [["CR-C06"]] * 2
    assert not out.exists()


def test_what_a_run_that_was_killed_left_goes_with_the_next(done, written, tmp_path):
    out = shutil.copytree(done[0], tmp_path / "out")
    for left in (out / ".work-a", out / "_panels" / ".work-b", out / "_stages" / "space_use" / ".work-spill"):
        left.mkdir(parents=True)
        (left / "part.parquet").touch()
    (out / ".lock").write_text("1\n2020-01-01 00:00:00\n")
    clean_logs(load_case(written), out, pseudonym_key=KEY)
    assert sorted(p.relative_to(out) for p in out.rglob("*")) == sorted(p.relative_to(done[0]) for p in done[0].rglob("*"))


def test_stages_of_outcomes_that_are_not_counted_any_more_go(done, written, tmp_path):
    out = shutil.copytree(done[0], tmp_path / "out")
    assert {path.name for path in (out / "_stages").iterdir()} >= {"youth_participation", "complaint_rate"}
    build_case_panels(load_case(written), [log for log in done[1] if log.table.kind is not DataKind.SIGNINS], out)
    assert "youth_participation" not in {path.name for path in (out / "_stages").iterdir()}
    assert (out / "_stages" / "complaint_rate").is_dir()
    build_case_panels(load_case(written), [], out)
    assert not (out / "_stages").exists()


def test_clean_logs_that_are_not_named_any_more_go(folder, done, tmp_path):
    out = shutil.copytree(done[0], tmp_path / "out")
    text = (folder / "case.toml").read_text(encoding="utf8")
    (folder / "case.toml").write_text(text[: text.index("[[data]]")], encoding="utf8")
    assert clean_logs(load_case(folder), out) == []
    assert not (out / "_logs").exists()


@pytest.mark.parametrize(
    ("problem", "code", "names"),
    [
        (lambda file, out: OSError(errno.EIO, "Input/output error", str(file)), "CR-S04", "file"),
        (lambda file, out: OSError(errno.EIO, "Input/output error"), "CR-S04", "grids.csv"),
        (lambda file, out: OSError(errno.EACCES, "Permission denied", str(out / "_logs" / "grids")), "CR-C04", "out"),
        (lambda file, out: OSError(errno.ENOSPC, "No space left on device"), "CR-C04", "out"),
    ],
    ids=["an input by its name", "an input without a name", "a result by its name", "a full disk"],
)
def test_what_the_system_refuses_is_said_of_the_file_that_it_is_about(folder, tmp_path, monkeypatch, problem, code, names):
    out, file = tmp_path / "out", folder / "grids.csv"

    def clean(paths, kind, **options):
        if kind is DataKind.GRIDS:
            raise problem(file, out)
        return real(paths, kind, **options)

    real = module.clean_events
    monkeypatch.setattr(module, "clean_events", clean)
    with pytest.raises(CommResearchError) as error:
        clean_logs(load_case(folder), out, pseudonym_key=KEY)
    (failure,) = error.value.failures
    assert failure.code == code
    said = str(failure.values["file" if code == "CR-S04" else "path"])
    assert said == str({"file": file, "grids.csv": file, "out": out}[names])


def test_files_that_cannot_be_read_are_named_together_before_anything_is_cleaned(folder, tmp_path, monkeypatch):
    case = load_case(folder)

    def hashed(*parts):
        if isinstance(parts[0], Path) and parts[0].name in {"grids.csv", "lineage.csv"}:
            raise OSError(errno.EACCES, "Permission denied", str(parts[0]))
        return real(*parts)

    real = module.sha256_of
    monkeypatch.setattr(module, "sha256_of", hashed)
    with pytest.raises(CommResearchError) as error:
        clean_logs(case, tmp_path / "out")
    assert {(f.code, Path(str(f.values["file"])).name) for f in error.value.failures} == {("CR-S04", "grids.csv"), ("CR-S04", "lineage.csv")}


def test_months_without_rows_are_zero_only_where_the_case_says_so(folder, tmp_path):
    """Of the tickets only those of the last month came, though coverage.csv says that more were recorded."""
    path = next(folder.glob("*热线工单*.csv"))
    header, *rows = path.read_text(encoding="gb18030").splitlines(keepends=True)
    path.write_text(header + "".join(row for row in rows if row.split(",")[1].startswith("2023-04")), encoding="gb18030")
    text = (folder / "case.toml").read_text(encoding="utf8")
    for rule, missing in (("missing", True), ("zero", False)):
        stated = text.replace(', "模拟数据_滨海示范区_工单台账.xlsx"]', "]").replace('duplicate_id = "keep_first" }', f'duplicate_id = "keep_first", months_without_rows = "{rule}" }}', 1)
        (folder / "case.toml").write_text(stated, encoding="utf8")
        case, out = load_case(folder), tmp_path / rule
        tickets = [log for log in clean_logs(case, out, pseudonym_key=KEY) if log.table.kind not in {DataKind.SIGNINS, DataKind.ROOMS}]
        (made,) = build_case_panels(case, tickets, out)
        frame = made.panel.frame
        assert frame.loc[frame["month"] == "2023-03-01", "value"].isna().all() == missing
        assert frame.loc[frame["month"] == "2023-04-01", "value"].notna().any()
