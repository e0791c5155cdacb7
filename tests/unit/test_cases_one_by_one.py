"""Commands over several cases: good ones are done, what is wrong with others is told under their names; what is told of logs."""

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest
import typer

from commresearch.cleaning import clean_events
from commresearch.cli.making import case_by_case, each_case, say_columns, say_doubts, say_findings, say_missing_months
from commresearch.cli.pilots import _sweep_reports
from commresearch.errors import CaseError, Failure
from commresearch.outcomes import UnitRegister
from commresearch.sources.event_headers import MAPPING_COLUMNS
from commresearch.terms import DataKind, Language, Outcome

HEADER = "工单编号,受理时间,诉求类型,事发地点\n"
BOTH = pytest.mark.parametrize("lang", list(Language))


def worked(case):
    if case != "good":
        raise CaseError(Failure(code="CR-F14", values={"case": "it"}))
    return case


def ended_by(problem, case):
    with case_by_case([case], Language.EN) as faults:
        each_case({case: case}, worked, faults)
        raise problem


@BOTH
def test_the_same_fault_of_two_cases_is_told_of_both_and_the_third_is_done(lang, capsys):
    names = ["bad", "good", "worse"]
    with pytest.raises(typer.Exit) as left, case_by_case(names, lang) as faults:
        assert each_case(dict(zip(names, names, strict=True)), worked, faults) == {"good": "good"}
    assert left.value.exit_code == 2
    told = capsys.readouterr().err
    assert told.count("[CR-F14]") == 2
    assert told.index("bad") < told.index("worse")
    assert "good" not in told


def test_a_fault_of_the_only_case_is_told_without_its_name(capsys):
    with pytest.raises(typer.Exit), case_by_case(["bad"], Language.EN) as faults:
        each_case({"bad": "bad"}, worked, faults)
    assert capsys.readouterr().err.startswith("[CR-F14]")


@pytest.mark.parametrize(("done", "code"), [("good", 1), ("bad", 2)])
def test_a_faulty_case_weighs_more_than_a_failed_report(done, code, capsys):
    with pytest.raises(typer.Exit) as left:
        ended_by(typer.Exit(1), done)
    assert left.value.exit_code == code


def test_faults_of_cases_are_told_where_something_else_goes_wrong_later(capsys):
    with pytest.raises(CaseError, match="CR-F10"):
        ended_by(CaseError(Failure(code="CR-F10")), "bad")
    assert "[CR-F14]" in capsys.readouterr().err


def test_what_a_killed_run_left_of_its_reports_goes_and_those_of_other_cases_stay(tmp_path):
    for subject in ("binhai_panels", "other_panels"):
        for name in (".zh.work-0a1b2c3d", "zh"):
            (tmp_path / subject / name).mkdir(parents=True)
    _sweep_reports(SimpleNamespace(site=tmp_path), [SimpleNamespace(subject="binhai_panels")])
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.glob("*/*")) == ["binhai_panels/zh", "other_panels/.zh.work-0a1b2c3d", "other_panels/zh"]


@pytest.mark.parametrize(
    ("lang", "line"),
    [
        (Language.ZH, "tickets（a.xlsx › 一月 等2张表）列名：工单编号、何时 → 受理时间；不读取：备注一、备注二\n"),
        (Language.EN, "tickets (a.xlsx › 一月 and others, 2 tables in all) headers: 工单编号 → ticket id, 何时 → received at; not read: 备注一, 备注二\n"),
    ],
)
def test_headers_are_told_once_for_tables_that_have_the_same(lang, line, capsys):
    headers = [("工单编号", "ticket_id"), ("何时", "received_at"), ("备注一", ""), ("备注二", "")]
    lines = [("a.xlsx", sheet, header, field, "known") for sheet in ("一月", "二月") for header, field in headers]
    say_columns(lang, "tickets", DataKind.TICKETS, pd.DataFrame(lines, columns=list(MAPPING_COLUMNS)))
    assert capsys.readouterr().out == line


