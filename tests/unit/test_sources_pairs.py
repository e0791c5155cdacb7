"""Text and code export of one survey: brought into one order, or refused with every difference."""

from datetime import datetime

import numpy as np
import pytest

from commresearch.errors import SourceError
from commresearch.sources import read_survey_pair
from commresearch.words import render_error
from tests.unit.sources_files import CODE_HEADER, CODE_ROWS, TEXT_HEADER, TEXT_ROWS, write_csv, write_xls, write_xlsx


def differences(text, code):
    with pytest.raises(SourceError) as caught:
        read_survey_pair(text, code)
    for language, remedy in (("zh", "处理："), ("en", "What to do:")):
        for line in render_error(caught.value, language).splitlines():
            assert remedy in line
            assert "." in line
    return {f.code: dict(f.values) for f in caught.value.failures}


def files(tmp_path, text=TEXT_ROWS, code=CODE_ROWS, *, text_header=TEXT_HEADER, code_header=CODE_HEADER):
    return write_xlsx(tmp_path / "t.xlsx", [text_header, *text]), write_xls(tmp_path / "c.xls", [code_header, *code])


def test_both_exports_in_the_order_of_their_key(tmp_path):
    text, code = read_survey_pair(*files(tmp_path, TEXT_ROWS[::-1], [CODE_ROWS[i] for i in (1, 2, 0)]))
    assert text.frame["序号"].tolist() == code.frame["序号"].tolist() == ["1", "2", "3"]
    assert text.frame["1、您的性别"].tolist() == ["男", "女", "女"]
    assert code.frame["1、您的性别"].tolist() == ["1", "2", "2"]
    assert (list(text.frame.index), list(code.frame.index)) == ([4, 3, 2], [4, 2, 3])
    assert [r.rsplit(":", 1)[1] for r in text.row_ids] == ["4", "3", "2"]
    marks = np.array([[cell == "" for cell in row] for row in text.frame.to_numpy()])
    assert ((text.types == 0) == marks).all()


def test_keys_are_ordered_as_numbers_or_as_texts(tmp_path):
    rows = [[key, f"2025/3/1 9:{key}:00", "男" if key % 2 else "女"] for key in (9, 10, 100)]
    coded = [[*row[:2], 1 if row[0] % 2 else 2] for row in rows]
    text, _ = read_survey_pair(*files(tmp_path, rows, coded, text_header=["序号", "提交答卷时间", "1、性别"], code_header=["序号", "提交答卷时间", "1、性别"]))
    assert text.frame["序号"].tolist() == ["9", "10", "100"]
    named = [[f"k{row[0]}", *row[1:]] for row in rows]
    named_codes = [[f"k{row[0]}", *row[1:]] for row in coded]
    head = ["序号", "提交答卷时间", "1、性别"]
    text, _ = read_survey_pair(*files(tmp_path, named, named_codes, text_header=head, code_header=head))
    assert text.frame["序号"].tolist() == ["k10", "k100", "k9"]


def test_a_time_may_be_a_text_in_one_file_and_a_date_in_the_other(tmp_path):
    dated = [[row[0], datetime.strptime(row[1], "%Y/%m/%d %H:%M:%S"), *row[2:]] for row in TEXT_ROWS]  # noqa: DTZ007
    text, code = read_survey_pair(*files(tmp_path, dated))
    assert text.frame["提交答卷时间"].iloc[0] == "2025-03-01 09:05:00"
    assert code.frame["提交答卷时间"].iloc[0] == "2025/3/1 9:05:00"


def test_swapped_files(tmp_path):
    text, code = files(tmp_path)
    assert set(differences(code, text)) == {"CR-S34"}
    assert set(differences(text, text)) == {"CR-S34"}


def test_every_difference_is_said_at_once(tmp_path):
    other = [[1, "2025/4/1 9:05:00", *CODE_ROWS[0][2:]], *CODE_ROWS[1:], [7, *CODE_ROWS[1][1:]]]
    header = [name.replace("5、", "6、") for name in CODE_HEADER]
    found = differences(*files(tmp_path, code=other, code_header=header))
    assert set(found) == {"CR-S35", "CR-S38", "CR-S39", "CR-S40"}
    assert (found["CR-S35"]["a"], found["CR-S35"]["b"]) == (3, 4)
    assert (found["CR-S38"]["a"], found["CR-S38"]["b"]) == ("—", "7")
    assert (found["CR-S39"]["count"], found["CR-S39"]["a"], found["CR-S39"]["b"]) == (1, "2025/3/1 9:05:00", "2025/4/1 9:05:00")
    assert (found["CR-S40"]["a"], found["CR-S40"]["b"]) == ("5", "6")


def test_many_differences_are_counted(tmp_path):
    more = [[i, *TEXT_ROWS[1][1:]] for i in range(4, 20)]
    found = differences(*files(tmp_path, [*TEXT_ROWS, *more]))
    assert found["CR-S38"]["a"] == "10, 11, 12, 13, 14 … (+11)"


def test_keys_that_do_not_tell_answers_apart(tmp_path):
    found = differences(*files(tmp_path, [*TEXT_ROWS, TEXT_ROWS[0]]))
    assert set(found) == {"CR-S35", "CR-S37"}
    assert found["CR-S37"]["got"] == "1"
    keyless = differences(*files(tmp_path, [row[1:] for row in TEXT_ROWS], text_header=TEXT_HEADER[1:]))
    assert (set(keyless), keyless["CR-S36"]["file"]) == ({"CR-S36"}, "t.xlsx")


def test_files_of_two_platforms(tmp_path):
    plain = write_csv(tmp_path / "p.csv", [["编号", "意见"], [1, "a"]])
    assert set(differences(write_xlsx(tmp_path / "t.xlsx", [TEXT_HEADER, *TEXT_ROWS]), plain)) == {"CR-S33"}


def test_two_files_that_cannot_be_read_are_both_named(tmp_path):
    (tmp_path / "b.pdf").write_bytes(b"%PDF")
    assert set(differences(tmp_path / "a.xlsx", tmp_path / "b.pdf")) == {"CR-S01", "CR-S05"}
