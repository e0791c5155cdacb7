"""What the cases of a ledger report, side by side: numbers as printed, in blocks that are alike, without ranks or totals.

Which numbers stand in which column is data (`COLUMNS`). A case that says nothing has an empty cell, never a zero; a number
about a part of a case is never divided by the people of the whole.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pandas as pd

from commresearch.cases import Published
from commresearch.cases.claim import Claim, claims_in, of_kind
from commresearch.terms import Family, Fit, Grade, Headline, Kind, Level, UnitClass, Verdict

RECENT = "2024"  #: documents dated from this year on form the recent blocks
Facts = Mapping[Hashable, Any]  #: a row of a table
INFERENCE = ("comparison_group", "sample_size", "interval")  #: what a judgement of effects needs beyond a number
ENTRY_COLUMNS = (
    "case_id", "column", "claim_id", "grade", "open_questions", "per_value", "per_low", "per_high", "per", "per_factor", "no_per_because",
)


class Group(StrEnum):
    """Stages between what is put in and what comes of it."""

    INPUT = "input"
    PROCESS = "process"
    REACH = "reach"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the scorecard: the kinds, topics and units of the numbers that stand in it.

    A column of a headline outcome holds only what is that outcome itself, whatever its unit.
    """

    key: str
    group: Group
    kind: Kind
    families: frozenset[Family] = frozenset()
    unit_class: UnitClass | None = None
    headline: Headline | None = None

    def holds(self, claim: Claim) -> bool:
        """Whether a published number belongs into this column."""
        if claim.kind != self.kind:
            return False
        if self.headline is not None:
            return claim.headline == self.headline and claim.headline_fit == Fit.DIRECT
        return claim.family in self.families and claim.unit_class == self.unit_class and claim.headline_fit != Fit.DIRECT


def _column(key: str, group: Group, kind: Kind, unit_class: UnitClass, *families: Family) -> Column:
    return Column(key=key, group=group, kind=kind, families=frozenset(families), unit_class=unit_class)


def _headline(headline: Headline) -> Column:
    return Column(key=headline.value, group=Group.OUTCOME, kind=Kind.OUTCOME, headline=headline)


#: Persons and person-times never share a column; neither do rooms and square metres.
COLUMNS: tuple[Column, ...] = (
    _column("partners", Group.INPUT, Kind.INPUT, UnitClass.ORGANISATION, Family.ORGANISATION),
    _column("staff", Group.INPUT, Kind.INPUT, UnitClass.PERSON, Family.ORGANISATION),
    _column("volunteers", Group.INPUT, Kind.INPUT, UnitClass.PERSON, Family.PARTICIPATION),
    _column("money_in", Group.INPUT, Kind.INPUT, UnitClass.MONEY, Family.FINANCE),
    _column("sites", Group.INPUT, Kind.INPUT, UnitClass.PLACE, Family.SPACE_USE),
    _column("activities", Group.PROCESS, Kind.ACTIVITY, UnitClass.EVENT, Family.PARTICIPATION, Family.YOUTH_PARTICIPATION),
    _column("service_events", Group.PROCESS, Kind.ACTIVITY, UnitClass.EVENT, Family.SERVICES),
    _column("projects", Group.PROCESS, Kind.OUTPUT, UnitClass.ITEM, Family.SERVICES),
    _column("groups", Group.PROCESS, Kind.OUTPUT, UnitClass.ORGANISATION, Family.ORGANISATION),
    _column("rooms", Group.PROCESS, Kind.OUTPUT, UnitClass.PLACE, Family.SPACE_USE),
    _column("floor_area", Group.PROCESS, Kind.OUTPUT, UnitClass.AREA, Family.SPACE_USE),
    _column("participants", Group.REACH, Kind.REACH, UnitClass.PERSON, Family.PARTICIPATION),
    _column("attendances", Group.REACH, Kind.REACH, UnitClass.PERSON_TIMES, Family.PARTICIPATION),
    _column("served", Group.REACH, Kind.REACH, UnitClass.PERSON, Family.SERVICES),
    _column("services_used", Group.REACH, Kind.REACH, UnitClass.PERSON_TIMES, Family.SERVICES),
    _column("households_reached", Group.REACH, Kind.REACH, UnitClass.HOUSEHOLD, Family.PARTICIPATION, Family.SERVICES),
    _column("youth_attendances", Group.REACH, Kind.REACH, UnitClass.PERSON_TIMES, Family.YOUTH_PARTICIPATION),
    *(_headline(h) for h in Headline),
    _column("disputes", Group.OUTCOME, Kind.OUTCOME, UnitClass.EVENT, Family.COMPLAINTS_DISPUTES),
    _column("money_out", Group.OUTCOME, Kind.OUTCOME, UnitClass.MONEY, Family.FINANCE),
    _column("jobs", Group.OUTCOME, Kind.OUTCOME, UnitClass.PERSON, Family.EMPLOYMENT),
)

