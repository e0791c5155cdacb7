"""A codebook read from the XLSForm that a survey was collected with."""

import pandas as pd
import pytest
import xlsxwriter

from commresearch.cleaning import clean_survey, read_codebook
from commresearch.errors import SchemaError
from commresearch.simulate import SurveySpec, simulate_survey, write_kobo
from commresearch.sources import read_survey
from commresearch.terms import MissingKind, Role, VariableType
from commresearch.words import render_error

CHOICES = [
    ["list_name", "name", "label::中文 (zh)", "label::English (en)"],
    ["yn", "1", "是", "Yes"], ["yn", "2", "否", "No"], ["yn", "9", "不清楚", "Don't know"],
    ["why", "1", "不知道有活动", "Did not know"], ["why", "2", "没时间", "No time"], ["why", "8", "不愿回答", "Prefer not to say"],
]
SURVEY = [
    ["type", "name", "label::中文 (zh)", "label::English (en)", "relevant", "constraint"],
    ["start", "start", "", "", "", ""],
    ["begin group", "about", "关于您", "About you", "", ""],
    ["select_one yn", "Came", "来过吗", "Did you come?", "", ""],
    ["select_multiple why", "why", "为什么没来", "Why not?", "${Came} = '2'", ""],
    ["integer", "times", "来过几次", "How often?", "selected(${Came}, '1')", ". >= 1 and . <= 90"],
    ["text", "more", "还有呢", "What else?", "not(selected(${why}, '2')) and ${times} > 3", ""],
    ["end group", "", "", "", "", ""],
    ["note", "thanks", "谢谢", "Thank you", "", ""],
    ["calculate", "sum", "", "", "", ""],
]


def form(path, survey=SURVEY, choices=CHOICES):
    with xlsxwriter.Workbook(path) as book:
        for name, rows in (("survey", survey), ("choices", choices)):
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
    return path


def test_questions_become_variables_and_notes_do_not(tmp_path):
    codebook = read_codebook(form(tmp_path / "form.xlsx"))
    assert [(v.name, v.type) for v in codebook] == [
        ("start", VariableType.DATE), ("came", VariableType.SINGLE), ("why", VariableType.MULTIPLE), ("times", VariableType.NUMBER), ("more", VariableType.TEXT),
    ]
    assert codebook["start"].role is Role.STARTED
    assert codebook["came"].source == "Came"
    assert codebook["came"].question_zh == "来过吗"
    assert codebook["came"].label("2", "en") == "No"
    assert (codebook["times"].low, codebook["times"].high) == (1, 90)


def test_options_that_are_no_answers_are_kinds_of_missing(tmp_path):
    codebook = read_codebook(form(tmp_path / "form.xlsx"))
    assert codebook["came"].missing == {MissingKind.DONT_KNOW: ("9",)}
    assert codebook["why"].missing == {MissingKind.REFUSED: ("8",)}  # 不知道有活动 is a reason


def test_conditions_are_translated_or_left_to_a_person(tmp_path):
    codebook = read_codebook(form(tmp_path / "form.xlsx"))
    assert str(codebook["why"].asked_if) == "came = 2"
    assert str(codebook["times"].asked_if) == "came = 1"
    assert codebook["more"].asked_if is None
    assert "${times} > 3" in codebook["more"].note


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_form_that_is_incomplete_is_refused(tmp_path, language):
    with pytest.raises(SchemaError) as error:
        read_codebook(form(tmp_path / "a.xlsx", survey=[["type", "label"], ["text", "x"]], choices=[["name"], ["1"]]))
    text = render_error(error.value, language)
    assert text.count("[CR-K12]") == 2
    assert "list_name" in text
    with pytest.raises(SchemaError) as error:
        read_codebook(form(tmp_path / "b.xlsx", survey=[SURVEY[0], ["select_one nowhere", "q", "", "", "", ""]]))
    assert "nowhere" in render_error(error.value, language)


def test_a_kobo_survey_is_cleaned_by_its_own_form(tmp_path):
    simulated = simulate_survey(SurveySpec(respondents=60, population=4_000), rng=3)
    file, path = write_kobo(simulated, tmp_path)
    table = clean_survey(read_survey(file.path), read_codebook(path))
    truth = simulated.validated().truth
    columns = [c for c in truth if c in table.frame and c not in set(simulated.planted["variable"])]
    assert len(columns) > 80
    for column in columns:
        mine, theirs = (["" if pd.isna(v) else str(v) for v in f[column]] for f in (table.frame, truth))
        assert mine == theirs, column
