"""From a received file to a raw table: what is a row of answers, what is not, and where the file comes from."""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from commresearch.errors import Failure, SourceError
from commresearch.records import join_logs, log_lines
from commresearch.sources.column_rules import column_faults, masked
from commresearch.sources.delimited import CODED, open_text
from commresearch.sources.encoding import misread, read_as_simplified
from commresearch.sources.headers import name_columns
from commresearch.sources.layout import Layout, find_table
from commresearch.sources.platforms import KNOWN, detect_export, detect_platform, is_answer, meta_columns
from commresearch.sources.questions import group_questions
from commresearch.sources.raw_table import RawTable
from commresearch.sources.received import FileKind, Received, receive
from commresearch.sources.row_rules import NOTE, rows_set_aside
from commresearch.sources.same_questions import Answers, check_sheets, titles_between
from commresearch.sources.sheet import OpenedFile, Sheet, column_letters, take_rows
from commresearch.sources.spss import read_spss
from commresearch.sources.workbook import open_workbook
from commresearch.terms import Platform

SHOWN_ROWS = 50_000  #: rows that show what kind of export a file is and what its questions are


def read_survey(path: Path | str, platform: Platform | str | None = None, *, sheet: str | None = None) -> RawTable:
    """A survey file as text, cell by cell, with what its platform says of its columns.

    Nothing is repaired: "" is an empty cell, leading zeros and words like NA stay, a date cell of a spreadsheet is ISO text.
    Rows that are no answers (titles, totals, notes, units, the header again) and columns that lost digits are left out of the
    frame, each with a line in `log`.

    Parameters
    ----------
    path
        .xlsx, .xls, .csv (also .tsv, .txt) or .sav; the content decides, not the name.
    platform
        Where the file comes from; found by its headers if not given.
    sheet
        Name of the sheet to read; the one that looks most like a survey if not given.

    Returns
    -------
    RawTable
        With `n_rows_read` = rows of the frame + lines of the log whose rule is one of `ROW_RULES`.

    Raises
    ------
    SourceError
        The file is missing, damaged, locked, hostile, of another kind, in an unknown encoding, or holds no table; all faults of
        one kind are reported together and nothing is read by half.
    """
    asked = _asked(platform)
    received = receive(Path(path))
    if asked is not None and (asked is Platform.SPSS) != (received.kind is FileKind.SPSS):
        values = {"file": received.name, "got": received.kind.value, "platform": asked.value}
        raise SourceError(Failure(code="CR-S27", values=values))
    if sheet is not None and received.kind in {FileKind.TEXT, FileKind.SPSS}:
        raise SourceError(Failure(code="CR-S32", values={"file": received.name, "got": sheet}))
    if received.kind is FileKind.SPSS:
        return read_spss(received)
    opened = open_text(received) if received.kind is FileKind.TEXT else open_workbook(received, sheet)
    return _raw_table(received, opened, asked)


def _asked(platform: Platform | str | None) -> Platform | None:
    try:
        return None if platform is None else Platform(platform)
    except ValueError as error:
        raise SourceError(Failure(code="CR-S29", values={"got": platform, "known": ", ".join(Platform)})) from error


def _raw_table(received: Received, opened: OpenedFile, asked: Platform | None) -> RawTable:
    sheet, file = opened.sheet, received.name
    layout = find_table(file, sheet)
    names, header_logs = name_columns(file, sheet, layout)
    if (wrong := misread(names, KNOWN)) is not None:
        raise SourceError(Failure(code="CR-S31", values={"file": file, "got": wrong[0], "meant": wrong[1]}))
    if opened.encoding == CODED and (wrong := read_as_simplified(names)) is not None:
        raise SourceError(Failure(code="CR-S45", values={"file": file, "got": wrong[0], "meant": wrong[1]}))
    platform = _platform(file, names, asked)
    meta = meta_columns(names, platform)
    at: dict[str, int] = {meaning: int(layout.table.columns[names.index(meta[meaning])]) for meaning in ("key", "submitted") if meaning in meta}
    aside = rows_set_aside(sheet, layout, at)
    aside |= titles_between(sheet, layout, aside, at.get("key"))
    kept = layout.rows[~np.isin(layout.rows, list(aside))]
    if not len(kept):
        raise SourceError(Failure(code="CR-S26", values={"file": sheet.place(file)}))
    letters = dict(zip(names, map(column_letters, layout.table.columns.tolist()), strict=True))
    bare = RawTable(
        frame=pd.DataFrame(), path=received.path, sha256=received.sha256, sheet=sheet.name, platform=platform, encoding=opened.encoding, letters=letters
    )
    logs = [*opened.log, *_row_logs(bare, sheet, layout, aside), *header_logs, *_merged_logs(bare, sheet, layout, names, aside)]
    cells = {name: take_rows(sheet.columns[j], kept) for name, j in zip(names, layout.table.columns, strict=True)}
    check_sheets(file, Answers(sheet=sheet, layout=layout, names=names, meta=meta, cells=cells), opened.others)
    types = None if sheet.types is None else sheet.types[np.ix_(kept, layout.table.columns)]
    lost, column_logs = _column_logs(bare, sheet, layout, cells, types)
    return _filled(replace(bare, n_rows_read=len(kept) + len(aside), lost_digits=lost, log=join_logs([*logs, *column_logs])), cells, types, kept, meta)


