"""Writes synthetic_reference.csv: Proposition 99 with given placebo assignments, by the package synthdid-py 0.1.0.

Run with a Python that has synthdid-py, from the root of the project: python tests/oracle/scripts/synthetic_reference.py

Cases: `one` California from 1989; `three` California, Nevada and Utah from 1989; `staggered` California from 1989, Nevada and Utah from 1992
(one estimate per start on its units and the untreated, averaged with treated cells as weights). Untreated states are in the order of the file.
Rows: case, quantity, number, value. A placebo's assignment is row `number` of `permutations(case)`, the last units standing for the treated.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from synthdid import sc_estimate, synthdid_estimate
from synthdid.estimate import refit

DATA = Path(__file__).parents[1] / "data"
CASES = {
    "one": {"California": 1989}, "three": {"California": 1989, "Nevada": 1989, "Utah": 1989},
    "staggered": {"California": 1989, "Nevada": 1992, "Utah": 1992},
}
PLACEBOS = 10


def permutations(untreated: int) -> np.ndarray:
    """The same in the test."""
    return np.stack([np.random.default_rng(seed).permutation(untreated) for seed in range(PLACEBOS)])


def parts(wide: pd.DataFrame, starts: dict[str, int]) -> list[tuple[int, np.ndarray, np.ndarray]]:
    untreated = wide.loc[[s for s in wide.index if s not in starts]].to_numpy()
    return [
        (list(wide.columns).index(year), untreated, wide.loc[[s for s, y in sorted(starts.items()) if y == year]].to_numpy())
        for year in sorted(set(starts.values()))
    ]


def main() -> None:
    wide = pd.read_csv(DATA / "prop99.csv").pivot(index="state", columns="year", values="packs_per_capita")
    rows = []
    for case, starts in CASES.items():
        fitted, cells = [], []
        for before, untreated, treated in parts(wide, starts):
            fitted.append(synthdid_estimate(np.vstack([untreated, treated]), len(untreated), before))
            cells.append(len(treated) * (wide.shape[1] - before))
        rows.append((case, "estimate", 0, np.average([float(f) for f in fitted], weights=cells)))
        drawn = []
        for number, order in enumerate(permutations(len(untreated))):
            taus, last = [], [order[len(order) - len(starts):][[i for i, s in enumerate(sorted(starts)) if starts[s] == year]]
                              for year in sorted(set(starts.values()))]
            pool = order[: len(order) - len(starts)]
            for fit, (before, units, _), own in zip(fitted, parts(wide, starts), last, strict=True):
                omega = fit.weights.omega[pool]
                weights = replace(fit.weights, omega=omega / omega.sum())
                taus.append(float(refit(fit, Y=np.vstack([units[pool], units[own]]), N0=len(pool), T0=before, weights=weights)))
            drawn.append(np.average(taus, weights=cells))
            rows.append((case, "placebo", number, drawn[-1]))
        rows.append((case, "placebo_se", 0, np.std(drawn)))
        if case == "three":
            rows.append((case, "jackknife_se", 0, fitted[0].se("jackknife")))
        if case == "one":
            before, units, treated = parts(wide, starts)[0]
            control = sc_estimate(np.vstack([units, treated]), len(units), before)
            same = {name: control.opts[name] for name in ("zeta_omega", "zeta_lambda", "min_decrease")}  # of the whole, as placebo_se has it
            rows.append((case, "sc_estimate", 0, float(control)))
            rows += [
                (case, "sc_placebo", i, float(sc_estimate(np.vstack([np.delete(units, i, axis=0), units[[i]]]), len(units) - 1, before, **same)))
                for i in range(len(units))
            ]
    made = pd.DataFrame(rows, columns=["case", "quantity", "number", "value"])
    made.to_csv(DATA / "synthetic_reference.csv", index=False, float_format="%.15g")


if __name__ == "__main__":
    main()
