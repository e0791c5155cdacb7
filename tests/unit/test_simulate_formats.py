"""Each platform's format, by a survey of four answer sheets written by hand."""

import csv
from dataclasses import replace

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from python_calamine import CalamineWorkbook

from commresearch.errors import CaseError, SchemaError
from commresearch.simulate import (
    Answers,
    DirtRates,
    Grid,
    Item,
    Option,
    Questionnaire,
    SimulatedSurvey,
    SurveySpec,
    WenjuanxingStyle,
    codebook_of,
    kobo_grid,
    simulate_survey,
    tencent_grid,
    wenjuanxing_grid,
    write_kobo,
    write_plain,
    write_spss,
    write_tencent,
    write_wenjuanxing,
    xlsform_grids,
)
from commresearch.simulate.answers import BLANK, SKIPPED
from commresearch.simulate.grid import write_grid
from commresearch.simulate.questionnaire import Comparison
from commresearch.terms import Export, Identifier, Platform, VariableType
from commresearch.words import render_error

YES_NO = (Option(value="1", zh="是", en="Yes"), Option(value="2", zh="否", en="No"))
LEVELS = (Option(value="1", zh="差", en="Bad"), Option(value="2", zh="好", en="Good"), Option(value="3", zh="不清楚", en="Do not know"))
NEEDS = (Option(value="1", zh="助餐", en="Meals"), Option(value="2", zh="停车", en="Parking"), Option(value="3", zh="其他", en="Other"))
ASKED = (Comparison(name="took_part", operator="=", value="1"),)
ITEMS = (
    Item(name="took_part", type=VariableType.SINGLE, zh="参加过吗", en="Took part", number=1, options=YES_NO, required=True),
    Item(name="needs", type=VariableType.MULTIPLE, zh="需要什么", en="Needs", number=2, options=NEEDS, open=("3",), asked_if=ASKED),
    Item(name="order", type=VariableType.RANKING, zh="排序", en="Order", number=3, options=NEEDS[:2], most=2),
    Item(
        name="clean",
        type=VariableType.SINGLE,
        zh="卫生",
        en="Cleanliness",
        number=4,
        options=LEVELS,
        dont_know="3",
        matrix="m",
        matrix_zh="评价",
        matrix_en="Rate",
    ),
    Item(
        name="safe",
        type=VariableType.SINGLE,
        zh="治安",
        en="Safety",
        number=4,
        options=LEVELS,
        dont_know="3",
        matrix="m",
        matrix_zh="评价",
        matrix_en="Rate",
    ),
    Item(name="age", type=VariableType.NUMBER, zh="年龄", en="Age", number=5, unit="岁", low=14, high=100),
    Item(name="since", type=VariableType.DATE, zh="搬入日期", en="Since", number=6),
    Item(name="why", type=VariableType.TEXT, zh="意见", en="Opinion", number=7),
)
NOON, LAST_DAY = (pd.Timestamp(text).to_pydatetime() for text in ("2026-09-03 12:00", "2024-12-31"))
META = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"]


def array(*cells, dtype=None):
    return np.array(cells, dtype=dtype)


