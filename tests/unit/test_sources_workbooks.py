"""Cells of .xlsx and .xls: types, texts, errors, formulas, digits that the file has lost."""

import re
import zipfile
from datetime import date, datetime, time, timedelta

import numpy as np
import pytest
import xlsxwriter
import xlwt

from commresearch.errors import SourceError
from commresearch.sources import CellType, read_survey
from tests.unit.sources_files import change_member, write_csv, write_xls, write_xlsx

#: cell, its text, its type
CELLS = [
    ("甲", "甲", CellType.TEXT), ("", "", CellType.EMPTY), (None, "", CellType.EMPTY), (3, "3", CellType.NUMBER), (2.5, "2.5", CellType.NUMBER),
    (0.1, "0.1", CellType.NUMBER), (1e-7, "1e-07", CellType.NUMBER), (-0.0, "0", CellType.NUMBER), (123456789012345, "123456789012345", CellType.NUMBER),
    ("0371002001", "0371002001", CellType.TEXT), ("1-3", "1-3", CellType.TEXT), (datetime.fromisoformat("2025-01-03"), "2025-01-03", CellType.DATE),
    (datetime.fromisoformat("2025-01-03 14:05"), "2025-01-03 14:05:00", CellType.DATE), (date(2025, 1, 3), "2025-01-03", CellType.DATE),
    (time(9, 30), "09:30:00", CellType.DATE), (timedelta(hours=30, minutes=5), "30:05:00", CellType.DATE), (True, "TRUE", CellType.BOOLEAN),
    (False, "FALSE", CellType.BOOLEAN), (1, "1", CellType.NUMBER), (0, "0", CellType.NUMBER), (0.5, "0.5", CellType.NUMBER), ("50%", "50%", CellType.TEXT),
    ("NA", "NA", CellType.TEXT), ("#N/A", "#N/A", CellType.TEXT), ("=NA()|#N/A", "#N/A", CellType.ERROR), ("=1/0|#DIV/0!", "#DIV/0!", CellType.ERROR),
    ("=1+1|2", "2", CellType.NUMBER), ('="甲"|甲', "甲", CellType.TEXT), ("𠮷㛃•😀", "𠮷㛃•😀", CellType.TEXT), ("　全角 ", "　全角 ", CellType.TEXT),
]


def test_every_cell_becomes_text_and_keeps_its_type(tmp_path):
    rows = [["序号", "值"], *([f"k{i}", cell] for i, (cell, _, _) in enumerate(CELLS))]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", rows))
    assert raw.frame["值"].tolist() == [text for _, text, _ in CELLS]
    assert [CellType(t) for t in raw.types[:, 1]] == [kind for _, _, kind in CELLS]
    assert raw.types.shape == raw.frame.shape
    assert raw.frame.dtypes.map(str).eq("str").all()
    assert raw.log[["rule", "variable", "count"]].values.tolist() == [["formula_cell", "值", 4]]


def test_truth_values_are_told_from_one_and_zero(tmp_path):
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", [["序号", "甲", "乙"], ["k", 1, True], ["l", True, 1], ["m", 0, False]]))
    assert raw.frame[["甲", "乙"]].values.tolist() == [["1", "TRUE"], ["TRUE", "1"], ["0", "FALSE"]]


def test_an_option_that_a_spreadsheet_made_a_date_stands_beside_its_text(tmp_path):
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", [["序号", "次数"], ["k", "1-3"], ["l", datetime.fromisoformat("2025-01-03")]]))
    assert raw.frame["次数"].tolist() == ["1-3", "2025-01-03"]
    assert raw.types[:, 1].tolist() == [CellType.TEXT, CellType.DATE]


