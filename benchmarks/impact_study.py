"""Bias, coverage and size of the default of every design, on simulated panels whose truth is known.

Panels like those of community pilots: 16, 40 and 87 units over 36 months, 1, 3, 10 and 40 treated, serial correlation, seasons, counts with zeros and
shares, units of unequal size. `--draws` panels per row; a share of 0.95 is then known to ± 1.96 √(0.95 × 0.05 / draws).
"""

import argparse
import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.measuring import say
from commresearch import Panel, detect_design
from commresearch.impact.design import design_panel
from commresearch.impact.routes import RunSettings, estimate_by
from commresearch.simulate.panels import PanelSpec, simulate_panel

DRAWS = 400
PATHS = 999  #: permutations of each test; the default of the package is 9,999
EFFECTS = {"counts": -20.0, "shares": 3.0}
LEVELS = {"counts": 2.0, "shares": 20.0}  #: 2 cases per 1,000 households and month: in small units many months have none


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    spec: PanelSpec
    method: str
    inference: str
    bias: float
    spread: float
    coverage: float
    size: float
    attainable: float


def layouts() -> Iterator[PanelSpec]:
    """Every layout that the table shows, with its effect."""
    for kind in ("counts", "shares"):
        for units, treated, starts in (
            (16, 1, (18,)), (16, 3, (18,)), (16, 10, (18,)), (40, 1, (18,)), (40, 3, (18,)), (40, 10, (18,)), (40, 10, (12, 18, 24)), (87, 10, (18,)),
            (87, 40, (12, 18, 24)),
        ):
            yield PanelSpec(units=units, treated=treated, starts=starts, kind=kind, level=LEVELS[kind], effect=EFFECTS[kind])


def one(spec: PanelSpec, seed: int) -> tuple[str, str, float, float, bool, float, float]:
    """An estimate of one panel: method, inference, error, truth, whether the interval holds the truth, p value, attainable level."""
    made = simulate_panel(spec, rng=np.random.default_rng(seed))
    panel = Panel.from_frame(
        made.frame, community="unit_id", period="month", numerator="numerator", denominator="denominator", treated_from="treated_from", outcome="simulated",
        unit="per_1000_households" if spec.kind == "counts" else "percentage_points",
    )
    design = detect_design(panel, made.rollout)
    found, _ = estimate_by(design_panel(panel, design), design, design.method, design.inference, RunSettings(seed=seed, draws=PATHS))
    held = found.conf_low <= made.truth <= found.conf_high
    return str(found.method), str(found.inference), found.estimate - made.truth, made.truth, held, found.p_value, found.details.get("attainable_level", 0.05)


def _task(task: tuple[PanelSpec, int]) -> tuple[str, str, float, float, bool, float, float]:
    return one(*task)


def study(draws: int, workers: int) -> list[Row]:
    """All rows; with and without an effect from the same random numbers."""
    rows = []
    with ProcessPoolExecutor(workers) as pool:
        for spec in layouts():
            with_effect = list(pool.map(_task, [(spec, s) for s in range(draws)], chunksize=8))
            without = list(pool.map(_task, [(replace(spec, effect=0.0), s) for s in range(draws)], chunksize=8))
            errors = np.array([r[2] for r in with_effect])
            row = Row(
                spec=spec, method=with_effect[0][0], inference=with_effect[0][1], bias=float(errors.mean()), spread=float(errors.std()),
                coverage=float(np.mean([r[4] for r in with_effect])), size=float(np.mean([r[5] <= 0.05 for r in without])), attainable=without[0][6],
            )
            rows.append(row)
            say(line(row, draws))
    return rows


def line(row: Row, draws: int) -> str:
    """A row as text."""
    spec, error = row.spec, math.sqrt(0.05 * 0.95 / draws)
    starts = "/".join(map(str, spec.starts))
    return (
        f"| {spec.kind} | {spec.units} | {spec.treated} | {starts} | {row.method} | {row.inference} | {row.bias:+.2f} | {row.spread:.2f} | {row.coverage:.3f} | "
        f"{row.size:.3f} | {row.attainable:.3f} | ±{1.96 * error:.3f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--rows", type=int, help="a small run: so many draws")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    draws = options.draws if options.rows is None else max(20, options.rows // 1_000)
    say("| kind | units | treated | starts | method | inference | bias | sd | coverage of 95 % | size of 5 % | attainable | chance |")
    say("|---|---|---|---|---|---|---|---|---|---|---|---|")
    study(draws, options.workers)


if __name__ == "__main__":
    main()
