"""Two ledgers of tickets that each number from 1: their tickets are told apart, or refused; exports that came twice are counted once."""

import pandas as pd
import pytest

from commresearch.cases import load_case
from commresearch.errors import CommResearchError
from commresearch.outcomes import open_engine
from commresearch.terms import Language
from commresearch.words import render_error
from commresearch.workflow import build_case_panels, check_logs, clean_logs
from commresearch.workflow.shared_numbers import require_numbers_apart
from tests.unit.case_facts import case_facts

ROSTER = '[roster]\nfile = "communities.csv"\n'
REST = """
[[data]]
kind = "coverage"
files = ["coverage.csv"]

[analysis]
months = ["2024-01", "2024-03"]
"""
ENTRY = '[[data]]\nkind = "tickets"\nfiles = [{files}]\nrules = {{ duplicate_id = "keep_first" }}\n'


def ledger(place, month, numbers=range(1, 61)):
    return "工单编号,受理时间,诉求类型,所属社区\n" + "".join(f"{n},2024-{month}-{n % 28 + 1:02d} 09:00,投诉,{place}\n" for n in numbers)


def written(folder, *ledgers, entries=None):
    folder.mkdir()
    names = [f"台账{place}.csv" for place in range(len(ledgers))]
    for name, text in zip(names, ledgers, strict=True):
        (folder / name).write_text(text, encoding="utf8")
    (folder / "communities.csv").write_text("unit_id,unit_level,name,households\n101,community,望海社区,100\n102,community,听涛社区,100\n", encoding="utf8")
    (folder / "coverage.csv").write_text("source,unit_id,live_from\ntickets,*,2020-01-01\n", encoding="utf8")
    made = "\n".join(entries or [ENTRY.format(files=f'"{name}"') for name in names])
    (folder / "case.toml").write_text(case_facts() + ROSTER + made + REST, encoding="utf8")
    return load_case(folder)


def panel_of(case, out):
    (made,) = build_case_panels(case, clean_logs(case, out), out)
    return made.panel


def test_ledgers_that_number_apart_are_refused_with_both_named(tmp_path):
    case = written(tmp_path / "binhai", ledger(101, "01"), ledger(102, "02"))
    for work in (lambda: panel_of(case, tmp_path / "out"), lambda: check_logs([case])):
        with pytest.raises(CommResearchError) as error:
            work()
        (failure,) = error.value.failures
        assert (failure.code, failure.values["count"], failure.values["ledgers"]) == ("CR-E14", 120, ("台账0.csv", "台账1.csv"))
        assert failure.values["examples"].startswith("台账0.csv [29] 28; 台账1.csv [29] 28; ")
    assert "台账0.csv、台账1.csv 如果是各自编号的台账，编号不能相同：给其中一本的编号加上前缀" in render_error(error.value, Language.ZH)
    assert "add a prefix to those of one of them" in render_error(error.value, Language.EN)
    assert not (tmp_path / "out" / "_panels").exists()


def test_one_number_that_means_two_tickets_is_enough(tmp_path):
    case = written(tmp_path / "binhai", ledger(101, "01"), ledger(101, "02", [7, 61]))
    with pytest.raises(CommResearchError) as error:
        panel_of(case, tmp_path / "out")
    assert [(f.code, f.values["count"], f.values["examples"]) for f in error.value.failures] == [("CR-E14", 2, "台账0.csv [8] 7; 台账1.csv [2] 7")]


@pytest.mark.parametrize(("at", "is_one"), [("2024-01-15 09:00", True), ("2024-01-15 09:01", False)], ids=["a week", "a minute more"])
def test_a_ticket_that_was_handed_on_is_one_case_in_both_ledgers(tmp_path, at, is_one):
    """It is received later by the second office, and its place is written otherwise there."""
    other = f"工单编号,受理时间,诉求类型,所属社区\n7,{at},投诉,听涛\n"
    case = written(tmp_path / "binhai", ledger(101, "01", [7]), other)
    if is_one:
        panel = panel_of(case, tmp_path / "out")
        assert panel.account.groupby("rule")["events"].sum()[["same_ticket", "counted"]].to_list() == [1, 1]
    else:
        with pytest.raises(CommResearchError):
            panel_of(case, tmp_path / "out")


