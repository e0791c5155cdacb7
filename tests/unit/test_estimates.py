"""Behaviour of the estimators: domains, options, samples that are not random, shares of nothing and of everything."""

import numpy as np
import pandas as pd
import pytest

from commresearch.errors import EstimationError
from commresearch.survey.association import rao_scott_test
from commresearch.survey.estimates import estimate_mean, estimate_ratio, estimate_share, estimate_total
from commresearch.survey.quantiles import estimate_quantile
from commresearch.survey.raking import rake
from commresearch.survey.regression import survey_regression
from commresearch.survey.sample import RESULT_COLUMNS
from commresearch.terms import Sampling

SAME = 1e-12  #: two ways to the same sum in double precision


@pytest.fixture
def frame():
    """Three strata of four clusters of five persons."""
    generator = np.random.default_rng(5)
    n = 60
    return pd.DataFrame(
        {
            "stratum": np.repeat(["a", "b", "c"], 20),
            "cluster": np.tile(np.repeat([1, 2, 3, 4], 5), 3),
            "size": np.repeat([10, 20, 40], 20),
            "weight": generator.uniform(1, 3, n),
            "score": generator.normal(50, 10, n) + np.tile(np.repeat([0, 3, 6, 9], 5), 3),
            "hours": generator.uniform(1, 5, n),
            "sex": generator.choice(["f", "m"], n),
            "answer": pd.Categorical(generator.choice(["no", "yes"], n), categories=["no", "unsure", "yes"]),
        }
    )


DESIGN = {"weights": "weight", "strata": "stratum", "clusters": "cluster"}


def codes(call):
    with pytest.raises(EstimationError) as caught:
        call()
    return [f.code for f in caught.value.failures]


def test_a_result_has_the_columns_of_an_effect_in_order(frame):
    result = estimate_mean(frame, "score", by=["sex", "stratum"], **DESIGN)
    assert list(result.columns) == ["sex", "stratum", *RESULT_COLUMNS]
    assert list(zip(result["sex"], result["stratum"], strict=True)) == [(s, h) for s in "fm" for h in "abc"]
    assert result[["statistic", "p_value"]].isna().all(axis=None)
    assert set(result["unit"]) == {"value"}
    assert set(result["inference"]) == {"design"}
    assert result["n"].sum() == 60


def test_unit_and_level_are_stated_as_asked(frame):
    narrow = estimate_mean(frame, "score", unit="hours", conf_level=0.8, **DESIGN)
    wide = estimate_mean(frame, "score", **DESIGN)
    assert narrow.loc[0, "unit"] == "hours"
    assert narrow.loc[0, "conf_level"] == 0.8
    assert narrow.loc[0, "conf_high"] < wide.loc[0, "conf_high"]
    assert estimate_share(frame, "sex", **DESIGN).loc[0, "unit"] == "share"


def test_weights_may_be_a_column_an_array_a_list_or_a_series(frame):
    expected = estimate_mean(frame, "score", weights="weight")
    for weights in (frame["weight"].to_numpy(), frame["weight"].tolist(), frame["weight"]):
        pd.testing.assert_frame_equal(estimate_mean(frame, "score", weights=weights), expected)


def test_columns_of_the_design_may_be_given_as_values(frame):
    expected = estimate_mean(frame, "score", fpc="size", **DESIGN)
    given = {k: frame[v] for k, v in DESIGN.items()}
    pd.testing.assert_frame_equal(estimate_mean(frame, "score", fpc=frame["size"].to_numpy(), **given), expected)


def test_clusters_numbered_anew_in_each_stratum_are_different_clusters(frame):
    expected = estimate_mean(frame, "score", **DESIGN)
    named = frame.assign(cluster=frame["stratum"] + frame["cluster"].astype(str))
    pd.testing.assert_frame_equal(estimate_mean(named, "score", **DESIGN), expected)
    assert expected.loc[0, "df"] == 12 - 3
    assert codes(lambda: estimate_mean(frame, "score", nest=False, **DESIGN)) == ["CR-W68"]
    pd.testing.assert_frame_equal(estimate_mean(named, "score", nest=False, **DESIGN), expected)


def test_fpc_is_a_count_a_share_or_one_number(frame):
    counts = estimate_mean(frame, "score", fpc="size", **DESIGN)
    rates = estimate_mean(frame.assign(size=4 / frame["size"]), "score", fpc="size", **DESIGN)
    np.testing.assert_allclose(rates["std_error"], counts["std_error"], rtol=SAME)
    without = estimate_mean(frame, "score", **DESIGN)
    halved = estimate_mean(frame, "score", fpc=0.5, **DESIGN)
    np.testing.assert_allclose(halved["std_error"], without["std_error"] * np.sqrt(0.5), rtol=SAME)
    eight = estimate_mean(frame, "score", fpc=8, **DESIGN)
    np.testing.assert_allclose(eight["std_error"], halved["std_error"], rtol=SAME)


