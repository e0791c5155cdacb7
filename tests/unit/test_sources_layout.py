"""Titles, totals, notes, units, further tables and merged cells around and in the answers."""

import pytest

from commresearch.errors import SourceError
from commresearch.sources import ROW_RULES, read_survey
from commresearch.words import render_error
from tests.unit.sources_files import write_csv, write_xlsx

HEAD = ["序号", "社区", "户数", "意见"]
DATA = [[1, "甲", 20, "合计"], [2, "乙", 30, "平均"], [3, "丙", 40, "小计太多"]]


def lines(raw, *columns):
    return raw.log[["rule", *columns]].values.tolist()


def rows_of(raw):
    """The row numbers that log lines name, by rule."""
    return [(rule, int(row.rsplit(":", 1)[1])) for rule, row in zip(raw.log["rule"], raw.log["row_id"], strict=True) if row]


def holds_account(raw):
    return raw.n_rows_read == len(raw.frame) + int(raw.log["rule"].isin(ROW_RULES).sum())


@pytest.mark.parametrize("write", [write_xlsx, write_csv])
def test_everything_around_the_answers_is_set_aside_and_said(tmp_path, write):
    rows = [
        ["2025年社区登记表"], ["填表单位：海州街道", "", "", "日期：2025-3-1"], HEAD, ["", "", "（户）", ""], *DATA[:2], [], DATA[2], HEAD,
        [4, "丁", 10, ""], ["合 计", "", 100, ""], ["　平　均", "", 25, ""], [], ["注：由居委会提供"], [], ["社区", "负责人"], ["甲", "张三"], ["乙", "李四"],
    ]
    width = max(map(len, rows))
    raw = read_survey(write(tmp_path / f"a.{write.__name__[6:]}", [[*row, *[""] * (width - len(row))] for row in rows]))
    assert raw.frame["社区"].tolist() == ["甲", "乙", "丙", "丁"]
    assert list(raw.frame.index) == [5, 6, 8, 10]
    assert rows_of(raw) == [
        ("title_row", 1), ("title_row", 2), ("note_row", 4), ("header_row", 9), ("total_row", 11), ("total_row", 12), ("note_row", 14),
    ]
    assert ["blank_row", 1] in lines(raw, "count")
    assert ["other_table", "A16:B18"] in lines(raw, "old")
    assert raw.n_rows_read == 9
    assert holds_account(raw)


@pytest.mark.parametrize("name", ["合计", "合 计", "合　计", "总计：", "小计", "甲社区小计", "合计（户）", "平均值", "均值", "汇总", "Total", "subtotal", "AVERAGE"])
def test_names_of_totals(tmp_path, name):
    keyed = read_survey(write_csv(tmp_path / "a.csv", [HEAD, *DATA, ["", name, 90, ""]]))
    named_in_key = read_survey(write_csv(tmp_path / "b.csv", [HEAD, *DATA, [name, "", 90, ""]]))
    for raw in (keyed, named_in_key):
        assert rows_of(raw) == [("total_row", 5)]
        assert len(raw.frame) == 3
        assert holds_account(raw)


SUMMARIES = [
    "合计人数", "合计户数", "总人数", "总户数", "总数", "青滩社区总人数", "累计", "累　计：", "计", "百分比", "占比", "最大值", "最小值", "标准差", "中位数", "平均数", "均值", "人数",
    "总人数（人）", "合计12人", "合计：12人", "小计12", "总数 12 份",
]


@pytest.mark.parametrize("name", SUMMARIES)
@pytest.mark.parametrize("place", [3, 1, 0])
def test_names_of_summaries_anywhere(tmp_path, name, place):
    for i, row in enumerate([[name, "", 26.5, ""], ["", name, 26.5, "—"], [name, "", "", ""], [name, "12人", "98%", ""]]):
        rows = [[n, "甲社区", 20 + n, "好"] for n in range(1, 4)]
        rows.insert(place, row)
        raw = read_survey(write_csv(tmp_path / f"{i}.csv", [HEAD, *rows]))
        assert rows_of(raw) == [("total_row", place + 2)]
        assert raw.frame["序号"].tolist() == ["1", "2", "3"]
        assert holds_account(raw)


