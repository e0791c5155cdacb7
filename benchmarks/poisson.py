"""Poisson regression with unit and month effects, beside pyfixest."""

import argparse

import numpy as np
import pandas as pd
import pyfixest as pf

from benchmarks.measuring import beside, faster, heading, in_turn, say, table
from commresearch.impact.arrays import arrays_of
from commresearch.impact.count_cells import count_cells
from commresearch.impact.poisson import poisson_did, poisson_effect
from commresearch.outcomes import Panel

ROWS, MONTHS = 100_000, 36


def main() -> None:
    """Show that both give the same coefficient and error, then time them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    units = parser.parse_args().rows // MONTHS
    heading("Poisson regression with two-way effects", ["pyfixest"])
    frame = _counts(units)
    panel = Panel.from_frame(
        frame, community="unit", period="month", numerator="counts", treated_from="start", cluster="assignment", outcome="complaint_rate", unit="count"
    )
    arrays = arrays_of(panel)

    def own() -> tuple[float, float]:
        effect = poisson_effect(count_cells(arrays))
        return effect.fit.coefficient, float(np.sqrt(effect.vcov("cr1").vcov[0, 0]))

    def whole() -> tuple[float, float]:
        found = poisson_did(panel)
        return found.details["log_ratio"], found.details["log_std_error"]

    def peer() -> tuple[float, float]:
        fit = pf.fepois("counts ~ treated | unit + month", frame, vcov={"CRV1": "assignment"})
        return float(fit.coef().iloc[0]), float(fit.se().iloc[0])

    calls = (own, whole, peer)
    (b, error), _, (b_peer, error_peer) = (call() for call in calls)
    say(f"coefficient {b:.10f}, pyfixest {b_peer:.10f} (apart {abs(b - b_peer):.1e}); error {error:.10f}, pyfixest {error_peer:.10f}")
    if abs(b - b_peer) > 1e-6 or abs(error / error_peer - 1) > 1e-5:
        raise SystemExit("the two sides do not agree")
    arrays_times, panel_times, peer_times = in_turn(*calls)
    goal = f"{len(frame):,} rows"
    table([
        faster(f"{goal}, from arrays", "pyfixest", arrays_times, peer_times, at_least=8),
        beside(f"{goal}, from a panel to a result with the additive effect", "pyfixest", panel_times, peer_times),
    ])


def _counts(units: int) -> pd.DataFrame:
    """Counts of `units` communities in three years, a third of them treated from the third year on."""
    rng = np.random.default_rng(5)
    unit, month = np.repeat(np.arange(units), MONTHS), np.tile(np.arange(1, MONTHS + 1), units)
    treated = (unit % 3 == 0) & (month > 24)
    mean = np.exp(rng.normal(1.5, 0.5, units)[unit] + 0.2 * np.sin(month / 2) - 0.2 * treated)
    return pd.DataFrame({
        "unit": unit, "month": month, "counts": rng.poisson(mean), "treated": treated.astype(float), "start": np.where(unit % 3 == 0, 25.0, np.nan),
        "assignment": unit // 4,
    })


if __name__ == "__main__":
    main()
