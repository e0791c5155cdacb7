"""Rules between rows and between tables of the ledger."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from commresearch.cases.claim import Claim
from commresearch.errors import Failure
from commresearch.terms import Mechanism
from commresearch.words import entries

LINKS = ("repeat_of", "conflicts_with", "part_of", "per")


def check_references(texts: Mapping[str, pd.DataFrame], claims: Sequence[tuple[int, Claim]]) -> Iterator[Failure]:
    """Known cases and sources, links to claims of the same case, repeats with equal values, mutual conflicts."""
    yield from _known_ids(texts)
    yield from _links(claims)
    yield from _mechanism_grid(texts)


def _known_ids(texts: Mapping[str, pd.DataFrame]) -> Iterator[Failure]:
    for column, owner in (("case_id", "cases"), ("source_id", "sources")):
        known = set(texts[owner][column])
        for name, frame in texts.items():
            if column in frame and name != owner:
                for row, got in frame[column][~frame[column].isin([*known, ""])].items():
                    values = {"file": f"{name}.csv", "row": row, "column": column, "got": got, "allowed": ", ".join(sorted(known))}
                    yield Failure(code="CR-L04", values=values)


def _links(claims: Sequence[tuple[int, Claim]]) -> Iterator[Failure]:
    by_id = {claim.claim_id: claim for _, claim in claims}
    for row, claim in claims:
        place = {"file": "claims.csv", "row": row, "claim": claim.claim_id}
        for column in LINKS:
            for target in getattr(claim, column).split():
                yield from _link(place, claim, column, by_id.get(target), target)


def _link(place: Mapping[str, object], claim: Claim, column: str, other: Claim | None, target: str) -> Iterator[Failure]:
    if other is None or other.case_id != claim.case_id or other is claim:
        yield Failure(code="CR-L11", values={**place, "column": column, "got": target})
    elif column == "conflicts_with" and claim.claim_id not in other.conflicts_with.split():
        yield Failure(code="CR-L12", values={**place, "got": target})
    elif column == "repeat_of" and other.value != claim.value:
        yield Failure(code="CR-L13", values={**place, "got": claim.value, "other": target, "expected": other.value})


def _mechanism_grid(texts: Mapping[str, pd.DataFrame]) -> Iterator[Failure]:
    """Each case × mechanism exactly once; a coded cell names its line."""
    frame = texts["mechanisms"]
    seen = frame.groupby(["case_id", "mechanism"], sort=False).size()
    for case in texts["cases"]["case_id"]:
        for mechanism in Mechanism:
            if (count := int(seen.get((case, mechanism.value), 0))) != 1:
                yield Failure(code="CR-L14", values={"file": "mechanisms.csv", "case": case, "mechanism": mechanism.value, "got": count})
    blank = frame[(frame["settled"] != "not_mentioned") & (frame["line"] == "")]
    for row in blank.index:
        yield Failure(code="CR-L05", values={"file": "mechanisms.csv", "row": row, "column": "line", "got": "", "rule": entries("errors")["rule_line"]})
