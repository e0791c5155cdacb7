"""Numbers counted again from the rows agree with the panel, whatever the events."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commresearch.cleaning.event_contracts import contract_of
from commresearch.cleaning.event_table import event_table_of
from commresearch.outcomes import UnitRegister, build_panel
from commresearch.outcomes.context import month_table
from commresearch.outcomes.denominators import denominators
from commresearch.simulate import LogSpec, RoomSpec, SigninSpec, TicketSpec, simulate_logs
from commresearch.terms import DataKind, Outcome
from commresearch.workflow.retrace import retrace_complaints
from commresearch.workflow.retrace_persons import retrace_participation
from commresearch.workflow.retrace_space import retrace_area, retrace_space
from commresearch.workflow.retraced import denominator_on, median_cell
from tests.property import outcome_worlds as worlds

T = pd.Timestamp
ROSTER = pd.DataFrame({
    "unit_id": ["A", "B", "C"] * 2, "unit_level": "community", "name": ["Anchor", "Bay", "Cape"] * 2, "households": [900, 400, 250, 950, 390, None],
    "youth_population": [700, None, 120, 640, 310, 130], "population": 2000, "source": "名册", "as_of": ["2023-12-31"] * 3 + ["2024-08-31"] * 3,
})
GRIDS = pd.DataFrame({
    "grid_id": ["P1", "P1", "P2", "P3"], "unit_id": ["A", "B", "B", "C"], "valid_from": [None, T("2024-05-11"), None, T("2024-02-06")],
    "valid_to": [T("2024-05-11"), None, None, None],
})
SOURCES = ("tickets", "signins", "bookings", "counters", "rooms")
COVERAGE = pd.DataFrame(
    [(s, "*", "2022-12-01", None) for s in SOURCES] + [(s, "C", "2024-03-10", "2024-09-01") for s in SOURCES[:2]],
    columns=["source", "unit_id", "live_from", "live_to"],
)
KINDS = {
    Outcome.COMPLAINT_RATE: ("tickets",), Outcome.YOUTH_PARTICIPATION: ("signins",), Outcome.SPACE_USE: ("bookings", "counters", "rooms"),
    Outcome.AREA_IN_USE: ("rooms",),
}
DAYS = ["2022-12-31", "2023-07-01", "2024-02-01", "2024-09-30", "2025-01-01", None]
SEEDS = st.integers(0, 2**32 - 1)


def table_of(kind, rows):
    return replace(event_table_of(kind, {}), table=worlds.typed(kind, rows))


def again(outcome, tables, register, panel, unit, month):
    """One cell counted again."""
    if outcome == Outcome.SPACE_USE:
        return retrace_space({DataKind(kind): [table] for kind, table in tables.items()}, register, panel, unit, month)
    count = {Outcome.COMPLAINT_RATE: retrace_complaints, Outcome.YOUTH_PARTICIPATION: retrace_participation, Outcome.AREA_IN_USE: retrace_area}[outcome]
    return count([tables[KINDS[outcome][0]]], register, panel, unit, month)


def assert_agrees(outcome, tables, register, panel, step=1):
    """Every cell with a numerator is found again; those of months that are withheld have none."""
    cells = panel.frame[panel.frame["live"] & panel.frame["numerator"].notna()].iloc[::step]
    for unit, month, numerator, denominator, value in cells[["unit_id", "month", "numerator", "denominator", "value"]].itertuples(index=False, name=None):
        found = again(outcome, tables, register, panel, unit, month)
        assert found.numerator == pytest.approx(numerator, rel=1e-12), (unit, month)
        assert found.denominator == pytest.approx(denominator, nan_ok=True), (unit, month)
        assert found.rate == pytest.approx(value, nan_ok=True)
    chosen = median_cell(panel)
    assert step > 1 or chosen in set(zip(cells["unit_id"], cells["month"], strict=True)) | {None}
    return cells


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, rows=st.integers(1, 400), days=st.sampled_from([0, 1, 7, 30]))
def test_every_complaint_rate_agrees_with_the_panel(seed, rows, days):
    made = pd.DataFrame(worlds.tickets(np.random.default_rng(seed), rows))
    tables = {"tickets": event_table_of("tickets", {name: made[name] for name in contract_of("tickets").names})}
    register = UnitRegister.of(ROSTER, GRIDS)
    panel = build_panel("complaint_rate", tables["tickets"], register, None, months=("2024-01", "2024-11"), coverage=COVERAGE, repeat_days=days)
    cells = assert_agrees(Outcome.COMPLAINT_RATE, tables, register, panel)
    for unit, month in cells[["unit_id", "month"]].head(4).itertuples(index=False, name=None):
        found = retrace_complaints([tables["tickets"]], register, panel, unit, month)
        assert set(found.rows["follows"].dropna()) <= set(made["row_id"])


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, rows=st.integers(1, 600), band=st.sampled_from([(14, 35), (18, 24), (30, 30)]), limit=st.sampled_from([20, 100]))
def test_every_participation_rate_agrees_with_the_panel(seed, rows, band, limit):
    tables = {"signins": table_of("signins", worlds.sign_ins(np.random.default_rng(seed), rows))}
    register = UnitRegister.of(ROSTER, GRIDS)
    panel = build_panel(
        "youth_participation", tables["signins"], register, None, months=("2023-11", "2024-10"), coverage=COVERAGE, age_low=band[0], age_high=band[1],
        unknown_limit=limit,
    )
    cells = assert_agrees(Outcome.YOUTH_PARTICIPATION, tables, register, panel)
    for unit, month in cells[["unit_id", "month"]].head(4).itertuples(index=False, name=None):
        found = retrace_participation([tables["signins"]], register, panel, unit, month)
        assert list(found.persons["person"]) == list(range(1, len(found.persons) + 1))
        assert not set(found.rows) & {"person_key", "home", "age_low", "age_high"}
        assert {row for rows_ in found.persons["rows"] for row in rows_} == set(found.rows.loc[found.rows["person"].notna(), "row_id"])


def named(rooms, rows):
    """Rooms with names, and bookings that write some of them in other ways than by their code."""
    rooms = [room | {"name": f"Hall {room['room']}", "site": "Quay " if room["room"] == "r2" else None} for room in rooms]
    rooms = [room | {"name": "Twin"} if room["room"] in ("r4", "r5") else room for room in rooms]
    written = {"r8": "hall Ｒ0", "r9": "Ｒ１", "r10": "quayHALL r2"}
    for i, row in enumerate(rows):
        row["room"] = "Twin" if i % 37 == 5 else "nowhere" if i % 41 == 7 else written.get(row["room"], row["room"])
    return rooms


@settings(max_examples=10, deadline=None)
@given(
    seed=SEEDS, rows=st.integers(1, 250), window=st.sampled_from([(510, 1260), (0, 1440), (600, 1560)]), which=st.sampled_from(["baseline", "all"]),
    weighting=st.sampled_from(["equal", "area"]), classes=st.sampled_from([("activity",), ("activity", "tenancy")]),
)
def test_every_rate_of_space_use_agrees_with_the_panel(seed, rows, window, which, weighting, classes):
    generator = np.random.default_rng(seed)
    rooms, _ = worlds.room_register(generator)
    bookings, counters = worlds.room_use(generator, rows)
    rooms = named(rooms, [*bookings, *counters])
    tables = {"bookings": table_of("bookings", bookings), "counters": table_of("counters", counters), "rooms": table_of("rooms", rooms)}
    register = UnitRegister.of(ROSTER, GRIDS)
    panel = build_panel(
        "space_use", tables, register, None, months=("2024-01", "2024-03"), coverage=COVERAGE, open_minute=window[0], close_minute=window[1], rooms=which,
        weighting=weighting, room_classes=classes,
    )
    cells = assert_agrees(Outcome.SPACE_USE, tables, register, panel)
    for unit, month in cells[["unit_id", "month"]].head(4).itertuples(index=False, name=None):
        found = retrace_space({DataKind(kind): [table] for kind, table in tables.items()}, register, panel, unit, month)
        counted = set(found.rows.loc[found.rows["rule"] == "counted", "row_id"])
        assert {row for rows_ in found.spans["rows"] for row in rows_} == counted
        assert all(a < b for spans in found.spans["spans"] for a, b in spans)
    area = build_panel("area_in_use", {"rooms": tables["rooms"]}, register, None, months=("2024-01", "2024-03"), coverage=COVERAGE, room_classes=classes)
    assert_agrees(Outcome.AREA_IN_USE, tables, register, area)


@pytest.fixture(scope="module")
def pilot():
    """Events of a pilot whose communities merge, split, are renamed and hand over estates."""
    spec = LogSpec(
        communities=8, treated=3, grids=3, households=120, months=10, starts=(4, 6), tickets=TicketSpec(rate=20.0, new_channel=5, recoding=8),
        signins=SigninSpec(events=3, head_counts=0.1), rooms=RoomSpec(rooms=1),
    )
    logs = simulate_logs(spec, rng=11)
    kinds = ("tickets", "signins", "bookings", "counters", "rooms", "roster", "grids", "lineage", "coverage")
    return logs, {kind: event_table_of(kind, {n: logs.tables[kind][n] for n in contract_of(kind).names if n in logs.tables[kind]}) for kind in kinds}


@pytest.mark.parametrize("boundaries", ["as_was", "last"])
@pytest.mark.parametrize("outcome", list(Outcome))
def test_numbers_of_a_simulated_pilot_are_found_again(pilot, outcome, boundaries):
    logs, tables = pilot
    on = "as_was" if boundaries == "as_was" else T(logs.months[-1]).date()
    register = UnitRegister.of(*(tables[kind].frame() for kind in ("roster", "grids", "lineage")), boundaries=on)
    panel = build_panel(outcome, {kind: tables[kind] for kind in KINDS[outcome]}, register, None, months=logs.months, coverage=tables["coverage"])
    assert len(assert_agrees(outcome, tables, register, panel, step=7)) > 7


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, boundaries=st.sampled_from(["as_was", date(2023, 6, 1), date(2024, 12, 1)]), how=st.sampled_from(["interpolated", "baseline"]))
def test_denominators_follow_the_boundaries_that_a_unit_had(seed, boundaries, how):
    generator = np.random.default_rng(seed)
    spans = {
        "A": (None, "2024-05-11"), "B": (None, "2024-05-11"), "M": ("2024-05-11", None), "S": (None, None), "N": ("2024-03-05", None), "G": (None, "2023-11-02"), "G2": ("2024-04-01", None),
    }
    lineage = pd.DataFrame({
        "old_id": ["A", "B", "S"], "new_id": ["M", "M", "N"], "changed_on": ["2024-05-11", "2024-05-11", "2024-03-05"], "kind": ["merge", "merge", "transfer"],
        "share": [None, None, 0.25],
    })
    rows = []
    for unit, (start, end) in spans.items():
        name = unit.rstrip("2")  # a unit that was away for some months
        readings = generator.choice(DAYS, size=1 + int(generator.integers(3)), replace=False)
        rows += [(name, start, end, as_of, float(generator.integers(100, 900)) if generator.random() < 0.85 else None) for as_of in readings]
    roster = pd.DataFrame(rows, columns=["unit_id", "valid_from", "valid_to", "as_of", "households"]).assign(unit_level="community", source="名册")
    register = UnitRegister.of(roster, None, lineage, boundaries=boundaries)
    months = month_table(("2023-01", "2024-12"))
    wanted = denominators(register, months, "households", how=how, baseline=None)
    for unit, month, value in wanted[["unit_id", "month", "value"]].itertuples(index=False, name=None):
        day = (month if how == "interpolated" else months["month"].iloc[0]).date()
        readings, found = denominator_on(register, "households", unit, day)
        assert found == pytest.approx(value, nan_ok=True), (unit, month)
        assert len(readings) <= 2
        assert len(readings) == 0 or readings["value"].min() - 1e-9 <= found <= readings["value"].max() + 1e-9
