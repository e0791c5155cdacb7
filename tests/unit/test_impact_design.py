"""Designs: what is chosen from what, and that nothing after a start decides it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from commresearch import Panel, detect_design
from commresearch.errors import DesignError
from commresearch.impact.arrays import NEVER, arrays_of
from commresearch.impact.design import design_panel
from commresearch.simulate.panels import PanelSpec, simulate_panel
from commresearch.terms import ChosenBy, Inference, Method
from commresearch.words import render_error


def panel_of(spec: PanelSpec, seed: int = 0, unit: str = "per_1000_households") -> tuple[Panel, pd.DataFrame]:
    made = simulate_panel(spec, rng=np.random.default_rng(seed))
    unit = "percentage_points" if spec.kind == "shares" else unit
    panel = Panel.from_frame(
        made.frame, community="unit_id", period="month", numerator="numerator", denominator="denominator", treated_from="treated_from",
        outcome="complaint_rate", unit=unit,
    )
    return panel, made.rollout


@pytest.mark.parametrize(
    ("spec", "method", "inference", "control"),
    [
        (PanelSpec(units=40, treated=10), Method.POISSON, Inference.CR3, "never"),
        (PanelSpec(units=40, treated=10, starts=(12, 18)), Method.SATURATED_POISSON, Inference.CR3, "never"),
        (PanelSpec(units=40, treated=10, kind="shares"), Method.IMPUTATION, Inference.CR3, "never"),
        (PanelSpec(units=40, treated=10, kind="shares", starts=(6, 9)), Method.GROUP_TIME, Inference.CR3, "never"),
        (PanelSpec(units=40, treated=3), Method.POISSON, Inference.RANDOMISATION, "never"),
        (PanelSpec(units=40, treated=1), Method.POISSON, Inference.RANDOMISATION, "never"),
        (PanelSpec(units=40, treated=1, kind="shares"), Method.SYNTHETIC_DID, Inference.PLACEBO, "never"),
        (PanelSpec(units=12, treated=12, starts=(12, 24)), Method.SATURATED_POISSON, Inference.CR3, "not_yet"),
        (PanelSpec(units=8, treated=8, months=48, starts=(30,)), Method.INTERRUPTED_SERIES, Inference.HAC, "none"),
        (PanelSpec(units=8, treated=8), Method.BEFORE_AFTER, Inference.MODEL, "none"),
    ],
)
def test_the_design_follows_from_starts_and_numbers(spec, method, inference, control):
    design = detect_design(*panel_of(spec))
    assert (design.method, design.inference, design.control) == (method, inference, control)
    assert design.chosen_by is ChosenBy.VOLUNTEER
    assert design.why("zh").endswith("。")
    assert "{" not in design.why("zh") + design.why("en")


@pytest.mark.parametrize("spec", [PanelSpec(units=16, treated=t, kind=k, starts=s) for t in (1, 4, 8, 16) for k in ("counts", "shares") for s in ((18,), (12, 20))])
def test_nothing_after_a_start_decides(spec):
    panel, rollout = panel_of(spec)
    frame = panel.frame.copy()
    after = frame["month"] >= frame["treated_from"].fillna(frame["treated_from"].min())  # of untreated units: from the first start on
    assert after.sum() > (frame["month"] >= frame["treated_from"]).sum() or spec.treated == spec.units
    noise = np.random.default_rng(1).uniform(0, 90, after.sum())
    frame.loc[after, "value"] = noise
    frame.loc[after, "numerator"] = np.round(noise * 10)
    before, changed = detect_design(panel, rollout), detect_design(replace(panel, frame=frame), rollout)
    assert before.to_dict() == changed.to_dict()
    frame.loc[after, ["value", "numerator"]] = 0.0
    assert detect_design(replace(panel, frame=frame), rollout).to_dict() == before.to_dict()


def test_units_decided_together_count_once():
    panel, rollout = panel_of(PanelSpec(units=40, treated=30))
    frame = panel.frame.assign(assignment_id=np.where(panel.frame["treated_from"].notna(), "district", panel.frame["unit_id"]))
    design = detect_design(replace(panel, frame=frame), rollout)
    assert (design.n_treated, design.n_comparison, design.n_paths) == (1, 10, 11)
    assert design.inference is Inference.RANDOMISATION


def test_a_unit_without_a_month_before_is_left_out_by_name():
    panel, rollout = panel_of(PanelSpec(units=20, treated=8))
    frame = panel.frame.copy()
    gone = frame.loc[frame["treated_from"].notna(), "unit_id"].iloc[0]
    early = (frame["unit_id"] == gone) & (frame["month"] < frame["treated_from"])
    frame.loc[early, ["value", "numerator"]] = np.nan
    frame.loc[early, "live"] = False
    design = detect_design(replace(panel, frame=frame), rollout)
    assert [(d.unit_id, d.reason) for d in design.dropped] == [(gone, "late_record")]
    assert design.n_treated == 7


@pytest.mark.parametrize("lead", [0, 1, 3])
def test_a_register_that_begins_with_the_pilot_leaves_nothing_to_compare(lead):
    panel, rollout = panel_of(PanelSpec(units=20, treated=8))
    frame = panel.frame.copy()
    early = frame["month"] < frame["treated_from"] - pd.DateOffset(months=lead)
    frame.loc[early, ["value", "numerator"]] = np.nan
    frame.loc[early, "live"] = False
    with pytest.raises(DesignError) as caught:
        detect_design(replace(panel, frame=frame), rollout)
    assert "CR-I05" in render_error(caught.value, "zh")


def test_months_after_a_pilot_ended_are_not_used():
    panel, rollout = panel_of(PanelSpec(units=20, treated=8))
    unit = rollout["unit_id"][0]
    design = detect_design(panel, rollout.assign(end_month=[pd.Timestamp("2025-01-01")] + [pd.NaT] * 7))
    arrays = arrays_of(design_panel(panel, design))
    row = list(arrays.units).index(unit)
    assert np.isnan(arrays.value[row, 24:]).all()
    assert not np.isnan(arrays.value[row, :24]).any()
    assert not np.isnan(arrays_of(panel).value).any()


def test_refusals_name_what_is_wrong():
    panel, rollout = panel_of(PanelSpec(units=10, treated=3))
    with pytest.raises(DesignError, match="CR-I06"):
        detect_design(panel, rollout.assign(chosen_by="lottery"))
    nobody = replace(panel, frame=panel.frame.assign(treated_from=pd.Series(pd.NaT, index=panel.frame.index, dtype="datetime64[us]")))
    with pytest.raises(DesignError, match="CR-I04"):
        detect_design(nobody)
    frame = panel.frame.copy()
    frame.loc[frame.index[-1], "treated_from"] = pd.Timestamp("2024-01-01")
    with pytest.raises(DesignError, match="CR-I01"):
        detect_design(replace(panel, frame=frame))
    frame = panel.frame.copy()
    frame.loc[frame.index[-1], "assignment_id"] = "other"
    with pytest.raises(DesignError, match="CR-I02"):
        detect_design(replace(panel, frame=frame))
    with pytest.raises(DesignError, match="CR-I03"):
        detect_design(replace(panel, frame=panel.frame.assign(blocked=True)))


def test_arrays_hold_gaps_and_starts():
    frame = pd.DataFrame({"c": ["b", "a", "a"], "t": [2, 1, 2], "y": [3.0, 1.0, 2.0], "g": [2, np.nan, np.nan]})
    arrays = arrays_of(Panel.from_frame(frame, community="c", period="t", value="y", treated_from="g", outcome="y", unit="hours"))
    assert list(arrays.units) == ["a", "b"]
    np.testing.assert_array_equal(arrays.value, [[1, 2], [np.nan, 3]])
    assert list(arrays.first) == [NEVER, 2]
    assert not arrays.dated
    assert arrays.label(2) == "2"


def test_the_method_does_not_hang_on_counts_of_others_after_the_start():
    panel, rollout = panel_of(PanelSpec(units=20, treated=8))
    frame = panel.frame.copy()
    before = frame["month"] < frame["treated_from"].min()
    frame.loc[before, ["value", "numerator"]] = 0.0
    zero = frame.copy()
    zero.loc[~before, ["value", "numerator"]] = 0.0
    made = [detect_design(replace(panel, frame=f), rollout).method for f in (frame, zero)]
    assert made == [Method.IMPUTATION, Method.IMPUTATION]


def test_the_roll_out_says_who_was_decided_on_together():
    panel, rollout = panel_of(PanelSpec(units=24, treated=8))
    named = detect_design(panel, rollout.assign(assignment_id="D1"))
    unnamed = detect_design(panel, rollout.drop(columns="assignment_id").assign(assigned_level="district"))
    for design in (named, unnamed):
        assert (design.n_treated, design.inference) == (1, Inference.RANDOMISATION)
        assert len(arrays_of(design_panel(panel, design)).assignments) == 17
    assert detect_design(panel, rollout).n_treated == 8


def test_how_units_were_chosen_is_known_only_where_it_is_stated_of_all():
    panel, rollout = panel_of(PanelSpec(units=24, treated=8))
    for partly in (rollout.assign(chosen_by=["random", *[None] * 7]), rollout.assign(chosen_by="random").iloc[:5], rollout.drop(columns="chosen_by")):
        assert detect_design(panel, partly).chosen_by is ChosenBy.UNKNOWN
    assert detect_design(panel, rollout.assign(chosen_by="random")).chosen_by is ChosenBy.RANDOM


def test_a_roll_out_that_does_not_fit_is_refused():
    panel, rollout = panel_of(PanelSpec(units=24, treated=8))
    with pytest.raises(DesignError, match="CR-I73"):
        detect_design(panel, rollout.rename(columns={"unit_id": "unit"}))
    wrong = rollout.assign(start_month=pd.Timestamp("2024-01-01"), end_month="soon", chosen_by="lottery")
    with pytest.raises(DesignError) as caught:
        detect_design(panel, wrong)
    assert [f.code for f in caught.value.failures] == ["CR-I06", "CR-I74", "CR-I74"]
    with pytest.raises(DesignError, match="CR-I74"):
        detect_design(panel, rollout.assign(unit_id=range(8)))
    other, _ = panel_of(PanelSpec(units=6, treated=2))
    with pytest.raises(DesignError, match="CR-I75"):
        design_panel(other, detect_design(panel, rollout))


def test_a_stray_month_is_no_record():
    panel, rollout = panel_of(PanelSpec(units=24, treated=8))
    frame = panel.frame.copy()
    silent = (frame["month"] > "2023-01-15") & (frame["month"] < frame["treated_from"] - pd.DateOffset(months=2))
    frame.loc[silent, ["value", "numerator"]] = np.nan
    frame.loc[silent, "live"] = False
    with pytest.raises(DesignError, match="CR-I05"):
        detect_design(replace(panel, frame=frame), rollout)


def test_a_treated_unit_without_a_month_after_the_start_is_listed():
    panel, rollout = panel_of(PanelSpec(units=24, treated=8))
    frame = panel.frame.copy()
    gone = rollout["unit_id"][0]
    late = (frame["unit_id"] == gone) & (frame["month"] >= frame["treated_from"])
    frame.loc[late, ["value", "numerator"]] = np.nan
    frame.loc[late, "live"] = False
    design = detect_design(replace(panel, frame=frame), rollout)
    assert [(d.unit_id, d.reason) for d in design.dropped] == [(gone, "no_period_after")]
    assert design.n_treated == 7


def test_one_untreated_assignment_is_not_many():
    design = detect_design(*panel_of(PanelSpec(units=19, treated=18, starts=(12, 18, 24))))
    assert design.control == "not_yet"
    assert design.inference is Inference.CR3
    last = detect_design(*panel_of(PanelSpec(units=12, treated=11, starts=(12, 18))))
    assert last.inference is Inference.CR3 if last.n_treated - 6 + 1 >= 6 else last.inference is Inference.RANDOMISATION


def test_infinite_values_and_zeros_for_never_are_refused():
    panel, _ = panel_of(PanelSpec(units=10, treated=3))
    frame = panel.frame.copy()
    frame.loc[5, "value"] = np.inf
    with pytest.raises(DesignError, match="CR-I71") as caught:
        arrays_of(replace(panel, frame=frame))
    assert "U001" in render_error(caught.value, "en")
    table = pd.DataFrame({"c": ["a", "a", "b", "b"], "t": [2020, 2021] * 2, "y": [1.0, 2, 3, 4], "g": [2021, 2021, 0, 0]})
    with pytest.raises(DesignError, match="CR-I72"):
        arrays_of(Panel.from_frame(table, community="c", period="t", value="y", treated_from="g", outcome="y", unit="hours"))


def test_registers_that_begin_with_the_pilot_are_named_as_the_reason():
    """Blocked units are left out of the arrays; what remains has no treated unit, but not because nobody started."""
    made = simulate_panel(PanelSpec(units=12, months=24, treated=4, starts=(12,)), rng=np.random.default_rng(1))
    panel = Panel.from_frame(
        made.frame, community="unit_id", period="month", numerator="numerator", denominator="denominator", treated_from="treated_from", outcome="x",
        unit="per_1000_households",
    )
    started = panel.frame["treated_from"].notna()
    blocked = replace(panel, frame=panel.frame.assign(blocked=started))
    with pytest.raises(DesignError) as caught:
        detect_design(blocked, made.rollout)
    assert [f.code for f in caught.value.failures] == ["CR-I90"]
    assert caught.value.failures[0].values["n"] == 4
