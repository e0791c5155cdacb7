"""Tickets to panel by pandas, by polars and by the SQL of the package on a bare connection, each in the fastest way that its documentation gives."""

import os
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.panel_files import COUNTS, FOLLOW_UP_DAYS, HELP, HOURS, MAIN_TYPES, REPEAT_DAYS, PanelFiles

#: Columns of the tickets that are needed once they are filtered.
COLUMNS = (
    "ticket_id", "received_at", "closed_at", "type", "topic", "status", "place", "repeat_of", "is_repeat", "callers", "caller_key", "handling", "is_reached",
    "is_resolved", "is_satisfied",
)
KEYS = ["unit_id", "month"]
CHAIN = ["caller_key", "topic", "place"]
PRELUDE = ("CREATE MACRO cr_seconds(a, b) AS date_sub('second', a, b)", "CREATE MACRO cr_bucket(t, n) AS CAST(hash(t) % n AS BIGINT)")


def by_pandas(files: PanelFiles) -> Any:
    """Needed columns and rows read by pyarrow, callers put in order once, contacts compared with the row before, grouped by categories and months."""
    import numpy as np
    import pandas as pd
    import pyarrow.compute as pc

    start, end = files.period
    outside, received_at = pc.coalesce(pc.field("is_outside"), pc.scalar(value=False)), pc.field("received_at")
    kinds = pc.field("type").isin([*MAIN_TYPES, HELP]) & ~pc.field("status").isin(["withdrawn", "test"])
    wanted = kinds & ~outside & (received_at >= start - timedelta(days=REPEAT_DAYS)) & (received_at < end)
    tickets = pd.read_parquet(files.events.tickets, columns=list(COLUMNS), filters=wanted, dtype_backend="pyarrow")
    tickets = _without_copies(tickets)
    received = tickets["received_at"].astype("datetime64[us]")
    sums = _judged(tickets, received)
    placed = pd.DataFrame({"place": tickets["place"], "received_at": received, "row": np.arange(len(tickets))})[(received >= start).to_numpy()]
    del tickets
    places = pd.read_parquet(files.table("places"), dtype_backend="pyarrow").astype({"valid_from": "datetime64[us]", "valid_to": "datetime64[us]"})
    placed = placed.merge(places.assign(unit_id=places["unit_id"].astype("category")), on="place")
    placed = placed[(placed["received_at"] >= placed["valid_from"]) & (placed["received_at"] < placed["valid_to"])]
    month = placed["received_at"].to_numpy().astype("datetime64[M]").astype("datetime64[us]")
    return _zero_filled(sums.take(placed["row"].to_numpy()).assign(unit_id=placed["unit_id"].array, month=month), files)


def _without_copies(tickets: Any) -> Any:
    """Tickets with one number and one caller once; callers are looked at only where a number is there twice."""
    import numpy as np

    twice = np.flatnonzero(tickets.duplicated("ticket_id", keep=False))
    again = tickets.iloc[twice].duplicated(["ticket_id", "caller_key"]).to_numpy()
    return tickets.drop(index=tickets.index[twice[again]]).reset_index(drop=True)


def _judged(tickets: Any, received: Any) -> Any:
    """What each contact adds to the sums, and its seconds to the close."""
    import numpy as np
    import pandas as pd

    repeat, reached, resolved, satisfied = (
        tickets[f"is_{name}"].fillna(filled).to_numpy(dtype=bool) for name, filled in (("repeat", False), ("reached", True), ("resolved", False), ("satisfied", False))
    )
    main, labelled, known = tickets["type"].isin(MAIN_TYPES).to_numpy(dtype=bool), tickets["handling"].notna().to_numpy(), tickets["caller_key"].notna()
    unmarked = ~(repeat | (tickets["repeat_of"] != tickets["ticket_id"]).fillna(value=False).to_numpy(dtype=bool))
    closed = tickets["closed_at"].astype("datetime64[us]")
    impossible = (closed < received).to_numpy()
    undated = impossible | (closed.isna() & (tickets["status"] == "closed").fillna(value=False)).to_numpy(dtype=bool)
    seconds = (closed - received).dt.total_seconds().mask(impossible).fillna(np.inf)  # one that is open is longer than any that is closed

    chain = tickets.loc[known, CHAIN].groupby(CHAIN, sort=False, dropna=False).ngroup()
    chains = pd.DataFrame({"chain": chain, "received_at": received[known]})
    chains = chains.sort_values(["chain", "received_at"], kind="stable")  # the files are in the order of the numbers of the tickets

    def follows(among: Any) -> Any:
        rows = chains[among[chains.index]]
        again = (rows["chain"] == rows["chain"].shift()) & (rows["received_at"].diff() <= pd.Timedelta(days=REPEAT_DAYS))
        found = np.zeros(len(tickets), dtype=bool)
        found[again.index[again]] = True
        return found

    every = np.ones(len(tickets), dtype=bool)
    follows_main = follows(main)
    case = main & unmarked & ~follows_main
    callers = _most_callers(chains, main, follows_main, tickets["callers"].fillna(1).to_numpy(dtype=np.int64))
    timed = case & ~undated
    asked_resolved, asked_satisfied = (case & reached & tickets[name].notna().to_numpy() for name in ("is_resolved", "is_satisfied"))
    return pd.DataFrame(
        {
            "contacts": main, "cases": case, "contacts_with_help": every, "cases_with_help": unmarked & ~follows(every),
            "cases_unlabelled": main & ~labelled & unmarked & ~follows(main & ~labelled),
            "callers": callers * case,
            "asked_resolved": asked_resolved, "resolved": asked_resolved & resolved, "asked_satisfied": asked_satisfied, "satisfied": asked_satisfied & satisfied,
            "timed": timed, "still_open": timed & np.isinf(seconds), "closed_in_time": timed & (seconds <= FOLLOW_UP_DAYS * 86_400), "seconds": seconds,
        }
    )


