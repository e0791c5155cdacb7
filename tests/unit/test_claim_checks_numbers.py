"""Whole numbers behind percentages and what chance does to them: C03, C04, C12."""

import math

import pytest
from scipy.stats import binom

from commresearch.comparison.claim_numbers import ratio_interval, share_interval
from tests.unit.claim_rows import NAN, change, claim, questions, verdicts


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (change(31.8), "The smallest pairs that give +31.8% are 22 → 29, 44 → 58, 66 → 87; every earlier number above 989 can give it, 989 itself cannot"),
        (change(-68.0), "The smallest pairs that give −68% are 19 → 6, 22 → 7, 25 → 8; every earlier number above 89 can give it, 89 itself cannot"),
        (change(-100.0), "The smallest pairs that give −100% are 1 → 0, 2 → 0, 3 → 0; every earlier number can give it"),
        (change(30.0, "约30%", low=25.0, high=35.0, qualifier="约"), "The smallest pairs that give +30% are 3 → 4, 4 → 5, 6 → 8; every earlier number above 5 can"),
    ],
)
def test_c03_the_smallest_pairs_and_the_last_number_that_cannot(row, expected):
    [(_, verdict, detail)] = verdicts("C03", row)
    assert verdict == "一致"
    assert detail.startswith(expected)


def test_c03_a_printed_base_is_held_to_its_change():
    assert verdicts("C03", change(31.8, baseline=22.0))[0][1:] == ("一致", "22 before and a change of +31.8%: 29 to 29 after")
    assert verdicts("C03", change(31.8, baseline=23.0))[0][1:] == ("待核实", "23 before and a change of +31.8%: no whole number after gives this")
    assert questions("C03", change(31.8, baseline=23.0)) == ["On “Complaints” (31.8%): What were the numbers before and after?"]


def test_c03_asks_nothing_of_what_is_not_counted_or_not_bounded():
    rates = [change(30.0, counted="", indicator_zh="平均使用率"), change(30.0, counted="money"), change(30.0, counted="", indicator_zh="营业收入")]
    open_end = change(30.0, "超30%", low=30.0, high=NAN, qualifier="超")
    no_count = change(30.0, "30.00000%")
    level = claim(1, 30.0, unit_class="percent", counted="event", printed="30%")
    assert [verdicts("C03", row) for row in (*rates, open_end, no_count, level)] == [[]] * 6


def test_c03_tells_counts_by_their_name_where_the_column_is_blank():
    assert len(verdicts("C03", change(30.0, counted="", indicator_zh="参与人数增幅"))) == 1


def share(value, printed, base=NAN, **changes):
    return claim(1, value, unit_class="percent", comparison="share", denominator=base, printed=printed, **{"counted": "person", **changes})


def test_c04_the_least_denominator():
    assert verdicts("C04", share(96.8, "96.8%"))[0][1:] == ("一致", "96.8% takes a denominator of 31 at least (30/31, 60/62, 61/63)")
    assert verdicts("C04", share(50.0, "50%"))[0][2] == "50% takes a denominator of 2 at least (1/2, 2/4, 3/6)"


def test_c04_a_share_of_a_small_base():
    assert verdicts("C04", share(96.8, "96.8%", 31.0))[0][1:] == ("一致", "96.8% is 30/31; the nearest shares are 30/31 = 96.77%, 31/31 = 100.00%")
    assert verdicts("C04", share(66.6, "66.6%", 3.0))[0][1] == "一致"  # cut off, not rounded
    assert verdicts("C04", share(31.8, "31.8%", 10.0))[0][1:] == ("待核实", "No share of 10 is 31.8%; the nearest are 3/10 = 30.00%, 4/10 = 40.00%")


def test_c04_skips_what_every_base_can_give():
    vague_base = claim(2, 12.0, high=19.0, qualifier="余")
    skipped = [share(96.8, "96.8%", 1000.0), share(55.0, "约55%", qualifier="约"), share(100.0, "100%"), share(0.0, "0%"), share(93.0, "93%", counted="")]
    assert [verdicts("C04", row, vague_base) for row in [*skipped, share(31.8, "31.8%", 12.0)]] == [[]] * 6


