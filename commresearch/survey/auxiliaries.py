"""Auxiliary variables of a calibration: groups whose sizes are known and numbers whose totals are known.

Weights are found for cells, not for persons: everybody who agrees in all groups gets the same factor. A million answers to five
questions are a few thousand cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.survey.frame_columns import Codes, Floats

DENSE = 4  #: possible cells are looked up in a table as long as there are at most so many per person
LARGEST_CODE = 2**62
RANK = 1e-12  #: share of the largest eigenvalue below which auxiliaries count as collinear


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Auxiliaries:
    """The model matrix X (m cells, p columns) of a calibration, kept as codes; it is never written out.

    labels : tuple of (variable, category)
        What each of the p columns stands for: first every category of every group, then the numbers.
    groups : tuple of arrays (m,)
        Category of each cell, per group variable; `sizes` are the numbers of categories.
    numeric : array (m, q)
        Numbers, less `centre` and over `spread` (q,), which changes nothing but the rounding; where there are any, every
        person is a cell of their own.
    cell : array (n,) or None
        The cell of each person; None where person and cell are the same.
    """

    labels: tuple[tuple[str, object], ...]
    groups: tuple[Codes, ...]
    sizes: tuple[int, ...]
    numeric: Floats
    centre: Floats
    spread: Floats
    cell: Codes | None

    @property
    def n_cells(self) -> int:
        """Number of cells, m."""
        return len(self.numeric)

    def collapse(self, values: Floats) -> Floats:
        """Sums per cell (m,) or (m, k) of values per person (n,) or (n, k)."""
        if self.cell is None:
            return values
        return sums_by(self.cell, values, self.n_cells)

    def expand(self, values: Floats) -> Floats:
        """Values per cell as values per person."""
        return values if self.cell is None else values[self.cell]

    def predict(self, coefficients: Floats) -> Floats:
        """X b, shape (m,) or (m, k), of coefficients (p,) or (p, k)."""
        fitted = self.numeric @ coefficients[sum(self.sizes) :]
        start = 0
        for codes, size in zip(self.groups, self.sizes, strict=True):
            fitted += coefficients[start : start + size][codes]
            start += size
        return fitted

    def totals(self, values: Floats) -> Floats:
        """X'v, shape (p,) or (p, k), of values per cell (m,) or (m, k)."""
        return np.concatenate([*(self._group_totals(i, values) for i in range(len(self.groups))), self.numeric.T @ values])

    def magnitudes(self, weights: Floats) -> Floats:
        """Σ w|x| per column (p,): the scale on which a difference between totals is small or large."""
        groups = [self._group_totals(i, weights) for i in range(len(self.groups))]
        return np.concatenate([*groups, np.abs(self.numeric).T @ weights])

    def _group_totals(self, group: int, values: Floats) -> Floats:
        return sums_by(self.groups[group], values, self.sizes[group])

    def centred(self, totals: Floats) -> Floats:
        """Totals (p,) as stated, for numbers that are centred."""
        split = sum(self.sizes)
        return np.append(totals[:split], (totals[split:] - self.centre * totals[: self.sizes[0] if self.sizes else 0].sum()) / self.spread)

    def stated(self, totals: Floats) -> Floats:
        """Totals (p,) of centred numbers, as they are stated."""
        split = sum(self.sizes)
        return np.append(totals[:split], totals[split:] * self.spread + self.centre * totals[: self.sizes[0] if self.sizes else 0].sum())

    def cross(self, weights: Floats) -> Floats:
        """X' diag(w) X, shape (p, p), of weights per cell (m,)."""
        ends = np.cumsum((0, *self.sizes))
        n_groups, p = len(self.groups), len(self.labels)
        product = np.zeros((p, p))
        for i in range(n_groups):
            rows = slice(ends[i], ends[i + 1])
            product[rows, rows] = np.diag(self._group_totals(i, weights))
            for j in range(i + 1, n_groups):
                columns, shape = slice(ends[j], ends[j + 1]), (self.sizes[i], self.sizes[j])
                pairs = self.groups[i] * shape[1] + self.groups[j]
                product[rows, columns] = sums_by(pairs, weights, shape[0] * shape[1]).reshape(shape)
            product[rows, ends[-1] :] = self._group_totals(i, weights[:, None] * self.numeric)
        product[ends[-1] :, ends[-1] :] = (self.numeric * weights[:, None]).T @ self.numeric
        upper = np.triu(product)
        return upper + np.triu(product, 1).T

    def basis(self, weights: Floats) -> Floats:
        """Matrix B (p, r) with B' X' diag(w) X B = I: collinear columns are left out, the others made orthogonal."""
        product = self.cross(weights)
        diagonal = np.diag(product)
        scale = np.where(diagonal > 0, 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1)), 0)
        values, vectors = np.linalg.eigh(scale[:, None] * product * scale)
        kept = values > RANK * values[-1]
        basis: Floats = scale[:, None] * vectors[:, kept] / np.sqrt(values[kept])
        return basis


def sums_by(codes: Codes, values: Floats, size: int) -> Floats:
    """Sums of values (n,) or (n, k) within each of `size` groups."""
    if values.ndim == 1:
        return np.asarray(np.bincount(codes, weights=values, minlength=size), dtype=np.float64)
    sums = np.empty((size, values.shape[1]))
    for k in range(values.shape[1]):
        sums[:, k] = np.bincount(codes, weights=values[:, k], minlength=size)
    return sums


def build_auxiliaries(
    labels: Sequence[tuple[str, object]], groups: Sequence[NDArray[np.signedinteger]], sizes: Sequence[int], numbers: Floats
) -> Auxiliaries:
    """Auxiliaries of n persons from category codes (n,) per group and numbers (n, q); cells are formed where there are no numbers."""
    q = numbers.shape[1]
    # without a group no constant is known, and a shift of the numbers would bring one in
    centre = numbers.mean(axis=0) if groups else np.zeros(q)
    spread = np.sqrt(np.mean((numbers - centre) ** 2, axis=0))
    spread = np.where(spread > 0, spread, 1.0)
    cell, first = cells(groups, sizes) if not q else (None, np.arange(len(numbers)))
    return Auxiliaries(
        labels=tuple(labels), groups=tuple(c[first].astype(np.intp) for c in groups), sizes=tuple(sizes),
        numeric=(numbers[first] - centre) / spread, centre=centre, spread=spread, cell=cell,
    )


def cells(groups: Sequence[NDArray[np.signedinteger]], sizes: Sequence[int]) -> tuple[Codes, Codes]:
    """The cell of each person (n,), and one person of each cell (m,), from category codes and numbers of categories."""
    cell, possible = groups[0].astype(np.int64), sizes[0]
    for codes, size in zip(groups[1:], sizes[1:], strict=True):
        if possible * size > LARGEST_CODE:
            cell, seen = pd.factorize(cell)
            possible = len(seen)
        cell = cell * size
        cell += codes
        possible *= size
    if possible <= DENSE * len(cell):
        occupied = np.bincount(cell, minlength=possible) > 0
        cell = (np.cumsum(occupied) - 1)[cell]
    else:
        cell = pd.factorize(cell)[0]
    first = np.empty(int(cell.max()) + 1, dtype=np.intp)
    first[cell[::-1]] = np.arange(len(cell) - 1, -1, -1)
    return cell, first
