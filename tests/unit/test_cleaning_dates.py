import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning.dates import parse_dates
from commresearch.cleaning.parsed import Parsed
from commresearch.sources.raw_table import CellType


def read(*cells, **options) -> Parsed:
    return parse_dates(pd.Series(cells, dtype="str"), **options)


def check(cell, date, rule, **options):
    parsed = read(cell, **options)
    assert parsed.rule[0] == rule, cell
    assert parsed.values.dtype == "datetime64[us]"
    if date is None:
        assert parsed.values.isna()[0]
    else:
        assert parsed.values[0] == pd.Timestamp(date)


@pytest.mark.parametrize(
    ("cell", "date", "rule"),
    [
        ("2025-03-01", "2025-03-01", ""), ("2025-03-01 08:05:00", "2025-03-01 08:05:00", ""), ("2025-03-01T08:05:00", "2025-03-01 08:05:00", ""),
        ("2025-3-1 9:05", "2025-03-01 09:05", ""), ("2025/3/1", "2025-03-01", ""), ("2025/9/3 12:00:00", "2025-09-03 12:00", ""),
        ("2025-03-01 08:00:00.250000", "2025-03-01 08:00:00.25", ""),
        ("２０２５／３／１", "2025-03-01", "full_width"), (" 2025-03-01 ", "2025-03-01", "trimmed"),
        ("2025年3月1日", "2025-03-01", "date_words"), ("2025年03月01日", "2025-03-01", "date_words"), ("2025 年 3 月 1 日", "2025-03-01", "date_words"),
        ("２０２５年３月１日", "2025-03-01", "date_words"), ("2025年3月1号", "2025-03-01", "date_words"), ("2025年3月1日 15:05", "2025-03-01 15:05", "date_words"),
        ("2025年3月1日15时5分9秒", "2025-03-01 15:05:09", "date_words"), ("2025年3月1日（周六）", "2025-03-01", "date_words"),
        ("2025-03-01 星期六 15:05", "2025-03-01 15:05", ""),
        ("二〇二五年三月一日", "2025-03-01", "date_words"), ("二零二五年十二月三十一日", "2025-12-31", "date_words"), ("2025年元月5日", "2025-01-05", "date_words"),
        ("2025.3.1", "2025-03-01", "date_dots"), ("2025. 3. 1", "2025-03-01", "date_dots"),
        ("1 Mar 2025", "2025-03-01", "month_name"), ("March 1st, 2025", "2025-03-01", "month_name"), ("1-Mar-25", "2025-03-01", "century_assumed"),
        ("2025/3/1 下午 3:05", "2025-03-01 15:05", "twelve_hours"), ("2025/3/1 上午 12:05", "2025-03-01 00:05", "twelve_hours"),
        ("2025/3/1 下午12:05", "2025-03-01 12:05", "twelve_hours"), ("2025/3/1 晚上8点半", "2025-03-01 20:30", "twelve_hours"),
        ("2025/3/1 中午1点", "2025-03-01 13:00", "twelve_hours"), ("2025/3/1 中午11:30", "2025-03-01 11:30", "twelve_hours"),
        ("2025/3/1 凌晨2:00", "2025-03-01 02:00", "twelve_hours"), ("2025/3/1 下午15:05", "2025-03-01 15:05", "twelve_hours"),
        ("2025-03-01 3:05 PM", "2025-03-01 15:05", "twelve_hours"), ("2025-03-01 12:00 a.m.", "2025-03-01", "twelve_hours"),
        ("2025年三月一日下午三点半", "2025-03-01 15:30", "twelve_hours"),
        ("2025/03/01 24:00", "2025-03-02", "hour_24"), ("2025-12-31 24:00:00", "2026-01-01", "hour_24"),
        ("20250301", "2025-03-01", "compact"), ("20250301.0", "2025-03-01", "compact"), ("20250301 15:05", "2025-03-01 15:05", "compact"),
        ("202503011505", "2025-03-01 15:05", "compact"), ("20250301150509", "2025-03-01 15:05:09", "compact"),
        ("45717", "2025-03-01", "excel_serial"), ("45717.5", "2025-03-01 12:00", "excel_serial"), ("45717.628472222", "2025-03-01 15:05", "excel_serial"),
        ("45717.999999999", "2025-03-02", "excel_serial"),
        ("2025-03-01T08:00:00+08:00", "2025-03-01 08:00", "offset_dropped"), ("2025-03-01T08:00:00.000Z", "2025-03-01 16:00", "offset_converted"),
        ("2025-02-28T23:05:00+00:00", "2025-03-01 07:05", "offset_converted"), ("2025-02-28T23:05:00.266Z", "2025-03-01 07:05:00.266", "offset_converted"),
        ("2025-02-28T19:05:00.266-04:00", "2025-03-01 07:05:00.266", "offset_converted"), ("2025-03-01T08:00:00.266+08:00", "2025-03-01 08:00:00.266", "offset_dropped"),
        ("2025-03-01 14:00-12:00", "2025-03-01 14:00", "offset_dropped"),
        ("3/13/2025", "2025-03-13", "month_first"), ("13/3/2025", "2025-03-13", "day_first"), ("3/3/2025", "2025-03-03", "month_first"),
        ("25/3/1", "2025-03-01", "century_assumed"), ("25年3月15日", "2025-03-15", "century_assumed"), ("98-12-01", "1998-12-01", "century_assumed"),
        ("250301", "2025-03-01", "century_assumed"),
        ("2025年3月", "2025-03-01", "month_only"), ("２０２５年３月", "2025-03-01", "month_only"), ("2025-03", "2025-03-01", "month_only"),
        ("2025/3", "2025-03-01", "month_only"), ("2025年3月份", "2025-03-01", "month_only"), ("202503", "2025-03-01", "month_only"),
    ],
)
def test_a_date_is_read_in_every_form_that_platforms_spreadsheets_and_people_use(cell, date, rule):
    check(cell, date, rule)


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("2025-02-30", "unreadable_impossible_date"), ("2025年2月29日", "unreadable_impossible_date"), ("20251301", "unreadable_impossible_date"),
        ("2025-03-01 25:00", "unreadable_impossible_date"), ("2025/03/01 24:30", "unreadable_impossible_date"), ("2025-03-01 12:60", "unreadable_impossible_date"),
        ("2025/3/1 上午15:05", "unreadable_impossible_date"), ("2025/3/1 中午5点", "unreadable_impossible_date"),
        ("3月1日", "unreadable_incomplete_date"), ("3/1", "unreadable_incomplete_date"), ("2025", "unreadable_incomplete_date"),
        ("2025年", "unreadable_incomplete_date"), ("3-Jan", "unreadable_incomplete_date"),
        ("3/1/2025", "unreadable_ambiguous_order"), ("03/01/25", "unreadable_ambiguous_order"), ("25-03-15", "unreadable_ambiguous_order"),
        ("201112", "unreadable_ambiguous_order"),
        ("2025/3/1 晚上12点", "unreadable_ambiguous_hour"),
        ("1850-01-01", "unreadable_out_of_century"), ("99999", "unreadable_out_of_century"),
        ("去年吧", "unreadable_text"), ("2025-3/1", "unreadable_text"), ("2025年3月上旬", "unreadable_text"), ("15:05", "unreadable_text"),
        ("12", "unreadable_text"), ("2025-03-01 下午", "unreadable_text"), ("2025-03-01~2025-03-05", "unreadable_text"), ("9" * 90, "unreadable_text"),
        ("2025-03-01 9:5", "unreadable_text"), ("2025-13", "unreadable_impossible_date"),
    ],
)
def test_what_is_no_date_is_refused_with_the_reason(cell, rule):
    check(cell, None, rule)


