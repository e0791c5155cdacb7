"""Further tables of the same questionnaire: below the first one, and on other sheets."""

from unittest.mock import Mock

import pytest

from commresearch.errors import SourceError
from commresearch.sources import ROW_RULES, read_survey, read_survey_pair, reading, row_rules
from commresearch.words import render_error
from tests.unit.sources_files import CODE_HEADER, CODE_ROWS, TEXT_HEADER, TEXT_ROWS, write_csv, write_xls, write_xlsx

HEAD = ["编号", "性别", "年龄", "满意度"]
FIRST = [[i, "女", 20 + i, "满意"] for i in range(1, 7)]
SECOND = [[100 + i, "男", 30 + i, "一般"] for i in range(1, 5)]
WJX = ["序号", "提交答卷时间", "1、性别", "2、满意度"]
WJX_FIRST = [[i, f"2026/9/1 9:0{i}:00", "男", "满意"] for i in range(1, 7)]
WJX_SECOND = [[i, f"2026/9/1 9:0{i}:00", "女", "一般"] for i in range(7, 10)]


def wide(rows, width=6):
    return [[*row, *[""] * (width - len(row))] for row in rows]


def refused(path, code, *said, **options):
    with pytest.raises(SourceError) as caught:
        read_survey(path, **options)
    assert {f.code for f in caught.value.failures} == {code}
    for language in ("zh", "en"):
        assert all(part in render_error(caught.value, language) for part in (path.name, *said))


def rules(raw):
    """Rules of the log; the row account holds."""
    assert raw.n_rows_read == len(raw.frame) + int(raw.log["rule"].isin(ROW_RULES).sum())
    return raw.log["rule"].tolist()


@pytest.mark.parametrize("write", [write_xlsx, write_csv, write_xls])
@pytest.mark.parametrize(
    ("rows", "first", "second"),
    [
        ([HEAD, *FIRST, [], ["", *HEAD], *(["", *row] for row in SECOND)], "A1:D7", "B9:E13"),
        ([HEAD, *FIRST, [], ["性别", "编号", "年龄", "满意度"], *([b, a, *rest] for a, b, *rest in SECOND)], "A1:D7", "A9:D13"),
    ],
)
def test_a_table_below_that_asks_the_same_in_other_columns_is_refused(tmp_path, write, rows, first, second):
    refused(write(tmp_path / f"a.{write.__name__[6:]}", wide(rows)), "CR-S43", first, second)


@pytest.mark.parametrize("write", [write_xlsx, write_csv, write_xls])
@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([["望海社区"], HEAD, *FIRST, [], ["青滩社区"], HEAD, *SECOND], "note_row"), ([HEAD, *FIRST, ["二组"], HEAD, *SECOND], "note_row"),
        ([HEAD, *FIRST, [], ["青滩社区"], [], HEAD, *SECOND], "note_row"), ([HEAD, *FIRST, ["合计", "", 9, ""], [], ["2026年9月"], HEAD, *SECOND], "note_row"),
        ([["一组"], WJX, *WJX_FIRST, [], ["二组"], WJX, *WJX_SECOND], "note_row"), ([HEAD, *FIRST, [], ["性别", "人数"], ["女", 6], [], HEAD, *SECOND], "other_table"),
        ([HEAD, *FIRST, ["", "", "", "- 2 -"], HEAD, *SECOND], "note_row"), ([HEAD, *FIRST, [], HEAD, *SECOND], "header_row"),
    ],
)
def test_a_table_under_the_same_header_goes_on_with_the_rows_above(tmp_path, write, rows, rule):
    raw = read_survey(write(tmp_path / f"a.{write.__name__[6:]}", wide(rows)))
    told = rules(raw)
    assert rule in told
    key = raw.frame.columns[0]
    assert raw.frame[key].tolist() == [str(row[0]) for row in ([*WJX_FIRST, *WJX_SECOND] if key == "序号" else [*FIRST, *SECOND])]
    assert not raw.log.loc[raw.log["rule"] == "note_row", "old"].str.len().any()  # what is no note by its words might name somebody


