"""Corrections of single cells: only with everything that is needed, and only where the cell still holds what is expected."""

import pandas as pd
import pytest

from commresearch.cleaning import clean_survey
from commresearch.cleaning.corrections import COLUMNS, apply_corrections, concerning, load_corrections, misdirected
from commresearch.cleaning.fit import place_variables
from commresearch.errors import CleaningError, SchemaError
from commresearch.sources import read_survey
from tests.spec.conftest import codebook, write_csv, write_xlsx
from tests.unit import sources_files
from tests.unit.survey_cases import KEY, codes, correction, corrections, told, values

HEADER = ["id", "1、年龄", "2、选项", "3(停车)", "3(养老)", "日期"]
ROWS = [["a", "20", "是", "1", "0", "2026-01-05"], ["b", "300", "有时", "0", "1", "2026-01-06"], ["c", "", "否", "1", "1", "2026-01-07"]]
BOOK = codebook(
    {"name": "id", "type": "text"}, {"name": "age", "type": "number", "source": "1、年龄", "max": "120"}, {"name": "q2", "type": "single", "source": "2、选项", "values": "1=是\n2=否"},
    {"name": "q3", "type": "multiple", "source": "3", "source_code": "3(停车)\n3(养老)", "values": "1=停车\n2=养老"}, {"name": "day", "type": "date", "source": "日期"},
)


@pytest.fixture
def raw(tmp_path):
    return read_survey(write_csv(tmp_path / "问卷.csv", HEADER, ROWS))


def refused(raw, *lines, **options):
    with pytest.raises(CleaningError) as error:
        apply_corrections(raw, place_variables(BOOK, raw), corrections(*lines), **options)
    return error.value


def test_a_correction_names_its_row_by_number_or_by_lasting_name(raw):
    lasting = str(raw.row_ids[1])
    listed = corrections(correction(3, "q2", "有时", "是"), correction(lasting, "age", "300", "30", file="问卷.csv", reason="少写一位"), correction(4, "3(停车)", "1", "0"))
    table = clean_survey(raw, BOOK, corrections=listed)
    assert values(table.frame["q2"]) == ["1", "1", "2"]
    assert values(table.frame["age"]) == [20, 30, None]
    assert values(table.frame["q3__1"]) == [1, 0, 0]
    log = table.log[table.log["step"] == "corrections"]
    assert log[["rule", "file", "variable", "old", "new", "reason"]].to_numpy().tolist()[1] == ["correction", "问卷.csv", "age", "300", "30", "少写一位 (数据员, 2026-09-30)"]
    assert log["row_id"].tolist() == [lasting, lasting, str(raw.row_ids[2])]
    assert raw.frame["2、选项"].tolist() == ["是", "有时", "否"]


def test_corrections_are_made_before_anything_is_judged(raw):
    with pytest.raises(SchemaError) as error:
        clean_survey(raw, BOOK)
    told(error.value, "CR-K11", "问卷.csv", "q2", "有时", "1=是; 2=否")
    table = clean_survey(raw, BOOK, corrections=corrections(correction(3, "q2", "有时", "否"), correction(4, "age", "", "55")))
    assert values(table.frame["age"]) == [20, None, 55]
    assert table.log.loc[table.log["rule"] == "out_of_range", "old"].tolist() == ["300"]


def test_a_corrected_cell_is_read_as_text_whatever_stood_there(tmp_path):
    from datetime import date

    path = write_xlsx(tmp_path / "s.xlsx", ["id", "次数"], [["a", date(2025, 1, 3)], ["b", "4-6"], ["c", date(2025, 9, 9)]])
    book = codebook({"name": "id", "type": "text"}, {"name": "n", "type": "single", "source": "次数", "values": "1=1-3\n2=4-6"})
    table = clean_survey(read_survey(path), book, corrections=corrections(correction(4, "n", "2025-09-09", "4-6")))
    assert values(table.frame["n"]) == ["1", "2", "2"]
    assert set(table.log["rule"]) == {"date_was_option", "correction"}


