"""Corrections of logs and registers: by the row that the log names, only where the cell still holds what was expected, all faults at once."""

import pandas as pd
import pytest

import commresearch as cr
from commresearch.cases import load_case
from commresearch.cleaning.event_corrections import lines_for
from commresearch.errors import CleaningError, CommResearchError, SourceError
from commresearch.terms import DataKind
from commresearch.workflow import check_logs, clean_logs
from tests.unit.sources_files import write_csv, write_xlsx
from tests.unit.survey_cases import codes, correction, corrections, told, write_case

KEY = b"a key that is long enough"
ROWS = [["工单编号", "受理时间", "诉求类型", "联系电话"], ["A1", "2025-13-01", "投诉", "13800000001"], ["A2", "2025-03-02", "投诉", "1.38E+10"]]


def line(row_id, variable, expect, new, **more):
    return correction(row_id, variable, expect, new, **({"kind": "tickets"} | more))


def cleaned(path, *lines):
    return cr.clean_events(path, "tickets", pseudonym_key=KEY, corrections=corrections(*lines))


def test_a_cell_is_corrected_before_it_is_read_and_the_log_says_so(tmp_path):
    path = write_csv(tmp_path / "a.csv", ROWS)
    row_id = cr.read_events(path, "tickets").row_ids[0]
    table = cleaned(path, line(row_id, "受理时间", "2025-13-01", "2025-12-01"), line(3, "caller_phone", "1.38E+10", "13800000001", file="a.csv"))
    frame = table.frame()
    assert frame["received_at"].tolist() == [pd.Timestamp(2025, 12, 1), pd.Timestamp(2025, 3, 2)]
    assert frame["caller_key"].iloc[0] == frame["caller_key"].iloc[1]
    log = table.log[table.log["rule"] == "correction"]
    assert log[["file", "row_id", "variable", "old", "new"]].to_numpy().tolist() == [
        ["a.csv", row_id, "received_at", "2025-13-01", "2025-12-01"], ["a.csv", row_id[:-1] + "3", "caller_phone", "", ""],
    ]


def test_values_copied_from_a_log_match_without_the_apostrophe_that_guards_them(tmp_path):
    path = write_csv(tmp_path / "a.csv", [[*ROWS[0][:3]], ["=A1", "2025-12-01", "投诉"], ["A2", "2025-03-02", "投诉"]])
    table = cleaned(path, line(2, "ticket_id", "'=A1", "'-A1"))
    assert table.frame()["ticket_id"].tolist() == ["-A1", "A2"]
    assert table.log.loc[table.log["rule"] == "correction", ["old", "new"]].to_numpy().tolist() == [["=A1", "-A1"]]
    with pytest.raises(CleaningError) as error:
        cleaned(path, line(2, "ticket_id", "'=A2", "A1"))
    assert "CR-D34" in codes(error.value)


@pytest.mark.parametrize("least", [32 << 20, 1])
def test_whatever_is_wrong_with_corrections_is_said_at_once(tmp_path, monkeypatch, least):
    monkeypatch.setattr("commresearch.cleaning.event_batches.LARGE_BYTES", least)
    path = write_csv(tmp_path / "a.csv", ROWS)
    with pytest.raises(CleaningError) as error:
        cleaned(
            path, line(2, "type", "求助", "投诉"), line(9, "type", "投诉", "求助"), line(2, "诉求类形", "投诉", "求助"), line(2, "type", "投诉", "求助"), line(3, "type", "投诉", "求助", reason=""),
        )
    assert sorted(codes(error.value)) == ["CR-D31", "CR-D32", "CR-D33", "CR-D34", "CR-D35", "CR-E15"]
    told(error.value, "CR-D34", "求助", "投诉")
    told(error.value, "CR-D33", "诉求类型")
    told(error.value, "CR-D32", "9")


