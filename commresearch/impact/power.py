"""Power by simulation: many pilots at once as one array, judged by the test that their design would get."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import special

from commresearch.errors import EstimationError, Failure
from commresearch.impact.arrays import FEW
from commresearch.impact.option_checks import is_count, is_level, is_seed
from commresearch.impact.sample_size import PanelVariance

CHUNK = 4_000_000  #: numbers of one block of simulated panels, so that memory stays bounded
PATHS = 999  #: assignments drawn where a test is by randomisation


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotLayout:
    """Who starts when, in a pilot that is still to come.

    starts : tuple of int
        Months before the start of each batch; its sizes stand in `sizes`.
    months : int
    comparison : int
        Units that never start.
    """

    starts: tuple[int, ...]
    sizes: tuple[int, ...]
    comparison: int
    months: int

    @property
    def treated(self) -> int:
        """Units that start."""
        return sum(self.sizes)

    @property
    def units(self) -> int:
        """All of them."""
        return self.treated + self.comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class CountLaw:
    """How counts vary.

    rate : float
        Mean count of a unit and month, without the pilot.
    unit_sd, shock_sd, autocorrelation : float
        Of the logarithm of the rate: between units for good, from month to month, from one month to the next.
    """

    rate: float
    unit_sd: float = 0.25
    shock_sd: float = 0.1
    autocorrelation: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PowerCurve:
    """Power at each effect.

    table : DataFrame
        effect, power, mc_error; the row of effect 0 is the size of the test.
    detectable : float
        Smallest effect (by size, of the sign of the grid) found with the power wanted; interpolated, NaN where the grid does not reach it.
    """

    table: pd.DataFrame
    detectable: float
    draws: int
    notes: tuple[str, ...] = field(default=())


def simulate_power(
    layout: PilotLayout, law: PanelVariance | CountLaw, *, effects: Sequence[float], draws: int = 1_000, seed: int = 0, alpha: float = 0.05, power: float = 0.80
) -> PowerCurve:
    """How often a pilot of this layout would find an effect.

    Parameters
    ----------
    layout : PilotLayout
    law : PanelVariance or CountLaw
        Values around unit and month means, or counts.
    effects : sequence of float
        Effects looked at, in the unit of the values, or percent of counts.
    draws : int
        Simulated pilots per effect; the same units and months for every effect, so that the curve is smooth.

    Returns
    -------
    PowerCurve
        From six treated and six other units on the test is Welch's on contrasts of units (counts: a jackknife of the ratio of ratios, 1 where
        counts are too few for one), below by randomisation over the units.

    Raises
    ------
    EstimationError
        A setting cannot be (CR-I07).
    """
    _check(layout, effects, {"draws": draws, "seed": seed}, {"alpha": (alpha, 0.5), "power": (power, 1.0)})
    _check_law(law, effects)
    grid = sorted({0.0, *map(float, effects)}, key=abs)
    found = np.zeros(len(grid))
    block = max(1, CHUNK // (layout.units * layout.months))
    rng = np.random.default_rng(seed)
    for begin in range(0, draws, block):
        n = min(block, draws - begin)
        noise = _noise(layout, law, n, rng)
        paths = _paths(layout, rng)
        for i, effect in enumerate(grid):
            found[i] += (_p_values(layout, noise, effect, paths, rng if isinstance(law, CountLaw) else None) < alpha).sum()
    share = found / draws
    table = pd.DataFrame({"effect": grid, "power": share, "mc_error": np.sqrt(share * (1 - share) / draws)})
    return PowerCurve(table=table, detectable=_reached(table, power), draws=draws)


def _check(layout: PilotLayout, effects: Sequence[float], whole: dict[str, object], shares: dict[str, tuple[float, float]]) -> None:
    facts = [
        ("starts", layout.starts, len(layout.starts) == len(layout.sizes) and all(0 < s < layout.months for s in layout.starts), f"1–{layout.months - 1}"),
        ("sizes", layout.sizes, len(layout.sizes) > 0 and min(layout.sizes, default=0) >= 1, "≥ 1"), ("comparison", layout.comparison, layout.comparison >= 2, "≥ 2"),
        ("effects", tuple(effects), len(effects) > 0, "1, …"),
        ("draws", whole["draws"], is_count(whole["draws"], 1), "≥ 1"), ("seed", whole["seed"], is_seed(whole["seed"]), "≥ 0"),
        *((name, got, is_level(got) and got < most, f"0–{most:g}") for name, (got, most) in shares.items()),
    ]
    _require(facts)


def _check_law(law: PanelVariance | CountLaw, effects: Sequence[float]) -> None:
    """A law that could be one, and effects that it could have."""
    rho = law.autocorrelation
    facts = [("autocorrelation", rho, abs(rho) < 1, "−1 < … < 1"), ("effects", tuple(effects), bool(np.isfinite(effects).all()), "…")]
    if isinstance(law, CountLaw):
        facts += [("rate", law.rate, 0 < law.rate < math.inf, "> 0"), ("effects", tuple(effects), min(effects) >= -100, "≥ −100%")]
        facts += [(name, got, 0 <= got < math.inf, "≥ 0") for name, got in (("unit_sd", law.unit_sd), ("shock_sd", law.shock_sd))]
    else:
        facts.append(("variance", law.variance, 0 < law.variance < math.inf, "> 0"))
    _require(facts)


def _require(facts: Sequence[tuple[str, object, bool, str]]) -> None:
    if wrong := [(n, g, a) for n, g, right, a in facts if not right]:
        raise EstimationError(*(Failure(code="CR-I07", values={"name": n, "got": str(g), "allowed": a}) for n, g, a in wrong))


def _noise(layout: PilotLayout, law: PanelVariance | CountLaw, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Values, or logarithms of rates, without any effect: (draws, units, months)."""
    rho = law.autocorrelation
    scale = math.sqrt(law.variance) if isinstance(law, PanelVariance) else law.shock_sd
    made = rng.standard_normal((draws, layout.units, layout.months)) * scale
    for t in range(1, layout.months):
        made[..., t] = rho * made[..., t - 1] + math.sqrt(1 - rho * rho) * made[..., t]
    if isinstance(law, CountLaw):
        made += math.log(law.rate) + law.unit_sd * rng.standard_normal((draws, layout.units, 1))
    return made


