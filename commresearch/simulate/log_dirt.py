"""Cells and rows of logs that are written in another way than the plain one, each of them on record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.simulate.dirt import PHRASES, SPACES
from commresearch.simulate.log_places import Places
from commresearch.simulate.log_rooms import Rooms
from commresearch.simulate.log_signins import Signins
from commresearch.simulate.log_spec import LogDirt, LogSpec
from commresearch.simulate.log_texts import AS_PLANNED, BAND_LABELS, HOUR_WORDS, booking_texts, clock_text, signin_texts, ticket_texts
from commresearch.simulate.log_tickets import Tickets
from commresearch.simulate.typing_habits import FULL_WIDTH
from commresearch.simulate.wording import fictional_identifiers

Array = NDArray[Any]
DIRT_COLUMNS = ("table", "row_id", "column", "kind", "clean", "dirty", "scope", "recovery")
PLANTED_COLUMNS = ("table", "row_id", "column", "identifier", "value")
#: What a reader can still tell: the value, only with a person's help, or not at all.
RECOVERY: Mapping[str, str] = {
    "place_prefix": "by_person", "place_unknown": "lost", "closed_before": "lost", "age_impossible": "lost", "id_as_number": "lost",
    "hours_reversed": "lost", "duplicate_conflict": "by_person",
}
UNKNOWN_PLACES = ("望洋花园北区", "听松新村", "潮信家园")
IMPOSSIBLE_AGES = ("150", "199", "-3")
CONFLICTING_TOPIC = "其他问题"
MINUTES_OF_DAY = 1440
#: Ways to write a moment down; a day alone is written by the same ways without the time.
STAMP_FORMS: tuple[Callable[[datetime], str], ...] = (
    lambda x: f"{x.year}/{x.month}/{x.day} {x.hour}:{x:%M}",
    lambda x: f"{x.year}年{x.month}月{x.day}日 {x:%H:%M}",
    lambda x: f"{x.year}.{x.month}.{x.day} {x:%H:%M}",
    lambda x: f"{x:%Y-%m-%d %H：%M}",
)
HOUR_FORMS: tuple[Callable[[int, int], str], ...] = (
    lambda a, b: f"{a // 60}:{a % 60:02d}-{_later(b)}{b % MINUTES_OF_DAY // 60}:{b % 60:02d}",
    lambda a, b: f"{clock_text(a)}~{_later(b)}{clock_text(b % MINUTES_OF_DAY)}",
    lambda a, b: f"{clock_text(a)}至{_later(b)}{clock_text(b % MINUTES_OF_DAY)}",
    lambda a, b: f"{clock_text(a)}－{_later(b)}{clock_text(b % MINUTES_OF_DAY)}".replace(":", "："),
    lambda a, b: f"{_oclock(a)}-{_later(b)}{_oclock(b % MINUTES_OF_DAY)}",
)


def _later(end: int) -> str:
    return "次日" if end > MINUTES_OF_DAY else ""


def _oclock(minute: int) -> str:
    return f"{minute // 60}点" + ("" if minute % 60 == 0 else "半" if minute % 60 == 30 else f"{minute % 60}分")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DirtyLogs:
    """Texts of the cells after clerks wrote them, with the record of what is not plain.

    written
        by table (tickets, signins, bookings): texts of the fields, row by row as in the typed table
    """

    written: Mapping[str, pd.DataFrame]
    dirt: pd.DataFrame
    planted: pd.DataFrame


class _Record:
    """Texts of one table, and what was changed in them."""

    def __init__(self, table: str, texts: pd.DataFrame, row_ids: pd.Series, rng: np.random.Generator) -> None:
        self.table, self.texts, self.row_ids, self.rng = table, texts, row_ids.to_numpy(), rng
        self.blocks: list[pd.DataFrame] = []

    def chances(self) -> tuple[Array, Array]:
        """A chance and a variant per row, drawn whatever the rates are."""
        return self.rng.random(len(self.texts)), self.rng.integers(0, 2**20, len(self.texts))

    def write(self, column: str, kind: str, rows: Array, dirty: Sequence[str], *, scope: str = "all") -> None:
        """Put other texts into cells of a column (rows: positions); in a workbook's scope the text stays and only its type is another."""
        at = np.asarray(rows, dtype=np.int64)
        clean = self.texts[column].to_numpy(dtype=object)[at] if column else np.full(len(at), "", dtype=object)
        if scope == "all" and column:
            values = self.texts[column].to_numpy(dtype=object).copy()
            values[at] = list(dirty)
            self.texts[column] = pd.Series(values).astype("str")
        block = {
            "table": self.table, "row_id": self.row_ids[at], "column": column, "kind": kind, "clean": clean, "dirty": list(dirty),
            "scope": scope, "recovery": RECOVERY.get(kind, "exact"),
        }
        self.blocks.append(pd.DataFrame(block, columns=list(DIRT_COLUMNS), index=range(len(at))))

    def frame(self) -> pd.DataFrame:
        """The record of this table."""
        return pd.concat(self.blocks, ignore_index=True)