@pytest.mark.parametrize(
    "row",
    [
        [4, "计", 26, ""], [4, "总人数", 26, ""], [4, "标准差", "", ""], ["", "总人数太多", 5, ""], ["", "会计", 5, ""], ["", "统计", 5, ""], ["", "总数", 5, "不清楚"],
        ["", "人数不够", 5, ""], ["", "累计三年没有修", 5, ""], ["", "占比不清楚", 5, ""], ["", "共3人", 5, ""], ["", "百分比", "很高", ""], ["", "最大值", 5, "甲"],
        ["", "甲社区标准差", 5, ""], ["", "共有12人", "", ""], ["", "合计12人参加", 5, ""],
    ],
)
def test_an_answer_that_holds_the_word_of_a_summary_is_kept(tmp_path, row):
    raw = read_survey(write_csv(tmp_path / "a.csv", [HEAD, *DATA[:2], row, DATA[2]]))
    assert len(raw.frame) == 4
    assert raw.log.empty


@pytest.mark.parametrize("word", ["共3人", "人数", "总人数", "占比", "计", "最大值", "总数 12 份"])
def test_in_a_table_without_key_a_word_that_may_be_an_answer_is_one(tmp_path, word):
    for head, rest in ((["您家几口人"], []), (["您家几口人", "备注"], [""]), (["应公开什么", "评分", "家庭人数"], [4, 3])):
        raw = read_survey(write_csv(tmp_path / "a.csv", [head, *([[v, *rest] for v in ("甲", word, "乙", word, "丙")])]))
        assert len(raw.frame) == 5
        assert holds_account(raw)


@pytest.mark.parametrize("name", ["合计12人", "合 计：12", "小计 1,204 户", "总计12", "总数 12 份"])
def test_in_a_table_without_key_a_total_with_its_number_stands_alone(tmp_path, name):
    head, rows = ["姓名", "性别", "满意度"], [["甲乙", "女", "满意"], ["丙丁", "男", "一般"]]
    for place in (0, 1, 2):
        raw = read_survey(write_csv(tmp_path / "a.csv", [head, *rows[:place], [name, "", ""], *rows[place:]]))
        assert rows_of(raw) == [("total_row", place + 2)]
        assert raw.frame["姓名"].tolist() == ["甲乙", "丙丁"]
        assert holds_account(raw)
    two = read_survey(write_csv(tmp_path / "b.csv", [head[::2], *(row[::2] for row in rows), ["合计12人", ""], ["戊己", "满意"]]))
    assert two.frame["姓名"].tolist() == ["甲乙", "丙丁", "戊己"]


@pytest.mark.parametrize("others", [["3", "2人"], ["三口人", "四口"], ["共3人", "一共2人"], ["两人", "3口人"]])
def test_in_a_column_of_numbers_a_total_with_its_number_is_an_answer(tmp_path, others):
    for rest in (["好"], ["好", "甲社区"]):
        rows = [[others[0], *rest], ["合计4人", *[""] * len(rest)], [others[1], *rest]]
        raw = read_survey(write_csv(tmp_path / "a.csv", [["您家几口人", "意见", "社区"][: len(rest) + 1], *rows]))
        assert raw.frame["您家几口人"].tolist() == [others[0], "合计4人", others[1]]
    beside = read_survey(write_csv(tmp_path / "b.csv", [["姓名", "性别", "家里有谁"], ["甲乙", "女", "父母"], ["合计4人", "", "祖孙"], ["", "男", "合计3人"]]))
    assert len(beside.frame) == 3


