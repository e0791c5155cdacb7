"""The exercise of a lesson as a workbook: lists to choose from, one filled row, and a formula beside every row that says what is right and why.

Formulas use plain functions only, so that they work in every spreadsheet. The key lies in a hidden sheet: the formulas point to it, and the checker of
the package reads it.
"""

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from commresearch.course.answers import unit_label
from commresearch.course.content import to_content
from commresearch.course.parts import Column, Fill, Head, Key, Row, Rule, Sheet
from commresearch.course.written import told
from commresearch.reporting.display import display_width

EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook knows no zones; the same lesson gives the same file
HEADER_ROW = 5  #: of the sheet to fill in, from 0; the example stands below it
FIRST_ROW = HEADER_ROW + 2
NUMBER_WIDTH, CHECK_WIDTH = 6, 46
LONGEST_LIST = 255  #: characters of a list that stands in its rule
CHUNK = 30_000  #: characters of the key in one cell; a spreadsheet takes 32,767
KEY_COLUMN, LIST_COLUMN = 2, 4  #: of the hidden sheet; explanations stand in its first
A4 = 9
SLACK = 1e-9
OUT_OF = 100  #: 12 % typed into a cell is 0.12 to it
FONT = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
RULED = {"border": 1, "border_color": "#A6A6A6", "text_wrap": True}
GREY, FILL_IN, GREEN, RED = "#EDEDED", "#FFF9E5", "#D8F0E3", "#FBE3D6"
SIZE = {"line": 15.5, "gap": 5.0}  #: points


@dataclass(slots=True)
class _Hidden:
    """The hidden sheet while it is filled: texts that formulas point to, and lists that are too long for a rule."""

    texts: list[str] = field(default_factory=list)
    lists: list[tuple[str, ...]] = field(default_factory=list)

    def text(self, text: str) -> str:
        """A reference to a text."""
        self.texts.append(text)
        return f"'{told('sheet_hidden')}'!$A${len(self.texts)}"

    def listed(self, options: tuple[str, ...]) -> str:
        """A reference to a list."""
        self.lists.append(options)
        letter = _letter(LIST_COLUMN + len(self.lists) - 1)
        return f"='{told('sheet_hidden')}'!${letter}$1:${letter}${len(options)}"


def exercise_xlsx(sheet: Sheet, head: Head) -> bytes:
    """The workbook of a lesson; the same lesson gives the same bytes."""
    import xlsxwriter

    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        title = f"{told('lesson_title', number=head.number, title=head.title)}：{sheet.title}"
        book.set_properties({"title": title, "created": EPOCH})
        form = _formats(book)
        shown, guide, behind = (book.add_worksheet(told(f"sheet_{name}")) for name in ("fill", "guide", "hidden"))
        hidden = _Hidden()
        _top(shown, sheet, title, form)
        _table(shown, sheet, form, hidden)
        _print(shown, title)
        _guide(guide, sheet, form)
        _key(behind, sheet, head, hidden)
    return target.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    wanted: dict[str, dict[str, Any]] = {
        "plain": {}, "title": {"bold": True, "font_size": 14}, "mark": {"bold": True, "font_color": "#B8460E"}, "task": {"text_wrap": True, "valign": "top"},
        "head": RULED | {"bold": True, "bg_color": "#D9E2F3", "align": "center"}, "given": RULED, "example": RULED | {"bg_color": GREY, "font_color": "#595959"},
        "fill": RULED | {"bg_color": FILL_IN}, "check": RULED, "number": RULED | {"align": "center"},
    }
    form = {name: book.add_format(FONT | properties) for name, properties in wanted.items()}
    colours = {"right": {"bg_color": GREEN, "font_color": "#00563F"}, "wrong": {"bg_color": RED, "font_color": "#8A3208"}}
    return form | {name: book.add_format(properties) for name, properties in colours.items()}


def _top(shown: Any, sheet: Sheet, title: str, form: dict[str, Any]) -> None:
    """Title, mark, task, how many rows are right."""
    last = len(sheet.columns) + 1
    width = NUMBER_WIDTH + sum(column.width for column in sheet.columns) + CHECK_WIDTH
    shown.write_string(0, 0, title, form["title"])
    shown.write_string(1, 0, told("simulated_note", note="").strip() if sheet.simulated else "", form["mark"])
    shown.merge_range(2, 0, 2, last, sheet.task, form["task"])
    shown.set_row(2, _height(sheet.task, width))
    check = f"{_letter(last)}{FIRST_ROW + 1}:{_letter(last)}{FIRST_ROW + len(sheet.rows)}"
    counted = f'="{told("sheet_done")}"&COUNTIF({check},"{told("sheet_right")}*")&"/{len(sheet.rows)}"'
    shown.write_formula(3, 0, counted, form["plain"], f"{told('sheet_done')}0/{len(sheet.rows)}")