def test_values_copied_from_an_export_match_without_the_apostrophe_that_guards_them(tmp_path):
    raw = read_survey(write_csv(tmp_path / "s.csv", ["id", "意见"], [["a", "=3"], ["b", "- 很好"], ["c", "'=甲"], ["d", "'=乙"], ["e", "-3"]]))
    book = codebook({"name": "id", "type": "text"}, {"name": "said", "type": "text", "source": "意见"})
    pairs = [("'=3", "'=4"), ("'- 很好", "很好"), ("'=甲", "'甲'"), ("''=乙", "=丙"), ("-3", "-4")]
    lines = [correction(row, "said", *pair) for row, pair in enumerate(pairs, 2)]
    table = clean_survey(raw, book, corrections=corrections(*lines))
    assert table.frame["said"].tolist() == ["=4", "很好", "'甲'", "=丙", "-4"]
    log = table.log[table.log["rule"] == "correction"]
    assert log[["old", "new"]].to_numpy().tolist() == [["=3", "=4"], ["- 很好", "很好"], ["'=甲", "'甲'"], ["'=乙", "=丙"], ["-3", "-4"]]
    with pytest.raises(CleaningError) as error:
        clean_survey(raw, book, corrections=corrections(correction(2, "said", "'=5", "x"), correction(6, "said", "'-3", "x")))
    assert codes(error.value) == ["CR-D34", "CR-D34"]  # a number with a sign is never guarded
    told(error.value, "CR-D34", "“'=5”", "“=3”")


def test_blanks_around_what_a_line_names_do_not_matter_and_those_of_values_do(tmp_path):
    rows = [["a", "20", " 是"], ["b", "300", "有时"]]
    path = sources_files.write_xlsx(tmp_path / "s.xlsx", [["id", "1、年龄 ", "2、选项"], *rows], sheet="表一 ")
    book = codebook({"name": "id", "type": "text"}, {"name": "age", "type": "number", "source": "1、年龄"}, {"name": "q2", "type": "text", "source": "2、选项"})
    blanks = {"kind": "survey\u3000", "file": " s.xlsx", "sheet": "表一", "reported_by": "数据员 ", "date": " 2026-09-30"}
    lines = [correction(" 3 ", " age", "300", " 30 ", **blanks), correction(2, "1、年龄 ", "20", "21", **blanks), correction(2, "q2", " 是", "是", **blanks)]
    raw = read_survey(path)
    for given in (corrections(*lines), write_csv(tmp_path / "更正.csv", COLUMNS, [list(line.values()) for line in lines])):
        table = clean_survey(raw, book, corrections=given)
        assert (values(table.frame["age"]), values(table.frame["q2"])) == ([21, 30], ["是", "有时"])
        assert set(table.log.loc[table.log["rule"] == "correction", "reason"]) == {"录入错误 (数据员, 2026-09-30)"}
    with pytest.raises(CleaningError) as error:
        clean_survey(raw, book, corrections=corrections({**lines[1], "expect": "20 "}, {**lines[2], "expect": "是"}, {**lines[0], "sheet": "表二"}))
    assert codes(error.value) == ["CR-D41", "CR-D34", "CR-D34"]
    told(error.value, "CR-D34", "“20 ”", "“20”", "“ 是”")
    assert values(clean_survey(raw, book, corrections=corrections({**lines[1], "new": " "})).frame["age"]) == [None, 300]


def test_lines_about_other_data_and_other_files_are_left_alone(raw):
    listed = corrections(
        correction(3, "q2", "x", "y", kind="tickets"), correction(3, "q2", "x", "y", file="别的.csv"), correction(3, "q2", "x", "y", sheet="表二", file="别的.csv"), correction(3, "q2", "有时", "是", kind=""),
    )
    table = clean_survey(raw, BOOK, corrections=listed)
    assert values(table.frame["q2"]) == ["1", "1", "2"]
    cells, log = apply_corrections(raw, place_variables(BOOK, raw), None)
    assert cells.equals(raw.frame)
    assert log.empty


def test_columns_that_are_missing_from_the_list(tmp_path):
    path = write_csv(tmp_path / "更正.csv", ["row_id", "variable", "new"], [["1", "q", "x"]])
    with pytest.raises(CleaningError) as error:
        load_corrections(path)
    assert codes(error.value) == ["CR-D30"]
    told(error.value, "CR-D30", "更正.csv", "kind, file, sheet, expect, reason, reported_by, date", ", ".join(COLUMNS))


def test_what_every_correction_needs(raw):
    error = refused(raw, correction(3, "q2", "有时", "是", reason="", reported_by=" "), correction(4, "q2", "否", "是", date=""))
    assert codes(error) == ["CR-D31", "CR-D31"]
    zh, en = told(error, "CR-D31", "corrections.csv", "reason, reported_by", "date")
    assert "corrections.csv 第2行" in zh
    assert "row 3" in en


