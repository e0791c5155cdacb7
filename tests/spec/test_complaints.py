"""Each rule of the complaint rate on a handful of tickets."""

import numpy as np
import pandas as pd
import pytest

from commresearch.outcomes import build_panel
from tests.unit.outcome_worlds import MERGER, T, cell, companion, coverage, excluded, roster, steady, tickets

YEAR = ("2024-01", "2024-12")


def counted(log, units=None, *, months=YEAR, live=None, rollout=None, **definition):
    return build_panel(
        "complaint_rate", log, steady("101", "102") if units is None else units, rollout, months=months, coverage=coverage() if live is None else live,
        **definition,
    )


def test_complaints_and_reports_are_cases_and_nothing_else_is():
    types = ["complaint", "report", "help", "inquiry", "suggestion", "praise", "other"]
    panel = counted(tickets(*({"at": f"2024-03-{day + 1:02d}", "type": t} for day, t in enumerate(types))))
    assert cell(panel, "101", "2024-03-01")["numerator"] == 2
    assert excluded(panel) == {"type_help": 1, "type_inquiry": 1, "type_other": 1, "type_praise": 1, "type_suggestion": 1, "counted": 2}
    assert companion(panel, "cases_with_help", "101", "2024-03-01") == 3


def test_withdrawn_test_and_outside_cases_are_excluded_and_counted_by_rule():
    panel = counted(
        tickets(
            {"at": "2024-03-01"}, {"at": "2024-03-02", "status": "withdrawn"}, {"at": "2024-03-03", "status": "test"}, {"at": "2024-03-04", "is_outside": True},
            {"at": "2023-03-04"}, {"at": "2024-03-04", "place": "海岚路尽头"}, {"at": "2024-03-05", "place": "海岚路尽头"}, {"at": "2024-03-06", "place": None},
        )
    )
    assert excluded(panel) == {"outside_period": 1, "withdrawn": 1, "test": 1, "outside_area": 1, "unplaced": 3, "counted": 1}
    assert panel.unplaced.to_dict("list") == {
        "place": ["海岚路尽头", ""], "events": [2, 1], "first": [T("2024-03-04"), T("2024-03-06")], "last": [T("2024-03-05"), T("2024-03-06")],
    }


def test_the_list_of_unmatched_places_names_nobody():
    places = ["王桂英", "张阿姨 6单元", "望海社区 王桂英", "望海社区/李小红", "海岚路尽头", "王桂英 13812345678", "赵小梅家", "无名小区", "陈家渡"]
    panel = counted(tickets(*({"at": "2024-03-04", "place": place} for place in places), *({"at": f"2024-04-{day:02d}", "place": "华庭"} for day in range(1, 12))))
    assert dict(zip(panel.unplaced["place"], panel.unplaced["events"], strict=True)) == {
        "华庭": 11, "〔姓名〕": 3, "望海社区 〔姓名〕": 1, "望海社区/〔姓名〕": 1, "〔姓名〕 6单元": 1, "〔姓名〕 〔手机号〕": 1, "海岚路尽头": 1, "无名小区": 1,
    }
    assert (panel.unplaced["first"].min(), panel.unplaced["last"].max()) == (T("2024-03-04"), T("2024-04-11"))
    assert excluded(panel)["unplaced"] == 20


def test_only_declared_topics_count():
    log = tickets({"at": "2024-03-01"}, {"at": "2024-03-01", "topic": "物业"}, {"at": "2024-03-01", "topic": None})
    assert excluded(counted(log, topics=["物业"])) == {"other_topic": 2, "counted": 1}


@pytest.mark.parametrize(
    ("days", "cases"),
    [
        (["2023-12-30 10:00", "2024-01-06 09:59"], {"2024-01-01": 0}),  # the first contact lies before the period, the second is no new case
        (["2023-12-30 10:00", "2024-01-06 10:00"], {"2024-01-01": 0}),  # exactly seven days
        (["2023-12-30 10:00", "2024-01-06 10:01"], {"2024-01-01": 1}),
        (["2024-01-01", "2024-01-07", "2024-01-13", "2024-01-19", "2024-01-25", "2024-01-31", "2024-02-06"], {"2024-01-01": 1, "2024-02-01": 0}),
        (["2024-01-01", "2024-01-09"], {"2024-01-01": 2}),
    ],
    ids=["over_new_year", "seven_days", "a_minute_more", "a_chain", "two_cases"],
)
def test_the_gap_is_counted_from_the_previous_contact(days, cases):
    panel = counted(tickets(*({"at": day, "caller_key": "K"} for day in days)))
    assert {month: cell(panel, "101", month)["numerator"] for month in cases} == cases