@pytest.mark.parametrize("write", [write_xlsx, write_csv])
@pytest.mark.parametrize("titles", [
    [["调查员：李四", "", "日期：9月2日", ""]], [["二组", "", "2026年9月"]], [["青滩社区"], ["", "", "2026年9月"]], [["青滩社区满意度调查"], ["调查员：李四（2组）", "", "9月2日"]],
])
def test_titles_of_several_cells_have_no_number_where_answers_have_one(tmp_path, write, titles):
    for between in ([], [[]]):
        raw = read_survey(write(tmp_path / f"a.{write.__name__[6:]}", wide([HEAD, *FIRST, *between, *titles, HEAD, *SECOND], 4)))
        assert raw.frame["编号"].tolist() == [str(row[0]) for row in (*FIRST, *SECOND)]
        assert rules(raw).count("note_row") == len(titles)


@pytest.mark.parametrize(
    "last", [[7, "", "", "没有"], ["A7", "", "", "没有"], ["补7号", "", "没有", ""], ["", "女", "", ""], ["", "", 33, ""], ["", "", "", "满意"], ["", "没有", "不详", ""], ["李四", "女", "", ""]],
)
def test_an_answer_above_a_repeated_header_stays_where_others_answer_alike_or_its_number_is_typed_otherwise(tmp_path, last):
    raw = read_survey(write_csv(tmp_path / "a.csv", [["望海社区", "", "", ""], HEAD, *FIRST, last, HEAD, *SECOND]))
    assert len(raw.frame) == 11
    assert "note_row" not in rules(raw)


OPEN = ["编号", *(f"{i}、意见" for i in range(1, 9))]
OPEN_ROWS = [[i, *(f"第{i}次说{word}" for word in ("停车难", "楼道暗", "垃圾多", "太吵了", "没绿化", "电梯慢", "2019年", "无"))] for i in range(1, 7)]


@pytest.mark.parametrize("write", [write_xlsx, write_csv])
@pytest.mark.parametrize("last", [
    ["", "希望多搞活动", "", "电梯老坏", "没人管垃圾"], ["补录", "希望多搞活动", "电梯老坏", "想要老年食堂"], ["匿名", "", "希望多搞活动", "", "", "多装路灯"], ["", "", "优点：近", "缺点：贵"],
    ["匿名", "建议：多装路灯"], ["代填人：李四", "希望多搞活动", "联系人：王五", "电梯老坏", "太远"], ["", "希望少填登记表", "单位：退休", "没有"],
])
def test_open_answers_of_somebody_without_a_number_are_no_title(tmp_path, write, last):
    for top in ([], [["望海社区调查表"]], [["望海社区", *[""] * 7, "第1页"]]):
        rows = wide([*top, OPEN, *OPEN_ROWS[:4], last, OPEN, *OPEN_ROWS[4:]], len(OPEN))
        raw = read_survey(write(tmp_path / f"a.{write.__name__[6:]}", rows))
        assert raw.frame["编号"].tolist() == ["1", "2", "3", "4", last[0], "5", "6"]
        assert rules(raw) == [*(["title_row"] * len(top)), "header_row"]


@pytest.mark.parametrize(("years", "kept"), [("2019", True), ("2019-05", True), ("5月", True), ("三十", False)])
def test_a_date_is_no_sign_of_a_title_where_others_answer_with_one(tmp_path, years, kept):
    head = ["编号", "何时搬来", "性别", "满意度"]
    raw = read_survey(write_csv(tmp_path / "a.csv", [head, *([i, years, "女", "满意"] for i in range(1, 5)), ["匿名", "2018年3月", "", ""], head, [5, years, "女", "满意"]]))
    assert len(raw.frame) == 5 + kept


