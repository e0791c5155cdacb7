"""Sign-in sheets whose day, place and activity stand above the table: filled in for all rows, told, and refused where they are doubtful."""

from datetime import date

import pandas as pd
import pytest

import commresearch as cr
from commresearch.errors import CleaningError, SourceError
from commresearch.words import render_error
from tests.unit.sources_files import write_csv, write_xlsx

KEY = b"a key that is long enough"
HEADER = ["序号", "姓名", "年龄", "手机号"]
PERSONS = [[1, "王小明", 30, "13812345678"], [2, "李小红", 25, "13912345678"]]
LECTURE = ("健康讲座", pd.Timestamp(2025, 3, 8), "二楼活动室")


def read(path):
    """Event, moment and place of every row, and the log."""
    table = cr.clean_events(path, "signins", pseudonym_key=KEY)
    frame = table.frame()
    return list(zip(frame["event_id"], frame["event_at"], frame["place"].fillna(""), strict=True)), table


@pytest.mark.parametrize("titles", [
    [["签到表 活动名称：健康讲座  日期：2025年3月8日  地点：二楼活动室"]],
    [["活动签到表"], ["活动名称：健康讲座", "", "日期：2025.3.8", "地点：二楼活动室"]],
    [["活动签到表"], ["活动名称", "健康讲座", "日期", date(2025, 3, 8)], ["活动地点：", "二楼活动室"]],
    [["活 动 名 称：健康讲座   日  期：2025年3月8日（星期六）　　地　点：_二楼活动室_"], ["主 讲 人：张三   制表日期：2025年3月20日"]],
    [["活动名称：健康讲座日期：2025年3月8日地点：二楼活动室主讲人：张三"]],
    [["健康讲座签到表（2025年3月8日）"], ["培训地点：二楼活动室"]],
    [["健康讲座签到表"], ["日期：3月8日"], ["报名日期：2025年3月1日", "", "场地：二楼活动室"]],
])
def test_the_title_of_a_sheet_says_what_its_columns_lack(tmp_path, titles):
    rows, table = read(write_xlsx(tmp_path / "签到.xlsx", [*titles, HEADER, *PERSONS]))
    assert rows == [LECTURE, LECTURE]
    told = table.log[table.log["rule"] == "title_given"]
    assert "".join(told["old"]).endswith("8日") or "".join(told["old"]).endswith("8")
    assert told["sheet"].tolist() == ["Sheet1"] * 3
    assert all(row_id.rpartition(":")[2] in {"1", "2", "3"} for row_id in told["row_id"])


def test_the_time_of_day_in_a_title_and_a_place_that_stands_by_itself(tmp_path):
    titles = [["2025年3月8日 阳光社区 插花课程签到表"], ["时间：下午2点半-4点   主办单位：阳光社区居委会"]]
    rows, _ = read(write_csv(tmp_path / "签到.csv", [[*title, "", "", ""] for title in titles] + [HEADER, *PERSONS]))
    assert rows == [("阳光社区插花课程", pd.Timestamp(2025, 3, 8, 14, 30), "阳光社区")] * 2


def test_one_activity_per_sheet_and_several_on_one_sheet(tmp_path):
    stacked = [
        ["电影签到表"], ["日期：2025年3月9日", "地点：三楼"], HEADER, *PERSONS, ["日期：2025年3月10日", "", "地点：四楼"], HEADER, PERSONS[0],
        ["日期", "3月11日", "地点", "五楼"], HEADER, PERSONS[0],
    ]
    others = {"电影": stacked, "3月12日": [["读书会签到表"], HEADER, PERSONS[1]]}
    rows, table = read(write_xlsx(tmp_path / "签到.xlsx", [["健康讲座签到表"], ["日期：2025年3月8日 地点：二楼活动室"], HEADER, *PERSONS], others=others))
    assert rows == [
        LECTURE, LECTURE, *[("电影", pd.Timestamp(2025, 3, 9), "三楼")] * 2, ("电影", pd.Timestamp(2025, 3, 10), "四楼"),
        ("电影", pd.Timestamp(2025, 3, 11), "五楼"), ("读书会", pd.Timestamp(2025, 3, 12), ""),
    ]
    assert table.rows("rows_read") == 7


def test_columns_go_before_the_title_and_blank_ones_do_not(tmp_path):
    title = ["活动名称：健康讲座 日期：2025年3月1日至3月31日 地点：二楼活动室"]
    full = [title, ["姓名", "手机号", "签到日期", "活动地点"], ["王小明", "13812345678", "2025-03-02", "一楼"]]
    assert read(write_xlsx(tmp_path / "a.xlsx", full))[0] == [("健康讲座", pd.Timestamp(2025, 3, 2), "一楼")]
    blank = [["日期：2025年3月8日 地点：二楼活动室 活动：健康讲座"], ["姓名", "手机号", "签到时间", "签到日期", "地点"], ["王小明", "13812345678", "14:05", "", ""]]
    assert read(write_xlsx(tmp_path / "b.xlsx", blank))[0] == [("健康讲座", pd.Timestamp(2025, 3, 8, 14, 5), "二楼活动室")]


