"""Which mechanisms and which outcomes are written about in the same cases: counts of texts, nothing about what works.

All published cases were chosen because they were held to be good, and few report any outcome: whether a mechanism goes with an
outcome cannot be read from them, so neither an association nor a test of one is computed here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from commresearch.comparison.gap_map import OUTCOMES, stated_by


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MechanismOutcomes:
    """Numbers of cases.

    both : DataFrame
        Rows mechanisms, columns outcomes: cases that state the one and report a result on the other.
    stated : Series
        Cases that state each mechanism.
    reporting : Series
        Cases that report a result on each outcome.
    n_cases : int
        Cases in all.
    """

    both: pd.DataFrame
    stated: "pd.Series[int]"
    reporting: "pd.Series[int]"
    n_cases: int


def mechanism_outcomes(results: pd.DataFrame, mechanisms: pd.DataFrame) -> MechanismOutcomes:
    """Count the cases that state a mechanism and report an outcome.

    Parameters
    ----------
    results : DataFrame
        As `gap_map.results_of` returns them: case_id, outcome.
    mechanisms : DataFrame
        The mechanism table of a ledger: case_id, mechanism, settled.
    """
    stated = stated_by(mechanisms)
    reporting: Mapping[str, frozenset[str]] = {o: frozenset(results.loc[results["outcome"] == o, "case_id"]) for o in OUTCOMES}
    both = pd.DataFrame(
        [[len(cases & reporting[o]) for o in OUTCOMES] for cases in stated.values()], index=list(stated), columns=list(OUTCOMES)
    )
    return MechanismOutcomes(
        both=both, stated=pd.Series({m: len(c) for m, c in stated.items()}), reporting=pd.Series({o: len(c) for o, c in reporting.items()}),
        n_cases=mechanisms["case_id"].nunique(),
    )
