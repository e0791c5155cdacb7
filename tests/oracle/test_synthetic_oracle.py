"""Synthetic control and synthetic difference-in-differences on Proposition 99: published numbers, and placebos of the package synthdid-py."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commresearch.impact.synthetic_control import synthetic_control
from commresearch.impact.synthetic_did import synthetic_did
from commresearch.outcomes import Panel

DATA = Path(__file__).parent / "data"
PRINTED_10 = 5e-11  #: published with ten decimals
SAME_STEPS = 1e-8  #: both sides take the same Frank-Wolfe steps; rounding of sums in another order
PRINTED_5 = 5e-6  #: weights printed with five or six decimals
CASES = {
    "one": {"California": 1989}, "three": {"California": 1989, "Nevada": 1989, "Utah": 1989},
    "staggered": {"California": 1989, "Nevada": 1992, "Utah": 1992},
}


@pytest.fixture(scope="module")
def frame():
    return pd.read_csv(DATA / "prop99.csv")


@pytest.fixture(scope="module")
def reference():
    return pd.read_csv(DATA / "synthetic_reference.csv").set_index(["case", "quantity", "number"])["value"].sort_index()


@pytest.fixture(params=["numpy", pytest.param("numba", marks=pytest.mark.needs("numba"))])
def _path(request, monkeypatch):
    if request.param == "numpy":
        monkeypatch.setattr("commresearch.impact.frank_wolfe.find_spec", lambda _: None)


def panel(frame, starts):
    made = frame.assign(start=frame["state"].map(starts).astype(float))
    return Panel.from_frame(made, community="state", period="year", value="packs_per_capita", treated_from="start", outcome="packs", unit="count")


def permutations(untreated):
    return np.stack([np.random.default_rng(seed).permutation(untreated) for seed in range(10)])


@pytest.mark.usefixtures("_path")
def test_published_estimates_and_weights(frame):
    did, control = (f(panel(frame, CASES["one"]), draws=1) for f in (synthetic_did, synthetic_control))
    assert did.estimate == pytest.approx(-15.6038278727, abs=PRINTED_10)
    assert control.estimate == pytest.approx(-19.6196634709, abs=PRINTED_10)
    units = sorted((v for k, v in did.details.items() if k.startswith("unit_weight")), reverse=True)
    assert units[:4] == pytest.approx([0.12449, 0.10505, 0.07829, 0.07037], abs=PRINTED_5)
    assert [did.details[f"time_weight[{year}]"] for year in (1986, 1987, 1988)] == pytest.approx([0.366471, 0.206453, 0.427076], abs=PRINTED_5)
    assert sum(units) == pytest.approx(1)
    assert did.path.query("event_time >= 0")["estimate"].mean() == pytest.approx(did.estimate, abs=1e-10)


@pytest.mark.usefixtures("_path")
@pytest.mark.parametrize("case", CASES)
def test_placebos_of_given_assignments(frame, reference, case):
    given = permutations(39 - len(CASES[case]))
    did = synthetic_did(panel(frame, CASES[case]), placebo_assignments=given)
    assert did.estimate == pytest.approx(reference[case, "estimate", 0], abs=SAME_STEPS)
    assert did.std_error == pytest.approx(reference[case, "placebo_se", 0], abs=SAME_STEPS)
    assert did.p_value in {k / 11 for k in range(1, 12)}
    jackknife = did.details["jackknife_std_error"]
    if case == "three":
        assert jackknife == pytest.approx(reference["three", "jackknife_se", 0], abs=SAME_STEPS)
    else:
        assert np.isnan(jackknife)  # California alone starts in 1989


@pytest.mark.usefixtures("_path")
def test_synthetic_control_of_every_state(frame, reference):
    control = synthetic_control(panel(frame, CASES["one"]))
    placebos = reference["one", "sc_placebo"].to_numpy()
    assert control.estimate == pytest.approx(reference["one", "sc_estimate", 0], abs=SAME_STEPS)
    assert control.details["placebos"] == 38
    assert control.std_error == pytest.approx(placebos.std(), abs=SAME_STEPS)
    assert control.p_value == (1 + (np.abs(placebos) >= -control.estimate).sum()) / 39
    assert control.details["ratio_p_value"] == 3 / 39  # behind Missouri and Virginia
    # the 38th of 38: the smallest level of an interval that 38 placebos bound
    assert control.conf_high - control.estimate == pytest.approx(np.abs(placebos).max(), abs=SAME_STEPS)
