from dataclasses import replace

import numpy as np
import pytest

from commresearch.errors import DesignError, EstimationError
from commresearch.impact import poisson_inference
from commresearch.impact.arrays import arrays_of
from commresearch.impact.count_cells import additive_effect, count_cells
from commresearch.impact.poisson import log_ratio, poisson_did, poisson_effect
from commresearch.impact.poisson_inference import poisson_randomisation, poisson_wild_bootstrap
from commresearch.impact.poisson_paths import att_of_paths, effects_by_fits, path_sums
from commresearch.impact.result import two_sided_p
from commresearch.impact.two_way_poisson import two_way_poisson
from commresearch.outcomes import Panel
from commresearch.words import render_error
from tests.unit.count_worlds import codes, counts, panel

ONE = [7] * 8 + [0] * 12
TWO = [5] * 6 + [8] * 6 + [0] * 10


def test_one_start_is_a_regression_and_several_are_not():
    one, several = (poisson_did(panel(counts(world, effect=-0.7))) for world in (ONE, TWO))
    assert (one.method, one.inference, one.estimand, one.unit) == ("poisson", "cr1", "att_percent", "percent")
    assert one.path is None
    assert several.method == "saturated_poisson"
    assert several.path["event_time"].tolist() == list(range(8))
    assert (several.path["band_low"] <= several.path["conf_low"]).all()
    for found in (one, several):
        assert found.conf_low < found.estimate < found.conf_high < 0
        assert found.p_value < 0.01
        assert found.details["difference_per_month"] < 0
        assert found.details["difference_per_exposure"] < 0
        assert found.details["additive"] < 0
        assert "下降" in found.summary("zh")


def test_a_panel_that_counts_needs_no_numerator():
    frame = counts(ONE)
    plain = poisson_did(panel(frame, denominator=None, unit="count"))
    valued = poisson_did(panel(frame, denominator=None, numerator=None, value="counts", unit="count"))
    assert valued.estimate == plain.estimate


def test_effects_by_hand_of_observed_and_expected_counts():
    cells = count_cells(arrays_of(panel(counts(ONE, exposure=True))))
    effect = poisson_effect(cells)
    found = poisson_did(panel(counts(ONE, exposure=True)))
    treated = cells.treated
    expected = effect.fit.fitted[treated].sum() / np.exp(found.details["log_ratio"])
    assert found.details["difference_per_month"] == pytest.approx((cells.counts[treated].sum() - expected) / 6)
    assert found.details["difference_per_exposure"] == pytest.approx(1000 * (cells.counts[treated].sum() - expected) / cells.exposure[treated].sum())


@pytest.mark.parametrize("world", [ONE, TWO])
def test_the_additive_effect_is_that_of_least_squares_on_untreated_cells(world):
    arrays = arrays_of(panel(counts(world, exposure=True, gaps=0.08)))
    cells = count_cells(arrays, keep_zero=True)
    rows, columns = np.nonzero(cells.used)
    design = np.column_stack([np.eye(cells.used.shape[0])[rows], np.eye(cells.used.shape[1])[columns]])
    rate, exposure, treated = (x[rows, columns] for x in (1000 * cells.counts / np.where(cells.used, cells.exposure, 1), cells.exposure, cells.treated))
    root = np.sqrt(exposure[~treated])
    b = np.linalg.lstsq(design[~treated] * root[:, None], rate[~treated] * root, rcond=1e-12)[0]
    by_hand = np.average((rate - design @ b)[treated], weights=exposure[treated])
    assert additive_effect(arrays) == pytest.approx(by_hand, rel=1e-8)


def test_zero_units_are_listed_and_change_no_ratio():
    frame = counts(ONE)
    without = frame[frame["unit"] != "u19"]
    frame.loc[frame["unit"] == "u19", "counts"] = 0
    found = poisson_did(panel(frame))
    assert [(d.unit_id, d.reason, d.months, d.whole) for d in found.dropped] == [("u19", "all_zero", 12, True)]
    assert found.n_units == 19
    assert found.estimate == pytest.approx(poisson_did(panel(without)).estimate, rel=1e-10)
    # Differences are another matter: a unit with zeros throughout is a comparison like any other.
    assert additive_effect(arrays_of(panel(frame))) != pytest.approx(additive_effect(arrays_of(panel(without))), rel=1e-6)


