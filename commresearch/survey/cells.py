"""Cells of a sample, the rows of one sampled unit in one domain: a variance need not tell them apart, and there are far fewer of them."""

from dataclasses import dataclass, replace

import numpy as np

from commresearch.survey.design import Design, Stage
from commresearch.survey.reading import BoolArray, CodeArray, FloatArray, blocks


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Units of the last stage within domains, as far as they occur.

    stages
        those of the design, `unit` being the unit of each cell, (C,)
    domain
        (C,) domain of each cell, 0 to D - 1; -1 = in none
    used
        (C,) cells with a row of positive weight
    n
        (D,) such rows
    size
        U D, how many pairs of unit and domain there could be; the number of rows where every row is a cell
    found
        (C,) which of these pairs the cells are; None where every row is a cell
    """

    stages: tuple[Stage, ...]
    domain: CodeArray
    used: BoolArray
    n: CodeArray
    size: int
    found: CodeArray | None = None

    def select(self, sums: FloatArray) -> FloatArray:
        """(C, ...) the sums of the pairs that occur, from sums per pair (U D, ...)."""
        return sums if self.found is None else sums[self.found]


def form_cells(design: Design, domain: CodeArray, used: BoolArray, count: int) -> Cells:
    """Cells of rows in `count` domains; every row is one where units have few rows, or where a calibration looks at each.

    Parameters
    ----------
    domain : array (n,)
        Domain of each row, -1 = in none.
    used : array (n,)
        Rows in a domain that have a positive weight.
    """
    last = design.stages[-1]
    size, everything = len(last.stratum) * count, bool(used.all())
    if design.calibration is not None or size > len(domain):
        n = used.sum(keepdims=True) if count == 1 else np.bincount(domain[used], minlength=count)
        return Cells(stages=design.stages, domain=domain, used=used, n=n, size=len(domain))
    if count == 1 and everything:  # then every unit has rows
        rows = inside = np.ones(size, dtype=np.int64)
        n = np.array([len(domain)])
    else:
        inside = _counts(last, domain, None if everything else domain >= 0, count)
        rows = inside if everything else _counts(last, domain, used, count)
        n = rows.reshape(-1, count).sum(axis=0)
    found = np.flatnonzero(inside)
    unit, of = np.divmod(found, count)
    stages: list[Stage] = []
    for stage in reversed(design.stages):
        stages.insert(0, replace(stage, unit=unit))
        unit = stage.within[stage.stratum[unit]]
    return Cells(stages=tuple(stages), domain=of, used=rows[found] > 0, n=n, found=found, size=size)


def _counts(stage: Stage, domain: CodeArray, chosen: BoolArray | None, count: int) -> CodeArray:
    """(U D,) rows, chosen ones or all, of each pair of unit and domain."""
    size = len(stage.stratum) * count
    counts = np.zeros(size, dtype=np.int64)
    for rows in blocks(len(domain), size):
        pair = paired(stage.unit[rows], domain[rows], count)
        counts += np.bincount(pair if chosen is None else pair[chosen[rows]], minlength=size)
    return counts


def paired(outer: CodeArray, inner: CodeArray, count: int) -> CodeArray:
    """One code for each combination with the `count` inner codes."""
    return outer if count == 1 else outer * count + inner


def domain_sums(domain: CodeArray, values: FloatArray, factors: FloatArray | None, count: int, *, complete: bool) -> FloatArray:
    """(count,) sums of `values`, or of their products with `factors`, by domain.

    Rows of domain -1 belong nowhere; there are none where it is `complete`. With factors of one the sum is the same to the last digit.
    """
    sums = np.zeros(count)
    for rows in blocks(len(values), count):
        part = values[rows] if factors is None else values[rows] * factors[rows]
        if complete and count == 1:  # a sum needs no look at the codes
            sums += part.sum()
        elif complete:
            sums += np.bincount(domain[rows], part, count)
        else:
            sums += np.bincount(domain[rows] + 1, part, count + 1)[1:]
    return sums