@pytest.mark.parametrize("last", ["共4人", "共 4 户", "总数 4 份"])
def test_a_count_below_a_table_without_key_may_be_the_last_answer(tmp_path, last):
    for head, rest in ((["您家几口人"], []), (["您家几口人", "备注"], [""]), (["您家几口人", "意见", "社区"], ["好", ""]), (["您家几口人", "意见", "社区"], ["", ""])):
        rows = [["3", *["好"] * len(rest)], ["共3人", *rest], ["2", *rest], [last, *rest]]
        raw = read_survey(write_csv(tmp_path / "a.csv", [head, *rows]))
        assert len(raw.frame) == 4
        assert holds_account(raw)


@pytest.mark.parametrize("tail", [["共12人", "", ""], ["共12人", "制表人：张三", ""], ["制表人：张三", "", "共12人"]])
def test_a_count_below_a_table_of_words_is_a_note(tmp_path, tail):
    raw = read_survey(write_csv(tmp_path / "a.csv", [["姓名", "性别", "满意度"], ["甲乙", "女", "满意"], ["丙丁", "男", "一般"], tail]))
    assert rows_of(raw) == [("note_row", 4)]


def test_a_total_may_be_written_over_two_cells(tmp_path):
    raw = read_survey(write_csv(tmp_path / "a.csv", [["社区", "街道", "户数"], ["甲", "东", 2], ["合", "计", 2]]))
    assert rows_of(raw) == [("total_row", 3)]


@pytest.mark.parametrize(
    "row", [[4, "合计", 5, ""], [4, "合计", 5, "合计"], ["", "大家的合计不清楚怎么算，请再说明一下", 5, ""], [4, "", "", "总计"]]
)
def test_an_answer_is_no_total(tmp_path, row):
    raw = read_survey(write_csv(tmp_path / "a.csv", [HEAD, *DATA, row]))
    assert len(raw.frame) == 4
    assert raw.log.empty


def test_a_person_who_writes_total_in_a_table_without_key_is_kept_where_words_stand_beside_it(tmp_path):
    head, rows = ["意见", "社区", "分数"], [["好", "甲", 3], ["合计", "乙", 4], ["合计", "", 7]]
    raw = read_survey(write_csv(tmp_path / "a.csv", [head, *rows]))
    assert raw.frame["意见"].tolist() == ["好", "合计"]
    assert rows_of(raw) == [("total_row", 4)]


def test_a_submitted_answer_without_key_is_kept(tmp_path):
    head = ["序号", "提交答卷时间", "1、意见"]
    raw = read_survey(write_csv(tmp_path / "a.csv", [head, [1, "2025/3/1 9:00", "好"], ["", "2025/3/2 9:00", "合计"], ["合计", "", 2]]))
    assert raw.frame["1、意见"].tolist() == ["好", "合计"]


def test_total_rows_of_a_survey_are_no_respondents(tmp_path):
    head = ["序号", "提交答卷时间", "1、总体满意度"]
    rows = [*([i, f"2025/3/{i} 9:00:00", 5] for i in range(1, 9)), ["合计", "", "98%"], ["平均", "", 4.9]]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", [head, *rows]))
    assert len(raw.frame) == 8
    assert holds_account(raw)


@pytest.mark.parametrize("unit", [["", "人", "元"], ["", "(人次)", "（万元）"], ["单位：", "人", "%"]])
def test_units_below_the_header(tmp_path, unit):
    raw = read_survey(write_csv(tmp_path / "a.csv", [["序号", "人数", "费用"], unit, [1, 2, 3], [2, 3, 4]]))
    assert rows_of(raw) == [("note_row", 2)]
    assert raw.frame["人数"].tolist() == ["2", "3"]


def test_words_that_are_units_may_be_answers(tmp_path):
    assert len(read_survey(write_csv(tmp_path / "a.csv", [["序号", "频率"], [1, "天"], [2, "周"]])).frame) == 2
    assert len(read_survey(write_csv(tmp_path / "b.csv", [["频率"], ["天"], ["周"]])).frame) == 2