def _platform(file: str, names: Sequence[str], asked: Platform | None) -> Platform:
    if asked is None:
        return detect_platform(names)
    if asked is not Platform.PLAIN and not meta_columns(names, asked):
        raise SourceError(Failure(code="CR-S28", values={"file": file, "platform": asked.value, "got": ", ".join(names[:6])}))
    return asked


def _filled(bare: RawTable, cells: Mapping[str, Any], types: NDArray[np.uint8] | None, rows: NDArray[np.int64], meta: Mapping[str, str]) -> RawTable:
    """The table with its cells and questions; columns that lost digits are left out of both."""
    whole = {name: column for name, column in cells.items() if name not in bare.lost_digits}
    frame = pd.DataFrame({name: pd.array(column, dtype="str") for name, column in whole.items()}, index=pd.Index(rows + 1, name="row"), copy=False)
    answers = {name: column for name, column in whole.items() if is_answer(name, bare.platform, meta)}
    distinct = {name: pc.unique(column.slice(0, SHOWN_ROWS)) for name, column in answers.items()}
    export = detect_export(distinct, bare.platform)
    return replace(
        bare, frame=frame, types=None if types is None else types[:, [name in whole for name in cells]], export=export,
        meta={meaning: name for meaning, name in meta.items() if name in whole}, questions=group_questions(answers, distinct, bare.platform, export),
    )


def _row_logs(bare: RawTable, sheet: Sheet, layout: Layout, aside: Mapping[int, str]) -> list[pd.DataFrame]:
    """Lines about rows and tables that were set aside."""
    where = {"step": "read", "file": bare.path.name, "sheet": sheet.name}
    rules = dict.fromkeys(layout.titles, "title_row") | dict(sorted(aside.items()))
    old = []
    for row, rule in rules.items():
        first = next((text for j in np.flatnonzero(sheet.filled[row]).tolist() if (text := sheet.columns[j][row].as_py()).strip()), "")
        said = first if rule == "title_row" else re.split("[:：]", first)[0] if rule != "note_row" or NOTE.match(first) else ""  # it might name somebody
        old.append(masked(said))
    logs = [log_lines(**where, rule=list(rules.values()), row_id=_row_ids(bare, list(rules)), old=old)]  # printed pages set thousands of rows aside
    if layout.n_blank:
        logs.append(log_lines(**where, rule="blank_row", count=layout.n_blank))
    apart = {"other_table": layout.others, "joined_columns": layout.joined}
    return logs + [log_lines(**where, rule=rule, old=area.a1) for rule, areas in apart.items() for area in areas]


def _row_ids(bare: RawTable, rows: Sequence[int]) -> pd.Index:
    return replace(bare, frame=pd.DataFrame(index=[row + 1 for row in rows])).row_ids


def _merged_logs(bare: RawTable, sheet: Sheet, layout: Layout, names: Sequence[str], aside: Mapping[int, str]) -> list[pd.DataFrame]:
    """Lines about merged cells among the answers: the value stays in the first cell."""
    if not sheet.merged:
        return []
    by_column = dict(zip(layout.table.columns.tolist(), names, strict=True))
    rows = set(layout.rows.tolist()) - set(aside)
    areas = [area for area in sheet.merged if area.top in rows and area.left in by_column]
    return [log_lines(
        step="read", rule="merged_cell", file=bare.path.name, sheet=sheet.name, row_id=_row_ids(bare, [area.top for area in areas]),
        variable=[by_column[area.left] for area in areas], old=[area.a1 for area in areas],
        count=[(area.bottom - area.top + 1) * (area.right - area.left + 1) - 1 for area in areas],
    )]


def _column_logs(
    bare: RawTable, sheet: Sheet, layout: Layout, cells: Mapping[str, Any], types: NDArray[np.uint8] | None,
) -> tuple[tuple[str, ...], list[pd.DataFrame]]:
    """Columns that lost digits, and lines about them and about formulas."""
    where = {"step": "read", "file": bare.path.name, "sheet": sheet.name}
    lost, logs = [], []
    of_columns = repeat(None) if types is None else types.T
    with ThreadPoolExecutor() as pool:  # looking through arrays leaves the interpreter free
        faults = list(pool.map(column_faults, cells.values(), of_columns))
    for place, ((name, column), (found, formulas)) in enumerate(zip(cells.items(), faults, strict=True)):
        if len(found):
            lost.append(name)
            logs.append(log_lines(**where, rule="lost_digits", variable=name, old=masked(column[int(found[0])].as_py()), count=len(found)))
        if formulas:
            logs.append(log_lines(**where, rule="formula_text", variable=name, count=formulas))
        if number := sheet.formulas.get(int(layout.table.columns[place]), 0):
            logs.append(log_lines(**where, rule="formula_cell", variable=name, count=number))
    return tuple(lost), logs