@pytest.fixture
def survey() -> SimulatedSurvey:
    values = {
        "took_part": array(0, 1, 0, 0, dtype=np.int8),
        "needs": array([1, 0, 1], [0, 0, 1], [0, 1, 0], [1, 0, 0], dtype=bool),
        "order": array([2, 1], [1, 2], [1, 0], [1, 2], dtype=np.int8),
        "clean": array(0, 1, 2, 1, dtype=np.int8),
        "safe": array(1, 1, 1, 0, dtype=np.int8),
        "age": array(35.0, 40.0, 66.0, 7.5),
        "since": array("2025-03-01", "2024-12-31", "2020-02-29", "2026-01-05", dtype="datetime64[D]"),
        "why": array("请修路灯", "", "007", "", dtype=object),
    }
    kinds = {name: np.full(4, -1, dtype=np.int8) for name in values}
    kinds["needs"][1], kinds["order"][3], kinds["safe"][2], kinds["why"][[1, 3]], kinds["since"][3] = SKIPPED, BLANK, BLANK, BLANK, BLANK
    sheets = pd.DataFrame(
        {
            "serial": [1, 2, 3, 4],
            "user": ["u0000000a", "u0000000b", "u0000000c", "u0000000d"],
            "submitted": pd.to_datetime(["2026-09-03 12:00:00"] * 4),
            "started": pd.to_datetime(["2026-09-03 11:57:45"] * 4),
            "seconds": [135, 59, 400, 61],
            "source": "微信",
            "source_detail": "N/A",
            "ip": ["192.0.2.1", "192.0.2.2", "198.51.100.3", "203.0.113.4"],
            "speeder": [False, True, False, False],
        },
        index=pd.RangeIndex(1, 5, name="submission"),
    )
    dirt = pd.DataFrame(
        [
            (1, "age", "full_width", "35", "３５", "all", "exact"),
            (2, "clean", "option_spacing", "好", " 好", "text", "exact"),
            (2, "since", "datetime_cell", "2024-12-31", "2024-12-31", "workbook", "exact"),
            (3, "submitted", "datetime_cell", "", "", "workbook", "exact"),
        ],
        columns=["submission", "variable", "kind", "clean", "dirty", "scope", "recovery"],
    )
    return SimulatedSurvey(
        spec=SurveySpec(rates=DirtRates.none()),
        questionnaire=Questionnaire(title="示例问卷", items=ITEMS),
        answers=Answers(values=values, kinds=kinds, fill_ins={"needs": array("充电┋遮雨", "看病", "", "", dtype=object)}),
        typed={
            "age": array("３５", "40", "66", "7.5", dtype=object),
            "since": array("2025-03-01", "2024-12-31", "2020-02-29", "2026-01-05", dtype=object),
        },
        sheets=sheets,
        dirt=dirt,
        planted=pd.DataFrame(),
        margins=pd.DataFrame(),
        parameters=pd.DataFrame(),
    )


def answers_of(grid: Grid) -> list[tuple[object, ...]]:
    return list(zip(*[column for header, column in zip(grid.headers, grid.columns, strict=True) if header not in META], strict=True))


def test_the_text_export_of_wenjuanxing(survey):
    grid = wenjuanxing_grid(survey, Export.TEXT)
    assert list(grid.headers) == [
        *META,
        "1、参加过吗",
        "2、需要什么",
        "3、排序",
        "第4题(卫生)",
        "第4题(治安)",
        "5、年龄",
        "6、搬入日期",
        "7、意见",
    ]
    assert [column[0] for column in grid.columns[:6]] == [1, "2026/9/3 12:00:00", "135秒", "微信", "N/A", "192.0.2.1(海岚省-滨海市)"]
    assert grid.columns[1][2] == NOON
    assert answers_of(grid) == [
        ("是", "助餐┋其他〖充电┋遮雨〗", "停车→助餐", "差", "好", "３５", "2025-03-01", "请修路灯"),
        ("否", "(跳过)", "助餐→停车", " 好", "好", "40", LAST_DAY, "(空)"),
        ("是", "停车", "助餐", "不清楚", "(空)", "66", "2020-02-29", "007"),
        ("是", "助餐", "(空)", "好", "差", "7.5", "(空)", "(空)"),
    ]


def test_the_code_export_of_wenjuanxing(survey):
    grid = wenjuanxing_grid(survey, Export.CODE)
    assert list(grid.headers) == [
        *META,
        "1、参加过吗",
        "第2题(助餐)",
        "第2题(停车)",
        "第2题(其他)",
        "第3题(助餐)",
        "第3题(停车)",
        "第4题(卫生)",
        "第4题(治安)",
        "5、年龄",
        "6、搬入日期",
        "7、意见",
    ]
    assert answers_of(grid) == [
        (1, 1, 0, 1, 2, 1, 1, 2, "３５", "2025-03-01", "请修路灯"),
        (2, -3, -3, -3, 1, 2, 2, 2, 40, LAST_DAY, -2),
        (1, 0, 1, 0, 1, -2, 3, -2, 66, "2020-02-29", "007"),
        (1, 1, 0, 0, -2, -2, 2, 1, 7.5, -2, -2),
    ]


