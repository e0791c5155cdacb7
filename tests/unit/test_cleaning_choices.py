import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning.choices import Part, code_multiple, code_ranking, code_single, combine_multiple, combine_ranking, split_multiple
from commresearch.cleaning.option_labels import label_key
from commresearch.sources.raw_table import CellType
from commresearch.terms import Export

SATISFACTION = {"1": "非常满意", "2": "满意", "3": "一般", "4": "其他（请注明）"}
NEEDS = {"1": "停车", "2": "充电", "3": "养老", "4": "其他"}
POINTS = {str(i + 1): str(i) for i in range(11)}  # value 1 is labelled 0, as numbered options of a 0-10 scale are
TIMES = {"1": "0次", "2": "1-3", "3": "4-6", "4": "1-50", "5": "10/12"}


def texts(*cells) -> pd.Series:
    return pd.Series(cells, dtype="str", index=range(10, 10 + len(cells)), name="q")


def frame(**columns) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype="str", index=range(10, 10 + len(next(iter(columns.values())))))


def rows(table: pd.DataFrame) -> list[list[object]]:
    return [[None if pd.isna(v) else v for v in row] for row in table.astype("object").to_numpy()]


def plain(series: pd.Series) -> list[object]:
    return [None if pd.isna(v) else v for v in series]


@pytest.mark.parametrize(
    ("cell", "value", "rule", "other"),
    [
        ("满意", "2", "", None), ("2", "2", "", None), ("", None, "", None), ("　\u200b", None, "", None),
        (" 满意", "2", "label_normalised", None), ("满 意", "2", "label_normalised", None), ("满意。", "2", "label_normalised", None),
        ("２", "2", "label_normalised", None), ("2.0", "2", "label_normalised", None), ("其他(请注明)", "4", "label_normalised", None),
        ("B.满意", "2", "option_prefix", None), ("b、满意", "2", "option_prefix", None), ("(2)满意", "2", "option_prefix", None), ("2．满意", "2", "option_prefix", None),
        ("A.满意", None, "unreadable_label", None), ("3.满意", None, "unreadable_label", None), ("很满意", None, "unreadable_label", None),
        ("其他（请注明）〖停车┋充电〗", "4", "", "停车┋充电"), ("其他（请注明）〖〗", "4", "", None), ("4〖停车〗", "4", "", "停车"),
        ("其他(请注明)〖停车〗", "4", "label_normalised", "停车"), ("其他（请注明）：停车", "4", "label_normalised", "停车"),
        ("其他（请注明）〖停车〖充电〗〗", "4", "", "停车〖充电〗"), ("其他（请注明）〖停车", "4", "unbalanced_brackets", "停车"),
        ("其他（请注明）〖停〗车〗", "4", "unbalanced_brackets", "停〗车"), ("其他（请注明）〖停〗车", None, "unreadable_label", None),
        ("满意〖还行〗", "2", "unexpected_fill", "还行"), ("满意：还行", None, "unreadable_label", None), ("未知〖x〗", None, "unreadable_label", None),
    ],
)
def test_a_cell_is_one_option_or_refused(cell, value, rule, other):
    parsed = code_single(texts(cell), SATISFACTION, open_values=["4"])
    assert plain(parsed.values) == [value]
    assert parsed.rule.tolist() == [rule]
    assert plain(parsed.other) == [other]
    assert parsed.values.cat.categories.tolist() == list(SATISFACTION)
    assert parsed.values.index.tolist() == [10]


def test_free_text_has_a_column_only_where_there_can_be_one():
    assert code_single(texts("满意"), SATISFACTION).other is None
    assert plain(code_single(texts("满意〖还行〗", "满意"), SATISFACTION).other) == ["还行", None]


@pytest.mark.parametrize(
    ("export", "values", "rules"),
    [
        (Export.TEXT, ["4", "1", "11", None], ["", "", "", "unreadable_label"]),
        (Export.CODE, ["3", None, "10", "11"], ["", "unreadable_label", "", ""]),
        (Export.UNKNOWN, [None, None, None, None], ["unreadable_ambiguous_label"] * 4),
    ],
)
def test_a_number_is_a_label_or_a_value_as_the_export_says(export, values, rules):
    parsed = code_single(texts("3", "0", "10", "11"), POINTS, export=export)
    assert plain(parsed.values) == values
    assert parsed.rule.tolist() == rules


