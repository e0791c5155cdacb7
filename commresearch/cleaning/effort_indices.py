"""Indices of careless responding, one number per respondent, over arrays of answers (n respondents, p items).

NaN is a missing answer. Every index follows the definition that R users know (packages careless and psych); where R leaves a
choice, the docstring says which one is taken. An index that cannot be computed for a respondent is NaN, never a value.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cholesky, solve_triangular

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

#: Rows worked on at a time where an index needs several arrays of the size of the answers: 20,000 × 40 floats are 6 MB.
ROWS_AT_A_TIME = 20_000
#: Sums of squares below this share of their terms are rounding: answers are small whole numbers or means of some.
ROUNDING = 1e-12
#: R's careless computes a within-person correlation of item pairs from three pairs on.
LEAST_ITEM_PAIRS = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairwiseMoments:
    """Means (p,), covariances and correlations (p, p) of pairwise complete answers; what two persons' answers do not give is NaN.

    The diagonal of `covariance` is 0 for an item that does not vary.
    """

    means: Floats
    covariance: Floats
    correlation: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WithinPerson:
    """A correlation within each person and how many pairs of values it rests on (both of length n)."""

    scores: Floats
    pairs: Counts


def longstring(values: Floats) -> Counts:
    """Length of the longest run of identical consecutive answers, in questionnaire order.

    Notes
    -----
    A missing answer equals nothing, not even another missing one: it ends a run and counts as a run of one, as `rle` does in R.

    References
    ----------
    Johnson (2005), Journal of Research in Personality 39, 103-129; R careless::longstring.
    """
    values = np.asarray(values, dtype=np.float64)
    longest = np.empty(len(values), dtype=np.int64)
    length = np.min_scalar_type(values.shape[1])  # the fewer bytes a length takes, the more persons one instruction counts for
    for part in _row_blocks(len(values)):
        answers = values[part]
        run = np.ones(len(answers), dtype=length)
        best = np.full(len(answers), min(values.shape[1], 1), dtype=length)
        for goes_on in np.ascontiguousarray((answers[:, 1:] == answers[:, :-1]).T):
            run *= goes_on
            run += 1
            np.maximum(best, run, out=best)
        longest[part] = best
    return longest


def average_longstring(values: Floats) -> Floats:
    """Mean length of the runs of identical consecutive answers; runs as in `longstring`."""
    values = np.asarray(values, dtype=np.float64)
    runs = 1 + (values[:, 1:] != values[:, :-1]).sum(axis=1)
    return np.asarray(values.shape[1] / runs, dtype=np.float64)


def intra_individual_variability(values: Floats) -> Floats:
    """Standard deviation (divisor k − 1) of each person's k answers, missing ones left out; NaN for fewer than two.

    References
    ----------
    Dunn, Heggestad, Shanock & Theilgard (2018), Journal of Business and Psychology 33, 105-121; R careless::irv.
    """
    result = np.full(len(values), np.nan)
    for part in _row_blocks(len(values)):
        answers = values[part]
        known = ~np.isnan(answers)
        n = known.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(known, answers, 0.0).sum(axis=1) / n
            deviation = np.where(known, answers - mean[:, None], 0.0)
            result[part] = np.where(n > 1, np.sqrt(np.einsum("ij,ij->i", deviation, deviation) / (n - 1)), np.nan)
    return result


def even_odd(values: Floats, factors: Sequence[Sequence[int]]) -> WithinPerson:
    """Even-odd inconsistency, −1 … 1: **higher means more careless**, the sign R careless uses since 1.2.0.

    Parameters
    ----------
    values : array (n, p)
        Answers, items of a factor keyed in one direction.
    factors : sequence of sequences of int
        Column positions of each factor's items, in questionnaire order.

    Returns
    -------
    WithinPerson
        `pairs` counts the factors with both an even and an odd mean; below two of them the score is NaN, and so it is where
        the even or the odd means do not vary.

    Notes
    -----
    Within a factor the answered items in odd and in even places are averaged. The correlation r of the two columns of means
    over the factors is stepped up to 2r / (1 + r) (Spearman-Brown), no lower than −1, and returned with the sign turned.
    R careless 1.2.2 computes this for a data frame; for a matrix it takes the first two items of each factor only.

    References
    ----------
    Johnson (2005), Journal of Research in Personality 39, 103-129; R careless::evenodd.
    """
    odd = np.column_stack([_row_means(values[:, list(f[0::2])]) for f in factors] or [np.empty((len(values), 0))])
    even = np.column_stack([_row_means(values[:, list(f[1::2])]) for f in factors] or [np.empty((len(values), 0))])
    known = ~(np.isnan(odd) | np.isnan(even))
    pairs = known.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        a, b = (np.where(known, m - (np.where(known, m, 0.0).sum(axis=1) / pairs)[:, None], 0.0) for m in (odd, even))
    scale = 1.0 + np.where(known, odd**2 + even**2, 0.0).sum(axis=1)
    r = _correlation((a * b).sum(axis=1), (a * a).sum(axis=1), (b * b).sum(axis=1), scale)
    with np.errstate(divide="ignore"):
        stepped_up = np.maximum(2 * r / (1 + r), -1.0)
    return WithinPerson(scores=np.where(pairs > 1, 0.0 - stepped_up, np.nan), pairs=pairs)


def pairwise_moments(values: Floats) -> PairwiseMoments:
    """Moments of the items as R's `cov` and `cor` give them with `use = "pairwise.complete.obs"`."""
    known = (~np.isnan(values)).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(known > 0, values, 0.0).sum(axis=0) / known.sum(axis=0)
        centred = np.where(known > 0, values - means, 0.0)  # keeps the digits that sums of raw squares would lose
        n, sums, squares = known.T @ known, centred.T @ known, (centred**2).T @ known
        covariance = np.where(n > 1, (centred.T @ centred - sums * sums.T / n) / (n - 1), np.nan)
        about_mean = squares - sums**2 / n  # of item j over those who answered k too
        variance = np.where(about_mean > ROUNDING * squares, about_mean / (n - 1), np.nan)
        correlation = covariance / np.sqrt(variance * variance.T)
    covariance[np.diag_indices_from(covariance)] = np.nan_to_num(np.diag(variance))
    return PairwiseMoments(means=means, covariance=covariance, correlation=correlation)


