"""Two-way regressions, decomposition, bootstraps, permutations and Ferman-Pinto: branches, refusals and what is said."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from commresearch.errors import DesignError, EstimationError
from commresearch.impact.arrays import arrays_of
from commresearch.impact.assignment_paths import assignment_paths
from commresearch.impact.bacon import bacon_decomposition
from commresearch.impact.cluster_robust import cluster_vcov
from commresearch.impact.ferman_pinto import ferman_pinto
from commresearch.impact.fixed_effects import event_study_regression, treatment_fit, two_way_fixed_effects, usable
from commresearch.impact.group_time_paths import att_of_paths
from commresearch.impact.randomisation import randomisation_inference
from commresearch.impact.wild_bootstrap import ClusterScores, contrast_scores, score_bootstrap, wild, wild_cluster_bootstrap, wild_signs
from commresearch.outcomes import Panel
from commresearch.terms import Estimand, Inference, Language, Method
from commresearch.words import render_error

PERIODS = 8


def frame_of(starts, *, seed=1, periods=PERIODS, effect=0.5):
    rng = np.random.default_rng(seed)
    units = len(starts)
    frame = pd.DataFrame({"unit": np.repeat([f"u{i:02d}" for i in range(units)], periods), "month": np.tile(np.arange(periods), units)})
    frame["start"] = np.repeat(np.asarray(starts, dtype=float), periods)
    frame["y"] = 10 + np.repeat(rng.normal(size=units), periods) + rng.normal(size=len(frame)) + effect * (frame["month"] >= frame["start"])
    return frame.assign(w=1.0, district=frame["unit"], households=np.repeat(rng.integers(100, 900, units), periods))


def panel_of(frame, **columns):
    return Panel.from_frame(frame, community="unit", period="month", value="y", treated_from="start", outcome="complaints", unit="count", **columns)


NEVER = np.nan
ONE_START = (4, 4, *[NEVER] * 10)
STAGGERED = (3, 3, 4, 5, 5, 6, *[NEVER] * 8)
ESTIMATORS = {
    "two_way": two_way_fixed_effects,
    "wild": lambda p: wild_cluster_bootstrap(p, draws=99),
    "randomisation": lambda p: randomisation_inference(p, draws=99),
    "ferman_pinto": lambda p: ferman_pinto(p, draws=99),
    "event_study": lambda p: event_study_regression(arrays_of(p)),
    "bacon": bacon_decomposition,
}


def refused(call, code, kind=DesignError):
    with pytest.raises(kind) as caught:
        call()
    assert {f.code for f in caught.value.failures} == {code}
    texts = [render_error(caught.value, language) for language in Language]
    assert all("{" not in text for text in texts)
    return texts


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize(
    ("starts", "code"), [([NEVER] * 6, "CR-I25"), ([20] * 3 + [NEVER] * 3, "CR-I25"), ([0] * 3 + [NEVER] * 3, "CR-I26"), ([4] * 6, "CR-I27")]
)
def test_a_panel_without_comparison_is_refused_by_all(name, starts, code):
    refused(lambda: ESTIMATORS[name](panel_of(frame_of(starts))), code)


@pytest.mark.parametrize("weight", [np.nan, -1.0, np.inf])
@pytest.mark.parametrize("name", [n for n in ESTIMATORS if n != "bacon"])
def test_weights_that_are_none_are_refused_with_the_units(name, weight):
    frame = frame_of(ONE_START)
    frame.loc[frame["unit"].eq("u03") & frame["month"].eq(2), "w"] = weight
    texts = refused(lambda: ESTIMATORS[name](panel_of(frame, weight="w")), "CR-I24", EstimationError)
    assert all("u03" in text and "u04" not in text for text in texts)


@pytest.mark.parametrize(
    "call",
    [
        lambda p: two_way_fixed_effects(p, vcov="cr4"), lambda p: two_way_fixed_effects(p, conf_level=95), lambda p: wild_cluster_bootstrap(p, weights="mammen"),
        lambda p: wild_cluster_bootstrap(p, draws=0), lambda p: randomisation_inference(p, draws=0), lambda p: ferman_pinto(p, conf_level=1.0),
    ],
)
def test_options_that_do_not_exist_are_refused(call):
    refused(lambda: call(panel_of(frame_of(ONE_START))), "CR-I38", EstimationError)


def test_result_says_how_it_was_obtained():
    made = two_way_fixed_effects(panel_of(frame_of(STAGGERED)), conf_level=0.9)
    assert (made.method, made.inference, made.estimand) == (Method.TWO_WAY_FIXED_EFFECTS, Inference.CR1, Estimand.COEFFICIENT)
    assert (made.n_obs, made.n_units, made.n_clusters, made.n_treated, made.conf_level) == (112, 14, 14, 6, 0.9)
    assert [n.key for n in made.warnings] == ["forbidden_comparisons"]
    assert "4批" in made.warnings[0].text("zh")
    assert made.conf_low < made.estimate < made.conf_high


@pytest.mark.parametrize(
    ("vcov", "starts", "keys"),
    [
        ("cr1", ONE_START, ["few_treated_cr1"]), ("cr2", ONE_START, []), ("cr3", ONE_START, ["few_treated_cr3"]),
        ("cr1", [4] * 6 + [NEVER] * 6, []), ("cr3", [4] * 6 + [NEVER] * 6, []), ("cr2", [4, 4] + [NEVER] * 2, []),
    ],
)
def test_few_treated_are_warned_of_where_errors_mislead(vcov, starts, keys):
    made = two_way_fixed_effects(panel_of(frame_of(starts)), vcov=vcov)
    assert [n.key for n in made.warnings] == keys
    treated = str(np.isfinite(starts).sum())
    assert all(treated in n.text(language) for n in made.warnings for language in Language)


def test_units_treated_throughout_are_named_and_left_out_of_an_event_study():
    panel = panel_of(frame_of((0, 3, 3, NEVER, NEVER, NEVER)))
    made = two_way_fixed_effects(panel)
    assert [n.values for n in made.warnings if n.key == "always_treated"] == [{"units": ["u00"]}]
    study = event_study_regression(arrays_of(panel))
    assert [(d.unit_id, d.reason, d.months, d.whole) for d in study.arrays.dropped] == [("u00", "no_month_before", 8, True)]
    assert study.event_time.tolist() == [-3, -2, 0, 1, 2, 3, 4]


def test_a_unit_with_one_month_is_dropped_and_listed():
    frame = frame_of(ONE_START)
    panel = panel_of(frame[frame["unit"].ne("u05") | frame["month"].eq(1)])
    made = two_way_fixed_effects(panel)
    assert [(d.unit_id, d.reason, d.months) for d in made.dropped] == [("u05", "single_month", 1)]
    assert (made.n_units, made.n_obs) == (11, 88)
    assert made.estimate == pytest.approx(two_way_fixed_effects(panel_of(frame[frame["unit"].ne("u05")])).estimate, abs=1e-12)


def test_jackknife_of_one_treated_assignment_is_refused_by_name():
    texts = refused(lambda: two_way_fixed_effects(panel_of(frame_of((4, NEVER, NEVER, NEVER))), vcov="cr3"), "CR-I23", EstimationError)
    assert all("u00" in text for text in texts)


def test_one_assignment_gives_no_standard_error():
    frame = frame_of((4, NEVER, NEVER)).assign(district="all")
    frame["start"] = np.where(frame["unit"].eq("u00"), 4.0, np.nan)
    refused(lambda: two_way_fixed_effects(panel_of(frame, cluster="district")), "CR-I20", EstimationError)
    refused(lambda: two_way_fixed_effects(panel_of(frame, cluster="district"), vcov="cr2"), "CR-I20", EstimationError)


def test_too_few_months_for_the_parameters():
    frame = frame_of((1, NEVER), periods=2)
    for kind in ("cr1", "cr2"):
        refused(lambda k=kind: two_way_fixed_effects(panel_of(frame), vcov=k), "CR-I20", EstimationError)
    refused(lambda: two_way_fixed_effects(panel_of(frame_of((1, 1, NEVER), periods=2, seed=3).assign(y=[1, 3, 2, 4, 5, 5]))), "CR-I83", EstimationError)
    refused(lambda: cluster_vcov(np.ones((3, 1)), np.ones(3), np.arange(3), kind="cr1", absorbed=2), "CR-I21", EstimationError)


@pytest.mark.parametrize("vcov", ["cr1", "cr2"])
@pytest.mark.parametrize(("starts", "alone"), [((4, NEVER, NEVER, NEVER), "u00"), ((NEVER, 4, 4, 4), "u00")])
def test_a_single_assignment_on_one_side_has_no_error(vcov, starts, alone):
    made = two_way_fixed_effects(panel_of(frame_of(starts)), vcov=vcov)
    assert [(n.key, dict(n.values)) for n in made.warnings] == [("single_assignment", {"assignment": alone})]
    assert np.isnan([made.std_error, made.statistic, made.p_value, made.conf_low, made.conf_high]).all()
    assert np.isfinite(made.estimate)
    assert made.to_dict()["conf_low"] is None
    assert "nan" not in (made.summary("zh") + made.summary("en")).lower()


@pytest.mark.parametrize("name", ["two_way", "wild", "randomisation", "ferman_pinto"])
def test_outcomes_that_do_not_vary_are_refused(name):
    for starts in (ONE_START, STAGGERED):
        frame = frame_of(starts)
        for y in (0.1, 1e6 / 3, frame["month"] / 7):
            refused(lambda y=y, frame=frame: ESTIMATORS[name](panel_of(frame.assign(y=y))), "CR-I83", EstimationError)


@pytest.mark.parametrize("options", [{"conf_level": "0.95"}, {"conf_level": 0}, {"seed": -1}, {"draws": 0}, {"draws": "9"}])
@pytest.mark.parametrize("call", [wild_cluster_bootstrap, randomisation_inference, ferman_pinto])
def test_numbers_that_no_option_takes_are_refused(call, options):
    refused(lambda: call(panel_of(frame_of(ONE_START)), **options), "CR-I38", EstimationError)


def test_a_level_of_the_two_way_regression_is_a_number():
    refused(lambda: two_way_fixed_effects(panel_of(frame_of(ONE_START)), conf_level="0.95"), "CR-I38", EstimationError)


def test_columns_that_depend_on_each_other_are_refused():
    x = np.column_stack([np.arange(6.0), 2 * np.arange(6.0)])
    for kind in ("cr1", "cr2"):
        refused(lambda k=kind: cluster_vcov(x, np.ones(6), np.arange(6) // 2, kind=k, absorbed=0), "CR-I22", EstimationError)


def test_event_times_without_never_treated_need_two_references():
    panel = panel_of(frame_of((3, 3, 4, 4)))
    texts = refused(lambda: event_study_regression(arrays_of(panel)), "CR-I28", EstimationError)
    assert all("4" in text for text in texts)
    made = event_study_regression(arrays_of(panel), (-1, -4))
    assert made.reference == (-1, -4)
    assert made.event_time.tolist() == [-3, -2, 0, 1, 2, 3, 4]
    refused(lambda: event_study_regression(arrays_of(panel), -9), "CR-I29")


def test_treatment_without_variation_within_a_unit_is_refused():
    """The treated unit has months after its start only: its own effect says it all."""
    frame = frame_of((4, NEVER, NEVER, NEVER))
    refused(lambda: two_way_fixed_effects(panel_of(frame[frame["unit"].ne("u00") | frame["month"].ge(4)])), "CR-I28", EstimationError)


def test_decomposition_needs_every_month_and_steady_weights():
    frame = frame_of(STAGGERED)
    texts = refused(lambda: bacon_decomposition(panel_of(frame[frame["unit"].ne("u01") | frame["month"].ne(2)])), "CR-I80")
    assert all("u01" in text for text in texts)
    frame.loc[frame["unit"].eq("u02") & frame["month"].eq(2), "w"] = 2
    texts = refused(lambda: bacon_decomposition(panel_of(frame, weight="w")), "CR-I81")
    assert all("u02" in text for text in texts)


def test_decomposition_names_cohorts_and_kinds():
    table = bacon_decomposition(panel_of(frame_of((0, 3, 5, NEVER, NEVER))))
    assert list(table.columns) == ["type", "treated", "control", "estimate", "weight"]
    assert table[["type", "treated", "control"]].to_numpy().tolist() == [
        ["earlier_vs_later", "3", "5"], ["later_vs_always", "3", "0"], ["later_vs_always", "5", "0"], ["later_vs_earlier", "5", "3"],
        ["treated_vs_untreated", "3", ""], ["treated_vs_untreated", "5", ""],
    ]
    assert table["weight"].sum() == pytest.approx(1)


def test_signs_by_number_of_clusters():
    rng = np.random.default_rng(0)
    assert np.unique(np.abs(wild_signs(11, weights=None, draws=500, rng=rng).values)).tolist() == pytest.approx([0.5**0.5, 1, 1.5**0.5])
    twelve = wild_signs(12, weights=None, draws=500, rng=rng)
    assert (twelve.enumerated, twelve.values.shape, twelve.total) == (True, (2**11, 12), 2**11)
    assert len(np.unique(twelve.values, axis=0)) == 2**11
    many = wild_signs(14, weights=None, draws=500, rng=rng)
    assert (many.enumerated, many.values.shape, many.total) == (False, (500, 14), 501)
    assert set(np.unique(many.values)) == {-1.0, 1.0}
    assert abs(many.values.mean()) < 0.05


@pytest.mark.parametrize("units", [12, 40])  # fewer and more clusters than twice the columns
def test_scores_of_the_null_give_the_bootstrap_of_the_regression(units):
    arrays = usable(arrays_of(panel_of(frame_of((4, 4, 4, *[NEVER] * (units - 3))))))
    fit = treatment_fit(arrays)
    scores = contrast_scores(fit, np.ones(1))
    signs = wild_signs(units, weights="webb", draws=60, rng=np.random.default_rng(0))
    delta = float(fit.coefficient[0]) - 0.2
    of_null = ClusterScores(score=scores.score + delta * scores.slope, slope=scores.slope, bread=scores.bread, direction=scores.direction)
    made, whole = score_bootstrap(of_null, signs, factor=fit.factor), wild(scores, signs)
    assert made.statistic == pytest.approx(delta / np.sqrt(fit.vcov("cr1").vcov[0, 0]))
    draws = (whole.numerator @ [1, delta]) / np.sqrt(fit.factor * (whole.square @ [1, delta, delta**2]))
    assert made.draws == pytest.approx(draws, rel=1e-10)
    assert made.p_value == whole.p_value(delta)


def test_wild_bootstrap_of_a_mean_of_event_times():
    panel = panel_of(frame_of(STAGGERED))
    made = wild_cluster_bootstrap(panel, contrast={0: 0.5, 1: 0.5}, draws=499)
    study = event_study_regression(arrays_of(panel))
    rows = np.isin(study.event_time, [0, 1])
    assert made.estimate == pytest.approx(study.fit.coefficient[rows].mean())
    assert made.std_error == pytest.approx(np.sqrt(study.fit.vcov("cr1").vcov[np.ix_(rows, rows)].sum()) / 2)
    assert made.estimand is Estimand.ATT_BY_EVENT_TIME
    assert made.conf_low < made.estimate < made.conf_high
    refused(lambda: wild_cluster_bootstrap(panel, contrast={-1: 1.0}), "CR-I82")
    assert wild_cluster_bootstrap(panel, contrast={-1: -1.0}, reference=0, draws=99).estimate == pytest.approx(
        study.fit.coefficient[list(study.event_time).index(0)]
    )
    refused(lambda: wild_cluster_bootstrap(panel, contrast={0: 0.0}), "CR-I82")


def test_bootstrap_test_of_another_null_agrees_with_the_interval():
    panel = panel_of(frame_of((4, 4, 4, 4, 4, 4, *[NEVER] * 6)))
    made = wild_cluster_bootstrap(panel)
    assert (made.details["enumerated"], made.details["smallest_p"]) == (1, 1 / 2**11)
    for end, outside in ((made.conf_low, -1e-6), (made.conf_high, 1e-6)):
        assert wild_cluster_bootstrap(panel, null=end - outside).p_value > 0.05 >= wild_cluster_bootstrap(panel, null=end + outside).p_value
    free = wild_cluster_bootstrap(panel, restricted=False)
    assert free.estimate - free.conf_low == pytest.approx(free.conf_high - free.estimate)


def test_interval_without_ends_is_said():
    made = wild_cluster_bootstrap(panel_of(frame_of((4, 4, NEVER, NEVER, NEVER))), weights="rademacher")
    assert (made.conf_low, made.conf_high) == (-np.inf, np.inf)
    assert made.details["smallest_p"] == 1 / 16
    assert [n.key for n in made.warnings][:2] == ["few_treated_wild", "interval_unbounded"]
    assert "95%" in made.warnings[1].text("zh")


def test_a_constant_outcome_has_no_variation_to_infer_from():
    panel = panel_of(frame_of(ONE_START).assign(y=3.0))
    for name in ("wild", "ferman_pinto"):
        refused(lambda n=name: ESTIMATORS[n](panel), "CR-I83", EstimationError)


def test_all_assignments_are_used_where_there_are_few():
    made = randomisation_inference(panel_of(frame_of((4, *[NEVER] * 9))))
    assert (made.details["distinct"], made.details["enumerated"], made.details["draws"]) == (10, 1, 10)
    assert made.details["attainable_level"] == 0
    assert (made.conf_low, made.conf_high) == (-np.inf, np.inf)
    assert made.warnings[0].key == "too_few_assignments"
    assert "10" in made.warnings[0].text("zh")
    assert made.p_value in {i / 10 for i in range(1, 11)}
    at_80 = randomisation_inference(panel_of(frame_of((4, *[NEVER] * 9), effect=6.0)), conf_level=0.8)
    assert (at_80.p_value, at_80.details["attainable_level"], at_80.details["smallest_p"]) == (0.1, 0.2, 0.1)
    assert np.isfinite([at_80.conf_low, at_80.conf_high]).all()
    assert at_80.conf_low > 0


def test_strata_keep_starts_within():
    frame = frame_of((4, NEVER, NEVER, 4, 4, NEVER))
    arrays = usable(arrays_of(panel_of(frame)))
    strata = {f"u{i:02d}": "north" if i < 3 else "south" for i in range(6)}
    paths = assignment_paths(arrays, draws=100, rng=np.random.default_rng(0), strata=strata)
    assert (paths.distinct, paths.enumerated, len(np.unique(paths.code, axis=0))) == (9, True, 9)
    treated = paths.code == 0
    assert (treated[:, :3].sum(axis=1) == 1).all()
    assert (treated[:, 3:].sum(axis=1) == 2).all()
    drawn = assignment_paths(arrays, draws=8, rng=np.random.default_rng(0), strata=strata)
    assert (drawn.enumerated, drawn.total, (drawn.code[:, :3] == 0).sum(axis=1).tolist()) == (False, 9, [1] * 8)
    texts = refused(lambda: randomisation_inference(panel_of(frame), strata={"u00": "north"}), "CR-I85")
    assert all("u05" in text for text in texts)


def test_starts_within_an_assignment_must_be_one():
    frame = frame_of((3, 4, NEVER, NEVER)).assign(district=lambda f: f["unit"].map({"u00": "A", "u01": "A", "u02": "B", "u03": "C"}))
    for call in (randomisation_inference, ferman_pinto):
        texts = refused(lambda c=call: c(panel_of(frame, cluster="district")), "CR-I84")
        assert all("A" in text for text in texts)


def test_statistics_of_others_are_permuted():
    panel = panel_of(frame_of(ONE_START))
    linear = randomisation_inference(panel, statistic=att_of_paths)
    searched = randomisation_inference(panel, statistic=att_of_paths, adjust=_without)
    assert (linear.method, linear.estimand) == (Method.GROUP_TIME, Estimand.ATT)
    assert (searched.p_value, searched.estimate) == (linear.p_value, linear.estimate)
    assert [searched.conf_low, searched.conf_high] == pytest.approx([linear.conf_low, linear.conf_high], abs=1e-4)
    curved = randomisation_inference(panel, statistic=lambda a, first: np.exp(att_of_paths(a, first)) - 1)
    assert np.isnan([curved.conf_low, curved.conf_high]).all()
    assert [n.key for n in curved.warnings] == ["interval_not_found"]
    refused(lambda: randomisation_inference(panel, statistic=lambda a, first: np.full(len(first), np.nan)), "CR-I86", EstimationError)


def _without(arrays, effect):
    return replace(arrays, value=arrays.value - effect * arrays.treated)


def test_an_assignment_that_cannot_be_computed_counts_as_far_out():
    panel = panel_of(frame_of(ONE_START))
    whole = randomisation_inference(panel, statistic=att_of_paths)
    made = randomisation_inference(panel, statistic=lambda a, first: np.where(first[:, 0] == first[:, 1], att_of_paths(a, first), np.nan))
    assert made.details["distinct"] == 66
    assert made.p_value >= 20 / 66
    assert made.p_value >= whole.p_value


def test_t_statistics_are_permuted_without_gaps_only():
    frame = frame_of(ONE_START)
    made = randomisation_inference(panel_of(frame), studentise=True)
    assert np.isnan(made.std_error)
    assert made.conf_low < made.estimate < made.conf_high
    refused(lambda: randomisation_inference(panel_of(frame.iloc[1:]), studentise=True), "CR-I87", EstimationError)


def test_ferman_pinto_takes_households_or_given_sizes():
    frame = frame_of((4, *[NEVER] * 24))
    given = {u: float(h) for u, h in frame.groupby("unit")["households"].first().items()}
    by_panel, by_hand, equal = (
        ferman_pinto(panel_of(frame, denominator="households"), draws=399), ferman_pinto(panel_of(frame), size=given, draws=399),
        ferman_pinto(panel_of(frame), draws=399),
    )
    assert (by_panel.conf_low, by_panel.conf_high, by_panel.p_value) == (by_hand.conf_low, by_hand.conf_high, by_hand.p_value)
    assert equal.details["treated_sd"] == pytest.approx(equal.details["control_sd"])
    assert (by_panel.inference, by_panel.estimand, by_panel.warnings) == (Inference.FERMAN_PINTO, Estimand.ATT, ())
    assert by_panel.conf_low < by_panel.estimate < by_panel.conf_high
    texts = refused(lambda: ferman_pinto(panel_of(frame), size=given | {"u03": 0.0}), "CR-I89")
    assert all("u03" in text for text in texts)


def test_ferman_pinto_says_when_controls_are_few_and_refuses_fewer():
    assert ferman_pinto(panel_of(frame_of(ONE_START)), draws=99).warnings[0].key == "few_controls"
    refused(lambda: ferman_pinto(panel_of(frame_of((3, 4, NEVER, NEVER)))), "CR-I88")


def test_ferman_pinto_leaves_out_units_without_months_on_both_sides():
    frame = frame_of((4, 4, 0, *[NEVER] * 7))
    frame = frame[frame["unit"].ne("u05") | frame["month"].lt(4)]
    made = ferman_pinto(panel_of(frame), draws=99)
    assert sorted((d.unit_id, d.reason) for d in made.dropped) == [("u02", "one_side_only"), ("u05", "one_side_only")]
    assert (made.n_units, made.n_treated) == (8, 2)
