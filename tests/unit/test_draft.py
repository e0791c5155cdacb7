"""A first codebook from what the files show: types, values, kinds of missing, identifiers."""

from dataclasses import replace

import pandas as pd
import pyreadstat
import pytest

from commresearch.cleaning import Codebook, clean_survey, draft_codebook
from commresearch.cleaning.fit import misread_numbers
from commresearch.errors import SchemaError
from commresearch.sources import read_survey, read_survey_pair
from commresearch.terms import Identifier, MissingKind, Role, VariableType
from tests.spec.conftest import write_csv

SHEET = ["序号", "提交答卷时间", "所用时间"]
MARKS = {MissingKind.SKIPPED: ("(跳过)", "-3"), MissingKind.BLANK: ("(空)", "-2")}
TEXT_HEADER = ["1、性别", "2、选哪些", "3、满意—环境", "3、满意—物业", "4、其他说明", "5、排序"]
TEXT_ROWS = [
    ["男", "停车┋其他〖充电┋电梯〗", "满意", "一般", "很好", "甲→乙"], ["女", "养老", "不清楚", "满意", "(空)", "乙→甲→丙"], ["男", "(跳过)", "满意", "满意", "还行", "丙→甲"],
    ["女", "停车", "满意", "满意", "可以", "甲"], ["女", "养老┋停车", "满意", "满意", "谢谢", "甲→丙"], ["男", "养老", "满意", "满意", "好", "乙→甲"],
]
CODE_HEADER = ["1、性别", "第2题(停车)", "第2题(养老)", "第2题(其他)", "第3题(环境)", "第3题(物业)", "4、其他说明", "第5题(甲)", "第5题(乙)", "第5题(丙)"]
CODE_ROWS = [
    [1, 1, 0, 1, 2, 3, "很好", 1, 2, -2], [2, 0, 1, 0, 9, 2, -2, 2, 1, 3], [1, -3, -3, -3, 2, 2, "还行", 2, -2, 1], [2, 1, 0, 0, 2, 2, "可以", 1, -2, -2],
    [2, 1, 1, 0, 2, 2, "谢谢", 1, -2, 2], [1, 0, 1, 0, 2, 2, "好", 2, 1, -2],
]


def sheets(rows):
    return [[i, f"2026/9/1 9:0{i}:00", "90秒", *row] for i, row in enumerate(rows, 1)]


@pytest.fixture
def exports(tmp_path):
    """Files with option texts and option numbers of one survey; rows may be changed."""

    def write(text_rows=TEXT_ROWS, code_rows=CODE_ROWS, text_header=TEXT_HEADER, code_header=CODE_HEADER):
        text = write_csv(tmp_path / "text.csv", SHEET + text_header, sheets(text_rows))
        code = write_csv(tmp_path / "code.csv", SHEET + code_header, sheets(code_rows))
        return text, code

    return write


def reads_back(book: Codebook) -> bool:
    return Codebook.from_frame(book.to_frame()).variables == book.variables


def drafted(tmp_path, header, rows):
    path = write_csv(tmp_path / "表.csv", header, rows)
    return draft_codebook(read_survey(path))


def test_two_exports_give_values_labels_and_headers(exports):
    book = draft_codebook(*read_survey_pair(*exports()))
    assert [(v.name, v.type.value, v.role) for v in book][:3] == [("answer_id", "text", Role.KEY), ("submitted", "date", Role.SUBMITTED), ("duration", "duration", Role.DURATION)]
    assert (book["q1"].values, book["q1"].missing, book["q1"].note, book["q1"].source_code) == ({"1": "男", "2": "女"}, MARKS, "", ())
    many = book["q2"]
    assert (many.type, many.values, many.open, many.source) == (VariableType.MULTIPLE, {"1": "停车", "2": "养老", "3": "其他"}, ("3",), "2、选哪些")
    assert many.source_code == ("第2题(停车)", "第2题(养老)", "第2题(其他)")
    area, estate = book["q3_1"], book["q3_2"]
    assert (area.matrix, estate.matrix, area.question_zh, estate.question_zh) == ("q3", "q3", "满意 — 环境", "满意 — 物业")
    assert (area.values, area.missing) == ({"2": "满意", "9": "不清楚"}, {**MARKS, MissingKind.DONT_KNOW: ("9",)})
    assert (area.source, area.source_code) == ("3、满意—环境", ("第3题(环境)",))
    assert book["q4"].type is VariableType.TEXT
    assert (book["q5"].type, list(book["q5"].values.values())) == (VariableType.RANKING, ["甲", "乙", "丙"])
    assert reads_back(book)
    assert book.name == "text"


def test_a_drafted_codebook_reads_both_exports_alike(exports):
    text, code = read_survey_pair(*exports())
    book = draft_codebook(text, code)
    left, right = (clean_survey(raw, book) for raw in (text, code))
    shown = [c for c in left.frame if c != "q2_other"]
    assert left.frame[shown].reset_index(drop=True).equals(right.frame[shown].reset_index(drop=True))
    assert left.missing_kinds[shown].reset_index(drop=True).equals(right.missing_kinds[shown].reset_index(drop=True))


