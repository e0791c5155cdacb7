"""Simulated books of a pilot, as clerks keep them, cleaned: the rows that perfect reading gives, column by column."""

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import commresearch as cr
from commresearch.simulate import LogDirt, LogSpec, RoomSpec, SigninSpec, TicketSpec, simulate_logs, write_case

KEY = b"a key that is long enough"
DIRT = replace(LogDirt(), closed_before=0.02, duplicate_row=0.02, duplicate_conflict=0.02, age_impossible=0.05, id_as_number=0.0, hours_reversed=0.01)
SPEC = LogSpec(
    communities=8, treated=3, grids=3, households=120, months=8, starts=(3, 4), first_month=date(2023, 6, 1), dirt=DIRT,
    tickets=TicketSpec(rate=25.0, new_channel=3, recoding=5), signins=SigninSpec(events=2, head_counts=0.1, youth_rate=12.0), rooms=RoomSpec(rooms=1),
)
DECIDED = {"impossible_age": "clear", "end_before_start": "clear", "duplicate_id": "keep_first"}
#: columns that decisions about dirt change, and names of places that changed on the way: compared where they are read as written
DIRTY = {"tickets": {"closed_at", "place"}, "signins": {"place", "home", "age_low", "age_high", "age_known_by"}}


@pytest.fixture(scope="module")
def pilot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pilot") / "seaside"
    logs = simulate_logs(SPEC, rng=3)
    write_case(logs, folder)
    return logs, folder


def files_of(folder: Path, kind: str) -> list[Path]:
    toml = tomllib.loads((folder / "case.toml").read_text(encoding="utf8"))
    named = {part["kind"]: part["files"] for part in toml["data"]} | {name: [toml[name]["file"]] for name in ("roster", "rollout")}
    return [folder / name for name in named[kind]]


@pytest.mark.parametrize("kind", ["tickets", "signins", "counters", "rooms", "open_hours", "roster", "grids", "lineage", "coverage", "programmes", "rollout"])
def test_books_give_the_rows_that_they_were_written_from(pilot, kind):
    logs, folder = pilot
    table = cr.clean_events(files_of(folder, kind), kind, pseudonym_key=KEY, rules=DECIDED)
    got, wanted = table.frame(), logs.tables[kind]
    assert len(got) == len(wanted)
    for column in set(wanted.columns) & set(got.columns) - {"row_id"} - DIRTY.get(kind, set()):
        if column.endswith("_key"):  # keys are labels in the truth: only which are equal is the same
            assert np.array_equal(np.sort(got[column].value_counts().to_numpy()), np.sort(wanted[column].value_counts().to_numpy())), column
        else:
            pd.testing.assert_series_equal(counted(got[column]), counted(wanted[column]), check_names=False, obj=column)
    assert table.rows("rows_read") == int(table.account["rows"].iloc[1:].sum())


def counted(column: pd.Series) -> pd.Series:
    """How often each value occurs."""
    return column.astype(object).where(column.notna(), "—").map(str).value_counts().sort_index()


def test_bookings_that_end_before_they_begin_are_refused_with_their_number(pilot):
    logs, folder = pilot
    wrong = int((logs.tables["bookings"]["end_at"] < logs.tables["bookings"]["start_at"]).sum())
    table = cr.clean_events(files_of(folder, "bookings"), "bookings", pseudonym_key=KEY, rules={"end_before_start": "drop"})
    assert table.rows("rows_out") + table.rows("end_before_start") == len(logs.tables["bookings"])
    assert table.rows("end_before_start") >= wrong
    assert table.frame()["booking_id"].is_unique
