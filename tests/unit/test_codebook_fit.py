"""Whether a codebook fits a file, and what changed between the codebooks of two waves."""

import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning import clean_survey, draft_codebook
from commresearch.cleaning.fit import compare_codebooks, find_variables, place_variables, plain_header, require_same_meaning, wanted_headers
from commresearch.errors import CommResearchError, SchemaError
from commresearch.sources import RawTable, read_survey
from commresearch.terms import Export, Platform
from tests.spec.conftest import codebook, write_csv, write_xlsx
from tests.unit.survey_cases import codes, told

ID = {"name": "id", "type": "text"}
MANY = {"name": "q3", "type": "multiple", "source": "3、服务", "source_code": "第3题(停车)\n第3题(养老)", "values": "1=停车\n2=养老"}


def raw(tmp_path, *headers, **facts) -> RawTable:
    """A table with these headers, said to be of a platform and an export."""
    table = read_survey(write_csv(tmp_path / "表.csv", headers, [[f"{i}x" for i in range(len(headers))]]))
    return RawTable(frame=table.frame, path=table.path, sha256=table.sha256, **{"sheet": "甲", "platform": Platform.PLAIN, "lost_digits": table.lost_digits, **facts})


def places(book, table):
    return {p.variable.name: (*p.columns, *([f"+{p.other}"] if p.other else [])) for p in place_variables(book, table)}


def test_headers_are_found_as_they_are_and_in_other_width_spacing_and_numbering(tmp_path):
    book = codebook(ID, {"name": "a", "type": "text", "source": "1、您的 性别（必填）"}, {"name": "b", "type": "text", "source": "２.Age"})
    assert places(book, raw(tmp_path, "id", "1.您的性别(必填)", "2：Age ")) == {"id": ("id",), "a": ("1.您的性别(必填)",), "b": ("2：Age",)}
    assert [plain_header(h) for h in ("1、甲", "1.甲", "1：甲", "１． 甲")] == ["1、甲"] * 4
    assert plain_header("甲1、") == "甲1、"


def test_an_exact_header_goes_before_one_that_only_looks_like_it(tmp_path):
    book = codebook(ID, {"name": "a", "type": "text", "source": "年 龄"}, {"name": "b", "type": "text", "source": "年龄"})
    assert places(book, raw(tmp_path, "id", "年龄", "年 龄")) == {"id": ("id",), "a": ("年 龄",), "b": ("年龄",)}


def test_each_export_is_read_by_its_own_headers(tmp_path):
    book = codebook(ID, MANY, {"name": "t", "type": "text", "source": "5、意见", "source_code": "-"}, {"name": "u", "type": "text", "source": "-", "source_code": "第6题"})
    text = raw(tmp_path, "id", "3、服务", "5、意见", export=Export.TEXT)
    assert places(book, text) == {"id": ("id",), "q3": ("3、服务",), "t": ("5、意见",), "u": ()}
    code = raw(tmp_path, "id", "第3题(停车)", "第3题(养老)", "第6题", export=Export.CODE)
    assert places(book, code) == {"id": ("id",), "q3": ("第3题(停车)", "第3题(养老)"), "t": (), "u": ("第6题",)}
    assert wanted_headers(book["q3"], Export.UNKNOWN) == ("3、服务",)
    assert wanted_headers(book["id"], Export.CODE) == ("id",)


def test_columns_per_option_are_taken_wherever_all_of_them_are_there(tmp_path):
    table = raw(tmp_path, "id", "3、服务", "第3题(停车)", "第3题(养老)")
    assert places(codebook(ID, MANY), table)["q3"] == ("第3题(停车)", "第3题(养老)")
    assert places(codebook(ID, MANY), raw(tmp_path, "id", "3、服务", "第3题(停车)"))["q3"] == ("3、服务",)


def test_text_beside_an_option_may_stand_in_a_column_of_its_own(tmp_path):
    book = codebook(ID, {"name": "q", "type": "single", "values": "1=是\n2=其他", "open": "2", "source_other": "其他（说明）"})
    assert places(book, raw(tmp_path, "id", "q", "其他(说明)")) == {"id": ("id",), "q": ("q", "+其他(说明)")}
    assert places(book, raw(tmp_path, "id", "q")) == {"id": ("id",), "q": ("q",)}


def test_questions_in_groups_of_a_form(tmp_path):
    book = codebook(ID, {"name": "sex", "type": "text"}, {"name": "many", "type": "text"})
    table = raw(tmp_path, "id", "about/sex", "many", "many/a", platform=Platform.KOBO)
    assert places(book, table) == {"id": ("id",), "sex": ("about/sex",), "many": ("many",)}
    with pytest.raises(SchemaError):
        place_variables(codebook(ID, {"name": "a", "type": "text"}), table)
    with pytest.raises(SchemaError):
        place_variables(book, raw(tmp_path, "id", "about/sex", "many"))