PHONES = ("13812345678", "13912345678", "13712345678")
WANG, LI, ZHAO = ("王小明", PHONES[0]), ("李小红", PHONES[1]), ("赵小梅", PHONES[2])


@pytest.mark.parametrize(("rows", "given"), [
    ([["日期", "姓名", "地点", "手机号"], ["2025-03-08", "王小明", "二楼", PHONES[0]], [], ["日期", "姓名", "地点", "手机号"],
      ["2025-03-09", "赵小梅", "二楼", PHONES[2]]], [("健步走", "2025-03-08", "二楼"), ("健步走", "2025-03-09", "二楼")]),
    ([["活动名称", "姓名", "活动日期", "手机号"], ["讲座", "王小明", "2025-03-08", PHONES[0]], ["讲座", "李小红", "2025-03-08", PHONES[1]],
      ["活动名称", "姓名", "活动日期", "手机号"], ["电影", "赵小梅", "2025-03-09", PHONES[2]]],
     [("讲座", "2025-03-08", ""), ("讲座", "2025-03-08", ""), ("电影", "2025-03-09", "")]),
    ([["日期", "人数", "地点", "备注"], ["2025-03-08", 5, "二楼", ""], [], ["日期", "人数", "地点", "备注"], ["2025-03-09", 6, "一楼", ""]],
     [("健步走", "2025-03-08", "二楼"), ("健步走", "2025-03-09", "一楼")]),
    ([["日期", "组别", "地点", "姓名"], ["2025-03-08", "甲", "二楼", "王小明"], [], ["日期", "组别", "地点", "姓名"], ["2025-03-09", "甲", "一楼", "赵小梅"]],
     [("健步走", "2025-03-08", "二楼"), ("健步走", "2025-03-09", "一楼")]),
    ([["日期", "组别", "地点", "场次"], ["2025-03-08", "甲", "二楼", "上午"], [], ["日期", "组别", "地点", "场次"], ["2025-03-09", "甲", "一楼", "下午"]],
     [("健步走", "2025-03-08", "二楼"), ("健步走", "2025-03-09", "一楼")]),
    ([["日期：", "姓名：", "地点：", "手机号："], ["2025-03-08", "王小明", "二楼", PHONES[0]], [], ["日期", "姓名", "手机号"], ["2025-03-09", "赵小梅", PHONES[2]]],
     [("健步走", "2025-03-08", "二楼"), ("健步走", "2025-03-09", "")]),
])
def test_a_header_whose_labels_stand_in_turn_is_no_title(tmp_path, rows, given):
    assert read(write_xlsx(tmp_path / "健步走签到.xlsx", rows))[0] == [(event, pd.Timestamp(day), place) for event, day, place in given]


@pytest.mark.parametrize("remark", ["时间：14:00", "地点：三楼", "社区：阳光"])
@pytest.mark.parametrize("title", [["读书会签到表"], ["读书会签到表", "", "地点：二楼"], ["活动名称：读书会"], []])
def test_a_remark_that_looks_like_a_label_makes_no_title_of_an_entry(tmp_path, remark, title):
    header = ["姓名", "手机号", "活动日期", "备注"]
    rows = [["讲座签到表"], header, [*WANG, "2025-03-08"], [*LI, "2025-03-08", remark], *([title] if title else []), header, [*ZHAO, "2025-03-09"]]
    found, table = read(write_xlsx(tmp_path / "签到.xlsx", rows))
    assert [event for event, _, _ in found] == ["讲座", "讲座", "读书会" if title else "讲座"]
    assert len(table.frame()["person_key"].unique()) == 3


@pytest.mark.parametrize("entry", [["李小红", "", "", "时间：14:00"], ["", "", "李小红", "时间：14:00"], [2, "", "", "时间：14:00"]])
def test_an_entry_of_one_cell_and_a_remark_is_no_title(tmp_path, entry):
    header = ["姓名", "手机号", "居民", "备注"] if entry[0] != 2 else ["序号", "姓名", "手机号", "备注"]
    rows = [["讲座签到表 2025年3月8日"], header, ["王小明", PHONES[0]], entry, ["读书会签到表 2025年3月9日"], header, ["赵小梅", PHONES[2]]]
    found, _ = read(write_xlsx(tmp_path / "签到.xlsx", rows))
    assert [event for event, _, _ in found] == ["讲座", "讲座", "读书会"]


