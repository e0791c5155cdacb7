"""What estimates rest on: designs stated or not, rows without their place, margins with gaps, weights raked anew without flagged rows."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from commresearch.cases.case import Release, SinglePsu
from commresearch.errors import EstimationError
from commresearch.reporting.display import Figure
from commresearch.reporting.quality_design import alike, design, rests_on
from commresearch.reporting.quality_effects import sensitivity
from commresearch.reporting.quality_page import QualityPage
from commresearch.reporting.quality_results import results
from commresearch.reporting.quality_summary import first_screen
from commresearch.survey import estimate_mean, rake
from commresearch.survey.settings import CHOICES
from commresearch.terms import Language, Sampling
from commresearch.workflow.survey_design import UNKNOWN, WEIGHT, rake_known
from commresearch.workflow.survey_quality import assess_survey
from tests.unit.survey_cases import codes, told

ID, N = {"name": "id", "type": "text"}, {"name": "n", "type": "number"}
STREET = {"name": "street", "type": "single", "values": "1=甲\n2=乙", "role": "stratum"}
BLOCK = {"name": "block", "type": "single", "values": "1=东\n2=西"}
HOME = {"name": "home", "type": "single", "values": "1=甲社区\n2=乙社区\n3=丙社区", "role": "community"}
SEX = {"name": "sex", "type": "single", "values": "1=男\n2=女\n3=不愿回答", "missing": "refused=3"}
W = {"name": "w", "type": "number", "role": "weight"}
ROWS = [[f"k{i}", "甲乙"[i % 2], "东西"[i // 2 % 2], ("甲社区", "乙社区", "丙社区")[i % 3], "男女"[i % 3 > 0], str(1 + i % 4), str(i)] for i in range(24)]
HEADER = ["id", "street", "block", "home", "sex", "w", "n"]


@pytest.fixture
def survey(cleaned):
    """A survey of the variables given; `changes`: row and column → what stands there instead."""
    def make(*variables, changes=()):
        rows = [list(row) for row in ROWS]
        for row, column, text in changes:
            rows[row][HEADER.index(column)] = text
        names = ["id", *(v["name"] for v in variables), "n"]
        return cleaned(names, [[row[HEADER.index(name)] for name in names] for row in rows], ID, *variables, N)
    return make


def first(quality):
    return quality.estimates.iloc[0]


def test_the_vocabularies_of_case_toml_are_those_of_the_estimators():
    assert get_args(SinglePsu) == CHOICES["single_psu"]


# ---------------------------------------------------------------- designs


def test_a_design_that_nothing_states_gives_intervals_of_a_model(survey):
    for table in (survey(HOME), survey(HOME, W), survey()):
        quality = assess_survey(table, Sampling.PROBABILITY)
        assert quality.rests_on_model
        assert quality.noted("design_unstated") == {"": 0}
        assert set(quality.estimates["inference"]) == {"model"}
    assert first(assess_survey(survey(HOME), Sampling.PROBABILITY))["df"] == 2  # people of one community are alike


def test_a_design_may_be_stated_by_the_case(survey):
    simple = assess_survey(survey(HOME, W), Sampling.PROBABILITY, design="simple_random")
    frame = survey(HOME, W).frame
    assert not simple.rests_on_model
    assert len(simple.notes) == 0
    assert first(simple)["std_error"] == estimate_mean(frame, "n", weights="w")["std_error"].iloc[0]
    apart = assess_survey(survey(HOME, W), Sampling.PROBABILITY, design="by_community")
    assert first(apart)["std_error"] == estimate_mean(frame, "n", weights="w", strata="home")["std_error"].iloc[0]
    assert first(apart)["inference"] == "design"


def test_a_stated_design_must_fit_the_codebook(survey):
    with pytest.raises(EstimationError) as error:
        assess_survey(survey(STREET), Sampling.PROBABILITY, design="simple_random")
    assert codes(error.value) == ["CR-W40"]
    told(error.value, "CR-W40", "simple_random", "street")
    with pytest.raises(EstimationError) as error:
        assess_survey(survey(W), Sampling.PROBABILITY, design="by_community")
    assert codes(error.value) == ["CR-W41"]
    told(error.value, "CR-W41", "by_community", "community")


def test_several_strata_are_crossed_and_several_clusters_are_stages(survey):
    crossed = assess_survey(survey(STREET, BLOCK | {"role": "stratum"}), Sampling.PROBABILITY)
    assert first(crossed)["df"] == 24 - 4
    staged = assess_survey(survey(HOME | {"role": "cluster"}, BLOCK | {"role": "cluster"}), Sampling.PROBABILITY)
    assert first(staged)["df"] == 3 - 1
    both = assess_survey(survey(STREET, HOME | {"role": "cluster"}), Sampling.PROBABILITY)
    assert first(both)["df"] == 6 - 2


def test_rows_without_their_place_leave_intervals_to_a_model(survey):
    gaps = assess_survey(survey(STREET, HOME | {"role": "cluster"}, changes=[(0, "street", ""), (1, "street", ""), (5, "home", "")]), Sampling.PROBABILITY)
    assert gaps.noted("place_gap") == {"street": 2, "home": 1}
    assert (first(gaps)["inference"], first(gaps)["n"], first(gaps)["df"]) == ("model", 24, 3)  # three clusters and a row by itself


def test_a_stratum_with_one_unit_needs_a_policy(survey):
    lonely = survey(HOME | {"role": "stratum"}, changes=[(i, "home", "甲社区" if i else "乙社区") for i in range(24)])
    with pytest.raises(EstimationError) as error:
        assess_survey(lonely, Sampling.PROBABILITY)
    assert codes(error.value) == ["CR-W69"]
    told(error.value, "CR-W69", "case.toml", "single_psu")
    errors = {policy: first(assess_survey(lonely, Sampling.PROBABILITY, single_psu=policy))["std_error"] for policy in ("certainty", "centre", "average")}
    assert len(set(errors.values())) == 3


def test_weights_are_completed_by_their_mean_and_stand_for_chances_of_selection_only(survey):
    gap = assess_survey(survey(STREET, W, changes=[(0, "w", "")]), Sampling.PROBABILITY)
    assert gap.noted("weight_gap") == {"w": 1}
    assert first(gap)["inference"] == "design"
    frame = survey(STREET, W).frame
    weights = frame["w"].astype("float64").to_numpy(copy=True)
    weights[0] = weights[1:].mean()
    assert first(gap)["estimate"] == pytest.approx(float(np.average(frame["n"].astype("float64"), weights=weights)), rel=1e-12)
    for sampling in (Sampling.OPT_IN, Sampling.QUOTA):
        quality = assess_survey(survey(W), sampling)
        assert quality.noted("weight_unused") == {"w": 0}
        assert first(quality)["estimate"] == 11.5
    assert first(assess_survey(survey(W), Sampling.CENSUS))["estimate"] != 11.5


# ---------------------------------------------------------------- margins


def test_who_did_not_say_keeps_the_share_of_the_sample(survey):
    table = survey(SEX, changes=[(0, "sex", "不愿回答"), (4, "sex", "")])
    margins = pd.DataFrame({"variable": "sex", "category": ["1", "2"], "target": ["600", "600"]})
    quality = assess_survey(table, Sampling.OPT_IN, margins=margins)
    assert quality.noted("margin_gap") == {"sex": 2}
    shares = quality.margins.set_index("category")["after_share"]
    assert shares[UNKNOWN] == pytest.approx(2 / 24)
    assert shares["1"] == shares["2"] == pytest.approx(11 / 24)
    assert quality.margins["target"].sum() == pytest.approx(1200)
    assert assess_survey(survey(SEX), Sampling.OPT_IN, margins=margins).noted("margin_gap") == {}


@pytest.mark.parametrize(("margins", "code"), [
    ({"variable": ["sex", "sex"], "category": ["1", "3"], "target": [5, 5]}, "CR-W08"), ({"variable": ["sax"], "category": ["1"], "target": [5]}, "CR-W02"),
    ({"variable": ["sex", "sex"], "category": ["1", "2"], "target": ["many", 5]}, "CR-W10"), ({"variable": ["sex"], "category": ["1"]}, "CR-W26"),
    ({"variable": [], "category": [], "target": []}, "CR-W26"),
    ({"variable": ["sex", "sex", "street", "street"], "category": ["1", "2", "1", "2"], "target": [50, 50, 60, 60]}, "CR-W12"),
])
def test_wrong_margins_stay_errors(survey, margins, code):
    with pytest.raises(EstimationError) as error:
        assess_survey(survey(SEX, STREET | {"role": ""}, changes=[(0, "sex", "不愿回答")]), Sampling.OPT_IN, margins=pd.DataFrame(margins))
    assert code in codes(error.value)
    assert "CR-W07" not in codes(error.value)


def test_a_margin_that_nobody_answered_and_raking_itself_keep_their_error(survey):
    frame = survey(SEX, changes=[(i, "sex", "") for i in range(24)]).frame.assign(**{WEIGHT: 1.0})
    margins = pd.DataFrame({"variable": "sex", "category": ["1", "2"], "target": [600.0, 600.0]})
    for made in (lambda: rake_known(frame, margins), lambda: rake(frame, margins)):
        with pytest.raises(EstimationError) as error:
            made()
        assert "CR-W07" in codes(error.value)


# ---------------------------------------------------------------- without flagged rows


def flagged(table, rows):
    flags = table.flags.assign(flag_irv=pd.array([i in rows for i in range(len(table.frame))], dtype="boolean"))
    return replace(table, flags=flags[["flag_irv"]])


def test_all_rows_are_the_estimates_and_flagged_ones_are_left_out_before_raking(survey):
    margins = pd.DataFrame({"variable": "sex", "category": ["1", "2"], "target": [600, 600]})
    table = flagged(survey(SEX, HOME), {0, 3, 7})
    quality = assess_survey(table, Sampling.OPT_IN, margins=margins)
    lines = quality.sensitivity.set_index("without")
    for column in ("estimate", "std_error", "conf_low", "conf_high", "n", "df"):
        assert lines.loc["", column] == first(quality)[column]
    rest = table.frame.drop(index=table.frame.index[[0, 3, 7]]).assign(home=lambda f: f["home"].astype("object"))
    again = estimate_mean(rest, "n", weights=rake(rest, margins.astype({"target": float}), base_weight=np.ones(len(rest))), clusters="home", sampling="opt_in")
    assert lines.loc["any_flag", "estimate"] == pytest.approx(again["estimate"].iloc[0], rel=1e-12)
    assert lines.loc["any_flag", "std_error"] == pytest.approx(again["std_error"].iloc[0], rel=1e-9)
    assert set(lines["weighting"]) == {"raked"}


def test_where_a_category_has_nobody_left_the_weights_stay(survey):
    margins = pd.DataFrame({"variable": "sex", "category": ["1", "2"], "target": [600, 600]})
    men = [i for i in range(24) if i % 3 == 0]
    lines = assess_survey(flagged(survey(SEX), set(men)), Sampling.OPT_IN, margins=margins).sensitivity.set_index("without")
    assert lines["weighting"].to_dict() == {"": "raked", "flag_irv": "fitted", "any_flag": "fitted"}
    assert lines.loc["any_flag", "estimate"] == np.mean([i for i in range(24) if i % 3])


# ---------------------------------------------------------------- one sheet


FIVE = {"name": "sat", "type": "single", "values": "1=非常不满意\n2=不太满意\n3=一般\n4=比较满意\n5=非常满意"}


@pytest.mark.parametrize("sampling", Sampling)
def test_of_one_sheet_nothing_is_estimated_and_the_report_says_so(cleaned, sampling):
    table = cleaned(["id", "sat", "n"], [["k1", "比较满意", "4"]], ID, FIVE, N)
    quality = assess_survey(table, sampling, design="simple_random" if sampling is Sampling.PROBABILITY else None)
    is_census = sampling is Sampling.CENSUS
    assert quality.noted("single_sheet") == ({} if is_census else {"": 1})
    assert list(quality.estimates["estimate"]) == ([1, 4, 4] if is_census else [])
    for language, words in ((Language.ZH, "只有1份答卷"), (Language.EN, "One sheet alone")):
        clean = replace(table, provenance=table.provenance | {"sampling": sampling.value, "name_zh": "滨海", "name_en": "Binhai", "wave": "w1"})
        page = QualityPage(clean=clean, quality=quality, language=language, release=Release(edition="internal"))
        texts = [str(getattr(item, "text", "")) for section in (results, sensitivity) for item in section(page)]
        assert sum(words in text for text in texts) == (0 if is_census else 2)


def test_two_sheets_are_estimated(cleaned):
    quality = assess_survey(cleaned(["id", "sat", "n"], [["k1", "比较满意", "4"], ["k2", "一般", "2"]], ID, FIVE, N), Sampling.OPT_IN)
    assert quality.noted("single_sheet") == {}
    assert list(quality.estimates["estimate"]) == [0.5, 3.5, 3]


# ---------------------------------------------------------------- what the page says of the design


def page_on(table, quality, sampling, language="zh"):
    clean = replace(table, provenance=table.provenance | {"sampling": sampling.value})
    return QualityPage(clean=clean, quality=quality, language=Language(language))


@pytest.mark.parametrize(("language", "few", "degrees"), [("zh", "不足10群时，区间的宽窄很不稳", "（自由度2）"), ("en", "fewer than 10 groups the width", "(degrees of freedom: 2)")])
def test_intervals_that_rest_on_few_communities_say_so(survey, language, few, degrees):
    quality = assess_survey(survey(HOME), Sampling.OPT_IN)
    assert quality.noted("alike") == {"home": 3}
    page = page_on(survey(HOME), quality, Sampling.OPT_IN, language)
    for text in (rests_on(page), alike(page, few_only=True)):
        assert few in text
        assert degrees in text.replace("\\", "")
    assert any(few in item.markdown(None) for item in first_screen(page) if not isinstance(item, Figure))
    many = replace(page, quality=replace(quality, notes=quality.notes.assign(n=12), estimates=quality.estimates.assign(df=11.0)))
    assert few not in rests_on(many)
    assert "12" in rests_on(many)
    assert alike(many, few_only=True) == ""


def test_how_many_name_no_community_does_not_follow_from_the_degrees_of_freedom(survey):
    table = survey(HOME, changes=[(0, "home", "")])
    quality = assess_survey(table, Sampling.QUOTA)
    assert first(quality)["df"] == 3
    text = rests_on(page_on(table, quality, Sampling.QUOTA))
    assert "没有写明的，每份各算一群。区间按群计。" in text
    assert not any(word in text for word in ("自由度", "3群", "4群", "不足10群"))
    assert alike(page_on(table, quality, Sampling.QUOTA), few_only=True) == ""


@pytest.mark.parametrize("variables", [(), (SEX,), (STREET,)])
def test_where_every_sheet_stands_for_itself_nothing_is_said_of_groups(survey, variables):
    table = survey(*variables)
    quality = assess_survey(table, Sampling.OPT_IN)
    assert quality.noted("alike") == {}
    assert alike(page_on(table, quality, Sampling.OPT_IN)) == ""


def test_a_known_design_and_a_census_have_no_groups_of_a_model(survey):
    assert assess_survey(survey(HOME), Sampling.CENSUS).noted("alike") == {}
    assert assess_survey(survey(HOME), Sampling.PROBABILITY, design="by_community").noted("alike") == {}


@pytest.mark.parametrize(("stated", "variables", "zh", "en"), [
    (None, (STREET,), "按“street”分层，未整群，未作有限总体校正", "strata by “street”, no clusters, no finite population correction"),
    (None, (STREET, {**BLOCK, "role": "cluster"}), "按“street”分层，抽样群为“block”，未", "strata by “street”, clusters by “block”, no finite"),
    ("by_community", (HOME,), "按“home”分层，未整群", "strata by “home”, no clusters"),
    ("simple_random", (HOME,), "未分层，未整群", "no strata, no clusters"),
])
def test_the_design_that_intervals_follow_from_is_named(survey, stated, variables, zh, en):
    table = survey(*variables)
    quality = assess_survey(table, Sampling.PROBABILITY, design=stated)
    for language, words in (("zh", zh), ("en", en)):
        page = page_on(table, quality, Sampling.PROBABILITY, language)
        assert words in rests_on(page)
        assert any(words in item.markdown(None) for item in first_screen(page) if not isinstance(item, Figure))
        assert alike(page) == ""


def test_no_design_is_named_where_intervals_do_not_follow_from_it(survey):
    for table, sampling in ((survey(HOME), Sampling.PROBABILITY), (survey(STREET, changes=[(0, "street", "")]), Sampling.PROBABILITY), (survey(HOME), Sampling.CENSUS)):
        assert design(page_on(table, assess_survey(table, sampling), sampling)) == ""


def test_a_weighted_sample_that_was_not_drawn_is_not_said_to_describe_those_who_answered(survey):
    margins = pd.DataFrame({"variable": "sex", "category": ["1", "2"], "target": [600, 600]})
    table = survey(SEX)
    for language, raked, plain in (("zh", "已按人口总数加权", "说的是答卷的人"), ("en", "weighted to population counts", "They describe those who answered")):
        weighted, not_weighted, drawn = (
            rests_on(page_on(table, assess_survey(table, sampling, margins=given), sampling, language))
            for sampling, given in ((Sampling.QUOTA, margins), (Sampling.QUOTA, None), (Sampling.PROBABILITY, margins))
        )
        assert (raked in weighted, plain in weighted) == (True, False)
        assert (raked in not_weighted, plain in not_weighted) == (False, True)
        assert raked not in drawn
