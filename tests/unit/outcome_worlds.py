"""Small registers and ticket logs of fictional communities, written out by hand or made in bulk."""

from pathlib import Path

import duckdb
import pandas as pd

T = pd.Timestamp


def roster(**changes):
    """Three communities: 101 and 102 merge into 103 on 10 May 2024."""
    columns = {
        "unit_id": ["101", "102", "103"], "unit_level": ["community"] * 3, "name": ["望海社区", "听涛社区", "海棠社区"],
        "households": [1000, 500, 1500], "population": [2500, 1200, 3700], "youth_population": [700, 300, 1000],
        "valid_from": ["2015-01-01", "2015-01-01", "2024-05-10"], "valid_to": ["2024-05-10", "2024-05-10", None], "as_of": ["2023-12-31"] * 3,
    }
    return pd.DataFrame(columns | changes)


MERGER = pd.DataFrame({"old_id": ["101", "102"], "new_id": ["103", "103"], "changed_on": ["2024-05-10"] * 2, "kind": ["merge"] * 2})


def steady(*ids, households=1000):
    """Communities that nothing happens to."""
    return pd.DataFrame({"unit_id": list(ids), "unit_level": "community", "households": households, "population": 2500, "as_of": "2023-01-01"})


def coverage(*rows):
    """Rows of (source, unit_id, live_from, live_to); by default tickets of all units from 2020 on."""
    return pd.DataFrame(list(rows) or [("tickets", "*", "2020-01-01", None)], columns=["source", "unit_id", "live_from", "live_to"])


def tickets(*rows):
    """Tickets from dicts: `at` and what differs from a complaint about noise by an unknown caller in 101, closed after a day."""
    made = []
    for number, row in enumerate(rows):
        at = T(row.pop("at"))
        base = {
            "ticket_id": f"T{number}", "received_at": at, "closed_at": at + pd.Timedelta(days=1), "type": "complaint", "topic": "噪声", "channel": "12345",
            "status": "closed", "place": "101", "caller_key": None,
        }
        made.append(base | {k: T(v) if k == "closed_at" and v is not None else v for k, v in row.items()})
    frame = pd.DataFrame(made)
    return frame.astype({"received_at": "datetime64[us]", "closed_at": "datetime64[us]"})


def cell(panel, unit, month):
    """One row of a panel."""
    frame = panel.frame
    return frame[(frame["unit_id"] == unit) & (frame["month"] == T(month))].iloc[0]


def companion(panel, measure, unit, month):
    """Value of one measure."""
    rows = panel.companion(measure)
    return rows[(rows["unit_id"] == unit) & (rows["month"] == T(month))]["value"].iloc[0]


def excluded(panel):
    """The account as a dict, without the line that says that no caller is told from another: hardly any log here has callers."""
    return {rule: n for rule, n in zip(panel.account["rule"], panel.account["events"], strict=True) if rule != "repeats_not_folded"}


def many_tickets(folder: Path, n: int, *, parts: int = 1) -> Path:
    """A log of n tickets in Parquet, without randomness: two years, 400 grids, a third of the contacts repeats of an earlier one."""
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        for part in range(parts):
            low, high = n * part // parts, n * (part + 1) // parts
            connection.execute(f"""COPY (
                WITH drawn AS (
                    SELECT i, hash(i * 7 + 1) AS a, hash(i * 7 + 2) AS b, hash(i * 7 + 3) AS c, hash(i * 7 + 4) AS d FROM range({low}, {high}) t(i)
                ),
                cases AS (SELECT *, CASE WHEN a % 3 = 0 THEN i - 1 - CAST(b % 5 AS BIGINT) ELSE i END AS case_no FROM drawn),
                placed AS (SELECT *, hash(case_no * 11 + 5) AS s, hash(case_no * 11 + 6) AS p FROM cases)
                SELECT
                    printf('1:log:%d', i) AS row_id, printf('T%09d', CASE WHEN d % 997 = 0 THEN i - 1 ELSE i END) AS ticket_id,
                    TIMESTAMP '2023-12-20' + to_seconds(CAST(s % 64000000 AS BIGINT) + CASE WHEN a % 3 = 0 THEN CAST(d % 1209600 AS BIGINT) ELSE 0 END)
                        AS received_at,
                    CASE WHEN c % 100 < 3 THEN NULL ELSE TIMESTAMP '2023-12-20' + to_seconds(CAST(s % 64000000 + 1300000 + c % 5000000 AS BIGINT)) END AS closed_at,
                    CASE WHEN b % 10 < 7 THEN 'complaint' WHEN b % 10 < 8 THEN 'report' WHEN b % 10 < 9 THEN 'help' ELSE 'inquiry' END AS type,
                    printf('事项%d', p % 12) AS topic, CASE WHEN c % 1000 > 990 THEN 'withdrawn' WHEN c % 100 < 3 THEN 'open' ELSE 'closed' END AS status,
                    printf('G%03d', p % 401) AS place, c % 200 = 7 AS is_outside, c % 500 = 3 AS is_repeat,
                    CASE WHEN s % 10 < 2 THEN NULL ELSE printf('k%d', s % 1000003) END AS caller_key,
                    CASE WHEN c % 100 = 50 THEN 'unreasonable' END AS handling, b % 10 < 6 AS is_reached,
                    CASE WHEN b % 10 < 6 THEN c % 10 < 7 END AS is_resolved, CASE WHEN b % 10 < 6 THEN c % 10 < 8 END AS is_satisfied
                FROM placed
            ) TO '{folder}/part-{part:05d}.parquet' (FORMAT parquet)""")
    return folder


def many_units():
    """60 communities with 400 grids, a seventh of which change community in June 2024, some with five days of nowhere between."""
    ids = [f"C{i:02d}" for i in range(60)]
    made = pd.DataFrame(
        {"unit_id": ids, "unit_level": "community", "households": [500 + 10 * i for i in range(60)], "population": 2000, "as_of": "2023-12-31"}
    )
    rows = []
    for grid in range(400):
        here, there = ids[grid % 60], ids[(grid + 1) % 60]
        if grid % 7:
            rows.append((f"G{grid:03d}", here, "2015-01-01", None))
        else:
            rows += [(f"G{grid:03d}", here, "2015-01-01", "2024-06-16"), (f"G{grid:03d}", there, "2024-06-21" if grid % 35 == 0 else "2024-06-16", None)]
    return made, pd.DataFrame(rows, columns=["grid_id", "unit_id", "valid_from", "valid_to"])
