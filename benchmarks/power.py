"""Power by simulation: a comparison of 80 units over 12 months, beside diff-diff."""

import argparse
import math
import warnings

from diff_diff import TwoWayFixedEffects, simulate_power

from benchmarks.measuring import faster, heading, in_turn, say, table
from commresearch.impact.power import PilotLayout
from commresearch.impact.power import simulate_power as own_power
from commresearch.impact.sample_size import PanelVariance

UNITS, MONTHS, START, EFFECT, SIGMA = 80, 12, 6, 0.36, 1.0
DRAWS = 500  #: simulated pilots on either side


def main() -> None:
    """Show that the powers agree within chance, then time the simulations."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=DRAWS, help="simulated pilots")
    draws = min(parser.parse_args().rows, DRAWS)
    heading("Power by simulation", ["diff-diff"])
    warnings.simplefilter("ignore")
    layout = PilotLayout(starts=(START,), sizes=(UNITS // 2,), comparison=UNITS // 2, months=MONTHS)

    def own() -> float:
        curve = own_power(layout, PanelVariance(variance=SIGMA**2, autocorrelation=0.0), effects=[EFFECT], draws=draws, seed=1)
        return float(curve.table["power"].iloc[-1])

    def peer() -> float:
        # Its plain estimator, which is quicker, leaves the units' own levels in the noise and is another test.
        made = simulate_power(
            TwoWayFixedEffects(), n_units=UNITS, n_periods=MONTHS, treatment_effect=EFFECT, treatment_period=START, sigma=SIGMA, n_simulations=draws, seed=1,
            progress=False,
        )
        return float(made.power)

    ours, theirs = own(), peer()
    chance = 1.96 * math.sqrt(2 * ours * (1 - ours) / draws)
    say(f"power at an effect of {EFFECT}: ours {ours:.3f}, diff-diff {theirs:.3f}; chance allows {chance:.3f} between them")
    mine, other = in_turn(own, peer)
    goal = f"{draws} simulated pilots, {UNITS} x {MONTHS}"
    table([faster(goal, "diff-diff", mine, other, at_least=50)])


if __name__ == "__main__":
    main()
