"""Reading event logs: headers, mappings, several tables, files of every kind, and what is refused."""

import pandas as pd
import pytest

import commresearch as cr
from commresearch.cleaning.event_contracts import CONTRACTS, contract_of
from commresearch.cleaning.event_fields import FEEDS, vocabulary_of
from commresearch.errors import CaseError, SourceError
from commresearch.sources.event_headers import match_headers, plain_header
from commresearch.terms import DataKind
from commresearch.words import entries, render_error
from tests.unit.sources_files import write_csv, write_xls, write_xlsx

TICKETS = [["工单编号", "受理时间", "诉求类型", "社区"], ["A1", "2025-03-01 09:00:00", "投诉", "望海社区"], ["A2", "2025-03-02 10:00:00", "咨询", "云汀社区"]]


def codes(error: pytest.ExceptionInfo[SourceError]) -> list[str]:
    """Codes of all failures; each must have words in both languages."""
    assert all(render_error(error.value, language) for language in ("zh", "en"))
    return [failure.code for failure in error.value.failures]


@pytest.mark.parametrize("kind", CONTRACTS)
def test_every_column_of_a_contract_is_fed_by_a_field(kind):
    fields, feeds = set(vocabulary_of(kind).names), FEEDS.get(kind, {})
    derived = {"caller_key", "booker_key", "person_key", "person_tier", "age_low", "age_high", "age_known_by"}
    for column in CONTRACTS[kind].columns:
        assert column.name in derived or set(feeds.get(column.name, (column.name,))) & fields or column.name in {"ticket_id"}, column.name


@pytest.mark.parametrize("kind", CONTRACTS)
def test_a_known_header_belongs_to_one_field(kind):
    assert {word: found for word, found in vocabulary_of(kind).words().items() if len({name for name, *_ in found}) > 1} == {}


def test_there_is_no_contract_of_a_survey():
    with pytest.raises(CaseError) as error:
        contract_of(DataKind.SURVEY)
    assert error.value.failures[0].code == "CR-E01"
    with pytest.raises(CaseError):
        cr.read_events("x.csv", "no_such_kind")


@pytest.mark.parametrize(
    ("header", "plain"),
    [(" 联系电话（必填）：", "联系电话"), ("1、姓名", "姓名"), ("*工单编号", "工单编号"), ("面积(㎡)", "面积"), ("14-35岁人口", "14-35岁人口"), ("ID", "id")],
)
def test_headers_as_they_are_compared(header, plain):
    assert plain_header(header) == plain


def test_headers_are_matched_by_rank_and_by_their_parts():
    found = {m.header: (m.field, m.how) for m in match_headers(
        ["序号", "受理时间", "来电时间", "诉求人信息—联系电话", "回访满意度评价结果", "ticket_id", "是否属地"], vocabulary_of(DataKind.TICKETS),
    )}
    assert found == {
        "序号": ("", "unknown"), "受理时间": ("received_at", "header"), "来电时间": ("", "second"), "诉求人信息—联系电话": ("caller_phone", "header"),
        "回访满意度评价结果": ("is_satisfied", "inside"), "ticket_id": ("ticket_id", "name"), "是否属地": ("is_outside", "header"),
    }


def test_the_mapping_found_is_shown_and_can_be_kept(tmp_path):
    path = write_csv(tmp_path / "工单.csv", TICKETS)
    raw = cr.read_events(path, "tickets")
    assert raw.mapping[["header", "field", "how"]].to_numpy().tolist() == [
        ["工单编号", "ticket_id", "header"], ["受理时间", "received_at", "header"], ["诉求类型", "type", "header"], ["社区", "place", "header"],
    ]
    raw.mapping.to_csv(tmp_path / "mapping.csv", index=False)
    again = cr.read_events(path, "tickets", mapping=tmp_path / "mapping.csv")
    assert set(again.mapping["how"]) == {"mapping"}
    pd.testing.assert_frame_equal(again.frame, raw.frame)
    assert again.row_ids.tolist() == [f"{raw.sha256[:8]}::2", f"{raw.sha256[:8]}::3"]


def test_a_mapping_names_columns_with_headers_of_their_own(tmp_path):
    rows = [["流水", "什么时候", "什么事", "备考"], ["A1", "2025-03-01", "投诉", "x"]]
    path = write_csv(tmp_path / "a.csv", rows)
    with pytest.raises(SourceError) as error:
        cr.read_events(path, "tickets")
    assert codes(error) == ["CR-E05"]
    raw = cr.read_events(path, "tickets", mapping={"流水": "ticket_id", "什么时候": "received_at", "什么事": "type", "备考": ""})
    assert raw.parts[0].fields == {"ticket_id": ("流水", False), "received_at": ("什么时候", False), "type": ("什么事", False)}


