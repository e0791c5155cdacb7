"""The sheet of answers: wrong files first, every fault named with its place, nothing that tells who somebody is; then sheets as people fill them in."""

import numpy as np
import pytest
import xlsxwriter

from commresearch.course.forms import answers_xlsx
from commresearch.course.items import ITEMS, keys
from commresearch.course.score_file import AFTER, BEFORE, CODE, COLUMNS, EXAMPLE, FORM_AFTER, FORM_BEFORE, HEADS, read_answer_sheet
from commresearch.errors import CommResearchError, SourceError
from commresearch.sources.tables import read_table, sheet_names
from commresearch.terms import Language
from commresearch.words.messages import render_error
from tests.unit.course_answers import made_sheet, rows_of, write_csv

PERSONS = rows_of(made_sheet(6))


def failures_of(path):
    with pytest.raises(CommResearchError) as caught:
        read_answer_sheet(path)
    for language in Language:
        assert path.name in render_error(caught.value, language)
    return caught.value.failures


def with_change(change, row=1):
    return [person | change if i == row else person for i, person in enumerate(PERSONS)]


@pytest.mark.parametrize(("name", "content"), [("none.csv", None), ("empty.csv", b""), ("photo.xlsx", b"\x89PNG\r\n\x1a\n0000"), ("paper.pdf", b"%PDF-1.4")])
def test_what_is_no_table_is_refused(tmp_path, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError):
        read_answer_sheet(tmp_path / name)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"before_3": "e"}, ["CR-J54"]), ({"after_10": "ab"}, ["CR-J54"]), ({"before_1": "1"}, ["CR-J54"]), ({FORM_BEFORE: "C"}, ["CR-J54"]), ({CODE: ""}, ["CR-J55"]),
        ({CODE: "abcd"}, ["CR-J56"]), ({CODE: "k1"}, ["CR-J56"]), ({CODE: "k12345678"}, ["CR-J56"]), ({CODE: "k-1234"}, ["CR-J56"]), ({FORM_AFTER: ""}, ["CR-J57"]),
        ({FORM_AFTER: "A"}, ["CR-J58"]), ({CODE: "k1000"}, ["CR-J59"]), ({CODE: "Ｋ1000"}, ["CR-J59"]), ({CODE: "", "before_2": "x", FORM_AFTER: ""}, ["CR-J55", "CR-J54", "CR-J57"]),
    ],
)
def test_each_fault_has_its_code_and_row(tmp_path, change, codes):
    found = failures_of(write_csv(tmp_path / "answers.csv", with_change(change)))
    assert [f.code for f in found] == codes
    assert {f.values["row"] for f in found} == {3}


def test_faults_name_the_column_as_the_sheet_does(tmp_path):
    [found] = failures_of(write_csv(tmp_path / "answers.csv", with_change({"after_10": "e"})))
    assert (found.values["column"], found.values["got"]) == ("后10", "e")
    [found] = failures_of(write_csv(tmp_path / "answers.csv", with_change({CODE: "k1000"}, row=4)))
    assert (found.values["row"], found.values["first"]) == (6, 2)


def test_all_faults_at_once(tmp_path):
    rows = [person | {"before_1": "x"} if i % 2 else person | {CODE: ""} for i, person in enumerate(PERSONS)]
    found = failures_of(write_csv(tmp_path / "answers.csv", [row | {"备注": "好"} for row in rows]))
    assert [(f.code, f.values.get("row")) for f in found] == [("CR-J52", None), ("CR-J55", 2), ("CR-J54", 3), ("CR-J55", 4), ("CR-J54", 5), ("CR-J55", 6), ("CR-J54", 7)]


@pytest.mark.parametrize(
    ("heads", "codes"),
    [
        (["编号", "课前卷"], ["CR-J50"]), ([*HEADS.values(), "前1"], ["CR-J51"]), ([*HEADS.values(), "前11"], ["CR-J52"]), ([*list(HEADS.values())[:-1], "后11"], ["CR-J50", "CR-J52"]),
        (["编号", "code", *list(HEADS.values())[1:]], ["CR-J51"]),
    ],
)
def test_heads(tmp_path, heads, codes):
    path = tmp_path / "answers.csv"
    path.write_text(",".join(heads) + "\n" + ",".join("a" for _ in heads) + "\n", encoding="utf8")
    found = failures_of(path)
    assert [f.code for f in found if f.code < "CR-J53"] == codes
    assert all(f.values.get("nearest") in {"前1", "后10", "后1", None} for f in found)


@pytest.mark.parametrize(
    ("head", "cells", "what"),
    [
        ("姓名", ["甲一", "乙二", "丙三", "丁四", "戊五", "己六"], "姓名"), ("联系方式", [f"1391234567{i}" for i in range(6)], "手机号"), ("备注", [f"1381234567{i}" for i in range(6)], "手机号"),
    ],
)
def test_a_column_that_tells_who_somebody_is_refuses_the_file_without_repeating_it(tmp_path, head, cells, what):
    rows = [person | {head: cell} for person, cell in zip(PERSONS, cells, strict=True)]
    path = write_csv(tmp_path / "answers.csv", rows)
    [found] = failures_of(path)
    assert (found.code, found.values["column"], found.values["what"]["zh"]) == ("CR-J60", head, what)
    with pytest.raises(CommResearchError) as caught:
        read_answer_sheet(path)
    assert not any(cell in render_error(caught.value, language) for cell in cells for language in Language)


