"""What chance alone does: outcomes dealt out at random among the same cases, and tables of a size without any contradiction."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.comparison.counterfactuals import Expectation
from commresearch.comparison.model_fit import models_fit, term_memberships
from commresearch.comparison.set_membership import CROSSOVER, is_number, kind_faults
from commresearch.comparison.set_models import Rows, SolutionType, models_of
from commresearch.comparison.truth_rows import TIE, TruthTable, coded, rows_of
from commresearch.errors import EstimationError, Failure
from commresearch.terms import Language
from commresearch.words.catalogue import say

PERFECT_BY_CHANCE = 0.05  #: a share of random outcomes without contradiction that is worth a note
MOST_OF_A_DRAW = 200  #: models looked at within one draw: any of them that does as well is enough


@dataclass(frozen=True, slots=True, kw_only=True)
class ChanceBenchmark:
    """What random outcomes do on the same cases, conditions and margins. Shares are 0-1.

    without_contradiction : float
        Exact share of all ways to deal out the outcome that leave no configuration with cases of both kinds.
    as_good : float
        Share of draws with a solution of the same kind that is at least as consistent and covers at least as much as the best model found: (1 + such
        draws) / (1 + draws), the data being one of them.
    without_solution : float
        Share of draws with no row coded 1, or none coded 0: no solution. They do not count as good.
    std_error : float
        Of `as_good`, from the number of draws.
    draws, seed : int
    inclusion, coverage : float
        Of the model that is compared: the most consistent one, and among those the one that covers most.
    """

    without_contradiction: float
    as_good: float
    without_solution: float
    std_error: float
    draws: int
    seed: int
    inclusion: float
    coverage: float

    def text(self, language: Language | str) -> str:
        """The benchmark in a sentence."""
        values = {"perfect": f"{100 * self.without_contradiction:.3g}", "hits": round(self.as_good * (1 + self.draws)) - 1, "draws": self.draws}
        return say("qca.chance", Language(language), **values)

    def to_dict(self) -> dict[str, object]:
        """Everything, JSON-safe."""
        return asdict(self)


def chance_benchmark(
    table: TruthTable, solution: str = "conservative", expectations: Sequence[Expectation] | None = None, *, draws: int = 1_000, seed: int = 0,
    exclude: Sequence[int] = (),
) -> ChanceBenchmark:
    """How often an outcome that has nothing to do with the conditions gives a solution as good as the one found.

    Parameters
    ----------
    table : TruthTable
    solution, expectations, exclude
        As in `minimise`; expectations in the order of the conditions.
    draws : int
        Permutations of the outcome over the cases. Each needs a minimisation where sets are fuzzy.
    seed : int

    Returns
    -------
    ChanceBenchmark

    Raises
    ------
    EstimationError
        The kind of solution, the draws or the seed are out of range (CR-Q02); the table has no solution (CR-Q12, CR-Q19), or is none (CR-Q22).

    Notes
    -----
    Conditions and the margin of the outcome are kept, so that the benchmark is one for these cases and not for an idealised table (compare Marx & Dușa
    2011). The exact share counts the ways to fill whole configurations: the coefficient of t^m in Π (1 + t^n_r), over N choose m, with n_r cases per
    configuration and m cases with the outcome.
    """
    if kinds := kind_faults(table=(table, isinstance(table, TruthTable), "TruthTable")):
        raise EstimationError(*kinds)
    allowed: dict[str, tuple[object, bool, str]] = {
        "solution": (solution, solution in tuple(SolutionType), ", ".join(SolutionType)),
        "draws": (draws, isinstance(draws, int) and draws >= 1, "1, 2, …"), "seed": (seed, isinstance(seed, int) and seed >= 0, "0, 1, …"),
    }
    wrong = [Failure(code="CR-Q02", values={"name": n, "got": str(got), "allowed": a}) for n, (got, right, a) in allowed.items() if not right]
    if wrong or table.code_faults:
        raise EstimationError(*wrong, *table.code_faults)
    return chance_of(table, SolutionType(solution), expectations, exclude, draws=draws, seed=seed)


def chance_of(
    table: TruthTable, kind: SolutionType, expectations: Sequence[Expectation] | None, exclude: Sequence[int], *, draws: int, seed: int,
) -> ChanceBenchmark:
    """`chance_benchmark` of what is checked already."""
    rng = np.random.default_rng(seed)
    dealt = np.array([rng.permutation(table.sets.outcome) for _ in range(draws)])
    if table.sets.crisp and table.frequency == 1:
        (found,), drawn = _crisp_fits(table, table.sets.outcome[None]), _crisp_fits(table, dealt)
    else:
        kept = np.array([r - 1 for r in exclude], dtype=np.int64)
        found, *drawn = (_fits(table, y, kind, expectations, kept) for y in (table.sets.outcome, *dealt))
    inclusion, coverage = found[np.lexsort((found[:, 1], found[:, 0]))[-1]].tolist()
    good = sum(bool(((fits[:, 0] >= inclusion - TIE) & (fits[:, 1] >= coverage - TIE)).any()) for fits in drawn)
    share = (1 + good) / (1 + draws)
    return ChanceBenchmark(
        without_contradiction=chance_without_contradiction(table), as_good=share, without_solution=sum(not len(fits) for fits in drawn) / draws,
        std_error=math.sqrt(share * (1 - share) / draws), draws=draws, seed=seed, inclusion=inclusion, coverage=coverage,
    )


def _crisp_fits(table: TruthTable, outcomes: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """As `_fits` for many crisp outcomes (draws, n) at once.

    Every row with cases is coded, so that a model, whatever it assumes, holds the cases of the positive rows and no others.
    """
    inside = outcomes @ (table.sets.rows[:, None] == table.row)
    out = coded(inside / table.n, table.n, table.inclusion_cut, table.frequency)
    positive = out == "1"
    held, covered = positive @ table.n, (positive * inside).sum(axis=1)
    solved = positive.any(axis=1) & ~positive.all(axis=1)
    fits = np.column_stack([covered / np.maximum(held, 1), covered / outcomes.sum(axis=1)])
    return [fit[None] if has else np.empty((0, 2)) for fit, has in zip(fits, solved, strict=True)]


def _fits(
    table: TruthTable, outcome: NDArray[np.float64], kind: SolutionType, expectations: Sequence[Expectation] | None, kept: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Consistency and coverage (models, 2) of the models of an outcome dealt out anew; none where there is no solution."""
    dealt = rows_of(replace(table.sets, outcome=outcome), table.inclusion_cut, table.frequency, negate=table.negate)
    if dealt.code_faults:
        return np.empty((0, 2))
    sets = dealt.sets
    rows = Rows(k=len(sets.conditions), positive=dealt.positive, forbidden=np.union1d(dealt.negative, np.setdiff1d(kept, dealt.positive)))
    made = models_of(rows, kind, expectations if kind is SolutionType.INTERMEDIATE else None, most=MOST_OF_A_DRAW)
    used = sorted({i for cover in made.chosen for i in cover})
    x = term_memberships(sets, [made.terms[i] for i in used])
    place = {i: p for p, i in enumerate(used)}
    fits = [models_fit(x, [[place[i] for i in made.chosen[m]] for m in models], sets.outcome) for models in made.by_length]
    return np.concatenate([np.column_stack([fit.inclusion, fit.coverage]) for fit in fits])


