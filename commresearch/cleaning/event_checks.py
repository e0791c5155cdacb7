"""Checks of a whole table: ids that come twice, periods of validity that overlap, rows per person of one booking, months without rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from commresearch.cleaning.event_contracts import ROW_ID, EventContract
from commresearch.terms import DataKind

if TYPE_CHECKING:  # it brings all that finds and masks identifiers, which a panel has no use for
    from commresearch.cleaning.event_record import Record

#: column by whose months a kind is counted
DATED: Mapping[DataKind, str] = {
    DataKind.TICKETS: "received_at", DataKind.SIGNINS: "event_at", DataKind.BOOKINGS: "start_at", DataKind.COUNTERS: "start_at",
}
LATER_STRETCH = r"/(?:[2-9]|[1-9][0-9]+)$"  #: how the id of a row ends that was made of a further stretch of time in one cell
OPEN_START, OPEN_STOP = np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31", "us")


def place_of(row_id: str, files: Mapping[str, str]) -> str:
    """File, sheet and row of a row id, for messages."""
    first, _, rest = row_id.partition(":")
    sheet, _, row = rest.rpartition(":")
    return f"{files.get(first, first)}{f' › {sheet}' if sheet else ''} [{row}]"


def check_table(table: Any, contract: EventContract, *, record: "Record", files: Mapping[str, str], per_person: bool) -> Any:
    """The table without rows that say the same again; faults of several rows together are noted in the record."""
    if per_person:
        table = _one_row_per_booking(table, record, files)
    if contract.id:
        table = _distinct_ids(table, contract, record, files)
    if contract.validity:
        table = _distinct_rows(table, record, files)
        table = _without_overlaps(table, contract, record, files)
    return table


def _one_row_per_booking(table: Any, record: "Record", files: Mapping[str, str]) -> Any:
    """Rows of single persons of one booking as one row with their number; a cancelled row is another booking than a live one.

    A row alone may be one person of a list or somebody who booked for others: it has no number, as nobody wrote one.
    """
    frame = table.to_pandas(date_as_object=True)
    keys = frame["booking_id"].where(frame["booking_id"].notna(), frame["room"] + "|" + frame["start_at"].astype(str) + "|" + frame["end_at"].astype(str))
    keys += np.where(pc.fill_null(table.column("is_cancelled"), fill_value=False), "|cancelled", "")
    sizes = keys.groupby(keys).transform("size")
    if sizes.max() in {0, 1} or not len(frame):
        return table
    later, among = keys.duplicated().to_numpy(), sizes.gt(1).to_numpy()
    record.drop("folded_into_booking", frame.loc[later, ROW_ID].tolist(), files)
    record.changed("headcount", "persons_counted", int((among & ~later).sum()))
    counts = pc.coalesce(table.column("headcount"), pa.array(sizes.to_numpy(dtype=np.int64), mask=~among))
    again = pa.array(among & frame[ROW_ID].str.contains(LATER_STRETCH).to_numpy(dtype=bool))  # the same persons, counted with the first stretch
    own = {
        "is_used": pc.if_else(again, pc.coalesce(table.column("is_used"), pc.greater(counts, 0)), table.column("is_used")),
        "headcount": pc.if_else(again, 0, counts),
    }
    for name, column in own.items():
        table = table.set_column(table.column_names.index(name), table.schema.field(name), column.cast(table.schema.field(name).type))
    return table.filter(pa.array(~later))


def _distinct_ids(table: Any, contract: EventContract, record: "Record", files: Mapping[str, str]) -> Any:
    """One row per id: the same again is folded, something else under the same id is a fault."""
    ids = table.column(contract.id)
    counted = pc.value_counts(ids.drop_null())
    repeated = counted.filter(pc.greater(counted.field("counts"), 1)).field("values")
    if not len(repeated):
        return table
    is_among = np.asarray(pc.fill_null(pc.is_in(ids, value_set=repeated), fill_value=False))
    frame = table.filter(pa.array(is_among)).to_pandas(date_as_object=True)
    positions = np.flatnonzero(is_among)
    same = frame.drop(columns=[ROW_ID]).duplicated().to_numpy()
    gone = np.zeros(table.num_rows, bool)
    record.drop("identical_duplicate", frame.loc[same, ROW_ID].tolist(), files, old=frame.loc[same, contract.id].tolist())
    gone[positions[same]] = True
    rest, places = frame[~same], positions[~same]
    conflicting = rest[contract.id].duplicated(keep=False).to_numpy()
    if conflicting.any():
        shown = [f"{place_of(r, files)} {i}" for r, i in zip(rest.loc[conflicting, ROW_ID], rest.loc[conflicting, contract.id], strict=True)]
        action = record.fault_at("duplicate_id", contract.id, shown)
        keep: Any = {"keep_first": "first", "keep_last": "last"}.get(action, False)
        if action != "refuse":
            losers = conflicting & rest[contract.id].duplicated(keep=keep).to_numpy()
            record.drop("duplicate_id", rest.loc[losers, ROW_ID].tolist(), files, old=rest.loc[losers, contract.id].tolist())
            gone[places[losers]] = True
    return table.filter(pa.array(~gone))


def _distinct_rows(table: Any, record: "Record", files: Mapping[str, str]) -> Any:
    frame = table.to_pandas(date_as_object=True)
    same = frame.drop(columns=[ROW_ID]).duplicated().to_numpy()
    record.drop("identical_duplicate", frame.loc[same, ROW_ID].tolist(), files)
    return table.filter(pa.array(~same)) if same.any() else table


def _without_overlaps(table: Any, contract: EventContract, record: "Record", files: Mapping[str, str]) -> Any:
    """Rows of one thing whose periods overlap: refused, kept, the later one dropped, or the earlier one cut."""
    frame = table.to_pandas(date_as_object=False)
    pairs = list(_overlaps(frame, contract))
    if not pairs:
        return table
    names = [column for column in contract.validity if column != "as_of"]
    shown = [f"{place_of(frame[ROW_ID].iat[b], files)} {'/'.join(str(frame[c].iat[b]) for c in names)} ~ {place_of(frame[ROW_ID].iat[a], files)}" for a, b in pairs]
    action = record.fault_at("overlapping_validity", "valid_from", shown, unfit=() if _can_be_kept(frame, pairs, contract) else ("keep",))
    if action in {"refuse", "keep"}:
        record.finding("overlapping_validity", "valid_from", len(pairs), shown)
        return table
    later = sorted({b for a, b in pairs if action == "drop" or _start(frame, a) == _start(frame, b)})
    if action == "cut":
        ends = frame["valid_to"].to_numpy(copy=True)
        cut: dict[int, np.datetime64] = {}
        for a, b in pairs:  # those of one row come by the beginning of the other: the first ends it
            if b not in later:
                cut.setdefault(a, _start(frame, b))
        for a, day in cut.items():
            ends[a] = min(day, ends[a]) if not np.isnat(ends[a]) else day
        record.changed("valid_to", "validity_cut", len(cut))
        place = table.column_names.index("valid_to")
        table = table.set_column(place, table.schema.field("valid_to"), pa.array(ends.astype("datetime64[D]"), pa.date32()))
    record.drop("overlapping_validity", [frame[ROW_ID].iat[b] for b in later], files)
    keep = np.ones(len(frame), bool)
    keep[later] = False
    return table.filter(pa.array(keep))


def _can_be_kept(frame: pd.DataFrame, pairs: Sequence[tuple[int, int]], contract: EventContract) -> bool:
    """Whether rows that overlap may both stand: opening hours are united, and a grid is in one unit however often that is said. Else a panel counts twice."""
    if contract.kind is DataKind.GRIDS:
        units = frame["unit_id"].tolist()
        return all(units[a] == units[b] for a, b in pairs)
    return contract.kind is DataKind.OPEN_HOURS


def _start(frame: pd.DataFrame, position: int) -> np.datetime64:
    value = frame["valid_from"].to_numpy()[position]
    return OPEN_START if np.isnat(value) else value


def _overlaps(frame: pd.DataFrame, contract: EventContract) -> Iterator[tuple[int, int]]:
    """Positions of two rows of one thing that are valid on one day, the earlier one first; those of one row by the beginning of the later one."""
    first = frame["valid_from"].to_numpy().astype("datetime64[us]")
    last = frame["valid_to"].to_numpy().astype("datetime64[us]")
    first, last = np.where(np.isnat(first), OPEN_START, first), np.where(np.isnat(last), OPEN_STOP, last)
    groups = frame.groupby(list(contract.validity), dropna=False, sort=False).indices
    for members in groups.values():
        ordered = sorted(np.asarray(members).tolist(), key=lambda i: (first[i], last[i]))
        for place, b in enumerate(ordered):
            for a in ordered[:place]:
                if last[a] > first[b] and last[b] > first[a] and _same_hours(frame, contract, a, b):
                    yield a, b


def _same_hours(frame: pd.DataFrame, contract: EventContract, a: int, b: int) -> bool:
    """Opening hours overlap only where their hours do: a room may open in the morning and again in the evening."""
    if contract.kind is not DataKind.OPEN_HOURS:
        return True
    opens, closes = frame["open_minute"].to_numpy(), frame["close_minute"].to_numpy()
    return bool(opens[a] < closes[b] and opens[b] < closes[a])


def months_of(table: Any, contract: EventContract) -> set[str]:
    """Months in which a table has rows, as 2024-01."""
    name = DATED.get(contract.kind)
    if name is None or not table.num_rows:
        return set()
    values = table.column(name).drop_null().to_numpy().astype("datetime64[M]")
    return set(np.unique(values).astype(str).tolist())


def note_empty_months(months: set[str], wanted: tuple[str, str] | None, contract: EventContract, record: "Record") -> None:
    """A finding for months without a row, within those wanted or between the first and the last that have one."""
    if contract.kind not in DATED or not (months or wanted):
        return
    first, last = wanted or (min(months), max(months))
    every = np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 1).astype(str).tolist()
    empty: Sequence[str] = [month for month in every if month not in months]
    if empty:
        record.finding("month_without_rows", DATED[contract.kind], len(empty), [", ".join(empty)])