def test_a_title_of_several_cells_may_stand_in_the_places_of_the_first_one(tmp_path):
    raw = read_survey(write_csv(tmp_path / "a.csv", [["望海社区", "", "张三", ""], HEAD, *FIRST, ["青滩社区", "", "李四", ""], HEAD, *SECOND]))
    assert (len(raw.frame), rules(raw)) == (10, ["title_row", "note_row", "header_row"])


def test_answers_with_a_number_and_little_else_show_what_answers_are(tmp_path):
    head = ["编号", *(f"{i}、意见" for i in range(1, 7))]
    rows = [[i, "好", *[""] * 5] for i in range(1, 7)]
    raw = read_survey(write_csv(tmp_path / "a.csv", [head, *rows, ["", "好", *[""] * 5], ["调查员：李四", "", "", "日期：9月2日", "", "", ""], head, *rows]))
    assert raw.frame["编号"].tolist() == ["1", "2", "3", "4", "5", "6", "", "1", "2", "3", "4", "5", "6"]
    assert rules(raw).count("note_row") == 1


@pytest.mark.parametrize("title", [
    ["满意度调查表 第%d页", "", "", ""], ["第%d页", "", "", ""], ["2026年9月%d日", "", "", ""], ["调查员：%d", "", "日期：9月%d日", ""], ["", "", "", "第%d组"], ["单位：%d居委会", "", "", ""],
])
def test_a_title_that_stands_above_every_header_with_another_number_or_name_needs_no_key(tmp_path, title):
    first, second = ([text.replace("%d", number) for text in title] for number in ("1", "2"))
    for head in (["姓名", *HEAD[1:]], HEAD):
        rows = [["甲乙", "女", 20, "满意"], ["丙丁", "男", 30, "一般"]]
        raw = read_survey(write_csv(tmp_path / "a.csv", [first, head, *rows, second, head, ["戊己", "男", 30, "一般"]]))
        assert raw.frame[head[0]].tolist() == ["甲乙", "丙丁", "戊己"]
        assert rules(raw) == ["title_row", "note_row", "header_row"]


NAMED = ["姓名", "社区", "意见"]
SAID = [["甲乙", "望海", "好"], ["己庚", "望海", "一般"]]


@pytest.mark.parametrize("write", [write_xlsx, write_csv])
@pytest.mark.parametrize("rows", [
    [["望海社区"], NAMED, *SAID, ["青滩社区"], NAMED, ["戊己", "青滩", "好"]], [["望海社区"], NAMED, *SAID, [], ["南山街道"], NAMED, ["戊己", "青滩", "好"]],
    [["意见表"], ["望海社区"], NAMED, *SAID, [], ["意见表"], ["青滩村"], NAMED, ["戊己", "青滩", "好"]], [["", "望海社区"], NAMED, *SAID, ["", "青滩社区"], NAMED, ["戊己", "青滩", "好"]],
    [["望海社区"], ["编号", *NAMED[1:]], *([f"A-{i}", *row[1:]] for i, row in enumerate(SAID)), ["青滩社区"], ["编号", *NAMED[1:]], ["B-1", "青滩", "好"]],
    [["意见表"], [], ["望海社区"], NAMED, *SAID, ["南山街道"], NAMED, ["青滩村"], NAMED, ["戊己", "青滩", "好"]],
])
def test_the_name_of_a_group_above_each_header_needs_no_number(tmp_path, write, rows):
    raw = read_survey(write(tmp_path / f"a.{write.__name__[6:]}", wide(rows, 3)))
    assert raw.frame["意见"].tolist() == ["好", "一般", "好"]
    assert "note_row" in rules(raw)


def test_the_name_of_a_group_over_merged_cells_needs_no_number(tmp_path):
    rows = [["望海社区"], NAMED, *SAID, ["南山街道"], NAMED, ["戊己", "青滩", "好"]]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", rows, merge=["A1:C1", "A5:C5"]))
    assert raw.frame["意见"].tolist() == ["好", "一般", "好"]