def chance_without_contradiction(table: TruthTable) -> float:
    """Exact share of all ways to deal out the outcome among the cases that leave no configuration with cases of both kinds."""
    inside = int((table.sets.outcome > CROSSOVER).sum())
    return _filled_exactly(table.n.tolist(), inside)


def _filled_exactly(sizes: Sequence[int], inside: int) -> float:
    ways = [1] + [0] * inside
    for size in sizes:
        for total in range(inside, size - 1, -1):
            ways[total] += ways[total - size]
    return ways[inside] / math.comb(sum(sizes), inside)


def chance_by_size(
    cases: Sequence[int], conditions: Sequence[int], *, share_with_outcome: float = 0.5, share_with_condition: float = 0.5, draws: int = 10_000, seed: int = 0,
) -> pd.DataFrame:
    """Share of random crisp tables without a contradictory row, by number of cases and conditions: for planning, before there are data.

    Parameters
    ----------
    cases, conditions : sequence of int
    share_with_outcome, share_with_condition : float
        Chance that a case has the outcome, and each condition; all independent.
    draws, seed : int

    Returns
    -------
    DataFrame
        cases, conditions, without_contradiction (0-1), std_error.

    Raises
    ------
    EstimationError
        A number is out of range (CR-Q02); sizes are no lists of whole numbers (CR-Q22).
    """
    sizes = {"cases": cases, "conditions": conditions}
    if kinds := kind_faults(**{n: (s, isinstance(s, Sequence) and all(isinstance(x, int) for x in s), "list[int]") for n, s in sizes.items()}):
        raise EstimationError(*kinds)
    shares = {"share_with_outcome": share_with_outcome, "share_with_condition": share_with_condition}
    counts = {"cases": min(cases, default=0), "conditions": min(conditions, default=0), "draws": draws, "seed": seed + 1 if isinstance(seed, int) else 0}
    failures = [Failure(code="CR-Q02", values={"name": n, "got": str(v), "allowed": "0 < … < 1"}) for n, v in shares.items() if not (is_number(v) and 0 < v < 1)]
    failures += [Failure(code="CR-Q02", values={"name": n, "got": str(v), "allowed": "1, 2, …"}) for n, v in counts.items() if not isinstance(v, int) or v < 1]
    if failures:
        raise EstimationError(*failures)
    rng = np.random.default_rng(seed)
    lines = []
    for n in cases:
        for k in conditions:
            row = (rng.random((draws, n, k)) < share_with_condition) @ (1 << np.arange(k))
            with_outcome = rng.random((draws, n)) < share_with_outcome
            order = np.argsort(row, axis=1)
            row, with_outcome = np.take_along_axis(row, order, axis=1), np.take_along_axis(with_outcome, order, axis=1)
            # Sorted by configuration, two cases contradict each other somewhere just where two neighbours do.
            clash = ((row[:, 1:] == row[:, :-1]) & (with_outcome[:, 1:] != with_outcome[:, :-1])).any(axis=1)
            share = float(1 - clash.mean())
            lines.append({"cases": n, "conditions": k, "without_contradiction": share, "std_error": math.sqrt(share * (1 - share) / draws)})
    return pd.DataFrame(lines)
