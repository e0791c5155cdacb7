"""Why no weights meet the totals: found by linear programming, after the solver gave up."""

import numpy as np
from scipy import sparse

from commresearch.errors import Failure
from commresearch.survey.auxiliaries import Auxiliaries
from commresearch.survey.frame_columns import Floats

MOST_CELLS = 10_000  #: unknowns of the linear programme; more take minutes
BISECTED = 1e-3  #: relative precision of the smallest upper bound
LARGEST_BOUND = 1e6
ROUNDING = 1e-6  #: the linear programme meets its own conditions to about this much
UNIMPORTANT = 1e-6  #: categories that miss their total by less than this share are not named


def label(variable: str, category: object) -> str:
    """A column of the auxiliaries as a message names it: variable = category, or the variable where it is a number."""
    return f"{variable} = {category}" if category is not None else variable


def unsolved(
    auxiliaries: Auxiliaries, base: Floats, totals: Floats, errors: Floats, *, method: str, bounds: tuple[float, float], max_iterations: int
) -> Failure:
    """The fault behind totals that were not met.

    Asked one after the other: do weights exist at all; what is the largest lower bound if nothing holds above; what is the smallest
    upper bound that goes with the lower one.
    """
    facts: dict[str, object] = {"missed": _missed(auxiliaries, errors), "error": f"{errors.max():.2g}"}
    average = {"average": f"{totals[: auxiliaries.sizes[0]].sum() / base.sum():.3g}" if auxiliaries.groups else "—"}
    low, high = bounds
    greatest = greatest_lower(auxiliaries, base, totals, floor=min(low, 0.0) if method == "linear" else 0.0)
    is_exact = auxiliaries.n_cells <= MOST_CELLS
    if greatest is None and is_exact:
        return Failure(code="CR-W16", values=facts)
    if greatest is not None and greatest < low - ROUNDING:
        return Failure(code="CR-W15", values=facts | average | {"lower": f"{low:g}", "greatest": f"{greatest:.3f}"})
    least = least_upper(auxiliaries, base, totals, low, high) if np.isfinite(high) and greatest is not None else None
    if least is not None:
        return Failure(code="CR-W14", values=facts | average | {"lower": f"{low:g}", "upper": f"{high:g}", "least": f"{least:.3f}"})
    return Failure(code="CR-W17", values=facts | {"method": method, "max_iterations": max_iterations})


def vanishing(auxiliaries: Auxiliaries, factors: Floats, threshold: float) -> Failure:
    """The fault of totals that only weights of zero can meet, with the categories of one person who would get none."""
    least, names = int(np.argmin(factors)), []
    for codes, start in zip(auxiliaries.groups, np.cumsum((0, *auxiliaries.sizes)), strict=False):
        names.append(label(*auxiliaries.labels[start + codes[least]]))
    count = int(auxiliaries.expand(np.asarray(factors < threshold, dtype=np.float64)).sum())
    n = len(factors) if auxiliaries.cells is None else len(auxiliaries.cells.of)
    return Failure(code="CR-W18", values={"count": count, "n": n, "example": "; ".join(names) or "—"})


def collinear_totals(auxiliaries: Auxiliaries, errors: Floats, tolerance: float) -> Failure:
    """The fault of totals that say two things about the same sum."""
    named = [label(*auxiliaries.labels[i]) for i in np.flatnonzero(errors > tolerance)]
    return Failure(code="CR-W19", values={"columns": "; ".join(named[:10])})


def greatest_lower(auxiliaries: Auxiliaries, base: Floats, totals: Floats, floor: float) -> float | None:
    """The largest s ≥ floor for which factors g ≥ s can meet the totals; None where not even `floor` will do."""
    equations, aims = _scaled(auxiliaries, base, totals)
    # with g = s + h and h ≥ 0 the bound is one more column
    with_bound = sparse.hstack([equations, sparse.csr_array(equations.sum(axis=1)[:, None])], format="csr")
    cost = np.append(np.zeros(equations.shape[1]), -1.0)
    from scipy.optimize import linprog  # slow to load, and wanted only where a calibration fails

    found = linprog(cost, A_eq=with_bound, b_eq=aims, bounds=[(0, None)] * (len(cost) - 1) + [(floor, None)], method="highs")
    return float(found.x[-1]) if found.success else None


def least_upper(auxiliaries: Auxiliaries, base: Floats, totals: Floats, lower: float, upper: float) -> float | None:
    """An upper bound just large enough for factors between `lower` and it to meet the totals; None where `upper` is already.

    One smaller by `BISECTED` may not do. None also where the lower bound is so close to what is possible that nothing is found.
    """
    from scipy.optimize import linprog

    equations, aims = _scaled(auxiliaries, base, totals)

    def is_enough(bound: float) -> bool:
        cost = np.zeros(equations.shape[1])
        return bool(linprog(cost, A_eq=equations, b_eq=aims, bounds=(lower, bound), method="highs").success)

    if is_enough(upper):
        return None
    too_small, enough = upper, 2 * upper
    while not is_enough(enough):
        too_small, enough = enough, 2 * enough
        if enough > LARGEST_BOUND:
            return None
    while enough > too_small * (1 + BISECTED):
        middle = (too_small + enough) / 2
        too_small, enough = (too_small, middle) if is_enough(middle) else (middle, enough)
    return enough


def _scaled(auxiliaries: Auxiliaries, base: Floats, totals: Floats) -> tuple[sparse.csr_array, Floats]:
    """The equations X' (base · g) = totals, each over its own size: a matrix (p, m) and what it must give.

    Very many cells are put together in blocks of neighbours with one factor: bounds found so are possible, if not quite the limit.
    """
    m = auxiliaries.n_cells
    blocks = [
        sparse.csr_array((base, (codes, np.arange(m))), shape=(n_categories, m))
        for codes, n_categories in zip(auxiliaries.groups, auxiliaries.sizes, strict=True)
    ]
    if auxiliaries.numeric.shape[1]:
        blocks.append(sparse.csr_array((auxiliaries.numeric * base[:, None]).T))
    size = np.maximum(np.abs(totals), auxiliaries.magnitudes(base))
    scale = 1 / np.where(size > 0, size, 1)
    equations = sparse.csr_array(sparse.diags_array(scale) @ sparse.vstack(blocks, format="csr"))
    if m > MOST_CELLS:
        order = np.lexsort((*auxiliaries.numeric.T, *auxiliaries.groups))
        block = np.arange(m) * MOST_CELLS // m
        equations = equations @ sparse.csr_array((np.ones(m), (order, block)), shape=(m, MOST_CELLS))
    return equations, totals * scale


def _missed(auxiliaries: Auxiliaries, errors: Floats) -> str:
    """The columns whose totals were missed most, worst first."""
    worst = [i for i in np.argsort(-errors, kind="stable")[:5] if errors[i] > UNIMPORTANT] or [int(np.argmax(errors))]
    return "; ".join(label(*auxiliaries.labels[i]) for i in worst)