def test_rows_and_variables_that_are_not_there(raw):
    error = refused(raw, correction(9, "q2", "有时", "是"), correction(3, "q3", "0", "1"), correction(3, "nobody", "0", "1"), correction("", "", "0", "1"))
    assert codes(error) == ["CR-D32", "CR-D33", "CR-D33", "CR-D31", "CR-D32", "CR-D33"]
    zh, en = told(error, "CR-D32", "“9”", "row_id")
    assert "第2行：数据中没有编号为“9”的行" in zh
    assert "row 2: the data have no row “9”" in en
    zh, en = told(error, "CR-D33", "“q3”", "“nobody”", "q2", "age")
    assert "第3行" in zh
    assert "row 4" in en
    assert all("q3" not in str(f.values["allowed"]).split(", ") for f in error.failures if f.code == "CR-D33")


def test_a_cell_that_holds_something_else_by_now(raw):
    error = refused(raw, correction(3, "q2", "是", "否"), correction(2, "age", " 20", "21"))
    assert codes(error) == ["CR-D34", "CR-D34"]
    zh, en = told(error, "CR-D34", "corrections.csv", "q2", "“是”", "“有时”", "“20”")
    assert "原值应为“是”，实为“有时”" in zh
    assert "should be “是” and is “有时”" in en


def test_one_cell_corrected_twice(raw):
    lasting = str(raw.row_ids[1])
    error = refused(raw, correction(3, "q2", "有时", "是"), correction(lasting, "2、选项", "有时", "否"), correction(3, "age", "300", "30"))
    assert codes(error) == ["CR-D35"]
    zh, en = told(error, "CR-D35", "corrections.csv", lasting)
    assert "第3行" in zh
    assert "row 3" in en


def test_the_list_is_named_as_it_is_called_and_read_from_either_kind_of_table(raw, tmp_path):
    rows = [list(correction(3, "q2", "没有", "是").values()), [""] * 10, list(correction(4, "q2", "没有", "是").values())]
    for path in (write_csv(tmp_path / "更正.csv", COLUMNS, rows), write_xlsx(tmp_path / "更正.xlsx", COLUMNS, rows)):
        with pytest.raises(CleaningError) as error:
            clean_survey(raw, BOOK, corrections=path)
        assert [(f.values["file"], f.values["row"]) for f in error.value.failures] == [(path.name, 2), (path.name, 4)]
        told(error.value, "CR-D34", path.name)


def test_which_file_a_correction_is_meant_for(tmp_path):
    one, two = (read_survey(write_csv(tmp_path / f"{n}.csv", ["id", "q"], [[n, "1"], [f"{n}x", "2"]])) for n in "ab")
    sheet = read_survey(write_xlsx(tmp_path / "c.xlsx", ["id", "q"], [["c", "1"], ["d", "2"]]))
    listed = corrections(
        correction(2, "q", "1", "5", file="a.csv"), correction(str(two.row_ids[0]), "q", "1", "5"), correction(2, "q", "1", "5", file="c.xlsx", sheet="Sheet1"),
        correction(2, "q", "1", "5", file="c.xlsx", sheet="Sheet2"), correction("00000000::2", "q", "1", "5", file="a.csv"), correction(2, "q", "1", "5"),
        correction(2, "q", "1", "5", file="d.csv"), correction(2, "q", "1", "5", kind="bookings", file="e.csv"),
    )
    assert [concerning(listed, raw).index.tolist() for raw in (one, two, sheet)] == [[2, 7], [3, 7], [4, 7]]
    failures = misdirected(listed, [one, two, sheet], list_name="更正.csv")
    assert [(f.code, f.values["row"]) for f in failures] == [("CR-D41", 5), ("CR-D32", 6), ("CR-D31", 7), ("CR-D41", 8)]
    zh, en = told(CleaningError(*failures), "CR-D41", "更正.csv", "“Sheet2”", "Sheet1", "“d.csv”", "a.csv, b.csv, c.xlsx")
    assert "第5行，列 sheet" in zh
    assert "row 8, column file" in en
    told(CleaningError(*failures), "CR-D32", "更正.csv", "“00000000::2”")
    zh, en = told(CleaningError(*failures), "CR-D31", "更正.csv", "file")
    assert "第7行：没有填 file" in zh
    same = misdirected(corrections(correction(2, "q", "1", "5", file="a.csv")), [one, one])
    assert [f.values["missing"] for f in same] == ["sheet"]


