"""Twenty-one inputs that break naive cleaning: what goes in, what comes out, what the log says.

Each test is one row of that table; nothing passes in silence.
"""

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning import clean_survey
from commresearch.cleaning.fit import compare_codebooks, require_same_meaning
from commresearch.cleaning.signs import duplicate_groups
from commresearch.errors import SchemaError, SourceError
from commresearch.sources import read_survey
from commresearch.survey import check_keys, reliability
from commresearch.words import render_error
from tests.spec.conftest import codebook, write_csv, write_xlsx

ID, NUMBER, TEXT = {"name": "id", "type": "text"}, {"name": "q1", "type": "number"}, {"name": "q1", "type": "text"}
FILLER = ("id", ["a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"])


def column(cells, header="q1"):
    """One column of cells beside an id, as a file needs at least two."""
    return ["id", header], [[name, cell] for name, cell in zip(FILLER[1], cells, strict=False)]


def log_of(table, variable="q1"):
    return [(r, o, n) for r, o, n in table.log.loc[table.log["variable"] == variable, ["rule", "old", "new"]].itertuples(index=False)]


def values(table, name="q1"):
    return [None if pd.isna(v) else v for v in table.frame[name]]


def kinds(table, name="q1"):
    return [None if pd.isna(v) else v for v in table.missing_kinds[name]]


def test_01_an_id_typed_as_a_number_has_lost_digits_and_is_refused(tmp_path):
    path = write_xlsx(tmp_path / "s.xlsx", ["id", "身份证号", "q1"], [["a", 371002199001011234, 3], ["b", 371002199001015678, 4]])
    raw = read_survey(path)
    assert "身份证号" not in raw.frame.columns
    assert (raw.log["rule"] == "lost_digits").any()
    with pytest.raises(SchemaError) as error:
        clean_survey(raw, codebook(ID, {"name": "card", "type": "text", "source": "身份证号", "identifier": "national_id"}, NUMBER))
    text = render_error(error.value, "zh")
    assert "s.xlsx" in text
    assert "身份证号" in text
    assert "16位以上" in text
    table = clean_survey(raw, codebook(ID, NUMBER))
    assert values(table) == [3.0, 4.0]
    assert "lost_digits" in set(table.log["rule"])


def test_02_a_leading_zero_of_a_code_stays(cleaned):
    assert values(cleaned(*column(["0371002001", "0371002002"]), ID, TEXT)) == ["0371002001", "0371002002"]


def test_03_marks_of_the_platform_are_kinds_of_missing(cleaned):
    marks = "skipped=(跳过)\nskipped=-3\nblank=(空)\nblank=-2"
    table = cleaned(*column(["5", "(跳过)", "（空）", "-3", "-2", ""]), ID, {**NUMBER, "missing": marks})
    assert values(table) == [5.0, None, None, None, None, None]
    assert kinds(table) == [None, "skipped", "blank", "skipped", "blank", "blank"]
    assert ("missing_marker", "(跳过)", "<skipped>") in log_of(table)


def test_04_a_separator_inside_a_fill_in_separates_nothing(cleaned):
    topics = {"name": "q1", "type": "multiple", "values": "1=养老\n2=托育\n3=其他", "open": "3"}
    table = cleaned(*column(["其他〖停车┋充电〗┋养老", "托育", "养老┋托育"]), ID, topics)
    assert [values(table, f"q1__{v}") for v in "123"] == [[1, 0, 1], [0, 1, 1], [1, 0, 0]]
    assert values(table, "q1_other") == ["停车┋充电", None, None]
    assert kinds(table, "q1_other") == [None, "not_applicable", "not_applicable"]
    assert log_of(table) == []


def test_05_an_option_that_a_spreadsheet_made_a_date_of_comes_back_or_is_refused(cleaned):
    times = {"name": "q1", "type": "single", "values": "1=1-3\n2=4-6\n3=7次以上"}
    table = cleaned(*column([date(2025, 1, 3), "4-6", "7次以上"]), ID, times, suffix=".xlsx")
    assert values(table) == ["1", "2", "3"]
    assert [(rule, new) for rule, _, new in log_of(table)] == [("date_was_option", "1")]
    table = cleaned(*column([date(2025, 9, 9), "4-6", "7次以上"]), ID, times, suffix=".xlsx")
    assert values(table) == [None, "2", "3"]
    assert kinds(table)[0] == "unreadable"
    assert [rule for rule, _, _ in log_of(table)] == ["unreadable_date_cell"]


@pytest.mark.parametrize(
    ("cell", "read", "rule"),
    [
        ("2025年3月1日", "2025-03-01", "date_words"), ("2025/3/1 下午 3:05", "2025-03-01 15:05", "twelve_hours"), ("45717", "2025-03-01", "excel_serial"),
        ("3月1日", None, "unreadable_incomplete_date"), ("2025/03/01 24:00", "2025-03-02", "hour_24"), ("２０２５年３月", "2025-03-01", "month_only"),
    ],
)
def test_06_dates_as_people_write_them(cleaned, cell, read, rule):
    table = cleaned(*column([cell, "2025-06-01"]), ID, {"name": "q1", "type": "date"})
    assert values(table)[0] == (pd.Timestamp(read) if read else None)
    assert [r for r, _, _ in log_of(table)] == [rule]


