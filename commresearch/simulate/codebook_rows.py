"""The codebook of a simulated survey, as a person would have completed it for the files of a platform."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from commresearch.simulate.plain import plain_header
from commresearch.simulate.questionnaire import Item
from commresearch.simulate.spss import spss_names
from commresearch.simulate.survey import SimulatedSurvey
from commresearch.simulate.tencent import tencent_header
from commresearch.simulate.typing_habits import REFUSALS
from commresearch.simulate.wenjuanxing import WenjuanxingStyle, code_headers, fill_in_header, text_header
from commresearch.terms import Identifier, MissingKind, Platform, Role, VariableType

CODEBOOK_COLUMNS = (
    "name",
    "type",
    "role",
    "source",
    "source_code",
    "source_other",
    "question_zh",
    "question_en",
    "values",
    "labels_en",
    "open",
    "missing",
    "unit",
    "min",
    "max",
    "asked_if",
    "matrix",
    "scale",
    "key",
    "identifier",
    "quasi",
    "note",
)
#: Particulars of the answer sheet: header → name, type, role.
META: dict[Platform, dict[str, tuple[str, VariableType, Role | None]]] = {
    Platform.WENJUANXING: {
        "序号": ("serial", VariableType.TEXT, Role.KEY),
        "用户ID": ("user", VariableType.TEXT, Role.PERSON),
        "提交答卷时间": ("submitted", VariableType.DATE, Role.SUBMITTED),
        "所用时间": ("duration", VariableType.DURATION, Role.DURATION),
        "来源": ("source", VariableType.TEXT, Role.SOURCE),
        "来源详情": ("source_detail", VariableType.TEXT, None),
        "来自IP": ("ip", VariableType.TEXT, Role.IP),
        "总分": ("score", VariableType.NUMBER, None),
    },
    Platform.TENCENT: {
        "编号": ("serial", VariableType.TEXT, Role.KEY),
        "开始答题时间": ("started", VariableType.DATE, Role.STARTED),
        "结束答题时间": ("submitted", VariableType.DATE, Role.SUBMITTED),
        "答题时长": ("duration", VariableType.DURATION, Role.DURATION),
        "清洗数据结果": ("verdict", VariableType.TEXT, Role.VERDICT),
        "用户标识": ("user", VariableType.TEXT, Role.PERSON),
        "IP": ("ip", VariableType.TEXT, Role.IP),
    },
    Platform.KOBO: {
        "_id": ("serial", VariableType.TEXT, Role.KEY),
        "start": ("started", VariableType.DATE, Role.STARTED),
        "_submission_time": ("submitted", VariableType.DATE, Role.SUBMITTED),
    },
    Platform.SPSS: {
        "serial": ("serial", VariableType.TEXT, Role.KEY),
        "submitted": ("submitted", VariableType.DATE, Role.SUBMITTED),
        "duration": ("duration", VariableType.DURATION, Role.DURATION),
    },
    Platform.PLAIN: {"编号": ("serial", VariableType.TEXT, Role.KEY), "填写时间": ("submitted", VariableType.DATE, Role.SUBMITTED)},
}
MARKERS: dict[Platform, dict[MissingKind, tuple[str, ...]]] = {
    Platform.WENJUANXING: {MissingKind.SKIPPED: ("(跳过)", "-3"), MissingKind.BLANK: ("(空)", "-2")},
    Platform.SPSS: {MissingKind.SKIPPED: ("-3",), MissingKind.BLANK: ("-2",)},
}
CHECKED = (Platform.KOBO, Platform.SPSS)  #: nobody can type a refusal into a field for numbers


def codebook_of(
    survey: SimulatedSurvey, *, platform: Platform = Platform.WENJUANXING, style: WenjuanxingStyle | None = None
) -> pd.DataFrame:
    """The codebook that fits the files that the platform's writer makes of a survey.

    Parameters
    ----------
    survey
        What was simulated.
    platform, style
        Whose headers stand in `source` and `source_code`; the style that the files of 问卷星 were written with.

    Returns
    -------
    DataFrame
        One row per variable, every cell text; particulars of the answer sheet first.
    """
    style = WenjuanxingStyle() if style is None else style
    absent = {"用户ID": style.user, "总分": style.score}
    meta = [_meta_row(header, *what) for header, what in META[platform].items() if absent.get(header, True)]
    rows = [_row(item, platform, *_sources(item, platform, style)) | _source_other(item, platform, style) for item in survey.questionnaire]
    empty = dict.fromkeys(CODEBOOK_COLUMNS, "")
    return pd.DataFrame([empty | row for row in [*meta, *rows]], columns=list(CODEBOOK_COLUMNS), dtype="str")


def _meta_row(header: str, name: str, kind: VariableType, role: Role | None) -> dict[str, str]:
    identifier = Identifier.IP.value if role is Role.IP else ""
    return {
        "name": name,
        "type": kind.value,
        "role": role.value if role else "",
        "source": header,
        "question_zh": header,
        "identifier": identifier,
    }


def _sources(item: Item, platform: Platform, style: WenjuanxingStyle) -> tuple[str, list[str]]:
    """Headers in the text export (or only file) and, where they differ, in the code export."""
    if platform is Platform.WENJUANXING:
        source, codes = text_header(item, style), code_headers(item, style)
        return source, [] if codes == [source] else codes
    if platform is Platform.SPSS:
        names = spss_names(item)
        return names[0], names if len(names) > 1 else []
    header: Callable[[Item], Any] = {Platform.TENCENT: tencent_header, Platform.PLAIN: plain_header}.get(platform, lambda item: item.name)
    return header(item), []


def _source_other(item: Item, platform: Platform, style: WenjuanxingStyle) -> dict[str, str]:
    """Header of the column for the text beside an open option, where it stands apart."""
    if not item.open:
        return {}
    apart = {Platform.SPSS: f"{item.name}_other", Platform.WENJUANXING: fill_in_header(item, style) if style.fill_in_columns else ""}
    return {"source_other": apart.get(platform, "")}


def _row(item: Item, platform: Platform, source: str, codes: list[str]) -> dict[str, str]:
    return {
        "name": item.name,
        "type": item.type.value,
        "role": item.role.value if item.role else "",
        "source": source,
        "source_code": "\n".join(codes),
        "question_zh": f"{item.matrix_zh}：{item.zh}" if item.matrix else item.zh,
        "question_en": f"{item.matrix_en}: {item.en}" if item.matrix else item.en,
        "values": "\n".join(f"{option.value}={option.zh}" for option in item.options),
        "labels_en": "\n".join(f"{option.value}={option.en}" for option in item.options),
        "open": " ".join(item.open),
        "missing": "\n".join(_missing(item, platform)),
        "unit": item.unit,
        "min": "" if item.low is None else f"{item.low:.0f}",
        "max": "" if item.high is None else f"{item.high:.0f}",
        "asked_if": " and ".join(str(condition) for condition in item.asked_if),
        "matrix": item.matrix,
        "scale": item.scale,
        "key": str(item.key) if item.scale else "",
        "identifier": item.identifier.value if item.identifier else "",
        "quasi": "yes" if item.quasi else "",
    }


def _missing(item: Item, platform: Platform) -> Iterator[str]:
    for kind, markers in MARKERS.get(platform, {}).items():
        yield from (f"{kind}={marker}" for marker in markers)
    if item.dont_know:
        yield f"{MissingKind.DONT_KNOW}={item.dont_know}"
    if item.is_typed and platform not in CHECKED:
        yield from (f"{MissingKind.REFUSED}={text}" for text in REFUSALS)
