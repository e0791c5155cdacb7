import math

import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning.han import han_digits, han_number, han_span
from commresearch.cleaning.numbers import parse_numbers
from commresearch.cleaning.parsed import Parsed, Rule, half_width, is_unreadable, strongest, tidy
from commresearch.cleaning.units import declared_unit, judge_unit
from commresearch.sources.raw_table import CellType

INF = math.inf


def read(*cells, **options) -> Parsed:
    return parse_numbers(pd.Series(cells, dtype="str"), **options)


def check(cell, value, rule, **options):
    parsed = read(cell, **options)
    assert parsed.rule[0] == rule, cell
    if value is None:
        assert parsed.values.isna()[0]
    else:
        assert parsed.low[0] == parsed.high[0] == parsed.values[0] == value


@pytest.mark.parametrize(
    ("cell", "value", "rule"),
    [
        ("12", 12, ""), ("12.5", 12.5, ""), ("0", 0, ""), ("-5", -5, ""), ("+5", 5, ""), (".5", 0.5, ""), ("12.50", 12.5, ""),
        ("0.30000000000000004", 0.30000000000000004, ""), ("123456789012345", 123456789012345, ""),
        ("１２", 12, "full_width"), ("１．５", 1.5, "full_width"), ("1。5", 1.5, "full_width"), ("－５", -5, "full_width"), ("\u22125", -5, "full_width"),
        (" 12 ", 12, "trimmed"), ("12\u200b", 12, "trimmed"), ("\u300012", 12, "trimmed"), ("12。", 12, "trimmed"), ("12.", 12, "trimmed"),
        ("007", 7, "leading_zeros"), ("-007", -7, "leading_zeros"), ("00", 0, "leading_zeros"),
        ("1,234", 1234, "thousands"), ("1，234", 1234, "thousands"), ("1,234,567.5", 1234567.5, "thousands"),
        ("1.2E3", 1200, "scientific"), ("1e-05", 1e-05, "scientific"),
        ("3.5万", 35_000, "scale_word"), ("3千", 3_000, "scale_word"), ("9.3万", 93_000, "scale_word"), ("2百万", 2_000_000, "scale_word"),
        ("1.2亿", 120_000_000, "scale_word"), ("3万5千", 35_000, "scale_word"), ("1万2000", 12_000, "scale_word"), ("1,200万", 12_000_000, "scale_word"),
        ("5k", 5_000, "scale_word"), ("3W", 30_000, "scale_word"), ("３．５万", 35_000, "scale_word"),
        ("一百二十", 120, "han_numeral"), ("两千", 2_000, "han_numeral"), ("三万五千", 35_000, "han_numeral"), ("零", 0, "han_numeral"),
        ("五亿三千万", 530_000_000, "han_numeral"), ("贰佰", 200, "han_numeral"), ("一〇五", 105, "han_numeral"), ("负五", -5, "han_numeral"),
        ("约50", 50, "approximate"), ("50左右", 50, "approximate"), ("大约50上下", 50, "approximate"), ("近百", 100, "approximate"), ("~50", 50, "approximate"),
    ],
)
def test_a_number_is_read_as_it_was_typed(cell, value, rule):
    check(cell, value, rule)


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("看情况", "unreadable_text"), ("1,23", "unreadable_text"), ("1.2.3", "unreadable_text"), ("①", "unreadable_text"), ("半", "unreadable_text"),
        ("一般", "unreadable_text"), ("一百二", "unreadable_text"), ("3万5", "unreadable_text"), ("3千5万", "unreadable_text"), ("1.5万5千", "unreadable_text"),
        ("百分之三十人", "unreadable_text"), ("TRUE", "unreadable_text"), ("5-3", "unreadable_text"), ("9" * 20 + "x" * 80, "unreadable_text"),
        ("1\n2", "unreadable_text"), ("超过50以下", "unreadable_text"),
        ("1234567890123456", "unreadable_too_many_digits"), ("371002199001011234", "unreadable_too_many_digits"),
        ("1.23457E+17", "unreadable_too_many_digits"), ("9" * 400, "unreadable_too_many_digits"), ("1234567890123456元", "unreadable_too_many_digits"),
        ("2025-01-03", "unreadable_date_cell"), ("1月3日", "unreadable_date_cell"), ("3-Jan", "unreadable_date_cell"), ("2025/1/3 0:00", "unreadable_date_cell"),
        ("50多", "unreadable_bound"), ("几十", "unreadable_bound"), ("上百人", "unreadable_bound"), ("十几个", "unreadable_bound"),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(cell, rule):
    check(cell, None, rule)


