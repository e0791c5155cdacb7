"""Space use and area in use on a handful of rows: one rule of the definitions per test."""

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from commresearch.errors import OutcomeError
from commresearch.outcomes.build import build_panel
from commresearch.outcomes.engine import open_engine
from commresearch.outcomes.space import open_spans
from commresearch.words.messages import render_error

ROSTER = pd.DataFrame({"unit_id": ["A", "B"], "unit_level": "community", "community_id": ["A", "B"], "name": ["望海社区", "听涛社区"]})
LIVE = pd.DataFrame({"source": ["bookings", "counters"], "unit_id": ["*", "*"], "live_from": [pd.Timestamp("2022-01-01")] * 2, "live_to": [pd.NaT] * 2})
MONTHS = ("2024-01", "2024-03")
JANUARY = 31 * 12.5  #: reference hours of one room


def at(day, hour=0, minute=0, month=1):
    return datetime(2024, month, day, hour, minute)  # noqa: DTZ001 - local civil time


def room(name="r1", unit="A", area=50.0, kind="activity", since=None, until=None, service=None, left=None):
    return {
        "room": name, "unit_id": unit, "area_m2": area, "room_class": kind, "valid_from": since, "valid_to": until, "in_service_from": service, "in_service_to": left,
    }


def booked(start, end, name="r1", people=5, used=None, cancelled=None):
    return {"room": name, "start_at": start, "end_at": end, "headcount": people, "is_used": used, "is_cancelled": cancelled}


def hours(weekday, opens, closes, name="r1", since=None, until=None):
    return {"room": name, "weekday": weekday, "open_minute": opens * 60, "close_minute": closes * 60, "valid_from": since, "valid_to": until}


def typed(rows, times=(), dates=(), whole=(), flags=()):
    frame = pd.DataFrame(rows)
    for name in (*times, *dates):
        frame[name] = pd.to_datetime(frame[name]).astype("datetime64[us]")
    return frame.astype(dict.fromkeys(whole, "Int64") | dict.fromkeys(flags, "boolean"))


ONE_ROOM = (room(),)


def panel(bookings, *, registered=ONE_ROOM, counters=(), opened=(), coverage=LIVE, outcome="space_use", **choices):
    events = {"rooms": typed(registered, dates=("valid_from", "valid_to", "in_service_from", "in_service_to"))}
    if bookings:
        events["bookings"] = typed(bookings, times=("start_at", "end_at"), whole=("headcount",), flags=("is_used", "is_cancelled"))
    if counters:
        events["counters"] = pd.DataFrame(counters, columns=["room", "start_at", "end_at", "persons"])
    if opened:
        events["open_hours"] = typed(opened, dates=("valid_from", "valid_to"))
    return build_panel(outcome, events, ROSTER, None, months=MONTHS, coverage=coverage, **choices)


def first(made, measure=None, what="value", unit="A"):
    frame = made.frame if measure is None else made.companion(measure)
    return frame.loc[frame["unit_id"] == unit, what].iloc[0]


def test_used_hours_over_the_fixed_reference_hours_of_every_room():
    made = panel([booked(at(3, 9), at(3, 11, 30))], registered=(room(), room("r2")))
    assert first(made, what="numerator") == 2.5
    assert first(made, what="denominator") == 2 * JANUARY
    assert first(made) == pytest.approx(100 * 2.5 / (2 * JANUARY))


def test_a_booking_alone_is_no_use_but_gives_a_booking_rate():
    rows = [booked(at(3, 9), at(3, 10), people=None), booked(at(4, 9), at(4, 10), people=0), booked(at(5, 9), at(5, 10), used=False)]
    made = panel([*rows, booked(at(6, 9), at(6, 13), people=None, used=True), booked(at(7, 9), at(7, 10), cancelled=True)])
    assert first(made, what="numerator") == 4.0
    assert first(made, "booking_rate", "numerator") == 7.0
    assert [first(made, name, "numerator") for name in ("rate_lower", "rate_upper")] == [4.0, 5.0]
    account = dict(zip(made.account["rule"], made.account["events"], strict=True))
    assert account == {"booking_cancelled": 1, "booking_use_unknown": 1, "booking_not_used": 2, "counted": 1}


