import numpy as np
import pandas as pd
import pytest

from commresearch.errors import DesignError, EstimationError
from commresearch.impact.before_after import before_after
from commresearch.impact.interrupted_series import SeriesOptions, interrupted_time_series, series_effect
from commresearch.impact.result import t_quantile
from commresearch.impact.series_design import Series
from commresearch.impact.series_models import fit_series
from commresearch.impact.spring_festival import NEW_YEAR, festival_shares
from commresearch.impact.staggered_series import pooled, staggered_series
from commresearch.outcomes import Panel
from commresearch.words import render_error
from tests.unit.count_worlds import codes, counts, panel, share_panel, shares


def _series(n=60, start="2023-01", *, seed=1, level=-0.3, mean=80.0, noise=0.0):
    """Counts from 2020 on with a season, a trend and a fall at the start."""
    rng = np.random.default_rng(seed)
    months = pd.period_range("2020-01", periods=n, freq="M")
    after = np.asarray(months >= pd.Period(start, freq="M"))
    log = np.log(mean) + 0.2 * np.cos(2 * np.pi * np.arange(n) / 12) + 0.002 * np.arange(n) + level * after + noise * rng.normal(size=n)
    return pd.DataFrame({"month": months.astype("str"), "n": rng.poisson(np.exp(log)), "people": 1000.0})


def _fit(frame, **options):
    return interrupted_time_series(frame, **({"value": "n", "time": "month", "start": "2023-01"} | options))


@pytest.mark.parametrize("family", ["gaussian", "poisson", "quasipoisson", "negative_binomial"])
@pytest.mark.parametrize("vcov", ["hac", "model"])
def test_families(family, vcov):
    found = _fit(_series(noise=0.15), family=family, vcov=vcov, harmonics=1, slope=True, spring_festival=True)
    assert (found.method, found.estimand, found.inference) == ("interrupted_series", "level_change", vcov)
    assert found.conf_low < found.estimate < found.conf_high < 0
    assert found.details["slope_low"] < found.details["slope_change"] < found.details["slope_high"]
    assert found.details["difference_per_month"] == found.details["additive"] < 0
    assert found.unit == ("count" if family == "gaussian" else "percent")
    assert ("theta" in found.details) == (family == "negative_binomial")
    assert (found.n_units, found.n_clusters, found.n_treated, found.n_obs) == (1, 1, 1, 60)


def test_prais_winsten_is_for_values_only():
    frame = _series(noise=0.2)
    assert _fit(frame, vcov="prais_winsten").inference == "model"
    with pytest.raises(EstimationError, match="prais_winsten"):
        _fit(frame, vcov="prais_winsten", family="poisson")


def test_exposures_divide_counts():
    frame = _series()
    grown = frame.assign(n=frame["n"] * 3, people=frame["people"] * 3)
    one, three = (_fit(f, family="quasipoisson", exposure="people", vcov="model") for f in (frame, grown))
    assert three.estimate == pytest.approx(one.estimate, rel=1e-9)
    assert three.details["difference_per_month"] == pytest.approx(3 * one.details["difference_per_month"], rel=1e-9)
    with pytest.raises(EstimationError, match="exposure"):
        _fit(frame, exposure="people")
    with pytest.raises(EstimationError) as error:
        _fit(frame.assign(people=[0.0] + [1.0] * 59), family="poisson", exposure="people")
    assert codes(error) == ["CR-I33"]
    assert "2020-01" in render_error(error.value, "zh")


def test_missing_months_are_left_out_and_count_in_lags():
    frame = _series(noise=0.2)
    frame["n"] = frame["n"].astype("Int64")
    gap = frame.copy()
    gap.loc[[5, 6, 40], "n"] = pd.NA
    found = _fit(gap)
    assert found.n_obs == 57
    assert found.warnings[-1].key == "series_skipped"
    dropped = _fit(frame.drop([5, 6, 40]))
    assert (dropped.estimate, dropped.std_error) == (found.estimate, found.std_error)
    # Told as months in a row, the same values have other neighbours.
    x = np.column_stack([np.ones(57), np.arange(57.0)])
    y, time = frame["n"].drop([5, 6, 40]).to_numpy(float), np.delete(np.arange(60), [5, 6, 40])
    near, apart = (fit_series(x, y, t, family="gaussian", vcov="hac").vcov[1, 1] for t in (np.arange(57), time))
    assert near != pytest.approx(apart, rel=1e-6)