@pytest.mark.parametrize(
    ("cell", "low", "high"),
    [
        ("3-5", 3, 5), ("3~5", 3, 5), ("3～5", 3, 5), ("3—5", 3, 5), ("3至5", 3, 5), ("10到20", 10, 20), ("-5~-3", -5, -3), ("3人-5人", 3, 5), ("3-5人", 3, 5),
        ("5-10万", 50_000, 100_000), ("5000-1万", 5_000, 10_000), ("三到五万", 30_000, 50_000), ("三四十", 30, 40), ("十五六人", 15, 16), ("七八百", 700, 800),
    ],
)
def test_a_range_keeps_both_ends_and_has_no_value_of_its_own(cell, low, high):
    parsed = read(cell)
    assert parsed.values.isna()[0]
    assert (parsed.rule[0], parsed.low[0], parsed.high[0]) == ("unreadable_range", low, high)
    parsed = read(cell, ranges="midpoint")
    assert (parsed.rule[0], parsed.values[0]) == ("range_midpoint", (low + high) / 2)


@pytest.mark.parametrize(
    ("cell", "low", "high"),
    [("50以上", 50, INF), ("50岁及以上", 50, INF), ("超过50", 50, INF), ("不少于50", 50, INF), ("≥50", 50, INF), ("50+", 50, INF),
     ("不到50", -INF, 50), ("不超过50岁", -INF, 50), ("50以下", -INF, 50), ("<50", -INF, 50)],
)
def test_a_bound_keeps_one_end_and_is_never_a_value(cell, low, high):
    for ranges in ("refuse", "midpoint"):
        parsed = read(cell, unit="岁", ranges=ranges)
        assert parsed.values.isna()[0]
        assert (parsed.rule[0], parsed.low[0], parsed.high[0]) == ("unreadable_bound", low, high)


@pytest.mark.parametrize(
    ("cell", "unit", "value", "rule"),
    [
        ("12人", "人", 12, "unit_stripped"), ("12名", "人", 12, "unit_stripped"), ("12个", "人", 12, "unit_stripped"), ("12 人", "persons", 12, "unit_stripped"),
        ("12人", "", 12, "unit_stripped"), ("120㎡", "平方米", 120, "unit_stripped"), ("120m2", "㎡", 120, "unit_stripped"), ("35周岁", "岁", 35, "unit_stripped"),
        ("¥50", "元", 50, "unit_stripped"), ("50块钱", "yuan", 50, "unit_stripped"), ("5分", "分钟", 5, "unit_stripped"), ("3杯", "杯", 3, "unit_stripped"),
        ("3家", "count", 3, "unit_stripped"), ("3000元", "元/月", 3000, "unit_stripped"), ("3000元/月", "元/月", 3000, "unit_stripped"),
        ("3.5万元", "元", 35_000, "scale_word"), ("一百二十人", "人", 120, "han_numeral"), ("约12人", "人", 12, "approximate"),
        ("3.5", "万元", 3.5, ""), ("3.5万元", "万元", 3.5, "scale_word"), ("3.5万", "万元", 3.5, "scale_word"), ("35000元", "万元", 3.5, "unit_converted"),
        ("三万", "万元", 3, "han_numeral"), ("3.5万", "万元/年", 3.5, "scale_word"), ("5kg", "公斤", 5, "unit_stripped"), ("3千米", "公里", 3, "unit_stripped"),
        ("12岁", "人", None, "unreadable_unit"), ("12户", "人", None, "unreadable_unit"), ("50%", "人", None, "unreadable_unit"),
        ("3小时", "分钟", None, "unreadable_unit"), ("3000元/年", "元/月", None, "unreadable_unit"), ("3百", "万元", None, "unreadable_unit"),
        ("3人", "杯", None, "unreadable_unit"), ("3个", "元", None, "unreadable_unit"), ("12人-15岁", "人", None, "unreadable_unit"),
        ("12哈哈", "人", None, "unreadable_text"), ("12哈哈", "", None, "unreadable_text"), ("3到五哈", "", None, "unreadable_text"),
        ("约12岁", "人", None, "unreadable_unit"), ("约3-5人", "人", None, "unreadable_range"),
    ],
)
def test_a_unit_is_held_against_the_declared_one(cell, unit, value, rule):
    check(cell, value, rule, unit=unit)


def test_several_units_without_a_declared_one_are_all_refused():
    parsed = read("2小时", "30分钟", "3", "4个")
    assert parsed.rule.tolist() == ["unreadable_unit", "unreadable_unit", "", "unit_stripped"]
    assert parsed.values.isna().tolist() == [True, True, False, False]
    assert np.isnan(parsed.low[:2]).all()


