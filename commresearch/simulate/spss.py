"""The survey as an SPSS file with value labels and user-missing codes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.simulate.answers import BLANK, GIVEN, SKIPPED
from commresearch.simulate.community_questionnaire import PLACE
from commresearch.simulate.grid import WrittenFile
from commresearch.simulate.questionnaire import Item
from commresearch.simulate.survey import SimulatedSurvey
from commresearch.simulate.wenjuanxing import BLANK_CODE, SKIPPED_CODE
from commresearch.terms import Export, VariableType

Array = NDArray[Any]
FILE_NAME = f"模拟数据_{PLACE}_spss.sav"
MISSING_LABELS = {float(SKIPPED_CODE): "跳过", float(BLANK_CODE): "空"}
CREATED_AT, CREATED = 92, b"01 Jul 2500:00:00"  #: place of date and time of creation in the header of a .sav, and what stands there
TICKED = {0.0: "未选", 1.0: "选中"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Column:
    name: str
    label: str
    values: pd.Series
    labels: dict[float, str]

    @property
    def has_codes(self) -> bool:
        return pd.api.types.is_float_dtype(self.values)


def spss_names(item: Item) -> list[str]:
    """Names of an item's variables: one per option for multiple choice, one per option with its rank for ranking."""
    if item.type in {VariableType.MULTIPLE, VariableType.RANKING}:
        return [f"{item.name}__{option.value}" for option in item.options]
    return [item.name]


def write_spss(survey: SimulatedSurvey, folder: str | Path) -> WrittenFile:
    """Write a .sav file: numeric codes with Chinese labels, -3 (skipped) and -2 (blank) declared as user-missing.

    The data are those of `survey.validated()`. A missing date is system-missing, a missing text empty: SPSS knows no codes for
    them here. The file says of itself that it is UTF-8, and it is; the library that writes it has no other encoding.
    """
    import pyreadstat

    checked = survey.validated()
    columns = [*_meta(checked), *(column for item in checked.questionnaire for column in _columns(checked, item))]
    path = Path(folder) / FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    coded = [column for column in columns if column.has_codes and column.name not in {"serial", "duration"}]
    pyreadstat.write_sav(
        pd.DataFrame({column.name: column.values.to_numpy() for column in columns}),
        str(path),
        file_label="模拟数据",
        column_labels={column.name: column.label for column in columns},
        variable_value_labels={column.name: column.labels | MISSING_LABELS for column in coded},
        missing_ranges={column.name: [SKIPPED_CODE, BLANK_CODE] for column in coded},
    )
    with path.open("r+b") as file:  # the library writes the clock into the header; the same survey gives the same bytes
        file.seek(CREATED_AT)
        file.write(CREATED)
    return WrittenFile(path=path, export=Export.CODE, sheet="", first_row=1)


def _meta(survey: SimulatedSurvey) -> Iterator[_Column]:
    yield _Column(name="serial", label="序号", values=survey.sheets["serial"].astype(float), labels={})
    yield _Column(name="submitted", label="提交答卷时间", values=survey.sheets["submitted"].dt.strftime("%Y-%m-%d %H:%M:%S"), labels={})
    yield _Column(name="duration", label="所用时间（秒）", values=survey.sheets["seconds"].astype(float), labels={})


def _columns(survey: SimulatedSurvey, item: Item) -> Iterator[_Column]:
    values, kinds = survey.answers.values[item.name], survey.answers.kinds[item.name]
    question = f"{item.matrix_zh}-{item.zh}" if item.matrix else item.zh
    labels = {float(option.value): option.zh for option in item.options}

    def coded(numbers: Array) -> pd.Series:
        return pd.Series(np.select([kinds == SKIPPED, kinds == BLANK], [float(SKIPPED_CODE), float(BLANK_CODE)], numbers.astype(float)))

    if item.type is VariableType.SINGLE:
        yield _Column(name=item.name, label=question, values=coded(values + 1), labels=labels)
    elif item.type is VariableType.NUMBER:
        yield _Column(name=item.name, label=question, values=coded(values), labels={})
    elif item.type is VariableType.DATE:
        days = values.astype("datetime64[D]").astype(object)
        days[kinds != GIVEN] = None
        yield _Column(name=item.name, label=question, values=pd.Series(days), labels={})
    elif item.type is VariableType.TEXT:
        yield _Column(name=item.name, label=question, values=pd.Series(np.where(kinds == GIVEN, values, "")), labels={})
    else:
        meaning = TICKED if item.type is VariableType.MULTIPLE else {}
        for j, (name, option) in enumerate(zip(spss_names(item), item.options, strict=True)):
            numbers = values[:, j].astype(float)
            ranked = np.where(numbers > 0, numbers, np.nan) if item.type is VariableType.RANKING else numbers
            yield _Column(name=name, label=f"{question}-{option.zh}", values=coded(ranked), labels=meaning)
    if item.open:
        texts = np.where(kinds == GIVEN, survey.answers.fill_ins[item.name], "")
        yield _Column(name=f"{item.name}_other", label=f"{question}-请补充", values=pd.Series(texts), labels={})