def test_an_old_workbook(tmp_path):
    book = xlwt.Workbook()
    page = book.add_sheet("数据")
    for j, text in enumerate(["序号", "值"]):
        page.write(0, j, text)
    cells = ["甲", 3, 2.5, True, datetime.fromisoformat("2025-01-03"), xlwt.Formula("1/0"), None]
    for i, cell in enumerate(cells, 1):
        page.write(i, 0, f"k{i}")
        if isinstance(cell, datetime):
            page.write(i, 1, cell, xlwt.easyxf(num_format_str="yyyy-mm-dd"))
        elif cell is not None:
            page.write(i, 1, cell)
    page.row(7).set_cell_error(1, "#N/A!")
    book.save(str(tmp_path / "a.xls"))
    raw = read_survey(tmp_path / "a.xls")
    assert (raw.sheet, raw.frame["值"].tolist()[:5]) == ("数据", ["甲", "3", "2.5", "TRUE", "2025-01-03"])
    assert raw.frame["值"].iloc[6] == "#N/A"
    assert raw.types[:, 1].tolist()[:5] == [CellType.TEXT, CellType.NUMBER, CellType.NUMBER, CellType.BOOLEAN, CellType.DATE]
    assert raw.types[6, 1] == CellType.ERROR
    assert raw.log[["rule", "variable", "count"]].values.tolist() == [["formula_cell", "值", 1]]


def test_an_old_workbook_says_what_a_new_one_says(tmp_path):
    rng = np.random.default_rng(1)
    rows = [["序号", "提交答卷时间", "1、甲"], *([i, "2025/3/1 9:00", rng.choice(["满意", "一般", ""])] for i in range(1, 400))]
    old, new = read_survey(write_xls(tmp_path / "a.xls", rows)), read_survey(write_xlsx(tmp_path / "a.xlsx", rows))
    assert old.frame.equals(new.frame)
    assert (old.types == new.types).all()


def test_a_table_may_begin_anywhere(tmp_path):
    rows = [[], [], ["", "", "序号", "甲"], ["", "", 5, "=NA()|#N/A"], ["", "", 6, "b"]]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", rows))
    assert raw.frame.to_dict("split") == {"index": [4, 5], "columns": ["序号", "甲"], "data": [["5", "#N/A"], ["6", "b"]]}
    assert raw.types.tolist() == [[CellType.NUMBER, CellType.ERROR], [CellType.NUMBER, CellType.TEXT]]


def test_long_numbers_have_lost_digits(tmp_path):
    rows = [["序号", "身份证", "电话", "编码"], [1, 371002199001011234, 13800138000, "371002199001011234"], [2, "371002199001011234", 13800138001, "x"]]
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", rows))
    assert raw.lost_digits == ("身份证",)
    assert list(raw.frame.columns) == ["序号", "电话", "编码"]
    assert raw.types.shape == raw.frame.shape
    assert [q.text for q in raw.questions] == ["电话", "编码"]
    line = raw.log.iloc[0]
    assert (line["rule"], line["variable"], line["old"], line["count"]) == ("lost_digits", "身份证", "371002…", 1)


@pytest.mark.parametrize(
    ("cell", "lost"),
    [("3.71002E+17", True), ("1.38001E+11", True), ("4E+15", True), ("1.5E+3", False), ("1.2E+9", False), ("1.2E+10", True), ("1.38123E10", True), ("3E12", False), ("E+17", False), ("3.7E17年", False),
     ("-3.71002E+17", True), ("371002199001011234", False), (" 3.71002E+17", False)],
)
def test_numbers_that_a_spreadsheet_saved_shortened(tmp_path, cell, lost):
    raw = read_survey(write_csv(tmp_path / "a.csv", [["序号", "号码"], [1, "无"], [2, cell]]))
    assert raw.lost_digits == (("号码",) if lost else ())
    assert ("号码" in raw.frame) is not lost
    assert not raw.log["old"].str.contains(r"\d{7}").any()


def test_a_key_that_lost_digits_is_no_key(tmp_path):
    raw = read_survey(write_xlsx(tmp_path / "a.xlsx", [["序号", "提交答卷时间", "1、甲"], [2025030112345678901, "2025/3/1", "a"]]))
    assert raw.lost_digits == ("序号",)
    assert "key" not in raw.meta


def test_text_that_a_spreadsheet_would_calculate_stays_text_and_is_counted(tmp_path):
    cells = ["=1+1", "@sum", "+cmd", "-abc", "+86", "-3", "-不清楚", "a=b", "=HYPERLINK(1)"]
    raw = read_survey(write_csv(tmp_path / "a.csv", [["序号", "意见"], *enumerate(cells)]))
    assert raw.frame["意见"].tolist() == cells
    assert raw.log[["rule", "variable", "count"]].values.tolist() == [["formula_text", "意见", 5]]


