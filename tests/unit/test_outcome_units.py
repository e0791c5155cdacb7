"""Units with validity: places by date, changes, boundaries of a chosen day, denominators and what was recorded when."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from commresearch.errors import OutcomeError
from commresearch.outcomes import UnitRegister
from commresearch.outcomes.belongings import days_of
from commresearch.outcomes.context import month_table
from commresearch.outcomes.denominators import denominators
from commresearch.outcomes.live import first_live, late_registration, live_shares, recording_breaks
from commresearch.terms import DataKind
from tests.unit.outcome_worlds import MERGER, T, coverage, roster, steady


def units(*rows):
    """Rows of (unit_id, level, community_id, name, valid_from, valid_to)."""
    return pd.DataFrame(list(rows), columns=["unit_id", "unit_level", "community_id", "name", "valid_from", "valid_to"])


def grids(*rows):
    return pd.DataFrame(list(rows), columns=["grid_id", "unit_id", "valid_from", "valid_to"])


def lineage(*rows):
    return pd.DataFrame(list(rows), columns=["old_id", "new_id", "changed_on", "kind"])


def where(register, place, day):
    """Unit of a place on a day, as the join of the events finds it."""
    found = register.places()
    found = found[(found["place"] == place) & (found["valid_from"] <= T(day)) & (found["valid_to"] > T(day))]
    assert len(found) <= 1
    return found["unit_id"].iloc[0] if len(found) else None


LEVELS = units(
    ("110101001001", "community", None, "望海社区", None, None), ("E1", "estate", "110101001001", "海棠苑", None, None),
    ("S1", "site", "110101001001", "望海驿站", None, None), ("E2", "estate", None, "听涛苑", None, None),
)


def test_a_finer_place_counts_for_its_community():
    register = UnitRegister.of(LEVELS, grids(("01", "E1", None, None), ("02", "110101001001", None, None), ("03", "无此小区", None, None)))
    assert {p: where(register, p, "2024-01-01") for p in ("110101001001", "E1", "海棠苑", "S1", "01", "02", "望海社区")} == dict.fromkeys(
        ("110101001001", "E1", "海棠苑", "S1", "01", "02", "望海社区"), "110101001001"
    )
    assert where(register, "E2", "2024-01-01") is None  # its community is not known
    assert register.problems[["problem", "place"]].to_numpy().tolist() == [["grid_outside_unit", "03"]]
    estates = UnitRegister.of(LEVELS, grids(("01", "E1", None, None), ("02", "110101001001", None, None)), level="estate")
    assert where(estates, "01", "2024-01-01") == "E1"
    assert where(estates, "02", "2024-01-01") is None
    assert where(estates, "望海社区", "2024-01-01") is None


def test_a_level_that_the_roster_lacks_is_refused():
    with pytest.raises(OutcomeError, match="CR-O05"):
        UnitRegister.of(steady("1"), level="site")


def test_a_name_of_several_units_is_no_place_and_is_told():
    register = UnitRegister.of(units(("1", "community", None, "望海社区", None, None), ("2", "community", None, "望海社区", None, None)))
    assert where(register, "望海社区", "2024-01-01") is None
    assert list(register.problems["problem"]) == ["name_of_several_units"] * 2


def test_a_name_may_pass_from_one_unit_to_another():
    register = UnitRegister.of(
        units(("1", "community", None, "望海社区", None, "2024-05-01"), ("2", "community", None, "望海社区", "2024-05-01", None))
    )
    assert where(register, "望海社区", "2024-04-30") == "1"
    assert where(register, "望海社区", "2024-05-01") == "2"


def test_all_overlaps_are_refused_together():
    with pytest.raises(OutcomeError) as caught:
        UnitRegister.of(
            steady("1", "2"),
            grids(("A", "1", "2020-01-01", "2024-05-02"), ("A", "2", "2024-05-01", None), ("B", "1", "2020-01-01", None), ("B", "2", "2021-01-01", None)),
        )
    assert [f.values["place"] for f in caught.value.failures] == ["A", "B"]
    assert caught.value.failures[0].values["got"] == "2024-05-01 – 2024-05-02"
    with pytest.raises(OutcomeError, match="CR-O04"):
        UnitRegister.of(pd.concat([steady("1"), steady("1")]))


def test_a_newer_reading_of_a_unit_replaces_the_older():
    old = steady("1").assign(valid_from="2020-01-01", valid_to=None)
    new = steady("1").assign(valid_from="2020-01-01", valid_to="2024-05-01", as_of="2024-12-31")
    register = UnitRegister.of(pd.concat([old, new]))
    assert where(register, "1", "2024-06-01") is None


def test_a_grid_whose_unit_ended_is_told():
    register = UnitRegister.of(roster(), grids(("A", "101", "2020-01-01", None)))
    assert where(register, "A", "2024-05-09") == "101"
    assert where(register, "A", "2024-05-10") is None
    assert register.problems[["problem", "place", "unit_id"]].to_numpy().tolist() == [["grid_outside_unit", "A", "101"]]


def test_a_merger_on_the_boundaries_of_either_side():
    after = UnitRegister.of(roster(), None, MERGER, boundaries=date(2025, 1, 1))
    assert {p: where(after, p, "2024-01-01") for p in ("101", "102", "听涛社区")} == {"101": "103", "102": "103", "听涛社区": "103"}
    assert list(after.units["unit_id"]) == ["103"]
    before = UnitRegister.of(roster(), None, MERGER, boundaries=date(2024, 5, 9))
    assert where(before, "103", "2024-06-01") is None
    assert where(before, "101", "2024-01-01") == "101"
    assert set(before.problems["problem"]) == {"split_without_grid"}


def test_a_split_is_not_guessed_but_followed_by_grid():
    made = units(
        ("1", "community", None, "望海社区", None, "2024-05-01"), ("1A", "community", None, "望海东社区", "2024-05-01", None),
        ("1B", "community", None, "望海西社区", "2024-05-01", None),
    )
    change = lineage(("1", "1A", "2024-05-01", "split"), ("1", "1B", "2024-05-01", "split"))
    of_grids = grids(("东1", "1", None, "2024-05-01"), ("东1", "1A", "2024-05-01", None), ("西1", "1", None, "2024-05-01"), ("西1", "1B", "2024-05-01", None))
    register = UnitRegister.of(made, of_grids, change, boundaries=date(2025, 1, 1))
    assert where(register, "1", "2024-01-01") is None
    assert where(register, "东1", "2024-01-01") == "1A"
    assert where(register, "西1", "2024-01-01") == "1B"
    assert set(register.problems["place"]) == {"1", "望海社区"}
    months = register.unit_months(month_table(("2024-01", "2024-06")))
    assert months["valid_share"].tolist() == [1.0] * 12  # through its grids a part is there before the split
    back = UnitRegister.of(made, of_grids, change, boundaries=date(2024, 1, 1))
    assert where(back, "1A", "2024-06-01") == "1"
    assert where(back, "西1", "2024-06-01") == "1"


def test_renames_are_followed_and_parts_handed_over_are_not():
    made = units(
        ("1", "community", None, None, None, "2022-01-01"), ("2", "community", None, None, "2022-01-01", "2023-01-01"),
        ("3", "community", None, None, "2023-01-01", None), ("4", "community", None, None, None, None),
    )
    renamed = lineage(("1", "2", "2022-01-01", "rename"), ("2", "3", "2023-01-01", "rename"))
    assert where(UnitRegister.of(made, None, renamed, boundaries=date(2025, 1, 1)), "1", "2021-01-01") == "3"
    assert where(UnitRegister.of(made, None, renamed, boundaries=date(2021, 1, 1)), "3", "2024-01-01") == "1"
    handed = lineage(("4", "3", "2024-01-01", "transfer"))
    register = UnitRegister.of(made, None, handed, boundaries=date(2025, 1, 1))
    assert where(register, "4", "2023-06-01") is None
    assert where(register, "4", "2024-06-01") == "4"
    assert where(register, "3", "2023-06-01") == "3"


def test_one_unit_takes_in_another():
    made = units(("1", "community", None, None, None, "2024-01-01"), ("2", "community", None, None, None, None))
    change = lineage(("1", "2", "2024-01-01", "merge"))
    after = UnitRegister.of(made, None, change, boundaries=date(2025, 1, 1))
    assert (where(after, "1", "2023-01-01"), where(after, "2", "2023-01-01")) == ("2", "2")
    before = UnitRegister.of(made, None, change, boundaries=date(2023, 1, 1))
    assert (where(before, "2", "2023-01-01"), where(before, "2", "2024-06-01")) == ("2", None)


def test_a_unit_without_successor_is_told():
    made = units(("1", "community", None, None, None, "2024-01-01"), ("2", "community", None, None, None, None))
    register = UnitRegister.of(made, boundaries=date(2025, 1, 1))
    assert list(register.problems["problem"]) == ["no_successor"]


def test_a_place_that_is_named_by_its_old_unit_counts_for_what_became_of_it():
    old_grid = grids(("G", "101", None, None), ("H", "102", "2015-01-01", "2024-05-10"), ("H", "104", "2024-05-10", None))
    everything = pd.concat([roster(), steady("104").assign(as_of="2023-12-31")], ignore_index=True)
    register = UnitRegister.of(everything, old_grid, MERGER)
    assert {p: where(register, p, "2024-06-01") for p in ("101", "102", "望海社区", "G")} == dict.fromkeys(("101", "102", "望海社区", "G"), "103")
    assert where(register, "101", "2024-05-09") == "101"
    assert where(register, "H", "2024-06-01") == "104"  # what the register of grids says comes first
    told = register.problems[register.problems["problem"] == "carried_on"]
    assert set(told["place"]) == {"101", "102", "望海社区", "听涛社区", "G"}
    assert set(told["unit_id"]) == {"103"}
    assert "grid_outside_unit" not in set(register.problems["problem"])
    later = UnitRegister.of(roster(), None, MERGER, boundaries=date(2025, 1, 1))
    assert where(later, "101", "2025-03-01") == "103"


def test_old_names_are_carried_through_several_changes_and_not_through_a_split():
    made = units(
        ("1", "community", None, "望海社区", None, "2022-01-01"), ("2", "community", None, "听涛社区", "2022-01-01", "2023-01-01"),
        ("3", "community", None, "海棠社区", "2023-01-01", "2024-01-01"), ("4", "community", None, None, "2024-01-01", None),
        ("5", "community", None, None, "2024-01-01", None),
    )
    changes = lineage(
        ("1", "2", "2022-01-01", "rename"), ("2", "3", "2023-01-01", "merge"), ("3", "4", "2024-01-01", "split"), ("3", "5", "2024-01-01", "split"),
    )
    register = UnitRegister.of(made, None, changes)
    assert [where(register, "望海社区", f"{year}-06-01") for year in (2021, 2022, 2023, 2024)] == ["1", "2", "3", None]
    given_again = UnitRegister.of(pd.concat([made, units(("6", "community", None, "望海社区", "2023-01-01", None))]), None, changes)
    assert [where(given_again, "望海社区", f"{year}-06-01") for year in (2021, 2022, 2023)] == ["1", "2", "6"]


def test_an_estate_that_was_renamed_still_counts_for_its_community():
    made = units(
        ("C", "community", None, None, None, None), ("E1", "estate", "C", "海棠苑", None, "2024-01-01"), ("E2", "estate", "C", "海棠花园", "2024-01-01", None)
    )
    register = UnitRegister.of(made, None, lineage(("E1", "E2", "2024-01-01", "rename")))
    assert where(register, "海棠苑", "2024-06-01") == "C"


def test_months_are_cut_where_a_unit_ends():
    months = UnitRegister.of(roster()).unit_months(month_table(("2024-04", "2024-06")))
    shares = {(u, f"{m:%m}"): s for u, m, s in months.itertuples(index=False, name=None)}
    assert shares == {("101", "04"): 1, ("101", "05"): 9 / 31, ("102", "04"): 1, ("102", "05"): 9 / 31, ("103", "05"): 22 / 31, ("103", "06"): 1}


def test_denominators_of_merged_parts_are_sums_of_readings_of_one_day():
    months = month_table(("2023-12", "2024-06"))
    after = UnitRegister.of(roster(households=[1000, 500, 1600], as_of=["2023-12-01", "2023-12-01", "2024-06-01"]), None, MERGER, boundaries=date(2025, 1, 1))
    found = denominators(after, months, "households", how="interpolated")
    assert found["value"].iloc[[0, -1]].tolist() == [1500, 1600]
    assert found["reading"].tolist() == ["observed", *["interpolated"] * 5, "observed"]
    apart = UnitRegister.of(roster(as_of=["2023-12-01", "2023-11-01", "2024-06-01"]), None, MERGER, boundaries=date(2025, 1, 1))
    assert set(denominators(apart, months, "households", how="interpolated")["value"]) == {1500.0}
    assert denominators(after, months, "area_m2", how="interpolated")["value"].isna().all()


def households_by_month(register, first, last):
    found = denominators(register, month_table((first, last)), "households", how="interpolated")
    return {unit: rows["value"].round(6).tolist() for unit, rows in found.groupby("unit_id")}


def survivor(*rows):
    """Readings of unit 2, which takes in unit 1 on 1 March 2024: rows of (unit_id, households, as_of, valid_from, valid_to)."""
    return pd.DataFrame(list(rows), columns=["unit_id", "households", "as_of", "valid_from", "valid_to"]).assign(unit_level="community")


TAKEN_IN = pd.DataFrame({"old_id": ["1"], "new_id": ["2"], "changed_on": ["2024-03-01"], "kind": ["merge"]})


def test_readings_are_not_joined_by_a_line_across_a_merger():
    ended = ("1", 1000, "2024-01-01", "2015-01-01", "2024-03-01")
    for rows in (
        [("2", 500, "2024-01-01", "2015-01-01", None), ("2", 1500, "2024-05-01", "2015-01-01", None)],  # one validity, read before and after
        [("2", 500, "2024-01-01", "2015-01-01", "2024-03-01"), ("2", 1500, "2024-05-01", "2024-03-01", None)],
        [("2", 500, "2024-01-01", "2015-01-01", "2024-03-01"), ("2", 1500, "2024-01-01", "2024-03-01", None)],  # the row says which unit it is of
        [("2", 500, "2024-01-01", "2015-01-01", None)],  # not read since: what it was made up of
    ):
        assert households_by_month(UnitRegister.of(survivor(ended, *rows), None, TAKEN_IN), "2024-01", "2024-04")["2"] == [500, 500, 1500, 1500]
    both = survivor(ended, ("2", 500, "2024-01-01", "2015-01-01", "2024-03-01"), ("2", 1600, "2024-05-01", "2024-03-01", None))
    fixed = households_by_month(UnitRegister.of(both, None, TAKEN_IN, boundaries=date(2025, 1, 1)), "2024-01", "2024-05")
    assert fixed["2"] == pytest.approx([1500, 1500 + 100 * 31 / 121, 1500 + 100 * 60 / 121, 1500 + 100 * 91 / 121, 1600])


def test_a_register_renewed_every_january_makes_no_step():
    rows = survivor(("2", 500, "2023-01-01", "2023-01-01", "2024-01-01"), ("2", 600, "2024-01-01", "2024-01-01", None))
    found = households_by_month(UnitRegister.of(rows), "2023-12", "2024-01")["2"]
    assert found == pytest.approx([500 + 100 * 334 / 365, 600], abs=1e-6)


def test_parts_of_a_split_have_their_shares_of_what_was_read_before():
    made = survivor(("1", 1000, "2023-12-01", None, "2024-03-01"), ("1A", 620, "2024-05-01", "2024-03-01", None), ("1B", 390, "2024-05-01", "2024-03-01", None))
    change = pd.DataFrame({"old_id": ["1", "1"], "new_id": ["1A", "1B"], "changed_on": ["2024-03-01"] * 2, "kind": ["split"] * 2})
    register = UnitRegister.of(made, None, change.assign(share=[0.6, 0.4]), boundaries=date(2025, 1, 1))
    found = households_by_month(register, "2023-12", "2024-05")
    assert (found["1A"][0], found["1A"][-1], found["1B"][0]) == (600, 620, 400)
    for shares in ([0.6, None], [0.6, 0.3]):  # not written, or not all of it
        unknown = UnitRegister.of(made, None, change.assign(share=shares), boundaries=date(2025, 1, 1))
        assert households_by_month(unknown, "2023-12", "2023-12") == {"1A": [620], "1B": [390]}
    as_was = households_by_month(UnitRegister.of(made[made["unit_id"] == "1"], None, change), "2024-01", "2024-02")
    assert as_was == {"1": [1000, 1000]}


def test_a_part_that_is_handed_over_takes_its_share_along():
    made = survivor(("1", 1000, "2024-01-01", None, None), ("2", 500, "2024-01-01", None, None))
    handed = TAKEN_IN.assign(kind="transfer", share=0.1)
    register = UnitRegister.of(made, None, handed, boundaries=date(2025, 1, 1))
    assert households_by_month(register, "2024-01", "2024-01") == {"1": [900], "2": [600]}
    assert households_by_month(UnitRegister.of(made, None, handed), "2024-02", "2024-03") == {"1": [1000, 900], "2": [500, 600]}
    untold = UnitRegister.of(made, None, TAKEN_IN.assign(kind="transfer"))
    assert np.isnan(households_by_month(untold, "2024-03", "2024-03")["1"]).all()


def test_units_side_by_side_are_each_read_from_their_own_series():
    """Read before and after a change, never, only before the months, only after them, and in the months in which the unit began and ended."""
    made = survivor(
        ("1", 1000, "2024-01-01", "2015-01-01", "2024-03-01"), ("2", 500, "2024-01-01", "2015-01-01", None), ("2", 1500, "2024-05-01", "2015-01-01", None),
        ("3", None, "2024-02-01", None, None), ("4", 40, "2020-06-01", None, None), ("5", 50, "2026-06-01", None, None),
        ("6", 60, "2024-02-01", "2024-02-10", "2024-04-10"), ("6", 118, "2024-04-09", "2024-02-10", "2024-04-10"),
    )
    found = denominators(UnitRegister.of(made, None, TAKEN_IN), month_table(("2024-01", "2024-05")), "households", how="interpolated")
    values = {unit: rows["value"].tolist() for unit, rows in found.groupby("unit_id")}
    assert np.isnan(values.pop("3")).all()
    assert values == {
        "1": [1000] * 5, "2": [500, 500, 1500, 1500, 1500], "4": [40] * 5, "5": [50] * 5,
        "6": [60, 60, pytest.approx(60 + 58 * 20 / 59), pytest.approx(60 + 58 * 51 / 59), 118],
    }
    told = {unit: rows["reading"].tolist() for unit, rows in found.groupby("unit_id")}
    assert told["2"] == ["observed", "carried", "carried", "carried", "observed"]
    assert told["6"] == ["carried", "carried", "interpolated", "interpolated", "carried"]
    assert {word for unit in "345" for word in told[unit]} == {"carried"}
    fixed = denominators(UnitRegister.of(made, None, TAKEN_IN), month_table(("2024-01", "2024-05")), "households", how="baseline", baseline=date(2024, 3, 1))
    assert set(fixed.loc[fixed["unit_id"] == "2", "value"]) == {1500}


def test_a_unit_is_live_on_the_days_on_which_it_existed_and_was_recorded():
    made = units(("1", "community", None, None, "2024-01-11", "2024-03-16"), ("2", "community", None, None, None, None), ("E", "estate", "2", None, None, None))
    live = coverage(("tickets", "*", "2023-01-01", "2024-03-06"), ("tickets", "2", None, None))
    months = month_table(("2024-01", "2024-04"))
    assert live_shares(UnitRegister.of(made), months, live, [DataKind.TICKETS])["live_share"].tolist() == [21 / 31, 1, 5 / 31, 0, 0, 0, 0, 0]
    estate = live_shares(UnitRegister.of(made, level="estate"), months, live.iloc[:1].assign(unit_id="2"), [DataKind.TICKETS])
    assert estate["live_share"].tolist() == [1, 1, 5 / 31, 0]
    ended = UnitRegister.of(made.iloc[:1], boundaries=date(2010, 1, 1))
    assert ended.units.empty
    assert ended.places().empty
    assert live_shares(ended, months, live, [DataKind.TICKETS]).empty


def test_days_are_read_in_any_form():
    days = days_of(pd.Series(["2024-05-09", date(2024, 5, 9), T("2024-05-09 17:30"), None, pd.NaT, "2024-05-09"], dtype="object"), date(1900, 1, 1))
    assert days == [date(2024, 5, 9)] * 3 + [date(1900, 1, 1)] * 2 + [date(2024, 5, 9)]


def test_the_most_exact_coverage_counts_and_every_kind_is_needed():
    months, register = month_table(("2024-01", "2024-04")), UnitRegister.of(steady("1", "2"))
    live = coverage(("tickets", "*", "2023-01-01", None), ("tickets", "2", "2024-03-01", None), ("signins", "*", "2024-02-01", None))
    shares = live_shares(register, months, live, [DataKind.TICKETS])["live_share"]
    assert shares.tolist() == [1, 1, 1, 1, 0, 0, 1, 1]
    both = live_shares(register, months, live, [DataKind.TICKETS, DataKind.SIGNINS])["live_share"]
    assert both.tolist() == [0, 1, 1, 1, 0, 0, 1, 1]
    assert first_live(register, live, [DataKind.TICKETS, DataKind.SIGNINS]) == {"1": date(2024, 2, 1), "2": date(2024, 3, 1)}
    assert first_live(register, live, [DataKind.ROOMS]) == {}


def test_a_channel_of_one_unit_leaves_those_of_all():
    months, register = month_table(("2024-01", "2024-02")), UnitRegister.of(steady("1"))
    live = coverage(("tickets:12345", "*", "2023-01-01", None), ("tickets:物业", "1", "2024-02-01", None))
    assert live_shares(register, months, live, [DataKind.TICKETS])["live_share"].tolist() == [1, 1]


def test_a_merged_unit_is_live_when_all_of_its_parts_are():
    register = UnitRegister.of(roster(), None, MERGER, boundaries=date(2025, 1, 1))
    live = coverage(("tickets", "101", "2023-01-01", None), ("tickets", "102", "2024-03-01", None), ("tickets", "103", "2023-01-01", None))
    assert live_shares(register, month_table(("2024-01", "2024-06")), live, [DataKind.TICKETS])["live_share"].tolist() == [0, 0, 1, 1, 1, 1]


def test_rows_that_abut_are_a_break():
    live = coverage(("tickets", "*", "2023-01-01", "2024-05-01"), ("tickets", "*", "2024-05-01", None), ("signins", "*", "2023-01-01", None))
    assert recording_breaks(live.assign(note=["旧编码", "新编码", None])).to_dict("list") == {
        "source": ["tickets"], "unit_id": ["*"], "on": [T("2024-05-01")], "note": ["新编码"]
    }
    assert recording_breaks(live.iloc[2:]).empty


@pytest.mark.parametrize(("rows", "found"), [
    ([("tickets:12345", "*", "2023-01-01", None), ("tickets:物业", "1", "2024-02-01", None)], [("tickets:物业", "1")]),
    ([("tickets:12345", "1", "2023-01-01", None), ("tickets:物业", "*", "2024-02-01", None)], [("tickets:物业", "1")]),
    ([("tickets:12345", "*", "2023-01-01", None), ("tickets:物业", "*", "2024-02-01", None), ("signins", "1", "2024-02-01", None)], [("tickets:物业", "*")]),
    ([("tickets:12345", "*", "2023-01-01", None), ("tickets:12345", "1", "2024-02-01", None), ("tickets:物业", "1", "2024-02-01", None)], []),
], ids=["one unit, beside all", "all, beside one unit", "all", "a unit with rows of its own"])
def test_a_channel_that_joins_later_is_a_break_where_it_is_new(rows, found):
    breaks = recording_breaks(coverage(*rows))
    assert list(zip(breaks["source"], breaks["unit_id"], strict=True)) == found
    assert set(breaks["on"]) <= {T("2024-02-01")}


def test_three_months_before_the_start_is_too_late():
    starts = pd.Series([T("2024-06-01"), T("2024-06-01"), pd.NaT, T("2024-06-01")], index=["a", "b", "c", "d"])
    first = {"a": date(2024, 3, 1), "b": date(2024, 2, 29), "c": date(2024, 6, 1)}
    assert late_registration(first, starts).tolist() == [True, False, False, False]


def test_months_are_read_in_any_form():
    months = month_table(["2024-01", date(2024, 3, 9)])
    assert months["month"].tolist() == [T("2024-01-01"), T("2024-02-01"), T("2024-03-01")]
    assert months["next_month"].iloc[-1] == T("2024-04-01")
    assert not np.isnan(months["month"].astype("int64")).any()


# --- periods of validity whose ends were meant as their last days


INCLUSIVE = units(
    ("101", "community", None, "望海社区", "2020-01-01", "2025-06-30"), ("101", "community", None, "望海社区", "2025-07-01", None),
    ("102", "community", None, "听涛社区", "2020-01-01", "2025-06-30"), ("103", "community", None, "海棠社区", "2025-07-02", None),
    ("104", "community", None, "海岚社区", "2020-01-01", "2025-07-01"), ("104", "community", None, "海岚社区", "2025-07-01", None),
    ("105", "community", None, "云山社区", "2020-01-01", "2025-06-28"), ("105", "community", None, "云山社区", "2025-07-01", None),
)


def gaps(register):
    found = register.problems[register.problems["problem"] == "short_gap"]
    return list(found[["place", "unit_id", "valid_from", "valid_to"]].itertuples(index=False, name=None))


def test_a_day_between_two_periods_of_a_unit_is_a_doubt():
    register = UnitRegister.of(INCLUSIVE)
    assert gaps(register) == [("101", "101", date(2025, 6, 30), date(2025, 7, 1))]  # three days of 105 may be true; 103 is said to follow nobody
    assert where(register, "101", "2025-06-30") is None
    assert where(register, "104", "2025-07-01") == "104"


def test_a_day_between_a_unit_and_what_it_became_is_a_doubt():
    register = UnitRegister.of(INCLUSIVE, None, lineage(("102", "103", "2025-07-02", "rename")))
    assert gaps(register)[1:] == [("102", "103", date(2025, 6, 30), date(2025, 7, 2))]
    halves = units(*(row for row in INCLUSIVE.itertuples(index=False, name=None) if row[0] == "102"), ("106", "community", None, "甲", "2025-07-01", None), ("107", "community", None, "乙", "2025-06-30", None))
    split = UnitRegister.of(halves, None, lineage(("102", "106", "2025-07-01", "split"), ("102", "107", "2025-07-01", "split")))
    assert gaps(split) == [("102", "106", date(2025, 6, 30), date(2025, 7, 1))]


def test_a_day_between_two_units_of_a_grid_is_a_doubt():
    given = grids(("G1", "101", None, "2023-12-31"), ("G1", "104", "2024-01-01", None), ("G2", "101", None, "2024-01-01"), ("G2", "104", "2024-01-01", None), ("G3", "104", None, "2023-12-28"))
    assert gaps(UnitRegister.of(INCLUSIVE, given))[1:] == [("G1", "104", date(2023, 12, 31), date(2024, 1, 1))]


def test_a_period_within_a_longer_one_leaves_no_gap():
    readings = units(("101", "community", None, "望海社区", "2020-01-01", None), ("101", "community", None, "望海社区", "2021-01-01", "2021-06-30"))
    assert gaps(UnitRegister.of(readings.iloc[:1], grids(("G1", "101", None, None), ("G1", "101", "2021-01-01", "2021-06-30"), ("G1", "101", "2021-07-01", None)))) == []
