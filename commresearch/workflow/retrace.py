"""One printed complaint rate taken apart again, from rows of the received files: a way of its own, beside the one that counted it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from commresearch.cleaning.event_contracts import contract_of
from commresearch.cleaning.event_table import EventTable
from commresearch.outcomes import Panel, UnitRegister
from commresearch.outcomes.belongings import BEGINNING, day_of
from commresearch.terms import DataKind

HELP = "help"
COLUMNS = ("row_id", "ticket_id", "received_at", "closed_at", "type", "topic", "status", "place", "is_outside", "is_repeat", "repeat_of", "caller_key")
#: which of several rows with one number and one caller is the ticket: the first received
FIRST = ("received_at", "seconds", "is_undated", "place", "topic", "is_main", "is_marked")
COUNTED = "counted"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RetracedRate:
    """How a rate follows from the rows of a log.

    rows : DataFrame
        row_id, type, place, rule, follows: every row of the place and month with the rule that sets it aside (`counted` where none does); `follows` is the
        row that a repeat within days comes after. Rules in the order in which they are applied.
    readings : DataFrame
        as_of, value, source: readings of the denominator that it was made from, one or two.
    numerator, denominator, rate
        As they follow from these.
    day : date
        The day for which the denominator holds.
    """

    unit_id: str
    month: pd.Timestamp
    rows: pd.DataFrame
    readings: pd.DataFrame
    day: date
    numerator: int
    denominator: float
    rate: float


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


def retrace_complaints(tickets: Sequence[EventTable], register: UnitRegister, panel: Panel, unit: str, month: pd.Timestamp) -> RetracedRate:
    """Count one cell of a panel of complaints again, row by row.

    Parameters
    ----------
    tickets : sequence of EventTable
        The cleaned logs that the panel was made from.
    register : UnitRegister
        Units and places, on the boundaries of the panel.
    panel : Panel
        Its definition says what counts.
    unit, month
        The cell; `median_cell` names one.

    Returns
    -------
    RetracedRate
        `numerator` agrees with the panel where both are right.

    Notes
    -----
    Only the rows of the places of the unit in the month and `repeat_days` before it are read, and those that share a number with one of them.
    """
    choices = panel.definition
    end = month + pd.offsets.MonthBegin(1)
    begin, earliest = (m - pd.Timedelta(days=choices["repeat_days"]) for m in (month, panel.frame["month"].min()))
    places = register.places()
    places = places[places["unit_id"] == unit]
    near = _read(tickets, ("place", sorted(set(places["place"]))), begin, end)
    in_place = near.merge(places, on="place")
    here = (in_place["received_at"] >= in_place["valid_from"]) & (in_place["received_at"] < in_place["valid_to"]) & (in_place["received_at"] >= month)
    rows = in_place[here].sort_values(["received_at", "row_id"], ignore_index=True)[list(COLUMNS)]
    contacts = _contacts(_read(tickets, ("ticket_id", sorted(set(near["ticket_id"]))), earliest, end), panel)
    follows = _follows(contacts[contacts["place"].isin(set(places["place"])) & (contacts["received_at"] >= begin)], choices["repeat_days"])
    rows = rows.assign(rule=_rules(rows, contacts, follows, panel), follows=rows["row_id"].map(follows))
    rows["follows"] = rows["follows"].where(rows["rule"] == "repeat_within_days")
    day = (choices["baseline"] if choices["baseline"] is not None else panel.frame["month"].min().date()) if choices["denominator"] == "baseline" else month.date()
    readings, denominator = _denominator(register, unit, day)
    numerator = int((rows["rule"] == COUNTED).sum())
    return RetracedRate(
        unit_id=unit, month=month, rows=rows[["row_id", "type", "place", "rule", "follows"]], readings=readings, day=day, numerator=numerator,
        denominator=denominator, rate=1_000 * numerator / denominator if denominator else float("nan"),
    )


def _read(tickets: Sequence[EventTable], column: tuple[str, list[str]], begin: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """Rows with one of some values in a column that were received in a span of time."""
    name, values = column
    low, high = begin.to_pydatetime(), end.to_pydatetime()
    wanted = (pc.field(name).isin(pa.array(values, pa.string()))) & (pc.field("received_at") >= low) & (pc.field("received_at") < high)
    parts: list[Any] = []
    for log in tickets:
        if log.table is not None:
            parts.append(log.table.filter(wanted).select(COLUMNS))
        elif log.parquet_files:
            parts.append(parquet.read_table([str(p) for p in log.parquet_files], columns=list(COLUMNS), filters=wanted))
    parts = parts or [contract_of(DataKind.TICKETS).arrow_schema.empty_table().select(COLUMNS)]
    frames: list[pd.DataFrame] = [part.to_pandas() for part in parts]
    return pd.concat(frames, ignore_index=True)


def _contacts(rows: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Rows that may be counted, one for each number and caller: the first received."""
    types, topics = panel.definition["types"], panel.definition["topics"]
    kept = rows[
        rows["type"].isin([*types, HELP]) & (rows["topic"].isin(topics) if topics else True) & ~rows["status"].isin(["withdrawn", "test"])
        & ~_true(rows["is_outside"])
    ]
    seconds = (kept["closed_at"] - kept["received_at"]).dt.total_seconds()
    kept = kept.assign(
        is_main=kept["type"].isin(types), is_marked=_true(kept["is_repeat"]) | (kept["repeat_of"].notna() & (kept["repeat_of"] != kept["ticket_id"])),
        seconds=seconds.where(seconds >= 0), is_undated=(kept["closed_at"].isna() & (kept["status"] == "closed")) | (seconds < 0),
    )
    return kept.sort_values(list(FIRST), na_position="last").drop_duplicates(["ticket_id", "caller_key"])


