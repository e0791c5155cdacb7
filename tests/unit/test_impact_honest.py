"""Honest intervals and the power of pre-tests: wrong input, invariances, limits, simulation."""

import math

import numpy as np
import pytest

from commresearch.errors import EstimationError
from commresearch.impact.honest import event_study, honest_did
from commresearch.impact.pretrend_power import pretrend_power, trend_power
from commresearch.terms import Language
from commresearch.words.messages import render_error

BETA = np.array([0.3, -0.2, 0.1, 2.0, 2.5])
SIGMA = 0.04 * (0.5 * np.eye(5) + 0.5)


def refused(**changes):
    options = {"estimates": BETA, "vcov": SIGMA, "n_pre": 3, "n_post": 2, "bounds": [0.5]} | changes
    with pytest.raises(EstimationError) as error:
        honest_did(options.pop("estimates"), options.pop("vcov"), **options)
    assert all("{" not in render_error(error.value, language) for language in Language)
    return [f.code for f in error.value.failures], render_error(error.value, "en")


@pytest.mark.parametrize(("changes", "code", "said"), [
    ({"estimates": BETA[:4]}, "CR-I48", "estimates"),
    ({"vcov": SIGMA[:4, :4]}, "CR-I48", "4×4; 5×5 is needed"),
    ({"target": [1, 0, 0]}, "CR-I48", "target"),
    ({"n_pre": 0, "n_post": 5}, "CR-I49", "n_pre"),
    ({"vcov": SIGMA + np.triu(np.ones((5, 5)), 1) * 0.01}, "CR-I47", "not symmetric"),
    ({"vcov": 0.04 * (3 * np.ones((5, 5)) - 2 * np.eye(5))}, "CR-I47", "negative eigenvalue"),
    ({"vcov": SIGMA * np.array([0, 1, 1, 1, 1])}, "CR-I47", "not above zero"),
    ({"vcov": np.full((5, 5), np.nan)}, "CR-I47", "not finite"),
    ({"vcov": 0.04 * np.ones((5, 5))}, "CR-I47", "singular"),
    ({"estimates": [0, 1, np.nan, 1, 1]}, "CR-I49", "estimates"),
    ({"target": [0, 0]}, "CR-I49", "target"),
    ({"bounds": [0.5, -0.1]}, "CR-I49", "-0.1"),
    ({"bounds": [math.inf]}, "CR-I49", "inf"),
    ({"bounds": []}, "CR-I49", "bounds"),
    ({"kind": "rm"}, "CR-I49", "relative_magnitudes"),
    ({"conf_level": 95}, "CR-I49", "95"),
    ({"grid": 3}, "CR-I49", "grid"),
])
def test_wrong_input_is_refused_in_words(changes, code, said):
    codes, text = refused(**changes)
    assert codes == [code]
    assert said in text


def test_all_that_is_wrong_is_said_at_once():
    assert refused(bounds=[-1, -2], kind="x", conf_level=0)[0] == ["CR-I49"] * 4


@pytest.mark.parametrize("kind", ["smoothness", "relative_magnitudes"])
def test_scale_and_sign(kind):
    options = {"n_pre": 3, "n_post": 2, "kind": kind, "grid": None}
    bounds = np.array([0.0, 0.3, 1.0])
    made = honest_did(BETA, SIGMA, bounds=bounds, **options)[["conf_low", "conf_high"]].to_numpy()
    by = 1 if kind == "relative_magnitudes" else 100
    scaled = honest_did(100 * BETA, 1e4 * SIGMA, bounds=bounds * by, **options)[["conf_low", "conf_high"]].to_numpy()
    assert scaled == pytest.approx(100 * made, rel=1e-3)
    turned = honest_did(-BETA, SIGMA, bounds=bounds, **options)[["conf_high", "conf_low"]].to_numpy()
    assert turned == pytest.approx(-made, abs=1e-3)
    assert (np.diff(made[:, 0]) < 0).all()
    assert (np.diff(made[:, 1]) > 0).all()


def test_the_target_is_the_first_period_unless_said_otherwise():
    made = honest_did(BETA, SIGMA, n_pre=3, n_post=2, bounds=[0.1])
    assert made.equals(honest_did(BETA, SIGMA, n_pre=3, n_post=2, bounds=[0.1], target=[1, 0]))
    assert not made.equals(honest_did(BETA, SIGMA, n_pre=3, n_post=2, bounds=[0.1], target=[0.5, 0.5]))


@pytest.mark.parametrize("kind", ["smoothness", "relative_magnitudes"])
def test_one_period_on_either_side(kind):
    made = honest_did([0.1, 2.0], 0.04 * np.eye(2), n_pre=1, n_post=1, kind=kind, bounds=[0.0, 0.5])
    assert (made["conf_low"] < 2).all()
    assert (made["conf_high"] > 2).all()
    if kind == "smoothness":  # the only unbiased estimator is β₁ + β₋₁: variance 0.08
        centre, half = 2.1, 1.959964 * math.sqrt(0.08)
        assert made.loc[0, ["conf_low", "conf_high"]].tolist() == pytest.approx([centre - half, centre + half], abs=1e-6)


