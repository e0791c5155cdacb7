"""Numbers of lessons 5 and 6 against closed forms and sums by hand; what is said to be true is what the draws are made from."""

import math

import numpy as np
import pandas as pd
import pytest

from commresearch.comparison.claim_regression_to_mean import Choice, expected_change
from commresearch.course import lesson_5, lesson_6, lesson_6_books, lesson_6_figures, lesson_6_replays
from commresearch.course.lesson_5 import CELLS, COMMUNITY, PERSONS, TRUTH
from commresearch.course.lesson_6 import CHOSEN, EFFECT, MOVED, OPENS, UNITS, WORLD

# ── lesson 6: wrong input ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("wrong", [{"effect": 5.0}, {"effect": -120.0}, {"moved": -1.0}, {"moved": 101.0}], ids=str)
def test_a_share_of_complaints_is_a_share(wrong):
    with pytest.raises(ValueError, match="p"):
        lesson_6.district(**wrong)


def test_a_setting_that_is_none_is_refused():
    with pytest.raises(KeyError):
        lesson_6_replays.apparent(("best", 6, True, True), replays=2)
    with pytest.raises(KeyError):
        lesson_6_books.changed_book("weather")


# ── lesson 6: the district ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def idle():
    return lesson_6.district()


@pytest.fixture(scope="module")
def works():
    return lesson_6.district(effect=EFFECT)


def test_the_worst_of_the_year_before_are_chosen(idle):
    judged = (idle.months >= "2024-07") & (idle.months < "2025-07")
    rates = pd.Series(idle.hotline[:, judged].sum(axis=1) / idle.households)
    assert set(idle.chosen) == set(rates.nlargest(CHOSEN).index)
    assert rates.idxmax() == idle.chosen[0]


def test_the_centre_that_does_nothing_moves_complaints_and_takes_none_away(idle):
    after = idle.months >= OPENS
    others = np.delete(np.arange(UNITS), idle.chosen)
    assert idle.truth == 0
    assert (idle.desk >= 0).all()
    assert idle.desk[:, ~after].sum() == idle.desk[others].sum() == 0
    without = lesson_6.district(moved=0.0)
    assert (without.hotline == idle.happened).all()


def test_the_two_worlds_differ_by_the_effect_alone(idle, works):
    after = idle.months >= OPENS
    changed = np.ix_(works.chosen, after)
    same = np.ones_like(idle.happened, dtype=bool)
    same[changed] = False
    assert works.chosen == idle.chosen
    assert (works.happened[same] == idle.happened[same]).all()
    assert (works.happened[changed] <= idle.happened[changed]).all()


def test_the_truth_is_what_is_said():
    made = [(lesson_6.district(seed=s), lesson_6.district(effect=EFFECT, seed=s)) for s in range(100, 112)]
    without, left, desk = (sum(part) for part in zip(*((a.together(a.happened, lesson_6.AFTER).sum(), b.together(b.happened, lesson_6.AFTER).sum(), a.desk.sum()) for a, b in made), strict=True))
    for seen, p in ((left, 1 + EFFECT / 100), (desk, MOVED / 100)):
        assert abs(seen / without - p) < 4 * math.sqrt(p * (1 - p) / without)


def test_changes_are_those_of_the_printed_tables(idle):
    steps = lesson_6.step_by_step(idle, idle.chosen)
    halves = lesson_6.halves(idle, ["month", "first", "second"], "total")
    months = lesson_6.same_months(idle, ["month", "y3", "y2", "y1", "desk"], "total")
    total = months.iloc[-1]
    assert halves["first"].iloc[-1] == halves["first"].iloc[:-1].sum()
    assert [total[c] for c in ("y3", "y2", "y1", "desk")] == [months[c].iloc[:-1].sum() for c in ("y3", "y2", "y1", "desk")]
    assert halves["second"].iloc[-1] == total["y1"]
    by_hand = {
        "half": total["y1"] / halves["first"].iloc[-1], "last_year": total["y1"] / total["y2"], "earlier_year": total["y1"] / total["y3"],
        "all_channels": (total["y1"] + total["desk"]) / total["y3"],
    }
    assert {name: change.percent for name, change in steps.items()} == pytest.approx({name: 100 * (ratio - 1) for name, ratio in by_hand.items()})
    desk = lesson_6.with_desk(idle, ["what", "then", "now"], ["hotline", "desk"], "none")
    assert desk.to_numpy().tolist() == [["hotline", str(total["y3"]), str(total["y1"])], ["desk", "none", str(total["desk"])]]


