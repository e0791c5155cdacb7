"""Complaints and reports: distinct cases by unit and month, with what was excluded, folded and could not be placed."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from commresearch.outcomes.context import ACCOUNT_COLUMNS, Cells, Context
from commresearch.outcomes.engine import Engine, sql_text
from commresearch.outcomes.measures import Measure, long_measures
from commresearch.outcomes.placing import months_astray, with_carried
from commresearch.terms import DataKind, Unit

HELP = "help"
ELIGIBLE = "eligible"
NOT_FOLDED = "repeats_not_folded"  #: contacts of a log in which no caller is told from another
MEASURES = (
    Measure(name="cases", numerator="cases", unit=Unit.COUNT),
    Measure(name="contacts", numerator="contacts", unit=Unit.COUNT),
    Measure(name="callers", numerator="callers", unit=Unit.PERSONS),
    Measure(name="folded_share", numerator="folded", denominator="contacts", unit=Unit.PERCENTAGE_POINTS),
    Measure(name="caller_known_share", numerator="keyed", denominator="contacts", unit=Unit.PERCENTAGE_POINTS),
    Measure(name="cases_with_help", numerator="cases_with_help", unit=Unit.COUNT),
    Measure(name="contacts_with_help", numerator="contacts_with_help", unit=Unit.COUNT),
    Measure(name="cases_without_labelled", numerator="cases_unlabelled", unit=Unit.COUNT),
    Measure(name="contacts_per_1000_households", numerator="contacts", unit=Unit.PER_1000_HOUSEHOLDS),
    Measure(name="cases_with_help_per_1000_households", numerator="cases_with_help", unit=Unit.PER_1000_HOUSEHOLDS),
    Measure(name="cases_without_labelled_per_1000_households", numerator="cases_unlabelled", unit=Unit.PER_1000_HOUSEHOLDS),
    Measure(name="cases_per_10000_residents", numerator="cases", unit=Unit.PER_10000_RESIDENTS),
    Measure(name="resolved_share", numerator="resolved", denominator="asked_resolved", unit=Unit.PERCENTAGE_POINTS),
    Measure(name="satisfied_share", numerator="satisfied", denominator="asked_satisfied", unit=Unit.PERCENTAGE_POINTS),
    Measure(name="closed_in_time_share", numerator="closed_in_time", denominator="timed", unit=Unit.PERCENTAGE_POINTS),
    Measure(name="open_share", numerator="still_open", denominator="timed", unit=Unit.PERCENTAGE_POINTS),
)
#: What is true of a contact, as bits of one number: a log of many millions is carried in few columns.
BITS = (
    "main", "labelled", "undated", "keyed", "asked_resolved", "resolved", "asked_satisfied", "satisfied", "marked", "follows_main", "follows_any",
    "follows_unlabelled",
)
FLAGS = {name: 1 << place for place, name in enumerate(BITS)}
#: a case has, of these, the first alone
FLAGS["of_case"] = FLAGS["main"] + FLAGS["marked"] + FLAGS["follows_main"]
NUMBERS = 2**62  #: callers and tickets are told apart by hashes below it
NEVER = 10**15  #: seconds to the close of a case that is still open: beyond any that was closed, and a tenth of it is, too
#: memory for a contact on its way (only those of callers with several are put in order, and what does not fit is spilled), and its time to close for both percentiles
CONTACT_BYTES = 40 + 2 * 8
DURATIONS = {"median_hours_to_close": "median_hours", "p90_hours_to_close": "p90_hours"}


def cells(engine: Engine, context: Context) -> Cells:
    """Cases, contacts and how they were closed.

    Parameters
    ----------
    engine : Engine
        With the tables of the context.
    context : Context
        Tickets, months, places and the definition.

    Returns
    -------
    Cells
        `numerator` is the number of cases. The account names the tickets of the period that each rule set aside, and those outside it.

    Notes
    -----
    A case is a contact without the official mark of a repeat that does not follow another contact of the same caller, topic and place (as written;
    what is missing counts as equal) within `repeat_days`. Contacts from that many days before the period on are looked at, so that its first days are
    not inflated; of contacts of one second those with the mark come last. Tickets with one number and one caller are one contact, the first received.
    A collective case has the most callers that any copy or repeat of it names. Callers are told apart by 62 bits of a hash of their keys (among n
    callers n² / 2⁶³ pairs share one, and are one caller only where place and topic are equal, too). Where no contact of the log has a caller, repeats
    are folded by the official mark alone: the account says so, and `folded_share` is missing where there is no mark either.

    The median and the ninth decile of the time to close are exact, by rank and linear between ranks, over all cases of the month: one that is still open
    is longer than any that was closed (with every open case followed beyond the median, the estimate of Kaplan and Meier). They are
    missing where the rank falls among open cases. Cases that are closed without a time, or closed before they were received, are left out.
    """
    definition = context.definition
    _lists(engine, context)
    period = {"start": context.start, "end": context.end}
    every_topic = {"all_topics": not definition["topics"]}
    account = engine.query(sql_text("complaints_account", **period, **every_topic)).to_pandas()
    buckets = engine.buckets_for(int(account.loc[account["rule"].isin((ELIGIBLE, f"type_{HELP}")), "events"].sum()), width=CONTACT_BYTES)
    for texts in ("places", "topics"):
        engine.stage(f"complaint_{texts}", _text(texts))
    engine.stage(
        "complaint_contacts",
        _text(
            "contacts", window_start=context.start - timedelta(days=definition["repeat_days"]), end=context.end, buckets=buckets, numbers=NUMBERS,
            **every_topic,
        ),
        splits=buckets,
    )
    engine.stage(
        "complaint_cases", _text("cases", start=context.start, repeat_days=definition["repeat_days"], buckets=buckets), over="complaint_contacts",
        beside={"complaint_several": _text("several")}, splits=buckets,
    )
    follow_up = definition["follow_up_days"]
    engine.stage("complaint_cells", _text("cells", follow_up_seconds=follow_up * 86_400, never=NEVER), over="complaint_cases")
    counts = engine.query("SELECT * FROM complaint_cells ORDER BY unit_id, month").to_pandas()
    unplaced, astray = (engine.query(_text(name)).to_pandas() for name in ("unplaced", "astray"))
    engine.release("complaint_cases")
    can_be_told = bool(counts["keyed"].any() or counts["marked"].any())
    counts["folded"] = counts["contacts"] - counts["cases"] if can_be_told else np.nan
    return Cells(
        cells=counts[["unit_id", "month"]].assign(numerator=counts["cases"].astype("float64"), denominator=np.nan), companions=_companions(counts),
        account=with_carried(_account(account, counts, unplaced), engine, context, DataKind.TICKETS), unplaced=unplaced,
        provisional=_provisional(context, account, follow_up), astray=months_astray(astray),
    )


def _text(name: str, **values: object) -> str:
    return sql_text(f"complaints_{name}", FLAGS, **values)


def _lists(engine: Engine, context: Context) -> None:
    """The types and topics of the definition as tables; requests for help stand beside."""
    types = context.definition["types"]
    listed = [*types, *([] if HELP in types else [HELP])]
    engine.table("ticket_types", pd.DataFrame({"type": pd.Series(listed, dtype="str"), "is_main": [t in types for t in listed]}))
    engine.table("ticket_topics", pd.DataFrame({"topic": pd.Series(list(context.definition["topics"]), dtype="str")}))


def _companions(counts: pd.DataFrame) -> pd.DataFrame:
    durations = [
        counts[["unit_id", "month"]].assign(
            measure=measure, numerator=np.nan, denominator=counts["timed"].astype("float64"), value=counts[column].astype("float64"), unit=str(Unit.HOURS)
        )
        for measure, column in DURATIONS.items()
    ]
    return pd.concat([long_measures(counts, MEASURES), *durations], ignore_index=True)


def _account(account: pd.DataFrame, counts: pd.DataFrame, unplaced: pd.DataFrame) -> pd.DataFrame:
    """How many tickets each rule set aside, the last line being the cases that were counted."""
    judged = dict(zip(account["rule"], account["events"].astype(int), strict=True))
    eligible = judged.pop(ELIGIBLE, 0)
    nowhere, placed = int(unplaced["events"].sum()), int(counts["contacts"].sum())
    marked, cases = int(counts["marked"].sum()), int(counts["cases"].sum())
    order = ["outside_period", *sorted(r for r in judged if r.startswith("type_")), "other_topic", "withdrawn", "test", "outside_area"]
    rows = [(rule, judged[rule]) for rule in order if judged.get(rule)]
    rows += [
        ("same_ticket", eligible - nowhere - placed), ("unplaced", nowhere), ("repeat_marked", marked), ("repeat_within_days", placed - marked - cases),
    ]
    untold = placed if not counts["keyed"].any() else 0
    return pd.DataFrame([*(r for r in rows if r[1]), *([(NOT_FOLDED, untold)] if untold else []), ("counted", cases)], columns=list(ACCOUNT_COLUMNS))


def _provisional(context: Context, account: pd.DataFrame, follow_up_days: int) -> pd.Timestamp | None:
    """The first month in which a case may not yet have been followed for so many days."""
    extract: datetime | pd.Timestamp | None = context.extract_at
    if extract is None:
        extract = pd.concat([account["last_received"], account["last_closed"]]).max()  # nothing is known to have happened later
    if pd.isna(extract):
        return None
    ends = context.months["next_month"] + pd.Timedelta(days=follow_up_days)
    late = context.months["month"][ends > pd.Timestamp(extract)]
    return None if late.empty else pd.Timestamp(late.iloc[0])
