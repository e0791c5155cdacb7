"""One row that says several things as several rows: opening hours of 周一至周五, and two stretches of time in one cell (8:30-12:00，13:30-17:30)."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commresearch.cleaning.event_cells import blank_codes, encoded
from commresearch.cleaning.event_kinds import weekdays_of
from commresearch.cleaning.event_record import Batch, Record
from commresearch.cleaning.event_rules import EventSettings
from commresearch.cleaning.event_times import several_stretches
from commresearch.terms import DataKind

#: what may stand between two stretches, behind something that ends one; all other cells are passed over unread
MAY_BE_SEVERAL = r"(?:[:：]\s*\d\d|[点时分半午晚上间天])\s*(?:[,，;；、/／\s]|和|及|与|下午|晚上)|\d\s*[,，;；、和及与]\s*\d"


def one_row_per_weekday(batch: Batch, record: Record) -> Batch:
    """Opening hours with one row per day; where a row names several, all row ids say the day."""
    named = [weekdays_of(text) for text in batch.text("weekday").to_pylist()]
    if all(len(days) <= 1 for days in named):
        return batch
    taken = np.repeat(np.arange(batch.n), [max(1, len(days)) for days in named])
    flat = [day for days in named for day in (days or [0])]
    texts = batch.text("weekday").take(pa.array(taken)).to_pylist()
    weekday = pa.array([str(day) if day else text for day, text in zip(flat, texts, strict=True)], pa.large_string())
    record.changed("weekday", "weekdays_spread", len(taken) - batch.n)
    return _taken(batch, taken, {"weekday": weekday}, pa.array([f"/{day}" for day in flat], pa.string()))


def one_row_per_stretch(batch: Batch, kind: DataKind, record: Record, settings: EventSettings) -> tuple[Batch, NDArray[np.bool_]]:
    """Rows with one stretch of time each, the row ids of those made of one row numbered; and which of them say again what another one says."""
    first_only = np.zeros(batch.n, bool)
    if not batch.has("period"):
        return batch, first_only
    texts, codes = encoded(batch.text("period"))
    suspects = np.flatnonzero(np.asarray(pc.match_substring_regex(pa.array(texts, pa.large_string()), MAY_BE_SEVERAL)))
    found = several_stretches([texts[i] for i in suspects], settings)
    several = {int(i): pieces for i, pieces in zip(suspects, found, strict=True) if pieces}
    if not several:
        return batch, first_only
    sizes = np.ones(len(texts), np.int64)
    sizes[list(several)] = [len(pieces) for pieces in several.values()]
    taken = np.repeat(np.arange(batch.n), sizes[codes])
    number = np.arange(len(taken)) - np.searchsorted(taken, taken)  # the place of a row among those made of one
    is_made = sizes[codes][taken] > 1
    rows = np.flatnonzero(is_made)
    pieces = pa.array([several[int(codes[taken[i]])][number[i]] for i in rows], pa.large_string())
    mask = pa.array(is_made)
    columns = {"period": pc.replace_with_mask(batch.text("period").take(pa.array(taken)), mask, pieces)}
    later = number > 0
    if kind is DataKind.BOOKINGS and batch.has("booking_id"):  # another stretch under the same id would be a contradiction
        ids = batch.text("booking_id").take(pa.array(taken))
        suffix = pa.array([f"/{n + 1}" for n in number[later]], pa.large_string())
        numbered = pc.binary_join_element_wise(ids.filter(pa.array(later)), suffix, pa.scalar("", pa.large_string()))
        columns["booking_id"] = pc.replace_with_mask(ids, pa.array(later), pc.if_else(pa.array(blank_codes(ids.filter(pa.array(later)))), "", numbered))
    first = next(iter(several))
    record.changed("period", "stretches_spread", len(taken) - batch.n, texts[first], "; ".join(several[first]))
    marks = np.full(len(taken), "", object)
    marks[rows] = [f"/{n + 1}" for n in number[rows]]
    return _taken(batch, taken, columns, pa.array(marks, pa.string())), later


def _taken(batch: Batch, taken: NDArray[np.int64], own: dict[str, Any], marks: Any) -> Batch:
    """Rows of a batch, some of them several times, with columns of their own and what is put behind their ids."""
    columns = {name: column.take(pa.array(taken)) for name, column in batch.columns.items() if name not in own} | own
    cells = ({name: cells[taken] for name, cells in some.items()} for some in (batch.number_cells, batch.negated, batch.lost))
    numbers, negated, lost = cells
    whole = marks if batch.marks is None else pc.binary_join_element_wise(batch.marks.take(pa.array(taken)), marks, "")
    return replace(
        batch, columns=columns, owners=batch.owners[taken], rows=batch.rows[taken], number_cells=numbers, negated=negated, lost=lost, marks=whole,
    )
