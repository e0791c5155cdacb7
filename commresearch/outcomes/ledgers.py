"""Several ledgers of one kind (hotline and property, a book for every community): months in which one has no row though others have some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from commresearch.cleaning.event_checks import DATED
from commresearch.outcomes.context import Context
from commresearch.outcomes.empty_months import MISSING, months_with_rows, runs_of
from commresearch.outcomes.engine import Engine, ParquetTable
from commresearch.outcomes.live import live_shares
from commresearch.terms import DataKind

LEDGER_WITHOUT_ROWS = "ledger_without_rows"  #: the problem of a panel by this name
SHOWN = 3  #: files by which a ledger is named
#: which units the rows of a ledger lie in
UNITS_OF = {
    kind: f"SELECT DISTINCT p.unit_id FROM {{ledger}} l INNER JOIN places p ON p.place = l.place AND l.{at} >= p.valid_from AND l.{at} < p.valid_to"  # noqa: S608 - names of contracts
    for kind, at in ((DataKind.TICKETS, "received_at"), (DataKind.SIGNINS, "event_at"))
} | dict.fromkeys(
    (DataKind.BOOKINGS, DataKind.COUNTERS),
    "SELECT DISTINCT s.unit_id FROM {ledger} l INNER JOIN room_names n ON n.written = l.room INNER JOIN space_rooms s ON s.room = n.room",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerGap:
    """Months in which one of several ledgers has no row.

    kind, name
        what it is, and its files
    months
        first days of months in which others of the kind have rows
    units
        units that any of its rows lie in; all, where none could be placed
    sources
        its channels as coverage names them; the whole kind, where it does not name every one of them
    """

    kind: DataKind
    name: str
    months: frozenset[pd.Timestamp]
    units: frozenset[str]
    sources: frozenset[str]


def ledger_name(table: ParquetTable) -> str:
    """A ledger by its files."""
    files = list(getattr(table, "provenance", {}).get("files", {}))
    return " + ".join([*files[:SHOWN], *(["…"] if len(files) > SHOWN else [])])


def ledger_gaps(
    engine: Engine, context: Context, ledgers: Mapping[DataKind, Sequence[Any]], rules: Mapping[DataKind, tuple[str, ...]], coverage: pd.DataFrame | None
) -> list[LedgerGap]:
    """What each of several ledgers of a kind lacks, where a month without rows was not said to be zero.

    Parameters
    ----------
    engine : Engine
        With the tables of the context, after the outcome was counted.
    context : Context
        Months and places.
    ledgers : mapping
        Kind → its tables as they were given.
    rules : mapping
        Kind → what a month without rows is ("missing", "zero"), for each of its tables or for all.
    coverage : DataFrame, optional
        Sources, which may name channels.
    """
    found = []
    for kind, tables in ledgers.items():
        stated = rules.get(kind, ())
        each = stated if len(stated) == len(tables) else stated[:1] * len(tables) if len(set(stated)) == 1 else (MISSING,) * len(tables) if stated else ()
        if len(tables) < 2 or kind not in UNITS_OF or MISSING not in each:
            continue
        parts = [_part(engine, kind, table, rule, f"ledger_{kind}_{place}") for place, (table, rule) in enumerate(zip(tables, each, strict=True))]
        wanted = frozenset(context.months["month"]) & frozenset().union(*(part.rows for part in parts))
        for ledger in _one_after_another(parts):
            if MISSING in {part.rule for part in ledger} and (months := wanted.difference(*(part.rows for part in ledger))):
                units = frozenset().union(*(part.units for part in ledger))
                sources = frozenset[str]() if coverage is None else _sources(kind, ledger, coverage)
                found.append(LedgerGap(kind=kind, name=" + ".join(part.name for part in ledger), months=months, units=units, sources=sources))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A table of a kind: its months with rows, its first and last moment (None without rows), the units and channels of its rows (None: no column)."""

    name: str
    rule: str
    rows: frozenset[pd.Timestamp]
    first: datetime | None
    last: datetime | None
    units: frozenset[str]
    channels: frozenset[str] | None


def _part(engine: Engine, kind: DataKind, table: Any, rule: str, name: str) -> _Part:
    engine.table(name, table)
    first, last = (engine.query(f"SELECT {ends}({DATED[kind]}) AS moment FROM {name}").column("moment")[0].as_py() for ends in ("MIN", "MAX"))  # noqa: S608 - names of ours
    channels = None
    if "channel" in engine.columns(name):
        channels = frozenset(engine.query(f"SELECT DISTINCT channel FROM {name} WHERE channel IS NOT NULL").column("channel").to_pylist())  # noqa: S608
    return _Part(
        name=ledger_name(table), rule=rule, rows=months_with_rows(engine, kind, name), first=first, last=last,
        units=frozenset(engine.query(UNITS_OF[kind].format(ledger=name)).column("unit_id").to_pylist()), channels=channels,
    )


def _one_after_another(parts: Sequence[_Part]) -> list[list[_Part]]:
    """Tables of the same channels and places of which one ends before the next begins are one ledger in parts, a file for each year."""
    ledgers: list[list[_Part]] = []
    for part in sorted(parts, key=lambda part: (part.first is None, part.first)):
        earlier = [ledger for ledger in ledgers if _goes_on(ledger[-1], part)]
        if earlier:
            max(earlier, key=lambda ledger: ledger[-1].units == part.units).append(part)
        else:
            ledgers.append([part])
    return ledgers


def _goes_on(before: _Part, after: _Part) -> bool:
    if before.last is None or after.first is None or before.last >= after.first or before.channels != after.channels:
        return False
    return bool(before.units & after.units) or not before.units or not after.units


def _sources(kind: DataKind, ledger: Sequence[_Part], coverage: pd.DataFrame) -> frozenset[str]:
    """The channels of a ledger as sources, if coverage has each of them."""
    stated = set(coverage["source"].astype(str))
    if any(part.channels is None for part in ledger) or not any(source.startswith(f"{kind}:") for source in stated):
        return frozenset()
    own = frozenset(f"{kind}:{channel}" for part in ledger for channel in part.channels or ())
    return own if own <= stated else frozenset()


def told_in_part(frame: pd.DataFrame, gaps: Sequence[LedgerGap], context: Context, coverage: pd.DataFrame | None) -> tuple[np.ndarray, pd.DataFrame]:
    """Which rows of a frame (units by months, in order, with `live`) are sums without one of the ledgers, and these ledgers as problems of a panel."""
    marked, lines = np.zeros(len(frame), dtype=bool), []
    for gap in gaps:
        touched = frame["live"].to_numpy(dtype=bool) & frame["month"].isin(list(gap.months)).to_numpy()
        if gap.units:
            touched &= frame["unit_id"].isin(list(gap.units)).to_numpy()
        if coverage is not None:
            own = coverage[coverage["source"].astype(str).isin(list(gap.sources))] if gap.sources else coverage
            touched &= live_shares(context.register, context.months, own, [gap.kind])["live_share"].to_numpy() > 0
        marked |= touched
        months = [pd.Timestamp(month) for month in frame.loc[touched, "month"].unique()]
        lines += [(LEDGER_WITHOUT_ROWS, gap.name or str(gap.kind), None, begin.date(), end.date()) for begin, end in runs_of(months)]
    return marked, pd.DataFrame(lines, columns=["problem", "place", "unit_id", "valid_from", "valid_to"])
