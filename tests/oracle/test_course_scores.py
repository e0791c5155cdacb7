"""Scores of a course against scipy and statsmodels, and how often their intervals hold the truth."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from commresearch.course.scoring import SMALL, form_groups, holm, mcnemar_mid_p, paired_change, paired_share_interval, score_course
from commresearch.terms import Unit
from tests.unit.course_answers import made_sheet, right_answers

RUNS = 2_000
TIGHT = 1e-12


@pytest.mark.parametrize(("n", "seed"), [(3, 1), (8, 2), (12, 3), (40, 4)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_the_paired_change_is_that_of_scipy(n, seed, level):
    sheet = made_sheet(n, seed=seed)
    change = score_course(sheet, conf_level=level).change
    reference = stats.ttest_rel(sheet.right_after.sum(axis=1), sheet.right_before.sum(axis=1))
    interval = reference.confidence_interval(level)
    got = (change.statistic, change.p_value, change.df, change.conf_low, change.conf_high)
    assert got == pytest.approx((reference.statistic, reference.pvalue, n - 1, interval.low, interval.high), rel=TIGHT)


@pytest.mark.parametrize(("n_a", "n_b", "seed"), [(3, 3, 1), (12, 5, 2), (20, 21, 3)])
def test_the_change_without_the_forms_is_half_of_welchs_difference(n_a, n_b, seed):
    """The sum of the two changes is the difference of the first and the second with its sign turned, the form is half their difference."""
    rng = np.random.default_rng(seed)
    changes, a_first = rng.integers(-3, 6, n_a + n_b), np.arange(n_a + n_b) < n_a
    groups = form_groups(changes, a_first)
    for got, other in ((groups.adjusted, -changes[~a_first]), (groups.b_easier, changes[~a_first])):
        reference = stats.ttest_ind(changes[a_first], other, equal_var=False)
        interval = reference.confidence_interval(0.95)
        assert (got.statistic, got.p_value, got.df) == pytest.approx((reference.statistic, reference.pvalue, reference.df), rel=TIGHT)
        assert (2 * got.conf_low, 2 * got.conf_high) == pytest.approx((interval.low, interval.high), rel=TIGHT, abs=TIGHT)


@pytest.mark.parametrize("gained", range(8))
@pytest.mark.parametrize("lost", range(8))
def test_mid_p_is_the_exact_p_of_statsmodels_less_what_was_observed(gained, lost):
    exact = mcnemar([[3, lost], [gained, 4]], exact=True).pvalue
    if gained == lost:
        assert (mcnemar_mid_p(gained, lost), exact) == (1.0, 1.0)
    else:
        assert mcnemar_mid_p(gained, lost) == pytest.approx(exact - stats.binom.pmf(gained, gained + lost, 0.5), rel=TIGHT)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_holm_is_that_of_statsmodels(seed):
    p_values = np.random.default_rng(seed).random(10).round(2).tolist()
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1].tolist(), rel=TIGHT)


@pytest.mark.parametrize(("n", "seed"), [(SMALL, 1), (15, 2), (30, 3)])
def test_intervals_of_the_score_hold_the_truth(n, seed):
    """Scores are whole numbers from 0 to 10 and not normal; 95 % of intervals hold the mean change of a large number of persons like these."""
    rng = np.random.default_rng(seed)

    def changes(of):
        ability = rng.normal(size=of)
        return right_answers(ability + 1.0, rng).sum(axis=1) - right_answers(ability, rng).sum(axis=1)

    truth = changes(400_000).mean()
    drawn = changes(n * RUNS).reshape(RUNS, n)
    made = [paired_change(row, unit=Unit.COUNT) for row in drawn]
    covered = np.mean([one.conf_low <= truth <= one.conf_high for one in made])
    assert 0.935 <= covered <= 0.965


@pytest.mark.parametrize(("n_a", "n_b", "seed", "least"), [(5, 5, 4, 0.935), (12, 8, 5, 0.935), (20, 3, 6, 0.9)])
def test_intervals_of_the_change_without_the_forms_hold_the_truth(n_a, n_b, seed, least):
    """With three persons in one of the groups they hold it a little less often, which METHODS.md tells."""
    rng = np.random.default_rng(seed)
    a_first = np.arange(n_a + n_b) < n_a
    drawn = rng.binomial(10, 0.6, (RUNS, n_a + n_b)) - rng.binomial(10, 0.4, (RUNS, n_a + n_b)) + np.where(a_first, 1, -1)
    made = [form_groups(row, a_first) for row in drawn]
    assert least <= np.mean([one.adjusted.conf_low <= 2 <= one.adjusted.conf_high for one in made]) <= 0.975
    assert least <= np.mean([one.b_easier.conf_low <= 1 <= one.b_easier.conf_high for one in made]) <= 0.975


@pytest.mark.parametrize(("n", "gain", "loss", "least"), [(10, 0.3, 0.05, 0.94), (10, 0.05, 0.05, 0.94), (20, 0.4, 0.1, 0.93), (50, 0.2, 0.2, 0.93)])
def test_intervals_of_items_hold_the_truth(n, gain, loss, least):
    """Exact: the probability of every table, not a sample of them."""
    covered = 0.0
    for gained in range(n + 1):
        for lost in range(n + 1 - gained):
            low, high = paired_share_interval(gained, lost, n)
            if low <= gain - loss <= high:
                covered += stats.multinomial.pmf([gained, lost, n - gained - lost], n, [gain, loss, 1 - gain - loss])
    assert least <= covered <= 1


@pytest.mark.parametrize(("n", "discordant"), [(10, 0.3), (20, 0.4), (40, 0.5)])
def test_mid_p_keeps_its_level(n, discordant):
    """Exact: how often a true null hypothesis is rejected at 5 %."""
    rejected = sum(
        stats.multinomial.pmf([g, x, n - g - x], n, [discordant / 2, discordant / 2, 1 - discordant])
        for g in range(n + 1) for x in range(n + 1 - g) if mcnemar_mid_p(g, x) <= 0.05
    )
    assert 0.0 < rejected <= 0.052