def _most_callers(chains: Any, main: Any, follows_main: Any, callers: Any) -> Any:
    """The most callers that a contact of the same case names; only chains in which one names several are looked at."""
    several = chains.loc[callers[chains.index] > 1, "chain"].unique()
    rows = chains[chains["chain"].isin(several)]
    named, of_type = callers[rows.index], main[rows.index]
    case = (of_type & ~follows_main[rows.index]).cumsum()  # a chain begins with a new case, or with contacts of another type
    most = rows.assign(case=case, named=named * of_type).groupby(["chain", "case"], sort=False)["named"].transform("max")
    found = callers.copy()
    found[rows.index[of_type]] = most.to_numpy()[of_type]
    return found


def _zero_filled(rows: Any, files: PanelFiles) -> Any:
    """Sums and percentiles by unit and month, in every cell of the panel."""
    import numpy as np
    import pandas as pd

    counts = rows.groupby(KEYS, observed=True, sort=False)[list(COUNTS)].sum()
    ranks = rows.loc[rows["timed"], [*KEYS, "seconds"]].groupby(KEYS, observed=True, sort=False)["seconds"].quantile([0.5, 0.9]).unstack()
    hours = (ranks.where(np.isfinite(ranks)) / 3600).set_axis(list(HOURS), axis=1)
    cells = pd.read_parquet(files.table("cells"))
    filled = cells.merge(counts.join(hours).reset_index().astype({"unit_id": "str"}), on=KEYS, how="left")
    return filled.fillna(dict.fromkeys(COUNTS, 0))


def by_polars(files: PanelFiles) -> Any:
    """Lazy queries on the streaming engine; what several of them read is collected, or it would be made for each."""
    import polars as pl

    start, end = files.period
    received, case, known = pl.col("received_at"), pl.col("cases"), pl.col("known")
    main, labelled, unmarked = pl.col("main"), pl.col("labelled"), ~pl.col("marked")
    subsets = {"before_main": main, "before_any": pl.lit(value=True), "before_unlabelled": main & ~labelled}
    previous = {name: pl.when(among).then(received).shift(1).forward_fill().over(CHAIN, order_by=["received_at", "ticket_id"]) for name, among in subsets.items()}

    def alone(name: str) -> pl.Expr:
        return ~(received <= pl.col(name) + pl.duration(days=REPEAT_DAYS)).fill_null(value=False)

    contacts = _contacts(files, start - timedelta(days=REPEAT_DAYS), end).collect(engine="streaming").lazy()
    # Contacts of nobody in particular are each of their own; a chain of them all would be put in order for nothing.
    none = [pl.lit(None, pl.Datetime("us")).alias(name) for name in previous]
    named = contacts.filter(known)
    several = named.filter(pl.col("callers") > 1).select(CHAIN).unique()
    ordered = named.with_columns(**previous).collect(engine="streaming").lazy()
    begins = (main & alone("before_main")).cum_sum().over(CHAIN, order_by=["received_at", "ticket_id"])
    most = pl.when(main).then(pl.col("callers")).max().over([*CHAIN, "case"])
    collective = ordered.join(several, on=CHAIN, how="semi", nulls_equal=True).with_columns(case=begins).with_columns(callers=most).drop("case")
    rest = ordered.join(several, on=CHAIN, how="anti", nulls_equal=True)
    chained = pl.concat([collective, rest, contacts.filter(~known).with_columns(none)])
    cases = (
        chained.filter(received >= start)
        .with_columns(
            (main & unmarked & alone("before_main")).alias("cases"), (unmarked & alone("before_any")).alias("cases_with_help"),
            (main & ~labelled & unmarked & alone("before_unlabelled")).alias("cases_unlabelled"),
        )
        .join(pl.scan_parquet(files.table("places")), on="place")
        .filter((received >= pl.col("valid_from")) & (received < pl.col("valid_to")))
        .with_columns(received.dt.truncate("1mo").alias("month"), (case & ~pl.col("undated")).alias("timed"))
    )
    cells = pl.scan_parquet(files.table("cells")).join(cases.group_by(KEYS).agg(_sums()), on=KEYS, how="left")
    hours = [pl.when(pl.col(name).is_finite()).then(pl.col(name) / 3600).alias(name) for name in HOURS]
    return cells.with_columns(*(pl.col(name).fill_null(0) for name in COUNTS), *hours).collect(engine="streaming")