def test_units_without_a_month_before_are_listed():
    frame = counts(ONE)
    frame = frame[~((frame["unit"] == "u00") & (frame["month"] < 7))]
    found = poisson_did(panel(frame))
    assert [(d.unit_id, d.reason) for d in found.dropped] == [("u00", "no_untreated_month")]


def test_months_in_which_all_are_treated_are_left_out():
    found = poisson_did(panel(counts([5] * 6 + [9] * 6, effect=-0.7)))
    assert [n.key for n in found.warnings] == ["counts_uncompared"]
    assert "9" in found.warnings[0].text("zh")
    assert found.path["event_time"].tolist() == [0, 1, 2, 3]
    assert found.n_obs == 12 * 8


def test_months_without_any_count_are_no_observations():
    frame = counts(ONE)
    frame.loc[frame["month"] == 3, "counts"] = 0
    found = poisson_did(panel(frame))
    assert found.n_obs == 20 * 11
    assert found.estimate == pytest.approx(poisson_did(panel(frame[frame["month"] != 3])).estimate, rel=1e-10)
    several = counts(TWO)
    several.loc[several["month"] == 12, "counts"] = 0
    path = poisson_did(panel(several)).path.set_index("event_time")
    assert path.loc[7, "estimate"] != path.loc[7, "estimate"]  # nothing is expected there, so there is no ratio


def test_a_path_where_nothing_was_counted_is_minus_one_hundred_without_an_interval():
    frame = counts(TWO)
    frame.loc[(frame["start"] == 5) & (frame["month"] == 12), "counts"] = 0
    last = poisson_did(panel(frame)).path.iloc[-1]
    assert last["event_time"] == 7
    assert last["estimate"] == -100
    assert np.isnan([last["std_error"], last["conf_low"], last["band_high"]]).all()


def test_ratio_and_difference_that_disagree_are_said():
    """Few counts that double beside many that grow by a half: up by the ratio, down by the difference."""
    rows = [("u0", 1, 10), ("u0", 2, 20), ("u1", 1, 12), ("u1", 2, 22), ("u2", 1, 100), ("u2", 2, 150), ("u3", 1, 110), ("u3", 2, 160)]
    frame = counts([2, 2, 0, 0], months=2)
    frame["counts"] = [n for _, _, n in rows]
    found = poisson_did(panel(frame, denominator=None, unit="count"))
    assert found.estimate > 0 > found.details["additive"]
    assert found.warnings[0].key == "counts_scale"
    assert "方向相反" in found.warnings[0].text("zh")
    assert "opposite" in found.summary("en")


@pytest.mark.parametrize(("change", "code", "said"), [
    ({"counts": -1}, "CR-I32", "u03"), ({"counts": 2.5}, "CR-I32", "2.5"), ({"households": 0}, "CR-I33", "u03"), ({"households": np.nan}, "CR-I33", "—"),
])
def test_counts_and_exposures_that_are_none(change, code, said):
    frame = counts(ONE).astype({"counts": float})
    for column, new in change.items():
        frame.loc[(frame["unit"].isin(["u03", "u11"])) & (frame["month"] == 4), column] = new
    with pytest.raises(EstimationError) as error:
        poisson_did(panel(frame))
    assert codes(error) == [code] * 2
    assert said in render_error(error.value, "zh")
    if "households" in change:
        assert poisson_did(panel(frame), exposure="none").n_units == 20


def test_shares_without_counts_are_refused():
    frame = counts(ONE)
    with pytest.raises(EstimationError, match="CR-I32"):
        poisson_did(panel(frame, denominator=None, numerator=None, value="counts"))


