"""The export of 腾讯问卷."""

from collections.abc import Sequence
from pathlib import Path

from commresearch.simulate.community_questionnaire import CITY, PLACE, PROVINCE
from commresearch.simulate.grid import WORKBOOKS, Cell, Grid, WrittenFile, write_grid
from commresearch.simulate.questionnaire import Item
from commresearch.simulate.survey import SimulatedSurvey
from commresearch.simulate.wenjuanxing import framed, text_cells
from commresearch.terms import Export, VariableType

FILE_NAME = f"模拟数据_{PLACE}_腾讯问卷"


def tencent_header(item: Item) -> str:
    """Header of an item."""
    return f"{item.number}.{item.matrix_zh}:{item.zh}" if item.matrix else f"{item.number}.{item.zh}"


def write_tencent(survey: SimulatedSurvey, folder: str | Path, *, suffix: str = ".csv", encoding: str = "utf-8-sig") -> WrittenFile:
    """Write the survey as 腾讯问卷 exports it: particulars of the sheet, then a column per question; an empty cell where nothing was answered.

    Raises
    ------
    SchemaError
        Another suffix than .xlsx, .xls, .csv; an XLS file would be too large.
    CaseError
        An XLS file is wanted and xlwt is not installed.

    Notes
    -----
    The names of the particulars are those that public readers of these files expect; their order, and how several answers
    and fill-in texts stand in one cell (┋ and 〖〗 here), differ between accounts of the format.
    """
    return write_grid(
        tencent_grid(survey, workbook=suffix in WORKBOOKS), Path(folder) / f"{FILE_NAME}{suffix}", export=Export.TEXT, encoding=encoding
    )


def tencent_grid(survey: SimulatedSurvey, *, workbook: bool = False) -> Grid:
    """The cells of the export."""
    sheets = survey.sheets
    n = len(sheets)
    columns: dict[str, Sequence[Cell]] = {
        "编号": sheets["serial"].tolist(),
        "开始答题时间": sheets["started"].dt.strftime("%Y-%m-%d %H:%M:%S").tolist(),
        "结束答题时间": sheets["submitted"].dt.strftime("%Y-%m-%d %H:%M:%S").tolist(),
        "答题时长": [_duration(int(seconds)) for seconds in sheets["seconds"]],
        "语言": ["简体中文"] * n,
        "清洗数据结果": ["无效" if speeder else "有效" for speeder in sheets["speeder"]],
        "地理位置国家和地区": ["中国"] * n,
        "地理位置省": [PROVINCE] * n,
        "地理位置市": [CITY] * n,
        "用户标识": sheets["user"].tolist(),
        "自定义字段": [""] * n,
        "IP": sheets["ip"].tolist(),
        "UA": ["Mozilla/5.0 (simulated)"] * n,
        "Referrer": [""] * n,
    }
    for item in survey.questionnaire:
        columns[tencent_header(item)] = text_cells(survey, item, workbook=workbook, mark_missing=False)
    numbers = {tencent_header(item): item for item in survey.questionnaire.of_type(VariableType.NUMBER)}
    return framed(survey, columns, sheet="Sheet1", number_headers=numbers)


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}分{rest}秒" if minutes else f"{rest}秒"
