"""Participation and space use counted again from registers as offices keep them; every row below was judged by hand."""

from datetime import date

import pandas as pd
import pytest
import xlsxwriter

import commresearch as cr
from commresearch.cleaning.event_table import event_table_of
from commresearch.outcomes import UnitRegister, build_panel
from commresearch.terms import DataKind
from commresearch.workflow.retrace_persons import retrace_participation
from commresearch.workflow.retrace_space import retrace_area, retrace_space
from commresearch.workflow.retraced import denominator_on

T = pd.Timestamp
KEY = b"a key that is long enough"
MARCH = T("2024-03-01")
ROSTER = pd.DataFrame({
    "unit_id": ["101", "102"] * 2, "unit_level": "community", "name": ["望海社区", "听涛社区"] * 2, "youth_population": [400, 300, 410, 300],
    "as_of": ["2023-12-31"] * 2 + ["2024-12-31"] * 2, "source": "公安台账",
})
COVERAGE = pd.DataFrame([(s, "*", "2023-12-01", None) for s in ("signins", "bookings", "rooms")], columns=["source", "unit_id", "live_from", "live_to"])
SIGN_INS = [  # row of the sheet, and what it is
    ["望海街道青年活动签到表", *[""] * 6],  # 1
    ["活动名称", "签到时间", "活动社区", "姓名", "手机号", "年龄", "居住社区", "身份"],  # 2
    ["读书会", "2024/3/2 19:00", "望海社区", "甲一", "13800000001", "20岁", "望海社区", "参与"],  # 3 person 1: counts
    ["读书会", "2024/3/2 19:05", "望海社区", "甲一", "138-0000-0001", "20", "望海社区", "参与"],  # 4 the same person
    ["读书会", "2024/3/2 19:10", "望海社区", "甲二", "13800000002", "36", "望海社区", "参与"],  # 5 person 2: too old
    ["读书会", "2024/3/2 19:20", "望海社区", "甲三", "13800000003", "25", "听涛社区", "参与"],  # 6 person 3: lives elsewhere
    ["小计", "", "", "", "", "", "", ""],  # 7
    ["羽毛球", "2024年3月9日 上午9点", "望海社区", "甲四", "13800000004", "", "望海社区", "参与"],  # 8 person 4: age not known …
    ["羽毛球", "2024年3月9日 上午9点", "望海社区", "甲五", "13800000005", "14", "", "参与"],  # 9 person 5: home not known
    ["羽毛球", "2024-03-16 09:00", "望海社区", "甲四", "13800000004", "30", "望海社区", "参与"],  # 10 … but told here: counts
    ["羽毛球", "2024-03-16 09:00", "望海社区", "乙一", "13900000001", "30", "望海社区", "工作人员"],  # 11 staff
    ["羽毛球", "2024-03-16 09:00", "望海社区", "", "", "", "", "参与"],  # 12 nobody
    ["羽毛球", "2024-03-16 09:00", "听涛社区", "甲六", "13800000006", "22", "望海社区", "参与"],  # 13 another unit
    ["羽毛球", "2024-04-01 00:00", "望海社区", "甲七", "13800000007", "22", "望海社区", "参与"],  # 14 April
]
BOOKINGS = [
    ["活动室使用登记", *[""] * 4],  # 1
    ["活动室", "开始时间", "结束时间", "使用人数", "是否取消"],  # 2
    ["多功能厅", "2024/3/1 9:00", "2024/3/1 12:00", 8, "否"],  # 3 09:00–12:00
    ["望海社区多功能厅", "2024/3/1 11:00", "2024/3/1 13:30", 3, ""],  # 4 united with it: to 13:30
    ["多功能厅", "2024/3/1 20:00", "2024/3/1 22:00", 12, ""],  # 5 of it one hour until 21:00
    ["多功能厅", "2024/3/2 21:00", "2024/3/2 23:00", 5, ""],  # 6 outside the hours
    ["合计", "", "", 28, ""],  # 7
    ["多 功能 厅", "2024/3/3 9:00", "2024/3/3 10:00", 5, "是"],  # 8 cancelled
    ["多功能厅", "2024/3/4 9:00", "2024/3/4 10:00", 0, ""],  # 9 nobody came
    ["办公室", "2024/3/5 9:00", "2024/3/5 12:00", 2, ""],  # 10 an office
    ["新书屋", "2024/3/6 9:00", "2024/3/6 12:00", 2, ""],  # 11 not there at the baseline
    ["多功能厅", "2024/3/31 19:00", "2024/4/1 9:30", 4, ""],  # 12 19:00–21:00; the rest is of April
    ["听涛社区书屋", "2024/3/7 9:00", "2024/3/7 12:00", 2, ""],  # 13 another unit
]
ROOMS = {
    "room": ["R1", "R2", "R3", "R4"], "unit_id": ["101", "101", "101", "102"], "name": ["多功能厅", "办公室", "新书屋", "书屋"], "area_m2": [120.0, 20.0, 60.0, 50.0],
    "room_class": ["activity", "office", "activity", "activity"], "valid_from": [T("2020-01-01"), T("2020-01-01"), T("2024-02-10"), T("2020-01-01")],
    "in_service_from": [T("2020-01-01"), None, T("2024-04-01"), None],
}


def cleaned(path, sheet, rows, kind):
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet(sheet)
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                page.write(i, j, cell)
    return cr.clean_events(path, kind, pseudonym_key=KEY)


