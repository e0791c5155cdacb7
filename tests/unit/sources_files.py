"""Files for the tests of `sources`, written in the test run."""

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter
import xlwt

from commresearch.simulate import SurveySpec, simulate_survey, write_spss

Rows = Sequence[Sequence[Any]]
WJX = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"]
TEXT_HEADER = [*WJX, "1、您的性别", "2、您需要哪些服务？", "3、请排序", "4、满意度—环境", "4、满意度—物业", "5、您的意见"]
TEXT_ROWS = [
    [1, "2025/3/1 9:05:00", "135秒", "微信", "N/A", "10.0.0.1(山东-海州)", "男", "停车┋其他〖充电┋电梯〗", "环境→物业→停车", "满意", "一般", "NA"],
    [2, "2025/3/1 9:06:00", "90秒", "链接", "直接访问", "10.0.0.2(山东-海州)", "女", "养老", "物业→环境→停车", "(跳过)", "不满意", "(空)"],
    [3, "2025/3/2 10:00:00", "201秒", "微信", "None", "10.0.0.3(山东-海州)", "女", "(跳过)", "停车→环境→物业", "满意", "满意", "合计"],
]
CODE_HEADER = [*WJX, "1、您的性别", "2(停车)", "2(养老)", "2(其他)", "第3题(环境)", "第3题(物业)", "第3题(停车)", "第4题(环境)", "第4题(物业)", "5、您的意见"]
CODE_ROWS = [
    [1, "2025/3/1 9:05:00", "135秒", "微信", "N/A", "10.0.0.1(山东-海州)", 1, 1, 0, 1, 1, 2, 3, 2, 3, "NA"],
    [2, "2025/3/1 9:06:00", "90秒", "链接", "直接访问", "10.0.0.2(山东-海州)", 2, 0, 1, 0, 2, 1, 3, -3, 4, -2],
    [3, "2025/3/2 10:00:00", "201秒", "微信", "None", "10.0.0.3(山东-海州)", 2, -3, -3, -3, 2, 3, 1, 2, 2, "合计"],
]


def write_xlsx(
    path: Path, rows: Rows, *, merge: Sequence[str] = (), sheet: str = "Sheet1", others: dict[str, Rows] | None = None, merge_all: bool = False,
) -> Path:
    """A workbook; dates get date formats, texts that begin with = become formulas with the text behind | as result."""
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        formats = {
            datetime: book.add_format({"num_format": "yyyy/m/d h:mm:ss"}), date: book.add_format({"num_format": "yyyy-mm-dd"}),
            time: book.add_format({"num_format": "h:mm"}), timedelta: book.add_format({"num_format": "[h]:mm:ss"}),
        }
        for name, cells in {sheet: rows, **(others or {})}.items():
            page = book.add_worksheet(name)
            for i, row in enumerate(cells):
                for j, value in enumerate(row):
                    _write(page, i, j, value, formats)
            for area in merge if merge_all or name == sheet else ():
                first = page.table.get(xlsxwriter.utility.xl_cell_to_rowcol(area.split(":")[0])[0], {})
                page.merge_range(area, "")
                place = xlsxwriter.utility.xl_cell_to_rowcol(area.split(":")[0])
                if first:
                    _write(page, *place, cells[place[0]][place[1]], formats)
    return path


def _write(page: Any, row: int, column: int, value: Any, formats: dict[type, Any]) -> None:
    if isinstance(value, str) and value.startswith("=") and "|" in value:
        formula, result = value.split("|")
        page.write_formula(row, column, formula, None, int(result) if result.isdigit() else result)
    elif isinstance(value, str) and value:
        page.write_string(row, column, value)
    elif isinstance(value, bool):
        page.write_boolean(row, column, value)
    elif type(value) in formats:
        page.write_datetime(row, column, value, formats[type(value)])
    elif value is not None and value != "":
        page.write_number(row, column, value)


def write_xls(path: Path, rows: Rows, sheet: str = "Sheet1") -> Path:
    """An old workbook."""
    book = xlwt.Workbook(encoding="utf-8")
    page = book.add_sheet(sheet)
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            if isinstance(value, datetime):
                page.write(i, j, value, xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss"))
            elif value is not None and value != "":
                page.write(i, j, value)
    book.save(str(path))
    return path


def csv_text(rows: Rows, separator: str = ",") -> str:
    """Rows as a text table."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue()


def write_csv(path: Path, rows: Rows, encoding: str = "utf-8", separator: str = ",") -> Path:
    """A text table in one encoding."""
    path.write_bytes(csv_text(rows, separator).encode(encoding))
    return path


def change_member(path: Path, member: str, old: bytes, new: bytes) -> Path:
    """Rewrite a workbook with something else in one of its members."""
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    assert old in contents[member], contents[member]
    contents[member] = contents[member].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def write_deadly_spss(folder: Path) -> Path:
    """An SPSS file whose value labels belong to a variable that is not there: the reader of such files dies of it."""
    path = write_spss(simulate_survey(SurveySpec(respondents=60, population=900), rng=1), folder).path
    data = bytearray(path.read_bytes())
    data[re.search(rb"\x04\0\0\0\x01\0\0\0(?=[\x01-\xff]\0\0\0)", data).end() + 2] = 97
    path.write_bytes(data)
    return path