def test_numbers_with_a_prefix_are_all_counted(tmp_path):
    numbers = [f"B{n}" for n in range(1, 61)]
    other = "".join(f"{number}{line[line.index(','):]}\n" for number, line in zip(["工单编号", *numbers], ledger(102, "02").splitlines(), strict=True))
    panel = panel_of(written(tmp_path / "binhai", ledger(101, "01"), other), tmp_path / "out")
    assert panel.frame.groupby("unit_id")["numerator"].sum().to_dict() == {"101": 60, "102": 60}


def test_numbers_of_different_callers_are_told_apart_by_these(tmp_path):
    ledgers = [f"工单编号,受理时间,诉求类型,所属社区,来电号码\n1,{day} 09:00,投诉,101,{phone}\n" for day, phone in (("2024-01-05", "13912345678"), ("2024-02-20", "13987654321"))]
    case = written(tmp_path / "binhai", *ledgers)
    (made,) = build_case_panels(case, clean_logs(case, tmp_path / "out", pseudonym_key=b"k" * 32), tmp_path / "out")
    assert made.panel.frame["numerator"].sum() == 2


def test_copies_of_an_export_are_counted_once(tmp_path):
    panel = panel_of(written(tmp_path / "binhai", ledger(101, "01"), ledger(101, "01", range(31, 91))), tmp_path / "out")
    assert panel.frame["numerator"].sum() == 90
    assert panel.account.groupby("rule")["events"].sum()[["same_ticket", "counted"]].to_list() == [30, 90]


def test_exports_of_one_ledger_in_one_entry_are_decided_by_the_rule(tmp_path):
    entry = ENTRY.format(files='"台账0.csv", "台账1.csv"')
    panel = panel_of(written(tmp_path / "binhai", ledger(101, "01"), ledger(101, "02", [60, 61]), entries=[entry]), tmp_path / "out")
    assert panel.frame["numerator"].sum() == 61


def test_the_check_can_be_made_again_on_one_engine(tmp_path):
    logs = clean_logs(written(tmp_path / "binhai", ledger("", "01"), ledger("", "01")), tmp_path / "out")
    with open_engine() as engine:
        require_numbers_apart([log for log in logs if log.table.kind == "tickets"], engine)
        assert engine.count("shared_numbers") == 0
        with pytest.raises(CommResearchError):
            require_numbers_apart([logs[0], clean_logs(written(tmp_path / "other", ledger(101, "02")), tmp_path / "more")[0]], engine)


def test_ledgers_without_numbers_are_counted_by_their_rows(tmp_path):
    apart = [pd.Series(ledger(place, month).splitlines()).str.partition(",")[2].str.cat(sep="\n") for place, month in ((101, "01"), (102, "01"))]
    panel = panel_of(written(tmp_path / "binhai", *apart), tmp_path / "out")
    assert panel.frame["numerator"].sum() == 120


def test_a_month_that_one_ledger_lacks_is_partial_unless_its_entry_says_zero(tmp_path):
    def months(prefix, *named):
        return "工单编号,受理时间,诉求类型,所属社区\n" + "".join(f"{prefix}{month},2024-{month}-05 09:00,投诉,101\n" for month in named)

    for rule, is_partial in (("missing", True), ("zero", False)):
        entries = ['[[data]]\nkind = "tickets"\nfiles = ["台账0.csv"]\n', f'[[data]]\nkind = "tickets"\nfiles = ["台账1.csv"]\nrules = {{ months_without_rows = "{rule}" }}\n']
        case = written(tmp_path / rule, months("A", "01", "02", "03"), months("B", "01", "03"), entries=entries)
        panel = panel_of(case, tmp_path / f"out-{rule}")
        frame = panel.frame[panel.frame["unit_id"] == "101"]
        assert frame["numerator"].tolist() == [2, 1, 2]
        assert frame["partial_month"].tolist() == [False, is_partial, False]
        assert panel.problems["place"].tolist() == ["台账1.csv"] * is_partial
