"""Group-time effects: what is compared, what is left out, what is refused, and the bands."""

import numpy as np
import pandas as pd
import pytest

from commresearch.errors import DesignError, EstimationError
from commresearch.impact.arrays import NEVER, arrays_of
from commresearch.impact.comparisons import comparisons, unit_weights
from commresearch.impact.covariate_models import DependentError, fitted
from commresearch.impact.group_time import group_time_effects
from commresearch.impact.group_time_paths import att_of_paths
from commresearch.impact.influence import covariance
from commresearch.impact.multiplier import MAMMEN, Multiplier, simultaneous
from commresearch.impact.propensity import SeparatedError, logit
from commresearch.outcomes import Panel
from commresearch.words import render_error

EXACT = 1e-12  #: the same numbers by another order of sums


def frame_of(starts, periods=range(1, 7), seed=0, **columns):
    """Units u0, u1, … with the given starts; columns are per unit, or per unit and period."""
    rng = np.random.default_rng(seed)
    n, t = len(starts), len(periods)
    frame = pd.DataFrame(
        {"u": np.repeat([f"u{i:02}" for i in range(n)], t), "t": np.tile(np.asarray(periods), n), "y": rng.normal(size=n * t),
         "g": np.repeat(np.asarray(starts, dtype=object), t)}
    )
    for name, values in columns.items():
        frame[name] = np.repeat(values, t) if np.ndim(values) == 1 else np.ravel(values)
    return frame


def panel_of(frame, **names):
    return Panel.from_frame(frame, community="u", period="t", value="y", treated_from="g", outcome="made_up", unit="count", **names)


def refused(error, language="en"):
    return render_error(error.value, language)


STARTS = [3, 3, 5, 5, 5, *[np.nan] * 4]


def test_varying_and_universal_bases():
    periods = np.arange(1, 7)
    varying = comparisons(periods, np.array([4]), base="varying", anticipation=0)
    assert list(zip(varying.column, varying.base, strict=True)) == [(1, 0), (2, 1), (3, 2), (4, 2), (5, 2)]
    universal = comparisons(periods, np.array([4]), base="universal", anticipation=1)
    assert list(zip(universal.column, universal.base, strict=True)) == [(t, 1) for t in range(6)]
    early = comparisons(periods, np.array([4]), base="varying", anticipation=1)
    assert list(zip(early.column, early.base, strict=True)) == [(1, 0), (2, 1), (3, 1), (4, 1), (5, 1)]


def test_months_are_labelled_as_months():
    frame = frame_of([pd.Timestamp("2025-03-01")] * 2 + [pd.NaT] * 3, periods=pd.date_range("2025-01-01", periods=5, freq="MS"))
    effects = group_time_effects(panel_of(frame))
    assert effects.to_frame()["group"].unique().tolist() == [pd.Timestamp("2025-03-01")]
    assert effects.aggregate("calendar").path["period"].tolist() == list(pd.date_range("2025-03-01", periods=3, freq="MS"))
    assert effects.aggregate("group").path["group"].tolist() == [pd.Timestamp("2025-03-01")]
    assert effects.aggregate("dynamic").path["event_time"].tolist() == [-1, 0, 1, 2]
    assert effects.aggregate("simple").path is None


def test_the_frame_has_the_vocabulary_and_both_sides():
    table = group_time_effects(panel_of(frame_of(STARTS))).to_frame()
    columns = ["group", "period", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "conf_level", "unit", "n_treated", "n_control"]
    assert list(table) == columns
    assert table["n_treated"].tolist() == [2] * 5 + [3] * 5
    assert set(table["n_control"]) == {4}
    row = table.iloc[0]
    assert row["conf_high"] - row["estimate"] == pytest.approx(1.959964 * row["std_error"], rel=1e-6)


def test_not_yet_treated_controls_are_those_untouched_by_the_later_period():
    table = group_time_effects(panel_of(frame_of(STARTS)), control="not_yet").to_frame().set_index(["group", "period"])["n_control"]
    assert table.loc[3].to_dict() == {2: 7, 3: 7, 4: 7, 5: 4, 6: 4}
    assert table.loc[5].to_dict() == {2: 6, 3: 4, 4: 4, 5: 4, 6: 4}