def _follows(contacts: pd.DataFrame, days: int) -> dict[str, str]:
    """Row → the row before it, of the same caller, topic and place, that it follows within some days."""
    found: dict[str, str] = {}
    named = contacts[contacts["caller_key"].notna() & contacts["is_main"]].sort_values(["received_at", "ticket_id"])
    for _, chain in named.groupby(["caller_key", "topic", "place"], dropna=False, sort=False):
        before = chain.shift()
        close = chain["received_at"] <= before["received_at"] + pd.Timedelta(days=days)
        found |= dict(zip(chain.loc[close, "row_id"], before.loc[close, "row_id"], strict=True))
    return found


def _rules(rows: pd.DataFrame, contacts: pd.DataFrame, follows: dict[str, str], panel: Panel) -> list[str]:
    """For each row the first rule that sets it aside."""
    types, topics = panel.definition["types"], panel.definition["topics"]
    first, marked = set(contacts["row_id"]), set(contacts.loc[contacts["is_marked"], "row_id"])
    rules = []
    for row_id, type_, topic, status, outside in rows[["row_id", "type", "topic", "status", "is_outside"]].itertuples(index=False, name=None):
        if type_ not in types:
            rules.append(f"type_{type_}")
        elif topics and topic not in topics:
            rules.append("other_topic")
        elif status in {"withdrawn", "test"}:
            rules.append(str(status))
        elif outside is True:
            rules.append("outside_area")
        elif row_id not in first:
            rules.append("same_ticket")
        elif row_id in marked:
            rules.append("repeat_marked")
        else:
            rules.append("repeat_within_days" if row_id in follows else COUNTED)
    return rules


def _true(column: "pd.Series[Any]") -> "pd.Series[bool]":
    """Where a truth value is known and true."""
    return column.isin([True])


def _denominator(register: UnitRegister, unit: str, day: date) -> tuple[pd.DataFrame, float]:
    """The readings of households before and after a day, and their value on that day: on the line between them, or that of the only one."""
    spells = register.components[unit]
    own = register.roster[register.roster["unit_id"].astype(str).isin({s.unit for s in spells}) & register.roster["households"].notna()]
    as_of = own["as_of"] if "as_of" in own else pd.Series(pd.NaT, index=own.index)
    source = own["source"] if "source" in own else pd.Series("", index=own.index)
    table = pd.DataFrame({"part": own["unit_id"].astype(str), "as_of": [day_of(d, BEGINNING) for d in as_of], "value": own["households"].astype("float64"), "source": source})
    read = table.drop_duplicates(["part", "as_of"], keep="last")
    whole = []
    days: list[date] = sorted(set(read["as_of"]))
    for when in days:  # a reading counts where every part that there was on its day has one; before or after all of them, as it is
        rows = read[read["as_of"] == when]
        there = {s.unit for s in spells if s.start <= when < s.end} or set(rows["part"])
        if there <= set(rows["part"]):
            whole.append((when, float(rows.loc[rows["part"].isin(there), "value"].sum()), rows["source"].iloc[0]))
    sums = pd.DataFrame(whole, columns=["as_of", "value", "source"])
    if sums.empty:
        return sums, float("nan")
    earlier, later = sums[sums["as_of"] <= day].tail(1), sums[sums["as_of"] > day].head(1)
    if earlier.empty or later.empty:
        only = later if earlier.empty else earlier
        return only.reset_index(drop=True), float(only["value"].iloc[0])
    (start, low), (stop, high) = ((row["as_of"].iloc[0], float(row["value"].iloc[0])) for row in (earlier, later))
    if start == day:
        return earlier.reset_index(drop=True), low
    return pd.concat([earlier, later], ignore_index=True), low + (high - low) * (day - start).days / (stop - start).days
