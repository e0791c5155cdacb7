"""Causal words below E3: planted sentences are found with their place, measured ones pass, and explanations pass only where they are marked."""

import json

import nbformat
import pytest

from commresearch.errors import ReportError
from commresearch.reporting.display import EXPLAINS, GRADED
from commresearch.reporting.word_scan import grades_in, require_measured_words, scan_text
from commresearch.terms import Grade, Language
from commresearch.words import entries, render_error

LOW = {"complaint_rate": Grade.E1, "youth_participation": Grade.E4}

PLANTED = [
    "试点使投诉减少了两成。", "试点导致投诉下降。", "网格联席会带动青年参与率提高，也促使投诉减少。", "试点成效显著。", "投诉下降得益于试点。", "空间使用率的提高归功于长者食堂。",
    "The pilot reduced complaints by 8%.", "The pilot led to fewer complaints.", "Thanks to the pilot, complaints fell.", "It raised space use.",
    "Complaints were lowered by the pilot.", "Remarkable results of the pilot.",
]
MEASURED = [
    "投诉同期减少8%，不能归因于试点。", "估计与试点有关的变化为−8%。", "使用率为36%。", "青年参与同期增加。", "成效不由这张表判断。",
    "Complaints fell by 8% over the same period.", "A change associated with the pilot.", "Complaints changed.", "dates raised and closed, channel, complaint class",
    "带动就业120人。",
]


@pytest.mark.parametrize("sentence", PLANTED, ids=range(len(PLANTED)))
def test_planted_sentences_are_found(sentence):
    (found,) = scan_text(f"# 结果\n\n前一句。{sentence}后一句。", LOW)
    assert found.place == "结果"
    assert found.grade < Grade.E3
    assert found.word in sentence


@pytest.mark.parametrize("sentence", MEASURED, ids=range(len(MEASURED)))
def test_measured_sentences_pass(sentence):
    assert scan_text(sentence, LOW) == []


def test_the_grade_of_the_outcome_decides():
    assert scan_text("试点使青年参与率提高3个百分点。", LOW) == []
    assert len(scan_text("试点使青年参与率提高，使投诉减少。", LOW)) == 1
    assert len(scan_text("试点使空间使用率提高。", LOW)) == 1, "an outcome without a grade counts as E0"
    assert scan_text("The pilot raised youth participation by 3 points.", LOW) == []


def test_cells_captions_and_alternative_texts_are_read():
    table = "| 成果 | 说法 |\n|:--|:--|\n| 投诉 | 试点使投诉减少 |\n\n: 试点带动投诉下降 {#tbl-x}\n"
    assert len(scan_text(table, LOW)) == 2
    assert len(scan_text('![图](figs/a.png){#fig-a fig-alt="试点使投诉减少"}', LOW)) == 1


def test_emphasis_does_not_hide_a_word():
    assert len(scan_text("试点**使**投诉*减少*。", LOW)) == 1


def notebook(path, *items):
    """An executed notebook that shows (text, mark) items."""
    outputs = [nbformat.v4.new_output("display_data", data={"text/markdown": text}, metadata={GRADED: mark} if mark else {}) for text, mark in items]
    cells = [nbformat.v4.new_code_cell("", outputs=outputs), nbformat.v4.new_markdown_cell("平实的一句。")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_a_report_with_such_a_sentence_is_refused_with_what_may_be_said(tmp_path):
    book = notebook(tmp_path / "a.ipynb", ("# 二、原因分析", ""), ("试点使投诉减少了两成。", ""), ("试点成效显著。", ""))
    with pytest.raises(ReportError) as error:
        require_measured_words(book, LOW)
    assert [f.code for f in error.value.failures] == ["CR-U08", "CR-U08"]
    for language in Language:
        said = render_error(error.value, language)
        assert "试点使投诉减少了两成。" in said
        assert "二、原因分析" in said
        assert entries("grades")["E1"][f"words_{language}"] in said
        assert "narrative.zh.md" in said


def test_explanations_pass_only_where_they_are_marked(tmp_path):
    text = "E4：可以说试点使投诉减少。"
    require_measured_words(notebook(tmp_path / "a.ipynb", (text, EXPLAINS)), LOW)
    with pytest.raises(ReportError):
        require_measured_words(notebook(tmp_path / "b.ipynb", (text, "")), LOW)


def test_an_item_may_rest_on_a_grade_of_its_own(tmp_path):
    require_measured_words(notebook(tmp_path / "a.ipynb", ("5个案例平均来看，试点使投诉减少8%。", "E5")), {})
    with pytest.raises(ReportError):
        require_measured_words(notebook(tmp_path / "b.ipynb", ("5个案例平均来看，试点使投诉减少8%。", "E2")), LOW)


def test_hidden_cells_are_not_read(tmp_path):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("试点使投诉减少。", metadata={"tags": ["remove-cell"]})])
    nbformat.write(book, tmp_path / "a.ipynb")
    require_measured_words(tmp_path / "a.ipynb", LOW)


def test_grades_come_from_the_estimates(tmp_path):
    file = tmp_path / "estimates.json"
    outcomes = [
        {"outcome": "complaint_rate", "estimate": {"grade": "E3"}}, {"outcome": "space_use", "estimate": None}, {"outcome": "area_in_use", "estimate": {"grade": None}},
    ]
    file.write_text(json.dumps({"outcomes": outcomes}), encoding="utf8")
    assert grades_in(file) == {"complaint_rate": Grade.E3}
    assert grades_in(None) == {}
    assert grades_in(tmp_path / "none.json") == {}


def test_the_words_are_whole_searches_in_both_languages():
    for key, pair in entries("causal_words").items():
        assert set(pair) == {"zh", "en"}, key