@pytest.mark.parametrize("options", [40, 6])
def test_texts_that_the_code_export_numbers_are_a_choice_however_many_or_few_chose_them(exports, options):
    """More options than a column of texts alone would be believed to have; or each of them chosen once."""
    labels = [f"东{place}社区" for place in "湖山河海江岭坡塘村庄街巷门桥亭台楼阁园林泉溪湾港岛洲滩沙石岩峰谷原野田地城镇乡里"[:options]]
    numbers = [row % options for row in range(4 * options if options > 6 else 6)]
    text = [[labels[i], *TEXT_ROWS[row % 6][1:]] for row, i in enumerate(numbers)]
    code = [[i + 1, *CODE_ROWS[row % 6][1:]] for row, i in enumerate(numbers)]
    raw, coded = read_survey_pair(*exports(text_rows=text, code_rows=code))
    book = draft_codebook(raw, coded)
    assert (book["q1"].type, book["q1"].values) == (VariableType.SINGLE, {str(i): label for i, label in enumerate(labels, 1)})
    assert clean_survey(raw, book).frame["q1"].reset_index(drop=True).equals(clean_survey(coded, book).frame["q1"].reset_index(drop=True))


def numbered_pair(exports, pairs):
    """Exports whose first question has these answers, text and code, over and over."""
    rows = [pairs[i % len(pairs)] for i in range(len(pairs) * 8)]
    text = [[label, *TEXT_ROWS[i % 6][1:]] for i, (label, _) in enumerate(rows)]
    code = [[value, *CODE_ROWS[i % 6][1:]] for i, (_, value) in enumerate(rows)]
    return read_survey_pair(*exports(text_rows=text, code_rows=code))


@pytest.mark.parametrize(("pairs", "options"), [
    ([("0", 1), ("1", 2), ("2", 3)], {"1": "0", "2": "1", "3": "2"}), ([("5", 1), ("4", 2), ("3", 3), ("2", 4), ("1", 5)], {"1": "5", "2": "4", "3": "3", "4": "2", "5": "1"}),
    ([(str(n), n + 1) for n in range(11)], {str(n + 1): str(n) for n in range(11)}), ([("0", 1), ("1", 2), ("(空)", -2), ("(跳过)", -3)], {"1": "0", "2": "1"}),
    ([("1", 1), ("2", 2), ("3", 3), ("5", 4)], {"1": "1", "2": "2", "3": "3", "4": "5"}), ([("2023年", 1), ("2024年", 2)], {"1": "2023年", "2": "2024年"}),
    ([("0个", 1), ("1个", 2), ("2个以上", 3)], {"1": "0个", "2": "1个", "3": "2个以上"}), ([("0.5", 1), ("1.5", 2)], {"1": "0.5", "2": "1.5"}), ([("0", 1), ("０.0", 1), ("1", 2)], {"1": "0", "2": "1"}),
], ids=["from_0", "backwards", "0_to_10", "blanks", "a_gap", "years", "units", "fractions", "forms"])  # fmt: skip
def test_numerals_that_the_code_export_numbers_otherwise_are_options(exports, pairs, options):
    raw, coded = numbered_pair(exports, pairs)
    book = draft_codebook(raw, coded)
    assert (book["q1"].type, book["q1"].values) == (VariableType.SINGLE, options)
    assert ("source_code" in book["q1"].note) == any(label.replace(".", "").isdigit() for label in options.values())
    left, right = (clean_survey(one, book).frame["q1"].reset_index(drop=True) for one in (raw, coded))
    assert left.equals(right)
    assert set(left.dropna()) == set(options)
    assert reads_back(book)


@pytest.mark.parametrize(("pairs", "told"), [
    ([("0", 0), ("1", 1), ("2", 2)], ""), ([("1", 1), ("2", 2), ("3.0", 3)], ""), ([("18", 18), ("35", 35), ("(空)", -2)], ""), ([("18", 18), ("35", 35), ("40", 41)], "40/41"),
    ([("0", 1), ("1", 2), ("2", 2)], "0/1, 1/2"), ([("1,200", "1200"), ("300", 300)], ""), ([("18", 18), ("35", -3)], "35/-3"), ([("18", 18), ("35", "")], "35/–"),
    ([("1人", 1), ("2人", 2), ("3人", 3)], ""), ([("100元", 100), ("200元", 200)], ""),
], ids=["from_0", "forms", "ages", "one_changed", "two_alike", "separators", "skipped", "blank", "persons", "money"])  # fmt: skip
def test_numbers_that_both_exports_have_stay_numbers_and_others_are_named(exports, pairs, told):
    raw, coded = numbered_pair(exports, pairs)
    variable = draft_codebook(raw, coded)["q1"]
    assert (variable.type, variable.values) == (VariableType.NUMBER, {})
    assert told in variable.note if told else variable.note == ""


@pytest.mark.parametrize(("base", "rewritten"), [([*range(18, 70, 3)], [("17", 95), ("16", 96)]), ([*range(1, 7)], [("11", 7)]), ([*range(1, 7)], [("11", 7), ("12", 8)])])
def test_answers_rewritten_between_the_exports_make_no_options_of_an_amount(exports, base, rewritten):
    answers = [(str(n), n) for n in base * 4] + rewritten
    text = [[label, *TEXT_ROWS[i % 6][1:]] for i, (label, _) in enumerate(answers)]
    code = [[value, *CODE_ROWS[i % 6][1:]] for i, (_, value) in enumerate(answers)]
    raw, coded = read_survey_pair(*exports(text_rows=text, code_rows=code))
    variable = draft_codebook(raw, coded)["q1"]
    assert variable.type is VariableType.NUMBER
    assert all(f"{label}/{value}" in variable.note for label, value in rewritten)
    assert [*misread_numbers(Codebook(variables=(replace(variable, missing={}),), name="book.csv"), raw, coded)] == []


