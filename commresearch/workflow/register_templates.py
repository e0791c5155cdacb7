"""Registers of a new case as workbooks: a sheet to fill in, with lists and limits, and a sheet that explains every column."""

import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any

from commresearch.cleaning.codebook_file import MADE
from commresearch.terms import Language
from commresearch.workflow.registers import Format, Register, RegisterColumn, RegisterSheet, labels_of, registers

FOLDER = "registers"
LAST_ROW = 5000  #: rows down to which cells offer lists and refuse what does not fit
HEAD_HEIGHT, ROW_HEIGHT = 33.0, 20.0  #: points
PAGE = (780.0, 470.0)  #: points of a lying A4 page between its margins
UNIT = 5.25  #: points of one unit of a column's width
MARK_WIDTH = 8
FONTS: Mapping[Language, str] = {Language.ZH: "宋体", Language.EN: "Arial"}
SIZE = 10.5  #: points; 五号
A4 = 9
LONGEST_TITLE = 90  #: signs; a spreadsheet takes no more than 255 with the codes around them
LINE, HEAD, HEAD_MUST, EXAMPLE, EXAMPLE_TEXT = "#A6A6A6", "#F2F2F2", "#D9E2F3", "#EDEDED", "#595959"
AS_TEXT = 49  #: the built-in format @, which a spreadsheet shows as text
NUMBER_FORMATS: Mapping[Format, str | int] = {
    Format.DATE: "yyyy-mm-dd", Format.MONTH: "yyyy-mm", Format.MOMENT: "yyyy-mm-dd hh:mm", Format.CLOCK: "hh:mm", Format.WHOLE: "0", Format.NUMBER: "General",
    Format.SHARE: "General", Format.TEXT: AS_TEXT, Format.BIRTH: AS_TEXT, Format.MOBILE: AS_TEXT,
}
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2099, 12, 31)
_BETWEEN_DAYS = {"criteria": "between", "minimum": FIRST_DAY, "maximum": LAST_DAY}
#: What a cell accepts; a clock is only a warning, because the hour after midnight is written in words.
VALIDATIONS: Mapping[Format, Mapping[str, Any]] = MappingProxyType({
    Format.DATE: {"validate": "date", **_BETWEEN_DAYS},
    Format.MONTH: {"validate": "date", **_BETWEEN_DAYS},
    Format.MOMENT: {"validate": "date", **_BETWEEN_DAYS},
    Format.CLOCK: {"validate": "time", "criteria": "between", "minimum": time(0, 0), "maximum": time(23, 59, 59), "error_type": "warning"},
    Format.WHOLE: {"validate": "integer", "criteria": ">=", "value": 0},
    Format.NUMBER: {"validate": "decimal", "criteria": ">=", "value": 0},
    Format.SHARE: {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 1},
    Format.BIRTH: {"validate": "length", "criteria": "==", "value": 7},
    Format.MOBILE: {"validate": "length", "criteria": "==", "value": 11},
})
GUIDE_WIDTHS = (24, 9, 66, 40)
LEFT = frozenset({Format.TEXT})
RIGHT = frozenset({Format.WHOLE, Format.NUMBER, Format.SHARE})


def register_files(language: Language, case_name: str) -> Iterator[tuple[str, bytes]]:
    """Every register by its place in the case folder; the same case gives the same bytes.

    Parameters
    ----------
    language
        Language of sheets, headers, lists and explanations.
    case_name
        What the printed pages say at their top.
    """
    for register in registers().registers:
        yield f"{FOLDER}/{register.name}.xlsx", register_xlsx(register, language, case_name)


def register_xlsx(register: Register, language: Language, case_name: str) -> bytes:
    """One register as a workbook: its sheets, then the one that explains them."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": MADE, "title": register.title[language]})
        style = _Styles(book, language)
        for part in register.sheets:
            _data_sheet(book.add_worksheet(part.name[language]), part, style, language)
        guide = book.add_worksheet(registers().guide.sheet[language])
        _guide_sheet(guide, register, style, language)
        for sheet in book.worksheets():
            _page(sheet, f"{register.title[language]} · {case_name}", language)
            sheet.fit_to_pages(1, 1 if sheet is guide else 0)
    return buffer.getvalue()


class _Styles:
    """Formats of one workbook, each made once."""

    def __init__(self, book: Any, language: Language) -> None:
        self._book = book
        self._font = {"font_name": FONTS[language], "font_size": SIZE, "valign": "vcenter"}
        self._made: dict[tuple[tuple[str, object], ...], Any] = {}

    def __call__(self, **properties: object) -> Any:
        key = tuple(sorted(properties.items(), key=lambda item: item[0]))
        if key not in self._made:
            self._made[key] = self._book.add_format(self._font | properties)
        return self._made[key]

    def cell(self, column: RegisterColumn | None, **properties: object) -> Any:
        """The format of the cells of a column, or of the mark before them: texts left, numbers right, all else in the middle."""
        form = Format.TEXT if column is None else column.format
        if column is None or column.listed or form not in LEFT | RIGHT:
            place: dict[str, object] = {"align": "center"}
        else:
            place = {"align": "right" if form in RIGHT else "left", "indent": 1}
        return self(num_format=NUMBER_FORMATS[form], **place, **properties)


def _data_sheet(sheet: Any, part: RegisterSheet, style: _Styles, language: Language) -> None:
    """Header, example row, ruled rows to write in; lists and limits from the example row down."""
    guide = registers().guide
    ruled = {"border": 1, "border_color": LINE}
    sample = {**ruled, "bg_color": EXAMPLE, "font_color": EXAMPLE_TEXT}
    last = _ruled_rows(part) + 1
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    sheet.set_row(0, HEAD_HEIGHT)
    for i in range(1, last + 1):
        sheet.set_row(i, ROW_HEIGHT)
    for j, column in enumerate((None, *part.columns)):
        must, width = (False, MARK_WIDTH) if column is None else (column.must, column.width)
        sheet.set_column(j, j, width, style.cell(column))
        head = style(bg_color=HEAD_MUST if must else HEAD, bold=must, text_wrap=True, align="center", **ruled)
        sheet.write_string(0, j, (column or guide.mark)[language], head)
        _write(sheet, j, guide.example[language] if column is None else column.example_in(language), column, style.cell(column, **sample))
        for i in range(2, last + 1):
            sheet.write_blank(i, j, None, style.cell(column, **ruled))
        if column is not None and (rule := _validation(column, language)):
            sheet.data_validation(1, j, LAST_ROW, j, rule)


def _ruled_rows(part: RegisterSheet) -> int:
    """How many rows below the example fill one printed page, which shrinks to the width of the sheet."""
    width = UNIT * (MARK_WIDTH + sum(column.width for column in part.columns))
    return int((PAGE[1] * max(1.0, width / PAGE[0]) - HEAD_HEIGHT) / ROW_HEIGHT) - 1


def _write(sheet: Any, j: int, example: str | float | None, column: RegisterColumn | None, form: Any) -> None:
    """One cell of the example row, as a person's typing would leave it."""
    kind = Format.TEXT if column is None else column.format
    if example is None:
        sheet.write_blank(1, j, None, form)
    elif isinstance(example, int | float):
        sheet.write_number(1, j, example, form)
    elif kind in {Format.DATE, Format.MONTH, Format.MOMENT}:
        sheet.write_datetime(1, j, datetime.fromisoformat(f"{example}-01" if kind is Format.MONTH else example), form)
    elif kind is Format.CLOCK:
        sheet.write_datetime(1, j, time.fromisoformat(example), form)
    else:
        sheet.write_string(1, j, example, form)


