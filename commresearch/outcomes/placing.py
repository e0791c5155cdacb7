"""How far the places of a log could be found: months in which most were not, and events that go on naming a unit by what it was before."""

import pandas as pd

from commresearch.outcomes.context import Context
from commresearch.outcomes.engine import Engine, sql_text
from commresearch.terms import DataKind

#: Percent. Where more than this of a month's events belong to no unit, a unit without any says nothing, and others are too low by nobody knows how
#: much. A smaller part is missing in most hotlines, alike over the months, and stands beside the rate as its share.
MOST = 50.0
TIMES = {DataKind.TICKETS: "received_at", DataKind.SIGNINS: "event_at"}
CARRIED_ON = "carried_on"


def months_astray(found: pd.DataFrame) -> frozenset[pd.Timestamp]:
    """Months in which most events could not be placed.

    Parameters
    ----------
    found : DataFrame
        month, astray (events without a unit), told (all).
    """
    return frozenset(found.loc[100 * found["astray"] > MOST * found["told"], "month"])


def with_carried(account: pd.DataFrame, engine: Engine, context: Context, kind: DataKind) -> pd.DataFrame:
    """The account with a line for the events of the period that name a unit which was merged or renamed, and count for what it became.

    Parameters
    ----------
    account : DataFrame
        rule, events; the line stands before its last one and is no part of its sum.
    kind : DataKind
        Tickets or sign-ins.
    """
    problems = context.register.problems
    carried = problems.loc[problems["problem"] == CARRIED_ON, ["place", "valid_from", "valid_to"]]
    if carried.empty:
        return account
    times = {name: pd.to_datetime(carried[name].astype("str")).astype("datetime64[us]") for name in ("valid_from", "valid_to")}
    engine.table("places_carried", carried.assign(**times).astype({"place": "str"}))
    engine.view("dated_places", f"SELECT place, {TIMES[kind]} AS happened_at FROM {kind}")  # noqa: S608 - names of kinds
    events = int(engine.query(sql_text("places_carried", start=context.start, until=context.end)).column("events")[0].as_py())
    line = pd.DataFrame({"rule": [CARRIED_ON], "events": [events]})
    return pd.concat([account.iloc[:-1], line, account.iloc[-1:]], ignore_index=True) if events else account
