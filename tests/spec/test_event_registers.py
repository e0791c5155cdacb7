"""Three registers as offices keep them, with every trap that a form has; their pivots were counted by hand from the rows below."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import xlsxwriter

import commresearch as cr
from commresearch.cleaning.national_id import check_character
from commresearch.words import entries

KEY = b"a key that is long enough"
Rows = Sequence[Sequence[object]]


def write_book(path: Path, sheets: dict[str, tuple[Rows, Sequence[str]]], hidden: Sequence[str] = ()) -> Path:
    """A workbook; every sheet has rows and merged ranges, whose value is the cell at their top left."""
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy/m/d h:mm"}) as book:
        for name, (rows, merged) in sheets.items():
            page = book.add_worksheet(name)
            for i, row in enumerate(rows):
                for j, cell in enumerate(row):
                    page.write(i, j, cell)
            for area in merged:
                top, left = xlsxwriter.utility.xl_cell_to_rowcol(area.split(":")[0])
                page.merge_range(area, rows[top][left] if left < len(rows[top]) else "")
            if name in hidden:
                page.hide()
    return path


def national_id(birth: str, order: str) -> str:
    """A number whose check character is right."""
    return (first := f"370102{birth}{order}") + check_character(first)


def pivot(frame: pd.DataFrame, rows: str, columns: str) -> dict[tuple[str, str], int]:
    """Rows per pair of values, "—" where one is missing."""
    filled = frame[[rows, columns]].astype(object).where(frame[[rows, columns]].notna(), "—")
    return {(str(a), str(b)): int(n) for (a, b), n in filled.value_counts().items()}


LEDGER: Rows = [
    ["望海街道2025年诉求台账", *[""] * 11],
    ["序号", "工单号", "受理时间", "所属社区", "诉求类型", "事项分类", "诉求人", "", "回访", "", "状态", "是否重复"],
    ["", "", "", "", "", "", "姓名", "电话", "是否接通", "满意度", "", ""],
    [1, "A001", pd.Timestamp(2025, 1, 3, 9, 5), "望海社区", "投诉", "噪音", "甲一", "13800000001", "是", "满意", "已办结", "否"],
    [2, "A002", pd.Timestamp(2025, 1, 9, 14, 0), "", "投诉类", "停车", "甲二", "13800000002", "√", "不满意", "已办结", ""],
    [3, "A003", pd.Timestamp(2025, 1, 31, 23, 59), "", "咨询", "社保", "甲三", "", "×", "", "处理中", ""],
    ["小计", "", "", "", 3, "", "", "", "", "", "", ""],
    [4, "A004", "2025.2.1", "云汀社区", "举 报", "违建", "匿名", "匿名", "否", "未评价", "处理中", ""],
    [5, "A005", "2025年2月3日 上午9点", "云汀社区", "求助", "电梯", "甲五", "13800000005", "是", "基本满意", "已办结", "重复件"],
    ["序号", "工单号", "受理时间", "所属社区", "诉求类型", "事项分类", "诉求人", "", "回访", "", "状态", "是否重复"],
    [6, "A006", "2025/2/9 8:00", "同上", "投诉", "噪音", "甲一", "138-0000-0001", "是", "一般", "撤单", "是"],
    [7, "A007", "2025/2/28 23:00", "云汀社区", "表扬", "", "", "", "", "", "测试", ""],
    [7, "A007", "2025/2/28 23:00", "云汀社区", "表扬", "", "", "", "", "", "测试", ""],
    ["合计", "", "", "", 7, "", "", "", "", "", "", ""],
    [],
    ["物业转来投诉", *[""] * 5],
    ["工单编号", "登记日期", "小区", "类型", "联系电话", "非属地"],
    ["B001", "2025-03-01", "望海社区", "投诉", "13800000009", "非属地"],
    ["B002", "2025-03-02", "望海社区", "建议", "", ""],
    ["填表人：乙一", "", "审核人：乙二", "", "", ""],
]
LEDGER_MERGED = ["A1:L1", "A2:A3", "B2:B3", "C2:C3", "D2:D3", "E2:E3", "F2:F3", "G2:H2", "I2:J2", "K2:K3", "L2:L3", "D4:D6"]


def test_a_ticket_ledger_agrees_with_the_counts_by_hand(tmp_path):
    path = write_book(tmp_path / "诉求台账.xlsx", {"台账": (LEDGER, LEDGER_MERGED), "说明": ([["请勿改动表头"]], [])})
    table = cr.clean_events(path, "tickets", pseudonym_key=KEY)
    frame = table.frame().assign(month=lambda f: f["received_at"].dt.strftime("%m"))

    assert pivot(frame, "type", "month") == {
        ("complaint", "01"): 2, ("inquiry", "01"): 1, ("report", "02"): 1, ("help", "02"): 1, ("complaint", "02"): 1, ("praise", "02"): 1,
        ("complaint", "03"): 1, ("suggestion", "03"): 1,
    }
    assert pivot(frame, "place", "type") == {
        ("望海社区", "complaint"): 3, ("望海社区", "inquiry"): 1, ("望海社区", "suggestion"): 1, ("云汀社区", "report"): 1, ("云汀社区", "help"): 1,
        ("云汀社区", "complaint"): 1, ("云汀社区", "praise"): 1,
    }
    assert pivot(frame, "status", "is_satisfied") == {
        ("closed", "True"): 2, ("closed", "False"): 1, ("open", "—"): 2, ("withdrawn", "False"): 1, ("test", "—"): 1, ("—", "—"): 2,
    }
    assert frame["is_reached"].sum() == 4
    assert pivot(frame, "is_repeat", "is_outside") == {("False", "—"): 1, ("True", "—"): 2, ("—", "—"): 5, ("—", "True"): 1}
    assert frame["caller_key"].notna().sum() == 5
    assert frame["caller_key"].dropna().nunique() == 4  # 13800000001 and 138-0000-0001 are one caller
    assert frame.loc[frame["ticket_id"] == "A003", "received_at"].item() == pd.Timestamp(2025, 1, 31, 23, 59)
    assert table.account.set_index("rule")["rows"].to_dict() == {
        "rows_read": 14, "total_row": 2, "note_row": 1, "header_row": 1, "identical_duplicate": 1, "rows_out": 9,
    }


def test_the_appendix_of_a_ledger_leads_back_to_its_rows(tmp_path):
    path = write_book(tmp_path / "诉求台账.xlsx", {"台账": (LEDGER, LEDGER_MERGED)})
    table = cr.clean_events(path, "tickets")
    log = table.log.set_index("rule")
    assert [row_id.rpartition(":")[2] for row_id in log.loc[["total_row"], "row_id"]] == ["7", "14"]
    assert log.loc["identical_duplicate", "row_id"].endswith(":台账:13")
    assert log.loc["identical_duplicate", "old"] == "A007"
    assert log.loc["merged_filled", "old"] == "D4:D6"
    assert log.loc["merged_filled", "count"] == 2
    assert [row_id.rpartition(":")[2] for row_id in table.frame()["row_id"]] == ["4", "5", "6", "8", "9", "11", "12", "18", "19"]
    assert set(table.log["rule"]) | set(table.findings["rule"]) | set(table.account["rule"]) - {"rows_read", "rows_out"} <= set(entries("log"))


def test_a_sign_in_book_over_several_sheets_agrees_with_the_counts_by_hand(tmp_path):
    january: Rows = [
        ["健康讲座签到表", *[""] * 6], ["日期：2025年1月5日", *[""] * 6],
        ["序号", "姓名", "身份证号", "手机号", "签到时间", "居住社区", "身份"],
        [1, "甲一", national_id("19890106", "001"), "", "2025-01-05 9:00", "望海社区", "居民"],  # 35: 36 on the day after
        [2, "甲二", national_id("19890105", "002"), "", "2025-01-05 9:02", "望海社区", "居民"],  # 36 on that day
        [3, "甲三", "", "13800000003", "2025-01-05 9:03", "", "志愿者"],
        [4, "乙一", "", "13800000010", "2025-01-05 8:30", "", "工作人员"],
        ["合计", 4, "", "", "", "", ""],
    ]
    february: Rows = [
        ["序号", "姓名", "年龄", "日期", "序号", "姓名", "年龄", "日期"],
        [1, "甲一", 36, "2月8日", 4, "甲六", 13, "2月8日"],
        [2, "甲四", "14岁", "同上", 5, "甲七", "", "2月8日"],
        [3, "甲五", 35, "2月9日", "", "", "", ""],
    ]
    march: Rows = [
        ["2025年3月 插花课程签到", *[""] * 3],
        ["姓名", "年龄段", "活动日期", "是否本社区居民"],
        ["甲一", "35岁以下", "3月1日", "是"], ["甲八", "60岁以上", "", "否"],
        [],
        ["2025年3月 读书会签到", *[""] * 3],
        ["姓名", "出生年份", "活动日期", "人数"],
        ["甲九", "1990", "2025-03-02", ""], ["集体（学生）", "", "2025-03-02", 30], ["", "", "2025-03-03", 12],
        ["以下空白", "", "", ""],
    ]
    sheets = {
        "1月": (january, ["A1:G1", "A2:G2"]), "2月书法班": (february, []), "3月": (march, ["C3:C4"]), "填表说明": ([["每人一行"]], []),
        "旧表": (january, []),
    }
    path = write_book(tmp_path / "活动签到簿.xlsx", sheets, hidden=["旧表"])
    table = cr.clean_events(path, "signins", pseudonym_key=KEY)
    frame = table.frame().assign(month=lambda f: f["event_at"].dt.strftime("%m-%d"))

    assert pivot(frame, "event_id", "month") == {
        ("健康讲座", "01-05"): 4, ("书法班", "02-08"): 4, ("书法班", "02-09"): 1, ("插花课程", "03-01"): 2, ("读书会", "03-02"): 2, ("读书会", "03-03"): 1,
    }
    assert frame.groupby("event_id")["persons"].sum().to_dict() == {"健康讲座": 4, "书法班": 5, "插花课程": 2, "读书会": 14}
    youth = frame[(frame["age_low"] >= 14) & (frame["age_high"] <= 35)]
    assert youth["month"].tolist() == ["01-05", "02-08", "02-09", "03-02"]
    assert pivot(frame, "age_known_by", "person_tier") == {
        ("id", "id"): 2, ("—", "phone"): 2, ("stated", "none"): 4, ("—", "none"): 3, ("band", "none"): 2, ("birth_year", "name_birth"): 1,
    }
    assert pivot(frame, "role", "is_resident")[("serves", "—")] == 1
    assert pivot(frame, "role", "is_resident")[("—", "True")] == 1
    assert frame["row_id"].is_unique
    assert table.rows("total_row") == 1
    assert table.rows("rows_read") == int(table.account["rows"].iloc[1:].sum()) == len(frame) + 2


def test_a_room_use_book_agrees_with_the_counts_by_hand(tmp_path):
    book: Rows = [
        ["场地使用登记表（2025年）", *[""] * 6],
        ["使用日期", "场地名称", "使用时段", "使用人数", "预约人", "联系电话", "备注"],
        [pd.Timestamp(2025, 3, 1), "多功能厅", "9:00-11:30", 20, "甲一", "13800000001", ""],
        ["", "多功能厅", "14：00～16：00", "约15人", "甲二", "", ""],
        ["", "舞蹈室", "全天", 8, "甲三", "", ""],
        ["小计", "", "", 43, "", "", ""],
        ["2025-03-02", "多功能厅", "09:00~次日01:00", 30, "甲四", "", ""],
        ["2025-03-02", "舞蹈室", "上午", 6, "甲五", "", "已取消"],
        ["3月3日", "舞蹈室", "晚上7点-9点", "", "", "", ""],
        ["作废", "", "", "", "", "", ""],
        ["总计", "", "", 79, "", "", ""],
    ]
    persons: Rows = [
        ["预约编号", "房间名称", "开始时间", "结束时间", "姓名", "预约状态"],
        ["Y1", "书画室", "2025-03-05 09:00", "2025-03-05 10:30", "甲一", "已使用"],
        ["Y1", "书画室", "2025-03-05 09:00", "2025-03-05 10:30", "甲二", "已使用"],
        ["Y1", "书画室", "2025-03-05 09:00", "2025-03-05 10:30", "甲三", "已使用"],
        ["Y2", "书画室", "2025-03-06 09:00", "2025-03-06 10:00", "甲一", "爽约"],
    ]
    use = write_book(tmp_path / "场地使用登记.xlsx", {"登记": (book, ["A1:G1", "A3:A5"])})
    table = cr.clean_events(use, "bookings", rules={"missing_value": "drop", "unreadable": "drop"})
    frame = table.frame().assign(hours=lambda f: (f["end_at"] - f["start_at"]).dt.total_seconds() / 3600)
    assert frame.groupby(["room", "is_cancelled"])["hours"].sum().to_dict() == {("多功能厅", False): 2.5 + 2 + 16, ("舞蹈室", False): 12.5 + 2, ("舞蹈室", True): 3.5}
    assert frame["headcount"].sum() == 20 + 15 + 8 + 30 + 6
    assert frame.groupby(frame["start_at"].dt.day).size().to_dict() == {1: 3, 2: 2, 3: 1}
    assert table.rows("total_row") == 2
    assert table.rows("rows_read") == int(table.account["rows"].iloc[1:].sum()) == 9
    each = cr.clean_events(write_book(tmp_path / "预约.xlsx", {"预约": (persons, [])}), "bookings")
    found = each.frame().set_index("booking_id")
    assert found["headcount"].dropna().to_dict() == {"Y1": 3}  # nobody wrote how many Y2 was for
    assert found["is_used"].to_dict() == {"Y1": True, "Y2": False}
    assert each.rows("folded_into_booking") == 2


def test_a_cancelled_row_of_one_person_is_no_part_of_a_booking_that_takes_place(tmp_path):
    header = ["日期", "房间", "时间段", "姓名", "备注"]
    persons: Rows = [
        header, ["2025-03-01", "R1", "9:00-11:00", "张三", "已取消"], ["2025-03-01", "R1", "9:00-11:00", "李四", ""],
        ["2025-03-02", "R1", "9:00-11:00", "王五", ""],
        ["2025-03-03", "R1", "9:00-11:00", "赵六", ""], ["2025-03-03", "R1", "9:00-11:00", "钱七", ""], ["2025-03-03", "R1", "9:00-11:00", "孙八", "已取消"],
    ]
    counted: Rows = [["日期", "房间", "时间段", "人数"], ["2025-03-04", "R1", "9:00-11:00", 20]]
    paths = [write_book(tmp_path / "预约.xlsx", {"预约": (persons, [])}), write_book(tmp_path / "使用.xlsx", {"使用": (counted, [])})]
    table = cr.clean_events(paths, "bookings")
    frame = table.frame()
    found = zip(frame["start_at"].dt.day, frame["is_cancelled"], frame["headcount"].fillna(0), strict=True)
    assert list(found) == [(1, True, 0), (1, False, 0), (2, False, 0), (3, False, 2), (3, True, 0), (4, False, 20)]
    assert table.rows("folded_into_booking") == 1
    assert table.log.set_index("rule").loc["persons_counted", "count"] == 1
