"""What lesson 2 counts: three registers of a fictional community, small enough to be counted by hand, and what other rules would make of them."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from commresearch.cleaning import clean_events
from commresearch.outcomes import Panel, build_panel
from commresearch.terms import DataKind, Language, Outcome, Unit
from commresearch.words import number, say

COMMUNITY = "听潮社区"
MONTHS = ("2025-04", "2025-04")
HOUSEHOLDS, POPULATION, YOUTH = 500, 1_300, 200
KEY = b"a fictional community has no secrets"
REPEAT_DAYS = 7
ROSTER_DAY = pd.Timestamp("2024-12-31")
LIVE_FROM = pd.Timestamp("2024-01-01")  #: first day of which every register has each single entry
USUAL_STATE, YES = "已办结", "是"
REFERENCE = (510, 1_260)  #: 08:30 to 21:00, in minutes since midnight
#: Opening hours of every day before and after the evening was opened, in minutes since midnight.
OPEN_BEFORE, OPEN_AFTER = (540, 1_020), (540, 1_260)

#: As a ledger has them: number, received, type, topic, caller, state, first ticket, joint callers.
TICKETS = (
    ("GD01", "2025-04-02 09:10", "投诉", "噪声", "L1", "已办结", "", ""),
    ("GD02", "2025-04-05 21:40", "投诉", "噪声", "L1", "已办结", "", ""),
    ("GD03", "2025-04-06 08:30", "求助", "漏水", "L2", "已办结", "", ""),
    ("GD04", "2025-04-08 18:05", "投诉", "停车", "L3", "已办结", "", ""),
    ("GD05", "2025-04-11 22:15", "投诉", "噪声", "L1", "已办结", "", ""),
    ("GD06", "2025-04-12 10:00", "投诉", "电梯", "L4", "已办结", "", "18"),
    ("GD07", "2025-04-13 19:30", "举报", "油烟", "", "已办结", "", ""),
    ("GD08", "2025-04-14 19:45", "举报", "油烟", "", "已办结", "", ""),
    ("GD09", "2025-04-15 07:50", "投诉", "路灯", "L5", "已撤单", "", ""),
    ("GD10", "2025-04-18 11:20", "求助", "漏水", "L6", "已办结", "", ""),
    ("GD11", "2025-04-20 20:10", "投诉", "停车", "L3", "已办结", "", ""),
    ("GD12", "2025-04-28 09:00", "投诉", "垃圾", "L7", "已办结", "GD0319", ""),
)
TICKET_HEADS = ("工单编号", "受理时间", "诉求类型", "诉求主题", "来电人编号", "办理状态", "原工单号", "联名人数")
#: What becomes of each ticket, judged by hand, and which decision that is.
JUDGED: Mapping[str, str] = {
    "GD01": "first", "GD02": "within", "GD03": "help", "GD04": "first", "GD05": "chain", "GD06": "joint", "GD07": "anonymous", "GD08": "anonymous",
    "GD09": "withdrawn", "GD10": "help", "GD11": "after", "GD12": "marked",
}
DECIDED: Mapping[str, str] = {
    "first": "case", "joint": "case", "anonymous": "case", "after": "case", "within": "fold", "chain": "fold", "marked": "fold", "help": "no_complaint",
    "withdrawn": "set_aside",
}
#: Event, time, role, person, month of birth, home, resident, head count.
SIGNINS = (
    ("HD1", "2025-04-12 19:00", "参加", "R1", "1998-07", COMMUNITY, "是", ""),
    ("HD1", "2025-04-12 19:00", "参加", "R2", "2001-11", COMMUNITY, "是", ""),
    ("HD1", "2025-04-12 19:00", "参加", "R3", "1989-08", COMMUNITY, "是", ""),
    ("HD1", "2025-04-12 19:00", "参加", "R4", "1989-02", COMMUNITY, "是", ""),
    ("HD1", "2025-04-12 19:00", "志愿服务", "R5", "1995-09", COMMUNITY, "是", ""),
    ("HD2", "2025-04-19 14:00", "参加", "R1", "1998-07", COMMUNITY, "是", ""),
    ("HD2", "2025-04-19 14:00", "参加", "R2", "2001-11", COMMUNITY, "是", ""),
    ("HD2", "2025-04-19 14:00", "参加", "R6", "2003-03", "外地", "否", ""),
    ("HD2", "2025-04-19 14:00", "参加", "", "", "", "", "6"),
    ("HD3", "2025-04-26 09:30", "参加", "R1", "1998-07", COMMUNITY, "是", ""),
    ("HD3", "2025-04-26 09:30", "参加", "R7", "1992-12", COMMUNITY, "是", ""),
    ("HD3", "2025-04-26 09:30", "仅报名", "R8", "1999-08", COMMUNITY, "是", ""),
)
SIGNIN_HEADS = ("活动编号", "活动时间", "参加身份", "人员编号", "出生年月", "居住社区", "是否常住", "人数")
#: Room, day, from, to, cancelled, used, head count.
BOOKINGS = (
    ("301", "2025-04-03", "09:00", "12:00", "否", "是", "12"),
    ("301", "2025-04-03", "11:00", "14:00", "否", "是", "8"),
    ("301", "2025-04-05", "14:00", "17:00", "否", "否", "0"),
    ("301", "2025-04-08", "18:30", "22:00", "否", "是", "15"),
    ("301", "2025-04-10", "09:00", "12:00", "是", "否", ""),
    ("301", "2025-04-12", "08:00", "17:30", "否", "是", "40"),
    ("201", "2025-04-16", "09:00", "12:00", "否", "是", "6"),
    ("301", "2025-04-19", "13:00", "18:00", "否", "是", "22"),
    ("301", "2025-04-24", "19:00", "21:00", "否", "是", "10"),
    ("301", "2025-04-26", "09:00", "15:30", "否", "是", "30"),
)
BOOKING_HEADS = ("场地编号", "使用日期", "开始时间", "结束时间", "是否取消", "是否使用", "到场人数")
COVERAGE = pd.DataFrame([(source, "*", f"{LIVE_FROM:%Y-%m-%d}", None) for source in ("tickets", "signins", "bookings")], columns=["source", "unit_id", "live_from", "live_to"])


def _said(key: str, **values: object) -> str:
    return say(f"course.lesson_2_{key}", Language.ZH, **values)


# ── the registers as they are shown, and as they are read ────────────────────────────────────────────────────────────────


def ticket_table() -> pd.DataFrame:
    """The ticket ledger of a month: 12 rows of text, with the columns that are needed to count and the rest in one."""
    rows = [(code, _day(at), kind, topic, caller, _rest(*others)) for code, at, kind, topic, caller, *others in TICKETS]
    return pd.DataFrame(rows, columns=_heads("number", "day", "type", "topic", "caller", "rest"))


def _rest(state: str, first: str, joint: str) -> str:
    """What stands in the other columns of a ticket, without what is usual."""
    said = (state if state != USUAL_STATE else "", first and _said("first_ticket", number=first), joint and _said("joint", callers=joint))
    return _said("comma").join(filter(None, said))


def signin_table() -> pd.DataFrame:
    """The sign-in sheet of the same month: 12 rows of text."""
    rows = [
        (event, _day(at), role, person or _said("children", persons=persons), _born(born), resident or "—")
        for event, at, role, person, born, _, resident, persons in SIGNINS
    ]
    return pd.DataFrame(rows, columns=_heads("event", "day", "role", "person", "born", "resident"))


def booking_table() -> pd.DataFrame:
    """The use of two rooms in the same month: 10 rows of text."""
    rows = [
        (room, _day(day), f"{start.lstrip('0')}—{end}", _said("cancelled") if cancelled == YES else _said("came", persons=persons) if used == YES else _said("nobody"))
        for room, day, start, end, cancelled, used, persons in BOOKINGS
    ]
    return pd.DataFrame(rows, columns=_heads("room", "day", "hours", "use"))


def _day(text: str) -> str:
    day = pd.Timestamp(text)
    return _said("day", month=day.month, day=day.day)


def _born(text: str) -> str:
    """A month of birth, or a dash where a row has none."""
    year, _, month = text.partition("-")
    return _said("born", year=year, month=int(month)) if text else "—"


def _heads(*names: str) -> list[str]:
    return [_said(f"head_{name}") for name in names]


def _read(kind: DataKind, heads: Sequence[str], rows: Sequence[Sequence[str]], **place: str) -> pd.DataFrame:
    """A register with the place that its title names, read and cleaned as a file that is received."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{kind}.csv"
        pd.DataFrame(list(rows), columns=list(heads)).assign(**place).to_csv(path, index=False, encoding="utf-8-sig")
        return clean_events(path, kind, pseudonym_key=KEY).frame()


