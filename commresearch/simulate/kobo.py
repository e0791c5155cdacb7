"""The export of KoboToolbox with option names as cells, and the XLSForm it was collected with."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.simulate.answers import GIVEN
from commresearch.simulate.community_questionnaire import PLACE
from commresearch.simulate.grid import Cell, Grid, WrittenFile, write_grid, write_workbook
from commresearch.simulate.questionnaire import Comparison, Item, Option
from commresearch.simulate.survey import SimulatedSurvey
from commresearch.simulate.truth import clean_columns
from commresearch.terms import VariableType

Array = NDArray[Any]
FILE_NAME, FORM_NAME = f"模拟数据_{PLACE}_kobo", f"模拟数据_{PLACE}_xlsform"
LABELS = ("label::中文 (zh)", "label::English (en)")
SURVEY_COLUMNS = ("type", "name", *LABELS, "required", "relevant", "constraint", "appearance")
IN_UTC = pd.Timedelta(hours=8)  #: the server writes UTC, the telephones Beijing time with its offset
TYPES = {
    VariableType.SINGLE: "select_one {}",
    VariableType.MULTIPLE: "select_multiple {}",
    VariableType.RANKING: "rank {}",
    VariableType.DATE: "date",
    VariableType.TEXT: "text",
}


def write_kobo(
    survey: SimulatedSurvey, folder: str | Path, *, suffix: str = ".xlsx", encoding: str = "utf-8-sig"
) -> tuple[WrittenFile, Path]:
    """Write the data and, beside them, the XLSForm.

    A form checks what is typed: the data are those of `survey.validated()`. Several answers stand in one cell, separated by
    spaces, and in one 0/1 column per option (question/option); a question that was skipped or left blank is empty in all of them.

    Raises
    ------
    SchemaError
        Another suffix than .xlsx, .xls, .csv; an XLS file would be too large.
    CaseError
        An XLS file is wanted and xlwt is not installed.
    """
    file = write_grid(kobo_grid(survey), Path(folder) / f"{FILE_NAME}{suffix}", encoding=encoding)
    form = Path(folder) / f"{FORM_NAME}.xlsx"
    write_workbook(xlsform_grids(survey), form)
    return file, form


def kobo_grid(survey: SimulatedSurvey) -> Grid:
    """The cells of the data."""
    checked = survey.validated()
    sheets, n = checked.sheets, len(checked.sheets)
    columns: dict[str, Sequence[Cell]] = {
        "start": (sheets["started"].dt.strftime("%Y-%m-%dT%H:%M:%S") + ".000+08:00").tolist(),
        "end": (sheets["submitted"].dt.strftime("%Y-%m-%dT%H:%M:%S") + ".000+08:00").tolist(),
    }
    for item in checked.questionnaire:
        columns |= dict(_columns(checked, item))
    columns |= {
        "_id": (sheets["serial"] + 500_000).tolist(),
        "_uuid": [f"00000000-0000-4000-8000-0000{user[1:]}" for user in sheets["user"]],
        "_submission_time": (sheets["submitted"] - IN_UTC).dt.strftime("%Y-%m-%dT%H:%M:%S").tolist(),
        "_validation_status": [""] * n,
        "_notes": [""] * n,
        "_status": ["submitted_via_web"] * n,
        "_submitted_by": [""] * n,
        "__version__": ["vSimulated1"] * n,
        "_tags": [""] * n,
        "_index": list(range(1, n + 1)),
    }
    return Grid(sheet="survey", headers=list(columns), columns=list(columns.values()))


def _columns(survey: SimulatedSurvey, item: Item) -> Iterator[tuple[str, list[Cell]]]:
    values, given = survey.answers.values[item.name], survey.answers.kinds[item.name] == GIVEN
    names = np.array([option.value for option in item.options], dtype=object)
    if item.type is VariableType.SINGLE:
        yield item.name, np.where(given, names[values], "").tolist()
    elif item.type is VariableType.MULTIPLE:
        ticked = [" ".join(names[row]) for row in values]
        yield item.name, np.where(given, np.array(ticked, dtype=object), "").tolist()
        for j, name in enumerate(names):
            yield f"{item.name}/{name}", [int(tick) if there else "" for tick, there in zip(values[:, j], given, strict=True)]
    elif item.type is VariableType.RANKING:
        ranked = [" ".join(names[np.argsort(row, kind="stable")[(row == 0).sum() :]]) for row in values]
        yield item.name, np.where(given, np.array(ranked, dtype=object), "").tolist()
    elif item.type is VariableType.NUMBER:
        yield item.name, [(int(v) if v == int(v) else float(v)) if there else "" for v, there in zip(values, given, strict=True)]
    else:
        yield item.name, np.where(given, survey.typed.get(item.name, values), "").tolist()
    if item.open:
        _, texts, _ = list(clean_columns(item, survey.answers))[-1]
        yield f"{item.name}_other", texts.fillna("").tolist()


def xlsform_grids(survey: SimulatedSurvey) -> list[Grid]:
    """The three sheets of the form: survey, choices, settings."""
    rows: list[list[str]] = [["start", "start"], ["end", "end"]]
    matrix = ""
    lists: dict[tuple[Option, ...], str] = {}
    for item in survey.questionnaire:
        if item.matrix != matrix:
            rows += [["end_group"]] * bool(matrix) + [
                ["begin_group", item.matrix, item.matrix_zh, item.matrix_en, "", "", "", "field-list"]
            ] * bool(item.matrix)
            matrix = item.matrix
        if item.options:
            lists.setdefault(item.options, item.name)
        rows += _form_rows(item, lists.get(item.options, ""))
    rows += [["end_group"]] * bool(matrix)
    choices = [[name, option.value, option.zh, option.en] for options, name in lists.items() for option in options]
    settings = [[survey.questionnaire.title, "simulated_pilot", "中文 (zh)"]]
    return [
        _table("survey", SURVEY_COLUMNS, rows),
        _table("choices", ("list_name", "name", *LABELS), choices),
        _table("settings", ("form_title", "form_id", "default_language"), settings),
    ]


def _form_rows(item: Item, list_name: str) -> Iterator[list[str]]:
    kind = TYPES.get(item.type, "decimal" if item.model.step < 1 else "integer").format(list_name)
    limits = f". >= {item.low:g} and . <= {item.high:.0f}" if item.low is not None and item.high is not None else ""
    relevant = " and ".join(_expression(condition) for condition in item.asked_if)
    yield [kind, item.name, item.zh, item.en, "yes" if item.required else "", relevant, limits, "likert" if item.matrix else ""]
    if item.open:
        chosen = _expression(Comparison(name=item.name, operator="has" if item.type is VariableType.MULTIPLE else "=", value=item.open[0]))
        yield ["text", f"{item.name}_other", "请补充", "Please specify", "", chosen, "", ""]


def _expression(condition: Comparison) -> str:
    return (
        f"selected(${{{condition.name}}}, '{condition.value}')"
        if condition.operator == "has"
        else f"${{{condition.name}}} = '{condition.value}'"
    )


def _table(sheet: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Grid:
    filled = [[*row, *[""] * (len(headers) - len(row))] for row in rows]
    return Grid(sheet=sheet, headers=headers, columns=[list(column) for column in zip(*filled, strict=True)])
