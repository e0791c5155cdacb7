"""Honest intervals of relative magnitudes on an event study of 5 + 2 coefficients, beside moderndid (exact conditional test on both sides)."""

import argparse
from importlib.util import find_spec

import numpy as np

from benchmarks.measuring import faster, heading, in_turn, say, table
from commresearch.impact.honest import honest_did

BOUNDS = (1.0,)
BEFORE, AFTER = 5, 2
GOAL = 20.0
#: Coefficients of the Medicaid example; the covariance has its standard errors, and correlations of 0.5.
ESTIMATES = np.array([-0.005285, -0.011297, -0.002676, -0.001419, 0.000340, 0.046447, 0.069206])
ERRORS = np.array([0.00865, 0.00852, 0.00711, 0.00633, 0.00739, 0.00915, 0.01035])


def main() -> None:
    """Show that both sides give the same intervals, then time them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=0, help="points of the grid; that of the reference where not given")
    points = parser.parse_args().rows
    points = min(points, 1000) if points > 0 else 1000
    heading(f"Relative magnitudes, {BEFORE} + {AFTER} coefficients, grid of {points}", ["moderndid"] if find_spec("moderndid") is not None else [])
    if find_spec("moderndid") is None:
        say("moderndid 0.4.1 needs Python 3.12; without it there is nothing to measure against.")
        return
    from moderndid.didhonest.sensitivity import create_sensitivity_results_rm

    vcov = np.outer(ERRORS, ERRORS) * (0.5 + 0.5 * np.eye(len(ERRORS)))

    def ours() -> np.ndarray:
        made = honest_did(ESTIMATES, vcov, n_pre=BEFORE, n_post=AFTER, kind="relative_magnitudes", bounds=BOUNDS, grid=points)
        return made[["conf_low", "conf_high"]].to_numpy()

    def theirs() -> np.ndarray:
        made = create_sensitivity_results_rm(
            ESTIMATES, vcov, BEFORE, AFTER, m_bar_vec=list(BOUNDS), l_vec=np.array([[1.0], [0.0]]), grid_points=points
        )
        return made.select("lb", "ub").to_numpy()

    calls = (ours, theirs)
    for name, call in zip(("commresearch", "moderndid"), calls, strict=True):
        say(f"{name}: {np.array2string(call(), precision=6)} (step {40 * ERRORS[BEFORE] / points:.6f})")
    mine, other = in_turn(*calls)
    table([faster(f"{len(BOUNDS)} bound, exact conditional test", "moderndid", mine, other, at_least=GOAL)])


if __name__ == "__main__":
    main()
