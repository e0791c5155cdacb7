"""One printed complaint rate taken apart again, from rows of the received files: a way of its own, beside the one that counted it."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from commresearch.cleaning.event_table import EventTable
from commresearch.outcomes import Panel, UnitRegister
from commresearch.terms import DataKind
from commresearch.workflow.retraced import COUNTED, RateOfPeople, denominator_day, denominator_on, month_after, read_rows

HELP = "help"
COLUMNS = ("row_id", "ticket_id", "received_at", "closed_at", "type", "topic", "status", "place", "is_outside", "is_repeat", "repeat_of", "caller_key")
#: which of several rows with one number and one caller is the ticket: the first received
FIRST = ("received_at", "seconds", "is_undated", "place", "topic", "is_main", "is_marked")


def retrace_complaints(tickets: Sequence[EventTable], register: UnitRegister, panel: Panel, unit: str, month: pd.Timestamp) -> RateOfPeople:
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
    RateOfPeople
        `rows` also says type, place and follows, the row that a repeat within days comes after; rules in the order in which they are applied.
        `numerator` agrees with the panel where both are right.

    Notes
    -----
    Only the rows of the places of the unit in the month and `repeat_days` before it are read, and those that share a number with one of them.
    """
    choices = panel.definition
    end = month_after(month)
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
    day = denominator_day(panel, month)
    readings, denominator = denominator_on(register, "households", unit, day)
    numerator = int((rows["rule"] == COUNTED).sum())
    return RateOfPeople(
        unit_id=unit, month=month, rows=rows[["row_id", "type", "place", "rule", "follows"]], readings=readings, day=day, numerator=numerator,
        denominator=denominator, rate=1_000 * numerator / denominator if denominator else float("nan"),
    )


def _read(tickets: Sequence[EventTable], column: tuple[str, list[str]], begin: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """Rows with one of some values in a column that were received in a span of time."""
    name, values = column
    low, high = begin.to_pydatetime(), end.to_pydatetime()
    wanted = (pc.field(name).isin(pa.array(values, pa.string()))) & (pc.field("received_at") >= low) & (pc.field("received_at") < high)
    return read_rows(tickets, DataKind.TICKETS, COLUMNS, wanted)


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
    named = contacts[contacts["caller_key"].notna() & contacts["is_main"]].sort_values(["received_at", "is_marked", "ticket_id"])
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
