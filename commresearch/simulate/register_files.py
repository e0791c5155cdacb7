"""Registers as files: rooms and opening hours as a site keeps them, the others with the names of their typed columns."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from commresearch.simulate.log_sheets import Line, WrittenLog, write_lines_csv
from commresearch.simulate.log_tables import column_types
from commresearch.simulate.log_texts import clock_text
from commresearch.simulate.logs import SimulatedLogs

MINUTES_OF_DAY = 1440
REGISTER_FILES: Mapping[str, str] = {
    "roster": "communities.csv", "rollout": "rollout.csv", "coverage": "coverage.csv", "programmes": "programmes.csv", "grids": "grids.csv",
    "lineage": "lineage.csv", "rooms": "场地登记.csv", "open_hours": "开放时间.csv",
}
#: Headers of the registers that are kept in Chinese.
HEADERS: Mapping[str, Mapping[str, str]] = {
    "rooms": {
        "room": "场地编号", "name": "场地名称", "site": "所属站点", "unit_id": "社区编码", "area_m2": "使用面积", "room_class": "空间类型",
        "valid_from": "登记日期", "valid_to": "注销日期", "in_service_from": "启用日期", "in_service_to": "停用日期",
    },
    "open_hours": {
        "room": "场地编号", "weekday": "星期", "open_minute": "开门时间", "close_minute": "关门时间", "valid_from": "生效日期", "valid_to": "失效日期",
    },
}
ROOM_CLASSES = {"activity": "活动室", "office": "办公室", "corridor": "走廊", "plant": "设备间", "tenancy": "商铺"}
WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


def write_register(logs: SimulatedLogs, kind: str, folder: str | Path) -> WrittenLog:
    """Write a register: roster, rollout, coverage, programmes, grids, lineage, rooms or open_hours."""
    table, types = logs.tables[kind], column_types(kind)
    headers = HEADERS.get(kind, {name: name for name in types})
    columns = [_texts(table[name], _FORMS.get((kind, name)), types[name]) for name in headers]
    lines = [Line(cells=cells, row_id=row_id) for *cells, row_id in zip(*columns, table["row_id"].tolist(), strict=True)]
    return write_lines_csv(list(headers.values()), lines, Path(folder) / REGISTER_FILES[kind], encoding="utf-8-sig")


def _texts(column: pd.Series, form: Callable[[object], str] | None, type_: str) -> list[str]:
    if form is not None:
        return [form(value) for value in column.tolist()]
    if type_ == "day":
        return [str(text) for text in column.dt.strftime("%Y-%m-%d").fillna("")]
    return ["" if pd.isna(value) else str(value) for value in column.tolist()]


def _closing(minute: object) -> str:
    whole = int(str(minute))
    return f"次日{clock_text(whole - MINUTES_OF_DAY)}" if whole > MINUTES_OF_DAY else clock_text(whole)


#: What is not written as it is.
_FORMS: Mapping[tuple[str, str], Callable[[object], str]] = {
    ("rooms", "room_class"): lambda value: ROOM_CLASSES[str(value)],
    ("open_hours", "weekday"): lambda value: WEEKDAYS[int(str(value)) - 1],
    ("open_hours", "open_minute"): lambda value: clock_text(int(str(value))),
    ("open_hours", "close_minute"): _closing,
}
