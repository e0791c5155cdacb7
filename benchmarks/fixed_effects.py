"""The two-way coefficient with clustered errors of 100,008 rows, beside pyfixest."""

import argparse
import warnings

import numpy as np
import pandas as pd
import pyfixest as pf

from benchmarks.measuring import beside, faster, heading, in_turn, say, table
from commresearch.impact.arrays import arrays_of
from commresearch.impact.fixed_effects import treatment_fit, two_way_fixed_effects, usable
from commresearch.outcomes import Panel

UNITS, PERIODS = 2_778, 36
EQUAL = 1e-7  #: relative; the peer's demeaning is iterated


def main() -> None:
    """Show that coefficient and standard error are the same, then time regressions alone and from the table on."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=UNITS * PERIODS)
    units = max(20, parser.parse_args().rows // PERIODS)
    warnings.simplefilter("ignore")
    heading("Two-way fixed effects", ["pyfixest"])
    frame = made_up(units)
    panel = panel_of(frame)
    arrays = usable(arrays_of(panel))

    def regression() -> tuple[float, float]:
        fit = treatment_fit(arrays)
        return float(fit.coefficient[0]), float(np.sqrt(fit.vcov("cr1").vcov[0, 0]))

    def whole() -> tuple[float, float]:
        made = two_way_fixed_effects(panel)
        return made.estimate, made.std_error

    def peer() -> tuple[float, float]:
        fit = pf.feols("y ~ d | unit + month", frame, vcov={"CRV1": "unit"}, copy_data=False, store_data=False)
        return float(fit.coef().iloc[0]), float(fit.se().iloc[0])

    ours, theirs = np.array(regression()), np.array(peer())
    apart = np.abs(ours / theirs - 1)
    say(f"coefficient and standard error apart by {apart[0]:.1e} and {apart[1]:.1e} of themselves; panel and arrays by {np.abs(ours / whole() - 1).max():.1e}")
    if apart.max() > EQUAL:
        raise SystemExit("the two sides do not agree")
    mine, from_panel, pyfixest = in_turn(regression, whole, peer)
    goal = f"{units * PERIODS:,} rows"
    table([
        faster(f"{goal}, regression of arrays", "pyfixest feols of a frame", mine, pyfixest, at_least=15),
        beside(f"{goal}, from the panel to the result", "pyfixest feols of a frame", from_panel, pyfixest),
    ])


def made_up(units: int, periods: int = PERIODS, starts: tuple[float, ...] = (18, 24, np.nan, np.nan)) -> pd.DataFrame:
    """Units of which quarters start at each of the given periods; `unit` and `month` are whole numbers."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"unit": np.repeat(np.arange(units), periods), "month": np.tile(np.arange(periods), units)})
    frame["start"] = np.asarray(starts)[frame["unit"] % len(starts)]
    frame["d"] = (frame["month"] >= frame["start"]).astype(float)
    noise = rng.normal(size=units)[frame["unit"]] + rng.normal(size=periods)[frame["month"]] + rng.normal(size=len(frame))
    return frame.assign(y=noise + 0.05 * frame["d"])


def panel_of(frame: pd.DataFrame) -> Panel:
    """The same as a panel."""
    return Panel.from_frame(frame, community="unit", period="month", value="y", treated_from="start", outcome="made up", unit="count")


if __name__ == "__main__":
    main()
