"""indicators.csv: what is refused, all at once; blanks that are not reported; points by hand."""

import csv
from decimal import Decimal

import pytest

from commresearch.cases.indicators_file import (
    COLUMNS,
    ENGLISH,
    PLAIN,
    QUALITATIVE,
    SHARES,
    Better,
    Block,
    not_reported,
    read_indicators,
    share_reached,
    total_score,
)
from commresearch.errors import CommResearchError
from commresearch.terms import Language
from commresearch.words import has, render_error

SOUND = {
    "level1": "产出", "level2": "产出数量", "level3": "组织活动场次", "unit": "场次", "target": "100", "actual": "100", "numerator": "", "denominator": "", "weight": "100",
    "source": "签到台账", "responsible": "社区科", "reason": "",
}


def write(path, *rows, columns=COLUMNS):
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *([(SOUND | row).get(c, "") for c in columns] for row in rows)])
    return path


def faults(path, year=None):
    with pytest.raises(CommResearchError) as error:
        read_indicators(path, year)
    return [(f.code, f.values.get("row"), f.values.get("column")) for f in error.value.failures], error.value


# what is refused


def test_a_file_that_is_not_there_or_is_no_table_is_told(tmp_path):
    assert faults(tmp_path / "indicators.csv")[0] == [("CR-A10", None, None)]
    path = tmp_path / "indicators.csv"
    path.write_bytes("level1,目标\n".encode("gb18030"))
    assert faults(path)[0] == [("CR-A11", None, None)]
    path.write_text('level1,"unit\n', encoding="utf8")
    assert faults(path)[0] == [("CR-A11", None, None)]
    write(path, {})
    path.write_text(path.read_text(encoding="utf-8-sig").rstrip("\n") + ",more\n", encoding="utf8")
    assert faults(path)[0] == [("CR-A11", None, None)]


def test_columns_that_lack_are_unknown_or_double_are_named_together(tmp_path):
    columns = ["level1", "level1", "level2", "level3", "unit", "targets", "actual", "numerator", "denominator", "weight", "source", "responsible", "reason"]
    codes, error = faults(write(tmp_path / "indicators.csv", {}, columns=columns))
    assert codes == [("CR-A12", None, None)]
    assert (error.failures[0].values["missing"], error.failures[0].values["unknown"], error.failures[0].values["twice"]) == ("target", "targets", "level1")


def test_every_fault_of_a_file_is_told_with_row_and_column(tmp_path):
    path = write(
        tmp_path / "indicators.csv",
        {"level1": "满意度", "weight": "20"},
        {"level3": "", "unit": "", "weight": "20"},
        {"level3": "服务人次", "unit": "人", "weight": "10"},
        {"level3": "服务人数", "unit": "人次", "weight": "10"},
        {"level3": "满意率", "unit": "%", "target": "90%", "actual": "约91", "weight": "10"},
        {"level3": "办结率", "unit": "%", "target": "90", "actual": "91.0", "numerator": "91", "denominator": "0", "weight": "10"},
        {"level3": "开放率", "unit": "%", "target": "50", "actual": "50.1", "numerator": "1", "denominator": "2", "weight": "10"},
        {"level3": "覆盖率", "unit": "%", "target": "50", "actual": "50", "weight": "5"},
        {"level3": "志愿者", "unit": "名", "actual": "90", "weight": "-5"},
        {"level3": "组织活动场次", "weight": "1", "actual": "140", "better": "up"},
    )
    text = path.read_text(encoding="utf-8-sig")
    path.write_text("\n".join(f"{line},{'better' if i == 0 else 'up' if i == 10 else ''}" for i, line in enumerate(text.splitlines())), encoding="utf8")
    codes, error = faults(path)
    assert codes == [
        ("CR-A14", 2, "level1"), ("CR-A13", 3, "level3"), ("CR-A13", 3, "unit"), ("CR-A19", 4, "unit"), ("CR-A19", 5, "unit"), ("CR-A15", 6, "target"),
        ("CR-A15", 6, "actual"), ("CR-A18", 6, "denominator"), ("CR-A18", 7, "denominator"), ("CR-A17", 8, "actual"), ("CR-A18", 9, "denominator"), ("CR-A14", 10, "unit"),
        ("CR-A22", 10, "weight"), ("CR-A20", 10, "reason"), ("CR-A14", 11, "better"), ("CR-A16", None, "weight"),
    ]
    for language in Language:
        told = render_error(error, language)
        assert "91.0" not in told
        assert "50.1" in told


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"actual": "99"}, "CR-A20"), ({"actual": "131"}, "CR-A20"), ({"actual": "130"}, None), ({"actual": "99", "reason": "疫情"}, None), ({"actual": ""}, None),
        ({"actual": "1,000"}, "CR-A15"), ({"unit": QUALITATIVE, "target": "制度健全", "actual": "120", "reason": "好"}, "CR-A22"),
        ({"unit": QUALITATIVE, "target": "制度健全", "actual": "80"}, "CR-A20"), ({"unit": QUALITATIVE, "target": "制度健全", "actual": "100"}, None),
        ({"unit": "%", "target": "0.5", "actual": "0.5", "numerator": "1", "denominator": "200"}, None),
        ({"unit": "%", "target": "0.3", "actual": "0.3", "numerator": "1", "denominator": "300"}, None),
        ({"unit": "倍", "target": "2", "actual": "2", "numerator": "4", "denominator": "0"}, "CR-A18"), ({"weight": "0"}, "CR-A22"), ({"denominator": "-1"}, "CR-A22"),
    ],
    ids=[
        "missed", "passed by more than three tenths", "passed by three tenths", "missed with a reason", "not reported", "thousands separator", "judged above all", "judged below",
        "judged whole", "share as its parts", "share rounded", "ratio of nothing", "weight of nothing", "denominator below zero",
    ],
)
def test_one_row_against_its_rule(tmp_path, row, code):
    path = write(tmp_path / "indicators.csv", row)
    if code is None:
        assert len(read_indicators(path)) == 1
    else:
        assert code in [found for found, *_ in faults(path)[0]]