def test_whole_numbers_for_time():
    frame = _series().assign(t=range(1, 61))
    dated, numbered = _fit(frame, harmonics=2), interrupted_time_series(frame, value="n", time="t", start=37, harmonics=2)
    assert numbered.estimate == pytest.approx(dated.estimate)


def test_seasons_need_two_years_before_and_one_after():
    short = _series(n=40)
    assert _fit(short).n_obs == 40
    for options in ({"harmonics": 1}, {"spring_festival": True}):
        with pytest.raises(DesignError) as error:
            _fit(short, **options)
        assert codes(error) == ["CR-I37"]
        text = render_error(error.value, "zh")
        assert "24" in text
        assert "2023-01" in text
    with pytest.raises(DesignError, match="CR-I37"):
        _fit(_series(), start="2021-06", harmonics=1)
    for start in ("2020-02", "2026-01"):
        with pytest.raises(DesignError, match="CR-I37"):
            _fit(_series(), start=start)


@pytest.mark.parametrize(("options", "said"), [
    ({"family": "normal"}, "family"), ({"vcov": "white"}, "vcov"), ({"harmonics": 7}, "harmonics"), ({"lag": -1}, "lag"), ({"conf_level": 2}, "conf_level"),
    ({"value": "m"}, "column"), ({"start": 37}, "start"), ({"period": 1}, "period"), ({"period": "12"}, "period"), ({"unit": "foo"}, "unit"),
    ({"conf_level": "0.95"}, "conf_level"),
])
def test_options_that_do_not_exist(options, said):
    with pytest.raises(EstimationError) as error:
        _fit(_series(), **options)
    assert set(codes(error)) == {"CR-I38"}
    assert said in render_error(error.value, "en")


def test_months_that_are_none_or_stand_twice():
    frame = _series()
    with pytest.raises(EstimationError, match="2020-02"):
        _fit(pd.concat([frame, frame.iloc[[1]]]))
    with pytest.raises(EstimationError, match="spring"):
        _fit(frame.replace({"month": {"2020-02": "spring"}}))
    with pytest.raises(EstimationError, match=r"1\.5"):
        interrupted_time_series(frame.assign(t=np.arange(60) + 0.5), value="n", time="t", start=37)
    with pytest.raises(EstimationError, match="2015-2035"):
        interrupted_time_series(frame.assign(t=range(60)), value="n", time="t", start=37, spring_festival=True)


def test_counts_that_are_none():
    frame = _series().astype({"n": float})
    frame.loc[3, "n"] = 2.5
    assert _fit(frame, family="quasipoisson").n_obs == 60
    with pytest.raises(EstimationError) as error:
        _fit(frame, family="poisson")
    assert codes(error) == ["CR-I32"]
    assert "2020-04" in render_error(error.value, "zh")
    frame.loc[3, "n"] = -1
    with pytest.raises(EstimationError, match="CR-I32"):
        _fit(frame, family="quasipoisson")


@pytest.mark.parametrize("cell", ["many", np.inf])
@pytest.mark.parametrize("column", ["n", "people"])
def test_cells_that_are_no_numbers(cell, column):
    frame = _series().astype({column: object})
    frame.loc[[3, 5], column] = cell
    with pytest.raises(EstimationError) as error:
        _fit(frame, family="quasipoisson", exposure="people")
    assert codes(error) == ["CR-I38"]
    assert f"“{column}”" in render_error(error.value, "zh") or column in render_error(error.value, "zh")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("n", "options"), [
    (50, {}), (50, {"vcov": "prais_winsten"}), (0, {"family": "poisson"}), (50, {"family": "negative_binomial"}), (np.arange(60) + 5, {}), (0, {}),
])
def test_a_series_that_never_varies_is_refused(n, options):
    with pytest.raises(EstimationError) as error:
        _fit(_series().assign(n=n), **options)
    assert codes(error) == ["CR-I68"]
    assert "60" in render_error(error.value, "zh")


def test_the_law_of_poisson_states_the_error_of_equal_counts():
    assert _fit(_series().assign(n=50), family="poisson", vcov="model").std_error > 1


