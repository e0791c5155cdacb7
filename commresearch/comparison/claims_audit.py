"""Mechanical checks of published numbers: what their wording can bear.

A check asks whether a text agrees with itself and whether a reader can recompute it. It never says that a figure is
right or wrong, and says nothing about the work behind it.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Real

import pandas as pd

from commresearch.cases.claim import FIELDS, Claim, claims_in
from commresearch.comparison.claim_checks import enumeration, parts_against_total, per_unit_against_peers, share_of_base, two_values
from commresearch.comparison.claim_design import no_comparison, selected_on_outcome
from commresearch.comparison.claim_numbers import attainable_share, sampling_interval, whole_pairs
from commresearch.comparison.claim_questions import inquiries
from commresearch.comparison.claim_reach import persons_or_times, reach_over_population, recruits_as_growth, zero_or_all
from commresearch.comparison.claim_totals import mixed_periods, same_number
from commresearch.comparison.claim_wording import (
    avoided_cost,
    capacity,
    missing_base,
    new_asset,
    percent_or_points,
    stock_or_flow,
    unit_sanity,
)
from commresearch.comparison.finding import Finding
from commresearch.errors import Failure, SchemaError
from commresearch.terms import Check, Comparison, Family, Grade, Kind, Language, UnitClass

WORDS_OF: Mapping[str, tuple[str, ...]] = {
    "unit_class": tuple(UnitClass), "kind": (*Kind, ""), "comparison": (*Comparison, ""), "family": (*Family, ""),
}
NUMBERS_OF = ("value", "value_low", "value_high", "baseline", "denominator", "listed")
COLUMNS = ["claim_id", "check", "verdict", "detail", "grade", "question", "asked_at", "source_line"]

CHECKS: Mapping[Check, Callable[[Sequence[Claim]], Iterator[Finding]]] = {
    Check.PARTS: parts_against_total,
    Check.SHARE_OF_BASE: share_of_base,
    Check.WHOLE_PAIRS: whole_pairs,
    Check.ATTAINABLE_SHARE: attainable_share,
    Check.PER_UNIT: per_unit_against_peers,
    Check.REACH_OVER_POPULATION: reach_over_population,
    Check.PERSONS_OR_TIMES: persons_or_times,
    Check.MISSING_BASE: missing_base,
    Check.PERCENT_OR_POINTS: percent_or_points,
    Check.SELECTED_ON_OUTCOME: selected_on_outcome,
    Check.NO_COMPARISON: no_comparison,
    Check.SAMPLING_INTERVAL: sampling_interval,
    Check.RECRUITS: recruits_as_growth,
    Check.ZERO_OR_ALL: zero_or_all,
    Check.ENUMERATION: enumeration,
    Check.TWO_VALUES: two_values,
    Check.MIXED_PERIODS: mixed_periods,
    Check.CAPACITY: capacity,
    Check.STOCK_OR_FLOW: stock_or_flow,
    Check.AVOIDED_COST: avoided_cost,
    Check.NEW_ASSET: new_asset,
    Check.UNIT_SANITY: unit_sanity,
    Check.SAME_NUMBER: same_number,
}


def audit_claims(claims: pd.DataFrame, *, language: Language | str = Language.ZH) -> pd.DataFrame:
    """Run every check on every claim it applies to.

    Parameters
    ----------
    claims : DataFrame
        The `claims` table of a ledger (`load_published`), or a table with its columns; those of `OPTIONAL` may be missing.
    language : "zh" or "en"
        Language of `detail` and `question`.

    Returns
    -------
    DataFrame
        One row per claim and check that applies: claim_id, check (C01 …), verdict (一致, 待核实, 文内口径不一), detail (a
        sentence with the arithmetic), grade (the highest grade of evidence that the claim's wording can reach), question (to the
        issuer; empty for 一致), asked_at (the findings, as claim_id:check, whose question covers what is open here; then `question` holds
        the rest, mostly nothing), source_line (place in the document, S0:12). What a section leaves open about several claims is asked
        once, naming them. Repeats of a claim are audited once, at their first place.

    Raises
    ------
    SchemaError
        It is no table or lacks a column of the ledger (CR-L03); words that are none of their vocabulary (CR-L04), numbers that are none (CR-V15), an id that
        stands twice (CR-V16): all of them, with their rows as a spreadsheet counts.
    """
    language = Language(language)
    _require_sound(claims)
    first = claims_in(claims)
    rows = [
        (
            asked.claim.claim_id, asked.check.value, asked.finding.verdict.value, asked.detail(language), evidence_grade(asked.claim).value,
            asked.question(language), asked.asked_at, asked.claim.source_line,
        )
        for asked in inquiries([(check, found) for check, run in CHECKS.items() for found in run(first)], first)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _require_sound(claims: object) -> None:
    """Refuse what the checks cannot read; a table that `load_published` or `read_claims_file` gives is sound."""
    if not isinstance(claims, pd.DataFrame):
        values = {"file": "claims", "missing": "—", "unknown": type(claims).__name__, "moved": "—", "expected": ", ".join(FIELDS)}
        raise SchemaError(Failure(code="CR-L03", values=values))
    failures = []
    for row, record in enumerate(claims.reindex(columns=[*WORDS_OF, *NUMBERS_OF]).to_dict("records"), 2):
        for column, allowed in WORDS_OF.items():
            if pd.notna(record[column]) and str(record[column]) not in allowed:
                failures.append(Failure(code="CR-L04", values={"file": "claims", "row": row, "column": column, "got": record[column], "allowed": ", ".join(filter(None, allowed))}))
        failures += [
            Failure(code="CR-V15", values={"row": row, "column": column, "got": record[column]})
            for column in NUMBERS_OF if not isinstance(record[column], Real) or isinstance(record[column], bool)
        ]
    if "claim_id" in claims:
        twice = claims["claim_id"].duplicated().to_numpy()
        failures += [Failure(code="CR-V16", values={"row": row, "got": got}) for row, (got, again) in enumerate(zip(claims["claim_id"], twice, strict=True), 2) if again]
    if failures:
        raise SchemaError(*failures)


def evidence_grade(claim: Claim) -> Grade:
    """E1 for a change with its base and period stated, or a number held against a named group in a stated period; else E0.

    A printed number goes no higher, whatever its text says of a comparison: from E2 on the data must be there.
    """
    before_after = claim.is_change and not math.isnan(claim.baseline)
    return Grade.E1 if claim.has_period and (before_after or claim.comparator) else Grade.E0
