"""Exports of 问卷星: by option text, by option number, or both of the same survey."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.errors import Failure, SchemaError
from commresearch.simulate.answers import BLANK, SKIPPED
from commresearch.simulate.cell_texts import option_texts, typed_texts
from commresearch.simulate.community_questionnaire import CITY, PLACE, PROVINCE
from commresearch.simulate.grid import SUFFIXES, WORKBOOKS, Cell, Grid, WrittenFile, write_grid
from commresearch.simulate.questionnaire import Item
from commresearch.simulate.survey import SimulatedSurvey
from commresearch.terms import Export, VariableType

Array = NDArray[Any]
SKIPPED_CODE, BLANK_CODE = -3, -2
SKIPPED_TEXT, BLANK_TEXT = "(跳过)", "(空)"
WIDE_BRACKETS = str.maketrans("()", "（）")
FILE_NAMES = {Export.TEXT: f"模拟数据_{PLACE}_按选项文本", Export.CODE: f"模拟数据_{PLACE}_按选项序号"}
NUMBER_MARKS = ("、", ".", ":")


@dataclass(frozen=True, slots=True, kw_only=True)
class WenjuanxingStyle:
    """What differs between exports of 问卷星.

    number_mark
        sign behind the number of a question: 、 or . or :
    full_width_markers
        （跳过） and （空） instead of (跳过) and (空)
    user, score
        whether the columns 用户ID and 总分 are there
    fill_in_columns
        whether the code export carries the text beside an open option in a column of its own
    """

    number_mark: str = "、"
    full_width_markers: bool = False
    user: bool = False
    score: bool = False
    fill_in_columns: bool = False


def text_header(item: Item, style: WenjuanxingStyle) -> str:
    """Header of an item in the text export; the rows of a matrix are named by the number of the question."""
    return f"第{item.number}题({item.zh})" if item.matrix else f"{item.number}{style.number_mark}{item.zh}"


def code_headers(item: Item, style: WenjuanxingStyle) -> list[str]:
    """Headers of an item in the code export: one per option for multiple choice and ranking."""
    if item.type in {VariableType.MULTIPLE, VariableType.RANKING}:
        return [f"第{item.number}题({option.zh})" for option in item.options]
    return [text_header(item, style)]


def fill_in_header(item: Item, style: WenjuanxingStyle) -> str:
    """Header of the column for the text beside an open option."""
    label = item.options[item.position(item.open[0])].zh
    return f"{item.number}{style.number_mark}({label}(请补充):)"


def write_wenjuanxing(
    survey: SimulatedSurvey,
    folder: str | Path,
    *,
    kind: str = "both",
    suffix: str = ".xlsx",
    encoding: str = "utf-8-sig",
    style: WenjuanxingStyle | None = None,
) -> tuple[WrittenFile, ...]:
    """Write the export by option text, by option number, or both; both describe the same answers.

    In the text export several answers are joined by ┋, ranked ones by →, the text of an open option stands in 〖〗. In the code
    export a single choice is its number, each option of a multiple choice a column of 0 and 1, each option of a ranking a
    column with its rank (-2 where it has none); -3 is skipped, -2 blank. What people type stands in both. In XLSX and XLS some
    dates and times are true dates, others text.

    Parameters
    ----------
    kind
        "text", "code" or "both".
    suffix, encoding
        ".xlsx", ".xls" or ".csv", and the encoding of a CSV file.

    Returns
    -------
    tuple of WrittenFile
        Text before code.

    Raises
    ------
    SchemaError
        Another kind, suffix or sign; an XLS file would be too large.
    CaseError
        An XLS file is wanted and xlwt is not installed.
    """
    style = WenjuanxingStyle() if style is None else style
    exports = {"text": (Export.TEXT,), "code": (Export.CODE,), "both": (Export.TEXT, Export.CODE)}
    settings = (("kind", kind, exports), ("number_mark", style.number_mark, NUMBER_MARKS), ("suffix", suffix, SUFFIXES))
    failures = [
        Failure(code="CR-M01", values={"setting": name, "got": got, "allowed": ", ".join(allowed)})
        for name, got, allowed in settings
        if got not in allowed
    ]
    if failures:
        raise SchemaError(*failures)
    return tuple(
        write_grid(
            wenjuanxing_grid(survey, export, workbook=suffix in WORKBOOKS, style=style),
            Path(folder) / f"{FILE_NAMES[export]}{suffix}",
            export=export,
            encoding=encoding,
        )
        for export in exports[kind]
    )


def wenjuanxing_grid(survey: SimulatedSurvey, export: Export, *, workbook: bool = True, style: WenjuanxingStyle | None = None) -> Grid:
    """The cells of an export; `workbook` says whether true dates and numbers can stand in them."""
    style = WenjuanxingStyle() if style is None else style
    columns = dict(_meta_columns(survey, style, workbook))
    for item in survey.questionnaire:
        if export is Export.TEXT:
            columns[text_header(item, style)] = text_cells(survey, item, workbook=workbook, full_width_markers=style.full_width_markers)
        else:
            columns |= zip(code_headers(item, style), _code_cells(survey, item, workbook), strict=True)
            if style.fill_in_columns and item.open:
                columns[fill_in_header(item, style)] = _fill_in_cells(survey, item)
    return framed(
        survey,
        columns,
        sheet="Sheet1",
        number_headers={text_header(i, style): i for i in survey.questionnaire.of_type(VariableType.NUMBER)},
    )


def framed(survey: SimulatedSurvey, columns: dict[str, Sequence[Cell]], *, sheet: str, number_headers: dict[str, Item]) -> Grid:
    """The grid with the rows around the table that its dirt rates ask for: titles above, subtotal and total below."""
    rates, title = survey.spec.rates, survey.questionnaire.title
    titles = [title, *(f"填表说明{i}：本表为模拟数据，地名和人名均属虚构" for i in range(1, rates.title_rows))][: rates.title_rows]
    totals = []
    for name in ["合计", "小计"][: rates.total_rows][::-1]:
        sums = {
            h: float(np.nansum(np.where(survey.answers.kinds[i.name] == SKIPPED, np.nan, survey.answers.values[i.name])))
            for h, i in number_headers.items()
        }
        totals.append([name, *(round(sums[h], 2) if h in sums else "" for h in list(columns)[1:])])
    return Grid(sheet=sheet, headers=list(columns), columns=list(columns.values()), title=titles, totals=totals)


def _meta_columns(survey: SimulatedSurvey, style: WenjuanxingStyle, workbook: bool) -> Iterator[tuple[str, Sequence[Cell]]]:
    sheets = survey.sheets
    yield "序号", sheets["serial"].tolist()
    if style.user:
        yield "用户ID", sheets["user"].tolist()
    yield "提交答卷时间", submitted_cells(survey, workbook)
    yield "所用时间", [f"{seconds}秒" for seconds in sheets["seconds"]]
    yield "来源", sheets["source"].tolist()
    yield "来源详情", sheets["source_detail"].tolist()
    yield "来自IP", [f"{ip}({PROVINCE}-{CITY})" for ip in sheets["ip"]]
    if style.score:
        scores = [survey.answers.values[item.name] for item in survey.questionnaire if item.scale]
        yield "总分", np.sum(scores, axis=0).tolist()


def submitted_cells(survey: SimulatedSurvey, workbook: bool) -> list[Cell]:
    """Times of sending without leading zeros; in a workbook some are true times."""
    stamps = [stamp.to_pydatetime() for stamp in survey.sheets["submitted"]]
    cells: list[Cell] = [stamp_text(stamp) for stamp in stamps]
    if workbook:
        for i in _submissions(survey, "submitted", "datetime_cell"):
            cells[i] = stamps[i]
    return cells


def stamp_text(stamp: datetime) -> str:
    """A time as 问卷星 shows it: 2026/9/3 12:00:00."""
    return f"{stamp.year}/{stamp.month}/{stamp.day} {stamp:%H:%M:%S}"


def text_cells(
    survey: SimulatedSurvey, item: Item, *, workbook: bool, full_width_markers: bool = False, mark_missing: bool = True
) -> list[Cell]:
    """Cells of an item as texts, with what went wrong in the text export."""
    texts = option_texts(item, survey.answers) if item.options else _written(survey, item)
    kinds = survey.answers.kinds[item.name]
    for code, marker in ((SKIPPED, SKIPPED_TEXT), (BLANK, BLANK_TEXT)):
        texts = np.where(kinds == code, (marker.translate(WIDE_BRACKETS) if full_width_markers else marker) if mark_missing else "", texts)
    cells: list[Cell] = texts.tolist()
    mangled = survey.dirt[(survey.dirt["variable"] == item.name) & (survey.dirt["scope"] == "text")]
    for submission, kind, dirty in zip(mangled["submission"], mangled["kind"], mangled["dirty"], strict=True):
        cells[submission - 1] = _day_of(survey, dirty) if workbook and kind == "option_as_date" else dirty
    return _with_workbook_cells(survey, item, cells) if workbook else cells


def _day_of(survey: SimulatedSurvey, text: str) -> datetime:
    """The day that a spreadsheet makes of 1月3日."""
    return datetime.strptime(f"{survey.spec.first_day.year}年{text}", "%Y年%m月%d日")  # noqa: DTZ007


def _code_cells(survey: SimulatedSurvey, item: Item, workbook: bool) -> Iterator[list[Cell]]:
    values, kinds = survey.answers.values[item.name], survey.answers.kinds[item.name]

    def marked(codes: Array) -> list[Cell]:
        return list(np.select([kinds == SKIPPED, kinds == BLANK], [SKIPPED_CODE, BLANK_CODE], codes).tolist())

    if item.type is VariableType.SINGLE:
        yield marked(values.astype(np.int64) + 1)
    elif item.type is VariableType.MULTIPLE:
        yield from (marked(column) for column in values.T.astype(np.int64))
    elif item.type is VariableType.RANKING:
        yield from (marked(np.where(column > 0, column, BLANK_CODE)) for column in values.T.astype(np.int64))
    else:
        cells = [
            {SKIPPED: SKIPPED_CODE, BLANK: BLANK_CODE}.get(kind, cell)
            for kind, cell in zip(kinds, _plain_numbers(survey, item), strict=True)
        ]
        yield _with_workbook_cells(survey, item, cells) if workbook else cells


def _plain_numbers(survey: SimulatedSurvey, item: Item) -> list[Cell]:
    """What was typed; a plain number as a number."""
    texts = _written(survey, item)
    if item.type is not VariableType.NUMBER:
        return list(texts)
    values = survey.answers.values[item.name]
    plain = texts == typed_texts(item, values)
    return [(int(v) if v == int(v) else float(v)) if p else t for t, v, p in zip(texts, values, plain, strict=True)]


def _fill_in_cells(survey: SimulatedSurvey, item: Item) -> list[Cell]:
    kinds, texts = survey.answers.kinds[item.name], survey.answers.fill_ins[item.name]
    markers = np.select([kinds == SKIPPED, (kinds == BLANK) | (texts == "")], [SKIPPED_CODE, BLANK_CODE], 0).tolist()
    return [marker or text for marker, text in zip(markers, texts, strict=True)]


def _written(survey: SimulatedSurvey, item: Item) -> Array:
    return survey.typed[item.name] if item.is_typed else survey.answers.values[item.name]


def _with_workbook_cells(survey: SimulatedSurvey, item: Item, cells: list[Cell]) -> list[Cell]:
    """Dates stored as dates, long numbers of a person stored as numbers."""
    for i in _submissions(survey, item.name, "datetime_cell"):
        cells[i] = datetime.combine(survey.answers.values[item.name][i].astype(object), datetime.min.time())
    for i in _submissions(survey, item.name, "lost_digits"):
        cells[i] = float(survey.answers.values[item.name][i])
    return cells


def _submissions(survey: SimulatedSurvey, variable: str, kind: str) -> list[int]:
    rows: pd.Series = survey.dirt.loc[(survey.dirt["variable"] == variable) & (survey.dirt["kind"] == kind), "submission"] - 1
    return rows.tolist()
