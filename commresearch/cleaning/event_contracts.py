"""Typed columns of every kind of event log and register: what cleaning delivers and the outcomes count.

Times are naive local time (Asia/Shanghai). Validity is half-open: [valid_from, valid_to), a missing `valid_to` is open. Codes are
text. Every table has `row_id` first: eight digits of the file's hash, sheet, row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pyarrow as pa

from commresearch.errors import CaseError, Failure
from commresearch.terms import DataKind

ROW_ID = "row_id"


class ColumnType(StrEnum):
    """What the values of a typed column are."""

    CODE = "code"
    TEXT = "text"
    CATEGORY = "category"
    TIMESTAMP = "timestamp"
    DATE = "date"
    NUMBER = "number"
    COUNT = "count"
    BOOLEAN = "boolean"


ARROW_TYPES: Mapping[ColumnType, Any] = {
    ColumnType.CODE: pa.string(), ColumnType.TEXT: pa.string(), ColumnType.CATEGORY: pa.string(), ColumnType.TIMESTAMP: pa.timestamp("us"),
    ColumnType.DATE: pa.date32(), ColumnType.NUMBER: pa.float64(), ColumnType.COUNT: pa.int64(), ColumnType.BOOLEAN: pa.bool_(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventColumn:
    """One typed column; `values` is its vocabulary where it is a category, a required one is never missing."""

    name: str
    type: ColumnType
    required: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventContract:
    """The columns of one kind of table, without `row_id`.

    id
        column whose values differ from row to row; "" where rows have no name of their own
    start, end
        columns of which the second may not lie before the first; "" where there are none
    validity
        columns that name what a period of validity belongs to, empty where rows have no validity
    """

    kind: DataKind
    columns: tuple[EventColumn, ...]
    id: str = ""
    start: str = ""
    end: str = ""
    validity: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, `row_id` first."""
        return (ROW_ID, *(column.name for column in self.columns))

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns without which a row cannot be counted."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def arrow_schema(self) -> Any:
        """Schema of the typed Parquet files (`pyarrow.Schema`)."""
        return pa.schema([(ROW_ID, pa.string()), *((column.name, ARROW_TYPES[column.type]) for column in self.columns)])

    def column(self, name: str) -> EventColumn:
        """One column.

        Raises
        ------
        KeyError
            There is no such column (a mistake in the code).
        """
        return next(column for column in self.columns if column.name == name) if name in self.names else _no_column(name)


def _no_column(name: str) -> EventColumn:
    raise KeyError(name)


TICKET_TYPES = ("complaint", "report", "help", "inquiry", "suggestion", "praise", "other")
TICKET_STATUS = ("open", "closed", "withdrawn", "test")
HANDLING = ("unreasonable", "malicious", "uncontrollable")
PERSON_TIERS = ("id", "phone", "name_birth", "none")  #: how a person is told from another, the surest way first
AGE_SOURCES = ("id", "birth_date", "birth_year", "stated", "band")
ROLES = ("attends", "serves", "staff", "operator", "enrolled")
ROOM_CLASSES = ("activity", "office", "corridor", "plant", "tenancy")
UNIT_LEVELS = ("community", "estate", "grid", "site")
ASSIGNED_LEVELS = (*UNIT_LEVELS, "street", "district", "city")
LINEAGE_KINDS = ("merge", "split", "rename", "transfer")
CHOSEN_BY = ("all", "random", "volunteer", "worst", "best", "unknown")


def _columns(type_: ColumnType, names: str, values: tuple[str, ...] = ()) -> tuple[EventColumn, ...]:
    """Columns of one type; a name with ! behind it is required."""
    return tuple(EventColumn(name=name.rstrip("!"), type=type_, required=name.endswith("!"), values=values) for name in names.split())


_C, _T, _K, _M, _D, _N, _I, _B = (
    ColumnType.CODE, ColumnType.TEXT, ColumnType.CATEGORY, ColumnType.TIMESTAMP, ColumnType.DATE, ColumnType.NUMBER, ColumnType.COUNT, ColumnType.BOOLEAN,
)
_VALIDITY = _columns(_D, "valid_from valid_to")

