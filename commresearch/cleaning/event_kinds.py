"""What several received fields say together, kind by kind: when, where, who, how many."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commresearch.cleaning.event_cells import code_cells, encoded, mended_zeros, number_cells, read_column, text_cells, words_of
from commresearch.cleaning.event_contracts import EventColumn, EventContract
from commresearch.cleaning.event_fields import plain_word, value_words
from commresearch.cleaning.event_persons import contact_key, has_person, person_columns, read_ages
from commresearch.cleaning.event_record import Batch, Record
from commresearch.cleaning.event_rules import EventSettings
from commresearch.cleaning.event_times import DAY, Times, moments, no_times, read_times
from commresearch.terms import DataKind

Rows = NDArray[np.bool_]
CANCEL_WORDS = ("取消", "作废", "撤销")
#: what a booking is called before its use, of which it says nothing
BOOKED_STATES = (
    "已预约", "预约", "预约成功", "已预订", "预订", "已通过", "通过", "审核通过", "已审核", "已批准", "同意", "已同意", "已确认", "待确认", "待审核", "待使用", "正常", "有效",
    "booked", "confirmed", "approved", "pending",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Work:
    """One batch being typed: its rows, the contract, key and settings, the record, and the rows that go."""

    batch: Batch
    contract: EventContract
    key: bytes | None
    settings: EventSettings
    record: Record
    gone: dict[str, Rows]

    def put_aside(self, rule: str, rows: Rows) -> None:
        """Rows that go by a rule."""
        if rows.any():
            self.gone[rule] = self.gone[rule] | rows if rule in self.gone else rows

    def column(self, name: str) -> EventColumn:
        """A column of the contract."""
        return self.contract.column(name)

    def unreadable(self, column: str, field: str, rows: Rows) -> None:
        """Cells that cannot be read: a fault, with what they say."""
        if not rows.any():
            return
        texts = self.batch.text(field).take(pa.array(np.flatnonzero(rows)[:8])).to_pylist()
        action = self.record.fault("unreadable", column, self.batch, rows, texts)
        if action == "drop" or (action == "clear" and self.column(column).required):
            self.put_aside("unreadable", rows)


def composite_columns(work: Work) -> dict[str, Any]:
    """Columns that several fields give; all others are read from the field of their name."""
    build = _BUILDERS.get(work.contract.kind)
    return {} if build is None else build(work)


def _times(work: Work, column: str, field: str) -> Times:
    found = read_times(work.batch, field, work.record, work.settings)
    work.unreadable(column, field, found.unreadable)
    return found


def _first_days(*days: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    found = days[0].copy()
    for other in days[1:]:
        gap = np.isnat(found)
        found[gap] = other[gap]
    return found


def _first_numbers(*numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    found = numbers[0].copy()
    for other in numbers[1:]:
        gap = np.isnan(found)
        found[gap] = other[gap]
    return found


def _code_or_name(work: Work, column: str, code: str, name: str) -> Any:
    """A code, else the name as written, tidied."""
    contract = work.column(column)
    names = text_cells(work.batch, name, contract, work.record) if work.batch.has(name) else pa.nulls(work.batch.n, pa.string())
    if not work.batch.has(code):
        return names
    codes = mended_zeros(code_cells(work.batch, code, contract, work.record), work.batch.number_cells.get(code), work.record, column)
    return pc.coalesce(codes, names)


# ── tickets ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _tickets(work: Work) -> dict[str, Any]:
    received = _one_moment(work, "received_at", "received_at", "received_date")
    found = {"received_at": received, "closed_at": _closed(work, received)}
    found["place"] = _code_or_name(work, "place", "place_code", "place")
    found["caller_key"] = contact_key(work.batch, "caller", work.key, work.record, "caller_key")
    found["callers"] = _counted(work, "callers", np.ones(work.batch.n, bool))
    if not work.batch.has("ticket_id"):
        found["ticket_id"] = work.batch.all_row_ids()
        work.record.finding("id_from_row", "ticket_id", work.batch.n)
    return found


def _closed(work: Work, received: Any) -> Any:
    """When tickets were closed; a day alone is its midnight, but never before a receipt on that day: the earliest that can be meant."""
    closed = _times(work, "closed_at", "closed_at") if work.batch.has("closed_at") else no_times(work.batch.n)
    at = moments(closed.day, _first_numbers(closed.start, np.zeros(work.batch.n)))
    is_day = np.isnan(closed.start) & ~np.isnat(closed.day)
    if not is_day.any():
        return at
    same_day = pc.and_(pc.equal(pc.floor_temporal(received, unit="day"), at), pc.less(at, received))
    rows = is_day & np.asarray(pc.fill_null(same_day, fill_value=False))
    if not rows.any():
        return at
    first = int(np.flatnonzero(rows)[0])
    work.record.changed("closed_at", "closed_by_day", int(rows.sum()), work.batch.text("closed_at")[first].as_py(), str(received[first].as_py()))
    return pc.if_else(pa.array(rows), received, at)


def _one_moment(work: Work, column: str, field: str, date_field: str) -> Any:
    """A moment from a field of moments or clock times and a field of days beside it; a day alone is its midnight."""
    own, date = _times(work, column, field), _times(work, column, date_field)
    day = _first_days(own.day, date.day)
    beside = np.where(np.isnat(own.day) | np.isnan(own.start), date.start, np.nan)
    return moments(day, _first_numbers(own.start, beside, np.where(np.isnat(day), np.nan, 0.0)))


def _counted(work: Work, field: str, default_rows: Rows) -> Any:
    """A number of persons, 1 where nothing is said in some rows."""
    if work.batch.has(field):
        counts, gone = number_cells(work.batch, field, work.column(field), work.record, unit="人")
        work.put_aside("unreadable", gone)
    else:
        counts = pa.nulls(work.batch.n, pa.int64())
    return pc.if_else(pc.and_(counts.is_null(), pa.array(default_rows)), 1, counts)


# ── sign-ins ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _signins(work: Work) -> dict[str, Any]:
    batch = work.batch
    own, date = _times(work, "event_at", "event_at"), _times(work, "event_at", "event_date")
    day = _first_days(own.day, date.day)
    seconds = _first_numbers(own.start, date.start, np.where(np.isnat(day), np.nan, 0.0))
    ages, unread = read_ages(batch, day, work.settings)
    known_elsewhere = unread & ~np.isnan(ages.low)
    _age_faults(work, ages.impossible, unread & ~known_elsewhere)
    work.record.told_of("birth_unread", "age", batch, known_elsewhere)
    named = has_person(batch)
    alone = _counted(work, "persons", np.ones(batch.n, bool))
    found = {
        "event_id": _code_or_name(work, "event_id", "event_code", "event_name"), "event_at": moments(day, seconds),
        "place": _code_or_name(work, "place", "place_code", "place"), "home": _code_or_name(work, "home", "home_code", "home"),
        "persons": pc.if_else(pa.array(named), 1, alone),
    }
    return found | person_columns(batch, work.key, work.record, ages.birth_year) | ages.columns()


def _age_faults(work: Work, impossible: Rows, unread: Rows) -> None:
    field = next((f for f in ("age", "birth_date", "birth_year", "age_band", "national_id") if work.batch.has(f)), "age")
    is_told = field not in {"national_id", "birth_date"}  # of those no message shows any
    for rule, rows in (("impossible_age", impossible), ("unreadable", unread)):
        if rows.any():
            texts = work.batch.text(field).take(pa.array(np.flatnonzero(rows)[:8])).to_pylist() if is_told else None
            if work.record.fault(rule, "age", work.batch, rows, texts) == "drop":
                work.put_aside(rule, rows)


# ── rooms: bookings, counters ────────────────────────────────────────────────────────────────────────────────────────────


def _stretch_columns(work: Work) -> dict[str, Any]:
    """Beginning and end from moments, or from a day and clock times, or from a day and a stretch of time."""
    start, end = _times(work, "start_at", "start_at"), _times(work, "end_at", "end_at")
    date, period, end_date = _times(work, "start_at", "date"), _times(work, "start_at", "period"), _times(work, "end_at", "end_date")
    day = _first_days(start.day, date.day, period.day)
    first = _first_numbers(start.start, period.start, date.start)
    last_day = _first_days(end.day, end_date.day, day)
    last = _first_numbers(end.start, start.end, period.end, date.end)
    last_day[np.isnan(end.start)] = _first_days(end_date.day, day)[np.isnan(end.start)]
    return {"start_at": moments(day, first), "end_at": moments(last_day, last)}


def _counters(work: Work) -> dict[str, Any]:
    return _stretch_columns(work) | {"room": _code_or_name(work, "room", "room_code", "room_name")}


def _bookings(work: Work) -> dict[str, Any]:
    batch = work.batch
    found = _stretch_columns(work) | {"room": _code_or_name(work, "room", "room_code", "room_name")}
    found["booker_key"] = contact_key(batch, "booker", work.key, work.record, "booker_key")
    cancelled, used = _booking_states(work)
    for column, rows in (("is_cancelled", cancelled), ("is_used", used)):
        if column not in batch.columns:
            found[column] = rows
    return found


def _booking_states(work: Work) -> tuple[Any, Any]:
    """Whether a booking was cancelled and whether it was used, by its state; a remark tells only that it was cancelled.

    A state from before the use (已预约, 已通过) says nothing of it; one that is not known is a fault.
    """
    batch = work.batch
    texts, codes = encoded(batch.text("status"))
    words = dict.fromkeys(BOOKED_STATES, "") | words_of(work.column("is_used"), work.settings)
    off = words_of(work.column("is_cancelled"), work.settings)
    plain = [plain_word(text) for text in texts]
    is_off = np.array([off.get(text) == "true" or _is_cancelled(text) for text in plain], bool)[codes]
    is_unknown = np.array([bool(text) and text not in words and text not in off and not _is_cancelled(text) for text in plain], bool)[codes]
    if is_unknown.any():
        action = work.record.fault("unknown_code", "is_used", batch, is_unknown, [texts[i] for i in codes[is_unknown][:8]])
        if action == "drop":
            work.put_aside("unknown_code", is_unknown)
    remarks, at = encoded(batch.text("remark"))
    is_off |= np.array([_is_cancelled(text) for text in remarks], bool)[at]
    used = np.array([words.get(text) == "true" for text in plain], bool)[codes]
    unused = np.array([words.get(text) == "false" for text in plain], bool)[codes]
    states = pa.array(used, mask=~(used | unused))
    return pa.array(is_off), states


def _is_cancelled(text: str) -> bool:
    return any(word in text for word in CANCEL_WORDS) and "未取消" not in text


# ── registers ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rooms(work: Work) -> dict[str, Any]:
    names = text_cells(work.batch, "name", work.column("name"), work.record)
    room = _code_or_name(work, "room", "room_code", "name")
    return {"room": room, "name": names, "unit_id": _code_or_name(work, "unit_id", "unit_code", "unit_name")}


def _grids(work: Work) -> dict[str, Any]:
    return {"unit_id": _code_or_name(work, "unit_id", "unit_code", "unit_name")}


def _coverage(work: Work) -> dict[str, Any]:
    """Which source was live: a kind of log, with a channel behind a colon."""
    words = value_words("source")

    def read(texts: list[str]) -> tuple[list[Any], list[str]]:
        parts = [plain_word(text).partition(":") for text in texts]
        known = {str(kind) for kind in DataKind}
        values = [f"{words.get(kind, kind)}{mark}{channel}" for kind, mark, channel in parts]
        rules = ["" if not kind or words.get(kind, kind) in known else "unreadable_label" for kind, _, _ in parts]
        return [value if value and not rule else None for value, rule in zip(values, rules, strict=True)], rules

    column, gone = read_column(work.batch, "source", work.column("source"), work.record, read, fault="unknown_code")
    work.put_aside("unknown_code", gone)
    return {"source": column}


def _open_hours(work: Work) -> dict[str, Any]:
    start, end, period = (_times(work, c, f) for c, f in (("open_minute", "open_minute"), ("close_minute", "close_minute"), ("open_minute", "period")))
    first, last = _first_numbers(start.start, period.start), _first_numbers(end.start, start.end, period.end)
    last = np.where(last <= first, last + DAY, last)
    minutes = {
        name: pa.array(np.where(np.isnan(v), 0, v / 60).astype(np.int64), mask=np.isnan(v)) for name, v in (("open_minute", first), ("close_minute", last))
    }
    return minutes | {"room": _code_or_name(work, "room", "room_code", "room_name"), "weekday": _weekdays(work)}


def _weekdays(work: Work) -> Any:
    """Day of the week, 1 for Monday; rows that name several were made one each before."""
    def read(texts: list[str]) -> tuple[list[Any], list[str]]:
        values = [weekdays_of(text) for text in texts]
        return [v[0] if len(v) == 1 else None for v in values], ["" if len(v) == 1 or not t.strip() else "unreadable_text" for v, t in zip(values, texts, strict=True)]

    column, gone = read_column(work.batch, "weekday", work.column("weekday"), work.record, read)
    work.put_aside("unreadable", gone)
    return column


WEEKDAYS: Mapping[str, int] = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "日": 7, "天": 7} | {str(i): i for i in range(1, 8)}


def weekdays_of(text: str) -> list[int]:
    """Days of the week that a text names: 周一, 星期一至星期五, 周一、三、五, 每天, 工作日, 周末; none where it is no such text."""
    plain = plain_word(text).removesuffix(".0")
    if plain in {"每天", "每日", "全周", "天天", "周一至周日"}:
        return list(range(1, 8))
    if plain in {"工作日", "平日"}:
        return list(range(1, 6))
    if plain in {"周末", "双休日"}:
        return [6, 7]
    bare = plain.replace("星期", "").replace("礼拜", "").replace("周", "")
    found: list[int] = []
    for piece in bare.replace("，", "、").replace(",", "、").replace("和", "、").replace("及", "、").split("、"):
        ends = [WEEKDAYS.get(end, 0) for end in piece.replace("到", "至").replace("-", "至").replace("~", "至").replace("—", "至").split("至")]
        if not all(ends) or len(ends) > 2 or ends[0] > ends[-1]:
            return []
        found += range(ends[0], ends[-1] + 1)
    return sorted(set(found))


_BUILDERS: Mapping[DataKind, Callable[[Work], dict[str, Any]]] = {
    DataKind.TICKETS: _tickets, DataKind.SIGNINS: _signins, DataKind.BOOKINGS: _bookings, DataKind.COUNTERS: _counters, DataKind.ROOMS: _rooms,
    DataKind.GRIDS: _grids, DataKind.OPEN_HOURS: _open_hours, DataKind.COVERAGE: _coverage,
}
