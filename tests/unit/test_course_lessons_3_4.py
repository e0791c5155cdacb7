"""Numbers of lessons 3 and 4 against counts by hand, and against what is true of the simulated books and survey."""

import pandas as pd
import pytest

from commresearch.cleaning import clean_events
from commresearch.cleaning.duplicates import DuplicateKind
from commresearch.course import lesson_3 as books
from commresearch.course import lesson_3_columns as columns
from commresearch.course import lesson_3_gaps as gaps
from commresearch.course import lesson_4 as asked
from commresearch.course import lesson_4_views as views
from commresearch.errors import CleaningError
from commresearch.terms import DataKind, MissingKind

# ---------------------------------------------------------------- lesson 3


def test_the_usual_book_is_refused_until_somebody_decides_on_cells_that_cannot_be_read(tmp_path):
    with pytest.raises(CleaningError) as refused:
        clean_events(books.write_usual(tmp_path), DataKind.SIGNINS, pseudonym_key=books.KEY)
    assert [(failure.code, failure.values["count"]) for failure in refused.value.failures] == [("CR-E13", 1)]


def test_nobody_came_in_the_month_of_a_birthday_so_that_ages_are_known_to_the_year():
    months = {event.at[5:7] for event in books.EVENTS}
    assert not months & {person.born[5:7] for person in books.PERSONS.values()}
    assert {p: books.age_on(books.PERSONS[p].born, "2025-03-15") for p in (3, 4, 9, 15)} == {3: 35, 4: 36, 9: 14, 15: 39}


def test_tallies_of_the_month_are_those_of_a_pencil():
    # 1 2 3 5 6 9 10 16 17 are residents of 14 to 35 who took part; 7 and 11 live elsewhere, 12 works, 13 helps, 14 only enrolled
    assert books.tallies() == {"rows": 35, "person_times": 31, "in_band": 11, "youth": 9, "youth_times": 18, "loose": 14}
    assert books.tallies(books.EVENINGS) == {"rows": 18, "person_times": 15, "in_band": 10, "youth": 8, "youth_times": 12, "loose": 12}


def test_the_kit_counts_the_template_as_the_truth_says():
    template, n = books.counted_books()["template"], books.tallies()
    assert template.rate == pytest.approx(100 * 9 / books.YOUTH)
    assert template.bounds == (template.rate, template.rate)
    assert template.measure("persons") == n["youth"]
    assert template.measure("person_times") == n["person_times"]
    assert (template.measure("serving"), template.measure("non_residents")) == (1, 2)


def test_the_usual_book_is_wrong_beyond_its_own_bounds_and_does_not_show_it():
    usual, template = books.counted_books()["usual"], books.counted_books()["template"]
    assert books.mistakes() == books.Mistakes(counted=10, wrongly_in=3, twice=1, missed=3)
    assert usual.measure("persons") == books.mistakes().counted
    assert usual.bounds == (pytest.approx(4.0), pytest.approx(6.4))
    assert usual.bounds[0] > template.rate
    assert usual.measure("person_times") == books.tallies()["rows"]


def test_rows_read_of_the_usual_book_are_rows_kept_and_rows_set_aside():
    account = books.counted_books()["usual"].table.account.set_index("rule")["rows"]
    assert account.to_dict() == {"rows_read": 32, "total_row": 4, "note_row": 1, "rows_out": 27}


def test_tables_on_the_page_show_every_row_and_subtotals_that_add_up():
    shown = books.usual_rows({"total": "小计"})
    subtotals = shown.loc[shown["日期"] == "小计", "人数"].astype(int)
    assert subtotals.tolist() == [8, 10, 8, 9]
    assert subtotals.sum() == books.tallies()["rows"]
    evenings = books.template_rows(books.EVENINGS)
    assert evenings.shape == (18, 7)
    assert (evenings["人数"] == "").all()
    assert books.template_rows().iloc[-1].tolist() == ["HD202503-04", "参加", "", "", "", "", "6"]


EVERYTHING = dict.fromkeys(columns.COLUMNS, True)