def test_headers_that_are_not_there_are_all_named_with_the_nearest(tmp_path):
    book = codebook(ID, {"name": "a", "type": "text", "source": "1、您的性别"}, {"name": "b", "type": "text", "source": "完全不同"}, MANY)
    with pytest.raises(SchemaError) as error:
        place_variables(book, raw(tmp_path, "id", "1、你的性别", "第3题(停车)", export=Export.CODE))
    assert codes(error.value) == ["CR-K08"] * 3
    zh, en = told(error.value, "CR-K08", "表.csv", "甲", "“1、您的性别”", "“1、你的性别”", "“完全不同”", "“第3题(养老)”", "“第3题(停车)”")
    assert "变量 a 的表头“1、您的性别”" in zh
    assert "header “1、您的性别” of variable a" in en


def test_a_variable_of_which_a_column_is_missing_has_none_and_the_others_keep_theirs(tmp_path):
    placed, failures = find_variables(codebook(ID, MANY), raw(tmp_path, "id", "第3题(停车)", export=Export.CODE, sheet=""))
    assert [(p.variable.name, p.columns) for p in placed] == [("id", ("id",)), ("q3", ())]
    zh, en = told(SchemaError(*failures), "CR-K08", "表.csv")
    assert zh.startswith("[CR-K08] 表.csv：找不到变量 q3")
    assert en.startswith("[CR-K08] 表.csv: header")


def test_a_column_that_lost_digits_is_refused_by_its_header_in_any_form(tmp_path):
    table = read_survey(write_xlsx(tmp_path / "s.xlsx", ["id", "2.银行卡 号", "q"], [["a", 6222021234567890123, 1], ["b", 6222021234567890456, 2]]))
    assert table.lost_digits == ("2.银行卡 号",)
    for header in ("2.银行卡 号", "２、银行卡号"):
        with pytest.raises(SchemaError) as error:
            place_variables(codebook(ID, {"name": "card", "type": "text", "source": header}), table)
        assert codes(error.value) == ["CR-K09"]
        zh, _ = told(error.value, "CR-K09", "s.xlsx", "Sheet1", "card", header)
        assert "16位" in zh


ITEM = {"name": "q1", "type": "single", "question_zh": "满意吗", "values": "1=好\n2=差", "unit": "", "scale": "s", "key": "1"}


def test_what_differs_between_two_codebooks():
    old = codebook(ID, ITEM, {"name": "gone", "type": "text"})
    new = codebook(ID, {**ITEM, "question_zh": "满意么", "values": "1=好\n2=坏\n3=中", "key": "-1"}, {"name": "added", "type": "number"})
    assert [tuple(row) for row in compare_codebooks(old, new).itertuples(index=False)] == [
        ("gone", "name", "gone", ""), ("added", "name", "", "added"), ("q1", "question_zh", "满意吗", "满意么"), ("q1", "values", "2=差", "2=坏"), ("q1", "values", "3=—", "3=中"),
        ("q1", "key", "1", "-1"),
    ]
    same = compare_codebooks(old, old)
    assert same.empty
    assert list(same) == ["variable", "column", "old", "new"]


@pytest.mark.parametrize(
    ("change", "column", "before", "after"),
    [
        ({"values": "1=好\n2=很差"}, "values", "2=差", "2=很差"), ({"values": "1=好\n2=差\n9=不清楚"}, "values", "9=—", "9=不清楚"), ({"missing": "refused=2"}, "missing", "", "refused=2"),
        ({"key": "-1"}, "key", "1", "-1"), ({"scale": "t"}, "scale", "s", "t"), ({"matrix": "m"}, "matrix", "", "m"), ({"type": "text", "values": ""}, "type", "single", "text"),
        ({"asked_if": "id = x"}, "asked_if", "", "id = x"),
    ],
)
def test_the_same_name_with_another_meaning_stops(change, column, before, after):
    with pytest.raises(SchemaError) as error:
        require_same_meaning({"2025a": codebook(ID, ITEM), "2026a": codebook(ID, {**ITEM, **change})})
    assert set(codes(error.value)) == {"CR-K10"}
    zh, en = told(error.value, "CR-K10", "q1", column, before, after, "2025a", "2026a")
    assert f"列 {column}：“{before}”变为“{after}”" in zh
    assert f"column {column}: “{before}” became “{after}”" in en


def test_units_differ_too_and_other_words_of_the_question_do_not():
    number = {"name": "n", "type": "number", "unit": "元"}
    with pytest.raises(SchemaError) as error:
        require_same_meaning({"a": codebook(number), "b": codebook({**number, "unit": "万元"})})
    told(error.value, "CR-K10", "n", "unit", "元", "万元")
    require_same_meaning({"a": codebook(ID, ITEM), "b": codebook(ITEM, {**ID, "note": "x"}), "c": codebook({**ITEM, "question_zh": "满意么", "labels_en": "1=Good"})})
    require_same_meaning({"a": codebook(ITEM), "b": codebook(ID)})
    require_same_meaning({})


