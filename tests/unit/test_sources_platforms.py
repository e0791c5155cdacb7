"""Platforms, kinds of export and questions, found by headers and cells."""

import numpy as np
import pytest

from commresearch.sources import Question, read_survey
from commresearch.terms import Export, Platform, VariableType
from tests.unit.sources_files import CODE_HEADER, CODE_ROWS, TEXT_HEADER, TEXT_ROWS, write_csv, write_xls, write_xlsx


def question(raw, number):
    return next(q for q in raw.questions if q.number == number)


def survey(tmp_path, headers, columns, n=6):
    """A table of 问卷星 with the given question columns."""
    rows = [["序号", "提交答卷时间", *headers], *([i + 1, f"2025/3/{i + 1} 9:00:00", *(c[i % len(c)] for c in columns)] for i in range(n))]
    return read_survey(write_csv(tmp_path / "s.csv", rows))


def test_a_text_export_of_wenjuanxing(tmp_path):
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", [TEXT_HEADER, *TEXT_ROWS]))
    assert (raw.platform, raw.export, raw.n_rows_read, raw.sheet) == (Platform.WENJUANXING, Export.TEXT, 3, "Sheet1")
    assert raw.meta == {
        "key": "序号", "submitted": "提交答卷时间", "duration": "所用时间", "source": "来源", "source_detail": "来源详情", "ip": "来自IP",
    }
    assert [q.number for q in raw.questions] == [1, 2, 3, 4, 5]
    assert question(raw, 2).type is VariableType.MULTIPLE
    assert question(raw, 3).type is VariableType.RANKING
    assert question(raw, 4) == Question(number=4, text="满意度", columns=("4、满意度—环境", "4、满意度—物业"), parts=("环境", "物业"))
    assert question(raw, 5).type is None
    assert raw.frame["来源详情"].tolist() == ["N/A", "直接访问", "None"]
    assert raw.frame["5、您的意见"].tolist() == ["NA", "(空)", "合计"]
    assert list(raw.row_ids) == [f"{raw.sha256[:8]}:Sheet1:{row}" for row in (2, 3, 4)]
    assert raw.log.empty


def test_a_code_export_of_wenjuanxing(tmp_path):
    raw = read_survey(write_xls(tmp_path / "b.xls", [CODE_HEADER, *CODE_ROWS]))
    assert (raw.platform, raw.export) == (Platform.WENJUANXING, Export.CODE)
    assert question(raw, 2) == Question(
        number=2, text="", columns=("2(停车)", "2(养老)", "2(其他)"), parts=("停车", "养老", "其他"), type=VariableType.MULTIPLE
    )
    assert question(raw, 3).type is VariableType.RANKING
    assert question(raw, 4) == Question(number=4, text="", columns=("第4题(环境)", "第4题(物业)"), parts=("环境", "物业"))
    assert raw.frame["2(停车)"].tolist() == ["1", "0", "-3"]
    assert raw.frame["5、您的意见"].tolist() == ["NA", "-2", "合计"]


def test_particulars_may_stand_anywhere_and_in_any_number(tmp_path):
    order = np.random.default_rng(5).permutation(len(TEXT_HEADER))
    rows = [[row[j] for j in order] for row in [TEXT_HEADER, *TEXT_ROWS]]
    mixed = read_survey(write_csv(tmp_path / "mixed.csv", rows))
    plain = read_survey(write_csv(tmp_path / "plain.csv", [TEXT_HEADER, *TEXT_ROWS]))
    assert mixed.meta == plain.meta
    assert mixed.platform is Platform.WENJUANXING
    few = read_survey(write_csv(tmp_path / "few.csv", [["总分", "1、性别", "用户ID", "所用时间"], [3, "男", "u1", "9秒"], [4, "女", "u2", "8秒"]]))
    assert few.meta == {"score": "总分", "user": "用户ID", "duration": "所用时间"}
    assert [q.text for q in few.questions] == ["性别"]


def test_tencent(tmp_path):
    header = ["编号", "开始答题时间", "结束答题时间", "答题时长", "语言", "清洗", "地理位置-国家", "地理位置-省", "地理位置-市", "自定义字段", "IP", "UA",
              "Referrer", "昵称", "1.您的性别", "2.满意度:环境", "2.满意度:物业"]
    rows = [[i, "2025-03-01 09:00:00", "2025-03-01 09:05:00", "5分", "简体中文", "有效", "中国", "山东", "海州", "", "10.0.0.1", "UA", "", "小明", "男", "满意",
             "一般"] for i in (1, 2)]
    raw = read_survey(write_csv(tmp_path / "t.csv", [header, *rows]))
    assert (raw.platform, raw.export) == (Platform.TENCENT, Export.TEXT)
    assert set(raw.meta) == {"key", "started", "submitted", "duration", "language", "verdict", "country", "province", "city", "custom", "ip", "user_agent",
                             "referrer"}
    assert raw.meta["submitted"] == "结束答题时间"
    assert [(q.number, q.parts) for q in raw.questions] == [(1, ()), (2, ("环境", "物业"))]