def test_a_formula_without_a_result_is_refused(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", [["序号", "和", "空"], [1, "=1+1|7", '=""|x'], [2, "=2+2|8", "b"]])
    change_member(path, "xl/worksheets/sheet1.xml", b"<v>7</v>", b"<v></v>")
    change_member(path, "xl/worksheets/sheet1.xml", b"<v>x</v>", b"<v></v>")
    with pytest.raises(SourceError) as caught:
        read_survey(path)
    assert [(f.code, f.values["count"], f.values["cells"]) for f in caught.value.failures] == [("CR-S15", 1, "B2")]


def test_the_sheet_that_looks_like_a_survey_is_read(tmp_path):
    big = [["说明", "内容"], *([f"第{i}条", "请如实填写"] for i in range(60))]
    rows = [["序号", "提交答卷时间", "1、甲"], [1, "2025/3/1 9:00", "a"]]
    path = write_xlsx(tmp_path / "a.xlsx", big, sheet="说明", others={"答卷": rows, "空": []})
    assert read_survey(path).sheet == "答卷"
    assert read_survey(path).log[["rule", "sheet"]].values.tolist() == [["other_sheet", "说明"]]
    assert len(read_survey(path, sheet="说明").frame) == 60


def test_hidden_sheets_and_charts_are_read_only_when_asked_for(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        for name in ("显示", "隐藏"):
            page = book.add_worksheet(name)
            page.write_row(0, 0, ["序号", "提交答卷时间", name])
            page.write_row(1, 0, [1, "2025/3/1", "a"])
        page.hide()
        book.add_chartsheet("图")
    assert read_survey(tmp_path / "a.xlsx").sheet == "显示"
    assert read_survey(tmp_path / "a.xlsx").log.empty
    assert list(read_survey(tmp_path / "a.xlsx", sheet="隐藏").frame.columns)[2] == "隐藏"


def test_cells_of_another_writer_mean_the_same(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", [["序号", "甲"], [1, "=NA()|#N/A"], [2, "=1+1|2"]])
    plain = read_survey(path)
    member = "xl/worksheets/sheet1.xml"
    change_member(path, member, b"<c r=", b"<x:c\nr = ")
    change_member(path, member, b"</c>", b"</x:c>")
    for tag in (b"worksheet", b"sheetData", b"row", b"v", b"f", b"dimension", b"sheetViews", b"sheetFormatPr", b"pageMargins"):
        for start in (b"<", b"</"):
            for end in (b" ", b">", b"/"):
                try:
                    change_member(path, member, start + tag + end, start[:1] + start[1:] + b"x:" + tag + end)
                except AssertionError:
                    continue
    change_member(path, member, b"<x:worksheet xmlns=", b"<x:worksheet xmlns:x=")
    change_member(path, member, b'"', b"'")
    prefixed = read_survey(path)
    assert prefixed.frame.equals(plain.frame)
    assert (prefixed.types == plain.types).all()
    assert prefixed.log["count"].tolist() == plain.log["count"].tolist() == [2]


@pytest.mark.parametrize("rows_too", [False, True])
def test_errors_and_formulas_of_cells_that_do_not_say_where_they_stand(tmp_path, rows_too):
    rows = [["序号", "甲", "乙"], [1, "=NA()|#N/A", 5], [2, "x", "=1/0|#DIV/0!"]]
    path = write_xlsx(tmp_path / "a.xlsx", rows)
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    bare = re.sub(rb' r="[A-Z]+\d+"', b"", sheet)
    change_member(path, "xl/worksheets/sheet1.xml", sheet, re.sub(rb'<row r="\d+"', b"<row", bare) if rows_too else bare)
    raw = read_survey(path)
    assert raw.frame[["甲", "乙"]].to_numpy().tolist() == [["#N/A", "5"], ["x", "#DIV/0!"]]
    assert (raw.types == CellType.ERROR).sum() == 2


def test_formulas_without_a_result_are_named_where_cells_do_not_say_where_they_stand(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", [["序号", "甲"], [1, "=1+1|2"], [2, "x"]])
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    bare = re.sub(rb' r="[A-Z]+\d+"', b"", sheet).replace(b"</f><v>2</v>", b"</f>")
    with pytest.raises(SourceError) as error:
        read_survey(change_member(path, "xl/worksheets/sheet1.xml", sheet, bare))
    assert [(f.code, f.values["cells"]) for f in error.value.failures] == [("CR-S15", "B2")]