def test_notes_stand_below_only(tmp_path):
    rows = [["社区", "意见"], ["备注：第一条", "好"], ["甲", "好"], ["说明：以上为样本", ""], ["填表人：王小明 13800138000", ""]]
    raw = read_survey(write_csv(tmp_path / "a.csv", rows))
    assert raw.frame["社区"].tolist() == ["备注：第一条", "甲"]
    assert lines(raw, "old") == [["note_row", "说明"], ["note_row", "填表人"]]


@pytest.mark.parametrize("page", ["第1页", "第 1 页，共 2 页", "共2页 第1页", "第一页", "- 1 -", "Page 1 of 2", "满意度调查表 第1页", "望海社区登记表（第1页）"])
@pytest.mark.parametrize("column", [0, 2])
def test_the_number_of_a_page_alone_in_its_row_is_no_answer(tmp_path, page, column):
    rows = [["甲乙", "女", "满意"], ["丙丁", "男", "一般"], ["戊己", "男", "一般"]]
    mark = [page if j == column else "" for j in range(3)]
    for head in (["姓名", "性别", "满意度"], ["编号", "性别", "满意度"]):
        raw = read_survey(write_csv(tmp_path / "a.csv", [head, *rows[:2], mark, rows[2], ["填表人：张三", "", ""], mark]))
        assert rows_of(raw) == [("note_row", 4), ("note_row", 6), ("note_row", 7)]
        assert raw.frame[head[0]].tolist() == ["甲乙", "丙丁", "戊己"]
        assert holds_account(raw)


def test_pages_that_people_name_are_answers(tmp_path):
    one = read_survey(write_csv(tmp_path / "a.csv", [["哪一页难懂"], ["第1页"], ["第2页"]]))
    two = read_survey(write_csv(tmp_path / "b.csv", [["哪一页难懂", "备注"], ["第1页", ""], ["第2页", ""]]))
    many = read_survey(write_csv(tmp_path / "c.csv", [["哪一页难懂", "性别", "备注"], ["第1页", "女", ""], ["第2页", "", ""], ["第3页", "", ""]]))
    told = read_survey(write_csv(tmp_path / "d.csv", [["意见", "性别", "备注"], ["好", "女", ""], ["第2页没看懂", "", ""], ["不懂第2页", "", ""]]))
    assert [len(raw.frame) for raw in (one, two, many, told)] == [2, 2, 3, 3]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize(
    ("tail", "rules"),
    [
        ([["制表人：张三"]], ["note_row"]), ([[], ["注：初步统计"]], ["note_row"]), ([["总计：12人"]], ["total_row"]), ([["共1,204户"]], ["note_row"]),
        ([["合计", 12], ["制表人：张三", "", "审核：李四", "", "2025年1月1日"]], ["total_row", "note_row"]), ([["12人合计", "", 12]], ["total_row"]),
    ],
)
def test_notes_may_stand_in_the_column_of_the_key(tmp_path, suffix, tail, rules):
    rows = [["序号", "社区", "性别", "年龄", "意见"], *([i, "甲社区", "男", 20 + i, "好"] for i in range(1, 13)), *([*t, *[""] * (5 - len(t))] for t in tail)]
    raw = read_survey((write_csv if suffix == ".csv" else write_xlsx)(tmp_path / f"a{suffix}", rows))
    assert raw.frame["序号"].tolist() == [str(i) for i in range(1, 13)]
    assert [rule for rule, _ in rows_of(raw) if rule != "blank_row"] == rules
    assert holds_account(raw)


def test_a_row_that_has_a_key_is_an_answer_whatever_it_says(tmp_path):
    raw = read_survey(write_csv(tmp_path / "a.csv", [["序号", "意见"], [1, "好"], [2, "备注：见附页"]]))
    assert raw.frame["序号"].tolist() == ["1", "2"]