def test_everything_sampled_leaves_nothing_uncertain(frame):
    result = estimate_mean(frame, "score", fpc=1.0, **DESIGN)
    assert result.loc[0, "std_error"] == 0
    assert result.loc[0, "conf_low"] == result.loc[0, "estimate"] == result.loc[0, "conf_high"]
    jackknife = estimate_mean(frame, "score", fpc=1.0, method="jackknife", **DESIGN)
    assert jackknife.loc[0, "std_error"] == 0


def test_missing_values_leave_the_domain_and_not_the_design(frame):
    gaps = frame.assign(score=frame["score"].mask(frame["sex"] == "m"))
    by_domain = estimate_mean(frame, "score", by="sex", fpc="size", **DESIGN)
    by_gap = estimate_mean(gaps, "score", fpc="size", **DESIGN)
    for column in ("estimate", "std_error", "conf_low", "deff", "df", "n"):
        assert by_gap.loc[0, column] == pytest.approx(by_domain.loc[0, column], rel=SAME)
    persons = {"weights": "weight", "strata": "stratum"}
    dropped = estimate_mean(frame[frame["sex"] == "f"], "score", **persons)
    assert dropped.loc[0, "std_error"] != pytest.approx(estimate_mean(gaps, "score", **persons).loc[0, "std_error"], rel=1e-6)


def test_a_missing_domain_is_no_domain_and_a_missing_value_may_be_refused(frame):
    frame.loc[[3, 4], "sex"] = None
    assert estimate_mean(frame, "score", by="sex", **DESIGN)["n"].sum() == 58
    assert codes(lambda: estimate_mean(frame, "score", by="sex", missing="raise", **DESIGN)) == ["CR-W71"]
    assert len(estimate_mean(frame, "score", missing="raise", **DESIGN)) == 1


def test_a_domain_without_values_has_no_estimate(frame):
    frame.loc[frame["sex"] == "m", "score"] = np.nan
    for estimator in (estimate_mean, estimate_total, estimate_quantile):
        row = estimator(frame, "score", by="sex", **DESIGN).set_index("sex").loc["m"]
        assert row["n"] == 0
        assert row[["estimate", "std_error", "conf_low", "conf_high"]].isna().all()


def test_a_domain_within_one_cluster_has_no_standard_error(frame):
    frame["place"] = np.where((frame["stratum"] == "a") & (frame["cluster"] == 1), "one", "rest")
    result = estimate_mean(frame, "score", by="place", domain_df="design", **DESIGN).set_index("place")
    assert np.isnan(result.loc["one", "std_error"])
    assert np.isnan(result.loc["one", "conf_low"])
    assert result.loc["rest", "std_error"] > 0
    total = estimate_total(frame, "score", by="place", domain_df="domain", **DESIGN).set_index("place")
    assert total.loc["one", "std_error"] > 0
    assert np.isnan(total.loc["one", "conf_low"])


def test_degrees_of_freedom_of_a_domain_or_of_the_design(frame):
    domain = estimate_mean(frame, "score", by="stratum", domain_df="domain", **DESIGN)
    design = estimate_mean(frame, "score", by="stratum", **DESIGN)
    assert domain["df"].tolist() == [3, 3, 3]
    assert design["df"].tolist() == [9, 9, 9]
    assert (domain["conf_high"] > design["conf_high"]).all()


def test_totals_of_domains_add_up_and_ratios_are_quotients_of_totals(frame):
    total = estimate_total(frame, "score", **DESIGN).loc[0, "estimate"]
    assert estimate_total(frame, "score", by="sex", **DESIGN)["estimate"].sum() == pytest.approx(total, rel=SAME)
    ratio = estimate_ratio(frame, ("score", "hours"), **DESIGN).loc[0, "estimate"]
    assert ratio == pytest.approx(total / estimate_total(frame, "hours", **DESIGN).loc[0, "estimate"], rel=SAME)
    ones = estimate_ratio(frame.assign(one=1), ("score", "one"), **DESIGN)
    pd.testing.assert_frame_equal(ones, estimate_mean(frame, "score", **DESIGN))
    with pytest.raises(TypeError, match="pair"):
        estimate_ratio(frame, "score", **DESIGN)