@pytest.mark.parametrize(
    ("cell", "date", "rule"),
    [
        ("3月1日", "2024-03-01", "year_assumed"), ("3月1日 10:00", "2024-03-01 10:00", "year_assumed"), ("2月29日", "2024-02-29", "year_assumed"),
        ("3/13", "2024-03-13", "year_assumed"), ("2月30日", None, "unreadable_impossible_date"), ("3/1", None, "unreadable_ambiguous_order"),
        ("2025年3月1日", "2025-03-01", "date_words"),
    ],
)
def test_a_date_without_a_year_takes_the_given_one(cell, date, rule):
    check(cell, date, rule, default_year=2024)


@pytest.mark.parametrize(
    ("cell", "day_first", "date", "rule"),
    [
        ("3/1/2025", True, "2025-01-03", "day_first"), ("3/1/2025", False, "2025-03-01", "month_first"), ("3/13/2025", True, "2025-03-13", "month_first"),
        ("13/3/2025", False, "2025-03-13", "day_first"), ("03/01/25", True, "2025-01-03", "century_assumed"), ("13/13/2025", True, None, "unreadable_impossible_date"),
        ("2025/3/1", True, "2025-03-01", ""),
    ],
)
def test_the_order_of_day_and_month_is_declared_or_certain(cell, day_first, date, rule):
    check(cell, date, rule, day_first=day_first)


def test_days_are_counted_from_1904_where_the_workbook_says_so():
    check("45717", "2029-03-02", "excel_serial", date1904=True)
    check("44255", "2025-03-01", "excel_serial", date1904=True)


@pytest.mark.parametrize(
    ("cell", "date", "rule"),
    [
        ("30/5/1", "1930-05-01", "century_assumed"), ("15/5/1", "2015-05-01", "century_assumed"), ("2025-12-31 15:00", "2025-12-31 15:00", ""),
        ("2026-01-01", None, "unreadable_out_of_century"), ("2019-12-31", "2019-12-31", ""), ("1949-12-31", None, "unreadable_out_of_century"),
    ],
)
def test_the_period_settles_centuries_and_refuses_what_lies_outside(cell, date, rule):
    check(cell, date, rule, earliest=pd.Timestamp("1950-01-01") if "49" in cell else pd.Timestamp("1900-01-01"), latest=pd.Timestamp("2025-12-31"))


def test_a_number_cell_may_have_lost_the_zero_of_october():
    types = np.array([CellType.NUMBER, CellType.TEXT, CellType.NUMBER, CellType.NUMBER], dtype=np.uint8)
    parsed = read("2025.1", "2025.1", "2025.3", "45717", types=types)
    assert parsed.rule.tolist() == ["unreadable_incomplete_date", "month_only", "month_only", "excel_serial"]
    assert parsed.values.isna().tolist() == [True, False, False, False]


def test_a_mixed_column_loses_nothing():
    parsed = read("2025/3/1", "2025年3月1日", "45717", "20250301", "", None)
    assert (parsed.values[:4] == pd.Timestamp("2025-03-01")).all()
    assert parsed.values[4:].isna().all()
    assert parsed.rule.tolist() == ["", "date_words", "excel_serial", "compact", "", ""]
    assert not parsed.unreadable.any()


def test_index_and_name_are_kept():
    parsed = parse_dates(pd.Series(["2025-03-01"], index=[7], name="visited", dtype="str"))
    assert parsed.values.index.tolist() == [7]
    assert parsed.values.name == "visited"
    assert len(parse_dates(pd.Series([], dtype="str")).values) == 0
