"""What effects on untreated units, as if they had been treated, say of the effect on the treated ones."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from commresearch.errors import EstimationError, Failure
from commresearch.impact.arrays import PanelArrays
from commresearch.impact.result import Note, t_quantile
from commresearch.impact.synthetic_effects import SyntheticEffects
from commresearch.impact.synthetic_fit import TINY_RIDGE
from commresearch.impact.synthetic_panel import Starts
from commresearch.terms import ChosenBy

FEW_PLACEBOS = 20  #: below, no p value can be as small as 0.05
CHOSEN_BY_LEVEL = frozenset({ChosenBy.WORST, ChosenBy.BEST})
ROUNDING = 1e-9  #: relative; ranks count values this near as equal, which only makes p larger
BADLY_FITTED = 2.0  #: an effect smaller than this many misses before the start, or a miss larger than this many usual ones, is a bad fit


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboResult:
    """Of B placebos.

    std_error : float
        Standard deviation of their effects (divisor B, as the reference), in units of the outcome; NaN for a single placebo.
    rank_p, ratio_p : float
        (1 + placebos at least as large) / (1 + B): by the size of the effect, by the root mean squared gap after over before.
    smallest_p : float
        1 / (1 + B).
    low, high : float
        Constant effects that the rank of sizes does not reject; infinite where B is too small for the level.
    usual_miss : float
        Median miss of the placebos before the start, the noise level at least.
    poor_fit : bool
        Whether the treated are missed by more than twice that: ranks then take the miss for an effect.
    """

    std_error: float
    rank_p: float
    ratio_p: float
    smallest_p: float
    low: float
    high: float
    usual_miss: float
    poor_fit: bool


def judge(actual: SyntheticEffects, placebos: SyntheticEffects, starts: Starts, conf_level: float) -> PlaceboResult:
    """Rank of the effect among placebos, and the interval of constant effects that this rank does not reject.

    A constant effect τ₀ is not rejected where (1 + #{|τ_b| ≥ |τ̂ − τ₀|}) / (1 + B) > 1 − level: τ̂ ± the ⌈level (1 + B)⌉-th smallest |τ_b|.

    Returns
    -------
    PlaceboResult
    """
    effect, count = float(actual.overall[0]), len(placebos.overall)
    sizes = np.sort(np.abs(placebos.overall))
    needed = math.ceil(round(conf_level * (1 + count), 9))
    half = float(sizes[needed - 1]) if needed <= count else math.inf
    # Fits below the noise level owe their size to chance: twice next to nothing is no bad fit.
    usual = max(float(np.median(placebos.miss_before)), *(s.time_ridge / TINY_RIDGE for s in starts.settings))
    return PlaceboResult(
        std_error=float(_spread(placebos.overall[:, None])[0]), rank_p=rank_p_value(abs(effect), sizes),
        ratio_p=rank_p_value(float(_ratio(actual)[0]), _ratio(placebos)), smallest_p=1 / (1 + count), low=effect - half, high=effect + half,
        usual_miss=usual, poor_fit=bool(actual.miss_before[0] > BADLY_FITTED * usual),
    )


def _spread(effects: np.ndarray) -> np.ndarray:
    """Standard deviation over placebos (B, E) with divisor B; NaN for a single one."""
    return np.asarray(effects.std(axis=0)) if len(effects) > 1 else np.full(effects.shape[1], np.nan)


def rank_p_value(size: float, others: np.ndarray) -> float:
    """(1 + others at least as large) / (1 + others)."""
    return float((1 + (others >= size * (1 - ROUNDING)).sum()) / (1 + len(others)))


def _ratio(effects: SyntheticEffects) -> np.ndarray:
    """Miss after over miss before; infinite where the fit before is perfect."""
    return np.asarray(np.divide(effects.miss_after, effects.miss_before, out=np.full_like(effects.miss_after, np.inf), where=effects.miss_before > 0))


def path_table(actual: SyntheticEffects, placebos: SyntheticEffects, conf_level: float) -> pd.DataFrame:
    """Effects by periods since the start, with placebo errors; the band holds for all periods after the start at once.

    Returns
    -------
    DataFrame
        event_time, estimate, std_error, conf_low, conf_high, band_low, band_high.
    """
    estimate, error = actual.path[0], _spread(placebos.path)
    after = (actual.events >= 0) & (error > 0)
    point = t_quantile(conf_level)
    centred = np.abs(placebos.path[:, after] - placebos.path[:, after].mean(axis=0)) / error[after]
    band = max(point, float(np.quantile(centred.max(axis=1), conf_level, method="higher"))) if after.any() else math.nan
    return pd.DataFrame({
        "event_time": actual.events, "estimate": estimate, "std_error": error, "conf_low": estimate - point * error,
        "conf_high": estimate + point * error, "band_low": estimate - band * error, "band_high": estimate + band * error,
    })


def weight_numbers(arrays: PanelArrays, starts: Starts, actual: SyntheticEffects) -> dict[str, float]:
    """Weights above zero by name: `unit_weight[Utah]`, `time_weight[1988]`; with the start in front where there are several."""
    made: dict[str, float] = {}
    for c, fits in zip(starts.cohorts, actual.fits, strict=True):
        start = f"[{arrays.label(int(c))}]" if len(starts.cohorts) > 1 else ""
        units, times = fits.units[0], fits.times[0]
        made |= {f"unit_weight{start}[{arrays.units[i]}]": float(units[i]) for i in np.argsort(-units, kind="stable") if units[i] > 0}
        made |= {f"time_weight{start}[{arrays.label(int(arrays.periods[t]))}]": float(times[t]) for t in np.flatnonzero(times > 0)}
    return made


def placebo_notes(
    result: PlaceboResult, actual: SyntheticEffects, arrays: PanelArrays, *, count: int, chosen_by: ChosenBy | None, did: bool
) -> tuple[Note, ...]:
    """What a reader must know: chosen by level, few placebos, a bad fit, weights that are not used."""
    notes = []
    if chosen_by in CHOSEN_BY_LEVEL:
        notes.append(Note(key="synthetic_chosen_by_level"))
    if count < FEW_PLACEBOS or math.isinf(result.low):
        notes.append(Note(key="synthetic_few_placebos", values={"count": count, "p": f"{result.smallest_p:.2g}"}))
    miss, effect = float(actual.miss_before[0]), abs(float(actual.overall[0]))
    if not did and effect < BADLY_FITTED * miss:
        notes.append(Note(key="synthetic_bad_fit", values={"miss": f"{miss:.3g}", "effect": f"{effect:.3g}"}))
    if not did and result.poor_fit:
        notes.append(Note(key="synthetic_poor_fit", values={"miss": f"{miss:.3g}", "usual": f"{result.usual_miss:.3g}"}))
    if (arrays.weight[arrays.observed] != 1).any():
        notes.append(Note(key="weights_unused"))
    return tuple(notes)


def check_level(conf_level: object) -> None:
    """Refuse a level that is none.

    Raises
    ------
    EstimationError
        It is no number between 0 and 1 (CR-I49).
    """
    if not (isinstance(conf_level, int | float) and 0 < conf_level < 1):
        raise EstimationError(Failure(code="CR-I49", values={"name": "conf_level", "allowed": "0 < … < 1", "got": conf_level}))