def row_numbers(ids):
    return [int(row.rpartition(":")[2]) for row in ids]


def test_every_sign_in_and_every_person_is_judged_as_by_hand(tmp_path):
    table = cleaned(tmp_path / "签到.xlsx", "三月", SIGN_INS, "signins")
    register = UnitRegister.of(ROSTER)
    panel = build_panel("youth_participation", table, register, None, months=("2024-01", "2024-06"), coverage=COVERAGE, unknown_limit=50)
    found = retrace_participation([table], register, panel, "101", MARCH)
    rules = dict(zip(row_numbers(found.rows["row_id"]), found.rows["rule"], strict=True))
    assert rules == {
        3: "counted", 4: "counted", 5: "outside_band", 6: "visitor", 8: "counted", 9: "residence_unknown", 10: "counted", 11: "role_staff", 12: "head_count",
    }
    persons = [(p.person, row_numbers(p.rows), p.age, p.residence, p.rule) for p in found.persons.itertuples()]
    assert persons == [
        (1, [3, 4], "in_band", "resident", "counted"), (2, [5], "outside_band", "resident", "outside_band"), (3, [6], "in_band", "visitor", "visitor"),
        (4, [8, 10], "in_band", "resident", "counted"), (5, [9], "in_band", "residence_unknown", "residence_unknown"),
    ]
    assert (found.numerator, found.day) == (2, date(2024, 3, 1))
    assert found.denominator == pytest.approx(400 + 10 * 61 / 366)
    assert list(found.readings["as_of"]) == [date(2023, 12, 31), date(2024, 12, 31)]
    cell = panel.frame[(panel.frame["unit_id"] == "101") & (panel.frame["month"] == MARCH)].iloc[0]
    assert (cell["numerator"], cell["value"]) == (2, pytest.approx(found.rate))
    shown = found.rows.to_csv() + found.persons.to_csv()
    assert not any(key in shown for key in table.frame()["person_key"].dropna())


def test_every_booking_and_every_room_is_judged_as_by_hand(tmp_path):
    table = cleaned(tmp_path / "使用登记.xlsx", "登记", BOOKINGS, "bookings")
    rooms, register = event_table_of("rooms", ROOMS), UnitRegister.of(ROSTER)
    panel = build_panel("space_use", {"bookings": table, "rooms": rooms}, register, None, months=("2024-01", "2024-06"), coverage=COVERAGE)
    found = retrace_space({DataKind.BOOKINGS: [table], DataKind.ROOMS: [rooms]}, register, panel, "101", MARCH)
    rules = dict(zip(row_numbers(found.rows["row_id"]), found.rows["rule"], strict=True))
    assert rules == {
        3: "counted", 4: "counted", 5: "counted", 6: "outside_reference_hours", 8: "booking_cancelled", 9: "booking_not_used", 10: "room_office",
        11: "room_not_fixed", 12: "counted",
    }
    hour = 3600
    spans = [(s.room, s.day, s.spans, s.hours, row_numbers(s.rows)) for s in found.spans.itertuples()]
    assert spans == [
        ("R1", date(2024, 3, 1), [(9 * hour, 13 * hour + 1800), (20 * hour, 21 * hour)], 5.5, [3, 4, 5]), ("R1", date(2024, 3, 31), [(19 * hour, 21 * hour)], 2.0, [12]),
    ]
    assert list(found.rooms[["room", "days", "hours", "rule"]].itertuples(index=False, name=None)) == [
        ("R1", 31, 387.5, "counted"), ("R2", 31, 387.5, "room_office"), ("R3", 31, 387.5, "room_not_fixed"),
    ]
    assert (found.numerator, found.denominator) == (7.5, 31 * 12.5)
    cell = panel.frame[(panel.frame["unit_id"] == "101") & (panel.frame["month"] == MARCH)].iloc[0]
    assert (cell["numerator"], cell["value"]) == (pytest.approx(7.5), pytest.approx(found.rate))


def test_area_in_use_by_hand():
    rooms, register = event_table_of("rooms", ROOMS), UnitRegister.of(ROSTER)
    panel = build_panel("area_in_use", {"rooms": rooms}, register, None, months=("2024-01", "2024-06"), coverage=COVERAGE)
    found = retrace_area([rooms], register, panel, "101", MARCH)
    assert dict(zip(found.rows["room"], found.rows["rule"], strict=True)) == {"R1": "counted", "R2": "room_office", "R3": "not_in_service"}
    assert (found.numerator, found.denominator, found.day) == (120, 180, date(2024, 3, 31))
    assert panel.frame.set_index(["unit_id", "month"])["value"][("101", MARCH)] == pytest.approx(found.rate)


def test_a_change_of_boundaries_ends_the_line_between_two_readings():
    roster = pd.DataFrame({
        "unit_id": ["S", "S", "N"], "unit_level": "community", "households": [1000, 700, 300], "as_of": ["2023-01-01", "2025-01-01", "2025-01-01"],
        "valid_from": [None, None, "2024-01-01"], "source": "台账",
    })
    lineage = pd.DataFrame({"old_id": ["S"], "new_id": ["N"], "changed_on": ["2024-01-01"], "kind": ["transfer"], "share": [0.3]})
    register = UnitRegister.of(roster, None, lineage)
    for day, value in ((date(2023, 12, 1), 1000), (date(2024, 2, 1), 700)):
        readings, found = denominator_on(register, "households", "S", day)
        assert (found, list(readings["value"])) == (value, [value])
