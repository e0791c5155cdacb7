"""Candidates as a workbook in which a person confirms: one row per number, lists to choose from, every column explained."""

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from commresearch.cleaning.codebook_file import MADE
from commresearch.comparison.claim_parser import BESIDE, CONFIRM
from commresearch.records import write_whole
from commresearch.terms import Language
from commresearch.words import has, say

FIRST = (CONFIRM, "quote", "confidence", "printed", "value", "value_low", "value_high", "unit", "unit_class", "comparison", "indicator_zh", "kind", "family")
WIDTHS = {"quote": 44, "indicator_zh": 22, "section": 22, "text_zh": 30, "text_en": 30, "note": 24, "confirm": 9, "printed": 14, "claim_id": 14, "period_words": 14}
LABELS = {"unit_class": "class", "kind": "kind", "family": "family", "headline": "headline", "headline_fit": "fit"}  #: columns whose values have labels
USUAL_WIDTH = 11
SPARE_ROWS = 200  #: rows below the last candidate that still offer the lists, for numbers that a person adds
LONGEST_LIST = 255  #: signs that a spreadsheet takes in a list
FONTS = {Language.ZH: "宋体", Language.EN: "Arial"}
SIZE = 10.5  #: points; 五号
A4, LINE_POINTS, LAST_NARROW = 9, 14.5, 0x2E80
LINE, HEAD, HEAD_FIRST, NEEDED = "#A6A6A6", "#F2F2F2", "#D9E2F3", "#FFF2CC"
TO_FILL = ("indicator_zh",)  #: what the parser may leave blank and `read_claims_file` refuses blank
GUIDE_WIDTHS = (18, 60, 60)


def write_candidates(frame: pd.DataFrame, path: str | Path, *, language: Language | str = Language.ZH) -> None:
    """Write candidates as .xlsx, for a person to confirm, correct and complete; `read_claims_file` takes it back.

    Parameters
    ----------
    frame : DataFrame
        As `parse_claims` gives it.
    path : path
        The file to write; its first sheet holds the candidates under the codes of the columns, its second explains them.
    language : "zh" or "en"
        Language of sheet names and explanations. Codes of columns and values are those of the ledger in either.
    """
    write_whole(Path(path), candidates_xlsx(frame, Language(language)))


def candidates_xlsx(frame: pd.DataFrame, language: Language) -> bytes:
    """The workbook; the same candidates give the same bytes."""
    import xlsxwriter

    columns = [*FIRST, *(c for c in frame.columns if c not in FIRST)]
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": MADE, "title": say("claim_parser.sheet", language)})
        font = {"font_name": FONTS[language], "font_size": SIZE, "valign": "top", "text_wrap": True, "border": 1, "border_color": LINE}
        _candidate_sheet(book, book.add_worksheet(say("claim_parser.sheet", language)), frame[columns], font, language)
        _guide_sheet(book, book.add_worksheet(say("claim_parser.guide", language)), columns, font, language, n_unnamed=unnamed(frame))
    return buffer.getvalue()


def unnamed(frame: pd.DataFrame) -> int:
    """Candidates of which the text does not say, as far as it was understood, what they count: a person must fill that in."""
    return int((frame[list(TO_FILL)] == "").any(axis=1).sum())