@pytest.mark.parametrize("last", [["丙丁", "", ""], ["", "望海", ""], ["", "", "好"], ["", "", "没有社区"], ["辛", "", "不好"]])
def test_somebody_who_answered_one_question_only_is_no_group(tmp_path, last):
    for top, between in (([["登记表"]], []), ([["望海社区"]], [[], ["青滩社区"]]), ([["登记表"], ["望海社区"]], [[], ["青滩社区"]])):
        raw = read_survey(write_csv(tmp_path / "a.csv", wide([*top, NAMED, *SAID, last, *between, NAMED, ["戊己", "青滩", "好"]], 3)))
        assert raw.frame["意见"].tolist() == ["好", "一般", last[2], "好"]
        rules(raw)


def test_an_answer_that_differs_from_a_title_by_its_number_stays(tmp_path):
    head, rows = ["楼栋", "年龄", "意见"], [["1栋", 33, "好"], ["2栋", 41, "一般"]]
    raw = read_survey(write_csv(tmp_path / "a.csv", [["3栋", "", ""], head, *rows, ["4栋", "", ""], head, *rows]))
    assert raw.frame["楼栋"].tolist() == ["1栋", "2栋", "4栋", "1栋", "2栋"]


def test_rows_after_a_table_that_goes_on_are_its_own(tmp_path):
    third = [[200 + i, "女", 40 + i, "满意"] for i in range(1, 4)]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", [HEAD, *FIRST, [], ["性别", "人数"], ["女", 6], [], HEAD, *SECOND, [], *third]))
    assert raw.frame["编号"].tolist() == [str(row[0]) for row in (*FIRST, *SECOND, *third)]
    rules(raw)


@pytest.mark.parametrize("last", [["A-9", "", "", "没有"], ["A-9", "", "", ""], ["A-9", "女", "", ""]])
def test_a_sparse_answer_above_a_repeated_header_stays(tmp_path, last):
    rows = [[f"A-{row[0]}", *row[1:]] for row in FIRST]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", [HEAD, *rows, last, HEAD, *rows[:2]]))
    assert len(raw.frame) == 9
    nobody = read_survey(write_xlsx(tmp_path / "b.xlsx", [["姓名", "社区", "意见"], ["甲乙", "望海", "好"], ["丙丁", "", ""], ["姓名", "社区", "意见"], ["戊己", "青滩", "好"]]))
    assert len(nobody.frame) == 3


@pytest.mark.parametrize("below", [
    [["统计量", "性别", "年龄", "满意度"], ["平均值", 1, 2, 3], ["标准差", 1, 2, 3]], [["选项", *HEAD[1:]], ["满意", 1, 2, 3]], [[*HEAD, "备注"], [1, "男", 30, "一般", "代填"]], [HEAD, [1], [2], [3]],
])
def test_tables_of_results_and_empty_forms_are_told_as_before(tmp_path, below):
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", [*wide([HEAD, *FIRST]), [], *below]))
    if below[0] != HEAD:
        assert (len(raw.frame), raw.log["rule"].tolist().count("other_table")) == (6, 1)
    beside = read_survey(write_xlsx(tmp_path / "b.xlsx", [HEAD, *FIRST], others={"统计": below}))
    assert (len(beside.frame), rules(beside)) == (6, ["other_sheet"])


def test_a_sheet_of_two_small_tables_beside_the_answers_is_no_fault(tmp_path):
    head = ["编号", "环境", "物业", "停车", "治安"]
    small = ["项目", "很满意", "满意", "一般", "不满意"]
    rows = [[i, "很满意", "满意", "一般", "不满意"] for i in range(1, 20)]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", [head, *rows], others={"统计": [[*small, "", *small], ["环境", 1, 2, 3, 4, "", "物业", 4, 3, 2, 1]]}))
    assert (len(raw.frame), rules(raw)) == (19, ["other_sheet"])


