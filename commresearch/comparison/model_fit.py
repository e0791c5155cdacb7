"""Fit of models and of their terms for the cases they were made from."""

from collections.abc import Sequence

import numpy as np

from commresearch.comparison.implicants import Term
from commresearch.comparison.set_fit import Sufficiency, ratio, sufficiency
from commresearch.comparison.set_membership import Floats, SetTable

CELLS = 1 << 22  #: numbers held at once


def term_memberships(sets: SetTable, terms: Sequence[Term]) -> Floats:
    """Memberships (terms, n) in conjunctions."""
    return np.array([sets.of_term(t.used, t.present) for t in terms]).reshape(len(terms), len(sets.cases))


def models_fit(x: Floats, chosen: Sequence[Sequence[int]], y: Floats) -> Sufficiency:
    """Fit of models with equally many terms, whose membership is the largest over their terms x (terms, n); one entry per model."""
    parts = [sufficiency(x[block].max(axis=1), y) for block in _blocks(chosen, x.shape[1])]
    return Sufficiency(
        inclusion=np.concatenate([p.inclusion for p in parts]), pri=np.concatenate([p.pri for p in parts]), coverage=np.concatenate([p.coverage for p in parts])
    )


def unique_coverage(x: Floats, chosen: Sequence[Sequence[int]], y: Floats) -> Floats:
    """Coverage (models, terms of a model) that a model would lose without each of its terms: Σ min(model, y) less that of the other terms, over Σ y."""
    made = []
    for block in _blocks(chosen, x.shape[1]):
        member = x[block]
        ordered = np.sort(member, axis=1)
        best = ordered[:, -1]
        second = ordered[:, -2] if member.shape[1] > 1 else np.zeros_like(best)
        others = np.where(member == best[:, None], second[:, None], best[:, None])
        lost = np.minimum(best, y).sum(axis=-1)[:, None] - np.minimum(others, y).sum(axis=-1)
        made.append(ratio(np.maximum(lost, 0.0), np.full_like(lost, y.sum())))
    return np.concatenate(made)


def _blocks(chosen: Sequence[Sequence[int]], n: int) -> list[np.ndarray]:
    """Models as arrays of places, in parts that fit into memory."""
    places = np.array(chosen, dtype=np.int64)
    size = max(1, CELLS // max(1, places.shape[1] * n))
    return [places[start : start + size] for start in range(0, len(places), size)]
