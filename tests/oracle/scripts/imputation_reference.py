"""Reference numbers of imputation on mpdta.csv by diff-diff 3.13.0.

Run from the root of the project in an environment with diff-diff:

    OPENBLAS_NUM_THREADS=1 python tests/oracle/scripts/imputation_reference.py

It writes tests/oracle/data/imputation_reference.csv (leave_out, event_time, estimate, std_error; event_time "overall" for the mean over all treated years).
"""

import warnings
from pathlib import Path

import pandas as pd
from diff_diff import ImputationDiD

DATA = Path(__file__).parents[1] / "data"


def main():
    warnings.simplefilter("ignore")
    frame = pd.read_csv(DATA / "mpdta.csv")
    rows = []
    for leave_out in (False, True):
        made = ImputationDiD(leave_one_out=leave_out).fit(
            frame, outcome="lemp", unit="countyreal", time="year", first_treat="first_treat", aggregate="event_study"
        )
        rows.append((leave_out, "overall", made.overall_att, made.overall_se))
        rows += [(leave_out, e, v["effect"], v["se"]) for e, v in made.event_study_effects.items() if e >= 0]
    table = pd.DataFrame(rows, columns=["leave_out", "event_time", "estimate", "std_error"])
    table.to_csv(DATA / "imputation_reference.csv", index=False, float_format="%.15g")


if __name__ == "__main__":
    main()
