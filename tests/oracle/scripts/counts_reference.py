"""Counts of 36 fictional communities, and Poisson regressions on them by pyfixest 0.60.0 (run outside the project's environment).

    python tests/oracle/scripts/counts_reference.py tests/oracle/data
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyfixest as pf

UNITS, MONTHS = 36, 18


def main(folder: Path) -> None:
    rng = np.random.default_rng(20250301)
    unit, month = np.repeat(np.arange(UNITS), MONTHS), np.tile(np.arange(1, MONTHS + 1), UNITS)
    start = np.where(np.arange(UNITS) < 14, 11, 0)
    households = np.round(rng.uniform(300, 3000, UNITS)[unit] * (1 + rng.normal(0.004, 0.01, UNITS)[unit] * month))
    level = rng.normal(-5, 0.5, UNITS)
    treated = (start[unit] > 0) & (month >= start[unit])
    counts = rng.negative_binomial(4, 1 / (1 + households * np.exp(level[unit] + 0.2 * np.sin(month / 2) - 0.25 * treated) / 4))
    counts[unit == 35] = 0
    frame = pd.DataFrame({
        "unit": [f"u{i:02d}" for i in unit], "assignment": [f"a{i // 2:02d}" for i in unit], "month": month, "start": start[unit], "counts": counts,
        "households": households, "treated": treated.astype(int),
    })
    frame = frame[rng.random(len(frame)) > 0.06].reset_index(drop=True)
    frame.to_csv(folder / "counts_panel.csv", index=False)
    rows = []
    for name, offset in (("none", None), ("denominator", "log_households")):
        data = frame.assign(log_households=np.log(frame["households"]))
        demeaner = pf.MapDemeaner(fixef_tol=1e-13)
        fit = pf.fepois("counts ~ treated | unit + month", data, vcov={"CRV1": "assignment"}, offset=offset, iwls_tol=1e-13, demeaner=demeaner)
        rows.append((name, float(fit.coef().iloc[0]), float(fit.se().iloc[0]), int(fit._N)))
    pd.DataFrame(rows, columns=["exposure", "coefficient", "std_error", "n_obs"]).to_csv(
        folder / "counts_reference.csv", index=False, float_format="%.15g"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
