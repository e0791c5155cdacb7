"""From the codes of rows to models: what may be assumed, minimal terms, covers, in each of three ways."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from commresearch.comparison.counterfactuals import EasySteps, Expectation, assumed_rows
from commresearch.comparison.covers import MOST_MODELS, MOST_STEPS, Covers, fewest_terms
from commresearch.comparison.implicants import Term, minimal_conjunctions

MOST_PAIRS = 1_000  #: of a conservative and a parsimonious model, that intermediate models are made of


class SolutionType(StrEnum):
    """What may be assumed of configurations that were not observed."""

    CONSERVATIVE = "conservative"  #: nothing
    PARSIMONIOUS = "parsimonious"  #: whatever makes terms shorter
    INTERMEDIATE = "intermediate"  #: what agrees with directional expectations


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Codes of the configurations, counted from 0: positive ones, forbidden ones, and the rest, which may be assumed."""

    k: int
    positive: NDArray[np.int64]
    forbidden: NDArray[np.int64]

    @property
    def remainders(self) -> NDArray[np.int64]:
        """Rows that are neither."""
        return np.setdiff1d(np.arange(1 << self.k), np.concatenate([self.positive, self.forbidden]))

    def allowed(self, assumed: Sequence[int] | NDArray[np.int64] = ()) -> NDArray[np.bool_]:
        """Positive rows and those assumed, as a mask over all (2^k,)."""
        made = np.zeros(1 << self.k, dtype=bool)
        made[self.positive] = True
        made[np.asarray(assumed, dtype=np.int64)] = True
        return made


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Models:
    """All models with the fewest terms.

    terms : list of Term
        Minimal terms that a model may be made of.
    chosen : list of tuple of int
        Terms of each model by place, those that no model can do without first where there are several models.
    essential : frozenset of int
        Terms that alone cover some positive row.
    origin : list of str
        Of intermediate models: the pairs of conservative and parsimonious models they come from, as C1P1; else empty.
    count, complete
        As in `Covers`; of intermediate models of all pairs together.
    easy, parsimonious : frozenset of int
        Remainders that were easy to assume, and those that the parsimonious models assume; rows counted from 0; empty where expectations play no part.
    """

    terms: list[Term]
    chosen: list[tuple[int, ...]]
    essential: frozenset[int]
    origin: list[str]
    count: int
    complete: bool
    easy: frozenset[int] = field(default_factory=frozenset)
    parsimonious: frozenset[int] = field(default_factory=frozenset)

    @property
    def by_length(self) -> list[list[int]]:
        """Places of models with equally many terms together: intermediate models of different pairs may differ in length."""
        sizes = [len(cover) for cover in self.chosen]
        return [[m for m, s in enumerate(sizes) if s == size] for size in sorted(set(sizes))]


def models_of(
    rows: Rows, solution: SolutionType, expectations: Sequence[Expectation] | None = None, *, most: int = MOST_MODELS, steps: int = MOST_STEPS,
) -> Models:
    """All models of one kind.

    Parameters
    ----------
    rows : Rows
        With at least one positive and one forbidden row.
    solution : SolutionType
    expectations : sequence (k,), optional
        Needed for intermediate models; with parsimonious ones they tell easy from difficult assumptions.

    Returns
    -------
    Models

    Raises
    ------
    EstimationError
        The search for covers came to no end (CR-Q15).
    """
    limits = {"most": most, "steps": steps}
    if solution is SolutionType.CONSERVATIVE:
        return _plain(rows, rows.allowed(), **limits)
    short = _plain(rows, rows.allowed(rows.remainders), **limits)
    if expectations is None:
        return short
    whole = _plain(rows, rows.allowed(), **limits)
    remainders = rows.remainders
    pairs = [(c, p) for c in range(len(whole.chosen)) for p in range(len(short.chosen))]
    step = EasySteps(expectations, remainders)
    easy = {(c, p): step.rows([whole.terms[i] for i in whole.chosen[c]], [short.terms[i] for i in short.chosen[p]]) for c, p in pairs[:MOST_PAIRS]}
    complete = whole.complete and short.complete and len(pairs) <= MOST_PAIRS
    assumed = assumed_rows((short.terms[i] for i in {i for cover in short.chosen for i in cover}), remainders)
    told = {"easy": frozenset().union(*easy.values()), "parsimonious": frozenset(assumed.tolist())}
    if solution is SolutionType.PARSIMONIOUS:
        return Models(
            terms=short.terms, chosen=short.chosen, essential=short.essential, origin=short.origin, count=short.count, complete=short.complete, **told
        )
    made = {joined: _plain(rows, rows.allowed(sorted(joined)), **limits) for joined in dict.fromkeys(easy.values())}
    return _joined(made, easy, complete=complete, told=told)


def _plain(rows: Rows, allowed: NDArray[np.bool_], *, most: int, steps: int) -> Models:
    """Models from terms over allowed rows."""
    terms = minimal_conjunctions(rows.k, rows.positive, allowed)
    chart = np.array([t.covers(rows.positive) for t in terms])
    covers: Covers = fewest_terms(chart, most=most, steps=steps)
    essential = frozenset(np.flatnonzero(chart[:, chart.sum(axis=0) == 1].any(axis=1)).tolist())
    chosen = [_essential_first(cover, essential) for cover in covers.chosen] if len(covers.chosen) > 1 else covers.chosen
    return Models(terms=terms, chosen=chosen, essential=essential, origin=[""] * len(chosen), count=covers.count, complete=covers.complete)


def _essential_first(cover: tuple[int, ...], essential: frozenset[int]) -> tuple[int, ...]:
    return tuple(sorted(cover, key=lambda place: (place not in essential, place)))


def _joined(
    made: dict[frozenset[int], Models], easy: dict[tuple[int, int], frozenset[int]], *, complete: bool, told: dict[str, frozenset[int]]
) -> Models:
    """Intermediate models of all pairs, each once, with the pairs it comes from."""
    terms: dict[Term, int] = {}
    origin: dict[tuple[int, ...], list[str]] = {}
    for (c, p), assumed in easy.items():
        part = made[assumed]
        for cover in part.chosen:
            key = tuple(terms.setdefault(part.terms[i], len(terms)) for i in cover)
            origin.setdefault(key, []).append(f"C{c + 1}P{p + 1}")
    parts = list(made.values())
    essential = frozenset.intersection(*(frozenset(terms[m.terms[i]] for i in m.essential if m.terms[i] in terms) for m in parts))
    unlisted = sum(m.count - len(m.chosen) for m in parts)
    return Models(
        terms=list(terms), chosen=list(origin), essential=essential, origin=[", ".join(names) for names in origin.values()],
        count=len(origin) + unlisted, complete=complete and all(m.complete for m in parts), **told,
    )
