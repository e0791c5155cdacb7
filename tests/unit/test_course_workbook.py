"""The workbook of a lesson: what is wrong with a file, what is said of what was filled in, and what its own formulas say."""

import csv
import json
import subprocess
import zipfile

import pytest

from commresearch.course.content import from_content
from commresearch.course.lesson import read_lesson
from commresearch.course.parts import Head
from commresearch.course.workbook import exercise_xlsx, key_json
from commresearch.course.workbook_check import check_filled, read_filled
from commresearch.errors import SourceError
from commresearch.terms import Language
from commresearch.words import render_error
from tests.conftest import find_tool
from tests.course_case import fill, tiny_notebook  # noqa: F401 - a fixture

HEAD = Head(number=6, title="升了多少", claim="会", next_week="做", situation="事")
RIGHT = {"C8": "人次", "D8": 12, "C9": "人", "E9": 25}


@pytest.fixture(scope="module")
def sheet(tiny_notebook):  # noqa: F811
    """The workbook's exercise of the tiny lesson."""
    return read_lesson(tiny_notebook).sheet


@pytest.fixture
def book(tmp_path, sheet):
    path = tmp_path / "lesson_06_exercise.xlsx"
    path.write_bytes(exercise_xlsx(sheet, HEAD))
    return path


def refused(path, lesson=None):
    with pytest.raises(SourceError) as caught:
        read_filled(path, lesson)
    return render_error(caught.value, Language.EN)


def test_a_file_that_is_no_workbook_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("行,数的是什么\n1,人\n", encoding="utf8")
    assert refused(tmp_path / "a.csv").startswith("[CR-J09]")
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7 ...")
    assert refused(tmp_path / "b.pdf").startswith("[CR-S")
    assert refused(tmp_path / "gone.xlsx").startswith("[CR-S01]")


def test_a_workbook_that_is_none_of_the_course_is_refused(tmp_path):
    import xlsxwriter

    with xlsxwriter.Workbook(str(tmp_path / "other.xlsx")) as other:
        other.add_worksheet("练习").write_string(0, 0, "别的表")
    assert refused(tmp_path / "other.xlsx").startswith("[CR-J10]")
    with xlsxwriter.Workbook(str(tmp_path / "third.xlsx")) as other:
        other.add_worksheet("练习").write_string(0, 0, "别的表")
        other.add_worksheet("核对用").write_string(0, 2, "{")
    assert refused(tmp_path / "third.xlsx").startswith("[CR-J10]")


def test_a_workbook_of_another_lesson_is_refused(book):
    assert "is the exercise of lesson 6; that of lesson 5 is wanted" in refused(fill(book, RIGHT), 5)
    assert read_filled(fill(book, RIGHT), 6).lesson == 6


def test_an_empty_workbook_is_refused(book):
    assert "[CR-J14]" in refused(book)
    assert "数的是什么, 人次合计, 占比, 备注" in refused(book)


def test_renamed_columns_are_all_named(book):
    said = refused(fill(book, RIGHT | {"C6": "数什么", "E6": "比例"}))
    assert said.count("[CR-J12]") == 2
    assert "column 3: the header is “数什么”, it was “数的是什么”" in said


def test_changed_rows_are_all_named(book):
    said = refused(fill(book, RIGHT | {"B8": "来了9次", "A9": 7}))
    assert "row 1, column 台账里的一行: it holds “来了9次”, it was “来了12次”" in said
    assert "row 2, column 行: it holds “—”, it was “2”" in said


def say(path):
    return [(s.row, s.column, s.right, s.sentence(Language.ZH)) for s in check_filled(read_filled(path))]


def test_what_is_right_is_told_with_its_reason(book):
    assert say(fill(book, RIGHT)) == [
        (1, "数的是什么", True, "对。次数是人次。"), (1, "人次合计", True, "对。来几次算几次。"), (2, "数的是什么", True, "对。三个人。"), (2, "占比", True, "对。一除以四。"),
    ]
    assert all(right for *_, right, _ in say(fill(book, RIGHT | {"E9": 0.25}))), "25% typed into a cell"


