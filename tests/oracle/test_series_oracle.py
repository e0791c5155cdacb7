"""Interrupted series: the Sicilian smoking ban as published, and R 4.2.2 with MASS and sandwich (scripts/series_reference.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commresearch.impact.interrupted_series import interrupted_time_series
from commresearch.impact.series_models import newey_west_lag

DATA = Path(__file__).parent / "data"
PRINTED = 1e-6  #: published with six decimals
SAME = 1e-8  #: relative; least squares and likelihoods of smooth problems, both solved to 1e-12
SAME_THETA = 1e-6  #: relative; the likelihood is flat in θ, and glm.nb rests when it changes by 1e-13
#: Model of the reference → our options.
OPTIONS = {
    "poisson": {"family": "poisson", "exposure": "stdpop"}, "quasipoisson": {"family": "quasipoisson", "exposure": "stdpop"},
    "poisson_full": {"family": "poisson", "exposure": "stdpop", "harmonics": 2, "slope": True},
    "poisson_full_lag5": {"family": "poisson", "exposure": "stdpop", "harmonics": 2, "slope": True, "lag": 5},
    "gaussian_full": {"harmonics": 2, "slope": True}, "negative_binomial": {"family": "negative_binomial", "exposure": "stdpop"}, "prais_winsten": {},
}
REFERENCE = pd.read_csv(DATA / "series_reference.csv", skipinitialspace=True)


@pytest.fixture(scope="module")
def sicily():
    return pd.read_csv(DATA / "sicily.csv")


def _fit(frame, **options):
    return interrupted_time_series(frame, value="aces", time="time", start=37, **options)


def test_published_rate_ratios(sicily):
    """Lopez Bernal, Cummins & Gasparrini (2017): 0.894 (0.864 to 0.925), over-dispersed 0.894 (0.839 to 0.953)."""
    for family, ends in (("poisson", (0.864686, 0.925086)), ("quasipoisson", (0.839189, 0.953193))):
        found = _fit(sicily, exposure="stdpop", family=family, vcov="model")
        assert 1 + found.estimate / 100 == pytest.approx(0.894377, abs=PRINTED)
        assert (1 + found.conf_low / 100, 1 + found.conf_high / 100) == pytest.approx(ends, abs=PRINTED)
        assert found.unit == "percent"
    # R prints 3.559195: its weights are those of the round before the last.
    assert found.details["dispersion"] == pytest.approx(3.559195, abs=1e-5)


@pytest.mark.parametrize(("model", "vcov", "term"), list(REFERENCE[["model", "vcov", "term"]].itertuples(index=False, name=None)))
def test_series_are_those_of_r(sicily, model, vcov, term):
    reference = REFERENCE[(REFERENCE["model"] == model) & (REFERENCE["vcov"] == vcov) & (REFERENCE["term"] == term)].iloc[0]
    found = _fit(sicily, vcov=vcov, **OPTIONS[model])
    counts = found.unit == "percent"
    tolerance = SAME_THETA if model == "negative_binomial" else SAME
    if term == "smokban":
        estimate, error = (found.details["log_ratio"], found.details["log_std_error"]) if counts else (found.estimate, found.std_error)
    else:
        estimate, error = found.details["slope_change"], found.details["slope_std_error"]
        if counts:
            error, estimate = error / (100 + estimate), np.log1p(estimate / 100)
    assert estimate == pytest.approx(reference["estimate"], rel=tolerance)
    assert error == pytest.approx(reference["error"], rel=tolerance)
    if np.isfinite(found.details["df"]):
        assert found.details["df"] == reference["df"]
    named = {"quasipoisson": "dispersion", "negative_binomial": "theta", "prais_winsten": "autocorrelation"}
    if model in named:
        assert found.details[named[model]] == pytest.approx(reference["extra"], rel=SAME_THETA)


def test_the_lag_is_that_of_the_rule(sicily):
    assert newey_west_lag(59) == 3
    assert _fit(sicily).details["lag"] == 3
    assert [newey_west_lag(n) for n in (12, 36, 100, 120)] == [2, 3, 4, 4]