PEOPLE = ["1人", "2人", "3人", "4人", "5人及以上"]


@pytest.mark.parametrize(("answers", "options"), [
    ([(label, code) for code, label in enumerate(PEOPLE[:4], 1)] * 10 + [(PEOPLE[4], 5)] * 3, PEOPLE), ([("1", 1), ("2", 2), ("3", 3)] * 10 + [("更多", 4)], ["1", "2", "3", "更多"]),
    ([("0个", 1), ("1个", 2), ("2个", 3)] * 10 + [("3个及以上", 4)], ["0个", "1个", "2个", "3个及以上"]), ([("1人", 1), ("2人", 2)] * 10 + [("三四个吧", "三四个吧")], None),
    ([(str(n), n) for n in range(18, 60)] + [("七十多岁的", 75)], None), ([("1人", 1), ("2人", 2)] * 10 + [("挺多的人", 2)], None), ([("1人", 1), ("2人", 2)] * 10 + [("挺多的人", "")], None),
], ids=["people", "bare", "from_0", "written", "ages", "not_unique", "blank"])  # fmt: skip
def test_a_word_that_the_code_export_numbers_among_numbers_makes_them_options(exports, answers, options):
    text = [[label, *TEXT_ROWS[i % 6][1:]] for i, (label, _) in enumerate(answers)]
    code = [[value, *CODE_ROWS[i % 6][1:]] for i, (_, value) in enumerate(answers)]
    raw, coded = read_survey_pair(*exports(text_rows=text, code_rows=code))
    book = draft_codebook(raw, coded)
    assert (book["q1"].type, [*book["q1"].values.values()]) == ((VariableType.NUMBER, []) if options is None else (VariableType.SINGLE, options))
    left, right = (clean_survey(one, book).frame["q1"].reset_index(drop=True) for one in (raw, coded))
    assert options is None or (left.notna().all() and left.equals(right))


@pytest.mark.parametrize(("counts", "is_choice"), [
    ({"1人": 20, "2人": 20, "3人": 20, "4人": 20, "5人及以上": 4}, True), ({"0次": 30, "1次": 30, "2次以上": 3}, True), ({"1": 20, "2": 20, "3": 20, "3以上": 5}, True),
    ({"1人": 20, "2人": 20, "3人": 20, "5人以上": 1}, False), ({f"{n}岁": 9 for n in range(20, 60)} | {"80岁以上": 5}, False), ({"1人": 20, "2人": 20, "共3人": 4}, False), ({"10元": 40, "20元": 40, "50元": 40, "500元以上": 3}, False),
], ids=["people", "times", "same", "once", "ages", "no_range", "amounts"])  # fmt: skip
def test_a_range_without_an_end_makes_numbers_the_options_of_a_choice(tmp_path, counts, is_choice):
    cells = [answer for answer, n in counts.items() for _ in range(n)]
    variable = drafted(tmp_path, ["id", "您家的情况"], [[f"x{i}", cell] for i, cell in enumerate(cells)])["q1"]
    assert (variable.type, sorted(variable.values.values())) == ((VariableType.SINGLE, sorted(counts)) if is_choice else (VariableType.NUMBER, []))


@pytest.mark.parametrize(("question", "options", "is_choice"), [
    ("您知道楼长和网格员是谁吗", ["全知道", "知道一个", "都不知道"], True), ("您是否查过网格员的姓名和电话", ["查过", "没查过"], True),
    ("您有事找的是谁", ["网格员", "张大妈", "左邻右舍", "亲戚"], True), ("您的楼长是谁", ["周桂花", "吴天明", "居委会"], False),
    ("有没有让您印象深刻的网格员？是谁", ["周桂花", "吴天明", "没有"], False), ("是否有热心邻居帮过您，是哪位", ["周桂花", "没有"], False),
    ("您认识楼长吗？他叫什么", ["周桂花", "吴天明", "不认识"], False), ("您的楼长是谁", ["周桂花", "不知道", "不认识", "没见过", "说不清"], False),
    ("您是否认识网格员，是哪位", ["认识", "不认识", "见过"], True), ("对您帮助最大的是谁", ["白大褂", "家人", "邻居", "网格员", "物业"], True),
    ("对您帮助最大的是谁", ["毛孩子", "段子手", "解放军", "家人", "物业"], True),
])
def test_a_question_with_who_in_it_is_a_choice_where_most_options_are_no_names(tmp_path, question, options, is_choice):
    path = write_csv(tmp_path / "s.csv", ["id", question], [[f"x{i}", options[i % len(options)]] for i in range(60)])
    variable = draft_codebook(read_survey(path))["q1"]
    assert (variable.type is VariableType.SINGLE, variable.identifier is None) == (is_choice, is_choice)
    assert sorted(variable.values.values()) == (sorted(options) if is_choice else [])
    assert (variable.name in clean_survey(read_survey(path), draft_codebook(read_survey(path))).frame) == is_choice


