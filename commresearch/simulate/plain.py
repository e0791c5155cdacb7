"""A table as an office keeps it: questions as headers, answers as texts, empty cells."""

from collections.abc import Sequence
from pathlib import Path

from commresearch.simulate.community_questionnaire import PLACE
from commresearch.simulate.grid import WORKBOOKS, Cell, Grid, WrittenFile, write_grid
from commresearch.simulate.questionnaire import Item
from commresearch.simulate.survey import SimulatedSurvey
from commresearch.simulate.wenjuanxing import framed, stamp_text, text_cells
from commresearch.terms import Export, VariableType

FILE_NAME = f"模拟数据_{PLACE}_登记表"


def plain_header(item: Item) -> str:
    """Header of an item: its wording without a number."""
    return f"{item.matrix_zh}-{item.zh}" if item.matrix else item.zh


def write_plain(survey: SimulatedSurvey, folder: str | Path, *, suffix: str = ".csv", encoding: str = "utf-8-sig") -> WrittenFile:
    """Write the survey as a plain table (XLSX, XLS or CSV).

    Raises
    ------
    SchemaError
        Another suffix than .xlsx, .xls, .csv; an XLS file would be too large.
    CaseError
        An XLS file is wanted and xlwt is not installed.
    """
    return write_grid(
        plain_grid(survey, workbook=suffix in WORKBOOKS), Path(folder) / f"{FILE_NAME}{suffix}", export=Export.TEXT, encoding=encoding
    )


def plain_grid(survey: SimulatedSurvey, *, workbook: bool = False) -> Grid:
    """The cells of the table."""
    columns: dict[str, Sequence[Cell]] = {
        "编号": survey.sheets["serial"].tolist(),
        "填写时间": [stamp_text(stamp.to_pydatetime()) for stamp in survey.sheets["submitted"]],
    }
    for item in survey.questionnaire:
        columns[plain_header(item)] = text_cells(survey, item, workbook=workbook, mark_missing=False)
    numbers = {plain_header(item): item for item in survey.questionnaire.of_type(VariableType.NUMBER)}
    return framed(survey, columns, sheet="登记表", number_headers=numbers)