def _table(shown: Any, sheet: Sheet, form: dict[str, Any], hidden: _Hidden) -> None:
    """Header, example, rows to fill in, each with its check."""
    last = len(sheet.columns) + 1
    shown.set_column(0, 0, NUMBER_WIDTH)
    shown.set_column(last, last, CHECK_WIDTH)
    for place, name in enumerate((told("sheet_row"), *(header_of(column) for column in sheet.columns), told("sheet_check"))):
        shown.write_string(HEADER_ROW, place, name, form["head"])
    shown.set_row(HEADER_ROW, 2 * SIZE["line"] + SIZE["gap"])
    shown.write_string(HEADER_ROW + 1, 0, told("sheet_example"), form["example"])
    shown.write_string(HEADER_ROW + 1, last, sheet.example_why, form["example"])
    for j, column in enumerate(sheet.columns, 1):
        shown.set_column(j, j, column.width)
        _write(shown, HEADER_ROW + 1, j, sheet.example[column.name], form["example"])
        if (allowed := _validation(column, hidden)) is not None:
            shown.data_validation(FIRST_ROW, j, FIRST_ROW + len(sheet.rows) - 1, j, allowed)
    shown.set_row(HEADER_ROW + 1, _tallest(sheet, {**sheet.example}, [sheet.example_why]))
    for i, row in enumerate(sheet.rows):
        _row(shown, sheet, i, row, form, hidden)
    area = (FIRST_ROW, last, FIRST_ROW + len(sheet.rows) - 1, last)
    first = f"${_letter(last)}{FIRST_ROW + 1}"
    right, waiting = told("sheet_right"), told("sheet_waiting")
    shown.conditional_format(*area, {"type": "formula", "criteria": f'=LEFT({first},{len(right)})="{right}"', "format": form["right"]})
    shown.conditional_format(*area, {"type": "formula", "criteria": f'=AND({first}<>"{waiting}",LEFT({first},{len(right)})<>"{right}")', "format": form["wrong"]})
    shown.freeze_panes(HEADER_ROW + 1, 1)


def _row(shown: Any, sheet: Sheet, i: int, row: Row, form: dict[str, Any], hidden: _Hidden) -> None:
    """One row to fill in."""
    place = FIRST_ROW + i
    shown.write_number(place, 0, i + 1, form["number"])
    for j, column in enumerate(sheet.columns, 1):
        if column.fill is Fill.GIVEN:
            _write(shown, place, j, row.given[column.name], form["given"])
        else:
            shown.write_blank(place, j, None, form["fill"])
    told_of = [why for key in row.keys.values() for _, why in key.wrong] + ["".join(key.why for key in row.keys.values())]
    shown.set_row(place, _tallest(sheet, row.given, told_of))
    shown.write_formula(place, len(sheet.columns) + 1, check_formula(sheet, row, place, hidden), form["check"], told("sheet_waiting"))


# ------------------------------------------------------------ formulas


def check_formula(sheet: Sheet, row: Row, place: int, hidden: _Hidden) -> str:
    """What stands beside a row: not filled in yet, the first thing that is wrong, or right and why."""
    cells = {column.name: f"${_letter(j)}{place + 1}" for j, column in enumerate(sheet.columns, 1)}
    why = "".join(key.why for key in row.keys.values())
    said = f'"{told("sheet_right")}"&{hidden.text(why)}' if why else f'"{told("sheet_right")}"'
    for rule in reversed(sheet.rules):
        said = f"IF({_broken(rule, cells)},{hidden.text(told('verdict_rule') + rule.why)},{said})"
    for name, key in reversed(list(row.keys.items())):
        said = _keyed(sheet.column(name), key, cells[name], hidden, said)
    waiting = [cells[name] for name in row.keys] or [cells[column.name] for column in sheet.filled]
    lacking = ",".join(f'{cell}=""' for cell in waiting)
    return f'=IF({"OR" if row.keys else "AND"}({lacking}),"{told("sheet_waiting")}",{said})'


def _keyed(column: Column, key: Key, cell: str, hidden: _Hidden, otherwise: str) -> str:
    """What is said of one cell, and what is said where it is right."""
    again = hidden.text(told("sheet_wrong", column=column.name))
    if column.fill is Fill.PICK:
        for value, why in reversed(key.wrong):
            again = f"IF({cell}={_text(str(value))},{hidden.text(told('sheet_wrong', column=column.name) + why)},{again})"
        return f"IF({cell}={_text(str(key.answer))},{otherwise},{again})"
    for value, why in reversed(key.wrong):
        again = f"IF({_near(column, cell, float(value))},{hidden.text(told('sheet_wrong', column=column.name) + why)},{again})"
    no_number = hidden.text(told("sheet_no_number", column=column.name))
    return f"IF(ISNUMBER({cell}),IF({_near(column, cell, float(key.answer))},{otherwise},{again}),{no_number})"


def _near(column: Column, cell: str, value: float) -> str:
    """Whether a cell holds a number; in a column of percent, 12% may be typed, which is 0.12 to the spreadsheet."""
    slack = column.tolerance + SLACK * max(1.0, abs(value))
    plain = f"ABS({cell}-{value!r})<={slack!r}"
    return f"OR({plain},ABS({OUT_OF}*{cell}-{value!r})<={slack!r})" if unit_label(column.unit) == "%" else plain