#: By unit, the denominators that may stand below it (the first stated one does), and per how many; money is per person.
PER: Mapping[UnitClass, tuple[tuple[str, ...], float]] = {
    UnitClass.PERSON: (("population", "households"), 1000.0),
    UnitClass.PERSON_TIMES: (("population", "households"), 1000.0),
    UnitClass.HOUSEHOLD: (("households",), 1000.0),
    UnitClass.MONEY: (("population", "households"), 1.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Cases of one level (area, community) whose documents are of one age (recent, older, undated)."""

    level: str
    age: str
    cases: tuple[str, ...]
    years: tuple[str, ...]  #: years of their documents, one per case; empty where undated


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scorecard:
    """Cases beside one another.

    blocks : tuple of Block
        In the order in which they are shown; cases within a block in the order of the documents.
    entries : DataFrame
        One row per number in a cell: case_id, column, claim_id, grade, open_questions (findings other than 一致), and the number per
        `per_factor` residents or households (`per`) with the bounds that its qualifier allows (`per_high` NaN: none). Where it cannot be
        divided, `no_per_because` says why: part_of_case, no_denominator, zero, unit.
    cells : DataFrame
        One row per case and column: state (reported, not_reported), n_claims, grade (the best; "" where nothing is reported),
        open_questions.
    evidence : DataFrame
        One row per case: n_claims, n_asked (numbers with open questions), open_questions, changes and changes_with_base, results and
        results_with_period, shares and shares_with_denominator, grade, and the columns of `INFERENCE` as in the ledger.
    outside : DataFrame
        Results that stand in no column, because no other case reports the like: case_id, claim_id.
    """

    blocks: tuple[Block, ...]
    entries: pd.DataFrame
    cells: pd.DataFrame
    evidence: pd.DataFrame
    outside: pd.DataFrame


def blocks_of(cases: pd.DataFrame, sources: pd.DataFrame) -> tuple[Block, ...]:
    """Cases by level and by the age of their documents, in the order of the documents; empty blocks are left out."""
    dates = dict(zip(sources["source_id"], sources["date"], strict=True))
    members: dict[tuple[str, str], list[tuple[str, str]]] = {
        (level, age): [] for level in ("area", "community") for age in ("recent", "older", "undated")
    }
    for case in cases.to_dict("records"):
        date = dates[case["source_id"]]
        level = "community" if case["level"] == Level.COMMUNITY else "area"
        age = "undated" if not date else "recent" if date >= RECENT else "older"
        members[level, age].append((case["case_id"], date[:4]))
    return tuple(
        Block(level=level, age=age, cases=tuple(c for c, _ in mine), years=tuple(y for _, y in mine))
        for (level, age), mine in members.items()
        if mine
    )


def scorecard(published: Published, audit: pd.DataFrame) -> Scorecard:
    """The scorecard of a ledger.

    Parameters
    ----------
    published : Published
        The ledger.
    audit : DataFrame
        What the audit found in its claims: claim_id, verdict, grade. A number on which no check applies is at E0.

    Returns
    -------
    Scorecard
        Nothing is added up, averaged or ranked.

    Raises
    ------
    SchemaError
        A column of the claims is missing.
    """
    claims = claims_in(published.claims)
    asked, grades = _questions(audit), _grades(audit)
    facts: Mapping[str, Facts] = {case["case_id"]: case for case in published.cases.to_dict("records")}
    entries = pd.DataFrame(
        [_entry(column, claim, facts[claim.case_id], asked, grades) for column in COLUMNS for claim in claims if column.holds(claim)],
        columns=list(ENTRY_COLUMNS),
    )
    cases = list(published.cases["case_id"])
    placed = set(entries["claim_id"])
    outside = [(c.case_id, c.claim_id) for c in of_kind(claims, Kind.OUTCOME) if c.claim_id not in placed]
    return Scorecard(
        blocks=blocks_of(published.cases, published.sources), entries=entries, cells=_cells(entries, cases),
        evidence=pd.DataFrame([_evidence(c, [m for m in claims if m.case_id == c], facts[c], asked, grades) for c in cases]),
        outside=pd.DataFrame(outside, columns=["case_id", "claim_id"]),
    )


def _questions(audit: pd.DataFrame) -> Mapping[str, int]:
    """Open questions by claim."""
    return {str(k): int(n) for k, n in audit.loc[audit["verdict"] != Verdict.CONSISTENT, "claim_id"].value_counts().items()}


def _grades(audit: pd.DataFrame) -> Mapping[str, str]:
    return dict(zip(audit["claim_id"], audit["grade"], strict=True))


def _best(claims: Iterable[str], grades: Mapping[str, str]) -> str:
    """The best grade among claims; grades sort as their names do."""
    return max((grades.get(c, Grade.E0.value) for c in claims), default="")


def _entry(column: Column, claim: Claim, case: Facts, asked: Mapping[str, int], grades: Mapping[str, str]) -> dict[str, object]:
    per, because = _denominator(claim, case)
    factor = PER[UnitClass(claim.unit_class)][1] if per else math.nan
    below = float(case[per]) if per else math.nan
    return {
        "case_id": claim.case_id, "column": column.key, "claim_id": claim.claim_id, "grade": _best([claim.claim_id], grades),
        "open_questions": asked.get(claim.claim_id, 0), "per_value": claim.value / below * factor, "per_low": claim.value_low / below * factor,
        "per_high": claim.value_high / below * factor, "per": per, "per_factor": factor, "no_per_because": because,
    }


def _denominator(claim: Claim, case: Facts) -> tuple[str, str]:
    """The denominator that may stand below a number, or why there is none."""
    if claim.is_change or claim.unit_class not in PER:
        return "", "unit"
    if claim.place:
        return "", "part_of_case"
    if claim.value == 0:
        return "", "zero"  # a rate of nothing would look better measured than the words it comes from
    stated = [name for name in PER[UnitClass(claim.unit_class)][0] if pd.notna(case[name])]
    return (stated[0], "") if stated else ("", "no_denominator")


def _cells(entries: pd.DataFrame, cases: Sequence[str]) -> pd.DataFrame:
    held: dict[tuple[str, str], list[Facts]] = defaultdict(list)
    for entry in entries.to_dict("records"):
        held[entry["case_id"], entry["column"]].append(entry)
    rows = []
    for case in cases:
        for column in COLUMNS:
            here = held[case, column.key]
            rows.append({
                "case_id": case, "column": column.key, "group": column.group.value, "state": "reported" if here else "not_reported",
                "n_claims": len(here), "grade": max((e["grade"] for e in here), default=""), "open_questions": sum(e["open_questions"] for e in here),
            })
    return pd.DataFrame(rows)


def _evidence(
    case: str, claims: Sequence[Claim], facts: Facts, asked: Mapping[str, int], grades: Mapping[str, str]
) -> dict[str, object]:
    results = of_kind(claims, Kind.OUTCOME)
    changes, shares = [c for c in results if c.is_change], [c for c in results if c.is_share]
    return {
        "case_id": case, "n_claims": len(claims), "n_asked": sum(c.claim_id in asked for c in claims),
        "open_questions": sum(asked.get(c.claim_id, 0) for c in claims), "results": len(results), "changes": len(changes),
        "changes_with_base": sum(not math.isnan(c.baseline) for c in changes), "results_with_period": sum(c.has_period for c in results),
        "shares": len(shares), "shares_with_denominator": sum(not math.isnan(c.denominator) for c in shares),
        "grade": _best((c.claim_id for c in results), grades), **{name: facts[name] for name in INFERENCE},
    }
