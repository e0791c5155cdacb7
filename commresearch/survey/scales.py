"""Scales of several items: scores and reliability."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import fdtri

from commresearch.errors import EstimationError, Failure
from commresearch.survey.frame_columns import Floats, listed
from commresearch.survey.scale_items import Keys, ScaleItems, read_items

USES = ("pairwise", "complete")
FEWEST_ITEMS = 2
FEWEST_FOR_OMEGA = 3  #: the loadings of two items are not determined
EXACT = 1e-14


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reliability:
    """How consistently the items of a scale measure one thing.

    alpha, standardised_alpha : float
        Cronbach's alpha of the answers, and of standardised answers.
    conf_low, conf_high, conf_level : float
        Feldt's interval of alpha.
    omega : float
        McDonald's omega of one common factor; NaN for fewer than three items.
    n, n_complete : int
        Fewest answers behind any pair of items, which the interval takes as its sample; persons who answered every item.
    use : str
        "pairwise" or "complete".
    item_table : DataFrame
        What `items` gives a copy of.
    """

    alpha: float
    standardised_alpha: float
    conf_low: float
    conf_high: float
    conf_level: float
    omega: float
    n: int
    n_complete: int
    use: str
    item_table: pd.DataFrame

    @property
    def items(self) -> pd.DataFrame:
        """Per item: key, n, mean and sd as answered, correlation with the other items, alpha without it (NaN for two items)."""
        return self.item_table.copy()


def score_scale(
    frame: pd.DataFrame, items: Sequence[str], *, keys: Keys, low: float, high: float, min_answered: float = 0.5
) -> pd.Series:
    """Mean of the items of a scale, reversed items turned round, for everybody who answered enough of them.

    Parameters
    ----------
    frame : DataFrame
        One row per person.
    items : sequence of str
        Columns of the items; numbers, or codes kept as text.
    keys : mapping or sequence
        1 or -1 per item; an item with -1 counts as low + high - answer.
    low, high : float
        Ends of the answer scale.
    min_answered : float
        Least share of the items that must be answered, above 0 and at most 1.

    Returns
    -------
    Series of Float64
        Between `low` and `high`; missing where too few items were answered.

    Raises
    ------
    EstimationError
        All at once: unknown columns, answers outside the scale or that are no numbers, keys that are not 1 or -1, wrong settings.
    """
    scale, failures = read_items(frame, items, keys, low, high)
    if not 0 < min_answered <= 1:
        failures.append(Failure(code="CR-W34", values={"argument": "min_answered", "got": min_answered, "allowed": "0 < x ≤ 1"}))
    failures += wrong_settings(items)
    if failures:
        raise EstimationError(*failures)
    scores = scale.scores(min_answered)
    return pd.Series(pd.arrays.FloatingArray(np.nan_to_num(scores), np.isnan(scores)), index=frame.index)


def reliability(
    frame: pd.DataFrame,
    items: Sequence[str],
    *,
    keys: Keys,
    low: float | None = None,
    high: float | None = None,
    use: str = "pairwise",
    conf_level: float = 0.95,
) -> Reliability:
    """Cronbach's alpha with an interval, McDonald's omega, and what each item does to the scale.

    Parameters
    ----------
    frame : DataFrame
        One row per person.
    items : sequence of str
        At least two columns.
    keys : mapping or sequence
        1 or -1 per item.
    low, high : float, optional
        Ends of the answer scale; where they are given, answers outside are refused.
    use : "pairwise" or "complete"
        Whether a covariance takes everybody who answered both items, or only those who answered all.
    conf_level : float
        Level of the interval.

    Raises
    ------
    EstimationError
        As in `score_scale`; fewer than two items; an item without variance; too few answers.

    Notes
    -----
    With C the covariance matrix of k keyed items, alpha = k / (k - 1) · (1 - tr C / ΣC) (Cronbach 1951). Its interval is that of
    Feldt, Woodruff and Salih (1987): (1 - alpha) times quantiles of F with n - 1 and (n - 1)(k - 1) degrees of freedom. The
    correlation of an item is with the sum of the others. Omega = (Σλ)² / ((Σλ)² + Σ(1 - λ²)) with the loadings λ of one factor
    that reproduces the correlations with least squares (McDonald 1999). Sampling weights and clusters are not taken into account.
    """
    scale, failures = read_items(frame, items, keys, low, high)
    if failures := [*failures, *wrong_settings(items, use, conf_level)]:
        raise EstimationError(*failures)
    return _reliability(scale.of(scale.complete) if use == "complete" else scale, use, conf_level)


def _reliability(scale: ScaleItems, use: str, conf_level: float) -> Reliability:
    is_answer = ~np.isnan(scale.keyed)
    n, k = int((is_answer.astype(np.int64).T @ is_answer).min()), len(scale.names)
    covariance = scale.covariance()
    flat = [item for item, variance in zip(scale.names, np.diag(covariance), strict=True) if not variance > 0]
    if n <= k or flat:
        raise EstimationError(Failure(code="CR-W35", values={"items": listed(flat or scale.names), "n": n, "fewest": k + 1}))
    deviations = np.sqrt(np.diag(covariance))
    correlations = covariance / np.outer(deviations, deviations)
    alpha, tail = _alpha(covariance), (1 - conf_level) / 2
    quantile = partial(fdtri, n - 1, (n - 1) * (k - 1))  # of the F distribution
    return Reliability(
        alpha=alpha, standardised_alpha=_alpha(correlations), conf_low=float(1 - (1 - alpha) * quantile(1 - tail)),
        conf_high=float(1 - (1 - alpha) * quantile(tail)), conf_level=conf_level, omega=_omega(correlations), n=n,
        n_complete=int(scale.complete.sum()), use=use, item_table=item_statistics(scale),
    )


def wrong_settings(items: Sequence[str], use: str = USES[0], conf_level: float = 0.95) -> list[Failure]:
    """Fewer than two items, an unknown way with missing answers, a level that is none."""
    failures = []
    if len(items) < FEWEST_ITEMS:
        failures.append(Failure(code="CR-W31", values={"count": len(items)}))
    if use not in USES:
        failures.append(Failure(code="CR-W34", values={"argument": "use", "got": use, "allowed": ", ".join(USES)}))
    if not 0 < conf_level < 1:
        failures.append(Failure(code="CR-W34", values={"argument": "conf_level", "got": conf_level, "allowed": "0 < x < 1"}))
    return failures


def _alpha(covariance: Floats) -> float:
    k = len(covariance)
    return float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))


def _omega(correlations: Floats) -> float:
    """McDonald's omega from one factor fitted to the correlations by least squares."""
    if len(correlations) < FEWEST_FOR_OMEGA:
        return float("nan")
    from scipy import optimize  # slow to load, and wanted for scales only

    rows, columns = np.triu_indices(len(correlations), 1)
    observed = correlations[rows, columns]
    values, vectors = np.linalg.eigh(correlations)
    fit = optimize.least_squares(
        lambda loadings: observed - loadings[rows] * loadings[columns], np.clip(vectors[:, -1] * np.sqrt(values[-1]), -0.95, 0.95),
        bounds=(-1, 1), xtol=EXACT, ftol=EXACT, gtol=EXACT,
    )
    common = fit.x.sum() ** 2
    return float(common / (common + (1 - fit.x**2).sum()))


def item_statistics(scale: ScaleItems) -> pd.DataFrame:
    """Statistics per item; mean and sd as answered, before any turning round."""
    raw, covariance, k = pd.DataFrame(scale.answered), scale.covariance(), len(scale.names)
    variances = np.diag(covariance)
    with_rest = covariance.sum(axis=0) - variances
    rest = covariance.sum() - 2 * with_rest - variances
    with np.errstate(invalid="ignore", divide="ignore"):
        item_rest = with_rest / np.sqrt(variances * rest)
        dropped = (k - 1) / max(k - 2, 1) * (1 - (variances.sum() - variances) / rest)
    return pd.DataFrame(
        {
            "item": list(scale.names), "key": list(scale.keys), "n": raw.notna().sum().to_numpy(), "mean": raw.mean().to_numpy(),
            "sd": raw.std().to_numpy(), "item_rest": item_rest, "alpha_if_dropped": dropped if k > FEWEST_ITEMS else np.nan,
        }
    )
