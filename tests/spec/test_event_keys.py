"""Keys of logs and registers: numbers that lost their digits, ID numbers that fail their check, codes that are somebody's number."""

from pathlib import Path

import pytest

import commresearch as cr
from commresearch.cleaning.event_rules import EventSettings
from commresearch.cleaning.event_table import EventTable
from commresearch.cleaning.national_id import check_character
from commresearch.errors import CommResearchError
from commresearch.sources.column_rules import whole_number
from commresearch.words import render_error
from tests.spec.conftest import Rows, write_csv, write_xlsx
from tests.unit.sources_files import change_member

KEY = b"a key that is long enough"
TICKET = ["工单编号", "受理时间", "诉求类型"]
RIGHT_ID = "37010219900101123" + check_character("37010219900101123")
WRONG_ID = RIGHT_ID[:-1] + ("0" if RIGHT_ID[-1] != "0" else "1")


def cleaned(tmp_path: Path, kind: str, header: list[str], rows: Rows, **options: object) -> EventTable:
    path = write_csv(tmp_path / "登记.csv", header, rows)
    return cr.clean_events(path, kind, pseudonym_key=KEY, **options)  # type: ignore[arg-type]


def refused(tmp_path: Path, kind: str, header: list[str], rows: Rows, **options: object) -> CommResearchError:
    with pytest.raises(CommResearchError) as error:
        cleaned(tmp_path, kind, header, rows, **options)
    assert all(render_error(error.value, language) for language in ("zh", "en"))
    return error.value


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("1.38123E+10", None), ("1.38E10", None), ("1.3812345678E+10", "13812345678"), ("1.3812345678E10", "13812345678"), ("1.381234567800E+10", "13812345678"),
        ("1.38123456789E+10", None), ("3.70102E+05", "370102"), ("1.20E+06", None), ("1.23456789012345678E+17", None), ("12", None),
    ],
)
def test_scientific_notation_is_written_out_only_to_the_last_digit(text, whole):
    assert whole_number(text) == whole


def test_telephones_that_lost_digits_merge_nobody(tmp_path):
    phones = ["1.38123E+10", "1.38123E+10", "1.3812345678E10", "13812345678"]
    rows = [[f"A{i}", "2025-03-01", "投诉", phone] for i, phone in enumerate(phones)]
    table = cleaned(tmp_path, "tickets", [*TICKET, "联系电话"], rows)
    keys = table.frame()["caller_key"]
    assert keys.isna().tolist() == [True, True, False, False]
    assert keys[2] == keys[3]
    line = table.log[table.log["rule"] == "lost_digits"].iloc[0]
    assert (line["variable"], line["count"]) == ("caller_phone", 2)
    assert table.findings.set_index("rule").loc["lost_digits", "examples"] == "登记.csv [2]; 登记.csv [3]"


def test_persons_of_a_large_file_are_not_merged_either(tmp_path, monkeypatch):
    monkeypatch.setattr("commresearch.cleaning.event_batches.LARGE_BYTES", 1)
    rows = [["A1", "2025-03-01", "投诉", "1.38123E+10"], ["A2", "2025-03-01", "投诉", "1.38123E10"], ["A3", "2025-03-01", "投诉", "1.3812345678E10"]]
    table = cleaned(tmp_path, "tickets", [*TICKET, "联系电话"], rows)
    assert table.frame()["caller_key"].isna().tolist() == [True, True, False]
    assert table.log.loc[table.log["rule"] == "lost_digits", "count"].tolist() == [2]


@pytest.mark.parametrize(
    ("kind", "header", "lost", "whole", "column"),
    [
        ("tickets", TICKET, ["2.02501E+11", "2025-03-01", "投诉"], ["A3", "2025-03-01", "投诉"], "工单编号 (ticket_id)"),
        ("roster", ["社区编码", "级别", "常住户数"], ["1.20E+06", "社区", "9"], ["12F7", "社区", "1.2E+03"], "社区编码 (unit_id)"),
    ],
)
def test_codes_that_lost_digits_are_refused_for_what_they_are_or_dropped_by_decision(tmp_path, kind, header, lost, whole, column):
    error = refused(tmp_path, kind, header, [lost, lost, whole])
    assert [(f.code, f.values["column"], f.values["count"]) for f in error.failures] == [("CR-E18", column, 2)]
    table = cleaned(tmp_path, kind, header, [lost, lost, whole], rules={"lost_digits": "drop"})
    assert (table.rows("lost_digits"), table.rows("rows_out")) == (2, 1)
    assert (table.log["row_id"] != "").sum() == 2


