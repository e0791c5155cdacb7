"""Sign-ins as files: a book per year, a sheet per month or per kind of event, what belongs to an event in merged cells."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from commresearch.errors import Failure, SchemaError
from commresearch.simulate.community_questionnaire import PLACE
from commresearch.simulate.log_cells import LogCells, log_cells
from commresearch.simulate.log_sheets import Line, SheetTable, WrittenLog, write_sheets
from commresearch.simulate.logs import SimulatedLogs

BY = ("month", "activity")
HEADERS: Mapping[str, str] = {
    "event_code": "活动编号", "event_name": "活动名称", "event_at": "活动时间", "place": "活动社区", "name": "姓名", "national_id": "身份证号",
    "phone": "联系电话", "birth_date": "出生日期", "birth_year": "出生年份", "age": "年龄", "age_band": "年龄段", "home": "居住社区",
    "is_resident": "是否本社区居民", "role": "参与身份", "persons": "人数",
}
OF_THE_EVENT = ("event_code", "event_name", "event_at", "place")
NUMBER = "序号"
TOTAL = "合计"


def signin_file(year: int, place: str = PLACE) -> str:
    """Name of the book of a year."""
    return f"模拟数据_{place}_活动签到_{year}年.xlsx"


def write_signin_books(logs: SimulatedLogs, folder: str | Path, *, by: str = "month") -> tuple[WrittenLog, ...]:
    """Write the books of sign-ins, one per year.

    Parameters
    ----------
    by
        "month": a sheet per month; "activity": a sheet per kind of event.

    Returns
    -------
    tuple of WrittenLog
        In order of years. Each event begins with its number of the day, its cells are merged over those who came, and a total follows.

    Raises
    ------
    SchemaError
        Another division into sheets.
    """
    if by not in BY:
        raise SchemaError(Failure(code="CR-M01", values={"setting": "by", "got": by, "allowed": ", ".join(BY)}))
    cells = log_cells(logs, "signins", workbook=True)
    months = logs.tables["signins"]["event_at"].dt.strftime("%Y-%m").tolist()
    names = cells.texts["event_name"]
    books = []
    for year, of_year in groupby(range(len(months)), key=lambda i: months[i][:4]):
        sheets: dict[str, list[int]] = {}
        for row in of_year:
            sheets.setdefault(f"{int(months[row][5:])}月" if by == "month" else names[row], []).append(row)
        tables = {name: [_table(f"{year}年{name}活动签到表", rows, cells)] for name, rows in sheets.items()}
        books.append(write_sheets(tables, Path(folder) / signin_file(int(year), logs.spec.names.place)))
    return tuple(books)


def _table(title: str, rows: Sequence[int], cells: LogCells) -> SheetTable:
    """Events one after the other, each with a total of its persons."""
    lines: list[Line] = []
    merged: list[tuple[int, int, int]] = []
    for _, of_event in groupby(rows, key=lambda i: cells.texts["event_code"][i]):
        first = len(lines)
        who = list(of_event)
        lines += [line for row in who for line in cells.lines(row, tuple(HEADERS))]
        if len(lines) - first > 1:
            merged += [(first, len(lines) - 1, column + 1) for column in range(len(OF_THE_EVENT))]
        persons = sum(int(cells.texts["persons"][row]) for row in who)
        lines.append(Line(cells=[TOTAL, *[""] * (len(HEADERS) - 1), persons]))
    lines = [replace(line, cells=[i, *line.cells]) if line.row_id else line for i, line in enumerate(lines, 1)]
    return SheetTable(title=title, headers=[NUMBER, *HEADERS.values()], lines=lines, merged=merged)