def test_weights_add_up_to_a_hundred_in_every_year(tmp_path):
    path = write(tmp_path / "indicators.csv", {"year": "2024"}, {"year": "2025", "weight": "60"}, {"year": "2025", "weight": "30", "level3": "其他"}, columns=(*COLUMNS, "year"))
    codes, error = faults(path)
    assert codes == [("CR-A16", None, "weight")]
    assert "2025年的权重合计90" in render_error(error, "zh")
    assert "the weights of 2025 add up to 90" in render_error(error, "en")


def test_the_same_indicator_twice_is_told_with_its_first_row(tmp_path):
    codes, error = faults(write(tmp_path / "indicators.csv", {"weight": "50"}, {"weight": "50"}))
    assert codes == [("CR-A21", 3, "level3")]
    assert error.failures[0].values["first"] == 2


# what is read


def test_a_header_alone_holds_no_indicator(tmp_path):
    assert read_indicators(write(tmp_path / "indicators.csv")) == ()


def test_years_are_told_apart_and_rows_without_one_belong_to_any(tmp_path):
    rows = [{"year": "2024"}, {"year": "2025"}]
    path = write(tmp_path / "indicators.csv", *rows, columns=(*COLUMNS, "year"))
    assert [one.year for one in read_indicators(path, 2025)] == [2025]
    assert [one.year for one in read_indicators(write(tmp_path / "other.csv", {}), 2025)] == [None]


def test_points_by_hand(tmp_path):
    path = write(
        tmp_path / "indicators.csv",
        {"level3": "甲", "weight": "40", "actual": "80", "reason": "人手不足"},  # 0.8 of 40
        {"level3": "乙", "weight": "20", "actual": "150", "reason": "目标偏低"},  # no more than 20
        {"level3": "丙", "weight": "30", "actual": ""},  # not reported
        {"level3": "丁", "level1": "决策", "unit": QUALITATIVE, "target": "程序完整", "actual": "90", "weight": "10", "reason": "缺一份纪要"},  # 0.9 of 10
    )
    found = read_indicators(path)
    assert [one.score for one in found] == [Decimal(32), Decimal(20), Decimal(0), Decimal(9)]
    assert (total_score(found), not_reported(found)) == (Decimal(61), Decimal(30))
    assert [one.block for one in found] == [Block.OUTPUT] * 3 + [Block.DECISION]
    assert [one.misses for one in found] == [True, False, False, True]


@pytest.mark.parametrize(
    ("actual", "target", "better", "share"),
    [
        ("8", "10", "higher", "0.8"), ("12", "10", "higher", "1"), ("10", "8", "lower", "0.8"), ("6", "8", "lower", "1"), ("0", "0", "higher", "1"), ("1", "0", "lower", "0"),
        ("-8", "-10", "lower", "0.8"), ("-12", "-10", "lower", "1"), ("-20", "-10", "higher", "0.5"), ("2", "-10", "lower", "0"), ("-1", "10", "higher", "0"), ("0", "10", "higher", "0"),
    ],
    ids=[
        "higher missed", "higher passed", "lower missed", "lower passed", "zero met", "more than zero", "fall too small", "fall large enough", "fall too large", "a rise where a fall was meant",
        "below zero", "nothing at all",
    ],
)
def test_share_of_a_target(actual, target, better, share):
    assert share_reached(Decimal(actual), Decimal(target), Better(better)) == Decimal(share)


def test_english_words_stand_for_units(tmp_path):
    path = write(tmp_path / "indicators.csv", {"level1": "output", "unit": "person-times", "level3": "Attendance"})
    assert read_indicators(path)[0].unit == "人次"
    assert set(ENGLISH.values()) <= {*SHARES, *PLAIN, QUALITATIVE}


def test_every_unit_has_words():
    assert [unit for unit in (*SHARES, *PLAIN, QUALITATIVE) if not has(f"annual.unit_{unit}")] == []
