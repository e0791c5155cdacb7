"""Honest intervals on the Medicaid expansion: the printed numbers, and every step against brute force."""

import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog, minimize
from scipy.stats import ncx2, truncnorm

from commresearch.impact.conditional_test import FIRST_STAGE, accepts, cut_normal_quantile
from commresearch.impact.honest import event_study, honest_did
from commresearch.impact.honest_relative import _changes_before, _moments, relative_interval
from commresearch.impact.honest_smoothness import folded_critical, frontier, smoothness_interval

DATA = Path(__file__).parent / "data"
PRINTED_6 = 5e-7  #: coefficients printed with six decimals
PRINTED_3 = 1e-4  #: intervals printed with three digits
HALF_STEP = 0.0002  #: half a step of the reference's grid, 40 standard errors of 0.00915 and more by 999
ALPHA = 0.05


@pytest.fixture(scope="module")
def medicaid():
    """Event study by state and year with two-way effects; covariance by state as fixest: G/(G−1) (n−1)/(n−k), unit effects nested."""
    frame = pd.read_csv(DATA / "ehec.csv").query("year < 2016 and yexp2 != 2015")
    wide = frame.pivot(index="stfips", columns="year", values="dins")
    treated = (frame.groupby("stfips")["yexp2"].first() == 2014).reindex(wide.index).to_numpy(float)
    n, t = wide.shape

    def within(a):
        return (a - a.mean(axis=0) - a.mean(axis=1, keepdims=True) + a.mean()).ravel()

    x = np.stack([within(treated[:, None] * (np.asarray(wide.columns) == year)) for year in wide.columns if year != 2013], axis=1)
    y = within(wide.to_numpy())
    bread = np.linalg.inv(x.T @ x)
    beta = bread @ x.T @ y
    scores = (x * (y - x @ beta)[:, None]).reshape(n, t, -1).sum(axis=1)
    factor = n / (n - 1) * (n * t - 1) / (n * t - (len(beta) + t))
    return beta, factor * bread @ scores.T @ scores @ bread


def test_coefficients(medicaid):
    printed = [-0.005285, -0.011297, -0.002676, -0.001419, 0.000340, 0.046447, 0.069206]
    assert medicaid[0] == pytest.approx(printed, abs=PRINTED_6)


def test_smoothness_as_printed(medicaid):
    made = honest_did(*medicaid, n_pre=5, n_post=2, bounds=[0, 0.01, 0.02, 0.03, 0.04, 0.05])
    printed = [(0.0259, 0.0607), (0.0132, 0.0787), (0.00286, 0.0907), (-0.00714, 0.101), (-0.0171, 0.111), (-0.0271, 0.121)]
    for (low, high), row in zip(printed, made.itertuples(), strict=True):
        assert row.conf_low == pytest.approx(low, abs=PRINTED_3)
        assert row.conf_high == pytest.approx(high, abs=max(PRINTED_3, 0.0005 if high > 0.1 else 0))
    assert made.columns.tolist() == ["bound", "conf_low", "conf_high"]


def test_relative_magnitudes_as_printed(medicaid):
    """At 1.5 and 2 against moderndid 0.4.1, whose first stage is 1,000 draws: within one step of its grid."""
    made = honest_did(*medicaid, n_pre=5, n_post=2, kind="relative_magnitudes", bounds=[0.5, 1, 1.5, 2])
    ends = made[["conf_low", "conf_high"]].to_numpy()
    assert ends[:2] == pytest.approx(np.array([[0.0241, 0.0673], [0.0171, 0.0720]]), abs=HALF_STEP)
    assert ends[2:] == pytest.approx(np.array([[0.00858691, 0.07959883], [-0.00066606, 0.08794632]]), abs=2.1 * HALF_STEP)
    assert ends[3, 0] < 0  # broken at 2, where a plug-in bound still says robust