def test_tables_side_by_side(tmp_path):
    main = [["序号", "甲"], *([i, f"x{i}"] for i in range(1, 20))]
    rows = [[*row, "", *beside] for row, beside in zip(main, [["项目", "数量"], ["回收", 19], ["有效", 18], *[["", ""]] * 17], strict=True)]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", rows))
    assert list(raw.frame.columns) == ["序号", "甲"]
    assert lines(raw, "old") == [["other_table", "D1:E3"]]


def side_by_side(left, right, n_left=12, n_right=12):
    """Two tables that count their rows, a blank column between them."""
    sides = [[top, *([i, *["x"] * (len(top) - 1)] for i in range(1, n + 1)), *[[""] * len(top)] * (12 - n)] for top, n in ((left, n_left), (right, n_right))]
    return [[*row, "", *beside] for row, beside in zip(*sides, strict=True)]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (["序号", "性别", "满意度"], ["编号", "户数"]), (["社区", "户数"], ["社区", "街道", "满意率"]), (["份数", "性别", "满意度"], ["次数", "项目"]),
        (["序号", "提交答卷时间", "1、满意"], ["编号", "1、满意"]), (["序号", "1、满意"], ["编号", "户数", "人口"]),
    ],
)
def test_tables_of_one_length_side_by_side_that_have_keys_of_their_own_are_refused(tmp_path, left, right):
    with pytest.raises(SourceError) as error:
        read_survey(write_xlsx(tmp_path / "a.xlsx", side_by_side(left, right)))
    assert [f.code for f in error.value.failures] == ["CR-S42"]
    areas = (f"A1:{chr(64 + len(left))}13", f"{chr(66 + len(left))}1:{chr(65 + len(left) + len(right))}13")
    for language, remedy in (("zh", "删去中间的空列"), ("en", "delete the blank column")):
        assert all(part in render_error(error.value, language) for part in ("a.xlsx", *areas, remedy))


@pytest.mark.parametrize(("right", "n"), [(["编号", "户数"], 11), (["序号", "户数"], 8)])
def test_a_table_of_another_length_that_has_a_key_of_its_own_is_told(tmp_path, right, n):
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", side_by_side(["序号", "性别", "满意度"], right, n_right=n)))
    assert (list(raw.frame.columns), len(raw.frame)) == (["序号", "性别", "满意度"], 12)
    assert lines(raw, "old") == [["other_table", f"E1:F{n + 1}"]]
    assert holds_account(raw)


META = ["序号", "提交答卷时间", "所用时间"]
BEHIND = ["编号", "1、满意", "2、次数", "3、意见"]


@pytest.mark.parametrize(
    ("left", "right", "key"),
    [
        (META, BEHIND, lambda i: f"H{i}"), (META, BEHIND, lambda i: i), (META[:1], BEHIND, lambda i: i),
        ([*META, "1、满意"], BEHIND[2:], lambda i: i if i < 4 else 2), ([*META, "1、满意"], BEHIND[2:], lambda i: i), (["序号", "性别"], ["次数", "意见"], lambda i: min(i, 9)),
    ],
)
def test_a_questionnaire_with_a_blank_column_stays_one_table(tmp_path, left, right, key):
    rows = [[*left, "", *right], *([i, *["a"] * (len(left) - 1), "", key(i), *["b"] * (len(right) - 1)] for i in range(1, 13))]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", rows))
    assert (list(raw.frame.columns), len(raw.frame)) == ([*left, *right], 12)
    assert "other_table" not in set(raw.log["rule"])
    if len(left) > 1:
        assert ["joined_columns", f"{chr(66 + len(left))}1:{chr(65 + len(left) + len(right))}13"] in lines(raw, "old")


def test_few_rows_that_count_in_two_columns_are_one_table(tmp_path):
    rows = [["序号", "性别", "", "编号", "户数"], *([i, "男", "", i, 20 + i] for i in range(1, 10))]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", rows))
    assert list(raw.frame.columns) == ["序号", "性别", "编号", "户数"]
    assert lines(raw, "old") == [["joined_columns", "D1:E10"]]


