"""The six fictional pilots drawn anew: how often the interval of `commresearch estimate` holds the truth, what is refused, and how it is graded.

Panels by `demo_panels`, estimates by the function and the defaults of the command; what is lost where files are read and cleaned is not in them. `--draws`
pilots per row; a share of 0.95 is then known to ± 1.96 √(0.95 × 0.05 / draws).
"""

import argparse
import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from benchmarks.measuring import say
from commresearch import Panel
from commresearch.errors import DesignError, EstimationError
from commresearch.impact.estimate import estimate_impact
from commresearch.simulate.demo_panels import DemoPanels, demo_panels
from commresearch.simulate.demo_pilots import DEMO_PILOTS

DRAWS = 200
FIRST = 0  #: seed of the first draw; those that follow count up, so that none is picked
SMALL = 2  #: draws of a small run
REFUSALS = (DesignError, EstimationError)  #: as the command takes them: what is said of one outcome and does not stop the others
NONE = "—"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One outcome of one draw: its truth, and what was estimated; None where that was refused."""

    outcome: str
    truth: float
    unit: str = ""
    method: str = ""
    inference: str = ""
    estimate: float | None = None
    low: float = math.nan
    high: float = math.nan
    grade: str = ""
    refusal: str = ""

    @property
    def holds(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low <= self.truth <= self.high

    @property
    def is_bounded(self) -> bool:
        """Whether the interval says more than that anything is possible."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def one(case_id: str, seed: int) -> list[Drawn]:
    """Every outcome of one draw of a pilot."""
    panels = demo_panels(case_id, seed)
    return [_estimated(panels, outcome, seed) for outcome in panels.frames]


def _estimated(panels: DemoPanels, outcome: str, seed: int) -> Drawn:
    truth = panels.effects[outcome]
    panel = Panel.from_frame(
        panels.frames[outcome], community="unit_id", period="month", numerator="numerator", denominator="denominator", treated_from="treated_from",
        cluster="assignment_id", outcome=outcome, unit=panels.units[outcome],
    )
    try:
        found = estimate_impact(panel, rollout=panels.rollout, programmes=panels.programmes, seed=seed)
    except REFUSALS as error:
        return Drawn(outcome=outcome, truth=truth, refusal=error.failures[0].code)
    return Drawn(
        outcome=outcome, truth=truth, unit=str(found.unit), method=str(found.method), inference=str(found.inference), estimate=found.estimate,
        low=found.conf_low, high=found.conf_high, grade=str(found.grade),
    )


def rows(case_id: str, draws: Sequence[Sequence[Drawn]]) -> Iterator[str]:
    """One line of the table per outcome of a pilot."""
    for outcome in dict.fromkeys(drawn.outcome for made in draws for drawn in made):
        yield row(case_id, [drawn for made in draws for drawn in made if drawn.outcome == outcome])


def row(case_id: str, drawn: Sequence[Drawn]) -> str:
    """All draws of one outcome as a line."""
    made = [d for d in drawn if d.estimate is not None]
    refused = Counter(d.refusal for d in drawn if d.estimate is None)
    cells = [
        case_id, drawn[0].outcome, _counted(d.unit for d in made), _counted(f"{d.method}, {d.inference}" for d in made),
        f"{np.mean([d.truth for d in drawn]):.2f}", *_numbers(made), f"{sum(refused.values()) / len(drawn):.3f} {' '.join(sorted(refused))}".strip(),
        _counted((d.grade for d in made), every=True),
    ]
    return f"| {' | '.join(cells)} |"


def _numbers(made: Sequence[Drawn]) -> list[str]:
    """Mean estimate, its error and its spread, share of intervals that hold the truth with its chance, share that is unbounded."""
    if not made:
        return [NONE] * 6
    errors = np.array([d.estimate - d.truth for d in made if d.estimate is not None])
    spread = f"{errors.std(ddof=1):.2f}" if len(errors) > 1 else NONE
    held = float(np.mean([d.holds for d in made]))
    return [
        f"{np.mean([d.estimate for d in made if d.estimate is not None]):.2f}", f"{errors.mean():+.2f}", spread, f"{held:.3f}",
        f"±{1.96 * math.sqrt(0.05 * 0.95 / len(made)):.3f}", f"{np.mean([not d.is_bounded for d in made]):.3f}",
    ]


def _counted(values: Iterator[str], *, every: bool = False) -> str:
    """What there was, the most frequent first, with how often where it was not one thing alone."""
    found = Counter(values).most_common()
    return "; ".join(f"{value} {n}" if every or len(found) > 1 else value for value, n in found) or NONE


def _task(task: tuple[str, int]) -> list[Drawn]:
    return one(*task)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--rows", type=int, help=f"a small run: {SMALL} draws")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cases", nargs="+", choices=DEMO_PILOTS, default=list(DEMO_PILOTS), metavar="CASE")
    asked = parser.parse_args()
    draws = asked.draws if asked.rows is None else SMALL
    say(f"{draws} draws per pilot, seeds from {FIRST}; intervals of 95 %; of complaints effects are in percent\n")
    say("| pilot | outcome | unit | method | truth | mean estimate | error | sd | holds the truth | chance | unbounded | refused | grades |")
    say("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    with ProcessPoolExecutor(asked.workers) as pool:
        for case_id in asked.cases:
            started = time.monotonic()
            for line in rows(case_id, list(pool.map(_task, [(case_id, FIRST + n) for n in range(draws)]))):
                say(line)
            say(f"<!-- {case_id}: {time.monotonic() - started:.0f} s -->")


if __name__ == "__main__":
    main()