def test_07_eight_digits_are_a_day_and_no_count_of_nanoseconds(cleaned):
    table = cleaned(*column([20250301, 20250401]), ID, {"name": "q1", "type": "date"}, suffix=".xlsx")
    assert values(table) == [pd.Timestamp("2025-03-01"), pd.Timestamp("2025-04-01")]
    assert {rule for rule, _, _ in log_of(table)} == {"compact"}


def test_08_no_date_of_a_mixed_column_is_lost(cleaned):
    table = cleaned(*column(["2025/3/1", "2025年3月1日", "45717"]), ID, {"name": "q1", "type": "date"})
    assert values(table) == [pd.Timestamp("2025-03-01")] * 3
    assert [rule for rule, _, _ in log_of(table)] == ["date_words", "excel_serial"]


@pytest.mark.parametrize(
    ("cell", "read", "rule"),
    [
        ("１２", 12, "full_width"), ("１．５", 1.5, "full_width"), ("3.5万", 35_000, "scale_word"), ("一百二十", 120, "han_numeral"),
        ("1,234", 1_234, "thousands"), ("12人", 12, "unit_stripped"), ("约50", 50, "approximate"), ("3-5", None, "unreadable_range"),
        ("很多", None, "unreadable_text"),
    ],
)
def test_09_numbers_as_people_write_them(cleaned, cell, read, rule):
    table = cleaned(*column([cell, "7"]), ID, {**NUMBER, "unit": "人"})
    assert values(table) == [read, 7.0]
    assert [r for r, _, _ in log_of(table)] == [rule]
    assert kinds(table)[0] == (None if read else "unreadable")


def test_10_signs_in_text_answers_are_left_as_they_are(cleaned):
    texts = ["① 加装电梯 ② 停车", "约80㎡", "夏天35℃", "Ａ栋"]
    table = cleaned(*column(texts), ID, TEXT)
    assert values(table) == texts
    assert log_of(table) == []


def test_11_rare_characters_and_signs_survive_gb18030(cleaned):
    texts = ["𠮷祥里", "㛃园", "听海•云居", "好😀"]
    assert values(cleaned(*column(texts), ID, TEXT, encoding="gb18030")) == texts


def test_12_a_file_is_read_in_its_own_encoding_and_a_spoilt_one_refused(cleaned, tmp_path):
    header, rows = column(["满意", "不满意"], "1、总体满意度")
    answer = {"name": "q1", "type": "single", "source": "1、总体满意度", "values": "1=满意\n2=不满意"}
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        table = cleaned(header, rows, ID, answer, encoding=encoding)
        assert values(table) == ["1", "2"], encoding
    spoilt = write_csv(tmp_path / "spoilt.csv", ["序号".encode().decode("gb18030", "replace"), "q1"], [["1", "2"]])
    with pytest.raises(SourceError):
        read_survey(spoilt)


def test_13_short_files_are_not_guessed(cleaned):
    header, rows = column(["男"], "性别")
    table = cleaned(header, rows, ID, {"name": "q1", "type": "single", "source": "性别", "values": "1=男\n2=女"}, encoding="gb18030")
    assert values(table) == ["1"]
    assert table.provenance["encoding"].lower() == "gb18030"


def test_14_words_like_na_are_words(cleaned):
    texts = ["N/A", "NA", "None", "null"]
    assert values(cleaned(*column(texts), ID, TEXT)) == texts


def test_15_a_fraction_among_percentages_is_not_guessed(cleaned):
    table = cleaned(*column([0.5, "50%", "30%"]), ID, {**NUMBER, "unit": "percent"}, suffix=".xlsx")
    assert values(table) == [None, 50.0, 30.0]
    assert kinds(table)[0] == "unreadable"
    assert "unreadable_ambiguous_percent" in {rule for rule, _, _ in log_of(table)}


SHEET = [{"name": "answer", "type": "text", "role": "key"}, {"name": "sent", "type": "date", "role": "submitted"}]
ITEMS = [{"name": f"q{i}", "type": "single", "values": "1=a\n2=b\n3=c\n4=d\n5=e"} for i in range(1, 13)]


def sheets(n, *, key=None, same=()):
    """Answer sheets whose answers differ, but for those in `same`, which repeat the first."""
    rows = []
    for i in range(n):
        source = 0 if i in same else i
        rows.append([key[i] if key else f"k{i}", f"2026/9/{i + 1} 9:00:00", *np.random.default_rng(source).integers(1, 6, 12)])
    return rows


HEADER = ["answer", "sent", *(f"q{i}" for i in range(1, 13))]


