"""The codebook: what a row may say, what is wrong with it and where, and the files that people open."""

import io

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from commresearch.cleaning.codebook import Codebook, read_codebook
from commresearch.cleaning.codebook_file import (
    codebook_xlsx,
    dictionary_markdown,
    dictionary_rows,
    dictionary_xlsx,
    explained_columns,
)
from commresearch.cleaning.variable import ABSENT, COLUMNS, NEEDED, plain_number
from commresearch.errors import SchemaError, SourceError
from commresearch.terms import Identifier, Language, MissingKind, Role, VariableType
from commresearch.words import entries
from tests.spec.conftest import codebook, write_csv, write_xlsx
from tests.unit.survey_cases import codes, told

FULL = {
    "name": "topics", "type": "multiple", "source": "3、您关心哪些事", "source_code": "第3题(停车)\n第3题(其他)\n第3题(不清楚)", "source_other": "3、其他说明",
    "question_zh": "您关心哪些事", "question_en": "What matters to you", "values": "1=停车\n2=其他\n9=不清楚", "labels_en": "1=Parking\n2=Other",
    "open": "2", "missing": "dont_know=9\nskipped=(跳过)\nskipped=-3", "asked_if": "consent = 1", "matrix": "m1", "scale": "s1", "key": "-1", "quasi": "yes", "note": "注",
}
CONSENT = {"name": "consent", "type": "single", "values": "1=同意\n2=不同意"}
AGE = {"name": "age", "type": "number", "unit": "岁", "min": "14", "max": "99.5"}


def refused(*rows: dict[str, str]) -> SchemaError:
    with pytest.raises(SchemaError) as error:
        codebook(*rows)
    return error.value


def test_a_row_says_what_a_variable_is_and_is_written_as_it_was_read():
    book = codebook(CONSENT, FULL, AGE)
    topics = book["topics"]
    assert (topics.type, topics.role, topics.identifier, topics.key, topics.quasi) == (VariableType.MULTIPLE, None, None, -1, True)
    assert topics.answers == {"1": "停车", "2": "其他"}
    assert topics.markers == {"9": MissingKind.DONT_KNOW, "不清楚": MissingKind.DONT_KNOW, "(跳过)": MissingKind.SKIPPED, "-3": MissingKind.SKIPPED}
    assert (topics.columns, topics.other) == (["topics__1", "topics__2"], "topics_other")
    assert topics.source_code == ("第3题(停车)", "第3题(其他)", "第3题(不清楚)")
    assert topics.to_row() == dict.fromkeys(COLUMNS, "") | FULL
    assert (book["age"].low, book["age"].high, book["age"].columns, book["age"].other) == (14, 99.5, ["age"], "")
    again = Codebook.from_frame(book.to_frame(), name="again")
    assert again.variables == book.variables
    assert again.content_hash == book.content_hash


def test_signs_may_be_written_in_full_width():
    book = codebook({"name": "q", "type": "single", "values": "1＝是\n2=否＝不是", "missing": "dont_know＝9\nskipped=（跳过）"}, {**AGE, "asked_if": "q＝1"})
    assert book["q"].values == {"1": "是", "2": "否＝不是"}
    assert book["q"].missing == {MissingKind.DONT_KNOW: ("9",), MissingKind.SKIPPED: ("（跳过）",)}
    assert str(book["age"].asked_if) == "q = 1"


def test_columns_of_a_ranking_and_languages_of_questions_and_labels():
    rank = {"name": "r", "type": "ranking", "source": "4、排序", "values": "1=甲\n2=乙\n3=不知道", "missing": "dont_know=3", "question_en": "Rank"}
    book = codebook(CONSENT, {**FULL, "asked_if": ""}, rank)
    assert book["r"].columns == ["r__rank_1", "r__rank_2"]
    assert [book["topics"].label(v, "en") for v in ("1", "9", "77")] == ["Parking", "不清楚", "77"]
    assert book["topics"].label("1", "zh") == "停车"
    assert [book[n].question(x) for n, x in (("topics", "zh"), ("topics", "en"), ("r", "zh"), ("consent", "en"))] == ["您关心哪些事", "What matters to you", "Rank", "consent"]


