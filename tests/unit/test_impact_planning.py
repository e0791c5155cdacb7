"""Planning: closed forms against simulation, drawings that anybody can repeat, plans that cannot be changed unseen."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from commresearch.errors import CaseError, DesignError, EstimationError
from commresearch.impact.plan_file import Plan, fingerprint_of, lock_plan, plan_text, read_plan
from commresearch.impact.power import CountLaw, PilotLayout, simulate_power
from commresearch.impact.rollout_order import balance_of_batches, draw_rollout
from commresearch.impact.sample_size import PanelVariance, panel_detectable, panel_variance, survey_sample_size

MC_SD = 3.5  #: standard deviations of a simulated share that a test allows


def test_survey_size_is_the_textbook_number_without_clusters():
    """One person per cluster, no ICC: n per side of two proportions, (1.96 + 0.84)² (p0 q0 + p1 q1) / d², a little more for t."""
    found = survey_sample_size(share=30, difference=10, per_cluster=1, icc=0.0)
    normal = (1.959964 + 0.841621) ** 2 * (0.3 * 0.7 + 0.4 * 0.6) / 0.1**2
    assert normal <= found.persons <= normal + 3
    assert found.detectable <= 10
    assert survey_sample_size(share=30, difference=10, per_cluster=30, icc=0.05).design_effect == pytest.approx(2.45)
    assert survey_sample_size(share=30, difference=10, per_cluster=30, icc=0.05, waves=2).persons > 1_600


def test_survey_size_refuses_all_at_once():
    with pytest.raises(EstimationError) as caught:
        survey_sample_size(share=130, difference=0, per_cluster=0, icc=2)
    assert [f.values["name"] for f in caught.value.failures] == ["share", "difference", "per_cluster", "icc"]


def test_the_formula_of_panels_is_that_of_independent_months():
    """Without serial correlation: σ² (1/n₁ + 1/n₀) (1/m + 1/r)."""
    found = panel_detectable(PanelVariance(variance=4.0, autocorrelation=0.0), treated=5, comparison=20, before=10, after=5)
    assert found.std_error == pytest.approx(np.sqrt(4 * (1 / 5 + 1 / 20) * (1 / 10 + 1 / 5)), rel=1e-12)


def test_formula_and_simulation_agree():
    variance = PanelVariance(variance=4.0, autocorrelation=0.6)
    closed = panel_detectable(variance, treated=20, comparison=20, before=12, after=12)
    curve = simulate_power(PilotLayout(starts=(12,), sizes=(20,), comparison=20, months=24), variance, effects=[closed.detectable], draws=4_000, seed=3)
    power = curve.table.set_index("effect")["power"]
    assert abs(power[closed.detectable] - 0.80) < MC_SD * np.sqrt(0.16 / 4_000)
    assert abs(power[0.0] - 0.05) < MC_SD * np.sqrt(0.0475 / 4_000)


def test_variance_is_found_again():
    rng = np.random.default_rng(4)
    noise = rng.standard_normal((400, 24))
    for t in range(1, 24):
        noise[:, t] = 0.6 * noise[:, t - 1] + 0.8 * noise[:, t]
    found = panel_variance(3 * noise + rng.normal(0, 5, (400, 1)) + rng.normal(0, 5, 24))
    assert found.variance == pytest.approx(9, rel=0.08)
    assert found.autocorrelation == pytest.approx(0.6, abs=0.05)
    with pytest.raises(EstimationError, match="CR-I08"):
        panel_variance(noise[:2])


def test_power_of_counts_with_few_units_keeps_its_size():
    few = PilotLayout(starts=(12, 15), sizes=(2, 1), comparison=25, months=24)
    table = simulate_power(few, CountLaw(rate=5.0), effects=[-40], draws=1_500, seed=1).table.set_index("effect")["power"]
    assert table[0.0] < 0.05 + MC_SD * np.sqrt(0.0475 / 1_500)
    assert table[-40.0] > 0.8
    with pytest.raises(EstimationError, match="CR-I07"):
        simulate_power(PilotLayout(starts=(30,), sizes=(2,), comparison=1, months=24), CountLaw(rate=5.0), effects=[], draws=0)


@pytest.mark.parametrize(
    ("law", "effects", "options", "name"),
    [
        (CountLaw(rate=5.0), [-120.0], {}, "effects"), (CountLaw(rate=0.0), [-20.0], {}, "rate"), (CountLaw(rate=5.0, autocorrelation=1.0), [-20.0], {}, "autocorrelation"),
        (CountLaw(rate=5.0, shock_sd=-1.0), [-20.0], {}, "shock_sd"), (PanelVariance(variance=4.0, autocorrelation=-1.2), [1.0], {}, "autocorrelation"),
        (PanelVariance(variance=0.0, autocorrelation=0.2), [1.0], {}, "variance"), (CountLaw(rate=5.0), [-20.0], {"seed": -1}, "seed"),
        (CountLaw(rate=5.0), [-20.0], {"alpha": 0.7}, "alpha"), (CountLaw(rate=5.0), [-20.0], {"power": "0.8"}, "power"), (CountLaw(rate=5.0), [-20.0], {"draws": 1.5}, "draws"),
    ],
)
def test_settings_that_cannot_be_are_refused(law, effects, options, name):
    layout = PilotLayout(starts=(12,), sizes=(8,), comparison=8, months=24)
    with pytest.raises(EstimationError) as caught:
        simulate_power(layout, law, effects=effects, **({"draws": 10} | options))
    assert [(f.code, f.values["name"]) for f in caught.value.failures] == [("CR-I07", name)]


def test_settings_of_the_formula_and_a_record_that_does_not_vary_are_refused():
    with pytest.raises(EstimationError) as caught:
        panel_detectable(PanelVariance(variance=-1.0, autocorrelation=1.0), treated=5, comparison=20, before=10, after=5)
    assert [f.values["name"] for f in caught.value.failures] == ["variance", "autocorrelation"]
    with pytest.raises(EstimationError, match="CR-I83"):
        panel_variance(np.full((5, 8), 0.1))


@pytest.mark.filterwarnings("error")
def test_rare_counts_find_nothing_and_warn_of_nothing():
    """With hardly any count no ratio can be formed: such pilots find nothing."""
    layout = PilotLayout(starts=(4,), sizes=(6,), comparison=6, months=8)
    table = simulate_power(layout, CountLaw(rate=0.01), effects=[-50.0, -100.0], draws=400, seed=2).table
    assert (table["power"] <= 0.05).all()


def test_a_drawing_is_stratified_and_repeatable():
    units = pd.DataFrame({"unit_id": [f"U{i}" for i in range(24)], "street": list("abcd") * 6, "households": np.arange(24) * 10})
    drawn = draw_rollout(units, starts=["2026-01", "2026-04"], seed=5, strata=["street"])
    pd.testing.assert_frame_equal(drawn, draw_rollout(units, starts=["2026-01", "2026-04"], seed=5, strata=["street"]))
    assert not drawn["unit_id"].equals(draw_rollout(units, starts=["2026-01", "2026-04"], seed=6, strata=["street"])["unit_id"])
    table = pd.crosstab(drawn["stratum"], drawn["start_month"].fillna("never"))
    assert table.to_numpy().min() == table.to_numpy().max() == 2
    assert list(balance_of_batches(units, drawn, ["households"])["units"]) == [8, 8, 8]


def test_every_unit_has_the_same_chance():
    """Of 12 units 3 are treated; over 400 drawings each comes up 100 times, give or take chance."""
    units = pd.DataFrame({"unit_id": [f"U{i}" for i in range(12)], "street": ["a"] * 5 + ["b"] * 7})
    treated = pd.concat([draw_rollout(units, starts=["2026-01"], sizes=[3], seed=s, strata=["street"]).dropna() for s in range(400)])
    counts = treated["unit_id"].value_counts()
    assert (abs(counts - 100) < 4 * np.sqrt(400 * 0.25 * 0.75)).all()


def test_drawings_refuse_what_does_not_fit():
    units = pd.DataFrame({"unit_id": ["a", "a", "b"]})
    with pytest.raises(DesignError) as caught:
        draw_rollout(units, starts=["2026-04", "2026-01"], seed=1, sizes=[3, 3], never=9)
    assert [f.values["name"] for f in caught.value.failures] == ["unit_id", "starts", "sizes", "never"]


PLAN = Plan(
    outcome="complaint_rate", estimand="att_percent", method="poisson", inference="cr3", first_month="2024-01", last_month="2026-06", units=("a", "b"),
    notes='异常值"保留"\n第二行',
)


def test_a_plan_is_read_back_and_a_changed_one_refused():
    locked = lock_plan(PLAN, today=dt.date(2026, 1, 5), fingerprint=fingerprint_of({"b.csv": "2", "a.csv": "1"}))
    text = plan_text(locked)
    assert read_plan(text) == locked
    assert "本地锁定" in locked.status.text("zh")
    with pytest.raises(CaseError, match="CR-I51"):
        read_plan(text.replace("2026-06", "2026-07"))
    with pytest.raises(CaseError, match="CR-I50"):
        read_plan(text.replace("[lock]", "[loc]"))
    receipt = read_plan(text + '\n[receipt]\nissuer = "某登记平台"\nnumber = "7"\n')
    assert "某登记平台" in receipt.status.text("zh")
    assert fingerprint_of({"a": "1", "b": "2"}) == fingerprint_of({"b": "2", "a": "1"})
