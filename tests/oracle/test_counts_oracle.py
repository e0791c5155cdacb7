"""Effects on counts against pyfixest, clubSandwich and regressions with dummies (scripts/counts_reference.py, counts_reference.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from commresearch.impact.arrays import arrays_of
from commresearch.impact.count_cells import count_cells
from commresearch.impact.poisson import log_ratio, poisson_did, poisson_effect
from commresearch.impact.poisson_paths import att_of_paths
from commresearch.impact.saturated_poisson import counterfactual, saturated_effects
from commresearch.outcomes import Panel

DATA = Path(__file__).parent / "data"
SAME_COEFFICIENT = 1e-8  #: both solve the likelihood equations; the peer stops its weighted least squares at 1e-13
SAME_ERROR = 1e-7  #: relative; the peer's alternating projections end at 1e-13 of a fixed effect
SAME_ROBUST = 1e-7  #: relative; clubSandwich takes roots of matrices of the size of a cluster
SAME_FIT = 1e-6  #: wanted of a refit by statsmodels; held to 1e-8, where its scoring ends
EXACT = 1e-10


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(DATA / "counts_panel.csv")


def _panel(frame, denominator="households", start="start"):
    return Panel.from_frame(
        frame.assign(begin=frame[start].where(frame[start] > 0)), community="unit", period="month", numerator="counts", denominator=denominator,
        treated_from="begin", cluster="assignment", outcome="complaint_rate", unit="per_1000_households",
    )


@pytest.mark.parametrize("exposure", ["none", "denominator"])
def test_poisson_regression_is_that_of_pyfixest(table, exposure):
    reference = pd.read_csv(DATA / "counts_reference.csv").set_index("exposure").loc[exposure]
    found = poisson_did(_panel(table), exposure=exposure)
    assert found.details["log_ratio"] == pytest.approx(reference["coefficient"], abs=SAME_COEFFICIENT)
    assert found.details["log_std_error"] == pytest.approx(reference["std_error"], rel=SAME_ERROR)
    assert found.n_obs == reference["n_obs"]
    assert found.estimate == pytest.approx(100 * (np.exp(reference["coefficient"]) - 1), abs=1e-6)


def test_cr2_and_its_degrees_of_freedom_are_those_of_clubsandwich(table):
    reference = pd.read_csv(DATA / "counts_robust_reference.csv").iloc[0]
    found = poisson_did(_panel(table), vcov="cr2")
    assert found.details["log_ratio"] == pytest.approx(reference["coefficient"], abs=SAME_COEFFICIENT)
    assert found.details["log_std_error"] == pytest.approx(reference["std_error"], rel=SAME_ROBUST)
    assert found.details["df"] == pytest.approx(reference["df"], rel=SAME_ROBUST)


def test_cr3_leaves_out_each_assignment_of_the_last_weighted_regression(table):
    effect = poisson_effect(count_cells(arrays_of(_panel(table))))
    cells, n, t = effect.cells, *effect.cells.counts.shape
    rows, columns = np.nonzero(effect.fit.fitted > 0)
    weight = effect.fit.fitted[rows, columns]
    design = np.column_stack([cells.treated[rows, columns].astype(float), np.eye(n)[rows], np.eye(t)[columns]])
    response = (cells.counts - effect.fit.fitted)[rows, columns] / weight + effect.fit.coefficient * design[:, 0]
    cluster = cells.arrays.cluster[rows]

    def fitted(kept):
        root = np.sqrt(weight[kept])
        return np.linalg.lstsq(design[kept] * root[:, None], response[kept] * root, rcond=1e-12)[0][0]

    whole = fitted(np.ones(len(rows), dtype=bool))
    assert whole == pytest.approx(effect.fit.coefficient, abs=EXACT)
    jackknife = sum((fitted(cluster != c) - whole) ** 2 for c in np.unique(cluster))
    assert effect.vcov("cr3").vcov[0, 0] == pytest.approx(jackknife, rel=1e-8)


def _glm(y, columns, offset=None):
    model = sm.GLM(y, columns.to_numpy(dtype=float), family=sm.families.Poisson(), offset=offset)
    return pd.Series(model.fit(tol=1e-14, maxiter=200).params, index=columns.columns)


def test_poisson_regression_is_that_with_dummies(table):
    small = table[table["unit"].isin([f"u{i:02d}" for i in (*range(5), *range(20, 27))])]
    columns = pd.get_dummies(small["unit"]).join(pd.get_dummies(small["month"], prefix="m").iloc[:, 1:]).assign(treated=small["treated"])
    fitted = _glm(small["counts"].to_numpy(), columns, np.log(small["households"].to_numpy()))
    assert poisson_did(_panel(small)).details["log_ratio"] == pytest.approx(fitted["treated"], abs=SAME_COEFFICIENT)


@pytest.fixture(scope="module")
def staggered():
    """Counts without gaps: three cohorts and one that is never treated."""
    rng = np.random.default_rng(8)
    n, t = 24, 10
    start = np.array([4] * 5 + [6] * 6 + [9] * 4 + [0] * 9)
    unit, month = np.repeat(np.arange(n), t), np.tile(np.arange(1, t + 1), n)
    treated = (start[unit] > 0) & (month >= start[unit])
    mean = np.exp(rng.normal(1.5, 0.6, n)[unit] + 0.15 * np.cos(month) - 0.3 * treated)
    return pd.DataFrame({
        "unit": [f"u{i:02d}" for i in unit], "assignment": [f"a{i // 2}" for i in unit], "month": month, "start": start[unit], "treated": treated,
        "counts": rng.poisson(mean),
    })


def test_saturated_effects_are_those_of_cohort_and_period_dummies(staggered):
    cell = np.where(staggered["treated"], staggered["start"] * 100 + staggered["month"], 0)
    columns = pd.get_dummies(staggered["start"], prefix="g").join(pd.get_dummies(staggered["month"], prefix="m").iloc[:, 1:])
    columns = columns.join(pd.get_dummies(pd.Series(cell, index=staggered.index), prefix="c").drop(columns="c_0"))
    fitted = _glm(staggered["counts"].to_numpy(), columns)
    without = np.exp(columns.loc[:, ~columns.columns.str.startswith("c_")].to_numpy(dtype=float) @ fitted[~fitted.index.str.startswith("c_")])
    treated = staggered["treated"].to_numpy()
    overall = 100 * (staggered["counts"][treated].sum() / without[treated].sum() - 1)
    found = poisson_did(_panel(staggered, None))
    assert found.method == "saturated_poisson"
    assert found.estimate == pytest.approx(overall, rel=SAME_FIT)
    assert found.estimate == pytest.approx(overall, rel=1e-8)
    since = (staggered["month"] - staggered["start"]).to_numpy()
    for row in found.path.itertuples():
        here = treated & (since == row.event_time)
        assert row.estimate == pytest.approx(100 * (staggered["counts"][here].sum() / without[here].sum() - 1), rel=SAME_FIT)


def test_two_by_two_is_the_ratio_of_ratios():
    counts = {("a", 1): 40, ("a", 2): 30, ("b", 1): 25, ("b", 2): 10, ("c", 1): 50, ("c", 2): 60, ("d", 1): 20, ("d", 2): 18}
    frame = pd.DataFrame([{"unit": u, "assignment": u, "month": m, "counts": n, "start": 2 if u in "ab" else 0} for (u, m), n in counts.items()])
    by_hand = (40 / 65) / (78 / 70) - 1
    arrays = arrays_of(_panel(frame, None))
    assert poisson_did(_panel(frame, None)).estimate == pytest.approx(100 * by_hand, rel=EXACT)
    cells = count_cells(arrays)
    saturated = saturated_effects(cells, counterfactual(cells))
    assert np.exp(saturated.log_ratio[0]) - 1 == pytest.approx(by_hand, rel=EXACT)
    assert att_of_paths(arrays, arrays.first[None])[0] == pytest.approx(100 * by_hand, rel=EXACT)
    # Unit by unit: y₁/Σy₁ − y₀/Σy₀ on either side, squared and added up, times 4/3.
    parts = np.array([30 / 40 - 40 / 65, 10 / 40 - 25 / 65, 60 / 78 - 50 / 70, 18 / 78 - 20 / 70])
    assert saturated.covariance(cells.arrays.cluster)[0, 0] == pytest.approx(4 / 3 * np.square(parts).sum(), rel=EXACT)


def test_one_start_saturated_is_the_regression_where_nothing_is_missing(staggered):
    one = staggered.assign(start=np.where(staggered["start"] == 4, 4, 0))
    arrays = arrays_of(_panel(one, None))
    effect, cells = poisson_effect(count_cells(arrays)), count_cells(arrays)
    saturated = saturated_effects(cells, counterfactual(cells))
    assert saturated.log_ratio[0] == pytest.approx(effect.fit.coefficient, rel=EXACT)
    assert saturated.log_ratio[0] == pytest.approx(log_ratio(arrays), rel=EXACT)
    plain = np.square(effect.scores).sum() / effect.fit.precision**2
    g = len(effect.scores)
    assert saturated.covariance(cells.arrays.cluster)[0, 0] == pytest.approx(plain * g / (g - 1), rel=1e-8)
