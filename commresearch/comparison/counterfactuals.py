"""What a solution assumes of configurations that nobody has seen, and which of these assumptions theory allows."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from commresearch.comparison.implicants import Term
from commresearch.errors import EstimationError, Failure

Expectation = int | None  #: 1 where a condition is expected to help when present, 0 where when absent
EASY, DIFFICULT = "easy", "difficult"


class EasySteps:
    """Remainders that theory lets one assume on the way from conservative to parsimonious models.

    expectations : sequence (k,)
        1 where the condition is expected to help when present, 0 where when absent, None where nothing is expected.
    remainders : array
        Rows that may be assumed, counted from 0.

    Notes
    -----
    Take a conservative term within a parsimonious one. A literal that the latter lacks is dropped where it goes against the expectation: if the outcome
    came about without what is thought to help, it would have come about with it. Other literals stay. What the shortened term covers beyond the seen
    rows are easy counterfactuals (Ragin & Sonnett 2005); the rest of what the parsimonious term assumes is difficult.
    """

    def __init__(self, expectations: Sequence[Expectation], remainders: NDArray[np.int64]) -> None:
        k = len(expectations)
        self._against_present = sum(1 << (k - 1 - j) for j, e in enumerate(expectations) if e == 0)
        self._against_absent = sum(1 << (k - 1 - j) for j, e in enumerate(expectations) if e == 1)
        self._remainders = remainders
        self._known: dict[Term, frozenset[int]] = {}

    def rows(self, whole_terms: Sequence[Term], short_terms: Sequence[Term]) -> frozenset[int]:
        """Easy counterfactuals of the terms of a conservative and of a parsimonious model."""
        steps = {
            self._shortened(whole, short) for whole in whole_terms for short in short_terms
            if whole.used & short.used == short.used and whole.present & short.used == short.present
        }
        return frozenset().union(*(self._assumed(term) for term in steps))

    def _shortened(self, whole: Term, short: Term) -> Term:
        contrary = (whole.present & self._against_present) | (whole.used & ~whole.present & self._against_absent)
        used = whole.used & ~(contrary & ~short.used)
        return Term(used, whole.present & used)

    def _assumed(self, term: Term) -> frozenset[int]:
        if term not in self._known:
            self._known[term] = frozenset(self._remainders[term.covers(self._remainders)].tolist())
        return self._known[term]


def expected(
    given: Mapping[str, object] | Sequence[object] | int | None, conditions: Sequence[str], solution: str,
) -> tuple[Expectation, ...] | None:
    """Directional expectations in the order of the conditions.

    Raises
    ------
    EstimationError
        They lack where the solution needs them, name no condition, are too many or too few, or are neither 1, 0 nor None (CR-Q13).
    """
    if given is None and solution == "intermediate":
        raise EstimationError(Failure(code="CR-Q13", values={"got": "—", "conditions": ", ".join(conditions)}))
    if given is None or solution == "conservative":  # which assumes nothing
        return None
    values: Mapping[str, object]
    if isinstance(given, Mapping):
        values = {**dict.fromkeys(conditions), **given}
    elif isinstance(given, Sequence) and not isinstance(given, str):
        values = dict(zip(conditions, given, strict=False)) if len(given) == len(conditions) else {"?": given}
    else:
        values = dict.fromkeys(conditions, given)
    read = {name: _direction(value) for name, value in values.items()}
    wrong = [name for name, direction in read.items() if direction == "?" or name not in conditions]
    if wrong:
        got = ", ".join(f"{name} = {values[name]}" for name in wrong)
        raise EstimationError(Failure(code="CR-Q13", values={"got": got, "conditions": ", ".join(conditions)}))
    return tuple(None if read[name] is None else int(read[name] == 1) for name in conditions)


def _direction(value: object) -> int | str | None:
    """1, 0 or None; "?" for anything else."""
    if value is None or value == "-":
        return None
    if isinstance(value, int | float | np.integer | np.floating) and value in {0, 1}:
        return int(value)
    return "?"


def assumed_rows(terms: Iterable[Term], remainders: NDArray[np.int64]) -> NDArray[np.int64]:
    """Remainders that lie within a model."""
    inside = np.zeros(len(remainders), dtype=bool)
    for term in terms:
        inside |= term.covers(remainders)
    return remainders[inside]
