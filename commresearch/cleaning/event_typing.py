"""One batch of received rows as typed ones: every column read, rows that cannot be right noted or set aside."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commresearch.cleaning.event_batches import without_lost_digits
from commresearch.cleaning.event_cells import (
    blank_codes,
    boolean_cells,
    category_cells,
    code_cells,
    date_cells,
    mended_zeros,
    number_cells,
    text_cells,
)
from commresearch.cleaning.event_contracts import ROW_ID, ColumnType, EventColumn, EventContract
from commresearch.cleaning.event_fields import feeding
from commresearch.cleaning.event_kinds import Work, composite_columns
from commresearch.cleaning.event_names import name_fields
from commresearch.cleaning.event_record import EXAMPLES, Batch, Record
from commresearch.cleaning.event_rules import CLEAR, DROP, LONGEST_NIGHT, NEXT_DAY, REFUSE, EventSettings
from commresearch.cleaning.event_spreading import one_row_per_stretch, one_row_per_weekday
from commresearch.cleaning.personal_names import known_names
from commresearch.terms import DataKind, Identifier

DAY = pa.scalar(86_400_000_000, pa.duration("us"))
HOUR = 3_600_000_000  #: microseconds
AREA, ROOM_CLASS = "平方米", "room_class"


def typed_rows(batch: Batch, contract: EventContract, *, key: bytes | None, settings: EventSettings, record: Record, files: Mapping[str, str]) -> Any:
    """Typed rows of a batch (`pyarrow.Table` in the schema of the contract); what was set aside stands in the record."""
    batch = replace(without_lost_digits(batch, contract), names=_names(batch, contract))
    record.known |= dict.fromkeys(batch.names, str(Identifier.NAME))
    record.headers = _headers(batch, contract) | record.headers
    record.required = frozenset(contract.required)
    record.withheld = set()
    for name, rows in batch.lost.items():
        positions = np.flatnonzero(rows)
        record.finding("lost_digits", name, len(positions), batch.places(positions[:EXAMPLES]))
        record.changed(name, "lost_digits", len(positions))
    record.flagged = np.zeros(batch.n, bool)
    spread, later = _spread(batch, contract, record, settings)
    record.rows_read += spread.n
    work = Work(batch=spread, contract=contract, key=key, settings=settings, record=record, gone={})
    record.flagged = np.zeros(spread.n, bool)
    found = composite_columns(work)
    for column in contract.columns:
        if column.name not in found:
            found[column.name] = _plain_column(work, column)
    found[ROW_ID] = spread.all_row_ids()
    if later.any() and contract.kind is DataKind.BOOKINGS:
        _persons_once(found, later)
    _end_before_start(work, found)
    _blank_room_classes(work, found)
    _missing(work, found)
    table = pa.table([found[name].cast(contract.arrow_schema.field(name).type) for name in contract.names], schema=contract.arrow_schema)
    return _without(table, work, files)


def _names(batch: Batch, contract: EventContract) -> list[str]:
    """Names of persons in the columns of names."""
    found: dict[str, None] = {}
    for field in name_fields(contract.kind):
        if batch.has(field):
            found |= dict.fromkeys(known_names(pd.Series(pd.array(pc.unique(batch.text(field)), dtype="str"))))
    return list(found)


def _headers(batch: Batch, contract: EventContract) -> dict[str, str]:
    """Column → the header that gives it, of those of the first table that has one."""
    found: dict[str, str] = {}
    for column in (*contract.names, "age"):
        headers = (part.fields[name][0] for name in feeding(contract.kind, column) for part in batch.parts if name in part.fields)
        if header := next(headers, ""):
            found[column] = header
    return found


def _spread(batch: Batch, contract: EventContract, record: Record, settings: EventSettings) -> tuple[Batch, NDArray[np.bool_]]:
    """The batch with one row per weekday and stretch of time; and the rows that another one of the same booking stands before."""
    if contract.kind not in {DataKind.OPEN_HOURS, DataKind.BOOKINGS}:
        return batch, np.zeros(batch.n, bool)
    one_day = one_row_per_weekday(batch, record) if contract.kind is DataKind.OPEN_HOURS else batch
    return one_row_per_stretch(one_day, contract.kind, record, settings)


def _persons_once(found: dict[str, Any], later: NDArray[np.bool_]) -> None:
    """Further stretches of a booking: used where its persons say so, and without counting these again."""
    heads, rows = found["headcount"], pa.array(later)
    found["is_used"] = pc.if_else(rows, pc.coalesce(found["is_used"], pc.greater(heads, 0)), found["is_used"])
    found["headcount"] = pc.if_else(pc.and_(rows, heads.is_valid()), 0, heads)


def _plain_column(work: Work, column: EventColumn) -> Any:
    """A column that the field of its own name gives."""
    batch, record, settings, name = work.batch, work.record, work.settings, column.name
    kind = work.contract.arrow_schema.field(name).type
    if not batch.has(name):
        return pa.nulls(batch.n, kind)
    if column.type is ColumnType.CODE:
        codes = mended_zeros(code_cells(batch, name, column, record), batch.number_cells.get(name), record, name)
        return _own_ids(work, column, codes) if name == work.contract.id else codes
    if column.type is ColumnType.TEXT:
        return text_cells(batch, name, column, record)
    if column.type is ColumnType.CATEGORY:
        values, gone = category_cells(batch, name, column, record, settings)
        rule = "unknown_code"
    elif column.type is ColumnType.BOOLEAN:
        values, gone = boolean_cells(batch, name, column, record, settings)
        rule = "unknown_code"
    elif column.type is ColumnType.DATE:
        values, gone = date_cells(batch, name, column, record, settings)
        rule = "unreadable"
    else:
        unit = AREA if name == "area_m2" else ""
        values, gone = number_cells(batch, name, column, record, unit=unit)
        rule = "unreadable"
    work.put_aside(rule, gone)
    return values


def _own_ids(work: Work, column: EventColumn, codes: Any) -> Any:
    """Ids, the place of the row in their stead where one was the number of a person, or is blank though every row must have one.

    A file may lack the column of such ids, and so may a row the id. One that had lost its digits is no blank: it stays a fault.
    """
    batch, name = work.batch, column.name
    if not codes.null_count:
        return codes
    is_blank = blank_codes(batch.text(name))
    missing = np.asarray(codes.is_null())
    rows = missing & ~is_blank
    if column.required:
        blank = missing & is_blank & ~batch.lost.get(name, np.zeros(batch.n, bool))
        positions = np.flatnonzero(blank)
        work.record.finding("id_from_row", name, len(positions), batch.places(positions[:EXAMPLES]))
        work.record.changed(name, "id_from_row", len(positions))
        rows |= blank
    return pc.if_else(pa.array(rows), batch.all_row_ids(), codes) if rows.any() else codes


def _end_before_start(work: Work, found: dict[str, Any]) -> None:
    """Rows that end before they begin: refused, dropped, their end missing, or meant for the day after."""
    contract, record = work.contract, work.record
    if not contract.start or not contract.end:
        return
    start, end = found[contract.start], found[contract.end]
    rows = np.asarray(pc.fill_null(pc.less(end, start), fill_value=False))
    if not rows.any():
        return
    first = pa.array(np.flatnonzero(rows)[:8])
    shown = [f"{a} → {b}" for a, b in zip(start.take(first).to_pylist(), end.take(first).to_pylist(), strict=True)]
    action = record.fault("end_before_start", contract.end, work.batch, rows, shown)
    if action == NEXT_DAY and pa.types.is_timestamp(end.type):
        rows = rows & ~_on_the_next_day(work, found, rows)
        action = DROP
    _without_ends(work, found, "end_before_start", rows, action)


def _on_the_next_day(work: Work, found: dict[str, Any], rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Ends before the start of a day earlier counted to the next day; the rows for which that can be. What is too long for a night is a fault of its own."""
    contract, record = work.contract, work.record
    start, end = found[contract.start], found[contract.end]
    later = pc.add(end, DAY)
    hours = np.asarray(pc.fill_null(pc.subtract(later, start).cast(pa.int64()), 0)) / HOUR
    can_be = rows & (hours > 0)
    long = can_be & (hours > LONGEST_NIGHT)
    first = pa.array(np.flatnonzero(long)[:EXAMPLES])
    shown = [f"{a} → {b}" for a, b in zip(start.take(first).to_pylist(), end.take(first).to_pylist(), strict=True)]
    action = record.fault("long_overnight", contract.end, work.batch, long, shown)
    mended = can_be if action == NEXT_DAY else can_be & ~long
    if mended.any():
        at = int(np.flatnonzero(mended)[0])
        record.changed(contract.end, "end_next_day", int(mended.sum()), f"{start[at]} → {end[at]}")
    found[contract.end] = pc.if_else(pa.array(mended), later, end)
    if action != NEXT_DAY:
        _without_ends(work, found, "long_overnight", long, action)
    return can_be


