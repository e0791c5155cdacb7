"""How often 95 % intervals of clustered, raked samples hold the truth."""

import numpy as np
import pandas as pd
import pytest

from commresearch.survey.estimates import estimate_mean
from commresearch.survey.raking import rake

SAMPLES, BATCH, COMMUNITIES = 2000, 8, 300
LEAST, MOST = 0.93, 0.97  #: with 2,000 samples the share of hits itself has a standard error of 0.005, with 1,000 of 0.007


@pytest.fixture(scope="module")
def population():
    """Communities of 15 to 40 persons that differ in level and in age structure; two answers that depend on both."""
    generator = np.random.default_rng(20260301)
    level = generator.normal(size=COMMUNITIES)
    community = np.repeat(np.arange(COMMUNITIES), generator.integers(15, 40, COMMUNITIES))
    n = len(community)
    sex = generator.integers(0, 2, n)
    age = np.clip(generator.integers(0, 4, n) + (level[community] > 1), 0, 3)
    score = 10 + 1.5 * sex + age + 2 * level[community] + generator.normal(0, 4, n)
    used = generator.random(n) < 1 / (1 + np.exp(1 - 0.5 * sex - 0.3 * age - 0.8 * level[community]))
    return pd.DataFrame({"community": community, "sex": sex, "age": age, "score": score, "used": used.astype(float)})


def draw(population, generator, count):
    """Several samples of 15 to 40 communities, one below the other, each with base weights of its own."""
    rows = np.split(np.arange(len(population)), np.flatnonzero(np.diff(population["community"])) + 1)
    parts = []
    for number in range(count):
        drawn = generator.choice(COMMUNITIES, generator.integers(15, 41), replace=False)
        part = population.take(np.concatenate([rows[k] for k in drawn]))
        parts.append(part.assign(sample=number, base=COMMUNITIES / len(drawn)))
    return pd.concat(parts, ignore_index=True)


def estimates(population, frame, variable):
    """The mean in every sample of a frame: samples are strata and domains, and are raked each by itself."""
    counts = {name: population[name].value_counts() for name in ("sex", "age")}
    samples = range(frame["sample"].nunique())
    margins = {("sample", name): {(s, k): v for s in samples for k, v in found.items()} for name, found in counts.items()}
    weights = rake(frame, margins, base_weight="base")
    return estimate_mean(frame, variable, weights=weights, strata="sample", clusters="community", fpc=COMMUNITIES, by="sample", domain_df="domain")


def test_samples_together_are_as_samples_alone(population):
    frame = draw(population, np.random.default_rng(1), 3)
    together = estimates(population, frame, "score")
    for number, part in frame.groupby("sample"):
        alone = rake(part, {n: population[n].value_counts().to_dict() for n in ("sex", "age")}, base_weight="base")
        row = estimate_mean(part, "score", weights=alone, clusters="community", fpc=COMMUNITIES).loc[0]
        for column in ("estimate", "std_error", "conf_low", "conf_high", "df", "n"):
            assert row[column] == pytest.approx(together.loc[number, column], rel=1e-8)


def test_intervals_of_raked_cluster_samples_hold_the_truth_as_often_as_they_say(population):
    generator = np.random.default_rng(20260302)
    hits = {"score": [], "used": []}
    for batch in range(SAMPLES // BATCH):
        variable = ("score", "used")[batch % 2]
        result, truth = estimates(population, draw(population, generator, BATCH), variable), population[variable].mean()
        hits[variable].extend((result["conf_low"] <= truth) & (truth <= result["conf_high"]))
    together = hits["score"] + hits["used"]
    assert len(together) == SAMPLES
    assert LEAST <= np.mean(together) <= MOST
    for variable, found in hits.items():
        assert LEAST - 0.01 <= np.mean(found) <= MOST + 0.01, variable