def test_relative_magnitudes_bear_a_singular_covariance():
    """Fewer clusters than coefficients: usual with communities as clusters."""
    root = np.random.default_rng(0).normal(size=(12, 6))
    made = honest_did(np.r_[np.zeros(8), 3, 3, 3, 3], root @ root.T / 60, n_pre=8, n_post=4, kind="relative_magnitudes", bounds=[0.5])
    assert made.loc[0, "conf_low"] < 3 < made.loc[0, "conf_high"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("grid", [None, 50])
@pytest.mark.parametrize("sign", [1, -1])
def test_relative_magnitudes_need_an_error_of_what_they_compare(sign, grid):
    """An effect that is told exactly by a coefficient before the start; and periods all of one error."""
    tied = 0.04 * np.eye(5)
    tied[2, 3] = tied[3, 2] = 0.04 * sign
    for vcov in (tied, 0.04 * np.ones((5, 5))):
        codes, text = refused(vcov=vcov, kind="relative_magnitudes", bounds=[0, 0.5, 1, 2], grid=grid)
        assert codes == ["CR-I47"]
        assert "no error" in text
    opposite = 0.04 * np.eye(5)
    opposite[3, 4] = opposite[4, 3] = -0.04
    assert refused(vcov=opposite, kind="relative_magnitudes", target=[0.5, 0.5])[0] == ["CR-I47"]


def test_long_event_studies_stay_quick():
    rng = np.random.default_rng(4)
    root = rng.normal(size=(36, 80))
    beta = np.r_[0.1 * rng.normal(size=24), np.full(12, 1.0)]
    for kind in ("smoothness", "relative_magnitudes"):
        made = honest_did(beta, root @ root.T / 800, n_pre=24, n_post=12, kind=kind, bounds=[0, 0.05], target=np.full(12, 1 / 12))
        assert np.isfinite(made.to_numpy()).all()


def test_power_of_one_coefficient_is_the_normal_law():
    from scipy.stats import norm, truncnorm

    half, eighty = pretrend_power([[0.04, 0.01], [0.01, 0.09]], n_pre=1, n_post=1)
    for made, power in ((half, 0.5), (eighty, 0.8)):
        shift = made.slope / 0.2
        assert norm.cdf(-1.959964 + shift) + norm.cdf(-1.959964 - shift) == pytest.approx(power, abs=1e-6)
        passed = 0.2 * truncnorm.mean(-1.959964, 1.959964, loc=0) if shift == 0 else 0.2 * truncnorm.mean(
            -1.959964 + shift, 1.959964 + shift, loc=-shift)
        assert made.bias.tolist() == [made.slope]
        assert made.bias_given_pass[0] == pytest.approx(made.slope + 0.01 / 0.04 * (passed + made.slope), abs=1e-5)


def test_power_and_bias_against_simulation():
    rng = np.random.default_rng(8)
    root = rng.normal(size=(6, 10))
    sigma = root @ root.T / 10
    for made in pretrend_power(sigma, n_pre=4, n_post=2):
        trend = made.slope * np.array([-4, -3, -2, -1, 1, 2.0])
        drawn = rng.multivariate_normal(trend, sigma, size=400_000)
        passes = (np.abs(drawn[:, :4]) <= 1.959964 * np.sqrt(np.diag(sigma)[:4])).all(axis=1)
        assert 1 - passes.mean() == pytest.approx(made.power, abs=4 * math.sqrt(0.25 / len(drawn)))
        error = drawn[passes, 4:].std(axis=0) / math.sqrt(passes.sum())
        assert (np.abs(drawn[passes, 4:].mean(axis=0) - made.bias_given_pass) < 4 * error).all()
        assert made.bias.tolist() == pytest.approx([made.slope, 2 * made.slope])


def test_independent_coefficients_have_the_product_of_their_powers():
    from scipy.stats import norm

    made = trend_power(event_study(np.zeros(7), np.eye(7), n_pre=5, n_post=2), 0.4)
    shifts = 0.4 * np.arange(1, 6)
    assert made.power == pytest.approx(1 - np.prod(norm.cdf(1.959964 - shifts) - norm.cdf(-1.959964 - shifts)), abs=1e-5)
    assert made.bias_given_pass == pytest.approx(made.bias, abs=1e-12)  # nothing before the start tells of what is after


def test_a_steep_trend_never_passes():
    made = trend_power(event_study(np.zeros(3), np.eye(3), n_pre=2, n_post=1), 1e4)
    assert made.power == 1


@pytest.mark.parametrize(("options", "said"), [
    ({"powers": [0.02]}, "powers"), ({"powers": [1.0]}, "powers"), ({"level": 0}, "level"), ({"n_pre": 4}, "vcov"),
])
def test_powers_out_of_reach(options, said):
    with pytest.raises(EstimationError) as error:
        pretrend_power(SIGMA, **({"n_pre": 3, "n_post": 2} | options))
    assert said in render_error(error.value, "zh")


def test_a_singular_covariance_has_no_pretest():
    with pytest.raises(EstimationError) as error:
        pretrend_power(np.ones((3, 3)), n_pre=2, n_post=1)
    assert error.value.failures[0].code == "CR-I47"
