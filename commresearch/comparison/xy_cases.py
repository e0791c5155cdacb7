"""Cases in a solution against cases with the outcome: which are typical, which deviate and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from commresearch.comparison.model_fit import term_memberships
from commresearch.comparison.set_membership import CROSSOVER, kind_faults
from commresearch.comparison.set_solution import Solution
from commresearch.comparison.truth_rows import records
from commresearch.errors import EstimationError, Failure
from commresearch.terms import Language
from commresearch.words.catalogue import say


class CaseKind(StrEnum):
    """Where a case stands, x its membership in the solution, y in the outcome (Schneider & Rohlfing 2013)."""

    TYPICAL = "typical"  #: in both, x not above y
    DEVIANT_DEGREE = "deviant_degree"  #: in both, x above y: less of the outcome than the solution promises
    DEVIANT_CONSISTENCY = "deviant_consistency"  #: in the solution without the outcome: contradicts it
    DEVIANT_COVERAGE = "deviant_coverage"  #: the outcome without the solution: not explained
    IRRELEVANT = "irrelevant"  #: in neither


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class XYTable:
    """Numbers for an XY plot.

    expression, outcome : str
        The model on the x axis, the outcome on the y axis.
    frame : DataFrame
        case_id, x, y, kind (`CaseKind`), terms (those of the model that the case is in, above 0.5), n_terms.
    counts : mapping
        Cases by kind.
    """

    expression: str
    outcome: str
    frame: pd.DataFrame
    counts: Mapping[CaseKind, int]

    def to_frame(self) -> pd.DataFrame:
        """A copy of `frame`."""
        return self.frame.copy()

    def summary(self, language: Language | str = Language.ZH) -> str:
        """How many cases of each kind there are, and which ones deviate."""
        language = Language(language)
        comma, semicolon = say("qca.comma", language), say("qca.semicolon", language)
        parts = []
        for kind, n in self.counts.items():
            named = self.frame.loc[self.frame["kind"] == kind.value, "case_id"].tolist()
            label = say(f"qca.case_{kind}", language)
            parts.append(say("qca.cases_named", language, label=label, n=n, cases=comma.join(named)) if n else say("qca.cases_none", language, label=label))
        return say("qca.xy", language, expression=self.expression, outcome=self.outcome, kinds=semicolon.join(parts))

    def to_dict(self) -> dict[str, object]:
        """Everything, JSON-safe."""
        counts = {str(kind): n for kind, n in self.counts.items()}
        return {"expression": self.expression, "outcome": self.outcome, "cases": records(self.frame), "counts": counts}


def xy_table(solution: Solution, model: int = 0) -> XYTable:
    """Where every case stands towards one model of a solution.

    Parameters
    ----------
    solution : Solution
    model : int
        Place among `solution.models`, counted from 0.

    Returns
    -------
    XYTable

    Raises
    ------
    EstimationError
        There is no such model (CR-Q02), or it is no solution (CR-Q22).
    """
    if failures := kind_faults(solution=(solution, isinstance(solution, Solution), "Solution")):
        raise EstimationError(*failures)
    if not isinstance(model, int) or not 0 <= model < len(solution.models):
        raise EstimationError(Failure(code="CR-Q02", values={"name": "model", "got": str(model), "allowed": f"0–{len(solution.models) - 1}"}))
    sets = solution.table.sets
    places = list(solution.made.chosen[model])
    member = term_memberships(sets, solution.made.terms)[places]
    texts = [solution.made.terms[i].written(sets.conditions) for i in places]
    x, y = member.max(axis=0), sets.outcome
    inside = member > CROSSOVER
    kinds = np.select(
        [(x > CROSSOVER) & (y > CROSSOVER) & (x <= y), (x > CROSSOVER) & (y > CROSSOVER), x > CROSSOVER, y > CROSSOVER],
        [CaseKind.TYPICAL.value, CaseKind.DEVIANT_DEGREE.value, CaseKind.DEVIANT_CONSISTENCY.value, CaseKind.DEVIANT_COVERAGE.value],
        default=CaseKind.IRRELEVANT.value,
    )
    frame = pd.DataFrame(
        {
            "case_id": sets.cases, "x": x, "y": y, "kind": kinds, "terms": [" + ".join(t for t, here in zip(texts, row, strict=True) if here) for row in inside.T],
            "n_terms": inside.sum(axis=0),
        }
    )
    counts = {kind: int((kinds == kind.value).sum()) for kind in CaseKind}
    return XYTable(expression=solution.models[model], outcome=solution.table.outcome, frame=frame, counts=counts)