@cache
def _tickets() -> pd.DataFrame:
    return _read(DataKind.TICKETS, TICKET_HEADS, TICKETS, 事发地=COMMUNITY)


@cache
def _signins() -> pd.DataFrame:
    return _read(DataKind.SIGNINS, SIGNIN_HEADS, SIGNINS, 活动地点=COMMUNITY)


@cache
def _bookings() -> pd.DataFrame:
    return _read(DataKind.BOOKINGS, BOOKING_HEADS, BOOKINGS)


def _roster(names: Sequence[str]) -> pd.DataFrame:
    """The same community under several names, one for each way of counting."""
    sizes = {"households": HOUSEHOLDS, "population": POPULATION, "youth_population": YOUTH, "as_of": ROSTER_DAY}
    return pd.DataFrame({"unit_id": list(names), "unit_level": "community", "name": list(names), **sizes})


def _number(panel: Panel, unit: str, measure: str = "", column: str = "") -> float:
    """One number of a unit: of the outcome its numerator, of a companion its value, unless another column is asked for."""
    frame = panel.companion(measure) if measure else panel.frame
    return float(frame.loc[frame["unit_id"] == unit, column or ("value" if measure else "numerator")].iloc[0])


def _count(outcome: Outcome, variants: Mapping[str, pd.DataFrame]) -> Panel:
    """Tickets or sign-ins of one month, and changed copies of them, each as a community of its own."""
    own = {"ticket_id", "event_id"}
    copies = []
    for name, table in variants.items():
        changed: dict[str, Any] = {column: name + table[column] for column in own & set(table.columns)}
        copy = table.assign(place=name, **changed)
        copies.append(copy.assign(home=copy["home"].replace(COMMUNITY, name)) if "home" in copy else copy)
    return build_panel(outcome, pd.concat(copies, ignore_index=True), _roster(list(variants)), None, months=MONTHS, coverage=COVERAGE)


