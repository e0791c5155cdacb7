import pandas as pd
import pytest

from commresearch.cleaning.durations import parse_durations


@pytest.mark.parametrize(
    ("cell", "seconds", "rule"),
    [
        ("135", 135, ""), ("135秒", 135, ""), ("0", 0, ""), ("12.5", 12.5, ""), ("１３５秒", 135, "full_width"), (" 135 ", 135, "trimmed"), ("", None, ""), ("　", None, ""),
        ("2分15秒", 135, "time_words"), ("２分１５秒", 135, "time_words"), ("1小时2分", 3720, "time_words"), ("1时2分3秒", 3723, "time_words"),
        ("1个小时", 3600, "time_words"), ("1天2小时", 93_600, "time_words"), ("90分", 5400, "time_words"), ("2.5分钟", 150, "time_words"),
        ("半小时", 1800, "time_words"), ("半个小时", 1800, "time_words"), ("一个半小时", 5400, "time_words"), ("1小时半", 5400, "time_words"),
        ("三分半", 210, "time_words"), ("两分钟", 120, "time_words"), ("十五秒", 15, "time_words"), ("2'15\"", 135, "time_words"), ("1h 5m", 3900, "time_words"),
        ("135 秒", 135, "time_words"), ("5 min", 300, "time_words"),
        ("00:02:15", 135, "colon_form"), ("2:15", 135, "colon_form"), ("75:30", 4530, "colon_form"), ("24:00:00", 86_400, "colon_form"),
        ("1:02:03.5", 3723.5, "colon_form"), ("1899-12-31 00:02:15", 135, "excel_time"), ("1904-01-01T00:02:15", 135, "excel_time"),
        ("约5分钟", 300, "approximate"), ("5分钟左右", 300, "approximate"), ("大约135", 135, "approximate"),
        ("3-5分钟", None, "unreadable_range"), ("3分钟至5分钟", None, "unreadable_range"),
        ("很久", None, "unreadable_text"), ("-5", None, "unreadable_text"), ("1小时75分", None, "unreadable_text"), ("1:75:00", None, "unreadable_text"),
        ("2:75", None, "unreadable_text"), ("1.5小时20分", None, "unreadable_text"), ("1小时半20分", None, "unreadable_text"), ("分钟", None, "unreadable_text"),
        ("半", None, "unreadable_text"), ("一百二秒", None, "unreadable_text"), ("9" * 50, None, "unreadable_text"), ("1904-01-01 00:75:00", None, "unreadable_text"),
    ],
)
def test_a_duration_is_read_in_seconds_or_refused_with_the_reason(cell, seconds, rule):
    parsed = parse_durations(pd.Series([cell], dtype="str"))
    assert parsed.rule[0] == rule
    assert parsed.values.dtype == "Float64"
    assert parsed.unreadable[0] == rule.startswith("unreadable_")
    assert (None if parsed.values.isna()[0] else parsed.values[0]) == seconds


def test_index_and_name_are_kept():
    parsed = parse_durations(pd.Series(["135秒", None], index=[7, 8], name="duration", dtype="str"))
    assert parsed.values.index.tolist() == [7, 8]
    assert parsed.values.name == "duration"
    assert parsed.values.isna().tolist() == [False, True]
