"""Solutions of a truth table: every model with the fewest terms, how well it fits, what it assumes, and how ambiguous it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from commresearch.comparison.chance import PERFECT_BY_CHANCE, ChanceBenchmark, chance_of, chance_without_contradiction
from commresearch.comparison.counterfactuals import DIFFICULT, EASY, assumed_rows, expected
from commresearch.comparison.covers import MOST_MODELS, MOST_STEPS
from commresearch.comparison.implicants import Term, term_of
from commresearch.comparison.model_fit import models_fit, term_memberships, unique_coverage
from commresearch.comparison.set_fit import sufficiency
from commresearch.comparison.set_membership import CROSSOVER, Floats, kind_faults, listed
from commresearch.comparison.set_models import Models, Rows, SolutionType, models_of
from commresearch.comparison.truth_rows import SetNote, TruthTable, noted, records
from commresearch.errors import EstimationError, Failure
from commresearch.impact.result import Note
from commresearch.terms import Language
from commresearch.words.catalogue import say

SHOWN_MODELS = 5  #: written out in a summary
CHANCE_DRAWS = 200  #: permutations of the outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguity:
    """How far the models of a solution agree.

    n_models : int
        Models with equally few terms.
    common_terms : tuple of str
        Terms of every model.
    common_literals : tuple of str
        Literals that occur somewhere in every model.
    """

    n_models: int
    common_terms: tuple[str, ...]
    common_literals: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Solution:
    """A solution of a truth table. It describes these cases; a statement about causes needs knowledge of the cases.

    table : TruthTable
    kind : SolutionType
    models : tuple of str
        Every cover with the fewest terms, as "DEV*~IND + URB*STB"; terms that no model can do without stand first where there are several models.
    fit : DataFrame
        Per model: model (M1, …), expression, inclS, PRI, covS, n_terms, n_literals, and for intermediate models the pairs they come from.
    n_models : int
        How many models there are; more than `models` only where a note says so, and at least so many where the search was cut.
    implicants : tuple of str
        Minimal terms that models are made of.
    excluded : tuple of int
        Rows (from 1) that were kept from being assumed.
    expectations : mapping, optional
        Condition → 1, 0 or None.
    notes : tuple of Note
    draws, seed : int
        Of the chance benchmark.
    made : Models
        Terms and models as bit masks.
    """

    table: TruthTable
    kind: SolutionType
    models: tuple[str, ...]
    fit: pd.DataFrame
    n_models: int
    implicants: tuple[str, ...]
    excluded: tuple[int, ...]
    expectations: Mapping[str, int | None] | None
    notes: tuple[Note, ...]
    draws: int
    seed: int
    made: Models

    @cached_property
    def memberships(self) -> Floats:
        """Membership of every case in every model (models, n)."""
        x = term_memberships(self.table.sets, self.made.terms)
        return np.array([x[list(cover)].max(axis=0) for cover in self.made.chosen])

    @cached_property
    def terms(self) -> pd.DataFrame:
        """Per model and term: model, term, essential, inclS, PRI, covS, covU, cases (those above 0.5 in the term)."""
        sets, made = self.table.sets, self.made
        x = term_memberships(sets, made.terms)
        fit = sufficiency(x, sets.outcome)
        inside = {i: ", ".join(sets.cases[c] for c in np.flatnonzero(x[i] > CROSSOVER)) for i in {i for cover in made.chosen for i in cover}}
        unique = [(m, i, lost) for places in made.by_length for m, lose in zip(places, _lost(x, made, places, sets.outcome), strict=True) for i, lost in lose]
        unique.sort(key=lambda line: line[0])
        at = [i for _, i, _ in unique]
        return pd.DataFrame(
            {
                "model": [f"M{m + 1}" for m, _, _ in unique], "term": [made.terms[i].written(sets.conditions) for i in at],
                "essential": [i in made.essential for i in at], "inclS": fit.inclusion[at], "PRI": fit.pri[at], "covS": fit.coverage[at],
                "covU": [lost for _, _, lost in unique], "cases": [inside[i] for i in at],
            }
        )

    @cached_property
    def counterfactuals(self) -> pd.DataFrame:
        """Configurations without observed cases that some model assumes to show the outcome; with expectations also those left out as difficult.

        Returns
        -------
        DataFrame
            row (from 1), configuration, kind ("easy", "difficult", or "" where no expectation was stated), n_models (listed models that assume it).
        """
        rows = _rows(self.table, self.excluded)
        counts = np.zeros(1 << rows.k, dtype=np.int64)
        remainders = rows.remainders
        within = {i: np.packbits(self.made.terms[i].covers(remainders)) for i in {i for cover in self.made.chosen for i in cover}}
        for cover in self.made.chosen:
            counts[remainders] += np.unpackbits(np.bitwise_or.reduce([within[i] for i in cover]), count=len(remainders))
        shown = sorted({*np.flatnonzero(counts).tolist(), *self.made.parsimonious})
        full = (1 << rows.k) - 1
        kinds = [(EASY if r in self.made.easy else DIFFICULT) if self.expectations is not None else "" for r in shown]
        return pd.DataFrame(
            {
                "row": [r + 1 for r in shown], "configuration": [Term(full, r).written(self.table.conditions) for r in shown], "kind": kinds,
                "n_models": [int(counts[r]) for r in shown],
            }
        )

    @cached_property
    def ambiguity(self) -> Ambiguity:
        """How far the listed models agree."""
        texts = [[self.made.terms[i].written(self.table.conditions) for i in cover] for cover in self.made.chosen]
        literals = [dict.fromkeys(literal for term in terms for literal in term.split("*")) for terms in texts]
        return Ambiguity(
            n_models=self.n_models, common_terms=tuple(t for t in texts[0] if all(t in other for other in texts)),
            common_literals=tuple(x for x in literals[0] if all(x in other for other in literals)),
        )

    @cached_property
    def chance(self) -> ChanceBenchmark:
        """How often outcomes dealt out at random among these cases do as well; computed when first asked for."""
        order = None if self.expectations is None else [self.expectations[c] for c in self.table.conditions]
        return chance_of(self.table, self.kind, order, self.excluded, draws=self.draws, seed=self.seed)

    def assumptions(self, model: int = 0) -> tuple[int, ...]:
        """Rows (from 1) without observed cases that one model, counted from 0, assumes to show the outcome."""
        remainders = _rows(self.table, self.excluded).remainders
        return tuple(int(r) + 1 for r in assumed_rows((self.made.terms[i] for i in self.made.chosen[model]), remainders))

    def to_frame(self) -> pd.DataFrame:
        """One line per model: `fit` with the kind of solution, the outcome and the number of models."""
        head = pd.DataFrame({"outcome": self.table.outcome, "solution": str(self.kind)}, index=self.fit.index)
        return pd.concat([head, self.fit, pd.DataFrame({"n_models": self.n_models}, index=self.fit.index)], axis=1)

    def to_dict(self) -> dict[str, object]:
        """Everything, JSON-safe: None for a number that is not there, tables as lists of rows."""
        return {
            "outcome": self.table.outcome, "solution": str(self.kind), "models": list(self.models), "n_models": self.n_models,
            "fit": records(self.fit), "terms": records(self.terms), "implicants": list(self.implicants), "excluded": list(self.excluded),
            "expectations": None if self.expectations is None else dict(self.expectations), "counterfactuals": records(self.counterfactuals),
            "ambiguity": {
                "n_models": self.ambiguity.n_models, "common_terms": list(self.ambiguity.common_terms),
                "common_literals": list(self.ambiguity.common_literals),
            },
            "chance": self.chance.to_dict(), "notes": noted(self.notes), "truth_table": self.table.to_dict(),
            "summary": {language.value: self.summary(language) for language in Language},
        }

    def summary(self, language: Language | str = Language.ZH) -> str:
        """The models with their fit, how many there are, what they have in common, what chance does, and what a reader must know."""
        language = Language(language)
        shown = [
            say("qca.model", language, expression=row.expression, incl=f"{row.inclS:.3f}", pri=f"{row.PRI:.3f}", cov=f"{row.covS:.3f}")
            for row in self.fit.head(SHOWN_MODELS).itertuples()
        ]
        common = say("qca.comma", language).join(self.ambiguity.common_literals)
        said = [
            say(
                "qca.solution", language, kind=say(f"qca.kind_{self.kind}", language), outcome=self.table.outcome, n=self.n_models,
                models=say("qca.semicolon", language).join(shown),
            )
        ]
        if self.n_models > len(shown):
            said.append(say("qca.more_models", language, rest=self.n_models - len(shown)))
        if self.n_models > 1:
            said.append(say("qca.several", language, common=common) if common else say("qca.nothing_common", language))
        said += [self.chance.text(language), *(note.text(language) for note in self.notes)]
        return " ".join(said) if language is Language.EN else "".join(said)


def minimise(
    table: TruthTable, solution: str = "conservative", expectations: Mapping[str, object] | Sequence[object] | int | None = None, *,
    exclude: Sequence[int | str] = (), most_models: int = MOST_MODELS, steps: int = MOST_STEPS, draws: int = CHANCE_DRAWS, seed: int = 0,
) -> Solution:
    """All models with the fewest terms that cover the rows coded 1 and none coded 0 or C.

    Parameters
    ----------
    table : TruthTable
    solution : {"conservative", "parsimonious", "intermediate"}
        What may be assumed of configurations that were not observed: nothing; whatever makes terms shorter; what agrees with the expectations.
    expectations : mapping, sequence or int, optional
        1 where a condition is expected to help when present, 0 where when absent, None where nothing is expected: by condition, in the order of the
        conditions, or one for all. Intermediate solutions need them; with parsimonious ones they tell easy from difficult assumptions.
    exclude : sequence of int or str
        Rows (from 1) that nothing may assume, because they cannot occur or would contradict what is known; or terms such as "DEV*~STB", which stand for
        all their rows without a code of their own. What a necessary condition forbids to assume is its negation: "~DEV".
    most_models, steps : int
        Models that are listed, and steps of the search; a note says where either was too few.
    draws, seed : int
        Permutations of the chance benchmark, which is computed when it is first looked at.

    Returns
    -------
    Solution

    Raises
    ------
    EstimationError
        No row is coded 1 (CR-Q12), or none 0 or C (CR-Q19); expectations do not fit (CR-Q13); a row of `exclude` does not exist or was observed, or a term
        cannot be read (CR-Q14); the search found no cover (CR-Q15); another option is not known (CR-Q02); `table` is no truth table, or `exclude` no
        list of rows and terms (CR-Q22).

    Notes
    -----
    The chance benchmark costs as many minimisations as it has draws where sets are fuzzy, and next to nothing where they are crisp. Minimal terms by bit
    masks (`commresearch/comparison/implicants.py`), covers by exact search (`covers.py`). Intermediate models are made from each
    pair of a conservative and a parsimonious model: easy counterfactuals join the positive rows, which are then minimised without further assumptions.
    """
    _require_kinds(table, exclude)
    rows = _rows_meant(table, exclude)
    kind = _checked(table, solution, exclude, {"most_models": most_models, "steps": steps, "draws": draws}, seed)
    order = expected(expectations, table.conditions, kind)
    made = models_of(_rows(table, rows), kind, order, most=most_models, steps=steps)
    written = [term.written(table.conditions) for term in made.terms]
    models = tuple(" + ".join(written[i] for i in cover) for cover in made.chosen)
    return Solution(
        table=table, kind=kind, models=models, fit=_fit(table, made, models), n_models=made.count, implicants=tuple(written),
        excluded=rows, expectations=None if order is None else dict(zip(table.conditions, order, strict=True)),
        notes=_notes(table, made, most_models, steps), draws=draws, seed=seed, made=made,
    )


def contradictory_assumptions(solution: Solution, negated: Solution) -> tuple[int, ...]:
    """Rows (from 1) that the solution of an outcome and that of its negation both assume, some model each: assumptions that cannot both hold.

    Parameters
    ----------
    solution, negated : Solution
        Of the same cases and conditions, one of them of the negated outcome.

    Raises
    ------
    EstimationError
        They are not of one outcome and its negation over the same conditions (CR-Q16), or no solutions (CR-Q22).
    """
    if kinds := kind_faults(**{n: (s, isinstance(s, Solution), "Solution") for n, s in (("solution", solution), ("negated", negated))}):
        raise EstimationError(*kinds)
    mine, other = solution.table, negated.table
    if mine.negate == other.negate or mine.sets.outcome_name != other.sets.outcome_name or mine.conditions != other.conditions:
        raise EstimationError(Failure(code="CR-Q16", values={"one": mine.outcome, "other": other.outcome, "conditions": listed(mine.conditions)}))
    used = [s.counterfactuals.loc[s.counterfactuals["n_models"] > 0, "row"] for s in (solution, negated)]
    return tuple(sorted(set(used[0].tolist()) & set(used[1].tolist())))


def _fit(table: TruthTable, made: Models, models: Sequence[str]) -> pd.DataFrame:
    """Fit and length of every model."""
    x = term_memberships(table.sets, made.terms)
    fits = np.empty((len(models), 3))
    for places in made.by_length:
        found = models_fit(x, [made.chosen[m] for m in places], table.sets.outcome)
        fits[places] = np.column_stack([found.inclusion, found.pri, found.coverage])
    literals = [term.used.bit_count() for term in made.terms]
    return pd.DataFrame(
        {
            "model": [f"M{m + 1}" for m in range(len(models))], "expression": models, "inclS": fits[:, 0], "PRI": fits[:, 1], "covS": fits[:, 2],
            "n_terms": [len(cover) for cover in made.chosen], "n_literals": [sum(literals[i] for i in cover) for cover in made.chosen], "origin": made.origin,
        }
    )


def _lost(x: Floats, made: Models, places: Sequence[int], y: Floats) -> list[list[tuple[int, float]]]:
    """Unique coverage of every term of some models, by place of the term."""
    chosen = [made.chosen[m] for m in places]
    return [list(zip(cover, lost, strict=True)) for cover, lost in zip(chosen, unique_coverage(x, chosen, y).tolist(), strict=True)]


def _rows(table: TruthTable, exclude: Sequence[int]) -> Rows:
    kept = np.array([int(r) - 1 for r in exclude], dtype=np.int64)
    return Rows(k=len(table.conditions), positive=table.positive, forbidden=np.union1d(table.negative, kept))


def _require_kinds(table: object, exclude: object) -> None:
    rows = isinstance(exclude, Sequence) and not isinstance(exclude, str) and all(isinstance(r, str | int | np.integer) and not isinstance(r, bool) for r in exclude)
    kinds = kind_faults(table=(table, isinstance(table, TruthTable), "TruthTable"), exclude=(exclude, rows, "list[int | str]"))
    if kinds:
        raise EstimationError(*kinds)


def _rows_meant(table: TruthTable, exclude: Sequence[int | str]) -> tuple[int, ...]:
    """Rows (from 1) that are given as such or as terms; observed rows within a term have a code and stay out of it."""
    remainders = _rows(table, ()).remainders
    terms = [term_of(part, table.conditions) for part in exclude if isinstance(part, str)]
    within = [int(r) + 1 for r in assumed_rows((term for term in terms if term is not None), remainders)] if terms else []
    return tuple(sorted({*within, *(int(r) for r in exclude if not isinstance(r, str))}))


def _checked(table: TruthTable, solution: object, exclude: Sequence[int | str], counts: Mapping[str, object], seed: object) -> SolutionType:
    """The kind of solution; everything that is wrong with what was asked for is refused together."""
    allowed: dict[str, tuple[object, bool, str]] = {"solution": (solution, solution in tuple(SolutionType), ", ".join(SolutionType))}
    allowed |= {name: (got, isinstance(got, int) and got >= 1, "1, 2, …") for name, got in counts.items()}
    allowed["seed"] = (seed, isinstance(seed, int) and seed >= 0, "0, 1, …")
    failures = [Failure(code="CR-Q02", values={"name": n, "got": str(got), "allowed": a}) for n, (got, right, a) in allowed.items() if not right]
    highest, seen = 1 << len(table.conditions), {int(r) + 1 for r in np.concatenate([table.positive, table.negative])}
    wrong = [r for r in exclude if (term_of(r, table.conditions) is None if isinstance(r, str) else not 1 <= r <= highest or r in seen)]
    if wrong:
        failures.append(Failure(code="CR-Q14", values={"got": listed(wrong), "highest": highest}))
    failures += table.code_faults
    if failures:
        raise EstimationError(*failures)
    return SolutionType(str(solution))


def _notes(table: TruthTable, made: Models, most_models: int, steps: int) -> tuple[Note, ...]:
    notes = list(table.notes)
    if not made.complete:
        notes.append(SetNote(key="search_cut", values={"listed": len(made.chosen), "most": most_models, "steps": steps}))
    elif made.count > len(made.chosen):
        notes.append(SetNote(key="listing_cut", values={"listed": len(made.chosen), "n": made.count, "most": most_models}))
    if len(table.row) == 1 << len(table.conditions) and (table.out != "?").all():
        notes.append(SetNote(key="no_remainders"))
    chance = chance_without_contradiction(table)
    if not table.contradictory.any() and chance > PERFECT_BY_CHANCE:
        notes.append(SetNote(key="perfect_by_chance", values={"share": f"{100 * chance:.3g}"}))
    return tuple(notes)