@pytest.mark.parametrize("after", [True, False])
def test_nothing_counted_on_one_side_names_the_units(after):
    frame = counts(ONE)
    frame.loc[frame["start"].notna() & ((frame["month"] >= 7) == after), "counts"] = 0
    with pytest.raises(EstimationError) as error:
        poisson_did(panel(frame))
    assert codes(error) == ["CR-I34"]
    text = render_error(error.value, "en")
    assert "u00" in text
    assert "u07" in text


def test_comparisons_that_cannot_be_made():
    with pytest.raises(DesignError, match="CR-I30"):
        poisson_did(panel(counts([0] * 5)))
    with pytest.raises(DesignError, match="CR-I30"):
        poisson_did(panel(counts([1] * 5 + [0] * 5)))
    with pytest.raises(DesignError) as error:
        poisson_did(panel(counts([7] * 5)))
    assert codes(error) == ["CR-I31"]
    assert "7" in render_error(error.value, "zh")


@pytest.mark.parametrize(("options", "world"), [
    ({"vcov": "hc1"}, ONE), ({"vcov": "cr3"}, TWO), ({"exposure": "people"}, ONE), ({"conf_level": 95}, ONE),
])
def test_options_that_do_not_exist(options, world):
    with pytest.raises(EstimationError) as error:
        poisson_did(panel(counts(world)), **options)
    assert codes(error) == ["CR-I38"]
    assert str(next(iter(options.values()))) in render_error(error.value, "zh")


def test_one_treated_assignment_has_no_jackknife_and_no_other_errors():
    frame = counts([7] * 2 + [0] * 8)
    with pytest.raises(EstimationError, match="CR-I23"):
        poisson_did(panel(frame, cluster="assignment"), vcov="cr3")
    found = poisson_did(panel(frame, cluster="assignment"))
    assert [n.key for n in found.warnings] == ["single_assignment"]
    assert np.isnan([found.std_error, found.statistic, found.p_value, found.conf_low, found.conf_high]).all()
    assert found.estimate == pytest.approx(100 * np.expm1(found.details["log_ratio"]))
    assert "nan" not in (found.summary("zh") + found.summary("en")).lower()
    with pytest.raises(EstimationError, match="CR-I20"):
        poisson_did(panel(counts([7, 0])))
    with pytest.raises(EstimationError, match="CR-I20"):
        poisson_wild_bootstrap(panel(counts([7, 0])))


def test_a_likelihood_without_a_maximum():
    """No unit was recorded both before and after month 3, so that the levels of the two parts cannot be told from the months."""
    y = np.array([[3.0, 2, 0, 0], [4, 1, 0, 0], [0, 0, 5, 2], [0, 0, 1, 6]])
    with pytest.raises(EstimationError, match="CR-I35"):
        two_way_poisson(y, (y > 0).astype(float))
    with pytest.raises(EstimationError, match="CR-I35"):
        two_way_poisson(np.zeros((2, 2)), np.ones((2, 2)))


def test_paths_at_once_are_fits_one_by_one():
    for world in (TWO, [5] * 6 + [9] * 8):
        arrays = arrays_of(panel(counts(world, months=10)))
        rng = np.random.default_rng(3)
        first = np.stack([arrays.first, *(rng.permutation(arrays.first) for _ in range(15))])
        cells = count_cells(arrays, keep_zero=True)
        if cells.used.all():
            sums = path_sums(cells, first)
            plain = replace(sums, noise=np.zeros_like(sums.noise))
            for null in (0.0, 40.0, -25.0):
                assert plain.effects(null) == pytest.approx(effects_by_fits(cells, first, null), rel=1e-9)
        assert att_of_paths(arrays, first, null=40.0) == pytest.approx(effects_by_fits(cells, first, 40.0), rel=1e-9)
        assert att_of_paths(arrays, arrays.first[None])[0] == pytest.approx(100 * np.expm1(log_ratio(arrays)), rel=1e-9)