def test_a_whole_column_of_codes_that_lost_digits_is_not_said_to_be_missing(tmp_path):
    error = refused(tmp_path, "tickets", ["编号", "受理时间", "诉求类型"], [["A1", "4.57E+14", "投诉"], ["A2", "4.57E+14", "投诉"]])
    assert [(f.code, f.values["column"]) for f in error.failures][:1] == [("CR-E20", "受理时间")]
    error = refused(tmp_path, "roster", ["社区编码", "级别", "常住户数"], [["3.70102E+11", "社区", 9], ["3.70102E+11", "社区", 8]])
    assert "CR-E20" in {f.code for f in error.failures}


@pytest.mark.parametrize(
    ("number", "told"), [(WRONG_ID, True), ("37010219900101", True), ("370102199013011234", True), (RIGHT_ID, False), ("无", False), ("", False)],
)
def test_id_numbers_that_fail_their_check_are_told_by_row(tmp_path, number, told):
    table = cleaned(tmp_path, "signins", ["活动名称", "日期", "姓名", "身份证号"], [["读书会", "2025-03-01", "甲一", number]])
    assert table.frame()["age_low"].isna().tolist() == [number != RIGHT_ID]
    lines = table.log[table.log["rule"] == "id_check_failed"]
    assert lines["row_id"].str.endswith(":2").tolist() == [True] * told
    assert ("id_check_failed" in set(table.findings["rule"])) == told


def test_cells_that_were_cleared_have_a_line_each(tmp_path):
    header, rows = ["活动名称", "日期", "姓名", "出生日期", "角色"], [["读书会", "2025-03-01", "甲一", "甲子年", "参加"], ["读书会", "2025-03-01", "甲二", "1990-01-05", "随便"]]
    table = cleaned(tmp_path, "signins", header, rows, rules={"unreadable": "clear", "unknown_code": "clear"})
    lines = table.log[table.log["rule"].str.endswith("_cleared")]
    assert {(rule, row.rpartition(":")[2], name) for rule, row, name in zip(lines["rule"], lines["row_id"], lines["variable"], strict=True)} == {
        ("unknown_code_cleared", "3", "role"), ("unreadable_cleared", "2", "age"),
    }


def test_a_birth_that_cannot_be_read_is_told_where_the_age_is_known_from_elsewhere(tmp_path):
    table = cleaned(tmp_path, "signins", ["活动名称", "日期", "姓名", "出生日期", "年龄"], [["读书会", "2025-03-01", "甲一", "甲子年", "35"]])
    assert table.frame()["age_low"].tolist() == [35]
    assert table.log.loc[table.log["rule"] == "birth_unread", "row_id"].str.endswith(":2").tolist() == [True]


def test_a_ticket_whose_id_is_a_number_of_a_person_has_the_place_of_its_row(tmp_path):
    rows = [["13812345678", "2025-03-01", "投诉"], [RIGHT_ID, "2025-03-01", "投诉"], ["A3", "2025-03-01", "投诉"]]
    table = cleaned(tmp_path, "tickets", TICKET, rows)
    assert [row.rpartition(":")[2] for row in table.frame()["ticket_id"]] == ["2", "3", "A3"]
    assert table.findings.set_index("rule").loc["code_of_person", "rows"] == 2
    assert "13812345678" not in table.log.to_csv() + table.findings.to_csv() + table.frame().to_csv()


NO_CODES = ["—", "无", "/", "-", "不详", " — ", "N/A", "null", "……", "——", "／", "无编号", "？"]


@pytest.mark.parametrize("least", [32 << 20, 1])
def test_signs_and_words_for_no_number_are_no_number_that_comes_twice(tmp_path, monkeypatch, least):
    monkeypatch.setattr("commresearch.cleaning.event_batches.LARGE_BYTES", least)
    rows = [[sign, "2025-03-01", kind] for sign in NO_CODES for kind in ("投诉", "投诉", "咨询")] + [["无锡-1", "2025-03-01", "投诉"], ["N1", "2025-03-01", "投诉"]]
    table = cleaned(tmp_path, "tickets", TICKET, rows)
    frame = table.frame()
    assert frame["ticket_id"].tolist() == [*frame["row_id"].iloc[:-2], "无锡-1", "N1"]
    assert len(frame) == len(rows)
    assert table.findings.set_index("rule").loc["id_from_row", "rows"] == len(rows) - 2
    assert table.log.loc[table.log["rule"] == "id_from_row", "count"].tolist() == [len(rows) - 2]


