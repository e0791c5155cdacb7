"""Rates counted again from the rows agree with the panel, whatever the tickets."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commresearch.cleaning.event_contracts import contract_of
from commresearch.cleaning.event_table import event_table_of
from commresearch.outcomes import UnitRegister, build_panel
from commresearch.workflow.retrace import median_cell, retrace_complaints
from tests.property.outcome_worlds import tickets

T = pd.Timestamp
ROSTER = pd.DataFrame({
    "unit_id": ["A", "B", "C"] * 2, "unit_level": "community", "households": [900, 400, 250, 950, 390, None], "population": 2000, "source": "名册",
    "as_of": ["2023-12-31"] * 3 + ["2024-08-31"] * 3,
})
GRIDS = pd.DataFrame({
    "grid_id": ["P1", "P1", "P2", "P3"], "unit_id": ["A", "B", "B", "C"], "valid_from": [None, T("2024-05-11"), None, T("2024-02-06")],
    "valid_to": [T("2024-05-11"), None, None, None],
})
COVERAGE = pd.DataFrame({"source": ["tickets"] * 2, "unit_id": ["*", "C"], "live_from": ["2023-12-01", "2024-03-10"], "live_to": [None, "2024-09-01"]})


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 400), days=st.sampled_from([0, 1, 7, 30]))
def test_every_cell_agrees_with_the_panel(seed, rows, days):
    made = pd.DataFrame(tickets(np.random.default_rng(seed), rows))
    table = event_table_of("tickets", {name: made[name] for name in contract_of("tickets").names})
    register = UnitRegister.of(ROSTER, GRIDS)
    panel = build_panel("complaint_rate", table, register, None, months=("2024-01", "2024-11"), coverage=COVERAGE, repeat_days=days)
    cells = panel.frame[panel.frame["live"]]
    for unit, month, numerator, denominator, value in cells[["unit_id", "month", "numerator", "denominator", "value"]].itertuples(index=False, name=None):
        found = retrace_complaints([table], register, panel, unit, month)
        assert (found.numerator, found.denominator) == (numerator, pytest.approx(denominator)), (unit, month)
        assert found.rate == pytest.approx(value)
        assert set(found.rows["follows"].dropna()) <= set(made["row_id"])
    assert median_cell(panel) in set(zip(cells["unit_id"], cells["month"], strict=True)) | {None}
