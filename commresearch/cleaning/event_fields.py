"""The headers and words of event logs and registers, read from `data/`."""

from collections.abc import Mapping
from functools import cache

from commresearch.cleaning.event_contracts import contract_of
from commresearch.cleaning.parsed import half_width
from commresearch.cleaning.reference_tables import reference_rows
from commresearch.sources.event_headers import FieldWords, Vocabulary
from commresearch.terms import DataKind

#: fields that together or instead of each other give a column; a column that is not listed is given by the field of its name
FEEDS: Mapping[DataKind, Mapping[str, tuple[str, ...]]] = {
    DataKind.TICKETS: {"received_at": ("received_at", "received_date"), "place": ("place_code", "place"), "ticket_id": ()},
    DataKind.SIGNINS: {"event_id": ("event_code", "event_name"), "event_at": ("event_at", "event_date"), "place": ("place_code", "place")},
    DataKind.BOOKINGS: {"room": ("room_code", "room_name"), "start_at": ("start_at", "date", "period"), "end_at": ("end_at", "period")},
    DataKind.COUNTERS: {"room": ("room_code", "room_name"), "start_at": ("start_at", "date", "period"), "end_at": ("end_at", "period")},
    DataKind.ROOMS: {"room": ("room_code", "name"), "unit_id": ("unit_code", "unit_name")},
    DataKind.OPEN_HOURS: {
        "room": ("room_code", "room_name"), "open_minute": ("open_minute", "period"), "close_minute": ("close_minute", "period"),
    },
    DataKind.GRIDS: {"unit_id": ("unit_code", "unit_name")},
}
#: what the title of a table or the name of its sheet says where no column does
CONTEXT: Mapping[DataKind, str] = {DataKind.SIGNINS: "event_name"}
#: what the title may say of all rows of a table, each with the fields that say the same; and the days and moments that it may say
TITLED: Mapping[DataKind, tuple[tuple[str, ...], ...]] = {DataKind.SIGNINS: (("event_name", "event_code"), ("place", "place_code"))}
DATED: Mapping[DataKind, tuple[str, ...]] = {DataKind.SIGNINS: ("event_date", "event_at")}
#: the column that every entry has and no subtotal; the first that must be there for other kinds
KEYS: Mapping[DataKind, str] = {
    DataKind.TICKETS: "received_at", DataKind.SIGNINS: "event_at", DataKind.BOOKINGS: "start_at", DataKind.COUNTERS: "start_at",
}


#: fields from which an age is taken
AGE_FIELDS = ("national_id", "birth_date", "birth_year", "age", "age_band")


def feeding(kind: DataKind, column: str) -> tuple[str, ...]:
    """Fields that give a typed column, the surest first."""
    if kind is DataKind.SIGNINS and column.startswith("age"):
        return AGE_FIELDS
    return (*FEEDS.get(kind, {}).get(column, ()), column)


@cache
def vocabulary_of(kind: DataKind) -> Vocabulary:
    """Fields of a kind, their known headers, and which of them must be there."""
    rows = [row for row in reference_rows("event_headers") if row["kind"] == kind]
    fields = tuple(FieldWords(name=row["field"], ranks=tuple(tuple(rank.split()) for rank in row["headers"].split("|"))) for row in rows)
    feeds = FEEDS.get(kind, {})
    required = tuple(fed for name in contract_of(kind).required if (fed := feeds.get(name, (name,))))
    return Vocabulary(
        kind=str(kind), fields=fields, required=required, context=CONTEXT.get(kind, ""), titled=TITLED.get(kind, ()), dated=DATED.get(kind, ()),
        key=feeds.get(KEYS.get(kind, ""), required[0]),
    )


@cache
def value_words(column: str) -> Mapping[str, str]:
    """Word, as `plain_word` has it → value, for one column of the table of values; members of a vocabulary are words of their own."""
    return {plain_word(word): row["value"] for row in reference_rows("event_values") if row["column"] == column for word in row["words"].split()}


def plain_word(text: str) -> str:
    """A cell as words are compared: half width, lower case, without blanks."""
    return "".join(half_width(text).lower().split())
