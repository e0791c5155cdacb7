import numpy as np
import pandas as pd
import pytest

from commresearch.errors import EstimationError
from commresearch.survey.satisfaction import satisfaction
from commresearch.survey.scale_direction import check_keys
from commresearch.survey.scales import reliability, score_scale
from commresearch.words import render_error

ITEMS = ["t1", "t2", "t3", "t4"]
KEYS = {"t1": 1, "t2": 1, "t3": -1, "t4": 1}


@pytest.fixture
def trust():
    """Two cities of 200 persons, four items from 1 to 5, the third reversed; most answers lie above the middle."""
    generator = np.random.default_rng(20)
    level = generator.normal(3.9, 0.8, 400)
    answers = np.clip(np.round(level[:, None] + generator.normal(0, 0.7, (400, 4))), 1, 5)
    answers[:, 2] = 6 - answers[:, 2]
    frame = pd.DataFrame(answers, columns=ITEMS).assign(city=["甲市"] * 200 + ["乙市"] * 200)
    return frame.assign(overall=np.clip(np.round(level + generator.normal(0, 0.5, 400)), 1, 5))


def fail(function, *arguments, **options):
    with pytest.raises(EstimationError) as error:
        function(*arguments, **options)
    for language in ("zh", "en"):
        assert "{" not in render_error(error.value, language)
    return [f.code for f in error.value.failures]


def test_a_score_needs_enough_answers():
    answers = {"t1": [5, 5, None, None], "t2": [4, None, None, 1], "t3": [1, None, None, 2], "t4": [4, 3, None, None]}
    frame = pd.DataFrame(answers, index=list("abcd"))
    scores = score_scale(frame, ITEMS, keys=KEYS, low=1, high=5)
    assert scores.dtype == "Float64"
    assert scores.index.tolist() == list("abcd")
    assert scores.tolist()[:2] == [(5 + 4 + 5 + 4) / 4, 4.0]
    assert scores.isna().tolist() == [False, False, True, False]
    assert score_scale(frame, ITEMS, keys=KEYS, low=1, high=5, min_answered=0.75).isna().tolist() == [False, True, True, True]


def test_codes_kept_as_text_or_categories_are_read_as_numbers(trust):
    as_text = trust[ITEMS].astype(int).astype("str")
    as_text["t4"] = as_text["t4"].astype("category")
    expected = score_scale(trust, ITEMS, keys=KEYS, low=1, high=5)
    pd.testing.assert_series_equal(score_scale(as_text, ITEMS, keys=[1, 1, -1, 1], low=1, high=5), expected)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"keys": [1, 1, -1]}, ["CR-W32"]),
        ({"keys": [1, 1, -1, 1, 1]}, ["CR-W32"]),
        ({"keys": {"t1": 1, "t2": 2, "t3": -1}}, ["CR-W32"]),
        ({"items": ["t1", "t1"], "keys": [1, 1]}, ["CR-W32"]),
        ({"items": ["t1", "t9"], "keys": [1, 1]}, ["CR-W02"]),
        ({"items": ["t1"], "keys": [1]}, ["CR-W31"]),
        ({"items": ["t1", "city"], "keys": [1, 1]}, ["CR-W03"]),
        ({"low": 5, "high": 1}, ["CR-W34"]),
        ({"high": 4}, ["CR-W33", "CR-W33", "CR-W33", "CR-W33"]),
        ({"min_answered": 0, "keys": [0, 0, 0, 0]}, ["CR-W32", "CR-W34"]),
        ({"min_answered": 1.2}, ["CR-W34"]),
    ],
)
def test_scales_that_do_not_fit(trust, changes, codes):
    settings = {"items": ITEMS, "keys": KEYS, "low": 1, "high": 5} | changes
    assert fail(score_scale, trust, **settings) == codes


def test_a_code_of_missing_left_in_an_item_is_named(trust):
    trust.loc[3, "t1"] = -3
    with pytest.raises(EstimationError) as error:
        reliability(trust, ITEMS, keys=KEYS, low=1, high=5)
    assert "-3" in render_error(error.value, "zh")


def test_reversing_is_what_makes_alpha(trust):
    keyed = reliability(trust, ITEMS, keys=KEYS, low=1, high=5)
    forgotten = reliability(trust, ITEMS, keys=[1, 1, 1, 1])
    assert keyed.alpha > 0.75 > 0.2 > forgotten.alpha
    assert keyed.conf_low < keyed.alpha < keyed.conf_high
    assert forgotten.items.set_index("item").loc["t3", "item_rest"] < 0
    assert forgotten.items.set_index("item").loc["t3", "alpha_if_dropped"] > forgotten.alpha
    changed = keyed.items
    changed["n"] = 0
    assert keyed.items["n"].tolist() == [400] * 4


def test_a_wider_level_gives_a_wider_interval(trust):
    narrow, wide = (reliability(trust, ITEMS, keys=KEYS, conf_level=level) for level in (0.8, 0.99))
    assert wide.conf_low < narrow.conf_low < narrow.conf_high < wide.conf_high


def test_two_items_have_alpha_but_no_omega(trust):
    pair = reliability(trust, ["t1", "t2"], keys=[1, 1])
    r = trust["t1"].corr(trust["t2"])
    assert pair.standardised_alpha == pytest.approx(2 * r / (1 + r))
    assert np.isnan(pair.omega)
    assert pair.items["alpha_if_dropped"].isna().all()
    assert pair.items["item_rest"].tolist() == pytest.approx([r, r])


