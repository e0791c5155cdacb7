"""Two stretches of time in one cell: a row for each, ids and persons as they are counted, and what stays refused."""

import pandas as pd
import pytest

import commresearch as cr
from commresearch.errors import CleaningError
from commresearch.words import render_error
from tests.unit.sources_files import write_csv, write_xlsx

HEADER = ["预约编号", "日期", "房间", "时间段", "人数", "状态"]


@pytest.mark.parametrize("cell", [
    "8:30-12:00，13:30-17:30", "8:30-12:00；13:30-17:30", "8:30-12:00、13:30-17:30", "8:30-12:00/13:30-17:30", "8:30-12:00\n13:30-17:30", "08：30—12：00， 13：30—17：30",
    "上午8:30-12:00 下午1:30-5:30", "上午8:30-12:00下午1:30-5:30", "8点半至12点和13点半至17点半", "8.30-12.00，13.30-17.30", "0830-1200,1330-1730",
])
def test_a_cell_with_two_stretches_is_two_rows(tmp_path, cell):
    table = cr.clean_events(write_xlsx(tmp_path / "a.xlsx", [HEADER[1:4], ["2025-03-01", "R1", cell], ["2025-03-02", "R1", "9:00-10:00"]]), "bookings")
    frame = table.frame()
    clock = [(a.strftime("%d %H:%M"), b.strftime("%H:%M")) for a, b in zip(frame["start_at"], frame["end_at"], strict=True)]
    assert clock == [("01 08:30", "12:00"), ("01 13:30", "17:30"), ("02 09:00", "10:00")]
    assert [row_id.rpartition(":")[2] for row_id in frame["row_id"]] == ["2/1", "2/2", "3"]
    assert table.log.loc[table.log["rule"] == "stretches_spread", "count"].tolist() == [1]
    assert int(table.account["rows"].iloc[0]) == 3 == int(table.account["rows"].iloc[1:].sum())


def test_ids_differ_and_persons_are_counted_once(tmp_path):
    rows = [
        HEADER, ["Y1", "2025-03-01", "R1", "8:30-12:00，13:30-17:30", 20, ""], ["Y1", "2025-03-01", "R1", "8:30-12:00，13:30-17:30", 20, ""],
        ["", "2025-03-02", "R1", "上午、晚上", "", "爽约"], ["Y3", "2025-03-03", "R1", "上午、下午", 5, ""],
    ]
    table = cr.clean_events(write_csv(tmp_path / "a.csv", rows), "bookings")
    frame = table.frame()
    assert frame["booking_id"].fillna("").tolist() == ["Y1", "Y1/2", "", "", "Y3"]
    assert frame["headcount"].astype("Int64").tolist() == [20, 0, pd.NA, pd.NA, 5]
    assert frame["is_used"].astype(object).where(frame["is_used"].notna(), None).tolist() == [None, True, False, False, None]
    assert table.rows("identical_duplicate") == 2
    assert int(table.account["rows"].iloc[0]) == 7 == int(table.account["rows"].iloc[1:].sum())


def test_a_day_in_the_cell_holds_for_all_its_stretches(tmp_path):
    table = cr.clean_events(write_csv(tmp_path / "a.csv", [["房间", "使用时间"], ["R1", "2025年3月1日 8:30-12:00，18:00-次日1:00"]]), "bookings")
    assert table.frame()["start_at"].tolist() == [pd.Timestamp(2025, 3, 1, 8, 30), pd.Timestamp(2025, 3, 1, 18)]
    assert table.frame()["end_at"].tolist() == [pd.Timestamp(2025, 3, 1, 12), pd.Timestamp(2025, 3, 2, 1)]


def test_opening_hours_of_several_days_and_stretches(tmp_path):
    rows = [["活动室", "星期", "开放时间"], ["多功能厅", "周一、周二", "8:30-12:00，13:30-17:30"], ["多功能厅", "周六", "9:00-12:00"]]
    table = cr.clean_events(write_csv(tmp_path / "a.csv", rows), "open_hours")
    found = table.frame()[["weekday", "open_minute", "close_minute"]].to_numpy().tolist()
    assert found == [[1, 510, 720], [1, 810, 1050], [2, 510, 720], [2, 810, 1050], [6, 540, 720]]
    assert [row_id.rpartition(":")[2] for row_id in table.frame()["row_id"]] == ["2/1/1", "2/1/2", "2/2/1", "2/2/2", "3/6"]
    assert table.log.loc[table.log["rule"] == "weekdays_spread", "count"].tolist() == [1]
    assert table.log.loc[table.log["rule"] == "stretches_spread", "count"].tolist() == [2]


@pytest.mark.parametrize("cell", ["8:30-12:00，1:30-5:30", "8:00-12:00，11:00-13:00", "9:00、10:00", "9:00-11:30，待定", "9:00-8:00，10:00-11:00"])
def test_what_is_no_row_of_stretches_stays_refused(tmp_path, cell):
    path = write_csv(tmp_path / "a.csv", [HEADER[1:4], ["2025-03-01", "R1", cell]])
    with pytest.raises(CleaningError) as error:
        cr.clean_events(path, "bookings")
    assert [failure.code for failure in error.value.failures] == ["CR-E15"]
    assert cell in render_error(error.value, "zh")


def test_a_count_of_persons_over_two_stretches_is_refused(tmp_path):
    """A door counter says how many came in each stretch; nobody knows how many of them in which."""
    path = write_csv(tmp_path / "a.csv", [["场地编号", "日期", "时段", "人次"], ["R1", "2025-03-01", "8:30-12:00，13:30-17:30", 40]])
    with pytest.raises(CleaningError) as error:
        cr.clean_events(path, "counters")
    assert [failure.code for failure in error.value.failures] == ["CR-E15"]