def draw_log_dirt(spec: LogSpec, places: Places, tickets: Tickets, signins: Signins, rooms: Rooms, rng: np.random.Generator) -> DirtyLogs:
    """Texts of all cells, some of them written in another way; the same random numbers are drawn whatever the rates are."""
    streams = rng.spawn(5)
    ticket = _Record("tickets", ticket_texts(tickets, spec.tickets.described, streams[0]), tickets.table["row_id"], streams[1])
    planted = _dirty_tickets(ticket, spec.dirt, places, tickets)
    signin = _Record("signins", signin_texts(signins), signins.table["row_id"], streams[2])
    _dirty_signins(signin, spec.dirt, places, signins)
    booking = _Record("bookings", booking_texts(rooms, streams[3]), rooms.bookings["row_id"], streams[4])
    _dirty_bookings(booking, spec.dirt, rooms)
    dirt = pd.concat([record.frame() for record in (ticket, signin, booking)], ignore_index=True)
    return DirtyLogs(
        written={record.table: record.texts for record in (ticket, signin, booking)}, dirt=dirt.astype("str"), planted=planted.astype("str"),
    )


def _dirty_tickets(record: _Record, rates: LogDirt, places: Places, tickets: Tickets) -> pd.DataFrame:
    table, texts = tickets.table, record.texts
    for column in ("received_at", "closed_at"):
        _stamps(record, column, table[column], rates)
    chance, variant = record.chances()
    wrong = np.flatnonzero((chance < rates.closed_before) & table["closed_at"].notna().to_numpy() & ~_changed(record, "closed_at"))
    early = [table["received_at"].iloc[i] - timedelta(days=1 + int(variant[i]) % 20) for i in wrong]
    record.write("closed_at", "closed_before", wrong, [f"{moment:%Y-%m-%d %H:%M}" for moment in early])
    inside = ~table["is_outside"].to_numpy(dtype=bool) & table["place"].notna().to_numpy()
    _place_cells(record, rates, places, inside, np.flatnonzero(inside))
    for column in ("type", "status"):
        _spaces(record, column, texts[column].to_numpy(dtype=object) != "", rates.label_spacing)
    chance, variant = record.chances()
    phones = texts["caller_phone"].to_numpy(dtype=object)
    rows = np.flatnonzero((chance < rates.phone_form) & (phones != ""))
    signs = ("-", " ")
    record.write("caller_phone", "phone_form", rows, [signs[variant[i] % 2].join((phones[i][:3], phones[i][3:7], phones[i][7:])) for i in rows])
    planted = _identifiers(record, rates.identifier_in_text)
    chance, _ = record.chances()
    rows = np.flatnonzero(chance < rates.duplicate_row)
    record.write("", "duplicate_row", rows, [""] * len(rows))
    rows = np.flatnonzero((chance >= rates.duplicate_row) & (chance < rates.duplicate_row + rates.duplicate_conflict))
    record.write("", "duplicate_conflict", rows, [CONFLICTING_TOPIC] * len(rows))
    return planted