def _validation(column: RegisterColumn, language: Language) -> Mapping[str, Any] | None:
    """What the cells of a column accept; nothing where any text will do."""
    guide = registers().guide
    if column.listed:
        told = guide.errors["suggest" if column.suggest else "list"]
        rule: dict[str, Any] = {"validate": "list", "source": list(labels_of(column.listed, language))}
        rule |= {"error_type": "warning"} if column.suggest else {}
    elif column.format in VALIDATIONS:
        told = guide.errors[column.format]
        rule = dict(VALIDATIONS[column.format])
    else:
        return None
    return {**rule, "ignore_blank": True, "error_title": guide.error_title[language], "error_message": told[language]}


def _guide_sheet(sheet: Any, register: Register, style: _Styles, language: Language) -> None:
    """What the register is for, rules for all, then every column of every sheet."""
    guide = registers().guide
    last = len(GUIDE_WIDTHS) - 1
    wide = sum(GUIDE_WIDTHS)
    for j, width in enumerate(GUIDE_WIDTHS):
        sheet.set_column(j, j, width, style())
    sheet.set_row(0, 26)
    sheet.write_string(0, 0, guide.title[language].format(register=register.title[language]), style(bold=True, font_size=14))
    row = 1
    for text in (register.about, *guide.rules):
        sheet.merge_range(row, 0, row, last, text[language], style(text_wrap=True))
        sheet.set_row(row, _height(text[language], wide))
        row += 1
    for part in register.sheets:
        row = _guide_part(sheet, row + 1, part, style, language)


def _guide_part(sheet: Any, row: int, part: RegisterSheet, style: _Styles, language: Language) -> int:
    """The explanation of one sheet; the row below it."""
    ruled = {"border": 1, "border_color": LINE, "text_wrap": True}
    sheet.write_string(row, 0, part.name[language], style(bold=True))
    for j, head in enumerate(registers().guide.heads):
        sheet.write_string(row + 1, j, head[language], style(bg_color=HEAD, bold=True, **ruled))
    row += 2
    for cells, must in _explanations(part, language):
        for j, cell in enumerate(cells):
            sheet.write_string(row, j, cell, style(bold=must and j == 0, align="center" if j == 1 else "left", **ruled))
        sheet.set_row(row, max(_height(cell, width) for cell, width in zip(cells, GUIDE_WIDTHS, strict=True)))
        row += 1
    return row


def _explanations(part: RegisterSheet, language: Language) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Header, whether required, how to fill it in, the list; the mark of the example row first."""
    guide = registers().guide
    yield (guide.mark[language], "", guide.mark_how[language], guide.example[language]), False
    for column in part.columns:
        listed = guide.comma[language].join(labels_of(column.listed, language)) if column.listed else ""
        listed += guide.may_differ[language] if column.suggest else ""
        yield (column[language], guide.yes[language] if column.must else "", column.how[language], listed), column.must


def _height(text: str, width: int) -> float:
    """Points that a text needs in a column of this width: a Chinese sign is as wide as two Latin ones."""
    signs = sum(2 if ord(sign) > 0x2E80 else 1 for sign in text)
    return 14.5 * (int(signs // (width * 0.95)) + 1) + 4


def _page(sheet: Any, title: str, language: Language) -> None:
    """A4 lying, one page wide, the title at the top and page numbers below."""
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.center_horizontally()
    sheet.set_margins(left=0.4, right=0.4, top=0.75, bottom=0.6)
    shown = title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"
    sheet.set_header(f'&C&"{FONTS[language]},Bold"&12{shown.replace("&", "&&")}')
    sheet.set_footer(f"&C{registers().guide.page[language]}")