# ── complaints ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def complaints() -> Mapping[str, float]:
    """Counts of the ticket ledger by the rules of the kit and by others.

    Returns
    -------
    mapping
        cases and rate (per 1,000 households and month) by the rules; rows of the ledger; contacts, contact_rate without folding; with_help with requests
        for help; callers persons behind the cases; first_contact with seven days from the first contact of a case; anonymous_folded; withdrawn_too; marks_missed with
        first tickets not looked at; percent of households; per_10000 households.
    """
    table = _tickets()
    changed = {
        "anonymous_folded": table.assign(caller_key=table["caller_key"].fillna("nobody")), "withdrawn_too": table.assign(status="closed"),
        "marks_missed": table.assign(repeat_of=table["repeat_of"].where(table["repeat_of"].isna())),
    }
    panel = _count(Outcome.COMPLAINT_RATE, {COMMUNITY: table} | changed)
    beside = {
        "contacts": "contacts", "contact_rate": "contacts_per_1000_households", "with_help": "cases_with_help", "callers": "callers",
    }
    cases = _number(panel, COMMUNITY)
    return {
        "cases": cases, "rate": _number(panel, COMMUNITY, column="value"), "rows": float(len(table)),
        **{name: _number(panel, COMMUNITY, measure) for name, measure in beside.items()}, **{name: _number(panel, name) for name in changed},
        "first_contact": float(cases_from_first_contact(table)), "percent": 100 * cases / HOUSEHOLDS, "per_10000": 10_000 * cases / HOUSEHOLDS,
    }


