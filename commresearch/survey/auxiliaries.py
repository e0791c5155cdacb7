"""Auxiliary variables of a calibration: groups whose sizes are known and numbers whose totals are known.

Weights are found for cells, not for persons: everybody who agrees in all groups gets the same factor. A million answers to five
questions are a few thousand cells.
"""

import math
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
class Cells:
    """Persons put together who agree in all groups.

    of : array (n,)
        The cell of each person.
    members : tuple of arrays (m,)
        Per group the category of each cell.
    persons : array (m,)
        How many persons a cell has; at least one.
    """

    of: NDArray[np.signedinteger]
    members: tuple[Codes, ...]
    persons: Codes


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
    cells : Cells or None
        The persons of each cell; None where person and cell are the same.
    """

    labels: tuple[tuple[str, object], ...]
    groups: tuple[Codes, ...]
    sizes: tuple[int, ...]
    numeric: Floats
    centre: Floats
    spread: Floats
    cells: Cells | None

    @property
    def n_cells(self) -> int:
        """Number of cells, m."""
        return len(self.numeric)

    def collapse(self, values: Floats) -> Floats:
        """Sums per cell (m,) or (m, k) of values per person (n,) or (n, k)."""
        if self.cells is None:
            return values
        if values.strides == (0,):  # one weight for everybody, as `equal_weights` gives it, need not be added up
            return np.asarray(values[0] * self.cells.persons)
        return sums_by(self.cells.of, values, self.n_cells)

    def expand(self, values: Floats) -> Floats:
        """Values per cell as values per person."""
        return values if self.cells is None else values[self.cells.of]

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


def sums_by(codes: NDArray[np.signedinteger], values: Floats, size: int) -> Floats:
    """Sums of values (n,) or (n, k) within each of `size` groups."""
    if values.ndim == 1:
        return np.asarray(np.bincount(codes, weights=values, minlength=size), dtype=np.float64)
    sums = np.empty((size, values.shape[1]))
    for k in range(values.shape[1]):
        sums[:, k] = np.bincount(codes, weights=values[:, k], minlength=size)
    return sums


def build_auxiliaries(
    labels: Sequence[tuple[str, object]], groups: Sequence[NDArray[np.signedinteger]], sizes: Sequence[int], cells: Cells, numbers: Floats
) -> Auxiliaries:
    """Auxiliaries from category codes (m,) per group of cells and numbers (n, q); where there are any, cells are taken apart again."""
    q = numbers.shape[1]
    # without a group no constant is known, and a shift of the numbers would bring one in
    centre = numbers.mean(axis=0) if groups else np.zeros(q)
    spread = np.sqrt(np.mean((numbers - centre) ** 2, axis=0))
    spread = np.where(spread > 0, spread, 1.0)
    return Auxiliaries(
        labels=tuple(labels), groups=tuple((codes[cells.of] if q else codes).astype(np.intp) for codes in groups), sizes=tuple(sizes),
        numeric=(numbers - centre) / spread if q else np.zeros((len(cells.persons), 0)), centre=centre, spread=spread,
        cells=None if q else cells,
    )


def form_cells(groups: Sequence[NDArray[np.signedinteger]], sizes: Sequence[int]) -> Cells:
    """Cells of persons from their category codes (n,) and the number of categories of each group."""
    possible = math.prod(sizes)
    if possible > LARGEST_CODE:
        outer = form_cells(groups[:-1], sizes[:-1])
        both = form_cells([outer.of, groups[-1]], [len(outer.persons), sizes[-1]])
        of_outer, last = both.members
        return Cells(of=both.of, members=(*(codes[of_outer] for codes in outer.members), last), persons=both.persons)
    cell = groups[0].astype(np.min_scalar_type(-possible - 1))  # memory decides: a few thousand cells need two bytes per person, not eight
    for codes, size in zip(groups[1:], sizes[1:], strict=True):
        cell *= size
        cell += codes
    if possible <= DENSE * len(cell):
        persons = np.bincount(cell, minlength=possible)
        found = np.flatnonzero(persons)
        if len(found) < possible:
            cell, persons = (np.cumsum(persons > 0) - 1).astype(cell.dtype)[cell], persons[found]
    else:
        cell, found = pd.factorize(cell)
        persons = np.bincount(cell)
    return Cells(of=cell, members=_members(found.astype(np.intp), sizes), persons=persons)


def _members(found: Codes, sizes: Sequence[int]) -> tuple[Codes, ...]:
    """Per group the categories that the numbers of cells stand for."""
    members = []
    for size in reversed(sizes):
        outer = found // size
        members.append(found - outer * size)
        found = outer
    return tuple(members[::-1])