def _changed(record: _Record, column: str) -> Array:
    """Rows whose cell of a column is not plain already (n,)."""
    done = {row for block in record.blocks if (block["column"] == column).any() for row in block["row_id"].tolist()}
    return np.array([row in done for row in record.row_ids.tolist()], dtype=bool)


def _stamps(record: _Record, column: str, moments: pd.Series, rates: LogDirt, *, rows: Array | None = None, day_only: bool = False) -> None:
    """Times in other forms, and true times in a workbook."""
    chance, variant = record.chances()
    able = moments.notna().to_numpy() & (True if rows is None else np.isin(np.arange(len(moments)), rows))
    other = np.flatnonzero(able & (chance < rates.stamp_form))
    forms = [STAMP_FORMS[variant[i] % len(STAMP_FORMS)](moments.iloc[i]) for i in other]
    record.write(column, "stamp_form", other, [text.rpartition(" ")[0] if day_only else text for text in forms])
    stored = np.flatnonzero(able & (chance >= rates.stamp_form) & (chance < rates.stamp_form + rates.stamp_cell))
    record.write(column, "stamp_cell", stored, record.texts[column].to_numpy(dtype=object)[stored].tolist(), scope="workbook")


def _place_cells(record: _Record, rates: LogDirt, places: Places, able: Array, rows: Array) -> None:
    """Names with spaces or with their subdistrict, codes in full width or stored as numbers, and names that nobody knows."""
    texts = record.texts["place"].to_numpy(dtype=object).copy()
    chance, variant = record.chances()
    streets = {f"{c.name}社区": c.street for c in places.communities}
    streets |= {name: places.communities[origin].street for name, origin in zip(places.grids["estate_name"], places.grids["origin"], strict=True)}
    named = np.array([text in streets for text in texts], dtype=bool)
    able = able & np.isin(np.arange(len(texts)), rows)
    unknown = np.flatnonzero(able & (chance < rates.place_unknown))
    record.write("place", "place_unknown", unknown, [UNKNOWN_PLACES[variant[i] % len(UNKNOWN_PLACES)] for i in unknown])
    varied = able & (chance >= rates.place_unknown) & (chance < rates.place_unknown + rates.place_variant)
    prefix, spaced = np.flatnonzero(varied & named & (variant % 2 == 0)), np.flatnonzero(varied & named & (variant % 2 == 1))
    record.write("place", "place_prefix", prefix, [streets[texts[i]] + texts[i] for i in prefix])
    record.write("place", "place_spacing", spaced, [SPACES[variant[i] % len(SPACES)].format(texts[i]) for i in spaced])
    coded = np.flatnonzero(varied & ~named)
    record.write("place", "place_full_width", coded, [texts[i].translate(FULL_WIDTH) for i in coded])
    after = rates.place_unknown + rates.place_variant
    numbers = np.flatnonzero(able & ~named & (chance >= after) & (chance < after + rates.place_number))
    record.write("place", "place_number", numbers, texts[numbers].tolist(), scope="workbook")


def _spaces(record: _Record, column: str, able: Array, rate: float, kind: str = "label_spacing") -> None:
    chance, variant = record.chances()
    rows = np.flatnonzero(able & (chance < rate))
    texts = record.texts[column].to_numpy(dtype=object)
    record.write(column, kind, rows, [SPACES[variant[i] % len(SPACES)].format(texts[i]) for i in rows])


def _identifiers(record: _Record, rate: float) -> pd.DataFrame:
    """Identifiers of persons in what they say."""
    chance, variant = record.chances()
    kinds = np.array(list(PHRASES), dtype=object)[variant % len(PHRASES)]
    people, planted = record.rng.spawn(1)[0], []
    texts = record.texts["content"].to_numpy(dtype=object)
    for identifier, phrase in PHRASES.items():
        rows = np.flatnonzero((chance < rate) & (kinds == identifier) & (texts != ""))
        values = fictional_identifiers(identifier, len(rows), np.full(len(rows), 40), people)
        record.write("content", "identifier_in_text", rows, [f"{texts[i]}，{phrase.format(v)}" for i, v in zip(rows, values, strict=True)])
        block = {"table": record.table, "row_id": record.row_ids[rows], "column": "content", "identifier": identifier.value, "value": values}
        planted.append(pd.DataFrame(block, columns=list(PLANTED_COLUMNS), index=range(len(rows))))
    return pd.concat(planted, ignore_index=True)