def test_another_caller_topic_or_place_is_another_case_and_nobody_is_never_the_same():
    pair = [{"at": "2024-03-01", "caller_key": "K"}, {"at": "2024-03-02", "caller_key": "K"}]
    assert counted(tickets(*pair)).frame["numerator"].sum() == 1
    for other in ({"caller_key": "L"}, {"topic": "物业"}, {"place": "102"}):
        again = [{"at": "2024-03-01", "caller_key": "K"}, {"at": "2024-03-02", "caller_key": "K"} | other]
        assert counted(tickets(*again)).frame["numerator"].sum() == 2
    assert counted(tickets({"at": "2024-03-01"}, {"at": "2024-03-01"})).frame["numerator"].sum() == 2


def test_the_official_mark_folds_whoever_called():
    panel = counted(tickets({"at": "2024-03-01"}, {"at": "2024-06-01", "repeat_of": "T0"}, {"at": "2024-06-01", "is_repeat": True}))
    assert panel.frame["numerator"].sum() == 1
    assert excluded(panel) == {"repeat_marked": 2, "counted": 1}
    assert companion(panel, "contacts", "101", "2024-06-01") == 2
    assert companion(panel, "folded_share", "101", "2024-06-01") == 100
    own = tickets({"at": "2024-03-01", "ticket_id": "A", "repeat_of": "A"})
    assert counted(own).frame["numerator"].sum() == 1  # a ticket is no repeat of itself


@pytest.mark.parametrize("order", [1, -1], ids=["marked_last", "marked_first"])
@pytest.mark.parametrize("callers", [None, 5], ids=["of_one", "of_several"])
def test_of_contacts_of_one_second_the_marked_one_is_the_repeat(order, callers):
    pair = [{"at": "2024-03-01", "caller_key": "K", "callers": callers}, {"at": "2024-03-01", "caller_key": "K", "is_repeat": True}]
    panel = counted(tickets(*pair[::order]))
    assert excluded(panel) == {"repeat_marked": 1, "counted": 1}


@pytest.mark.parametrize("order", [1, -1])
def test_of_copies_of_one_second_the_one_with_answers_and_without_a_label_is_kept(order):
    same = {"at": "2024-03-01", "ticket_id": "A", "caller_key": "K"}
    answered = counted(tickets(*[same | {"is_resolved": True}, same | {"is_resolved": None}][::order]))
    assert companion(answered, "resolved_share", "101", "2024-03-01") == 100
    labelled = counted(tickets(*[same | {"is_resolved": None}, same | {"is_resolved": True, "handling": "malicious"}][::order]))
    assert companion(labelled, "cases_without_labelled", "101", "2024-03-01") == 1


def test_contacts_without_a_number_and_a_caller_are_each_of_their_own():
    panel = counted(tickets({"at": "2024-03-01", "ticket_id": None}, {"at": "2024-03-02", "ticket_id": None}))
    assert excluded(panel) == {"counted": 2}


def test_a_case_that_is_open_and_has_no_status_is_open():
    panel = counted(tickets({"at": "2024-03-01", "closed_at": None, "status": None}))
    assert companion(panel, "open_share", "101", "2024-03-01") == 100
    assert companion(panel, "closed_in_time_share", "101", "2024-03-01") == 0  # of which nothing is closed, not: not known


def test_one_ticket_in_two_channels_is_one_case():
    log = tickets({"at": "2024-03-01", "ticket_id": "A"}, {"at": "2024-03-02", "ticket_id": "A", "channel": "物业"})
    assert excluded(counted(log)) == {"same_ticket": 1, "counted": 1}
    calls = tickets({"at": "2024-03-01", "caller_key": "K"}, {"at": "2024-03-02", "caller_key": "K", "channel": "物业"})
    assert excluded(counted(calls)) == {"repeat_within_days": 1, "counted": 1}


@pytest.mark.parametrize("contacts", [2, 30, 100])
def test_a_copy_is_found_among_however_many_tickets_of_a_caller(contacts):
    rows = [{"at": "2024-03-01", "caller_key": "K", "ticket_id": f"A{i}", "topic": f"事项{i}"} for i in range(contacts)]
    assert excluded(counted(tickets(*(row.copy() for row in rows)))) == {"counted": contacts}
    copy = {"at": "2024-03-02", "caller_key": "K", "ticket_id": "A1", "topic": "别的事项"}
    assert excluded(counted(tickets(*rows, copy))) == {"same_ticket": 1, "counted": contacts}