def test_a_table_under_a_header_of_two_rows_that_goes_on_beside_itself_is_refused(tmp_path):
    rows = [["序号", "7、满意度", "", "", "序号", "7、满意度", ""], ["", "环境", "物业", "", "", "环境", "物业"], *([i, 4, 5, "", i + 5, 3, 2] for i in range(1, 6))]
    with pytest.raises(SourceError) as error:
        read_survey(write_xlsx(tmp_path / "a.xlsx", rows, merge=["A1:A2", "B1:C1", "E1:E2", "F1:G1"]))
    assert [(f.code, f.values["first"], f.values["second"]) for f in error.value.failures] == [("CR-S41", "A1:C7", "E1:G7")]


@pytest.mark.parametrize("n_right", [8, 3])
def test_a_table_that_goes_on_beside_itself_is_refused(tmp_path, n_right):
    header = ["序号", "姓名", "满意度"]
    rows = [[*header, "", *header], *([i, "甲", 5, "", *([i + 8, "乙", 4] if i <= n_right else [""] * 3)] for i in range(1, 9))]
    with pytest.raises(SourceError) as error:
        read_survey(write_xlsx(tmp_path / "a.xlsx", rows))
    assert [f.code for f in error.value.failures] == ["CR-S41"]
    said = render_error(error.value, "zh")
    assert all(part in said for part in ("a.xlsx", "A1:C9", f"E1:G{n_right + 1}", "接到左边的表下面"))


def test_columns_behind_a_blank_one_without_a_key_are_told(tmp_path):
    rows = [["序号", "甲", "", "社区", "户数"], *([i, "a", "", f"c{i}", i] for i in range(1, 9))]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", rows))
    assert list(raw.frame.columns) == ["序号", "甲", "社区", "户数"]
    assert lines(raw, "old") == [["joined_columns", "D1:E9"]]


def test_a_blank_column_does_not_cut_a_table(tmp_path):
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", [["序号", "甲", "", "乙"], *([i, "a", "", "b" if i % 3 else ""] for i in range(1, 12))]))
    assert list(raw.frame.columns) == ["序号", "甲", "乙"]


def test_a_column_beside_a_blank_one_belongs_to_the_table_and_a_remark_does_not(tmp_path):
    rows = [["序号", "甲", "", "备注", "", ""], [1, "a", "", "x", "", ""], [2, "b", "", "", "", "已核对"], *([i, "c", "", "", "", ""] for i in range(3, 9))]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", rows))
    assert raw.frame["备注"].tolist()[:3] == ["x", "", ""]
    assert lines(raw, "old") == [["other_table", "F3"]]


def test_the_survey_is_chosen_by_its_headers_though_another_table_is_larger(tmp_path):
    other = [["社区", "街道", "户数", "人口"], *([f"c{i}", "s", i, i] for i in range(30))]
    rows = [["序号", "提交答卷时间", "1、甲", ""], [1, "2025/3/1 9:00", "a", ""], [], *other]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", rows))
    assert (raw.frame["1、甲"].tolist(), lines(raw, "old")) == (["a"], [["other_table", "A4:D34"]])


def test_blank_rows_between_answers_keep_what_comes_after(tmp_path):
    rows = [["序号", "提交答卷时间", "1、意见"], [1, "2025/3/1", "a"], [], [], [2, "2025/3/2", ""], ["　", " ", ""], [3, "2025/3/3", "c"]]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", rows))
    assert list(raw.frame.index) == [2, 5, 7]
    assert lines(raw, "count") == [["blank_row", 3]]
    texts = read_survey(write_xlsx(tmp_path / "b.xlsx", [["姓名", "意见"], ["小明", "好"], [], ["小红", "不好"], ["小刚", "还行"]]))
    assert texts.frame["姓名"].tolist() == ["小明", "小红", "小刚"]


