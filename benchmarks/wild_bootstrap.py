"""Wild cluster bootstrap of the two-way coefficient, 87 units in 36 months, beside pyfixest (which calls wildboottest) and wildboottest."""

import argparse
import warnings

import numpy as np
import pandas as pd
import pyfixest as pf
from wildboottest.wildboottest import WildboottestCL

from benchmarks.fixed_effects import made_up, panel_of
from benchmarks.measuring import beside, faster, heading, in_turn, say, table
from commresearch.impact.arrays import arrays_of
from commresearch.impact.fixed_effects import treatment_fit, usable
from commresearch.impact.wild_bootstrap import WildTest, contrast_scores, score_bootstrap, wild, wild_cluster_bootstrap, wild_signs

UNITS, DRAWS = 87, 9_999
EQUAL = 1e-8  #: relative, of t statistics


def main() -> None:
    """Show that statistic and p value agree, then time one p value and, beside it, all of ours: panel, p value and exact interval."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=DRAWS, help="draws")
    draws = parser.parse_args().rows
    warnings.simplefilter("ignore")
    heading("Wild cluster bootstrap", ["pyfixest", "wildboottest", "numba"])
    frame = made_up(UNITS)
    panel = panel_of(frame)
    fit = treatment_fit(usable(arrays_of(panel)))
    peer_fit = pf.feols("y ~ d | unit + month", frame, vcov={"CRV1": "unit"})
    dummies = [pd.get_dummies(frame[c]).to_numpy(dtype=float)[:, drop:] for c, drop in (("unit", 0), ("month", 1))]
    x = np.column_stack([frame["d"], *dummies])

    def own() -> WildTest:
        scores = contrast_scores(fit, np.ones(1))
        # Scores of the null of no effect.
        null = type(scores)(
            score=scores.score + fit.coefficient[0] * scores.slope, slope=scores.slope, bread=scores.bread, direction=scores.direction
        )
        return score_bootstrap(null, wild_signs(UNITS, weights="rademacher", draws=draws, rng=np.random.default_rng(1)))

    def with_interval() -> object:
        made = wild(contrast_scores(fit, np.ones(1)), wild_signs(UNITS, weights="rademacher", draws=draws, rng=np.random.default_rng(1)))
        return made.p_value(float(fit.coefficient[0])), made.interval(0.95)

    def first() -> pd.Series:
        return peer_fit.wildboottest(reps=draws, cluster="unit", param="d", seed=1)

    def second() -> tuple[float, float]:
        boot = WildboottestCL(X=x, Y=frame["y"].to_numpy(), cluster=frame["unit"], R=np.eye(x.shape[1])[0], B=draws, seed=1)
        boot.get_scores(bootstrap_type="11", impose_null=True, adj=False, cluster_adj=False)
        boot.get_weights(weights_type="rademacher")
        for step in (boot.get_numer, boot.get_denom, boot.get_tboot, boot.get_vcov, boot.get_tstat, boot.get_pvalue):
            step()
        return float(np.ravel(boot.t_stat)[0]), float(boot.pvalue)

    ours, theirs, one = own(), second(), first()
    say(f"t {ours.statistic:.10f}, wildboottest {theirs[0]:.10f}; p {ours.p_value:.4f}, wildboottest {theirs[1]:.4f}, pyfixest {one['Pr(>|t|)']:.4f}")
    error = np.sqrt(2 * ours.p_value * (1 - ours.p_value) / draws)
    if abs(ours.statistic / theirs[0] - 1) > EQUAL or abs(ours.p_value - theirs[1]) > 4 * error:
        raise SystemExit("the two sides do not agree")
    times = in_turn(own, with_interval, lambda: wild_cluster_bootstrap(panel, draws=draws), first, second)
    goal = f"{UNITS} × 36, {draws:,} draws"
    table([
        faster(f"{goal}, p value of a fitted regression", "pyfixest", times[0], times[3], at_least=25),
        beside(f"{goal}, p value of a fitted regression", "wildboottest", times[0], times[4]),
        beside(f"{goal}, p value and interval of a fitted regression", "pyfixest (p value only)", times[1], times[3]),
        beside(f"{goal}, from the panel to p value and interval", "pyfixest (p value of a fitted regression)", times[2], times[3]),
    ])


if __name__ == "__main__":
    main()