@BOTH
def test_tables_and_months_without_rows_are_told(lang, capsys, tmp_path):
    (tmp_path / "空.csv").write_text(HEADER, encoding="utf8")
    (tmp_path / "工单.csv").write_text(f"{HEADER}A1,2024-01-05 08:00,投诉,U1\nA2,2024-03-05 08:00,投诉,U1\n", encoding="utf8")
    table = clean_events([tmp_path / "空.csv", tmp_path / "工单.csv"], DataKind.TICKETS)
    assert table.log.loc[table.log["rule"] == "table_without_rows", "file"].tolist() == ["空.csv"]
    say_findings(lang, "tickets", table, kinds=[DataKind.TICKETS, DataKind.GRIDS])
    first, second = capsys.readouterr().out.splitlines()
    assert "空.csv" in first
    assert "2024-02" in second
    say_findings(lang, "tickets", table, kinds=[DataKind.TICKETS, DataKind.COVERAGE])
    assert "2024-02" not in capsys.readouterr().out
    say_findings(lang, "tickets", table, kinds=[DataKind.TICKETS, DataKind.TICKETS, DataKind.COVERAGE])  # the other ledger has that month: no panel lacks it
    assert "2024-02" in capsys.readouterr().out


@BOTH
def test_months_that_are_missing_for_want_of_rows_are_told_with_the_last_of_them(lang, capsys):
    problems = pd.DataFrame(
        [
            ("month_without_rows", "tickets", None, date(2024, 1, 1), date(2024, 4, 1)), ("overlap", "x", "u", date(2024, 1, 1), date(2024, 4, 1)),
            ("ledger_without_rows", "物业.csv", None, date(2024, 6, 1), date(2024, 8, 1)),
        ],
        columns=["problem", "place", "unit_id", "valid_from", "valid_to"],
    )
    say_missing_months(lang, SimpleNamespace(outcome=Outcome.COMPLAINT_RATE, panel=SimpleNamespace(problems=problems)))
    line, partial = capsys.readouterr().out.splitlines()
    assert "2024-01" in line
    assert "2024-03" in line
    assert "tickets" in line
    assert all(word in partial for word in ("2024-06", "2024-07", "物业.csv", "months_without_rows", "coverage.csv"))


@BOTH
def test_doubts_are_told_once_by_kind_with_the_first_places(lang, capsys):
    columns = ["problem", "place", "unit_id", "valid_from", "valid_to"]
    unknown = [("coverage_of_unknown_unit", f"77{n}", f"77{n}", None, None) for n in range(7)]
    grid, other = ("grid_outside_unit", "G2", "999", date(2024, 1, 1), None), ("grid_outside_unit", "G3", "998", date(2024, 1, 1), None)
    apart = [(what, "tickets", None, date(2024, 1, 1), date(2024, 2, 1)) for what in ("month_without_rows", "ledger_without_rows")] + [("carried_on", "旧村", "101", None, None)]
    panels = [SimpleNamespace(panel=SimpleNamespace(problems=pd.DataFrame(rows, columns=columns))) for rows in ([*unknown, grid, *apart], [grid, other], [grid])]
    said = set()
    for made in panels:
        say_doubts(lang, made, said)
    first, second, third = capsys.readouterr().out.splitlines()
    assert "7" in first
    assert "774" in first
    assert "775" not in first
    assert "G2" in second
    assert "G3" in third
    assert "G2" not in third


@pytest.mark.parametrize(("lang", "advice"), [(Language.ZH, "止日写成最后一天的，改成后一天"), (Language.EN, "where the last day is written, put the day after")])
def test_a_day_between_two_periods_of_validity_is_told_with_what_to_do(lang, advice, capsys):
    register = UnitRegister.of(pd.DataFrame({
        "unit_id": ["101", "101"], "unit_level": "community", "valid_from": ["2020-01-01", "2025-07-01"], "valid_to": ["2025-06-30", None],
    }))
    say_doubts(lang, SimpleNamespace(panel=register), set())
    (line,) = capsys.readouterr().out.splitlines()
    assert "101" in line
    assert advice in line
