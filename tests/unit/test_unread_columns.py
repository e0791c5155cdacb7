"""Columns that the codebook does not name: which of them hold identifiers is told, and nothing of them is kept."""

from dataclasses import replace

import pandas as pd
import pytest

from commresearch.reporting import quality_cleaning
from commresearch.reporting.display import Table
from tests.unit.quality_survey import bare, opened_on, words_of
from tests.unit.survey_cases import KEY

HEADER = ["id", "来自IP", "12、您的手机号码", "备用", "来源详情", "n"]
ROWS = [[f"k{i}", f"10.1.2.{i}(山东-威海)", f"138{i:04d}{7 * i:04d}", f"(0532)8{i:07d}", "微信", str(i)] for i in range(1, 13)]
ID, N = {"name": "id", "type": "text", "role": "key"}, {"name": "n", "type": "number"}


def test_identifiers_in_columns_that_nothing_is_read_from_are_found_by_name_and_content(cleaned):
    for key in (None, KEY):
        clean = cleaned(HEADER, ROWS, ID, N, pseudonym_key=key)
        found = clean.identifiers.set_index("column")
        assert found[["identifier", "by", "action", "n"]].T.to_dict("list") == {
            "来自IP": ["ip", "both", "not_read", 12], "12、您的手机号码": ["mobile", "both", "not_read", 12], "备用": ["landline", "content", "not_read", 12],
        }
        assert not found["declared"].any()
        assert list(clean.frame) == ["id", "n"]
        assert not any(row[2] in table.to_csv() for row in ROWS for table in (clean.frame, clean.log, clean.identifiers))


def test_a_column_of_pseudonyms_or_of_anything_else_is_none(cleaned):
    first = cleaned(["id", "电话", "n"], [[r[0], r[2], r[5]] for r in ROWS], ID, {"name": "phone", "type": "text", "source": "电话", "identifier": "mobile"}, N, pseudonym_key=KEY)
    again = cleaned(["id", "电话", "来源", "n"], [[*row, "微信", str(i)] for i, row in enumerate(zip(first.frame["id"], first.frame["phone"], strict=True))], ID, N)
    assert again.identifiers.empty
    assert set(again.log.loc[again.log["rule"] == "column_not_in_codebook", "variable"]) == {"电话", "来源"}


@pytest.mark.parametrize("first", [0, 1])
def test_identifiers_are_found_among_blanks_wherever_they_stand(cleaned, first):
    rows = [[f"k{i}", f"138{i:04d}{7 * i % 10000:04d}" if i % 2 == first else "", str(i)] for i in range(1, 4001)]
    found = cleaned(["id", "备用", "n"], rows, ID, N).identifiers
    assert found[["column", "identifier", "n"]].to_numpy().tolist() == [["备用", "mobile", 2000]]


def test_the_page_lists_them_as_undeclared_and_says_where_they_still_stand():
    found = pd.DataFrame([("来自IP", "ip", "both", False, "not_read", 40, "a.xlsx")], columns=["column", "identifier", "by", "declared", "action", "n", "file"])
    for language, title, body in (("zh", "编码簿漏登了1列标识符", "转交原文件以前要先删去"), ("en", "the codebook does not name: 1", "remove them before a file is passed on")):
        items = quality_cleaning.identifiers(opened_on(replace(bare(), identifiers=found), language=language))
        text = "".join(words_of(i) for i in items)
        assert title in text
        assert body in text
        assert "已按登记过的一样处理" not in text
        row = next(i for i in items if isinstance(i, Table)).rows[0]
        assert row[3:] in (["否", "没有读入", "40"], ["no", "not read", "40"])
    none = "".join(words_of(i) for i in quality_cleaning.identifiers(opened_on(bare())))
    assert "没有登记的列也找过" in none