def test_a_caller_whose_key_is_written_like_a_number_of_a_ticket_is_not_that_ticket():
    log = tickets({"at": "2024-03-01", "ticket_id": "A", "caller_key": None}, {"at": "2024-03-02", "ticket_id": "B", "caller_key": "A"})
    assert excluded(counted(log)) == {"counted": 2}


def test_a_collective_case_counts_once_with_its_callers_beside():
    panel = counted(tickets({"at": "2024-03-01", "callers": 40}, {"at": "2024-03-02", "callers": None}))
    assert cell(panel, "101", "2024-03-01")["numerator"] == 2
    assert companion(panel, "callers", "101", "2024-03-01") == 41


@pytest.mark.parametrize(
    ("rows", "callers"),
    [
        ([{"callers": None, "ticket_id": "A"}, {"callers": 40, "ticket_id": "A"}], 40),  # copies of one ticket
        ([{"callers": 40, "ticket_id": "A"}, {"callers": 12, "ticket_id": "A"}], 40),
        ([{"callers": 0, "caller_key": "K"}, {"callers": 1, "caller_key": "K"}], 1),
        ([{"callers": None, "caller_key": "K"}, {"callers": 40, "caller_key": "K"}, {"callers": 3, "caller_key": "K"}], 40),  # repeats within days
        ([{"callers": None, "caller_key": "K"}, {"callers": 40, "caller_key": "K", "is_repeat": True}], 40),
        ([{"callers": None, "caller_key": "K"}, {"callers": 40, "caller_key": "K", "topic": "物业"}], 41),  # two matters
        ([{"callers": None, "caller_key": "K"}, {"callers": 40, "caller_key": "L"}], 41),
        ([{"callers": None}, {"callers": 40}], 41),  # nobody is never the same
    ],
)
def test_a_collective_case_has_the_callers_that_any_copy_or_repeat_names(rows, callers):
    for order in (rows, rows[::-1]):
        panel = counted(tickets(*({"at": f"2024-03-0{day + 1}"} | row for day, row in enumerate(order))))
        if not order[0].get("is_repeat"):  # a mark alone opens no case
            assert companion(panel, "callers", "101", "2024-03-01") == callers


def test_callers_of_a_repeat_in_another_month_belong_to_the_case():
    panel = counted(tickets({"at": "2024-03-30", "caller_key": "K"}, {"at": "2024-04-02", "caller_key": "K", "callers": 40}, {"at": "2024-04-20", "caller_key": "K"}))
    assert [companion(panel, "callers", "101", f"2024-0{month}-01") for month in (3, 4)] == [40, 1]


@pytest.mark.parametrize(
    ("rows", "share", "told"),
    [
        ([{}, {}], None, [("repeats_not_folded", 2), ("counted", 2)]),  # nobody is told from another, nothing is marked
        ([{}, {"is_repeat": True}], 50, [("repeat_marked", 1), ("repeats_not_folded", 2), ("counted", 1)]),
        ([{"caller_key": "K"}, {}], 0, [("counted", 2)]),
        ([{"caller_key": "K"}, {"caller_key": "K"}], 50, [("repeat_within_days", 1), ("counted", 1)]),
    ],
)
def test_where_no_caller_is_told_from_another_the_share_folded_is_not_known(rows, share, told):
    panel = counted(tickets(*({"at": f"2024-03-0{day + 1}"} | row for day, row in enumerate(rows))))
    found = companion(panel, "folded_share", "101", "2024-03-01")
    assert np.isnan(found) if share is None else found == share
    assert list(panel.account.itertuples(index=False, name=None)) == told
    assert companion(panel, "caller_known_share", "101", "2024-03-01") == 100 * sum("caller_key" in row for row in rows) / len(rows)


def test_labels_given_after_handling_stay_in_the_headline():
    log = tickets(
        {"at": "2024-03-01", "handling": "malicious", "caller_key": "K"}, {"at": "2024-03-03", "caller_key": "K"}, {"at": "2024-03-03", "handling": "unreasonable"},
    )
    panel = counted(log)
    assert cell(panel, "101", "2024-03-01")["numerator"] == 2
    assert companion(panel, "cases_without_labelled", "101", "2024-03-01") == 1  # without the first call the second opens the case


