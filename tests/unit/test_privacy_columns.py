"""Columns of a survey behind the gate: texts with a role, birth dates, and the names that the log gives them."""

import pandas as pd
import pytest

from commresearch.cleaning.identifier_columns import classify_columns
from tests.unit.survey_cases import KEY, correction, corrections, values

N = {"name": "n", "type": "number"}
SENT = {"name": "sent", "type": "date", "role": "submitted"}
BORN = {"name": "born", "type": "date", "source": "1、出生日期", "missing": "skipped=19000101"}
DAYS = ["1980-05-17", "1980年5月15日", "1980年5月", "农历1980年5月17日", "19000101", ""]


@pytest.mark.parametrize("header", ["电话", "备注"])
@pytest.mark.parametrize("role", ["key", "person", "community", "source", ""])
def test_a_text_with_a_role_that_holds_identifiers_is_a_column_of_identifiers(cleaned, header, role):
    tel = {"name": "tel", "type": "text", "role": role, "source": header}
    rows = [[f"1541234{i:04d}", i] for i in range(40)]
    dropped, kept = cleaned([header, "n"], rows, tel, N), cleaned([header, "n"], rows, tel, N, pseudonym_key=KEY)
    assert list(dropped.frame) == ["n"]
    assert kept.frame["tel"].nunique() == 40
    assert [len(table.duplicates) for table in (dropped, kept)] == [0, 0]
    assert kept.identifiers[["column", "identifier", "declared", "action"]].to_numpy().tolist() == [[header, "mobile", False, "pseudonymised"]]


@pytest.mark.parametrize("first", ["177771", "1777777771", "177777777771", "37100220250301001", "371002202503010001", "6222021234567890001"])
def test_serial_numbers_are_no_identifiers(cleaned, first):
    rows = [[str(int(first) + 3 * i), i] for i in range(40)]
    table = cleaned(["答卷编号", "n"], rows, {"name": "id", "type": "text", "role": "key", "source": "答卷编号"}, N)
    assert table.frame["id"].tolist() == [serial for serial, _ in rows]
    assert table.identifiers.empty


def births(cleaned, *, role="", sent=True, **options):
    rows = [[day, "2026-05-16 10:00:00", i] for i, day in enumerate(DAYS)]
    return cleaned([BORN["source"], "sent", "n"], rows, {**BORN, "role": role}, N, *([SENT] if sent else []), **options)


def text_of(table):
    return table.frame.to_csv(date_format="%Y-%m-%d") + table.log.to_csv() + table.identifiers.to_csv() + table.duplicates.to_csv()


@pytest.mark.parametrize("role", ["birth", ""])
def test_a_birth_date_leaves_the_gate_as_month_and_age(cleaned, role):
    table = births(cleaned, role=role)
    assert [str(v)[:10] for v in values(table.frame["born"])] == ["1980-05-01"] * 3 + ["None"] * 3
    assert values(table.missing_kinds["born"]) == [None, None, None, "unreadable", "skipped", "blank"]
    assert values(table.frame["born_age"]) == [45, 46, None, None, None, None]
    assert table.codebook["born_age"].quasi
    lines = table.log[table.log["step"] == "privacy"]
    assert lines[["rule", "variable", "count"]].to_numpy().tolist() == [["birth_day_dropped", "born", 3], ["derived_age", "born_age", 2]]
    assert table.identifiers[["identifier", "action", "n"]].to_numpy().tolist() == [["birth", "day_dropped", 3]]
    assert not any(day in text_of(table) for day in ("05-17", "05-15", "5月15日", "5月17日"))


def test_without_a_day_of_submission_no_age_is_derived(cleaned):
    table = births(cleaned, role="birth", sent=False)
    assert "born_age" not in table.frame
    assert str(table.frame["born"].iloc[0])[:7] == "1980-05"


def test_months_of_birth_pass_as_they_are_and_a_corrected_day_is_not_quoted(cleaned):
    head, rows, variables = ["生日", "n"], [["1980年5月", 1], ["1981年6月", 2]], ({**BORN, "source": "生日", "role": "birth"}, N)
    months = cleaned(head, rows, *variables)
    assert months.identifiers.empty
    assert set(months.log["rule"]) == {"month_only"}
    table = cleaned(head, [["1980-05-17", 1], rows[1]], *variables, corrections=corrections(correction(2, "born", "1980-05-17", "1980年5月")))
    assert table.log.loc[table.log["rule"] == "correction", ["old", "new"]].to_numpy().tolist() == [["〔出生日期〕"] * 2]
    assert "05-17" not in text_of(table)
    assert table.frame["born"].equals(months.frame["born"].set_axis(table.frame.index))


def test_a_column_of_years_stays_a_column_of_years(cleaned):
    table = cleaned(["出生年份", "n"], [["1980", 1], ["1975年", 2]], {"name": "year", "type": "number", "source": "出生年份", "unit": "年"}, N)
    assert table.frame["year"].iloc[0] == 1980
    assert table.identifiers.empty


def test_the_log_of_the_gate_names_variables(cleaned):
    head, rows = ["来自IP", "2、备注", "3、方式", "其他方式"], [["192.0.2.1(海岚-滨海)", "打15412345678", "其他", "找15412345678"]]
    table = cleaned(
        head, rows, {"name": "ip", "type": "text", "source": "来自IP", "role": "ip", "identifier": "ip"}, {"name": "q2", "type": "text", "source": "2、备注"},
        {"name": "way", "type": "single", "source": "3、方式", "values": "1=电话\n2=其他", "open": "2", "source_other": "其他方式"},
    )
    lines = table.log[table.log["step"] == "privacy"]
    assert lines[["rule", "variable"]].to_numpy().tolist() == [
        ["derived_place", "ip_place"], ["dropped_identifier", "ip"], ["masked_text", "q2"], ["masked_text", table.codebook["way"].other],
    ]
    assert set(table.identifiers["column"]) == {"来自IP", "2、备注", "其他方式"}


def test_reasons_of_corrections_name_nobody(cleaned):
    line = correction(2, "n", "1", "7", reason="郑 爽转告，联系人：王小明 15412345678", reported_by="李芳")
    table = cleaned(["姓名", "n"], [["郑爽", 1]], {"name": "who", "type": "text", "source": "姓名", "identifier": "name"}, N, corrections=corrections(line))
    said = table.log.loc[table.log["rule"] == "correction", "reason"].tolist()
    assert said == ["〔姓名〕转告，联系人：〔姓名〕 〔手机号〕 (〔姓名〕, 2026-09-30)"]


@pytest.mark.parametrize("aside", ["", " 业主", "室 租户"])
def test_cells_that_begin_with_a_door_are_a_column_of_addresses_under_any_header(aside):
    cells = pd.DataFrame({"甲": [f"{i}-2-50{i}{aside}" for i in range(1, 9)], "乙": [f"{i}-2-1" for i in range(1, 9)]}, dtype="str")
    assert classify_columns(cells)[["column", "identifier", "by"]].to_numpy().tolist() == [["甲", "address", "content"]]
