"""How many answers two rows have in common: answers as codes, and the pairs of rows that agree almost throughout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Positions = NDArray[np.int64]

#: Pairs kept of one block of rows. More mean that the answers hardly vary, and a list of them would help nobody.
MOST_PAIRS = 500_000
#: Cells of the table of agreements made at a time: 8 million single-precision numbers are 32 MB.
CELLS_AT_A_TIME = 8_000_000
#: Values told apart in the first pass over an item; of items with more, several share a place, and the second pass sorts them out.
PLACES = 64
#: Single-precision sums of a few hundred terms near one are off by far less; candidates are counted again in whole numbers.
SLACK = np.float32(1e-3)
#: Pairs counted again at a time.
PAIRS_AT_A_TIME = 200_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MatchingPairs:
    """Pairs of row positions, `first` < `second`, and the share (0-1) of the answers both gave that are equal."""

    first: Positions
    second: Positions
    share: NDArray[np.float64]


def answer_codes(frame: pd.DataFrame, questions: Mapping[str, Sequence[str]]) -> Codes:
    """Answers as whole numbers, one column per question: equal numbers are equal answers, −1 is no answer.

    Parameters
    ----------
    frame : DataFrame
        Columns of any type.
    questions : mapping
        Question → its columns. A question with several (multiple choice, ranking) is answered alike when all of them are equal,
        and has no answer when all are missing; its options are not counted as so many equal answers.
    """
    codes = np.empty((len(frame), len(questions)), dtype=np.int32)
    for place, columns in enumerate(questions.values()):
        codes[:, place] = _question_codes([_column_codes(frame[c]) for c in columns])
    return codes


def _column_codes(column: pd.Series) -> Positions:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return np.asarray(column.cat.codes, dtype=np.int64)
    return np.asarray(pd.factorize(column, use_na_sentinel=True)[0], dtype=np.int64)


def _question_codes(columns: Sequence[Positions]) -> Positions:
    """One code for the answers in several columns."""
    code = columns[0]
    unanswered = code < 0
    for column in columns[1:]:
        unanswered &= column < 0
        code = pd.factorize((code + 1) * (column.max(initial=0) + 2) + column + 1)[0].astype(np.int64)
    return np.where(unanswered, -1, code)


def same_answers(codes: Codes) -> Positions:
    """A number for every row that is equal for rows with equal codes throughout, in order of first appearance.

    Notes
    -----
    Rows are told apart by a 64-bit sum of products with odd multipliers; only rows that share one are compared cell by cell.
    """
    groups = np.asarray(pd.factorize(_fingerprint(codes))[0], dtype=np.int64)
    shared = np.flatnonzero(pd.Series(groups).duplicated(keep=False))
    if len(shared):
        first = np.flatnonzero(~pd.Series(groups).duplicated())
        unlike = shared[(codes[shared] != codes[first[groups[shared]]]).any(axis=1)]
        if len(unlike):  # two different rows with one sum: tell all apart the slow way
            groups = np.asarray(pd.DataFrame(codes).groupby(list(range(codes.shape[1])), sort=False).ngroup(), dtype=np.int64)
    return groups


def _fingerprint(codes: Codes) -> NDArray[np.uint64]:
    total = np.zeros(len(codes), dtype=np.uint64)
    for column in codes.T:
        mixed = (total ^ column.astype(np.uint32)) * np.uint64(0x9E3779B97F4A7C15)  # the odd number nearest 2⁶⁴ / golden ratio
        total = mixed ^ (mixed >> np.uint64(29))
    return total


def matching_pairs(codes: Codes, *, threshold: float, min_items: int, most: int = MOST_PAIRS) -> MatchingPairs | None:
    """All pairs of rows that agree in at least `threshold` of the questions both answered.

    Parameters
    ----------
    codes : array (n, k) of int
        Of `answer_codes`.
    threshold : float
        Least share of equal answers, 0-1.
    min_items : int
        Pairs with fewer questions answered by both are not compared.
    most : int
        More pairs than this are not listed.

    Returns
    -------
    MatchingPairs or None
        None where there are more than `most` pairs.

    Notes
    -----
    With H the rows' answers as zeros and ones and M what they answered, H Hᵀ − threshold · M Mᵀ is not negative exactly for the pairs
    sought. It is one matrix product in single precision, made in strips of the upper triangle; what comes near zero is counted
    again in whole numbers. Time grows with n², so rows are handed over community by community.

    References
    ----------
    Kuriakose & Robbins (2016), Statistical Journal of the IAOS 32, 283-291. Simmons, Mercer, Schwarzer & Kennedy (2016), ibid.
    327-338, show honest answers to short or uniform questionnaires above .85.
    """
    rows = np.flatnonzero((codes >= 0).sum(axis=1) >= min_items)
    codes = codes[rows]
    left, right = _factors(codes, threshold)
    firsts, seconds, shares, found = [], [], [], 0
    step = max(1, CELLS_AT_A_TIME // max(1, len(rows)))
    for start in range(0, len(rows), step):
        agreement = left[start : start + step] @ right[start:].T
        near = np.flatnonzero(agreement >= -SLACK)
        first, second = start + near // agreement.shape[1], start + near % agreement.shape[1]
        above = second > first
        first, second, share = _counted(codes, first[above], second[above], threshold, min_items)
        found += len(first)
        if found > most:
            return None
        firsts.append(rows[first])
        seconds.append(rows[second])
        shares.append(share)
    return MatchingPairs(
        first=np.concatenate(firsts or [rows]), second=np.concatenate(seconds or [rows]), share=np.concatenate(shares or [np.empty(0)])
    )


def equal_share(codes: Codes, first: Positions, second: Positions) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Share (0-1) of equal answers of given pairs of rows, NaN where no question was answered by both; and how many were."""
    shares, both_answered = np.empty(len(first)), np.empty(len(first), dtype=np.int64)
    for start in range(0, len(first), PAIRS_AT_A_TIME):
        part = slice(start, start + PAIRS_AT_A_TIME)
        a, b = codes[first[part]], codes[second[part]]
        both = (a >= 0) & (b >= 0)
        both_answered[part] = both.sum(axis=1)
        with np.errstate(invalid="ignore"):
            shares[part] = (both & (a == b)).sum(axis=1) / both_answered[part]
    return shares, both_answered