def test_a_mapping_may_not_name_what_is_no_field(tmp_path):
    path = write_csv(tmp_path / "a.csv", TICKETS)
    with pytest.raises(SourceError) as error:
        cr.read_events(path, "tickets", mapping={"工单编号": "number", "社区": "colour"})
    assert codes(error) == ["CR-E06", "CR-E06"]


def test_missing_and_ambiguous_columns_of_several_files_are_reported_together(tmp_path):
    one = write_csv(tmp_path / "a.csv", [["工单编号", "受理时间", "社区", "状态"], ["A1", "2025-03-01", "望海社区", "已办结"]])
    two = write_csv(tmp_path / "b.csv", [["工单编号", "诉求类型", "工单类型", "受理时间"], ["A1", "投诉", "投诉", "2025-03-01"]])
    with pytest.raises(SourceError) as error:
        cr.read_events([one, two, tmp_path / "c.csv"], "tickets")
    assert codes(error) == ["CR-E04", "CR-E03", "CR-S01"]
    assert error.value.failures[0].values["column"] == "诉求类型 (type)"
    assert error.value.failures[1].values["got"] == "诉求类型, 工单类型"
    raw = cr.read_events(two, "tickets", mapping={"工单类型": ""})
    assert raw.parts[0].fields["type"] == ("诉求类型", False)


def test_no_file_and_a_mapping_that_comes_too_late(tmp_path):
    with pytest.raises(SourceError) as error:
        cr.read_events([], "tickets")
    assert codes(error) == ["CR-E07"]
    raw = cr.read_events(write_csv(tmp_path / "a.csv", TICKETS), "tickets")
    with pytest.raises(SourceError) as error:
        cr.clean_events(raw, "tickets", mapping={})
    assert codes(error) == ["CR-E17"]


@pytest.mark.parametrize("name", ["a.csv", "gb.csv", "tab.csv", "a.xlsx", "a.xls", "a.parquet"])
def test_files_of_every_kind_give_the_same_rows(tmp_path, name):
    path = tmp_path / name
    if name.endswith(".csv"):
        write_csv(path, TICKETS, encoding="gb18030" if name == "gb.csv" else "utf-8-sig", separator="\t" if name == "tab.csv" else ",")
    elif name.endswith(".parquet"):
        frame = pd.DataFrame(TICKETS[1:], columns=TICKETS[0])
        frame.assign(受理时间=pd.to_datetime(frame["受理时间"])).to_parquet(path)
    else:
        (write_xlsx if name.endswith(".xlsx") else write_xls)(path, TICKETS)
    frame = cr.clean_events(path, "tickets").frame()
    assert frame[["ticket_id", "type", "place"]].to_numpy().tolist() == [["A1", "complaint", "望海社区"], ["A2", "inquiry", "云汀社区"]]
    assert frame["received_at"].tolist() == [pd.Timestamp(2025, 3, 1, 9), pd.Timestamp(2025, 3, 2, 10)]
    assert frame["row_id"].str.rpartition(":")[2].tolist() == ["2", "3"]


def test_moments_of_parquet_with_a_zone_become_local_time(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"ticket_id": ["A1"], "received_at": pd.to_datetime(["2025-02-28 16:30"]).tz_localize("UTC"), "type": ["complaint"]}).to_parquet(path)
    assert cr.clean_events(path, "tickets").frame()["received_at"].tolist() == [pd.Timestamp(2025, 3, 1, 0, 30)]


def test_several_files_with_headers_of_their_own_are_one_register(tmp_path):
    one = write_csv(tmp_path / "a.csv", TICKETS)
    two = write_xlsx(tmp_path / "b.xlsx", [["单号", "日期", "类型"], ["B1", "2025/4/1", "举报"]])
    raw = cr.read_events([one, two], "tickets")
    assert raw.frame.columns.tolist() == ["工单编号", "受理时间", "诉求类型", "社区", "单号", "日期", "类型"]
    assert raw.row_ids.is_unique
    table = cr.clean_events(raw, "tickets")
    assert table.frame()["ticket_id"].tolist() == ["A1", "A2", "B1"]
    assert table.provenance["files"] == {"a.csv": raw.sha256, "b.xlsx": raw.parts[1].sha256}


