"""A simulated pilot from its messy files to the panels: every numerator and denominator is the true one."""

from dataclasses import replace

import pandas as pd
import pytest

from commresearch import build_panel, clean_events
from commresearch.simulate import LogDirt, LogSpec, RoomSpec, SigninSpec, TicketSpec, simulate_logs, write_case

KEY = b"k" * 32
#: everything that a reader can undo alone
DIRT = replace(
    LogDirt(), place_variant=0.0, place_unknown=0.0, closed_before=0.0, duplicate_conflict=0.0, age_impossible=0.0, id_as_number=0.0, hours_reversed=0.0,
    duplicate_row=0.02,
)
SPEC = LogSpec(
    communities=9, treated=4, grids=4, households=300, months=12, starts=(4, 6), dirt=DIRT,
    tickets=TicketSpec(rate=20.0, new_channel=5, recoding=8), signins=SigninSpec(events=3, head_counts=0.1), rooms=RoomSpec(rooms=2),
)
#: outcome → kinds of events, truth, true numerator and denominator
OUTCOMES = {
    "complaint_rate": (("tickets",), "complaints", "cases", "households_interpolated"),
    "youth_participation": (("signins",), "youth", "persons_known", "youth_population_interpolated"),
    "space_use": (("bookings", "counters", "rooms", "open_hours"), "space", "used_hours_fixed", "reference_hours_fixed"),
    "area_in_use": (("rooms",), "space", "area_in_service", "area_registered"),
}
REGISTERS = ("roster", "rollout", "coverage", "grids", "lineage")
#: of a book of room use a subtotal says how many sessions there were, where others have a day
RULES = {"bookings": {"unreadable": "drop"}}


@pytest.fixture(scope="module")
def logs():
    return simulate_logs(SPEC, rng=11)


@pytest.fixture(scope="module")
def cleaned(logs, tmp_path_factory):
    written = write_case(logs, tmp_path_factory.mktemp("pilot") / "haitang")
    return {kind: clean_events([file.path for file in files], kind, rules=RULES.get(kind), pseudonym_key=KEY) for kind, files in written.items()}


def compare(logs, tables, outcome):
    kinds, truth_name, numerator, denominator = OUTCOMES[outcome]
    events = {kind: tables[kind] for kind in (*kinds, "grids", "lineage")}
    panel = build_panel(
        outcome, events, tables["roster"], tables["rollout"], months=logs.months, coverage=tables["coverage"], extract_at=logs.extract_at.to_pydatetime()
    )
    truth = getattr(logs.truth, truth_name).set_index(["unit_id", "month"])
    frame = panel.frame.set_index(["unit_id", "month"]).reindex(truth.index)
    live = truth["live_share"] > 0
    if outcome == "area_in_use":  # a unit that ended within the month has no square metres at its end, and nothing of them can be in use
        assert frame.loc[live & (truth[denominator] == 0), "numerator"].isna().all()
        live &= truth[denominator] > 0
    assert frame.loc[live, "numerator"].astype("float64").tolist() == pytest.approx(truth.loc[live, numerator].astype("float64").tolist())
    assert frame.loc[~live, "numerator"].isna().all()
    live &= truth[denominator] > 0
    assert frame.loc[live, "denominator"].astype("float64").tolist() == pytest.approx(truth.loc[live, denominator].astype("float64").tolist())
    if outcome != "area_in_use":
        assert frame["live_share"].astype("float64").tolist() == pytest.approx(truth["live_share"].tolist())
    assert truth.loc[live, numerator].sum() > 100


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_panels_of_the_typed_tables_are_true(logs, outcome):
    compare(logs, logs.tables, outcome)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_panels_of_the_messy_files_are_true(logs, cleaned, outcome):
    compare(logs, cleaned, outcome)


def test_starts_of_the_pilot_reach_the_panel(logs):
    panel = build_panel("complaint_rate", logs.tables["tickets"], logs.tables["roster"], logs.tables["rollout"], months=logs.months)
    starts = logs.tables["rollout"].set_index("unit_id")["start_month"]
    found = panel.frame.drop_duplicates("unit_id").set_index("unit_id")["treated_from"]
    both = pd.concat([starts.rename("said"), found.rename("found")], axis=1).dropna(how="all")
    assert (both["said"] == both["found"]).all()