def test_a_stray_remark_beside_later_rows_gets_a_column_of_its_own(tmp_path):
    rows = [["序号", "人数"], [1, 5], [], [2, 6, "待核"], [3, 7]]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", rows))
    assert raw.frame["列3"].tolist() == ["", "待核", ""]
    assert lines(raw, "variable")[-1] == ["blank_header", "列3"]


def test_a_number_alone_on_its_row_is_an_answer(tmp_path):
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", [["人数", "意见"], [5, "a"], [], [6], [], [7, "b"], [], ["核对完毕"]]))
    assert raw.frame["人数"].tolist() == ["5", "6", "7"]
    assert rows_of(raw) == [("note_row", 8)]
    assert holds_account(raw)


def test_a_table_of_one_column(tmp_path):
    raw = read_survey(write_csv(tmp_path / "a.csv", [["意见"], ["好"], ["不好"]]))
    assert raw.frame["意见"].tolist() == ["好", "不好"]


def test_merged_headers_count_for_all_their_columns(tmp_path):
    rows = [["序号", "7、满意度", "", "", "备注"], [1, 5, 4, 3, ""], [2, 4, 4, 4, "x"]]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", rows, merge=["B1:D1"]))
    assert list(raw.frame.columns) == ["序号", "7、满意度", "7、满意度 (2)", "7、满意度 (3)", "备注"]
    assert raw.questions[0].columns == ("7、满意度", "7、满意度 (2)", "7、满意度 (3)")


@pytest.mark.parametrize("merge", [["A2:A3", "B2:D2", "E2:E3"], ["B2:D2"]])
def test_headers_of_two_rows(tmp_path, merge):
    rows = [["调查表"], ["序号", "7、满意度", "", "", "备注"], ["", "环境", "物业", "停车", ""], [1, 5, 4, 3, ""], [2, 4, 4, 4, "x"]]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", rows, merge=["A1:E1", *merge]))
    assert list(raw.frame.columns) == ["序号", "7、满意度—环境", "7、满意度—物业", "7、满意度—停车", "备注"]
    assert raw.questions[0].parts == ("环境", "物业", "停车")
    assert rows_of(raw) == [("title_row", 1)]


def test_merged_answers_stay_in_the_first_cell(tmp_path):
    rows = [["序号", "社区", "意见"], [1, "甲", "a"], [2, "", "b"], [3, "乙", "c"], ["合计", "", 3]]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", rows, merge=["B2:B3", "A5:B5"]))
    assert raw.frame["社区"].tolist() == ["甲", "", "乙"]
    line = raw.log[raw.log["rule"] == "merged_cell"].iloc[0]
    assert (line["variable"], line["old"], line["count"]) == ("社区", "B2:B3", 1)
    assert line["row_id"].endswith(":2")
    assert (raw.log["rule"] == "merged_cell").sum() == 1


def test_long_numbers_are_masked_in_the_log(tmp_path):
    raw = read_survey(write_csv(tmp_path / "a.csv", [["联系人13800138000，身份证371002199001011234", "", "", ""], HEAD, *DATA]))
    assert raw.log["old"].iloc[0] == "联系人138001…，身份证371002…"


def test_a_table_without_header_is_refused(tmp_path):
    with pytest.raises(SourceError) as caught:
        read_survey(write_csv(tmp_path / "a.csv", [[1, 3, "甲", 5], [2, 4, "乙", 3]]))
    assert [f.code for f in caught.value.failures] == ["CR-S25"]
    years = read_survey(write_csv(tmp_path / "b.csv", [["2023", "2024", "2025"], [1, 2, 3]]))
    assert list(years.frame.columns) == ["2023", "2024", "2025"]


@pytest.mark.parametrize("rows", [[HEAD], [HEAD, [], []], [["登记表"], HEAD], [HEAD, ["合计", "", 3, ""]]])
def test_a_header_without_answers_is_refused(tmp_path, rows):
    with pytest.raises(SourceError) as caught:
        read_survey(write_xlsx(tmp_path / "a.xlsx", rows))
    assert [f.code for f in caught.value.failures] == ["CR-S26"]
