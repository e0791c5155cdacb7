import math

import pytest

from commresearch.cases.numerals import read_number, scan_numbers

INF = math.inf


@pytest.mark.parametrize(
    ("printed", "value", "low", "high", "qualifier", "unit"),
    [
        ("87个", 87, 87, 87, "", "个"),
        ("31.8%", 31.8, 31.8, 31.8, "", "%"),
        ("12,500人", 12_500, 12_500, 12_500, "", "人"),
        ("３００户", 300, 300, 300, "", "户"),
        ("9.3万人次", 93_000, 93_000, 93_000, "", "人次"),
        ("超9.3万人次", 93_000, 93_000, INF, "超", "人次"),
        ("20万元以上", 200_000, 200_000, INF, "以上", "元"),
        ("不少于3人", 3, 3, INF, "不少于", "人"),
        ("350余万元", 3_500_000, 3_500_000, 3_599_999, "余", "元"),
        ("1860余万元", 18_600_000, 18_600_000, 18_699_999, "余", "元"),
        ("500余次", 500, 500, 599, "余", "次"),
        ("1600余个", 1_600, 1_600, 1_699, "余", "个"),
        ("1.1万余名", 11_000, 11_000, 11_999, "余", "名"),
        ("7000多人", 7_000, 7_000, 7_999, "多", "人"),
        ("十余次", 10, 10, 19, "余", "次"),
        ("十几项", 10, 10, 19, "几", "项"),
        ("千余名", 1_000, 1_000, 1_999, "余", "名"),
        ("约30%", 30, 25, 35, "约", "%"),
        ("约25%", 25, 23.75, 26.25, "约", "%"),
        ("约2650平方米", 2_650, 2_517.5, 2_782.5, "约", "平方米"),
        ("300户左右", 300, 250, 350, "左右", "户"),
        ("至少举办1场次", 1, 1, INF, "至少", "场次"),
        ("90%及以上", 90, 90, INF, "及以上", "%"),
        ("百分之三十", 30, 30, 30, "", "%"),
        ("十来个", 10, 10, 19, "来", "个"),
        ("近40%", 40, 36, 40, "近", "%"),
        ("近百次", 100, 90, 100, "近", "次"),
        ("近千余米", 1_000, 900, 1_999, "近…余", "米"),
        ("上万人", 10_000, 10_000, INF, "上", "人"),
        ("数十家", 20, 20, 99, "数", "家"),
        ("六千元", 6_000, 6_000, 6_000, "", "元"),
        ("两间", 2, 2, 2, "", "间"),
        ("近2个小时", 2, 1.8, 2, "近", "小时"),
        ("4大片区", 4, 4, 4, "", "片区"),
        ("16大类", 16, 16, 16, "", "大类"),
        ("8个多层住宅小区", 8, 8, 8, "", "个"),
        ("半月", 0.5, 0.5, 0.5, "", "月"),
        ("首家", 1, 1, 1, "", "家"),
        ("零上访", 0, 0, 0, "", ""),
        ("无越级上访", 0, 0, 0, "", ""),
        ("100以下", 100, 0, 100, "以下", ""),
    ],
)
def test_a_printed_number_is_read_with_what_its_wording_allows(printed, value, low, high, qualifier, unit):
    number = read_number(printed)
    assert number is not None
    assert (number.value, number.low, number.high) == (pytest.approx(value), pytest.approx(low), pytest.approx(high))
    assert (number.qualifier, number.unit) == (qualifier, unit)


@pytest.mark.parametrize("printed", ["", "二三十人", "一两百人", "一万二", "社区", "7×24小时", "一中心、三维度", "3-5个"])
def test_a_token_without_exactly_one_number_is_refused(printed):
    assert read_number(printed) is None


def test_a_line_is_scanned_left_to_right_with_units():
    found = scan_numbers("将87个社区划分为37个片区,惠及上万人,约30%;第20次会议,三张清单。")
    assert [n.printed for n in found] == ["87个", "37个", "上万人", "约30%", "第20次", "三张"]
    assert [n.ordinal for n in found] == [False, False, False, False, True, False]
    line = "将87个社区"
    assert line[found[0].start : found[0].end] == "87个"


def test_numerals_without_a_unit_are_words_and_digits_are_always_numbers():
    assert [n.printed for n in scan_numbers("一是统筹,进一步统一思想,2025,半封闭")] == ["一步", "2025"]


@pytest.mark.parametrize(("text", "value"), [("五亿三千万元", 530_000_000), ("一万亿元", 1_000_000_000_000), ("十二万人", 120_000), ("上万人", 10_000)])
def test_scales_above_ten_thousand(text, value):
    assert read_number(text).value == value