def test_what_a_codebook_is_asked_for():
    book = codebook({"name": "id", "type": "text", "role": "key"}, {"name": "a", "type": "single", "values": "1=x", "matrix": "m", "scale": "s"},
                    {"name": "b", "type": "single", "values": "1=x", "matrix": "m"})
    assert [v.name for v in book] == ["id", "a", "b"]
    assert "a" in book
    assert "c" not in book
    with pytest.raises(KeyError):
        book["c"]
    assert book.role(Role.KEY) is book["id"]
    assert book.role(Role.PERSON) is None
    assert {n: [v.name for v in g] for n, g in book.matrices().items()} == {"m": ["a", "b"]}
    assert {n: [v.name for v in g] for n, g in book.scales().items()} == {"s": ["a"]}
    assert codebook(CONSENT).content_hash != codebook({**CONSENT, "note": "x"}).content_hash


@pytest.mark.parametrize(("number", "written"), [(3.0, "3"), (-2.5, "-2.5"), (123456789.0, "123456789"), (1e-5, "0.00001"), (1e20, "1" + "0" * 20), (0.1, "0.1")])
def test_numbers_are_written_with_all_their_digits(number, written):
    assert plain_number(number) == written
    assert float(written) == number
    limited = codebook({**AGE, "min": "", "max": written}) if "." not in written or number > 0 else codebook({**AGE, "min": written, "max": ""})
    assert Codebook.from_frame(limited.to_frame())["age"] == limited["age"]


def test_wrong_columns_are_named_before_anything_else():
    frame = pd.DataFrame([["x", "1", "2", "3"]], columns=["name", "naem", "unit", "unit"])
    with pytest.raises(SchemaError) as error:
        Codebook.from_frame(frame, name="本.xlsx")
    zh, en = told(error.value, "CR-K01", "本.xlsx", "type, source", "naem, unit", *COLUMNS)
    assert "缺少：type, source" in zh
    assert "Missing: type, source" in en
    with pytest.raises(SchemaError) as error:
        Codebook.from_frame(pd.DataFrame(columns=[*NEEDED, "typ"]))
    assert "Missing: —" in told(error.value, "CR-K01")[1]


@pytest.mark.parametrize(
    ("cells", "column", "got", "allowed"),
    [
        ({"type": "choice"}, "type", "choice", "single, multiple, ranking, number, date, duration, text"), ({"type": ""}, "type", "", "single"),
        ({"role": "community leader"}, "role", "community leader", "community"), ({"identifier": "phone"}, "identifier", "phone", "mobile"),
        ({"missing": "refusal=9"}, "missing", "refusal=9", "refused"),
    ],
)
def test_words_outside_a_vocabulary(cells, column, got, allowed):
    error = refused({"name": "q1", "type": "text", **cells})
    assert codes(error) == ["CR-K02"]
    zh, en = told(error, "CR-K02", "codebook", column, allowed)
    assert f"第2行，列 {column}：得到“{got}”" in zh
    assert f"row 2, column {column}: got “{got}”" in en


@pytest.mark.parametrize(
    ("cells", "column", "rule"),
    [
        ({"name": "Q1"}, "name", "variable_name"), ({"name": "q__1"}, "name", "variable_name"), ({"source": " "}, "source", "text"), ({"key": "2"}, "key", "key"),
        ({"quasi": "是"}, "quasi", "yes"), ({"type": "single"}, "values", "values_for_choices"), ({"values": "1=是"}, "values", "values_for_choices"),
        ({"type": "single", "values": "1=是\n非=否"}, "values", "value"), ({"type": "single", "values": "1=是\n1=否"}, "values", "pair"),
        ({"type": "single", "values": "1=是\n2"}, "values", "pair"), ({"type": "single", "values": "1=是\n2=是"}, "values", "label_once"),
        ({"type": "single", "values": "1=是", "open": "2"}, "open", "known_value"), ({"type": "single", "values": "1=是", "labels_en": "2=No"}, "labels_en", "known_value"),
        ({"type": "number", "min": "十"}, "min", "number"), ({"type": "number", "min": "5", "max": "4"}, "min", "min_max"),
        ({"source_other": "其他"}, "source_other", "other_of_choice"), ({"role": "submitted"}, "role", "role_type"),
        ({"missing": "skipped="}, "missing", "kind_pair"), ({"missing": "skipped=-3\nblank=-3"}, "missing", "kind_pair"),
        ({"missing": "blank"}, "missing", "kind_pair"),
    ],
)
def test_cells_that_break_a_rule(cells, column, rule):
    error = refused({"name": "q1", "type": "text", **cells})
    assert codes(error) == ["CR-K03"]
    zh, en = told(error, "CR-K03", "codebook", column)
    assert f"第2行，列 {column}" in zh
    assert f"row 2, column {column}" in en
    said = entries("errors")[f"rule_{rule}"]
    assert said["zh"] in zh
    assert said["en"] in en


