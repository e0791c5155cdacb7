"""Questions that were not asked, values outside their limits, answers that cannot both be true."""

import pandas as pd
import pytest

from commresearch.cleaning import clean_survey
from commresearch.cleaning.codebook import Codebook
from commresearch.cleaning.conditions import read_condition
from commresearch.cleaning.ranges import apply_ranges
from commresearch.cleaning.rules import LogicRule, check_rules, load_rules
from commresearch.errors import SchemaError, SourceError
from commresearch.sources import read_survey
from tests.spec.conftest import codebook, write_csv, write_xlsx
from tests.unit.survey_cases import codes, told, values

ID = {"name": "id", "type": "text"}
MARKS = "skipped=(跳过)\nblank=(空)"
Q1 = {"name": "q1", "type": "single", "values": "1=是\n2=否\n9=不清楚", "missing": f"{MARKS}\ndont_know=9"}
Q2 = {"name": "q2", "type": "number", "asked_if": "q1 = 1", "missing": MARKS}
Q3 = {"name": "q3", "type": "multiple", "values": "1=甲\n2=乙\n3=其他", "open": "3", "asked_if": "q2 >= 2", "missing": MARKS}


def log_of(table, step):
    lines = table.log[table.log["step"] == step]
    return [(r, v, i.rsplit(":", 1)[-1], o, n) for r, v, i, o, n in lines[["rule", "variable", "row_id", "old", "new"]].itertuples(index=False)]


def test_a_blank_that_the_questionnaire_explains_is_a_skip(cleaned):
    table = cleaned(["id", "q1", "q2"], [["a", "是", "3"], ["b", "否", ""], ["c", "否", "(空)"], ["d", "是", ""], ["e", "不清楚", ""], ["f", "", ""]], ID, Q1, Q2)
    assert values(table.missing_kinds["q2"]) == [None, "skipped", "skipped", "blank", "blank", "blank"]
    assert log_of(table, "skips") == [("skip_recomputed", "q2", "3", "<blank>", "<skipped>"), ("skip_recomputed", "q2", "4", "<blank>", "<skipped>")]
    assert not table.flags["flag_contradiction"].any()


def test_what_rests_on_a_question_that_was_itself_skipped_is_skipped(cleaned):
    table = cleaned(["id", "q1", "q2", "q3"], [["a", "否", "", ""], ["b", "是", "1", ""], ["c", "是", "5", "其他〖灯〗"], ["d", "(跳过)", "", ""], ["e", "是", "", ""]], ID, Q1, Q2, Q3)
    assert values(table.missing_kinds["q2"]) == ["skipped", None, None, "skipped", "blank"]
    for column in ("q3__1", "q3_other"):
        assert values(table.missing_kinds[column])[:2] == ["skipped", "skipped"]
        assert values(table.missing_kinds[column])[3:] == ["skipped", "blank"]
    assert values(table.frame["q3__3"]) == [None, None, 1, None, None]
    assert values(table.frame["q3_other"]) == [None, None, "灯", None, None]
    assert [line[1:3] for line in log_of(table, "skips")] == [("q2", "2"), ("q2", "5"), ("q3", "2"), ("q3", "3"), ("q3", "5")]


def test_answers_that_contradict_the_questionnaire_stay_and_are_flagged(cleaned):
    rows = [["a", "否", "7", "甲"], ["b", "是", "(跳过)", "(跳过)"], ["c", "是", "2", "甲┋乙"], ["d", "不清楚", "4", "(跳过)"]]
    table = cleaned(["id", "q1", "q2", "q3"], rows, ID, Q1, Q2, Q3)
    assert values(table.frame["q2"]) == [7, None, 2, 4]
    assert log_of(table, "skips") == [
        ("answered_though_skipped", "q2", "2", "", ""), ("skipped_though_asked", "q2", "3", "", ""), ("skipped_though_asked", "q3", "5", "", ""),
    ]
    assert table.flags["answered_though_skipped"].tolist() == [1, 0, 0, 0]
    assert table.flags["skipped_though_asked"].tolist() == [0, 1, 0, 1]
    assert values(table.flags["flag_contradiction"]) == [True, True, False, True]


