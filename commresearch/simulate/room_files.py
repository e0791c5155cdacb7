"""Use of rooms as files: a book with a sheet per site, and the export of door counters."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from commresearch.simulate.log_cells import LogCells, log_cells
from commresearch.simulate.log_sheets import Line, SheetTable, WrittenLog, runs, write_lines_csv, write_sheets
from commresearch.simulate.logs import SimulatedLogs

BOOK_FILE, COUNTER_FILE = "模拟数据_{place}_场地使用登记.xlsx", "模拟数据_{place}_客流计数.csv"
HEADERS: Mapping[str, str] = {
    "date": "使用日期", "booking_id": "预约编号", "room_code": "场地编号", "room_name": "场地名称", "period": "使用时段", "activity": "活动内容",
    "booker_name": "预约人", "booker_phone": "联系电话", "headcount": "到场人数", "is_used": "是否使用", "status": "状态",
}
COUNTER_HEADERS = ("场地编号", "开始时间", "结束时间", "人次")
NUMBER = "序号"
SUBTOTAL = "{month}月小计"


def write_room_book(logs: SimulatedLogs, folder: str | Path) -> WrittenLog:
    """Write the book of room use: a sheet per site, a table per year, one row per booking, days merged, a subtotal behind every month."""
    cells = log_cells(logs, "bookings", workbook=True)
    table = logs.tables["bookings"]
    months, rooms = table["start_at"].dt.strftime("%Y-%m").tolist(), table["room"].tolist()
    of_site: dict[str, list[int]] = {}
    for row, room in enumerate(rooms):
        of_site.setdefault(room.partition("-")[0], []).append(row)
    sheets = {
        site: [_year(f"{site}站{year}年场地使用登记表", list(rows), months, cells) for year, rows in groupby(of_site[site], key=lambda i: months[i][:4])]
        for site in sorted(of_site)
    }
    return write_sheets(sheets, Path(folder) / BOOK_FILE.format(place=logs.spec.names.place))


def _year(title: str, rows: Sequence[int], months: Sequence[str], cells: LogCells) -> SheetTable:
    lines: list[Line] = []
    for month, found in groupby(rows, key=lambda i: months[i]):
        of_month = list(found)
        lines += [line for row in of_month for line in cells.lines(row, tuple(HEADERS))]
        total = [SUBTOTAL.format(month=int(month[5:])), f"{len(of_month)}场", *[""] * (len(HEADERS) - 1)]
        lines.append(Line(cells=total))
    lines = [replace(line, cells=[i, *line.cells]) if line.row_id else line for i, line in enumerate(lines, 1)]
    days = [line.cells[1] if line.row_id else i for i, line in enumerate(lines)]
    return SheetTable(title=title, headers=[NUMBER, *HEADERS.values()], lines=lines, merged=[(begin, end, 1) for begin, end in runs(days)])


def write_counters(logs: SimulatedLogs, folder: str | Path, *, encoding: str = "utf-8-sig") -> WrittenLog:
    """Write the counts of the doors as their system exports them."""
    table = logs.tables["counters"]
    stamps = [table[name].dt.strftime("%Y-%m-%d %H:%M:%S").tolist() for name in ("start_at", "end_at")]
    rows = zip(table["room"].tolist(), *stamps, table["persons"].tolist(), table["row_id"].tolist(), strict=True)
    lines = [Line(cells=list(cells), row_id=row_id) for *cells, row_id in rows]
    return write_lines_csv(COUNTER_HEADERS, lines, Path(folder) / COUNTER_FILE.format(place=logs.spec.names.place), encoding=encoding)