CONTRACTS: Mapping[DataKind, EventContract] = {
    contract.kind: contract
    for contract in (
        EventContract(
            kind=DataKind.TICKETS, id="ticket_id", start="received_at", end="closed_at",
            columns=(
                *_columns(_C, "ticket_id!"), *_columns(_M, "received_at! closed_at"), *_columns(_K, "type!", TICKET_TYPES), *_columns(_T, "topic channel"),
                *_columns(_K, "status", TICKET_STATUS), *_columns(_T, "place"), *_columns(_B, "is_outside"), *_columns(_C, "repeat_of"),
                *_columns(_B, "is_repeat"), *_columns(_I, "callers"), *_columns(_C, "caller_key"), *_columns(_K, "handling", HANDLING),
                *_columns(_B, "is_reached is_resolved is_satisfied"),
            ),
        ),
        EventContract(
            kind=DataKind.SIGNINS,
            columns=(
                *_columns(_T, "event_id!"), *_columns(_M, "event_at!"), *_columns(_T, "place home"), *_columns(_B, "is_resident"), *_columns(_C, "person_key"),
                *_columns(_K, "person_tier", PERSON_TIERS), *_columns(_I, "age_low age_high"), *_columns(_K, "age_known_by", AGE_SOURCES),
                *_columns(_K, "role", ROLES), *_columns(_I, "persons"),
            ),
        ),
        EventContract(
            kind=DataKind.BOOKINGS, id="booking_id", start="start_at", end="end_at",
            columns=(
                *_columns(_C, "booking_id room!"), *_columns(_M, "start_at! end_at!"), *_columns(_I, "headcount"),
                *_columns(_B, "is_cancelled is_used"), *_columns(_C, "booker_key"),
            ),
        ),
        EventContract(
            kind=DataKind.COUNTERS, start="start_at", end="end_at",
            columns=(*_columns(_C, "room!"), *_columns(_M, "start_at! end_at!"), *_columns(_I, "persons!")),
        ),
        EventContract(
            kind=DataKind.ROOMS, start="valid_from", end="valid_to", validity=("room",),
            columns=(
                *_columns(_C, "room!"), *_columns(_T, "site"), *_columns(_C, "unit_id!"), *_columns(_T, "name"), *_columns(_N, "area_m2"),
                *_columns(_K, "room_class", ROOM_CLASSES), *_VALIDITY, *_columns(_D, "in_service_from in_service_to"),
            ),
        ),
        EventContract(
            kind=DataKind.OPEN_HOURS, start="valid_from", end="valid_to", validity=("room", "weekday"),
            columns=(*_columns(_C, "room!"), *_columns(_I, "weekday! open_minute! close_minute!"), *_VALIDITY),
        ),
        EventContract(
            kind=DataKind.ROSTER, start="valid_from", end="valid_to", validity=("unit_id", "as_of"),
            columns=(
                *_columns(_C, "unit_id!"), *_columns(_K, "unit_level!", UNIT_LEVELS), *_columns(_C, "community_id"), *_columns(_T, "name"),
                *_columns(_C, "cluster_id"), *_columns(_I, "households population youth_population"), *_columns(_N, "area_m2"), *_VALIDITY,
                *_columns(_T, "source"), *_columns(_D, "as_of"),
            ),
        ),
        EventContract(
            kind=DataKind.GRIDS, start="valid_from", end="valid_to", validity=("grid_id",),
            columns=(*_columns(_C, "grid_id! unit_id!"), *_VALIDITY, *_columns(_I, "households staff")),
        ),
        EventContract(
            kind=DataKind.LINEAGE,
            columns=(*_columns(_C, "old_id! new_id!"), *_columns(_D, "changed_on!"), *_columns(_K, "kind!", LINEAGE_KINDS), *_columns(_N, "share")),
        ),
        EventContract(
            kind=DataKind.COVERAGE, start="live_from", end="live_to",
            columns=(*_columns(_T, "source!"), *_columns(_C, "unit_id!"), *_columns(_D, "live_from! live_to"), *_columns(_T, "note")),
        ),
        EventContract(
            kind=DataKind.PROGRAMMES, start="starts_on", end="ends_on",
            columns=(*_columns(_C, "unit_id!"), *_columns(_D, "starts_on! ends_on"), *_columns(_T, "kind! note")),
        ),
        EventContract(
            kind=DataKind.ROLLOUT,
            columns=(
                *_columns(_C, "unit_id!"), *_columns(_D, "start_month"), *_columns(_K, "chosen_by!", CHOSEN_BY), *_columns(_K, "assigned_level", ASSIGNED_LEVELS),
                *_columns(_C, "assignment_id"),
            ),
        ),
    )
}


def contract_of(kind: DataKind | str) -> EventContract:
    """The contract of a kind of event log or register.

    Raises
    ------
    CaseError
        There is no such kind, or it is a survey (CR-E01).
    """
    known = {str(found): contract for found, contract in CONTRACTS.items()}
    if str(kind) not in known:
        raise CaseError(Failure(code="CR-E01", values={"got": kind, "known": ", ".join(known)}))
    return known[str(kind)]
