"""On which outcomes there is any evidence, how much, and how good: a map whose empty cells are its message."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from commresearch.cases import Published
from commresearch.cases.claim import Claim, claims_in, of_kind
from commresearch.comparison.scorecard import Group
from commresearch.errors import EstimationError, Failure
from commresearch.terms import Family, Fit, Grade, Headline, Kind, Mechanism, Mention

RESULT_COLUMNS = ("case_id", "claim_id", "outcome", "grade")
NEAR, INCOME, OTHER = "near", "income", "other"
OUTCOMES: tuple[str, ...] = (*(h.value for h in Headline), NEAR, INCOME, OTHER)  #: columns of the map
#: Stages of the scorecard by kind; circumstances, plans and awards belong to none.
STAGES: Mapping[Kind, str] = {
    Kind.INPUT: Group.INPUT.value, Kind.ACTIVITY: Group.PROCESS.value, Kind.OUTPUT: Group.PROCESS.value, Kind.REACH: Group.REACH.value,
    Kind.OUTCOME: Group.OUTCOME.value,
}
INCOME_FAMILIES = frozenset({Family.FINANCE, Family.EMPLOYMENT})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GapMap:
    """How many numbers each cell holds and how good the best of them is.

    claims, cases : DataFrame
        Rows mechanisms or topics, columns outcomes or stages: published numbers, and cases they come from.
    grades : DataFrame
        The best grade in each cell, "" where there is no number.
    n_results : int
        Numbers in all. Rows of mechanisms overlap: a result stands in every row that its case states, so rows do not add up to it.
    """

    claims: pd.DataFrame
    cases: pd.DataFrame
    grades: pd.DataFrame
    n_results: int

    @property
    def empty(self) -> int:
        """Cells without any number."""
        return int((self.claims == 0).to_numpy().sum())


def results_of(published: Published, audit: pd.DataFrame) -> pd.DataFrame:
    """Published results, one row each, with the outcome they are on.

    Returns
    -------
    DataFrame
        case_id, claim_id, outcome (one of `OUTCOMES`), grade. `near` holds what is close to a headline outcome without being it; `income`
        money and jobs; `other` the rest. Rows of own estimates (case_id, outcome, grade) may be put below them.

    Raises
    ------
    SchemaError
        A column of the claims is missing.
    """
    grades = dict(zip(audit["claim_id"], audit["grade"], strict=True))
    rows = [
        (c.case_id, c.claim_id, outcome_of(c), grades.get(c.claim_id, Grade.E0.value))
        for c in of_kind(claims_in(published.claims), Kind.OUTCOME)
    ]
    return pd.DataFrame(rows, columns=list(RESULT_COLUMNS))


def outcome_of(claim: Claim) -> str:
    """The column of the map that a result belongs to; each belongs to exactly one."""
    if claim.headline:
        return claim.headline if claim.headline_fit == Fit.DIRECT else NEAR
    return INCOME if claim.family in INCOME_FAMILIES else OTHER


def stated_by(mechanisms: pd.DataFrame) -> Mapping[str, frozenset[str]]:
    """Cases that state each mechanism (settled reading), all twenty of them in their order."""
    stated = mechanisms[mechanisms["settled"] == Mention.STATED]
    return {m.value: frozenset(stated.loc[stated["mechanism"] == m.value, "case_id"]) for m in Mechanism}


def gap_map(results: pd.DataFrame, mechanisms: pd.DataFrame) -> GapMap:
    """Count results per mechanism and outcome.

    Parameters
    ----------
    results : DataFrame
        As `results_of` returns them.
    mechanisms : DataFrame
        The mechanism table of a ledger: case_id, mechanism, settled. A result counts in every row that its case states.

    Raises
    ------
    EstimationError
        An outcome or a grade is none of those there are; every such row is named.
    """
    _require_known(results)
    rows = {name: results["case_id"].isin(cases) for name, cases in stated_by(mechanisms).items()}
    columns = {o: results["outcome"] == o for o in OUTCOMES}
    return _crossed(results, rows, columns)


def topic_map(published: Published, audit: pd.DataFrame) -> GapMap:
    """Count all published numbers per topic and stage, from what is put in to what comes of it.

    Returns
    -------
    GapMap
        Rows topics (circumstances apart), columns the stages of the scorecard; each number stands in one cell.

    Raises
    ------
    SchemaError
        A column of the claims is missing.
    """
    grades = dict(zip(audit["claim_id"], audit["grade"], strict=True))
    claims = [c for c in claims_in(published.claims) if c.kind in STAGES]
    numbers = pd.DataFrame(
        [(c.case_id, c.family, STAGES[Kind(c.kind)], grades.get(c.claim_id, Grade.E0.value)) for c in claims],
        columns=["case_id", "family", "stage", "grade"],
    )
    rows = {f.value: numbers["family"] == f.value for f in Family if f is not Family.CONTEXT}
    return _crossed(numbers, rows, {g.value: numbers["stage"] == g.value for g in Group})


def _crossed(evidence: pd.DataFrame, rows: "Mapping[str, pd.Series[bool]]", columns: "Mapping[str, pd.Series[bool]]") -> GapMap:
    cells = {r: {c: evidence[mine & theirs] for c, theirs in columns.items()} for r, mine in rows.items()}

    def table(fill: Callable[[pd.DataFrame], object]) -> pd.DataFrame:
        return pd.DataFrame([[fill(cell) for cell in row.values()] for row in cells.values()], index=list(rows), columns=list(columns))

    return GapMap(
        claims=table(len), cases=table(lambda cell: cell["case_id"].nunique()), grades=table(lambda cell: max(cell["grade"], default="")),
        n_results=len(evidence),
    )


def _require_known(results: pd.DataFrame) -> None:
    """Nothing may fall out of the map unseen."""
    allowed: Mapping[str, Sequence[str]] = {"outcome": OUTCOMES, "grade": list(Grade)}
    failures = [
        Failure(code="CR-T01", values={"row": row, "column": column, "got": value, "allowed": ", ".join(allowed[column])})
        for column in allowed
        for row, value in results[column].items()
        if value not in allowed[column]
    ]
    if failures:
        raise EstimationError(*failures)
