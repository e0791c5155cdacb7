"""Mean, share and means of five domains in a clustered sample of 200,000, beside svy."""

import argparse

import numpy as np
import pandas as pd
import polars as pl
import svy

from benchmarks.measuring import faster, heading, in_turn, say, table
from commresearch.survey import estimate_mean, estimate_share

ROWS = 200_000
STRATA, UNITS, DOMAINS = 20, 40, 5
DESIGN = {"weights": "weight", "strata": "stratum", "clusters": "unit"}
Numbers = tuple[np.ndarray, np.ndarray]


def main() -> None:
    """Show that estimates and standard errors agree, then time each of the three and all together."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    people = _people(parser.parse_args().rows)
    heading("Estimates of a clustered sample", ["svy", "polars"])
    received = pl.from_pandas(people)

    def sample() -> svy.Sample:
        return svy.Sample(received, svy.Design(stratum="stratum", psu="unit", wgt="weight", wr=True))

    ours = {
        "mean": lambda: _numbers(estimate_mean(people, "score", **DESIGN)),
        "share": lambda: _numbers(estimate_share(people, "satisfied", **DESIGN)),
        "five domains": lambda: _numbers(estimate_mean(people, "score", by="domain", **DESIGN)),
    }
    theirs = {
        "mean": lambda s: _svy_numbers(s.estimation.mean("score")),
        "share": lambda s: _svy_numbers(s.estimation.prop("satisfied")),
        "five domains": lambda s: _svy_numbers(s.estimation.mean("score", by="domain")),
    }
    for name, call in ours.items():
        (estimate, error), (their_estimate, their_error) = call(), theirs[name](sample())
        difference = max(np.abs(estimate / their_estimate - 1).max(), np.abs(error / their_error - 1).max())
        say(f"{name}: {estimate[0]:.12g} (standard error {error[0]:.12g}); largest relative difference from svy {difference:.1e}")

    def all_of_theirs() -> None:
        made = sample()  # one sample for the three, as svy advises; it keeps what it has computed of the design
        for call in theirs.values():
            call(made)

    together, peer = in_turn(lambda: [call() for call in ours.values()], all_of_theirs)
    lines = [faster("mean, share and five domains", "svy", together, peer, at_least=5)]
    for name, call in ours.items():
        own, other = in_turn(call, lambda asked=theirs[name]: asked(sample()))
        lines.append(faster(f"  {name} alone", "svy, with its sample", own, other, at_least=5))
    table(lines)


def _people(rows: int) -> pd.DataFrame:
    """A score with differences between strata and units, a share, domains across both."""
    rng = np.random.default_rng(7)
    stratum, unit = rng.integers(0, STRATA, rows), rng.integers(0, UNITS, rows)
    score = rng.normal(50, 10, rows) + stratum + rng.normal(0, 2, (STRATA, UNITS))[stratum, unit]
    return pd.DataFrame({
        "score": score, "satisfied": (score + rng.normal(0, 10, rows) > 55).astype(np.int64), "domain": rng.integers(0, DOMAINS, rows),
        "stratum": stratum, "unit": stratum * 1000 + unit, "weight": rng.uniform(0.5, 2, rows),
    })


def _numbers(table: pd.DataFrame) -> Numbers:
    return table["estimate"].to_numpy(), table["std_error"].to_numpy()


def _svy_numbers(result: svy.Estimate) -> Numbers:
    table = result.to_polars()
    return table["est"].to_numpy(), table["se"].to_numpy()


if __name__ == "__main__":
    main()
