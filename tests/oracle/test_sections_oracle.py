"""Repeated surveys against the regression of all people on dummies by statsmodels, and against survey_regression."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from commresearch.impact.repeated_sections import repeated_sections
from commresearch.survey import survey_regression

SAME = 1e-8  #: relative; least squares on a few dozen dummies


@pytest.fixture(scope="module")
def answers():
    rng = np.random.default_rng(5)
    n, communities = 900, 14
    place = rng.integers(0, communities, n)
    wave = rng.integers(1, 4, n)
    treated = place < 6
    after = treated & (wave >= 3)
    chance = 0.35 + 0.02 * wave + 0.1 * after + rng.normal(0, 0.05, communities)[place]
    return pd.DataFrame({
        "community": [f"c{i:02d}" for i in place], "assignment": [f"a{i // 2}" for i in place], "wave": wave, "start": np.where(treated, 3.0, np.nan),
        "after": after.astype(float), "takes_part": (rng.random(n) < chance).astype(int), "score": rng.normal(3, 1, n) + after,
        "weight": rng.uniform(0.4, 2.5, n), "age": rng.integers(14, 80, n), "sex": rng.choice(["女", "男"], n),
    })


@pytest.mark.parametrize("cluster", ["community", "assignment"])
def test_the_regression_of_people_on_dummies(answers, cluster):
    found = repeated_sections(
        answers, value="takes_part", community="community", wave="wave", treated_from="start", weight="weight", cluster=cluster, outcome="x"
    )
    columns = pd.get_dummies(answers["community"]).join(pd.get_dummies(answers["wave"], prefix="w").iloc[:, 1:]).assign(after=answers["after"])
    groups = pd.factorize(answers[cluster])[0]
    plain = sm.WLS(100 * answers["takes_part"], columns.astype(float), weights=answers["weight"]).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    g, n, k = groups.max() + 1, len(answers), 1 + answers["wave"].nunique()
    assert found.estimate == pytest.approx(plain.params["after"], rel=SAME)
    assert found.std_error == pytest.approx(plain.bse["after"] * np.sqrt(g / (g - 1) * (n - 1) / (n - k)), rel=SAME)
    assert found.n_obs == n
    assert found.unit == "percentage_points"


def test_the_error_is_that_of_survey_regression_but_for_the_factor(answers):
    found = repeated_sections(
        answers, value="score", community="community", wave="wave", treated_from="start", weight="weight", share=False, unit="count", outcome="x"
    )
    table = survey_regression(
        answers.assign(wave=answers["wave"].astype(str)), "score", ["community", "wave", "after"], weights="weight", clusters="community"
    ).set_index("term")
    n, k = len(answers), 1 + answers["wave"].nunique()
    assert found.estimate == pytest.approx(table.loc["after", "estimate"], rel=SAME)
    assert found.std_error == pytest.approx(table.loc["after", "std_error"] * np.sqrt((n - 1) / (n - k)), rel=SAME)
