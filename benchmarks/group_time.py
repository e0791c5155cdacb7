"""Group-time effects with 999 draws of multipliers and an event study, beside diff-diff and moderndid."""

import argparse
import importlib.util
import warnings
from typing import Any

import numpy as np
import pandas as pd
from diff_diff import CallawaySantAnna

from benchmarks.measuring import Result, beside, faster, heading, in_turn, say, table
from commresearch.impact.arrays import arrays_of
from commresearch.impact.group_time import effects_of_arrays, group_time_effects
from commresearch.impact.group_time_cells import Options
from commresearch.outcomes import Panel

SIZES = (200, 5_000)  #: units
PERIODS, COHORTS, DRAWS = 36, 5, 999
EQUAL = 1e-9  #: effects and analytic standard errors of both sides


def main() -> None:
    """Show that all give the same event study, then time them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=SIZES[-1], help="units of the larger panel")
    sizes = (SIZES[0], parser.parse_args().rows)
    # moderndid 0.4.1 needs Python 3.12; elsewhere its lines are left out.
    second = importlib.util.find_spec("moderndid") is not None
    heading("Group-time effects, event study, multiplier bootstrap", ["diff-diff", *(["moderndid"] if second else [])])
    warnings.simplefilter("ignore")
    results: list[Result] = []
    for units, goals in zip(sizes, ((3, 15), (6, 0)), strict=True):
        results += _measured(units, *goals, second=second)
    table(results)


def _measured(units: int, at_least: float, at_least_second: float, *, second: bool) -> list[Result]:
    """Lines of one size."""
    frame = _panel(units)
    panel = Panel.from_frame(
        frame.assign(start=frame["start"].where(frame["start"] > 0)), community="unit", period="period", value="value", treated_from="start",
        outcome="made up", unit="count",
    )
    arrays, options = arrays_of(panel), Options(control="never", estimator="none", covariates=(), anticipation=0)
    # Peers are given what suits them best: whole numbers for units, and regression, which without covariates is their quickest way to the same numbers.
    numbers = frame.assign(unit=frame["unit"].str[1:].astype("int64"))

    def own() -> Any:
        return group_time_effects(panel).aggregate("dynamic", draws=DRAWS, seed=1, bands="rademacher")

    def normal() -> Any:
        return group_time_effects(panel).aggregate("dynamic", draws=DRAWS, seed=1)

    def from_arrays() -> Any:
        return effects_of_arrays(panel, arrays, options).aggregate("dynamic", draws=DRAWS, seed=1, bands="rademacher")

    def diff_diff(draws: int = DRAWS) -> Any:
        return CallawaySantAnna(n_bootstrap=draws, seed=1, cband=draws > 0, estimation_method="reg").fit(
            numbers, outcome="value", unit="unit", time="period", first_treat="start", aggregate="event_study"
        )

    def moderndid(*, draws: bool = True) -> Any:
        import moderndid as peer

        made = peer.att_gt(
            data=numbers, yname="value", tname="period", idname="unit", gname="start", boot=False, biters=DRAWS, est_method="reg",
        )
        return peer.aggte(made, type="dynamic", boot=draws, biters=DRAWS, cband=draws, random_state=1)

    ours = own().path.set_index("event_time")
    _compare(units, "diff-diff", ours, {e: (v["effect"], v["se"]) for e, v in diff_diff(0).event_study_effects.items()})
    if second:
        other = moderndid(draws=False)
        _compare(units, "moderndid", ours, dict(zip(other.event_times, zip(other.att_by_event, other.se_by_event, strict=True), strict=True)))
    mine, default, short, first, *last = in_turn(own, normal, from_arrays, diff_diff, *([moderndid] if second else []))
    goal = f"{units:,} × {PERIODS}, {DRAWS} draws"
    lines = [
        faster(f"{goal} of signs, from the panel", "diff-diff", mine, first, at_least=at_least),
        faster(f"{goal} of the normal law (the default), from the panel", "diff-diff", default, first, at_least=at_least),
        beside(f"{goal} of signs, from arrays", "diff-diff", short, first),
    ]
    if last and at_least_second:
        lines.append(faster(f"{goal} of signs, from the panel", "moderndid", mine, last[0], at_least=at_least_second))
    elif last:
        lines.append(beside(f"{goal} of signs, from the panel", "moderndid", mine, last[0]))
    return lines


def _compare(units: int, name: str, ours: pd.DataFrame, theirs: dict[int, tuple[float, float]]) -> None:
    """Say how far effects and analytic standard errors are apart, and stop where it is too far."""
    pairs = np.array([[ours.loc[e, "estimate"] - v[0], ours.loc[e, "std_error"] - v[1]] for e, v in theirs.items() if e in ours.index])
    apart = np.nanmax(np.abs(pairs), axis=0)
    say(f"{units:,} units, {name}: {len(pairs)} of {len(ours)} event times; effects apart by {apart[0]:.1e}, standard errors by {apart[1]:.1e}")
    if len(pairs) < len(ours) - 1 or apart.max() > EQUAL:
        raise SystemExit(f"{name} gives other numbers")


def _panel(units: int) -> pd.DataFrame:
    """Units in five cohorts and a sixth that is never treated, with lasting differences, shocks of periods, and effects that grow."""
    rng = np.random.default_rng(5)
    group = np.arange(units) % (COHORTS + 1)
    start = np.where(group == COHORTS, 0, 12 + 4 * group)
    period = np.arange(1, PERIODS + 1)
    since = np.where(start[:, None] > 0, np.clip(period - start[:, None] + 1, 0, None), 0)
    value = rng.normal(size=(units, 1)) + rng.normal(size=PERIODS) - 0.1 * since + rng.normal(size=(units, PERIODS))
    return pd.DataFrame(
        {
            "unit": np.repeat([f"u{i}" for i in range(units)], PERIODS), "period": np.tile(period, units), "value": value.ravel(),
            "start": np.repeat(start, PERIODS),
        }
    )


if __name__ == "__main__":
    main()