def test_counts_of_other_units_are_thinned_as_the_pilot_would_have():
    """Under −60 % a unit with n counts after the start keeps binomial (n, 0.4) of them; over 0.4 that has the variance n × 0.6 / 0.4."""
    arrays = arrays_of(panel(counts([5] + [99] * 11, months=10)))
    cells = count_cells(arrays, keep_zero=True)
    first = np.tile(np.roll(arrays.first, 1), (4_000, 1))  # always the same other unit
    sums = path_sums(cells, first)
    thinned, plain = sums.effects(-60.0), replace(sums, noise=np.zeros_like(sums.noise)).effects(-60.0)[0]
    unit = int(np.flatnonzero(first[0] < 99)[0])
    n = cells.counts[unit, cells.arrays.periods >= first[0, unit]].sum()
    expected = n / (1 + plain / 100)
    assert thinned.mean() == pytest.approx(plain, abs=4 * thinned.std() / np.sqrt(4_000))
    assert thinned.std() == pytest.approx(100 * np.sqrt(n * 0.6 / 0.4) / expected, rel=0.05)
    assert path_sums(cells, arrays.first[None]).effects(-60.0)[0] == pytest.approx(100 * (np.exp(log_ratio(arrays)) / 0.4 - 1), rel=1e-9)


def test_paths_with_gaps_are_fitted():
    arrays = arrays_of(panel(counts(TWO, gaps=0.1)))
    found = att_of_paths(arrays, np.stack([arrays.first, np.full_like(arrays.first, arrays.periods[0])]))
    assert found[0] == pytest.approx(100 * np.expm1(log_ratio(arrays)), rel=1e-8)
    assert np.isnan(found[1])


def test_randomisation_and_score_bootstrap():
    frame = counts(ONE, seed=4)
    shuffled = poisson_randomisation(panel(frame, cluster="assignment"), draws=300)
    assert shuffled.details["enumerated"] == 1  # four of ten assignments: 210 ways
    assert shuffled.p_value < 0.05
    assert shuffled.conf_low < shuffled.estimate < shuffled.conf_high < 0
    wild = poisson_wild_bootstrap(panel(frame), draws=399)
    assert wild.estimate == pytest.approx(shuffled.estimate)
    assert wild.conf_low < wild.estimate < wild.conf_high
    assert poisson_wild_bootstrap(panel(frame), draws=399, null=wild.estimate).p_value == pytest.approx(1.0)
    assert poisson_wild_bootstrap(panel(frame), draws=399, null=wild.conf_low - 1).p_value <= 0.05
    with pytest.raises(EstimationError, match="CR-I38"):
        poisson_wild_bootstrap(panel(counts(TWO)))


def test_all_inferences_tell_the_same_beside_the_ratio():
    """Observed less expected counts, the effect by differences, and the notes on the scale, the months and the weights."""
    frame = counts(ONE, seed=4).assign(w=1.0)
    frame.loc[frame["unit"] == "u03", "w"] = 2.0
    frame.loc[(frame["start"].isna()) & (frame["month"] == 12), "counts"] = np.nan
    frame = frame[frame["counts"].notna()]
    weighted = Panel.from_frame(
        frame, community="unit", period="month", numerator="counts", denominator="households", treated_from="start", outcome="complaint_rate",
        unit="per_1000_households", weight="w",
    )
    told = poisson_did(weighted)
    shared = ("additive", "difference_per_month", "difference_per_exposure", "log_ratio")
    for found in (poisson_randomisation(weighted, draws=39), poisson_wild_bootstrap(weighted, draws=39)):
        assert {k: found.details[k] for k in shared} == pytest.approx({k: told.details[k] for k in shared})
        assert {"counts_uncompared", "weights_unused"} <= {n.key for n in found.warnings}
    assert "weights_unused" not in [n.key for n in poisson_did(panel(frame)).warnings]
    several = counts(TWO)
    assert poisson_randomisation(panel(several), draws=39).details["additive"] == poisson_did(panel(several)).details["additive"]


