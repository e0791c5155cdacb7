"""Minimal conjunctions: the shortest terms that cover a positive row and no forbidden one, read off by bit masks."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 22  #: cells looked at together


class Term(NamedTuple):
    """A conjunction. Bits are conditions, the first most significant: `used` has those that stand in it, `present` those that stand there without ~."""

    used: int
    present: int

    def written(self, conditions: Sequence[str]) -> str:
        """The term with * between its literals, in the order of the conditions."""
        k = len(conditions)
        bits = ((name, 1 << (k - 1 - j)) for j, name in enumerate(conditions))
        return "*".join(name if self.present & bit else f"~{name}" for name, bit in bits if self.used & bit)

    def covers(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of some rows, counted from 0, lie within the term."""
        return np.asarray((rows & self.used) == self.present)


def term_of(text: str, conditions: Sequence[str]) -> Term | None:
    """A written term such as DEV*~STB; None where a literal is no condition, or one stands there twice."""
    k, used, present = len(conditions), 0, 0
    for literal in (part.strip() for part in text.split("*")):
        name = literal.removeprefix("~")
        bit = 1 << (k - 1 - conditions.index(name)) if name in conditions else 0
        if not bit or used & bit:
            return None
        used |= bit
        present |= 0 if literal.startswith("~") else bit
    return Term(used, present)


def minimal_conjunctions(k: int, positive: NDArray[np.int64], allowed: NDArray[np.bool_]) -> list[Term]:
    """Terms that cover a positive row, cover allowed rows only, and of which no literal can be dropped.

    Parameters
    ----------
    k : int
        Conditions.
    positive : array (p,)
        Rows coded 1, counted from 0.
    allowed : array of bool (2^k,)
        Rows a term may cover: the positive ones, and the remainders that may be assumed.

    Returns
    -------
    list of Term
        By number of literals; then condition by condition, negated before present before not used; whole configurations by row, the highest first.

    Notes
    -----
    Seen from a positive row p, a term is the set of conditions it leaves free; it covers p ^ y for every y within that set. It is forbidden where one
    of these is, which for all 2^k sets at once is a running "or" over the bits; the terms wanted are the largest sets that are not forbidden. These are
    the prime implicants of Quine and McCluskey that cover a positive row, without the merging of rows.
    """
    cells = np.arange(1 << k, dtype=np.int64)
    full = (1 << k) - 1
    found = [np.empty(0, dtype=np.int64)]
    for start in range(0, len(positive), step := max(1, BLOCK >> k)):
        rows = positive[start : start + step]
        largest = _largest_free(~allowed[rows[:, None] ^ cells], k)
        which, free = np.nonzero(largest)
        used = full ^ free
        found.append((used << k) | (rows[which] & used))
    return _in_order(np.unique(np.concatenate(found)), k)


def _largest_free(forbidden: NDArray[np.bool_], k: int) -> NDArray[np.bool_]:
    """Per row (p, 2^k): sets of bits that hold no forbidden subset and are within no other such set."""
    for j in range(k):
        halves = forbidden.reshape(len(forbidden), -1, 2, 1 << j)
        halves[:, :, 1] |= halves[:, :, 0]
    free = ~forbidden
    largest = free.copy()
    for j in range(k):
        shape = (len(free), -1, 2, 1 << j)
        largest.reshape(shape)[:, :, 0] &= ~free.reshape(shape)[:, :, 1]
    return largest


def _in_order(packed: NDArray[np.int64], k: int) -> list[Term]:
    used, present = packed >> k, packed & ((1 << k) - 1)
    bits = np.arange(k)[::-1]
    stands, positive = (used[:, None] >> bits) & 1, (present[:, None] >> bits) & 1
    literals = stands.sum(axis=1)
    kind = np.where(stands == 0, 2, positive)
    kind[literals == k] = 1 - kind[literals == k]  # whole configurations: the highest row first
    order = np.lexsort((*kind.T[::-1], literals))
    return [Term(u, p) for u, p in zip(used[order].tolist(), present[order].tolist(), strict=True)]
