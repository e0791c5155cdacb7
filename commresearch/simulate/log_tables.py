"""Typed columns of simulated logs and registers: what perfect reading and cleaning of their files gives."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Columns of each kind with their types, in order. Times are naive local time; days are midnights in a frame and dates in Arrow.
TYPED_COLUMNS: Mapping[str, str] = {
    "tickets": "ticket_id:text received_at:time closed_at:time type:text topic:text channel:text status:text place:text is_outside:boolean repeat_of:text "
    "is_repeat:boolean callers:count caller_key:text handling:text is_reached:boolean is_resolved:boolean is_satisfied:boolean",
    "signins": "event_id:text event_at:time place:text home:text is_resident:boolean person_key:text person_tier:text age_low:count age_high:count "
    "age_known_by:text role:text persons:count",
    "bookings": "booking_id:text room:text start_at:time end_at:time headcount:count is_cancelled:boolean is_used:boolean booker_key:text",
    "counters": "room:text start_at:time end_at:time persons:count",
    "rooms": "room:text site:text unit_id:text name:text area_m2:number room_class:text valid_from:day valid_to:day in_service_from:day in_service_to:day",
    "open_hours": "room:text weekday:count open_minute:count close_minute:count valid_from:day valid_to:day",
    "roster": "unit_id:text unit_level:text community_id:text name:text cluster_id:text households:count population:count youth_population:count "
    "area_m2:number valid_from:day valid_to:day source:text as_of:day",
    "grids": "grid_id:text unit_id:text valid_from:day valid_to:day households:count staff:count",
    "lineage": "old_id:text new_id:text changed_on:day kind:text share:number",
    "coverage": "source:text unit_id:text live_from:day live_to:day note:text",
    "programmes": "unit_id:text starts_on:day ends_on:day kind:text note:text",
    "rollout": "unit_id:text start_month:day chosen_by:text assigned_level:text assignment_id:text",
}
#: Types of a frame, where every column may hold missing values.
PANDAS_TYPES = {"text": "str", "time": "datetime64[us]", "day": "datetime64[us]", "boolean": "boolean", "count": "Int64", "number": "float64"}


def typed_frame(kind: str, columns: Mapping[str, Any]) -> pd.DataFrame:
    """A table of a kind in its typed columns, with `row_id` first; what is not given is missing throughout."""
    types = column_types(kind)
    size = len(next(iter(columns.values())))
    given = {name: columns.get(name, pd.Series([None] * size, dtype="object")) for name in types}
    frame = pd.DataFrame({name: pd.Series(values).reset_index(drop=True) for name, values in given.items()})
    frame = frame.astype({name: PANDAS_TYPES[type_] for name, type_ in types.items()})
    frame.insert(0, "row_id", pd.Series([f"{kind}:{i}" for i in range(1, size + 1)], dtype="str"))
    return frame


def frame_of_rows(kind: str, rows: Sequence[Sequence[object]], names: str) -> pd.DataFrame:
    """A table of a kind from rows whose columns are named in a text."""
    return typed_frame(kind, {name: [row[i] for row in rows] for i, name in enumerate(names.split())})


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Rows of a table as named tuples."""
    yield from frame.itertuples(index=False)


def only(rows: Any, values: Any) -> NDArray[Any]:
    """Values (one or as many as rows) where a row is True, missing elsewhere (n,)."""
    mask = np.asarray(rows, dtype=bool)
    found = np.full(len(mask), None, dtype=object)
    found[mask] = np.broadcast_to(np.asarray(values, dtype=object), mask.shape)[mask]
    return found


def column_types(kind: str) -> Mapping[str, str]:
    """Name and type of every column of a kind but `row_id`."""
    return dict(pair.split(":") for pair in TYPED_COLUMNS[kind].split())


def arrow_table(kind: str, frame: pd.DataFrame) -> Any:
    """A table of a kind as an Arrow table (`pyarrow.Table`), days as dates."""
    import pyarrow as pa

    types = {"text": pa.string(), "time": pa.timestamp("us"), "day": pa.date32(), "boolean": pa.bool_(), "count": pa.int64(), "number": pa.float64()}
    schema = pa.schema([("row_id", pa.string()), *((name, types[type_]) for name, type_ in column_types(kind).items())])
    return pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