def _broken(rule: Rule, cells: dict[str, str]) -> str:
    sides = [cells[side] if isinstance(side, str) else repr(float(side)) for side in (rule.left, rule.right)]
    return f"AND({','.join(f'ISNUMBER({side})' for side in sides)},NOT({sides[0]}{rule.sign}{sides[1]}))"


def _text(text: str) -> str:
    """A text inside a formula."""
    return '"' + text.replace('"', '""') + '"'


# ------------------------------------------------------------ cells


def header_of(column: Column) -> str:
    """The header of a column, with its unit where numbers go into it."""
    label = f"（{unit_label(column.unit)}）" if column.fill is Fill.AMOUNT else ""
    return column.name if column.name.endswith(label) else column.name + label


def _write(shown: Any, place: int, j: int, value: str | float, form: Any) -> None:
    if isinstance(value, str):
        shown.write_string(place, j, value, form)
    else:
        shown.write_number(place, j, value, form)


def _validation(column: Column, hidden: _Hidden) -> dict[str, Any] | None:
    """What the cells of a column take: one of a list, a number, or anything."""
    told_of = {"ignore_blank": True, "error_title": told("sheet_refused")}
    if column.fill is Fill.PICK:
        is_short = len(",".join(column.options)) <= LONGEST_LIST and not any("," in option for option in column.options)
        return {"validate": "list", "source": list(column.options) if is_short else hidden.listed(column.options), "error_message": told("sheet_pick"), **told_of}
    if column.fill is Fill.AMOUNT:
        return {"validate": "decimal", "criteria": "between", "minimum": -1e12, "maximum": 1e12, "error_message": told("sheet_amount"), **told_of}
    return None


def _guide(guide: Any, sheet: Sheet, form: dict[str, Any]) -> None:
    """How each column is filled in, and what the colours mean."""
    guide.set_landscape()
    guide.set_paper(A4)
    guide.fit_to_pages(1, 0)
    guide.set_column(0, 0, 26)
    guide.set_column(1, 1, 80)
    guide.write_string(0, 0, told("sheet_guide"), form["title"])
    lines = [(header_of(column), _how(column)) for column in sheet.columns]
    lines += [(told("sheet_check"), told("sheet_how_check")), (told("sheet_colours"), told("sheet_how_colours"))]
    for place, (name, how) in enumerate(lines, 2):
        guide.write_string(place, 0, name, form["given"])
        guide.write_string(place, 1, how, form["given"])
        guide.set_row(place, _height(how, 80))


def _how(column: Column) -> str:
    options = told("joiner").join(column.options)
    return told(f"sheet_how_{column.fill}", options=options, unit=unit_label(column.unit) if column.unit else "")


def _key(behind: Any, sheet: Sheet, head: Head, hidden: _Hidden) -> None:
    """The texts that formulas point to, the long lists, and the exercise itself as JSON."""
    behind.very_hidden()
    for place, text in enumerate(hidden.texts):
        behind.write_string(place, 0, text)
    for place, chunk in enumerate(_chunks(key_json(sheet, head))):
        behind.write_string(place, KEY_COLUMN, chunk)
    for j, options in enumerate(hidden.lists, LIST_COLUMN):
        for place, option in enumerate(options):
            behind.write_string(place, j, option)


def key_json(sheet: Sheet, head: Head) -> str:
    """The exercise with its key, and the lesson it belongs to."""
    return json.dumps({"lesson": head.number, "sheet": to_content(sheet)}, ensure_ascii=False, sort_keys=True)


def _chunks(text: str) -> Iterator[str]:
    yield from (text[start : start + CHUNK] for start in range(0, len(text), CHUNK))


def _print(shown: Any, title: str) -> None:
    shown.set_landscape()
    shown.set_paper(A4)
    shown.fit_to_pages(1, 0)
    shown.repeat_rows(HEADER_ROW)
    shown.set_margins(left=0.4, right=0.4, top=0.75, bottom=0.6)
    shown.set_header("&C" + title.replace("&", "&&")[:90])


def _tallest(sheet: Sheet, stands: "dict[str, str | float] | Any", told_of: Sequence[str]) -> float:
    """Points that the tallest cell of a row needs, the longest that may be said of it among them."""
    heights = [_height(str(stands[column.name]), column.width) for column in sheet.columns if column.name in stands]
    return max([*heights, *(_height(told("sheet_right") + text, CHECK_WIDTH) for text in told_of)])


def _height(text: str, width: float) -> float:
    return SIZE["line"] * (int(display_width(text) // (width * 0.92)) + 1) + SIZE["gap"]


def _letter(column: int) -> str:
    """The letters of a column, from 0."""
    return (_letter(column // 26 - 1) if column >= 26 else "") + chr(ord("A") + column % 26)