def test_a_header_of_two_rows_that_comes_again_is_refused_or_set_aside(tmp_path):
    top = [["序号", "7、满意度", "", "备注"], ["", "环境", "物业", ""]]
    first, second = ([[i, 4, 5, "x"] for i in range(start, start + 5)] for start in (1, 6))
    merge = ["A1:A2", "B1:C1", "D1:D2"]
    refused(write_xlsx(tmp_path / "a.xlsx", [*top, *first, [], *top, *second], merge=[*merge, "A9:A10", "B9:C9", "D9:D10"]), "CR-S43", "A1:D7", "A9:D15")
    raw = read_survey(write_xlsx(tmp_path / "b.xlsx", [*top, *first, *top, *second], merge=merge))
    assert rules(raw).count("header_row") == 2
    assert raw.frame["序号"].tolist() == [str(i) for i in range(1, 11)]


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        ([], ["header_row"]), ([[]], ["header_row", "blank_row"]), ([["登记表"]], ["note_row", "header_row"]), ([[], ["登记表"]], ["note_row", "header_row", "blank_row"]),
        ([["第1页，共2页"], [], ["登记表"]], ["note_row", "note_row", "header_row", "blank_row"]), ([["制表人：张三"], ["登记表"]], ["note_row", "note_row", "header_row"]),
        ([["小计", "", 9, ""]], ["total_row", "header_row"]),
    ],
)
def test_a_list_with_title_and_header_on_every_page_is_one_table(tmp_path, between, expected):
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", [["登记表"], HEAD, *FIRST, *between, HEAD, *SECOND]))
    assert raw.frame["编号"].tolist() == [str(row[0]) for row in (*FIRST, *SECOND)]
    assert rules(raw) == ["title_row", *expected]


def test_a_form_without_rows_below_the_answers_is_told(tmp_path):
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", [HEAD, *FIRST, [], ["备用表"], [*HEAD, "备注"]]))
    assert (len(raw.frame), rules(raw)) == (6, ["other_table"])


def test_the_name_of_a_group_among_the_answers_is_no_respondent(tmp_path):
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", [HEAD, ["望海社区"], *FIRST, ["青滩社区"], *SECOND]))
    assert (len(raw.frame), rules(raw)) == (10, ["note_row", "note_row"])
    kept = read_survey(write_csv(tmp_path / "b.csv", [HEAD, *FIRST, ["A7", "", "", ""], [8, "", "", ""], ["", "", "", "不详"], *SECOND]))
    assert (len(kept.frame), rules(kept)) == (13, [])
    worded = read_survey(write_csv(tmp_path / "c.csv", [HEAD, *(["abcdefghij"[i], *row[1:]] for i, row in enumerate(FIRST)), ["k", "", "", ""]]))
    assert (len(worded.frame), rules(worded)) == (7, [])


@pytest.mark.parametrize(
    ("second", "further"),
    [
        ([HEAD, *SECOND], "4"), ([["青滩社区"], HEAD, *SECOND, ["合计", "", 4, ""]], "4"),
        ([HEAD, *FIRST[:2], [3, "男", 23, "满意"]], "3"),
    ],
)
def test_another_sheet_that_asks_the_same_is_refused_unless_one_is_named(tmp_path, second, further):
    path = write_xlsx(tmp_path / "a.xlsx", [HEAD, *FIRST], sheet="望海", others={"青滩": second})
    refused(path, "CR-S44", "望海", "青滩", "6", further, "sheet = ")
    for name, n in (("望海", 6), ("青滩", int(further))):
        raw = read_survey(path, sheet=name)
        assert (raw.sheet, len(raw.frame), raw.log["rule"].tolist().count("other_sheet")) == (name, n, 1)


@pytest.mark.parametrize("further", [["备注", "备注"], ["", "备注"], ["备注", ""], ["题\n1", "题\n1"], [1, "备注"]])
def test_a_header_with_blank_repeated_or_numbered_cells_is_found_on_another_sheet(tmp_path, further):
    first, second = ([[*row, "x", "y"] for row in rows] for rows in (FIRST, SECOND))
    refused(write_xlsx(tmp_path / "a.xlsx", [[*HEAD, *further], *first], others={"乙": [[*HEAD, *further], *second]}), "CR-S44", "Sheet1", "乙", "4")
    for rows in (first, first[2:]):
        copy = read_survey(write_xlsx(tmp_path / "b.xlsx", [[*HEAD, *further], *first], others={"乙": [[*HEAD, *further], *rows]}))
        assert (len(copy.frame), copy.log["rule"].tolist().count("other_sheet")) == (6, 1)


