"""How far a solution hangs on choices: cuts, anchors and single cases (after Oana & Schneider 2021)."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from commresearch.comparison.implicants import Term
from commresearch.comparison.set_fit import sufficiency
from commresearch.comparison.set_membership import CASE_COLUMN, CROSSOVER, SetTable, calibrate, kind_faults
from commresearch.comparison.set_models import Models, Rows, SolutionType, models_of
from commresearch.comparison.set_solution import Solution
from commresearch.comparison.truth_rows import SetNote, TruthTable, noted, records, rows_of
from commresearch.errors import EstimationError, Failure
from commresearch.impact.result import Note
from commresearch.terms import Language
from commresearch.words.catalogue import say

STEPS = 40  #: of the walk of an anchor to where it may not go further
HALVINGS = 30  #: once a step has gone too far
ANCHORS = ("exclusion", "crossover", "inclusion")
CROSSOVER_PLACE = 1
BEYOND = 1e-9  #: of the span of the raw values: a case exactly at the crossover is on neither side
SAME = 0.006  #: memberships printed with two decimals are still those of their anchors
REACH = 0.5  #: of the span of the raw values, by which an outer anchor may leave them


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Robustness:
    """What a solution withstands.

    solution : Solution
    ranges : DataFrame
        One line per choice: choice ("inclusion", "frequency", or the anchor of a condition), value, low, high: from low to high, moving it alone, the
        models stay the same. low_open, high_open: no change was found as far as it can be moved. The inclusion cut may not be `low` itself.
    cases : DataFrame
        One line per case left out: case_id, same, refused (no solution without it), n_models, models.
    core_terms : tuple of str
        Terms of every model of every variant that has a solution: without single cases, and just outside the ranges of both cuts.
    core_inclusion, core_coverage : float
        Of the robust core as a set, the least membership over the solutions of all variants (each its models' union); NaN where it is empty.
    overlap : float
        Σ of the least over Σ of the largest membership over these solutions: 1 where all are the same set.
    variants : int
    notes : tuple of Note
    """

    solution: Solution
    ranges: pd.DataFrame
    cases: pd.DataFrame
    core_terms: tuple[str, ...]
    core_inclusion: float
    core_coverage: float
    overlap: float
    variants: int
    notes: tuple[Note, ...]

    def to_frame(self) -> pd.DataFrame:
        """A copy of `ranges`."""
        return self.ranges.copy()

    def to_dict(self) -> dict[str, object]:
        """Everything, JSON-safe."""
        numbers = {name: value if math.isfinite(value) else None for name in ("core_inclusion", "core_coverage", "overlap") for value in (getattr(self, name),)}
        return {
            "models": list(self.solution.models), "ranges": records(self.ranges), "cases": records(self.cases), "core_terms": list(self.core_terms),
            **numbers, "variants": self.variants, "notes": noted(self.notes),
            "summary": {language.value: self.summary(language) for language in Language},
        }

    def summary(self, language: Language | str = Language.ZH) -> str:
        """Ranges of the cuts, the cases that the models hang on, and what all variants share."""
        language = Language(language)
        cut, frequency = (self.ranges.iloc[i] for i in range(2))
        changed = self.cases.loc[~self.cases["same"], "case_id"].tolist()
        comma = say("qca.comma", language)
        said = [
            say(
                "qca.withstands", language, cut=f"{cut['value']:g}", low=f"{cut['low']:.3f}", high=f"{cut['high']:.3f}", frequency=int(frequency["value"]),
                fewest=int(frequency["low"]), most=int(frequency["high"]),
            ),
            say("qca.hangs_on", language, n=len(changed), total=len(self.cases), cases=comma.join(changed)) if changed else say("qca.hangs_on_none", language),
            say("qca.core", language, terms=comma.join(self.core_terms), variants=self.variants) if self.core_terms else say("qca.core_none", language),
            *(note.text(language) for note in self.notes),
        ]
        return " ".join(said) if language is Language.EN else "".join(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a solution was asked for with."""

    kind: SolutionType
    expectations: tuple[int | None, ...] | None
    exclude: tuple[int, ...]
    made: Models
    known: dict[tuple[bytes, bytes], Models | None] = field(default_factory=dict, repr=False, compare=False)  #: by the rows of a table and their codes

    def solved(self, table: TruthTable) -> Models | None:
        """The models of another table; None where it has none. Rows that were not to be assumed stay so unless they are coded 1 now."""
        key = table.row.tobytes(), table.out.tobytes()
        if key not in self.known:
            self.known[key] = None if table.code_faults else self._solve(table)
        return self.known[key]

    def _solve(self, table: TruthTable) -> Models:
        kept = np.setdiff1d(np.array(self.exclude, dtype=np.int64) - 1, table.positive)
        rows = Rows(k=len(table.conditions), positive=table.positive, forbidden=np.union1d(table.negative, kept))
        return models_of(rows, self.kind, self.expectations)

    def same(self, found: Models | None) -> bool:
        """Whether models are those of the solution."""
        return found is not None and found.count == self.made.count and as_terms(found) == as_terms(self.made)


def choices_of(solution: Solution) -> Choices:
    """What a solution was asked for with."""
    order = None if solution.expectations is None else tuple(solution.expectations[c] for c in solution.table.conditions)
    return Choices(kind=solution.kind, expectations=order, exclude=solution.excluded, made=solution.made)


def as_terms(models: Models) -> set[frozenset[Term]]:
    """Models as sets of terms, whatever the order they were found in."""
    return {frozenset(models.terms[i] for i in cover) for cover in models.chosen}


def robustness(
    solution: Solution, raw: pd.DataFrame | None = None, anchors: Mapping[str, tuple[float, float, float]] | None = None,
) -> Robustness:
    """Ranges of cuts and anchors within which the models stay the same, the models without each case, and what all variants share.

    Parameters
    ----------
    solution : Solution
    raw : DataFrame, optional
        Raw values of calibrated conditions or of the outcome, one row per case, with the same names of cases.
    anchors : mapping, optional
        Column of `raw` → (exclusion, crossover, inclusion) that it was calibrated with.

    Returns
    -------
    Robustness

    Raises
    ------
    EstimationError
        Anchors do not fit, name no set, or do not give the memberships of the solution (CR-Q01, CR-Q18); raw values are no numbers (CR-Q03); an argument
        is of another kind (CR-Q22).

    Notes
    -----
    Cuts change a solution only where a row passes them, so their ranges are exact. Anchors are moved in steps and then by halving; a change that
    comes and goes within a step stays unseen, and a crossover that falls on a raw value is looked at just beyond it. A variant without any solution
    counts as a change.
    """
    kinds = kind_faults(
        solution=(solution, isinstance(solution, Solution), "Solution"), raw=(raw, raw is None or isinstance(raw, pd.DataFrame), "pandas.DataFrame"),
        anchors=(anchors, anchors is None or isinstance(anchors, Mapping), "dict[str, tuple[float, float, float]]"),
    )
    if kinds:
        raise EstimationError(*kinds)
    table, choices = solution.table, choices_of(solution)
    cut_rows, outside = _cut_ranges(solution, choices)
    cases, without = _without_each(solution, choices)
    lines = [*cut_rows, *_anchor_ranges(solution, choices, raw, anchors or {})]
    variants = [solution.made, *outside, *without]
    members = [_membership(v, table.sets) for v in variants]
    least, most = np.min(members, axis=0), np.max(members, axis=0)
    fit = sufficiency(least, table.sets.outcome)
    shared = frozenset.intersection(*(terms for v in variants for terms in as_terms(v)))
    refused = int(cases["refused"].sum())
    notes: tuple[Note, ...] = (SetNote(key="cases_without_solution", values={"n": refused}),) if refused else ()
    return Robustness(
        solution=solution, ranges=pd.DataFrame(lines), cases=cases, core_terms=tuple(solution.made.terms[i].written(table.conditions) for i in solution.made.chosen[0] if solution.made.terms[i] in shared),
        core_inclusion=float(fit.inclusion), core_coverage=float(fit.coverage), overlap=float(least.sum() / most.sum()), variants=len(variants), notes=notes,
    )


def _membership(models: Models, sets: SetTable) -> np.ndarray:
    """Membership (n,) of all cases in the union of the models."""
    terms = {i for cover in models.chosen for i in cover}
    return np.asarray(np.max([sets.of_term(*models.terms[i]) for i in sorted(terms)], axis=0))


def _cut_ranges(solution: Solution, choices: Choices) -> tuple[list[dict[str, object]], list[Models]]:
    """Exact ranges of both cuts, and the solutions just outside them."""
    table = solution.table
    outside: list[Models] = []

    def at(cut: float, frequency: int) -> Models | None:
        return choices.solved(rows_of(table.sets, (cut, min(cut, table.inclusion_cut[1])), frequency, negate=table.negate))

    def walked(values: Sequence[float], make: Callable[[float], Models | None]) -> tuple[float | None, float | None]:
        """The last value that leaves the models the same, and the first that does not."""
        last = None
        for value in values:
            found = make(value)
            if not choices.same(found):
                outside.extend([found] if found is not None else [])
                return last, value
            last = value
        return last, None

    upper, steps = table.inclusion_cut[0], np.unique(table.inclusion[table.n >= table.frequency])
    above = [*steps[steps >= upper].tolist(), *([1.0] if steps[-1] < 1 else [])]
    high, _ = walked([float(v) for v in above], lambda v: at(v, table.frequency))
    _, low = walked([float(v) for v in steps[steps < upper][::-1]], lambda v: at(v, table.frequency))
    inclusion = {
        "choice": "inclusion", "value": upper, "low": 0.0 if low is None else low, "high": upper if high is None else max(high, upper), "low_open": low is None,
        "high_open": high == 1.0,
    }
    counts = list(range(table.frequency + 1, int(table.n.max()) + 2))
    more, _ = walked(counts, lambda v: at(upper, int(v)))
    fewer, changed = walked(list(range(table.frequency - 1, 0, -1)), lambda v: at(upper, int(v)))
    frequency = {
        "choice": "frequency", "value": table.frequency, "low": table.frequency if fewer is None else fewer, "high": table.frequency if more is None else more,
        "low_open": changed is None, "high_open": False,
    }
    return [inclusion, frequency], outside


def _without_each(solution: Solution, choices: Choices) -> tuple[pd.DataFrame, list[Models]]:
    """The solution without each case."""
    sets, table = solution.table.sets, solution.table
    lines, found = [], []
    for i, case in enumerate(sets.cases):
        rest = np.delete(np.arange(len(sets.cases)), i)
        fewer = replace(sets, cases=tuple(sets.cases[j] for j in rest), outcome=sets.outcome[rest], membership=sets.membership[rest])
        made = choices.solved(rows_of(fewer, table.inclusion_cut, table.frequency, negate=table.negate)) if len(rest) else None
        lines.append(
            {
                "case_id": case, "same": choices.same(made), "refused": made is None, "n_models": 0 if made is None else made.count,
                "models": [] if made is None else [" + ".join(made.terms[t].written(table.conditions) for t in cover) for cover in made.chosen],
            }
        )
        found += [] if made is None else [made]
    return pd.DataFrame(lines), found


def _anchor_ranges(
    solution: Solution, choices: Choices, raw: pd.DataFrame | None, anchors: Mapping[str, tuple[float, float, float]]
) -> list[dict[str, object]]:
    """Ranges of every anchor, each moved alone."""
    if not anchors:
        return []
    columns = checked_raw(solution, raw, anchors)
    return [
        {"choice": f"{name}: {which}", "value": float(anchors[name][place]), **_anchor_range(solution, choices, name, columns[name], anchors[name], place)}
        for name in anchors for place, which in enumerate(ANCHORS)
    ]


def _anchor_range(
    solution: Solution, choices: Choices, name: str, values: np.ndarray, anchors: tuple[float, float, float], place: int,
) -> dict[str, object]:
    """How far one anchor can be moved down and up."""
    def same(value: float) -> bool:
        if place == CROSSOVER_PLACE and (values == value).any():
            value += BEYOND * float(np.ptp(values)) * np.sign(value - anchors[place])
        moved = tuple(value if i == place else a for i, a in enumerate(anchors))
        found = recalibrated(solution.table, name, values, (moved[0], moved[1], moved[2]))
        return found is not None and choices.same(choices.solved(found))

    span = REACH * float(np.ptp(values))
    ends = [min(values.min(), *anchors) - span, max(values.max(), *anchors) + span]
    neighbours = [anchors[i] for i in (place - 1, place + 1) if 0 <= i < len(anchors)]
    here = anchors[place]
    low = max([n for n in neighbours if n < here], default=ends[0])
    high = min([n for n in neighbours if n > here], default=ends[1])
    down, up = _reach(same, here, low), _reach(same, here, high)
    return {"low": down[0], "high": up[0], "low_open": down[1], "high_open": up[1]}


def _reach(same: Callable[[float], bool], here: float, end: float) -> tuple[float, bool]:
    """The furthest value towards an end, which is not reached, up to which nothing changes; and whether nothing changed at all."""
    last = here
    for step in range(1, STEPS):
        value = here + (end - here) * step / STEPS
        if not same(value):
            return _halved(same, last, value), False
        last = value
    return last, True


def _halved(same: Callable[[float], bool], inside: float, outside: float) -> float:
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        if same(middle):
            inside = middle
        else:
            outside = middle
    return inside


def recalibrated(table: TruthTable, name: str, values: np.ndarray, anchors: tuple[float, float, float]) -> TruthTable | None:
    """The table with one set calibrated otherwise; None where a case falls on the crossover or the outcome loses all cases on one side."""
    sets = table.sets
    member = calibrate(values, anchors)
    y, x = sets.outcome, sets.membership.copy()
    if name in sets.conditions:
        x[:, sets.conditions.index(name)] = member
    else:
        y = 1 - member if table.negate else member
    if (member == CROSSOVER).any() or (y > CROSSOVER).all() or not (y > CROSSOVER).any():
        return None
    return rows_of(replace(sets, outcome=y, membership=x), table.inclusion_cut, table.frequency, negate=table.negate)


def checked_raw(solution: Solution, raw: pd.DataFrame | None, anchors: Mapping[str, tuple[float, float, float]]) -> dict[str, np.ndarray]:
    """Raw values by set in the order of the cases; refused where they do not give the memberships that the solution has."""
    sets, table = solution.table.sets, solution.table
    made: dict[str, np.ndarray] = {}
    failures = []
    for name, three in anchors.items():
        if raw is None or name not in raw.columns or name not in (*sets.conditions, sets.outcome_name):
            failures.append(Failure(code="CR-Q18", values={"column": name, "got": "—", "wanted": ", ".join((*sets.conditions, sets.outcome_name))}))
            continue
        names = raw[CASE_COLUMN].astype(str) if CASE_COLUMN in raw.columns else raw.index.astype(str)
        values = pd.Series(raw[name].to_numpy(), index=list(names)).reindex(list(sets.cases))
        member = calibrate(values, three)
        wanted = sets.membership[:, sets.conditions.index(name)] if name in sets.conditions else np.where(table.negate, 1 - sets.outcome, sets.outcome)
        apart = np.flatnonzero(~(np.abs(member - wanted) < SAME))
        if len(apart):
            got = f"{sets.cases[apart[0]]}: {member[apart[0]]:.4g}"
            failures.append(Failure(code="CR-Q18", values={"column": name, "got": got, "wanted": f"{wanted[apart[0]]:.4g}"}))
        made[name] = values.to_numpy(dtype=float)
    if failures:
        raise EstimationError(*failures)
    return made
