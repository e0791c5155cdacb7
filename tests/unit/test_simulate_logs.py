"""Simulated logs: what is said to be true of them is so, by a second count that shares nothing with the first."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning.event_contracts import CONTRACTS
from commresearch.errors import SchemaError
from commresearch.simulate import LogDirt, LogSpec, RoomSpec, SigninSpec, TicketSpec, simulate_logs, write_case
from commresearch.simulate.log_people import completed_years
from commresearch.terms import DataKind
from commresearch.words import render_error

#: five standard deviations: one false alarm in two million comparisons
SIGMAS = 5
SMALL = LogSpec(
    communities=9, treated=4, grids=4, households=300, months=12, starts=(4, 6),
    tickets=TicketSpec(rate=20.0, new_channel=5, recoding=8), signins=SigninSpec(events=3, head_counts=0.1), rooms=RoomSpec(rooms=2),
)
#: no differences between communities and months, nothing recoded: counts have the rates of the settings
PLAIN = replace(
    SMALL, communities=20, treated=10, starts=(6,), unit_sd=0.0, shock_sd=0.0, spring_dip=0.0, summer_rise=0.0, growth=0.0, boundary_changes=False, dirt=LogDirt.none(),
    tickets=TicketSpec(rate=20.0, new_channel=None, recoding=None), effects={"complaint_rate": -40.0, "youth_participation": 4.0, "space_use": 8.0},
    signins=SigninSpec(youth_rate=10.0, late_registers=0, events=3), rooms=RoomSpec(rooms=2, counters=0.5),
)


@pytest.fixture(scope="module")
def small():
    return simulate_logs(SMALL, rng=11)


@pytest.fixture(scope="module")
def plain():
    return simulate_logs(PLAIN, rng=12)


def same_frames(one, other):
    for kind in one.tables:
        pd.testing.assert_frame_equal(one.tables[kind], other.tables[kind])


def test_the_same_seed_gives_the_same_logs_and_another_seed_others(small):
    again = simulate_logs(SMALL, rng=np.random.default_rng(11))
    same_frames(small, again)
    for name in ("complaints", "youth", "space", "expected", "dirt", "planted", "breaks", "effects"):
        pd.testing.assert_frame_equal(getattr(small.truth, name), getattr(again.truth, name))
    for table, texts in small.written.items():
        pd.testing.assert_frame_equal(texts, again.written[table])
    assert not small.tables["tickets"].equals(simulate_logs(SMALL, rng=13).tables["tickets"])


def test_rates_of_dirt_change_nothing_but_the_dirt(small):
    clean = simulate_logs(replace(SMALL, dirt=LogDirt.none()), rng=11)
    same_frames(small, clean)
    pd.testing.assert_frame_equal(small.truth.complaints, clean.truth.complaints)
    assert clean.truth.dirt.empty
    assert clean.truth.planted.empty
    more = simulate_logs(replace(SMALL, dirt=replace(SMALL.dirt, phone_form=0.5)), rng=11)
    others = small.truth.dirt[small.truth.dirt["kind"] != "phone_form"].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, more.truth.dirt[more.truth.dirt["kind"] != "phone_form"].reset_index(drop=True))


def test_the_tables_have_the_typed_columns_of_the_contracts(small):
    kinds = {str(kind) for kind in CONTRACTS}
    assert set(small.tables) == kinds
    for kind in kinds:
        assert small.arrow(kind).schema.equals(CONTRACTS[DataKind(kind)].arrow_schema), kind
        frame, contract = small.tables[kind], CONTRACTS[DataKind(kind)]
        for column in contract.columns:
            if column.required:
                assert frame[column.name].notna().all(), (kind, column.name)
            if column.values:
                assert set(frame[column.name].dropna()) <= set(column.values), (kind, column.name)
        assert frame["row_id"].is_unique


def said(column, *, yes):
    """Rows of a column of yes and no that say it; a missing one says neither."""
    return column.map({True: yes, False: not yes}).astype("boolean").fillna(value=False).astype(bool)


def months_of(column):
    return column.dt.to_period("M").dt.to_timestamp().astype("datetime64[us]")


def counted(frame, name="n"):
    return frame.groupby(["unit_id", "month"]).size().rename(name)


def test_cases_are_the_matters_that_led_to_them(small):
    """The truth folds by rule; here the contacts are told apart by the matter that they came from."""
    table = small.tables["tickets"].join(small.tickets.origins[["matter", "contact", "community"]])
    usable = table[~table["status"].isin(["withdrawn", "test"]) & ~table["is_outside"].astype(bool) & table["place"].notna() & table["type"].isin(["complaint", "report"])]
    usable = usable.assign(unit_id=usable["community"], month=months_of(usable["received_at"]))
    truth = small.truth.complaints.set_index(["unit_id", "month"])
    cases = counted(usable[usable["contact"] != "repeat"])
    assert cases.sum() > 500
    inside = cases.reindex(truth.index, fill_value=0)
    assert (inside == truth["cases"]).all()
    assert truth["contacts"].sum() == counted(usable).reindex(truth.index, fill_value=0).sum()
    assert truth["contacts"].sum() > 1.2 * truth["cases"].sum()
    one = usable[(usable["contact"] != "repeat") & (usable["month"] >= truth.index.get_level_values("month").min())]
    assert truth["callers"].sum() == one["callers"].sum()
    assert truth["cases_without_labels"].sum() == one["handling"].isna().sum()
    in_time = (one["closed_at"] - one["received_at"]) <= pd.Timedelta(days=30)
    assert truth["closed_in_30_days"].sum() == in_time.sum()
    assert truth["satisfied"].sum() == one["is_satisfied"].sum()


def test_repeats_are_told_by_every_reading_of_the_rule(small):
    table = small.tables["tickets"].join(small.tickets.origins[["matter", "contact"]])
    known = table[table["caller_key"].notna()].sort_values("received_at", kind="stable")
    gaps = known.groupby(["caller_key", "topic", "place"])["received_at"].diff()
    assert gaps[known["contact"] == "first"].isna().all()
    near = gaps[known["contact"] == "repeat"].dropna()
    assert near.max() < pd.Timedelta(days=6.5)
    assert near.min() >= pd.Timedelta(minutes=30)
    late = known[known["contact"] == "late"]
    unbroken = gaps[late.index].dropna()
    assert unbroken.min() > pd.Timedelta(days=8.5)
    anonymous = table[table["caller_key"].isna() & (table["contact"] == "repeat")]
    assert len(anonymous)
    assert anonymous["is_repeat"].all()
    first = table.drop_duplicates("matter").set_index("matter")["ticket_id"]
    marked = table[table["repeat_of"].notna()]
    assert (marked["repeat_of"].to_numpy() == first.loc[marked["matter"]].to_numpy()).all()


def test_marginals_of_tickets_are_those_of_the_settings(small):
    table, spec = small.tables["tickets"], SMALL.tickets
    origins, n = small.tickets.origins, len(small.tables["tickets"])
    one = table[(origins["contact"] == "first").to_numpy()]

    def near(found, wanted, size):
        assert abs(found - wanted) < SIGMAS * np.sqrt(wanted * (1 - wanted) / size), (found, wanted)

    share = (origins["contact"] == "repeat").mean()
    assert spec.repeats - 0.04 < share < spec.repeats
    near(one["caller_key"].isna().mean(), spec.anonymous, len(one))
    near(one["is_outside"].astype(bool).mean(), spec.outside, len(one))
    near((one["status"] == "withdrawn").mean(), spec.withdrawn, len(one))
    near((one["status"] == "test").mean(), spec.test, len(one))
    closable = table[~table["status"].isin(["withdrawn", "test"]) & (table["received_at"] < small.extract_at - pd.Timedelta(days=60))]
    near((closable["status"] == "open").mean(), spec.never_closed, len(closable))
    assert abs((closable["closed_at"] - closable["received_at"]).median() / pd.Timedelta(days=1) - spec.days_open) < 0.3
    early = one[one["received_at"] < pd.Timestamp(2023, 4, 1)]
    near(early["type"].isin(["complaint", "report"]).mean(), spec.complaint_share, len(early))
    assert (table["channel"] == "小程序").sum() > 0.05 * n
    assert table.loc[table["channel"] == "小程序", "received_at"].min() >= pd.Timestamp(2023, 6, 1)
    assert (table["closed_at"].dropna() <= small.extract_at).all()


def test_a_new_channel_and_a_recoding_are_breaks_that_the_registers_state(small):
    breaks, coverage = small.truth.breaks, small.tables["coverage"]
    for kind, day in (("new_channel", "2023-06-01"), ("recoding", "2023-09-01")):
        assert breaks.loc[breaks["kind"] == kind, "day"].tolist() == [pd.Timestamp(day)]
    tickets = coverage[coverage["source"] == "tickets"]
    assert tickets["live_to"].tolist()[0] == tickets["live_from"].tolist()[1] == pd.Timestamp("2023-09-01")
    assert coverage.loc[coverage["source"] == "tickets:小程序", "live_from"].tolist() == [pd.Timestamp("2023-06-01")]


def test_youth_are_counted_by_age_on_the_day(small):
    table = small.tables["signins"].join(small.signins.origins[["person", "community"]])
    people = small.signins.people.frame
    rows = table[(table["person"] >= 0) & (table["role"] == "attends")]
    born = people["born"].to_numpy()[rows["person"]]
    ages = [d.year - b.year - ((d.month, d.day) < (b.month, b.day)) for b, d in zip(pd.DatetimeIndex(born), rows["event_at"], strict=True)]
    rows = rows.assign(age=ages, kind=people["kind"].to_numpy()[rows["person"]], unit_id=rows["community"], month=months_of(rows["event_at"]))
    young = rows[(rows["age"] >= 14) & (rows["age"] <= 35) & (rows["kind"] == "resident")]
    truth = small.truth.youth.set_index(["unit_id", "month"])
    distinct = young.groupby(["unit_id", "month"])["person_key"].nunique().reindex(truth.index, fill_value=0)
    assert (distinct == truth["persons"]).all()
    sure = rows[(rows["age_low"] >= 14) & (rows["age_high"] <= 35) & said(rows["is_resident"], yes=True)]
    known = sure.groupby(["unit_id", "month"])["person_key"].nunique().reindex(truth.index, fill_value=0)
    assert (known == truth["persons_known"]).all()
    assert (truth["persons_known"] <= truth["persons"]).all()
    assert (truth["persons"] <= truth["persons_possible"]).all()
    exact = rows[rows["age_known_by"].isin(["id", "birth_date", "stated"])]
    assert (exact["age_low"] == exact["age"]).all()
    assert ((rows["age_low"].isna()) | ((rows["age_low"] <= rows["age"]) & (rows["age"] <= rows["age_high"]))).all()


def test_somebody_turns_36_between_two_events_and_somebody_was_born_on_29_february():
    spec = replace(SMALL, months=12, households=600, tickets=replace(SMALL.tickets, rate=1.0), signins=SigninSpec(events=4, youth_rate=25.0, activity_sd=1.5))
    logs = simulate_logs(spec, rng=3)
    people = logs.signins.people.frame
    leap = people[(people["born"].dt.month == 2) & (people["born"].dt.day == 29)]
    assert len(leap) > 15
    rows = logs.signins.origins.assign(month=months_of(logs.tables["signins"]["event_at"]))
    ages = rows[rows["person"] >= 0].groupby(["person", "month"])["age"].agg(["min", "max"])
    assert ((ages["min"] == 35) & (ages["max"] == 36)).any()
    assert ((ages["min"] == 13) & (ages["max"] == 14)).any()


@pytest.mark.parametrize(("born", "day", "years"), [
    ("1988-03-01", "2024-02-29", 35), ("1988-03-01", "2024-03-01", 36), ("1988-02-29", "2024-02-28", 35), ("1988-02-29", "2024-02-29", 36),
    ("2008-02-29", "2022-02-28", 13), ("2008-02-29", "2022-03-01", 14), ("2000-12-31", "2024-01-01", 23),
])
def test_completed_years(born, day, years):
    assert completed_years(np.array([born], "datetime64[us]"), np.array([day], "datetime64[us]")).tolist() == [years]


def test_keys_of_persons_are_theirs_alone(small):
    people = small.signins.people.frame
    named = people[people["tier"] == "name_birth"]
    assert not named.assign(year=named["born"].dt.year).duplicated(["name", "year"]).any()
    assert people["phone"].is_unique
    assert people["national_id"].str[6:14].eq(people["born"].dt.strftime("%Y%m%d")).all()


def test_some_come_often_and_most_come_rarely(small):
    table = small.tables["signins"]
    times = table.loc[table["role"] == "attends", "person_key"].value_counts()
    assert times.iloc[: len(times) // 10].sum() > 0.25 * times.sum()
    assert (times == 1).mean() > 0.3


def test_a_register_begins_with_the_pilot_and_says_so(small):
    late = small.truth.breaks[small.truth.breaks["kind"] == "register_begins"]
    assert len(late) >= 1
    for unit, day in zip(late["unit_id"], late["day"], strict=True):
        truth = small.truth.youth[small.truth.youth["unit_id"] == unit]
        before = truth[truth["month"] < day]
        assert (before["persons"] == 0).all()
        assert (before["live_share"] == 0).all()
        assert (before["happened"] > 0).all()
        assert (truth.loc[truth["month"] >= day, "live_share"] == 1).all()
    assert (small.truth.youth.loc[~small.truth.youth["unit_id"].isin(late["unit_id"]), "live_share"] > 0).all()


def used_minutes(logs):
    """Minutes of use by room and day within 08:30-21:00, from a grid of minutes instead of spans."""
    first = pd.Timestamp(logs.spec.first_month)
    n_days = (logs.extract_at.normalize() - first).days + 2
    rooms = {room: i for i, room in enumerate(logs.rooms.facts["room"])}
    minutes = np.zeros((len(rooms), n_days * 48), dtype=bool)
    bookings = logs.tables["bookings"]
    there = bookings[~bookings["is_cancelled"].astype(bool) & ((bookings["headcount"].fillna(0) > 0) | said(bookings["is_used"], yes=True))]
    counters = logs.tables["counters"]
    for frame in (there, counters[counters["persons"] > 0]):
        starts = ((frame["start_at"] - first) // pd.Timedelta(minutes=30)).tolist()
        ends = ((frame["end_at"] - first) // pd.Timedelta(minutes=30)).tolist()
        for room, a, b in zip(frame["room"], starts, ends, strict=True):
            minutes[rooms[room], a:b] = True
    by_day = minutes.reshape(len(rooms), n_days, 48)[:, :, 17:42]
    return rooms, by_day.sum(axis=2) / 2, first


def test_hours_of_use_are_those_of_a_grid_of_half_hours(small):
    rooms, hours, first = used_minutes(small)
    register = small.tables["rooms"]
    found, possible = {}, {}
    for row in register[register["room_class"] == "activity"].itertuples():
        for day in range(366 if SMALL.months == 12 else 0):
            moment = first + pd.Timedelta(days=day)
            if moment >= pd.Timestamp(2024, 1, 1) or moment < row.valid_from or not (pd.isna(row.valid_to) or moment < row.valid_to):
                continue
            key = (row.unit_id, pd.Timestamp(moment.year, moment.month, 1))
            found[key] = found.get(key, 0) + hours[rooms[row.room], day]
            possible[key] = possible.get(key, 0) + 12.5
    truth = small.truth.space.set_index(["unit_id", "month"])
    assert truth["used_hours"].to_dict() == pytest.approx({key: found.get(key, 0) for key in truth.index})
    assert truth["reference_hours"].to_dict() == pytest.approx({key: possible.get(key, 0) for key in truth.index})
    assert (truth["used_hours"] <= truth["reference_hours"]).all()
    assert (truth["used_open_hours"] <= truth["open_hours"] + 1e-9).all()
    assert (truth["area_in_service"] <= truth["area_registered"]).all()


def test_room_use_has_every_kind_of_booking(small):
    bookings, hours = small.tables["bookings"], small.tables["open_hours"]
    assert (bookings["end_at"].dt.normalize() > bookings["start_at"].dt.normalize()).sum() > 5
    assert bookings["is_cancelled"].sum() > 20
    assert ((bookings["headcount"] == 0) & said(bookings["is_used"], yes=False)).sum() > 20
    assert (bookings["headcount"].isna() & bookings["is_used"].isna() & ~bookings["is_cancelled"].astype(bool)).sum() > 5
    ordered = bookings.sort_values(["room", "start_at"])
    assert (ordered["start_at"] < ordered.groupby("room")["end_at"].shift()).sum() > 50
    assert (small.tables["counters"]["persons"] == 0).any()
    assert not small.tables["counters"].duplicated(["room", "start_at"]).any()
    assert (hours["close_minute"] > 1440).any()
    assert set(small.tables["rooms"]["room_class"]) == {"activity", "office", "corridor", "plant", "tenancy"}


def test_effects_are_found_where_nothing_else_differs(plain):
    start = pd.Timestamp("2023-07-01")
    treated = set(plain.tables["rollout"].dropna(subset="start_month")["unit_id"])
    assert len(treated) == 10

    def cells(frame):
        return frame.assign(on=frame["unit_id"].isin(treated) & (frame["month"] >= start))

    complaints = cells(plain.truth.complaints)
    sums = complaints.groupby("on")[["cases", "households_interpolated"]].sum()
    rate = 1000 * sums["cases"] / sums["households_interpolated"]
    error = SIGMAS * 1.1 * rate / np.sqrt(sums["cases"])
    assert abs(rate[False] - 20.0) < error[False] + 0.4  # some returns fall behind the last month
    assert abs(rate[True] - 12.0) < error[True] + 0.4
    youth = cells(plain.truth.youth)
    sums = youth.groupby("on")[["persons", "youth_population_interpolated"]].sum()
    share = 100 * sums["persons"] / sums["youth_population_interpolated"]
    error = SIGMAS * 100 * np.sqrt(0.1 / sums["youth_population_interpolated"]) + 0.25  # birthdays within the month
    assert abs(share[False] - 10.0) < error[False]
    assert abs(share[True] - 14.0) < error[True]
    space = cells(plain.truth.space)
    sums = space.groupby("on")[["used_hours_fixed", "reference_hours_fixed", "used_open_hours", "open_hours"]].sum()
    use = 100 * sums["used_hours_fixed"] / sums["reference_hours_fixed"]
    assert abs(use[False] - 25.0) < 0.7
    assert abs(use[True] - 33.0) < 0.7
    of_open = sums["used_open_hours"] / sums["open_hours"]
    assert of_open[True] < of_open[False]  # open longer, used more, and yet a smaller part of the time


def test_expected_values_differ_by_the_effect_and_only_after_the_start(small):
    expected = small.truth.expected
    starts = small.tables["rollout"].set_index("unit_id")["start_month"]
    on = expected["month"] >= expected["unit_id"].map(starts)
    assert (expected.loc[~on, "untreated"] == expected.loc[~on, "expected"]).all()
    for outcome, value in small.truth.effects.set_index("outcome")["value"].items():
        rows = expected[on & (expected["outcome"] == outcome)]
        change = 100 * (rows["expected"] / rows["untreated"] - 1) if outcome == "complaint_rate" else rows["expected"] - rows["untreated"]
        assert change.to_numpy() == pytest.approx(value)


def test_boundaries_change_and_the_registers_agree(small):
    lineage, grids, roster = small.tables["lineage"], small.tables["grids"], small.tables["roster"]
    assert set(lineage["kind"]) == {"merge", "split", "rename", "transfer"}
    assert lineage.loc[lineage["kind"] == "split", "share"].sum() == pytest.approx(1)
    units = roster[roster["unit_level"] == "community"].drop_duplicates("unit_id").set_index("unit_id")
    for row in lineage[lineage["kind"] != "transfer"].itertuples():
        assert units.loc[row.old_id, "valid_to"] == row.changed_on == units.loc[row.new_id, "valid_from"]
    spells = grids.sort_values(["grid_id", "valid_from"])
    after = spells.groupby("grid_id")["valid_from"].shift(-1)
    assert (spells["valid_to"].isna() == after.isna()).all()
    assert (spells["valid_to"].dropna() == after.dropna()).all()
    ends = pd.to_datetime(spells["unit_id"].map(units["valid_to"]))
    assert ((spells["valid_to"] <= ends) | ends.isna()).all()
    merged = lineage[lineage["kind"] == "merge"]
    assert merged["changed_on"].dt.day.unique().tolist() == [16]
    truth = small.truth.complaints
    month = merged["changed_on"].iloc[0].to_period("M").to_timestamp()
    shares = truth[truth["month"] == month].set_index("unit_id")["share_valid"]
    assert shares[merged["old_id"].iloc[0]] == pytest.approx(15 / month.days_in_month)
    assert shares[merged["old_id"].iloc[0]] + shares[merged["new_id"].iloc[0]] == pytest.approx(1)


def test_grids_of_tickets_lie_in_the_community_of_the_day(small):
    tickets = small.tables["tickets"].join(small.tickets.origins[["community"]])
    coded = tickets.merge(small.tables["grids"], left_on="place", right_on="grid_id")
    there = coded[(coded["received_at"] >= coded["valid_from"]) & (coded["valid_to"].isna() | (coded["received_at"] < coded["valid_to"]))]
    assert len(there) > 500
    assert (there["unit_id"] == there["community"]).all()


def test_denominators_lie_between_the_dates_of_count():
    logs = simulate_logs(replace(SMALL, growth=0.1, boundary_changes=False, first_month=date(2022, 7, 1)), rng=5)
    truth = logs.truth.complaints.set_index(["unit_id", "month"])["households_interpolated"]
    roster = logs.tables["roster"]
    unit = truth.index[0][0]
    counts = roster[roster["unit_id"] == unit].set_index("as_of")["households"]
    low, high = counts[pd.Timestamp("2021-12-31")], counts[pd.Timestamp("2022-12-31")]
    days = (pd.Timestamp("2022-10-01") - pd.Timestamp("2021-12-31")).days
    assert truth[unit, pd.Timestamp("2022-10-01")] == pytest.approx(low + (high - low) * days / 365)
    assert logs.truth.complaints.groupby("unit_id")["households_fixed"].std().max() == 0


def test_the_truth_is_written_as_json_and_says_that_it_is_simulated(small, tmp_path):
    found = json.loads(small.write_truth(tmp_path / "truth.json").read_text(encoding="utf8"))
    assert found["simulated"] is True
    assert len(found["complaints"]) == len(small.truth.complaints)
    assert sum(entry["cells"] for entry in found["dirt"]) == len(small.truth.dirt)


def test_impossible_settings_are_named_together():
    spec = LogSpec(communities=4, households=1, chosen_by="nobody", starts=(99,), tickets=TicketSpec(anonymous=2.0), signins=SigninSpec(tiers={"id": 1.0}))
    with pytest.raises(SchemaError) as error:
        simulate_logs(spec, rng=1)
    text = render_error(error.value, "en")
    for word in ("communities", "households", "chosen_by", "starts", "tickets.anonymous", "signins.tiers"):
        assert word in text


BARE = LogSpec(
    communities=8, grids=3, households=60, months=3, treated=0, starts=(1,), tickets=TicketSpec(new_channel=None, recoding=None),
    signins=SigninSpec(events=2), rooms=RoomSpec(rooms=1, use=5.0),
)


@pytest.mark.parametrize("changes", [
    {},
    {"treated": 4, "starts": (1, 2)},
    {"communities": 2, "boundary_changes": False, "treated": 2},
    {"effects": {"complaint_rate": 50.0, "youth_participation": -1.0, "space_use": -3.0}, "treated": 3, "starts": (2,)},
    {"rooms": RoomSpec(rooms=4, longer_hours=False, counters=0.0, use=36.0, whole_days=0.0), "treated": 1},
    {"signins": SigninSpec(events=2, tiers={"id": 1.0, "phone": 0.0, "name_birth": 0.0}, age_unknown=0.0, non_residents=0.0)},
    {"tickets": TicketSpec(rate=0.0, complaint_share=1.0, new_channel=None, recoding=None)},
    {"grids": 7, "first_month": date(2015, 12, 1)},
])
def test_other_pilots_can_be_simulated(changes, tmp_path):
    spec = replace(BARE, **changes)
    logs = simulate_logs(spec, rng=1)
    write_case(logs, tmp_path / "pilot")
    assert len(logs.tables["rollout"].dropna(subset="start_month")["assignment_id"].unique()) == spec.treated
    for frame in (logs.truth.complaints, logs.truth.youth, logs.truth.space):
        assert frame.groupby("unit_id").size().max() == spec.months
        assert frame.drop(columns=["unit_id", "month"]).notna().all(axis=None)


def test_a_settings_of_dirt_that_is_no_share_is_refused():
    with pytest.raises(SchemaError) as error:
        simulate_logs(replace(BARE, dirt=LogDirt(stamp_form=1.5)), rng=1)
    assert "dirt.stamp_form" in render_error(error.value, "zh")