def test_corrections_of_a_file_that_cannot_be_read_are_not_called_wrong(tmp_path):
    path, unknown = write_csv(tmp_path / "a.csv", ROWS), write_csv(tmp_path / "b.csv", [["甲", "乙"], ["1", "2"]])
    with pytest.raises(SourceError) as error:
        cleaned([path, unknown], line(2, "type", "求助", "投诉", file="a.csv"), line(2, "type", "求助", "投诉", file="b.csv"))
    assert codes(error.value) == ["CR-E05", "CR-D34", "CR-E15"]


def test_a_row_number_that_stands_on_several_sheets_needs_its_sheet(tmp_path):
    other = [ROWS[0], ["B1", "2025-04-01", "投诉", ""], ["B2", "2025-04-02", "投诉", ""]]
    path = write_xlsx(tmp_path / "a.xlsx", [ROWS[0], ["A0", "2025-01-01", "投诉", ""], ROWS[2]], sheet="一月", others={"四月": other})
    with pytest.raises(CleaningError) as error:
        cleaned(path, line(3, "type", "投诉", "求助"))
    assert [(f.code, f.values["missing"]) for f in error.value.failures] == [("CR-D31", "sheet")]
    frame = cleaned(path, line(3, "type", "投诉", "求助", sheet="四月")).frame().set_index("ticket_id")
    assert frame["type"].to_dict() == {"A0": "complaint", "A2": "complaint", "B1": "complaint", "B2": "help"}


def test_a_line_finds_its_file_or_is_refused(tmp_path):
    one, two = write_csv(tmp_path / "a.csv", ROWS), write_csv(tmp_path / "b.csv", [*ROWS, ["A3", "2025-03-03", "投诉", ""]])
    entries = [(DataKind.TICKETS, [one]), (DataKind.TICKETS, [two]), (DataKind.SIGNINS, [one])]
    row_id = cr.read_events(two, "tickets").row_ids[0]
    lines = corrections(
        line(2, "type", "a", "b", file="a.csv"), line(row_id, "type", "a", "b"), line(2, "type", "a", "b"), line(2, "type", "a", "b", file="c.csv"),
        line(2, "type", "a", "b", kind="rooms"), correction(2, "q1", "a", "b"),
    )
    shares, failures = lines_for(lines, entries)
    assert [list(share.index) for share in shares] == [[lines.index[0]], [lines.index[1]], []]
    assert [(f.code, f.values["row"]) for f in failures] == [("CR-D31", lines.index[2]), ("CR-D45", lines.index[3]), ("CR-D45", lines.index[4])]
    told(CommResearchError(*failures), "CR-D45", "c.csv", "a.csv, b.csv")


def test_the_list_of_a_case_reaches_its_logs_and_names_are_searched_for(tmp_path):
    folder = write_case(tmp_path / "binhai", '[[data]]\nkind = "tickets"\nfiles = ["a.csv"]\n')
    write_csv(folder / "a.csv", ROWS)
    out = tmp_path / "out"
    columns = list(line(2, "x", "", ""))
    fitting = line(2, "受理时间", "2025-13-01", "2025-12-01")
    write_csv(folder / "corrections.csv", [columns, list(fitting.values())])
    (log,) = clean_logs(load_case(folder), out, pseudonym_key=KEY)
    assert log.table.frame()["received_at"].iloc[0] == pd.Timestamp(2025, 12, 1)
    write_csv(folder / "corrections.csv", [columns, list((fitting | {"file": "b.csv"}).values())])
    with pytest.raises(CommResearchError) as error:
        clean_logs(load_case(folder), out, pseudonym_key=KEY)
    assert codes(error.value) == ["CR-D45", "CR-E15"]