def mahalanobis_squared(values: Floats, *, moments: PairwiseMoments | None = None) -> Floats:
    """Squared Mahalanobis distance of each person from the means of all; NaN for a person who answered nothing.

    Notes
    -----
    D² = d′ S⁻¹ d with S the covariances (divisor n − 1) of pairwise complete answers and d the deviation from the means; a missing
    answer counts as the mean. With complete data this is R's `mahalanobis`, with missing answers `psych::outlier`, on which
    careless::mahad rests. Items that everybody answers alike hold no distance and are left out. Where S is not positive definite
    (fewer persons than items, an item that others determine) there is no distance: all are NaN.

    References
    ----------
    Meade & Craig (2012), Psychological Methods 17, 437-455; R stats::mahalanobis, psych::outlier.
    """
    moments = moments or pairwise_moments(values)
    varies = np.diag(moments.covariance) > 0
    result = np.full(len(values), np.nan)
    try:
        lower = cholesky(moments.covariance[np.ix_(varies, varies)], lower=True, check_finite=True) if varies.any() else None
    except (LinAlgError, ValueError):  # not positive definite, or a pair of items that nobody answered both
        return result
    if lower is None or (np.diag(lower) ** 2 <= ROUNDING * np.diag(moments.covariance)[varies]).any():
        return result
    means = moments.means[varies]
    for part in _row_blocks(len(values)):
        deviation = values[part][:, varies] - means
        deviation[np.isnan(deviation)] = 0.0
        solved = solve_triangular(lower, deviation.T, lower=True, check_finite=False, overwrite_b=True)
        result[part] = np.einsum("ij,ij->j", solved, solved)
    result[np.isnan(values).all(axis=1)] = np.nan
    return result


def item_pairs(correlation: Floats, *, critical: float = 0.60, antonyms: bool = False) -> NDArray[np.int64]:
    """Pairs of items that the whole file answers alike (r > `critical`), or contrarily (r < −`critical`) for antonyms.

    Returns
    -------
    array (k, 2)
        Column positions; the later item stands first, as in R careless.
    """
    found = correlation < -abs(critical) if antonyms else correlation > abs(critical)
    return np.argwhere(np.tril(found, k=-1))