def test_a_request_for_help_does_not_fold_a_complaint_but_for_the_variant():
    panel = counted(tickets({"at": "2024-03-01", "type": "help", "caller_key": "K"}, {"at": "2024-03-02", "caller_key": "K"}))
    assert cell(panel, "101", "2024-03-01")["numerator"] == 1
    assert companion(panel, "cases_with_help", "101", "2024-03-01") == 1
    assert companion(panel, "contacts_with_help", "101", "2024-03-01") == 2


def test_rates_have_their_denominators():
    panel = counted(tickets({"at": "2024-03-01"}, {"at": "2024-03-02"}), steady("101", households=400))
    row = cell(panel, "101", "2024-03-01")
    assert (row["numerator"], row["denominator"], row["value"]) == (2, 400, 5.0)
    assert companion(panel, "cases_per_10000_residents", "101", "2024-03-01") == 8.0
    assert panel.unit == "per_1000_households"


def test_households_are_interpolated_or_fixed_and_never_step():
    units = pd.concat([steady("101", households=1000), steady("101", households=1366).assign(as_of="2024-01-02")])
    log = tickets({"at": "2023-03-01"})
    inside = counted(log, units, months=("2023-01", "2024-03"))
    assert cell(inside, "101", "2023-01-01")["denominator"] == 1000
    assert cell(inside, "101", "2023-07-01")["denominator"] == 1000 + 181
    assert cell(inside, "101", "2024-03-01")["denominator"] == 1366
    fixed = counted(log, units, months=("2023-01", "2024-03"), denominator="baseline")
    assert set(fixed.frame["denominator"]) == {1000.0}
    later = counted(log, units, months=("2023-01", "2024-03"), denominator="baseline", baseline="2024-02-01")
    assert set(later.frame["denominator"]) == {1366.0}


def test_closing_is_told_with_a_fixed_follow_up():
    log = tickets(
        {"at": "2024-03-01", "closed_at": "2024-03-31"}, {"at": "2024-03-01", "closed_at": "2024-03-31 00:00:01"},
        {"at": "2024-03-01", "closed_at": None, "status": "open"}, {"at": "2024-03-01", "closed_at": None}, {"at": "2024-03-01", "closed_at": "2024-02-01"},
    )
    panel = counted(log, extract_at=T("2024-06-15"))
    assert companion(panel, "closed_in_time_share", "101", "2024-03-01") == pytest.approx(100 / 3)  # two are not dated
    assert companion(panel, "open_share", "101", "2024-03-01") == pytest.approx(100 / 3)
    months = panel.frame.loc[panel.frame["provisional"], "month"]
    assert months.min() == T("2024-05-01")  # a case of 31 May was followed for fifteen days


def test_the_time_to_close_counts_open_cases_as_longest():
    hours = [1, 3, 5, None]
    log = tickets(*({"at": "2024-03-01", "closed_at": None if h is None else f"2024-03-01 0{h}:00", "status": "open" if h is None else "closed"} for h in hours))
    panel = counted(log)
    assert companion(panel, "median_hours_to_close", "101", "2024-03-01") == 4.0
    assert np.isnan(companion(panel, "p90_hours_to_close", "101", "2024-03-01"))  # falls among open cases


def test_shares_are_over_valid_call_backs():
    log = tickets(
        {"at": "2024-03-01", "is_reached": True, "is_resolved": True, "is_satisfied": False}, {"at": "2024-03-01", "is_reached": True, "is_resolved": False},
        {"at": "2024-03-01", "is_reached": False, "is_resolved": True}, {"at": "2024-03-01", "is_reached": None, "is_resolved": True},
    )
    panel = counted(log)
    assert companion(panel, "resolved_share", "101", "2024-03-01") == pytest.approx(200 / 3)  # an answer shows that somebody was reached
    assert companion(panel, "satisfied_share", "101", "2024-03-01") == 0


def test_tickets_that_name_only_the_community_tell_nothing_of_its_estates():
    made = pd.DataFrame(
        {"unit_id": ["C", "E1", "E2"], "unit_level": ["community", "estate", "estate"], "community_id": ["C", "C", "C"], "households": 500, "as_of": "2023-01-01"}
    )
    log = tickets(*({"at": f"2024-03-0{day}", "place": "C"} for day in (1, 2, 3)), {"at": "2024-03-04", "place": "E1"}, {"at": "2024-04-01", "place": "E1"})
    panel = build_panel("complaint_rate", log, made, None, months=YEAR, coverage=coverage(), unit_level="estate")
    assert [np.isnan(cell(panel, unit, "2024-03-01")["numerator"]) for unit in ("E1", "E2")] == [True, True]
    assert [cell(panel, unit, "2024-04-01")["numerator"] for unit in ("E1", "E2")] == [1, 0]
    assert np.isnan(companion(panel, "cases", "E2", "2024-03-01"))
    assert excluded(panel)["unplaced"] == 3
    assert panel.unplaced[["place", "events"]].to_numpy().tolist() == [["C", 3]]


