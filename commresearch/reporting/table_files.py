"""The tables of a report as files: one CSV each, and one workbook of them all.

Notebooks show every table together with its cells as they are (`TABLE`), and the files are written from the executed notebook, so that they hold
what the page holds. Texts stay texts: nothing that a cell begins with is taken for a formula.
"""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commresearch.records import guarded, write_whole
from commresearch.reporting.assemble import HIDDEN
from commresearch.terms import Language
from commresearch.words import say

if TYPE_CHECKING:
    from commresearch.reporting.display import Table

TABLE = "application/vnd.commresearch.table+json"  #: how a notebook holds a table beside its Markdown: as one text, which is written far faster than thousands of cells one by one
NUMBER = re.compile(r"([+−-]?)((?:0|[1-9]\d{0,14}|[1-9]\d{0,2}(?:,\d{3})+)(?:\.(\d+))?)(%?)")
BLANKS = frozenset({"", "—", "·"})
MOST, LEAST = 48, 8  #: width of a column of the workbook, in half-width cells
FONTS = {Language.ZH: "宋体", Language.EN: "Arial"}
ACCENT = "#B8460E"
EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook knows no zones; the same report gives the same file


def table_content(table: "Table") -> dict[str, object]:
    """A table as a notebook holds it: id, caption, header, rows of texts, alignment, note."""
    return {
        "id": table.id, "caption": table.caption, "header": list(table.header), "rows": [list(row) for row in table.rows], "align": table.align, "note": table.note,
    }


def tables_in(notebook: Path) -> list[Mapping[str, Any]]:
    """The tables that an executed notebook shows, in its order."""
    cells = json.loads(notebook.read_text(encoding="utf8"))["cells"]
    shown = (output for cell in cells if not HIDDEN & set(cell["metadata"].get("tags", [])) for output in cell.get("outputs", []))
    return [json.loads(output["data"][TABLE]) for output in shown if TABLE in output.get("data", {})]


def write_tables(
    tables: Sequence[Mapping[str, Any]], folder: Path, stem: str, *, title: str, language: Language, is_simulated: bool
) -> Path | None:
    """Write `<id>.csv` for every table and `<stem>.xlsx` with all of them.

    Parameters
    ----------
    tables
        As `tables_in` gives them.
    folder
        Made where it is missing.
    stem
        Name of the report's files.
    title
        Of the report; it stands on the first sheet.
    language
        Of the words that are added.
    is_simulated
        Then the names of all files say so, every row of a CSV does in its first column, and every sheet in its first line.

    Returns
    -------
    Path or None
        The workbook; None where the report has no table, and nothing is written.
    """
    if not tables:
        return None
    mark = say("reports.simulated_stamp", language) if is_simulated else ""
    suffix = "_simulated" if is_simulated else ""
    for table in tables:
        write_whole(folder / f"{table['id']}{suffix}.csv", _csv(table, mark, language))
    path = folder / f"{stem}.xlsx"
    write_whole(path, _workbook(tables, title, mark, language))
    return path


def _csv(table: Mapping[str, Any], mark: str, language: Language) -> bytes:
    """A table as CSV in UTF-8 with the mark that spreadsheets know it by."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    lead = [say("reports.files_data", language)] if mark else []
    writer.writerow([*lead, *map(guarded, table["header"])])
    writer.writerows([*([mark] if mark else []), *map(guarded, row)] for row in table["rows"])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _workbook(tables: Sequence[Mapping[str, Any]], title: str, mark: str, language: Language) -> bytes:
    import xlsxwriter

    font = {"font_name": FONTS[language], "font_size": 10.5}
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": f"{mark} {title}".strip(), "created": EPOCH})
        form = {
            "plain": book.add_format(font), "text": book.add_format(font | {"text_wrap": True, "valign": "top"}), "bold": book.add_format(font | {"bold": True}),
            "head": book.add_format(font | {"bold": True, "bottom": 1, "top": 2, "text_wrap": True}),
            "mark": book.add_format(font | {"bold": True, "font_color": ACCENT}),
        }
        names = [say("reports.files_sheet", language, n=n) for n in range(1, len(tables) + 1)]
        first = book.add_worksheet(say("reports.files_contents", language))
        first.set_column(0, 0, 12)
        first.set_column(1, 1, 90)
        lines = [(title, "bold"), *([(mark, "mark")] if mark else [])]
        for row, (line, style) in enumerate(lines):
            first.write_string(row, 0, line, form[style])
        for row, (name, table) in enumerate(zip(names, tables, strict=True), len(lines) + 1):
            first.write_string(row, 0, name, form["plain"])
            first.write_string(row, 1, table["caption"], form["text"])
        for name, table in zip(names, tables, strict=True):
            shown = {read[1] for row in table["rows"] for cell in row if (read := _number(cell)) is not None}
            numbers = {how: book.add_format(font | {"num_format": how, "valign": "top"}) for how in sorted(shown)}
            _sheet(book.add_worksheet(name), table, f"{name}  {table['caption']}", mark, form | numbers)
    return target.getvalue()


def _sheet(sheet: Any, table: Mapping[str, Any], caption: str, mark: str, form: Mapping[str, Any]) -> None:
    """One table: mark, caption, header, rows, note; plain numbers in columns of numbers are numbers."""
    from commresearch.reporting.display import display_width

    top = 0
    for line, style in (*([(mark, "mark")] if mark else []), (caption, "bold")):
        sheet.write_string(top, 0, line, form[style])
        top += 1
    for column, head in enumerate(table["header"]):
        sheet.write_string(top, column, head, form["head"])
        width = max((display_width(text) for text in (head, *(row[column] for row in table["rows"]))), default=LEAST)
        sheet.set_column(column, column, min(MOST, max(LEAST, width + 2)))
    numeric = [_is_numeric(table, column) for column in range(len(table["header"]))]
    for place, row in enumerate(table["rows"], top + 1):
        for column, cell in enumerate(row):
            read = _number(cell) if numeric[column] else None
            if read is None:
                sheet.write_string(place, column, cell, form["text"])
            else:
                sheet.write_number(place, column, read[0], form[read[1]])
    if table["note"]:
        sheet.write_string(top + len(table["rows"]) + 2, 0, table["note"], form["plain"])
    sheet.freeze_panes(top + 1, 0)


def _is_numeric(table: Mapping[str, Any], column: int) -> bool:
    """Whether numbers of a column are written as numbers: it is set as one, or holds nothing else; names of rows stay texts."""
    cells = [row[column] for row in table["rows"]]
    return table["align"][column] == "r" or (column > 0 and all(_number(cell) is not None or cell in BLANKS for cell in cells))


def _number(cell: str) -> tuple[float, str] | None:
    """The number that a cell is, and how it is shown; None where it is anything else."""
    found = NUMBER.fullmatch(cell)
    if found is None:
        return None
    sign, digits, decimals, percent = found.groups()
    value = float(digits.replace(",", "")) * (1 if sign in {"", "+"} else -1)
    shown = ("#,##0" if "," in digits else "0") + ("." + "0" * len(decimals) if decimals else "")
    return (value / 100 if percent else value), shown + percent