def test_laws_that_do_not_fit():
    even = _series().assign(n=[50, 51] * 30)
    with pytest.raises(EstimationError, match="CR-I35"):
        _fit(even, family="negative_binomial")
    with pytest.raises(EstimationError, match="CR-I35"):
        fit_series(np.ones((9, 2)), np.arange(9.0), np.arange(9), family="gaussian", vcov="model")
    noisy = _fit(_series(noise=0.5), family="poisson", vcov="model")
    assert noisy.warnings[0].key == "series_overdispersed"
    walk = _series().assign(n=lambda f: 100 + np.cumsum(np.random.default_rng(2).normal(size=60)))
    assert "series_autocorrelated" in [n.key for n in _fit(walk, vcov="model").warnings]


def test_a_level_and_an_average_that_disagree_are_said():
    n = np.where(np.arange(60) < 36, 100.0, 90 + 3 * (np.arange(60) - 36)) + np.tile([1, -1, 2], 20)
    found = _fit(_series().assign(n=n), slope=True)
    assert found.estimate < 0 < found.details["difference_per_month"]
    assert "series_turns" in [w.key for w in found.warnings]


def test_spring_festival_moves():
    assert (len(NEW_YEAR), NEW_YEAR[0].year, NEW_YEAR[-1].year) == (21, 2015, 2035)
    gaps = np.diff([d.toordinal() for d in NEW_YEAR])
    assert set(gaps) <= {354, 355, 383, 384, 385}
    months = np.arange(12 * 2015, 12 * 2036)
    shares_ = festival_shares(months).reshape(21, 12)
    assert shares_.sum(axis=1) == pytest.approx(np.ones(21))
    assert (shares_[:, 3:] == 0).all()
    # 2025: New Year's Day on 29 January; ten of the 22 days lie in January, twelve in February.
    assert shares_[10, :2] == pytest.approx([10 / 22, 12 / 22])


def test_all_treated_at_several_times():
    starts = [30] * 4 + [36] * 4 + [42] * 4
    frame = counts(starts, months=60, effect=-0.4, exposure=True)
    found = staggered_series(panel(frame), family="quasipoisson")
    assert found.conf_low < 100 * np.expm1(-0.4) < found.conf_high
    assert found.path["group"].tolist() == [f"u{i:02d}" for i in range(12)]
    assert (found.unit, found.details["series"], found.n_treated) == ("percent", 12, 12)
    assert found.warnings == ()
    assert staggered_series(panel(frame), vcov="prais_winsten").unit == "per_1000_households"


def test_assignments_are_added_up_and_the_others_listed():
    frame = counts([30, 30, 36, 36, 59, 59, 0, 0], months=60)
    found = staggered_series(panel(frame, cluster="assignment"), harmonics=1, family="quasipoisson")
    assert found.details["series"] == 2
    assert [(d.unit_id, d.reason) for d in found.dropped] == [
        ("u04", "short_series"), ("u05", "short_series"), ("u06", "never_treated"), ("u07", "never_treated")
    ]
    first = frame[frame["assignment"] == "a00"].groupby("month", as_index=False)[["counts", "households"]].sum()
    alone = interrupted_time_series(first, value="counts", time="month", start=30, exposure="households", family="quasipoisson", harmonics=1)
    assert found.path.loc[0, "estimate"] == pytest.approx(alone.estimate)


def test_one_common_start_is_said_and_none_refused():
    found = staggered_series(panel(counts([30] * 5, months=60)), family="poisson", spring_festival=False)
    assert [n.key for n in found.warnings] == ["series_one_start"]
    with pytest.raises(DesignError) as error:
        staggered_series(panel(counts([30] * 2, months=31)), harmonics=1)
    assert codes(error) == ["CR-I37"] * 2
    with pytest.raises(DesignError, match="CR-I30"):
        staggered_series(panel(counts([0] * 2)))
    with pytest.raises(EstimationError, match="spring_festival"):
        staggered_series(panel(counts([30] * 2, months=60)), spring_festival=True)
    dated = counts([30, 36], months=60, first_month="2020-01")
    assert staggered_series(panel(dated), family="quasipoisson", harmonics=1, spring_festival=True).details["series"] == 2
    with pytest.raises(EstimationError, match="family"):
        staggered_series(panel(counts([30] * 2, months=60)), family="normal")
    broken = counts([30] * 2, months=60)
    broken.loc[3, "households"] = 0
    with pytest.raises(EstimationError, match="CR-I33"):
        staggered_series(panel(broken), family="poisson")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("options", [{}, {"vcov": "prais_winsten"}, {"family": "poisson"}, {"family": "quasipoisson", "vcov": "model"}])
