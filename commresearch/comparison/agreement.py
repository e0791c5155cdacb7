"""Agreement of two readings of the same texts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from commresearch.terms import Mention

CODES = tuple(m.value for m in Mention)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Agreement:
    """Chance-corrected agreement of two readers.

    table : DataFrame (4, 4)
        Counts; rows the first reader's code, columns the second's, in the order of `Mention`.
    observed : float
        Share of cells with the same code, 0-1.
    kappa, ac1 : float
        Cohen's kappa and Gwet's AC1 (1 = full agreement, 0 = as chance would have it). NaN where undefined.
    """

    table: pd.DataFrame
    n: int
    observed: float
    kappa: float
    ac1: float


def reading_agreement(mechanisms: pd.DataFrame) -> Agreement:
    """Agreement between `coder_a` and `coder_b` over all rows of the mechanism table.

    Notes
    -----
    With p_ij the share of cells coded i by the first and j by the second reader, p_o = Σ p_ii. Cohen (1960) takes
    chance agreement from the product of margins; Gwet (2008) takes Σ π_k (1 − π_k) / (q − 1) with π_k the mean of the
    two margins, which stays usable when one code is rare.
    """
    counts = pd.crosstab(mechanisms["coder_a"], mechanisms["coder_b"]).reindex(index=CODES, columns=CODES, fill_value=0)
    table = counts.to_numpy(dtype=float)
    shares = table / table.sum()
    return Agreement(
        table=counts, n=int(table.sum()), observed=float(np.trace(shares)), kappa=_kappa(table), ac1=gwet_ac1(table)
    )


def _kappa(table: np.ndarray) -> float:
    """Cohen's kappa; NaN when both readers used one and the same code throughout."""
    shares = table / table.sum()
    if np.isclose(shares.sum(0) @ shares.sum(1), 1.0):
        return float("nan")
    from statsmodels.stats.inter_rater import cohens_kappa  # half a second to import, and no other part of the package needs it

    return float(cohens_kappa(table, return_results=False))


def gwet_ac1(table: np.ndarray) -> float:
    """Gwet's AC1 of a square table of counts (q, q), q ≥ 2."""
    shares = table / table.sum()
    margin = (shares.sum(axis=0) + shares.sum(axis=1)) / 2
    chance = float((margin * (1 - margin)).sum()) / (len(table) - 1)
    return (float(np.trace(shares)) - chance) / (1 - chance)