def test_styles_of_wenjuanxing(survey):
    style = WenjuanxingStyle(number_mark=":", full_width_markers=True, user=True, score=False, fill_in_columns=True)
    text, code = (wenjuanxing_grid(survey, export, style=style) for export in (Export.TEXT, Export.CODE))
    assert list(text.headers)[:8] == ["序号", "用户ID", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP", "1:参加过吗"]
    assert dict(zip(text.headers, text.columns, strict=True))["2:需要什么"][1] == "（跳过）"
    assert dict(zip(text.headers, text.columns, strict=True))["7:意见"][1] == "（空）"
    assert dict(zip(code.headers, code.columns, strict=True))["2:(其他(请补充):)"] == ["充电┋遮雨", -3, -2, -2]


@pytest.mark.parametrize("suffix", [".xlsx", ".xls"])
def test_a_workbook_keeps_cell_types(survey, tmp_path, suffix):
    text, code = write_wenjuanxing(survey, tmp_path, suffix=suffix)
    assert [f.path.name for f in (text, code)] == [f"模拟数据_滨海示范区_按选项文本{suffix}", f"模拟数据_滨海示范区_按选项序号{suffix}"]
    rows = CalamineWorkbook.from_path(str(code.path)).get_sheet_by_name(code.sheet).to_python()
    assert rows[text.first_row - 1][6:] == [1, 1, 0, 1, 2, 1, 1, 2, "３５", "2025-03-01", "请修路灯"]
    assert rows[2][15] == LAST_DAY.date()
    assert rows[3][16] == "007"


def test_a_csv_file_in_gb18030(survey, tmp_path):
    (file,) = write_wenjuanxing(survey, tmp_path, kind="text", suffix=".csv", encoding="gb18030")
    rows = list(csv.reader(file.path.read_text(encoding="gb18030").splitlines()))
    assert rows[2][6:] == ["否", "(跳过)", "助餐→停车", " 好", "好", "40", "2024-12-31", "(空)"]
    assert rows[3][1] == "2026/9/3 12:00:00"


def test_titles_and_totals_stand_around_the_table(survey, tmp_path):
    framed = replace(survey, spec=replace(survey.spec, rates=replace(survey.spec.rates, title_rows=2, total_rows=2)))
    (file,) = write_wenjuanxing(framed, tmp_path, kind="text")
    sheet = CalamineWorkbook.from_path(str(file.path)).get_sheet_by_index(0)
    rows = sheet.to_python()
    assert [rows[i][0] for i in (0, 1, 2, 3, 7, 8)] == [
        "示例问卷",
        "填表说明1：本表为模拟数据，地名和人名均属虚构",
        "序号",
        1,
        "小计",
        "合计",
    ]
    assert rows[8][11] == 35 + 40 + 66 + 7.5
    assert file.first_row == 4
    assert len(sheet.merged_cell_ranges) == 2


def test_the_export_of_tencent_and_the_plain_table(survey, tmp_path):
    grid = tencent_grid(survey)
    cells = dict(zip(grid.headers, grid.columns, strict=True))
    assert list(grid.headers)[:6] == ["编号", "开始答题时间", "结束答题时间", "答题时长", "语言", "清洗数据结果"]
    assert [cells[h][1] for h in ("结束答题时间", "答题时长", "清洗数据结果", "2.需要什么", "4.评价:治安", "7.意见")] == [
        "2026-09-03 12:00:00",
        "59秒",
        "无效",
        "",
        "好",
        "",
    ]
    assert cells["答题时长"][0] == "2分15秒"
    rows = list(csv.reader(write_tencent(survey, tmp_path).path.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0] == list(grid.headers)
    plain = list(csv.reader(write_plain(survey, tmp_path).path.read_text(encoding="utf-8-sig").splitlines()))
    assert plain[0] == ["编号", "填写时间", "参加过吗", "需要什么", "排序", "评价-卫生", "评价-治安", "年龄", "搬入日期", "意见"]
    assert plain[2] == ["2", "2026/9/3 12:00:00", "否", "", "助餐→停车", " 好", "好", "40", "2024-12-31", ""]


def test_the_export_of_kobo_leaves_blanks_blank(survey, tmp_path):
    file, form = write_kobo(survey, tmp_path)
    rows = CalamineWorkbook.from_path(str(file.path)).get_sheet_by_index(0).to_python()
    assert rows[0][2:14] == [
        "took_part",
        "needs",
        "needs/1",
        "needs/2",
        "needs/3",
        "needs_other",
        "order",
        "clean",
        "safe",
        "age",
        "since",
        "why",
    ]
    assert rows[1][2:14] == ["1", "1 3", 1, 0, 1, "充电┋遮雨", "2 1", "1", "2", 35, "2025-03-01", "请修路灯"]
    assert rows[2][2:8] == ["2", "", "", "", "", ""]
    assert rows[0][14:18] == ["_id", "_uuid", "_submission_time", "_validation_status"]
    assert CalamineWorkbook.from_path(str(form)).sheet_names == ["survey", "choices", "settings"]


def test_the_xlsform_asks_what_the_questionnaire_asks(survey):
    questions, choices, settings = xlsform_grids(survey)
    rows = list(zip(*questions.columns, strict=True))
    assert rows[2] == ("select_one took_part", "took_part", "参加过吗", "Took part", "yes", "", "", "")
    assert rows[3] == ("select_multiple needs", "needs", "需要什么", "Needs", "", "${took_part} = '1'", "", "")
    assert rows[4] == ("text", "needs_other", "请补充", "Please specify", "", "selected(${needs}, '3')", "", "")
    assert [row[0] for row in rows] == [
        "start",
        "end",
        "select_one took_part",
        "select_multiple needs",
        "text",
        "rank order",
        "begin_group",
        "select_one clean",
        "select_one clean",
        "end_group",
        "integer",
        "date",
        "text",
    ]
    assert rows[10][6] == ". >= 14 and . <= 100"
    assert list(zip(*choices.columns, strict=True))[:2] == [("took_part", "1", "是", "Yes"), ("took_part", "2", "否", "No")]
    assert [column[0] for column in settings.columns] == ["示例问卷", "simulated_pilot", "中文 (zh)"]


def test_the_spss_file_does_not_tell_when_it_was_made(survey, tmp_path):
    written = write_spss(survey, tmp_path).path.read_bytes()
    assert written[92:109] == b"01 Jul 2500:00:00"
    assert written[109:].startswith("模拟数据".encode())


def test_the_spss_file_declares_labels_and_missing_codes(survey, tmp_path):
    frame, meta = pyreadstat.read_sav(str(write_spss(survey, tmp_path).path), user_missing=True)
    assert frame["needs__1"].tolist() == [1, -3, 0, 1]
    assert frame["order__2"].tolist()[0] == 1
    assert np.isnan(frame["order__2"][2])
    assert frame["order__2"][3] == -2
    assert frame["needs_other"].tolist() == ["充电┋遮雨", "", "", ""]
    assert frame["age"].tolist() == [35, 40, 66, 7.5]
    assert str(frame["since"][0]) == "2025-03-01"
    assert frame["since"].isna().tolist() == [False, False, False, True]
    assert meta.missing_ranges["clean"] == [{"lo": -3, "hi": -3}, {"lo": -2, "hi": -2}]
    assert meta.variable_value_labels["clean"] == {1: "差", 2: "好", 3: "不清楚", -3: "跳过", -2: "空"}
    assert meta.column_names_to_labels["clean"] == "评价-卫生"
    plain, _ = pyreadstat.read_sav(str(tmp_path / "模拟数据_滨海示范区_spss.sav"))
    assert np.isnan(plain["needs__1"][1])


def test_the_codebook_of_the_small_survey(survey):
    codebook = codebook_of(survey).set_index("name")
    assert codebook.index.tolist() == ["serial", "submitted", "duration", "source", "source_detail", "ip", *(item.name for item in ITEMS)]
    needs = codebook.loc["needs"]
    assert needs["source_code"] == "第2题(助餐)\n第2题(停车)\n第2题(其他)"
    assert (needs["values"], needs["labels_en"], needs["open"], needs["asked_if"]) == (
        "1=助餐\n2=停车\n3=其他",
        "1=Meals\n2=Parking\n3=Other",
        "3",
        "took_part = 1",
    )
    assert codebook.loc["clean", "missing"] == "skipped=(跳过)\nskipped=-3\nblank=(空)\nblank=-2\ndont_know=3"
    assert codebook.loc["clean", "question_zh"] == "评价：卫生"
    assert codebook.loc["age", ["unit", "min", "max", "source_code"]].tolist() == ["岁", "14", "100", ""]
    assert codebook_of(survey, style=WenjuanxingStyle(user=True, number_mark=".")).set_index("name").loc[
        ["user", "age"], "source"
    ].tolist() == ["用户ID", "5.年龄"]


@pytest.mark.parametrize("platform", list(Platform))
def test_every_source_of_a_codebook_stands_in_the_files(platform, tmp_path):
    survey = simulate_survey(
        SurveySpec(respondents=30, population=2000, identifiers=tuple(i for i in Identifier if i is not Identifier.IP)), rng=4
    )
    write = {
        Platform.WENJUANXING: write_wenjuanxing,
        Platform.TENCENT: write_tencent,
        Platform.KOBO: write_kobo,
        Platform.SPSS: write_spss,
        Platform.PLAIN: write_plain,
    }
    write[platform](survey, tmp_path)
    headers = set()
    for path in tmp_path.iterdir():
        if path.suffix == ".sav":
            headers |= set(pyreadstat.read_sav(str(path), metadataonly=True)[1].column_names)
        elif path.suffix == ".csv":
            headers |= set(next(csv.reader(path.read_text(encoding="utf-8-sig").splitlines())))
        else:
            headers |= set(CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()[0])
    codebook = codebook_of(survey, platform=platform)
    wanted = {header for cell in [*codebook["source"], *codebook["source_code"]] for header in cell.split("\n") if header}
    assert wanted <= headers
    assert codebook["source"].is_unique


def test_values_that_cannot_be_written_are_named(survey, tmp_path, monkeypatch):
    with pytest.raises(SchemaError) as caught:
        write_wenjuanxing(survey, tmp_path, kind="both sides", suffix=".ods", style=WenjuanxingStyle(number_mark="#"))
    assert [(f.code, f.values["setting"], f.values["got"]) for f in caught.value.failures] == [
        ("CR-M01", "kind", "both sides"),
        ("CR-M01", "number_mark", "#"),
        ("CR-M01", "suffix", ".ods"),
    ]
    with pytest.raises(SchemaError, match=r"CR-M01.*\.sav"):
        write_plain(survey, tmp_path, suffix=".sav")
    tall = Grid(sheet="表", headers=["a"], columns=[[1] * 65_536])
    with pytest.raises(SchemaError, match=r"CR-M03.*'rows': 65537") as caught:
        write_grid(tall, tmp_path / "a.xls")
    assert "65537行1列" in render_error(caught.value, "zh")
    monkeypatch.setitem(__import__("sys").modules, "xlwt", None)
    with pytest.raises(CaseError, match="CR-M02"):
        write_grid(Grid(sheet="表", headers=["a"], columns=[[1]]), tmp_path / "b.xls")
    assert list(tmp_path.iterdir()) == []


def test_kobo_holds_what_a_form_lets_through(survey):
    grid = kobo_grid(survey)
    assert dict(zip(grid.headers, grid.columns, strict=True))["age"] == [35, 40, 66, 7.5]