def test_a_universal_base_is_zero_without_standard_error():
    effects = group_time_effects(panel_of(frame_of(STARTS)), base="universal")
    table = effects.to_frame()
    zero = table[table["period"] == table["group"] - 1]
    assert zero["estimate"].tolist() == [0, 0]
    assert zero["std_error"].isna().all()
    path = effects.aggregate("dynamic", draws=99).path.set_index("event_time")
    assert path.loc[-1, "estimate"] == 0
    assert np.isnan(path.loc[-1, "band_low"])
    assert path.drop(-1)["band_low"].notna().all()


def test_units_treated_from_the_beginning_are_listed_and_left_out():
    effects = group_time_effects(panel_of(frame_of([1, 3, 3, *[np.nan] * 3])))
    assert [(d.unit_id, d.reason, d.whole) for d in effects.arrays.dropped] == [("u00", "treated_from_the_beginning", True)]
    one = effects.aggregate("simple")
    assert one.n_units == 5
    assert [w.key for w in one.warnings] == ["group_time_few_treated", "group_time_early"]
    assert "u00" in one.warnings[1].text("zh")
    without = group_time_effects(panel_of(frame_of([1, 3, 3, *[np.nan] * 3]).query("u != 'u00'")))
    assert one.estimate == pytest.approx(without.aggregate("simple").estimate, abs=EXACT)


def test_units_treated_after_the_panel_count_as_never_treated():
    later = group_time_effects(panel_of(frame_of([3, 3, 9, np.nan, np.nan]))).aggregate("simple")
    never = group_time_effects(panel_of(frame_of([3, 3, np.nan, np.nan, np.nan]))).aggregate("simple")
    assert (later.estimate, later.std_error) == (never.estimate, never.std_error)
    touched = group_time_effects(panel_of(frame_of([3, 3, 7, np.nan, np.nan])), anticipation=1)
    assert [(d.unit_id, d.reason) for d in touched.arrays.dropped] == [("u02", "anticipating")]


def test_unbalanced_units_are_compared_in_pairs_and_idle_months_are_listed():
    frame = frame_of(STARTS)
    frame.loc[(frame["u"] == "u00") & (frame["t"] == 2), "y"] = np.nan  # no base period: its months from 3 on have no partner
    frame.loc[(frame["u"] == "u08") & (frame["t"] != 1), "y"] = np.nan  # a single month
    effects = group_time_effects(panel_of(frame))
    assert [(d.unit_id, d.reason, d.months, d.whole) for d in effects.arrays.dropped] == [("u00", "unpaired", 5, True), ("u08", "unpaired", 1, True)]
    table = effects.to_frame().set_index(["group", "period"])
    y = frame.pivot(index="u", columns="t", values="y")
    expected = (y.loc["u01", 4] - y.loc["u01", 2]) - (y.loc[["u05", "u06", "u07"], 4] - y.loc[["u05", "u06", "u07"], 2]).mean()
    assert table.loc[(3, 4), "estimate"] == pytest.approx(expected, abs=EXACT)
    assert (table.loc[(3, 4), "n_treated"], table.loc[(3, 4), "n_control"]) == (1, 3)
    one = effects.aggregate("dynamic")
    assert one.n_obs == int(effects.arrays.observed.sum()) - 6


def test_cells_that_nothing_can_be_compared_in_are_omitted():
    frame = frame_of([3, 3, 5, 5, 5])
    effects = group_time_effects(panel_of(frame), control="not_yet")
    assert effects.omitted.to_dict("records") == [
        {"group": 3, "period": 5, "reason": "no_control"}, {"group": 3, "period": 6, "reason": "no_control"},
        {"group": 5, "period": 3, "reason": "no_control"}, {"group": 5, "period": 4, "reason": "no_control"},
        {"group": 5, "period": 5, "reason": "no_control"}, {"group": 5, "period": 6, "reason": "no_control"},
    ]
    assert len(effects.to_frame()) == effects.influence.shape[1] == 4
    assert effects.aggregate("simple").warnings[-1].key == "group_time_omitted"
    frame.loc[frame["u"].isin(["u00", "u01"]) & (frame["t"] == 4), "y"] = np.nan
    gone = group_time_effects(panel_of(frame), control="not_yet").omitted
    assert {"group": 3, "period": 4, "reason": "no_treated"} in gone.to_dict("records")


