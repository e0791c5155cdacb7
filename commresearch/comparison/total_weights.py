"""How far a total score hangs on its weights: ranks of the cases under every weighting, for whoever insists on a total.

A total is never computed unasked. Where it is asked for, no case has a rank but an interval of ranks, and what holds under every
weighting (one case at least as good as another in all indicators) is said apart.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from commresearch.errors import EstimationError, Failure

LEAST = 2  #: cases and indicators below which there is nothing to weigh
LEAST_DRAWS = 1000  #: fewer draws leave the ends of a 90 % interval to chance
Scaling = Literal["none", "min_max", "ranks"]
SCALINGS: tuple[Scaling, ...] = ("none", "min_max", "ranks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A column of scores: its unit, and whether more of it is better."""

    name: str
    unit: str
    higher_is_better: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TotalRanks:
    """Ranks under random weights; 1 is the highest total.

    ranks : DataFrame
        One row per case in the order given: rank_low, rank_median, rank_high (interval that holds `level` of the weightings),
        share_first (share of weightings under which the case has the highest total, 0-1; ties count for each), equal_weights (rank where
        all weights are the same).
    dominance : DataFrame
        Pairs that hold under every weighting: better, worse (at least as good in every indicator, better in one).
    """

    ranks: pd.DataFrame
    dominance: pd.DataFrame
    scaling: str
    level: float
    n_draws: int
    seed: int

    @property
    def undecided(self) -> int:
        """Pairs of cases whose order depends on the weights."""
        n = len(self.ranks)
        return n * (n - 1) // 2 - len(self.dominance)


def total_weights(
    scores: pd.DataFrame, indicators: Sequence[Indicator], *, scaling: Scaling = "none", seed: int, draws: int = 20_000, level: float = 0.9
) -> TotalRanks:
    """Ranks of cases by a weighted total, over all weightings alike.

    Parameters
    ----------
    scores : DataFrame
        One row per case (index), one column per indicator; complete.
    indicators : sequence of Indicator
        One per column that counts.
    scaling : "none", "min_max" or "ranks"
        What makes the columns addable. "none" is allowed only where all units are one; "min_max" puts each column on 0-1 between its
        lowest and highest case, "ranks" between its lowest and highest place.
    seed : int
        Of the draws.
    draws : int
        Weightings, 1000 at least.
    level : float
        Share of the weightings that the interval of ranks holds.

    Returns
    -------
    TotalRanks
        Intervals of ranks, and the pairs that no weighting turns round.

    Raises
    ------
    EstimationError
        Cells are missing or no finite numbers, a column is not there or the same in all cases, units differ with scaling "none", fewer than
        two cases or indicators, one case twice, an option outside what is allowed: all at once.

    Notes
    -----
    Weights are drawn from Dirichlet(1, …, 1), uniform over all non-negative weights with sum one; ranks of equal totals are those of the
    best place they share. Ends of the interval are quantiles of the drawn ranks, taken outwards.
    """
    _require_options(scaling, draws, level)
    names = [i.name for i in indicators]
    _require_scores(scores, indicators, scaling)
    table = _scaled(scores[names].to_numpy(dtype=float) * [1.0 if i.higher_is_better else -1.0 for i in indicators], scaling)
    weights = np.random.default_rng(seed).dirichlet(np.ones(len(names)), size=draws)
    from scipy.stats import rankdata  # slow to load, and hardly anybody asks for a total

    ranks = rankdata(np.round(-weights @ table.T, 12), method="min", axis=1)  # (draws, cases); rounded, so that equal rows tie
    outer = (1 - level) / 2
    frame = pd.DataFrame(
        {
            "rank_low": np.quantile(ranks, outer, axis=0, method="lower").astype(int),
            "rank_median": np.median(ranks, axis=0),
            "rank_high": np.quantile(ranks, 1 - outer, axis=0, method="higher").astype(int),
            "share_first": (ranks == 1).mean(axis=0),
            "equal_weights": rankdata(np.round(-table.mean(axis=1), 12), method="min").astype(int),
        },
        index=scores.index,
    )
    return TotalRanks(ranks=frame, dominance=_dominance(table, list(scores.index)), scaling=scaling, level=level, n_draws=draws, seed=seed)


def _scaled(table: npt.NDArray[np.float64], scaling: Scaling) -> npt.NDArray[np.float64]:
    """Columns on one scale, each 0 for its lowest and 1 for its highest case; as they are with "none"."""
    if scaling == "none":
        return table
    from scipy.stats import rankdata

    placed = rankdata(table, method="average", axis=0) if scaling == "ranks" else table
    low, high = placed.min(axis=0), placed.max(axis=0)
    return np.asarray((placed - low) / (high - low))


def _dominance(table: npt.NDArray[np.float64], names: Sequence[object]) -> pd.DataFrame:
    pairs = [
        (names[a], names[b])
        for a in range(len(names))
        for b in range(len(names))
        if (table[a] >= table[b]).all() and (table[a] > table[b]).any()
    ]
    return pd.DataFrame(pairs, columns=["better", "worse"])


def _require_options(scaling: str, draws: int, level: float) -> None:
    wrong: Mapping[str, tuple[object, str, bool]] = {
        "scaling": (scaling, ", ".join(SCALINGS), scaling in SCALINGS),
        "draws": (draws, f">= {LEAST_DRAWS}", draws >= LEAST_DRAWS),
        "level": (level, "0 < level < 1", 0 < level < 1),
    }
    failures = [
        Failure(code="CR-T02", values={"option": name, "got": got, "allowed": allowed}) for name, (got, allowed, good) in wrong.items() if not good
    ]
    if failures:
        raise EstimationError(*failures)


def _require_scores(scores: pd.DataFrame, indicators: Sequence[Indicator], scaling: str) -> None:
    names = [i.name for i in indicators]
    absent = [n for n in names if n not in scores.columns]
    failures = [Failure(code="CR-T03", values={"column": n, "known": ", ".join(map(str, scores.columns))}) for n in absent]
    if len(scores) < LEAST or len(set(names)) < LEAST:
        failures.append(Failure(code="CR-T04", values={"cases": len(scores), "indicators": len(set(names))}))
    repeated = [str(c) for c in scores.index[scores.index.duplicated()].unique()] + sorted({n for n in names if names.count(n) > 1})
    if repeated:
        failures.append(Failure(code="CR-T05", values={"names": ", ".join(repeated)}))
    units = {i.name: i.unit for i in indicators}
    if scaling == "none" and len(set(units.values())) > 1:
        listed = "; ".join(f"{name}: {unit}" for name, unit in units.items())
        failures.append(Failure(code="CR-T06", values={"units": listed, "allowed": ", ".join(SCALINGS[1:])}))
    for name in dict.fromkeys(n for n in names if n not in absent):
        failures += _faults_of_column(scores, name)
    if failures:
        raise EstimationError(*failures)


def _faults_of_column(scores: pd.DataFrame, name: str) -> list[Failure]:
    cells = list(zip(scores.index, scores[name], strict=True))
    bad = [f"{case}: {'—' if pd.isna(value) else value}" for case, value in cells if not _is_finite(value)]
    if bad:
        return [Failure(code="CR-T07", values={"column": name, "cases": ", ".join(bad)})]
    if scores[name].max() == scores[name].min():
        return [Failure(code="CR-T08", values={"column": name, "value": f"{scores[name].iloc[0]:g}"})]
    return []


def _is_finite(value: object) -> bool:
    """A number, and not one written as text."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and math.isfinite(value)
