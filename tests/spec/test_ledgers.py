"""Several ledgers of one kind, of which one has no row in a month: a sum without it is part of a month, unless that month was said to be zero."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from commresearch.cleaning.event_table import event_table_of
from commresearch.outcomes import build_panel
from tests.unit.outcome_worlds import T, coverage, steady, tickets

MONTHS = ("2024-01", "2024-04")


def ledger(name, *rows):
    log = tickets(*map(dict, rows)).assign(ticket_id=lambda frame: name + frame["ticket_id"])
    return replace(event_table_of("tickets", {column: log[column] for column in log}), provenance={"files": {f"{name}.csv": "0"}})


def at(*months, place="101", channel="12345"):
    return [{"at": f"2024-{month:02d}-05", "place": place, "channel": channel} for month in months]


def counted(*ledgers, live=None, rule="missing", units=("101", "102")):
    return build_panel("complaint_rate", list(ledgers), steady(*units), None, months=MONTHS, coverage=coverage() if live is None else live, months_without_rows=rule)


def column(panel, name, unit="101"):
    return [None if isinstance(v, float) and np.isnan(v) else v for v in panel.frame.loc[panel.frame["unit_id"] == unit, name]]


HOTLINE, PROPERTY = at(1, 2, 3, 4), at(1, 2, 4, channel="物业")
CHANNELS = coverage(("tickets:12345", "*", "2020-01-01", None), ("tickets:物业", "*", "2024-02-01", None))
PAUSED = coverage(("tickets:12345", "*", "2020-01-01", None), ("tickets:物业", "*", "2020-01-01", "2024-03-01"), ("tickets:物业", "*", "2024-04-01", None))


@pytest.mark.parametrize(("rows", "live", "rule", "numerators", "partial"), [
    (PROPERTY, None, "missing", [2, 2, 1, 2], [False, False, True, False]),  # a month between
    (at(1, 2, channel="物业"), None, "missing", [2, 2, 1, 1], [False, False, True, True]),  # the last months: files that did not come
    (PROPERTY, None, {"tickets": ["missing", "zero"]}, [2, 2, 1, 2], [False] * 4),  # nothing happened, it was said
    (PROPERTY, None, {"tickets": ["zero", "missing"]}, [2, 2, 1, 2], [False, False, True, False]),
    (PROPERTY, None, "zero", [2, 2, 1, 2], [False] * 4),
    (PROPERTY, None, None, [2, 2, 1, 2], [False] * 4),  # nothing was said: months between others are zero
    (at(2, 3, 4, channel="物业"), CHANNELS, "missing", [1, 2, 2, 2], [False] * 4),  # a channel that began later
    (at(1, 2, 4, channel="物业"), CHANNELS, "missing", [2, 2, 1, 2], [False, False, True, False]),
    (PROPERTY, PAUSED, "missing", [2, 2, 1, 2], [False] * 4),  # not recording in that month
    (at(2, 3, 4, channel="网格"), CHANNELS, "missing", [1, 2, 2, 2], [True, False, False, False]),  # a channel that coverage does not name
], ids=["between", "at the end", "said to be zero", "the other is zero", "both are zero", "nothing said", "began later", "recording", "paused", "not named"])
def test_a_month_that_one_of_two_ledgers_lacks_is_partial(rows, live, rule, numerators, partial):
    panel = counted(ledger("热线", *HOTLINE), ledger("物业", *rows), live=live, rule=rule)
    assert column(panel, "numerator") == numerators
    assert column(panel, "partial_month") == partial
    assert column(panel, "partial_month", "102") == [False] * 4  # no ledger has rows of it
    assert set(panel.problems["place"]) == ({"物业.csv"} if True in partial else set())


def test_the_ledger_and_its_months_are_problems_of_the_panel():
    panel = counted(ledger("热线", *HOTLINE), ledger("物业", *at(1)))
    assert panel.problems.to_numpy().tolist() == [["ledger_without_rows", "物业.csv", None, date(2024, 2, 1), date(2024, 5, 1)]]


def test_a_ledger_in_a_file_for_each_year_is_one_ledger():
    of_years = [ledger("甲", *at(1, 2)), ledger("乙", *at(3, 4))]
    assert column(counted(*of_years), "partial_month") == [False] * 4
    assert column(counted(*of_years, ledger("物业", *HOTLINE)), "partial_month") == [False] * 4
    panel = counted(ledger("甲", *at(1)), ledger("乙", *at(3, 4)), ledger("物业", *HOTLINE))
    assert column(panel, "partial_month") == [False, True, False, False]
    assert panel.problems["place"].tolist() == ["甲.csv + 乙.csv"]


def test_ledgers_of_other_channels_or_places_do_not_go_on_in_each_other():
    began = counted(ledger("热线", *at(1, 2)), ledger("物业", *at(3, 4, channel="物业")), live=coverage(("tickets:12345", "*", "2020-01-01", None), ("tickets:物业", "*", "2024-03-01", None)))
    assert column(began, "partial_month") == [False, False, True, True]
    books = counted(ledger("甲", *at(1, 2)), ledger("乙", *at(3, 4, place="102")))
    assert column(books, "partial_month") == [False, False, True, True]
    assert column(books, "partial_month", "102") == [True, True, False, False]


def test_files_for_each_month_and_community_are_told_apart():
    files = [ledger(f"{name}{m}", *at(m, place=place)) for m in (1, 2, 3, 4) for name, place in (("甲", "101"), ("乙", "102")) if (name, m) != ("甲", 3)]
    for given in (files, files[::-1]):
        panel = counted(*given)
        assert column(panel, "partial_month") == [False, False, True, False]
        assert column(panel, "partial_month", "102") == [False] * 4


def test_a_file_may_end_in_the_month_in_which_the_next_begins():
    cut = [ledger("上", *at(1, 2)), ledger("下", {"at": "2024-02-20", "place": "101", "channel": "12345"}, *at(3, 4))]
    assert column(counted(*cut), "partial_month") == [False] * 4


def test_each_community_with_a_book_of_its_own_lacks_what_its_own_book_lacks():
    panel = counted(ledger("甲", *at(1, 2, 4)), ledger("乙", *at(1, 2, 3, 4, place="102")))
    assert column(panel, "partial_month") == [False, False, True, False]
    assert column(panel, "partial_month", "102") == [False] * 4


def test_a_ledger_of_nowhere_or_without_any_row_lacks_in_every_unit():
    nowhere = counted(ledger("热线", *HOTLINE), ledger("物业", *at(1, 2, 4, place="海岚路尽头")))
    assert column(nowhere, "partial_month", "102") == [False, False, True, False]
    empty = replace(event_table_of("tickets", {}), provenance={"files": {"物业.csv": "0"}})
    assert column(counted(ledger("热线", *HOTLINE), empty), "partial_month") == [True] * 4


def test_a_month_that_all_ledgers_lack_is_missing_and_not_partial():
    panel = counted(ledger("热线", *at(1, 2, 4)), ledger("物业", *PROPERTY))
    assert column(panel, "numerator") == [2, 2, None, 2]
    assert column(panel, "partial_month") == [False] * 4
    assert panel.problems["problem"].tolist() == ["month_without_rows"]


def test_sources_that_were_not_recording_at_all_are_missing_and_not_partial():
    live = coverage(("tickets", "*", "2020-01-01", "2024-03-01"), ("tickets", "*", "2024-04-01", None))
    panel = counted(ledger("热线", *HOTLINE), ledger("物业", *PROPERTY), live=live)
    assert column(panel, "numerator") == [2, 2, None, 2]
    assert column(panel, "partial_month") == [False] * 4
    assert panel.problems.empty


def test_without_coverage_sums_without_a_ledger_are_partial_too():
    panel = build_panel("complaint_rate", [ledger("热线", *HOTLINE), ledger("物业", *PROPERTY)], steady("101"), None, months=MONTHS, months_without_rows="missing")
    assert column(panel, "numerator") == [2, 2, 1, 2]
    assert column(panel, "partial_month") == [False, False, True, False]


def test_two_books_of_bookings():
    def book(room, *months):
        columns = {"room": [room] * len(months), "start_at": [T(2024, m, 5, 9) for m in months], "end_at": [T(2024, m, 5, 11) for m in months], "is_used": [True] * len(months)}
        return replace(event_table_of("bookings", columns), provenance={"files": {f"{room}.xlsx": "0"}})

    rooms = pd.DataFrame({"room": ["r1", "r2"], "unit_id": ["101", "102"], "name": ["舞蹈室", "阅览室"], "room_class": "activity"})
    events = {"bookings": [book("舞蹈室", 1, 2, 4), book("r2", 1, 2, 3, 4)], "rooms": rooms}
    live = coverage(("bookings", "*", "2020-01-01", None), ("rooms", "*", "2020-01-01", None))
    panel = build_panel("space_use", events, steady("101", "102"), None, months=MONTHS, coverage=live, months_without_rows={"bookings": ["missing", "missing"]})
    assert column(panel, "numerator") == [2, 2, 0, 2]
    assert column(panel, "partial_month") == [False, False, True, False]
    assert column(panel, "partial_month", "102") == [False] * 4
    assert panel.problems["place"].tolist() == ["舞蹈室.xlsx"]


def test_two_sign_in_books():
    def book(name, *months):
        columns = {"event_id": [f"{name}{m}" for m in months], "event_at": [T(2024, m, 5) for m in months], "place": ["101"] * len(months)}
        columns |= {"person_key": [f"k{m}" for m in months], "age_low": [20] * len(months), "age_high": [20] * len(months), "is_resident": [True] * len(months)}
        return event_table_of("signins", columns)

    units = steady("101").assign(youth_population=100)
    panel = build_panel(
        "youth_participation", [book("甲", 1, 2, 3, 4), book("乙", 1, 2, 4)], units, None, months=MONTHS,
        coverage=coverage(("signins", "*", "2020-01-01", None)), months_without_rows="missing",
    )
    assert column(panel, "partial_month") == [False, False, True, False]
    assert panel.problems["place"].tolist() == ["signins"]  # tables that were made in memory have no files