def test_notes_on_the_scale_stand_with_every_inference():
    """Few counts that double beside many that grow by a third: up by ratios, down by differences."""
    start = [5] * 6 + [0] * 6
    frame = counts(start, months=8)
    treated, after = frame["start"].notna(), frame["month"] >= 5
    frame["counts"] = np.where(treated, np.where(after, 20, 10), np.where(after, 400, 300)) + np.arange(len(frame)) % 3
    for call in (poisson_did, lambda p: poisson_randomisation(p, draws=39), lambda p: poisson_wild_bootstrap(p, draws=39)):
        found = call(panel(frame))
        assert found.estimate > 0 > found.details["additive"]
        assert "counts_scale" in [n.key for n in found.warnings]


def test_the_statistic_is_that_of_the_logarithm():
    found = poisson_did(panel(counts(ONE)))
    assert found.statistic == pytest.approx(found.details["log_ratio"] / found.details["log_std_error"], rel=1e-12)
    assert found.p_value == pytest.approx(two_sided_p(found.statistic, found.details["df"]), rel=1e-12)
    wild = poisson_wild_bootstrap(panel(counts(ONE)), draws=39)
    assert wild.statistic == pytest.approx(found.statistic, rel=1e-12)


@pytest.mark.parametrize("start", [ONE, TWO])
def test_counts_that_do_not_vary_are_refused(start):
    frame = counts(start).assign(counts=5, households=1000.0)
    calls = [poisson_did, poisson_randomisation] + [poisson_wild_bootstrap] * (start is ONE)
    for call in calls:
        with pytest.raises(EstimationError, match="CR-I83"):
            call(panel(frame))


@pytest.mark.parametrize("options", [{"conf_level": "0.95"}, {"conf_level": 1.0}, {"seed": -1}, {"seed": "x"}, {"draws": 0}, {"draws": 2.5}])
@pytest.mark.parametrize("call", [poisson_did, poisson_wild_bootstrap, poisson_randomisation])
def test_numbers_that_no_option_takes_are_refused(call, options):
    with pytest.raises(EstimationError) as error:
        call(panel(counts(ONE)), **options)
    assert codes(error) == ["CR-I38"]


def test_p_value_and_interval_with_gaps_rest_on_one_set_of_paths(monkeypatch):
    """Effects within the interval are those that the same paths do not reject; the set follows from the seed."""
    monkeypatch.setattr(poisson_inference, "FITTED_PATHS", 39)
    world = panel(counts([5] * 5 + [0] * 7, months=8, gaps=0.05, effect=-0.8))
    found, again, other = (poisson_randomisation(world, seed=s) for s in (1, 1, 2))
    assert (found.conf_low, found.p_value) == (again.conf_low, again.p_value)
    assert found.conf_low != other.conf_low
    assert [dict(n.values) for n in found.warnings if n.key == "counts_fitted_paths"] == [{"n": 39}]
    assert found.details["draws"] == 39
    assert (found.p_value <= 0.05) == (found.conf_high < 0)


def test_the_noise_of_thinning_comes_from_the_seed():
    world = panel(counts([5] * 3 + [0] * 9, months=8))
    found, again, other = (poisson_randomisation(world, seed=s) for s in (1, 1, 2))
    assert found.details["enumerated"] == 1
    assert found.conf_low == again.conf_low != other.conf_low


def test_randomisation_with_gaps_and_with_too_few_assignments():
    gaps = poisson_randomisation(panel(counts([5] * 3 + [0] * 4, months=8, gaps=0.05)), draws=20)
    assert gaps.details["enumerated"] == 0
    assert np.isfinite(gaps.p_value)
    few = poisson_randomisation(panel(counts([5, 0, 0, 0], months=8)))
    assert [n.key for n in few.warnings] == ["too_few_assignments", "interval_unbounded"]


def test_a_single_treated_assignment_gives_intervals_without_ends():
    """Whatever the effect, one start among four assignments is among the four farthest out: nothing is rejected at 5 %."""
    frame = counts([5, 0, 0, 0], months=8)
    for found in (poisson_randomisation(panel(frame)), poisson_wild_bootstrap(panel(frame), weights="rademacher")):
        assert found.conf_low == -100
        assert np.isinf(found.conf_high)
        assert np.isnan([found.std_error, found.statistic]).all()
        assert "interval_unbounded" in [n.key for n in found.warnings]