@pytest.mark.parametrize(
    ("left_out", "expected"),
    [
        ((), {"person_times": (25, 25), "evening_times": (15, 15), "persons": (14, 14), "in_band": (11, 11), "youth": (9, 9)}),
        (("time",), {"evening_times": (0, 25), "youth": (9, 9)}),
        (("home",), {"in_band": (11, 11), "youth": (0, 11)}),
        (("age",), {"persons": (14, 14), "in_band": (0, 14), "youth": (0, 12)}),
        (("person",), {"persons": (8, 25), "in_band": (7, 20), "youth": (6, 18)}),
        (columns.COLUMNS, {"person_times": (25, 25), "evening_times": (0, 25), "persons": (8, 25), "in_band": (0, 25), "youth": (0, 25)}),
    ],
    ids=["nothing", "time", "home", "age", "person", "everything"],
)
def test_what_a_sheet_without_a_column_tells(left_out, expected):
    found = columns.countable(EVERYTHING | dict.fromkeys(left_out, False))
    assert {name: columns.ends_of(found, name) for name in expected} == expected


def test_ranges_hold_the_truth_and_only_widen_with_every_column_left_out():
    truth = columns.countable(EVERYTHING)["low"]
    made = {key: columns.countable(kept) for key, kept in columns.choices()}
    assert len(made) == 16
    for key, found in made.items():
        assert (found["low"] <= truth).all()
        assert (truth <= found["high"]).all()
        for place in range(len(key)):
            fewer = made[(*key[:place], columns.LEFT, *key[place + 1 :])]
            assert (fewer["low"] <= found["low"]).all()
            assert (fewer["high"] >= found["high"]).all()


def test_sentences_say_one_number_or_both_ends():
    words = {"exact": "{low}/{low_rate}", "range": "{low}-{high}/{low_rate}-{high_rate}", "evening": " e{n}", "no_evening": " ?"}
    assert columns.told(columns.countable(EVERYTHING), words) == "9/3.6 e15"
    assert columns.told(columns.countable(EVERYTHING | {"home": False, "time": False}), words) == "0-11/0-4.4 ?"


def test_months_before_a_register_are_missing_to_the_kit_and_zero_to_nobody_but_the_careless():
    year = gaps.beginning()
    assert pd.Series(year.recorded).isna().tolist() == [True] * gaps.START + [False] * (len(year.months) - gaps.START)
    assert year.recorded[gaps.START :] == year.truth[gaps.START :]
    assert year.zeros[: gaps.START] == [0.0] * gaps.START
    before, after = year.before_and_after("truth")
    assert (before, after) == (pytest.approx(5.2), pytest.approx(13 / 3))
    assert year.before_and_after("zeros") == (0.0, after)
    assert pd.isna(year.before_and_after("recorded")[0])


def test_hours_of_the_room_by_hand():
    # Monday 9:00-12:00 (two groups, one hour of them together), Wednesday 9:00-17:00, Friday 19:00-21:00; Tuesday cancelled, Thursday nobody came
    week = gaps.week()
    assert (week.used, week.overlapping_twice, week.with_unused, week.booked) == (13, 14, 15, 18)
    assert (week.reference, week.open) == (7 * 12.5, 45)
    assert [(day.day, hours) for day, hours in gaps.used_by_day()] == [(3, 3), (5, 8), (7, 2)]


# ---------------------------------------------------------------- lesson 4


def test_a_correction_whose_old_value_is_not_there_is_refused():
    one = views.bad_ages().iloc[0]
    assert "CR-D34" in views.corrected(views.correction(one["row"], str(one["true"]), one["got"], "原值写错"))
    done = views.corrected(views.correction(one["row"], one["got"], str(one["true"]), "电话核实"))
    assert done == f"{one['got']} → {one['true']}（电话核实 (问卷负责人, 2026-09-21)）"


def test_every_sheet_has_its_place():
    sheets = views.sheets()
    assert sheets["received"] == asked.SPEC.respondents + asked.COPIES
    assert sheets["copies"] == asked.COPIES
    assert sheets["received"] - sheets["copies"] - sheets["refused"] == sheets["usable"]
    assert sheets["bad_ages"] == asked.TYPED_YEARS + asked.TYPED_WRONG
    assert sum(views.answer_counts().values()) == sheets["usable"]


def test_copies_are_found_and_only_they_are_dropped():
    made = asked.survey()
    dropped = set(made.received.frame.index) - set(made.cleaned.frame.index)
    serials = dict(zip(made.received.frame.index, made.raw.frame["序号"], strict=True))
    assert {serials[row] for row in dropped} == set(made.troubles.loc[made.troubles["kind"] == "copy", "serial"])
    assert (made.received.duplicates["kind"] == DuplicateKind.CONTENT).all()