def test_a_condition_on_what_did_not_pass_the_privacy_gate_says_nothing(cleaned):
    rows = [[f"a{i}", f"1380000{i:04d}", "" if i % 2 else "1"] for i in range(12)]
    phone = {"name": "reached", "type": "text", "source": "怎么联系您"}
    table = cleaned(["id", "怎么联系您", "q2"], rows, ID, phone, {**Q2, "asked_if": "reached = 1"})
    assert "reached" not in table.frame
    assert set(values(table.missing_kinds["q2"])) == {None, "blank"}
    assert log_of(table, "skips") == []


AGE = {"name": "age", "type": "number", "unit": "岁", "min": "14", "max": "100"}


def test_numbers_outside_their_limits_are_set_apart(cleaned):
    rows = [["a", "13", "1234567.5", "9分"], ["b", "14", "0", "1分"], ["c", "100", "", "30秒"], ["d", "250", "99", "2分"]]
    fee = {"name": "fee", "type": "number", "max": "1000000"}
    spent = {"name": "spent", "type": "duration", "min": "60"}
    table = cleaned(["id", "age", "fee", "spent"], rows, ID, AGE, fee, spent)
    assert values(table.frame["age"]) == [None, 14, 100, None]
    assert values(table.missing_kinds["age"]) == ["unreadable", None, None, "unreadable"]
    assert values(table.missing_kinds["fee"]) == ["unreadable", None, "blank", None]
    assert values(table.frame["spent"]) == [540, 60, None, 120]
    assert log_of(table, "ranges") == [
        ("out_of_range", "age", "2", "13", "<unreadable> (≥ 14, ≤ 100)"), ("out_of_range", "age", "5", "250", "<unreadable> (≥ 14, ≤ 100)"),
        ("out_of_range", "fee", "2", "1234567.5", "<unreadable> (≤ 1000000)"), ("out_of_range", "spent", "4", "30", "<unreadable> (≥ 60)"),
    ]
    clean = cleaned(["id", "age"], [["a", "20"]], ID, AGE)
    assert log_of(clean, "ranges") == []


def test_limits_of_a_variable_that_is_not_there_are_passed_over():
    frame = pd.DataFrame({"id": ["a"]}, index=["r"])
    kept, log = apply_ranges(codebook(ID, AGE), frame, {}, {"file": "", "sheet": ""})
    assert kept.equals(frame)
    assert log.empty


RULE_HEAD = ["rule", "if", "then", "reason"]
BOOK = codebook(
    ID, Q1, AGE, {"name": "tenure", "type": "number"}, {"name": "born", "type": "date"}, {"name": "moved", "type": "date"},
    {"name": "many", "type": "multiple", "values": "1=甲\n2=乙"}, {"name": "rank", "type": "ranking", "values": "1=甲\n2=乙"}, {"name": "phone", "type": "text", "identifier": "mobile"},
)


@pytest.fixture
def rules(tmp_path):
    def load(*rows, head=RULE_HEAD, suffix=".csv"):
        path = tmp_path / f"规则{suffix}"
        write_xlsx(path, head, rows) if suffix == ".xlsx" else write_csv(path, head, rows)
        return load_rules(path, BOOK)

    return load


def test_rules_are_read_from_either_kind_of_table(rules):
    written = [["住满", "", "tenure <= age", "居住年数不会超过年龄"], ["老人", "age >= 60 and q1 = 1", "many has not 2", "…"], ["先生后迁", "", "born <= moved", ""]]
    for suffix in (".csv", ".xlsx"):
        read = rules(*written, suffix=suffix)
        assert [(r.name, str(r.given or ""), str(r.then), r.reason) for r in read] == [tuple(row) for row in written]


def test_columns_that_are_missing_from_a_table_of_rules(rules):
    with pytest.raises(SchemaError) as error:
        rules(["x", "age > 3"], head=["rule", "then"])
    assert codes(error.value) == ["CR-D36"]
    told(error.value, "CR-D36", "规则.csv", "if, reason", "rule, if, then, reason")


