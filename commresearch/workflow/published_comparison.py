"""Why published figures are neither pooled nor explained by combinations: the functions are asked, and what they answer is printed."""

from collections.abc import Mapping

import pandas as pd

from commresearch.cases import Published
from commresearch.cases.claim import claims_in
from commresearch.comparison import audit_claims, qca
from commresearch.comparison.pooled_result import Comparison
from commresearch.comparison.pooling import pool_effects
from commresearch.errors import CommResearchError
from commresearch.terms import Kind, Language, Mention, Unit, UnitClass
from commresearch.words import render_error

UNITS: Mapping[str, Unit] = {UnitClass.PERCENT: Unit.PERCENT, UnitClass.PERCENTAGE_POINTS: Unit.PERCENTAGE_POINTS}
SUCCESS = "SUCCESS"  #: what all published cases have: they were published
CONDITIONS = ("space_for_service", "community_fund", "points_credit", "university_partnership")


def published_effects(published: Published) -> pd.DataFrame:
    """Published changes of results in the columns that effects have; none has a standard error.

    Returns
    -------
    DataFrame
        claim_id, case_id, outcome (a headline, else a topic), definition, unit, grade, estimate, std_error (NaN): the changes in percent or percentage
        points that are printed of a result or of a headline outcome.
    """
    grades = audit_claims(published.claims, language=Language.ZH).drop_duplicates("claim_id").set_index("claim_id")["grade"]
    chosen = [c for c in claims_in(published.claims) if c.is_change and c.unit_class in UNITS and (c.kind == Kind.OUTCOME or c.headline)]
    rows = [
        (c.claim_id, c.case_id, c.headline or c.family, c.indicator_zh, str(UNITS[c.unit_class]), grades.get(c.claim_id, "E0"), c.value, float("nan"))
        for c in chosen
    ]
    return pd.DataFrame(rows, columns=["claim_id", "case_id", "outcome", "definition", "unit", "grade", "estimate", "std_error"])


def pooled_claims(effects: pd.DataFrame) -> Comparison:
    """What pooling says of them: nothing is pooled, and the refusals say why."""
    return pool_effects(effects)


def combinations_refused(published: Published) -> dict[str, str]:
    """What the truth table says when asked for the conditions of success among published cases, in both languages.

    Every one of them was published as a success, so that there is no case to hold them against.
    """
    wide = published.mechanisms.pivot_table(index="case_id", columns="mechanism", values="settled", aggfunc="first")
    sets = (wide[list(CONDITIONS)] == Mention.STATED).astype(float).assign(**{SUCCESS: 1.0}).reset_index()
    try:
        qca.truth_table(sets, SUCCESS, list(CONDITIONS), inclusion=1.0)
    except CommResearchError as error:
        return {x.value: render_error(error, x) for x in Language}
    return {}