def test_shares_are_those_of_the_table_of_answers():
    counts, shares = views.answer_counts(), asked.all_shares()
    satisfied = counts["非常满意"] + counts["比较满意"]
    known = sum(n for label, n in counts.items() if label not in {"不清楚", ""})
    share = shares["apart", "once", "keep", "all"]
    assert (share.satisfied, share.base) == (satisfied, known)
    against = shares["against", "once", "keep", "all"]
    assert (against.satisfied, against.base) == (satisfied, known + counts["不清楚"])
    assert shares["apart", "all", "keep", "all"].base == known + asked.COPIES


def test_the_share_is_too_high_by_what_was_made_better_and_the_rest_was_mended():
    """Without the sheets that staff made better, cleaning gives what people said."""
    made = asked.survey()
    better = (made.troubles["kind"] == "better").sum()
    answers = made.simulated.truth[asked.OVERALL].dropna()
    honest = answers.isin(asked.TOP_TWO).sum()
    share = asked.all_shares()["apart", "once", "keep", "all"]
    assert (share.satisfied - better, share.base) == (honest, len(answers))
    assert made.honest_share == pytest.approx(100 * honest / len(answers))


def test_impossible_ages_are_missing_and_the_rest_of_the_sheet_stays():
    made = asked.survey()
    kinds, frame = made.cleaned.missing_kinds, made.cleaned.frame
    rows = kinds[asked.AGE] == MissingKind.UNREADABLE
    assert frame.loc[rows, asked.AGE].isna().all()
    assert (frame.loc[rows, "consent"] == "1").all()
    lost, old = views.old_lost()
    assert lost == asked.TYPED_YEARS
    assert lost < old < views.sheets()["usable"]


def test_one_decision_at_a_time():
    assert views.one_apart(("apart", "once", "keep", "all")) == {
        "unclear": ("against", "once", "keep", "all"), "copies": ("apart", "all", "keep", "all"), "ages": ("apart", "once", "drop", "all"),
        "helped": ("apart", "once", "keep", "own"),
    }


def test_points_apart_are_those_that_a_reader_finds_by_subtracting():
    assert views.points_apart(62.449, 61.951) == 0.4  # 62.4 and 62.0, though 0.498 lie between them
    assert views.points_apart(57.649, 62.001) == -4.4
    assert views.points_apart(62.04, 61.96) == 0


def test_flags_remove_nothing_and_are_tried_one_by_one():
    words = {name: name for name in ("without", "sheets", "share", "difference", "all", "flag_duration", "flag_longstring", "any_flag")}
    table = views.flags_table(words).set_index("without")
    share = asked.all_shares()["apart", "once", "keep", "all"]
    assert table.loc["all"].tolist() == ["0", f"{share.value:.1f}", "0.0"]
    for name in ("flag_duration", "flag_longstring", "any_flag"):
        apart = float(table.loc[name, "share"]) - float(table.loc["all", "share"])
        assert float(table.loc[name, "difference"].replace("−", "-")) == pytest.approx(apart, abs=1e-9)
    flags = asked.survey().cleaned.flags
    assert int(table.loc["flag_longstring", "sheets"]) == flags["flag_longstring"].sum()
    assert int(table.loc["any_flag", "sheets"]) == (flags["flag_duration"].fillna(value=False) | flags["flag_longstring"].fillna(value=False)).sum()


def test_rows_of_the_workbook_are_those_of_the_export():
    made, rows = asked.survey(), views.other_rows()
    copy, quick = (made.raw.frame.loc[rows[name][0]] for name in ("copy", "quick"))
    assert copy["序号"] == rows["copy"][1]
    assert (quick["所用时间"], int(quick["所用时间"].removesuffix("秒")) < asked.SHORTEST) == (rows["quick"][1], True)
    assert (rows["unclear"][1], rows["against"][1]) == ("不清楚", "非常不满意")
    log = views.log_table({name: name for name in ("row", "column", "old", "new", "reason", "age", "whole", "unread", "set_aside")})
    assert log["column"].tolist() == ["age"] * 3 + ["whole"] * 3
    assert {int(row) for row in log.loc[log["column"] == "age", "row"]} <= set(views.bad_ages()["row"])
