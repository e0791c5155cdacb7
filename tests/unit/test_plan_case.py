"""Planning a pilot: sizes, the lot, the lock."""

import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from commresearch.cases import load_case
from commresearch.errors import CaseError, DesignError, EstimationError
from commresearch.impact.arrays import arrays_of
from commresearch.impact.plan_file import read_plan
from commresearch.impact.sample_size import panel_detectable, panel_variance
from commresearch.workflow import build_case_panels, clean_logs, draw_case_rollout, lock_case_plan, plan_case
from commresearch.workflow.case_estimates import OUTCOMES_SEEN
from commresearch.workflow.case_plan import Draw, case_hashes, chosen_panels, extended_panel
from commresearch.workflow.plan_sizes import PlanSettings, count_law, plan_table
from tests.unit.effect_case import write_case

TODAY = pd.Timestamp("2026-03-02").date()
FAST = PlanSettings(draws=60)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    return built(tmp_path_factory.mktemp("begun"))


@pytest.fixture(scope="module")
def ahead(tmp_path_factory):
    """A pilot that has not begun: fourteen months of logs, starts to come."""
    root = tmp_path_factory.mktemp("ahead")
    folder = write_case(root / "wanghai", start=None, months=14)
    rollout = pd.read_csv(folder / "rollout.csv", dtype=str)
    rollout["start_month"] = ["2024-06-01"] * 3 + ["2024-09-01"] * 3 + [""] * 3
    rollout.to_csv(folder / "rollout.csv", index=False)
    text = (folder / "case.toml").read_text(encoding="utf8")
    (folder / "case.toml").write_text(text.replace('months = ["2023-01", "2024-02"]\n', ""), encoding="utf8")
    return built(root, folder)


def built(root, folder=None):
    case = load_case(write_case(root / "wanghai") if folder is None else folder)
    logs = clean_logs(case, root / "out")
    return case, logs, build_case_panels(case, logs, root / "out")


def codes(error):
    return [f.code for f in error.value.failures]


def test_settings_that_cannot_be_are_refused_together():
    with pytest.raises(EstimationError) as error:
        plan_table([], PlanSettings(share=120.0, icc=1.5))
    assert codes(error).count("CR-I07") >= 2


def test_outcomes_that_the_case_does_not_have_are_named(begun):
    with pytest.raises(CaseError) as error:
        chosen_panels(begun[2], ["space_use", "happiness"])
    assert codes(error) == ["CR-I57", "CR-I57"]
    assert error.value.failures[1].values == {"got": "happiness", "allowed": "complaint_rate"}
    assert chosen_panels(begun[2], []) == begun[2]


def test_sizes_come_from_months_before_the_start_only(begun, tmp_path):
    panels = begun[2]
    made = plan_case(panels, FAST, tmp_path)
    row = made.table[made.table["part"] == "panel"].iloc[0]
    arrays = arrays_of(panels[0].panel)
    law = panel_variance(arrays.value[:, :14])
    closed = panel_detectable(law, treated=3, comparison=6, before=14, after=12)
    assert row["detectable"] == pytest.approx(closed.detectable)
    assert (row["treated"], row["comparison"], row["months_before"]) == (3, 6, 14)
    frame = panels[0].panel.frame.copy()
    frame.loc[frame["month"] >= "2024-03-01", "value"] *= 5
    other = replace(panels[0], panel=replace(panels[0].panel, frame=frame))
    pd.testing.assert_frame_equal(plan_table([other], FAST), made.table)
    read = pd.read_csv(made.path)
    assert list(read["part"]) == ["survey"] * 3 + ["panel"]
    assert read["persons_per_side"].iloc[0] > read["persons_per_side"].iloc[2]


def test_a_panel_that_is_too_short_says_why_and_the_others_go_on(tmp_path):
    _, _, panels = built(tmp_path, write_case(tmp_path / "wanghai", units=4, months=3, start=None))
    row = plan_table(panels, FAST).iloc[-1]
    assert "CR-I08" in row["refusal_zh"]
    assert "months" in row["refusal_en"]
    assert np.isnan(row["detectable"])


def test_who_starts_is_as_the_roll_out_says_or_as_asked_for_or_half(ahead, tmp_path):
    row = plan_table(ahead[2], FAST).iloc[-1]
    assert (row["treated"], row["comparison"]) == (6, 3)
    _, _, panels = built(tmp_path, write_case(tmp_path / "wanghai", units=7, months=8, start=None))
    assert tuple(plan_table(panels, FAST).iloc[-1][["treated", "comparison"]]) == (3, 4)
    assert tuple(plan_table(panels, replace(FAST, treated=2, comparison=9)).iloc[-1][["treated", "comparison"]]) == (2, 9)


