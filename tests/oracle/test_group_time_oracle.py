"""Group-time effects on mpdta: printed numbers, two peers and a plain program (scripts/group_time_reference.py made the table)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commresearch.impact.group_time import group_time_effects
from commresearch.outcomes import Panel

DATA = Path(__file__).parent / "data"
PRINTED = 1e-6  #: absolute; the published table has six decimals
CLOSED = 1e-10  #: absolute; closed forms, and a logit that both sides fit to the last digit (effects are of order 0.01 to 0.1)
REFERENCE = pd.read_csv(DATA / "group_time_reference.csv")
CASES = {
    "never_varying": {}, "never_universal": {"base": "universal"}, "not_yet_varying": {"control": "not_yet"},
    "not_yet_universal": {"control": "not_yet", "base": "universal"}, "anticipation": {"anticipation": 1}, "weights": {},
    "dr": {"estimator": "dr"}, "or": {"estimator": "or"}, "ipw": {"estimator": "ipw"}, "dr_not_yet": {"estimator": "dr", "control": "not_yet"},
    "dr_weights": {"estimator": "dr"},
}
WEIGHTED = {"weights", "dr_weights"}


def panel_of(weight=None, cluster=None):
    frame = pd.read_csv(DATA / "mpdta.csv")
    frame = frame.assign(
        start=frame["first_treat"].where(frame["first_treat"] > 0), population=np.exp(frame["lpop"]), state=frame["countyreal"] // 1000
    )
    return Panel.from_frame(
        frame, community="countyreal", period="year", value="lemp", treated_from="start", weight=weight, cluster=cluster, covariates=("lpop",), outcome="lemp",
        unit="log_points",
    )


def effects_of(case):
    options = CASES[case]
    return group_time_effects(
        panel_of("population" if case in WEIGHTED else None), **options, covariates=("lpop",) if "estimator" in options else ()
    )


def table_of(effects):
    """kind, group, label → estimate and standard error, as the reference has them."""
    rows = {("cell", r.group, r.period): (r.estimate, r.std_error) for r in effects.to_frame().itertuples()}
    for kind in ("simple", "dynamic", "group", "calendar"):
        one = effects.aggregate(kind)
        rows["simple" if kind == "simple" else f"{kind}_overall", 0, 0] = one.estimate, one.std_error
        if one.path is not None:
            rows |= {(kind, 0, r[1]): (r.estimate, r.std_error) for r in one.path.itertuples()}
    return rows


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("source", ["plain", "moderndid", "csdid"])
def test_cells_and_aggregates_are_those_of_the_peers(case, source):
    ours = table_of(effects_of(case))
    theirs = REFERENCE[(REFERENCE["case"] == case) & (REFERENCE["source"] == source)]
    assert len(theirs) == len(ours)
    for row in theirs.itertuples():
        estimate, error = ours[row.kind, row.group, row.label]
        assert estimate == pytest.approx(row.estimate, abs=CLOSED), row
        assert error == pytest.approx(row.std_error, abs=CLOSED, nan_ok=True), row


def test_standard_errors_by_state_are_those_of_the_peer():
    """Without a small-sample factor; diff-diff multiplies by G/(G − 1) under the root."""
    ours = table_of(group_time_effects(panel_of(cluster="state")))
    theirs = REFERENCE[REFERENCE["case"] == "clusters"]
    assert len(theirs) == len(ours)
    for row in theirs.itertuples():
        assert ours[row.kind, row.group, row.label] == pytest.approx((row.estimate, row.std_error), abs=CLOSED), row


def test_the_published_table():
    ours = table_of(effects_of("never_varying"))
    printed = {
        2004: ([-0.010503, -0.070423, -0.137259, -0.100811], [0.023251, 0.030985, 0.036436, 0.034359]),
        2006: ([0.006520, -0.002751, -0.004595, -0.041224], [0.023327, 0.019559, 0.017755, 0.020229]),
        2007: ([0.030507, -0.002726, -0.031087, -0.026054], [0.015034, 0.016396, 0.017878, 0.016655]),
    }
    for group, (estimates, errors) in printed.items():
        for place, period in enumerate(range(2004, 2008)):
            assert ours["cell", group, period] == pytest.approx((estimates[place], errors[place]), abs=PRINTED)
    assert ours["simple", 0, 0] == pytest.approx((-0.0399513, 0.0120340), abs=PRINTED / 10)
    assert ours["dynamic_overall", 0, 0] == pytest.approx((-0.0772398, 0.0199650), abs=PRINTED / 10)
    assert ours["group_overall", 0, 0] == pytest.approx((-0.0310183, 0.0124461), abs=PRINTED / 10)
    path = [0.030507, -0.000563, -0.024459, -0.019932, -0.050957, -0.137259, -0.100811]
    assert [ours["dynamic", 0, e][0] for e in range(-3, 4)] == pytest.approx(path, abs=PRINTED)


def test_windows_of_the_dynamic_path_are_those_of_the_peer():
    effects = group_time_effects(panel_of(), control="not_yet", base="universal")
    table = pd.read_csv(DATA / "group_time_windows.csv", dtype={"label": str})
    columns = ["balance_event", "min_event", "max_event"]
    for window, theirs in table.groupby(columns, dropna=False, sort=False):
        chosen = {name: int(value) for name, value in zip(columns, window, strict=True) if not np.isnan(value)}
        one = effects.aggregate("dynamic", **chosen)
        rows = {"overall": (one.estimate, one.std_error)} | {str(r.event_time): (r.estimate, r.std_error) for r in one.path.itertuples()}
        assert set(rows) == set(theirs["label"]), chosen
        for row in theirs.itertuples():
            assert rows[row.label] == pytest.approx((row.estimate, row.std_error), abs=CLOSED, nan_ok=True), (chosen, row)