def test_signs_for_no_code_are_blank_in_other_columns_of_codes(tmp_path):
    rows = [["A1", "2025-03-01", "投诉", "—", "无"], ["A2", "2025-03-01", "投诉", "A1", "社区-1"]]
    frame = cleaned(tmp_path, "tickets", [*TICKET, "关联工单", "网格编号"], rows).frame()
    assert frame["repeat_of"].fillna("").tolist() == ["", "A1"]
    assert frame["place"].fillna("").tolist() == ["", "社区-1"]
    bookings = [["—", "2025-03-01", "R1", "9:00-10:00"], ["—", "2025-03-02", "R1", "9:00-10:00"]]
    assert cleaned(tmp_path, "bookings", ["预约编号", "日期", "房间", "时段"], bookings).frame()["booking_id"].isna().tolist() == [True, True]
    error = refused(tmp_path, "bookings", ["预约编号", "日期", "场地编号", "时段"], [["Y1", "2025-03-01", "/", "9:00-10:00"]])
    assert [(f.code, f.values["count"]) for f in error.failures] == [("CR-E16", 1)]


def test_ticket_numbers_made_of_area_day_and_serial_are_no_id_numbers(tmp_path):
    rows = [[f"37010220250301{i:04d}", "2025-03-01", "投诉"] for i in range(60)]
    assert cleaned(tmp_path, "tickets", TICKET, rows).frame()["ticket_id"].tolist() == [row[0] for row in rows]


def test_a_mistyped_id_number_in_a_topic_is_masked(tmp_path):
    table = cleaned(tmp_path, "tickets", [*TICKET, "事项"], [["A1", "2025-03-01", "投诉", f"{WRONG_ID}反映停车"], ["A2", "2025-03-01", "投诉", "停车"]])
    assert table.frame()["topic"].tolist() == ["〔身份证号〕反映停车", "停车"]


@pytest.mark.parametrize("cell", [
    "望海社区 13812345678", "望海社区（联系人：王桂英 13812345678）", "望海社区王桂英13812345678", "望海社区 联系电话0532-88889999", "望海社区/13812345678", "望海社区，电话：13812345678（张女士）",
    "望海社区李主任13812345678", "望海社区 138****5678", "望海社区 电话：88889999", "望海社区 微信:wgy1990", f"望海社区 {RIGHT_ID}", "望海社区，联系人张女士", "望海社区",
])
@pytest.mark.parametrize("header", ["社区", "社区编码"])
def test_a_place_with_whom_to_call_there_is_the_place(tmp_path, cell, header):
    if header == "社区编码" and not any(number in cell for number in ("13812345678", "0532", RIGHT_ID)):
        return
    table = cleaned(tmp_path, "tickets", [*TICKET, header], [["A1", "2025-03-01", "投诉", cell], ["A2", "2025-03-01", "投诉", "望海社区"]])
    assert table.frame()["place"].tolist() == ["望海社区", "望海社区"]
    assert ("masked_text" in set(table.log["rule"])) == (cell != "望海社区")
    assert [part for part in ("13812345678", "88889999", "王桂英", RIGHT_ID) if part in table.log.to_csv()] == []


@pytest.mark.parametrize(("cell", "place"), [
    ("王桂英 13812345678", "〔姓名〕 〔手机号〕"), ("0532-88889999", "〔座机号〕"), ("望海社区 20250301", "望海社区 20250301"), ("望海社区 37020201", "望海社区 37020201"), ("网格（37020201）", "网格(37020201)"), ("望海社区12号网格", "望海社区12号网格"),
    ("龙泽苑 金桂园", "龙泽苑 金桂园"), ("370102001001", "370102001001"),
])
def test_what_is_no_place_with_a_number_stays(tmp_path, cell, place):
    assert cleaned(tmp_path, "tickets", [*TICKET, "社区"], [["A1", "2025-03-01", "投诉", cell]]).frame()["place"].tolist() == [place]


def test_a_room_with_whom_to_call_there_is_the_room(tmp_path):
    rows = [["2025-03-01", "多功能厅 王老师13812345678", "9:00-10:00"]]
    assert cleaned(tmp_path, "bookings", ["日期", "场地名称", "时段"], rows).frame()["room"].tolist() == ["多功能厅"]


ROOMS = ["场地编号", "社区编码", "场地类型"]
ROOM_ROWS: Rows = [["R1", "U1", "活动室"], ["R2", "U1", ""], ["R3", "U1", "办公室"]]