def test_bookings_that_do_not_say_whether_anybody_came_give_bounds_and_no_rate():
    made = panel([booked(at(3, 9), at(3, 11), people=None), booked(at(3, 10), at(3, 12), people=None), booked(at(4, 9), at(4, 10), people=3)])
    assert made.frame["numerator"].isna().tolist() == [True, False, False, True, True, True]  # B has no room; in February nothing was booked
    assert [first(made, name, "numerator") for name in ("rate_lower", "rate_upper", "booking_rate")] == [1.0, 4.0, 4.0]
    assert all(np.isnan(first(made, name)) for name in ("used_hours", "use_of_open_hours", "use_weighted_by_area", "visits"))
    assert dict(zip(made.account["rule"], made.account["events"], strict=True)) == {"booking_use_unknown": 2, "counted": 1}
    weighed = panel([booked(at(3, 9), at(3, 11), people=None)], weighting="area")
    assert np.isnan(first(weighed, what="numerator"))


def test_a_door_counter_tells_of_use_where_bookings_do_not():
    made = panel([booked(at(3, 9), at(3, 12), people=None), booked(at(4, 9), at(4, 10), people=None)], counters=[("r1", at(3, 9), at(3, 11), 5), ("r1", at(4), at(4, 23), 0)])
    assert [first(made, what="numerator"), first(made, "rate_upper", "numerator"), first(made, "visits")] == [2.0, 2.0, 5.0]


@pytest.mark.parametrize("written", ["R1", " r1 ", "ｒ１", "活动室", " 活动 室", "望海驿站活动室", "望海社区活动室", "A活动室"])
def test_a_room_may_be_written_by_its_name(written):
    rooms = (room() | {"name": "活动室", "site": "望海驿站"}, room("r2") | {"name": "会议室", "site": "望海驿站"})
    made = panel([booked(at(3, 9), at(3, 11), name=written)], registered=rooms, counters=[(written, at(4, 9), at(4, 10), 2)])
    assert (first(made, what="numerator"), made.unplaced.empty) == (3.0, True)


def test_a_name_of_several_rooms_is_nobodys_and_no_zero_follows():
    rooms = (room() | {"name": "活动室", "site": None}, room("r2", unit="B") | {"name": "活动室", "site": None})
    made = panel([booked(at(3, 9), at(3, 11), name="活动室")], registered=rooms)
    assert dict(zip(made.account["rule"], made.account["events"], strict=True)) == {"room_name_ambiguous": 1}
    assert made.unplaced["place"].tolist() == ["活动室"]
    assert made.frame["numerator"].fillna(-1).tolist() == [-1, 0, 0, -1, 0, 0]  # either may have been used in January
    assert panel([booked(at(3, 9), at(3, 11), name="听涛社区活动室")], registered=rooms).frame["numerator"].fillna(-1).tolist() == [0, 0, 0, 2, 0, 0]


def test_a_name_may_pass_from_one_room_to_another():
    rooms = (room(until=at(11)) | {"name": "活动室", "site": None}, room("r2", unit="B", since=at(11)) | {"name": "活动室", "site": None})
    made = panel([booked(at(10, 9), at(10, 11), name="活动室"), booked(at(11, 9), at(11, 10), name="活动室")], registered=rooms, rooms="all")
    assert [first(made, what="numerator", unit=unit) for unit in ("A", "B")] == [2.0, 1.0]


@pytest.mark.parametrize(("astray", "expected"), [(1, [4.0, None]), (2, [None, None])])
def test_entries_of_no_known_room_make_no_zero_and_beyond_a_fifth_no_number(astray, expected):
    rows = [booked(at(3 + k, 9), at(3 + k, 10)) for k in range(4)] + [booked(at(9 + k, 9), at(9 + k, 10), name="东楼") for k in range(astray)]
    made = panel(rows, registered=(room(), room("r2", unit="B")))
    assert [None if np.isnan(first(made, what="numerator", unit=unit)) else first(made, what="numerator", unit=unit) for unit in ("A", "B")] == expected
    assert first(made, "entries_without_room") == pytest.approx(100 * astray / (4 + astray))
    assert made.frame.loc[made.frame["month"] > "2024-01-31", "numerator"].eq(0).all()
    off = panel([*rows[:4], booked(at(9, 9), at(9, 10), name="东楼", cancelled=True)], registered=(room(), room("r2", unit="B")))
    assert first(off, what="numerator", unit="B") == 0.0  # a booking that was cancelled is nobody's use


