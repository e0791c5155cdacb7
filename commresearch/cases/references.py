"""Rules between rows and between tables of the ledger."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from commresearch.cases.claim import Claim
from commresearch.errors import Failure
from commresearch.terms import Mechanism
from commresearch.words import entries

LINKS = ("repeat_of", "conflicts_with", "part_of", "per")
OWNERS = {"case_id": "cases", "source_id": "sources"}


def check_links(rows: Sequence[tuple[int, Claim]], known: pd.DataFrame) -> Iterator[Failure]:
    """Links of sound claims (`rows`) lead to claims of the same case in the whole table (`known`); repeats have equal values, conflicts are mutual."""
    owner = dict(zip(known["claim_id"], known["case_id"], strict=True))
    by_id = {claim.claim_id: claim for _, claim in rows}
    for row, claim in rows:
        place = {"file": "claims.csv", "row": row, "claim": claim.claim_id}
        for column in LINKS:
            for target in getattr(claim, column).split():
                if owner.get(target) != claim.case_id or target == claim.claim_id:
                    yield Failure(code="CR-L11", values={**place, "column": column, "got": target})
                elif other := by_id.get(target):
                    yield from _between(place, claim, column, other)


def _between(place: Mapping[str, object], claim: Claim, column: str, other: Claim) -> Iterator[Failure]:
    if column == "conflicts_with" and claim.claim_id not in other.conflicts_with.split():
        yield Failure(code="CR-L12", values={**place, "got": other.claim_id})
    elif column == "repeat_of" and other.repeat_of:
        yield Failure(code="CR-L21", values={**place, "got": other.claim_id})
    elif column == "repeat_of" and other.value != claim.value:
        yield Failure(code="CR-L13", values={**place, "got": claim.value, "other": other.claim_id, "expected": other.value})


def check_references(headed: Mapping[str, pd.DataFrame], sound: Mapping[str, pd.DataFrame]) -> Iterator[Failure]:
    """Known cases and sources, and each case × mechanism once, over the rows that are sound in themselves."""
    for column, owner in OWNERS.items():
        known = sorted(set(headed[owner][column])) if owner in headed else []
        for name, frame in sound.items() if known else ():
            if column in frame and name != owner:
                for row, got in frame[column][~frame[column].isin([*known, ""])].items():
                    values = {"file": f"{name}.csv", "row": row, "column": column, "got": got, "allowed": ", ".join(known)}
                    yield Failure(code="CR-L04", values=values)
    if "mechanisms" in headed and "cases" in headed:
        yield from _mechanism_grid(headed["cases"], headed["mechanisms"])


def _mechanism_grid(cases: pd.DataFrame, frame: pd.DataFrame) -> Iterator[Failure]:
    """Each case × mechanism exactly once; a coded cell names its line."""
    seen = frame.groupby(["case_id", "mechanism"], sort=False).size()
    for case in cases["case_id"]:
        for mechanism in Mechanism:
            if (count := int(seen.get((case, mechanism.value), 0))) != 1:
                yield Failure(code="CR-L14", values={"file": "mechanisms.csv", "case": case, "mechanism": mechanism.value, "got": count})
    for column in ("source_id", "line"):
        for row in frame.index[(frame["settled"] != "not_mentioned") & (frame[column] == "")]:
            rule = entries("errors")[f"rule_{column.removesuffix('_id')}"]
            yield Failure(code="CR-L05", values={"file": "mechanisms.csv", "row": row, "column": column, "got": "", "rule": rule})