@pytest.mark.parametrize(("cell", "what"), [("13912345678", "手机号"), ("１３９１２３４５６７８", "手机号"), ("王小芳", "姓名"), ("13812345678微信同号", "手机号")])
@pytest.mark.parametrize("column", [CODE, "after_4"])
def test_a_cell_that_tells_who_somebody_is_is_refused_and_not_repeated(tmp_path, column, cell, what):
    path = write_csv(tmp_path / "answers.csv", with_change({column: cell}))
    [found] = failures_of(path)
    assert (found.code, found.values["row"], found.values["what"]["zh"]) == ("CR-J61", 3, what)
    assert cell not in str(found.values)


@pytest.mark.parametrize("rows", [[], [dict.fromkeys(COLUMNS, "")], [PERSONS[0] | {CODE: EXAMPLE}]])
def test_a_sheet_without_persons(tmp_path, rows):
    path = tmp_path / "answers.csv"
    write_csv(path, rows or [dict.fromkeys(COLUMNS, "")])
    assert [f.code for f in failures_of(path)] == ["CR-J53"]


def test_nobody_with_both_tests(tmp_path):
    one_sided = [person | dict.fromkeys(AFTER, "") for person in PERSONS[:4]] + [person | dict.fromkeys(BEFORE, "") for person in PERSONS[4:]]
    [found] = failures_of(write_csv(tmp_path / "answers.csv", one_sided))
    assert (found.code, found.values["before"], found.values["after"]) == ("CR-J62", 4, 2)


# ---------------------------------------------------------------- sheets as people fill them in


@pytest.mark.parametrize(("heads", "encoding"), [(True, "utf-8-sig"), (True, "gb18030"), (False, "utf-8")])
def test_answers_come_back_as_they_were_given(tmp_path, heads, encoding):
    made = made_sheet(9, seed=7)
    read = read_answer_sheet(write_csv(tmp_path / "answers.csv", rows_of(made), heads=heads, encoding=encoding))
    for name in ("form_before", "form_after", "right_before", "right_after"):
        assert (getattr(read, name) == getattr(made, name)).all(), name
    assert (read.n, read.n_blank, read.n_only_before, read.n_only_after) == (9, 0, 0, 0)


def test_letters_in_any_width_and_case_and_blanks_count_as_not_right(tmp_path):
    person = {CODE: "ｋ2024 ", FORM_BEFORE: "a卷", FORM_AFTER: " Ｂ "} | dict(zip(BEFORE, (k.upper() for k in keys("A")), strict=True))
    person |= dict(zip(AFTER, (chr(ord(k) + 0xFEE0) for k in keys("B")), strict=True)) | {"before_2": "", "after_9": "　"}
    read = read_answer_sheet(write_csv(tmp_path / "answers.csv", [person]))
    assert (read.form_before[0], read.form_after[0]) == ("A", "B")
    assert np.flatnonzero(~read.right_before[0]).tolist() == [1]
    assert np.flatnonzero(~read.right_after[0]).tolist() == [8]
    assert read.n_blank == 2


def test_persons_with_one_test_are_counted_and_left_out_whatever_stands_for_the_other(tmp_path):
    rows = [*PERSONS[:3], PERSONS[3] | dict.fromkeys((FORM_AFTER, *AFTER), ""), PERSONS[4] | dict.fromkeys(AFTER, ""), PERSONS[5] | dict.fromkeys((FORM_BEFORE, *BEFORE), "")]
    read = read_answer_sheet(write_csv(tmp_path / "answers.csv", rows))
    assert (read.n, read.n_only_before, read.n_only_after) == (3, 2, 1)


def test_codes_of_persons_are_not_kept(tmp_path):
    read = read_answer_sheet(write_csv(tmp_path / "answers.csv", PERSONS))
    assert not any(person[CODE] in str(getattr(read, name)) for person in PERSONS for name in read.__dataclass_fields__)


def test_the_workbook_that_is_handed_out_is_read_with_its_example_left_aside(tmp_path):
    path = tmp_path / "answers.xlsx"
    path.write_bytes(answers_xlsx())
    assert answers_xlsx() == path.read_bytes()
    assert sheet_names(path) == ["答题记录", "说明"]
    assert read_table(path).columns.tolist() == list(HEADS.values())
    assert [f.code for f in failures_of(path)] == ["CR-J53"]  # nothing but the example


def test_a_filled_workbook_with_numbers_as_codes(tmp_path):
    """A code of digits is a number to a spreadsheet."""
    path = tmp_path / "answers.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("答题记录")
        sheet.write_row(0, 0, list(HEADS.values()))
        for i, person in enumerate(PERSONS, 1):
            sheet.write_number(i, 0, 20250 + i)
            sheet.write_row(i, 1, [person[column] for column in COLUMNS[1:]])
        book.add_worksheet("说明").write(0, 0, "x")
    read = read_answer_sheet(path)
    assert read.n == len(PERSONS)
    assert read.right_after.shape == (len(PERSONS), ITEMS)
