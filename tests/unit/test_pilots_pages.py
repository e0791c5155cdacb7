"""The report over pilots: what it shows where effects may be pooled, where they may not, and where nothing is known of mechanisms."""

from dataclasses import replace

import pandas as pd
import pytest

from commresearch.reporting import pilots_page, pilots_pooling, pilots_sets
from commresearch.reporting.display import Figure, Table
from commresearch.terms import Language
from commresearch.workflow.pilot_comparison import compare_pilots
from tests.unit.test_pilot_comparison import effects


def page_of(given, language):
    return pilots_page.PilotsPage(found=compare_pilots(given), language=Language(language))


def sections(page):
    return [
        *pilots_page.first_screen(page), *pilots_page.effects(page), *pilots_pooling.pooling(page), *pilots_pooling.unpooled(page), *pilots_page.claims(page),
        *pilots_sets.combinations(page), *pilots_page.truth(page), *pilots_page.appendix(page, "0"),
    ]


def markdown(items, folder):
    return "\n".join(item.markdown(folder) for item in items)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everything_of_simulated_pilots_is_stamped_and_named(language, tmp_path):
    page = page_of(effects(), language)
    items = sections(page)
    assert {"tbl-pilots-truth-table", "tbl-pilots-solutions", "tbl-pilots-chance", "tbl-pilots-robustness", "fig-pilots-xy"} <= {i.id for i in items if isinstance(i, Figure | Table)}
    stamp = {"zh": "模拟数据", "en": "Simulated"}[language]
    assert all(stamp.lower() in item.note.lower() for item in items if isinstance(item, Figure | Table))
    text = markdown(items, tmp_path)
    assert "CR-" not in text
    assert not any(f"{case_id} " in text or f"{case_id}、" in text for case_id in page.names)
    assert len({i.id for i in items if isinstance(i, Figure | Table)}) == sum(isinstance(i, Figure | Table) for i in items)


def test_what_may_not_be_pooled_is_shown_by_direction_with_the_reason(tmp_path):
    page = page_of(effects(grade="E2"), "zh")
    text = markdown(sections(page), tmp_path)
    assert "投诉率：不合并" in text
    assert "组合分析没有做" in text
    assert "fig-pilots-harvest-complaint-rate" in text
    assert "合并估计的三种区间" not in text


def test_a_causal_verb_stands_nowhere_but_in_the_table_of_words(tmp_path):
    for language, words in (("zh", ("导致", "使投诉", "减少了")), ("en", ("reduced", "raised", "led to"))):
        page = page_of(effects(), language)
        words_by_grade = len(pilots_page.appendix(page, "0"))
        text = markdown(sections(page)[:-words_by_grade], tmp_path).lower()
        assert not any(word in text for word in words)


def test_pilots_without_doses_have_no_analysis_of_combinations(tmp_path):
    text = markdown(sections(page_of(effects(doses=False), "en")), tmp_path)
    assert "Combinations were not looked for" in text


def test_claims_are_laid_beside_estimates(tmp_path):
    given = effects()
    claims = pd.DataFrame([{
        "case_id": given.places["case_id"][0], "claim_id": "x-001", "label_zh": "月投诉量", "label_en": "Complaints a month", "unit": "percent", "outcome": "complaint_rate",
        "claimed": -59.0, "claimed_low": -59.5, "claimed_high": -58.5, "remeasured": -58.7, "remeasured_low": -72.0, "remeasured_high": -39.0, "estimated": -25.0,
        "estimated_low": -35.0, "estimated_high": -14.0, "grade": "E3", "recording": 0.0, "season": -15.5, "common": 1.6, "regression": -19.5, "remainder": 0.0,
        "summary_zh": "材料称下降59%。", "summary_en": "The source says a fall by 59%.",
    }])
    page = page_of(replace(given, claims=claims), "zh")
    text = markdown(pilots_page.claims(page), tmp_path)
    assert "1条里1条差得远" in text
    assert "−25 (−35, −14)" in text
    assert "材料称下降59%。" in text