def test_rooms_of_no_known_unit_are_told():
    rows = [booked(at(3, 9), at(3, 10)), booked(at(3, 9), at(3, 10), name="r7")]
    rooms = (room(), room("r7", unit="C"), room("r8", unit="C"))
    made = panel(rows, registered=rooms)
    assert dict(zip(made.account["rule"], made.account["events"], strict=True)) == {"room_without_unit": 1, "counted": 1}
    assert made.problems[["problem", "place", "unit_id"]].to_numpy().tolist() == [["room_without_unit", "r7", "C"], ["room_without_unit", "r8", "C"]]
    area = panel([], registered=rooms, outcome="area_in_use", coverage=None)
    assert dict(zip(area.account["rule"], area.account["events"], strict=True)) == {"room_without_unit": 2, "counted": 1}
    assert len(area.problems) == 2


def test_a_unit_without_a_room_has_no_number_at_all():
    made = panel([booked(at(3, 9), at(3, 10))])
    assert made.frame.loc[made.frame["unit_id"] == "B", ["numerator", "denominator", "value"]].isna().all(axis=None)


def test_what_was_counted_in_dark_months_is_told():
    rows = [booked(at(3, 9), at(3, 10)), booked(at(5, 9, month=2), at(5, 10, month=2))]
    made = panel(rows, coverage=LIVE.assign(live_from=pd.Timestamp("2024-02-01")))
    assert dict(zip(made.account["rule"], made.account["events"], strict=True)) == {"not_live": 1, "counted": 1}


def test_bookings_that_overlap_are_united_before_they_are_clipped():
    made = panel([booked(at(3, 7), at(3, 10)), booked(at(3, 8), at(3, 9)), booked(at(3, 9, 30), at(3, 11))])
    assert first(made, what="numerator") == 2.5  # 08:30 to 11:00
    assert first(made, "used_hours_outside_reference") == 1.5
    assert first(made, "double_booked_hours") == 1.5


def test_the_same_hours_booked_twice_count_once():
    made = panel([booked(at(3, 9), at(3, 10)), booked(at(3, 9), at(3, 10))])
    assert first(made, what="numerator") == 1.0
    assert first(made, "double_booked_hours") == 1.0


def test_a_night_is_split_by_day_and_by_month():
    made = panel([booked(at(31, 20), at(1, 9, month=2))])
    assert made.frame.loc[made.frame["unit_id"] == "A", "numerator"].tolist() == [1.0, 0.5, 0.0]
    assert made.companion("used_hours_outside_reference").query("unit_id == 'A'")["value"].tolist() == [3.0, 8.5, 0.0]


def test_reference_hours_may_end_after_midnight():
    made = panel([booked(at(3, 23), at(4, 2))], open_minute=540, close_minute=1500)
    assert first(made, what="numerator") == 2.0
    assert first(made, what="denominator") == 31 * 16


def test_a_day_between_is_used_even_where_a_booking_begins_within_the_last_second_before_it():
    made = panel([booked(at(3, 23, 59) + pd.Timedelta(seconds=59.5), at(5, 0))])
    whole = panel([booked(at(4, 0), at(5, 0))])
    assert first(made, what="numerator") == first(whole, what="numerator") > 0


def test_a_door_count_above_zero_is_use_and_visits_come_from_the_counter():
    made = panel([booked(at(3, 9), at(3, 11), people=8)], counters=[("r1", at(3, 10), at(3, 12), 20), ("r1", at(4, 9), at(4, 10), 0)])
    assert first(made, what="numerator") == 3.0
    assert first(made, "visits") == 20
    assert first(made, "visits_per_100_m2") == pytest.approx(40.0)


def test_use_of_open_hours_has_no_denominator_on_closed_days():
    made = panel([booked(at(3, 17), at(3, 23)), booked(at(4, 9), at(4, 10))], opened=[hours(3, 18, 22)])  # 3 January 2024 is a Wednesday, open five times
    assert [first(made, "use_of_open_hours", w) for w in ("numerator", "denominator")] == [4.0, 20.0]
    assert first(made, what="denominator") == JANUARY


def test_opening_longer_lowers_the_second_rate_and_leaves_the_headline():
    every_day = [hours(w, 9, 17, until=at(1, month=2)) for w in range(1, 8)] + [hours(w, 9, 21, since=at(1, month=2)) for w in range(1, 8)]
    made = panel([booked(at(5, 9, month=m), at(5, 19, month=m)) for m in (1, 2)], opened=every_day)
    use, of_open = (made.companion(m).query("unit_id == 'A'") for m in ("use_of_reference_hours", "use_of_open_hours"))
    assert use["numerator"].tolist()[:2] == [10.0, 10.0]
    assert of_open["denominator"].tolist()[:2] == [31 * 8.0, 29 * 12.0]
    assert of_open["numerator"].tolist()[:2] == [8.0, 10.0]