def _candidate_sheet(book: Any, sheet: Any, frame: pd.DataFrame, font: dict[str, object], language: Language) -> None:
    text, number = book.add_format({**font, "num_format": "@"}), book.add_format({**font, "num_format": "General", "align": "right"})
    needed = book.add_format({**font, "num_format": "@", "bg_color": NEEDED})
    heads = {is_first: book.add_format({**font, "bold": is_first, "bg_color": HEAD_FIRST if is_first else HEAD, "align": "center"}) for is_first in (True, False)}
    sheet.freeze_panes(1, 2)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(A4)
    for j, column in enumerate(frame.columns):
        sheet.set_column(j, j, WIDTHS.get(column, USUAL_WIDTH))
        sheet.write_string(0, j, column, heads[column in FIRST])
        for i, cell in enumerate(frame[column], 1):
            if column in TO_FILL and cell == "":
                sheet.write_blank(i, j, None, needed)
                told = {"input_title": column, "input_message": say("claim_parser.fill_here", language, meaning=say(f"claim_parser.column_{column}", language))}
                sheet.data_validation(i, j, i, j, {"validate": "any", **told})
            elif isinstance(cell, str):
                sheet.write_string(i, j, cell, text)
            elif math.isnan(cell):
                sheet.write_blank(i, j, None, number)
            else:
                sheet.write_number(i, j, cell, number)
        if allowed := allowed_values(column):
            rule: dict[str, object] = {"validate": "list", "source": allowed} if len(",".join(allowed)) <= LONGEST_LIST else {}
            told = {"error_title": say("claim_parser.error_title", language), "error_message": say("claim_parser.error", language)}
            if rule:
                sheet.data_validation(1, j, len(frame) + SPARE_ROWS, j, {**rule, "ignore_blank": True, **told})
    sheet.autofilter(0, 0, max(len(frame), 1), len(frame.columns) - 1)


def _guide_sheet(book: Any, sheet: Any, columns: Sequence[str], font: dict[str, object], language: Language, *, n_unnamed: int) -> None:
    """What to do, what must be filled in first, then every column with its values."""
    bold, plain = book.add_format({**font, "bold": True, "bg_color": HEAD}), book.add_format(font)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    for j, width in enumerate(GUIDE_WIDTHS):
        sheet.set_column(j, j, width)
    row = 0
    to_fill = [say("claim_parser.how_fill", language, n=n_unnamed)] if n_unnamed else []
    for text in (say("claim_parser.how_confirm", language), *to_fill, *(say(f"claim_parser.{key}", language) for key in ("how_edit", "how_add", "how_read"))):
        sheet.merge_range(row, 0, row, len(GUIDE_WIDTHS) - 1, text, plain)
        sheet.set_row(row, _height(text, sum(GUIDE_WIDTHS)))
        row += 1
    for j, key in enumerate(("head_column", "head_meaning", "head_values")):
        sheet.write_string(row, j, say(f"claim_parser.{key}", language), bold)
    for i, column in enumerate(columns, row + 1):
        key = f"claim_parser.column_{column}"
        meaning = say(key, language) if has(key) else ""
        values = say("claim_parser.comma", language).join(_labelled(column, value, language) for value in allowed_values(column))
        for j, (cell, form) in enumerate(((column, bold), (meaning, plain), (values, plain))):
            sheet.write_string(i, j, cell, form)
        sheet.set_row(i, max(_height(meaning, GUIDE_WIDTHS[1]), _height(values, GUIDE_WIDTHS[2])))


def _height(text: str, width: int) -> float:
    """Points that a text needs in a column of this width: a Chinese sign is as wide as two Latin ones."""
    signs = sum(2 if ord(sign) > LAST_NARROW else 1 for sign in text)
    return LINE_POINTS * (int(signs // (0.9 * width)) + 1) + 4


def allowed_values(column: str) -> list[str]:
    """The values that the ledger allows in a column; none where any text of its form will do."""
    from commresearch.cases.contract import COLUMNS  # with pandera, which takes long to load

    if column == CONFIRM:
        return ["yes", "no"]
    if column in BESIDE or column not in COLUMNS["claims"]:
        return []
    for check in COLUMNS["claims"][column].checks:
        kind, _, detail = str(check.error).partition(":")
        if kind == "allowed":
            return [value for value in detail.split(", ") if value]
    return []


def _labelled(column: str, value: str, language: Language) -> str:
    """A value with its label in the language, where it has one."""
    for key in (f"labels.{LABELS.get(column, column)}_{value}", f"claim_parser.{column}_{value}"):
        if has(key):
            label = say(key, language)
            return value if label == value else say("claim_parser.labelled", language, value=value, label=label)
    return value