def test_numbers_that_are_their_own_labels_are_never_ambiguous():
    labels = {"1": "1", "2": "2", "9": "不清楚"}
    for export in Export:
        assert plain(code_single(texts("1", "2", "２", "不清楚"), labels, export=export).values) == ["1", "2", "2", "9"]


def test_full_width_numbers_are_not_labels_in_a_code_export():
    assert plain(code_single(texts("０", "３"), POINTS, export=Export.CODE).values) == [None, "3"]


def test_a_number_before_the_labels_of_the_codebook_may_be_left_out():
    labels = {"1": "1.经常", "2": "2.偶尔"}
    parsed = code_single(texts("经常", "2.偶尔", "1、偶尔", "（2）偶尔"), labels, export=Export.TEXT)
    assert plain(parsed.values) == ["1", "2", None, "2"]
    assert parsed.rule.tolist() == ["option_prefix", "", "unreadable_label", "option_prefix"]


def test_labels_that_only_typing_tells_apart_are_matched_exactly_or_not_at_all():
    labels = {"1": "A (甲)", "2": "A（甲）"}
    assert plain(code_single(texts("A (甲)", "A（甲）", "A(甲)"), labels).values) == ["1", "2", None]
    assert label_key(" Ａ，“甲”。") == 'a,"甲"'
    assert plain(code_single(texts("1.5小时", "5小时"), {"a": "1.5小时", "b": "3小时"}).values) == ["a", None]


@pytest.mark.parametrize(
    ("cell", "value", "rule"),
    [
        ("1-3", "2", ""), ("2025-01-03 00:00:00", "2", "date_was_option"), ("2025-01-03", "2", "date_was_option"), ("2025/1/3", "2", "date_was_option"),
        ("1月3日", "2", "date_was_option"), ("3-Jan", "2", "date_was_option"), ("2024-04-06", "3", "date_was_option"), ("1950-01-01", "4", "date_was_option"),
        ("Jan-50", "4", "date_was_option"), ("2025-10-12", "5", "date_was_option"), ("Jan", None, "unreadable_label"), ("2025-02-02", None, "unreadable_label"),
    ],
)
def test_an_option_that_a_spreadsheet_made_a_date_of_is_taken_back(cell, value, rule):
    parsed = code_single(texts(cell), TIMES)
    assert (plain(parsed.values), parsed.rule.tolist()) == ([value], [rule])


def test_a_date_cell_that_fits_no_option_or_two_is_refused_as_a_date():
    types = np.array([CellType.DATE, CellType.TEXT, CellType.EMPTY], dtype=np.uint8)
    parsed = code_single(texts("2025-02-02", "2025-02-02", ""), TIMES, types=types)
    assert parsed.rule.tolist() == ["unreadable_date_cell", "unreadable_label", ""]
    parsed = code_single(texts("2025-01-03"), {"1": "1-3", "2": "1/3"}, types=np.array([CellType.DATE]))
    assert parsed.rule.tolist() == ["unreadable_date_cell"]
    parsed = code_multiple(texts("2025-01-03", None, "2025-02-02"), TIMES, types=np.array([CellType.DATE, CellType.EMPTY, CellType.DATE]))
    assert rows(parsed.frame) == [[0, 1, 0, 0, 0], [None] * 5, [None] * 5]
    assert parsed.rule[:, 0].tolist() == ["date_was_option", "", "unreadable_date_cell"]


@pytest.mark.parametrize(
    ("cell", "parts", "rule"),
    [
        ("其他〖停车┋充电〗┋养老", [("其他", "停车┋充电"), ("养老", None)], ""), ("养老", [("养老", None)], ""), ("", [], ""), ("养老┋┋停车", [("养老", None), ("停车", None)], ""),
        ("其他〖〗┋养老", [("其他", ""), ("养老", None)], ""), ("其他〖甲〖乙┋丙〗〗┋养老", [("其他", "甲〖乙┋丙〗"), ("养老", None)], ""),
        ("养老┋其他〖停车", [("养老", None), ("其他", "停车")], "unbalanced_brackets"),
        ("其他〖停〗车〗┋养老", [("其他", "停〗车"), ("养老", None)], "unbalanced_brackets"),
        ("其他〖停〖车〗┋养老", [("其他", "停〖车"), ("养老", None)], "unbalanced_brackets"),
        ("其他〖停车┋养老", [], "unreadable_unbalanced_brackets"), ("其他〖停〗车〗┋其他〖养老〗", [], "unreadable_unbalanced_brackets"),
        ("┋".join(["其他〖"] * 60), [], "unreadable_unbalanced_brackets"),
    ],
)
def test_separators_in_brackets_belong_to_the_free_text(cell, parts, rule):
    for labels in ((), NEEDS.values()):
        assert split_multiple(cell, labels=list(labels)) == (tuple(Part(*p) for p in parts), rule)


