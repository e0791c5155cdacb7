"""How far the parser agrees with a ledger that persons made: numbers found, numbers too many, and what was read of them."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commresearch.comparison.claim_parser_tokens import NUMERAL, Token, read_printed, tokens_of
from commresearch.terms import UnitClass

TOLERANCE = 1e-9  #: numbers are printed with few digits; only the rounding of binary fractions is forgiven
COLUMNS = ("group", "n_ledger", "found", "recall", "n_candidates", "precision", "n_known_not", "value", "bounds", "unit_class", "comparison", "kind", "family")
COMPARED = ("unit_class", "comparison", "kind", "family")


@dataclass(frozen=True, slots=True)
class _Pair:
    """A row of the ledger and the candidate that reads the same number; either may be missing (−1)."""

    claim: int
    candidate: int


def parser_agreement(candidates: pd.DataFrame, claims: pd.DataFrame, not_claims: pd.DataFrame) -> pd.DataFrame:
    """Recall, precision and agreement of candidates with a ledger, by kind of number.

    A candidate and a row of the ledger are the same number where source, line and numeral are the same and one printed form holds
    the other. Of equal ones on a line each is taken once, claims first.

    Parameters
    ----------
    candidates : DataFrame
        As `parse_claims` gives them, of one document or several.
    claims, not_claims : DataFrame
        Tables of a ledger (`load_published`). Numbers of other documents than those of the candidates are left out.

    Returns
    -------
    DataFrame
        One row per group (all, written in digits or 汉字, with a qualifier, then each unit class): n_ledger and found (claims), recall,
        n_candidates, precision (candidates that are claims), n_known_not (candidates that not_claims lists; they count against precision as do
        those that nothing lists), and of the found ones the shares with equal value, equal bounds, unit_class,
        comparison, kind and family. A share of nothing is NaN. Groups are those of the ledger; candidates that match nothing are grouped as they
        were read.
    """
    sources = set(candidates["source_id"])
    claims = claims[claims["source_id"].isin(sources)].reset_index(drop=True)
    candidates = candidates.reset_index(drop=True)
    pairs = _paired(candidates, claims)
    known_not = _listed(candidates, [p.candidate for p in pairs if p.claim < 0], not_claims)
    groups = [_groups(claims.iloc[p.claim] if p.claim >= 0 else candidates.iloc[p.candidate]) for p in pairs]
    names = ["all", "digits", "han", "qualified", *(u.value for u in UnitClass)]
    rows = [_measured(name, [p for p, g in zip(pairs, groups, strict=True) if name in g], candidates, claims, known_not) for name in names]
    return pd.DataFrame([row for row in rows if row["n_ledger"] or row["n_candidates"]], columns=list(COLUMNS))


def _groups(row: pd.Series) -> set[str]:
    numeral = NUMERAL.search(str(row["printed"]))
    written = "digits" if numeral is not None and numeral[0][:1].isdigit() else "han"
    return {"all", written, str(row["unit_class"]), *(["qualified"] if row["qualifier"] else [])}


def _paired(candidates: pd.DataFrame, claims: pd.DataFrame) -> list[_Pair]:
    """Every claim and every candidate once."""
    free: dict[tuple[str, int], list[int]] = {}
    for i, (source, line) in enumerate(zip(candidates["source_id"], candidates["line"], strict=True)):
        free.setdefault((source, int(line)), []).append(i)
    printed = candidates["printed"].tolist()
    pairs, open_claims = [], list(range(len(claims)))
    for exact in (True, False):  # the same printed form first, so that a longer one does not take its place
        left = []
        for i in open_claims:
            here = free.get((claims["source_id"][i], int(claims["line"][i])), [])
            found = next((j for j in here if _is_same(str(claims["printed"][i]), printed[j], exact=exact)), None)
            if found is None:
                left.append(i)
            else:
                here.remove(found)
                pairs.append(_Pair(i, found))
        open_claims = left
    return [*pairs, *(_Pair(i, -1) for i in open_claims), *(_Pair(-1, j) for rest in free.values() for j in rest)]


def _listed(candidates: pd.DataFrame, rest: Sequence[int], not_claims: pd.DataFrame) -> set[int]:
    """Candidates without a claim that the ledger lists as none."""
    listed: dict[tuple[str, int], list[str]] = {}
    for source, line, printed in zip(not_claims["source_id"], not_claims["line"], not_claims["printed"], strict=True):
        listed.setdefault((source, int(line)), []).append(printed)
    places = zip(candidates["source_id"], candidates["line"], candidates["printed"], strict=True)
    return {i for i, (source, line, printed) in enumerate(places) if i in rest and any(_is_same(p, printed, exact=False) for p in listed.get((source, int(line)), []))}


def _is_same(ledger: str, candidate: str, *, exact: bool) -> bool:
    if exact:
        return ledger == candidate
    if ledger not in candidate and candidate not in ledger:
        return False
    return bool(set(_numerals(ledger)) & set(_numerals(candidate)))


def _numerals(printed: str) -> Sequence[str]:
    found: list[Token] = tokens_of(printed) or [t for t in [read_printed(printed)] if t is not None]
    return [t.numeral for t in found] or NUMERAL.findall(printed)


def _measured(name: str, pairs: Sequence[_Pair], candidates: pd.DataFrame, claims: pd.DataFrame, known_not: AbstractSet[int]) -> dict[str, object]:
    ledger, found = [p for p in pairs if p.claim >= 0], [p for p in pairs if p.claim >= 0 and p.candidate >= 0]
    read = [p for p in pairs if p.candidate >= 0]
    theirs, ours = claims.iloc[[p.claim for p in found]], candidates.iloc[[p.candidate for p in found]]
    equal: Mapping[str, float] = {
        "value": _share(_close(theirs["value"], ours["value"])),
        "bounds": _share(_close(theirs["value_low"], ours["value_low"]) & _close(theirs["value_high"], ours["value_high"])),
        **{column: _share(np.asarray(theirs[column].to_numpy() == ours[column].to_numpy())) for column in COMPARED},
    }
    return {
        "group": name, "n_ledger": len(ledger), "found": len(found), "recall": _ratio(len(found), len(ledger)), "n_candidates": len(read),
        "precision": _ratio(len(found), len(read)), "n_known_not": sum(p.candidate in known_not for p in read), **equal,
    }


def _close(a: pd.Series, b: pd.Series) -> NDArray[np.bool_]:
    return np.asarray(np.isclose(a.to_numpy(dtype=float), b.to_numpy(dtype=float), rtol=0, atol=TOLERANCE, equal_nan=True))


def _share(equal: NDArray[np.bool_]) -> float:
    return float(np.mean(equal)) if len(equal) else float("nan")


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