@pytest.mark.parametrize(("pairs", "got"), [
    ([("1人", 1), ("2人", 2)], None), ([("30", 1), ("40", 2), ("(跳过)", -3)], "30/1, 40/2"), ([("0人", 1), ("1人", 2), ("不清楚", 3)], "0人/1, 1人/2"),
])
def test_a_codebook_of_numbers_is_held_against_both_exports(exports, pairs, got):
    raw, coded = numbered_pair(exports, pairs)
    variable = replace(draft_codebook(raw, coded)["q1"], type=VariableType.NUMBER, values={}, missing={})
    assert [f.values["got"] for f in misread_numbers(Codebook(variables=(variable,), name="book.csv"), raw, coded)] == ([got] if got else [])


@pytest.mark.parametrize("labels", [("2023", "2024", "2025"), ("养老", "停车", "其他")])
def test_a_multiple_choice_of_which_nobody_chose_two_is_one(exports, labels):
    text = [[row[0], "(跳过)" if i == 2 else labels[i % 3], *row[2:]] for i, row in enumerate(TEXT_ROWS)]
    code = [[row[0], *([-3] * 3 if i == 2 else (int(i % 3 == k) for k in range(3))), *row[4:]] for i, row in enumerate(CODE_ROWS)]
    header = [CODE_HEADER[0], *(f"第2题({label})" for label in labels), *CODE_HEADER[4:]]
    raw, coded = read_survey_pair(*exports(text_rows=text, code_rows=code, code_header=header))
    book = draft_codebook(raw, coded)
    assert (book["q2"].type, book["q2"].values) == (VariableType.MULTIPLE, {str(i): label for i, label in enumerate(labels, 1)})
    columns = [f"q2__{i}" for i in (1, 2, 3)]
    left, right = (clean_survey(one, book).frame[columns].reset_index(drop=True) for one in (raw, coded))
    assert left.equals(right)
    assert left.sum().tolist() == [2, 2, 1]


def test_amounts_and_free_texts_of_a_pair_stay_what_they_are(exports):
    text, code = ([[f"{i + 2}", *row[1:4], *([f"第{i}句"] if row[4:5] != ["(空)"] else row[4:5]), *row[5:]] for i, row in enumerate(rows)] for rows in (TEXT_ROWS, TEXT_ROWS))
    code = [[f"{i + 2}", *row[1:6], f"第{i}句" if row[6] != -2 else -2, *row[7:]] for i, row in enumerate(CODE_ROWS)]
    book = draft_codebook(*read_survey_pair(*exports(text_rows=text, code_rows=code)))
    assert (book["q1"].type, book["q4"].type) == (VariableType.NUMBER, VariableType.TEXT)


def test_a_value_that_stands_for_two_texts_is_named_in_the_note(exports):
    rows = [[1, *row[1:]] for row in CODE_ROWS[:2]] + CODE_ROWS[2:]
    assert "1" in draft_codebook(*read_survey_pair(*exports(code_rows=rows)))["q1"].note


def test_answers_that_the_code_export_does_not_number_are_text(exports):
    text, code = ([[["路近", "路远"][i % 2], *r[1:]] for i, r in enumerate(rows)] for rows in (TEXT_ROWS, CODE_ROWS))
    headers = {"text_header": ["1、哪里不便", *TEXT_HEADER[1:]], "code_header": ["1、哪里不便", *CODE_HEADER[1:]]}
    assert draft_codebook(read_survey(exports(text_rows=text, **headers)[0]))["q1"].type is VariableType.SINGLE
    assert draft_codebook(*read_survey_pair(*exports(text_rows=text, code_rows=code, **headers)))["q1"].type is VariableType.TEXT


def test_options_that_the_code_export_joins_in_one_cell_are_numbered_by_appearance(exports):
    joined = [[row[0], "1┋3" if i == 0 else "2" if i != 2 else "-3", *row[4:]] for i, row in enumerate(CODE_ROWS)]
    book = draft_codebook(*read_survey_pair(*exports(code_rows=joined, code_header=[CODE_HEADER[0], "2、选哪些", *CODE_HEADER[4:]])))
    assert book["q2"].values == {"1": "停车", "2": "其他", "3": "养老"}
    assert book["q2"].note


def test_a_question_that_only_the_text_export_has_is_marked_as_absent_from_the_other(exports):
    text, code = (read_survey(path) for path in exports())
    unnumbered = [replace(code.questions[0], number=None), *code.questions[1:]]
    book = draft_codebook(text, replace(code, questions=tuple(unnumbered), meta={}))
    assert book["q1"].source_code == ("-",)
    assert book["answer_id"].source_code == ("-",)


def test_a_text_export_alone_numbers_along_known_scales(exports):
    book = draft_codebook(read_survey(exports()[0]))
    assert book["q3_2"].values == {"1": "满意", "2": "一般"}
    assert (book["q3_1"].values, book["q3_1"].missing[MissingKind.DONT_KNOW]) == ({"1": "满意", "2": "不清楚"}, ("2",))
    assert book["q3_1"].note
    assert book["q2"].values == {"1": "停车", "2": "其他", "3": "养老"}
    assert (book["q2"].open, book["q2"].source_code) == (("2",), ())
    assert reads_back(book)


def test_a_code_export_alone_keeps_its_columns_of_options(exports):
    book = draft_codebook(read_survey(exports()[1]))
    assert [(book[n].type, book[n].source, book[n].source_code) for n in ("q2", "q5")] == [
        (VariableType.MULTIPLE, "-", tuple(CODE_HEADER[1:4])), (VariableType.RANKING, "-", tuple(CODE_HEADER[7:])),
    ]
    assert book["q2"].missing == MARKS
    assert reads_back(book)
    table = clean_survey(read_survey(exports()[1]), book)
    assert table.frame["q2__3"].tolist()[:2] == [1, 0]
    assert table.missing_kinds["q2__3"].iloc[2] == "skipped"


