"""Randomisation inference, 87 units in 36 months: one start beside diff-diff, and whole staggered paths, which no peer permutes."""

import argparse
import warnings

import numpy as np
from diff_diff import LWDiD

from benchmarks.fixed_effects import made_up, panel_of
from benchmarks.measuring import beside, faster, heading, in_turn, say, table, within
from commresearch.impact.arrays import arrays_of
from commresearch.impact.assignment_paths import assignment_paths
from commresearch.impact.fixed_effects import treatment_fit, usable
from commresearch.impact.randomisation import RandomisationTest, randomisation_inference, two_way_test

UNITS, DRAWS = 87, 5_000
EQUAL = 1e-9  #: of effects


def main() -> None:
    """Show that effects agree and p values within their sampling error, then time tests of fitted models and, beside them, all of ours."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=DRAWS, help="permutations")
    draws = parser.parse_args().rows
    warnings.simplefilter("ignore")
    heading("Randomisation inference", ["diff-diff"])
    frame = made_up(UNITS, starts=(18, np.nan, np.nan, np.nan))
    panel, staggered = panel_of(frame), panel_of(made_up(UNITS))
    peer_fit = LWDiD().fit(frame.assign(d=frame["d"].astype(int)), outcome="y", unit="unit", time="month", treatment="d")
    arrays, fits = {}, {}
    for name, of in (("one", panel), ("staggered", staggered)):
        arrays[name] = usable(arrays_of(of))
        fits[name] = treatment_fit(arrays[name])

    def fitted(name: str) -> RandomisationTest:
        paths = assignment_paths(arrays[name], draws=draws, rng=np.random.default_rng(1))
        return two_way_test(arrays[name], fits[name], paths, studentise=False, conf_level=0.95)

    def peer() -> float:
        return float(peer_fit.randomization_test(n_reps=draws, seed=1).pvalue)

    ours, p = fitted("one"), peer()
    error = np.sqrt(p * (1 - p) * 2 / draws)
    say(f"effect {ours.statistic:.10f}, diff-diff {peer_fit.att:.10f}; p {ours.p_value:.4f}, diff-diff {p:.4f} (sampling error {error:.4f})")
    if abs(ours.statistic - peer_fit.att) > EQUAL or abs(ours.p_value - p) > 4 * error:
        raise SystemExit("the two sides do not agree")
    times = in_turn(
        lambda: fitted("one"), peer, lambda: randomisation_inference(panel, draws=draws), lambda: fitted("staggered"),
        lambda: randomisation_inference(staggered, draws=draws, studentise=True),
    )
    goal = f"{UNITS} × 36, {draws:,} permutations"
    table([
        faster(f"{goal}, one start, p value and interval of a fitted regression", "diff-diff (p value only)", times[0], times[1], at_least=10),
        beside(f"{goal}, one start, from the panel to the result", "diff-diff (p value of a fitted model)", times[2], times[1]),
        within(f"{goal}, staggered paths, p value and interval of a fitted regression", times[3], seconds=0.25),
        within(f"{goal}, staggered paths, t statistics, from the panel to the result", times[4], seconds=1),
    ])


if __name__ == "__main__":
    main()