def test_finer_ends_lie_within_a_step_outside(medicaid):
    coarse, fine = (
        honest_did(*medicaid, n_pre=5, n_post=2, kind="relative_magnitudes", bounds=[1.0], grid=grid).iloc[0] for grid in (1000, None)
    )
    assert 0 <= coarse["conf_low"] - fine["conf_low"] < 2.1 * HALF_STEP
    assert 0 <= fine["conf_high"] - coarse["conf_high"] < 2.1 * HALF_STEP
    # R's own grid around zero, the same test: its printed ends are the next points inside ours
    step = 40 * math.sqrt(medicaid[1][5, 5]) / 999
    inside = (np.ceil(fine["conf_low"] / step - 0.5) + 0.5) * step, (np.floor(fine["conf_high"] / step - 0.5) + 0.5) * step
    assert inside == pytest.approx((0.0170, 0.0720), abs=5e-5)


def inequalities(study, change, bound):
    """All rows of A with a period after the start in them, and which columns are free: A(β − τ) ≤ 0."""
    after = len(study.target)
    steps = np.hstack([np.zeros((after, study.n_pre)), np.eye(after) - np.eye(after, k=-1)])
    return np.vstack([steps - bound * change, -steps - bound * change])


@pytest.mark.parametrize("target", [[1.0, 0, 0], [0, 0, 1.0], [1 / 3, 1 / 3, 1 / 3], [1.0, -1.0, 0]])
def test_the_largest_moment_is_the_linear_programme(target):
    rng = np.random.default_rng(5)
    root = rng.normal(size=(7, 9))
    study = event_study(rng.normal(size=7), root @ root.T / 9, n_pre=4, n_post=3, target=target)
    turned = np.vstack([study.target, np.linalg.svd(study.target[None])[2][1:]])  # θ first, then free directions
    for change, bound, theta in itertools.product(_changes_before(study)[:3], (0.5, 2.0), (-1.0, 0.3, 4.0)):
        rows = inequalities(study, change, bound)
        scale = np.sqrt(np.einsum("ij,jk,ik->i", rows, study.vcov, rows))
        on = rows[:, 4:] @ np.linalg.inv(turned)
        left = rows @ study.estimates - on[:, 0] * theta
        solved = linprog([1, 0, 0], A_ub=-np.column_stack([scale, on[:, 1:]]), b_ub=-left, bounds=[(None, None)] * 3)
        moments, _ = _moments(study, change, bound, ALPHA)
        assert (moments.values - moments.slope * theta).max() == pytest.approx(solved.fun, abs=1e-8)


def test_first_stage_by_integration_and_by_simulation(medicaid):
    study = event_study(*medicaid, n_pre=5, n_post=2)
    draws = np.random.default_rng(3).standard_normal((7, 400_000))
    for change, bound in itertools.product(_changes_before(study)[1:4], (0.3, 1.0, 3.0)):
        moments, critical = _moments(study, change, bound, ALPHA)
        values, vectors = np.linalg.eigh(moments.covariance)
        largest = (vectors * np.sqrt(np.maximum(values, 0)) @ draws[: len(values)]).max(axis=0)
        simulated = np.quantile(largest, 1 - FIRST_STAGE * ALPHA)
        assert critical == pytest.approx(simulated, abs=0.04)  # three Monte Carlo errors of a 0.995 quantile


def test_cut_normal_quantiles():
    low, high = np.array([-1.0, 0.5, 2.0, -np.inf, -3.0]), np.array([1.0, 3.0, 2.5, 0.0, np.inf])
    assert cut_normal_quantile(0.95, low, high) == pytest.approx(truncnorm.ppf(0.95, low, high), rel=1e-9)
    far = cut_normal_quantile(0.95, np.array([40.0]), np.array([np.inf]))[0]
    assert far == pytest.approx(40 + math.log(20) / 40, rel=1e-4)
    assert cut_normal_quantile(0.95, np.array([-np.inf]), np.array([-40.0]))[0] == pytest.approx(-40 - math.log(1 / 0.95) / 40, rel=1e-4)