def test_16_a_sheet_sent_twice_is_shown_and_dropped_only_by_decision(cleaned):
    rows = sheets(6, key=["k0", "k1", "k2", "k1", "k4", "k5"])
    table = cleaned(HEADER, rows, *SHEET, *ITEMS)
    assert len(table.frame) == 6
    assert set(table.duplicates["kind"]) == {"key"}
    assert int(table.flags["flag_open_duplicate"].sum()) == 2
    decided = table.duplicates.assign(decision="keep_last", reason="退回后重填", decided_by="数据员", date="2026-09-30")
    decided.index += 2
    again = cleaned(HEADER, rows, *SHEET, *ITEMS, decisions=decided)
    assert [values(again, "answer"), len(again.frame)] == [["k0", "k2", "k1", "k4", "k5"], 5]
    dropped = again.log[again.log["step"] == "duplicates"]
    assert list(dropped["rule"]) == ["duplicate_key"]
    assert "退回后重填" in dropped["reason"].iloc[0]
    assert again.rows("rows_read") == again.rows("duplicate_key") + again.rows("rows_out")


def test_17_one_address_for_a_whole_community_makes_no_duplicates(cleaned):
    rows = [[*row, "192.0.2.7(云州-滨海)"] for row in sheets(9)]
    address = {"name": "ip", "type": "text", "role": "ip", "identifier": "ip"}
    table = cleaned([*HEADER, "ip"], rows, *SHEET, *ITEMS, address)
    assert len(table.frame) == 9
    assert table.duplicates.empty
    assert "ip" not in table.frame.columns
    assert set(table.frame["ip_place"]) == {"云州-滨海"}
    assert not table.log.to_csv().count("192.0.2.7")


def test_18_staff_who_fill_in_for_others_are_not_taken_for_copies(cleaned):
    helped = {"name": "helped", "type": "single", "role": "assisted", "values": "1=本人填写\n2=工作人员代填"}
    rows = [[*row, "工作人员代填" if i in {2, 5} else "本人填写"] for i, row in enumerate(sheets(9, same=(2, 5)))]
    table = cleaned([*HEADER, "helped"], rows, *SHEET, *ITEMS, helped)
    flags = table.flags.set_index(table.frame["answer"])
    assert bool(flags.loc["k0", "flag_percent_match"])
    assert not bool(flags.loc["k2", "flag_percent_match"])
    assert "flag_percent_match" in flags.loc["k2", "exempted"]


def test_19_a_reversed_item_and_a_city_that_asked_the_other_way_are_found():
    base = [1, 2, 3, 4, 5] * 20
    frame = pd.DataFrame({"a": base, "b": base, "c": [6 - x for x in base], "city": ["甲市"] * 50 + ["乙市"] * 50, "overall": base})
    unkeyed = reliability(frame, ["a", "b", "c"], keys=[1, 1, 1], low=1, high=5)
    assert unkeyed.alpha < 0
    assert reliability(frame, ["a", "b", "c"], keys=[1, 1, -1], low=1, high=5).alpha == pytest.approx(1)
    turned = frame.assign(**{x: frame[x].where(frame["city"] == "甲市", 6 - frame[x]) for x in "abc"})
    found = check_keys(turned, ["a", "b", "c"], keys=[1, 1, -1], low=1, high=5, by="city", anchor="overall")
    assert set(found.loc[found["flag"].str.contains("against_anchor"), "group"]) == {"乙市"}


def test_20_a_value_that_means_something_else_in_the_next_wave_is_an_error():
    before = codebook({"name": "q1", "type": "single", "values": "1=同意\n2=不同意\n3=一般"})
    after = codebook({"name": "q1", "type": "single", "values": "1=同意\n2=不同意\n3=同意一半"})
    drift = compare_codebooks(before, after)
    assert drift.to_dict("records") == [{"variable": "q1", "column": "values", "old": "3=一般", "new": "3=同意一半"}]
    with pytest.raises(SchemaError) as error:
        require_same_meaning({"2025a": before, "2026a": after})
    assert "3=一般" in render_error(error.value, "zh")
    require_same_meaning({"2025a": before, "2026a": before})


def test_21_total_rows_are_no_respondents(cleaned):
    table = cleaned(["序号", "1、满意度得分"], [["1", 98], ["2", 90], ["合 计", 188], ["平均", 94]], {"name": "id", "type": "text", "source": "序号", "role": "key"},
                    {"name": "q1", "type": "number", "source": "1、满意度得分"}, suffix=".xlsx")
    assert values(table) == [98.0, 90.0]
    assert list(table.log.loc[table.log["rule"] == "total_row", "row_id"].str.rsplit(":", n=1).str[-1]) == ["4", "5"]
    assert table.rows("rows_read") == 4
    assert table.rows("total_row") == 2
    assert table.rows("rows_out") == 2


def test_groups_of_copies_need_no_key(cleaned):
    table = cleaned(HEADER[1:], [row[1:] for row in sheets(9, same=(4,))], SHEET[1], *ITEMS)
    assert set(table.duplicates["kind"]) == {"content"}
    assert math.isclose(table.duplicates["similarity"].max(), 1.0)
    groups = duplicate_groups(table.codebook, table.frame, None)
    assert groups.equals(table.duplicates[groups.columns])
    assert (table.duplicates["decision"] == "").all()
