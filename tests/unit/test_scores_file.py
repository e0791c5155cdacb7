"""scores.csv: what is refused, what is read, and that the comparison shows a total only where it stands."""

import shutil

import pytest

from commresearch.comparison.scores_file import SCORES, read_scores
from commresearch.comparison.total_weights import total_weights
from commresearch.errors import EstimationError, SchemaError
from commresearch.reporting import comparison_page, scorecard_page
from commresearch.words import render_error
from tests.conftest import ROOT

CASES = ["huancui", "wenshang", "zibo"]
HEAD = "case_id,indicator,unit,better,value\n"
ROWS = "huancui,停车位,个,higher,120\nhuancui,投诉量,件,lower,30\nwenshang,停车位,个,higher,80\nwenshang,投诉量,件,lower,60\nzibo,停车位,个,higher,150\nzibo,投诉量,件,lower,45\n"


def written(tmp_path, text):
    path = tmp_path / SCORES
    path.write_text(text, encoding="utf8")
    return path


def refused(tmp_path, text):
    with pytest.raises(SchemaError) as caught:
        read_scores(written(tmp_path, text), CASES)
    for language in ("zh", "en"):
        assert "{" not in render_error(caught.value, language)
    return [(f.code, f.values.get("row"), f.values.get("column", "")) for f in caught.value.failures]


def test_columns_that_are_missing_are_named(tmp_path):
    assert refused(tmp_path, "case_id,value\nhuancui,3\n") == [("CR-T09", None, "")]


def test_every_fault_is_said_with_its_row(tmp_path):
    rows = "nowhere,a,x,higher,1\nhuancui,,x,up,one\nwenshang,a,x,higher,2\nwenshang,a,x,higher,3\nzibo,a,y,lower,inf\n"
    assert refused(tmp_path, HEAD + rows) == [
        ("CR-T10", 2, "case_id"), ("CR-T10", 3, "indicator"), ("CR-T10", 3, "better"), ("CR-T10", 3, "value"), ("CR-T10", 6, "value"), ("CR-T11", 5, ""), ("CR-T12", 6, ""),
    ]


def test_cases_stand_in_the_order_of_the_ledger_and_units_decide_the_scaling(tmp_path):
    scores = read_scores(written(tmp_path, HEAD + "zibo,a,x,higher,1\nzibo,b,x,lower,2\nhuancui,a,x,higher,3\nhuancui,b,x,lower,4\n"), CASES)
    assert scores.table.index.tolist() == ["huancui", "zibo"]
    assert scores.table.loc["huancui"].tolist() == [3.0, 4.0]
    assert [i.higher_is_better for i in scores.indicators] == [True, False]
    assert scores.scaling == "none"
    assert read_scores(written(tmp_path, HEAD + ROWS), CASES).scaling == "min_max"


def test_a_score_that_is_not_there_is_missing_and_no_zero(tmp_path):
    scores = read_scores(written(tmp_path, HEAD + ROWS.rsplit("zibo,投诉量", 1)[0]), CASES)
    with pytest.raises(EstimationError, match="CR-T07"):
        total_weights(scores.table, scores.indicators, scaling=scores.scaling, seed=1)


@pytest.mark.parametrize(("language", "words"), [("zh", "分数由索要总分的一方给出"), ("en", "given by whoever asked for a total")])
def test_the_comparison_shows_a_total_only_where_one_was_asked_for(tmp_path, language, words):
    ledger = tmp_path / "published"
    shutil.copytree(ROOT / "data_raw" / "published", ledger)
    assert scorecard_page.total(comparison_page.open_page(str(ledger), language)) == []
    written(ledger, HEAD + ROWS)
    text = "\n".join(item.markdown(tmp_path) for item in scorecard_page.total(comparison_page.open_page(str(ledger), language)))
    assert words in text
    assert "fig-weights" in text