def test_numbers_that_lost_digits_are_left_out(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", [["工单编号", "受理时间", "诉求类型", "身份证号"], ["A1", "2025-03-01", "投诉", 370102198905170011.0]])
    raw = cr.read_events(path, "tickets")
    assert raw.lost_digits == ("身份证号",)
    assert raw.log.loc[raw.log["rule"] == "lost_digits", "variable"].tolist() == ["身份证号"]
    assert "caller_id" not in raw.parts[0].fields


def test_codes_that_lost_their_zeros_are_mended_where_the_whole_code_is_known(tmp_path):
    rows = [["工单编号", "受理时间", "诉求类型", "网格编号"], ["A1", "2025-03-01", "投诉", "0012"], ["A2", "2025-03-01", "投诉", 12], ["A3", "2025-03-01", "投诉", 13]]
    table = cr.clean_events(write_xlsx(tmp_path / "a.xlsx", rows), "tickets")
    assert table.frame()["place"].tolist() == ["0012", "0012", "13"]
    line = table.log[table.log["rule"] == "zeros_restored"].iloc[0]
    assert (line["old"], line["new"], line["count"]) == ("12", "0012", 1)


def test_tables_beside_one_another_and_a_summary_next_to_them(tmp_path):
    rows = [
        ["姓名", "年龄", "日期", "", "姓名", "年龄", "日期", "", "月份", "数量"],
        ["甲一", 20, "2025-03-01", "", "甲三", 22, "2025-03-02", "", "三月", 3],
        ["甲二", 21, "2025-03-01", "", "", "", "", "", "四月", 0],
    ]
    raw = cr.read_events(write_xlsx(tmp_path / "读书会.xlsx", rows), "signins")
    frame = cr.clean_events(raw, "signins").frame()
    assert frame["age_low"].tolist() == [20, 21, 22]
    assert frame["event_id"].unique().tolist() == ["读书会"]
    assert raw.log.loc[raw.log["rule"] == "other_table", "old"].unique().tolist() == ["I1:J3"]


def test_a_sheet_that_lacks_a_column_is_refused_and_one_of_something_else_is_passed_over(tmp_path):
    rows = [["工单编号", "受理时间", "诉求类型"], ["A1", "2025-03-01", "投诉"]]
    broken = [["工单编号", "受理时间", "社区"], ["A2", "2025-04-01", "望海社区"]]
    path = write_xlsx(tmp_path / "a.xlsx", rows, others={"四月": broken, "统计": [["类型", "数量"], ["投诉", 2]]})
    with pytest.raises(SourceError) as error:
        cr.read_events(path, "tickets")
    assert codes(error) == ["CR-E04"]
    assert "四月" in str(error.value.failures[0].values["file"])
    assert len(cr.read_events(path, "tickets", sheet="Sheet1").frame) == 1


def test_example_rows_and_merged_numbers_of_persons(tmp_path):
    rows = [["日期", "场地", "时段", "人数"], ["示例", "多功能厅", "9:00-10:00", 5], ["2025-03-01", "舞蹈室", "9:00-10:00", 25], ["2025-03-01", "舞蹈室", "10:00-11:00", ""]]
    table = cr.clean_events(write_xlsx(tmp_path / "a.xlsx", rows, merge=["D3:D4"]), "bookings")
    assert table.frame()["headcount"].fillna(0).tolist() == [25, 0]
    assert table.rows("example_row") == 1
    assert "merged_kept_once" in set(table.log["rule"])


def test_every_rule_of_events_has_words():
    rules = set(entries("log"))
    for rule in ("full_day_hours", "half_day_hours", "next_day_hours", "same_half_of_day", "open_end", "code_repaired", "end_before_start", "overlapping_validity",
                 "unknown_code", "impossible_age", "duplicate_id", "unreadable", "missing_value", "month_without_rows", "persons_without_key", "id_from_row"):
        assert rule in rules


def test_a_month_without_entries_and_a_book_without_any(tmp_path):
    rows = [["活动名称", "日期", "姓名"], ["读书会", "2025-01-05", "甲一"]]
    path = write_xlsx(tmp_path / "a.xlsx", rows, sheet="一月", others={"二月": rows[:1], "三月": [rows[0], ["读书会", "2025-03-05", "甲一"]]})
    table = cr.clean_events(path, "signins", out=tmp_path / "out")
    assert len(table.frame()) == 2
    assert table.findings.set_index("rule").loc["month_without_rows", "examples"] == "2025-02"
    empty = cr.clean_events(write_csv(tmp_path / "b.csv", rows[:1]), "signins", out=tmp_path / "none")
    assert len(empty.frame()) == 0
    assert empty.account["rows"].tolist() == [0, 0]


def test_a_telephone_column_beside_another_is_no_ambiguity(tmp_path):
    rows = [["工单编号", "受理时间", "诉求类型", "来电号码", "联系电话", "办结时间", "办结日期"], ["A1", "2025-03-01", "投诉", "13800000001", "13800000002", "", ""]]
    raw = cr.read_events(write_csv(tmp_path / "a.csv", rows), "tickets")
    assert raw.parts[0].fields["caller_phone"] == ("来电号码", False)
    assert raw.mapping.set_index("header").loc["联系电话", "how"] == "second"