def _without_ends(work: Work, found: dict[str, Any], rule: str, rows: NDArray[np.bool_], action: str) -> None:
    """Ends that cannot be are missing where that was decided and a row can do without one; else the rows are set aside."""
    name = work.contract.end
    if action == REFUSE or not rows.any():
        return
    if action == CLEAR and not work.contract.column(name).required:
        at = int(np.flatnonzero(rows)[0])
        work.record.changed(name, "end_cleared", int(rows.sum()), f"{found[work.contract.start][at]} → {found[name][at]}")
        found[name] = pc.if_else(pa.array(rows), None, found[name])
    else:
        work.put_aside(rule, rows)


def _blank_room_classes(work: Work, found: dict[str, Any]) -> None:
    """Rooms of no known class: nobody can tell whether their hours belong to the rate, so that somebody has to decide."""
    if work.contract.kind is not DataKind.ROOMS:
        return
    rows = np.asarray(found[ROOM_CLASS].is_null())
    if not rows.any():
        return
    action = work.record.fault("blank_room_class", ROOM_CLASS, work.batch, rows)
    if action == DROP:
        work.put_aside("blank_room_class", rows)
    elif action != REFUSE:
        found[ROOM_CLASS] = pc.fill_null(found[ROOM_CLASS], action)
        work.record.changed(ROOM_CLASS, "room_class_decided", int(rows.sum()), "", action)


