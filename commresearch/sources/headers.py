"""Names of columns: header cells made one text per column, each name once."""

import re
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from commresearch.records import log_lines
from commresearch.sources.layout import Layout
from commresearch.sources.sheet import CellRange, Sheet

LINE_BREAK = re.compile(r"\s*[\r\n]+\s*")
LEVELS = "—"  #: between the texts of header rows above one another, as 问卷星 writes matrix questions


def name_columns(file: str, sheet: Sheet, layout: Layout) -> tuple[list[str], list[pd.DataFrame]]:
    """One name per column of the table, and log lines about blank and repeated headers.

    Merged header cells count for all their columns; header rows above one another are joined; line breaks become blanks. A
    blank header becomes 列5 by its place on the sheet, a repeated one gets a number behind it.
    """
    rows = layout.table.header
    merged = [area for area in sheet.merged if area.top <= rows[-1] and area.bottom >= rows[0]]
    written = [_header_text(sheet, rows, merged, int(j)) for j in layout.table.columns]
    used = Counter(written)
    names: list[str] = []
    logs = []
    for text, column in zip(written, layout.table.columns, strict=True):
        name = text or f"列{column + 1}"
        number = 2
        while name in names or (name != text and name in used):
            name = f"{text or f'列{column + 1}'} ({number})"
            number += 1
        if name != text:
            rule = "duplicate_header" if text else "blank_header"
            logs.append(log_lines(step="read", rule=rule, file=file, sheet=sheet.name, variable=name, old=text, new=name))
        names.append(name)
    return names, logs


def _header_text(sheet: Sheet, rows: Sequence[int], merged: Sequence[CellRange], column: int) -> str:
    levels: list[str] = []
    for row in rows:
        text = LINE_BREAK.sub(" ", _cell_text(sheet, row, merged, column)).strip()
        if text and text not in levels:
            levels.append(text)
    return LEVELS.join(levels)


def _cell_text(sheet: Sheet, row: int, merged: Sequence[CellRange], column: int) -> str:
    for area in merged:
        if area.top <= row <= area.bottom and area.left <= column <= area.right:
            row, column = area.top, area.left
            break
    return sheet.texts(row, [column])[0]