def test_the_parts_add_up_to_the_fall(idle):
    steps = lesson_6.step_by_step(idle, idle.chosen)
    assert sum(lesson_6.parts(steps).values()) == pytest.approx(steps["half"].percent)


@pytest.mark.parametrize("effect", [0.0, EFFECT])
def test_the_estimator_of_the_package_finds_the_same_changes(effect):
    place = lesson_6.district(effect=effect)
    steps = lesson_6.step_by_step(place, place.chosen)
    for name, found in lesson_6.estimated_changes(place).items():
        assert found.estimate == pytest.approx(steps[name].percent)
        assert found.conf_low < found.conf_high < 0, "chance alone does not explain it, as the lesson says"


def test_the_draw_of_the_lesson_lies_near_the_mean_of_many(idle, works):
    for effect, place in ((0.0, idle), (EFFECT, works)):
        many = [[c.percent for c in lesson_6.step_by_step(p, p.chosen).values()] for p in (lesson_6.district(effect=effect, seed=s) for s in range(24))]
        own = [c.percent for c in lesson_6.step_by_step(place, place.chosen).values()]
        assert (np.abs(own - np.mean(many, axis=0)) < np.std(many, axis=0)).all()


def test_a_worker_who_divides_the_printed_means_gets_the_answer(idle):
    ranking = lesson_6.earlier_ranking(idle)
    first, second = lesson_6.worst_of(ranking, ["name", "first", "second"], "mean").iloc[-1][["first", "second"]]
    worst = lesson_6.group_changes(ranking)["worst"]
    assert worst.before == pytest.approx(idle.rates(lesson_6.YEAR_BEFORE)[np.argsort(-idle.rates(lesson_6.YEAR_BEFORE))[:CHOSEN]].mean())
    assert abs(100 * (second / first - 1) - worst.percent) < 0.6


def test_without_a_centre_the_worst_fall_and_the_best_rise():
    groups = [lesson_6.group_changes(lesson_6.earlier_ranking(lesson_6.district(seed=s))) for s in range(100, 130)]
    worst, best, everybody = (np.mean([g[name].percent for g in groups]) for name in ("worst", "best", "all"))
    assert worst < -8 < -3 < everybody < 3 < 8 < best


def test_others_stay_and_the_effect_is_seen_beside_them(idle, works):
    none, real = lesson_6.against_others(idle), lesson_6.against_others(works)
    assert none.others == real.others
    assert abs(none.others.percent) < 5
    assert abs(none.chosen.percent - none.others.percent) < 5 < none.chosen.percent - real.chosen.percent


# ── lesson 6: one cause at a time, against closed forms ─────────────────────────────────────────────────────────────────


def test_season_alone_is_the_ratio_of_the_wave():
    wave = np.exp(WORLD.season * np.sin(2 * np.pi * np.arange(12) / 12))
    expected = 100 * (wave[6:].mean() / wave[:6].mean() - 1)
    assert lesson_6_replays.apparent(("lot", 6, True, False)).percent == pytest.approx(expected, abs=3)


def test_recording_alone_is_the_share_that_went_elsewhere():
    moved, same = (lesson_6_replays.apparent(("lot", 6, False, m)).percent for m in (True, False))
    assert abs(same) < 3
    assert (100 + moved) / (100 + same) == pytest.approx(1 - MOVED / 100, abs=0.01)


def test_the_choice_of_the_worst_alone_is_regression_to_the_mean():
    rho, shock, unit = WORLD.autocorrelation, WORLD.shock_sd**2, WORLD.unit_sd**2
    lags = np.abs(np.subtract.outer(np.arange(12), np.arange(12)))
    ahead = np.subtract.outer(np.arange(12, 18), np.arange(12))
    counted = WORLD.level * WORLD.households / 1_000 * 12
    noise = math.sinh(0.7) / 0.7 / counted  # households are between exp(−0.7) and exp(0.7) of their mean
    judged = unit + shock * (rho**lags).mean() + noise
    lasting = (unit + shock * (rho**ahead).mean()) / judged
    expected = expected_change(Choice(share=CHOSEN / UNITS, autocorrelation=lasting, variation=math.sqrt(math.expm1(judged))))
    assert lesson_6_replays.apparent(("worst", 12, False, False)).percent == pytest.approx(expected, abs=2.5)


