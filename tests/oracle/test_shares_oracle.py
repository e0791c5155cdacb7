"""Fractional logit against a saturated regression by statsmodels with average marginal effects by the delta method."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit

from commresearch.impact.fractional_logit import fractional_logit_did
from commresearch.outcomes import Panel

SAME = 1e-8  #: relative; both solve the quasi-likelihood to 1e-11 or better


def _shares(starts, seed):
    rng = np.random.default_rng(seed)
    n, t = len(starts), 8
    unit, month = np.repeat(np.arange(n), t), np.tile(np.arange(1, t + 1), n)
    start = np.asarray(starts)[unit]
    treated = (start > 0) & (month >= start)
    mean = expit(rng.normal(-1.5, 0.7, n)[unit] + 0.1 * month + 0.5 * treated)
    value = 100 * rng.beta(3 * mean, 3 * (1 - mean))
    value[[0, 40]] = 0, 100
    weight = rng.uniform(0.5, 2, n)[unit]
    return pd.DataFrame({
        "unit": [f"u{i:02d}" for i in unit], "assignment": [f"a{i // 2:02d}" for i in unit], "month": month, "start": start,
        "treated": treated, "value": value, "weight": weight,
    })


@pytest.mark.parametrize("starts", [[5] * 9 + [0] * 15, [4] * 7 + [6] * 6 + [0] * 13], ids=["one start", "two starts"])
@pytest.mark.parametrize("weighted", [False, True])
def test_fractional_logit_is_the_saturated_regression(starts, weighted):
    frame = _shares(starts, 3)
    panel = Panel.from_frame(
        frame.assign(begin=frame["start"].where(frame["start"] > 0)), community="unit", period="month", value="value", treated_from="begin",
        cluster="assignment", weight="weight" if weighted else None, outcome="youth_participation", unit="percentage_points",
    )
    found = fractional_logit_did(panel)
    cell = pd.Series(np.where(frame["treated"], frame["start"] * 100 + frame["month"], 0), index=frame.index)
    columns = pd.get_dummies(frame["start"], prefix="g").join(pd.get_dummies(frame["month"], prefix="m").iloc[:, 1:])
    columns = columns.join(pd.get_dummies(cell, prefix="c").drop(columns="c_0")).astype(float)
    w = frame["weight"].to_numpy() if weighted else np.ones(len(frame))
    groups = pd.factorize(frame["assignment"])[0]
    x, y = columns.to_numpy(), frame["value"].to_numpy() / 100
    b = np.asarray(sm.GLM(y, x, family=sm.families.Binomial(), var_weights=w).fit(tol=1e-14, maxiter=200).params)
    p = expit(x @ b)
    bread = np.linalg.inv(x.T @ (x * (w * p * (1 - p))[:, None]))
    score = pd.DataFrame(x * (w * (y - p))[:, None]).groupby(groups).sum().to_numpy()
    g = len(score)
    covariance = bread @ score.T @ score @ bread * g / (g - 1)
    without = x.copy()
    without[:, columns.columns.str.startswith("c_")] = 0
    p0 = expit(without @ b)
    for rows, effect, error in [(frame["treated"].to_numpy(), found.estimate, found.std_error)] + [
        (frame["treated"].to_numpy() & (frame["month"] - frame["start"] == row.event_time).to_numpy(), row.estimate, row.std_error)
        for row in found.path.itertuples()
    ]:
        share = (w * rows) / (w * rows).sum()
        gradient = share @ (x * (p * (1 - p))[:, None] - without * (p0 * (1 - p0))[:, None])
        assert effect == pytest.approx(100 * share @ (p - p0), rel=SAME)
        assert error == pytest.approx(100 * np.sqrt(gradient @ covariance @ gradient), rel=SAME)
    assert found.n_clusters == g