def test_reliability_needs_variance_and_answers(trust):
    assert fail(reliability, trust.assign(t1=3), ITEMS, keys=KEYS) == ["CR-W35"]
    assert fail(reliability, trust.head(3), ITEMS, keys=KEYS) == ["CR-W35"]
    assert fail(reliability, trust, ITEMS, keys=KEYS, low=1) == ["CR-W34"]
    assert fail(reliability, trust, ITEMS, keys=KEYS, use="listwise", conf_level=95) == ["CR-W34", "CR-W34"]


def test_a_forgotten_reversal_is_found_in_the_city_that_forgot(trust):
    second = trust["city"] == "乙市"
    trust.loc[second, "t3"] = 6 - trust.loc[second, "t3"]
    report = check_keys(trust, ITEMS, keys=KEYS, low=1, high=5, by="city").set_index(["group", "item"])
    assert report["flag"].loc[lambda f: f != ""].to_dict() == {("乙市", "t3"): "against_scale"}
    assert report.loc[("乙市", "t3"), "item_rest"] < 0 < report.loc[("甲市", "t3"), "item_rest"]


def test_a_city_that_asked_five_to_one_is_found_by_the_others_and_by_an_anchor(trust):
    second = trust["city"] == "乙市"
    trust.loc[second, ITEMS] = 6 - trust.loc[second, ITEMS]
    without = check_keys(trust, ITEMS, keys=KEYS, low=1, high=5, by="city")
    assert set(without["flag"]) == {"other_side"}  # each city flags the other
    anchored = check_keys(trust, ITEMS, keys=KEYS, low=1, high=5, by="city", anchor="overall").groupby("group")["flag"].agg(set)
    assert anchored.to_dict() == {"甲市": {"other_side"}, "乙市": {"against_anchor other_side"}}


def test_cities_that_agree_carry_no_flag(trust):
    report = check_keys(trust, ITEMS, keys=KEYS, low=1, high=5, by="city", anchor="overall")
    assert set(report["flag"]) == {""}
    assert (report["anchor_r"] > 0.4).all()
    assert report.shape == (8, 8)
    whole = check_keys(trust, ITEMS, keys=KEYS, low=1, high=5)
    assert whole["group"].unique().tolist() == [""]
    assert whole["anchor_r"].isna().all()
    assert fail(check_keys, trust, ITEMS, keys=KEYS, low=1, high=5, by="street", anchor="mood") == ["CR-W02", "CR-W02"]
    assert fail(check_keys, trust, ITEMS, keys=KEYS, low=1, high=5, anchor="city") == ["CR-W03"]


def test_a_group_too_small_to_tell_carries_no_flag(trust):
    trust.loc[0, "city"] = "丙市"
    trust.loc[1, "city"] = None
    report = check_keys(trust, ITEMS, keys=KEYS, low=1, high=5, by="city", anchor="overall").set_index("group")
    assert report.loc["丙市", "flag"].tolist() == [""] * 4
    assert set(report.index) == {"甲市", "乙市", "丙市"}


KINDS = ["", "", "", "", "", "dont_know", "blank", "skipped", "refused", "not_exported"]


@pytest.fixture
def service():
    answers = ["5", "4", "3", "2", "1", None, None, None, None, None]
    return pd.DataFrame({"q9": pd.Categorical(answers, categories=list("12345"))}, index=[f"r{i}" for i in range(10)])


def test_satisfaction_counts_the_two_best_and_keeps_dont_know_apart(service):
    kinds = pd.DataFrame({"q9": KINDS}, index=service.index)
    result = satisfaction(service, "q9", best=5, missing_kinds=kinds)
    assert result["top_two"].tolist()[:5] == [1, 1, 0, 0, 0]
    assert result["score"].tolist()[:5] == [5, 4, 3, 2, 1]
    assert result["top_two"].isna().sum() == result["score"].isna().sum() == 5
    assert result["dont_know"].tolist()[:7] == [0, 0, 0, 0, 0, 1, 0]
    assert result["dont_know"].isna().tolist()[7:] == [True, False, True]  # skipped, refused, not exported
    assert result["dont_know"].mean() == pytest.approx(1 / 8)
    assert result.dtypes.astype("str").tolist() == ["Int8", "Float64", "Int8"]
    assert result.index.equals(service.index)


def test_satisfaction_the_other_way_round(service):
    result = satisfaction(service, "q9", best=1, missing_kinds=pd.Series(KINDS, index=service.index))
    assert result["top_two"].tolist()[:5] == [0, 0, 0, 1, 1]
    assert result["score"].tolist()[:5] == [1, 2, 3, 4, 5]


def test_satisfaction_without_kinds_takes_codes_and_guesses_nothing():
    frame = pd.DataFrame({"q9": [5, 9, None, 2]})
    result = satisfaction(frame, "q9", best=5, dont_know=[9])
    assert result["top_two"].tolist()[0] == 1
    assert result["dont_know"].isna().tolist() == [False, False, True, False]
    assert result["dont_know"].sum() == 1
    assert satisfaction(frame.astype("Int64").astype("str"), "q9", best=5, dont_know=["9", "<NA>"])["score"].tolist()[3] == 2


def test_satisfaction_that_does_not_fit(service):
    assert fail(satisfaction, service, "q8", best=3) == ["CR-W02", "CR-W36"]
    assert fail(satisfaction, service, "q9", best=5, missing_kinds=pd.Series(KINDS)) == ["CR-W37"]
    assert fail(satisfaction, pd.DataFrame({"q9": [5, 9]}), "q9", best=5) == ["CR-W33"]
    assert fail(satisfaction, pd.DataFrame({"q9": [5, 2.5]}), "q9", best=5) == ["CR-W33"]
    assert fail(satisfaction, pd.DataFrame({"q9": ["满意", "5"]}), "q9", best=5) == ["CR-W03"]
