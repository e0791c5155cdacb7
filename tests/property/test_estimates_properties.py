"""What must hold of estimates whatever the sample."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commresearch.survey.estimates import estimate_mean, estimate_ratio, estimate_share, estimate_total
from commresearch.survey.quantiles import estimate_quantile

NUMBERS = ["estimate", "std_error", "conf_low", "conf_high", "deff", "df", "n"]
SAME = {"rtol": 1e-9, "atol": 1e-9}  #: the order of a sum may change its last digits; estimates here are of order one to a thousand
DESIGN = {"weights": "w", "strata": "h", "clusters": "c", "fpc": "size"}
few = settings(max_examples=25, deadline=None)


@st.composite
def samples(draw):
    """Strata with two clusters at least, persons with gaps and weights."""
    seed = draw(st.integers(0, 2**32 - 1))
    generator = np.random.default_rng(seed)
    clusters = draw(st.lists(st.integers(2, 5), min_size=1, max_size=3))
    persons = draw(st.integers(2, 5))
    rows = [(h, c) for h, count in enumerate(clusters) for c in range(count) for _ in range(persons)]
    frame = pd.DataFrame(rows, columns=["h", "c"])
    n = len(frame)
    frame["w"] = generator.uniform(1, 5, n)
    frame["y"] = np.where(generator.random(n) < draw(st.sampled_from([0, 0.2])), np.nan, generator.normal(100, 30, n))
    frame.loc[0, "y"] = 100.0
    frame["x"] = generator.uniform(1, 3, n)
    frame["d"] = generator.choice(["p", "q"], n)
    frame["k"] = pd.Categorical(generator.choice(["no", "yes"], n, p=[0.9, 0.1]), categories=["no", "perhaps", "yes"])
    frame["size"] = np.array(clusters)[frame["h"]] * draw(st.sampled_from([1, 2, 7]))
    return frame


def every(frame):
    yield estimate_mean(frame, "y", by="d", **DESIGN)
    yield estimate_total(frame, "y", by="d", **DESIGN)
    yield estimate_ratio(frame, ("y", "x"), **DESIGN)
    yield estimate_share(frame, "k", by="d", **DESIGN)
    yield estimate_quantile(frame, "y", **DESIGN)


@few
@given(samples(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_names_of_units_mean_nothing(frame, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    renamed = frame.iloc[order].assign(h=lambda f: "s" + f["h"].astype(str), c=lambda f: -f["c"])
    for one, other in zip(every(frame), every(renamed), strict=True):
        np.testing.assert_allclose(one[NUMBERS], other[NUMBERS], **SAME)


@few
@given(samples(), st.floats(0.5, 50))
def test_the_scale_of_weights_moves_totals_only(frame, factor):
    scaled = frame.assign(w=frame["w"] * factor)
    columns = ["estimate", "std_error", "conf_low", "conf_high"]
    for k, (one, other) in enumerate(zip(every(frame), every(scaled), strict=True)):
        np.testing.assert_allclose(one[columns] * (factor if k == 1 else 1), other[columns], **SAME)


@few
@given(samples(), st.floats(-100, 100), st.floats(0.1, 10))
def test_means_follow_a_change_of_units(frame, shift, scale):
    one, other = estimate_mean(frame, "y", **DESIGN), estimate_mean(frame.assign(y=frame["y"] * scale + shift), "y", **DESIGN)
    np.testing.assert_allclose(other["estimate"], one["estimate"] * scale + shift, **SAME)
    np.testing.assert_allclose(other["std_error"], one["std_error"] * scale, **SAME)
    np.testing.assert_allclose(other["deff"], one["deff"], rtol=1e-6, atol=1e-9)


@few
@given(samples())
def test_domains_make_up_the_whole(frame):
    whole = estimate_total(frame, "y", **DESIGN).loc[0]
    parts = estimate_total(frame, "y", by="d", **DESIGN)
    np.testing.assert_allclose(parts["estimate"].sum(), whole["estimate"], **SAME)
    assert parts["n"].sum() == whole["n"]
    shares = estimate_share(frame, "k", by="d", **DESIGN)
    np.testing.assert_allclose(shares.groupby("d")["estimate"].sum(), 1, **SAME)


@few
@given(samples(), st.sampled_from(["logit", "beta"]))
def test_intervals_of_shares_hold_the_share_and_stay_between_nothing_and_all(frame, interval):
    result = estimate_share(frame, "k", by="d", interval=interval, **DESIGN).dropna(subset=["conf_low"])
    assert (result["conf_low"] <= result["estimate"] + 1e-12).all()
    assert (result["conf_high"] >= result["estimate"] - 1e-12).all()
    assert ((result[["conf_low", "conf_high"]] >= 0) & (result[["conf_low", "conf_high"]] <= 1)).all(axis=None)
    nobody = result[result["category"] == "perhaps"]
    assert (nobody["conf_high"] > 0).all()


@few
@given(samples())
def test_a_larger_population_is_never_better_known(frame):
    errors = [estimate_mean(frame.assign(size=frame["size"] * k), "y", **DESIGN).loc[0, "std_error"] for k in (1, 2, 10)]
    errors.append(estimate_mean(frame, "y", weights="w", strata="h", clusters="c").loc[0, "std_error"])
    assert np.isnan(errors).all() or errors == sorted(errors)


@few
@given(samples())
def test_rows_as_clusters_are_no_clusters(frame):
    persons = frame.assign(person=np.arange(len(frame)))
    named = estimate_mean(persons, "y", by="d", weights="w", strata="h", clusters="person")
    pd.testing.assert_frame_equal(named, estimate_mean(frame, "y", by="d", weights="w", strata="h"))


@few
@given(samples())
def test_the_jackknife_of_a_total_is_its_linearisation(frame):
    """A total is linear, and with equally many clusters everywhere the mean over all replicates is the mean in each stratum."""
    frame = frame[frame["c"] < 2]
    taylor, jackknife = (estimate_total(frame, "x", method=m, **DESIGN).loc[0, "std_error"] for m in ("taylor", "jackknife"))
    assert jackknife == pytest.approx(taylor, rel=1e-9, abs=1e-9)