def test_causes_multiply():
    all_three = 1 + lesson_6_replays.apparent(("worst", 6, True, True)).percent / 100
    alone = [1 + lesson_6_replays.apparent(s).percent / 100 for name, s in lesson_6_replays.ALONE.items() if name != "none"]
    none = 1 + lesson_6_replays.apparent(lesson_6_replays.ALONE["none"]).percent / 100
    assert all_three == pytest.approx(np.prod(alone) / none**2, abs=0.04)


@pytest.mark.parametrize("months", lesson_6_replays.BEFORE_MONTHS)
def test_the_text_beside_a_picture_tells_the_sum_that_is_drawn(months):
    found = lesson_6_replays.apparent(("lot", months, False, False))
    opens = list(found.months).index(OPENS)
    drawn = [found.path[opens - months : opens].mean(), found.path[opens:].mean()]
    spread = math.sinh(0.7) / 0.7 * math.exp((WORLD.unit_sd**2 + WORLD.shock_sd**2) / 2)  # means of households, and of what is lognormal
    assert drawn == pytest.approx([CHOSEN * WORLD.level * WORLD.households / 1_000 * spread] * 2, rel=0.04)
    alt = lesson_6_figures.replay_alt(found)
    assert f"{CHOSEN}个社区合计" in alt
    assert f"开门前{months}个月平均每月{drawn[0]:.0f}件" in alt
    assert f"开门后6个月平均每月{drawn[1]:.0f}件" in alt


def test_what_chance_leaves_holds_zero_and_the_drawn_effect_lies_just_outside(works):
    low, high = lesson_6_replays.left_over()
    assert low < 0 < high
    assert lesson_6.step_by_step(works, works.chosen)["all_channels"].percent < low


# ── lesson 6: books, sheet, words ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("kind", "share"), [("channel", 1 - MOVED / 100), ("category", 1 - lesson_6_books.RECODED / 100), ("register", 1.0)])
def test_nothing_changes_but_the_book(kind, share):
    book = lesson_6_books.changed_book(kind)
    after = book.months >= OPENS
    happened, recorded = book.happened[after].sum(), book.recorded[after].sum()
    assert abs(recorded / happened - share) <= 4 * math.sqrt(share * (1 - share) / happened)
    assert (book.recorded[~after] == (0 if kind == "register" else book.happened[~after])).all()
    before, later = book.means(book.happened)
    assert later == pytest.approx(before, rel=0.12)


def test_lines_of_the_sheet_can_be_worked_out_from_what_stands_in_them():
    lines = lesson_6.sheet_lines(["甲区", "乙区"])
    assert [line.left for line in lines] == [0, 1, 2, 3, 0, 1, 2, 3]
    for line in lines:
        *_, before, after = line.stands
        assert 100 * (after / before - 1) == pytest.approx(line.percent)
        assert all(abs(value - line.percent) > lesson_6.CLOSE for value in line.reversed)


@pytest.mark.parametrize(("percent", "words"), [(-44.9, "降45%"), (3.2, "升3%"), (0.4, "几乎没变"), (-0.4, "几乎没变")])
def test_changes_in_words(percent, words):
    assert lesson_6.told(percent) == words


@pytest.mark.parametrize(("percent", "words"), [(44.9, "四成多"), (40.3, "四成"), (9.9, "零成多")])
def test_tenths_in_words(percent, words):
    assert lesson_6.in_tenths(percent) == words


def test_a_table_on_its_side_has_the_same_cells():
    table = pd.DataFrame({"m": ["a", "b"], "x": [1, 2], "y": [3, 4]})
    assert lesson_6.lying(table, "m").to_dict("list") == {"m": ["x", "y"], "a": [1, 3], "b": [2, 4]}


# ── lesson 5 ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reason_that_is_none_is_refused():
    with pytest.raises(KeyError):
        lesson_5.expected_answers(2, "nobody")


def test_the_truth_is_that_of_everybody():
    people = lesson_5.everybody()
    assert len(people) == PERSONS
    assert 100 * people["satisfied"].mean() == pytest.approx(TRUTH)
    assert people.groupby(["age", "tenure"]).size().to_dict() == {cell: group.persons for cell, group in COMMUNITY.items()}