def test_a_row_of_a_file_that_was_replaced_is_missed_and_never_forgotten(raw):
    with pytest.raises(CleaningError) as error:
        clean_survey(raw, BOOK, corrections=corrections(correction("0123abcd::3", "q2", "有时", "是", file="问卷.csv"), correction(3, "q2", "有时", "是")))
    assert codes(error.value) == ["CR-D32"]
    told(error.value, "CR-D32", "“0123abcd::3”")


def test_a_new_value_that_cannot_be_read(raw):
    listed = corrections(correction(2, "age", "20", "三四十"), correction(4, "1、年龄", "", "abc"), correction(3, "q2", "有时", "是"))
    with pytest.raises(CleaningError) as error:
        clean_survey(raw, BOOK, corrections=listed)
    assert codes(error.value) == ["CR-D44", "CR-D44"]
    told(error.value, "CR-D44", "corrections.csv", "“三四十”", "“abc”", str(raw.row_ids[0]))


def test_a_kind_or_a_date_that_is_none(raw, tmp_path):
    lines = [{**correction(2, "age", "20", "21"), "date": "昨天"}, {**correction(3, "age", "300", "30"), "kind": "surveyy"}, correction(2, "age", "20", "22", kind="tickets")]
    path = write_csv(tmp_path / "更正.csv", list(lines[0]), [list(line.values()) for line in lines])
    with pytest.raises(CleaningError) as error:
        clean_survey(raw, BOOK, corrections=path)
    assert [(f.code, f.values["row"]) for f in error.value.failures] == [("CR-D42", 3), ("CR-D43", 2)]
    told(error.value, "CR-D42", "更正.csv", "surveyy", "survey, tickets")
    told(error.value, "CR-D43", "昨天")
    with pytest.raises(CleaningError) as error:
        clean_survey(raw, BOOK, corrections=corrections(correction(3, "q2", "有时", "是"), *lines[:2]))
    assert codes(error.value) == ["CR-D42", "CR-D43"]


def test_several_files_are_corrected_each_by_its_own_lines(tmp_path):
    files = [read_survey(write_csv(tmp_path / f"{n}.csv", ["id", "q"], [[n, "1"], [f"{n}x", "2"]])) for n in "ab"]
    book = codebook({"name": "id", "type": "text"}, {"name": "q", "type": "number"})
    listed = corrections(correction(2, "q", "1", "5", file="a.csv"), correction(str(files[1].row_ids[1]), "q", "2", "7"))
    table = clean_survey(files, book, corrections=listed)
    assert values(table.frame["q"]) == [5, 2, 1, 7]
    with pytest.raises(CleaningError) as error:
        clean_survey(files, book, corrections=corrections(correction(2, "q", "1", "5")))
    assert codes(error.value) == ["CR-D31"]


@pytest.mark.parametrize("key", [None, KEY])
def test_the_log_does_not_say_which_name_was_corrected(tmp_path, key):
    raw = read_survey(write_csv(tmp_path / "s.csv", ["id", "姓名", "电话"], [["a", "王小名", "13800000001"], ["b", "李建国", "13800000002"]]))
    book = codebook({"name": "id", "type": "text"}, {"name": "who", "type": "text", "source": "姓名", "identifier": "name"}, {"name": "phone", "type": "text", "source": "电话"})
    listed = corrections(correction(2, "who", "王小名", "王小明"), correction(3, "电话", "13800000002", "13800000003"), correction(2, "id", "a", "c"))
    table = clean_survey(raw, book, corrections=listed, pseudonym_key=key)
    lines = table.log[table.log["rule"] == "correction"]
    assert lines[["old", "new"]].to_numpy().tolist() == [["〔姓名〕", "〔姓名〕"], ["〔手机号〕", "〔手机号〕"], ["a", "c"]]
    assert "王小明" in table.known


def test_what_people_write_about_a_correction_is_no_place_for_identifiers(raw):
    table = clean_survey(raw, BOOK, corrections=corrections(correction(3, "q2", "有时", "是", reason="本人来电核对")))
    assert table.log.loc[table.log["rule"] == "correction", "reason"].tolist() == ["本人来电核对 (数据员, 2026-09-30)"]


def test_rows_of_a_table_made_in_python_are_counted_from_one(raw):
    listed = pd.DataFrame([correction(3, "q2", "没有", "是"), correction(4, "q2", "没有", "是")], columns=list(COLUMNS))
    with pytest.raises(CleaningError) as error:
        clean_survey(raw, BOOK, corrections=listed)
    assert [f.values["row"] for f in error.value.failures] == [1, 2]