def test_a_column_of_remarks_without_header_makes_no_other_questionnaire(tmp_path):
    remarked = [[*HEAD, ""], *([*row, "已核"] for row in FIRST)]
    refused(write_xlsx(tmp_path / "a.xlsx", remarked, others={"乙": [HEAD, *SECOND]}), "CR-S44", "乙")
    for head, first, copy in ((HEAD, remarked, FIRST), (HEAD[1:], [row[1:] for row in remarked], [row[1:] for row in FIRST[::-1]])):
        raw = read_survey(write_xlsx(tmp_path / "b.xlsx", first, others={"乙": [head, *copy]}))
        assert len(raw.frame) == 6


def test_a_form_that_lacks_the_columns_without_header_is_no_further_sheet_of_answers(tmp_path):
    rows = [[i, 3, 4, 5, 2, "好"] for i in range(1, 31)]
    head, visits = ["序号", "满意度", "", "", "", "备注"], [["序号", "满意度", "备注"], [1, 5, "ok"], [2, 4, "no"], [31, 2, "x"]]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", [head, *rows], others={"回访": visits}))
    assert (len(raw.frame), rules(raw).count("other_sheet")) == (30, 1)
    further = [head, *([100 + i, 3, 4, 5, 2, "好"] for i in range(1, 4))]
    refused(write_xlsx(tmp_path / "b.xlsx", [head, *rows], others={"乙": further}), "CR-S44", "乙", "3")


@pytest.mark.parametrize("merge_all", [True, False])
def test_a_header_of_two_rows_is_found_on_another_sheet(tmp_path, merge_all):
    top = [["序号", "7、满意度", "", "备注"], ["", "环境", "物业", ""]]
    first, second = ([[i, 4, 5, "x"] for i in range(start, start + 6)] for start in (1, 7))
    merge = ["A1:A2", "B1:C1", "D1:D2"]
    refused(write_xlsx(tmp_path / "a.xlsx", [*top, *first], merge=merge, others={"乙": [*top, *second]}, merge_all=merge_all), "CR-S44", "乙")
    again = [[i, 2, 3, "x"] for i in range(1, 7)]
    refused(write_xlsx(tmp_path / "b.xlsx", [*top, *first], merge=merge, others={"乙": [*top, *again]}, merge_all=merge_all), "CR-S44", "乙")
    for other in ([["项目", "环境", "物业"], ["平均", 4, 5]], [["", "环境", "物业"], ["平均", 4, 5]], [["序号", "7、满意度", "备注"], [1, 9, "x"]]):
        raw = read_survey(write_xlsx(tmp_path / "c.xlsx", [*top, *first], merge=merge, others={"统计": other}))
        assert (len(raw.frame), rules(raw).count("other_sheet")) == (6, 1)
    copied = read_survey(write_xlsx(tmp_path / "d.xlsx", [*top, *first], merge=merge, others={"乙": [*top, *first[1:]]}, merge_all=True))
    assert len(copied.frame) == 6