def cases_from_first_contact(tickets: pd.DataFrame) -> int:
    """Cases if seven days were counted from the first contact of a case instead of the last one: the other reading of the rule.

    Parameters
    ----------
    tickets : DataFrame
        Typed tickets; only complaints and reports that are neither withdrawn nor marked as repeats.
    """
    wanted = tickets[tickets["type"].isin(["complaint", "report"]) & (tickets["status"] != "withdrawn") & tickets["repeat_of"].isna()].sort_values("received_at")
    opened: dict[tuple[str, str], pd.Timestamp] = {}
    cases = 0
    for caller, topic, at in zip(wanted["caller_key"], wanted["topic"], pd.to_datetime(wanted["received_at"]), strict=True):
        if pd.isna(caller) or (caller, topic) not in opened or at > opened[caller, topic] + pd.Timedelta(days=REPEAT_DAYS):
            opened[caller, topic] = at
            cases += 1
    return cases


def days_between(first: str, second: str) -> int:
    """Whole days from one ticket of the ledger to another, by the calendar."""
    received = {code: pd.Timestamp(at).normalize() for code, at, *_ in TICKETS}
    return (received[second] - received[first]).days


def ticket_answers() -> pd.DataFrame:
    """The ledger again, with what becomes of each row, and 1 where a row opens a case."""
    shown = ticket_table()
    why = [JUDGED[code] for code in shown[_said("head_number")]]
    shown[_said("why")] = [_said(f"ticket_{reason}") for reason in why]
    shown[_said("counts")] = [int(DECIDED[reason] == "case") for reason in why]
    return shown


def ticket_keys() -> tuple[list[str], list[tuple[dict[str, str], str, str, dict[str, str]]]]:
    """The ledger as rows of a workbook: what may be chosen, and for each ticket what stands there, the right choice, why, and a hint for every other choice."""
    choices = {decision: _said(f"decide_{decision}") for decision in dict.fromkeys(DECIDED.values())}
    shown = ticket_table()
    rows = [{str(head): str(cell) for head, cell in row.items()} for row in shown.to_dict("records")]
    why = [JUDGED[code] for code in shown[_said("head_number")]]
    keys = []
    for row, reason in zip(rows, why, strict=True):
        right = DECIDED[reason]
        hints = {text: _said(f"hint_{right}") for decision, text in choices.items() if decision != right}
        keys.append((row, choices[right], _said(f"ticket_{reason}"), hints))
    return list(choices.values()), keys


# ── youth ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def participation() -> Mapping[str, float]:
    """Counts of the sign-in sheet by the rules of the kit and by others.

    Returns
    -------
    mapping
        persons and rate (percent of resident youth) by the rules; times person-times of the same persons, times_rate in percent; rows; codes different persons
        on the sheet; all_times person-times of all that took part, children too; served_times the same with those who helped; year_ages persons if ages were differences of years; serving_too; visitors_too.
    """
    table = _signins()
    ages = pd.to_datetime(table["event_at"]).dt.year - pd.Series([int(born[:4]) if born else pd.NA for *_, born, _, _, _ in SIGNINS], dtype="Int64")
    changed = {
        "year_ages": table.assign(age_low=ages, age_high=ages), "serving_too": table.assign(role=table["role"].replace("serves", "attends")),
        "visitors_too": table.assign(home=COMMUNITY, is_resident=True),
    }
    panel = _count(Outcome.YOUTH_PARTICIPATION, {COMMUNITY: table} | changed)
    times = _number(panel, COMMUNITY, "person_times_in_band")
    return {
        "persons": _number(panel, COMMUNITY), "rate": _number(panel, COMMUNITY, column="value"), "times": times, "times_rate": 100 * times / YOUTH,
        "rows": float(len(table)), "codes": float(table["person_key"].nunique()), "all_times": _number(panel, COMMUNITY, "person_times"),
        "served_times": _number(panel, "serving_too", "person_times"),
        **{name: _number(panel, name) for name in changed},
    }


# ── rooms ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

ROOM_CLASSES = {"301": "activity", "201": "office"}
LATER = "longer hours"  #: the same community with the evening opened