def test_intervals_of_least_length_against_a_general_optimiser(medicaid):
    """Half length of the best of all linear estimators, by a search that knows nothing of the path."""
    study = event_study(*medicaid, n_pre=5, n_post=2, target=[0.5, 0.5])
    path = frontier(study)
    times = np.array([-5, -4, -3, -2, -1, 1, 2.0])
    # second differences of δ at −4 … 1 (δ₀ = 0), as rows; δ = slope · t + basis · u
    full = np.insert(np.eye(7), 5, 0, axis=0)
    second = full[2:] - 2 * full[1:-1] + full[:-2]
    basis = np.linalg.pinv(second)
    for bound in (0.0, 0.004, 0.02):
        def half(free, bound=bound):
            before = np.append(free, (free @ times[:4] + study.target @ times[5:]))  # weight at −1 that makes it unbiased for lines
            weights = np.concatenate([before, study.target])
            spread = math.sqrt(weights @ study.vcov @ weights)
            return spread * math.sqrt(ncx2.ppf(1 - ALPHA, 1, (bound * np.abs(weights @ basis).sum() / spread) ** 2))

        best = min((minimize(half, s, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 20000, "maxfev": 20000})
                    for s in (np.zeros(4), path.weights[-1][:4], path.weights[len(path.weights) // 2][:4])), key=lambda r: r.fun)
        low, high = smoothness_interval(study, path, bound, alpha=ALPHA)
        assert (high - low) / 2 <= best.fun * (1 + 1e-6)
        assert (high - low) / 2 == pytest.approx(best.fun, rel=2e-4)


def test_critical_values_of_the_folded_normal():
    bias = np.array([0.0, 0.3, 1.0, 3.0])
    assert folded_critical(bias, ALPHA) == pytest.approx(np.sqrt(ncx2.ppf(1 - ALPHA, 1, np.maximum(bias, 1e-12) ** 2)), rel=1e-7)
    assert folded_critical(np.array([50.0]), ALPHA)[0] == pytest.approx(50 + 1.6448536269514722)


@pytest.mark.parametrize(("n_post", "bound"), [(2, 1.0), (1, 1.0), (2, 0.5)])
def test_coverage_at_the_worst_deviation(medicaid, n_post, bound):
    """The true effect is nothing and the deviation after the start is as large as allowed: at most 5 % of intervals miss it."""
    keep = list(range(5 + n_post))
    sigma = medicaid[1][np.ix_(keep, keep)]
    rng = np.random.default_rng(11)
    draws = 1000
    for size in (0.0, 0.02, 0.1):
        deviation = np.zeros(5 + n_post)
        deviation[:2] = size  # the largest change lies between the second and the third period
        deviation[5:] = -bound * size * np.arange(1, n_post + 1)
        betas = rng.multivariate_normal(deviation, sigma, size=draws)
        study = event_study(np.zeros(5 + n_post), sigma, n_pre=5, n_post=n_post)
        covered = np.zeros(draws, dtype=bool)
        for change in _changes_before(study):
            template, first = _moments(study, change, bound, ALPHA)
            rows = _rows(study, change, bound)
            for i in np.flatnonzero(~covered):
                moments = type(template)(values=rows @ betas[i], slope=template.slope, covariance=template.covariance)
                covered[i] = accepts(moments, np.zeros(1), alpha=ALPHA, first_stage=first)[0]
        assert 1 - covered.mean() <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / draws)


def _rows(study, change, bound):
    """The moments are linear in the coefficients: their rows, one coefficient at a time."""
    made = []
    for j in range(len(study.estimates)):
        one = event_study(np.eye(len(study.estimates))[j], study.vcov, n_pre=study.n_pre, n_post=len(study.target))
        made.append(_moments(one, change, bound, ALPHA)[0].values)
    return np.stack(made, axis=1)


def test_one_period_after_the_start(medicaid):
    """Against moderndid 0.4.1, whose first stage is 1,000 draws: within a step of its grid."""
    beta, sigma = medicaid[0][:6], medicaid[1][:6, :6]
    study = event_study(beta, sigma, n_pre=5, n_post=1)
    made = [relative_interval(study, b, alpha=ALPHA, points=1000) for b in (0.0, 1.0, 2.0)]
    printed = [(0.02830802, 0.06458569), (0.01671002, 0.07234668), (-0.00106703, 0.08834728)]
    assert np.array(made) == pytest.approx(np.array(printed), abs=2.1 * HALF_STEP)
