"""CSV in which spreadsheets compute nothing, and which reads back."""

import io

import pandas as pd
import pytest

from commresearch.cleaning import clean_survey
from commresearch.cleaning.clean_files import files_of
from commresearch.records import csv_bytes, guarded, guarded_column, guarded_csv, guards_of
from commresearch.sources import read_survey
from commresearch.terms import Language
from commresearch.workflow.export import codebook_of_csv, export_clean
from tests.unit.survey_cases import values

COMPUTED = ["=1+1", "+cmd", "-cmd", "@SUM(A1)", "\t=1", "＝1", "+1 (a)", "-3a", "'=1", "''@x", "=HYPERLINK(A1)", "-"]
PLAIN = ["", "-3", "+0.4", "-1,200", "-5%", "-1e-05", "3-1", "a=1", "'a", "停车", "−3", "'-3"]


def test_only_what_a_spreadsheet_computes_gets_an_apostrophe_and_loses_it_again():
    for text in COMPUTED:
        assert guarded(text) == "'" + text
    for text in PLAIN:
        assert guarded(text) == text
    column = pd.Series([*COMPUTED, *PLAIN, None], dtype="str")
    written = guarded_column(column)
    back = written.where(~guards_of(written), written.str[1:])
    pd.testing.assert_series_equal(back, column)
    assert guards_of(written).sum() == len(COMPUTED)


def test_numbers_stay_numbers_and_tables_without_formulas_stay_as_they_are():
    table = pd.DataFrame({"n": [-3, 4], "x": [-0.5, 1e-5], "t": ["-3", "好"], "o": pd.Series(["=1", None], dtype="object"), "c": pd.Categorical(["-1", "2"])})
    read = pd.read_csv(io.BytesIO(guarded_csv(table)), encoding="utf-8-sig")
    assert read["n"].tolist() == [-3, 4]
    assert read["o"].tolist()[0] == "'=1"
    plain = table.drop(columns="o")
    assert guarded_csv(plain) == csv_bytes(plain)


BOOK = ({"name": "id", "type": "text"}, {"name": "said", "type": "text"}, {"name": "n", "type": "number"}, {"name": "q", "type": "single", "values": "-1=甲\n2=乙", "open": "2"})


@pytest.fixture
def table(cleaned):
    texts = [*COMPUTED, *PLAIN]
    cells = [[t, "乙〖=灯〗" if i % 2 else "甲"] for i, t in enumerate(texts)]
    return cleaned(["id", "said", "n", "q"], [[f"k{i}", said, "-3", q] for i, (said, q) in enumerate(cells)], *BOOK)


def test_an_export_is_safe_to_open_and_reads_back_into_the_same_table(table, tmp_path):
    export_clean(table, tmp_path, "s", Language.ZH)
    read = pd.read_csv(tmp_path / "s.csv", dtype="str", keep_default_na=False, encoding="utf-8-sig")
    assert not read["said"].str.match(r"[=@\t＝]|[+-](?![0-9.,]+%?$|1e-05$)").any()
    assert read["q_other"].tolist()[1] == "'=灯"
    assert set(read["n"]) == {"-3"}
    again = clean_survey(read_survey(tmp_path / "s.csv"), codebook_of_csv(table.codebook, table.frame))
    for name in table.frame:
        assert list(map(str, values(again.frame[name]))) == list(map(str, values(table.frame[name]))), name
    removed = again.log[again.log["rule"] == "formula_guard"]
    assert set(removed["variable"]) == {"said", "q_other"}


def test_an_apostrophe_of_another_program_is_taken_away_and_logged(cleaned):
    table = cleaned(["id", "said", "n", "q"], [["a", "'=1+1", "3", "甲"], ["b", "'quoted'", "4", "甲"]], *BOOK)
    assert table.frame["said"].tolist() == ["=1+1", "'quoted'"]
    lines = table.log[table.log["rule"] == "formula_guard"]
    assert lines[["old", "new"]].to_numpy().tolist() == [["'=1+1", "=1+1"]]


def test_the_log_for_people_computes_nothing_and_the_tables_of_the_kit_stay(cleaned):
    table = cleaned(["id", "said", "n", "q"], [["a", "", "=2*3", "甲"]], *BOOK)
    files = files_of(table, Language.ZH)
    log = pd.read_csv(io.BytesIO(files["log.csv"]), dtype="str", keep_default_na=False, encoding="utf-8-sig")
    assert "'=2*3" in log["old"].tolist()
    assert "=2*3" in table.log["old"].tolist()
    assert "=2*3" in pd.read_parquet(io.BytesIO(files["log.parquet"]))["old"].tolist()