def test_a_condition_that_cannot_be_read():
    error = refused(CONSENT, {**AGE, "asked_if": "consent == 1"}, {"name": "q2", "type": "text", "asked_if": "consent = 1 and consent = 2 or age > 3"})
    assert codes(error) == ["CR-K04", "CR-K04"]
    zh, en = told(error, "CR-K04", "“consent == 1”", "q3 has 2", "= != < <= > >=")
    assert "第3行" in zh
    assert "row 4" in en


def test_a_codebook_without_a_variable():
    for frame in (pd.DataFrame(columns=list(NEEDED)), pd.DataFrame([["", " ", ""]], columns=list(NEEDED))):
        with pytest.raises(SchemaError) as error:
            Codebook.from_frame(frame, name="空.csv")
        assert codes(error.value) == ["CR-K05"]
        told(error.value, "CR-K05", "空.csv")


def test_names_sources_and_roles_stand_once():
    error = refused(
        {"name": "a", "type": "text", "role": "key"}, {"name": "a", "type": "text", "source": "b"}, {"name": "c", "type": "text", "source": "b", "role": "key"},
        {"name": "d", "type": "multiple", "values": "1=x", "open": "1"}, {"name": "d_other", "type": "text"},
    )
    assert [(f.values["row"], f.values["column"], f.values["got"]) for f in error.failures] == [(3, "name", "a"), (4, "source", "b"), (4, "role", "key"), (6, "name", "d_other")]
    zh, en = told(error, "CR-K06", "d_other")
    assert "codebook 第3行，列 name：“a”" in zh
    assert "codebook, row 4, column role: “key”" in en


def test_rows_with_a_fault_still_take_part_in_what_ties_rows_together():
    error = refused(
        {"name": "a", "type": "txt", "source": "x", "role": "key"}, {"name": "a", "type": "single", "source": "x", "values": "1=y", "role": "key"},
        {"name": "b", "type": "number", "source": "b", "min": "十", "asked_if": "nowhere = 1"}, {"name": "m", "type": "multiple", "source": "m"},
        {"name": "c", "type": "text", "source": "c", "asked_if": "b > 3 and m has 1 and m__1 = 0"}, {"name": "d", "type": "number", "source": "d", "asked_if": "a <= b"},
        {"name": "e", "type": "text", "source": "e", "role": "boss"}, {"name": "f", "type": "text", "source": "f", "role": "boss", "asked_if": "1"},
    )
    assert sorted((f.code, f.values["row"], f.values.get("column", "")) for f in error.failures) == [
        ("CR-K02", 2, "type"), ("CR-K02", 8, "role"), ("CR-K02", 9, "role"), ("CR-K03", 4, "min"), ("CR-K03", 5, "values"), ("CR-K04", 9, ""),
        ("CR-K06", 3, "name"), ("CR-K06", 3, "role"), ("CR-K06", 3, "source"), ("CR-K07", 4, ""),
    ]


def test_a_question_cannot_depend_on_itself():
    error = refused({**CONSENT, "asked_if": "consent = 1"}, {**FULL, "asked_if": "topics__1 = 1"}, {**AGE, "min": "x", "asked_if": "age > 3"})
    assert [(f.code, f.values["row"]) for f in error.failures if f.code != "CR-K03"] == [("CR-K14", 2), ("CR-K14", 3), ("CR-K14", 4)]
    assert "以这一题自己为条件" in told(error, "CR-K14", "consent = 1")[0]