@pytest.mark.parametrize("survey", [lesson_5.by_lot(), lesson_5.by_lot(opinion=True), lesson_5.by_link()], ids=["lot", "opinion", "link"])
def test_weights_are_those_of_the_hand_calculation(survey):
    cells, weights = survey.by_cell(), survey.weights()
    assert cells["n"].sum() == len(survey.answers)
    rates = cells["satisfied"] / cells["n"]
    assert survey.estimate(weights).percent == pytest.approx((cells["share"] * rates).sum())
    assert survey.estimate(None).percent == pytest.approx(survey.raw)
    own = survey.answers.merge(cells, on=["age", "tenure"])["weight"].to_numpy()
    assert sorted(weights.values / weights.values.mean()) == pytest.approx(sorted(own))
    assert weights.effective_n == pytest.approx(own.sum() ** 2 / (own**2).sum())
    assert weights.effective_n < len(survey.answers)


def test_weighting_by_age_alone():
    survey = lesson_5.by_lot()
    rates = survey.answers.groupby("age")["satisfied"].mean()
    persons = {age: sum(COMMUNITY[age, t].persons for t in lesson_5.TENURES) for age in lesson_5.AGES}
    expected = 100 * sum(persons[age] * rates[age] for age in persons) / PERSONS
    assert survey.estimate(survey.weights(tenure=False)).percent == pytest.approx(expected)


@pytest.mark.parametrize(
    ("readiness", "times"), [(lesson_5.READINESS, 1.0), (lesson_5.READINESS, lesson_5.KEENER), (lesson_5.LINK, 1 / lesson_5.ANGRIER)], ids=["alike", "keener", "angrier"],
)
def test_readiness_by_opinion_keeps_that_of_the_cell(readiness, times):
    made = lesson_5.by_opinion(readiness, times)
    for cell in CELLS:
        share = COMMUNITY[cell].satisfied / COMMUNITY[cell].persons
        assert share * made[(*cell, 1)] + (1 - share) * made[(*cell, 0)] == pytest.approx(readiness[cell])
        assert made[(*cell, 1)] / made[(*cell, 0)] == pytest.approx(times)
        assert max(made.values()) <= 1


def test_weighting_repairs_who_answers_and_not_what_they_think():
    lot, opinion, link = lesson_5.by_lot(), lesson_5.by_lot(opinion=True), lesson_5.by_link()
    mended, odd, chat = (s.estimate(s.weights()) for s in (lot, opinion, link))
    assert mended.low < TRUTH < mended.high
    assert not odd.low < TRUTH < odd.high
    assert abs(chat.gap) > abs(link.estimate(None).gap), "weights carry the link further away, as the lesson says"
    assert len(link.answers) > len(lot.answers)


@pytest.mark.parametrize("times", lesson_5.TIMES)
@pytest.mark.parametrize("missing", lesson_5.MISSING)
def test_answers_as_expected(times, missing):
    survey = lesson_5.expected_answers(times, missing)
    ready = {(a, t, s): COMMUNITY[a, t].satisfied if s else COMMUNITY[a, t].persons - COMMUNITY[a, t].satisfied for a, t in CELLS for s in (1, 0)}
    for age, tenure, satisfied in ready:
        slow = (missing == "tenants" and tenure == "tenant") or (missing == "dissatisfied" and not satisfied)
        ready[age, tenure, satisfied] *= (times if age == "old" else 1) * (lesson_5.LESS[missing] if slow else 1)
    raw = 100 * sum(n for (*_, satisfied), n in ready.items() if satisfied) / sum(ready.values())
    assert len(survey.answers) == lesson_5.ANSWERS
    assert survey.raw == pytest.approx(raw, abs=0.3)
    both, by_age = (survey.estimate(survey.weights(tenure=t)).gap for t in (True, False))
    assert abs(both) < 1 if missing != "dissatisfied" else both > 10
    assert abs(by_age) < 1 if missing == "none" else by_age > 2


@pytest.mark.parametrize("exact", [[0.5, 0.5, 1.0], [33.4, 33.3, 33.3], [0.0, 7.0], [2.5, 2.5, 2.5, 2.5]], ids=str)
def test_whole_numbers_keep_the_sum(exact):
    made = lesson_5.whole_numbers(np.array(exact))
    assert sum(made) == pytest.approx(sum(exact))
    assert all(abs(n - x) < 1 for n, x in zip(made, exact, strict=True))
