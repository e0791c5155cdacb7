"""Tickets as files: the export of the hotline as CSV, and the ledger that property firms and grids keep as a workbook."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np

from commresearch.errors import Failure, SchemaError
from commresearch.simulate.log_cells import LogCells, log_cells
from commresearch.simulate.log_sheets import Line, SheetTable, WrittenLog, runs, write_lines_csv, write_sheets
from commresearch.simulate.log_tickets import GRID, HOTLINE, NEW_CHANNEL, PROPERTY
from commresearch.simulate.logs import SimulatedLogs

ENCODINGS = ("gb18030", "utf-8-sig", "utf-8")
HOTLINE_FILE, LEDGER_FILE = "模拟数据_{place}_热线工单.csv", "模拟数据_{place}_工单台账.xlsx"
HOTLINE_HEADERS: Mapping[str, str] = {
    "ticket_id": "工单编号", "received_at": "受理时间", "channel": "诉求来源", "type": "诉求类型", "topic": "事项分类", "caller_name": "来电人",
    "caller_phone": "来电号码", "place": "事发地", "content": "诉求内容", "status": "工单状态", "closed_at": "办结时间", "is_repeat": "是否重复件",
    "repeat_of": "关联工单号", "is_local": "是否属地", "callers": "诉求人数", "is_reached": "是否接通", "is_resolved": "是否解决",
    "is_satisfied": "是否满意", "handling": "工单定性",
}
LEDGER_HEADERS: Mapping[str, str] = {
    "place": "事发地点", "ticket_id": "登记编号", "received_at": "登记时间", "channel": "受理渠道", "type": "诉求类别", "topic": "问题分类",
    "caller_name": "反映人", "caller_phone": "联系电话", "content": "诉求内容", "closed_at": "办结日期", "status": "办理状态", "is_repeat": "重复件",
    "repeat_of": "原工单号", "is_local": "是否属地", "callers": "反映人数", "is_reached": "回访是否接通", "is_resolved": "问题是否解决",
    "is_satisfied": "满意度", "handling": "认定结果",
}
NUMBER = "序号"
SUBTOTAL = "{month}月小计"


def write_hotline(logs: SimulatedLogs, folder: str | Path, *, encoding: str = "gb18030") -> WrittenLog:
    """Write the tickets of the hotline and of the new channel as its system exports them.

    Raises
    ------
    SchemaError
        Another encoding than gb18030, utf-8-sig and utf-8.
    """
    if encoding not in ENCODINGS:
        raise SchemaError(Failure(code="CR-M01", values={"setting": "encoding", "got": encoding, "allowed": ", ".join(ENCODINGS)}))
    cells = log_cells(logs, "tickets", workbook=False)
    lines = [line for row in _rows_of(logs, (HOTLINE, NEW_CHANNEL)) for line in cells.lines(row, tuple(HOTLINE_HEADERS))]
    return write_lines_csv(list(HOTLINE_HEADERS.values()), lines, Path(folder) / HOTLINE_FILE.format(place=logs.spec.names.place), encoding=encoding)


def write_ticket_ledger(logs: SimulatedLogs, folder: str | Path) -> WrittenLog:
    """Write the tickets of property firms and grids as a ledger.

    One sheet per year with a table per half-year; in every month the tickets of one place stand together under a merged cell, and a
    subtotal follows. Some times are true times, some codes numbers.
    """
    cells = log_cells(logs, "tickets", workbook=True)
    months = logs.tables["tickets"]["received_at"].dt.strftime("%Y-%m").tolist()
    rows = sorted(_rows_of(logs, (PROPERTY, GRID)), key=lambda i: (months[i], cells.texts["place"][i]))
    sheets: dict[str, list[SheetTable]] = {}
    for (year, half), found in groupby(rows, key=lambda i: (months[i][:4], 1 + (int(months[i][5:]) > 6))):
        title = f"{year}年{'上半年' if half == 1 else '下半年'}工单台账"
        sheets.setdefault(f"{year}年", []).append(_half_year(title, list(found), months, cells))
    return write_sheets(sheets, Path(folder) / LEDGER_FILE.format(place=logs.spec.names.place))


def _half_year(title: str, rows: Sequence[int], months: Sequence[str], cells: LogCells) -> SheetTable:
    """A table of half a year: numbered rows, the places merged, a subtotal behind every month."""
    lines: list[Line] = []
    for month, found in groupby(rows, key=lambda i: months[i]):
        before = len(lines)
        for row in found:
            lines += cells.lines(row, tuple(LEDGER_HEADERS))
        total = [SUBTOTAL.format(month=int(month[5:])), f"{len(lines) - before}件", *[""] * (len(LEDGER_HEADERS) - 1)]
        lines.append(Line(cells=total))
    lines = [replace(line, cells=[i, *line.cells]) if line.row_id else line for i, line in enumerate(lines, 1)]
    places = [line.cells[1] if line.row_id else i for i, line in enumerate(lines)]
    return SheetTable(
        title=title, headers=[NUMBER, *LEDGER_HEADERS.values()], lines=lines, merged=[(begin, end, 1) for begin, end in runs(places)]
    )


def _rows_of(logs: SimulatedLogs, channels: tuple[str, ...]) -> list[int]:
    rows: list[int] = np.flatnonzero(logs.tables["tickets"]["channel"].isin(channels)).tolist()
    return rows