KOBO = ["start", "end", "sex", "grp/age", "needs", "needs/park", "needs/elder", "_id", "_uuid", "_submission_time", "_index"]
KOBO_ROWS = [
    ["2025-03-01T09:00", "2025-03-01T09:05", "f", "034", "park elder", 1, 1, 7, "u7", "2025-03-01T09:06", 1],
    ["2025-03-01T09:10", "2025-03-01T09:15", "m", "51", "", "", "", 8, "u8", "2025-03-01T09:16", 2],
]


@pytest.mark.parametrize("write", [write_xlsx, write_csv])
def test_kobo_keeps_blank_blank(tmp_path, write):
    raw = read_survey(write(tmp_path / f"k.{write.__name__[6:]}", [KOBO, *KOBO_ROWS]))
    assert raw.platform is Platform.KOBO
    assert raw.export is Export.UNKNOWN
    assert raw.meta == {"key": "_id", "started": "start", "submitted": "end"}
    assert raw.frame["needs/park"].tolist() == ["1", ""]
    assert raw.frame["grp/age"].tolist() == ["034", "51"]
    by_text = {q.text: q for q in raw.questions}
    assert by_text["needs"].columns == ("needs/park", "needs/elder")
    assert (by_text["needs"].parts, by_text["needs"].type) == (("park", "elder"), VariableType.MULTIPLE)
    assert set(by_text) == {"sex", "grp/age", "needs"}


def test_repeats_of_kobo_stand_on_sheets_of_their_own(tmp_path):
    child = [["name", "_index", "_parent_table_name", "_parent_index"], *([f"孩子{i}", i, "main", 1] for i in range(30))]
    raw = read_survey(write_xlsx(tmp_path / "k.xlsx", [KOBO, *KOBO_ROWS], sheet="main", others={"children": child, "说明": [["a", "b"]]}))
    assert raw.sheet == "main"
    assert sorted(zip(raw.log["rule"], raw.log["sheet"], strict=True)) == [("child_sheet", "children"), ("other_sheet", "说明")]


def test_a_plain_table(tmp_path):
    raw = read_survey(write_csv(tmp_path / "p.csv", [["编号", "填写时间", "社区", "满意度-环境", "满意度-物业"], ["007", "2025/3/1", "甲", "满意", "一般"]]))
    assert (raw.platform, raw.export) == (Platform.PLAIN, Export.UNKNOWN)
    assert raw.meta == {"key": "编号", "submitted": "填写时间"}
    assert raw.frame.iloc[0].tolist() == ["007", "2025/3/1", "甲", "满意", "一般"]
    assert [(q.text, q.parts) for q in raw.questions] == [("社区", ()), ("满意度", ("环境", "物业"))]


@pytest.mark.parametrize(
    ("header", "number", "text"),
    [
        ("1、性别", 1, "性别"), ("123、性别", 123, "性别"), ("12. 性别", 12, "性别"), ("12．性别", 12, "性别"), ("７：性别", 7, "性别"),
        ("8:性别", 8, "性别"), ("第9题 性别", 9, "性别"), ("Q10、性别", 10, "性别"), ("11)性别", 11, "性别"), ("2.5元以下", None, "2.5元以下"),
        ("12:30以后", None, "12:30以后"), ("性别", None, "性别"), ("2025年收入", None, "2025年收入"),
    ],
)
def test_numbers_of_questions(tmp_path, header, number, text):
    raw = survey(tmp_path, [header], [["男", "女"]])
    assert [(q.number, q.text) for q in raw.questions] == [(number, text)]


@pytest.mark.parametrize(
    "headers",
    [
        ["7、您对以下方面是否满意—服务态度", "7、您对以下方面是否满意—服务"], ["7、您对以下方面是否满意(服务态度)", "7、您对以下方面是否满意(服务)"],
        ["7、您对以下方面是否满意:服务态度", "7、您对以下方面是否满意:服务"], ["7、您对以下方面是否满意：服务态度", "7、您对以下方面是否满意：服务"],
        ["7、您对以下方面是否满意（服务态度）", "7、您对以下方面是否满意（服务）"],
    ],
)
def test_rows_of_a_matrix(tmp_path, headers):
    raw = survey(tmp_path, headers, [["满意", "一般"]] * 2)
    assert [(q.text, q.parts, q.columns) for q in raw.questions] == [("您对以下方面是否满意", ("服务态度", "服务"), tuple(headers))]