@pytest.mark.parametrize(
    ("cell", "parts", "rule"),
    [
        ("甲, 乙,丙", ["甲, 乙", "丙"], ""), ("丙,丁", ["丙", "丁"], ""), ("甲", [], "unreadable_label"), ("丙,戊,己", [], "unreadable_ambiguous_label"),
    ],
)
def test_a_separator_inside_a_label_is_told_from_one_between_labels(cell, parts, rule):
    labels = ["甲, 乙", "丙", "丁", "戊", "己", "戊,己"]
    assert split_multiple(cell, separators=[",", ", "], labels=labels) == (tuple(Part(p) for p in parts), rule)


def test_several_options_in_one_cell_become_a_column_each():
    parsed = code_multiple(texts("养老┋其他〖停车┋充电〗", "停车┋停车", "", "养老┋火星", "1┋2", "┋", "其他〖x┋养老"), NEEDS, open_values=["4"])
    assert rows(parsed.frame) == [[0, 0, 1, 1], [1, 0, 0, 0], [None] * 4, [None] * 4, [1, 1, 0, 0], [None] * 4, [None] * 4]
    assert parsed.rule[:, 0].tolist() == ["", "repeated_option", "", "unreadable_label", "", "unreadable_label", "unreadable_unbalanced_brackets"]
    assert parsed.rule.shape == parsed.frame.shape == parsed.unreadable.shape
    assert parsed.unreadable.all(axis=1).tolist() == [False, False, False, True, False, True, True]
    assert plain(parsed.other) == ["停车┋充电"] + [None] * 6
    assert (parsed.frame.dtypes == "Int8").all()
    assert parsed.frame.index.tolist() == list(range(10, 17))


def test_free_texts_of_a_row_stand_in_the_order_of_the_options():
    parsed = code_multiple(texts("其他〖乙〗┋停车〖甲〗"), NEEDS, open_values=["1", "4"])
    assert plain(parsed.other) == ["甲┋乙"]
    parsed = combine_multiple(frame(a=["甲"], b=["0"], c=["0"], d=["乙"]), NEEDS, open_values=["1", "4"])
    assert plain(parsed.other) == ["甲┋乙"]


def test_names_joined_by_spaces_are_values():
    labels = {"parking": "停车 位", "care": "养老", "none": "都不"}
    parsed = code_multiple(texts("parking care", "none", "care parking x", ""), labels, separators=(" ",), export=Export.CODE)
    assert rows(parsed.frame) == [[1, 1, 0], [0, 0, 1], [None] * 3, [None] * 3]


def test_a_column_per_option_keeps_blank_zero_and_skipped_apart():
    columns = frame(a=["1", "0", "", "-3", "-3", "0"], b=["0", "0", "", "-3", "0", ""], c=["0", "0", "", "-3", "1", "1"], d=["停车难", "0", "", "-3", "0", "0"])
    parsed = combine_multiple(columns, NEEDS, open_values=["4"], missing=(columns == "-3").to_numpy())
    assert rows(parsed.frame) == [[1, 0, 0, 1], [0, 0, 0, 0], [None] * 4, [None] * 4, [None, 0, 1, 0], [0, None, 1, 0]]
    assert parsed.rule[4].tolist() == ["inconsistent_skip", "", "", ""]
    assert parsed.rule[5].tolist() == ["", "partly_blank", "", ""]
    assert (parsed.rule[:4] == "").all()
    assert not parsed.unreadable.any()
    assert plain(parsed.other) == ["停车难"] + [None] * 5
    assert (parsed.frame.dtypes == "Int8").all()