def test_a_room_without_a_class_is_decided_by_somebody(tmp_path):
    error = refused(tmp_path, "rooms", ROOMS, ROOM_ROWS)
    assert [(f.code, f.values["column"], f.values["examples"]) for f in error.failures] == [("CR-E19", "场地类型 (room_class)", "登记.csv [3]")]
    table = cleaned(tmp_path, "rooms", ROOMS, ROOM_ROWS, rules={"blank_room_class": "activity"})
    assert table.frame()["room_class"].tolist() == ["activity", "activity", "office"]
    assert table.log.loc[table.log["rule"] == "room_class_decided", "count"].tolist() == [1]
    dropped = cleaned(tmp_path, "rooms", ROOMS, ROOM_ROWS, rules={"blank_room_class": "drop"})
    assert (dropped.frame()["room"].tolist(), dropped.rows("blank_room_class")) == (["R1", "R3"], 1)
    unknown = [["R1", "U1", "说不清"]]
    assert [f.code for f in refused(tmp_path, "rooms", ROOMS, unknown, rules={"unknown_code": "clear"}).failures] == ["CR-E19"]


def test_a_mapping_of_headers_that_the_file_does_not_have_is_refused(tmp_path):
    header, rows = [*TICKET, "诉求对象"], [["A1", "2025-03-01", "投诉", "停车"]]
    error = refused(tmp_path, "tickets", header, rows, mapping={"诉求对像": "topic", "无此列": ""})
    assert [(f.code, f.values["header"], f.values["file"], f.values["near"]) for f in error.failures] == [
        ("CR-E21", "诉求对像", "登记.csv", "诉求对象, 诉求类型"), ("CR-E21", "无此列", "登记.csv", "—"),
    ]
    assert "受理时间" in str(error.failures[0].values["known"])
    lacking = refused(tmp_path, "tickets", ["工单编号", "来电日", "诉求类型", "社区"], rows, mapping={"来电日期日": "received_at"})
    assert [f.code for f in lacking.failures] == ["CR-E04", "CR-E21"]
    assert lacking.failures[1].values["near"] == "来电日"
    other = write_csv(tmp_path / "乙.csv", TICKET, [["B1", "2025-03-01", "投诉"]])
    both = [write_csv(tmp_path / "甲.csv", header, rows), other]
    assert cr.clean_events(both, "tickets", mapping={"诉求对象": "topic"}).frame()["topic"].fillna("").tolist() == ["停车", ""]


def test_values_of_columns_that_there_are_not_are_refused(tmp_path):
    settings = EventSettings(values={"type": {"吐槽": "complain"}, "typo": {"甲": "乙"}})
    error = refused(tmp_path, "tickets", TICKET, [["A1", "2025-03-01", "投诉"]], settings=settings)
    assert [(f.code, f.values["column"], f.values["got"]) for f in error.failures] == [("CR-E22", "type", "吐槽 = complain"), ("CR-E22", "typo", "甲 = 乙")]


def test_sheets_and_headers_that_name_persons_leave_nothing_behind(tmp_path):
    path = write_xlsx(tmp_path / "登记.xlsx", ["活动名称", "日期", "姓名", "王小芳", "13812345678"], [["读书会", "2025-03-01", "甲一", "1", ""], ["读书会", "坏日期", "甲二", "", ""]])
    change_member(path, "xl/workbook.xml", b'name="Sheet1"', 'name="李明华"'.encode())
    raw = cr.read_events(path, "signins")
    assert raw.parts[0].sheet == "〔姓名〕1"
    table = cr.clean_events(path, "signins", pseudonym_key=KEY, out=tmp_path / "out", rules={"unreadable": "drop"})
    told = "".join([table.frame().to_csv(), table.log.to_csv(), table.findings.to_csv(), (tmp_path / "out" / "manifest.json").read_text(encoding="utf8")])
    assert [name for name in ("李明华", "王小芳", "13812345678", "甲一") if name in told] == []
    assert "〔姓名〕1" in table.frame()["row_id"].iloc[0]
    assert cr.clean_events(path, "signins", mapping={"王小芳": ""}, rules={"unreadable": "drop"}).rows("rows_out") == 1


def test_names_of_a_register_are_known_to_the_search_of_what_is_written(tmp_path):
    table = cleaned(tmp_path, "signins", ["活动名称", "日期", "姓名"], [["读书会", "2025-03-01", "王小芳"]])
    assert dict(table.known) == {"王小芳": "name"}


def test_what_headers_are_taken_for_is_told(tmp_path, monkeypatch):
    path = write_csv(tmp_path / "登记.csv", [*TICKET, "诉求内容"], [["A1", "2025-03-01", "投诉", "x"]])
    for least in (32 << 20, 1):
        monkeypatch.setattr("commresearch.cleaning.event_batches.LARGE_BYTES", least)
        found = cr.cleaning.event_reading.recognised_columns(path, "tickets")
        assert dict(zip(found["header"], found["field"], strict=True)) == {"工单编号": "ticket_id", "受理时间": "received_at", "诉求类型": "type", "诉求内容": ""}