def test_a_blank_that_belongs_to_an_option(tmp_path):
    raw = survey(tmp_path, ["25、您的职业", "25、(其他(请补充):)", "第26题(停车)", "第26题(其他)", "26、(其他(请注明))"], [["教师"], ["画家"], ["1", "0"], ["0", "1"], ["x"]])
    assert [(q.number, q.text, q.columns, q.type) for q in raw.questions] == [
        (25, "您的职业", ("25、您的职业",), None),
        (25, "其他(请补充)", ("25、(其他(请补充):)",), VariableType.TEXT),
        (26, "", ("第26题(停车)", "第26题(其他)"), VariableType.MULTIPLE),
        (26, "其他(请注明)", ("26、(其他(请注明))",), VariableType.TEXT),
    ]


def test_types_show_in_cells_that_cannot_be_anything_else(tmp_path):
    raw = survey(
        tmp_path, ["1、单选", "2、填空", "3、多选"], [["其他〖甲┋乙〗", "男"], ["从东门→西门走", "无", "无", "无"], ["(跳过)", "甲┋乙"]]
    )
    assert raw.export is Export.TEXT
    assert [q.type for q in raw.questions] == [None, None, VariableType.MULTIPLE]


def test_a_matrix_of_numbers_is_no_ranking(tmp_path):
    columns = ["第3题(甲)", "第3题(乙)", "第3题(丙)"]
    matrix = survey(tmp_path, columns, [["1", "2", "3"], ["1", "3", "2"], ["2", "1", "1"]])
    ranking = survey(tmp_path, columns, [["1", "2", "3"], ["3", "1", "2"], ["2", "3", "1"]])
    partial = survey(tmp_path, columns, [["1", "2", "-2"], ["-2", "1", "2"], ["2", "-2", "1"]])
    assert [raw.questions[0].type for raw in (matrix, ranking, partial)] == [None, VariableType.RANKING, VariableType.RANKING]


@pytest.mark.parametrize(
    ("columns", "export"),
    [
        ([["1", "2"], ["3", "-3"]], Export.CODE), ([["男", "女"], ["是", "否"]], Export.TEXT), ([["1", "2"], ["（跳过）", "3"]], Export.TEXT),
        ([["1", "2"], ["4", "5"], ["画家", "-2"]], Export.CODE), ([["1", "2"], ["4", "5"], ["画家", "教师"]], Export.UNKNOWN),
        ([["1┋2", "3"], ["1", "2"]], Export.CODE), ([["1〖画家〗", "2"], ["1", "2"]], Export.CODE), ([["", ""], ["", ""]], Export.TEXT),
    ],
)
def test_texts_or_numbers_of_options(tmp_path, columns, export):
    headers = [f"{i}、题目" for i in range(1, len(columns) + 1)]
    assert survey(tmp_path, headers, columns).export is export


def test_written_text_does_not_make_a_code_export_a_text_export(tmp_path):
    raw = survey(tmp_path, ["第2题(停车)", "第2题(其他)", "2、(其他(请补充):)"], [["1", "0"], ["0", "1"], ["充电┋电梯", "〖门〗"]])
    assert raw.export is Export.CODE
    raw = survey(tmp_path, ["第2题(停车)", "第2题(充电)", "3、意见"], [["1", "0"], ["0", "1"], ["(空)", "（跳过）"]])
    assert raw.export is Export.CODE
    raw = survey(tmp_path, ["2、满意", "3、意见", "4、年龄段"], [["1", "-3"], ["(空)", "好"], ["2", "4"]])
    assert raw.export is Export.CODE


def test_headers_become_one_name_each(tmp_path):
    raw = survey(tmp_path, ["1、满意度", "1、满意度", "1、满意度 (2)", "", "2、意见\n和建议"], [["a"], ["b"], ["c"], ["d"], ["e"]])
    assert list(raw.frame.columns)[2:] == ["1、满意度", "1、满意度 (3)", "1、满意度 (2)", "列6", "2、意见 和建议"]
    assert raw.log[["rule", "variable", "old"]].values.tolist() == [["duplicate_header", "1、满意度 (3)", "1、满意度"], ["blank_header", "列6", ""]]


def test_a_platform_may_be_given(tmp_path):
    path = write_csv(tmp_path / "p.csv", [["序号", "问题"], [1, "a"], [2, "b"]])
    assert read_survey(path).platform is Platform.PLAIN
    assert read_survey(path, "wenjuanxing").platform is Platform.WENJUANXING
    assert read_survey(path, Platform.PLAIN).meta == {"key": "序号"}
