"""How many answers two rows have in common: answers as codes, and the pairs of rows that agree almost throughout."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Positions = NDArray[np.int64]

#: Pairs kept of one block of rows. More mean that the answers hardly vary, and a list of them would help nobody.
MOST_PAIRS = 500_000
#: Pairs looked at in one step; their bits stay in the processor's cache.
PAIRS_IN_A_STEP = 131_072
WORD_BITS = 64
#: A share of whole numbers may come out a little too small.
ROUNDING = 1e-9
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
    The values of every question are parted in two halves. Answers in different halves are different answers, so that counting bits
    of whole words leaves out nearly all pairs; the others are counted answer by answer. Time grows with n², so rows are handed over
    community by community.

    References
    ----------
    Kuriakose & Robbins (2016), Statistical Journal of the IAOS 32, 283-291. Simmons, Mercer, Schwarzer & Kennedy (2016), ibid.
    327-338, show honest answers to short or uniform questionnaires above .85.
    """
    rows = np.flatnonzero((codes >= 0).sum(axis=1) >= min_items)
    codes = codes[rows]
    parts, found = [(rows[:0], rows[:0], np.empty(0))], 0
    for near in _near_pairs(codes, threshold):
        first, second, share = _counted(codes, *near, threshold, min_items)
        found += len(first)
        if found > most:
            return None
        parts.append((rows[first], rows[second], share))
    firsts, seconds, shares = zip(*parts, strict=True)
    return MatchingPairs(first=np.concatenate(firsts), second=np.concatenate(seconds), share=np.concatenate(shares))


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


def _near_pairs(codes: Codes, threshold: float) -> Iterator[tuple[Positions, Positions]]:
    """Pairs, `first` < `second`, among which are all that agree in the share `threshold`; about `PAIRS_AT_A_TIME` at a time."""
    upper, lower = _halves(codes)
    unlike_at_most = np.floor((codes >= 0).sum(axis=1) * (1 - threshold) + ROUNDING).astype(np.uint16)
    step = max(1, PAIRS_IN_A_STEP // max(1, len(codes)))
    firsts, seconds, count = [], [], 0
    for start in range(0, len(codes), step):
        rows, others = slice(start, start + step), slice(start, None)
        unlike = np.uint16(0)
        for high, low in zip(upper, lower, strict=True):
            unlike = unlike + np.bitwise_count((high[rows, None] & low[others]) | (low[rows, None] & high[others]))
        near = np.flatnonzero(unlike <= unlike_at_most[rows, None])
        first, second = start + near // (len(codes) - start), start + near % (len(codes) - start)
        above = second > first
        firsts.append(first[above])
        seconds.append(second[above])
        count += len(near)
        if count >= PAIRS_AT_A_TIME or start + step >= len(codes):
            yield np.concatenate(firsts), np.concatenate(seconds)
            firsts, seconds, count = [], [], 0


def _halves(codes: Codes) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Which answers are in the one half of their question's values, and which in the other: words of bits × rows; no answer is in none."""
    is_upper = np.zeros((len(codes), -(-codes.shape[1] // WORD_BITS) * WORD_BITS), dtype=bool)
    is_lower = is_upper.copy()
    for place, column in enumerate(codes.T):
        order = np.argsort(-np.bincount(column + 1)[1:], kind="stable")
        side = np.zeros(len(order) + 1, dtype=bool)  # the last is looked up for no answer
        side[order] = np.arange(len(order)) % 4 % 3 == 0  # the most frequent, the fourth, the fifth … : halves of about one size
        is_upper[:, place] = side[column]
        is_lower[:, place] = ~side[column] & (column >= 0)
    upper, lower = (np.ascontiguousarray(np.packbits(bits, axis=1).view(np.uint64).T) for bits in (is_upper, is_lower))
    return upper, lower
