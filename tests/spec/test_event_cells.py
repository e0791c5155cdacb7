"""Cells of event logs, written as people write them: what each is read as, and by which rule of the log."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from commresearch.cleaning.event_cleaning import clean_events
from commresearch.cleaning.event_rules import EventSettings
from commresearch.cleaning.event_table import EventTable
from commresearch.errors import CleaningError
from tests.spec.conftest import write_csv

KEY = b"a key that is long enough"
DROP = {"unreadable": "drop", "missing_value": "drop", "unknown_code": "clear", "impossible_age": "clear", "end_before_start": "drop"}


def one(tmp_path: Path, kind: str, cells: Mapping[str, str], **options: object) -> EventTable:
    """A register of one row."""
    path = write_csv(tmp_path / "登记.csv", list(cells), [list(cells.values())])
    return clean_events(path, kind, **{"rules": DROP} | options)  # type: ignore[arg-type]


def rules_of(table: EventTable, variable: str | None = None) -> set[str]:
    """Rules that the log has for a variable."""
    log = table.log[table.log["step"] == "events"]
    return set(log.loc[(log["variable"] == variable) | (variable is None), "rule"])


@pytest.mark.parametrize(
    ("day", "period", "start", "end", "rule"),
    [
        ("2025-03-01", "9:00-11:30", "2025-03-01 09:00", "2025-03-01 11:30", ""),
        ("2025-03-01", "9：00—11：30", "2025-03-01 09:00", "2025-03-01 11:30", ""),
        ("2025/3/1", "09:00~次日01:00", "2025-03-01 09:00", "2025-03-02 01:00", "next_day_hours"),
        ("2025/3/1", "22:00至第二天6:00", "2025-03-01 22:00", "2025-03-02 06:00", "next_day_hours"),
        ("2025.3.1", "全天", "2025-03-01 08:30", "2025-03-01 21:00", "full_day_hours"),
        ("2025年3月1日", "上午", "2025-03-01 08:30", "2025-03-01 12:00", "half_day_hours"),
        ("2025年3月1日", "下午", "2025-03-01 13:30", "2025-03-01 17:30", "half_day_hours"),
        ("2025年3月1日", "晚上", "2025-03-01 18:00", "2025-03-01 21:00", "half_day_hours"),
        ("2025年3月1日", "上午、下午", "2025-03-01 08:30", "2025-03-01 17:30", "half_day_hours"),
        ("2025-03-01", "下午2:00-4:00", "2025-03-01 14:00", "2025-03-01 16:00", "same_half_of_day"),
        ("2025-03-01", "晚上7点-9点半", "2025-03-01 19:00", "2025-03-01 21:30", "same_half_of_day"),
        ("2025-03-01", "上午9:00-下午3:00", "2025-03-01 09:00", "2025-03-01 15:00", "twelve_hours"),
        ("2025-03-01", "9点到11点半", "2025-03-01 09:00", "2025-03-01 11:30", ""),
        ("2025-03-01", "9-11点", "2025-03-01 09:00", "2025-03-01 11:00", ""),
        ("2025-03-01", "9-11", "2025-03-01 09:00", "2025-03-01 11:00", ""),
        ("2025-03-01", "9.30-11.00", "2025-03-01 09:30", "2025-03-01 11:00", ""),
        ("2025-03-01", "0900-1130", "2025-03-01 09:00", "2025-03-01 11:30", ""),
        ("2025-03-01", "20:00-24:00", "2025-03-01 20:00", "2025-03-02 00:00", ""),
        ("", "2025-03-01 9:00-11:30", "2025-03-01 09:00", "2025-03-01 11:30", ""),
        ("", "2025年3月1日(周六)9:00-11:30", "2025-03-01 09:00", "2025-03-01 11:30", ""),
        ("", "2025年3月8日9:00-11:30", "2025-03-08 09:00", "2025-03-08 11:30", ""),
        ("", "2025年3月10日9:00-11:30", "2025-03-10 09:00", "2025-03-10 11:30", ""),
        ("", "2025年3月8号22:00至2025年3月9号1:00", "2025-03-08 22:00", "2025-03-09 01:00", ""),
        ("", "2025-03-01 22:00至2025-03-02 01:00", "2025-03-01 22:00", "2025-03-02 01:00", ""),
        ("45717", "9:00-11:30", "2025-03-01 09:00", "2025-03-01 11:30", ""),
    ],
)
def test_stretches_of_time(tmp_path, day, period, start, end, rule):
    table = one(tmp_path, "bookings", {"日期": day, "时段": period, "活动室": "多功能厅"})
    row = table.frame().iloc[0]
    assert (f"{row['start_at']:%Y-%m-%d %H:%M}", f"{row['end_at']:%Y-%m-%d %H:%M}") == (start, end)
    assert rules_of(table, "period") == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("day", "period", "said"),
    [("2025-02-30", "9:00-11:30", "unreadable"), ("2025-03-01", "待通知", "unreadable"), ("2025-03-01", "晚上10点-12点", "end_before_start"),
     ("2025-03-01", "22:00-1:00", "end_before_start"), ("3月1日", "9:00-11:30", "unreadable"), ("2025-03-01", "", "missing_value"), ("2025-03-01", "25:00-26:00", "unreadable")],
)
def test_stretches_that_cannot_be_read_are_set_aside_by_a_rule(tmp_path, day, period, said):
    table = one(tmp_path, "bookings", {"日期": day, "时段": period, "活动室": "多功能厅"})
    assert len(table.frame()) == 0
    assert table.rows(said) == 1
    assert table.log["rule"].tolist().count(said) == 1


@pytest.mark.parametrize(("period", "start", "end"), [("3月8日9:00-11:30", "09:00", "11:30"), ("3月8号14:30-16:00", "14:30", "16:00"), ("3月8日 9:00-11:30", "09:00", "11:30")])
def test_hours_close_behind_a_day_without_a_year(tmp_path, period, start, end):
    table = one(tmp_path, "bookings", {"时段": period, "活动室": "多功能厅"}, settings=EventSettings(year=2025))
    row = table.frame().iloc[0]
    assert (f"{row['start_at']:%Y-%m-%d %H:%M}", f"{row['end_at']:%Y-%m-%d %H:%M}") == (f"2025-03-08 {start}", f"2025-03-08 {end}")
    assert rules_of(table, "period") == {"year_assumed"}


def test_hours_of_words_are_settings(tmp_path):
    settings = EventSettings(full_day=("09:00", "17:00"), year=2025)
    row = one(tmp_path, "bookings", {"日期": "3月1日", "时段": "全天", "活动室": "多功能厅"}, settings=settings).frame().iloc[0]
    assert (row["start_at"], row["end_at"]) == (pd.Timestamp(2025, 3, 1, 9), pd.Timestamp(2025, 3, 1, 17))


@pytest.mark.parametrize(
    ("cells", "moment"),
    [
        ({"受理时间": "2025-03-01 09:05:00"}, "2025-03-01 09:05:00"), ({"受理时间": "2025/3/1 9:05"}, "2025-03-01 09:05:00"),
        ({"受理日期": "2025年3月1日", "受理时间": "9:05"}, "2025-03-01 09:05:00"), ({"受理日期": "2025-03-01", "受理时间": "下午3点"}, "2025-03-01 15:00:00"),
        ({"受理日期": "2025-03-01"}, "2025-03-01 00:00:00"), ({"受理时间": "45717.5"}, "2025-03-01 12:00:00"), ({"受理时间": "20250301 0905"}, "2025-03-01 09:05:00"),
        ({"受理时间": "2025年3月1日-3月3日"}, "2025-03-01 00:00:00"), ({"受理时间": "2025-03-01至2025-03-03"}, "2025-03-01 00:00:00"),
        ({"受理日期": "2025-03-01", "受理时间": ""}, "2025-03-01 00:00:00"), ({"受理时间": "2025-03-01 24:00"}, "2025-03-02 00:00:00"),
        ({"受理时间": "2025年3月8日9:00"}, "2025-03-08 09:00:00"), ({"受理时间": "2025年3月8日14:30"}, "2025-03-08 14:30:00"),
        ({"受理时间": "2025年3月10日09:05:07"}, "2025-03-10 09:05:07"), ({"受理时间": "2025年3月18号9点半"}, "2025-03-18 09:30:00"),
        ({"受理时间": "2025年3月8日下午2点"}, "2025-03-08 14:00:00"), ({"受理时间": "2025.3.18 9:00"}, "2025-03-18 09:00:00"),
    ],
)
def test_moments_and_days_beside_clock_times(tmp_path, cells, moment):
    table = one(tmp_path, "tickets", {**cells, "工单编号": "A1", "诉求类型": "投诉"})
    assert str(table.frame()["received_at"].iloc[0]) == moment


@pytest.mark.parametrize(
    ("received", "closed", "moment", "rule"),
    [
        ("2025-03-01 09:30", "2025-03-01", "2025-03-01 09:30", "closed_by_day"), ("2025年3月1日9:30", "2025.3.1", "2025-03-01 09:30", "closed_by_day"),
        ("2025-03-01 09:30", "2025-03-02", "2025-03-02 00:00", ""), ("2025-03-01", "2025-03-01", "2025-03-01 00:00", ""),
        ("2025-03-01 00:00", "2025-03-01", "2025-03-01 00:00", ""), ("2025-03-01 09:30", "2025-03-01 10:00", "2025-03-01 10:00", ""),
        ("2025-03-01 09:30", "", "", ""),
    ],
)
def test_a_day_of_closing_never_comes_before_the_receipt_on_that_day(tmp_path, received, closed, moment, rule):
    cells = {"工单编号": "A1", "受理时间": received, "办结时间": closed, "诉求类型": "投诉"}
    table = one(tmp_path, "tickets", cells, rules={})
    found = table.frame()["closed_at"].iloc[0]
    assert ("" if pd.isna(found) else f"{found:%Y-%m-%d %H:%M}") == moment
    assert rules_of(table, "closed_at") == ({rule} if rule else set())


@pytest.mark.parametrize(("received", "closed"), [("2025-03-02 09:30", "2025-03-01"), ("2025-03-01 09:30", "2025-03-01 09:00"), ("2025-03-01 09:30", "2025-03-01 0:00")])
def test_a_closing_before_the_receipt_is_refused_where_day_or_clock_says_so(tmp_path, received, closed):
    with pytest.raises(CleaningError) as error:
        one(tmp_path, "tickets", {"工单编号": "A1", "受理时间": received, "办结时间": closed, "诉求类型": "投诉"}, rules={})
    assert [failure.code for failure in error.value.failures] == ["CR-E10"]


def test_days_of_closing_by_column(tmp_path):
    rows = [["A1", "2025-03-01", "9:30", "2025-03-01"], ["A2", "2025-03-01", "10:30", "2025/3/1"], ["A3", "", "", "2025-03-01"], ["A4", "2025-03-01", "9:30", "2025-03-05 16:00"]]
    path = write_csv(tmp_path / "工单.csv", ["工单编号", "受理日期", "受理时间", "办结时间", "诉求类型"], [[*row, "投诉"] for row in rows])
    table = clean_events(path, "tickets", rules=DROP)
    assert table.frame()["closed_at"].tolist() == [pd.Timestamp(2025, 3, 1, 9, 30), pd.Timestamp(2025, 3, 1, 10, 30), pd.Timestamp(2025, 3, 5, 16)]
    line = table.log[table.log["rule"] == "closed_by_day"].iloc[0]
    assert (line["count"], line["old"], line["new"]) == (2, "2025-03-01", "2025-03-01 09:30:00")


@pytest.mark.parametrize(
    ("birth", "on", "low", "high", "by"),
    [
        ("1989-05-17", "2025-05-16", 35, 35, "birth_date"),  # the day before the 36th birthday: still youth
        ("1989-05-17", "2025-05-17", 36, 36, "birth_date"),  # the 36th birthday: no longer
        ("2011-05-17", "2025-05-16", 13, 13, "birth_date"),
        ("2011-05-17", "2025-05-17", 14, 14, "birth_date"),
        ("1988-02-29", "2024-02-28", 35, 35, "birth_date"),
        ("1988-02-29", "2024-02-29", 36, 36, "birth_date"),
        ("2012-02-29", "2026-02-28", 13, 13, "birth_date"),  # 14 years are complete on 1 March of a common year
        ("2012-02-29", "2026-03-01", 14, 14, "birth_date"),
        ("1989-05", "2025-05-17", 35, 36, "birth_date"),
        ("1989-05", "2025-06-01", 36, 36, "birth_date"),
        ("1989", "2025-05-17", 35, 36, "birth_year"),
    ],
)
def test_ages_are_completed_years_on_the_day_of_the_event(tmp_path, birth, on, low, high, by):
    row = one(tmp_path, "signins", {"活动名称": "读书会", "签到时间": on, "姓名": "甲一", "出生日期": birth}).frame().iloc[0]
    assert (row["age_low"], row["age_high"], row["age_known_by"]) == (low, high, by)


@pytest.mark.parametrize(
    ("header", "cell", "low", "high", "by"),
    [
        ("年龄", "35", 35, 35, "stated"), ("年龄", "35岁", 35, 35, "stated"), ("年龄", "三十五岁", 35, 35, "stated"), ("年龄", "35.0", 35, 35, "stated"),
        ("出生年份", "1990", 34, 35, "birth_year"), ("年龄段", "18-35岁", 18, 35, "band"), ("年龄段", "60岁以上", 60, 120, "band"),
        ("年龄段", "35岁以下", 0, 35, "band"), ("年龄段", "不满14岁", 0, 13, "band"), ("年龄段", "儿童", 0, 13, "band"), ("年龄段", "14—35", 14, 35, "band"),
        ("年龄", "150", None, None, None), ("年龄", "", None, None, None), ("出生日期", "2026-01-01", None, None, None),
    ],
)
def test_ages_that_people_state(tmp_path, header, cell, low, high, by):
    table = one(tmp_path, "signins", {"活动名称": "读书会", "签到时间": "2025-05-17", "姓名": "甲一", header: cell})
    row = table.frame().astype(object).iloc[0]
    assert [None if pd.isna(v) else v for v in row[["age_low", "age_high", "age_known_by"]]] == [low, high, by]
    assert ("impossible_age" in set(table.findings["rule"])) == (cell in {"150", "2026-01-01"})


@pytest.mark.parametrize(
    ("header", "column", "cell", "value"),
    [
        ("是否重复", "is_repeat", "是", True), ("是否重复", "is_repeat", "√", True), ("是否重复", "is_repeat", "×", False), ("是否重复", "is_repeat", "否", False),
        ("是否重复", "is_repeat", "", None), ("是否重复", "is_repeat", "重复件", True), ("是否重复", "is_repeat", "首次", False),
        ("是否非属地", "is_outside", "是", True), ("是否属地", "is_outside", "是", False), ("是否属地", "is_outside", "否", True),
        ("是否属地", "is_outside", "非属地", True), ("非属地", "is_outside", "属地", False),
        ("满意度", "is_satisfied", "满意", True), ("满意度", "is_satisfied", "基本满意", True), ("满意度", "is_satisfied", "不满意", False),
        ("满意度", "is_satisfied", "一般", False), ("满意度", "is_satisfied", "未评价", None), ("是否解决", "is_resolved", "未解决", False),
        ("是否接通", "is_reached", "无人接听", False), ("是否接通", "is_reached", "有效", True),
    ],
)
def test_truth_values(tmp_path, header, column, cell, value):
    row = one(tmp_path, "tickets", {"工单编号": "A1", "受理时间": "2025-03-01", "诉求类型": "投诉", header: cell}).frame().astype(object).iloc[0]
    assert (None if pd.isna(row[column]) else row[column]) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [("投诉", "complaint"), ("投诉类", "complaint"), ("1.投诉", "complaint"), ("举报", "report"), ("求助", "help"), ("咨询", "inquiry"), ("建议", "suggestion"),
     ("表扬", "praise"), ("其它", "other"), ("complaint", "complaint"), ("投 诉", "complaint")],
)
def test_types_of_tickets(tmp_path, cell, value):
    row = one(tmp_path, "tickets", {"工单编号": "A1", "受理时间": "2025-03-01", "诉求类型": cell}).frame().iloc[0]
    assert row["type"] == value


@pytest.mark.parametrize(
    ("cell", "value", "rule"),
    [("370102001001", "370102001001", ""), ("370102001001.0", "370102001001", "code_repaired"), (" 370102 ", "370102", "trimmed"), ("'0012", "0012", "trimmed"),
     ("0012", "0012", ""), ("３７０１０２", "370102", "full_width")],
)
def test_codes_are_text(tmp_path, cell, value, rule):
    table = one(tmp_path, "tickets", {"工单编号": "A1", "受理时间": "2025-03-01", "诉求类型": "投诉", "网格编码": cell})
    assert table.frame()["place"].iloc[0] == value
    assert rules_of(table, "place") == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("cells", "cancelled", "used"),
    [
        ({"状态": "已取消"}, True, None), ({"状态": "作废"}, True, None), ({"状态": "已使用"}, False, True), ({"状态": "爽约"}, False, False), ({"备注": "下雨取消"}, True, None),
        ({"备注": "带投影"}, False, None), ({"是否取消": "是"}, True, None), ({"是否使用": "否"}, False, False), ({"状态": ""}, False, None),
        ({"状态": "已预约"}, False, None), ({"状态": "审核 通过"}, False, None), ({"状态": "未取消"}, False, None),
    ],
)
def test_cancelled_and_used_bookings_are_kept_and_marked(tmp_path, cells, cancelled, used):
    row = one(tmp_path, "bookings", {"日期": "2025-03-01", "时段": "9:00-11:00", "活动室": "多功能厅", **cells}).frame().astype(object).iloc[0]
    assert (row["is_cancelled"], None if pd.isna(row["is_used"]) else row["is_used"]) == (cancelled, used)


STATED = {"日期": "2025-03-01", "时段": "9:00-11:00", "活动室": "多功能厅", "状态": "蓝色"}


@pytest.mark.parametrize(("action", "rows"), [("clear", 1), ("drop", 0)])
def test_a_state_that_nobody_knows_is_decided_by_a_rule(tmp_path, action, rows):
    table = one(tmp_path, "bookings", STATED, rules={"unknown_code": action})
    assert table.rows("rows_out") == rows
    assert table.frame()["is_used"].isna().all()
    assert table.findings.loc[table.findings["rule"] == "unknown_code", "variable"].tolist() == ["is_used"]


def test_a_state_that_nobody_knows_is_refused_where_nothing_is_decided_and_may_be_explained(tmp_path):
    with pytest.raises(CleaningError) as raised:
        one(tmp_path, "bookings", STATED, rules=None)
    assert [(f.code, f.values["column"]) for f in raised.value.failures] == [("CR-E12", "is_used")]
    assert "蓝色" in str(raised.value.failures[0].values["examples"])
    explained = EventSettings(values={"is_used": {"蓝色": "true"}})
    assert one(tmp_path, "bookings", STATED, rules=None, settings=explained).frame()["is_used"].tolist() == [True]


@pytest.mark.parametrize(
    ("cells", "tier"),
    [
        ({"身份证号": "110101199003071090", "手机号": "13800000001"}, "phone"),  # a wrong check character: the telephone decides
        ({"身份证号": "11010119900307109X", "手机号": "13800000001"}, "id"), ({"手机号": "13800000001"}, "phone"), ({"姓名": "甲一", "出生年份": "1990"}, "name_birth"), ({"姓名": "甲一"}, "none"), ({"手机号": "138****0001", "姓名": "甲一"}, "none"),
    ],
)
def test_persons_are_told_apart_in_tiers(tmp_path, cells, tier):
    table = one(tmp_path, "signins", {"活动名称": "读书会", "签到时间": "2025-05-17", **cells}, pseudonym_key=KEY)
    row = table.frame().iloc[0]
    assert row["person_tier"] == tier
    assert pd.isna(row["person_key"]) == (tier == "none")


def test_open_ends_and_weekdays(tmp_path):
    table = one(tmp_path, "open_hours", {"活动室": "多功能厅", "星期": "周一至周三、周六", "开放时间": "18:00-次日1:00", "生效日期": "2025-01-01", "失效日期": "长期"})
    frame = table.frame()
    assert frame["weekday"].tolist() == [1, 2, 3, 6]
    assert set(frame["open_minute"]) == {1080}
    assert set(frame["close_minute"]) == {1500}
    assert frame["valid_to"].isna().all()
    assert frame["valid_from"].dt.date.unique().tolist() == [date(2025, 1, 1)]
    assert frame["row_id"].is_unique
    assert int(table.account["rows"].iloc[0]) == int(table.account["rows"].iloc[1:].sum())
    assert (table.account["rows"] >= 0).all()
    assert table.log.loc[table.log["rule"] == "weekdays_spread", "count"].tolist() == [3]


@pytest.mark.parametrize("order", [("a.csv", "b.csv"), ("b.csv", "a.csv")])
def test_telephones_in_the_place_of_ticket_numbers_are_refused_whichever_file_comes_first(tmp_path, order):
    header = ["工单编号", "受理时间", "诉求类型", "所属社区"]
    for name, number in (("a.csv", "H2025{:03d}"), ("b.csv", "13812345{:03d}")):
        write_csv(tmp_path / name, header, [[number.format(i), f"2025-03-{1 + i % 28:02d}", "投诉", "望海社区"] for i in range(60)])
    with pytest.raises(CleaningError) as error:
        clean_events([tmp_path / name for name in order], "tickets")
    (failure,) = error.value.failures
    assert (failure.code, failure.values["file"]) == ("CR-E09", "b.csv")


def test_one_row_per_person_and_two_stretches_counts_the_persons_once(tmp_path):
    rows = [[name, "2025-03-01", "活动室", "8:30-12:00，13:30-17:30"] for name in ("王小明", "李小红", "赵小梅")]
    table = clean_events(write_csv(tmp_path / "使用.csv", ["姓名", "日期", "房间", "时间段"], rows), "bookings").frame()
    assert table["headcount"].tolist() == [3, 0]
    assert table["is_used"].tolist() == [pd.NA, True]  # no headcount is no sign that nobody came


def test_blank_booking_numbers_stay_blank_when_a_row_becomes_two(tmp_path):
    rows = [["—", f"2025-03-0{d}", "活动室", "8:30-12:00，13:30-17:30"] for d in (1, 2)]
    table = clean_events(write_csv(tmp_path / "使用.csv", ["预约编号", "日期", "房间", "时间段"], rows), "bookings").frame()
    assert len(table) == 4
    assert table["booking_id"].isna().all()
