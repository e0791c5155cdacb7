"""Effects from simulated pilots: what is chosen, found, checked, graded and said."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from commresearch import Panel, detect_design, estimate_event_study, estimate_impact
from commresearch.errors import DesignError, EstimationError
from commresearch.impact.checks_comparison import check_placebo_dates, check_pre_trends
from commresearch.impact.grade import DESIGN_GRADES, STEPS, grade_evidence, grade_table
from commresearch.impact.jackknife import cluster_jackknife
from commresearch.impact.result import CheckResult, ImpactEstimate, Note
from commresearch.impact.routes import RECIPES
from commresearch.simulate.panels import ARTEFACTS, PanelSpec, SimulatedPanel, simulate_panel
from commresearch.terms import Grade, Inference, Language, Method, Unit
from commresearch.words import entries
from tests.unit.test_impact_design import panel_of

CAUSAL = ("试点使", "导致", "reduced", "raised", "caused")


def made_panel(spec: PanelSpec, seed: int = 0) -> tuple[Panel, SimulatedPanel]:
    made = simulate_panel(spec, rng=np.random.default_rng(seed))
    panel = Panel.from_frame(
        made.frame, community="unit_id", period="month", numerator="numerator", denominator="denominator", treated_from="treated_from",
        outcome="complaint_rate" if spec.kind == "counts" else "space_use",
        unit="per_1000_households" if spec.kind == "counts" else "percentage_points",
    )
    return replace(panel, breaks=made.breaks), made


def graded(spec: PanelSpec, seed: int = 0) -> ImpactEstimate:
    panel, made = made_panel(spec, seed)
    near = tuple(made.frame.loc[made.frame["neighbour_of"] != "", "unit_id"].unique())
    return estimate_impact(panel, rollout=made.rollout, programmes=made.programmes, neighbours=near)


@pytest.mark.parametrize(
    "spec",
    [
        PanelSpec(units=30, treated=10, effect=-30.0), PanelSpec(units=30, treated=10, starts=(14, 20), effect=-30.0),
        PanelSpec(units=30, treated=10, kind="shares", level=20.0, effect=4.0), PanelSpec(units=30, treated=3, effect=-40.0),
    ],
    ids=["one start", "several starts", "shares", "few"],
)
def test_a_true_effect_is_found_and_said_with_the_words_of_its_grade(spec):
    found = graded(spec, seed=4)
    truth = made_panel(spec, seed=4)[1].truth
    assert found.conf_low < truth < found.conf_high
    assert found.conf_high < 0 if truth < 0 else found.conf_low > 0
    assert found.unit is (Unit.PERCENT if spec.kind == "counts" else Unit.PERCENTAGE_POINTS)
    assert found.grade is Grade.E3
    for language in Language:
        said = found.summary(language)
        assert not any(word in said for word in CAUSAL)
        assert "E3" in said
    assert "估计与试点有关" in found.summary("zh")
    assert "associated with" in found.summary("en")
    assert found.to_dict()["design"]["method"] == str(found.method)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("artefact", "spec"),
    [
        ("late_record", PanelSpec(units=24, treated=8)), ("recoding", PanelSpec(units=24, treated=8)), ("new_channel", PanelSpec(units=24, treated=8)),
        ("longer_hours", PanelSpec(units=24, treated=8, kind="shares", level=20.0)), ("programme", PanelSpec(units=24, treated=8)),
        ("regression_to_mean", PanelSpec(units=40, treated=8, starts=(18,), unit_sd=0.05, shock_sd=0.4, autocorrelation=0.85)),
    ],
)
def test_no_artefact_passes_for_an_effect(artefact, spec, seed):
    try:
        found = graded(replace(spec, artefact=artefact), seed)
    except DesignError:
        assert artefact == "late_record"
        return
    excludes_zero = found.conf_low > 0 or found.conf_high < 0
    assert not (excludes_zero and found.grade >= Grade.E3), (artefact, found.estimate, [(c.name, c.passed) for c in found.checks])


def test_without_a_comparison_nothing_is_attributed():
    series = graded(PanelSpec(units=6, treated=6, months=48, starts=(30,), effect=-30.0))
    plain = graded(PanelSpec(units=6, treated=6, effect=-30.0))
    assert (series.grade, plain.grade) == (Grade.E2, Grade.E1)
    assert "不能归因于试点" in series.summary("zh")
    assert "cannot be attributed" in plain.summary("en")
    with pytest.raises(DesignError, match="CR-I54"):
        estimate_event_study(made_panel(PanelSpec(units=6, treated=6))[0])


def test_random_assignment_is_said_as_an_effect():
    panel, made = made_panel(PanelSpec(units=30, treated=12, effect=-30.0))
    found = estimate_impact(panel, rollout=made.rollout.assign(chosen_by="random"), programmes=made.programmes)
    assert found.grade is Grade.E5
    assert found.summary("zh").startswith("试点使投诉率减少")
    assert "The pilot reduced" in found.summary("en")


def test_spill_over_is_seen_where_neighbours_are_known():
    found = graded(PanelSpec(units=60, treated=15, effect=-50.0, artefact="spill_over"))
    spill = next(c for c in found.checks if c.name == "spill_over")
    assert spill.passed is False
    table = spill.table.set_index("comparison")["estimate"]
    assert table["without_neighbours"] < table["neighbours_only"] < 0


def test_other_methods_and_inferences_can_be_asked_for_and_wrong_pairs_are_refused():
    panel, made = made_panel(PanelSpec(units=16, treated=6, kind="shares", level=20.0, effect=3.0))
    design = detect_design(panel, made.rollout)
    for method in RECIPES:
        if method in {Method.POISSON, Method.SATURATED_POISSON, Method.BEFORE_AFTER, Method.INTERRUPTED_SERIES}:
            continue
        found = estimate_impact(panel, design, method=method)
        assert found.method is method
        assert 1 < found.estimate < 5, method
    with pytest.raises(EstimationError, match="CR-I52"):
        estimate_impact(panel, design, method="imputation", inference="hac")
    with pytest.raises(DesignError, match="CR-I53"):
        estimate_impact(panel, design, method="magic", inference="luck")


def test_the_jackknife_of_one_start_is_welchs_test():
    """Mean changes of units are what the imputation estimate compares where nothing is missing."""
    panel, _ = made_panel(PanelSpec(units=20, treated=7, kind="shares", level=20.0, effect=3.0))
    found = estimate_impact(panel)
    frame = panel.frame.assign(after=panel.frame["month"] >= pd.Timestamp("2024-07-01"))
    means = frame.pivot_table(index="unit_id", columns="after", values="value")
    change = means[True] - means[False]
    treated = frame.groupby("unit_id")["treated_from"].first().notna()
    a, b = change[treated], change[~treated]
    assert found.inference is Inference.CR3
    assert found.estimate == pytest.approx(a.mean() - b.mean(), abs=1e-9)
    assert found.std_error == pytest.approx(np.sqrt(a.var() / len(a) + b.var() / len(b)), rel=1e-9)


def test_a_trend_before_the_start_is_found_and_lowers_the_grade():
    panel, made = made_panel(PanelSpec(units=30, treated=10, kind="shares", level=30.0))
    frame = panel.frame.copy()
    months = frame["month"].dt.year * 12 + frame["month"].dt.month
    drift = np.where(frame["treated_from"].notna(), 0.4 * (months - months.min()), 0.0)
    panel = replace(panel, frame=frame.assign(value=frame["value"] + drift))
    found = estimate_impact(panel, rollout=made.rollout)
    failed = {c.name for c in found.checks if c.passed is False}
    assert {"pre_trends", "placebo_dates"} <= failed
    assert found.grade <= Grade.E1
    table = next(c for c in found.checks if c.name == "pre_trends").table
    assert table["slope"][0] == pytest.approx(0.4, abs=0.1)


def test_checks_keep_their_size():
    """Of 200 pilots without any difference about five percent fail each of two checks."""
    fails = np.zeros(2)
    n = 200
    for seed in range(n):
        panel, _ = made_panel(PanelSpec(units=20, treated=8, months=24, starts=(14,), kind="shares", level=30.0), seed)
        from commresearch.impact.arrays import arrays_of

        arrays = arrays_of(panel)
        point = RECIPES[Method.TWO_WAY_FIXED_EFFECTS].point_for("never")
        results = (check_pre_trends(arrays, relative=False), check_placebo_dates(point, arrays))
        fails += [r.passed is False for r in results]
    assert (np.abs(fails / n - 0.05) < 3 * np.sqrt(0.05 * 0.95 / n)).all()
    assert (fails > 0).all()


def test_leaving_out_names_the_unit_that_carries_an_effect():
    panel, made = made_panel(PanelSpec(units=24, treated=6, kind="shares", level=20.0))
    unit = made.rollout["unit_id"][0]
    frame = panel.frame.copy()
    hit = (frame["unit_id"] == unit) & (frame["month"] >= frame["treated_from"])
    frame.loc[hit, "value"] += 60
    others = (frame["unit_id"] != unit) & (frame["month"] >= frame["treated_from"])
    frame.loc[others, "value"] += 2
    found = estimate_impact(replace(panel, frame=frame), rollout=made.rollout, inference="analytic")
    check = next(c for c in found.checks if c.name == "leave_one_out")
    assert unit in check.text("zh")


CHECKED = CheckResult(name="pre_trends", passed=True, table=pd.DataFrame(), note=Note(key="late_none"))


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize(
    ("column", "spec", "chosen_by", "best"),
    [
        (0, PanelSpec(units=20, treated=8), "volunteer", 3), (1, PanelSpec(units=20, treated=8), "random", 5),
        (2, PanelSpec(units=6, treated=6, months=48, starts=(30,)), "volunteer", 2),
    ],
    ids=["comparison", "random", "series"],
)
def test_each_failed_check_lowers_a_grade_as_the_table_says(name, column, spec, chosen_by, best):
    panel, made = made_panel(spec)
    design = detect_design(panel, made.rollout.assign(chosen_by=chosen_by))
    for passed, lowered in ((True, 0), (None, 0), (False, STEPS[name][column])):
        check = CheckResult(name=name, passed=passed, table=pd.DataFrame(), note=Note(key="late_none"))
        grading = grade_evidence(design, [check] if name == "pre_trends" and passed is not None else [CHECKED, check])
        assert int(grading.grade[1]) == max(best - lowered, 1)
        assert "{" not in grading.text("zh") + grading.text("en")
    assert set(grade_table()["check"]) == set(STEPS)
    assert set(DESIGN_GRADES.values()) == set(Grade)


def test_a_comparison_whose_trend_could_not_be_looked_at_is_lowered():
    panel, made = made_panel(PanelSpec(units=20, treated=8))
    design = detect_design(panel, made.rollout)
    assert grade_evidence(design, [CHECKED]).grade is Grade.E3
    assert grade_evidence(design, []).grade is Grade.E2
    assert "走势无法检验" in grade_evidence(design, []).text("zh")


def test_a_series_is_graded_as_a_series_whatever_units_there_are():
    panel, made = made_panel(PanelSpec(units=20, treated=8, months=48, starts=(30,), effect=-30.0))
    found = estimate_impact(panel, method="interrupted_series", rollout=made.rollout.assign(chosen_by="random"))
    plain = estimate_impact(panel, method="before_after", rollout=made.rollout.assign(chosen_by="random"))
    assert found.grade <= Grade.E2
    assert plain.grade is Grade.E1
    assert "reduced" not in found.summary("en") + plain.summary("en")


def test_nothing_that_varies_and_rare_counts_end_in_words():
    panel, _ = made_panel(PanelSpec(units=20, treated=8))
    flat = panel.frame.assign(numerator=5.0, denominator=1_000.0, value=5.0)
    with pytest.raises(EstimationError):
        estimate_impact(replace(panel, frame=flat))
    rare, _ = made_panel(PanelSpec(units=16, treated=3, level=0.05), 1)
    assert estimate_impact(rare).grade is not None
    with pytest.raises(EstimationError, match="CR-I77"):
        estimate_impact(panel, seed=-1, conf_level=95)


def test_a_placebo_outcome_that_cannot_be_estimated_counts_for_nothing():
    panel, _ = made_panel(PanelSpec(units=20, treated=8))
    nobody = replace(panel, frame=panel.frame.assign(treated_from=pd.Series(pd.NaT, index=panel.frame.index, dtype="datetime64[us]")))
    check = next(c for c in estimate_impact(panel, placebo_panels=[nobody]).checks if c.name == "placebo_outcomes")
    assert check.passed is None


def test_every_check_and_artefact_has_words():
    said = set(entries("effects"))
    assert {f"check_{name}" for name in STEPS} <= said
    assert {f"design_{name}" for name in DESIGN_GRADES} <= said
    assert len(set(ARTEFACTS)) == len(ARTEFACTS)


def test_a_logarithm_is_told_as_percent():
    panel, _ = made_panel(PanelSpec(units=20, treated=8))
    found = replace(estimate_impact(panel), estimate=-0.2, conf_low=-0.3, conf_high=-0.1, unit=Unit.LOG_POINTS)
    assert "18%" in found.summary("zh")
    assert "0.2" not in found.summary("en").split("Method")[0]


def test_the_jackknife_is_infinite_where_one_assignment_is_all():
    from commresearch.impact.arrays import arrays_of

    panel, _ = panel_of(PanelSpec(units=10, treated=1, kind="shares"))
    made = cluster_jackknife(RECIPES[Method.IMPUTATION].point_for("never"), arrays_of(panel))
    assert np.isinf(made.std_error)


def test_an_outcome_that_should_not_change_is_looked_at_too():
    panel, made = made_panel(PanelSpec(units=24, treated=8, effect=-30.0))
    moved = next(c for c in estimate_impact(panel, rollout=made.rollout, placebo_panels=[panel]).checks if c.name == "placebo_outcomes")
    frame = panel.frame.assign(treated_from=panel.frame["treated_from"])
    quiet = np.random.default_rng(3).poisson(7.0, len(frame)).astype(float)
    still = replace(panel, frame=frame.assign(numerator=quiet, value=1000 * quiet / frame["denominator"]))
    left = next(c for c in estimate_impact(panel, rollout=made.rollout, placebo_panels=[still]).checks if c.name == "placebo_outcomes")
    assert (moved.passed, left.passed) == (False, True)
    assert "complaint_rate" in moved.text("en")


def test_the_interval_without_parallel_trends_is_told():
    panel, _ = made_panel(PanelSpec(units=30, treated=10, effect=-60.0, shock_sd=0.02))
    told = next(c for c in estimate_impact(panel).checks if c.name == "honest_bounds")
    assert told.passed is None
    assert list(told.table["bound"]) == [0.5, 1.0, 2.0]
    width = told.table["conf_high"] - told.table["conf_low"]
    assert width.is_monotonic_increasing
    few, _ = made_panel(PanelSpec(units=30, treated=3))
    assert next(c for c in estimate_impact(few).checks if c.name == "honest_bounds").table.empty


def test_a_synthetic_comparison_that_does_not_follow_lowers_the_grade():
    panel, made = made_panel(PanelSpec(units=20, treated=1, kind="shares", level=20.0, effect=3.0))
    frame = panel.frame.copy()
    apart = frame["treated_from"].notna()
    frame.loc[apart, "value"] = 60 + 8 * np.sin(np.arange(apart.sum()))  # above all others, and with a rhythm of its own
    found = estimate_impact(replace(panel, frame=frame), rollout=made.rollout, method="synthetic_control")
    assert next(c for c in found.checks if c.name == "synthetic_fit").passed is False
    assert found.grade <= Grade.E2
