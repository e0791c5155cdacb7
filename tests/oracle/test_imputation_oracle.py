"""Imputation against a peer on mpdta (scripts/imputation_reference.py), and against regressions on dummies on a panel with gaps."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from commresearch.impact.arrays import arrays_of
from commresearch.impact.imputation import imputation, imputed_effects
from commresearch.impact.imputation_pretrends import lead_test
from commresearch.impact.influence import std_errors
from commresearch.outcomes import Panel

DATA = Path(__file__).parent / "data"
PEER = 1e-10  #: absolute; the peer solves the same equations by an iterative solver of about this accuracy
CLOSED = 1e-8  #: absolute; least squares on some fifty dummies
REFERENCE = pd.read_csv(DATA / "imputation_reference.csv")


@pytest.mark.parametrize("leave_out", [False, True])
def test_the_peer_gives_the_same_effects_and_standard_errors(leave_out):
    frame = pd.read_csv(DATA / "mpdta.csv")
    frame = frame.assign(start=frame["first_treat"].where(frame["first_treat"] > 0))
    panel = Panel.from_frame(frame, community="countyreal", period="year", value="lemp", treated_from="start", outcome="lemp", unit="log_points")
    found = imputation(panel, leave_out=leave_out)
    theirs = REFERENCE[REFERENCE["leave_out"] == leave_out].set_index("event_time")
    assert (found.estimate, found.std_error) == pytest.approx(tuple(theirs.loc["overall", ["estimate", "std_error"]]), abs=PEER)
    for row in found.path.itertuples():
        assert (row.estimate, row.std_error) == pytest.approx(tuple(theirs.loc[str(row.event_time), ["estimate", "std_error"]]), abs=PEER)


@pytest.fixture(scope="module")
def gaps():
    """30 units in 15 clusters of two, 8 periods, one month in six missing, weights."""
    rng = np.random.default_rng(11)
    n, t = 30, 8
    frame = pd.DataFrame({"u": np.repeat([f"u{i:02}" for i in range(n)], t), "t": np.tile(np.arange(1, t + 1), n)})
    frame["c"] = "c" + (frame["u"].str[1:].astype(int) // 2).astype(str)
    frame["g"] = np.repeat(np.repeat([4, 6, 7, np.nan, np.nan], 6), t)
    frame["w"] = np.repeat(rng.uniform(0.5, 3, n), t)
    frame["y"] = rng.normal(size=n * t) + np.repeat(rng.normal(size=n), t) + np.where(frame["t"] >= frame["g"], 1 + rng.normal(size=n * t), 0)
    return frame[rng.random(n * t) > 1 / 6].reset_index(drop=True)


def panel_of(frame):
    return Panel.from_frame(
        frame, community="u", period="t", value="y", treated_from="g", cluster="c", weight="w", outcome="made_up", unit="count"
    )


def dummies_of(frame):
    made = pd.get_dummies(frame[["u", "t"]].astype(str), drop_first=False).astype(float)
    return made.drop(columns="t_1").to_numpy()


def test_effects_are_those_of_a_regression_on_dummies(gaps):
    before = ~(gaps["t"] >= gaps["g"]).to_numpy()
    x, y, w = dummies_of(gaps), gaps["y"].to_numpy(), gaps["w"].to_numpy()
    fit = sm.WLS(y[before], x[before], weights=w[before]).fit()
    tau = y - x @ fit.params
    found = imputation(panel_of(gaps))
    assert found.estimate == pytest.approx(np.average(tau[~before], weights=w[~before]), abs=CLOSED)
    event = (gaps["t"] - gaps["g"]).to_numpy()
    for row in found.path.itertuples():
        here = event == row.event_time
        assert row.estimate == pytest.approx(np.average(tau[here], weights=w[here]), abs=CLOSED)


@pytest.mark.parametrize("leave_out", [False, True])
def test_the_variance_is_that_of_the_formula_month_by_month(gaps, leave_out):
    """v on every month from the hat matrix of the dummies, then sums over clusters, as printed."""
    before = ~(gaps["t"] >= gaps["g"]).to_numpy()
    x, y, w = dummies_of(gaps), gaps["y"].to_numpy(), gaps["w"].to_numpy()
    fit = sm.WLS(y[before], x[before], weights=w[before]).fit()
    tau = y - x @ fit.params
    bread = np.linalg.inv((x[before] * w[before, None]).T @ x[before])
    found = imputed_effects(arrays_of(panel_of(gaps)), leave_out=leave_out)
    errors = std_errors(found.influence, arrays_of(panel_of(gaps)).cluster)
    event, cluster = (gaps["t"] - gaps["g"]).to_numpy(), gaps["c"].to_numpy()
    for e, error in zip(found.event, errors, strict=True):
        v = np.where(event == e, w, 0.0)
        v = v / v.sum()
        v[before] = -w[before] * (x[before] @ (bread @ (x[~before].T @ v[~before])))
        rest = np.where(before, tau, 0.0)
        for g in gaps["g"].dropna().unique():
            here = (gaps["g"] == g).to_numpy() & (event == e)
            sums = {c: (v[here & (cluster == c)].sum(), (v * tau)[here & (cluster == c)].sum()) for c in np.unique(cluster[here])}
            for c, (a, _) in sums.items():
                others = [s for o, s in sums.items() if not (leave_out and o == c)]
                mean = sum(a * b for a, b in others) / sum(a * a for a, _ in others)
                rest[here & (cluster == c)] = tau[here & (cluster == c)] - mean
                assert a > 0
        variance = sum((v * rest)[cluster == c].sum() ** 2 for c in np.unique(cluster))
        assert error == pytest.approx(np.sqrt(variance), abs=CLOSED)


def test_leads_are_those_of_a_regression_on_dummies(gaps):
    before = ~(gaps["t"] >= gaps["g"]).to_numpy()
    event = (gaps["t"] - gaps["g"]).to_numpy()
    x = np.column_stack([*((event == e).astype(float) for e in (-2, -1)), dummies_of(gaps)])[before]
    cluster = pd.factorize(gaps["c"])[0][before]
    fit = sm.WLS(gaps["y"].to_numpy()[before], x, weights=gaps["w"].to_numpy()[before]).fit(
        cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False}
    )
    found = lead_test(arrays_of(panel_of(gaps)), leads=2)
    assert found.estimate == pytest.approx(fit.params[:2], abs=CLOSED)
    spread = fit.cov_params()[:2, :2] * 15 / 14
    assert found.covariance == pytest.approx(spread, abs=CLOSED)
    assert found.statistic == pytest.approx(fit.params[:2] @ np.linalg.solve(spread, fit.params[:2]) / 2, abs=CLOSED)
    assert found.df == (2, 14)