PLACES = ["望汐街道", "听澜街道", "鸥渚街道"]


def test_types_of_a_plain_table_by_its_cells(tmp_path):
    rows = [
        [i, 20 + i, ["非常满意", "满意", "一般", "不清楚"][i % 4], ["1-3", "4-6", "7-9"][i % 3], f"海岚省滨海市听潮路{i}号", f"2025/{i}/3", f"第{i}条意见", "", f"{i}岁", PLACES[i % 3]]
        for i in range(1, 13)
    ]
    book = drafted(tmp_path, ["编号", "年龄", "满意度", "次数", "住址", "日期", "意见", "空列", "岁数", "街道"], rows)
    assert {v.source: v.type.value for v in book} == {
        "编号": "text", "年龄": "number", "满意度": "single", "次数": "single", "住址": "text", "日期": "date", "意见": "text", "空列": "text", "岁数": "number", "街道": "single",
    }
    by_source = {v.source: v for v in book}
    assert by_source["编号"].role is Role.KEY
    assert by_source["住址"].identifier is Identifier.ADDRESS
    assert by_source["满意度"].values == {"1": "非常满意", "2": "满意", "3": "一般", "4": "不清楚"}
    assert by_source["满意度"].answers == {"1": "非常满意", "2": "满意", "3": "一般"}
    assert set(by_source["次数"].values.values()) == {"1-3", "4-6", "7-9"}
    assert by_source["街道"].note
    assert by_source["年龄"].missing == {}
    assert reads_back(book)


def test_few_answers_are_a_choice_only_where_they_recur(tmp_path):
    seldom = drafted(tmp_path, ["编号", "答"], [[i, ["甲", "乙", "丙"][i % 3]] for i in range(6)])
    often = drafted(tmp_path, ["编号", "答"], [[i, ["甲", "乙", "丙"][i % 3]] for i in range(9)])
    assert [v.type.value for v in (seldom["q1"], often["q1"])] == ["text", "single"]
    mixed = drafted(tmp_path, ["编号", "答"], [[i, "12" if i else "十二"] for i in range(20)])
    assert mixed["q1"].type is VariableType.NUMBER


def test_sentences_that_recur_and_tell_of_persons_never_become_labels(tmp_path):
    said = ["我叫王小明，请回电13800000001", "没有意见"]
    book = drafted(tmp_path, ["编号", "要说的"], [[i, said[i % 2]] for i in range(12)])
    assert (book["q1"].type, book["q1"].values) == (VariableType.TEXT, {})
    assert "13800000001" not in book.to_frame().to_csv()


def test_questions_of_one_number_get_names_of_their_own(tmp_path):
    book = drafted(tmp_path, ["编号", "2、甲", "乙"], [[i, f"甲{i}", f"乙{i}"] for i in range(6)])
    assert len({v.name for v in book}) == 3
    assert reads_back(book)


def test_columns_about_the_answer_sheet_get_their_roles(tmp_path):
    header = ["编号", "开始答题时间", "结束答题时间", "答题时长", "清洗数据结果", "地理位置省", "用户标识", "IP", "自定义字段", "1.性别"]
    rows = [[i, "2026-09-01 09:00:00", "2026-09-01 09:05:00", "5分0秒", "有效", "海岚省", f"u{i}", f"192.0.2.{i}", "", "男" if i % 2 else "女"] for i in range(1, 9)]
    book = drafted(tmp_path, header, rows)
    assert {v.source: v.role for v in book if v.role} == {
        "编号": Role.KEY, "开始答题时间": Role.STARTED, "结束答题时间": Role.SUBMITTED, "答题时长": Role.DURATION, "清洗数据结果": Role.VERDICT, "用户标识": Role.PERSON, "IP": Role.IP,
    }
    assert book["ip"].identifier is Identifier.IP
    assert "自定义字段" not in {v.source for v in book}
    assert book["q1"].values == {"1": "男", "2": "女"}


def test_labels_of_a_statistics_file_are_made_fit_for_a_codebook(tmp_path):
    frame = pd.DataFrame({"a": [1.0, 98.0, 99.0] * 3, "b": [1.0, 2.0, 1.0] * 3, "c": [-1.5, 1.5, 1.5] * 3, "d": ["男", "女", "女"] * 3})
    labels = {"a": {1.0: "是", 98.0: "拒答", 99.0: "拒答"}, "b": {1.0: "", 2.0: "两\n行"}, "c": {-1.5: "负", 1.5: "正"}, "d": {"男": "男性", "女": "女性"}}
    pyreadstat.write_sav(frame, str(tmp_path / "s.sav"), variable_value_labels=labels, column_labels={c: f"{i}、问题{c}" for i, c in enumerate(frame, 1)})
    raw = read_survey(tmp_path / "s.sav")
    book = draft_codebook(raw)
    assert reads_back(book)
    a, b, c, d = book
    assert a.values == {"1": "是", "98": "拒答", "99": "拒答 (99)"}
    assert a.missing == {MissingKind.REFUSED: ("98", "99")}
    assert b.values == {"1": "1", "2": "两 行"}
    assert (c.type, d.type, list(d.values.values())) == (VariableType.NUMBER, VariableType.SINGLE, ["男", "女"])
    table = clean_survey(raw, book)
    assert table.frame[d.name].astype("str").tolist() == ["1", "2", "2"] * 3
    assert table.missing_kinds[a.name].astype("object").tolist()[1:3] == ["refused", "refused"]