def _dirty_signins(record: _Record, rates: LogDirt, places: Places, signins: Signins) -> None:
    """What belongs to the event is written once for all who came: it goes wrong in the first row of the event, and so in all of them."""
    table, texts = signins.table, record.texts
    first = np.flatnonzero(~table["event_id"].duplicated())
    _stamps(record, "event_at", table["event_at"], rates, rows=first)
    _place_cells(record, rates, places, np.ones(len(table), dtype=bool), first)
    starts = pd.Series(np.where(~table["event_id"].duplicated(), np.arange(len(table)), -1)).cummax().to_numpy()
    for column in ("event_at", "place"):
        record.texts[column] = pd.Series(record.texts[column].to_numpy(dtype=object)[starts]).astype("str")
    chance, variant = record.chances()
    rows = np.flatnonzero((texts["age"].to_numpy(dtype=object) != "") & (chance < rates.age_impossible))
    record.write("age", "age_impossible", rows, [IMPOSSIBLE_AGES[variant[i] % len(IMPOSSIBLE_AGES)] for i in rows])
    chance, _ = record.chances()
    numbers = record.texts["national_id"].to_numpy(dtype=object)
    rows = np.flatnonzero(np.array([text != "" and text.isdigit() for text in numbers], dtype=bool) & (chance < rates.id_as_number))
    record.write("national_id", "id_as_number", rows, [f"{float(numbers[i]):.0f}" for i in rows], scope="workbook")
    chance, _ = record.chances()
    names = record.texts["name"].to_numpy(dtype=object)
    rows = np.flatnonzero((names != "") & (chance < rates.name_spacing))
    record.write("name", "name_spacing", rows, [f"{names[i][0]} {names[i][1:]}" for i in rows])
    young = np.flatnonzero(record.texts["age_band"].to_numpy(dtype=object) == BAND_LABELS[1])
    chance, _ = record.chances()
    rows = young[chance[young] < rates.stamp_form]
    record.write("age_band", "band_word", rows, ["青年"] * len(rows))


def _dirty_bookings(record: _Record, rates: LogDirt, rooms: Rooms) -> None:
    table = rooms.bookings
    day = table["start_at"].dt.normalize()
    _stamps(record, "date", day, rates, day_only=True)
    starts, ends = (((moment - day) // pd.Timedelta(minutes=1)).astype("int64").to_numpy() for moment in (table["start_at"], table["end_at"]))
    chance, variant = record.chances()
    words = np.array([(a, b) in HOUR_WORDS for a, b in zip(starts.tolist(), ends.tolist(), strict=True)], dtype=bool)
    backwards = (chance < rates.hours_reversed) & (ends <= MINUTES_OF_DAY)
    rows = np.flatnonzero(backwards)
    record.write("period", "hours_reversed", rows, [f"{clock_text(ends[i])}-{clock_text(starts[i])}" for i in rows])
    other = ~backwards & (chance < rates.hours_reversed + rates.hours_form)
    rows = np.flatnonzero(other & words & (variant % 4 != 0))
    record.write("period", "hours_word", rows, [HOUR_WORDS[starts[i], ends[i]] for i in rows])
    rows = np.flatnonzero(other & ~(words & (variant % 4 != 0)))
    record.write("period", "hours_form", rows, [HOUR_FORMS[variant[i] % len(HOUR_FORMS)](int(starts[i]), int(ends[i])) for i in rows])
    chance, variant = record.chances()
    heads = record.texts["headcount"].to_numpy(dtype=object)
    rows = np.flatnonzero((heads != "") & (heads != "0") & (chance < rates.headcount_unit))
    record.write("headcount", "headcount_unit", rows, [("{}人", "约{}", "{} 人")[variant[i] % 3].format(heads[i]) for i in rows])
    _spaces(record, "status", record.texts["status"].to_numpy(dtype=object) != AS_PLANNED, rates.label_spacing)