def test_what_is_wrong_is_told_with_its_reason(book):
    said = say(fill(book, {"C8": "人", "D8": 1, "C9": "人次", "E9": 140}))
    assert said == [
        (1, "数的是什么", False, "不对，再想想。人只算一个。"), (1, "人次合计", False, "不对。这是人数。"), (2, "数的是什么", False, "不对，再想想。"), (2, "占比", False, "不对，再想想。"),
        (2, "", False, "这一行自相矛盾。占比不会超过100%。"),
    ]
    assert say(fill(book, {"C8": "人次", "D8": "十二"}))[1][3] == "对。来几次算几次。"
    assert say(fill(book, {"C8": "人次"}))[1][3] == "还没有填。"


def test_a_sorted_sheet_is_read_by_the_numbers_of_its_rows(book, sheet):
    swapped = {"A8": 2, "B8": sheet.rows[1].given["台账里的一行"], "A9": 1, "B9": sheet.rows[0].given["台账里的一行"]}
    filled = fill(book, swapped | {"C9": "人次", "D9": 12, "C8": "人", "E8": 25})
    assert [(row, column) for row, column, right, _ in say(filled) if right] == [(1, "数的是什么"), (1, "人次合计"), (2, "数的是什么"), (2, "占比")]


def test_the_workbook_says_what_it_is_and_is_the_same_each_time(book, sheet):
    assert book.read_bytes() == exercise_xlsx(sheet, HEAD)
    with zipfile.ZipFile(book) as archive:
        texts = archive.read("xl/sharedStrings.xml").decode("utf8")
        front, behind = (archive.read(f"xl/{name}.xml").decode("utf8") for name in ("worksheets/sheet1", "workbook"))
    assert "模拟数据，地点虚构。" in texts
    assert "示例这样填。" in texts
    assert front.count("<dataValidation ") == 3
    assert '"人,人次"' in front
    assert 'state="veryHidden"' in behind
    assert 'name="练习"' in behind
    assert from_content(json.loads(key_json(sheet, HEAD))["sheet"]) == sheet


@pytest.mark.needs("calc")
def test_the_formulas_go_from_waiting_to_wrong_to_right(book, tmp_path):
    """A spreadsheet program works them out: nothing filled in, wrong, words for a number, wrong by a rule, right."""
    filled = {
        "empty": {"F8": "备注"}, "wrong": {"C8": "人", "D8": 1, "C9": "人", "E9": 140}, "words": {"C8": "人次", "D8": "十二", "C9": "人次", "E9": 25},
        "rule": RIGHT | {"E8": 140}, "right": RIGHT | {"E9": 0.25},
    }
    books = [fill(book, cells).rename(tmp_path / f"{name}.xlsx") for name, cells in filled.items()]
    said = {}
    command = [find_tool("soffice"), f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"]
    subprocess.run([*command, "--outdir", str(tmp_path / "out"), *map(str, books)], capture_output=True, timeout=180, check=True)
    for name in filled:
        with next((tmp_path / "out").glob(f"{name}*.csv")).open(encoding="utf8", newline="") as file:
            lines = list(csv.reader(file))
        said[name] = [lines[3][0], lines[7][6], lines[8][6]]
    assert said["empty"] == ["已填对：0/2", "还没填完", "还没填完"]
    assert said["wrong"] == ["已填对：0/2", "“数的是什么”再想想。人只算一个。", "“占比”再想想。"]
    assert said["words"] == ["已填对：0/2", "“人次合计”请只填数字。", "“数的是什么”再想想。"]
    assert said["rule"] == ["已填对：1/2", "这一行自相矛盾。占比不会超过100%。", "对。三个人。一除以四。"]
    assert said["right"] == ["已填对：2/2", "对。次数是人次。来几次算几次。", "对。三个人。一除以四。"]