def test_every_sheet_that_would_be_lost_is_named_at_once(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", [WJX, *WJX_FIRST], sheet="甲", others={"乙": [WJX, *WJX_SECOND], "丙": [WJX, *WJX_SECOND[:1]]})
    refused(path, "CR-S44", "甲", "乙", "丙")


@pytest.mark.parametrize(
    ("head", "first", "second"),
    [
        (HEAD, FIRST, [HEAD]), (HEAD, FIRST, [HEAD, ["合计", "", 6, ""]]), (HEAD, FIRST, [HEAD, *FIRST]), (HEAD, FIRST, [["登记表"], HEAD, *FIRST[3:]]),
        (HEAD, FIRST, [["性别", "满意", "一般"], ["女", 6, 0]]), (HEAD, FIRST, [["编号", "姓名", "联系电话", "社区"], [1, "甲", "1", "望海"]]),
        (HEAD, FIRST, [["题目", "选项", "说明"], ["性别", "女", ""], ["满意度", "满意", ""]]), (HEAD, FIRST, [["编号"], *([row[0]] for row in FIRST)]),
        (HEAD[1:], [r[1:] for r in FIRST], [HEAD[1:], *(r[1:] for r in FIRST[::-1])]), (WJX, WJX_FIRST, [WJX, *WJX_FIRST[1:3]]), (WJX, WJX_FIRST, [["1、性别", "人数"], ["男", 6]]),
        (HEAD[1:], [["女", "三十", "满意"], ["男", "四十", "一般"]], [["社区", "网格", "人员"], ["女", "三十", "满意"]]),
    ],
)
def test_sheets_that_hold_no_further_answers_are_told(tmp_path, head, first, second):
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", [head, *first], others={"Sheet2": second}))
    assert (raw.sheet, len(raw.frame), rules(raw)) == ("Sheet1", len(first), ["other_sheet"])


def test_without_a_key_a_sheet_is_a_copy_only_where_all_its_rows_are(tmp_path):
    head, rows = ["性别", "年龄", "满意度"], [["女", "三十", "满意"], ["男", "三十", "满意"], ["女", "四十", "一般"]]
    refused(write_xlsx(tmp_path / "a.xlsx", [head, *rows], others={"乙": [head, *rows[:2]]}), "CR-S44", "乙")


def test_child_sheets_may_repeat_each_other_but_not_the_survey(tmp_path):
    rows = [["_id", "_uuid", "start", "q1"], [1, "a", "2025-03-01", "x"]]
    child = [["name", "age", "_parent_index"], ["甲", 3, 1]]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", rows, others={"one": child, "two": child}))
    assert rules(raw) == ["child_sheet", "child_sheet"]


def test_a_pair_of_exports_on_a_named_sheet_of_each_workbook(tmp_path):
    files = [
        write_xlsx(tmp_path / f"{i}.xlsx", [head, *rows], sheet="原始", others={"核对": [head, *([9, *row[1:]] for row in rows[:1])]})
        for i, (head, rows) in enumerate([(TEXT_HEADER, TEXT_ROWS), (CODE_HEADER, CODE_ROWS)])
    ]
    with pytest.raises(SourceError) as caught:
        read_survey_pair(*files)
    assert [f.code for f in caught.value.failures] == ["CR-S44", "CR-S44"]
    assert [len(raw.frame) for raw in read_survey_pair(*files, sheet="原始")] == [3, 3]


@pytest.mark.parametrize("write", [write_xlsx, write_csv])
def test_thousands_of_rows_set_aside_are_logged_at_once_and_their_columns_looked_at_once(tmp_path, write, monkeypatch):
    places = ((reading, "log_lines"), (row_rules, "_says_how_many"))
    for module, name in places:
        monkeypatch.setattr(module, name, Mock(wraps=getattr(module, name)))
    for n in (2, 50):
        rows = [["满意度", "社区", "意见"], *(row for i in range(n) for row in ([["满意", "望海", "好"], [f"合计{i}人"], [f"第{i}页"], ["满意", "青滩", "差"]]))]
        raw = read_survey(write(tmp_path / f"{n}.{write.__name__[6:]}", wide([*rows, ["总计9人"]], 3)))
        assert len(raw.frame) == 2 * n
        assert rules(raw) == [*["total_row", "note_row"] * n, "total_row"]
        assert raw.log["row_id"].str.rsplit(":").str[-1].tolist() == [*(str(4 * i + k) for i in range(n) for k in (3, 4)), str(4 * n + 2)]
        assert raw.log["old"].tolist() == [*(text for i in range(n) for text in (f"合计{i}人", "")), "总计9人"]
    assert [getattr(module, name).call_count for module, name in places] == [2, 2]