def _rooms(**definition: Any) -> Panel:
    """Room use of the community and of the same with longer opening hours."""
    day, never = pd.Timestamp("2023-01-01"), pd.Series(pd.NaT, index=range(2 * len(ROOM_CLASSES)), dtype="datetime64[us]")
    codes = [(unit, room) for unit in (COMMUNITY, LATER) for room in ROOM_CLASSES]
    rooms = pd.DataFrame({
        "room": [unit + room for unit, room in codes], "unit_id": [unit for unit, _ in codes], "room_class": [ROOM_CLASSES[room] for _, room in codes],
        "area_m2": 60.0, "valid_from": day, "valid_to": never, "in_service_from": never, "in_service_to": never,
    })
    table = _bookings()
    bookings = pd.concat([table.assign(room=unit + table["room"], booking_id=None) for unit in (COMMUNITY, LATER)], ignore_index=True)
    hours = [(unit + room, weekday, *minutes, day, pd.NaT) for unit, minutes in ((COMMUNITY, OPEN_BEFORE), (LATER, OPEN_AFTER)) for room in ROOM_CLASSES for weekday in range(1, 8)]
    opened = pd.DataFrame(hours, columns=["room", "weekday", "open_minute", "close_minute", "valid_from", "valid_to"])
    events = {DataKind.BOOKINGS: bookings, DataKind.ROOMS: rooms, DataKind.OPEN_HOURS: opened}
    return build_panel(Outcome.SPACE_USE, events, _roster([COMMUNITY, LATER]), None, months=MONTHS, coverage=COVERAGE, **definition)


@cache
def rooms() -> Mapping[str, float]:
    """Hours of the room use sheet by the rules of the kit and by others.

    Returns
    -------
    mapping
        used, possible (hours) and rate (percent) by the rules; booked hours and booking_rate; written hours of all rows as they stand; not_united hours if
        overlapping rows were added up; not_clipped hours in the whole day; office_too with the office; open_before and open_after rates of opening hours
        that end at 17:00 and at 21:00, open_hours_before and open_hours_after these hours.
    """
    panel, whole_day = _rooms(), _rooms(open_minute=0, close_minute=1_440)
    table = _bookings()
    written = (table["end_at"] - table["start_at"]).dt.total_seconds() / 3_600
    is_used = table["is_used"].astype("boolean").fillna(value=False) & (table["room"].map(ROOM_CLASSES) == "activity")
    used, not_clipped = _number(panel, COMMUNITY), _number(whole_day, COMMUNITY)
    opened = {
        f"{name}_{when}": _number(panel, unit, "use_of_open_hours", column)
        for when, unit in (("before", COMMUNITY), ("after", LATER)) for name, column in (("open", "value"), ("open_hours", "denominator"))
    }
    return {
        "used": used, "possible": _number(panel, COMMUNITY, column="denominator"), "rate": _number(panel, COMMUNITY, column="value"),
        "booked": _number(panel, COMMUNITY, "booking_rate", "numerator"), "booking_rate": _number(panel, COMMUNITY, "booking_rate"),
        "written": float(written.sum()), "not_united": used + float(written[is_used].sum()) - not_clipped, "not_clipped": not_clipped,
        "office_too": _number(_rooms(room_classes=("activity", "office")), COMMUNITY), **opened,
    }


def hours_by_day() -> str:
    """The used hours of the activity room day by day, overlaps once and within the reference hours, as one sentence lists them."""
    table = _bookings()
    used = table[table["is_used"].astype("boolean").fillna(value=False) & (table["room"].map(ROOM_CLASSES) == "activity")]
    minutes: dict[pd.Timestamp, set[int]] = {}
    for start, end in zip(pd.to_datetime(used["start_at"]), pd.to_datetime(used["end_at"]), strict=True):
        day = start.normalize()
        first, last = (round((at - day).total_seconds() / 60) for at in (start, end))
        minutes.setdefault(day, set()).update(range(max(first, REFERENCE[0]), min(last, REFERENCE[1])))
    return _said("list").join(_said("day_hours", day=day.day, hours=number(len(spent) / 60)) for day, spent in sorted(minutes.items()))


def rules_table(counts: Mapping[str, float], rules: Mapping[str, Unit]) -> pd.DataFrame:
    """What each rule makes of a register: its name, and the number in its unit; the rule of the lesson first."""
    rows = [(_said(f"rule_{rule}"), f"{number(counts[rule])}{say(f'outcomes.unit_{unit}', Language.ZH)}") for rule, unit in rules.items()]
    return pd.DataFrame(rows, columns=[_said("rule"), _said("number")])
