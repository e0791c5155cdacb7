"""What every number that is counted again from the rows of the received files has: the cell, its rows, and the numbers of the roster below it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeAlias

import pandas as pd
import pyarrow.compute as pc
from pyarrow import parquet

from commresearch.cleaning.event_contracts import contract_of
from commresearch.cleaning.event_table import EventTable
from commresearch.outcomes import Panel, UnitRegister
from commresearch.outcomes.belongings import BEGINNING, OPEN_END, day_of
from commresearch.outcomes.lineage import Spell
from commresearch.terms import DataKind

COUNTED = "counted"
READING_COLUMNS = ("as_of", "value", "source")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RetracedRate:
    """How a rate follows from the rows of logs and registers.

    rows : DataFrame
        row_id, rule and what else is shown of a row: every row that concerns the unit and month, with the rule that sets it aside (`counted` where
        none does).
    numerator, denominator, rate
        As they follow from the rows.
    """

    unit_id: str
    month: pd.Timestamp
    rows: pd.DataFrame
    numerator: float
    denominator: float
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateOfPeople(RetracedRate):
    """A rate whose denominator is a number of the roster.

    readings : DataFrame
        as_of (1900-01-01 where no day is written), value, source: readings of the denominator that it was made from, one or two.
    day : date
        The day for which the denominator holds.
    """

    readings: pd.DataFrame
    day: date


def median_cell(panel: Panel) -> tuple[str, pd.Timestamp] | None:
    """The unit and month with the median numerator among those recorded completely that have one, the lower of two in the middle; None where there is none.

    Units and months with equal numerators are ordered by month, then by unit.
    """
    frame = panel.frame
    whole = frame["live"].astype(bool) & ~frame["partial_month"].astype(bool) & ~frame["provisional"].astype(bool) & (frame["value"] > 0)
    found = frame[whole].sort_values(["numerator", "month", "unit_id"], ignore_index=True)
    if found.empty:
        return None
    middle = found.iloc[(len(found) - 1) // 2]
    return str(middle["unit_id"]), pd.Timestamp(middle["month"])


def month_after(month: pd.Timestamp) -> pd.Timestamp:
    """The first moment of the next month."""
    return month + pd.offsets.MonthBegin(1)


def read_rows(logs: Sequence[EventTable], kind: DataKind, columns: Sequence[str], wanted: "pc.Expression") -> pd.DataFrame:
    """The rows of several logs of a kind for which a condition holds, with some of their columns."""
    parts: list[Any] = []
    for log in logs:
        if log.table is not None:
            parts.append(log.table.filter(wanted).select(columns))
        elif log.parquet_files:
            parts.append(parquet.read_table([str(p) for p in log.parquet_files], columns=list(columns), filters=wanted))
    parts = parts or [contract_of(kind).arrow_schema.empty_table().select(columns)]
    frames: list[pd.DataFrame] = [part.to_pandas() for part in parts]
    return pd.concat(frames, ignore_index=True)


# ---------------------------------------------------------------- numbers of the roster


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """A number of the roster: the day it holds on, the day written beside it, and who says so."""

    holds_on: date
    as_of: date
    value: float
    source: str


_Read: TypeAlias = dict[Spell, list[_Reading]]


def denominator_day(panel: Panel, month: pd.Timestamp) -> date:
    """The day whose number of the roster a month is divided by."""
    choices = panel.definition
    if choices["denominator"] != "baseline":
        return month.date()
    return choices["baseline"] if choices["baseline"] is not None else panel.frame["month"].min().date()  # type: ignore[no-any-return]


def denominator_on(register: UnitRegister, column: str, unit: str, day: date) -> tuple[pd.DataFrame, float]:
    """A number of the roster on a day, and the readings that it lies between.

    Parameters
    ----------
    register : UnitRegister
        Units and their roster.
    column : str
        households or youth_population.

    Returns
    -------
    DataFrame, float
        READING_COLUMNS of the readings before and after the day, on the boundaries that the unit had then; and the value on the line between them,
        or that of the only one. No row and NaN where there is none.
    """
    found = sorted(_readings_about(register, column, unit, day), key=lambda r: r.holds_on)
    earlier, later = [r for r in found if r.holds_on <= day][-1:], [r for r in found if r.holds_on > day][:1]
    ends = earlier if earlier and earlier[0].holds_on == day else [*earlier, *later]
    table = pd.DataFrame([(r.as_of, r.value, r.source) for r in ends], columns=list(READING_COLUMNS))
    if len(ends) < 2:
        return table, ends[0].value if ends else float("nan")
    low, high = ends
    return table, low.value + (high.value - low.value) * (day - low.holds_on).days / (high.holds_on - low.holds_on).days


def _readings_about(register: UnitRegister, column: str, unit: str, day: date) -> list[_Reading]:
    """Readings on the boundaries that hold for a day: those of the day of the register, else of the stretch between two changes nearest to it."""
    stretches = {name: _stretches(register, name) for name in register.history.spells}
    read = _read(register.roster, column, stretches)
    if isinstance(register.boundaries, date):
        return _whole(register, stretches, read, unit, register.boundaries)
    told: list[tuple[Spell, list[_Reading]]] = []
    for piece in stretches.get(unit, []):
        own = read.get(piece, [])
        if own or register.history.changes.get(unit):  # not read since its boundaries changed: its parts tell, or nobody
            told.append((piece, own or _whole(register, stretches, read, unit, piece.start)))
    return min(told, key=lambda pair: max((pair[0].start - day).days, (day - pair[0].end).days + 1, 0))[1] if told else []


def _stretches(register: UnitRegister, unit: str) -> list[Spell]:
    """A unit from each change of its boundaries to the next; a register that is only renewed changes nothing."""
    whole: list[Spell] = []
    for spell in sorted(register.history.spells[unit], key=lambda s: s.start):
        goes_on = bool(whole) and spell.start <= whole[-1].end
        last = whole.pop() if goes_on else spell
        whole.append(Spell(unit=unit, start=last.start, end=max(last.end, spell.end)))
    return [piece for spell in whole for piece in register.history.pieces(spell)]


def _read(roster: pd.DataFrame, column: str, stretches: dict[str, list[Spell]]) -> _Read:
    """The readings of each stretch, one for a day: the last of the roster that says so."""
    found: dict[Spell, dict[date, _Reading]] = {}
    if column not in roster:
        return {}
    sources = roster["source"] if "source" in roster else pd.Series("", index=roster.index)
    rows = zip(roster["unit_id"].astype(str), roster["as_of"], roster["valid_from"], roster["valid_to"], roster[column], sources, strict=True)
    for unit, as_of, since, until, value, source in sorted(rows, key=lambda row: day_of(row[1], BEGINNING)):
        day, first, after = day_of(as_of, BEGINNING), day_of(since, BEGINNING), day_of(until, OPEN_END)
        there = [(_into(day, piece), piece) for piece in stretches.get(unit, []) if piece.start < after and first < piece.end]
        if there and not pd.isna(value):
            holds_on, piece = min(there, key=lambda pair: abs((pair[0] - day).days))
            found.setdefault(piece, {})[holds_on] = _Reading(holds_on=holds_on, as_of=day, value=float(value), source="" if pd.isna(source) else str(source))
    return {piece: list(readings.values()) for piece, readings in found.items()}


def _into(day: date, piece: Spell) -> date:
    """The day of a stretch that is nearest to a day."""
    return piece.start if day < piece.start else day if day < piece.end else piece.end - timedelta(days=1)


def _whole(register: UnitRegister, stretches: dict[str, list[Spell]], read: _Read, unit: str, boundaries: date) -> list[_Reading]:
    """What the parts of a unit add up to, on every day on which all the parts that there were are read."""
    shares = {piece: register.history.shares(piece, boundaries).get(unit, 0.0) for pieces in stretches.values() for piece in pieces}
    parts = [piece for piece, share in shares.items() if share or unit in register.history.shares(piece, boundaries)]
    found = []
    for day in sorted({r.holds_on for piece in parts for r in read.get(piece, [])}):
        there = [piece for piece in parts if piece.start <= day < piece.end]
        readings = [next((r for r in read.get(piece, []) if r.holds_on == day), None) for piece in there]
        told = [(piece, r) for piece, r in zip(there, readings, strict=True) if r is not None]
        if len(told) == len(there):
            value = sum(shares[piece] * r.value for piece, r in told)
            found.append(_Reading(holds_on=day, as_of=told[0][1].as_of, value=value, source=told[0][1].source))
    return found