def _missing(work: Work, found: Mapping[str, Any]) -> None:
    """Rows without a value that every row must have, but for those whose cell could not be read."""
    already = work.record.flagged.copy() if len(work.record.flagged) == work.batch.n else np.zeros(work.batch.n, bool)
    for rows in work.gone.values():
        already |= rows
    for name in work.contract.required:
        if name in work.record.withheld:
            continue  # refused as a whole
        rows = np.asarray(found[name].is_null()) & ~already
        lost = _lost_digits(work, name) & rows
        for rule, faulty in (("lost_digits", lost), ("missing_value", rows & ~lost)):
            if faulty.any() and work.record.fault(rule, name, work.batch, faulty) == DROP:
                work.put_aside(rule, faulty)


def _lost_digits(work: Work, column: str) -> NDArray[np.bool_]:
    """Rows in which a field that gives a column had lost digits."""
    found = np.zeros(work.batch.n, bool)
    for name in feeding(work.contract.kind, column):
        if name in work.batch.lost:
            found |= work.batch.lost[name]
    return found


def _without(table: Any, work: Work, files: Mapping[str, str]) -> Any:
    """The rows that stay; each of the others has a line in the log, by the first rule that set it aside."""
    gone = np.zeros(table.num_rows, bool)
    for rule, rows in work.gone.items():
        new = rows & ~gone
        work.record.drop(rule, table.column(ROW_ID).take(pa.array(np.flatnonzero(new))).to_pylist(), files)
        gone |= new
    for name in work.contract.required:  # a refused row is counted by its failure, not kept with a hole
        gone |= np.asarray(table.column(name).is_null())
    return table.filter(pa.array(~gone)) if gone.any() else table
