"""What one coefficient of starts at several times is made of (Goodman-Bacon 2021): all comparisons of two cohorts, and their weights.

With shares n_k of the cohorts, D_k the share of periods that cohort k is treated, n_kl = n_k / (n_k + n_l), V the variance of the treatment
that effects of units and periods leave, and k starting before l:

    k against never treated U      w = n_k n_U D_k (1 − D_k) / V
    k against l not yet treated    w = n_k n_l (D_k − D_l) (1 − D_k) / V
    l against k already treated    w = n_k n_l D_l (D_k − D_l) / V

(the published (n_k + n_l)² n_kl (1 − n_kl) is n_k n_l). Each comparison is a difference of differences of means over its window of periods.
Weights sum to one and Σ weight × estimate is the coefficient. Units treated from the first period on are a cohort with D = 1, which others
are compared with. The third kind takes cohorts that are treated already for a comparison group: where effects grow, it turns them around.
"""

import numpy as np
import pandas as pd

from commresearch.errors import DesignError, Failure
from commresearch.impact.arrays import NEVER, PanelArrays, arrays_of
from commresearch.impact.fixed_effects import usable
from commresearch.outcomes import Panel

COLUMNS = ("type", "treated", "control", "estimate", "weight")
NO_START = ""  #: label of the cohort that never starts


def bacon_decomposition(panel: Panel) -> pd.DataFrame:
    """The comparisons of two cohorts that the two-way coefficient is the weighted mean of.

    Returns
    -------
    DataFrame
        type (treated_vs_untreated, earlier_vs_later, later_vs_earlier, later_vs_always), treated and control (starts of the cohorts, empty for
        never treated), estimate (in the unit of the panel), weight (sum 1). Ordered by type and cohorts.

    Raises
    ------
    DesignError
        Months are missing (CR-I80), weights change from month to month (CR-I81), or no comparison can be made (as two_way_fixed_effects).
    """
    return bacon_table(arrays_of(panel))


def bacon_table(arrays: PanelArrays) -> pd.DataFrame:
    """The same for arrays."""
    _require_balance(arrays)
    arrays = usable(arrays)
    weight = arrays.weight[:, 0]
    first = np.where(arrays.ever_treated, np.maximum(arrays.first, arrays.periods[0]), NEVER)
    starts, cohort = np.unique(first, return_inverse=True)
    share = np.bincount(cohort, weights=weight) / weight.sum()
    mean = np.stack([np.average(arrays.value[cohort == c], axis=0, weights=weight[cohort == c]) for c in range(len(starts))])
    after = arrays.periods[None, :] >= starts[:, None]
    treated = after.mean(axis=1)
    rows = [
        (*_kind(arrays, starts, i, j), _difference(mean, after, i, j), share[i] * share[j] * _spread(treated, i, j))
        for i in range(len(starts)) for j in range(len(starts))
        if i != j and 0 < treated[i] < 1
    ]
    made = pd.DataFrame(rows, columns=list(COLUMNS))
    made["weight"] /= made["weight"].sum()
    return made.sort_values(["type", "treated", "control"], ignore_index=True)


def _require_balance(arrays: PanelArrays) -> None:
    gaps = ~arrays.observed.all(axis=1)
    if gaps.any():
        raise DesignError(Failure(code="CR-I80", values={"units": ", ".join(map(str, arrays.units[gaps])), "n": int(gaps.sum())}))
    uneven = ~(arrays.weight == arrays.weight[:, :1]).all(axis=1)
    if uneven.any():
        raise DesignError(Failure(code="CR-I81", values={"units": ", ".join(map(str, arrays.units[uneven])), "n": int(uneven.sum())}))


def _kind(arrays: PanelArrays, starts: np.ndarray, i: int, j: int) -> tuple[str, str, str]:
    """Type, treated and control cohort of the comparison in which cohort i changes and cohort j does not."""
    labels = [NO_START if starts[c] == NEVER else arrays.label(int(starts[c])) for c in (i, j)]
    if starts[j] == NEVER:
        return "treated_vs_untreated", labels[0], labels[1]
    if starts[j] <= arrays.periods[0]:
        return "later_vs_always", labels[0], labels[1]
    return ("earlier_vs_later" if starts[i] < starts[j] else "later_vs_earlier"), labels[0], labels[1]


def _difference(mean: np.ndarray, after: np.ndarray, i: int, j: int) -> float:
    """Cohort i after and before its start, less the same of cohort j, over the periods in which j does not change."""
    window = ~after[j] if after[j].sum() < after[i].sum() else after[j]
    change = mean[i] - mean[j]
    return float(change[window & after[i]].mean() - change[window & ~after[i]].mean())


def _spread(treated: np.ndarray, i: int, j: int) -> float:
    """Variance of the treatment within the window of a comparison, times the square of the window's share."""
    if treated[j] < treated[i]:
        return float((treated[i] - treated[j]) * (1 - treated[i]))
    return float(treated[i] * (treated[j] - treated[i]))