@pytest.mark.parametrize(("title", "event", "place"), [
    ("活动名称：我们的节日：端午", "我们的节日:端午", ""),
    ("活动名称： 我们的节日：端午  地点：二楼 审核：张三", "我们的节日:端午", "二楼"),
    ("活动名称：健康讲座（第2场）：营养", "健康讲座(第2场):营养", ""),
    ("活动名称：健康活动：营养地点：阳光社区：二楼审核人：张三", "健康活动:营养", "阳光社区:二楼"),
    ("活动名称：端午地点：制表日期：2025年3月20日", "端午", ""),
])
def test_the_text_behind_a_label_may_hold_a_colon(tmp_path, title, event, place):
    rows = [[title], ["日期：2025年3月8日"], HEADER, *PERSONS]
    assert read(write_xlsx(tmp_path / "签到.xlsx", rows))[0] == [(event, pd.Timestamp(2025, 3, 8), place)] * 2


@pytest.mark.parametrize("title", ["走进社区 健康讲座签到表", "智慧社区 培训", "走进社区 健康讲座签到表  主办单位：阳光社区"])
def test_words_that_may_be_no_place_are_none(tmp_path, title):
    rows, _ = read(write_xlsx(tmp_path / "签到.xlsx", [[title], ["日期：2025年3月8日"], HEADER, *PERSONS]))
    assert [place for _, _, place in rows] == ["", ""]


@pytest.mark.parametrize("number", ["序号", "编号", "No.", ""])
def test_a_person_in_a_column_that_no_field_has_is_no_blank_row(tmp_path, number):
    rows = [["健康讲座签到表 2025年3月8日"], [number, "居民", "手机号", "年龄"], [1, "王小明", PHONES[0], 30], [2, "李小红"], [3]]
    found, table = read(write_xlsx(tmp_path / "a.xlsx", rows))
    assert len(found) == 2
    assert table.account.set_index("rule")["rows"].to_dict() == {"rows_read": 3, "unfilled_row": 1, "rows_out": 2}


def test_rows_of_a_form_that_nobody_filled_in_are_no_persons(tmp_path):
    rows, table = read(write_xlsx(tmp_path / "a.xlsx", [["健康讲座签到表 2025年3月8日"], HEADER, *PERSONS, [3], [4], ["合计", "2人"]]))
    assert len(rows) == 2
    assert table.account.set_index("rule")["rows"].to_dict() == {"rows_read": 5, "unfilled_row": 2, "total_row": 1, "rows_out": 2}


@pytest.mark.parametrize(("titles", "row", "said"), [
    ([["健康讲座签到表 日期：2025年3月8日"], ["活动日期：2025年3月9日"]], "1, 2", "3月9日"),
    ([["健康讲座签到表"], ["日期：2025年3月8日至10日"]], "2", "8日至10日"),
    ([["3月8、9日 健康讲座签到表"]], "1", "3月8、9日"),
    ([["日期：2025年3月8日 地点：一楼 地点：二楼"]], "1", "地点：二楼"),
])
def test_a_title_that_says_two_things_is_refused(tmp_path, titles, row, said):
    path = write_xlsx(tmp_path / "a.xlsx", [*titles, ["姓名", "手机号"], ["王小明", "13812345678"]])
    with pytest.raises(SourceError) as error:
        cr.clean_events([path, write_csv(tmp_path / "b.csv", [["a", "b"], ["1", "2"]])], "signins")
    first, second = error.value.failures
    assert (first.code, second.code) == ("CR-E24", "CR-E05")
    assert first.values["row"] == row
    assert said in render_error(error.value, "zh")
    assert "a.xlsx › Sheet1" in render_error(error.value, "en")


def test_a_sheet_without_a_day_anywhere_is_refused_and_says_where_it_may_stand(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", [["健康讲座签到表"], ["制表日期：2025年3月20日  地点：二楼活动室"], ["姓名", "手机号"], ["王小明", "13812345678"]])
    with pytest.raises(SourceError) as error:
        cr.read_events(path, "signins")
    assert [failure.code for failure in error.value.failures] == ["CR-E04"]
    assert "在表头上方写明，如“日期：2025年3月8日”" in render_error(error.value, "zh")


def test_a_day_that_no_calendar_has_is_refused(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", [["健康讲座签到表"], ["日期：2025年2月30日"], HEADER, *PERSONS])
    with pytest.raises(CleaningError) as error:
        cr.clean_events(path, "signins", pseudonym_key=KEY)
    assert [failure.code for failure in error.value.failures] == ["CR-E15"]
    assert "2025年2月30日" in render_error(error.value, "zh")