@pytest.mark.parametrize(
    ("starts", "options", "code", "words"),
    [
        ([np.nan] * 3, {}, "CR-I10", "None of the 3 units"),
        ([3, 3, 5], {}, "CR-I11", "All 3 units"),
        ([1, 1, np.nan], {}, "CR-I12", "starts: 1"),
        ([3, 3, np.nan], {"anticipation": 2}, "CR-I12", "anticipation is 2"),
        ([3, 3, 3], {"control": "not_yet"}, "CR-I13", "starts in 3"),
        ([3, np.nan], {"control": "all"}, "CR-I14", "never, not_yet"),
        ([3, np.nan], {"base": "first"}, "CR-I14", "varying, universal"),
        ([3, np.nan], {"estimator": "ols"}, "CR-I14", "none, dr, or, ipw"),
        ([3, np.nan], {"covariates": ("x",)}, "CR-I14", "dr, or, ipw"),
        ([3, np.nan], {"conf_level": 95}, "CR-I14", "conf_level"),
        ([3, np.nan], {"anticipation": -1}, "CR-I14", "anticipation"),
        ([3, np.nan], {"estimator": "dr", "covariates": ("x",)}, "CR-I15", "no covariate “x”"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(starts, options, code, words):
    with pytest.raises(DesignError) as error:
        group_time_effects(panel_of(frame_of(starts)), **options)
    assert {f.code for f in error.value.failures} == {code}
    assert words in refused(error)
    assert refused(error, "zh")


def test_a_cohort_without_records_from_its_start_on_is_named():
    frame = frame_of(STARTS)
    frame.loc[(frame["g"] == 5) & (frame["t"] >= 5), "y"] = np.nan
    with pytest.raises(DesignError) as error:
        group_time_effects(panel_of(frame))
    assert "starts in 5" in refused(error)


def test_weights_that_are_none_are_refused_by_unit():
    w = np.ones(9)
    w[[2, 5]] = 0, np.nan
    with pytest.raises(DesignError) as error:
        group_time_effects(panel_of(frame_of(STARTS, w=w), weight="w"))
    assert [f.values["unit"] for f in error.value.failures] == ["u02", "u05"]


def test_weights_of_a_unit_are_averaged():
    frame = frame_of([3, np.nan], periods=range(1, 4), w=np.array([[1.0, 2, 3], [4, 4, 4]]))
    assert unit_weights(arrays_of(panel_of(frame, weight="w"))) == pytest.approx([2 / 3, 4 / 3])


def covariate_frame(**columns):
    return frame_of([*[3] * 6, *[5] * 6, *[np.nan] * 12], seed=3, **columns)


@pytest.mark.parametrize("estimator", ["dr", "or", "ipw"])
def test_dependent_covariates_are_named(estimator):
    rng = np.random.default_rng(1)
    a = rng.normal(size=24)
    frame = covariate_frame(a=a, b=2 * a - 1, c=np.ones(24))
    with pytest.raises(EstimationError) as error:
        group_time_effects(panel_of(frame, covariates=("a", "b", "c")), estimator=estimator, covariates=("a", "b", "c"))
    assert {f.code for f in error.value.failures} == {"CR-I16"}
    assert {f.values["cohort"] for f in error.value.failures} == {"3", "5"}  # all cohorts at once
    assert "c" in refused(error)


def test_covariates_that_are_constant_among_controls_are_named():
    frame = covariate_frame(a=np.r_[np.arange(12), np.zeros(12)])
    with pytest.raises(EstimationError) as error:
        group_time_effects(panel_of(frame, covariates=("a",)), estimator="or", covariates=("a",))
    assert "its controls" in refused(error)
    assert "对照单元" in refused(error, "zh")


@pytest.mark.parametrize("estimator", ["dr", "ipw"])
def test_separation_is_refused_with_covariate_and_cohort(estimator):
    rng = np.random.default_rng(2)
    frame = covariate_frame(a=np.r_[np.full(12, 5.0), np.zeros(12)] + rng.normal(size=24) / 10, b=rng.normal(size=24))
    with pytest.raises(EstimationError) as error:
        group_time_effects(panel_of(frame, covariates=("b", "a")), estimator=estimator, covariates=("b", "a"))
    assert {(f.code, f.values["cohort"], f.values["covariates"]) for f in error.value.failures} == {("CR-I17", "3", "a"), ("CR-I17", "5", "a")}
    group_time_effects(panel_of(frame, covariates=("b", "a")), estimator="or", covariates=("b", "a"))  # extrapolates, and is what the text offers


def test_units_without_covariates_are_listed():
    a = np.random.default_rng(1).normal(size=24)
    a[3] = np.nan
    effects = group_time_effects(panel_of(covariate_frame(a=a), covariates=("a",)), estimator="dr", covariates=("a",))
    assert [(d.unit_id, d.reason, d.whole) for d in effects.arrays.dropped] == [("u03", "covariate_missing", True)]
    gone = group_time_effects(panel_of(covariate_frame(a=a).query("u != 'u03'"), covariates=("a",)), estimator="dr", covariates=("a",))
    assert effects.to_frame()["estimate"].to_numpy() == pytest.approx(gone.to_frame()["estimate"].to_numpy(), abs=EXACT)
    assert effects.to_frame()["std_error"].to_numpy() == pytest.approx(gone.to_frame()["std_error"].to_numpy(), abs=EXACT)


def test_covariates_count_as_they_were_in_the_base_period():
    rng = np.random.default_rng(4)
    moving = rng.normal(size=(24, 6))
    panel = panel_of(covariate_frame(a=moving), covariates=("a",))
    ours = group_time_effects(panel, estimator="or", covariates=("a",)).to_frame().set_index(["group", "period"])
    y = panel.frame.pivot(index="unit_id", columns="month", values="value").to_numpy()
    for cohort, rows, base in ((3, slice(0, 6), 2), (5, slice(6, 12), 4)):
        x = np.column_stack([np.ones(24), moving[:, base - 1]])
        change = y[:, 5] - y[:, base - 1]
        beta = np.linalg.lstsq(x[12:], change[12:], rcond=None)[0]
        assert ours.loc[(cohort, 6), "estimate"] == pytest.approx((change - x @ beta)[rows].mean(), abs=EXACT)


def test_the_logit_is_the_maximum():
    rng = np.random.default_rng(6)
    x = np.column_stack([np.ones(300), rng.normal(size=(300, 2))])
    d = rng.random(300) < 1 / (1 + np.exp(-x @ [0.3, 1, -2]))
    w = rng.uniform(0.5, 2, 300)
    found = logit(x, d, w)
    assert np.abs(x.T @ (w * (d - found.probability))).max() < 1e-9
    p = found.probability
    assert found.bread == pytest.approx(np.linalg.inv((x * (w * p * (1 - p))[:, None]).T @ x / 300))


def test_quasi_separation_is_found_and_a_far_unit_is_none():
    x = np.column_stack([np.ones(8), [0, 0, 0, 1, 1, 1, 0, 0]])
    with pytest.raises(SeparatedError) as error:
        logit(x, np.array([0, 1, 0, 1, 1, 1, 1, 0], dtype=bool), np.ones(8))
    assert error.value.column == 1
    far = np.column_stack([np.ones(9), [0, 1, 2, 3, 4, 5, 6, 7, 400.0]])
    assert logit(far, np.array([0, 1, 0, 1, 0, 1, 1, 0, 1], dtype=bool), np.ones(9)).probability[-1] > 0.999999


def test_more_covariates_than_units_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(DependentError):
        fitted(rng.normal(size=(4, 6)), np.array([True, True, False, False]), np.ones(4), rng.normal(size=(4, 1)), "or")


def test_windows_of_the_dynamic_path():
    effects = group_time_effects(panel_of(frame_of(STARTS)))
    full = effects.aggregate("dynamic").path.set_index("event_time")["estimate"]
    assert full.index.tolist() == [-3, -2, -1, 0, 1, 2, 3]
    assert effects.aggregate("dynamic", min_event=-1, max_event=1).path["event_time"].tolist() == [-1, 0, 1]
    balanced = effects.aggregate("dynamic", balance_event=2)
    alone = effects.to_frame().query("group == 3").set_index("period")["estimate"]
    assert balanced.path["event_time"].tolist() == [-1, 0, 1, 2]
    assert balanced.path["estimate"].tolist() == pytest.approx([alone[2], alone[3], alone[4], alone[5]], abs=EXACT)
    for window in ({"min_event": 9}, {"max_event": -1}, {"balance_event": 40}):
        with pytest.raises(DesignError) as error:
            effects.aggregate("dynamic", **window)
        assert error.value.failures[0].code == "CR-I14"
        assert "0–3" in refused(error)


def test_options_of_aggregates_are_checked():
    effects = group_time_effects(panel_of(frame_of(STARTS)))
    for kind, options, words in (("weekly", {}, "simple, dynamic, group, calendar"), ("dynamic", {"bands": "webb"}, "rademacher, mammen, gaussian"), ("dynamic", {"draws": -1}, "draws")):
        with pytest.raises(DesignError) as error:
            effects.aggregate(kind, **options)
        assert words in refused(error)


def test_notes_on_few_and_single_assignments():
    few = group_time_effects(panel_of(frame_of([3, 5, 5, np.nan, np.nan]))).warnings
    assert [(n.key, dict(n.values)) for n in few] == [("group_time_few_treated", {"n": 3}), ("group_time_single", {"cohorts": ["3"]})]
    assert "3" in few[1].text("en")
    many = group_time_effects(panel_of(frame_of([*[3] * 6, np.nan, np.nan]))).warnings
    assert many == ()


@pytest.mark.parametrize("law", list(Multiplier))
def test_bands_hold_for_all_effects_at_once(law):
    """Of K independent effects the critical value is that of the largest of K normal numbers; 4 standard errors of the quantile are allowed."""
    rng = np.random.default_rng(8)
    influence = rng.normal(size=(4000, 5))
    influence -= influence.mean(axis=0)
    critical = simultaneous(np.zeros(5), influence, np.arange(4000), draws=4000, rng=rng, multiplier=law)
    assert critical == pytest.approx(2.569, abs=0.12)
    again = simultaneous(np.zeros(5), influence, np.arange(4000), draws=500, rng=np.random.default_rng(3), multiplier=law)
    assert again == simultaneous(np.zeros(5), influence, np.arange(4000), draws=500, rng=np.random.default_rng(3), multiplier=law)
    assert simultaneous(np.zeros(1), influence[:, :1], np.arange(4000), draws=200, rng=rng, multiplier=law) >= 1.959963
    assert simultaneous(np.zeros(2), np.zeros((9, 2)), np.arange(9), draws=9, rng=rng, multiplier=law) == pytest.approx(1.959964, abs=1e-6)


def test_the_two_points_of_mammen():
    low, high, share = MAMMEN
    moments = [share * low**k + (1 - share) * high**k for k in (1, 2, 3)]
    assert moments == pytest.approx([0, 1, 1], abs=EXACT)


def test_bands_stand_in_the_path_and_depend_on_the_seed_only():
    effects = group_time_effects(panel_of(frame_of(STARTS)))
    one, same, other = (effects.aggregate("dynamic", draws=199, seed=s) for s in (1, 1, 2))
    assert one.details["draws"] == 199
    assert one.path.equals(same.path)
    assert one.details != other.details
    half = (one.path["band_high"] - one.path["estimate"]) / one.path["std_error"]
    assert half.to_numpy() == pytest.approx(one.details["critical_value"])
    assert effects.aggregate("dynamic").path["band_low"].isna().all()
    assert effects.aggregate("simple", draws=99).details == {}


def test_clusters_are_summed_before_they_are_squared():
    influence = np.array([[1.0, 2], [3, 4], [-4, -6]])
    assert covariance(influence, np.array([0, 0, 1])) == pytest.approx(np.array([[32, 48], [48, 72]]) / 9)
    shuffled = covariance(influence[[2, 0, 1]], np.array([1, 0, 0]))
    assert shuffled == pytest.approx(np.array([[32, 48], [48, 72]]) / 9)


def test_paths_of_starts_are_refused_or_nan_where_nothing_can_be_compared():
    arrays = arrays_of(panel_of(frame_of(STARTS)))
    with pytest.raises(DesignError, match="CR-I14"):
        att_of_paths(arrays, arrays.first[None], kind="group")
    with pytest.raises(DesignError, match="CR-I14"):
        att_of_paths(arrays, arrays.first[None], control="both")
    assert np.isnan(att_of_paths(arrays, np.full((2, 9), NEVER))).all()
    assert np.isnan(att_of_paths(arrays, np.full((2, 9), 3))).all()
