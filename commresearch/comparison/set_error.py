"""How far a solution hangs on the error of estimated outcomes: effects are estimates, and calibration takes them for known."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from commresearch.comparison.set_membership import Floats, kind_faults
from commresearch.comparison.set_models import Models
from commresearch.comparison.set_robustness import as_terms, checked_raw, choices_of, recalibrated
from commresearch.comparison.set_solution import Solution
from commresearch.comparison.truth_rows import records
from commresearch.errors import EstimationError, Failure
from commresearch.terms import Language
from commresearch.words.catalogue import say

DRAWS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ErrorStability:
    """What becomes of a solution when the outcome is drawn anew within its standard errors. Shares are 0-1, of all draws.

    same : float
        Share of draws with exactly the models of the solution.
    kept : float
        Share of draws in which at least one of its models is a model.
    without_solution : float
        Share of draws without any: all or no cases have the outcome, or no row is coded 1, or none 0.
    std_error : float
        Of `same`, from the number of draws.
    terms : DataFrame
        term, solution (whether it stands in a model of the solution), share (of draws in which it stands in a model); the most frequent first.
    draws, seed : int
    """

    same: float
    kept: float
    without_solution: float
    std_error: float
    terms: pd.DataFrame
    draws: int
    seed: int

    def text(self, language: Language | str) -> str:
        """The shares in a sentence."""
        percent = {name: f"{100 * getattr(self, name):.0f}" for name in ("same", "kept", "without_solution")}
        return say("qca.error", Language(language), draws=f"{self.draws:,}", **percent)

    def to_dict(self) -> dict[str, object]:
        """Everything, JSON-safe."""
        shares = {name: getattr(self, name) for name in ("same", "kept", "without_solution", "std_error", "draws", "seed")}
        return {**shares, "terms": records(self.terms), "text": {language.value: self.text(language) for language in Language}}


def error_stability(
    solution: Solution, raw: pd.DataFrame, std_errors: Mapping[str, float], anchors: tuple[float, float, float], *, draws: int = DRAWS, seed: int = 0,
) -> ErrorStability:
    """Draw the estimated outcome within its standard errors, calibrate and minimise again, and count how often the solution stays.

    Parameters
    ----------
    solution : Solution
    raw : DataFrame
        Estimates of the outcome under its name, one row per case, with the names of cases of the solution.
    std_errors : mapping
        Case → standard error, in the unit of the estimates; 0 for what is known without error.
    anchors : (exclusion, crossover, inclusion)
        That the outcome was calibrated with.
    draws, seed : int
        Each draw costs a minimisation.

    Returns
    -------
    ErrorStability

    Raises
    ------
    EstimationError
        Estimates and anchors do not give the memberships of the solution (CR-Q01, CR-Q18); a case has no finite standard error of 0 or more (CR-Q21);
        draws or seed are out of range (CR-Q02); an argument is of another kind (CR-Q22).

    Notes
    -----
    Each draw adds independent normal errors to the estimates, which carry one error already: memberships spread more widely than true effects do, so that
    the share of draws with the same solution is a cautious one. Conditions are taken as known. A draw is a variant of the data, not a test.
    """
    kinds = kind_faults(
        solution=(solution, isinstance(solution, Solution), "Solution"), raw=(raw, isinstance(raw, pd.DataFrame), "pandas.DataFrame"),
        std_errors=(std_errors, isinstance(std_errors, Mapping), "dict[str, float]"),
    )
    if kinds:
        raise EstimationError(*kinds)
    sets, table = solution.table.sets, solution.table
    failures = _option_faults(draws, seed)
    failures += [Failure(code="CR-Q21", values={"case": case, "got": str(std_errors.get(case, "—"))}) for case in sets.cases if not _is_error(std_errors.get(case))]
    if failures:
        raise EstimationError(*failures)
    estimates = checked_raw(solution, raw, {sets.outcome_name: anchors})[sets.outcome_name]
    errors = np.array([float(std_errors[case]) for case in sets.cases])
    drawn = estimates + errors * np.random.default_rng(seed).standard_normal((draws, len(errors)))
    tally = _counted(solution, drawn, anchors)
    share, own = tally.same / draws, _written(solution.made, table.conditions)
    shown = sorted({*own, *tally.terms}, key=lambda term: (-tally.terms[term], term))
    return ErrorStability(
        same=share, kept=tally.kept / draws, without_solution=tally.lost / draws, std_error=float(np.sqrt(share * (1 - share) / draws)), draws=draws, seed=seed,
        terms=pd.DataFrame({"term": shown, "solution": [t in own for t in shown], "share": [tally.terms[t] / draws for t in shown]}),
    )


@dataclass(slots=True, kw_only=True)
class _Tally:
    """Draws with the same models, with one of them, without any; and how often each term came up."""

    same: int = 0
    kept: int = 0
    lost: int = 0
    terms: Counter[str] = field(default_factory=Counter)


def _counted(solution: Solution, drawn: Floats, anchors: tuple[float, float, float]) -> _Tally:
    """The solution of every draw (draws, n) of the outcome beside the one that was found."""
    table, choices, mine = solution.table, choices_of(solution), as_terms(solution.made)
    known: dict[bytes, tuple[bool, bool, set[str]] | None] = {}  # draws that code the rows alike have one solution
    tally = _Tally()
    for values in drawn:
        again = recalibrated(table, table.sets.outcome_name, values, anchors)
        codes = b"" if again is None else again.out.tobytes()
        if codes not in known:
            found = None if again is None else choices.solved(again)
            known[codes] = None if found is None else (choices.same(found), bool(as_terms(found) & mine), _written(found, table.conditions))
        told = known[codes]
        if told is None:
            tally.lost += 1
            continue
        tally.same += told[0]
        tally.kept += told[1]
        tally.terms.update(told[2])
    return tally


def _written(models: Models, conditions: tuple[str, ...]) -> set[str]:
    """Terms of all models as they are written."""
    return {models.terms[i].written(conditions) for cover in models.chosen for i in cover}


def _is_error(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and bool(np.isfinite(value)) and float(value) >= 0


def _option_faults(draws: object, seed: object) -> list[Failure]:
    allowed = {"draws": (draws, isinstance(draws, int) and draws >= 1, "1, 2, …"), "seed": (seed, isinstance(seed, int) and seed >= 0, "0, 1, …")}
    return [Failure(code="CR-Q02", values={"name": n, "got": str(got), "allowed": a}) for n, (got, right, a) in allowed.items() if not right]