def test_several_strata_clusters_and_persons_and_several_that_a_file_does_not_carry():
    book = codebook({"name": "a", "type": "text", "role": "stratum", "source": ABSENT, "source_code": "x"},
                    {"name": "b", "type": "text", "role": "stratum", "source": ABSENT, "source_code": "y"})
    assert [v.source for v in book] == [ABSENT, ABSENT]


def test_every_fault_of_a_codebook_is_told_at_once_with_the_row_of_the_spreadsheet(tmp_path):
    rows = [["q1", "txt", "q1", "", ""], ["", "", "", "", ""], ["q2", "number", "q2", "9", "1"], ["q3", "text", "q3", "", ""], ["q3", "text", "q4", "", ""]]
    for path in (write_csv(tmp_path / "本.csv", ["name", "type", "source", "min", "max"], rows), write_xlsx(tmp_path / "本.xlsx", ["name", "type", "source", "min", "max"], rows)):
        with pytest.raises(SchemaError) as error:
            read_codebook(path)
        assert [(f.code, f.values["file"], f.values["row"]) for f in error.value.failures] == [("CR-K02", path.name, 2), ("CR-K03", path.name, 4), ("CR-K06", path.name, 6)]


def test_files_that_are_no_codebook(tmp_path):
    with pytest.raises(SourceError) as error:
        read_codebook(tmp_path / "无.xlsx")
    told(error.value, "CR-S01", "无.xlsx")


@pytest.mark.parametrize("language", list(Language))
def test_the_workbook_that_people_edit_reads_back_and_explains_itself(tmp_path, language):
    book = codebook({"name": "id", "type": "text", "role": "key", "identifier": "name"}, CONSENT, FULL, {**AGE, "note": "=1+1"})
    data = codebook_xlsx(book, language)
    assert data == codebook_xlsx(book, language)
    path = tmp_path / "codebook.xlsx"
    path.write_bytes(data)
    again = read_codebook(path)
    assert again.variables == book.variables
    assert again.name == "codebook.xlsx"
    assert again["id"].identifier is Identifier.NAME
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(data))
    help_sheet = sheets.get_sheet_by_index(1).to_python()
    explained = {row[0] for row in help_sheet}
    assert explained >= {*COLUMNS, *(f"type: {t}" for t in VariableType), *(f"missing: {k}" for k in MissingKind), *(f"role: {r}" for r in Role)}
    assert all(row[1] for row in help_sheet)
    assert set(explained_columns()) == set(COLUMNS)


def test_the_dictionary_in_words():
    book = codebook(CONSENT, {**FULL, "note": "甲|乙"}, AGE, {"name": "fee", "type": "number", "unit": "元", "min": "0"}, {"name": "top", "type": "number", "max": "5"},
                    {"name": "n", "type": "number", "unit": "次"}, {"name": "t", "type": "text", "question_zh": "第一行\n第二行"})
    rows = {row[0]: row for row in dictionary_rows(book, Language.ZH)}
    assert rows["变量"] == ["变量", "题目", "类型", "取值", "缺失", "询问条件", "备注"]
    assert rows["topics"][3:6] == ["1 = 停车; 2 = 其他", "9 = 不清楚; (跳过), -3 = 按跳转未问", "consent = 1"]
    assert [rows[n][3] for n in ("age", "fee", "top", "n", "t")] == ["14–99.5 岁", "0– 元", "5", "次", ""]
    english = {row[0]: row for row in dictionary_rows(book, Language.EN)}
    assert english["topics"][1:4] == ["What matters to you", "multiple choice", "1 = Parking; 2 = Other"]
    markdown = dictionary_markdown(book, Language.ZH)
    assert markdown.startswith("# 数据字典\n\n| 变量 |")
    assert "甲\\|乙" in markdown
    assert "第一行 第二行" in markdown
    assert len({line.replace("\\|", "").count("|") for line in markdown.splitlines()[2:]}) == 1
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(dictionary_xlsx(book, Language.EN))).get_sheet_by_index(0).to_python()
    assert sheet == dictionary_rows(book, Language.EN)