def test_a_statistics_file_brings_its_labels_and_user_missing_values(tmp_path):
    path = tmp_path / "s.sav"
    frame = pd.DataFrame({
        "sex": [1.0, 2.0, -2.0, 1.0], "age": [20.0, -3.0, 41.0, 20.0], "know": [1.0, 9.0, 2.0, 98.0], "need_1": [1.0, 0.0, -3.0, 1.0], "need_2": [0.0, 1.0, -3.0, 1.0],
        "said": ["甲", "乙", "丙", "丁"],
    })
    labels = {"sex": {1.0: "男", 2.0: "女", -2.0: "空"}, "age": {-3.0: "跳过"}, "know": {1.0: "知道", 2.0: "听说过", 9.0: "不清楚", 98.0: "拒答"}, "need_1": {-3.0: "跳过"}}
    pyreadstat.write_sav(
        frame, str(path), variable_value_labels=labels, missing_ranges={"sex": [-2], "age": [-3], "know": [98], "need_1": [-3], "need_2": [-3]},
        column_labels={"need_1": "7、需要(停车)", "need_2": "7、需要(养老)", "sex": "1、性别", "age": "2、年龄", "know": "3、知道吗", "said": "4、意见"},
    )
    raw = read_survey(path)
    book = draft_codebook(raw)
    by_source = {v.source: v for v in book}
    assert (by_source["sex"].type, by_source["sex"].values, by_source["sex"].missing) == (VariableType.SINGLE, {"1": "男", "2": "女", "-2": "空"}, {MissingKind.BLANK: ("-2",)})
    assert (by_source["age"].type, by_source["age"].values, by_source["age"].missing) == (VariableType.NUMBER, {}, {MissingKind.SKIPPED: ("-3",)})
    assert by_source["know"].missing == {MissingKind.REFUSED: ("98",), MissingKind.DONT_KNOW: ("9",)}
    assert by_source["know"].answers == {"1": "知道", "2": "听说过"}
    need = by_source["need_1"]
    assert (need.type, need.source_code, need.missing) == (VariableType.MULTIPLE, ("need_1", "need_2"), {MissingKind.SKIPPED: ("-3",)})
    assert reads_back(book)
    table = clean_survey(raw, book)
    kinds = table.missing_kinds
    assert [kinds.iloc[i][by_source[n].name] for i, n in ((2, "sex"), (1, "age"), (1, "know"), (3, "know"))] == ["blank", "skipped", "dont_know", "refused"]
    assert kinds.iloc[2][f"{need.name}__1"] == "skipped"
    assert table.frame[by_source["age"].name].tolist()[::2] == [20.0, 41.0]


def coded(tmp_path, header, cells, name="答"):
    """A plain table with one column of answers, drafted."""
    book = drafted(tmp_path, ["编号", header], [[i, cell] for i, cell in enumerate(cells)])
    return next(v for v in book if v.source == header)


@pytest.mark.parametrize(("header", "cells", "values"), [
    ("您住在哪个社区", [1, 2, 3] * 4, "123"), ("是否参加", [0, 1] * 4, "01"), ("您对社区了解多少事", [3, 4, 5] * 4, "345"), ("满不满意", ["1.0", "２", "2.0"] * 4, "12"),
    ("近几年搬过家吗", [1, 2] * 4, "12"), ("家里老人(满意)", [1, 2] * 4, "12"), ("社区", [*range(1, 21)] * 3, [str(i) for i in range(1, 21)]),
    ("sex", [1, 2] * 4, "12"), ("q7", [5] * 4, "5"), ("满意", [1, 2, 99] * 4, ["1", "2", "99"]), ("满意", [2, 1, -1] * 4, ["-1", "1", "2"]),
])
def test_few_whole_numbers_that_recur_are_codes_of_options(tmp_path, header, cells, values):
    variable = coded(tmp_path, header, cells)
    assert (variable.type, list(variable.values)) == (VariableType.SINGLE, list(values))
    assert all(label == value for value, label in variable.values.items())
    assert "序号" in variable.note


@pytest.mark.parametrize(("header", "cells"), [
    ("年纪", [18, 23, 30, 41, 55] * 4), ("家里有几口人", [1, 2, 3] * 4), ("去过多少次", [0, 1, 2] * 4), ("人数", [1, 2] * 4), ("志愿服务小时", [1, 2] * 4), ("房租(万元)", [1, 2] * 4),
    ("打分", [1, 2] * 4), ("信任(0到10分)", [1, 2] * 4), ("household_size", [1, 2] * 4), ("How many children", [0, 1] * 4), ("age", [1, 2] * 4),
    ("x", [1.5, 2] * 4), ("x", [1, 2, 3]), ("x", [*range(31)] * 3), ("x", [1, 29] * 6), ("x", [*range(5, 16)] * 4), ("x", ["1", "2", "3"] * 10 + ["三"]), ("x", [98, 99] * 4 + [500] * 3),
])
def test_amounts_stay_numbers(tmp_path, header, cells):
    assert coded(tmp_path, header, cells).type is VariableType.NUMBER