def test_a_wave_that_left_the_question_out_hides_no_change():
    waves = {"1": codebook(ID, ITEM), "2": codebook(ID), "3": codebook(ID, {**ITEM, "values": "1=差\n2=好"})}
    with pytest.raises(SchemaError) as error:
        require_same_meaning(waves)
    assert [(f.values["before"], f.values["after"], f.values["old"]) for f in error.value.failures] == [("1", "3", "1=好"), ("1", "3", "2=差")]


def test_a_placement_keeps_the_order_of_the_codebook(tmp_path):
    names = [f"v{i}" for i in np.random.default_rng(3).permutation(12)]
    book = codebook(*({"name": n, "type": "text"} for n in names))
    assert list(places(book, raw(tmp_path, *sorted(names)))) == names
    assert isinstance(compare_codebooks(book, book), pd.DataFrame)


HELD = "1、是否接受回访（联系人王主任15412345678）"


def refused(path, book, *, sheet=None, **more):
    with pytest.raises(CommResearchError) as error:
        clean_survey(read_survey(path, sheet=sheet), book, **more)
    return error.value


@pytest.mark.parametrize("is_drafted", [True, False])
def test_an_identifier_in_a_header_is_told_by_its_column_and_masked(tmp_path, is_drafted):
    path = write_xlsx(tmp_path / "a.xlsx", ["序号", "提交答卷时间", HELD], [[i, f"2026/9/1 9:0{i}:00", "是否"[i % 2]] for i in range(1, 9)])
    by_hand = codebook({"name": "id", "type": "text", "source": "序号"}, {"name": "q", "type": "single", "source": HELD, "values": "1=是\n2=否"})
    error = refused(path, draft_codebook(read_survey(path)) if is_drafted else by_hand)
    assert codes(error) == ["CR-P12"]
    zh, en = told(error, "CR-P12", "a.xlsx", "1、是否接受回访（联系人〔姓名〕〔手机号〕）", "case.toml")
    assert "C列的表头" in zh
    assert "the header of column C" in en
    assert "15412345678" not in zh + en


def test_a_header_with_the_name_of_somebody_in_the_file_or_of_a_column_that_is_not_used_is_told_too(tmp_path):
    rows = [["王建国", "好", "1"], ["李敏华", "坏", "2"]]
    path = write_csv(tmp_path / "a.csv", ["姓名", "网格员王建国的服务", "备注15412345678"], rows)
    error = refused(path, codebook({"name": "n", "type": "text", "source": "姓名"}, {"name": "q", "type": "text", "source": "网格员王建国的服务"}))
    assert [f.values["got"] for f in error.failures] == ["网格员〔姓名〕的服务", "备注〔手机号〕"]


def test_identifiers_in_the_names_of_sheet_and_file_and_in_the_codebook_are_told(tmp_path):
    header, rows = ["id", "q"], [["a", "x"], ["b", "y"]]
    file, plain = write_csv(tmp_path / "王15412345678.csv", header, rows), write_csv(tmp_path / "b.csv", header, rows)
    workbook = tmp_path / "c.xlsx"
    pd.DataFrame(rows, columns=header).to_excel(workbook, sheet_name="王15412345678", index=False)
    book = codebook({"name": "id", "type": "text"}, {"name": "q", "type": "text"})
    for path, zh, en in ((file, "文件名", "the name of the file"), (workbook, "工作表名", "the name of the sheet")):
        said = told(refused(path, book), "CR-P12", "王〔手机号〕")
        assert zh in said[0]
        assert en in said[1]
        assert not any("15412345678" in text for text in said)
    noted = codebook({"name": "id", "type": "text"}, {"name": "q", "type": "text", "question_zh": "找谁（15412345678）"})
    error = refused(plain, noted)
    assert codes(error) == ["CR-P13"]
    told(error, "CR-P13", "q", "question_zh", "找谁（〔手机号〕）")


@pytest.mark.parametrize("header", ["您打过0631-12345热线吗", "咨询电话0631-5212345", "3号楼的卫生", "1、您的手机号（仅用于回访）", "满意度（2025年）", "居民代表：您认识吗", "联系人：方便时填"])
def test_other_headers_are_no_fault(tmp_path, header):
    path = write_csv(tmp_path / "2025-09-01.csv", ["id", header], [["a", "x"], ["b", "y"]])
    clean_survey(read_survey(path), codebook({"name": "id", "type": "text"}, {"name": "q", "type": "text", "source": header}))