@pytest.mark.parametrize(
    ("unit", "cells", "values", "rules"),
    [
        ("percent", ["50%", "50％", "百分之三十", "三成", "50", "0"], [50, 50, 30, 30, 50, 0], ["percent_sign"] * 4 + ["", ""]),
        ("percent", ["50%", "0.5", "1"], [50, None, None], ["percent_sign", "unreadable_ambiguous_percent", "unreadable_ambiguous_percent"]),
        ("percent", ["0.5", "50"], [0.5, 50], ["", ""]),
        ("percent", ["0.5%", "12"], [0.5, 12], ["percent_sign", ""]),
        ("", ["50%", "０．５"], [50, None], ["percent_sign", "unreadable_ambiguous_percent"]),
        ("share", ["50%", "0.5", "50"], [0.5, 0.5, None], ["percent_sign", "", "unreadable_ambiguous_percent"]),
        ("人", ["50%", "0.5"], [None, 0.5], ["unreadable_unit", ""]),
    ],
)
def test_a_number_that_may_have_lost_its_percent_sign_is_refused(unit, cells, values, rules):
    parsed = read(*cells, unit=unit)
    assert parsed.rule.tolist() == rules
    assert [None if pd.isna(v) else v for v in parsed.values] == values
    assert np.array_equal(np.isnan(parsed.low), parsed.values.isna())


def test_a_range_of_percents_keeps_its_ends():
    parsed = read("10-20%", "10%-20%", unit="share")
    assert parsed.low.tolist() == [0.1, 0.1]
    assert parsed.high.tolist() == [0.2, 0.2]


def test_a_date_cell_among_numbers_is_refused_and_the_same_text_elsewhere_judged_on_its_own():
    types = np.array([CellType.DATE, CellType.TEXT, CellType.NUMBER, CellType.DATE], dtype=np.uint8)
    parsed = read("2025-01-03 00:00:00", "3", "45660", "", types=types)
    assert parsed.rule.tolist() == ["unreadable_date_cell", "", "", ""]
    assert parsed.values.isna().tolist() == [True, False, False, True]
    assert read("45660", types=np.array([CellType.DATE])).rule[0] == "unreadable_date_cell"


def test_blank_cells_are_missing_without_a_rule_and_the_index_is_kept():
    parsed = parse_numbers(pd.Series(["", " ", "7", None], index=[5, 6, 7, 8], name="age", dtype="str"))
    assert parsed.values.index.tolist() == [5, 6, 7, 8]
    assert parsed.values.name == "age"
    assert parsed.values.dtype == "Float64"
    assert parsed.values.isna().tolist() == [True, True, False, True]
    assert parsed.rule.tolist() == ["", "", "", ""]
    assert not parsed.unreadable.any()
    assert len(parse_numbers(pd.Series([], dtype="str")).values) == 0


def test_zero_has_no_sign():
    assert not np.signbit(read("-0").values.to_numpy(dtype=float)).any()


@pytest.mark.parametrize(
    ("text", "number"),
    [("十", 10), ("百", 100), ("十二", 12), ("二十", 20), ("一百零五", 105), ("一百一十五", 115), ("一千零二十", 1020), ("一万零五", 10_005), ("三亿", 300_000_000),
     ("一万亿", 10**12), ("萬", 10_000), ("一百二", None), ("十十", None), ("零五", None), ("", None), ("万二", None), ("一万二万", None), ("二三", None), ("百千", None)],
)
def test_numerals_that_may_be_read_in_two_ways_are_no_numbers(text, number):
    assert han_number(text) == number


def test_digits_one_by_one_and_two_numbers_in_one_word():
    assert han_digits("二〇二五") == 2025
    assert han_digits("二十") is None
    assert han_digits("") is None
    assert han_span("三四十") == (30, 40)
    assert han_span("三五十") is None
    assert han_span("三十") is None


def test_width_changes_nothing_but_width():
    assert half_width("１２％（Ａ）") == "12%(A)"
    assert half_width("①㎡℃½、。「」") == "①㎡℃½、。「」"
    assert tidy("　12 ") == ("12", "trimmed")
    assert tidy("12") == ("12", "")


def test_of_several_rules_the_one_that_says_most_is_kept():
    assert strongest("", Rule.FULL_WIDTH, Rule.SCALE_WORD, Rule.TRIMMED) == "scale_word"
    assert strongest(Rule.APPROXIMATE, Rule.UNREADABLE_TEXT) == "unreadable_text"
    assert is_unreadable(np.array([["", "approximate"], ["unreadable_text", "x"]], dtype=object)).tolist() == [[False, False], [True, False]]


def test_a_declared_unit_has_a_scale_and_a_name():
    unit = declared_unit("万元/月")
    assert (unit.name, unit.text, unit.scale) == ("元", "元/月", 10_000)
    assert declared_unit("千克").scale == 1
    assert judge_unit("公斤", declared_unit("千克")) == ""
