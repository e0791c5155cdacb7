"""Random-effects fits of 13 effects and leave-one-out over 200, beside statsmodels and PyMARE."""

import argparse
import warnings
from importlib.util import find_spec

import numpy as np
import pandas as pd
from statsmodels.stats.meta_analysis import combine_effects

from benchmarks.measuring import Call, beside, faster, heading, in_turn, say, table, within
from commresearch.comparison.effects_model import fit_effects
from commresearch.comparison.leave_one_out import leave_one_out
from commresearch.comparison.pooled_intervals import effect_of, uncertainty
from commresearch.comparison.pooling import pool_effects
from commresearch.terms import Unit

FITS = 200  #: of one timed call; a single one is too short for the clock
CASES = 200
FIT_SECONDS, LEAVE_ONE_OUT_SECONDS = 5e-4, 0.2
#: Logarithms of risk ratios of the BCG trials and their variances, to seven digits.
EFFECTS = np.array(
    [-0.8893113, -1.5853887, -1.3480731, -1.4415512, -0.2175473, -0.7861156, -1.6208982, 0.0119523, -0.4694176, -1.3713448, -0.3393588, 0.4459134, -0.0173139]
)
VARIANCES = np.array(
    [0.3255848, 0.1945811, 0.4153680, 0.0200100, 0.0512102, 0.0069056, 0.2230172, 0.0039616, 0.0564342, 0.0730248, 0.0124122, 0.5325058, 0.0714047]
)


def main() -> None:
    """Show that all sides give the same, then time them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=0, help="cases of the leave-one-out; 200 where not given")
    cases = parser.parse_args().rows
    cases = min(cases, CASES) if cases > 0 else CASES
    peers = ["statsmodels", *(["pymare"] if find_spec("pymare") is not None else [])]
    heading(f"Pooling {len(EFFECTS)} effects, {FITS} fits; leave-one-out over {cases}", peers)
    first, second = in_turn(_times(_ours_pm), _times(_statsmodels))
    say(f"PM, mean and Knapp-Hartung error: {_ours_pm()}; statsmodels {_statsmodels()}")
    lines = [faster(f"{FITS} fits, PM", "statsmodels", first, second, at_least=2)]
    first, second = in_turn(_times(_ours_reml), _times(_public))
    lines += [within(f"{FITS} fits, REML and modified Knapp-Hartung", first, seconds=FITS * FIT_SECONDS), beside("of these", "pool_effects, table and checks", first, second)]
    if find_spec("pymare") is not None:
        say(f"REML, mean and Knapp-Hartung error: {_ours_reml()}; PyMARE {_pymare()}")
        first, second = in_turn(_times(_ours_reml), _times(_pymare))
        lines.append(faster(f"{FITS} fits, REML", "PyMARE", first, second, at_least=5))
    else:
        say("PyMARE is not installed; REML has no peer in this run.")
    rng = np.random.default_rng(5)
    variances = rng.uniform(0.01, 0.3, cases)
    effects = rng.normal(-0.2, np.sqrt(variances + 0.1))
    fit, names = fit_effects(effects, variances), np.arange(cases)
    one_by_one = [fit_effects(np.delete(effects, i), np.delete(variances, i)).coefficients[0] for i in range(cases)]
    together = leave_one_out(fit, names, "modified_knapp_hartung", 0.95, Unit.LOG_POINTS)
    say(f"leave-one-out: the largest difference to fits one by one is {np.abs(together['estimate'].to_numpy() - one_by_one).max():.1e}")
    (taken,) = in_turn(lambda: leave_one_out(fit, names, "modified_knapp_hartung", 0.95, Unit.LOG_POINTS))
    lines.append(within(f"{cases} leave-one-outs, REML", taken, seconds=LEAVE_ONE_OUT_SECONDS))
    table(lines)


def _times(call: Call) -> Call:
    """A call made often enough for the clock."""

    def many() -> None:
        for _ in range(FITS):
            call()

    return many


def _ours_pm() -> tuple[float, float]:
    fit = fit_effects(EFFECTS, VARIANCES, method="pm")
    return _rounded(float(fit.coefficients[0]), float(np.sqrt(fit.covariance[0, 0] * fit.factor)))


def _ours_reml() -> tuple[float, float]:
    """Mean and error of the default."""
    fit = fit_effects(EFFECTS, VARIANCES)
    rule = uncertainty("modified_knapp_hartung", factor=fit.factor, df=fit.df)
    made = effect_of(float(fit.coefficients[0]), rule.std_error(float(fit.covariance[0, 0])), rule.df, 0.95)
    return _rounded(made.estimate, made.std_error)


def _statsmodels() -> tuple[float, float]:
    found = combine_effects(EFFECTS, VARIANCES, method_re="pm", atol=1e-10)
    return _rounded(float(found.mean_effect_re), float(found.sd_eff_w_re_hksj))


def _pymare() -> tuple[float, float]:
    from pymare import Dataset
    from pymare.estimators import VarianceBasedLikelihoodEstimator

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = VarianceBasedLikelihoodEstimator(method="REML").fit_dataset(Dataset(EFFECTS, VARIANCES)).summary()
        effects = found.get_fe_stats()
    return _rounded(float(effects["est"].item()), float(effects["se"].item()))


def _public() -> None:
    pool_effects(FRAME)


def _rounded(mean: float, error: float) -> tuple[float, float]:
    return round(mean, 6), round(error, 6)


FRAME = pd.DataFrame(
    {
        "case_id": [f"trial {i}" for i in range(1, len(EFFECTS) + 1)], "outcome": "tuberculosis", "definition": "cases over persons", "unit": "log_points",
        "grade": "E5", "estimate": EFFECTS, "std_error": np.sqrt(VARIANCES),
    }
)


if __name__ == "__main__":
    main()