def test_numbers_that_may_be_codes_and_codes_that_may_be_missing_are_named_in_the_note(tmp_path):
    assert "single" in coded(tmp_path, "去过几次", [1, 2, 3] * 4).note
    assert coded(tmp_path, "年纪", [18, 23, 30, 41, 55] * 4).note == ""
    assert coded(tmp_path, "满意", [1, 2, 99, -9] * 4).note.endswith("-9 99 可能表示缺失，是的话写进 missing。")
    assert "缺失" not in coded(tmp_path, "满意", [1, 2] * 4).note


def test_words_beside_codes_get_values_that_no_code_has(tmp_path):
    variable = coded(tmp_path, "性别", [1, 2] * 20 + ["男"])
    assert variable.values == {"1": "1", "2": "2", "3": "男"}


def test_numbers_in_an_export_of_texts_are_numbers(exports):
    rows = [[*row[:4], str(1 + i % 2), row[5]] for i, row in enumerate(TEXT_ROWS)]
    assert draft_codebook(read_survey(exports(text_rows=rows)[0]))["q4"].type is VariableType.NUMBER


def test_a_code_export_alone_has_choices_with_codes_as_labels(exports):
    book = draft_codebook(read_survey(exports()[1]))
    assert (book["q1"].type, book["q1"].values) == (VariableType.SINGLE, {"1": "1", "2": "2"})
    assert "序号" in book["q1"].note


def test_columns_of_zeros_and_ones_under_one_wording_are_options(tmp_path):
    book = drafted(tmp_path, ["编号", "需要—停车", "需要—养老"], [[i, i % 2, (i + 1) % 2] for i in range(8)])
    assert (book["q1"].type, book["q1"].values) == (VariableType.MULTIPLE, {"1": "停车", "2": "养老"})
    rows = drafted(tmp_path, ["编号", "满意—停车", "满意—养老"], [[i, i % 2, 1 + i % 2] for i in range(8)])
    assert [v.type for v in rows][1:] == [VariableType.SINGLE] * 2


def statistics_file(tmp_path, columns, labels, missing=None, wordings=None):
    path = tmp_path / "s.sav"
    pyreadstat.write_sav(pd.DataFrame(columns), str(path), variable_value_labels=labels, missing_ranges=missing or {}, column_labels=wordings or {})
    return read_survey(path)


def test_codes_without_label_are_taken_in(tmp_path):
    raw = statistics_file(tmp_path, {"sat": [1.0, 2.0, -2.0, 3.0] * 3}, {"sat": {1.0: "满意", 2.0: "一般"}})
    (sat,) = draft_codebook(raw)
    assert sat.values == {"1": "满意", "2": "一般", "-2": "-2", "3": "3"}
    assert sat.note == "自动起草：文件没有给 -2 3 写标签，请补上。-2 可能表示缺失，是的话写进 missing。"
    assert clean_survey(raw, Codebook(variables=(sat,))).frame["q1"].notna().all()


def test_labels_at_the_ends_of_a_number_do_not_make_it_a_choice(tmp_path):
    ages = [0.0, *map(float, range(20, 80)), 95.0, 998.0]
    raw = statistics_file(tmp_path, {"x": ages, "y": [float(i % 11) for i in range(len(ages))], "z": [30.0, 998.0, 40.5] * 21}, {
        "x": {0.0: "不满一岁", 95.0: "95及以上", 998.0: "不知道"}, "y": {0.0: "完全不", 10.0: "完全"}, "z": {998.0: "不清楚"},
    })
    x, y, z = draft_codebook(raw)
    assert (x.type, x.missing) == (VariableType.NUMBER, {MissingKind.DONT_KNOW: ("998",)})
    assert "0=不满一岁 95=95及以上" in x.note
    assert (y.type, len(y.values), y.values["10"]) == (VariableType.SINGLE, 11, "完全")
    assert (z.type, z.missing, z.note) == (VariableType.NUMBER, {MissingKind.DONT_KNOW: ("998",)}, "")


def test_options_that_cannot_be_told_apart_are_text(tmp_path):
    book = drafted(tmp_path, ["编号", "答"], [[i, ["好 的", "好  的", "好的", "坏"][i % 4]] for i in range(16)])
    assert book["q1"].type in {VariableType.SINGLE, VariableType.TEXT}
    assert reads_back(book)


def test_a_text_that_the_other_export_does_not_number_is_taken_in(exports):
    code = [["x" if i == 1 else row[0], *row[1:]] for i, row in enumerate(CODE_ROWS)]
    text = [["其他" if i == 1 else row[0], *row[1:]] for i, row in enumerate(TEXT_ROWS)] + [["男", *TEXT_ROWS[2][1:]]] * 12
    code += [[1, *CODE_ROWS[2][1:]]] * 12
    raw, numbers = read_survey_pair(*exports(text_rows=text, code_rows=code))
    assert draft_codebook(raw, numbers)["q1"].values == {"1": "男", "2": "女", "3": "其他"}


def test_a_key_that_lost_digits_stops_cleaning(tmp_path):
    path = write_csv(tmp_path / "表.csv", ["编号", "答", "号"], [[f"2.02501E+1{i % 2 + 5}", "甲" if i % 2 else "乙", "3.71002E+17"] for i in range(8)])
    raw = read_survey(path)
    key = draft_codebook(raw)["answer_id"]
    assert (key.role, key.source, "丢失" in key.note) == (Role.KEY, "编号", True)
    with pytest.raises(SchemaError) as error:
        clean_survey(raw, draft_codebook(raw))
    assert [(f.code, f.values["got"]) for f in error.value.failures] == [("CR-K09", "编号")]


