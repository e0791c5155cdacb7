"""Lessons 1 and 2: their numbers against closed forms and hand counts, and that the truth is what they say."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, poisson

from commresearch.course import lesson_1, lesson_2, lesson_2_rules
from commresearch.terms import Language, Unit
from commresearch.words import entries
from commresearch.words.catalogue import say

CLAIM = "huancui-025"


@pytest.fixture(scope="module")
def claims(published):
    return published.claims


@pytest.fixture(scope="module")
def claim(claims):
    return lesson_1.claim_of(claims, CLAIM)


# ── lesson 1 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_claim_that_there_is_not_is_refused(claims):
    with pytest.raises(KeyError):
        lesson_1.claim_of(claims, "huancui-999")


def test_the_sentence_states_none_of_the_five_and_no_wish_is_read_into_it(claim):
    assert not any(lesson_1.stated(claim).values())
    table = lesson_1.element_table(claim)
    assert len(table) == len(lesson_1.ELEMENTS)
    assert table.iloc[2, 2] == say("course.lesson_1_period_words", Language.ZH, words="同比")


def test_what_a_text_states_is_shown_as_stated(claims):
    # "7900余件" is the base of this share, its period begins with 2025
    found = lesson_1.stated(lesson_1.claim_of(claims, "jizhou-010"))
    assert found["denominator"]
    assert found["period"]
    assert not found["counter"]


def test_the_smallest_pairs_are_those_that_round_to_the_printed_change(claim):
    by_hand = [(before, after) for before in range(1, 26) for after in range(before + 1) if abs(100 * (after / before - 1) + 68) <= 0.5]
    assert lesson_1.smallest_pairs(claim) == by_hand == [(19, 6), (22, 7), (25, 8)]


@pytest.mark.parametrize(("before", "after"), [(22, 7), (1_000, 320), (22, 15)])
def test_the_interval_of_a_change_ends_where_a_binomial_tail_is_a_fortieth(before, after):
    low, high = (1 + end / 100 for end in lesson_1.ratio_interval(before, after))
    shares = [ratio / (1 + ratio) for ratio in (low, high)]
    assert binom.sf(after - 1, before + after, shares[0]) == pytest.approx(0.025)
    assert binom.cdf(after, before + after, shares[1]) == pytest.approx(0.025)


def test_changes_and_their_bases_lead_back_to_each_other():
    assert lesson_1.percent_change(22, 7) == pytest.approx(-100 * 15 / 22)
    assert lesson_1.earlier_number(16, -68) == pytest.approx(50)
    assert lesson_1.later_number(lesson_1.earlier_number(16, -68), -68) == pytest.approx(16)


def test_a_rate_has_no_room_above_all(claims):
    relative, points = lesson_1.room_below(lesson_1.claim_of(claims, "huancui-017"))
    assert relative == pytest.approx(100 / 1.3, abs=0.05)
    assert points == 70
    with pytest.raises(StopIteration):
        lesson_1.room_below(lesson_1.claim_of(claims, CLAIM))


def test_persons_behind_visits_lie_between_all_sessions_and_one():
    fewest, most = lesson_1.persons_behind(5_311, 161)
    assert (fewest, most) == (math.ceil(5_311 / 161), 5_311)
    assert (fewest - 1) * 161 < 5_311 <= fewest * 161
    assert lesson_1.persons_behind(322, 161) == (2, 322)


def test_only_words_of_the_lowest_grade_are_allowed(claim):
    grade, words = lesson_1.may_be_said(claim)
    assert (grade, words) == ("E0", entries("grades")["E0"]["words_zh"])


def test_words_about_a_cause_are_for_drawn_lots_and_praise_is_for_no_grade():
    with pytest.raises(KeyError):
        lesson_1.allowed_words("E6")
    said = {grade: lesson_1.allowed_words(grade) for grade in entries("grades")}
    assert [grade for grade, words in said.items() if words.startswith("使")] == ["E4", "E5"]
    assert "与试点有关" in said["E3"]
    assert not any("成效" in words for words in said.values())


def test_a_picture_that_stands_alone_names_its_source():
    below = "据公开报道" * 20
    alone, beside = lesson_1.pairs_figure([(22, 7)], below=below), lesson_1.pairs_figure([(22, 7)])
    assert (alone.get_supxlabel().replace("\n", ""), beside.get_supxlabel()) == (below, "")
    assert alone.get_figheight() > beside.get_figheight()


def test_the_audit_asks_about_this_claim_alone(claims):
    asked = lesson_1.questions(claims, CLAIM)
    assert asked
    assert all("下降68%" in question and "30%" not in question for question in asked)


@pytest.mark.parametrize("base", [22, 220])
def test_chance_falls_as_far_as_two_poisson_counts_do(base):
    before = np.arange(1, 6 * base)
    falls = {percent: float((poisson.pmf(before, base) * poisson.cdf(np.floor(before * (1 + percent / 100) + 1e-9), base)).sum()) for percent in (-68, -30, -10)}
    drawn = lesson_1.unchanged_places(base, places=20_000)
    for percent, share in falls.items():
        assert (drawn.changes <= percent).mean() == pytest.approx(share, abs=5 * math.sqrt(max(share, 1e-4) / 20_000))


def test_contacts_that_come_in_threes_have_the_variance_of_their_matters():
    rng = np.random.default_rng(3)
    matters = rng.poisson(220 / 3, 200_000)
    contacts = matters + rng.poisson(2.0 * matters)
    assert contacts.var() == pytest.approx(220 * (3 + 2 / 3), rel=0.02)  # mean square 11 over mean 3 of the contacts of a matter
    one, three = lesson_1.unchanged_places(220, 1), lesson_1.unchanged_places(220, 3)
    assert np.log1p(three.changes / 100).std() == pytest.approx(np.log1p(one.changes / 100).std() * math.sqrt(11 / 3), rel=0.1)


def test_nothing_changes_in_places_where_nothing_changes():
    drawn = lesson_1.unchanged_places(2_200, places=20_000)
    assert np.median(drawn.changes) == pytest.approx(0, abs=0.2)
    assert ((drawn.changes > drawn.low) & (drawn.changes < drawn.high)).mean() == pytest.approx(0.95, abs=0.005)
    assert (drawn.holds(-1), drawn.holds(-10)) == (True, False)


def test_the_reader_sees_for_every_choice_what_was_drawn():
    states = lesson_1.chance_states((22, 220), (-68, -30), (1, 3))
    assert len(states) == 8
    assert len({said for _, said, _ in states.values()}) == 8
    drawn = lesson_1.unchanged_places(22, 1)
    assert f"有{drawn.as_far(-30)}个" in states["22", "1", "-30"][1]
    for figure, _, alt in states.values():
        assert figure.axes
        assert alt


# ── lesson 2 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_complaints_are_what_was_judged_by_hand():
    counts, answers = lesson_2.complaints(), lesson_2.ticket_answers()
    assert counts["cases"] == answers.iloc[:, -1].sum() == 6
    judged = pd.Series(lesson_2.JUDGED)
    assert counts["contacts"] == (~judged.isin(["help", "withdrawn"])).sum() == 9
    assert counts["with_help"] == counts["cases"] + (judged == "help").sum() == 8
    assert counts["callers"] == 5 + 18
    assert counts["rows"] == len(judged) == 12
    assert counts["anonymous_folded"] == 5
    assert counts["first_contact"] == counts["withdrawn_too"] == counts["marks_missed"] == 7
    assert counts["rate"] == pytest.approx(1_000 * 6 / lesson_2.HOUSEHOLDS)
    assert counts["contact_rate"] == pytest.approx(1_000 * 9 / lesson_2.HOUSEHOLDS)


def test_reasons_in_the_ledger_hold():
    tickets = lesson_2.ticket_table().set_index(say("course.lesson_2_head_number", Language.ZH))
    assert lesson_2.days_between("GD01", "GD02") <= lesson_2.REPEAT_DAYS
    assert lesson_2.days_between("GD02", "GD05") <= lesson_2.REPEAT_DAYS < lesson_2.days_between("GD01", "GD05")
    assert lesson_2.days_between("GD04", "GD11") > lesson_2.REPEAT_DAYS
    by_reason = {reason: [code for code, found in lesson_2.JUDGED.items() if found == reason] for reason in lesson_2.DECIDED}
    assert {tickets.loc[code].iloc[1] for code in by_reason["help"]} == {"求助"}
    assert {tickets.loc[code].iloc[3] for code in by_reason["anonymous"]} == {""}
    assert all("撤单" in tickets.loc[code].iloc[4] for code in by_reason["withdrawn"])


def test_youth_is_counted_by_age_on_the_day_and_every_person_once():
    counts = lesson_2.participation()
    in_band, times = set(), 0
    for _, at, role, person, born, _, resident, _ in lesson_2.SIGNINS:
        if not person:
            continue
        year, month = (int(part) for part in born.split("-"))
        age = int(at[:4]) - year - (int(at[5:7]) < month)  # nobody was born in the month of the events
        if role == "参加" and resident == "是" and 14 <= age <= 35:
            in_band.add(person)
            times += 1
    assert counts["persons"] == len(in_band) == 4
    assert counts["times"] == times == 7
    assert (counts["rate"], counts["times_rate"]) == (pytest.approx(2.0), pytest.approx(3.5))
    assert (counts["codes"], counts["rows"], counts["all_times"]) == (8, 12, 9 + 6)
    assert counts["served_times"] == counts["all_times"] + sum(role == "志愿服务" for _, _, role, *_ in lesson_2.SIGNINS) == 16
    assert (counts["year_ages"], counts["serving_too"], counts["visitors_too"]) == (3, 5, 5)


def test_room_hours_are_what_a_clock_says():
    counts = lesson_2.rooms()
    assert counts["possible"] == 30 * 12.5
    assert counts["used"] == 5 + 2.5 + 9 + 5 + 2 + 6.5
    assert counts["rate"] == pytest.approx(8.0)
    assert counts["written"] == 3 + 3 + 3 + 3.5 + 3 + 9.5 + 3 + 5 + 2 + 6.5
    assert (counts["not_united"], counts["not_clipped"]) == (31, 31.5)
    assert counts["booked"] == counts["office_too"] == 33
    assert (counts["open_before"], counts["open_after"]) == (pytest.approx(100 * 23.5 / 240), pytest.approx(100 * 29.5 / 360))
    assert "12日9小时" in lesson_2.hours_by_day()


def test_every_rule_makes_another_number_of_the_register():
    for counts, rules in (
        (lesson_2.complaints(), ("cases", "contacts", "with_help", "rows", "callers", "first_contact", "anonymous_folded")),
        (lesson_2.participation(), ("persons", "times", "codes", "rows", "all_times", "served_times", "year_ages", "serving_too")),
        (lesson_2.rooms(), ("used", "booked", "not_united", "not_clipped", "written")),
    ):
        assert len({counts[rule] for rule in rules}) == len(rules)
    table = lesson_2.rules_table(lesson_2.complaints(), {"cases": Unit.COUNT, "callers": Unit.PERSONS})
    assert table.iloc[:, 1].tolist() == ["6件", "23人"]


def test_the_workbook_keys_every_ticket_and_hints_at_every_other_choice():
    options, keys = lesson_2.ticket_keys()
    assert sum(answer == options[0] for _, answer, _, _ in keys) == lesson_2.complaints()["cases"]
    assert all(set(hints) == set(options) - {answer} for _, answer, _, hints in keys)


@pytest.fixture(scope="module")
def rows():
    return lesson_2_rules.rules_rows().set_index(["repeats", "heads", "gaps"])


def test_nothing_changes_in_the_year_that_readers_change():
    expected = lesson_2_rules.world().truth.expected
    own = expected[expected["unit_id"] == lesson_2_rules.community()]
    assert (own["untreated"] == own["expected"]).all()
    assert own.groupby("outcome")["expected"].nunique().eq(1).all()


def test_complaints_of_the_year_are_those_that_happened():
    truth = lesson_2_rules.world().truth.complaints
    own = truth[truth["unit_id"] == lesson_2_rules.community()].sort_values("month")
    households = own["households_interpolated"].to_numpy()
    assert lesson_2_rules.year("fold", "persons", "blank").complaints == pytest.approx(1_000 * own["cases"].to_numpy() / households)
    assert lesson_2_rules.year("all", "persons", "blank").complaints == pytest.approx(1_000 * own["contacts"].to_numpy() / households)


def test_rules_that_stay_the_same_move_the_line_and_those_that_change_make_an_effect(rows):
    for repeats in ("fold", "all"):
        before, after = rows.loc[(repeats, "persons", "blank"), ["complaints_before", "complaints_after"]]
        assert abs(after / before - 1) < 0.15
    before, after = rows.loc[("changed", "persons", "blank"), ["complaints_before", "complaints_after"]]
    assert after / before - 1 < -0.15
    assert rows["complaints_after"].xs("all").gt(rows["complaints_after"].xs("fold")).all()


def test_blank_months_taken_for_zero_make_participation_out_of_nothing(rows):
    zero, blank = rows.xs("zero", level="gaps"), rows.xs("blank", level="gaps")
    assert zero["youth_before"].eq(0).all()
    assert blank["youth_before"].isna().all()
    assert zero["youth_after"].tolist() == blank["youth_after"].tolist()
    assert rows.loc[("fold", "times", "blank"), "youth_after"] > rows.loc[("fold", "persons", "blank"), "youth_after"]


def test_persons_of_months_do_not_add_up_to_those_of_a_quarter():
    months, quarter = lesson_2_rules.quarter_persons()
    truth = lesson_2_rules.world().truth.youth
    own = truth[truth["unit_id"] == lesson_2_rules.community()].sort_values("month")
    assert months == own["persons_known"].tolist()[-3:]
    assert max(months) < quarter < sum(months)


def test_every_choice_of_rules_is_drawn_and_told():
    states = lesson_2_rules.rules_states()
    assert len(states) == 12
    assert len({said for _, said, _ in states.values()}) == 12
    for figure, said, alt in states.values():
        assert len(figure.axes) == 2
        assert say("course.lesson_2_told_truth", Language.ZH) in said
        assert alt.count("，") >= 22
