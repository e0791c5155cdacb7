"""Rows that cannot be right: all reported together, and what becomes of them by the rules that somebody decided."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

import commresearch as cr
from commresearch.cleaning.event_rules import ACTIONS, EventSettings, seconds_of
from commresearch.errors import CleaningError, SourceError
from commresearch.outcomes import UnitRegister
from commresearch.terms import Language
from commresearch.words import render_error
from tests.unit.outcome_worlds import steady
from tests.unit.sources_files import write_csv

TICKETS = [
    ["工单编号", "受理时间", "办结时间", "诉求类型", "社区"],
    ["A1", "2025-01-01 09:00", "2025-01-02 09:00", "投诉", "望海社区"],
    ["A2", "2025-01-03 09:00", "2025-01-02 09:00", "投诉", "望海社区"],  # closed before it was received
    ["A3", "2025-01-04 09:00", "", "吐槽", "望海社区"],  # no such type
    ["A4", "2025-02-30 09:00", "", "投诉", "望海社区"],  # no such day
    ["A5", "", "", "投诉", "望海社区"],  # no day
    ["A6", "2025-04-01 09:00", "", "投诉", "望海社区"],
    ["A6", "2025-04-01 09:00", "", "求助", "望海社区"],  # the same id, something else
    ["A1", "2025-01-01 09:00", "2025-01-02 09:00", "投诉", "望海社区"],  # the same again
]
ALL_DROPPED = {"end_before_start": "drop", "unknown_code": "drop", "unreadable": "drop", "missing_value": "drop", "duplicate_id": "keep_first"}


def refused(path: Path | list[Path], kind: str, **options: object) -> CleaningError:
    with pytest.raises(CleaningError) as error:
        cr.clean_events(path, kind, **options)  # type: ignore[arg-type]
    assert all(render_error(error.value, language) for language in ("zh", "en"))
    return error.value


def test_all_faults_are_reported_together_with_counts_and_first_examples(tmp_path):
    path = write_csv(tmp_path / "工单.csv", TICKETS)
    error = refused(path, "tickets", out=tmp_path / "out")
    found = {f.code: (f.values["column"], f.values["count"]) for f in error.failures}
    assert found == {
        "CR-E10": ("办结时间 (closed_at)", 1), "CR-E12": ("诉求类型 (type)", 1), "CR-E15": ("受理时间 (received_at)", 1),
        "CR-E16": ("受理时间 (received_at)", 1), "CR-E14": ("工单编号 (ticket_id)", 2),
    }
    by_code = {f.code: str(f.values["examples"]) for f in error.failures}
    assert by_code["CR-E10"] == "工单.csv [3] 2025-01-03 09:00:00 → 2025-01-02 09:00:00"
    assert by_code["CR-E12"] == "工单.csv [4] 吐槽"
    assert by_code["CR-E15"] == "工单.csv [5] 2025-02-30 09:00"
    assert by_code["CR-E16"] == "工单.csv [6]"
    assert by_code["CR-E14"] == "工单.csv [7] A6; 工单.csv [8] A6"
    assert list(tmp_path.iterdir()) == [path]  # nothing was written


def test_what_was_decided_is_done_and_logged_row_by_row(tmp_path):
    table = cr.clean_events(write_csv(tmp_path / "工单.csv", TICKETS), "tickets", rules=ALL_DROPPED)
    assert table.frame()["ticket_id"].tolist() == ["A1", "A6"]
    assert table.account.set_index("rule")["rows"].to_dict() == {
        "rows_read": 8, "unreadable": 1, "unknown_code": 1, "end_before_start": 1, "missing_value": 1, "identical_duplicate": 1, "duplicate_id": 1, "rows_out": 2,
    }
    lines = table.log[table.log["row_id"] != ""]
    assert {(rule, row.rpartition(":")[2]) for rule, row in zip(lines["rule"], lines["row_id"], strict=True)} == {
        ("end_before_start", "3"), ("unknown_code", "4"), ("unreadable", "5"), ("missing_value", "6"), ("duplicate_id", "8"), ("identical_duplicate", "9"),
    }
    assert set(lines["file"]) == {"工单.csv"}
    assert dict(table.provenance["rules"]) == ALL_DROPPED


def test_faults_of_rows_are_reported_with_the_files_that_cannot_be_read(tmp_path):
    unknown = write_csv(tmp_path / "a.csv", [["甲", "乙"], ["1", "2"]])
    rows = [["活动名称", "日期", "年龄"], ["读书会", "2025-03-01", "150"], ["读书会", "2025-03-01", "-1"], ["读书会", "2025-13-08", "20"]]
    for files in ([unknown, write_csv(tmp_path / "b.csv", rows)], [tmp_path / "b.csv", unknown]):
        with pytest.raises(SourceError) as error:
            cr.clean_events(files, "signins", out=tmp_path / "out")
        assert [f.code for f in error.value.failures] == ["CR-E05", "CR-E15", "CR-E13"]
        assert [f.values["count"] for f in error.value.failures[1:]] == [1, 2]
        assert all(render_error(error.value, language) for language in ("zh", "en"))
    with pytest.raises(SourceError) as error:  # what was decided is no fault
        cr.clean_events([unknown, tmp_path / "b.csv"], "signins", rules={"impossible_age": "clear", "unreadable": "drop"})
    assert [f.code for f in error.value.failures] == ["CR-E05"]
    assert not (tmp_path / "out").exists()


def test_rows_of_several_files_are_compared_where_another_cannot_be_read(tmp_path):
    one, two = write_csv(tmp_path / "a.csv", [TICKETS[0], TICKETS[6]]), write_csv(tmp_path / "b.csv", [TICKETS[0], TICKETS[7]])
    with pytest.raises(SourceError) as error:
        cr.clean_events([one, tmp_path / "none.csv", two], "tickets")
    assert [f.code for f in error.value.failures] == ["CR-S01", "CR-E14"]


@pytest.mark.parametrize(
    ("action", "left"), [("keep_first", ["complaint"]), ("keep_last", ["help"]), ("drop", [])],
)
def test_ids_with_different_contents(tmp_path, action, left):
    path = write_csv(tmp_path / "a.csv", [TICKETS[0], *TICKETS[6:8]])
    assert cr.clean_events(path, "tickets", rules={"duplicate_id": action}).frame()["type"].tolist() == left


def test_an_end_before_the_start_may_be_cleared_or_meant_for_the_next_day(tmp_path):
    path = write_csv(tmp_path / "a.csv", TICKETS[:3])
    frame = cr.clean_events(path, "tickets", rules={"end_before_start": "clear"}).frame()
    assert frame["closed_at"].isna().tolist() == [False, True]
    rows = [["日期", "房间", "时段"], ["2025-03-01", "舞蹈室", "22:00-1:00"], ["2025-03-02", "舞蹈室", "9:00-10:00"]]
    table = cr.clean_events(write_csv(tmp_path / "b.csv", rows), "bookings", rules={"end_before_start": "next_day"})
    assert table.frame()["end_at"].tolist() == [pd.Timestamp(2025, 3, 2, 1), pd.Timestamp(2025, 3, 2, 10)]
    assert table.log.loc[table.log["rule"] == "end_next_day", "count"].tolist() == [1]


NIGHTS = [["日期", "房间", "时段"], ["2025-03-01", "舞蹈室", "22:00-1:00"], ["2025-03-02", "舞蹈室", "19:00-17:00"], ["2025-03-03", "舞蹈室", "18:00-10:00"],
          ["2025-03-04", "舞蹈室", "18:00-10:01"]]
NEXT_DAY = {"end_before_start": "next_day"}


def test_a_night_that_is_too_long_is_refused_with_count_and_examples(tmp_path):
    error = refused(write_csv(tmp_path / "a.csv", NIGHTS), "bookings", rules=NEXT_DAY)
    (failure,) = error.failures
    assert (failure.code, failure.values["count"], failure.values["rule"], failure.values["allowed"]) == ("CR-E23", 2, "long_overnight", "drop, clear, next_day")
    assert failure.values["examples"] == "a.csv [3] 2025-03-02 19:00:00 → 2025-03-02 17:00:00; a.csv [5] 2025-03-04 18:00:00 → 2025-03-04 10:01:00"
    assert all("16" in render_error(error, language) and "19:00:00" in render_error(error, language) for language in Language)


@pytest.mark.parametrize(("rule", "hours", "aside"), [("drop", [3, 16], 2), ("clear", [3, 16], 2), ("next_day", [3, 22, 16, 16 + 1 / 60], 0)])
def test_a_night_that_is_too_long_is_what_the_rule_says(tmp_path, rule, hours, aside):
    table = cr.clean_events(write_csv(tmp_path / "a.csv", NIGHTS), "bookings", rules=NEXT_DAY | {"long_overnight": rule})
    lasted = (table.frame()["end_at"] - table.frame()["start_at"]) / pd.Timedelta(hours=1)
    assert lasted.tolist() == pytest.approx(hours)
    assert (table.rows("long_overnight"), (table.log["rule"] == "long_overnight").sum()) == (aside, aside)  # a booking cannot do without an end
    assert table.log.loc[table.log["rule"] == "end_next_day", "count"].tolist() == [4 - aside]


def test_a_ticket_that_is_closed_too_long_before_it_came_may_lose_its_end(tmp_path):
    rows = [TICKETS[0], ["A1", "2025-01-03 19:00", "2025-01-03 17:00", "投诉", "望海社区"], ["A2", "2025-01-03 23:00", "2025-01-03 01:00", "投诉", "望海社区"]]
    frame = cr.clean_events(write_csv(tmp_path / "a.csv", rows), "tickets", rules=NEXT_DAY | {"long_overnight": "clear"}).frame()
    assert frame["closed_at"].isna().tolist() == [True, False]


def test_impossible_ages_are_refused_or_cleared(tmp_path):
    rows = [["活动名称", "签到时间", "姓名", "年龄"], ["读书会", "2025-03-01", "甲一", "150"], ["读书会", "2025-03-01", "甲二", "35"]]
    path = write_csv(tmp_path / "a.csv", rows)
    assert [(f.code, f.values["count"]) for f in refused(path, "signins").failures] == [("CR-E13", 1)]
    frame = cr.clean_events(path, "signins", rules={"impossible_age": "clear"}).frame()
    assert frame["age_low"].isna().tolist() == [True, False]
    assert len(cr.clean_events(path, "signins", rules={"impossible_age": "drop"}).frame()) == 1
    assert len(cr.clean_events(path, "signins", settings=EventSettings(oldest=200)).frame()) == 2


ROSTER = [["社区编码", "级别", "生效日期", "失效日期", "常住户数"], ["370102001", "社区", "2024-01-01", "2025-01-01", 900], ["370102001", "社区", "2024-10-01", "", 950],
          ["370102002", "社区", "2024-01-01", "2024-06-01", 500], ["370102002", "社区", "2024-06-01", "", 500], ["370102002", "社区", "2024-06-01", "", 500]]


def test_overlapping_validity(tmp_path):
    path = write_csv(tmp_path / "a.csv", ROSTER)
    error = refused(path, "roster")
    assert [(f.code, f.values["count"], f.values["examples"]) for f in error.failures] == [("CR-E11", 1, "a.csv [3] 370102001 ~ a.csv [2]")]
    cut = cr.clean_events(path, "roster", rules={"overlapping_validity": "cut"})
    assert cut.frame()["valid_to"].dt.date.tolist()[0] == date(2024, 10, 1)
    assert cut.rows("identical_duplicate") == 1
    dropped = cr.clean_events(path, "roster", rules={"overlapping_validity": "drop"})
    assert dropped.frame()["households"].tolist() == [900, 500, 500]


@pytest.mark.parametrize(("kind", "rows"), [
    ("roster", ROSTER),
    ("rooms", [["场地编号", "所属单元编号", "启用日期", "注销日期"], ["r1", "101", "2024-01-01", "2025-01-01"], ["r1", "101", "2024-10-01", ""]]),
    ("grids", [["网格编号", "所属单元编号", "生效日期", "失效日期"], ["01", "101", "2024-01-01", "2025-01-01"], ["01", "102", "2024-10-01", ""]]),
])
def test_what_would_be_counted_twice_cannot_be_kept_and_the_message_offers_what_works(tmp_path, kind, rows):
    path = write_csv(tmp_path / "a.csv", rows)
    for rules in ({}, {"overlapping_validity": "keep"}):
        error = refused(path, kind, rules=rules)
        assert [(f.code, f.values["allowed"], f.values["unfit"]) for f in error.failures if f.code == "CR-E11"] == [("CR-E11", "drop, cut", "keep")]
        assert "keep 在这里行不通" in render_error(error, Language.ZH)
        assert "keep leads nowhere here" in render_error(error, Language.EN)


@pytest.mark.parametrize(("kind", "rows"), [
    ("open_hours", [["场地", "星期", "开放时间"], ["r1", "周二", "9:00-12:00"], ["r1", "周二", "11:00-13:00"]]),
    ("grids", [["网格编号", "所属单元编号", "生效日期", "失效日期", "户数"], ["01", "101", "2024-01-01", "2025-01-01", "90"], ["01", "101", "2024-10-01", "", "95"]]),
])
def test_what_is_counted_once_all_the_same_may_be_kept(tmp_path, kind, rows):
    path = write_csv(tmp_path / "a.csv", rows)
    assert [(f.values["allowed"], f.values["unfit"]) for f in refused(path, kind).failures] == [("drop, keep, cut", "")]
    kept = cr.clean_events(path, kind, rules={"overlapping_validity": "keep"})
    assert len(kept.frame()) == 2
    assert "overlapping_validity" in set(kept.findings["rule"])
    if kind == "grids":
        register = UnitRegister.of(steady("101"), kept.frame())
        assert (register.places()["place"] == "01").sum() == 1


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
@pytest.mark.parametrize(
    ("periods", "ends"),
    [
        ([("2020-01-01", ""), ("2021-01-01", "2022-01-01"), ("2023-01-01", "")], ["2021-01-01", "2022-01-01", ""]),
        ([("2020-01-01", ""), ("2021-01-01", ""), ("2023-01-01", "")], ["2021-01-01", "2023-01-01", ""]),
        ([("", "2024-01-01"), ("2021-01-01", "2023-06-01"), ("2023-01-01", "2025-01-01")], ["2021-01-01", "2023-01-01", "2025-01-01"]),
    ],
)
def test_three_periods_are_cut_where_the_next_begins(tmp_path, periods, ends, order):
    rows = [["370102001", "社区", start, end, 900 + i] for i, (start, end) in enumerate(periods)]
    path = write_csv(tmp_path / "a.csv", [ROSTER[0], *(rows[i] for i in order)])
    frame = cr.clean_events(path, "roster", rules={"overlapping_validity": "cut"}).frame().sort_values("households")
    assert ["" if pd.isna(day) else f"{day:%Y-%m-%d}" for day in frame["valid_to"]] == ends
    assert [f"{day:%Y-%m-%d}" for day in frame["valid_from"].dropna()] == [start for start, _ in periods if start]
    clean = write_csv(tmp_path / "b.csv", [ROSTER[0], *(["370102001", "社区", start, end, 900] for (start, _), end in zip(periods, ends, strict=True))])
    assert len(cr.clean_events(clean, "roster").frame()) == 3  # nothing overlaps any more


def test_opening_hours_twice_a_day_do_not_overlap(tmp_path):
    rows = [["场地", "星期", "开放时间"], ["舞蹈室", "周一", "9:00-12:00"], ["舞蹈室", "周一", "14:00-17:00"], ["舞蹈室", "周二", "9:00-12:00"]]
    assert len(cr.clean_events(write_csv(tmp_path / "a.csv", rows), "open_hours").frame()) == 3
    rows.append(["舞蹈室", "周二", "11:00-13:00"])
    assert [f.code for f in refused(write_csv(tmp_path / "b.csv", rows), "open_hours").failures] == ["CR-E11"]


def test_months_without_rows_are_findings(tmp_path):
    rows = [*TICKETS[:2], ["A9", "2025-04-02", "", "投诉", "望海社区"]]
    path = write_csv(tmp_path / "a.csv", rows)
    found = cr.clean_events(path, "tickets").findings.set_index("rule").loc["month_without_rows"]
    assert (found["rows"], found["examples"]) == (2, "2025-02, 2025-03")
    wider = cr.clean_events(path, "tickets", settings=EventSettings(months=("2024-12", "2025-05")))
    assert wider.findings.set_index("rule").loc["month_without_rows", "examples"] == "2024-12, 2025-02, 2025-03, 2025-05"


def test_local_spellings_are_settings(tmp_path):
    settings = EventSettings(values={"type": {"吐槽": "complaint"}})
    frame = cr.clean_events(write_csv(tmp_path / "a.csv", [TICKETS[0], TICKETS[3]]), "tickets", settings=settings).frame()
    assert frame["type"].tolist() == ["complaint"]


def test_rules_that_do_not_exist_are_refused_together(tmp_path):
    path = write_csv(tmp_path / "a.csv", TICKETS)
    error = refused(path, "tickets", rules={"end_before_begin": "drop", "duplicate_id": "clear"})
    assert [f.code for f in error.failures] == ["CR-E08", "CR-E08"]
    assert {name: actions[0] for name, actions in ACTIONS.items() if actions[0] != "refuse"} == {"months_without_rows": "missing"}


def test_a_column_of_codes_that_holds_telephones_is_refused(tmp_path):
    rows = [["工单编号", "受理时间", "诉求类型"], *([f"1380000{i:04d}", "2025-03-01", "投诉"] for i in range(30))]
    assert [f.code for f in refused(write_csv(tmp_path / "a.csv", rows), "tickets").failures] == ["CR-E09"]


def test_telephones_in_columns_of_codes_are_reported_with_all_other_faults(tmp_path):
    phones = [f"1380000{i:04d}" for i in range(30)]
    first = write_csv(tmp_path / "a.csv", [["工单编号", "受理时间", "诉求类型"], *([phone, "2025-03-01", "投诉"] for phone in phones), ["A9", "2025-02-30", "投诉"]])
    second = write_csv(tmp_path / "b.csv", [["单号", "受理时间", "诉求类型"], *([phone, "2025-03-01", "投诉"] for phone in phones)])
    third = write_csv(tmp_path / "c.csv", TICKETS)
    error = refused([first, second, third], "tickets", out=tmp_path / "out")
    assert [f.code for f in error.failures] == ["CR-E09", "CR-E09", "CR-E15", "CR-E12", "CR-E10", "CR-E16", "CR-E14"]
    assert [(f.values["file"], f.values["column"]) for f in error.failures[:2]] == [("a.csv", "工单编号 (ticket_id)"), ("b.csv", "单号 (ticket_id)")]
    assert error.failures[2].values["count"] == 2
    assert not any(phone in render_error(error, "zh") for phone in phones)
    unknown = write_csv(tmp_path / "d.csv", [["甲", "乙"], ["1", "2"]])
    with pytest.raises(SourceError) as both:
        cr.clean_events([second, unknown], "tickets", out=tmp_path / "out")
    assert [f.code for f in both.value.failures] == ["CR-E05", "CR-E09"]
    assert not (tmp_path / "out").exists()


def test_a_column_of_rooms_that_holds_telephones_is_no_column_of_blanks(tmp_path):
    rows = [["场地编号", "日期", "时段"], *([f"1380000{i:04d}", "2025-03-01", "9:00-10:00"] for i in range(30))]
    assert [f.code for f in refused(write_csv(tmp_path / "a.csv", rows), "bookings").failures] == ["CR-E09"]


def test_clock_times_of_settings():
    assert (seconds_of("08:30"), seconds_of("24:00")) == (30_600, 86_400)
    with pytest.raises(ValueError, match="not a clock time"):
        seconds_of("8.30")


@pytest.mark.parametrize("least", [32 << 20, 1])
def test_a_ticket_without_a_number_is_known_by_its_row(tmp_path, monkeypatch, least):
    monkeypatch.setattr("commresearch.cleaning.event_batches.LARGE_BYTES", least)
    rows = [TICKETS[0], TICKETS[1], *(["", "2025-03-01 09:00", "", "投诉", "望海社区"] for _ in range(2)), [" ", "2025-03-02", "", "求助", "望海社区"]]
    table = cr.clean_events(write_csv(tmp_path / "a.csv", rows), "tickets")
    frame = table.frame()
    assert frame["ticket_id"].tolist() == ["A1", *frame["row_id"].iloc[1:]]
    assert frame["ticket_id"].is_unique
    lines = table.log[table.log["rule"] == "id_from_row"]
    assert lines[["variable", "count"]].to_numpy().tolist() == [["ticket_id", 3]]
    found = table.findings.set_index("rule").loc["id_from_row"]
    assert (found["rows"], found["examples"]) == (3, "a.csv [3]; a.csv [4]; a.csv [5]")


def test_of_two_tables_one_has_no_column_of_ids(tmp_path):
    one, two = write_csv(tmp_path / "a.csv", TICKETS[:2]), write_csv(tmp_path / "b.csv", [TICKETS[0][1:], TICKETS[1][1:]])
    for given in ([one, two], cr.read_events([one, two], "tickets")):
        frame = cr.clean_events(given, "tickets").frame()
        assert frame["ticket_id"].tolist() == ["A1", frame["row_id"].iloc[1]]


def test_other_blanks_that_every_row_must_have_are_still_faults(tmp_path):
    grids = write_csv(tmp_path / "g.csv", [["grid_id", "unit_id"], ["", "370102001"], ["0012", ""]])
    assert [(f.code, f.values["column"]) for f in refused(grids, "grids").failures] == [("CR-E16", "grid_id"), ("CR-E16", "unit_id")]
    lost = write_csv(tmp_path / "t.csv", [TICKETS[0], TICKETS[1], ["2.02503E+13", *TICKETS[1][1:]], ["", *TICKETS[6][1:]]])
    assert [(f.code, f.values["count"]) for f in refused(lost, "tickets").failures] == [("CR-E18", 1)]
    bookings = write_csv(tmp_path / "b.csv", [["预约编号", "房间名称", "开始时间", "结束时间"], ["", "书画室", "2025-03-05 09:00", "2025-03-05 10:30"]])
    assert cr.clean_events(bookings, "bookings").frame()["booking_id"].isna().all()


def test_every_kind_takes_its_own_columns_by_name(tmp_path):
    tables = {
        "rooms": {"room": "R1", "unit_id": "370102001", "name": "舞蹈室", "area_m2": "80.5", "room_class": "activity", "valid_from": "2024-01-01"},
        "grids": {"grid_id": "0012", "unit_id": "370102001", "valid_from": "2024-01-01", "valid_to": "", "households": "300", "staff": "1"},
        "lineage": {"old_id": "1", "new_id": "2", "changed_on": "2024-06-01", "kind": "合并", "share": "0.4"},
        "coverage": {"source": "签到", "unit_id": "*", "live_from": "2024-01-01", "live_to": "", "note": "换系统"},
        "programmes": {"unit_id": "1", "from": "2024-01-01", "to": "至今", "kind": "老旧小区改造", "note": ""},
        "rollout": {"unit_id": "1", "start_month": "2024-05", "chosen_by": "抽签", "assigned_level": "社区", "assignment_id": "D1"},
        "counters": {"room": "R1", "start_at": "2025-03-01 09:00", "end_at": "2025-03-01 10:00", "persons": "12"},
    }
    found = {}
    for kind, cells in tables.items():
        table = cr.clean_events(write_csv(tmp_path / f"{kind}.csv", [list(cells), list(cells.values())]), kind)
        found[kind] = table.frame().iloc[0]
    assert found["rooms"]["area_m2"] == 80.5
    assert found["grids"]["grid_id"] == "0012"
    assert (found["lineage"]["kind"], found["lineage"]["share"]) == ("merge", 0.4)
    assert (found["coverage"]["source"], found["coverage"]["unit_id"]) == ("signins", "*")
    assert pd.isna(found["programmes"]["ends_on"])
    assert (found["rollout"]["start_month"].date(), found["rollout"]["chosen_by"]) == (date(2024, 5, 1), "random")
    assert found["counters"]["persons"] == 12
