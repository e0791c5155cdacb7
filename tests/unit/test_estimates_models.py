"""Regression, tests of association, replicates and calibrated weights beyond what the reference numbers cover."""

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from commresearch.errors import EstimationError
from commresearch.survey.association import rao_scott_test
from commresearch.survey.estimates import estimate_mean, estimate_share
from commresearch.survey.raking import rake
from commresearch.survey.regression import survey_regression

FITTED = 1e-8  #: relative; two iterative fits of the same likelihood


@pytest.fixture
def frame():
    generator = np.random.default_rng(11)
    n = 240
    x = generator.normal(size=n)
    return pd.DataFrame(
        {
            "cluster": np.repeat(np.arange(24), 10),
            "weight": generator.uniform(1, 4, n),
            "x": x,
            "count": generator.poisson(np.exp(0.5 + 0.3 * x)),
            "yes": generator.random(n) < 1 / (1 + np.exp(-x)),
            "sex": generator.choice(["f", "m"], n),
            "age": pd.Categorical(generator.choice(["young", "middle", "old"], n), categories=["young", "middle", "old", "oldest"]),
        }
    )


DESIGN = {"weights": "weight", "clusters": "cluster"}


@pytest.mark.parametrize(
    ("family", "outcome", "model"),
    [("gaussian", "x", sm.families.Gaussian()), ("binomial", "yes", sm.families.Binomial()), ("poisson", "count", sm.families.Poisson())],
)
def test_coefficients_are_those_of_the_weighted_likelihood(frame, family, outcome, model):
    covariates = ["sex", "age"] if family == "gaussian" else ["x", "age"]
    result = survey_regression(frame, outcome, covariates, family=family, **DESIGN)
    dummies = pd.get_dummies(frame[covariates], drop_first=True).drop(columns="age_oldest").astype(float)
    expected = sm.GLM(frame[outcome].astype(float), sm.add_constant(dummies), family=model, freq_weights=frame["weight"]).fit(tol=1e-14)
    np.testing.assert_allclose(result["estimate"], expected.params, rtol=FITTED)
    assert result["unit"].iloc[0] == {"gaussian": "value", "binomial": "log_odds", "poisson": "log_points"}[family]


def test_terms_leave_out_the_first_category_that_occurs(frame):
    result = survey_regression(frame[frame["age"] != "young"], "x", ["age", "sex"], unit="points", **DESIGN)
    assert result["term"].tolist() == ["intercept", "age[old]", "sex[m]"]
    assert set(result["unit"]) == {"points"}
    assert result["df"].tolist() == [24 - 1 + 1 - 3] * 3


def test_an_intercept_alone_is_the_mean(frame):
    alone = survey_regression(frame, "x", [], **DESIGN).loc[0]
    mean = estimate_mean(frame, "x", **DESIGN).loc[0]
    for column in ("estimate", "std_error", "df", "conf_low"):
        assert alone[column] == pytest.approx(mean[column], rel=1e-12)


def test_rows_with_a_gap_leave_the_model_and_not_the_design(frame):
    frame["half"] = frame["x"].where(frame["sex"] == "f")
    gaps = survey_regression(frame, "half", ["age"], **DESIGN)
    assert gaps["n"].iloc[0] == (frame["sex"] == "f").sum()
    with pytest.raises(EstimationError, match="CR-W71"):
        survey_regression(frame, "half", ["age"], missing="raise", **DESIGN)
    with pytest.raises(EstimationError) as caught:
        survey_regression(frame, "missing", ["gone", "sex", "lost"], weights="weight", clusters="none")
    assert [f.code for f in caught.value.failures] == ["CR-W51"] * 4


def test_a_model_for_a_sample_that_chose_itself_says_so(frame):
    result = survey_regression(frame, "x", ["sex"], sampling="opt_in", **DESIGN)
    assert set(result["inference"]) == {"model"}
    assert rao_scott_test(frame, "sex", "age", sampling="quota", **DESIGN).inference == "model"


