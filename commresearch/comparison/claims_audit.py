"""Mechanical checks of published numbers: what their wording can bear.

A check asks whether a text agrees with itself and whether a reader can recompute it. It never says that a figure is
right or wrong, and says nothing about the work behind it.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import pandas as pd

from commresearch.cases.claim import Claim, claims_in
from commresearch.comparison import claim_checks as checks
from commresearch.comparison.finding import Finding
from commresearch.terms import Check, Grade, Language
from commresearch.words import say

COLUMNS = ["claim_id", "check", "verdict", "detail", "grade"]

CHECKS: Mapping[Check, Callable[[Sequence[Claim]], Iterator[Finding]]] = {
    Check.PARTS: checks.parts_against_total,
    Check.SHARE_OF_BASE: checks.share_of_base,
    Check.PER_UNIT: checks.per_unit_against_peers,
    Check.MISSING_BASE: checks.missing_base,
    Check.PERCENT_OR_POINTS: checks.percent_or_points,
    Check.ENUMERATION: checks.enumeration,
    Check.TWO_VALUES: checks.two_values,
    Check.STOCK_OR_FLOW: checks.stock_or_flow,
}


def audit_claims(claims: pd.DataFrame, *, language: Language | str = Language.ZH) -> pd.DataFrame:
    """Run every check on every claim it applies to.

    Parameters
    ----------
    claims : DataFrame
        The `claims` table of a ledger (`load_published`).
    language : "zh" or "en"
        Language of `detail`.

    Returns
    -------
    DataFrame
        One row per claim and check that applies: claim_id, check (C01 …), verdict (一致, 待核实, 文内口径不一), detail (a
        sentence with the arithmetic), grade (the highest grade of evidence that the claim's wording can reach).
        Repeats of a claim are audited once, at their first place.

    Raises
    ------
    SchemaError
        A column of the ledger is missing.
    """
    language = Language(language)
    first = claims_in(claims)
    grades = {claim.claim_id: evidence_grade(claim) for claim in first}
    rows = [
        (f.claim_id, check.value, f.verdict.value, say(f"checks.{f.text}", language, **f.values_in(language)), grades[f.claim_id].value)
        for check, run in CHECKS.items()
        for f in run(first)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def evidence_grade(claim: Claim) -> Grade:
    """E1 for a change with its base and period stated (an uncontrolled before-after), else E0."""
    return Grade.E1 if claim.is_change and claim.has_period and not math.isnan(claim.baseline) else Grade.E0
