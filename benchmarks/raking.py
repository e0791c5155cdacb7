"""Raking of a million people on five margins, beside weightipy and svy."""

import argparse

import numpy as np
import pandas as pd
import polars as pl
import svy
import weightipy

from benchmarks.measuring import faster, heading, in_turn, say, table
from commresearch.survey import rake

ROWS = 1_000_000
SIZES = (2, 6, 5, 8, 12)  #: categories of the margins
TOLERANCE = 1e-10
Margins = dict[str, dict[str, float]]


def main() -> None:
    """Show that all three give the same weights, then time them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    rows = parser.parse_args().rows
    heading("Raking on five margins", ["weightipy", "svy", "polars"])
    people, margins = _people(rows)
    scheme = weightipy.scheme_from_dict({v: {c: 100 * n / rows for c, n in one.items()} for v, one in margins.items()}, name="margins")
    # svy is fastest with whole numbers for categories; the others take the categorical columns of a clean table as they are.
    numbers = pl.DataFrame({name: column.cat.codes.to_numpy() for name, column in people.items()}).with_columns(one=pl.lit(1.0))
    controls = {v: dict(enumerate(one.values())) for v, one in margins.items()}
    sample = svy.Sample(numbers, svy.Design(wgt="one"))

    def own() -> np.ndarray:
        return rake(people, margins, tolerance=TOLERANCE).values

    def first() -> np.ndarray:
        weighted = weightipy.weight_dataframe(people, scheme, "weight")
        return weighted["weight"].to_numpy()

    def second() -> np.ndarray:
        raked = sample.weighting.rake(controls=controls, tol=TOLERANCE, max_iter=1000, wgt_name="weight")
        return raked.data["weight"].to_numpy()

    calls = (own, first, second)
    ours, *others = (call() for call in calls)
    for name, weights in zip(("commresearch", "weightipy", "svy"), (ours, *others), strict=True):
        error, apart = _error(people, margins, weights), np.abs(weights / ours - 1).max()
        say(f"{name}: largest relative error of a margin {error:.1e}, of a weight against ours {apart:.1e}")
    mine, weightipy_times, svy_times = in_turn(*calls)
    goal = f"{rows:,} people, error <= {TOLERANCE:g}"
    table([faster(goal, "weightipy", mine, weightipy_times, at_least=40), faster(goal, "svy", mine, svy_times, at_least=80)])


def _people(rows: int) -> tuple[pd.DataFrame, Margins]:
    """People in the categories of five variables, and margins that differ from theirs."""
    rng = np.random.default_rng(5)
    columns, margins = {}, {}
    for size in SIZES:
        labels = [f"c{i}" for i in range(size)]
        codes = rng.choice(size, rows, p=rng.dirichlet(np.full(size, 8.0)))
        columns[f"margin_{size}"] = pd.Categorical.from_codes(codes, labels)
        margins[f"margin_{size}"] = dict(zip(labels, (rows * rng.dirichlet(np.full(size, 20.0))).tolist(), strict=True))
    return pd.DataFrame(columns), margins


def _error(people: pd.DataFrame, margins: Margins, weights: np.ndarray) -> float:
    """Largest error of a margin, relative to its target, added up apart from all three."""
    return max(abs(weights[(people[name] == label).to_numpy()].sum() / target - 1) for name, one in margins.items() for label, target in one.items())


if __name__ == "__main__":
    main()
