"""Synthetic difference-in-differences of 100 units and 40 periods with 200 placebos, beside diff-diff."""

import argparse
from importlib.util import find_spec

import diff_diff
import numpy as np
import pandas as pd

from benchmarks.measuring import faster, heading, in_turn, say, table
from commresearch.impact import frank_wolfe
from commresearch.impact.synthetic_did import synthetic_did
from commresearch.outcomes import Panel

UNITS, PERIODS, TREATED, START = 100, 40, 10, 30
DRAWS, SEED = 200, 1
NUMPY_GOAL, COMPILED_GOAL = 0.7, 4.0


def main() -> None:
    """Show that all sides give the same effect and error from the same placebos, then time them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=0, help="not used: the size is that of the goal")
    parser.parse_args()
    heading(f"Synthetic DiD, {UNITS} × {PERIODS}, {TREATED} treated, {DRAWS} placebos", ["diff-diff", "numba"])
    frame = _frame()
    panel = Panel.from_frame(frame, community="unit", period="time", value="y", treated_from="start", outcome="y", unit="count")
    rng = np.random.default_rng(SEED)  # the peer permutes in the same way from this seed
    given = np.stack([rng.permutation(UNITS - TREATED) for _ in range(DRAWS)])

    def ours(*, compiled: bool) -> tuple[float, float]:
        frank_wolfe.find_spec = find_spec if compiled else lambda _: None
        made = synthetic_did(panel, placebo_assignments=given)
        return made.estimate, made.std_error

    def theirs() -> tuple[float, float]:
        peer = diff_diff.SyntheticDiD(n_bootstrap=DRAWS, variance_method="placebo", seed=SEED)
        made = peer.fit(frame, outcome="y", treatment="treat", unit="unit", time="time", post_periods=list(range(START, PERIODS)))
        return made.att, made.se

    calls = {"diff-diff": theirs, "numpy": lambda: ours(compiled=False)}
    if frank_wolfe.can_compile():
        calls["numba"] = lambda: ours(compiled=True)
    for name, call in calls.items():
        say("{}: effect {:.12f}, standard error {:.12f}".format(name, *call()))
    times = dict(zip(calls, in_turn(*calls.values()), strict=True))
    rows = [faster("numpy alone", "diff-diff", times["numpy"], times["diff-diff"], at_least=NUMPY_GOAL)]
    if "numba" in times:
        rows.append(faster("compiled loop (extra fast)", "diff-diff", times["numba"], times["diff-diff"], at_least=COMPILED_GOAL))
    table(rows)


def _frame() -> pd.DataFrame:
    """Two factors, lasting differences, noise; the last units are treated, with effect 1."""
    rng = np.random.default_rng(SEED)
    value = 0.3 * rng.normal(size=(UNITS, 2)) @ rng.normal(size=(2, PERIODS)).cumsum(axis=1) + rng.normal(size=(UNITS, PERIODS))
    value += 2 * rng.normal(size=(UNITS, 1))
    value[-TREATED:, START:] += 1
    treated = np.arange(UNITS) >= UNITS - TREATED
    return pd.DataFrame({
        "unit": np.repeat([f"u{i:03d}" for i in range(UNITS)], PERIODS), "time": np.tile(np.arange(PERIODS), UNITS), "y": value.ravel(),
        "treat": np.repeat(treated.astype(int), PERIODS), "start": np.repeat(np.where(treated, float(START), np.nan), PERIODS),
    })


if __name__ == "__main__":
    main()