def _counted(
    codes: Codes, first: Positions, second: Positions, threshold: float, min_items: int
) -> tuple[Positions, Positions, NDArray[np.float64]]:
    share, both = equal_share(codes, first, second)
    kept = (both >= min_items) & (share >= threshold)
    return first[kept], second[kept], share[kept]


def _factors(codes: Codes, threshold: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two tables whose product is at least the equal answers less `threshold` times the questions answered by both."""
    parts = [_places(column) for column in codes.T]
    answered = (codes >= 0).astype(np.float32)
    hits = np.concatenate([*parts, np.empty((len(codes), 0), dtype=np.float32)], axis=1)
    return (
        np.concatenate([hits, answered * np.float32(-threshold)], axis=1, dtype=np.float32),
        np.concatenate([hits, answered], axis=1, dtype=np.float32),
    )


def _places(column: NDArray[np.int32]) -> NDArray[np.float32]:
    """One column per value that more than one row gave (values may share one of `PLACES`), 1 where the row gave it."""
    often = np.flatnonzero(np.bincount(column + 1)[1:] > 1)
    place = np.full(int(column.max(initial=-1)) + 2, -1, dtype=np.int64)
    place[often] = np.arange(len(often)) % PLACES
    given = np.where(column >= 0, place[column], -1)
    table = np.zeros((len(column), min(len(often), PLACES)), dtype=np.float32)
    rows = np.flatnonzero(given >= 0)
    table[rows, given[rows]] = 1.0
    return table