def test_blanks_around_what_a_line_names_do_not_matter(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", ROWS, sheet=" 一月")
    lasting = cr.read_events(path, "tickets").row_ids[0]
    for row_id in (" 2", f"{lasting} "):
        table = cleaned(path, line(row_id, " 受理时间 ", "2025-13-01", "2025-12-01", kind="tickets ", file=" a.xlsx", sheet="一月"), line(3, "caller_phone", "1.38E+10", "13800000001"))
        assert table.frame()["received_at"].iloc[0] == pd.Timestamp(2025, 12, 1)


@pytest.mark.parametrize(("part", "kind", "told_kind"), [
    ('[[data]]\nkind = "tickets"\nfiles = ["a.csv"]\n', "survey ", "survey"), ('[[data]]\nkind = "tickets"\nfiles = ["a.csv"]\n', "", "survey"),
    ('[[data]]\nkind = "survey"\nfiles = ["s.csv"]\nsampling = "opt_in"\n', " tickets", "tickets"), ("", "rooms", "rooms"), ("", "survey", "survey"),
])  # fmt: skip
def test_a_line_of_a_kind_that_the_case_does_not_have_is_refused(tmp_path, part, kind, told_kind):
    folder = write_case(tmp_path / "binhai", part)
    write_csv(folder / "a.csv", [ROWS[0], ROWS[2]])
    write_csv(folder / "s.csv", [["编号", "性别"], ["1", "男"]])
    stray = line(2, "age", "20", "21", kind=kind)
    write_csv(folder / "corrections.csv", [list(stray), list(stray.values())])
    for run in (lambda case: clean_logs(case, tmp_path / "out", pseudonym_key=KEY), lambda case: check_logs([case])):
        with pytest.raises(CommResearchError) as error:
            run(load_case(folder))
        assert [(f.code, f.values["row"], f.values["kind"]) for f in error.value.failures] == [("CR-D45", 2, told_kind)]
        told(error.value, "CR-D45", "corrections.csv", told_kind, "“2”")
    assert not (tmp_path / "out" / "_logs").exists()


def test_a_file_that_bears_the_name_of_a_person_of_a_register_is_not_written_on(tmp_path):
    folder = write_case(tmp_path / "binhai", '[[data]]\nkind = "signins"\nfiles = ["王小芳.csv"]\n')
    write_csv(folder / "王小芳.csv", [["活动名称", "日期", "姓名"], ["读书会", "2025-03-01", "王小芳"]])
    with pytest.raises(CommResearchError) as error:
        clean_logs(load_case(folder), tmp_path / "out", pseudonym_key=KEY)
    assert set(codes(error.value)) == {"CR-P08"}
    assert not (tmp_path / "out" / "_logs").exists()


def test_a_roster_without_units_is_said_to_be_empty(tmp_path):
    folder = write_case(tmp_path / "binhai", '[roster]\nfile = "communities.csv"\n[[data]]\nkind = "tickets"\nfiles = ["a.csv"]\n')
    write_csv(folder / "a.csv", [ROWS[0], ROWS[2]])
    write_csv(folder / "communities.csv", [["unit_id", "unit_level", "households"]])
    case = load_case(folder)
    with pytest.raises(CommResearchError) as error:
        cr.workflow.build_case_panels(case, clean_logs(case, tmp_path / "out", pseudonym_key=KEY), tmp_path / "out")
    assert codes(error.value) == ["CR-F15"]
    told(error.value, "CR-F15", "communities.csv")


def test_the_rules_and_words_of_a_roster_are_those_of_the_case(tmp_path):
    roster = [["unit_id", "unit_level", "valid_from", "valid_to"], ["U1", "居委会", "2024-01-01", "2025-01-01"], ["U1", "居委会", "2024-10-01", ""]]
    part = '[roster]\nfile = "r.csv"\nrules = { overlapping_validity = "cut" }\nvalues = { unit_level = { "居委会" = "community" } }\n'
    folder = write_case(tmp_path / "binhai", part + '[[data]]\nkind = "tickets"\nfiles = ["a.csv"]\nyear = 2024\n')
    write_csv(folder / "a.csv", [ROWS[0], ["A1", "3月5日", "投诉", ""]])
    write_csv(folder / "r.csv", roster)
    tickets, units = clean_logs(load_case(folder), tmp_path / "out", pseudonym_key=KEY)
    assert tickets.table.frame()["received_at"].tolist() == [pd.Timestamp(2024, 3, 5)]
    assert units.table.frame()["valid_to"].tolist()[0] == pd.Timestamp(2024, 10, 1)
    assert set(units.table.frame()["unit_level"]) == {"community"}