def test_another_column_that_lost_digits_or_a_second_key_does_not(tmp_path):
    path = write_csv(tmp_path / "表.csv", ["_id", "_uuid", "_submission_time", "a"], [["2.02501E+15", f"u{i}", "2026-09-01", "甲"] for i in range(8)])
    book = draft_codebook(read_survey(path))
    assert (book["answer_id"].source, book["answer_id"].note) == ("_uuid", "")
    path = write_csv(tmp_path / "b.csv", ["编号", "号", "答"], [[i, "2.02501E+15", "甲"] for i in range(8)])
    assert "lost_digits" in set(clean_survey(read_survey(path), draft_codebook(read_survey(path))).log["rule"])


@pytest.mark.parametrize("answer", ["书记王建国", "王建国书记", "是王建国", "叫王建国", "王建国吧", "王建国和李晓明", "隔壁王建国"])
def test_a_name_with_words_around_it_is_no_option_and_masked(tmp_path, answer):
    options = [answer, "物业", "居委会", "不认识", "楼长"]
    raw = read_survey(write_csv(tmp_path / "s.csv", ["id", "您的社区书记是谁"], [[f"x{i}", options[i % 5]] for i in range(40)]))
    book = draft_codebook(raw)
    assert (book["q1"].type, book["q1"].values) == (VariableType.TEXT, {})
    table = clean_survey(raw, book)
    assert table.frame["q1"].tolist()[1:5] == options[1:]
    assert not any(name in table.frame.to_csv() + table.log.to_csv() + book.to_frame().to_csv() for name in ("王建国", "李晓明"))


def test_a_name_among_offices_is_no_option_and_masked_alone(tmp_path, exports):
    options = ["周桂花", "物业", "居委会", "不认识"]
    raw = read_survey(write_csv(tmp_path / "s.csv", ["id", "您的楼长是谁"], [[f"x{i}", options[i % 4]] for i in range(40)]))
    book = draft_codebook(raw)
    assert (book["q1"].type, book["q1"].identifier, book["q1"].values, "遮去" in book["q1"].note) == (VariableType.TEXT, None, {}, True)
    table = clean_survey(raw, book)
    assert table.frame["q1"].tolist()[:4] == ["〔姓名〕", *options[1:]]
    assert "周桂花" not in table.frame.to_csv() + table.log.to_csv() + book.to_frame().to_csv()
    text, code = ([[cell, *row[1:]] for cell, row in zip(cells * 6, rows * 4, strict=True)] for cells, rows in ((options, TEXT_ROWS), ([1, 2, 3, 4], CODE_ROWS)))
    header = "1、楼长是谁"
    book = draft_codebook(*read_survey_pair(*exports(text, code, [header, *TEXT_HEADER[1:]], [header, *CODE_HEADER[1:]])))
    assert (book["q1"].type, book["q1"].values) == (VariableType.TEXT, {})


PERSONS = ["周桂花", "吴天明", "郑小莉", "王五"]


@pytest.mark.parametrize("mark", ["", "┋"])
def test_persons_to_choose_from_are_no_options(tmp_path, mark):
    """One person, or several: names are dropped as those of other columns of names, and offices stay options."""
    who = [mark.join([PERSONS[i % 4], *([PERSONS[(i + 1) % 4]] if mark else [])]) for i in range(60)]
    first = ["物业", "居委会", "张大妈调解室"]
    path = write_csv(tmp_path / "表.csv", ["序号", "1、您楼的楼长是谁？", "2、您有事最先找的是谁？"], [[i + 1, who[i], first[i % 3]] for i in range(60)])
    raw = read_survey(path)
    book = draft_codebook(raw)
    by_source = {v.source: v for v in book}
    who_is, office = by_source["1、您楼的楼长是谁？"], by_source["2、您有事最先找的是谁？"]
    assert (who_is.type, who_is.identifier, who_is.values) == (VariableType.TEXT, Identifier.NAME, {})
    assert (office.type, office.identifier, list(office.values.values())) == (VariableType.SINGLE, None, first)
    table = clean_survey(raw, book)
    written = table.frame.to_csv() + table.log.to_csv() + book.to_frame().to_csv()
    assert not any(name in written for name in PERSONS)
    assert who_is.name not in table.frame
    with_key = clean_survey(raw, book, pseudonym_key=bytes(range(32)))
    assert with_key.frame[who_is.name].nunique() == 4


def test_persons_whom_a_pair_or_a_file_numbers_are_no_options(exports, tmp_path):
    rows = [[PERSONS[i % 4], *TEXT_ROWS[i % 6][1:]] for i in range(24)]
    codes = [[i % 4 + 1, *CODE_ROWS[i % 6][1:]] for i in range(24)]
    header = "1、楼长是谁"
    book = draft_codebook(*read_survey_pair(*exports(rows, codes, [header, *TEXT_HEADER[1:]], [header, *CODE_HEADER[1:]])))
    assert (book["q1"].type, book["q1"].identifier, book["q1"].values) == (VariableType.TEXT, Identifier.NAME, {})
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(pd.DataFrame({"who": [1.0, 2.0] * 10}), path, variable_value_labels={"who": {1.0: "周桂花", 2.0: "吴天明"}}, column_labels=["楼长是谁"])
    assert "周桂花" not in draft_codebook(read_survey(path)).to_frame().to_csv()
