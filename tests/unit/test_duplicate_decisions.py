"""The decision sheet: what a filled-in one does, and every fault it may have."""

import pandas as pd
import pytest

from commresearch.cleaning.duplicate_decisions import FILLED_IN, apply_decisions, decision_sheet
from commresearch.errors import CleaningError
from commresearch.records import LOG_COLUMNS
from commresearch.terms import Language
from commresearch.words import render_error
from tests.unit.test_duplicates import codes_of, copy, find, row_id, survey


def sheet_of(frame, groups, **decisions):
    """A sheet as it comes back: the index is the row of the spreadsheet; decisions by number of the row in the data."""
    sheet = decision_sheet(groups, frame)
    sheet.index = pd.RangeIndex(2, len(sheet) + 2)
    for number, words in decisions.items():
        sheet.loc[sheet["row_id"] == row_id(int(number[1:])), ["decision", "reason"]] = words
    return sheet


def said(frame, groups, sheet):
    """Codes, Chinese and English of what is wrong with a sheet."""
    with pytest.raises(CleaningError) as caught:
        apply_decisions(frame, groups, sheet)
    return codes_of(caught), render_error(caught.value, Language.ZH), render_error(caught.value, Language.EN)


@pytest.fixture
def data():
    """Rows 0-1 equal, 2-3 almost equal, 4-5-6 refills of one sheet."""
    frame = survey(14)
    copy(frame, 0, 1)
    copy(frame, 2, 3, but=["q1", "q7"])
    frame.loc[[row_id(4), row_id(5), row_id(6)], "sheet_no"] = 104
    return frame, find(frame)


def test_the_sheet_shows_the_groups_and_leaves_room_for_decisions(data):
    frame, groups = data
    sheet = decision_sheet(groups, frame, shown=["person", "community"])
    assert list(sheet.columns) == [*groups.columns, "person", *FILLED_IN]
    assert sheet["person"].tolist() == [f"p{i}" for i in range(7)]
    assert (sheet[list(FILLED_IN)] == "").all().all()
    assert sheet["submitted"].equals(frame.loc[sheet["row_id"], "submitted"].reset_index(drop=True))


def test_only_rows_decided_with_a_reason_are_dropped_and_each_has_a_line(data):
    frame, groups = data
    sheet = sheet_of(frame, groups, r1=("drop", "同一人重复提交"), r2=("keep", ""), r3=("删除", "与上一份雷同"), r5=("保留最后", "审核退回后重填"))
    sheet[["decided_by", "date"]] = sheet[["decided_by", "date"]].astype("object")
    sheet.loc[sheet["row_id"] == row_id(1), ["decided_by", "date"]] = ["林", pd.Timestamp("2025-04-02").date()]
    sheet.loc[sheet["row_id"] == row_id(5), "decided_by"] = "周"
    result = apply_decisions(frame, groups, sheet, file="export.xlsx", sheet="S")
    gone = {row_id(i) for i in (1, 3, 4, 5)}
    assert set(frame.index) - set(result.frame.index) == gone == set(result.log["row_id"]) == set(result.dropped["row_id"])
    pd.testing.assert_frame_equal(result.frame, frame[~frame.index.isin(gone)])
    assert len(frame) == len(result.frame) + len(result.log)
    lines = result.log.set_index("row_id")
    assert list(result.log.columns) == [*LOG_COLUMNS, "reason"]
    assert lines["rule"].to_dict() == {
        row_id(1): "duplicate_content", row_id(3): "duplicate_match", row_id(4): "duplicate_key", row_id(5): "duplicate_key",
    }
    assert lines.loc[row_id(1), "reason"] == "同一人重复提交 (林, 2025-04-02)"
    assert lines.loc[row_id(3), "reason"] == "与上一份雷同"
    assert lines.loc[row_id(4), "reason"] == lines.loc[row_id(5), "reason"] == "审核退回后重填 (周)"
    assert set(lines["file"]) == {"export.xlsx"}
    partners = groups.set_index("row_id")["matched_with"].to_dict()
    assert result.dropped["matched_with"].tolist() == [partners[r] for r in result.dropped["row_id"]]
    assert result.open_rows.empty


def test_groups_without_a_decision_stay_and_are_open(data):
    frame, groups = data
    result = apply_decisions(frame, groups, sheet_of(frame, groups, r0=("keep", "")))
    assert result.frame.equals(frame)
    assert result.log.empty
    assert list(result.log.columns) == [*LOG_COLUMNS, "reason"]
    assert set(result.open_rows["row_id"]) == {row_id(i) for i in (2, 3, 4, 5, 6)}
    nothing = apply_decisions(frame, groups, decision_sheet(groups, frame).iloc[:0])
    assert len(nothing.open_rows) == len(groups)


def test_groups_of_rows_filled_in_by_staff_are_kept_without_a_decision(data):
    frame, _ = data
    helped = pd.Series(frame.index.isin([row_id(0), row_id(1), row_id(2)]), index=frame.index)
    groups = find(frame, assisted=helped)
    result = apply_decisions(frame, groups, sheet_of(frame, groups))
    assert set(result.open_rows["row_id"]) == {row_id(i) for i in (2, 3, 4, 5, 6)}
    dropped = apply_decisions(frame, groups, sheet_of(frame, groups, r1=("drop", "误录两次")))
    assert dropped.log["row_id"].tolist() == [row_id(1)]


def test_persons_have_a_rule_of_their_own():
    frame = survey()
    frame.loc[row_id(1), "person"] = "p0"
    groups = find(frame, person="person")
    result = apply_decisions(frame, groups, sheet_of(frame, groups, r1=(" Drop ", "本人确认")))
    assert result.log["rule"].tolist() == ["duplicate_person"]