def _first(layout: PilotLayout) -> np.ndarray:
    return np.asarray(np.r_[np.repeat(layout.starts, layout.sizes), np.full(layout.comparison, layout.months)])


def _p_values(layout: PilotLayout, noise: np.ndarray, effect: float, paths: np.ndarray | None, counts_from: np.random.Generator | None) -> np.ndarray:
    """Two-sided p values of all simulated pilots, (draws,); `counts_from` draws counts where `noise` is the logarithm of their rate."""
    treated = np.arange(layout.months)[None, :] >= _first(layout)[:, None]
    if counts_from is not None:
        return _ratio_p(layout, counts_from.poisson(np.exp(noise) * np.where(treated, 1 + effect / 100, 1.0)).astype(float), paths)
    contrast = _contrasts(layout, noise + effect * treated)
    return _welch_p(contrast, layout.treated) if paths is None else _path_p(contrast, paths)


def _contrasts(layout: PilotLayout, value: np.ndarray) -> np.ndarray:
    """Mean after less mean before, of every unit: (draws, units); of those that never start by the months of the batches in turn."""
    made = np.empty(value.shape[:2])
    at = 0
    others = np.zeros((value.shape[0], layout.comparison))
    for start, size in zip(layout.starts, layout.sizes, strict=True):
        change = value[..., start:].mean(axis=-1) - value[..., :start].mean(axis=-1)
        made[:, at : at + size] = change[:, at : at + size]
        others += size / layout.treated * change[:, layout.treated :]
        at += size
    made[:, layout.treated :] = others
    return made