def test_a_place_counts_where_it_belongs_on_its_date():
    log = tickets(
        {"at": "2024-05-09 23:59:59", "place": "101"}, {"at": "2024-05-10", "place": "103"}, {"at": "2024-05-10", "place": "101"},
        {"at": "2024-05-02", "place": "听涛社区"},
    )
    panel = counted(log, roster())
    assert [cell(panel, u, "2024-05-01")["numerator"] for u in ("101", "102", "103")] == [1, 1, 1]
    assert excluded(panel)["unplaced"] == 1  # 101 had ended
    whole = build_panel(
        "complaint_rate", {"tickets": log, "lineage": MERGER}, roster(), None, months=YEAR, coverage=coverage(), boundaries="2024-12-31"
    )
    assert cell(whole, "103", "2024-05-01")["numerator"] == 4
    assert excluded(whole)["carried_on"] == 1
    assert set(whole.frame["unit_id"]) == {"103"}
    assert whole.frame["value"].notna().all()  # the community of the end, in every month
    before = build_panel(
        "complaint_rate", {"tickets": log, "lineage": MERGER}, roster(), None, months=YEAR, coverage=coverage(), boundaries="2024-01-01"
    )
    assert set(before.problems["problem"]) == {"split_without_grid"}
    assert excluded(before)["unplaced"] == 2  # which of the two a matter in 103 lies in is not known


def test_zero_only_where_the_source_was_live_and_the_unit_existed():
    live = coverage(("tickets", "101", "2024-02-01", None), ("tickets", "102", "2024-02-11", "2024-04-01"))
    panel = counted(tickets({"at": "2024-01-05"}, {"at": "2024-02-05"}), live=live)
    assert np.isnan(cell(panel, "101", "2024-01-01")["value"])
    assert excluded(panel) == {"not_live": 1, "counted": 1}
    assert cell(panel, "101", "2024-03-01")["value"] == 0
    assert cell(panel, "102", "2024-02-01")["live_share"] == pytest.approx(19 / 29)
    assert cell(panel, "102", "2024-02-01")["partial_month"]
    assert cell(panel, "102", "2024-03-01")["value"] == 0
    assert np.isnan(cell(panel, "102", "2024-04-01")["numerator"])


def test_without_coverage_no_month_is_known_to_be_zero():
    panel = build_panel("complaint_rate", tickets({"at": "2024-03-05"}), steady("101"), None, months=YEAR)
    assert panel.frame["value"].notna().sum() == 1


def test_one_of_several_channels_is_enough_and_a_later_one_is_a_break():
    live = coverage(("tickets:12345", "*", "2023-01-01", None), ("tickets:微信", "*", "2024-06-01", None))
    panel = counted(tickets({"at": "2024-03-05"}), live=live)
    assert panel.frame["live"].all()
    assert panel.breaks[["source", "on"]].to_dict("list") == {"source": ["tickets:微信"], "on": [T("2024-06-01")]}


def test_a_register_that_begins_with_the_pilot_blocks_the_unit():
    rollout = pd.DataFrame({"unit_id": ["101", "102"], "start_month": ["2024-06-01", None], "assigned_level": "community", "assignment_id": ["甲", "乙"]})
    late = coverage(("tickets", "*", "2024-03-01", None))
    panel = counted(tickets({"at": "2024-07-05"}), live=late, rollout=rollout)
    assert cell(panel, "101", "2024-07-01")["blocked"]
    assert not cell(panel, "102", "2024-07-01")["blocked"]
    early = counted(tickets({"at": "2024-07-05"}), live=coverage(("tickets", "*", "2024-02-29", None)), rollout=rollout)
    assert not early.frame["blocked"].any()
    assert cell(early, "101", "2024-07-01")["treated_from"] == T("2024-06-01")
    assert list(early.frame.drop_duplicates("unit_id")["assignment_id"]) == ["甲", "乙"]


def test_the_definition_is_printed_with_its_choices():
    panel = counted(tickets({"at": "2024-03-01"}), repeat_days=14, follow_up_days=60)
    assert "14天" in panel.definition.sentence("zh")
    assert "within 60 days" in panel.definition.sentence("en")
