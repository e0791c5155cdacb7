"""Ranks with their uncertainty, in the place of a league table."""

import numpy as np
import pandas as pd

from commresearch.comparison.partial_pooling import Posterior

RANK_LEVEL = 0.90  #: of rank intervals
DRAWS = 20_000


def rank_table(posterior: Posterior, case_ids: np.ndarray, *, seed: int, draws: int = DRAWS, level: float = RANK_LEVEL) -> pd.DataFrame:
    """Where each case's true effect may stand among the others.

    Parameters
    ----------
    posterior : Posterior
    case_ids : array (K,)
    seed : int
    draws : int
        Joint draws of all true effects.
    level : float
        Of the interval, equal tails.

    Returns
    -------
    DataFrame
        case_id, rank_low, rank_high, level, cases; in the order of the cases given, never sorted by rank. Rank 1 is the largest effect, which is the best
        only where more is better. The probability of standing first is left out on purpose: it is read as a ranking.
    """
    drawn = posterior.draws(draws, np.random.default_rng(seed))
    low, high = _ends(_ranks(drawn), level)
    return pd.DataFrame({"case_id": case_ids, "rank_low": low, "rank_high": high, "level": level, "cases": len(case_ids)})


def ranking_bears(cases: int, error_ratio: float, *, seed: int, draws: int = DRAWS, level: float = RANK_LEVEL) -> pd.DataFrame:
    """What a ranking of observed effects would be worth, by simulation of normal true effects and errors.

    Parameters
    ----------
    cases : int
    error_ratio : float
        Standard error of each effect over the standard deviation tau of true effects.
    seed, draws, level
        As `rank_table`.

    Returns
    -------
    DataFrame
        observed_rank (1 = largest), true_rank_low, true_rank_high, share_right: how often the case at this place truly stands there.
    """
    rng = np.random.default_rng(seed)
    true = rng.standard_normal((draws, cases))
    observed = true + error_ratio * rng.standard_normal((draws, cases))
    by_place = np.take_along_axis(_ranks(true), np.argsort(-observed, axis=1), axis=1)
    low, high = _ends(by_place, level)
    place = np.arange(1, cases + 1)
    return pd.DataFrame(
        {"observed_rank": place, "true_rank_low": low, "true_rank_high": high, "share_right": (by_place == place).mean(axis=0)}
    )


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks along rows, 1 = largest."""
    order = np.argsort(-values, axis=1)
    ranks = np.empty(order.shape, dtype=np.int64)
    np.put_along_axis(ranks, order, np.arange(1, values.shape[1] + 1)[None, :], axis=1)
    return ranks


def _ends(ranks: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Ranks that occur at equal tails of the draws, no averages of two ranks."""
    rest = (1 - level) / 2
    low, high = np.quantile(ranks, [rest, 1 - rest], axis=0, method="inverted_cdf")
    return low.astype(np.int64), high.astype(np.int64)