def test_decisions_outlive_a_newly_written_sheet_as_long_as_the_group_is_the_same(data):
    frame, groups = data
    filled = sheet_of(frame, groups, r1=("drop", "同一人"), r3=("drop", "雷同"))
    again = decision_sheet(groups, frame, decided=filled)
    texts = dict.fromkeys(FILLED_IN, "str")
    pd.testing.assert_frame_equal(again.astype(texts), filled.reset_index(drop=True).astype(texts))
    copy(frame, 2, 10)
    frame.loc[row_id(10), "community"] = "东山"
    grown = find(frame)
    kept = decision_sheet(grown, frame, decided=filled).set_index("row_id")["decision"]
    assert kept[kept != ""].to_dict() == {row_id(1): "drop"}
    assert "CR-D16" in said(frame, grown, filled)[0]


def test_numbers_and_empty_lines_of_a_spreadsheet_do_no_harm(data):
    frame, groups = data
    sheet = sheet_of(frame, groups, r1=("drop", "同一人")).astype("object")
    sheet.loc[99] = None
    sheet["reason"] = sheet["reason"].replace("", None)
    sheet.loc[2, "reason"] = 7
    assert apply_decisions(frame, groups, sheet).log["row_id"].tolist() == [row_id(1)]


def test_a_sheet_without_its_columns(data):
    frame, groups = data
    codes, zh, en = said(frame, groups, decision_sheet(groups, frame).drop(columns=["reason", "row_id"]))
    assert codes == ["CR-D10"]
    assert "duplicates.xlsx：缺少这些列：row_id, reason。" in zh
    assert "these columns are missing: row_id, reason." in en


def test_every_fault_of_a_line_is_told_with_its_row(data):
    frame, groups = data
    sheet = sheet_of(frame, groups, r0=("留着", ""), r1=("drop", " "), r2=("keep", ""))
    sheet = pd.concat([sheet, sheet.loc[[4, 4]].set_axis([20, 21])])
    sheet.loc[21, "row_id"] = "ffffffff:S:3"
    codes, zh, en = said(frame, groups, sheet)
    assert sorted(codes) == ["CR-D11", "CR-D12", "CR-D13", "CR-D17"]
    assert "duplicates.xlsx 第2行（ab12cd34:S:2），列 decision：得到“留着”，只能填：keep, drop, keep_last, 保留, 删除, 保留最后。" in zh
    assert "row 3 (ab12cd34:S:3), column reason: the decision is “drop” and no reason is given" in en
    assert "row 20: answer sheet “ab12cd34:S:4” is listed more than once" in en
    assert "第21行：数据中已没有编号为“ffffffff:S:3”的答卷" in zh


def test_lines_that_were_deleted_by_hand_are_missed(data):
    frame, groups = data
    sheet = sheet_of(frame, groups)
    codes, zh, en = said(frame, groups, sheet[~sheet["row_id"].isin([row_id(3), row_id(5)])])
    assert codes == ["CR-D14", "CR-D14"]
    assert "表中少了这一组的 ab12cd34:S:5。" in zh
    assert "the lines of ab12cd34:S:7 are gone from the sheet" in en
    whole = sheet[~sheet["row_id"].isin([row_id(2), row_id(3)])]
    assert len(apply_decisions(frame, groups, whole).open_rows) == 7


def test_no_group_is_dropped_altogether(data):
    frame, groups = data
    codes, zh, en = said(frame, groups, sheet_of(frame, groups, r0=("drop", "x"), r1=("drop", "x")))
    assert codes == ["CR-D15"]
    assert "这一组的答卷（ab12cd34:S:2, ab12cd34:S:3）全被删去" in zh
    assert "every answer sheet of the group (ab12cd34:S:2, ab12cd34:S:3) would be dropped" in en


def test_groups_that_are_no_longer_there(data):
    frame, groups = data
    sheet = sheet_of(frame, groups, r1=("drop", "x"))
    sheet["group_id"] = sheet["group_id"].replace(sheet.loc[2, "group_id"], "g00000000")
    codes, zh, en = said(frame, groups, sheet)
    assert codes == ["CR-D16"]
    assert "第2行：组 g00000000 已不存在" in zh
    assert "row 2: group g00000000 is not there any more" in en
    sheet["decision"] = ""
    assert apply_decisions(frame, groups, sheet).frame.equals(frame)


def test_keep_last_needs_one_key_one_time_and_a_reason(data):
    frame, groups = data
    codes, zh, en = said(frame, groups, sheet_of(frame, groups, r0=("keep_last", "x"), r5=("keep_last", ""), r6=("drop", "y")))
    assert codes == ["CR-D18", "CR-D18"]
    assert "编号“104”：“保留最后”（keep_last）只用于编号相同的答卷" in zh
    assert "keep_last is for answer sheets with one key" in en
    codes, zh, _ = said(frame, groups, sheet_of(frame, groups, r5=("keep_last", "")))
    assert codes == ["CR-D12"]
    assert "决定为“keep_last”，却没有写理由" in zh
    for times in (pd.NaT, frame.loc[row_id(6), "submitted"]):
        frame.loc[row_id(5), "submitted"] = times
        unordered = find(frame)
        codes, zh, en = said(frame, unordered, sheet_of(frame, unordered, r5=("keep_last", "x")))
        assert codes == ["CR-D19"]
    assert "提交时间缺失或相同" in zh
    assert "times of submission are missing or equal" in en
    untimed = find(frame, context={})
    assert said(frame, untimed, sheet_of(frame, untimed, r5=("keep_last", "x")))[0] == ["CR-D19"]