def test_assignments_that_never_vary_are_left_out_and_named(options):
    frame = counts([30, 33, 36, 39, 42], months=60)
    still = frame["unit"].isin(["u01", "u03"])
    frame.loc[still, "counts"] = np.where(frame.loc[still, "unit"] == "u01", 0, 7)
    found, without = staggered_series(panel(frame), **options), staggered_series(panel(frame[~still]), **options)
    assert (found.estimate, found.std_error, found.n_treated) == (without.estimate, without.std_error, 3)
    assert [(d.unit_id, d.reason, d.months, d.whole) for d in found.dropped] == [("u01", "constant_series", 60, True), ("u03", "constant_series", 60, True)]
    assert [n.key for n in found.warnings] == ["series_constant"]
    assert "u01、u03" in found.warnings[0].text("zh")
    with pytest.raises(EstimationError) as error:
        staggered_series(panel(frame[still]), **options)
    assert codes(error) == ["CR-I68"] * 2
    assert "u03" in render_error(error.value, "en")


def test_one_series_keeps_its_degrees_of_freedom():
    frame = counts([30], months=60, exposure=True)
    found = staggered_series(panel(frame), family="quasipoisson")
    alone = interrupted_time_series(frame, value="counts", time="month", start=30, exposure="households", family="quasipoisson")
    assert found.details["df"] == alone.details["df"] == 57
    assert (found.p_value, found.conf_low, found.conf_high) == pytest.approx((alone.p_value, alone.conf_low, alone.conf_high))


@pytest.mark.parametrize("family", ["gaussian", "quasipoisson"])
def test_months_and_assignments_that_are_not_used_are_said(family):
    frame = counts([30, 30, 36, 36, 59, 59], months=60).assign(weight=lambda f: 1 + f["month"] % 2)
    gone = (frame["unit"] == "u00") & frame["month"].isin([4, 5, 40])
    world = panel(frame[~gone].reset_index(drop=True), cluster="assignment")
    found = staggered_series(world, family=family, slope=True)
    assert [(d.unit_id, d.reason, d.months, d.whole) for d in found.dropped] == [
        ("u01", "months_apart", 3, False), ("u04", "short_series", 60, True), ("u05", "short_series", 60, True),
    ] or found.details["series"] == 3
    assert found.n_obs + 3 <= 60 * found.details["series"]
    keys = [n.key for n in found.warnings]
    assert "series_months_apart" in keys
    assert found.warnings[keys.index("series_months_apart")].values == {"months": 3}


def test_short_assignments_are_noted():
    found = staggered_series(panel(counts([30, 36, 59], months=60)), harmonics=1)
    assert [n.key for n in found.warnings] == ["series_short"]
    assert "u02" in found.warnings[0].text("zh")


def test_weights_count_for_values_and_are_said_unused_for_counts():
    frame = counts([30, 30, 36, 36], months=60)
    made = Panel.from_frame(
        frame.assign(w=1.0 + (frame["unit"] == "u00")), community="unit", period="month", numerator="counts", denominator="households",
        treated_from="start", cluster="assignment", weight="w", outcome="complaint_rate", unit="per_1000_households",
    )
    plain = panel(frame, cluster="assignment")
    assert staggered_series(made).estimate != staggered_series(plain).estimate
    assert staggered_series(made).warnings == ()
    counted = staggered_series(made, family="poisson")
    assert counted.estimate == staggered_series(plain, family="poisson").estimate
    assert [n.key for n in counted.warnings] == ["weights_unused"]