def test_the_result_of_a_test_goes_into_tables_and_json(frame):
    test = rao_scott_test(frame, "sex", "age", **DESIGN)
    assert test.table.to_numpy().sum() == pytest.approx(1)
    assert test.table.index.name == "sex"
    assert test.table.columns.tolist() == ["young", "middle", "old"]
    assert test.to_frame().shape == (1, 8)
    chisq = json.loads(json.dumps(rao_scott_test(frame, "sex", "age", statistic="Chisq", **DESIGN).to_dict()))
    assert chisq["df_denominator"] is None
    assert chisq["df_numerator"] == 2


def test_a_simple_random_sample_with_equal_weights_gives_pearsons_test(frame):
    test = rao_scott_test(frame, "sex", "age", weights=np.ones(len(frame)), statistic="Chisq")
    table = pd.crosstab(frame["sex"], frame["age"])
    expected = sm.stats.Table(table.loc[:, table.sum() > 0], shift_zeros=False).test_nominal_association()
    assert test.statistic == pytest.approx(expected.statistic, rel=1e-12)
    assert test.mean_deff == pytest.approx(1, abs=0.05)


def test_an_empty_cell_does_not_stop_the_test(frame):
    frame.loc[(frame["sex"] == "m") & (frame["age"] == "old"), "age"] = "young"
    assert 0 <= rao_scott_test(frame, "sex", "age", **DESIGN).p_value < 1e-6


def test_a_test_without_degrees_of_freedom_or_variance_has_no_p_value(frame):
    three = frame[frame["cluster"] < 3].assign(k=lambda f: list("abcde") * 6)
    for statistic in ("Wald", "adjWald"):
        test = rao_scott_test(three, "sex", "k", statistic=statistic, **DESIGN)
        assert np.isnan(test.statistic)
        assert np.isnan(test.p_value)
    assert np.isnan(rao_scott_test(frame, "sex", "age", fpc=1.0, **DESIGN).p_value)


def test_calibrated_domains_in_blocks_are_the_same(frame, monkeypatch):
    weights = rake(frame, {"sex": {"f": 300, "m": 300}}, base_weight="weight")
    expected = estimate_mean(frame, "x", weights=weights, clusters="cluster", by="age")
    monkeypatch.setattr("commresearch.survey.variance.BLOCK", 1)
    pd.testing.assert_frame_equal(estimate_mean(frame, "x", weights=weights, clusters="cluster", by="age"), expected)


def test_a_share_that_raking_fixes_has_no_uncertainty(frame):
    weights = rake(frame, {"sex": {"f": 400, "m": 200}}, base_weight="weight", tolerance=1e-12)
    for options in ({}, {"method": "jackknife"}, {"interval": "beta"}, {"sampling": "opt_in"}):
        share = estimate_share(frame, "sex", weights=weights, clusters="cluster", **options)
        np.testing.assert_allclose(share[["estimate", "conf_low", "conf_high"]], np.outer([2 / 3, 1 / 3], [1, 1, 1]), rtol=1e-9)


def test_the_jackknife_says_nearly_the_same_as_linearisation(frame):
    weights = rake(frame, {"sex": {"f": 400, "m": 200}, "age": {"young": 200, "middle": 200, "old": 200}}, base_weight="weight")
    for design in (DESIGN, DESIGN | {"weights": weights}):
        taylor, jackknife = (estimate_mean(frame, "x", method=m, **design).loc[0] for m in ("taylor", "jackknife"))
        assert jackknife["estimate"] == taylor["estimate"]
        assert jackknife["std_error"] == pytest.approx(taylor["std_error"], rel=0.1)


def test_weights_of_other_rows_are_refused(frame):
    weights = rake(frame.set_index(frame.index + 1), {"sex": {"f": 0.5, "m": 0.5}})
    with pytest.raises(EstimationError, match="CR-W54"):
        estimate_mean(frame, "x", weights=weights)