def test_opening_hours_that_overlap_or_pass_midnight():
    table = typed([hours(7, 9, 12), hours(7, 11, 14), hours(7, 20, 26)], dates=("valid_from", "valid_to"))
    spans = open_spans(table)[["weekday", "open_second", "close_second"]].assign(h=lambda f: f["open_second"] / 3600, to=lambda f: f["close_second"] / 3600)
    assert sorted(spans[["weekday", "h", "to"]].to_numpy().tolist()) == [[1, 0, 2], [7, 9, 12], [7, 12, 14], [7, 20, 24]]


def test_offices_corridors_and_plant_do_not_count_and_tenancies_are_apart():
    rooms = tuple(room(f"r{k}", kind=kind) for k, kind in enumerate(("activity", "office", "corridor", "plant", "tenancy")))
    made = panel([booked(at(3, 9), at(3, 10), name=f"r{k}") for k in range(5)], registered=rooms)
    assert (first(made, what="numerator"), first(made, what="denominator")) == (1.0, JANUARY)
    assert first(made, "tenancy_use_of_reference_hours", "numerator") == 1.0
    account = dict(zip(made.account["rule"], made.account["events"], strict=True))
    assert account == {"room_office": 1, "room_corridor": 1, "room_plant": 1, "counted": 2}


def test_the_fixed_set_are_the_rooms_of_the_baseline():
    rooms = (room(), room("r2", since=at(11)))
    rows = [booked(at(20, 9), at(20, 10)), booked(at(20, 9), at(20, 11), name="r2")]
    fixed, every = panel(rows, registered=rooms), panel(rows, registered=rooms, rooms="all")
    assert (first(every, what="numerator"), first(every, what="denominator")) == (3.0, (31 + 21) * 12.5)
    assert (first(fixed, what="numerator"), first(fixed, what="denominator")) == (1.0, JANUARY)
    assert first(fixed, "use_of_reference_hours_all_rooms", "numerator") == 3.0
    assert first(fixed, "use_of_reference_hours_all_rooms", "denominator") == (31 + 21) * 12.5


def test_rooms_weigh_alike_or_by_their_area():
    rooms = (room(area=30.0), room("r2", area=70.0), room("r3", area=None))
    rows = [booked(at(3, 9), at(3, 14), name="r2")]
    alike, weighed = panel(rows, registered=rooms), panel(rows, registered=rooms, weighting="area")
    assert first(alike) == pytest.approx(100 * 5 / (3 * JANUARY))
    assert (first(weighed, what="numerator"), first(weighed, what="denominator")) == (350.0, 100 * JANUARY)
    assert first(alike, "use_weighted_by_area") == pytest.approx(first(weighed))
    assert first(alike, "rooms_without_area") == pytest.approx(100 / 3)


def test_a_month_without_use_is_zero_only_where_the_log_was_live():
    rows = [booked(at(5, 9, month=2), at(5, 10, month=2))]
    late = LIVE.assign(live_from=pd.Timestamp("2024-02-11"))
    made = panel(rows, coverage=late, counters=[("r9", at(1), at(2), 1)])
    assert made.frame.loc[made.frame["unit_id"] == "A", "numerator"].fillna(-1).tolist() == [-1, 1, 0]
    assert made.frame.loc[made.frame["unit_id"] == "A", "partial_month"].tolist() == [False, True, False]
    without = panel(rows, coverage=None)
    assert without.frame.loc[without.frame["unit_id"] == "A", "live"].tolist() == [False, True, False]


def test_bookings_of_rooms_that_nobody_registered_are_listed():
    rows = [booked(at(3, 9), at(3, 10)), booked(at(3, 9), at(3, 10), name="r7"), booked(at(3, 9), at(3, 10), name="r2")]
    made = panel(rows, registered=(room(), room("r2", since=at(4))))
    assert made.unplaced[["place", "events"]].to_numpy().tolist() == [["r2", 1], ["r7", 1]]
    assert dict(zip(made.account["rule"], made.account["events"], strict=True)) == {"room_not_registered": 2, "counted": 1}


def test_a_booking_that_ends_before_it_begins_is_set_aside():
    made = panel([booked(at(3, 10), at(3, 9)), booked(at(4, 9), at(4, 10))])
    assert first(made, what="numerator") == 1.0
    assert dict(zip(made.account["rule"], made.account["events"], strict=True)) == {"end_before_start": 1, "counted": 1}