def test_every_category_has_a_row_also_one_nobody_chose(frame):
    result = estimate_share(frame, "answer", by="sex", **DESIGN)
    assert result["category"].tolist() == ["no", "unsure", "yes"] * 2
    np.testing.assert_allclose(result.groupby("sex")["estimate"].sum(), 1, rtol=SAME)
    unsure = result[result["category"] == "unsure"]
    assert (unsure["estimate"] == 0).all()
    assert (unsure["conf_low"] == 0).all()
    assert unsure["conf_high"].between(0.05, 0.3).all()


@pytest.mark.parametrize("interval", ["logit", "beta", "wald"])
def test_shares_of_nothing_and_of_everything_have_the_same_exact_interval(frame, interval):
    frame["all"] = pd.Categorical(["x"] * 60, categories=["x", "y"])
    result = estimate_share(frame, "all", weights=np.ones(60), interval=interval).set_index("category")
    upper = 1 - 0.025 ** (1 / 60)  # exact binomial of 60 independent answers, none of them
    assert result.loc["y", "conf_high"] == pytest.approx(upper, rel=SAME)
    assert result.loc["x", "conf_low"] == pytest.approx(1 - upper, rel=SAME)
    clustered = estimate_share(frame, "all", interval=interval, **DESIGN).set_index("category")
    assert clustered.loc["y", "conf_high"] > upper


def test_shares_of_numbers_booleans_and_texts(frame):
    flag = frame["sex"] == "m"
    types = ("bool", "boolean", "int64", "Int8", "float64", "Float64")
    columns = [*(flag.astype(t) for t in types), flag.map({True: "y", False: "n"})]
    shares = [estimate_share(frame.assign(v=column), "v", **DESIGN) for column in columns]
    assert [s["category"].tolist() for s in shares] == [[False, True]] * 2 + [[0, 1]] * 4 + [["n", "y"]]
    for share in shares[1:]:
        pd.testing.assert_frame_equal(share.drop(columns="category"), shares[0].drop(columns="category"))
    assert shares[0]["estimate"].iloc[1] == pytest.approx(estimate_mean(frame.assign(v=flag), "v", **DESIGN).loc[0, "estimate"], rel=SAME)


def test_texts_and_numbers_in_one_column_are_categories_too(frame):
    frame["mixed"] = pd.Series([1, "a"] * 30, dtype=object)
    assert estimate_share(frame, "mixed", **DESIGN)["category"].tolist() == [1, "a"]


@pytest.mark.parametrize("design", [{}, {"clusters": "cluster"}, {"clusters": "cluster", "method": "jackknife"}])
def test_a_share_of_all_is_one_to_the_last_digit_whatever_the_weights(design):
    generator = np.random.default_rng(8)
    frame = pd.DataFrame({"weight": generator.uniform(0.1, 9, 5003), "cluster": np.arange(5003) % 7, "answer": "yes"})
    result = estimate_share(frame, "answer", weights="weight", **design).loc[0]
    assert result["estimate"] == result["conf_high"] == 1
    assert result["std_error"] == 0
    assert result["conf_low"] < 1