def test_c12_a_change_for_the_smallest_counts_and_larger_ones():
    [(_, verdict, detail)] = verdicts("C12", change(31.8, counted="person"))
    assert verdict == "待核实"
    assert detail.startswith(
        "Counts are not printed; 95% interval of the change: −27% to +141% for 22 → 29, +2% to +71% for 107 → 141, +21% to +43% for 1,000 → 1,318. "
        "For the smallest counts chance alone could do it"
    )
    [(_, verdict, detail)] = verdicts("C12", change(-68.0))
    assert verdict == "一致"
    assert "−90% to −18% for 19 → 6" in detail


def test_c12_says_nothing_of_a_fall_by_more_than_everything():
    assert verdicts("C12", change(-120.0)) == []
    assert verdicts("C22", change(-120.0))[0][1] == "待核实"


def test_c12_a_change_with_its_counts():
    assert verdicts("C12", change(-50.0, baseline=10.0))[0][1] == "待核实"
    assert verdicts("C12", change(-50.0, baseline=1000.0))[0][1:] == ("一致", "95% interval of the change: −55% to −44% for 1,000 → 500; zero is not in it")


def test_c12_asks_nothing_of_counts_that_do_not_vary_by_chance():
    assert verdicts("C12", change(25.0, counted="item", indicator_zh="公共服务种类")) == []
    assert verdicts("C12", change(25.0, counted="", indicator_zh="使用率")) == []


def test_c12_shares():
    known = share(96.8, "96.8%", 7900.0, kind="outcome")
    assert verdicts("C12", known)[0][1:] == ("一致", "7,647 of 7,900: taken as one period of many, the 95% interval is 96.4% to 97.2%")
    [(_, verdict, detail)] = verdicts("C12", share(100.0, "100%", kind="outcome", family="satisfaction"))
    assert verdict == "待核实"
    assert "88.4% to 100.0% with 30 answers, 96.4% to 100.0% with 100 answers" in detail
    assert verdicts("C12", share(95.0, "95%", kind="outcome")) == []
    assert verdicts("C12", share(95.0, "95%", 100.0, kind="context")) == []


#: R 4.2.2: poisson.test(c(after, before)) and binom.test(part, base)
RATIOS = {(19, 6): (0.103222383798, 0.822449723115), (22, 29): (0.731461493136, 2.407678962399)}
SHARES = {(7647, 7900): (0.963852149458, 0.971747031267), (30, 30): (0.884296691778, 1.0)}
PRINTED = 1e-11  #: R printed twelve digits


def test_c12_intervals_are_those_of_r():
    for counts, ends in RATIOS.items():
        assert [1 + end / 100 for end in ratio_interval(*counts)] == pytest.approx(ends, rel=PRINTED)
    for counts, ends in SHARES.items():
        assert [end / 100 for end in share_interval(*counts)] == pytest.approx(ends, rel=PRINTED)


@pytest.mark.parametrize(("before", "after"), [(19, 6), (22, 29), (5, 0), (1, 1), (1000, 1318)])
def test_c12_the_ends_of_a_ratio_leave_a_fortieth_on_either_side(before, after):
    low, high = ratio_interval(before, after)
    chances = [(1 + end / 100) / (2 + end / 100) for end in (low, high)]
    if after:
        assert binom.sf(after - 1, before + after, chances[0]) == pytest.approx(0.025, rel=1e-8)
    else:
        assert low == -100
    assert binom.cdf(after, before + after, chances[1]) == pytest.approx(0.025, rel=1e-8)


@pytest.mark.parametrize(("part", "base"), [(7647, 7900), (30, 30), (0, 12), (1, 3)])
def test_c12_the_ends_of_a_share_leave_a_fortieth_on_either_side(part, base):
    low, high = (end / 100 for end in share_interval(part, base))
    assert binom.sf(part - 1, base, low) == pytest.approx(0.025, rel=1e-8) if part else low == 0
    assert binom.cdf(part, base, high) == pytest.approx(0.025, rel=1e-8) if part < base else high == 1
    assert not math.isnan(low + high)