def test_pooling_by_hand():
    same = pooled(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    assert (same.estimate, same.tau, same.q, same.df) == (1.5, 0.0, 0.5, 1.0)
    assert same.std_error == pytest.approx(np.sqrt(0.5))
    # Equal errors s: τ² + s² is the variance of the effects.
    apart = pooled(np.array([0.0, 4.0, 8.0]), np.full(3, 1.0))
    assert apart.tau == pytest.approx(np.sqrt(16 - 1))
    assert apart.std_error == pytest.approx(np.sqrt(16 / 3))
    assert pooled(np.array([3.0]), np.array([2.0])).std_error == 2
    assert pooled(np.array([3.0]), np.array([2.0]), 41.0).df == 41


def test_pooled_intervals_cover_what_they_claim():
    """400 worlds of ten staggered series, with a change of its own in each: 95 % intervals hold the mean change in 95 ± 3.3 %."""
    rng = np.random.default_rng(11)
    held, time = 0, np.arange(1, 49)
    for _ in range(400):
        made = []
        for start in range(25, 35):
            value = 20 + 0.05 * time + rng.normal(-2, 0.5) * (time >= start) + rng.normal(size=48)
            series = Series(time=time, value=value, exposure=None, festival=None, dated=False, start=start, skipped=0)
            made.append(series_effect(series, SeriesOptions(vcov="model")).of("level"))
        mean = pooled(*np.array(made).T)
        held += abs(mean.estimate + 2) <= t_quantile(0.95, mean.df) * mean.std_error
    assert 400 * 0.917 <= held <= 400 * 0.983


def test_before_and_after_of_counts_by_hand():
    frame = counts([13] * 6 + [0] * 3, months=24, first_month="2023-01")
    found = before_after(panel(frame))
    assert (found.method, found.estimand, found.unit, found.inference) == ("before_after", "change", "percent", "cr1")
    treated = frame[frame["start"].notna()]
    after = treated["month"] >= treated["start"]
    assert found.estimate == pytest.approx(100 * (treated.loc[after, "counts"].sum() / treated.loc[~after, "counts"].sum() - 1))
    assert found.conf_low < found.estimate < found.conf_high
    assert [d.reason for d in found.dropped] == ["never_treated"] * 3
    assert found.warnings == ()
    assert "不能归因于试点" in found.summary("zh")


def test_only_calendar_months_on_both_sides_count():
    frame = counts([13] * 4, months=15, first_month="2023-01")
    found = before_after(panel(frame))
    assert found.details["months"] == 6
    in_season = frame[frame["month"].dt.month <= 3]
    after = in_season["month"] >= in_season["start"]
    assert found.estimate == pytest.approx(100 * (in_season.loc[after, "counts"].sum() / in_season.loc[~after, "counts"].sum() - 1))
    bare = before_after(panel(counts([7] * 4, months=12, first_month="2023-01")))
    assert [n.key for n in bare.warnings] == ["before_after_seasons"]
    assert bare.n_obs == 48


def test_before_and_after_of_shares_by_hand():
    frame = shares([5] * 4)
    found = before_after(share_panel(frame))
    change = frame[frame["month"] >= 5].groupby("unit")["value"].mean() - frame[frame["month"] < 5].groupby("unit")["value"].mean()
    assert found.estimate == pytest.approx(change.mean())
    assert found.std_error == pytest.approx(change.std() / 2)
    assert found.unit == "percentage_points"


def test_one_assignment_takes_its_interval_from_its_months():
    for made in (panel(counts([13], months=24, first_month="2023-01")), share_panel(shares([25], months=48))):
        found = before_after(made)
        assert found.inference == "hac"
        assert found.conf_low < found.estimate < found.conf_high
    with pytest.raises(EstimationError, match="CR-I35"):
        before_after(share_panel(shares([2], months=2)))


def test_before_and_after_that_cannot_be_told():
    with pytest.raises(DesignError, match="CR-I30"):
        before_after(panel(counts([0] * 3)))
    nothing = counts([7] * 3)
    nothing.loc[nothing["month"] >= 7, "counts"] = 0
    with pytest.raises(EstimationError, match="CR-I34"):
        before_after(panel(nothing))
    broken = counts([7] * 3).astype({"counts": float})
    broken.loc[0, "counts"], broken.loc[20, "households"] = -1, 0
    with pytest.raises(EstimationError) as error:
        before_after(panel(broken))
    assert codes(error) == ["CR-I32", "CR-I33"]
    with pytest.raises(EstimationError, match="CR-I38"):
        before_after(panel(counts([7] * 3)), conf_level=0)