def test_area_in_use_at_the_end_of_the_month():
    always = panel([], registered=(room(area=30.0), room("r2", area=30.0, left=at(1, month=2))), outcome="area_in_use", coverage=None)
    assert always.frame.loc[always.frame["unit_id"] == "A", "value"].tolist() == [100.0, 50.0, 50.0]  # no first day: in service all along
    rooms = (
        room("r1", area=40.0, service=at(31)), room("r2", area=60.0, service=at(1, month=2)), room("r3", area=100.0, service=at(1), left=at(31)),
        room("r4", area=500.0, kind="office", service=at(1)), room("r5", area=50.0, kind="tenancy", service=at(1)), room("r6", area=None, service=at(1)),
    )
    made = panel([], registered=rooms, outcome="area_in_use", coverage=None)
    assert made.frame.loc[made.frame["unit_id"] == "A", "value"].tolist() == [20.0, 50.0, 50.0]
    assert first(made, "area_in_use_with_tenancies") == pytest.approx(100 * 90 / 250)
    assert first(made, "rooms_without_area") == 1


@pytest.mark.parametrize(
    ("code", "rooms", "opened", "choices"),
    [
        ("CR-O62", (room(),), (), {"open_minute": 600, "close_minute": 600}),
        ("CR-O63", (room(until=at(5)), room(since=at(4))), (), {}),
        ("CR-O64", (room(),), (hours(8, 9, 17),), {}),
        ("CR-O64", (room(),), (hours(1, 17, 9),), {}),
    ],
)
def test_what_cannot_be_is_refused_in_words(code, rooms, opened, choices):
    with pytest.raises(OutcomeError) as raised:
        panel([booked(at(3, 9), at(3, 10))], registered=rooms, opened=opened, **choices)
    assert [f.code for f in raised.value.failures] == [code]
    assert all("{" not in render_error(raised.value, language) for language in ("zh", "en"))


def test_rooms_are_needed():
    bookings = typed([booked(at(3, 9), at(3, 10))], times=("start_at", "end_at"))
    with pytest.raises(OutcomeError) as raised:
        build_panel("space_use", {"bookings": bookings}, ROSTER, None, months=MONTHS)
    assert [f.code for f in raised.value.failures] == ["CR-O10"]


def test_the_baseline_may_be_another_day():
    rows = [booked(at(20, 9), at(20, 11), name="r2")]
    made = panel(rows, registered=(room(), room("r2", since=at(11))), baseline=date(2024, 1, 15))
    assert (first(made, what="numerator"), first(made, what="denominator")) == (2.0, (31 + 21) * 12.5)


def test_one_engine_makes_panel_after_panel():
    rooms = typed([room(service=at(1))], dates=("valid_from", "valid_to", "in_service_from", "in_service_to"))
    bookings = typed([booked(at(3, 9), at(3, 10))], times=("start_at", "end_at"), whole=("headcount",), flags=("is_used", "is_cancelled"))
    counters = pd.DataFrame([("r1", at(3, 11), at(3, 12), 4)], columns=["room", "start_at", "end_at", "persons"])
    everything = {"rooms": rooms, "bookings": bookings, "counters": counters}
    with open_engine() as engine:
        made = [
            build_panel(outcome, {k: everything[k] for k in kinds}, ROSTER, None, months=MONTHS, engine=engine)
            for outcome, kinds in (("area_in_use", ["rooms"]), ("space_use", everything), ("area_in_use", ["rooms"]), ("space_use", ["rooms", "bookings"]))
        ]
    assert [first(m, what="numerator") for m in made] == [50.0, 2.0, 50.0, 1.0]


@pytest.mark.parametrize("outcome", ["space_use", "area_in_use"])
def test_a_room_that_is_off_the_register_for_a_day_is_a_doubt(outcome):
    rooms = (room(until=at(31)), room(since=at(1, month=2)), room("r2", until=at(15)), room("r2", since=at(15)), room("r3", unit="Z"))
    made = panel([booked(at(5, 9), at(5, 10))], registered=rooms, outcome=outcome)
    assert made.problems.loc[made.problems["problem"] == "short_gap", ["place", "unit_id"]].to_numpy().tolist() == [["r1", "A"]]
    assert made.problems["problem"].tolist().count("room_without_unit") == 1
