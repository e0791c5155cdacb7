"""Youth participation on a handful of rows: one rule of the definition per test."""

from datetime import date, datetime

import pandas as pd
import pytest

from commresearch.errors import OutcomeError
from commresearch.outcomes.build import build_panel
from commresearch.words.messages import render_error
from tests.property.plain_outcomes import months_between

ROSTER = pd.DataFrame({
    "unit_id": ["A", "B"], "unit_level": "community", "community_id": ["A", "B"], "name": ["望海社区", "听涛社区"],
    "youth_population": [100, 200], "as_of": pd.Timestamp("2024-01-01"),
})
LIVE = pd.DataFrame({"source": ["signins"], "unit_id": ["*"], "live_from": [pd.Timestamp("2022-01-01")], "live_to": [pd.NaT]})
MONTHS = ("2024-01", "2024-04")


def completed_years(born, on):
    """Age on a day; whoever was born on 29 February is a year older on 1 March of other years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def at(month, day, hour=19, year=2024):
    return datetime(year, month, day, hour)  # noqa: DTZ001 - local civil time


def came(who, when, *, age=20, place="A", home="A", role="attends", event="e", high=None, is_resident=None, tier="phone", persons=1):
    return {
        "event_id": event, "event_at": when, "place": place, "home": home, "is_resident": is_resident, "person_key": who, "person_tier": tier,
        "age_low": age, "age_high": age if high is None else high, "role": role, "persons": persons,
    }


def panel(*rows, months=MONTHS, coverage=LIVE, **choices):
    return build_panel("youth_participation", pd.DataFrame(list(rows)), ROSTER, None, months=months, coverage=coverage, **choices)


def values(made, unit="A", measure=None):
    frame = made.frame if measure is None else made.companion(measure)
    return frame.loc[frame["unit_id"] == unit, "value"].tolist()


def nothing(value):
    return pd.isna(value)


def test_somebody_who_comes_twice_in_a_month_is_one_person_in_percent_of_the_residents_of_the_band():
    made = panel(came("k1", at(1, 5), event="e1"), came("k1", at(1, 20), event="e2"), came("k2", at(1, 5), event="e1"))
    row = made.frame.iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (2, 100, 2.0)
    assert values(made, measure="person_times_in_band")[0] == 3
    assert values(made, measure="repeat_rate")[0] == 50


def test_the_36th_birthday_ends_youth_on_its_day():
    born = date(1988, 2, 10)
    before, on_it = at(2, 9), at(2, 10)
    assert [completed_years(born, d.date()) for d in (before, on_it)] == [35, 36]
    made = panel(came("k1", before, age=35, event="e1"), came("k1", on_it, age=36, event="e2"), came("k1", at(3, 1), age=36, event="e3"))
    assert values(made, measure="persons") == [0, 1, 0, 0]  # once in the band in February; never after
    assert values(made, measure="person_times_in_band") == [0, 1, 0, 0]
    assert values(made, measure="persons_under_35") == [0, 0, 0, 0]


def test_somebody_born_on_29_february_is_14_from_1_march():
    born = date(2009, 2, 28), date(2008, 2, 29)
    ages = [completed_years(b, d) for b in born for d in (date(2022, 2, 28), date(2022, 3, 1), date(2023, 2, 28))]
    assert ages == [13, 13, 14, 13, 14, 14]
    made = panel(
        came("k1", at(2, 28, year=2022), age=13, event="e1"), came("k2", at(3, 1, year=2022), age=14, event="e2"), months=("2022-02", "2022-03"),
    )
    assert values(made, measure="persons") == [0, 1]
    assert values(made, measure="children") == [1, 0]


@pytest.mark.parametrize(
    ("low", "high", "persons", "unclear"),
    [(14, 35, 1, 0), (13, 14, 0, 1), (35, 36, 0, 1), (36, 45, 0, 0), (None, 13, 0, 0), (40, None, 0, 0), (20, None, 0, 1), (None, None, 0, 1)],
)
def test_bounds_of_an_age_that_straddle_the_band_are_unclear(low, high, persons, unclear):
    row = came("k1", at(1, 5)) | {"age_low": low, "age_high": high}
    made = panel(row, unknown_limit=100)
    assert values(made, measure="persons")[0] == persons
    assert values(made, measure="age_unclear_share")[0] == 100 * unclear


def test_other_bands_stand_beside():
    made = panel(*(came(f"k{age}", at(1, 5), age=age) for age in (13, 14, 15, 17, 18, 34, 35, 36)))
    found = {m: values(made, measure=m)[0] for m in ("persons", "persons_under_35", "persons_15_34", "persons_18_35", "children")}
    assert found == {"persons": 6, "persons_under_35": 5, "persons_15_34": 4, "persons_18_35": 3, "children": 1}


def test_too_many_unknown_ages_leave_bounds_and_no_headline():
    known = [came(f"k{i}", at(1, 5), age=20) for i in range(3)] + [came("k9", at(1, 5), age=50)]
    one = panel(*known, came("u1", at(1, 5)) | {"age_low": None, "age_high": None})
    assert values(one)[0] == 3.0  # one of five is not more than 20 percent
    two = panel(*known, *(came(f"u{i}", at(1, 5)) | {"age_low": None, "age_high": None} for i in range(2)))
    assert nothing(values(two)[0])
    assert two.frame.iloc[0]["live"]
    assert nothing(values(two, measure="persons")[0])
    assert [values(two, measure=m)[0] for m in ("rate_lower", "rate_upper")] == [3.0, 5.0]
    assert values(two)[1:] == [0, 0, 0]


def test_an_age_that_is_known_at_one_event_holds_for_the_person():
    made = panel(came("k1", at(1, 5), event="e1"), came("k1", at(1, 6), event="e2") | {"age_low": None, "age_high": None})
    assert values(made)[0] == 1.0
    assert values(made, measure="person_times_in_band")[0] == 2


def test_residents_count_and_others_are_a_number_of_their_own():
    made = panel(
        came("k1", at(1, 5)), came("k2", at(1, 5), home="B"), came("k3", at(1, 5), home=None, is_resident=False),
        came("k4", at(1, 5), home=None, is_resident=True), came("k5", at(1, 5), home="望海社区"), came("k6", at(1, 5), home="B", is_resident=True),
    )
    assert values(made, measure="persons")[0] == 3
    assert values(made, measure="non_residents")[0] == 3


def test_homes_that_are_not_known_are_treated_as_ages_that_are_not_known():
    made = panel(came("k1", at(1, 5)), came("k2", at(1, 5), home=None), came("k3", at(1, 5), home="某处"))
    assert nothing(values(made)[0])
    assert [values(made, measure=m)[0] for m in ("persons_lower", "persons_upper", "residence_unknown")] == [1, 3, 2]


def test_persons_who_cannot_be_told_apart_give_bounds_and_never_zero():
    nameless = [came(None, at(1, 5), event=f"e{i}") for i in range(3)]
    made = panel(*nameless)
    assert nothing(values(made)[0])
    assert made.frame.iloc[0]["live"]
    assert [values(made, measure=m)[0] for m in ("persons_lower", "persons_upper", "person_times")] == [0, 3, 3]
    assert nothing(values(made, measure="persons")[0])
    few = panel(*(came(f"k{i}", at(1, 5)) for i in range(8)), *nameless[:2])
    assert values(few, measure="persons")[0] == 8
    assert values(few, measure="persons_upper")[0] == 10


def test_head_counts_are_person_times_and_leave_the_headline():
    made = panel(came("k1", at(1, 5)), came(None, at(1, 5)) | {"persons": 30})
    assert [values(made, measure=m)[0] for m in ("persons", "persons_upper", "person_times")] == [1, 1, 31]


def test_serving_is_apart_and_staff_operators_and_enrolment_do_not_count():
    made = panel(
        came("k1", at(1, 5)), came("k2", at(1, 5), role="serves"), came("k3", at(1, 5), role="staff"), came("k4", at(1, 5), role="operator"),
        came("k5", at(1, 5), role="enrolled"), came("k1", at(1, 9), role="serves"), came("k6", at(1, 5), role=None),
    )
    assert values(made, measure="persons")[0] == 2
    assert values(made, measure="serving")[0] == 2
    account = dict(zip(made.account["rule"], made.account["events"], strict=True))
    assert account == {"role_staff": 1, "role_operator": 1, "role_enrolled": 1, "role_serves": 2, "counted": 2}


def test_rows_without_persons_are_person_times_only():
    made = panel(came("k1", at(1, 5)), came(None, at(1, 5), tier="none", persons=40))
    assert values(made)[0] == 1.0
    assert values(made, measure="person_times")[0] == 41
    assert values(made, measure="tier_none_share")[0] == pytest.approx(4000 / 41)


def test_signing_in_twice_for_one_event_is_coming_once():
    made = panel(came("k1", at(1, 5, 9)), came("k1", at(1, 5, 11)), came("k1", at(1, 6, 9)))
    assert values(made, measure="person_times")[0] == 2
    assert dict(zip(made.account["rule"], made.account["events"], strict=True)) == {"folded_sign_in": 1, "counted": 2}


def test_distinct_persons_never_add_up_over_months():
    made = panel(*(came("k1", at(m, 5)) for m in (1, 2, 3, 4)), came("k2", at(3, 5)))
    assert values(made, measure="persons") == [1, 1, 2, 1]
    assert values(made, measure="persons_quarter") == [2]  # the second quarter is not whole
    assert values(made, measure="rate_quarter") == [2.0]


def test_a_quarter_with_a_dark_month_is_missing():
    late = LIVE.assign(live_from=pd.Timestamp("2024-02-01"))
    made = panel(came("k1", at(3, 5)), coverage=late)
    assert nothing(values(made, measure="persons_quarter")[0])


def test_new_and_returning_are_known_after_a_year_of_record():
    made = panel(came("k1", at(12, 5, year=2022)), came("k1", at(1, 5)), came("k2", at(1, 5)), came("k1", at(2, 5)), came("k3", at(1, 5), place="B", home="B"))
    assert values(made, measure="new_persons")[:2] == [2, 0]  # more than twelve months ago
    assert values(made, measure="returning_persons")[:2] == [0, 1]
    assert nothing(values(made, "B", "new_persons")[0])  # the record of B begins that month


def test_the_most_active_tenth():
    rows = [came(f"k{i}", at(1, 5), event="e0") for i in range(11)] + [came("k0", at(1, 6 + j), event=f"e{j}") for j in range(9)]
    made = panel(*rows)
    assert values(made, measure="share_of_most_active_tenth")[0] == pytest.approx(100 * 11 / 20)  # two of eleven: ten times and once


def test_zero_only_where_the_source_was_live():
    late = LIVE.assign(live_from=pd.Timestamp("2024-02-15"))
    made = panel(came("k1", at(3, 5)), coverage=late)
    assert nothing(values(made)[0])
    assert values(made)[1:] == [0, 1, 0]
    assert made.frame.loc[made.frame["unit_id"] == "A", "partial_month"].tolist() == [False, True, False, False]
    without = panel(came("k1", at(3, 5)), coverage=None)
    assert [nothing(v) for v in values(without)] == [True, True, False, True]


def test_a_moved_place_counts_where_it_belonged_on_the_day():
    roster = ROSTER.assign(valid_from=pd.NaT, valid_to=[pd.Timestamp("2024-02-11"), pd.NaT])
    lineage = pd.DataFrame({"old_id": ["A"], "new_id": ["B"], "changed_on": [pd.Timestamp("2024-02-11")], "kind": ["merge"]})
    rows = pd.DataFrame([came("k1", at(2, 10), event="e1"), came("k2", at(2, 11), place="B", home="B", event="e2"), came("k3", at(2, 12), event="e3")])
    events = {"signins": rows, "lineage": lineage}
    made = build_panel("youth_participation", events, roster, None, months=MONTHS, coverage=LIVE)
    assert [values(made, unit, "persons")[1] for unit in ("A", "B")] == [1, 2]  # whoever still writes A on the 12th means B
    assert dict(zip(made.account["rule"], made.account["events"], strict=True))["carried_on"] == 1
    assert made.unplaced.empty
    later = build_panel("youth_participation", events, roster, None, months=MONTHS, coverage=LIVE, boundaries=date(2024, 3, 1))
    assert values(later, "B", "persons")[1] >= 2


def test_where_most_places_are_unknown_nobody_is_zero():
    made = panel(came("k1", at(1, 5), place="海边"), came("k2", at(1, 6), place="海边"), came("k3", at(1, 6)), came("k4", at(2, 6)))
    frame = made.frame.set_index(["unit_id", "month"])["numerator"].unstack("month")
    assert frame.iloc[:, 0].isna().all()
    assert frame.iloc[:, 1].notna().all()
    assert made.companion("persons").set_index(["unit_id", "month"])["value"].unstack("month").iloc[:, 0].isna().all()


def test_visits_in_dark_months_are_told():
    made = panel(came("k1", at(1, 5)), came("k2", at(2, 6)), coverage=LIVE.assign(live_from=pd.Timestamp("2024-02-01")))
    assert made.account.to_numpy().tolist() == [["not_live", 1], ["counted", 1]]


def test_places_outside_the_register_are_listed():
    made = panel(came("k1", at(1, 5), place="海边"), came("k2", at(1, 6), place="海边"), came("k3", at(1, 6)))
    assert made.unplaced[["place", "events"]].to_numpy().tolist() == [["海边", 2]]
    assert made.account.to_numpy().tolist() == [["unplaced", 2], ["counted", 1]]


def test_months_of_events_begin_at_midnight_of_the_first():
    made = panel(came("k1", at(1, 31, 23)), came("k2", datetime(2024, 2, 1)))  # noqa: DTZ001 - local civil time
    assert values(made, measure="persons")[:2] == [1, 1]
    assert months_between(at(1, 1, 0), at(3, 1, 0))[-1] == at(3, 1, 0)


def test_a_band_that_ends_before_it_begins_is_refused():
    with pytest.raises(OutcomeError) as raised:
        panel(came("k1", at(1, 5)), age_low=36, age_high=35)
    assert [f.code for f in raised.value.failures] == ["CR-O61"]
    assert all("36" in render_error(raised.value, language) for language in ("zh", "en"))


def test_a_log_in_which_nobody_can_be_counted_is_a_panel_all_the_same():
    made = panel(came("k1", at(1, 5), place="nowhere"), came("k2", at(2, 5), role="staff", place="elsewhere"))
    assert dict(zip(made.account["rule"], made.account["events"], strict=True)) == {"unplaced": 2}
    assert nothing(values(made)[0])  # most of January names no place of the register