def _welch_p(contrast: np.ndarray, treated: int) -> np.ndarray:
    a, b = contrast[:, :treated], contrast[:, treated:]
    va, vb = a.var(axis=1, ddof=1) / a.shape[1], b.var(axis=1, ddof=1) / b.shape[1]
    t = (a.mean(axis=1) - b.mean(axis=1)) / np.sqrt(va + vb)
    df = (va + vb) ** 2 / (va**2 / (a.shape[1] - 1) + vb**2 / (b.shape[1] - 1))
    return np.asarray(2 * special.stdtr(df, -np.abs(t)))


def _ratio_p(layout: PilotLayout, counts: np.ndarray, paths: np.ndarray | None) -> np.ndarray:
    """P values of the ratio of ratios of counts, by leaving out one unit at a time, or over paths of each unit's own log ratio."""
    before, after = _sums(layout, counts)
    if paths is not None:
        return _path_p(np.log((after + 0.5) / (before + 0.5)), paths)
    n1 = layout.treated
    sides = [(before[:, :n1], after[:, :n1]), (before[:, n1:], after[:, n1:])]
    theta, variance, weights = 0.0, 0.0, 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        for sign, (b, a) in zip((1, -1), sides, strict=True):
            n = b.shape[1]
            tb, ta = b.sum(axis=1, keepdims=True), a.sum(axis=1, keepdims=True)
            # Differences of sums leave rounding where a unit has all the counts of its side.
            without = np.log(_floored(ta - a, ta) / _floored(tb - b, tb))
            part = (n - 1) / n * np.square(without - without.mean(axis=1, keepdims=True)).sum(axis=1)
            theta = theta + sign * np.log(ta / tb)[:, 0]
            variance, weights = variance + part, weights + part**2 / (n - 1)
        p_value = 2 * special.stdtr(variance**2 / weights, -np.abs(theta) / np.sqrt(variance))
    # Nothing counted on some side, by all units or by all but one: no ratio, and nothing is found.
    return np.where(np.isfinite(p_value), p_value, 1.0)


def _floored(left: np.ndarray, whole: np.ndarray) -> np.ndarray:
    made: np.ndarray = np.where(left > 1e-12 * whole, left, 0.0)
    return made


def _sums(layout: PilotLayout, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts per month before and after, by unit: (draws, units) each; those of comparison units averaged over the batches."""
    before, after = np.empty(counts.shape[:2]), np.empty(counts.shape[:2])
    n1, at = layout.treated, 0
    before[:, n1:] = after[:, n1:] = 0.0
    for start, size in zip(layout.starts, layout.sizes, strict=True):
        b, a = counts[..., :start].mean(axis=-1), counts[..., start:].mean(axis=-1)
        before[:, at : at + size], after[:, at : at + size] = b[:, at : at + size], a[:, at : at + size]
        before[:, n1:] += size / n1 * b[:, n1:]
        after[:, n1:] += size / n1 * a[:, n1:]
        at += size
    return before, after


def _paths(layout: PilotLayout, rng: np.random.Generator) -> np.ndarray | None:
    """Other choices of treated units, as weights of a difference of means, the real one first; None where Welch's test is used."""
    n1, n0 = layout.treated, layout.comparison
    if min(n1, n0) >= FEW:
        return None
    weights = np.empty((PATHS + 1, layout.units))
    real = np.r_[np.full(n1, 1 / n1), np.full(n0, -1 / n0)]
    weights[0] = real
    weights[1:] = rng.permuted(np.broadcast_to(real, (PATHS, layout.units)), axis=1)
    return weights


def _path_p(contrast: np.ndarray, paths: np.ndarray) -> np.ndarray:
    effects = np.abs(contrast @ paths.T)
    return np.asarray((effects >= effects[:, :1] * (1 - 1e-12)).mean(axis=1))


def _reached(table: pd.DataFrame, power: float) -> float:
    """The effect at which the curve first reaches the power wanted, on the straight line between its points."""
    size, share = table["effect"].to_numpy(), table["power"].to_numpy()
    place = int(np.argmax(share >= power))
    if share[place] < power or place == 0:
        return math.nan
    part = (power - share[place - 1]) / (share[place] - share[place - 1])
    return float(size[place - 1] + part * (size[place] - size[place - 1]))