KINDS = {
    "negative": lambda codes: codes - 2,
    "eight bits": lambda codes: (codes - 2).astype("int8"),
    "without sign": lambda codes: codes.astype("uint64") + np.uint64(2**63),
    "far apart": lambda codes: codes * 10**15 - 10**15,
    "nullable": lambda codes: codes.astype("Int64"),
    "texts": lambda codes: "k" + codes.astype(str),
    "floats": lambda codes: codes.astype(float),
    "categories": lambda codes: pd.Categorical(codes, categories=[*range(6)]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_of_any_kind_mark_strata_clusters_and_domains(frame, kind):
    frame["stratum"], frame["age"] = frame["stratum"].map({"a": 0, "b": 1, "c": 2}), np.arange(60) % 4
    expected = estimate_mean(frame, "score", by="age", **DESIGN)
    coded = frame.assign(**{name: KINDS[kind](frame[name]) for name in ("stratum", "cluster", "age")}).sample(frac=1, random_state=1)
    found = estimate_mean(coded, "score", by="age", **DESIGN).dropna(subset="estimate")
    assert found["age"].tolist() == np.unique(KINDS[kind](pd.Series(range(4)))).tolist()
    for column in ("estimate", "std_error", "deff", "df", "n"):
        np.testing.assert_allclose(found[column], expected[column], rtol=SAME)


def test_gaps_in_whole_numbers_are_in_no_domain(frame):
    frame["group"] = pd.array([1, 2, None] * 20, dtype="Int64")
    result = estimate_share(frame, "group", by="sex", **DESIGN)
    assert result["category"].tolist() == [1, 2, 1, 2]
    assert result["n"].drop_duplicates().sum() == 40


@pytest.mark.parametrize("by", [None, "sex"])
@pytest.mark.parametrize("options", [{}, {"single_psu": "average"}, {"clusters": ("cluster", "home"), "fpc": ("size", 0.5)}, {"clusters": None}])
def test_a_share_is_the_mean_of_an_indicator(frame, by, options):
    frame = pd.concat([frame] * 10, ignore_index=True)  # more rows than units, domains and categories make cells
    frame["answer"], frame["home"] = frame["answer"].mask(np.arange(600) % 7 == 0), np.arange(600) % 3
    frame.loc[frame["stratum"] == "c", "cluster"] = 1 if "single_psu" in options else frame["cluster"]
    frame["yes"] = (frame["answer"] == "yes").astype(float).mask(frame["answer"].isna())
    design = DESIGN | options
    shares = estimate_share(frame, "answer", by=by, **design).query("category == 'yes'")
    means = estimate_mean(frame, "yes", by=by, **design)
    for column in ("estimate", "std_error", "deff", "df", "n"):
        np.testing.assert_allclose(shares[column], means[column], rtol=1e-10)


def test_the_deff_of_a_total_keeps_its_digits_far_from_zero(frame):
    frame["weight"] = 2.0
    totals = [estimate_total(frame.assign(score=frame["score"] + shift), "score", weights="weight").loc[0, "deff"] for shift in (0, 2.0**30)]
    assert totals[1] == pytest.approx(totals[0], rel=1e-6)


def test_strata_with_one_cluster_are_named_as_they_come(frame):
    frame["stratum"] = frame["stratum"].map({"a": 30, "b": 20, "c": 10})
    lonely = frame[(frame["stratum"] == 20) | (frame["cluster"] == 1)]
    with pytest.raises(EstimationError) as caught:
        estimate_mean(lonely, "score", **DESIGN)
    assert caught.value.failures[0].values["strata"] == "30, 10"


def test_several_quantiles_and_domains(frame):
    result = estimate_quantile(frame, "score", q=[0.25, 0.75], by="sex", **DESIGN)
    assert result[["sex", "quantile"]].to_numpy().tolist() == [["f", 0.25], ["f", 0.75], ["m", 0.25], ["m", 0.75]]
    assert result["deff"].isna().all()


def test_a_quantile_is_a_value_that_enough_weight_reaches():
    frame = pd.DataFrame({"v": [1.0, 2.0, 3.0, 4.0], "w": [0.1, 0.2, 0.3, 0.4], "z": [1.0, 0.0, 1.0, 1.0]})
    found = estimate_quantile(frame, "v", weights="w", q=[0.05, 0.1, 0.3, 0.31, 0.99])
    assert found["estimate"].tolist() == [1, 1, 2, 3, 4]
    assert estimate_quantile(frame, "v", weights="z", q=0.5).loc[0, "estimate"] == 3
    assert found[["conf_low", "std_error"]].iloc[0].isna().all()  # the interval of the share reaches below 0


@pytest.mark.parametrize("sampling", ["quota", Sampling.OPT_IN])
def test_without_random_selection_the_interval_is_a_models(frame, sampling):
    model = estimate_mean(frame, "score", sampling=sampling, by="sex", **DESIGN)
    assert set(model["inference"]) == {"model"}
    assert model["deff"].isna().all()
    design = estimate_mean(frame, "score", by="sex", **DESIGN)
    np.testing.assert_allclose(model["std_error"], design["std_error"], rtol=SAME)
    assert codes(lambda: estimate_mean(frame, "score", sampling=sampling, fpc="size", **DESIGN)) == ["CR-W60"]


def test_a_census_has_no_sampling_error(frame):
    for estimator in (estimate_mean, estimate_total, estimate_quantile):
        row = estimator(frame, "score", sampling="census", **DESIGN).loc[0]
        assert row["std_error"] == 0
        assert row["conf_low"] == row["estimate"] == row["conf_high"]
        assert row["inference"] == "none"
        assert np.isnan(row["df"])
    lonely = frame.assign(stratum=range(60))
    shares = estimate_share(lonely, "answer", sampling="census", weights="weight", strata="stratum")
    assert (shares["conf_high"] == shares["estimate"]).all()
    assert codes(lambda: estimate_mean(frame, "score", sampling="census", fpc=1.0, **DESIGN)) == ["CR-W60"]
    assert codes(lambda: rao_scott_test(frame, "sex", "answer", sampling="census", **DESIGN)) == ["CR-W58"]
    assert codes(lambda: survey_regression(frame, "score", ["sex"], sampling="census", **DESIGN)) == ["CR-W58"]


def test_weights_scaled_to_the_sample_have_no_deff_without_replacement(frame):
    scaled = frame.assign(weight=frame["weight"] / frame["weight"].mean())
    assert np.isnan(estimate_mean(scaled, "score", **DESIGN).loc[0, "deff"])
    assert estimate_mean(scaled, "score", deff="wr", **DESIGN).loc[0, "deff"] > 0


def test_an_unknown_option_is_a_mistake_in_the_call(frame):
    with pytest.raises(TypeError, match="confidence"):
        estimate_mean(frame, "score", weights="weight", confidence=0.9)


def test_many_domains_and_few_give_the_same_numbers(frame, monkeypatch):
    expected = estimate_mean(frame, "score", by=["sex", "answer"], fpc="size", **DESIGN)
    monkeypatch.setattr("commresearch.survey.variance.DENSE", 0)
    wide = pd.concat([frame.assign(part=i) for i in range(3)], ignore_index=True)
    few = estimate_mean(frame, "score", by=["sex", "answer"], fpc="size", **DESIGN)
    pd.testing.assert_frame_equal(few, expected)
    by_part = estimate_mean(wide.assign(cluster=wide["cluster"] + 10 * wide["part"]), "score", by="part", **DESIGN)
    np.testing.assert_allclose(by_part["estimate"], estimate_mean(frame, "score", **DESIGN)["estimate"].iloc[0], rtol=SAME)


@pytest.mark.parametrize("by", [None, "sex", ["sex", "stratum"]])
def test_several_variables_at_once_are_estimated_as_each_by_itself(frame, by):
    frame = frame.assign(score=frame["score"].mask(frame.index % 7 == 0), hours=frame["hours"].mask(frame.index % 5 == 1), chosen=frame["hours"] > 3)
    raked = rake(frame, pd.DataFrame({"variable": "sex", "category": ["f", "m"], "target": [80, 70]}), base_weight="weight")
    for weights in ("weight", raked):
        design = DESIGN | {"weights": weights}
        for estimator, columns in (
            (estimate_mean, ["hours", "score"]), (estimate_total, ["score", "hours"]), (estimate_share, ["answer", "chosen"]), (estimate_mean, ["score"]),
        ):
            found = estimator(frame, columns, by=by, **design)
            assert found.columns[0] == "variable"
            assert list(found["variable"].unique()) == columns
            for column in columns:
                mine = found[found["variable"] == column].drop(columns="variable").reset_index(drop=True)
                alone = estimator(frame, column, by=by, **design)
                pd.testing.assert_frame_equal(mine.astype({"category": "str"} if "category" in mine else {}), alone.astype({"category": "str"} if "category" in alone else {}))


def test_what_is_wrong_with_several_variables_is_said_together_with_their_names(frame):
    empty = frame.assign(score=np.nan, hours=np.nan)
    with pytest.raises(EstimationError) as caught:
        estimate_mean(empty, ["score", "weight", "hours"], **DESIGN)
    assert [(f.code, f.values["column"]) for f in caught.value.failures] == [("CR-W82", "score"), ("CR-W82", "hours")]
    assert codes(lambda: estimate_share(frame, ["sex", "sexes"], **DESIGN)) == ["CR-W51"]
    assert codes(lambda: estimate_mean(frame.rename(columns={"sex": "variable"}), ["score"], by="variable", **DESIGN)) == ["CR-W70"]
    with pytest.raises(TypeError, match="at least one"):
        estimate_mean(frame, [], **DESIGN)


@pytest.mark.parametrize("estimator", [estimate_mean, estimate_total, estimate_share])
def test_domains_may_be_called_variable_where_one_variable_is_estimated(frame, estimator):
    called = frame.rename(columns={"sex": "variable"})
    found = estimator(called, "score", by="variable", **DESIGN)
    expected = estimator(frame, "score", by="sex", **DESIGN).rename(columns={"sex": "variable"})
    pd.testing.assert_frame_equal(found, expected)
    with pytest.raises(EstimationError) as caught:
        estimator(called, ["score"], by="variable", **DESIGN)
    assert [(f.code, "variable" in f.values["reserved"]) for f in caught.value.failures] == [("CR-W70", True)]


def test_values_given_in_place_of_columns_are_known_by_their_names(frame):
    given = [frame["score"], (frame["score"] * 2).rename("twice")]
    found = estimate_mean(frame, given, **DESIGN)
    assert list(found["variable"]) == ["score", "twice"]
    assert found.loc[1, "estimate"] == pytest.approx(2 * found.loc[0, "estimate"], rel=SAME)