def test_ones_and_blanks_mean_chosen_and_not_chosen_only_where_no_zero_stands():
    parsed = combine_multiple(frame(a=["1", ""], b=["", ""], c=["", ""], d=["1", ""]), NEEDS)
    assert rows(parsed.frame) == [[1, 0, 0, 1], [None] * 4]
    assert parsed.rule.tolist() == [["", "blank_not_selected", "blank_not_selected", ""], [""] * 4]


@pytest.mark.parametrize(
    ("cell", "value", "rule", "other"),
    [
        ("１", 1, "full_width", None), ("1.0", 1, "", None), ("是", 1, "mark_word", None), ("√", 1, "mark_word", None), ("FALSE", 0, "mark_word", None),
        ("养老", 1, "mark_word", None), ("3", 1, "mark_word", None), ("1〖陪诊〗", 1, "unexpected_fill", "陪诊"), ("养老〖陪诊〗", 1, "unexpected_fill", "陪诊"),
        ("1〖〗", 1, "", None), ("火星", None, "unreadable_label", None), ("2", None, "unreadable_label", None),
    ],
)
def test_a_mark_may_be_a_word_or_the_option_itself(cell, value, rule, other):
    parsed = combine_multiple(frame(a=["0"], b=["0"], c=[cell], d=["0"]), NEEDS)
    assert rows(parsed.frame) == [[0, 0, value, 0]]
    assert parsed.rule[0, 2] == rule
    assert plain(parsed.other) == [other]


def test_the_cell_of_an_open_option_holds_its_free_text():
    parsed = combine_multiple(frame(a=["0"] * 4, b=["0"] * 4, c=["0"] * 4, d=["1〖a〗", " 4 ", "其他", "1〖a"]), NEEDS, open_values=["4"])
    assert [row[3] for row in rows(parsed.frame)] == [1, 1, 1, 1]
    assert plain(parsed.other) == ["a", "4", None, "a"]
    assert parsed.rule[:, 3].tolist() == ["", "", "mark_word", "unbalanced_brackets"]


def test_a_ranking_in_one_cell_becomes_places():
    parsed = code_ranking(texts("养老→停车→其他〖a→b〗", "停车→停车", "", "3→1", "养老", "养老→火星"), NEEDS, open_values=["4"])
    assert list(parsed.frame) == ["rank_1", "rank_2", "rank_3", "rank_4"]
    assert rows(parsed.frame) == [["3", "1", "4", None], [None] * 4, [None] * 4, ["3", "1", None, None], ["3", None, None, None], [None] * 4]
    assert parsed.rule[:, 0].tolist() == ["", "unreadable_repeated_rank", "", "", "", "unreadable_label"]
    assert plain(parsed.other) == ["a→b"] + [None] * 5
    assert parsed.frame["rank_4"].cat.categories.tolist() == list(NEEDS)


def test_a_ranking_in_columns_becomes_the_same_places():
    columns = frame(
        a=["2", "1", "-2", "1", "1", "x", "9"], b=["", "1", "-2", "3", "2", "1", "0"], c=["1", "2", "-2", "", "3", "2", "0"], d=["3〖a→b〗", "", "-2", "0", "4", "3", "0"]
    )
    parsed = combine_ranking(columns, NEEDS, missing=(columns == "-2").to_numpy())
    assert rows(parsed.frame) == [["3", "1", "4", None], [None] * 4, [None] * 4, [None] * 4, ["1", "2", "3", "4"], [None] * 4, [None] * 4]
    assert parsed.rule[:, 0].tolist() == ["", "unreadable_repeated_rank", "", "unreadable_rank_gap", "", "unreadable_text", "unreadable_rank_gap"]
    assert plain(parsed.other) == ["a→b"] + [None] * 6


@pytest.mark.parametrize("combine", [combine_multiple, combine_ranking])
def test_as_many_columns_as_options(combine):
    with pytest.raises(ValueError, match="2 columns for 4 options"):
        combine(frame(a=["1"], b=["0"]), NEEDS)
    assert len(combine(frame(a=[], b=[], c=[], d=[]), NEEDS).frame) == 0


def test_no_rows_give_no_rows():
    assert len(code_single(texts(), NEEDS).values) == 0
    assert code_multiple(texts(), NEEDS).frame.shape == (0, 4)
    assert code_ranking(texts(), NEEDS).frame.shape == (0, 4)