def psychometric_synonyms(
    values: Floats, *, critical: float = 0.60, antonyms: bool = False, moments: PairwiseMoments | None = None
) -> WithinPerson:
    """Correlation within each person over the pairs of items that go together in the whole file.

    Parameters
    ----------
    values : array (n, p)
        Answers as given; antonyms are only found while reversed items are not yet reversed.
    critical : float
        Least correlation between two items of a pair, exceeded strictly.
    antonyms : bool
        Take pairs below −`critical` instead; consistent answers then give a negative score.
    moments : PairwiseMoments, optional
        Of the same answers, where they are known already.

    Returns
    -------
    WithinPerson
        `pairs` counts the pairs both of whose items a person answered. The score is NaN for fewer than three, and where the answers to
        the first or to the second items do not vary. R careless then shuffles items within pairs at random until they do;
        this function does not (R: `resample_na = FALSE`), so that a run can be repeated.

    Notes
    -----
    The later item of each pair forms one variable, the earlier the other, so the score depends on the order of the items.
    Sums over pairs are bilinear in a person's answers; they are matrix products with the p × p matrix of pairs, whatever the
    number of pairs.

    References
    ----------
    Meade & Craig (2012), Psychological Methods 17, 437-455; R careless::psychsyn.
    """
    chosen = item_pairs((moments or pairwise_moments(values)).correlation, critical=critical, antonyms=antonyms)
    links = np.zeros((values.shape[1], values.shape[1]))
    links[chosen[:, 0], chosen[:, 1]] = 1.0
    scores, pairs = np.full(len(values), np.nan), np.zeros(len(values), dtype=np.int64)
    if len(chosen):
        for part in _row_blocks(len(values)):
            scores[part], pairs[part] = _within_person(values[part], links)
    return WithinPerson(scores=scores, pairs=pairs)


def share_missing(missing: NDArray[np.bool_], asked: NDArray[np.bool_] | None = None) -> Floats:
    """Share (0-1) of the questions a person was asked that have no answer; NaN where nothing was asked.

    Parameters
    ----------
    missing : array (n, p) of bool
        Of any dtype where there is no question (p = 0): a table without columns has none.
    asked : array (n, p) of bool, optional
        False where the questionnaire skipped the question; everything counts as asked by default.
    """
    missing = np.asarray(missing, dtype=bool)
    if asked is None:
        asked = np.ones(missing.shape, dtype=bool)
    with np.errstate(invalid="ignore"):
        return np.asarray((missing & asked).sum(axis=1) / asked.sum(axis=1), dtype=np.float64)


def seconds_per_item(duration: Floats, items: NDArray[np.int64]) -> Floats:
    """Filling time in seconds for each question asked; NaN where the time is unknown or nothing was asked."""
    return np.asarray(np.where(items > 0, duration / np.maximum(items, 1), np.nan), dtype=np.float64)


def asked_in_full(items: NDArray[np.int64], least: float) -> NDArray[np.bool_]:
    """Whether a person was asked at least this share of what is asked of the median person; others were screened out or broke off."""
    return np.asarray(items >= least * np.median(items)) if len(items) else np.zeros(0, dtype=bool)


def duration_ratio(duration: Floats, comparable: NDArray[np.bool_] | None = None) -> Floats:
    """Filling time as a multiple of the median time of the comparable rows, or of all; NaN where unknown, or where the median is zero."""
    known = duration[~np.isnan(duration) & (True if comparable is None else comparable)]
    median = float(np.median(known)) if len(known) else np.nan
    return np.asarray(duration / median if median > 0 else np.full(len(duration), np.nan), dtype=np.float64)


def _within_person(values: Floats, links: Floats) -> tuple[Floats, Counts]:
    """Correlations over pairs and their number; `links[i, j]` is 1 where items i and j form a pair."""
    known = (~np.isnan(values)).astype(np.float64)
    z = np.where(known > 0, values - _row_means(values)[:, None], 0.0)  # a shift leaves a correlation as it is and saves digits
    second_known, first_known = known @ links.T, known @ links
    n = (known * second_known).sum(axis=1)
    sum_a, sum_b = (z * second_known).sum(axis=1), (z * first_known).sum(axis=1)
    square_a, square_b = (z**2 * second_known).sum(axis=1), (z**2 * first_known).sum(axis=1)
    product = (z * (z @ links.T)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = _correlation(product - sum_a * sum_b / n, square_a - sum_a**2 / n, square_b - sum_b**2 / n, square_a + square_b)
    return np.where(n >= LEAST_ITEM_PAIRS, r, np.nan), n.astype(np.int64)


def _correlation(product: Floats, square_a: Floats, square_b: Floats, scale: Floats) -> Floats:
    """Correlation from centred sums, within −1 … 1; NaN where either sum of squares is rounding beside `scale`."""
    varies = np.minimum(square_a, square_b) > ROUNDING * scale
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(varies, np.clip(product / np.sqrt(square_a * square_b), -1.0, 1.0), np.nan), dtype=np.float64)


def _row_means(values: Floats) -> Floats:
    """Mean of the answered items of each row, NaN where there is none."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=1) / known.sum(axis=1), dtype=np.float64)


def _row_blocks(n: int) -> list[slice]:
    return [slice(start, start + ROWS_AT_A_TIME) for start in range(0, n, ROWS_AT_A_TIME)]
