"""What an outcome does not occur without: single conditions, what several have in common, and alternatives."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from commresearch.comparison.set_fit import necessity_fit
from commresearch.comparison.set_membership import Floats, is_number, set_table
from commresearch.errors import EstimationError, Failure

COLUMNS = ("term", "kind", "inclN", "RoN", "covN")
TIE = 1e-12  #: as for consistency of rows
MOST_COMBINATIONS = 200_000  #: looked at


def necessity(
    frame: pd.DataFrame, outcome: str, conditions: Sequence[str], *, negate: bool = False, cut: float = 0.9, relevance: float = 0.0,
    coverage: float = 0.0, depth: int | None = None,
) -> pd.DataFrame:
    """How nearly each condition, its negation and their combinations hold wherever the outcome does.

    Parameters
    ----------
    frame, outcome, conditions, negate
        As in `truth_table`.
    cut : float
        Least inclusion of a combination that is listed, 0-1. Conditions and negations are always listed.
    relevance, coverage : float
        Least RoN and covN of a combination that is listed, 0-1.
    depth : int, optional
        Most literals of a combination; all conditions where not given.

    Returns
    -------
    DataFrame
        term, kind ("single", "and", "or"), inclN, RoN, covN. "and": conjunctions that pass, each of whose parts must pass, too. "or": alternatives that pass
        while no part of them does. RoN near zero: nearly every case has it, so that it says little.

    Raises
    ------
    SchemaError, EstimationError
        As `truth_table`; a cut or depth is out of range (CR-Q02); more combinations than can be looked at (CR-Q17).

    Notes
    -----
    Inclusion Σ min(x, y) / Σ y, relevance Σ (1 − x) / Σ (1 − min(x, y)), coverage Σ min(x, y) / Σ x (Schneider & Wagemann 2012, ch. 5 and 9). An
    alternative is worth the name only where its parts are instances of one idea; that is for people to judge.
    """
    sets = set_table(frame, outcome, conditions, negate=negate)
    k = len(sets.conditions)
    deepest = k if depth is None else depth
    numbers = {"cut": cut, "relevance": relevance, "coverage": coverage}
    wrong = [Failure(code="CR-Q02", values={"name": n, "got": str(v), "allowed": "0–1"}) for n, v in numbers.items() if not (is_number(v) and 0 <= v <= 1)]
    if not isinstance(deepest, int) or not 1 <= deepest <= k:
        wrong.append(Failure(code="CR-Q02", values={"name": "depth", "got": str(depth), "allowed": f"1–{k}"}))
    if wrong:
        raise EstimationError(*wrong)
    literals = [(j, sign) for j in range(k) for sign in (True, False)]
    member = {(j, sign): sets.membership[:, j] if sign else 1 - sets.membership[:, j] for j, sign in literals}
    names = {(j, sign): name if sign else f"~{name}" for j, name in enumerate(sets.conditions) for sign in (True, False)}
    single = [_line([lit], "single", member[lit], sets.outcome, names) for lit in literals]
    passes = {lit for lit, line in zip(literals, single, strict=True) if float(line["inclN"]) >= cut - TIE}
    found = [
        *_combinations([x for x in literals if x in passes], "and", member, sets.outcome, cut, deepest),
        *_combinations([x for x in literals if x not in passes], "or", member, sets.outcome, cut, deepest),
    ]
    combined = [_line(list(lits), kind, x, sets.outcome, names) for lits, kind, x in found]
    kept = [line for line in combined if float(line["RoN"]) >= relevance - TIE and float(line["covN"]) >= coverage - TIE]
    return pd.DataFrame([*single, *kept], columns=list(COLUMNS))


Literal = tuple[int, bool]


def _line(lits: Sequence[Literal], kind: str, x: Floats, y: Floats, names: dict[Literal, str]) -> dict[str, str | float]:
    inclusion, relevance, coverage = necessity_fit(x, y)
    joint = " + " if kind == "or" else "*"
    return {"term": joint.join(names[lit] for lit in lits), "kind": kind, "inclN": float(inclusion), "RoN": float(relevance), "covN": float(coverage)}


def _combinations(
    lits: Sequence[Literal], kind: str, member: dict[Literal, Floats], y: Floats, cut: float, depth: int
) -> Iterator[tuple[tuple[Literal, ...], str, Floats]]:
    """Conjunctions ("and") all of whose parts pass the cut, or alternatives ("or") none of whose parts does: shorter ones first, over different conditions."""
    join = np.min if kind == "and" else np.max
    parts: list[tuple[Literal, ...]] = [(lit,) for lit in lits]
    for size in range(2, depth + 1):
        before = set(parts)
        wider = [
            (*part, lit) for part in parts for lit in lits
            if lit[0] > part[-1][0] and all(tuple(x for x in (*part, lit) if x != out) in before for out in part)
        ]
        if len(wider) > MOST_COMBINATIONS:
            raise EstimationError(Failure(code="CR-Q17", values={"count": len(wider), "size": size, "most": MOST_COMBINATIONS}))
        parts = []
        for combination in wider:
            x = join([member[lit] for lit in combination], axis=0)
            passes = float(necessity_fit(x, y)[0]) >= cut - TIE
            if passes:
                yield combination, kind, x
            if passes == (kind == "and"):
                parts.append(combination)