def test_how_counts_vary_is_found_again():
    rng = np.random.default_rng(2)
    rate = 30 * np.exp(0.3 * rng.standard_normal((400, 1)) + 0.2 * rng.standard_normal((400, 24)))
    law = count_law(rng.poisson(rate).astype(float), 0.0)
    assert law.rate == pytest.approx(30 * np.exp(0.3**2 / 2 + 0.2**2 / 2), rel=0.05)
    assert law.unit_sd == pytest.approx(0.3, abs=0.04)
    assert law.shock_sd == pytest.approx(0.2, abs=0.04)
    assert count_law(np.zeros((4, 6)), 0.0).rate == 0.0


# the lock


def test_a_plan_of_a_pilot_to_come_is_locked_with_the_method_that_its_design_will_have(ahead, tmp_path):
    case, logs, panels = ahead
    before = case_hashes(case.folder)
    locked = lock_case_plan(case, panels, logs, today=TODAY, after=10)
    read = read_plan((case.folder / "plan.toml").read_text(encoding="utf8"))
    assert read == locked
    plan = locked.plan
    assert (plan.outcome, plan.method, plan.estimand, plan.notes) == ("complaint_rate", "saturated_poisson", "att_percent", "")
    assert (plan.first_month, plan.last_month, len(plan.units)) == ("2023-01", "2025-06", 9)
    assert locked.locked_on == TODAY
    assert case_hashes(case.folder) == before, "the plan is none of the files that it is locked to"
    with pytest.raises(CaseError) as error:
        lock_case_plan(case, panels, logs, today=TODAY)
    assert codes(error) == ["CR-I56"]


def test_a_plan_that_comes_after_the_start_says_so(begun):
    case, logs, panels = begun
    locked = lock_case_plan(case, panels, logs, today=TODAY)
    assert locked.plan.notes == OUTCOMES_SEEN
    assert locked.plan.last_month == "2025-02"


def test_one_outcome_is_planned(begun, tmp_path):
    case, logs, panels = begun
    case = replace(case, folder=tmp_path)
    for chosen in ([], [*panels, *panels]):
        with pytest.raises(CaseError) as error:
            lock_case_plan(case, chosen, logs, today=TODAY)
        assert codes(error) == ["CR-I58"]


def test_nobody_to_start_is_told(tmp_path):
    case, logs, panels = built(tmp_path, write_case(tmp_path / "wanghai", units=4, months=6, start=None))
    with pytest.raises(DesignError) as error:
        lock_case_plan(case, panels, logs, today=TODAY)
    assert codes(error) == ["CR-I04"]
    assert not (case.folder / "plan.toml").exists()


def test_a_panel_is_carried_on_to_the_months_of_the_plan_and_holds_nothing_from_a_start_on(begun, ahead):
    panel = extended_panel(begun[2][0].panel, last="2025-04", after=1)
    late = panel.frame["treated_from"].notna() & (panel.frame["month"] >= panel.frame["treated_from"])
    assert panel.frame.loc[late, "value"].isna().all()
    assert panel.frame.groupby("unit_id")["month"].max().eq(pd.Timestamp("2025-04-01")).all()
    assert panel.frame.dtypes.equals(begun[2][0].panel.frame.dtypes)
    assert extended_panel(ahead[2][0].panel, last=None, after=4).frame["month"].max() == pd.Timestamp("2024-12-01")


# the lot


def test_the_order_of_start_is_drawn_once_and_anybody_can_draw_it_again(tmp_path):
    case = load_case(write_case(tmp_path / "wanghai", start=None, months=2))
    drawn, path = draw_case_rollout(case, Draw(batches=2, first="2026-03", every=2))
    assert drawn["start_month"].dropna().unique().tolist() == ["2026-03", "2026-05"]
    assert drawn["start_month"].value_counts().tolist() == [3, 3]
    assert set(drawn["seed"]) == {7}
    read = pd.read_csv(path, dtype={"unit_id": str})
    assert read["unit_id"].tolist() == drawn["unit_id"].tolist()
    with pytest.raises(CaseError) as error:
        draw_case_rollout(case, Draw(batches=2, first="2026-03"))
    assert codes(error) == ["CR-I56"]
    path.unlink()
    again, _ = draw_case_rollout(case, Draw(batches=2, first="2026-03", every=2))
    pd.testing.assert_frame_equal(again, drawn)


def test_no_roster_and_columns_that_it_does_not_have_are_told(tmp_path):
    folder = write_case(tmp_path / "wanghai", start=None, months=2)
    with pytest.raises(DesignError) as error:
        draw_case_rollout(load_case(folder), Draw(batches=2, first="2026-03"), strata=("colour",))
    assert codes(error) == ["CR-I09"]
    assert not (folder / "rollout_drawn.csv").exists()
    text = (folder / "case.toml").read_text(encoding="utf8")
    (folder / "case.toml").write_text(text.replace('[roster]\nfile = "communities.csv"\n', ""), encoding="utf8")
    assert "roster" not in tomllib.loads((folder / "case.toml").read_text(encoding="utf8"))
    with pytest.raises(CaseError) as error:
        draw_case_rollout(load_case(folder), Draw(batches=2, first="2026-03"))
    assert codes(error) == ["CR-F04"]