def _contacts(files: PanelFiles, since: datetime, end: datetime) -> Any:
    """Contacts that may be counted, in columns as narrow as can be."""
    import polars as pl

    closed, received = pl.col("closed_at"), pl.col("received_at")
    wanted = pl.col("type").is_in([*MAIN_TYPES, HELP]) & ~pl.col("status").is_in(["withdrawn", "test"]).fill_null(value=False)
    wanted &= ~pl.col("is_outside").fill_null(value=False) & (received >= since) & (received < end)
    impossible = (closed < received).fill_null(value=False)
    undated = impossible | (closed.is_null() & (pl.col("status") == "closed").fill_null(value=False))
    marked = pl.col("is_repeat").fill_null(value=False) | (pl.col("repeat_of") != pl.col("ticket_id")).fill_null(value=False)
    return pl.scan_parquet(files.tickets).filter(wanted).unique(["ticket_id", "caller_key"], keep="any").select(
        "ticket_id", "received_at", *CHAIN, pl.col("callers").fill_null(1), "is_resolved", "is_satisfied", pl.col("is_reached").fill_null(value=True),
        main=pl.col("type").is_in(MAIN_TYPES), labelled=pl.col("handling").is_not_null(), known=pl.col("caller_key").is_not_null(), marked=marked, undated=undated,
        seconds=pl.when(~impossible).then((closed - received).dt.total_seconds()).cast(pl.Float64),
    )


def _sums() -> list[Any]:
    """Sums by unit and month and the two percentiles; those still open last."""
    import polars as pl

    case, timed, seconds = pl.col("cases"), pl.col("timed"), pl.col("seconds")
    resolved, satisfied = (case & pl.col("is_reached") & pl.col(name).is_not_null() for name in ("is_resolved", "is_satisfied"))
    lengths = pl.when(seconds.is_null()).then(float("inf")).otherwise(seconds).filter(timed)
    made = {
        "contacts": pl.col("main").sum(), "cases": case.sum(), "contacts_with_help": pl.len(), "cases_with_help": pl.col("cases_with_help").sum(),
        "cases_unlabelled": pl.col("cases_unlabelled").sum(), "callers": (pl.col("callers").fill_null(1) * case).sum(), "asked_resolved": resolved.sum(),
        "resolved": (resolved & pl.col("is_resolved")).sum(), "asked_satisfied": satisfied.sum(), "satisfied": (satisfied & pl.col("is_satisfied")).sum(),
        "timed": timed.sum(), "still_open": (timed & seconds.is_null()).sum(), "closed_in_time": (timed & (seconds <= FOLLOW_UP_DAYS * 86_400)).sum(),
        "median_hours": lengths.quantile(0.5, "linear"), "p90_hours": lengths.quantile(0.9, "linear"),
    }
    return [expression.alias(name) for name, expression in made.items()]


def by_bare_sql(files: PanelFiles, out: Path | None) -> None:
    """The texts of the package on a connection of the same settings, in the same tables on their way; the zero fill by a join."""
    import duckdb

    script, work = files.script, Path(tempfile.mkdtemp(prefix="bare-"))
    settings = {"memory_limit": script["memory"], "threads": os.cpu_count() or 1, "temp_directory": str(work / "spill"), "preserve_insertion_order": "false"}
    try:
        with duckdb.connect(config=settings) as connection:
            for text in PRELUDE:
                connection.execute(text)
            _view(connection, "tickets", files.tickets)
            for name in ("places", "units", "months", "ticket_types", "ticket_topics", "cells"):
                _view(connection, name, [files.table(name)])
            connection.execute(script["account"]).fetchall()
            for name, spent in (("places", ()), ("topics", ()), ("contacts", ()), ("several", ()), ("cases", ("several", "contacts")), ("counted", ())):
                connection.execute(f"CREATE TEMPORARY TABLE {_TABLES.get(name, name)} AS {script[name]}")
                for gone in spent:
                    connection.execute(f"DROP TABLE {_TABLES[gone]}")
            for name in ("unplaced", "astray"):
                connection.execute(script[name]).fetchall()
            sums = ", ".join(f"COALESCE(k.{name}, 0) AS {name}" for name in COUNTS)
            text = f"SELECT c.unit_id, c.month, {sums}, k.median_hours, k.p90_hours FROM cells c LEFT JOIN counted k ON c.unit_id = k.unit_id AND c.month = k.month"  # noqa: S608
            connection.sql(text).write_parquet(str(out or work / "panel.parquet"))
    finally:
        shutil.rmtree(work)


_TABLES = {"places": "complaint_places", "topics": "complaint_topics", "contacts": "complaint_contacts", "several": "complaint_several", "cases": "complaint_cases"}


def _view(connection: Any, name: str, files: list[str]) -> None:
    connection.read_parquet(files, hive_partitioning=False).create_view(name, replace=True)