def test_everything_that_is_wrong_with_rules_is_told_at_once(rules):
    with pytest.raises(SchemaError) as error:
        rules(
            ["甲", "age > 60", "tenure", "…"], ["", "", "", ""], ["乙", "age 大于 3", "q1 = 7", "…"], ["丙", "", "", "…"], ["丁", "nobody = 1", "phone = 1", "…"],
            ["戊", "age > abc", "born < 1990", "…"], ["己", "many = 1", "rank has 1", "…"], ["好", "rank__rank_1 = 2", "many__1 = 1", "…"],
        )
    assert [(f.code, f.values["row"], f.values["column"]) for f in error.value.failures] == [
        ("CR-D37", 2, "then"), ("CR-D37", 4, "if"), ("CR-D38", 4, "then"), ("CR-D37", 5, "then"), ("CR-D38", 6, "if"), ("CR-D38", 6, "then"), ("CR-D38", 7, "if"), ("CR-D38", 7, "then"),
        ("CR-D38", 8, "if"), ("CR-D38", 8, "then"),
    ]
    zh, en = told(error.value, "CR-D37", "规则.csv", "“tenure”", "“age 大于 3”", "age >= 60")
    assert "规则.csv 第2行，列 then" in zh
    assert "规则.csv, row 4, column if" in en
    zh, en = told(error.value, "CR-D38", "规则.csv", "“q1 = 7”", "“nobody = 1”", "“phone = 1”", "“age > abc”")
    assert "第4行，列 then" in zh
    assert "row 6, column if" in en


def test_a_file_of_rules_that_cannot_be_read(tmp_path):
    with pytest.raises(SourceError) as error:
        load_rules(tmp_path / "无.csv", BOOK)
    told(error.value, "CR-S01", "无.csv")


def test_breaches_are_counted_and_listed_and_nothing_is_changed(cleaned, rules):
    read = rules(["住满", "", "tenure <= age", "居住年数不会超过年龄"], ["老人", "age >= 60", "q1 = 1", "…"], ["先生后迁", "", "born <= moved", "…"], ["生日", "", "born < 2020-01-01", "…"])
    rows = [
        ["a", "20", "30", "是", "1990-01-01", "2010-01-01"], ["b", "70", "80", "否", "2010-01-01", "1990-01-01"], ["c", "70", "", "", "", "2000-01-01"], ["d", "61", "1", "不清楚", "2021-05-05", ""],
    ]
    table = cleaned(["id", "age", "tenure", "q1", "born", "moved"], rows, ID, AGE, {"name": "tenure", "type": "number"}, Q1, {"name": "born", "type": "date"},
                    {"name": "moved", "type": "date"}, rules=read)
    assert table.flags["logic_failures"].tolist() == [1, 3, 0, 1]
    assert values(table.flags["flag_logic"]) == [True, True, False, True]
    assert [(v, i) for _, v, i, _, _ in log_of(table, "logic")] == [("住满", "2"), ("住满", "3"), ("老人", "3"), ("先生后迁", "3"), ("生日", "5")]
    lines = table.log[table.log["step"] == "logic"]
    assert lines["reason"].tolist()[0] == "居住年数不会超过年龄"
    assert values(table.frame["tenure"]) == [30, 80, None, 1]


def test_a_rule_says_nothing_where_an_answer_is_missing():
    frame = pd.DataFrame({"age": pd.array([None, 70.0], dtype="Float64"), "tenure": pd.array([9.0, None], dtype="Float64")}, index=["a", "b"])
    rule = LogicRule(name="r", given=read_condition("age >= 60"), then=read_condition("tenure > 10"), reason="")
    broken, log = check_rules([rule], frame, {"file": "f", "sheet": "s"})
    assert broken["logic_failures"].tolist() == [0, 0]
    assert log.empty
    without, _ = check_rules([], frame, {"file": "f", "sheet": "s"})
    assert values(without["logic_failures"]) == [None, None]


def test_skips_ranges_and_rules_work_on_several_files_as_one(tmp_path):
    head = ["id", "q1", "q2", "age"]
    files = [write_csv(tmp_path / f"{n}.csv", head, rows) for n, rows in (("一", [["a", "否", "", "20"]]), ("二", [["b", "是", "", "200"], ["c", "否", "3", "30"]]))]
    table = clean_survey([read_survey(f) for f in files], codebook(ID, Q1, Q2, AGE))
    assert values(table.missing_kinds["q2"]) == ["skipped", "blank", None]
    assert values(table.missing_kinds["age"]) == [None, "unreadable", None]
    assert table.flags["answered_though_skipped"].tolist() == [0, 0, 1]
    assert isinstance(table.codebook, Codebook)
    assert set(table.log.loc[table.log["step"] == "ranges", "file"]) == {""}
